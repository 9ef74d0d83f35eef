package transfer_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"okienko/bank/calendar"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/transfer"
)

// withCheck puts the check digits before a sort code and account.
func withCheck(body string) string {
	n, err := nrb.Make(body[:8], body[8:])
	if err != nil {
		panic(err)
	}
	return string(n)
}

// micro is an individual tax account: LK 1010 0071 222 Y ID 00 (psd2 §8).
func micro(kind, id string) string {
	body := "10100071222" + kind + id
	for len(body) < 24 {
		body += "0"
	}
	return withCheck(body)
}

// Writing an order in its normal form changes nothing that the customer consented
// to, and doing so twice nothing at all.
func TestNormalForm(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		i := rapid.SampledFrom([]func() transfer.Instruction{domestic, split, eea, abroad, tax, recurring}).Draw(r, "order")()
		i.Description += rapid.String().Draw(r, "words")
		i.Recipient.Address.Lines = rapid.SliceOfN(rapid.StringN(0, 3, -1), 0, 4).Draw(r, "lines")
		i.Sender.Account = rapid.SampledFrom([]string{"", "85114000000000000000000100", "PL85114000000000000000000100", " 85 1140 0000", "x"}).Draw(r, "sender")
		lines, before := fmt.Sprint(i.Recipient.Address.Lines), i
		once := i
		once.Normalise()
		twice := once
		twice.Normalise()
		if once.Content() != twice.Content() {
			r.Fatalf("%+v, then %+v", once, twice)
		}
		if once.Description != i.Description || once.Recipient.Name != i.Recipient.Name || once.Amount != i.Amount {
			r.Fatalf("free words changed: %+v", once)
		}
		if fmt.Sprint(before.Recipient.Address.Lines) != lines {
			r.Fatal("the original was changed through its copy")
		}
	})
}

// Two orders that differ anywhere have different texts.
func TestContentTellsOrdersApart(t *testing.T) {
	texts := map[string]int{}
	change := func(f func(i *transfer.Instruction)) {
		for _, from := range []func() transfer.Instruction{split, recurring, tax} {
			i := from()
			f(&i)
			texts[i.Content()]++
		}
	}
	changes := []func(i *transfer.Instruction){
		func(*transfer.Instruction) {},
		func(i *transfer.Instruction) {
			i.Recipient.Name, i.Recipient.Account = i.Recipient.Name+"1", i.Recipient.Account[1:]
		},
		func(i *transfer.Instruction) { i.Recipient.Ultimate.AddressName = "x" },
		func(i *transfer.Instruction) { i.Sender.Ultimate.AddressName = "x" },
		func(i *transfer.Instruction) { i.Recipient.Address.Street = "x" },
		func(i *transfer.Instruction) { i.Recipient.Address.Lines = []string{"x", "y"} },
		func(i *transfer.Instruction) { i.Recipient.Address.Lines = []string{"x|1:y"} },
		func(i *transfer.Instruction) { i.Hold = true },
		func(i *transfer.Instruction) { i.Reference = "x" },
		func(i *transfer.Instruction) { i.Charges = "x" },
		func(i *transfer.Instruction) { i.ExecutionDate = day(today) },
	}
	for _, f := range changes {
		change(f)
	}
	if len(texts) != 3*len(changes) {
		t.Errorf("%d orders have %d texts", 3*len(changes), len(texts))
	}
}

func TestRoutes(t *testing.T) {
	ours := func(n nrb.NRB) bool { return n.BankCode()[:4] == "1140" }
	elsewhere := withCheck("10501461" + "0000000000000001")
	for _, c := range []struct {
		name string
		make func() transfer.Instruction
		want transfer.System
	}{
		{"ours", domestic, transfer.Internal},
		{"ours, though Elixir was asked for", func() transfer.Instruction { i := domestic(); i.System = transfer.Elixir; return i }, transfer.Internal},
		{"ours in euros", func() transfer.Instruction {
			i := eea()
			i.Recipient.Account = "PL20114000000000000000000300"
			return i
		}, transfer.Internal},
		{"elsewhere", func() transfer.Instruction { i := domestic(); i.Recipient.Account = elsewhere; return i }, transfer.Elixir},
		{"below a million", func() transfer.Instruction {
			i := domestic()
			i.Recipient.Account, i.Amount = elsewhere, amount("999999.99", money.PLN)
			return i
		}, transfer.Elixir},
		{"a million", func() transfer.Instruction {
			i := domestic()
			i.Recipient.Account, i.Amount = elsewhere, amount("1000000.00", money.PLN)
			return i
		}, transfer.Sorbnet},
		{"as asked for", func() transfer.Instruction {
			i := domestic()
			i.Recipient.Account, i.System = elsewhere, transfer.BlueCash
			return i
		}, transfer.BlueCash},
		{"Europe", eea, transfer.SEPA}, {"abroad", abroad, transfer.Swift}, {"tax", tax, transfer.Elixir},
	} {
		i := c.make()
		if got := transfer.Route(&i, ours); got != c.want {
			t.Errorf("%s goes by %s; want %s", c.name, got, c.want)
		}
	}
}

func TestTitles(t *testing.T) {
	i := split()
	if got := i.Title(); got != "/VAT/0,23/IDC/5512265909/INV/FVS-01-01-2020-0001/TXT/Split payment" {
		t.Error(got)
	}
	if i.Split.Description = ""; i.Title() != "/VAT/0,23/IDC/5512265909/INV/FVS-01-01-2020-0001" {
		t.Error(i.Title())
	}
	o := tax()
	o.TaxForm.PeriodType, o.TaxForm.PeriodID, o.TaxForm.Year, o.TaxForm.Obligation = "M", "02", "2026", "a decision"
	if got := o.Title(); got != "/TI/P44051401359/OKR/26M02/SFP/PIT-37/TXT/a decision" {
		t.Error(got)
	}
	if d := domestic(); d.Title() != "Transfer" {
		t.Error(d.Title())
	}
}

func TestOccurrences(t *testing.T) {
	for _, c := range []struct {
		name string
		r    transfer.Recurrence
		want []string
	}{
		{"the 31st", transfer.Recurrence{Start: day("2026-01-31"), Every: transfer.Month, Count: 1}, []string{"2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"}},
		{"the 29th over a leap year", transfer.Recurrence{Start: day("2027-11-29"), Every: transfer.Month, Count: 3}, []string{"2028-02-29", "2028-05-29"}},
		{"every 13 months", transfer.Recurrence{Start: day("2026-12-15"), Every: transfer.Month, Count: 13}, []string{"2028-01-15", "2029-02-15"}},
		{"every other week", transfer.Recurrence{Start: day("2026-03-10"), Every: transfer.Week, Count: 2}, []string{"2026-03-24", "2026-04-07"}},
		{"every day over the change of clocks", transfer.Recurrence{Start: day("2026-03-28"), Every: transfer.Day, Count: 1}, []string{"2026-03-29", "2026-03-30"}},
		{"until its last day", transfer.Recurrence{Start: day("2026-03-10"), End: day("2026-05-10"), Every: transfer.Month, Count: 1}, []string{"2026-04-10", "2026-05-10", ""}},
		{"until the day before", transfer.Recurrence{Start: day("2026-03-10"), End: day("2026-05-09"), Every: transfer.Month, Count: 1}, []string{"2026-04-10", ""}},
	} {
		d := c.r.Start
		for _, want := range c.want {
			next, ok := c.r.After(d)
			if got := next.String(); ok != (want != "") || ok && got != want {
				t.Errorf("%s: after %s comes %s, %t; want %q", c.name, d, got, ok, want)
			}
			d = next
		}
	}
}

// The day after a day is found by leaping, and is the one that counting finds.
func TestTheNextOccurrenceIsTheNext(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		start := day("2024-01-01").AddDays(rapid.IntRange(0, 1000).Draw(r, "start"))
		rec := transfer.Recurrence{
			Start: start, Count: rapid.IntRange(1, 20).Draw(r, "count"),
			Every: rapid.SampledFrom([]transfer.Unit{transfer.Day, transfer.Week, transfer.Month}).Draw(r, "unit"),
		}
		from := start.AddDays(rapid.IntRange(0, 4000).Draw(r, "from"))
		n := 0
		for !rec.Occurrence(n).After(from) {
			n++
		}
		if got, ok := rec.After(from); !ok || got != rec.Occurrence(n) {
			r.Fatalf("%+v after %s: %s, want %s", rec, from, got, rec.Occurrence(n))
		}
	})
}

func TestPaymentsMoveOffHolidays(t *testing.T) {
	for _, c := range []struct{ day, before, after string }{
		{"2026-03-10", "2026-03-10", "2026-03-10"},
		{"2026-03-15", "2026-03-13", "2026-03-16"}, // a Sunday
		{"2026-05-01", "2026-04-30", "2026-05-04"}, // a holiday on a Friday, 3 May on a Sunday
		{"2026-12-25", "2026-12-23", "2026-12-28"},
		{"2026-11-01", "2026-10-30", "2026-11-02"},
	} {
		before, after := transfer.Recurrence{Before: true}, transfer.Recurrence{}
		if got := before.Moved(day(c.day)); got != day(c.before) {
			t.Errorf("%s moves before to %s", c.day, got)
		}
		if got := after.Moved(day(c.day)); got != day(c.after) || !calendar.IsBusinessDay(got) {
			t.Errorf("%s moves after to %s", c.day, got)
		}
	}
}

func TestCountries(t *testing.T) {
	for code, want := range map[string][2]bool{
		"PL": {true, true}, "NO": {true, true}, "GB": {true, false}, "CH": {true, false}, "XK": {true, false},
		"": {}, "P": {}, "PO": {}, "pl": {}, "POL": {}, "D ": {}, " D": {}, "ZZ": {},
	} {
		if transfer.IsCountry(code) != want[0] || transfer.InEEA(code) != want[1] {
			t.Errorf("%q: a country %t, in the EEA %t", code, transfer.IsCountry(code), transfer.InEEA(code))
		}
	}
}

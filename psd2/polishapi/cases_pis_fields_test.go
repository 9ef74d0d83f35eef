package polishapi_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"okienko/bank/nrb"
	"okienko/bank/transfer"
	"okienko/psd2/psd2test"
)

func TestCase58Amounts(t *testing.T) {
	w := newWorld(t)
	cases := map[string]fault{}
	for _, amount := range []string{`"-1.00"`, `"1,00"`, `"1.234"`, `"01.00"`, `"1"`, `1.00`, `"0.00"`, `"99999999999999.99"`, `"0.1"`, `" 1.00"`, `"1e2"`, `""`, `null`} {
		cases[amount] = at("transferData.amount", "transferData.amount", raw(amount))
	}
	w.faults(v212, "pis:domestic", elixir(v212), cases)
	// In the payment itself the field's place is shorter.
	tok := w.one.mayPay(v212, "pis:domestic", elixir(v212))
	faulty(w.one.pays(v212, "domestic", tok.access, "x", with(elixir(v212), "transferData.amount", raw("10.00"))).send(), "transferData.amount")
	w.untouched()
}

func TestCase59AccountNumbers(t *testing.T) {
	w := newWorld(t)
	const field = "recipient.accountNumber"
	w.faults(v212, "pis:domestic", elixir(v212), map[string]fault{
		"wrong check digits": at(field, field, "21"+kowalski[2:]), "25 digits": at(field, field, kowalski[:25]),
		"27 digits": at(field, field, kowalski+"0"), "letters": at(field, field, kowalski[:25]+"O"),
		"PL before it": at(field, field, "PL"+kowalski), "spaces": at(field, field, "20 1140 0000 0000 0000 0000 0300"),
		"none": at(field, field, nil), "too long": at(field, field, strings.Repeat("1", 35)),
		"the payer's own":             at(field, "sender.accountNumber", kowalski),
		"the payer's number is wrong": at("sender.accountNumber", "sender.accountNumber", "123"),
		"the payer's has PL":          at("sender.accountNumber", "sender.accountNumber", "PL"+numberOf(1)),
	})
	w.faults(v212, "pis:tax", taxed(v212), map[string]fault{"PL before a tax account": at(field, field, "PL"+office)})
	// A sort code that no bank has: its eighth digit is the check of the seven.
	unknown, err := nrb.Make("11400001", "0000000000000300")
	must(t, err)
	refusedFor(w.one.asksFor(v212, may("pis:domestic", with(elixir(v212), field, string(unknown)))), atDomestic+field+": ")
}

func TestCase60Words(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat("ż", 141)
	line := strings.Repeat("ż", 35)
	const names, title = "recipient.nameAddress.value", "transferData.description"
	w.faults(v212, "pis:domestic", elixir(v212), map[string]fault{
		"no name and address": at("recipient.nameAddress", "recipient.nameAddress", nil), "no lines": at(names, names, list{}), "empty lines": at(names, names, list{"", ""}),
		"no name, an address": at(names, names, list{"", "Warszawa"}), "no title": at(title, title, nil), "an empty title": at(title, title, ""),
		"a long title": at(title, title, long), "control characters": at(title, title, "a\nb"), "control characters in a name": at(names, names, list{"a\tb"}),
		"control characters in an address": at(names, names, list{"Jan", "a\tb"}),
		"a long line":                      at(names+"[1]", names, list{"Jan", line + "x"}), "five lines": at(names, names, list{"1", "2", "3", "4", "5"}),
		"a line that is none":    at(names+"[0]", names, list{7}),
		"the payer's long line":  at("sender.nameAddress.value[0]", "sender.nameAddress", named(line+"x")),
		"an address in parts":    at("recipient.address", "recipient.address", m{"townName": "Warszawa"}),
		"a country of the payee": at("recipient.countryCode", "recipient.countryCode", "POL"),
		"no recipient":           at("recipient", "recipient", nil),
		"no sender":              at("sender", "sender", nil),
		"no transferData":        at("transferData", "transferData", nil),
		"an object that is none": at("sender", "sender", "Anna"),
		"a field of nobody":      at("transferData.priority", "transferData.priority", "high"),
		"a field of another":     at("usInfo", "usInfo", m{}),
		"charges":                at("transferCharges", "transferCharges", "SHA"),
		"an id in a consent":     at("tppTransactionId", "tppTransactionId", "x"),
	})
	w.one.asksFor(v212, may("pis:domestic", with(elixir(v212), names, list{line, line, line, line}, title, long[:len(long)-len("ż")]))).Is(http.StatusOK)
}

func TestCase61Dates(t *testing.T) {
	w := newWorld(t)
	const date, mode = "transferData.executionDate", "executionMode"
	w.faults(v212, "pis:domestic", elixir(v212), map[string]fault{
		"EUR leaves the bank through no domestic system": at("transferData.currency", "transferData.currency", "EUR"),
		"a currency that there is not":                   at("transferData.currency", "transferData.currency", "XXX"),
		"yesterday":                                      at(date, date, "2026-11-17"),
		"later, without a day":                           at(date, mode, "FutureDated"),
		"later, and yesterday":                           at(date, mode, "FutureDated", date, "2026-11-17"),
		"in more than a year":                            at(date, mode, "FutureDated", date, "2027-11-30"),
		"a day that there is not":                        at(date, date, "2026-02-30"),
		"an instant":                                     at(date, date, "2026-12-01T00:00:00Z"),
		"a mode that there is not":                       at(mode, mode, "FUTURE_DATED"),
		"a mode of another operation":                    at(mode, mode, "Recurring"),
	})
	w.one.asksFor(v212, may("pis:domestic", with(domestic(v212), "transferData.currency", "EUR"))).Is(http.StatusOK) // inside the bank
	warsaw := func(day, hour int) time.Time {
		return time.Date(2026, time.November, day, hour, 0, 0, 0, time.FixedZone("CET", 3600))
	}
	dated := with(elixir(v212), date, "2026-11-25")
	for n, c := range []struct {
		name   string
		now    time.Time
		body   m
		leaves time.Time
		status string
	}{
		{"Elixir with the next session", warsaw(18, 12), with(elixir(v212), "deliveryMode", "ExpressD0"), warsaw(18, 12), "pending"},
		{"after the last session", warsaw(18, 16), with(elixir(v212), "deliveryMode", "ExpressD0"), warsaw(19, 8), "pending"},
		{"the next business day", warsaw(18, 16), elixir(v212), warsaw(19, 8), "pending"},
		{"Immediate wins over a date", warsaw(18, 17), dated, warsaw(19, 8), "pending"},
		{"a date says later", warsaw(18, 17), with(dated, mode, nil), warsaw(25, 6), "scheduled"},
		{"on a later day", warsaw(18, 18), with(dated, mode, "FutureDated"), warsaw(25, 6), "scheduled"},
		{"Elixir on a Sunday", warsaw(22, 10), elixir(v212), warsaw(23, 8), "pending"},
		{"express on a Sunday", warsaw(22, 11), with(elixir(v212), "deliveryMode", "ExpressD0"), warsaw(23, 8), "pending"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.T = t
			w.Clock.Set(c.now)
			id := fmt.Sprint("p-", n)
			made, tok := w.one.makes(v212, "domestic", annas, id, c.body)
			if leaves := w.one.transfer(id).Due; !leaves.Equal(c.leaves) || made.Text("generalStatus") != c.status {
				t.Errorf("%s, and it leaves at %s, want %s at %s", made.Text("generalStatus"), leaves, c.status, c.leaves)
			}
			want := map[string]string{"pending": "Immediate", "scheduled": "FutureDated"}[c.status]
			if got := w.one.look(v212, "getPayment", tok.access, "tppTransactionId", id).send().Is(http.StatusOK).Text("executionMode"); got != want {
				t.Errorf("the mode is %s, want %s", got, want)
			}
		})
	}
}

// Each kind has systems and deliveries of its own (psd2 §2.5).
func TestCase61SystemsAndDeliveries(t *testing.T) {
	w := newWorld(t)
	systems := []string{"Elixir", "ExpressElixir", "Sorbnet", "BlueCash", "Internal", "SEPA", "InstantSEPA", "Target", "Swift", "ELIXIR", ""}
	deliveries := []string{"ExpressD0", "UrgentD1", "StandardD1", "StandardD2", "EXPRESS_D0", ""}
	carries := map[string][2][]string{
		"domestic": {{"Elixir", "ExpressElixir", "Sorbnet", "BlueCash", "Internal"}, {"ExpressD0", "StandardD1"}},
		"EEA":      {{"SEPA", "InstantSEPA", "Target"}, {"ExpressD0", "StandardD1"}},
		"nonEEA":   {{"Swift"}, {"ExpressD0", "UrgentD1", "StandardD2"}},
		"tax":      {{"Elixir", "ExpressElixir"}, {"ExpressD0", "StandardD1"}},
	}
	for _, k := range kinds {
		for i, field := range []string{"system", "deliveryMode"} {
			for _, word := range [][]string{systems, deliveries}[i] {
				t.Run(k.name+" "+word, func(t *testing.T) {
					w.T = t
					body := with(k.body(v212), field, word)
					if word == "Sorbnet" && k.name == "domestic" {
						body = with(body, "transferData.amount", "1000000.00")
					}
					got := w.one.asksFor(v212, may("pis:"+k.name, body))
					if slices.Contains(carries[k.name][i], word) {
						got.Is(http.StatusOK)
					} else {
						faulty(got, "scope_details.privilegeList[0].pis:"+k.name+"."+field)
					}
				})
			}
		}
	}
}

// bankWith is an account of a bank whose sort code has a digit in the place that
// says to which scheme the bank does not belong (docs/sandbox.md).
func bankWith(t *testing.T, digit string) string {
	t.Helper()
	for check := '0'; check <= '9'; check++ {
		if code := "114000" + digit + string(check); nrb.ValidBankCode(code) {
			n, err := nrb.Make(code, "0000000000000300")
			must(t, err)
			return string(n)
		}
	}
	t.Fatal("no sort code")
	return ""
}

func TestCase62WhatNoSystemCarries(t *testing.T) {
	w := newWorld(t)
	const amount = atDomestic + "transferData.amount: "
	for name, c := range map[string]fault{
		"Express Elixir to a bank outside it": at("", "recipient.accountNumber", bankWith(t, "4"), "system", "ExpressElixir"),
		"Express Elixir above its limit":      at(amount, "transferData.amount", "250000.01", "system", "ExpressElixir"),
		"Sorbnet below its minimum":           at(amount, "transferData.amount", "999999.99", "system", "Sorbnet"),
	} {
		t.Run(name, func(t *testing.T) {
			w.T = t
			refusedFor(w.one.asksFor(v212, may("pis:domestic", with(elixir(v212), c.pairs...))), c.field)
		})
	}
	w.T = t
	// What the payment systems themselves refuse has its place in the body too.
	const title = "transferData.description"
	slip := with(elixir(v212), title, "scenario:closd")
	faulty(w.one.asksFor(v212, may("pis:domestic", slip)), atDomestic+title)
	bundle := kinds[0].bundleOf("25.00", "b", elixir(v212), slip)
	faulty(w.one.asksFor(v212, may("pis:bundle", bundle)), "scope_details.privilegeList[0].pis:bundle.domesticTransfers[1]."+title)
	recurring := kinds[0].recurringOf(slip)
	faulty(w.one.asksFor(v212, may("pis:recurring", recurring)), "scope_details.privilegeList[0].pis:recurring.domesticPayment."+title)
}

func TestCase66EEA(t *testing.T) {
	const number, country = "recipient.accountNumber", "recipient.countryCode"
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			cases := map[string]fault{
				"too short for its country":    at(number, number, hans[:21]),
				"wrong check digits":           at(number, number, "DE90"+hans[4:]),
				"outside the EEA":              at(number, number, "CH9300762011623852957"),
				"SEPA in PLN":                  at("transferData.currency", "transferData.currency", "PLN"),
				"no currency":                  at("transferData.currency", "transferData.currency", nil),
				"a system for Poland":          at("system", "system", "Elixir"),
				"a delivery for far countries": at("deliveryMode", "deliveryMode", "StandardD2"),
				"a bank":                       at("recipientBank", "recipientBank", m{"bicOrSwift": "COBADEFF"}),
				"a split payment":              at("splitPayment", "splitPayment", true),
			}
			if v == v211 {
				cases["a country"] = at(country, country, "DEU")
			} else {
				for _, code := range []any{"DE", "deu", "DEUT", "XXX", "QQQ", nil, "FRA", "276"} {
					cases[fmt.Sprint("the country ", code)] = at(country, country, code)
				}
			}
			w.faults(v, "pis:EEA", europe(v), cases)
			w.euros(100_00)
			_, tok := w.one.makes(v, "EEA", annasE, "e", with(europe(v), "system", "InstantSEPA"))
			w.settle()
			got := w.one.look(v, "getPayment", tok.access, "tppTransactionId", "e").send().Is(http.StatusOK)
			if got.Text("generalStatus") != "done" || w.Account(annasE).Booked.Minor() != 90_00 {
				t.Errorf("%s, booked %s", got.Body, w.Account(annasE).Booked)
			}
		})
	}
}

func TestCase67OutsideTheEEA(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			cases := map[string]fault{
				"charges of nobody":              at("transferCharges", "transferCharges", "ABC"),
				"no bank":                        at("recipientBank", "recipientBank", nil),
				"an empty bank":                  at("recipientBank", "recipientBank", m{}),
				"a BIC that is none":             at("recipientBank.bicOrSwift", "recipientBank.bicOrSwift", "CHAS1S33"),
				"a long BIC":                     at("recipientBank.bicOrSwift", "recipientBank.bicOrSwift", "CHASUS33XXXX"),
				"the bank in another country":    at("recipientBank.bicOrSwift", "recipientBank.countryCode", "GBR"),
				"two letters of a country":       at("recipientBank.countryCode", "recipientBank.countryCode", "US"),
				"SEPA":                           at("system", "system", "SEPA"),
				"no currency":                    at("transferData.currency", "transferData.currency", nil),
				"a number that is none":          at("recipient.accountNumber", "recipient.accountNumber", "12_345"),
				"an address of another version":  at("recipientBank.address", "recipientBank.address", abroad(map[bool]version{true: v212, false: v300}[v == v300])["recipientBank"].(m)["address"]),
				"a long line of the address":     at("recipientBank.address[0]", "recipientBank.address", list{strings.Repeat("x", 36)}),
				"five lines of the address":      at("recipientBank.address", "recipientBank.address", list{"1", "2", "3", "4", "5"}),
				"the payer pays inside the EEA":  at("transferCharges", "transferCharges", "OUR", "recipientBank.bicOrSwift", "COBADEFF", "recipientBank.countryCode", "DEU"),
				"a field of the bank unknown":    at("recipientBank.branch", "recipientBank.branch", "1"),
				"the title of the payment is no": at("transferData.description", "transferData.description", ""),
			}
			if v == v300 {
				cases["a long line of the address"] = at("recipientBank.address.value[0]", "recipientBank.address", named(strings.Repeat("x", 36)))
				cases["five lines of the address"] = at("recipientBank.address.value", "recipientBank.address", named("1", "2", "3", "4", "5"))
			}
			if v == v211 {
				cases["a country of the payee"] = at("recipient.countryCode", "recipient.countryCode", "USA")
			} else {
				cases["the payee's country in two letters"] = at("recipient.countryCode", "recipient.countryCode", "US")
				cases["no country of the payee"] = at("recipient.countryCode", "recipient.countryCode", nil)
			}
			w.faults(v, "pis:nonEEA", abroad(v), cases)
			sanctioned := with(abroad(v), "recipientBank.bicOrSwift", "CBKPKPPY", "recipientBank.countryCode", "PRK")
			refusedFor(w.one.asksFor(v, may("pis:nonEEA", sanctioned)), "scope_details.privilegeList[0].pis:nonEEA.recipientBank.countryCode: ")
			w.euros(100_00)
			_, tok := w.one.makes(v, "nonEEA", annasE, "n", with(abroad(v), "transferCharges", nil)) // which means SHA
			w.settle()
			if kept := w.one.transfer("n").Order; kept.Charges != "SHA" || len(kept.RecipientBank.Lines) != 2 || kept.RecipientBank.Country != "US" {
				t.Errorf("kept as %+v, charges %s", kept.RecipientBank, kept.Charges)
			}
			if got := w.one.look(v, "getPayment", tok.access, "tppTransactionId", "n").send().Is(http.StatusOK); got.Text("generalStatus") != "done" {
				t.Errorf("%s", got.Body)
			}
		})
	}
}

func TestCase68Tax(t *testing.T) {
	w := newWorld(t)
	w.faults(v212, "pis:tax", taxed(v212), map[string]fault{
		"no period":                      at("usInfo.periodType", "usInfo.periodId", nil, "usInfo.periodType", nil, "usInfo.year", nil),
		"a thirteenth month":             at("usInfo.periodId", "usInfo.periodId", "13"),
		"a year in letters":              at("usInfo.year", "usInfo.year", "2026"),
		"a year of five digits":          at("usInfo.year", "usInfo.year", 20261),
		"a NIP that is a PESEL":          at("usInfo.payerInfo.payorId", "usInfo.payerInfo.payorIdType", "P"),
		"a kind of id that there is not": at("usInfo.payerInfo.payorIdType", "usInfo.payerInfo.payorIdType", "X"),
		"a kind of id that is a number":  at("usInfo.payerInfo.payorIdType", "usInfo.payerInfo.payorIdType", 1),
		"no payer":                       at("usInfo.payerInfo.payorId", "usInfo.payerInfo", nil),
		"EUR":                            at("transferData.currency", "transferData.currency", "EUR"),
		"no currency":                    at("transferData.currency", "transferData.currency", nil),
		"another payer's account":        at("recipient.accountNumber", "recipient.accountNumber", officeOf("5250007738")),
		"no tax office":                  at("recipient.accountNumber", "recipient.accountNumber", kowalski),
		"a title":                        at("transferData.description", "transferData.description", "VAT"),
		"no form":                        at("usInfo.formCode", "usInfo.formCode", nil),
		"a long form":                    at("usInfo.formCode", "usInfo.formCode", "PIT-12345"),
		"nothing for the office":         at("usInfo.payerInfo.payorId", "usInfo", nil),
		"a system of banks abroad":       at("system", "system", "Internal"),
	})
	_, tok := w.one.makes(v212, "tax", annas, "t", taxed(v212))
	w.Clock.Set(noon.Add(24 * time.Hour))
	w.settle()
	if got := w.one.look(v212, "getPayment", w.one.renewed(v212, tok).access, "tppTransactionId", "t").send().Is(http.StatusOK); got.Text("generalStatus") != "done" {
		t.Errorf("%s", got.Body)
	}
	if kept := w.one.transfer("t"); !strings.Contains(kept.Order.Title(), "VAT-7") {
		t.Errorf("the title %q does not name the form", kept.Order.Title())
	}
}

// split is a payment of 123.00 with 23.00 VAT.
func split(v version) m {
	return with(elixir(v), "transferData.amount", "123.00", "splitPayment", true, "transactionInfoSp", m{
		"spInvoiceNumber": "FV 1", "spTaxIdentificationNumber": "5512265909", "spTaxAmount": "23.00", "spDescription": "MPP",
	})
}

func TestCase69SplitPayment(t *testing.T) {
	w := newWorld(t)
	for _, v := range []version{v211, v212} { // 3.0 brought it
		faulty(w.one.asksFor(v, may("pis:domestic", split(v))), atDomestic+"splitPayment")
	}
	const vatField = "transactionInfoSp.spTaxAmount"
	w.faults(v300, "pis:domestic", split(v300), map[string]fault{
		"no details":            at("transactionInfoSp", "transactionInfoSp", nil),
		"VAT above the amount":  at(vatField, vatField, "123.01"),
		"VAT below zero":        at(vatField, vatField, "-1.00"),
		"EUR":                   at("transferData.currency", "transferData.currency", "EUR"),
		"EUR inside the bank":   at("transferData.currency", "transferData.currency", "EUR", "system", "Internal"),
		"no invoice":            at("transactionInfoSp.spInvoiceNumber", "transactionInfoSp.spInvoiceNumber", nil),
		"no supplier":           at("transactionInfoSp.spTaxIdentificationNumber", "transactionInfoSp.spTaxIdentificationNumber", ""),
		"details, and no split": at("splitPayment", "splitPayment", false),
	})
	recurring := kinds[0].recurringOf(split(v300))
	faulty(w.one.asksFor(v300, may("pis:recurring", recurring)), "scope_details.privilegeList[0].pis:recurring.domesticPayment.splitPayment")
	// VAT of 0.00 is an invoice without VAT; a NIP with a wrong check digit is
	// mBank's own sample.
	w.one.asksFor(v300, may("pis:domestic", with(split(v300), vatField, "0.00"))).Is(http.StatusOK)
	vat := w.vat(10_00)
	_, tok := w.one.makes(v300, "domestic", annas, "mpp", split(v300))
	if got := tok.reply.Text("scope_details", "privilegeList", 0, "pis:domestic", "transactionInfoSp", "spTaxAmount"); got != "23.00" {
		t.Errorf("the consent is %s", tok.reply.Body)
	}
	w.Clock.Set(noon.Add(24 * time.Hour))
	w.settle()
	if got := w.one.look(v300, "getPayment", w.one.renewed(v300, tok).access, "tppTransactionId", "mpp").send().Is(http.StatusOK); got.Text("generalStatus") != "done" {
		t.Fatalf("%s", got.Body)
	}
	// The VAT account pays its share first: 10.00 of 23.00; the other account the rest.
	if got := w.Account(vat).Booked; !got.IsZero() {
		t.Errorf("the VAT account has %s", got)
	}
	if got := w.Account(annas).Booked; got != pln(1_000_00-113_00) {
		t.Errorf("the account has %s", got)
	}
	if kept := w.one.transfer("mpp"); kept.Order.Title() != "/VAT/23,00/IDC/5512265909/INV/FV 1/TXT/MPP" {
		t.Errorf("the title is %q", kept.Order.Title())
	}
}

func TestCase71RecurringPayments(t *testing.T) {
	w := newWorld(t)
	standing := kinds[0].recurringOf(elixir(v212))
	w.faults(v212, "pis:recurring", standing, map[string]fault{
		"an end before the start":      at("recurrence.endDate", "recurrence.endDate", "2026-12-30"),
		"every zero months":            at("recurrence.frequency.periodValue", "recurrence.frequency.periodValue", 0),
		"every half a month":           at("recurrence.frequency.periodValue", "recurrence.frequency.periodValue", raw("0.5")),
		"a start in the past":          at("recurrence.startDate", "recurrence.startDate", "2026-11-17"),
		"no start":                     at("recurrence.startDate", "recurrence.startDate", nil),
		"a word of mBank's":            at("recurrence.frequency.periodType", "recurrence.frequency.periodType", "MONTH"),
		"neither before nor after":     at("recurrence.dayOffOffsetType", "recurrence.dayOffOffsetType", nil),
		"no recurrence":                at("recurrence", "recurrence", nil),
		"no type":                      at("typeOfPayment", "typeOfPayment", nil),
		"no such type":                 at("typeOfPayment", "typeOfPayment", "eea"),
		"no payment":                   at("domesticPayment", "domesticPayment", nil),
		"another payment":              at("EEAPayment", "domesticPayment", nil, "EEAPayment", m{}),
		"two payments":                 at("taxPayment", "taxPayment", m{}),
		"a fault of the payment":       at("domesticPayment.transferData.amount", "domesticPayment.transferData.amount", "0.00"),
		"a mode":                       at("domesticPayment.executionMode", "domesticPayment.executionMode", "FutureDated"),
		"an id in the payment":         at("domesticPayment.tppTransactionId", "domesticPayment.tppTransactionId", "x"),
		"the recurrence in its data":   at("domesticPayment.transferData.recurrence", "domesticPayment.transferData.recurrence", m{}),
		"a field beside the recurring": at("hold", "hold", true),
	})
	tok := w.one.grants(v212, may("pis:recurring", standing), annas)
	differs := func(body m) {
		t.Helper()
		w.one.recurs(v212, tok.access, "x", body).send().Fails(http.StatusUnauthorized, "consent_differs")
	}
	for _, pairs := range [][]any{
		{"recurrence.startDate", "2026-12-30"}, {"recurrence.endDate", "2027-04-30"}, {"recurrence.endDate", nil}, {"recurrence.frequency.periodValue", 2},
		{"recurrence.frequency.periodType", "week"}, {"recurrence.dayOffOffsetType", "before"}, {"domesticPayment.transferData.amount", "12.51"},
	} {
		differs(with(standing, pairs...))
	}
	differs(kinds[3].recurringOf(taxed(v212)))
	faulty(w.one.recurs(v212, tok.access, "x", with(standing, "recurrence.endDate", "2026-12-01")).send(), "recurrence.endDate")
	faulty(w.one.recurs(v212, tok.access, "", standing).send(), "tppRecurringPaymentId")
	w.one.recurs(v212, tok.access, "x", standing).send().Is(http.StatusOK)
	w.one.recurs(v212, tok.access, "y", standing).send().Fails(http.StatusForbidden, "consent_used_up")
}

func TestCase71DaysOfRecurringPayments(t *testing.T) {
	days := func(t *testing.T, want []string, pairs ...any) {
		t.Helper()
		w := newWorld(t)
		body := with(kinds[0].recurringOf(domestic(v212)), pairs...)
		tok := w.one.grants(v212, may("pis:recurring", body), annas)
		id := w.one.recurs(v212, tok.access, "rent", body).send().Is(http.StatusOK).Text("recurringPaymentId")
		status := "submitted"
		for n, day := range want {
			got := w.one.look(v212, "getRecurringPayment", tok.access, "recurringPaymentId", id).send().Is(http.StatusOK)
			if got.Text("recurringPaymentStatus") != status || !strings.Contains(got.Text("recurringPaymentDetailedStatus"), day) {
				t.Errorf("payment %d: %s, want %s on %s", n+1, got.Body, status, day)
			}
			w.Clock.Set(w.one.standing("rent").Due)
			w.Wall.Set(w.Clock.Now())
			w.settle()
			if n < len(want)-1 { // the consent may have ended by the last
				tok, status = w.one.renewed(v212, tok), "inProgress"
			}
		}
		made := w.transfers()
		if len(made) != len(want) {
			t.Errorf("%d payments were made, want %d", len(made), len(want))
		}
		for i := range made {
			if made[i].Status != transfer.Done {
				t.Errorf("payment %s is %s", made[i].ID, made[i].Status)
			}
		}
	}
	// 31 January 2027 is a Sunday, and February has no 31st (its last day is a Sunday too).
	t.Run("after a holiday", func(t *testing.T) { days(t, []string{"2026-12-31", "2027-02-01", "2027-03-01"}) })
	t.Run("before a holiday", func(t *testing.T) {
		days(t, []string{"2026-12-31", "2027-01-29", "2027-02-26"}, "recurrence.dayOffOffsetType", "before")
	})
	t.Run("without an end", func(t *testing.T) {
		days(t, []string{"2026-12-31", "2027-01-07", "2027-01-14"}, "recurrence.endDate", nil, "recurrence.frequency.periodType", "week")
	})
	t.Run("to its end", func(t *testing.T) {
		w := newWorld(t)
		body := with(kinds[0].recurringOf(domestic(v212)), "recurrence.endDate", "2026-12-31")
		tok := w.one.grants(v212, may("pis:recurring", body), annas)
		id := w.one.recurs(v212, tok.access, "once", body).send().Is(http.StatusOK).Text("recurringPaymentId")
		w.Clock.Set(w.one.standing("once").Due)
		w.settle()
		tok = w.one.renewed(v212, tok)
		got := w.one.look(v212, "getRecurringPayment", tok.access, "recurringPaymentId", id).send().Is(http.StatusOK)
		if got.Text("recurringPaymentStatus") != "close" {
			t.Errorf("%s", got.Body)
		}
		stop := w.one.grants(v212, about("pis:cancelRecurringPayment", "recurringPaymentId", id), annas)
		w.one.look(v212, "cancelRecurringPayment", stop.access, "recurringPaymentId", id).send().Fails(http.StatusUnprocessableEntity, "payment_final")
	})
}

// Versions before 3.0.1 have lines alone, and no identifiers of parties: what is
// sent of either is a field that nobody knows (psd2 §9).
func TestCases80And81NoStructuredPartsHere(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			w.faults(v, "pis:domestic", elixir(v), map[string]fault{
				"a structured address": at("recipient.nameAddressStructured", "recipient.nameAddressStructured", m{"name": "Jan"}),
				"identifiers":          at("recipient.identifiers", "recipient.identifiers", m{"idType": "LEI", "idValue": "recipientIdValue"}),
				"for whom":             at("sender.ultimateSender", "sender.ultimateSender", m{}),
				"another form's lines": at("recipient.nameAddress.addressLine", "recipient.nameAddress.addressLine", list{"x"}),
				"lines as an array":    at("recipient.nameAddress", "recipient.nameAddress", list{"Jan"}),
			})
			tok := w.one.mayPay(v, "pis:domestic", elixir(v))
			faulty(w.one.pays(v, "domestic", tok.access, psd2test.NewUUID(noon), with(elixir(v), "purpose", m{"code": "SALA"})).send(), "purpose")
		})
	}
}

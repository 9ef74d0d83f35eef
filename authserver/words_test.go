package authserver

import (
	"strings"
	"testing"
	"time"

	"okienko/bank/account"
	"okienko/bank/calendar"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
)

func pln(minor int64) money.Amount { return money.New(minor, money.PLN) }

func TestMoneyIsWrittenAsPeopleReadIt(t *testing.T) {
	for _, tt := range []struct {
		a      money.Amount
		pl, en string
	}{
		{pln(0), "0,00 PLN", "PLN 0.00"},
		{pln(5), "0,05 PLN", "PLN 0.05"},
		{pln(99_999), "999,99 PLN", "PLN 999.99"},
		{pln(123_456), "1 234,56 PLN", "PLN 1,234.56"},
		{pln(123_456_789_012), "1 234 567 890,12 PLN", "PLN 1,234,567,890.12"},
		{pln(-123_456), "-1 234,56 PLN", "-PLN 1,234.56"},
		{money.New(100, money.EUR), "1,00 EUR", "EUR 1.00"},
	} {
		if got := wordsIn(party.Polish).money(tt.a); got != tt.pl {
			t.Errorf("Polish: %q, want %q", got, tt.pl)
		}
		if got := wordsIn(party.English).money(tt.a); got != tt.en {
			t.Errorf("English: %q, want %q", got, tt.en)
		}
	}
}

func TestOperationsSayWhatIsConfirmed(t *testing.T) {
	shop := ledger.Party{Name: "Rowery Nowak", Number: "61109010140000071219812874"}
	const number = "61 1090 1014 0000 0712 1981 2874"
	until := time.Date(2026, 11, 30, 23, 30, 0, 0, time.UTC) // already December in Warsaw
	for _, tt := range []struct {
		name   string
		a      payment.Authorisation
		pl, en sca.Display
	}{
		{
			"payment with a date and a fee",
			payment.Authorisation{
				Draft:  payment.Draft{Kind: payment.Pay, Title: "Zamówienie 17", ExecutionDate: calendar.DateOf(until)},
				Amount: pln(123_456), Fee: pln(100), Payee: shop,
			},
			sca.Display{Text: "Płatność „Zamówienie 17”, data wykonania 2026-12-01, opłata 1,00 PLN.", Amount: "1 234,56 PLN", Payee: "Rowery Nowak, " + number},
			sca.Display{Text: `Payment "Zamówienie 17", to be executed on 2026-12-01, fee PLN 1.00.`, Amount: "PLN 1,234.56", Payee: "Rowery Nowak, " + number},
		},
		{
			"payment that settles a hold",
			payment.Authorisation{Draft: payment.Draft{Kind: payment.Pay, Title: "Rata", Hold: "h"}, Amount: pln(5), Payee: ledger.Party{Name: "Rowery"}},
			sca.Display{Text: "Płatność „Rata” z zablokowanych środków.", Amount: "0,05 PLN", Payee: "Rowery"},
			sca.Display{Text: `Payment "Rata" from the held money.`, Amount: "PLN 0.05", Payee: "Rowery"},
		},
		{
			"hold",
			payment.Authorisation{Draft: payment.Draft{Kind: payment.PlaceHold, Title: "Kaucja", ValidTo: until}, Amount: pln(25_000), Fee: pln(0), Payee: shop},
			sca.Display{Text: "Blokada środków „Kaucja”, ważna do 2026-12-01.", Amount: "250,00 PLN", Payee: "Rowery Nowak, " + number},
			sca.Display{Text: `Hold "Kaucja", valid until 2026-12-01.`, Amount: "PLN 250.00", Payee: "Rowery Nowak, " + number},
		},
		{
			"change of a hold, nothing said of its title",
			payment.Authorisation{Draft: payment.Draft{Kind: payment.ChangeHold}, Amount: pln(30_000), Payee: ledger.Party{Number: shop.Number}},
			sca.Display{Text: "Zmiana blokady środków.", Amount: "300,00 PLN", Payee: number},
			sca.Display{Text: "Change of a hold.", Amount: "PLN 300.00", Payee: number},
		},
		{
			"change of a payment",
			payment.Authorisation{Draft: payment.Draft{Kind: payment.ChangePayment, Title: "Rata 2"}, Amount: pln(1)},
			sca.Display{Text: "Zmiana zaplanowanej płatności „Rata 2”.", Amount: "0,01 PLN"},
			sca.Display{Text: `Change of a scheduled payment "Rata 2".`, Amount: "PLN 0.01"},
		},
		{
			"permissions",
			payment.Authorisation{Draft: payment.Draft{Kind: payment.Permit, Permissions: []consent.Permission{
				{Object: consent.Transactions, Action: consent.ReadList}, {Object: consent.Payments, Action: consent.Create},
			}}},
			sca.Display{Text: "Dodatkowe uprawnienia aplikacji: przeglądanie listy transakcji, zlecanie płatności."},
			sca.Display{Text: "More permissions for the application: list transactions, order payments."},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.a.ID = "op-1"
			for lang, want := range map[party.Language]sca.Display{party.Polish: tt.pl, party.English: tt.en, "xx": tt.pl} {
				got := new(Server).OperationSubject(tt.a, lang)
				if got.Display != want {
					t.Errorf("%s:\ngot  %+v\nwant %+v", lang, got.Display, want)
				}
				if got.Purpose != sca.ForOperation || got.ID != "op-1" || got.Binding != tt.a.Binding() {
					t.Errorf("%s: %+v", lang, got)
				}
			}
		})
	}
}

func TestSMSSaysTheCodeFirstAndThenWhatItConfirms(t *testing.T) {
	d := sca.Display{Text: "Płatność „Kod: 999999.”.", Amount: "1 234,56 PLN", Payee: "Rowery Nowak"}
	want := "Kod: 123456. Płatność „Kod: 999999.”. Kwota: 1 234,56 PLN. Odbiorca: Rowery Nowak. Nikomu nie podawaj tego kodu."
	if got := wordsIn(party.Polish).sms("123456", d); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	want = "Code: 123456. New limits. Do not share this code with anyone."
	if got := wordsIn(party.English).sms("123456", sca.Display{Text: "New limits."}); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestEnglishSMSStaysWithinTheCheapAlphabet(t *testing.T) {
	w := wordsIn(party.English)
	texts := []string{
		w.push, w.newLimits(someLimits()), w.newCustomerLimits(limit.OfCustomer{}),
		w.pairing("App", "Shop", &account.Account{NRB: "61109010140000071219812874"}, &Choice{Limits: someLimits()}),
		w.sms("123456", sca.Display{Text: "x", Amount: w.money(pln(100_000_00)), Payee: "y"}),
	}
	for _, text := range texts {
		for _, r := range text {
			if r > '~' {
				t.Errorf("%q holds %q: the SMS would be paid twice", text, r)
			}
		}
	}
}

func TestEveryPermissionHasWords(t *testing.T) {
	for _, lang := range []party.Language{party.Polish, party.English} {
		seen := map[string]consent.Permission{}
		for _, o := range consent.Objects {
			for _, a := range consent.Actions {
				p := consent.Permission{Object: o, Action: a}
				text := wordsIn(lang).permission(p)
				if strings.Contains(text, "%!") || strings.HasSuffix(text, " ") || seen[text] != (consent.Permission{}) {
					t.Errorf("%s: %v is %q", lang, p, text)
				}
				seen[text] = p
			}
		}
	}
}

func TestLimitsAreSaidInFull(t *testing.T) {
	s := new(Server)
	a := consent.Agreement{ID: "a", Version: 2}
	got := s.LimitsSubject(a, someLimits(), party.Polish)
	want := "Zmiana limitów połączonej aplikacji: jednorazowo 100,00 PLN, dziennie 200,00 PLN, miesięcznie 1 000,00 PLN, bez potwierdzenia do 50,00 PLN."
	if got.Display.Text != want || got.Purpose != sca.ForLimits || got.ID != "a" {
		t.Errorf("%+v", got)
	}
	own := limit.OfCustomer{OneOff: limit.Caps{Single: limit.CapAt(pln(10_000)), Monthly: limit.CapAt(pln(0))}}
	text := s.CustomerLimitsSubject("c", own, party.English).Display.Text
	want = "New limits of yours for all applications. One-off operations: PLN 100.00 at a time, PLN 0.00 a month. Recurring payments: no limit."
	if text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

func someLimits() limit.Limits {
	return limit.Limits{Single: pln(10_000), Daily: pln(20_000), Monthly: pln(100_000), Unconfirmed: pln(5_000)}
}

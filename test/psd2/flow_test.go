package psd2

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"okienko/client"
	"okienko/okienkotest"
)

// The way of an account information service: the list, the exchange, one
// account, its history by pages, one item, and the end of the consent.
func TestAccountInformation(t *testing.T) {
	b, p := open(t, okienkotest.WithHistory())
	until := b.Inside().Now().AddDate(0, 0, 90)
	given := p.Consent(t, "anna", client.Consent{Accounts: true, Until: until})
	list, err := p.Accounts(t.Context(), given.Session())
	if err != nil || len(list) == 0 {
		t.Fatalf("accounts: %+v, %v", list, err)
	}
	read := client.Read{Numbers: []string{list[0].Number}, Days: 90, Statuses: []string{"DONE", "PENDING", "HOLD"}}
	tokens, err := p.ExchangeToAIS(t.Context(), given.Access, given.ConsentID, until, read)
	if err != nil {
		t.Fatalf("exchange: %v", err)
	}
	if _, err := p.Accounts(t.Context(), given.Session()); !refusedWith(err, http.StatusUnauthorized) {
		t.Errorf("the exchanged token still lists accounts: %v", err)
	}
	given.Tokens = tokens
	id := tokens.AccountIDs()[0]
	details, err := p.AccountDetails(t.Context(), given.Session(), id)
	if err != nil {
		t.Fatalf("details: %v", err)
	}
	if mine := account(t, b, "anna", "PLN"); details.Number != mine.Number || details.AvailableBalance != mine.Available || details.BookingBalance != mine.Booked {
		t.Errorf("details %+v, the bank has %+v", details, mine)
	}
	all := transactions(t, p, given.Session(), id, client.Filter{Status: "DONE"})
	if len(all) < 20 {
		t.Fatalf("a history of %d items", len(all))
	}
	paged := transactions(t, p, given.Session(), id, client.Filter{Status: "DONE", PageSize: 7})
	if !slices.Equal(ids(all), ids(paged)) {
		t.Errorf("pages of 7 gave %d items, one page %d", len(paged), len(all))
	}
	one, err := p.Transaction(t.Context(), given.Session(), id, all[3].ID)
	if err != nil || one.ID != all[3].ID || one.Amount != all[3].Amount {
		t.Errorf("one item: %+v, %v", one, err)
	}
	if _, err := p.TransactionsPage(t.Context(), given.Session(), id, client.Filter{Status: "SCHEDULED"}); !refusedWith(err, http.StatusForbidden) {
		t.Errorf("a status that was not granted: %v", err)
	}
	if err := p.DeleteConsent(t.Context(), given.ConsentID); err != nil {
		t.Fatalf("deleting the consent: %v", err)
	}
	if _, err := p.AccountDetails(t.Context(), given.Session(), id); !refusedWith(err, http.StatusUnauthorized) {
		t.Errorf("after the deletion: %v", err)
	}
	if err := p.DeleteConsent(t.Context(), given.ConsentID); !refusedWith(err, http.StatusNotFound) {
		t.Errorf("deleting again: %v", err)
	}
}

func transactions(t *testing.T, p *okienkotest.ThirdParty, s client.Session, id string, f client.Filter) []client.Transaction {
	t.Helper()
	var out []client.Transaction
	for item, err := range p.Transactions(t.Context(), s, id, f) {
		if err != nil {
			t.Fatalf("transactions: %v", err)
		}
		out = append(out, item)
	}
	return out
}

func ids(list []client.Transaction) []string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = list[i].ID
	}
	return out
}

// Every kind of payment, through every payment system, to its end.
func TestPaymentsOfEveryKind(t *testing.T) {
	b, p := open(t)
	annas := account(t, b, "anna", "PLN").Number
	jans := account(t, b, "jan", "PLN").Number
	jansEuro := account(t, b, "jan", "EUR").Number
	company := accounts(t, b, "katarzyna", "PLN")
	_ = company
	with := func(pay client.Payment, change func(*client.Payment)) client.Payment {
		change(&pay)
		return pay
	}
	for _, tt := range []struct {
		name, login, from string
		payment           client.Payment
		first             string // the answer to the order
	}{
		{"internal", "jan", jans, with(domestic("10.00", "Internal"), func(x *client.Payment) { x.System, x.Recipient.AccountNumber = "INTERNAL", annas }), "DONE"},
		{"Elixir", "jan", jans, domestic("11.00", "Elixir"), "PENDING"},
		{"Elixir, next day", "jan", jans, with(domestic("11.50", "Elixir"), func(x *client.Payment) { x.DeliveryMode = "STANDARD_D1" }), "PENDING"},
		{"Express Elixir", "jan", jans, with(domestic("12.00", "Express"), func(x *client.Payment) { x.System = "EXPRESS_ELIXIR" }), "PENDING"},
		{"BlueCash", "jan", jans, with(domestic("13.50", "Blue"), func(x *client.Payment) { x.System = "BLUE_CASH" }), "PENDING"},
		{"tax", "jan", jans, client.Payment{
			Kind: client.Tax, Recipient: client.Party{AccountNumber: "02101000712221000000000000", Name: "Urząd Skarbowy"},
			TransferData: client.TransferData{Amount: "14.00", Currency: "PLN"}, DeliveryMode: "STANDARD_D1", System: "ELIXIR",
		}, "PENDING"},
		{"SEPA", "jan", jansEuro, client.Payment{
			Kind: client.EEA, Recipient: client.Party{AccountNumber: "DE89370400440532013000", Name: "Erika Mustermann", CountryCode: "DE"},
			TransferData: client.TransferData{Description: "Miete", Amount: "15.00", Currency: "EUR"}, DeliveryMode: "STANDARD_D1", System: "SEPA",
		}, "PENDING"},
		{"instant SEPA", "jan", jansEuro, client.Payment{
			Kind: client.EEA, Recipient: client.Party{AccountNumber: "DE89370400440532013000", Name: "Erika Mustermann", CountryCode: "DE"},
			TransferData: client.TransferData{Description: "Miete", Amount: "16.00", Currency: "EUR"}, DeliveryMode: "EXPRESS_D0", System: "INSTANT_SEPA",
		}, "PENDING"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "tax" {
				tt.payment = tax(t, b, tt.payment)
			}
			made, given := pays(t, p, tt.login, tt.from, tt.payment)
			if made.GeneralStatus != tt.first {
				t.Errorf("ordered: %s, want %s", made.GeneralStatus, tt.first)
			}
			to(t, b, b.Inside().Now().AddDate(0, 0, 4)) // past a weekend
			becomes(t, b, p, given, made, "DONE")
		})
	}
}

// tax makes a payment to the micro-account of its payer.
func tax(t *testing.T, b *okienkotest.Bank, pay client.Payment) client.Payment {
	t.Helper()
	person, err := b.Inside().Books.Person(t.Context(), "person-jan")
	if err != nil {
		t.Fatal(err)
	}
	pay.TaxForm = &client.TaxForm{Payer: client.TaxPayer{ID: string(person.PESEL), Type: "P"}, FormCode: "PIT37", PeriodType: "R", Year: 2025}
	pay.Recipient.AccountNumber = microAccount(string(person.PESEL))
	return pay
}

// microAccount is `LK 1010 0071 222 Y ID 00…` with Y=1 for a PESEL (psd2 §8); its
// check digits follow from ISO 7064.
func microAccount(pesel string) string {
	own := "10100071" + "222" + "1" + pesel + "0"
	rest := 0
	for _, d := range own + "252100" {
		rest = (rest*10 + int(d-'0')) % 97
	}
	check := 98 - rest
	return string(rune('0'+check/10)) + string(rune('0'+check%10)) + own
}

// What comes back refused says why, and the money is free again.
func TestRejectedPayment(t *testing.T) {
	b, p := open(t)
	from := account(t, b, "jan", "PLN")
	made, given := pays(t, p, "jan", from.Number, domestic("13.01", "Closed account"))
	to(t, b, b.Inside().Now().Add(8*time.Hour))
	now := becomes(t, b, p, given, made, "REJECTED")
	if now.DetailedStatus == "" {
		t.Error("a rejected payment explains nothing")
	}
	if after := account(t, b, "jan", "PLN"); after.Available != from.Available || after.Booked != from.Booked {
		t.Errorf("before %+v, after %+v", from, after)
	}
}

// A payment for a later day is cancelled with a consent of its own.
func TestFutureDatedPaymentIsCancelled(t *testing.T) {
	b, p := open(t)
	from := account(t, b, "jan", "PLN").Number
	later := domestic("20.00", "Later")
	later.ExecutionMode, later.TransferData.ExecutionDate = "FUTURE_DATED", tuesday.AddDays(7).String()
	made, given := pays(t, p, "jan", from, later)
	if made.GeneralStatus != "SCHEDULED" {
		t.Fatalf("ordered: %+v", made)
	}
	cancelling := p.Consent(t, "jan", client.Consent{Cancel: &client.Target{PaymentID: made.PaymentID}}, from)
	if err := p.Cancel(t.Context(), cancelling.Session(), client.Domestic, made.PaymentID); err != nil {
		t.Fatalf("cancelling: %v", err)
	}
	becomes(t, b, p, given, made, "CANCELLED")
	to(t, b, atTen(tuesday.AddDays(9)))
	becomes(t, b, p, given, made, "CANCELLED")
}

// The bank says yes or no about funds, to the issuer that the customer named.
func TestConfirmationOfFunds(t *testing.T) {
	b, p := open(t)
	mine := account(t, b, "jan", "PLN")
	if _, err := p.Funds(t.Context(), mine.Number, "1.00", "PLN"); !refusedWith(err, http.StatusForbidden) {
		t.Fatalf("without a consent: %v", err)
	}
	a := b.Customers(t, http.MethodPost, "/api/funds-consents", []byte(`{"login":"jan","account":"`+mine.Number+`","issuer":"`+p.Folder.Organisation+`","until":"`+
		b.Inside().Now().AddDate(0, 1, 0).UTC().Format(time.RFC3339)+`"}`))
	if a.Status != http.StatusOK {
		t.Fatalf("giving the consent: %d %s", a.Status, a.Body)
	}
	for amount, want := range map[string]bool{"0.01": true, mine.Available: true, "99999999.00": false} {
		if got, err := p.Funds(t.Context(), mine.Number, amount, "PLN"); err != nil || got != want {
			t.Errorf("%s: %t, %v", amount, got, err)
		}
	}
}

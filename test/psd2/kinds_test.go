package psd2

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"okienko/bank/calendar"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/party"
	"okienko/bank/rail"
	"okienko/bank/transfer"
	"okienko/client"
	"okienko/okienkotest"
)

// way is a kind of payment with the payment system that carries it.
type way struct {
	name, login string
	from        held
	system      transfer.System
	payment     client.Payment
	// leaves is when the payment goes to its system, ordered on a Tuesday at ten:
	// "+1 08:00" is the next day at eight, "" at once.
	leaves string
	vat    held   // pays tax of the amount
	tax    string // "" where nothing is split
	payee  held   // of a payment inside the bank
}

// ways are all of them, with customers who can pay so.
func ways(t *testing.T, b *okienkotest.Bank) []way {
	t.Helper()
	jans, jansEuro := account(t, b, "jan", "PLN"), account(t, b, "jan", "EUR")
	reserve := ofCompany(t, b, "jan", "kawomat", "PLN", "")
	for _, h := range accounts(t, b, "jan", "PLN") {
		if h.Name == "Rachunek rezerwowy" {
			reserve = h
		}
	}
	parkomat, dollars := ofCompany(t, b, "katarzyna", "parkomat", "PLN", ""), ofCompany(t, b, "katarzyna", "parkomat", "USD", "")
	annas := account(t, b, "anna", "PLN")
	erika := client.Party{AccountNumber: "DE89370400440532013000", Name: "Erika Mustermann", CountryCode: "DE"}
	made := func(change func(*client.Payment)) client.Payment {
		p := domestic("11.00", "")
		change(&p)
		return p
	}
	euro := func(system, delivery string) client.Payment {
		return client.Payment{
			Kind: client.EEA, Recipient: erika, DeliveryMode: delivery, System: system,
			TransferData: client.TransferData{Amount: "15.00", Currency: "EUR"},
		}
	}
	return []way{
		{name: "inside the bank", login: "jan", from: jans, system: transfer.Internal, payee: annas, payment: made(func(x *client.Payment) { x.System, x.Recipient.AccountNumber = "INTERNAL", annas.Number })},
		{name: "Elixir", login: "jan", from: jans, system: transfer.Elixir, leaves: "+0 12:00", payment: made(func(*client.Payment) {})},
		{name: "Elixir the next day", login: "jan", from: jans, system: transfer.Elixir, leaves: "+1 08:00", payment: made(func(x *client.Payment) { x.DeliveryMode, x.System = "STANDARD_D1", "" })},
		{name: "Express Elixir", login: "jan", from: jans, system: transfer.ExpressElixir, payment: made(func(x *client.Payment) { x.System = "EXPRESS_ELIXIR" })},
		{name: "BlueCash", login: "jan", from: jans, system: transfer.BlueCash, payment: made(func(x *client.Payment) { x.System = "BLUE_CASH" })},
		{name: "Sorbnet", login: "jan", from: reserve, system: transfer.Sorbnet, payment: made(func(x *client.Payment) { x.System, x.TransferData.Amount = "", "1000000.00" })},
		{name: "tax", login: "jan", from: jans, system: transfer.Elixir, leaves: "+1 08:00", payment: tax(t, b, "jan", "14.00")},
		{name: "SEPA", login: "jan", from: jansEuro, system: transfer.SEPA, leaves: "+0 14:00", payment: euro("", "STANDARD_D1")},
		{name: "instant SEPA", login: "jan", from: jansEuro, system: transfer.InstantSEPA, payment: euro("INSTANT_SEPA", "EXPRESS_D0")},
		{name: "T2", login: "jan", from: jansEuro, system: transfer.Target, payment: euro("TARGET", "EXPRESS_D0")},
		{name: "SWIFT", login: "katarzyna", from: dollars, system: transfer.Swift, leaves: "+2 08:00", payment: client.Payment{
			Kind: client.NonEEA, Recipient: client.Party{AccountNumber: "123456789", Name: "Blue Note Records"},
			RecipientBank: &client.RecipientBank{BIC: "CHASUS33", CountryCode: "US"}, TransferCharges: "SHA", DeliveryMode: "STANDARD_D2", System: "SWIFT",
			TransferData: client.TransferData{Amount: "17.00", Currency: "USD"},
		}},
		{name: "split payment", login: "katarzyna", from: parkomat, system: transfer.Elixir, leaves: "+0 12:00", vat: ofCompany(t, b, "katarzyna", "parkomat", "PLN", "VAT"), tax: "23.00", payment: made(func(x *client.Payment) {
			x.TransferData.Amount, x.SplitPayment = "123.00", true
			x.Split = &client.Split{Invoice: "FV 7/2026", TaxID: "5250007738", TaxAmount: "23.00", Description: "kawa"}
		})},
	}
}

// tax makes a payment to the micro-account of its payer.
func tax(t *testing.T, b *okienkotest.Bank, login, amount string) client.Payment {
	t.Helper()
	list := accounts(t, b, login, "PLN")
	person, err := b.Inside().Books.Customer(t.Context(), party.CustomerID(list[0].Customer))
	if err != nil {
		t.Fatal(err)
	}
	who, err := b.Inside().Books.Person(t.Context(), person.Person)
	if err != nil {
		t.Fatal(err)
	}
	// LK 1010 0071 222 Y ID 00…, with Y=1 for a PESEL (psd2 §8).
	number, err := nrb.Make("10100071", "2221"+string(who.PESEL)+"0")
	if err != nil {
		t.Fatal(err)
	}
	return client.Payment{
		Kind: client.Tax, Recipient: client.Party{AccountNumber: string(number), Name: "Urząd Skarbowy"},
		TransferData: client.TransferData{Amount: amount, Currency: "PLN"}, DeliveryMode: "STANDARD_D1", System: "ELIXIR",
		TaxForm: &client.TaxForm{Payer: client.TaxPayer{ID: string(who.PESEL), Type: "P"}, FormCode: "PIT37", PeriodType: "R", Year: 2025},
	}
}

// titled gives a payment a title of its own, as it stands on statements.
func (w *way) titled(title string) (client.Payment, string) {
	p := w.payment
	switch {
	case p.Split != nil:
		split := *p.Split
		split.Invoice, p.Split, p.TransferData.Description = title, &split, title
		return p, "/VAT/" + strings.Replace(split.TaxAmount, ".", ",", 1) + "/IDC/" + split.TaxID + "/INV/" + title + "/TXT/" + split.Description
	case p.TaxForm != nil:
		form := *p.TaxForm
		form.Obligation, p.TaxForm = title, &form
		return p, "/TI/P" + form.Payer.ID + "/OKR/25R/SFP/PIT37/TXT/" + title
	}
	p.TransferData.Description = title
	return p, title
}

// failing is a payment that its payment system refuses, AC04.
func (w *way) failing(title string) (client.Payment, string) {
	p, shown := w.titled(title)
	switch {
	case p.Split != nil, p.TransferData.Description != "":
		p.TransferData.Description = "scenario:closed " + p.TransferData.Description
		if p.Split == nil {
			shown = p.TransferData.Description
		}
	default:
		p.TransferData.Amount = "13.01"
	}
	return p, shown
}

// at is an instant by a text as in way.leaves.
func at(t *testing.T, from calendar.Date, when string) time.Time {
	t.Helper()
	days, clock, ok := strings.Cut(strings.TrimPrefix(when, "+"), " ")
	hour, err := time.Parse("15:04", clock)
	if !ok || err != nil || len(days) != 1 {
		t.Fatalf("%q is no time", when)
	}
	return from.AddDays(int(days[0] - '0')).Start().Add(time.Duration(hour.Hour())*time.Hour + time.Duration(hour.Minute())*time.Minute)
}

// own is the booked balance of the bank's own account for a payment system, or
// of that for its fees.
func own(t *testing.T, b *okienkotest.Bank, c money.Currency, s transfer.System) string {
	t.Helper()
	id := rail.FeeIncome(c)
	if s != "" {
		id = rail.Clearing(s, c)
	}
	a, err := b.Inside().Books.Account(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return a.Booked.String()
}

// Every kind of payment, through every payment system, is done: the money leaves
// the payer when the system takes it, once, without a fee, and the account's
// history tells so.
func TestPaymentsOfEveryKind(t *testing.T) {
	b, p := open(t)
	day := tuesday
	for i, w := range ways(t, b) {
		if testing.Short() && i%4 != 0 {
			continue // with -short every fourth way: the detector of races learns nothing from the others
		}
		t.Run(w.name, func(t *testing.T) {
			to(t, b, atTen(day))
			w.done(t, b, p, day)
		})
		t.Run(w.name+" that comes back", func(t *testing.T) {
			to(t, b, atTen(day.AddDays(7)))
			w.rejected(t, b, p, day.AddDays(7))
		})
		t.Run(w.name+" that is cancelled", func(t *testing.T) {
			to(t, b, atTen(day.AddDays(14)))
			w.cancelled(t, b, p, day.AddDays(14))
		})
		day = day.AddDays(21)
	}
}

func (w *way) done(t *testing.T, b *okienkotest.Bank, p *okienkotest.ThirdParty, day calendar.Date) {
	t.Helper()
	currency := money.Currency(w.payment.TransferData.Currency)
	goes := func() string { // where the money goes
		if w.system == transfer.Internal {
			return w.payee.again(t, b).Booked
		}
		return own(t, b, currency, w.system)
	}
	from, went, earned := w.from.again(t, b), goes(), own(t, b, currency, "")
	vat := held{Booked: "0.00"}
	if w.tax != "" {
		vat = w.vat.again(t, b)
	}
	look := reads(t, p, w.login, from.Number)
	id := look.AccountIDs()[0]

	pay, title := w.titled(w.name + " done")
	gross := pay.TransferData.Amount
	share := gross // of the payer's account
	if w.tax != "" {
		share = less(t, gross, w.tax)
	}
	made, given := pays(t, p, w.login, from.Number, pay)
	switch {
	case w.system == transfer.Internal:
		if made.GeneralStatus != "DONE" {
			t.Errorf("ordered: %s", made.GeneralStatus)
		}
	case made.GeneralStatus != "PENDING":
		t.Errorf("ordered: %s", made.GeneralStatus)
	}
	leaves := atTen(day)
	if w.leaves != "" {
		leaves = at(t, day, w.leaves)
		waiting := item(t, p, look.Session(), id, "PENDING", title)
		if waiting.Amount != "-"+gross || waiting.BookingDate != "" || waiting.Balance != "" {
			t.Errorf("while it waits: %+v", waiting)
		}
		none(t, p, look.Session(), id, "DONE", title)
		if now := w.from.again(t, b); now.Booked != from.Booked || now.Available != less(t, from.Available, share) {
			t.Errorf("while it waits the account has %+v, before %+v", now, from)
		}
		to(t, b, leaves.Add(-time.Second))
		becomes(t, b, p, given, made, "PENDING")
		to(t, b, leaves)
	}
	now := becomes(t, b, p, given, made, "DONE")
	if now.Rejection != nil {
		t.Errorf("done, and rejected: %+v", now.Rejection)
	}
	look.Tokens = refreshed(t, p, look.Refresh)
	none(t, p, look.Session(), id, "PENDING", title)
	booked := item(t, p, look.Session(), id, "DONE", title)
	after := w.from.again(t, b)
	if booked.Amount != "-"+gross || booked.Category != "DEBIT" || booked.Balance != after.Booked || !strings.HasPrefix(booked.BookingDate, leaves.In(calendar.Warsaw()).Format("2006-01-02T15:04:05")) {
		t.Errorf("booked as %+v, on %s, balance %s", booked, leaves, after.Booked)
	}
	if after.Booked != less(t, from.Booked, share) || after.Available != less(t, from.Available, share) {
		t.Errorf("the payer had %+v and has %+v after %s", from, after, share)
	}
	if got := goes(); got != less(t, went, "-"+gross) {
		t.Errorf("where the money goes %s became %s by %s", went, got, gross)
	}
	if got := own(t, b, currency, ""); got != earned {
		t.Errorf("a fee was taken: %s became %s", earned, got)
	}
	if w.tax != "" {
		if got := w.vat.again(t, b); got.Booked != less(t, vat.Booked, w.tax) || got.Available != less(t, vat.Available, w.tax) {
			t.Errorf("the VAT account had %+v and has %+v", vat, got)
		}
	}
	details, err := p.AccountDetails(t.Context(), look.Session(), id)
	if err != nil || details.BookingBalance != after.Booked || details.AvailableBalance != after.Available {
		t.Errorf("the third party reads %+v, the bank has %+v (%v)", details, after, err)
	}
	if tr := written(t, b, p, made); tr.System != w.system || !tr.Fee.IsZero() || tr.Reserved {
		t.Errorf("written as going by %s with a fee of %s, set aside: %t", tr.System, tr.Fee, tr.Reserved)
	}
}

// rejected is the way of a payment that its system refuses, or that lacks money
// where there is no system: the reason is told, and the money is free again.
func (w *way) rejected(t *testing.T, b *okienkotest.Bank, p *okienkotest.ThirdParty, day calendar.Date) {
	t.Helper()
	from, login, reason := w.from.again(t, b), w.login, "RAIL_REFUSED"
	pay, title := w.failing(w.name + " back")
	if w.system == transfer.Internal {
		pay, title = w.titled(w.name + " back")
		login, from, reason = "tomasz", account(t, b, "tomasz", "PLN"), "INSUFFICIENT_FUNDS"
		pay.TransferData.Amount = less(t, from.Available, "-0.01")
	}
	look := reads(t, p, login, from.Number)
	id := look.AccountIDs()[0]
	var vat held
	if w.tax != "" {
		vat = w.vat.again(t, b)
	}
	made, given := pays(t, p, login, from.Number, pay)
	if w.leaves != "" {
		to(t, b, at(t, day, w.leaves))
	}
	now := becomes(t, b, p, given, made, "REJECTED")
	if now.Rejection == nil || now.Rejection.Reason != reason || !strings.Contains(now.DetailedStatus, now.Rejection.Message) {
		t.Errorf("rejected with %+v: %s", now.Rejection, now.DetailedStatus)
	}
	if reason == "RAIL_REFUSED" && !strings.Contains(now.DetailedStatus, "AC04") {
		t.Errorf("the system's own words are not told: %s", now.DetailedStatus)
	}
	look.Tokens = refreshed(t, p, look.Refresh)
	if got := item(t, p, look.Session(), id, "REJECTED", title); got.RejectionReason == "" {
		t.Errorf("the history does not say why: %+v", got)
	}
	none(t, p, look.Session(), id, "PENDING", title)
	none(t, p, look.Session(), id, "DONE", title)
	if after := from.again(t, b); after != from {
		t.Errorf("before %+v, after %+v", from, after)
	}
	if w.tax != "" {
		if after := w.vat.again(t, b); after != vat {
			t.Errorf("the VAT account: before %+v, after %+v", vat, after)
		}
	}
}

// cancelled is the way of a payment for a later day: cancelled with a consent of
// its own, it never moves anything.
func (w *way) cancelled(t *testing.T, b *okienkotest.Bank, p *okienkotest.ThirdParty, day calendar.Date) {
	t.Helper()
	from := w.from.again(t, b)
	look := reads(t, p, w.login, from.Number)
	id := look.AccountIDs()[0]
	pay, title := w.titled(w.name + " cancelled")
	pay.ExecutionMode, pay.TransferData.ExecutionDate = "FUTURE_DATED", day.AddDays(2).String()
	made, given := pays(t, p, w.login, from.Number, pay)
	if made.GeneralStatus != "SCHEDULED" {
		t.Fatalf("ordered: %+v", made)
	}
	item(t, p, look.Session(), id, "SCHEDULED", title)
	if now := from.again(t, b); now != from {
		t.Errorf("a payment for a later day sets money aside: %+v, before %+v", now, from)
	}
	// The payment's own consent cancels nothing.
	if err := p.Cancel(t.Context(), given.Session(), w.payment.Kind, made.PaymentID); !refusedWith(err, http.StatusForbidden) {
		t.Errorf("cancelled with the consent to pay: %v", err)
	}
	cancelling := p.Consent(t, w.login, client.Consent{Cancel: &client.Target{PaymentID: made.PaymentID}}, from.Number)
	if err := p.Cancel(t.Context(), cancelling.Session(), w.payment.Kind, made.PaymentID); err != nil {
		t.Fatalf("cancelling: %v", err)
	}
	if err := p.Cancel(t.Context(), cancelling.Session(), w.payment.Kind, made.PaymentID); !refusedWith(err, http.StatusNotFound) {
		t.Errorf("cancelling again: %v", err)
	}
	becomes(t, b, p, given, made, "CANCELLED")
	to(t, b, atTen(day.AddDays(6)))
	becomes(t, b, p, given, made, "CANCELLED")
	look.Tokens = refreshed(t, p, look.Refresh)
	item(t, p, look.Session(), id, "CANCELLED", title)
	none(t, p, look.Session(), id, "SCHEDULED", title)
	if after := from.again(t, b); after != from {
		t.Errorf("before %+v, after %+v", from, after)
	}
}

// refreshed are new tokens.
func refreshed(t *testing.T, p *okienkotest.ThirdParty, refresh string) client.Tokens {
	t.Helper()
	next, err := p.Refresh(t.Context(), refresh)
	if err != nil {
		t.Fatalf("refreshing: %v", err)
	}
	return next
}

// A payment that waits for its session is cancelled too, and its money is free
// at once; when it is with the system it is too late.
func TestPendingPaymentIsCancelledUntilItLeaves(t *testing.T) {
	b, p := open(t)
	from := account(t, b, "jan", "PLN")
	made, given := pays(t, p, "jan", from.Number, domestic("20.00", "In time"))
	late, lates := pays(t, p, "jan", from.Number, domestic("21.00", "Too late"))
	inTime := p.Consent(t, "jan", client.Consent{Cancel: &client.Target{PaymentID: made.PaymentID}}, from.Number)
	tooLate := p.Consent(t, "jan", client.Consent{Cancel: &client.Target{PaymentID: late.PaymentID}}, from.Number)
	if err := p.Cancel(t.Context(), inTime.Session(), "", made.PaymentID); err != nil {
		t.Fatalf("cancelling: %v", err)
	}
	if now := from.again(t, b); now.Available != less(t, from.Available, "21.00") {
		t.Errorf("available %s after the cancelling, before %s", now.Available, from.Available)
	}
	to(t, b, at(t, tuesday, "+0 12:00"))
	if err := p.Cancel(t.Context(), client.Session{Token: refreshed(t, p, tooLate.Refresh).Access}, "", late.PaymentID); !refusedWith(err, http.StatusBadRequest) {
		t.Errorf("cancelled after it left: %v", err)
	}
	becomes(t, b, p, given, made, "CANCELLED")
	becomes(t, b, p, lates, late, "DONE")
}

// A future-dated payment is made on its day, in the first session.
func TestFutureDatedPaymentIsMadeOnItsDay(t *testing.T) {
	b, p := open(t)
	from := account(t, b, "jan", "PLN")
	later := domestic("20.00", "Later")
	// A Saturday: it goes on Monday.
	later.ExecutionMode, later.TransferData.ExecutionDate = "FUTURE_DATED", tuesday.AddDays(11).String()
	made, given := pays(t, p, "jan", from.Number, later)
	to(t, b, atTen(tuesday.AddDays(11)))
	becomes(t, b, p, given, made, "SCHEDULED")
	to(t, b, at(t, tuesday.AddDays(7), "+6 07:00"))
	becomes(t, b, p, given, made, "PENDING")
	to(t, b, at(t, tuesday.AddDays(7), "+6 08:00"))
	becomes(t, b, p, given, made, "DONE")
	if now := from.again(t, b); now.Booked != less(t, from.Booked, "20.00") {
		t.Errorf("before %+v, after %+v", from, now)
	}
}

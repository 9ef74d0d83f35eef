package psd2

import (
	"net/http"
	"testing"

	"okienko/bank/calendar"
	"okienko/client"
	"okienko/okienkotest"
)

// standing is a monthly payment from jan to anna.
func standing(t *testing.T, b *okienkotest.Bank, title string, r client.Recurrence) client.Payment {
	t.Helper()
	p := domestic("25.00", title)
	p.System, p.Recipient.AccountNumber = "INTERNAL", account(t, b, "anna", "PLN").Number
	p.ExecutionMode, p.TransferData.Recurrence = "RECURRING", &r
	return p
}

// orders has jan consent to a standing order for half a year, and the third party
// make it.
func orders(t *testing.T, b *okienkotest.Bank, p *okienkotest.ThirdParty, pay client.Payment) (client.Initiated, *okienkotest.Consented) {
	t.Helper()
	from := account(t, b, "jan", "PLN").Number
	pay.Sender.AccountNumber = from
	given := p.Consent(t, "jan", client.Consent{Payment: &pay, Until: b.Inside().Now().AddDate(0, 0, 179)}, from)
	made, err := p.Pay(t.Context(), given.Session(), client.NewID(), pay)
	if err != nil {
		t.Fatalf("ordering: %v", err)
	}
	return made, given
}

// stands asks for a standing order on a morning.
func stands(t *testing.T, b *okienkotest.Bank, p *okienkotest.ThirdParty, given *okienkotest.Consented, made client.Initiated, day string) client.Initiated {
	t.Helper()
	to(t, b, atTen(date(t, day)))
	now, err := p.PaymentStatus(t.Context(), looking(t, p, given), made)
	if err != nil {
		t.Fatal(err)
	}
	return now
}

func date(t *testing.T, s string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A standing order of the 31st pays on the last day of shorter months, on Monday
// where that is a Sunday, and closes after its last day.
func TestRecurringPaymentOfMonthEnds(t *testing.T) {
	b, p := open(t)
	from, annas := account(t, b, "jan", "PLN"), account(t, b, "anna", "PLN")
	made, given := orders(t, b, p, standing(t, b, "Czynsz", client.Recurrence{
		StartDate: "2026-03-31", EndDate: "2026-06-30", Frequency: client.Frequency{Type: "MONTH", Value: 1}, DayOff: "AFTER",
	}))
	if made.GeneralStatus != "SUBMITTED" || made.RecurringStatus != "SUBMITTED" || made.NextExecution != "2026-03-31" {
		t.Errorf("ordered: %+v", made)
	}
	for _, c := range []struct {
		day    string
		made   int
		status string
		next   string
	}{
		{"2026-03-30", 0, "SUBMITTED", "2026-03-31"},
		{"2026-03-31", 1, "IN_PROGRESS", "2026-04-30"},
		{"2026-04-29", 1, "IN_PROGRESS", "2026-04-30"},
		{"2026-04-30", 2, "IN_PROGRESS", "2026-06-01"},
		{"2026-05-31", 2, "IN_PROGRESS", "2026-06-01"}, // a Sunday
		{"2026-06-01", 3, "IN_PROGRESS", "2026-06-30"},
		{"2026-06-30", 4, "CLOSE", ""},
		{"2026-07-31", 4, "CLOSE", ""},
	} {
		now := stands(t, b, p, given, made, c.day)
		if now.PaymentsMade != c.made || now.RecurringStatus != c.status || now.NextExecution != c.next {
			t.Errorf("%s: %d payments, %s, next %q; want %d, %s, %q", c.day, now.PaymentsMade, now.RecurringStatus, now.NextExecution, c.made, c.status, c.next)
		}
		var paid []string
		for range c.made {
			paid = append(paid, "25.00")
		}
		if got := from.again(t, b); got.Booked != less(t, from.Booked, paid...) || got.Available != less(t, from.Available, paid...) {
			t.Errorf("%s: the payer has %+v, had %+v", c.day, got, from)
		}
	}
	if got := annas.again(t, b); got.Booked != less(t, annas.Booked, "-100.00") {
		t.Errorf("the payee has %s, had %s", got.Booked, annas.Booked)
	}
	look := reads(t, p, "jan", from.Number)
	var days []string
	for _, one := range transactions(t, p, look.Session(), look.AccountIDs()[0], client.Filter{Status: "DONE", From: "2026-05-02"}) {
		if one.Description == "Czynsz" {
			days = append(days, one.BookingDate[:10])
		}
	}
	if len(days) != 2 || days[0] != "2026-06-30" {
		t.Errorf("the history has payments of %v", days)
	}
}

// A payment that falls on a holiday is made before it where the customer wants
// that; a standing order that is cancelled pays no more.
func TestRecurringPaymentIsCancelledInTheMiddle(t *testing.T) {
	b, p := open(t)
	from := account(t, b, "jan", "PLN")
	pay := standing(t, b, "Abonament", client.Recurrence{
		StartDate: "2026-04-24", Frequency: client.Frequency{Type: "WEEK", Value: 1}, DayOff: "BEFORE",
	})
	pay.System, pay.Recipient.AccountNumber = "ELIXIR", elsewhere
	made, given := orders(t, b, p, pay)
	stands(t, b, p, given, made, "2026-04-24")
	// 1 May is a holiday.
	if now := stands(t, b, p, given, made, "2026-04-29"); now.PaymentsMade != 1 || now.NextExecution != "2026-04-30" {
		t.Fatalf("before the holiday: %+v", now)
	}
	if now := stands(t, b, p, given, made, "2026-04-30"); now.PaymentsMade != 2 {
		t.Fatalf("on the business day before the holiday: %+v", now)
	}
	cancelling := p.Consent(t, "jan", client.Consent{Cancel: &client.Target{PaymentID: made.PaymentID}}, from.Number)
	if err := p.Cancel(t.Context(), cancelling.Session(), "", made.PaymentID); err != nil {
		t.Fatalf("cancelling: %v", err)
	}
	if err := p.Cancel(t.Context(), cancelling.Session(), "", made.PaymentID); !refusedWith(err, http.StatusNotFound) {
		t.Errorf("cancelling again: %v", err)
	}
	for _, day := range []string{"2026-05-04", "2026-06-30"} {
		now := stands(t, b, p, given, made, day)
		if now.PaymentsMade != 2 || now.RecurringStatus != "CANCELLED" || now.NextExecution != "" {
			t.Errorf("%s: %+v", day, now)
		}
	}
	if got := from.again(t, b); got.Booked != less(t, from.Booked, "25.00", "25.00") || got.Available != less(t, from.Available, "25.00", "25.00") {
		t.Errorf("the payer has %+v, had %+v", got, from)
	}
}

// A payment of a standing order that meets the customer's limit for them is
// rejected with the reason, and the next one is tried again.
func TestRecurringPaymentMeetsALimit(t *testing.T) {
	b, p := open(t)
	from := account(t, b, "jan", "PLN")
	made, given := orders(t, b, p, standing(t, b, "Składka", client.Recurrence{
		StartDate: "2026-03-11", Frequency: client.Frequency{Type: "DAY", Value: 1}, DayOff: "AFTER",
	}))
	stands(t, b, p, given, made, "2026-03-11")
	limits(t, b, "jan", `{"recurring":{"single":"24.99"}}`)
	stands(t, b, p, given, made, "2026-03-12")
	limits(t, b, "jan", `{"recurring":{"single":null}}`)
	now := stands(t, b, p, given, made, "2026-03-13")
	if now.PaymentsMade != 3 || now.RecurringStatus != "IN_PROGRESS" {
		t.Errorf("%+v", now)
	}
	look := reads(t, p, "jan", from.Number)
	if got := item(t, p, look.Session(), look.AccountIDs()[0], "REJECTED", "Składka"); got.RejectionReason == "" || got.TradeDate[:10] != "2026-03-12" {
		t.Errorf("rejected: %+v", got)
	}
	if got := from.again(t, b); got.Booked != less(t, from.Booked, "25.00", "25.00") {
		t.Errorf("the payer has %+v, had %+v", got, from)
	}
}

// limits has somebody set their limits.
func limits(t *testing.T, b *okienkotest.Bank, login, to string) {
	t.Helper()
	if a := b.Customers(t, http.MethodPost, "/api/people/"+login+"/limits", []byte(to)); a.Status != http.StatusOK {
		t.Fatalf("limits of %s: %d %s", login, a.Status, a.Body)
	}
}

package payment_test

import (
	"testing"

	"okienko/bank"
	"okienko/bank/limit"
	"okienko/bank/payment"
	"okienko/bank/transfer"
)

// run has whatever is due of a standing order made, and returns the payment.
func (k *teller) run(id transfer.StandingID) *transfer.Transfer {
	k.t.Helper()
	return k.done(&payment.RunStanding{Standing: id}).Transfer
}

// A standing order pays on its days, moved off weekends, until its end. Each
// payment is counted with the recurring ones.
func TestAStandingOrder(t *testing.T) {
	k := newAgency(t)
	k.book.PutCustomerLimits(anna, limit.OfCustomer{OneOff: limit.Caps{Single: capAt("0.00")}, Recurring: limit.Caps{Single: capAt("100.00"), Daily: capAt("100.00")}})
	o := k.agreed(monthly(inside("100.00"), "2026-03-31", "2026-06-15"))
	out := k.done(o)
	s := out.Standing
	if out.Transfer != nil || s.Status != transfer.StandingSubmitted || s.Next != day("2026-03-31") || !s.Due.Equal(at("2026-03-31T04:00:00Z")) {
		t.Fatalf("%+v", s)
	}
	k.counted(recurring(), "0.00", "0.00")
	if out := k.done(&payment.RunStanding{Standing: s.ID}); !out.Repeat || out.Transfer != nil {
		t.Error("it paid before its day")
	}
	for n, want := range []struct{ day, due string }{
		{"2026-03-31", "2026-03-31T04:00:00Z"},
		{"2026-04-30", "2026-04-30T04:00:00Z"},
		{"2026-05-31", "2026-06-01T04:00:00Z"}, // a Sunday
	} {
		now := k.done(o).Standing
		if now.Next != day(want.day) || !now.Due.Equal(at(want.due)) {
			t.Errorf("payment %d is of %s, due at %v", n+1, now.Next, now.Due)
		}
		k.now = now.Due
		tr := k.run(s.ID)
		if tr.Status != transfer.Done || tr.Number != n+1 || tr.Standing != s.ID || tr.TPPID != "" {
			t.Errorf("%+v", tr)
		}
		k.counted(recurring(), "100.00", "100.00")
		k.counted(oneOff(), "0.00", "0.00")
	}
	end := k.done(o).Standing
	if end.Status != transfer.StandingClosed || end.Made != 3 || !end.Due.IsZero() || !end.Next.IsZero() || !end.EndedAt.Equal(k.now) {
		t.Errorf("%+v", end)
	}
	if out := k.done(&payment.RunStanding{Standing: s.ID}); !out.Repeat {
		t.Error("it pays after its end")
	}
	k.stands(bens, "1300.00", "0.00")
}

// A payment that cannot be made is rejected, and the standing order goes on.
func TestAStandingOrderGoesOnAfterARejection(t *testing.T) {
	k := newAgency(t)
	k.book.PutCustomerLimits(anna, limit.OfCustomer{Recurring: limit.Caps{Daily: capAt("99.99")}})
	o := k.agreed(monthly(elixir("100.00"), "2026-03-11", ""))
	s := k.done(o).Standing
	k.now = s.Due
	first := k.run(s.ID)
	k.is(first.ID, transfer.Rejected, bank.CustomerLimit)
	s = k.done(o).Standing
	if s.Status != transfer.StandingSubmitted || s.Made != 1 || s.Next != day("2026-04-11") || !s.Due.Equal(at("2026-04-13T04:00:00Z")) {
		t.Errorf("%+v", s)
	}
	k.funds(purse, "50.00")
	k.book.PutCustomerLimits(anna, limit.OfCustomer{})
	k.now = s.Due
	k.is(k.run(s.ID).ID, transfer.Rejected, bank.InsufficientFunds)
	k.counted(recurring(), "0.00", "0.00")
	k.funds(purse, "100.50")
	k.now = k.done(o).Standing.Due
	tr := k.run(s.ID)
	k.is(tr.ID, transfer.Pending, "")
	k.counted(recurring(), "100.00", "100.00")
	k.done(refuse(tr.ID, "no"))
	k.counted(recurring(), "0.00", "0.00")
	if s = k.done(o).Standing; s.Status != transfer.StandingInProgress || s.Made != 3 {
		t.Errorf("%+v", s)
	}
}

// What was missed while nobody worked is made one payment at a time, each once.
func TestAStandingOrderCatchesUp(t *testing.T) {
	k := newAgency(t)
	o := k.agreed(monthly(inside("100.00"), "2026-03-11", ""))
	s := k.done(o).Standing
	k.now = at("2026-05-20T12:00:00Z")
	results := k.all(&payment.RunStanding{Standing: s.ID}, &payment.RunStanding{Standing: s.ID}, &payment.RunStanding{Standing: s.ID}, &payment.RunStanding{Standing: s.ID})
	for n, r := range results {
		if r.Err != nil || r.Outcome.Repeat != (n == 3) {
			t.Errorf("%d: %+v", n, r)
		}
	}
	k.stands(bens, "1300.00", "0.00")
}

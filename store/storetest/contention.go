package storetest

import (
	"fmt"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/payment"
)

// contention: many callers at once never get more than there is.
func contention(t *testing.T, open Open) {
	t.Run("100 holds of 1.00 on a balance of 40.00", func(t *testing.T) {
		w := newWorld(t, open)
		a := w.holder("jan", zl(40), wide())
		w.hundredHolds(t, func(i int) *payment.Submit { return place(a, fmt.Sprint("op-", i), zl(1)) }, bank.InsufficientFunds)
		if acc := w.account(a.Account); acc.Held != zl(40) || acc.Booked != zl(40) {
			t.Errorf("held %v of %v, want 40.00 of 40.00", acc.Held, acc.Booked)
		}
	})
	t.Run("100 holds of 1.00 on a remaining limit of 40.00", func(t *testing.T) {
		w := newWorld(t, open)
		l := wide()
		l.Daily = zl(100)
		a := w.holder("jan", zl(1000), l)
		if _, err := w.do(pay(a, "before", zl(60), "")); err != nil {
			t.Fatal(err)
		}
		w.hundredHolds(t, func(i int) *payment.Submit { return place(a, fmt.Sprint("op-", i), zl(1)) }, bank.DailyLimit)
		k := limit.Key{Subject: limit.OfAgreement(string(a.ID)), Period: limit.DayOf(noon)}
		used, err := w.s.Counters(t.Context(), []limit.Key{k})
		if must(t, err); used[k] != zl(100) {
			t.Errorf("used %v of the daily limit, want 100.00", used[k])
		}
	})
	t.Run("100 holds of 1.00 by two desks on one balance", func(t *testing.T) {
		w := newWorld(t, open)
		a := w.holder("jan", zl(40), wide())
		other := w.otherDesk()
		defer other.Close()
		w.hundredHolds(t, func(i int) *payment.Submit { return place(a, fmt.Sprint("op-", i), zl(1)) }, bank.InsufficientFunds, other)
	})
	t.Run("a hold ends once", holdEndsOnce(open))
	t.Run("one operation id 8 times at once", sameOperation(open))
}

// hundredHolds checks that exactly 40 of 100 holds are placed and the others
// are refused for the reason given.
func (w *world) hundredHolds(t *testing.T, order func(i int) *payment.Submit, why bank.Code, more ...doer) {
	t.Helper()
	desks := append([]doer{w.desk}, more...)
	errs := together(100, func(i int) error {
		_, err := desks[i%len(desks)].Do(t.Context(), order(i))
		return err
	})
	placed := 0
	for i, err := range errs {
		switch {
		case err == nil:
			placed++
		case bank.CodeOf(err) != why:
			t.Errorf("hold %d: %v, want it placed or refused as %s", i, err, why)
		}
	}
	if placed != 40 {
		t.Errorf("%d holds were placed, want 40", placed)
	}
}

// holdEndsOnce races a capture, a release and an expiry of one hold.
func holdEndsOnce(open Open) func(*testing.T) {
	return func(t *testing.T) {
		w := newWorld(t, open)
		a := w.holder("jan", zl(1000), wide())
		won := map[ledger.HoldStatus]int{}
		for round := range 24 {
			order := place(a, fmt.Sprint("hold-", round), zl(10))
			// The clock stands still between the last moment of capturing and the
			// first of expiring: half of the rounds on each side.
			order.Draft.ValidTo = w.clock.Now().Add(time.Minute)
			out, err := w.do(order)
			must(t, err)
			id := out.Hold.ID
			over := round%2 == 1
			if over {
				w.clock.move(time.Minute)
			}
			orders := []payment.Order{
				pay(a, fmt.Sprint("capture-", round), zl(10), id),
				&payment.Release{Hold: id, Agreement: a.ID, AccountRef: a.AccountRef},
				&payment.Expire{Hold: id},
				pay(a, fmt.Sprint("again-", round), zl(4), id),
			}
			type end struct {
				out payment.Outcome
				err error
			}
			ends := together(len(orders), func(i int) end {
				out, err := w.do(orders[(i+round)%len(orders)])
				return end{out, err}
			})
			h, err := w.s.Hold(t.Context(), id)
			must(t, err)
			won[h.Status]++
			done := 0
			for i, e := range ends {
				switch e.err {
				case nil:
					if !e.out.Repeat {
						done++
					}
				default:
					if got, want := bank.CodeOf(e.err), refusalOf(h.Status); got != want {
						t.Errorf("round %d: order %d was refused as %s, want %s: the hold is %s", round, i, got, want, h.Status)
					}
				}
			}
			if h.Status == ledger.Active || done != 1 {
				t.Errorf("round %d: the hold is %s and %d orders ended it, want one", round, h.Status, done)
			}
			if acc := w.account(a.Account); !acc.Held.IsZero() {
				t.Fatalf("round %d: %v is still held", round, acc.Held)
			}
		}
		if won[ledger.Expired] != 12 {
			t.Errorf("%v: of 24 holds the 12 past their time expire", won)
		}
	}
}

func refusalOf(s ledger.HoldStatus) bank.Code {
	switch s {
	case ledger.Captured:
		return bank.HoldCaptured
	case ledger.Released:
		return bank.HoldReleased
	}
	return bank.HoldExpired
}

// sameOperation sends one order eight times at once: one effect, one answer.
func sameOperation(open Open) func(*testing.T) {
	return func(t *testing.T) {
		w := newWorld(t, open)
		a := w.holder("jan", zl(100), wide())
		type end struct {
			out payment.Outcome
			err error
		}
		ends := together(8, func(int) end {
			out, err := w.do(pay(a, "once", zl(30), ""))
			return end{out, err}
		})
		first := 0
		for i, e := range ends {
			must(t, e.err)
			if !e.out.Repeat {
				first++
			}
			if *e.out.Payment != *ends[0].out.Payment {
				t.Errorf("answer %d is %+v, answer 0 %+v", i, *e.out.Payment, *ends[0].out.Payment)
			}
		}
		if acc := w.account(a.Account); first != 1 || acc.Booked != zl(70) {
			t.Errorf("%d of 8 were done and %v is left, want one and 70.00", first, acc.Booked)
		}
		if _, err := w.do(pay(a, "once", zl(31), "")); bank.CodeOf(err) != bank.OperationReused {
			t.Errorf("the same id with another amount: %v, want %s", err, bank.OperationReused)
		}
		// The first answer stands whatever becomes of the object.
		placed, err := w.do(place(a, "hold", zl(5)))
		must(t, err)
		_, err = w.do(&payment.Release{Hold: placed.Hold.ID, By: audit.Actor{Kind: audit.Bank, ID: "test"}})
		must(t, err)
		w.reopen()
		again, err := w.do(place(a, "hold", zl(5)))
		must(t, err)
		if !again.Repeat || *again.Hold != *placed.Hold {
			t.Errorf("the first answer has become %+v, it was %+v", again.Hold, placed.Hold)
		}
	}
}

package storetest

import (
	"testing"
	"time"

	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/intake"
)

// opening: what was kept is there when the bank opens again.
func opening(t *testing.T, open Open) {
	t.Run("the bank's own accounts", func(t *testing.T) {
		w := newWorld(t, open)
		for _, want := range intake.Own(noon) {
			if got := w.account(want.ID); got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
		}
		w.reopen()
		if got := w.account(account.FeeIncome); got.OpenedAt != noon {
			t.Errorf("opened again: %+v", got)
		}
	})
	t.Run("everything is kept", func(t *testing.T) {
		w := newWorld(t, open)
		a := w.holder("jan", zl(100), wide())
		paid, err := w.do(pay(a, "p", zl(30), ""))
		must(t, err)
		held, err := w.do(place(a, "h", zl(20)))
		must(t, err)
		before := w.account(a.Account)
		w.clock.move(2 * time.Hour)
		w.reopen()
		if got := w.account(a.Account); got != before || got.Booked != zl(70) || got.Held != zl(20) {
			t.Errorf("account %+v, was %+v", got, before)
		}
		if got, err := w.s.Payment(t.Context(), paid.Payment.ID); err != nil || got != *paid.Payment {
			t.Errorf("payment %+v, %v, was %+v", got, err, *paid.Payment)
		}
		if got, err := w.s.Hold(t.Context(), held.Hold.ID); err != nil || got != *held.Hold {
			t.Errorf("hold %+v, %v, was %+v", got, err, *held.Hold)
		}
		again, err := w.do(pay(a, "p", zl(30), ""))
		if err != nil || !again.Repeat || *again.Payment != *paid.Payment {
			t.Errorf("repeated %+v, %v", again, err)
		}
		if _, err := w.do(pay(a, "p2", zl(50), held.Hold.ID)); err == nil {
			t.Error("more was captured than was held")
		}
		if _, err := w.do(pay(a, "p3", zl(20), held.Hold.ID)); err != nil {
			t.Error(err)
		}
	})
	t.Run("the last use of an agreement", func(t *testing.T) {
		w := newWorld(t, open)
		a := w.holder("jan", zl(100), wide())
		last := noon.Add(3 * time.Second)
		for _, at := range []time.Time{noon, last, noon.Add(time.Second)} {
			w.s.LogAccess(audit.AccessRecord{At: at, Client: string(client), Agreement: string(a.ID), Act: "user.read", Outcome: "ok"})
		}
		w.reopen() // closing flushes
		if got, err := w.s.Agreement(t.Context(), a.ID); err != nil || !got.LastUsed.Equal(last) {
			t.Errorf("last used %v, %v, want %v", got.LastUsed, err, last)
		}
	})
}

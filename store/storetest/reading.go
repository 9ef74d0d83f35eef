package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/calendar"
	"okienko/bank/intake"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/payment"
)

// reading: lists page without losing or repeating, and filters mean what they
// say.
func reading(t *testing.T, open Open) {
	t.Run("holds", readHolds(open))
	t.Run("payments", readPayments(open))
	t.Run("history", readHistory(open))
	t.Run("counters", readCounters(open))
	t.Run("due", readDue(open))
}

func readHolds(open Open) func(*testing.T) {
	return func(t *testing.T) {
		w := newWorld(t, open)
		a := w.holder("jan", zl(1000), wide())
		b := w.holder("ola", zl(1000), wide())
		var made []ledger.HoldID // newest first
		for i := range 7 {
			order := place(a, fmt.Sprint("op-", i), zl(1))
			order.Draft.ValidTo = w.clock.Now().Add(time.Hour)
			out, err := w.do(order)
			must(t, err)
			made = append([]ledger.HoldID{out.Hold.ID}, made...)
			if i%2 == 0 { // several at one instant
				w.clock.move(time.Minute)
			}
		}
		if _, err := w.do(place(b, "foreign", zl(1))); err != nil {
			t.Fatal(err)
		}
		f := payment.HoldFilter{Agreement: a.ID, Now: w.clock.Now(), Page: payment.Page{Size: 3}}
		if got := w.pageHolds(f); !slices.Equal(got, made) {
			t.Errorf("paged %v, want %v", got, made)
		}
		f = payment.HoldFilter{Account: a.Account, Now: w.clock.Now(), Page: payment.Page{Size: 2}}
		if got := w.pageHolds(f); !slices.Equal(got, made) {
			t.Errorf("by account %v, want %v", got, made)
		}
		_, err := w.do(&payment.Release{Hold: made[0], Agreement: a.ID, AccountRef: a.AccountRef})
		must(t, err)
		// The oldest hold is at the end of its hour: it has expired for every
		// reader, whether or not it was ended.
		oldest, err := w.s.Hold(t.Context(), made[6])
		must(t, err)
		at := oldest.ValidTo
		for status, want := range map[ledger.HoldStatus][]ledger.HoldID{
			ledger.Active: made[1:6], ledger.Released: made[:1], ledger.Expired: made[6:], ledger.Captured: nil,
		} {
			if got := w.pageHolds(payment.HoldFilter{Agreement: a.ID, Status: status, Now: at}); !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", status, got, want)
			}
		}
		from, to := noon.Add(time.Minute), noon.Add(2*time.Minute)
		if got := w.pageHolds(payment.HoldFilter{Agreement: a.ID, From: from, To: to, Now: at}); !slices.Equal(got, made[4:6]) {
			t.Errorf("of one minute %v, want %v", got, made[4:6])
		}
		if _, err := w.s.Holds(t.Context(), payment.HoldFilter{}); err == nil {
			t.Error("a list of everybody's holds was given")
		}
		if _, err := w.s.Hold(t.Context(), "nothing"); bank.CodeOf(err) != bank.NotFound {
			t.Errorf("unknown hold: %v", err)
		}
	}
}

func (w *world) pageHolds(f payment.HoldFilter) (ids []ledger.HoldID) {
	w.t.Helper()
	for {
		page, err := w.s.Holds(w.t.Context(), f)
		must(w.t, err)
		for _, h := range page {
			ids = append(ids, h.ID)
		}
		if f.Page.Size == 0 || len(page) < f.Page.Size {
			return ids
		}
		last := page[len(page)-1]
		f.Page.Before = payment.Place{At: last.CreatedAt, ID: string(last.ID)}
	}
}

func readPayments(open Open) func(*testing.T) {
	return func(t *testing.T) {
		w := newWorld(t, open)
		a := w.holder("jan", zl(1000), wide())
		var made []payment.Payment
		for i := range 6 {
			order := pay(a, fmt.Sprint("op-", i), zl(int64(i+1)), "")
			if i%3 == 0 {
				order.Draft.ExecutionDate = calendar.DateOf(noon).AddDays(i + 1)
			}
			out, err := w.do(order)
			must(t, err)
			made = append([]payment.Payment{*out.Payment}, made...)
		}
		var got []payment.Payment
		f := payment.Filter{Agreement: a.ID, Page: payment.Page{Size: 4}}
		for {
			page, err := w.s.Payments(t.Context(), f)
			must(t, err)
			got = append(got, page...)
			if len(page) < f.Page.Size {
				break
			}
			last := page[len(page)-1]
			f.Page.Before = payment.Place{At: last.CreatedAt, ID: string(last.ID)}
		}
		if !slices.Equal(got, made) {
			t.Errorf("read\n%+v\nwant what was answered\n%+v", got, made)
		}
		scheduled, err := w.s.Payments(t.Context(), payment.Filter{Agreement: a.ID, Status: payment.Scheduled})
		if must(t, err); len(scheduled) != 2 {
			t.Errorf("%d are scheduled, want 2", len(scheduled))
		}
		for _, p := range made {
			if one, err := w.s.Payment(t.Context(), p.ID); err != nil || one != p {
				t.Errorf("%+v, %v, want %+v", one, err, p)
			}
		}
	}
}

func readHistory(open Open) func(*testing.T) {
	return func(t *testing.T) {
		w := newWorld(t, open)
		a := w.holder("jan", zl(100), wide())
		for i := range 5 {
			order := pay(a, fmt.Sprint("op-", i), zl(2), "")
			order.Draft.Title = []string{"Rower", "Zażółć GĘŚLĄ jaźń", "Bilet"}[i%3]
			_, err := w.do(order)
			must(t, err)
			if i == 2 {
				w.clock.move(24 * time.Hour)
			}
		}
		var got []payment.Transaction
		f := payment.TransactionFilter{Account: a.Account, Page: payment.Page{Size: 2}}
		for {
			page, err := w.s.Transactions(t.Context(), f)
			must(t, err)
			got = append(got, page...)
			if len(page) < f.Page.Size {
				break
			}
			last := page[len(page)-1]
			f.Page.Before = payment.Place{At: last.At, Seq: last.Seq}
		}
		if len(got) != 6 {
			t.Fatalf("%d transactions, want the opening and five", len(got))
		}
		balance := zl(90)
		for i, x := range got {
			if x.Seq != int64(6-i) || x.After != balance {
				t.Errorf("transaction %d: number %d and %v after it, want %d and %v", i, x.Seq, x.After, 6-i, balance)
			}
			balance, _ = balance.Sub(x.Amount)
			if one, err := w.s.Transaction(t.Context(), a.Account, x.ID); err != nil || one != x {
				t.Errorf("alone %+v, %v, in the list %+v", one, err, x)
			}
		}
		if got[0].Other.Name != "partner Testowy" || got[0].Payment == "" || got[0].Amount != money.New(-200, money.PLN) {
			t.Errorf("the payer reads %+v", got[0])
		}
		at, err := w.s.Transaction(t.Context(), collector, got[0].ID)
		if err != nil || at.Other.Name != "jan Testowy" || at.Amount != zl(2) {
			t.Errorf("the payee reads %+v, %v", at, err)
		}
		if _, err := w.s.Transaction(t.Context(), intake.CashAccount, got[0].ID); bank.CodeOf(err) != bank.NotFound {
			t.Errorf("on an account that it did not touch: %v", err)
		}
		for text, want := range map[string]int{"gęślą": 2, "ROWER": 2, "PARTNER testowy": 5, "nigdy": 0} {
			found, err := w.s.Transactions(t.Context(), payment.TransactionFilter{Account: a.Account, Text: text})
			if must(t, err); len(found) != want {
				t.Errorf("%q is in %d transactions, want %d", text, len(found), want)
			}
		}
		today := calendar.DateOf(noon)
		days, err := w.s.BalancesByDay(t.Context(), a.Account, today.AddDays(-1), today.AddDays(2))
		must(t, err)
		if want := []money.Amount{zl(0), zl(94), zl(90), zl(90)}; !slices.Equal(days, want) {
			t.Errorf("balances %v, want %v", days, want)
		}
		if _, err := w.s.BalancesByDay(t.Context(), "nothing", today, today); bank.CodeOf(err) != bank.NotFound {
			t.Errorf("of an unknown account: %v", err)
		}
	}
}

func readCounters(open Open) func(*testing.T) {
	return func(t *testing.T) {
		w := newWorld(t, open)
		a := w.holder("jan", zl(100), wide())
		_, err := w.do(pay(a, "p", zl(30), ""))
		must(t, err)
		out, err := w.do(place(a, "h", zl(20)))
		must(t, err)
		w.clock.move(24 * time.Hour)
		_, err = w.do(&payment.Release{Hold: out.Hold.ID, By: audit.Actor{Kind: audit.Bank, ID: "test"}})
		must(t, err)
		own, all := limit.OfAgreement(string(a.ID)), limit.OneOffOf(string(a.Customer))
		day, month := limit.DayOf(noon), limit.MonthOf(noon)
		never := limit.Key{Subject: limit.ChargesOf(string(a.ID)), Period: month}
		keys := []limit.Key{{Subject: own, Period: day}, {Subject: own, Period: month}, {Subject: all, Period: day}, {Subject: all, Period: month}, never}
		got, err := w.s.Counters(t.Context(), keys)
		must(t, err)
		// Given back on the next day: nothing to the day on which it was taken.
		want := map[limit.Key]money.Amount{keys[0]: zl(50), keys[1]: zl(30), keys[2]: zl(50), keys[3]: zl(30), never: {}}
		for k, v := range want {
			if got[k] != v {
				t.Errorf("%s of %s is %v, want %v", k.Subject, k.Period, got[k], v)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%d counters for %d asked", len(got), len(want))
		}
	}
}

func readDue(open Open) func(*testing.T) {
	return func(t *testing.T) {
		w := newWorld(t, open)
		a := w.holder("jan", zl(100), wide())
		if _, ok, err := w.s.NextDue(t.Context()); ok || err != nil {
			t.Errorf("something is due in a new bank: %v, %v", ok, err)
		}
		var ids []ledger.HoldID
		for i, life := range []time.Duration{3 * time.Hour, time.Hour, 2 * time.Hour} {
			order := place(a, fmt.Sprint("h-", i), zl(1))
			order.Draft.ValidTo = noon.Add(life)
			out, err := w.do(order)
			must(t, err)
			ids = append(ids, out.Hold.ID)
		}
		order := pay(a, "later", zl(1), "")
		order.Draft.ExecutionDate = calendar.DateOf(noon).AddDays(1)
		later, err := w.do(order)
		must(t, err)
		next, ok, err := w.s.NextDue(t.Context())
		if err != nil || !ok || !next.Equal(noon.Add(time.Hour)) {
			t.Errorf("next due %v, %v, %v, want in one hour", next, ok, err)
		}
		due, err := w.s.DueHolds(t.Context(), noon.Add(2*time.Hour), 10)
		if must(t, err); !slices.Equal(due, []ledger.HoldID{ids[1], ids[2]}) {
			t.Errorf("due %v, want %v", due, []ledger.HoldID{ids[1], ids[2]})
		}
		if none, err := w.s.DuePayments(t.Context(), calendar.DateOf(noon), 10); err != nil || len(none) != 0 {
			t.Errorf("due today %v, %v", none, err)
		}
		w.clock.move(24 * time.Hour)
		for _, id := range ids {
			_, err := w.do(&payment.Expire{Hold: id})
			must(t, err)
		}
		tomorrow := calendar.DateOf(w.clock.Now())
		if next, ok, err := w.s.NextDue(t.Context()); err != nil || !ok || !next.Equal(tomorrow.Start()) {
			t.Errorf("next due %v, %v, %v, want the start of %v", next, ok, err, tomorrow)
		}
		if pays, err := w.s.DuePayments(t.Context(), tomorrow, 10); err != nil || !slices.Equal(pays, []payment.ID{later.Payment.ID}) {
			t.Errorf("due tomorrow %v, %v", pays, err)
		}
		_, err = w.do(&payment.Run{Payment: later.Payment.ID})
		must(t, err)
		if _, ok, err := w.s.NextDue(t.Context()); ok || err != nil {
			t.Errorf("something is still due: %v, %v", ok, err)
		}
		if acc := w.account(account.ID("acc-jan")); acc.Booked != zl(99) {
			t.Errorf("booked %v, want 99.00", acc.Booked)
		}
	}
}

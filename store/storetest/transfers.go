package storetest

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/calendar"
	"okienko/bank/money"
	"okienko/bank/payment"
	"okienko/bank/rail"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

func transfers(t *testing.T, open Open) {
	for _, one := range []struct {
		name string
		test func(*testing.T, *world)
	}{
		{"a transfer comes back whole at every step", transferComesBack},
		{"a split payment is booked and comes back", splitPayment},
		{"transfers are listed by account, bundle and standing order", transferLists},
		{"what is due is listed in order", transfersDue},
		{"one payment ordered by many at once", orderFight},
		{"holds and transfers of 1.00 on one balance of 20.00", oneBalance},
		{"one payment id under two consents at once", twoConsents},
		{"one consent for many payments at once", consentFight},
		{"a cancellation against the execution", cancelAgainstExecution},
		{"a payment of a standing order is made once", standingOnce},
		{"money comes back once", returnedOnce},
		{"a withdrawal stops what was decided and not written", withdrawnMeanwhile},
		{"drafts follow each other with transfers too", transfersAhead},
		{"payments of an account that were not executed", openPayments},
		{"the tables make no payment twice", tablesRefuse},
	} {
		t.Run(one.name, func(t *testing.T) { one.test(t, newWorld(t, open)) })
	}
}

// keptAs checks that a transfer is kept as an order has left it.
func (w *world) keptAs(want *transfer.Transfer) {
	w.t.Helper()
	got, err := w.s.Transfer(w.t.Context(), want.ID)
	must(w.t, err)
	if !reflect.DeepEqual(got, *want) {
		w.t.Errorf("kept\n%+v\nwant\n%+v", got, *want)
	}
}

// stands checks an account: booked and held, in minor units.
func (w *world) stands(id account.ID, booked, held int64) {
	w.t.Helper()
	if a := w.account(id); a.Booked.Minor() != booked || a.Held.Minor() != held {
		w.t.Errorf("%s: booked %v, held %v, want %d and %d", id, a.Booked, a.Held, booked, held)
	}
}

func transferComesBack(t *testing.T, w *world) {
	p := w.payer("jan", zl(100))
	clearing := rail.Clearing(transfer.Elixir, money.PLN)
	i := elixir(zl(30))
	i.Recipient.Address.Lines, i.Reference = []string{"Długa 1"}, "ref"
	out := p.pays("one", i)
	w.keptAs(out.Transfer)
	w.stands(p.account, 10000, 3050)
	if out.Transfer.Status != transfer.Pending || out.Transfer.Due.IsZero() {
		t.Errorf("%+v", out.Transfer)
	}
	c, err := w.s.Consent(t.Context(), "consent-one")
	must(t, err)
	if c.Made != string(out.Transfer.ID) || !c.Grant(xs2a.Initiate).Spent || !c.LastUsed.Equal(noon) {
		t.Errorf("the consent of a payment that was made: %+v", c)
	}
	s, err := w.s.Submission(t.Context(), transfer.SubmissionKey{Client: theTPP, TPPID: "order-tpp-one"})
	must(t, err)
	if s.Transfer != out.Transfer.ID || !s.At.Equal(noon) || s.Content == "" {
		t.Errorf("%+v", s)
	}
	done, err := w.do(&payment.Settle{Transfer: out.Transfer.ID, Verdict: rail.Verdict{
		Outcome: rail.Settled, ReturnAt: noon.Add(time.Hour), ReturnReason: "account closed",
	}})
	must(t, err)
	w.keptAs(done.Transfer)
	w.stands(p.account, 6950, 0)
	w.stands(clearing, 3000, 0)
	w.clock.move(time.Hour)
	back, err := w.do(&payment.ReturnFunds{Transfer: out.Transfer.ID})
	must(t, err)
	w.keptAs(back.Transfer)
	w.stands(p.account, 9950, 0)
	w.stands(clearing, 0, 0)
	w.stands(account.FeeIncome, 50, 0)

	poor := p.pays("poor", elixir(zl(1000)))
	if poor.Transfer.Status != transfer.Rejected || poor.Transfer.Reason != bank.InsufficientFunds {
		t.Errorf("%+v", poor.Transfer)
	}
	w.keptAs(poor.Transfer)
	inside := p.pays("inside", within(zl(9)))
	w.keptAs(inside.Transfer)
	w.stands(collector, 900, 0)

	p.also("acc-euro", money.New(5000, money.EUR), rail.Clearing(transfer.Target, money.EUR))
	euro := p
	euro.account = "acc-euro"
	paid := euro.pays("euro", sepa(1200))
	w.keptAs(paid.Transfer)
	w.stands("acc-euro", 5000, 1250)
	_, err = w.do(settle(paid.Transfer.ID))
	must(t, err)
	w.stands("acc-euro", 3750, 0)
	w.stands(rail.FeeIncome(money.EUR), 50, 0)

	_, err = w.s.Transfer(t.Context(), "unknown")
	refusedAs(t, err, bank.NotFound)
	_, err = w.s.Submission(t.Context(), transfer.SubmissionKey{Client: "other", TPPID: "order-tpp-one"})
	refusedAs(t, err, bank.NotFound)
}

func refusedAs(t *testing.T, err error, code bank.Code) {
	t.Helper()
	if got := bank.CodeOf(err); got != code {
		t.Errorf("got %q (%v), want %q", got, err, code)
	}
}

func splitPayment(t *testing.T, w *world) {
	p := w.payer("firm", zl(100))
	p.also("vat-account", zl(5), "own-opening")
	i := elixir(zl(40))
	i.Split = &transfer.Split{VAT: zl(8), TaxID: "5260250995", Invoice: "FV 1"}
	out := p.pays("split", i)
	w.keptAs(out.Transfer)
	w.stands(p.account, 10000, 3550) // the VAT account has no more than 5.00 of the 8.00
	w.stands("vat-account", 500, 500)
	done, err := w.do(settle(out.Transfer.ID))
	must(t, err)
	w.keptAs(done.Transfer)
	w.stands(p.account, 6450, 0)
	w.stands("vat-account", 0, 0)
	_, err = w.do(&payment.ReturnFunds{Transfer: out.Transfer.ID, Reason: "wrong"})
	must(t, err)
	w.stands(p.account, 9950, 0)
	w.stands("vat-account", 500, 0)
}

func transferLists(t *testing.T, w *world) {
	p := w.payer("jan", zl(1000))
	var made []transfer.Transfer // the oldest first
	for n := range 5 {
		w.clock.move(time.Second)
		made = append(made, *p.pays(fmt.Sprint("one-", n), elixir(zl(int64(n+1)))).Transfer)
	}
	out, err := w.do(settle(made[1].ID))
	must(t, err)
	made[1] = *out.Transfer
	w.clock.move(time.Second)
	set := p.pays("set", elixir(zl(11)), within(zl(12)))
	list := func(f transfer.Filter) []transfer.ID {
		t.Helper()
		got, err := w.s.Transfers(t.Context(), f)
		must(t, err)
		var ids []transfer.ID
		for _, tr := range got {
			ids = append(ids, tr.ID)
		}
		return ids
	}
	is := func(got []transfer.ID, want ...transfer.ID) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	waiting := []transfer.Status{transfer.Pending, transfer.Scheduled}
	is(list(transfer.Filter{Account: p.account, From: made[1].CreatedAt, To: made[3].CreatedAt}), made[2].ID, made[1].ID)
	is(list(transfer.Filter{Account: p.account, Statuses: waiting, To: made[4].CreatedAt}), made[3].ID, made[2].ID, made[0].ID)
	is(list(transfer.Filter{Account: p.account, Statuses: []transfer.Status{transfer.Done}, To: made[4].CreatedAt}), made[1].ID)
	is(list(transfer.Filter{Account: p.account, Statuses: []transfer.Status{transfer.Rejected}}))
	page := transfer.Filter{Account: p.account, Size: 2, To: set.Bundle.CreatedAt}
	is(list(page), made[4].ID, made[3].ID)
	page.BeforeAt, page.BeforeID = made[3].CreatedAt, made[3].ID
	is(list(page), made[2].ID, made[1].ID)

	b, err := w.s.Bundle(t.Context(), set.Bundle.ID)
	must(t, err)
	if !reflect.DeepEqual(b, *set.Bundle) || len(b.Transfers) != 2 {
		t.Errorf("kept\n%+v\nwant\n%+v", b, *set.Bundle)
	}
	if got := list(transfer.Filter{Bundle: b.ID}); len(got) != 2 {
		t.Errorf("of the bundle: %v", got)
	}
	for _, tr := range set.Transfers {
		w.keptAs(&tr)
	}
	if _, err := w.s.Transfers(t.Context(), transfer.Filter{}); err == nil {
		t.Error("a list of everything")
	}
	_, err = w.s.Bundle(t.Context(), "unknown")
	refusedAs(t, err, bank.NotFound)
}

// monthly is a transfer on the same day of three months, from today on.
func monthly(w *world, of func(money.Amount) transfer.Instruction, amount money.Amount) transfer.Instruction {
	i, today := of(amount), calendar.DateOf(w.clock.Now())
	i.Mode, i.Recurrence = transfer.Recurring, &transfer.Recurrence{Start: today, End: today.AddDays(70), Every: transfer.Month, Count: 1}
	return i
}

func transfersDue(t *testing.T, w *world) {
	_, ok, err := w.s.NextTransferDue(t.Context())
	must(t, err)
	if ok {
		t.Error("something is due in an empty bank")
	}
	p := w.payer("jan", zl(1000))
	today := calendar.DateOf(noon)
	later := elixir(zl(1))
	later.Mode, later.ExecutionDate = transfer.FutureDated, today.AddDays(7)
	scheduled, pending := p.pays("later", later).Transfer, p.pays("now", elixir(zl(2))).Transfer
	w.keptAs(scheduled)
	every := monthly(w, within, zl(3))
	every.Recurrence.Start = today.AddDays(2)
	every.Recurrence.End = today.AddDays(70)
	standing := p.pays("every", every).Standing
	due := func(at time.Time, n int) (ids []transfer.ID, orders []transfer.StandingID) {
		t.Helper()
		list, err := w.s.DueTransfers(t.Context(), at, n)
		must(t, err)
		for _, tr := range list {
			w.keptAs(&tr)
			ids = append(ids, tr.ID)
		}
		orders, err = w.s.DueStandings(t.Context(), at, n)
		must(t, err)
		return ids, orders
	}
	next := func(want time.Time) {
		t.Helper()
		at, ok, err := w.s.NextTransferDue(t.Context())
		must(t, err)
		if !ok || !at.Equal(want) {
			t.Errorf("due next at %v (%v), want %v", at, ok, want)
		}
	}
	next(pending.Due)
	if ids, orders := due(pending.Due.Add(-1), 5); ids != nil || orders != nil {
		t.Errorf("due before their time: %v, %v", ids, orders)
	}
	far := noon.AddDate(0, 1, 0)
	if ids, orders := due(far, 5); !reflect.DeepEqual(ids, []transfer.ID{pending.ID, scheduled.ID}) || !reflect.DeepEqual(orders, []transfer.StandingID{standing.ID}) {
		t.Errorf("due: %v, %v", ids, orders)
	}
	if ids, _ := due(far, 1); !reflect.DeepEqual(ids, []transfer.ID{pending.ID}) {
		t.Errorf("the first that is due: %v", ids)
	}
	_, err = w.do(settle(pending.ID))
	must(t, err)
	next(standing.Due)
	kept, err := w.s.Standing(t.Context(), standing.ID)
	must(t, err)
	if !reflect.DeepEqual(kept, *standing) {
		t.Errorf("kept\n%+v\nwant\n%+v", kept, *standing)
	}
	_, err = w.s.Standing(t.Context(), "unknown")
	refusedAs(t, err, bank.NotFound)
}

func openPayments(t *testing.T, w *world) {
	a := w.holder("jan", zl(100), wide())
	b := w.holder("ola", zl(100), wide())
	pay1 := func(a *payment.Submit, days int) payment.ID {
		t.Helper()
		w.clock.move(time.Second)
		if days > 0 {
			a.Draft.ExecutionDate = calendar.DateOf(w.clock.Now()).AddDays(days)
		}
		out, err := w.do(a)
		must(t, err)
		return out.Payment.ID
	}
	pay1(pay(a, "done", zl(1), ""), 0)
	scheduled, dropped := pay1(pay(a, "later", zl(2), ""), 1), pay1(pay(a, "dropped", zl(3), ""), 2)
	pay1(pay(b, "other", zl(4), ""), 1)
	_, err := w.do(&payment.Cancel{Payment: dropped, Agreement: a.ID})
	must(t, err)
	is := func(f payment.Filter, want ...payment.ID) {
		t.Helper()
		list, err := w.s.Payments(t.Context(), f)
		must(t, err)
		var got []payment.ID
		for i := range list {
			got = append(got, list[i].ID)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%+v: %v, want %v", f, got, want)
		}
	}
	is(payment.Filter{Account: a.Account}, dropped, scheduled)
	is(payment.Filter{Account: a.Account, Status: payment.Scheduled}, scheduled)
	is(payment.Filter{Account: a.Account, Page: payment.Page{Size: 1}}, dropped)
	is(payment.Filter{Agreement: a.ID, Account: a.Account, Status: payment.Cancelled}, dropped)
	if _, err := w.s.Payments(t.Context(), payment.Filter{Account: a.Account, Status: payment.Executed}); err == nil {
		t.Error("executed payments were listed by account")
	}
}

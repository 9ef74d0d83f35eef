package storetest

import (
	"fmt"
	"reflect"
	"testing"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/payment"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
	"okienko/store"
)

func orderFight(t *testing.T, w *world) {
	for round := range 6 {
		p := w.payer(fmt.Sprint("jan-", round), zl(100))
		o := order(p.gives(fmt.Sprint("r-", round), to(elixir(zl(30)))))
		other := w.otherDesk()
		desks := []doer{w.desk, other}
		first := 0
		for _, out := range together(fight, func(i int) payment.Outcome {
			again := *o
			out, err := desks[i%2].Do(t.Context(), &again)
			if err != nil {
				t.Error(err)
			}
			return out
		}) {
			if !out.Repeat {
				first++
			}
		}
		other.Close()
		if first != 1 {
			t.Errorf("round %d: made %d times", round, first)
		}
		w.stands(p.account, 10000, 3050)
		different := *o
		different.Orders = []payment.Initiation{{Order: elixir(zl(31))}}
		_, err := w.do(&different)
		refusedAs(t, err, bank.OperationReused)
	}
}

// oneBalance: what partners hold and what third parties order is the same money.
func oneBalance(t *testing.T, w *world) {
	a := w.holder("jan", zl(20), wide())
	register(t, w.s, w.clock.Now())
	p := payer{w: w, name: "jan", customer: a.Customer, account: a.Account}
	const each = 24
	var all [each]*payment.Initiate
	for i := range all {
		c := to(elixir(zl(1)))
		c.Payment.Orders[0].Fee = zl(0)
		all[i] = order(p.gives(fmt.Sprint("r-", i), c))
	}
	other := w.otherDesk()
	defer other.Close()
	desks := []doer{w.desk, other}
	got := together(2*each, func(i int) bool {
		if i%2 == 0 {
			_, err := desks[i/2%2].Do(t.Context(), place(a, fmt.Sprint("h-", i), zl(1)))
			if err != nil && bank.CodeOf(err) != bank.InsufficientFunds {
				t.Error(err)
			}
			return err == nil
		}
		out, err := desks[i/2%2].Do(t.Context(), all[i/2])
		if err != nil {
			t.Error(err)
			return false
		}
		return out.Transfer.Status == transfer.Pending
	})
	n := 0
	for _, one := range got {
		if one {
			n++
		}
	}
	if n != 20 {
		t.Errorf("1.00 was set aside %d times on 20.00", n)
	}
	w.stands(a.Account, 2000, 2000)
}

func twoConsents(t *testing.T, w *world) {
	for round := range 6 {
		p := w.payer(fmt.Sprint("jan-", round), zl(100))
		var two [2]*payment.Initiate
		for i := range two {
			two[i] = order(p.gives(fmt.Sprint("r-", round, "-", i), to(elixir(zl(30)))))
			two[i].TPPID = fmt.Sprint("same-", round)
		}
		errs := together(fight, func(i int) error {
			o := *two[i%2]
			_, err := w.do(&o)
			return err
		})
		if n := tally(errs); n[""] != fight/2 || n[bank.OperationReused] != fight/2 {
			t.Errorf("round %d: %v", round, n)
		}
		w.stands(p.account, 10000, 3050)
	}
}

func consentFight(t *testing.T, w *world) {
	p := w.payer("jan", zl(100))
	o := order(p.gives("r", to(elixir(zl(30)))))
	errs := together(fight, func(i int) error {
		mine := *o
		mine.TPPID = fmt.Sprint("mine-", i)
		_, err := w.do(&mine)
		return err
	})
	if n := tally(errs); n[""] != 1 || n[bank.PermissionUsedUp] != fight-1 {
		t.Errorf("outcomes: %v", n)
	}
	w.stands(p.account, 10000, 3050)
}

func cancelAgainstExecution(t *testing.T, w *world) {
	other := w.otherDesk()
	defer other.Close()
	won := map[transfer.Status]int{}
	for round := range 16 {
		p := w.payer(fmt.Sprint("jan-", round), zl(100))
		made := p.pays(fmt.Sprint("r-", round), elixir(zl(30))).Transfer
		cancel := p.revokes(fmt.Sprint("c-", round), xs2a.What{Transfer: made.ID})
		orders := []payment.Order{cancel, settle(made.ID), cancel, settle(made.ID)}
		if round%2 == 1 { // who begins last is often first
			orders = append(orders[1:], orders[0])
		}
		desks := []doer{w.desk, other}
		cancelled := 0
		for i, err := range together(len(orders), func(i int) error {
			_, err := desks[(i+round)/2%2].Do(t.Context(), orders[i])
			return err
		}) {
			switch code := bank.CodeOf(err); {
			case orders[i] == payment.Order(cancel) && code == "":
				cancelled++
			case orders[i] == payment.Order(cancel) && code == bank.PaymentFinal, orders[i] != payment.Order(cancel) && code == "":
			default:
				t.Errorf("round %d, %T: %v", round, orders[i], err)
			}
		}
		now, err := w.s.Transfer(t.Context(), made.ID)
		must(t, err)
		won[now.Status]++
		switch now.Status {
		case transfer.Done:
			w.stands(p.account, 6950, 0)
		case transfer.Cancelled:
			w.stands(p.account, 10000, 0)
		default:
			t.Errorf("round %d: %+v", round, now)
		}
		if (now.Status == transfer.Cancelled) != (cancelled == 1) || cancelled > 1 {
			t.Errorf("round %d: %s, and %d cancellations were acknowledged", round, now.Status, cancelled)
		}
	}
	t.Logf("ended: %v", won)
}

func standingOnce(t *testing.T, w *world) {
	p := w.payer("jan", zl(100))
	standing := p.pays("every", monthly(w, within, zl(3))).Standing
	for n := range 3 {
		w.clock.move(standing.Due.Sub(w.clock.Now()))
		together(fight, func(int) error {
			_, err := w.do(&payment.RunStanding{Standing: standing.ID})
			if err != nil {
				t.Error(err)
			}
			return err
		})
		kept, err := w.s.Standing(t.Context(), standing.ID)
		must(t, err)
		made, err := w.s.Transfers(t.Context(), transfer.Filter{Standing: standing.ID})
		must(t, err)
		if kept.Made != n+1 || len(made) != n+1 || made[0].Number != n+1 {
			t.Fatalf("after payment %d: %+v, %+v", n+1, kept, made)
		}
		standing = &kept
	}
	if standing.Status != transfer.StandingClosed || !standing.Due.IsZero() {
		t.Errorf("after the last payment: %+v", standing)
	}
	w.stands(p.account, 10000-3*350, 0)
	list, err := w.s.StandingsOf(t.Context(), p.customer)
	must(t, err)
	if !reflect.DeepEqual(list, []transfer.Standing{*standing}) {
		t.Errorf("the customer's: %+v", list)
	}
}

func returnedOnce(t *testing.T, w *world) {
	p := w.payer("jan", zl(100))
	made := p.pays("r", elixir(zl(30))).Transfer
	_, err := w.do(settle(made.ID))
	must(t, err)
	together(fight, func(int) error {
		_, err := w.do(&payment.ReturnFunds{Transfer: made.ID, Reason: "closed"})
		if err != nil {
			t.Error(err)
		}
		return err
	})
	w.stands(p.account, 9950, 0)
}

// withdrawnMeanwhile: an order that was decided while the consent stood is not
// written once it has ended.
func withdrawnMeanwhile(t *testing.T, w *world) { w.withdrawn(t, w.s) }

func (w *world) withdrawn(t *testing.T, by *store.Store) {
	t.Helper()
	p := w.payer("withdraws", zl(100))
	c := p.gives("w", to(elixir(zl(30))))
	d := w.draftedAlone(order(c))
	if d.code(0) != "" {
		t.Fatal(d.results[0].Err)
	}
	_, err := by.ChangeConsent(t.Context(), c.ID, nil, func(c *xs2a.Consent) ([]audit.Record, error) {
		c.Status, c.EndedAt = xs2a.Ended, w.clock.Now()
		return []audit.Record{{At: noon, Act: "consent.ended"}}, nil
	})
	must(t, err)
	void(t, d, "the consent was withdrawn")
	_, err = w.do(order(c))
	refusedAs(t, err, bank.AgreementEnded)
	w.stands(p.account, 10000, 0)

	// So is one over an account that the customer has closed to third parties.
	other := p.gives("off", to(elixir(zl(30))))
	d = w.draftedAlone(order(other))
	_, err = by.ChangeAccess(t.Context(), p.account, nil, func(a *account.Account) ([]audit.Record, error) {
		a.Access = account.Access{State: account.AccessBlocked, By: "hotline", At: noon, Why: "test"}
		return nil, nil
	})
	must(t, err)
	void(t, d, "the account was blocked")
	_, err = w.do(order(other))
	refusedAs(t, err, bank.AccessBlocked)
}

// transfersAhead decides batches over what the batch before leaves of consents,
// transfers, bundles and standing orders.
func transfersAhead(t *testing.T, w *world) {
	p := w.payer("jan", zl(100))
	once := order(p.gives("once", to(elixir(zl(60)))))
	poor := order(p.gives("poor", to(elixir(zl(60)))))
	one := w.draftedAlone(once)
	two := w.drafted(once, poor)
	must(t, one.Commit(t.Context()))
	must(t, two.Commit(t.Context()))
	first, repeated, rejected := one.results[0].Outcome, two.results[0].Outcome, two.results[1].Outcome
	if !repeated.Repeat || repeated.Transfer.ID != first.Transfer.ID || rejected.Transfer.Reason != bank.InsufficientFunds {
		t.Errorf("%+v, then %+v and %+v", first, repeated, rejected)
	}
	w.stands(p.account, 10000, 6050)
	one = w.draftedAlone(settle(first.Transfer.ID))
	two = w.drafted(settle(first.Transfer.ID), &payment.ReturnFunds{Transfer: first.Transfer.ID})
	must(t, one.Commit(t.Context()))
	must(t, two.Commit(t.Context()))
	if !two.results[0].Outcome.Repeat || two.code(1) != "" {
		t.Errorf("%+v", two.results)
	}
	w.stands(p.account, 9950, 0)

	set := order(p.gives("set", to(elixir(zl(3)), elixir(zl(4)))))
	one = w.draftedAlone(set)
	must(t, one.Commit(t.Context()))
	b := one.results[0].Outcome.Bundle
	cancel := p.revokes("set-cancel", xs2a.What{OfBundle: b.ID})
	one = w.draftedAlone(cancel)
	two = w.drafted(cancel, set)
	must(t, one.Commit(t.Context()))
	must(t, two.Commit(t.Context()))
	if one.code(0) != "" || two.code(0) != bank.PaymentFinal || transfer.StatusOf(two.results[1].Outcome.Transfers) != transfer.BundleCancelled {
		t.Errorf("%+v, then %+v", one.results, two.results)
	}
	w.stands(p.account, 9950, 0)

	every := order(p.gives("every", to(monthly(w, within, zl(3)))))
	one = w.draftedAlone(every)
	two = w.drafted(every)
	must(t, one.Commit(t.Context()))
	must(t, two.Commit(t.Context()))
	standing := one.results[0].Outcome.Standing
	if standing == nil || !two.results[0].Outcome.Repeat || two.results[0].Outcome.Standing.ID != standing.ID {
		t.Fatalf("%+v, then %+v", one.results, two.results)
	}
	if at := standing.Due; at.After(w.clock.Now()) {
		w.clock.move(at.Sub(w.clock.Now()))
	}
	one = w.draftedAlone(&payment.RunStanding{Standing: standing.ID})
	two = w.drafted(&payment.RunStanding{Standing: standing.ID})
	must(t, one.Commit(t.Context()))
	must(t, two.Commit(t.Context()))
	if one.results[0].Outcome.Transfer == nil || !two.results[0].Outcome.Repeat {
		t.Errorf("%+v, then %+v", one.results, two.results)
	}
	w.stands(p.account, 9950-350, 0)
}

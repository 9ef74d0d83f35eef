package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/desk"
	"okienko/bank/intake"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/ident"
	"okienko/store"
)

// RunNodes runs what must hold when several processes have the same data open:
// open gives another node each time it is called.
func RunNodes(t *testing.T, open Open) {
	for _, one := range []struct {
		name string
		test func(*testing.T, *nodes)
	}{
		{"100 holds of 1.00 on 40.00 through three nodes", hundredThroughNodes},
		{"one operation id through three nodes at once", operationThroughNodes},
		{"what changes on one node is known to the next order on another", changesAreKnown},
		{"a limit used on one node is used on another", limitsAreShared},
		{"one request id through three nodes at once", requestThroughNodes},
		{"one payment of a third party through three nodes at once", transferThroughNodes},
		{"a consent withdrawn on one node stops its payment on another", func(t *testing.T, n *nodes) { n.withdrawn(t, n.more[0].s) }},
		{"a consent withdrawn on one node is known to the next call on another", withdrawnThroughNodes},
		{"a history is in order though a node's clock is behind", clocksDiffer},
		{"whatever another node does makes a draft void", func(t *testing.T, n *nodes) {
			n.meanwhile(t, n.more[0].s, func() *desk.Desk {
				return desk.New(desk.Config{Book: n.more[1].s, Clock: n.clock, Wall: n.clock, IDs: n.ids})
			})
		}},
		{"an act of another node that is not finished when a draft reads", func(t *testing.T, n *nodes) { n.unfinished(t, n.more[0].s) }},
		{"imports that touch the same accounts", importsCross},
		{"a pairing while the application's limits are lowered", pairWhileLowered},
		{"orders while customers block, withdraw and staff change everything", everythingAtOnce},
	} {
		t.Run(one.name, func(t *testing.T) {
			n := &nodes{world: newWorld(t, open)}
			for i := range 2 {
				n.more = append(n.more, n.another(t, open, fmt.Sprint("n", i+2)))
			}
			one.test(t, n)
		})
	}
	t.Run("twelve nodes start at once on an empty database", func(t *testing.T) { startTogether(t, open) })
}

// nodes are the first node, which is a world's, and two more.
type nodes struct {
	*world
	more []node
}

type node struct {
	s     *store.Store
	desk  *desk.Desk
	clock *hand
}

func (n *nodes) another(t *testing.T, open Open, name string) node {
	clock := &hand{now: n.clock.Now()}
	s := open(t, store.Config{Environment: partner.Test, Key: Key(), Clock: clock, Wall: clock, Node: name})
	d := desk.New(desk.Config{Book: s, Clock: clock, Wall: clock, IDs: ident.New(clock)})
	t.Cleanup(func() {
		d.Close()
		must(t, s.Close())
	})
	return node{s: s, desk: d, clock: clock}
}

func (n *nodes) all() []node {
	return append([]node{{s: n.s, desk: n.desk, clock: n.clock}}, n.more...)
}

func hundredThroughNodes(t *testing.T, n *nodes) {
	a := n.holder("jan", zl(40), wide())
	n.hundredHolds(t, func(i int) *payment.Submit { return place(a, fmt.Sprint("op-", i), zl(1)) }, bank.InsufficientFunds, n.more[0].desk, n.more[1].desk)
	for _, one := range n.all() {
		acc, err := one.s.Account(t.Context(), a.Account)
		must(t, err)
		if acc.Held != zl(40) || acc.Booked != zl(40) {
			t.Errorf("held %v of %v, want 40.00 of 40.00", acc.Held, acc.Booked)
		}
	}
}

func operationThroughNodes(t *testing.T, n *nodes) {
	a := n.holder("jan", zl(100), wide())
	all := n.all()
	for round := range 8 {
		first := 0
		for _, out := range together(9, func(i int) payment.Outcome {
			out, err := all[i%3].desk.Do(t.Context(), pay(a, fmt.Sprint("once-", round), zl(5), ""))
			if err != nil {
				t.Error(err)
			}
			return out
		}) {
			if !out.Repeat {
				first++
			}
		}
		if first != 1 {
			t.Errorf("round %d: done %d times", round, first)
		}
	}
	if acc := n.account(a.Account); acc.Booked != zl(60) {
		t.Errorf("%v is left of 100.00 after eight payments of 5.00", acc.Booked)
	}
}

// changesAreKnown pays through one node, so that it knows everything about the
// payer, changes something on another, and pays again.
func changesAreKnown(t *testing.T, n *nodes) {
	ctx := t.Context()
	other := n.more[0].s
	staff := audit.Record{At: noon, Act: "test"}
	for _, c := range []struct {
		name   string
		change func(a consent.Agreement) error
		want   bank.Code
	}{
		{"nothing", func(consent.Agreement) error { return nil }, ""},
		{"withdrawn", func(a consent.Agreement) error {
			_, err := other.ChangeAgreement(ctx, a.ID, nil, func(a *consent.Agreement) ([]audit.Record, error) {
				a.Status, a.EndedAt, a.EndedBy = consent.Ended, noon, "customer"
				return []audit.Record{staff}, nil
			})
			return err
		}, bank.AgreementEnded},
		{"blocked", func(a consent.Agreement) error {
			return other.Block(ctx, a.Customer, party.Block{By: "staff:ewa", At: noon, Why: "test"}, staff)
		}, bank.CustomerBlocked},
		{"the account blocked", func(a consent.Agreement) error { return other.SetAccountStatus(ctx, a.Account, account.Blocked, staff) }, bank.AccountBlocked},
		{"access switched off", func(a consent.Agreement) error {
			return other.SetAccess(ctx, a.Account, account.Access{State: account.AccessBlocked, By: "hotline", At: noon, Why: "test"}, staff)
		}, bank.AccessBlocked},
		{"limits lowered", func(a consent.Agreement) error {
			_, err := other.ChangeAgreement(ctx, a.ID, nil, func(a *consent.Agreement) ([]audit.Record, error) {
				a.Limits.Single, a.Limits.Unconfirmed = money.New(50, money.PLN), money.New(50, money.PLN)
				return []audit.Record{staff}, nil
			})
			return err
		}, bank.SingleLimit},
		{"own limits lowered", func(a consent.Agreement) error {
			return other.ChangeCustomerLimits(ctx, a.Customer, nil, func(l *limit.OfCustomer) ([]audit.Record, error) {
				l.OneOff.Single = limit.CapAt(money.New(50, money.PLN))
				return []audit.Record{staff}, nil
			})
		}, bank.CustomerLimit},
		{"money spent", func(a consent.Agreement) error {
			_, err := n.more[1].desk.Do(ctx, pay(a, "spent-"+string(a.ID), zl(98), ""))
			return err
		}, bank.InsufficientFunds},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := strings.ReplaceAll(c.name, " ", "-")
			a := n.holder(name, zl(100), wide())
			for i := range 2 {
				_, err := n.do(pay(a, fmt.Sprint(name, "-before-", i), zl(1), ""))
				must(t, err)
			}
			must(t, c.change(a))
			_, err := n.do(pay(a, name+"-after", zl(1), ""))
			if got := bank.CodeOf(err); got != c.want {
				t.Errorf("the next order: %q (%v), want %q", got, err, c.want)
			}
		})
	}
}

func limitsAreShared(t *testing.T, n *nodes) {
	l := wide()
	l.Daily = zl(10)
	a := n.holder("jan", zl(1000), l)
	all := n.all()
	done := 0
	for i := range 15 { // one after the other, each on another node
		_, err := all[i%3].desk.Do(t.Context(), pay(a, fmt.Sprint("op-", i), zl(1), ""))
		switch bank.CodeOf(err) {
		case "":
			done++
		case bank.DailyLimit:
		default:
			t.Fatal(err)
		}
	}
	if done != 10 {
		t.Errorf("%d payments of 1.00 under a daily limit of 10.00", done)
	}
}

func clocksDiffer(t *testing.T, n *nodes) {
	a := n.holder("jan", zl(1000), wide())
	n.more[0].clock.move(-time.Hour)
	n.more[1].clock.move(time.Minute)
	all := n.all()
	together(60, func(i int) error {
		_, err := all[i%3].desk.Do(t.Context(), pay(a, fmt.Sprint("op-", i), zl(1), ""))
		if err != nil {
			t.Error(err)
		}
		return err
	})
	history, err := n.s.Transactions(t.Context(), payment.TransactionFilter{Account: a.Account, Page: payment.Page{Size: 100}})
	must(t, err)
	if len(history) != 61 {
		t.Fatalf("%d lines of history, want 60 payments and the opening", len(history))
	}
	for i := 1; i < len(history); i++ {
		newer, older := history[i-1], history[i]
		if newer.Seq != older.Seq+1 || newer.At.Before(older.At) {
			t.Errorf("line %d of %s stands above line %d of %s", newer.Seq, newer.At, older.Seq, older.At)
		}
	}
}

// importsCross has three nodes import openings against the same own account.
func importsCross(t *testing.T, n *nodes) {
	all := n.all()
	const each = 8
	for i, err := range together(3*each, func(i int) error {
		w := *n.world
		w.s, w.customers = all[i%3].s, 100+i
		return all[i%3].s.Import(t.Context(), w.newcomer(fmt.Sprint("im-", i), account.ID(fmt.Sprint("acc-im-", i)), zl(10)))
	}) {
		if err != nil {
			t.Errorf("import %d: %v", i, err)
		}
	}
	if own := n.account(intake.OpeningAccount); own.Booked != zl(-10*3*each) {
		t.Errorf("the account of openings stands at %v, want %v", own.Booked, zl(-10*3*each))
	}
}

// pairWhileLowered: a pairing decided over the old maximum is never above the
// new one.
func pairWhileLowered(t *testing.T, n *nodes) {
	staff := audit.Record{At: noon, Act: "test"}
	for round := range 12 {
		name := fmt.Sprint("p", round)
		n.customer(name, account.ID("acc-"+name), zl(1))
		app := n.app
		must(t, n.s.PutApplication(t.Context(), app, staff))
		low := limit.Limits{Single: zl(1), Daily: zl(1), Monthly: zl(1), Unconfirmed: zl(1)}
		var pairing sync.WaitGroup
		pairing.Go(func() {
			app := app
			app.Limits = low
			if err := n.more[0].s.PutApplication(t.Context(), app, staff); err != nil {
				t.Error(err)
			}
		})
		a := n.pairAtMost(name, account.ID("acc-"+name))
		pairing.Wait()
		kept, err := n.s.Agreement(t.Context(), a.ID)
		must(t, err)
		if kept.Limits != low {
			t.Errorf("round %d: the pairing allows %+v though the application allows %+v", round, kept.Limits, low)
		}
	}
}

// pairAtMost pairs with the limits that the application allows when the pairing
// is decided, as package authserver does.
func (n *nodes) pairAtMost(name string, id account.ID) consent.Agreement {
	return n.pairWith(name, id, func() limit.Limits {
		app, err := n.s.Application(context.Background(), client)
		must(n.t, err)
		return app.Limits
	})
}

// everythingAtOnce runs acts of every kind beside orders: none may wait for
// another for ever, and money must add up.
func everythingAtOnce(t *testing.T, n *nodes) {
	const payers, rounds = 6, 12
	var agreements []consent.Agreement
	for i := range payers {
		agreements = append(agreements, n.holder(fmt.Sprint("all-", i), zl(1000), wide()))
	}
	all := n.all()
	staff := audit.Record{At: noon, Act: "test"}
	busy := func(err error) bool { return err == nil || bank.CodeOf(err) == bank.Busy }
	together(9, func(k int) error {
		at := all[k%3]
		for i := range rounds {
			a := agreements[(i+k)%payers]
			var err error
			switch k / 3 {
			case 0: // orders
				_, err = at.desk.Do(t.Context(), pay(a, fmt.Sprint("op-", k, "-", i), zl(1), ""))
				if code := bank.CodeOf(err); code == bank.CustomerBlocked || code == bank.AgreementPaused || code == bank.ApplicationStatus {
					err = nil
				}
			case 1: // customers
				_, err = at.s.ChangeAgreement(t.Context(), a.ID, nil, func(a *consent.Agreement) ([]audit.Record, error) {
					a.Limits.Daily = money.New(a.Limits.Daily.Minor()+1, money.PLN)
					return []audit.Record{staff}, nil
				})
				at.s.LogAccess(audit.AccessRecord{At: noon.Add(time.Duration(i) * time.Second), Client: string(client), Agreement: string(a.ID), Act: "test"})
				err = errors.Join(err, at.s.FlushAccess(t.Context()))
			case 2: // staff
				status := []partner.Status{partner.Sandbox, partner.Public}[i%2]
				err = at.s.SetStatus(t.Context(), client, status, func(*partner.Application, *partner.Partner) error { return nil },
					func(*partner.Application, *partner.Partner, *consent.Agreement) bool { return status == partner.Public }, staff)
				by := party.Block{}
				if i%2 == 0 {
					by = party.Block{By: "staff:ewa", At: noon, Why: "test"}
				}
				err = errors.Join(err, at.s.Block(t.Context(), a.Customer, by, staff))
			}
			if !busy(err) {
				t.Errorf("caller %d, round %d: %v", k, i, err)
			}
		}
		return nil
	})
	total := n.account(collector).Booked.Minor()
	for _, a := range agreements {
		total += n.account(a.Account).Booked.Minor()
	}
	if total != payers*1000_00 {
		t.Errorf("all together they have %d grosz of %d", total, payers*1000_00)
	}
}

// startTogether opens the same empty database twelve times at once.
func startTogether(t *testing.T, open Open) {
	clock := &hand{now: noon}
	stores := together(12, func(i int) *store.Store {
		return open(t, store.Config{Environment: partner.Test, Key: Key(), Clock: clock, Wall: clock, Node: fmt.Sprint("n", i), Connections: 13})
	})
	own := intake.Own(noon)
	for _, s := range stores {
		for i := range own {
			if _, err := s.Account(t.Context(), own[i].ID); err != nil {
				t.Error(err)
			}
		}
		must(t, s.Close())
	}
}

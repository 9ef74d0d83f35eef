package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/desk"
	"okienko/bank/intake"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/store"
)

// meanwhile has something done between drafting and writing, by s or by other,
// and asks of every kind of draft that it is void.
func (w *world) meanwhile(t *testing.T, s *store.Store, other func() *desk.Desk) {
	ctx := t.Context()
	staff := audit.Record{At: noon, Act: "test"}
	elsewhere := other()
	defer elsewhere.Close()
	change := func(a consent.Agreement, f func(*consent.Agreement)) error {
		_, err := s.ChangeAgreement(ctx, a.ID, nil, func(a *consent.Agreement) ([]audit.Record, error) {
			f(a)
			return []audit.Record{staff}, nil
		})
		return err
	}
	for _, c := range []struct {
		name string
		act  func(a consent.Agreement) error
		want bank.Code // of a payment of 60.00 of 99.00 afterwards
	}{
		{"withdrawal", func(a consent.Agreement) error {
			return change(a, func(a *consent.Agreement) { a.Status, a.EndedAt, a.EndedBy = consent.Ended, noon, "customer" })
		}, bank.AgreementEnded},
		{"limits of the pairing", func(a consent.Agreement) error {
			return change(a, func(a *consent.Agreement) { a.Limits.Single, a.Limits.Unconfirmed = zl(1), zl(1) })
		}, bank.SingleLimit},
		{"limits of the customer", func(a consent.Agreement) error {
			return s.ChangeCustomerLimits(ctx, a.Customer, nil, func(l *limit.OfCustomer) ([]audit.Record, error) {
				l.OneOff.Single = limit.CapAt(zl(1))
				return []audit.Record{staff}, nil
			})
		}, bank.CustomerLimit},
		{"block", func(a consent.Agreement) error {
			return s.Block(ctx, a.Customer, party.Block{By: "staff:ewa", At: noon, Why: "test"}, staff)
		}, bank.CustomerBlocked},
		{"block of the account", func(a consent.Agreement) error { return s.SetAccountStatus(ctx, a.Account, account.Blocked, staff) }, bank.AccountBlocked},
		{"access switched off", func(a consent.Agreement) error {
			return s.SetAccess(ctx, a.Account, account.Access{State: account.AccessBlocked, By: "hotline", At: noon, Why: "test"}, staff)
		}, bank.AccessBlocked},
		{"application", func(consent.Agreement) error { return s.PutApplication(ctx, w.app, staff) }, ""},
		{"status of the application", func(consent.Agreement) error {
			return s.SetStatus(ctx, client, partner.Sandbox, func(*partner.Application, *partner.Partner) error { return nil },
				func(*partner.Application, *partner.Partner, *consent.Agreement) bool { return true }, staff)
		}, ""},
		{"import that takes money", func(a consent.Agreement) error {
			e := w.opening(a.Account, zl(1))
			e.Kind = ledger.Cash
			e.Postings, _ = ledger.Move(a.Account, intake.CashAccount, zl(60))
			return s.Import(ctx, &intake.Batch{Entries: []ledger.Entry{e}})
		}, bank.InsufficientFunds},
		{"import of somebody else", func(consent.Agreement) error {
			n := fmt.Sprint("im-", w.customers)
			return s.Import(ctx, w.newcomer(n, account.ID("acc-"+n), zl(1)))
		}, ""},
		{"batch of another desk", func(a consent.Agreement) error {
			_, err := elsewhere.Do(ctx, pay(a, own(a, "other"), zl(50), ""))
			return err
		}, bank.InsufficientFunds},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := w.holder(fmt.Sprint("m", w.customers), zl(100), wide())
			_, err := w.do(pay(a, own(a, "before"), zl(1), ""))
			must(t, err)
			order := pay(a, own(a, "after"), zl(60), "")
			repeat, poor := pay(a, own(a, "before"), zl(1), ""), pay(a, own(a, "poor"), zl(1000), "")

			one := w.draftedAlone(order)
			two := w.drafted(repeat, poor)
			must(t, c.act(a))
			void(t, one, "a draft")
			void(t, two, "a draft over it, which changes nothing")

			_, err = w.do(order)
			if got := bank.CodeOf(err); got != c.want {
				t.Errorf("the order afterwards: %q (%v), want %q", got, err, c.want)
			}
			b := w.holder(fmt.Sprint("m", w.customers), zl(100), wide())
			_, err = w.do(pay(b, own(b, "before"), zl(1), ""))
			must(t, err)
			nothing := w.draftedAlone(pay(b, own(b, "before"), zl(1), ""), pay(b, own(b, "poor"), zl(1000), ""))
			if nothing.code(0) != "" || !nothing.results[0].Outcome.Repeat || nothing.code(1) != bank.InsufficientFunds {
				t.Fatalf("%+v", nothing.results)
			}
			must(t, c.act(b))
			void(t, nothing, "a draft that changes nothing")

			d := w.holder(fmt.Sprint("m", w.customers), zl(100), wide())
			one = w.draftedAlone(pay(d, own(d, "before"), zl(1), ""))
			two = w.drafted(pay(d, own(d, "after"), zl(60), ""))
			must(t, one.Commit(ctx))
			must(t, c.act(d))
			void(t, two, "a draft over one that was written before")
			_, err = w.do(pay(d, own(d, "after"), zl(60), ""))
			if got := bank.CodeOf(err); got != c.want {
				t.Errorf("the order afterwards: %q (%v), want %q", got, err, c.want)
			}
		})
	}
	t.Run("nothing", func(t *testing.T) {
		a := w.holder(fmt.Sprint("m", w.customers), zl(100), wide())
		one := w.draftedAlone(pay(a, own(a, "one"), zl(1), ""))
		two := w.drafted(pay(a, own(a, "one"), zl(1), ""), pay(a, own(a, "poor"), zl(1000), ""))
		must(t, one.Commit(ctx))
		three := w.drafted(pay(a, own(a, "three"), zl(1), ""))
		must(t, two.Commit(ctx))
		must(t, three.Commit(ctx))
		if acc := w.account(a.Account); acc.Booked != zl(98) {
			t.Errorf("%v is left", acc.Booked)
		}
	})
}

// halfDone begins to end a pairing and returns in the middle of it; finish lets
// the act go on, and returns when it is done.
func (w *world) halfDone(s *store.Store, a consent.Agreement) (finish func()) {
	w.t.Helper()
	entered, leave, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	var once sync.Once
	go func() {
		_, err := s.ChangeAgreement(context.Background(), a.ID, nil, func(a *consent.Agreement) ([]audit.Record, error) {
			once.Do(func() { close(entered) }) // the act is tried again when it meets another one
			<-leave
			a.Status, a.EndedAt, a.EndedBy = consent.Ended, noon, "customer"
			return []audit.Record{{At: noon, Act: "test"}}, nil
		})
		done <- err
	}()
	<-entered
	return func() {
		w.t.Helper()
		close(leave)
		must(w.t, <-done)
	}
}

// unfinished: what a draft reads while an act of s is under way is old, and
// whatever the order in which they end, the draft is not written over the act.
func (w *world) unfinished(t *testing.T, s *store.Store) {
	committing := func(drafts ...*sketch) chan []error {
		out := make(chan []error, 1)
		go func() {
			var errs []error
			for _, d := range drafts {
				errs = append(errs, d.Commit(context.Background()))
			}
			out <- errs
		}()
		return out
	}
	for name, begin := range map[string]func(a consent.Agreement) (drafts []*sketch, finish func()){
		"drafted before and after it began": func(a consent.Agreement) ([]*sketch, func()) {
			one := w.draftedAlone(pay(a, own(a, "one"), zl(1), ""))
			finish := w.halfDone(s, a)
			return []*sketch{one, w.drafted(pay(a, own(a, "two"), zl(1), ""))}, finish
		},
		"drafted after it began": func(a consent.Agreement) ([]*sketch, func()) {
			w.alone(w.s)
			finish := w.halfDone(s, a)
			d, err := draft(w.s, w, pay(a, own(a, "one"), zl(1), ""))
			if errors.Is(err, desk.ErrConflict) {
				return nil, finish // just as good
			}
			must(t, err)
			return []*sketch{d}, finish
		},
		"one drafted and written before, one drafted after": func(a consent.Agreement) ([]*sketch, func()) {
			one := w.draftedAlone(pay(a, own(a, "one"), zl(1000), "")) // refused
			must(t, one.Commit(t.Context()))
			finish := w.halfDone(s, a)
			d, err := draft(w.s, w, pay(a, own(a, "two"), zl(1), ""))
			if errors.Is(err, desk.ErrConflict) {
				return nil, finish
			}
			must(t, err)
			return []*sketch{d}, finish
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.holder(fmt.Sprint("u", w.customers), zl(100), wide())
			drafts, finish := begin(a)
			commits := committing(drafts...)
			finish()
			for i, err := range <-commits {
				if !errors.Is(err, desk.ErrConflict) {
					t.Errorf("draft %d was written over an act that it did not see: %v", i, err)
				}
			}
			if _, err := w.do(pay(a, own(a, "later"), zl(1), "")); bank.CodeOf(err) != bank.AgreementEnded {
				t.Errorf("the next order: %v", err)
			}
			if acc := w.account(a.Account); acc.Booked != zl(100) {
				t.Errorf("%v is left of 100.00", acc.Booked)
			}
		})
	}
	t.Run("a batch that has the turn when a draft is to be written", func(t *testing.T) {
		a := w.holder(fmt.Sprint("u", w.customers), zl(100), wide())
		d := w.draftedAlone(pay(a, own(a, "drafted"), zl(60), ""))
		var written chan []error
		must(t, w.paying(s, pay(a, own(a, "first"), zl(60), ""), func() {
			written = committing(d)
			time.Sleep(50 * time.Millisecond) // for the draft to come as far as it can
		}))
		if err := (<-written)[0]; !errors.Is(err, desk.ErrConflict) {
			t.Errorf("written over a batch that it did not see: %v", err)
		}
		if acc := w.account(a.Account); acc.Booked != zl(40) {
			t.Errorf("%v is left of 100.00", acc.Booked)
		}
	})
}

// paying makes one payment in a transaction of its own, and calls between after
// it has read and before it writes.
func (w *world) paying(s *store.Store, o payment.Order, between func()) error {
	return s.Within(context.Background(), func(tx desk.Tx) error {
		state, orders := payment.NewState(), []payment.Order{o}
		for n := payment.Missing(state, noon, orders); !n.Empty(); n = payment.Missing(state, noon, orders) {
			if err := tx.Load(context.Background(), n, state); err != nil {
				return err
			}
		}
		between()
		results, c := payment.Decide(state, noon, w.ids, orders)
		return errors.Join(results[0].Err, tx.Write(context.Background(), c))
	})
}

// waitingActs: an act that waits for a batch is not taken for one that is done.
func waitingActs(open Open) func(*testing.T) {
	return func(t *testing.T) {
		w := newWorld(t, open)
		a := w.holder("jan", zl(100), wide())
		_, err := w.do(pay(a, "before", zl(1), ""))
		must(t, err)
		acted := make(chan error, 1)
		must(t, w.paying(w.s, pay(a, "within", zl(1), ""), func() {
			go func() {
				acted <- w.s.Block(context.Background(), a.Customer, party.Block{By: "staff:ewa", At: noon, Why: "test"}, audit.Record{At: noon, Act: "test"})
			}()
			select { // time for the act to come as far as it can
			case err := <-acted:
				t.Errorf("the act did not wait for the batch: %v", err)
				acted <- err
			case <-time.After(50 * time.Millisecond):
			}
		}))
		must(t, <-acted)
		if d, err := draft(w.s, w, pay(a, "drafted", zl(1), "")); err == nil && d.code(0) == "" {
			void(t, d, "the customer is blocked")
		}
		if _, err := w.do(pay(a, "after", zl(1), "")); bank.CodeOf(err) != bank.CustomerBlocked {
			t.Errorf("the next order: %v", err)
		}
	}
}

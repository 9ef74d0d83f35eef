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
	"okienko/bank/calendar"
	"okienko/bank/consent"
	"okienko/bank/desk"
	"okienko/bank/intake"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
	"okienko/store"
)

// ahead: a batch may be decided over what the one before it will leave. It
// stands only if nothing else has changed until it is written.
func ahead(t *testing.T, open Open) {
	t.Run("a draft sees what the draft before it leaves", draftsFollow(open))
	t.Run("drafts that follow a draft that is not written are void", draftsFall(open))
	t.Run("whatever is done meanwhile makes a draft void", func(t *testing.T) {
		w := newWorld(t, open)
		w.meanwhile(t, w.s, w.otherDesk)
	})
	t.Run("an act that is not finished when a draft reads", func(t *testing.T) {
		w := newWorld(t, open)
		w.unfinished(t, w.s)
	})
	t.Run("an act that waits while a batch is written", waitingActs(open))
	t.Run("a transaction of its own between drafts", betweenDrafts(open))
	t.Run("many callers while acts go on", crowdAhead(open))
}

// sketch is a batch that was decided ahead.
type sketch struct {
	desk.Draft
	results []payment.Result
}

// draft has orders decided as a desk does it.
func draft(s *store.Store, w *world, orders ...payment.Order) (*sketch, error) {
	d := &sketch{}
	var err error
	d.Draft, err = s.Draft(context.Background(), func(tx desk.Tx) error {
		state, now := payment.NewState(), w.clock.Now()
		for range 6 {
			n := payment.Missing(state, now, orders)
			if n.Empty() {
				var c *payment.Changes
				if d.results, c = payment.Decide(state, now, w.ids, orders); !c.Empty() {
					return tx.Write(context.Background(), c)
				}
				return nil
			}
			if err := tx.Load(context.Background(), n, state); err != nil {
				return err
			}
		}
		return errors.New("too many rounds of loading")
	})
	return d, err
}

// alone has a store find out that nobody else is writing, so that it drafts.
func (w *world) alone(s *store.Store) {
	w.t.Helper()
	for range 2 {
		must(w.t, s.Within(context.Background(), func(tx desk.Tx) error {
			return tx.Load(context.Background(), payment.Needs{Accounts: []account.ID{collector}}, payment.NewState())
		}))
	}
}

// drafted demands a draft.
func (w *world) drafted(orders ...payment.Order) *sketch {
	w.t.Helper()
	d, err := draft(w.s, w, orders...)
	if err != nil {
		w.t.Fatalf("nothing was drafted though nobody else writes: %v", err)
	}
	return d
}

func (w *world) draftedAlone(orders ...payment.Order) *sketch {
	w.t.Helper()
	w.alone(w.s)
	return w.drafted(orders...)
}

// void demands that a draft is not written.
func void(t *testing.T, d *sketch, why string) {
	t.Helper()
	if err := d.Commit(context.Background()); !errors.Is(err, desk.ErrConflict) {
		t.Errorf("%s: the draft was written: %v", why, err)
	}
}

func (d *sketch) code(i int) bank.Code { return bank.CodeOf(d.results[i].Err) }

func (w *world) confirmed(a *payment.Authorisation) *payment.Execute {
	w.t.Helper()
	ch := w.passed(a.Person, sca.Subject{Purpose: sca.ForOperation, ID: string(a.ID), Binding: a.Binding()})
	return &payment.Execute{Authorisation: a.ID, Challenge: ch, Person: a.Person}
}

func preparing(a consent.Agreement, s *payment.Submit) *payment.Prepare {
	return &payment.Prepare{
		Agreement: a.ID, AccountRef: a.AccountRef, Draft: s.Draft, Return: payment.Return{AppType: "web", OS: "ALL", Callback: "https://rower.example/back"},
	}
}

// draftsFollow drafts batches of one order, each over the one before, which is
// not written yet.
func draftsFollow(open Open) func(*testing.T) {
	return func(t *testing.T) {
		w := newWorld(t, open)
		ok, repeated := bank.Code(""), true
		for _, c := range []struct {
			name   string
			limits func(*limit.Limits)
			// next are the orders one after another, from the results so far.
			next   []nextOrder
			want   []bank.Code
			repeat bool // the last one is the repeat of an order before
			booked int64
			held   int64
		}{
			{name: "balance", next: orders(payZl("one", 60), payZl("two", 60)), want: codes(ok, bank.InsufficientFunds), booked: 40},
			{name: "operation id", next: orders(payZl("same", 60), payZl("same", 60)), want: codes(ok, ok), repeat: repeated, booked: 40},
			{name: "operation id with another amount", next: orders(payZl("same", 6), payZl("same", 7)), want: codes(ok, bank.OperationReused), booked: 94},
			{name: "hold", next: orders(holdZl("h", 60), captureZl("c", 50), payZl("p", 50)), want: codes(ok, ok, ok), booked: 0},
			{name: "hold that was released", next: orders(holdZl("h", 60), releaseFirst, captureZl("c", 50)), want: codes(ok, ok, bank.HoldReleased), booked: 100},
			{name: "held", next: orders(holdZl("h", 60), holdZl("i", 60)), want: codes(ok, bank.InsufficientFunds), booked: 100, held: 60},
			{name: "counters", limits: func(l *limit.Limits) { l.Daily = zl(100) }, next: orders(holdZl("h", 60), releaseFirst, payZl("p", 60), payZl("q", 41)), want: codes(ok, ok, ok, bank.DailyLimit), booked: 40},
			{name: "waiting authorisation", next: orders(prepareZl("big", 30), prepareZl("big", 30)), want: codes(ok, ok), repeat: repeated, booked: 100},
			{name: "waiting authorisation of another content", next: orders(prepareZl("big", 30), prepareZl("big", 31)), want: codes(ok, bank.OperationReused), booked: 100},
			{name: "scheduled payment", next: orders(scheduleZl("s", 30), func(a consent.Agreement, so []payment.Outcome) payment.Order {
				return &payment.Cancel{Payment: so[0].Payment.ID, Agreement: a.ID}
			}, func(a consent.Agreement, so []payment.Outcome) payment.Order {
				return &payment.Cancel{Payment: so[0].Payment.ID, By: audit.Actor{Kind: audit.Bank}}
			}), want: codes(ok, ok, bank.PaymentFinal), booked: 100},
		} {
			t.Run(c.name, func(t *testing.T) {
				l := wide()
				if c.limits != nil {
					c.limits(&l)
				}
				a := w.holder(fmt.Sprint("follow-", w.customers), zl(100), l)
				w.alone(w.s)
				var so []payment.Outcome
				var before *sketch
				for i, next := range c.next {
					d := w.drafted(next(a, so))
					if got := d.code(0); got != c.want[i] {
						t.Fatalf("order %d: %q (%v), want %q", i, got, d.results[0].Err, c.want[i])
					}
					so = append(so, d.results[0].Outcome)
					if before != nil {
						must(t, before.Commit(t.Context()))
					}
					before = d
				}
				must(t, before.Commit(t.Context()))
				if so[len(so)-1].Repeat != c.repeat {
					t.Errorf("the last one is a repeat: %t", !c.repeat)
				}
				if acc := w.account(a.Account); acc.Booked != zl(c.booked) || acc.Held != zl(c.held) {
					t.Errorf("booked %v, held %v, want %d and %d", acc.Booked, acc.Held, c.booked, c.held)
				}
			})
		}
		t.Run("spent confirmation", func(t *testing.T) {
			a := w.holder("spent", zl(100), wide())
			first := w.draftedAlone(preparing(a, pay(a, "spent", zl(30), "")))
			must(t, first.Commit(t.Context()))
			execute := w.confirmed(first.results[0].Outcome.Authorisation)
			one := w.drafted(execute)
			two := w.drafted(execute, preparing(a, pay(a, "spent", zl(30), "")))
			must(t, one.Commit(t.Context()))
			must(t, two.Commit(t.Context()))
			if one.code(0) != "" || two.code(0) != bank.AuthorisationEnded || !two.results[1].Outcome.Repeat {
				t.Errorf("%+v, then %+v", one.results, two.results)
			}
			if acc := w.account(a.Account); acc.Booked != zl(70) {
				t.Errorf("%v is left of 100.00", acc.Booked)
			}
			ch, err := w.s.Challenge(t.Context(), execute.Challenge)
			if must(t, err); ch.Status != sca.Spent {
				t.Errorf("the confirmation is %s", ch.Status)
			}
		})
		t.Run("calls of a limited permission", func(t *testing.T) {
			a := w.holder("calls", zl(100), wide())
			_, err := w.s.ChangeAgreement(t.Context(), a.ID, nil, func(a *consent.Agreement) ([]audit.Record, error) {
				g := a.Grant(createPay)
				g.Quota, g.Left = 2, 2
				return nil, nil
			})
			must(t, err)
			one := w.draftedAlone(pay(a, "calls-1", zl(1), ""))
			two := w.drafted(pay(a, "calls-2", zl(1), ""))
			must(t, one.Commit(t.Context()))
			three := w.drafted(pay(a, "calls-3", zl(1), ""))
			must(t, two.Commit(t.Context()))
			must(t, three.Commit(t.Context()))
			if one.code(0) != "" || two.code(0) != "" || three.code(0) != bank.PermissionUsedUp {
				t.Errorf("%v, %v, %v", one.results[0].Err, two.results[0].Err, three.results[0].Err)
			}
		})
		t.Run("order of time", func(t *testing.T) {
			a := w.holder("time", zl(100), wide())
			one := w.draftedAlone(pay(a, "time-1", zl(1), ""))
			var latest time.Time
			_, err := w.s.Draft(t.Context(), func(tx desk.Tx) error {
				s := payment.NewState()
				err := tx.Load(t.Context(), payment.Needs{Accounts: []account.ID{a.Account}}, s)
				latest = s.Latest
				return err
			})
			must(t, err)
			if at := one.results[0].Outcome.Payment.CreatedAt; !latest.Equal(at) {
				t.Errorf("a draft over one of %v is told that %v was the last", at, latest)
			}
		})
	}
}

type nextOrder = func(a consent.Agreement, so []payment.Outcome) payment.Order

func orders(o ...nextOrder) []nextOrder         { return o }
func codes(c ...bank.Code) []bank.Code          { return c }
func own(a consent.Agreement, op string) string { return op + "-" + string(a.ID) }

func payZl(op string, n int64) nextOrder {
	return func(a consent.Agreement, _ []payment.Outcome) payment.Order { return pay(a, own(a, op), zl(n), "") }
}

func holdZl(op string, n int64) nextOrder {
	return func(a consent.Agreement, _ []payment.Outcome) payment.Order { return place(a, own(a, op), zl(n)) }
}

func captureZl(op string, n int64) nextOrder {
	return func(a consent.Agreement, so []payment.Outcome) payment.Order {
		return pay(a, own(a, op), zl(n), so[0].Hold.ID)
	}
}

func releaseFirst(a consent.Agreement, so []payment.Outcome) payment.Order {
	return &payment.Release{Hold: so[0].Hold.ID, Agreement: a.ID, AccountRef: a.AccountRef}
}

func prepareZl(op string, n int64) nextOrder {
	return func(a consent.Agreement, _ []payment.Outcome) payment.Order {
		return preparing(a, pay(a, own(a, op), zl(n), ""))
	}
}

func scheduleZl(op string, n int64) nextOrder {
	return func(a consent.Agreement, _ []payment.Outcome) payment.Order {
		o := pay(a, own(a, op), zl(n), "")
		o.Draft.ExecutionDate = calendar.DateOf(noon).AddDays(1)
		return o
	}
}

// draftsFall: what follows a draft that was not written is not written either.
func draftsFall(open Open) func(*testing.T) {
	return func(t *testing.T) {
		w := newWorld(t, open)
		a := w.holder("jan", zl(100), wide())
		stands := func(left money.Amount) {
			t.Helper()
			if acc := w.account(a.Account); acc.Booked != left || !acc.Held.IsZero() {
				t.Errorf("booked %v, held %v, want %v", acc.Booked, acc.Held, left)
			}
		}
		one := w.draftedAlone(pay(a, "one", zl(60), ""))
		two := w.drafted(pay(a, "two", zl(60), "")) // refused, because of the first
		void(t, two, "written before the one before it")
		if _, err := draft(w.s, w, pay(a, "three", zl(1), "")); err == nil {
			t.Error("drafted over what is void")
		}
		must(t, one.Commit(t.Context()))
		stands(zl(40))

		one = w.draftedAlone(pay(a, "four", zl(10), ""))
		two = w.drafted(pay(a, "five", zl(10), ""))
		if _, err := draft(w.s, w, pay(a, "six", zl(10), "")); !errors.Is(err, desk.ErrConflict) {
			t.Errorf("drafted over two that are not written: %v", err)
		}
		other := w.otherDesk()
		defer other.Close()
		_, err := other.Do(t.Context(), pay(a, "seven", zl(1), ""))
		must(t, err)
		void(t, one, "another batch was written")
		void(t, two, "the one before was not written")
		stands(zl(39))
		for i, want := range []int64{29, 19} { // what was void was not kept, nor remembered
			_, err := w.do(pay(a, []string{"four", "five"}[i], zl(10), ""))
			must(t, err)
			stands(zl(want))
		}

		// A draft that is dropped takes nothing with it.
		w.draftedAlone(pay(a, "eight", zl(19), ""))
		_, err = w.do(pay(a, "nine", zl(19), ""))
		must(t, err)
		stands(zl(0))

		// A caller who has gone does not harm whoever follows.
		ctx, cancel := context.WithCancel(t.Context())
		b := w.holder("ewa", zl(100), wide())
		one = w.draftedAlone(pay(b, "gone", zl(60), ""))
		cancel()
		if err := one.Commit(ctx); err == nil {
			t.Error("written for a caller who had gone")
		}
		out, err := w.do(pay(b, "gone", zl(60), ""))
		if must(t, err); out.Repeat {
			t.Error("a draft that was not written is remembered")
		}
	}
}

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
}

// waitingActs: an act that waits for a batch is not taken for one that is done.
func waitingActs(open Open) func(*testing.T) {
	return func(t *testing.T) {
		w := newWorld(t, open)
		a := w.holder("jan", zl(100), wide())
		_, err := w.do(pay(a, "before", zl(1), ""))
		must(t, err)
		acted := make(chan error, 1)
		must(t, w.s.Within(t.Context(), func(tx desk.Tx) error {
			state := payment.NewState()
			orders := []payment.Order{pay(a, "within", zl(1), "")}
			for {
				n := payment.Missing(state, noon, orders)
				if n.Empty() {
					break
				}
				if err := tx.Load(t.Context(), n, state); err != nil {
					return err
				}
			}
			go func() {
				acted <- w.s.Block(context.Background(), a.Customer, party.Block{By: "staff:ewa", At: noon, Why: "test"}, audit.Record{At: noon, Act: "test"})
			}()
			select { // time for the act to come as far as it can
			case err := <-acted:
				t.Errorf("the act did not wait for the batch: %v", err)
			case <-time.After(50 * time.Millisecond):
			}
			_, c := payment.Decide(state, noon, w.ids, orders)
			return tx.Write(t.Context(), c)
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

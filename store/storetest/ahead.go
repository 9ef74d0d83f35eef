package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/calendar"
	"okienko/bank/consent"
	"okienko/bank/desk"
	"okienko/bank/limit"
	"okienko/bank/money"
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
			{name: "operation id", next: twiceThe(payZl("same", 60)), want: codes(ok, ok), repeat: repeated, booked: 40},
			{name: "operation id with another amount", next: orders(payZl("same", 6), payZl("same", 7)), want: codes(ok, bank.OperationReused), booked: 94},
			{name: "hold", next: orders(holdZl("h", 60), captureZl("c", 50), payZl("p", 50)), want: codes(ok, ok, ok), booked: 0},
			{name: "hold that was released", next: orders(holdZl("h", 60), releaseFirst, captureZl("c", 50)), want: codes(ok, ok, bank.HoldReleased), booked: 100},
			{name: "held", next: orders(holdZl("h", 60), holdZl("i", 60)), want: codes(ok, bank.InsufficientFunds), booked: 100, held: 60},
			{name: "counters", limits: func(l *limit.Limits) { l.Daily = zl(100) }, next: orders(holdZl("h", 60), releaseFirst, payZl("p", 60), payZl("q", 41)), want: codes(ok, ok, ok, bank.DailyLimit), booked: 40},
			{name: "waiting authorisation", next: twiceThe(prepareZl("big", 30)), want: codes(ok, ok), repeat: repeated, booked: 100},
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

// twiceThe is one order and its repeat.
func twiceThe(o nextOrder) []nextOrder { return []nextOrder{o, o} }

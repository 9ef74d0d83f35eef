package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/desk"
	"okienko/bank/party"
	"okienko/bank/payment"
)

// betweenDrafts plays drafts, commits in and out of order, transactions that are
// kept and that are not, and acts, against a model of one account: every order
// of a batch that was written has the answer that the model gives when it is
// written.
func betweenDrafts(open Open) func(*testing.T) {
	return func(t *testing.T) {
		written, void := 0, 0
		for seed := range uint64(6) {
			t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
				w := newWorld(t, open)
				g := &draftGame{world: w, dice: rand.New(rand.NewPCG(seed, 1)), balance: 200, a: w.holder("jan", zl(200), wide()), done: map[string]int64{}}
				for range 120 {
					g.step(t)
				}
				if acc := w.account(g.a.Account); acc.Booked != zl(g.balance) {
					t.Errorf("%v is left, want %d", acc.Booked, g.balance)
				}
				written, void = written+g.written, void+g.void
			})
		}
		if written < 60 || void < 20 {
			t.Errorf("%d drafts were written, %d were void: this test looks at little", written, void)
		}
	}
}

// draftGame is a world with its model: what is left, whether the customer is
// blocked, and what was paid under which id.
type draftGame struct {
	*world
	dice    *rand.Rand
	a       consent.Agreement
	balance int64
	blocked bool
	done    map[string]int64
	ops     int

	waiting []*played
	written int
	void    int
}

type played struct {
	*sketch
	orders []payment.Order
}

func (g *draftGame) orders() []payment.Order {
	var o []payment.Order
	for range 1 + g.dice.IntN(3) {
		if g.dice.IntN(4) > 0 {
			g.ops++
		}
		o = append(o, pay(g.a, fmt.Sprint("op-", g.ops), zl(1+g.dice.Int64N(20)), ""))
	}
	return o
}

// kept tells the model of a batch that was written, and compares the answers.
func (g *draftGame) kept(t *testing.T, orders []payment.Order, results []payment.Result) {
	t.Helper()
	for i, o := range orders {
		s := o.(*payment.Submit)
		amount := s.Draft.Amount.Minor() / 100
		before, known := g.done[s.Draft.OperationID]
		want, repeat := bank.Code(""), false
		switch {
		case known && before != amount:
			want = bank.OperationReused
		case known:
			repeat = true
		case g.blocked:
			want = bank.CustomerBlocked
		case g.balance < amount:
			want = bank.InsufficientFunds
		default:
			g.balance -= amount
			g.done[s.Draft.OperationID] = amount
		}
		if got := bank.CodeOf(results[i].Err); got != want || results[i].Outcome.Repeat != repeat {
			t.Fatalf("%s over %d of %d: %q, repeat %t; want %q, %t", s.Draft.OperationID, amount, g.balance, got, results[i].Outcome.Repeat, want, repeat)
		}
	}
}

func (g *draftGame) step(t *testing.T) {
	t.Helper()
	switch g.dice.IntN(15) {
	default:
		o := g.orders()
		d, err := draft(g.s, g.world, o...)
		switch {
		case err == nil:
			g.waiting = append(g.waiting, &played{d, o})
		case !errors.Is(err, desk.ErrConflict):
			t.Fatal(err)
		case g.dice.IntN(2) == 0:
			g.alone(g.s)
		}
	case 0, 1, 2, 3, 4:
		if len(g.waiting) > 0 {
			g.commit(t, 0)
		}
	case 5:
		if n := len(g.waiting); n > 0 {
			g.commit(t, g.dice.IntN(n))
		}
	case 6:
		g.within(t, nil)
	case 7:
		g.within(t, errors.New("broken off"))
	case 8:
		if g.dice.IntN(2) == 0 {
			g.block(t)
		}
	case 9:
		if n := len(g.waiting); n > 3 {
			g.waiting = g.waiting[:n-1] // dropped
		}
	}
}

func (g *draftGame) commit(t *testing.T, i int) {
	t.Helper()
	p := g.waiting[i]
	g.waiting = append(g.waiting[:i:i], g.waiting[i+1:]...)
	switch err := p.Commit(context.Background()); {
	case err == nil:
		g.written++
		g.kept(t, p.orders, p.results)
	case errors.Is(err, desk.ErrConflict):
		g.void++
	default:
		t.Fatal(err)
	}
}

func (g *draftGame) within(t *testing.T, broken error) {
	t.Helper()
	o := g.orders()
	var results []payment.Result
	err := g.s.Within(context.Background(), func(tx desk.Tx) error {
		state := payment.NewState()
		for n := payment.Missing(state, noon, o); !n.Empty(); n = payment.Missing(state, noon, o) {
			if err := tx.Load(context.Background(), n, state); err != nil {
				return err
			}
		}
		var c *payment.Changes
		if results, c = payment.Decide(state, noon, g.ids, o); c.Empty() {
			return broken
		}
		return errors.Join(tx.Write(context.Background(), c), broken)
	})
	if broken == nil {
		must(t, err)
		g.kept(t, o, results)
	}
}

func (g *draftGame) block(t *testing.T) {
	t.Helper()
	g.blocked = !g.blocked
	by := party.Block{}
	if g.blocked {
		by = party.Block{By: "staff:ewa", At: noon, Why: "test"}
	}
	must(t, g.s.Block(context.Background(), g.a.Customer, by, audit.Record{At: noon, Act: "test"}))
}

// counting is a Drafter that counts what becomes of its drafts.
type counting struct {
	desk.Drafter
	written, void atomic.Int64
}

type counted struct {
	desk.Draft
	by *counting
}

func (c *counting) Draft(ctx context.Context, f func(desk.Tx) error) (desk.Draft, error) {
	d, err := c.Drafter.Draft(ctx, f)
	if err != nil {
		return nil, err
	}
	return &counted{d, c}, nil
}

func (d *counted) Commit(ctx context.Context) error {
	err := d.Draft.Commit(ctx)
	if err == nil {
		d.by.written.Add(1)
	} else {
		d.by.void.Add(1)
	}
	return err
}

// crowdAhead has many callers pay and repeat through one desk, at first alone,
// then beside another desk and acts: money and limits must add up, and every
// order is done once.
func crowdAhead(open Open) func(*testing.T) {
	return func(t *testing.T) {
		w := newWorld(t, open)
		const payers, callers, each = 4, 24, 12
		var agreements []consent.Agreement
		for i := range payers {
			agreements = append(agreements, w.holder(fmt.Sprint("crowd-", i), zl(1000), wide()))
		}
		c := &counting{Drafter: w.s}
		d := desk.New(desk.Config{Book: c, Clock: w.clock, Wall: w.clock, IDs: w.ids})
		defer d.Close()
		var paid [payers]atomic.Int64
		round := func(name string, desks ...*desk.Desk) {
			together(callers, func(k int) error {
				for i := range each {
					n := (k + i) % payers
					o := pay(agreements[n], fmt.Sprint(name, "-", k, "-", i), zl(1), "")
					out, err := desks[k%len(desks)].Do(context.Background(), o)
					switch {
					case err == nil && !out.Repeat:
						paid[n].Add(1)
					case bank.CodeOf(err) == bank.CustomerBlocked || bank.CodeOf(err) == bank.Busy:
					default:
						t.Errorf("%s: repeat %t, %v", o.Draft.OperationID, out.Repeat, err)
					}
					if again, err := desks[(k+1)%len(desks)].Do(context.Background(), o); i%3 == 0 && err == nil && out.Payment != nil &&
						(!again.Repeat || *again.Payment != *out.Payment) {
						t.Errorf("%s was answered %+v, then %+v", o.Draft.OperationID, out.Payment, again.Payment)
					} else if err == nil && !again.Repeat {
						paid[n].Add(1) // it had been refused
					}
				}
				return nil
			})
		}
		round("alone", d)
		if c.written.Load() == 0 {
			t.Error("nothing was decided ahead: this test looks at nothing")
		}
		other := w.otherDesk()
		defer other.Close()
		stop := make(chan struct{})
		var acts sync.WaitGroup
		acts.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				by := party.Block{}
				if i%2 == 0 {
					by = party.Block{By: "staff:ewa", At: noon, Why: "test"}
				}
				if err := w.s.Block(context.Background(), agreements[i/2%payers].Customer, by, audit.Record{At: noon, Act: "test"}); err != nil {
					t.Error(err)
				}
				// Some batches in between have the house for themselves.
				for range 10 {
					_, _ = d.Do(context.Background(), &payment.Expire{Hold: "none"})
				}
			}
		})
		round("beside", d, other, d)
		close(stop)
		acts.Wait()
		for i, a := range agreements {
			left := zl(1000 - paid[i].Load())
			if acc := w.account(a.Account); acc.Booked != left {
				t.Errorf("payer %d has %v, want %v", i, acc.Booked, left)
			}
		}
		var all int64
		for i := range paid {
			all += paid[i].Load()
		}
		if acc := w.account(collector); acc.Booked != zl(all) {
			t.Errorf("the partner has %v, want %v", acc.Booked, zl(all))
		}
	}
}

package work_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"okienko/bank/lease"
	"okienko/bank/ledger"
	"okienko/bank/payment"
	"okienko/work"
)

// leases is a book of one lease, with switches for what goes wrong on the way
// to it.
type leases struct {
	mu   sync.Mutex
	kept lease.Lease
	cut  map[string]bool // nodes that do not reach the book
}

var errCut = errors.New("no route to the database")

func (l *leases) reach(node string) error {
	if l.cut[node] {
		return errCut
	}
	return nil
}

func (l *leases) cutOff(node string, cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut[node] = cut
}

func (l *leases) state() lease.Lease {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kept
}

// seat is the book as one node sees it.
type seat struct {
	*leases
	node string
}

func (s seat) Lease(_ context.Context, name string) (lease.Lease, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept.Name = name
	return s.kept, s.reach(s.node)
}

func (s seat) ClaimLease(_ context.Context, seen lease.Lease, holder string) (lease.Lease, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.reach(s.node); err != nil {
		return lease.Lease{}, err
	}
	if s.kept.Fence != seen.Fence || s.kept.Renewals != seen.Renewals {
		return lease.Lease{}, lease.ErrLost
	}
	s.kept.Holder, s.kept.Fence, s.kept.Renewals = holder, s.kept.Fence+1, 0
	return s.kept, nil
}

func (s seat) RenewLease(ctx context.Context, held lease.Lease) (lease.Lease, error) {
	return s.change(held, held.Holder)
}

func (s seat) ReleaseLease(_ context.Context, held lease.Lease) error {
	_, err := s.change(held, "")
	return err
}

func (s seat) change(held lease.Lease, holder string) (lease.Lease, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.reach(s.node); err != nil {
		return lease.Lease{}, err
	}
	if s.kept.Fence != held.Fence || s.kept.Holder != held.Holder {
		return lease.Lease{}, lease.ErrLost
	}
	s.kept.Holder, s.kept.Renewals = holder, s.kept.Renewals+1
	return s.kept, nil
}

// deskOf is the desk as one node orders from it, and says who ordered.
type deskOf struct {
	*diary
	node string
	mu   *sync.Mutex
	by   map[string][]string // a hold: the nodes that had it expired
}

func (d deskOf) Do(ctx context.Context, o payment.Order) (payment.Outcome, error) {
	d.mu.Lock()
	id := string(o.(*payment.Expire).Hold)
	d.by[id] = append(d.by[id], d.node)
	d.mu.Unlock()
	return d.diary.Do(ctx, o)
}

// nodes are expirers of several nodes over one book.
type nodes struct {
	*leases
	*diary
	mu sync.Mutex
	by map[string][]string
}

func newNodes() *nodes {
	return &nodes{leases: &leases{cut: map[string]bool{}}, diary: newDiary(noon), by: map[string][]string{}}
}

func (n *nodes) expirer(name string) *work.Expirer {
	return work.NewExpirer(work.ExpirerConfig{
		Due: n.diary, Desk: deskOf{diary: n.diary, node: name, mu: &n.mu, by: n.by}, Clock: n.diary.clock, Log: quiet(),
		Shift: work.Shift{Leases: seat{n.leases, name}, Name: work.Falling, Node: name, Log: quiet()},
	})
}

func (n *nodes) who(hold string) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.by[hold])
}

func TestOneNodeWorksForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNodes()
		one, two := n.expirer("one"), n.expirer("two")
		start(t, one)
		synctest.Wait()
		start(t, two)
		defer one.Stop()
		defer two.Stop()
		for i := range 200 {
			n.place(ledger.HoldID(time.Duration(i).String()), noon.Add(time.Duration(i)*time.Second))
		}
		for range 200 {
			n.diary.clock.Advance(time.Second)
			time.Sleep(time.Second)
		}
		for i := range 200 {
			if got := n.who(time.Duration(i).String()); !slices.Equal(got, []string{"one"}) {
				t.Fatalf("hold %d was expired by %v", i, got)
			}
		}
		if l := n.state(); l.Fence != 1 || l.Holder != "one" {
			t.Errorf("after three minutes of peace: %+v", l)
		}
	})
}

// A node that has died, or is cut off, is followed within fifteen seconds; and
// it has stopped by itself before.
func TestAnotherNodeTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNodes()
		one, two := n.expirer("one"), n.expirer("two")
		start(t, one)
		synctest.Wait()
		start(t, two)
		defer one.Stop()
		defer two.Stop()
		time.Sleep(time.Minute + 700*time.Millisecond)

		n.cutOff("one", true)
		cut := time.Now()
		for n.state().Holder == "one" && time.Since(cut) < time.Minute {
			time.Sleep(10 * time.Millisecond)
		}
		if gap := time.Since(cut); n.state().Holder != "two" || gap > 15*time.Second {
			t.Fatalf("%+v after %v", n.state(), gap)
		}
		if n.state().Fence != 2 {
			t.Errorf("the fence did not grow: %+v", n.state())
		}
		n.place("later", noon)
		one.Poke()
		two.Poke()
		synctest.Wait()
		if got := n.who("later"); !slices.Equal(got, []string{"two"}) {
			t.Errorf("expired by %v", got)
		}
		// The first one comes back, and waits like everybody.
		n.cutOff("one", false)
		time.Sleep(time.Minute)
		if l := n.state(); l.Holder != "two" || l.Fence != 2 {
			t.Errorf("a minute after it came back: %+v", l)
		}
	})
}

// Between the moment when the holder trusts its lease no longer and the moment
// when another may take it, nobody works: never two.
func TestNeverTwoAtOnce(t *testing.T) {
	for _, phase := range []time.Duration{0, 300 * time.Millisecond, 1100 * time.Millisecond, 1999 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			n := newNodes()
			var mu sync.Mutex
			working := map[string]bool{}
			desk := func(name string) work.Desk { return presence{name: name, mu: &mu, working: working, t: t} }
			var all []*work.Expirer
			for _, name := range []string{"one", "two", "three"} {
				e := work.NewExpirer(work.ExpirerConfig{
					Due: n.diary, Desk: desk(name), Clock: n.diary.clock, Log: quiet(),
					Shift: work.Shift{Leases: seat{n.leases, name}, Name: work.Falling, Node: name, Log: quiet()},
				})
				start(t, e)
				all = append(all, e)
				time.Sleep(phase)
			}
			synctest.Wait()
			n.place("busy", noon) // never done: whoever has the shift is always at it
			for i := range 12 {
				holder := n.state().Holder
				n.cutOff(holder, true)
				time.Sleep(lease.Length + 2*lease.Look + phase)
				if next := n.state().Holder; next == holder {
					t.Errorf("round %d: nobody took over from %s", i, holder)
				}
				n.cutOff(holder, false)
			}
			// Read before the first one stops: its lease is given back at once, and
			// another may look at that very moment.
			synctest.Wait()
			if l := n.state(); l.Fence != 13 {
				t.Errorf("%+v after twelve changes", l)
			}
			for _, e := range all {
				e.Stop()
			}
		})
	}
}

// presence is a desk that lets its caller wait until its context ends, and sees
// who waits.
type presence struct {
	name    string
	mu      *sync.Mutex
	working map[string]bool
	t       *testing.T
}

func (p presence) Do(ctx context.Context, _ payment.Order) (payment.Outcome, error) {
	p.mu.Lock()
	if len(p.working) > 0 {
		p.t.Errorf("%s works beside %v", p.name, p.working)
	}
	p.working[p.name] = true
	p.mu.Unlock()
	<-ctx.Done()
	p.mu.Lock()
	delete(p.working, p.name)
	p.mu.Unlock()
	return payment.Outcome{}, ctx.Err()
}

func TestCleanStopHandsOverAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNodes()
		one, two := n.expirer("one"), n.expirer("two")
		start(t, one)
		synctest.Wait()
		start(t, two)
		defer two.Stop()
		time.Sleep(time.Minute)
		one.Stop()
		// Given back, and perhaps taken already: the other one may look this very instant.
		if l := n.state(); l.Holder == "one" {
			t.Errorf("not given back: %+v", l)
		}
		time.Sleep(lease.Look)
		synctest.Wait()
		if l := n.state(); l.Holder != "two" || l.Fence != 2 {
			t.Errorf("%+v", l)
		}
	})
}

func TestShortOutageChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNodes()
		one, two := n.expirer("one"), n.expirer("two")
		start(t, one)
		synctest.Wait()
		start(t, two)
		defer one.Stop()
		defer two.Stop()
		for range 5 {
			time.Sleep(time.Minute)
			n.cutOff("one", true)
			n.cutOff("two", true)
			time.Sleep(lease.Renew + lease.Look)
			n.cutOff("one", false)
			n.cutOff("two", false)
		}
		if l := n.state(); l.Holder != "one" || l.Fence != 1 {
			t.Errorf("%+v", l)
		}
	})
}

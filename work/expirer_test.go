package work_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"okienko/bank/calendar"
	"okienko/bank/ledger"
	"okienko/bank/payment"
	"okienko/clock"
	"okienko/work"
)

// diary knows what is due and does it: the store and the desk in one.
type diary struct {
	clock *clock.Manual

	mu       sync.Mutex
	holds    map[ledger.HoldID]time.Time
	payments map[payment.ID]calendar.Date
	done     []string
	broken   map[string]int // how often an order still fails
	looks    int
}

func newDiary(at time.Time) *diary {
	return &diary{clock: clock.NewManual(at), holds: map[ledger.HoldID]time.Time{}, payments: map[payment.ID]calendar.Date{}, broken: map[string]int{}}
}

func (d *diary) DueHolds(_ context.Context, now time.Time, n int) ([]ledger.HoldID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.looks++
	var out []ledger.HoldID
	for id, at := range d.holds {
		if !now.Before(at) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out[:min(n, len(out))], nil
}

func (d *diary) DuePayments(_ context.Context, today calendar.Date, n int) ([]payment.ID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []payment.ID
	for id, on := range d.payments {
		if !on.After(today) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out[:min(n, len(out))], nil
}

func (d *diary) NextDue(context.Context) (at time.Time, ok bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, t := range d.holds {
		if !ok || t.Before(at) {
			at, ok = t, true
		}
	}
	for _, on := range d.payments {
		if t := on.Start(); !ok || t.Before(at) {
			at, ok = t, true
		}
	}
	return at, ok, nil
}

func (d *diary) Do(_ context.Context, o payment.Order) (payment.Outcome, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var name string
	switch o := o.(type) {
	case *payment.Expire:
		name = string(o.Hold)
	case *payment.Run:
		name = string(o.Payment)
	}
	if d.broken[name] > 0 {
		d.broken[name]--
		return payment.Outcome{}, errors.New("the disk is full")
	}
	d.done = append(d.done, name)
	delete(d.holds, ledger.HoldID(name))
	delete(d.payments, payment.ID(name))
	return payment.Outcome{}, nil
}

func (d *diary) did() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.done)
}

func (d *diary) place(id ledger.HoldID, until time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.holds[id] = until
}

func expirer(d *diary) *work.Expirer {
	return work.NewExpirer(work.ExpirerConfig{Due: d, Desk: d, Clock: d.clock, Log: quiet()})
}

var noon = time.Date(2026, 11, 21, 11, 0, 0, 0, time.UTC) // in Warsaw

func TestHoldsAndPaymentsFallDueByTheBankClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		d := newDiary(noon)
		d.holds["hold-1"], d.holds["hold-2"] = noon.Add(time.Hour), noon.Add(48*time.Hour)
		d.payments["payment-1"] = calendar.DateOf(noon).AddDays(1)
		e := expirer(d)
		start(t, e)
		defer e.Stop()

		for _, step := range []struct {
			to   time.Time
			want []string
		}{
			{noon.Add(59 * time.Minute), nil},
			{noon.Add(time.Hour), []string{"hold-1"}},
			{calendar.DateOf(noon).AddDays(1).Start().Add(-time.Microsecond), []string{"hold-1"}},
			{calendar.DateOf(noon).AddDays(1).Start(), []string{"hold-1", "payment-1"}},
			{noon.Add(30 * 24 * time.Hour), []string{"hold-1", "payment-1", "hold-2"}},
		} {
			d.clock.Set(step.to)
			synctest.Wait()
			if got := d.did(); !slices.Equal(got, step.want) {
				t.Errorf("at %v: %v, want %v", step.to, got, step.want)
			}
		}
		if spent := time.Since(began); spent != 0 {
			t.Errorf("moving the bank clock took %v of the wall clock", spent)
		}
	})
}

func TestShorterHoldIsFoundWithoutAPokeAndAtOnceWithOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDiary(noon)
		e := expirer(d)
		start(t, e)
		defer e.Stop()
		synctest.Wait()
		d.place("forgotten", noon)
		time.Sleep(10 * time.Second)
		if got := d.did(); !slices.Equal(got, []string{"forgotten"}) {
			t.Errorf("after ten seconds: %v", got)
		}
		d.place("poked", noon)
		e.Poke()
		synctest.Wait()
		if got := d.did(); len(got) != 2 {
			t.Errorf("after a poke: %v", got)
		}
	})
}

func TestManyAreDoneWithoutWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		d := newDiary(noon)
		for i := range 1000 {
			d.holds[ledger.HoldID(time.Duration(i).String())] = noon
		}
		e := expirer(d)
		start(t, e)
		defer e.Stop()
		synctest.Wait()
		if got := len(d.did()); got != 1000 || time.Since(began) != 0 {
			t.Errorf("%d of 1000 done after %v", got, time.Since(began))
		}
	})
}

func TestFailingOrderIsTriedAgainWithoutSpinning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDiary(noon)
		d.holds["bad"], d.holds["good"] = noon, noon
		d.broken["bad"] = 10
		e := expirer(d)
		start(t, e)
		time.Sleep(30 * time.Second)
		e.Stop()
		if got := d.did(); !slices.Equal(got, []string{"good", "bad"}) {
			t.Errorf("%v", got)
		}
		if d.looks > 20 {
			t.Errorf("looked %d times in half a minute", d.looks)
		}
	})
}

// shelf forgets, and remembers when it was asked to.
type shelf chan time.Time

func (s shelf) Purge(_ context.Context, before time.Time) (int64, error) { s <- before; return 1, nil }

func TestPurgerForgetsWhatExpiredADayAgo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		asked := make(shelf)
		p := work.NewPurger(work.PurgerConfig{Store: asked, Clock: clock.NewManual(noon), Log: quiet()})
		start(t, p)
		defer p.Stop()
		for i := range 3 {
			if before := <-asked; !before.Equal(noon.Add(-24 * time.Hour)) {
				t.Errorf("asked to forget what is older than %v", before)
			}
			if at := time.Since(began); at != time.Duration(i)*time.Hour {
				t.Errorf("purge %d after %v", i, at)
			}
		}
		p.Poke()
		<-asked
		if at := time.Since(began); at != 2*time.Hour {
			t.Errorf("a poked purge came after %v", at)
		}
	})
}

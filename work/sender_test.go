package work_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"okienko/bank/payment"
	"okienko/bank/rail"
	"okienko/bank/transfer"
	"okienko/clock"
	"okienko/work"
)

// counter is the store, the desk and the payment systems in one: it keeps
// transfers, moves them on as the core would, and answers as it is told to.
type counter struct {
	clock *clock.Manual

	mu        sync.Mutex
	transfers map[transfer.ID]*transfer.Transfer
	standings map[transfer.StandingID][]time.Time // when their payments fall due
	verdict   map[transfer.ID]func() (rail.Verdict, error)
	broken    map[string]error // orders that fail
	did       []string         // in order
	asked     map[transfer.ID]int
	sending   int // payments that the systems have in hand, and the most ever
	most      int
	looks     int
}

func newCounter(at time.Time) *counter {
	return &counter{clock: clock.NewManual(at), transfers: map[transfer.ID]*transfer.Transfer{}, standings: map[transfer.StandingID][]time.Time{},
		verdict: map[transfer.ID]func() (rail.Verdict, error){}, broken: map[string]error{}, asked: map[transfer.ID]int{}}
}

func (c *counter) put(id transfer.ID, s transfer.Status, due time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.transfers[id] = &transfer.Transfer{ID: id, Status: s, Due: due, System: transfer.Elixir, CreatedAt: due}
}

func (c *counter) DueTransfers(_ context.Context, now time.Time, n int) ([]transfer.Transfer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.looks++
	var out []transfer.Transfer
	for _, id := range slices.Sorted(maps.Keys(c.transfers)) {
		if t := c.transfers[id]; !t.Due.IsZero() && !now.Before(t.Due) {
			out = append(out, *t)
		}
	}
	slices.SortStableFunc(out, func(a, b transfer.Transfer) int { return a.Due.Compare(b.Due) })
	return out[:min(n, len(out))], nil
}

func (c *counter) DueStandings(_ context.Context, now time.Time, n int) ([]transfer.StandingID, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []transfer.StandingID
	for id, days := range c.standings {
		if len(days) > 0 && !now.Before(days[0]) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out[:min(n, len(out))], nil
}

func (c *counter) NextTransferDue(context.Context) (at time.Time, ok bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.transfers {
		if !t.Due.IsZero() && (!ok || t.Due.Before(at)) {
			at, ok = t.Due, true
		}
	}
	for _, days := range c.standings {
		if len(days) > 0 && (!ok || days[0].Before(at)) {
			at, ok = days[0], true
		}
	}
	return at, ok, nil
}

func (c *counter) Do(_ context.Context, o payment.Order) (payment.Outcome, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var name string
	var act func()
	switch o := o.(type) {
	case *payment.RunTransfer:
		name, act = "run "+string(o.Transfer), func() { c.transfers[o.Transfer].Status = transfer.Pending }
	case *payment.Settle:
		t := c.transfers[o.Transfer]
		name = fmt.Sprint(o.Verdict.Outcome, " ", o.Transfer)
		act = func() {
			t.Status, t.Due, t.Detail = transfer.Done, o.Verdict.ReturnAt, o.Verdict.Reason+o.Verdict.ReturnReason
			if o.Verdict.Outcome == rail.Refused {
				t.Status = transfer.Rejected
			}
		}
	case *payment.ReturnFunds:
		t := c.transfers[o.Transfer]
		name, act = "return "+string(o.Transfer)+" "+o.Reason, func() { t.Due, t.Returned = time.Time{}, c.clock.Now() }
	case *payment.RunStanding:
		days := c.standings[o.Standing]
		id := transfer.ID(fmt.Sprint(o.Standing, "-", days[0].Format("0102")))
		name = "make " + string(id)
		act = func() {
			c.standings[o.Standing] = days[1:]
			c.transfers[id] = &transfer.Transfer{ID: id, Status: transfer.Pending, Due: c.clock.Now(), System: transfer.Elixir}
		}
	}
	if err := c.broken[name]; err != nil {
		return payment.Outcome{}, err
	}
	act()
	c.did = append(c.did, name)
	return payment.Outcome{}, nil
}

func (c *counter) Check(context.Context, transfer.System, *transfer.Instruction) error { return nil }

func (c *counter) Send(_ context.Context, t *transfer.Transfer) (rail.Verdict, error) {
	c.mu.Lock()
	c.asked[t.ID]++
	c.sending++
	c.most = max(c.most, c.sending)
	answer := c.verdict[t.ID]
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.sending--
		c.mu.Unlock()
	}()
	if answer == nil {
		return rail.Verdict{Outcome: rail.Settled}, nil
	}
	return answer()
}

func (c *counter) done() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.did)
}

func sender(c *counter) *work.Sender {
	return work.NewSender(work.SenderConfig{Due: c, Desk: c, Network: c, Clock: c.clock, Wall: clock.Wall{}, Log: quiet()})
}

func TestTransfersGoTheirWayByTheBankClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		c := newCounter(noon)
		c.put("later", transfer.Scheduled, noon.Add(24*time.Hour))
		c.put("session", transfer.Pending, noon.Add(2*time.Hour))
		c.put("refused", transfer.Pending, noon)
		c.put("comes-back", transfer.Pending, noon)
		c.standings["rent"] = []time.Time{noon.Add(48 * time.Hour), noon.Add(72 * time.Hour), noon.Add(96 * time.Hour)}
		c.verdict["refused"] = func() (rail.Verdict, error) { return rail.Verdict{Outcome: rail.Refused, Reason: "AC04"}, nil }
		c.verdict["comes-back"] = func() (rail.Verdict, error) {
			return rail.Verdict{Outcome: rail.Settled, ReturnAt: noon.Add(10 * time.Minute), ReturnReason: "AC06"}, nil
		}
		s := sender(c)
		start(t, s)
		defer s.Stop()
		for _, step := range []struct {
			after time.Duration
			want  []string
		}{
			{0, []string{"refused refused", "settled comes-back"}},
			{10*time.Minute - time.Microsecond, nil},
			{10 * time.Minute, []string{"return comes-back AC06"}},
			{2 * time.Hour, []string{"settled session"}},
			{24 * time.Hour, []string{"run later", "settled later"}},
			{200 * time.Hour, []string{"make rent-1123", "make rent-1124", "make rent-1125", "settled rent-1123", "settled rent-1124", "settled rent-1125"}},
		} {
			before := len(c.done())
			c.clock.Set(noon.Add(step.after))
			synctest.Wait()
			got := c.done()[before:]
			slices.Sort(got)
			if !slices.Equal(got, step.want) {
				t.Errorf("after %v: %v, want %v", step.after, got, step.want)
			}
		}
		if spent := time.Since(began); spent != 0 {
			t.Errorf("moving the bank clock took %v of the wall clock", spent)
		}
	})
}

func TestOneTransferThatFailsBlocksNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(noon)
		// More than are read at once, all of them before the good ones.
		for i := range 300 {
			id := transfer.ID(fmt.Sprintf("bad-%03d", i))
			c.put(id, transfer.Pending, noon.Add(-time.Hour))
			switch i % 3 {
			case 0:
				c.verdict[id] = func() (rail.Verdict, error) { return rail.Verdict{}, errors.New("no route to the system") }
			case 1:
				c.verdict[id] = func() (rail.Verdict, error) { return rail.Verdict{Outcome: rail.Unknown}, nil }
			default:
				c.broken["settled "+string(id)] = errors.New("the disk is full")
			}
		}
		c.standings["bad"] = []time.Time{noon}
		c.broken["make bad-1121"] = errors.New("the disk is full")
		c.put("good", transfer.Pending, noon)
		s := sender(c)
		start(t, s)
		defer s.Stop()
		synctest.Wait()
		if got := c.done(); !slices.Contains(got, "settled good") {
			t.Fatalf("done: %v", got)
		}
		c.put("late", transfer.Pending, noon)
		s.Poke()
		synctest.Wait()
		if got := c.done(); !slices.Contains(got, "settled late") {
			t.Errorf("a poked transfer is not done: %v", got)
		}
		c.put("forgotten", transfer.Pending, noon)
		time.Sleep(2 * time.Second)
		if got := c.done(); !slices.Contains(got, "settled forgotten") {
			t.Errorf("nobody poked, and it is not done: %v", got)
		}
	})
}

func TestUnknownIsAskedAgainLessAndLessOftenAndAtOnceWhenTheClockMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(noon)
		c.put("slow", transfer.Pending, noon)
		known := noon.Add(time.Minute)
		c.verdict["slow"] = func() (rail.Verdict, error) {
			if c.clock.Now().Before(known) {
				return rail.Verdict{Outcome: rail.Unknown}, nil
			}
			return rail.Verdict{Outcome: rail.Settled}, nil
		}
		s := sender(c)
		start(t, s)
		defer s.Stop()
		time.Sleep(10 * time.Minute)
		c.mu.Lock()
		asked, looks := c.asked["slow"], c.looks
		c.mu.Unlock()
		// 0, 1, 3, 7, 15, 31, 63 s and then every minute.
		if asked < 10 || asked > 18 {
			t.Errorf("asked %d times in ten minutes", asked)
		}
		if looks > 700 {
			t.Errorf("looked %d times in ten minutes", looks)
		}
		began := time.Now()
		c.clock.Set(known)
		synctest.Wait()
		if got := c.done(); !slices.Equal(got, []string{"settled slow"}) || time.Since(began) != 0 {
			t.Errorf("%v after %v", got, time.Since(began))
		}
	})
}

func TestSlowPaymentSystemHoldsUpSoManyAndNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(noon)
		for i := range 500 {
			id := transfer.ID(fmt.Sprintf("t-%03d", i))
			c.put(id, transfer.Pending, noon)
			c.verdict[id] = func() (rail.Verdict, error) {
				time.Sleep(3 * time.Second)
				return rail.Verdict{Outcome: rail.Settled}, nil
			}
		}
		s := sender(c)
		start(t, s)
		time.Sleep(500 / work.DefaultSending * 4 * time.Second)
		s.Stop()
		if got := len(c.done()); got != 500 || c.most != work.DefaultSending {
			t.Errorf("%d of 500 done, %d at once", got, c.most)
		}
		for id, n := range c.asked {
			if n != 1 {
				t.Errorf("%s was sent %d times", id, n)
			}
		}
	})
}

func TestWhatStaysDueIsNotTriedInABusyLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(noon)
		c.put("stuck", transfer.Cancelled, noon) // the lists say due, and nothing can be due with it
		c.put("again", transfer.Done, noon)
		s := work.NewSender(work.SenderConfig{Due: c, Desk: deaf{}, Network: c, Clock: c.clock, Wall: clock.Wall{}, Log: quiet()})
		start(t, s)
		time.Sleep(30 * time.Second)
		s.Stop()
		if c.looks > 100 {
			t.Errorf("looked %d times in half a minute", c.looks)
		}
	})
}

// deaf is a desk that does nothing and says that it is done.
type deaf struct{}

func (deaf) Do(context.Context, payment.Order) (payment.Outcome, error) {
	return payment.Outcome{}, nil
}

func TestAnswerIsKeptWhenTheProgramEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(noon)
		c.put("last", transfer.Pending, noon)
		answered := make(chan struct{})
		c.verdict["last"] = func() (rail.Verdict, error) { <-answered; return rail.Verdict{Outcome: rail.Settled}, nil }
		s := sender(c)
		start(t, s)
		synctest.Wait()
		stopped := make(chan struct{})
		go func() { s.Stop(); close(stopped) }()
		synctest.Wait()
		close(answered)
		<-stopped
		if got := c.done(); !slices.Equal(got, []string{"settled last"}) {
			t.Errorf("%v", got)
		}
	})
}

func TestWithoutANetworkNothingIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(noon)
		c.put("left", transfer.Pending, noon) // from a time when there was a way out
		c.put("inside", transfer.Scheduled, noon)
		s := work.NewSender(work.SenderConfig{Due: c, Desk: c, Clock: c.clock, Wall: clock.Wall{}, Log: quiet()})
		start(t, s)
		time.Sleep(time.Minute)
		s.Stop()
		if got := c.done(); !slices.Equal(got, []string{"run inside"}) || c.transfers["left"].Status != transfer.Pending {
			t.Errorf("%v", got)
		}
	})
}

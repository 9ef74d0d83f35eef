package clock

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// hand is a wall clock that a test sets as it likes, also back.
type hand struct {
	mu sync.Mutex
	t  time.Time
}

func (h *hand) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.t
}

func (h *hand) add(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.t = h.t.Add(d)
}

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func movable(t *testing.T, state State, wall Source) *Bank {
	t.Helper()
	b, err := NewMovable(state, wall)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func shows(t *testing.T, c Source, want time.Time) {
	t.Helper()
	if got := c.Now(); !got.Equal(want) {
		t.Errorf("clock shows %v, want %v", got, want)
	}
}

func TestProductionClockCannotBeMoved(t *testing.T) {
	b := NewBank()
	before := b.Now()
	for name, move := range map[string]func() error{
		"freeze": b.Freeze,
		"jump":   func() error { return b.Jump(time.Hour) },
		"set":    func() error { return b.Set(before.Add(time.Hour)) },
		"run":    func() error { return b.Run(10) },
	} {
		if err := move(); !errors.Is(err, ErrNotMovable) {
			t.Errorf("%s: got %v, want ErrNotMovable", name, err)
		}
	}
	if d := b.Now().Sub(before); d > time.Minute {
		t.Errorf("the clock moved by %v", d)
	}
}

func TestProductionClockStandsStillWhenTheMachineIsSetBack(t *testing.T) {
	wall := &hand{t: noon}
	b := NewBank()
	b.wall = wall
	shows(t, b, noon)
	wall.add(-time.Hour)
	shows(t, b, noon)
	wall.add(time.Hour + time.Second)
	shows(t, b, noon.Add(time.Second))
}

func TestInstantsAreWholeMicrosecondsInUTC(t *testing.T) {
	warsaw := time.FixedZone("CET", 3600)
	b := movable(t, State{}, &hand{t: time.Date(2026, 3, 2, 13, 0, 0, 1234567, warsaw)})
	got := b.Now()
	if got != time.Date(2026, 3, 2, 12, 0, 0, 1234000, time.UTC) {
		t.Errorf("got %v; the store keeps microseconds, so this would not equal itself after loading", got)
	}
}

func TestFreezeJumpSetRun(t *testing.T) {
	wall := &hand{t: noon}
	b := movable(t, State{}, wall)
	wall.add(time.Second)
	shows(t, b, noon.Add(time.Second))

	must(t, b.Freeze())
	wall.add(time.Hour)
	shows(t, b, noon.Add(time.Second))

	must(t, b.Jump(time.Minute)) // frozen stays frozen
	wall.add(time.Hour)
	shows(t, b, noon.Add(61*time.Second))

	must(t, b.Run(60))
	wall.add(time.Second)
	shows(t, b, noon.Add(121*time.Second))

	must(t, b.Set(noon.Add(24*time.Hour))) // and keeps the speed
	wall.add(time.Second)
	shows(t, b, noon.Add(24*time.Hour+time.Minute))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestRefusedMovesChangeNothing(t *testing.T) {
	wall := &hand{t: noon}
	b := movable(t, State{}, wall)
	must(t, b.Freeze())
	for _, c := range []struct {
		name string
		err  error
		want error
	}{
		{"jump back", b.Jump(-time.Microsecond), ErrBackwards},
		{"set back", b.Set(noon.Add(-time.Hour)), ErrBackwards},
		{"set too far", b.Set(Latest().Add(time.Hour)), ErrTooFar},
		{"speed 0", b.Run(0), ErrSpeed},
		{"speed -1", b.Run(-1), ErrSpeed},
		{"speed beyond", b.Run(MaxSpeed + 1), ErrSpeed},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, c.err, c.want)
		}
	}
	wall.add(time.Hour)
	shows(t, b, noon)
	must(t, b.Set(noon)) // the present itself is allowed
}

func TestFastClockStopsAtTheEndOfBankTime(t *testing.T) {
	wall := &hand{t: noon}
	b := movable(t, State{}, wall)
	must(t, b.Run(MaxSpeed))
	wall.add(200 * 24 * time.Hour) // 200 days × 86 400 overflows a Duration
	shows(t, b, Latest())
}

func TestStateSurvivesARestart(t *testing.T) {
	wall := &hand{t: noon}
	b := movable(t, State{}, wall)
	must(t, b.Jump(48*time.Hour))
	must(t, b.Run(10))
	saved, err := json.Marshal(b.State())
	must(t, err)
	wall.add(time.Second)
	beforeCrash := b.Now() // given out after the state was saved

	var state State
	must(t, json.Unmarshal(saved, &state))
	wall.add(time.Second)
	again := movable(t, state, wall)
	if again.Now().Before(beforeCrash) {
		t.Errorf("after the restart %v, before it %v: time went back", again.Now(), beforeCrash)
	}
	shows(t, again, noon.Add(48*time.Hour+20*time.Second))
}

func TestFrozenStateStaysFrozenOverARestart(t *testing.T) {
	wall := &hand{t: noon}
	b := movable(t, State{}, wall)
	must(t, b.Freeze())
	wall.add(24 * time.Hour)
	shows(t, movable(t, b.State(), wall), noon)
}

func TestBrokenStatesAreRefused(t *testing.T) {
	for name, s := range map[string]State{
		"negative speed": {Bank: noon, Wall: noon, Speed: -1},
		"no wall":        {Bank: noon, Speed: 1},
		"no bank":        {Wall: noon, Speed: 1},
		"too far":        {Bank: Latest().Add(time.Hour), Wall: noon},
	} {
		if _, err := NewMovable(s, &hand{t: noon}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestWaitUntilObeysMoves(t *testing.T) {
	tests := []struct {
		name string
		move func(b *Bank) error
		wall time.Duration // how long the waiter must have waited
	}{
		{"nothing moves", func(*Bank) error { return nil }, 10 * time.Hour},
		{"a jump over the end", func(b *Bank) error { return b.Jump(11 * time.Hour) }, time.Hour},
		{"a short jump", func(b *Bank) error { return b.Jump(4 * time.Hour) }, 6 * time.Hour},
		{"a faster pace", func(b *Bank) error { return b.Run(9) }, 2 * time.Hour},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				b := movable(t, State{}, Wall{})
				done := make(chan error)
				go func() { done <- b.WaitUntil(t.Context(), start.Add(10*time.Hour)) }()
				time.Sleep(time.Hour)
				must(t, test.move(b))
				must(t, <-done)
				if waited := time.Since(start); waited < test.wall || waited > test.wall+time.Millisecond {
					t.Errorf("woke after %v, want %v", waited, test.wall)
				}
			})
		})
	}
}

func TestWaitUntilOnAFrozenClockEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := movable(t, State{}, Wall{})
		must(t, b.Freeze())
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Hour)
		defer cancel()
		if err := b.WaitUntil(ctx, b.Now().Add(time.Second)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if len(b.subscribers) != 0 {
			t.Error("the waiter left its subscription behind")
		}
	})
}

func TestSubscribersAreToldOnceAndCanLeave(t *testing.T) {
	b := movable(t, State{}, &hand{t: noon})
	changed, unsubscribe := b.Subscribe()
	must(t, b.Jump(time.Second))
	must(t, b.Jump(time.Second)) // must not block though nobody reads
	<-changed
	select {
	case <-changed:
		t.Error("told twice")
	default:
	}
	unsubscribe()
	unsubscribe() // twice is harmless
	must(t, b.Jump(time.Second))
	select {
	case <-changed:
		t.Error("told after leaving")
	default:
	}
}

func TestTimeNeverGoesBackUnderConcurrentMoves(t *testing.T) {
	b := movable(t, State{}, Wall{})
	var readers, movers sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			last := b.Now()
			for {
				select {
				case <-stop:
					return
				default:
				}
				now := b.Now()
				if now.Before(last) {
					t.Errorf("went back from %v to %v", last, now)
					return
				}
				last = now
			}
		})
	}
	for i := range 2 {
		movers.Go(func() {
			for range 500 {
				_ = b.Jump(time.Millisecond)
				_ = b.Run(1 + i*1000)
				_ = b.Freeze()
			}
		})
	}
	movers.Wait()
	close(stop)
	readers.Wait()
}

func TestManual(t *testing.T) {
	m := NewManual(noon)
	shows(t, m, noon)
	m.Advance(time.Hour)
	shows(t, m, noon.Add(time.Hour))
	m.Set(noon.Add(2 * time.Hour))
	shows(t, m, noon.Add(2*time.Hour))
	must(t, m.WaitUntil(t.Context(), noon.Add(2*time.Hour)))
	defer func() {
		if recover() == nil {
			t.Error("a manual clock went back without a word")
		}
	}()
	m.Set(noon)
}

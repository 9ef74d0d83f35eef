package clock

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"
)

// Why a bank clock refuses to be moved.
var (
	// ErrNotMovable: this is a production clock.
	ErrNotMovable = errors.New("clock: the bank clock of production cannot be moved")
	// ErrBackwards: the bank has already lived past the asked instant.
	ErrBackwards = errors.New("clock: bank time never goes back")
	// ErrTooFar: the asked instant lies after Latest.
	ErrTooFar = errors.New("clock: beyond the end of bank time")
	// ErrSpeed: a speed is a whole number from 1 to MaxSpeed.
	ErrSpeed = fmt.Errorf("clock: a speed is a whole number from 1 to %d", MaxSpeed)
)

// MaxSpeed is the fastest pace of a movable clock: one bank day in a second.
// Faster than that the workers cannot keep up with what falls due, and a jump
// says better what is meant.
const MaxSpeed = 86_400

// recheck bounds one sleep of WaitUntil. Sleeping follows the monotonic clock
// and stands still while a laptop is suspended; the bank clock does not.
const recheck = time.Minute

// Latest is where a movable clock stops. It keeps dates of four digits, which
// every wire form and certificate needs, also after a margin of some decades.
func Latest() time.Time { return time.Date(9900, 1, 1, 0, 0, 0, 0, time.UTC) }

// State is all that a movable clock must remember over a restart. It may be
// stored as JSON. At the wall instant Wall the bank showed Bank, and from then
// on runs at Speed (0: frozen).
//
// A running clock goes on running while the program is off, at its speed.
// Anything slower could go back behind instants given out before a crash.
type State struct {
	Bank  time.Time `json:"bank"`
	Wall  time.Time `json:"wall"`
	Speed int       `json:"speed"`
}

// Bank is a bank clock. Its instants are UTC, whole microseconds (what the
// store keeps, so that a loaded instant equals the one given out) and never
// earlier than one given out before. All methods may be called concurrently.
type Bank struct {
	wall    Source
	movable bool

	mu          sync.Mutex
	anchorBank  time.Time // shown at anchorWall
	anchorWall  time.Time
	speed       int       // 0: frozen
	last        time.Time // the latest instant given out
	subscribers map[chan struct{}]struct{}
}

// NewBank returns the bank clock of production: it shows the machine's time
// and cannot be moved. When the machine's clock is set back, it stands still
// until that time has come again.
func NewBank() *Bank {
	return &Bank{wall: Wall{}, speed: 1}
}

// NewMovable returns a clock that goes on from state, measuring by wall. The
// zero State starts at the present, running at normal speed.
func NewMovable(state State, wall Source) (*Bank, error) {
	now := wall.Now()
	if state == (State{}) {
		state = State{Bank: now, Wall: now, Speed: 1}
	}
	switch {
	case state.Speed < 0 || state.Speed > MaxSpeed:
		return nil, ErrSpeed
	case state.Bank.IsZero() || state.Wall.IsZero():
		return nil, errors.New("clock: a state without its instants")
	case state.Bank.After(Latest()):
		return nil, ErrTooFar
	}
	return &Bank{
		wall:       wall,
		movable:    true,
		anchorBank: tidy(state.Bank),
		anchorWall: state.Wall,
		speed:      state.Speed,
	}, nil
}

// tidy brings an instant into the form that the bank keeps.
func tidy(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Now returns the bank's time.
func (b *Bank) Now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now()
}

// now needs b.mu.
func (b *Bank) now() time.Time {
	t := b.reckon()
	if t.Before(b.last) {
		return b.last
	}
	b.last = t
	return t
}

// reckon needs b.mu.
func (b *Bank) reckon() time.Time {
	if !b.movable {
		return tidy(b.wall.Now())
	}
	if b.speed == 0 {
		return b.anchorBank
	}
	wall := b.wall.Now()
	passed := wall.Sub(b.anchorWall)
	if passed <= 0 {
		return b.anchorBank
	}
	if passed > math.MaxInt64/time.Duration(b.speed) {
		return Latest()
	}
	t := tidy(b.anchorBank.Add(passed * time.Duration(b.speed)))
	if t.After(Latest()) {
		return Latest()
	}
	return t
}

// Movable reports whether the clock may be moved at all.
func (b *Bank) Movable() bool { return b.movable }

// Freeze stops the clock at the instant it shows. Set and Jump move it still.
func (b *Bank) Freeze() error {
	return b.move(func(now time.Time) (time.Time, int, error) { return now, 0, nil })
}

// Jump moves the clock ahead by d and keeps its speed. A negative d is
// ErrBackwards.
func (b *Bank) Jump(d time.Duration) error {
	return b.move(func(now time.Time) (time.Time, int, error) {
		return now.Add(d), b.speed, nil
	})
}

// Set moves the clock ahead to t and keeps its speed. A t before the last
// instant given out is ErrBackwards.
func (b *Bank) Set(t time.Time) error {
	return b.move(func(time.Time) (time.Time, int, error) { return t, b.speed, nil })
}

// Run lets the clock run from the instant it shows, speed times as fast as the
// wall clock.
func (b *Bank) Run(speed int) error {
	return b.move(func(now time.Time) (time.Time, int, error) {
		if speed < 1 || speed > MaxSpeed {
			return now, 0, ErrSpeed
		}
		return now, speed, nil
	})
}

// move sets a new anchor and wakes whoever waits. An error changes nothing.
func (b *Bank) move(to func(now time.Time) (time.Time, int, error)) error {
	if !b.movable {
		return ErrNotMovable
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	t, speed, err := to(now)
	if err != nil {
		return err
	}
	if t = tidy(t); t.Before(now) {
		return ErrBackwards
	}
	if t.After(Latest()) {
		return ErrTooFar
	}
	b.anchorBank, b.anchorWall, b.speed = t, b.wall.Now(), speed
	for c := range b.subscribers {
		select {
		case c <- struct{}{}:
		default: // it has a wake-up waiting already
		}
	}
	return nil
}

// State returns what NewMovable needs to go on from here. On a production
// clock it describes the present and need not be kept.
func (b *Bank) State() State {
	b.mu.Lock()
	defer b.mu.Unlock()
	return State{Bank: b.now(), Wall: b.wall.Now().Round(0).UTC(), Speed: b.speed}
}

// Subscribe returns a channel that gets a value after the clock was moved, and
// the function that ends the subscription. Moves that come before the value is
// taken are told once. The channel is never closed.
func (b *Bank) Subscribe() (changed <-chan struct{}, unsubscribe func()) {
	c := make(chan struct{}, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.subscribers == nil {
		b.subscribers = make(map[chan struct{}]struct{})
	}
	b.subscribers[c] = struct{}{}
	return c, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.subscribers, c)
	}
}

// WaitUntil returns nil when the bank clock shows t or later, however it came
// there, and the context's error when ctx ends first.
func (b *Bank) WaitUntil(ctx context.Context, t time.Time) error {
	// Subscribed before the first look: a move between look and sleep must wake us.
	changed, unsubscribe := b.Subscribe()
	defer unsubscribe()
	timer := time.NewTimer(recheck)
	defer timer.Stop()
	for {
		left, running := b.left(t)
		if left <= 0 {
			return nil
		}
		var due <-chan time.Time // nil while frozen: only a move can help
		if running {
			timer.Reset(min(left, recheck))
			due = timer.C
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		case <-due:
		}
	}
}

// left returns the wall time until the clock shows t at its present speed.
func (b *Bank) left(t time.Time) (wall time.Duration, running bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	d := t.Sub(b.now())
	if d <= 0 || b.speed == 0 {
		return d, b.speed != 0
	}
	// Rounded up to a microsecond, the clock's own grain: waking a moment early
	// would only turn the loop once more.
	speed := time.Duration(b.speed)
	return d/speed + time.Microsecond, true
}

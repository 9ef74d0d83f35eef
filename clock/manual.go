package clock

import (
	"context"
	"fmt"
	"time"
)

// Manual is a bank clock for tests: it stands still until it is moved.
type Manual struct{ bank *Bank }

// NewManual returns a clock that shows t.
func NewManual(t time.Time) *Manual {
	return &Manual{bank: &Bank{wall: Wall{}, movable: true, anchorBank: tidy(t)}}
}

// Now returns the instant last set.
func (m *Manual) Now() time.Time { return m.bank.Now() }

// Advance moves the clock ahead by d. It panics when d is negative.
func (m *Manual) Advance(d time.Duration) { m.must(m.bank.Jump(d)) }

// Set moves the clock ahead to t. It panics when t has already passed.
func (m *Manual) Set(t time.Time) { m.must(m.bank.Set(t)) }

// Subscribe works as [Bank.Subscribe] does.
func (m *Manual) Subscribe() (changed <-chan struct{}, unsubscribe func()) {
	return m.bank.Subscribe()
}

// WaitUntil works as [Bank.WaitUntil] does.
func (m *Manual) WaitUntil(ctx context.Context, t time.Time) error {
	return m.bank.WaitUntil(ctx, t)
}

// must turns a mistake of the test into a stop: a test that goes on with the
// wrong time proves nothing.
func (m *Manual) must(err error) {
	if err != nil {
		panic(fmt.Sprintf("manual clock: %v", err))
	}
}

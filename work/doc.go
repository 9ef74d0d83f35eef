// Package work owns what the bank does without being asked: delivering messages,
// ending holds and running payments whose time has come, handing transfers to
// their payment systems, telling customers that a consent ends, calling third
// parties back, clearing away what has expired.
//
// It decides nothing. Any number of nodes work over one database, and each piece
// of work is claimed: messages and callbacks one by one, each with a lease and a
// fencing number of its own (package notice, authserver.Callbacks), and what one
// node does for all by a Shift. A Shift that a node has lost without noticing (the
// machine was suspended) goes on for a moment beside its successor's. That is
// harmless, and no act here carries the
// Shift's fence, because none says what is to become of something:
//
//   - payment.Expire and payment.Run ask the desk to look. It decides in its own
//     transaction over what stands there then: a hold that has ended stays as it
//     ended, a payment that ran stays booked once (and the tables refuse a second
//     ending), whoever asks how often.
//   - So it is with transfers: a verdict written down twice, a return booked twice
//     and a standing order run twice are harmless orders, and a payment system
//     knows a payment by its id and carries it once (rail.Network).
//   - xs2a.Book.TellConsent keeps one message, whoever asks how often.
//   - authserver.LapseExternal asks for the end of requests that have expired, each
//     of which ends once.
//   - Purge deletes what expired a day ago; the second one finds nothing.
//
// An act that is added and is not like that carries lease.Lease.Fence to where
// the data is kept.
package work

import (
	"context"
	"errors"
	"sync"
)

// Worker is one kind of background work.
type Worker interface {
	// Start returns when the work has begun; it goes on until Stop, or until ctx
	// ends. A worker is started once.
	Start(ctx context.Context) error
	// Stop returns when everything begun is done. Twice is harmless, and so is
	// stopping what was never started.
	Stop()
}

// ErrStarted means that a worker was started twice.
var ErrStarted = errors.New("work: started already")

// loop runs one function in a goroutine between Start and Stop.
type loop struct {
	mu     sync.Mutex
	cancel context.CancelFunc
	done   chan struct{}
}

func (l *loop) start(ctx context.Context, run func(context.Context)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done != nil {
		return ErrStarted
	}
	ctx, l.cancel = context.WithCancel(ctx)
	l.done = make(chan struct{})
	go func() {
		defer close(l.done)
		run(ctx)
	}()
	return nil
}

func (l *loop) stop() {
	l.mu.Lock()
	cancel, done := l.cancel, l.done
	l.mu.Unlock()
	if done == nil {
		return
	}
	cancel()
	<-done
}

// bell wakes a loop: any number of rings before it is heard are one.
type bell chan struct{}

func newBell() bell { return make(bell, 1) }

func (b bell) ring() {
	select {
	case b <- struct{}{}:
	default:
	}
}

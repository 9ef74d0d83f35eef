// Package work owns what the bank does without being asked: delivering messages,
// ending holds and running payments whose time has come, clearing away what has
// expired.
//
// It decides nothing. Every act is an order or an act of the store that is
// harmless when done twice, so any number of nodes may do the same work at once,
// and a node that stops in the middle leaves nothing half done.
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

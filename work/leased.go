package work

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"okienko/bank"
)

// The defaults of whoever takes work by lease.
const (
	// DefaultParallel keeps a gateway that takes a second for each message busy
	// without needing more connections than gateways allow.
	DefaultParallel = 8
	// DefaultLease is several times what a gateway may take for one message, so
	// that a lease ends only when its worker has died.
	DefaultLease = 45 * time.Second
	// DefaultPoll finds what another node has left behind. What comes up on this
	// node is poked for.
	DefaultPoll = 5 * time.Second

	// settleTime is what keeping the outcome of a try may take when the program
	// is ending. Without it what was sent would be sent again.
	settleTime = 5 * time.Second
)

// leased takes things from a book by lease, so that no two nodes have one at the
// same time, and hands each to do in a goroutine of its own, a bounded number at
// once.
type leased[T any] struct {
	// claim takes at most n things that are due now, until a time.
	claim func(ctx context.Context, worker string, n int, now, until time.Time) ([]T, error)
	// do makes one try and settles it.
	do    func(ctx context.Context, thing T)
	what  string     // is claimed, for the log
	wall  bank.Clock // rules leases and pauses
	node  string     // in leases
	lease time.Duration
	poll  time.Duration
	log   *slog.Logger

	loop  loop
	bell  bell
	slots chan struct{} // one token for each thing on its way

	mu   sync.Mutex
	next time.Time // wall: the earliest try again that this node knows of
}

// ready fills in the defaults of what is zero.
func (l *leased[T]) ready(parallel int) {
	if parallel <= 0 {
		parallel = DefaultParallel
	}
	if l.lease <= 0 {
		l.lease = DefaultLease
	}
	if l.poll <= 0 {
		l.poll = DefaultPoll
	}
	l.bell, l.slots = newBell(), make(chan struct{}, parallel)
}

func (l *leased[T]) run(ctx context.Context) {
	var trying sync.WaitGroup
	defer trying.Wait()
	for ctx.Err() == nil {
		timer := time.NewTimer(l.take(ctx, &trying))
		select {
		case <-l.bell:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// take claims as many things as there are free slots and has them done. It returns
// how long nothing needs to be claimed: a slot that gets free and a poke ring the
// bell.
func (l *leased[T]) take(ctx context.Context, trying *sync.WaitGroup) time.Duration {
	free := cap(l.slots) - len(l.slots)
	if free == 0 {
		return l.poll
	}
	now := l.wall.Now()
	l.mu.Lock()
	if !l.next.After(now) {
		l.next = time.Time{} // this claim is the one that it waited for
	}
	l.mu.Unlock()
	claimed, err := l.claim(ctx, l.node, free, now, now.Add(l.lease))
	if err != nil {
		if ctx.Err() == nil {
			l.log.ErrorContext(ctx, l.what+" cannot be claimed", "error", err)
		}
		return l.poll
	}
	for _, thing := range claimed {
		l.slots <- struct{}{} // never waits: only this loop fills slots
		trying.Go(func() {
			defer func() {
				<-l.slots
				l.bell.ring()
			}()
			l.do(ctx, thing)
		})
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.next.IsZero() {
		return max(0, min(l.poll, l.next.Sub(l.wall.Now())))
	}
	return l.poll
}

// retryAt tells when something that was settled is due once more.
func (l *leased[T]) retryAt(again time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.next.IsZero() || again.Before(l.next) {
		l.next = again
	}
}

// doubled is the pause after so many tries, counted from 1: it doubles from first
// to last.
func doubled(tries int, first, last time.Duration) time.Duration {
	pause := first
	for range tries - 1 {
		if pause *= 2; pause >= last {
			return last
		}
	}
	return pause
}

package work

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"okienko/bank/lease"
)

// The work that one node does for all, by the names of its leases.
const (
	// Falling is what falls due by the bank clock: holds that end, payments whose
	// day has come.
	Falling = "due"
	// Clearing is clearing away what has expired.
	Clearing = "purge"
	// Sending is what is due with transfers that go through payment systems.
	Sending = "send"
	// Telling is announcing to customers what ends.
	Telling = "tell"
	// Lapsing is ending what customers were asked in the bank's application and did
	// not answer.
	Lapsing = "lapse"
)

// Shift is one node's turn at a kind of work that is done on one node at a time.
// The zero Shift is always on: an embedded store has one process, and its file
// lock is the lease.
type Shift struct {
	Leases lease.Book
	Name   string // of the work
	Node   string // of this node; no other one may have it
	Log    *slog.Logger
}

// validity is how long a holder may trust a lease, from before it asked for it.
const validity = lease.Length - lease.Margin

// while runs a function as long as this node has the lease, again and again
// until ctx ends. The context of the function ends with the lease.
func (s *Shift) while(ctx context.Context, run func(context.Context)) {
	if s.Leases == nil {
		run(ctx)
		return
	}
	for ctx.Err() == nil {
		s.once(ctx, run)
	}
}

// once waits for the lease and runs a function under it.
func (s *Shift) once(ctx context.Context, run func(context.Context)) {
	working, stop := context.WithCancel(ctx)
	defer stop()
	held, end, ok := s.take(ctx, stop)
	if !ok {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		run(working)
	}()
	s.keep(working, stop, held, end)
	<-done
	if ctx.Err() == nil {
		s.Log.WarnContext(ctx, "background work lost", "work", s.Name, "fence", held.Fence)
	}
	// Given back at once, the next node need not wait for it to run out.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if err := s.Leases.ReleaseLease(ctx, held); err != nil {
		s.complain(ctx, "a lease cannot be given back; it will run out", err)
	}
}

// take watches the lease until this node has it. end is the timer that calls
// stop when the lease can no longer be trusted.
func (s *Shift) take(ctx context.Context, stop func()) (held lease.Lease, end *time.Timer, ok bool) {
	var seen lease.Lease
	var stale *time.Timer // fires when what was seen has stood for a whole length
	for ; ctx.Err() == nil; pause(ctx, lease.Look) {
		now, err := s.Leases.Lease(ctx, s.Name)
		if err != nil {
			s.complain(ctx, "a lease cannot be read", err)
			continue
		}
		if stale == nil || now != seen {
			seen, stale = now, time.NewTimer(lease.Length)
		}
		if seen.Holder != "" && !fired(stale) {
			continue
		}
		stale = nil // whoever was faster is watched from now on
		end := time.AfterFunc(validity, stop)
		held, err := s.Leases.ClaimLease(ctx, seen, s.Node)
		if err == nil {
			s.Log.InfoContext(ctx, "background work taken over", "work", s.Name, "from", seen.Holder, "fence", held.Fence)
			return held, end, true
		}
		end.Stop()
		if !errors.Is(err, lease.ErrLost) {
			s.complain(ctx, "a lease cannot be claimed", err)
		}
	}
	return lease.Lease{}, nil, false
}

// keep renews a lease until ctx ends, and has stop end it when the lease is lost
// or has run out.
func (s *Shift) keep(ctx context.Context, stop func(), held lease.Lease, end *time.Timer) {
	defer func() { end.Stop() }()
	tick := time.NewTicker(lease.Renew)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		next := time.AfterFunc(validity, stop) // counted from before the question, not from the answer
		_, err := s.Leases.RenewLease(ctx, held)
		switch {
		case err == nil:
			end.Stop()
			end = next
			continue
		case errors.Is(err, lease.ErrLost):
			stop()
		default:
			s.complain(ctx, "a lease cannot be renewed", err)
		}
		next.Stop()
	}
}

func (s *Shift) complain(ctx context.Context, what string, err error) {
	if ctx.Err() == nil {
		s.Log.ErrorContext(ctx, what, "work", s.Name, "error", err)
	}
}

func fired(t *time.Timer) bool {
	select {
	case <-t.C:
		return true
	default:
		return false
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

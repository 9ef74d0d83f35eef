package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// errUnanswered is wrapped by an attempt whose outcome nobody knows, or that
// was put off: it is made again, with the same operation id.
var errUnanswered = errors.New("unanswered")

// unanswered says in a word why, for the counting.
type unanswered struct {
	why string
	err error
}

func (u *unanswered) Error() string        { return fmt.Sprintf("%s: %v", u.why, u.err) }
func (u *unanswered) Is(target error) bool { return target == errUnanswered }
func (u *unanswered) Unwrap() error        { return u.err }

// acknowledged is one operation that was answered: from here on it must never
// be missing.
type acknowledged struct {
	kind, id, answer string
	at               time.Time
	tries            int
}

// record is what the callers know.
type record struct {
	mu     sync.Mutex
	all    []acknowledged
	failed map[string]int // attempts without an answer, by why
	faults []error        // answers that may never come
}

func newRecord() *record { return &record{failed: map[string]int{}} }

const (
	attemptTime = 5 * time.Second        // a caller's patience with one attempt
	again       = 100 * time.Millisecond // until the next one
)

// order makes one operation: it attempts until somebody answers. It gives up
// only with the run, or with an answer that may never come.
func (r *record) order(ctx context.Context, kind, id string, attempt func(context.Context) (string, error)) (string, error) {
	for tries := 1; ; tries++ {
		once, cancel := context.WithTimeout(ctx, attemptTime)
		answer, err := attempt(once)
		cancel()
		if err == nil {
			r.mu.Lock()
			r.all = append(r.all, acknowledged{kind, id, answer, time.Now(), tries})
			r.mu.Unlock()
			return answer, nil
		}
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		var u *unanswered
		if !errors.As(err, &u) {
			r.fault(fmt.Errorf("%s %s, attempt %d: %w", kind, id, tries, err))
			return "", err
		}
		r.mu.Lock()
		r.failed[u.why]++
		r.mu.Unlock()
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(again):
		}
	}
}

func (r *record) fault(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.faults) < 20 {
		r.faults = append(r.faults, err)
	}
}

// acknowledged is everything so far.
func (r *record) acknowledged() []acknowledged {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.all)
}

// count is how many of a kind.
func (r *record) count() map[string]int {
	n := map[string]int{}
	for _, a := range r.acknowledged() {
		n[a.kind]++
	}
	return n
}

// unansweredSince tells the attempts without an answer that are not in before.
func (r *record) unansweredSince(before map[string]int) string {
	now, text := r.unanswered(), ""
	for _, why := range slices.Sorted(maps.Keys(now)) {
		if n := now[why] - before[why]; n > 0 {
			text += fmt.Sprintf(", %d %s", n, why)
		}
	}
	if text == "" {
		return "none"
	}
	return text[2:]
}

func (r *record) unanswered() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.failed)
}

// gap is the longest time between two acknowledgements from an instant on.
func (r *record) gap(from time.Time) (longest time.Duration, ended time.Time) {
	last := from
	for _, a := range r.acknowledged() {
		if a.at.Before(from) {
			continue
		}
		if d := a.at.Sub(last); d > longest {
			longest, ended = d, a.at
		}
		last = a.at
	}
	if d := time.Since(last); d > longest {
		longest, ended = d, time.Time{}
	}
	return longest, ended
}

// since is how many were acknowledged after an instant.
func (r *record) since(t time.Time) int {
	n := 0
	for _, a := range slices.Backward(r.acknowledged()) {
		if a.at.Before(t) {
			break
		}
		n++
	}
	return n
}

// callers run until the returned function is called, which waits for them.
// Each has one operation under way at most.
func callers(ctx context.Context, n int, work func(ctx context.Context, caller int) error) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	last := make(chan struct{})
	for c := range n {
		wg.Go(func() {
			for {
				select {
				case <-last:
					return
				case <-ctx.Done():
					return
				case <-time.After(pause):
				}
				if work(ctx, c) != nil {
					return
				}
			}
		})
	}
	return func() {
		close(last) // what is under way is finished: an operation that nobody knows of proves nothing
		done := make(chan struct{})
		go func() { wg.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(time.Minute):
			cancel()
			<-done
		}
		cancel()
	}
}

// Eight callers that pause a little leave two cores some room for three
// databases; the gaps are what is measured here, not the speed.
const (
	callerCount = 8
	pause       = 10 * time.Millisecond
)

package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// warming is how long callers call before what they do is counted.
const warming = 500 * time.Millisecond

// load is what a number of callers got done, each calling again as soon as it
// has its answer.
type load struct {
	done      int
	took      time.Duration
	latencies []time.Duration // of the calls that ended within took, in order of length
}

func (l load) rate() float64 { return float64(l.done) / l.took.Seconds() }

// percentile is the latency below which p per cent of the calls stayed.
func (l load) percentile(p int) time.Duration {
	if len(l.latencies) == 0 {
		return 0
	}
	return l.latencies[min(len(l.latencies)-1, len(l.latencies)*p/100)]
}

// drive has callers call for a while. edge is called at the beginning and at the
// end of the time that counts. The first error ends everything: a benchmark of
// refusals measures nothing.
func drive(ctx context.Context, callers int, length time.Duration, edge func(), call func(ctx context.Context, caller int) error) (load, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	type answer struct{ at, took time.Duration } // at: since the callers began
	began := time.Now()
	answers := make([][]answer, callers)
	var stopped sync.WaitGroup
	stop := make(chan struct{})
	for i := range callers {
		answers[i] = make([]answer, 0, 1<<10)
		stopped.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-ctx.Done():
					return
				default:
				}
				from := time.Now()
				if err := call(ctx, i); err != nil {
					cancel(err)
					return
				}
				at := time.Now()
				answers[i] = append(answers[i], answer{at.Sub(began), at.Sub(from)})
			}
		})
	}
	pause(ctx, warming)
	from := time.Now()
	edge()
	pause(ctx, length)
	edge()
	to := time.Now()
	close(stop)
	stopped.Wait()
	if err := context.Cause(ctx); err != nil {
		return load{}, err
	}
	l := load{took: to.Sub(from)}
	first, last := from.Sub(began), to.Sub(began)
	for _, list := range answers {
		for _, a := range list {
			if first < a.at && a.at <= last {
				l.latencies = append(l.latencies, a.took)
			}
		}
	}
	l.done = len(l.latencies)
	if l.done == 0 {
		return l, errors.New("nothing was done in the time of one measurement")
	}
	slices.Sort(l.latencies)
	return l, nil
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// meter adds up how much a counter grew between edges.
type meter struct {
	read   func() time.Duration
	before time.Duration
	grown  time.Duration
	open   bool
}

func (m *meter) edge() {
	now := m.read()
	if m.open {
		m.grown += now - m.before
	}
	m.before, m.open = now, !m.open
}

// each is a share of what was measured for one of n.
func (m *meter) each(n int) time.Duration { return m.grown / time.Duration(n) }

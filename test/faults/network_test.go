package faults

import (
	"testing"

	"okienko/clock"
	"okienko/test/postgres"
)

func rounds(most int) int {
	if testing.Short() {
		return most / 2
	}
	return most
}

// A connection that is cut anywhere in a transaction, also when the commit is
// done and its answer lost, costs nobody anything.
func TestConnectionsAreCut(t *testing.T) {
	t.Parallel()
	for _, moment := range []Moment{InBatch, BeforeCommit, AfterCommit} {
		t.Run(moment.String(), func(t *testing.T) {
			t.Parallel()
			direct := postgres.DSN(t)
			proxy := Start(t, direct)
			h := build(t, rounds(10), direct, proxy.DSN(), direct, clock.Wall{})
			ended, cuts := make(chan struct{}), 0
			go func() {
				defer close(ended)
				h.load()
			}()
			for over := false; !over; {
				select {
				case <-proxy.Cut(moment, cuts%3+1):
					cuts++
				case <-ended:
					over = true
				}
			}
			t.Logf("%d cuts", cuts)
			if cuts < 5 {
				t.Errorf("only %d connections were cut", cuts)
			}
			h.check()
		})
	}
}

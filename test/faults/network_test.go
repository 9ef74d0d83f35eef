package faults

import (
	"sync"
	"testing"
	"time"

	"okienko/clock"
	"okienko/test/postgres"
)

// rounds is fewer with -short, never none.
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
	for _, moment := range []Moment{InTransaction, InBatch, BeforeCommit, AfterCommit} {
		t.Run(moment.String(), func(t *testing.T) {
			t.Parallel()
			direct := postgres.DSN(t)
			proxy := Start(t, direct)
			h := build(t, rounds(10), direct, proxy.DSN(), direct, clock.Wall{})
			ended := h.begin()
			cuts := 0
			for over := false; !over && cuts < 40; {
				select {
				case <-proxy.Cut(moment, cuts%3+1):
					cuts++
				case <-ended:
					over = true
				}
			}
			<-ended
			t.Logf("%d cuts", cuts)
			if cuts < 5 {
				t.Errorf("only %d connections were cut", cuts)
			}
			h.check()
		})
	}
}

// A database whose every answer is late makes the bank slow and nothing else.
func TestDatabaseAnswersLate(t *testing.T) {
	t.Parallel()
	direct := postgres.DSN(t)
	proxy := Start(t, direct)
	h := build(t, 1, direct, proxy.DSN(), direct, clock.Wall{})
	proxy.Delay(300 * time.Millisecond)
	<-h.begin()
	proxy.Delay(0)
	if len(h.errors) > 0 {
		t.Error("callers were told of errors")
	}
	h.check()
}

// outage has one node cut off for a time while callers go on, and tells how many
// orders the other node answered meanwhile.
func (h *house) outage(begin, end func(), length time.Duration) (meanwhile int64) {
	var wait sync.WaitGroup
	wait.Go(func() { <-h.begin() })
	h.until(h.answered(callers))
	begin()
	before := h.done[1].Load()
	time.Sleep(length) // the fault lasts; nothing is waited for
	meanwhile = h.done[1].Load() - before
	end()
	wait.Wait()
	return meanwhile
}

// A node that finds the database's port closed comes back by itself; the other
// one works on.
func TestDatabaseRefusesConnections(t *testing.T) {
	t.Parallel()
	direct := postgres.DSN(t)
	proxy := Start(t, direct)
	h := build(t, rounds(10), direct, proxy.DSN(), direct, clock.Wall{})
	meanwhile := h.outage(proxy.Refuse, func() {
		if err := proxy.Admit(); err != nil {
			t.Error(err)
		}
	}, 3*time.Second)
	t.Logf("the other node answered %d orders meanwhile", meanwhile)
	if meanwhile == 0 {
		t.Error("a node that was cut off has stopped the other one")
	}
	h.check()
}

// A node that the network swallows in the middle of a batch holds the turn of
// all nodes. The database takes it away from it, and what the node thinks of the
// batch when it comes back is no matter.
func TestNetworkSwallowsEverything(t *testing.T) {
	t.Parallel()
	for _, moment := range []Moment{InTransaction, AfterCommit} {
		t.Run(moment.String(), func(t *testing.T) {
			t.Parallel()
			direct := postgres.DSN(t)
			proxy := Start(t, direct)
			h := build(t, rounds(10), direct, proxy.DSN(), direct, clock.Wall{})
			meanwhile := h.outage(func() { <-proxy.FreezeAt(moment, 2) }, proxy.Thaw, 7*time.Second)
			t.Logf("the other node answered %d orders meanwhile", meanwhile)
			if meanwhile == 0 {
				t.Error("a node that was cut off has stopped the other one")
			}
			h.check()
		})
	}
}

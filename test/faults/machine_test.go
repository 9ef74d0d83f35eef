package faults

import (
	"sync"
	"testing"
	"time"

	"okienko/clock"
	"okienko/test/postgres"
)

// A database that is killed in the middle of batches, with all its processes,
// and started again.
func TestDatabaseIsKilled(t *testing.T) {
	t.Parallel()
	server := postgres.Start(t)
	dsn := server.DSN(t)
	h := build(t, rounds(20), dsn, dsn, dsn, clock.Wall{})
	ended := h.begin()
	for n := range int64(3) {
		h.until(h.answered((n + 1) * callers))
		server.Kill(t)
		server.Restart(t)
	}
	<-ended
	h.check()
}

// A database that is restarted in good order, which throws everybody out.
func TestDatabaseIsRestarted(t *testing.T) {
	t.Parallel()
	server := postgres.Start(t)
	dsn := server.DSN(t)
	h := build(t, rounds(20), dsn, dsn, dsn, clock.Wall{})
	ended := h.begin()
	for n := range int64(3) {
		h.until(h.answered((n + 1) * callers))
		server.Restart(t)
	}
	<-ended
	h.check()
}

// A database whose disk is full refuses to write, or ends altogether; with room
// again the bank goes on.
func TestDatabaseDiskIsFull(t *testing.T) {
	t.Parallel()
	server := postgres.Start(t, postgres.SmallDisk())
	dsn := server.DSN(t)
	h := build(t, rounds(60), dsn, dsn, dsn, clock.Wall{})
	ended := h.begin()
	h.until(h.answered(callers))
	server.FillDisk(t)
	h.until(func() bool { return h.told() >= callers })
	server.FreeDisk(t)
	if server.Ended() { // the operator starts it again
		server.Restart(t)
	}
	<-ended
	h.check()
}

// stepping is a machine's clock that somebody sets.
type stepping struct {
	clock.Wall
	mu sync.Mutex
	by time.Duration
}

func (s *stepping) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Wall.Now().Add(s.by)
}

func (s *stepping) step(by time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.by = by
}

// A machine whose clock is set forwards and back under the bank, beside one whose
// clock is right.
func TestClockSteps(t *testing.T) {
	t.Parallel()
	dsn, wall := postgres.DSN(t), &stepping{}
	h := build(t, rounds(40), dsn, dsn, dsn, wall)
	ended := h.begin()
	for n, by := range []time.Duration{-2 * time.Hour, 2 * time.Hour, 0, 26 * time.Hour, -26 * time.Hour, 0} {
		h.until(h.answered(int64(n+1) * callers))
		wall.step(by)
	}
	<-ended
	if len(h.errors) > 0 {
		t.Error("callers were told of errors")
	}
	h.check()
}

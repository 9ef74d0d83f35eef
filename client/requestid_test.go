package client

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"sync"
	"testing"
	"time"
)

// instantOf is what an id of version 1 says of when it was made.
func instantOf(t *testing.T, id string) time.Time {
	t.Helper()
	u, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
	if err != nil || len(u) != 16 || u[6]>>4 != 1 || u[8]>>6 != 2 {
		t.Fatalf("%s is no UUID of version 1 (%v)", id, err)
	}
	ticks := uint64(binary.BigEndian.Uint16(u[6:])&0x0fff)<<48 | uint64(binary.BigEndian.Uint16(u[4:]))<<32 | uint64(binary.BigEndian.Uint32(u))
	return time.Unix(0, int64(ticks-gregorian)*100)
}

func TestRequestIDsSayWhenTheyWereMade(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	ids := &requestIDs{now: func() time.Time { return now }}
	first := ids.next()
	if got := instantOf(t, first); !got.Equal(now) {
		t.Errorf("made at %v, says %v", now, got)
	}
	// The clock is set back an hour: ids follow it, and none comes twice.
	now = now.Add(-time.Hour)
	if got := instantOf(t, ids.next()); !got.Equal(now) {
		t.Errorf("after the clock went back to %v: %v", now, got)
	}
	now = now.Add(time.Hour)
	if again := ids.next(); again == first {
		t.Errorf("%s came twice", again)
	}
}

func TestRequestIDsNeverRepeat(t *testing.T) {
	now := time.Now()
	ids := &requestIDs{now: func() time.Time { return now }} // a clock that stands
	var mu sync.Mutex
	var wait sync.WaitGroup
	seen := map[string]bool{}
	for range 8 {
		wait.Go(func() {
			for range 1000 {
				id := ids.next()
				mu.Lock()
				if seen[id] {
					t.Errorf("%s came twice", id)
				}
				seen[id] = true
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	if len(seen) != 8000 {
		t.Errorf("%d ids", len(seen))
	}
}

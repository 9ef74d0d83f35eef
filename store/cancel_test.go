package store

import (
	"context"
	"testing"
	"time"
)

// A caller who goes away in the middle of an act, at whatever instant, must not
// leave the one writer inside a transaction: nobody could write any more.
func TestGoneCallersLeaveTheWriterFree(t *testing.T) {
	s := openTest(t, ":memory:", &stopped{now: time.Now()})
	nothing := func(context.Context, *writeTx) error { return nil }
	for i := range 4000 {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for range i % 400 * 20 {
			}
			cancel()
		}()
		_ = s.write(ctx, nothing)
		cancel()
		if err := s.write(t.Context(), nothing); err != nil {
			t.Fatalf("after %d callers had gone: %v", i+1, err)
		}
	}
}

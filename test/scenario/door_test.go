package scenario

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
)

// mostCoreOnly is how many scenarios may be for the core only. Each says what no
// door can: a worker that sleeps, staff who have no such command.
const mostCoreOnly = 4

// Every scenario is played once more in a bank of its own, by HTTPS calls as
// partners make them.
func TestThroughTheDoor(t *testing.T) {
	var played, steps, coreOnly atomic.Int64
	t.Run("bank", func(t *testing.T) {
		for _, f := range files(t) {
			for i := range f.Scenarios {
				s := &f.Scenarios[i]
				if s.CoreOnly {
					coreOnly.Add(1)
					continue
				}
				t.Run(strings.TrimSuffix(f.Name, ".txt")+"/"+s.Name, func(t *testing.T) {
					t.Parallel()
					d := openDoor(t)
					if err := f.Play(t.Context(), s, d); err != nil {
						t.Error(err)
					}
					if err := d.Close(context.Background()); err != nil {
						t.Error(err)
					}
					played.Add(1)
					steps.Add(int64(d.Steps()))
				})
			}
		}
	})
	t.Logf("door: %d scenarios, %d steps; core only: %d", played.Load(), steps.Load(), coreOnly.Load())
	if n := coreOnly.Load(); n > mostCoreOnly {
		t.Errorf("%d scenarios are for the core only; more than %d need a reason", n, mostCoreOnly)
	}
}

package scenario

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"okienko/clock"
	"okienko/store"
	"okienko/test/engine"
	"okienko/test/world"
)

func TestMain(m *testing.M) {
	engine.Once("TestCoreInMemory")
	goleak.VerifyTestMain(m)
}

// files reads every scenario file.
func files(t *testing.T) []*File {
	t.Helper()
	names, err := filepath.Glob("*.txt")
	if err != nil || len(names) < 10 {
		t.Fatalf("%d files, %v", len(names), err)
	}
	var read []*File
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := Parse(name, string(text))
		if err != nil {
			t.Fatal(err)
		}
		read = append(read, f)
	}
	return read
}

// playAll plays every scenario in a bank of its own.
func playAll(t *testing.T, open func(t *testing.T, c *clock.Manual) world.World) {
	scenarios, coreOnly := 0, 0
	for _, f := range files(t) {
		for i := range f.Scenarios {
			s := &f.Scenarios[i]
			scenarios++
			if s.CoreOnly {
				coreOnly++
			}
			t.Run(strings.TrimSuffix(f.Name, ".txt")+"/"+s.Name, func(t *testing.T) {
				c := clock.NewManual(Beginning())
				e := Core(open(t, c), c)
				if err := f.Play(t.Context(), s, e); err != nil {
					t.Error(err)
				}
				if err := e.Close(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
	}
	t.Logf("%d scenarios, %d of them for the core only", scenarios, coreOnly)
}

func TestCoreInMemory(t *testing.T) {
	playAll(t, func(_ *testing.T, c *clock.Manual) world.World { return world.Memory(c) })
}

func TestCoreOverTheStore(t *testing.T) {
	playAll(t, func(t *testing.T, c *clock.Manual) world.World {
		w, err := world.Kept(t.Context(), engine.Keep(t, store.Config{}), c)
		if err != nil {
			t.Fatal(err)
		}
		return w
	})
}

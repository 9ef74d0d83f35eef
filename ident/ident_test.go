package ident

import (
	"bytes"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"
)

type stopped time.Time

func (s stopped) Now() time.Time { return time.Time(s) }

func TestUniqueAndOrderedUnderConcurrency(t *testing.T) {
	s := New(stopped(time.UnixMilli(1_800_000_000_000)))
	const callers, each = 8, 2000
	var mu sync.Mutex
	seen := map[string]bool{}
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			mine := make([]string, each)
			for i := range mine {
				mine[i] = s.NewID()
			}
			if !sort.StringsAreSorted(mine) {
				t.Error("identifiers of one caller went back")
			}
			mu.Lock()
			defer mu.Unlock()
			for _, id := range mine {
				if seen[id] {
					t.Errorf("%s came twice", id)
				}
				if len(id) != 26 || strings.Trim(id, alphabet) != "" {
					t.Errorf("%q is not an identifier", id)
				}
				seen[id] = true
			}
		})
	}
	wg.Wait()
}

func TestReplaysFromTheSameRandomness(t *testing.T) {
	at := stopped(time.UnixMilli(1_800_000_000_000))
	a := NewFrom(at, bytes.NewReader(bytes.Repeat([]byte("abcdefghij"), 4)))
	b := NewFrom(at, bytes.NewReader(bytes.Repeat([]byte("abcdefghij"), 4)))
	for range 4 {
		if x, y := a.NewID(), b.NewID(); x != y {
			t.Fatalf("%s and %s from the same randomness", x, y)
		}
	}
}

func TestLaterTimesSortLater(t *testing.T) {
	random := strings.NewReader(strings.Repeat("\xff", 10) + strings.Repeat("\x00", 10))
	early := NewFrom(stopped(time.UnixMilli(1_800_000_000_000)), random).NewID()
	late := NewFrom(stopped(time.UnixMilli(1_800_000_000_001)), random).NewID()
	if early >= late {
		t.Errorf("%s, a millisecond before %s, sorts after it", early, late)
	}
}

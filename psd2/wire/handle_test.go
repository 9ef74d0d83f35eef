package wire

import (
	"regexp"
	"testing"
	"time"

	"okienko/clock"
	"okienko/ident"
)

func TestHandlesAreUUIDs(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	ids := ident.New(clock.NewManual(time.Date(2026, 11, 18, 11, 0, 0, 0, time.UTC)))
	for range 1000 {
		own := ids.NewID()
		handle := HandleOf(own)
		if !form.MatchString(handle) || OwnID(handle) != own {
			t.Fatalf("%s has the handle %s, which means %s", own, handle, OwnID(handle))
		}
		if OwnID(own) != Nothing {
			t.Fatal("an id of the bank is a handle of itself")
		}
	}
	for own, handle := range map[string]string{
		"00000000000000000000000000": "00000000-0000-0000-0000-000000000000",
		"00000000000000000000000001": "00000000-0000-0000-0000-000000000001",
		"7zzzzzzzzzzzzzzzzzzzzzzzzz": "ffffffff-ffff-ffff-ffff-ffffffffffff",
	} {
		if HandleOf(own) != handle || OwnID(handle) != own {
			t.Errorf("%s ↔ %s, want %s ↔ %s", HandleOf(own), OwnID(handle), handle, own)
		}
	}
	for _, handle := range []string{"", "x y", "00000000-0000-0000-0000-00000000000g", "FFFFFFFF-ffff-ffff-ffff-ffffffffffff", "8zzzzzzzzzzzzzzzzzzzzzzzzz"} {
		if got := OwnID(handle); got != Nothing && got != handle {
			t.Errorf("%q means %q", handle, got)
		}
	}
}

package mbank

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
		handle := wireID(own)
		if !form.MatchString(handle) || ownID(handle) != own {
			t.Fatalf("%s has the handle %s, which means %s", own, handle, ownID(handle))
		}
		if ownID(own) != nothing {
			t.Fatal("an id of the bank is a handle of itself")
		}
	}
	for own, handle := range map[string]string{
		"00000000000000000000000000": "00000000-0000-0000-0000-000000000000",
		"00000000000000000000000001": "00000000-0000-0000-0000-000000000001",
		"7zzzzzzzzzzzzzzzzzzzzzzzzz": "ffffffff-ffff-ffff-ffff-ffffffffffff",
	} {
		if wireID(own) != handle || ownID(handle) != own {
			t.Errorf("%s ↔ %s, want %s ↔ %s", wireID(own), ownID(handle), handle, own)
		}
	}
	for _, handle := range []string{"", "x y", "00000000-0000-0000-0000-00000000000g", "FFFFFFFF-ffff-ffff-ffff-ffffffffffff", "8zzzzzzzzzzzzzzzzzzzzzzzzz"} {
		if got := ownID(handle); got != nothing && got != handle {
			t.Errorf("%q means %q", handle, got)
		}
	}
}

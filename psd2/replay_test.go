package psd2

import (
	"strings"
	"testing"
	"time"
)

func TestUUIDs(t *testing.T) {
	// RFC 9562, appendix A.1: 22 February 2022, 19:22:22 UTC.
	u, ok := parseUUID("C232AB00-9414-11EC-B3C8-9F6BDECED846")
	if !ok || u.version() != 1 || !u.made().Equal(time.Date(2022, 2, 22, 19, 22, 22, 0, time.UTC)) {
		t.Errorf("%v version %d made %v", ok, u.version(), u.made())
	}
	if u.String() != "c232ab00-9414-11ec-b3c8-9f6bdeced846" {
		t.Error(u.String())
	}
	if u, ok := parseUUID("919108f7-52d1-4320-9bac-f847db4148a8"); !ok || u.version() != 4 {
		t.Error("the UUID of appendix A.3 is not of version 4")
	}
	for _, s := range []string{
		"", "c232ab00941411ecb3c89f6bdeced846", "c232ab00-9414-11ec-b3c8-9f6bdeced84", "c232ab00-9414-11ec-b3c8-9f6bdeced8466",
		"{c232ab00-9414-11ec-b3c8-9f6bdeced846}", "c232ab00-9414-11ec-b3c8-9f6bdeced84g", "c232ab00-9414-11ec-c3c8-9f6bdeced846",
		"c232ab00_9414_11ec_b3c8_9f6bdeced846", "c232ab00-9414-11ec-b3c8-9f6bdeced846\n", strings.Repeat("-", 36),
	} {
		if WellFormedRequestID(s) {
			t.Errorf("%q is a UUID", s)
		}
	}
	c := &Core{Config: Config{Random: strings.NewReader(strings.Repeat("\xff", 16))}}
	if id, err := c.newUUID(); err != nil || id != "ffffffff-ffff-4fff-bfff-ffffffffffff" {
		t.Errorf("%q %v", id, err)
	}
	if _, err := c.newUUID(); err == nil {
		t.Error("a client id without chance")
	}
}

func FuzzRequestID(f *testing.F) {
	f.Add("c232ab00-9414-11ec-b3c8-9f6bdeced846")
	f.Add("00000000-0000-1000-8000-000000000000")
	f.Add("ffffffff-ffff-1fff-bfff-ffffffffffff")
	f.Fuzz(func(t *testing.T, s string) {
		u, ok := parseUUID(s)
		if ok && !strings.EqualFold(u.String(), s) {
			t.Errorf("%q reads as %q", s, u.String())
		}
		if ok && u.version() == 1 {
			if year := u.made().Year(); year < 1582 || year > 5237 { // 60 bits of 100 ns
				t.Errorf("%q was made in %d", s, year)
			}
		}
	})
}

package edge

import (
	"fmt"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"okienko/clock"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// hand is a wall clock that may be set back.
type hand struct{ t time.Time }

func (h *hand) Now() time.Time { return h.t }

func TestRateLimiter(t *testing.T) {
	wall := clock.NewManual(noon)
	l := NewRateLimiter[string](wall, Rate{Burst: 3, Every: time.Second}, 10)
	take := func(key string, want bool, wantAfter time.Duration) {
		t.Helper()
		if ok, after := l.Allow(key); ok != want || after != wantAfter {
			t.Errorf("at %v: %v, retry after %v; want %v, %v", wall.Now().Sub(noon), ok, after, want, wantAfter)
		}
	}
	for range 3 {
		take("a", true, 0)
	}
	take("a", false, time.Second)
	take("b", true, 0) // its own bucket
	wall.Advance(400 * time.Millisecond)
	take("a", false, 600*time.Millisecond)
	take("a", false, 600*time.Millisecond) // asking costs nothing
	wall.Advance(600 * time.Millisecond)
	take("a", true, 0)
	take("a", false, time.Second)
	wall.Advance(time.Hour) // never more than the burst
	for range 3 {
		take("a", true, 0)
	}
	take("a", false, time.Second)
}

func TestRateLimiterMemoryIsBounded(t *testing.T) {
	wall := clock.NewManual(noon)
	l := NewRateLimiter[int](wall, Rate{Burst: 1, Every: time.Minute}, 100)
	for i := range 1000 {
		l.Allow(i)
		l.Allow(7) // in use all the time, so never forgotten
		if n := l.Len(); n > 100 {
			t.Fatalf("%d keys", n)
		}
	}
	if ok, _ := l.Allow(7); ok {
		t.Error("a key in use was forgotten")
	}
	if ok, _ := l.Allow(999); ok {
		t.Error("the newest key was forgotten")
	}
	wall.Advance(time.Hour)
	for i := range 200 {
		l.Allow(10_000 + i%3)
		wall.Advance(time.Hour)
	}
	if n := l.Len(); n > 5 {
		t.Errorf("%d keys remembered long after the flood", n)
	}
}

func TestRateLimiterSurvivesAClockSetBack(t *testing.T) {
	wall := &hand{noon}
	l := NewRateLimiter[string](wall, Rate{Burst: 2, Every: time.Second}, 10)
	l.Allow("a")
	l.Allow("a")
	wall.t = noon.Add(-24 * time.Hour)
	if ok, after := l.Allow("a"); ok || after != time.Second {
		t.Errorf("%v, %v", ok, after)
	}
	wall.t = wall.t.Add(time.Second)
	if ok, _ := l.Allow("a"); !ok {
		t.Error("locked out for as long as the clock was set back")
	}
}

func TestRateLimiterConcurrently(t *testing.T) {
	l := NewRateLimiter[string](clock.NewManual(noon), Rate{Burst: 40, Every: time.Hour}, 10)
	var passed atomic.Int64
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if ok, _ := l.Allow("a"); ok {
				passed.Add(1)
			}
		})
	}
	all.Wait()
	if passed.Load() != 40 {
		t.Errorf("%d passed, want 40", passed.Load())
	}
}

func TestRetryAfterIsNeverTooEarly(t *testing.T) {
	for after, want := range map[time.Duration]string{
		0: "1", time.Millisecond: "1", time.Second: "1", 1001 * time.Millisecond: "2", time.Minute: "60",
	} {
		h := http.Header{}
		if SetRetryAfter(h, after); h.Get("Retry-After") != want {
			t.Errorf("%v: %s", after, h.Get("Retry-After"))
		}
	}
}

func TestNetwork(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.1":              "192.0.2.1/32",
		"::ffff:192.0.2.1":       "192.0.2.1/32",
		"2001:db8:1:2:3:4:5:6":   "2001:db8:1:2::/64",
		"fe80::1:2:3:4%eth0":     "fe80::/64",
		"2001:db8:1:2:ffff::1:1": "2001:db8:1:2::/64",
	} {
		if got := fmt.Sprint(Network(netip.MustParseAddr(addr))); got != want {
			t.Errorf("%s: %s", addr, got)
		}
	}
	if Network(netip.Addr{}).IsValid() {
		t.Error("no address has a network")
	}
}

func BenchmarkRateLimiter(b *testing.B) {
	l := NewRateLimiter[netip.Prefix](clock.Wall{}, Rate{Burst: 10, Every: time.Millisecond}, 1000)
	keys := make([]netip.Prefix, 4096)
	for i := range keys {
		keys[i] = Network(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		l.Allow(keys[i%len(keys)])
	}
}

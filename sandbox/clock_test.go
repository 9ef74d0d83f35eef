package sandbox_test

import (
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"okienko/clock"
	"okienko/sandbox"
)

func TestClockIsMovedByJSONAndKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), sandbox.ClockFile)
	machine := clock.NewManual(wall)
	open := func() (*clock.Bank, *sandbox.Clock) {
		var state clock.State
		if _, err := sandbox.LoadJSON(path, &state); err != nil {
			t.Fatal(err)
		}
		b, err := clock.NewMovable(state, machine)
		if err != nil {
			t.Fatal(err)
		}
		return b, sandbox.NewClock(sandbox.ClockConfig{Clock: b, Speed: func() int { return b.State().Speed }, MaxSpeed: clock.MaxSpeed,
			Keep: func() error { return sandbox.SaveJSON(path, b.State()) }})
	}
	bankClock, c := open()

	type state struct {
		Now    time.Time
		Local  string
		Frozen bool
		Speed  int
		Error  string
	}
	for _, step := range []struct {
		body   string
		status int
		now    time.Time
		speed  int
	}{
		{`{"jump":"36h"}`, 200, wall.Add(36 * time.Hour), 1},
		{`{"freeze":true}`, 200, wall.Add(36 * time.Hour), 0},
		{`{"set":"2027-01-01T00:00:00+01:00"}`, 200, time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC), 0},
		{`{"run":60}`, 200, time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC), 60},
		{`{"set":"2026-12-31T00:00:00Z"}`, 400, time.Time{}, 0},
		{`{"jump":"-1h"}`, 400, time.Time{}, 0},
		{`{"jump":36}`, 400, time.Time{}, 0},
		{`{"freeze":false}`, 400, time.Time{}, 0},
		{`{"run":0}`, 400, time.Time{}, 0},
		{`{"run":1000000}`, 400, time.Time{}, 0},
		{`{"set":"9999-01-01T00:00:00Z"}`, 400, time.Time{}, 0},
		{`{"run":1,"freeze":true}`, 400, time.Time{}, 0},
		{`{"run":1,"run":2}`, 400, time.Time{}, 0},
		{`{"stop":true}`, 400, time.Time{}, 0},
		{`{}`, 400, time.Time{}, 0},
		{`{"run":1} {}`, 400, time.Time{}, 0},
		{`[]`, 400, time.Time{}, 0},
		{``, 400, time.Time{}, 0},
		{`{"run":` + strings.Repeat(" ", 5000) + `1}`, 400, time.Time{}, 0},
	} {
		r := httptest.NewRequest("POST", "https://localhost:8445/clock", strings.NewReader(step.body))
		r.Header.Set("Content-Type", "application/json")
		var got state
		if status := serve(t, c, r, &got); status != step.status {
			t.Errorf("%.40s: %d %+v", step.body, status, got)
		} else if status == 200 && (!got.Now.Equal(step.now) || got.Speed != step.speed || got.Frozen != (step.speed == 0)) {
			t.Errorf("%s: %+v", step.body, got)
		}
	}

	machine.Advance(time.Minute) // an hour of the bank
	want := bankClock.Now()
	_, again := open()
	var got state
	if status := serve(t, again, httptest.NewRequest("GET", "https://localhost:8445/clock", nil), &got); status != 200 || !got.Now.Equal(want) || got.Speed != 60 {
		t.Errorf("after a restart %d %+v, before it was %v", status, got, want)
	}
	if got.Local != "2027-01-01T01:00:00+01:00" {
		t.Errorf("in Warsaw it is %s", got.Local)
	}
}

func TestForeignPageMovesNoClock(t *testing.T) {
	b := clock.NewManual(wall)
	c := sandbox.NewClock(sandbox.ClockConfig{Clock: still{b}, Speed: func() int { return 0 }})
	for name, change := range map[string][2]string{"form": {"Content-Type", "text/plain"}, "site": {"Sec-Fetch-Site", "cross-site"}} {
		r := httptest.NewRequest("POST", "https://localhost:8445/clock", strings.NewReader(`{"jump":"1h"}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set(change[0], change[1])
		if status := serve(t, c, r, nil); status == 200 || !b.Now().Equal(wall) {
			t.Errorf("%s: %d, and it is %v", name, status, b.Now())
		}
	}
}

// still is a manual clock in the shape of a movable one.
type still struct{ *clock.Manual }

func (s still) Freeze() error              { return nil }
func (s still) Run(int) error              { return nil }
func (s still) Jump(d time.Duration) error { s.Advance(d); return nil }
func (s still) Set(t time.Time) error      { s.Manual.Set(t); return nil }

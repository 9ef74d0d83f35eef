package calendar_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"okienko/bank/calendar"
)

func TestDateOfIsTheDayInWarsaw(t *testing.T) {
	for _, tt := range []struct{ utc, want string }{
		{"2026-01-31T22:59:59.999999999Z", "2026-01-31"}, // winter: UTC+1
		{"2026-01-31T23:00:00Z", "2026-02-01"},
		{"2026-07-31T21:59:59Z", "2026-07-31"}, // summer: UTC+2
		{"2026-07-31T22:00:00Z", "2026-08-01"},
		{"2026-12-31T23:00:00Z", "2027-01-01"},
		{"2026-08-01T03:00:00+05:00", "2026-08-01"}, // the zone of the argument is no matter
		{"2026-08-01T02:59:59+05:00", "2026-07-31"},
	} {
		at, err := time.Parse(time.RFC3339Nano, tt.utc)
		if err != nil {
			t.Fatal(err)
		}
		if got := calendar.DateOf(at).String(); got != tt.want {
			t.Errorf("DateOf(%s) = %s, want %s", tt.utc, got, tt.want)
		}
		if got := calendar.MonthOf(at).String(); got != tt.want[:7] {
			t.Errorf("MonthOf(%s) = %s, want %s", tt.utc, got, tt.want[:7])
		}
	}
}

func TestLengthOfDayFollowsTheClockChange(t *testing.T) {
	for day, want := range map[string]time.Duration{
		"2026-03-28": 24 * time.Hour,
		"2026-03-29": 23 * time.Hour,
		"2026-10-25": 25 * time.Hour,
		"2027-03-28": 23 * time.Hour,
		"2027-10-31": 25 * time.Hour,
		"1945-04-29": 23 * time.Hour, // began at 1:00
	} {
		d := mustDate(t, day)
		if got := d.AddDays(1).Start().Sub(d.Start()); got != want {
			t.Errorf("%s lasts %v, want %v", day, got, want)
		}
	}
}

func TestStartIsTheFirstInstantOfTheDay(t *testing.T) {
	for d := mustDate(t, "1945-01-01"); d.Year < 2045; d = d.AddDays(1) {
		start := d.Start()
		if got := calendar.DateOf(start); got != d {
			t.Fatalf("%v starts on %v", d, got)
		}
		if got := calendar.DateOf(start.Add(-1)); got != d.AddDays(-1) {
			t.Fatalf("just before %v it is %v", d, got)
		}
	}
}

func TestMonths(t *testing.T) {
	m := calendar.Month{Year: 2026, Month: time.November}
	for _, want := range []string{"2026-11", "2026-12", "2027-01", "2027-02"} {
		if m.String() != want {
			t.Errorf("got month %v, want %s", m, want)
		}
		if got := calendar.MonthOf(m.Start()); got != m {
			t.Errorf("%v starts in %v", m, got)
		}
		if got := calendar.MonthOf(m.Start().Add(-1)).Next(); got != m {
			t.Errorf("after the month before %v comes %v", m, got)
		}
		if got := m.First().YearMonth(); got != m {
			t.Errorf("first day of %v is in %v", m, got)
		}
		m = m.Next()
	}
}

func TestParseDateRefusesWhatIsNoDate(t *testing.T) {
	for _, s := range []string{
		"", "2026", "2026-11", "2026-11-00", "2026-11-31", "2026-02-29", "1900-02-29", "2026-13-01", "2026-00-01",
		"0000-01-01", "2026-1-01", "2026-11-1", "20261121", "2026/11/21", "2026-11-21 ", " 2026-11-21",
		"2026-11-21T00:00:00Z", "-026-11-21", "+026-11-21", "21.11.2026", "202٦-11-2",
	} {
		if d, err := calendar.ParseDate(s); err != calendar.ErrDate || !d.IsZero() {
			t.Errorf("ParseDate(%q) = %v, %v", s, d, err)
		}
	}
}

func TestDatesCountLikeDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := calendar.Date{Year: 2026, Month: 1, Day: 1}.AddDays(rapid.IntRange(-300_000, 300_000).Draw(t, "day"))
		n := rapid.IntRange(-20_000, 20_000).Draw(t, "n")
		e := d.AddDays(n)
		if e.AddDays(-n) != d {
			t.Fatalf("%v + %d - %d = %v", d, n, n, e.AddDays(-n))
		}
		if d.Before(e) != (n > 0) || d.After(e) != (n < 0) || (d.Compare(e) == 0) != (n == 0) {
			t.Fatalf("order of %v and %v is wrong", d, e)
		}
		if want := time.Weekday(((int(d.Weekday())+n)%7 + 7) % 7); e.Weekday() != want {
			t.Fatalf("%v is a %v, want %v", e, e.Weekday(), want)
		}
		if back, err := calendar.ParseDate(e.String()); err != nil || back != e {
			t.Fatalf("%v reads back as %v, %v", e, back, err)
		}
	})
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2026-11-21", "2024-02-29", "2023-02-29", "0000-00-00", "9999-12-31", "2026-11-2x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := calendar.ParseDate(s)
		// The standard library's parser is the judge, except that it knows a year 0.
		std, stdErr := time.Parse(time.DateOnly, s)
		if want := stdErr == nil && std.Year() > 0; (err == nil) != want {
			t.Fatalf("ParseDate(%q): %v; the standard library: %v", s, err, stdErr)
		}
		if err == nil && d.String() != s {
			t.Fatalf("%q prints as %q", s, d)
		}
	})
}

func mustDate(t *testing.T, s string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return d
}

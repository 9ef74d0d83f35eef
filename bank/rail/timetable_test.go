package rail_test

import (
	"testing"
	"time"

	"okienko/bank/calendar"
	"okienko/bank/rail"
	"okienko/bank/transfer"
)

// warsaw reads "2026-03-10 12:00", Warsaw time.
func warsaw(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04:05.999999", s, calendar.Warsaw())
	if err != nil {
		at, err = time.ParseInLocation("2006-01-02 15:04", s, calendar.Warsaw())
	}
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestWhenPaymentsLeave(t *testing.T) {
	const d0, d1, d2 = transfer.ExpressD0, transfer.StandardD1, transfer.StandardD2
	for _, c := range []struct {
		s            transfer.System
		d            transfer.Delivery
		ready, leave string
	}{
		// A Tuesday: three sessions, the last instant of each still in time.
		{transfer.Elixir, d0, "2026-03-10 00:00", "2026-03-10 08:00"},
		{transfer.Elixir, d0, "2026-03-10 08:00", "2026-03-10 08:00"},
		{transfer.Elixir, d0, "2026-03-10 08:00:00.000001", "2026-03-10 12:00"},
		{transfer.Elixir, d0, "2026-03-10 12:01", "2026-03-10 15:30"},
		{transfer.Elixir, d0, "2026-03-10 15:30", "2026-03-10 15:30"},
		{transfer.Elixir, d0, "2026-03-10 15:31", "2026-03-11 08:00"},
		{transfer.Elixir, d1, "2026-03-10 00:00", "2026-03-11 08:00"},
		{transfer.Elixir, d1, "2026-03-10 23:59", "2026-03-11 08:00"},
		// Weekends and holidays.
		{transfer.Elixir, d0, "2026-03-13 16:00", "2026-03-16 08:00"},
		{transfer.Elixir, d1, "2026-03-13 09:00", "2026-03-16 08:00"},
		{transfer.Elixir, d1, "2026-03-15 10:00", "2026-03-16 08:00"}, // on a Sunday (psd2 §10 case 61)
		{transfer.Elixir, d0, "2026-04-03 16:00", "2026-04-07 08:00"}, // Good Friday is a business day, Easter Monday is not
		{transfer.Elixir, d0, "2026-12-23 16:00", "2026-12-28 08:00"}, // Christmas Eve is a holiday since 2025
		{transfer.Elixir, d0, "2026-12-31 15:31", "2027-01-04 08:00"}, // a new year on a Friday
		{transfer.Elixir, d1, "2026-03-27 20:00", "2026-03-30 08:00"}, // over the night to summer time
		{transfer.Elixir, d1, "2026-10-23 20:00", "2026-10-26 08:00"}, // over the night back
		{transfer.Sorbnet, d0, "2026-03-10 07:00", "2026-03-10 07:30"},
		{transfer.Sorbnet, d1, "2026-03-10 12:34", "2026-03-10 12:34"},
		{transfer.Sorbnet, d0, "2026-03-10 16:00", "2026-03-10 16:00"},
		{transfer.Sorbnet, d0, "2026-03-10 16:01", "2026-03-11 07:30"},
		{transfer.Sorbnet, d0, "2026-03-14 12:00", "2026-03-16 07:30"},
		{transfer.ExpressElixir, d0, "2026-03-15 03:00", "2026-03-15 03:00"},
		{transfer.BlueCash, d1, "2026-12-25 23:59", "2026-12-25 23:59"},
		{transfer.InstantSEPA, d1, "2026-03-29 02:30", "2026-03-29 02:30"}, // an hour that does not exist here is an instant all the same
		{transfer.Internal, d1, "2026-03-15 03:00", "2026-03-15 03:00"},
		{transfer.SEPA, d1, "2026-03-10 14:00", "2026-03-10 14:00"},
		{transfer.SEPA, d0, "2026-03-10 14:01", "2026-03-11 14:00"},
		{transfer.SEPA, d1, "2026-04-02 15:00", "2026-04-07 14:00"}, // T2 is closed on Good Friday
		{transfer.Target, d0, "2026-03-10 06:00", "2026-03-10 08:00"},
		{transfer.Target, d0, "2026-03-10 09:15", "2026-03-10 09:15"},
		{transfer.Target, d0, "2026-04-03 09:15", "2026-04-07 08:00"},
		{transfer.Swift, d0, "2026-03-10 09:15", "2026-03-10 09:15"},
		{transfer.Swift, d0, "2026-03-10 15:01", "2026-03-11 08:00"},
		{transfer.Swift, transfer.UrgentD1, "2026-03-10 09:15", "2026-03-11 08:00"},
		{transfer.Swift, d2, "2026-03-10 09:15", "2026-03-12 08:00"},
		{transfer.Swift, d2, "2026-03-12 09:15", "2026-03-16 08:00"}, // Friday is one, Monday the other
	} {
		ready := warsaw(t, c.ready)
		got := rail.Leaves(c.s, c.d, ready)
		if want := warsaw(t, c.leave); !got.Equal(want) {
			t.Errorf("%s %s ready at %s leaves at %s; want %s", c.s, c.d, c.ready, got.In(calendar.Warsaw()).Format(time.DateTime), c.leave)
		}
	}
}

// Whatever the system and the instant: nothing leaves before it is ready, and what
// leaves at once when it is ready leaves then.
func TestLeavingIsNeverInThePast(t *testing.T) {
	for at, n := warsaw(t, "2026-01-01 00:00"), 0; n < 365*8; at, n = at.Add(3*time.Hour+7*time.Minute), n+1 {
		for _, s := range transfer.Systems {
			for _, d := range []transfer.Delivery{transfer.ExpressD0, transfer.StandardD1, transfer.UrgentD1, transfer.StandardD2} {
				got := rail.Leaves(s, d, at)
				if got.Before(at) || got.Sub(at) > 8*24*time.Hour {
					t.Fatalf("%s %s ready at %v leaves at %v", s, d, at, got)
				}
			}
		}
	}
}

func TestWhenDatedPaymentsAreExecuted(t *testing.T) {
	for _, c := range []struct {
		s         transfer.System
		day, open string
	}{
		{transfer.Elixir, "2026-03-10", "2026-03-10 06:00"},
		{transfer.Elixir, "2026-03-15", "2026-03-16 06:00"},
		{transfer.Sorbnet, "2026-11-11", "2026-11-12 06:00"},
		{transfer.Swift, "2026-04-04", "2026-04-07 06:00"},
		{transfer.SEPA, "2026-04-03", "2026-04-07 06:00"},
		{transfer.Target, "2026-04-02", "2026-04-02 06:00"},
		{transfer.Internal, "2026-03-15", "2026-03-15 06:00"},
		{transfer.ExpressElixir, "2026-12-25", "2026-12-25 06:00"},
		{transfer.Internal, "2026-03-29", "2026-03-29 06:00"}, // clocks change in the night before
		{transfer.Internal, "2026-10-25", "2026-10-25 06:00"},
	} {
		day, err := calendar.ParseDate(c.day)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := rail.Opens(c.s, day), warsaw(t, c.open); !got.Equal(want) {
			t.Errorf("%s dated %s opens at %s; want %s", c.s, c.day, got.In(calendar.Warsaw()).Format(time.DateTime), c.open)
		}
	}
}

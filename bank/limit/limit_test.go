package limit_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"okienko/bank"
	"okienko/bank/limit"
	"okienko/bank/money"
)

func pln(minor int64) money.Amount { return money.New(minor, money.PLN) }

func all(minor int64) limit.Limits {
	return limit.Limits{Single: pln(minor), Daily: pln(minor), Monthly: pln(minor), Unconfirmed: pln(minor)}
}

func TestRaises(t *testing.T) {
	base := all(100)
	for name, change := range map[string]func(l *limit.Limits, by int64){
		"single":      func(l *limit.Limits, by int64) { l.Single = pln(100 + by) },
		"daily":       func(l *limit.Limits, by int64) { l.Daily = pln(100 + by) },
		"monthly":     func(l *limit.Limits, by int64) { l.Monthly = pln(100 + by) },
		"unconfirmed": func(l *limit.Limits, by int64) { l.Unconfirmed = pln(100 + by) },
	} {
		up, down := base, base
		change(&up, 1)
		change(&down, -1)
		if !base.Raises(up) || base.Raises(down) || base.Raises(base) {
			t.Errorf("%s: one grosz up %t, down %t", name, base.Raises(up), base.Raises(down))
		}
		if up.Within(base) || !down.Within(base) || !base.Within(base) {
			t.Errorf("%s: within the maximum: up %t, down %t", name, up.Within(base), down.Within(base))
		}
		// One number down does not pay for another one up.
		change(&down, 1)
		down.Single, down.Daily = pln(0), pln(0)
		if (name == "monthly" || name == "unconfirmed") && !base.Raises(down) {
			t.Errorf("%s: a raise hides behind a lowering", name)
		}
	}
}

func TestValid(t *testing.T) {
	if err := all(0).Valid(); err != nil {
		t.Errorf("zero means zero: %v", err)
	}
	l := all(100)
	l.Monthly = pln(-1)
	var no *bank.Refusal
	if err := l.Valid(); !errors.As(err, &no) || no.Field != "monthly" {
		t.Errorf("%v", err)
	}
	l = all(100)
	l.Unconfirmed = money.New(100, money.EUR)
	if err := l.Valid(); !errors.As(err, &no) || no.Field != "unconfirmed" {
		t.Errorf("%v", err)
	}
}

func TestCap(t *testing.T) {
	for _, c := range []struct {
		cap        limit.Cap
		used, more int64
		passed     bool
	}{
		{limit.Cap{}, math.MaxInt64, 1, false}, // the absent cap limits nothing
		{limit.CapAt(pln(100)), 60, 40, false},
		{limit.CapAt(pln(100)), 60, 41, true},
		{limit.CapAt(pln(0)), 0, 1, true},
		{limit.CapAt(pln(0)), 0, 0, false},
	} {
		if passed, err := c.cap.PassedBy(pln(c.used), pln(c.more)); err != nil || passed != c.passed {
			t.Errorf("%+v: %t, %v", c, passed, err)
		}
	}
	if _, err := limit.CapAt(pln(math.MaxInt64)).PassedBy(pln(math.MaxInt64), pln(1)); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("%v", err)
	}
}

func TestRaisesOfAbsentCaps(t *testing.T) {
	at := func(minor int64) limit.OfCustomer {
		return limit.OfCustomer{OneOff: limit.Caps{Daily: limit.CapAt(pln(minor))}}
	}
	for _, c := range []struct {
		from, to limit.OfCustomer
		raises   bool
	}{
		{limit.OfCustomer{}, at(1), false}, // a limit where there was none
		{at(100), limit.OfCustomer{}, true},
		{at(100), at(101), true},
		{at(100), at(100), false},
		{at(100), at(99), false},
		{limit.OfCustomer{Recurring: limit.Caps{Single: limit.CapAt(pln(1))}}, at(1), true},
	} {
		if got := c.from.Raises(c.to); got != c.raises {
			t.Errorf("from %+v to %+v raises: %t", c.from, c.to, got)
		}
	}
}

func TestPeriods(t *testing.T) {
	for _, c := range []struct {
		at         string
		day, month limit.Period
	}{
		{"2026-03-31T21:59:59Z", "2026-03-31", "2026-03"},
		{"2026-03-31T22:00:00Z", "2026-04-01", "2026-04"},
		{"2026-12-31T23:00:00Z", "2027-01-01", "2027-01"},
		{"2026-10-25T01:30:00Z", "2026-10-25", "2026-10"},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if limit.DayOf(at) != c.day || limit.MonthOf(at) != c.month {
			t.Errorf("%s: %s %s", c.at, limit.DayOf(at), limit.MonthOf(at))
		}
	}
}

// Subjects of different kinds never share a counter, whatever the ids.
func TestSubjectsDoNotMeet(t *testing.T) {
	seen := map[limit.Subject]bool{}
	for _, s := range []limit.Subject{limit.OfAgreement("x"), limit.OneOffOf("x"), limit.RecurringOf("x"), limit.ChargesOf("x")} {
		if seen[s] {
			t.Errorf("%s twice", s)
		}
		seen[s] = true
	}
}

// What one operation takes and gives back on days that go on: of each window
// never more comes back than was taken in it, and the deltas add up to the use.
func TestTakeAndGiveBack(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var u limit.Use
		used := map[limit.Period]int64{}
		now := time.Date(2026, 3, 20, 9, 0, 0, 0, time.UTC)
		for range rapid.IntRange(1, 40).Draw(r, "acts") {
			now = now.Add(time.Duration(rapid.IntRange(0, 30).Draw(r, "hours")) * time.Hour)
			day, month := limit.DayOf(now), limit.MonthOf(now)
			amount := pln(rapid.Int64Range(0, 1000).Draw(r, "amount"))
			var d limit.Delta
			var err error
			if rapid.Bool().Draw(r, "take") {
				u, d, err = u.Take(amount, day, month)
				if d.InDay != amount || d.InMonth != amount {
					r.Fatalf("took %v: %+v", amount, d)
				}
			} else {
				want := [2]int64{min(amount.Minor(), used[day]), min(amount.Minor(), used[month])}
				u, d, err = u.GiveBack(amount, day, month)
				if d.InDay.Minor() != -want[0] || d.InMonth.Minor() != -want[1] {
					r.Fatalf("gave back %v: %+v, want %v", amount, d, want)
				}
			}
			if err != nil {
				r.Fatal(err)
			}
			used[d.Day] += d.InDay.Minor()
			used[d.Month] += d.InMonth.Minor()
			if u.InDay.Minor() != used[day] || u.InMonth.Minor() != used[month] || used[day] < 0 || used[month] < 0 {
				r.Fatalf("%+v; added up %v", u, used)
			}
		}
	})
}

func TestTakeOverflows(t *testing.T) {
	u, _, err := limit.Use{}.Take(pln(math.MaxInt64), "2026-03-10", "2026-03")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := u.Take(pln(1), "2026-03-10", "2026-03"); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("%v", err)
	}
	if _, _, err := u.Take(pln(1), "2026-03-11", "2026-03"); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("the month: %v", err)
	}
}

package calendar

import (
	"cmp"
	"errors"
	"sync"
	"time"
	_ "time/tzdata" // the rules travel in the program: a bare machine has none
)

// ErrDate means that a text is not a date of the calendar.
var ErrDate = errors.New("calendar: not a date")

// warsaw is read once and cannot change afterwards.
var warsaw = sync.OnceValue(func() *time.Location {
	loc, err := time.LoadLocation("Europe/Warsaw")
	if err != nil {
		// time/tzdata is linked in, so only a broken build comes here.
		panic("calendar: " + err.Error())
	}
	return loc
})

// Warsaw returns the zone Europe/Warsaw, whose calendar rules limit windows,
// execution dates and business days.
func Warsaw() *time.Location { return warsaw() }

// Date is a day of the civil calendar, without a time and without a zone. Dates are
// comparable with ==. The zero Date is no day.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf returns the day on which t falls in Warsaw. It takes about 35 ns and allocates
// nothing, so payments may call it freely; a table of our own could be faster and could
// disagree with the zone rules.
func DateOf(t time.Time) Date {
	y, m, d := t.In(warsaw()).Date()
	return Date{y, m, d}
}

// ParseDate reads "2026-11-21" (ISO 8601, RFC 3339 full-date), years 0001 to 9999,
// and only days that exist. Anything else is ErrDate.
func ParseDate(s string) (Date, error) {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return Date{}, ErrDate
	}
	y, okY := number(s[0:4])
	m, okM := number(s[5:7])
	d, okD := number(s[8:10])
	date := Date{y, time.Month(m), d}
	if !okY || !okM || !okD || y == 0 || !date.exists() {
		return Date{}, ErrDate
	}
	return date, nil
}

func number(s string) (int, bool) {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// exists is true for days that time.Date does not have to move: 30 February becomes
// a day of March.
func (d Date) exists() bool { return dateIn(d.utc()) == d }

// utc is midnight UTC of the day. UTC has no clock changes, so it is the safe place
// to count days in.
func (d Date) utc() time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
}

func dateIn(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// IsZero reports whether d is the zero Date, which is no day.
func (d Date) IsZero() bool { return d == Date{} }

// String returns the form of ParseDate.
func (d Date) String() string {
	var buf [10]byte
	b := appendPadded(buf[:0], d.Year, 4)
	b = append(b, '-')
	b = appendPadded(b, int(d.Month), 2)
	b = append(b, '-')
	return string(appendPadded(b, d.Day, 2))
}

// appendPadded writes the last width decimal digits of n, which is not negative for
// any date that ParseDate or a clock can give.
func appendPadded(b []byte, n, width int) []byte {
	for range width {
		b = append(b, '0')
	}
	for i := len(b) - 1; i >= len(b)-width; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return b
}

// AddDays returns the day n days later, or earlier if n is negative.
func (d Date) AddDays(n int) Date {
	return dateIn(time.Date(d.Year, d.Month, d.Day+n, 0, 0, 0, 0, time.UTC))
}

// Compare returns -1, 0 or +1 as d is before, the same as or after e.
func (d Date) Compare(e Date) int {
	return cmp.Or(cmp.Compare(d.Year, e.Year), cmp.Compare(d.Month, e.Month), cmp.Compare(d.Day, e.Day))
}

// Before reports whether d comes before e.
func (d Date) Before(e Date) bool { return d.Compare(e) < 0 }

// After reports whether d comes after e.
func (d Date) After(e Date) bool { return d.Compare(e) > 0 }

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

// Start returns the first instant of the day in Warsaw. The day lasts until the
// Start of the next one: 23 hours in the night to summer time, 25 in the night back.
func (d Date) Start() time.Time {
	t := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, warsaw())
	if DateOf(t).Before(d) {
		// Midnight did not exist: on 29 April 1945 clocks went from 0:00 to 1:00.
		_, t = t.ZoneBounds()
	}
	return t
}

// YearMonth returns the month that the day belongs to.
func (d Date) YearMonth() Month { return Month{d.Year, d.Month} }

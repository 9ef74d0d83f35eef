package calendar

import "time"

// Month is a month of the civil calendar; limits of a month are counted in it.
// Months are comparable with ==. The zero Month is no month.
type Month struct {
	Year  int
	Month time.Month
}

// MonthOf returns the month in which t falls in Warsaw.
func MonthOf(t time.Time) Month {
	d := DateOf(t)
	return Month{d.Year, d.Month}
}

// String returns the month as "2026-11" (ISO 8601).
func (m Month) String() string {
	var buf [7]byte
	b := appendPadded(buf[:0], m.Year, 4)
	b = append(b, '-')
	return string(appendPadded(b, int(m.Month), 2))
}

// First returns the first day of the month.
func (m Month) First() Date { return Date{m.Year, m.Month, 1} }

// Start returns the first instant of the month in Warsaw. The month lasts until the
// Start of the Next one.
func (m Month) Start() time.Time { return m.First().Start() }

// Next returns the month after m.
func (m Month) Next() Month {
	if m.Month == time.December {
		return Month{m.Year + 1, time.January}
	}
	return Month{m.Year, m.Month + 1}
}

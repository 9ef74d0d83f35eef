package transfer

import (
	"time"

	"okienko/bank/calendar"
)

// maxUnits bounds the distance of two payments: three years of days.
const maxUnits = 1096

func (r *Recurrence) validate(today calendar.Date) error {
	const field = "transferData.recurrence"
	switch {
	case r.Start.IsZero():
		return refuse(field+".startDate", "A recurring transfer needs its first day.")
	case r.Start.Before(today):
		return refuse(field+".startDate", "The first day is in the past.")
	case r.Start.After(today.AddDays(maxAheadDays)):
		return refuse(field+".startDate", "The first day is within a year.")
	case !r.End.IsZero() && r.End.Before(r.Start):
		return refuse(field+".endDate", "The last day comes before the first.")
	case r.Count < 1 || r.Count > maxUnits:
		return refuse(field+".frequency.periodValue", "The number of periods between two payments is at least 1.")
	}
	switch r.Every {
	case Day, Week, Month:
		return nil
	}
	return refuse(field+".frequency.periodType", "The period is a day, a week or a month.")
}

// Occurrence is the day of the nth payment by the recurrence, from 0, before it is
// moved off a holiday. A month that is too short has its payment on its last day;
// the next month has it on the old day again, since every one is counted from the
// first.
func (r *Recurrence) Occurrence(n int) calendar.Date {
	switch r.Every {
	case Day:
		return r.Start.AddDays(n * r.Count)
	case Week:
		return r.Start.AddDays(n * r.Count * 7)
	}
	months := int(r.Start.Month) - 1 + n*r.Count
	first := calendar.Date{Year: r.Start.Year + months/12, Month: time.Month(months%12) + 1, Day: 1}
	last := first.YearMonth().Next().First().AddDays(-1).Day
	first.Day = min(r.Start.Day, last)
	return first
}

// After is the next day of the recurrence after one of its days; ok is false when
// it has ended.
func (r *Recurrence) After(d calendar.Date) (next calendar.Date, ok bool) {
	if r.Count < 1 {
		return calendar.Date{}, false
	}
	for n := r.guess(d); ; n++ {
		if next = r.Occurrence(n); next.After(d) {
			return next, r.End.IsZero() || !next.After(r.End)
		}
	}
}

// guess is a number of an occurrence that is not after a day, close to it.
func (r *Recurrence) guess(d calendar.Date) int {
	months := (d.Year-r.Start.Year)*12 + int(d.Month) - int(r.Start.Month)
	n := months - 1
	switch r.Every {
	case Day:
		n = (months - 1) * 28 // no month is shorter
	case Week:
		n = (months - 1) * 4
	}
	return max(0, n/r.Count)
}

// Moved is the day on which the payment of a day is made: the day itself, or the
// business day beside it that the recurrence asks for.
func (r *Recurrence) Moved(d calendar.Date) calendar.Date {
	if !r.Before {
		return calendar.NextBusinessDay(d)
	}
	for !calendar.IsBusinessDay(d) {
		d = d.AddDays(-1)
	}
	return d
}

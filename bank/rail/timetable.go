package rail

import (
	"time"

	"okienko/bank/calendar"
	"okienko/bank/transfer"
)

// clockTime is a time of day in Warsaw, in minutes after midnight. Those below lie
// outside the hours in which clocks change.
type clockTime int

func (c clockTime) on(d calendar.Date) time.Time {
	return time.Date(d.Year, d.Month, d.Day, int(c)/60, int(c)%60, 0, 0, calendar.Warsaw()).UTC()
}

// The bank's timetable (psd2 §8). The hours are a bank's own choice within those
// of the systems: for each of the three sessions of Elixir it closes its book some
// time before; Sorbnet, T2 and correspondents are served while people are at work;
// SEPA payments leave in one file a day.
const (
	opening clockTime = 6 * 60 // dated payments are executed from here on

	elixirMorning   clockTime = 8 * 60
	elixirNoon      clockTime = 12 * 60
	elixirAfternoon clockTime = 15*60 + 30

	sorbnetFrom  clockTime = 7*60 + 30
	sorbnetUntil clockTime = 16 * 60
	targetFrom   clockTime = 8 * 60
	targetUntil  clockTime = 16 * 60
	swiftFrom    clockTime = 8 * 60
	swiftUntil   clockTime = 15 * 60

	sepaFile clockTime = 14 * 60
)

// Leaves is when a payment that is ready at an instant is handed to its payment
// system (psd2 §8). Instant systems and transfers inside the bank know no hours.
// Elixir takes ExpressD0 with its next session, and StandardD1 with the first one
// of the next business day. Sorbnet and T2 take a payment at once while they are
// open, whatever the delivery allows. A SEPA payment leaves with the next file.
// Swift leaves while it is open, on the day that the delivery says: the same, the
// next or the second business day.
func Leaves(s transfer.System, d transfer.Delivery, ready time.Time) time.Time {
	today := calendar.DateOf(ready)
	switch s {
	case transfer.Elixir:
		if d == transfer.ExpressD0 {
			return next(ready, calendar.IsBusinessDay, elixirMorning, elixirNoon, elixirAfternoon)
		}
		return elixirMorning.on(businessDay(today, calendar.IsBusinessDay, 1))
	case transfer.Sorbnet:
		return open(ready, calendar.IsBusinessDay, sorbnetFrom, sorbnetUntil)
	case transfer.SEPA:
		return next(ready, worksInEuro, sepaFile)
	case transfer.Target:
		return open(ready, worksInEuro, targetFrom, targetUntil)
	case transfer.Swift:
		switch d {
		case transfer.UrgentD1:
			return swiftFrom.on(businessDay(today, calendar.IsBusinessDay, 1))
		case transfer.StandardD2:
			return swiftFrom.on(businessDay(today, calendar.IsBusinessDay, 2))
		}
		return open(ready, calendar.IsBusinessDay, swiftFrom, swiftUntil)
	}
	return ready
}

// Opens is the instant at which a payment dated for a day is executed: the start
// of the bank's work on that day, or on the next business day when the system
// does not work on it.
func Opens(s transfer.System, day calendar.Date) time.Time {
	if works := worksOn(s); works != nil {
		day = businessDay(day, works, 0)
	}
	return opening.on(day)
}

// worksOn tells the days of a system, nil when it works on all of them.
func worksOn(s transfer.System) func(calendar.Date) bool {
	switch s {
	case transfer.Elixir, transfer.Sorbnet, transfer.Swift:
		return calendar.IsBusinessDay
	case transfer.SEPA, transfer.Target:
		return worksInEuro
	}
	return nil
}

// worksInEuro tells whether both the bank and T2 work on a day. Of the holidays of
// T2 only Good Friday is not one in Poland.
func worksInEuro(d calendar.Date) bool {
	return calendar.IsBusinessDay(d) && d != calendar.Easter(d.Year).AddDays(-2)
}

// businessDay is the nth working day after a day; the 0th is the day itself, or
// the first working day after it.
func businessDay(d calendar.Date, works func(calendar.Date) bool, n int) calendar.Date {
	for ; n > 0; n-- {
		for d = d.AddDays(1); !works(d); d = d.AddDays(1) {
		}
	}
	for !works(d) {
		d = d.AddDays(1)
	}
	return d
}

// next is the first of the times of a working day that is not past.
func next(ready time.Time, works func(calendar.Date) bool, times ...clockTime) time.Time {
	today := calendar.DateOf(ready)
	if works(today) {
		for _, c := range times {
			if at := c.on(today); !at.Before(ready) {
				return at
			}
		}
	}
	return times[0].on(businessDay(today, works, 1))
}

// open is the instant itself between two times of a working day, or the next
// opening.
func open(ready time.Time, works func(calendar.Date) bool, from, until clockTime) time.Time {
	today := calendar.DateOf(ready)
	if works(today) {
		switch opens := from.on(today); {
		case ready.Before(opens):
			return opens
		case !ready.After(until.on(today)):
			return ready
		}
	}
	return from.on(businessDay(today, works, 1))
}

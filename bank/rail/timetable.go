package rail

import (
	"time"

	"okienko/bank/calendar"
	"okienko/bank/transfer"
)

// Leaves is when a payment that is ready at an instant is handed to its payment
// system: the next session that its delivery allows, or at once (psd2 §8).
func Leaves(s transfer.System, d transfer.Delivery, ready time.Time) time.Time {
	panic("rail: the timetable is being written")
}

// Opens is the instant at which a payment dated for a day is executed: the start
// of the bank's work on that day, or on the next business day when the system
// does not work on it.
func Opens(s transfer.System, day calendar.Date) time.Time {
	panic("rail: the timetable is being written")
}

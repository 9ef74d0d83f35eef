package psd2

import (
	"time"

	"okienko/bank/calendar"
	"okienko/bank/money"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// CheckOrders judges what is asked of a consent, or handed in under one. The
// fields of its refusals are those of package transfer, with "transfers[0]."
// before those of a bundle's payments.
func CheckOrders(list []xs2a.Ordered, bundle bool, total money.Amount, now time.Time) error {
	today := calendar.DateOf(now)
	if bundle {
		parts := make([]transfer.Part, len(list))
		for i := range list {
			parts[i] = transfer.Part{TPPID: list[i].TPPID, Order: &list[i].Order}
		}
		return transfer.ValidateBundle(parts, total, today)
	}
	for i := range list {
		if err := list[i].Order.Validate(today); err != nil {
			return err
		}
	}
	return nil
}

package psd2

import (
	"testing"

	"okienko/bank/account"
	"okienko/bank/money"
)

// psd2 §10 case 53: what is available is never shown below zero, also when more
// is set aside than stands on the account.
func TestAvailableIsNeverShownBelowZero(t *testing.T) {
	for _, tt := range []struct{ booked, held, overdraft, want int64 }{
		{1000, 1001, 0, 0}, {-50, 0, 0, 0}, {1000, 1000, 0, 0}, {1000, 999, 0, 1}, {-50, 0, 100, 50}, {0, 0, 0, 0},
	} {
		a := Account{Account: account.Account{
			Booked: money.New(tt.booked, money.PLN), Held: money.New(tt.held, money.PLN), Overdraft: money.New(tt.overdraft, money.PLN),
		}}
		if got, err := a.Shown(); err != nil || got != money.New(tt.want, money.PLN) {
			t.Errorf("%+v: %v %v", tt, got, err)
		}
	}
}

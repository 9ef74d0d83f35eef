package psd2

import (
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/calendar"
	"okienko/bank/money"
	"okienko/bank/xs2a"
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

// RTS 2018/389 art. 10a: nothing at all is read more than 180 days after the
// customer's last strong authentication.
func TestNothingWithoutAnAuthenticationOf180Days(t *testing.T) {
	now := time.Date(2026, 11, 18, 11, 0, 0, 0, time.UTC)
	access := &authserver.ConsentAccess{Consent: xs2a.Consent{
		Scope: xs2a.AccountInfo, Status: xs2a.Active, Until: now.AddDate(0, 1, 0), ProvenAt: now.Add(-xs2a.MaxLife - time.Second),
	}}
	if _, err := (&Core{}).Open(t.Context(), access, xs2a.AccountInfo, now); bank.CodeOf(err) != bank.HistoryNeedsSCA {
		t.Errorf("%v", err)
	}
}

func TestEarliestDay(t *testing.T) {
	proven := time.Date(2026, 11, 18, 11, 0, 0, 0, time.UTC)
	r := &Reading{Consent: &xs2a.Consent{ProvenAt: proven, Grants: []xs2a.Grant{{Right: xs2a.ReadDone, HistoryDays: 1460}, {Right: xs2a.ReadHolds, HistoryDays: 30}}}}
	for _, tt := range []struct {
		right xs2a.Right
		after time.Duration
		days  int
	}{
		{xs2a.ReadDone, 0, 1460}, {xs2a.ReadDone, time.Hour, 1460}, {xs2a.ReadDone, time.Hour + time.Microsecond, 90},
		{xs2a.ReadHolds, 0, 30}, {xs2a.ReadHolds, 2 * time.Hour, 30},
	} {
		at := proven.Add(tt.after)
		if got, want := r.earliest(tt.right, at), calendar.DateOf(at).AddDays(-tt.days); got != want {
			t.Errorf("%s after %v: %v, want %v", tt.right, tt.after, got, want)
		}
	}
}

package psd2

import (
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"okienko/client"
	"okienko/okienkotest"
)

// inEveryForm is a third party in all forms, mBank's first.
func inEveryForm(t *testing.T, p *okienkotest.ThirdParty) []*okienkotest.ThirdParty {
	t.Helper()
	var all []*okienkotest.ThirdParty
	for _, form := range client.Forms() {
		all = append(all, p.In(t, form, judged(t, form)))
	}
	return all
}

// won wants exactly so many callers to have succeeded, and the others to be refused
// with a status.
func won(t *testing.T, errs []error, want, status int) {
	t.Helper()
	got := 0
	for caller, err := range errs {
		switch {
		case err == nil:
			got++
		case !refusedWith(err, status):
			t.Errorf("caller %d got %v, want %d", caller, err, status)
		}
	}
	if got != want {
		t.Errorf("%d callers of %d succeeded, want %d", got, len(errs), want)
	}
}

// Of any number of callers at all doors who redeem one code, refresh with one
// token, exchange one list or spend one right, one is served.
func TestOneGrantServesOnceAcrossDoors(t *testing.T) {
	b, p := open(t)
	forms, from := inEveryForm(t, p), account(t, b, "jan", "PLN").Number
	door := func(caller int) *okienkotest.ThirdParty { return forms[caller%len(forms)] }
	for range 3 {
		once := code(t, b, p, client.Consent{Read: &client.Read{Numbers: []string{from}, Days: 10, Statuses: every}}, from)
		won(t, together(callers, func(caller int) error {
			_, err := door(caller).Redeem(t.Context(), once, p.Folder.RedirectURI)
			return err
		}), 1, http.StatusBadRequest)
		given := reads(t, p, "jan", from)
		won(t, together(callers, func(caller int) error {
			_, err := door(caller).Refresh(t.Context(), given.Refresh)
			return err
		}), 1, http.StatusBadRequest)
		until := b.Inside().Now().AddDate(0, 0, 30)
		list := p.Consent(t, "jan", client.Consent{Accounts: true, Until: until}, from)
		won(t, together(callers, func(caller int) error {
			_, err := door(caller).ExchangeToAIS(t.Context(), list.Access, list.ConsentID, until, client.Read{Numbers: []string{from}})
			return err
		}), 1, http.StatusBadRequest)
		single := p.Consent(t, "jan", client.Consent{Read: &client.Read{Numbers: []string{from}, Once: true}}, from)
		won(t, together(callers, func(caller int) error {
			_, err := door(caller).AccountDetails(t.Context(), single.Session(), nameAt(door(caller), single, from))
			return err
		}), 1, http.StatusForbidden)
	}
}

// nameAt is how a door names the account of a consent that mBank's form gave.
func nameAt(p *okienkotest.ThirdParty, given *okienkotest.Consented, number string) string {
	if speaks(p) == client.MBank {
		return given.AccountIDs()[0]
	}
	return number
}

// Four calls a day without the customer are four at all doors together.
func TestFourCallsAloneAcrossDoors(t *testing.T) {
	b, p := open(t)
	forms, from := inEveryForm(t, p), account(t, b, "jan", "PLN").Number
	given := reads(t, p, "jan", from)
	won(t, together(callers, func(caller int) error {
		q := forms[caller%len(forms)]
		_, err := q.AccountDetails(t.Context(), given.Alone(), nameAt(q, given, from))
		return err
	}), 4, http.StatusTooManyRequests)
}

// One consent makes one payment, however many doors it is ordered at: under one id
// everybody is told of it, under ids of their own one caller pays.
func TestOneConsentPaysOnceAcrossDoors(t *testing.T) {
	b, p := open(t)
	forms, from := inEveryForm(t, p), account(t, b, "jan", "PLN")
	pay := domestic("7.00", "Once")
	pay.Sender.AccountNumber = from.Number
	for _, asks := range forms {
		before := from.again(t, b)
		same := asks.Consent(t, "jan", client.Consent{Payment: &pay}, from.Number)
		var mu sync.Mutex
		ids, id := map[string]bool{}, client.NewID()
		won(t, together(callers, func(caller int) error {
			made, err := forms[caller%len(forms)].Pay(t.Context(), same.Session(), id, pay)
			mu.Lock()
			defer mu.Unlock()
			ids[made.PaymentID] = true
			return err
		}), callers, 0)
		if len(ids) != 1 {
			t.Errorf("one id made the payments %v", ids)
		}
		different := asks.Consent(t, "jan", client.Consent{Payment: &pay}, from.Number)
		won(t, together(callers, func(caller int) error {
			_, err := forms[caller%len(forms)].Pay(t.Context(), different.Session(), client.NewID(), pay)
			return err
		}), 1, http.StatusForbidden)
		if now := from.again(t, b); now.Available != less(t, before.Available, "14.00") {
			t.Errorf("available %s, before %s", now.Available, before.Available)
		}
	}
}

// While callers cancel at all doors, the clock reaches the session in which the
// payment leaves, or does not: it is cancelled once, or done.
func TestCancelAcrossDoorsAgainstTheClock(t *testing.T) {
	b, p := open(t)
	forms, from := inEveryForm(t, p), account(t, b, "jan", "PLN")
	ends := map[string]int{}
	for round, day := 0, tuesday; round < 8; round, day = round+1, day.AddDays(7) {
		before := from.again(t, b)
		session := day.Start().Add(12 * time.Hour)
		to(t, b, session.Add(-4*time.Second))
		made, given := pays(t, forms[round%len(forms)], "jan", from.Number, domestic("9.00", "Race"))
		cancelling := forms[(round+1)%len(forms)].Consent(t, "jan", client.Consent{Cancel: &client.Target{PaymentID: made.PaymentID}}, from.Number)
		errs := together(callers, func(caller int) error {
			if caller == 0 && round%2 == 0 {
				return b.MoveClock(t.Context(), session)
			}
			return forms[(caller+round)%len(forms)].Cancel(t.Context(), cancelling.Session(), "", made.PaymentID)
		})
		cancelled := 0
		for caller, err := range errs {
			switch {
			case caller == 0 && round%2 == 0:
				if err != nil {
					t.Fatal(err)
				}
			case err == nil:
				cancelled++
			case !isNot(err):
				t.Errorf("cancelling in %s: %v", speaks(forms[(caller+round)%len(forms)]), err)
			}
		}
		want, left := "DONE", "9.00"
		if cancelled > 0 {
			want, left = "CANCELLED", "0.00"
		}
		if cancelled > 1 || cancelled == 0 && round%2 == 1 {
			t.Errorf("%d callers cancelled one payment", cancelled)
		}
		to(t, b, session.Add(time.Minute))
		for _, q := range forms {
			now, err := q.PaymentStatus(t.Context(), looking(t, q, given), made)
			if err != nil || now.GeneralStatus != want {
				t.Errorf("%s in %s, %v; want %s", now.GeneralStatus, speaks(q), err, want)
			}
		}
		if now := from.again(t, b); now.Booked != less(t, before.Booked, left) || now.Available != less(t, before.Available, left) {
			t.Errorf("%s: before %+v, after %+v", want, before, now)
		}
		ends[want]++
	}
	t.Logf("%v", ends)
}

// A consent is withdrawn once, whoever of its doors and the customer comes first,
// and no call is answered afterwards.
func TestWithdrawalAcrossDoors(t *testing.T) {
	b, p := open(t)
	forms, from := inEveryForm(t, p), account(t, b, "jan", "PLN").Number
	for range 3 {
		given := reads(t, p, "jan", from)
		gone := 0
		for caller, err := range together(callers, func(caller int) error {
			return forms[caller%len(forms)].DeleteConsent(t.Context(), given.ConsentID)
		}) {
			var no *client.Error
			switch {
			case err == nil:
				gone++
			case !errors.As(err, &no) || (no.Status != http.StatusNotFound && no.Status != http.StatusForbidden):
				t.Errorf("withdrawing in %s: %v", speaks(forms[caller%len(forms)]), err)
			}
		}
		if gone != 1 {
			t.Errorf("%d callers withdrew one consent", gone)
		}
		for _, q := range forms {
			if _, err := q.AccountDetails(t.Context(), given.Session(), nameAt(q, given, from)); !refusedWith(err, http.StatusUnauthorized) {
				t.Errorf("after the withdrawal in %s: %v", speaks(q), err)
			}
		}
	}
}

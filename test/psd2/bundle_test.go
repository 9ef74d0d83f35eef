package psd2

import (
	"net/http"
	"slices"
	"testing"

	"okienko/client"
	"okienko/okienkotest"
)

// bundle is many payments from jan's account; each title is one of 10.00.
func bundle(titles ...string) client.Bundle {
	b := client.Bundle{}
	total := 0
	for n, title := range titles {
		one := domestic("10.00", title)
		one.OwnID = client.NewID()
		one.System = "EXPRESS_ELIXIR"
		if n%2 == 1 {
			one.System = "ELIXIR"
		}
		b.Transfers = append(b.Transfers, one)
		total += 10
	}
	b.Total = string(rune('0'+total/10)) + "0.00"
	return b
}

// paysBundle has jan consent to a bundle and the third party make it.
func paysBundle(t *testing.T, p *okienkotest.ThirdParty, from string, k client.Bundle) (client.Initiated, *okienkotest.Consented) {
	t.Helper()
	for i := range k.Transfers {
		k.Transfers[i].Sender.AccountNumber = from
	}
	given := p.Consent(t, "jan", client.Consent{Bundle: &k}, from)
	made, err := p.PayBundle(t.Context(), given.Session(), client.NewID(), k)
	if err != nil {
		t.Fatalf("paying a bundle: %v", err)
	}
	return made, given
}

// bundleIs asks for a bundle with all of its payments.
func bundleIs(t *testing.T, b *okienkotest.Bank, p *okienkotest.ThirdParty, given *okienkotest.Consented, made client.Initiated, want string, each ...string) client.Initiated {
	t.Helper()
	if err := b.Inside().Settled(t.Context()); err != nil {
		t.Fatal(err)
	}
	now, err := p.BundleStatus(t.Context(), looking(t, p, given), made)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range now.Transfers {
		got = append(got, now.Transfers[i].GeneralStatus)
	}
	if now.GeneralStatus != want || !slices.Equal(got, each) {
		t.Errorf("the bundle is %s with %v; want %s with %v", now.GeneralStatus, got, want, each)
	}
	return now
}

// A bundle is done when all of it is, in part when some of it came back, and
// cancelled as far as nothing of it has left.
func TestBundles(t *testing.T) {
	b, p := open(t)
	from := account(t, b, "jan", "PLN")
	t.Run("done", func(t *testing.T) {
		before := from.again(t, b)
		made, given := paysBundle(t, p, from.Number, bundle("one", "two", "three"))
		bundleIs(t, b, p, given, made, "IN_PROGRESS", "DONE", "PENDING", "DONE")
		if now := from.again(t, b); now.Booked != less(t, before.Booked, "20.00") || now.Available != less(t, before.Available, "30.00") {
			t.Errorf("on the way: %+v, before %+v", now, before)
		}
		to(t, b, at(t, tuesday, "+0 12:00"))
		bundleIs(t, b, p, given, made, "DONE", "DONE", "DONE", "DONE")
		if now := from.again(t, b); now.Booked != less(t, before.Booked, "30.00") || now.Available != less(t, before.Available, "30.00") {
			t.Errorf("done: %+v, before %+v", now, before)
		}
	})
	t.Run("in part", func(t *testing.T) {
		before := from.again(t, b)
		made, given := paysBundle(t, p, from.Number, bundle("scenario:closed", "two", "three"))
		to(t, b, at(t, tuesday, "+0 15:30"))
		now := bundleIs(t, b, p, given, made, "PARTIALLY_DONE", "REJECTED", "DONE", "DONE")
		if why := now.Transfers[0].Rejection; why == nil || why.Reason != "RAIL_REFUSED" {
			t.Errorf("rejected with %+v", why)
		}
		if now := from.again(t, b); now.Booked != less(t, before.Booked, "20.00") || now.Available != less(t, before.Available, "20.00") {
			t.Errorf("done: %+v, before %+v", now, before)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		before := from.again(t, b)
		k := bundle("one", "two")
		for i := range k.Transfers {
			k.Transfers[i].ExecutionMode, k.Transfers[i].TransferData.ExecutionDate = "FUTURE_DATED", tuesday.AddDays(7).String()
		}
		made, given := paysBundle(t, p, from.Number, k)
		bundleIs(t, b, p, given, made, "IN_PROGRESS", "SCHEDULED", "SCHEDULED")
		cancelling := p.Consent(t, "jan", client.Consent{Cancel: &client.Target{BundleID: made.BundleID}}, from.Number)
		if err := p.CancelBundle(t.Context(), cancelling.Session(), "", made.BundleID); err != nil {
			t.Fatalf("cancelling: %v", err)
		}
		bundleIs(t, b, p, given, made, "CANCELLED", "CANCELLED", "CANCELLED")
		if err := p.CancelBundle(t.Context(), cancelling.Session(), "", made.BundleID); !refusedWith(err, http.StatusNotFound) {
			t.Errorf("cancelling again: %v", err)
		}
		to(t, b, atTen(tuesday.AddDays(8)))
		bundleIs(t, b, p, given, made, "CANCELLED", "CANCELLED", "CANCELLED")
		if now := from.again(t, b); now != before {
			t.Errorf("cancelled: %+v, before %+v", now, before)
		}
	})
	t.Run("cancelled in part", func(t *testing.T) {
		before := from.again(t, b)
		made, given := paysBundle(t, p, from.Number, bundle("gone", "waits"))
		bundleIs(t, b, p, given, made, "IN_PROGRESS", "DONE", "PENDING")
		cancelling := p.Consent(t, "jan", client.Consent{Cancel: &client.Target{BundleID: made.BundleID}}, from.Number)
		if err := p.CancelBundle(t.Context(), cancelling.Session(), "", made.BundleID); err != nil {
			t.Fatalf("cancelling: %v", err)
		}
		bundleIs(t, b, p, given, made, "PARTIALLY_DONE", "DONE", "CANCELLED")
		if now := from.again(t, b); now.Booked != less(t, before.Booked, "10.00") || now.Available != less(t, before.Available, "10.00") {
			t.Errorf("cancelled in part: %+v, before %+v", now, before)
		}
	})
}

package customer

import (
	"strings"
	"testing"
	"time"

	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/payment"
)

func (w *world) holds(g *consent.Agreement) []ledger.Hold {
	w.Helper()
	all, err := w.store.Holds(w.ctx, payment.HoldFilter{Agreement: g.ID, Page: payment.Page{Size: 50}})
	w.must(err)
	return all
}

func TestConfirmingAnOperation(t *testing.T) {
	w := newWorld(t)
	g := w.paired(anna, ofAnna, annaMain)
	a := w.prepared(&g, hold("h1", 25_000))
	page, factor := "/confirm/"+string(a.ID), "/factor/operation/"+string(a.ID)

	b := w.browser()
	at := b.get(page).leads(303, "/login?next=").header.Get("Location")
	b.post(at, "login", "anna", "password", password).leads(303, page)
	v := b.get(page).says(200, "Confirm the hold", "PLN 250.00", "Automaty Wiślane sp. z o.o.", "Ekspres h1", "Konto codzienne", "PLN 0.00", "PLN 1,000.00")
	if p := v.header.Get("Content-Security-Policy"); !strings.Contains(p, "form-action 'self' https://app.example") {
		t.Errorf("the form may not lead back: %s", p)
	}
	if len(w.holds(&g)) != 0 {
		t.Fatal("looking placed the hold")
	}
	b.post(page).says(400) // neither yes nor no
	b.post(page, "decision", "confirm").leads(303, factor)
	b.get(factor).says(200, "PLN 250.00", "Ekspres h1", "Automaty Wiślane")
	code := w.sms(anna)
	back := callto + "&authorizationId=" + string(a.ID) + "&status=EXECUTED"
	b.post(factor+"/code", "code", code).leads(303, back)
	if n := len(w.holds(&g)); n != 1 {
		t.Fatalf("%d holds", n)
	}

	// The same form again, and the pages behind the back button.
	b.post(factor+"/code", "code", code).leads(303, page)
	b.post(page, "decision", "confirm").leads(303, page)
	b.post(page, "decision", "refuse").leads(303, page)
	b.get(factor).leads(303, page)
	b.get(page).says(200, "Done", "The hold has been placed.", "Back to Kawomat", `href="`+back, string(a.ID))
	if n := len(w.holds(&g)); n != 1 {
		t.Fatalf("%d holds", n)
	}
}

func TestRefusingAnOperation(t *testing.T) {
	w := newWorld(t)
	g := w.paired(anna, ofAnna, annaMain)
	a := w.prepared(&g, hold("h1", 25_000))
	b := w.as(anna, ofAnna)
	page := "/confirm/" + string(a.ID)
	b.post(page, "decision", "refuse").leads(303, callto+"&authorizationId="+string(a.ID)+"&status=REJECTED")
	b.post(page, "decision", "confirm").leads(303, page)
	b.get(page).says(200, "Refused", "nothing has been carried out", "status=REJECTED")
}

func TestOperationTooLate(t *testing.T) {
	w := newWorld(t)
	g := w.paired(anna, ofAnna, annaMain)
	a := w.prepared(&g, hold("h1", 25_000))
	b := w.as(anna, ofAnna)
	page, factor := "/confirm/"+string(a.ID), "/factor/operation/"+string(a.ID)
	b.post(page, "decision", "confirm").leads(303, factor)
	code := w.sms(anna)
	w.bank.Advance(11 * time.Minute)
	b.get(factor).leads(303, page)
	b.post(factor+"/code", "code", code).leads(303, page)
	b.get(page).says(200, "The time to confirm is over", "status=EXPIRED")
	if len(w.holds(&g)) != 0 {
		t.Error("an expired operation was done")
	}
}

// A payment that the bank refuses at the last moment explains itself
// (design §3).
func TestRefusalExplainsItself(t *testing.T) {
	w := newWorld(t)
	g := w.paired(anna, ofAnna, annaMain)
	for i, id := range []string{"h1", "h2"} {
		_, err := w.desk.Do(w.ctx, &payment.Submit{Agreement: g.ID, AccountRef: g.AccountRef, Draft: hold(id, 5_000+int64(i))})
		w.must(err)
	}
	b := w.as(anna, ofAnna)
	refusal := func(d payment.Draft, lower func(), texts ...string) {
		t.Helper()
		a := w.prepared(&g, d)
		lower()
		page, factor := "/confirm/"+string(a.ID), "/factor/operation/"+string(a.ID)
		b.post(page, "decision", "confirm").leads(303, factor)
		b.post(factor+"/code", "code", w.sms(anna)).leads(303, page)
		b.get(page).says(200, append(texts, "The operation was not carried out", string(a.ID), "status=REJECTED", "consent for the application still holds")...)
	}
	set := func(single, daily, monthly int64) func() {
		return func() {
			_, err := w.auth.SetLimits(w.ctx, anna, g.ID, limit.Limits{Single: pln(single), Daily: pln(daily), Monthly: pln(monthly), Unconfirmed: pln(10_000)}, "")
			w.must(err)
		}
	}
	refusal(hold("m", 20_000), set(50_000, 80_000, 20_000), "The monthly limit is PLN 200.00.", "PLN 100.01 has been used and PLN 99.99 is left")
	refusal(hold("f", 9_000), func() {
		w.must(w.auth.SetCustomerLimits(w.ctx, anna, ofAnna, limit.OfCustomer{OneOff: limit.Caps{Daily: limit.CapAt(pln(15_000))}}, ""))
	}, "Your limit across all applications and providers is PLN 150.00.", "PLN 100.01 has been used and PLN 49.99 is left")
	refusal(hold("d", 4_000), set(50_000, 12_000, 20_000), "The daily limit is PLN 120.00.", "PLN 19.99 is left")
	refusal(hold("s", 1_500), set(1_000, 12_000, 20_000), "The limit for one operation is PLN 10.00.")
}

// A customer with the app usually confirms there; the browser that waits is told.
func TestApprovedOnThePhoneWhileTheBrowserWaits(t *testing.T) {
	w := newWorld(t)
	g := w.paired(bartek, ofBartek, bartekMain)
	a := w.prepared(&g, hold("h1", 25_000))
	b := w.as(bartek, ofBartek)
	page, factor := "/confirm/"+string(a.ID), "/factor/operation/"+string(a.ID)
	b.post(page, "decision", "confirm").leads(303, factor)
	b.post(factor+"/method", "method", "app").leads(303, factor)
	b.get(factor).says(200, "PLN 250.00", "Confirm in the mobile app")
	c := w.approve(true)
	b.get(factor).says(200, "Approved in the app")
	_, err := w.desk.Do(w.ctx, &payment.Execute{Authorisation: a.ID, Challenge: c.ID, Person: bartek})
	w.must(err)
	b.get(factor).leads(303, callto+"&authorizationId="+string(a.ID)+"&status=EXECUTED")
	b.get(factor).leads(303, page)
	if n := len(w.holds(&g)); n != 1 {
		t.Errorf("%d holds", n)
	}
}

func TestMorePermissions(t *testing.T) {
	w := newWorld(t)
	g := w.paired(anna, ofAnna, annaMain)
	more := consent.Permission{Object: consent.Transactions, Action: consent.ReadList}
	out, err := w.desk.Do(w.ctx, &payment.Prepare{
		Agreement: g.ID, Draft: payment.Draft{Kind: payment.Permit, Permissions: []consent.Permission{more}},
		Return: payment.Return{AppType: "web", OS: "ALL", Callback: callto},
	})
	w.must(err)
	b := w.as(anna, ofAnna)
	page, factor := "/confirm/"+string(out.Authorisation.ID), "/factor/operation/"+string(out.Authorisation.ID)
	b.get(page).says(200, "asks for one more permission", "Kawomat wants to see the history of your account.", "Agreed before", "Konto codzienne")
	b.post(page, "decision", "continue").leads(303, factor)
	b.get(factor).says(200, "One more permission for Kawomat")
	b.post(factor+"/code", "code", w.sms(anna)).leads(303, callto+"&authorizationId=")
	now, err := w.store.Agreement(w.ctx, g.ID)
	w.must(err)
	if now.Grant(more) == nil {
		t.Error("the permission was not given")
	}
	b.get(page).says(200, "has been given one more permission")
}

func TestAChangeShowsWhatItWas(t *testing.T) {
	w := newWorld(t)
	w.app.Permissions = append(w.app.Permissions, consent.Definition{
		Permission: consent.Permission{Object: consent.Blockades, Action: consent.Update}, Obligatory: true,
		ValidSeconds: consent.Unrestricted, Quota: consent.Unrestricted,
	})
	w.must(w.store.PutApplication(w.ctx, w.app, w.did("application.put")))
	g := w.paired(anna, ofAnna, annaMain)
	out, err := w.desk.Do(w.ctx, &payment.Submit{Agreement: g.ID, AccountRef: g.AccountRef, Draft: hold("h1", 5_000)})
	w.must(err)
	a := w.prepared(&g, payment.Draft{Kind: payment.ChangeHold, OperationID: "c1", Hold: out.Hold.ID, Amount: pln(30_000)})
	w.as(anna, ofAnna).get("/confirm/"+string(a.ID)).says(200, "Confirm the change of a hold", "PLN 300.00", "Until now: PLN 50.00", "Ekspres h1")
}

// Who acts for several customers may have chosen another one than the operation
// is for; the page helps to choose again.
func TestAnOperationOfTheOtherCustomer(t *testing.T) {
	w := newWorld(t)
	g := w.paired(bartek, ofBartek, bartekMain)
	a := w.prepared(&g, hold("h1", 25_000))
	b := w.as(bartek, wiatrak)
	page := "/confirm/" + string(a.ID)
	at := b.get(page).leads(303, "/context?next=%2Fconfirm%2F").header.Get("Location")
	b.post(at, "customer", string(ofBartek)).leads(303, page)
	b.get(page).says(200, "PLN 250.00")
}

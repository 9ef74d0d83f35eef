package customer

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/intake"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/payment"
)

func limitsForms(single, daily, monthly, threshold string) []string {
	return []string{"single", single, "daily", daily, "monthly", monthly, "threshold", threshold}
}

func TestLimitsOfAnApplication(t *testing.T) {
	w := newWorld(t)
	g := w.paired(anna, ofAnna, annaMain)
	_, err := w.desk.Do(w.ctx, &payment.Submit{Agreement: g.ID, AccountRef: g.AccountRef, Draft: hold("h1", 5_000)})
	w.must(err)
	b := w.as(anna, ofAnna)
	page := "/applications/" + string(g.ID)
	b.get("/applications").says(200, "Kawomat", page, "Konto codzienne")
	b.get(page).says(200, "PLN 50.00 used, PLN 750.00 left", "PLN 50.00 used, PLN 1,950.00 left", "Kawomat may place holds", "Ekspres h1")

	now := func() limit.Limits {
		a, err := w.store.Agreement(w.ctx, g.ID)
		w.must(err)
		return a.Limits
	}
	// Down at once.
	b.post(page+"/limits", limitsForms("100", "200", "300", "50")...).leads(303, page)
	lowered := limit.Limits{Single: pln(10_000), Daily: pln(20_000), Monthly: pln(30_000), Unconfirmed: pln(5_000)}
	if now() != lowered {
		t.Fatalf("lowered to %v", now())
	}
	b.get(page).says(200, "The limits have been lowered.")
	b.get(page).not("The limits have been lowered.")

	// Up with the second factor, and no further than the application may.
	b.post(page+"/limits", limitsForms("500,01", "200", "300", "50")...).says(422, "may not be above PLN 500.00", `value="500,01"`)
	b.post(page+"/limits", limitsForms("abc", "", "300", "50")...).says(422, "Enter an amount", "Fill in this field.")
	b.post(page+"/limits", limitsForms("400", "500", "600", "70")...).leads(303, "/factor/limits/"+string(g.ID))
	if now() != lowered {
		t.Fatal("raised without a word")
	}
	factor := "/factor/limits/" + string(g.ID)
	b.get(factor).says(200, "Raising the limits of Kawomat")
	code := w.sms(anna)
	b.post(factor+"/code", "code", code).leads(303, page)
	raised := limit.Limits{Single: pln(40_000), Daily: pln(50_000), Monthly: pln(60_000), Unconfirmed: pln(7_000)}
	if now() != raised {
		t.Fatalf("raised to %v", now())
	}
	b.get(page).says(200, "The limits have been raised.")

	// Sent again after lowering: the old word raises nothing.
	b.post(page+"/limits", limitsForms("100", "200", "300", "50")...).leads(303, page)
	b.post(factor+"/code", "code", code).leads(303, page)
	b.get(factor).leads(303, page)
	if now() != lowered {
		t.Fatalf("an old confirmation raised the limits to %v", now())
	}
}

func TestOwnLimits(t *testing.T) {
	w := newWorld(t)
	b := w.as(anna, ofAnna)
	form := func(daily string) []string {
		return []string{"oneoff_single", "", "oneoff_daily", daily, "oneoff_monthly", "", "recurring_single", "", "recurring_daily", "", "recurring_monthly", ""}
	}
	now := func() limit.Cap {
		l, err := w.store.CustomerLimits(w.ctx, ofAnna)
		w.must(err)
		return l.OneOff.Daily
	}
	b.get("/limits").says(200, "no limit")
	b.post("/limits", form("100")...).leads(303, "/limits") // a limit where there was none is lower
	if now() != limit.CapAt(pln(10_000)) {
		t.Fatalf("lowered to %v", now())
	}
	b.get("/limits").says(200, "The limits have been lowered.", "PLN 0.00 used, PLN 100.00 left")
	b.post("/limits", form("x")...).says(422, "Enter an amount")
	b.post("/limits", "oneoff_daily", "1").says(422, "Fill in this field.")

	factor := "/factor/customer_limits/" + string(ofAnna)
	b.post("/limits", form("")...).leads(303, factor) // none again is higher
	if now() != limit.CapAt(pln(10_000)) {
		t.Fatal("lifted without a word")
	}
	b.get(factor).says(200, "Raising your limits")
	b.post(factor+"/code", "code", w.sms(anna)).leads(303, "/limits")
	if now().Set {
		t.Fatal("not lifted")
	}
	// Somebody else's subject in the address confirms nothing.
	b.get("/factor/customer_limits/"+string(ofBartek)).leads(303, "/limits")
}

func TestLookingIsAllowedRaisingIsNot(t *testing.T) {
	w := newWorld(t)
	w.must(w.auth.SetCustomerLimits(w.ctx, bartek, wiatrak, limit.OfCustomer{OneOff: limit.Caps{Daily: limit.CapAt(pln(10_000))}}, ""))
	b := w.as(celina, wiatrak)
	form := func(daily string) []string {
		return []string{"oneoff_single", "", "oneoff_daily", daily, "oneoff_monthly", "", "recurring_single", "", "recurring_daily", "", "recurring_monthly", ""}
	}
	b.post("/limits", form("200")...).says(403, "You may not do this on your own")
	b.post("/limits", form("50")...).leads(303, "/limits")
}

func TestMoving(t *testing.T) {
	w := newWorld(t)
	g := w.paired(anna, ofAnna, annaMain)
	b := w.as(anna, ofAnna)
	page := "/applications/" + string(g.ID)
	for _, to := range []account.ID{"", annaOff, annaEuro, bartekMain, "nothing"} {
		b.post(page+"/move", "account", string(to)).says(422, "option")
	}
	b.post(page+"/move", "account", string(annaSpare)).leads(303, page)
	b.get(page).says(200, "The application now uses the account you chose.", "Oszczędności")
	b.post(page+"/move", "account", string(annaSpare)).leads(303, page)
	now, err := w.store.Agreement(w.ctx, g.ID)
	w.must(err)
	if now.Account != annaSpare || now.AccountRef != g.AccountRef {
		t.Errorf("moved to %s, known as %q", now.Account, now.AccountRef)
	}
}

func TestReleasingAHoldOfAnEndedPairing(t *testing.T) {
	w := newWorld(t)
	g := w.paired(anna, ofAnna, annaMain)
	out, err := w.desk.Do(w.ctx, &payment.Submit{Agreement: g.ID, AccountRef: g.AccountRef, Draft: hold("h1", 5_000)})
	w.must(err)
	b := w.as(anna, ofAnna)
	release, home := "/holds/"+string(out.Hold.ID)+"/release", "/accounts/"+string(annaMain)
	b.get(home).says(200, "Ekspres h1", "PLN 950.00").not(release)
	b.get(release).says(404)
	b.post(release, "decision", "yes").says(403, "This cannot be done now.")
	b.get("/applications/"+string(g.ID)+"/end").says(200, "1 active hold of this application stays", "You may release a hold")
	b.post("/applications/"+string(g.ID)+"/end", "decision", "yes").leads(303, "/applications/")
	b.get(home).says(200, release)
	w.as(bartek, ofBartek).get(release).says(404)
	w.as(bartek, ofBartek).post(release, "decision", "yes").says(404)
	b.get(release).says(200, "Release the hold?", "PLN 50.00", "Ekspres h1")
	b.post(release).says(400)
	b.post(release, "decision", "yes").leads(303, home)
	b.get(home).says(200, "The hold has been released.", "PLN 1,000.00").not("Ekspres h1")
	b.post(release, "decision", "yes").leads(303, home)
	b.get(home).says(200, "This hold had already ended.")
}

func TestForeignIDs(t *testing.T) {
	w := newWorld(t)
	g := w.paired(anna, ofAnna, annaMain)
	a := w.prepared(&g, hold("h1", 25_000))
	out, err := w.desk.Do(w.ctx, &payment.Submit{Agreement: g.ID, AccountRef: g.AccountRef, Draft: hold("h2", 5_000)})
	w.must(err)
	b := w.as(bartek, ofBartek)
	var foreign []string
	for _, path := range []string{
		"/accounts/%s", "/applications/%s", "/applications/%s/end", "/confirm/%s", "/holds/%s/release", "/factor/operation/%s", "/factor/limits/%s",
	} {
		for _, id := range []string{string(annaMain), string(g.ID), string(a.ID), string(out.Hold.ID), string(partnerMain), "own-fee-income", "nothing", "%00", "a%2Fb", "%ff"} {
			foreign = append(foreign, fmt.Sprintf(path, id))
		}
	}
	reference := regexp.MustCompile(`(?s)<dl class="rows reference">.*?</dl>|value="/[^"]*"`)
	unknown := reference.ReplaceAllString(b.get("/accounts/nothing").text, "")
	for _, path := range foreign {
		v := b.get(path)
		if v.status != 404 {
			t.Errorf("%s: %d", path, v.status)
		} else if got := reference.ReplaceAllString(v.text, ""); got != unknown {
			t.Errorf("%s differs from what does not exist", path)
		}
	}
	b.post("/applications/"+string(g.ID)+"/limits", limitsForms("1", "1", "1", "1")...).says(404)
	b.post("/applications/"+string(g.ID)+"/move", "account", string(bartekMain)).says(404)
	b.post("/applications/"+string(g.ID)+"/end", "decision", "yes").says(404)
	b.post("/confirm/"+string(a.ID), "decision", "refuse").says(404)
	b.post("/factor/operation/"+string(a.ID)+"/method", "method", "sms").says(404)
	b.post("/context", "customer", string(ofAnna)).says(422, "Choose one of the options.")
}

func TestAccountPage(t *testing.T) {
	w := newWorld(t)
	g := w.paired(anna, ofAnna, annaMain)
	_, err := w.desk.Do(w.ctx, &payment.Submit{Agreement: g.ID, AccountRef: g.AccountRef, Draft: hold("h1", 1_234)})
	w.must(err)
	_, err = w.desk.Do(w.ctx, &payment.Submit{Agreement: g.ID, AccountRef: g.AccountRef, Draft: payment.Draft{Kind: payment.Pay, OperationID: "p1", Amount: pln(2_050), Title: "Kawa na rok"}})
	w.must(err)
	for i := range 60 {
		_, err := w.desk.Do(w.ctx, &payment.Book{
			By: audit.Actor{Kind: audit.Bank, ID: "test"}, Kind: ledger.Transfer, Title: fmt.Sprintf("Wpłata %02d.", i), From: intake.ElixirAccount, To: annaMain,
			Payer: ledger.Party{Name: "Zakład Pracy"}, Payee: ledger.Party{Name: "Anna Żak"}, Amount: pln(100),
		})
		w.must(err)
	}
	b := w.as(anna, ofAnna)
	b.get("/").says(200, "Konto codzienne", "PLN 1,027.16", "PLN 1,039.50", "PLN 12.34")
	page := "/accounts/" + string(annaMain)
	v := b.get(page).says(200, "PLN 1,027.16", "PLN 1,039.50", "PLN 12.34", "Wpłata 59.", "Wpłata 35.", "Ekspres h1", "Zakład Pracy", "<svg", "curve-line").not("Wpłata 34.", `id="newer"`)

	link := regexp.MustCompile(`id="(older|newer)" rel="\w+" href="([^"]+)"`)
	follow := func(v *view, name string) *view {
		t.Helper()
		for _, m := range link.FindAllStringSubmatch(v.text, -1) {
			if m[1] == name {
				return b.get(m[2])
			}
		}
		t.Fatalf("no way to %s entries", name)
		return nil
	}
	second := follow(v, "older").says(200, "Wpłata 34.", "Wpłata 10.").not("Wpłata 35.", "Wpłata 09.")
	third := follow(second, "older").says(200, "Wpłata 09.", "Kawa na rok", "Kawomat", "Saldo początkowe").not(`id="older"`)
	follow(follow(third, "newer").says(200, "Wpłata 34."), "newer").says(200, "Wpłata 59.").not(`id="newer"`)

	b.get(page+"?text=kawa").says(200, "Kawa na rok").not("Wpłata 59.")
	b.get(page+"?text=nic+takiego").says(200, "filter-clear")
	b.get(page+"?from=2026-11-18&to=2026-11-18").says(200, "Wpłata 59.").not("Saldo")
	b.get(page+"?from=2026-02-30").says(422, "Enter a valid date.")
	b.get(page+"?from=2026-11-18&to=2026-11-01").says(422, "The last day may not be before the first.")
	b.get(page+"?text="+strings.Repeat("x", 141)).says(422, "Shorten this text.")
	b.get(page+"?pages=zzz~%21").says(200, "Wpłata 59.")
	b.get(page + "?from=1&from=2").says(400)

	// Blocked or not, the customer sees the money.
	w.must(w.store.SetAccountStatus(w.ctx, annaMain, account.Blocked, w.did("account.blocked")))
	b.get(page).says(200, "PLN 1,027.16")
	b.get("/").says(200, "PLN 1,027.16")
}

func TestUsedUpConsentIsSaid(t *testing.T) {
	w := newWorld(t)
	w.app.Permissions[0].Quota = 1
	w.must(w.store.PutApplication(w.ctx, w.app, w.did("application.put")))
	g := w.paired(anna, ofAnna, annaMain)
	b := w.as(anna, ofAnna)
	b.get("/applications/"+string(g.ID)).says(200, "active")
	_, err := w.desk.Do(w.ctx, &payment.Submit{Agreement: g.ID, AccountRef: g.AccountRef, Draft: hold("h1", 100)})
	w.must(err)
	b.get("/applications/"+string(g.ID)).says(200, "to be renewed", "Until you renew it")
	if now, err := w.store.Agreement(w.ctx, g.ID); err != nil || now.Status != consent.Active {
		t.Errorf("%s, %v", now.Status, err)
	}
}

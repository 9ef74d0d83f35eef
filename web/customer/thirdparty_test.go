package customer

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"okienko/bank/account"
	"okienko/bank/thirdparty"
	"okienko/bank/xs2a"
)

func TestConsentToReadIsGiven(t *testing.T) {
	w := newWorld(t)
	id := w.asks(toRead("c1"))
	page := "/consent/" + id
	b := w.browser()
	b.get(page).leads(303, "/login?next=%2Fconsent%2F"+id)
	b.get("/login?next="+page).says(200, "Portfel Rodzinny S.A.", "refuse and go back").mayLeaveTo("https://portfel.example")
	b.post("/login?next="+page, "login", "anna", "password", password).leads(303, page)

	v := b.get(page).says(200, "Portfel Rodzinny S.A. wants to read your accounts", "PSDPL-PFSA-5250007738", "stands in the supervisor",
		"see booked transactions of the last 90 days", "see the details of transactions on the chosen accounts, once", "at most 4 times a day",
		"The consent holds until 16 February 2027", "You can take the consent back", "On behalf of: Anna Żak",
		"Konto codzienne", "Bez dostępu", "switched off", "Zastrzeżone", "blocked", `href="/access"`)
	v.mayLeaveTo("https://portfel.example")
	if strings.Count(v.text, " checked") != 0 {
		t.Error("an account is ticked that the customer did not tick")
	}
	b.post(page, "decision", "continue").says(422, "Choose one of the options")
	for _, a := range []account.ID{annaOff, annaBlock, bartekMain, "none"} {
		b.post(page, "decision", "continue", "account", string(annaMain), "account", string(a)).says(422, "cannot be chosen")
	}
	b.post(page, "decision", "maybe").says(400)
	factor := "/factor/consent/" + id
	b.post(page, "decision", "continue", "account", string(annaMain), "account", string(annaEuro)).leads(303, factor)
	b.get(factor).says(200, "Consent for Portfel Rodzinny S.A. to read your accounts", "Konto codzienne", "Euro", "16 February 2027").mayLeaveTo("https://portfel.example")
	b.post(factor+"/code", "code", "000000").says(422, "wrong")
	b.post(factor+"/code", "code", w.sms(anna)).leads(303, goBack+"&code=").carries("state", state)

	c, err := w.store.ConsentByTPP(w.ctx, w.third().ID, "c1")
	w.must(err)
	if c.Status != xs2a.Active || c.Customer != ofAnna || c.Person != anna || len(c.Accounts) != 2 {
		t.Errorf("%+v", c)
	}
	// Used twice, unknown.
	b.get(page).says(410, "expired")
	b.post(page, "decision", "continue", "account", string(annaMain)).says(410)
	b.post(factor+"/code", "code", "123456").says(410)
	b.get("/consent/none").says(404)
}

func TestAbandonedRequestIsSaid(t *testing.T) {
	w := newWorld(t)
	page := "/consent/" + w.asks(toRead("c1"))
	b := w.as(anna, ofAnna)
	b.get(page).says(200)
	w.bank.Set(w.bank.Now().Add(16 * time.Minute))
	b = w.as(anna, ofAnna)
	b.get(page).says(410, "expired")
	b.post(page, "decision", "refuse").says(410)
}

func TestRefusalTellsTheThirdParty(t *testing.T) {
	w := newWorld(t)
	for name, no := range map[string]func(page string) *view{
		"logged in":     func(page string) *view { return w.as(anna, ofAnna).post(page, "decision", "refuse") },
		"not logged in": func(page string) *view { return w.browser().post(page + "/refuse") },
	} {
		page := "/consent/" + w.asks(toRead("refused "+name))
		no(page).leads(303, goBack+"&error=access_denied").carries("state", state)
		w.as(anna, ofAnna).get(page).says(410)
		c, err := w.store.ConsentByTPP(w.ctx, w.third().ID, "refused "+name)
		w.must(err)
		if c.Status != xs2a.Refused {
			t.Errorf("%s: %s", name, c.Status)
		}
	}
	w.browser().post("/consent/none/refuse").says(404)
}

func TestNobodyConsentsWithoutThePower(t *testing.T) {
	w := newWorld(t)
	page := "/consent/" + w.asks(toRead("c1"))
	b := w.as(celina, wiatrak)
	b.get(page).says(403, "may not do this on your own")
	b.post(page, "decision", "continue", "account", string(wiatrakMain)).says(403)

	// An account that nobody may use is not a choice; the third party learns no more than a no.
	own := w.as(dorota, warsztat)
	v := own.get(page).says(200, "None of your accounts fits", "switched off")
	if strings.Contains(v.text, `id="continue"`) {
		t.Error("the page offers what cannot be")
	}
	own.post(page, "decision", "continue", "account", string(warsztatOne)).says(422, "cannot be chosen")
}

func TestOnlyNamedAccountsAreAskedFor(t *testing.T) {
	w := newWorld(t)
	spare, err := w.store.Account(w.ctx, annaSpare)
	w.must(err)
	c := toRead("c1")
	c.Wanted = []string{spare.NRB.String()}
	v := w.as(anna, ofAnna).get("/consent/"+w.asks(c)).says(200, "Oszczędności", `value="a-anna-2" checked`)
	for _, other := range []string{"Konto codzienne", "Bez dostępu", "Zastrzeżone"} {
		if strings.Contains(v.text, other) {
			t.Errorf("the page offers %s, which nobody asked for", other)
		}
	}
}

func TestConsentsAreListedWithdrawnAndRenewed(t *testing.T) {
	w := newWorld(t)
	b := w.as(anna, ofAnna)
	b.get("/consents").says(200, "There are no consents here")
	c := w.gives(b, toRead("c1"), annaMain)
	w.must(w.store.UseRight(w.ctx, c.ID, xs2a.ReadDone, w.bank.Now().Add(time.Minute)))
	page := "/consents/" + string(c.ID)
	b.get("/").says(200, "1 consent is active")
	b.get("/consents?show=ended").says(200, "There are no consents here")
	b.get("/consents").says(200, "Portfel Rodzinny S.A.", "reading accounts", "active", "Konto codzienne", "18 November 2026, 12:00", "Holds until 16 February 2027")
	b.get(page).says(200, "PSDPL-PFSA-5250007738", "see booked transactions of the last 90 days", "Take the consent back", "Renew the consent")

	// Somebody else's consent does not exist.
	other := w.as(bartek, ofBartek)
	for _, p := range []string{page, page + "/end", page + "/renew"} {
		other.get(p).says(404)
	}
	other.post(page+"/end", "decision", "yes").says(404)

	w.bank.Set(w.bank.Now().Add(80 * 24 * time.Hour))
	b = w.as(anna, ofAnna)
	b.get(page+"/renew").says(200, "Renew the consent for Portfel Rodzinny S.A.", "Konto codzienne", "5 August 2027")
	factor := "/factor/consent_renewal/" + string(c.ID)
	b.post(page+"/renew", "decision", "continue").leads(303, factor)
	b.post(factor+"/code", "code", w.sms(anna)).leads(303, page)
	b.get(page).says(200, "The consent has been renewed", "5 August 2027")

	b.get(page+"/end").says(200, "Take back the consent for Portfel Rodzinny S.A.?")
	b.post(page + "/end").says(400)
	b.post(page+"/end", "decision", "yes").leads(303, page)
	b.get(page).says(200, "has been taken back", "ended", "taken back in internet banking").not("Renew the consent", `id="end"`)
	b.post(page+"/end", "decision", "yes").leads(303, page) // twice is harmless
	b.post(page+"/renew", "decision", "continue").says(409)
	b.get("/consents?show=active").says(200, "There are no consents here")
	b.get("/consents?show=ended").says(200, "Portfel Rodzinny S.A.")
}

func TestOneConfirmationGivesOneConsent(t *testing.T) {
	w := newWorld(t)
	b := w.as(anna, ofAnna)
	id := w.asks(toRead("c1"))
	b.post("/consent/"+id, "decision", "continue", "account", string(annaMain)).leads(303, "/factor/consent/"+id)
	codes := 0
	for _, to := range b.atOnce("/factor/consent/"+id+"/code", "code", w.sms(anna)) {
		if strings.HasPrefix(to, goBack) {
			codes++
		}
	}
	if codes != 1 {
		t.Errorf("%d codes went back", codes)
	}
}

func TestFundsAreConfirmedToANamedIssuer(t *testing.T) {
	w := newWorld(t)
	w.third()
	b := w.as(anna, ofAnna)
	v := b.get("/funds").says(200, "Karta Miejska S.A. (PSDPL-PFSA-1132245670)", "answers only yes or no")
	if strings.Contains(v.text, string(portfel)) {
		t.Error("an issuer without the role is offered")
	}
	b.post("/funds", "issuer", "", "account", "", "until", "soon").says(422, "Enter a valid date")
	b.post("/funds", "issuer", string(portfel), "account", string(annaMain), "until", "2027-11-18").says(422, "Choose one of the options")
	b.post("/funds", "issuer", string(karta), "account", string(annaBlock), "until", "2027-11-18").says(422, "cannot be chosen")
	for _, bad := range []string{"2026-11-18", "2031-11-19"} {
		b.post("/funds", "issuer", string(karta), "account", string(annaMain), "until", bad).says(422, "from tomorrow to five years ahead")
	}
	form := []string{"issuer", string(karta), "account", string(annaMain), "until", "2027-11-18"}
	factor := "/factor/consent_funds/" + string(annaMain)
	b.post("/funds", form...).leads(303, factor)
	b.get(factor).says(200, "Karta Miejska S.A.", "Konto codzienne", "18 November 2027, 23:59")
	b.post(factor+"/code", "code", w.sms(anna)).leads(303, "/consents/")
	main, err := w.store.Account(w.ctx, annaMain)
	w.must(err)
	c, err := w.store.FundsConsent(w.ctx, karta, main.NRB.String(), w.bank.Now())
	w.must(err)
	page := "/consents/" + string(c.ID)
	b.get(page).says(200, "has been given", "18 November 2027, 23:59").not("Renew the consent")
	b.get("/consents").says(200, "Karta Miejska S.A.", "confirmation of funds")
	b.post("/funds", form...).says(422, "has such a consent for this account already")
	b.post(page+"/end", "decision", "yes").leads(303, page)
	if _, err := w.store.FundsConsent(w.ctx, karta, main.NRB.String(), w.bank.Now()); err == nil {
		t.Error("a consent that was taken back still stands")
	}
}

func TestAccessOfAnIndividual(t *testing.T) {
	w := newWorld(t)
	b := w.as(anna, ofAnna)
	w.gives(b, toRead("c1"), annaMain)
	b.get("/access").says(200, "On personal accounts access is on from the start", "+48 22 555 01 23", "1 active consent covers this account",
		"No consent for a provider covers this account", "no end of its own", "One kind of payments has no limit")
	off := "/access/" + string(annaMain) + "/off"
	b.get(off).says(200, "Switch off access for applications?", "Konto codzienne")
	b.post(off).says(400)
	b.post(off, "decision", "yes").leads(303, "/access")
	b.get("/access").says(200, "Access for applications has been switched off", "Decided by Anna Żak")
	b.get(off).leads(303, "/access")
	w.state(annaMain, account.AccessOff)

	on := "/access/" + string(annaMain) + "/on"
	factor := "/factor/access/" + string(annaMain)
	b.post(on).leads(303, factor)
	w.state(annaMain, account.AccessOff)
	b.get(factor).says(200, "Switching on access", "Konto codzienne")
	b.post(factor+"/code", "code", w.sms(anna)).leads(303, "/access")
	w.state(annaMain, account.AccessOn)
	b.post(on).leads(303, "/access") // sent twice

	// What the bank blocked, the customer cannot open; foreign accounts do not exist.
	if v := b.get("/access"); strings.Contains(v.text, "/access/"+string(annaBlock)+"/on") {
		t.Error("a block of the bank is offered to be lifted")
	}
	b.post("/access/" + string(annaBlock) + "/on").says(403)
	w.state(annaBlock, account.AccessBlocked)
	b.post("/access/" + string(bartekMain) + "/on").says(404)
	b.post("/access/"+string(bartekMain)+"/off", "decision", "yes").says(404)
}

func TestAccessOfABusinessIsTheHotlines(t *testing.T) {
	w := newWorld(t)
	b := w.as(dorota, warsztat)
	v := b.get("/access").says(200, "On business accounts our hotline switches access on", "+48 22 555 01 23")
	if strings.Contains(v.text, "/access/"+string(warsztatOne)) {
		t.Error("a business is offered to switch access itself")
	}
	b.post("/access/" + string(warsztatOne) + "/on").says(403)
	w.state(warsztatOne, account.AccessOff)
}

func TestAccessOfACorporation(t *testing.T) {
	w := newWorld(t)
	looks := w.as(celina, wiatrak)
	looks.get("/access").says(200, "A person who may act for the company alone", "Your mandate does not allow it").not(`id="off-1"`)
	looks.post("/access/"+string(wiatrakMain)+"/off", "decision", "yes").says(403)
	w.state(wiatrakMain, account.AccessOn)
	owner := w.as(bartek, wiatrak)
	owner.post("/access/"+string(wiatrakMain)+"/off", "decision", "yes").leads(303, "/access")
	w.state(wiatrakMain, account.AccessOff)
	factor := "/factor/access/" + string(wiatrakMain)
	owner.post("/access/"+string(wiatrakMain)+"/on").leads(303, factor)
	owner.post(factor+"/method", "method", "app").leads(303, factor)
	w.approve(true)
	owner.post(factor+"/continue").leads(303, "/access")
	w.state(wiatrakMain, account.AccessOn)
}

// state demands an access state of an account.
func (w *world) state(id account.ID, want account.AccessState) {
	w.Helper()
	a, err := w.store.Account(w.ctx, id)
	w.must(err)
	if a.Access.State != want {
		w.Errorf("access is %s, want %s", a.Access.State, want)
	}
}

func TestAThirdPartyGoneFromTheRegisterIsSaid(t *testing.T) {
	w := newWorld(t)
	b := w.as(anna, ofAnna)
	c := w.gives(b, toRead("c1"), annaMain)
	page := "/consent/" + w.asks(toRead("c2"))
	w.bank.Set(w.bank.Now().Add(time.Second))
	w.must(w.store.ImportEntries(w.ctx, []thirdparty.Entry{}, w.bank.Now(), w.did("register.imported")))
	b.get("/consents/"+string(c.ID)).says(200, "no longer stands in the supervisor")
	b.get(page).says(200, "no longer stands in the supervisor")
	b.post(page, "decision", "continue", "account", string(annaMain)).says(http.StatusForbidden, "This provider may not act at our bank")
}

func TestConsentIsGivenInTheNameThatWasChosen(t *testing.T) {
	w := newWorld(t)
	page := "/consent/" + w.asks(toRead("c1"))
	b := w.browser()
	b.post("/login?next="+page, "login", "bartek", "password", password).leads(303, "/context?next=")
	b.post("/context?next="+page, "customer", string(wiatrak)).leads(303, page)
	b.get(page).says(200, "On behalf of: Wiatrak sp. z o.o.", "Firmowe", `/context?next=`).not(`value="` + string(bartekMain) + `"`)
	b.post(page, "decision", "continue", "account", string(bartekMain)).says(422)
	id := strings.TrimPrefix(page, "/consent/")
	b.post(page, "decision", "continue", "account", string(wiatrakMain)).leads(303, "/factor/consent/"+id)
	// The other customer's part of the session confirms nothing of it.
	b.post("/context", "customer", string(ofBartek)).leads(303, "/")
	b.get("/factor/consent/"+id).leads(303, page)
	all, err := w.store.ConsentsOf(w.ctx, wiatrak)
	w.must(err)
	if len(all) != 0 {
		t.Errorf("given without a confirmation: %+v", all)
	}
}

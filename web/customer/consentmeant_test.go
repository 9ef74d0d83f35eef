package customer

import (
	"strings"
	"testing"

	"okienko/authserver"
	"okienko/bank/account"
	"okienko/bank/party"
	"okienko/bank/xs2a"
)

// Bartek has an account of his own and acts for Wiatrak.
func TestOnlyCustomersThatFitAreOffered(t *testing.T) {
	w := newWorld(t)
	forCompany := authserver.PSUContext{Kind: authserver.ContextCompany}
	for name, tt := range map[string]struct {
		sent  authserver.PSUContext
		fits  party.CustomerID
		other party.CustomerID
	}{
		"a company":    {forCompany, wiatrak, ofBartek},
		"this company": {authserver.PSUContext{CompanyBy: "N", CompanyID: wiatraksNIP}, wiatrak, ofBartek},
		"for himself":  {authserver.PSUContext{Kind: authserver.ContextPersonal, PersonBy: "L", PersonID: "bartek"}, ofBartek, wiatrak},
	} {
		t.Run(name, func(t *testing.T) {
			id := w.asksOf(tt.sent, toRead(name))
			page := "/consent/" + id

			// Who comes to log in has no choice left.
			b := w.browser()
			b.post("/login?next="+page, "login", "bartek", "password", password).leads(303, page)
			b.get(page).says(200, "Portfel Rodzinny S.A. wants to read your accounts", nameOf[tt.fits])

			// Who is here for the other customer is asked, and offered what fits.
			b = w.as(bartek, tt.other)
			choose := "/context?next=" + strings.ReplaceAll(page, "/", "%2F")
			b.get(page).leads(303, choose)
			b.post(page, "decision", "continue", "account", string(mainOf[tt.other])).leads(303, choose)
			b.get(choose).says(200, `value="`+string(tt.fits)+`"`).not(`value="` + string(tt.other) + `"`)
			b.post(choose, "customer", string(tt.other)).says(422, "Choose one of the options")
			b.post(choose, "customer", string(tt.fits)).leads(303, page)
			b.get(page).says(200, nameOf[tt.fits]).not(`value="` + string(mainOf[tt.other]) + `"`)
			b.post(page, "decision", "continue", "account", string(mainOf[tt.other])).says(422)
			b.post(page, "decision", "continue", "account", string(mainOf[tt.fits])).leads(303, "/factor/consent/"+id)

			// Elsewhere all of them are offered as ever.
			b.get("/context").says(200, `value="`+string(wiatrak)+`"`, `value="`+string(ofBartek)+`"`)
		})
	}
	b := w.browser()
	b.post("/login?next=/consent/"+w.asks(toRead("anybody")), "login", "bartek", "password", password).leads(303, "/context?next=")
}

var (
	nameOf = map[party.CustomerID]string{wiatrak: "On behalf of: Wiatrak sp. z o.o.", ofBartek: "On behalf of: Bartek Lis"}
	mainOf = map[party.CustomerID]account.ID{wiatrak: wiatrakMain, ofBartek: bartekMain}
)

// Whom the third party did not send reads that, and nothing of the request; the
// third party learns of a no.
func TestARequestForSomebodyElseSaysNothing(t *testing.T) {
	w := newWorld(t)
	for name, tt := range map[string]struct {
		sent authserver.PSUContext
		who  party.PersonID
		as   party.CustomerID
	}{
		"another person":            {authserver.PSUContext{PersonBy: "P", PersonID: annasPESEL}, bartek, ofBartek},
		"a person who is not here":  {authserver.PSUContext{PersonBy: "P", PersonID: "02070803628"}, anna, ofAnna},
		"a login of nobody":         {authserver.PSUContext{PersonBy: "L", PersonID: "nobody"}, anna, ofAnna},
		"any company":               {authserver.PSUContext{Kind: authserver.ContextCompany}, anna, ofAnna},
		"another company":           {authserver.PSUContext{CompanyBy: "N", CompanyID: wiatraksNIP}, dorota, warsztat},
		"herself, who has only one": {authserver.PSUContext{Kind: authserver.ContextPersonal}, dorota, warsztat},
	} {
		t.Run(name, func(t *testing.T) {
			id := w.asksOf(tt.sent, toPay(name, rent(10_000)))
			page := "/consent/" + id
			b := w.as(tt.who, tt.as)
			for lang, words := range map[string][]string{
				"en": {"This request is not for you", "Portfel Rodzinny S.A. asks for the consent of somebody else", "the provider learns only that there is no consent"},
				"pl": {"Ta prośba nie jest do Ciebie", "Portfel Rodzinny S.A. prosi o zgodę kogoś innego", "dostawca dowie się tylko, że zgody nie ma"},
			} {
				b.header.Set("Accept-Language", lang)
				b.get(page).says(403, words...).not(landlord, "Czynsz", "100.00", "100,00", `id="continue"`, `name="account"`).mayLeaveTo("https://portfel.example")
			}
			b.header.Set("Accept-Language", "en")
			b.get("/context?next="+page).says(403, "This request is not for you").not(`name="customer"`)
			b.post("/context?next="+page, "customer", string(tt.as)).says(403, "This request is not for you")
			b.post(page, "decision", "continue", "account", string(annaMain)).says(403, "This request is not for you")
			b.get("/factor/consent/"+id).leads(303, page)
			b.post(page+"/refuse").leads(303, goBack+"&error=access_denied&state=").carries("state", state)
			c, err := w.store.ConsentByTPP(w.ctx, w.third().ID, name)
			w.must(err)
			if c.Status != xs2a.Refused || c.Customer != "" {
				t.Errorf("%+v", c)
			}
			b.get("/").says(200)
		})
	}

	// Somebody with several customers, none of which fits, is not asked to choose.
	page := "/consent/" + w.asksOf(authserver.PSUContext{PersonBy: "P", PersonID: annasPESEL}, toRead("c1"))
	b := w.browser()
	b.post("/login?next="+page, "login", "bartek", "password", password).leads(303, "/context?next=")
	b.get("/context?next="+page).says(403, "This request is not for you")
	b.post(page+"/refuse").leads(303, goBack+"&error=access_denied")
}

// Which power is needed is that for the customer of whom the third party asks.
func TestPowerIsThatForTheCustomerWhoIsMeant(t *testing.T) {
	w := newWorld(t)
	forCompany := authserver.PSUContext{Kind: authserver.ContextCompany}
	w.as(celina, wiatrak).get("/consent/"+w.asksOf(forCompany, toRead("c1"))).says(403, "may not do this on your own")
	w.as(celina, wiatrak).get("/consent/"+w.asksOf(authserver.PSUContext{Kind: authserver.ContextPersonal}, toRead("c2"))).says(403, "This request is not for you")
}

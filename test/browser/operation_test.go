package browser

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"okienko/okienkotest"
)

// prepared asks, as a partner's server does, for an operation that the customer
// must confirm, and returns where to send them ("" to their phone) and its id.
func (p *pass) prepared(t *testing.T, paired *okienkotest.Pairing, path, fields string) (to, id string) {
	t.Helper()
	a := paired.Post(t, path+"/authorize", fmt.Sprintf(`{%s,"currency":"PLN","appType":"web","os_type":"ALL","callbackUri":%q}`, fields, paired.CallbackURI))
	if a.Status != http.StatusOK {
		t.Fatalf("%s/authorize answers %d %s", path, a.Status, a.Body)
	}
	return a.Field("redirectURI"), a.Field("authorizationId")
}

// came reads the status with which the browser came back to the application.
func (r *reader) came(id string) string {
	r.Helper()
	back, err := url.Parse(r.here())
	if err != nil || back.Query().Get("authorizationId") != id {
		r.Fatalf("the browser came back to %s, not with authorizationId %s", r.here(), id)
	}
	return back.Query().Get("status")
}

// Anna parks for 60.00, above the 50.00 that need no confirmation. The parking
// company charges her 0.49.
func (p *pass) paymentConfirmed(t *testing.T, name string) {
	paired := p.Pair(t, "anna", "parkomat")
	to, id := p.prepared(t, paired, "/payment", fmt.Sprintf(`"operationId":"parking","account_id":%q,"amount":"60.00","title":"Parking ulica Żółta"`, paired.AccountID))
	r := p.starts(t, name)
	r.opens(to)
	r.logsIn("anna")
	r.at(to)
	r.says(p.in("60,00 zł", "PLN 60.00"), p.in("0,49 zł", "PLN 0.49"), "Parkomat sp. z o.o.", "Parking ulica Żółta")
	r.large(p.in("60,00 zł", "PLN 60.00"), 32)
	r.large("Parkomat sp. z o.o.", 18)
	r.large("Parking ulica Żółta", 18)
	r.page("confirm")
	r.follows("confirm")
	r.at(p.People + "/factor/")
	r.says(p.in("60,00 zł", "PLN 60.00"), "Parkomat sp. z o.o.", "Parking ulica Żółta")
	r.page("code")

	r.types("code", "12")
	r.enters()
	r.page("code-incomplete")
	r.types("code", p.Code(t, "anna"))
	r.tabsTo("confirm")
	r.enters()

	r.at(p.Sandbox + "/callback/parkomat/operation?")
	r.partnersPage("callback")
	if status := r.came(id); status != "EXECUTED" {
		t.Errorf("came back with %s", status)
	}
	if a := paired.Get(t, "/authorization/"+id); a.Field("status") != "EXECUTED" {
		t.Errorf("the bank says %d %s", a.Status, a.Body)
	}
	r.opens(to) // the link again: it says how it ended, and does nothing
	r.page("ended")
	r.opens(p.People + "/")
	r.page("home")
	r.followsLink("/accounts/")
	r.says("Parking ulica Żółta", p.in("−60,00 zł", "−PLN 60.00"), p.in("−0,49 zł", "−PLN 0.49"), p.in("Opłata za operację", "Fee for an operation"))
	r.page("account")
	r.types("text", "Żółta")
	r.follows("filter")
	r.says("Parking ulica Żółta")
	r.page("account-filtered")
	r.types("text", "qqq")
	r.follows("filter")
	r.page("account-no-match")
}

// large demands that words are set in large type.
func (r *reader) large(words string, least float64) {
	r.Helper()
	size := asks[float64](r, fmt.Sprintf(`Math.max(0, ...[...document.querySelectorAll("main *")]
		.filter(e => e.children.length === 0 && e.innerText.replaceAll("\u00a0", " ").trim() === %q).map(e => parseFloat(getComputedStyle(e).fontSize)))`, words))
	if size < least {
		r.Errorf("%q is set in %.0f px, want at least %.0f", words, size, least)
	}
}

// Piotr says no. Then he says yes to something that has no room in his limit
// any more: meanwhile the machine has sold him coffee.
func (p *pass) paymentRefused(t *testing.T, name string) {
	paired := p.Pair(t, "piotr", "kawomat")
	machine := fmt.Sprintf(`"account_id":%q,"amount":"450.00","title":"Ekspres do kawy"`, paired.AccountID)
	to, id := p.prepared(t, paired, "/payment", `"operationId":"no",`+machine)
	r := p.starts(t, name)
	r.opens(to)
	r.logsIn("piotr")
	r.at(to)
	r.page("confirm")
	r.follows("refuse")
	r.at(p.Sandbox + "/callback/kawomat/operation?")
	if status := r.came(id); status != "REJECTED" {
		t.Errorf("came back with %s", status)
	}
	if a := paired.Get(t, "/authorization/"+id); a.Field("status") != "REJECTED" {
		t.Errorf("the bank says %d %s", a.Status, a.Body)
	}
	r.opens(to)
	r.page("refused")

	to, id = p.prepared(t, paired, "/payment", `"operationId":"yes",`+machine)
	for i := range 6 {
		coffee := fmt.Sprintf(`{"operationId":"coffee-%d","account_id":%q,"amount":"100.00","currency":"PLN","title":"Kawa"}`, i, paired.AccountID)
		if a := paired.Post(t, "/payment", coffee); a.Status != http.StatusCreated {
			t.Fatalf("coffee %d: %d %s", i, a.Status, a.Body)
		}
	}
	r.opens(to)
	r.follows("confirm")
	r.types("code", p.Code(t, "piotr"))
	r.enters()
	r.at(to)
	r.says(p.in("Kwota nie mieści się w limicie dziennym", "does not fit into the application’s daily limit"), p.in("400,00 zł", "PLN 400.00"))
	r.page("over-the-limit")
	r.follows("continue")
	if status := r.came(id); status != "REJECTED" {
		t.Errorf("came back with %s", status)
	}
}

// Katarzyna confirms a hold on her phone; the browser has no part in it, but may look.
func (p *pass) holdConfirmedInTheApp(t *testing.T, name string) {
	paired := p.Pair(t, "katarzyna", "kawomat")
	to, id := p.prepared(t, paired, "/account/"+paired.AccountID+"/blockade", `"operationId":"hold","amount":"150.00","title":"Kawa na konferencję"`)
	if to != "" {
		t.Errorf("who uses the application is sent to %s", to)
	}
	r := p.starts(t, name)
	r.opens(p.Sandbox + "/phone/katarzyna")
	r.says(p.in("150,00 zł", "PLN 150.00"), "Kawomat sp. z o.o.", "Kawa na konferencję")
	r.page("phone")
	r.tabsToPrefix("approve-")
	r.enters()
	r.page("phone-approved")
	if a := paired.Get(t, "/authorization/"+id); a.Field("status") != "EXECUTED" {
		t.Errorf("the bank says %d %s", a.Status, a.Body)
	}

	// A page of the bank that waits at the same time learns of it.
	_, id = p.prepared(t, paired, "/account/"+paired.AccountID+"/blockade", `"operationId":"hold-2","amount":"160.00","title":"Herbata na konferencję"`)
	to = p.People + "/confirm/" + id
	r.opens(to)
	r.logsIn("katarzyna")
	r.at(to)
	r.page("confirm-hold")
	r.follows("confirm")
	r.follows("choose-method")
	r.page("await")
	p.Approve(t, "katarzyna")
	r.follows("continue")
	r.at(p.Sandbox + "/callback/kawomat/operation?")
	if status := r.came(id); status != "EXECUTED" {
		t.Errorf("came back with %s", status)
	}
	r.opens(p.People + "/")
	r.followsLink("/accounts/")
	r.says("Kawa na konferencję", "Herbata na konferencję")
	r.page("account-holds")
}

// Five wrong codes lock the SMS codes of a person (partner-api is silent, design §3).
func (p *pass) wrongCodes(t *testing.T, name string) {
	r := p.starts(t, name)
	r.opens(p.startOf("kawomat"))
	r.logsIn("zofia")
	r.follows("continue")
	right := p.Code(t, "zofia")
	wrong := "123456"
	if right == wrong {
		wrong = "654321"
	}
	for try := range 5 {
		r.types("code", wrong)
		r.enters()
		if try == 0 {
			r.says(p.in("Pozostały 4 próby", "4 attempts left"))
			r.page("wrong")
			r.follows("resend")
			r.says(p.in("Wysłaliśmy nowy kod", "We have sent a new code"))
			r.page("resent")
		}
	}
	r.page("locked")
	if asks[bool](r, `!!document.getElementById("code")`) {
		t.Error("a locked page still asks for a code")
	}
	r.says(p.in("zablokowane", "locked"))
}

package browser

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

// What a partner's mistake looks like to the customer: a page of the bank, and
// never a way back to an address that nobody has registered.
func (p *pass) wrongRequests(t *testing.T, name string) {
	r := p.starts(t, name)
	good := url.Values{
		"client_id": {"kawomat"}, "response_type": {"code"}, "state": {strings.Repeat("Ab3", 43)[:128]},
		"redirect_uri": {p.Sandbox + "/callback/kawomat"}, "scope": {"open-api"},
	}
	for _, c := range []struct {
		page, field, value string
		says               string
	}{
		{"unknown-client", "client_id", "nobody", p.in("Nie znamy tej aplikacji", "We do not know this application")},
		{"unknown-return", "redirect_uri", "https://evil.example/", p.in("Nieprawidłowy adres powrotu", "Wrong return address")},
		{"wrong-state", "state", "short", p.in("Nieprawidłowa prośba", "not valid")},
		{"empty-scope", "scope", "", p.in("Nieprawidłowa prośba", "not valid")},
	} {
		q := url.Values{}
		for k, v := range good {
			q[k] = v
		}
		q.Set(c.field, c.value)
		r.opens(p.Partner + "/request?" + q.Encode())
		r.at(p.People)
		r.says(c.says)
		r.saysNot("evil.example")
		r.page(c.page)
	}
	r.opens(p.People + "/no/such/page")
	r.page("not-found")
	r.opens(p.People + "/pair/none")
	r.logsIn("tomasz")
	r.page("no-request")
}

// Ewa is blocked as a customer; Marek has blocked the access to his account.
func (p *pass) blockedPeople(t *testing.T, name string) {
	r := p.starts(t, name+"-ewa")
	r.opens(p.startOf("kawomat"))
	r.logsIn("ewa")
	r.says(p.in("Dostęp aplikacji jest zablokowany", "Access for applications is blocked"))
	r.page("customer-blocked")

	r = p.starts(t, name+"-marek")
	r.opens(p.startOf("kawomat"))
	r.logsIn("marek")
	r.says(p.in("Nie ma konta, które można połączyć", "There is no account to connect"))
	r.page("no-account")
	r.opens(p.People + "/")
	r.followsLink("/accounts/")
	r.says(p.in("zablokowany", "blocked"))
	r.page("account-blocked")
}

// The language can be changed on any page, and the page stays.
func (p *pass) languageAndLogOut(t *testing.T, name string) {
	r := p.starts(t, name)
	r.opens(p.startOf("kawomat"))
	r.logsIn("tomasz")
	here := r.here()
	r.at(p.People + "/pair/")
	heading := asks[string](r, `document.querySelector("h1").innerText`)
	r.follows("language-switch")
	r.at(here)
	if lang := asks[string](r, "document.documentElement.lang"); lang == p.lang {
		t.Errorf("the page is still in %q", lang)
	}
	if asks[string](r, `document.querySelector("h1").innerText`) == heading {
		t.Errorf("the heading is still %q", heading)
	}
	r.opens(p.People + "/limits") // the choice holds for other pages
	if lang := asks[string](r, "document.documentElement.lang"); lang == p.lang {
		t.Errorf("another page is in %q again", lang)
	}
	r.follows("language-switch")
	r.at(p.People + "/limits")
	r.page("limits")
	r.follows("logout-button")
	r.at(p.People + "/login")
	r.page("logged-out")
	r.opens(p.People + "/limits")
	r.at(p.People + "/login")
	r.opens(here)
	r.at(p.People + "/login")
}

// Wrong passwords, until the login is locked.
func (p *pass) wrongLogins(t *testing.T, name string) {
	r := p.starts(t, name)
	r.opens(p.People + "/login")
	for try := range 6 {
		r.types("login", "ewa")
		r.types("password", "not-it")
		r.enters()
		if try == 0 {
			r.says(p.in("Login lub hasło są nieprawidłowe", "The login or the password is wrong"))
			r.page("wrong")
		}
	}
	r.says(p.in("zablokowane", "locked"))
	r.page("locked")
}

// tooLate is what happens to somebody who went for a coffee.
func (p *pass) tooLate(t *testing.T, name string) {
	paired := p.Pair(t, "piotr", "kawomat")
	to, id := p.prepared(t, paired, "/payment", fmt.Sprintf(`"operationId":"late","account_id":%q,"amount":"120.00","title":"Kawa na później"`, paired.AccountID))
	request := p.starts(t, name+"-request")
	request.opens(p.startOf("kawomat"))
	code := p.starts(t, name+"-code")
	code.opens(p.startOf("kawomat"))
	code.logsIn("tomasz")
	code.follows("continue")
	code.at(p.People + "/factor/")

	p.Wait(t, 6*time.Minute)
	code.types("code", p.Code(t, "tomasz"))
	code.enters()
	code.says(p.in("Kod stracił ważność", "The code has expired"))
	code.page("code-expired")

	p.Wait(t, time.Hour)
	request.logsIn("tomasz")
	request.says(p.in("Prośba aplikacji straciła ważność", "The request has expired"))
	request.page("expired")
	code.follows("resend")
	code.says(p.in("Prośba aplikacji straciła ważność", "The request has expired"))
	code.page("expired")

	late := p.starts(t, name+"-payment")
	late.opens(to)
	late.logsIn("piotr")
	late.says(p.in("Minął czas na potwierdzenie", "The time to confirm is over"))
	late.page("expired")
	late.follows("continue")
	if status := late.came(id); status != "EXPIRED" {
		t.Errorf("came back with %s", status)
	}
}

package browser

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"okienko/okienkotest"
)

func (p *pass) startOf(client string) string { return p.Sandbox + "/callback/" + client + "/start" }

// Anna pairs the coffee machine with her savings account, gives one of the
// permissions that she may leave out, lowers a limit and confirms by SMS.
func (p *pass) pairingBySMS(t *testing.T, name string) {
	r := p.starts(t, name)
	r.opens(p.startOf("kawomat"))
	r.at(p.People + "/login")
	r.says("Kawomat")
	r.page("login")

	r.tabsTo("log-in")
	r.enters()
	r.at(p.People + "/login")
	r.page("login-empty")
	r.tabsTo("log-in")
	r.tabsBackTo("login")
	r.logsIn("anna")

	r.at(p.People + "/pair/")
	r.says("Kawomat", p.in("chce połączyć się z Twoim kontem", "asks to connect to your account"))
	r.page("consent")

	// Above the maximum of the application: the fault stands beside the field, and what was chosen stays.
	r.ticks("permission")
	r.ticks("account")
	r.types("single", "9999")
	r.follows("continue")
	r.says(p.in("Kwota nie może być wyższa niż 500,00 zł", "The amount may not be above PLN 500.00"))
	r.page("consent-fault")
	if !asks[bool](r, `document.getElementById("permission").checked && document.getElementById("account").checked`) {
		t.Error("the page has forgotten what was chosen")
	}

	r.tabsTo("account")
	r.arrowsTo("account-1")
	r.types("single", p.in("250,00", "250.00"))
	r.follows("continue")
	r.at(p.People + "/factor/")
	r.says("Kawomat")
	r.says(p.in("250,00 zł", "PLN 250.00"))
	r.page("code")
	r.types("code", p.Code(t, "anna"))
	r.enters()

	r.at(p.Sandbox + "/callback/kawomat?")
	r.partnersPage("callback")
	answer := p.exchange(t, r.text())
	if answer.Field("account_id") == "" {
		t.Fatalf("the exchange answers %d %s", answer.Status, answer.Body)
	}
	if all := string(answer.Body); strings.Count(all, ":TRANSACTIONS:") != 1 || !strings.Contains(all, ":250.00:") {
		t.Errorf("one optional permission was ticked and the limit lowered to 250.00, but the grant is %s", all)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.Partner+"/user", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"Access_token": {answer.Field("access_token")}, "Accept": {"application/json"}, "Content-Type": {"application/json"}}
	if user := p.Do(t, req); user.Field("firstName") != "Anna" {
		t.Errorf("GET /user answers %d %s", user.Status, user.Body)
	}

	r.opens(p.People + "/applications")
	r.says("Kawomat")
	r.page("applications")
}

// printed reads the curl command of the callback page.
var (
	printedURL   = regexp.MustCompile(`curl --cacert '[^']*' '([^']*)'`)
	printedField = regexp.MustCompile(`--data-urlencode '([a-z_]+)=([^']*)'`)
)

// exchange does what the command printed on the callback page does.
func (p *pass) exchange(t *testing.T, text string) *okienkotest.Answer {
	t.Helper()
	address := printedURL.FindStringSubmatch(text)
	if address == nil {
		t.Fatalf("the page prints no command:\n%s", text)
	}
	form := url.Values{}
	for _, f := range printedField.FindAllStringSubmatch(text, -1) {
		form.Set(f[1], f[2])
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address[1], strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return p.Do(t, req)
}

// Jan has the bank's application on his phone. He is paired already: this
// consent replaces the other. The phone lies beside the browser, in another tab.
func (p *pass) pairingInTheApp(t *testing.T, name string) {
	r := p.starts(t, name)
	r.opens(p.startOf("kawomat"))
	r.logsIn("jan")
	r.at(p.People + "/pair/")
	r.says(p.in("ponownie", "again"))
	r.page("consent-again")
	r.follows("continue")
	r.page("choose-factor")
	r.follows("choose-method")
	r.says("Telefon (Jan)")
	r.page("await")
	r.follows("continue")
	r.says(p.in("jeszcze do nas nie dotarło", "has not reached us yet"))
	r.page("await-early")

	phone := r.beside()
	phone.opens(p.Sandbox + "/phone/jan")
	phone.says("Kawomat")
	phone.page("phone-waits")
	phone.tabsToPrefix("approve-")
	phone.enters()
	phone.page("phone-approved")

	r.opens(strings.TrimSuffix(r.here(), "/continue"))
	r.says(p.in("Zatwierdzono", "Approved"))
	r.page("await-approved")
	r.follows("continue")
	r.at(p.Sandbox + "/callback/kawomat?")
	if answer := p.exchange(t, r.text()); answer.Field("access_token") == "" {
		t.Errorf("the exchange answers %d %s", answer.Status, answer.Body)
	}
}

// Zofia says no: to a consent, and later to the request on her way.
func (p *pass) pairingRefused(t *testing.T, name string) {
	r := p.starts(t, name)
	r.opens(p.startOf("parkomat"))
	r.logsIn("zofia")
	r.at(p.People + "/pair/")
	r.says("Parkomat", p.in("wersji beta", "beta"))
	r.page("consent-beta")
	r.follows("refuse")
	r.at(p.Sandbox + "/callback/parkomat?")
	r.partnersPage("callback-refused")
	back, err := url.Parse(r.here())
	if err != nil {
		t.Fatal(err)
	}
	if q := back.Query(); q.Get("error") != "access_denied" || len(q.Get("state")) != 128 || q.Has("code") {
		t.Errorf("a refusal comes back as %s", r.here())
	}
	r.opens(p.People + "/applications")
	r.saysNot("Parkomat")
	r.page("applications-none")
}

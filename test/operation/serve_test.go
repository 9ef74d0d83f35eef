package operation

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"okienko/app"
	"okienko/test/process"
)

// Every insecure setting is refused at start, by name, and nothing is opened.
func TestServeRefusesInsecureSettings(t *testing.T) {
	t.Parallel()
	p := newProduction(t)
	now := time.Now()
	old, oldKey := p.ca.server(t, p.folder, "old", "localhost", now.Add(-48*time.Hour), now.Add(-24*time.Hour))
	early, earlyKey := p.ca.server(t, p.folder, "early", "localhost", now.Add(24*time.Hour), now.Add(48*time.Hour))
	other, otherKey := p.ca.server(t, p.folder, "other", "elsewhere.example", now.Add(-time.Hour), now.Add(time.Hour))
	world := filepath.Join(t.TempDir(), "sandbox")
	if code, err := start(t, world, nil).Stop(); err != nil || code != 0 {
		t.Fatalf("the sandbox: %d, %v", code, err)
	}
	write(t, p.path("open.key"), 0o644, "x")
	write(t, p.path("short.secret"), 0o600, "short")
	write(t, p.path("short.key"), 0o600, "c2hvcnQ=")

	for name, c := range map[string]struct {
		change map[string]string
		says   string
	}{
		"unknown key":            {map[string]string{"more": "colour = \"red\""}, "unknown key bank.colour"},
		"data among temporary":   {map[string]string{"data": p.path("tmp/bank.db")}, "bank.data must not lie in the folder for temporary files"},
		"relative data":          {map[string]string{"data": "bank.db"}, "bank.data must be an absolute path"},
		"key for everybody":      {map[string]string{"bank_key": p.path("open.key")}, "readable by others"},
		"short key":              {map[string]string{"bank_key": p.path("short.key")}, "bank.key_file"},
		"pages in clear":         {map[string]string{"people_url": "http://localhost:1"}, "people.url must be https"},
		"interface in clear":     {map[string]string{"partner_url": "http://localhost:1"}, "partner.url must be https"},
		"certificate's key open": {map[string]string{"people_key": p.path("open.key")}, "readable by others"},
		"certificate over":       {map[string]string{"people_cert": old, "people_key": oldKey}, "valid from"},
		"certificate to come":    {map[string]string{"partner_cert": early, "partner_key": earlyKey}, "valid from"},
		"certificate of another": {map[string]string{"partner_cert": other, "partner_key": otherKey}, "localhost"},
		"sandbox's certificate": {map[string]string{"people_cert": filepath.Join(world, "server.pem"), "people_key": filepath.Join(world, "server.pem")},
			"made by a sandbox"},
		"sandbox's store":       {map[string]string{"data": filepath.Join(world, "bank.db")}, "belongs to another environment"},
		"belief in everybody":   {map[string]string{"proxy": "0.0.0.0/0"}, "too wide"},
		"metrics for everybody": {map[string]string{"metrics": "0.0.0.0:9"}, "loopback"},
		"health for everybody":  {map[string]string{"health": "193.0.6.5:9"}, "admin.health must be an address of a private network"},
		"codes in clear":        {map[string]string{"sms_url": "http://localhost/x"}, "sms.url must be https"},
		"short secret":          {map[string]string{"sms_secret": p.path("short.secret")}, "at least 16 characters"},
		"one for four eyes":     {map[string]string{"uid_b": fmt.Sprint(os.Getuid())}, "user id of their own"},
		"one listener for all":  {map[string]string{"people": p.settings["partner"]}, "must differ"},
		"level of nobody":       {map[string]string{"level": "loud"}, "log.level"},
	} {
		t.Run(name, func(t *testing.T) {
			bank, err := process.Run(t.Context(), p.environment(), binary, "serve", "--config", p.config("bad.toml", c.change))
			if err != nil {
				t.Fatal(err)
			}
			if status := ends(t, bank, 20*time.Second); status != 1 || !strings.Contains(bank.Log(), c.says) {
				t.Errorf("ended with %d, and says %q; it should say %q", status, bank.Log(), c.says)
			}
			if _, err := os.Stat(p.settings["data"]); err == nil {
				t.Error("it has made a store")
			}
		})
	}
	check, err := process.Run(t.Context(), p.environment(), binary, "serve", "--check", "--config", p.config("okienko.toml", nil))
	if err != nil {
		t.Fatal(err)
	}
	if status := ends(t, check, 20*time.Second); status != 0 {
		t.Errorf("the good configuration: %d %s", status, check.Log())
	}
	if err := process.Verify(t.Context(), binary, "--data", world); err != nil {
		t.Errorf("the sandbox's store after serve has looked at it: %v", err)
	}
}

var (
	proposal     = regexp.MustCompile(`\b[0-9a-z]{26}\b`)
	clientSecret = regexp.MustCompile(`client_secret (\S+)`)
)

// A bank in production, from its first customer to the first payment.
func TestServe(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		why := "four eyes are two users of the machine, and only root can be both: the production mode was NOT tested"
		if ci := os.Getenv("CI"); ci != "" && ci != "false" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	p := newProduction(t)
	p.open()
	examples, err := filepath.Abs("../../docs/examples")
	if err != nil {
		t.Fatal(err)
	}
	example := func(name string) string { // where the second member of staff can read it, too
		text, err := os.ReadFile(filepath.Join(examples, name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, p.path(name), 0o644, string(text))
		return p.path(name)
	}
	example("kajak.svg")

	// Staff take customers in, register the partner and its application.
	if out := p.must(0, "--why", "first day", "customer", "import", example("customers.toml")); !strings.Contains(out, "Nothing was done") {
		t.Errorf("trying an import: %s", out)
	}
	if status, out := p.admin(0, "customer", "accounts", "customer-marek.lis"); status != 3 {
		t.Errorf("trying an import had an effect: %d %s", status, out)
	}
	p.must(0, "--apply", "--why", "first day", "customer", "import", p.path("customers.toml"))
	p.must(0, "--apply", "--why", "agreement", "partner", "put", example("partner.toml"))
	p.must(nobody, "--apply", "--why", "agreement", "application", "put", example("application.toml"))
	secret := clientSecret.FindStringSubmatch(p.must(0, "--apply", "--why", "given by hand", "application", "secret", "kajak-app"))
	if secret == nil {
		t.Fatal("no secret was given")
	}
	if status, out := p.admin(0, "--as", "b.kowal", "partner", "list"); status == 0 {
		t.Errorf("root may act as b.kowal: %s", out)
	}
	if status, out := p.admin(12345, "partner", "list"); status == 0 || !strings.Contains(out, "not listed") {
		t.Errorf("a user who is no staff: %d %s", status, out)
	}
	for _, to := range []string{"BETA", "PUBLIC"} {
		p.status(to)
	}

	// A customer pairs, with the code that the gateway was given.
	marek, err := process.NewCustomer(p.settings["people_url"], p.client)
	if err != nil {
		t.Fatal(err)
	}
	if err := marek.LogIn(t.Context(), "marek.lis", "koza pije herbate z rana"); err != nil {
		t.Fatal(err)
	}
	base := p.settings["partner_url"] + "/rest/v1/open/api"
	pairing := process.Pairing{
		ReadyClient: app.ReadyClient{ID: "kajak-app", Secret: secret[1], RedirectURI: "https://app.kajak.example/paired"},
		Partner:     base, State: strings.Repeat("Q", 128),
	}
	const phone = "+48600700801"
	page, err := marek.Request(t.Context(), p.partner, pairing)
	if err != nil {
		t.Fatal(err)
	}
	code, err := marek.Consent(t.Context(), page, pairing, func() func() (string, error) {
		return func() (string, error) {
			m, err := p.gateway.next(phone)
			return sixDigits.FindString(m.Text), err
		}
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, p.program.Log())
	}
	p.pays(marek, base, secret[1], code, pairing, phone)
	p.hasNoSandbox(base)
	p.tellsBalancers()
	p.closes()
}

// tellsBalancers asks where balancers on other machines do: they learn whether
// to send callers here, and no figures.
func (p *production) tellsBalancers() {
	p.t.Helper()
	for path, want := range map[string]int{"/healthz": http.StatusOK, "/readyz": http.StatusOK, "/metrics": http.StatusNotFound, "/v1/office": http.StatusNotFound} {
		status, text, err := process.Call(p.t.Context(), http.DefaultClient, http.MethodGet, "http://"+p.settings["health"]+path, "", "")
		if err != nil || status != want {
			p.t.Errorf("%s for a balancer: %d %s, %v; want %d", path, status, text, err, want)
		}
	}
}

// status has the application's status changed by one and approved by another.
func (p *production) status(to string) {
	p.t.Helper()
	out := p.must(0, "--apply", "--why", "ready", "application", "status", "kajak-app", to)
	id := proposal.FindString(p.must(0, "proposal", "list"))
	if id == "" {
		p.t.Fatalf("nothing waits for a second pair of eyes: %s", out)
	}
	if status, out := p.admin(0, "--apply", "proposal", "approve", id); status != 3 {
		p.t.Errorf("whoever proposed has approved: %d %s", status, out)
	}
	if list := p.must(0, "application", "list"); strings.Contains(list, to) {
		p.t.Errorf("one pair of eyes was enough: %s", list)
	}
	p.must(nobody, "--apply", "proposal", "approve", id)
	if list := p.must(0, "application", "list"); !strings.Contains(list, to) {
		p.t.Errorf("approved, and not done: %s", list)
	}
}

// pays exchanges the code and pays, first without and then with the customer's
// word.
func (p *production) pays(marek *process.Customer, base, secret, code string, pairing process.Pairing, phone string) {
	t := p.t
	t.Helper()
	form := url.Values{
		"grant_type": {"authorization_code"}, "client_id": {"kajak-app"}, "client_secret": {secret}, "code": {code},
		"state": {pairing.State}, "redirect_uri": {pairing.RedirectURI},
	}
	roots := x509.NewCertPool()
	roots.AddCert(p.ca.cert)
	if status, _, text, err := process.Grant(t.Context(), newClient(roots, from("198.51.100.7")), base, form); err != nil || status != http.StatusForbidden || !strings.Contains(text, "ip_not_allowed") {
		t.Errorf("from a foreign address: %d %s, %v", status, text, err)
	}
	if _, _, text, err := process.Grant(t.Context(), p.client, base, form); err == nil {
		t.Errorf("a balancer that does not say for whom it calls is answered %s", text)
	}
	status, tokens, text, err := process.Grant(t.Context(), p.partner, base, form)
	if err != nil || status != http.StatusOK {
		t.Fatalf("grant: %d %s, %v", status, text, err)
	}
	call := func(method, path, body string) (int, string) {
		status, text, err := process.Call(t.Context(), p.partner, method, base+path, tokens.Access, body)
		if err != nil {
			t.Fatal(err)
		}
		return status, text
	}
	order := `{"operationId":"first","account_id":"` + tokens.Account + `","amount":"60.00","currency":"PLN","title":"Kajak na weekend"`
	if status, text := call(http.MethodPost, "/payment", order+"}"); status != http.StatusUnauthorized || !strings.Contains(text, "authorization_required") {
		t.Errorf("above the threshold: %d %s", status, text)
	}
	_, text = call(http.MethodPost, "/payment/authorize", order+`,"appType":"web","os_type":"ALL","callbackUri":"https://app.kajak.example/confirmed"}`)
	at := member(text, "redirectURI")
	if !strings.HasPrefix(at, p.settings["people_url"]+"/confirm/") {
		t.Fatalf("prepared: %s", text)
	}
	page, err := marek.Post(t.Context(), at, url.Values{"decision": {"confirm"}})
	if err != nil || !strings.HasPrefix(page.Location, "/factor/") {
		t.Fatalf("confirming: %+v, %v", page, err)
	}
	m, err := p.gateway.next(phone)
	if err != nil {
		t.Fatal(err)
	}
	// Dynamic linking: the message itself says what is confirmed, and to whom it goes.
	if !strings.Contains(m.Text, "60,00") || !strings.Contains(m.Text, "Kajak") {
		t.Errorf("the message does not tell amount and payee: %s", m.Text)
	}
	page, err = marek.Post(t.Context(), page.Location+"/code", url.Values{"code": {sixDigits.FindString(m.Text)}})
	if err != nil || !strings.HasPrefix(page.Location, "https://app.kajak.example/confirmed?") || !strings.Contains(page.Location, "status=EXECUTED") {
		t.Errorf("confirmed: %+v, %v", page, err)
	}
	if status, text := call(http.MethodPost, "/payment", order+"}"); status != http.StatusCreated || !strings.Contains(text, `"EXECUTED"`) {
		t.Errorf("the operation, asked for again: %d %s", status, text)
	}
	// 1500.00 less 60.00 and the fee of 0.50.
	if out := p.must(0, "customer", "accounts", "customer-marek.lis"); !strings.Contains(out, "1439.50") {
		t.Errorf("the account: %s", out)
	}
	for text, what := range map[string]string{secret: "client secret", tokens.Access: "access token", tokens.Refresh: "refresh token", code: "code",
		gatewaySecret: "gateway's secret", sixDigits.FindString(m.Text): "SMS code", "koza pije": "password", "90031554328": "PESEL", "600700801": "phone number"} {
		if strings.Contains(p.program.Log(), text) {
			t.Errorf("the log holds a %s", what)
		}
	}
}

// hasNoSandbox looks for what only a sandbox may have.
func (p *production) hasNoSandbox(base string) {
	t := p.t
	t.Helper()
	for _, path := range []string{"/phone", "/phone/marek.lis/messages", "/clock", "/callback/kajak-app/start"} {
		for address, client := range map[string]*http.Client{p.settings["people_url"]: p.client, p.settings["partner_url"]: p.partner} {
			if status, text, err := process.Call(t.Context(), client, http.MethodGet, address+path, "", ""); err != nil || status != http.StatusNotFound {
				t.Errorf("%s%s: %d %.200s, %v", address, path, status, text, err)
			}
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/user", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "application/json")
	resp, err := p.partner.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if reason, there := resp.Header["X-Okienko-Reason"]; resp.StatusCode != http.StatusUnauthorized || there {
		t.Errorf("a refusal in production: %d, with the reason %q", resp.StatusCode, reason)
	}
	if resp.Header.Get("Strict-Transport-Security") == "" {
		t.Error("no Strict-Transport-Security")
	}
}

// closes ends the bank and looks at what is left: clean, closed to a sandbox,
// and open to staff without a running bank.
func (p *production) closes() {
	t := p.t
	t.Helper()
	if err := p.program.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if status := ends(t, p.program, 30*time.Second); status != 0 {
		t.Errorf("closing: %d %s", status, p.program.Log())
	}
	if err := process.Verify(t.Context(), binary, p.settings["data"]); err != nil {
		t.Error(err)
	}
	if out := p.must(0, "partner", "list"); !strings.Contains(out, "Kajak") {
		t.Errorf("staff, while the bank is closed: %s", out)
	}
	// A sandbox in the bank's own folder: the store is called bank.db in both.
	if _, err := process.Start(t.Context(), binary, p.folder, nil); err == nil {
		t.Error("a sandbox has opened the bank's store")
	}
	// And the store under the name of a sandbox's own.
	world := t.TempDir()
	if code, err := start(t, world, nil).Stop(); err != nil || code != 0 {
		t.Fatalf("the sandbox: %d, %v", code, err)
	}
	text, err := os.ReadFile(p.settings["data"])
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(world, "bank.db"), 0o600, string(text))
	if _, err := process.Start(t.Context(), binary, world, nil); err == nil || !strings.Contains(err.Error(), "belongs to another environment") {
		t.Errorf("a sandbox over a bank's store: %v", err)
	}
	if err := process.Verify(t.Context(), binary, p.settings["data"]); err != nil {
		t.Errorf("after a sandbox has tried: %v", err)
	}
	if out := p.must(0, "customer", "accounts", "customer-marek.lis"); !strings.Contains(out, "1439.50") {
		t.Errorf("after a sandbox has tried: %s", out)
	}
}

package operation

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"okienko/sandbox"
	"okienko/test/process"
)

// secrets collects what must not be in a log, with what it is.
type secrets map[string]string

func (s secrets) add(what, text string) {
	if len(text) >= 6 { // shorter texts stand in logs by chance
		s[text] = what
	}
}

// in tells which secrets stand in a log, as they are, in a URL, or in groups.
func (s secrets) in(log string) (leaks []string) {
	for text, what := range s {
		for _, form := range []string{text, url.QueryEscape(text), grouped(text)} {
			if at := strings.Index(log, form); at >= 0 {
				leaks = append(leaks, fmt.Sprintf("a %s stands in the log: …%s…", what, log[max(0, at-200):min(len(log), at+len(form)+50)]))
				break
			}
		}
	}
	return leaks
}

// everybody adds the personal numbers of the whole made-up world.
func (s secrets) everybody(t *testing.T, b *bank) {
	t.Helper()
	birth, born, err := sandbox.LoadBirth(b.data)
	if err != nil || !born {
		t.Fatalf("the folder tells of no world: %v", err)
	}
	world, err := sandbox.NewWorld(sandbox.Config{Seed: birth.Seed, Now: birth.Day.Start(), Entries: sandbox.OnlyOpening})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range world.Batch.Persons {
		s.add("PESEL", string(p.PESEL))
		s.add("phone number", strings.TrimPrefix(p.Phone, "+48"))
	}
	for _, a := range world.Batch.Accounts {
		s.add("account number", string(a.NRB))
	}
	for _, c := range world.Secrets {
		s.add("client secret", c.Text)
	}
}

// The whole day of a bank with the log at its most talkative.
func TestLogsHoldNoSecrets(t *testing.T) {
	t.Parallel()
	b := open(t, "--log", "debug")
	s := secrets{}
	s.everybody(t, b)
	s.add("password", b.Password)
	s.add("access token", b.Paired.AccessToken)
	s.add("refresh token", b.Paired.RefreshToken)
	b.partnersDay(t, s)
	b.customersDay(t, s)
	b.strangersDay(t, s)
	if code, err := b.Stop(); err != nil || code != 0 {
		t.Errorf("closing: %d, %v", code, err)
	}
	log := b.Log()
	t.Logf("%d lines, %d secrets", strings.Count(log, "\n"), len(s))
	for _, leak := range s.in(log) {
		t.Error(leak)
	}
	for text, what := range s { // the look itself must find each
		if len(s.in("before "+text+" after")) == 0 {
			t.Fatalf("a %s would not be found", what)
		}
	}
	// The log must have something to tell, or all of this shows nothing.
	for _, route := range []string{"POST /rest/v1/open/api/payment", "POST /rest/v1/open/api/grant", "GET /rest/v1/open/api/request", "POST /login", "POST /pair/{id}",
		"POST /factor/{purpose}/{subject}/code", "POST /confirm/{id}", "GET /phone/{login}/messages", "POST /rest/v1/open/api/permission/authorize", "DELETE /rest/v1/open/api/pairing"} {
		if !strings.Contains(log, `"route":"`+route+`"`) {
			t.Errorf("the log does not tell of %s", route)
		}
	}
	for line := range strings.Lines(log) {
		var any map[string]any
		if err := json.Unmarshal([]byte(line), &any); err != nil || any["time"] == nil || any["level"] == nil || any["msg"] == nil {
			t.Errorf("a line of the log is no structured one: %s", line)
		}
		if any["level"] == "ERROR" {
			t.Errorf("a day without faults has an error in its log: %s", line)
		}
	}
}

// grouped is a number as people write it.
func grouped(s string) string {
	if len(s) != 26 {
		return s
	}
	out := s[:2]
	for i := 2; i < len(s); i += 4 {
		out += " " + s[i:i+4]
	}
	return out
}

// partnersDay makes every call of the partner API, good and bad.
func (b *bank) partnersDay(t *testing.T, s secrets) {
	acc := "/account/" + b.Paired.AccountID
	hold := func(id string) string {
		status, text := b.call(http.MethodPost, acc+"/blockade", `{"operationId":"`+id+`","amount":"1.00","currency":"PLN","title":"hold"}`)
		if status != http.StatusCreated {
			t.Fatalf("hold: %d %s", status, text)
		}
		return acc + "/blockade/" + member(text, "blockadeId")
	}
	h := hold("h1")
	b.call(http.MethodPut, h, `{"operationId":"h1-u","amount":"2.00"}`)
	b.call(http.MethodGet, h, "")
	b.call(http.MethodGet, acc+"/blockade?status=ACTIVE&pageSize=1", "")
	b.call(http.MethodDelete, h, "")
	back := `,"appType":"web","os_type":"ALL","callbackUri":"` + b.Paired.CallbackURI + `"`
	b.call(http.MethodPost, hold("h2")+"/authorize", `{"operationId":"h2-a","amount":"3.00"`+back+`}`)
	later := time.Now().AddDate(0, 0, 7).Format(time.DateOnly)
	_, text := b.call(http.MethodPost, "/payment", `{"operationId":"p1","account_id":"`+b.Paired.AccountID+`","amount":"1.00","currency":"PLN","title":"t","executionDate":"`+later+`"}`)
	p := "/payment/" + member(text, "paymentId")
	b.call(http.MethodPut, p, `{"operationId":"p1-u","account_id":"`+b.Paired.AccountID+`","amount":"2.00","currency":"PLN","title":"t","executionDate":"`+later+`"}`)
	b.call(http.MethodGet, p, "")
	b.call(http.MethodDelete, p, "")
	b.call(http.MethodGet, "/payment", "")
	b.call(http.MethodGet, acc+"/transaction", "")
	b.call(http.MethodGet, "/user", "")
	b.call(http.MethodPost, acc+"/blockade/authorize", `{"operationId":"h3","amount":"200.00","currency":"PLN","title":"t"`+back+`}`)
	_, text = b.call(http.MethodPost, "/payment/authorize", strings.TrimSuffix(payment(b.Paired.AccountID, "p2"), "}")+back+"}")
	b.call(http.MethodGet, "/authorization/"+member(text, "authorizationId"), "")
	if status, text, err := process.Call(t.Context(), b.client, http.MethodPost, b.Sandbox+"/phone/jan/approvals/newest/approve", "", ""); err != nil || status != http.StatusOK {
		t.Errorf("the phone: %d %s, %v", status, text, err)
	}
	b.call(http.MethodPost, "/permission/authorize", `{"permissions":["USER:READ_DET"]`+back+`}`)
	for _, form := range []url.Values{
		{"grant_type": {"refresh_token"}, "client_id": {b.Paired.ID}, "client_secret": {"a-wrong-secret-of-somebody"}, "refresh_token": {b.Paired.RefreshToken}},
		{"grant_type": {"refresh_token"}, "client_id": {b.Paired.ID}, "client_secret": {b.Paired.Secret}, "refresh_token": {b.Paired.RefreshToken}},
		{"grant_type": {"refresh_token"}, "client_id": {b.Paired.ID}, "client_secret": {b.Paired.Secret}, "refresh_token": {b.Paired.RefreshToken}}, // a reuse: revokes
	} {
		_, tokens, _, err := process.Grant(t.Context(), b.client, b.Partner, form)
		if err != nil {
			t.Fatal(err)
		}
		s.add("wrong client secret", "a-wrong-secret-of-somebody")
		s.add("access token", tokens.Access)
		s.add("refresh token", tokens.Refresh)
	}
	b.call(http.MethodGet, "/user", "") // with a token that is revoked
}

func member(text, name string) string {
	var o map[string]any
	_ = json.Unmarshal([]byte(text), &o)
	s, _ := o[name].(string)
	return s
}

// customersDay logs in, rightly and wrongly, pairs with an SMS code, confirms a
// payment on the page, changes limits and ends the pairing.
func (b *bank) customersDay(t *testing.T, s secrets) {
	ctx := t.Context()
	maria, err := process.NewCustomer(b.People, b.client)
	if err != nil {
		t.Fatal(err)
	}
	s.add("wrong password", "hunter2-of-maria")
	if err := maria.LogIn(ctx, "maria", "hunter2-of-maria"); err == nil {
		t.Error("a wrong password was good")
	}
	if err := maria.LogIn(ctx, "maria", b.Password); err != nil {
		t.Fatal(err)
	}
	pairing := process.Pairing{ReadyClient: b.Paired, Partner: b.Partner, State: strings.Repeat("MariasState", 12)[:128]}
	s.add("state", pairing.State)
	next := b.NextCode(ctx, b.client, "maria")
	code, err := maria.Pair(ctx, pairing, func() func() (string, error) {
		wait := next()
		return func() (string, error) {
			code, err := wait()
			s.add("SMS code", code)
			return code, err
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	s.add("authorisation code", code)
	form := url.Values{"grant_type": {"authorization_code"}, "client_id": {b.Paired.ID}, "client_secret": {b.Paired.Secret}, "code": {code}, "state": {pairing.State}, "redirect_uri": {b.Paired.RedirectURI}}
	_, tokens, text, err := process.Grant(ctx, b.client, b.Partner, form)
	if err != nil || tokens.Access == "" {
		t.Fatalf("grant: %s, %v", text, err)
	}
	s.add("access token", tokens.Access)
	s.add("refresh token", tokens.Refresh)
	call := func(method, path, body string) (int, string) {
		status, text, err := process.Call(ctx, b.client, method, b.Partner+path, tokens.Access, body)
		if err != nil {
			t.Fatal(err)
		}
		return status, text
	}
	_, text = call(http.MethodPost, "/payment/authorize", `{"operationId":"m1","account_id":"`+tokens.Account+
		`","amount":"150.00","currency":"PLN","title":"big","appType":"web","os_type":"ALL","callbackUri":"`+b.Paired.CallbackURI+`"}`)
	at := member(text, "redirectURI")
	page, err := maria.Get(ctx, at)
	if err != nil || page.Status != http.StatusOK {
		t.Fatalf("%s: %+v, %v", at, page, err)
	}
	wait := next()
	page, err = maria.Post(ctx, at, url.Values{"decision": {"confirm"}})
	if err != nil || !strings.HasPrefix(page.Location, "/factor/") {
		t.Fatalf("confirming: %+v, %v", page, err)
	}
	sms, err := wait()
	if err != nil {
		t.Fatal(err)
	}
	s.add("SMS code", sms)
	wrong := "000001"
	if sms == wrong {
		wrong = "000002"
	}
	factor := page.Location
	if page, err = maria.Post(ctx, factor+"/code", url.Values{"code": {wrong}}); err != nil || page.Status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong code: %+v, %v", page, err)
	}
	if page, err = maria.Post(ctx, factor+"/code", url.Values{"code": {sms}}); err != nil || !strings.HasPrefix(page.Location, b.Paired.CallbackURI) || !strings.Contains(page.Location, "status=EXECUTED") {
		t.Errorf("the right code: %+v, %v", page, err)
	}
	for _, path := range []string{"/", "/applications", "/limits", "/login", "/nothing"} {
		if _, err := maria.Get(ctx, path); err != nil {
			t.Error(err)
		}
	}
	if _, err := maria.Post(ctx, "/limits", url.Values{"daily": {"100"}}); err != nil {
		t.Error(err)
	}
	if status, text := call(http.MethodDelete, "/pairing", ""); status != http.StatusNoContent {
		t.Errorf("unpairing: %d %s", status, text)
	}
	cookies := maria.Cookies()
	if len(cookies) == 0 {
		t.Error("the pages have set no cookie")
	}
	for _, c := range cookies {
		s.add("cookie "+c.Name, c.Value)
	}
}

// strangersDay is what errors might quote.
func (b *bank) strangersDay(t *testing.T, s secrets) {
	const pesel, number = "44051401458", "61109010140000071219812874"
	s.add("PESEL of a stranger", pesel)
	s.add("account number of a stranger", number)
	s.add("token of a stranger", "token-of-a-stranger")
	for _, body := range []string{`{"title":"` + pesel + `"`, `{"` + number + `":1}`, `{"operationId":"` + number + `","account_id":"` + pesel + `","amount":"x","currency":"PLN"}`, pesel} {
		b.call(http.MethodPost, "/payment", body)
	}
	for _, url := range []string{
		b.Partner + "/account/" + number + "/blockade?from=" + pesel, b.Partner + "/payment/" + pesel, b.Partner + "/" + number,
		b.People + "/pair/" + pesel + "?x=" + number, b.People + "/" + number, b.Sandbox + "/phone/" + pesel + "/messages",
		b.Partner + "/request?client_id=" + number + "&state=" + pesel + "&redirect_uri=https://" + number + ".example",
	} {
		if _, _, err := process.Call(t.Context(), b.client, http.MethodGet, url, "token-of-a-stranger", ""); err != nil {
			t.Fatal(err)
		}
	}
	// A handshake that fails is told of at this level, too.
	conn := b.dial(t, b.Partner)
	_, _ = fmt.Fprintf(conn, "GET /%s HTTP/1.1\r\nHost: %s\r\nX Y: %s\r\n\r\n", pesel, number, pesel)
	_ = conn.Close()
	if _, err := http.Get("http://" + hostOf(b.Partner) + "/" + pesel); err != nil { //nolint:noctx,bodyclose // short, and without a body that matters
		t.Log(err)
	}
}

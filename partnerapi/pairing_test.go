package partnerapi_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"okienko/api"
	"okienko/authserver"
	"okienko/bank"
	"okienko/edge"
	"okienko/partnerapi"
)

func browser(path string) *ask {
	a := newAsk("GET", path, "")
	a.header = http.Header{"Accept": {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}}
	return a
}

func TestRequestSendsTheCustomerToTheBank(t *testing.T) {
	w := newWorld(t)
	r := w.do(browser("/request?client_id=shop&response_type=code&state=s&redirect_uri=https%3A%2F%2Fshop.example%2Fcb&scope=open-api" +
		"&code_challenge=c&code_challenge_method=S256&utm_source=mail"))
	if got := r.header.Get("Location"); r.status != 303 || got != people+"/pair/request-1" {
		t.Errorf("→ %d %s", r.status, got)
	}
	want := authserver.BeginParams{ClientID: "shop", ResponseType: "code", State: "s", RedirectURI: "https://shop.example/cb", Scope: "open-api",
		CodeChallenge: "c", CodeChallengeMethod: "S256"}
	if w.auth.begun != want {
		t.Errorf("begun with %+v", w.auth.begun)
	}
}

func TestRequestNeverRedirectsToTheCaller(t *testing.T) {
	for _, c := range []struct {
		refused error
		status  int
		code    string
	}{
		{bank.RefuseField("state", "A state is needed."), 400, "activation_parameters_empty"},
		{bank.Refuse(bank.RequestInvalid, "No."), 401, "invalid_request"},
		{bank.Refuse(bank.ApplicationUnknown, "No."), 401, "invalid_request"},
		{bank.Refuse(bank.RedirectUnknown, "No."), 401, "invalid_request"},
	} {
		w := newWorld(t)
		w.auth.answer = c.refused
		const path = "/request?client_id=shop&redirect_uri=https%3A%2F%2Fevil.example%2F"
		w.refused(w.call("GET", path, ""), c.status, c.code)
		r := w.do(browser(path))
		if got, want := r.header.Get("Location"), people+"/problem?code="+string(bank.CodeOf(c.refused)); r.status != 303 || got != want {
			t.Errorf("a browser → %d %s, want %s", r.status, got, want)
		}
	}
	w := newWorld(t)
	for _, q := range []string{"state=a&state=b", "state=%zz", "state=%ff", "state=%00"} {
		w.refused(w.call("GET", "/request?client_id=shop&"+q, ""), 401, "invalid_request")
	}
}

func grantCall(media, body string) *ask {
	a := newAsk("POST", "/grant", body)
	a.header.Set("Content-Type", media)
	a.header.Del("access_token")
	return a
}

const (
	asForm = "application/x-www-form-urlencoded"
	asJSON = "application/json"
)

func TestGrant(t *testing.T) {
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("shop:s%2Bcret"))
	want := authserver.GrantParams{GrantType: "authorization_code", ClientID: "shop", ClientSecret: "s+cret", Code: "c", State: "st",
		RedirectURI: "https://shop.example/cb", CodeVerifier: "v"}
	for _, c := range []struct{ name, media, body, auth string }{
		{"form", asForm, "grant_type=authorization_code&client_id=shop&client_secret=s%2Bcret&code=c&state=st&redirect_uri=https%3A%2F%2Fshop.example%2Fcb&code_verifier=v&audience=x", ""},
		{"JSON", asJSON, `{"grant_type":"authorization_code","client_id":"shop","client_secret":"s+cret","code":"c","state":"st","redirect_uri":"https://shop.example/cb","code_verifier":"v"}`, ""},
		{"Basic", asForm + "; charset=UTF-8", "grant_type=authorization_code&code=c&state=st&redirect_uri=https%3A%2F%2Fshop.example%2Fcb&code_verifier=v&scope=open-api", basic},
		{"Basic and body", asForm, "grant_type=authorization_code&client_id=shop&code=c&state=st&redirect_uri=https%3A%2F%2Fshop.example%2Fcb&code_verifier=v", basic},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			a := grantCall(c.media, c.body)
			a.header.Set("Authorization", c.auth)
			r := w.do(a)
			const answer = `{"access_token":"at","token_type":"bearer","expires_in":1200,"refresh_token":"rt","refresh_expires_in":7776000,` +
				`"scope":"open-api","account_id":"acc-ref-1","permissions":["FIN:anna:PAYMENTS:CREATE:500.00:800.00:1000.00:200.00:-1:-1:-1:PLN:g:t:acc-ref-1"]}`
			if r.status != 200 || r.body != answer {
				t.Errorf("→ %d %s", r.status, r.body)
			}
			if got := r.header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("Cache-Control %q", got)
			}
			got := w.auth.granted
			if got.From.String() != "192.0.2.7" {
				t.Errorf("from %v", got.From)
			}
			got.From = want.From
			if got != want {
				t.Errorf("granted with %+v", got)
			}
		})
	}
}

func TestGrantRefuses(t *testing.T) {
	good := `{"grant_type":"refresh_token","client_id":"shop","client_secret":"s","refresh_token":"r"}`
	basic := func(s string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, c := range []struct {
		name, media, body, auth string
		status                  int
		code                    string
	}{
		{"no media type", "", good, "", 415, "unsupported_media_type"},
		{"another media type", "text/plain", good, "", 415, "unsupported_media_type"},
		{"nothing", asForm, "", "", 400, "token_request_parameters_empty"},
		{"nothing in JSON", asJSON, "{}", "", 400, "token_request_parameters_empty"},
		{"an empty parameter", asJSON, strings.Replace(good, `"shop"`, `""`, 1), "", 400, "token_request_parameters_empty"},
		{"broken JSON", asJSON, good[1:], "", 400, "parameters_error"},
		{"a duplicate key", asJSON, strings.Replace(good, `"s"`, `"s","client_secret":"t"`, 1), "", 400, "parameters_error"},
		{"an unknown field", asJSON, strings.Replace(good, `"s"`, `"s","admin":"true"`, 1), "", 400, "parameters_error"},
		{"a wrong type", asJSON, strings.Replace(good, `"s"`, `7`, 1), "", 400, "parameters_error"},
		{"a name that comes twice", asForm, "grant_type=a&grant_type=b", "", 400, "parameters_error"},
		{"a broken escape", asForm, "grant_type=%zz", "", 400, "parameters_error"},
		{"another scope", asJSON, strings.Replace(good, `"s"`, `"s","scope":"all"`, 1), "", 401, "invalid_request"},
		{"another client in Basic", asJSON, good, basic("other:s"), 401, "invalid_request"},
		{"another secret in Basic", asJSON, good, basic("shop:t"), 401, "invalid_request"},
		{"Basic that is none", asJSON, good, "Basic !", 401, "invalid_request"},
		{"Basic without a colon", asJSON, good, basic("shop"), 401, "invalid_request"},
		{"Basic with other bytes", asJSON, good, basic("\xff:s"), 401, "invalid_request"},
		{"too long", asForm, "code=" + strings.Repeat("x", 17<<10), "", 413, "content_too_large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			a := grantCall(c.media, c.body)
			a.header.Set("Authorization", c.auth)
			w.refused(w.do(a), c.status, c.code)
		})
	}
	w := newWorld(t)
	w.auth.answer = bank.Refuse(bank.ClientWrong, "No.")
	a := grantCall(asJSON, `{}`)
	a.header.Set("Authorization", basic("shop:wrong"))
	r := w.do(a)
	w.refused(r, 401, "invalid_client")
	if got := r.header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Basic ") {
		t.Errorf("WWW-Authenticate %q", got)
	}
}

func TestRatesByAddress(t *testing.T) {
	w := newWorld(t, func(c *partnerapi.Config) {
		c.Rates.Tokens = edge.Rate{Burst: 2, Every: 30 * time.Second}
		c.Rates.Requests = edge.Rate{Burst: 2, Every: 30 * time.Second}
		c.Rates.Application = edge.Rate{Burst: 2, Every: 30 * time.Second}
	})
	for _, a := range []*ask{grantCall(asForm, "grant_type=x"), newAsk("GET", "/request", ""), newAsk("GET", "/user", "")} {
		for range 2 {
			if r := w.do(a); r.status == 429 {
				t.Errorf("%s: too early", a.path)
			}
		}
		r := w.do(a)
		w.refused(r, 429, "too_many_requests")
		if got := r.header.Get("Retry-After"); got != "30" {
			t.Errorf("%s: Retry-After %q, want 30", a.path, got)
		}
	}
	w.clock.Advance(30 * time.Second)
	if r := w.do(newAsk("GET", "/user", "")); r.status != 200 {
		t.Errorf("after the wait → %d", r.status)
	}
}

func TestEndPairing(t *testing.T) {
	w := newWorld(t)
	w.good("DELETE", "/pairing", "")
	w.refused(w.call("GET", "/user", ""), 401, "access_token_invalid")
}

func TestDescriptionIsServed(t *testing.T) {
	w := newWorld(t)
	a := newAsk("GET", "/openapi.yaml", "")
	a.header = http.Header{}
	if r := w.do(a); r.status != 200 || r.body != strings.TrimSpace(string(api.Partner)) || r.header.Get("Content-Type") != "application/yaml" {
		t.Errorf("→ %d, %d bytes of %s", r.status, len(r.body), r.header.Get("Content-Type"))
	}
}

func TestAccessLog(t *testing.T) {
	w := newWorld(t)
	w.good("GET", "/user", "")
	w.call("POST", holds, holdBody("o", "500.01"))
	w.call("POST", "/grant", "")
	a := newAsk("GET", "/user", "")
	a.header.Set("access_token", "nobody's")
	w.do(a)
	w.call("GET", holds+"/%0aforged", "")
	from := w.calls[0].From
	for i, want := range []partnerapi.Call{
		{At: startOfTest, From: from, Application: shop, Agreement: pairing, Act: "GET /user", Status: 200},
		{At: startOfTest, From: from, Application: shop, Agreement: pairing, Act: "POST /account/{accountId}/blockade", Subject: "account:" + accountRef, Outcome: "single_limit", Status: 400},
		{At: startOfTest, From: from, Act: "POST /grant", Outcome: "token_request_parameters_empty", Status: 400},
		{At: startOfTest, From: from, Act: "GET /user", Outcome: bank.TokenUnknown, Status: 401},
		{At: startOfTest, From: from, Application: shop, Agreement: pairing, Act: "GET /account/{accountId}/blockade/{blockadeId}", Subject: "hold:-",
			Outcome: bank.NotFound, Status: 404},
	} {
		if w.calls[i] != want {
			t.Errorf("call %d is %+v, want %+v", i, w.calls[i], want)
		}
	}
}

func TestEveryAnswerIsNotStored(t *testing.T) {
	w := newWorld(t)
	for _, r := range []reply{w.call("GET", "/user", ""), w.call("GET", "/nowhere", ""), w.call("POST", "/user", "")} {
		if r.header.Get("Cache-Control") != "no-store" || r.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("headers %v", r.header)
		}
	}
}

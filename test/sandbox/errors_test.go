// Package sandbox shows that a developer can bring out every error of the
// partner API in the sandbox, the way docs/sandbox.md says.
package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"okienko/okienkotest"
	"okienko/test/engine"
)

// provoked is one way to an error; the docs name the same ways.
type provoked struct {
	status int
	code   string
	answer func(t *testing.T, b *okienkotest.Bank) *okienkotest.Answer
}

func payment(p *okienkotest.Pairing, id, amount string) string {
	return fmt.Sprintf(`{"operationId":%q,"account_id":%q,"amount":%q,"currency":"PLN","title":"Kawa"}`, id, p.AccountID, amount)
}

// anonymous calls the partner API without any of the usual headers.
func anonymous(t *testing.T, b *okienkotest.Bank, method, path, body string, headers ...string) *okienkotest.Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.Partner+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return b.Do(t, req)
}

func grant(t *testing.T, b *okienkotest.Bank, form url.Values) *okienkotest.Answer {
	t.Helper()
	return anonymous(t, b, http.MethodPost, "/grant", form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Accept", "application/json")
}

const (
	asJSON = "application/json"
	accept = "Accept"
	kind   = "Content-Type"
)

func provocations() []provoked {
	return []provoked{
		{400, "parameters_error", func(t *testing.T, b *okienkotest.Bank) *okienkotest.Answer {
			p := b.Pair(t, "anna", "kawomat")
			return p.Post(t, "/payment", payment(p, "1", "1,00"))
		}},
		{400, "app_limit_exceeded", func(t *testing.T, b *okienkotest.Bank) *okienkotest.Answer {
			p := b.Pair(t, "anna", "kawomat")
			return p.Post(t, "/payment", payment(p, "2", "500.01"))
		}},
		{400, "user_limit exceeded", func(t *testing.T, b *okienkotest.Bank) *okienkotest.Answer {
			p := b.Pair(t, "zofia", "kawomat")
			return p.Post(t, "/payment", payment(p, "3", "60.01"))
		}},
		{400, "charges_limit exceeded", func(t *testing.T, b *okienkotest.Bank) *okienkotest.Answer {
			p := b.Pair(t, "anna", "parkomat")
			var a *okienkotest.Answer
			for i := range 11 {
				a = p.Post(t, "/payment", payment(p, fmt.Sprint("charge-", i), "1.00"))
			}
			return a
		}},
		{400, "request_reject_by_user_product_state", func(t *testing.T, b *okienkotest.Bank) *okienkotest.Answer {
			p := b.Pair(t, "tomasz", "kawomat")
			return p.Post(t, "/payment", payment(p, "4", "40.01"))
		}},
		{400, "activation_parameters_empty", func(t *testing.T, b *okienkotest.Bank) *okienkotest.Answer {
			return anonymous(t, b, http.MethodGet, "/request?client_id=kawomat&response_type=code&redirect_uri=x&scope=open-api", "", accept, asJSON)
		}},
		{400, "token_request_parameters_empty", func(t *testing.T, b *okienkotest.Bank) *okienkotest.Answer {
			return grant(t, b, url.Values{"grant_type": {"refresh_token"}})
		}},
		{400, "callback_uri_empty", func(t *testing.T, b *okienkotest.Bank) *okienkotest.Answer {
			p := b.Pair(t, "anna", "kawomat")
			body := strings.TrimSuffix(payment(p, "5", "120.00"), "}") + `,"appType":"web","os_type":"ALL","callbackUri":""}`
			return p.Post(t, "/payment/authorize", body)
		}},
		{400, "invalid_grant", func(t *testing.T, b *okienkotest.Bank) *okienkotest.Answer {
			p := b.Pair(t, "anna", "kawomat")
			return grant(t, b, url.Values{"grant_type": {"refresh_token"}, "client_id": {p.ID}, "client_secret": {p.Secret}, "refresh_token": {"made-up"}})
		}},
		{401, "access_token_required", func(t *testing.T, b *okienkotest.Bank) *okienkotest.Answer {
			return anonymous(t, b, http.MethodGet, "/user", "", accept, asJSON)
		}},
		{401, "aceess_token_not_exist", func(t *testing.T, b *okienkotest.Bank) *okienkotest.Answer {
			return anonymous(t, b, http.MethodGet, "/user", "", accept, asJSON, "access_token", "made-up")
		}},
		{401, "authorization_required", func(t *testing.T, b *okienkotest.Bank) *okienkotest.Answer {
			p := b.Pair(t, "anna", "kawomat")
			return p.Post(t, "/payment", payment(p, "6", "100.01"))
		}},
		{401, "invalid_request", func(t *testing.T, b *okienkotest.Bank) *okienkotest.Answer {
			return anonymous(t, b, http.MethodGet, "/request?client_id=nobody&response_type=code&redirect_uri=x&scope=open-api&state=short", "", accept, asJSON)
		}},
		{401, "invalid_client", func(t *testing.T, b *okienkotest.Bank) *okienkotest.Answer {
			return grant(t, b, url.Values{"grant_type": {"refresh_token"}, "client_id": {"kawomat"}, "client_secret": {"wrong"}, "refresh_token": {"made-up"}})
		}},
		{403, "request_out_of_permissions", func(t *testing.T, b *okienkotest.Bank) *okienkotest.Answer {
			p := b.Pair(t, "katarzyna", "parkomat")
			var a *okienkotest.Answer
			for range 4 {
				a = p.Get(t, "/user")
			}
			return a
		}},
		{404, "not_found", func(t *testing.T, b *okienkotest.Bank) *okienkotest.Answer {
			return b.Pair(t, "anna", "kawomat").Get(t, "/payment/nothing")
		}},
		{405, "method_not_allowed", func(t *testing.T, b *okienkotest.Bank) *okienkotest.Answer {
			return anonymous(t, b, http.MethodPut, "/user", "", accept, asJSON)
		}},
		{406, "not_acceptable", func(t *testing.T, b *okienkotest.Bank) *okienkotest.Answer {
			return anonymous(t, b, http.MethodGet, "/user", "", accept, "text/html")
		}},
		{413, "content_too_large", func(t *testing.T, b *okienkotest.Bank) *okienkotest.Answer {
			p := b.Pair(t, "anna", "kawomat")
			return p.Post(t, "/payment", strings.Repeat(" ", 1<<20))
		}},
		{415, "unsupported_media_type", func(t *testing.T, b *okienkotest.Bank) *okienkotest.Answer {
			p := b.Pair(t, "anna", "kawomat")
			return anonymous(t, b, http.MethodPost, "/payment", "x", accept, asJSON, kind, "text/plain", "access_token", p.AccessToken)
		}},
		// Last: it moves the clock for everybody.
		{401, "access_token_invalid", func(t *testing.T, b *okienkotest.Bank) *okienkotest.Answer {
			p := b.Pair(t, "anna", "kawomat")
			b.Wait(t, 21*time.Minute)
			return p.Get(t, "/user")
		}},
	}
}

func TestEveryErrorCanBeBroughtOut(t *testing.T) {
	b := okienkotest.Start(t, okienkotest.Database(engine.DSN(t)))
	guide, err := os.ReadFile("../../docs/sandbox.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range provocations() {
		t.Run(p.code, func(t *testing.T) {
			a := p.answer(t, b)
			if a.Status != p.status || a.Field("error") != p.code || a.Field("error_description") == "" {
				t.Errorf("want %d %s; got %d %s", p.status, p.code, a.Status, a.Body)
			}
			if a.Header.Get("X-Okienko-Reason") == "" {
				t.Error("the sandbox does not say which rule refused")
			}
			if row := fmt.Sprintf("| %d `%s` |", p.status, p.code); !strings.Contains(string(guide), row) {
				t.Errorf("docs/sandbox.md has no row %q", row)
			}
		})
	}
	for _, row := range regexp.MustCompile("(?m)^\\| (\\d{3}) `([^`]+)` \\|").FindAllStringSubmatch(string(guide), -1) {
		known := false
		for _, p := range provocations() {
			known = known || (fmt.Sprint(p.status) == row[1] && p.code == row[2])
		}
		if !known {
			t.Errorf("docs/sandbox.md promises %s %s, and nothing shows it", row[1], row[2])
		}
	}
}

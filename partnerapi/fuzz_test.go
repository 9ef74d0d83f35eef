package partnerapi_test

import (
	"net/http"
	"strings"
	"testing"
)

// fuzzBody sends any body to a call: the answer is a success or an error of the
// specification and never a 5xx, and what is refused has no effect. The contract
// judges every answer on its way.
func fuzzBody(f *testing.F, method, path string, seeds ...string) {
	for _, s := range seeds {
		f.Add(s)
	}
	for _, s := range []string{
		"", "{}", "[]", "null", `{"operationId":"o","operationId":"p"}`, `{"amount":1e2}`, `{"amount":-0.00}`, "{\"title\":\"\xff\"}",
		`{"operationId":"o","amount":"1.00","currency":"EUR","title":"t"}`, strings.Repeat(`{"a":`, 20),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		w := newWorld(t)
		target := path
		if strings.Contains(path, "%s") {
			target = strings.Replace(path, "%s", aHold(w), 1)
		}
		booked, held := w.worth()
		r := w.call(method, target, body)
		if r.status >= http.StatusInternalServerError {
			t.Errorf("→ %d %s", r.status, r.body)
		}
		b, h := w.worth()
		if moved := b != booked || h != held; moved && r.status >= http.StatusBadRequest {
			t.Errorf("refused with %d, yet money moved: %s", r.status, body)
		}
		if r.status < http.StatusBadRequest {
			if again := w.call(method, target, body); path != "/permission/authorize" && path != "/grant" && again.body != r.body {
				t.Errorf("repeated → %d %s, first %s", again.status, again.body, r.body)
			}
		}
	})
}

func FuzzBlockadeBody(f *testing.F) {
	fuzzBody(f, "POST", holds, holdBody("o", "20.00"), `{"operationId":"o","amount":12.5,"currency":"PLN","title":"t","validTo":"2026-11-30T10:00:00+01:00"}`)
}

func FuzzBlockadeChangeBody(f *testing.F) {
	fuzzBody(f, "PUT", holds+"/%s", `{"operationId":"o","amount":"20.00"}`, `{"operationId":"o","title":"t","validTo":"2026-11-30T10:00:00Z"}`)
}

func FuzzPaymentBody(f *testing.F) {
	fuzzBody(f, "POST", "/payment", payBody("o", "20.00", ""), payBody("o", "20.00", `,"executionDate":"2026-12-01"`), payBody("o", "20.00", `,"blockadeId":"id-000001"`))
}

func FuzzAuthorizeBody(f *testing.F) {
	fuzzBody(f, "POST", "/payment/authorize", confirmed(payBody("o", "320.00", "")), confirmed(payBody("o", "20.00", `,"executionDate":"2026-12-01"`)))
}

func FuzzPermissionBody(f *testing.F) {
	fuzzBody(f, "POST", "/permission/authorize", `{"permissions":["USER:READ_DET"]`+wayBack+`}`, `{"permissions":["PAYMENTS:AUTH","x"]`+wayBack+`}`)
}

func FuzzGrantBody(f *testing.F) {
	fuzzBody(f, "POST", "/grant", `{"grant_type":"refresh_token","client_id":"shop","client_secret":"s","refresh_token":"r"}`,
		`{"grant_type":"authorization_code","client_id":"shop","client_secret":"s","code":"c","state":"s","redirect_uri":"u","scope":"open-api"}`)
}

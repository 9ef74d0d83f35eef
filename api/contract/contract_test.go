package contract_test

import (
	"net/http"
	"strings"
	"testing"

	"okienko/api"
	"okienko/api/contract"
)

func load(t *testing.T) *contract.Judge {
	t.Helper()
	j, err := contract.Load(api.Partner)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestDescriptionIsValid(t *testing.T) { load(t) }

func TestJudgeSeesWhatBreaksTheContract(t *testing.T) {
	j := load(t)
	const base = "/rest/v1/open/api"
	const user = `{"userId":"c","firstName":"Anna","lastName":"Nowak"}`
	const notFound = `{"error":"not_found","error_description":"Nie znaleziono wskazanego zasobu."}`
	asJSON := http.Header{"Content-Type": {"application/json"}}
	for _, c := range []struct {
		name, method, path string
		status             int
		header             http.Header
		body               string
		breaks             string // part of the verdict, "" when the answer is good
	}{
		{"a good answer", "GET", "/user", 200, asJSON, user, ""},
		{"an unknown field", "GET", "/user", 200, asJSON, strings.Replace(user, "{", `{"pesel":"x",`, 1), "pesel"},
		{"a missing field", "GET", "/user", 200, asJSON, `{"userId":"c","firstName":"Anna"}`, "lastName"},
		{"two values", "GET", "/user", 200, asJSON, user + user, "follows"},
		{"an undocumented status", "GET", "/user", 201, asJSON, user, "not documented"},
		{"another content type", "GET", "/user", 200, http.Header{"Content-Type": {"text/plain"}}, user, "content type"},
		{"no content", "DELETE", "/pairing", 204, http.Header{}, "", ""},
		{"content where there is none", "DELETE", "/pairing", 204, asJSON, "{}", "none is documented"},
		{"a missing header", "GET", "/user", 429, asJSON, `{"error":"too_many_requests","error_description":"x"}`, "Retry-After"},
		{"an unknown error code", "GET", "/user", 404, asJSON, `{"error":"nope","error_description":"x"}`, "error"},
		{"an unknown path", "GET", "/nowhere", 404, asJSON, notFound, ""},
		{"an unknown path that is served", "GET", "/nowhere", 200, asJSON, "{}", "no call"},
		{"a fixed word before a parameter", "POST", "/payment/authorize", 404, asJSON, notFound, ""},
		{"a number as an amount", "GET", "/payment/p", 200, asJSON,
			`{"paymentId":"p","operationId":"o","account_id":"a","amount":1.5,"currency":"PLN","title":"t","status":"EXECUTED",` +
				`"createdAt":"2026-11-21T12:00:00Z","executionDate":"2026-11-21"}`, "amount"},
		{"no date", "GET", "/payment/p", 200, asJSON,
			`{"paymentId":"p","operationId":"o","account_id":"a","amount":"1.50","currency":"PLN","title":"t","status":"EXECUTED",` +
				`"createdAt":"2026-11-21T12:00:00Z","executionDate":"tomorrow"}`, "executionDate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := j.Check(c.method, base+c.path, c.status, c.header, []byte(c.body))
			switch {
			case c.breaks == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.breaks != "" && (err == nil || !strings.Contains(err.Error(), c.breaks)):
				t.Errorf("verdict %v, want one about %q", err, c.breaks)
			}
		})
	}
}

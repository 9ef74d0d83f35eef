package client

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"okienko/eidas"
	"okienko/eidas/seal"
)

// What the bank hands in is believed with the agreed key and the bank's signature
// over these very bytes, and in no other case.
func TestCallbacksAreRead(t *testing.T) {
	c, bank, _ := startPolish(t, PolishAPI212, nil, nil)
	const given = `{"responseHeader":{"requestId":"r","sendDate":"2026-11-21T13:00:00.000+01:00","isCallback":true},"consentId":"c1","state":"st","code":"x"}`
	call := func(signed, sent, key string) *http.Request {
		signature, err := seal.Sign(bank.key, seal.Header{Alg: seal.ES256, Thumbprint: eidas.Thumbprint(bank.cert)}, []byte(signed))
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/called", strings.NewReader(sent))
		r.Header.Set("X-API-KEY", key)
		r.Header.Set("X-JWS-SIGNATURE", signature)
		return r
	}
	if got, err := c.ReadCallback(call(given, given, "k"), "k"); err != nil || got != (Called{ConsentID: "c1", State: "st", Code: "x"}) {
		t.Errorf("%+v, %v", got, err)
	}
	denied := strings.Replace(given, `"code":"x"`, `"error":"access_denied"`, 1)
	if got, err := c.ReadCallback(call(denied, denied, "k"), "k"); err != nil || got != (Called{ConsentID: "c1", State: "st", Denied: "access_denied"}) {
		t.Errorf("%+v, %v", got, err)
	}
	neither := strings.Replace(given, `,"code":"x"`, "", 1)
	for what, r := range map[string]*http.Request{
		"another key": call(given, given, "other"),
		"no key":      call(given, given, ""),
		"neither":     call(neither, neither, "k"),
		"no JSON":     call("x", "x", "k"),
	} {
		if got, err := c.ReadCallback(r, "k"); err == nil {
			t.Errorf("%s: %+v", what, got)
		}
	}
	if _, err := c.ReadCallback(call(given, given, ""), ""); err == nil {
		t.Error("no key was agreed, and none is taken for one")
	}
	get := call(given, given, "k")
	get.Method = http.MethodGet
	if _, err := c.ReadCallback(get, "k"); err == nil {
		t.Error("a GET is taken for a callback")
	}
	unsigned := call(given, given, "k")
	unsigned.Header.Del("X-JWS-SIGNATURE")
	for what, r := range map[string]*http.Request{"unsigned": unsigned, "signed over other bytes": call(denied, given, "k")} {
		if _, err := c.ReadCallback(r, "k"); !errors.Is(err, ErrAnswerUnproven) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// The kinds of errors are told apart in PolishAPI's codes as in mBank's.
func TestPolishErrorsAreToldApart(t *testing.T) {
	for code, is := range map[string]func(error) bool{
		"sca_needed": NeedsCustomer, "too_many_requests": IsTooOften, "forbidden": IsNotFound, "invalid_grant": IsGone, "invalid_token": IsTokenOver,
	} {
		if !is(&Error{Status: http.StatusBadRequest, Code: code}) {
			t.Errorf("%s is not known", code)
		}
	}
}

package mbank_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"okienko/authserver"
	"okienko/bank"
	"okienko/psd2"
	"okienko/psd2/mbank"
)

func TestEveryRefusalHasAForm(t *testing.T) {
	known := mbank.KnownErrors()
	for _, c := range bank.Codes {
		e, ok := mbank.ErrorFor(c)
		if !ok {
			t.Errorf("no form for %q", c)
		} else if !slices.Contains(known, e) {
			t.Errorf("the form of %q, %v, is not in the list of errors", c, e)
		}
	}
	if n := mbank.Rows(); n != len(bank.Codes) {
		t.Errorf("%d rows for %d codes: some stand for a code that is gone", n, len(bank.Codes))
	}
	for _, e := range known {
		if e.Status < 400 || e.Status > 503 || e.Code == "" {
			t.Errorf("%+v", e)
		}
	}
}

// failing is an authorisation server that cannot.
type failing struct {
	psd2.Authorisation
	err error
}

func (f failing) CheckConsent(context.Context, string) (authserver.ConsentAccess, error) {
	return authserver.ConsentAccess{}, f.err
}

func (f failing) ConsentTokens(context.Context, authserver.ConsentTokenParams) (authserver.ConsentTokenAnswer, error) {
	return authserver.ConsentTokenAnswer{}, f.err
}

func TestCase78FaultsOfTheBank(t *testing.T) {
	fault := failing{}
	w := newWorld(t, func(s *settings) {
		fault.Authorisation = s.core.Auth
		s.core.Auth = &fault
	})
	fault.err = errors.New("disk at /var/lib/bank is full")
	for _, r := range []reply{w.one.get("/accounts", "x"), w.one.refresh("x")} {
		r.fails(http.StatusInternalServerError, "InternalServerError")
		if strings.Contains(r.body, "disk") || strings.Contains(r.body, "goroutine") || strings.Contains(r.header.Get("X-Okienko-Reason"), "disk") {
			t.Errorf("the answer tells inner words: %s %v", r.body, r.header)
		}
	}
	if r := w.one.refresh("x"); r.text("error") != "server_error" {
		t.Error(r.body)
	}
	fault.err = bank.Refuse(bank.Busy, "Too many orders wait.")
	busy := w.one.get("/accounts", "x").fails(http.StatusServiceUnavailable, "ServiceUnavailableError")
	if busy.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

func TestReasonIsToldInTheSandboxAlone(t *testing.T) {
	w := newWorld(t, func(s *settings) { s.door.Sandbox = false })
	r := w.one.get("/accounts", "x").fails(http.StatusUnauthorized, "invalid_token")
	if got := r.header.Get("X-Okienko-Reason"); got != "" {
		t.Errorf("a real bank said %q", got)
	}
	if r.header.Get("WWW-Authenticate") == "" || r.header.Get("Cache-Control") != "no-store" || r.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%v", r.header)
	}
}

// Answers are signed by a setting, over the bytes of the body (psd2 §4.2).
func TestSignedAnswers(t *testing.T) {
	w := newWorld(t, func(s *settings) {
		s.door.Sign = func(body []byte) (string, error) { return "over " + string(body), nil }
	})
	got := w.one.lists(newUUID(noon), annas)
	r := w.one.get("/accounts", got.access).is(http.StatusOK)
	if r.header.Get("JWS-Signature") != "over "+r.body {
		t.Errorf("%v", r.header)
	}
	if r := w.one.get("/accounts", "x"); r.header.Get("JWS-Signature") != "" {
		t.Error("a refusal is signed")
	}
	gone := w.one.ask("DELETE", "/consents/"+got.reply.text("scope_details", "consentId"), "").set("Client-ID", w.one.client).send().is(http.StatusNoContent)
	if gone.header.Get("JWS-Signature") != "" {
		t.Error("an answer without a body is signed")
	}
	if r := newWorld(t).one.get("/accounts", "x"); r.header.Get("JWS-Signature") != "" {
		t.Error("signed although nothing says so")
	}
}

// The statistics of RTS art. 32(4) learn of every call what it was for.
func TestStatistics(t *testing.T) {
	var calls []psd2.Call
	w := newWorld(t, func(s *settings) { s.door.Statistics = func(c psd2.Call) { calls = append(calls, c) } })
	got := w.one.lists(newUUID(noon), annas)
	calls = nil
	w.one.get("/accounts", got.access).is(http.StatusOK)
	w.one.funds(string(numberOf(1)), "1.00", "PLN").is(http.StatusForbidden)
	w.one.refresh("x").is(http.StatusBadRequest)
	w.one.ask("POST", "/payments/domestic", "{}").with("x").set("TPP-Payment-ID", "1").send().is(http.StatusUnauthorized)
	var kinds []string
	for _, c := range calls {
		kinds = append(kinds, string(c.Service))
	}
	if !slices.Equal(kinds, []string{"ais", "caf", "auth", "pis"}) {
		t.Errorf("services %q", kinds)
	}
	if calls[1].Outcome != bank.PermissionMissing || calls[1].Status != http.StatusForbidden {
		t.Errorf("%+v", calls[1])
	}
}

func TestCase79SendDate(t *testing.T) {
	w := newWorld(t)
	got := w.one.lists(newUUID(noon), annas)
	for _, at := range []string{"", "2026-11-18T10:58:00.000Z", "2026-11-18T11:02:00.000Z", "2026-11-18T12:00:00+01:00"} {
		w.one.ask("GET", "/accounts", "").with(got.access).present().set("Send-Date", at).send().is(http.StatusOK)
	}
}

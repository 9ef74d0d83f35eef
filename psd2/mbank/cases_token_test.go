package mbank_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank/account"
)

// psd2 §10: token.

func choice(accounts ...account.ID) authserver.ConsentChoice {
	return authserver.ConsentChoice{Person: annaP, Customer: anna, Accounts: accounts}
}

// code has Anna consent to reading an account and returns the code.
func (p *tpp) code() string {
	p.w.T.Helper()
	return p.w.Gives(p.asks(p.info()), annaP, anna, annas)
}

func (p *tpp) token(body string) reply {
	p.w.T.Helper()
	return p.ask("POST", "/auth/token", body).send()
}

// oauth asserts an error that both kinds of client can read.
func (r reply) oauth(code string) reply {
	r.t.Helper()
	r.fails(http.StatusBadRequest, code)
	if r.text("error") != code {
		r.t.Errorf("OAuth's error in %s", r.body)
	}
	return r
}

func TestCase34Codes(t *testing.T) {
	w := newWorld(t)
	code := w.one.code()
	first := w.one.redeem(code).tokens()
	w.one.get("/accounts/"+first.refs[0], first.access).is(http.StatusOK)
	w.one.redeem(code).oauth("invalid_grant")
	w.one.get("/accounts/"+first.refs[0], first.access).fails(http.StatusUnauthorized, "invalid_token")
	w.one.refresh(first.refresh).oauth("invalid_grant")

	late := w.one.code()
	w.Clock.Advance(61 * time.Second)
	w.one.redeem(late).oauth("invalid_grant")
	foreign := w.one.code()
	w.other.redeem(foreign).oauth("invalid_grant")
	elsewhere := fmt.Sprintf(`{"code":%q,"grant_type":"authorization_code","redirect_uri":"https://tpp.example/other"}`, foreign)
	w.one.token(elsewhere).oauth("invalid_grant")
	w.one.redeem("no-such-code").oauth("invalid_grant")
	w.one.redeem(foreign).is(http.StatusOK) // none of them spent it
	w.one.token(strings.Replace(elsewhere, "{", fmt.Sprintf(`{"client_id":%q,`, w.other.client), 1)).fails(http.StatusUnauthorized, "ThirdPartyUnknownError")
}

func TestCase36Refresh(t *testing.T) {
	w := newWorld(t)
	first := w.one.redeem(w.one.code()).tokens()
	refresh := func(token, more string) reply {
		return w.one.token(fmt.Sprintf(`{"refresh_token":%q,"grant_type":"refresh_token"%s}`, token, more))
	}
	// Another scope, another right, a longer history: all wider.
	refresh(first.refresh, `,"scope":"pis"`).oauth("invalid_scope")
	refresh(first.refresh, `,"scope":"ais-accounts"`).oauth("invalid_scope")
	refresh(first.refresh, `,"scope":"ais","scope_details":{"privilegeList":`+infoPrivilege(91)+`}`).oauth("invalid_scope")
	refresh(first.refresh, `,"scope":"ais pis"`).oauth("invalid_scope")
	// A wider wish spends nothing. A narrower one is granted, and is final.
	narrow := refresh(first.refresh, `,"scope":"ais","scope_details":{"privilegeList":[{"ais:accountDetails":{}}]}`).tokens()
	w.one.get("/accounts/"+first.refs[0], narrow.access).is(http.StatusOK)
	w.one.get("/accounts/"+first.refs[0]+"/transactions", narrow.access).fails(http.StatusForbidden, "insufficient_scope")

	second := w.one.refresh(narrow.refresh).tokens()
	w.one.refresh(narrow.refresh).oauth("invalid_grant")
	w.one.get("/accounts/"+first.refs[0], second.access).fails(http.StatusUnauthorized, "invalid_token") // the family went with it
	w.one.refresh(second.refresh).oauth("invalid_grant")

	foreign := w.one.redeem(w.one.code()).tokens()
	w.other.refresh(foreign.refresh).oauth("invalid_grant")
	w.one.refresh(foreign.access).oauth("invalid_grant")
	w.Clock.Advance(91 * 24 * time.Hour)
	w.one.refresh(foreign.refresh).oauth("invalid_grant") // the consent is over
}

// A fuller body is sent by some clients, and is the same refresh.
func TestCase36FullerBody(t *testing.T) {
	w := newWorld(t)
	got := w.one.lists("c-36", annas)
	body := fmt.Sprintf(`{"refresh_token":%q,"grant_type":"refresh_token","client_id":%q,"redirect_uri":%q,"scope":"ais-accounts",
		"scope_details":{"privilegeList":%s,"scopeGroupType":"AIS_ACCOUNTS","consentId":"c-36","scopeTimeLimit":"2026-12-01T00:00:00Z","throttlingPolicy":"PSD2_REGULATORY"}}`,
		got.refresh, w.one.client, goBack, listPrivilege)
	again := w.one.token(body).tokens()
	w.one.get("/accounts", again.access).is(http.StatusOK)
}

// exchange is the body with which a list of accounts becomes a consent to read.
func (p *tpp) exchange(token, consentID, privileges string) string {
	return fmt.Sprintf(`{"exchange_token":%q,"grant_type":"exchange_token","scope":"ais","scope_details":{"privilegeList":%s,
		"scopeGroupType":"AIS","consentId":%q,"scopeTimeLimit":%q,"throttlingPolicy":"PSD2_REGULATORY"}}`,
		token, privileges, consentID, p.w.Clock.Now().AddDate(0, 0, 90).Format(time.RFC3339))
}

// ofAccount is a privilege for one account.
func ofAccount(number string) string {
	return fmt.Sprintf(`[{"accountNumber":%q,"ais:accountDetails":{},"ais:transactions":{"maxAllowedHistoryLong":1,"transactionStatus":["DONE"]},"ais:transactionDetails":{}}]`, number)
}

func TestCase37Exchange(t *testing.T) {
	w := newWorld(t)
	consentID := w.fresh()
	got := w.one.lists(consentID, annas, annas2)
	list := w.one.get("/accounts", got.access).is(http.StatusOK)
	number := list.text("accounts", 0, "accountNumber")
	body := w.one.exchange(got.access, consentID, ofAccount(number))

	w.one.token(strings.Replace(body, `"scope":"ais",`, "", 1)).fails(http.StatusBadRequest, "FieldValidationError")
	w.one.token(strings.Replace(body, consentID, w.fresh(), 1)).is(http.StatusBadRequest)
	w.one.token(w.one.exchange(got.access, consentID, ofAccount(string(numberOf(4))))).fails(http.StatusForbidden, "AccountAccessError")
	w.one.token(strings.Replace(body, `"scope":"ais"`, `"scope":"pis"`, 1)).oauth("invalid_scope")
	w.one.token(w.one.exchange("nobody's", consentID, ofAccount(number))).oauth("invalid_grant")
	w.other.token(w.other.exchange(got.access, consentID, ofAccount(number))).is(http.StatusBadRequest)

	info := w.one.token(body).tokens()
	if len(info.refs) != 1 || info.refs[0] == got.refs[0] {
		t.Fatalf("handles %q after %q", info.refs, got.refs)
	}
	if info.reply.text("scope_details", "privilegeList", 0, "accountNumber") != number {
		t.Error(info.reply.body)
	}
	w.one.get("/accounts/"+info.refs[0], info.access).is(http.StatusOK)
	w.one.get("/accounts/"+got.refs[0], info.access).fails(http.StatusForbidden, "AccountAccessError") // a handle of before
	w.one.get("/accounts", got.access).fails(http.StatusUnauthorized, "invalid_token")                 // the first token ends
	w.one.get("/accounts", info.access).fails(http.StatusForbidden, "insufficient_scope")
	w.one.token(body).oauth("invalid_grant") // once
	back := strings.NewReplacer(`"scope":"ais"`, `"scope":"ais-accounts"`, `"AIS"`, `"AIS_ACCOUNTS"`).Replace(w.one.exchange(info.access, consentID, listPrivilege))
	w.one.token(back).oauth("invalid_scope")

	late := w.one.lists("c-37-late", annas)
	w.Clock.Advance(11 * time.Minute)
	w.one.token(w.one.exchange(late.access, "c-37-late", ofAccount(number))).oauth("invalid_grant")
}

// The mask of a number serves where it fits one account of the consent.
func TestCase37MaskedNumber(t *testing.T) {
	w := newWorld(t)
	got := w.one.lists("c-37-mask", annas)
	n := string(numberOf(1))
	info := w.one.token(w.one.exchange(got.access, "c-37-mask", ofAccount(strings.Repeat("*", 22)+n[22:]))).tokens()
	w.one.get("/accounts/"+info.refs[0], info.access).is(http.StatusOK)
}

func TestCase38UserSession(t *testing.T) {
	w := newWorld(t)
	code := w.one.code()
	body := func(more string) string {
		return fmt.Sprintf(`{"code":%q,"grant_type":"authorization_code","redirect_uri":%q%s}`, code, goBack, more)
	}
	w.one.token(body(`,"is_user_session":true`)).fails(http.StatusBadRequest, "FieldValidationError")
	w.one.token(body(`,"is_user_session":true,"user_agent":"Mozilla/5.0"`)).fails(http.StatusBadRequest, "FieldValidationError")
	w.one.token(body(`,"is_user_session":true,"user_ip":"193.41.230.87"`)).fails(http.StatusBadRequest, "FieldValidationError")
	w.one.token(body(`,"is_user_session":true,"user_ip":"home","user_agent":"Mozilla/5.0"`)).fails(http.StatusBadRequest, "FieldValidationError")
	w.one.token(body(`,"is_user_session":true,"user_ip":"193.41.230.87","user_agent":"Mozilla/5.0"`)).is(http.StatusOK)
}

func TestCase39Answer(t *testing.T) {
	w := newWorld(t)
	r := w.one.redeem(w.one.code()).is(http.StatusOK)
	seconds, err := strconv.Atoi(r.text("expires_in"))
	if err != nil || seconds != 600 {
		t.Errorf("expires_in in %s", r.body)
	}
	if r.text("token_type") != "Bearer" || r.text("scope") != "ais" || r.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s %v", r.body, r.header)
	}
	w.one.token(`{"grant_type":"password","username":"anna"}`).fails(http.StatusBadRequest, "FieldValidationError")
	w.one.token(`{"grant_type":"client_credentials"}`).oauth("unsupported_grant_type")
	w.one.token(`{}`).fails(http.StatusBadRequest, "FieldValidationError")
	w.one.token(`{"grant_type":"authorization_code"}`).fails(http.StatusBadRequest, "FieldValidationError")
	w.one.token(`{"grant_type":"refresh_token"}`).fails(http.StatusBadRequest, "FieldValidationError")
	w.Clock.Advance(10 * time.Minute)
	w.one.get("/accounts/x", r.text("access_token")).fails(http.StatusUnauthorized, "invalid_token")
}

func TestCase40Concurrency(t *testing.T) {
	w := newWorld(t)
	race := func(name string, call func() reply) reply {
		const callers = 6
		var wg sync.WaitGroup
		replies := make(chan reply, callers)
		for range callers {
			wg.Go(func() { replies <- call() })
		}
		wg.Wait()
		close(replies)
		var won []reply
		for r := range replies {
			if r.status == http.StatusOK {
				won = append(won, r)
			} else if r.status != http.StatusBadRequest {
				t.Errorf("%s: %d %s", name, r.status, r.body)
			}
		}
		if len(won) != 1 {
			t.Fatalf("%s: %d succeeded, want one", name, len(won))
		}
		return won[0]
	}
	code := w.one.code()
	race("code", func() reply { return w.one.redeem(code) })
	got := w.one.redeem(w.one.code()).tokens()
	race("refresh", func() reply { return w.one.refresh(got.refresh) })
	list := w.one.lists("c-40", annas)
	body := w.one.exchange(list.access, "c-40", ofAccount(string(numberOf(1))))
	race("exchange", func() reply { return w.one.token(body) })
}

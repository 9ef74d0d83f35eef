package mbank_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"okienko/authserver"
	"okienko/bank/account"
	"okienko/bank/party"
	"okienko/bank/thirdparty"
)

// psd2 §10: confirmation of funds, and the end of consents.

// givesFunds has Anna let a card issuer ask about an account.
func (w *world) givesFunds(issuer string, id account.ID) {
	w.T.Helper()
	ask := authserver.FundsAsk{Person: annaP, Customer: anna, Account: id, Issuer: thirdparty.Organisation(issuer), Until: noon.AddDate(0, 0, 90)}
	subject, err := w.Auth.FundsSubject(w.T.Context(), ask, party.Polish)
	must(w.T, err)
	_, err = w.Auth.GiveFunds(w.T.Context(), ask, w.Confirm(annaP, subject))
	must(w.T, err)
}

func (p *tpp) funds(number, amount, currency string) reply {
	p.w.T.Helper()
	return p.ask("POST", "/funds-confirmation", fmt.Sprintf(`{"accountNumber":%q,"amount":%q,"currency":%q}`, number, amount, currency)).
		set("Client-ID", p.client).send()
}

func TestCase76Funds(t *testing.T) {
	w := newWorld(t)
	number := string(numberOf(1))
	none := w.one.funds(number, "1.00", "PLN").fails(http.StatusForbidden, "insufficient_scope")
	unknown := w.one.funds(string(numberOf(77)), "1.00", "PLN").fails(http.StatusForbidden, "insufficient_scope")
	if none.body != unknown.body {
		t.Errorf("an oracle: %s %s", none.body, unknown.body)
	}
	w.givesFunds(oneOrg, annas)
	says := func(amount string, want bool) {
		t.Helper()
		if r := w.one.funds(number, amount, "PLN").is(http.StatusOK); r.body != fmt.Sprintf(`{"fundsAvailable":%t}`, want) {
			t.Errorf("%s: %s", amount, r.body)
		}
	}
	says("1000.00", true) // exactly what is available
	says("1000.01", false)
	says("0.01", true)
	w.PairShop().Holds(400_00) // holds count
	says("600.00", true)
	says("600.01", false)
	got := w.one.reads(infoPrivilege(1), annas)
	if r := w.one.get("/accounts/"+got.refs[0], got.access); r.text("availableBalance") != "600.00" {
		t.Errorf("account information says %s", r.body)
	}
	w.one.funds(number, "1.00", "EUR").fails(http.StatusBadRequest, "FieldValidationError")
	for _, amount := range []string{"0.00", "-1.00", "1", "1,00", "1.234", "x", ""} {
		w.one.funds(number, amount, "PLN").fails(http.StatusBadRequest, "FieldValidationError")
	}
	for _, currency := range []string{"JPY", "pln", "", "XXX"} {
		w.one.funds(number, "1.00", currency).fails(http.StatusBadRequest, "FieldValidationError")
	}
	for _, bad := range []string{"", "123", number[:25] + "0", strings.Repeat("9", 40)} {
		w.one.funds(bad, "1.00", "PLN").is(http.StatusBadRequest)
	}
	w.one.funds("PL"+number, "1.00", "PLN").is(http.StatusOK)
	w.one.ask("POST", "/funds-confirmation", `{"accountNumber":"x"`).set("Client-ID", w.one.client).send().fails(http.StatusBadRequest, "BodyDeserializationError")
	// The consent is for one issuer and one account.
	w.other.funds(number, "1.00", "PLN").fails(http.StatusForbidden, "insufficient_scope")
	w.one.funds(string(numberOf(2)), "1.00", "PLN").fails(http.StatusForbidden, "insufficient_scope")
	must(t, w.Store.SetAccess(t.Context(), annas, account.Access{State: account.AccessBlocked, By: "test", At: noon}, staff("access", "account")))
	w.one.funds(number, "1.00", "PLN").fails(http.StatusForbidden, "AccountAccessError")
	w.givesFunds(oneOrg, annasE)
	w.one.funds(string(numberOf(3)), "0.01", "EUR").is(http.StatusOK)
	must(t, w.Store.SetAccountStatus(t.Context(), annasE, account.Closed, staff("status", "account")))
	w.one.funds(string(numberOf(3)), "0.01", "EUR").fails(http.StatusForbidden, "AccountAccessError")
}

func TestCase76FundsLimit(t *testing.T) {
	w := newWorld(t, func(s *settings) { s.core.Rules.FundsCalls = 3 })
	w.givesFunds(oneOrg, annas)
	for range 3 {
		w.one.funds(string(numberOf(1)), "1.00", "PLN").is(http.StatusOK)
	}
	r := w.one.funds(string(numberOf(1)), "1.00", "PLN").fails(http.StatusTooManyRequests, "TooManyRequestsError")
	if r.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

func TestCase77DeleteConsent(t *testing.T) {
	w := newWorld(t)
	consentID := w.fresh()
	got := w.one.lists(consentID, annas)
	remove := func(p *tpp, id string) reply {
		return p.ask("DELETE", "/consents/"+id, "").set("Client-ID", p.client).send()
	}
	foreign := remove(w.other, consentID).fails(http.StatusNotFound, "ResourceNotFoundError")
	w.one.get("/accounts", got.access).is(http.StatusOK)
	gone := remove(w.one, consentID).is(http.StatusNoContent)
	if gone.body != "" || gone.header.Get("Content-Type") != "" {
		t.Errorf("204 with %q %v", gone.body, gone.header)
	}
	w.one.get("/accounts", got.access).fails(http.StatusUnauthorized, "invalid_token")
	w.one.refresh(got.refresh).oauth("invalid_grant")
	for _, r := range []reply{remove(w.one, consentID), remove(w.one, "nobody"), remove(w.one, "%20"), remove(w.one, strings.Repeat("x", 300))} {
		if r.fails(http.StatusNotFound, "ResourceNotFoundError"); r.body != foreign.body {
			t.Errorf("%s, want %s", r.body, foreign.body)
		}
	}
	// The customer withdraws in internet banking.
	second := w.one.lists("c-77", annas)
	c, err := w.Store.ConsentByTPP(t.Context(), thirdparty.ClientID(w.one.client), "c-77")
	must(t, err)
	must(t, w.Auth.WithdrawConsent(t.Context(), annaP, c.ID))
	w.one.get("/accounts", second.access).fails(http.StatusUnauthorized, "invalid_token")
	w.one.refresh(second.refresh).oauth("invalid_grant")
}

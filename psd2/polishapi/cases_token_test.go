package polishapi_test

import (
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"okienko/psd2/polishapi"
	"okienko/psd2/psd2test"
)

// psd2 §10: token.

// code has Anna consent to reading her first account and returns the code.
func (p *tpp) code(v polishapi.Version) string {
	p.w.T.Helper()
	return p.w.Gives(p.asksInfo(v).asked(), annaP, anna, annas)
}

// oauth sends a call and asserts an error that both kinds of client can read.
func (a *ask) oauth(status int, code, oauth string) {
	a.w.T.Helper()
	r := a.send().Fails(status, code)
	if r.Text("error") != oauth || r.Text("error_description") != r.Text("message") {
		a.w.T.Errorf("OAuth's error in %s", r.Body)
	}
}

func (a *ask) badGrant() { a.w.T.Helper(); a.oauth(400, "invalid_grant", "invalid_grant") }
func (a *ask) badScope() { a.w.T.Helper(); a.oauth(400, "invalid_scope", "invalid_scope") }

// details asks for what the consent to a list or to reading says of an account.
func (p *tpp) details(v polishapi.Version, token string) psd2test.Reply {
	return p.read(v, "getAccount", token, numberOf(1)).send()
}

func TestCase34Codes(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(_ *testing.T, v polishapi.Version) {
		code := w.one.code(v)
		first := tokensOf(w.one.redeem(v, code).send())
		w.one.details(v, first.access).Is(http.StatusOK)
		w.one.redeem(v, code).badGrant()
		w.one.details(v, first.access).Fails(http.StatusUnauthorized, "invalid_token")
		w.one.refresh(v, first.refresh).badGrant()

		late := w.one.code(v)
		w.Clock.Advance(61 * time.Second)
		w.one.redeem(v, late).badGrant()
		foreign := w.one.code(v)
		w.other.redeem(v, foreign).badGrant()
		w.one.redeem(v, foreign).put("redirect_uri", "https://tpp.example/other").badGrant()
		w.one.redeem(v, foreign).put("redirect_uri", goBack+"/").badGrant()
		w.one.redeem(v, "no-such-code").badGrant()
		w.one.redeem(v, foreign).put("client_id", w.other.client).oauth(401, "third_party_unknown", "invalid_client")
		w.one.redeem(v, foreign).send().Is(http.StatusOK) // none of them spent it
	})
}

func TestCase35SpellingsOfCode(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(_ *testing.T, v polishapi.Version) {
		code := w.one.code(v)
		w.one.redeem(v, code).put("code", "another").oauth(400, "invalid_field", "invalid_request")
		w.one.redeem(v, "another").put("code", code).oauth(400, "invalid_field", "invalid_request")
		both := w.one.redeem(v, code).put("code", code)
		both.operation = "" // the standard knows the one with the capital letter
		both.send().Is(http.StatusOK)
		small := w.one.redeem(v, "").put("Code", nil, "code", w.one.code(v))
		small.operation = ""
		small.send().Is(http.StatusOK)
		w.one.redeem(v, w.one.code(v)).send().Is(http.StatusOK)
	})
}

func TestCase36Refresh(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(_ *testing.T, v polishapi.Version) {
		first := tokensOf(w.one.redeem(v, w.one.code(v)).send())
		id := first.reply.Text("scope_details", "consentId")
		refresh := func(token, scope string, privileges ...any) *ask {
			return w.one.refresh(v, token).put("scope", scope, "scope_details", w.one.scopeDetails(scope, id, privileges))
		}
		// Another scope, another right, a longer history: all wider.
		w.one.refresh(v, first.refresh).put("scope", "pis").badScope()
		w.one.refresh(v, first.refresh).put("scope", "ais-accounts").badScope()
		w.one.refresh(v, first.refresh).put("scope", "ais pis").badScope()
		refresh(first.refresh, "ais-accounts", listPrivilege()...).badScope()
		refresh(first.refresh, "ais", infoPrivilege(91)).badScope()
		// A wider wish spends nothing. A narrower one is granted, and is final.
		narrow := tokensOf(refresh(first.refresh, "ais", m{"ais:getAccount": manyTimes()}).send())
		w.one.details(v, narrow.access).Is(http.StatusOK)
		w.one.read(v, "getTransactionsDone", narrow.access, numberOf(1)).send().Fails(http.StatusForbidden, "insufficient_scope")
		refresh(narrow.refresh, "ais", infoPrivilege(90)).badScope()

		second := tokensOf(w.one.refresh(v, narrow.refresh).send())
		w.one.details(v, second.access).Is(http.StatusOK)
		w.one.refresh(v, narrow.refresh).badGrant()
		w.one.details(v, second.access).Fails(http.StatusUnauthorized, "invalid_token") // the family went with it
		w.one.refresh(v, second.refresh).badGrant()

		foreign := tokensOf(w.one.redeem(v, w.one.code(v)).send())
		w.other.refresh(v, foreign.refresh).badGrant()
		w.one.refresh(v, foreign.access).badGrant()
		gone := foreign.reply.Text("scope_details", "consentId")
		w.one.ask(v, "accounts/deleteConsent", m{"consentId": gone}).send().Is(http.StatusNoContent)
		w.one.refresh(v, foreign.refresh).badGrant()
		late := tokensOf(w.one.redeem(v, w.one.code(v)).send())
		w.Clock.Advance(91 * 24 * time.Hour)
		w.one.refresh(v, late.refresh).badGrant() // the consent is over
	})
}

// Looking at what was paid is narrower than paying it (psd2 §0.1).
func TestCase36RefreshOfAPayment(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(t *testing.T, v polishapi.Version) {
		other, _ := w.one.paid(v, "other-"+string(v))
		id, got := w.one.paid(v, "mine-"+string(v))
		look := func(payment string) *ask {
			return w.one.refresh(v, got.refresh).put("scope", "pis", "scope_details", w.one.scopeDetails(
				"pis", got.reply.Text("scope_details", "consentId"), list{m{"pis:getPayment": m{"scopeUsageLimit": "multiple", "paymentId": payment}}}))
		}
		look(other).badScope()
		look(psd2test.NewUUID(noon)).badScope()
		narrow := tokensOf(look(id).send())
		granted, _ := narrow.reply.At("scope_details", "privilegeList", 0).(m)
		if granted["pis:getPayment"] == nil || granted["pis:domestic"] != nil {
			t.Errorf("granted %s", narrow.reply.Body)
		}
		w.one.ask(v, "payments/getPayment", m{"paymentId": id}).with(narrow.access).send().Is(http.StatusOK)
		w.one.pays(v, "domestic", narrow.access, "again", domestic(v)).send().Is(http.StatusForbidden)
	})
}

func TestCase37Exchange(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(t *testing.T, v polishapi.Version) {
		got := w.one.lists(v, annas, annas2)
		id := got.reply.Text("scope_details", "consentId")
		of := func(number string) list {
			p := infoPrivilege(30)
			p["accountNumber"] = number
			return list{p}
		}
		exchange := func() *ask { return w.one.exchange(v, got.access, id, of(numberOf(1))) }
		exchange().put("scope", nil).oauth(400, "invalid_field", "invalid_request")
		exchange().put("scope_details", nil).oauth(400, "invalid_field", "invalid_request")
		exchange().put("scope_details.consentId", psd2test.NewUUID(noon)).oauth(400, "invalid_field", "invalid_request")
		w.one.exchange(v, got.access, id, list{infoPrivilege(30)}).oauth(400, "invalid_field", "invalid_request") // for no account by number
		exchange().put("scope", "pis").badScope()
		w.one.exchange(v, got.access, id, of(numberOf(4))).badScope() // Bob's; the call declares no 403
		w.one.exchange(v, got.access, id, of(numberOf(3))).badScope() // Anna's, not chosen
		w.one.exchange(v, "nobody's", id, of(numberOf(1))).badGrant()
		w.one.exchange(v, got.refresh, id, of(numberOf(1))).badGrant()
		w.other.exchange(v, got.access, id, of(numberOf(1))).badGrant()

		info := tokensOf(exchange().send())
		if said := info.reply.List("scope_details", "privilegeList"); len(said) != 1 || info.reply.Text("scope_details", "privilegeList", 0, "accountNumber") != numberOf(1) ||
			info.reply.Text("scope") != "ais" || info.reply.Text("scope_details", "consentId") != id {
			t.Error(info.reply.Body)
		}
		w.one.details(v, info.access).Is(http.StatusOK)
		w.one.read(v, "getAccount", info.access, numberOf(2)).send().Fails(http.StatusForbidden, "forbidden")
		w.one.lister(v, got.access).send().Fails(http.StatusUnauthorized, "invalid_token") // the first token ends
		w.one.lister(v, info.access).send().Fails(http.StatusForbidden, "insufficient_scope")
		exchange().badGrant() // once
		back := w.one.ask(v, "auth/token", m{
			"grant_type": "exchange_token", "exchange_token": info.access, "scope": "ais-accounts", "scope_details": w.one.scopeDetails("ais-accounts", id, listPrivilege()),
		})
		back.badScope()

		late := w.one.lists(v, annas)
		w.Clock.Advance(11 * time.Minute)
		w.one.exchange(v, late.access, late.reply.Text("scope_details", "consentId"), of(numberOf(1))).badGrant()
	})
}

// The mask under which the list showed a number serves where it fits one account
// of the consent (psd2 §0.1).
func TestCase37MaskedNumber(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(t *testing.T, v polishapi.Version) {
		got := w.one.lists(v, annas, annas2)
		shown := w.one.lister(v, got.access).send().Is(http.StatusOK).Text("accounts", 1, "accountNumber")
		p := infoPrivilege(30)
		p["accountNumber"] = shown
		info := tokensOf(w.one.exchange(v, got.access, got.reply.Text("scope_details", "consentId"), list{p}).send())
		if said := info.reply.Text("scope_details", "privilegeList", 0, "accountNumber"); said != numberOf(2) {
			t.Errorf("%s was taken for %s", shown, said)
		}
		w.one.read(v, "getAccount", info.access, shown).send().Is(http.StatusOK)
	})
}

func TestCase38UserSession(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(_ *testing.T, v polishapi.Version) {
		code := w.one.code(v)
		for _, more := range [][]any{
			{}, {"user_agent", "Mozilla/5.0"}, {"user_ip", "193.41.230.87"}, {"user_ip", "home", "user_agent", "Mozilla/5.0"}, {"is_user_session", "true"},
		} {
			w.one.redeem(v, code).put("is_user_session", true).put(more...).oauth(400, "invalid_field", "invalid_request")
		}
		w.one.redeem(v, code).put("is_user_session", true, "user_ip", "193.41.230.87", "user_agent", "Mozilla/5.0").send().Is(http.StatusOK)
		w.one.redeem(v, w.one.code(v)).put("is_user_session", false).send().Is(http.StatusOK)
	})
}

func TestCase39Answer(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(t *testing.T, v polishapi.Version) {
		r := w.one.redeem(v, w.one.code(v)).send().Is(http.StatusOK)
		seconds, err := strconv.Atoi(r.Text("expires_in"))
		if err != nil || seconds != 600 {
			t.Errorf("expires_in in %s", r.Body)
		}
		if r.Text("token_type") != "Bearer" || r.Text("scope") != "ais" || r.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s %v", r.Body, r.Header)
		}
		if _, group := r.At("scope_details").(m)["scopeGroupType"]; group { // the answer has none (psd2 §2.3)
			t.Error(r.Body)
		}
		token := func(pairs ...any) *ask { return w.one.ask(v, "auth/token", nil).put(pairs...) }
		for _, kind := range []string{"password", "client_credentials", "AUTHORIZATION_CODE"} {
			token("grant_type", kind).oauth(400, "unsupported_grant_type", "unsupported_grant_type")
		}
		token("grant_type", "password", "username", "anna").oauth(400, "invalid_field", "invalid_request")
		token().oauth(400, "invalid_field", "invalid_request")
		for _, kind := range []string{"authorization_code", "refresh_token", "exchange_token"} {
			token("grant_type", kind).oauth(400, "invalid_field", "invalid_request")
		}
		w.Clock.Advance(10 * time.Minute)
		w.one.details(v, r.Text("access_token")).Fails(http.StatusUnauthorized, "invalid_token")
	})
}

// Only grant_type is required of this call: clients of the older versions send no
// requestHeader.
func TestTokenWithoutRequestHeader(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(_ *testing.T, v polishapi.Version) {
		a := w.one.redeem(v, w.one.code(v))
		a.head = nil
		a.send().Is(http.StatusOK)
	})
}

func TestCase40Concurrency(t *testing.T) {
	w := newWorld(t)
	race := func(name string, call func() *ask) {
		const callers = 6
		var asks [callers]*ask
		for i := range asks {
			asks[i] = call().sign()
		}
		var wg sync.WaitGroup
		replies := make(chan psd2test.Reply, callers)
		for _, a := range asks {
			wg.Go(func() { replies <- a.send() })
		}
		wg.Wait()
		close(replies)
		won := 0
		for r := range replies {
			if r.Status == http.StatusOK {
				won++
			} else if r.Status != http.StatusBadRequest || r.Text("code") != "invalid_grant" {
				t.Errorf("%s: %d %s", name, r.Status, r.Body)
			}
		}
		if won != 1 {
			t.Errorf("%s: %d succeeded, want one", name, won)
		}
	}
	code := w.one.code(v212)
	race("code", func() *ask { return w.one.redeem(v212, code) })
	got := tokensOf(w.one.redeem(v212, w.one.code(v212)).send())
	race("refresh", func() *ask { return w.one.refresh(v212, got.refresh) })
	listed := w.one.lists(v212, annas)
	privilege := infoPrivilege(30)
	privilege["accountNumber"] = numberOf(1)
	race("exchange", func() *ask {
		return w.one.exchange(v212, listed.access, listed.reply.Text("scope_details", "consentId"), list{privilege})
	})
}

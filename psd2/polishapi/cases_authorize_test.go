package polishapi_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/party"
	"okienko/bank/sca"
	"okienko/bank/thirdparty"
	"okienko/psd2/polishapi"
	"okienko/psd2/psd2test"
)

// psd2 §10: authorize.

// refused sends a call for a consent that is refused, which sends no browser anywhere.
func (a *ask) refused(code string) {
	a.w.T.Helper()
	r := a.send().Fails(http.StatusBadRequest, code)
	if to := r.Header.Get("Location"); to != "" || r.Text("aspspRedirectUri") != "" {
		a.w.T.Errorf("redirects: %s %s", to, r.Body)
	}
}

// wants asks for a consent with other privileges.
func (p *tpp) wants(v polishapi.Version, scope string, privileges ...any) *ask {
	return p.authorize(v, scope, psd2test.NewUUID(p.w.Wall.Now()), privileges)
}

// manyTimes is what a privilege says that may be used again and again.
func manyTimes() m { return m{"scopeUsageLimit": "multiple"} }

func TestCase22Scopes(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(_ *testing.T, v polishapi.Version) {
		w.one.asksInfo(v).send().Is(http.StatusOK)
		for _, scope := range []string{"ais pis", "ais ais", "caf", "AIS", "ais,pis"} {
			w.one.asksInfo(v).put("scope", scope).refused("invalid_scope")
		}
		w.one.asksInfo(v).put("scope", nil).refused("invalid_field")
		w.one.asksInfo(v).put("scope_details.scopeGroupType", "ais-accounts").refused("invalid_field")
		w.one.asksInfo(v).put("scope", "ais-accounts").refused("invalid_field")
		w.one.asksInfo(v).put("scope_details.scopeGroupType", nil).refused("invalid_field")
	})
}

func TestCase23Privileges(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(_ *testing.T, v polishapi.Version) {
		pay := may("pis:domestic", domestic(v))[0]
		look := m{"pis:getPayment": manyTimes()}
		account := m{"ais:getAccount": manyTimes()}
		for _, a := range []*ask{
			w.one.wants(v, "ais", pay), w.one.wants(v, "ais", listPrivilege()...), w.one.wants(v, "ais-accounts", account),
			w.one.wants(v, "pis", infoPrivilege(1)), w.one.wants(v, "ais", m{"ais:getAccount": manyTimes(), "pis:getPayment": manyTimes()}),
			w.one.wants(v, "ais"), w.one.wants(v, "ais", m{}), w.one.wants(v, "pis", m{}), w.one.wants(v, "pis", m{"accountNumber": numberOf(1)}),
			w.one.wants(v, "ais", 7), w.one.asksInfo(v).put("scope_details.privilegeList", nil), w.one.asksInfo(v).put("scope_details.privilegeList", "all"),
			w.one.wants(v, "ais", m{"ais:getEverything": manyTimes()}), w.one.wants(v, "ais", account, account),
			// Two methods of payment.
			w.one.wants(v, "pis", pay, pay),
			w.one.wants(v, "pis", m{"pis:domestic": pay.(m)["pis:domestic"], "pis:EEA": m{}}),
			w.one.wants(v, "pis", pay, m{"pis:cancelPayment": m{"paymentId": "1"}}),
			w.one.wants(v, "pis", look, look),
			// All accounts of a consent have the same rights: what would widen one is refused.
			w.one.wants(v, "ais", m{"accountNumber": numberOf(1), "ais:getAccount": manyTimes()}, m{"accountNumber": numberOf(2), "ais:getTransactionDetail": manyTimes()}),
			w.one.wants(v, "ais", m{"ais:getAccount": m{"scopeUsageLimit": "SINGLE"}}), w.one.wants(v, "ais", m{"ais:getAccount": m{"scopeUsageLimit": "twice"}}),
			w.one.wants(v, "ais", m{"ais:getAccount": m{"scopeUsageLimit": "single", "maxAllowedHistoryLong": 1}}),
		} {
			a.refused("invalid_field")
		}
		w.one.wants(v, "pis", pay).send().Is(http.StatusOK)
		w.one.wants(v, "pis", m{"pis:domestic": pay.(m)["pis:domestic"], "pis:getPayment": manyTimes()}).send().Is(http.StatusOK)
		w.one.wants(v, "ais", m{"accountNumber": numberOf(1), "ais:getAccount": manyTimes()}, m{"accountNumber": numberOf(2), "ais:getAccount": manyTimes()}).send().Is(http.StatusOK)
	})
}

func TestCase24History(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(_ *testing.T, v polishapi.Version) {
		for _, name := range readLists {
			days := func(days any) *ask {
				o := m{"scopeUsageLimit": "multiple", "maxAllowedHistoryLong": days}
				if days == nil {
					delete(o, "maxAllowedHistoryLong")
				}
				return w.one.wants(v, "ais", m{"ais:" + name: o})
			}
			for _, wrong := range []any{0, 1461, "90", -1, 1.5, nil, true} {
				days(wrong).refused("invalid_field")
			}
			days(1).send().Is(http.StatusOK)
			days(1460).send().Is(http.StatusOK)
		}
	})
}

func TestCase25TimeLimit(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(t *testing.T, v polishapi.Version) {
		until := func(limit any) *ask { return w.one.asksInfo(v).put("scope_details.scopeTimeLimit", limit) }
		for _, limit := range []any{
			noon.Add(-time.Second).Format(time.RFC3339), noon.AddDate(0, 0, 181).Format(time.RFC3339), "tomorrow", "2026-12-01", "2026-13-01T00:00:00Z", 1767225600, nil,
		} {
			until(limit).refused("invalid_field")
		}
		// The same instant, written in four ways.
		for _, limit := range []string{"2026-12-01T11:00:00Z", "2026-12-01T11:00:00.000Z", "2026-12-01T13:00:00+02:00", "2026-12-01T12:00:00"} {
			id := until(limit).asked()
			r := w.one.redeem(v, w.Gives(id, annaP, anna, annas)).send().Is(http.StatusOK)
			if got := r.Text("scope_details", "scopeTimeLimit"); got != "2026-12-01T12:00:00.000+01:00" {
				t.Errorf("%s became %s", limit, got)
			}
		}
		until(noon.AddDate(0, 0, 180).Format(time.RFC3339)).send().Is(http.StatusOK)
	})
}

func TestCase26Throttling(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(_ *testing.T, v polishapi.Version) {
		for _, policy := range []any{"PSD2_REGULATORY", "psd2regulatory", "none", "", nil} {
			w.one.asksInfo(v).put("scope_details.throttlingPolicy", policy).refused("invalid_field")
		}
		w.one.asksInfo(v).put("scope_details.scopeGroupType", "AIS").refused("invalid_field")
	})
}

func TestCase27ConsentID(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(_ *testing.T, v polishapi.Version) {
		id := "the-same-" + string(v)
		w.one.authorize(v, "ais-accounts", id, listPrivilege()).send().Is(http.StatusOK)
		w.one.authorize(v, "ais-accounts", id, listPrivilege()).refused("consent_id_used")
		w.other.authorize(v, "ais-accounts", id, listPrivilege()).send().Is(http.StatusOK)
		w.one.asksInfo(v).put("scope_details.consentId", nil).refused("invalid_field")
		w.one.asksInfo(v).put("scope_details.consentId", strings.Repeat("x", 129)).refused("invalid_field")
	})
	// A consent is one whatever version asked for it.
	w.one.authorize(v300, "ais-accounts", "the-same-2.1.1", listPrivilege()).refused("consent_id_used")
}

func TestCase28WayBack(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(t *testing.T, v polishapi.Version) {
		for _, uri := range []string{
			"https://tpp.example/back", "https://tpp.example/back?x=1/", "https://TPP.example/back?x=1", "https://tpp.example/Back?x=1",
			"https://tpp.example:443/back?x=1", goBack + "#there", "https://evil.example/back?x=1", "javascript:alert(1)",
		} {
			w.one.asksInfo(v).put("redirect_uri", uri).refused("redirect_unknown")
		}
		w.one.asksInfo(v).put("redirect_uri", nil).refused("invalid_field")
		for _, state := range []any{nil, "", 7} {
			w.one.asksInfo(v).put("state", state).refused("invalid_field")
		}
		odd := strings.Repeat("ż", 1000) + ` "&=+%20/?#\<b>` + "\u2028\t\U0001F600"
		to, err := w.Auth.RefuseConsent(t.Context(), w.one.asksInfo(v).put("state", odd).asked(), "")
		must(t, err)
		u, err := url.Parse(to)
		must(t, err)
		if got := u.Query().Get("state"); got != odd {
			t.Errorf("state %q came back as %q", odd, got)
		}
		if u.Query().Get("x") != "1" || u.Fragment != "" || !strings.HasPrefix(to, goBack) {
			t.Errorf("the way back is %s", to)
		}
	})
}

func TestCase29ResponseType(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(_ *testing.T, v polishapi.Version) {
		for _, kind := range []string{"token", "id_token", "code token"} {
			w.one.asksInfo(v).put("response_type", kind).refused("unsupported_response_type")
		}
		w.one.asksInfo(v).put("response_type", nil).refused("invalid_field")
	})
}

func TestCase30CustomerSaysNo(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(t *testing.T, v polishapi.Version) {
		consentID := "no-" + string(v)
		id := w.one.authorize(v, "ais", consentID, list{infoPrivilege(1)}).asked()
		to, err := w.Auth.RefuseConsent(t.Context(), id, annaP)
		must(t, err)
		w.noAccess(to)
		w.one.ask(v, "accounts/deleteConsent", m{"consentId": consentID}).send().Fails(http.StatusForbidden, "forbidden")
		// The link serves once.
		if _, err := w.Auth.PendingConsent(t.Context(), id); bank.CodeOf(err) != bank.RequestEnded {
			t.Errorf("the link used twice: %v", err)
		}
	})
	// Who leaves the page alone has said no when the link ends.
	left := w.one.asksInfo(v212).asked()
	w.Clock.Advance(16 * time.Minute)
	if _, err := w.Auth.PendingConsent(t.Context(), left); bank.CodeOf(err) != bank.RequestEnded {
		t.Errorf("an abandoned link: %v", err)
	}
}

// noAccess asserts the way back of a customer who did not consent, and that it
// tells nothing beyond that.
func (w *world) noAccess(to string) {
	w.T.Helper()
	u, err := url.Parse(to)
	must(w.T, err)
	q := u.Query()
	if q.Get("error") != "access_denied" || q.Get("state") != psd2test.State || q.Has("code") || q.Has("error_description") {
		w.T.Errorf("the way back is %s", to)
	}
}

// offered are the accounts that a person may choose for a consent.
func (w *world) offered(id authserver.RequestID, person party.PersonID, c party.CustomerID) []account.Account {
	w.T.Helper()
	p, err := w.Auth.PendingConsent(w.T.Context(), id)
	must(w.T, err)
	fit, err := w.Auth.ConsentAccounts(w.T.Context(), p, person, c)
	must(w.T, err)
	return fit
}

func TestCase31NoAccountFits(t *testing.T) {
	w := newWorld(t)
	id := w.one.wants(v212, "ais", m{"accountNumber": numberOf(1), "ais:getAccount": manyTimes()}).asked()
	if fit := w.offered(id, bobP, bob); len(fit) != 0 {
		t.Errorf("Bob may choose %d accounts of Anna's", len(fit))
	}
	to, err := w.Auth.RefuseConsent(t.Context(), id, bobP)
	must(t, err)
	w.noAccess(to)
	// Złoty leave an account in złoty alone.
	fit := w.offered(w.one.wants(v212, "pis", may("pis:domestic", domestic(v212))...).asked(), annaP, anna)
	if len(fit) != 2 || fit[0].ID != annas || fit[1].ID != annas2 {
		t.Errorf("a payment in złoty may leave %v", fit)
	}
}

func TestCase32LockedFactor(t *testing.T) {
	w := newWorld(t)
	id := w.one.asksInfo(v212).asked()
	_, err := w.Auth.ChooseForConsent(t.Context(), id, authserver.ConsentChoice{Person: annaP, Customer: anna, Accounts: []account.ID{annas}})
	must(t, err)
	subject, err := w.Auth.ConsentSubject(t.Context(), id, party.Polish)
	must(t, err)
	challenge, err := w.Auth.Challenge(t.Context(), annaP, sca.SMS, subject)
	must(t, err)
	for range 6 {
		if _, err := w.Auth.Answer(t.Context(), annaP, challenge.ID, "no code"); err == nil {
			t.Fatal("a wrong code passed")
		}
	}
	if _, err := w.Auth.GiveConsent(t.Context(), id, annaP, challenge.ID); err == nil {
		t.Error("given without a confirmation")
	}
	to, err := w.Auth.RefuseConsent(t.Context(), id, annaP)
	must(t, err)
	w.noAccess(to)
}

func TestCase33ForeignSender(t *testing.T) {
	w := newWorld(t)
	pay := domestic(v212)
	pay["sender"] = m{"accountNumber": numberOf(1)}
	id := w.one.wants(v212, "pis", may("pis:domestic", pay)...).asked()
	if fit := w.offered(id, bobP, bob); len(fit) != 0 {
		t.Error("Bob may pay from Anna's account")
	}
	if _, err := w.Auth.ChooseForConsent(t.Context(), id, authserver.ConsentChoice{Person: bobP, Customer: bob, Accounts: []account.ID{annas}}); err == nil {
		t.Error("Bob chose Anna's account")
	}
	to, err := w.Auth.RefuseConsent(t.Context(), id, bobP)
	must(t, err)
	w.noAccess(to)
}

// What else a call for a consent may say of whom it sends, and where it goes back.
func TestAuthorizeOddities(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(_ *testing.T, v polishapi.Version) {
		w.one.asksInfo(v).put("nonce", "1").refused("invalid_field")
		w.one.asksInfo(v).put("scope_details", nil).refused("invalid_field")
		w.one.asksInfo(v).put("scope_details", list{}).refused("invalid_field")
		w.one.asksInfo(v).put("scope_details.consentID", "1").refused("invalid_field")
		w.one.asksInfo(v).put("client_id", nil).refused("invalid_field")
		w.one.asksInfo(v).say("psuIdentifierType", "L").refused("invalid_field") // a type without a value
		w.one.asksInfo(v).say("psuIdentifierType", "X", "psuIdentifierValue", "anna").refused("invalid_field")
		w.one.asksInfo(v).say("psuContextIdentifierType", "N", "psuContextIdentifierValue", "1").refused("invalid_field")
		w.one.asksInfo(v).say("psuIdentifierType", "L", "psuIdentifierValue", "anna", "isCompanyContext", false).send().Is(http.StatusOK)
		w.one.asksInfo(v).say("token", "x").refused("invalid_field") // of other calls
	})
	w.Change(oneOrg, func(c *thirdparty.Client) { c.RedirectURIs = append(c.RedirectURIs, "com.tpp.app:/back") })
	w.one.asksInfo(v212).put("redirect_uri", "com.tpp.app:/back").send().Is(http.StatusOK)
}

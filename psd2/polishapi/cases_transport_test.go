package polishapi_test

import (
	"net/http"
	"strings"
	"testing"

	"okienko/bank/thirdparty"
	"okienko/eidas"
	"okienko/eidas/trustservice"
	"okienko/psd2/polishapi"
	"okienko/psd2/psd2test"
)

// The cases of psd2 §10 by their numbers: transport, identity, paths.

// inVersions runs a test in every version of the standard.
func inVersions(t *testing.T, f func(t *testing.T, v polishapi.Version)) {
	t.Helper()
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) { f(t, v) })
	}
}

// lister asks for the list of accounts.
func (p *tpp) lister(v polishapi.Version, token string) *ask {
	return p.ask(v, "accounts/getAccounts", nil).with(token).present()
}

// asksFunds asks whether Anna's first account has one złoty.
func (p *tpp) asksFunds(v polishapi.Version) *ask {
	return p.ask(v, "confirmation/getConfirmationOfFunds", m{"accountNumber": numberOf(1), "amount": "1.00", "currency": "PLN"})
}

// asksInfo asks for a consent to read everything, with a fresh consent id.
func (p *tpp) asksInfo(v polishapi.Version) *ask {
	return p.authorize(v, "ais", psd2test.NewUUID(p.w.Wall.Now()), list{infoPrivilege(90)})
}

func TestCase01NoCertificate(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(t *testing.T, v polishapi.Version) {
		token := w.one.lists(v, annas).access
		w.one.lister(v, token).send().Is(http.StatusOK)
		bare := *w.one
		bare.http = w.HTTPClient(w.net)
		r := bare.lister(v, token).send().Fails(http.StatusUnauthorized, "certificate_invalid")
		if r.Header.Get("WWW-Authenticate") == "" {
			t.Error("401 without a challenge")
		}
		// Operations that declare no 401 say it by the nearest status that they have.
		bare.asksFunds(v).send().Fails(http.StatusForbidden, "certificate_invalid")
		bare.asksInfo(v).send().Fails(http.StatusBadRequest, "certificate_invalid")
	})
}

func TestCase02BadCertificate(t *testing.T) {
	w := newWorld(t)
	for _, bad := range trustservice.Bads() {
		p := psd2test.Papers{QWAC: ca.Issue(oneOrg, eidas.QWAC, bad), Seal: ca.PapersOf(oneOrg).Seal}
		r := w.tpp(oneOrg, w.one.client, p).lister(v212, "x").send().Is(http.StatusUnauthorized)
		if code := r.Text("code"); code != "certificate_invalid" && bad != trustservice.WrongOrganisation {
			t.Errorf("%s: %s", bad, r.Body)
		}
	}
	// A seal does not open a connection, and a QWAC does not seal.
	seal := psd2test.Papers{QWAC: ca.PapersOf(oneOrg).Seal, Seal: ca.PapersOf(oneOrg).Seal}
	w.tpp(oneOrg, w.one.client, seal).lister(v212, "x").send().Fails(http.StatusUnauthorized, "certificate_invalid")
	// Neither does a seal hold that is expired, revoked or of unknown issue, though it is registered.
	for _, bad := range []trustservice.Bad{trustservice.Expired, trustservice.Revoked, trustservice.WrongIssuer} {
		p := psd2test.Papers{QWAC: ca.PapersOf(oneOrg).QWAC, Seal: ca.Issue(oneOrg, eidas.QSealC, bad)}
		w.AddKey(oneOrg, p)
		w.tpp(oneOrg, w.one.client, p).lister(v212, "x").send().Fails(http.StatusUnauthorized, "certificate_invalid")
	}
}

func TestCase03RoleMissing(t *testing.T) {
	w := newWorld(t)
	pay := func(p *tpp) psd2test.Reply { return p.pays(v212, "domestic", "x", "1", domestic(v212)).send() }
	several := func(p *tpp) psd2test.Reply { return p.ask(v212, "payments/getMultiplePayments", nil).send() }
	read := func(p *tpp) psd2test.Reply { return p.lister(v212, "x").send() }
	funds := func(p *tpp) psd2test.Reply { return p.asksFunds(v212).send() }
	only := func(role eidas.Role) *tpp {
		p := ca.NewPapers(oneOrg, role)
		w.AddKey(oneOrg, p)
		return w.tpp(oneOrg, w.one.client, p)
	}
	reader, payer := only(eidas.Information), only(eidas.Initiation)
	pay(reader).Fails(http.StatusForbidden, "role_missing")
	several(reader).Fails(http.StatusForbidden, "role_missing")
	funds(reader).Fails(http.StatusForbidden, "role_missing")
	read(reader).Fails(http.StatusUnauthorized, "invalid_token") // its role will do; its token will not
	read(payer).Fails(http.StatusForbidden, "role_missing")
	pay(payer).Fails(http.StatusUnauthorized, "invalid_token")
	payer.asksInfo(v212).send().Fails(http.StatusBadRequest, "role_missing") // authorize declares no 403
	reader.asksInfo(v212).send().Is(http.StatusOK)

	// The register counts as much as the certificate, at once (psd2 §5).
	w.List(map[string][]thirdparty.Role{oneOrg: {thirdparty.PaymentInitiation}, otherOrg: thirdparty.Roles})
	read(w.one).Fails(http.StatusForbidden, "role_missing")
	w.List(map[string][]thirdparty.Role{otherOrg: thirdparty.Roles})
	for _, call := range []func(*tpp) psd2test.Reply{pay, read, funds, several} {
		call(w.one).Fails(http.StatusForbidden, "third_party_blocked")
	}
	// Calls of no service need any one role.
	w.one.refresh(v212, "x").send().Fails(http.StatusUnauthorized, "third_party_blocked") // token declares no 403
	w.List(psd2test.EveryRole())
	read(w.one).Is(http.StatusUnauthorized)
}

func TestCase04Organisations(t *testing.T) {
	w := newWorld(t)
	mixed := w.tpp(oneOrg, w.one.client, psd2test.Papers{QWAC: ca.PapersOf(oneOrg).QWAC, Seal: ca.PapersOf(otherOrg).Seal})
	mixed.lister(v212, "x").send().Fails(http.StatusUnauthorized, "signature_invalid")
	inVersions(t, func(_ *testing.T, v polishapi.Version) {
		w.one.lister(v, "x").say("tppId", otherOrg).send().Fails(http.StatusUnauthorized, "third_party_unknown")
		w.one.asksFunds(v).say("tppId", otherOrg).send().Fails(http.StatusForbidden, "third_party_unknown")
		w.one.asksInfo(v).say("tppId", otherOrg).send().Fails(http.StatusBadRequest, "third_party_unknown")
	})
	// A seal of the other organisation does not serve either when somebody has registered it for this one.
	w.AddKey(oneOrg, ca.PapersOf(otherOrg))
	mixed.lister(v212, "x").send().Fails(http.StatusUnauthorized, "signature_invalid")
}

func TestCase05ForeignClientAndToken(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(_ *testing.T, v polishapi.Version) {
		token := w.one.lists(v, annas).access
		w.other.lister(v, token).send().Fails(http.StatusUnauthorized, "invalid_token")
		w.one.asksInfo(v).put("client_id", w.other.client).send().Fails(http.StatusBadRequest, "third_party_unknown") // authorize declares no 401
		w.one.redeem(v, "code").put("client_id", w.other.client).send().Fails(http.StatusUnauthorized, "third_party_unknown")
		w.one.lister(v, token).send().Is(http.StatusOK)
	})
}

func TestCase06WhatTheBodyRepeats(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(t *testing.T, v polishapi.Version) {
		token, second := w.one.lists(v, annas).access, w.one.lists(v, annas).access
		for _, said := range []any{second, "x", "", nil} {
			r := w.one.lister(v, token).say("token", said).send().Fails(http.StatusUnauthorized, "invalid_token")
			if !strings.Contains(r.Text("message"), "requestHeader.token") {
				t.Errorf("%v: %s", said, r.Body)
			}
		}
		nameless := w.one.lister(v, token).say("tppId", nil).send()
		if v == v300 {
			nameless.Fails(http.StatusBadRequest, "invalid_field")
		} else {
			nameless.Is(http.StatusOK)
		}
		// Who names nobody is still who the certificate says.
		w.other.lister(v, token).say("tppId", "").send().Is(map[bool]int{true: 400, false: 401}[v == v300])
	})
}

// A blocked or waiting client is refused whatever its papers say; one that is
// unknown is not told so before its certificate was judged.
func TestClientStatus(t *testing.T) {
	w := newWorld(t)
	for _, status := range []thirdparty.ClientStatus{thirdparty.Blocked, thirdparty.Waiting} {
		w.Change(oneOrg, func(c *thirdparty.Client) { c.Status = status })
		w.one.lister(v212, "x").send().Fails(http.StatusForbidden, "third_party_blocked")
		w.one.asksInfo(v212).send().Fails(http.StatusBadRequest, "third_party_blocked")
	}
	const org = "PSDPL-PFSA-7777777777"
	w.tpp(org, psd2test.NewUUID(noon), ca.NewPapers(org)).lister(v212, "x").send().Fails(http.StatusUnauthorized, "third_party_unknown")
}

// A renewed certificate is the same third party (design §4).
func TestRenewedCertificate(t *testing.T) {
	w := newWorld(t)
	token := w.one.lists(v212, annas).access
	renewed := psd2test.Papers{QWAC: ca.NewPapers(oneOrg).QWAC, Seal: ca.PapersOf(oneOrg).Seal}
	w.tpp(oneOrg, w.one.client, renewed).lister(v212, token).send().Is(http.StatusOK)
}

func TestCase11UnknownPaths(t *testing.T) {
	w := newWorld(t)
	targets := []string{
		"/", "/nowhere", "/v2_1_2.1", "/v2_1_2.1/", "/v2_1_2.1/accounts/v2_1_2.1/", "/v2_1_2.1/accounts/v2_1_2.1/nothing",
		"/v2_1_2.1/accounts/v2_1_2.1/getAccounts/", "/v2_1_2.1/accounts//getAccounts", "/v2_1_2.1/accounts/getAccounts",
		"/v2_1_2.1/accounts/v2_1_2.1/getaccounts", "/v2_1_2.1/payments/v2_1_2.1/getAccounts", "/v2_2.1/accounts/v2_2.1/getAccounts",
		// The second part is the resource's version.
		"/v2_1_2.1/accounts/v2_1_1.1/getAccounts", "/v2_1_2.1/accounts/v2_1_2.2/getAccounts", "/v3_0.1/auth/v2_1_2.1/register",
		// Registration came with 3.0.
		"/v2_1_1.1/auth/v2_1_1.1/register", "/v2_1_2.1/auth/v2_1_2.1/register",
	}
	for _, target := range targets {
		for _, method := range []string{http.MethodPost, http.MethodGet} {
			a := w.one.lister(v212, "x")
			r := a.elsewhere(method, target).Fails(http.StatusNotFound, "not_found")
			if r.Text("responseHeader", "requestId") != a.header.Get("X-REQUEST-ID") || r.Header.Get("X-JWS-SIGNATURE") != "" {
				t.Errorf("%s %s: %s %v", method, target, r.Body, r.Header)
			}
		}
	}
}

func TestCase09Methods(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(t *testing.T, v polishapi.Version) {
		for _, operation := range []string{"accounts/getAccounts", "auth/authorize", "payments/domestic", "confirmation/getConfirmationOfFunds"} {
			for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
				a := w.one.ask(v, operation, nil)
				r := a.elsewhere(method, a.target).Fails(http.StatusMethodNotAllowed, "method_not_allowed")
				if allow := r.Header.Get("Allow"); allow != http.MethodPost {
					t.Errorf("%s %s: Allow is %q", method, operation, allow)
				}
				if said, there := r.At("responseHeader", "isCallback").(bool); said || !there {
					t.Errorf("%s", r.Body)
				}
			}
		}
	})
}

// A bank raises the revision of a group by itself, and serves a version at the
// paths that its clients know (psd2 §2).
func TestPlaces(t *testing.T) {
	w := newWorld(t, func(s *settings) {
		s.door.Places = []polishapi.Place{
			{Version: v211, Path: "v2_1_1.2", Groups: map[string]string{"auth": "v2_1_1.7", "payments": "v2_1_1.3"}},
			{Version: v300, Path: "v3_0.1"},
		}
	})
	at := func(a *ask, target string) *ask { a.target = target; return a }
	// The consent is asked for and redeemed at one revision, used at another.
	id := at(w.one.authorize(v211, "ais-accounts", "places", listPrivilege()), "/v2_1_1.2/auth/v2_1_1.7/authorize").asked()
	got := tokensOf(at(w.one.redeem(v211, w.Gives(id, annaP, anna, annas)), "/v2_1_1.2/auth/v2_1_1.7/token").send())
	at(w.one.lister(v211, got.access), "/v2_1_1.2/accounts/v2_1_1.2/getAccounts").send().Is(http.StatusOK)
	at(w.one.pays(v211, "domestic", "x", "1", domestic(v211)), "/v2_1_1.2/payments/v2_1_1.3/domestic").send().Fails(http.StatusUnauthorized, "invalid_token")
	w.one.lister(v300, "x").send().Fails(http.StatusUnauthorized, "invalid_token")
	for _, target := range []string{
		"/v2_1_1.2/auth/v2_1_1.2/token", "/v2_1_1.7/auth/v2_1_1.7/token", "/v2_1_1.2/accounts/v2_1_1.7/getAccounts", "/v2_1_2.1/accounts/v2_1_2.1/getAccounts",
	} {
		w.one.lister(v211, "x").elsewhere(http.MethodPost, target).Fails(http.StatusNotFound, "not_found")
	}
}

package mbank_test

import (
	"net/http"
	"testing"

	"okienko/bank/thirdparty"
	"okienko/eidas"
	"okienko/eidas/trustservice"
	"okienko/psd2/psd2test"
)

// The cases of psd2 §10 by their numbers: transport and identity.

func TestCase01NoCertificate(t *testing.T) {
	w := newWorld(t)
	token := w.one.lists(newUUID(noon), annas).access
	w.one.get("/accounts", token).is(http.StatusOK)
	bare := *w.one
	bare.http = w.httpClient()
	bare.get("/accounts", token).fails(http.StatusUnauthorized, "CertificateError")
}

func TestCase02BadCertificate(t *testing.T) {
	w := newWorld(t)
	for _, bad := range trustservice.Bads() {
		p := psd2test.Papers{QWAC: ca.Issue(oneOrg, eidas.QWAC, bad), Seal: ca.PapersOf(oneOrg).Seal}
		r := w.tpp(w.one.org, w.one.client, p).get("/accounts", "x").is(http.StatusUnauthorized)
		if code := r.text("code"); code != "CertificateError" && bad != trustservice.WrongOrganisation {
			t.Errorf("%s: %s", bad, r.body)
		}
	}
	// A seal does not open a connection, and a QWAC does not seal.
	w.tpp(w.one.org, w.one.client, psd2test.Papers{QWAC: ca.PapersOf(oneOrg).Seal, Seal: ca.PapersOf(oneOrg).Seal}).get("/accounts", "x").fails(http.StatusUnauthorized, "CertificateError")
	// Neither does a seal hold that is expired, revoked or of unknown issue, though it is registered.
	for _, bad := range []trustservice.Bad{trustservice.Expired, trustservice.Revoked, trustservice.WrongIssuer} {
		p := psd2test.Papers{QWAC: ca.PapersOf(oneOrg).QWAC, Seal: ca.Issue(oneOrg, eidas.QSealC, bad)}
		w.AddKey(oneOrg, p)
		w.tpp(w.one.org, w.one.client, p).get("/accounts", "x").fails(http.StatusUnauthorized, "CertificateError")
	}
}

func TestCase03RoleMissing(t *testing.T) {
	w := newWorld(t)
	pay := func(p *tpp) reply {
		return p.ask("POST", "/payments/domestic", "{}").with("x").set("TPP-Payment-ID", "1").send()
	}
	read := func(p *tpp) reply { return p.get("/accounts", "x") }
	funds := func(p *tpp) reply {
		return p.ask("POST", "/funds-confirmation", "{}").set("Client-ID", p.client).send()
	}
	only := func(role eidas.Role) *tpp {
		p := ca.NewPapers(oneOrg, role)
		w.AddKey(oneOrg, p)
		return w.tpp(oneOrg, w.one.client, p)
	}
	reader, payer := only(eidas.Information), only(eidas.Initiation)
	pay(reader).fails(http.StatusForbidden, "RoleMissingError")
	funds(reader).fails(http.StatusForbidden, "RoleMissingError")
	read(reader).is(http.StatusUnauthorized) // its role will do; its token will not
	read(payer).fails(http.StatusForbidden, "RoleMissingError")
	payer.authorize(payer.authorizeBody("ais", "c", infoPrivilege(1))).send().fails(http.StatusForbidden, "RoleMissingError")

	// The register counts as much as the certificate, at once (psd2 §5).
	w.List(map[string][]thirdparty.Role{oneOrg: {thirdparty.PaymentInitiation}, otherOrg: thirdparty.Roles})
	read(w.one).fails(http.StatusForbidden, "RoleMissingError")
	w.List(map[string][]thirdparty.Role{otherOrg: thirdparty.Roles})
	for _, call := range []func(*tpp) reply{pay, read, funds} {
		call(w.one).fails(http.StatusForbidden, "ThirdPartyBlockedError")
	}
	w.List(everyRole())
	read(w.one).is(http.StatusUnauthorized)
}

func TestCase04Organisations(t *testing.T) {
	w := newWorld(t)
	w.tpp(oneOrg, w.one.client, psd2test.Papers{QWAC: ca.PapersOf(oneOrg).QWAC, Seal: ca.PapersOf(otherOrg).Seal}).get("/accounts", "x").fails(http.StatusUnauthorized, "SignatureError")
	w.tpp(otherOrg, w.one.client, ca.PapersOf(oneOrg)).get("/accounts", "x").fails(http.StatusUnauthorized, "ThirdPartyUnknownError")
	// A seal of the other organisation does not serve either when somebody has registered it for this one.
	w.AddKey(oneOrg, ca.PapersOf(otherOrg))
	w.tpp(oneOrg, w.one.client, psd2test.Papers{QWAC: ca.PapersOf(oneOrg).QWAC, Seal: ca.PapersOf(otherOrg).Seal}).get("/accounts", "x").fails(http.StatusUnauthorized, "SignatureError")
}

func TestCase05ForeignClientAndToken(t *testing.T) {
	w := newWorld(t)
	token := w.one.lists(newUUID(noon), annas).access
	w.tpp(otherOrg, w.one.client, ca.PapersOf(otherOrg)).get("/accounts", token).fails(http.StatusUnauthorized, "ThirdPartyUnknownError")
	w.other.get("/accounts", token).fails(http.StatusUnauthorized, "invalid_token")
	body := w.one.authorizeBody("ais-accounts", "c-5", listPrivilege)
	w.other.authorize(body).send().fails(http.StatusUnauthorized, "ThirdPartyUnknownError")
	w.one.get("/accounts", token).is(http.StatusOK)
}

// A blocked or waiting client is refused whatever its papers say; one that is
// unknown is not told so before its certificate was judged.
func TestClientStatus(t *testing.T) {
	w := newWorld(t)
	for _, status := range []thirdparty.ClientStatus{thirdparty.Blocked, thirdparty.Waiting} {
		w.Change(oneOrg, func(c *thirdparty.Client) { c.Status = status })
		w.one.get("/accounts", "x").fails(http.StatusForbidden, "ThirdPartyBlockedError")
	}
	stranger := ca.NewPapers("PSDPL-PFSA-7777777777")
	w.tpp("PSDPL-PFSA-7777777777", newUUID(noon), stranger).get("/accounts", "x").fails(http.StatusUnauthorized, "ThirdPartyUnknownError")
}

// A renewed certificate is the same third party (design §4).
func TestRenewedCertificate(t *testing.T) {
	w := newWorld(t)
	token := w.one.lists(newUUID(noon), annas).access
	renewed := ca.NewPapers(oneOrg)
	p := w.tpp(oneOrg, w.one.client, psd2test.Papers{QWAC: renewed.QWAC, Seal: ca.PapersOf(oneOrg).Seal})
	p.get("/accounts", token).is(http.StatusOK)
}

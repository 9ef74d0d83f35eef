package mbank_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"okienko/bank/thirdparty"
	"okienko/eidas"
	"okienko/eidas/seal"
	"okienko/eidas/trustservice"
	"okienko/psd2/psd2test"
)

const newcomer = "PSDPL-PFSA-9876543210"

// statement is what a third party says of itself, signed under its seal.
func statement(t *testing.T, p psd2test.Papers, changes ...string) string {
	t.Helper()
	payload := strings.NewReplacer(changes...).Replace(`{"iss":"` + newcomer + `","jwks":{"keys":[{"kty":"RSA","alg":"RS256","x5u":"` + p.Seal.X5U +
		`","x5t#S256":"` + eidas.Thumbprint(p.Seal.Certificate) + `"}]},"client_name":"Nowy","sub_contact_email":"it@tpp.example","redirect_uris":["` + goBack + `"]}`)
	signed, err := seal.Sign(p.Seal.Key, seal.Header{Alg: seal.RS256, Typ: "JWT"}, []byte(payload))
	must(t, err)
	return strings.Replace(signed, "..", "."+encoded(payload)+".", 1)
}

// registers sends it with the headers of mBank's sample, and no others.
func (p *tpp) registers(statement string) *ask {
	body, err := json.Marshal(map[string]string{"software_statement": statement})
	must(p.w.T, err)
	a := p.ask("POST", "!/v3/register/", string(body)).notSigned()
	a.header = http.Header{}
	return a.set("Content-Type", "application/json", "Accept-Language", "en", "TPP-Request-ID", newUUID(p.w.Wall.Now()))
}

func TestRegister(t *testing.T) {
	w := newWorld(t)
	p := ca.NewPapers(newcomer)
	stranger := w.tpp(newcomer, "", p)
	r := stranger.registers(statement(t, p)).send().is(http.StatusCreated)
	if r.text("client_name") != "Nowy" || r.text("redirect_uris", 0) != goBack || r.text("status") != "active" || len(r.text("client_id")) != 36 {
		t.Error(r.body)
	}
	// The client calls at once, when the supervisor's register lists it (RTS art. 32(3)).
	client := w.tpp(newcomer, r.text("client_id"), p)
	client.authorize(client.authorizeBody("ais", w.fresh(), infoPrivilege(1))).send().fails(http.StatusForbidden, "ThirdPartyBlockedError")
	w.List(map[string][]thirdparty.Role{newcomer: thirdparty.Roles})
	client.authorize(client.authorizeBody("ais", w.fresh(), infoPrivilege(1))).send().is(http.StatusOK)

	// Registering again is the same client with one more key and address.
	renewed := psd2test.Papers{QWAC: p.QWAC, Seal: ca.Issue(newcomer, eidas.QSealC, trustservice.Good)}
	again := stranger.registers(statement(t, renewed, goBack, "https://tpp.example/second")).send().is(http.StatusOK)
	if again.text("client_id") != r.text("client_id") || again.text("redirect_uris", 1) != "https://tpp.example/second" || again.text("redirect_uris", 0) != goBack {
		t.Error(again.body)
	}
	w.tpp(newcomer, r.text("client_id"), renewed).get("/accounts", "x").fails(http.StatusUnauthorized, "invalid_token")
	client.get("/accounts", "x").fails(http.StatusUnauthorized, "invalid_token")
	// Nothing is added by sending the same once more.
	third := stranger.registers(statement(t, renewed, goBack, "https://tpp.example/second")).send().is(http.StatusOK)
	if third.body != again.body {
		t.Errorf("%s, then %s", again.body, third.body)
	}
	c, err := w.Store.ClientOf(t.Context(), newcomer)
	must(t, err)
	if len(c.Keys) != 2 || c.Email != "it@tpp.example" {
		t.Errorf("%+v", c)
	}
}

func TestRegisterWithTheCertificateItself(t *testing.T) {
	w := newWorld(t, func(s *settings) { s.core.Fetcher = nil })
	p := ca.NewPapers(newcomer)
	der := base64.StdEncoding.EncodeToString(p.Seal.Certificate.Raw)
	stranger := w.tpp(newcomer, "", p)
	stranger.registers(statement(t, p, `"x5u":"`+p.Seal.X5U+`"`, `"x5c":["`+der+`"]`)).send().is(http.StatusCreated)
	stranger.registers(statement(t, p)).send().fails(http.StatusUnauthorized, "SignatureError") // nothing is fetched
}

func TestRegisterWaitsForAdmission(t *testing.T) {
	w := newWorld(t, func(s *settings) { s.core.Rules.Admission = true })
	p := ca.NewPapers(newcomer)
	r := w.tpp(newcomer, "", p).registers(statement(t, p)).send().is(http.StatusCreated)
	if r.text("status") != "waiting" {
		t.Error(r.body)
	}
	w.List(map[string][]thirdparty.Role{newcomer: thirdparty.Roles})
	w.tpp(newcomer, r.text("client_id"), p).get("/accounts", "x").fails(http.StatusForbidden, "ThirdPartyBlockedError")
}

func TestRegistrationsThatAreRefused(t *testing.T) {
	w := newWorld(t)
	p := ca.NewPapers(newcomer)
	stranger := w.tpp(newcomer, "", p)
	good := statement(t, p)
	bare := *stranger
	bare.http = w.httpClient()
	bare.registers(good).send().fails(http.StatusUnauthorized, "CertificateError")
	w.tpp(newcomer, "", psd2test.Papers{QWAC: ca.Issue(newcomer, eidas.QWAC, trustservice.WrongIssuer), Seal: p.Seal}).registers(good).send().fails(http.StatusUnauthorized, "CertificateError")
	// In the name of another organisation, or under its seal.
	w.one.registers(good).send().fails(http.StatusUnauthorized, "ThirdPartyUnknownError")
	stranger.registers(statement(t, psd2test.Papers{QWAC: p.QWAC, Seal: ca.PapersOf(oneOrg).Seal})).send().fails(http.StatusUnauthorized, "SignatureError")
	// A key that is named, and a signature of another's.
	forged := statement(t, psd2test.Papers{QWAC: p.QWAC, Seal: ca.PapersOf(oneOrg).Seal}, ca.PapersOf(oneOrg).Seal.X5U, p.Seal.X5U,
		eidas.Thumbprint(ca.PapersOf(oneOrg).Seal.Certificate), eidas.Thumbprint(p.Seal.Certificate))
	stranger.registers(forged).send().fails(http.StatusUnauthorized, "SignatureError")
	stranger.registers(good + "A").send().is(http.StatusUnauthorized)
	unseen := psd2test.Papers{QWAC: p.QWAC, Seal: ca.Issue(newcomer, eidas.QSealC, trustservice.Good)}
	elsewhere := statement(t, unseen, unseen.Seal.X5U, "http://169.254.169.254/latest/meta-data")
	stranger.registers(elsewhere).send().fails(http.StatusUnauthorized, "SignatureError")
	for _, uri := range []string{"http://tpp.example/back", "https://tpp.example/#f", "javascript:alert(1)"} {
		stranger.registers(statement(t, p, goBack, uri)).send().fails(http.StatusBadRequest, "FieldValidationError")
	}
	stranger.registers("hello").send().fails(http.StatusBadRequest, "FieldValidationError")
	stranger.registers("").send().fails(http.StatusBadRequest, "FieldValidationError")
	for _, name := range []string{"Accept-Language", "TPP-Request-ID"} {
		stranger.registers(good).set(name, "").send().fails(http.StatusBadRequest, "HeaderMissingError")
	}
	once := stranger.registers(good)
	once.send().is(http.StatusCreated)
	once.send().fails(http.StatusBadRequest, "RequestRepeatedError")
	w.Change(newcomer, func(c *thirdparty.Client) { c.Status = thirdparty.Blocked })
	stranger.registers(good).send().fails(http.StatusForbidden, "ThirdPartyBlockedError")
}

package polishapi_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"okienko/bank/thirdparty"
	"okienko/eidas"
	"okienko/eidas/seal"
	"okienko/eidas/trustservice"
	"okienko/psd2/psd2test"
)

// Registration, which came with 3.0 (psd2 §2.2, §3.7).

const newcomer = "PSDPL-PFSA-9876543210"

// softwareStatement is what a third party says of itself, signed under its seal.
func softwareStatement(t *testing.T, p psd2test.Papers, changes ...string) string {
	t.Helper()
	payload := strings.NewReplacer(changes...).Replace(`{"iss":"` + newcomer + `","jwks":{"keys":[{"kty":"RSA","alg":"RS256","x5u":"` + p.Seal.X5U +
		`","x5t#S256":"` + eidas.Thumbprint(p.Seal.Certificate) + `"}]},"client_name":"Nowy","sub_contact_email":"it@tpp.example","redirect_uris":["` + goBack + `"]}`)
	signed, err := seal.Sign(p.Seal.Key, seal.Header{Alg: seal.RS256, Typ: "JWT"}, []byte(payload))
	must(t, err)
	return strings.Replace(signed, "..", "."+base64url(payload)+".", 1)
}

func (p *tpp) registers(statement string) *ask {
	return p.ask(v300, "auth/register", m{"software_statement": statement})
}

func TestRegister(t *testing.T) {
	w := newWorld(t)
	p := ca.NewPapers(newcomer)
	stranger := w.tpp(newcomer, "", p)
	r := stranger.registers(softwareStatement(t, p)).send().Is(http.StatusCreated)
	id := r.Text("client_id")
	if len(id) != 36 || r.At("client_secret") != nil || r.At("api_key") != nil {
		t.Error(r.Body)
	}
	if r.Header.Get("X-JWS-SIGNATURE") != "" {
		t.Error("201 is signed")
	}
	// The key is the bank's own, by which its answers verify.
	keys := r.List("jwks", "keys")
	der := base64.StdEncoding.EncodeToString(bankSeal().Certificate.Raw)
	if len(keys) != 1 || r.Text("jwks", "keys", 0, "x5c", 0) != der || r.Text("jwks", "keys", 0, "kty") != "RSA" || r.Text("jwks", "keys", 0, "use") != "sig" {
		t.Error(r.Body)
	}
	// The client calls at once, when the supervisor's register lists it (RTS art. 32(3)).
	client := w.tpp(newcomer, id, p)
	client.asksInfo(v300).send().Fails(http.StatusBadRequest, "third_party_blocked")
	w.List(map[string][]thirdparty.Role{newcomer: thirdparty.Roles})
	client.asksInfo(v300).send().Is(http.StatusOK)
	client.asksInfo(v211).send().Is(http.StatusOK) // one registration serves every version

	// Registering again is the same client with one more key and address.
	renewed := psd2test.Papers{QWAC: p.QWAC, Seal: ca.Issue(newcomer, eidas.QSealC, trustservice.Good)}
	const second = "https://tpp.example/second"
	again := stranger.registers(softwareStatement(t, renewed, goBack, second)).send().Is(http.StatusCreated)
	if again.Text("client_id") != id {
		t.Error(again.Body)
	}
	for _, papers := range []psd2test.Papers{p, renewed} {
		for _, uri := range []string{goBack, second} {
			w.tpp(newcomer, id, papers).asksInfo(v300).put("redirect_uri", uri).send().Is(http.StatusOK)
		}
	}
	// Nothing is added by sending the same once more.
	stranger.registers(softwareStatement(t, renewed, goBack, second)).send().Is(http.StatusCreated)
	c, err := w.Store.ClientOf(t.Context(), newcomer)
	must(t, err)
	if len(c.Keys) != 2 || len(c.RedirectURIs) != 2 || c.Email != "it@tpp.example" || c.Name != "Nowy" {
		t.Errorf("%+v", c)
	}
}

// What the registration hands out is the key of every answer.
func TestRegisteredKeyProvesAnswers(t *testing.T) {
	w := newWorld(t)
	p := ca.NewPapers(newcomer)
	r := w.tpp(newcomer, "", p).registers(softwareStatement(t, p)).send().Is(http.StatusCreated)
	answer := w.one.asksInfo(v300).send().Is(http.StatusOK)
	s, err := seal.Parse(answer.Header.Get("X-JWS-SIGNATURE"), seal.RS256)
	must(t, err)
	if kid := r.Text("jwks", "keys", 0, "kid"); kid == "" || kid != s.KeyID {
		t.Errorf("the key is %q, the signature's x5t#S256 %q", kid, s.Thumbprint)
	}
}

func TestRegisterWithTheCertificateItself(t *testing.T) {
	w := newWorld(t, func(s *settings) { s.core.Fetcher = nil })
	p := ca.NewPapers(newcomer)
	der := base64.StdEncoding.EncodeToString(p.Seal.Certificate.Raw)
	stranger := w.tpp(newcomer, "", p)
	stranger.registers(softwareStatement(t, p, `"x5u":"`+p.Seal.X5U+`"`, `"x5c":["`+der+`"]`)).send().Is(http.StatusCreated)
	unseen := psd2test.Papers{QWAC: p.QWAC, Seal: ca.Issue(newcomer, eidas.QSealC, trustservice.Good)}
	stranger.registers(softwareStatement(t, unseen)).send().Fails(http.StatusUnauthorized, "signature_invalid") // nothing is fetched
}

func TestRegisterWaitsForAdmission(t *testing.T) {
	w := newWorld(t, func(s *settings) { s.core.Rules.Admission = true })
	p := ca.NewPapers(newcomer)
	r := w.tpp(newcomer, "", p).registers(softwareStatement(t, p)).send().Is(http.StatusCreated)
	w.List(map[string][]thirdparty.Role{newcomer: thirdparty.Roles})
	client := w.tpp(newcomer, r.Text("client_id"), p)
	client.lister(v300, "x").send().Fails(http.StatusForbidden, "third_party_blocked")
	w.Change(newcomer, func(c *thirdparty.Client) { c.Status = thirdparty.Active })
	client.lister(v300, "x").send().Fails(http.StatusUnauthorized, "invalid_token")
}

func TestRegistrationsThatAreRefused(t *testing.T) {
	w := newWorld(t)
	p := ca.NewPapers(newcomer)
	stranger := w.tpp(newcomer, "", p)
	good := softwareStatement(t, p)
	bare := *stranger
	bare.http = w.HTTPClient(w.net)
	bare.registers(good).send().Fails(http.StatusUnauthorized, "certificate_invalid")
	for _, bad := range []trustservice.Bad{trustservice.WrongIssuer, trustservice.Expired, trustservice.Revoked} {
		of := psd2test.Papers{QWAC: ca.Issue(newcomer, eidas.QWAC, bad), Seal: p.Seal}
		w.tpp(newcomer, "", of).registers(good).send().Fails(http.StatusUnauthorized, "certificate_invalid")
		under := psd2test.Papers{QWAC: p.QWAC, Seal: ca.Issue(newcomer, eidas.QSealC, bad)}
		stranger.registers(softwareStatement(t, under)).send().Fails(http.StatusUnauthorized, "certificate_invalid")
	}
	// In the name of another organisation, or under its seal.
	w.one.registers(good).send().Fails(http.StatusUnauthorized, "third_party_unknown")
	stranger.registers(softwareStatement(t, psd2test.Papers{QWAC: p.QWAC, Seal: ca.PapersOf(oneOrg).Seal})).send().Fails(http.StatusUnauthorized, "signature_invalid")
	// A key that is named, and a signature of another's.
	forged := softwareStatement(t, psd2test.Papers{QWAC: p.QWAC, Seal: ca.PapersOf(oneOrg).Seal}, ca.PapersOf(oneOrg).Seal.X5U, p.Seal.X5U,
		eidas.Thumbprint(ca.PapersOf(oneOrg).Seal.Certificate), eidas.Thumbprint(p.Seal.Certificate))
	stranger.registers(forged).send().Fails(http.StatusUnauthorized, "signature_invalid")
	stranger.registers(good+"A").send().Fails(http.StatusUnauthorized, "signature_invalid")
	unseen := psd2test.Papers{QWAC: p.QWAC, Seal: ca.Issue(newcomer, eidas.QSealC, trustservice.Good)}
	elsewhere := softwareStatement(t, unseen, unseen.Seal.X5U, "http://169.254.169.254/latest/meta-data")
	stranger.registers(elsewhere).send().Fails(http.StatusUnauthorized, "signature_invalid")
	for _, uri := range []string{"http://tpp.example/back", "https://tpp.example/#f", "javascript:alert(1)"} {
		stranger.registers(softwareStatement(t, p, goBack, uri)).send().Fails(http.StatusBadRequest, "invalid_field")
	}
	for _, statement := range []any{"hello", "", nil, 7, "a.b", base64url("{}") + "..", m{}} {
		stranger.registers("").put("software_statement", statement).send().Fails(http.StatusBadRequest, "invalid_field")
	}
	stranger.registers(good).put("redirect_uri", goBack).send().Fails(http.StatusBadRequest, "invalid_field")
	odd := stranger.registers(good)
	odd.raw = odd.text() + "}"
	odd.send().Fails(http.StatusBadRequest, "invalid_request")
	for _, name := range []string{"Accept-Language", "Accept-Encoding", "Accept-Charset", "X-REQUEST-ID"} {
		stranger.registers(good).set(name, "").send().Fails(http.StatusBadRequest, "header_missing")
	}
	once := stranger.registers(good)
	once.send().Is(http.StatusCreated)
	once.send().Fails(http.StatusBadRequest, "request_repeated")
	w.Change(newcomer, func(c *thirdparty.Client) { c.Status = thirdparty.Blocked })
	stranger.registers(good).send().Fails(http.StatusForbidden, "third_party_blocked")
}

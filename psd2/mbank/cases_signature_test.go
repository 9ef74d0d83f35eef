package mbank_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"okienko/eidas"
	"okienko/eidas/seal"
	"okienko/eidas/trustservice"
	"okienko/psd2/psd2test"
)

// psd2 §10: signatures.

func TestCase13FormsOfSignature(t *testing.T) {
	w := newWorld(t)
	token := w.one.lists(newUUID(noon), annas).access
	list := func() *ask { return w.one.ask("GET", "/accounts", "").with(token) }
	list().notSigned().send().fails(http.StatusBadRequest, "SignatureMissingError")
	attached := list().sign()
	attached.signed = strings.Replace(attached.signed, "..", "."+encoded(attached.payload())+".", 1)
	attached.send().fails(http.StatusBadRequest, "SignatureMissingError")

	forged := func(header string, sign func(input string) []byte) *ask {
		a := list()
		input := encoded(header) + "." + encoded(a.payload())
		a.signed = encoded(header) + ".." + encoded(string(sign(input)))
		return a
	}
	thumbprint := list().protected.Thumbprint
	public, err := x509.MarshalPKIXPublicKey(w.one.papers.Seal.Certificate.PublicKey)
	must(t, err)
	secret := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	for _, a := range []*ask{
		forged(`{"alg":"none","x5t#S256":"`+thumbprint+`"}`, func(string) []byte { return []byte("x") }),
		forged(`{"alg":"HS256","x5t#S256":"`+thumbprint+`"}`, func(input string) []byte {
			m := hmac.New(sha256.New, secret)
			_, _ = m.Write([]byte(input))
			return m.Sum(nil)
		}),
		forged(`{"x5t#S256":"`+thumbprint+`"}`, func(string) []byte { return []byte("x") }),
		forged(`not json`, func(string) []byte { return []byte("x") }),
	} {
		a.send().fails(http.StatusUnauthorized, "SignatureError")
	}
	another := list()
	another.papers = psd2test.Papers{QWAC: ca.PapersOf(oneOrg).QWAC, Seal: ca.PapersOf(otherOrg).Seal} // the key of another, under the thumbprint of the own
	another.send().fails(http.StatusUnauthorized, "SignatureError")
	// What no setting allows is refused, though the key could make it.
	a := list()
	a.protected.Alg = seal.PS256
	a.send().fails(http.StatusUnauthorized, "SignatureError")
	list().send().is(http.StatusOK)
}

func TestCase13OtherAlgorithmsBySetting(t *testing.T) {
	w := newWorld(t, func(s *settings) { s.core.Rules.Algorithms = []seal.Algorithm{seal.RS256, seal.PS256} })
	token := w.one.lists(newUUID(noon), annas).access
	a := w.one.ask("GET", "/accounts", "").with(token)
	a.protected.Alg = seal.PS256
	a.send().is(http.StatusOK)
}

func TestCase14BodyChanged(t *testing.T) {
	w := newWorld(t)
	body := w.one.authorizeBody("ais-accounts", "c-14", listPrivilege)
	for name, change := range map[string]func(string) string{
		"one space":     func(b string) string { return strings.Replace(b, ",", ", ", 1) },
		"order of keys": func(b string) string { return strings.Replace(b, `"response_type":"code",`, "", 1) },
		"line end":      func(b string) string { return b + "\r\n" },
		"written again": func(b string) string {
			var o map[string]any
			must(t, json.Unmarshal([]byte(b), &o))
			again, err := json.Marshal(o)
			must(t, err)
			return string(again)
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.one.authorize(body).sign()
			a.body = change(a.body)
			a.send().fails(http.StatusUnauthorized, "SignatureError")
		})
	}
	w.one.authorize(body).send().is(http.StatusOK)
}

func TestCase15Target(t *testing.T) {
	w := newWorld(t)
	got := w.one.reads(infoPrivilege(90), annas)
	target := "/accounts/" + got.refs[0] + "/transactions?transactionStatus=DONE&pageSize=5"
	list := func() *ask { return w.one.ask("GET", target, "").with(got.access).present() }
	list().send().is(http.StatusOK) // with "body":""
	for name, change := range map[string]func(string) string{
		"query changed": func(s string) string { return strings.Replace(s, "pageSize=5", "pageSize=6", 1) },
		"query reordered": func(s string) string {
			return strings.Replace(s, "transactionStatus=DONE&pageSize=5", "pageSize=5&transactionStatus=DONE", 1)
		},
		"path encoded":  func(s string) string { return strings.Replace(s, "/accounts/", "/%61ccounts/", 1) },
		"query encoded": func(s string) string { return strings.Replace(s, "DONE", "%44ONE", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			a := list().sign()
			a.target = change(a.target)
			a.send().fails(http.StatusUnauthorized, "SignatureError")
		})
	}
	// Signed as it is sent, an encoded path is as good as another.
	a := list()
	a.target = strings.Replace(a.target, "/accounts/", "/%61ccounts/", 1)
	a.send().is(http.StatusOK)
	noBody := list()
	noBody.signOver(strings.Replace(noBody.payload(), `,"body":""`, "", 1)).send().fails(http.StatusUnauthorized, "SignatureError")
}

func TestCase16SignedHeaders(t *testing.T) {
	w := newWorld(t)
	token := w.one.lists(newUUID(noon), annas).access
	list := func() *ask { return w.one.ask("GET", "/accounts", "").with(token).present() }
	list().sign().set("Accept-Language", "pl", "X-Request-ID", "42", "User-Agent", "else").send().is(http.StatusOK)
	for name, change := range map[string][]string{
		"changed": {"PSU-Session", "false"}, "removed": {"PSU-Session", ""}, "added": {"Company-Context", "false"}, "of a partner": {"PSU-ID", "1"},
		"date": {"Send-Date", "2026-11-18T11:00:00.000Z"}, "token": {"Authorization", "Bearer other"}, "client": {"Client-ID", newUUID(noon)},
	} {
		t.Run(name, func(t *testing.T) {
			list().sign().set(change...).send().fails(http.StatusUnauthorized, "SignatureError")
		})
	}
	list().set("PSU-User-Agent", "Przeglądarka ☺").send().is(http.StatusOK)
	list().sign().set("PSU-User-Agent", "  Mozilla/5.0\t").send().is(http.StatusOK) // verified on the trimmed value
	twice := list().sign()
	twice.header.Add("PSU-Session", "true")
	twice.send().fails(http.StatusBadRequest, "FieldValidationError")
}

func TestCase17OddTexts(t *testing.T) {
	w := newWorld(t)
	for i, state := range []string{"<b>&amp;</b>", "zażółć", "a\u2028b\u2029c", "/\\\"'", "\U0001F600", `literal`} {
		text := stringify(state)
		if state == "literal" {
			text = `"\u00e9\t\n"`
		}
		body := strings.Replace(w.one.authorizeBody("ais-accounts", "c-17-"+string(rune('a'+i)), listPrivilege), `"st&te=1"`, text, 1)
		w.one.authorize(body).send().is(http.StatusOK)
	}
	got := w.one.reads(infoPrivilege(90), annas)
	// The signature of a path with "$" and "." holds: what follows is about the transaction.
	w.one.get("/accounts/"+got.refs[0]+"/transactions/185301020657044.000001$1537740000000", got.access).fails(http.StatusNotFound, "ResourceNotFoundError")
}

func TestCase18KeysByAddress(t *testing.T) {
	w := newWorld(t)
	token := w.one.lists(newUUID(noon), annas).access
	list := func(p *tpp) *ask { return p.ask("GET", "/accounts", "").with(token).present() }
	list(w.one).send().is(http.StatusOK)
	if len(w.Asked()) != 0 {
		t.Fatalf("fetched %q for a registered thumbprint", w.Asked())
	}
	renewed := w.tpp(oneOrg, w.one.client, psd2test.Papers{QWAC: ca.PapersOf(oneOrg).QWAC, Seal: ca.Issue(oneOrg, eidas.QSealC, trustservice.Good)})
	mismatch := list(renewed)
	mismatch.protected.URL = ca.PapersOf(oneOrg).Seal.X5U
	mismatch.send().fails(http.StatusUnauthorized, "SignatureError")
	elsewhere := list(renewed)
	elsewhere.protected.URL = "https://elsewhere.example/seal.pem"
	elsewhere.send().fails(http.StatusUnauthorized, "SignatureError")
	// A renewed seal at an allowed address works, and is fetched once.
	seen := len(w.Asked())
	for range 3 {
		a := list(renewed)
		a.protected.URL = renewed.papers.Seal.X5U
		a.send().is(http.StatusOK)
	}
	if len(w.Asked()) != seen+1 {
		t.Errorf("fetched %q", w.Asked())
	}
}

func TestCase18InternalAddress(t *testing.T) {
	inside, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	var reached atomic.Int32
	server := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }), ReadHeaderTimeout: 1e9}
	go func() { _ = server.Serve(inside) }()
	defer server.Close()
	w := newWorld(t, func(s *settings) {
		s.core.Fetcher = eidas.NewHTTPFetcher(eidas.FetchSettings{Hosts: []string{"127.0.0.1", "localhost"}, Plain: true})
	})
	p := w.tpp(oneOrg, w.one.client, psd2test.Papers{QWAC: ca.PapersOf(oneOrg).QWAC, Seal: ca.Issue(oneOrg, eidas.QSealC, trustservice.Good)})
	for _, host := range []string{inside.Addr().String(), strings.Replace(inside.Addr().String(), "127.0.0.1", "localhost", 1)} {
		a := p.ask("GET", "/accounts", "").with("x")
		a.protected.URL = "http://" + host + "/seal.pem"
		a.send().fails(http.StatusUnauthorized, "SignatureError")
	}
	if reached.Load() != 0 {
		t.Error("an internal address was fetched")
	}
}

func TestCase19Header(t *testing.T) {
	w := newWorld(t)
	token := w.one.lists(newUUID(noon), annas).access
	list := func() *ask { return w.one.ask("GET", "/accounts", "").with(token).present() }
	noType := list()
	noType.protected.Typ = ""
	noType.send().is(http.StatusOK)
	withKid := list()
	withKid.protected.Typ, withKid.protected.KeyID = "", oneOrg
	withKid.send().is(http.StatusOK)
	sum := list()
	raw, err := base64.RawURLEncoding.DecodeString(sum.protected.Thumbprint)
	must(t, err)
	sum.protected.Thumbprint = hex.EncodeToString(raw)
	sum.send().is(http.StatusOK)

	padded := list().sign()
	padded.signed += "="
	padded.send().fails(http.StatusUnauthorized, "SignatureError")
	crit := list().sign()
	header, rest, _ := strings.Cut(crit.signed, "..")
	text, err := base64.RawURLEncoding.DecodeString(header)
	must(t, err)
	crit.signed = encoded(strings.TrimSuffix(string(text), "}")+`,"crit":["exp"],"exp":1}`) + ".." + rest
	crit.send().fails(http.StatusUnauthorized, "SignatureError")
}

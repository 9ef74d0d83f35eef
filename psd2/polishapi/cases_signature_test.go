package polishapi_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"okienko/eidas"
	"okienko/eidas/seal"
	"okienko/eidas/trustservice"
	"okienko/psd2/polishapi"
	"okienko/psd2/psd2test"
)

// psd2 §10: signatures, of requests and of answers.

func base64url(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func TestCase13FormsOfSignature(t *testing.T) {
	w := newWorld(t)
	token := w.one.lists(v212, annas).access
	list := func() *ask { return w.one.lister(v212, token) }
	bare := *w.one // a header that is missing is told before the certificate is judged
	bare.http = w.HTTPClient(w.net)
	for _, a := range []*ask{list(), bare.lister(v212, token)} {
		a.notSigned().send().Fails(http.StatusBadRequest, "signature_missing")
	}
	attached := list().sign()
	attached.signed = strings.Replace(attached.signed, "..", "."+base64url(attached.text())+".", 1)
	attached.send().Fails(http.StatusBadRequest, "signature_missing")

	forged := func(header string, sign func(input string) []byte) *ask {
		a := list()
		a.signed = base64url(header) + ".." + base64url(string(sign(base64url(header)+"."+base64url(a.text()))))
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
		a.send().Fails(http.StatusUnauthorized, "signature_invalid")
	}
	another := list()
	another.papers = psd2test.Papers{QWAC: ca.PapersOf(oneOrg).QWAC, Seal: ca.PapersOf(otherOrg).Seal} // the key of another, under the thumbprint of the own
	another.send().Fails(http.StatusUnauthorized, "signature_invalid")
	// What no setting allows is refused, though the key could make it.
	a := list()
	a.protected.Alg = seal.PS256
	a.send().Fails(http.StatusUnauthorized, "signature_invalid")
	list().send().Is(http.StatusOK)
	// Operations that declare no 401.
	funds, ask := w.one.asksFunds(v212).sign(), w.one.asksInfo(v212).sign()
	funds.put("amount", "2.00").send().Fails(http.StatusForbidden, "signature_invalid")
	ask.put("state", "2").send().Fails(http.StatusBadRequest, "signature_invalid")
}

func TestCase13OtherAlgorithmsBySetting(t *testing.T) {
	w := newWorld(t, func(s *settings) { s.core.Rules.Algorithms = []seal.Algorithm{seal.RS256, seal.PS256} })
	a := w.one.lister(v212, w.one.lists(v212, annas).access)
	a.protected.Alg = seal.PS256
	a.send().Is(http.StatusOK)
}

func TestCase14BodyChanged(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(t *testing.T, v polishapi.Version) {
		for name, change := range map[string]func(string) string{
			"one space": func(b string) string { return strings.Replace(b, ",", ", ", 1) },
			"order of keys": func(b string) string {
				return strings.TrimSuffix(strings.Replace(b, `"response_type":"code",`, "", 1), "}") + `,"response_type":"code"}`
			},
			"line end": func(b string) string { return b + "\r\n" },
			"written again": func(b string) string {
				var out bytes.Buffer
				must(t, json.Indent(&out, []byte(b), "", " "))
				return out.String()
			},
			"escaped otherwise": func(b string) string { return strings.Replace(b, "ais:getHolds", `ais:getHold\u0073`, 1) },
		} {
			t.Run(name, func(t *testing.T) {
				a := w.one.asksInfo(v).sign()
				a.raw = change(a.text())
				a.send().Fails(http.StatusBadRequest, "signature_invalid")
				// Signed as it is sent, the one form is as good as the other.
				w.one.asksInfo(v).send().Is(http.StatusOK)
				again := w.one.asksInfo(v)
				again.raw = change(again.text())
				again.send().Is(http.StatusOK)
			})
		}
		a := w.one.lister(v, w.one.lists(v, annas).access).sign()
		a.say("ipAddress", "193.41.230.88").send().Fails(http.StatusUnauthorized, "signature_invalid")
	})
}

func TestCase18KeysByAddress(t *testing.T) {
	w := newWorld(t)
	token := w.one.lists(v212, annas).access
	list := func(p *tpp) *ask { return p.lister(v212, token) }
	unreachable := list(w.one)
	unreachable.protected.URL = "https://gone.example/seal.pem"
	unreachable.send().Is(http.StatusOK)
	if len(w.Asked()) != 0 {
		t.Fatalf("fetched %q for a registered thumbprint", w.Asked())
	}
	renewed := w.tpp(oneOrg, w.one.client, psd2test.Papers{QWAC: ca.PapersOf(oneOrg).QWAC, Seal: ca.Issue(oneOrg, eidas.QSealC, trustservice.Good)})
	mismatch := list(renewed)
	mismatch.protected.URL = ca.PapersOf(oneOrg).Seal.X5U
	mismatch.send().Fails(http.StatusUnauthorized, "signature_invalid")
	list(renewed).send().Fails(http.StatusUnauthorized, "signature_invalid") // at an address that nobody allowed
	// A renewed seal at an allowed address works, and is fetched once.
	seen := len(w.Asked())
	for range 3 {
		a := list(renewed)
		a.protected.URL = renewed.papers.Seal.X5U
		a.send().Is(http.StatusOK)
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
		a := p.lister(v212, "x")
		a.protected.URL = "http://" + host + "/seal.pem"
		a.send().Fails(http.StatusUnauthorized, "signature_invalid")
	}
	if reached.Load() != 0 {
		t.Error("an internal address was fetched")
	}
}

func TestCase19Header(t *testing.T) {
	w := newWorld(t)
	token := w.one.lists(v212, annas).access
	list := func() *ask { return w.one.lister(v212, token) }
	noType := list()
	noType.protected.Typ = ""
	noType.send().Is(http.StatusOK)
	for _, kid := range []string{"", "0102030405060708090a0b0c0d0e0f1011121314"} { // some send the SubjectKeyIdentifier
		a := list()
		a.protected.KeyID = kid
		a.send().Is(http.StatusOK)
	}
	sum := list()
	raw, err := base64.RawURLEncoding.DecodeString(sum.protected.Thumbprint)
	must(t, err)
	sum.protected.Thumbprint = hex.EncodeToString(raw)
	sum.send().Is(http.StatusOK)

	padded := list().sign()
	padded.signed += "="
	padded.send().Fails(http.StatusUnauthorized, "signature_invalid")
	// Truly signed over a header that demands what nobody here understands.
	crit := list().sign()
	header, _, _ := strings.Cut(crit.signed, "..")
	text, err := base64.RawURLEncoding.DecodeString(header)
	must(t, err)
	crit.signed = signedUnder(t, crit, strings.TrimSuffix(string(text), "}")+`,"crit":["exp"],"exp":1}`)
	crit.send().Fails(http.StatusUnauthorized, "signature_invalid")
	extra := list()
	extra.signed = signedUnder(t, extra, strings.TrimSuffix(string(text), "}")+`,"iat":1}`)
	extra.send().Is(http.StatusOK)
}

// signedUnder signs a request under a protected header of any text.
func signedUnder(t *testing.T, a *ask, header string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(base64url(header) + "." + base64url(a.text())))
	signature, err := a.papers.Seal.Key.Sign(rand.Reader, sum[:], crypto.SHA256)
	must(t, err)
	return base64url(header) + ".." + base64url(string(signature))
}

func gzipped(t *testing.T) func(string) []byte {
	return func(s string) []byte {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		_, err := z.Write([]byte(s))
		must(t, err)
		must(t, z.Close())
		return out.Bytes()
	}
}

func deflated(t *testing.T) func(string) []byte {
	return func(s string) []byte {
		var out bytes.Buffer
		z := zlib.NewWriter(&out)
		_, err := z.Write([]byte(s))
		must(t, err)
		must(t, z.Close())
		return out.Bytes()
	}
}

func TestCase20PackedRequests(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(t *testing.T, v polishapi.Version) {
		token := w.one.lists(v, annas).access
		w.one.lister(v, token).packed("gzip", gzipped(t)).Is(http.StatusOK)
		w.one.lister(v, token).packed("deflate", deflated(t)).Is(http.StatusOK)
		w.one.lister(v, token).packed("GZIP", gzipped(t)).Is(http.StatusOK)
		w.one.asksInfo(v).packed("gzip", gzipped(t)).Is(http.StatusOK)
		// Signed over what was sent, not over what it means.
		a := w.one.lister(v, token)
		sent := string(gzipped(t)(a.text()))
		a.signOver(sent).set("X-JWS-SIGNATURE", a.signed, "Content-Encoding", "gzip")
		a.post(a.text(), strings.NewReader(sent)).Fails(http.StatusUnauthorized, "signature_invalid")
		// What does not unpack, and what is packed otherwise than it says.
		w.one.lister(v, token).packed("gzip", func(s string) []byte { return []byte(s) }).Fails(http.StatusBadRequest, "invalid_request")
		w.one.lister(v, token).packed("deflate", gzipped(t)).Fails(http.StatusBadRequest, "invalid_request")
		w.one.lister(v, token).packed("gzip", func(s string) []byte { b := gzipped(t)(s); return b[:len(b)-6] }).Fails(http.StatusBadRequest, "invalid_request")
		// A bomb: a few kilobytes that unpack to many megabytes.
		for _, pack := range []struct {
			encoding string
			bytes    []byte
		}{{"gzip", gzipped(t)(strings.Repeat(" ", 16<<20))}, {"deflate", deflated(t)(strings.Repeat(" ", 16<<20))}} {
			w.one.lister(v, token).packed(pack.encoding, func(string) []byte { return pack.bytes }).Fails(http.StatusBadRequest, "body_too_large")
		}
	})
}

// history has Anna's first account hold more than fits one packet.
func (w *world) history() {
	for i := range 12 {
		w.Moves(annas, annas2, int64(100+i), "Przelew między własnymi rachunkami — zażółć")
	}
}

func TestCase21SignedAnswers(t *testing.T) {
	w := newWorld(t)
	w.history()
	inVersions(t, func(t *testing.T, v polishapi.Version) {
		token := w.one.reads(v, 90, annas).access
		read := func(takes string) psd2test.Reply {
			a := w.one.read(v, "getTransactionsDone", token, numberOf(1)).set("Accept-Encoding", takes)
			if takes == "deflate" || takes == "identity" {
				a.operation = "" // unpacked and judged below
			}
			return a.send().Is(http.StatusOK)
		}
		packed := read("gzip, deflate")
		if packed.Header.Get("Content-Encoding") != "gzip" || packed.Header.Get("Vary") == "" || len(packed.Body) < 1400 {
			t.Errorf("%d bytes, %v", len(packed.Body), packed.Header)
		}
		proven(t, packed)
		other := read("deflate")
		if other.Header.Get("Content-Encoding") != "deflate" {
			t.Fatalf("%v", other.Header)
		}
		z, err := zlib.NewReader(strings.NewReader(other.Body))
		must(t, err)
		text, err := io.ReadAll(z)
		must(t, err)
		other.Body = string(text)
		proven(t, other)
		if len(other.List("transactions")) != 12 {
			t.Errorf("%s", text)
		}
		plain := read("identity")
		if plain.Header.Get("Content-Encoding") != "" {
			t.Errorf("%v", plain.Header)
		}
		proven(t, plain)
		// What fits one packet is sent as it is.
		short := w.one.lister(v, w.one.lists(v, annas).access).send().Is(http.StatusOK)
		if short.Header.Get("Content-Encoding") != "" || len(short.Body) >= 1400 {
			t.Errorf("%d bytes, %v", len(short.Body), short.Header)
		}
		proven(t, short)
		if got := short.Header.Get("Content-Type"); got != "application/json; charset=utf-8" {
			t.Errorf("Content-Type is %q", got)
		}
	})
}

func TestCase21UnsignedAnswers(t *testing.T) {
	w := newWorld(t)
	inVersions(t, func(t *testing.T, v polishapi.Version) {
		unsigned := func(r psd2test.Reply) {
			if r.Header.Get("X-JWS-SIGNATURE") != "" {
				t.Errorf("%d is signed: %s", r.Status, r.Body)
			}
		}
		got := w.one.lists(v, annas)
		gone := w.one.ask(v, "accounts/deleteConsent", m{"consentId": got.reply.Text("scope_details", "consentId")}).send().Is(http.StatusNoContent)
		unsigned(gone)
		if gone.Body != "" {
			t.Errorf("204 with %s", gone.Body)
		}
		unsigned(w.one.lister(v, got.access).send().Is(http.StatusUnauthorized))
		unsigned(w.one.lister(v, got.access).say("requestId", nil).send().Is(http.StatusBadRequest))
		unsigned(w.one.lister(v, got.access).set("Accept", "text/html").send().Is(http.StatusNotAcceptable))
	})
}

package client

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"okienko/eidas/seal"
)

// bankOf is a bank of a test: it demands a signature on every call, as it arrived,
// and an id that is new, and then lets the test answer.
type bankOf struct {
	t      *testing.T
	tpp    *x509.Certificate
	answer func(w http.ResponseWriter, r *http.Request, body string)
	whole  http.Handler // takes the calls instead, with checks of its own

	mu    sync.Mutex
	ids   map[string]bool
	calls []string // "GET /path?query body"
}

func (b *bankOf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if b.whole != nil {
		b.whole.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		b.t.Errorf("reading a request: %v", err)
	}
	b.mu.Lock()
	id := r.Header.Get("TPP-Request-ID")
	if b.ids[id] {
		b.t.Errorf("%s %s: the id %s came twice", r.Method, r.RequestURI, id)
	}
	b.ids[id] = true
	b.calls = append(b.calls, r.Method+" "+r.RequestURI+" "+string(body))
	b.mu.Unlock()
	if len(r.TLS.PeerCertificates) == 0 {
		b.t.Error("the call came without a QWAC")
	}
	if r.RequestURI != "/v3/register/" {
		payload, err := seal.AppendPayload(nil, r.RequestURI, r.Header, body)
		if err != nil {
			b.t.Errorf("what was signed: %v", err)
		}
		s, err := seal.Parse(r.Header.Get("JWS-Signature"), seal.ES256)
		if err == nil {
			err = s.Verify(b.tpp, payload)
		}
		if err != nil {
			b.t.Errorf("%s %s: %v", r.Method, r.RequestURI, err)
		}
	}
	b.answer(w, r, string(body))
}

// made are the calls that arrived.
func (b *bankOf) made() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.calls...)
}

// identity is a certificate with its key; the certificate vouches for itself.
func identity(t *testing.T, name string) (*x509.Certificate, crypto.Signer) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

// slept are the waits that a client asked for instead of sleeping.
type slept []time.Duration

// start starts a bank and a client of it. change, unless it is nil, is the last
// word about the client.
func start(t *testing.T, change func(*Config), answer func(w http.ResponseWriter, r *http.Request, body string)) (*Client, *bankOf, *slept) {
	t.Helper()
	return startOver(t, false, change, answer)
}

// startOver is start with a bank that speaks HTTP/2, or does not.
func startOver(t *testing.T, http2 bool, change func(*Config), answer func(w http.ResponseWriter, r *http.Request, body string)) (*Client, *bankOf, *slept) {
	t.Helper()
	cert, key := identity(t, "tpp")
	b := &bankOf{t: t, tpp: cert, answer: answer, ids: map[string]bool{}}
	server := httptest.NewUnstartedServer(b)
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12}
	server.EnableHTTP2 = http2
	server.StartTLS()
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	var waits slept
	cfg := Config{
		URL: server.URL, Bank: "bank", Organisation: "PSDPL-PFSA-1234567890", ClientID: "client-1", Roots: roots, Algorithm: seal.ES256,
		QWAC: tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}, Seal: key, SealCertificate: cert, SealURL: "https://tpp.example/qsealc.pem",
		sleep: func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil },
	}
	if change != nil {
		change(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, b, &waits
}

// says answers with a status and a body.
func says(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// breaks ends the connection without an answer: the call was made, and its caller
// does not know it.
func breaks(http.ResponseWriter) {
	panic(http.ErrAbortHandler) // net/http's own way to break off
}

package trustservice_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"golang.org/x/crypto/ocsp"

	"okienko/eidas"
	"okienko/eidas/trustservice"
)

// What is published over HTTP is what RFC 6960 and RFC 5280 say, to clients that know nothing of us.
func TestPublishedOverHTTP(t *testing.T) {
	s := open(t, "")
	server := httptest.NewServer(http.StripPrefix("/trust", s.service))
	defer server.Close()
	good, revoked := s.issue(eidas.QWAC, trustservice.Good), s.issue(eidas.QWAC, trustservice.Revoked)
	get := func(path string) (int, []byte) {
		t.Helper()
		answer, err := http.Get(server.URL + "/trust" + path)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, body
	}
	stranger := open(t, "").issue(eidas.QWAC, trustservice.Good)
	for want, cert := range map[int]*x509.Certificate{ocsp.Good: good.Certificate, ocsp.Revoked: revoked.Certificate, ocsp.Unknown: stranger.Certificate} {
		request, err := ocsp.CreateRequest(cert, s.service.Issuer(), nil)
		if err != nil {
			t.Fatal(err)
		}
		posted, err := http.Post(server.URL+"/trust/ocsp", "application/ocsp-request", bytes.NewReader(request))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(posted.Body)
		if err != nil {
			t.Fatal(err)
		}
		posted.Body.Close()
		_, gotten := get("/ocsp/" + base64.StdEncoding.EncodeToString(request))
		for how, text := range map[string][]byte{"POST": body, "GET": gotten} {
			answer, err := ocsp.ParseResponseForCert(text, cert, s.service.Issuer())
			if err != nil || answer.Status != want {
				t.Errorf("%s: %+v, %v, want status %d", how, answer, err, want)
			}
		}
	}
	for path, issuer := range map[string]*x509.Certificate{"/qtsp.crl": s.service.Issuer(), "/root.crl": s.service.Root()} {
		_, body := get(path)
		list, err := x509.ParseRevocationList(body)
		if err != nil || list.CheckSignatureFrom(issuer) != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if listed := len(list.RevokedCertificateEntries); path == "/qtsp.crl" && (listed != 1 || list.RevokedCertificateEntries[0].SerialNumber.Cmp(revoked.Certificate.SerialNumber) != 0) || path == "/root.crl" && listed != 0 {
			t.Errorf("%s lists %d", path, listed)
		}
	}
	if _, body := get("/qtsp.cer"); !bytes.Equal(body, s.service.Issuer().Raw) {
		t.Error("the issuer's certificate is not published")
	}
	if want := "http://localhost:8443/trust/certificates/" + eidas.Thumbprint(good.Certificate) + ".pem"; good.X5U != want {
		t.Errorf("x5u is %s, want %s", good.X5U, want)
	}
	_, text := get("/certificates/" + eidas.Thumbprint(good.Certificate) + ".pem")
	if block, _ := pem.Decode(text); block == nil || !bytes.Equal(block.Bytes, good.Certificate.Raw) {
		t.Errorf("x5u leads to %q", text)
	}
	if fetched, err := s.service.Fetch(context.Background(), good.X5U, nil); err != nil || !bytes.Equal(fetched, text) {
		t.Errorf("within the process: %v", err)
	}
	for _, path := range []string{"/", "/ocsp", "/root-key.pem", "/certificates/", "/certificates/../issued.json", "/issued.json"} {
		if status, _ := get(path); status != http.StatusNotFound {
			t.Errorf("GET %s: %d", path, status)
		}
	}
	if _, body := get("/ocsp/AAAA"); !bytes.Equal(body, ocsp.MalformedRequestErrorResponse) {
		t.Errorf("a malformed request got %x", body)
	}
	answer, err := http.Post(server.URL+"/trust/qtsp.crl", "text/plain", nil)
	if err != nil || answer.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST of a list: %v, %v", answer.Status, err)
	}
	answer.Body.Close()
}

// The list alone serves as well: OCSP may be off.
func TestListServesTheChecker(t *testing.T) {
	s := open(t, "")
	good, revoked := s.issue(eidas.QWAC, trustservice.Good), s.issue(eidas.QWAC, trustservice.Revoked)
	revocation, err := eidas.NewRevocation(eidas.RevocationSettings{Fetcher: s.service, Wall: s.clock,
		Places: []eidas.Places{{Issuer: s.service.Issuer(), CRL: []string{"http://anything.example/trust/qtsp.crl"}}}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := eidas.NewChecker(eidas.Settings{Environment: eidas.Test, Issuers: s.service.Issuers(), Clock: s.clock, Revocation: revocation})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CheckQWAC(context.Background(), good.Chain()); err != nil {
		t.Error(err)
	}
	if _, err := c.CheckQWAC(context.Background(), revoked.Chain()); !errors.Is(err, eidas.ErrRevoked) {
		t.Error(err)
	}
}

// A TPP opens a connection with its files, and the server's side finds the QWAC in the handshake.
func TestFilesOpenAConnection(t *testing.T) {
	s := open(t, "")
	issued := s.issue(eidas.QWAC, trustservice.Good)
	key, err := issued.KeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(issued.CertificatePEM(), key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, err := s.checker.CheckQWAC(r.Context(), r.TLS.PeerCertificates)
		if err != nil {
			t.Error(err)
		}
		w.Write([]byte(got.Organisation))
	}))
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	defer server.Close()
	for name, presented := range map[string]tls.Certificate{"from files": pair, "in memory": issued.TLS()} {
		transport := server.Client().Transport.(*http.Transport).Clone()
		transport.TLSClientConfig.Certificates = []tls.Certificate{presented}
		client := &http.Client{Transport: transport}
		answer, err := client.Get(server.URL)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		transport.CloseIdleConnections()
		if string(body) != string(id) {
			t.Errorf("%s: the server saw %q", name, body)
		}
	}
}

package trustservice_test

import (
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"okienko/bank"
	"okienko/eidas"
	"okienko/eidas/trustservice"
)

var start = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)

type hand struct {
	mu  sync.Mutex
	now time.Time
}

func (h *hand) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *hand) add(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// sandbox is a trust service and a bank that trusts it, joined as in the sandbox.
type sandbox struct {
	t       *testing.T
	clock   *hand
	service *trustservice.Service
	checker *eidas.Checker
}

func open(t *testing.T, folder string) *sandbox {
	t.Helper()
	s := &sandbox{t: t, clock: &hand{now: start}}
	var revocation *eidas.Revocation
	var err error
	s.service, err = trustservice.Open(trustservice.Settings{Folder: folder, Clock: s.clock, BaseURL: "http://localhost:8443/trust/", Changed: func() { revocation.Forget() }})
	if err != nil {
		t.Fatal(err)
	}
	if revocation, err = eidas.NewRevocation(eidas.RevocationSettings{Fetcher: s.service, Wall: s.clock}); err != nil {
		t.Fatal(err)
	}
	if s.checker, err = eidas.NewChecker(eidas.Settings{Environment: eidas.Test, Issuers: s.service.Issuers(), Clock: s.clock, Revocation: revocation}); err != nil {
		t.Fatal(err)
	}
	return s
}

const id = eidas.Organisation("PSDPL-PFSA-5250007738")

func (s *sandbox) issue(of eidas.Type, bad trustservice.Bad) trustservice.Issued {
	s.t.Helper()
	issued, err := s.service.Issue(trustservice.Request{Organisation: id, Name: "Przykład S.A.", Type: of, Bad: bad})
	if err != nil {
		s.t.Fatal(err)
	}
	return issued
}

func (s *sandbox) check(of eidas.Type, chain ...*x509.Certificate) (eidas.Certificate, error) {
	if of == eidas.QWAC {
		return s.checker.CheckQWAC(context.Background(), chain)
	}
	return s.checker.CheckQSealC(context.Background(), chain)
}

var both = []eidas.Type{eidas.QWAC, eidas.QSealC}

func TestGoodCertificatesAreAccepted(t *testing.T) {
	s := open(t, "")
	for _, of := range both {
		issued := s.issue(of, trustservice.Good)
		for name, chain := range map[string][]*x509.Certificate{"alone": {issued.Certificate}, "with its issuer": issued.Chain()} {
			got, err := s.check(of, chain...)
			if err != nil {
				t.Errorf("%s %s: %v", of, name, err)
				continue
			}
			if got.Organisation != id || got.Name != "Przykład S.A." || got.NCAID != "PL-PFSA" || got.Type != of ||
				!slices.Equal(got.Roles, eidas.Roles{eidas.Information, eidas.Initiation, eidas.CardIssuing}) {
				t.Errorf("%s: read as %+v", of, got)
			}
		}
		if _, isRSA := issued.Key.(*rsa.PrivateKey); isRSA != (of == eidas.QSealC) {
			t.Errorf("%s has a key %T", of, issued.Key)
		}
		if !eidas.MadeBySandbox(issued.Certificate) {
			t.Errorf("%s: not marked as a sandbox's", of)
		}
	}
	if !eidas.MadeBySandbox(s.service.Root()) || !eidas.MadeBySandbox(s.service.Issuer()) || s.service.Issuer().CheckSignatureFrom(s.service.Root()) != nil {
		t.Error("the tree above is not one of a sandbox")
	}
}

func TestCertificatesLiveTenYears(t *testing.T) {
	s := open(t, "")
	issued := s.issue(eidas.QSealC, trustservice.Good)
	s.clock.add(10*365*24*time.Hour - time.Hour)
	if _, err := s.check(eidas.QSealC, issued.Certificate); err != nil {
		t.Error(err)
	}
	s.clock.add(2 * time.Hour)
	if _, err := s.check(eidas.QSealC, issued.Certificate); !errors.Is(err, eidas.ErrExpired) {
		t.Error(err)
	}
	if _, err := s.check(eidas.QSealC, s.issue(eidas.QSealC, trustservice.Good).Certificate); err != nil {
		t.Errorf("a new one after ten years: %v", err)
	}
}

func TestRolesAndDatesAreThoseAskedFor(t *testing.T) {
	s := open(t, "")
	issued, err := s.service.Issue(trustservice.Request{Organisation: "PSDDE-BAFIN-123456", Name: "Beispiel AG", Type: eidas.QWAC,
		Roles: eidas.Roles{eidas.CardIssuing}, NotBefore: start.AddDate(0, 0, 1), NotAfter: start.AddDate(0, 0, 2)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.check(eidas.QWAC, issued.Certificate); !errors.Is(err, eidas.ErrNotYetValid) {
		t.Error(err)
	}
	s.clock.add(36 * time.Hour)
	got, err := s.check(eidas.QWAC, issued.Certificate)
	if err != nil || !slices.Equal(got.Roles, eidas.Roles{eidas.CardIssuing}) || got.Organisation.Country() != "DE" || got.NCAID != "DE-BAFIN" {
		t.Errorf("%+v, %v", got, err)
	}
}

// Each bad certificate breaks the rule that it was made for, and no other.
func TestBadCertificatesAreRefusedForTheirFault(t *testing.T) {
	s := open(t, "")
	rules := map[trustservice.Bad]error{
		trustservice.Expired: eidas.ErrExpired, trustservice.Revoked: eidas.ErrRevoked, trustservice.WrongRole: eidas.ErrStatement,
		trustservice.NoRole: eidas.ErrRoles, trustservice.WrongIssuer: eidas.ErrIssuer, trustservice.NoStatement: eidas.ErrStatement,
		trustservice.WrongOrganisation: nil, // it is a good certificate of somebody else
	}
	for _, bad := range trustservice.Bads() {
		rule, ok := rules[bad]
		if !ok {
			t.Errorf("%s: not tested", bad)
		}
		for _, of := range both {
			issued := s.issue(of, bad)
			got, err := s.check(of, issued.Chain()...)
			if rule == nil {
				if err != nil || got.Organisation == id || got.Organisation.Authority() != "PFSA" {
					t.Errorf("%s %s: %+v, %v", bad, of, got, err)
				}
				continue
			}
			if !errors.Is(err, rule) || bank.CodeOf(err) != bank.CertificateInvalid {
				t.Errorf("%s %s: %v", bad, of, err)
			}
			for other := range rules {
				if r := rules[other]; r != nil && r != rule && errors.Is(err, r) {
					t.Errorf("%s %s also breaks %v", bad, of, r)
				}
			}
		}
	}
}

func TestRevocationStopsTheNextCall(t *testing.T) {
	s := open(t, "")
	issued, other := s.issue(eidas.QWAC, trustservice.Good), s.issue(eidas.QWAC, trustservice.Good)
	if _, err := s.check(eidas.QWAC, issued.Certificate); err != nil {
		t.Fatal(err)
	}
	for range 2 { // a second time is harmless
		if err := s.service.Revoke(issued.Certificate); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.check(eidas.QWAC, issued.Certificate); !errors.Is(err, eidas.ErrRevoked) {
		t.Error(err)
	}
	if _, err := s.check(eidas.QWAC, other.Certificate); err != nil {
		t.Error(err)
	}
	if err := s.service.Revoke(open(t, "").issue(eidas.QWAC, trustservice.Good).Certificate); err == nil {
		t.Error("a certificate of another service was revoked")
	}
}

func TestRequestsThatCannotBeMet(t *testing.T) {
	s := open(t, "")
	for name, r := range map[string]trustservice.Request{
		"no organisation":  {Name: "x", Type: eidas.QWAC},
		"odd organisation": {Organisation: "VATPL-1", Name: "x", Type: eidas.QWAC},
		"no name":          {Organisation: id, Type: eidas.QWAC},
		"no type":          {Organisation: id, Name: "x"},
		"a person's":       {Organisation: id, Name: "x", Type: eidas.QSign},
		"unknown role":     {Organisation: id, Name: "x", Type: eidas.QWAC, Roles: eidas.Roles{"PSP_XX"}},
		"unknown bad":      {Organisation: id, Name: "x", Type: eidas.QWAC, Bad: "ugly"},
	} {
		if _, err := s.service.Issue(r); err == nil {
			t.Errorf("%s: issued", name)
		}
	}
}

func TestTheFolderRemembers(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "trust")
	first := open(t, folder)
	good, revoked := first.issue(eidas.QWAC, trustservice.Good), first.issue(eidas.QSealC, trustservice.Revoked)
	second := open(t, folder)
	if !second.service.Root().Equal(first.service.Root()) || !second.service.Issuer().Equal(first.service.Issuer()) {
		t.Error("the authorities were made anew")
	}
	if _, err := second.check(eidas.QWAC, good.Certificate); err != nil {
		t.Error(err)
	}
	if _, err := second.check(eidas.QSealC, revoked.Certificate); !errors.Is(err, eidas.ErrRevoked) {
		t.Error(err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", e.Name(), info.Mode(), err)
		}
	}
	for file, why := range map[string]string{"qtsp-key.pem": "without its key", "issued.json": "with a damaged memory"} {
		whole, err := os.ReadFile(filepath.Join(folder, file))
		if err != nil {
			t.Fatal(err)
		}
		if file == "issued.json" {
			err = os.WriteFile(filepath.Join(folder, file), whole[:len(whole)/2], 0o600)
		} else {
			err = os.Remove(filepath.Join(folder, file))
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := trustservice.Open(trustservice.Settings{Folder: folder, Clock: &hand{now: start}}); err == nil {
			t.Errorf("it starts %s", why)
		}
		if err := os.WriteFile(filepath.Join(folder, file), whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := trustservice.Open(trustservice.Settings{}); err == nil {
		t.Error("it starts without a clock")
	}
}

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

func TestIssuingFromManyGoroutines(t *testing.T) {
	s := open(t, t.TempDir())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			bad := trustservice.Good
			for range 5 {
				issued, err := s.service.Issue(trustservice.Request{Organisation: id, Name: "x", Type: eidas.QWAC, Bad: bad})
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := s.check(eidas.QWAC, issued.Certificate); (err == nil) != (bad == trustservice.Good) {
					t.Errorf("%q: %v", bad, err)
				}
				bad = trustservice.Revoked
			}
		})
	}
	all.Wait()
}

func TestKeyIdentifierIsThere(t *testing.T) {
	if c := open(t, "").issue(eidas.QSealC, trustservice.Good).Certificate; len(hex.EncodeToString(c.SubjectKeyId)) != 40 {
		t.Errorf("the identifier is %x; some clients send it as kid", c.SubjectKeyId)
	}
}

func BenchmarkOpen(b *testing.B) {
	clock, known := &hand{now: start}, b.TempDir()
	for name, folder := range map[string]func() string{"first": b.TempDir, "again": func() string { return known }} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := trustservice.Open(trustservice.Settings{Folder: folder(), Clock: clock}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

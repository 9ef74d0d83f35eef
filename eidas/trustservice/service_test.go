package trustservice_test

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

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

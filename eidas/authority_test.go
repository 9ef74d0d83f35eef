package eidas_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"sync"
	"testing"
	"time"

	"okienko/bank"
	"okienko/eidas"
)

var start = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)

// hand is a clock that the test moves.
type hand struct {
	mu  sync.Mutex
	now time.Time
}

func newHand() *hand { return &hand{now: start} }

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

// ca is an authority of the test's own making: package trustservice makes only what a sandbox would.
type ca struct {
	cert *x509.Certificate
	key  crypto.Signer
}

var serial = struct {
	sync.Mutex
	n int64
}{n: 1000}

func nextSerial() *big.Int {
	serial.Lock()
	defer serial.Unlock()
	serial.n++
	return big.NewInt(serial.n)
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (a *ca) issue(t testing.TB, template *x509.Certificate, key crypto.PublicKey) *x509.Certificate {
	t.Helper()
	if template.SerialNumber == nil {
		template.SerialNumber = nextSerial()
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key, a.key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newCA(t testing.TB, organisation string, parent *ca) *ca {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		Subject:   pkix.Name{Organization: []string{organisation}, CommonName: organisation + " " + nextSerial().String()},
		NotBefore: start.AddDate(-1, 0, 0), NotAfter: start.AddDate(20, 0, 0), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature,
	}
	made := &ca{key: key, cert: template}
	signer := made
	if parent != nil {
		signer = parent
	}
	made.cert = signer.issue(t, template, key.Public())
	return made
}

const (
	tppID   = "PSDPL-PFSA-5250007738"
	tppName = "Przykładowa Instytucja Płatnicza S.A."
)

// template is a flawless certificate of a type; change breaks it.
func template(t testing.TB, of eidas.Type, change func(*x509.Certificate, *eidas.Statements)) *x509.Certificate {
	t.Helper()
	s := eidas.Statements{Compliance: true, Types: []eidas.Type{of},
		PSD2: &eidas.PSD2{Roles: eidas.Roles{eidas.Information, eidas.Initiation}, NCAName: "Komisja Nadzoru Finansowego", NCAID: "PL-PFSA"}}
	c := &x509.Certificate{
		Subject:   pkix.Name{Organization: []string{tppName}, ExtraNames: []pkix.AttributeTypeAndValue{{Type: eidas.OrganisationID(), Value: tppID}}},
		NotBefore: start.AddDate(0, -1, 0), NotAfter: start.AddDate(2, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	if of == eidas.QWAC {
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
	if change != nil {
		change(c, &s)
	}
	if c.ExtraExtensions == nil {
		c.ExtraExtensions = []pkix.Extension{{Id: eidas.StatementsID(), Value: encoded(t, s)}}
	}
	return c
}

func (a *ca) leaf(t testing.TB, of eidas.Type, change func(*x509.Certificate, *eidas.Statements)) *x509.Certificate {
	t.Helper()
	return a.issue(t, template(t, of, change), newKey(t).Public())
}

func issuers(env eidas.Environment, of ...*ca) (list []eidas.Issuer) {
	for _, a := range of {
		list = append(list, eidas.Issuer{Certificate: a.cert, Environment: env})
	}
	return list
}

func checker(t testing.TB, s eidas.Settings) *eidas.Checker {
	t.Helper()
	if s.Environment == "" {
		s.Environment = eidas.Test
	}
	if s.Clock == nil {
		s.Clock = newHand()
	}
	c, err := eidas.NewChecker(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func check(c *eidas.Checker, of eidas.Type, chain ...*x509.Certificate) (eidas.Certificate, error) {
	if of == eidas.QWAC {
		return c.CheckQWAC(context.Background(), chain)
	}
	return c.CheckQSealC(context.Background(), chain)
}

func breaks(t testing.TB, err error, rule error) {
	t.Helper()
	if !errors.Is(err, rule) {
		t.Errorf("got %v, want %v", err, rule)
	}
	if code := bank.CodeOf(err); err != nil && code != bank.CertificateInvalid {
		t.Errorf("got the code %s of %v", code, err)
	}
}

package eidas_test

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"math/big"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"okienko/eidas"
)

// dead is a responder that nobody reaches.
type dead struct{}

func (dead) Fetch(context.Context, string, []byte) ([]byte, error) {
	return nil, errors.New("connection refused")
}

// Addresses that the certificates of these tests name.
const (
	ocspAt = "http://ocsp.qtsp.example/"
	crlAt  = "http://crl.qtsp.example/issuer.crl"
)

// responder answers as an authority would, or as the test wants.
type responder struct {
	t     testing.TB
	clock *hand
	ca    *ca

	mu      sync.Mutex
	ocsp    func(request []byte) ([]byte, error) // nil: nobody there
	crl     func() ([]byte, error)
	asked   map[string]int
	revoked map[string]bool
}

func newResponder(t testing.TB, clock *hand, a *ca) *responder {
	r := &responder{t: t, clock: clock, ca: a, asked: map[string]int{}, revoked: map[string]bool{}}
	r.ocsp = func(request []byte) ([]byte, error) { return r.signOCSP(request, nil, r.ca, nil) }
	r.crl = func() ([]byte, error) { return r.signCRL(nil) }
	return r
}

func (r *responder) Fetch(_ context.Context, address string, request []byte) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked[address]++
	switch {
	case address == ocspAt && r.ocsp != nil:
		return r.ocsp(request)
	case address == crlAt && r.crl != nil:
		return r.crl()
	}
	return nil, errors.New("connection refused")
}

func (r *responder) set(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

func (r *responder) times(address string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked[address]
}

func (r *responder) revoke(c *x509.Certificate) {
	r.set(func() { r.revoked[c.SerialNumber.String()] = true })
}

// signOCSP answers for one hour; delegate is a responder's certificate that by has the key of.
func (r *responder) signOCSP(request []byte, delegate *x509.Certificate, by *ca, change func(*ocsp.Response)) ([]byte, error) {
	asked, err := ocsp.ParseRequest(request)
	if err != nil {
		return nil, err
	}
	now := r.clock.Now()
	a := ocsp.Response{Status: ocsp.Good, SerialNumber: asked.SerialNumber, ThisUpdate: now, NextUpdate: now.Add(time.Hour)}
	if r.revoked[asked.SerialNumber.String()] {
		a.Status, a.RevokedAt, a.RevocationReason = ocsp.Revoked, now, ocsp.KeyCompromise
	}
	a.Certificate = delegate
	if change != nil {
		change(&a)
	}
	signer := by.cert
	if delegate != nil {
		signer = delegate
	}
	return ocsp.CreateResponse(r.ca.cert, signer, a, by.key)
}

// signCRL answers for one day.
func (r *responder) signCRL(change func(*x509.RevocationList)) ([]byte, error) {
	now := r.clock.Now()
	list := &x509.RevocationList{Number: big.NewInt(now.Unix()), ThisUpdate: now, NextUpdate: now.Add(24 * time.Hour)}
	for s := range r.revoked {
		n, _ := new(big.Int).SetString(s, 10)
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: n, RevocationTime: now})
	}
	if change != nil {
		change(list)
	}
	return x509.CreateRevocationList(rand.Reader, list, r.ca.cert, r.ca.key)
}

// bed is a checker with a responder behind it.
type bed struct {
	*responder
	checker    *eidas.Checker
	revocation *eidas.Revocation
	accepted   atomic.Int32
	qtsp       *ca
}

func newBed(t testing.TB, change func(*eidas.RevocationSettings)) *bed {
	t.Helper()
	clock := newHand()
	qtsp := newCA(t, "Qualified Issuer", nil)
	b := &bed{responder: newResponder(t, clock, qtsp), qtsp: qtsp}
	s := eidas.RevocationSettings{Fetcher: b.responder, Wall: clock, Accepted: func(*x509.Certificate, error) { b.accepted.Add(1) }}
	if change != nil {
		change(&s)
	}
	var err error
	if b.revocation, err = eidas.NewRevocation(s); err != nil {
		t.Fatal(err)
	}
	b.checker = checker(t, eidas.Settings{Environment: eidas.Production, Issuers: issuers(eidas.Production, qtsp), Clock: clock, Revocation: b.revocation})
	return b
}

func (b *bed) cert(change func(*x509.Certificate)) *x509.Certificate {
	return b.qtsp.leaf(b.t, eidas.QWAC, func(x *x509.Certificate, _ *eidas.Statements) {
		x.OCSPServer, x.CRLDistributionPoints = []string{ocspAt}, []string{crlAt}
		if change != nil {
			change(x)
		}
	})
}

func (b *bed) good(c *x509.Certificate) {
	b.t.Helper()
	if _, err := check(b.checker, eidas.QWAC, c); err != nil {
		b.t.Error(err)
	}
}

func (b *bed) bad(c *x509.Certificate, rule error) {
	b.t.Helper()
	_, err := check(b.checker, eidas.QWAC, c)
	breaks(b.t, err, rule)
}

package eidas_test

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"okienko/bank"
	"okienko/eidas"
)

func TestOCSPAnswerServesUntilItsNextUpdate(t *testing.T) {
	b := newBed(t, nil)
	c := b.cert(nil)
	for range 5 {
		b.good(c)
	}
	if n := b.times(ocspAt); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
	b.revoke(c)
	b.clock.add(time.Hour)
	b.good(c) // the answer still holds to the second
	b.clock.add(time.Second)
	b.bad(c, eidas.ErrRevoked)
	if n := b.times(crlAt); n != 0 {
		t.Errorf("the list was asked for %d times though OCSP answers", n)
	}
}

func TestForgettingAsksAnew(t *testing.T) {
	b := newBed(t, nil)
	c := b.cert(nil)
	b.good(c)
	b.revoke(c)
	b.good(c)
	b.revocation.Forget()
	b.bad(c, eidas.ErrRevoked)
}

func TestListServesWhereOCSPDoesNot(t *testing.T) {
	for name, change := range map[string]func(*bed, *x509.Certificate){
		"no responder named": func(_ *bed, x *x509.Certificate) { x.OCSPServer = nil },
		"responder is down":  func(b *bed, _ *x509.Certificate) { b.ocsp = nil },
		"responder does not know": func(b *bed, _ *x509.Certificate) {
			b.ocsp = func(r []byte) ([]byte, error) {
				return b.signOCSP(r, nil, b.ca, func(a *ocsp.Response) { a.Status = ocsp.Unknown })
			}
		},
		"responder is too busy": func(b *bed, _ *x509.Certificate) {
			b.ocsp = func([]byte) ([]byte, error) { return ocsp.TryLaterErrorResponse, nil }
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t, nil)
			first := b.cert(func(x *x509.Certificate) { change(b, x) })
			second := b.cert(func(x *x509.Certificate) { change(b, x) })
			b.revoke(second)
			for range 3 {
				b.good(first)
				b.bad(second, eidas.ErrRevoked)
			}
			if n := b.times(crlAt); n != 1 {
				t.Errorf("the list was asked for %d times, want once for both certificates", n)
			}
			b.revoke(first)
			b.clock.add(24*time.Hour + time.Second)
			b.bad(first, eidas.ErrRevoked)
		})
	}
}

// The stated behaviour while nobody answers.
func TestHardRefusesAfterTheGrace(t *testing.T) {
	b := newBed(t, func(s *eidas.RevocationSettings) { s.Grace = 10 * time.Minute })
	old, unseen := b.cert(nil), b.cert(nil)
	b.good(old)
	b.set(func() { b.ocsp, b.crl = nil, nil })
	b.bad(unseen, eidas.ErrUnchecked) // nothing was ever known of it
	b.clock.add(time.Hour + 10*time.Minute)
	if b.good(old); b.accepted.Load() != 1 {
		t.Errorf("%d acceptances within the grace were told, want 1", b.accepted.Load())
	}
	b.clock.add(time.Second)
	b.bad(old, eidas.ErrUnchecked)
	b.set(func() { b.ocsp = func(r []byte) ([]byte, error) { return b.signOCSP(r, nil, b.ca, nil) } })
	b.clock.add(time.Minute)
	b.good(old)
	b.good(unseen)
	if b.accepted.Load() != 1 {
		t.Error("an acceptance on a fresh answer was told")
	}
}

func TestSoftAcceptsAndTells(t *testing.T) {
	b := newBed(t, func(s *eidas.RevocationSettings) { s.Mode = eidas.Soft })
	revoked, unseen := b.cert(nil), b.cert(nil)
	b.revoke(revoked)
	b.bad(revoked, eidas.ErrRevoked)
	b.set(func() { b.ocsp, b.crl = nil, nil })
	if b.good(unseen); b.accepted.Load() != 1 {
		t.Errorf("%d acceptances were told, want 1", b.accepted.Load())
	}
	b.clock.add(30 * 24 * time.Hour)
	b.bad(revoked, eidas.ErrRevoked) // what was once seen revoked stays so
}

func TestCertificateThatNamesNoPlace(t *testing.T) {
	nowhere := func(x *x509.Certificate) { x.OCSPServer, x.CRLDistributionPoints = nil, nil }
	hard := newBed(t, nil)
	hard.bad(hard.cert(nowhere), eidas.ErrUnchecked)
	soft := newBed(t, func(s *eidas.RevocationSettings) { s.Mode = eidas.Soft })
	soft.good(soft.cert(nowhere))
}

func TestConfiguredPlacesTakePrecedence(t *testing.T) {
	clock := newHand()
	qtsp := newCA(t, "Qualified Issuer", nil)
	r := newResponder(t, clock, qtsp)
	revocation, err := eidas.NewRevocation(eidas.RevocationSettings{Fetcher: r, Wall: clock, Places: []eidas.Places{{Issuer: qtsp.cert, CRL: []string{crlAt}}}})
	if err != nil {
		t.Fatal(err)
	}
	c := checker(t, eidas.Settings{Issuers: issuers(eidas.Test, qtsp), Clock: clock, Revocation: revocation})
	cert := qtsp.leaf(t, eidas.QWAC, func(x *x509.Certificate, _ *eidas.Statements) { x.OCSPServer = []string{"http://169.254.169.254/"} })
	if _, err := check(c, eidas.QWAC, cert); err != nil {
		t.Error(err)
	}
	if r.times(crlAt) != 1 || r.times("http://169.254.169.254/") != 0 {
		t.Errorf("asked %v", r.asked)
	}
}

// A good answer recorded before the revocation does not bring the certificate back when it is sent again.
func TestAnOlderGoodAnswerDoesNotUndoARevocation(t *testing.T) {
	b := newBed(t, nil)
	c := b.cert(nil)
	var kept []byte
	b.ocsp = func(r []byte) (_ []byte, err error) {
		kept, err = b.signOCSP(r, nil, b.ca, func(a *ocsp.Response) { a.NextUpdate = start.AddDate(0, 0, 7) })
		return kept, err
	}
	if _, err := check(b.checker, eidas.QWAC, c); err != nil {
		t.Fatal(err)
	}
	b.revocation.Forget()
	b.revoke(c)
	b.set(func() { b.ocsp = func(r []byte) ([]byte, error) { return b.signOCSP(r, nil, b.ca, nil) } })
	b.clock.add(time.Minute)
	b.bad(c, eidas.ErrRevoked)
	b.set(func() { b.ocsp = func([]byte) ([]byte, error) { return kept, nil } })
	b.clock.add(2 * time.Hour)
	b.bad(c, eidas.ErrRevoked)
	b.set(func() { // put on hold only, and released
		delete(b.revoked, c.SerialNumber.String())
		b.ocsp = func(r []byte) ([]byte, error) { return b.signOCSP(r, nil, b.ca, nil) }
	})
	b.clock.add(2 * time.Hour)
	b.good(c)
}

func TestRevokedIntermediateRefuses(t *testing.T) {
	clock := newHand()
	root := newCA(t, "Qualified Root", nil)
	r := newResponder(t, clock, root)
	revocation, err := eidas.NewRevocation(eidas.RevocationSettings{Fetcher: r, Wall: clock, Mode: eidas.Soft})
	if err != nil {
		t.Fatal(err)
	}
	key := newKey(t)
	qtsp := &ca{key: key, cert: root.issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "Issuer"}, NotBefore: start.AddDate(-1, 0, 0),
		NotAfter: start.AddDate(9, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, CRLDistributionPoints: []string{crlAt}}, key.Public())}
	c := checker(t, eidas.Settings{Issuers: issuers(eidas.Test, root), Clock: clock, Revocation: revocation})
	cert := qtsp.leaf(t, eidas.QWAC, nil)
	if _, err := check(c, eidas.QWAC, cert, qtsp.cert); err != nil {
		t.Error(err)
	}
	r.revoke(qtsp.cert)
	revocation.Forget()
	_, err = check(c, eidas.QWAC, cert, qtsp.cert)
	breaks(t, err, eidas.ErrRevoked)
}

func TestDeadPlacesAreLeftAloneForAWhile(t *testing.T) {
	b := newBed(t, nil)
	b.ocsp, b.crl = nil, nil
	for range 10 {
		b.bad(b.cert(nil), eidas.ErrUnchecked)
	}
	if o, l := b.times(ocspAt), b.times(crlAt); o != 1 || l != 1 {
		t.Errorf("asked %d and %d times, want once each", o, l)
	}
	b.clock.add(31 * time.Second)
	b.bad(b.cert(nil), eidas.ErrUnchecked)
	if o := b.times(ocspAt); o != 2 {
		t.Errorf("asked %d times after the pause, want twice", o)
	}
}

// A responder that fails for one certificate goes on answering for the others.
func TestOneBadAnswerDoesNotSilenceTheResponder(t *testing.T) {
	b := newBed(t, nil)
	b.crl = nil
	strange, plain := b.cert(nil), b.cert(nil)
	b.ocsp = func(r []byte) ([]byte, error) {
		return b.signOCSP(r, nil, b.ca, func(a *ocsp.Response) {
			if a.SerialNumber.Cmp(strange.SerialNumber) == 0 {
				a.Status = ocsp.Unknown
			}
		})
	}
	for range 3 {
		b.bad(strange, eidas.ErrUnchecked)
	}
	b.good(plain)
	if n := b.times(ocspAt); n != 2 {
		t.Errorf("asked %d times, want once for each certificate", n)
	}
}

// gate holds a fetch until the test lets it go.
type gate struct {
	eidas.Fetcher
	entered chan struct{}
	open    chan struct{}
}

func (g *gate) Fetch(ctx context.Context, address string, request []byte) ([]byte, error) {
	g.entered <- struct{}{}
	select {
	case <-g.open:
		return g.Fetcher.Fetch(ctx, address, request)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func TestCallersShareOneFetchAndMayLeave(t *testing.T) {
	g := &gate{entered: make(chan struct{}, 100), open: make(chan struct{})}
	b := newBed(t, func(s *eidas.RevocationSettings) { g.Fetcher, s.Fetcher, s.Timeout = s.Fetcher, g, time.Minute })
	chain := []*x509.Certificate{b.cert(nil)}
	ctx, leave := context.WithCancel(context.Background())
	results := make(chan error, 20)
	go func() {
		_, err := b.checker.CheckQWAC(ctx, chain)
		results <- err
	}()
	<-g.entered
	leave()
	if err := <-results; !errors.Is(err, context.Canceled) || bank.CodeOf(err) != bank.Internal {
		t.Errorf("the one that left got %v", err)
	}
	for range 20 {
		go func() {
			_, err := b.checker.CheckQWAC(context.Background(), chain)
			results <- err
		}()
	}
	close(g.open)
	for range 20 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if n := b.times(ocspAt); n != 1 {
		t.Errorf("fetched %d times, want once", n)
	}
}

func TestASlowResponderIsNotWaitedFor(t *testing.T) {
	g := &gate{entered: make(chan struct{}, 100), open: make(chan struct{})}
	b := newBed(t, func(s *eidas.RevocationSettings) { g.Fetcher, s.Fetcher, s.Timeout = s.Fetcher, g, time.Millisecond })
	_, err := check(b.checker, eidas.QWAC, b.cert(nil))
	breaks(t, err, eidas.ErrUnchecked)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the log does not say that time ran out: %v", err)
	}
}

func TestRevocationSettings(t *testing.T) {
	for name, s := range map[string]eidas.RevocationSettings{
		"no fetcher":       {Wall: newHand()},
		"no clock":         {Fetcher: dead{}},
		"unknown mode":     {Fetcher: dead{}, Wall: newHand(), Mode: "sometimes"},
		"negative timeout": {Fetcher: dead{}, Wall: newHand(), Timeout: -1},
	} {
		if _, err := eidas.NewRevocation(s); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func BenchmarkCheckWithRevocation(b *testing.B) {
	bed := newBed(b, nil)
	chain := []*x509.Certificate{bed.cert(nil)}
	for b.Loop() {
		if _, err := bed.checker.CheckQWAC(context.Background(), chain); err != nil {
			b.Fatal(err)
		}
	}
	if n := bed.times(ocspAt); n != 1 {
		b.Fatal(fmt.Errorf("asked %d times", n))
	}
}

package eidas_test

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"okienko/bank"
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

// Nothing that somebody on the line could send makes a certificate good.
func TestAnswersThatAreNotTheIssuersAreWorthNothing(t *testing.T) {
	stranger := newCA(t, "Stranger", nil)
	responder := func(b *bed, by *ca, usage x509.ExtKeyUsage, until time.Time) *ca {
		key := newKey(t)
		x := &x509.Certificate{Subject: pkix.Name{CommonName: "responder"}, NotBefore: start.AddDate(0, -1, 0), NotAfter: until,
			KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{usage}}
		return &ca{cert: by.issue(t, x, key.Public()), key: key}
	}
	later := start.AddDate(1, 0, 0)
	for name, test := range map[string]struct {
		ocsp func(b *bed, request []byte) ([]byte, error)
		fine bool
	}{
		"the issuer's":                      {fine: true, ocsp: func(b *bed, r []byte) ([]byte, error) { return b.signOCSP(r, nil, b.ca, nil) }},
		"the issuer's with its certificate": {fine: true, ocsp: func(b *bed, r []byte) ([]byte, error) { return b.signOCSP(r, b.ca.cert, b.ca, nil) }},
		"a delegate's": {fine: true, ocsp: func(b *bed, r []byte) ([]byte, error) {
			d := responder(b, b.ca, x509.ExtKeyUsageOCSPSigning, later)
			return b.signOCSP(r, d.cert, d, nil)
		}},
		"another TPP's": {ocsp: func(b *bed, r []byte) ([]byte, error) {
			d := responder(b, b.ca, x509.ExtKeyUsageClientAuth, later)
			return b.signOCSP(r, d.cert, d, nil)
		}},
		"an expired delegate's": {ocsp: func(b *bed, r []byte) ([]byte, error) {
			d := responder(b, b.ca, x509.ExtKeyUsageOCSPSigning, start.Add(-time.Hour))
			return b.signOCSP(r, d.cert, d, nil)
		}},
		"a stranger's delegate's": {ocsp: func(b *bed, r []byte) ([]byte, error) {
			d := responder(b, stranger, x509.ExtKeyUsageOCSPSigning, later)
			return b.signOCSP(r, d.cert, d, nil)
		}},
		"a stranger's": {ocsp: func(b *bed, r []byte) ([]byte, error) { return b.signOCSP(r, nil, stranger, nil) }},
		"about another certificate": {ocsp: func(b *bed, r []byte) ([]byte, error) {
			return b.signOCSP(r, nil, b.ca, func(a *ocsp.Response) { a.SerialNumber = big.NewInt(7) })
		}},
		"of yesterday": {ocsp: func(b *bed, r []byte) ([]byte, error) {
			return b.signOCSP(r, nil, b.ca, func(a *ocsp.Response) {
				a.ThisUpdate, a.NextUpdate = start.AddDate(0, 0, -1), start.Add(-time.Second)
			})
		}},
		"of tomorrow": {ocsp: func(b *bed, r []byte) ([]byte, error) {
			return b.signOCSP(r, nil, b.ca, func(a *ocsp.Response) {
				a.ThisUpdate, a.NextUpdate = start.AddDate(0, 0, 1), start.AddDate(0, 0, 2)
			})
		}},
		"old and without an end": {ocsp: func(b *bed, r []byte) ([]byte, error) {
			return b.signOCSP(r, nil, b.ca, func(a *ocsp.Response) { a.ThisUpdate, a.NextUpdate = start.Add(-time.Hour), time.Time{} })
		}},
		"new and without an end": {fine: true, ocsp: func(b *bed, r []byte) ([]byte, error) {
			return b.signOCSP(r, nil, b.ca, func(a *ocsp.Response) { a.NextUpdate = time.Time{} })
		}},
		"rubbish": {ocsp: func(*bed, []byte) ([]byte, error) { return []byte("<html>captive portal</html>"), nil }},
		"nothing": {ocsp: func(*bed, []byte) ([]byte, error) { return nil, nil }},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t, nil)
			b.crl = nil
			b.ocsp = func(r []byte) ([]byte, error) { return test.ocsp(b, r) }
			if c := b.cert(nil); test.fine {
				b.good(c)
			} else {
				b.bad(c, eidas.ErrUnchecked)
			}
		})
	}
}

// idp is issuingDistributionPoint with a name, or flags as DER.
func idp(t testing.TB, address string, flags ...byte) pkix.Extension {
	t.Helper()
	var body []byte
	if address != "" {
		name := append([]byte{0x86, byte(len(address))}, address...)
		full := append([]byte{0xa0, byte(len(name))}, name...)
		body = append([]byte{0xa0, byte(len(full))}, full...)
	}
	body = append(body, flags...)
	return pkix.Extension{Id: []int{2, 5, 29, 28}, Critical: true, Value: append([]byte{0x30, byte(len(body))}, body...)}
}

func TestListsThatDoNotCoverTheCertificateAreWorthNothing(t *testing.T) {
	stranger := newCA(t, "Stranger", nil)
	extension := func(e pkix.Extension) func(*x509.RevocationList) {
		return func(l *x509.RevocationList) { l.ExtraExtensions = append(l.ExtraExtensions, e) }
	}
	for name, test := range map[string]struct {
		change func(*x509.RevocationList)
		by     *ca
		fine   bool
	}{
		"the issuer's":                   {fine: true},
		"a stranger's":                   {by: stranger},
		"of this place":                  {fine: true, change: extension(idp(t, crlAt))},
		"of end entities":                {fine: true, change: extension(idp(t, "", 0x81, 1, 0xff))},
		"of another place":               {change: extension(idp(t, "http://crl.qtsp.example/2.crl"))},
		"of authorities":                 {change: extension(idp(t, "", 0x82, 1, 0xff))},
		"of some reasons":                {change: extension(idp(t, "", 0x83, 2, 4, 0x40))},
		"of other authorities":           {change: extension(idp(t, "", 0x84, 1, 0xff))},
		"of attribute certificates":      {change: extension(idp(t, "", 0x85, 1, 0xff))},
		"a delta":                        {change: extension(pkix.Extension{Id: []int{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 1}})},
		"unreadable distribution point":  {change: extension(pkix.Extension{Id: []int{2, 5, 29, 28}, Critical: true, Value: []byte{1, 2, 3}})},
		"an unknown but harmless remark": {fine: true, change: extension(pkix.Extension{Id: []int{1, 2, 3}, Value: []byte{5, 0}})},
		"of yesterday": {change: func(l *x509.RevocationList) {
			l.ThisUpdate, l.NextUpdate = start.AddDate(0, 0, -1), start.Add(-time.Second)
		}},
		"of tomorrow": {change: func(l *x509.RevocationList) {
			l.ThisUpdate, l.NextUpdate = start.AddDate(0, 0, 1), start.AddDate(0, 0, 2)
		}},
		"entry of another authority": {change: func(l *x509.RevocationList) {
			l.RevokedCertificateEntries = []x509.RevocationListEntry{{SerialNumber: big.NewInt(5), RevocationTime: start,
				ExtraExtensions: []pkix.Extension{{Id: []int{2, 5, 29, 29}, Critical: true, Value: []byte{0x30, 0}}}}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t, nil)
			b.ocsp = nil
			if test.by != nil {
				b.ca = test.by
			}
			b.crl = func() ([]byte, error) { return b.signCRL(test.change) }
			if c := b.cert(nil); test.fine {
				b.good(c)
			} else {
				b.bad(c, eidas.ErrUnchecked)
			}
		})
	}
	t.Run("rubbish", func(t *testing.T) {
		b := newBed(t, nil)
		b.ocsp = nil
		b.crl = func() ([]byte, error) { return []byte("404"), nil }
		b.bad(b.cert(nil), eidas.ErrUnchecked)
	})
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
	if _, err := b.revocationOnly(c); err != nil {
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

func (b *bed) revocationOnly(c *x509.Certificate) (eidas.Certificate, error) {
	return check(b.checker, eidas.QWAC, c)
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

package eidas

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"okienko/bank"
)

// Environment keeps test and production apart: an issuer belongs to one of them, and a checker accepts its own alone.
type Environment string

// The environments.
const (
	Test       Environment = "test"
	Production Environment = "production"
)

// Issuer is an authority whose certificates the bank accepts: what a trusted list calls a CA/QC service, so as a rule the
// issuing authority itself and not the root above it.
type Issuer struct {
	Certificate *x509.Certificate
	Environment Environment
	Types       []Type // what it is trusted to issue; nil: QWAC and QSealC
}

func (i *Issuer) issues(t Type) bool { return i.Types == nil || slices.Contains(i.Types, t) }

// Settings of a Checker.
type Settings struct {
	Environment Environment
	Issuers     []Issuer
	Clock       bank.Clock  // the bank clock: it rules the validity of TPP certificates (design §3, Time)
	Revocation  *Revocation // nil only in tests and tools: then nothing is ever revoked. Production refuses nil
	Remember    int         // accepted certificates kept in memory; 0: 4096
}

const (
	defaultRemember = 4096 // about 3 kB each; more than there are payment institutions in the EU
	maxPresented    = 8    // certificates that a peer may send along; real chains have three
)

// Checker judges the certificates of third parties. It remembers that a certificate is well-formed, of its type and
// properly issued, for none of that can change while the issuers stay the same; validity and revocation are looked at
// in every call.
type Checker struct {
	settings Settings
	trust    atomic.Pointer[trust]
}

// trust is one set of issuers with what was accepted under it, replaced together.
type trust struct {
	issuers  []Issuer
	roots    *x509.CertPool
	accepted *lru[acceptedKey, accepted]
}

type acceptedKey struct {
	sum [sha256.Size]byte
	use Type
}

type accepted struct {
	certificate Certificate
	chain       []*x509.Certificate // from the certificate to the trusted issuer
}

// NewChecker refuses settings under which a check would mean nothing.
func NewChecker(s Settings) (*Checker, error) {
	switch {
	case s.Environment != Test && s.Environment != Production:
		return nil, fmt.Errorf("eidas: unknown environment %q", s.Environment)
	case s.Clock == nil:
		return nil, errors.New("eidas: a checker needs a clock")
	case s.Environment == Production && s.Revocation == nil:
		return nil, errors.New("eidas: production needs revocation")
	}
	if s.Remember == 0 {
		s.Remember = defaultRemember
	}
	c := &Checker{settings: s}
	if err := c.SetIssuers(s.Issuers); err != nil {
		return nil, err
	}
	return c, nil
}

// SetIssuers replaces the trusted issuers, after a trusted list was read anew. What the former ones had issued is judged
// afresh at the next call.
func (c *Checker) SetIssuers(issuers []Issuer) error {
	t := &trust{issuers: slices.Clone(issuers), roots: x509.NewCertPool(), accepted: newLRU[acceptedKey, accepted](c.settings.Remember)}
	for _, i := range issuers {
		switch {
		case i.Certificate == nil || !i.Certificate.IsCA || !i.Certificate.BasicConstraintsValid:
			return errors.New("eidas: a trusted issuer is not an authority")
		case i.Environment != c.settings.Environment:
			return fmt.Errorf("eidas: the issuer %s is of environment %q, not %q", i.Certificate.Subject, i.Environment, c.settings.Environment)
		case c.settings.Environment == Production && MadeBySandbox(i.Certificate):
			return fmt.Errorf("eidas: the issuer %s: %w", i.Certificate.Subject, ErrSandbox)
		}
		t.roots.AddCert(i.Certificate)
	}
	c.trust.Store(t)
	return nil
}

// CheckQWAC judges the certificate with which a TPP opened the connection; chain is what it presented, its own first.
// A refusal has the code CertificateMissing or CertificateInvalid and wraps the rule that was broken.
func (c *Checker) CheckQWAC(ctx context.Context, chain []*x509.Certificate) (Certificate, error) {
	return c.check(ctx, chain, QWAC)
}

// CheckQSealC judges the certificate under which a TPP signs, in the same way.
func (c *Checker) CheckQSealC(ctx context.Context, chain []*x509.Certificate) (Certificate, error) {
	return c.check(ctx, chain, QSealC)
}

func (c *Checker) check(ctx context.Context, chain []*x509.Certificate, use Type) (Certificate, error) {
	if len(chain) == 0 || chain[0] == nil {
		return Certificate{}, refuse(ErrMissing)
	}
	now, t := c.settings.Clock.Now(), c.trust.Load()
	key := acceptedKey{sum: sha256.Sum256(chain[0].Raw), use: use}
	found, ok := t.accepted.get(key)
	if ok && validAt(found.chain, now) != nil {
		ok = false // perhaps another path to an issuer is still valid
	}
	if !ok {
		var err error
		if found, err = t.accept(chain, use, now, c.settings.Environment); err != nil {
			return Certificate{}, refuse(err)
		}
		t.accepted.add(key, found)
	}
	if c.settings.Revocation != nil {
		if err := c.settings.Revocation.check(ctx, found.chain, now); err != nil {
			return Certificate{}, refuse(err)
		}
	}
	return found.certificate, nil
}

// accept does what is worth remembering: the statements, the rules of the type, the path to a trusted issuer.
func (t *trust) accept(chain []*x509.Certificate, use Type, now time.Time, env Environment) (accepted, error) {
	leaf := chain[0]
	if env == Production && MadeBySandbox(leaf) {
		return accepted{}, fmt.Errorf("%w: issuer %s", ErrSandbox, leaf.Issuer)
	}
	certificate, err := Parse(leaf)
	if err != nil {
		return accepted{}, err
	}
	if err := obey(&certificate, use); err != nil {
		return accepted{}, err
	}
	if err := validAt(chain[:1], now); err != nil {
		return accepted{}, err
	}
	path, err := t.path(chain, use, now)
	if err != nil {
		return accepted{}, err
	}
	return accepted{certificate: certificate, chain: path}, nil
}

// path finds the shortest way to an issuer that is trusted for this use.
func (t *trust) path(chain []*x509.Certificate, use Type, now time.Time) ([]*x509.Certificate, error) {
	if len(chain) > maxPresented {
		return nil, fmt.Errorf("%w: %d certificates were sent along", ErrIssuer, len(chain))
	}
	options := x509.VerifyOptions{Roots: t.roots, Intermediates: x509.NewCertPool(), CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}
	if r := rules[use]; len(r.extended) > 0 {
		options.KeyUsages = r.extended
	}
	for _, between := range chain[1:] {
		options.Intermediates.AddCert(between)
	}
	paths, err := understood(chain[0]).Verify(options)
	if err != nil {
		return nil, fmt.Errorf("%w: issuer %s: %w", ErrIssuer, chain[0].Issuer, err)
	}
	var best []*x509.Certificate
	for _, p := range paths {
		anchor := p[len(p)-1]
		trusted := slices.ContainsFunc(t.issuers, func(i Issuer) bool { return i.Certificate.Equal(anchor) && i.issues(use) })
		if trusted && len(p) > 1 && (best == nil || len(p) < len(best)) {
			best = p
		}
	}
	if best == nil {
		return nil, fmt.Errorf("%w: %s is not trusted to issue a %s", ErrIssuer, chain[0].Issuer, use)
	}
	return best, nil
}

// understood tells crypto/x509 that the statements are understood: they may be critical (RFC 3739, 3.2.6), and an
// extension that nobody understands must refuse the certificate.
func understood(c *x509.Certificate) *x509.Certificate {
	if len(c.UnhandledCriticalExtensions) == 0 {
		return c
	}
	copied := *c
	copied.UnhandledCriticalExtensions = slices.DeleteFunc(slices.Clone(c.UnhandledCriticalExtensions), oidStatements.Equal)
	return &copied
}

func validAt(chain []*x509.Certificate, now time.Time) error {
	for _, c := range chain {
		switch {
		case now.Before(c.NotBefore):
			return fmt.Errorf("%w: %s from %s, now %s", ErrNotYetValid, c.Subject, stamp(c.NotBefore), stamp(now))
		case now.After(c.NotAfter):
			return fmt.Errorf("%w: %s until %s, now %s", ErrExpired, c.Subject, stamp(c.NotAfter), stamp(now))
		}
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

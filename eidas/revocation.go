package eidas

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"okienko/bank"
)

// Fetcher gets what an authority publishes: a revocation list when request is nil, else the answer of an OCSP responder.
// The sandbox answers in the process; production uses HTTPFetcher.
type Fetcher interface {
	Fetch(ctx context.Context, address string, request []byte) ([]byte, error)
}

// Mode says what happens while nothing fresh can be found out about a certificate.
type Mode string

// The modes. Neither ever accepts a certificate that was once seen revoked.
const (
	Hard Mode = "hard" // the certificate is refused once the last good answer and the grace after it have run out
	Soft Mode = "soft" // the certificate is accepted and Settings.Accepted is told
)

// Places say where one issuer publishes, when its certificates do not, or not rightly.
type Places struct {
	Issuer *x509.Certificate
	OCSP   []string
	CRL    []string
}

// RevocationSettings of a Revocation. Zero durations mean the defaults beside them.
type RevocationSettings struct {
	Fetcher Fetcher
	Wall    bank.Clock    // the wall clock: how long to leave a failing responder alone
	Mode    Mode          // "": Hard
	Grace   time.Duration // how long a good answer serves after its nextUpdate while nothing newer is to be had; 12 hours
	Timeout time.Duration // of one fetch; 3 seconds
	Retry   time.Duration // between two fetches from a place that failed; 30 seconds
	MaxAge  time.Duration // an answer without nextUpdate serves this long; 5 minutes
	Places  []Places
	// Accepted is told when a certificate is accepted without a fresh answer: stale within the grace, or soft.
	Accepted func(c *x509.Certificate, why error)
}

// Defaults and bounds.
const (
	defaultGrace   = 12 * time.Hour
	defaultTimeout = 3 * time.Second
	defaultRetry   = 30 * time.Second
	defaultMaxAge  = 5 * time.Minute
	maxPlaces      = 4               // addresses of one certificate that are tried
	answersKept    = 8192            // OCSP answers, some 200 bytes each
	listsKept      = 256             // revocation lists
	clockSkew      = 5 * time.Minute // an authority's clock may be ahead of ours
)

// Revocation knows which certificates were withdrawn by their issuers. OCSP is asked first, as it is fresher; a list
// serves where that fails or is not offered.
type Revocation struct {
	settings RevocationSettings
	answers  *lru[answerKey, answer]
	lists    *lru[string, crl] // by address
	failed   *lru[string, failure]
	asking   flights[answer]
	listing  flights[crl]
}

type answerKey struct {
	issuer [sha256.Size]byte // of the issuer's certificate
	serial string
}

// answer is what is known of one certificate.
type answer struct {
	revoked   bool
	detail    string
	from      time.Time // thisUpdate
	nextCheck time.Time // after it the answer is stale
}

type failure struct {
	until time.Time // wall clock
	cause error
}

// NewRevocation checks the settings and fetches nothing yet.
func NewRevocation(s RevocationSettings) (*Revocation, error) {
	if s.Fetcher == nil || s.Wall == nil {
		return nil, errors.New("eidas: revocation needs a fetcher and the wall clock")
	}
	if s.Mode == "" {
		s.Mode = Hard
	}
	if s.Mode != Hard && s.Mode != Soft {
		return nil, fmt.Errorf("eidas: unknown revocation mode %q", s.Mode)
	}
	for _, d := range []struct {
		setting *time.Duration
		normal  time.Duration
	}{{&s.Grace, defaultGrace}, {&s.Timeout, defaultTimeout}, {&s.Retry, defaultRetry}, {&s.MaxAge, defaultMaxAge}} {
		if *d.setting < 0 {
			return nil, errors.New("eidas: a duration of revocation is negative")
		}
		if *d.setting == 0 {
			*d.setting = d.normal
		}
	}
	return &Revocation{
		settings: s, answers: newLRU[answerKey, answer](answersKept), lists: newLRU[string, crl](listsKept), failed: newLRU[string, failure](listsKept),
	}, nil
}

// Forget drops every answer, so that the next call asks anew. The sandbox's trust service calls it when it revokes.
func (r *Revocation) Forget() {
	r.answers.clear()
	r.lists.clear()
	r.failed.clear()
}

// check looks at every certificate of a chain but the trusted issuer at its end: that one is taken off the list of
// issuers and not revoked.
func (r *Revocation) check(ctx context.Context, chain []*x509.Certificate, now time.Time) error {
	for i := range len(chain) - 1 {
		if err := r.one(ctx, chain[i], chain[i+1], now); err != nil {
			return err
		}
	}
	return nil
}

func (r *Revocation) one(ctx context.Context, c, issuer *x509.Certificate, now time.Time) error {
	key := answerKey{issuer: sha256.Sum256(issuer.Raw), serial: string(c.SerialNumber.Bytes())}
	known, have := r.answers.get(key)
	if have && known.fresh(now) {
		return known.judge()
	}
	found, err := r.asking.do(ctx, string(key.issuer[:])+key.serial, func(ctx context.Context) (answer, error) {
		return r.learn(ctx, key, c, issuer, now)
	})
	if err == nil {
		return found.judge()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	switch {
	case have && known.revoked:
		return known.judge()
	case have && !now.After(known.nextCheck.Add(r.settings.Grace)):
		r.tell(c, fmt.Errorf("the last answer is of %s: %w", stamp(known.from), err))
		return nil
	case r.settings.Mode == Soft:
		r.tell(c, err)
		return nil
	}
	return fmt.Errorf("%w: %w", ErrUnchecked, err)
}

// learn finds an answer and remembers it.
func (r *Revocation) learn(ctx context.Context, key answerKey, c, issuer *x509.Certificate, now time.Time) (answer, error) {
	known, have := r.answers.get(key)
	if have && known.fresh(now) {
		return known, nil // another call has just found it
	}
	found, err := r.find(ctx, c, issuer, now)
	if err != nil {
		return answer{}, err
	}
	if have && known.revoked && !found.from.After(known.from) {
		found = known // a replayed older answer must not bring a certificate back
	}
	r.answers.add(key, found)
	return found, nil
}

func (a *answer) fresh(now time.Time) bool {
	return !now.After(a.nextCheck) && !a.from.After(now.Add(clockSkew))
}

func (a *answer) judge() error {
	if a.revoked {
		return fmt.Errorf("%w: %s", ErrRevoked, a.detail)
	}
	return nil
}

func (r *Revocation) tell(c *x509.Certificate, why error) {
	if r.settings.Accepted != nil {
		r.settings.Accepted(c, why)
	}
}

// find asks the places that are known for a certificate until one gives an answer.
func (r *Revocation) find(ctx context.Context, c, issuer *x509.Certificate, now time.Time) (answer, error) {
	ocspAt, crlAt := c.OCSPServer, c.CRLDistributionPoints
	for _, p := range r.settings.Places {
		if p.Issuer.Equal(issuer) {
			ocspAt, crlAt = p.OCSP, p.CRL
		}
	}
	var causes []error
	for _, address := range ocspAt[:min(len(ocspAt), maxPlaces)] {
		a, err := r.askOCSP(ctx, address, c, issuer, now)
		if err == nil {
			return a, nil
		}
		causes = append(causes, fmt.Errorf("OCSP %s: %w", address, err))
	}
	for _, address := range crlAt[:min(len(crlAt), maxPlaces)] {
		a, err := r.askCRL(ctx, address, c, issuer, now)
		if err == nil {
			return a, nil
		}
		causes = append(causes, fmt.Errorf("CRL %s: %w", address, err))
	}
	if causes == nil {
		return answer{}, fmt.Errorf("%s names no place to ask", c.Subject)
	}
	return answer{}, errors.Join(causes...)
}

// fetch gets bytes from a place, and leaves a place alone that has just failed: otherwise every call of every TPP would
// wait for a dead responder.
func (r *Revocation) fetch(ctx context.Context, address string, request []byte) ([]byte, error) {
	wall := r.settings.Wall.Now()
	for _, mark := range []string{address, sameRequest(address, request)} {
		if f, ok := r.failed.get(mark); ok && wall.Before(f.until) {
			return nil, fmt.Errorf("failed lately: %w", f.cause)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, r.settings.Timeout)
	defer cancel()
	body, err := r.settings.Fetcher.Fetch(ctx, address, request)
	if err != nil {
		r.failed.add(address, failure{until: wall.Add(r.settings.Retry), cause: err})
	}
	return body, err
}

// useless notes that a place answered, but not in a way that serves: the same question waits, others do not.
func (r *Revocation) useless(address string, request []byte, cause error) {
	r.failed.add(sameRequest(address, request), failure{until: r.settings.Wall.Now().Add(r.settings.Retry), cause: cause})
}

func sameRequest(address string, request []byte) string { return address + "\n" + string(request) }

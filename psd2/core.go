package psd2

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"io"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
	"okienko/edge"
	"okienko/eidas"
	"okienko/eidas/seal"
)

// Certificates judges certificates; eidas.Checker is one.
type Certificates interface {
	CheckQWAC(ctx context.Context, chain []*x509.Certificate) (eidas.Certificate, error)
	CheckQSealC(ctx context.Context, chain []*x509.Certificate) (eidas.Certificate, error)
}

// Fetcher fetches the certificate at an x5u; eidas.HTTPFetcher is one. It alone
// decides which addresses are allowed: they come from strangers.
type Fetcher interface {
	Fetch(ctx context.Context, address string, request []byte) ([]byte, error)
}

// Authorisation is what the doors need of authserver.Server.
type Authorisation interface {
	AskConsent(ctx context.Context, a authserver.ConsentAsk) (authserver.ConsentRequest, error)
	AskConsentExternally(ctx context.Context, a authserver.ConsentAsk, e authserver.ExternalAsk) error
	ConsentTokens(ctx context.Context, p authserver.ConsentTokenParams) (authserver.ConsentTokenAnswer, error)
	CheckConsent(ctx context.Context, token string) (authserver.ConsentAccess, error)
	WithdrawByThirdParty(ctx context.Context, client thirdparty.ClientID, tppID string) error
}

// Desk takes orders; desk.Desk is one.
type Desk interface {
	Do(ctx context.Context, o payment.Order) (payment.Outcome, error)
}

// Config sets up the core. Everything is needed unless said otherwise.
type Config struct {
	Certificates Certificates
	Fetcher      Fetcher // of x5u; nil: nothing is ever fetched
	ThirdParties thirdparty.Register
	Replays      thirdparty.Replays
	Auth         Authorisation
	Book         xs2a.Book
	Accounts     account.Register
	Parties      party.Register
	Reader       payment.Reader
	Transfers    transfer.Reader
	Desk         Desk
	Clock        bank.Clock // the bank clock: consents, history, certificates
	Wall         bank.Clock // the wall clock: replay, rates, how long an answer took
	Random       io.Reader  // of client ids; crypto/rand.Reader when nil
	// CursorKey seals the places of lists; 32 bytes, the same on every node.
	CursorKey []byte
	// Poke, if set, is called after an order was taken, so that what leaves the
	// bank leaves at once; it must not block.
	Poke func()

	Rules Rules
}

// Rules are what a bank may set. Zero fields have the defaults.
type Rules struct {
	Algorithms   []seal.Algorithm // of signatures; RS256 alone
	ReplayWindow time.Duration    // how far the instant in a request id may lie from now; 5 minutes (psd2 §4.3)
	Background   int              // calls without the customer in 24 h; 4 (RTS art. 36(5)(b))
	FundsCalls   int              // confirmations of funds of one account for one issuer in 24 h; 500
	// Admission keeps new clients waiting until the bank has admitted them. RTS
	// art. 32(3) calls that an obstacle where it is a condition of access.
	Admission bool
	// NewClients is in what the bank is lenient to a client from its registration
	// on; strict when zero. Staff change it for one client.
	NewClients thirdparty.Lenience
	// LoopbackRedirects lets third parties register http addresses of their own
	// machine: sandboxes only.
	LoopbackRedirects bool
	Calls             edge.Rate // of one client; 500 at once, 200 a second
}

func (r Rules) withDefaults() Rules {
	if len(r.Algorithms) == 0 {
		r.Algorithms = []seal.Algorithm{seal.RS256}
	}
	if r.ReplayWindow <= 0 {
		r.ReplayWindow = 5 * time.Minute
	}
	if r.Background <= 0 {
		r.Background = 4
	}
	if r.FundsCalls <= 0 {
		r.FundsCalls = 500
	}
	if r.Calls == (edge.Rate{}) {
		r.Calls = edge.Rate{Burst: 500, Every: 5 * time.Millisecond}
	}
	return r
}

// Core is the interface for third parties without a wire form. Its methods may
// be called concurrently.
type Core struct {
	Config
	seals *seals
	calls *edge.RateLimiter[thirdparty.ClientID]
}

// rememberedClients bounds the memory of the rate limiter: more than there are
// third parties in the EU.
const rememberedClients = 10_000

// New sets up the core. It panics when a part is missing: a bank that starts
// with half an interface is a mistake of its wiring.
func New(c Config) *Core {
	if c.Certificates == nil || c.ThirdParties == nil || c.Replays == nil || c.Auth == nil || c.Book == nil || c.Accounts == nil ||
		c.Parties == nil || c.Reader == nil || c.Transfers == nil || c.Desk == nil || c.Clock == nil || c.Wall == nil {
		panic("psd2: the configuration lacks a part")
	}
	if len(c.CursorKey) < cursorKeyBytes {
		panic("psd2: the key of cursors is too short")
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	c.Rules = c.Rules.withDefaults()
	return &Core{
		Config: c,
		seals:  newSeals(),
		calls:  edge.NewRateLimiter[thirdparty.ClientID](c.Wall, c.Rules.Calls, rememberedClients),
	}
}

// Now is the instant of the bank clock by which one call decides, in the
// microseconds that stores keep.
func (c *Core) Now() time.Time { return c.Clock.Now().UTC().Truncate(time.Microsecond) }

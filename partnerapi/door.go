package partnerapi

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
	"okienko/edge"
)

// BasePath is where the published API begins (partner-api, Calls).
const BasePath = "/rest/v1/open/api"

// Authorisation is what the door needs of authserver.Server.
type Authorisation interface {
	Begin(ctx context.Context, p authserver.BeginParams) (authserver.Request, error)
	Grant(ctx context.Context, p authserver.GrantParams) (authserver.GrantAnswer, error)
	Check(ctx context.Context, token string) (authserver.Access, error)
	End(ctx context.Context, by audit.Actor, id consent.ID, customer party.CustomerID) error

	Methods(ctx context.Context, person party.PersonID) ([]sca.Method, error)
	OperationSubject(a payment.Authorisation, lang party.Language) sca.Subject
	Challenge(ctx context.Context, person party.PersonID, m sca.Method, s sca.Subject) (sca.Challenge, error)
}

// Desk takes orders; desk.Desk is one.
type Desk interface {
	Do(ctx context.Context, o payment.Order) (payment.Outcome, error)
}

// Challenges knows which confirmations wait on a person's device; sca.Book does.
type Challenges interface {
	WaitingChallenges(ctx context.Context, p party.PersonID) ([]sca.Challenge, error)
}

// Persons finds a person; party.Register does.
type Persons interface {
	Person(ctx context.Context, id party.PersonID) (party.Person, error)
}

// Config sets up the door. Everything is needed unless said otherwise.
type Config struct {
	Auth       Authorisation
	Desk       Desk
	Reader     payment.Reader
	Persons    Persons
	Challenges Challenges
	Clock      bank.Clock // the bank clock: what has expired, what a date means
	Wall       bank.Clock // the wall clock: rates
	BasePath   string     // BasePath when empty
	PeopleURL  string     // of the customer's pages, without a slash at the end
	Spec       []byte     // the OpenAPI description served to developers (package api)
	// Access, if set, is told of every answered call; it must not block.
	Access func(ctx context.Context, c Call)
	// Sandbox adds to every refusal the header X-Okienko-Reason, which says what
	// rule refused. A real bank never tells that much.
	Sandbox bool
	Rates   Rates
	HSTS    time.Duration // age of Strict-Transport-Security; 0 sends none
}

// Call is one line of the access log.
type Call struct {
	At          time.Time        // bank clock
	From        netip.Addr       // not valid on a unix socket
	Application consent.ClientID // "" while the caller is not known
	Agreement   consent.ID
	Act         string    // method and route without the base path: "POST /payment"
	Subject     string    // what the path named: "hold:<id>", "account:<account_id>" …, or ""
	Outcome     bank.Code // "" when it was served
	Status      int
}

// Rates bound how often one caller may come. A zero Rate is its default.
type Rates struct {
	Pairing     edge.Rate // calls with the tokens of one pairing
	Application edge.Rate // calls with the tokens of one application
	Tokens      edge.Rate // POST /grant from one address
	Requests    edge.Rate // GET /request from one address
}

// The default rates: above what one bank account or one application of a shop
// ever needs, below what would keep others out.
func (r Rates) orDefault() Rates {
	for _, d := range []struct {
		rate *edge.Rate
		is   edge.Rate
	}{
		{&r.Pairing, edge.Rate{Burst: 1000, Every: 2 * time.Millisecond}},
		{&r.Application, edge.Rate{Burst: 5000, Every: 200 * time.Microsecond}},
		// Every pairing in use comes for tokens each 20 minutes, all of an
		// application's from one server: 500 a second are 600 000 of them. What
		// guesses gains nothing, the secrets have 256 bits.
		{&r.Tokens, edge.Rate{Burst: 1000, Every: 2 * time.Millisecond}},
		{&r.Requests, edge.Rate{Burst: 60, Every: time.Second}},
	} {
		if *d.rate == (edge.Rate{}) {
			*d.rate = d.is
		}
	}
	return r
}

// rememberedCallers bounds the memory of each rate limiter: some megabytes.
const rememberedCallers = 50_000

// Door is the partner API as an edge.Door.
type Door struct {
	cfg     Config
	headers edge.Middleware

	pairings     *edge.RateLimiter[consent.ID]
	applications *edge.RateLimiter[consent.ClientID]
	tokens       *edge.RateLimiter[netip.Prefix]
	requests     *edge.RateLimiter[netip.Prefix]
}

// New sets up the door. It panics when a part is missing: a bank that starts
// with half a door is a mistake of its wiring.
func New(cfg Config) *Door {
	if cfg.Auth == nil || cfg.Desk == nil || cfg.Reader == nil || cfg.Persons == nil || cfg.Challenges == nil ||
		cfg.Clock == nil || cfg.Wall == nil || cfg.PeopleURL == "" {
		panic("partnerapi: the configuration lacks a part")
	}
	if cfg.BasePath == "" {
		cfg.BasePath = BasePath
	}
	cfg.PeopleURL = strings.TrimRight(cfg.PeopleURL, "/")
	cfg.Rates = cfg.Rates.orDefault()
	return &Door{
		cfg:          cfg,
		headers:      edge.APIHeaders(cfg.HSTS),
		pairings:     edge.NewRateLimiter[consent.ID](cfg.Wall, cfg.Rates.Pairing, rememberedCallers),
		applications: edge.NewRateLimiter[consent.ClientID](cfg.Wall, cfg.Rates.Application, rememberedCallers),
		tokens:       edge.NewRateLimiter[netip.Prefix](cfg.Wall, cfg.Rates.Tokens, rememberedCallers),
		requests:     edge.NewRateLimiter[netip.Prefix](cfg.Wall, cfg.Rates.Requests, rememberedCallers),
	}
}

// Name names the door in logs and metrics.
func (d *Door) Name() string { return "partner" }

// Routes registers the calls of partner-api §4 to §8.
func (d *Door) Routes(mux *http.ServeMux) {
	open := func(act string, h func(*visit) (answer, error)) {
		method, path, _ := strings.Cut(act, " ")
		mux.Handle(method+" "+d.cfg.BasePath+path, d.headers(d.serve(act, h)))
	}
	called := func(act string, h func(*call) (answer, error)) { open(act, d.withToken(h)) }

	open("GET /request", d.request)
	open("POST /grant", d.grant)
	open("GET /openapi.yaml", d.spec)

	called("POST /account/{accountId}/blockade", d.placeHold)
	called("GET /account/{accountId}/blockade", d.listHolds)
	called("GET /account/{accountId}/blockade/{blockadeId}", d.showHold)
	called("PUT /account/{accountId}/blockade/{blockadeId}", d.changeHold)
	called("DELETE /account/{accountId}/blockade/{blockadeId}", d.releaseHold)
	called("POST /account/{accountId}/blockade/authorize", d.prepareHold)
	called("POST /account/{accountId}/blockade/{blockadeId}/authorize", d.prepareHoldChange)

	called("POST /payment", d.pay)
	called("GET /payment", d.listPayments)
	called("GET /payment/{paymentId}", d.showPayment)
	called("PUT /payment/{paymentId}", d.changePayment)
	called("DELETE /payment/{paymentId}", d.cancelPayment)
	called("POST /payment/authorize", d.preparePayment)
	called("POST /payment/{paymentId}/authorize", d.preparePaymentChange)

	called("GET /authorization/{authorizationId}", d.showAuthorisation)
	called("POST /permission/authorize", d.preparePermissions)
	called("GET /account/{accountId}/transaction", d.listTransactions)
	called("GET /account/{accountId}/transaction/{transactionId}", d.showTransaction)
	called("GET /user", d.showUser)
	called("DELETE /pairing", d.endPairing)
}

// WriteError answers what edge found out before the door was reached.
func (d *Door) WriteError(w http.ResponseWriter, r *http.Request, status int) {
	d.headers(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if d.cfg.Sandbox {
			w.Header().Set(reasonHeader, http.StatusText(status))
		}
		writeForm(w, formOf(status))
	})).ServeHTTP(w, r)
}

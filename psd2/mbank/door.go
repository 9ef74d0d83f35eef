package mbank

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"okienko/bank/service"
	"okienko/bank/thirdparty"
	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/wire"
)

// Config sets up the door. Core, BankIDs and PeopleURL are needed.
type Config struct {
	Core *psd2.Core
	// BankIDs are the first parts of paths under which this bank answers
	// (psd2 §0.1): "pl-retail", "pl-corpo".
	BankIDs   []string
	PeopleURL string // of the customer's pages, without a slash at the end
	Bank      psd2.Bank
	Spec      []byte // the OpenAPI description served to developers (package api); nil serves none
	// Access, if set, is told of every answered call, and Statistics too; neither
	// may block.
	Access     func(ctx context.Context, c psd2.Call)
	Statistics func(c psd2.Call)
	// Sign, if set, signs answers with a body: it gives the detached JWS over the
	// bytes (psd2 §4.2).
	Sign func(body []byte) (string, error)
	// Sandbox adds to every refusal the header X-Okienko-Reason, which says what
	// rule refused. A real bank never tells that much.
	Sandbox bool
	HSTS    time.Duration // age of Strict-Transport-Security; 0 sends none
}

// Door is mBank's form as an edge.Door.
type Door struct {
	cfg     Config
	core    *psd2.Core
	frame   wire.Frame
	headers edge.Middleware
}

// New sets up the door. It panics when a part is missing: a bank that starts
// with half a door is a mistake of its wiring.
func New(cfg Config) *Door {
	if cfg.Core == nil || len(cfg.BankIDs) == 0 || cfg.PeopleURL == "" || slices.Contains(cfg.BankIDs, "") {
		panic("mbank: the configuration lacks a part")
	}
	cfg.PeopleURL = strings.TrimRight(cfg.PeopleURL, "/")
	return &Door{
		cfg: cfg, core: cfg.Core, headers: edge.APIHeaders(cfg.HSTS),
		frame: wire.Frame{Core: cfg.Core, Errors: errorTable, Access: cfg.Access, Statistics: cfg.Statistics, Sandbox: cfg.Sandbox},
	}
}

// Name names the door in logs and metrics.
func (d *Door) Name() string { return "psd2-mbank" }

// route is one call of the interface. What it declares is checked before it is
// served, in the order of psd2 §0.1; serve asks scope, consent and account, then
// reads the body, and only then does its work.
type route struct {
	act     string // "GET /accounts/{accountId}", without the bank's part of the path
	service service.Kind
	role    thirdparty.Role // that the caller needs; "" when the body decides
	// own are headers that this call needs besides those of every call; Client-ID
	// among them makes it be compared with the certificate.
	own   []string
	token bool // needs an access token
	// stranger lets a caller in whom the bank does not know yet: serve itself
	// proves who it is.
	stranger bool
	body     bool // takes a JSON body
	maxBody  int64
	serve    func(*call) (wire.Answer, error)
}

// The sizes of bodies: consents and single payments, and what holds a bundle.
const (
	usualBody  = 64 << 10
	bundleBody = 1 << 20
)

func (d *Door) routes() []route {
	return slices.Concat(d.authRoutes(), d.readingRoutes(), d.fundsRoutes(), d.paymentRoutes())
}

// Routes registers the calls of psd2 §3.2 for every bank id.
func (d *Door) Routes(mux *http.ServeMux) {
	for _, r := range d.routes() {
		method, path, _ := strings.Cut(r.act, " ")
		h := d.headers(d.serve(&r))
		for _, bankID := range d.cfg.BankIDs {
			mux.Handle(method+" /"+bankID+"/v3"+path, h)
		}
	}
	mux.Handle("POST /v3/register/{$}", d.headers(d.serve(d.registerRoute())))
	if len(d.cfg.Spec) > 0 {
		mux.Handle("GET /v3/openapi.yaml", d.headers(http.HandlerFunc(d.spec)))
	}
}

// spec serves the description of this very interface to whoever can reach it.
func (d *Door) spec(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(d.cfg.Spec) // an error means that the caller has gone
}

// WriteError answers what edge found out before the door was reached.
func (d *Door) WriteError(w http.ResponseWriter, r *http.Request, status int) {
	d.headers(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.frame.Tell(w, http.StatusText(status))
		writeError(w, errorOf(status), "", isToken(r))
	})).ServeHTTP(w, r)
}

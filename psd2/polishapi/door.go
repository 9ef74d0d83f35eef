package polishapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"okienko/bank/service"
	"okienko/bank/thirdparty"
	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/wire"
)

// Config sets up the door. Core, Places, PeopleURL and Sign are needed.
type Config struct {
	Core      *psd2.Core
	Places    []Place
	PeopleURL string // of the customer's pages, without a slash at the end
	Bank      psd2.Bank
	// Sign signs every answer of status 200: it gives the detached JWS over the
	// bytes of the body (psd2 §4.1). Seal is the certificate of its key, which
	// registration hands out.
	Sign  func(body []byte) (string, error)
	Seal  psd2.Seal
	Specs map[Version][]byte // the OpenAPI descriptions served to developers (package api)
	// Access, if set, is told of every answered call, and Statistics too; neither
	// may block.
	Access     func(ctx context.Context, c psd2.Call)
	Statistics func(c psd2.Call)
	// Sandbox adds to every refusal the header X-Okienko-Reason, which says what
	// rule refused. A real bank never tells that much.
	Sandbox bool
	HSTS    time.Duration // age of Strict-Transport-Security; 0 sends none
}

// Door is the PolishAPI form as an edge.Door.
type Door struct {
	cfg     Config
	core    *psd2.Core
	frame   wire.Frame
	headers edge.Middleware
	paths   map[string]struct{} // of every operation
}

// New sets up the door. It panics when a part is missing: a bank that starts
// with half a door is a mistake of its wiring.
func New(cfg Config) *Door {
	if cfg.Core == nil || len(cfg.Places) == 0 || cfg.PeopleURL == "" || cfg.Sign == nil || len(cfg.Seal.Chain) == 0 {
		panic("polishapi: the configuration lacks a part")
	}
	cfg.PeopleURL = strings.TrimRight(cfg.PeopleURL, "/")
	return &Door{
		cfg: cfg, core: cfg.Core, headers: edge.APIHeaders(cfg.HSTS), paths: map[string]struct{}{},
		frame: wire.Frame{Core: cfg.Core, Errors: errorTable, Access: cfg.Access, Statistics: cfg.Statistics, Sandbox: cfg.Sandbox},
	}
}

// Name names the door in logs and metrics.
func (d *Door) Name() string { return "psd2-polishapi" }

// operation is one operation of the standard. What it declares is checked before
// it is served, in the order of psd2 §0.1; serve asks scope and consent, then reads
// the rest of the body, and only then does its work.
type operation struct {
	group, name string
	since       Version // "": all have it
	service     service.Kind
	role        thirdparty.Role // that the caller needs; "" when the body decides
	token       bool            // needs an access token
	header      headerKind
	// stranger lets a caller in whom the bank does not know yet: serve itself
	// proves who it is, and nothing is signed.
	stranger bool
	bare     bool // has no responseHeader in 2.1.1
	maxBody  int64
	refuses  []int // statuses of errors that it declares besides those of every operation
	serve    func(*call) (wire.Answer, error)
}

// The sizes of bodies: consents and single payments, and what holds a bundle.
const (
	usualBody  = 64 << 10
	bundleBody = 1 << 20
)

// operations are those of every version (psd2 §2).
func (d *Door) operations() []operation {
	var all []operation
	for _, some := range [][]operation{d.authOperations(), d.readingOperations(), d.paymentOperations(), d.fundsOperations()} {
		all = append(all, some...)
	}
	return all
}

// Routes registers every operation of every version at its place, and answers for
// everything else below those paths: there the form of an error is this door's.
func (d *Door) Routes(mux *http.ServeMux) {
	for i := range d.cfg.Places {
		p := &d.cfg.Places[i]
		for _, o := range d.operations() {
			if p.Version.since(o.since) || o.since == "" {
				path := p.at(o.group, o.name)
				d.paths[path] = struct{}{}
				mux.Handle("POST "+path, d.headers(d.serve(p.Version, &o)))
			}
		}
		if spec := d.cfg.Specs[p.Version]; len(spec) > 0 {
			mux.Handle("GET /"+p.Path+"/openapi.yaml", d.headers(specOf(spec)))
		}
		mux.Handle("/"+p.Path+"/", http.HandlerFunc(d.elsewhere))
		mux.Handle("/"+p.Path, http.HandlerFunc(d.elsewhere)) // the mux would answer a redirect of its own
	}
}

// specOf serves the description of this very interface to whoever can reach it.
func specOf(spec []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/yaml")
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write(spec) // an error means that the caller has gone
	})
}

// elsewhere answers what is no operation: 405 where only the method is wrong
// (psd2 §10 cases 9 and 11).
func (d *Door) elsewhere(w http.ResponseWriter, r *http.Request) {
	status := http.StatusNotFound
	if _, known := d.paths[r.URL.Path]; known {
		w.Header().Set("Allow", http.MethodPost)
		status = http.StatusMethodNotAllowed
	}
	d.WriteError(w, r, status)
}

// WriteError answers what edge found out before the door was reached.
func (d *Door) WriteError(w http.ResponseWriter, r *http.Request, status int) {
	d.headers(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.frame.Tell(w, http.StatusText(status))
		b := d.appendHeader([]byte{'{'}, r.Header.Get(requestIDHeader))
		e := errorOf(status)
		wire.Write(w, wire.Answer{Status: e.Status, Body: append(e.Append(b, "", false), '}')})
	})).ServeHTTP(w, r)
}

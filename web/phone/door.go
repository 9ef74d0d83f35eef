// Package phone is the sandbox's door: pages of the made-up phones and of the
// bank clock, and the same two as JSON.
//
// It keeps no message and moves no clock; it draws what it is handed, and lets
// through to the JSON handlers what does not ask for a page. It must not be
// mounted in a real bank: it shows everybody's one-time codes to everybody.
package phone

import (
	"context"
	"errors"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/consent"
	"okienko/bank/notice"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
	"okienko/edge"
	"okienko/web/ui"
)

// Phones are the made-up phones.
type Phones interface {
	// Owners lists whose phones there are.
	Owners() []party.Person
	// Messages are an owner's, newest first; NotFound for an unknown login.
	Messages(login string) ([]notice.Message, error)
	// Approvals are what waits and what was answered, newest first.
	Approvals(ctx context.Context, login string) (waiting, answered []sca.Challenge, err error)
	// Answer approves or rejects. A passed challenge together with an error means
	// that what was approved could not be done.
	Answer(ctx context.Context, login string, id sca.ID, approve bool) (sca.Challenge, error)
	// HasCodes tells whether an owner's application draws one-time codes for third
	// parties, NewCode draws one, and Code is the last one while it lives, "" otherwise.
	HasCodes(login string) bool
	NewCode(ctx context.Context, login string) (code string, until time.Time, err error)
	Code(login string, now time.Time) (code string, until time.Time)
	// Routes registers the JSON API.
	Routes(mux *http.ServeMux)
}

// Clock is the bank clock of a sandbox; as a handler, its JSON API.
type Clock interface {
	http.Handler
	Now() time.Time
	Speed() int // 0: frozen
	Freeze() error
	Run(speed int) error
	Jump(d time.Duration) error
	Set(t time.Time) error
}

// Operations, Applications, Agreements and Requests find what a challenge is
// about, for the words around it.
type (
	Operations interface {
		Authorisation(ctx context.Context, id payment.AuthorisationID) (payment.Authorisation, error)
	}
	Applications interface {
		Application(ctx context.Context, id partner.ClientID) (partner.Application, error)
	}
	Agreements interface {
		Agreement(ctx context.Context, id consent.ID) (consent.Agreement, error)
	}
	Requests interface {
		Request(ctx context.Context, id authserver.RequestID) (authserver.Request, error)
	}
)

// Config sets up the door. Everything is needed.
type Config struct {
	Pages        *ui.Pages
	Phones       Phones
	Clock        Clock
	Operations   Operations
	Applications Applications
	Agreements   Agreements
	Requests     Requests
}

// Door is the sandbox's door. It implements edge.Door and edge.ErrorWriter.
type Door struct {
	Config
	guard   *http.CrossOriginProtection
	headers edge.Middleware
}

var errIncomplete = errors.New("phone: a part of the configuration is missing")

// New makes the door.
func New(c Config) (*Door, error) {
	if c.Pages == nil || c.Phones == nil || c.Clock == nil || c.Operations == nil || c.Applications == nil || c.Agreements == nil || c.Requests == nil {
		return nil, errIncomplete
	}
	d := &Door{Config: c, guard: http.NewCrossOriginProtection(), headers: edge.PageHeaders(0)}
	d.guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.errorPage(w, r, http.StatusForbidden, ui.ForeignForm)
	}))
	return d, nil
}

// Name is the door's name in logs and metrics.
func (d *Door) Name() string { return "phone" }

// Routes registers the pages and the JSON API.
func (d *Door) Routes(mux *http.ServeMux) {
	d.Phones.Routes(mux)
	handle := func(pattern string, h page) { mux.Handle(pattern, d.wrap(h)) }
	mux.Handle("GET "+ui.AssetPrefix, d.headers(d.Pages.Assets()))
	mux.Handle("POST /language", edge.Chain(ui.SwitchLanguage(true), d.headers, d.guard.Handler))
	mux.Handle("GET /{$}", http.RedirectHandler(phonesPath, http.StatusSeeOther))
	handle("GET "+phonesPath, d.pick)
	handle("GET "+phonesPath+"/{login}", d.phone)
	handle("POST "+phonesPath+"/{login}/approvals/{id}", d.answer)
	handle("POST "+phonesPath+"/{login}/code", d.newCode)

	// The clock has one address for people and programs: a browser asks for
	// HTML and posts forms, a program does neither.
	mux.Handle("GET "+clockPath, byAccept(d.wrap(d.clock), d.Clock))
	mux.Handle("POST "+clockPath, byBody(d.wrap(d.moveClock), d.Clock))
}

const (
	phonesPath = "/phone"
	clockPath  = "/clock"
)

func phonePath(login string) string { return phonesPath + "/" + url.PathEscape(login) }

func byAccept(page, api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Accept")
		if strings.Contains(r.Header.Get("Accept"), "text/html") {
			page.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	})
}

func byBody(page, api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err == nil && media == "application/x-www-form-urlencoded" {
			page.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	})
}

// page answers one request or fails; a failure becomes a page.
type page func(w http.ResponseWriter, r *http.Request) error

func (d *Door) wrap(h page) http.Handler {
	return edge.Chain(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			d.fail(w, r, err)
		}
	}), d.headers, d.guard.Handler)
}

func (d *Door) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) {
		return // the reader has gone
	}
	code := bank.CodeOf(err)
	edge.Note(r.Context(), slog.String("code", string(code)))
	switch {
	case errors.Is(err, errBadForm):
		d.errorPage(w, r, http.StatusBadRequest, ui.BadPairingRequest)
	case code == bank.NotFound:
		d.errorPage(w, r, http.StatusNotFound, ui.NotFound)
	case code == bank.Internal:
		edge.Note(r.Context(), slog.String("cause", err.Error()))
		d.errorPage(w, r, http.StatusInternalServerError, ui.Internal)
	default:
		back := phonesPath
		if login := r.PathValue("login"); login != "" {
			back = phonePath(login)
		}
		d.show(w, r, http.StatusConflict, ui.Result{Common: d.common(back), Outcome: ui.Failed, Reason: code,
			Reference: edge.RequestID(r.Context()), At: d.Clock.Now(), ContinueURL: back})
	}
}

func (d *Door) errorPage(w http.ResponseWriter, r *http.Request, status int, kind ui.ErrorKind) {
	d.show(w, r, status, ui.ErrorPage{Common: d.common(phonesPath), Kind: kind, Reference: edge.RequestID(r.Context()), HomeURL: phonesPath})
}

// WriteError answers where the edge answers in the door's place.
func (d *Door) WriteError(w http.ResponseWriter, r *http.Request, status int) {
	d.headers(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.errorPage(w, r, status, ui.ErrorOf(status))
	})).ServeHTTP(w, r)
}

// common is the frame of a page; here is the address to which the language
// switch returns.
func (d *Door) common(here string) ui.Common {
	return ui.Common{Here: here, LanguageAction: "/language", Sandbox: true}
}

func (d *Door) show(w http.ResponseWriter, r *http.Request, status int, p ui.Page) {
	if err := d.Pages.Render(w, status, ui.LangOf(r), p); err != nil {
		edge.Note(r.Context(), slog.String("cause", err.Error()))
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}

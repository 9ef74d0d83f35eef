package customer

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"time"

	"github.com/alexedwards/scs/v2"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/limit"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
	"okienko/edge"
	"okienko/web/ui"
)

// Auth is what the pages ask of the authorisation server.
type Auth interface {
	LogIn(ctx context.Context, login, password string) (party.Person, error)
	Contexts(ctx context.Context, p party.PersonID) ([]party.ActsFor, error)

	Pending(ctx context.Context, id authserver.RequestID) (authserver.Pending, error)
	MayPair(ctx context.Context, p authserver.Pending, who party.PersonID, c *party.Customer) error
	Choose(ctx context.Context, id authserver.RequestID, c authserver.Choice) (authserver.Request, error)
	PairingSubject(ctx context.Context, r authserver.Request) (sca.Subject, error)
	Pair(ctx context.Context, id authserver.RequestID, who party.PersonID, challenge sca.ID) (redirect string, err error)
	RefusePairing(ctx context.Context, id authserver.RequestID) (redirect string, err error)

	Methods(ctx context.Context, p party.PersonID) ([]sca.Method, error)
	Challenge(ctx context.Context, p party.PersonID, m sca.Method, s sca.Subject) (sca.Challenge, error)
	Answer(ctx context.Context, p party.PersonID, id sca.ID, code string) (sca.Challenge, error)
	Look(ctx context.Context, p party.PersonID, id sca.ID) (sca.Challenge, error)

	OperationSubject(a payment.Authorisation, lang party.Language) sca.Subject
	LimitsSubject(a consent.Agreement, to limit.Limits, lang party.Language) sca.Subject
	SetLimits(ctx context.Context, who party.PersonID, id consent.ID, to limit.Limits, challenge sca.ID) (consent.Agreement, error)
	CustomerLimitsSubject(c party.CustomerID, to limit.OfCustomer, lang party.Language) sca.Subject
	SetCustomerLimits(ctx context.Context, who party.PersonID, c party.CustomerID, to limit.OfCustomer, challenge sca.ID) error

	MaySwitchAccess(ctx context.Context, who party.PersonID, id account.ID) error
	AccessSubject(ctx context.Context, who party.PersonID, id account.ID, on bool, lang party.Language) (sca.Subject, error)
	SwitchAccess(ctx context.Context, who party.PersonID, id account.ID, on bool, challenge sca.ID) (account.Account, error)

	ThirdPartyAuth

	Move(ctx context.Context, who party.PersonID, id consent.ID, to account.ID) (consent.Agreement, error)
	End(ctx context.Context, by audit.Actor, id consent.ID, c party.CustomerID) error
}

// ThirdPartyAuth is what the pages of licensed third parties ask of the
// authorisation server.
type ThirdPartyAuth interface {
	PendingConsent(ctx context.Context, id authserver.RequestID) (authserver.PendingConsent, error)
	ConsentContexts(ctx context.Context, p authserver.PendingConsent, who party.PersonID) ([]party.ActsFor, error)
	ConsentAccounts(ctx context.Context, p authserver.PendingConsent, who party.PersonID, c party.CustomerID) ([]account.Account, error)
	ChooseForConsent(ctx context.Context, id authserver.RequestID, c authserver.ConsentChoice) (authserver.PendingConsent, error)
	ConsentSubject(ctx context.Context, id authserver.RequestID, lang party.Language) (sca.Subject, error)
	GiveConsent(ctx context.Context, id authserver.RequestID, who party.PersonID, challenge sca.ID) (redirect string, err error)
	RefuseConsent(ctx context.Context, id authserver.RequestID, who party.PersonID) (redirect string, err error)

	WithdrawConsent(ctx context.Context, who party.PersonID, id xs2a.ID) error
	RenewalSubject(ctx context.Context, who party.PersonID, id xs2a.ID, lang party.Language) (sca.Subject, error)
	RenewConsent(ctx context.Context, who party.PersonID, id xs2a.ID, challenge sca.ID) (xs2a.Consent, error)

	FundsIssuers(ctx context.Context) ([]thirdparty.Entry, error)
	FundsSubject(ctx context.Context, f authserver.FundsAsk, lang party.Language) (sca.Subject, error)
	GiveFunds(ctx context.Context, f authserver.FundsAsk, challenge sca.ID) (xs2a.Consent, error)
}

// Desk is where orders are handed in.
type Desk interface {
	Do(ctx context.Context, o payment.Order) (payment.Outcome, error)
}

// Devices names the devices on which a person approves.
type Devices interface {
	Devices(ctx context.Context, p party.PersonID) ([]sca.Device, error)
}

// Config sets up the door.
type Config struct {
	Pages      *ui.Pages
	Auth       Auth
	Desk       Desk
	Reader     payment.Reader
	Accounts   account.Register
	Parties    party.Register
	Partners   partner.Register
	Agreements consent.Book
	Devices    Devices
	Sessions   scs.Store

	// What the pages of licensed third parties need (PSD2). A bank without that
	// interface leaves all three nil, and then has no such pages.
	ConsentBook  xs2a.Book
	Transfers    transfer.Reader
	ThirdParties thirdparty.Register
	Hotline      string // telephone number by which accounts are opened to third parties, "" when there is none

	Clock   bank.Clock // bank clock
	Wall    bank.Clock // wall clock: it measures rates
	Sandbox bool       // said on every page
	HSTS    time.Duration
	Rates   Rates
}

// Rates bound what one address or one person may try. The zero Rate of each
// means its default.
type Rates struct {
	Login   edge.Rate // log-ins of one network
	Factor  edge.Rate // posts to the pages of the second factor of one network
	Message edge.Rate // challenges of one person: each may be an SMS that somebody pays for
}

// The default rates let a family behind one address log in and mistype, and let
// nobody try a list of passwords: about 45 000 tries a day are left of any number,
// against logins that lock after five.
var (
	defaultLogin   = edge.Rate{Burst: 30, Every: 2 * time.Second}
	defaultFactor  = edge.Rate{Burst: 60, Every: time.Second}
	defaultMessage = edge.Rate{Burst: 10, Every: 30 * time.Second}
)

const rateKeys = 10_000 // networks or persons remembered, about 1 MB each

// Door is the customers' door. It implements edge.Door and edge.ErrorWriter.
type Door struct {
	Config
	sessions *scs.SessionManager
	guard    *http.CrossOriginProtection
	headers  edge.Middleware

	logins, factors *edge.RateLimiter[netip.Prefix]
	messages        *edge.RateLimiter[party.PersonID]
}

var errIncomplete = errors.New("customer: a part of the configuration is missing")

// New makes the door.
func New(c Config) (*Door, error) {
	if c.Pages == nil || c.Auth == nil || c.Desk == nil || c.Reader == nil || c.Accounts == nil || c.Parties == nil ||
		c.Partners == nil || c.Agreements == nil || c.Devices == nil || c.Sessions == nil || c.Clock == nil || c.Wall == nil ||
		(c.ConsentBook == nil) != (c.Transfers == nil) || (c.ConsentBook == nil) != (c.ThirdParties == nil) {
		return nil, errIncomplete
	}
	rate := func(r, standard edge.Rate) edge.Rate {
		if r == (edge.Rate{}) {
			return standard
		}
		return r
	}
	d := &Door{
		Config:   c,
		guard:    http.NewCrossOriginProtection(),
		headers:  edge.PageHeaders(c.HSTS),
		logins:   edge.NewRateLimiter[netip.Prefix](c.Wall, rate(c.Rates.Login, defaultLogin), rateKeys),
		factors:  edge.NewRateLimiter[netip.Prefix](c.Wall, rate(c.Rates.Factor, defaultFactor), rateKeys),
		messages: edge.NewRateLimiter[party.PersonID](c.Wall, rate(c.Rates.Message, defaultMessage), rateKeys),
	}
	d.sessions = newSessions(c.Sessions, d.sessionFailed)
	d.guard.SetDenyHandler(http.HandlerFunc(d.foreignForm))
	return d, nil
}

// Name is the door's name in logs and metrics.
func (d *Door) Name() string { return "customer" }

// Routes registers every page.
func (d *Door) Routes(mux *http.ServeMux) {
	mux.Handle("GET "+ui.AssetPrefix, d.headers(d.Pages.Assets()))
	mux.Handle("GET /logos/{client}", d.headers(d.plain(d.logo)))
	mux.Handle("POST /language", d.headers(d.guard.Handler(ui.SwitchLanguage(true))))

	open := func(pattern string, h page) { mux.Handle(pattern, d.wrap(h)) }
	open("GET /login", d.login)
	open("POST /login", d.logIn)
	open("POST /logout", d.logOut)
	open("GET /problem", d.problem)

	person := func(pattern string, h signed) { mux.Handle(pattern, d.wrap(d.forPerson(h))) }
	person("GET /context", d.chooseContext)
	person("POST /context", d.setContext)

	acting := func(pattern string, h signed) { mux.Handle(pattern, d.wrap(d.forCustomer(h))) }
	acting("GET /{$}", d.home)
	acting("GET /accounts/{id}", d.account)
	acting("GET /applications", d.applications)
	acting("GET /applications/{id}", d.applicationPage)
	acting("GET /limits", d.limits)
	acting("GET /confirm/{id}", d.confirm)
	acting("GET /access", d.access)
	// Taking back needs no power to bind: whoever acts for the customer may stop a third party.
	acting("POST /applications/{id}/limits", d.setLimits)
	acting("GET /applications/{id}/end", d.askEnd)
	acting("POST /applications/{id}/end", d.end)
	acting("POST /limits", d.setOwnLimits)

	// What binds the customer takes a person who may.
	binding := func(pattern string, h signed) { acting(pattern, binds(h)) }
	binding("GET /pair/{id}", d.consent)
	binding("POST /pair/{id}", d.choose)
	binding("POST /pair/{id}/refuse", d.refusePairing)
	binding("POST /confirm/{id}", d.decide)
	binding("POST /applications/{id}/move", d.move)
	binding("GET /holds/{id}/release", d.askRelease)
	binding("POST /holds/{id}/release", d.release)

	// Opening and shutting an account binds the customer too: a third party that
	// they rely on stops working.
	binding("POST /access/{id}/on", d.switchOn)
	binding("GET /access/{id}/off", d.askOff)
	binding("POST /access/{id}/off", d.switchOff)
	if d.thirdParties() {
		d.thirdPartyRoutes(open, acting, binding)
	}

	const factor = "/factor/{purpose}/{subject}"
	binding("GET "+factor, d.factor)
	binding("POST "+factor+"/method", d.limited(d.chooseMethod))
	binding("POST "+factor+"/code", d.limited(d.enterCode))
	binding("POST "+factor+"/resend", d.limited(d.resend))
	binding("POST "+factor+"/sms", d.limited(d.sendCode))
	binding("POST "+factor+"/other", d.limited(d.otherMethod))
	binding("POST "+factor+"/continue", d.limited(d.goOn))
	binding("POST "+factor+"/cancel", d.limited(d.cancel))
}

// thirdParties tells whether the bank serves licensed third parties.
func (d *Door) thirdParties() bool { return d.ConsentBook != nil }

func (d *Door) thirdPartyRoutes(open func(string, page), acting, binding func(string, signed)) {
	open("POST /consent/{id}/refuse", d.refuseConsent)
	acting("GET /consents", d.consents)
	acting("GET /consents/{id}", d.givenPage)
	acting("GET /consents/{id}/end", d.askEndConsent)
	acting("POST /consents/{id}/end", d.endConsent)
	acting("GET /transfers", d.transfers)
	acting("GET /transfers/{id}", d.transferPage)
	acting("GET /standing/{id}", d.standingPage)

	acting("GET /consent/{id}", d.thirdPartyConsent) // which power is needed depends on for whom it is
	binding("POST /consent/{id}", d.answer)
	binding("GET /consents/{id}/renew", d.askRenew)
	binding("POST /consents/{id}/renew", d.renew)
	binding("GET /funds", d.fundsForm)
	binding("POST /funds", d.giveFunds)
	binding("GET /transfers/{id}/cancel", d.askCancel)
	binding("POST /transfers/{id}/cancel", d.cancelTransfer)
	binding("GET /standing/{id}/cancel", d.askCancelStanding)
	binding("POST /standing/{id}/cancel", d.cancelStanding)
}

// page answers one request or fails; a failure becomes a page in fail.
type page func(w http.ResponseWriter, r *http.Request) error

// plain serves what needs no session.
func (d *Door) plain(h page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			d.fail(w, r, nil, err)
		}
	})
}

// wrap puts a page behind what all pages share. The check of where a form comes
// from stands before the session: a forged post must not even keep one awake.
func (d *Door) wrap(h page) http.Handler {
	return edge.Chain(d.plain(h), d.headers, d.guard.Handler, d.sessions.LoadAndSave)
}

// limited bounds how often one network may post to the second factor.
func (d *Door) limited(h signed) signed {
	return func(w http.ResponseWriter, r *http.Request, v *visit) error {
		if ok, after := d.factors.Allow(edge.Network(edge.ClientAddr(r))); !ok {
			return d.tooMany(w, r, v, after)
		}
		return h(w, r, v)
	}
}

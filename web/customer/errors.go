package customer

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"okienko/bank"
	"okienko/edge"
	"okienko/web/ui"
)

// Refusals of the door itself.
var (
	errBadForm = errors.New("customer: malformed form")
	errNoPower = errors.New("customer: the person may not bind the customer alone")
)

// answer is the page of one refusal: an error page, or, without a kind, a page
// that gives the reason in words.
type answer struct {
	status int
	kind   ui.ErrorKind
}

// answers is the door's one table from the bank's codes to its pages.
var answers = map[bank.Code]answer{
	bank.AgreementEnded:    {status: http.StatusConflict},
	bank.AgreementPaused:   {status: http.StatusForbidden},
	bank.PermissionMissing: {status: http.StatusForbidden},
	bank.PermissionUsedUp:  {status: http.StatusForbidden},

	bank.NotFound: {http.StatusNotFound, ui.NotFound},

	bank.InvalidParameter:  {status: http.StatusUnprocessableEntity},
	bank.OperationReused:   {status: http.StatusConflict},
	bank.CallbackMissing:   {http.StatusBadRequest, ui.BadPairingRequest},
	bank.AmountAboveHold:   {status: http.StatusConflict},
	bank.PermissionForeign: {status: http.StatusForbidden},

	bank.CustomerBlocked:    {status: http.StatusForbidden},
	bank.AccountBlocked:     {status: http.StatusForbidden},
	bank.AccountClosed:      {status: http.StatusForbidden},
	bank.AccessOff:          {status: http.StatusForbidden},
	bank.AccessBlocked:      {status: http.StatusForbidden},
	bank.PayerIsPayee:       {status: http.StatusConflict},
	bank.PayeeUnavailable:   {status: http.StatusConflict},
	bank.HoldCaptured:       {status: http.StatusConflict},
	bank.HoldReleased:       {status: http.StatusConflict},
	bank.HoldExpired:        {status: http.StatusConflict},
	bank.PaymentFinal:       {status: http.StatusConflict},
	bank.AuthorisationEnded: {status: http.StatusConflict},
	bank.OperationChanged:   {status: http.StatusConflict},

	bank.SingleLimit:   {status: http.StatusConflict},
	bank.DailyLimit:    {status: http.StatusConflict},
	bank.MonthlyLimit:  {status: http.StatusConflict},
	bank.CustomerLimit: {status: http.StatusConflict},
	bank.ChargesLimit:  {status: http.StatusConflict},

	bank.InsufficientFunds:     {status: http.StatusConflict},
	bank.AuthorisationRequired: {status: http.StatusForbidden},

	bank.ChallengeWrong:   {status: http.StatusUnprocessableEntity},
	bank.ChallengeExpired: {status: http.StatusGone},
	bank.ChallengeSpent:   {status: http.StatusConflict},
	bank.ChallengeForeign: {status: http.StatusConflict},
	bank.FactorLocked:     {status: http.StatusForbidden},
	bank.FactorMissing:    {status: http.StatusForbidden},
	bank.LoginWrong:       {status: http.StatusUnprocessableEntity},
	bank.LoginLocked:      {status: http.StatusForbidden},

	bank.ApplicationUnknown: {http.StatusBadRequest, ui.UnknownApplication},
	bank.ApplicationStatus:  {http.StatusForbidden, ui.BetaOnly},
	bank.RedirectUnknown:    {http.StatusBadRequest, ui.UnknownReturn},
	bank.RequestInvalid:     {http.StatusBadRequest, ui.BadPairingRequest},
	bank.RequestEnded:       {http.StatusGone, ui.RequestExpired},

	// Other doors' matters: whoever brings them here followed a wrong link.
	bank.ClientWrong:       {http.StatusBadRequest, ui.BadPairingRequest},
	bank.AddressNotAllowed: {http.StatusBadRequest, ui.BadPairingRequest},
	bank.GrantInvalid:      {http.StatusBadRequest, ui.BadPairingRequest},
	bank.TokenMissing:      {http.StatusBadRequest, ui.BadPairingRequest},
	bank.TokenUnknown:      {http.StatusBadRequest, ui.BadPairingRequest},
	bank.TokenInvalid:      {http.StatusBadRequest, ui.BadPairingRequest},

	bank.CertificateMissing:  {http.StatusBadRequest, ui.BadPairingRequest},
	bank.CertificateInvalid:  {http.StatusBadRequest, ui.BadPairingRequest},
	bank.SignatureMissing:    {http.StatusBadRequest, ui.BadPairingRequest},
	bank.SignatureInvalid:    {http.StatusBadRequest, ui.BadPairingRequest},
	bank.RequestRepeated:     {http.StatusBadRequest, ui.BadPairingRequest},
	bank.ScopeInvalid:        {http.StatusBadRequest, ui.BadPairingRequest},
	bank.ScopeForeign:        {http.StatusBadRequest, ui.BadPairingRequest},
	bank.GrantUnsupported:    {http.StatusBadRequest, ui.BadPairingRequest},
	bank.ResponseUnsupported: {http.StatusBadRequest, ui.BadPairingRequest},
	bank.ConsentTaken:        {http.StatusBadRequest, ui.BadPairingRequest},
	bank.HistoryNeedsSCA:     {http.StatusBadRequest, ui.BadPairingRequest},
	bank.CallsUsedUp:         {http.StatusBadRequest, ui.BadPairingRequest},

	// A third party may lose its standing while its customer reads the page, and
	// a payment's way may close.
	bank.ThirdPartyUnknown: {http.StatusBadRequest, ui.UnknownApplication},
	bank.ThirdPartyBlocked: {status: http.StatusForbidden},
	bank.RoleMissing:       {status: http.StatusForbidden},
	bank.ConsentDiffers:    {status: http.StatusConflict},
	bank.AccountOutside:    {status: http.StatusForbidden},
	bank.RailUnavailable:   {status: http.StatusConflict},
	bank.RailRefused:       {status: http.StatusConflict},

	bank.StatusNotAllowed:     {status: http.StatusForbidden},
	bank.ApprovalBySamePerson: {status: http.StatusForbidden},

	bank.Busy:     {http.StatusServiceUnavailable, ui.Unavailable},
	bank.Internal: {http.StatusInternalServerError, ui.Internal},
}

// busyRetry is when to come back to a bank whose queue is full.
const busyRetry = 5 * time.Second

// fail answers with the page of an error; v is nil when nobody is known.
func (d *Door) fail(w http.ResponseWriter, r *http.Request, v *visit, err error) {
	var e elsewhere
	switch {
	case errors.As(err, &e):
		_ = seeOther(w, string(e))
		return
	case errors.Is(err, errBadForm):
		d.errorPage(w, r, v, http.StatusBadRequest, ui.BadPairingRequest)
		return
	case errors.Is(err, errNoPower):
		edge.Note(r.Context(), slog.String("code", "no_power"))
		d.errorPage(w, r, v, http.StatusForbidden, ui.NoPower)
		return
	case errors.Is(err, context.Canceled):
		return // the reader has gone
	}
	code := bank.CodeOf(err)
	edge.Note(r.Context(), slog.String("code", string(code)))
	a, ok := answers[code]
	if !ok || code == bank.Internal {
		edge.Note(r.Context(), slog.String("cause", err.Error()))
		a = answers[bank.Internal]
	}
	if code == bank.Busy {
		edge.SetRetryAfter(w.Header(), busyRetry)
	}
	if a.kind == "" {
		d.reasonPage(w, r, v, a.status, code, lockedUntil(err))
		return
	}
	d.errorPage(w, r, v, a.status, a.kind)
}

// lockedUntil is when the lock of a refusal ends; the zero time when it has none.
func lockedUntil(err error) time.Time {
	var no *bank.Refusal
	if errors.As(err, &no) {
		return no.Until
	}
	return time.Time{}
}

// reasonPage says in words why the bank refused.
func (d *Door) reasonPage(w http.ResponseWriter, r *http.Request, v *visit, status int, code bank.Code, until time.Time) {
	d.render(w, r, v, status, ui.Result{
		Common: d.common(r, v, ""), Outcome: ui.Failed, Reason: code, LockedUntil: until,
		Reference: edge.RequestID(r.Context()), At: d.Clock.Now(), ContinueURL: homeOf(v),
	})
}

func (d *Door) errorPage(w http.ResponseWriter, r *http.Request, v *visit, status int, kind ui.ErrorKind) {
	d.render(w, r, v, status, ui.ErrorPage{
		Common: d.common(r, v, ""), Kind: kind, Reference: edge.RequestID(r.Context()), HomeURL: homeOf(v),
	})
}

// render writes a page for which nothing else can be written any more.
func (d *Door) render(w http.ResponseWriter, r *http.Request, v *visit, status int, p ui.Page) {
	lang := ui.LangOf(r)
	if v != nil {
		lang = v.lang
	}
	if err := d.Pages.Render(w, status, lang, p); err != nil {
		edge.Note(r.Context(), slog.String("cause", err.Error()))
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}

func homeOf(v *visit) string {
	if v == nil {
		return ""
	}
	return "/"
}

func (d *Door) tooMany(w http.ResponseWriter, r *http.Request, v *visit, after time.Duration) error {
	edge.SetRetryAfter(w.Header(), after)
	d.render(w, r, v, http.StatusTooManyRequests, ui.ErrorPage{
		Common: d.common(r, v, ""), Kind: ui.TooManyRequests, Reference: edge.RequestID(r.Context()), RetryAfter: after,
	})
	return nil
}

// WriteError answers where the edge answers in the door's place.
func (d *Door) WriteError(w http.ResponseWriter, r *http.Request, status int) {
	d.headers(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.errorPage(w, r, nil, status, ui.ErrorOf(status))
	})).ServeHTTP(w, r)
}

// foreignForm answers a form that another site has sent.
func (d *Door) foreignForm(w http.ResponseWriter, r *http.Request) {
	d.errorPage(w, r, nil, http.StatusForbidden, ui.ForeignForm)
}

func (d *Door) sessionFailed(w http.ResponseWriter, r *http.Request, err error) {
	d.fail(w, r, nil, err)
}

// problem shows why a pairing could not begin; the partner's door sends here.
func (d *Door) problem(w http.ResponseWriter, r *http.Request) error {
	a, ok := answers[bank.Code(r.URL.Query().Get("code"))]
	if !ok || a.kind == "" || a.kind == ui.Internal {
		a = answer{http.StatusBadRequest, ui.BadPairingRequest}
	}
	d.errorPage(w, r, nil, a.status, a.kind)
	return nil
}

package ui

import (
	"net/http"
	"time"

	"okienko/bank"
	"okienko/bank/money"
)

// ConfirmOperation shows a prepared operation before the second factor (partner-api §8).
// Input: the button `decision` (confirm, refuse).
type ConfirmOperation struct {
	Common
	Action      string
	Kind        SubjectKind // SubjectHold, SubjectHoldChange, SubjectTransfer, SubjectPayChange
	Application Application
	Amount      money.Amount
	Before      money.Amount // for changes: the amount until now
	Fee         money.Amount
	Payee       Payee
	Title       string
	Account     AccountLine
	Available   money.Amount
	HoldUntil   Moment // for holds
	ExecuteOn   Moment // for scheduled transfers; zero: at once
	ExpiresAt   Moment // the prepared operation lives until then
}

func (ConfirmOperation) template() string { return "confirm_operation" }

// Result says how an act ended.
type Result struct {
	Common
	Outcome     Outcome
	Subject     Subject
	Reason      bank.Code // for Failed
	LockedUntil Moment    // Failed by a lock; zero when its end is not known
	Limit       *LimitUse // the limit that stood in the way
	Field       string    // faulty field as the reader calls it (title, date); one of the Field… names or empty
	Consent     ConsentState
	RenewURL    string // where the consent is renewed; empty names no link
	Reference   string // by which the hotline finds the case
	At          Moment
	ContinueURL string
	ContinueTo  string // name of the application; empty: to internet banking
}

func (Result) template() string { return "result" }

// Outcome is how an act ended.
type Outcome string

// The values of Outcome.
const (
	Done    Outcome = "done"
	Refused Outcome = "refused" // by the customer
	Expired Outcome = "expired"
	Failed  Outcome = "failed"
)

// Names of fields that Result.Field may carry.
const (
	FieldAmount  = "amount"
	FieldTitle   = "title"
	FieldDate    = "date"
	FieldAccount = "account"
)

// ConsentState says whether the agreement with the application still holds.
type ConsentState string

// The values of ConsentState.
const (
	ConsentNotSaid ConsentState = ""
	ConsentHolds   ConsentState = "holds"
	ConsentUsedUp  ConsentState = "used_up"
	ConsentEnded   ConsentState = "ended"
)

// LimitUse is one limit with what is used and left of it.
type LimitUse struct {
	Kind LimitKind
	Max  money.Amount
	Used money.Amount // nothing to say for LimitSingle and LimitThreshold
	Left money.Amount
}

// LimitKind names a limit.
type LimitKind string

// The values of LimitKind.
const (
	LimitSingle    LimitKind = "single"
	LimitDaily     LimitKind = "daily"
	LimitMonthly   LimitKind = "monthly"
	LimitThreshold LimitKind = "threshold"
	LimitCharges   LimitKind = "charges"  // fees charged in a month
	LimitCustomer  LimitKind = "customer" // across every application
)

// ConfirmAction is a yes/no page before something that cannot be taken back.
// Input: the button `decision` (yes).
type ConfirmAction struct {
	Common
	Action      string
	Kind        ActKind
	Application string
	Amount      money.Amount // for ReleaseHold
	Title       string       // for ReleaseHold
	Account     AccountLine
	ActiveHolds int    // for EndPairing: how many holds stay
	MayRelease  bool   // for EndPairing: the customer may release them
	BackURL     string // the way out without doing it
}

func (ConfirmAction) template() string { return "confirm_action" }

// ActKind is what ConfirmAction asks about.
type ActKind string

// The values of ActKind.
const (
	EndPairing  ActKind = "end_pairing"
	ReleaseHold ActKind = "release_hold"
	AccessOff   ActKind = "access_off" // switch API access of an account off

	EndConsent     ActKind = "end_consent" // of a licensed third party
	CancelTransfer ActKind = "cancel_transfer"
	CancelStanding ActKind = "cancel_standing"
)

// ErrorPage says in plain words what cannot be done.
type ErrorPage struct {
	Common
	Kind       ErrorKind
	Reference  string        // request id
	RetryAfter time.Duration // for TooManyRequests; zero says nothing
	HomeURL    string        // empty shows no link
}

func (ErrorPage) template() string { return "error" }

// ErrorKind is the kind of error page.
type ErrorKind string

// The values of ErrorKind.
const (
	UnknownApplication ErrorKind = "unknown_application"
	UnknownReturn      ErrorKind = "unknown_return" // redirect_uri not registered
	BadPairingRequest  ErrorKind = "bad_request"    // parameter missing or malformed
	RequestExpired     ErrorKind = "request_expired"
	BetaOnly           ErrorKind = "beta_only"
	NotOpen            ErrorKind = "not_open"         // the application is open in the test environment only
	NotForCustomer     ErrorKind = "not_for_customer" // services are for individual customers
	NoPower            ErrorKind = "no_power"         // the person may look, but not bind the customer alone
	NoAccount          ErrorKind = "no_account"       // nothing the application could be paired with
	Blocked            ErrorKind = "blocked"          // the customer is blocked
	NotFound           ErrorKind = "not_found"
	SessionExpired     ErrorKind = "session_expired"
	ForeignForm        ErrorKind = "foreign_form" // cross-origin post
	TooManyRequests    ErrorKind = "too_many_requests"
	MethodNotAllowed   ErrorKind = "method_not_allowed"
	Unavailable        ErrorKind = "unavailable"
	Internal           ErrorKind = "internal"
)

// ErrorOf is the kind of the page that stands in a door's place, by its status.
func ErrorOf(status int) ErrorKind {
	switch status {
	case http.StatusNotFound:
		return NotFound
	case http.StatusMethodNotAllowed:
		return MethodNotAllowed
	case http.StatusTooManyRequests:
		return TooManyRequests
	case http.StatusServiceUnavailable:
		return Unavailable
	}
	return Internal
}

package wire

import (
	"errors"
	"net/http"
	"time"

	"okienko/bank"
	"okienko/edge"
)

// Error is an error as a form shows it.
type Error struct {
	Status  int
	Code    string
	Message string // what is said when the refusal has nothing better to say in public
	// Own lets the refusal's own public sentence stand in the message's place.
	Own bool
	// Client says that who calls is not accepted: invalid_client to OAuth.
	Client bool
}

// Append writes code and message; an empty message is the error's own. To the
// token call it is an error of OAuth 2.0 too, so that both kinds of client can
// read it (psd2 §10).
func (e Error) Append(b []byte, message string, oauth bool) []byte {
	if message == "" {
		message = e.Message
	}
	b = edge.AppendStringField(b, "code", e.Code)
	b = edge.AppendStringField(b, "message", message)
	if oauth {
		b = edge.AppendStringField(b, "error", e.oauth())
		b = edge.AppendStringField(b, "error_description", message)
	}
	return b
}

// oauth is the error of RFC 6749 §5.2 that stands for one of a form. A code that
// the RFC knows is the same in both forms.
func (e Error) oauth() string {
	switch {
	case e.Client:
		return "invalid_client"
	case e.Code == "invalid_grant" || e.Code == "invalid_scope" || e.Code == "unsupported_grant_type":
		return e.Code
	case e.Status == http.StatusServiceUnavailable:
		return "temporarily_unavailable"
	case e.Status >= http.StatusInternalServerError:
		return "server_error"
	}
	return "invalid_request"
}

// Refusal is an error with a form of its own: what the bank does not know of,
// such as a wrong Accept, or what one call words in another way.
type Refusal struct {
	As     Error
	Reason string        // for the log and the sandbox's header
	Public string        // the message, where the form's own says too little
	Retry  time.Duration // above zero: when to come again
	Cause  error
}

func (r *Refusal) Error() string { return r.As.Code + ": " + r.Reason }

func (r *Refusal) Unwrap() error { return r.Cause }

// Refuse makes a refusal in one form; Because, Saying and ComeBack add to it.
func Refuse(as Error, reason string) *Refusal { return &Refusal{As: as, Reason: reason} }

// Because adds what the operator's log should know.
func (r *Refusal) Because(err error) *Refusal { r.Cause = err; return r }

// Saying sets the message.
func (r *Refusal) Saying(public string) *Refusal { r.Public = public; return r }

// ComeBack sets when to come again.
func (r *Refusal) ComeBack(after time.Duration) *Refusal { r.Retry = after; return r }

// When to come again: to a busy bank, after longer than its queue takes to
// drain; after the last call of a day, in an hour, for the first of the four may
// be forgotten by then.
const (
	BusyRetry = time.Second
	DayRetry  = time.Hour
)

// Table is a door's one table from the bank's codes to their form.
type Table map[bank.Code]Error

// Foreign are the refusals of other doors, which have no row in a table of these
// ones: one that arises here all the same is our mistake, and is answered as one.
var Foreign = []bank.Code{
	bank.CallbackMissing,
	bank.AmountAboveHold,
	bank.PermissionForeign,
	bank.HoldCaptured,
	bank.HoldReleased,
	bank.HoldExpired,
	bank.AuthorisationEnded,
	bank.OperationChanged,
	bank.AuthorisationRequired,
	bank.ChallengeWrong,
	bank.ChallengeExpired,
	bank.ChallengeSpent,
	bank.ChallengeForeign,
	bank.FactorLocked,
	bank.FactorMissing,
	bank.LoginWrong,
	bank.LoginLocked,
	bank.AddressNotAllowed,
	bank.ApprovalBySamePerson,
}

// Of tells the form of an error, its message, and when to come again (zero: it
// does not matter). Whatever is no refusal, or is not in the table, is internal.
func (t Table) Of(err error) (e Error, message string, retry time.Duration) {
	if own := (*Refusal)(nil); errors.As(err, &own) {
		if message = own.Public; message == "" {
			message = own.As.Message
		}
		return own.As, message, own.Retry
	}
	internal := t[bank.Internal]
	no := (*bank.Refusal)(nil)
	if !errors.As(err, &no) {
		return internal, internal.Message, 0
	}
	e, known := t[no.Code]
	if !known {
		return internal, internal.Message, 0
	}
	message = e.Message
	if e.Own && no.Public != "" {
		message = no.Public
		if no.Field != "" {
			message = no.Field + ": " + message
		}
	}
	switch e.Status {
	case http.StatusServiceUnavailable:
		retry = BusyRetry
	case http.StatusTooManyRequests:
		retry = DayRetry
	}
	return e, message, retry
}

// Renamed words the field of a refusal as a form calls it, where it has a name of
// its own for it.
func Renamed(err error, names map[string]string) error {
	no := (*bank.Refusal)(nil)
	if !errors.As(err, &no) || names[no.Field] == "" {
		return err
	}
	one := *no
	one.Field = names[no.Field]
	return &one
}

// OutcomeOf is the code of an error for the access log.
func OutcomeOf(err error) bank.Code {
	if own := (*Refusal)(nil); errors.As(err, &own) {
		return bank.Code(own.As.Code)
	}
	return bank.CodeOf(err)
}

// ReasonOf is the rule that refused, in words that hold nothing of what the
// caller sent.
func ReasonOf(err error) string {
	own, no := (*Refusal)(nil), (*bank.Refusal)(nil)
	switch {
	case errors.As(err, &own):
		return own.Reason
	case !errors.As(err, &no) || no.Code == bank.Internal:
		return string(bank.Internal)
	}
	return string(no.Code)
}

// CauseOf is what the operator's log should know beyond the reason.
func CauseOf(err error) error {
	if own := (*Refusal)(nil); errors.As(err, &own) {
		return own.Cause
	}
	if no := (*bank.Refusal)(nil); errors.As(err, &no) {
		return errors.Unwrap(no)
	}
	return err
}

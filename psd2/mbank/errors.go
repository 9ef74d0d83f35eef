package mbank

import (
	"errors"
	"net/http"
	"time"

	"okienko/bank"
	"okienko/edge"
)

// wireError is an error as the wire shows it: {code, message} (psd2 §3.8).
// Clients read "90 days", "SCA needed" and "daily requests limit" in messages,
// so those words are part of the interface. There is no 501: every operation of
// the interface is offered.
type wireError struct {
	status  int
	code    string
	message string // what is said when the refusal has nothing better to say in public
	// own lets the refusal's own public sentence stand in the message's place.
	own bool
}

// The codes that are known of mBank (psd2 §3.8) and those of OAuth 2.0
// (RFC 6749 §5.2, RFC 6750 §3.1).
var (
	bodyError       = wireError{400, "BodyDeserializationError", "The request cannot be read: its body is not the JSON that is asked for, or its query has an unknown parameter.", false}
	fieldError      = wireError{400, "FieldValidationError", "A field of the request is not valid.", true}
	consentDiffers  = wireError{401, "ConsentValidationError", "The request differs from what the customer has consented to.", false}
	notFound        = wireError{404, "ResourceNotFoundError", "There is no such resource.", false}
	internalError   = wireError{500, "InternalServerError", "The bank has made a mistake.", false}
	invalidGrant    = wireError{400, "invalid_grant", "The code or token is not valid, or its consent has ended.", false}
	invalidRequest  = wireError{400, "invalid_request", "The request cannot be followed.", true}
	invalidScope    = wireError{400, "invalid_scope", "The scope cannot be given.", true}
	invalidToken    = wireError{401, "invalid_token", "The access token is not valid.", false}
	scopeForeign    = wireError{403, "insufficient_scope", "The consent does not allow this: forbidden.", false}
	grantUnknown    = wireError{400, "unsupported_grant_type", "The grant type is not supported.", false}
	responseUnknown = wireError{400, "unsupported_response_type", "The response type is not supported.", false}
)

// Ours, in the same spelling.
var (
	headerMissing     = wireError{400, "HeaderMissingError", "A header that every call needs is missing.", true}
	tokenMissing      = wireError{401, "invalid_token", "The call needs an access token.", false}
	certificateError  = wireError{401, "CertificateError", "The certificate of the connection is not accepted.", true}
	signatureMissing  = wireError{400, "SignatureMissingError", "The call needs a detached signature in JWS-Signature.", false}
	signatureError    = wireError{401, "SignatureError", "The signature is not accepted.", true}
	requestRepeated   = wireError{400, "RequestRepeatedError", "The TPP-Request-ID was used before, or was not made now.", false}
	thirdPartyUnknown = wireError{401, "ThirdPartyUnknownError", "The third party is not known by TPP-ID, Client-ID and certificate together.", false}
	thirdPartyBlocked = wireError{403, "ThirdPartyBlockedError", "The third party may not call.", true}
	roleMissing       = wireError{403, "RoleMissingError", "The third party lacks the role for this call.", true}
	consentUsedUp     = wireError{403, "ConsentUsedUpError", "The consent was for a single use.", false}
	consentTaken      = wireError{400, "ConsentIdUsedError", "The consentId was used before.", false}
	accountError      = wireError{403, "AccountAccessError", "The account cannot be reached through this interface: forbidden.", false}
	historyError      = wireError{401, "HistoryAccessError", "SCA needed: without a fresh authentication of the customer only 90 days are given, and never more than the consent says.", false}
	callsUsedUp       = wireError{429, "TooManyRequestsError", "TPP daily requests limit reached: without the customer a resource is read four times in 24 hours.", false}
	tooManyRequests   = wireError{429, "TooManyRequestsError", "Too many requests.", false}
	paymentIDReused   = wireError{400, "PaymentIdUsedError", "The id of the payment was used before for another one.", false}
	paymentFinal      = wireError{400, "PaymentFinalError", "The payment can no longer be cancelled.", false}
	paymentRefused    = wireError{422, "PaymentRefusedError", "The payment cannot be made.", true}
	methodNotAllowed  = wireError{405, "MethodNotAllowedError", "The method is not supported for this resource.", false}
	notAcceptable     = wireError{406, "NotAcceptableError", "Answers are application/json in UTF-8.", false}
	contentTooLarge   = wireError{413, "ContentTooLargeError", "The body is too long.", false}
	unsupportedMedia  = wireError{415, "UnsupportedMediaTypeError", "The body must be application/json, not compressed.", false}
	unavailable       = wireError{503, "ServiceUnavailableError", "The bank is busy. Try again later.", false}
)

// wireErrors lists every error that this door can answer with.
var wireErrors = []wireError{
	bodyError, fieldError, consentDiffers, notFound, internalError, invalidGrant, invalidRequest, invalidScope, invalidToken, scopeForeign,
	grantUnknown, responseUnknown,
	headerMissing, tokenMissing, certificateError, signatureMissing, signatureError, requestRepeated, thirdPartyUnknown, thirdPartyBlocked,
	roleMissing, consentUsedUp, consentTaken, accountError, historyError, callsUsedUp, tooManyRequests, paymentIDReused,
	paymentFinal, paymentRefused, methodNotAllowed, notAcceptable, contentTooLarge, unsupportedMedia, unavailable,
}

// errorTable is the form of every refusal of the bank. Refusals of other doors
// cannot arise here; one that does all the same is our mistake, and is answered
// as one.
var errorTable = map[bank.Code]wireError{
	bank.AgreementEnded:    invalidToken, // ended between the look at the token and the work
	bank.AgreementPaused:   invalidToken,
	bank.PermissionMissing: scopeForeign,
	bank.PermissionUsedUp:  consentUsedUp,

	bank.NotFound: notFound,

	bank.InvalidParameter:  fieldError,
	bank.OperationReused:   paymentIDReused,
	bank.CallbackMissing:   internalError,
	bank.AmountAboveHold:   internalError,
	bank.PermissionForeign: internalError,

	// One answer, whatever the reason: a third party learns that it cannot, not why.
	bank.CustomerBlocked:    accountError,
	bank.AccountBlocked:     accountError,
	bank.AccountClosed:      accountError,
	bank.AccessOff:          accountError,
	bank.AccessBlocked:      accountError,
	bank.AccountOutside:     accountError,
	bank.PayerIsPayee:       fieldError,
	bank.PayeeUnavailable:   paymentRefused,
	bank.HoldCaptured:       internalError,
	bank.HoldReleased:       internalError,
	bank.HoldExpired:        internalError,
	bank.PaymentFinal:       paymentFinal,
	bank.AuthorisationEnded: internalError,
	bank.OperationChanged:   internalError,

	// A payment that meets a limit or lacks money is accepted and rejected
	// (psd2 §0.1); these are for orders that the desk refuses outright.
	bank.SingleLimit:           paymentRefused,
	bank.DailyLimit:            paymentRefused,
	bank.MonthlyLimit:          paymentRefused,
	bank.CustomerLimit:         paymentRefused,
	bank.ChargesLimit:          paymentRefused,
	bank.InsufficientFunds:     paymentRefused,
	bank.AuthorisationRequired: internalError,

	bank.ChallengeWrong:   internalError,
	bank.ChallengeExpired: internalError,
	bank.ChallengeSpent:   internalError,
	bank.ChallengeForeign: internalError,
	bank.FactorLocked:     internalError,
	bank.FactorMissing:    internalError,
	bank.LoginWrong:       internalError,
	bank.LoginLocked:      internalError,

	bank.ApplicationUnknown:   thirdPartyUnknown,
	bank.ApplicationStatus:    thirdPartyBlocked,
	bank.RedirectUnknown:      invalidRequest,
	bank.ClientWrong:          thirdPartyUnknown,
	bank.AddressNotAllowed:    internalError,
	bank.GrantInvalid:         invalidGrant,
	bank.RequestInvalid:       invalidRequest,
	bank.RequestEnded:         notFound,
	bank.TokenMissing:         tokenMissing,
	bank.TokenUnknown:         invalidToken,
	bank.TokenInvalid:         invalidToken,
	bank.StatusNotAllowed:     thirdPartyBlocked,
	bank.ApprovalBySamePerson: internalError,

	bank.CertificateMissing:  certificateError,
	bank.CertificateInvalid:  certificateError,
	bank.SignatureMissing:    signatureMissing,
	bank.SignatureInvalid:    signatureError,
	bank.RequestRepeated:     requestRepeated,
	bank.ThirdPartyUnknown:   thirdPartyUnknown,
	bank.ThirdPartyBlocked:   thirdPartyBlocked,
	bank.RoleMissing:         roleMissing,
	bank.ScopeForeign:        scopeForeign,
	bank.ScopeInvalid:        invalidScope,
	bank.GrantUnsupported:    grantUnknown,
	bank.ResponseUnsupported: responseUnknown,
	bank.ConsentTaken:        consentTaken,
	bank.ConsentDiffers:      consentDiffers,
	bank.HistoryNeedsSCA:     historyError,
	bank.CallsUsedUp:         callsUsedUp,

	bank.RailUnavailable: paymentRefused,
	bank.RailRefused:     paymentRefused,

	bank.Busy:     unavailable,
	bank.Internal: internalError,
}

// refusal is an error with a form of its own: what the bank does not know of,
// such as a wrong Accept, or what one call words in another way.
type refusal struct {
	wireError
	reason string        // for the log and the sandbox's header
	public string        // the message, where the form's own says too little
	retry  time.Duration // above zero: when to come again
	cause  error
}

func (r *refusal) Error() string { return r.code + ": " + r.reason }

func (r *refusal) Unwrap() error { return r.cause }

func refuse(e wireError, reason string) *refusal { return &refusal{wireError: e, reason: reason} }

func (r *refusal) because(err error) *refusal            { r.cause = err; return r }
func (r *refusal) saying(public string) *refusal         { r.public = public; return r }
func (r *refusal) comeBack(after time.Duration) *refusal { r.retry = after; return r }

// When to come again: to a busy bank, after longer than its queue takes to
// drain; after the last call of a day, in an hour, for the first of the four may
// be forgotten by then.
const (
	busyRetry = time.Second
	dayRetry  = time.Hour
)

// wireErrorOf tells the form of an error, its message, and when to come again
// (zero: it does not matter). Whatever is no refusal is internal.
func wireErrorOf(err error) (e wireError, message string, retry time.Duration) {
	if own := (*refusal)(nil); errors.As(err, &own) {
		if message = own.public; message == "" {
			message = own.message
		}
		return own.wireError, message, own.retry
	}
	no := (*bank.Refusal)(nil)
	if !errors.As(err, &no) {
		return internalError, internalError.message, 0
	}
	e, known := errorTable[no.Code]
	if !known {
		return internalError, internalError.message, 0
	}
	message = e.message
	if e.own && no.Public != "" {
		message = no.Public
		if no.Field != "" {
			message = no.Field + ": " + message
		}
	}
	switch e.status {
	case http.StatusServiceUnavailable:
		retry = busyRetry
	case http.StatusTooManyRequests:
		retry = dayRetry
	}
	return e, message, retry
}

// errorOf is the form of an answer that edge gives by its status alone.
func errorOf(status int) wireError {
	switch status {
	case http.StatusNotFound:
		return notFound
	case http.StatusMethodNotAllowed:
		return methodNotAllowed
	case http.StatusTooManyRequests:
		return tooManyRequests
	case http.StatusServiceUnavailable:
		return unavailable
	}
	return internalError
}

// writeError writes an error; an empty message is the form's own. To the token
// call it answers as OAuth 2.0 does too, so that both kinds of client can read
// it (psd2 §10).
func writeError(w http.ResponseWriter, e wireError, message string, oauth bool) {
	if message == "" {
		message = e.message
	}
	b := append(make([]byte, 0, 256), '{')
	b = edge.AppendStringField(b, "code", e.code)
	b = edge.AppendStringField(b, "message", message)
	if oauth {
		b = edge.AppendStringField(b, "error", oauthError(e))
		b = edge.AppendStringField(b, "error_description", message)
	}
	write(w, answer{status: e.status, body: append(b, '}')})
}

// oauthError is the error of RFC 6749 §5.2 that stands for one of ours.
func oauthError(e wireError) string {
	switch e {
	case invalidGrant, invalidScope, grantUnknown:
		return e.code
	case thirdPartyUnknown, certificateError, signatureError, signatureMissing, thirdPartyBlocked, roleMissing:
		return "invalid_client"
	}
	switch {
	case e.status == http.StatusServiceUnavailable:
		return "temporarily_unavailable"
	case e.status >= http.StatusInternalServerError:
		return "server_error"
	}
	return "invalid_request"
}

// reasonOf is the rule that refused and the field at fault, in words that hold
// nothing of what the caller sent.
func reasonOf(err error) string {
	own, no := (*refusal)(nil), (*bank.Refusal)(nil)
	switch {
	case errors.As(err, &own):
		return own.reason
	case !errors.As(err, &no) || no.Code == bank.Internal:
		return string(bank.Internal)
	}
	return string(no.Code)
}

// causeOf is what the operator's log should know beyond the reason.
func causeOf(err error) error {
	if own := (*refusal)(nil); errors.As(err, &own) {
		return own.cause
	}
	if no := (*bank.Refusal)(nil); errors.As(err, &no) {
		return errors.Unwrap(no)
	}
	return err
}

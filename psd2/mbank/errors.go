package mbank

import (
	"net/http"

	"okienko/bank"
	"okienko/psd2/wire"
)

// An error on this wire is {code, message} (psd2 §3.8). Clients read "90 days",
// "SCA needed" and "daily requests limit" in messages, so those words are part of
// the interface. There is no 501: every operation of the interface is offered.
//
// The codes that are known of mBank (psd2 §3.8) and those of OAuth 2.0
// (RFC 6749 §5.2, RFC 6750 §3.1).
var (
	bodyError       = wire.Error{Status: 400, Code: "BodyDeserializationError", Message: "The request cannot be read: its body is not the JSON that is asked for, or its query has an unknown parameter."}
	fieldError      = wire.Error{Status: 400, Code: "FieldValidationError", Message: "A field of the request is not valid.", Own: true}
	consentDiffers  = wire.Error{Status: 401, Code: "ConsentValidationError", Message: "The request differs from what the customer has consented to."}
	notFound        = wire.Error{Status: 404, Code: "ResourceNotFoundError", Message: "There is no such resource."}
	internalError   = wire.Error{Status: 500, Code: "InternalServerError", Message: "The bank has made a mistake."}
	invalidGrant    = wire.Error{Status: 400, Code: "invalid_grant", Message: "The code or token is not valid, or its consent has ended."}
	invalidRequest  = wire.Error{Status: 400, Code: "invalid_request", Message: "The request cannot be followed.", Own: true}
	invalidScope    = wire.Error{Status: 400, Code: "invalid_scope", Message: "The scope cannot be given.", Own: true}
	invalidToken    = wire.Error{Status: 401, Code: "invalid_token", Message: "The access token is not valid."}
	scopeForeign    = wire.Error{Status: 403, Code: "insufficient_scope", Message: "The consent does not allow this: forbidden."}
	grantUnknown    = wire.Error{Status: 400, Code: "unsupported_grant_type", Message: "The grant type is not supported."}
	responseUnknown = wire.Error{Status: 400, Code: "unsupported_response_type", Message: "The response type is not supported."}
)

// Ours, in the same spelling.
var (
	headerMissing     = wire.Error{Status: 400, Code: "HeaderMissingError", Message: "A header that every call needs is missing.", Own: true}
	tokenMissing      = wire.Error{Status: 401, Code: "invalid_token", Message: "The call needs an access token."}
	certificateError  = wire.Error{Status: 401, Code: "CertificateError", Message: "The certificate of the connection is not accepted.", Own: true, Client: true}
	signatureMissing  = wire.Error{Status: 400, Code: "SignatureMissingError", Message: "The call needs a detached signature in JWS-Signature.", Client: true}
	signatureError    = wire.Error{Status: 401, Code: "SignatureError", Message: "The signature is not accepted.", Own: true, Client: true}
	requestRepeated   = wire.Error{Status: 400, Code: "RequestRepeatedError", Message: "The TPP-Request-ID was used before, or was not made now."}
	thirdPartyUnknown = wire.Error{Status: 401, Code: "ThirdPartyUnknownError", Message: "The third party is not known by TPP-ID, Client-ID and certificate together.", Client: true}
	thirdPartyBlocked = wire.Error{Status: 403, Code: "ThirdPartyBlockedError", Message: "The third party may not call.", Own: true, Client: true}
	roleMissing       = wire.Error{Status: 403, Code: "RoleMissingError", Message: "The third party lacks the role for this call.", Own: true, Client: true}
	consentUsedUp     = wire.Error{Status: 403, Code: "ConsentUsedUpError", Message: "The consent was for a single use."}
	consentTaken      = wire.Error{Status: 400, Code: "ConsentIdUsedError", Message: "The consentId was used before."}
	accountError      = wire.Error{Status: 403, Code: "AccountAccessError", Message: "The account cannot be reached through this interface: forbidden."}
	historyError      = wire.Error{Status: 401, Code: "HistoryAccessError", Message: "SCA needed: without a fresh authentication of the customer only 90 days are given, and never more than the consent says."}
	callsUsedUp       = wire.Error{Status: 429, Code: "TooManyRequestsError", Message: "TPP daily requests limit reached: without the customer a resource is read four times in 24 hours."}
	tooManyRequests   = wire.Error{Status: 429, Code: "TooManyRequestsError", Message: "Too many requests."}
	paymentIDReused   = wire.Error{Status: 400, Code: "PaymentIdUsedError", Message: "The id of the payment was used before for another one."}
	paymentFinal      = wire.Error{Status: 400, Code: "PaymentFinalError", Message: "The payment can no longer be cancelled."}
	paymentRefused    = wire.Error{Status: 422, Code: "PaymentRefusedError", Message: "The payment cannot be made.", Own: true}
	methodNotAllowed  = wire.Error{Status: 405, Code: "MethodNotAllowedError", Message: "The method is not supported for this resource."}
	notAcceptable     = wire.Error{Status: 406, Code: "NotAcceptableError", Message: "Answers are application/json in UTF-8."}
	contentTooLarge   = wire.Error{Status: 413, Code: "ContentTooLargeError", Message: "The body is too long."}
	unsupportedMedia  = wire.Error{Status: 415, Code: "UnsupportedMediaTypeError", Message: "The body must be application/json, not compressed."}
	unavailable       = wire.Error{Status: 503, Code: "ServiceUnavailableError", Message: "The bank is busy. Try again later."}
)

// wireErrors lists every error that this door can answer with.
var wireErrors = []wire.Error{
	bodyError, fieldError, consentDiffers, notFound, internalError, invalidGrant, invalidRequest, invalidScope, invalidToken, scopeForeign,
	grantUnknown, responseUnknown,
	headerMissing, tokenMissing, certificateError, signatureMissing, signatureError, requestRepeated, thirdPartyUnknown, thirdPartyBlocked,
	roleMissing, consentUsedUp, consentTaken, accountError, historyError, callsUsedUp, tooManyRequests, paymentIDReused,
	paymentFinal, paymentRefused, methodNotAllowed, notAcceptable, contentTooLarge, unsupportedMedia, unavailable,
}

// errorTable is the form of every refusal of the bank but wire.Foreign, those of
// other doors.
var errorTable = wire.Table{
	bank.AgreementEnded:    invalidToken, // ended between the look at the token and the work
	bank.AgreementPaused:   invalidToken,
	bank.PermissionMissing: scopeForeign,
	bank.PermissionUsedUp:  consentUsedUp,

	bank.NotFound: notFound,

	bank.InvalidParameter: fieldError,
	bank.OperationReused:  paymentIDReused,

	// One answer, whatever the reason: a third party learns that it cannot, not why.
	bank.CustomerBlocked:  accountError,
	bank.AccountBlocked:   accountError,
	bank.AccountClosed:    accountError,
	bank.AccessOff:        accountError,
	bank.AccessBlocked:    accountError,
	bank.AccountOutside:   accountError,
	bank.PayerIsPayee:     fieldError,
	bank.PayeeUnavailable: paymentRefused,
	bank.PaymentFinal:     paymentFinal,

	// A payment that meets a limit or lacks money is accepted and rejected
	// (psd2 §0.1); these are for orders that the desk refuses outright.
	bank.SingleLimit:       paymentRefused,
	bank.DailyLimit:        paymentRefused,
	bank.MonthlyLimit:      paymentRefused,
	bank.CustomerLimit:     paymentRefused,
	bank.ChargesLimit:      paymentRefused,
	bank.InsufficientFunds: paymentRefused,

	bank.ApplicationUnknown: thirdPartyUnknown,
	bank.ApplicationStatus:  thirdPartyBlocked,
	bank.RedirectUnknown:    invalidRequest,
	bank.ClientWrong:        thirdPartyUnknown,
	bank.GrantInvalid:       invalidGrant,
	bank.RequestInvalid:     invalidRequest,
	bank.RequestEnded:       notFound,
	bank.TokenMissing:       tokenMissing,
	bank.TokenUnknown:       invalidToken,
	bank.TokenInvalid:       invalidToken,
	bank.StatusNotAllowed:   thirdPartyBlocked,

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

// errorOf is the form of an answer that edge gives by its status alone.
func errorOf(status int) wire.Error {
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

// writeError writes an error; an empty message is the form's own.
func writeError(w http.ResponseWriter, e wire.Error, message string, oauth bool) {
	b := e.Append(append(make([]byte, 0, 256), '{'), message, oauth)
	wire.Write(w, wire.Answer{Status: e.Status, Body: append(b, '}')})
}

package polishapi

import (
	"net/http"
	"slices"

	"okienko/bank"
	"okienko/psd2/wire"
)

// The standard fixes neither the codes of errors nor what they mean (psd2 §2):
// those of OAuth 2.0 are used where there is one (RFC 6749 §5.2, RFC 6750 §3.1),
// and ours are spelt alike. Clients read "90 days", "SCA needed" and "daily
// requests limit" in messages, so those words are part of the interface.
var (
	badRequest        = wire.Error{Status: 400, Code: "invalid_request", Message: "The request cannot be read: its body is not the JSON that is asked for."}
	fieldInvalid      = wire.Error{Status: 400, Code: "invalid_field", Message: "A field of the request is not valid.", Own: true}
	headerMissing     = wire.Error{Status: 400, Code: "header_missing", Message: "A header that every call needs is missing.", Own: true}
	signatureMissing  = wire.Error{Status: 400, Code: "signature_missing", Message: "The call needs a detached signature in X-JWS-SIGNATURE.", Client: true}
	requestRepeated   = wire.Error{Status: 400, Code: "request_repeated", Message: "The request id was used before, or was not made now."}
	redirectUnknown   = wire.Error{Status: 400, Code: "redirect_unknown", Message: "The address is not registered for the client.", Own: true}
	invalidGrant      = wire.Error{Status: 400, Code: "invalid_grant", Message: "The code or token is not valid, or its consent has ended."}
	invalidScope      = wire.Error{Status: 400, Code: "invalid_scope", Message: "The scope cannot be given.", Own: true}
	grantUnknown      = wire.Error{Status: 400, Code: "unsupported_grant_type", Message: "The grant type is not supported."}
	responseUnknown   = wire.Error{Status: 400, Code: "unsupported_response_type", Message: "The response type is not supported."}
	consentTaken      = wire.Error{Status: 400, Code: "consent_id_used", Message: "The consentId was used before."}
	paymentIDReused   = wire.Error{Status: 400, Code: "payment_id_used", Message: "The id of the payment was used before for another one."}
	tooLarge          = wire.Error{Status: 400, Code: "body_too_large", Message: "The body is too long."}
	tokenMissing      = wire.Error{Status: 401, Code: "invalid_token", Message: "The call needs an access token."}
	invalidToken      = wire.Error{Status: 401, Code: "invalid_token", Message: "The access token is not valid."}
	tokenDiffers      = wire.Error{Status: 401, Code: "invalid_token", Message: "requestHeader.token is not the token of the header Authorization."}
	certificateError  = wire.Error{Status: 401, Code: "certificate_invalid", Message: "The certificate of the connection is not accepted.", Own: true, Client: true}
	signatureError    = wire.Error{Status: 401, Code: "signature_invalid", Message: "The signature is not accepted.", Own: true, Client: true}
	thirdPartyUnknown = wire.Error{Status: 401, Code: "third_party_unknown", Message: "The third party is not known by tppId, client_id and certificate together.", Client: true}
	consentDiffers    = wire.Error{Status: 401, Code: "consent_differs", Message: "The request differs from what the customer has consented to."}
	historyError      = wire.Error{Status: 401, Code: "sca_needed", Message: "SCA needed: without a fresh authentication of the customer only 90 days are given, and never more than the consent says."}
	thirdPartyBlocked = wire.Error{Status: 403, Code: "third_party_blocked", Message: "The third party may not call.", Own: true, Client: true}
	roleMissing       = wire.Error{Status: 403, Code: "role_missing", Message: "The third party lacks the role for this call.", Own: true, Client: true}
	scopeForeign      = wire.Error{Status: 403, Code: "insufficient_scope", Message: "The consent does not allow this: forbidden."}
	consentUsedUp     = wire.Error{Status: 403, Code: "consent_used_up", Message: "The consent was for a single use."}
	// One answer for what is unknown, somebody else's, or shut (psd2 §0.1): a third
	// party learns that it cannot, not why.
	forbidden        = wire.Error{Status: 403, Code: "forbidden", Message: "There is nothing here that the third party may reach: forbidden."}
	notFound         = wire.Error{Status: 404, Code: "not_found", Message: "There is no such operation."}
	methodNotAllowed = wire.Error{Status: 405, Code: "method_not_allowed", Message: "Every operation is a POST."}
	notAcceptable    = wire.Error{Status: 406, Code: "not_acceptable", Message: "Answers are application/json in UTF-8."}
	unsupportedMedia = wire.Error{Status: 415, Code: "unsupported_media_type", Message: "The body must be application/json."}
	paymentFinal     = wire.Error{Status: 422, Code: "payment_final", Message: "The payment can no longer be cancelled."}
	paymentRefused   = wire.Error{Status: 422, Code: "payment_refused", Message: "The payment cannot be made.", Own: true}
	callsUsedUp      = wire.Error{Status: 429, Code: "too_many_requests", Message: "TPP daily requests limit reached: without the customer a resource is read four times in 24 hours."}
	tooManyRequests  = wire.Error{Status: 429, Code: "too_many_requests", Message: "Too many requests."}
	internalError    = wire.Error{Status: 500, Code: "internal_error", Message: "The bank has made a mistake."}
	unavailable      = wire.Error{Status: 503, Code: "temporarily_unavailable", Message: "The bank is busy. Try again later."}
)

// wireErrors lists every error that this door can answer with.
var wireErrors = []wire.Error{
	badRequest, fieldInvalid, headerMissing, signatureMissing, requestRepeated, redirectUnknown, invalidGrant, invalidScope, grantUnknown, responseUnknown,
	consentTaken, paymentIDReused, tooLarge, tokenMissing, invalidToken, tokenDiffers, certificateError, signatureError, thirdPartyUnknown,
	consentDiffers, historyError, thirdPartyBlocked, roleMissing, scopeForeign, consentUsedUp, forbidden, notFound, methodNotAllowed, notAcceptable,
	unsupportedMedia, paymentFinal, paymentRefused, callsUsedUp, tooManyRequests, internalError, unavailable,
}

// errorTable is the form of every refusal of the bank but wire.Foreign, those of
// other doors.
var errorTable = wire.Table{
	bank.AgreementEnded:    invalidToken, // ended between the look at the token and the work
	bank.AgreementPaused:   invalidToken,
	bank.PermissionMissing: scopeForeign,
	bank.PermissionUsedUp:  consentUsedUp,

	bank.NotFound: forbidden,

	bank.InvalidParameter: fieldInvalid,
	bank.OperationReused:  paymentIDReused,

	bank.CustomerBlocked:  forbidden,
	bank.AccountBlocked:   forbidden,
	bank.AccountClosed:    forbidden,
	bank.AccessOff:        forbidden,
	bank.AccessBlocked:    forbidden,
	bank.AccountOutside:   forbidden,
	bank.PayerIsPayee:     fieldInvalid,
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
	bank.RedirectUnknown:    redirectUnknown,
	bank.ClientWrong:        thirdPartyUnknown,
	bank.GrantInvalid:       invalidGrant,
	bank.RequestInvalid:     fieldInvalid,
	bank.RequestEnded:       forbidden,
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

// folds say what stands for a status that an operation does not declare, the
// nearest first: an operation answers only with the codes of its version
// (psd2 §0.1). Where neither 401 nor 403 is declared, who calls wrongly is told 400.
var folds = map[int][]int{
	http.StatusUnauthorized:    {http.StatusForbidden, http.StatusBadRequest},
	http.StatusForbidden:       {http.StatusUnauthorized, http.StatusBadRequest},
	http.StatusTooManyRequests: {http.StatusServiceUnavailable},
}

// everywhere are the statuses that every operation declares.
var everywhere = []int{400, 405, 406, 415, 422, 500, 503}

// declared is the status by which an operation answers an error.
func (o *operation) declared(status int) int {
	ok := func(s int) bool { return slices.Contains(everywhere, s) || slices.Contains(o.refuses, s) }
	if ok(status) {
		return status
	}
	for _, other := range folds[status] {
		if ok(other) {
			return other
		}
	}
	return http.StatusInternalServerError
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

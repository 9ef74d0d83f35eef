package partnerapi

import (
	"errors"
	"net/http"
	"time"

	"okienko/bank"
	"okienko/edge"
)

// form is an error as the wire shows it (partner-api §9).
type form struct {
	status      int
	code        string
	description string
}

// The errors of partner-api §9, to the letter, misspellings included.
var (
	parametersError       = form{400, "parameters_error", "Żądanie zawiera niewłaściwe parametry wywołania."}
	appLimitExceeded      = form{400, "app_limit_exceeded", "Przekroczono limit transakcji."}
	userLimitExceeded     = form{400, "user_limit exceeded", "Przekroczono limit użytkownika."}
	activationEmpty       = form{400, "activation_parameters_empty", "Żądanie zawiera puste parametry wywołania."}
	tokenRequestEmpty     = form{400, "token_request_parameters_empty", "Żądanie zawiera puste parametry wywołania."}
	callbackEmpty         = form{400, "callback_uri_empty", "Żądanie zawiera pusty parametr callbackUri wywolania."}
	chargesLimitExceeded  = form{400, "charges_limit exceeded", "Przekroczony limit opłat."}
	rejectedByState       = form{400, "request_reject_by_user_product_state", "Żądanie odrzucone z powodu stanu użytkownika lub produktu."}
	tokenRequired         = form{401, "access_token_required", "Brak określonego access_tokena w wywołaniu."}
	tokenNotExist         = form{401, "aceess_token_not_exist", "Wskazany access_token nie istnieje."}
	tokenInvalid          = form{401, "access_token_invalid", "Wskazany access_token jest nieważny."}
	authorizationRequired = form{401, "authorization_required", "Przekroczono limit kwoty bez autoryzacji. Żądanie musi zostać autoryzowane przez użytkownika."}
	invalidRequest        = form{401, "invalid_request", "Parametry oAuth zostały określone nieprawidłowo!"}
	outOfPermissions      = form{403, "request_out_of_permissions", "Brak uprawnień do wywołania usługi w imieniu użytkownika."}
)

// Ours, in the same form.
var (
	invalidClient      = form{401, "invalid_client", "Nieznana aplikacja lub niewłaściwy client_secret."}
	invalidGrant       = form{400, "invalid_grant", "Kod lub refresh_token jest nieważny."}
	ipNotAllowed       = form{403, "ip_not_allowed", "Wywołanie z niezarejestrowanego IP."}
	notFound           = form{404, "not_found", "Nie znaleziono wskazanego zasobu."}
	methodNotAllowed   = form{405, "method_not_allowed", "Metoda nie jest obsługiwana dla tego zasobu."}
	notAcceptable      = form{406, "not_acceptable", "Odpowiedź jest dostępna tylko w formacie application/json."}
	contentTooLarge    = form{413, "content_too_large", "Treść żądania jest zbyt długa."}
	unsupportedContent = form{415, "unsupported_media_type", "Nagłówek Content-Type jest niewłaściwy dla tego wywołania."}
	tooManyRequests    = form{429, "too_many_requests", "Zbyt wiele żądań. Spróbuj ponownie później."}
	internalError      = form{500, "internal_error", "Wystąpił błąd wewnętrzny."}
	unavailable        = form{503, "service_unavailable", "Usługa jest chwilowo niedostępna. Spróbuj ponownie później."}
)

// forms lists every error that this door can answer with.
var forms = []form{
	parametersError, appLimitExceeded, userLimitExceeded, activationEmpty, tokenRequestEmpty, callbackEmpty,
	chargesLimitExceeded, rejectedByState, tokenRequired, tokenNotExist, tokenInvalid, authorizationRequired,
	invalidRequest, outOfPermissions,
	invalidClient, invalidGrant, ipNotAllowed, notFound, methodNotAllowed, notAcceptable, contentTooLarge,
	unsupportedContent, tooManyRequests, internalError, unavailable,
}

// wire is the form of every refusal of the bank. Refusals of the bank's pages
// and of its staff cannot arise here; one that does all the same is our
// mistake, and is answered as one.
var wire = map[bank.Code]form{
	// The pairing ended or was suspended after its token had been looked at:
	// what a caller sees is that the token is no longer good.
	bank.AgreementEnded:    tokenInvalid,
	bank.AgreementPaused:   tokenInvalid,
	bank.PermissionMissing: outOfPermissions,
	bank.PermissionUsedUp:  outOfPermissions,

	bank.NotFound: notFound,

	bank.InvalidParameter:  parametersError,
	bank.OperationReused:   parametersError,
	bank.CallbackMissing:   callbackEmpty,
	bank.AmountAboveHold:   parametersError,
	bank.PermissionForeign: outOfPermissions,

	bank.CustomerBlocked:    rejectedByState,
	bank.AccountBlocked:     rejectedByState,
	bank.AccountClosed:      rejectedByState,
	bank.AccessOff:          rejectedByState,
	bank.AccessBlocked:      rejectedByState,
	bank.PayerIsPayee:       rejectedByState,
	bank.PayeeUnavailable:   rejectedByState,
	bank.HoldCaptured:       rejectedByState,
	bank.HoldReleased:       rejectedByState,
	bank.HoldExpired:        rejectedByState,
	bank.PaymentFinal:       rejectedByState,
	bank.AuthorisationEnded: rejectedByState,
	bank.OperationChanged:   rejectedByState,

	bank.SingleLimit:   appLimitExceeded,
	bank.DailyLimit:    appLimitExceeded,
	bank.MonthlyLimit:  appLimitExceeded,
	bank.CustomerLimit: userLimitExceeded,
	bank.ChargesLimit:  chargesLimitExceeded,

	bank.InsufficientFunds:     rejectedByState,
	bank.AuthorisationRequired: authorizationRequired,

	bank.ChallengeWrong:   internalError,
	bank.ChallengeExpired: internalError,
	bank.ChallengeSpent:   internalError,
	bank.ChallengeForeign: internalError,
	bank.FactorLocked:     rejectedByState,
	bank.FactorMissing:    rejectedByState,
	bank.LoginWrong:       internalError,
	bank.LoginLocked:      internalError,

	// One answer for an unknown application, a status that does not allow it and
	// an address that is not registered: nobody may learn which client ids exist.
	bank.ApplicationUnknown:   invalidRequest,
	bank.ApplicationStatus:    invalidRequest,
	bank.RedirectUnknown:      invalidRequest,
	bank.ClientWrong:          invalidClient,
	bank.AddressNotAllowed:    ipNotAllowed,
	bank.GrantInvalid:         invalidGrant,
	bank.RequestInvalid:       invalidRequest,
	bank.RequestEnded:         invalidRequest,
	bank.TokenMissing:         tokenRequired,
	bank.TokenUnknown:         tokenNotExist,
	bank.TokenInvalid:         tokenInvalid,
	bank.StatusNotAllowed:     internalError,
	bank.ApprovalBySamePerson: internalError,

	// Licensed third parties come through doors of their own, and no operation of
	// this one leaves the bank by a payment system.
	bank.CertificateMissing:  internalError,
	bank.CertificateInvalid:  internalError,
	bank.SignatureMissing:    internalError,
	bank.SignatureInvalid:    internalError,
	bank.RequestRepeated:     internalError,
	bank.ThirdPartyUnknown:   internalError,
	bank.ThirdPartyBlocked:   internalError,
	bank.RoleMissing:         internalError,
	bank.ScopeForeign:        internalError,
	bank.ScopeInvalid:        internalError,
	bank.GrantUnsupported:    internalError,
	bank.ResponseUnsupported: internalError,
	bank.ConsentTaken:        internalError,
	bank.ConsentDiffers:      internalError,
	bank.AccountOutside:      internalError,
	bank.HistoryNeedsSCA:     internalError,
	bank.CallsUsedUp:         internalError,
	bank.RailUnavailable:     rejectedByState,
	bank.RailRefused:         rejectedByState,

	bank.Busy:     unavailable,
	bank.Internal: internalError,
}

// refusal is an error with a form of its own: what the bank does not know of,
// such as a wrong Accept, or what one call words in another way.
type refusal struct {
	form
	reason string        // for the log and the sandbox's header
	retry  time.Duration // above zero: when to come again
	cause  error
}

func (r *refusal) Error() string { return r.code + ": " + r.reason }

func (r *refusal) Unwrap() error { return r.cause }

func refuse(f form, reason string) error { return &refusal{form: f, reason: reason} }

// busyRetry is how long a caller waits when the desk's queue is full: longer
// than the queue takes to drain.
const busyRetry = time.Second

// wireOf tells the form of an error, and when to come again (zero: it does not
// matter). Whatever is no refusal is internal.
func wireOf(err error) (form, time.Duration) {
	if own := (*refusal)(nil); errors.As(err, &own) {
		return own.form, own.retry
	}
	f, known := wire[bank.CodeOf(err)]
	switch {
	case !known:
		return internalError, 0
	case f == unavailable:
		return f, busyRetry
	}
	return f, 0
}

// formOf is the form of an answer that edge gives by its status alone.
func formOf(status int) form {
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

func writeForm(w http.ResponseWriter, f form) {
	b := make([]byte, 0, 192)
	b = append(b, '{')
	b = edge.AppendStringField(b, "error", f.code)
	b = edge.AppendStringField(b, "error_description", f.description)
	write(w, answer{status: f.status, body: append(b, '}')})
}

package scenario

import (
	"encoding/json"
	"fmt"
	"strings"

	"okienko/bank"
	"okienko/okienkotest"
)

// wireError is an error as partner-api §9 publishes it.
type wireError struct {
	status            int
	code, description string
}

// published is partner-api §9 for the rules that scenarios speak of, written
// from its text and not from the door's own table.
func published() map[bank.Code]wireError {
	var (
		parameters = wireError{400, "parameters_error", "Żądanie zawiera niewłaściwe parametry wywołania."}
		limit      = wireError{400, "app_limit_exceeded", "Przekroczono limit transakcji."}
		state      = wireError{400, "request_reject_by_user_product_state", "Żądanie odrzucone z powodu stanu użytkownika lub produktu."}
		permission = wireError{403, "request_out_of_permissions", "Brak uprawnień do wywołania usługi w imieniu użytkownika."}
	)
	return map[bank.Code]wireError{
		bank.TokenInvalid: {401, "access_token_invalid", "Wskazany access_token jest nieważny."},

		bank.PermissionMissing: permission, bank.PermissionUsedUp: permission, bank.PermissionForeign: permission,

		bank.NotFound: {404, "not_found", "Nie znaleziono wskazanego zasobu."},

		bank.InvalidParameter: parameters, bank.OperationReused: parameters, bank.AmountAboveHold: parameters,
		bank.CallbackMissing: {400, "callback_uri_empty", "Żądanie zawiera pusty parametr callbackUri wywolania."},

		bank.CustomerBlocked: state, bank.AccountBlocked: state, bank.AccountClosed: state, bank.AccessOff: state, bank.AccessBlocked: state,
		bank.PayerIsPayee: state, bank.PayeeUnavailable: state, bank.HoldCaptured: state, bank.HoldReleased: state, bank.HoldExpired: state,
		bank.PaymentFinal: state, bank.InsufficientFunds: state,

		bank.SingleLimit: limit, bank.DailyLimit: limit, bank.MonthlyLimit: limit,
		bank.CustomerLimit: {400, "user_limit exceeded", "Przekroczono limit użytkownika."},
		bank.ChargesLimit:  {400, "charges_limit exceeded", "Przekroczony limit opłat."},

		bank.AuthorisationRequired: {401, "authorization_required",
			"Przekroczono limit kwoty bez autoryzacji. Żądanie musi zostać autoryzowane przez użytkownika."},
	}
}

// refusalOf reads an error of the door. Which rule refused is what the header of
// the sandbox says; its published form must be exactly that of the rule.
func refusalOf(a *okienkotest.Answer) (Answer, error) {
	rule, field, _ := strings.Cut(a.Header.Get("X-Okienko-Reason"), "; field=")
	want, known := published()[bank.Code(rule)]
	if !known {
		return Answer{}, fmt.Errorf("the door answers %d %s by the rule %q, of which §9 knows nothing", a.Status, a.Body, rule)
	}
	var said map[string]string
	if err := json.Unmarshal(a.Body, &said); err != nil {
		return Answer{}, fmt.Errorf("the door answers %d %s: %w", a.Status, a.Body, err)
	}
	if got := (wireError{a.Status, said["error"], said["error_description"]}); got != want || len(said) != 2 {
		return Answer{}, fmt.Errorf("%s is published as %+v; the door answers %d %s", rule, want, a.Status, a.Body)
	}
	return Answer{Code: bank.Code(rule), Field: field}, nil
}

package bank

import (
	"errors"
	"fmt"
	"time"

	"okienko/bank/money"
)

// Code names the reason of a refusal. It is part of the contract of every
// door: each door has one table from these codes to its wire form, and a test
// walks Codes so that none is forgotten.
type Code string

// The reasons for which the bank refuses. They are grouped in the order in
// which the checks run (partner-api §6): who asks, what about, with what
// words, in what state, within which limits, with what money.
const (
	// Who asks.
	AgreementEnded    Code = "agreement_ended"     // the pairing or consent no longer stands
	AgreementPaused   Code = "agreement_suspended" // suspended by a status the application no longer holds
	PermissionMissing Code = "permission_missing"  // never granted, or not for this act
	PermissionUsedUp  Code = "permission_used_up"  // valid_t or valid_q is spent until the customer consents again

	// What about.
	NotFound Code = "not_found" // unknown and foreign are one answer

	// With what words.
	InvalidParameter  Code = "invalid_parameter"  // Refusal.Field says which
	OperationReused   Code = "operation_reused"   // a known operation id with other content
	CallbackMissing   Code = "callback_missing"   // a confirmation without a way back
	AmountAboveHold   Code = "amount_above_hold"  // a capture of more than was held
	PermissionForeign Code = "permission_foreign" // asked for a permission the application is not defined with

	// In what state.
	CustomerBlocked    Code = "customer_blocked"
	AccountBlocked     Code = "account_blocked"
	AccountClosed      Code = "account_closed"
	AccessOff          Code = "access_off"     // the account's API access was never switched on, or was switched off
	AccessBlocked      Code = "access_blocked" // blocked by hotline, customer or bank
	PayerIsPayee       Code = "payer_is_payee"
	PayeeUnavailable   Code = "payee_unavailable" // the partner's account cannot take money
	HoldCaptured       Code = "hold_captured"
	HoldReleased       Code = "hold_released"
	HoldExpired        Code = "hold_expired"
	PaymentFinal       Code = "payment_final"       // no longer SCHEDULED
	AuthorisationEnded Code = "authorisation_ended" // executed, rejected or expired
	OperationChanged   Code = "operation_changed"   // no longer what the customer was shown

	// Within which limits.
	SingleLimit   Code = "single_limit"
	DailyLimit    Code = "daily_limit"
	MonthlyLimit  Code = "monthly_limit"
	CustomerLimit Code = "customer_limit" // the customer's own limits across every application
	ChargesLimit  Code = "charges_limit"  // fees charged through one application in a month

	// With what money, and with whose word.
	InsufficientFunds     Code = "insufficient_funds"
	AuthorisationRequired Code = "authorisation_required" // above the amount that passes unconfirmed

	// Strong customer authentication and log-in.
	ChallengeWrong   Code = "challenge_wrong"
	ChallengeExpired Code = "challenge_expired"
	ChallengeSpent   Code = "challenge_spent"
	ChallengeForeign Code = "challenge_foreign" // confirms something else (dynamic linking)
	FactorLocked     Code = "factor_locked"
	FactorMissing    Code = "factor_missing" // no phone or device of this kind
	LoginWrong       Code = "login_wrong"
	LoginLocked      Code = "login_locked"

	// Applications and their tokens.
	ApplicationUnknown   Code = "application_unknown"
	ApplicationStatus    Code = "application_status" // its status does not allow this person or this environment
	RedirectUnknown      Code = "redirect_unknown"
	ClientWrong          Code = "client_wrong" // unknown client or wrong secret: one answer
	AddressNotAllowed    Code = "address_not_allowed"
	GrantInvalid         Code = "grant_invalid" // code or refresh token unknown, expired, spent or somebody else's
	RequestInvalid       Code = "request_invalid"
	RequestEnded         Code = "request_ended" // the pairing request was finished, refused or has expired
	TokenMissing         Code = "token_missing"
	TokenUnknown         Code = "token_unknown"
	TokenInvalid         Code = "token_invalid" // expired or revoked
	StatusNotAllowed     Code = "status_not_allowed"
	ApprovalBySamePerson Code = "approval_by_same_person" // four eyes need two people

	// Licensed third parties (PSD2), in the order in which a call is checked.
	CertificateMissing  Code = "certificate_missing" // no client certificate in the TLS handshake
	CertificateInvalid  Code = "certificate_invalid" // not a QWAC or QSealC that the bank trusts now
	SignatureMissing    Code = "signature_missing"
	SignatureInvalid    Code = "signature_invalid"
	RequestRepeated     Code = "request_repeated" // a request id seen before, or too old to tell
	ThirdPartyUnknown   Code = "third_party_unknown"
	ThirdPartyBlocked   Code = "third_party_blocked" // not admitted, blocked, or gone from the supervisor's register
	RoleMissing         Code = "role_missing"        // by its certificate or by the register
	ScopeForeign        Code = "scope_foreign"       // the token's consent is for another service
	ScopeInvalid        Code = "scope_invalid"       // asked for a scope that cannot be given
	GrantUnsupported    Code = "grant_unsupported"
	ResponseUnsupported Code = "response_unsupported"
	ConsentTaken        Code = "consent_taken"   // a consent id that this third party has used before
	ConsentDiffers      Code = "consent_differs" // asked for something else than the customer consented to
	AccountOutside      Code = "account_outside" // an account that the consent does not cover
	HistoryNeedsSCA     Code = "history_needs_sca"
	CallsUsedUp         Code = "calls_used_up" // RTS art. 36(5)(b)

	// Transfers through payment systems.
	RailUnavailable Code = "rail_unavailable" // no adapter, or the payee's bank does not take part
	RailRefused     Code = "rail_refused"     // the payment system or the payee's bank sent it back

	// The house itself.
	Busy     Code = "busy"     // the queue is full; try again
	Internal Code = "internal" // the cause is in the log and only there
)

// Codes lists every code once.
var Codes = []Code{
	AgreementEnded, AgreementPaused, PermissionMissing, PermissionUsedUp,
	NotFound, InvalidParameter, OperationReused, CallbackMissing, AmountAboveHold, PermissionForeign,
	CustomerBlocked, AccountBlocked, AccountClosed, AccessOff, AccessBlocked, PayerIsPayee, PayeeUnavailable,
	HoldCaptured, HoldReleased, HoldExpired, PaymentFinal, AuthorisationEnded, OperationChanged,
	SingleLimit, DailyLimit, MonthlyLimit, CustomerLimit, ChargesLimit,
	InsufficientFunds, AuthorisationRequired,
	ChallengeWrong, ChallengeExpired, ChallengeSpent, ChallengeForeign, FactorLocked, FactorMissing, LoginWrong, LoginLocked,
	ApplicationUnknown, ApplicationStatus, RedirectUnknown, ClientWrong, AddressNotAllowed,
	GrantInvalid, RequestInvalid, RequestEnded, TokenMissing, TokenUnknown, TokenInvalid,
	StatusNotAllowed, ApprovalBySamePerson,
	CertificateMissing, CertificateInvalid, SignatureMissing, SignatureInvalid, RequestRepeated, ThirdPartyUnknown, ThirdPartyBlocked,
	RoleMissing, ScopeForeign, ScopeInvalid, GrantUnsupported, ResponseUnsupported, ConsentTaken, ConsentDiffers, AccountOutside,
	HistoryNeedsSCA, CallsUsedUp, RailUnavailable, RailRefused,
	Busy, Internal,
}

// Refusal is the bank's one way of saying no.
type Refusal struct {
	Code   Code
	Public string // safe to show to a customer or a third party
	Field  string // the faulty field, where one is at fault

	// Used and Left describe the limit that refused (zero Amounts otherwise), so
	// that a failed payment can explain itself (design §3).
	Used, Left money.Amount

	// Until is when a lock that refused, or that this very try has set, ends; the
	// zero time where no lock is meant.
	Until time.Time

	cause error // for the operator's log only
}

func (r *Refusal) Error() string {
	switch {
	case r.cause != nil:
		return fmt.Sprintf("%s: %s: %v", r.Code, r.Public, r.cause)
	case r.Field != "":
		return fmt.Sprintf("%s (%s): %s", r.Code, r.Field, r.Public)
	default:
		return fmt.Sprintf("%s: %s", r.Code, r.Public)
	}
}

// Unwrap gives the cause to errors.Is and errors.As.
func (r *Refusal) Unwrap() error { return r.cause }

// Refuse makes a refusal with a code and a safe sentence.
func Refuse(code Code, public string) *Refusal { return &Refusal{Code: code, Public: public} }

// RefuseField makes the refusal of one field.
func RefuseField(field, public string) *Refusal {
	return &Refusal{Code: InvalidParameter, Public: public, Field: field}
}

// Because returns a copy that carries the cause for the log.
func (r *Refusal) Because(err error) *Refusal {
	c := *r
	c.cause = err
	return &c
}

// CodeOf tells the code of an error: that of the refusal in its chain, Internal
// for anything else, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var r *Refusal
	if errors.As(err, &r) {
		return r.Code
	}
	return Internal
}

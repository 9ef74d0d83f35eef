package ui

import "okienko/bank"

// permissionWords has the words for every OBJECT:ACTION that partner-api §5 can
// spell, so that no application can be defined with a permission the consent page
// cannot say.
var permissionWords = map[Permission]string{
	"PAYMENTS:READ_LIST": "permission.payments_read_list",
	"PAYMENTS:READ_DET":  "permission.payments_read_det",
	"PAYMENTS:CREATE":    "permission.payments_create",
	"PAYMENTS:DELETE":    "permission.payments_delete",
	"PAYMENTS:UPDATE":    "permission.payments_update",
	"PAYMENTS:AUTH":      "permission.payments_auth",

	"BLOCKADES:READ_LIST": "permission.blockades_read_list",
	"BLOCKADES:READ_DET":  "permission.blockades_read_det",
	"BLOCKADES:CREATE":    "permission.blockades_create",
	"BLOCKADES:DELETE":    "permission.blockades_delete",
	"BLOCKADES:UPDATE":    "permission.blockades_update",
	"BLOCKADES:AUTH":      "permission.blockades_auth",

	"TRANSACTIONS:READ_LIST": "permission.transactions_read_list",
	"TRANSACTIONS:READ_DET":  "permission.transactions_read_det",
	"TRANSACTIONS:CREATE":    "permission.transactions_create",
	"TRANSACTIONS:DELETE":    "permission.transactions_delete",
	"TRANSACTIONS:UPDATE":    "permission.transactions_update",
	"TRANSACTIONS:AUTH":      "permission.transactions_auth",

	"USER:READ_LIST": "permission.user_read_list",
	"USER:READ_DET":  "permission.user_read_det",
	"USER:CREATE":    "permission.user_create",
	"USER:DELETE":    "permission.user_delete",
	"USER:UPDATE":    "permission.user_update",
	"USER:AUTH":      "permission.user_auth",
}

// reasonWords has the refusals a customer can meet and do something about.
var reasonWords = map[bank.Code]string{
	bank.AgreementEnded:     "reason.agreement_ended",
	bank.AgreementPaused:    "reason.agreement_suspended",
	bank.PermissionMissing:  "reason.permission_missing",
	bank.PermissionForeign:  "reason.permission_missing",
	bank.PermissionUsedUp:   "reason.permission_used_up",
	bank.NotFound:           "reason.not_found",
	bank.InvalidParameter:   "reason.field",
	bank.AmountAboveHold:    "reason.amount_above_hold",
	bank.OperationReused:    "reason.already_done",
	bank.CustomerBlocked:    "reason.customer_blocked",
	bank.AccountBlocked:     "reason.account_blocked",
	bank.AccountClosed:      "reason.account_closed",
	bank.AccessOff:          "reason.access_off",
	bank.AccessBlocked:      "reason.access_blocked",
	bank.PayerIsPayee:       "reason.payer_is_payee",
	bank.PayeeUnavailable:   "reason.payee_unavailable",
	bank.HoldCaptured:       "reason.hold_captured",
	bank.HoldReleased:       "reason.hold_released",
	bank.HoldExpired:        "reason.hold_expired",
	bank.PaymentFinal:       "reason.payment_final",
	bank.AuthorisationEnded: "reason.already_done",
	bank.OperationChanged:   "reason.operation_changed",
	bank.SingleLimit:        "reason.single_limit",
	bank.DailyLimit:         "reason.daily_limit",
	bank.MonthlyLimit:       "reason.monthly_limit",
	bank.CustomerLimit:      "reason.customer_limit",
	bank.ChargesLimit:       "reason.charges_limit",
	bank.InsufficientFunds:  "reason.funds",
	bank.StatusNotAllowed:   "reason.not_allowed",
	bank.ChallengeWrong:     "reason.challenge_foreign",
	bank.ChallengeExpired:   "reason.challenge_expired",
	bank.ChallengeSpent:     "reason.already_done",
	bank.ChallengeForeign:   "reason.challenge_foreign",
	bank.FactorLocked:       "reason.factor_locked",
	bank.FactorMissing:      "reason.factor_missing",
	bank.ApplicationStatus:  "reason.agreement_suspended",
	bank.RequestEnded:       "reason.already_done",
	bank.Busy:               "reason.busy",

	bank.RailUnavailable:   "reason.rail_unavailable",
	bank.RailRefused:       "reason.rail_refused",
	bank.ThirdPartyUnknown: "reason.third_party",
	bank.ThirdPartyBlocked: "reason.third_party",
	bank.RoleMissing:       "reason.third_party",
	bank.ConsentDiffers:    "reason.consent_differs",
	bank.AccountOutside:    "reason.account_outside",
}

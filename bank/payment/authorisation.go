package payment

import (
	"strconv"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/money"
	"okienko/bank/party"
)

// AuthorisationID names a prepared operation.
type AuthorisationID string

// AuthorisationStatus is where a prepared operation stands (partner-api §7).
type AuthorisationStatus string

// The statuses of a prepared operation. All but Waiting are final.
const (
	Waiting       AuthorisationStatus = "PENDING"
	Done          AuthorisationStatus = "EXECUTED"
	Turned        AuthorisationStatus = "REJECTED" // by the customer, or refused when it was executed
	PastItsMoment AuthorisationStatus = "EXPIRED"
)

// AuthorisationLife is how long a prepared operation waits (partner-api §8).
const AuthorisationLife = 10 * time.Minute

// Return is the way back to the application after a confirmation.
type Return struct {
	AppType  string // mobile or web
	OS       string // Android, iOS or ALL
	Callback string
}

// Authorisation is an operation that waits for the customer's word. It
// reserves nothing until it is executed (partner-api §8).
type Authorisation struct {
	ID          AuthorisationID
	Agreement   consent.ID
	Application consent.ClientID
	Customer    party.CustomerID
	Person      party.PersonID // who must confirm
	Account     account.ID
	Draft       Draft
	Return      Return
	Amount      money.Amount // what is confirmed; zero without currency for Permit
	Fee         money.Amount
	Payee       ledger.Party
	Status      AuthorisationStatus
	Reason      bank.Code // why it was rejected; "" when the customer refused
	CreatedAt   time.Time
	ExpiresAt   time.Time
	EndedAt     time.Time
	Hold        ledger.HoldID // results
	Payment     ID
}

// At is the status at an instant: what waited too long has expired, whether or
// not anybody has written that down.
func (a *Authorisation) At(now time.Time) AuthorisationStatus {
	if a.Status == Waiting && !now.Before(a.ExpiresAt) {
		return PastItsMoment
	}
	return a.Status
}

// Binding is the exact content that the customer's challenge must be bound to:
// the account, the amount, the fee, the payee and the words (dynamic linking,
// RTS 2018/389 art. 5).
func (a *Authorisation) Binding() string {
	b := make([]byte, 0, 160)
	for _, s := range []string{
		string(a.ID), string(a.Account), a.Amount.String(), string(a.Amount.Currency()), a.Fee.String(),
		a.Payee.Number, a.Payee.Name, a.Draft.content(a.Agreement),
	} {
		b = strconv.AppendInt(b, int64(len(s)), 10)
		b = append(append(append(b, ':'), s...), '|')
	}
	return string(b)
}

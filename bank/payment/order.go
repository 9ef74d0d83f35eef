package payment

import (
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/sca"
)

// Order is something that the bank is asked to do. Its methods are the
// package's own: the list of orders is closed.
type Order interface {
	// want looks up, through l, whatever the decision will look at. It is called
	// again until it meets nothing unknown, so each look-up may rest on the one
	// before.
	want(l *lookup)
	// decide checks and acts within t, or refuses and leaves no trace.
	decide(t *turn) (Outcome, error)
}

// Submit has a draft done at once, on the word of the third party alone.
type Submit struct {
	Agreement  consent.ID
	AccountRef string // the account_id as the caller wrote it
	Draft      Draft
}

// Prepare has a draft kept for the customer to confirm (partner-api §8).
type Prepare struct {
	Agreement  consent.ID
	AccountRef string // "" for Permit, which names no account
	Draft      Draft
	Return     Return
}

// Execute has a prepared operation done on the customer's word. The challenge
// must have been passed by the person, for exactly this operation, and is
// spent with it.
type Execute struct {
	Authorisation AuthorisationID
	Challenge     sca.ID
	Person        party.PersonID
}

// Decline is the customer's refusal of a prepared operation.
type Decline struct {
	Authorisation AuthorisationID
	Person        party.PersonID
}

// Release ends a hold without taking anything. Releasing a released hold is
// harmless (partner-api §7: DELETE repeated answers 204).
type Release struct {
	Hold ledger.HoldID
	By   audit.Actor
	Why  string // the bank's own reason, for the audit
	// Agreement and AccountRef are those of the asking application; "" when the
	// customer or the bank releases. Customer is whose hold it must be when the
	// customer releases.
	Agreement  consent.ID
	AccountRef string
	Customer   party.CustomerID
}

// Expire ends a hold whose time is over. Expiring what has ended already is
// harmless: workers may race.
type Expire struct{ Hold ledger.HoldID }

// Cancel ends a scheduled payment before its date.
type Cancel struct {
	Payment   ID
	By        audit.Actor
	Agreement consent.ID // of the asking application; "" when the bank cancels
}

// Run executes a scheduled payment whose date has come, or rejects it. Running
// what has ended already is harmless.
type Run struct{ Payment ID }

// SpendRead takes one call of a read permission that is limited in number.
type SpendRead struct {
	Agreement  consent.ID
	Permission consent.Permission
}

// Book moves money by the bank's own hand: an import, a salary from another
// bank, a transfer inside internet banking.
type Book struct {
	By       audit.Actor
	Kind     ledger.Kind
	Title    string
	From, To account.ID
	Payer    ledger.Party
	Payee    ledger.Party
	Amount   money.Amount
}

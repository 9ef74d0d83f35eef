// Package payment owns the orders that move or set aside a customer's money,
// and the rules by which they are decided: in a fixed, tested order of checks
// (partner-api §6), over loaded state, many together.
//
// Deciding is pure: the same state, the same instant, the same identifiers and
// the same orders give the same outcomes. Nothing here loads, stores, sends or
// waits; package desk gathers the orders and a store keeps what was decided.
package payment

import (
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/calendar"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/transfer"
)

// ID names a payment.
type ID string

// Status is where a payment stands.
type Status string

// The statuses of a payment (partner-api §7). All but Scheduled are final.
const (
	Executed  Status = "EXECUTED"
	Scheduled Status = "SCHEDULED"
	Rejected  Status = "REJECTED"
	Cancelled Status = "CANCELLED"
)

// maxAhead bounds the execution date: a year is as far as the bank's own
// standing orders look.
const maxAheadDays = 365

// Payment is a transfer from a customer's account to the partner's.
type Payment struct {
	ID            ID
	Agreement     consent.ID
	Application   consent.ClientID
	Account       account.ID // payer
	Payee         account.ID
	OperationID   string
	Amount        money.Amount
	Fee           money.Amount
	Title         string
	Status        Status
	CreatedAt     time.Time
	ExecutionDate calendar.Date
	EndedAt       time.Time // executed, rejected or cancelled; the zero time while scheduled
	Hold          ledger.HoldID
	Reason        bank.Code // why it was rejected, "" otherwise
	Use           limit.Use
	Delta         limit.Delta // what its creation took from the limits
	Events        int
}

// Event is one record in the life of a payment that was scheduled.
type Event struct {
	Payment       ID
	Seq           int // from 1, without gaps
	Kind          EventKind
	At            time.Time
	By            audit.Actor
	Amount        money.Amount
	Title         string
	ExecutionDate calendar.Date
	Delta         limit.Delta
}

// EventKind is what happened to a payment.
type EventKind string

// The kinds of event. The last three end the payment.
const (
	EventScheduled EventKind = "scheduled"
	EventChanged   EventKind = "changed"
	EventExecuted  EventKind = "executed"
	EventRejected  EventKind = "rejected"
	EventCancelled EventKind = "cancelled"
)

// Pending refuses when the payment is final.
func (p *Payment) Pending() error {
	if p.Status != Scheduled {
		return bank.Refuse(bank.PaymentFinal, "The payment is no longer scheduled.")
	}
	return nil
}

func (p *Payment) event(k EventKind, at time.Time, by audit.Actor, d limit.Delta) Event {
	p.Events++
	return Event{
		Payment: p.ID, Seq: p.Events, Kind: k, At: at, By: by,
		Amount: p.Amount, Title: p.Title, ExecutionDate: p.ExecutionDate, Delta: d,
	}
}

// OperationKey names an operation: the caller's id, unique within the
// application (partner-api §7).
type OperationKey struct {
	Application consent.ClientID
	ID          string
}

// Operation remembers an operation that was done, with its first answer.
type Operation struct {
	Key       OperationKey
	Content   string // canonical; a repeat must be the same to the byte
	At        time.Time
	Agreement consent.ID
	// The first answer: the object as it was then, exactly one of them.
	Hold    *ledger.Hold
	Payment *Payment
	// Authorisation is the one through which the customer confirmed it, "".
	Authorisation AuthorisationID
}

// Outcome is the answer to one order.
type Outcome struct {
	Hold          *ledger.Hold
	Payment       *Payment
	Authorisation *Authorisation
	Entry         *ledger.Entry
	Transfer      *transfer.Transfer
	Bundle        *transfer.Bundle
	Standing      *transfer.Standing
	Transfers     []transfer.Transfer // of the bundle
	Repeat        bool                // the first answer once more; nothing was done
}

// Result is the outcome of one order, or why it was refused.
type Result struct {
	Outcome Outcome
	Err     error // a *bank.Refusal, or a mistake of the program
}

// PersonOf is the actor of a customer's own act.
func PersonOf(id party.PersonID) audit.Actor {
	return audit.Actor{Kind: audit.Customer, ID: string(id)}
}

package payment

import (
	"context"
	"time"

	"okienko/bank/account"
	"okienko/bank/calendar"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
)

// Page asks for one page of a list, newest first. Before is the place after
// which the page begins: the zero Place for the first page.
type Page struct {
	Size   int
	Before Place
}

// Place is a position in a list, newest first: an instant, and an id or a
// sequence number among equals.
type Place struct {
	At  time.Time
	ID  string
	Seq int64
}

// HoldFilter chooses holds; zero fields do not restrict. From is inclusive, To
// exclusive, both of CreatedAt.
type HoldFilter struct {
	Agreement consent.ID
	Account   account.ID
	Status    ledger.HoldStatus
	// Now tells which active holds have expired already though no worker has
	// ended them yet: Status filters by what holds truly are.
	Now      time.Time
	From, To time.Time
	Page     Page
}

// Filter chooses payments, as HoldFilter chooses holds.
type Filter struct {
	Agreement consent.ID
	// Account is the payer's. Without an Agreement it chooses payments that were
	// not executed: those that were are transactions of the account.
	Account  account.ID
	Status   Status
	From, To time.Time
	Page     Page
}

// TransactionFilter chooses what was booked on one account.
type TransactionFilter struct {
	Account  account.ID
	From, To time.Time
	Text     string // in title or counterparty, "" for all
	Page     Page
}

// Transaction is one posting as the holder of the account sees it.
type Transaction struct {
	ID      ledger.EntryID
	Account account.ID
	At      time.Time
	Kind    ledger.Kind
	Title   string
	Amount  money.Amount // signed: below zero left the account
	After   money.Amount
	Seq     int64
	Other   ledger.Party // the other end
	Payment string
	Hold    ledger.HoldID
}

// Reader reads what orders have made. Single finds answer with a NotFound
// refusal when there is nothing.
type Reader interface {
	Hold(ctx context.Context, id ledger.HoldID) (ledger.Hold, error)
	Holds(ctx context.Context, f HoldFilter) ([]ledger.Hold, error)
	Payment(ctx context.Context, id ID) (Payment, error)
	Payments(ctx context.Context, f Filter) ([]Payment, error)
	Authorisation(ctx context.Context, id AuthorisationID) (Authorisation, error)
	Transaction(ctx context.Context, a account.ID, id ledger.EntryID) (Transaction, error)
	Transactions(ctx context.Context, f TransactionFilter) ([]Transaction, error)
	// Counters reads how much of some limits is used; a counter never moved has a
	// zero amount without a currency.
	Counters(ctx context.Context, keys []limit.Key) (map[limit.Key]money.Amount, error)
	// BalancesByDay is the booked balance of an account at the end of each day
	// from first to last, both inclusive, for the page that draws it.
	BalancesByDay(ctx context.Context, a account.ID, first, last calendar.Date) ([]money.Amount, error)
}

// Due finds what the bank must do by itself when its time has come. Both lists
// come in order of their time, at most n long; the orders that follow from them
// are harmless when repeated.
type Due interface {
	DueHolds(ctx context.Context, now time.Time, n int) ([]ledger.HoldID, error)
	DuePayments(ctx context.Context, today calendar.Date, n int) ([]ID, error)
	// NextDue is the earliest instant at which either list will not be empty; ok
	// is false when nothing waits.
	NextDue(ctx context.Context) (at time.Time, ok bool, err error)
}

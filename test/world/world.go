// Package world makes the small banks in which scenarios and simulations are
// played: the same customers, accounts and pairings over the Book in memory and
// over the store, filled and changed through one set of acts.
//
// It decides nothing and compares nothing; who plays in it does.
package world

import (
	"context"
	"fmt"
	"time"

	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/desk"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
)

// World is a bank's memory as a test fills, changes and reads it. Accounts begin
// empty: money comes in by orders of the bank from intake.OpeningAccount.
type World interface {
	desk.Book
	payment.Due

	// AddCustomer adds an individual with the person of PersonOf.
	AddCustomer(ctx context.Context, id party.CustomerID) error
	AddAccount(ctx context.Context, a NewAccount) error
	// AddApplication adds an application that is open to everybody.
	AddApplication(ctx context.Context, a partner.Application) error
	ChangeApplication(ctx context.Context, id consent.ClientID, change func(*partner.Application)) error
	// AddAgreement keeps a first pairing.
	AddAgreement(ctx context.Context, a consent.Agreement) error
	ChangeAgreement(ctx context.Context, id consent.ID, change func(*consent.Agreement)) error
	SetCustomerLimits(ctx context.Context, id party.CustomerID, l limit.OfCustomer) error
	Block(ctx context.Context, id party.CustomerID, blocked bool) error
	// SetStatus refuses to close an account on which there is money.
	SetStatus(ctx context.Context, id account.ID, s account.Status) error
	SetAccess(ctx context.Context, id account.ID, s account.AccessState) error
	// Pass keeps a challenge of SMS that its person has passed already.
	Pass(ctx context.Context, id sca.ID, person party.PersonID, s sca.Subject) error

	Account(ctx context.Context, id account.ID) (account.Account, error)
	Agreement(ctx context.Context, id consent.ID) (consent.Agreement, error)
	Hold(ctx context.Context, id ledger.HoldID) (ledger.Hold, error)
	Payment(ctx context.Context, id payment.ID) (payment.Payment, error)
	Authorisation(ctx context.Context, id payment.AuthorisationID) (payment.Authorisation, error)
	Counters(ctx context.Context, keys []limit.Key) (map[limit.Key]money.Amount, error)

	// Check re-adds what the memory can re-add by itself.
	Check(ctx context.Context) error
	Close() error
}

// NewAccount is an account to add.
type NewAccount struct {
	ID        account.ID
	Customer  party.CustomerID
	Overdraft money.Amount
}

// PersonOf is the person of an individual customer.
func PersonOf(c party.CustomerID) party.PersonID { return "person-" + party.PersonID(c) }

// opened is an account as it begins; n makes its number, so that the payees of a
// world can be told apart.
func opened(a NewAccount, n int, at time.Time) (account.Account, error) {
	number, err := nrb.Make("99900005", fmt.Sprintf("%016d", n))
	zero := money.Zero(money.PLN)
	over := a.Overdraft
	if over.Currency() == "" {
		over = zero
	}
	return account.Account{
		ID: a.ID, Kind: account.Customer, Customer: a.Customer, NRB: number, Holder: string(a.Customer), Name: string(a.ID),
		Product: account.Product{Group: "CURRENT", Type: "PERSONAL"}, Status: account.Open,
		Access: account.FirstAccess(party.Individual, at), OpenedAt: at, Booked: zero, Held: zero, Overdraft: over,
	}, err
}

func customer(id party.CustomerID, at time.Time) party.Customer {
	return party.Customer{ID: id, Segment: party.Individual, Name: string(id), Person: PersonOf(id), Since: at}
}

func block(blocked bool, at time.Time) party.Block {
	if !blocked {
		return party.Block{}
	}
	return party.Block{By: "hotline", At: at, Why: "a scenario"}
}

// record is the audit of what a test changes.
func record(at time.Time, act, subject string) audit.Record {
	return audit.Record{At: at, Actor: audit.Actor{Kind: audit.Staff, ID: "test"}, Act: act, Subject: subject}
}

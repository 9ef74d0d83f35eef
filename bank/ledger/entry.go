// Package ledger owns double entry: balanced entries that are never changed,
// holds that end exactly once, and the balances that follow from both.
//
// It decides over accounts that it is given and knows no limit, no agreement's
// permission and no store. A refusal leaves everything as it was.
package ledger

import (
	"errors"
	"fmt"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/money"
)

// EntryID names an entry, HoldID a hold.
type (
	EntryID string
	HoldID  string
)

// Kind says what an entry is for, as the history shows it.
type Kind string

// The kinds of entry.
const (
	Transfer Kind = "transfer"
	Fee      Kind = "fee"
	Card     Kind = "card"
	Cash     Kind = "cash"
	Opening  Kind = "opening" // balances brought in by an import
	VAT      Kind = "vat"     // tax of a split payment, from the payer's VAT account to the account that pays
	Return   Kind = "return"  // money of a transfer that came back
)

// maxPostings bounds an entry: a salary run is split upstream, so that one
// entry stays within one short round of locks.
const maxPostings = 64

// Party is one end of an entry as the other end sees it.
type Party struct {
	Name   string
	Number string // NRB or IBAN, "" where there is none
}

// Entry is one balanced movement. Never changed, never deleted.
type Entry struct {
	ID       EntryID
	At       time.Time // bank clock
	Kind     Kind
	Title    string
	Payer    Party
	Payee    Party
	Payment  string // the payment that it settles, ""
	Hold     HoldID // the hold that it captured, ""
	Postings []Posting
}

// Posting is the change of one account by one entry.
type Posting struct {
	Account account.ID
	Amount  money.Amount // signed: below zero leaves the account
	After   money.Amount // booked balance after it
	Seq     int64        // position in the account's history, from 1, without gaps
}

// Accounts finds an account by its id, nil when it does not exist.
type Accounts interface {
	Account(account.ID) *account.Account
}

// ErrUnbalanced and ErrMalformed are mistakes of the program, never of a caller.
var (
	ErrUnbalanced = errors.New("ledger: entry does not balance")
	ErrMalformed  = errors.New("ledger: malformed entry")
)

// Post books an entry: it checks that the entry balances and that every payer
// can pay, and only then changes the balances. It fills After and Seq of each
// posting.
func Post(in Accounts, e *Entry) error {
	if len(e.Postings) < 2 || len(e.Postings) > maxPostings {
		return fmt.Errorf("%w: %d postings", ErrMalformed, len(e.Postings))
	}
	sum := money.Zero(e.Postings[0].Amount.Currency())
	for i := range e.Postings {
		p := &e.Postings[i]
		for j := range i {
			if e.Postings[j].Account == p.Account {
				return fmt.Errorf("%w: two postings on one account", ErrMalformed)
			}
		}
		var err error
		if sum, err = sum.Add(p.Amount); err != nil {
			return fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		a := in.Account(p.Account)
		if a == nil || p.Amount.IsZero() {
			return fmt.Errorf("%w: account %q, amount %v", ErrMalformed, p.Account, p.Amount)
		}
		if p.After, err = a.Booked.Add(p.Amount); err != nil {
			return fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		p.Seq = a.Seq + 1
		if p.Amount.IsNegative() && a.Kind == account.Customer {
			out, err := p.Amount.Neg()
			if err != nil {
				return err
			}
			if err := CanPay(a, out); err != nil {
				return err
			}
		}
	}
	if !sum.IsZero() {
		return fmt.Errorf("%w: off by %v", ErrUnbalanced, sum)
	}
	for _, p := range e.Postings {
		a := in.Account(p.Account)
		a.Booked, a.Seq = p.After, p.Seq
	}
	return nil
}

// CanPay refuses when less than amount is available.
func CanPay(a *account.Account, amount money.Amount) error {
	free, err := a.Available()
	if err != nil {
		return err
	}
	if amount.MoreThan(free) {
		return bank.Refuse(bank.InsufficientFunds, "There is not enough money available on the account.")
	}
	return nil
}

// Move makes the entry that moves an amount from one account to another.
func Move(from, to account.ID, amount money.Amount) ([]Posting, error) {
	out, err := amount.Neg()
	if err != nil {
		return nil, err
	}
	return []Posting{{Account: from, Amount: out}, {Account: to, Amount: amount}}, nil
}

// Package account owns what an account is: whose it is, its number, whether it
// is open, whether third parties may reach it, and how much money stands on it.
//
// It moves no money (package ledger does) and knows no customer's name
// (package party does).
package account

import (
	"time"

	"okienko/bank"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/party"
)

// ID names an account inside the bank. It never leaves the bank: a third party
// knows an account only by the opaque id of its agreement.
type ID string

// FeeIncome is the bank's own account to which fees are booked. Every bank has
// it from its first start, one per bank, in PLN.
const FeeIncome ID = "own-fee-income"

// Kind tells a customer's account from the bank's own.
type Kind string

// The kinds of account. The world outside the bank (payment systems, tax
// office, fees) is accounts too (design §3, Ledger).
const (
	Customer Kind = "customer"
	Own      Kind = "own" // the bank's: fees, clearing, payment systems; may go below zero
)

// Status is the state of the account itself.
type Status string

// The statuses of an account.
const (
	Open    Status = "open"
	Blocked Status = "blocked" // nothing leaves it; what third parties ask is refused
	Closed  Status = "closed"
)

// AccessState says whether third parties may reach the account at all.
type AccessState string

// The states of API access (design §3, People and accounts).
const (
	AccessOff     AccessState = "off"
	AccessOn      AccessState = "on"
	AccessBlocked AccessState = "blocked"
)

// Access is the API access of one account, with who decided it and why.
type Access struct {
	State AccessState
	By    string // the person, staff member or rule that decided
	At    time.Time
	Why   string
}

// FirstAccess is the API access with which an account starts: on for
// individuals, off for businesses (the hotline switches it on) and for
// corporations (an authorised user does, with SCA).
func FirstAccess(s party.Segment, at time.Time) Access {
	if s == party.Individual {
		return Access{State: AccessOn, By: "bank", At: at, Why: "on from the start for individuals"}
	}
	return Access{State: AccessOff, By: "bank", At: at, Why: "off until switched on for " + string(s)}
}

// Product says what kind of account it is, as a permission string prints it
// (partner-api §5: product_group, product_type).
type Product struct{ Group, Type string }

// Account is one account with its balances.
type Account struct {
	ID       ID
	Kind     Kind
	Customer party.CustomerID // "" for the bank's own
	NRB      nrb.NRB
	Holder   string // name of the holder, as the other end of a transfer sees it
	Name     string // what the customer calls it
	Product  Product
	Status   Status
	Access   Access
	OpenedAt time.Time

	Booked    money.Amount // sum of the postings
	Held      money.Amount // sum of the active holds, and of what waiting transfers set aside
	Overdraft money.Amount // agreed; zero or more
	Seq       int64        // how many postings stand on it
}

// Currency is the currency of the account.
func (a *Account) Currency() money.Currency { return a.Booked.Currency() }

// Available is booked − held + overdraft.
func (a *Account) Available() (money.Amount, error) {
	free, err := a.Booked.Sub(a.Held)
	if err != nil {
		return money.Amount{}, err
	}
	return free.Add(a.Overdraft)
}

// Usable refuses when money cannot leave the account for a third party.
func (a *Account) Usable() error {
	switch {
	case a.Status == Closed:
		return bank.Refuse(bank.AccountClosed, "The account is closed.")
	case a.Status == Blocked:
		return bank.Refuse(bank.AccountBlocked, "The account is blocked.")
	case a.Access.State == AccessBlocked:
		return bank.Refuse(bank.AccessBlocked, "Access by third parties is blocked on this account.")
	case a.Access.State != AccessOn:
		return bank.Refuse(bank.AccessOff, "Access by third parties is off on this account.")
	}
	return nil
}

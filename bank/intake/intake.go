// Package intake owns what comes into the bank in bulk: customers, persons and
// accounts from a file, the made-up world of a sandbox, and the bank's own
// accounts at its first start.
//
// It checks that a batch hangs together. Money comes in as balanced entries
// only: an opening balance is an entry against the bank's opening account.
package intake

import (
	"context"
	"fmt"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/calendar"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/rail"
	"okienko/bank/sca"
)

// The bank's own accounts: the world outside is accounts too (design §3).
const (
	OpeningAccount account.ID = "own-opening"
	ElixirAccount  account.ID = "own-elixir"
	CardsAccount   account.ID = "own-cards"
	CashAccount    account.ID = "own-cash"
	TaxAccount     account.ID = "own-tax"
)

// Login is how an imported person logs in.
type Login struct {
	Person   party.PersonID
	Login    string
	Password string // argon2id in PHC form
}

// Batch is what comes in together. Balances of accounts in it must be zero:
// they follow from the entries.
type Batch struct {
	Persons         []party.Person
	Customers       []party.Customer
	Representations []party.Representation
	Logins          []Login
	Devices         []sca.Device
	Limits          map[party.CustomerID]limit.OfCustomer
	Accounts        []account.Account
	Entries         []ledger.Entry // in order of time, per account
	Audit           []audit.Record
}

// Own lists the bank's own accounts as they are when it begins to need them:
// most at its first start, those of payment systems when it can send through
// them.
func Own(at time.Time) []account.Account {
	own := []rail.OwnAccount{
		{ID: account.FeeIncome, Name: "Fees", Currency: money.PLN}, {ID: OpeningAccount, Name: "Opening balances", Currency: money.PLN},
		{ID: ElixirAccount, Name: "Elixir", Currency: money.PLN}, {ID: CardsAccount, Name: "Cards", Currency: money.PLN},
		{ID: CashAccount, Name: "Cash", Currency: money.PLN}, {ID: TaxAccount, Name: "Tax office", Currency: money.PLN},
	}
	for _, a := range rail.OwnAccounts() {
		if a.ID != account.FeeIncome {
			own = append(own, a)
		}
	}
	out := make([]account.Account, 0, len(own))
	for _, n := range own {
		zero := money.Zero(n.Currency)
		out = append(out, account.Account{
			ID: n.ID, Kind: account.Own, Holder: n.Name, Name: n.Name, Status: account.Open,
			Access:   account.Access{State: account.AccessOff, By: "bank", At: at, Why: "the bank's own account"},
			OpenedAt: at, Booked: zero, Held: zero, Overdraft: zero,
		})
	}
	return out
}

// Book takes batches in.
type Book interface {
	// Import keeps a batch whole or not at all. Posting the entries is done by
	// the same ledger rules as ever, over the accounts as they stand; whoever
	// exists already under an id is a refusal.
	Import(ctx context.Context, b *Batch) error
	// Block sets or (with the zero Block) lifts the block of a customer.
	Block(ctx context.Context, c party.CustomerID, b party.Block, r audit.Record) error
	// SetAccountStatus and SetAccess change the state of an account.
	SetAccountStatus(ctx context.Context, id account.ID, s account.Status, r audit.Record) error
	SetAccess(ctx context.Context, id account.ID, a account.Access, r audit.Record) error
	// UnlockLogin and UnlockFactor end locks that wrong tries have made.
	UnlockLogin(ctx context.Context, p party.PersonID, r audit.Record) error
	UnlockFactor(ctx context.Context, p party.PersonID, m sca.Method, r audit.Record) error
}

// Check refuses a batch that does not hang together by itself. What it names
// from outside the batch is checked by the store when it takes the batch in.
func (b *Batch) Check(now time.Time) error {
	persons, customers := map[party.PersonID]bool{}, map[party.CustomerID]party.Segment{}
	for _, p := range b.Persons {
		if persons[p.ID] || p.ID == "" {
			return bank.RefuseField("persons", fmt.Sprintf("The person id %q is empty or twice in the batch.", p.ID))
		}
		if _, err := party.ParsePESEL(string(p.PESEL)); err != nil && p.PESEL != "" {
			return bank.RefuseField("pesel", fmt.Sprintf("The PESEL of person %q is wrong.", p.ID))
		}
		persons[p.ID] = true
	}
	for _, c := range b.Customers {
		if _, twice := customers[c.ID]; twice || c.ID == "" {
			return bank.RefuseField("customers", fmt.Sprintf("The customer id %q is empty or twice in the batch.", c.ID))
		}
		switch c.Segment {
		case party.Individual, party.Business, party.Corporation:
		default:
			return bank.RefuseField("segment", fmt.Sprintf("The segment of customer %q is unknown.", c.ID))
		}
		if c.Segment == party.Individual && c.Person == "" {
			return bank.RefuseField("person", fmt.Sprintf("The individual customer %q names no person.", c.ID))
		}
		if _, err := party.ParseNIP(string(c.NIP)); err != nil && c.NIP != "" {
			return bank.RefuseField("nip", fmt.Sprintf("The NIP of customer %q is wrong.", c.ID))
		}
		if _, err := party.ParseREGON(string(c.REGON)); err != nil && c.REGON != "" {
			return bank.RefuseField("regon", fmt.Sprintf("The REGON of customer %q is wrong.", c.ID))
		}
		customers[c.ID] = c.Segment
	}
	seen := map[account.ID]bool{}
	for i := range b.Accounts {
		a := &b.Accounts[i]
		switch {
		case seen[a.ID] || a.ID == "":
			return bank.RefuseField("accounts", fmt.Sprintf("The account id %q is empty or twice in the batch.", a.ID))
		case !a.Booked.IsZero() || !a.Held.IsZero() || a.Seq != 0:
			return bank.RefuseField("balance", fmt.Sprintf("The account %q brings a balance without an entry.", a.ID))
		case a.Kind == account.Customer && a.Customer == "":
			return bank.RefuseField("customer", fmt.Sprintf("The account %q belongs to nobody.", a.ID))
		case a.Overdraft.IsNegative():
			return bank.RefuseField("overdraft", fmt.Sprintf("The overdraft of account %q is below zero.", a.ID))
		}
		seen[a.ID] = true
	}
	for i := range b.Entries {
		if b.Entries[i].At.After(now) {
			return bank.RefuseField("entries", "An entry lies in the future, on "+calendar.DateOf(b.Entries[i].At).String()+".")
		}
	}
	return nil
}

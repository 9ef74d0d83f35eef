package account

import (
	"context"

	"okienko/bank/nrb"
	"okienko/bank/party"
)

// Register knows accounts.
type Register interface {
	// Account finds one with its balances; a NotFound refusal when there is none.
	Account(ctx context.Context, id ID) (Account, error)
	// AccountByNumber finds the one with a number; a NotFound refusal when none
	// here has it.
	AccountByNumber(ctx context.Context, number nrb.NRB) (Account, error)
	// AccountsOf lists a customer's accounts in the order in which they were
	// opened, closed ones too.
	AccountsOf(ctx context.Context, c party.CustomerID) ([]Account, error)
}

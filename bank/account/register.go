package account

import (
	"context"

	"okienko/bank/party"
)

// Register knows accounts.
type Register interface {
	// Account finds one with its balances; a NotFound refusal when there is none.
	Account(ctx context.Context, id ID) (Account, error)
	// AccountsOf lists a customer's accounts in the order in which they were
	// opened, closed ones too.
	AccountsOf(ctx context.Context, c party.CustomerID) ([]Account, error)
}

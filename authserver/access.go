package authserver

import (
	"context"

	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
)

// AccessBook keeps third parties' access to accounts.
type AccessBook interface {
	// ChangeAccess lets change decide over the account as it stands, keeps its
	// Access and nothing else of it, and the audit. When spend is given its
	// challenge is spent in the same transaction, or everything is refused.
	ChangeAccess(ctx context.Context, id account.ID, spend *consent.Use, change func(*account.Account) ([]audit.Record, error)) (account.Account, error)
}

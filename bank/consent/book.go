package consent

import (
	"context"

	"okienko/bank/audit"
	"okienko/bank/limit"
	"okienko/bank/party"
	"okienko/bank/sca"
)

// Use is a passed challenge that an act spends, with what it must have been
// given for.
type Use struct {
	Challenge sca.ID
	Person    party.PersonID
	Purpose   sca.Purpose
	Subject   string
	Binding   string
}

// Book keeps agreements. Its acts are whole: load, decide, write and record in
// one transaction.
type Book interface {
	// Agreement finds one; a NotFound refusal when there is none.
	Agreement(ctx context.Context, id ID) (Agreement, error)
	// AgreementsOf lists a customer's agreements, newest first, ended ones too.
	AgreementsOf(ctx context.Context, c party.CustomerID) ([]Agreement, error)
	// ChangeAgreement lets change decide over the agreement as it stands, and
	// keeps what it made of it with the audit. When spend is given its challenge
	// is spent in the same transaction, or everything is refused. When the
	// agreement is no longer Active afterwards, its tokens and codes end in the
	// same transaction (design §3, Consent).
	ChangeAgreement(ctx context.Context, id ID, spend *Use, change func(*Agreement) ([]audit.Record, error)) (Agreement, error)
	// CustomerLimits are a customer's own limits across everything.
	CustomerLimits(ctx context.Context, c party.CustomerID) (limit.OfCustomer, error)
	// ChangeCustomerLimits lets change decide over a customer's own limits as
	// they stand; a challenge is spent as in ChangeAgreement.
	ChangeCustomerLimits(ctx context.Context, c party.CustomerID, spend *Use, change func(*limit.OfCustomer) ([]audit.Record, error)) error
}

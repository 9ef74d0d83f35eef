package sandbox

import (
	"context"
	"slices"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/limit"
	"okienko/bank/party"
	"okienko/bank/thirdparty"
	"okienko/bank/xs2a"
)

// ConsentDesk is the bank as its customers' pages reach it, for a program that
// acts for made-up customers. Every act goes the way of the pages: the same
// checks in the same order, and a challenge that is sent and answered as the
// person's phone would.
type ConsentDesk interface {
	// AskedConsent finds the consent of a request that waits for a customer.
	AskedConsent(ctx context.Context, request string) (xs2a.Consent, error)
	// ConsentAccounts lists the accounts that the person may choose for a customer.
	ConsentAccounts(ctx context.Context, request string, p party.PersonID, c party.CustomerID) ([]account.Account, error)
	// ApproveConsent and RefuseConsent return the address to which the browser
	// would go.
	ApproveConsent(ctx context.Context, request string, p party.PersonID, c party.CustomerID, accounts []account.ID) (redirect string, err error)
	RefuseConsent(ctx context.Context, request string, p party.PersonID) (redirect string, err error)
	// GiveFunds lets a card issuer ask for funds.
	GiveFunds(ctx context.Context, p party.PersonID, c party.CustomerID, a account.ID, issuer thirdparty.Organisation, until time.Time) (xs2a.Consent, error)
	WithdrawConsent(ctx context.Context, p party.PersonID, id xs2a.ID) error
	RenewConsent(ctx context.Context, p party.PersonID, id xs2a.ID) (xs2a.Consent, error)
	// SwitchAccess switches third parties' access to one account.
	SwitchAccess(ctx context.Context, p party.PersonID, a account.ID, on bool) (account.Account, error)
	SetLimits(ctx context.Context, p party.PersonID, c party.CustomerID, to limit.OfCustomer) error
}

// CustomersConfig sets up Customers.
type CustomersConfig struct {
	Phone    *Phone // knows who is who by login
	Desk     ConsentDesk
	Parties  party.Register
	Accounts account.Register
	Consents xs2a.Book
	Limits   interface {
		CustomerLimits(ctx context.Context, c party.CustomerID) (limit.OfCustomer, error)
	}
	Clock bank.Clock // bank clock
}

// Customers are the made-up customers at their pages, by JSON: what a test or a
// script without a browser has them do.
type Customers struct{ cfg CustomersConfig }

// NewCustomers makes the door.
func NewCustomers(cfg CustomersConfig) *Customers { return &Customers{cfg} }

// Name is the name of the door in logs and metrics.
func (c *Customers) Name() string { return "customers" }

// actor is a person, with those for whom they may act now.
type actor struct {
	person    party.PersonID
	customers []party.Customer
}

func (c *Customers) actor(ctx context.Context, login string) (actor, error) {
	if login == "" {
		return actor{}, bank.RefuseField("login", "Say who acts: the login of a made-up customer.")
	}
	o, err := c.cfg.Phone.owner(login)
	if err != nil {
		return actor{}, err
	}
	acts, err := c.cfg.Parties.ActsFor(ctx, o.Person)
	if err != nil {
		return actor{}, err
	}
	a, now := actor{person: o.Person}, c.cfg.Clock.Now()
	for _, f := range acts {
		if f.Representation.At(now) {
			a.customers = append(a.customers, f.Customer)
		}
	}
	return a, nil
}

// held is an account with its customer.
type held struct {
	account.Account
	of party.Customer
}

// accounts are those of everybody for whom somebody acts.
func (c *Customers) accounts(ctx context.Context, a actor) ([]held, error) {
	var out []held
	for _, customer := range a.customers {
		list, err := c.cfg.Accounts.AccountsOf(ctx, customer.ID)
		if err != nil {
			return nil, err
		}
		for i := range list {
			out = append(out, held{list[i], customer})
		}
	}
	return out, nil
}

// choose finds the customer and the accounts that are meant. A number settles
// whose consent it is; without any it is the named customer's, or the person's
// own.
func (c *Customers) choose(ctx context.Context, a actor, customer party.CustomerID, numbers []string) (party.CustomerID, []account.ID, error) {
	all, err := c.accounts(ctx, a)
	if err != nil {
		return "", nil, err
	}
	var ids []account.ID
	for _, n := range numbers {
		at := slices.IndexFunc(all, func(h held) bool {
			return h.Kind == account.Customer && string(h.NRB) == n && (customer == "" || h.Customer == customer)
		})
		if at < 0 {
			return "", nil, bank.Refuse(bank.NotFound, "The customer has no such account.")
		}
		customer = all[at].Customer
		ids = append(ids, all[at].ID)
	}
	switch {
	case customer == "" && len(a.customers) == 0:
		return "", nil, bank.Refuse(bank.NotFound, "The person acts for nobody.")
	case customer == "":
		customer = a.customers[0].ID
	}
	return customer, ids, nil
}

// approve has a person give a consent. Without numbers everything that may be
// chosen is to be read, and the first of it pays; without a customer it is given
// for the first for whom the third party may have asked.
func (c *Customers) approve(ctx context.Context, request, login string, customer party.CustomerID, numbers []string) (redirect string, err error) {
	a, err := c.actor(ctx, login)
	if err != nil {
		return "", err
	}
	named := customer != ""
	customer, ids, err := c.choose(ctx, a, customer, numbers)
	if err != nil {
		return "", err
	}
	if len(ids) == 0 {
		asked, err := c.cfg.Desk.AskedConsent(ctx, request)
		if err != nil {
			return "", err
		}
		list, err := c.cfg.Desk.ConsentAccounts(ctx, request, a.person, customer)
		for at := 1; bank.CodeOf(err) == bank.NotFound && !named && at < len(a.customers); at++ { // the third party sent one of the others
			customer = a.customers[at].ID
			list, err = c.cfg.Desk.ConsentAccounts(ctx, request, a.person, customer)
		}
		if err != nil {
			return "", err
		}
		for i := range list {
			ids = append(ids, list[i].ID)
		}
		if asked.Scope == xs2a.Payments {
			ids = ids[:min(1, len(ids))]
		}
	}
	return c.cfg.Desk.ApproveConsent(ctx, request, a.person, customer, ids)
}

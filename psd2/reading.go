package psd2

import (
	"context"
	"errors"
	"slices"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/xs2a"
)

// Reading is one call that reads accounts under a consent.
type Reading struct {
	Consent  *xs2a.Consent
	Present  bool // the customer asked for it
	Now      time.Time
	Customer party.Customer
	as       party.Representation // of who consented
}

// Open begins a reading: it asks scope, standing and customer, and whether the
// customer's last strong authentication is recent enough for anything at all
// (RTS art. 10a: 180 days).
func (c *Core) Open(ctx context.Context, access *authserver.ConsentAccess, scope xs2a.Scope, now time.Time) (*Reading, error) {
	consent := &access.Consent
	if consent.Scope != scope {
		return nil, bank.Refuse(bank.ScopeForeign, "The consent is for another service.")
	}
	if err := consent.Standing(now); err != nil {
		return nil, err
	}
	if now.Sub(consent.ProvenAt) > xs2a.MaxLife {
		return nil, needsSCA("the last strong authentication is more than 180 days old")
	}
	customer, err := c.Parties.Customer(ctx, consent.Customer)
	if err != nil {
		return nil, err
	}
	if err := customer.Usable(); err != nil {
		return nil, err
	}
	as, err := c.relation(ctx, &customer, consent.Person, now)
	if err != nil {
		return nil, err
	}
	return &Reading{Consent: consent, Now: now, Customer: customer, as: as}, nil
}

func needsSCA(why string) error {
	return bank.Refuse(bank.HistoryNeedsSCA, "SCA needed.").Because(errors.New("psd2: " + why))
}

// Bank is what accounts say of the bank itself.
type Bank struct{ BIC, Name, Address string }

// Account is one account as a consent shows it.
type Account struct {
	account.Account
	Ref      string // the third party's handle
	Customer *party.Customer
	// As is what the person who consented is to the customer: of an individual its
	// Owner, of a company whoever acts for it.
	As party.Representation
}

// Shown is the available balance that a third party reads: never below zero
// (psd2 §2.4, the form of availableBalance has no sign).
func (a *Account) Shown() (money.Amount, error) {
	free, err := a.Available()
	if err != nil || !free.IsNegative() {
		return free, err
	}
	return money.Zero(a.Currency()), nil
}

// vatProduct is the product type of accounts that hold VAT alone.
const vatProduct = "VAT"

// Linked are the accounts that go with one: the VAT account from which split
// payments take their VAT, and of a VAT account those that it serves, as far as
// the consent covers them. An account that third parties may not reach is not
// named.
func (c *Core) Linked(ctx context.Context, r *Reading, a *Account) (vat string, linked []string, err error) {
	all, err := c.Accounts.AccountsOf(ctx, a.Customer.ID)
	if err != nil {
		return "", nil, err
	}
	for i := range all {
		o := &all[i]
		if o.ID == a.ID || o.Kind != account.Customer || o.Usable() != nil || o.Currency() != a.Currency() {
			continue
		}
		switch {
		case a.Product.Type == vatProduct && o.Product.Type != vatProduct &&
			slices.ContainsFunc(r.Consent.Accounts, func(x xs2a.Reach) bool { return !x.Past && x.Account == o.ID }):
			linked = append(linked, string(o.NRB))
		case a.Product.Type != vatProduct && o.Product.Type == vatProduct && vat == "":
			vat = string(o.NRB)
		}
	}
	return vat, linked, nil
}

func (r *Reading) account(a account.Account, ref string) Account {
	return Account{Account: a, Ref: ref, Customer: &r.Customer, As: r.as}
}

// relation finds what a person is to a customer. Whoever no longer acts for the
// company has left it: what they consented to in its name still stands, and they
// are shown as a plain user of it.
func (c *Core) relation(ctx context.Context, of *party.Customer, person party.PersonID, now time.Time) (party.Representation, error) {
	if of.Person == person {
		return party.Representation{Customer: of.ID, Person: person, Role: party.Owner}, nil
	}
	all, err := c.Parties.ActsFor(ctx, person)
	if err != nil {
		return party.Representation{}, err
	}
	best := party.Representation{Customer: of.ID, Person: person, Role: party.ProxyUser}
	for i := range all {
		r := all[i].Representation
		if all[i].Customer.ID == of.ID && r.At(now) && slices.Index(party.Roles, r.Role) < slices.Index(party.Roles, best.Role) {
			best = r
		}
	}
	return best, nil
}

// Reach finds an account of the consent by its handle, and refuses one that
// third parties may not reach now.
func (c *Core) Reach(ctx context.Context, r *Reading, ref string) (Account, error) {
	reach, err := r.Consent.Reach(ref)
	if err != nil {
		return Account{}, err
	}
	a, err := c.Accounts.Account(ctx, reach.Account)
	if err != nil {
		return Account{}, err
	}
	if err := a.Usable(); err != nil {
		return Account{}, err
	}
	return r.account(a, ref), nil
}

// Kinds of resource by which calls without the customer are counted (psd2 §0.1);
// lists of transactions have the name of their right.
const (
	kindList    = "list"
	kindAccount = "account"
	kindDetail  = "transaction:" // and its id
)

// ListQuery chooses accounts of a consent. The zero ListQuery means all, on one
// page.
type ListQuery struct {
	Fits   func(*Account) bool // nil: all do
	Same   string              // what Fits asks for, so that a cursor serves the same question only
	Size   int
	Cursor string
}

// AccountPage is one page of accounts.
type AccountPage struct {
	Accounts []Account
	Next     string // cursor of the next page, "" at the end
}

// List lists the accounts of a consent that can be reached now. Pages after the
// first are parts of one call: they are neither counted nor do they spend a right.
func (c *Core) List(ctx context.Context, r *Reading, q ListQuery) (AccountPage, error) {
	after := ""
	err := r.Consent.Allows(xs2a.ListAccounts)
	switch {
	case q.Cursor != "":
		if after, err = c.readListCursor(q, r); err != nil {
			return AccountPage{}, err
		}
	case err == nil:
		err = c.count(ctx, r, "", kindList)
	}
	if err != nil {
		return AccountPage{}, err
	}
	all, err := c.Accounts.AccountsOf(ctx, r.Consent.Customer) // one read, however many the consent has
	if err != nil {
		return AccountPage{}, err
	}
	page := AccountPage{Accounts: make([]Account, 0, len(r.Consent.Accounts))}
	shown := after == ""
	for i := range r.Consent.Accounts {
		reach := &r.Consent.Accounts[i]
		if !shown {
			shown = reach.Ref == after
			continue
		}
		at := slices.IndexFunc(all, func(a account.Account) bool { return a.ID == reach.Account })
		// What is closed or blocked is left out, and the others go on (design §3).
		if reach.Past || at < 0 || all[at].Usable() != nil {
			continue
		}
		a := r.account(all[at], reach.Ref)
		if q.Fits != nil && !q.Fits(&a) {
			continue
		}
		if q.Size > 0 && len(page.Accounts) == q.Size {
			page.Next = c.listCursor(q, r, page.Accounts[q.Size-1].Ref)
			break
		}
		page.Accounts = append(page.Accounts, a)
	}
	if q.Cursor != "" {
		return page, nil
	}
	return page, c.use(ctx, r, xs2a.ListAccounts)
}

// Details reads one account with its balances.
func (c *Core) Details(ctx context.Context, r *Reading, ref string) (Account, error) {
	if err := r.Consent.Allows(xs2a.ReadAccount); err != nil {
		return Account{}, err
	}
	a, err := c.Reach(ctx, r, ref)
	if err != nil {
		return Account{}, err
	}
	if err := c.count(ctx, r, ref, kindAccount); err != nil {
		return Account{}, err
	}
	return a, c.use(ctx, r, xs2a.ReadAccount)
}

// count counts a call that the customer did not ask for.
func (c *Core) count(ctx context.Context, r *Reading, ref, kind string) error {
	if r.Present {
		return nil
	}
	return c.Book.CountCall(ctx, r.Consent.ID, ref, kind, c.Rules.Background, r.Now)
}

// use notes the use of a right when everything else has succeeded, and spends
// one that was for a single use: of concurrent uses one is answered.
func (c *Core) use(ctx context.Context, r *Reading, right xs2a.Right) error {
	return c.Book.UseRight(ctx, r.Consent.ID, right, r.Now)
}

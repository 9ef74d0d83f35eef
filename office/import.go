package office

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/intake"
	"okienko/bank/limit"
	"okienko/bank/party"
)

// ImportCustomers takes a file in, whole or not at all.
type ImportCustomers struct{ Document CustomersDocument }

func (c *ImportCustomers) check(ctx context.Context, o *Office) (*act, error) {
	if len(c.Document.Persons)+len(c.Document.Customers)+len(c.Document.Accounts) == 0 {
		return nil, bank.RefuseField("customers", "The file holds no person, no customer and no account.")
	}
	if err := c.Document.unknown(ctx, o); err != nil {
		return nil, err
	}
	b, err := c.Document.batch(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := cmp.Or(b.Check(o.now()), unique(b), acting(ctx, o, b)); err != nil {
		return nil, err
	}
	counts := fmt.Sprintf("%d persons, %d customers, %d accounts and %d opening balances", len(b.Persons), len(b.Customers), len(b.Accounts), len(b.Entries))
	return &act{
		name: "customers.imported", subject: "bank",
		lines: []string{"Take in " + counts + "."},
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			r.After = counts
			b.Audit = []audit.Record{r}
			if err := c.passwords(o, b); err != nil {
				return nil, err
			}
			return nil, o.Intake.Import(ctx, b)
		},
	}, nil
}

// unknown refuses ids that the bank knows already: an import adds and never
// replaces. The store refuses the same again, and logins and account numbers
// with it.
func (d *CustomersDocument) unknown(ctx context.Context, o *Office) error {
	fresh := func(field, id string, err error) error {
		switch bank.CodeOf(err) {
		case bank.NotFound:
			return nil
		case "":
			return bank.RefuseField(field, fmt.Sprintf("The bank has %q already.", id))
		}
		return err
	}
	for _, p := range d.Persons {
		_, err := o.Parties.Person(ctx, party.PersonID(p.ID))
		if err := cmp.Or(identifier("persons", p.ID), fresh("persons", p.ID, err)); err != nil {
			return err
		}
	}
	for _, c := range d.Customers {
		_, err := o.Parties.Customer(ctx, party.CustomerID(c.ID))
		if err := cmp.Or(identifier("customers", c.ID), fresh("customers", c.ID, err)); err != nil {
			return err
		}
	}
	for _, a := range d.Accounts {
		if strings.HasPrefix(a.ID, "own-") {
			return bank.RefuseField("accounts", "Ids that begin with own- are those of the bank's own accounts.")
		}
		_, err := o.Accounts.Account(ctx, account.ID(a.ID))
		if err := cmp.Or(identifier("accounts", a.ID), fresh("accounts", a.ID, err)); err != nil {
			return err
		}
	}
	return nil
}

// unique refuses what one person or account only may have.
func unique(b *intake.Batch) error {
	seen := map[string]bool{}
	again := func(kind, value string) bool {
		key := kind + ":" + value
		twice := value != "" && seen[key]
		seen[key] = true
		return twice
	}
	for i := range b.Persons {
		p := &b.Persons[i]
		if again("login", p.Login) {
			return bank.RefuseField("login", fmt.Sprintf("The login of person %q stands twice in the file.", p.ID))
		}
		if again("pesel", string(p.PESEL)) {
			return bank.RefuseField("pesel", fmt.Sprintf("The PESEL of person %q stands twice in the file.", p.ID))
		}
	}
	for i := range b.Accounts {
		if a := &b.Accounts[i]; again("nrb", string(a.NRB)) {
			return bank.RefuseField("nrb", fmt.Sprintf("The number of account %q stands twice in the file.", a.ID))
		}
	}
	return nil
}

// acting checks that whoever acts for a customer, or is one, is in the file or
// in the bank.
func acting(ctx context.Context, o *Office, b *intake.Batch) error {
	inFile := map[party.PersonID]bool{}
	for i := range b.Persons {
		inFile[b.Persons[i].ID] = true
	}
	known := func(field string, id party.PersonID) error {
		if inFile[id] {
			return nil
		}
		if _, err := o.Parties.Person(ctx, id); err != nil {
			return missing(err, field, fmt.Sprintf("There is no person %q, in the file or in the bank.", id))
		}
		return nil
	}
	for i := range b.Customers {
		if c := &b.Customers[i]; c.Person != "" {
			if err := known("person", c.Person); err != nil {
				return err
			}
		}
	}
	for _, r := range b.Representations {
		if err := known("acts", r.Person); err != nil {
			return err
		}
	}
	return nil
}

// passwords hashes the first passwords: slow on purpose, so only when the
// batch is taken in.
func (c *ImportCustomers) passwords(o *Office, b *intake.Batch) error {
	for _, p := range c.Document.Persons {
		if p.Password == "" {
			continue
		}
		hash, err := o.HashPassword(p.Password, o.Random)
		if err != nil {
			return err
		}
		b.Logins = append(b.Logins, intake.Login{Person: party.PersonID(p.ID), Login: p.Login, Password: hash})
	}
	return nil
}

func (d *CustomersDocument) batch(ctx context.Context, o *Office) (*intake.Batch, error) {
	b := &intake.Batch{Limits: map[party.CustomerID]limit.OfCustomer{}}
	for i := range d.Persons {
		p, err := d.Persons[i].person()
		if err != nil {
			return nil, err
		}
		b.Persons = append(b.Persons, p)
	}
	holders := map[party.CustomerID]party.Customer{}
	for i := range d.Customers {
		c, err := d.Customers[i].into(b, o.now())
		if err != nil {
			return nil, err
		}
		holders[c.ID] = c
	}
	for i := range d.Accounts {
		a := &d.Accounts[i]
		holder, inFile := holders[party.CustomerID(a.Customer)]
		if !inFile {
			var err error
			if holder, err = o.Parties.Customer(ctx, party.CustomerID(a.Customer)); err != nil {
				return nil, missing(err, "accounts", fmt.Sprintf("The account %q belongs to a customer who is neither in the file nor in the bank.", a.ID))
			}
			holders[holder.ID] = holder
		}
		if err := a.into(b, o, &holder); err != nil {
			return nil, err
		}
	}
	return b, nil
}

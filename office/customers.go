package office

import (
	"context"
	"fmt"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/calendar"
	"okienko/bank/intake"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/party"
)

// CustomersDocument is a file of customers, persons and accounts. Days are
// "2026-11-21", amounts "100.00".
type CustomersDocument struct {
	Persons   []PersonDocument   `toml:"persons"`
	Customers []CustomerDocument `toml:"customers"`
	Accounts  []AccountDocument  `toml:"accounts"`
}

// PersonDocument is a person. Password is a first one, and may be left out for
// persons who do not log in yet.
type PersonDocument struct {
	ID        string `toml:"id"`
	FirstName string `toml:"first_name"`
	LastName  string `toml:"last_name"`
	PESEL     string `toml:"pesel"`
	Phone     string `toml:"phone"`
	Language  string `toml:"language"` // pl or en
	Login     string `toml:"login"`
	Password  string `toml:"password"`
}

// CustomerDocument is a customer with the persons who act for it.
type CustomerDocument struct {
	ID      string               `toml:"id"`
	Segment string               `toml:"segment"`
	Name    string               `toml:"name"`
	Person  string               `toml:"person"`
	NIP     string               `toml:"nip"`
	REGON   string               `toml:"regon"`
	KRS     string               `toml:"krs"`
	Address string               `toml:"address"`
	Acts    []ActsDocument       `toml:"acts"`
	Limits  CustomerCapsDocument `toml:"limits"`
}

// ActsDocument lets a person act for a customer.
type ActsDocument struct {
	Person   string `toml:"person"`
	Role     string `toml:"role"`
	PerMille int    `toml:"per_mille"`
	From     string `toml:"from"`
	Until    string `toml:"until"`
}

// CustomerCapsDocument are the customer's own limits; "" is no limit.
type CustomerCapsDocument struct {
	Single           string `toml:"single"`
	Daily            string `toml:"daily"`
	Monthly          string `toml:"monthly"`
	RecurringSingle  string `toml:"recurring_single"`
	RecurringDaily   string `toml:"recurring_daily"`
	RecurringMonthly string `toml:"recurring_monthly"`
}

// AccountDocument is an account with its opening balance.
type AccountDocument struct {
	ID           string `toml:"id"`
	Customer     string `toml:"customer"`
	NRB          string `toml:"nrb"`
	Name         string `toml:"name"`
	ProductGroup string `toml:"product_group"`
	ProductType  string `toml:"product_type"`
	Currency     string `toml:"currency"`
	Opening      string `toml:"opening"`
	Overdraft    string `toml:"overdraft"`
}

func (d *CustomerCapsDocument) caps() (limit.OfCustomer, error) {
	var l limit.OfCustomer
	for _, f := range []struct {
		name, text string
		into       *limit.Cap
	}{
		{"single", d.Single, &l.OneOff.Single}, {"daily", d.Daily, &l.OneOff.Daily}, {"monthly", d.Monthly, &l.OneOff.Monthly},
		{"recurring_single", d.RecurringSingle, &l.Recurring.Single}, {"recurring_daily", d.RecurringDaily, &l.Recurring.Daily},
		{"recurring_monthly", d.RecurringMonthly, &l.Recurring.Monthly},
	} {
		var err error
		if *f.into, err = capOf(f.name, f.text); err != nil {
			return l, err
		}
	}
	return l, nil
}

// ImportCustomers takes a file in, whole or not at all.
type ImportCustomers struct{ Document CustomersDocument }

func (c *ImportCustomers) check(_ context.Context, o *Office) (*act, error) {
	b, err := c.Document.batch(o)
	if err != nil {
		return nil, err
	}
	if err := b.Check(o.now()); err != nil {
		return nil, err
	}
	return &act{
		name: "customers.imported", subject: "bank",
		lines: []string{fmt.Sprintf("Take in %d persons, %d customers, %d accounts and %d opening balances.",
			len(b.Persons), len(b.Customers), len(b.Accounts), len(b.Entries))},
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			r.After = fmt.Sprintf("%d persons, %d customers, %d accounts", len(b.Persons), len(b.Customers), len(b.Accounts))
			b.Audit = []audit.Record{r}
			if err := c.passwords(o, b); err != nil {
				return nil, err
			}
			return nil, o.Intake.Import(ctx, b)
		},
	}, nil
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

func (d *CustomersDocument) batch(o *Office) (*intake.Batch, error) {
	b := &intake.Batch{Limits: map[party.CustomerID]limit.OfCustomer{}}
	for i := range d.Persons {
		p, err := d.Persons[i].person()
		if err != nil {
			return nil, err
		}
		b.Persons = append(b.Persons, p)
	}
	segments := map[string]party.Segment{}
	holders := map[string]string{}
	for i := range d.Customers {
		c := &d.Customers[i]
		segments[c.ID], holders[c.ID] = party.Segment(c.Segment), c.Name
		if err := c.into(b, o.now()); err != nil {
			return nil, err
		}
	}
	for i := range d.Accounts {
		a := &d.Accounts[i]
		segment, known := segments[a.Customer]
		if !known {
			return nil, bank.RefuseField("accounts", fmt.Sprintf("The account %q belongs to a customer who is not in the file.", a.ID))
		}
		if err := a.into(b, o, segment, holders[a.Customer]); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (d *PersonDocument) person() (party.Person, error) {
	p := party.Person{
		ID: party.PersonID(d.ID), FirstName: d.FirstName, LastName: d.LastName, Phone: d.Phone,
		Language: party.Language(d.Language), Login: d.Login,
	}
	if p.Language == "" {
		p.Language = party.Polish
	}
	switch {
	case p.Language != party.Polish && p.Language != party.English:
		return p, bank.RefuseField("language", fmt.Sprintf("The language of person %q is pl or en.", d.ID))
	case d.Password != "" && d.Login == "":
		return p, bank.RefuseField("login", fmt.Sprintf("The person %q has a password and no login.", d.ID))
	case d.Password != "" && len(d.Password) < 12:
		return p, bank.RefuseField("password", fmt.Sprintf("The first password of person %q has fewer than 12 characters.", d.ID))
	}
	if d.PESEL == "" {
		return p, nil
	}
	var err error
	if p.PESEL, err = party.ParsePESEL(d.PESEL); err != nil {
		return p, bank.RefuseField("pesel", fmt.Sprintf("The PESEL of person %q is wrong.", d.ID)).Because(err)
	}
	return p, nil
}

func (d *CustomerDocument) into(b *intake.Batch, now time.Time) error {
	c := party.Customer{
		ID: party.CustomerID(d.ID), Segment: party.Segment(d.Segment), Name: d.Name, Person: party.PersonID(d.Person),
		NIP: party.NIP(d.NIP), REGON: party.REGON(d.REGON), KRS: d.KRS, Address: d.Address, Since: now,
	}
	b.Customers = append(b.Customers, c)
	caps, err := d.Limits.caps()
	if err != nil {
		return err
	}
	b.Limits[c.ID] = caps
	for _, a := range d.Acts {
		from, err := day("from", a.From)
		if err != nil {
			return err
		}
		r := party.Representation{Customer: c.ID, Person: party.PersonID(a.Person), Role: party.Role(a.Role), Share: a.PerMille, From: from}
		if a.Until != "" {
			if r.Until, err = day("until", a.Until); err != nil {
				return err
			}
		}
		if !knownRole(r.Role) {
			return bank.RefuseField("role", "There is no role "+a.Role+".")
		}
		b.Representations = append(b.Representations, r)
	}
	return nil
}

func knownRole(r party.Role) bool {
	for _, k := range party.Roles {
		if k == r {
			return true
		}
	}
	return false
}

func (d *AccountDocument) into(b *intake.Batch, o *Office, s party.Segment, holder string) error {
	number, err := nrb.Parse(d.NRB)
	if err != nil {
		return bank.RefuseField("nrb", fmt.Sprintf("The number of account %q is wrong.", d.ID)).Because(err)
	}
	currency := money.PLN
	if d.Currency != "" {
		if currency, err = money.ParseCurrency(d.Currency); err != nil {
			return bank.RefuseField("currency", fmt.Sprintf("The currency of account %q is unknown.", d.ID)).Because(err)
		}
	}
	zero := money.Zero(currency)
	a := account.Account{
		ID: account.ID(d.ID), Kind: account.Customer, Customer: party.CustomerID(d.Customer), NRB: number, Holder: holder, Name: d.Name,
		Product: account.Product{Group: d.ProductGroup, Type: d.ProductType}, Status: account.Open,
		Access: account.FirstAccess(s, o.now()), OpenedAt: o.now(), Booked: zero, Held: zero, Overdraft: zero,
	}
	if d.Overdraft != "" {
		if a.Overdraft, err = money.Parse(d.Overdraft, currency); err != nil {
			return bank.RefuseField("overdraft", fmt.Sprintf("The overdraft of account %q is no amount.", d.ID)).Because(err)
		}
	}
	b.Accounts = append(b.Accounts, a)
	if d.Opening == "" {
		return nil
	}
	opening, err := money.Parse(d.Opening, currency)
	if err != nil {
		return bank.RefuseField("opening", fmt.Sprintf("The opening balance of account %q is no amount.", d.ID)).Because(err)
	}
	if opening.IsZero() {
		return nil
	}
	if currency != money.PLN {
		return bank.RefuseField("opening", "Opening balances come in PLN only: the bank's own accounts are in PLN.")
	}
	postings, err := ledger.Move(intake.OpeningAccount, a.ID, opening)
	if err != nil {
		return err
	}
	b.Entries = append(b.Entries, ledger.Entry{
		ID: ledger.EntryID(o.IDs.NewID()), At: o.now(), Kind: ledger.Opening, Title: "Opening balance",
		Payee: ledger.Party{Name: holder, Number: string(number)}, Postings: postings,
	})
	return nil
}

func day(name, s string) (time.Time, error) {
	d, err := calendar.ParseDate(s)
	if err != nil {
		return time.Time{}, bank.RefuseField(name, "A day is written as 2026-11-21.").Because(err)
	}
	return d.Start(), nil
}

package office

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"okienko/bank"
	"okienko/bank/account"
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

func (d *PersonDocument) person() (party.Person, error) {
	p := party.Person{
		ID: party.PersonID(d.ID), FirstName: d.FirstName, LastName: d.LastName, Phone: d.Phone,
		Language: party.Language(d.Language), Login: d.Login,
	}
	if p.Language == "" {
		p.Language = party.Polish
	}
	if err := cmp.Or(lines(maxName, "first_name", d.FirstName, "last_name", d.LastName), phone("phone", d.Phone)); err != nil {
		return p, err
	}
	switch {
	case d.FirstName == "" || d.LastName == "":
		return p, bank.RefuseField("last_name", fmt.Sprintf("The person %q has a first and a last name.", d.ID))
	case p.Language != party.Polish && p.Language != party.English:
		return p, bank.RefuseField("language", fmt.Sprintf("The language of person %q is pl or en.", d.ID))
	case (d.Password == "") != (d.Login == ""):
		return p, bank.RefuseField("login", fmt.Sprintf("The person %q has a login and a password, or neither.", d.ID))
	case d.Login != "" && identifier("login", d.Login) != nil:
		return p, bank.RefuseField("login", fmt.Sprintf("The login of person %q is made of letters, digits, dashes, dots and underscores.", d.ID))
	case d.Password != "" && utf8.RuneCountInString(d.Password) < minPassword || len(d.Password) > maxPassword:
		return p, bank.RefuseField("password", fmt.Sprintf("The first password of person %q has %d characters at least and %d bytes at most.", d.ID, minPassword, maxPassword))
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

// The lengths of a first password. NIST SP 800-63B asks for 8 characters; a first
// password travels in a file, so it is longer.
const (
	minPassword = 12
	maxPassword = 256
)

func (d *CustomerDocument) into(b *intake.Batch, now time.Time) (party.Customer, error) {
	c := party.Customer{
		ID: party.CustomerID(d.ID), Segment: party.Segment(d.Segment), Name: d.Name, Person: party.PersonID(d.Person),
		NIP: party.NIP(d.NIP), REGON: party.REGON(d.REGON), KRS: d.KRS, Address: d.Address, Since: now,
	}
	if err := cmp.Or(lines(maxText, "name", d.Name, "address", d.Address), krs("krs", d.KRS)); err != nil {
		return c, err
	}
	switch {
	case d.Name == "":
		return c, bank.RefuseField("name", fmt.Sprintf("The customer %q has no name.", d.ID))
	case c.Segment == party.Individual && len(d.Acts) > 0:
		return c, bank.RefuseField("acts", fmt.Sprintf("The individual customer %q acts by its own person only.", d.ID))
	}
	caps, err := d.Limits.caps()
	if err != nil {
		return c, err
	}
	b.Customers, b.Limits[c.ID] = append(b.Customers, c), caps
	shares := 0
	for i := range d.Acts {
		r, err := d.Acts[i].representation(c.ID)
		if err != nil {
			return c, err
		}
		if slices.ContainsFunc(d.Acts[:i], func(o ActsDocument) bool { return o.Person == d.Acts[i].Person && o.Role == d.Acts[i].Role }) {
			return c, bank.RefuseField("acts", fmt.Sprintf("The person %q stands twice in one role.", r.Person))
		}
		shares += r.Share
		b.Representations = append(b.Representations, r)
	}
	if shares > 1000 {
		return c, bank.RefuseField("per_mille", fmt.Sprintf("The owners of %q hold more than the whole.", d.ID))
	}
	return c, nil
}

func (d *ActsDocument) representation(c party.CustomerID) (party.Representation, error) {
	r := party.Representation{Customer: c, Person: party.PersonID(d.Person), Role: party.Role(d.Role), Share: d.PerMille}
	switch {
	case !slices.Contains(party.Roles, r.Role):
		return r, bank.RefuseField("role", fmt.Sprintf("There is no role %q.", d.Role))
	case d.PerMille < 0 || d.PerMille > 0 && r.Role != party.Owner:
		return r, bank.RefuseField("per_mille", "A share in thousandths is that of an owner.")
	}
	var err error
	if r.From, err = day("from", d.From); err != nil {
		return r, err
	}
	if d.Until == "" {
		return r, nil
	}
	if r.Until, err = day("until", d.Until); err != nil {
		return r, err
	}
	if !r.Until.After(r.From) {
		return r, bank.RefuseField("until", fmt.Sprintf("The person %q acts until a day before the first.", r.Person))
	}
	return r, nil
}

func (d *AccountDocument) into(b *intake.Batch, o *Office, holder *party.Customer) error {
	number, err := nrb.Parse(d.NRB)
	if err != nil {
		return bank.RefuseField("nrb", fmt.Sprintf("The number of account %q is wrong.", d.ID)).Because(err)
	}
	if err := cmp.Or(line("name", d.Name, maxName), productWord("product_group", d.ProductGroup), productWord("product_type", d.ProductType)); err != nil {
		return err
	}
	currency := money.PLN
	if d.Currency != "" {
		if currency, err = money.ParseCurrency(d.Currency); err != nil {
			return bank.RefuseField("currency", fmt.Sprintf("The currency of account %q is unknown.", d.ID)).Because(err)
		}
	}
	zero := money.Zero(currency)
	a := account.Account{
		ID: account.ID(d.ID), Kind: account.Customer, Customer: holder.ID, NRB: number, Holder: holder.Name, Name: d.Name,
		Product: account.Product{Group: d.ProductGroup, Type: d.ProductType}, Status: account.Open,
		Access: account.FirstAccess(holder.Segment, o.now()), OpenedAt: o.now(), Booked: zero, Held: zero, Overdraft: zero,
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
	switch {
	case err != nil:
		return bank.RefuseField("opening", fmt.Sprintf("The opening balance of account %q is no amount.", d.ID)).Because(err)
	case opening.IsZero():
		return nil
	case currency != money.PLN:
		return bank.RefuseField("opening", "Opening balances come in PLN only: the bank's own accounts are in PLN.")
	}
	postings, err := ledger.Move(intake.OpeningAccount, a.ID, opening)
	if err != nil {
		return err
	}
	b.Entries = append(b.Entries, ledger.Entry{
		ID: ledger.EntryID(o.IDs.NewID()), At: o.now(), Kind: ledger.Opening, Title: "Opening balance",
		Payee: ledger.Party{Name: a.Holder, Number: string(number)}, Postings: postings,
	})
	return nil
}

// productWord checks a word that stands between the colons of a permission
// string (partner-api §5).
func productWord(field, s string) error {
	if s == "" {
		return nil
	}
	if err := identifier(field, s); err != nil || s != strings.ToUpper(s) {
		return bank.RefuseField(field, fmt.Sprintf("A product is named in capital letters, such as ACCOUNT or PERSONAL: %q is not.", s))
	}
	return nil
}

func day(name, s string) (time.Time, error) {
	d, err := calendar.ParseDate(s)
	if err != nil {
		return time.Time{}, bank.RefuseField(name, "A day is written as 2026-11-21.").Because(err)
	}
	return d.Start(), nil
}

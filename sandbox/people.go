package sandbox

import (
	"crypto/x509"
	"fmt"
	"time"

	"okienko/bank/account"
	"okienko/bank/calendar"
	"okienko/bank/intake"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/sca"
)

// individuals is how many people have accounts of their own.
const individuals = 60

// role is a named character.
type role struct {
	login, first, last string
	sex                party.Sex
	age                int
	language           party.Language
	app                bool
	income             int64 // zlotys
	balance            int64 // minor units at the end of the history, on the main account
	savings            int64 // 0: no savings account
	story              string
}

func roles() []role {
	return []role{
		{"anna", "Anna", "Kowalska", party.Female, 34, party.Polish, false, 7200, 5_000_00, 12_000_00, "confirms with SMS codes"},
		{"jan", "Jan", "Nowak", party.Male, 41, party.Polish, true, 9100, 8_000_00, 0, "confirms in the mobile app on an enrolled device"},
		{"maria", "Maria", "Wiśniewska", party.Female, 29, party.English, false, 8400, 3_000_00, 10_000_00, "two accounts, reads English"},
		{"piotr", "Piotr", "Zieliński", party.Male, 46, party.Polish, false, 6000, 7_000_00, 0, "acts for himself and for his own business"},
		{"ewa", "Ewa", "Wójcik", party.Female, 52, party.Polish, false, 5800, 2_000_00, 0, "is blocked as a customer"},
		{"tomasz", "Tomasz", "Lewandowski", party.Male, 23, party.Polish, false, 4300, 40_00, 0, "has 40.00 PLN"},
		{"katarzyna", "Katarzyna", "Kamińska", party.Female, 38, party.Polish, true, 10_500, 6_000_00, 0, "has an account in EUR, uses the mobile app"},
		{"marek", "Marek", "Szymański", party.Male, 57, party.Polish, false, 6900, 4_500_00, 0, "has blocked the access of third parties to his account"},
		{"zofia", "Zofia", "Dąbrowska", party.Female, 68, party.Polish, false, 3900, 3_500_00, 0, "one account open, one closed; her own limits are low"},
	}
}

// people makes the individuals, their accounts, logins and devices.
func (b *builder) people() error {
	d := throw(b.cfg.Seed, "people")
	taken := map[string]bool{}
	named := roles()
	for _, r := range named {
		taken[ascii(r.first+" "+r.last)] = true
		taken[r.login] = true
		b.world.Cast = append(b.world.Cast, Character{Login: r.login, Name: r.first + " " + r.last, Story: r.story})
	}
	for i := range individuals {
		known := i < len(named)
		var r role
		if known {
			r = named[i]
		} else {
			r = somebody(d, taken)
		}
		if err := b.household(d, i, r, known); err != nil {
			return err
		}
	}
	return b.peculiar()
}

// somebody is a person whom nobody relies on.
func somebody(d dice, taken map[string]bool) role {
	r := role{sex: party.Male, age: d.between(20, 76), language: party.Polish, app: d.chance(35)}
	for {
		s := pick(d, surnames())
		if r.first, r.last = pick(d, maleNames()), s.male; d.chance(50) {
			r.sex, r.first, r.last = party.Female, pick(d, femaleNames()), s.female
		} else {
			r.sex = party.Male
		}
		r.login = ascii(r.first) + "." + ascii(r.last)
		if !taken[r.login] {
			taken[r.login] = true
			break
		}
	}
	r.income = int64(d.between(48, 145)) * 100
	if r.age > 65 {
		r.income = int64(d.between(26, 48)) * 100
	}
	if d.chance(8) {
		r.language = party.English
	}
	if d.chance(40) {
		r.savings = d.grosze(500, 40_000)
	}
	return r
}

func (b *builder) household(d dice, i int, r role, named bool) error {
	pesel, err := b.mint.pesel(b.today.Year, r.age, r.sex)
	if err != nil {
		return err
	}
	since := b.first.AddDays(-d.between(40, 3000))
	p := party.Person{
		ID: party.PersonID("person-" + r.login), FirstName: r.first, LastName: r.last, PESEL: pesel,
		Phone: phone(i + 1), Language: r.language, Login: r.login, UsesApp: r.app,
	}
	c := party.Customer{
		ID: party.CustomerID("customer-" + r.login), Segment: party.Individual, Name: p.FullName(), Person: p.ID,
		Address: b.mint.address(), Since: since.Start().UTC(),
	}
	h := &household{person: p, customer: c, income: r.income * 100, pension: r.age > 65, outside: pick(d, employers()), target: map[account.ID]int64{}}
	if h.main, err = b.open(c, r.login+"-main", "Konto osobiste", account.Product{Group: "ACCOUNT", Type: "PERSONAL"}, money.PLN, since); err != nil {
		return err
	}
	if r.savings > 0 {
		if h.savings, err = b.open(c, r.login+"-savings", "Konto oszczędnościowe", account.Product{Group: "ACCOUNT", Type: "SAVINGS"}, money.PLN, since.AddDays(21)); err != nil {
			return err
		}
	}
	if named {
		h.target[h.main] = r.balance
		if r.savings > 0 {
			h.target[h.savings] = r.savings
		}
	} else if d.chance(15) {
		b.accountByID(h.main).Overdraft = money.New(int64(d.between(1, 5))*1_000_00, money.PLN)
	}
	b.households = append(b.households, h)
	return b.person(p, &c)
}

// person puts a person into the batch, with login, device and phone.
func (b *builder) person(p party.Person, c *party.Customer) error {
	batch := &b.world.Batch
	owner, err := newOwner(b.cfg.Seed, p)
	if err != nil {
		return err
	}
	if owner.Device != "" {
		public, err := x509.MarshalPKIXPublicKey(&owner.key.PublicKey)
		if err != nil {
			return fmt.Errorf("sandbox: device of %s: %w", p.Login, err)
		}
		batch.Devices = append(batch.Devices, sca.Device{
			ID: owner.Device, Person: p.ID, Name: "Telefon (" + p.FirstName + ")", PublicKey: public, EnrolledAt: b.first.Start().UTC(),
		})
	}
	b.world.Owners = append(b.world.Owners, owner)
	batch.Persons = append(batch.Persons, p)
	batch.Logins = append(batch.Logins, intake.Login{Person: p.ID, Login: p.Login, Password: b.cfg.PasswordHash})
	if c != nil {
		batch.Customers = append(batch.Customers, *c)
	}
	return nil
}

// open opens an account with the first API access of its customer's segment.
func (b *builder) open(c party.Customer, id, name string, product account.Product, currency money.Currency, since calendar.Date) (account.ID, error) {
	number, err := b.mint.account()
	if err != nil {
		return "", err
	}
	at := since.Start().Add(9 * time.Hour).UTC()
	zero := money.Zero(currency)
	a := account.Account{
		ID: account.ID("account-" + id), Kind: account.Customer, Customer: c.ID, NRB: number, Holder: c.Name, Name: name,
		Product: product, Status: account.Open, Access: account.FirstAccess(c.Segment, at), OpenedAt: at,
		Booked: zero, Held: zero, Overdraft: zero,
	}
	b.account(a)
	return a.ID, nil
}

// peculiar gives the named characters what makes them peculiar.
func (b *builder) peculiar() error {
	yesterday := b.today.AddDays(-1).Start().Add(10 * time.Hour).UTC()
	for _, h := range b.households {
		b.world.Batch.Limits[h.customer.ID] = ownLimits(3_000_00, 10_000_00)
		switch h.person.Login {
		case "ewa":
			for i := range b.world.Batch.Customers {
				if c := &b.world.Batch.Customers[i]; c.ID == h.customer.ID {
					c.Blocked = party.Block{By: "staff:hotline", At: yesterday, Why: "reported the loss of her papers"}
				}
			}
		case "marek":
			b.accountByID(h.main).Access = account.Access{State: account.AccessBlocked, By: string(h.person.ID), At: yesterday, Why: "blocked by the customer"}
		case "maria":
			b.accountByID(h.main).Name, b.accountByID(h.savings).Name = "Everyday account", "Savings account"
		case "zofia":
			b.world.Batch.Limits[h.customer.ID] = ownLimits(60_00, 200_00)
			id, err := b.open(h.customer, "zofia-closed", "Konto wspólne", account.Product{Group: "ACCOUNT", Type: "PERSONAL"}, money.PLN, b.first.AddDays(-900))
			if err != nil {
				return err
			}
			b.accountByID(id).Status = account.Closed
		case "katarzyna":
			euro, err := b.open(h.customer, "katarzyna-euro", "Konto walutowe EUR", account.Product{Group: "ACCOUNT", Type: "CURRENCY"}, money.EUR, b.first.AddDays(-60))
			if err != nil {
				return err
			}
			h.euro, h.target[euro] = euro, 1_250_00
		}
	}
	return nil
}

// ownLimits are a customer's limits across every application.
func ownLimits(daily, monthly int64) limit.OfCustomer {
	return limit.OfCustomer{OneOff: limit.Caps{
		Daily: limit.CapAt(money.New(daily, money.PLN)), Monthly: limit.CapAt(money.New(monthly, money.PLN)),
	}}
}

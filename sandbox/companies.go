package sandbox

import (
	"fmt"
	"time"

	"okienko/bank/account"
	"okienko/bank/money"
	"okienko/bank/party"
)

// The companies that the ready applications belong to.
const (
	kawomat  = "kawomat"
	parkomat = "parkomat"
	bilecik  = "bilecik"
)

// acts lets a person act for a company: the login of somebody in the world, or
// the name of somebody who is only there for the company.
type acts struct {
	login       string
	first, last string // of a person without accounts of their own
	sex         party.Sex
	role        party.Role
	share       int
	from, until int // days from today; until 0: no end
}

type company struct {
	id, name string
	segment  party.Segment
	sole     bool
	turnover int64 // zlotys a month
	access   account.AccessState
	acts     []acts
}

func companies() []company {
	return []company{
		{"zielinski", "Zieliński Usługi Informatyczne Piotr Zieliński", party.Business, true, 28_000, account.AccessOn,
			[]acts{{login: "piotr", role: party.Owner, share: 1000, from: -1800}}},
		{"cukiernia", "Cukiernia Anyżek Barbara Gajda", party.Business, true, 41_000, account.AccessOff,
			[]acts{{login: "barbara.gajda", first: "Barbara", last: "Gajda", sex: party.Female, role: party.Owner, share: 1000, from: -2500},
				{login: "anna", role: party.ProxyUser, from: -200}}},
		{"transport", "Transport Drogowy Wrona Ignacy Wrona", party.Business, true, 64_000, account.AccessOff,
			[]acts{{login: "ignacy.wrona", first: "Ignacy", last: "Wrona", sex: party.Male, role: party.Owner, share: 1000, from: -1200}}},
		{kawomat, "Kawomat sp. z o.o.", party.Corporation, false, 180_000, account.AccessOn,
			[]acts{{login: "helena.kruk", first: "Helena", last: "Kruk", sex: party.Female, role: party.Representative, from: -900},
				{login: "jan", role: party.ProxyGeneral, from: -300}}},
		{parkomat, "Parkomat sp. z o.o.", party.Corporation, false, 150_000, account.AccessOn,
			[]acts{{login: "oskar.bielak", first: "Oskar", last: "Bielak", sex: party.Male, role: party.Representative, from: -700},
				{login: "katarzyna", role: party.ProxyAdmin, from: -100, until: 265}}},
		{bilecik, "Bilecik sp. z o.o.", party.Corporation, false, 90_000, account.AccessOff,
			[]acts{{login: "lena.maj", first: "Lena", last: "Maj", sex: party.Female, role: party.Owner, share: 600, from: -400},
				{login: "marek", role: party.Owner, share: 400, from: -400}}},
		{"debina", "Fabryka Okien Dąbek S.A.", party.Corporation, false, 420_000, account.AccessOff,
			[]acts{{login: "julian.sobol", first: "Julian", last: "Soból", sex: party.Male, role: party.Representative, from: -2000},
				{login: "maria", role: party.ProxySpecial, from: -500, until: -30}, // has ended
				{login: "zofia", role: party.ProxyUser, from: 14}}},                // has not begun
		{"lacza", "Łącza Światłowodowe S.A.", party.Corporation, false, 350_000, account.AccessOff,
			[]acts{{login: "nina.zawada", first: "Nina", last: "Zawada", sex: party.Female, role: party.Representative, from: -1500},
				{login: "julian.sobol", role: party.ProxySpecial, from: -90}}},
	}
}

// companies makes the companies, those who act for them, and their accounts.
func (b *builder) companies() error {
	known := map[string]party.PersonID{}
	for _, o := range b.world.Owners {
		known[o.Login] = o.Person
	}
	for i, c := range companies() {
		if err := b.company(i, c, known); err != nil {
			return err
		}
	}
	// Some people work for companies of the world, so that wages stay inside it.
	d := throw(b.cfg.Seed, "staff")
	employing := b.firms[3:]
	for i, h := range b.households {
		if !h.pension && h.person.Login != "piotr" && (i%5 == 1 || d.chance(8)) {
			h.employer = employing[i%len(employing)]
		}
	}
	return nil
}

func (b *builder) company(i int, c company, known map[string]party.PersonID) error {
	since := b.first.AddDays(-400 - 37*i)
	customer := party.Customer{
		ID: party.CustomerID("customer-" + c.id), Segment: c.segment, Name: c.name,
		NIP: b.mint.nip(), REGON: b.mint.regon(), Address: b.mint.address(), Since: since.Start().UTC(),
	}
	if c.segment == party.Corporation {
		customer.KRS = b.mint.krs()
	}
	b.world.Batch.Customers = append(b.world.Batch.Customers, customer)
	for _, a := range c.acts {
		id, ok := known[a.login]
		if !ok {
			var err error
			if id, err = b.stranger(a, len(known)); err != nil {
				return err
			}
			known[a.login] = id
		}
		r := party.Representation{Customer: customer.ID, Person: id, Role: a.role, Share: a.share, From: b.today.AddDays(a.from).Start().UTC()}
		if a.until != 0 {
			r.Until = b.today.AddDays(a.until).Start().UTC()
		}
		b.world.Batch.Representations = append(b.world.Batch.Representations, r)
	}
	id, err := b.open(customer, c.id, "Konto firmowe", account.Product{Group: "ACCOUNT", Type: "BUSINESS"}, money.PLN, since)
	if err != nil {
		return err
	}
	if c.access == account.AccessOn {
		on := account.Access{State: account.AccessOn, By: "staff:hotline", At: b.first.Start().Add(11 * time.Hour).UTC(), Why: "switched on at the customer's request"}
		if c.segment == party.Corporation { // by an authorised user alone (design §3)
			on.By, on.Why = "customer:person-"+c.acts[0].login, "by the customer"
		}
		b.accountByID(id).Access = on
	}
	b.firms = append(b.firms, &firm{customer: customer, account: id, sole: c.sole, turnover: c.turnover * 100})
	return nil
}

// stranger is a person who has no account and acts for a company only.
func (b *builder) stranger(a acts, n int) (party.PersonID, error) {
	pesel, err := b.mint.pesel(b.today.Year, 30+n%30, a.sex)
	if err != nil {
		return "", fmt.Errorf("sandbox: %s: %w", a.login, err)
	}
	p := party.Person{
		ID: party.PersonID("person-" + a.login), FirstName: a.first, LastName: a.last, PESEL: pesel,
		Phone: phone(n + 101), Language: party.Polish, Login: a.login,
	}
	return p.ID, b.person(p, nil)
}

package cells

import (
	"context"
	"errors"
	"fmt"
	"time"

	"okienko/authserver"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/intake"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/nrb"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/sca"
)

const (
	bankCode = "99900005" // belongs to no bank
	opening  = 1_000_000  // on each account that does not begin empty
	secret   = "123456"   // every challenge of these worlds
)

// customers of each cell: the first have money and a pairing with the shop; the
// dormant begin with nothing, and their accounts are closed and opened again.
func withMoney() []string { return []string{"anna", "ben", "cyd", "dan"} }
func dormant() []string   { return []string{"emil", "fela"} }

// shop is the partner: it has a collecting account in the first cell and a
// sub-account in the second, which is swept into the first.
const shop = "shop"

// number is the account number of the n-th account of a cell. The last ones
// belong to nobody.
func number(cell string, n int) (string, error) {
	digit := 1
	if cell == "b" {
		digit = 2
	}
	made, err := nrb.Make(bankCode, fmt.Sprintf("%d%015d", digit, n))
	return made.String(), err
}

// found fills an empty cell.
func (c *cell) found(ctx context.Context) error {
	now := c.now()
	b := &intake.Batch{Accounts: ownAccounts(c.peer, now)}
	for i, name := range append(append(withMoney(), dormant()...), shop) {
		id := c.name + "-" + name
		person := party.Person{ID: party.PersonID("person-" + id), FirstName: name, LastName: "Test", Language: party.Polish, Phone: "+48123456789"}
		customer := party.Customer{ID: party.CustomerID(id), Segment: party.Individual, Name: id, Person: person.ID, Since: now}
		nr, err := number(c.name, i)
		if err != nil {
			return err
		}
		a := account.Account{
			ID: account.ID(id), Kind: account.Customer, Customer: customer.ID, NRB: nrb.NRB(nr), Holder: id, Name: id,
			Product: account.Product{Group: "CURRENT", Type: "PERSONAL"}, Status: account.Open,
			Access: account.FirstAccess(party.Individual, now), OpenedAt: now, Booked: pln(0), Held: pln(0), Overdraft: pln(0),
		}
		c.numbers[nr] = a.ID
		b.Persons, b.Customers, b.Accounts = append(b.Persons, person), append(b.Customers, customer), append(b.Accounts, a)
		if i >= len(withMoney()) {
			continue
		}
		p, err := ledger.Move(intake.OpeningAccount, a.ID, pln(opening))
		if err != nil {
			return err
		}
		b.Entries = append(b.Entries, ledger.Entry{ID: ledger.EntryID("opening-" + id), At: now, Kind: ledger.Opening, Title: "Opening", Postings: p})
	}
	if err := c.store.Import(ctx, b); err != nil {
		return err
	}
	if err := c.register(ctx); err != nil {
		return err
	}
	for _, name := range withMoney() {
		if err := c.pair(ctx, c.name+"-"+name); err != nil {
			return err
		}
	}
	return nil
}

func (c *cell) did(act, subject string) audit.Record {
	return audit.Record{At: c.now(), Actor: audit.Actor{Kind: audit.Staff, ID: "simulation"}, Act: act, Subject: subject}
}

func allowed() []consent.Permission {
	return []consent.Permission{
		{Object: consent.Payments, Action: consent.Create}, {Object: consent.Blockades, Action: consent.Create}, {Object: consent.Blockades, Action: consent.Delete},
	}
}

// most is a limit that no simulation reaches: limits have a simulation of their own.
func most() limit.Limits {
	m := pln(1_000_000_000_000)
	return limit.Limits{Single: m, Daily: m, Monthly: m, Unconfirmed: m}
}

// register makes the shop a partner of the bank. Partners are the same in every
// cell; the account that takes their money is the cell's own.
func (c *cell) register(ctx context.Context) error {
	now := c.now()
	app := partner.Application{
		ID: shop, Partner: shop, Name: "Shop", Limits: most(), Account: account.ID(c.name + "-" + shop), Status: partner.Sandbox,
		AccessTTL: partner.DefaultAccessTTL, RefreshTTL: partner.DefaultRefreshTTL, Since: now,
	}
	for _, p := range allowed() {
		app.Permissions = append(app.Permissions, consent.Definition{Permission: p, ValidSeconds: consent.Unrestricted, Quota: consent.Unrestricted})
	}
	return errors.Join(
		c.store.PutPartner(ctx, partner.Partner{ID: shop, Name: "Shop", LegalName: "Shop", Since: now}, c.did("partner.put", "partner:shop")),
		c.store.PutApplication(ctx, app, c.did("application.put", "application:shop")),
	)
}

// pair pairs a customer with the shop, by the acts that the pages use.
func (c *cell) pair(ctx context.Context, customer string) error {
	now, id, person := c.now(), "pair-"+customer, party.PersonID("person-"+customer)
	agreement := consent.Agreement{
		ID: consent.ID(customer), Version: 1, Application: shop, Customer: party.CustomerID(customer), Person: person,
		AccountRef: "ref-" + customer, Account: account.ID(customer), Limits: most(), Status: consent.Active, CreatedAt: now, GivenAt: now,
	}
	for _, p := range allowed() {
		agreement.Grants = append(agreement.Grants, consent.Definition{Permission: p, ValidSeconds: consent.Unrestricted, Quota: consent.Unrestricted}.Give(now))
	}
	request := authserver.Request{
		ID: authserver.RequestID(id), Client: shop, State: "state", RedirectURI: "https://partner.example/", CreatedAt: now, ExpiresAt: now.Add(time.Hour),
		Status: authserver.RequestOpen, Choice: &authserver.Choice{Person: person, Customer: agreement.Customer, Account: agreement.Account, Limits: agreement.Limits},
	}
	subject := sca.Subject{Purpose: sca.ForPairing, ID: id, Binding: "chosen"}
	challenge := sca.Challenge{
		ID: sca.ID("challenge-" + id), Person: person, Method: sca.SMS, Subject: subject, CodeHash: []byte(secret),
		CreatedAt: now, ExpiresAt: now.Add(sca.Life), Status: sca.Pending,
	}
	if err := c.store.SaveRequest(ctx, request); err != nil {
		return err
	}
	if err := c.store.OpenChallenge(ctx, challenge, nil, func(f *sca.Factor) error { return f.Open(now) }); err != nil {
		return err
	}
	_, err := c.store.JudgeChallenge(ctx, challenge.ID,
		func(ch *sca.Challenge, f *sca.Factor) error { return sca.Answer(ch, f, []byte(secret), now) },
		func(*sca.Challenge) []audit.Record { return nil })
	if err != nil {
		return err
	}
	spends := consent.Use{Challenge: challenge.ID, Person: person, Purpose: sca.ForPairing, Subject: id, Binding: subject.Binding}
	code := authserver.Code{Hash: []byte(id), Client: shop, ExpiresAt: now.Add(time.Minute)}
	_, err = c.store.Pair(ctx, request.ID, spends, code,
		func(authserver.Request, *consent.Agreement) (consent.Agreement, []audit.Record, error) {
			return agreement, nil, nil
		})
	return err
}

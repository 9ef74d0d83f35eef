package storetest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/intake"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/sca"
	"okienko/store"
)

// bed is a store with a few people in it, two of whom have a current account,
// and the application of a partner.
type bed struct {
	*testing.T
	*store.Store
	ctx        context.Context
	bank, wall *hand
}

// The people of a bed.
const (
	anna   party.PersonID   = "person-anna"
	bartek party.PersonID   = "person-bartek"
	ofAnna party.CustomerID = "customer-anna"
	ofBart party.CustomerID = "customer-bartek"
	acme   party.CustomerID = "customer-acme" // Bartek represents it

	annasAccount   account.ID = "account-anna"
	annasSavings   account.ID = "account-anna-2"
	barteksAccount account.ID = "account-bartek"
	acmesAccount   account.ID = "account-acme"

	thePartner partner.ID       = "partner-acme"
	theClient  partner.ClientID = "client-shop"
)

func pln(minor int64) money.Amount { return money.New(minor, money.PLN) }

// someLimits are limits whose four numbers differ, so that none can be taken
// for another.
func someLimits(n int64) limit.Limits {
	return limit.Limits{Single: pln(n), Daily: pln(2 * n), Monthly: pln(3 * n), Unconfirmed: pln(n / 2)}
}

var (
	readUser  = consent.Permission{Object: consent.User, Action: consent.ReadDet}
	makeHold  = consent.Permission{Object: consent.Blockades, Action: consent.Create}
	createPay = consent.Permission{Object: consent.Payments, Action: consent.Create}
)

// promises is a part of the suite that runs named tests, each on a bed of its own.
func promises(t *testing.T, open Open, tests []bedTest) {
	for _, one := range tests {
		t.Run(one.name, func(t *testing.T) { one.test(makeBed(t, open)) })
	}
}

// bedTest is one promise and the test that holds a store to it.
type bedTest struct {
	name string
	test func(*bed)
}

// makeBed opens empty data and fills it. The bank clock is years ahead of the
// wall clock, so that neither can pass for the other.
func makeBed(t *testing.T, open Open) *bed {
	t.Helper()
	b := &bed{T: t, ctx: context.Background(), bank: &hand{now: noon.AddDate(5, 0, 0)}, wall: &hand{now: noon}}
	b.Store = open(t, store.Config{Environment: partner.Test, Key: make([]byte, 32), Clock: b.bank, Wall: b.wall, Node: "test"})
	t.Cleanup(func() { must(t, b.Close()) })
	b.must(b.Import(b.ctx, b.people()))
	b.must(b.PutPartner(b.ctx, partner.Partner{
		ID: thePartner, Name: "Acme", LegalName: "Acme sp. z o.o.", NIP: "5260250995", KRS: "0000123456", Address: "Prosta 1, Warszawa",
		Email: "it@acme.example", Phone: "+48221234567", Customer: acme, Employees: []party.PersonID{bartek},
		Agreement: partner.Agreement{Reference: "U/1/2026", SignedAt: b.now()}, Since: b.now(),
	}, b.did("partner.put")))
	b.must(b.PutApplication(b.ctx, b.application(), b.did("application.put")))
	return b
}

func (b *bed) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// refused demands a refusal with a code.
func (b *bed) refused(err error, code bank.Code) {
	b.Helper()
	if got := bank.CodeOf(err); got != code {
		b.Fatalf("got %q (%v), want %q", got, err, code)
	}
}

func (b *bed) now() time.Time { return b.bank.Now() }

// move moves both clocks.
func (b *bed) move(d time.Duration) {
	b.bank.move(d)
	b.wall.move(d)
}

// did is a line of audit by staff.
func (b *bed) did(act string) audit.Record {
	return audit.Record{At: b.now(), Actor: audit.Actor{Kind: audit.Staff, ID: "ewa"}, Act: act, Subject: "test"}
}

func (b *bed) people() *intake.Batch {
	since := b.now().AddDate(-1, 0, 0)
	open := func(id account.ID, c party.CustomerID, holder string, serial uint64) account.Account {
		return account.Account{
			ID: id, Kind: account.Customer, Customer: c, NRB: someNRB(b.T, serial), Holder: holder, Name: "Konto",
			Product: account.Product{Group: "ROR", Type: "STANDARD"}, Status: account.Open,
			Access: account.Access{State: account.AccessOn, By: "bank", At: since, Why: "test"}, OpenedAt: since,
			Booked: pln(0), Held: pln(0), Overdraft: pln(0),
		}
	}
	return &intake.Batch{
		Persons: []party.Person{
			{ID: anna, FirstName: "Anna", LastName: "Żak", PESEL: somePESEL(b.T, 4320), Phone: "+48600100200", Language: party.Polish},
			{ID: bartek, FirstName: "Bartek", LastName: "Lis", PESEL: somePESEL(b.T, 1111), Phone: "+48600100300", Language: party.English},
		},
		Customers: []party.Customer{
			{ID: ofAnna, Segment: party.Individual, Name: "Anna Żak", Person: anna, Address: "Długa 2, Kraków", Since: since},
			{ID: ofBart, Segment: party.Individual, Name: "Bartek Lis", Person: bartek, Since: since},
			{ID: acme, Segment: party.Corporation, Name: "Acme sp. z o.o.", NIP: "5260250995", REGON: "123456785", KRS: "0000123456", Since: since},
		},
		Representations: []party.Representation{{
			Customer: acme, Person: bartek, Role: party.Owner, Share: 510, From: since, Until: since.AddDate(5, 0, 0),
		}},
		Logins: []intake.Login{{Person: anna, Login: "anna", Password: "$argon2id$a"}, {Person: bartek, Login: "bartek", Password: "$argon2id$b"}},
		Accounts: []account.Account{
			open(annasAccount, ofAnna, "Anna Żak", 1), open(annasSavings, ofAnna, "Anna Żak", 2),
			open(barteksAccount, ofBart, "Bartek Lis", 3), open(acmesAccount, acme, "Acme sp. z o.o.", 4),
		},
	}
}

func someNRB(t *testing.T, serial uint64) nrb.NRB {
	t.Helper()
	n, err := nrb.Make("99900005", fmt.Sprintf("%016d", serial))
	must(t, err)
	return n
}

func somePESEL(t *testing.T, serial int) party.PESEL {
	t.Helper()
	p, err := party.MakePESEL(1990, 5, 12, serial)
	must(t, err)
	return p
}

// digest stands in for the hash of a secret.
func digest(of string) []byte {
	sum := sha256.Sum256([]byte(of))
	return sum[:]
}

// tally counts the codes of errors, "" being success.
func tally(errs []error) map[bank.Code]int {
	n := map[bank.Code]int{}
	for _, err := range errs {
		n[bank.CodeOf(err)]++
	}
	return n
}

// passed keeps a challenge that its person has passed, for an act to spend.
func (b *bed) passed(id string, who party.PersonID, p sca.Purpose, subject, binding string) consent.Use {
	b.Helper()
	c := b.challenge(id, who, sca.Mobile)
	c.Subject = sca.Subject{Purpose: p, ID: subject, Binding: binding}
	b.must(b.OpenChallenge(b.ctx, c, nil, func(*sca.Factor) error { return nil }))
	_, err := b.JudgeChallenge(b.ctx, c.ID, func(c *sca.Challenge, f *sca.Factor) error { return sca.Approve(c, f, true, b.now()) }, nil)
	b.must(err)
	return consent.Use{Challenge: c.ID, Person: who, Purpose: p, Subject: subject, Binding: binding}
}

func (b *bed) challenge(id string, who party.PersonID, m sca.Method) sca.Challenge {
	return sca.Challenge{
		ID: sca.ID(id), Person: who, Method: m,
		Subject:   sca.Subject{Purpose: sca.ForPairing, ID: "some", Binding: "this", Display: sca.Display{Text: "Potwierdź", Amount: "1.00 PLN", Payee: "Acme"}},
		CodeHash:  digest(id + " code"),
		Nonce:     digest(id + " nonce"),
		CreatedAt: b.now(), ExpiresAt: b.now().Add(sca.Life), Status: sca.Pending,
	}
}

// request keeps a pairing request with the choice of a customer.
func (b *bed) request(id string, client consent.ClientID, who party.PersonID, c party.CustomerID, a account.ID) authserver.Request {
	b.Helper()
	r := authserver.Request{
		ID: authserver.RequestID(id), Client: client, State: "state-" + id, RedirectURI: "https://acme.example/back", CodeChallenge: "pkce-" + id,
		CreatedAt: b.now(), ExpiresAt: b.now().Add(10 * time.Minute), Status: authserver.RequestOpen,
	}
	b.must(b.SaveRequest(b.ctx, r))
	r, err := b.ChangeRequest(b.ctx, r.ID, func(r *authserver.Request) error {
		r.Choice = &authserver.Choice{
			Person: who, Customer: c, Account: a, Permissions: []consent.Permission{createPay, readUser}, Limits: someLimits(1000),
		}
		return nil
	})
	b.must(err)
	return r
}

// code is the authorisation code of a request.
func (b *bed) code(r authserver.Request) authserver.Code {
	return authserver.Code{
		Hash: digest("code " + string(r.ID)), Client: r.Client, State: r.State, RedirectURI: r.RedirectURI, CodeChallenge: r.CodeChallenge,
		ExpiresAt: b.now().Add(time.Minute),
	}
}

// give is the plain decision of a pairing: what was chosen.
func (b *bed) give(r authserver.Request, before *consent.Agreement) (consent.Agreement, []audit.Record, error) {
	a := consent.Agreement{
		ID: consent.ID("agreement-" + string(r.ID)), AccountRef: "ref-" + string(r.ID),
		Application: r.Client, Customer: r.Choice.Customer, CreatedAt: b.now(),
	}
	if before != nil {
		a = *before
	}
	a.Version++
	a.Person, a.Account, a.Limits, a.Status, a.GivenAt = r.Choice.Person, r.Choice.Account, r.Choice.Limits, consent.Active, b.now()
	a.EndedAt, a.EndedBy, a.Grants = time.Time{}, "", nil
	for _, p := range r.Choice.Permissions {
		a.Grants = append(a.Grants, consent.Grant{Permission: p, GivenAt: b.now(), ValidSeconds: 3600, Quota: 10, Left: 10})
	}
	return a, []audit.Record{b.did("pairing.given")}, nil
}

// pair pairs Anna's account, or what who, c and a say.
func (b *bed) pair(id string, client consent.ClientID, who party.PersonID, c party.CustomerID, a account.ID) (consent.Agreement, authserver.Code) {
	b.Helper()
	r := b.request(id, client, who, c, a)
	use := b.passed("challenge "+id, who, sca.ForPairing, id, "chosen")
	code := b.code(r)
	agreement, err := b.Pair(b.ctx, r.ID, use, code, b.give)
	b.must(err)
	code.Agreement = agreement.ID
	return agreement, code
}

func (b *bed) pairAnna(id string) (consent.Agreement, authserver.Code) {
	b.Helper()
	return b.pair(id, theClient, anna, ofAnna, annasAccount)
}

// issue makes the tokens of one exchange; their secrets are "access <name>" and
// "refresh <name>".
func (b *bed) issue(name string) authserver.Issued {
	return authserver.Issued{
		Access:  authserver.Token{Hash: digest("access " + name), IssuedAt: b.now(), ExpiresAt: b.now().Add(20 * time.Minute)},
		Refresh: authserver.Token{Hash: digest("refresh " + name), IssuedAt: b.now(), ExpiresAt: b.now().Add(90 * 24 * time.Hour)},
		Audit:   []audit.Record{b.did("tokens.issued")},
	}
}

func (b *bed) redeem(code authserver.Code, name string) error {
	_, err := b.Redeem(b.ctx, code.Hash, b.now(), func(authserver.Code) error { return nil },
		func(authserver.Code, consent.Agreement) (authserver.Issued, error) { return b.issue(name), nil })
	return err
}

func (b *bed) rotate(old, name string) error {
	_, err := b.Rotate(b.ctx, digest("refresh "+old), b.now(), func(authserver.Token) error { return nil },
		func(authserver.Token, consent.Agreement) (authserver.Issued, error) { return b.issue(name), nil })
	return err
}

// alive tells whether the access token of a name is neither revoked nor unknown.
func (b *bed) alive(name string) bool {
	b.Helper()
	a, err := b.Access(b.ctx, digest("access "+name))
	if bank.CodeOf(err) == bank.NotFound {
		return false
	}
	b.must(err)
	return a.Token.RevokedAt.IsZero()
}

package storetest

import (
	"errors"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/fee"
	"okienko/bank/intake"
	"okienko/bank/limit"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/sca"
)

// parties holds people, partners and what they have agreed on to their
// promises.
func parties(t *testing.T, open Open) {
	promises(t, open, []bedTest{
		{"a person comes back whole, with login and devices", personComesBack},
		{"a person acts for themselves first, then for companies", actsFor},
		{"people and companies are found by their numbers", foundByNumber},
		{"what does not exist is refused as not found", nothingThere},
		{"a customer's limits tell no cap from zero", customerLimits},
		{"an application comes back whole", applicationComesBack},
		{"replacing an application leaves its status", replacingKeepsStatus},
		{"lower limits of an application lower those of its pairings", limitsComeDown},
		{"what an application names must exist", namesMustExist},
		{"a new secret ends the others later", secrets},
		{"a narrower status suspends pairings and ends their tokens", statusSuspends},
		{"a refused status changes nothing", statusRefused},
		{"a status reaches every pairing", statusReachesAll},
	})
}

func (b *bed) same(got, want any) {
	b.Helper()
	if !reflect.DeepEqual(got, want) {
		b.Fatalf("got\n%+v\nwant\n%+v", got, want)
	}
}

func foundByNumber(b *bed) {
	b.must(b.Import(b.ctx, &intake.Batch{
		Persons: []party.Person{{ID: "no-number", FirstName: "Olga", LastName: "Nowa", Language: party.Polish}},
		Customers: []party.Customer{
			{ID: "twin", Segment: party.Business, Name: "Acme drugi raz", NIP: "5260250995", Since: b.now()},
			{ID: "alone", Segment: party.Individual, Name: "Olga Nowa", Person: "no-number", NIP: "5260250995", REGON: "123456785", Since: b.now()},
		},
	}))
	p, err := b.PersonByPESEL(b.ctx, somePESEL(b.T, 1111))
	b.must(err)
	if p != bartek {
		b.Errorf("the number of Bartek is that of %s", p)
	}
	for _, number := range []party.PESEL{somePESEL(b.T, 2222), ""} {
		p, err := b.PersonByPESEL(b.ctx, number)
		b.refused(err, bank.NotFound)
		if p != "" {
			b.Errorf("nobody is %s", p)
		}
	}
	for number, want := range map[party.NIP][]party.CustomerID{"5260250995": {acme, "twin"}, "1234563218": nil, "": nil} {
		got, err := b.CompaniesByNIP(b.ctx, number)
		b.must(err)
		b.same(got, want)
	}
	for number, want := range map[party.REGON][]party.CustomerID{"123456785": {acme}, "000331501": nil, "": nil} {
		got, err := b.CompaniesByREGON(b.ctx, number)
		b.must(err)
		b.same(got, want)
	}
}

func personComesBack(b *bed) {
	want := b.people().Persons[0]
	want.Login = "anna"
	got, err := b.Person(b.ctx, anna)
	b.must(err)
	b.same(got, want)

	d := sca.Device{ID: "phone-1", Person: anna, Name: "Telefon", PublicKey: []byte{1, 2}, EnrolledAt: b.now()}
	b.must(b.EnrolDevice(b.ctx, d, b.did("device.enrolled")))
	want.UsesApp = true
	got, err = b.Person(b.ctx, anna)
	b.must(err)
	b.same(got, want)

	b.move(time.Hour)
	b.must(b.RemoveDevice(b.ctx, d.ID, b.did("device.removed")))
	got, err = b.Person(b.ctx, anna)
	b.must(err)
	if got.UsesApp {
		b.Error("a person without an active device still uses the application")
	}
	d.RemovedAt = b.now()
	devices, err := b.Devices(b.ctx, anna)
	b.must(err)
	b.same(devices, []sca.Device{d})
	b.refused(b.RemoveDevice(b.ctx, d.ID, b.did("device.removed")), bank.NotFound)
	d.ID, d.Person = "phone-2", "nobody"
	b.refused(b.EnrolDevice(b.ctx, d, b.did("device.enrolled")), bank.NotFound)
}

func actsFor(b *bed) {
	got, err := b.ActsFor(b.ctx, bartek)
	b.must(err)
	world := b.people()
	b.same(got, []party.ActsFor{
		{Customer: world.Customers[1], Representation: party.Representation{
			Customer: ofBart, Person: bartek, Role: party.Owner, From: world.Customers[1].Since,
		}},
		{Customer: world.Customers[2], Representation: world.Representations[0]},
	})
}

func nothingThere(b *bed) {
	for name, err := range map[string]error{
		"person":      errOf(b.Person(b.ctx, "x")),
		"customer":    errOf(b.Customer(b.ctx, "x")),
		"limits":      errOf(b.CustomerLimits(b.ctx, "x")),
		"application": errOf(b.Application(b.ctx, "x")),
		"partner":     errOf(b.Partner(b.ctx, "x")),
		"agreement":   errOf(b.Agreement(b.ctx, "x")),
		"challenge":   errOf(b.Challenge(b.ctx, "x")),
		"device":      errOf(b.Device(b.ctx, "x")),
		"request":     errOf(b.Request(b.ctx, "x")),
		"access":      errOf(b.Access(b.ctx, digest("x"))),
		"login":       errOf(b.LoginOf(b.ctx, "x")),
		"proposal":    errOf(b.Proposal(b.ctx, "x")),
		"changed agreement": errOf(b.ChangeAgreement(b.ctx, "x", nil,
			func(*consent.Agreement) ([]audit.Record, error) { return nil, nil })),
		"judged challenge": errOf(b.JudgeChallenge(b.ctx, "x", func(*sca.Challenge, *sca.Factor) error { return nil }, nil)),
	} {
		if bank.CodeOf(err) != bank.NotFound {
			b.Errorf("an unknown %s: %v", name, err)
		}
	}
}

func errOf[V any](_ V, err error) error { return err }

func customerLimits(b *bed) {
	got, err := b.CustomerLimits(b.ctx, ofAnna)
	b.must(err)
	b.same(got, limit.OfCustomer{})
	want := limit.OfCustomer{
		OneOff:    limit.Caps{Single: limit.CapAt(pln(0)), Monthly: limit.CapAt(pln(5000))},
		Recurring: limit.Caps{Daily: limit.CapAt(pln(700))},
	}
	for range 2 { // first a new row, then the same one again
		b.must(b.ChangeCustomerLimits(b.ctx, ofAnna, nil, func(l *limit.OfCustomer) ([]audit.Record, error) {
			*l = want
			return []audit.Record{b.did("limits.changed")}, nil
		}))
		got, err = b.CustomerLimits(b.ctx, ofAnna)
		b.must(err)
		b.same(got, want)
		want.OneOff.Monthly = limit.Cap{}
	}
}

func (b *bed) application() partner.Application {
	return partner.Application{
		ID: theClient, Partner: thePartner, Name: "Sklep", Description: "Zakupy na raty", Logo: partner.Logo{MediaType: "image/png", Bytes: []byte{0x89, 0x50}},
		RedirectURIs: []string{"https://acme.example/back"}, CallbackURIs: []string{"https://acme.example/done"},
		AndroidReturn: []string{"acme://a"}, IOSReturn: []string{"acme://i"},
		Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32")},
		Permissions: []consent.Definition{
			{Permission: createPay, Obligatory: true, ValidSeconds: 3600, Quota: 10},
			{Permission: readUser, ValidSeconds: consent.Unrestricted, Quota: consent.Unrestricted},
		},
		Limits: someLimits(100000), Charges: limit.CapAt(pln(0)), Account: acmesAccount,
		Domain: partner.DomainProof{Domain: "acme.example", Method: partner.ByDNS, Token: "t", ProvenAt: b.now()},
		Status: partner.Beta, Native: true, AccessTTL: 20 * time.Minute, RefreshTTL: 90 * 24 * time.Hour,
		ReleaseByCustomer: true, Fees: fee.Table{fee.Hold: 12, fee.Payment: 34}, Since: b.now(),
	}
}

func applicationComesBack(b *bed) {
	got, err := b.Application(b.ctx, theClient)
	b.must(err)
	b.same(got, b.application())

	bare := partner.Application{
		ID: "client-bare", Partner: thePartner, Name: "Bare", Limits: someLimits(1), Status: partner.Sandbox, AccessTTL: 1500 * time.Millisecond,
	}
	b.must(b.PutApplication(b.ctx, bare, b.did("application.put")))
	all, err := b.Applications(b.ctx)
	b.must(err)
	b.same(all, []partner.Application{bare, b.application()})
	partners, err := b.Partners(b.ctx)
	b.must(err)
	if len(partners) != 1 || !reflect.DeepEqual(partners[0].Employees, []party.PersonID{bartek}) || !partners[0].Agreement.Signed() {
		b.Errorf("partners: %+v", partners)
	}
}

func replacingKeepsStatus(b *bed) {
	a := b.application()
	a.Name, a.Status, a.Fees, a.Charges = "Nowy sklep", partner.Public, nil, limit.Cap{}
	b.must(b.PutApplication(b.ctx, a, b.did("application.put")))
	got, err := b.Application(b.ctx, theClient)
	b.must(err)
	a.Status = partner.Beta
	b.same(got, a)
}

func limitsComeDown(b *bed) {
	paired, _ := b.pairAnna("r1")
	limits := func(want limit.Limits) {
		b.Helper()
		got, err := b.Agreement(b.ctx, paired.ID)
		b.must(err)
		b.same(got.Limits, want)
	}
	a := b.application()
	want := paired.Limits
	a.Limits.Daily, want.Daily = pln(want.Daily.Minor()-1), pln(want.Daily.Minor()-1)
	b.must(b.PutApplication(b.ctx, a, b.did("application.put")))
	limits(want) // the one that was lowered, and no other
	b.must(b.PutApplication(b.ctx, b.application(), b.did("application.put")))
	limits(want) // raising it again raises nobody's
}

func namesMustExist(b *bed) {
	field := func(err error, want string) {
		b.Helper()
		var r *bank.Refusal
		if !errors.As(err, &r) || r.Field != want {
			b.Errorf("got %v, want a refusal of %s", err, want)
		}
	}
	a := b.application()
	a.Partner = "nobody"
	field(b.PutApplication(b.ctx, a, b.did("x")), "partner")
	a = b.application()
	a.Account = "nothing"
	field(b.PutApplication(b.ctx, a, b.did("x")), "account")
	p, err := b.Partner(b.ctx, thePartner)
	b.must(err)
	p.Name, p.Employees = "Changed", []party.PersonID{anna, "nobody"}
	field(b.PutPartner(b.ctx, p, b.did("x")), "employees")
	p, err = b.Partner(b.ctx, thePartner)
	b.must(err)
	if p.Name != "Acme" || len(p.Employees) != 1 {
		b.Errorf("a refused partner was kept in part: %+v", p)
	}
}

func secrets(b *bed) {
	valid := func(at time.Time, want ...string) {
		b.Helper()
		got, err := b.Secrets(b.ctx, theClient, at)
		b.must(err)
		digests := make([][]byte, 0, len(want))
		for _, w := range want {
			digests = append(digests, digest(w))
		}
		if len(got) != len(want) || (len(want) > 0 && !reflect.DeepEqual(got, digests)) {
			b.Errorf("at %v: %d secrets, want %v", at, len(got), want)
		}
	}
	start := b.now()
	later := start.Add(time.Hour)
	b.must(b.AddSecret(b.ctx, theClient, digest("first"), start, start, b.did("secret.added")))
	b.must(b.AddSecret(b.ctx, theClient, digest("second"), later, later.Add(24*time.Hour), b.did("secret.added")))
	valid(start.Add(-time.Microsecond))
	valid(start, "first")
	valid(later, "second", "first")
	valid(later.Add(24*time.Hour), "second") // the end is exclusive

	// A third one that lets the others live longer does not lengthen the first.
	b.must(b.AddSecret(b.ctx, theClient, digest("third"), later, later.Add(48*time.Hour), b.did("secret.added")))
	third := later.Add(30 * time.Hour)
	got, err := b.Secrets(b.ctx, theClient, third)
	b.must(err)
	if len(got) != 2 {
		b.Errorf("%d secrets instead of second and third", len(got))
	}
	if err := b.AddSecret(b.ctx, theClient, digest("third"), later, later, b.did("secret.added")); err == nil {
		b.Error("the same secret was added twice")
	}
	b.refused(b.AddSecret(b.ctx, "x", digest("y"), later, later, b.did("secret.added")), bank.NotFound)
}

// setStatus changes the status; only customers named may stay paired.
func (b *bed) setStatus(to partner.Status, may ...party.CustomerID) error {
	return b.SetStatus(b.ctx, theClient, to,
		func(*partner.Application, *partner.Partner) error { return nil },
		func(a *partner.Application, p *partner.Partner, g *consent.Agreement) bool {
			if a.Status != to || p.ID != thePartner {
				b.Errorf("asked about %s of %s", a.Status, p.ID)
			}
			for _, c := range may {
				if g.Customer == c {
					return true
				}
			}
			return false
		}, b.did("application.status"))
}

func (b *bed) status(a consent.Agreement, want consent.Status) {
	b.Helper()
	got, err := b.Agreement(b.ctx, a.ID)
	b.must(err)
	if got.Status != want {
		b.Errorf("agreement %s is %s, want %s", a.ID, got.Status, want)
	}
}

func statusSuspends(b *bed) {
	annas, code := b.pairAnna("a1")
	b.must(b.redeem(code, "a"))
	barteks, code := b.pair("b1", theClient, bartek, ofBart, barteksAccount)
	b.must(b.redeem(code, "b"))

	b.must(b.setStatus(partner.Sandbox, ofBart))
	b.status(annas, consent.Suspended)
	b.status(barteks, consent.Active)
	if b.alive("a") || !b.alive("b") {
		b.Error("the tokens of the suspended pairing live on, or those of the other do not")
	}
	b.refused(b.rotate("a", "a2"), bank.GrantInvalid)
	a, err := b.Application(b.ctx, theClient)
	b.must(err)
	if a.Status != partner.Sandbox {
		b.Errorf("the application is %s", a.Status)
	}

	b.must(b.setStatus(partner.Public, ofBart, ofAnna))
	b.status(annas, consent.Active)
	if b.alive("a") {
		b.Error("a reinstated pairing has its old tokens")
	}
	// Ended by the customer: no status brings it back.
	_, err = b.ChangeAgreement(b.ctx, annas.ID, nil, func(a *consent.Agreement) ([]audit.Record, error) {
		a.Status, a.EndedAt, a.EndedBy = consent.Ended, b.now(), "customer:anna"
		return nil, nil
	})
	b.must(err)
	b.must(b.setStatus(partner.Beta, ofBart, ofAnna))
	b.status(annas, consent.Ended)
}

func statusRefused(b *bed) {
	a, code := b.pairAnna("a1")
	b.must(b.redeem(code, "a"))
	err := b.SetStatus(b.ctx, theClient, partner.Public,
		func(*partner.Application, *partner.Partner) error { return bank.Refuse(bank.StatusNotAllowed, "No.") },
		func(*partner.Application, *partner.Partner, *consent.Agreement) bool { return false }, b.did("application.status"))
	b.refused(err, bank.StatusNotAllowed)
	b.status(a, consent.Active)
	if !b.alive("a") {
		b.Error("a refused status ended tokens")
	}
	app, err := b.Application(b.ctx, theClient)
	b.must(err)
	if app.Status != partner.Beta {
		b.Errorf("the application is %s", app.Status)
	}
}

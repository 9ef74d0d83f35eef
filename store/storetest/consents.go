package storetest

import (
	"fmt"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/calendar"
	"okienko/bank/consent"
	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/sca"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

func consents(t *testing.T, open Open) {
	promises(t, open, []bedTest{
		{"a consent comes back whole", consentComesBack},
		{"a consent id is taken once", consentTaken},
		{"whom a third party sent comes back, and stays", sentComesBack},
		{"a request is given once", consentGivenOnce},
		{"a code of a consent redeemed by many at once", consentCodeFight},
		{"a refresh token of a consent rotated by many at once", consentRefreshFight},
		{"an access token exchanged by many at once", exchangeFight},
		{"a refresh may narrow a consent, and its tokens", consentNarrowed},
		{"a right for a single use is used once", singleUse},
		{"a use that spends nothing is told of", useTold},
		{"calls without the customer are counted in rolling days", callsCounted},
		{"a consent that ends takes its tokens and codes with it", consentEnds},
		{"a consent past its time gives nothing", consentOver},
		{"a confirmation of funds needs a standing consent of its number", fundsConsent},
		{"a consent that ends is announced once", endAnnounced},
		{"access to an account changes, and nothing else of it", accessChanges},
		{"tokens of consents are purged as others are", consentPurge},
	})
}

// reading is a consent to read Anna's accounts, as it is asked for.
func (b *bed) reading(id string, grants ...xs2a.Grant) xs2a.Consent {
	register(b.T, b.Store, b.now())
	if grants == nil {
		grants = []xs2a.Grant{{Right: xs2a.ReadAccount}, {Right: xs2a.ReadDone, HistoryDays: 90}}
	}
	return xs2a.Consent{
		ID: xs2a.ID("consent-" + id), Version: 1, Client: theTPP, Organisation: theOrganisation, Name: "Finansowo", TPPID: "tpp-" + id,
		Scope: xs2a.AccountInfo, Grants: grants, Until: b.now().Add(90 * 24 * time.Hour), Status: xs2a.Asked, AskedAt: b.now(),
	}
}

func (b *bed) ask(c xs2a.Consent) authserver.ConsentRequest {
	b.Helper()
	r := authserver.ConsentRequest{
		ID: authserver.RequestID("request-" + c.ID), Consent: c.ID, Client: c.Client, State: "state of " + c.TPPID,
		RedirectURI: "https://finansowo.example/back", CreatedAt: b.now(), ExpiresAt: b.now().Add(15 * time.Minute), Status: authserver.RequestOpen,
	}
	b.must(b.AskConsent(b.ctx, c, r, b.did("consent.asked")))
	return r
}

func (b *bed) choose(r authserver.ConsentRequest) authserver.ConsentRequest {
	b.Helper()
	r, err := b.ChangeConsentRequest(b.ctx, r.ID, func(r *authserver.ConsentRequest, c *xs2a.Consent) ([]audit.Record, error) {
		r.Choice = &authserver.ConsentChoice{Person: anna, Customer: ofAnna, Accounts: []account.ID{annasSavings, annasAccount}}
		return nil, nil
	})
	b.must(err)
	return r
}

// decide is the plain decision over a consent: what was chosen.
func (b *bed) decide(r *authserver.ConsentRequest, c *xs2a.Consent) ([]audit.Record, error) {
	c.Status, c.Customer, c.Person, c.GivenAt, c.ProvenAt = xs2a.Active, r.Choice.Customer, r.Choice.Person, b.now(), b.now()
	for i, id := range r.Choice.Accounts {
		c.Accounts = append(c.Accounts, xs2a.Reach{Ref: fmt.Sprintf("%s-ref-%d", c.ID, i), Account: id, Number: "number of " + string(id)})
	}
	return []audit.Record{b.did("consent.given")}, nil
}

func consentCode(c xs2a.Consent, now time.Time) authserver.Code {
	return authserver.Code{
		Hash: digest("code " + string(c.ID)), Client: consent.ClientID(c.Client), State: "state", RedirectURI: "https://finansowo.example/back",
		ExpiresAt: now.Add(time.Minute),
	}
}

// consented asks for a consent and gives it.
func (b *bed) consented(c xs2a.Consent) (xs2a.Consent, authserver.Code) {
	b.Helper()
	r := b.choose(b.ask(c))
	use := b.passed("challenge "+string(c.ID), anna, sca.ForConsent, string(c.ID), "chosen")
	code := consentCode(c, b.now())
	given, err := b.GiveConsent(b.ctx, r.ID, use, code, b.decide)
	b.must(err)
	code.Agreement = consent.ID(given.ID)
	return given, code
}

// consentIssue makes tokens; their secrets are "access <name>" and "refresh <name>".
func (b *bed) consentIssue(name string) authserver.ConsentIssued {
	i := b.issue(name)
	return authserver.ConsentIssued{Access: authserver.ConsentToken{Token: i.Access}, Refresh: authserver.ConsentToken{Token: i.Refresh}, Audit: i.Audit}
}

func (b *bed) redeemConsent(code authserver.Code, name string) error {
	_, err := b.RedeemConsent(b.ctx, code.Hash, b.now(), func(authserver.Code) error { return nil },
		func(authserver.Code, *xs2a.Consent) (authserver.ConsentIssued, error) {
			return b.consentIssue(name), nil
		})
	return err
}

func (b *bed) rotateConsent(old, name string) error {
	_, err := b.RotateConsent(b.ctx, digest("refresh "+old), b.now(), func(authserver.ConsentToken) error { return nil },
		func(authserver.ConsentToken, *xs2a.Consent) (authserver.ConsentIssued, error) {
			return b.consentIssue(name), nil
		})
	return err
}

func (b *bed) exchange(old, name string) error {
	_, err := b.ExchangeConsent(b.ctx, digest("access "+old), b.now(),
		func(_ authserver.ConsentToken, c *xs2a.Consent) (authserver.ConsentIssued, error) {
			c.Version++
			return b.consentIssue(name), nil
		})
	return err
}

// good tells whether the access token of a name is known and not ended.
func (b *bed) good(name string) bool {
	b.Helper()
	a, err := b.ConsentAccess(b.ctx, digest("access "+name))
	if bank.CodeOf(err) == bank.NotFound {
		return false
	}
	b.must(err)
	return a.Token.RevokedAt.IsZero() && a.Token.SpentAt.IsZero()
}

func consentComesBack(b *bed) {
	order := wholeOrder()
	c := b.reading("whole")
	c.Scope, c.Grants = xs2a.Payments, []xs2a.Grant{{Right: xs2a.InitiateBundle, Single: true}, {Right: xs2a.ReadPayment, Spent: true, HistoryDays: 7}}
	c.Wanted = []string{"61114020040000300201355387"}
	c.Payment = &xs2a.What{
		Bundle: true, Total: pln(4200), Transfer: "t", OfBundle: "b", Standing: "s",
		Orders: []xs2a.Ordered{
			{TPPID: "inner-1", Order: order, System: transfer.Elixir, Fee: pln(50), Payee: barteksAccount, VAT: annasSavings},
			{TPPID: "inner-2", Order: transfer.Instruction{Kind: transfer.NonEEA, Amount: money.New(100, money.USD), RecipientBank: transfer.Bank{
				BIC: "CHASUS33", Name: "Chase", Code: "021000021", Country: "US", Lines: []string{"New York"},
			}}},
		},
	}
	c.EndedBy, c.LastRead, c.Made = "customer:anna", "read_done", "made"
	c.GivenAt, c.ProvenAt, c.EndedAt, c.LastUsed, c.Told = b.now().Add(1), b.now().Add(time.Second), b.now().Add(2*time.Second), b.now().Add(3*time.Second), b.now().Add(4*time.Second)
	c.GivenAt = b.now().Add(time.Minute)
	c.Customer, c.Person, c.Accounts = ofAnna, anna, []xs2a.Reach{{Ref: "r1", Account: annasAccount, Number: "61"}, {Ref: "r2", Account: annasSavings, Number: "62", Past: true}}
	r := b.ask(c)
	got, err := b.Consent(b.ctx, c.ID)
	b.must(err)
	b.same(got, c)
	got, err = b.ConsentByTPP(b.ctx, theTPP, c.TPPID)
	b.must(err)
	b.same(got, c)
	kept, err := b.ConsentRequest(b.ctx, r.ID)
	b.must(err)
	b.same(kept, r)
	r = b.choose(r)
	kept, err = b.ConsentRequest(b.ctx, r.ID)
	b.must(err)
	b.same(kept, r)

	b.move(time.Minute)
	plain := b.reading("plain")
	plain.Customer = ofAnna
	b.ask(plain)
	list, err := b.ConsentsOf(b.ctx, ofAnna)
	b.must(err)
	b.same(list, []xs2a.Consent{plain, c})
	_, err = b.ConsentByTPP(b.ctx, "somebody", c.TPPID)
	b.refused(err, bank.NotFound)
	_, err = b.Consent(b.ctx, "unknown")
	b.refused(err, bank.NotFound)
}

// wholeOrder says something in every field of an instruction.
func wholeOrder() transfer.Instruction {
	address := func(of string) transfer.Address {
		return transfer.Address{
			Country: "PL", Town: of + "town", TownLocation: "location", District: "district", SubDivision: "sub", PostBox: "12", SubDepartment: "sd",
			Room: "3", Building: "b", Street: "Długa", BuildingNumber: "4a", PostCode: "00-001", Department: "d", Floor: "5", Lines: []string{of, "two"},
		}
	}
	person := func(of string) transfer.Party {
		return transfer.Party{
			Account: of + "61114020040000300201355387", Name: of, Address: address(of), AddressName: of + " name",
			Identifiers: transfer.Identifiers{Type: "LEI", Value: of + "1", Issuer: "x"},
			Ultimate:    transfer.Ultimate{AddressName: "for " + of, Address: address("for " + of), Identifiers: transfer.Identifiers{Type: "TXID", Value: "2", Issuer: "y"}},
		}
	}
	return transfer.Instruction{
		Kind: transfer.Domestic, Recipient: person("to"), RecipientBank: transfer.Bank{BIC: "BREXPLPW"}, RecipientCountry: "PL", Sender: person("from"),
		Description: "Faktura 1/2026 „zaległa”", Amount: pln(4200), ExecutionDate: calendar.Date{Year: 2026, Month: 12, Day: 24},
		Recurrence: &transfer.Recurrence{
			Start: calendar.Date{Year: 2026, Month: 12, Day: 1}, End: calendar.Date{Year: 2027, Month: 12, Day: 1}, Every: transfer.Month, Count: 2, Before: true,
		},
		Delivery: transfer.ExpressD0, System: transfer.Elixir, Mode: transfer.Recurring, Hold: true,
		Split: &transfer.Split{VAT: pln(785), TaxID: "5260250995", Invoice: "FV 1", Description: "towary"},
		TaxForm: &transfer.TaxForm{
			PayerID: "1", PayerIDType: "N", FormCode: "VAT-7", PeriodID: "01", PeriodType: "M", Year: "26", Obligation: "o",
		},
		Charges: "SHA", Reference: "ref", Symbols: transfer.Symbols{Constant: "k", Variable: "v", Specific: "s"},
	}
}

func sentComesBack(b *bed) {
	for i, sent := range []*authserver.ConsentFor{
		nil,
		{Context: authserver.ContextPersonal, Person: anna},
		{Context: authserver.ContextCompany},
		{Customers: []party.CustomerID{acme, ofAnna}},
		{Nobody: true},
	} {
		c := b.reading(fmt.Sprint(i))
		r := authserver.ConsentRequest{
			ID: authserver.RequestID(fmt.Sprint("sent-", i)), Consent: c.ID, Client: theTPP, State: "s", RedirectURI: "https://finansowo.example/back",
			CreatedAt: b.now(), ExpiresAt: b.now().Add(time.Minute), Status: authserver.RequestOpen, For: sent,
		}
		b.must(b.AskConsent(b.ctx, c, r, b.did("asked")))
		got, err := b.ConsentRequest(b.ctx, r.ID)
		b.must(err)
		b.same(got, r)
		b.choose(r)
		got, err = b.ConsentRequest(b.ctx, r.ID)
		b.must(err)
		r.Choice = got.Choice
		b.same(got, r)
	}
}

func consentTaken(b *bed) {
	c := b.reading("one")
	errs := together(fight, func(i int) error {
		mine := c
		mine.ID = xs2a.ID(fmt.Sprint("mine-", i))
		return b.AskConsent(b.ctx, mine, authserver.ConsentRequest{
			ID: authserver.RequestID(fmt.Sprint("r-", i)), Consent: mine.ID, Client: theTPP, ExpiresAt: b.now(), Status: authserver.RequestOpen,
		}, b.did("asked"))
	})
	if n := tally(errs); n[""] != 1 || n[bank.ConsentTaken] != fight-1 {
		b.Errorf("outcomes: %v", n)
	}
	for i, err := range errs {
		_, known := b.ConsentRequest(b.ctx, authserver.RequestID(fmt.Sprint("r-", i)))
		if (err == nil) != (known == nil) {
			b.Errorf("caller %d was told %v, and its request: %v", i, err, known)
		}
	}
}

func consentGivenOnce(b *bed) {
	c := b.reading("r")
	r := b.choose(b.ask(c))
	uses := make([]consent.Use, fight)
	for i := range uses {
		uses[i] = b.passed(fmt.Sprint("challenge ", i), anna, sca.ForConsent, string(c.ID), "chosen")
	}
	errs := together(fight, func(i int) error {
		code := consentCode(c, b.now())
		code.Hash = digest(fmt.Sprint("code ", i))
		_, err := b.GiveConsent(b.ctx, r.ID, uses[i], code, b.decide)
		return err
	})
	if n := tally(errs); n[""] != 1 || n[bank.RequestEnded] != fight-1 {
		b.Errorf("outcomes: %v", n)
	}
	spent := 0
	for i, err := range errs {
		challenge, e := b.Challenge(b.ctx, uses[i].Challenge)
		b.must(e)
		if challenge.Status == sca.Spent {
			spent++
		}
		if got := b.redeemConsent(authserver.Code{Hash: digest(fmt.Sprint("code ", i))}, fmt.Sprint("t", i)); (got == nil) != (err == nil) {
			b.Errorf("caller %d was told %v, and its code: %v", i, err, got)
		}
	}
	if spent != 1 {
		b.Errorf("%d confirmations were spent on one consent", spent)
	}

	// What is not chosen, or confirmed for something else, is not given.
	other := b.reading("other")
	bare := b.ask(other)
	use := b.passed("challenge other", anna, sca.ForConsent, string(other.ID), "chosen")
	_, err := b.GiveConsent(b.ctx, bare.ID, use, consentCode(other, b.now()), b.decide)
	b.refused(err, bank.RequestInvalid)
	b.choose(bare)
	wrong := use
	wrong.Binding = "something else"
	_, err = b.GiveConsent(b.ctx, bare.ID, wrong, consentCode(other, b.now()), b.decide)
	b.refused(err, bank.ChallengeForeign)
	got, err := b.Consent(b.ctx, other.ID)
	b.must(err)
	b.same(got, other)
	_, err = b.GiveConsent(b.ctx, bare.ID, use, consentCode(other, b.now()), b.decide)
	b.must(err)
}

func consentCodeFight(b *bed) {
	_, code := b.consented(b.reading("r"))
	errs := together(fight, func(i int) error { return b.redeemConsent(code, fmt.Sprint("t", i)) })
	if n := tally(errs); n[""] != 1 || n[bank.GrantInvalid] != fight-1 {
		b.Errorf("outcomes: %v", n)
	}
	for i, err := range errs {
		_, known := b.ConsentAccess(b.ctx, digest(fmt.Sprint("access t", i)))
		if (err == nil) != (known == nil) {
			b.Errorf("caller %d was told %v and has a token: %v", i, err, known)
		}
		if b.good(fmt.Sprint("t", i)) {
			b.Errorf("the token of caller %d outlived the reuse", i)
		}
	}
	// The pairings' vault is another one.
	b.refused(b.redeem(code, "x"), bank.GrantInvalid)
}

func consentRefreshFight(b *bed) {
	_, code := b.consented(b.reading("r"))
	b.must(b.redeemConsent(code, "first"))
	errs := together(fight, func(i int) error { return b.rotateConsent("first", fmt.Sprint("t", i)) })
	if n := tally(errs); n[""] != 1 || n[bank.GrantInvalid] != fight-1 {
		b.Errorf("outcomes: %v", n)
	}
	if b.good("first") {
		b.Error("the access token from before the reuse is good")
	}
	for i := range errs {
		if b.good(fmt.Sprint("t", i)) {
			b.Errorf("the token of caller %d outlived the reuse", i)
		}
	}
}

func exchangeFight(b *bed) {
	given, code := b.consented(b.reading("r"))
	b.must(b.redeemConsent(code, "first"))
	b.must(b.rotateConsent("first", "second"))
	errs := together(fight, func(i int) error { return b.exchange("second", fmt.Sprint("t", i)) })
	if n := tally(errs); n[""] != 1 || n[bank.TokenInvalid] != fight-1 {
		b.Errorf("outcomes: %v", n)
	}
	won := ""
	for i, err := range errs {
		name := fmt.Sprint("t", i)
		if b.good(name) != (err == nil) {
			b.Errorf("caller %d was told %v, and its token is good: %v", i, err, b.good(name))
		}
		if err == nil {
			won = name
		}
	}
	if b.good("first") || b.good("second") {
		b.Error("tokens of the version before the exchange are good")
	}
	c, err := b.Consent(b.ctx, given.ID)
	b.must(err)
	if c.Version != given.Version+1 {
		b.Errorf("version %d after one exchange of version %d", c.Version, given.Version)
	}
	b.must(b.rotateConsent(won, "next"))
	// They descend from one code: the reuse of an older token ends them too.
	b.refused(b.rotateConsent("second", "thief"), bank.GrantInvalid)
	if b.good("next") {
		b.Error("the reuse of a token from before the exchange went unseen")
	}
	b.refused(b.exchange("unknown", "x"), bank.TokenUnknown)
	_, err = b.ExchangeConsent(b.ctx, digest("refresh next"), b.now(), nil)
	b.refused(err, bank.TokenUnknown)
}

func consentNarrowed(b *bed) {
	given, code := b.consented(b.reading("r"))
	b.must(b.redeemConsent(code, "wide"))
	_, err := b.RotateConsent(b.ctx, digest("refresh wide"), b.now(), func(t authserver.ConsentToken) error {
		if t.LooksOnly || t.Agreement != consent.ID(given.ID) || t.Client != consent.ClientID(theTPP) {
			b.Errorf("the token: %+v", t)
		}
		return nil
	}, func(_ authserver.ConsentToken, c *xs2a.Consent) (authserver.ConsentIssued, error) {
		c.Version++
		c.Scope, c.Grants = xs2a.AccountList, []xs2a.Grant{{Right: xs2a.ListAccounts}}
		i := b.consentIssue("narrow")
		i.Access.LooksOnly, i.Refresh.LooksOnly = true, true
		return i, nil
	})
	b.must(err)
	got, err := b.ConsentAccess(b.ctx, digest("access narrow"))
	b.must(err)
	want := given
	want.Version, want.Scope, want.Grants = given.Version+1, xs2a.AccountList, []xs2a.Grant{{Right: xs2a.ListAccounts}}
	b.same(got.Consent, want)
	b.same(got.Token, authserver.ConsentToken{LooksOnly: true, Token: authserver.Token{
		Hash: digest("access narrow"), Kind: authserver.AccessToken, Client: consent.ClientID(theTPP), Agreement: consent.ID(given.ID), Family: code.Hash,
		IssuedAt: b.now(), ExpiresAt: b.now().Add(20 * time.Minute),
	}})
	_, err = b.ConsentAccess(b.ctx, digest("refresh narrow"))
	b.refused(err, bank.NotFound)

	// What would make another consent of it keeps nothing.
	_, err = b.RotateConsent(b.ctx, digest("refresh narrow"), b.now(), func(authserver.ConsentToken) error { return nil },
		func(_ authserver.ConsentToken, c *xs2a.Consent) (authserver.ConsentIssued, error) {
			c.Scope = xs2a.Payments
			return b.consentIssue("stolen"), nil
		})
	if bank.CodeOf(err) != bank.Internal || b.good("stolen") {
		b.Errorf("a consent to read became one to pay: %v", err)
	}
	b.must(b.rotateConsent("narrow", "again"))
}

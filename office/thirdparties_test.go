package office

import (
	"strings"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/calendar"
	"okienko/bank/consent"
	"okienko/bank/payment"
	"okienko/bank/sca"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// Third parties of the tests: one whose papers are accepted, one whose papers
// wait, one that has not applied yet.
const (
	readyTPP    = "PSDPL-PFSA-7010023456"
	waitingTPP  = "PSDLT-LB-304411110"
	newcomerTPP = "PSDPL-PFSA-5555555555"
)

func application() *ApplyThirdParty {
	return &ApplyThirdParty{Organisation: newcomerTPP, Name: "Nowa S.A.", By: "Ewa Nowa", ByOwner: true, Papers: []PaperDocument{{"licence", "permit.pdf", []byte("permit")}}}
}

func activation() *Hotline {
	return &Hotline{
		Account: "account-kajak", Do: "activate", Person: "person-ewa.sowa", PESEL: "85112022144",
		Answered: []string{"birth_date", "products"}, Papers: []PaperDocument{{FileName: "krs.pdf", Content: []byte("extract")}}, Why: "an accounting program",
	}
}

// forThirdParties tells whether a command is about licensed third parties.
func forThirdParties(name string) bool {
	switch kind, _, _ := strings.Cut(name, "."); kind {
	case "", "register", "third_party", "hotline", "consent", "transfer", "list":
		return true
	}
	return false
}

// thirdPartyCommands are those of possible that are about licensed third parties.
func (b *testBank) thirdPartyCommands() map[string]Command {
	t := b.t
	t.Helper()
	b.thirdParties()
	return map[string]Command{
		"register.import":      &ImportRegister{example[RegisterDocument](t, "register.toml")},
		"third_party.apply":    application(),
		"third_party.show":     &ShowAdmission{Organisation: waitingTPP},
		"third_party.paper":    &ReviewPaper{Organisation: waitingTPP, Paper: b.paper(thirdparty.Licence), Accept: true, Why: "seen"},
		"third_party.admit":    &AdmitThirdParty{Organisation: readyTPP},
		"third_party.refuse":   &RefuseThirdParty{Organisation: waitingTPP, Why: "another company"},
		"third_party.block":    &BlockThirdParty{Organisation: readyTPP, Why: "certificate stolen"},
		"third_party.lenience": &LenientTo{Organisation: readyTPP, On: []string{"any-uuid", "loose-numbers"}, Off: []string{"token-once"}, Why: "its library makes UUIDs of version 4"},
		"list.third_parties":   &ListThirdParties{},
		"hotline":              activation(),
		"consent.end":          &EndConsent{Consent: "consent"},
		"list.consents":        &ListConsents{Customer: "customer-marek.lis"},
		"transfer.show":        &ShowTransfer{Reference: b.transfer()},
		"list.transfers":       &ListTransfers{Customer: "customer-marek.lis"},
	}
}

// thirdParties has a register, two applications and one client in the bank, and a
// consent of Marek Lis.
func (b *testBank) thirdParties() {
	b.t.Helper()
	b.do(&ImportRegister{example[RegisterDocument](b.t, "register.toml")})
	for _, org := range []string{readyTPP, waitingTPP} {
		b.do(&ApplyThirdParty{Organisation: org, Name: "TPP " + org, By: "Jan Kowal", ByOwner: true, Papers: []PaperDocument{{"licence", "permit.pdf", []byte("permit")}}})
	}
	b.do(&ReviewPaper{Organisation: readyTPP, Paper: b.admission(readyTPP).Papers[0].ID, Accept: true, Why: "seen"})
	_, err := b.store.ChangeClient(b.t.Context(), readyTPP, func(*thirdparty.Client) (thirdparty.Client, []audit.Record, error) {
		return thirdparty.Client{ID: "client", Organisation: readyTPP, Name: "TPP", Status: thirdparty.Active, Lenience: thirdparty.Lenience{TokenOnce: true, UnknownFields: true}, Since: b.clock.Now()}, nil, nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.consent()
}

// consent is one for funds: it takes one act of the store.
func (b *testBank) consent() {
	b.t.Helper()
	ctx, now := b.t.Context(), b.clock.Now()
	err := b.store.OpenChallenge(ctx, sca.Challenge{
		ID: "for-consent", Person: "person-marek.lis", Method: sca.SMS, CodeHash: []byte("code"), CreatedAt: now, ExpiresAt: now.Add(time.Hour),
		Subject: sca.Subject{Purpose: sca.ForFunds, ID: "consent", Binding: "all"}, Status: sca.Pending,
	}, nil, func(*sca.Factor) error { return nil })
	if err == nil {
		_, err = b.store.JudgeChallenge(ctx, "for-consent", func(c *sca.Challenge, _ *sca.Factor) error { c.Status = sca.Passed; return nil },
			func(*sca.Challenge) []audit.Record { return nil })
	}
	if err == nil {
		err = b.store.GiveFunds(ctx, xs2a.Consent{
			ID: "consent", Version: 1, Organisation: readyTPP, Name: "TPP", TPPID: "funds", Scope: xs2a.Funds,
			Grants:   []xs2a.Grant{{Right: xs2a.ConfirmFunds}},
			Accounts: []xs2a.Reach{{Ref: "ref-of-funds", Account: "account-marek.lis", Number: string(b.account("account-marek.lis").NRB)}},
			Until:    now.Add(24 * time.Hour), Status: xs2a.Active, Customer: "customer-marek.lis", Person: "person-marek.lis", AskedAt: now, GivenAt: now, ProvenAt: now,
		}, consent.Use{Challenge: "for-consent", Person: "person-marek.lis", Purpose: sca.ForFunds, Subject: "consent", Binding: "all"},
			audit.Record{At: now, Actor: audit.Actor{Kind: audit.Customer, ID: "person-marek.lis"}, Act: "consent.given", Subject: "consent:consent"})
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *testBank) admission(org thirdparty.Organisation) thirdparty.Admission {
	b.t.Helper()
	a, err := b.store.Admission(b.t.Context(), org)
	if err != nil {
		b.t.Fatal(err)
	}
	return a
}

func (b *testBank) client(org thirdparty.Organisation) thirdparty.Client {
	b.t.Helper()
	c, err := b.store.ClientOf(b.t.Context(), org)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// paper is the id of a paper that waits.
func (b *testBank) paper(k thirdparty.PaperKind) string {
	b.t.Helper()
	for _, p := range b.admission(waitingTPP).Papers {
		if p.Kind == k {
			return p.ID
		}
	}
	b.t.Fatalf("no paper %s", k)
	return ""
}

func TestAdmissionNeedsAcceptedPapersTheRegisterAndTwoPeople(t *testing.T) {
	b := newBank(t, "production")
	b.do(&ImportRegister{example[RegisterDocument](t, "register.toml")})
	apply := func(papers ...PaperDocument) {
		t.Helper()
		b.do(&ApplyThirdParty{Organisation: readyTPP, Name: "TPP", By: "Jan Kowal", Papers: papers})
	}
	admit := &AdmitThirdParty{Organisation: readyTPP}
	_, err := b.try(admit)
	refused(t, err, bank.NotFound, "")
	apply(PaperDocument{"licence", "permit.pdf", []byte("permit")})
	_, err = b.try(admit)
	refused(t, err, bank.StatusNotAllowed, "")
	b.do(&ReviewPaper{Organisation: readyTPP, Paper: b.admission(readyTPP).Papers[0].ID, Accept: true, Why: "seen"})
	_, err = b.try(admit) // somebody other than the owner applies
	refused(t, err, bank.StatusNotAllowed, "")
	apply(PaperDocument{"power_of_attorney", "power.pdf", []byte("power")})
	b.do(&ReviewPaper{Organisation: readyTPP, Paper: b.admission(readyTPP).Papers[1].ID, Accept: false, Why: "not signed"})
	_, err = b.try(admit)
	refused(t, err, bank.StatusNotAllowed, "")
	b.do(&ReviewPaper{Organisation: readyTPP, Paper: b.admission(readyTPP).Papers[1].ID, Accept: true, Why: "signed now"})

	gone := example[RegisterDocument](t, "register.toml")
	gone.Entries = gone.Entries[1:]
	b.do(&ImportRegister{gone})
	_, err = b.try(admit)
	refused(t, err, bank.ThirdPartyBlocked, "")
	b.do(&ImportRegister{example[RegisterDocument](t, "register.toml")})

	_, err = b.store.ChangeClient(t.Context(), readyTPP, func(*thirdparty.Client) (thirdparty.Client, []audit.Record, error) {
		return thirdparty.Client{ID: "client", Organisation: readyTPP, Name: "TPP", Status: thirdparty.Waiting, Since: b.clock.Now()}, nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	id := b.propose(admit)
	_, err = b.Approve(t.Context(), id, "a.nowak", true)
	refused(t, err, bank.ApprovalBySamePerson, "")
	if b.client(readyTPP).Status != thirdparty.Waiting {
		t.Fatal("let in before anybody approved")
	}
	b.approve(id)
	if a := b.admission(readyTPP); a.Status != thirdparty.Admitted || a.DecidedAt.IsZero() {
		t.Errorf("admission: %+v", a)
	}
	if c := b.client(readyTPP); c.Status != thirdparty.Active {
		t.Errorf("client: %+v", c)
	}
}

// Who is missing in the next list has lost the licence.
func TestTheRegisterIsTheWholeList(t *testing.T) {
	b := newBank(t, "production")
	b.do(&ImportRegister{example[RegisterDocument](t, "register.toml")})
	b.clock.Advance(time.Hour)
	next := example[RegisterDocument](t, "register.toml")
	next.Entries = next.Entries[1:]
	r := b.do(&ImportRegister{next})
	if told := strings.Join(r.Lines, "\n"); !strings.Contains(told, "gone     "+readyTPP) {
		t.Errorf("told:\n%s", told)
	}
	e, err := b.store.Entry(t.Context(), readyTPP)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Allows(thirdparty.PaymentInitiation, b.clock.Now()); bank.CodeOf(err) != bank.ThirdPartyBlocked {
		t.Errorf("it may still act: %v", err)
	}
	kept, err := b.store.Entry(t.Context(), "PSDLT-LB-304411110")
	if err != nil || kept.Allows(thirdparty.AccountInformation, b.clock.Now()) != nil {
		t.Errorf("who is still listed: %+v, %v", kept, err)
	}
}

func TestLenienceChangesWhatIsNamedAndIsShown(t *testing.T) {
	b := furnished(t)
	b.thirdParties()
	b.do(&BlockThirdParty{Organisation: readyTPP, Why: "certificate stolen"})
	change := &LenientTo{Organisation: readyTPP, On: []string{"any-uuid"}, Off: []string{"unknown-fields"}, Why: "its library makes UUIDs of version 4"}
	trial, err := b.Do(t.Context(), Request{Command: change, By: "a.nowak"})
	if told := strings.Join(trial.Lines, "\n"); err != nil || trial.Applied || !strings.Contains(told, "any-uuid         on, was off") ||
		!strings.Contains(told, "unknown-fields   off, was on") || strings.Contains(told, "token-once") {
		t.Errorf("a trial run: %+v, %v", trial, err)
	}
	if c := b.client(readyTPP); c.Lenience != (thirdparty.Lenience{TokenOnce: true, UnknownFields: true}) {
		t.Errorf("a trial run has changed %+v", c.Lenience)
	}
	b.do(change)
	c := b.client(readyTPP)
	if c.Lenience != (thirdparty.Lenience{AnyUUID: true, TokenOnce: true}) {
		t.Errorf("lenience %+v", c.Lenience)
	}
	if c.Status != thirdparty.Blocked || c.StatusWhy != "certificate stolen" {
		t.Errorf("why the client is blocked was lost: %+v", c)
	}
	for _, said := range []string{"blocked, lenient in unknown-fields token-once", "blocked, lenient in any-uuid token-once"} {
		if !strings.Contains(b.dump(), said) {
			t.Errorf("the audit does not say %q", said)
		}
	}
	shown := b.do(&ShowAdmission{Organisation: readyTPP})
	if told := strings.Join(shown.Lines, "\n"); !strings.Contains(told, "lenient in any-uuid token-once") || !strings.Contains(told, "blocked, by staff:a.nowak: certificate stolen") ||
		!strings.Contains(told, "permit.pdf") {
		t.Errorf("shown:\n%s", told)
	}
	b.do(&LenientTo{Organisation: readyTPP, Off: []string{"any-uuid", "token-once"}, Why: "mended"})
	if told := strings.Join(b.do(&ShowAdmission{Organisation: readyTPP}).Lines, "\n"); !strings.Contains(told, "  strict, ") {
		t.Errorf("shown:\n%s", told)
	}
}

// Where no papers are asked for, nobody applies; the client is shown all the same.
func TestAClientWithoutAnApplicationIsShown(t *testing.T) {
	b := newBank(t, "production")
	show := &ShowAdmission{Organisation: readyTPP}
	_, err := b.try(show)
	refused(t, err, bank.NotFound, "")
	_, err = b.store.ChangeClient(t.Context(), readyTPP, func(*thirdparty.Client) (thirdparty.Client, []audit.Record, error) {
		return thirdparty.Client{ID: "client", Organisation: readyTPP, Name: "TPP", RedirectURIs: []string{"https://tpp.example/back"}, Status: thirdparty.Active, Since: b.clock.Now()}, nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if told := strings.Join(b.do(show).Lines, "\n"); !strings.Contains(told, "client client: active") || !strings.Contains(told, "https://tpp.example/back") {
		t.Errorf("shown:\n%s", told)
	}
}

func TestWhatLenienceRefuses(t *testing.T) {
	b := furnished(t)
	b.thirdParties()
	for _, tt := range []struct {
		name  string
		try   LenientTo
		code  bank.Code
		field string
	}{
		{"nobody", LenientTo{Organisation: newcomerTPP, On: []string{"any-uuid"}, Why: "x"}, bank.NotFound, ""},
		{"nothing named", LenientTo{Organisation: readyTPP, Why: "x"}, bank.InvalidParameter, "lenience"},
		{"an unknown name", LenientTo{Organisation: readyTPP, On: []string{"everything"}, Why: "x"}, bank.InvalidParameter, "lenience"},
		{"an unknown name off", LenientTo{Organisation: readyTPP, Off: []string{"everything"}, Why: "x"}, bank.InvalidParameter, "lenience"},
		{"on and off", LenientTo{Organisation: readyTPP, On: []string{"any-uuid"}, Off: []string{"any-uuid"}, Why: "x"}, bank.InvalidParameter, "lenience"},
		{"as it stands", LenientTo{Organisation: readyTPP, On: []string{"token-once"}, Off: []string{"any-uuid"}, Why: "x"}, bank.StatusNotAllowed, ""},
		{"without a reason", LenientTo{Organisation: readyTPP, On: []string{"any-uuid"}}, bank.InvalidParameter, "why"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := b.try(&tt.try)
			refused(t, err, tt.code, tt.field)
		})
	}
	if c := b.client(readyTPP); c.Lenience != (thirdparty.Lenience{TokenOnce: true, UnknownFields: true}) {
		t.Errorf("a refusal has changed %+v", c.Lenience)
	}
}

func TestWhatTheHotlineRefuses(t *testing.T) {
	b := furnished(t)
	for _, tt := range []struct {
		name   string
		change func(*Hotline)
		code   bank.Code
		field  string
	}{
		{"another PESEL", func(h *Hotline) { h.PESEL = "90031554328" }, bank.InvalidParameter, "pesel"},
		{"no PESEL", func(h *Hotline) { h.PESEL = "" }, bank.InvalidParameter, "pesel"},
		{"one question only", func(h *Hotline) { h.Answered = []string{"products", "products"} }, bank.InvalidParameter, "answered"},
		{"an unknown question", func(h *Hotline) { h.Answered = []string{"products", "favourite_colour"} }, bank.InvalidParameter, "answered"},
		{"somebody who does not act for the company", func(h *Hotline) { h.Person, h.PESEL = "person-marek.lis", "90031554328" }, bank.InvalidParameter, "person"},
		{"nobody", func(h *Hotline) { h.Person = "none" }, bank.InvalidParameter, "person"},
		{"no reason", func(h *Hotline) { h.Why = "" }, bank.InvalidParameter, "why"},
		{"an empty paper", func(h *Hotline) { h.Papers[0].Content = nil }, bank.InvalidParameter, "paper"},
		{"another act", func(h *Hotline) { h.Do = "rob" }, bank.InvalidParameter, "do"},
		{"the bank's own account", func(h *Hotline) { h.Account = string(account.FeeIncome) }, bank.StatusNotAllowed, ""},
		{"lifting a block that is none", func(h *Hotline) { h.Do = "unblock" }, bank.StatusNotAllowed, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := activation()
			tt.change(h)
			_, err := b.try(h)
			refused(t, err, tt.code, tt.field)
		})
	}
	_, err := b.try(&SetAccess{Account: "account-kajak", State: "on", Why: "asked"})
	refused(t, err, bank.StatusNotAllowed, "") // nobody goes around the hotline
}

// The hotline blocks the chosen account alone, and writes down what it asked.
func TestTheHotlineBlocksOneAccountAndRecordsItsSteps(t *testing.T) {
	b := furnished(t)
	block := &Hotline{Account: "account-marek.lis", Do: "block", Person: "person-marek.lis", PESEL: "90031554328", Answered: []string{"phone_code"}, Why: "does not know the payments"}
	before := b.account("account-kajak").Access
	b.do(block)
	if a := b.account("account-marek.lis").Access; a.State != account.AccessBlocked || a.By != "hotline staff:a.nowak" {
		t.Errorf("access: %+v", a)
	}
	if b.account("account-kajak").Access != before {
		t.Error("another account was touched")
	}
	kept := b.dump()
	for _, part := range []string{"hotline.block", "said the PESEL on record", "answered phone_code", "right to act: owner of Marek Lis"} {
		if !strings.Contains(kept, part) {
			t.Errorf("%q is not in the audit", part)
		}
	}
	if strings.Contains(kept, "90031554328") {
		t.Error("the audit holds the PESEL")
	}
	_, err := b.try(block)
	refused(t, err, bank.StatusNotAllowed, "")
}

// transfer has Marek Lis consent to a payment and the third party order it.
func (b *testBank) transfer() string {
	b.t.Helper()
	ctx, now := b.t.Context(), b.clock.Now()
	order := transfer.Instruction{
		Kind: transfer.Domestic, System: transfer.Elixir, Delivery: transfer.ExpressD0, Mode: transfer.FutureDated, ExecutionDate: calendar.DateOf(now).AddDays(7), // so that it sets no money aside
		Recipient: transfer.Party{Account: "20114000000000000000000300", Name: "Jan Kowalski"}, Description: "Obiad", Amount: pln(12_50),
	}
	c := xs2a.Consent{
		ID: "payment-consent", Version: 1, Client: "client", Organisation: readyTPP, Name: "TPP", TPPID: "payment", Scope: xs2a.Payments,
		Grants: []xs2a.Grant{{Right: xs2a.Initiate, Single: true}}, Until: now.Add(24 * time.Hour), Status: xs2a.Asked, AskedAt: now,
		Payment: &xs2a.What{Orders: []xs2a.Ordered{{Order: order, System: transfer.Elixir, Fee: pln(0)}}},
	}
	by := audit.Record{At: now, Actor: audit.Actor{Kind: audit.ThirdParty, ID: "client"}, Act: "consent.asked", Subject: "consent:payment-consent"}
	err := b.store.AskConsent(ctx, c, authserver.ConsentRequest{
		ID: "payment-request", Consent: c.ID, Client: "client", State: "s", RedirectURI: "https://tpp.example/back", CreatedAt: now, ExpiresAt: now.Add(time.Hour), Status: authserver.RequestOpen,
		Choice: &authserver.ConsentChoice{Person: "person-marek.lis", Customer: "customer-marek.lis", Accounts: []account.ID{"account-marek.lis"}},
	}, by)
	if err == nil {
		err = b.store.OpenChallenge(ctx, sca.Challenge{
			ID: "for-payment", Person: "person-marek.lis", Method: sca.SMS, CodeHash: []byte("code"), CreatedAt: now, ExpiresAt: now.Add(time.Hour),
			Subject: sca.Subject{Purpose: sca.ForConsent, ID: "payment-consent", Binding: "all"}, Status: sca.Pending,
		}, nil, func(*sca.Factor) error { return nil })
	}
	if err == nil {
		_, err = b.store.JudgeChallenge(ctx, "for-payment", func(c *sca.Challenge, _ *sca.Factor) error { c.Status = sca.Passed; return nil },
			func(*sca.Challenge) []audit.Record { return nil })
	}
	if err == nil {
		_, err = b.store.GiveConsent(ctx, "payment-request", consent.Use{Challenge: "for-payment", Person: "person-marek.lis", Purpose: sca.ForConsent, Subject: "payment-consent", Binding: "all"},
			authserver.Code{Hash: []byte("code of the payment"), Client: "client", RedirectURI: "https://tpp.example/back", ExpiresAt: now.Add(time.Minute)},
			func(_ *authserver.ConsentRequest, c *xs2a.Consent) ([]audit.Record, error) {
				c.Status, c.Customer, c.Person, c.GivenAt, c.ProvenAt = xs2a.Active, "customer-marek.lis", "person-marek.lis", now, now
				c.Accounts = []xs2a.Reach{{Ref: "ref-of-payment", Account: "account-marek.lis", Number: string(b.account("account-marek.lis").NRB)}}
				return nil, nil
			})
	}
	if err != nil {
		b.t.Fatal(err)
	}
	out, err := b.Orders.Do(ctx, &payment.Initiate{Consent: c.ID, Client: "client", TPPID: "one", Orders: []payment.Initiation{{Order: order}}})
	if err != nil {
		b.t.Fatal(err)
	}
	return string(out.Transfer.ID)
}

// The hotline finds what a reference number is about.
func TestAReferenceNumberExplainsAPayment(t *testing.T) {
	b := furnished(t)
	b.thirdParties()
	id := b.transfer()
	r, err := b.try(&ShowTransfer{Reference: id})
	if err != nil {
		t.Fatal(err)
	}
	told := strings.Join(r.Lines, "\n")
	for _, part := range []string{id, "scheduled", "12.50 PLN", "Elixir", "Jan Kowalski", "Obiad", "acts on it next at", "consent payment-consent for TPP: active"} {
		if !strings.Contains(told, part) {
			t.Errorf("%q is not told:\n%s", part, told)
		}
	}
	list, err := b.try(&ListTransfers{Customer: "customer-marek.lis"})
	if err != nil || len(list.Lines) != 1 || !strings.Contains(list.Lines[0], id) {
		t.Errorf("%+v, %v", list, err)
	}
	_, err = b.try(&ShowTransfer{Reference: "none"})
	refused(t, err, bank.NotFound, "")
}

package authserver_test

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/intake"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/party"
	"okienko/bank/sca"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

const (
	callTo     = "https://tpp.example/called?x=1"
	bobsSecond = account.ID("acc-bob-2")
)

// externalWorld is thirdWorld with registered callbacks, a second account of
// Bob's, and Ola, who has the application, no account, and binds the company.
func externalWorld(t *testing.T) *thirdWorld {
	t.Helper()
	w := thirdParties(t)
	for id, c := range w.mem.clients {
		c.CallbackURLs = []string{callTo}
		w.mem.clients[id] = c
	}
	second := w.mem.accounts[bobs]
	number, err := nrb.Make("10900004", "0000000000000008")
	must(t, err)
	second.ID, second.NRB = bobsSecond, number
	w.mem.accounts[bobsSecond] = second
	must(t, w.store.Import(t.Context(), &intake.Batch{
		Persons:   []party.Person{{ID: "ola", FirstName: "Ola", LastName: "Lis", Language: party.Polish, UsesApp: true}},
		Customers: []party.Customer{{ID: "c-ola", Segment: party.Individual, Name: "Ola Lis", Person: "ola", Since: start}},
		Devices:   []sca.Device{{ID: "device-ola", Person: "ola", Name: "Fairphone", PublicKey: publicKey(t, w), EnrolledAt: start}},
		Representations: []party.Representation{
			{Customer: "c-shop", Person: "ola", Role: party.ProxyUser, From: start}, // may look, and bind nobody
			{Customer: "c-firma", Person: "ola", Role: party.Owner, From: start},
		},
	}))
	return w
}

// publicKey is the one of Bob's device: one key signs for both.
func publicKey(t *testing.T, w *thirdWorld) []byte {
	t.Helper()
	d, err := w.store.Device(t.Context(), bobPhone)
	must(t, err)
	return d.PublicKey
}

func (w *thirdWorld) draw(t *testing.T, p party.PersonID) string {
	t.Helper()
	c, err := w.NewExternalCode(t.Context(), p)
	must(t, err)
	return c.Code
}

func with(code string) authserver.ExternalAsk {
	return authserver.ExternalAsk{Code: code, Callback: authserver.CallbackTo{URL: callTo, APIKey: "key-1", RequestID: "req-1", Form: "test"}}
}

// external asks with a code of a person's, and expects success.
func (w *thirdWorld) external(t *testing.T, a authserver.ConsentAsk, p party.PersonID) {
	t.Helper()
	must(t, w.AskConsentExternally(t.Context(), a, with(w.draw(t, p))))
}

// waits is the only approval that waits on a device.
func (w *thirdWorld) waits(t *testing.T, device string) sca.Challenge {
	t.Helper()
	list, err := w.WaitingApprovals(t.Context(), device)
	must(t, err)
	if len(list) != 1 {
		t.Fatalf("%d approvals wait", len(list))
	}
	return list[0]
}

// approve says yes on a device, as its door does.
func (w *thirdWorld) approve(t *testing.T, device string) error {
	t.Helper()
	c := w.waits(t, device)
	c, err := w.Approve(t.Context(), c.ID, device, w.sign(t, authserver.SignedText(c)))
	must(t, err)
	return w.ConfirmExternal(t.Context(), c)
}

// called is what the third party is told: the callbacks that are due.
func (w *thirdWorld) called(t *testing.T) []authserver.Callback {
	t.Helper()
	due, err := w.mem.ClaimCallbacks(t.Context(), "test", 100, start, start)
	must(t, err)
	var out []authserver.Callback
	for _, d := range due {
		c, state, err := w.CallbackNow(t.Context(), d)
		must(t, err)
		if state == authserver.CallbackReady {
			out = append(out, c)
		}
	}
	return out
}

// denied demands that a consent was refused, that its third party learns
// access_denied and no more, and that nothing waits on a phone.
func (w *thirdWorld) denied(t *testing.T, tppID string) {
	t.Helper()
	if c := w.consentOf(t, tppID); c.Status != xs2a.Refused {
		t.Errorf("the consent is %s", c.Status)
	}
	got := w.called(t)
	i := slices.IndexFunc(got, func(c authserver.Callback) bool { return c.TPPID == tppID })
	if i < 0 || got[i].Error != "access_denied" || got[i].Code != "" {
		t.Errorf("called with %+v", got)
	}
}

func bare(code string) authserver.ConsentTokenParams {
	return authserver.ConsentTokenParams{Client: tpp, GrantType: "authorization_code", Code: code}
}

func TestExternalCodes(t *testing.T) {
	w := externalWorld(t)
	decided, err := w.NewExternalCode(t.Context(), "bob")
	must(t, err)
	if len(decided.Code) != 8 || strings.Trim(decided.Code, "0123456789") != "" || !decided.Until.Equal(start.Add(2*time.Minute)) {
		t.Errorf("%+v", decided)
	}
	for person, code := range map[party.PersonID]bank.Code{"anna": bank.FactorMissing, "mute": bank.FactorMissing, "nobody": bank.NotFound} {
		_, err := w.NewExternalCode(t.Context(), person)
		if bank.CodeOf(err) != code {
			t.Errorf("%s: %v", person, err)
		}
	}
	if r := w.lastAct(t, "external_code.issued"); r.Actor.String() != "customer:bob" || strings.Contains(r.After, decided.Code) {
		t.Errorf("%+v", r)
	}
	second := w.draw(t, "bob")
	wantCode(t, w.AskConsentExternally(t.Context(), w.listAsk("a"), with(decided.Code)), bank.GrantInvalid) // replaced
	w.clock.Advance(2*time.Minute - time.Microsecond)
	must(t, w.AskConsentExternally(t.Context(), w.listAsk("a"), with(second)))
	wantCode(t, w.AskConsentExternally(t.Context(), w.listAsk("b"), with(second)), bank.GrantInvalid) // used
	third := w.draw(t, "bob")
	w.clock.Advance(2 * time.Minute)
	wantCode(t, w.AskConsentExternally(t.Context(), w.listAsk("b"), with(third)), bank.GrantInvalid) // expired
	for _, wrong := range []string{"", "1", "00000000", second + "0"} {
		wantCode(t, w.AskConsentExternally(t.Context(), w.listAsk("b"), with(wrong)), bank.GrantInvalid)
	}
}

// Two people with the same digits could not be told apart.
func TestCodeOfSomebodyElseIsDrawnAnew(t *testing.T) {
	w := externalWorld(t)
	s := w.with(func(c *authserver.Config) {
		c.Consents, c.ConsentBook, c.ThirdParties = w.mem, consentBook{memory: w.mem}, w.mem
		c.Random = io.MultiReader(bytes.NewReader([]byte{0, 0, 0, 7, 0, 0, 0, 7, 0, 0, 0, 8}), bytes.NewReader(bytes.Repeat([]byte{0, 0, 0, 8}, 32)))
	})
	bob, err := s.NewExternalCode(t.Context(), "bob")
	must(t, err)
	ola, err := s.NewExternalCode(t.Context(), "ola")
	must(t, err)
	if bob.Code != "00000007" || ola.Code != "00000008" {
		t.Errorf("%s and %s", bob.Code, ola.Code)
	}
	if _, err := s.NewExternalCode(t.Context(), "bob"); bank.CodeOf(err) != bank.Internal {
		t.Errorf("chance that never changes: %v", err)
	}
}

func TestExternalAsksThatAreRefused(t *testing.T) {
	w := externalWorld(t)
	w.ask(t, w.listAsk("taken"))
	code := w.draw(t, "bob")
	for name, tt := range map[string]struct {
		change func(*authserver.ConsentAsk, *authserver.ExternalAsk)
		code   bank.Code
		field  string
	}{
		"callback with a slash more": {func(_ *authserver.ConsentAsk, e *authserver.ExternalAsk) { e.Callback.URL += "/" }, bank.RedirectUnknown, ""},
		"callback to the way back":   {func(_ *authserver.ConsentAsk, e *authserver.ExternalAsk) { e.Callback.URL = goTo }, bank.RedirectUnknown, ""},
		"no callback":                {func(_ *authserver.ConsentAsk, e *authserver.ExternalAsk) { e.Callback.URL = "" }, bank.RedirectUnknown, ""},
		"key of two lines":           {func(_ *authserver.ConsentAsk, e *authserver.ExternalAsk) { e.Callback.APIKey = "a\nb" }, bank.InvalidParameter, "apiKey"},
		"endless key": {func(_ *authserver.ConsentAsk, e *authserver.ExternalAsk) {
			e.Callback.APIKey = strings.Repeat("x", 1025)
		}, bank.InvalidParameter, "apiKey"},
		"no consent id":    {func(a *authserver.ConsentAsk, _ *authserver.ExternalAsk) { a.Consent.TPPID = "" }, bank.InvalidParameter, "consentId"},
		"used consent id":  {func(a *authserver.ConsentAsk, _ *authserver.ExternalAsk) { a.Consent.TPPID = "taken" }, bank.ConsentTaken, ""},
		"unknown scope":    {func(a *authserver.ConsentAsk, _ *authserver.ExternalAsk) { a.Consent.Scope = "all" }, bank.ScopeInvalid, ""},
		"no privileges":    {func(a *authserver.ConsentAsk, _ *authserver.ExternalAsk) { a.Consent.Grants = nil }, bank.InvalidParameter, "privilegeList"},
		"ends now":         {func(a *authserver.ConsentAsk, _ *authserver.ExternalAsk) { a.Consent.Until = start }, bank.InvalidParameter, "scopeTimeLimit"},
		"blocked client":   {func(a *authserver.ConsentAsk, _ *authserver.ExternalAsk) { a.Client.Status = thirdparty.Blocked }, bank.ThirdPartyBlocked, ""},
		"not in that role": {func(*authserver.ConsentAsk, *authserver.ExternalAsk) { w.roles(tppOrg, thirdparty.PaymentInitiation) }, bank.RoleMissing, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w.roles(tppOrg, thirdparty.Roles...)
			a, e := w.listAsk("new"), with(code)
			tt.change(&a, &e)
			wantField(t, w.AskConsentExternally(t.Context(), a, e), tt.code, tt.field)
		})
	}
	w.roles(tppOrg, thirdparty.Roles...)
	a := w.listAsk("new")
	a.State, a.RedirectURI = "", "" // neither is needed
	must(t, w.AskConsentExternally(t.Context(), a, with(code)))
}

func TestGuessingCodesIsBounded(t *testing.T) {
	w := externalWorld(t)
	code := w.draw(t, "bob")
	guess := func() error { return w.AskConsentExternally(t.Context(), w.listAsk("guess"), with("wrong")) }
	for range 30 {
		err := guess()
		wantCode(t, err, bank.GrantInvalid)
		if !refusalOf(err).Until.IsZero() {
			t.Fatal("locked too soon")
		}
		w.clock.Advance(time.Second)
	}
	if r := w.lastAct(t, "external_code.locked"); r.Actor.String() != "third_party:"+string(tpp) {
		t.Errorf("%+v", r)
	}
	err := w.AskConsentExternally(t.Context(), w.listAsk("right"), with(code))
	wantCode(t, err, bank.GrantInvalid)
	if until := refusalOf(err).Until; !until.Equal(start.Add(time.Hour)) {
		t.Errorf("locked until %s", until)
	}
	other := w.listAsk("right")
	other.Client = w.client(otherTPP)
	must(t, w.AskConsentExternally(t.Context(), other, with(code))) // one third party's guessing is not another's
	w.clock.Advance(time.Hour - 30*time.Second)
	w.external(t, w.listAsk("right"), "bob")
	for range 29 {
		if no := refusalOf(guess()); no == nil || !no.Until.IsZero() {
			t.Fatalf("a new hour begins with what was left of the last: %v", no)
		}
	}
}

func TestConsentAskedForWithACode(t *testing.T) {
	w := externalWorld(t)
	decided := 0
	w.Server = w.with(func(c *authserver.Config) {
		c.Accounts, c.Consents, c.ConsentBook, c.ThirdParties = accountBook{w.mem}, w.mem, consentBook{memory: w.mem}, w.mem
		c.Transfers, c.Counters, c.Access, c.Network = transferBook{memory: w.mem}, counterBook{w.mem}, accountBook{w.mem}, network{}
		c.Decided = func() { decided++ }
	})
	w.external(t, w.infoAsk("c"), "bob")
	if c := w.consentOf(t, "c"); c.Status != xs2a.Asked || decided != 0 {
		t.Fatalf("%+v, decided %d", c, decided)
	}
	// The phone says what the page would.
	c := w.waits(t, bobPhone)
	if c.Subject.Purpose != sca.ForConsent || c.Subject.Binding == "" ||
		c.Subject.Display.Text != `You let "Kantorek" read until 2027-02-19: details and balance, history of 90 days. Accounts: ...0004, ...0008.` {
		t.Errorf("%+v", c.Subject)
	}
	w.clock.Advance(time.Minute)
	must(t, w.approve(t, bobPhone))
	given := w.consentOf(t, "c")
	if given.Status != xs2a.Active || given.Person != "bob" || given.Customer != "c-bob" || len(given.Accounts) != 2 || decided != 1 {
		t.Fatalf("%+v, decided %d", given, decided)
	}
	if len(w.mem.codes) != 0 {
		t.Error("a code was kept before anybody was called")
	}
	must(t, w.ConfirmExternal(t.Context(), sca.Challenge{Person: "bob", Subject: sca.Subject{Purpose: sca.ForPairing, ID: "x"}})) // not its business

	first, second := w.called(t)[0], w.called(t)[0]
	if first.Code == second.Code || len(first.Code) != 43 || first.Error != "" || first.To != with("").Callback ||
		first.Client != tpp || first.Consent != given.ID || first.TPPID != "c" || first.State != "st&te=ż" {
		t.Errorf("%+v, then %+v", first, second)
	}
	_, err := w.ConsentTokens(t.Context(), bare(first.Code))
	wantCode(t, err, bank.GrantInvalid) // replaced by the second
	_, err = w.ConsentTokens(t.Context(), codeParams(second.Code))
	wantCode(t, err, bank.GrantInvalid) // nobody was sent back anywhere
	w.clock.Advance(time.Minute)
	_, err = w.ConsentTokens(t.Context(), bare(second.Code))
	wantCode(t, err, bank.GrantInvalid) // expired: its life counts from its call
	third := w.called(t)[0]
	tokens, err := w.ConsentTokens(t.Context(), bare(third.Code))
	must(t, err)
	if _, err := w.CheckConsent(t.Context(), tokens.AccessToken); err != nil {
		t.Error(err)
	}
	if again := w.called(t); len(again) != 0 {
		t.Errorf("called again after the code was redeemed: %+v", again)
	}
}

// What has a return address is redeemed with it and not otherwise.
func TestCodesOfPagesStillNeedTheirReturnAddress(t *testing.T) {
	w := externalWorld(t)
	code := w.give(t, w.infoAsk("c"), choice(annas))
	_, err := w.ConsentTokens(t.Context(), bare(code))
	wantField(t, err, bank.InvalidParameter, "redirect_uri")
	w.redeem(t, code)
}

func TestConsentRejectedOnThePhone(t *testing.T) {
	w := externalWorld(t)
	w.external(t, w.infoAsk("c"), "bob")
	c := w.waits(t, bobPhone)
	c, err := w.Reject(t.Context(), c.ID, bobPhone, w.sign(t, authserver.RejectionText(c)))
	must(t, err)
	must(t, w.RejectExternal(t.Context(), c))
	w.denied(t, "c")
	if r := w.lastAct(t, "consent.refused"); r.Actor.String() != "customer:bob" {
		t.Errorf("%+v", r)
	}
	wantCode(t, w.RejectExternal(t.Context(), c), bank.RequestEnded)
}

// Whatever stands in the way, the third party learns it as a no.
func TestWhatCannotBeOfferedIsDenied(t *testing.T) {
	for name, tt := range map[string]struct {
		before func(*testing.T, *thirdWorld)
		ask    func(*thirdWorld) authserver.ConsentAsk
		why    string // in the audit
	}{
		"somebody else's account": {nil, func(w *thirdWorld) authserver.ConsentAsk {
			a := w.infoAsk("c")
			a.Consent.Wanted = []string{w.mem.accounts[annas].NRB.String()}
			return a
		}, "not_found"},
		"another currency": {nil, func(w *thirdWorld) authserver.ConsentAsk {
			o := w.order(100)
			o.Kind, o.Amount, o.Recipient.Account, o.RecipientCountry = transfer.EEA, money.New(100, money.EUR), "DE89370400440532013000", "DE"
			return w.payAsk("c", o)
		}, "not_found"},
		"access blocked": {func(_ *testing.T, w *thirdWorld) {
			w.access(bobs, account.AccessBlocked)
			w.access(bobsSecond, account.AccessBlocked)
		}, func(w *thirdWorld) authserver.ConsentAsk { return w.infoAsk("c") }, "access_blocked"},
		"limit": {func(t *testing.T, w *thirdWorld) { w.bobsLimit(t, 99) }, func(w *thirdWorld) authserver.ConsentAsk { return w.payAsk("c", w.order(100)) }, "customer_limit"},
		"factor locked": {func(t *testing.T, w *thirdWorld) {
			c, err := w.Challenge(t.Context(), "bob", sca.Mobile, sca.Subject{Purpose: sca.ForPairing, ID: "x"})
			must(t, err)
			for range sca.MaxTries {
				_, err = w.Approve(t.Context(), c.ID, bobPhone, []byte("wrong"))
				wantCode(t, err, bank.ChallengeWrong)
			}
		}, func(w *thirdWorld) authserver.ConsentAsk { return w.infoAsk("c") }, "factor_locked"},
	} {
		t.Run(name, func(t *testing.T) {
			w := externalWorld(t)
			if tt.before != nil {
				tt.before(t, w)
			}
			w.external(t, tt.ask(w), "bob")
			w.denied(t, "c")
			if r := w.lastAct(t, "consent.refused"); !strings.HasPrefix(r.Why, tt.why) || r.Actor.String() != "bank:consent" {
				t.Errorf("%+v", r)
			}
			if list, err := w.WaitingApprovals(t.Context(), bobPhone); err != nil || len(list) != 0 {
				t.Errorf("%+v %v", list, err)
			}
		})
	}
}

// bobsLimit caps every single transfer of Bob's.
func (w *thirdWorld) bobsLimit(t *testing.T, minor int64) {
	t.Helper()
	caps := limit.Caps{Single: limit.CapAt(pln(minor)), Daily: limit.CapAt(pln(minor)), Monthly: limit.CapAt(pln(minor))}
	must(t, w.SetCustomerLimits(t.Context(), "bob", "c-bob", limit.OfCustomer{OneOff: caps, Recurring: caps}, "")) // lower ones need no second factor
}

func TestAccountsAreChosenForThePerson(t *testing.T) {
	number := func(w *thirdWorld, id account.ID) string { return w.mem.accounts[id].NRB.String() }
	for name, tt := range map[string]struct {
		person   party.PersonID
		device   string
		ask      func(*thirdWorld) authserver.ConsentAsk
		customer party.CustomerID
		want     []account.ID
	}{
		"list: all of the person's own": {"bob", bobPhone, func(w *thirdWorld) authserver.ConsentAsk { return w.listAsk("c") }, "c-bob", []account.ID{bobs, bobsSecond}},
		"read: those that are named": {"bob", bobPhone, func(w *thirdWorld) authserver.ConsentAsk {
			a := w.infoAsk("c")
			a.Consent.Wanted = []string{number(w, bobsSecond), number(w, annas)}
			return a
		}, "c-bob", []account.ID{bobsSecond}},
		"payment: the first": {"bob", bobPhone, func(w *thirdWorld) authserver.ConsentAsk { return w.payAsk("c", w.order(100)) }, "c-bob", []account.ID{bobs}},
		"payment: the named sender": {"bob", bobPhone, func(w *thirdWorld) authserver.ConsentAsk {
			o := w.order(100)
			o.Sender.Account = number(w, bobsSecond)
			return w.payAsk("c", o)
		}, "c-bob", []account.ID{bobsSecond}},
		"payment to the first: the next": {"bob", bobPhone, func(w *thirdWorld) authserver.ConsentAsk {
			o := w.order(100)
			o.Recipient.Account = number(w, bobs)
			return w.payAsk("c", o)
		}, "c-bob", []account.ID{bobsSecond}},
		"of a company, when the person has none": {"ola", "device-ola", func(w *thirdWorld) authserver.ConsentAsk { return w.listAsk("c") }, "c-firma", []account.ID{"acc-firma"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := externalWorld(t)
			w.external(t, tt.ask(w), tt.person)
			must(t, w.approve(t, tt.device))
			c := w.consentOf(t, "c")
			var got []account.ID
			for _, r := range c.Accounts {
				got = append(got, r.Account)
			}
			slices.Sort(got)
			if c.Customer != tt.customer || !slices.Equal(got, tt.want) {
				t.Errorf("%s of %s", got, c.Customer)
			}
		})
	}
}

func TestWhatNobodyAnswersIsDenied(t *testing.T) {
	w := externalWorld(t)
	if n, next, err := w.LapseExternal(t.Context(), 10); n != 0 || !next.IsZero() || err != nil {
		t.Fatal(n, next, err)
	}
	w.external(t, w.infoAsk("c"), "bob")
	c := w.waits(t, bobPhone)
	w.clock.Advance(sca.Life - time.Microsecond)
	if n, next, err := w.LapseExternal(t.Context(), 10); n != 0 || !next.Equal(start.Add(sca.Life)) || err != nil {
		t.Fatal(n, next, err)
	}
	w.clock.Advance(time.Microsecond)
	wantCode(t, w.ConfirmExternal(t.Context(), c), bank.RequestEnded)
	w.denied(t, "c")
	if n, _, err := w.LapseExternal(t.Context(), 10); n != 0 || err != nil {
		t.Error("it lapsed twice", n, err)
	}
	w.external(t, w.infoAsk("d"), "bob")
	w.clock.Advance(sca.Life)
	if n, _, err := w.LapseExternal(t.Context(), 10); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	w.denied(t, "d")
}

func TestRequestLivesNoLongerThanItsRule(t *testing.T) {
	w := externalWorld(t)
	w.Server = w.serve(authserver.ConsentRules{RequestLife: time.Minute, ExternalLife: time.Second})
	code := w.draw(t, "bob")
	w.clock.Advance(time.Second)
	wantCode(t, w.AskConsentExternally(t.Context(), w.infoAsk("c"), with(code)), bank.GrantInvalid)
	w.external(t, w.infoAsk("c"), "bob")
	w.clock.Advance(time.Minute)
	if n, _, err := w.LapseExternal(t.Context(), 10); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	w.denied(t, "c")
}

// The third party that takes back what it asked for is called all the same.
func TestWithdrawnBeforeTheAnswer(t *testing.T) {
	w := externalWorld(t)
	w.external(t, w.infoAsk("c"), "bob")
	must(t, w.WithdrawByThirdParty(t.Context(), tpp, "c"))
	wantCode(t, w.approve(t, bobPhone), bank.RequestEnded)
	w.clock.Advance(sca.Life)
	if n, _, err := w.LapseExternal(t.Context(), 10); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if got := w.called(t); len(got) != 1 || got[0].Error != "access_denied" {
		t.Errorf("%+v", got)
	}
	if c := w.consentOf(t, "c"); c.Status != xs2a.Ended {
		t.Errorf("the consent is %s", c.Status)
	}
}

// A consent that ends before its third party could be called has no code.
func TestWithdrawnBeforeTheCall(t *testing.T) {
	w := externalWorld(t)
	w.external(t, w.infoAsk("c"), "bob")
	must(t, w.approve(t, bobPhone))
	must(t, w.WithdrawConsent(t.Context(), "bob", w.consentOf(t, "c").ID))
	if got := w.called(t); len(got) != 1 || got[0].Error != "access_denied" || got[0].Code != "" {
		t.Errorf("%+v", got)
	}
}

// What was approved and cannot be given any more is refused, and both sides
// learn it.
func TestApprovedTooLate(t *testing.T) {
	w := externalWorld(t)
	w.external(t, w.payAsk("c", w.order(100)), "bob")
	w.bobsLimit(t, 99)
	wantCode(t, w.approve(t, bobPhone), bank.CustomerLimit)
	w.denied(t, "c")
}

// A request that a person is asked in the application has no page, and one with a
// page is not given by the application.
func TestPagesAndPhoneKeepApart(t *testing.T) {
	w := externalWorld(t)
	w.external(t, w.infoAsk("c"), "bob")
	id := authserver.RequestID(w.waits(t, bobPhone).Subject.ID)
	_, err := w.PendingConsent(t.Context(), id)
	wantCode(t, err, bank.NotFound)
	_, err = w.ChooseForConsent(t.Context(), id, authserver.ConsentChoice{Person: "bob", Customer: "c-bob", Accounts: []account.ID{bobs}})
	wantCode(t, err, bank.NotFound)
	_, err = w.GiveConsent(t.Context(), id, "bob", "x")
	wantCode(t, err, bank.NotFound)
	_, err = w.RefuseConsent(t.Context(), id, "bob")
	wantCode(t, err, bank.NotFound)
	must(t, w.approve(t, bobPhone))

	page := w.ask(t, w.infoAsk("page"))
	_, err = w.ChooseForConsent(t.Context(), page, authserver.ConsentChoice{Person: "bob", Customer: "c-bob", Accounts: []account.ID{bobs}})
	must(t, err)
	subject, err := w.ConsentSubject(t.Context(), page, party.English)
	must(t, err)
	_, err = w.Challenge(t.Context(), "bob", sca.Mobile, subject)
	must(t, err)
	must(t, w.approve(t, bobPhone))
	if c := w.consentOf(t, "page"); c.Status != xs2a.Asked {
		t.Errorf("the phone has given what a browser waits for: %s", c.Status)
	}
}

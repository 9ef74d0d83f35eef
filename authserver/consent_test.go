package authserver_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/party"
	"okienko/bank/thirdparty"
	"okienko/bank/xs2a"
)

func TestConsentIsKeptAsAsked(t *testing.T) {
	w := thirdParties(t)
	a := w.infoAsk("c-1")
	a.Consent.Wanted = []string{"PL" + w.mem.accounts[annas].NRB.String()}
	id := w.ask(t, a)
	p, err := w.PendingConsent(t.Context(), id)
	must(t, err)
	c := p.Consent
	if c.Status != xs2a.Asked || c.Client != tpp || c.Organisation != tppOrg || c.Name != "Kantorek" || c.TPPID != "c-1" || !c.AskedAt.Equal(start) {
		t.Errorf("%+v", c)
	}
	if len(c.Wanted) != 1 || c.Wanted[0] != w.mem.accounts[annas].NRB.String() {
		t.Errorf("wanted %v", c.Wanted)
	}
	if p.Request.State != a.State || !p.Request.ExpiresAt.Equal(start.Add(15*time.Minute)) || p.Client.ID != tpp {
		t.Errorf("%+v", p.Request)
	}
	r := w.lastAct(t, "consent.asked")
	if r.Actor.String() != "third_party:"+string(tpp) || r.Subject != "consent:"+string(c.ID) || !strings.Contains(r.After, "read_done/90") {
		t.Errorf("%+v", r)
	}
}

// A third party chooses its name; the supervisor's register does not take it from it.
func TestCustomerIsShownTheNameOfTheRegisterToo(t *testing.T) {
	w := thirdParties(t)
	a := w.infoAsk("c")
	a.Client.Name = "Bank Bezpieczny"
	w.ask(t, a)
	if c := w.consentOf(t, "c"); c.Name != "Bank Bezpieczny (Kantorek)" {
		t.Errorf("shown as %q", c.Name)
	}
}

// psd2 §10 cases 22 to 28.
func TestConsentsThatCannotBeAsked(t *testing.T) {
	w := thirdParties(t)
	w.ask(t, w.listAsk("taken"))
	grants := func(g ...xs2a.Grant) func(*authserver.ConsentAsk) {
		return func(a *authserver.ConsentAsk) { a.Consent.Scope, a.Consent.Grants = xs2a.AccountInfo, g }
	}
	history := func(days int) func(*authserver.ConsentAsk) {
		return grants(xs2a.Grant{Right: xs2a.ReadDone, HistoryDays: days})
	}
	for name, tt := range map[string]struct {
		change func(*authserver.ConsentAsk)
		code   bank.Code
		field  string
	}{
		"return address with a slash more": {func(a *authserver.ConsentAsk) { a.RedirectURI = goTo + "/" }, bank.RedirectUnknown, ""},
		"return address in capitals":       {func(a *authserver.ConsentAsk) { a.RedirectURI = strings.ToUpper(goTo) }, bank.RedirectUnknown, ""},
		"return address with a fragment": {func(a *authserver.ConsentAsk) {
			a.RedirectURI = goTo + "#f"
			a.Client.RedirectURIs = append(a.Client.RedirectURIs, a.RedirectURI)
		}, bank.RedirectUnknown, ""},
		"no state":               {func(a *authserver.ConsentAsk) { a.State = "" }, bank.InvalidParameter, "state"},
		"no consent id":          {func(a *authserver.ConsentAsk) { a.Consent.TPPID = "" }, bank.InvalidParameter, "consentId"},
		"endless consent id":     {func(a *authserver.ConsentAsk) { a.Consent.TPPID = strings.Repeat("x", 129) }, bank.InvalidParameter, "consentId"},
		"used consent id":        {func(a *authserver.ConsentAsk) { a.Consent.TPPID = "taken" }, bank.ConsentTaken, ""},
		"unknown scope":          {func(a *authserver.ConsentAsk) { a.Consent.Scope = "ais pis" }, bank.ScopeInvalid, ""},
		"funds by a third party": {func(a *authserver.ConsentAsk) { a.Consent.Scope = xs2a.Funds }, bank.ScopeInvalid, ""},
		"no privileges":          {func(a *authserver.ConsentAsk) { a.Consent.Grants = nil }, bank.InvalidParameter, "privilegeList"},
		"another group's privilege": {func(a *authserver.ConsentAsk) {
			a.Consent.Grants = append(a.Consent.Grants, xs2a.Grant{Right: xs2a.ReadAccount})
		}, bank.InvalidParameter, "privilegeList"},
		"unknown privilege":     {grants(xs2a.Grant{Right: "read_minds"}), bank.InvalidParameter, "privilegeList"},
		"privilege named twice": {grants(xs2a.Grant{Right: xs2a.ReadAccount}, xs2a.Grant{Right: xs2a.ReadAccount}), bank.InvalidParameter, "privilegeList"},
		"history of no days":    {history(0), bank.InvalidParameter, "maxAllowedHistoryLong"},
		"history of 1461 days":  {history(1461), bank.InvalidParameter, "maxAllowedHistoryLong"},
		"wanted is no number":   {func(a *authserver.ConsentAsk) { a.Consent.Wanted = []string{"12"} }, bank.InvalidParameter, "accountNumber"},
		"ends now":              {func(a *authserver.ConsentAsk) { a.Consent.Until = start }, bank.InvalidParameter, "scopeTimeLimit"},
		"a payment for the wrong scope": {func(a *authserver.ConsentAsk) {
			a.Consent.Payment = &xs2a.What{}
		}, bank.InvalidParameter, "privilegeList"},
		"blocked client":   {func(a *authserver.ConsentAsk) { a.Client.Status = thirdparty.Blocked }, bank.ThirdPartyBlocked, ""},
		"not in the list":  {func(a *authserver.ConsentAsk) { a.Client.Organisation = "PSDPL-PFSA-0" }, bank.ThirdPartyBlocked, ""},
		"not in that role": {func(*authserver.ConsentAsk) { w.roles(tppOrg, thirdparty.PaymentInitiation) }, bank.RoleMissing, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w.roles(tppOrg, thirdparty.Roles...)
			a := w.listAsk("new")
			tt.change(&a)
			_, err := w.AskConsent(t.Context(), a)
			wantField(t, err, tt.code, tt.field)
		})
	}
	w.roles(tppOrg, thirdparty.Roles...)
	for i, days := range []int{1, 1460} {
		a := w.infoAsk("days" + string(rune('0'+i)))
		a.Consent.Grants = []xs2a.Grant{{Right: xs2a.ReadDone, HistoryDays: days}}
		w.ask(t, a)
	}
	other := w.listAsk("taken")
	other.Client = w.client(otherTPP)
	w.ask(t, other) // another client's id is its own
}

func (w *thirdWorld) roles(o thirdparty.Organisation, roles ...thirdparty.Role) {
	e := w.mem.entries[o]
	e.Roles = roles
	w.mem.entries[o] = e
}

func wantField(t *testing.T, err error, code bank.Code, field string) {
	t.Helper()
	wantCode(t, err, code)
	if r := refusalOf(err); code == bank.InvalidParameter && (r == nil || r.Field != field) {
		t.Fatalf("%v, want the field %q", err, field)
	}
}

// RTS 2018/389 art. 10a, psd2 §10 case 25; a payment's consent is not account
// information.
func TestConsentToAccountInformationEndsWithin180Days(t *testing.T) {
	w := thirdParties(t)
	a := w.infoAsk("long")
	a.Consent.Until = start.AddDate(3, 0, 0)
	w.ask(t, a)
	if c := w.consentOf(t, "long"); !c.Until.Equal(start.Add(180 * 24 * time.Hour)) {
		t.Errorf("until %s", c.Until)
	}
	pay := w.payAsk("pay", w.order(100))
	pay.Consent.Until = start.AddDate(1, 0, 0)
	w.ask(t, pay)
	if c := w.consentOf(t, "pay"); !c.Until.Equal(start.AddDate(1, 0, 0)) {
		t.Errorf("until %s", c.Until)
	}
}

func TestConsentIsGivenAsConfirmed(t *testing.T) {
	w := thirdParties(t)
	id := w.ask(t, w.infoAsk("c"))
	challenge := w.confirmed(t, id, choice(annas2, annas, annas))
	w.clock.Advance(time.Minute)
	to, err := w.GiveConsent(t.Context(), id, "anna", challenge)
	must(t, err)
	if q := query(t, to); !strings.HasPrefix(to, goTo+"&") || q.Get("state") != "st&te=ż" || len(q.Get("code")) != 43 || len(q) != 3 {
		t.Errorf("sent to %s", to)
	}
	c := w.consentOf(t, "c")
	now := start.Add(time.Minute)
	if c.Status != xs2a.Active || c.Version != 1 || c.Person != "anna" || c.Customer != "c-anna" || !c.GivenAt.Equal(now) || !c.ProvenAt.Equal(now) {
		t.Errorf("%+v", c)
	}
	if len(c.Accounts) != 2 || c.Accounts[0].Account != annas || c.Accounts[1].Account != annas2 || c.Accounts[0].Ref == c.Accounts[1].Ref ||
		c.Accounts[0].Number != w.mem.accounts[annas].NRB.String() {
		t.Errorf("%+v", c.Accounts)
	}
	if r := w.lastAct(t, "consent.given"); r.Actor.String() != "customer:anna" || !strings.Contains(r.Before, "status=asked") || !strings.Contains(r.After, "status=active") {
		t.Errorf("%+v", r)
	}
	_, err = w.PendingConsent(t.Context(), id)
	wantCode(t, err, bank.RequestEnded) // the link works once
	_, err = w.GiveConsent(t.Context(), id, "anna", challenge)
	wantCode(t, err, bank.RequestEnded)
}

func TestConsentNeedsTheWordForExactlyThis(t *testing.T) {
	w := thirdParties(t)
	id := w.ask(t, w.infoAsk("c"))
	_, err := w.ConsentSubject(t.Context(), id, party.Polish)
	wantCode(t, err, bank.RequestInvalid)
	_, err = w.GiveConsent(t.Context(), id, "anna", "x")
	wantCode(t, err, bank.RequestInvalid)

	challenge := w.confirmed(t, id, choice(annas))
	_, err = w.GiveConsent(t.Context(), id, "bob", challenge)
	wantCode(t, err, bank.NotFound)
	_, err = w.ChooseForConsent(t.Context(), id, choice(annas, annas2))
	must(t, err)
	_, err = w.GiveConsent(t.Context(), id, "anna", challenge)
	wantCode(t, err, bank.ChallengeForeign)

	other := w.ask(t, w.infoAsk("d"))
	_, err = w.ChooseForConsent(t.Context(), other, choice(annas))
	must(t, err)
	_, err = w.GiveConsent(t.Context(), other, "anna", challenge)
	wantCode(t, err, bank.ChallengeForeign) // same accounts, same rights, another request

	// What somebody would widen between the word and the act is another content.
	for name, widen := range map[string]func(*xs2a.Consent){
		"history": func(c *xs2a.Consent) { c.Grants[1].HistoryDays = 91 },
		"right":   func(c *xs2a.Consent) { c.Grants = append(c.Grants, xs2a.Grant{Right: xs2a.ReadHolds, HistoryDays: 1}) },
		"usage":   func(c *xs2a.Consent) { c.Grants[0].Single = true },
		"end":     func(c *xs2a.Consent) { c.Until = c.Until.Add(time.Microsecond) },
		"who":     func(c *xs2a.Consent) { c.Name = "Inny" },
	} {
		id := w.ask(t, w.infoAsk(name))
		challenge := w.confirmed(t, id, choice(annas))
		c := w.consentOf(t, name)
		widen(&c)
		w.mem.consents[c.ID] = c
		_, err := w.GiveConsent(t.Context(), id, "anna", challenge)
		if bank.CodeOf(err) != bank.ChallengeForeign {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// psd2 §10 case 30.
func TestConsentRefused(t *testing.T) {
	w := thirdParties(t)
	for name, person := range map[string]party.PersonID{"by Anna": "anna", "by nobody yet": ""} {
		id := w.ask(t, w.infoAsk(name))
		to, err := w.RefuseConsent(t.Context(), id, person)
		must(t, err)
		if q := query(t, to); q.Get("error") != "access_denied" || q.Get("state") != "st&te=ż" || q.Has("code") {
			t.Errorf("%s: sent to %s", name, to)
		}
		if c := w.consentOf(t, name); c.Status != xs2a.Refused || !c.EndedAt.Equal(start) || c.EndedBy == "" {
			t.Errorf("%s: %+v", name, c)
		}
		_, err = w.RefuseConsent(t.Context(), id, person)
		wantCode(t, err, bank.RequestEnded)
		_, err = w.PendingConsent(t.Context(), id)
		wantCode(t, err, bank.RequestEnded)
		wantCode(t, w.WithdrawByThirdParty(t.Context(), tpp, name), bank.NotFound)
	}
	_, err := w.PendingConsent(t.Context(), "none")
	wantCode(t, err, bank.NotFound)
}

func TestAbandonedConsentCountsAsRefused(t *testing.T) {
	w := thirdParties(t)
	id := w.ask(t, w.infoAsk("c"))
	w.ask(t, w.infoAsk("unseen"))
	challenge := w.confirmed(t, id, choice(annas))
	w.clock.Advance(15*time.Minute - time.Second)
	_, err := w.PendingConsent(t.Context(), id)
	must(t, err)
	w.clock.Advance(time.Second)
	_, err = w.GiveConsent(t.Context(), id, "anna", challenge)
	wantCode(t, err, bank.RequestEnded)
	if c := w.consentOf(t, "c"); c.Status != xs2a.Refused || c.EndedBy != "bank:consent" {
		t.Errorf("%+v", c)
	}
	// Nobody looked at the other one, and it is as gone.
	wantCode(t, w.WithdrawByThirdParty(t.Context(), tpp, "unseen"), bank.NotFound)
}

// An account that is blocked, or a licence that is lost, between the customer's
// word and the act ends both.
func TestConsentIsJudgedAgainWhenItIsGiven(t *testing.T) {
	w := thirdParties(t)
	id := w.ask(t, w.infoAsk("c"))
	challenge := w.confirmed(t, id, choice(annas))
	w.access(annas, account.AccessBlocked)
	_, err := w.GiveConsent(t.Context(), id, "anna", challenge)
	wantCode(t, err, bank.AccessBlocked)
	w.access(annas, account.AccessOn)
	w.roles(tppOrg, thirdparty.PaymentInitiation)
	_, err = w.GiveConsent(t.Context(), id, "anna", challenge)
	wantCode(t, err, bank.RoleMissing)
	w.roles(tppOrg, thirdparty.Roles...)
	_, err = w.GiveConsent(t.Context(), id, "anna", challenge)
	must(t, err)
}

func TestOfConcurrentYesAndNoOneHolds(t *testing.T) {
	w := thirdParties(t)
	id := w.ask(t, w.infoAsk("c"))
	challenge := w.confirmed(t, id, choice(annas))
	const callers = 12
	errs := make([]error, callers)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			if i%2 == 0 {
				_, errs[i] = w.GiveConsent(t.Context(), id, "anna", challenge)
			} else {
				_, errs[i] = w.RefuseConsent(t.Context(), id, "anna")
			}
		})
	}
	wg.Wait()
	done := 0
	for _, err := range errs {
		if err == nil {
			done++
		} else {
			wantCode(t, err, bank.RequestEnded)
		}
	}
	if c := w.consentOf(t, "c"); done != 1 || c.Status != xs2a.Active && c.Status != xs2a.Refused {
		t.Errorf("%d callers did it, the consent is %s", done, c.Status)
	}
}

func TestConsentToReadIsShownInWholeSentences(t *testing.T) {
	w := thirdParties(t)
	for _, tt := range []struct {
		ask    authserver.ConsentAsk
		pl, en string
	}{
		{w.infoAsk("a"),
			"Zezwalasz firmie „Kantorek” do 2027-02-19 odczytywać: dane i saldo, historię operacji z 90 dni. Rachunki: ...0001, ...0002.",
			`You let "Kantorek" read until 2027-02-19: details and balance, history of 90 days. Accounts: ...0001, ...0002.`},
		{w.listAsk("b"),
			"Zezwalasz firmie „Kantorek” do 2027-02-19 odczytywać: listę rachunków, a po niej dane i historię (do 1460 dni) tych z nich, które firma wskaże. Rachunki: ...0001, ...0002.",
			`You let "Kantorek" read until 2027-02-19: the list of accounts, and then details and history (up to 1460 days) of those that it names. Accounts: ...0001, ...0002.`},
	} {
		id := w.ask(t, tt.ask)
		_, err := w.ChooseForConsent(t.Context(), id, choice(annas, annas2))
		must(t, err)
		pl, err := w.ConsentSubject(t.Context(), id, "pl")
		must(t, err)
		en, err := w.ConsentSubject(t.Context(), id, "en")
		must(t, err)
		if pl.Display.Text != tt.pl || en.Display.Text != tt.en || pl.Display.Amount != "" || pl.Display.Payee != "" {
			t.Errorf("%+v\n%+v", pl.Display, en.Display)
		}
	}
}

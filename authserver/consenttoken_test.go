package authserver_test

import (
	"sync"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/xs2a"
)

func TestCodeGivesTokensOfTheConsent(t *testing.T) {
	w := thirdParties(t)
	code := w.give(t, w.infoAsk("c"), choice(annas))
	out := w.redeem(t, code)
	if out.ExpiresIn != 600 || out.Consent.TPPID != "c" || len(out.Consent.Accounts) != 1 {
		t.Errorf("%+v", out)
	}
	a, err := w.CheckConsent(t.Context(), out.AccessToken)
	must(t, err)
	if a.Consent.ID != out.Consent.ID || a.Token.Client != "11111111-1111-4111-8111-111111111111" {
		t.Errorf("%+v", a)
	}
	for token, code := range map[string]bank.Code{
		"": bank.TokenMissing, "x": bank.TokenUnknown, out.RefreshToken: bank.TokenUnknown, out.AccessToken[:42] + "!": bank.TokenUnknown,
	} {
		_, err := w.CheckConsent(t.Context(), token)
		wantCode(t, err, code)
	}
	w.clock.Advance(10*time.Minute - time.Second)
	_, err = w.CheckConsent(t.Context(), out.AccessToken)
	must(t, err)
	w.clock.Advance(time.Second)
	_, err = w.CheckConsent(t.Context(), out.AccessToken)
	wantCode(t, err, bank.TokenInvalid)
}

// psd2 §10 case 34.
func TestCodesThatCannotBeExchanged(t *testing.T) {
	w := thirdParties(t)
	for name, change := range map[string]func(*authserver.ConsentTokenParams){
		"another client":         func(p *authserver.ConsentTokenParams) { p.Client = otherTPP },
		"another return address": func(p *authserver.ConsentTokenParams) { p.RedirectURI += "/" },
		"unknown code":           func(p *authserver.ConsentTokenParams) { p.Code = "x" },
		"expired code":           func(*authserver.ConsentTokenParams) { w.clock.Advance(time.Minute) },
	} {
		p := codeParams(w.give(t, w.infoAsk(name), choice(annas)))
		change(&p)
		_, err := w.ConsentTokens(t.Context(), p)
		if bank.CodeOf(err) != bank.GrantInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	for field, p := range map[string]authserver.ConsentTokenParams{
		"grant_type":     {},
		"code":           {GrantType: "authorization_code", RedirectURI: goTo},
		"redirect_uri":   {GrantType: "authorization_code", Code: "x"},
		"refresh_token":  {GrantType: "refresh_token"},
		"exchange_token": {GrantType: "exchange_token"},
		"scope_details":  {GrantType: "exchange_token", ExchangeToken: "x"},
		"scope":          {GrantType: "exchange_token", ExchangeToken: "x", Exchange: &authserver.ConsentExchange{}},
	} {
		_, err := w.ConsentTokens(t.Context(), p)
		wantField(t, err, bank.InvalidParameter, field)
	}
	_, err := w.ConsentTokens(t.Context(), authserver.ConsentTokenParams{GrantType: "password"})
	wantCode(t, err, bank.GrantUnsupported)

	code := w.give(t, w.infoAsk("twice"), choice(annas))
	first := w.redeem(t, code)
	_, err = w.ConsentTokens(t.Context(), codeParams(code))
	wantCode(t, err, bank.GrantInvalid)
	_, err = w.CheckConsent(t.Context(), first.AccessToken)
	wantCode(t, err, bank.TokenInvalid)
}

// psd2 §10 case 36.
func TestRefreshNarrowsAndNeverWidens(t *testing.T) {
	w := thirdParties(t)
	a := w.infoAsk("c")
	a.Consent.Grants = append(infoGrants(), xs2a.Grant{Right: xs2a.ReadTransaction, Single: true})
	token := w.redeem(t, w.give(t, a, choice(annas))).RefreshToken
	grant := func(r xs2a.Right, days int, single bool) *authserver.ConsentNarrow {
		return &authserver.ConsentNarrow{Grants: []xs2a.Grant{{Right: r, HistoryDays: days, Single: single}}}
	}
	for name, n := range map[string]*authserver.ConsentNarrow{
		"another scope":      {Scope: xs2a.AccountList},
		"longer history":     grant(xs2a.ReadDone, 91, false),
		"history of no days": grant(xs2a.ReadDone, 0, false),
		"another right":      grant(xs2a.ReadHolds, 1, false),
		"more than once":     grant(xs2a.ReadTransaction, 0, false),
		"a right twice":      {Grants: []xs2a.Grant{{Right: xs2a.ReadAccount}, {Right: xs2a.ReadAccount}}},
	} {
		_, err := w.ConsentTokens(t.Context(), refreshParams(token, n))
		if bank.CodeOf(err) != bank.ScopeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	same, err := w.ConsentTokens(t.Context(), refreshParams(token, &authserver.ConsentNarrow{Scope: xs2a.AccountInfo, Grants: a.Consent.Grants}))
	must(t, err)
	if len(same.Consent.Grants) != 3 {
		t.Errorf("%+v", same.Consent.Grants)
	}
	less, err := w.ConsentTokens(t.Context(), refreshParams(same.RefreshToken, grant(xs2a.ReadDone, 30, true)))
	must(t, err)
	if c := w.consentOf(t, "c"); len(c.Grants) != 1 || c.Grants[0].HistoryDays != 30 || !c.Grants[0].Single || len(less.Consent.Grants) != 1 {
		t.Errorf("%+v", c.Grants)
	}
	_, err = w.ConsentTokens(t.Context(), refreshParams(less.RefreshToken, grant(xs2a.ReadDone, 31, true)))
	wantCode(t, err, bank.ScopeInvalid)

	for name, p := range map[string]authserver.ConsentTokenParams{
		"an access token":   refreshParams(less.AccessToken, nil),
		"another client's":  {Client: otherTPP, GrantType: "refresh_token", RefreshToken: less.RefreshToken},
		"the one before it": refreshParams(same.RefreshToken, nil), // last: it ends the family
	} {
		_, err := w.ConsentTokens(t.Context(), p)
		if bank.CodeOf(err) != bank.GrantInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRefreshTokenLivesAsLongAsTheConsent(t *testing.T) {
	w := thirdParties(t)
	a := w.infoAsk("c")
	a.Consent.Until = start.Add(time.Hour)
	out := w.redeem(t, w.give(t, a, choice(annas)))
	w.clock.Advance(55 * time.Minute)
	last, err := w.ConsentTokens(t.Context(), refreshParams(out.RefreshToken, nil))
	must(t, err)
	if last.ExpiresIn != 300 {
		t.Errorf("an access token of %d s outlives its consent", last.ExpiresIn)
	}
	w.clock.Advance(5 * time.Minute)
	_, err = w.ConsentTokens(t.Context(), refreshParams(last.RefreshToken, nil))
	wantCode(t, err, bank.GrantInvalid)
	_, err = w.CheckConsent(t.Context(), last.AccessToken)
	wantCode(t, err, bank.TokenInvalid)
}

func (w *thirdWorld) exchangeParams(token string, numbers ...string) authserver.ConsentTokenParams {
	return authserver.ConsentTokenParams{Client: tpp, GrantType: "exchange_token", ExchangeToken: token, Exchange: &authserver.ConsentExchange{
		Scope: xs2a.AccountInfo, TPPID: "c", Numbers: numbers, Grants: infoGrants(), Until: start.AddDate(0, 0, 30),
	}}
}

// psd2 §10 case 37.
func TestListIsExchangedForAccountsOnce(t *testing.T) {
	w := thirdParties(t)
	list := w.redeem(t, w.give(t, w.listAsk("c"), choice(annas, annas2)))
	before := w.consentOf(t, "c")
	w.clock.Advance(time.Minute)
	full := w.mem.accounts[annas2].NRB
	out, err := w.ConsentTokens(t.Context(), w.exchangeParams(list.AccessToken, full.Formatted(), full.Masked()))
	must(t, err)
	c := w.consentOf(t, "c")
	if c.ID != before.ID || c.Scope != xs2a.AccountInfo || c.Version != 2 || len(c.Grants) != 2 || !c.ProvenAt.Equal(start) ||
		!c.GivenAt.Equal(start.Add(time.Minute)) || !c.Until.Equal(start.AddDate(0, 0, 30)) {
		t.Errorf("%+v", c)
	}
	if len(out.Consent.Accounts) != 3 || c.Accounts[0].Account != annas2 || c.Accounts[0].Past {
		t.Fatalf("%+v", c.Accounts)
	}
	for _, old := range before.Accounts {
		_, err := c.Reach(old.Ref)
		wantCode(t, err, bank.AccountOutside)
		if old.Ref == c.Accounts[0].Ref {
			t.Error("the handle is the old one")
		}
	}
	_, err = w.CheckConsent(t.Context(), list.AccessToken)
	wantCode(t, err, bank.TokenInvalid)
	_, err = w.ConsentTokens(t.Context(), w.exchangeParams(list.AccessToken, full.String()))
	wantCode(t, err, bank.GrantInvalid)
	a, err := w.CheckConsent(t.Context(), out.AccessToken)
	must(t, err)
	wantCode(t, a.Consent.Allows(xs2a.ListAccounts), bank.ScopeForeign)
	if r := w.lastAct(t, "consent.exchanged"); r.Actor.String() != "third_party:"+string(tpp) {
		t.Errorf("%+v", r)
	}
	again := w.exchangeParams(out.AccessToken, full.String())
	_, err = w.ConsentTokens(t.Context(), again)
	wantCode(t, err, bank.ScopeInvalid)
	again.Exchange.Scope = xs2a.AccountList
	_, err = w.ConsentTokens(t.Context(), again)
	wantCode(t, err, bank.ScopeInvalid)
	_, err = w.ConsentTokens(t.Context(), refreshParams(list.RefreshToken, nil))
	wantCode(t, err, bank.GrantInvalid) // last: it ends the family
}

func TestExchangesThatAreRefused(t *testing.T) {
	w := thirdParties(t)
	list := w.redeem(t, w.give(t, w.listAsk("c"), choice(annas, annas2)))
	// Two accounts of hers that end alike: what the mask shows fits both.
	twin := w.consentOf(t, "c")
	twin.Accounts[1].Number = twin.Accounts[0].Number[:20] + "9" + twin.Accounts[0].Number[21:]
	w.mem.consents[twin.ID] = twin
	number, mask := w.mem.accounts[annas].NRB.String(), w.mem.accounts[annas].NRB.Masked()
	for name, tt := range map[string]struct {
		numbers []string
		change  func(*authserver.ConsentTokenParams)
		code    bank.Code
		field   string
	}{
		"another's account":  {[]string{w.mem.accounts[bobs].NRB.String()}, nil, bank.AccountOutside, ""},
		"not given by her":   {[]string{w.mem.accounts["acc-anna-eur"].NRB.String()}, nil, bank.AccountOutside, ""},
		"mask of two":        {[]string{mask}, nil, bank.AccountOutside, ""},
		"nonsense":           {[]string{number, "*"}, nil, bank.AccountOutside, ""},
		"no account":         {nil, nil, bank.InvalidParameter, "accountNumber"},
		"another consent":    {[]string{number}, func(p *authserver.ConsentTokenParams) { p.Exchange.TPPID = "d" }, bank.InvalidParameter, "consentId"},
		"a payment's right":  {[]string{number}, func(p *authserver.ConsentTokenParams) { p.Exchange.Grants[0].Right = xs2a.Initiate }, bank.InvalidParameter, "privilegeList"},
		"no rights":          {[]string{number}, func(p *authserver.ConsentTokenParams) { p.Exchange.Grants = nil }, bank.InvalidParameter, "privilegeList"},
		"ended before":       {[]string{number}, func(p *authserver.ConsentTokenParams) { p.Exchange.Until = start }, bank.InvalidParameter, "scopeTimeLimit"},
		"by another client":  {[]string{number}, func(p *authserver.ConsentTokenParams) { p.Client = otherTPP }, bank.GrantInvalid, ""},
		"of a refresh token": {[]string{number}, func(p *authserver.ConsentTokenParams) { p.ExchangeToken = list.RefreshToken }, bank.GrantInvalid, ""},
		"of a made-up token": {[]string{number}, func(p *authserver.ConsentTokenParams) { p.ExchangeToken = "x" }, bank.GrantInvalid, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := w.exchangeParams(list.AccessToken, tt.numbers...)
			if tt.change != nil {
				tt.change(&p)
			}
			_, err := w.ConsentTokens(t.Context(), p)
			wantField(t, err, tt.code, tt.field)
		})
	}
	if c := w.consentOf(t, "c"); c.Scope != xs2a.AccountList || c.Version != 1 {
		t.Errorf("%+v", c)
	}
	p := w.exchangeParams(list.AccessToken, number)
	p.Exchange.Until = start.AddDate(2, 0, 0) // an exchange asks nobody: it does not prolong
	w.clock.Advance(10 * time.Minute)
	_, err := w.ConsentTokens(t.Context(), p)
	wantCode(t, err, bank.GrantInvalid) // the access token has expired
	fresh, err := w.ConsentTokens(t.Context(), refreshParams(list.RefreshToken, nil))
	must(t, err)
	p.ExchangeToken = fresh.AccessToken
	_, err = w.ConsentTokens(t.Context(), p)
	must(t, err)
	if c := w.consentOf(t, "c"); !c.Until.Equal(start.AddDate(0, 0, 90)) {
		t.Errorf("until %s", c.Until)
	}
}

// psd2 §10 case 40.
func TestOfConcurrentUsesOfOneTokenOneSucceeds(t *testing.T) {
	w := thirdParties(t)
	code := w.give(t, w.listAsk("c"), choice(annas))
	number := w.mem.accounts[annas].NRB.String()
	one := func(p authserver.ConsentTokenParams) (out authserver.ConsentTokenAnswer) {
		t.Helper()
		const callers = 8
		answers, errs := make([]authserver.ConsentTokenAnswer, callers), make([]error, callers)
		var wg sync.WaitGroup
		for i := range callers {
			wg.Go(func() { answers[i], errs[i] = w.ConsentTokens(t.Context(), p) })
		}
		wg.Wait()
		done := 0
		for i, err := range errs {
			if err == nil {
				done++
				out = answers[i]
			}
		}
		if done != 1 {
			t.Fatalf("%s: %d succeeded", p.GrantType, done)
		}
		return out
	}
	one(codeParams(code))
	code = w.give(t, w.listAsk("d"), choice(annas))
	p := w.exchangeParams(w.redeem(t, code).AccessToken, number)
	p.Exchange.TPPID = "d"
	one(refreshParams(one(p).RefreshToken, nil))
}

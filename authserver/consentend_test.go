package authserver_test

import (
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/thirdparty"
	"okienko/bank/xs2a"
)

// psd2 §10 case 77.
func TestWithdrawals(t *testing.T) {
	w := thirdParties(t)
	out := w.redeem(t, w.give(t, w.infoAsk("c"), choice(annas)))
	for _, tt := range []struct {
		client thirdparty.ClientID
		id     string
		code   bank.Code
	}{{otherTPP, "c", bank.NotFound}, {tpp, "none", bank.NotFound}, {tpp, "c", ""}, {tpp, "c", bank.NotFound}} {
		wantCode(t, w.WithdrawByThirdParty(t.Context(), tt.client, tt.id), tt.code)
	}
	if c := w.consentOf(t, "c"); c.Status != xs2a.Ended || c.EndedBy != "third_party:"+string(tpp) || !c.EndedAt.Equal(start) {
		t.Errorf("%+v", c)
	}
	_, err := w.CheckConsent(t.Context(), out.AccessToken)
	wantCode(t, err, bank.TokenInvalid)
	_, err = w.ConsentTokens(t.Context(), refreshParams(out.RefreshToken, nil))
	wantCode(t, err, bank.GrantInvalid)

	out = w.redeem(t, w.give(t, w.infoAsk("d"), choice(annas)))
	id := w.consentOf(t, "d").ID
	wantCode(t, w.WithdrawConsent(t.Context(), "bob", id), bank.NotFound)
	wantCode(t, w.WithdrawConsent(t.Context(), "anna", "none"), bank.NotFound)
	must(t, w.WithdrawConsent(t.Context(), "anna", id))
	must(t, w.WithdrawConsent(t.Context(), "anna", id))
	if r := w.lastAct(t, "consent.withdrawn"); r.Actor.String() != "customer:anna" {
		t.Errorf("%+v", r)
	}
	_, err = w.CheckConsent(t.Context(), out.AccessToken)
	wantCode(t, err, bank.TokenInvalid)

	// What waits for the customer can be taken back too; then it cannot be given.
	request := w.ask(t, w.infoAsk("e"))
	challenge := w.confirmed(t, request, choice(annas))
	must(t, w.WithdrawByThirdParty(t.Context(), tpp, "e"))
	_, err = w.GiveConsent(t.Context(), request, "anna", challenge)
	wantCode(t, err, bank.RequestEnded)

	// An expired one is gone without anybody's hand.
	w.give(t, w.infoAsk("f"), choice(annas))
	w.clock.Advance(91 * 24 * time.Hour)
	wantCode(t, w.WithdrawByThirdParty(t.Context(), tpp, "f"), bank.NotFound)
}

func TestRenewal(t *testing.T) {
	w := thirdParties(t)
	out := w.redeem(t, w.give(t, w.infoAsk("c"), choice(annas, annas2)))
	id := w.consentOf(t, "c").ID
	told := w.mem.consents[id]
	told.Told = start
	w.mem.consents[id] = told
	w.clock.Advance(89 * 24 * time.Hour)
	s, err := w.RenewalSubject(t.Context(), "anna", id, "pl")
	must(t, err)
	want := "Przedłużasz o 180 dni od dziś zgodę dla firmy „Kantorek” na odczyt: dane i saldo, historię operacji z 90 dni. Rachunki: ...0001, ...0002."
	if s.Display.Text != want {
		t.Errorf("%s", s.Display.Text)
	}
	challenge := w.confirm(t, "anna", s)
	_, err = w.RenewConsent(t.Context(), "bob", id, challenge)
	wantCode(t, err, bank.NotFound)
	c, err := w.RenewConsent(t.Context(), "anna", id, challenge)
	must(t, err)
	now := start.Add(89 * 24 * time.Hour)
	if c.Version != 2 || !c.Until.Equal(now.Add(180*24*time.Hour)) || !c.ProvenAt.Equal(now) || !c.GivenAt.Equal(now) || !c.Told.IsZero() {
		t.Errorf("%+v", c)
	}
	if c.Accounts[0].Ref != told.Accounts[0].Ref {
		t.Error("the third party's handles changed")
	}
	_, err = w.RenewConsent(t.Context(), "anna", id, challenge)
	wantCode(t, err, bank.ChallengeSpent)
	w.clock.Advance(10 * 24 * time.Hour) // past the first end: the old refresh token goes on
	_, err = w.ConsentTokens(t.Context(), refreshParams(out.RefreshToken, nil))
	must(t, err)

	w.roles(tppOrg, thirdparty.PaymentInitiation)
	_, err = w.RenewalSubject(t.Context(), "anna", id, "pl")
	wantCode(t, err, bank.RoleMissing)
	w.roles(tppOrg, thirdparty.Roles...)
	must(t, w.WithdrawConsent(t.Context(), "anna", id))
	_, err = w.RenewalSubject(t.Context(), "anna", id, "pl")
	wantCode(t, err, bank.AgreementEnded)
	pay := w.payAsk("pay", w.order(1))
	pay.Consent.Until = start.AddDate(1, 0, 0)
	w.give(t, pay, choice(annas))
	_, err = w.RenewalSubject(t.Context(), "anna", w.consentOf(t, "pay").ID, "pl")
	wantCode(t, err, bank.StatusNotAllowed)
}

func TestFundsConsent(t *testing.T) {
	w := thirdParties(t)
	w.roles(otherOrg, thirdparty.AccountInformation)
	issuers, err := w.FundsIssuers(t.Context())
	must(t, err)
	if len(issuers) != 1 || issuers[0].Organisation != tppOrg {
		t.Errorf("%+v", issuers)
	}
	ask := authserver.FundsAsk{Person: "anna", Customer: "c-anna", Account: annas, Issuer: tppOrg, Until: start.AddDate(2, 0, 0)}
	for name, tt := range map[string]struct {
		change func(*authserver.FundsAsk)
		code   bank.Code
	}{
		"another's account": {func(f *authserver.FundsAsk) { f.Account = bobs }, bank.NotFound},
		"another customer":  {func(f *authserver.FundsAsk) { f.Customer = "c-bob" }, bank.NotFound},
		"no card issuer":    {func(f *authserver.FundsAsk) { f.Issuer = otherOrg }, bank.RoleMissing},
		"unknown issuer":    {func(f *authserver.FundsAsk) { f.Issuer = "PSDPL-PFSA-0" }, bank.NotFound},
		"ended before":      {func(f *authserver.FundsAsk) { f.Until = start }, bank.InvalidParameter},
	} {
		f := ask
		tt.change(&f)
		_, err := w.FundsSubject(t.Context(), f, "pl")
		if bank.CodeOf(err) != tt.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	s, err := w.FundsSubject(t.Context(), ask, "en")
	must(t, err)
	want := `You let "Kantorek" ask the bank until 2028-11-21 whether there is enough money on the account ...0001. It learns only yes or no.`
	if s.Display.Text != want {
		t.Errorf("%s", s.Display.Text)
	}
	challenge := w.confirm(t, "anna", s)
	other := ask
	other.Account = annas2
	_, err = w.GiveFunds(t.Context(), other, challenge)
	wantCode(t, err, bank.ChallengeForeign)
	c, err := w.GiveFunds(t.Context(), ask, challenge)
	must(t, err)
	kept, err := consentBook{memory: w.mem}.FundsConsent(t.Context(), tppOrg, w.mem.accounts[annas].NRB.String(), start)
	must(t, err)
	if kept.ID != c.ID || kept.Client != tpp || kept.Allows(xs2a.ConfirmFunds) != nil || !kept.Until.Equal(ask.Until) {
		t.Errorf("%+v", kept)
	}
	_, err = w.FundsSubject(t.Context(), ask, "pl")
	wantCode(t, err, bank.ConsentTaken)
	must(t, w.WithdrawConsent(t.Context(), "anna", c.ID))
	_, err = w.FundsSubject(t.Context(), ask, "pl")
	must(t, err)
}

package authserver_test

import (
	"strings"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// kept is the world with everything in the real store.
func kept(t *testing.T) *thirdWorld {
	t.Helper()
	w := thirdParties(t)
	rec := audit.Record{At: start, Actor: audit.Actor{Kind: audit.Staff, ID: "test"}, Act: "test", Subject: "test"}
	var entries []thirdparty.Entry
	for _, e := range w.mem.entries {
		entries = append(entries, e)
	}
	must(t, w.store.ImportEntries(t.Context(), entries, start, rec))
	for _, c := range w.mem.clients {
		_, err := w.store.ChangeClient(t.Context(), c.Organisation, func(*thirdparty.Client) (thirdparty.Client, []audit.Record, error) {
			c.Since = start
			return c, []audit.Record{rec}, nil
		})
		must(t, err)
	}
	w.Server = w.with(func(c *authserver.Config) {
		c.Consents, c.ConsentBook, c.ThirdParties, c.Transfers = w.store, w.store, w.store, w.store
		c.Counters, c.Access, c.Network = w.store, w.store, network{}
		c.ConsentRules.Fees = map[authserver.FeeOf]int64{{Kind: transfer.Domestic, System: transfer.Elixir}: 1_00}
	})
	return w
}

// What a customer confirms must come back from the store to the byte, or nobody
// could ever give it; so this goes the whole way on the store that banks use.
func TestConsentsGoTheirWholeWayOnTheStore(t *testing.T) {
	w := kept(t)
	list := w.redeem(t, w.give(t, w.listAsk("c"), choice(annas, annas2)))
	a, err := w.CheckConsent(t.Context(), list.AccessToken)
	must(t, err)
	must(t, a.Consent.Allows(xs2a.ListAccounts))
	info, err := w.ConsentTokens(t.Context(), w.exchangeParams(list.AccessToken, a.Consent.Accounts[0].Number))
	must(t, err)
	_, err = w.CheckConsent(t.Context(), list.AccessToken)
	wantCode(t, err, bank.TokenInvalid)
	_, err = a.Consent.Reach(info.Consent.Accounts[0].Ref)
	wantCode(t, err, bank.NotFound)
	info, err = w.ConsentTokens(t.Context(), refreshParams(info.RefreshToken, nil))
	must(t, err)

	s, err := w.RenewalSubject(t.Context(), "anna", a.Consent.ID, "pl")
	must(t, err)
	renewed, err := w.RenewConsent(t.Context(), "anna", a.Consent.ID, w.confirm(t, "anna", s))
	must(t, err)
	if renewed.Version != 3 || !renewed.Until.Equal(start.Add(180*24*time.Hour)) {
		t.Errorf("%+v", renewed)
	}
	_, err = w.CheckConsent(t.Context(), info.AccessToken)
	must(t, err)
	w.clock.Advance(100 * 24 * time.Hour) // past the first end
	info, err = w.ConsentTokens(t.Context(), refreshParams(info.RefreshToken, nil))
	must(t, err)
	must(t, w.WithdrawByThirdParty(t.Context(), tpp, "c"))
	_, err = w.CheckConsent(t.Context(), info.AccessToken)
	wantCode(t, err, bank.TokenInvalid)
	wantCode(t, w.WithdrawByThirdParty(t.Context(), tpp, "c"), bank.NotFound)
	_, err = w.AskConsent(t.Context(), w.infoAsk("c"))
	wantField(t, err, bank.InvalidParameter, "scopeTimeLimit")
}

func TestPaymentConsentsGoTheirWholeWayOnTheStore(t *testing.T) {
	w := kept(t)
	full := w.order(1234_56)
	full.Recipient.Address = transfer.Address{Country: "PL", Town: "Kraków", Lines: nil}
	full.Recipient.Identifiers = transfer.Identifiers{Type: "LEI", Value: "recipientIdValue", Issuer: "x"}
	inside := w.order(5)
	inside.Recipient.Account = w.mem.accounts[bobs].NRB.String()
	recurring := w.payAsk("recurring", w.recurring())
	recurring.Consent.Grants = []xs2a.Grant{{Right: xs2a.InitiateRecurring}}
	for name, ask := range map[string]authserver.ConsentAsk{
		"full": w.payAsk("full", full), "inside": w.payAsk("inside", inside), "bundle": w.bundleAsk("bundle"), "recurring": recurring,
	} {
		out := w.redeem(t, w.give(t, ask, choice(annas)))
		c := out.Consent
		if c.Status != xs2a.Active || len(c.Payment.Orders) != len(ask.Consent.Payment.Orders) || c.Accounts[0].Account != annas {
			t.Errorf("%s: %+v", name, c)
		}
		if o := c.Payment.Orders[0]; name == "inside" != (o.Payee == bobs) || name == "inside" == o.Fee.IsPositive() {
			t.Errorf("%s: %q %v", name, o.Payee, o.Fee)
		}
	}
	_, err := w.AskConsent(t.Context(), w.payAsk("full", full))
	wantCode(t, err, bank.ConsentTaken)
}

func TestRefusalFundsAndAccessOnTheStore(t *testing.T) {
	w := kept(t)
	id := w.ask(t, w.infoAsk("no"))
	to, err := w.RefuseConsent(t.Context(), id, "anna")
	must(t, err)
	if !strings.Contains(to, "error=access_denied") {
		t.Error(to)
	}
	_, err = w.PendingConsent(t.Context(), id)
	wantCode(t, err, bank.RequestEnded)
	id = w.ask(t, w.infoAsk("late"))
	w.clock.Advance(15 * time.Minute)
	_, err = w.PendingConsent(t.Context(), id)
	wantCode(t, err, bank.RequestEnded)
	if c, err := w.store.ConsentByTPP(t.Context(), tpp, "late"); err != nil || c.Status != xs2a.Refused {
		t.Errorf("%+v %v", c, err)
	}

	ask := authserver.FundsAsk{Person: "anna", Customer: "c-anna", Account: annas, Issuer: tppOrg, Until: start.AddDate(1, 0, 0)}
	s, err := w.FundsSubject(t.Context(), ask, "pl")
	must(t, err)
	c, err := w.GiveFunds(t.Context(), ask, w.confirm(t, "anna", s))
	must(t, err)
	_, err = w.FundsSubject(t.Context(), ask, "pl")
	wantCode(t, err, bank.ConsentTaken)
	must(t, w.WithdrawConsent(t.Context(), "anna", c.ID))

	off, err := w.SwitchAccess(t.Context(), "anna", annas, false, "")
	must(t, err)
	s, err = w.AccessSubject(t.Context(), "anna", annas, true, "pl")
	must(t, err)
	on, err := w.SwitchAccess(t.Context(), "anna", annas, true, w.confirm(t, "anna", s))
	must(t, err)
	if off.Access.State != account.AccessOff || on.Access.State != account.AccessOn {
		t.Errorf("%+v %+v", off.Access, on.Access)
	}
	_, err = w.store.ChangeAccess(t.Context(), annas, &consent.Use{Challenge: "none"}, func(*account.Account) ([]audit.Record, error) { return nil, nil })
	wantCode(t, err, bank.NotFound)
}

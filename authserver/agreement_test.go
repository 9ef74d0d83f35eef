package authserver_test

import (
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/limit"
	"okienko/bank/party"
)

func TestLoweringLimitsNeedsNoConfirmation(t *testing.T) {
	w := open(t)
	w.tokens(t)
	before := w.agreement(t)
	to := limitsOf(10_00, 200_00, 900_00, 0)
	after, err := w.SetLimits(t.Context(), "anna", before.ID, to, "")
	must(t, err)
	if after.Limits != to || after.Version != before.Version || w.agreement(t).Limits != to {
		t.Errorf("%+v", after)
	}
}

func TestRaisingLimitsIsConfirmedForExactlyThem(t *testing.T) {
	w := open(t)
	w.tokens(t)
	a := w.agreement(t)
	up, higher := limitsOf(90_00, 100_00, 900_00, 40_00), limitsOf(100_00, 100_00, 900_00, 40_00)
	_, err := w.SetLimits(t.Context(), "anna", a.ID, up, "")
	wantCode(t, err, bank.AuthorisationRequired)
	challenge := w.confirm(t, "anna", w.LimitsSubject(a, up, party.Polish))
	_, err = w.SetLimits(t.Context(), "anna", a.ID, higher, challenge)
	wantCode(t, err, bank.ChallengeForeign)
	w.clock.Advance(time.Minute)
	after, err := w.SetLimits(t.Context(), "anna", a.ID, up, challenge)
	must(t, err)
	if after.Limits != up || after.Version != 2 || !after.GivenAt.Equal(start.Add(time.Minute)) || after.Person != "anna" {
		t.Errorf("%+v", after)
	}
	_, err = w.SetLimits(t.Context(), "anna", a.ID, limitsOf(1_00, 1_00, 1_00, 0), "")
	must(t, err)
	_, err = w.SetLimits(t.Context(), "anna", a.ID, up, challenge)
	wantCode(t, err, bank.ChallengeSpent)
	_, err = w.SetLimits(t.Context(), "anna", a.ID, limitsOf(100_01, 0, 0, 0), challenge)
	wantCode(t, err, bank.InvalidParameter)
}

func TestAChallengeForLimitsDoesNotSurviveANewPairing(t *testing.T) {
	w := open(t)
	w.tokens(t)
	a := w.agreement(t)
	up := limitsOf(90_00, 200_00, 900_00, 40_00)
	challenge := w.confirm(t, "anna", w.LimitsSubject(a, up, party.Polish))
	w.pair(t, annasChoice())
	_, err := w.SetLimits(t.Context(), "anna", a.ID, up, challenge)
	wantCode(t, err, bank.ChallengeForeign)
}

func TestOthersAgreementsDoNotExist(t *testing.T) {
	w := open(t)
	w.tokens(t)
	id := w.agreement(t).ID
	person := audit.Actor{Kind: audit.Customer, ID: "bob"}
	for name, try := range map[string]func() error{
		"limits":                     func() error { _, err := w.SetLimits(t.Context(), "bob", id, limitsOf(0, 0, 0, 0), ""); return err },
		"move":                       func() error { _, err := w.Move(t.Context(), "bob", id, bobs); return err },
		"end":                        func() error { return w.End(t.Context(), person, id, "c-bob") },
		"end for the right customer": func() error { return w.End(t.Context(), person, id, "c-anna") },
		"end for the wrong customer": func() error {
			return w.End(t.Context(), audit.Actor{Kind: audit.Customer, ID: "anna"}, id, "c-shop")
		},
		"end for no customer":    func() error { return w.End(t.Context(), audit.Actor{Kind: audit.Customer, ID: "anna"}, id, "") },
		"end by another partner": func() error { return w.End(t.Context(), audit.Actor{Kind: audit.Partner, ID: string(native)}, id, "") },
		"customer limits":        func() error { return w.SetCustomerLimits(t.Context(), "bob", "c-anna", limit.OfCustomer{}, "") },
	} {
		if err := try(); bank.CodeOf(err) != bank.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	if a := w.agreement(t); a.Status != consent.Active || a.Limits != annasChoice().Limits || a.Account != annas {
		t.Errorf("%+v", a)
	}
}

func TestMoveKeepsTheReferenceAndTheTokens(t *testing.T) {
	w := open(t)
	token := w.tokens(t)
	a := w.agreement(t)
	for to, want := range map[account.ID]bank.Code{bobs: bank.NotFound, "acc-nothing": bank.NotFound, "acc-anna-eur": bank.InvalidParameter} {
		_, err := w.Move(t.Context(), "anna", a.ID, to)
		wantCode(t, err, want)
	}
	moved, err := w.Move(t.Context(), "anna", a.ID, annas2)
	must(t, err)
	if moved.Account != annas2 || moved.AccountRef != a.AccountRef || moved.Version != a.Version {
		t.Errorf("%+v", moved)
	}
	got, err := w.Check(t.Context(), token.AccessToken)
	must(t, err)
	if got.Account.ID != annas2 {
		t.Errorf("the token still reaches %s", got.Account.ID)
	}
}

func TestEndKillsTheTokensAtOnceAndIsHarmlessTwice(t *testing.T) {
	for _, tt := range []struct {
		by       audit.Actor
		customer party.CustomerID
	}{
		{audit.Actor{Kind: audit.Customer, ID: "anna"}, "c-anna"},
		{audit.Actor{Kind: audit.Staff, ID: "ewa"}, ""},
		{audit.Actor{Kind: audit.Partner, ID: string(client)}, ""},
	} {
		w := open(t)
		token := w.tokens(t)
		id := w.agreement(t).ID
		must(t, w.End(t.Context(), tt.by, id, tt.customer))
		a := w.agreement(t)
		if a.Status != consent.Ended || a.EndedBy != tt.by.String() || !a.EndedAt.Equal(start) {
			t.Errorf("%+v", a)
		}
		_, err := w.Check(t.Context(), token.AccessToken)
		wantCode(t, err, bank.TokenInvalid)
		w.clock.Advance(time.Minute)
		must(t, w.End(t.Context(), audit.Actor{Kind: audit.Staff, ID: "other"}, id, ""))
		if again := w.agreement(t); !again.EndedAt.Equal(a.EndedAt) || again.EndedBy != a.EndedBy {
			t.Errorf("the second end overwrote the first: %+v", again)
		}
		_, err = w.SetLimits(t.Context(), "anna", id, limitsOf(0, 0, 0, 0), "")
		wantCode(t, err, bank.AgreementEnded)
		_, err = w.Move(t.Context(), "anna", id, annas2)
		wantCode(t, err, bank.AgreementEnded)
	}
}

func TestCustomerLimits(t *testing.T) {
	w := open(t)
	at := func(minor int64) limit.OfCustomer {
		return limit.OfCustomer{OneOff: limit.Caps{Daily: limit.CapAt(pln(minor))}}
	}
	set := func(to limit.OfCustomer, want bank.Code) {
		t.Helper()
		wantCode(t, w.SetCustomerLimits(t.Context(), "anna", "c-anna", to, ""), want)
	}
	set(at(500_00), "") // a first limit only lowers
	set(at(400_00), "")
	set(at(500_00), bank.AuthorisationRequired)
	set(limit.OfCustomer{}, bank.AuthorisationRequired) // no limit is the highest
	set(at(-1), bank.InvalidParameter)
	challenge := w.confirm(t, "anna", w.CustomerLimitsSubject("c-anna", at(450_00), party.Polish))
	wantCode(t, w.SetCustomerLimits(t.Context(), "anna", "c-anna", at(450_01), challenge), bank.ChallengeForeign)
	must(t, w.SetCustomerLimits(t.Context(), "anna", "c-anna", at(450_00), challenge))
	got, err := w.store.CustomerLimits(t.Context(), "c-anna")
	must(t, err)
	if got != at(450_00) {
		t.Errorf("%+v", got)
	}
}

// Whoever acts for a company may shrink what it allowed; widening binds it and
// takes a role that does.
func TestWideningForACompanyTakesARoleThatBinds(t *testing.T) {
	w := open(t)
	low := limit.OfCustomer{OneOff: limit.Caps{Single: limit.CapAt(pln(10_00))}}
	must(t, w.SetCustomerLimits(t.Context(), "firma-proxy_user", "c-firma", low, ""))
	up := w.confirm(t, "firma-proxy_user", w.CustomerLimitsSubject("c-firma", limit.OfCustomer{}, party.Polish))
	wantCode(t, w.SetCustomerLimits(t.Context(), "firma-proxy_user", "c-firma", limit.OfCustomer{}, up), bank.PermissionMissing)
	up = w.confirm(t, "firma-owner", w.CustomerLimitsSubject("c-firma", limit.OfCustomer{}, party.Polish))
	must(t, w.SetCustomerLimits(t.Context(), "firma-owner", "c-firma", limit.OfCustomer{}, up))
}

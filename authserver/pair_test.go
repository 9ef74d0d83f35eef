package authserver_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/partner"
	"okienko/bank/sca"
)

func TestPairGivesTheAgreementThatWasConfirmed(t *testing.T) {
	w := open(t)
	r, challenge := w.choose(t, annasChoice())
	to, err := w.Pair(t.Context(), r.ID, "anna", challenge)
	must(t, err)
	if q := query(t, to); !strings.HasPrefix(to, redirect+"?") || len(q.Get("code")) != 43 || q.Get("state") != state || len(q) != 2 {
		t.Errorf("sent to %s", to)
	}
	a := w.agreement(t)
	if a.Version != 1 || a.Status != consent.Active || a.Person != "anna" || a.Account != annas || a.Application != client ||
		a.Limits != annasChoice().Limits || !a.GivenAt.Equal(start) || !a.CreatedAt.Equal(start) || a.AccountRef == "" {
		t.Errorf("%+v", a)
	}
	if g := a.Grant(hold); len(a.Grants) != 2 || g == nil || g.ValidSeconds != 3600 || g.Left != 5 || !g.GivenAt.Equal(start) {
		t.Errorf("grants %+v", a.Grants)
	}
	_, err = w.Pair(t.Context(), r.ID, "anna", challenge)
	wantCode(t, err, bank.RequestEnded)
	c, err := w.Look(t.Context(), "anna", challenge)
	must(t, err)
	if c.Status != sca.Spent {
		t.Errorf("the challenge is %s", c.Status)
	}
}

func TestPairRefusesWhatWasNotConfirmed(t *testing.T) {
	w := open(t)
	r, challenge := w.choose(t, annasChoice())

	_, err := w.Pair(t.Context(), w.begin(t).ID, "anna", challenge)
	wantCode(t, err, bank.RequestInvalid) // nothing chosen
	_, err = w.Pair(t.Context(), r.ID, "bob", challenge)
	wantCode(t, err, bank.NotFound)
	_, err = w.Pair(t.Context(), r.ID, "anna", "no-challenge")
	wantCode(t, err, bank.NotFound)

	changed := annasChoice()
	changed.Limits.Single = pln(81_00)
	_, err = w.Choose(t.Context(), r.ID, changed)
	must(t, err)
	_, err = w.Pair(t.Context(), r.ID, "anna", challenge)
	wantCode(t, err, bank.ChallengeForeign)

	subject, err := w.PairingSubject(t.Context(), r)
	must(t, err)
	open, err := w.Challenge(t.Context(), "anna", sca.SMS, subject)
	must(t, err)
	_, err = w.Choose(t.Context(), r.ID, annasChoice())
	must(t, err)
	_, err = w.Pair(t.Context(), r.ID, "anna", open.ID)
	wantCode(t, err, bank.ChallengeWrong) // sent, never answered

	other, of := w.choose(t, annasChoice())
	_, err = w.Pair(t.Context(), r.ID, "anna", of)
	wantCode(t, err, bank.ChallengeForeign) // of another request with the same choice
	_, err = w.Pair(t.Context(), other.ID, "anna", of)
	must(t, err)
}

func TestPairLooksAgainAtWhatMayHaveChanged(t *testing.T) {
	w := open(t)
	r, challenge := w.choose(t, annasChoice())
	rec := audit.Record{At: start, Actor: audit.Actor{Kind: audit.Staff, ID: "s"}, Act: "test", Subject: "test"}
	must(t, w.store.SetAccess(t.Context(), annas, account.Access{State: account.AccessBlocked, By: "hotline", At: start, Why: "test"}, rec))
	_, err := w.Pair(t.Context(), r.ID, "anna", challenge)
	wantCode(t, err, bank.AccessBlocked)
}

func TestPairingAgainReplacesAndKeepsTheReference(t *testing.T) {
	w := open(t)
	old := w.tokens(t)
	first := w.agreement(t)
	w.clock.Advance(time.Hour)
	again := annasChoice()
	again.Account, again.Permissions, again.Limits = annas2, []consent.Permission{pay, history}, limitsOf(1_00, 2_00, 3_00, 0)
	code := w.pair(t, again)

	a := w.agreement(t)
	if a.ID != first.ID || a.AccountRef != first.AccountRef || !a.CreatedAt.Equal(start) {
		t.Errorf("the pairing lost its name: %+v", a)
	}
	if a.Version != 2 || a.Account != annas2 || a.Limits != again.Limits || a.Grant(hold) != nil || a.Grant(history) == nil ||
		!a.GivenAt.Equal(start.Add(time.Hour)) || a.Status != consent.Active {
		t.Errorf("%+v", a)
	}
	_, err := w.Check(t.Context(), old.AccessToken)
	wantCode(t, err, bank.TokenInvalid)
	_, err = w.Grant(t.Context(), w.byRefresh(old.RefreshToken))
	wantCode(t, err, bank.GrantInvalid)
	fresh, err := w.Grant(t.Context(), w.byCode(code))
	must(t, err)
	if fresh.AccountRef != old.AccountRef {
		t.Errorf("account_id %q became %q", old.AccountRef, fresh.AccountRef)
	}
}

func TestPairingAgainAfterTheEndStandsAgain(t *testing.T) {
	w := open(t)
	w.tokens(t)
	first := w.agreement(t)
	must(t, w.End(t.Context(), audit.Actor{Kind: audit.Staff, ID: "s"}, first.ID, ""))
	_, err := w.Grant(t.Context(), w.byCode(w.pair(t, annasChoice())))
	must(t, err)
	if a := w.agreement(t); a.ID != first.ID || a.Status != consent.Active || !a.EndedAt.Equal(start) || a.EndedBy != "staff:s" || a.Version != 2 {
		t.Errorf("%+v", a)
	}
}

func TestOneRequestIsGivenOnce(t *testing.T) {
	w := open(t)
	r, challenge := w.choose(t, annasChoice())
	const n = 8
	codes := make([]bank.Code, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			_, err := w.Pair(t.Context(), r.ID, "anna", challenge)
			codes[i] = bank.CodeOf(err)
		})
	}
	wg.Wait()
	given := 0
	for _, c := range codes {
		switch c {
		case "":
			given++
		case bank.RequestEnded:
		default:
			t.Errorf("refused with %q", c)
		}
	}
	if given != 1 || w.agreement(t).Version != 1 {
		t.Errorf("given %d times, version %d", given, w.agreement(t).Version)
	}
}

// narrowing lowers the application's status at the worst moment: after the
// server has looked at it, before the pairing stands.
type narrowing struct {
	authserver.Store
	now func()
}

func (n narrowing) Pair(ctx ctx, id authserver.RequestID, spend consent.Use, code authserver.Code,
	decide func(authserver.Request, *consent.Agreement) (consent.Agreement, []audit.Record, error)) (consent.Agreement, error) {
	n.now()
	return n.Store.Pair(ctx, id, spend, code, decide)
}

func TestPairingDoesNotEscapeAStatusThatWasNarrowedMeanwhile(t *testing.T) {
	w := newWorld(t, partner.Production, partner.Public)
	r, challenge := w.choose(t, annasChoice())
	racing := w.with(func(c *authserver.Config) {
		c.Store = narrowing{w.store, func() {
			must(t, w.store.SetStatus(t.Context(), client, partner.Beta,
				func(*partner.Application, *partner.Partner) error { return nil },
				func(*partner.Application, *partner.Partner, *consent.Agreement) bool { return false },
				audit.Record{At: start, Actor: audit.Actor{Kind: audit.Staff, ID: "s"}, Act: "test", Subject: "test"}))
		}}
	})
	_, err := racing.Pair(t.Context(), r.ID, "anna", challenge)
	wantCode(t, err, bank.ApplicationStatus)
	if a := w.agreement(t); a.Status != consent.Suspended {
		t.Errorf("the pairing is %s", a.Status)
	}
}

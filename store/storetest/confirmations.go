package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/limit"
	"okienko/bank/notice"
	"okienko/bank/sca"
)

// confirmations holds challenges, factors and what is confirmed with them to
// their promises.
func confirmations(t *testing.T, open Open) {
	promises(t, open, []bedTest{
		{"a challenge comes back whole", challengeComesBack},
		{"a locked factor opens no challenge and sends nothing", lockedOpensNothing},
		{"many wrong answers at once are all counted", wrongAnswersFight},
		{"a wrong answer counts, a broken one does not", wrongAnswerCounts},
		{"the mobile application sees what waits for it", waitingChallenges},
		{"a change and its confirmation are one act", changeSpends},
		{"one confirmation serves one of many acts", confirmationFight},
		{"raising one's own limits spends a confirmation", customerLimitsSpend},
	})
}

func letIn(*sca.Factor) error { return nil }

func challengeComesBack(b *bed) {
	want := b.challenge("c", anna, sca.SMS)
	b.must(b.OpenChallenge(b.ctx, want, nil, letIn))
	got, err := b.Challenge(b.ctx, want.ID)
	b.must(err)
	b.same(got, want)

	got, err = b.JudgeChallenge(b.ctx, want.ID, func(c *sca.Challenge, f *sca.Factor) error { return sca.Answer(c, f, want.CodeHash, b.now()) },
		func(c *sca.Challenge) []audit.Record { return []audit.Record{b.did("challenge." + string(c.Status))} })
	b.must(err)
	want.Status = sca.Passed
	b.same(got, want)
	got, err = b.Challenge(b.ctx, want.ID)
	b.must(err)
	b.same(got, want)
}

func lockedOpensNothing(b *bed) {
	c := b.challenge("c", anna, sca.SMS)
	m := notice.Message{ID: "m", Channel: notice.SMS, Person: anna, To: "+48600100200", Text: "Kod 123456", CreatedAt: b.now(), ExpiresAt: c.ExpiresAt}
	err := b.OpenChallenge(b.ctx, c, &m, func(*sca.Factor) error { return bank.Refuse(bank.FactorLocked, "No.") })
	b.refused(err, bank.FactorLocked)
	_, err = b.Challenge(b.ctx, c.ID)
	b.refused(err, bank.NotFound)
	if got := b.claim("w", 10); len(got) != 0 {
		b.Errorf("messages of a challenge that was not opened: %+v", got)
	}
	b.must(b.OpenChallenge(b.ctx, c, &m, letIn))
	if got := b.claim("w", 10); len(got) != 1 || got[0].Text != m.Text || got[0].To != m.To {
		b.Errorf("messages: %+v", got)
	}
}

// answer tries a code.
func (b *bed) answer(id sca.ID, code []byte) error {
	_, err := b.JudgeChallenge(b.ctx, id, func(c *sca.Challenge, f *sca.Factor) error { return sca.Answer(c, f, code, b.now()) }, nil)
	return err
}

func wrongAnswersFight(b *bed) {
	c := b.challenge("c", anna, sca.SMS)
	b.must(b.OpenChallenge(b.ctx, c, nil, letIn))
	n := tally(together(fight, func(int) error { return b.answer(c.ID, digest("wrong")) }))
	if n[bank.ChallengeWrong] != sca.MaxTries || n[bank.FactorLocked] != fight-sca.MaxTries {
		b.Errorf("outcomes: %v", n)
	}
	got, err := b.Challenge(b.ctx, c.ID)
	b.must(err)
	if got.Tries != sca.MaxTries || got.Status != sca.Refused {
		b.Errorf("after %d wrong tries the challenge is %s", got.Tries, got.Status)
	}
	b.refused(b.answer(c.ID, c.CodeHash), bank.FactorLocked)

	// The lock is of the factor: other challenges of it are locked too, those of
	// another person or method are not.
	open := func(f *sca.Factor) error { return f.Open(b.now()) }
	b.refused(b.OpenChallenge(b.ctx, b.challenge("c2", anna, sca.SMS), nil, open), bank.FactorLocked)
	b.must(b.OpenChallenge(b.ctx, b.challenge("c3", anna, sca.Mobile), nil, open))
	b.must(b.OpenChallenge(b.ctx, b.challenge("c4", bartek, sca.SMS), nil, open))
	b.move(sca.LockFor)
	b.must(b.OpenChallenge(b.ctx, b.challenge("c5", anna, sca.SMS), nil, open))
}

func wrongAnswerCounts(b *bed) {
	c := b.challenge("c", anna, sca.SMS)
	b.must(b.OpenChallenge(b.ctx, c, nil, letIn))
	broken := errors.New("broken")
	_, err := b.JudgeChallenge(b.ctx, c.ID, func(c *sca.Challenge, f *sca.Factor) error {
		c.Tries, f.Wrong = 4, 4
		return broken
	}, nil)
	if !errors.Is(err, broken) {
		b.Errorf("got %v", err)
	}
	for range sca.MaxTries - 1 {
		b.refused(b.answer(c.ID, digest("wrong")), bank.ChallengeWrong)
	}
	b.must(b.answer(c.ID, c.CodeHash)) // the fifth try is still open

	// A right answer clears the count of wrong ones: four more lock nothing.
	c2 := b.challenge("c2", anna, sca.SMS)
	b.must(b.OpenChallenge(b.ctx, c2, nil, func(f *sca.Factor) error {
		if f.Wrong != 0 {
			b.Errorf("%d wrong tries after a right one", f.Wrong)
		}
		return nil
	}))
}

func waitingChallenges(b *bed) {
	old := b.challenge("old", anna, sca.Mobile)
	b.must(b.OpenChallenge(b.ctx, old, nil, letIn))
	b.move(time.Minute)
	for _, c := range []sca.Challenge{b.challenge("new", anna, sca.Mobile), b.challenge("sms", anna, sca.SMS), b.challenge("other", bartek, sca.Mobile)} {
		b.must(b.OpenChallenge(b.ctx, c, nil, letIn))
	}
	b.passed("done", anna, sca.ForPairing, "x", "y")
	names := func(want ...sca.ID) {
		b.Helper()
		got, err := b.WaitingChallenges(b.ctx, anna)
		b.must(err)
		ids := make([]sca.ID, 0, len(got))
		for _, c := range got {
			ids = append(ids, c.ID)
		}
		b.same(ids, append([]sca.ID{}, want...))
	}
	names("new", "old")
	b.move(sca.Life - time.Minute)
	names("new") // the old one has expired
	b.move(time.Minute)
	names()
}

// raise raises an agreement's limits with a confirmation.
func (b *bed) raise(id consent.ID, use *consent.Use, to limit.Limits) error {
	_, err := b.ChangeAgreement(b.ctx, id, use, func(a *consent.Agreement) ([]audit.Record, error) {
		a.Limits = to
		return []audit.Record{b.did("limits.raised")}, nil
	})
	return err
}

func changeSpends(b *bed) {
	a, _ := b.pairAnna("r")
	use := b.passed("c", anna, sca.ForLimits, string(a.ID), "to 9000")
	untouched := func() {
		b.Helper()
		c, err := b.Challenge(b.ctx, use.Challenge)
		b.must(err)
		got, err := b.Agreement(b.ctx, a.ID)
		b.must(err)
		if c.Status != sca.Passed || got.Limits != a.Limits {
			b.Errorf("the challenge is %s, the limits %+v", c.Status, got.Limits)
		}
	}
	_, err := b.ChangeAgreement(b.ctx, a.ID, &use, func(a *consent.Agreement) ([]audit.Record, error) {
		a.Limits = someLimits(9000)
		return nil, bank.RefuseField("single", "No.")
	})
	b.refused(err, bank.InvalidParameter)
	untouched()
	wrong := use
	wrong.Binding = "to 9001"
	b.refused(b.raise(a.ID, &wrong, someLimits(9001)), bank.ChallengeForeign)
	wrong = use
	wrong.Purpose = sca.ForPairing
	b.refused(b.raise(a.ID, &wrong, someLimits(9000)), bank.ChallengeForeign)
	wrong = use
	wrong.Challenge = "unknown"
	b.refused(b.raise(a.ID, &wrong, someLimits(9000)), bank.NotFound)
	untouched()

	b.must(b.raise(a.ID, &use, someLimits(9000)))
	b.refused(b.raise(a.ID, &use, someLimits(9000)), bank.ChallengeSpent)
	got, err := b.Agreement(b.ctx, a.ID)
	b.must(err)
	a.Limits = someLimits(9000)
	b.same(got, a)
}

func confirmationFight(b *bed) {
	a, _ := b.pairAnna("r")
	use := b.passed("c", anna, sca.ForLimits, string(a.ID), "same")
	errs := together(fight, func(i int) error { return b.raise(a.ID, &use, someLimits(int64(2000+i))) })
	if n := tally(errs); n[""] != 1 || n[bank.ChallengeSpent] != fight-1 {
		b.Errorf("outcomes: %v", n)
	}
	got, err := b.Agreement(b.ctx, a.ID)
	b.must(err)
	for i, err := range errs {
		if err == nil && got.Limits != someLimits(int64(2000+i)) {
			b.Errorf("the one who succeeded asked for %d and got %+v", 2000+i, got.Limits)
		}
	}
}

func customerLimitsSpend(b *bed) {
	use := b.passed("c", anna, sca.ForCustomerLimits, string(ofAnna), "100")
	change := func(use consent.Use, refusal error) error {
		return b.ChangeCustomerLimits(b.ctx, ofAnna, &use, func(l *limit.OfCustomer) ([]audit.Record, error) {
			l.OneOff.Daily = limit.CapAt(pln(100))
			return []audit.Record{b.did("limits.changed")}, refusal
		})
	}
	b.refused(change(use, bank.Refuse(bank.AuthorisationRequired, "No.")), bank.AuthorisationRequired)
	foreign := use
	foreign.Person = bartek
	b.refused(change(foreign, nil), bank.ChallengeForeign)
	got, err := b.CustomerLimits(b.ctx, ofAnna)
	b.must(err)
	b.same(got, limit.OfCustomer{})
	b.must(change(use, nil))
	b.refused(change(use, nil), bank.ChallengeSpent)
}

// claim leases messages for a minute of the wall clock.
func (b *bed) claim(worker string, n int) []notice.Message {
	b.Helper()
	got, err := b.ClaimMessages(b.ctx, worker, n, b.wall.Now(), b.wall.Now().Add(time.Minute))
	b.must(err)
	return got
}

// message keeps a message the only way there is: with a challenge.
func (b *bed) message(id string, expires time.Duration) {
	b.Helper()
	c := b.challenge("challenge of "+id, anna, sca.SMS)
	b.must(b.OpenChallenge(b.ctx, c, &notice.Message{
		ID: id, Channel: notice.SMS, Person: anna, To: "+48600100200", Text: fmt.Sprintf("Kod z %s", id),
		CreatedAt: b.now(), ExpiresAt: b.now().Add(expires),
	}, letIn))
}

package sca_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/sca"
)

var start = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func challenge(m sca.Method) *sca.Challenge {
	return &sca.Challenge{
		ID: "c", Person: "anna", Method: m, CodeHash: []byte("right"), CreatedAt: start, ExpiresAt: start.Add(sca.Life), Status: sca.Pending,
		Subject: sca.Subject{Purpose: sca.ForOperation, ID: "a1", Binding: "12.50 to the shop"},
	}
}

// answer gives the right or a wrong answer by either method.
func answer(c *sca.Challenge, f *sca.Factor, right bool, at time.Time) error {
	if c.Method == sca.Mobile {
		return sca.Approve(c, f, right, at)
	}
	return sca.Answer(c, f, []byte(map[bool]string{true: "right", false: "wrong"}[right]), at)
}

var methods = []sca.Method{sca.SMS, sca.Mobile}

func TestRightAnswerPassesOnce(t *testing.T) {
	for _, m := range methods {
		c, f := challenge(m), &sca.Factor{Wrong: 3}
		if err := answer(c, f, true, start.Add(sca.Life-1)); err != nil || c.Status != sca.Passed || f.Wrong != 0 {
			t.Errorf("%s: %v %+v %+v", m, err, c, f)
		}
		if err := answer(c, f, true, start); bank.CodeOf(err) != bank.ChallengeSpent {
			t.Errorf("%s: %v", m, err)
		}
	}
}

// Whoever asks for a new code after a wrong one has not got five new tries.
func TestTriesAreCountedAcrossChallenges(t *testing.T) {
	for _, m := range methods {
		first, second, f := challenge(m), challenge(m), &sca.Factor{}
		_ = answer(first, f, false, start)
		for gone := 2; gone <= sca.MaxTries; gone++ {
			if err := answer(second, f, false, start); bank.CodeOf(err) != bank.ChallengeWrong || second.Tries != gone {
				t.Errorf("%s: %v, %d tries gone, want %d", m, err, second.Tries, gone)
			}
		}
		if second.Status != sca.Refused || !start.Before(f.LockedUntil) {
			t.Errorf("%s: after the last try the challenge is %s, locked until %v", m, second.Status, f.LockedUntil)
		}
	}
}

func TestAnswersThatComeInVain(t *testing.T) {
	for _, m := range methods {
		other := map[sca.Method]sca.Method{sca.SMS: sca.Mobile, sca.Mobile: sca.SMS}[m]
		for name, c := range map[string]struct {
			change func(c *sca.Challenge, f *sca.Factor)
			at     time.Time
			code   bank.Code
		}{
			"too late":         {func(*sca.Challenge, *sca.Factor) {}, start.Add(sca.Life), bank.ChallengeExpired},
			"spent":            {func(c *sca.Challenge, _ *sca.Factor) { c.Status = sca.Spent }, start, bank.ChallengeSpent},
			"passed":           {func(c *sca.Challenge, _ *sca.Factor) { c.Status = sca.Passed }, start, bank.ChallengeSpent},
			"refused":          {func(c *sca.Challenge, _ *sca.Factor) { c.Status = sca.Refused }, start, bank.ChallengeExpired},
			"factor locked":    {func(_ *sca.Challenge, f *sca.Factor) { f.LockedUntil = start.Add(1) }, start, bank.FactorLocked},
			"lock comes first": {func(c *sca.Challenge, f *sca.Factor) { c.Status, f.LockedUntil = sca.Spent, start.Add(1) }, start, bank.FactorLocked},
		} {
			for _, right := range []bool{true, false} {
				ch, f := challenge(m), &sca.Factor{Wrong: 2}
				c.change(ch, f)
				wasChallenge, wasFactor := *ch, *f
				if err := answer(ch, f, right, c.at); bank.CodeOf(err) != c.code {
					t.Errorf("%s, %s: %v", m, name, err)
				}
				if !reflect.DeepEqual(*ch, wasChallenge) || *f != wasFactor {
					t.Errorf("%s, %s: it counted: %+v %+v", m, name, ch, f)
				}
			}
		}
		ch := challenge(other)
		ch.Method = other
		var err error
		if m == sca.SMS {
			err = sca.Answer(ch, &sca.Factor{}, []byte("right"), start)
		} else {
			err = sca.Approve(ch, &sca.Factor{}, true, start)
		}
		if bank.CodeOf(err) != bank.ChallengeWrong || ch.Status != sca.Pending {
			t.Errorf("a challenge of %s answered by %s: %v", other, m, err)
		}
	}
}

// The fifth wrong try refuses the challenge and locks the factor for half an
// hour; the right answer does not help then (RTS 2018/389 art. 4(3)(b)).
func TestFiveWrongTriesLock(t *testing.T) {
	for _, m := range methods {
		c, f := challenge(m), &sca.Factor{}
		for try := 1; try <= sca.MaxTries; try++ {
			if err := answer(c, f, false, start); bank.CodeOf(err) != bank.ChallengeWrong || c.Tries != try {
				t.Fatalf("%s, try %d: %v %+v", m, try, err, c)
			}
			if want := map[bool]sca.Status{true: sca.Refused, false: sca.Pending}[try == sca.MaxTries]; c.Status != want {
				t.Errorf("%s, try %d: %s", m, try, c.Status)
			}
		}
		if !f.LockedUntil.Equal(start.Add(sca.LockFor)) {
			t.Errorf("%+v", f)
		}
		next := challenge(m)
		next.ExpiresAt = start.Add(time.Hour)
		if err := answer(next, f, true, start.Add(sca.LockFor-1)); bank.CodeOf(err) != bank.FactorLocked || next.Status != sca.Pending {
			t.Errorf("%v %+v", err, next)
		}
		if err := answer(next, f, true, start.Add(sca.LockFor)); err != nil {
			t.Errorf("%v", err)
		}
	}
}

// Wrong tries add up across challenges, so that asking for another code buys no
// guesses; a right one ends the count.
func TestWrongTriesAddUpAcrossChallenges(t *testing.T) {
	f := &sca.Factor{}
	for i := range sca.MaxTries {
		if err := f.Open(start); err != nil {
			t.Fatalf("locked after %d: %v", i, err)
		}
		if err := answer(challenge(sca.SMS), f, false, start); bank.CodeOf(err) != bank.ChallengeWrong {
			t.Fatal(err)
		}
	}
	if bank.CodeOf(f.Open(start)) != bank.FactorLocked {
		t.Errorf("%+v", f)
	}
	f = &sca.Factor{}
	for range 3 {
		for range sca.MaxTries - 1 {
			_ = answer(challenge(sca.SMS), f, false, start)
		}
		if err := answer(challenge(sca.SMS), f, true, start); err != nil {
			t.Fatalf("%v %+v", err, f)
		}
	}
}

func TestNo(t *testing.T) {
	for _, m := range methods {
		c := challenge(m)
		if err := sca.Refuse(c, start); err != nil || c.Status != sca.Refused {
			t.Errorf("%v %+v", err, c)
		}
		if err := sca.Refuse(c, start); err == nil {
			t.Error("refused twice")
		}
		if err := answer(c, &sca.Factor{}, true, start); bank.CodeOf(err) != bank.ChallengeExpired {
			t.Errorf("%v", err)
		}
		if err := sca.Refuse(challenge(m), start.Add(sca.Life)); bank.CodeOf(err) != bank.ChallengeExpired {
			t.Errorf("%v", err)
		}
	}
}

// A passed challenge is spent once, in time, for exactly what it confirms.
func TestSpend(t *testing.T) {
	passed := func() *sca.Challenge { c := challenge(sca.SMS); c.Status = sca.Passed; return c }
	for i, c := range []struct {
		status           sca.Status
		purpose          sca.Purpose
		subject, binding string
		at               time.Time
		code             bank.Code
	}{
		{sca.Passed, sca.ForOperation, "a1", "12.50 to the shop", start.Add(sca.Life - 1), ""},
		{sca.Passed, sca.ForPairing, "a1", "12.50 to the shop", start, bank.ChallengeForeign},
		{sca.Passed, sca.ForOperation, "a2", "12.50 to the shop", start, bank.ChallengeForeign},
		{sca.Passed, sca.ForOperation, "a1", "12.51 to the shop", start, bank.ChallengeForeign},
		{sca.Passed, sca.ForOperation, "a1", "12.50 to the shop", start.Add(sca.Life), bank.ChallengeExpired},
		{sca.Pending, sca.ForOperation, "a1", "12.50 to the shop", start, bank.ChallengeWrong},
		{sca.Refused, sca.ForOperation, "a1", "12.50 to the shop", start, bank.ChallengeWrong},
		{sca.Spent, sca.ForOperation, "a1", "12.50 to the shop", start, bank.ChallengeSpent},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			ch := passed()
			ch.Status = c.status
			err := sca.Spend(ch, c.purpose, c.subject, c.binding, c.at)
			if bank.CodeOf(err) != c.code {
				t.Errorf("%v, want %q", err, c.code)
			}
			if want := map[bool]sca.Status{true: sca.Spent, false: c.status}[c.code == ""]; ch.Status != want {
				t.Errorf("it is %s", ch.Status)
			}
		})
	}
}

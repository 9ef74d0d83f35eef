package authserver

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"okienko/bank"
	"okienko/clock"
)

func TestHashPasswordKeepsTheStrength(t *testing.T) {
	kept, err := HashPassword("correct horse", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(kept, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("kept as %q", kept)
	}
	again, err := HashPassword("correct horse", rand.Reader)
	if err != nil || again == kept {
		t.Errorf("one salt for two hashes: %v", err)
	}
	for password, want := range map[string]bool{"correct horse": true, "correct horsf": false, "": false} {
		if got, err := passwordIs(password, kept); err != nil || got != want {
			t.Errorf("%q: %v, %v", password, got, err)
		}
	}
}

func TestKeptPasswordsOfAnotherStrengthAreAMistake(t *testing.T) {
	kept, err := HashPassword("secret", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{
		"", "secret", strings.TrimPrefix(kept, "$"),
		strings.Replace(kept, "m=19456", "m=1048576", 1), // a gigabyte a try
		strings.Replace(kept, "t=2", "t=1", 1),
		strings.Replace(kept, "argon2id", "argon2i", 1),
		kept + "A", kept[:len(kept)-1], kept[:strings.LastIndex(kept, "$")],
	} {
		if ok, err := passwordIs("secret", bad); ok || !errors.Is(err, errHash) {
			t.Errorf("%q: %v, %v", bad, ok, err)
		}
	}
}

func TestNobodysPasswordCostsTheSameAndFitsNothing(t *testing.T) {
	for _, p := range []string{"", "nobody", "secret"} {
		if ok, err := passwordIs(p, nobodysPassword()); ok || err != nil {
			t.Errorf("%q: %v, %v", p, ok, err)
		}
	}
}

// loginsOf answers LoginOf alone: a log-in that waits for a slot goes no
// further.
type loginsOf struct {
	Store
	login Login
}

func (l loginsOf) LoginOf(context.Context, string) (Login, error) { return l.login, nil }

func TestLogInIsBusyAfterTwoSecondsWithoutASlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{
			Store: loginsOf{login: Login{Login: "anna", Password: nobodysPassword()}},
			Clock: clock.NewManual(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)), PasswordSlots: 1,
		})
		s.passwords <- struct{}{} // somebody else's, for good
		start := time.Now()
		if _, err := s.LogIn(t.Context(), "anna", "secret"); bank.CodeOf(err) != bank.Busy {
			t.Errorf("log-in without a slot: %v", err)
		}
		if waited := time.Since(start); waited != passwordWait {
			t.Errorf("waited %v", waited)
		}
		gone, leave := context.WithCancel(t.Context())
		leave()
		if _, err := s.LogIn(gone, "anna", "secret"); !errors.Is(err, context.Canceled) {
			t.Errorf("log-in of somebody who has gone: %v", err)
		}
	})
}

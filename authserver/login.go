package authserver

import (
	"context"
	"crypto/sha256"
	"time"

	"okienko/bank"
	"okienko/bank/party"
)

const (
	// maxWrong and loginLock: ten guesses in half an hour are 175,000 a year, far
	// below what a password of the bank's length withstands, and fifteen minutes
	// are short enough not to make locking others out worth much.
	maxWrong  = 5
	loginLock = 15 * time.Minute

	// passwordWait is how long somebody waits for a slot. At about 40 ms a
	// password, a queue of 2 s is 50 log-ins a slot: more than that is an attack,
	// and an answer is better than a hanging page.
	passwordWait = 2 * time.Second
)

// LogIn tells who a login and a password belong to. LoginWrong for an unknown
// login as for a wrong password, after the same work; LoginLocked for 15
// minutes of bank time after five wrong tries in a row; Busy when no password
// slot frees within 2 seconds.
//
// The fifth wrong try itself is LoginWrong still. A lock shows that the login
// exists; hiding that would take a record of every name ever tried.
func (s *Server) LogIn(ctx context.Context, login, password string) (party.Person, error) {
	seen, err := s.store.LoginOf(ctx, login)
	known := err == nil
	switch {
	case known && s.now().Before(seen.LockedUntil):
		return party.Person{}, loginLocked(seen.LockedUntil) // without work: the lock must not feed a flood
	case bank.CodeOf(err) == bank.NotFound:
		seen.Password = nobodysPassword()
	case err != nil:
		return party.Person{}, err
	}
	right, err := s.passwordIs(ctx, password, seen.Password)
	if err != nil {
		return party.Person{}, err
	}
	// The work above is outside of the store's transaction, where it would stop
	// every other writer. What it was done on may have changed since.
	now := s.now()
	var person party.PersonID
	err = s.store.TryLogin(ctx, login, func(l *Login) error {
		switch {
		case l == nil || !known || l.Password != seen.Password:
			return loginWrong() // nothing was tried on the login as it stands: nothing counts
		case now.Before(l.LockedUntil):
			return loginLocked(l.LockedUntil)
		case !right:
			if l.Wrong++; l.Wrong >= maxWrong {
				l.Wrong, l.LockedUntil = 0, now.Add(loginLock)
			}
			return loginWrong()
		}
		l.Wrong, l.LockedUntil = 0, time.Time{}
		person = l.Person
		return nil
	})
	if err != nil {
		return party.Person{}, err
	}
	return s.parties.Person(ctx, person)
}

// passwordIs checks a password in one of the slots.
func (s *Server) passwordIs(ctx context.Context, password, kept string) (bool, error) {
	wait, stop := context.WithTimeout(ctx, passwordWait) // the wall clock's seconds: a person is waiting
	defer stop()
	select {
	case s.passwords <- struct{}{}:
		defer func() { <-s.passwords }()
		return passwordIs(password, kept)
	case <-wait.Done():
		if err := ctx.Err(); err != nil {
			return false, err
		}
		return false, bank.Refuse(bank.Busy, "Too many people are logging in. Try again in a moment.")
	}
}

// nobodysPassword is a hash that costs what every hash costs and that no
// password is known for: its key is no outcome of argon2.
func nobodysPassword() string {
	key := sha256.Sum256([]byte("nobody"))
	return phc(key[:passwordSalt], key[:])
}

func loginWrong() error {
	return bank.Refuse(bank.LoginWrong, "The login or the password is wrong.")
}

func loginLocked(until time.Time) error {
	no := bank.Refuse(bank.LoginLocked, "Too many wrong tries. Try again in 15 minutes.")
	no.Until = until
	return no
}

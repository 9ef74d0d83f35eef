package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"okienko/authserver"
	"okienko/bank"
)

// loginNamed finds a login, nil when there is none.
func loginNamed(ctx context.Context, q querier, login string) (*authserver.Login, error) {
	var (
		l             authserver.Login
		wrong, locked int64
	)
	err := q.QueryRowContext(ctx, `select person_id, login, password, wrong, locked_until from login where login = $1`+held(q), login).
		Scan((*string)(&l.Person), &l.Login, &l.Password, &wrong, &locked)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	l.Wrong, l.LockedUntil = int(wrong), instant(locked)
	return &l, nil
}

// TryLogin lets judge decide over a login as it stands. A refusal of judge is
// kept like a success, because a wrong try counts; any other error undoes
// everything. Judge runs while the one writer waits for it: whoever computes a
// slow hash does so before.
func (s *Store) TryLogin(ctx context.Context, login string, judge func(*authserver.Login) error) error {
	var refused error
	err := s.act(ctx, outside, func(ctx context.Context, tx *writeTx) error {
		l, err := loginNamed(ctx, tx, login)
		if err != nil {
			return err
		}
		if l == nil {
			refused = judge(nil)
			return nil
		}
		was := *l
		if refused = judge(l); refused != nil && !isRefusal(refused) {
			return refused
		}
		if *l == was {
			return nil
		}
		err = one(tx.ExecContext(ctx, `update login set password = $1, wrong = $2, locked_until = $3 where login = $4`,
			l.Password, int64(l.Wrong), micros(l.LockedUntil), was.Login))
		if err != nil {
			return fmt.Errorf("login of person %s: %w", was.Person, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return refused
}

// LoginOf finds a login; a NotFound refusal when there is none.
func (s *Store) LoginOf(ctx context.Context, login string) (authserver.Login, error) {
	l, err := loginNamed(ctx, s.read, login)
	switch {
	case err != nil:
		return authserver.Login{}, err
	case l == nil:
		return authserver.Login{}, bank.Refuse(bank.NotFound, "There is no such login.")
	}
	return *l, nil
}

func insertLogin(ctx context.Context, q querier, l *authserver.Login) error {
	return one(q.ExecContext(ctx, `insert into login (person_id, login, password, wrong, locked_until) values ($1, $2, $3, $4, $5)`,
		string(l.Person), l.Login, l.Password, int64(l.Wrong), micros(l.LockedUntil)))
}

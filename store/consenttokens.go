package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/xs2a"
)

// RedeemConsent spends a code of a consent; see authserver.ConsentStore.
func (s *Store) RedeemConsent(ctx context.Context, hash []byte, now time.Time, check func(authserver.Code) error,
	issue func(authserver.Code, *xs2a.Consent) (authserver.ConsentIssued, error)) (xs2a.Consent, error) {
	behind, err := s.behind(ctx, "consent_code", hash)
	if err != nil {
		return xs2a.Consent{}, err
	}
	out := &exchanging{id: behind.id, now: now}
	return out.finish(consents.redeem(ctx, s, spending[authserver.Code]{
		room: roomOf(behind.scope), hash: hash, now: now, first: out.hold, check: check,
		issue: func(ctx context.Context, tx *writeTx, c authserver.Code) (authserver.ConsentIssued, error) {
			return out.issue(ctx, tx, func(held *xs2a.Consent) (authserver.ConsentIssued, error) { return issue(c, held) })
		},
	}))
}

// RotateConsent spends a refresh token of a consent; see authserver.ConsentStore.
func (s *Store) RotateConsent(ctx context.Context, hash []byte, now time.Time, check func(authserver.ConsentToken) error,
	issue func(authserver.ConsentToken, *xs2a.Consent) (authserver.ConsentIssued, error)) (xs2a.Consent, error) {
	behind, err := s.behind(ctx, "consent_token", hash)
	if err != nil {
		return xs2a.Consent{}, err
	}
	out := &exchanging{id: behind.id, now: now}
	return out.finish(consents.rotate(ctx, s, spending[authserver.ConsentToken]{
		room: roomOf(behind.scope), hash: hash, now: now, first: out.hold, check: check,
		issue: func(ctx context.Context, tx *writeTx, t authserver.ConsentToken) (authserver.ConsentIssued, error) {
			return out.issue(ctx, tx, func(held *xs2a.Consent) (authserver.ConsentIssued, error) { return issue(t, held) })
		},
	}))
}

// ExchangeConsent spends an access token for those of another version of its
// consent; see authserver.ConsentStore. The new tokens descend from the same
// code: its reuse ends them too.
func (s *Store) ExchangeConsent(ctx context.Context, hash []byte, now time.Time,
	issue func(authserver.ConsentToken, *xs2a.Consent) (authserver.ConsentIssued, error)) (xs2a.Consent, error) {
	unknown := bank.Refuse(bank.TokenUnknown, "The token is unknown.")
	behind, err := s.behind(ctx, "consent_token", hash)
	if bank.CodeOf(err) == bank.GrantInvalid {
		return xs2a.Consent{}, unknown
	}
	if err != nil {
		return xs2a.Consent{}, err
	}
	out := &exchanging{id: behind.id, now: now}
	return out.finish(s.act(ctx, roomOf(behind.scope), func(ctx context.Context, tx *writeTx) error {
		if err := out.hold(ctx, tx); err != nil {
			return err
		}
		t, err := consents.token(ctx, tx, authserver.AccessToken, hash)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return unknown
		case err != nil:
			return err
		case !t.SpentAt.IsZero(), !t.RevokedAt.IsZero(), !now.Before(t.ExpiresAt), out.c.At(now) != xs2a.Active:
			return bank.Refuse(bank.TokenInvalid, "The token is not valid any more.")
		}
		issued, err := out.issue(ctx, tx, func(held *xs2a.Consent) (authserver.ConsentIssued, error) { return issue(t, held) })
		if err != nil {
			return err
		}
		if err := one(tx.ExecContext(ctx, `update consent_token set spent_at = $1 where hash = $2 and spent_at = 0 and revoked_at = 0`, micros(now), t.Hash)); err != nil {
			return err
		}
		if err := consents.end(ctx, tx, now, string(out.id)); err != nil {
			return err
		}
		return consents.keep(ctx, tx, &issued, t.Client, t.Agreement, t.Family)
	}))
}

// owning is what a code or token belongs to.
type owning struct {
	id    xs2a.ID
	scope xs2a.Scope
}

// behind finds what a code or token belongs to, before the act that spends it:
// the act takes its locks in the order of every other act on the consent, and in
// the room of its scope.
func (s *Store) behind(ctx context.Context, table string, hash []byte) (owning, error) {
	var o owning
	err := s.read.QueryRowContext(ctx, `select tpp_consent.id, tpp_consent.scope from `+table+` t join tpp_consent on tpp_consent.id = t.consent_id
		where t.hash = $1`, blob(hash)).Scan((*string)(&o.id), (*string)(&o.scope))
	if errors.Is(err, sql.ErrNoRows) {
		return o, grantInvalid()
	}
	return o, found(err, "consent")
}

// exchanging is the consent of a code or token that is being spent.
type exchanging struct {
	id  xs2a.ID
	now time.Time
	c   xs2a.Consent
}

func (e *exchanging) hold(ctx context.Context, tx *writeTx) (err error) {
	e.c, err = consentByID(ctx, tx, e.id)
	return err
}

// issue lets decide make tokens, and change the consent, if it stands.
func (e *exchanging) issue(ctx context.Context, tx *writeTx, decide func(*xs2a.Consent) (authserver.ConsentIssued, error)) (authserver.ConsentIssued, error) {
	if e.c.At(e.now) != xs2a.Active {
		return authserver.ConsentIssued{}, grantInvalid()
	}
	var issued authserver.ConsentIssued
	err := changeConsent(ctx, tx, &e.c, func(c *xs2a.Consent) (err error) {
		issued, err = decide(c)
		return err
	})
	return issued, err
}

func (e *exchanging) finish(err error) (xs2a.Consent, error) {
	if err != nil {
		return xs2a.Consent{}, err
	}
	return e.c, nil
}

// ConsentAccess finds what stands behind an access token in one read.
func (s *Store) ConsentAccess(ctx context.Context, hash []byte) (authserver.ConsentAccess, error) {
	var (
		t tokenRow
		r consentRow
	)
	err := s.read.QueryRowContext(ctx, `select `+consents.tokenColumns()+`, `+consentColumns+`
		from consent_token join tpp_consent on tpp_consent.id = consent_token.consent_id
		where consent_token.hash = $1 and consent_token.kind = 'access'`, blob(hash)).Scan(append(t.dest(), r.dest()...)...)
	if err != nil {
		return authserver.ConsentAccess{}, found(err, "token")
	}
	c, err := r.consent()
	if err != nil {
		return authserver.ConsentAccess{}, err
	}
	return authserver.ConsentAccess{Token: t.token(), Consent: c}, nil
}

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/consent"
)

const codeColumns = `hash, client, agreement_id, state, redirect_uri, code_challenge, expires_at, spent_at`

func scanCode(row scanner) (authserver.Code, error) {
	var (
		c              authserver.Code
		expires, spent int64
	)
	err := row.Scan(&c.Hash, (*string)(&c.Client), (*string)(&c.Agreement), &c.State, &c.RedirectURI, &c.CodeChallenge, &expires, &spent)
	c.ExpiresAt, c.SpentAt = instant(expires), instant(spent)
	return c, err
}

func insertCode(ctx context.Context, q querier, c *authserver.Code) error {
	return one(q.ExecContext(ctx, `insert into code (`+codeColumns+`) values ($1, $2, $3, $4, $5, $6, $7, 0)`,
		blob(c.Hash), string(c.Client), string(c.Agreement), c.State, c.RedirectURI, c.CodeChallenge, micros(c.ExpiresAt)))
}

const tokenColumns = `token.hash, token.kind, token.client, token.agreement_id, token.family,
	token.issued_at, token.expires_at, token.spent_at, token.revoked_at`

// tokenRow is a row of tokenColumns, also as part of a join.
type tokenRow struct {
	t                               authserver.Token
	issued, expires, spent, revoked int64
}

func (r *tokenRow) dest() []any {
	t := &r.t
	return []any{&t.Hash, (*string)(&t.Kind), (*string)(&t.Client), (*string)(&t.Agreement), &t.Family,
		&r.issued, &r.expires, &r.spent, &r.revoked}
}

func (r *tokenRow) token() authserver.Token {
	r.t.IssuedAt, r.t.ExpiresAt = instant(r.issued), instant(r.expires)
	r.t.SpentAt, r.t.RevokedAt = instant(r.spent), instant(r.revoked)
	return r.t
}

// keepIssued keeps a pair of new tokens. What they belong to was read in this
// very transaction and is not left to the caller.
func keepIssued(ctx context.Context, tx *writeTx, i *authserver.Issued, client consent.ClientID, a consent.ID, family []byte) error {
	for _, issued := range [...]struct {
		kind authserver.TokenKind
		t    *authserver.Token
	}{{authserver.AccessToken, &i.Access}, {authserver.RefreshToken, &i.Refresh}} {
		err := one(tx.ExecContext(ctx, `insert into token (hash, kind, client, agreement_id, family, issued_at, expires_at, spent_at, revoked_at)
			values ($1, $2, $3, $4, $5, $6, $7, 0, 0)`,
			blob(issued.t.Hash), string(issued.kind), string(client), string(a), blob(family), micros(issued.t.IssuedAt), micros(issued.t.ExpiresAt)))
		if err != nil {
			return fmt.Errorf("%s token: %w", issued.kind, err)
		}
	}
	tx.audit(i.Audit...)
	return nil
}

// grantInvalid is one answer to every code or refresh token that is no good, so
// that trying tells a stranger nothing.
func grantInvalid() error {
	return bank.Refuse(bank.GrantInvalid, "The grant is not valid.")
}

// Redeem spends a code; see authserver.Store. A spent code is looked at before
// anything else, expiry too: its reuse says that somebody else has a copy
// (RFC 6749 §4.1.2).
func (s *Store) Redeem(ctx context.Context, hash []byte, now time.Time, check func(authserver.Code) error,
	issue func(authserver.Code, consent.Agreement) (authserver.Issued, error)) (consent.Agreement, error) {
	var (
		out     consent.Agreement
		refused error
	)
	err := s.act(ctx, outside, func(ctx context.Context, tx *writeTx) error {
		refused = nil
		c, err := scanCode(tx.QueryRowContext(ctx, `select `+codeColumns+` from code where hash = $1`+held(tx), blob(hash)))
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return grantInvalid()
		case err != nil:
			return err
		case !c.SpentAt.IsZero():
			refused = grantInvalid() // after the commit: the revoking must stay
			return revokeFamily(ctx, tx, c.Hash, c.Client, c.Agreement, "a code was used again", now)
		case !now.Before(c.ExpiresAt):
			return grantInvalid()
		}
		if err := check(c); err != nil {
			return err
		}
		a, err := activeAgreement(ctx, tx, c.Agreement)
		if err != nil {
			return err
		}
		issued, err := issue(c, *a)
		if err != nil {
			return err
		}
		err = one(tx.ExecContext(ctx, `update code set spent_at = $1 where hash = $2 and spent_at = 0`, micros(now), c.Hash))
		if err != nil {
			return err
		}
		out = *a
		return keepIssued(ctx, tx, &issued, c.Client, c.Agreement, c.Hash)
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return consent.Agreement{}, err
	}
	return out, nil
}

// Rotate spends a refresh token; see authserver.Store. Reuse comes before
// expiry here too.
func (s *Store) Rotate(ctx context.Context, hash []byte, now time.Time, check func(authserver.Token) error,
	issue func(authserver.Token, consent.Agreement) (authserver.Issued, error)) (consent.Agreement, error) {
	var (
		out     consent.Agreement
		refused error
	)
	err := s.act(ctx, outside, func(ctx context.Context, tx *writeTx) error {
		refused = nil
		var r tokenRow
		err := tx.QueryRowContext(ctx, `select `+tokenColumns+` from token where hash = $1 and kind = 'refresh'`+held(tx), blob(hash)).Scan(r.dest()...)
		t := r.token()
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return grantInvalid()
		case err != nil:
			return err
		case !t.SpentAt.IsZero() || !t.RevokedAt.IsZero():
			refused = grantInvalid()
			return revokeFamily(ctx, tx, t.Family, t.Client, t.Agreement, "a refresh token was used again", now)
		case !now.Before(t.ExpiresAt):
			return grantInvalid()
		}
		if err := check(t); err != nil {
			return err
		}
		a, err := activeAgreement(ctx, tx, t.Agreement)
		if err != nil {
			return err
		}
		issued, err := issue(t, *a)
		if err != nil {
			return err
		}
		err = one(tx.ExecContext(ctx, `update token set spent_at = $1 where hash = $2 and spent_at = 0 and revoked_at = 0`, micros(now), t.Hash))
		if err != nil {
			return err
		}
		out = *a
		return keepIssued(ctx, tx, &issued, t.Client, t.Agreement, t.Family)
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return consent.Agreement{}, err
	}
	return out, nil
}

// activeAgreement finds the agreement behind a code or refresh token. The
// tokens of one that does not stand have ended with it, so this refuses only
// what should not be there.
func activeAgreement(ctx context.Context, q querier, id consent.ID) (*consent.Agreement, error) {
	a, err := agreementByID(ctx, q, id)
	if err != nil {
		return nil, err
	}
	if a.Status != consent.Active {
		return nil, grantInvalid()
	}
	return a, nil
}

// revokeFamily ends the tokens that descend from a code, after the code or a dead
// refresh token of them came again: thief and owner can no longer be told apart.
// They are all that live of a pairing; the tokens of one that was given anew
// since descend from another code, and stay.
func revokeFamily(ctx context.Context, tx *writeTx, family []byte, client consent.ClientID, a consent.ID, why string, now time.Time) error {
	n, err := changed(ctx, tx, `update token set revoked_at = $1 where family = $2 and spent_at = 0 and revoked_at = 0`, micros(now), family)
	if n > 0 {
		tx.audit(reuse(now, client, a, why))
	}
	return err
}

// reuse is the line of audit of a revoking. Only one that ended something has
// any: otherwise repeating a dead token would fill the log.
func reuse(now time.Time, client consent.ClientID, a consent.ID, why string) audit.Record {
	return audit.Record{
		At: now, Actor: audit.Actor{Kind: audit.Partner, ID: string(client)}, Act: "tokens.revoked", Subject: "agreement:" + string(a), Why: why,
	}
}

// joinedAccountColumns are accountColumns by their full names.
const joinedAccountColumns = `account.id, account.kind, account.customer_id, account.nrb, account.holder, account.name,
	account.product_group, account.product_type, account.status,
	account.access_state, account.access_by, account.access_at, account.access_why, account.opened_at,
	account.currency, account.booked, account.held, account.overdraft, account.seq`

// Access finds what stands behind an access token in one read.
func (s *Store) Access(ctx context.Context, hash []byte) (authserver.Access, error) {
	var (
		t tokenRow
		g agreementRow
		c customerRow
	)
	row := s.read.QueryRowContext(ctx, `select `+tokenColumns+`, `+agreementColumns+`, `+customerColumns+`, `+joinedAccountColumns+`
		from token
		join agreement on agreement.id = token.agreement_id
		join customer on customer.id = agreement.customer_id
		join account on account.id = agreement.account_id
		where token.hash = $1 and token.kind = 'access'`, blob(hash))
	a, err := scanAccount(after{row, slices.Concat(t.dest(), g.dest(), c.dest())})
	if err != nil {
		return authserver.Access{}, found(err, "token")
	}
	agreement, err := g.agreement()
	if err != nil {
		return authserver.Access{}, err
	}
	return authserver.Access{Token: t.token(), Agreement: agreement, Customer: c.customer(), Account: a}, nil
}

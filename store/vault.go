package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/consent"
)

// vault is where the codes and tokens of one kind of agreement lie: those of
// partners' pairings in one, those of third parties' consents in another. What a
// code or a token is good for, and how often, is decided here for both.
type vault struct {
	codes, tokens string // tables
	owner         string // column of what they belong to
	looksOnly     string // column of ConsentToken.LooksOnly, "" where every token may do everything
	kind          string // of what they belong to, in the audit
	holder        audit.ActorKind
}

// The vaults.
var (
	pairings = vault{codes: "code", tokens: "token", owner: "agreement_id", kind: "agreement", holder: audit.Partner}
	consents = vault{codes: "consent_code", tokens: "consent_token", owner: "consent_id", looksOnly: "looks_only", kind: "consent", holder: audit.ThirdParty}
)

func (v vault) codeColumns() string {
	return `hash, client, ` + v.owner + `, state, redirect_uri, code_challenge, expires_at, spent_at`
}

func scanCode(row scanner) (authserver.Code, error) {
	var (
		c              authserver.Code
		expires, spent int64
	)
	err := row.Scan(&c.Hash, (*string)(&c.Client), (*string)(&c.Agreement), &c.State, &c.RedirectURI, &c.CodeChallenge, &expires, &spent)
	c.ExpiresAt, c.SpentAt = instant(expires), instant(spent)
	return c, err
}

func (v vault) insertCode(ctx context.Context, q querier, c *authserver.Code) error {
	return one(q.ExecContext(ctx, `insert into `+v.codes+` (`+v.codeColumns()+`) values ($1, $2, $3, $4, $5, $6, $7, 0)`,
		blob(c.Hash), string(c.Client), string(c.Agreement), c.State, c.RedirectURI, c.CodeChallenge, micros(c.ExpiresAt)))
}

// tokenColumns are by their full names: they stand in joins too.
func (v vault) tokenColumns() string {
	t, looks := v.tokens+".", "false"
	if v.looksOnly != "" {
		looks = t + v.looksOnly
	}
	return t + "hash, " + t + "kind, " + t + "client, " + t + v.owner + ", " + t + "family, " +
		t + "issued_at, " + t + "expires_at, " + t + "spent_at, " + t + "revoked_at, " + looks
}

// tokenRow is a row of tokenColumns, also as part of a join.
type tokenRow struct {
	t                               authserver.ConsentToken
	issued, expires, spent, revoked int64
}

func (r *tokenRow) dest() []any {
	t := &r.t
	return []any{&t.Hash, (*string)(&t.Kind), (*string)(&t.Client), (*string)(&t.Agreement), &t.Family,
		&r.issued, &r.expires, &r.spent, &r.revoked, &t.LooksOnly}
}

func (r *tokenRow) token() authserver.ConsentToken {
	r.t.IssuedAt, r.t.ExpiresAt = instant(r.issued), instant(r.expires)
	r.t.SpentAt, r.t.RevokedAt = instant(r.spent), instant(r.revoked)
	return r.t
}

// token finds a token of a kind and holds it.
func (v vault) token(ctx context.Context, tx *writeTx, kind authserver.TokenKind, hash []byte) (authserver.ConsentToken, error) {
	var r tokenRow
	err := tx.QueryRowContext(ctx, `select `+v.tokenColumns()+` from `+v.tokens+` where hash = $1 and kind = $2`+held(tx), blob(hash), string(kind)).
		Scan(r.dest()...)
	return r.token(), err
}

// keep keeps a pair of new tokens. What they belong to was read in this very
// transaction and is not left to the caller.
func (v vault) keep(ctx context.Context, tx *writeTx, i *authserver.ConsentIssued, client consent.ClientID, owner consent.ID, family []byte) error {
	columns := "hash, kind, client, " + v.owner + ", family, issued_at, expires_at, spent_at, revoked_at"
	if v.looksOnly != "" {
		columns += ", " + v.looksOnly
	}
	i.Access.Kind, i.Refresh.Kind = authserver.AccessToken, authserver.RefreshToken
	err := put(ctx, tx, bulk{table: v.tokens, columns: columns}, []*authserver.ConsentToken{&i.Access, &i.Refresh},
		func(t *authserver.ConsentToken) ([]any, error) {
			row := []any{blob(t.Hash), string(t.Kind), string(client), string(owner), blob(family), micros(t.IssuedAt), micros(t.ExpiresAt), int64(0), int64(0)}
			if v.looksOnly != "" {
				row = append(row, t.LooksOnly)
			}
			return row, nil
		})
	tx.audit(i.Audit...)
	return err
}

// grantInvalid is one answer to every code or refresh token that is no good, so
// that trying tells a stranger nothing.
func grantInvalid() error {
	return bank.Refuse(bank.GrantInvalid, "The grant is not valid.")
}

// spending is the exchange of a code or a refresh token, T, for tokens.
type spending[T any] struct {
	room room
	hash []byte
	now  time.Time
	// first takes the locks that come before the one of the code or token; nil
	// when there are none.
	first func(ctx context.Context, tx *writeTx) error
	check func(T) error
	issue func(ctx context.Context, tx *writeTx, t T) (authserver.ConsentIssued, error)
}

// redeem spends a code; see authserver.Store. A spent code is looked at before
// anything else, expiry too: its reuse says that somebody else has a copy
// (RFC 6749 §4.1.2).
func (v vault) redeem(ctx context.Context, s *Store, sp spending[authserver.Code]) error {
	return s.spend(ctx, sp.room, sp.first, func(ctx context.Context, tx *writeTx) (refused, err error) {
		c, err := scanCode(tx.QueryRowContext(ctx, `select `+v.codeColumns()+` from `+v.codes+` where hash = $1`+held(tx), blob(sp.hash)))
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return nil, grantInvalid()
		case err != nil:
			return nil, err
		case !c.SpentAt.IsZero():
			return grantInvalid(), v.revokeFamily(ctx, tx, c.Hash, c.Client, c.Agreement, "a code was used again", sp.now)
		case !sp.now.Before(c.ExpiresAt):
			return nil, grantInvalid()
		}
		if err := sp.check(c); err != nil {
			return nil, err
		}
		issued, err := sp.issue(ctx, tx, c)
		if err != nil {
			return nil, err
		}
		err = one(tx.ExecContext(ctx, `update `+v.codes+` set spent_at = $1 where hash = $2 and spent_at = 0`, micros(sp.now), c.Hash))
		if err != nil {
			return nil, err
		}
		return nil, v.keep(ctx, tx, &issued, c.Client, c.Agreement, c.Hash)
	})
}

// rotate spends a refresh token; see authserver.Store. Reuse comes before expiry
// here too.
func (v vault) rotate(ctx context.Context, s *Store, sp spending[authserver.ConsentToken]) error {
	return s.spend(ctx, sp.room, sp.first, func(ctx context.Context, tx *writeTx) (refused, err error) {
		t, err := v.token(ctx, tx, authserver.RefreshToken, sp.hash)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return nil, grantInvalid()
		case err != nil:
			return nil, err
		case !t.SpentAt.IsZero() || !t.RevokedAt.IsZero():
			return grantInvalid(), v.revokeFamily(ctx, tx, t.Family, t.Client, t.Agreement, "a refresh token was used again", sp.now)
		case !sp.now.Before(t.ExpiresAt):
			return nil, grantInvalid()
		}
		if err := sp.check(t); err != nil {
			return nil, err
		}
		issued, err := sp.issue(ctx, tx, t)
		if err != nil {
			return nil, err
		}
		err = one(tx.ExecContext(ctx, `update `+v.tokens+` set spent_at = $1 where hash = $2 and spent_at = 0 and revoked_at = 0`, micros(sp.now), t.Hash))
		if err != nil {
			return nil, err
		}
		return nil, v.keep(ctx, tx, &issued, t.Client, t.Agreement, t.Family)
	})
}

// spend runs an act whose refusal may leave something behind: what was revoked
// must stay revoked though the caller is refused.
func (s *Store) spend(ctx context.Context, r room, first func(context.Context, *writeTx) error,
	act func(context.Context, *writeTx) (refused, err error)) error {
	var refused error
	err := s.act(ctx, r, func(ctx context.Context, tx *writeTx) (err error) {
		refused = nil
		if first != nil {
			if err := first(ctx, tx); err != nil {
				return err
			}
		}
		refused, err = act(ctx, tx)
		return err
	})
	if err == nil {
		err = refused
	}
	return err
}

// revokeFamily ends the tokens that descend from a code, after the code or a dead
// refresh token of them came again: thief and owner can no longer be told apart.
// They are all that live of a pairing; the tokens of one that was given anew
// since descend from another code, and stay.
func (v vault) revokeFamily(ctx context.Context, tx *writeTx, family []byte, client consent.ClientID, owner consent.ID, why string, now time.Time) error {
	n, err := changed(ctx, tx, `update `+v.tokens+` set revoked_at = $1 where family = $2 and spent_at = 0 and revoked_at = 0`, micros(now), family)
	if n > 0 { // otherwise repeating a dead token would fill the log
		tx.audit(audit.Record{
			At: now, Actor: audit.Actor{Kind: v.holder, ID: string(client)}, Act: "tokens.revoked", Subject: v.kind + ":" + string(owner), Why: why,
		})
	}
	if err != nil {
		err = fmt.Errorf("store: revoking: %w", err)
	}
	return err
}

// end ends the codes and tokens of agreements. An ended code counts as spent: it
// is never good again.
func (v vault) end(ctx context.Context, q querier, now time.Time, owners ...string) error {
	if len(owners) == 0 {
		return nil
	}
	_, err := q.ExecContext(ctx, `update `+v.codes+` set spent_at = $1 where spent_at = 0 and `+v.owner+` = any($2)`, micros(now), owners)
	if err != nil {
		return err
	}
	_, err = q.ExecContext(ctx, `update `+v.tokens+` set revoked_at = $1
		where spent_at = 0 and revoked_at = 0 and `+v.owner+` = any($2)`, micros(now), owners)
	return err
}

package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/desk"
)

var _ authserver.Store = (*Store)(nil)

const requestColumns = `id, client, state, redirect_uri, code_challenge, created_at, expires_at, status,
	person_id, customer_id, account_id, permissions,
	currency, limit_single, limit_daily, limit_monthly, limit_unconfirmed`

func scanRequest(row scanner) (authserver.Request, error) {
	var (
		r                authserver.Request
		created, expires int64
		c                authserver.Choice
		permissions      string
		limits           limitColumns
	)
	dest := []any{(*string)(&r.ID), (*string)(&r.Client), &r.State, &r.RedirectURI, &r.CodeChallenge, &created, &expires, (*string)(&r.Status),
		(*string)(&c.Person), (*string)(&c.Customer), (*string)(&c.Account), &permissions}
	if err := row.Scan(append(dest, limits.dest()...)...); err != nil {
		return authserver.Request{}, err
	}
	r.CreatedAt, r.ExpiresAt = instant(created), instant(expires)
	if c.Person == "" {
		return r, nil
	}
	for _, text := range strings.Fields(permissions) {
		p, err := consent.ParsePermission(text)
		if err != nil {
			return authserver.Request{}, fmt.Errorf("store: pairing request %s: %w", r.ID, err)
		}
		c.Permissions = append(c.Permissions, p)
	}
	c.Limits = limits.limits()
	r.Choice = &c
	return r, nil
}

// choiceArgs are the columns of a choice as parameters, empty when there is none.
func choiceArgs(c *authserver.Choice) ([]any, error) {
	if c == nil {
		return []any{"", "", "", "", "", int64(0), int64(0), int64(0), int64(0)}, nil
	}
	if c.Person == "" {
		return nil, errors.New("store: a choice that nobody made")
	}
	limits, err := limitArgs(c.Limits)
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(c.Permissions))
	for i, p := range c.Permissions {
		texts[i] = p.String()
	}
	return append([]any{string(c.Person), string(c.Customer), string(c.Account), strings.Join(texts, " ")}, limits...), nil
}

// requestByID finds one or refuses.
func requestByID(ctx context.Context, q querier, id authserver.RequestID) (authserver.Request, error) {
	r, err := scanRequest(q.QueryRowContext(ctx, `select `+requestColumns+` from pairing_request where id = $1`+held(q), string(id)))
	return r, found(err, "pairing request")
}

// SaveRequest keeps a new request.
func (s *Store) SaveRequest(ctx context.Context, r authserver.Request) error {
	choice, err := choiceArgs(r.Choice)
	if err != nil {
		return err
	}
	return s.act(ctx, outside, func(ctx context.Context, tx *writeTx) error {
		params := append([]any{string(r.ID), string(r.Client), r.State, r.RedirectURI, r.CodeChallenge,
			micros(r.CreatedAt), micros(r.ExpiresAt), string(r.Status)}, choice...)
		err := one(tx.ExecContext(ctx, `insert into pairing_request (`+requestColumns+`)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`, params...))
		if err != nil {
			return fmt.Errorf("pairing request %s: %w", r.ID, err)
		}
		return nil
	})
}

// Request finds one; a NotFound refusal when there is none.
func (s *Store) Request(ctx context.Context, id authserver.RequestID) (authserver.Request, error) {
	return requestByID(ctx, s.read, id)
}

// ChangeRequest lets change decide over a request as it stands. What the
// application sent with it (state, address, PKCE) and its times do not change.
func (s *Store) ChangeRequest(ctx context.Context, id authserver.RequestID, change func(*authserver.Request) error) (authserver.Request, error) {
	var out authserver.Request
	err := s.act(ctx, outside, func(ctx context.Context, tx *writeTx) error {
		r, err := requestByID(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := change(&r); err != nil {
			return err
		}
		out = r
		choice, err := choiceArgs(r.Choice)
		if err != nil {
			return err
		}
		return one(tx.ExecContext(ctx, `update pairing_request set status = $2, person_id = $3, customer_id = $4, account_id = $5,
				permissions = $6, currency = $7, limit_single = $8, limit_daily = $9, limit_monthly = $10, limit_unconfirmed = $11
			where id = $1`, append([]any{string(id), string(r.Status)}, choice...)...))
	})
	if err != nil {
		return authserver.Request{}, err
	}
	return out, nil
}

// Pair gives a request; see authserver.Store. That a request is given once and
// that the agreement keeps its id and reference is held here, whatever decide
// says.
func (s *Store) Pair(ctx context.Context, id authserver.RequestID, spend consent.Use, code authserver.Code,
	decide func(authserver.Request, *consent.Agreement) (consent.Agreement, []audit.Record, error)) (consent.Agreement, error) {
	var out consent.Agreement
	err := s.write(ctx, func(ctx context.Context, tx *writeTx) error {
		r, err := requestByID(ctx, tx, id)
		switch {
		case err != nil:
			return err
		case r.Status != authserver.RequestOpen:
			return bank.Refuse(bank.RequestEnded, "The pairing request has ended.")
		case r.Choice == nil:
			return bank.Refuse(bank.RequestInvalid, "Nothing has been chosen yet.")
		}
		if err := holdApplication(ctx, tx, r.Client); err != nil {
			return err
		}
		before, err := oneAgreement(ctx, tx, `application = $1 and customer_id = $2`, string(r.Client), string(r.Choice.Customer))
		if err != nil {
			return err
		}
		var known *consent.Agreement
		if before != nil {
			shown := *before // decide may work on what it is shown
			known = &shown
		}
		a, records, err := decide(r, known)
		if err != nil {
			return err
		}
		if err := s.spendChallenge(ctx, tx, &spend); err != nil {
			return err
		}
		if err := keepPairing(ctx, tx, before, &a); err != nil {
			return err
		}
		if err := endTokens(ctx, tx, s.now(), a.ID); err != nil {
			return err
		}
		code.Agreement = a.ID
		if err := pairings.insertCode(ctx, tx, &code); err != nil {
			return err
		}
		if err := one(tx.ExecContext(ctx, `update pairing_request set status = 'given' where id = $1 and status = 'open'`, string(id))); err != nil {
			return err
		}
		out = a
		tx.audit(records...)
		return nil
	})
	if err != nil {
		return consent.Agreement{}, err
	}
	return out, nil
}

// keepPairing keeps what a pairing made of the agreement that stood before, or
// a first one.
func keepPairing(ctx context.Context, q querier, before, a *consent.Agreement) error {
	if before == nil {
		err := insertAgreement(ctx, q, a)
		if isTaken(err) { // paired at this very instant by another request: it stands before this one now
			return fmt.Errorf("%w: %w", desk.ErrConflict, err)
		}
		return err
	}
	if a.ID != before.ID || a.AccountRef != before.AccountRef {
		return fmt.Errorf("store: pairing agreement %s again made it %s, known as %q instead of %q", before.ID, a.ID, a.AccountRef, before.AccountRef)
	}
	return writeAgreement(ctx, q, a)
}

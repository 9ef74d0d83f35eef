package store

import (
	"context"
	"slices"
	"time"

	"okienko/authserver"
	"okienko/bank/consent"
)

// Redeem spends a code of a pairing; see authserver.Store.
func (s *Store) Redeem(ctx context.Context, hash []byte, now time.Time, check func(authserver.Code) error,
	issue func(authserver.Code, consent.Agreement) (authserver.Issued, error)) (consent.Agreement, error) {
	var out consent.Agreement
	err := pairings.redeem(ctx, s, spending[authserver.Code]{
		room: outside, hash: hash, now: now, check: check,
		issue: func(ctx context.Context, tx *writeTx, c authserver.Code) (issued authserver.ConsentIssued, err error) {
			if out, err = activeAgreement(ctx, tx, c.Agreement); err != nil {
				return issued, err
			}
			i, err := issue(c, out)
			return issuedOf(i), err
		},
	})
	if err != nil {
		return consent.Agreement{}, err
	}
	return out, nil
}

// Rotate spends a refresh token of a pairing; see authserver.Store.
func (s *Store) Rotate(ctx context.Context, hash []byte, now time.Time, check func(authserver.Token) error,
	issue func(authserver.Token, consent.Agreement) (authserver.Issued, error)) (consent.Agreement, error) {
	var out consent.Agreement
	err := pairings.rotate(ctx, s, spending[authserver.ConsentToken]{
		room: outside, hash: hash, now: now,
		check: func(t authserver.ConsentToken) error { return check(t.Token) },
		issue: func(ctx context.Context, tx *writeTx, t authserver.ConsentToken) (issued authserver.ConsentIssued, err error) {
			if out, err = activeAgreement(ctx, tx, t.Agreement); err != nil {
				return issued, err
			}
			i, err := issue(t.Token, out)
			return issuedOf(i), err
		},
	})
	if err != nil {
		return consent.Agreement{}, err
	}
	return out, nil
}

func issuedOf(i authserver.Issued) authserver.ConsentIssued {
	return authserver.ConsentIssued{
		Access: authserver.ConsentToken{Token: i.Access}, Refresh: authserver.ConsentToken{Token: i.Refresh}, Audit: i.Audit,
	}
}

// activeAgreement finds the agreement behind a code or refresh token. The
// tokens of one that does not stand have ended with it, so this refuses only
// what should not be there.
func activeAgreement(ctx context.Context, q querier, id consent.ID) (consent.Agreement, error) {
	a, err := agreementByID(ctx, q, id)
	if err != nil {
		return consent.Agreement{}, err
	}
	if a.Status != consent.Active {
		return consent.Agreement{}, grantInvalid()
	}
	return *a, nil
}

// endTokens ends the codes and tokens of agreements.
func endTokens(ctx context.Context, q querier, now time.Time, ids ...consent.ID) error {
	return pairings.end(ctx, q, now, list(ids)...)
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
	row := s.read.QueryRowContext(ctx, `select `+pairings.tokenColumns()+`, `+agreementColumns+`, `+customerColumns+`, `+joinedAccountColumns+`
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
	return authserver.Access{Token: t.token().Token, Agreement: agreement, Customer: c.customer(), Account: a}, nil
}

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/party"
)

var _ consent.Book = (*Store)(nil)

const agreementColumns = `agreement.id, agreement.version, agreement.application, agreement.customer_id, agreement.person_id,
	agreement.account_ref, agreement.account_id, agreement.grants,
	agreement.currency, agreement.limit_single, agreement.limit_daily, agreement.limit_monthly, agreement.limit_unconfirmed,
	agreement.status, agreement.created_at, agreement.given_at, agreement.ended_at, agreement.ended_by, agreement.last_used`

// agreementRow is a row of agreementColumns, also as part of a join.
type agreementRow struct {
	id, application, customer, person, ref, account, grants, status, endedBy string

	version                         int64
	limits                          limitColumns
	created, given, ended, lastUsed int64
}

func (r *agreementRow) dest() []any {
	d := []any{&r.id, &r.version, &r.application, &r.customer, &r.person, &r.ref, &r.account, &r.grants}
	d = append(d, r.limits.dest()...)
	return append(d, &r.status, &r.created, &r.given, &r.ended, &r.endedBy, &r.lastUsed)
}

func (r *agreementRow) agreement() (consent.Agreement, error) {
	grants, err := decodeGrants(r.grants)
	if err != nil {
		return consent.Agreement{}, fmt.Errorf("agreement %s: %w", r.id, err)
	}
	return consent.Agreement{
		ID: consent.ID(r.id), Version: int(r.version), Application: consent.ClientID(r.application),
		Customer: party.CustomerID(r.customer), Person: party.PersonID(r.person),
		AccountRef: r.ref, Account: account.ID(r.account), Grants: grants, Limits: r.limits.limits(),
		Status: consent.Status(r.status), CreatedAt: instant(r.created), GivenAt: instant(r.given),
		EndedAt: instant(r.ended), EndedBy: r.endedBy, LastUsed: instant(r.lastUsed),
	}, nil
}

func scanAgreement(s scanner) (consent.Agreement, error) {
	var r agreementRow
	if err := s.Scan(r.dest()...); err != nil {
		return consent.Agreement{}, err
	}
	return r.agreement()
}

// oneAgreement finds the agreement of a condition, nil when there is none.
func oneAgreement(ctx context.Context, q querier, where string, args ...any) (*consent.Agreement, error) {
	a, err := scanAgreement(q.QueryRowContext(ctx, `select `+agreementColumns+` from agreement where `+where+held(q), args...))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &a, nil
}

// agreementByID finds one or refuses.
func agreementByID(ctx context.Context, q querier, id consent.ID) (*consent.Agreement, error) {
	a, err := scanAgreement(q.QueryRowContext(ctx, `select `+agreementColumns+` from agreement where id = $1`+held(q), string(id)))
	return &a, found(err, "pairing")
}

// loadAgreements puts agreements into a map, nil for those that do not exist.
func loadAgreements(qs *questions, ids []consent.ID, into map[consent.ID]*consent.Agreement) {
	load(qs, ids, into, "agreements", `select `+agreementColumns+` from agreement where id = any($1)`,
		scanAgreement, func(a *consent.Agreement) consent.ID { return a.ID })
}

// writeGrants keeps what a batch of orders changes of agreements: calls spent,
// or permissions given, which make the next version.
func writeGrants(ctx context.Context, tx *writeTx, agreements []*consent.Agreement) error {
	return put(ctx, tx, bulk{table: "agreement", key: "id", columns: "version, grants, given_at, id"}, agreements, func(a *consent.Agreement) ([]any, error) {
		return []any{int64(a.Version), encodeGrants(a.Grants), micros(a.GivenAt), string(a.ID)}, nil
	})
}

// writeAgreement keeps an agreement as a whole. Whose it is, of which
// application, and its AccountRef never change: by that reference a third party
// has known the account from the first pairing on.
func writeAgreement(ctx context.Context, q querier, a *consent.Agreement) error {
	limits, err := limitArgs(a.Limits)
	if err != nil {
		return err
	}
	params := append([]any{string(a.ID), int64(a.Version), string(a.Person), string(a.Account), encodeGrants(a.Grants),
		string(a.Status), micros(a.GivenAt), micros(a.EndedAt), a.EndedBy, micros(a.LastUsed),
		string(a.Application), string(a.Customer), a.AccountRef}, limits...)
	err = one(q.ExecContext(ctx, `update agreement set version = $2, person_id = $3, account_id = $4, grants = $5,
			status = $6, given_at = $7, ended_at = $8, ended_by = $9, last_used = $10,
			currency = $14, limit_single = $15, limit_daily = $16, limit_monthly = $17, limit_unconfirmed = $18
		where id = $1 and application = $11 and customer_id = $12 and account_ref = $13`, params...))
	if err != nil {
		return fmt.Errorf("agreement %s: %w", a.ID, err)
	}
	return nil
}

func insertAgreement(ctx context.Context, q querier, a *consent.Agreement) error {
	limits, err := limitArgs(a.Limits)
	if err != nil {
		return err
	}
	params := append([]any{string(a.ID), int64(a.Version), string(a.Application), string(a.Customer), string(a.Person),
		a.AccountRef, string(a.Account), encodeGrants(a.Grants), string(a.Status), micros(a.CreatedAt), micros(a.GivenAt),
		micros(a.EndedAt), a.EndedBy, micros(a.LastUsed)}, limits...)
	err = one(q.ExecContext(ctx, `insert into agreement (id, version, application, customer_id, person_id,
			account_ref, account_id, grants, status, created_at, given_at, ended_at, ended_by, last_used,
			currency, limit_single, limit_daily, limit_monthly, limit_unconfirmed)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`, params...))
	if err != nil {
		return fmt.Errorf("new agreement %s: %w", a.ID, err)
	}
	return nil
}

// Agreement finds one; a NotFound refusal when there is none.
func (s *Store) Agreement(ctx context.Context, id consent.ID) (consent.Agreement, error) {
	a, err := agreementByID(ctx, s.read, id)
	if err != nil {
		return consent.Agreement{}, err
	}
	return *a, nil
}

// AgreementsOf lists a customer's agreements, newest first, ended ones too.
func (s *Store) AgreementsOf(ctx context.Context, c party.CustomerID) ([]consent.Agreement, error) {
	return rows(ctx, s.read, scanAgreement, `select `+agreementColumns+` from agreement
		where customer_id = $1 order by created_at desc, id desc`, string(c))
}

// ChangeAgreement lets change decide over the agreement as it stands; see
// consent.Book. The decision comes before the spending, so that what is refused
// anyway is refused for its own reason.
func (s *Store) ChangeAgreement(ctx context.Context, id consent.ID, spend *consent.Use,
	change func(*consent.Agreement) ([]audit.Record, error)) (consent.Agreement, error) {
	var out consent.Agreement
	err := s.write(ctx, func(ctx context.Context, tx *writeTx) error {
		if err := holdApplicationOf(ctx, tx, id); err != nil {
			return err
		}
		a, err := agreementByID(ctx, tx, id)
		if err != nil {
			return err
		}
		records, err := change(a)
		if err != nil {
			return err
		}
		if a.ID != id {
			return fmt.Errorf("store: a change of agreement %s made it %s", id, a.ID)
		}
		if err := s.spendChallenge(ctx, tx, spend); err != nil {
			return err
		}
		if err := writeAgreement(ctx, tx, a); err != nil {
			return err
		}
		if a.Status != consent.Active {
			if err := endTokens(ctx, tx, s.now(), id); err != nil {
				return err
			}
		}
		out = *a
		tx.audit(records...)
		return nil
	})
	if err != nil {
		return consent.Agreement{}, err
	}
	return out, nil
}

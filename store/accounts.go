package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/money"
	"okienko/bank/party"
)

const accountColumns = `id, kind, customer_id, nrb, holder, name, product_group, product_type, status,
	access_state, access_by, access_at, access_why, opened_at, currency, booked, held, overdraft, seq`

func scanAccount(row scanner) (account.Account, error) {
	var a account.Account
	var currency string
	var accessAt, openedAt, booked, held, overdraft int64
	err := row.Scan((*string)(&a.ID), (*string)(&a.Kind), (*string)(&a.Customer), (*string)(&a.NRB), &a.Holder, &a.Name,
		&a.Product.Group, &a.Product.Type, (*string)(&a.Status), (*string)(&a.Access.State), &a.Access.By, &accessAt, &a.Access.Why,
		&openedAt, &currency, &booked, &held, &overdraft, &a.Seq)
	if err != nil {
		return account.Account{}, err
	}
	c := money.Currency(currency)
	a.Access.At, a.OpenedAt = instant(accessAt), instant(openedAt)
	a.Booked, a.Held, a.Overdraft = money.New(booked, c), money.New(held, c), money.New(overdraft, c)
	return a, nil
}

// insertAccount keeps a new account. It leaves one that exists as it is.
func insertAccount(ctx context.Context, q querier, a *account.Account) (inserted bool, err error) {
	done, err := q.ExecContext(ctx, `insert into account (`+accountColumns+`)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) on conflict (id) do nothing`,
		string(a.ID), string(a.Kind), string(a.Customer), string(a.NRB), a.Holder, a.Name,
		a.Product.Group, a.Product.Type, string(a.Status), string(a.Access.State), a.Access.By, micros(a.Access.At), a.Access.Why,
		micros(a.OpenedAt), string(a.Currency()), a.Booked.Minor(), a.Held.Minor(), a.Overdraft.Minor(), a.Seq)
	if err != nil {
		return false, fmt.Errorf("store: account %s: %w", a.ID, err)
	}
	n, err := done.RowsAffected()
	return n == 1, err
}

func loadAccounts(ctx context.Context, q querier, ids []account.ID, into map[account.ID]*account.Account) error {
	return load(ctx, q, ids, into, "accounts", `select `+accountColumns+` from account where `+among("id", 1),
		scanAccount, func(a *account.Account) account.ID { return a.ID })
}

// writeBalances keeps what moving money changes of accounts.
func writeBalances(ctx context.Context, q querier, accounts []*account.Account) error {
	for _, a := range accounts {
		if err := one(q.ExecContext(ctx, "update account set booked = $1, held = $2, seq = $3 where id = $4",
			a.Booked.Minor(), a.Held.Minor(), a.Seq, string(a.ID))); err != nil {
			return fmt.Errorf("store: balance of account %s: %w", a.ID, err)
		}
	}
	return nil
}

// Account finds an account with its balances; a NotFound refusal when there is
// none.
func (s *Store) Account(ctx context.Context, id account.ID) (account.Account, error) {
	a, err := scanAccount(s.read.QueryRowContext(ctx, `select `+accountColumns+` from account where id = $1`, string(id)))
	return a, found(err, "account")
}

// AccountsOf lists a customer's accounts in the order in which they were
// opened, closed ones too.
func (s *Store) AccountsOf(ctx context.Context, c party.CustomerID) ([]account.Account, error) {
	if c == "" {
		return nil, nil
	}
	return rows(ctx, s.read, scanAccount, `select `+accountColumns+` from account
		where customer_id = $1 and customer_id <> '' order by opened_at, id`, string(c))
}

// found turns "no row" into the refusal that unknown and foreign share.
func found(err error, what string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return bank.Refuse(bank.NotFound, "There is no such "+what+".")
	}
	return fmt.Errorf("store: %s: %w", what, err)
}

// one checks that a statement changed exactly one row.
func one(done sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := done.RowsAffected()
	if err == nil && n != 1 {
		err = fmt.Errorf("%d rows changed instead of one", n)
	}
	return err
}

// rows reads every row of a query.
func rows[V any](ctx context.Context, q querier, scan func(scanner) (V, error), query string, args ...any) ([]V, error) {
	r, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	var out []V
	for r.Next() {
		v, err := scan(r)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("store: %w", err), r.Close())
		}
		out = append(out, v)
	}
	if err := errors.Join(r.Err(), r.Close()); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return out, nil
}

// load reads the rows of a list of keys into a map; what does not exist is nil
// in it.
func load[K ~string, V any](ctx context.Context, q querier, keys []K, into map[K]*V, what, query string,
	scan func(scanner) (V, error), key func(*V) K) error {
	if len(keys) == 0 {
		return nil
	}
	for _, k := range keys {
		into[k] = nil
	}
	r, err := q.QueryContext(ctx, query, list(keys))
	if err != nil {
		return fmt.Errorf("store: loading %s: %w", what, err)
	}
	for r.Next() {
		v, err := scan(r)
		if err != nil {
			return errors.Join(fmt.Errorf("store: loading %s: %w", what, err), r.Close())
		}
		into[key(&v)] = &v
	}
	if err := errors.Join(r.Err(), r.Close()); err != nil {
		return fmt.Errorf("store: loading %s: %w", what, err)
	}
	return nil
}

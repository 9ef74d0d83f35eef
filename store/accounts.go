package store

import (
	"context"
	"fmt"

	"okienko/authserver"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/party"
)

var _ authserver.AccessBook = (*Store)(nil)

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

func loadAccounts(qs *questions, ids []account.ID, into map[account.ID]*account.Account) {
	load(qs, ids, into, "accounts", `select `+accountColumns+` from account where id = any($1)`,
		scanAccount, func(a *account.Account) account.ID { return a.ID })
}

// writeBalances keeps what moving money changes of accounts.
func writeBalances(ctx context.Context, tx *writeTx, accounts []*account.Account) error {
	return put(ctx, tx, bulk{table: "account", key: "id", columns: "booked, held, seq, id"}, accounts, func(a *account.Account) ([]any, error) {
		return []any{a.Booked.Minor(), a.Held.Minor(), a.Seq, string(a.ID)}, nil
	})
}

// Account finds an account with its balances; a NotFound refusal when there is
// none.
func (s *Store) Account(ctx context.Context, id account.ID) (account.Account, error) {
	a, err := scanAccount(s.read.QueryRowContext(ctx, `select `+accountColumns+` from account where id = $1`, string(id)))
	return a, found(err, "account")
}

// AccountByNumber finds the account with a number; a NotFound refusal when none
// has it. The bank's own accounts have no number.
func (s *Store) AccountByNumber(ctx context.Context, number nrb.NRB) (account.Account, error) {
	a, err := scanAccount(s.read.QueryRowContext(ctx, `select `+accountColumns+` from account where nrb = $1 and nrb <> ''`, string(number)))
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

// ChangeAccess lets change decide over an account as it stands, and keeps its
// access by third parties; see authserver.AccessBook.
func (s *Store) ChangeAccess(ctx context.Context, id account.ID, spend *consent.Use,
	change func(*account.Account) ([]audit.Record, error)) (account.Account, error) {
	var out account.Account
	err := s.write(ctx, func(ctx context.Context, tx *writeTx) error {
		a, err := scanAccount(tx.QueryRowContext(ctx, `select `+accountColumns+` from account where id = $1`+held(tx), string(id)))
		if err != nil {
			return found(err, "account")
		}
		was := a
		records, err := change(&a)
		if err != nil {
			return err
		}
		if err := s.spendChallenge(ctx, tx, spend); err != nil {
			return err
		}
		was.Access = a.Access
		out = was
		tx.audit(records...)
		return one(tx.ExecContext(ctx, `update account set access_state = $1, access_by = $2, access_at = $3, access_why = $4 where id = $5`,
			string(a.Access.State), a.Access.By, micros(a.Access.At), a.Access.Why, string(id)))
	})
	if err != nil {
		return account.Account{}, err
	}
	return out, nil
}

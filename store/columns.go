package store

import (
	"context"
	"database/sql"
	"time"

	"okienko/bank/limit"
	"okienko/bank/money"
)

// micros is an instant as it is kept: microseconds since 1970 in UTC, and 0 for
// the zero time, which means "not (yet)".
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// instant reads what micros kept.
func instant(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// now is the bank clock's instant as it is kept: what is written says the same
// as what is returned.
func (s *Store) now() time.Time { return s.clock.Now().UTC().Truncate(time.Microsecond) }

// blob is bytes for a column that is never null: drivers take nil for null.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// scanner is a row: *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

// after is the rest of a row, behind columns that go to first: a row of a join
// is read by the same functions as a row of a table.
type after struct {
	row   scanner
	first []any
}

func (a after) Scan(dest ...any) error {
	return a.row.Scan(append(a.first[:len(a.first):len(a.first)], dest...)...)
}

// changed is how many rows a statement has changed.
func changed(ctx context.Context, q querier, query string, args ...any) (int64, error) {
	res, err := q.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// nullableCap is a cap as a column that is null where there is no cap.
func nullableCap(c limit.Cap) sql.NullInt64 {
	return sql.NullInt64{Int64: c.Amount.Minor(), Valid: c.Set}
}

// capOf reads what nullableCap kept.
func capOf(n sql.NullInt64, c money.Currency) limit.Cap {
	if !n.Valid {
		return limit.Cap{}
	}
	return limit.CapAt(money.New(n.Int64, c))
}

// limitColumns are the columns of the limits of one agreement, application or
// request: one currency, four amounts.
type limitColumns struct {
	currency                            string
	single, daily, monthly, unconfirmed int64
}

func (l *limitColumns) dest() []any {
	return []any{&l.currency, &l.single, &l.daily, &l.monthly, &l.unconfirmed}
}

func (l *limitColumns) limits() limit.Limits {
	c := money.Currency(l.currency)
	return limit.Limits{
		Single: money.New(l.single, c), Daily: money.New(l.daily, c),
		Monthly: money.New(l.monthly, c), Unconfirmed: money.New(l.unconfirmed, c),
	}
}

// limitArgs are limits as parameters, in the order of limitColumns. One row has
// one currency: limits that mix them must not be kept as if they did not.
func limitArgs(l limit.Limits) ([]any, error) {
	if err := l.Valid(); err != nil {
		return nil, err
	}
	return []any{string(l.Single.Currency()), l.Single.Minor(), l.Daily.Minor(), l.Monthly.Minor(), l.Unconfirmed.Minor()}, nil
}

func scanText[T ~string](row scanner) (T, error) {
	var t string
	err := row.Scan(&t)
	return T(t), err
}

func scanBytes(row scanner) ([]byte, error) {
	var b []byte
	err := row.Scan(&b)
	return b, err
}

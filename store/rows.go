package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"okienko/bank"
)

// found turns "no row" into the refusal that unknown and foreign share.
func found(err error, what string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return bank.Refuse(bank.NotFound, "There is no such "+what+".")
	case isLost(err):
		return unreachable(err)
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

// each gives every row of a query to f; errStop from f ends it early.
func each(ctx context.Context, q querier, query string, f func(scanner) error, args ...any) (err error) {
	r, err := q.QueryContext(ctx, query, args...)
	if isLost(err) {
		return unreachable(err)
	}
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer func() {
		if e := r.Close(); err == nil && e != nil {
			err = fmt.Errorf("store: %w", e)
		}
	}()
	for r.Next() {
		switch err := f(r); {
		case errors.Is(err, errStop):
			return nil
		case err != nil:
			return fmt.Errorf("store: %w", err)
		}
	}
	if err := r.Err(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

var errStop = errors.New("store: enough rows")

// rows reads every row of a query.
func rows[V any](ctx context.Context, q querier, scan func(scanner) (V, error), query string, args ...any) ([]V, error) {
	var out []V
	err := each(ctx, q, query, func(row scanner) error {
		v, err := scan(row)
		out = append(out, v)
		return err
	}, args...)
	if err != nil {
		return nil, err
	}
	return out, nil
}

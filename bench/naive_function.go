package main

import (
	"context"
	_ "embed"
	"errors"

	"github.com/jackc/pgx/v5"
)

//go:embed naive_function.sql
var naiveFunction string

// openFunction is one call of a function on the server for each payment, which
// is a transaction of its own: one round trip.
func openFunction(ctx context.Context, b books, connections int) (teller, error) {
	conn, err := pgx.Connect(ctx, b.where)
	if err != nil {
		return nil, err
	}
	_, err = conn.Exec(ctx, naiveFunction, pgx.QueryExecModeSimpleProtocol)
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		return nil, err
	}
	return openLanes(ctx, b, connections, func(ctx context.Context, l *lane, p *transfer) error {
		var hash []byte
		err := l.conn.QueryRow(ctx, "select naive_pay($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
			p.agreement, p.reference, p.operation, p.id, p.entry, price().Minor(), price().String(), title,
			l.segment, l.seq+1, l.hash).Scan(&hash)
		if err != nil {
			return err
		}
		l.seq, l.hash = l.seq+1, hash
		return nil
	})
}

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// password is that of the bank's own role.
const password = "change-me-okienko"

// dsn is the address by which a node finds the primary.
func (c *cluster) dsn(way string, node string) string {
	const from = "postgres://okienko:" + password + "@"
	if way == "haproxy" {
		return from + node + ":5000/okienko?sslmode=verify-full&sslrootcert=" + c.tls.file
	}
	return from + "127.0.3.11:5432,127.0.3.12:5432,127.0.3.13:5432/okienko" +
		"?target_session_attrs=read-write&connect_timeout=2&sslmode=verify-full&sslrootcert=" + c.tls.file
}

// database makes the bank's role and its empty database.
func (c *cluster) database(ctx context.Context) (err error) {
	m, err := c.leader(ctx)
	if err != nil {
		return err
	}
	// The list of hosts is asked in its order, and a standby that has not heard
	// of a new database says that there is none: that much is waited for.
	defer func() {
		err = errors.Join(err, until(ctx, time.Minute, "the new database", func() error {
			for _, m := range c.members {
				if _, err := c.query(ctx, m, "okienko", "select"); err != nil {
					return err
				}
			}
			return nil
		}))
	}()
	for _, sql := range []string{"create role okienko login password '" + password + "'", "create database okienko owner okienko"} {
		if _, err := c.query(ctx, m, "postgres", sql); err != nil {
			return err
		}
	}
	return nil
}

// rows is the load without the bank: single rows, each its own commit. It
// shows what the cluster and the way to it cost, before a line of ours runs.
func (d *drama) rows(ctx context.Context, r *record) (func(), error) {
	dsn := d.cluster.dsn(d.options.database, "127.0.2.11")
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if _, err := pool.Exec(ctx, "create table row (id text primary key)"); err != nil {
		return nil, err
	}
	stop := callers(ctx, callerCount, func(ctx context.Context, caller int) error {
		id := fmt.Sprintf("c%d-%d", caller, time.Now().UnixNano())
		_, err := r.order(ctx, "row", id, func(ctx context.Context) (string, error) {
			if _, err := pool.Exec(ctx, "insert into row values ($1) on conflict do nothing", id); err != nil {
				return "", &unanswered{"not written", err}
			}
			return "", nil
		})
		return err
	})
	return func() { stop(); pool.Close() }, nil
}

// rowsKept looks for what was acknowledged.
func (d *drama) rowsKept(ctx context.Context, r *record) error {
	conn, err := pgx.Connect(ctx, d.cluster.dsn("hosts", ""))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	all := r.acknowledged()
	ids := make([]string, len(all))
	for i, a := range all {
		ids[i] = a.id
	}
	var lost int
	err = conn.QueryRow(ctx, "select count(*) from unnest($1::text[]) id where not exists (select from row where row.id = id.id)", ids).Scan(&lost)
	if err != nil {
		return err
	}
	d.say("%d rows acknowledged, %d lost", len(all), lost)
	if lost > 0 {
		return fmt.Errorf("%d acknowledged rows are lost", lost)
	}
	return nil
}

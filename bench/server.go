package main

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"okienko/test/postgres"
)

// measured are the settings of every measured server, beside PostgreSQL's own
// defaults; fsync, full_page_writes and synchronous_commit are among those and
// are repeated because everything rests on them. Checkpoints are far apart, and
// one is made before each measurement: no design meets one that another has
// caused.
func measured() []string {
	return []string{
		"fsync=on", "synchronous_commit=on", "full_page_writes=on", "wal_level=replica", "shared_buffers=512MB", "max_connections=200",
		"max_wal_size=16GB", "checkpoint_timeout=1h",
	}
}

// careless are for loading: nothing is measured meanwhile, and what was loaded
// is brought to the disk before anything is.
func careless() []string {
	return []string{
		"fsync=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0", "shared_buffers=1GB", "max_connections=20",
		"max_wal_size=16GB", "checkpoint_timeout=1h", "autovacuum=off",
	}
}

// server is a shelf of databases on a private PostgreSQL, on the disk that is
// measured and reached through a socket.
type server struct{ *postgres.Private }

func openServer(dir string, settings []string) (server, error) {
	s, err := postgres.Open(dir, settings...)
	return server{s}, err
}

func (s server) do(ctx context.Context, text string) error {
	conn, err := pgx.Connect(ctx, s.DSN("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, text)
	return errors.Join(err, conn.Close(ctx))
}

func (server) engine() engine { return postgreSQL }

func (s server) blank(ctx context.Context, name string) (books, error) {
	return books{postgreSQL, s.DSN(name)}, s.do(ctx, "create database "+name+" template template0")
}

func (s server) copyOf(ctx context.Context, b books, name string) (books, error) {
	return books{postgreSQL, s.DSN(name)}, s.do(ctx, "create database "+name+" template "+b.database())
}

func (s server) remove(ctx context.Context, b books) error {
	return s.do(ctx, "drop database "+b.database()+" with (force)")
}

// database is the name of the database in an address.
func (b books) database() string {
	u, err := url.Parse(b.where)
	if err != nil {
		return b.where
	}
	return strings.TrimPrefix(u.Path, "/")
}

func (s server) settle(ctx context.Context) error {
	return errors.Join(s.do(ctx, "checkpoint"), flush())
}

func (s server) size(ctx context.Context, b books) (n int64, err error) {
	conn, err := pgx.Connect(ctx, b.where)
	if err != nil {
		return 0, err
	}
	err = conn.QueryRow(ctx, "select pg_database_size(current_database())").Scan(&n)
	return n, errors.Join(err, conn.Close(ctx))
}

func (s server) cpu() time.Duration { return cpuOfAll(s.PID()) }
func (s server) memory() int64      { return memoryOfAll(s.PID()) }

// commits counts the transactions that wrote something: each has a number of
// its own, and none of those that only read.
func (s server) commits(ctx context.Context) int64 {
	conn, err := pgx.Connect(ctx, s.DSN("postgres"))
	if err != nil {
		return 0
	}
	defer func() { _ = conn.Close(ctx) }()
	var n int64
	if err := conn.QueryRow(ctx, "select pg_snapshot_xmax(pg_current_snapshot())::text::bigint").Scan(&n); err != nil {
		return 0
	}
	return n
}

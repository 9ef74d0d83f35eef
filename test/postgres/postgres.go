// Package postgres gives tests a PostgreSQL of their own: an empty database on
// one private server that all tests share (DSN), one that begins as a copy of
// another (Copy), or a durable private server that a test may kill, restart and
// fill up (Start).
//
// It owns finding, starting and removing these servers. It never touches a
// server that the machine runs anyway, opens no port, and knows nothing of what
// is stored. Without PostgreSQL's programs a test skips and says why; with CI
// set it fails.
package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Environment is the variable with the address of a database, on the server
// that tests share, of a role that may create databases. Command with sets it
// (tools/test); without it each test binary starts a server when it first
// needs one.
const Environment = "OKIENKO_TEST_POSTGRES"

// shared is the server of this test binary. It is state at package level
// because the tests of a binary have nothing else in common; the keeper ends it
// after the binary.
//
// It is the cluster that is kept, not its address alone: the keeper waits for
// the end of a pipe, and a pipe that nothing holds is closed by the collector.
var shared = sync.OnceValues(func() (*cluster, error) { return create(options{settings: hasty, parent: memory()}) })

// Serve starts a server for other processes. They are handed its address by
// Environment.
func Serve() (dsn string, stop func() error, err error) {
	c, err := create(options{settings: hasty, parent: memory()})
	if err != nil {
		return "", nil, err
	}
	return c.dsn(owner, superuser), c.close, nil
}

// DSN is the address of an empty database, which is dropped when the test ends,
// also under connections that somebody forgot.
func DSN(tb testing.TB) string {
	tb.Helper()
	server := server(tb)
	name, err := database(server, "template0 "+copied)
	if err != nil {
		tb.Fatalf("postgres: making a database: %v", err)
	}
	return lent(tb, server, name)
}

// Copy is DSN of a database that begins as fill leaves one. The first that asks
// for the name, of all who share the server, has it filled; the others copy it.
func Copy(tb testing.TB, of string, fill func(dsn string) error) string {
	tb.Helper()
	server := server(tb)
	name, err := database(server, of+" "+copied)
	if missing := (*pgconn.PgError)(nil); errors.As(err, &missing) && missing.Code == "3D000" {
		if err := original(server, of, fill); err != nil {
			tb.Fatalf("postgres: making the database %s: %v", of, err)
		}
		name, err = database(server, of+" "+copied)
	}
	if err != nil {
		tb.Fatalf("postgres: copying the database %s: %v", of, err)
	}
	return lent(tb, server, name)
}

// original makes the database that others are copies of, once: those who come
// meanwhile wait.
func original(server, of string, fill func(dsn string) error) (err error) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }() // frees the lock
	if _, err := conn.Exec(ctx, "select pg_advisory_lock(hashtext($1))", of); err != nil {
		return err
	}
	var there bool
	if err := conn.QueryRow(ctx, "select exists (select from pg_database where datname = $1)", of).Scan(&there); err != nil || there {
		return err
	}
	name, err := database(server, "template0 "+copied)
	if err != nil {
		return err
	}
	if err := fill(inside(server, name)); err != nil {
		return err
	}
	return execute(server, "alter database "+name+" rename to "+of) // now it is whole
}

// server is the address of the server that tests share.
func server(tb testing.TB) string {
	tb.Helper()
	if server := os.Getenv(Environment); server != "" {
		return server
	}
	own, err := shared()
	if err != nil {
		lacking(tb, err)
	}
	return own.dsn(owner, superuser)
}

// lent has a database dropped when the test ends.
func lent(tb testing.TB, server, name string) string {
	tb.Cleanup(func() {
		err := execute(server, "drop database "+name+" with (force)")
		if denied := (*pgconn.PgError)(nil); errors.As(err, &denied) && denied.Code == "42501" {
			// The server's own worker is vacuuming there. Without force it is sent away.
			err = execute(server, "drop database "+name)
		}
		if err != nil {
			tb.Errorf("postgres: dropping the test's database: %v", err)
		}
	})
	return inside(server, name)
}

// copied is how databases of the shared server are made: without fsync, copying
// files takes a third of the time of writing the copy to the log (measured:
// 37 ms instead of 100 on PostgreSQL 15).
const copied = "strategy file_copy"

// database makes a database from a template and returns its name.
func database(server, template string) (name string, err error) {
	name = "test_" + strings.ToLower(rand.Text())
	return name, execute(server, "create database "+name+" template "+template)
}

// inside is the address of another database of the same server.
func inside(server, name string) string {
	scheme, rest, isURL := strings.Cut(server, "://")
	if !isURL {
		return server + " dbname=" + name // the last one counts
	}
	host, query, _ := strings.Cut(rest, "?")
	host, _, _ = strings.Cut(host, "/")
	if query != "" {
		query = "?" + query
	}
	return scheme + "://" + host + "/" + name + query
}

func execute(server, statement string) (err error) {
	ctx := context.Background() // also at the end of a test, when its own is over
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	_, err = conn.Exec(ctx, statement, pgx.QueryExecModeSimpleProtocol)
	return err
}

func (c *cluster) execute(statement string) error {
	return execute(c.dsn(superuser, superuser), statement)
}

// Need ends a test that starts PostgreSQL by other means than this package when
// the machine has none.
func Need(tb testing.TB) {
	tb.Helper()
	if _, err := program("postgres"); err != nil {
		lacking(tb, err)
	}
	if _, err := account(); err != nil {
		lacking(tb, err)
	}
}

// lacking ends a test whose server could not be started.
func lacking(tb testing.TB, err error) {
	tb.Helper()
	if ci := os.Getenv("CI"); errors.Is(err, ErrMissing) && (ci == "" || ci == "false") {
		tb.Skipf("NOT TESTED on PostgreSQL: %v", err)
	}
	tb.Fatalf("postgres: %v", err)
}

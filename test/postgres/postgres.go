// Package postgres gives tests a PostgreSQL of their own: an empty database on
// one private server that all tests share (DSN), or a durable private server
// that a test may kill, restart and fill up (Start).
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
var shared = sync.OnceValues(func() (*cluster, error) { return create(options{settings: hasty}) })

// Serve starts a server for other processes. They are handed its address by
// Environment.
func Serve() (dsn string, stop func() error, err error) {
	c, err := create(options{settings: hasty})
	if err != nil {
		return "", nil, err
	}
	return c.dsn(owner, superuser), c.close, nil
}

// DSN is the address of an empty database, which is dropped when the test ends,
// also under connections that somebody forgot.
func DSN(tb testing.TB) string {
	tb.Helper()
	server := os.Getenv(Environment)
	if server == "" {
		own, err := shared()
		if err != nil {
			lacking(tb, err)
		}
		server = own.dsn(owner, superuser)
	}
	// Without fsync, copying files takes a third of the time of writing the
	// copy to the log (measured: 37 ms instead of 100 on PostgreSQL 15).
	name := database(tb, server, "strategy file_copy")
	tb.Cleanup(func() {
		if err := execute(server, "drop database "+name+" with (force)"); err != nil {
			tb.Errorf("postgres: dropping the test's database: %v", err)
		}
	})
	return inside(server, name)
}

// database makes an empty database and returns its name.
func database(tb testing.TB, server, how string) string {
	tb.Helper()
	name := "test_" + strings.ToLower(rand.Text())
	if err := execute(server, "create database "+name+" template template0 "+how); err != nil {
		tb.Fatalf("postgres: making a database: %v", err)
	}
	return name
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

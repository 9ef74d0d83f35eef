// Package engine chooses what keeps the data of a test: SQLite, or PostgreSQL
// when OKIENKO_TEST_STORE=postgres says so, as it does in the second run of
// `make test`. Every suite that is not about one of the two asks here, so that
// one place decides and tools/stored finds who has something to run twice.
//
// It knows how a database comes by its tables, and nothing of what is tested.
package engine

import (
	"context"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"okienko/bank/partner"
	"okienko/clock"
	"okienko/store"
	"okienko/test/postgres"
)

const variable = "OKIENKO_TEST_STORE"

// PostgreSQL tells whether the tests are to run on it.
func PostgreSQL(tb testing.TB) bool {
	tb.Helper()
	switch word := os.Getenv(variable); word {
	case "postgres":
		return true
	case "", "sqlite":
		return false
	default:
		tb.Fatalf("%s=%q is neither sqlite nor postgres", variable, word)
		return false
	}
}

// DSN is the address of a database of the test's own, with the tables of an
// empty bank in it; "" where tests run on SQLite.
func DSN(tb testing.TB) string {
	tb.Helper()
	if !PostgreSQL(tb) {
		return ""
	}
	return Database(tb)
}

// Database is DSN for tests that run on PostgreSQL always. Its tables are a
// copy: making them takes several times as long.
func Database(tb testing.TB) string {
	tb.Helper()
	return postgres.Copy(tb, "migrated", migrate)
}

// Keep is the configuration of a store of the test's own: in the file that it
// names, or else in a database.
func Keep(tb testing.TB, cfg store.Config) store.Config {
	tb.Helper()
	if cfg.DSN = DSN(tb); cfg.DSN != "" {
		cfg.Path = ""
	}
	return cfg
}

// migrate makes the tables as the store makes them. What a first start writes
// into them is of one key and one environment, and goes again.
func migrate(dsn string) (err error) {
	ctx := context.Background()
	s, err := store.Open(ctx, store.Config{DSN: dsn, Environment: partner.Test, Key: make([]byte, 32), Clock: clock.Wall{}, Wall: clock.Wall{}})
	if err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	_, err = conn.Exec(ctx, "delete from account; delete from meta; alter sequence desk_epoch restart", pgx.QueryExecModeSimpleProtocol)
	return err
}

// Once is for TestMain. It names the tests of a package that a run on PostgreSQL
// leaves out: those whose subject is the file of SQLite (its lock, its mode, its
// disk), and long ones that keep nothing in a store.
func Once(tests ...string) {
	if os.Getenv(variable) != "postgres" {
		return
	}
	if err := flag.Set("test.skip", "^("+strings.Join(tests, "|")+")$"); err != nil {
		panic(err)
	}
}

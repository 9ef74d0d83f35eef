package verify_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"okienko/store"
	"okienko/store/storetest"
	"okienko/test/postgres"
)

// withoutKeys drops the indexes that would refuse what a test is to do.
const withoutKeys = `drop index if exists hold_ends_once; drop index if exists payment_ends_once;
	drop index if exists transfer_ends_once; drop index if exists transfer_of_consent; `

// fill has everything happen once in the data that a configuration names.
func fill(t *testing.T, at store.Config) {
	t.Helper()
	t.Run("bank", func(t *testing.T) {
		storetest.Everything(t, func(t *testing.T, cfg store.Config) *store.Store {
			cfg.Path, cfg.DSN = at.Path, at.DSN
			s, err := store.Open(context.Background(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			return s
		})
	})
}

func inFile(path string) store.Config    { return store.Config{Path: path} }
func inDatabase(dsn string) store.Config { return store.Config{DSN: dsn} }

func everythingInAFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bank.db")
	fill(t, inFile(path))
	return path
}

func copiedFile(t *testing.T, where string) string {
	t.Helper()
	whole, err := os.ReadFile(where)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "bank.db")
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func tamperFile(t *testing.T, where, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+where+"?_pragma=ignore_check_constraints(1)&_pragma=foreign_keys(0)")
	if err != nil {
		t.Fatal(err)
	}
	done, err := db.ExecContext(t.Context(), withoutKeys+statement)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		t.Fatalf("nothing was tampered with: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func everythingInADatabase(t *testing.T) string {
	t.Helper()
	dsn := postgres.DSN(t)
	fillDatabase(t, dsn)
	return dsn
}

func fillDatabase(t *testing.T, dsn string) {
	t.Helper()
	fill(t, inDatabase(dsn))
}

// run runs statements in a database, several parted by semicolons in one
// transaction, and tells how many rows the last of them changed.
func run(t *testing.T, where, statements string) int64 {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	results, err := conn.PgConn().Exec(t.Context(), statements).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", statements, err)
	}
	return results[len(results)-1].CommandTag.RowsAffected()
}

// keptWhole keeps what every table holds in a schema beside them, and takes
// from the tables what would refuse to be spoilt.
const keptWhole = `create schema whole;
do $$ declare r record; begin
	for r in select relname as t from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace loop
		execute format('create table whole.%1$I as table public.%1$I', r.t);
	end loop;
	for r in select conrelid::regclass as t, conname from pg_constraint where contype in ('c', 'f') and connamespace = 'public'::regnamespace loop
		execute format('alter table %s drop constraint if exists %I', r.t, r.conname);
	end loop;
end $$;
` + withoutKeys

// madeWhole undoes whatever was done to the tables since.
const madeWhole = `do $$ declare r record; begin
	for r in select relname as t from pg_class where relkind = 'r' and relnamespace = 'whole'::regnamespace loop
		execute format('delete from public.%1$I; insert into public.%1$I table whole.%1$I', r.t);
	end loop;
end $$;`

// copiedDatabase gives the same database again, whole: a copy takes the server
// half a second where files are slow to make.
func copiedDatabase(t *testing.T, where string) string {
	t.Helper()
	run(t, where, `do $do$ begin if to_regnamespace('whole') is null then execute $keep$`+keptWhole+`$keep$; end if; end $do$; `+madeWhole)
	return where
}

func tamperDatabase(t *testing.T, where, statement string) {
	t.Helper()
	if n := run(t, where, statement); n == 0 {
		t.Fatal("nothing was tampered with")
	}
}

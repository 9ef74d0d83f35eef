package engine

import (
	"maps"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"okienko/bank/partner"
	"okienko/clock"
	"okienko/store"
	"okienko/test/postgres"
)

// A bank that begins over copied tables begins as over those it made itself.
func TestCopiedTablesAreAsNew(t *testing.T) {
	t.Setenv(variable, "postgres")
	at := clock.NewManual(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	begun := func(dsn string) map[string]string {
		t.Helper()
		key := []byte("a key that is not the original's")
		s, err := store.Open(t.Context(), store.Config{DSN: dsn, Environment: partner.Production, Key: key, Clock: at, Wall: at})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		return content(t, dsn)
	}
	copied, own := begun(DSN(t)), begun(postgres.DSN(t))
	if len(own) < 20 {
		t.Errorf("a bank has only %d tables", len(own))
	}
	if !maps.Equal(copied, own) {
		for name := range own {
			if copied[name] != own[name] {
				t.Errorf("%s: copied %s, own %s", name, copied[name], own[name])
			}
		}
		t.Errorf("%d tables copied, %d own", len(copied), len(own))
	}
}

// content is all that stands in a database's tables, and where its sequences are.
func content(t *testing.T, dsn string) map[string]string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	rows, err := conn.Query(t.Context(), `
		select relname, (xpath('//*/body/text()', query_to_xml(case
			when relname = 'goose_db_version' then 'select string_agg(version_id::text, '' '' order by version_id) as body from goose_db_version'
			when relkind = 'S' then format('select last_value || '' '' || is_called as body from %I', relname)
			else format('select string_agg(x::text, '' '' order by x::text) as body from %I x', relname) end, true, false, '')))[1]::text
		from pg_class where relkind in ('r', 'S') and relnamespace = 'public'::regnamespace`)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	var name string
	var body *string
	_, err = pgx.ForEachRow(rows, []any{&name, &body}, func() error {
		all[name] = ""
		if body != nil {
			all[name] = *body
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestTheVariableDecides(t *testing.T) {
	t.Setenv(variable, "")
	cfg := store.Config{Path: "bank.db"}
	if kept := Keep(t, cfg); kept.Path != "bank.db" || kept.DSN != "" {
		t.Errorf("without a word: %q %q", kept.Path, kept.DSN)
	}
	t.Setenv(variable, "postgres")
	one, two := Keep(t, cfg), Keep(t, cfg)
	if one.Path != "" || one.DSN == "" || one.DSN == two.DSN {
		t.Errorf("on PostgreSQL: %q %q %q", one.Path, one.DSN, two.DSN)
	}
}

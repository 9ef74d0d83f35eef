package verify_test

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"okienko/test/postgres"
	"okienko/verify"
)

// The list of references is written by hand on purpose, so that it must grow
// with the tables. The embedded store's tables have all of them; on a server some
// are left to the program and to verify.
func TestEveryReferenceOfTheTablesIsChecked(t *testing.T) {
	got := verify.References()
	slices.Sort(got)

	db, err := sql.Open("sqlite", "file:"+everythingInAFile(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var text string
	err = db.QueryRowContext(t.Context(), `select group_concat(m.name || '.' || f."from" || ' ' || f."table" || '.' || f."to", char(10))
		from sqlite_schema m join pragma_foreign_key_list(m.name) f where m.type = 'table'`).Scan(&text)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(text, "\n")
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("checked: %v\nin the tables: %v", got, want)
	}

	conn, err := pgx.Connect(t.Context(), everythingInADatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	r, err := conn.Query(t.Context(), `select c.conrelid::regclass || '.' || a.attname || ' ' || c.confrelid::regclass || '.' || b.attname
		from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
		join pg_attribute b on b.attrelid = c.confrelid and b.attnum = c.confkey[1] where c.contype = 'f'`)
	if err != nil {
		t.Fatal(err)
	}
	onServer, err := pgx.CollectRows(r, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range onServer {
		if !slices.Contains(got, one) {
			t.Errorf("not checked: %s", one)
		}
	}
}

// findings are those of a database whose data was changed first.
func findings(t *testing.T, where, statement string) []verify.Finding {
	t.Helper()
	where = copiedDatabase(t, where)
	run(t, where, statement)
	report, err := verify.Run(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	return report.Findings
}

func TestFindsWhatTheServerNoLongerEnforces(t *testing.T) {
	where := everythingInADatabase(t)
	for _, c := range []struct{ name, statement, want string }{
		{"a constraint", "alter table counter add constraint later check (used > -1) not valid", "data constraint later of counter: it is not enforced"},
		{"a reference", "delete from device; insert into device values ('d', 'person-nobody', 'x', '', 0, 0)", "data device: a row refers to a row of person that does not exist"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := findings(t, where, c.statement)
			if !slices.ContainsFunc(got, func(f verify.Finding) bool { return f.String() == c.want }) {
				t.Errorf("not found: %q in %v", c.want, got)
			}
		})
	}
}

// In a language "acc" stands before "Zacc", in bytes behind it: whoever merges
// rows by one order that come in the other finds faults where there are none.
func TestDatabaseOfALanguage(t *testing.T) {
	where := postgres.DSN(t)
	name := where[strings.LastIndex(where, "/")+1:]
	name, _, _ = strings.Cut(name, "?")
	server := strings.Replace(where, "/"+name, "/postgres", 1)
	run(t, server, "drop database "+name)
	run(t, server, "create database "+name+" template template0 encoding 'UTF8' locale_provider icu icu_locale 'pl'")
	fillDatabase(t, where)
	got := findings(t, where, `
		update account set id = 'Zacc-jan' where id = 'acc-jan'; update posting set account_id = 'Zacc-jan' where account_id = 'acc-jan';
		update hold set account_id = 'Zacc-jan' where account_id = 'acc-jan'; update payment set account_id = 'Zacc-jan' where account_id = 'acc-jan';
		update payment set payee_id = 'Zacc-jan' where payee_id = 'acc-jan'; update authorisation set account_id = 'Zacc-jan' where account_id = 'acc-jan'`)
	for _, f := range got {
		t.Error(f)
	}
}

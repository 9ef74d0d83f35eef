package crash

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"okienko/test/postgres"
	"okienko/test/process"
)

// On a server the disk is the server's business, and an answer is as durable as
// the commit that the bank asks for. A database may be set to acknowledge what
// no disk has yet: every transaction that moves money must ask for more, and is
// looked at from inside, by a trigger on the tables that it writes.
func TestTheServerIsAskedForDurableCommits(t *testing.T) {
	dsn := postgres.DSN(t)
	at := place{t.TempDir(), dsn}
	if code, err := start(t, at, "--no-history").Stop(); err != nil || code != 0 { // makes the tables
		t.Fatalf("closing: status %d, %v", code, err)
	}
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	do := func(statement string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	do(`do $$ begin execute format('alter database %I set synchronous_commit = off', current_database()); end $$`)
	do("create table seen (by text, durable text)")
	do("create function look() returns trigger language plpgsql as $$ begin insert into seen values (tg_table_name, current_setting('synchronous_commit')); return null; end $$")
	for _, table := range []string{"payment", "hold", "hold_event"} {
		do("create trigger look after insert or update on " + table + " for each row execute function look()")
	}

	bank := start(t, at, "--no-history")
	client, err := bank.Client(1)
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	order := func(method, path, body string, want int) string {
		t.Helper()
		status, text, err := process.Call(t.Context(), client, method, bank.Partner+path, bank.Paired.AccessToken, body)
		if err != nil || status != want {
			t.Fatalf("%s %s: %d %s, %v", method, path, status, text, err)
		}
		return text
	}
	holds := "/account/" + bank.Paired.AccountID + "/blockade"
	order(http.MethodPost, "/payment", `{"operationId":"p","account_id":"`+bank.Paired.AccountID+`","amount":"0.01","currency":"PLN","title":"durable"}`, http.StatusCreated)
	held := order(http.MethodPost, holds, `{"operationId":"h","amount":"0.01","currency":"PLN","title":"durable"}`, http.StatusCreated)
	_, id, _ := strings.Cut(held, `"blockadeId":"`)
	id, _, _ = strings.Cut(id, `"`)
	order(http.MethodDelete, holds+"/"+id, "", http.StatusNoContent)

	rows, err := conn.Query(t.Context(), "select by, durable from seen")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	var by, durable string
	if _, err := pgx.ForEachRow(rows, []any{&by, &durable}, func() error {
		seen[by]++
		if durable != "on" {
			t.Errorf("a change of %s was committed with synchronous_commit = %s", by, durable)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if seen["payment"] == 0 || seen["hold"] < 2 {
		t.Errorf("only these changes were looked at: %v", seen)
	}
}

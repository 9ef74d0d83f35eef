package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"okienko/bank/partner"
	"okienko/bank/payment"
	"okienko/clock"
	server "okienko/test/postgres"
)

// TestNodesWorkDuringAMigration changes the tables as a later version would
// (docs/decisions/0015-migrations.md) while a node of this version pays and
// reads: no call fails, before, during or after.
func TestNodesWorkDuringAMigration(t *testing.T) {
	dsn := server.DSN(t)
	s := openDatabase(t, dsn, 0)
	if err := fillBench(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var working sync.WaitGroup
	paid := make(chan struct{}, 1)
	calls := 0
	working.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			if err := payOnce(t.Context(), s, fmt.Sprint(n%50), fmt.Sprint("operation-", n)); err != nil {
				t.Errorf("payment %d: %v", n, err)
				return
			}
			if _, err := s.Transactions(t.Context(), payment.TransactionFilter{Account: "acc-1"}); err != nil {
				t.Errorf("history %d: %v", n, err)
				return
			}
			if _, err := s.Agreement(t.Context(), "agr-1"); err != nil {
				t.Errorf("pairing %d: %v", n, err)
				return
			}
			calls++
			select {
			case paid <- struct{}{}:
			default:
			}
		}
	})
	<-paid
	for _, step := range []string{
		"alter table payment add column later text not null default ''",
		"alter table agreement add column later bigint not null default 0",
		"alter table account add column later bigint",
		"create table later (id bigint not null primary key)",
		"create index later_posting on posting (entry_id)",
		"insert into goose_db_version (version_id, is_applied) values (9999, true)",
	} {
		if _, err := s.engine.(*postgres).db.ExecContext(t.Context(), step); err != nil {
			t.Fatalf("%s: %v", step, err)
		}
		<-paid // a whole round since the last step, or in it
		<-paid
	}
	stop()
	working.Wait()
	if calls < 10 {
		t.Errorf("only %d rounds were played", calls)
	}
	_, err := Open(t.Context(), Config{DSN: dsn, Environment: partner.Test, Key: make([]byte, 32), Clock: clock.Wall{}, Wall: clock.Wall{}})
	if !errors.Is(err, ErrNewer) {
		t.Errorf("a node of this version starts on tables of a later one: %v", err)
	}
}

// TestOpenDatabaseRefuses: a database is recognised like a file.
func TestOpenDatabaseRefuses(t *testing.T) {
	dsn := server.DSN(t)
	openDatabase(t, dsn, 0)
	cfg := Config{DSN: dsn, Environment: partner.Test, Key: make([]byte, 32), Clock: clock.Wall{}, Wall: clock.Wall{}}
	other := cfg
	other.Environment = partner.Production
	if _, err := Open(t.Context(), other); !errors.Is(err, ErrEnvironment) {
		t.Errorf("a sandbox's database in a real bank: %v, want %v", err, ErrEnvironment)
	}
	other = cfg
	other.Key = []byte("another key of thirty-two bytes!")
	if _, err := Open(t.Context(), other); !errors.Is(err, ErrKey) {
		t.Errorf("with another key: %v, want %v", err, ErrKey)
	}
	other = cfg
	other.Path = "bank.db"
	if _, err := Open(t.Context(), other); err == nil {
		t.Error("a file and a database at once were taken")
	}
	other = cfg
	other.DSN = "postgres://nobody@127.0.0.1:1/none"
	if _, err := Open(t.Context(), other); err == nil {
		t.Error("a server that is not there was opened")
	}
}

package store

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"okienko/bank/partner"
	"okienko/clock"
	server "okienko/test/postgres"
)

func openDatabase(t *testing.T, dsn string, patience time.Duration) *Store {
	t.Helper()
	s, err := Open(t.Context(), Config{DSN: dsn, Environment: partner.Test, Key: make([]byte, 32), Clock: clock.Wall{}, Wall: clock.Wall{}, patience: patience})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// TestAStuckTurnIsEnded: a node that stops in the middle of sending a batch
// holds the turn of all nodes, and its server session is not idle. Another node
// ends it.
func TestAStuckTurnIsEnded(t *testing.T) {
	dsn := server.DSN(t)
	if err := fillBench(t.Context(), openDatabase(t, dsn, 0)); err != nil {
		t.Fatal(err)
	}
	s := openDatabase(t, dsn, 400*time.Millisecond)
	stuck, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stuck.Close(t.Context()) }()
	if _, err := stuck.Exec(t.Context(), "begin"); err != nil {
		t.Fatal(err)
	}
	if _, err := stuck.Exec(t.Context(), "select pg_advisory_xact_lock($1)", int64(turnLock)); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := stuck.Exec(t.Context(), "select pg_sleep(60)") // at work, for all that the server knows
		ended <- err
	}()
	refused := 0
	for n := 0; ; n++ {
		err := payOnce(t.Context(), s, "1", "operation-1")
		if err == nil {
			break
		}
		if refused++; refused == 20 {
			t.Fatalf("the turn is still held: %v", err)
		}
	}
	if refused == 0 {
		t.Error("the payment did not wait for the turn at all")
	}
	if err := <-ended; err == nil {
		t.Error("the session that held the turn was not ended")
	}
}

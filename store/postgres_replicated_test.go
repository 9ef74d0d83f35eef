package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"okienko/bank/desk"
	"okienko/bank/money"
	"okienko/bank/payment"
	"okienko/clock"
	"okienko/ident"
	server "okienko/test/postgres"
)

// TestNothingUnreplicatedIsAcknowledged: a commit that no standby has is not
// seen by anybody; and when it is seen all the same, because the server started
// again, nobody is told that it was done until a standby has it.
func TestNothingUnreplicatedIsAcknowledged(t *testing.T) {
	t.Parallel()
	srv := server.Start(t)
	dsn := srv.DSN(t)
	if err := fillBench(t.Context(), openDatabase(t, dsn, 0)); err != nil { // with all the patience that a slow machine needs
		t.Fatal(err)
	}
	s := openDatabase(t, dsn, 400*time.Millisecond)
	d := desk.New(desk.Config{Book: s, Clock: clock.Wall{}, Wall: clock.Wall{}, IDs: ident.New(clock.Wall{})})
	t.Cleanup(d.Close)
	pay := func(operation string) error {
		_, err := d.Do(t.Context(), &payment.Submit{Agreement: "agr-1", AccountRef: "ref-1", Draft: payment.Draft{
			Kind: payment.Pay, OperationID: operation, Amount: money.New(100, money.PLN), Title: "Przejazd rowerem",
		}})
		return err
	}
	if err := pay("before"); err != nil {
		t.Fatal(err)
	}

	standby(t, srv, dsn, "nobody")
	if err := pay("waits"); err == nil {
		t.Fatal("a payment was acknowledged that no standby has")
	}
	for until := time.Now().Add(2 * time.Second); time.Now().Before(until); time.Sleep(100 * time.Millisecond) { // a cancellation takes a moment
		if seen(t, dsn, "waits") != 0 {
			t.Fatal("the payment is seen by everybody and stands on one disk: its wait was cancelled")
		}
	}

	srv.Kill(t)
	srv.Restart(t)
	if n := seen(t, dsn, "waits"); n != 1 {
		t.Fatalf("the server has started again and has %d payments; one was committed", n)
	}
	if err := pay("waits"); err == nil {
		t.Error("a payment was acknowledged because it is seen, and no standby has it")
	}

	standby(t, srv, dsn, "")
	for tries := 0; ; tries++ {
		err := pay("waits")
		if err == nil {
			break
		}
		if tries == 20 {
			t.Fatalf("the standby is back: %v", err)
		}
	}
	if n := seen(t, dsn, "waits"); n != 1 {
		t.Errorf("the payment was made %d times", n)
	}
}

// standby says which standby a commit waits for, and returns when commits do.
func standby(t *testing.T, srv *server.Server, dsn, name string) {
	t.Helper()
	conf, err := os.OpenFile(filepath.Join(srv.Dir(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(conf, "\nsynchronous_standby_names = '%s'\n", name); err != nil {
		t.Fatal(err)
	}
	if err := conf.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(srv.Dir(), "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if waits(t, dsn) == (name != "") {
			return
		}
	}
	t.Fatal("the server does not obey")
}

// waits tells whether a commit waits for a standby.
func waits(t *testing.T, dsn string) bool {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err = conn.Exec(ctx, "select pg_logical_emit_message(true, 'probe', '')")
	return err != nil
}

// seen is how many payments of an operation everybody sees.
func seen(t *testing.T, dsn, operation string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	if err := conn.QueryRow(t.Context(), "select count(*) from payment where operation_id = $1", operation).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

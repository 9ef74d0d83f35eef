package faults

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"okienko/test/postgres"
)

func dial(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func count(t *testing.T, dsn string) (n int) {
	t.Helper()
	conn := dial(t, dsn)
	// Under the table's lock: a transaction whose client has just gone is over
	// once the lock is given.
	batch := &pgx.Batch{}
	batch.Queue("begin")
	batch.Queue("lock table t in access exclusive mode")
	batch.Queue("select count(*) from t").QueryRow(func(row pgx.Row) error { return row.Scan(&n) })
	batch.Queue("commit")
	if err := conn.SendBatch(t.Context(), batch).Close(); err != nil {
		t.Fatal(err)
	}
	return n
}

func table(t *testing.T) (direct string) {
	t.Helper()
	direct = postgres.DSN(t)
	if _, err := dial(t, direct).Exec(t.Context(), "create table t (a int)"); err != nil {
		t.Fatal(err)
	}
	return direct
}

// How clients end a transaction: each in its own words and messages.
var speakers = map[string]func(ctx context.Context, conn *pgx.Conn) error{
	"simple protocol": func(ctx context.Context, conn *pgx.Conn) error {
		for _, sql := range []string{"begin", "insert into t values (1)", "insert into t values (2)", "COMMIT;"} {
			if _, err := conn.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
				return err
			}
		}
		return nil
	},
	"one message": func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "begin; insert into t values (1); insert into t values (2); commit", pgx.QueryExecModeSimpleProtocol)
		return err
	},
	"prepared": func(ctx context.Context, conn *pgx.Conn) error {
		tx, err := conn.Begin(ctx)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "with given as (select $1::int as a) insert into t select a from given", 1); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "insert into t values ($1)", 2); err != nil {
			return err
		}
		return tx.Commit(ctx)
	},
	"pipeline": func(ctx context.Context, conn *pgx.Conn) error {
		batch := &pgx.Batch{}
		batch.Queue("begin")
		batch.Queue("insert into t values ($1)", 1)
		batch.Queue("insert into t values ($1)", 2)
		batch.Queue("commit")
		return conn.SendBatch(ctx, batch).Close()
	},
}

func TestCut(t *testing.T) {
	t.Parallel()
	for name, speak := range speakers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			direct := table(t)
			proxy := Start(t, direct)
			want := 0
			for _, moment := range []Moment{InBatch, BeforeCommit, AfterCommit} {
				if name == "one message" && moment == InBatch {
					continue // it has no middle
				}
				done := proxy.Cut(moment, 2)
				if err := speak(t.Context(), dial(t, proxy.DSN())); err != nil {
					t.Fatalf("%s, the first of two: %v", moment, err)
				}
				want += 2
				select {
				case <-done:
					t.Fatalf("%s: cut one too early", moment)
				default:
				}
				if err := speak(t.Context(), dial(t, proxy.DSN())); err == nil {
					t.Errorf("%s: the client has seen its commit", moment)
				}
				select {
				case <-done:
				default:
					t.Errorf("%s: not cut", moment)
				}
				if moment == AfterCommit {
					want += 2
				}
				got := count(t, direct)
				if got != want {
					t.Errorf("%s: %d rows, want %d", moment, got, want)
				}
			}
			if err := speak(t.Context(), dial(t, proxy.DSN())); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

// A transaction that is cut between two of its journeys was begun and is undone.
func TestCutInTransaction(t *testing.T) {
	t.Parallel()
	direct := table(t)
	proxy := Start(t, direct)
	conn := dial(t, proxy.DSN())
	done := proxy.Cut(InTransaction, 2)
	if _, err := conn.Exec(t.Context(), "begin"); err != nil {
		t.Errorf("cut one too early: %v", err)
	}
	if _, err := conn.Exec(t.Context(), "insert into t values (1)"); err == nil {
		t.Error("the client was answered")
	}
	select {
	case <-done:
	default:
		t.Error("not cut")
	}
	if n := count(t, direct); n != 0 {
		t.Errorf("%d rows of half a transaction", n)
	}
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	proxy := Start(t, table(t))
	before := dial(t, proxy.DSN())
	proxy.Refuse()
	if _, err := before.Exec(t.Context(), "select 1"); err == nil {
		t.Error("a connection outlived the machine")
	}
	if _, err := pgx.Connect(t.Context(), proxy.DSN()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a new connection: %v, want it refused", err)
	}
	if err := proxy.Admit(); err != nil {
		t.Fatal(err)
	}
	if _, err := dial(t, proxy.DSN()).Exec(t.Context(), "select 1"); err != nil {
		t.Error(err)
	}
}

func TestDelay(t *testing.T) {
	t.Parallel()
	proxy := Start(t, table(t))
	conn := dial(t, proxy.DSN())
	const late = 100 * time.Millisecond
	proxy.Delay(late)
	began := time.Now()
	results := conn.PgConn().Exec(t.Context(), strings.Repeat("select 1;", 50))
	if _, err := results.ReadAll(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < late || took > 25*late {
		t.Errorf("fifty answers at once took %s, want %s and little more", took, late)
	}
}

func TestFreeze(t *testing.T) {
	t.Parallel()
	direct := table(t)
	proxy := Start(t, direct)
	conn := dial(t, proxy.DSN())
	proxy.Freeze()
	answered := make(chan error, 1)
	go func() {
		_, err := conn.Exec(t.Context(), "insert into t values (1)")
		answered <- err
	}()
	select {
	case err := <-answered:
		t.Errorf("an answer came through: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	if n := count(t, direct); n != 0 {
		t.Errorf("%d rows came through", n)
	}
	proxy.Thaw()
	if err := <-answered; err != nil {
		t.Error(err)
	}
	if n := count(t, direct); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}

// Requests to cancel travel on connections of their own.
func TestCancelPasses(t *testing.T) {
	t.Parallel()
	conn := dial(t, Start(t, table(t)).DSN())
	answered := make(chan error, 1)
	go func() {
		_, err := conn.Exec(t.Context(), "select pg_sleep(60)")
		answered <- err
	}()
	for {
		if err := conn.PgConn().CancelRequest(t.Context()); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-answered:
			var pg *pgconn.PgError
			if !errors.As(err, &pg) || pg.Code != "57014" {
				t.Errorf("%v, want the statement cancelled", err)
			}
			return
		case <-time.After(20 * time.Millisecond): // it was not running yet
		}
	}
}

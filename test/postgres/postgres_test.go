package postgres

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}

func do(t *testing.T, conn *pgx.Conn, statement string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func value(t *testing.T, conn *pgx.Conn, query string) (text string) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), query).Scan(&text); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return text
}

func TestEveryTestHasADatabaseOfItsOwn(t *testing.T) {
	var first, second string
	t.Run("two beside each other", func(t *testing.T) {
		first, second = DSN(t), DSN(t)
		one, two := connect(t, first), connect(t, second)
		do(t, one, "create table t (a int)") // the role owns its database
		do(t, two, "create table t (a int)")
		if got := value(t, two, "select count(*)::text from t"); got != "0" {
			t.Errorf("the second database sees %s rows of the first", got)
		}
		if got := value(t, one, "select rolsuper::text from pg_roles where rolname = current_user"); got != "false" {
			t.Error("tests run as superuser, which hides every lacking right")
		}
		if got := value(t, one, "show synchronous_commit"); got != "on" {
			t.Errorf("synchronous_commit is %s", got)
		}
	})
	for _, dsn := range []string{first, second} {
		if conn, err := pgx.Connect(t.Context(), dsn); err == nil {
			_ = conn.Close(t.Context())
			t.Errorf("%s is still there after its test, though connections were left open", dsn)
		}
	}
}

// A copy begins as the original was left, and what becomes of it is nobody
// else's business. The original is made once, also for many who come together.
func TestCopiesBeginAlike(t *testing.T) {
	of := "original_" + strings.ToLower(rand.Text())
	var filled atomic.Int32
	fill := func(dsn string) error {
		filled.Add(1)
		return execute(dsn, "create table t as select 'as it was' as a")
	}
	t.Cleanup(func() {
		if err := execute(server(t), "drop database "+of); err != nil {
			t.Error(err)
		}
	})
	t.Run("many at once", func(t *testing.T) {
		for i := range 4 {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				conn := connect(t, Copy(t, of, fill))
				if got := value(t, conn, "select string_agg(a, ' ') from t"); got != "as it was" {
					t.Errorf("a copy begins with %q", got)
				}
				do(t, conn, "insert into t values ('changed')")
			})
		}
	})
	if n := filled.Load(); n != 1 {
		t.Errorf("the original was made %d times", n)
	}
}

// A killed server has kept what it acknowledged and nothing else, and a client
// in the middle of a transaction learns of it.
func TestKilledServer(t *testing.T) {
	s := Start(t, Setting("deadlock_timeout=77ms"))
	dsn := s.DSN(t)
	conn := connect(t, dsn)
	for name, want := range map[string]string{"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "deadlock_timeout": "77ms"} {
		if got := value(t, conn, "show "+name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	do(t, conn, "create table t (a int)")
	do(t, conn, "insert into t values (1)")
	do(t, conn, "begin; insert into t values (2)")
	pid := int(conn.PgConn().PID())
	s.Kill(t)
	if running(pid) {
		t.Error("a process of the killed server lives on")
	}
	if _, err := conn.Exec(t.Context(), "commit"); err == nil {
		t.Error("a commit was acknowledged by a killed server")
	}
	s.Restart(t)
	if got := value(t, connect(t, dsn), "select string_agg(a::text, ' ') from t"); got != "1" {
		t.Errorf("after the kill there is %q, want what was committed: 1", got)
	}
	if !strings.Contains(s.logTail(), "was not properly shut down") {
		t.Error("the server did not have to recover, so it was not killed")
	}
	s.Restart(t)
	if got := value(t, connect(t, dsn), "select string_agg(a::text, ' ') from t"); got != "1" {
		t.Errorf("after an orderly restart there is %q", got)
	}
	s.Kill(t) // the end of the test copes with it
}

// A disk that is full stops writing, and the server goes on, by itself or
// started again, when there is room.
func TestFullDisk(t *testing.T) {
	for name, opts := range map[string][]Option{"a disk of its own": {SmallDisk()}, "a limit on files": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := Start(t, opts...)
			dsn := s.DSN(t)
			conn := connect(t, dsn)
			do(t, conn, "create table t (a text)")
			do(t, conn, "insert into t values ('kept')")
			s.FillDisk(t)
			var full error
			for n := 0; full == nil && n < 1000; n++ {
				_, full = conn.Exec(t.Context(), "insert into t select repeat(md5(i::text), 20) from generate_series(1, 1000) i")
			}
			if full == nil {
				t.Fatal("the disk does not get full")
			}
			t.Log(full)
			s.FreeDisk(t)
			if s.Ended() {
				s.Restart(t)
			}
			var again *pgx.Conn
			for deadline := time.Now().Add(startTime); again == nil; time.Sleep(pollEvery) {
				var err error
				if again, err = pgx.Connect(t.Context(), dsn); err != nil && time.Now().After(deadline) {
					t.Fatal(err)
				}
			}
			defer func() { _ = again.Close(t.Context()) }()
			do(t, again, "insert into t select repeat('b', 2000) from generate_series(1, 1000)")
			if got := value(t, again, "select a from t limit 1"); got != "kept" {
				t.Errorf("there is %q now", got)
			}
		})
	}
}

// What runs outside a test binary's life is removed: a server whose binary was
// killed ends, and its folder goes.
func TestKeeperEndsWhatWasLeft(t *testing.T) {
	c, err := create(options{settings: hasty})
	if err != nil {
		lacking(t, err)
	}
	if _, err := os.Stat(filepath.Join(c.dir, ".s.PGSQL.5432")); err != nil {
		t.Errorf("no socket: %v", err)
	}
	if err := c.alive.Close(); err != nil { // what the kernel does to a killed process
		t.Fatal(err)
	}
	if err := c.keeper.Wait(); err != nil {
		t.Errorf("the keeper: %v", err)
	}
	if !c.ended() {
		t.Error("the server goes on after its test binary")
	}
	if _, err := os.Stat(c.dir); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
}

func TestAddressInsideAServer(t *testing.T) {
	for server, want := range map[string]string{
		"postgres://okienko@/postgres?host=%2Ftmp": "postgres://okienko@/d?host=%2Ftmp",
		"postgres://a:b@127.0.0.1:5432/postgres":   "postgres://a:b@127.0.0.1:5432/d",
		"postgresql://a@h":                         "postgresql://a@h/d",
		"host=/tmp user=a dbname=postgres":         "host=/tmp user=a dbname=postgres dbname=d",
	} {
		got := inside(server, "d")
		if got != want {
			t.Errorf("%s: %s, want %s", server, got, want)
		}
		cfg, err := pgx.ParseConfig(got)
		if err != nil || cfg.Database != "d" {
			t.Errorf("%s: database %v, %v", got, cfg, err)
		}
	}
}

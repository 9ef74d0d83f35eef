package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"okienko/bank/audit"
	"okienko/bank/desk"
	"okienko/bank/partner"
	"okienko/clock"
)

type stopped struct {
	mu  sync.Mutex
	now time.Time
}

func (c *stopped) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *stopped) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

func openTest(t *testing.T, path string, wall *stopped) *Store {
	t.Helper()
	s, err := Open(t.Context(), Config{Path: path, Environment: partner.Test, Key: make([]byte, 32), Clock: clock.Wall{}, Wall: wall, Node: "n1"})
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

func TestSeal(t *testing.T) {
	s, err := newSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	sealed := s.seal([]byte("44051401359"))
	if bytes.Contains(sealed, []byte("44051401359")) || bytes.Equal(sealed, s.seal([]byte("44051401359"))) {
		t.Error("a sealed number can be read, or compared with another one")
	}
	if plain, err := s.open(sealed); err != nil || string(plain) != "44051401359" {
		t.Errorf("opened %q, %v", plain, err)
	}
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if _, err := s.open(bad); err == nil {
			t.Errorf("byte %d was changed, and it opens", i)
		}
	}
	if plain, err := s.open(s.seal(nil)); err != nil || len(plain) != 0 {
		t.Errorf("nothing opens as %q, %v", plain, err)
	}
	other, err := newSealer(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.open(sealed); err == nil {
		t.Error("another key opens it")
	}
	if bytes.Equal(other.blind("x"), s.blind("x")) || !bytes.Equal(s.blind("x"), s.blind("x")) || bytes.Equal(s.blind("x"), s.blind("y")) {
		t.Error("a blind must hang on key and text, and on nothing else")
	}
}

func TestUnnumbered(t *testing.T) {
	for in, want := range map[string]string{
		"select 1":                         "select 1",
		"values ($1, $2, $3)":              "values (?, ?, ?)",
		"a = $1 and b = $1":                "a = $1 and b = $1",
		"a = $2 and b = $1":                "a = $2 and b = $1",
		"($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)": "(?,?,?,?,?,?,?,?,?,?)",
	} {
		if got := unnumbered(in); got != want {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
}

func TestNewerDataIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bank.db")
	wall := &stopped{now: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)}
	cfg := Config{Path: path, Environment: partner.Test, Key: make([]byte, 32), Clock: wall, Wall: wall}
	s, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	err = s.write(t.Context(), func(ctx context.Context, tx *writeTx) error {
		_, err := tx.ExecContext(ctx, "insert into goose_db_version (version_id, is_applied) values (9999, true)")
		return err
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), cfg); !errors.Is(err, ErrNewer) {
		t.Errorf("%v, want %v", err, ErrNewer)
	}
}

func TestPrivateDataIsRemoved(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	wall := &stopped{now: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)}
	s, err := Open(t.Context(), Config{Path: ":memory:", Environment: partner.Test, Key: make([]byte, 32), Clock: wall, Wall: wall})
	if err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) != 1 {
		t.Errorf("while open: %v, %v", left, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) != 0 {
		t.Errorf("after closing: %v, %v", left, err)
	}
}

func TestDataIsTheOwnersAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	openTest(t, filepath.Join(dir, "bank.db"), &stopped{now: time.Now()})
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 3 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", f.Name(), info.Mode(), err)
		}
	}
}

// TestSegments walks a chain over hours, a clock that is set back, a broken
// transaction and a restart.
func TestSegments(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bank.db")
	ten := time.Date(2026, 11, 21, 10, 30, 0, 0, time.UTC)
	wall := &stopped{now: ten}
	s := openTest(t, path, wall)
	record := func(act string, fail error) {
		t.Helper()
		err := s.write(t.Context(), func(_ context.Context, tx *writeTx) error {
			tx.audit(audit.Record{At: ten, Act: act})
			return fail
		})
		if !errors.Is(err, fail) {
			t.Fatal(err)
		}
	}
	record("a", nil)
	record("broken", errors.New("broken off"))
	record("b", nil)
	wall.set(ten.Add(time.Hour))
	record("c", nil)
	wall.set(ten) // set back: the later segment goes on
	record("d", nil)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openTest(t, path, wall)
	record("e", nil)
	got, err := rows(t.Context(), s.read, func(row scanner) (string, error) {
		var segment, act string
		err := row.Scan(&segment, &act)
		return segment + " " + act, err
	}, "select segment, act from audit order by segment, seq")
	want := []string{"n1/2026-11-21T10 a", "n1/2026-11-21T10 b", "n1/2026-11-21T11 c", "n1/2026-11-21T11 d", "n1/2026-11-21T11 e"}
	if err != nil || len(got) != len(want) {
		t.Fatalf("%q, %v, want %q", got, err, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("line %d is %q, want %q", i, got[i], want[i])
		}
	}
}

// TestBusyIsAConflict: another writer that holds the file makes an act one to
// be tried again, and nothing of it is kept.
func TestBusyIsAConflict(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bank.db")
	s := openTest(t, path, &stopped{now: time.Now()})
	ctx := t.Context()
	if _, err := s.engine.(*writer).conn.ExecContext(ctx, "pragma busy_timeout = 0"); err != nil {
		t.Fatal(err)
	}
	other, err := openRaw(path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	conn, err := other.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(ctx, "begin immediate"); err != nil {
		t.Fatal(err)
	}
	if err := s.Within(ctx, func(desk.Tx) error { return nil }); !errors.Is(err, desk.ErrConflict) {
		t.Errorf("%v, want %v", err, desk.ErrConflict)
	}
	if _, err := conn.ExecContext(ctx, "rollback"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(conn.Close(), s.Within(ctx, func(desk.Tx) error { return nil })); err != nil {
		t.Error(err)
	}
}

// TestReadingPoolCannotWrite: what reads must not be able to write by mistake.
func TestReadingPoolCannotWrite(t *testing.T) {
	s := openTest(t, "", &stopped{now: time.Now()})
	if _, err := s.read.(*reading).db.ExecContext(t.Context(), "delete from account"); err == nil {
		t.Error("the reading pool deleted accounts")
	}
}

// TestWhoWaitsCanGo: a caller whose context ends does not wait for the writer.
func TestWhoWaitsCanGo(t *testing.T) {
	s := openTest(t, "", &stopped{now: time.Now()})
	entered, leave := make(chan struct{}), make(chan struct{})
	done := make(chan error)
	go func() {
		done <- s.Within(context.Background(), func(desk.Tx) error {
			close(entered)
			<-leave
			return nil
		})
	}()
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Within(ctx, func(desk.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want %v", err, context.Canceled)
	}
	close(leave)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func openRaw(path string) (*sql.DB, error) { return sql.Open("sqlite", dsn(path, nil)) }

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"

	_ "modernc.org/sqlite" // the driver

	"okienko/bank/desk"
	"okienko/bank/payment"
)

// What one SQLite file is opened with.
const (
	readers = 4 // connections of the reading pool
	// checkpointPages lets the write-ahead log grow to 16 MiB before it is copied
	// into the data: pages that many batches touch are then copied once.
	checkpointPages = 4096
	// keptStatements bounds the statements that a pool keeps prepared; texts
	// beyond it are prepared each time.
	keptStatements = 512
)

func dsn(path string, params url.Values) string {
	u := url.URL{Scheme: "file", Path: path, RawQuery: params.Encode()}
	return u.String()
}

// openSQLite opens or makes the file of the data.
func (s *Store) openSQLite(ctx context.Context, cfg Config) error {
	path, lasting, err := s.place(cfg.Path)
	if err != nil {
		return err
	}
	if err := s.openWriter(ctx, path, lasting); err != nil {
		return err
	}
	if err := s.settleIn(ctx); err != nil {
		return err
	}
	return s.openReading(path)
}

// place finds the file and takes its lock.
func (s *Store) place(path string) (_ string, lasting bool, err error) {
	lasting = path != "" && path != ":memory:"
	if !lasting {
		dir, err := os.MkdirTemp("", "okienko-")
		if err != nil {
			return "", false, fmt.Errorf("store: %w", err)
		}
		s.atClose(func() error { return os.RemoveAll(dir) })
		path = filepath.Join(dir, "bank.db")
	}
	if path, err = filepath.Abs(path); err != nil {
		return "", false, fmt.Errorf("store: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", false, fmt.Errorf("store: %w", err)
	}
	unlock, err := lockFile(path + ".lock")
	if err != nil {
		return "", false, err
	}
	s.atClose(unlock)
	// SQLite gives its side files the mode of the data file.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", false, fmt.Errorf("store: %w", err)
	}
	return path, lasting, f.Close()
}

// writer is the one writing connection. turn is held for the length of a
// transaction, so whatever else stands here belongs to its holder.
type writer struct {
	turn       chan struct{}
	conn       *sql.Conn
	statements map[string]*sql.Stmt
	trail      chain // of the audit
	access     chain
	version    int64 // of the file, by which SQLite tells of other writers
	bulks      map[bulk]string
	closed     bool

	ahead ahead
	count atomic.Int64 // of ahead; raised with the turn held
}

func (*writer) dialect() dialect { return inSQLite }

func (s *Store) openWriter(ctx context.Context, path string, lasting bool) error {
	synchronous := "full" // the commit returns after the fsync
	if !lasting {
		synchronous = "off" // nothing of it outlives the process anyway
	}
	db, err := sql.Open("sqlite", dsn(path, url.Values{"_pragma": {
		"busy_timeout(5000)", "journal_mode(wal)", "synchronous(" + synchronous + ")", "foreign_keys(1)",
		"wal_autocheckpoint(" + strconv.Itoa(checkpointPages) + ")", "cache_size(-32768)", "temp_store(memory)",
	}, "_txlock": {"immediate"}}))
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	s.atClose(db.Close)
	db.SetMaxOpenConns(1)
	if err := s.migrate(ctx, db); err != nil {
		return err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	s.atClose(conn.Close)
	w := &writer{
		turn: make(chan struct{}, 1), conn: conn, statements: map[string]*sql.Stmt{}, bulks: map[bulk]string{},
		trail: chain{name: "audit", node: s.node}, access: chain{name: "access", node: s.node},
		ahead: newAhead(),
	}
	s.engine = w
	s.atClose(w.close)
	return nil
}

// close waits for the act that is being written and refuses all that follow.
func (w *writer) close() error {
	w.turn <- struct{}{}
	defer func() { <-w.turn }()
	w.closed = true
	var errs []error
	for _, st := range w.statements {
		errs = append(errs, st.Close())
	}
	return errors.Join(errs...)
}

// statement prepares a text once.
func (w *writer) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	if st, ok := w.statements[query]; ok {
		return st, nil
	}
	st, err := w.conn.PrepareContext(ctx, spoken(query))
	if err != nil {
		return nil, fmt.Errorf("store: %w in: %s", err, query)
	}
	if len(w.statements) >= keptStatements {
		for text, old := range w.statements { // any: texts this many come from a mistake
			delete(w.statements, text)
			if err := old.Close(); err != nil {
				return nil, err
			}
			break
		}
	}
	w.statements[query] = st
	return st, nil
}

func (w *writer) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	st, err := w.statement(ctx, query) //nolint:sqlclosecheck // kept, and closed with the writer
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, spokenArgs(args)...)
}

func (w *writer) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	st, err := w.statement(ctx, query) //nolint:sqlclosecheck // kept, and closed with the writer
	if err != nil {
		return w.conn.QueryRowContext(ctx, query, args...) // fails again, and carries the error
	}
	return st.QueryRowContext(ctx, spokenArgs(args)...)
}

func (w *writer) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	st, err := w.statement(ctx, query) //nolint:sqlclosecheck // kept, and closed with the writer
	if err != nil {
		return nil, err
	}
	return st.ExecContext(ctx, spokenArgs(args)...)
}

// put writes rows one by one.
func (w *writer) put(ctx context.Context, b bulk, rows [][]any) error {
	text, met := w.bulks[b]
	if !met {
		text = b.one()
		w.bulks[b] = text
	}
	for _, row := range rows {
		done, err := w.ExecContext(ctx, text, row...)
		if b.exact() {
			err = one(done, err)
		}
		if err != nil {
			return fmt.Errorf("store: %s: %w", b.table, err)
		}
	}
	return nil
}

func (w *writer) must(ctx context.Context, text string, args ...any) error {
	return one(w.ExecContext(ctx, text, args...))
}

// within runs a batch of the desk that has its turn alone.
func (w *writer) within(ctx context.Context, s *Store, f func(desk.Tx) error) error {
	if err := w.ahead.take(ctx); err != nil {
		return err
	}
	defer w.ahead.give()
	w.ahead.restart()
	t := &fileBatch{w: w}
	err := w.transact(ctx, s, inside, func(ctx context.Context, tx *writeTx) error {
		if err := w.look(ctx, tx); err != nil {
			return err
		}
		w.ahead.found(w.count.Load())
		t.tx = tx
		return f(t)
	})
	if err != nil {
		w.ahead.forget()
		return err
	}
	if t.changes != nil {
		w.ahead.known.leave(t.changes)
	}
	w.ahead.base = t.tx.count
	return nil
}

// draft decides a batch over what the reading pool sees.
func (w *writer) draft(ctx context.Context, s *Store, f func(desk.Tx) error) (*draft, error) {
	d, err := w.ahead.decide(ctx, inSQLite, func(ctx context.Context, qs questions, base int64, sure bool) error {
		if sure && w.count.Load() != base {
			return errVoid
		}
		return qs.put(ctx, s.read)
	}, f)
	if err == nil {
		d.write = func(ctx context.Context, count int64, c *payment.Changes) (int64, error) {
			return w.writeDraft(ctx, s, count, c)
		}
	}
	return d, err
}

func (w *writer) writeDraft(ctx context.Context, s *Store, count int64, c *payment.Changes) (int64, error) {
	if c == nil { // it changes nothing, and was right if nothing has changed
		return count, w.same(ctx, count)
	}
	var left int64
	err := w.transact(ctx, s, inside, func(ctx context.Context, tx *writeTx) error {
		if err := w.look(ctx, tx); err != nil {
			return err
		}
		if w.count.Load() != count {
			return errVoid
		}
		left = tx.count
		return keep(ctx, tx, c)
	})
	return left, err
}

// same tells whether nothing has changed since the count was left. It takes a
// turn: of an act that is being committed the count does not tell yet.
func (w *writer) same(ctx context.Context, count int64) error {
	select {
	case w.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-w.turn }()
	if w.closed {
		return errClosed
	}
	if err := w.look(ctx, &writeTx{querier: w}); err != nil {
		return asConflict(err)
	}
	if w.count.Load() != count {
		return errVoid
	}
	return nil
}

// look notices a writer outside this process, whom only a database tool could be
// past the lock: it shows in the version of the data.
func (w *writer) look(ctx context.Context, tx *writeTx) error {
	var version int64
	if err := tx.QueryRowContext(ctx, "pragma data_version").Scan(&version); err != nil {
		return fmt.Errorf("store: version of the data: %w", err)
	}
	if version != w.version {
		w.version = version
		w.count.Add(1)
		tx.count++
	}
	return nil
}

// fileBatch is the transaction of a batch of orders in a file.
type fileBatch struct {
	tx      *writeTx
	w       *writer
	changes *payment.Changes
}

func (t *fileBatch) Load(ctx context.Context, n payment.Needs, into *payment.State) error {
	k := &t.w.ahead.known
	qs := k.ask(inSQLite, n, into)
	if err := qs.put(ctx, t.tx); err != nil {
		return err
	}
	k.take(n, into)
	k.latest = into.Latest
	return nil
}

func (t *fileBatch) Write(ctx context.Context, c *payment.Changes) error {
	t.changes = c
	return keep(ctx, t.tx, c)
}

// transact runs f in one immediate transaction. Nothing of it remains when it
// returns an error.
func (w *writer) transact(ctx context.Context, s *Store, r room, f func(ctx context.Context, tx *writeTx) error) (err error) {
	select {
	case w.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-w.turn }()
	if w.closed {
		return errClosed
	}
	tx := &writeTx{querier: w, scribe: w, trail: w.trail, access: w.access, count: w.count.Load()}
	if r == inside {
		tx.count++
	}
	// The driver reports a statement as broken off when its caller went while it
	// ran, also when it had its effect: a transaction that began like that would
	// stand for ever, and nobody could write any more.
	if _, err := tx.ExecContext(context.WithoutCancel(ctx), "begin immediate"); err != nil {
		return asConflict(err)
	}
	open := true
	defer func() {
		if open { // also when f panics
			// With a context of its own: a caller who has gone must not leave the
			// transaction standing.
			if _, e := tx.ExecContext(context.WithoutCancel(ctx), "rollback"); e != nil && err != nil {
				err = fmt.Errorf("%w; and rolling back: %w", err, e)
			}
		}
	}()
	if err := f(ctx, tx); err != nil {
		return asConflict(err)
	}
	if err := s.appendAudit(ctx, tx); err != nil {
		return asConflict(err)
	}
	// The commit itself is never broken off: its outcome would be unknown.
	if _, err := tx.ExecContext(context.WithoutCancel(ctx), "commit"); err != nil {
		return asConflict(fmt.Errorf("store: commit: %w", err))
	}
	open = false
	w.trail, w.access = tx.trail, tx.access
	w.count.Store(tx.count)
	return nil
}

// reading is the pool of reading connections, with their statements.
type reading struct {
	db *sql.DB

	mu         sync.RWMutex
	statements map[string]*sql.Stmt
}

func (s *Store) openReading(path string) error {
	db, err := sql.Open("sqlite", dsn(path, url.Values{"mode": {"ro"}, "_pragma": {
		"busy_timeout(5000)", "query_only(1)", "cache_size(-8192)", "temp_store(memory)",
	}}))
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	db.SetMaxOpenConns(readers)
	db.SetMaxIdleConns(readers)
	s.atClose(db.Close)
	s.read = &reading{db: db, statements: map[string]*sql.Stmt{}}
	return nil
}

func (r *reading) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	r.mu.RLock()
	st := r.statements[query]
	r.mu.RUnlock()
	if st != nil {
		return st, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if st := r.statements[query]; st != nil {
		return st, nil
	}
	if len(r.statements) >= keptStatements {
		return nil, nil // not kept: others may be running those that are
	}
	st, err := r.db.PrepareContext(ctx, spoken(query)) //nolint:sqlclosecheck // kept, and closed with the pool
	if err != nil {
		return nil, fmt.Errorf("store: %w in: %s", err, query)
	}
	r.statements[query] = st
	return st, nil
}

func (r *reading) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	st, err := r.statement(ctx, query) //nolint:sqlclosecheck // kept, and closed with the pool
	switch {
	case err != nil:
		return nil, err
	case st == nil:
		return r.db.QueryContext(ctx, spoken(query), spokenArgs(args)...)
	}
	return st.QueryContext(ctx, spokenArgs(args)...)
}

func (r *reading) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	st, err := r.statement(ctx, query) //nolint:sqlclosecheck // kept, and closed with the pool
	if st == nil || err != nil {
		return r.db.QueryRowContext(ctx, spoken(query), spokenArgs(args)...)
	}
	return st.QueryRowContext(ctx, spokenArgs(args)...)
}

// ExecContext is here for the form only: the pool cannot write.
func (r *reading) ExecContext(context.Context, string, ...any) (sql.Result, error) {
	return nil, errReads
}

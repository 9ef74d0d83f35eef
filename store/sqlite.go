package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"sync"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"okienko/bank/desk"
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

// writer is the one writing connection. turn is held for the length of a
// transaction, so whatever else stands here belongs to its holder.
type writer struct {
	turn       chan struct{}
	conn       *sql.Conn
	statements map[string]*sql.Stmt
	trail      chain // of the audit
	access     chain
	known      known
	closed     bool
}

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
	s.writer = &writer{
		turn: make(chan struct{}, 1), conn: conn, statements: map[string]*sql.Stmt{},
		trail: chain{name: "audit"}, access: chain{name: "access"},
	}
	s.atClose(s.writer.close)
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
	st, err := w.conn.PrepareContext(ctx, unnumbered(query))
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

// unnumbered is a text with "?" for $1, $2 … where they stand once each and in
// this order, as in almost every text: the driver asks SQLite for the name of
// every parameter that has one, at every call.
func unnumbered(query string) string {
	out := make([]byte, 0, len(query))
	next := 1
	for i := 0; i < len(query); i++ {
		if query[i] != '$' {
			out = append(out, query[i])
			continue
		}
		n := 0
		for i+1 < len(query) && '0' <= query[i+1] && query[i+1] <= '9' {
			i++
			n = n*10 + int(query[i]-'0')
		}
		if n != next {
			return query
		}
		next++
		out = append(out, '?')
	}
	return string(out)
}

// transact runs f in one immediate transaction. Nothing of it remains when it
// returns an error.
func (w *writer) transact(ctx context.Context, s *Store, f func(ctx context.Context, tx *writeTx) error) (err error) {
	select {
	case w.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-w.turn }()
	if w.closed {
		return errClosed
	}
	tx := &writeTx{w: w, trail: w.trail, access: w.access}
	// The driver reports a statement as broken off when its caller went while it
	// ran, also when it had its effect: a transaction that began like that would
	// stand for ever, and nobody could write any more.
	if _, err := tx.ExecContext(context.WithoutCancel(ctx), "begin immediate"); err != nil {
		return asConflict(err)
	}
	open := true
	defer func() {
		if open { // also when f panics
			w.known.forget()
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
	if tx.leaves == nil {
		w.known.forget()
	} else {
		tx.leaves()
	}
	return nil
}

var errClosed = errors.New("store: closed")

// asConflict marks the errors after which trying again makes sense.
func asConflict(err error) error {
	var e *sqlite.Error
	if errors.As(err, &e) && !errors.Is(err, desk.ErrConflict) {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
			return fmt.Errorf("%w: %w", desk.ErrConflict, err)
		}
	}
	return err
}

// isTaken tells whether err says that a unique key exists already.
func isTaken(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) &&
		(e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY || e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE)
}

// isOrphan tells whether err says that what a row refers to does not exist.
func isOrphan(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code() == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
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
	st, err := r.db.PrepareContext(ctx, unnumbered(query)) //nolint:sqlclosecheck // kept, and closed with the pool
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
		return r.db.QueryContext(ctx, query, args...)
	}
	return st.QueryContext(ctx, args...)
}

func (r *reading) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	st, err := r.statement(ctx, query) //nolint:sqlclosecheck // kept, and closed with the pool
	if st == nil || err != nil {
		return r.db.QueryRowContext(ctx, query, args...)
	}
	return st.QueryRowContext(ctx, args...)
}

// ExecContext is here for the form only: the pool cannot write.
func (r *reading) ExecContext(context.Context, string, ...any) (sql.Result, error) {
	return nil, errors.New("store: the reading pool does not write")
}

// among is the condition that a column is one of a list, which is the n-th
// parameter and made by list. One text serves lists of any length, so that the
// statement can be kept.
func among(column string, n int) string {
	return column + " in (select value from json_each($" + strconv.Itoa(n) + "))"
}

// list is a parameter for among.
func list[K ~string](keys []K) string {
	b, err := json.Marshal(keys)
	if err != nil {
		panic("store: a list of texts does not marshal: " + err.Error()) // cannot be
	}
	return string(b)
}

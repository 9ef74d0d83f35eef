// Package store is the bank's memory: one SQL text that SQLite runs embedded
// (and PostgreSQL will run on a server), its migrations, and the acts that must
// be whole: everything one act changes, with its audit, in one durable commit.
//
// It decides nothing that package payment or authserver decides. It refuses to
// open the data of another environment, data sealed with another key, and data
// that another process is writing.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/desk"
	"okienko/bank/partner"
)

// Config sets up a store.
type Config struct {
	// Path is the file of the data. "" and ":memory:" mean a private file that
	// is removed at Close: it promises nothing about a crash, and is fast for it.
	Path        string
	Environment partner.Environment
	Key         []byte     // 32 bytes; seals personal numbers and message texts
	Clock       bank.Clock // bank clock
	Wall        bank.Clock // wall clock: the hours of the logs' segments
	Node        string     // names this process in the logs; "" is "node"
	Log         *slog.Logger
}

// The mistakes of opening, for errors.Is.
var (
	ErrEnvironment = errors.New("store: the data belongs to another environment")
	ErrKey         = errors.New("store: the data was sealed with another key")
	ErrLocked      = errors.New("store: another process has the data open")
	ErrNewer       = errors.New("store: the data was written by a later version of the program")
)

// Store is an open store. Its methods may be called by many goroutines.
type Store struct {
	environment partner.Environment
	clock, wall bank.Clock
	node        string
	log         *slog.Logger
	sealer

	writer  *writer
	read    *reading // committed data only
	logs    *accessLog
	cleanup []func() error // run at Close, last first
	closing sync.Once
	closed  error
}

// Open opens the data, making or migrating it as needed.
func Open(ctx context.Context, cfg Config) (_ *Store, err error) {
	s := &Store{environment: cfg.Environment, clock: cfg.Clock, wall: cfg.Wall, node: cfg.Node, log: cfg.Log}
	if s.node == "" {
		s.node = "node"
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.sealer, err = newSealer(cfg.Key); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.release())
		}
	}()
	path, lasting, err := s.place(cfg.Path)
	if err != nil {
		return nil, err
	}
	if err := s.openWriter(ctx, path, lasting); err != nil {
		return nil, err
	}
	if err := s.settleIn(ctx); err != nil {
		return nil, err
	}
	if err := s.openReading(path); err != nil {
		return nil, err
	}
	s.logs = openAccessLog(s)
	return s, nil
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

// Close finishes what is being written, flushes the access log and closes the
// data. Twice is harmless.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.closed = errors.Join(s.logs.close(), s.release())
	})
	return s.closed
}

func (s *Store) atClose(f func() error) { s.cleanup = append(s.cleanup, f) }

func (s *Store) release() error {
	var errs []error
	for i := len(s.cleanup) - 1; i >= 0; i-- {
		errs = append(errs, s.cleanup[i]())
	}
	s.cleanup = nil
	return errors.Join(errs...)
}

// Ping tells whether the data can be read, for readiness checks.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.read.QueryRowContext(ctx, "select id from meta").Scan(&one)
}

// querier is what statements run on: the reading pool or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// maxTries bounds how often an act is tried that meets another writer.
const maxTries = 5

// write runs f in one transaction of the one writer and commits durably, with
// the audit that f recorded. f may run again when it met another writer, so it
// changes nothing but the transaction and what it sets anew each time.
func (s *Store) write(ctx context.Context, f func(ctx context.Context, tx *writeTx) error) error {
	for try := 1; ; try++ {
		err := s.writer.transact(ctx, s, f)
		if !errors.Is(err, desk.ErrConflict) || try == maxTries {
			return err
		}
	}
}

// writeTx is the transaction of a writing act.
type writeTx struct {
	w             *writer
	records       []audit.Record
	trail, access chain // where the logs end with this transaction
	// leaves brings what the writer knows up to date when the transaction is
	// committed. Without it the writer forgets everything that it knew.
	leaves func()
}

// audit records what the act did; it is chained and kept with the act's own
// commit.
func (t *writeTx) audit(records ...audit.Record) { t.records = append(t.records, records...) }

func (t *writeTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	st, err := t.w.statement(ctx, query) //nolint:sqlclosecheck // kept, and closed with the writer
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

func (t *writeTx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	st, err := t.w.statement(ctx, query) //nolint:sqlclosecheck // kept, and closed with the writer
	if err != nil {
		return t.w.conn.QueryRowContext(ctx, query, args...) // fails again, and carries the error
	}
	return st.QueryRowContext(ctx, args...)
}

func (t *writeTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	st, err := t.w.statement(ctx, query) //nolint:sqlclosecheck // kept, and closed with the writer
	if err != nil {
		return nil, err
	}
	return st.ExecContext(ctx, args...)
}

// Package store is the bank's memory: one SQL text that SQLite runs embedded
// and PostgreSQL on a server, its migrations, and the acts that must be whole:
// everything one act changes, with its audit, in one durable commit.
//
// It decides nothing that package payment or authserver decides. It refuses to
// open the data of another environment, data sealed with another key, and a
// file that another process is writing. A database on a server may be opened by
// any number of nodes at once.
package store

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync"
	"time"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/desk"
	"okienko/bank/partner"
)

// Config sets up a store.
type Config struct {
	// Path is the file of the data. "" and ":memory:" mean a private file that
	// is removed at Close: it promises nothing about a crash, and is fast for it.
	Path string
	// DSN names a PostgreSQL database instead of a file: "postgres://…" or
	// "host=… dbname=…", several hosts with target_session_attrs=read-write where
	// a cluster fails over.
	DSN         string
	Connections int // to that database, at most; 0 is 32
	Environment partner.Environment
	Key         []byte     // 32 bytes; seals personal numbers and message texts
	Clock       bank.Clock // bank clock
	Wall        bank.Clock // wall clock: the hours of the logs' segments
	Node        string     // names this process in the logs; "" is "node"
	Log         *slog.Logger

	patience time.Duration // with a database that does not answer; tests have less
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

	engine  engine
	read    querier // committed data only
	logs    *accessLog
	replays replays
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
	switch {
	case cfg.DSN != "" && cfg.Path != "":
		return nil, errors.New("store: the data lies either in a file or in a database")
	case cfg.DSN != "":
		err = s.openPostgres(ctx, cfg)
	default:
		err = s.openSQLite(ctx, cfg)
	}
	if err != nil {
		return nil, err
	}
	s.logs, s.replays.s = openAccessLog(s), s
	return s, nil
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

// engine is what a store's statements run on.
type engine interface {
	dialect() dialect
	// transact runs f in one transaction and commits it durably with the audit
	// that f recorded. Nothing of it remains when it returns an error, which
	// wraps desk.ErrConflict when trying again makes sense.
	transact(ctx context.Context, s *Store, r room, f func(ctx context.Context, tx *writeTx) error) error
	// within is Store.Within, and draft is Store.Draft.
	within(ctx context.Context, s *Store, f func(desk.Tx) error) error
	draft(ctx context.Context, s *Store, f func(desk.Tx) error) (*draft, error)
}

// room says how an act stands to the batches of the desk, which decide over
// what they have read and must not be overtaken. It means nothing to SQLite,
// whose one writer lets in one act or batch at a time.
type room int

const (
	// inside changes what batches know: it waits for the batch that is being
	// written, and the next one reads anew.
	inside room = iota
	// beside changes what batches read each time: it waits as well.
	beside
	// outside has nothing to do with what batches read or write.
	outside
)

// maxTries bounds how often an act is tried that meets another writer.
const maxTries = 5

// write runs f in one transaction that no batch of the desk interleaves with,
// and commits durably, with the audit that f recorded. f may run again when it
// met another writer, so it changes nothing but the transaction and what it sets
// anew each time. The rows that it decides over it reads with held.
func (s *Store) write(ctx context.Context, f func(ctx context.Context, tx *writeTx) error) error {
	return s.act(ctx, inside, f)
}

// act is write for acts that leave some or all of the batches alone.
func (s *Store) act(ctx context.Context, r room, f func(ctx context.Context, tx *writeTx) error) error {
	for try := 1; ; try++ {
		err := s.engine.transact(ctx, s, r, f)
		if !errors.Is(err, desk.ErrConflict) {
			return err
		}
		if try == maxTries {
			return bank.Refuse(bank.Busy, "Too many are writing at once. Try again shortly.").Because(err)
		}
	}
}

// writeTx is the transaction of a writing act.
type writeTx struct {
	querier
	scribe
	records       []audit.Record
	trail, access chain // where the logs end with this transaction
	count         int64 // of ahead, once this is committed; SQLite only
}

// scribe writes what may wait for the commit: where the engine is across a
// wire, all of it goes there in one journey.
type scribe interface {
	// put writes rows of one kind.
	put(ctx context.Context, b bulk, rows [][]any) error
	// must runs a statement that changes exactly one row. That it did not is a
	// conflict: somebody else has changed what it relied on.
	must(ctx context.Context, text string, args ...any) error
}

// audit records what the act did; it is chained and kept with the act's own
// commit.
func (t *writeTx) audit(records ...audit.Record) { t.records = append(t.records, records...) }

var (
	errClosed = errors.New("store: closed")
	errReads  = errors.New("store: the reading pool does not write")
)

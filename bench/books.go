package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the drivers that the store uses
	_ "modernc.org/sqlite"

	"okienko/bank/partner"
	"okienko/clock"
	"okienko/store"
)

// engine is what keeps books.
type engine string

const (
	embedded   engine = "SQLite"
	postgreSQL engine = "PostgreSQL"
)

// books are one bank's memory.
type books struct {
	engine engine
	where  string // a file, or the address of a database
}

// open opens the tables themselves.
func (b books) open() (*sql.DB, error) {
	if b.engine == postgreSQL {
		return sql.Open("pgx", b.where)
	}
	return sql.Open("sqlite", b.where)
}

// store opens the books as the bank does. Several nodes may share those of a
// server, under names of their own.
func (b books) store(ctx context.Context, node string) (*store.Store, error) {
	cfg := store.Config{Environment: partner.Test, Key: make([]byte, 32), Clock: clock.Wall{}, Wall: clock.Wall{}, Node: node}
	if b.engine == postgreSQL {
		cfg.DSN = b.where
	} else {
		cfg.Path = b.where
	}
	return store.Open(ctx, cfg)
}

// loading makes a connection fast and careless while books are made.
func (b books) loading() []string {
	if b.engine == postgreSQL {
		return []string{
			"set session_replication_role = replica", // references are right by construction
			"set maintenance_work_mem = '1GB'", "set synchronous_commit = off", "begin",
		}
	}
	return []string{"pragma journal_mode = off", "pragma synchronous = off", "pragma cache_size = -524288", "pragma temp_store = file"}
}

// loaded leaves books as a bank that is long at work has them.
func (b books) loaded() []string {
	if b.engine == postgreSQL {
		return []string{"drop table k", "commit", "vacuum analyze"}
	}
	return []string{"pragma journal_mode = wal"}
}

// emptied empties tables that are about to be filled. What fills a table in the
// transaction that has emptied it needs no log at wal_level=minimal.
func (b books) emptied(tables string) []string {
	if b.engine == postgreSQL {
		return []string{"truncate " + tables}
	}
	return nil
}

// indexes asks for the indexes that are not those of a key: name and text.
func (b books) indexes() string {
	if b.engine == postgreSQL {
		return `select i.indexname, i.indexdef from pg_indexes i where i.schemaname = current_schema()
			and not exists (select from pg_constraint c where c.conname = i.indexname) order by 1`
	}
	return "select name, sql from sqlite_schema where type = 'index' and sql is not null order by 1"
}

// bytes is a parameter that holds bytes.
func (b books) bytes(parameter int) string {
	if b.engine == postgreSQL {
		return fmt.Sprintf("$%d::bytea", parameter)
	}
	return fmt.Sprintf("$%d", parameter)
}

// shelf is where books stand: made, copied for one measurement, thrown away.
type shelf interface {
	engine() engine
	blank(ctx context.Context, name string) (books, error)
	copyOf(ctx context.Context, b books, name string) (books, error)
	remove(ctx context.Context, b books) error
	// settle brings what lies unwritten from earlier work to the disk.
	settle(ctx context.Context) error
	// size is how much of the disk books take up.
	size(ctx context.Context, b books) (int64, error)
	// cpu and memory are those of the processes that are not this one: of the
	// database server.
	cpu() time.Duration
	memory() int64
	// commits is how many transactions a server has committed, whoever asked for
	// them; nobody counts those of a file.
	commits(ctx context.Context) int64
}

// folder is a shelf of files.
type folder string

func (folder) engine() engine                { return embedded }
func (folder) cpu() time.Duration            { return 0 }
func (folder) memory() int64                 { return 0 }
func (folder) commits(context.Context) int64 { return 0 }
func (f folder) at(name string) books        { return books{embedded, filepath.Join(string(f), name+".db")} }

func (f folder) blank(_ context.Context, name string) (books, error) { return f.at(name), nil }

func (f folder) copyOf(_ context.Context, b books, name string) (_ books, err error) {
	to := f.at(name)
	in, err := os.Open(filepath.Clean(b.where))
	if err != nil {
		return to, err
	}
	defer in.Close()
	out, err := os.OpenFile(filepath.Clean(to.where), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return to, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if _, err = io.Copy(out, in); err != nil {
		return to, err
	}
	return to, out.Sync()
}

func (folder) remove(_ context.Context, b books) error {
	for _, end := range []string{"", "-wal", "-shm", ".lock"} {
		if err := os.Remove(b.where + end); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (folder) settle(context.Context) error { return flush() }

func (folder) size(_ context.Context, b books) (int64, error) {
	info, err := os.Stat(b.where)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

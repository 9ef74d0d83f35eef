package store

import (
	"bytes"
	"context"
	"crypto/subtle"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"okienko/bank/intake"
	"okienko/bank/partner"
)

//go:embed schema/*.sql
var schema embed.FS

// adapted gives an engine the migrations with one mark replaced. SQLite reads
// "without rowid" for a table that is kept in the order of its primary key: one
// tree instead of two for each row, and one page of an account's history lies
// together. PostgreSQL reads the lines that are for it alone.
type adapted struct {
	fs.FS
	mark, word string
}

func (s adapted) Open(name string) (fs.File, error) {
	f, err := s.FS.Open(name)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || info.IsDir() {
		return f, err
	}
	text, err := fs.ReadFile(s.FS, name)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	text = bytes.ReplaceAll(text, []byte(s.mark), []byte(s.word))
	return &migration{File: f, Reader: bytes.NewReader(text)}, nil
}

// migration is a file with another text.
type migration struct {
	fs.File
	*bytes.Reader
}

func (m *migration) Read(p []byte) (int, error) { return m.Reader.Read(p) }

// ReadFile keeps fs.ReadFile from going past Open.
func (s adapted) ReadFile(name string) ([]byte, error) {
	text, err := fs.ReadFile(s.FS, name)
	return bytes.ReplaceAll(text, []byte(s.mark), []byte(s.word)), err
}

// migrate brings the tables to the program's version. Whose data it is comes
// first: the data of another environment is not touched.
func (s *Store) migrate(ctx context.Context, db *sql.DB) error {
	var made int
	if err := db.QueryRowContext(ctx, "select count(*) from sqlite_schema where name = 'meta'").Scan(&made); err != nil {
		return fmt.Errorf("store: this is no data of a bank: %w", err)
	}
	if made > 0 {
		if err := s.recognise(ctx, db); err != nil {
			return err
		}
	}
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, adapted{files, "/* clustered */", "without rowid"})
	if err != nil {
		return fmt.Errorf("store: migrations: %w", err)
	}
	return up(ctx, p)
}

// migratePostgres does the same on a server. Nodes that start together wait for
// each other; those that are at work go on: a migration only adds, and what a
// later version no longer uses is taken away one version later still
// (docs/decisions/0014-migrations.md).
func (s *Store) migratePostgres(ctx context.Context, db *sql.DB) error {
	var made bool
	if err := db.QueryRowContext(ctx, "select to_regclass('meta') is not null").Scan(&made); err != nil {
		return fmt.Errorf("store: the database: %w", err)
	}
	if made {
		if err := s.recognise(ctx, db); err != nil {
			return err
		}
	}
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	// One node migrates at a time. A lock of the session ends with the session, so
	// a node that dies in the middle stops nobody.
	alone, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300), lock.WithUnlockTimeout(1, 10))
	if err != nil {
		return fmt.Errorf("store: migrations: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, adapted{files, "-- postgresql: ", ""}, goose.WithSessionLocker(alone))
	if err != nil {
		return fmt.Errorf("store: migrations: %w", err)
	}
	return up(ctx, p)
}

func up(ctx context.Context, p *goose.Provider) error {
	sources := p.ListSources()
	have, err := p.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("store: migrations: %w", err)
	}
	if latest := sources[len(sources)-1].Version; have > latest {
		return fmt.Errorf("%w: version %d, and this program knows %d", ErrNewer, have, latest)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("store: migrations: %w", err)
	}
	return nil
}

// recognise refuses data of another environment or key. New data has neither.
func (s *Store) recognise(ctx context.Context, db *sql.DB) error {
	var environment string
	var check []byte
	err := db.QueryRowContext(ctx, "select environment, key_check from meta").Scan(&environment, &check)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil // broken off between the tables and the first words in them
	case err != nil:
		return fmt.Errorf("store: %w", err)
	case partner.Environment(environment) != s.environment:
		return fmt.Errorf("%w: it is of %q, and this bank runs in %q", ErrEnvironment, environment, s.environment)
	case subtle.ConstantTimeCompare(check, s.check) != 1:
		return ErrKey
	}
	return nil
}

// settleIn writes what every bank has from its first start: the marks of the
// data, and the bank's own accounts.
func (s *Store) settleIn(ctx context.Context) error {
	return s.write(ctx, func(ctx context.Context, tx *writeTx) error {
		now := s.clock.Now()
		_, err := tx.ExecContext(ctx, `insert into meta (id, environment, created_at, key_check) values (1, $1, $2, $3)
			on conflict (id) do nothing`, string(s.environment), micros(now), s.check)
		if err != nil {
			return fmt.Errorf("store: first start: %w", err)
		}
		var have int
		if err := tx.QueryRowContext(ctx, "select count(*) from account where kind = 'own'").Scan(&have); err != nil {
			return fmt.Errorf("store: first start: %w", err)
		}
		own := intake.Own(now)
		if have == len(own) {
			return nil
		}
		for i := range own {
			if _, err := insertAccount(ctx, tx, &own[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

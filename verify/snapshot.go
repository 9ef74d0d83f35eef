package verify

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver
)

// snapshot is the data as of one commit, of one engine.
type snapshot interface {
	// query runs a text. The rows of several queries may be read in turns.
	query(ctx context.Context, text string) (rows, error)
	// bytewise is a column of texts for "order by", in the order in which Go
	// compares strings: streams are merged by that comparison, and a database
	// may sort by the rules of a language.
	bytewise(column string) string
	// sound has the engine check what it can of its own structures.
	sound(ctx context.Context, v *verifier) error
	close(ctx context.Context) error
}

// rows are those of *sql.Rows and of a cursor.
type rows interface {
	Next() bool
	Scan(into ...any) error
	Err() error
	Close() error
}

// isDSN tells an address of a PostgreSQL database from the path of a file.
func isDSN(where string) bool {
	return strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://")
}

// file is a snapshot of the embedded store.
type file struct {
	db *sql.DB
	tx *sql.Tx
}

func openFile(ctx context.Context, path string) (_ *file, err error) {
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"mode": {"ro"}, "_pragma": {
		"busy_timeout(10000)", "query_only(1)", "cache_size(-65536)", "temp_store(file)",
	}}.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &file{db: db, tx: tx}, nil
}

func (f *file) query(ctx context.Context, text string) (rows, error) {
	r, err := f.tx.QueryContext(ctx, text) //nolint:rowserrcheck,sqlclosecheck // by who reads them
	if err != nil {
		return nil, err
	}
	return r, nil
}

// bytewise is what SQLite does by itself.
func (f *file) bytewise(column string) string { return column }

// sound has the engine check its pages, indexes, constraints and references.
func (f *file) sound(ctx context.Context, v *verifier) error {
	err := each(ctx, f, "pragma integrity_check(100)", func(scan func(...any) error) error {
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		if text != "ok" {
			v.find("data", "file", "the engine reports: %s", text)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return each(ctx, f, `select "table", coalesce(parent, '') from pragma_foreign_key_check`, func(scan func(...any) error) error {
		var table, parent string
		if err := scan(&table, &parent); err != nil {
			return err
		}
		v.dangling(table, parent)
		return nil
	})
}

func (f *file) close(context.Context) error {
	_ = f.tx.Rollback() // nothing was written
	return f.db.Close()
}

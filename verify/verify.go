// Package verify is a second pair of eyes: it adds up again, with queries of
// its own, everything that the bank claims of its money, and proves the logs'
// chains unbroken. It shares the schema with package store and nothing else, so
// that a mistake there is not repeated here.
//
// It reads one snapshot, changes nothing, and holds no table in memory: what
// does not come in the order in which it is needed is sorted by the engine, on
// disk. It may run beside a bank at work.
package verify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver
)

// Finding is one thing that does not hold.
type Finding struct {
	Check   string // "entry", "account", "hold", "payment", "counter", "operation", "audit", "access", "data"
	Subject string // the id of what is wrong
	Text    string // what is wrong with it, in words
}

func (f Finding) String() string { return f.Check + " " + f.Subject + ": " + f.Text }

// Count says how many things were looked at.
type Count struct {
	What string
	N    int64
}

// Report is what a verification has found.
type Report struct {
	Counts   []Count
	Findings []Finding // at most MaxFindings
	More     int64     // findings beyond those
}

// MaxFindings bounds the findings that are kept: data that is wrong everywhere
// is known to be wrong after the first thousand.
const MaxFindings = 1000

// Clean tells whether nothing is wrong.
func (r *Report) Clean() bool { return len(r.Findings) == 0 }

// Run verifies the data in a file. The error says that verifying itself failed;
// what it found wrong is in the report.
func Run(ctx context.Context, path string) (Report, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return Report{}, fmt.Errorf("verify: %w", err)
	}
	if _, err := os.Stat(path); err != nil {
		return Report{}, fmt.Errorf("verify: %w", err)
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"mode": {"ro"}, "_pragma": {
		"busy_timeout(10000)", "query_only(1)", "cache_size(-65536)", "temp_store(file)",
	}}.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return Report{}, fmt.Errorf("verify: %w", err)
	}
	db.SetMaxOpenConns(1)
	report, err := over(ctx, db)
	if err := errors.Join(err, db.Close()); err != nil {
		return report, fmt.Errorf("verify: %w", err)
	}
	return report, nil
}

// over verifies within one transaction: everything is seen as of one commit.
func over(ctx context.Context, db *sql.DB) (Report, error) {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return Report{}, err
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	v := &verifier{tx: tx}
	for _, check := range []func(context.Context) error{
		v.data, v.entries, v.accounts, v.holds, v.payments, v.counters, v.charges, v.operations, v.authorisations,
		v.auditChain, v.accessChain, v.recorded,
	} {
		if err := check(ctx); err != nil {
			return v.report, err
		}
	}
	return v.report, nil
}

type verifier struct {
	tx     *sql.Tx
	report Report
}

func (v *verifier) find(check, subject, format string, args ...any) {
	if len(v.report.Findings) >= MaxFindings {
		v.report.More++
		return
	}
	v.report.Findings = append(v.report.Findings, Finding{Check: check, Subject: subject, Text: fmt.Sprintf(format, args...)})
}

func (v *verifier) count(what string, n int64) {
	v.report.Counts = append(v.report.Counts, Count{What: what, N: n})
}

// data has the engine check its own pages, indexes, constraints and references.
func (v *verifier) data(ctx context.Context) error {
	rows, err := v.tx.QueryContext(ctx, "pragma integrity_check(100)")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return err
		}
		if text != "ok" {
			v.find("data", "file", "the engine reports: %s", text)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return each(ctx, v.tx, "select \"table\", coalesce(parent, '') from pragma_foreign_key_check", func(scan func(...any) error) error {
		var table, parent string
		if err := scan(&table, &parent); err != nil {
			return err
		}
		v.find("data", table, "a row refers to a row of %s that does not exist", parent)
		return nil
	})
}

// each runs f for every row of a query.
func each(ctx context.Context, tx *sql.Tx, query string, f func(scan func(...any) error) error, args ...any) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

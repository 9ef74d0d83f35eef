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
	"errors"
	"fmt"
)

// Finding is one thing that does not hold.
type Finding struct {
	Check   string // "entry", "account", "hold", "payment", "transfer", "bundle", "standing", "consent", "submission", "counter", "operation", "audit", "access", "data"
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
	// Unchecked is what this engine, as it is set up, gives no means to check.
	Unchecked []string
}

// MaxFindings bounds the findings that are kept: data that is wrong everywhere
// is known to be wrong after the first thousand.
const MaxFindings = 1000

// Clean tells whether nothing is wrong.
func (r *Report) Clean() bool { return len(r.Findings) == 0 }

// Run verifies the data in a file, or of the PostgreSQL database at a postgres://
// address. The error says that verifying itself failed; what it found wrong is in
// the report.
func Run(ctx context.Context, where string) (Report, error) {
	data, err := open(ctx, where)
	if err != nil {
		return Report{}, fmt.Errorf("verify: %w", err)
	}
	v := &verifier{data: data}
	if err := errors.Join(v.all(ctx), data.close(ctx)); err != nil {
		return v.report, fmt.Errorf("verify: %w", err)
	}
	return v.report, nil
}

func open(ctx context.Context, where string) (snapshot, error) {
	if isDSN(where) {
		return openDatabase(ctx, where)
	}
	return openFile(ctx, where)
}

func (v *verifier) all(ctx context.Context) error {
	for _, check := range []func(context.Context) error{
		v.sound, v.entries, v.accounts, v.holds, v.payments, v.transfers, v.bundles, v.standings, v.thirdParties, v.counters, v.charges, v.operations, v.authorisations,
		v.auditChain, v.accessChain, v.recorded,
	} {
		if err := check(ctx); err != nil {
			return err
		}
	}
	return nil
}

type verifier struct {
	data   snapshot
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

// unchecked tells what was not looked at, and why.
func (v *verifier) unchecked(what string) { v.report.Unchecked = append(v.report.Unchecked, what) }

// dangling finds a row of a table that refers to none.
func (v *verifier) dangling(table, parent string) {
	v.find("data", table, "a row refers to a row of %s that does not exist", parent)
}

// sound has the engine check its own structures.
func (v *verifier) sound(ctx context.Context) error { return v.data.sound(ctx, v) }

// each runs f for every row of a query.
func each(ctx context.Context, data snapshot, query string, f func(scan func(...any) error) error) error {
	r, err := data.query(ctx, query)
	if err != nil {
		return err
	}
	for r.Next() {
		if err := f(r.Scan); err != nil {
			return errors.Join(err, r.Close())
		}
	}
	return errors.Join(r.Err(), r.Close())
}

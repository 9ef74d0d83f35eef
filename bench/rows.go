package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"okienko/verify"
)

// contents are what lies in books: per table its rows, and per column of text
// or bytes how long its values are together.
type contents struct {
	rows    map[string]int64
	lengths map[string]int64 // by table.column
	payers  int64            // agreements under which something was paid
}

// columns asks for the columns of text or bytes: table and name.
func (b books) columns() string {
	if b.engine == postgreSQL {
		return `select table_name, column_name from information_schema.columns
			where table_schema = current_schema() and data_type in ('text', 'bytea') and table_name not like 'goose%'`
	}
	return `select m.name, c.name from sqlite_schema m join pragma_table_info(m.name) c
		where m.type = 'table' and m.name not like 'sqlite%' and m.name not like 'goose%' and lower(c.type) in ('text', 'bytea')`
}

func contentsOf(ctx context.Context, b books) (_ contents, err error) {
	s := contents{rows: map[string]int64{}, lengths: map[string]int64{}}
	db, err := b.open()
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	columns, err := db.QueryContext(ctx, b.columns())
	if err != nil {
		return s, err
	}
	defer columns.Close()
	tables := map[string][]string{}
	for columns.Next() {
		var table, column string
		if err := columns.Scan(&table, &column); err != nil {
			return s, err
		}
		tables[table] = append(tables[table], column)
	}
	if err := columns.Err(); err != nil {
		return s, err
	}
	for table, names := range tables {
		sums, into := make([]string, len(names)), make([]any, len(names)+1)
		var rows int64
		lengths := make([]int64, len(names))
		into[0] = &rows
		for i, c := range names {
			sums[i], into[i+1] = "coalesce(sum(octet_length("+c+")), 0)", &lengths[i]
		}
		if err := db.QueryRowContext(ctx, "select count(*), "+strings.Join(sums, ", ")+" from "+table).Scan(into...); err != nil {
			return s, err
		}
		s.rows[table] = rows
		for i, c := range names {
			s.lengths[table+"."+c] = lengths[i]
		}
	}
	err = db.QueryRowContext(ctx, "select count(distinct agreement_id) from payment").Scan(&s.payers)
	return s, err
}

// written says what a run has added to its books, in words that are the same
// for two designs that write the same rows: rows for each payment (for the
// limits' counters, which are kept once for each payer: for each payer) and the
// length of every column of an added row. A chain's segment is named by whoever
// keeps the chain, so the length of that name is left out.
func written(before, after contents) []string {
	var out []string
	payments := after.rows["payment"] - before.rows["payment"]
	for _, table := range slices.Sorted(maps.Keys(after.rows)) {
		added, by := after.rows[table]-before.rows[table], "payment"
		if added == 0 || table == "chain_segment" { // one an hour, whoever is at work then
			continue
		}
		n := payments
		if table == "counter" {
			n, by = after.payers-before.payers, "payer"
		}
		line := fmt.Sprintf("%-10s %.2f rows a %s:", table, float64(added)/float64(n), by)
		for _, column := range slices.Sorted(maps.Keys(after.lengths)) {
			if name, ok := strings.CutPrefix(column, table+"."); ok && column != "audit.segment" {
				line += fmt.Sprintf(" %s %.1f", name, float64(after.lengths[column]-before.lengths[column])/float64(added))
			}
		}
		out = append(out, line)
	}
	return out
}

// proven has package verify add books up, and says what a run wrote into them.
func proven(ctx context.Context, b books, before contents, payments int64) ([]string, error) {
	if err := b.verify(ctx); err != nil {
		return nil, err
	}
	after, err := contentsOf(ctx, b)
	if err != nil {
		return nil, err
	}
	if got := after.rows["payment"] - before.rows["payment"]; got != payments {
		return nil, fmt.Errorf("%d payments were acknowledged and %d are in the books", payments, got)
	}
	return written(before, after), nil
}

// verify has package verify add books up.
func (b books) verify(ctx context.Context) error {
	r, err := verify.Run(ctx, b.where)
	if err == nil && !r.Clean() {
		err = fmt.Errorf("verify finds: %v", r.Findings[0])
	}
	return err
}

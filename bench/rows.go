package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"okienko/verify"
)

// shape is what lies in a file: per table its rows, and per column of text or
// bytes how long its contents are together.
type shape struct {
	rows    map[string]int64
	lengths map[string]int64 // by table.column
	payers  int64            // agreements under which something was paid
}

func shapeOf(ctx context.Context, path string) (_ shape, err error) {
	s := shape{rows: map[string]int64{}, lengths: map[string]int64{}}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	columns, err := db.QueryContext(ctx, `select m.name, c.name from sqlite_schema m join pragma_table_info(m.name) c
		where m.type = 'table' and m.name not like 'sqlite%' and m.name not like 'goose%' and lower(c.type) in ('text', 'bytea')`)
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
			sums[i], into[i+1] = "coalesce(sum(length(cast("+c+" as blob))), 0)", &lengths[i]
		}
		if err := db.QueryRowContext(ctx, "select count(*), "+strings.Join(sums, ", ")+" from "+table).Scan(into...); err != nil {
			return s, err
		}
		s.rows[table] = rows
		for i, c := range names {
			s.lengths[table+"."+c] = lengths[i]
		}
	}
	return s, db.QueryRowContext(ctx, "select count(distinct agreement_id) from payment").Scan(&s.payers)
}

// written says what a run has added to its file, in words that are the same for
// two designs that write the same rows: rows for each payment (for the limits'
// counters, which are kept once for each payer: for each payer) and the length
// of every column of an added row.
func written(before, after shape) []string {
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
			if name, ok := strings.CutPrefix(column, table+"."); ok {
				line += fmt.Sprintf(" %s %.1f", name, float64(after.lengths[column]-before.lengths[column])/float64(added))
			}
		}
		out = append(out, line)
	}
	return out
}

// proven has package verify add a file up, and says what a run wrote into it.
func proven(ctx context.Context, path string, before shape, payments int64) ([]string, error) {
	r, err := verify.Run(ctx, path)
	if err != nil {
		return nil, err
	}
	if !r.Clean() {
		return nil, fmt.Errorf("verify finds in %s: %v", path, r.Findings[0])
	}
	after, err := shapeOf(ctx, path)
	if err != nil {
		return nil, err
	}
	if got := after.rows["payment"] - before.rows["payment"]; got != payments {
		return nil, fmt.Errorf("%d payments were acknowledged and %d are in %s", payments, got, path)
	}
	return written(before, after), nil
}

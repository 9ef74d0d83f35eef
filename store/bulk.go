package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// bulk is a statement that writes rows of one kind. SQLite runs it row by row,
// because a row that is written costs there the same either way; PostgreSQL
// runs it once for all rows, because a statement costs there more than a row.
type bulk struct {
	table   string
	columns string
	key     string // the last of the columns, by which rows are changed; "" inserts them
	end     string // what follows an insert, such as "on conflict …"
}

// exact means that each row of the bulk must change one row of the table.
func (b bulk) exact() bool { return b.end == "" }

func (b bulk) names() []string {
	names := strings.Split(b.columns, ",")
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	return names
}

// one is the statement for one row, its columns being $1, $2 …
func (b bulk) one() string {
	names := b.names()
	if b.key == "" {
		return "insert into " + b.table + " (" + b.columns + ") values (" + join(names, func(i int, _ string) string { return param(i) }) + ") " + b.end
	}
	last := len(names) - 1
	return "update " + b.table + " set " + join(names[:last], func(i int, n string) string { return n + " = " + param(i) }) +
		" where " + b.key + " = " + param(last)
}

// all is the statement for any number of rows, each column being an array: $1
// is an array of the first one, and so on.
func (b bulk) all(types []string) string {
	unnest := "unnest(" + join(types, func(i int, t string) string { return param(i) + "::" + t }) + ")"
	if b.key == "" {
		return "insert into " + b.table + " (" + b.columns + ") select * from " + unnest + " " + b.end
	}
	names := b.names()
	return "update " + b.table + " set " + join(names[:len(names)-1], func(_ int, n string) string { return n + " = n." + n }) +
		" from " + unnest + " n(" + b.columns + ") where " + b.table + "." + b.key + " = n." + b.key
}

func param(i int) string { return "$" + strconv.Itoa(i+1) }

func join(texts []string, f func(int, string) string) string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = f(i, t)
	}
	return strings.Join(out, ", ")
}

// columnar turns rows into one array for each column, and says of what type
// they are. Values are texts, whole numbers, bytes and booleans.
func columnar(rows [][]any) (types []string, columns []any, err error) {
	width := len(rows[0])
	types, columns = make([]string, width), make([]any, width)
	for c, first := range rows[0] {
		switch first.(type) {
		case string:
			types[c] = "text[]"
			columns[c], err = column[string](rows, c)
		case int64:
			types[c] = "bigint[]"
			columns[c], err = column[int64](rows, c)
		case []byte:
			types[c] = "bytea[]"
			columns[c], err = column[[]byte](rows, c)
		case bool:
			types[c] = "boolean[]"
			columns[c], err = column[bool](rows, c)
		default:
			err = fmt.Errorf("store: column %d of a row is a %T", c+1, first)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return types, columns, nil
}

func column[V any](rows [][]any, c int) ([]V, error) {
	out := make([]V, len(rows))
	for i, r := range rows {
		v, ok := r[c].(V)
		if !ok {
			return nil, fmt.Errorf("store: column %d holds a %T beside a %T", c+1, r[c], out[0])
		}
		out[i] = v
	}
	return out, nil
}

// put writes rows of one kind, which columns makes out of values.
func put[V any](ctx context.Context, tx *writeTx, b bulk, values []V, columns func(V) ([]any, error)) error {
	if len(values) == 0 {
		return nil
	}
	rows := make([][]any, len(values))
	for i, v := range values {
		var err error
		if rows[i], err = columns(v); err != nil {
			return fmt.Errorf("store: %s: %w", b.table, err)
		}
	}
	return tx.put(ctx, b, rows)
}

package store

import (
	"strconv"
	"strings"
	"time"
)

// micros is an instant as it is kept: microseconds since 1970 in UTC, and 0 for
// the zero time, which means "not (yet)".
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// instant reads what micros kept.
func instant(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// blob is bytes for a column that is never null: drivers take nil for null.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// inList prints the parameters of an IN list: "($3, $4, $5)" for first 3, n 3.
func inList(first, n int) string {
	var b strings.Builder
	b.Grow(2 + n*6)
	for i := range n {
		if i == 0 {
			b.WriteString("($")
		} else {
			b.WriteString(", $")
		}
		b.WriteString(strconv.Itoa(first + i))
	}
	b.WriteByte(')')
	return b.String()
}

// args are keys of any text type as parameters.
func args[K ~string](keys []K) []any {
	out := make([]any, len(keys))
	for i, k := range keys {
		out[i] = string(k)
	}
	return out
}

// scanner is a row: *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

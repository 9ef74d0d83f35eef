package store

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// dialect is which engine's words a text is in. Almost every text is the same
// for both; it is written as PostgreSQL has it, and inSQLite says it again.
type dialect int

// The engines.
const (
	inSQLite dialect = iota
	inPostgreSQL
)

// places is a table of the numbers in a list, with their places from 1 on.
func (d dialect) places(param, as string) string {
	if d == inPostgreSQL {
		return "unnest(" + param + "::bigint[]) with ordinality " + as
	}
	name, _, _ := strings.Cut(as, "(")
	return "(select value as at, key + 1 as place from json_each(" + param + ")) " + name
}

var (
	anyOf   = regexp.MustCompile(`= any\((\$\d+)\)`)
	locking = regexp.MustCompile(` for (no key update|share)( of \w+)?`)
)

// spoken is a text in SQLite's words: a list is a JSON array, and no row is
// locked, because the one writer has the whole file.
func spoken(text string) string {
	text = anyOf.ReplaceAllString(text, "in (select value from json_each($1))")
	return unnumbered(locking.ReplaceAllString(text, ""))
}

// spokenArgs are the parameters of such a text.
func spokenArgs(args []any) []any {
	for i, a := range args {
		switch a.(type) {
		case []string, []int64:
			out := append([]any(nil), args...)
			for j := i; j < len(out); j++ {
				switch out[j].(type) {
				case []string, []int64:
					text, err := json.Marshal(out[j])
					if err != nil {
						panic(fmt.Sprintf("store: a list does not marshal: %v", err)) // cannot be
					}
					out[j] = string(text)
				}
			}
			return out
		}
	}
	return args
}

// unnumbered is a text with "?" for $1, $2 … where they stand once each and in
// this order, as in almost every text: the driver asks SQLite for the name of
// every parameter that has one, at every call.
func unnumbered(query string) string {
	out := make([]byte, 0, len(query))
	next := 1
	for i := 0; i < len(query); i++ {
		if query[i] != '$' {
			out = append(out, query[i])
			continue
		}
		n := 0
		for i+1 < len(query) && '0' <= query[i+1] && query[i+1] <= '9' {
			i++
			n = n*10 + int(query[i]-'0')
		}
		if n != next {
			return query
		}
		next++
		out = append(out, '?')
	}
	return string(out)
}

// heldOf is held for one table of a join.
func heldOf(q querier, table string) string {
	if h := held(q); h != "" {
		return h + " of " + table
	}
	return ""
}

// held asks for the rows that an act decides over to stay as they are until it
// has committed: what a transaction reads is locked, what the pool reads is not.
// The lock is the weakest that another writer of the row waits for; rows that
// only refer to it need not wait.
func held(q querier) string {
	if _, writing := q.(*writeTx); writing {
		return " for no key update"
	}
	return ""
}

package store

import (
	"context"
	"fmt"
)

// question is a query and what becomes of each of its rows.
type question struct {
	what  string // for errors
	query string
	args  []any
	row   func(scanner) error
}

// questions are asked together: one after the other where the engine is in this
// process, and in one journey where it is across a wire.
type questions []question

func (qs *questions) ask(what, query string, row func(scanner) error, args ...any) {
	*qs = append(*qs, question{what: what, query: query, args: args, row: row})
}

// put asks them one after the other.
func (qs questions) put(ctx context.Context, q querier) error {
	for _, one := range qs {
		if err := each(ctx, q, one.query, one.row, one.args...); err != nil {
			return fmt.Errorf("loading %s: %w", one.what, err)
		}
	}
	return nil
}

// load asks for the rows of a list of keys and puts them into a map; what does
// not exist is nil in it.
func load[K ~string, V any](qs *questions, keys []K, into map[K]*V, what, query string,
	scan func(scanner) (V, error), key func(*V) K) {
	if len(keys) == 0 {
		return
	}
	for _, k := range keys {
		into[k] = nil
	}
	qs.ask(what, query, func(row scanner) error {
		v, err := scan(row)
		into[key(&v)] = &v
		return err
	}, list(keys))
}

// list is a list of keys as a parameter of "= any($n)".
func list[K ~string](keys []K) []string {
	texts := make([]string, len(keys))
	for i, k := range keys {
		texts[i] = string(k)
	}
	return texts
}

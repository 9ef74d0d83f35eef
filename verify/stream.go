package verify

import (
	"context"
	"errors"
)

// stream is a query whose rows come in order of a key. Several streams over the
// same key are walked side by side, so that rows which belong together meet
// without a table in memory.
type stream[T any] struct {
	rows rows
	scan func(scan func(...any) error, row *T) (key string, err error)
	row  T
	key  string
	more bool
	n    int64 // rows read
	err  error
}

func read[T any](ctx context.Context, data snapshot, query string, scan func(scan func(...any) error, row *T) (string, error)) (*stream[T], error) {
	r, err := data.query(ctx, query)
	if err != nil {
		return nil, err
	}
	s := &stream[T]{rows: r, scan: scan}
	s.next()
	return s, s.err
}

func (s *stream[T]) next() {
	s.more = false
	if s.err != nil || !s.rows.Next() {
		s.err = errors.Join(s.err, s.rows.Err())
		return
	}
	var row T
	if s.key, s.err = s.scan(s.rows.Scan, &row); s.err == nil {
		s.row, s.more = row, true
		s.n++
	}
}

// of gives the rows of one key, and tells orphan of every row before it, which
// belongs to nothing.
func (s *stream[T]) of(key string, orphan func(key string, row T)) []T {
	s.until(key, orphan)
	var out []T
	for s.more && s.key == key {
		out = append(out, s.row)
		s.next()
	}
	return out
}

func (s *stream[T]) until(key string, orphan func(key string, row T)) {
	for s.more && s.key < key {
		orphan(s.key, s.row)
		s.next()
	}
}

// end tells orphan of every row that is left, and closes the stream.
func (s *stream[T]) end(orphan func(key string, row T)) error {
	for s.more {
		orphan(s.key, s.row)
		s.next()
	}
	return errors.Join(s.err, s.rows.Close())
}

package store

import (
	"strconv"
	"time"

	"okienko/bank/payment"
)

// The size of a page when none, or a larger one, is asked for.
const (
	usualPage   = 50
	largestPage = 1000
)

func pageSize(p payment.Page) int {
	switch {
	case p.Size <= 0:
		return usualPage
	case p.Size > largestPage:
		return largestPage
	}
	return p.Size
}

// filter gathers the conditions of a list. Its texts are few, so that their
// statements are kept: values are always parameters.
type filter struct {
	text []byte
	args []any
}

// and adds a condition that ends with the value it is given.
func (q *filter) and(condition string, value any) {
	if len(q.text) > 0 {
		q.text = append(q.text, " and "...)
	}
	q.text = append(q.text, condition...)
	q.param(value)
}

func (q *filter) param(value any) {
	q.args = append(q.args, value)
	q.text = append(q.text, '$')
	q.text = strconv.AppendInt(q.text, int64(len(q.args)), 10)
}

// created restricts and orders a list by (created_at, id), newest first, and
// cuts one page out of it.
func (q *filter) created(from, to time.Time, p payment.Page) {
	q.within("created_at", from, to)
	if !p.Before.At.IsZero() {
		q.and("(created_at, id) < (", micros(p.Before.At))
		q.text = append(q.text, ", "...)
		q.param(p.Before.ID)
		q.text = append(q.text, ')')
	}
	q.text = append(q.text, " order by created_at desc, id desc limit "...)
	q.param(pageSize(p))
}

// within restricts a column of instants; from is inclusive, to exclusive.
func (q *filter) within(column string, from, to time.Time) {
	if !from.IsZero() {
		q.and(column+" >= ", micros(from))
	}
	if !to.IsZero() {
		q.and(column+" < ", micros(to))
	}
}

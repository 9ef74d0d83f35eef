package mbank

import (
	"strconv"

	"okienko/bank"
	"okienko/bank/calendar"
	"okienko/bank/xs2a"
	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/wire"
)

// query reads the query of a call. A parameter that is not known is refused: one
// that is misspelt and ignored would show too much (psd2 §10 case 51).
func (c *call) query(known ...string) (edge.Form, error) {
	q, err := edge.ParseQuery(c.R.URL.RawQuery)
	if err != nil {
		return q, wire.Refuse(bodyError, "query").Because(err)
	}
	if len(q.Unknown(known...)) > 0 {
		return q, wire.Refuse(bodyError, "unknown parameter in the query")
	}
	return q, nil
}

// The size of a page. A larger one is cut down (psd2 §10 case 48).
const (
	usualPage   = 50
	largestPage = 100
)

// The parameters of a list of transactions (psd2 §3.2).
const (
	byStatus = "transactionStatus"
	fromDay  = "transactionDateFrom"
	toDay    = "transactionDateTo"
	pageSize = "pageSize"
	fromID   = "transactionIdFrom"
	cursor   = "cursor"
)

var listParameters = []string{byStatus, fromDay, toDay, pageSize, fromID, cursor}

// readList reads the filters of a list of transactions.
func (c *call) readList() (psd2.Query, edge.Form, error) {
	f, err := c.query(listParameters...)
	if err != nil {
		return psd2.Query{}, f, err
	}
	q := psd2.Query{Size: usualPage}
	if s, ok := f.Get(byStatus); ok {
		right, known := wire.Inside(lists, s)
		if !known {
			return q, f, bank.RefuseField(byStatus, "It is one of DONE, PENDING, SCHEDULED, REJECTED, HOLD, CANCELLED.")
		}
		q.Rights = []xs2a.Right{right}
	}
	if q.From, err = day(f, fromDay); err != nil {
		return q, f, err
	}
	if q.To, err = day(f, toDay); err != nil {
		return q, f, err
	}
	if !q.From.IsZero() && !q.To.IsZero() && q.To.Before(q.From) {
		return q, f, bank.RefuseField(toDay, "The end lies before the beginning.")
	}
	if s, ok := f.Get(pageSize); ok {
		n, err := strconv.ParseInt(s, 10, 32)
		if err != nil || n < 1 || strconv.FormatInt(n, 10) != s {
			return q, f, bank.RefuseField(pageSize, "A page has at least one transaction.")
		}
		q.Size = int(min(n, largestPage))
	}
	q.After, _ = f.Get(fromID)
	if s, ok := f.Get(cursor); ok {
		if s == "" {
			return q, f, bank.RefuseField(cursor, "It is empty.")
		}
		q.Cursor = s
	}
	return q, f, nil
}

// day reads a day in Warsaw, the zero Date when it is not asked for.
func day(f edge.Form, name string) (calendar.Date, error) {
	s, ok := f.Get(name)
	if !ok {
		return calendar.Date{}, nil
	}
	d, err := calendar.ParseDate(s)
	if err != nil {
		return calendar.Date{}, bank.RefuseField(name, "A date is needed, 2026-11-21.")
	}
	return d, nil
}

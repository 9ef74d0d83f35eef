package psd2

import (
	"context"
	"slices"
	"time"

	"okienko/bank/calendar"
	"okienko/bank/money"
	"okienko/bank/xs2a"
)

// Filter restricts what a query finds, beside its lists and days (PolishAPI
// getTransactions…, psd2 §2.4). The zero Filter restricts nothing.
type Filter struct {
	BookedFrom, BookedTo calendar.Date // days in Warsaw, both inclusive; what has no booking is not asked for one
	Least, Most          money.Amount  // without a currency: any; both inclusive, in the account's currency
	Direction            Direction
}

// Direction is which way money moves.
type Direction string

// The directions.
const (
	BothWays Direction = ""
	Credits  Direction = "credit"
	Debits   Direction = "debit"
)

// days are the first and the last day of a list, zero where nothing is said. What
// is booked is booked when it happens, so both pairs of days restrict it.
func (q *Query) days(right xs2a.Right) (first, last calendar.Date) {
	first, last = q.From, q.To
	if right != xs2a.ReadDone {
		return first, last
	}
	if !q.BookedFrom.IsZero() && (first.IsZero() || q.BookedFrom.After(first)) {
		first = q.BookedFrom
	}
	if !q.BookedTo.IsZero() && (last.IsZero() || q.BookedTo.Before(last)) {
		last = q.BookedTo
	}
	return first, last
}

// fits is the test of one item, nil when every item passes.
func (f *Filter) fits() func(*Item) bool {
	least, most := f.Least.Currency() != "", f.Most.Currency() != ""
	if !least && !most && f.Direction == BothWays {
		return nil
	}
	return func(i *Item) bool {
		return (!least || i.Amount.Minor() >= f.Least.Minor()) && (!most || i.Amount.Minor() <= f.Most.Minor()) &&
			(f.Direction == BothWays || i.Credit == (f.Direction == Credits))
	}
}

// text is the filter in the seal of a cursor.
func (f *Filter) text() []string {
	amount := func(a money.Amount) string {
		if a.Currency() == "" {
			return ""
		}
		return a.String()
	}
	if *f == (Filter{}) {
		return nil
	}
	return []string{dayText(f.BookedFrom), dayText(f.BookedTo), amount(f.Least), amount(f.Most), string(f.Direction)}
}

// scanned is how many movements of one source a call looks at, at most. A filter
// that nearly nothing passes would otherwise read years of an account in one call;
// so a page may be short, even empty, and still have a next one.
const scanned = 1000

// collect reads the n newest items of a source after a place that pass its test.
// stopped is the last one that was looked at, when it was not all.
func (s *source) collect(ctx context.Context, from place, n int) (items []Item, stopped *place, err error) {
	if s.fits == nil {
		items, err = s.read(ctx, s, from.in(s.rank), n)
		s.mark(items)
		return items, nil, err
	}
	for looked := 0; looked < scanned; {
		size := min(max(n, scanned/5), scanned-looked)
		some, err := s.read(ctx, s, from.in(s.rank), size)
		if err != nil {
			return nil, nil, err
		}
		s.mark(some)
		for i := range some {
			if s.fits(&some[i]) {
				if items = append(items, some[i]); len(items) == n {
					return items, nil, nil
				}
			}
		}
		if len(some) < size {
			return items, nil, nil
		}
		from, looked = placeOf(&some[len(some)-1]), looked+len(some)
	}
	return items, &from, nil
}

func (s *source) mark(items []Item) {
	for j := range items {
		items[j].rank = s.rank
	}
}

// merge takes the n newest items of all sources after a place, and nothing that
// is not newer than the last one. stopped is where it ended before all was looked
// at; nothing behind that place is among the items.
func merge(ctx context.Context, sources []source, from place, newerThan time.Time, n int) (all []Item, stopped *place, err error) {
	for i := range sources {
		s := &sources[i]
		if !newerThan.IsZero() && s.from.Before(newerThan) {
			s.from = newerThan
		}
		items, end, err := s.collect(ctx, from, n)
		if err != nil {
			return nil, nil, err
		}
		if end != nil && (stopped == nil || end.before(stopped)) {
			stopped = end
		}
		all = append(all, items...)
	}
	if len(sources) > 1 {
		slices.SortStableFunc(all, func(a, b Item) int {
			if by := b.At.Compare(a.At); by != 0 {
				return by
			}
			return a.rank - b.rank // within one source the order is the source's own
		})
	}
	if stopped != nil {
		for i := range all {
			if at := placeOf(&all[i]); stopped.before(&at) {
				all = all[:i]
				break
			}
		}
	}
	return all[:min(n, len(all))], stopped, nil
}

// before tells whether a place comes before another on the pages, newest first.
// Two places of one source at one instant keep the source's order, which their
// sequence or id tells.
func (p *place) before(o *place) bool {
	if by := o.at.Compare(p.at); by != 0 {
		return by < 0
	}
	if p.rank != o.rank {
		return p.rank < o.rank
	}
	if p.seq != o.seq {
		return p.seq > o.seq
	}
	return p.id > o.id
}

package cells

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// eyes look at the books of one cell past its store, with queries of their own,
// also while the cell is down.
type eyes struct {
	db       *sql.DB
	peer     string
	balances map[string]int64
	kinds    map[string]string
	sent     map[string]int64 // what left for the other cell and is not settled: entry and amount
	took     map[string]int64 // what was booked of its messages and is not settled, by the sender's entry
	settled  map[string]bool  // its messages that were booked here
	at, seq  int64            // of the last posting that was read
}

func openEyes(p Place, peer string) (*eyes, error) {
	db, err := sql.Open(p.Driver, p.Source)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return &eyes{db: db, peer: peer, sent: map[string]int64{}, took: map[string]int64{}, settled: map[string]bool{}}, nil
}

// look reads what has changed since the last look.
func (e *eyes) look(ctx context.Context) error {
	e.balances, e.kinds = map[string]int64{}, map[string]string{}
	err := e.each(ctx, func(r *sql.Rows) error {
		var id, kind string
		var booked int64
		err := r.Scan(&id, &kind, &booked)
		e.balances[id], e.kinds[id] = booked, kind
		return err
	}, "select id, kind, booked from account")
	if err != nil {
		return err
	}
	return e.each(ctx, func(r *sql.Rows) error {
		var id string
		var amount int64
		if err := r.Scan(&id, &amount, &e.at, &e.seq); err != nil {
			return err
		}
		if amount > 0 {
			e.sent[id] = amount
			return nil
		}
		of, _, _ := strings.Cut(strings.TrimPrefix(id, "in:"+e.peer+":"), "#")
		e.took[of] -= amount
		return nil
	}, "select entry_id, amount, at, seq from posting where account_id = $1 and (at, seq) > ($2, $3) order by at, seq",
		"own-cell-"+e.peer, e.at, e.seq)
}

func (e *eyes) each(ctx context.Context, f func(*sql.Rows) error, query string, args ...any) (err error) {
	r, err := e.db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for r.Next() {
		if err := f(r); err != nil {
			return err
		}
	}
	return r.Err()
}

// customers is what stands on the accounts of customers and what waits to be
// given to one.
func (e *eyes) customers() int64 {
	sum := e.balances[string(unplacedAccount)] + e.balances[string(rejectedAccount)]
	for id, kind := range e.kinds {
		if kind == "customer" {
			sum += e.balances[id]
		}
	}
	return sum
}

// count checks that no money was lost or made: what customers of both cells
// have, with what is in flight between them, is what it was at the beginning.
func (s *sim) count(ctx context.Context) error {
	a, b := s.eyes[0], s.eyes[1]
	for _, e := range s.eyes {
		if err := e.look(ctx); err != nil {
			return err
		}
		var all int64
		for _, booked := range e.balances {
			all += booked
		}
		if all != 0 {
			return fmt.Errorf("the books of the peer of %s do not balance: off by %d", e.peer, all)
		}
		if stays := e.balances[string(rejectedAccount)]; stays != 0 {
			return fmt.Errorf("%d stays on the account of what is rejected", stays)
		}
	}
	there, errThere := settle(a, b)
	back, errBack := settle(b, a)
	if err := errors.Join(errThere, errBack); err != nil {
		return err
	}
	s.inFlight = there + back
	if s.inFlight > s.report.MostInFlight {
		s.report.MostInFlight = s.inFlight
	}
	if have := a.customers() + b.customers() + s.inFlight; have != s.money {
		return fmt.Errorf("customers have %d, %d is in flight: money of %d was %s",
			have-s.inFlight, s.inFlight, abs(have-s.money), word(have > s.money, "made", "lost"))
	}
	if owed := a.balances["own-cell-"+a.peer] + b.balances["own-cell-"+b.peer]; owed != s.inFlight {
		return fmt.Errorf("the clearing accounts add up to %d, and %d is in flight", owed, s.inFlight)
	}
	return nil
}

// settle strikes out what has left one cell and was booked in the other, and
// adds up the rest.
func settle(from, to *eyes) (inFlight int64, err error) {
	for id, took := range to.took {
		switch left, ok := from.sent[id]; {
		case to.settled[id]:
			return 0, fmt.Errorf("%s was booked twice", id)
		case !ok:
			return 0, fmt.Errorf("%s was booked with %d and never left", id, took)
		case left != took:
			return 0, fmt.Errorf("%s left with %d and was booked with %d", id, left, took)
		}
		delete(from.sent, id)
		delete(to.took, id)
		to.settled[id] = true
	}
	for _, amount := range from.sent {
		inFlight += amount
	}
	return inFlight, nil
}

func abs(n int64) int64 { return max(n, -n) }

func word(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}

package cells

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"okienko/bank/account"
	"okienko/bank/ledger"
	"okienko/verify"
)

// The fates of a message in the cell that it came to.
const (
	notTaken = "not taken"
	placedAt = "placed"
	sentBack = "sent back"
	unplaced = "unplaced"
)

// fate is what a cell's books say of a message that came to it.
func (c *cell) fate(ctx context.Context, m *message) (string, error) {
	for _, at := range []struct {
		account account.ID
		fate    string
	}{{c.numbers[m.payee.Number], placedAt}, {rejectedAccount, sentBack}, {unplacedAccount, unplaced}} {
		e, err := c.entry(ctx, at.account, m.incoming())
		if err != nil {
			return "", err
		}
		if e != nil {
			return at.fate, nil
		}
	}
	return notTaken, nil
}

// settleAll lets the weather clear: both cells are up and stay up, every caller
// gets an answer, everything sent arrives. It must come to rest.
func (s *sim) settleAll(ctx context.Context) error {
	s.calm = true
	for range 100 {
		for _, c := range s.cells {
			if err := s.restart(ctx, c); err != nil {
				return err
			}
			c.dies = never
		}
		for len(s.waiting) > 0 {
			if err := s.askAgain(ctx); err != nil {
				return fmt.Errorf("cells: at the end: %w", err)
			}
		}
		for i := range s.cells {
			if err := s.send(ctx, i); err != nil {
				return err
			}
		}
		if len(s.air) == 0 {
			return s.count(ctx)
		}
		for len(s.air) > 0 {
			if err := s.arrive(ctx); err != nil {
				return fmt.Errorf("cells: at the end: %w", err)
			}
			if err := s.count(ctx); err != nil {
				return fmt.Errorf("cells: at the end: %w", err)
			}
		}
	}
	return errors.New("cells: messages never come to rest")
}

// judge checks the end: nothing is in flight, every transfer was done exactly
// once or came back, every account has what the model says.
func (s *sim) judge(ctx context.Context) error {
	if s.inFlight != 0 {
		return fmt.Errorf("cells: %d is in flight for ever", s.inFlight)
	}
	for _, o := range s.orders {
		if o.transfer == nil {
			continue
		}
		if err := s.judgeTransfer(ctx, o); err != nil {
			return fmt.Errorf("cells: %s %s: %w", o.what, o.id, err)
		}
	}
	for i, c := range s.cells {
		for _, id := range append(slices.Sorted(maps.Values(c.numbers)), unplacedAccount) {
			want := s.model[id]
			if id == unplacedAccount {
				want = s.model["unplaced of "+account.ID(c.name)]
			}
			if got := s.eyes[i].balances[string(id)]; got != want {
				return fmt.Errorf("cells: on account %s of cell %s stands %d, and the orders add up to %d", id, c.name, got, want)
			}
		}
		if err := c.bury(); err != nil {
			return err
		}
		r, err := verify.Run(ctx, c.place.Verify)
		if err != nil {
			return err
		}
		if !r.Clean() {
			return fmt.Errorf("cells: verifying cell %s: %v", c.name, r.Findings)
		}
	}
	return nil
}

// judgeTransfer follows one transfer through both books.
func (s *sim) judgeTransfer(ctx context.Context, o *order) error {
	t, home, away := o.transfer, s.cells[o.cell], s.cells[1-o.cell]
	e, err := home.entry(ctx, t.from, ledger.EntryID(t.id))
	switch {
	case err != nil:
		return err
	case o.refused && e != nil:
		return errors.New("it was refused and is in the books")
	case o.refused:
		return nil
	case e == nil:
		return errors.New("it was acknowledged and is not in the books")
	case e.Amount != pln(-t.amount):
		return fmt.Errorf("%d was ordered and %v is in the books", t.amount, e.Amount)
	case cellOf(t.to) == home.name:
		return nil // the payee's side is in the same entry
	}
	there := &message{id: e.ID, from: home.name}
	there.payee.Number = t.to
	fate, err := away.fate(ctx, there)
	if err != nil {
		return err
	}
	payee, known := away.numbers[t.to]
	switch fate {
	case placedAt:
		s.met("at the end: placed")
		s.model[payee] += t.amount
		return nil
	case sentBack:
		if known && !s.closed[payee] {
			return errors.New("it came back, and the payee's account was always there")
		}
	default:
		return fmt.Errorf("at the end it is %s", fate)
	}
	back := &message{id: "re:" + e.ID, from: away.name, kind: returned}
	back.payee.Number = home.number(t.from)
	fate, err = home.fate(ctx, back)
	switch {
	case err != nil:
		return err
	case fate == placedAt:
		s.met("at the end: returned to the payer")
		s.model[t.from] += t.amount
	case fate == unplaced && s.closed[t.from]:
		s.met("at the end: returned, and the payer's account was closed")
		s.model["unplaced of "+account.ID(home.name)] += t.amount
	default:
		return fmt.Errorf("its return is %s", fate)
	}
	return nil
}

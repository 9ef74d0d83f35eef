package cells

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/payment"
)

// order is what somebody wants of a cell. Who gets no answer asks again, under
// the same id, until there is one.
type order struct {
	id       string
	what     string
	cell     int
	do       func(ctx context.Context, c *cell) error
	done     func() // tells the model; called once
	refused  bool
	transfer *transfer // of a transfer, also a sweep
	leaves   bool      // the account is closed when it is done
}

// placed is a hold that the model knows to stand.
type placed struct {
	cell   int
	id     ledger.HoldID
	payer  string
	amount int64
	asked  bool // somebody is ending it
}

// order hands an order in and learns the outcome, or does not.
func (s *sim) order(ctx context.Context, o *order) error {
	if o == nil {
		return nil
	}
	c := s.cells[o.cell]
	if !c.up {
		s.met("ordered of a cell that was down")
		s.waiting = append(s.waiting, o)
		return nil
	}
	if s.broken == SendsEarly && o.transfer != nil && cellOf(o.transfer.to) != c.name {
		s.air = append(s.air, parcel{to: 1 - o.cell, message: s.early(c, o.transfer)})
	}
	err := o.do(ctx, c)
	var no *bank.Refusal
	switch {
	case c.killed:
		s.waiting = append(s.waiting, o)
		return s.died(c, "in an order")
	case errors.As(err, &no):
		o.refused = true
		s.met("%s: refused, %s", o.what, no.Code)
		return nil
	case err != nil:
		return fmt.Errorf("%s %s: %w", o.what, o.id, err)
	}
	s.met("%s: done", o.what)
	o.done()
	if o.leaves {
		return s.closing(ctx, c, o.transfer.from)
	}
	return nil
}

// early is the message of a transfer as an outbox beside the transaction would
// send it.
func (s *sim) early(c *cell, t *transfer) *message {
	m := &message{id: ledger.EntryID(t.id), from: c.name, kind: ledger.Transfer, amount: pln(t.amount), payee: ledger.Party{Number: t.to}}
	m.payer.Number = c.number(t.from)
	return m
}

// askAgain lets one caller without an answer ask again.
func (s *sim) askAgain(ctx context.Context) error {
	if len(s.waiting) == 0 {
		return nil
	}
	i := s.rng.IntN(len(s.waiting))
	o := s.waiting[i]
	s.waiting = slices.Delete(s.waiting, i, i+1)
	return s.order(ctx, o)
}

// draw draws a new order of a cell.
func (s *sim) draw(i int) *order {
	o := &order{id: "o" + strconv.Itoa(len(s.orders)+1), cell: i}
	payer := s.cells[i].name + "-" + withMoney()[s.rng.IntN(len(withMoney()))]
	amount := 1 + s.rng.Int64N(20_000)
	switch n := s.rng.IntN(100); {
	case n < 15:
		s.asPayment(o, payer, amount, nil)
	case n < 22:
		s.asHold(o, payer, amount)
	case n < 32:
		if !s.asEnding(o) {
			return nil
		}
	case n < 37: // the partner's money is collected in the first cell
		o.cell, o.what = 1, "sweep"
		s.asTransfer(o, "b-"+shop, s.numberOf("a", len(withMoney())+len(dormant())), 1+s.rng.Int64N(50_000))
	case n < 50: // a dormant account pays out all that stands on it, and is closed
		o.what, o.leaves = "transfer of everything", true
		from := s.cells[i].name + "-" + dormant()[s.rng.IntN(len(dormant()))]
		if amount = s.eyes[i].balances[from]; amount <= 0 {
			return nil
		}
		to := s.anyNumber()
		if s.rng.IntN(4) != 0 {
			to = s.numberOf(s.cells[1-i].name, 900) // nobody's: it comes back, and finds the account closed
		}
		s.asTransfer(o, from, to, amount)
	default:
		o.what = "transfer"
		if s.rng.IntN(40) == 0 {
			amount = 10 * opening // more than anybody has
		}
		s.asTransfer(o, payer, s.anyNumber(), amount)
	}
	s.orders = append(s.orders, o)
	return o
}

func (s *sim) numberOf(cell string, n int) string {
	nr, err := number(cell, n)
	if err != nil {
		panic(err) // the bank code is our own
	}
	return nr
}

// anyNumber is a number of either cell, sometimes one that nobody has.
func (s *sim) anyNumber() string {
	n := s.rng.IntN(len(withMoney()) + len(dormant()) + 1)
	if s.rng.IntN(15) == 0 {
		n = 900 + s.rng.IntN(100)
	}
	return s.numberOf(s.cells[s.rng.IntN(2)].name, n)
}

func (s *sim) asTransfer(o *order, from, to string, amount int64) {
	t := &transfer{id: o.id, from: account.ID(from), to: to, amount: amount}
	o.transfer = t
	o.do = func(ctx context.Context, c *cell) error { return c.pay(ctx, *t) }
	o.done = func() {
		s.model[t.from] -= amount
		if to, local := s.cells[o.cell].numbers[t.to]; local {
			s.model[to] += amount
		}
	}
}

// submit hands an order in at the cell's desk, in the partner's name.
func submit(ctx context.Context, c *cell, payer string, d payment.Draft) (payment.Outcome, error) {
	return c.desk.Do(ctx, &payment.Submit{Agreement: consent.ID(payer), AccountRef: "ref-" + payer, Draft: d})
}

// asPayment is a payment to the shop, through the partner's interface and under
// its limits; it may capture a hold.
func (s *sim) asPayment(o *order, payer string, amount int64, hold *placed) {
	o.what = "payment"
	d := payment.Draft{Kind: payment.Pay, OperationID: o.id, Amount: pln(amount), Title: "Payment " + o.id}
	if hold != nil {
		o.what, d.Hold = "capture", hold.id
	}
	o.do = func(ctx context.Context, c *cell) error {
		_, err := submit(ctx, c, payer, d)
		return err
	}
	o.done = func() {
		s.model[account.ID(payer)] -= amount
		s.model[account.ID(s.cells[o.cell].name+"-"+shop)] += amount
	}
}

func (s *sim) asHold(o *order, payer string, amount int64) {
	o.what = "hold"
	h := &placed{cell: o.cell, payer: payer, amount: amount}
	o.do = func(ctx context.Context, c *cell) error {
		out, err := submit(ctx, c, payer, payment.Draft{Kind: payment.PlaceHold, OperationID: o.id, Amount: pln(amount), Title: "Hold " + o.id})
		if err == nil {
			h.id = out.Hold.ID
		}
		return err
	}
	o.done = func() { s.holds = append(s.holds, h) }
}

// asEnding captures a hold, in part, or releases it; false when none stands.
func (s *sim) asEnding(o *order) bool {
	i := slices.IndexFunc(s.holds, func(h *placed) bool { return !h.asked })
	if i < 0 {
		return false
	}
	h := s.holds[i]
	h.asked = true
	o.cell = h.cell
	if s.rng.IntN(2) == 0 {
		s.asPayment(o, h.payer, 1+s.rng.Int64N(h.amount), h)
		return true
	}
	o.what = "release"
	o.do = func(ctx context.Context, c *cell) error {
		_, err := c.desk.Do(ctx, &payment.Release{
			Hold: h.id, By: audit.Actor{Kind: audit.Partner, ID: shop}, Agreement: consent.ID(h.payer), AccountRef: "ref-" + h.payer,
		})
		return err
	}
	o.done = func() {}
	return true
}

package cells

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"okienko/bank/account"
	"okienko/bank/desk"
	"okienko/bank/ledger"
	"okienko/bank/partner"
	"okienko/bank/payment"
	"okienko/clock"
	"okienko/store"
)

// Place is where the books of one cell are kept.
type Place struct {
	Keep           func(*store.Config) // fills in where
	Driver, Source string              // of database/sql, for the second pair of eyes
	Verify         string              // where, for package verify
}

// moment is when a cell dies.
type moment int

// The moments of dying. They lie on both sides of the one thing that counts,
// the commit; all that a cell holds in memory is lost either way.
const (
	never moment = iota
	beforeCommit
	afterCommit // what was done stands, and nobody was told
)

// errKilled comes out of an act in which the cell died. Its caller learns
// nothing: neither that it was done nor that it was not.
var errKilled = errors.New("cells: killed")

// cell is one cell: its books, which outlive it, and its process, which does not.
type cell struct {
	name  string
	peer  string
	place Place
	clock *clock.Manual
	ids   int // never given twice, whatever dies

	up     bool
	dies   moment // at the next act
	taking bool   // the act at hand books a message for the first time
	spares bool   // dies only in an act that does
	killed bool   // died in an act, and is not buried yet
	store  *store.Store
	desk   *desk.Desk
	// numbers finds the accounts of this cell. Which account has which number
	// never changes, so it may be kept in memory.
	numbers map[string]account.ID

	// The outbox's memory: which messages were sent, at which step, and which the
	// other cell has taken. It is lost with the process; mark, below which all are taken, is written down now and
	// then, so it may be old and is never too new.
	sent  map[ledger.EntryID]int
	taken map[ledger.EntryID]bool
	mark  payment.Place
}

// NewID makes identifiers that a seed makes again.
func (c *cell) NewID() string {
	c.ids++
	return c.name + "-" + strconv.Itoa(c.ids)
}

func (c *cell) now() time.Time { return c.clock.Now() }

// start opens the books as they were left.
func (c *cell) start(ctx context.Context) error {
	cfg := store.Config{Environment: partner.Test, Key: make([]byte, 32), Clock: c.clock, Wall: c.clock, Node: "cell-" + c.name}
	c.place.Keep(&cfg)
	s, err := store.Open(ctx, cfg)
	if err != nil {
		return fmt.Errorf("cells: starting cell %s: %w", c.name, err)
	}
	c.store, c.up, c.dies, c.taken = s, true, never, map[ledger.EntryID]bool{}
	c.sent = map[ledger.EntryID]int{}
	c.desk = desk.New(desk.Config{Book: book{c}, Clock: c.clock, Wall: c.clock, IDs: c})
	return nil
}

// bury ends the process. Of what it had not committed nothing remains.
func (c *cell) bury() error {
	c.up, c.killed, c.dies, c.sent, c.taken = false, false, never, nil, nil
	c.desk.Close()
	return c.store.Close()
}

// book is the cell's memory with death in it: every act of the cell goes
// through it, those of the desk and those of clearing.
type book struct{ c *cell }

func (b book) Within(ctx context.Context, f func(desk.Tx) error) error {
	dies := b.c.dies
	if b.c.spares && !b.c.taking {
		dies = never
	} else {
		b.c.dies = never
	}
	err := b.c.store.Within(ctx, func(tx desk.Tx) error {
		if err := f(tx); err != nil {
			return err
		}
		if dies == beforeCommit {
			return errKilled
		}
		return nil
	})
	if err == nil && dies == afterCommit {
		err = errKilled
	}
	if errors.Is(err, errKilled) {
		b.c.killed = true
	}
	return err
}

// entry finds an entry by its posting on an account, nil when there is none.
func (c *cell) entry(ctx context.Context, a account.ID, id ledger.EntryID) (*payment.Transaction, error) {
	t, err := c.store.Transaction(ctx, a, id)
	if isNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &t, nil
}

// number is the number of an account of this cell.
func (c *cell) number(a account.ID) string {
	for number, id := range c.numbers {
		if id == a {
			return number
		}
	}
	return ""
}

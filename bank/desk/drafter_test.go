package desk_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"okienko/bank/desk"
	"okienko/bank/ledger"
	"okienko/bank/payment"
)

// drafter is a book that can be decided ahead: drafts stand in a line, each sees
// what those before it change, and is void when one of them was not written.
type drafter struct {
	*book
	drafts, commits chan struct{} // one receive for each, when set
	drafting        func(n int) error
	committing      func(n int) error // before anything is written
	committed       func(n int)       // after all is written, before Commit returns

	mu      sync.Mutex
	line    []*draft // not written yet
	sizes   []int64  // entries of each draft
	written int
}

type draft struct {
	of      *drafter
	n       int
	changes *payment.Changes
	void    bool
}

func newDrafter() *drafter { return &drafter{book: newBook()} }

// drafted is how many batches have been decided ahead.
func (b *drafter) drafted() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.sizes)
}

func (b *drafter) Within(ctx context.Context, f func(desk.Tx) error) error {
	b.mu.Lock()
	for _, d := range b.line { // whatever waits was decided without this
		d.void = true
	}
	b.line = nil
	b.mu.Unlock()
	return b.book.Within(ctx, f)
}

func (b *drafter) Draft(ctx context.Context, f func(desk.Tx) error) (desk.Draft, error) {
	if b.drafts != nil {
		<-b.drafts
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	d := &draft{of: b, n: len(b.sizes) + 1}
	if b.drafting != nil {
		if err := b.drafting(d.n); err != nil {
			b.sizes = append(b.sizes, 0)
			return nil, err
		}
	}
	if err := b.Book.Within(ctx, func(tx desk.Tx) error { return f(&overLine{tx, d}) }); err != nil {
		return nil, err
	}
	b.line = append(b.line, d)
	size := 0
	if d.changes != nil {
		size = len(d.changes.Entries)
	}
	b.sizes = append(b.sizes, int64(size))
	return d, nil
}

// overLine is the transaction of a draft.
type overLine struct {
	desk.Tx
	d *draft
}

func (t *overLine) Load(ctx context.Context, n payment.Needs, into *payment.State) error {
	if err := t.Tx.Load(ctx, n, into); err != nil {
		return err
	}
	for _, before := range t.d.of.line {
		if before.changes != nil {
			into.Advance(before.changes)
		}
	}
	return nil
}

func (t *overLine) Write(_ context.Context, c *payment.Changes) error {
	t.d.changes = c
	return nil
}

func (d *draft) Commit(ctx context.Context) error {
	b := d.of
	if b.commits != nil {
		<-b.commits
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.committing != nil {
		if err := b.committing(d.n); err != nil {
			for _, behind := range b.line {
				behind.void = true
			}
			b.line = nil
			return err
		}
	}
	if d.void || len(b.line) == 0 || b.line[0] != d {
		return fmt.Errorf("void: %w", desk.ErrConflict)
	}
	if d.changes != nil {
		if err := b.Book.Within(ctx, func(tx desk.Tx) error { return tx.Write(ctx, d.changes) }); err != nil {
			return err
		}
	}
	b.line = b.line[1:]
	b.written++
	if b.committed != nil {
		b.committed(d.n)
	}
	return nil
}

// callers give orders and keep what they are answered.
type callers struct {
	t *testing.T
	d *desk.Desk
	sync.WaitGroup

	mu       sync.Mutex
	answered int
	errs     []error
	entries  map[ledger.EntryID]int
}

func callersOf(t *testing.T, d *desk.Desk) *callers {
	return &callers{t: t, d: d, entries: map[ledger.EntryID]int{}}
}

// give has n callers move one grosz each to an account, and returns when nothing
// goes on any more without them.
func (c *callers) give(n int, to ...payment.Order) {
	for range n {
		for _, o := range to {
			c.Go(func() {
				out, err := c.d.Do(c.t.Context(), o)
				c.mu.Lock()
				defer c.mu.Unlock()
				c.answered++
				if err != nil {
					c.errs = append(c.errs, err)
				} else if out.Entry != nil {
					c.entries[out.Entry.ID]++
				}
			})
		}
	}
	synctest.Wait()
}

func (c *callers) heard(n int) {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answered != n {
		c.t.Errorf("%d callers were answered, want %d", c.answered, n)
	}
}

// done demands that everybody got an entry, and each another one.
func (c *callers) done(n int) {
	c.t.Helper()
	c.Wait()
	c.heard(n)
	if len(c.errs) > 0 || len(c.entries) != n {
		c.t.Errorf("%d entries for %d callers, and %v", len(c.entries), n, c.errs)
	}
}

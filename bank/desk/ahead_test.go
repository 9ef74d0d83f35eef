package desk_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"okienko/bank"
	"okienko/bank/desk"
	"okienko/bank/ledger"
	"okienko/bank/payment"
)

// The next batch is decided while one is being written, over what that one
// leaves; and nobody is answered before the own batch is written.
func TestTheNextBatchIsDecidedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newDrafter()
		b.commits = make(chan struct{})
		d, seen := open(b, nil)
		c := callersOf(t, d)
		c.give(1, move("a"))
		if b.drafted() != 1 || b.written != 0 {
			t.Fatalf("%d drafts, %d written", b.drafted(), b.written)
		}
		c.give(1, &payment.Book{Kind: ledger.Cash, From: "a", To: "b", Amount: pln(1)})
		if b.drafted() != 2 || b.written != 0 {
			t.Errorf("%d drafts while the first is being written, want 2", b.drafted())
		}
		c.give(1, move("b"))
		if b.drafted() != 2 {
			t.Errorf("%d drafts: one is written, one is decided, no more", b.drafted())
		}
		c.heard(0)
		for i := range 3 {
			b.commits <- struct{}{}
			synctest.Wait()
			c.heard(i + 1)
		}
		c.done(3)
		d.Close()
		if s := *seen; len(s) != 3 || b.written != 3 || b.transactions() != 0 {
			t.Errorf("%+v; %d drafts written, %d transactions", s, b.written, b.transactions())
		}
		b.has(t, "a", 0)
		b.has(t, "b", 2)
	})
}

// An answer leaves after Commit has returned, not when all is written.
func TestAnswersLeaveAfterTheCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newDrafter()
		reached, release := make(chan struct{}), make(chan struct{})
		b.committed = func(int) {
			close(reached)
			<-release
		}
		d, _ := open(b, nil)
		c := callersOf(t, d)
		c.give(1, move("a"))
		<-reached
		c.heard(0)
		close(release)
		c.done(1)
		d.Close()
	})
}

// A draft that is void, and the one that was decided over it, are decided again,
// and every caller is answered once.
func TestAVoidDraftIsDecidedAgain(t *testing.T) {
	for name, broken := range map[string]func() error{
		"a conflict": func() error { return fmt.Errorf("others: %w", desk.ErrConflict) },
		"an error":   func() error { return errors.New("disk full") },
		"a panic":    func() error { panic("a mistake of the store") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newDrafter()
				b.drafts, b.commits = make(chan struct{}), make(chan struct{})
				b.committing = func(n int) error {
					if n == 2 {
						return broken()
					}
					return nil
				}
				d, seen := open(b, nil)
				c := callersOf(t, d)
				c.give(1, move("a"))
				c.give(4, move("a")) // the second batch
				b.drafts <- struct{}{}
				b.drafts <- struct{}{}
				b.commits <- struct{}{} // the first is written, the second being written
				synctest.Wait()
				c.heard(1)
				c.give(4, move("b")) // the third, over the second
				b.drafts <- struct{}{}
				synctest.Wait()
				b.commits <- struct{}{}
				synctest.Wait()
				c.heard(5)
				if b.transactions() != 1 {
					t.Errorf("%d transactions for one void draft", b.transactions())
				}
				b.commits <- struct{}{}
				c.done(9)
				d.Close()
				if s := *seen; len(s) != 3 || s[1].Orders != 4 || s[2].Orders != 4 || b.written != 1 || b.transactions() != 2 {
					t.Errorf("%+v; %d drafts written, %d transactions", s, b.written, b.transactions())
				}
				b.has(t, "a", 5)
				b.has(t, "b", 4)
			})
		})
	}
}

// What cannot be decided ahead is decided in its turn, whatever keeps it.
func TestWhatCannotBeDraftedIsDecidedInItsTurn(t *testing.T) {
	for name, drafting := range map[string]func(int) error{
		"a conflict": func(int) error { return fmt.Errorf("others: %w", desk.ErrConflict) },
		"an error":   func(int) error { return errors.New("unreachable") },
		"a panic":    func(int) error { panic("a mistake of the store") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newDrafter()
				b.drafting = drafting
				d, _ := open(b, nil)
				c := callersOf(t, d)
				for range 3 {
					c.give(3, move("a"))
				}
				c.done(9)
				d.Close()
				if b.written != 0 {
					t.Errorf("%d drafts were written", b.written)
				}
				b.has(t, "a", 9)
			})
		})
	}
}

// What came while a batch waited that could not be decided ahead is decided with
// it: nothing overlaps then, and two commits would cost twice as much as one.
func TestWhatCannotBeDraftedTakesWhatCameMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newDrafter()
		b.gate = make(chan struct{})
		b.drafting = func(int) error { return desk.ErrConflict }
		d, seen := open(b, func(c *desk.Config) { c.Batch = 6 })
		c := callersOf(t, d)
		c.give(1, move("a")) // is being written
		c.give(1, move("a")) // waits, and could not be drafted
		c.give(7, move("a")) // come meanwhile
		close(b.gate)
		c.done(9)
		d.Close()
		if s := *seen; len(s) != 3 || s[0].Orders != 1 || s[1].Orders != 6 || s[2].Orders != 2 {
			t.Errorf("%+v", s)
		}
	})
}

// A book that cannot be reached is not asked for each order again.
func TestABusyCommitAnswersEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newDrafter()
		b.drafts = make(chan struct{})
		b.committing = func(n int) error {
			if n == 2 {
				return bank.Refuse(bank.Busy, "The database cannot be reached.")
			}
			return nil
		}
		d, seen := open(b, nil)
		c := callersOf(t, d)
		c.give(1, move("a"))
		c.give(5, move("a"))
		close(b.drafts)
		c.Wait()
		d.Close()
		if len(c.errs) != 5 || b.transactions() != 0 {
			t.Errorf("%d of 5 were refused, after %d more transactions", len(c.errs), b.transactions())
		}
		for _, err := range c.errs {
			if bank.CodeOf(err) != bank.Busy {
				t.Errorf("%v", err)
			}
		}
		if s := *seen; len(s) != 2 || s[0].Failed || !s[1].Failed || s[1].Orders != 5 {
			t.Errorf("%+v", s)
		}
		b.has(t, "a", 1)
	})
}

// Malformed orders break a draft off, and then take only themselves down.
func TestMalformedOrdersInADraft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newDrafter()
		b.drafts = make(chan struct{})
		d, _ := open(b, nil)
		c := callersOf(t, d)
		c.give(1, move("a"))
		c.give(1, move("a"), nil, (*payment.Submit)(nil), move("a"))
		close(b.drafts)
		c.Wait()
		d.Close()
		if len(c.errs) != 2 || len(c.entries) != 3 {
			t.Errorf("%v", c.errs)
		}
		b.has(t, "a", 3)
	})
}

// While a batch is being written, as many orders are gathered as that one has,
// and not the first that comes back; none lingers once it is written.
func TestBatchesAreGatheredToTheSizeOfTheOneBeingWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newDrafter()
		b.drafts, b.commits = make(chan struct{}, 1), make(chan struct{})
		d, _ := open(b, nil)
		c := callersOf(t, d)
		c.give(1, move("a"))
		c.give(8, move("a"))
		b.drafts <- struct{}{} // the first, of one
		b.drafts <- struct{}{} // the second, of eight
		close(b.drafts)
		b.commits <- struct{}{}
		synctest.Wait() // eight are being written
		for i := range 7 {
			c.give(1, move("b"))
			if n := b.drafted(); n != 2 {
				t.Fatalf("the third batch was decided over %d orders", i+1)
			}
		}
		c.give(1, move("b"))
		if n := b.drafted(); n != 3 || b.sizes[2] != 8 {
			t.Fatalf("%v: eight wait, as many as are being written", b.sizes)
		}
		b.commits <- struct{}{}
		synctest.Wait() // eight are being written again
		c.give(3, move("b"))
		if n := b.drafted(); n != 3 {
			t.Fatalf("%v: three wait behind eight", b.sizes)
		}
		b.commits <- struct{}{}
		synctest.Wait() // nothing is being written
		if n := b.drafted(); n != 4 || b.sizes[3] != 3 {
			t.Fatalf("%v: three linger", b.sizes)
		}
		b.commits <- struct{}{}
		c.done(20)
		d.Close()
		b.has(t, "b", 11)
	})
}

// No batch is larger than it may be, however large the one before was.
func TestDraftsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newDrafter()
		b.drafts = make(chan struct{})
		d, _ := open(b, func(c *desk.Config) { c.Batch = 4 })
		c := callersOf(t, d)
		c.give(11, move("a"))
		close(b.drafts)
		c.done(11)
		d.Close()
		for _, n := range b.sizes {
			if n > 4 {
				t.Errorf("batches of %v, at most 4 are allowed", b.sizes)
			}
		}
		b.has(t, "a", 11)
	})
}

// Whoever goes while the order still queues has not given it; whoever goes when
// it is decided has, written or not.
func TestCallersWhoGoWhileABatchIsBeingWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newDrafter()
		b.drafts, b.commits = make(chan struct{}), make(chan struct{})
		d, _ := open(b, nil)
		c := callersOf(t, d)
		c.give(1, move("a"))
		c.give(3, move("a"))
		b.drafts <- struct{}{}
		b.drafts <- struct{}{}
		b.commits <- struct{}{}
		synctest.Wait() // three are being written
		ctx, leave := context.WithCancel(t.Context())
		var gone sync.WaitGroup
		gone.Go(func() {
			if _, err := d.Do(ctx, move("b")); !errors.Is(err, context.Canceled) {
				t.Errorf("%v", err)
			}
		})
		synctest.Wait()
		leave()
		gone.Wait()
		decided, leaveDecided := context.WithCancel(t.Context())
		c.give(1, move("a"))
		gone.Go(func() {
			if _, err := d.Do(decided, move("b")); !errors.Is(err, context.Canceled) {
				t.Errorf("%v", err)
			}
		})
		synctest.Wait() // a batch of three, one of whom has gone
		b.drafts <- struct{}{}
		synctest.Wait()
		leaveDecided()
		gone.Wait()
		b.commits <- struct{}{}
		b.commits <- struct{}{}
		c.done(5)
		d.Close()
		b.has(t, "a", 5)
		b.has(t, "b", 1)
	})
}

// A batch of which everybody has gone is none.
func TestABatchWithoutCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newDrafter()
		b.drafts = make(chan struct{})
		d, _ := open(b, nil)
		c := callersOf(t, d)
		c.give(1, move("a"))
		ctx, leave := context.WithCancel(t.Context())
		var gone sync.WaitGroup
		for range 3 {
			gone.Go(func() { _, _ = d.Do(ctx, move("b")) })
		}
		synctest.Wait()
		leave()
		gone.Wait()
		close(b.drafts)
		c.done(1)
		d.Close()
		if b.drafted() != 1 || b.transactions() != 0 {
			t.Errorf("%d drafts, %d transactions for one order", b.drafted(), b.transactions())
		}
		b.has(t, "b", 0)
	})
}

// Close answers what is being written, what is decided, and what waits.
func TestCloseWritesWhatIsDecidedAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newDrafter()
		b.commits = make(chan struct{})
		b.committing = func(n int) error {
			if n == 2 {
				return fmt.Errorf("others: %w", desk.ErrConflict)
			}
			return nil
		}
		d, _ := open(b, func(c *desk.Config) { c.Batch = 4 })
		c := callersOf(t, d)
		for range 5 {
			c.give(4, move("a"))
		}
		closed := make(chan struct{})
		go func() {
			defer close(closed)
			d.Close()
		}()
		synctest.Wait()
		select {
		case <-closed:
			t.Error("closed while orders wait")
		default:
		}
		close(b.commits)
		<-closed
		c.done(20)
		b.has(t, "a", 20)
	})
}

// Close does not return while the last batch is being written: the book is closed
// next.
func TestCloseWaitsForTheLastBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newDrafter()
		b.commits = make(chan struct{})
		d, _ := open(b, nil)
		c := callersOf(t, d)
		c.give(1, move("a"))
		closed := make(chan struct{})
		go func() {
			defer close(closed)
			d.Close()
		}()
		synctest.Wait()
		select {
		case <-closed:
			t.Error("closed while a batch is being written")
		default:
		}
		b.commits <- struct{}{}
		<-closed
		c.done(1)
	})
}

// Many callers, with drafts that are void at random.
func TestManyCallersAhead(t *testing.T) {
	b := newDrafter()
	b.committing = func(n int) error {
		if n%5 == 0 {
			return fmt.Errorf("others: %w", desk.ErrConflict)
		}
		return nil
	}
	d, _ := open(b, func(c *desk.Config) { c.Batch = 16 })
	const n, each = 32, 50
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			for range each {
				if _, err := d.Do(t.Context(), move("a")); err != nil {
					t.Errorf("%v", err)
				}
			}
		})
	}
	all.Wait()
	d.Close()
	if b.written == 0 {
		t.Error("nothing was decided ahead")
	}
	b.has(t, "a", n*each)
}

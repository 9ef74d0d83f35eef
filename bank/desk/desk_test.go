package desk_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/desk"
	"okienko/bank/desk/memory"
	"okienko/bank/ledger"
	"okienko/bank/money"
	"okienko/bank/payment"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type stopped struct{}

func (stopped) Now() time.Time { return time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC) }

type ids struct {
	mu sync.Mutex
	n  int
}

func (i *ids) NewID() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.n++
	return fmt.Sprint("id-", i.n)
}

// book is a Book whose transactions wait for a gate, fail and break off as a
// test wants.
type book struct {
	*memory.Book
	gate  chan struct{} // one receive for each transaction, when set
	fails func(transaction int) error

	mu    sync.Mutex
	count int
}

func newBook() *book {
	b := &book{Book: memory.New()}
	for _, id := range []account.ID{"cash", "a", "b"} {
		b.PutAccount(account.Account{ID: id, Kind: account.Own, Status: account.Open, Booked: pln(0), Held: pln(0), Overdraft: pln(0)})
	}
	return b
}

func (b *book) transactions() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.count
}

func (b *book) Within(ctx context.Context, f func(desk.Tx) error) error {
	b.mu.Lock()
	b.count++
	n := b.count
	b.mu.Unlock()
	if b.gate != nil {
		<-b.gate
	}
	return b.Book.Within(ctx, func(tx desk.Tx) error {
		if err := f(tx); err != nil {
			return err
		}
		if b.fails != nil {
			return b.fails(n)
		}
		return nil
	})
}

func pln(minor int64) money.Amount { return money.New(minor, money.PLN) }

// move moves one grosz.
func move(to account.ID) *payment.Book {
	return &payment.Book{By: audit.Actor{Kind: audit.Bank}, Kind: ledger.Cash, From: "cash", To: to, Amount: pln(1)}
}

func (b *book) has(t *testing.T, id account.ID, minor int64) {
	t.Helper()
	if a, err := b.Account(context.Background(), id); err != nil || a.Booked != pln(minor) {
		t.Errorf("%s has %v, want %d (%v)", id, a.Booked, minor, err)
	}
	if err := b.Check(); err != nil {
		t.Error(err)
	}
}

// open opens a desk and returns it with the sizes of the batches it decided,
// to be read when it is closed.
func open(b desk.Book, change func(*desk.Config)) (*desk.Desk, *[]desk.Stats) {
	var seen []desk.Stats
	cfg := desk.Config{Book: b, Clock: stopped{}, Wall: stopped{}, IDs: &ids{}, Observe: func(s desk.Stats) { seen = append(seen, s) }}
	if change != nil {
		change(&cfg)
	}
	return desk.New(cfg), &seen
}

// What waits while one batch commits is decided in one transaction.
func TestWhatWaitsIsDecidedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBook()
		b.gate = make(chan struct{})
		d, seen := open(b, func(c *desk.Config) { c.Batch = 30 })
		var callers sync.WaitGroup
		order := func(to account.ID) {
			callers.Go(func() {
				if out, err := d.Do(t.Context(), move(to)); err != nil || out.Entry == nil {
					t.Errorf("%+v, %v", out, err)
				}
			})
		}
		order("a")
		synctest.Wait() // the first is being decided, alone
		for range 40 {
			order("b")
		}
		synctest.Wait()
		if d.Waiting() != 40 || b.transactions() != 1 {
			t.Errorf("%d wait behind %d transactions", d.Waiting(), b.transactions())
		}
		for range 3 {
			b.gate <- struct{}{}
		}
		callers.Wait()
		d.Close()
		if s := *seen; len(s) != 3 || s[0].Orders != 1 || s[1].Orders != 30 || s[2].Orders != 10 {
			t.Errorf("%+v", s)
		}
		b.has(t, "b", 40)
	})
}

// A lone order does not wait for company.
func TestALoneOrderDoesNotLinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBook()
		d, _ := open(b, nil)
		defer d.Close()
		began := time.Now()
		if _, err := d.Do(t.Context(), move("a")); err != nil || time.Since(began) != 0 {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// Whoever gives up while the order queues has not given it; whoever gives up
// while it is decided has, and learns of it by repeating the id.
func TestACallerWhoHasGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBook()
		b.gate = make(chan struct{})
		d, _ := open(b, nil)
		deciding, leaveDeciding := context.WithCancel(t.Context())
		queueing, leaveQueue := context.WithCancel(t.Context())
		var callers sync.WaitGroup
		gone := func(ctx context.Context, to account.ID) {
			callers.Go(func() {
				if _, err := d.Do(ctx, move(to)); !errors.Is(err, context.Canceled) {
					t.Errorf("%v", err)
				}
			})
		}
		gone(deciding, "a")
		synctest.Wait()
		gone(queueing, "b")
		synctest.Wait()
		leaveDeciding()
		leaveQueue()
		callers.Wait() // both left though nothing was decided
		b.gate <- struct{}{}
		d.Close()
		b.has(t, "a", 1)
		b.has(t, "b", 0)
		if b.transactions() != 1 {
			t.Errorf("%d transactions for one order", b.transactions())
		}
	})
}

func TestFullQueueIsBusyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBook()
		b.gate = make(chan struct{})
		d, _ := open(b, func(c *desk.Config) { c.Queue = 2 })
		var callers sync.WaitGroup
		for range 3 { // one is being decided, two wait
			callers.Go(func() {
				if _, err := d.Do(t.Context(), move("a")); err != nil {
					t.Errorf("%v", err)
				}
			})
			synctest.Wait()
		}
		if _, err := d.Do(t.Context(), move("a")); bank.CodeOf(err) != bank.Busy {
			t.Errorf("%v", err)
		}
		close(b.gate)
		callers.Wait()
		if _, err := d.Do(t.Context(), move("a")); err != nil {
			t.Errorf("when there is room again: %v", err)
		}
		d.Close()
		b.has(t, "a", 4)
	})
}

// Close finishes what was accepted, takes nothing more, and is harmless twice.
func TestCloseDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBook()
		b.gate = make(chan struct{})
		d, _ := open(b, func(c *desk.Config) { c.Batch = 4 })
		var callers sync.WaitGroup
		for range 10 {
			callers.Go(func() {
				if _, err := d.Do(t.Context(), move("a")); err != nil {
					t.Errorf("accepted and lost: %v", err)
				}
			})
		}
		synctest.Wait()
		var closers sync.WaitGroup
		for range 2 {
			closers.Go(d.Close)
		}
		synctest.Wait()
		if _, err := d.Do(t.Context(), move("a")); bank.CodeOf(err) != bank.Busy {
			t.Errorf("a closed desk took an order: %v", err)
		}
		close(b.gate)
		callers.Wait()
		closers.Wait()
		d.Close()
		b.has(t, "a", 10)
	})
}

// A Book that meets other writers is tried again, a bounded number of times.
func TestConflictsAreRetriedAndBounded(t *testing.T) {
	conflict := fmt.Errorf("busy: %w", desk.ErrConflict)
	b := newBook()
	b.fails = func(n int) error {
		if n < 4 {
			return conflict
		}
		return nil
	}
	d, seen := open(b, nil)
	if _, err := d.Do(t.Context(), move("a")); err != nil {
		t.Errorf("%v", err)
	}
	d.Close()
	if s := *seen; len(s) != 1 || s[0].Retries != 3 || s[0].Failed {
		t.Errorf("%+v", s)
	}
	b.has(t, "a", 1)

	b = newBook()
	b.fails = func(int) error { return conflict }
	d, seen = open(b, nil)
	if _, err := d.Do(t.Context(), move("a")); bank.CodeOf(err) != bank.Busy || !errors.Is(err, desk.ErrConflict) {
		t.Errorf("%v", err)
	}
	d.Close()
	if s := *seen; len(s) != 1 || s[0].Retries != 5 || !s[0].Failed || b.transactions() != 6 {
		t.Errorf("%+v in %d transactions", s, b.transactions())
	}
	b.has(t, "a", 0)
}

// A batch that fails as a whole is tried order by order; only what breaks by
// itself is refused.
func TestABrokenBatchIsTriedOneByOne(t *testing.T) {
	for name, broken := range map[string]func(n int) error{
		"an error": func(n int) error {
			if n == 2 {
				return errors.New("disk full")
			}
			return nil
		},
		"a panic": func(n int) error {
			if n == 2 {
				panic("a mistake of the store")
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBook()
				b.gate, b.fails = make(chan struct{}), broken
				d, seen := open(b, nil)
				var callers sync.WaitGroup
				for i := range 5 {
					callers.Go(func() {
						if _, err := d.Do(t.Context(), move("a")); err != nil {
							t.Errorf("%v", err)
						}
					})
					if i == 0 {
						synctest.Wait() // the others make a batch behind it
					}
				}
				synctest.Wait()
				close(b.gate)
				callers.Wait()
				d.Close()
				if s := *seen; len(s) != 6 || s[1].Orders != 4 || !s[1].Failed || s[5].Orders != 1 || s[5].Failed {
					t.Errorf("%+v", s)
				}
				b.has(t, "a", 5)
			})
		})
	}
}

// An order that breaks off while it is looked at takes only itself down: none,
// and one that is a nil pointer, among good ones.
func TestMalformedOrdersAmongGoodOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBook()
		b.gate = make(chan struct{})
		d, _ := open(b, nil)
		var callers sync.WaitGroup
		for i, o := range []payment.Order{move("a"), move("a"), nil, (*payment.Submit)(nil), move("a")} {
			callers.Go(func() {
				_, err := d.Do(t.Context(), o)
				if bad := i == 2 || i == 3; bad && bank.CodeOf(err) != bank.Internal || !bad && err != nil {
					t.Errorf("order %d: %v", i, err)
				}
			})
			if i == 0 {
				synctest.Wait()
			}
		}
		synctest.Wait()
		close(b.gate)
		callers.Wait()
		d.Close()
		b.has(t, "a", 3)
	})
}

// forgetful is a Book that never puts what it was asked for into the state.
type forgetful struct{}

func (forgetful) Within(_ context.Context, f func(desk.Tx) error) error { return f(forgetful{}) }
func (forgetful) Load(context.Context, payment.Needs, *payment.State) error {
	return nil
}
func (forgetful) Write(context.Context, *payment.Changes) error { return nil }

func TestABookThatNeverLoadsDoesNotHoldTheDesk(t *testing.T) {
	d, _ := open(forgetful{}, nil)
	defer d.Close()
	if _, err := d.Do(t.Context(), move("a")); bank.CodeOf(err) != bank.Internal {
		t.Errorf("%v", err)
	}
}

func TestManyCallersAtOnce(t *testing.T) {
	b := newBook()
	d, _ := open(b, func(c *desk.Config) { c.Batch = 16 })
	var callers sync.WaitGroup
	const n, each = 32, 50
	for range n {
		callers.Go(func() {
			for range each {
				if _, err := d.Do(t.Context(), move("a")); err != nil {
					t.Errorf("%v", err)
				}
			}
		})
	}
	callers.Wait()
	d.Close()
	b.has(t, "a", n*each)
}

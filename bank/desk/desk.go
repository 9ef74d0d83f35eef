// Package desk is where orders queue. Orders that wait together are loaded,
// decided by the pure core and written with one commit, each with its own
// outcome (design §3, §6): while one batch commits the next one gathers, and no
// timer ever makes an order linger.
//
// The desk owns the queue, its bound and the retrying; it knows neither the
// rules (package payment) nor how anything is kept (a Book).
package desk

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"okienko/bank"
	"okienko/bank/payment"
)

// Book is the memory on which a desk works.
type Book interface {
	// Within runs f in one transaction that no other writer can interleave with,
	// and commits durably when f returns nil: the answer may leave the house only
	// after Within has returned. It returns an error that wraps ErrConflict when
	// the transaction met another writer and nothing was written.
	Within(ctx context.Context, f func(Tx) error) error
}

// Tx is one transaction of a Book.
type Tx interface {
	// Load puts everything that is needed into the state, nil or zero for what
	// does not exist, and when the batch before was decided.
	Load(ctx context.Context, n payment.Needs, into *payment.State) error
	// Write keeps what a batch has changed.
	Write(ctx context.Context, c *payment.Changes) error
}

// Drafter is a Book on which a batch can be decided while the batch before it is
// still being written. Writing takes most of the time of a batch, and deciding
// most of the rest; together they take no longer than the longer one.
type Drafter interface {
	Book
	// Draft runs f over the data as they will be once every draft before this one
	// is written. It returns an error that wraps ErrConflict when it cannot tell,
	// because others are writing too: then Within is the way.
	Draft(ctx context.Context, f func(Tx) error) (Draft, error)
}

// Draft is a batch that is decided and not yet written.
type Draft interface {
	// Commit writes it durably. Its error wraps ErrConflict, and nothing was
	// written, when anybody has written something else since the batch was drafted,
	// or when a draft before it was not written: what was decided is void then.
	Commit(ctx context.Context) error
}

// ErrConflict is wrapped by what a Book returns when trying again makes sense.
var ErrConflict = errors.New("desk: conflict with another writer")

// Config sets up a desk.
type Config struct {
	Book  Book
	Clock bank.Clock // bank clock: it rules what orders decide about
	Wall  bank.Clock // wall clock: it measures
	IDs   bank.IDs
	// Queue bounds the orders that wait; more are refused as Busy.
	Queue int
	// Batch bounds the orders that are decided together.
	Batch int
	// Observe, if set, is told of every batch.
	Observe func(Stats)
}

// Stats describes one batch.
type Stats struct {
	Orders  int
	Took    time.Duration // loading, deciding, writing, committing
	Retries int
	Failed  bool
}

// The defaults: a queue of a second's work at the speed of a slow disk, and
// batches that stay within a few milliseconds of work on one core.
const (
	DefaultQueue = 4096
	DefaultBatch = 256

	maxTries = 5 // of a batch that meets other writers
	rounds   = 6 // of loading; four are enough for any order, see payment.Needs
)

// Desk decides orders. Make one with New; Close it to finish what waits.
type Desk struct {
	cfg   Config
	queue chan *ticket
	done  chan struct{}

	mu     sync.RWMutex // guards closed against sends into the queue
	closed bool
}

// ticket is one order that waits.
type ticket struct {
	ctx    context.Context
	order  payment.Order
	result payment.Result
	ready  chan struct{}
}

// New opens a desk.
func New(cfg Config) *Desk {
	if cfg.Queue <= 0 {
		cfg.Queue = DefaultQueue
	}
	if cfg.Batch <= 0 {
		cfg.Batch = DefaultBatch
	}
	d := &Desk{cfg: cfg, queue: make(chan *ticket, cfg.Queue), done: make(chan struct{})}
	go d.work()
	return d
}

// Do hands in one order and waits for its outcome. It returns a Busy refusal
// at once when the queue is full. A caller whose context ends stops waiting;
// its order is dropped if it still queues, and otherwise done all the same,
// which the caller can learn by repeating the operation id.
func (d *Desk) Do(ctx context.Context, o payment.Order) (payment.Outcome, error) {
	t := &ticket{ctx: ctx, order: o, ready: make(chan struct{})}
	if err := d.enter(t); err != nil {
		return payment.Outcome{}, err
	}
	select {
	case <-t.ready:
		return t.result.Outcome, t.result.Err
	case <-ctx.Done():
		return payment.Outcome{}, ctx.Err()
	}
}

func (d *Desk) enter(t *ticket) error {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.closed {
		return bank.Refuse(bank.Busy, "The bank is closing.")
	}
	select {
	case d.queue <- t:
		return nil
	default:
		return bank.Refuse(bank.Busy, "Too many orders wait. Try again shortly.")
	}
}

// Waiting is how many orders queue.
func (d *Desk) Waiting() int { return len(d.queue) }

// Full tells whether the next order would be refused as Busy.
func (d *Desk) Full() bool { return len(d.queue) == cap(d.queue) }

// Close takes no more orders and returns when those that were accepted are
// done. Twice is harmless.
func (d *Desk) Close() {
	d.mu.Lock()
	if !d.closed {
		d.closed = true
		close(d.queue)
	}
	d.mu.Unlock()
	<-d.done
}

func (d *Desk) work() {
	defer close(d.done)
	ahead, able := d.cfg.Book.(Drafter)
	free := make(chan struct{}) // closed when nothing is being written
	close(free)
	writing := 0 // orders in what is being written
	var answering sync.WaitGroup
	for first := range d.queue {
		batch := []*ticket{first}
		if able {
			batch = d.wait(batch, writing, free)
		}
		if batch = d.gather(batch); len(batch) == 0 {
			continue
		}
		if !able {
			d.settle(batch)
			continue
		}
		w := &work{batch: batch, orders: ordersOf(batch), start: d.cfg.Wall.Now()}
		d.draft(ahead, w)
		<-free // batches are written in the order in which they were decided
		if w.draft == nil {
			w.batch = d.gather(w.batch) // nothing is decided yet: what came meanwhile need not wait for another commit
		}
		w.over = make(chan struct{})
		free, writing = w.over, len(w.batch)
		answering.Go(func() { d.write(w) })
	}
	answering.Wait()
}

// work is a batch on its way.
type work struct {
	batch   []*ticket
	orders  []payment.Order
	start   time.Time
	draft   Draft // nil when it was not decided ahead
	results []payment.Result
	over    chan struct{} // closed when nothing of it is being written any more
}

// wait gathers while a batch is being written: until as many orders wait as that
// one has. Deciding over the first that comes back would make every second batch
// one of a single order.
func (d *Desk) wait(batch []*ticket, writing int, free <-chan struct{}) []*ticket {
	for len(batch) < min(writing, d.cfg.Batch) {
		select {
		case t, open := <-d.queue:
			if !open {
				return batch
			}
			batch = append(batch, t)
		case <-free:
			return batch
		}
	}
	return batch
}

// draft decides a batch ahead, if that can be done now.
func (d *Desk) draft(book Drafter, w *work) {
	defer func() {
		if recover() != nil {
			w.draft = nil // it is decided again, where what breaks off breaks nobody else's order
		}
	}()
	ctx := context.Background()
	draft, err := book.Draft(ctx, func(tx Tx) error {
		var err error
		w.results, err = d.try(ctx, tx, w.orders)
		return err
	})
	if err == nil {
		w.draft = draft
	}
}

// write writes a batch and answers its callers. A draft that is void is decided
// again, this time alone.
func (d *Desk) write(w *work) {
	var err error
	if w.draft != nil {
		err = d.commit(w)
	}
	if w.draft == nil || err != nil && bank.CodeOf(err) != bank.Busy {
		defer close(w.over)
		if len(w.batch) > 0 { // everybody may have gone
			d.settle(w.batch)
		}
		return
	}
	// One batch is told of after the other, so before the next one may be written.
	d.observe(Stats{Orders: len(w.batch), Took: d.cfg.Wall.Now().Sub(w.start), Failed: err != nil})
	close(w.over) // the next one need not wait for the answers of this one
	if err != nil {
		answerAll(w.batch, err)
		return
	}
	for i, t := range w.batch {
		t.answer(w.results[i])
	}
}

func (d *Desk) commit(w *work) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("desk: writing a batch of %d broke off: %v", len(w.batch), p)
		}
	}()
	return w.draft.Commit(context.Background())
}

func (d *Desk) observe(s Stats) {
	if d.cfg.Observe != nil {
		d.cfg.Observe(s)
	}
}

func ordersOf(batch []*ticket) []payment.Order {
	orders := make([]payment.Order, len(batch))
	for i, t := range batch {
		orders[i] = t.order
	}
	return orders
}

// gather adds what waits to a batch, without waiting for more, and leaves out
// those whose callers have gone.
func (d *Desk) gather(batch []*ticket) []*ticket {
	for len(batch) < d.cfg.Batch {
		select {
		case t, open := <-d.queue:
			if !open {
				return present(batch)
			}
			batch = append(batch, t)
		default:
			return present(batch)
		}
	}
	return present(batch)
}

func present(batch []*ticket) []*ticket {
	kept := batch[:0]
	for _, t := range batch {
		if err := t.ctx.Err(); err != nil {
			t.answer(payment.Result{Err: err})
			continue
		}
		kept = append(kept, t)
	}
	return kept
}

func (t *ticket) answer(r payment.Result) {
	t.result = r
	close(t.ready)
}

func answerAll(batch []*ticket, err error) {
	for _, t := range batch {
		t.answer(payment.Result{Err: err})
	}
}

// settle decides a batch. When a batch fails as a whole, its orders are tried
// one by one: whatever broke it must not break its neighbours.
func (d *Desk) settle(batch []*ticket) {
	results, err := d.decide(ordersOf(batch))
	if err == nil {
		for i, t := range batch {
			t.answer(results[i])
		}
		return
	}
	// A book that cannot be reached will not be reached for each of them either.
	if len(batch) == 1 || bank.CodeOf(err) == bank.Busy {
		answerAll(batch, err)
		return
	}
	for _, t := range batch {
		one, err := d.decide([]payment.Order{t.order})
		if err != nil {
			t.answer(payment.Result{Err: err})
			continue
		}
		t.answer(one[0])
	}
}

// decide runs orders in one transaction. A batch outlives the contexts of its
// callers, so it has none of theirs.
func (d *Desk) decide(orders []payment.Order) (results []payment.Result, err error) {
	start := d.cfg.Wall.Now()
	stats := Stats{Orders: len(orders)}
	defer func() {
		if p := recover(); p != nil {
			results, err = nil, fmt.Errorf("desk: a batch of %d broke off: %v", len(orders), p)
		}
		stats.Took, stats.Failed = d.cfg.Wall.Now().Sub(start), err != nil
		d.observe(stats)
	}()
	ctx := context.Background()
	for {
		err = d.cfg.Book.Within(ctx, func(tx Tx) error {
			var err error
			results, err = d.try(ctx, tx, orders)
			return err
		})
		if !errors.Is(err, ErrConflict) {
			return results, err
		}
		if stats.Retries == maxTries {
			return nil, bank.Refuse(bank.Busy, "Too many are writing at once. Try again shortly.").Because(err)
		}
		stats.Retries++
	}
}

func (d *Desk) try(ctx context.Context, tx Tx, orders []payment.Order) ([]payment.Result, error) {
	s := payment.NewState()
	now := d.now(s)
	for round := range rounds {
		needs := payment.Missing(s, now, orders)
		if needs.Empty() {
			results, changes := payment.Decide(s, now, d.cfg.IDs, orders)
			if changes.Empty() {
				return results, nil
			}
			return results, tx.Write(ctx, changes)
		}
		if err := tx.Load(ctx, needs, s); err != nil {
			return nil, err
		}
		if round == 0 { // waiting for the turn may have taken long
			now = d.now(s)
		}
	}
	return nil, fmt.Errorf("desk: %d orders still need more after %d rounds of loading", len(orders), rounds)
}

// now is the instant at which a batch is decided. It never lies before that of
// the batch before: clocks of nodes differ, and a clock may be set back.
// Microseconds are what is kept: an answer must say what a later reading says.
func (d *Desk) now(s *payment.State) time.Time {
	now := d.cfg.Clock.Now().UTC().Truncate(time.Microsecond)
	if now.Before(s.Latest) {
		return s.Latest
	}
	return now
}

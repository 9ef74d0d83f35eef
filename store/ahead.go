package store

import (
	"context"
	"fmt"
	"sync"

	"okienko/bank/desk"
	"okienko/bank/payment"
)

// ahead is how far the batches of this node have been decided. A batch may be
// decided over what the batch before it will leave, while that one is still
// being written: nothing is promised by it before it is written itself.
//
// What keeps it honest is one count, which every batch and every act raises that
// changes what batches rely on, in whatever process (see room). A draft is
// written only if it finds the count as the batch before it left it; then
// nothing has changed of all that it was decided over. Otherwise it is void.
type ahead struct {
	turn  chan struct{} // held while a batch is decided; guards known, base and alone
	known known         // what everything drafted leaves
	base  int64         // the count at which known is exact, when nothing drafted waits
	alone bool          // nobody else had raised the count when this node looked last

	mu   sync.Mutex // guards tail and what drafts say of themselves
	tail *draft     // the last one drafted; nil when known is that of base
}

// draft is a batch that is decided and not yet written.
type draft struct {
	a       *ahead
	write   func(ctx context.Context, count int64, c *payment.Changes) (int64, error)
	before  *draft // being written when this one was decided; nil when none was
	base    int64  // the count to find, when before is nil
	changes *payment.Changes

	written, void bool
	count         int64 // which it left
}

// errVoid says that a batch cannot be decided ahead, or is void.
var errVoid = fmt.Errorf("%w: others are writing", desk.ErrConflict)

func newAhead() ahead { return ahead{turn: make(chan struct{}, 1)} }

func (a *ahead) take(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case a.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (a *ahead) give() { <-a.turn }

// settled notes what became of the last draft. It returns one that is still
// being written, and whether that one waits for another one itself.
func (a *ahead) settled() (waiting *draft, behind bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch d := a.tail; {
	case d == nil:
		return nil, false
	case d.void:
		a.tail, a.alone = nil, false
		a.known.forget()
		return nil, false
	case d.written:
		a.base, a.tail = d.count, nil
		return nil, false
	default:
		return d, d.before != nil && !d.before.written
	}
}

// restart is for a batch that has its turn alone: what it reads and writes
// follows from no draft.
func (a *ahead) restart() {
	if waiting, _ := a.settled(); waiting != nil {
		a.forget()
	}
}

func (a *ahead) forget() {
	a.mu.Lock()
	a.tail = nil
	a.mu.Unlock()
	a.alone = false
	a.known.forget()
}

// found compares the count that a batch has found, which has its turn, with the
// one at which known is exact.
func (a *ahead) found(count int64) {
	a.alone = count == a.base
	a.base = count
	a.known.begin(a.alone)
}

// reader asks for committed data, without a turn. It fails with errVoid when it
// sees another count than base, which is of no use while a draft is being
// written.
type reader func(ctx context.Context, qs questions, base int64, sure bool) error

// decide runs f as a draft.
func (a *ahead) decide(ctx context.Context, d dialect, read reader, f func(desk.Tx) error) (*draft, error) {
	if err := a.take(ctx); err != nil {
		return nil, err
	}
	defer a.give()
	before, behind := a.settled()
	switch {
	case !a.alone, behind, before != nil && a.known.full():
		return nil, errVoid
	case before == nil:
		a.known.begin(true)
	}
	t := &drafting{a: a, dialect: d, read: read, before: before}
	if err := f(t); err != nil {
		return nil, err
	}
	one := &draft{a: a, before: before, base: a.base, changes: t.changes}
	if t.changes != nil {
		a.known.leave(t.changes)
	}
	a.mu.Lock()
	a.tail = one
	a.mu.Unlock()
	return one, nil
}

// drafting is the desk.Tx of a draft.
type drafting struct {
	a       *ahead
	dialect dialect
	read    reader
	before  *draft
	changes *payment.Changes
}

// Load gives what is known, reads the rest of what is committed, and adds what
// the batch before changes: it may be committed by now, or not yet.
func (t *drafting) Load(ctx context.Context, n payment.Needs, into *payment.State) error {
	qs := t.a.known.ask(t.dialect, n, into)
	if len(qs) > 0 {
		if err := t.read(ctx, qs, t.a.base, t.before == nil); err != nil {
			return err
		}
	}
	if t.before != nil && t.before.changes != nil {
		into.Advance(t.before.changes)
	}
	t.a.known.take(n, into)
	t.a.known.latest = into.Latest
	return nil
}

func (t *drafting) Write(_ context.Context, c *payment.Changes) error {
	t.changes = c
	return nil
}

// Commit is desk.Draft's.
func (d *draft) Commit(ctx context.Context) error {
	var count int64
	written := false
	defer func() { // also when writing breaks off: nothing may wait for it then
		d.a.mu.Lock()
		defer d.a.mu.Unlock()
		if written {
			d.written, d.count, d.before = true, count, nil
		} else {
			d.void = true
		}
	}()
	count, err := d.expected()
	if err == nil {
		count, err = d.write(ctx, count, d.changes)
	}
	written = err == nil
	return err
}

// abandon is for a draft that will not be written.
func (d *draft) abandon() {
	d.a.mu.Lock()
	d.void = true
	d.a.mu.Unlock()
}

func (d *draft) expected() (int64, error) {
	d.a.mu.Lock()
	defer d.a.mu.Unlock()
	switch {
	case d.void:
	case d.before == nil:
		return d.base, nil
	case d.before.written:
		return d.before.count, nil
	}
	return 0, errVoid
}

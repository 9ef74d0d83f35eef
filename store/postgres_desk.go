package store

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/desk"
	"okienko/bank/payment"
)

// deskLane is the lane of this node's batches. turn is held while one is being
// written, and guards what stands beside it.
type deskLane struct {
	turn chan struct{}
	lane
	sets   map[set]string
	closed bool

	ahead ahead
}

// set is a bulk with the types of its columns, which together make a text.
type set struct {
	bulk
	types string
}

func newDeskLane(node string) deskLane {
	return deskLane{turn: make(chan struct{}, 1), lane: *newLane(node), sets: map[set]string{}, ahead: newAhead()}
}

func (d *deskLane) close() {
	d.turn <- struct{}{}
	d.closed = true
	<-d.turn
}

// within runs a batch of orders that has its turn among the batches of all
// nodes from its first statement to its commit. It takes three journeys to the
// server, or two when everything but the operation ids is known.
func (p *postgres) within(ctx context.Context, s *Store, f func(desk.Tx) error) error {
	a := &p.desk.ahead
	if err := a.take(ctx); err != nil {
		return err
	}
	defer a.give()
	a.restart()
	var t *serverBatch
	count, err := p.batch(ctx, s, func(ctx context.Context, b *serverBatch) error {
		t = b
		return f(b)
	})
	if err != nil {
		a.forget()
		return err
	}
	if t.changes != nil {
		a.base = count
		a.known.leave(t.changes)
	}
	return nil
}

// draft decides a batch over what is committed, in one journey and without a
// turn; writing it takes another one.
func (p *postgres) draft(ctx context.Context, s *Store, f func(desk.Tx) error) (*draft, error) {
	d, err := p.desk.ahead.decide(ctx, inPostgreSQL, func(ctx context.Context, qs questions, base int64, sure bool) error {
		ctx, cancel := context.WithTimeout(ctx, p.patience/4)
		defer cancel()
		conn, err := p.batches.Conn(ctx)
		if err != nil {
			return errVoid // within waits for the server, if it comes back
		}
		defer func() { _ = conn.Close() }()
		t := &serverBatch{conn: conn}
		var count int64
		t.ask(append(questions{countOf(&count)}, qs...))
		switch err := t.flush(ctx); {
		case err != nil, sure && count != base:
			return errVoid
		}
		return nil
	}, f)
	if err != nil {
		return nil, err
	}
	ready := &prepared{}
	if d.changes != nil {
		w := &writeTx{scribe: ready}
		if err := keep(ctx, w, d.changes); err != nil {
			d.abandon()
			return nil, err
		}
		ready.records = w.records
	}
	d.write = func(ctx context.Context, count int64, c *payment.Changes) (int64, error) {
		return p.writeDraft(ctx, s, count, c, ready)
	}
	return d, nil
}

// prepared is what a batch writes, made ready while the batch before it is still
// being written.
type prepared struct {
	parts   []part
	records []audit.Record
}

// part is a bulk with its rows, or a statement that must change one row.
type part struct {
	bulk
	types   []string
	columns []any
	rows    int
	must    string
}

func (p *prepared) put(_ context.Context, b bulk, rows [][]any) error {
	types, columns, err := columnar(rows)
	p.parts = append(p.parts, part{bulk: b, types: types, columns: columns, rows: len(rows)})
	return err
}

func (p *prepared) must(_ context.Context, text string, args ...any) error {
	p.parts = append(p.parts, part{must: text, columns: args})
	return nil
}

func (p *postgres) writeDraft(ctx context.Context, s *Store, count int64, c *payment.Changes, ready *prepared) (int64, error) {
	if c == nil { // it changes nothing, and was right if nothing has changed
		var found int64
		err := s.read.QueryRowContext(ctx, "select last_value from desk_epoch").Scan(&found)
		if err == nil && found != count {
			err = errVoid
		}
		if err == nil { // what it answers from may be what another batch could not acknowledge
			err = p.replicated(ctx)
		}
		return count, p.unwritten(err)
	}
	return p.batch(ctx, s, func(ctx context.Context, t *serverBatch) error {
		t.begin()
		t.send("count", "select 1 / (last_value = $1)::int from desk_epoch", nil, count)
		t.open(c)
		t.w.audit(ready.records...)
		for _, one := range ready.parts {
			t.add(one)
		}
		return nil
	})
}

// countOf asks for the count of ahead.
func countOf(into *int64) question {
	return question{what: "count", query: "select last_value from desk_epoch", row: func(row scanner) error { return row.Scan(into) }}
}

// batch runs f in a transaction of the desk and commits it, if it wrote anything.
// It returns the count that it left.
func (p *postgres) batch(ctx context.Context, s *Store, f func(ctx context.Context, t *serverBatch) error) (int64, error) {
	d := &p.desk
	select {
	case d.turn <- struct{}{}:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	defer func() { <-d.turn }()
	if d.closed {
		return 0, errClosed
	}
	caller := ctx
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*p.patience)
	defer cancel()
	t := &serverBatch{d: d}
	err := p.reach(ctx, func() (err error) {
		t.conn, err = p.batches.Conn(ctx)
		return err
	})
	if err != nil {
		return 0, err
	}
	defer func() { t.leave(ctx) }() // also when f panics
	err = f(ctx, t)
	if err == nil {
		err = caller.Err() // the last moment for it
	}
	if err != nil {
		d.forget()
		return 0, p.unwritten(err)
	}
	if t.w == nil {
		t.leave(ctx)
		return 0, p.unwritten(p.replicated(ctx))
	}
	count, sent, err := t.commit(ctx, s)
	switch {
	case err == nil:
		return count, nil
	case sent && isLost(err):
		was, now := d.lane, *t.w
		d.forget()
		t.leave(ctx)
		// It may have been committed, with a count that nobody has told us: whoever
		// goes on from here looks for it.
		return -1, p.doubted(ctx, err, end(was.trail, now.trail), end(was.access, now.access))
	}
	d.forget()
	return 0, p.unwritten(err)
}

// serverBatch is the transaction of a batch of orders on a server.
type serverBatch struct {
	d     *deskLane
	conn  *sql.Conn
	begun bool
	over  bool // committed
	queue []journey
	w     *writeTx // nil until something is written

	changes *payment.Changes
}

// journey is a statement that travels together with others.
type journey struct {
	what string
	text string
	args []any
	row  func(scanner) error // nil when no row is awaited
}

// leave gives the connection back, without a transaction on it.
func (t *serverBatch) leave(ctx context.Context) {
	if t.conn == nil {
		return
	}
	if t.begun && !t.over {
		if _, err := t.conn.ExecContext(ctx, "rollback"); err != nil {
			_ = t.conn.Raw(func(any) error { return driver.ErrBadConn }) // it is of no more use
		}
	}
	_ = t.conn.Close()
	t.conn = nil
}

func (t *serverBatch) send(what, text string, row func(scanner) error, args ...any) {
	t.queue = append(t.queue, journey{what: what, text: text, row: row, args: args})
}

// flush sends everything that waits and reads the answers. The server stops at
// the first statement that fails.
func (t *serverBatch) flush(ctx context.Context) error {
	b := &pgx.Batch{}
	for i := range t.queue {
		one := &t.queue[i]
		b.Queue(one.text, one.args...).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				if one.row == nil {
					continue
				}
				if err := one.row(rows); err != nil {
					return fmt.Errorf("store: %s: %w", one.what, err)
				}
			}
			if err := rows.Err(); err != nil {
				return fmt.Errorf("store: %s: %w", one.what, err)
			}
			return nil
		})
	}
	t.queue = nil
	return t.conn.Raw(func(c any) error { return c.(*stdlib.Conn).Conn().SendBatch(ctx, b).Close() }) // of no other driver
}

func (t *serverBatch) ask(qs questions) {
	for _, q := range qs {
		t.send("loading "+q.what, q.query, q.row, q.args...)
	}
}

// Load reads what is needed. The first one begins the transaction and waits for
// its turn, in the same journey.
func (t *serverBatch) Load(ctx context.Context, n payment.Needs, into *payment.State) error {
	a := &t.d.ahead
	if t.begun {
		t.ask(needed(inPostgreSQL, a.known.give(n, into), into))
		if err := t.flush(ctx); err != nil {
			return err
		}
		a.known.take(n, into)
		return nil
	}
	t.begin()
	var count int64
	t.ask(questions{countOf(&count)})
	rest, trusted := n, a.alone
	if trusted {
		rest = a.known.give(n, into)
	}
	qs := needed(inPostgreSQL, rest, into)
	latestTurn(&qs, &into.Latest)
	t.ask(qs)
	if err := t.flush(ctx); err != nil {
		return err
	}
	if a.found(count); trusted && !a.alone { // what was given may be old
		t.ask(needed(inPostgreSQL, knowable(n), into))
		if err := t.flush(ctx); err != nil {
			return err
		}
	}
	a.known.take(n, into)
	a.known.latest = into.Latest
	return nil
}

// begin waits for the turn of this batch.
func (t *serverBatch) begin() {
	t.begun = true
	t.send("begin", "begin", nil)
	t.send("turn", "select pg_advisory_xact_lock($1)", nil, int64(turnLock))
}

// Write notes what the batch changes; it travels with the commit.
func (t *serverBatch) Write(ctx context.Context, c *payment.Changes) error {
	if !t.begun { // nothing was read, so nothing is known of what others did meanwhile
		t.d.ahead.known.begin(false)
		t.begin()
	}
	t.open(c)
	return keep(ctx, t.w, c)
}

func (t *serverBatch) open(c *payment.Changes) {
	t.w = &writeTx{querier: t.conn, scribe: t, trail: t.d.trail, access: t.d.access}
	t.changes = c
}

// commit sends all changes, the audit and the commit itself in one journey. It
// returns the count that the batch leaves; sent tells that the server may have
// received the commit.
func (t *serverBatch) commit(ctx context.Context, s *Store) (count int64, sent bool, err error) {
	if !t.w.trail.ready(s) { // it asks about the chain at once
		if err := t.flush(ctx); err != nil {
			return 0, false, err
		}
	}
	if err := s.appendAudit(ctx, t.w); err != nil {
		return 0, false, err
	}
	t.send("count", "select nextval('desk_epoch')", func(row scanner) error { return row.Scan(&count) })
	t.send("commit", "commit", nil)
	if err := t.flush(ctx); err != nil {
		return 0, true, err
	}
	t.over = true
	t.d.trail, t.d.access = t.w.trail, t.w.access
	return count, true, nil
}

// put queues rows of one kind as one statement.
func (t *serverBatch) put(_ context.Context, b bulk, rows [][]any) error {
	types, columns, err := columnar(rows)
	if err == nil {
		t.add(part{bulk: b, types: types, columns: columns, rows: len(rows)})
	}
	return err
}

func (t *serverBatch) must(_ context.Context, text string, args ...any) error {
	t.add(part{must: text, columns: args})
	return nil
}

// add queues a statement. The commit is on the way when the answer comes, so it
// is the server that must refuse a count that is wrong.
func (t *serverBatch) add(p part) {
	if p.must != "" {
		t.send("condition", counted1(p.must, "1"), nil, p.columns...)
		return
	}
	key := set{p.bulk, fmt.Sprint(p.types)}
	text, met := t.d.sets[key]
	if !met {
		text = p.all(p.types)
		if p.key != "" {
			text = counted1(text, param(len(p.types))+"::bigint")
		}
		t.d.sets[key] = text
	}
	columns := p.columns
	if p.key != "" {
		columns = append(columns[:len(columns):len(columns)], int64(p.rows))
	}
	t.send(p.table, text, nil, columns...)
}

// counted1 makes a statement fail, by a division by zero, when it changes
// another number of rows than it should.
func counted1(text, n string) string {
	return "with done as (" + text + " returning 1) select 1 / (count(*) = " + n + ")::int from done"
}

// chainEnd is where a transaction whose outcome is in doubt would have left a
// chain.
type chainEnd struct {
	chain
	moved bool
}

func end(was, now chain) chainEnd {
	return chainEnd{chain: now, moved: was.segment != now.segment || was.seq != now.seq}
}

// doubted finds out whether a transaction was committed whose commit was not
// answered: nil when it was, a conflict when nothing of it was kept. The logs
// tell: the chains of a lane are moved on by nobody else, and every transaction
// that moves money or changes anything that matters moves them on.
func (p *postgres) doubted(ctx context.Context, cause error, ends ...chainEnd) error {
	if !isLost(cause) { // the server answered: nothing was kept
		return asConflict(fmt.Errorf("store: commit: %w", cause))
	}
	for _, e := range ends {
		if !e.moved {
			continue
		}
		kept := false
		err := p.reach(ctx, func() (err error) {
			kept, err = p.kept(ctx, e.chain)
			return err
		})
		switch {
		case err != nil:
			return bank.Refuse(bank.Busy, "It is not known yet whether this was done. Repeat it with the same id.").Because(errors.Join(cause, err))
		case kept:
			return nil
		}
		return fmt.Errorf("%w: the commit did not arrive: %w", desk.ErrConflict, cause)
	}
	return bank.Refuse(bank.Busy, "It is not known whether this was done. Try again shortly.").Because(cause)
}

// kept tells whether a chain stands where a transaction would have left it. It
// waits until the server has done with that transaction: when it had opened the
// segment the insert waits, otherwise the lock.
func (p *postgres) kept(ctx context.Context, c chain) (bool, error) {
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer func() { _ = tx.Rollback() }()
	n, err := changed(ctx, tx, `insert into chain_segment (chain, segment, node, opened_at, previous, previous_hash, last_seq, last_hash)
		values ($1, $2, $3, 0, '', '', 0, '') on conflict do nothing`, c.name, c.segment, c.node)
	if err != nil || n > 0 {
		return false, err
	}
	var hash []byte
	err = tx.QueryRowContext(ctx, "select last_hash from chain_segment where chain = $1 and segment = $2 for update", c.name, c.segment).Scan(&hash)
	if err != nil || !bytes.Equal(hash, c.hash) {
		return false, err
	}
	if _, err := tx.ExecContext(ctx, replicate); err != nil {
		return false, err
	}
	return true, tx.Commit()
}

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"okienko/clock"
	"okienko/ident"
)

// lanes are the connections of a naive design on a server, each with a chain of
// audit of its own: one chain for all would have them wait for each other where
// the bank does not.
type lanes struct {
	ids     *ident.Source
	free    chan *lane
	all     []*lane
	paid    atomic.Int64
	retries atomic.Int64
	// transfer does one payment on a lane, commit and all, and moves the lane's
	// chain on.
	transfer func(ctx context.Context, l *lane, p *transfer) error
}

// lane is one connection.
type lane struct {
	conn    *pgx.Conn
	segment string
	seq     int64
	hash    []byte
}

// transfer is one payment on its way.
type transfer struct {
	agreement, reference, operation string
	id, entry                       string
}

// openLanes connects. pgx prepares every text at its first use.
func openLanes(ctx context.Context, b books, connections int, pay func(context.Context, *lane, *transfer) error) (*lanes, error) {
	n := &lanes{ids: ident.New(clock.Wall{}), free: make(chan *lane, connections), transfer: pay}
	opened := instant()
	for i := range connections {
		conn, err := pgx.Connect(ctx, b.where)
		if err != nil {
			return nil, errors.Join(err, n.close())
		}
		node := fmt.Sprintf("naive.%d", i)
		l := &lane{conn: conn, segment: node + "/" + opened.Format("2006-01-02T15"), hash: make([]byte, 32)}
		n.all = append(n.all, l)
		before := l.hash
		l.hash = follow(before, []byte(l.segment))
		_, err = conn.Exec(ctx, `insert into chain_segment (chain, segment, node, opened_at, previous, previous_hash, last_seq, last_hash)
			values ('audit', $1, $2, $3, '', $4, 0, $5)`, l.segment, node, opened.UnixMicro(), before, l.hash)
		if err != nil {
			return nil, errors.Join(err, n.close())
		}
		n.free <- l
	}
	return n, nil
}

func (n *lanes) commits() int64 { return n.paid.Load() }

func (n *lanes) close() error {
	var errs []error
	for _, l := range n.all {
		errs = append(errs, l.conn.Close(context.Background()))
	}
	return errors.Join(errs...)
}

func (n *lanes) pay(ctx context.Context, _, payer int, operation string) error {
	l := <-n.free
	defer func() { n.free <- l }()
	p := &transfer{
		agreement: string(agreementOf(payer)), reference: referenceOf(payer), operation: operation,
		id: n.ids.NewID(), entry: n.ids.NewID(),
	}
	for {
		err := n.transfer(ctx, l, p)
		var e *pgconn.PgError
		if errors.As(err, &e) && (e.Code == "40P01" || e.Code == "40001") { // deadlock, serialisation
			n.retries.Add(1)
			continue
		}
		if err == nil {
			n.paid.Add(1)
		}
		return err
	}
}

// openInteractive is one interactive transaction for each payment: a round trip
// for each statement, and as few statements as the rows allow.
func openInteractive(ctx context.Context, b books, connections int) (teller, error) {
	return openLanes(ctx, b, connections, func(ctx context.Context, l *lane, p *transfer) error {
		tx, err := l.conn.Begin(ctx)
		if err != nil {
			return err
		}
		seq, hash, err := l.interactive(ctx, tx, p)
		if err != nil {
			return errors.Join(err, tx.Rollback(ctx))
		}
		if err := tx.Commit(ctx); err != nil {
			return err
		}
		l.seq, l.hash = seq, hash
		return nil
	})
}

func (l *lane) interactive(ctx context.Context, tx pgx.Tx, p *transfer) (seq int64, hash []byte, err error) {
	var app, customer, ref, payer, grants, status, payee, blocked string
	var single, daily, monthly, unconfirmed int64
	amount := price().Minor()
	if err := tx.QueryRow(ctx, `select g.application, g.customer_id, g.account_ref, g.account_id, g.grants, g.status,
			g.limit_single, g.limit_daily, g.limit_monthly, g.limit_unconfirmed, a.account_id, c.blocked_by
		from agreement g join application a on a.id = g.application join customer c on c.id = g.customer_id
			left join customer_limit l on l.customer_id = c.id where g.id = $1`, p.agreement).
		Scan(&app, &customer, &ref, &payer, &grants, &status, &single, &daily, &monthly, &unconfirmed, &payee, &blocked); err != nil {
		return 0, nil, err
	}
	from, to, err := accounts(ctx, tx, payer, payee)
	if err != nil {
		return 0, nil, err
	}
	at := instant() // only now: an account's postings come in the order of time
	us := at.UnixMicro()
	day, month := calendarDay(at)
	var known string
	err = tx.QueryRow(ctx, "select content from operation where application_id = $1 and operation_id = $2", app, p.operation).Scan(&known)
	if !errors.Is(err, pgx.ErrNoRows) {
		return 0, nil, errors.Join(errNaive, err)
	}
	subjects := []string{"agreement:" + p.agreement, "customer:" + customer}
	usedDay, usedMonth, err := used(ctx, tx, subjects, day, month)
	if err != nil {
		return 0, nil, err
	}
	switch {
	case status != "active", blocked != "", from.status != "open", to.status != "open", from.access != "on", ref != p.reference,
		!strings.Contains(grants, "PAYMENTS:CREATE"), amount > single, amount > unconfirmed,
		usedDay+amount > daily, usedMonth+amount > monthly, from.booked-from.held+from.overdraft < amount:
		return 0, nil, errNaive
	}
	from.booked, from.seq, to.booked, to.seq = from.booked-amount, from.seq+1, to.booked+amount, to.seq+1
	seq, hash = l.seq+1, follow(l.hash, executed(at, app, p.id).Text())
	for _, s := range []struct {
		text string
		args []any
	}{
		{`update account set booked = v.booked, seq = v.seq from (values ($1::text, $2::bigint, $3::bigint), ($4, $5, $6)) v (id, booked, seq) where account.id = v.id`,
			[]any{from.id, from.booked, from.seq, to.id, to.booked, to.seq}},
		{"insert into entry (id, at, kind, payment_id, hold_id) values ($1, $2, 'transfer', $3, '')", []any{p.entry, us, p.id}},
		{`insert into posting (account_id, at, seq, entry_id, kind, title, amount, balance, currency, other_name, other_number, payment_id, hold_id) values
			($1, $7, $2, $8, 'transfer', $9, -$10::bigint, $3, 'PLN', $11, $12, $13, ''), ($4, $7, $5, $8, 'transfer', $9, $10, $6, 'PLN', $14, $15, $13, '')`,
			[]any{from.id, from.seq, from.booked, to.id, to.seq, to.booked, us, p.entry, title, amount, to.holder, to.nrb, p.id, from.holder, from.nrb}},
		{`insert into payment (id, agreement_id, application_id, account_id, payee_id, operation_id, amount, fee, currency, title, status, created_at, execution_date, ended_at,
			hold_id, reason, use_day, use_in_day, use_month, use_in_month, delta_day, delta_in_day, delta_month, delta_in_month, events)
			values ($1, $2, $3, $4, $5, $6, $7, 0, 'PLN', $8, 'EXECUTED', $9, $10, $9, '', '', $10, $7, $11, $7, $10, $7, $11, $7, 0)`,
			[]any{p.id, p.agreement, app, from.id, to.id, p.operation, amount, title, us, day, month}},
		{`insert into operation (application_id, operation_id, content, at, agreement_id, authorisation_id, hold_id, payment_id, answer)
			values ($1, $2, $3, $4, $5, '', '', $6, $7)`,
			[]any{app, p.operation, content(p.agreement), us, p.agreement, p.id, firstAnswer(from.id, to.id, amount, us, day, month)}},
		{`insert into counter (subject, period, used, currency) values ($1, $3, $5, 'PLN'), ($1, $4, $5, 'PLN'), ($2, $3, $5, 'PLN'), ($2, $4, $5, 'PLN')
			on conflict (subject, period) do update set used = counter.used + excluded.used`, []any{subjects[0], subjects[1], day, month, amount}},
		{`insert into audit (segment, seq, at, actor_kind, actor_id, act, subject, before_text, after_text, why, hash)
			values ($1, $2, $3, 'partner', $4, 'payment.executed', $5, '', $6, '', $7)`, []any{l.segment, seq, us, app, "payment:" + p.id, price().String(), hash}},
		{"update chain_segment set last_seq = $1, last_hash = $2 where chain = 'audit' and segment = $3", []any{seq, hash, l.segment}},
	} {
		if _, err := tx.Exec(ctx, s.text, s.args...); err != nil {
			return 0, nil, err
		}
	}
	return seq, hash, nil
}

// accounts locks the two accounts of a payment, in the order of their ids, and
// reads them.
func accounts(ctx context.Context, tx pgx.Tx, payer, payee string) (from, to balance, err error) {
	rows, err := tx.Query(ctx, `select id, holder, nrb, status, access_state, booked, held, overdraft, seq from account
		where id = any($1) order by id for update`, []string{payer, payee})
	if err != nil {
		return from, to, err
	}
	var b balance
	n := 0
	_, err = pgx.ForEachRow(rows, []any{&b.id, &b.holder, &b.nrb, &b.status, &b.access, &b.booked, &b.held, &b.overdraft, &b.seq}, func() error {
		n++
		if b.id == payer {
			from = b
		} else {
			to = b
		}
		return nil
	})
	if err == nil && n != 2 {
		err = errNaive
	}
	return from, to, err
}

// used reads how much of the agreement's limits is used.
func used(ctx context.Context, tx pgx.Tx, subjects []string, day, month string) (inDay, inMonth int64, err error) {
	rows, err := tx.Query(ctx, "select subject, period, used from counter where subject = any($1) and period = any($2)", subjects, []string{day, month})
	if err != nil {
		return 0, 0, err
	}
	var subject, period string
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&subject, &period, &n}, func() error {
		switch {
		case subject != subjects[0]:
		case period == day:
			inDay = n
		default:
			inMonth = n
		}
		return nil
	})
	return inDay, inMonth, err
}

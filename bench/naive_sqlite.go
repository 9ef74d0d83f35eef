package main

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"okienko/bank/audit"
	"okienko/clock"
	"okienko/ident"
)

// alone is one commit for each payment on SQLite, which has one writer whoever
// writes.
type alone struct {
	db   *sql.DB
	conn *sql.Conn
	ids  *ident.Source

	mu         sync.Mutex // one transaction at a time, as the engine has it
	statements map[string]*sql.Stmt
	paid       atomic.Int64
	segment    string
	seq        int64
	hash       []byte
}

func openAlone(ctx context.Context, b books) (_ teller, err error) {
	// What the store opens its writing connection with.
	u := url.URL{Scheme: "file", Path: b.where, RawQuery: url.Values{"_pragma": {
		"busy_timeout(5000)", "journal_mode(wal)", "synchronous(full)", "foreign_keys(1)", "wal_autocheckpoint(4096)", "cache_size(-32768)", "temp_store(memory)",
	}}.Encode()}
	n := &alone{ids: ident.New(clock.Wall{}), statements: map[string]*sql.Stmt{}}
	if n.db, err = sql.Open("sqlite", u.String()); err != nil {
		return nil, err
	}
	if n.conn, err = n.db.Conn(ctx); err != nil {
		return nil, errors.Join(err, n.db.Close())
	}
	err = n.conn.QueryRowContext(ctx, "select segment, last_seq, last_hash from chain_segment where chain = 'audit' order by opened_at desc limit 1").
		Scan(&n.segment, &n.seq, &n.hash)
	if err != nil {
		return nil, errors.Join(err, n.close())
	}
	return n, nil
}

func (n *alone) close() error {
	var errs []error
	for _, st := range n.statements {
		errs = append(errs, st.Close())
	}
	return errors.Join(append(errs, n.conn.Close(), n.db.Close())...)
}

func (n *alone) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	if st, ok := n.statements[text]; ok {
		return st, nil
	}
	st, err := n.conn.PrepareContext(ctx, text)
	n.statements[text] = st
	return st, err
}

func (n *alone) exec(ctx context.Context, text string, args ...any) error {
	st, err := n.statement(ctx, text) //nolint:sqlclosecheck // kept, and closed with the design
	if err != nil {
		return err
	}
	_, err = st.ExecContext(ctx, args...)
	return err
}

func (n *alone) one(ctx context.Context, text string, args []any, into ...any) error {
	st, err := n.statement(ctx, text) //nolint:sqlclosecheck // kept, and closed with the design
	if err != nil {
		return err
	}
	return st.QueryRowContext(ctx, args...).Scan(into...)
}

func (n *alone) commits() int64 { return n.paid.Load() }

func (n *alone) pay(ctx context.Context, _, payer int, operation string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.exec(ctx, "begin immediate"); err != nil {
		return err
	}
	seq, hash, err := n.transfer(ctx, payer, operation)
	if err != nil {
		return errors.Join(err, n.exec(ctx, "rollback"))
	}
	if err := n.exec(ctx, "commit"); err != nil {
		return err
	}
	n.seq, n.hash = seq, hash
	n.paid.Add(1)
	return nil
}

func (n *alone) account(ctx context.Context, id string) (b balance, err error) {
	b.id = id
	return b, n.one(ctx, "select holder, nrb, status, access_state, booked, held, overdraft, seq from account where id = ?", []any{id},
		&b.holder, &b.nrb, &b.status, &b.access, &b.booked, &b.held, &b.overdraft, &b.seq)
}

func (n *alone) transfer(ctx context.Context, payer int, operation string) (seq int64, hash []byte, err error) {
	agreement, amount := string(agreementOf(payer)), price().Minor()
	now := instant()

	var app, customer, ref, accountID, grants, status, payeeID, appStatus, blocked, known string
	var single, daily, monthly, unconfirmed int64
	if err := n.one(ctx, `select application, customer_id, account_ref, account_id, grants, status, limit_single, limit_daily, limit_monthly, limit_unconfirmed
		from agreement where id = ?`, []any{agreement},
		&app, &customer, &ref, &accountID, &grants, &status, &single, &daily, &monthly, &unconfirmed); err != nil {
		return 0, nil, err
	}
	if err := n.one(ctx, "select account_id, status from application where id = ?", []any{app}, &payeeID, &appStatus); err != nil {
		return 0, nil, err
	}
	if err := n.one(ctx, `select c.blocked_by from customer c left join customer_limit l on l.customer_id = c.id where c.id = ?`, []any{customer}, &blocked); err != nil {
		return 0, nil, err
	}
	from, err := n.account(ctx, accountID)
	if err != nil {
		return 0, nil, err
	}
	to, err := n.account(ctx, payeeID)
	if err != nil {
		return 0, nil, err
	}
	err = n.one(ctx, "select content from operation where application_id = ? and operation_id = ?", []any{app, operation}, &known)
	if !errors.Is(err, sql.ErrNoRows) {
		return 0, nil, errors.Join(errNaive, err)
	}
	day, month := calendarDay(now)
	subjects, periods := [2]string{"agreement:" + agreement, "customer:" + customer}, [2]string{day, month}
	var used [2][2]int64
	for i, s := range subjects {
		for j, p := range periods {
			if err := n.one(ctx, "select used from counter where subject = ? and period = ?", []any{s, p}, &used[i][j]); err != nil && !errors.Is(err, sql.ErrNoRows) {
				return 0, nil, err
			}
		}
	}
	switch {
	case status != "active", blocked != "", from.status != "open", to.status != "open", from.access != "on", ref != referenceOf(payer),
		!strings.Contains(grants, "PAYMENTS:CREATE"), amount > single, amount > unconfirmed,
		used[0][0]+amount > daily, used[0][1]+amount > monthly, from.booked-from.held+from.overdraft < amount:
		return 0, nil, errNaive
	}

	id, entry := n.ids.NewID(), n.ids.NewID()
	from.booked, from.seq, to.booked, to.seq = from.booked-amount, from.seq+1, to.booked+amount, to.seq+1
	if err := n.book(ctx, id, entry, now, amount, from, to); err != nil {
		return 0, nil, err
	}
	us := now.UnixMicro()
	if err := n.exec(ctx, `insert into payment values (?, ?, ?, ?, ?, ?, ?, 0, 'PLN', ?, 'EXECUTED', ?, ?, ?, '', '', ?, ?, ?, ?, ?, ?, ?, ?, 0)`,
		id, agreement, app, from.id, to.id, operation, amount, title, us, day, us, day, amount, month, amount, day, amount, month, amount); err != nil {
		return 0, nil, err
	}
	if err := n.exec(ctx, "insert into operation values (?, ?, ?, ?, ?, '', '', ?, ?)",
		app, operation, content(agreement), us, agreement, id, firstAnswer(from.id, to.id, amount, us, day, month)); err != nil {
		return 0, nil, err
	}
	for _, s := range subjects {
		for _, p := range periods {
			if err := n.exec(ctx, `insert into counter values (?, ?, ?, 'PLN') on conflict (subject, period) do update set used = used + excluded.used`, s, p, amount); err != nil {
				return 0, nil, err
			}
		}
	}
	return n.audit(ctx, executed(now, app, id))
}

// book keeps the balances, the entry and its two postings.
func (n *alone) book(ctx context.Context, id, entry string, now time.Time, amount int64, from, to balance) error {
	for _, b := range [...]balance{from, to} {
		if err := n.exec(ctx, "update account set booked = ?, seq = ? where id = ?", b.booked, b.seq, b.id); err != nil {
			return err
		}
	}
	if err := n.exec(ctx, "insert into entry values (?, ?, 'transfer', ?, '')", entry, now.UnixMicro(), id); err != nil {
		return err
	}
	for _, p := range [...]struct {
		own, other balance
		amount     int64
	}{{from, to, -amount}, {to, from, amount}} {
		if err := n.exec(ctx, "insert into posting values (?, ?, ?, ?, 'transfer', ?, ?, ?, 'PLN', ?, ?, ?, '')",
			p.own.id, now.UnixMicro(), p.own.seq, entry, title, p.amount, p.own.booked, p.other.holder, p.other.nrb, id); err != nil {
			return err
		}
	}
	return nil
}

// audit chains one record and moves the head of the segment.
func (n *alone) audit(ctx context.Context, r audit.Record) (seq int64, hash []byte, err error) {
	seq, hash = n.seq+1, follow(n.hash, r.Text())
	if err := n.exec(ctx, "insert into audit values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		n.segment, seq, r.At.UnixMicro(), string(r.Actor.Kind), r.Actor.ID, r.Act, r.Subject, r.Before, r.After, r.Why, hash); err != nil {
		return 0, nil, err
	}
	return seq, hash, n.exec(ctx, "update chain_segment set last_seq = ?, last_hash = ? where chain = 'audit' and segment = ?", seq, hash, n.segment)
}

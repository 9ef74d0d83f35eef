package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver that the store uses

	"okienko/bank/audit"
	"okienko/clock"
	"okienko/ident"
)

// naive is the design that suggests itself: one interactive transaction for
// each payment, which reads, checks, writes and commits. It keeps its
// statements prepared, checks less than the bank does, and remembers where the
// audit ends, so whatever it loses by is its form.
type naive struct {
	db   *sql.DB
	conn *sql.Conn
	ids  *ident.Source

	mu         sync.Mutex // one transaction at a time, as the engine has it
	statements map[string]*sql.Stmt
	operations int
	segment    string
	seq        int64
	hash       []byte
}

func openNaive(ctx context.Context, path string) (_ *naive, err error) {
	// What the store opens its writing connection with.
	u := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"_pragma": {
		"busy_timeout(5000)", "journal_mode(wal)", "synchronous(full)", "foreign_keys(1)", "wal_autocheckpoint(4096)", "cache_size(-32768)", "temp_store(memory)",
	}}.Encode()}
	n := &naive{ids: ident.New(clock.Wall{}), statements: map[string]*sql.Stmt{}}
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

func (n *naive) close() error {
	var errs []error
	for _, st := range n.statements {
		errs = append(errs, st.Close())
	}
	return errors.Join(append(errs, n.conn.Close(), n.db.Close())...)
}

func (n *naive) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	if st, ok := n.statements[text]; ok {
		return st, nil
	}
	st, err := n.conn.PrepareContext(ctx, text)
	n.statements[text] = st
	return st, err
}

func (n *naive) exec(ctx context.Context, text string, args ...any) error {
	st, err := n.statement(ctx, text) //nolint:sqlclosecheck // kept, and closed with the design
	if err != nil {
		return err
	}
	_, err = st.ExecContext(ctx, args...)
	return err
}

func (n *naive) one(ctx context.Context, text string, args []any, into ...any) error {
	st, err := n.statement(ctx, text) //nolint:sqlclosecheck // kept, and closed with the design
	if err != nil {
		return err
	}
	return st.QueryRowContext(ctx, args...).Scan(into...)
}

// pay moves one price from a payer to the partner.
func (n *naive) pay(ctx context.Context, payer int) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.exec(ctx, "begin immediate"); err != nil {
		return err
	}
	seq, hash, err := n.transfer(ctx, payer)
	if err != nil {
		return errors.Join(err, n.exec(ctx, "rollback"))
	}
	if err := n.exec(ctx, "commit"); err != nil {
		return err
	}
	n.seq, n.hash = seq, hash
	return nil
}

// balance is an account as a transfer sees it.
type balance struct {
	id, holder, nrb, status, access string
	booked, held, overdraft, seq    int64
}

func (n *naive) account(ctx context.Context, id string) (b balance, err error) {
	b.id = id
	return b, n.one(ctx, "select holder, nrb, status, access_state, booked, held, overdraft, seq from account where id = ?", []any{id},
		&b.holder, &b.nrb, &b.status, &b.access, &b.booked, &b.held, &b.overdraft, &b.seq)
}

var errNaive = errors.New("the naive design refused a payment")

func (n *naive) transfer(ctx context.Context, payer int) (seq int64, hash []byte, err error) {
	agreement, amount, operation := string(agreementOf(payer)), price().Minor(), fmt.Sprintf("operation-%09d", n.operations)
	n.operations++
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
	day, month := now.In(warsaw()).Format(time.DateOnly), now.In(warsaw()).Format("2006-01")
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
	content := fmt.Sprintf("pay|%d:%s|0:|0:|%sPLN|%d:%s||", len(agreement), agreement, price(), len(title), title)
	if err := n.exec(ctx, "insert into operation values (?, ?, ?, ?, ?, '', '', ?, ?)",
		app, operation, content, us, agreement, id, firstAnswer(from.id, to.id, amount, us, day, month)); err != nil {
		return 0, nil, err
	}
	for _, s := range subjects {
		for _, p := range periods {
			if err := n.exec(ctx, `insert into counter values (?, ?, ?, 'PLN') on conflict (subject, period) do update set used = used + excluded.used`, s, p, amount); err != nil {
				return 0, nil, err
			}
		}
	}
	return n.audit(ctx, audit.Record{
		At: now, Actor: audit.Actor{Kind: audit.Partner, ID: app}, Act: "payment.executed", Subject: "payment:" + id, After: price().String(),
	})
}

// book keeps the balances, the entry and its two postings.
func (n *naive) book(ctx context.Context, id, entry string, now time.Time, amount int64, from, to balance) error {
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
func (n *naive) audit(ctx context.Context, r audit.Record) (seq int64, hash []byte, err error) {
	sum := sha256.New()
	sum.Write(n.hash)
	sum.Write(r.Text())
	seq, hash = n.seq+1, sum.Sum(nil)
	if err := n.exec(ctx, "insert into audit values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		n.segment, seq, r.At.UnixMicro(), string(r.Actor.Kind), r.Actor.ID, r.Act, r.Subject, r.Before, r.After, r.Why, hash); err != nil {
		return 0, nil, err
	}
	return seq, hash, n.exec(ctx, "update chain_segment set last_seq = ?, last_hash = ? where chain = 'audit' and segment = ?", seq, hash, n.segment)
}

// firstAnswer is the text in which the store keeps the answer to an operation.
func firstAnswer(from, to string, amount, at int64, day, month string) string {
	type window struct {
		Day     string `json:"d"`
		InDay   int64  `json:"e"`
		Month   string `json:"m"`
		InMonth int64  `json:"n"`
	}
	w := window{day, amount, month, amount}
	text, err := json.Marshal(struct {
		From     string `json:"a"`
		To       string `json:"p"`
		Amount   int64  `json:"m"`
		Currency string `json:"c"`
		Title    string `json:"t"`
		Created  int64  `json:"o"`
		Date     string `json:"d"`
		Status   string `json:"s"`
		Ended    int64  `json:"e"`
		Use      window `json:"u"`
		Delta    window `json:"l"`
	}{from, to, amount, "PLN", title, at, day, "EXECUTED", at, w, w})
	if err != nil {
		panic("bench: an answer does not marshal: " + err.Error()) // cannot be
	}
	return string(text)
}

// warsaw is where days and months begin and end.
var warsaw = sync.OnceValue(func() *time.Location {
	l, err := time.LoadLocation("Europe/Warsaw")
	if err != nil {
		panic("bench: no time zone of Warsaw: " + err.Error()) // the core links them in
	}
	return l
})

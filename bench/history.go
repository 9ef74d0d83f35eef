package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"okienko/bank/audit"
)

// history is what was paid before the measuring: the first payers of a world
// took turns, perDay rounds a day, each paying the price to its partner.
type history struct{ payments int }

const (
	each   = 200 // payments of one payer
	perDay = 10  // of them in a day
)

// paying is how many payers have paid.
func (h history) paying() int { return h.payments / each }

// check refuses what does not come out even.
func (w world) check() error {
	h := w.history
	switch {
	case h.payments == 0:
		return nil
	case h.payments%(each*w.partners) != 0:
		return fmt.Errorf("%d payments do not come out even: each of %d partners has as many payers, and these have %d each", h.payments, w.partners, each)
	case h.paying() > w.payers:
		return fmt.Errorf("%d payments are of %d payers, and there are %d", h.payments, h.paying(), w.payers)
	}
	return nil
}

// days are the days of a history, ending with yesterday.
func (h history) days() []time.Time {
	var out []time.Time
	today := time.Now().UTC().Truncate(24 * time.Hour)
	for d := range each / perDay {
		out = append(out, today.AddDate(0, 0, d-each/perDay))
	}
	return out
}

// at is the instant of the n-th payment: the rounds of a day are an hour apart
// and begin at seven, so that every one is of the same day in Warsaw.
func (h history) at(days []time.Time, n int) time.Time {
	round, payer := n/h.paying(), n%h.paying()
	return days[round/perDay].Add(time.Duration(7+round%perDay)*time.Hour + time.Duration(payer)*h.step())
}

func (h history) step() time.Duration {
	return (50 * time.Minute / time.Duration(h.paying())).Truncate(time.Microsecond)
}

// past writes the history: what a payment keeps, in every table.
func (l *loader) past(ctx context.Context) error {
	w := l.w
	if w.history.payments == 0 {
		return nil
	}
	if err := w.check(); err != nil {
		return err
	}
	if err := l.run(ctx, l.b.emptied("entry, posting, payment, payment_event, operation, counter")...); err != nil {
		return err
	}
	days := w.history.days()
	if err := l.calendar(ctx, days); err != nil {
		return err
	}
	return errors.Join(l.payments(ctx), l.operations(ctx), l.postings(ctx), l.counters(ctx), l.balances(ctx), l.trail(ctx, days))
}

// calendar makes tables of the days and of the limits' periods.
func (l *loader) calendar(ctx context.Context, days []time.Time) error {
	texts := []string{
		"create temporary table calendar (d bigint not null primary key, base bigint not null, day text not null, month text not null)",
		"create temporary table period (i bigint not null primary key, period text not null, used bigint not null)",
	}
	var periods []string
	used := map[string]int{}
	count := func(period string) {
		if used[period] += perDay * int(price().Minor()); used[period] == perDay*int(price().Minor()) {
			periods = append(periods, period)
		}
	}
	for d, day := range days {
		texts = append(texts, fmt.Sprintf("insert into calendar values (%d, %d, '%s', '%s')",
			d, day.Add(7*time.Hour).UnixMicro(), day.Format(time.DateOnly), day.Format("2006-01")))
		count(day.Format("2006-01")) // before its first day, as the key has it
		count(day.Format(time.DateOnly))
	}
	for i, p := range periods {
		texts = append(texts, fmt.Sprintf("insert into period values (%d, '%s', %d)", i, p, used[p]))
	}
	return l.run(ctx, append(texts, "analyze calendar", "analyze period")...)
}

// sql puts what the texts of the history share into one. In them, payment n is
// of payer p in round r; it is the s-th payment to partner j.
func (l *loader) sql(text string) string {
	w, h := l.w, l.w.history
	toEach := h.payments / w.partners // payments to one partner
	// Operation ids are the callers' own and come in no order: the s-th payment
	// to a partner has the place (s × there) mod toEach among its ids.
	there := toEach*618/1000 | 1
	for new(big.Int).GCD(nil, nil, big.NewInt(int64(there)), big.NewInt(int64(toEach))).Int64() != 1 {
		there += 2
	}
	back := new(big.Int).ModInverse(big.NewInt(int64(there)), big.NewInt(int64(toEach))).Int64()
	return strings.NewReplacer(
		"{paying}", fmt.Sprint(h.paying()), "{partners}", fmt.Sprint(w.partners), "{each}", fmt.Sprint(each), "{perDay}", fmt.Sprint(perDay),
		"{toEach}", fmt.Sprint(toEach), "{round}", fmt.Sprint(h.paying()/w.partners), "{there}", fmt.Sprint(there), "{back}", fmt.Sprint(back),
		"{at}", fmt.Sprintf("c.base + (x.r %% %d) * 3600000000 + x.p * %d", perDay, h.step().Microseconds()),
		"{calendar}", fmt.Sprintf("calendar c where c.d = x.r / %d", perDay),
		"{amount}", fmt.Sprint(price().Minor()), "{title}", title,
		"{payment}", "'01h000000000000' || "+digits(11, "x.n"), "{entry}", "'01g000000000000' || "+digits(11, "x.n"),
		"{agreement}", named("agreement", "x.p"), "{customer}", named("customer", "x.p"), "{application}", named("application", "x.j"),
		"{payer}", named("account", "x.p"), "{payee}", named("account", fmt.Sprintf("%d + x.j", w.customers)),
		"{payerNRB}", nrbOf("x.p"), "{payeeNRB}", nrbOf(fmt.Sprintf("%d + x.j", w.customers)),
		"{operation}", digits(12, fmt.Sprintf("x.t * %d", 1_000_000_000_000/int64(toEach)))+" || '-loaded'",
		"{content}", fmt.Sprintf("'pay|%d:' || %s || '|0:|0:|%sPLN|%d:%s||'", len(agreementOf(0)), named("agreement", "x.p"), price(), len(title), title),
	).Replace(text)
}

// payments are the rows of payment and of entry, in order of time.
func (l *loader) payments(ctx context.Context) error {
	const from = ` from (select y.*, y.p % {partners} as j, ((y.r * {round} + y.p / {partners}) * {there}) % {toEach} as t
		from (select i as n, i % {paying} as p, i / {paying} as r from {n} z) y) x cross join {calendar}`
	return errors.Join(
		l.each(ctx, 0, l.w.history.payments, l.sql(`insert into payment (id, agreement_id, application_id, account_id, payee_id, operation_id, amount, fee, currency, title,
			status, created_at, execution_date, ended_at, hold_id, reason,
			use_day, use_in_day, use_month, use_in_month, delta_day, delta_in_day, delta_month, delta_in_month, events)
			select {payment}, {agreement}, {application}, {payer}, {payee}, {operation}, {amount}, 0, 'PLN', '{title}',
			'EXECUTED', {at}, c.day, {at}, '', '', c.day, {amount}, c.month, {amount}, c.day, {amount}, c.month, {amount}, 0`+from)),
		l.each(ctx, 0, l.w.history.payments, l.sql(`insert into entry (id, at, kind, payment_id, hold_id) select {entry}, {at}, 'transfer', {payment}, ''`+from)))
}

// operations come in the order of their callers' ids.
func (l *loader) operations(ctx context.Context) error {
	const window = `{"d":"' || c.day || '","e":{amount},"m":"' || c.month || '","n":{amount}}`
	return l.each(ctx, 0, l.w.history.payments, l.sql(`insert into operation (application_id, operation_id, content, at, agreement_id, authorisation_id, hold_id, payment_id, answer)
		select {application}, {operation}, {content}, {at}, {agreement}, '', '', {payment},
		'{"a":"' || {payer} || '","p":"' || {payee} || '","m":{amount},"c":"PLN","t":"{title}","o":' || cast({at} as text) || ',"d":"' || c.day ||
		'","s":"EXECUTED","e":' || cast({at} as text) || ',"u":`+window+`,"l":`+window+`}'
		from (select v.*, v.r * {paying} + v.p as n
			from (select u.j, u.t, u.s / {round} as r, (u.s % {round}) * {partners} + u.j as p
				from (select i / {toEach} as j, i % {toEach} as t, ((i % {toEach}) * {back}) % {toEach} as s from {n} z) u) v) x cross join {calendar}`))
}

// postings come account by account: what the payers paid, then what the
// partners got.
func (l *loader) postings(ctx context.Context) error {
	const into = `insert into posting (account_id, at, seq, entry_id, kind, title, amount, balance, currency, other_name, other_number, payment_id, hold_id) `
	return errors.Join(
		l.each(ctx, 0, l.w.history.payments, l.sql(into+`select {payer}, {at}, x.r + 1, {entry}, 'transfer', '{title}', -{amount}, -{amount} * (x.r + 1), 'PLN',
			'Jan Kowalski', {payeeNRB}, {payment}, ''
			from (select y.*, y.r * {paying} + y.p as n, y.p % {partners} as j from (select i / {each} as p, i % {each} as r from {n} z) y) x cross join {calendar}`)),
		l.each(ctx, 0, l.w.history.payments, l.sql(into+`select {payee}, {at}, x.s + 1, {entry}, 'transfer', '{title}', {amount}, {amount} * (x.s + 1), 'PLN',
			'Jan Kowalski', {payerNRB}, {payment}, ''
			from (select y.*, y.r * {paying} + y.p as n
				from (select u.j, u.s, u.s / {round} as r, (u.s % {round}) * {partners} + u.j as p
					from (select i / {toEach} as j, i % {toEach} as s from {n} z) u) y) x cross join {calendar}`)))
}

// counters are what the limits have counted.
func (l *loader) counters(ctx context.Context) error {
	var n int
	if err := l.conn.QueryRowContext(ctx, "select count(*) from period").Scan(&n); err != nil {
		return err
	}
	for _, subject := range [...]string{"agreement:' || {agreement}", "customer:' || {customer}"} {
		err := l.each(ctx, 0, n*l.w.history.paying(), l.sql(fmt.Sprintf(`insert into counter (subject, period, used, currency)
			select '%s, c.period, c.used, 'PLN' from (select i / %d as p, i %% %d as q from {n} z) x cross join period c where c.i = x.q`, subject, n, n)))
		if err != nil {
			return err
		}
	}
	return nil
}

// balances are where the postings end.
func (l *loader) balances(ctx context.Context) error {
	h, w := l.w.history, l.w
	toEach := h.payments / w.partners
	update := func(booked int64, seq, first, last int) string {
		return fmt.Sprintf("update account set booked = %d, seq = %d where id between '%s' and '%s'", booked, seq, accountOf(first), accountOf(last))
	}
	return l.run(ctx, update(-each*price().Minor(), each, 0, h.paying()-1), update(int64(toEach)*price().Minor(), toEach, w.customers, w.customers+w.partners-1))
}

// trail is the audit of the history, chained, in one segment of a node that
// did nothing else.
func (l *loader) trail(ctx context.Context, days []time.Time) error {
	h, opened := l.w.history, days[0]
	node := "loader"
	segment := node + "/" + opened.Format("2006-01-02T15")
	nothing := make([]byte, 32)
	hash := follow(nothing, []byte(segment))
	var hashes bytes.Buffer
	for lo := 0; lo < h.payments; lo += chunk {
		n := min(chunk, h.payments-lo)
		hashes.Reset()
		for i := range n {
			r := audit.Record{
				At: h.at(days, lo+i), Actor: audit.Actor{Kind: audit.Partner, ID: string(applicationOf(l.w.partnerOf((lo + i) % h.paying())))},
				Act: "payment.executed", Subject: fmt.Sprintf("payment:01h000000000000%011d", lo+i), After: price().String(),
			}
			hash = follow(hash, r.Text())
			hashes.Write(hash)
		}
		_, err := l.conn.ExecContext(ctx, l.sql(fmt.Sprintf(`insert into audit (segment, seq, at, actor_kind, actor_id, act, subject, before_text, after_text, why, hash)
			select '%s', x.n + 1, {at}, 'partner', {application}, 'payment.executed', 'payment:' || {payment}, '', '%s', '', %s
			from (select y.*, y.p %% {partners} as j from (select i, %d + i as n, (%d + i) %% {paying} as p, (%d + i) / {paying} as r from k where i < %d) y) x cross join {calendar}`,
			segment, price(), l.hash(1, "x.i"), lo, lo, lo, n)), hashes.Bytes())
		if err != nil {
			return fmt.Errorf("audit: %w", err)
		}
	}
	_, err := l.conn.ExecContext(ctx, `insert into chain_segment (chain, segment, node, opened_at, previous, previous_hash, last_seq, last_hash)
		values ('audit', $1, $2, $3, '', $4, $5, $6)`, segment, node, opened.UnixMicro(), nothing, h.payments, hash)
	return err
}

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// chunk is how many rows one statement of the loader makes.
const chunk = 100_000

// loader writes rows by the set, straight into the tables: what a million acts
// of the store would have left. One SQL text serves both engines; the rows
// come in the order of their table's key, and indexes are built at the end.
type loader struct {
	b    books
	conn *sql.Conn
	w    world
}

// multiply fills books, in which the first of each kind stand, up to a world.
func multiply(ctx context.Context, b books, w world) (err error) {
	db, err := b.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	l := &loader{b: b, conn: conn, w: w}
	if err := l.run(ctx, b.loading()...); err != nil {
		return err
	}
	indexes, err := l.dropIndexes(ctx)
	if err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{l.counting, l.people, l.pairings, l.tokens, l.past} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if err := l.run(ctx, indexes...); err != nil {
		return err
	}
	return l.run(ctx, b.loaded()...)
}

func (l *loader) run(ctx context.Context, texts ...string) error {
	for _, text := range texts {
		if _, err := l.conn.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("%w in: %s", err, text)
		}
	}
	return nil
}

// counting makes a table of numbers, from which the sets are made.
func (l *loader) counting(ctx context.Context) error {
	return l.run(ctx, "create temporary table k (i bigint not null primary key)",
		fmt.Sprintf("insert into k with recursive s(i) as (select 0 union all select i + 1 from s where i < %d) select i from s", chunk-1),
		"analyze k")
}

// each runs a text for the numbers from lo up to hi, a chunk at a time. {n} in
// it is the set of numbers, as column i.
func (l *loader) each(ctx context.Context, lo, hi int, text string) error {
	for ; lo < hi; lo += chunk {
		numbers := fmt.Sprintf("(select %d + i as i from k where i < %d)", lo, min(chunk, hi-lo))
		if err := l.run(ctx, strings.ReplaceAll(text, "{n}", numbers)); err != nil {
			return err
		}
	}
	return nil
}

// digits is the text of a number in so many digits.
func digits(n int, expression string) string {
	return fmt.Sprintf("substr(cast(1%s + %s as text), 2)", strings.Repeat("0", n), expression)
}

// named is the expression of an id: a word and a number of seven digits.
func named(word, expression string) string { return "'" + word + "-' || " + digits(7, expression) }

// nrbOf is the expression of the number of an account, check digits and all:
// the remainder by 97 of a number that is made of parts is made of theirs.
func nrbOf(expression string) string {
	const ofAccount = 1_000_000 % 97 // the account's digits stand before "PL00", which is six digits
	begin := 0
	for _, d := range sortCode + strings.Repeat("0", 16) + "252100" {
		begin = (begin*10 + int(d-'0')) % 97
	}
	return digits(2, fmt.Sprintf("98 - (%d + %d * ((%s) %% 97)) %% 97", begin, ofAccount, expression)) + " || '" + sortCode + "' || " + digits(16, expression)
}

// copies repeats one row of a table for many numbers; set names the columns in
// which a copy differs, as expressions over n.i.
func (l *loader) copies(ctx context.Context, table, key string, lo, hi int, set map[string]string) error {
	columns, err := l.columns(ctx, table)
	if err != nil {
		return err
	}
	values := make([]string, len(columns))
	for i, c := range columns {
		values[i] = "f." + c
		if e, ok := set[c]; ok {
			values[i] = e
		}
	}
	return l.each(ctx, lo, hi, fmt.Sprintf("insert into %s (%s) select %s from {n} n cross join %s f where %s",
		table, strings.Join(columns, ", "), strings.Join(values, ", "), table, "f."+key))
}

func (l *loader) columns(ctx context.Context, table string) (_ []string, err error) {
	rows, err := l.conn.QueryContext(ctx, "select * from "+table+" limit 0")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Err(), rows.Close()) }()
	return rows.Columns()
}

// people are the customers, behind them the partners, with a person and an
// account each.
func (l *loader) people(ctx context.Context) error {
	person, customer, own := named("person", "n.i"), named("customer", "n.i"), named("account", "n.i")
	var errs []error
	for _, span := range [...][2]int{{1, l.w.customers}, {l.w.customers + 1, l.w.customers + l.w.partners}} {
		errs = append(errs,
			l.copies(ctx, "person", "id = '"+string(personOf(0))+"'", span[0], span[1], map[string]string{"id": person}),
			l.copies(ctx, "customer", "id = '"+string(customerOf(0))+"'", span[0], span[1], map[string]string{"id": customer, "person_id": person}),
			l.copies(ctx, "account", "id = '"+string(accountOf(0))+"'", span[0], span[1],
				map[string]string{"id": own, "customer_id": customer, "nrb": nrbOf("n.i")}))
	}
	return errors.Join(errs...)
}

// pairings are the applications, and the agreements of those who pay.
func (l *loader) pairings(ctx context.Context) error {
	app := named("application", fmt.Sprintf("n.i %% %d", l.w.partners))
	return errors.Join(
		l.copies(ctx, "application", "id = '"+string(applicationOf(0))+"'", 1, l.w.partners, map[string]string{
			"id": named("application", "n.i"), "account_id": named("account", fmt.Sprintf("%d + n.i", l.w.customers)),
		}),
		l.copies(ctx, "agreement", "id = '"+string(agreementOf(0))+"'", 1, l.w.payers, map[string]string{
			"id": named("agreement", "n.i"), "application": app, "customer_id": named("customer", "n.i"), "person_id": named("person", "n.i"),
			"account_ref": named("reference", "n.i"), "account_id": named("account", "n.i"),
		}))
}

// tokenHash is the hash of a loaded token of an agreement.
func tokenHash(kind string, payer int) []byte {
	h := sha256.Sum256(fmt.Appendf(nil, "%s of %d", kind, payer))
	return h[:]
}

// tokens gives every agreement a token of each kind.
func (l *loader) tokens(ctx context.Context) error {
	if !l.w.tokens {
		return nil
	}
	issued := instant()
	for _, kind := range [...]string{"access", "refresh"} {
		for lo := 0; lo < l.w.payers; lo += chunk {
			n := min(chunk, l.w.payers-lo)
			var hashes, families bytes.Buffer
			for i := range n {
				hashes.Write(tokenHash(kind, lo+i))
				families.Write(tokenHash("family", lo+i))
			}
			i := fmt.Sprintf("%d + k.i", lo)
			_, err := l.conn.ExecContext(ctx, fmt.Sprintf(`insert into token (hash, kind, client, agreement_id, family, issued_at, expires_at, spent_at, revoked_at)
				select %s, '%s', %s, %s, %s, %d, %d, 0, 0 from k where k.i < %d`,
				l.hash(1, "k.i"), kind, named("application", fmt.Sprintf("(%s) %% %d", i, l.w.partners)), named("agreement", i), l.hash(2, "k.i"),
				issued.UnixMicro(), issued.AddDate(1, 0, 0).UnixMicro(), n), hashes.Bytes(), families.Bytes())
			if err != nil {
				return fmt.Errorf("tokens: %w", err)
			}
		}
	}
	return nil
}

// hash is the i-th of the hashes that a parameter holds.
func (l *loader) hash(parameter int, i string) string {
	return fmt.Sprintf("substr(%s, cast(1 + 32 * %s as integer), 32)", l.b.bytes(parameter), i)
}

// dropIndexes takes away the indexes that no key needs, and returns the texts
// that make them again.
func (l *loader) dropIndexes(ctx context.Context) (texts []string, err error) {
	rows, err := l.conn.QueryContext(ctx, l.b.indexes())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var names []string
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			return nil, err
		}
		names, texts = append(names, name), append(texts, text)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := l.run(ctx, "drop index "+name); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

// since says how long something took, in words.
func since(from time.Time) string { return time.Since(from).Round(100 * time.Millisecond).String() }

package store

import (
	"context"
	"errors"

	"okienko/bank/account"
	"okienko/bank/ledger"
	"okienko/bank/money"
	"okienko/bank/payment"
)

// insertEntries keeps booked entries. Each posting repeats what its account's
// holder reads, so that no page of a history needs a join.
func insertEntries(ctx context.Context, tx *writeTx, entries []*ledger.Entry) error {
	err := put(ctx, tx, bulk{table: "entry", columns: "id, at, kind, payment_id, hold_id"}, entries, func(e *ledger.Entry) ([]any, error) {
		return []any{string(e.ID), micros(e.At), string(e.Kind), e.Payment, string(e.Hold)}, nil
	})
	if err != nil {
		return err
	}
	var postings []booked
	for _, e := range entries {
		for i := range e.Postings {
			postings = append(postings, booked{e, &e.Postings[i]})
		}
	}
	return put(ctx, tx, bulk{table: "posting", columns: `account_id, at, seq, entry_id, kind, title, amount, balance, currency,
		other_name, other_number, payment_id, hold_id`}, postings, func(b booked) ([]any, error) {
		e, p, other := b.entry, b.posting, &b.entry.Payer
		if p.Amount.IsNegative() {
			other = &e.Payee
		}
		return []any{
			string(p.Account), micros(e.At), p.Seq, string(e.ID), string(e.Kind), e.Title, p.Amount.Minor(), p.After.Minor(),
			string(p.Amount.Currency()), other.Name, other.Number, e.Payment, string(e.Hold),
		}, nil
	})
}

// booked is a posting with its entry.
type booked struct {
	entry   *ledger.Entry
	posting *ledger.Posting
}

const transactionColumns = `p.entry_id, p.account_id, p.at, p.kind, p.title, p.amount, p.balance, p.currency, p.seq,
	p.other_name, p.other_number, p.payment_id, p.hold_id`

func scanTransaction(row scanner) (payment.Transaction, error) {
	var t payment.Transaction
	var at, amount, balance int64
	var currency string
	err := row.Scan((*string)(&t.ID), (*string)(&t.Account), &at, (*string)(&t.Kind), &t.Title, &amount, &balance, &currency, &t.Seq,
		&t.Other.Name, &t.Other.Number, &t.Payment, (*string)(&t.Hold))
	if err != nil {
		return payment.Transaction{}, err
	}
	c := money.Currency(currency)
	t.At, t.Amount, t.After = instant(at), money.New(amount, c), money.New(balance, c)
	return t, nil
}

// Transaction finds what one entry booked on one account; a NotFound refusal
// when it booked nothing there.
func (s *Store) Transaction(ctx context.Context, a account.ID, id ledger.EntryID) (payment.Transaction, error) {
	// The entry knows its instant, and with it the place in the history.
	t, err := scanTransaction(s.read.QueryRowContext(ctx, `select `+transactionColumns+`
		from entry e join posting p on p.account_id = $1 and p.at = e.at and p.entry_id = e.id where e.id = $2`, string(a), string(id)))
	return t, found(err, "transaction")
}

// Transactions lists what was booked on one account, newest first.
func (s *Store) Transactions(ctx context.Context, f payment.TransactionFilter) ([]payment.Transaction, error) {
	if f.Account == "" {
		return nil, errors.New("store: a history is of one account")
	}
	q := filter{}
	q.and("p.account_id = ", string(f.Account))
	q.within("p.at", f.From, f.To)
	if !f.Page.Before.At.IsZero() {
		q.and("(p.at, p.seq) < (", micros(f.Page.Before.At))
		q.text = append(q.text, ", "...)
		q.param(f.Page.Before.Seq)
		q.text = append(q.text, ')')
	}
	q.text = append(q.text, " order by p.at desc, p.seq desc"...)
	size := pageSize(f.Page)
	if f.Text != "" {
		return s.search(ctx, f.Text, size, `select `+transactionColumns+` from posting p where `+string(q.text), q.args)
	}
	q.text = append(q.text, " limit "...)
	q.param(size)
	return rows(ctx, s.read, scanTransaction, `select `+transactionColumns+` from posting p where `+string(q.text), q.args...)
}

// search reads a history until a page of it holds the text. The text is looked
// for here and not by the engine: engines fold the case of Polish letters each
// in its own way, or not at all.
func (s *Store) search(ctx context.Context, text string, size int, query string, args []any) ([]payment.Transaction, error) {
	var out []payment.Transaction
	wanted := fold(text)
	err := each(ctx, s.read, query, func(row scanner) error {
		t, err := scanTransaction(row)
		if err != nil {
			return err
		}
		if wanted.in(t.Title) || wanted.in(t.Other.Name) || wanted.in(t.Other.Number) {
			if out = append(out, t); len(out) == size {
				return errStop
			}
		}
		return nil
	}, args...)
	return out, err
}

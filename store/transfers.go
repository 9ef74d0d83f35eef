package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"okienko/bank/money"
	"okienko/bank/payment"
	"okienko/bank/transfer"
)

var (
	_ transfer.Reader = (*Store)(nil)
	_ transfer.Due    = (*Store)(nil)
)

const transferColumns = `id, consent_id, client, tpp_id, bundle_id, standing_id, number, customer_id, account_id, vat_id, payee_id,
	instruction, amount, currency, system, fee, status, reason, detail, reserved, from_vat, created_at, due, ended_at, returned_at,
	use_day, use_in_day, use_month, use_in_month, delta_day, delta_in_day, delta_month, delta_in_month, events`

func scanTransfer(row scanner) (transfer.Transfer, error) {
	var t transfer.Transfer
	var order, currency string
	var amount, fee, fromVAT, created, due, ended, returned, useInDay, useInMonth, inDay, inMonth int64
	err := row.Scan((*string)(&t.ID), &t.Consent, (*string)(&t.Client), &t.TPPID, (*string)(&t.Bundle), (*string)(&t.Standing), &t.Number,
		(*string)(&t.Customer), (*string)(&t.Account), (*string)(&t.VAT), (*string)(&t.Payee),
		&order, &amount, &currency, (*string)(&t.System), &fee, (*string)(&t.Status), (*string)(&t.Reason), &t.Detail, &t.Reserved, &fromVAT,
		&created, &due, &ended, &returned, (*string)(&t.Use.Day), &useInDay, (*string)(&t.Use.Month), &useInMonth,
		(*string)(&t.Delta.Day), &inDay, (*string)(&t.Delta.Month), &inMonth, &t.Events)
	if err != nil {
		return transfer.Transfer{}, err
	}
	if t.Order, err = decodeOrder(order); err != nil {
		return transfer.Transfer{}, fmt.Errorf("transfer %s: %w", t.ID, err)
	}
	c := money.Currency(currency)
	t.Fee, t.FromVAT = money.New(fee, c), money.New(fromVAT, c)
	t.CreatedAt, t.Due, t.EndedAt, t.Returned = instant(created), instant(due), instant(ended), instant(returned)
	t.Use.InDay, t.Use.InMonth = counted(useInDay, t.Use.Day, c), counted(useInMonth, t.Use.Month, c)
	t.Delta.InDay, t.Delta.InMonth = counted(inDay, t.Delta.Day, c), counted(inMonth, t.Delta.Month, c)
	return t, nil
}

func loadTransfers(qs *questions, ids []transfer.ID, into map[transfer.ID]*transfer.Transfer) {
	load(qs, ids, into, "transfers", `select `+transferColumns+` from transfer where id = any($1)`,
		scanTransfer, func(t *transfer.Transfer) transfer.ID { return t.ID })
}

func insertTransfers(ctx context.Context, tx *writeTx, transfers []*transfer.Transfer) error {
	return put(ctx, tx, bulk{table: "transfer", columns: transferColumns}, transfers, func(t *transfer.Transfer) ([]any, error) {
		order, err := encodeOrder(&t.Order)
		return []any{
			string(t.ID), t.Consent, string(t.Client), t.TPPID, string(t.Bundle), string(t.Standing), int64(t.Number),
			string(t.Customer), string(t.Account), string(t.VAT), string(t.Payee),
			order, t.Order.Amount.Minor(), string(t.Order.Amount.Currency()), string(t.System), t.Fee.Minor(), string(t.Status),
			string(t.Reason), t.Detail, t.Reserved, t.FromVAT.Minor(),
			micros(t.CreatedAt), micros(t.Due), micros(t.EndedAt), micros(t.Returned),
			string(t.Use.Day), t.Use.InDay.Minor(), string(t.Use.Month), t.Use.InMonth.Minor(),
			string(t.Delta.Day), t.Delta.InDay.Minor(), string(t.Delta.Month), t.Delta.InMonth.Minor(), int64(t.Events),
		}, err
	})
}

func updateTransfers(ctx context.Context, tx *writeTx, transfers []*transfer.Transfer) error {
	return put(ctx, tx, bulk{table: "transfer", key: "id", columns: `system, status, reason, detail, reserved, from_vat, due, ended_at, returned_at,
		use_day, use_in_day, use_month, use_in_month, events, id`}, transfers, func(t *transfer.Transfer) ([]any, error) {
		return []any{
			string(t.System), string(t.Status), string(t.Reason), t.Detail, t.Reserved, t.FromVAT.Minor(),
			micros(t.Due), micros(t.EndedAt), micros(t.Returned),
			string(t.Use.Day), t.Use.InDay.Minor(), string(t.Use.Month), t.Use.InMonth.Minor(), int64(t.Events), string(t.ID),
		}, nil
	})
}

func insertTransferEvents(ctx context.Context, tx *writeTx, events []transfer.Event) error {
	return put(ctx, tx, bulk{table: "transfer_event", columns: `transfer_id, seq, status, at, by_kind, by_id, reason, detail, returned,
		day, in_day, month, in_month`}, events, func(e transfer.Event) ([]any, error) {
		return []any{
			string(e.Transfer), int64(e.Seq), string(e.Status), micros(e.At), string(e.By.Kind), e.By.ID, string(e.Reason), e.Detail, e.Returned,
			string(e.Delta.Day), e.Delta.InDay.Minor(), string(e.Delta.Month), e.Delta.InMonth.Minor(),
		}, nil
	})
}

// Transfer finds one; a NotFound refusal when there is none.
func (s *Store) Transfer(ctx context.Context, id transfer.ID) (transfer.Transfer, error) {
	t, err := scanTransfer(s.read.QueryRowContext(ctx, `select `+transferColumns+` from transfer where id = $1`, string(id)))
	return t, found(err, "transfer")
}

// Transfers lists the transfers of an account, a bundle or a standing order,
// newest first.
func (s *Store) Transfers(ctx context.Context, f transfer.Filter) ([]transfer.Transfer, error) {
	q := filter{}
	switch {
	case f.Bundle != "":
		q.and("bundle_id <> '' and bundle_id = ", string(f.Bundle))
	case f.Standing != "":
		q.and("standing_id <> '' and standing_id = ", string(f.Standing))
	case f.Account == "":
		return nil, errors.New("store: a list of transfers is of one account, bundle or standing order")
	}
	if f.Account != "" {
		of := "account_id = "
		if len(f.Statuses) > 0 && !slices.Contains(f.Statuses, transfer.Done) {
			of = "status <> 'done' and account_id = " // few of many: they have an index of their own
		}
		q.and(of, string(f.Account))
	}
	if len(f.Statuses) > 0 {
		q.and("status = any(", list(f.Statuses))
		q.text = append(q.text, ')')
	}
	q.created(f.From, f.To, payment.Page{Size: f.Size, Before: payment.Place{At: f.BeforeAt, ID: string(f.BeforeID)}})
	return rows(ctx, s.read, scanTransfer, `select `+transferColumns+` from transfer where `+string(q.text), q.args...)
}

// DueTransfers lists what the bank must act on, the longest due first.
func (s *Store) DueTransfers(ctx context.Context, now time.Time, n int) ([]transfer.Transfer, error) {
	return rows(ctx, s.read, scanTransfer, `select `+transferColumns+` from transfer
		where due <> 0 and due <= $1 order by due, id limit $2`, micros(now), int64(n))
}

// DueStandings lists standing orders whose next payment is due.
func (s *Store) DueStandings(ctx context.Context, now time.Time, n int) ([]transfer.StandingID, error) {
	return rows(ctx, s.read, scanText[transfer.StandingID], `select id from standing_order
		where due <> 0 and due <= $1 order by due, id limit $2`, micros(now), int64(n))
}

// NextTransferDue is the earliest instant at which either list has something;
// ok is false when nothing waits.
func (s *Store) NextTransferDue(ctx context.Context) (at time.Time, ok bool, err error) {
	var one, standing sql.NullInt64
	err = s.read.QueryRowContext(ctx, `select (select min(due) from transfer where due <> 0),
		(select min(due) from standing_order where due <> 0)`).Scan(&one, &standing)
	if err != nil {
		return time.Time{}, false, found(err, "due transfer")
	}
	for _, due := range [...]sql.NullInt64{one, standing} {
		if due.Valid && (!ok || instant(due.Int64).Before(at)) {
			at, ok = instant(due.Int64), true
		}
	}
	return at, ok, nil
}

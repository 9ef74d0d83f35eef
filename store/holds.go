package store

import (
	"context"
	"errors"
	"fmt"

	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/payment"
)

const holdColumns = `id, agreement_id, application_id, account_id, operation_id, amount, currency, title,
	created_at, valid_to, status, ended_at, captured, use_day, use_in_day, use_month, use_in_month, events`

func scanHold(row scanner) (ledger.Hold, error) {
	var h ledger.Hold
	var currency string
	var amount, createdAt, validTo, endedAt, captured, inDay, inMonth int64
	err := row.Scan((*string)(&h.ID), (*string)(&h.Agreement), (*string)(&h.Application), (*string)(&h.Account), &h.OperationID,
		&amount, &currency, &h.Title, &createdAt, &validTo, (*string)(&h.Status), &endedAt, &captured,
		(*string)(&h.Use.Day), &inDay, (*string)(&h.Use.Month), &inMonth, &h.Events)
	if err != nil {
		return ledger.Hold{}, err
	}
	c := money.Currency(currency)
	h.Amount, h.Captured = money.New(amount, c), money.New(captured, c)
	h.CreatedAt, h.ValidTo, h.EndedAt = instant(createdAt), instant(validTo), instant(endedAt)
	h.Use.InDay, h.Use.InMonth = counted(inDay, h.Use.Day, c), counted(inMonth, h.Use.Month, c)
	return h, nil
}

// counted is an amount of a limit's window; of no window it has no currency.
func counted(minor int64, p limit.Period, c money.Currency) money.Amount {
	if p == "" {
		return money.Amount{}
	}
	return money.New(minor, c)
}

func loadHolds(ctx context.Context, q querier, ids []ledger.HoldID, into map[ledger.HoldID]*ledger.Hold) error {
	return load(ctx, q, ids, into, "holds", `select `+holdColumns+` from hold where `+among("id", 1),
		scanHold, func(h *ledger.Hold) ledger.HoldID { return h.ID })
}

func insertHolds(ctx context.Context, q querier, holds []*ledger.Hold) error {
	for _, h := range holds {
		_, err := q.ExecContext(ctx, `insert into hold (`+holdColumns+`)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
			string(h.ID), string(h.Agreement), string(h.Application), string(h.Account), h.OperationID,
			h.Amount.Minor(), string(h.Amount.Currency()), h.Title, micros(h.CreatedAt), micros(h.ValidTo), string(h.Status),
			micros(h.EndedAt), h.Captured.Minor(), string(h.Use.Day), h.Use.InDay.Minor(), string(h.Use.Month), h.Use.InMonth.Minor(), h.Events)
		if err != nil {
			return fmt.Errorf("store: hold %s: %w", h.ID, err)
		}
	}
	return nil
}

func updateHolds(ctx context.Context, q querier, holds []*ledger.Hold) error {
	for _, h := range holds {
		if err := one(q.ExecContext(ctx, `update hold set amount = $1, title = $2, valid_to = $3, status = $4, ended_at = $5, captured = $6,
			use_day = $7, use_in_day = $8, use_month = $9, use_in_month = $10, events = $11 where id = $12`,
			h.Amount.Minor(), h.Title, micros(h.ValidTo), string(h.Status), micros(h.EndedAt), h.Captured.Minor(),
			string(h.Use.Day), h.Use.InDay.Minor(), string(h.Use.Month), h.Use.InMonth.Minor(), h.Events, string(h.ID))); err != nil {
			return fmt.Errorf("store: hold %s: %w", h.ID, err)
		}
	}
	return nil
}

func insertHoldEvents(ctx context.Context, q querier, events []ledger.HoldEvent) error {
	for i := range events {
		e := &events[i]
		_, err := q.ExecContext(ctx, `insert into hold_event
			(hold_id, seq, kind, at, by_kind, by_id, amount, title, valid_to, captured, day, in_day, month, in_month)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
			string(e.Hold), e.Seq, string(e.Kind), micros(e.At), string(e.By.Kind), e.By.ID, e.Amount.Minor(), e.Title, micros(e.ValidTo),
			e.Captured.Minor(), string(e.Delta.Day), e.Delta.InDay.Minor(), string(e.Delta.Month), e.Delta.InMonth.Minor())
		if err != nil {
			return fmt.Errorf("store: event %d of hold %s: %w", e.Seq, e.Hold, err)
		}
	}
	return nil
}

// Hold finds a hold; a NotFound refusal when there is none.
func (s *Store) Hold(ctx context.Context, id ledger.HoldID) (ledger.Hold, error) {
	h, err := scanHold(s.read.QueryRowContext(ctx, `select `+holdColumns+` from hold where id = $1`, string(id)))
	return h, found(err, "hold")
}

// Holds lists the holds of an agreement or an account, newest first.
func (s *Store) Holds(ctx context.Context, f payment.HoldFilter) ([]ledger.Hold, error) {
	q := filter{}
	switch {
	case f.Agreement != "":
		q.and("agreement_id = ", string(f.Agreement))
		if f.Account != "" {
			q.and("account_id = ", string(f.Account))
		}
	case f.Account != "":
		q.and("account_id = ", string(f.Account))
	default:
		return nil, errors.New("store: a list of holds is of one agreement or one account")
	}
	// What is past its time has expired, also before a worker has ended it.
	switch f.Status {
	case "":
	case ledger.Active:
		q.and("status = 'ACTIVE' and valid_to > ", micros(f.Now))
	case ledger.Expired:
		q.and("(status = 'EXPIRED' or status = 'ACTIVE' and valid_to <= ", micros(f.Now))
		q.text = append(q.text, ')')
	default:
		q.and("status = ", string(f.Status))
	}
	q.created(f.From, f.To, f.Page)
	return rows(ctx, s.read, scanHold, `select `+holdColumns+` from hold where `+string(q.text), q.args...)
}

package store

import (
	"context"
	"errors"

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

func loadHolds(qs *questions, ids []ledger.HoldID, into map[ledger.HoldID]*ledger.Hold) {
	load(qs, ids, into, "holds", `select `+holdColumns+` from hold where id = any($1)`,
		scanHold, func(h *ledger.Hold) ledger.HoldID { return h.ID })
}

func insertHolds(ctx context.Context, tx *writeTx, holds []*ledger.Hold) error {
	return put(ctx, tx, bulk{table: "hold", columns: holdColumns}, holds, func(h *ledger.Hold) ([]any, error) {
		return []any{
			string(h.ID), string(h.Agreement), string(h.Application), string(h.Account), h.OperationID,
			h.Amount.Minor(), string(h.Amount.Currency()), h.Title, micros(h.CreatedAt), micros(h.ValidTo), string(h.Status),
			micros(h.EndedAt), h.Captured.Minor(), string(h.Use.Day), h.Use.InDay.Minor(), string(h.Use.Month), h.Use.InMonth.Minor(), int64(h.Events),
		}, nil
	})
}

func updateHolds(ctx context.Context, tx *writeTx, holds []*ledger.Hold) error {
	return put(ctx, tx, bulk{table: "hold", key: "id", columns: `amount, title, valid_to, status, ended_at, captured,
		use_day, use_in_day, use_month, use_in_month, events, id`}, holds, func(h *ledger.Hold) ([]any, error) {
		return []any{
			h.Amount.Minor(), h.Title, micros(h.ValidTo), string(h.Status), micros(h.EndedAt), h.Captured.Minor(),
			string(h.Use.Day), h.Use.InDay.Minor(), string(h.Use.Month), h.Use.InMonth.Minor(), int64(h.Events), string(h.ID),
		}, nil
	})
}

func insertHoldEvents(ctx context.Context, tx *writeTx, events []ledger.HoldEvent) error {
	return put(ctx, tx, bulk{table: "hold_event", columns: `hold_id, seq, kind, at, by_kind, by_id, amount, title, valid_to, captured,
		day, in_day, month, in_month`}, events, func(e ledger.HoldEvent) ([]any, error) {
		return []any{
			string(e.Hold), int64(e.Seq), string(e.Kind), micros(e.At), string(e.By.Kind), e.By.ID, e.Amount.Minor(), e.Title, micros(e.ValidTo),
			e.Captured.Minor(), string(e.Delta.Day), e.Delta.InDay.Minor(), string(e.Delta.Month), e.Delta.InMonth.Minor(),
		}, nil
	})
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

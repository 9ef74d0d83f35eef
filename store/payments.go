package store

import (
	"context"
	"errors"

	"okienko/bank/calendar"
	"okienko/bank/money"
	"okienko/bank/payment"
)

const paymentColumns = `id, agreement_id, application_id, account_id, payee_id, operation_id, amount, fee, currency, title,
	status, created_at, execution_date, ended_at, hold_id, reason,
	use_day, use_in_day, use_month, use_in_month, delta_day, delta_in_day, delta_month, delta_in_month, events`

func scanPayment(row scanner) (payment.Payment, error) {
	var p payment.Payment
	var currency, date string
	var amount, fee, createdAt, endedAt, useInDay, useInMonth, inDay, inMonth int64
	err := row.Scan((*string)(&p.ID), (*string)(&p.Agreement), (*string)(&p.Application), (*string)(&p.Account), (*string)(&p.Payee),
		&p.OperationID, &amount, &fee, &currency, &p.Title, (*string)(&p.Status), &createdAt, &date, &endedAt, (*string)(&p.Hold), (*string)(&p.Reason),
		(*string)(&p.Use.Day), &useInDay, (*string)(&p.Use.Month), &useInMonth,
		(*string)(&p.Delta.Day), &inDay, (*string)(&p.Delta.Month), &inMonth, &p.Events)
	if err != nil {
		return payment.Payment{}, err
	}
	c := money.Currency(currency)
	p.Amount, p.Fee = money.New(amount, c), money.New(fee, c)
	p.CreatedAt, p.EndedAt = instant(createdAt), instant(endedAt)
	p.Use.InDay, p.Use.InMonth = counted(useInDay, p.Use.Day, c), counted(useInMonth, p.Use.Month, c)
	p.Delta.InDay, p.Delta.InMonth = counted(inDay, p.Delta.Day, c), counted(inMonth, p.Delta.Month, c)
	p.ExecutionDate, err = day(date)
	return p, err
}

// day reads a kept calendar day, "" for none.
func day(text string) (calendar.Date, error) {
	if text == "" {
		return calendar.Date{}, nil
	}
	return calendar.ParseDate(text)
}

// dayText is how a calendar day is kept.
func dayText(d calendar.Date) string {
	if d == (calendar.Date{}) {
		return ""
	}
	return d.String()
}

func loadPayments(qs *questions, ids []payment.ID, into map[payment.ID]*payment.Payment) {
	load(qs, ids, into, "payments", `select `+paymentColumns+` from payment where id = any($1)`,
		scanPayment, func(p *payment.Payment) payment.ID { return p.ID })
}

func insertPayments(ctx context.Context, tx *writeTx, payments []*payment.Payment) error {
	return put(ctx, tx, bulk{table: "payment", columns: paymentColumns}, payments, func(p *payment.Payment) ([]any, error) {
		return []any{
			string(p.ID), string(p.Agreement), string(p.Application), string(p.Account), string(p.Payee), p.OperationID,
			p.Amount.Minor(), p.Fee.Minor(), string(p.Amount.Currency()), p.Title, string(p.Status), micros(p.CreatedAt),
			dayText(p.ExecutionDate), micros(p.EndedAt), string(p.Hold), string(p.Reason),
			string(p.Use.Day), p.Use.InDay.Minor(), string(p.Use.Month), p.Use.InMonth.Minor(),
			string(p.Delta.Day), p.Delta.InDay.Minor(), string(p.Delta.Month), p.Delta.InMonth.Minor(), int64(p.Events),
		}, nil
	})
}

func updatePayments(ctx context.Context, tx *writeTx, payments []*payment.Payment) error {
	return put(ctx, tx, bulk{table: "payment", key: "id", columns: `amount, fee, title, status, execution_date, ended_at, reason,
		use_day, use_in_day, use_month, use_in_month, events, id`}, payments, func(p *payment.Payment) ([]any, error) {
		return []any{
			p.Amount.Minor(), p.Fee.Minor(), p.Title, string(p.Status), dayText(p.ExecutionDate), micros(p.EndedAt), string(p.Reason),
			string(p.Use.Day), p.Use.InDay.Minor(), string(p.Use.Month), p.Use.InMonth.Minor(), int64(p.Events), string(p.ID),
		}, nil
	})
}

func insertPaymentEvents(ctx context.Context, tx *writeTx, events []payment.Event) error {
	return put(ctx, tx, bulk{table: "payment_event", columns: `payment_id, seq, kind, at, by_kind, by_id, amount, title, execution_date,
		day, in_day, month, in_month`}, events, func(e payment.Event) ([]any, error) {
		return []any{
			string(e.Payment), int64(e.Seq), string(e.Kind), micros(e.At), string(e.By.Kind), e.By.ID, e.Amount.Minor(), e.Title,
			dayText(e.ExecutionDate), string(e.Delta.Day), e.Delta.InDay.Minor(), string(e.Delta.Month), e.Delta.InMonth.Minor(),
		}, nil
	})
}

// Payment finds a payment; a NotFound refusal when there is none.
func (s *Store) Payment(ctx context.Context, id payment.ID) (payment.Payment, error) {
	p, err := scanPayment(s.read.QueryRowContext(ctx, `select `+paymentColumns+` from payment where id = $1`, string(id)))
	return p, found(err, "payment")
}

// Payments lists the payments of an agreement, newest first; or those of an
// account that were not executed: those that were stand in its history.
func (s *Store) Payments(ctx context.Context, f payment.Filter) ([]payment.Payment, error) {
	q := filter{}
	switch {
	case f.Agreement != "":
		q.and("agreement_id = ", string(f.Agreement))
		if f.Account != "" {
			q.and("account_id = ", string(f.Account))
		}
	case f.Account != "" && f.Status != payment.Executed:
		q.and("status <> 'EXECUTED' and account_id = ", string(f.Account))
	default:
		return nil, errors.New("store: a list of payments is of one agreement, or of one account and not of executed ones")
	}
	if f.Status != "" {
		q.and("status = ", string(f.Status))
	}
	q.created(f.From, f.To, f.Page)
	return rows(ctx, s.read, scanPayment, `select `+paymentColumns+` from payment where `+string(q.text), q.args...)
}

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"okienko/bank/account"
	"okienko/bank/calendar"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/payment"
)

// Counters reads how much of some limits is used.
func (s *Store) Counters(ctx context.Context, keys []limit.Key) (map[limit.Key]money.Amount, error) {
	out := make(map[limit.Key]money.Amount, len(keys))
	var qs questions
	loadCounters(&qs, keys, out)
	return out, qs.put(ctx, s.read)
}

// BalancesByDay is the booked balance of an account at the end of each day from
// first to last. It is an error to ask for more than two years.
func (s *Store) BalancesByDay(ctx context.Context, id account.ID, first, last calendar.Date) ([]money.Amount, error) {
	const most = 2 * 366
	var ends []int64
	for d := first; !d.After(last); d = d.AddDays(1) {
		if ends = append(ends, micros(d.AddDays(1).Start())); len(ends) > most {
			return nil, fmt.Errorf("store: balances of more than %d days", most)
		}
	}
	// One step into the history for each day, however long the history is.
	out := make([]money.Amount, len(ends))
	met := 0
	err := each(ctx, s.read, `select d.place, a.currency, coalesce((select p.balance from posting p
			where p.account_id = a.id and p.at < d.at order by p.at desc, p.seq desc limit 1), 0)
		from account a cross join `+s.engine.dialect().places("$2", "d(at, place)")+` where a.id = $1`, func(row scanner) error {
		var i int
		var currency string
		var minor int64
		if err := row.Scan(&i, &currency, &minor); err != nil {
			return err
		}
		out[i-1] = money.New(minor, money.Currency(currency))
		met++
		return nil
	}, string(id), ends)
	if err == nil && met != len(ends) {
		err = sql.ErrNoRows
	}
	if err := found(err, "account"); err != nil {
		return nil, err
	}
	return out, nil
}

// DueHolds lists active holds whose time is over, the longest over first.
func (s *Store) DueHolds(ctx context.Context, now time.Time, n int) ([]ledger.HoldID, error) {
	return rows(ctx, s.read, scanText[ledger.HoldID], `select id from hold
		where status = 'ACTIVE' and valid_to <= $1 order by valid_to, id limit $2`, micros(now), n)
}

// DuePayments lists scheduled payments whose day has come, the oldest day first.
func (s *Store) DuePayments(ctx context.Context, today calendar.Date, n int) ([]payment.ID, error) {
	return rows(ctx, s.read, scanText[payment.ID], `select id from payment
		where status = 'SCHEDULED' and execution_date <= $1 order by execution_date, id limit $2`, today.String(), n)
}

// NextDue is the earliest instant at which DueHolds or DuePayments has something
// to list; ok is false when nothing waits.
func (s *Store) NextDue(ctx context.Context) (at time.Time, ok bool, err error) {
	var hold sql.NullInt64
	var date sql.NullString
	err = s.read.QueryRowContext(ctx, `select
		(select min(valid_to) from hold where status = 'ACTIVE'),
		(select min(execution_date) from payment where status = 'SCHEDULED')`).Scan(&hold, &date)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("store: %w", err)
	}
	if hold.Valid {
		at, ok = instant(hold.Int64), true
	}
	if date.Valid {
		d, err := calendar.ParseDate(date.String)
		if err != nil {
			return time.Time{}, false, errors.Join(errors.New("store: the day of a scheduled payment"), err)
		}
		if start := d.Start(); !ok || start.Before(at) {
			at, ok = start, true
		}
	}
	return at, ok, nil
}

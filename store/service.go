package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"okienko/bank/calendar"
	"okienko/bank/service"
)

// AddTallies adds what a node has counted; see service.Book.
func (s *Store) AddTallies(ctx context.Context, list []service.Tally) error {
	return s.act(ctx, outside, func(ctx context.Context, tx *writeTx) error {
		for _, t := range list {
			err := one(tx.ExecContext(ctx, `insert into service_day (day, channel, kind, calls, faults, took) values ($1, $2, $3, $4, $5, $6)
				on conflict (day, channel, kind) do update set calls = service_day.calls + excluded.calls,
					faults = service_day.faults + excluded.faults, took = service_day.took + excluded.took`,
				t.Day.String(), string(t.Channel), string(t.Kind), t.Calls, t.Faults, t.Took.Microseconds()))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Alive notes that a channel is served; see service.Book.
func (s *Store) Alive(ctx context.Context, c service.Channel, at time.Time) error {
	return s.act(ctx, outside, func(ctx context.Context, tx *writeTx) error {
		var last int64
		err := tx.QueryRowContext(ctx, `select at from service_alive where channel = $1`+held(tx), string(c)).Scan(&last)
		now := micros(at)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			_, err = tx.ExecContext(ctx, `insert into service_alive (channel, since, at) values ($1, $2, $3) on conflict (channel) do nothing`, string(c), now, now)
			return err
		case err != nil:
			return err
		case now <= last: // another node was later
			return nil
		case now-last > service.Silence.Microseconds():
			if _, err := tx.ExecContext(ctx, `insert into service_outage (channel, from_at, to_at) values ($1, $2, $3)`, string(c), last, now); err != nil {
				return err
			}
		}
		return one(tx.ExecContext(ctx, `update service_alive set at = $1 where channel = $2`, now, string(c)))
	})
}

// Tallies are what was counted on some days.
func (s *Store) Tallies(ctx context.Context, first, last calendar.Date) (out []service.Tally, err error) {
	rows, err := s.read.QueryContext(ctx, `select day, channel, kind, calls, faults, took from service_day
		where day >= $1 and day <= $2 order by day, channel, kind`, first.String(), last.String())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var (
			t    service.Tally
			day  string
			took int64
		)
		if err := rows.Scan(&day, (*string)(&t.Channel), (*string)(&t.Kind), &t.Calls, &t.Faults, &took); err != nil {
			return nil, err
		}
		if t.Day, err = calendar.ParseDate(day); err != nil {
			return nil, err
		}
		t.Took = time.Duration(took) * time.Microsecond
		out = append(out, t)
	}
	return out, rows.Err()
}

// Outages are those that touch a time.
func (s *Store) Outages(ctx context.Context, from, to time.Time) (out []service.Outage, err error) {
	rows, err := s.read.QueryContext(ctx, `select channel, from_at, to_at from service_outage
		where to_at > $1 and from_at < $2 order by from_at, channel`, micros(from), micros(to))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var (
			o      service.Outage
			begins int64
			ends   int64
		)
		if err := rows.Scan((*string)(&o.Channel), &begins, &ends); err != nil {
			return nil, err
		}
		o.From, o.To = instant(begins), instant(ends)
		out = append(out, o)
	}
	return out, rows.Err()
}

// Since is when a channel was first served.
func (s *Store) Since(ctx context.Context, c service.Channel) (time.Time, error) {
	var since int64
	err := s.read.QueryRowContext(ctx, `select since from service_alive where channel = $1`, string(c)).Scan(&since)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return instant(since), err
}

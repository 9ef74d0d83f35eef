package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"okienko/bank/notice"
)

var _ notice.Outbox = (*Store)(nil)

// putMessage keeps a message in the transaction of the act that made it
// necessary. Number and text are sealed: the text may hold a one-time code.
func (s *Store) putMessage(ctx context.Context, q querier, m notice.Message) error {
	err := one(q.ExecContext(ctx, `insert into message (id, channel, person_id, to_sealed, text_sealed, created_at, expires_at,
			status, tries, fence, worker, due_at, settled_at)
		values ($1, $2, $3, $4, $5, $6, $7, 'waiting', 0, 0, '', 0, 0)`,
		m.ID, string(m.Channel), string(m.Person), s.seal([]byte(m.To)), s.seal([]byte(m.Text)),
		micros(m.CreatedAt), micros(m.ExpiresAt)))
	if err != nil {
		return fmt.Errorf("message %s: %w", m.ID, err)
	}
	return nil
}

// ClaimMessages leases messages that wait to one worker, the oldest first.
// Messages that have expired by the bank clock are dropped on the way, their
// texts erased. It looks before it writes: a worker that asks often and finds
// nothing must not stand in the writers' queue.
func (s *Store) ClaimMessages(ctx context.Context, worker string, n int, wall, until time.Time) ([]notice.Message, error) {
	some, err := s.messagesWait(ctx, wall)
	if err != nil || !some {
		return nil, err
	}
	var out []notice.Message
	err = s.act(ctx, outside, func(ctx context.Context, tx *writeTx) error {
		_, err := tx.ExecContext(ctx, `update message set status = 'dropped', to_sealed = $1, text_sealed = $1, settled_at = $2
			where status = 'waiting' and due_at <= $2 and expires_at <= $3`, []byte{}, micros(wall), micros(s.now()))
		if err != nil {
			return err
		}
		// The condition stands twice: where two transactions can choose the same
		// rows, the outer one is judged again after the lock was waited for.
		out, err = rows(ctx, tx, s.scanMessage, `update message set worker = $1, due_at = $2, tries = tries + 1, fence = fence + 1
			where status = 'waiting' and due_at <= $3 and id in (
				select id from message where status = 'waiting' and due_at <= $3 order by due_at, created_at, id limit $4)
			returning id, channel, person_id, to_sealed, text_sealed, created_at, expires_at, tries, fence`,
			worker, micros(until), micros(wall), int64(n))
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(out, func(a, b notice.Message) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return out, nil
}

func (s *Store) messagesWait(ctx context.Context, wall time.Time) (bool, error) {
	var some bool
	err := s.read.QueryRowContext(ctx, `select exists (select 1 from message where status = 'waiting' and due_at <= $1)`, micros(wall)).Scan(&some)
	return some, err
}

func (s *Store) scanMessage(row scanner) (notice.Message, error) {
	var (
		m                       notice.Message
		to, text                []byte
		created, expires, tries int64
	)
	err := row.Scan(&m.ID, (*string)(&m.Channel), (*string)(&m.Person), &to, &text, &created, &expires, &tries, &m.Fence)
	if err != nil {
		return m, err
	}
	m.CreatedAt, m.ExpiresAt, m.Tries = instant(created), instant(expires), int(tries)
	if to, err = s.open(to); err != nil {
		return m, fmt.Errorf("message %s: %w", m.ID, err)
	}
	if text, err = s.open(text); err != nil {
		return m, fmt.Errorf("message %s: %w", m.ID, err)
	}
	m.To, m.Text = string(to), string(text)
	return m, nil
}

// SettleMessage ends a claim: the message was delivered, or is to be tried again
// at an instant, or (both zero) is given up. A claim that was overtaken by
// another one changes nothing.
func (s *Store) SettleMessage(ctx context.Context, id string, fence int64, delivered, again time.Time) error {
	return s.act(ctx, outside, func(ctx context.Context, tx *writeTx) error {
		if !again.IsZero() {
			_, err := tx.ExecContext(ctx, `update message set worker = '', due_at = $1 where id = $2 and fence = $3 and status = 'waiting'`,
				micros(again), id, fence)
			return err
		}
		status, settled := "delivered", delivered
		if delivered.IsZero() {
			status, settled = "dropped", s.wall.Now()
		}
		_, err := tx.ExecContext(ctx, `update message set status = $1, to_sealed = $2, text_sealed = $2, settled_at = $3
			where id = $4 and fence = $5 and status = 'waiting'`, status, []byte{}, micros(settled), id, fence)
		return err
	})
}

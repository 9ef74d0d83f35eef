package store

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"okienko/bank/audit"
)

// The access log is written in batches (design §3, Audit): a line must not cost
// an fsync of its own.
const (
	accessEvery = 250 * time.Millisecond
	accessBatch = 256
	// accessWaiting bounds the lines in memory. When the disk is slower than the
	// callers, lines are dropped and their number is logged: losing lines of a
	// log is better than making every caller wait for it.
	accessWaiting = 16 * accessBatch
)

// accessLog gathers lines for its writer.
type accessLog struct {
	s     *Store
	kick  chan struct{}
	close func() error

	mu      sync.Mutex
	waiting []audit.AccessRecord
	dropped int
}

func openAccessLog(s *Store) *accessLog {
	l := &accessLog{s: s, kick: make(chan struct{}, 1)}
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		tick := time.NewTicker(accessEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-l.kick:
			case <-stop:
				done <- l.flush(context.Background())
				return
			}
			if err := l.flush(context.Background()); err != nil {
				s.log.Error("The access log could not be written.", slog.Any("error", err))
			}
		}
	}()
	l.close = func() error {
		close(stop)
		return <-done
	}
	return l
}

// LogAccess notes one call of a third party. It never waits: the line is kept
// within a quarter of a second, and at Close. The agreement's last use is kept
// with it.
func (s *Store) LogAccess(r audit.AccessRecord) {
	l := s.logs
	l.mu.Lock()
	if len(l.waiting) >= accessWaiting {
		l.dropped++
		l.mu.Unlock()
		return
	}
	l.waiting = append(l.waiting, r)
	full := len(l.waiting) >= accessBatch
	l.mu.Unlock()
	if full {
		select {
		case l.kick <- struct{}{}:
		default:
		}
	}
}

// FlushAccess writes the lines that wait, for a reader who wants them now.
func (s *Store) FlushAccess(ctx context.Context) error { return s.logs.flush(ctx) }

func (l *accessLog) flush(ctx context.Context) error {
	l.mu.Lock()
	lines, dropped := l.waiting, l.dropped
	l.waiting, l.dropped = nil, 0
	l.mu.Unlock()
	if dropped > 0 {
		l.s.log.Error("Lines of the access log were dropped.", slog.Int("lines", dropped))
	}
	if len(lines) == 0 {
		return nil
	}
	err := l.s.keepAccess(ctx, lines)
	if err != nil {
		// They are written with the next batch, before those that came meanwhile.
		l.mu.Lock()
		l.waiting = append(lines, l.waiting...)
		l.mu.Unlock()
	}
	return err
}

func (s *Store) keepAccess(ctx context.Context, lines []audit.AccessRecord) error {
	return s.write(ctx, func(ctx context.Context, tx *writeTx) error {
		c, err := tx.access.here(ctx, tx, s)
		if err != nil {
			return err
		}
		used := map[string]time.Time{}
		var order []string // the outcome must not hang on map order
		for i := range lines {
			r := &lines[i]
			c.seq++
			c.hash = link(c.hash, r.Text())
			_, err := tx.ExecContext(ctx, `insert into access_log
				(segment, seq, at, client_id, agreement_id, act, subject, outcome, hash)
				values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
				c.segment, c.seq, micros(r.At), r.Client, r.Agreement, r.Act, r.Subject, r.Outcome, c.hash)
			if err != nil {
				return fmt.Errorf("store: access log: %w", err)
			}
			if r.Agreement == "" {
				continue
			}
			last, met := used[r.Agreement]
			if !met {
				order = append(order, r.Agreement)
			}
			if r.At.After(last) {
				used[r.Agreement] = r.At
			}
		}
		for _, id := range order {
			_, err := tx.ExecContext(ctx, "update agreement set last_used = $1 where id = $2 and last_used < $1", micros(used[id]), id)
			if err != nil {
				return fmt.Errorf("store: last use: %w", err)
			}
		}
		tx.access = c
		tx.leaves = func() {} // when an agreement was used last is nothing that the desk asks
		return c.sealEnd(ctx, tx)
	})
}

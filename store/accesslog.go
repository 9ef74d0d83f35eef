package store

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"okienko/bank/audit"
	"okienko/bank/consent"
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

// keepAccess writes lines with the last use of the agreements that they name.
func (s *Store) keepAccess(ctx context.Context, lines []audit.AccessRecord) error {
	return s.act(ctx, beside, func(ctx context.Context, tx *writeTx) error {
		used := map[consent.ID]time.Time{}
		for i := range lines {
			if r := &lines[i]; r.Agreement != "" && r.At.After(used[consent.ID(r.Agreement)]) {
				used[consent.ID(r.Agreement)] = r.At
			}
		}
		ids := slices.Sorted(maps.Keys(used))
		// Only those whose last use lies before: two nodes may write at once, and
		// lock the rows in this order.
		later, err := rows(ctx, tx, func(row scanner) (consent.ID, error) {
			var id consent.ID
			var last int64
			err := row.Scan((*string)(&id), &last)
			if err == nil && last >= micros(used[id]) {
				id = ""
			}
			return id, err
		}, "select id, last_used from agreement where id = any($1) order by id"+held(tx), list(ids))
		if err != nil {
			return err
		}
		later = slices.DeleteFunc(later, func(id consent.ID) bool { return id == "" })
		err = put(ctx, tx, bulk{table: "agreement", key: "id", columns: "last_used, id"}, later, func(id consent.ID) ([]any, error) {
			return []any{micros(used[id]), string(id)}, nil
		})
		if err != nil {
			return err
		}
		return tx.access.append(ctx, tx, s, bulk{table: "access_log", columns: "segment, seq, at, client_id, agreement_id, act, subject, outcome, hash"},
			len(lines), func(i int) ([]byte, []any) {
				r := &lines[i]
				return r.Text(), []any{micros(r.At), r.Client, r.Agreement, r.Act, r.Subject, r.Outcome}
			})
	})
}

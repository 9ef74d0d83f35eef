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
	"okienko/bank/xs2a"
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

	flushing sync.Mutex // held while lines are being written: whoever flushes waits for those too

	mu      sync.Mutex
	waiting []audit.AccessRecord
	uses    map[xs2a.ID]use // the last one of each consent
	dropped int
}

// use is that of a right of a third party's consent.
type use struct {
	at    time.Time
	right xs2a.Right
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

// use notes the last use of a consent, to be kept as a line is.
func (l *accessLog) use(id xs2a.ID, u use) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, met := l.uses[id]; !met && len(l.uses) >= accessWaiting {
		return // a last use is told to people: one that is not kept harms nobody
	}
	if l.uses == nil {
		l.uses = map[xs2a.ID]use{}
	}
	if !u.at.Before(l.uses[id].at) {
		l.uses[id] = u
	}
}

// FlushAccess writes the lines that wait, for a reader who wants them now.
func (s *Store) FlushAccess(ctx context.Context) error { return s.logs.flush(ctx) }

func (l *accessLog) flush(ctx context.Context) error {
	l.flushing.Lock()
	defer l.flushing.Unlock()
	l.mu.Lock()
	lines, uses, dropped := l.waiting, l.uses, l.dropped
	l.waiting, l.uses, l.dropped = nil, nil, 0
	l.mu.Unlock()
	if dropped > 0 {
		l.s.log.Error("Lines of the access log were dropped.", slog.Int("lines", dropped))
	}
	if len(lines) == 0 && len(uses) == 0 {
		return nil
	}
	err := l.s.keepAccess(ctx, lines, uses)
	if err != nil {
		// They are written with the next batch, before those that came meanwhile.
		l.mu.Lock()
		l.waiting = append(lines, l.waiting...)
		l.mu.Unlock()
		for id, u := range uses {
			l.use(id, u)
		}
	}
	return err
}

// keepAccess writes lines with the last use of the agreements that they name,
// and last uses of consents.
func (s *Store) keepAccess(ctx context.Context, lines []audit.AccessRecord, uses map[xs2a.ID]use) error {
	return s.act(ctx, beside, func(ctx context.Context, tx *writeTx) error {
		if err := keepUses(ctx, tx, uses); err != nil || len(lines) == 0 {
			return err
		}
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

// keepUses keeps the last uses of consents that lie behind those that are kept.
func keepUses(ctx context.Context, tx *writeTx, uses map[xs2a.ID]use) error {
	if len(uses) == 0 {
		return nil
	}
	newer, err := rows(ctx, tx, func(row scanner) (xs2a.ID, error) {
		var id xs2a.ID
		var last int64
		err := row.Scan((*string)(&id), &last)
		if err == nil && last > micros(uses[id].at) {
			id = ""
		}
		return id, err
	}, "select id, last_used from tpp_consent where id = any($1) order by id"+held(tx), list(slices.Sorted(maps.Keys(uses))))
	if err != nil {
		return err
	}
	newer = slices.DeleteFunc(newer, func(id xs2a.ID) bool { return id == "" })
	return put(ctx, tx, bulk{table: "tpp_consent", key: "id", columns: "last_used, last_read, id"}, newer, func(id xs2a.ID) ([]any, error) {
		return []any{micros(uses[id].at), string(uses[id].right), string(id)}, nil
	})
}

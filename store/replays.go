package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"okienko/bank"
	"okienko/bank/desk"
	"okienko/bank/thirdparty"
)

var _ thirdparty.Replays = (*Store)(nil)

// requestsAtOnce bounds the ids that one transaction keeps.
const requestsAtOnce = 512

// replays gathers the ids of requests that come at the same time: they are kept
// in one transaction, and share what making it durable costs. While one is being
// written the next ones gather.
type replays struct {
	s *Store

	mu      sync.Mutex
	waiting []*requestID
	writing bool
}

// requestID is one that waits for its verdict.
type requestID struct {
	organisation, id string
	at               time.Time
	verdict          chan error // one, always
}

func (r *requestID) compare(other *requestID) int {
	return cmp.Or(cmp.Compare(r.organisation, other.organisation), cmp.Compare(r.id, other.id))
}

// FirstUse lets one of any number of calls with one id pass; see
// thirdparty.Replays. The table's key decides between nodes.
func (s *Store) FirstUse(ctx context.Context, o thirdparty.Organisation, id string, at time.Time) error {
	mine := &requestID{organisation: string(o), id: id, at: at, verdict: make(chan error, 1)}
	s.replays.add(mine)
	select {
	case err := <-mine.verdict:
		return err
	case <-ctx.Done(): // the id may be used up: nobody was told that it was good
		return ctx.Err()
	}
}

func (r *replays) add(one *requestID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = append(r.waiting, one)
	if !r.writing {
		r.writing = true
		go r.write()
	}
}

// write writes until nothing waits.
func (r *replays) write() {
	for {
		r.mu.Lock()
		n := min(len(r.waiting), requestsAtOnce)
		batch := slices.Clone(r.waiting[:n])
		r.waiting = slices.Delete(r.waiting, 0, n)
		r.writing = n > 0
		r.mu.Unlock()
		if n == 0 {
			return
		}
		seen, err := r.s.keepRequests(context.Background(), batch)
		if bank.CodeOf(err) == bank.Busy {
			// Whoever waits by now has waited as long as those: nobody waits twice for
			// a database that does not answer.
			r.mu.Lock()
			batch, r.waiting = append(batch, r.waiting...), nil
			r.mu.Unlock()
		}
		for i, one := range batch {
			switch {
			case err != nil:
				one.verdict <- err
			case seen[i]:
				one.verdict <- bank.Refuse(bank.RequestRepeated, "The request id has been used before.")
			default:
				one.verdict <- nil
			}
		}
	}
}

// keepRequests keeps ids, and tells which of them were seen before: kept by
// somebody, or earlier in the batch.
func (s *Store) keepRequests(ctx context.Context, batch []*requestID) (seen []bool, err error) {
	err = s.act(ctx, outside, func(ctx context.Context, tx *writeTx) error {
		seen = make([]bool, len(batch))
		place := make(map[[2]string]int, len(batch))
		var organisations, ids []string
		for i, one := range batch {
			k := [2]string{one.organisation, one.id}
			if _, met := place[k]; met {
				seen[i] = true
				continue
			}
			place[k] = i
			organisations, ids = append(organisations, one.organisation), append(ids, one.id)
		}
		err := each(ctx, tx, "select organisation, request_id from tpp_request where organisation = any($1) and request_id = any($2)", func(row scanner) error {
			var k [2]string
			err := row.Scan(&k[0], &k[1])
			if i, asked := place[k]; asked {
				seen[i] = true
			}
			return err
		}, organisations, ids)
		if err != nil {
			return err
		}
		var fresh []*requestID
		for i, one := range batch {
			if !seen[i] {
				fresh = append(fresh, one)
			}
		}
		slices.SortFunc(fresh, (*requestID).compare) // as every node does: nobody waits in a circle
		err = put(ctx, tx, bulk{table: "tpp_request", columns: "organisation, request_id, at"}, fresh, func(one *requestID) ([]any, error) {
			return []any{one.organisation, one.id, micros(one.at)}, nil
		})
		if isTaken(err) { // another node was faster: it is found now
			return fmt.Errorf("%w: %w", desk.ErrConflict, err)
		}
		return err
	})
	return seen, err
}

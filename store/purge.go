package store

import (
	"context"
	"fmt"
	"time"
)

// purgeAtOnce bounds the rows that one transaction of a purge deletes, so that
// no payment waits long behind it.
const purgeAtOnce = 1000

// purgeable are the tables whose rows are of no use once they have expired: by
// then neither using nor reusing them means anything. Challenges stay: they are
// the bank's proof that the customer confirmed (PSD2 art. 72).
var purgeable = [...]struct{ table, key string }{
	{"token", "hash"}, {"code", "hash"}, {"pairing_request", "id"}, {"message", "id"}, {"session", "token_hash"},
}

// Purge deletes tokens, codes, pairing requests, messages and sessions that
// expired before an instant, a bounded number at a time, and tells how many. An
// instant a day or more in the past leaves the operator something to look at.
// It is one of the bank clock; sessions, which obey the wall clock, are judged
// by an instant as long before that clock's.
func (s *Store) Purge(ctx context.Context, before time.Time) (total int64, err error) {
	wall := s.wall.Now().Add(before.Sub(s.clock.Now()))
	for _, p := range purgeable {
		limit := before
		if p.table == "session" {
			limit = wall
		}
		for {
			var n int64
			err := s.act(ctx, outside, func(ctx context.Context, tx *writeTx) error {
				var err error
				n, err = changed(ctx, tx, `delete from `+p.table+` where `+p.key+` in (
					select `+p.key+` from `+p.table+` where expires_at < $1 order by expires_at limit $2)
					and expires_at < $1`, micros(limit), int64(purgeAtOnce)) // again: a session may have been prolonged meanwhile
				return err
			})
			total += n
			if err != nil {
				return total, fmt.Errorf("purging %s: %w", p.table, err)
			}
			if n < purgeAtOnce {
				break
			}
		}
	}
	return total, nil
}

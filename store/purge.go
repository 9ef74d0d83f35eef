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
var purgeable = [...]struct{ table, key, at, only string }{
	{table: "token", key: "hash", at: "expires_at"}, {table: "code", key: "hash", at: "expires_at"},
	{table: "pairing_request", key: "id", at: "expires_at"},
	{table: "consent_token", key: "hash", at: "expires_at"}, {table: "consent_code", key: "hash", at: "expires_at"},
	// A third party still has to be told what became of the request.
	{table: "consent_request", key: "id", at: "expires_at", only: "asked_of = '' or status <> 'open'"},
	{table: "external_code", key: "person_id", at: "until"},
	{table: "background_call", key: "consent_id, ref, kind", at: "expires_at"},
	{table: "message", key: "id", at: "expires_at"}, {table: "session", key: "token_hash", at: "expires_at"},
	{table: "tpp_request", key: "organisation, request_id", at: "at"},
}

// requestsKept is how long the id of a third party's request is remembered at
// least: many times the age at which a request is refused for its age alone.
const requestsKept = 24 * time.Hour

// Purge deletes tokens, codes, requests, counted calls, messages and sessions
// that expired before an instant, and ids of requests that are older, a bounded
// number at a time, and tells how many. An instant a day or more in the past
// leaves the operator something to look at. It is one of the bank clock; what
// obeys the wall clock is judged by an instant as long before that clock's.
func (s *Store) Purge(ctx context.Context, before time.Time) (total int64, err error) {
	wall := s.wall.Now().Add(before.Sub(s.clock.Now()))
	for _, p := range purgeable {
		limit := before
		switch p.table {
		case "session":
			limit = wall
		case "tpp_request":
			if limit = s.wall.Now().Add(-requestsKept); wall.Before(limit) {
				limit = wall
			}
		}
		only := p.only
		if only == "" {
			only = "true"
		}
		n, err := s.purge(ctx, p.table, p.key, p.at, only, limit)
		total += n
		if err != nil {
			return total, fmt.Errorf("purging %s: %w", p.table, err)
		}
	}
	return total, nil
}

func (s *Store) purge(ctx context.Context, table, key, at, only string, before time.Time) (total int64, err error) {
	for {
		var n int64
		err := s.act(ctx, outside, func(ctx context.Context, tx *writeTx) error {
			var err error
			n, err = changed(ctx, tx, `delete from `+table+` where (`+key+`) in (
				select `+key+` from `+table+` where `+at+` < $1 and (`+only+`) order by `+at+` limit $2)
				and `+at+` < $1`, micros(before), int64(purgeAtOnce)) // again: a session may have been prolonged meanwhile
			return err
		})
		total += n
		if err != nil || n < purgeAtOnce {
			return total, err
		}
	}
}

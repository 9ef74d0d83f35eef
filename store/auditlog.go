package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"okienko/bank/desk"
)

// chain is the end of one log of this node, or of one of its lanes: what is
// appended next is hashed with what stands here. The writer keeps it between transactions; it moves on
// only with a commit.
type chain struct {
	name    string // "audit" or "access"
	node    string // the node, or one of its lanes
	known   bool   // read from the data since the start
	segment string // "node/2026-11-21T14"; "" before the first one
	seq     int64
	hash    []byte
}

// link is the hash of a record's canonical text after what stands before it.
func link(before, text []byte) []byte {
	h := sha256.New()
	h.Write(before)
	h.Write(text)
	return h.Sum(nil)
}

// ready tells whether here has nothing to read or write.
func (c chain) ready(s *Store) bool { return c.known && c.node+"/"+hour(s.wall.Now()) <= c.segment }

func hour(t time.Time) string { return t.UTC().Format("2006-01-02T15") }

// here is the chain ready for appending in the hour that it is: it goes on with
// the segment of this hour or opens it. A wall clock that was set back goes on
// with the later segment, so that names and order agree.
func (c chain) here(ctx context.Context, q querier, s *Store) (chain, error) {
	if !c.known {
		err := q.QueryRowContext(ctx, `select segment, last_seq, last_hash from chain_segment
			where chain = $1 and node = $2 order by opened_at desc limit 1`, c.name, c.node).Scan(&c.segment, &c.seq, &c.hash)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return c, fmt.Errorf("store: %s log: %w", c.name, err)
		}
		if c.segment == "" {
			c.hash = make([]byte, sha256.Size)
		}
		c.known = true
	}
	wall := s.wall.Now().UTC()
	segment := c.node + "/" + hour(wall)
	if segment <= c.segment {
		return c, nil
	}
	before := c
	c.segment, c.seq, c.hash = segment, 0, link(before.hash, []byte(segment))
	_, err := q.ExecContext(ctx, `insert into chain_segment (chain, segment, node, opened_at, previous, previous_hash, last_seq, last_hash)
		values ($1, $2, $3, $4, $5, $6, 0, $7)`,
		c.name, c.segment, c.node, micros(wall), before.segment, before.hash, c.hash)
	if isTaken(err) { // by another process of this name
		err = fmt.Errorf("%w: %w", desk.ErrConflict, err)
	}
	if err != nil {
		return c, fmt.Errorf("store: %s log: opening %s: %w", c.name, segment, err)
	}
	return c, nil
}

// append hashes and keeps records, and writes down where the segment ends now,
// so that a missing tail is seen.
func (c *chain) append(ctx context.Context, tx *writeTx, s *Store, b bulk, n int, record func(i int) (text []byte, columns []any)) error {
	end, err := c.here(ctx, tx, s)
	if err != nil {
		return err
	}
	before := end.seq
	rows := make([][]any, n)
	for i := range rows {
		text, columns := record(i)
		end.seq++
		end.hash = link(end.hash, text)
		rows[i] = slices.Concat([]any{end.segment, end.seq}, columns, []any{end.hash})
	}
	if err := tx.put(ctx, b, rows); err != nil {
		return err
	}
	// A chain that somebody else has gone on with must not be forked: a second
	// process with this node's name, or this one before it lost its connection.
	err = tx.must(ctx, "update chain_segment set last_seq = $1, last_hash = $2 where chain = $3 and segment = $4 and last_seq = $5",
		end.seq, end.hash, end.name, end.segment, before)
	if err != nil {
		return fmt.Errorf("store: %s log: %w", c.name, err)
	}
	*c = end
	return nil
}

// appendAudit chains and keeps what the transaction has recorded.
func (s *Store) appendAudit(ctx context.Context, tx *writeTx) error {
	if len(tx.records) == 0 {
		return nil
	}
	return tx.trail.append(ctx, tx, s, bulk{table: "audit", columns: "segment, seq, at, actor_kind, actor_id, act, subject, before_text, after_text, why, hash"},
		len(tx.records), func(i int) ([]byte, []any) {
			r := &tx.records[i]
			return r.Text(), []any{micros(r.At), string(r.Actor.Kind), r.Actor.ID, r.Act, r.Subject, r.Before, r.After, r.Why}
		})
}

package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"time"

	"okienko/bank/audit"
)

func instant(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

type segmentRow struct {
	node, previous     string
	previousHash, hash []byte
	last               int64
	openedAt           int64
}

type lineRow struct {
	seq        int64
	text, hash []byte
}

// after is the hash of a text that follows what stands before it.
func after(before, text []byte) []byte {
	h := sha256.New()
	h.Write(before)
	h.Write(text)
	return h.Sum(nil)
}

func (v *verifier) auditChain(ctx context.Context) error {
	return v.chain(ctx, "audit", `select segment, seq, at, actor_kind, actor_id, act, subject, before_text, after_text, why, hash
			from audit order by `+v.data.bytewise("segment")+`, seq`,
		func(scan func(...any) error, l *lineRow) (segment string, err error) {
			var at int64
			var r audit.Record
			err = scan(&segment, &l.seq, &at, (*string)(&r.Actor.Kind), &r.Actor.ID, &r.Act, &r.Subject, &r.Before, &r.After, &r.Why, &l.hash)
			r.At = instant(at)
			l.text = r.Text()
			return segment, err
		})
}

func (v *verifier) accessChain(ctx context.Context) error {
	return v.chain(ctx, "access", `select segment, seq, at, client_id, agreement_id, act, subject, outcome, hash
			from access_log order by `+v.data.bytewise("segment")+`, seq`,
		func(scan func(...any) error, l *lineRow) (segment string, err error) {
			var at int64
			var r audit.AccessRecord
			err = scan(&segment, &l.seq, &at, &r.Client, &r.Agreement, &r.Act, &r.Subject, &r.Outcome, &l.hash)
			r.At = instant(at)
			l.text = r.Text()
			return segment, err
		})
}

// chain checks one log: every line follows from the one before it, every
// segment begins where the one before it on the same node ends, and ends where
// its head says.
func (v *verifier) chain(ctx context.Context, name, query string, scan func(func(...any) error, *lineRow) (string, error)) error {
	if err := v.segments(ctx, name); err != nil {
		return err
	}
	segments, err := read(ctx, v.data, `select segment, node, opened_at, previous, previous_hash, last_seq, last_hash
			from chain_segment where chain = '`+name+`' order by `+v.data.bytewise("segment"), scanSegment)
	if err != nil {
		return err
	}
	lines, err := read(ctx, v.data, query, scan)
	if err != nil {
		return err
	}
	stray := func(segment string, l lineRow) {
		v.find(name, segment, "line %d lies in a segment that has no head", l.seq)
	}
	for segments.more {
		v.segment(name, segments.key, segments.row, lines, stray)
		segments.next()
	}
	if err := lines.end(stray); err != nil {
		return err
	}
	v.count("lines of the "+name+" log", lines.n)
	v.count("segments of the "+name+" log", segments.n)
	return segments.end(nil)
}

func scanSegment(scan func(...any) error, s *segmentRow) (id string, err error) {
	err = scan(&id, &s.node, &s.openedAt, &s.previous, &s.previousHash, &s.last, &s.hash)
	return id, err
}

// segment checks the lines of one segment.
func (v *verifier) segment(name, id string, s segmentRow, lines *stream[lineRow], stray func(string, lineRow)) {
	hash := after(s.previousHash, []byte(id))
	var seq int64
	lines.until(id, stray)
	for broken := false; lines.more && lines.key == id; lines.next() {
		l := lines.row
		seq++
		if l.seq != seq {
			v.find(name, id, "line %d follows line %d: something between them is missing", l.seq, seq-1)
			seq, broken = l.seq, true
		}
		hash = after(hash, l.text)
		if !broken && !bytes.Equal(hash, l.hash) {
			v.find(name, id, "the chain breaks at line %d: this line, or one before it, is not what was written", l.seq)
			broken = true // everything after it differs too: it is told once
		}
		if broken {
			hash = l.hash
		}
	}
	switch {
	case seq != s.last:
		v.find(name, id, "it ends with line %d, and its head says line %d", seq, s.last)
	case !bytes.Equal(hash, s.hash):
		v.find(name, id, "its last hash is not the one in its head")
	}
}

// segments checks that the segments of each node hang together.
func (v *verifier) segments(ctx context.Context, name string) error {
	segments, err := read(ctx, v.data, `select segment, node, opened_at, previous, previous_hash, last_seq, last_hash
			from chain_segment where chain = '`+name+`' order by node, opened_at`, scanSegment)
	if err != nil {
		return err
	}
	before, beforeID := segmentRow{hash: make([]byte, sha256.Size)}, ""
	for ; segments.more; segments.next() {
		id, s := segments.key, segments.row
		if s.node != before.node {
			before, beforeID = segmentRow{hash: make([]byte, sha256.Size)}, ""
		}
		if s.previous != beforeID {
			v.find(name, id, "it follows segment %q, and the one before it is %q: a segment is missing", s.previous, beforeID)
		} else if !bytes.Equal(s.previousHash, before.hash) {
			v.find(name, id, "it does not begin where segment %q ends", beforeID)
		}
		before, beforeID = s, id
	}
	return segments.end(nil)
}

// recorded checks that what moved money stands in the audit as often as it
// happened: a chain alone cannot tell that its newest segments were taken away
// together with their heads.
func (v *verifier) recorded(ctx context.Context) error {
	recorded := map[string]int64{}
	err := each(ctx, v.data, "select act, count(*) from audit group by act", func(scan func(...any) error) error {
		var act string
		var n int64
		err := scan(&act, &n)
		recorded[act] = n
		return err
	})
	if err != nil {
		return err
	}
	for _, c := range [...]struct{ act, events string }{
		{"hold.placed", "from hold_event where kind = 'placed'"},
		{"hold.changed", "from hold_event where kind = 'changed'"},
		{"hold.captured", "from hold_event where kind = 'captured'"},
		{"hold.released", "from hold_event where kind = 'released'"},
		{"hold.expired", "from hold_event where kind = 'expired'"},
		{"payment.scheduled", "from payment_event where kind = 'scheduled'"},
		{"payment.changed", "from payment_event where kind = 'changed'"},
		{"payment.cancelled", "from payment_event where kind = 'cancelled'"},
		{"payment.rejected", "from payment_event where kind = 'rejected'"},
		{"payment.executed", "from payment where status = 'EXECUTED'"},
		{"operation.prepared", "from authorisation"},
		{"transfer.pending", "from transfer_event where status = 'pending'"},
		{"transfer.scheduled", "from transfer_event where status = 'scheduled'"},
		{"transfer.done", "from transfer_event where status = 'done' and not returned"},
		{"transfer.rejected", "from transfer_event where status = 'rejected'"},
		{"transfer.cancelled", "from transfer_event where status = 'cancelled'"},
		{"transfer.returned", "from transfer_event where returned"},
		{"bundle.ordered", "from bundle"},
		{"standing.ordered", "from standing_order"},
	} {
		err := each(ctx, v.data, "select count(*) "+c.events, func(scan func(...any) error) error {
			var happened int64
			if err := scan(&happened); err != nil {
				return err
			}
			if n := recorded[c.act]; n != happened {
				v.find("audit", c.act, "it happened %d times and is recorded %d times", happened, n)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Package audit owns the form of what is recorded: who did what to what, what
// was before and after, and why. Chaining and keeping the records is the
// store's work; proving the chain unbroken is that of package verify.
package audit

import (
	"strconv"
	"time"
)

// ActorKind says what kind of being acted.
type ActorKind string

// The kinds of actor.
const (
	Partner    ActorKind = "partner"     // an application, by its token
	ThirdParty ActorKind = "third_party" // a licensed one, by its client
	Customer   ActorKind = "customer"    // a person on the bank's pages or device
	Staff      ActorKind = "staff"
	Bank       ActorKind = "bank" // the bank itself: expiry, schedule, import
)

// Actor is who acted.
type Actor struct {
	Kind ActorKind
	ID   string
}

// String is "kind:id".
func (a Actor) String() string { return string(a.Kind) + ":" + a.ID }

// Record is one line of the audit. Before and After are short canonical texts
// without personal numbers.
type Record struct {
	At      time.Time // bank clock
	Actor   Actor
	Act     string // "hold.placed", "pairing.ended" …
	Subject string // "hold:<id>" …
	Before  string
	After   string
	Why     string
}

// Text is the canonical text of a record, over which its chain hash is made:
// every field with its length before it, so that no two records share a text.
func (r Record) Text() []byte {
	return canonical(r.At, string(r.Actor.Kind), r.Actor.ID, r.Act, r.Subject, r.Before, r.After, r.Why)
}

func canonical(at time.Time, fields ...string) []byte {
	n := 27
	for _, f := range fields {
		n += 5 + len(f)
	}
	b := at.UTC().AppendFormat(make([]byte, 0, n), "2006-01-02T15:04:05.000000Z")
	for _, f := range fields {
		b = append(b, '|')
		b = strconv.AppendInt(b, int64(len(f)), 10)
		b = append(b, ':')
		b = append(b, f...)
	}
	return b
}

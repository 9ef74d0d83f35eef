// Package notice owns the messages that the bank sends to people. A message is
// kept in the transaction that made it necessary and delivered afterwards, so
// that none is sent for what did not happen, and none is lost.
//
// It sends nothing (package notify does).
package notice

import (
	"context"
	"time"

	"okienko/bank/party"
)

// Channel is the way a message goes.
type Channel string

// The channels.
const (
	SMS  Channel = "sms"
	Push Channel = "push" // tells the mobile application that an approval waits
)

// Message is one message to one person.
type Message struct {
	ID        string
	Channel   Channel
	Person    party.PersonID
	To        string // phone number for SMS; "" for Push
	Text      string // may hold a one-time code: sealed at rest, erased once delivered
	CreatedAt time.Time
	// ExpiresAt is when delivering makes no sense any more, by the bank clock.
	ExpiresAt time.Time
	// Tries and Fence belong to the delivery: what a worker claimed must be
	// settled with the same fence.
	Tries int
	Fence int64
}

// Outbox keeps messages until they are delivered.
type Outbox interface {
	// ClaimMessages leases up to n messages that wait to one worker until a wall
	// clock instant. No message is ever leased twice at once; each claim raises
	// the message's fence.
	ClaimMessages(ctx context.Context, worker string, n int, wall, until time.Time) ([]Message, error)
	// SettleMessage records that a message was delivered (again is zero) or is to
	// be tried again at a wall clock instant; it does nothing when the fence is no
	// longer the message's own.
	SettleMessage(ctx context.Context, id string, fence int64, delivered time.Time, again time.Time) error
}

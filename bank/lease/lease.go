// Package lease is the right to do one kind of background work, which one node
// has at a time.
//
// No clock is compared with another. A node that wants a lease watches it: one
// that nobody has renewed for the whole of Length, measured by the watcher's own
// timer, is taken from its holder; and the holder, measuring from before it asked
// for its last renewal, stops earlier than that. So it is enough that the nodes'
// clocks run at the same speed; what they show does not matter.
//
// A lease is no lock: a holder that was stopped for a while (a suspended machine,
// a page that came in from disk) goes on for a moment after it was overtaken. Acts
// of which the second one does harm carry the fence, and whoever keeps the data
// refuses a lower one than the highest that it has seen.
package lease

import (
	"context"
	"errors"
	"time"
)

// How a lease is kept. A node that has died is followed by another within
// Length + 2 × Look, which leaves room in the 15 seconds that a bank may be
// without its housekeeping.
const (
	// Length is how long a lease stands without being renewed.
	Length = 8 * time.Second
	// Renew lets two renewals fail before the third would come too late.
	Renew = 2 * time.Second
	// Margin is what the holder stops before the others may start: far more than
	// two clocks part within Length.
	Margin = time.Second
	// Look is how often a node that has no lease looks at it: one indexed read.
	Look = time.Second
)

// Lease is a lease as it was seen at one moment. Two that are equal were seen
// without a renewal between them.
type Lease struct {
	Name     string
	Holder   string // "" when nobody has it
	Fence    int64  // grows whenever the lease goes to somebody; 0 before it ever did
	Renewals int64  // grows with every renewal, and when it is given back
}

// ErrLost means that a lease has gone to somebody else.
var ErrLost = errors.New("lease: lost")

// Book keeps leases.
type Book interface {
	// Lease shows a lease; one that nobody ever had is only a name.
	Lease(ctx context.Context, name string) (Lease, error)
	// ClaimLease takes a lease that still is as it was seen. Of any number of
	// nodes that saw the same one gets it, the others get ErrLost.
	ClaimLease(ctx context.Context, seen Lease, holder string) (Lease, error)
	// RenewLease keeps a lease, unless it went to somebody else: ErrLost.
	RenewLease(ctx context.Context, held Lease) (Lease, error)
	// ReleaseLease gives a lease back. One that was lost is none to give back.
	ReleaseLease(ctx context.Context, held Lease) error
}

// Package clock owns the passing of time. It is the only package that calls
// time.Now; everything else is handed a clock.
//
// There are two clocks (design §3). [Wall] rules what a remote machine takes
// part in or what the operator measures: replay windows, TLS, leases,
// timeouts, latencies, logs. [Bank] rules money, tokens, codes, consents,
// holds and business days. In production both show the same time; in the
// sandbox the bank clock can be frozen, moved ahead and run fast.
//
// The package refuses to let bank time go back. Ledger entries, audit chains
// and single-use codes are ordered by it, and a record that lies in its own
// future cannot be explained to anybody.
package clock

import "time"

// A Source tells the time. It has the shape of bank.Clock.
type Source interface{ Now() time.Time }

// Wall is the clock of the machine. Its instants carry Go's monotonic
// reading, so differences of two of them measure elapsed time even when the
// operator sets the machine's clock.
type Wall struct{}

// Now returns the machine's time.
func (Wall) Now() time.Time { return time.Now() }

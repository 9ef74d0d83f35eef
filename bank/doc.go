// Package bank holds what every part of the core shares: the refusal, the list
// of its codes, and the clock that is handed in.
//
// The core (this package and those below it) decides. It does no I/O, reads no
// clock of its own, draws no random number and knows no wire form: whatever
// comes from outside is handed in, so that the same state and the same orders
// always give the same outcome.
package bank

import "time"

// Clock tells the time. Money, consents, holds, limits and codes are given the
// bank clock; timeouts, leases and logs the wall clock (design §3, Time).
type Clock interface{ Now() time.Time }

// IDs makes identifiers that never repeat. The core is handed one, so that a
// simulation can replay the very same identifiers.
type IDs interface{ NewID() string }

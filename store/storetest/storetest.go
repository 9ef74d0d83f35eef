// Package storetest is the suite that every engine of package store must pass:
// it speaks to a store only through the acts and readers that the bank uses,
// concurrently where concurrency matters.
//
// It owns no engine: whoever runs it says how data is made and opened.
package storetest

import (
	"testing"

	"okienko/store"
)

// Open opens the data that belongs to a test, empty at first; after Close it
// opens the same data again. It fills in of the configuration where the data
// lies, and fails the test when it cannot be opened.
type Open func(t *testing.T, cfg store.Config) *store.Store

// Run runs the suite.
func Run(t *testing.T, open Open) {
	for _, part := range []struct {
		name string
		run  func(*testing.T, Open)
		// alone is a part in which nobody meets anybody: with -short, which is how the
		// detector of races runs, it is left out.
		alone bool
	}{
		{"contention", contention, false}, {"ahead", ahead, false}, {"transactions", transactions, false}, {"reading", reading, true}, {"imports", imports, true}, {"opening", opening, true},
		{"parties", parties, true}, {"confirmations", confirmations, false}, {"messages", messages, false}, {"leases", leases, false}, {"housekeeping", housekeeping, false}, {"tokens", tokens, false},
		{"third parties", thirdParties, false}, {"consents", consents, false}, {"callbacks", callbacks, false}, {"transfers", transfers, false}, {"services", services, false},
	} {
		if part.alone && testing.Short() {
			continue
		}
		t.Run(part.name, func(t *testing.T) { part.run(t, open) })
	}
}

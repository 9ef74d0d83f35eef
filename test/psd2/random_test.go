package psd2

import (
	"flag"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
)

var seedFlag = flag.Uint64("seed", 0, "play the game of this seed again; 0 draws one")

// operations is how many a game has: 150 in a normal run, more by
// OKIENKO_PSD2_OPERATIONS (make simulate), fewer with -short, never none.
func operations(t *testing.T) int {
	t.Helper()
	if s := os.Getenv("OKIENKO_PSD2_OPERATIONS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			t.Fatalf("OKIENKO_PSD2_OPERATIONS=%q is no number above zero", s)
		}
		return n
	}
	if testing.Short() {
		return 40
	}
	return 150
}

// After any sequence of payments of all kinds by two third parties, holds,
// captures and payments of a partner's application, cancellations and jumps of
// the bank clock, every account reads the same in the ledger, in AIS and in the
// answers of CAF, what is set aside is what is shown as pending or held, and no
// status has gone back.
func TestBalancesAgreeAfterAnySequence(t *testing.T) {
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	n, outcomes := operations(t), map[string]int{}
	for ; n > 0; n -= longestGame {
		t.Logf("play it again with: OKIENKO_PSD2_OPERATIONS=%d go test ./test/psd2 -run '^%s$' -seed %d", min(n, longestGame), t.Name(), seed)
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			for k, met := range played(t, seed, min(n, longestGame)) {
				outcomes[k] += met
			}
		})
		seed++
	}
	for _, k := range slices.Sorted(maps.Keys(outcomes)) {
		t.Logf("%5d %s", outcomes[k], k)
	}
	if operations(t) < 2000 {
		return // a short game need not meet everything
	}
	// A game that never meets a way a payment can go proves nothing about it.
	for _, met := range []string{
		"DONE", "PARTIALLY_DONE", "REJECTED", "CANCELLED", "cancelled in time", "cancelled too late", "over the limit", "standing order",
		"hold 201", "capture 201", "partner's payment 201", "release 204",
	} {
		if outcomes[met] == 0 {
			t.Errorf("the game never met %s", met)
		}
	}
}

// longestGame is how many operations one bank sees: time there has an end, since
// nobody acts for a company for ever.
const longestGame = 400

// played plays one game and tells how often it met what.
func played(t *testing.T, seed uint64, n int) map[string]int {
	t.Helper()
	g := newGame(t, seed)
	for step := range n {
		g.step = step
		g.play()
		g.rest()
		g.follow()
		switch {
		case step%50 == 49:
			g.agreeAll()
		case step%2 == 0:
			g.agree(g.accounts[g.dice.IntN(len(g.accounts))])
		}
		if t.Failed() {
			t.Fatalf("after step %d of %d", step, n)
		}
	}
	for range 6 { // what waits is done
		g.jump(7 * 24 * 60)
		g.rest()
	}
	g.agreeAll()
	return g.outcomes
}

package cells_test

import (
	"flag"
	"maps"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"okienko/store"
	"okienko/test/cells"
	"okienko/test/postgres"
)

var seedFlag = flag.Uint64("seed", 0, "play the simulation of this seed again; 0 draws one")

// places are two empty places for the books of a cell each.
type places func(t *testing.T) [2]cells.Place

func onSQLite(t *testing.T) (out [2]cells.Place) {
	t.Helper()
	for i, name := range []string{"a", "b"} {
		path := filepath.Join(t.TempDir(), name+".db")
		source := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(10000)"}}.Encode()}
		out[i] = cells.Place{Keep: func(c *store.Config) { c.Path = path }, Driver: "sqlite", Source: source.String(), Verify: path}
	}
	return out
}

func onPostgreSQL(t *testing.T) (out [2]cells.Place) {
	t.Helper()
	for i := range out {
		dsn := postgres.DSN(t)
		out[i] = cells.Place{Keep: func(c *store.Config) { c.DSN = dsn }, Driver: "pgx", Source: dsn, Verify: dsn}
	}
	return out
}

// steps is how many steps a test plays: as many as it says, or as
// OKIENKO_CELLS_STEPS says, fewer with -short, never none.
func steps(t *testing.T, n int) int {
	t.Helper()
	if s := os.Getenv("OKIENKO_CELLS_STEPS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			t.Fatalf("OKIENKO_CELLS_STEPS=%q is no number above zero", s)
		}
		return n
	}
	if testing.Short() {
		return n / 8
	}
	return n
}

func seed(t *testing.T) uint64 {
	t.Helper()
	n := *seedFlag
	if n == 0 {
		n = rand.Uint64()
	}
	t.Logf("play it again with: go test ./test/cells -run '^%s$' -seed %d", t.Name(), n)
	return n
}

func TestMoneyIsKeptOnSQLite(t *testing.T)     { moneyIsKept(t, onSQLite, 4000) }
func TestMoneyIsKeptOnPostgreSQL(t *testing.T) { moneyIsKept(t, onPostgreSQL, 1200) }

func moneyIsKept(t *testing.T, on places, n int) {
	t.Helper()
	n = steps(t, n)
	r, err := cells.Play(t.Context(), seed(t), n, on(t), cells.Sound)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d steps, at most %d.%02d PLN in flight", r.Steps, r.MostInFlight/100, r.MostInFlight%100)
	for _, what := range slices.Sorted(maps.Keys(r.Met)) {
		t.Logf("%7d %s", r.Met[what], what)
	}
	if n < 4000 {
		return // a short run need not meet everything
	}
	// A simulation that never meets a fault proves nothing about it.
	for _, what := range []string{
		"transfer: done", "transfer: refused, insufficient_funds", "transfer: refused, not_found", "payment: done", "hold: done", "capture: done",
		"release: done", "sweep: done", "transfer of everything: done", "ordered of a cell that was down",
		"killed between two acts", "killed in an order", "killed taking a message, before the commit",
		"killed taking a message, after the commit and before its word", "started again",
		"lost on the way", "doubled on the way", "arrived at a cell that was down", "known to be taken",
		"taken: placed", "taken: sent back", "taken: unplaced", "taken: a repeat", "sent again", "an account was closed", "an account was open",
		"at the end: placed", "at the end: returned to the payer",
		"at the end: returned, and the payer's account was closed",
	} {
		if r.Met[what] == 0 {
			t.Errorf("the simulation never met %q", what)
		}
	}
}

func TestTheSameSeedPlaysTheSame(t *testing.T) {
	first, err := cells.Play(t.Context(), 7, 300, onSQLite(t), cells.Sound)
	if err != nil {
		t.Fatal(err)
	}
	second, err := cells.Play(t.Context(), 7, 300, onSQLite(t), cells.Sound)
	if err != nil {
		t.Fatal(err)
	}
	if first.Trace != second.Trace || !maps.Equal(first.Met, second.Met) {
		t.Errorf("the same seed played differently:\n%v\n%v", first.Met, second.Met)
	}
}

// The checks must be able to fail: each mistake that a cell could be built with
// is found by some seed, and soon.
func TestMistakesAreFound(t *testing.T) {
	for _, broken := range []cells.Broken{cells.TakesTwice, cells.SendsEarly, cells.AcksEarly, cells.ForgetsReturns} {
		t.Run(string(broken), func(t *testing.T) {
			for seed := range uint64(8) {
				if _, err := cells.Play(t.Context(), seed, 500, onSQLite(t), broken); err != nil {
					t.Logf("seed %d: %v", seed, err)
					return
				}
			}
			t.Error("eight simulations did not find it")
		})
	}
}

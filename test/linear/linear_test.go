package linear

import (
	"flag"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"okienko/bank/account"
	"okienko/store"
	"okienko/test/faults"
	"okienko/test/postgres"
	"okienko/verify"
)

var seedFlag = flag.Uint64("seed", 0, "begin with the history of this seed; 0 draws one (calls race, so a seed repeats what is asked, not what happens)")

// histories is how many are played: as many as a test says, or as
// OKIENKO_LINEAR_HISTORIES says, fewer with -short, never none.
func histories(t *testing.T, n int) int {
	t.Helper()
	if s := os.Getenv("OKIENKO_LINEAR_HISTORIES"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			t.Fatalf("OKIENKO_LINEAR_HISTORIES=%q is no number above zero", s)
		}
		return n
	}
	if testing.Short() {
		return max(1, n/5)
	}
	return n
}

func firstSeed(t *testing.T) uint64 {
	t.Helper()
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("the first seed is %d", seed)
	return seed
}

// hard draws a bank in which money and limit are short.
func hard(seed uint64) rules {
	rng := rand.New(rand.NewPCG(seed, 99))
	return rules{opening: 60 + rng.Int64N(100), daily: 80 + rng.Int64N(200)}
}

// judge asks porcupine for an order in which one teller could have answered. A
// history that has none is drawn into a file.
func judge(t *testing.T, what string, r rules, history []porcupine.Operation) bool {
	t.Helper()
	result, info := porcupine.CheckOperationsVerbose(r.model(), history, 20*time.Second)
	switch result {
	case porcupine.Ok:
		return true
	case porcupine.Unknown:
		t.Errorf("%s: %d calls, and no verdict in time", what, len(history))
		return true
	}
	f, err := os.CreateTemp("", "okienko-history-*.html")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if err := porcupine.Visualize(r.model(), info, f); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %d calls that one teller could not have answered like that; look at %s", what, len(history), f.Name())
	return false
}

// tally adds up what histories held, so that a run that proves little is seen.
type tally struct {
	calls, unknown, refused int
	codes                   map[string]int
}

func (s *tally) add(p *play) {
	for _, o := range p.history {
		a := o.Output.(answer)
		s.calls++
		if s.codes == nil {
			s.codes = map[string]int{}
		}
		if a.code != "" {
			s.refused++
			s.codes[string(a.code)]++
		}
	}
	s.unknown += p.unknown
}

func clean(t *testing.T, where string) {
	t.Helper()
	r, err := verify.Run(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		t.Error(f)
	}
}

func TestTwoNodes(t *testing.T) {
	dsn := postgres.DSN(t)
	nodes := []*node{open(t, store.Config{DSN: dsn, Node: "n1"}), open(t, store.Config{DSN: dsn, Node: "n2"})}
	b := newBuilder(t, nodes[0])
	var sum tally
	seed := firstSeed(t)
	for i := range histories(t, 40) {
		seed := seed + uint64(i)
		s, err := b.small(t.Context(), hard(seed))
		if err != nil {
			t.Fatal(err)
		}
		p := &play{bank: s, nodes: nodes}
		p.run(t.Context(), seed, 10)
		sum.add(p)
		if !judge(t, "seed "+strconv.FormatUint(seed, 10), s.rules, p.history) {
			t.FailNow()
		}
	}
	t.Logf("%d calls, refused %v, %d unknown", sum.calls, sum.codes, sum.unknown)
	for _, code := range []string{"insufficient_funds", "daily_limit", "hold_captured", "hold_released"} {
		if sum.codes[code] == 0 && !testing.Short() {
			t.Errorf("nobody was refused for %s: the callers did not get in each other's way", code)
		}
	}
	clean(t, dsn)
}

// A node that is cut off from the database in the middle of its work, in turn at
// every moment that matters, and callers that do not wait for their answers.
func TestANodeCutOff(t *testing.T) {
	dsn := postgres.DSN(t)
	link := faults.Start(t, dsn)
	nodes := []*node{open(t, store.Config{DSN: dsn, Node: "n1"}), open(t, store.Config{DSN: link.DSN(), Node: "n2"})}
	b := newBuilder(t, nodes[0])
	var sum tally
	seed := firstSeed(t)
	for i := range histories(t, 30) {
		seed := seed + uint64(i)
		s, err := b.small(t.Context(), hard(seed))
		if err != nil {
			t.Fatal(err)
		}
		p := &play{bank: s, nodes: nodes}
		what := "callers that do not wait"
		switch n := 1 + int(seed%4); i % 5 {
		case 0:
			what = "cut after a commit"
			link.Cut(faults.AfterCommit, n)
		case 1:
			what = "cut before a commit"
			link.Cut(faults.BeforeCommit, n)
		case 2:
			what = "cut in a batch"
			link.Cut(faults.InBatch, n)
		case 3:
			what = "frozen, and callers that do not wait"
			p.patience = 30 * time.Millisecond
			link.Freeze()
			time.AfterFunc(40*time.Millisecond, link.Thaw)
		default:
			p.patience = 8 * time.Millisecond
		}
		p.run(t.Context(), seed, 8)
		sum.add(p)
		if !judge(t, what+", seed "+strconv.FormatUint(seed, 10), s.rules, p.history) {
			t.FailNow()
		}
	}
	t.Logf("%d calls, refused %v, %d unknown", sum.calls, sum.codes, sum.unknown)
	if sum.unknown == 0 {
		t.Error("every outcome is known: nobody was cut off")
	}
	clean(t, dsn)
}

// The embedded store has one node, and callers who race as much.
func TestOneNodeEmbedded(t *testing.T) {
	n := open(t, store.Config{Node: "n1"})
	b := newBuilder(t, n)
	seed := firstSeed(t)
	for i := range histories(t, 40) {
		seed := seed + uint64(i)
		s, err := b.small(t.Context(), hard(seed))
		if err != nil {
			t.Fatal(err)
		}
		p := &play{bank: s, nodes: []*node{n, n}}
		if i%2 == 1 {
			p.patience = 2 * time.Millisecond
		}
		p.run(t.Context(), seed, 10)
		if !judge(t, "seed "+strconv.FormatUint(seed, 10), s.rules, p.history) {
			t.FailNow()
		}
	}
}

// A node that answers readings from a memory of its own must be found out.
func TestAStaleReadIsFound(t *testing.T) {
	n1, n2 := open(t, store.Config{Node: "n1"}), (*node)(nil)
	n2 = &node{store: n1.store, desk: n1.desk, stale: map[account.ID]account.Account{}}
	b := newBuilder(t, n1)
	for seed := range uint64(3) {
		s, err := b.small(t.Context(), rules{opening: 1000, daily: 1000})
		if err != nil {
			t.Fatal(err)
		}
		p := &play{bank: s, nodes: []*node{n1, n2}}
		if _, err := n2.read(t.Context(), s.account(0)); err != nil { // now it remembers
			t.Fatal(err)
		}
		p.run(t.Context(), seed, 10)
		if porcupine.CheckOperations(s.rules.model(), p.history) {
			t.Errorf("seed %d: a node read what it once remembered, and nobody noticed", seed)
		}
	}
}

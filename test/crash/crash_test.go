// Package crash kills the real program under load, at random moments, and
// checks afterwards that nothing it acknowledged is missing and nothing was
// done twice; and that its answers wait for the disk, which killing a process
// does not show.
package crash

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"okienko/test/engine"
	"okienko/test/process"
)

// kills is how often the bank is killed: 20 in a normal run, more by
// OKIENKO_CRASH_KILLS (make crash), fewer with -short, never none.
func kills(t *testing.T) int {
	if s := os.Getenv("OKIENKO_CRASH_KILLS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			t.Fatalf("OKIENKO_CRASH_KILLS=%q is no number above zero", s)
		}
		return n
	}
	if testing.Short() {
		return 3
	}
	return 20
}

// binary is the program, built once for all tests.
var binary string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "okienko-crash-")
		if err != nil {
			panic(err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		if binary, err = process.Build(context.Background(), dir); err != nil {
			panic(err)
		}
		// What a database has on its disk is its server's business; what the bank
		// asks of the server is TestTheServerIsAskedForDurableCommits, which has a
		// database in either run. And a sandbox that was killed in its first start
		// clears only a file away.
		engine.Once("TestTheDiskHasThePaymentBeforeItsAnswer", "TestABankThatPromisesNothingIsSeenNotToSync", "TestTheServerIsAskedForDurableCommits",
			"TestKilledWhileTheWorldIsMade")
		return m.Run()
	}())
}

// seeded is a dice whose seed the test prints.
func seeded(t *testing.T) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

// place is where a bank keeps what it has: in a folder, its ledger in a database
// where it has one. The database's server lives on when the bank is killed.
type place struct{ folder, database string }

func start(t *testing.T, at place, args ...string) *process.Bank {
	t.Helper()
	bank, err := process.Start(t.Context(), binary, at.folder, nil, append(args, "--database="+at.database)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bank.Kill() }) // harmless when it has ended
	return bank
}

func verify(t *testing.T, when string, at place) {
	t.Helper()
	where := at.database
	if where == "" {
		where = "--data=" + at.folder
	}
	if err := process.Verify(t.Context(), binary, where); err != nil {
		t.Fatalf("%s: %v", when, err)
	}
}

func TestNothingAcknowledgedIsLostWhenTheBankIsKilled(t *testing.T) {
	dice, at, rounds := seeded(t), place{t.TempDir(), engine.DSN(t)}, kills(t)
	book := newBook()
	tokens, tpp := &chain{}, &thirdParty{}
	doors := "127.0.0.1:0" // then always the same: prepared operations name them as callbackUri
	for round := range rounds {
		bank := start(t, at, "--no-history", "--doors", doors)
		doors = strings.TrimPrefix(bank.Sandbox, "https://")
		book.settle(t, bank, book.takeLast())
		tpp.settle(t, bank)
		tokens.check(t, bank)
		tokens.pair(t, bank)

		sharp := round%2 == 0 // kill right after a rotation was acknowledged, else anywhere
		after := time.Duration(dice.IntN(300)+20) * time.Millisecond
		load(t, bank, book, tokens, tpp, round, sharp, after)
		verify(t, "right after kill "+strconv.Itoa(round+1), at)
	}
	bank := start(t, at, "--no-history", "--doors", doors)
	tokens.check(t, bank)
	all := book.takeAll()
	book.settle(t, bank, all)
	book.count(t, bank, all)
	tpp.settle(t, bank)
	tpp.count(t, bank)
	if code, err := bank.Stop(); err != nil || code != 0 {
		t.Errorf("closing: status %d, %v\n%s", code, err, bank.Log())
	}
	verify(t, "at the end", at)
	t.Logf("%d kills, %s; %d rotations acknowledged, %d checked alive; %d payments of a third party", rounds, all.summary(), tokens.acknowledged, tokens.alive, len(tpp.all))
	if rounds >= 20 && (tokens.alive < rounds/2 || all.least() == 0 || len(tpp.all) == 0) {
		t.Error("the load did not reach everything that must survive")
	}
}

// A first start makes a whole world; whoever loses patience with it must get
// one all the same at the next.
func TestKilledWhileTheWorldIsMade(t *testing.T) {
	dice := seeded(t)
	for n := range 4 {
		data := t.TempDir()
		for range 2 {
			bank, err := process.Launch(t.Context(), binary, data, nil)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(dice.IntN(800)) * time.Millisecond) // the moment is the test, not a wait
			if err := bank.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		at := place{folder: data}
		bank := start(t, at)
		client, err := bank.Client(1)
		if err != nil {
			t.Fatal(err)
		}
		if status, text, err := process.Call(t.Context(), client, "GET", bank.Partner+"/user", bank.Paired.AccessToken, ""); err != nil || status != 200 {
			t.Errorf("world %d: the ready application is answered %d %s, %v", n, status, text, err)
		}
		if err := bank.Kill(); err != nil {
			t.Fatal(err)
		}
		verify(t, "a world that was cut short", at)
	}
}

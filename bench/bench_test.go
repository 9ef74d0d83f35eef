package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"okienko/bank/nrb"
	"okienko/bank/payment"
	"okienko/test/postgres"
)

// onBoth runs a test over a shelf of each engine.
func onBoth(t *testing.T, f func(t *testing.T, sh shelf)) {
	t.Run("sqlite", func(t *testing.T) { f(t, folder(t.TempDir())) })
	t.Run("postgres", func(t *testing.T) {
		postgres.Need(t)
		s, err := openServer("", careless()) // a socket's path is short: not the test's own folder
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		f(t, s)
	})
}

// made makes books of a world.
func made(t *testing.T, sh shelf, name string, w world) books {
	t.Helper()
	b, err := sh.blank(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if err := seed(t.Context(), b, w); err != nil {
		t.Fatal(err)
	}
	return b
}

// What is compared must be the same work: every design writes the same rows,
// and package verify finds nothing wrong in what any of them wrote.
func TestDesignsWriteTheSameRows(t *testing.T) {
	onBoth(t, func(t *testing.T, sh shelf) {
		s := shape{payers: 10, partners: 2}
		template := made(t, sh, "template", world{customers: 10, payers: 10, partners: 2})
		before, err := contentsOf(t.Context(), template)
		if err != nil {
			t.Fatal(err)
		}
		var rows []string
		for _, d := range (options{nodes: []int{1, 2}, connections: 4}).designs(sh.engine()) {
			b, err := sh.copyOf(t.Context(), template, "run")
			if err != nil {
				t.Fatal(err)
			}
			each, err := d.open(t.Context(), b)
			if err != nil {
				t.Fatalf("%s: %v", d.name, err)
			}
			payFrom(t, each, s, 8, 5)
			if err := each.close(); err != nil {
				t.Errorf("%s: %v", d.name, err)
			}
			got, err := proven(t.Context(), b, before, 40)
			if err != nil {
				t.Fatalf("%s: %v", d.name, err)
			}
			if rows == nil {
				rows = got
			}
			if !slices.Equal(got, rows) {
				t.Errorf("%s wrote\n%s\nand the first design\n%s", d.name, strings.Join(got, "\n"), strings.Join(rows, "\n"))
			}
			if err := sh.remove(t.Context(), b); err != nil {
				t.Error(err)
			}
		}
	})
}

// payFrom has callers pay some times each, all at once.
func payFrom(t *testing.T, by teller, s shape, callers, times int) {
	t.Helper()
	var all sync.WaitGroup
	for c := range callers {
		all.Go(func() {
			for i := range times {
				turn := int64(c*times + i)
				if err := by.pay(t.Context(), c, s.payer(turn), operationOf(turn)); err != nil {
					t.Errorf("caller %d: %v", c, err)
				}
			}
		})
	}
	all.Wait()
}

// Books that were loaded by the set are books of the bank: verify finds nothing
// wrong, what the sums say is so, a repeat of a loaded payment gets the first
// answer, and every call that the growth is measured with works on them.
func TestLoadedBooks(t *testing.T) {
	onBoth(t, func(t *testing.T, sh shelf) {
		w := world{customers: 50, payers: 30, partners: 5, tokens: true, history: history{4000}}
		g := &grown{world: w, books: made(t, sh, "grown", w)}
		if err := g.books.verify(t.Context()); err != nil {
			t.Error(err)
		}
		if err := g.sums(t.Context()); err != nil {
			t.Error(err)
		}
		if err := g.open(t.Context()); err != nil {
			t.Fatal(err)
		}
		for name, call := range map[string]func(*grown, context.Context, int) error{
			"payment": (*grown).pay, "hold": (*grown).hold, "page": (*grown).page, "access": (*grown).access, "rotation": (*grown).rotate,
		} {
			for range 3 {
				if err := call(g, t.Context(), 0); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
		g.repeats(t, 7)
		if err := g.close(); err != nil {
			t.Error(err)
		}
		if err := g.books.verify(t.Context()); err != nil {
			t.Errorf("after the calls: %v", err)
		}
	})
}

// repeats has the n-th payment of the history come once more.
func (g *grown) repeats(t *testing.T, n int) {
	t.Helper()
	id := payment.ID(fmt.Sprintf("01h000000000000%011d", n))
	kept, err := g.store.Payment(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	out, err := g.desk.Do(t.Context(), order(n%g.world.history.paying(), kept.OperationID))
	if err != nil || !out.Repeat || out.Payment == nil || *out.Payment != kept {
		t.Errorf("the repeat of a loaded payment: %+v, %v; want %+v", out, err, kept)
	}
}

// The tables make the check digits by arithmetic of their own. A thousand
// accounts have every remainder by 97.
func TestNumbersOfAccountsAreTheBanks(t *testing.T) {
	b := made(t, folder(t.TempDir()), "numbers", world{customers: 1000, payers: 1, partners: 1})
	db, err := b.open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for i := range 1001 {
		want, err := nrb.Make(sortCode, fmt.Sprintf("%016d", i))
		if err != nil {
			t.Fatal(err)
		}
		var have string
		if err := db.QueryRowContext(t.Context(), "select nrb from account where id = $1", string(accountOf(i))).Scan(&have); err != nil || have != string(want) {
			t.Fatalf("account %d has the number %s instead of %s (%v)", i, have, want, err)
		}
	}
}

func TestHistoriesComeOutEven(t *testing.T) {
	for _, w := range []world{
		{customers: 10, payers: 10, partners: 3, history: history{1000}},
		{customers: 10, payers: 4, partners: 1, history: history{1000}},
	} {
		if err := w.check(); err == nil {
			t.Errorf("%+v passes", w)
		}
	}
	if err := (world{customers: 10, payers: 10, partners: 5, history: history{1000}}).check(); err != nil {
		t.Error(err)
	}
}

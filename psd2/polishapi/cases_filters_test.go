package polishapi_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"okienko/bank/calendar"
	"okienko/bank/ledger"
	"okienko/psd2/psd2test"
)

// psd2 §10 case 49 and §2.4: what lists are filtered by.

// amounts are those of a list, as they are written.
func amounts(r psd2test.Reply) string {
	r.T.Helper()
	return strings.Join(texts(r, "amount"), " ")
}

func TestCase49Amounts(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			s := w.PairShop()
			for _, minor := range []int64{1, 1_00, 9_99, 10_00, 10_01} {
				w.Clock.Advance(time.Second)
				w.Moves(annas, bobs, minor, "wydatek")
				s.Holds(minor)
				s.Schedules(minor, calendar.DateOf(noon).AddDays(3))
			}
			w.Clock.Advance(time.Second)
			w.Moves(bobs, annas, 10_00, "wpływ")
			got := w.one.reads(v, 90, annas)
			list := func(name string, pairs ...any) psd2test.Reply {
				return w.one.read(v, name, got.access, numberOf(1)).put(pairs...).put("transactionDateFrom", "2026-11-18").send()
			}
			for _, c := range []struct {
				pairs       []any
				done, other string
			}{
				{[]any{"minAmount", "10.00"}, "10.00 10.01 10.00", "10.01 10.00"},
				{[]any{"maxAmount", "1.00"}, "1.00 0.01", "1.00 0.01"},
				{[]any{"minAmount", "1.00", "maxAmount", "10.00"}, "10.00 10.00 9.99 1.00", "10.00 9.99 1.00"},
				{[]any{"minAmount", "10.00", "maxAmount", "10.00", "type", "DEBIT"}, "10.00", "10.00"},
				{[]any{"minAmount", "0.00", "maxAmount", "0.00"}, "", ""},
				{[]any{"type", "DEBIT"}, "10.01 10.00 9.99 1.00 0.01", "10.01 10.00 9.99 1.00 0.01"},
			} {
				if have := amounts(list("getTransactionsDone", c.pairs...)); have != c.done {
					t.Errorf("%v: done are %s, want %s", c.pairs, have, c.done)
				}
				for _, name := range []string{"getHolds", "getTransactionsScheduled"} {
					if have := amounts(list(name, c.pairs...)); have != c.other {
						t.Errorf("%v: %s are %s, want %s", c.pairs, name, have, c.other)
					}
				}
			}
			if have := texts(list("getTransactionsDone", "type", "CREDIT"), "description"); !slices.Equal(have, []string{"wpływ"}) {
				t.Errorf("credits are %q", have)
			}
			if have := amounts(list("getTransactionsScheduled", "type", "CREDIT")); have != "" {
				t.Errorf("credits to come are %s", have)
			}
			for _, name := range readLists {
				for _, field := range []string{"minAmount", "maxAmount"} {
					for _, amount := range []any{"1.5", "1", "1,00", "-1.00", "+1.00", "01.00", "1.000", "x", "", 1.5, 1} {
						list(name, field, amount).Fails(http.StatusBadRequest, "invalid_field")
					}
				}
				list(name, "minAmount", "1.01", "maxAmount", "1.00").Fails(http.StatusBadRequest, "invalid_field")
				for _, kind := range []any{"credit", "BOTH", 1} {
					list(name, "type", kind).Fails(http.StatusBadRequest, "invalid_field")
				}
			}
			list("getHolds", "type", "CREDIT").Fails(http.StatusBadRequest, "invalid_field")
			list("getTransactionsDone", "transactionStatus", "done").Fails(http.StatusBadRequest, "invalid_field") // unknown
		})
	}
}

// Days of booking restrict what is booked and nothing else.
func TestCase49DaysOfBooking(t *testing.T) {
	w := newWorld(t)
	s := w.PairShop()
	w.Book(w.Entry("week", noon.AddDate(0, 0, -7), annas, bobs, pln(7), "tydzień temu"))
	w.Moves(annas, bobs, 1, "dziś")
	s.Holds(2)
	s.Schedules(3, calendar.DateOf(noon).AddDays(3))
	s.Cancels(s.Schedules(4, calendar.DateOf(noon).AddDays(3)))
	got := w.one.reads(v212, 90, annas)
	for name, want := range map[string]string{"getHolds": "0.02", "getTransactionsScheduled": "0.03", "getTransactionsCancelled": "0.04", "getTransactionsDone": "0.07"} {
		for _, days := range [][]any{{"bookingDateTo", "2026-11-17"}, {"bookingDateFrom", "2026-11-11", "bookingDateTo", "2026-11-11"}} {
			if have := amounts(w.one.read(v212, name, got.access, numberOf(1)).put(days...).send()); have != want {
				t.Errorf("%s with %v: %q, want %q", name, days, have, want)
			}
		}
		// Days of the movement restrict every list.
		if have := amounts(w.one.read(v212, name, got.access, numberOf(1)).put("transactionDateTo", "2026-11-10").send()); have != "" {
			t.Errorf("%s before all of it: %q", name, have)
		}
	}
	done := func(pairs ...any) string {
		return amounts(w.one.read(v212, "getTransactionsDone", got.access, numberOf(1)).put(pairs...).send())
	}
	if have := done("bookingDateFrom", "2026-11-18", "transactionDateFrom", "2026-11-01"); have != "0.01" {
		t.Errorf("booked today: %q", have)
	}
	if have := done("bookingDateFrom", "2026-11-12", "transactionDateTo", "2026-11-17"); have != "" {
		t.Errorf("booked since Thursday, and moved before today: %q", have)
	}
}

func TestItemIDFrom(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			s := w.PairShop()
			for range 3 {
				w.Clock.Advance(time.Second)
				w.Moves(annas, bobs, 1, "ruch")
				w.Moves(annas2, bobs, 1, "ruch")
				s.Holds(1)
			}
			got, second := w.one.reads(v, 90, annas), w.one.reads(v, 90, annas2)
			foreign := texts(w.one.read(v, "getTransactionsDone", second.access, numberOf(2)).send(), "itemId")[0]
			for _, name := range []string{"getTransactionsDone", "getHolds"} {
				all := texts(w.one.read(v, name, got.access, numberOf(1)).send(), "itemId")
				from := func(id any) psd2test.Reply {
					return w.one.read(v, name, got.access, numberOf(1)).put("itemIdFrom", id).send()
				}
				if have := texts(from(all[2]), "itemId"); !slices.Equal(have, all[:2]) {
					t.Errorf("%s: newer than the third of %q are %q", name, all, have)
				}
				if have := texts(from(all[0]), "itemId"); len(have) != 0 {
					t.Errorf("%s: newer than the newest are %q", name, have)
				}
				nobody := body(from("nobody").Fails(http.StatusBadRequest, "invalid_field"))
				for _, id := range []string{foreign, all[0] + "1", "$", "x.e$1"} {
					if have := body(from(id)); have != nobody {
						t.Errorf("an oracle: %s is answered %s", id, have)
					}
				}
				if !strings.Contains(nobody, "itemIdFrom: ") {
					t.Errorf("%s does not name the field", nobody)
				}
			}
		})
	}
}

// A call looks at a bounded number of movements: a page may be short or empty and
// still have a next one, and the pages find what a walk without the filter finds.
func TestPagesOfAFilter(t *testing.T) {
	w := newWorld(t)
	var entries []ledger.Entry
	want := 0
	for i := range 2300 {
		minor := int64(1)
		if i%331 == 0 {
			minor, want = 5_00, want+1
		}
		at := noon.Add(-time.Duration(40-i/100) * time.Hour) // a hundred at one instant
		entries = append(entries, w.Entry(fmt.Sprintf("many-%04d", i), at, bobs, annas, pln(minor), "ruch"))
	}
	w.Book(w.Entry("salary", noon.Add(-60*time.Hour), annas2, bobs, pln(400_00), "na ruchy"))
	w.Book(entries...)
	got := w.one.reads(v212, 90, annas)
	read := func(pairs ...any) *ask {
		return w.one.read(v212, "getTransactionsDone", got.access, numberOf(1)).put("transactionDateFrom", "2026-11-01").put(pairs...)
	}
	walk := func(pairs ...any) (found []string, pages, empty int) {
		t.Helper()
		next := ""
		for {
			a := read(pairs...)
			if next != "" {
				a.put("pageId", next)
			}
			r := a.send()
			some := texts(r, "itemId")
			found = append(found, some...)
			if next = r.Text("pageInfo", "nextPage"); next != "" && len(some) == 0 {
				empty++
			}
			if pages++; next == "" || pages > 100 {
				return found, pages, empty
			}
		}
	}
	var whole []string
	next := ""
	for {
		a := read("perPage", 100)
		if next != "" {
			a.put("pageId", next)
		}
		r := a.send()
		for _, i := range itemsOf(r) {
			if i.(m)["amount"] == "5.00" {
				whole = append(whole, i.(m)["itemId"].(string))
			}
		}
		if next = r.Text("pageInfo", "nextPage"); next == "" {
			break
		}
	}
	if len(whole) != want {
		t.Fatalf("a walk finds %d, want %d", len(whole), want)
	}
	for _, size := range []int{1, 3, 100} {
		if found, _, _ := walk("perPage", size, "minAmount", "5.00", "type", "CREDIT"); !slices.Equal(found, whole) {
			t.Errorf("by %d: %q, want %q", size, found, whole)
		}
	}
	if found, pages, empty := walk("minAmount", "6.00"); len(found) != 0 || pages != 3 || empty != 2 {
		t.Errorf("nothing was found as %q on %d pages", found, pages)
	}
}

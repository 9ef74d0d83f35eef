package polishapi_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"okienko/bank/account"
	"okienko/bank/calendar"
	"okienko/bank/ledger"
	"okienko/psd2/psd2test"
)

// psd2 §10: how often, how far back, and page by page.

// itemsOf is the list of an answer.
func itemsOf(r psd2test.Reply) list {
	r.T.Helper()
	r.Is(http.StatusOK)
	return append(r.List("transactions"), r.List("holds")...)
}

// texts are one field of the items of an answer.
func texts(r psd2test.Reply, field string) []string {
	r.T.Helper()
	out := []string{}
	for _, i := range itemsOf(r) {
		s, _ := i.(m)[field].(string)
		out = append(out, s)
	}
	return out
}

func TestCase45BackgroundCalls(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			for range 5 {
				w.Moves(annas, bobs, 1, "grosz")
			}
			got := w.one.reads(v, 90, annas, annas2)
			read := func(name string, n int) *ask {
				return w.one.ask(v, "accounts/"+name, m{"accountNumber": numberOf(n)}).with(got.access)
			}
			for range 4 {
				read("getAccount", 1).send().Is(http.StatusOK)
			}
			fifth := read("getAccount", 1).send().Fails(http.StatusTooManyRequests, "too_many_requests")
			if !strings.Contains(fifth.Text("message"), "TPP daily requests limit reached") || fifth.Header.Get("Retry-After") == "" {
				t.Errorf("%v %s", fifth.Header, fifth.Body)
			}
			// Another account and other kinds of resource have counts of their own.
			read("getAccount", 2).send().Is(http.StatusOK)
			for range 4 {
				next := read("getTransactionsDone", 1).put("perPage", 2).send().Is(http.StatusOK).Text("pageInfo", "nextPage")
				read("getTransactionsDone", 1).put("perPage", 2, "pageId", next).send().Is(http.StatusOK) // not counted
			}
			read("getTransactionsDone", 1).send().Fails(http.StatusTooManyRequests, "too_many_requests")
			read("getTransactionsPending", 1).send().Is(http.StatusOK)
			read("getHolds", 1).send().Is(http.StatusOK)
			// With the customer present nothing is counted; who that is must be said.
			for range 3 {
				read("getAccount", 1).present().send().Is(http.StatusOK)
			}
			read("getAccount", 1).say("isDirectPsu", true).send().Fails(http.StatusBadRequest, "invalid_field")
			read("getAccount", 1).say("isDirectPsu", true, "ipAddress", "at home").send().Fails(http.StatusBadRequest, "invalid_field")
			read("getAccount", 1).present().say("isDirectPsu", "true").send().Fails(http.StatusBadRequest, "invalid_field")
			read("getAccount", 1).present().say("isDirectPsu", false).send().Is(http.StatusTooManyRequests)
			// A rolling day of the bank clock.
			w.Clock.Advance(24*time.Hour - time.Second)
			got.access = tokensOf(w.one.refresh(v, got.refresh).send()).access
			read("getAccount", 1).send().Is(http.StatusTooManyRequests)
			w.Clock.Advance(2 * time.Second)
			read("getAccount", 1).send().Is(http.StatusOK)
		})
	}
}

func TestCase45ListOfAccounts(t *testing.T) {
	w := newWorld(t)
	listed := w.one.lists(v212, annas, annas2, annasE)
	page := func(pairs ...any) *ask {
		return w.one.ask(v212, "accounts/getAccounts", nil).with(listed.access).put(pairs...)
	}
	for range 4 {
		next := page("perPage", 1).send().Is(http.StatusOK).Text("pageInfo", "nextPage")
		page("perPage", 1, "pageId", next).send().Is(http.StatusOK)
	}
	page().send().Fails(http.StatusTooManyRequests, "too_many_requests")
	if call := w.LastCall(); call.Outcome != "calls_used_up" || call.Present || !strings.HasSuffix(call.Act, "accounts/getAccounts") {
		t.Errorf("%+v", call)
	}
	page().present().send().Is(http.StatusOK)
	if call := w.LastCall(); !call.Present || call.Consent == "" {
		t.Errorf("%+v", call)
	}
}

func TestCase46History(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			for _, days := range []int{400, 91, 90, 10} {
				w.Book(w.Entry(fmt.Sprint("e-", days), noon.AddDate(0, 0, -days), annas, bobs, pln(1_00), fmt.Sprint("sprzed ", days)))
			}
			got := w.one.reads(v, 365, annas)
			since := func(days int) *ask {
				day := calendar.DateOf(w.Clock.Now()).AddDays(-days).String()
				return w.one.read(v, "getTransactionsDone", got.access, numberOf(1)).put("transactionDateFrom", day)
			}
			w.one.read(v, "getTransactionsDone", got.access, numberOf(1)).put("transactionDateFrom", "2026-11-02", "transactionDateTo", "2026-11-01").
				send().Fails(http.StatusBadRequest, "invalid_field")
			w.one.read(v, "getTransactionsDone", got.access, numberOf(1)).put("bookingDateFrom", "2026-11-02", "bookingDateTo", "2026-11-01").
				send().Fails(http.StatusBadRequest, "invalid_field")
			for _, day := range []any{"2026-02-30", "18.11.2026", "2026-11-18T00:00:00Z", 20261118} {
				w.one.read(v, "getTransactionsDone", got.access, numberOf(1)).put("transactionDateFrom", day).send().Fails(http.StatusBadRequest, "invalid_field")
			}
			// With a fresh authentication, as far as was granted; exactly that far is allowed.
			year := since(365).send()
			if n := len(itemsOf(year)); n != 3 {
				t.Errorf("%d movements of a year, want 3", n)
			}
			old := since(366).send().Fails(http.StatusUnauthorized, "sca_needed")
			for _, words := range []string{"SCA needed", "90 days"} {
				if !strings.Contains(old.Text("message"), words) {
					t.Errorf("%q lacks %q", old.Text("message"), words)
				}
			}
			w.one.read(v, "getTransactionsDone", got.access, numberOf(1)).put("bookingDateFrom", "2024-01-01").send().Fails(http.StatusUnauthorized, "sca_needed")
			detail := func() psd2test.Reply {
				return w.one.read(v, "getTransactionDetail", got.access, numberOf(1)).put("itemId", texts(year, "itemId")[2]).send()
			}
			detail().Is(http.StatusOK) // of 91 days ago
			// Without one, 90 days.
			w.Clock.Advance(61 * time.Minute)
			got.access = tokensOf(w.one.refresh(v, got.refresh).send()).access
			if n := len(itemsOf(since(90).send())); n != 2 {
				t.Errorf("%d movements of 90 days, want 2", n)
			}
			since(91).send().Fails(http.StatusUnauthorized, "sca_needed")
			detail().Fails(http.StatusUnauthorized, "sca_needed")
			// Who does not say from when gets what is allowed.
			if n := len(itemsOf(w.one.read(v, "getTransactionsDone", got.access, numberOf(1)).send())); n != 2 {
				t.Errorf("%d movements without a day, want 2", n)
			}
		})
	}
}

// maxAllowedHistoryLong holds for each list, counted from the call.
func TestCase46GrantedHistory(t *testing.T) {
	w := newWorld(t)
	w.Moves(annas, bobs, 1, "dziś")
	w.PairShop().Holds(5)
	grant := list{m{
		"ais:getTransactionsDone": m{"scopeUsageLimit": "multiple", "maxAllowedHistoryLong": 2}, "ais:getHolds": m{"scopeUsageLimit": "multiple", "maxAllowedHistoryLong": 10},
		"ais:getTransactionDetail": m{"scopeUsageLimit": "multiple"},
	}}
	got := w.one.consented(v212, "ais", grant, annaP, anna, annas)
	counts := func() (done, holds int) {
		return len(itemsOf(w.one.read(v212, "getTransactionsDone", got.access, numberOf(1)).send())),
			len(itemsOf(w.one.read(v212, "getHolds", got.access, numberOf(1)).send()))
	}
	if done, holds := counts(); done != 1 || holds != 1 {
		t.Errorf("%d and %d on the day itself", done, holds)
	}
	id := texts(w.one.read(v212, "getTransactionsDone", got.access, numberOf(1)).send(), "itemId")[0]
	w.Clock.Advance(2 * 24 * time.Hour)
	got = tokensOf(w.one.refresh(v212, got.refresh).send())
	if done, holds := counts(); done != 1 || holds != 1 {
		t.Errorf("%d and %d after two days", done, holds)
	}
	w.Clock.Advance(24 * time.Hour)
	got = tokensOf(w.one.refresh(v212, got.refresh).send())
	if done, holds := counts(); done != 0 || holds != 1 {
		t.Errorf("%d and %d after three days", done, holds)
	}
	w.one.read(v212, "getTransactionDetail", got.access, numberOf(1)).put("itemId", id).send().Fails(http.StatusForbidden, "forbidden")
}

func TestCase47WarsawDays(t *testing.T) {
	w := newWorld(t)
	warsaw := calendar.Warsaw()
	for _, e := range []struct {
		id string
		at time.Time
	}{
		{"spring-before", time.Date(2026, 3, 28, 23, 59, 59, 0, warsaw)}, {"spring", time.Date(2026, 3, 29, 0, 0, 0, 0, warsaw)},
		{"spring-end", time.Date(2026, 3, 29, 23, 59, 59, 0, warsaw)}, {"spring-after", time.Date(2026, 3, 30, 0, 0, 0, 0, warsaw)},
		{"autumn-before", time.Date(2026, 10, 24, 23, 59, 59, 0, warsaw)}, {"autumn", time.Date(2026, 10, 25, 0, 0, 0, 0, warsaw)},
		{"autumn-end", time.Date(2026, 10, 25, 23, 59, 59, 0, warsaw)}, {"autumn-after", time.Date(2026, 10, 26, 0, 0, 0, 0, warsaw)},
	} {
		w.Book(w.Entry(e.id, e.at.UTC(), annas, bobs, pln(1), e.id))
	}
	got := w.one.reads(v212, 365, annas)
	holds := func(day string, want ...string) {
		t.Helper()
		for _, kind := range []string{"transactionDate", "bookingDate"} {
			r := w.one.read(v212, "getTransactionsDone", got.access, numberOf(1)).put(kind+"From", day, kind+"To", day).send()
			if have := texts(r, "description"); !slices.Equal(have, want) {
				t.Errorf("%s: %q, want %q", day, have, want)
			}
			for _, at := range append(texts(r, "bookingDate"), texts(r, "tradeDate")...) {
				if at[:10] != day {
					t.Errorf("%s is shown with %s", day, at)
				}
			}
		}
	}
	holds("2026-03-28", "spring-before")
	holds("2026-03-29", "spring-end", "spring") // 23 hours
	holds("2026-10-24", "autumn-before")
	holds("2026-10-25", "autumn-end", "autumn") // 25 hours
	w.Clock.Set(time.Date(2026, 12, 31, 22, 59, 59, 0, time.UTC))
	w.Moves(annas, bobs, 1, "sylwester")
	w.Clock.Set(time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC)) // midnight in Warsaw
	w.Moves(annas, bobs, 1, "nowy rok")
	got = w.one.reads(v212, 365, annas)
	holds("2026-12-31", "sylwester")
	holds("2027-01-01", "nowy rok")
}

// everything has movements of every kind happen, some of them at one instant.
func (w *world) everything() {
	w.T.Helper()
	s := w.PairShop()
	for i := range 7 {
		n := int64(i + 1)
		w.Moves(annas, bobs, n, "ruch")
		s.Holds(n)
		s.Schedules(n, calendar.DateOf(noon).AddDays(3))
		s.Cancels(s.Schedules(n, calendar.DateOf(noon).AddDays(4)))
		if i%3 == 0 {
			w.Clock.Advance(time.Second)
		}
	}
	t := w.one.mayPay(v212, "pis:domestic", inElixir("5.00"))
	w.one.pays(v212, "domestic", t.access, "waits", inElixir("5.00")).send().Is(http.StatusOK)
	for _, id := range []string{"r1", "r2"} {
		t := w.one.mayPay(v212, "pis:domestic", inElixir("50000.00"))
		w.one.pays(v212, "domestic", t.access, id, inElixir("50000.00")).send().Is(http.StatusOK)
	}
}

// inElixir is a payment to another bank, which waits for a session.
func inElixir(amount string) m {
	o := domestic(v212)
	o["recipient"] = m{"accountNumber": "20114000000000000000000300", "nameAddress": m{"value": list{"Jan Kowalski"}}}
	o["transferData"] = m{"description": "Faktura 2", "amount": amount, "currency": "PLN"}
	o["deliveryMode"], o["system"] = "StandardD1", "Elixir"
	return o
}

func TestCase48Paging(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			w.everything()
			got := w.one.reads(v, 90, annas)
			for name, least := range map[string]int{
				"getTransactionsDone": 7, "getHolds": 7, "getTransactionsScheduled": 7, "getTransactionsCancelled": 7, "getTransactionsRejected": 2, "getTransactionsPending": 1,
			} {
				want := texts(w.one.read(v, name, got.access, numberOf(1)).put("perPage", 100).send(), "itemId")
				if len(want) < least {
					t.Fatalf("%s has %d items, want %d", name, len(want), least)
				}
				for _, size := range []int{1, 3} {
					have := w.follow(w.one.read(v, name, got.access, numberOf(1)).put("perPage", size), size, func(page int) {
						if page == 0 && name == "getTransactionsDone" {
							w.Moves(annas, bobs, 99, "nowy") // what arrives in between neither moves nor doubles anything
						}
					})
					if name == "getTransactionsDone" && size == 3 {
						have = have[1:] // the new one of the walk before
					}
					if !slices.Equal(have, want) {
						t.Errorf("%s by %d: pages\n%q\nwhole\n%q", name, size, have, want)
					}
				}
			}
		})
	}
}

// follow follows the pages of a list, and asserts their form; between is told the
// number of each page that was read.
func (w *world) follow(a *ask, size int, between func(page int)) (have []string) {
	w.T.Helper()
	sent := a.body
	for page := 0; ; page++ {
		if page > 1000 {
			w.T.Fatal("the pages do not end")
		}
		r := w.one.ask(a.version, a.operation, sent).with(strings.TrimPrefix(a.header.Get("Authorization"), "Bearer ")).present().send()
		some := texts(r, "itemId")
		next := r.Text("pageInfo", "nextPage")
		if len(some) > size || len(some) == 0 {
			w.T.Errorf("page %d of %d has %d items", page, size, len(some))
		}
		have = append(have, some...)
		between(page)
		if next == "" {
			return have
		}
		again := m{}
		for k, v := range sent {
			again[k] = v
		}
		again["pageId"] = next
		sent = again
	}
}

func TestCase48PageIds(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			w.everything()
			got, same := w.one.reads(v, 90, annas, annas2), w.one.reads(v, 90, annas)
			done := func(token string, pairs ...any) *ask {
				return w.one.read(v, "getTransactionsDone", token, numberOf(1)).put(pairs...)
			}
			id := done(got.access, "perPage", 2, "minAmount", "0.01").send().Is(http.StatusOK).Text("pageInfo", "nextPage")
			refused := func(name string, a *ask) {
				t.Helper()
				if r := a.send(); r.Status != http.StatusBadRequest || r.Text("code") != "invalid_field" || !strings.HasPrefix(r.Text("message"), "pageId: ") {
					t.Errorf("%s: %d %s", name, r.Status, r.Body)
				}
			}
			good := []any{"perPage", 2, "minAmount", "0.01", "pageId", id}
			done(got.access, good...).send().Is(http.StatusOK)
			done(got.access, good...).put("perPage", 3).send().Is(http.StatusOK) // the size may change
			for name, pairs := range map[string][]any{
				"tampered": {"pageId", id[:len(id)-1] + "x"}, "cut": {"pageId", id[:10]}, "nobody's": {"pageId", "2"}, "another amount": {"minAmount", "0.02"},
				"no amount": {"minAmount", nil}, "one more filter": {"maxAmount", "10.00"}, "a day": {"transactionDateFrom", "2026-11-01"},
				"a day of booking": {"bookingDateTo", "2026-11-18"}, "a direction": {"type", "DEBIT"}, "another account": {"accountNumber", numberOf(2)},
			} {
				refused(name, done(got.access, good...).put(pairs...))
			}
			refused("another consent", done(same.access, good...))
			refused("another list", w.one.read(v, "getTransactionsPending", got.access, numberOf(1)).put(good...))
			// The full number and its mask are one account.
			done(got.access, good...).put("accountNumber", mask(1)).send().Is(http.StatusOK)
			for _, empty := range []any{"", 7} {
				refused("empty", done(got.access, "pageId", empty))
			}
			for _, size := range []any{0, -1, "abc", "2", 1.5, ""} {
				done(got.access, "perPage", size).send().Fails(http.StatusBadRequest, "invalid_field")
			}
			done(got.access, "perPage", 1_000_000).send().Is(http.StatusOK)
			// A fetch ends within the hour.
			w.Clock.Advance(2 * time.Hour)
			late := tokensOf(w.one.refresh(v, got.refresh).send())
			refused("late", done(late.access, good...))
		})
	}
}

// A page that is asked for too large is cut to the largest there is.
func TestCase48LargestPage(t *testing.T) {
	w := newWorld(t)
	var entries []ledger.Entry
	for i := range 120 {
		entries = append(entries, w.Entry(fmt.Sprint("many-", i), noon.Add(-time.Hour), annas, bobs, pln(1), "ruch"))
	}
	w.Book(entries...)
	got := w.one.reads(v212, 90, annas)
	first := w.one.read(v212, "getTransactionsDone", got.access, numberOf(1)).put("perPage", 5000).send()
	if n := len(itemsOf(first)); n != 100 || first.Text("pageInfo", "nextPage") == "" {
		t.Errorf("%d items", n)
	}
	if n := len(itemsOf(w.one.read(v212, "getTransactionsDone", got.access, numberOf(1)).send())); n != 50 {
		t.Errorf("%d items without perPage, want 50", n)
	}
}

func TestCase48PagesOfAccounts(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			ids := []account.ID{annas, annas2, annasE}
			for i := range 4 {
				id := account.ID(fmt.Sprint("a-more-", i))
				w.opens(id, 30+i, anna, "PERSONAL")
				ids = append(ids, id)
			}
			got, other := w.one.lists(v, ids...), w.one.lists(v, ids...)
			numbers := func(r psd2test.Reply) (out []string) {
				for i := range r.Is(http.StatusOK).List("accounts") {
					out = append(out, r.Text("accounts", i, "accountNumber"))
				}
				return out
			}
			page := func(token string, pairs ...any) psd2test.Reply {
				t.Helper()
				return w.one.ask(v, "accounts/getAccounts", nil).with(token).present().put(pairs...).send()
			}
			want := numbers(page(got.access))
			if len(want) != 7 {
				t.Fatalf("listed are %q", want)
			}
			for _, size := range []int{1, 2, 6, 7, 100} {
				var have []string
				r := page(got.access, "perPage", size)
				for have = numbers(r); r.Text("pageInfo", "nextPage") != ""; have = append(have, numbers(r)...) {
					r = page(got.access, "perPage", size, "pageId", r.Text("pageInfo", "nextPage"))
				}
				if !slices.Equal(have, want) {
					t.Errorf("by %d: %q, want %q", size, have, want)
				}
			}
			next := page(got.access, "perPage", 2).Text("pageInfo", "nextPage")
			for _, id := range []any{next[:len(next)-1] + "x", next[:5], "", "2", strings.Repeat("A", 2000)} {
				page(got.access, "pageId", id).Fails(http.StatusBadRequest, "invalid_field")
			}
			page(other.access, "pageId", next).Fails(http.StatusBadRequest, "invalid_field")
			for _, size := range []any{0, -1, "2", 1.5} {
				page(got.access, "perPage", size).Fails(http.StatusBadRequest, "invalid_field")
			}
			w.Clock.Advance(2 * time.Hour)
			page(tokensOf(w.one.refresh(v, got.refresh).send()).access, "pageId", next).Fails(http.StatusBadRequest, "invalid_field")
		})
	}
}

package psd2

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
	"time"

	"okienko/bank/account"
	"okienko/bank/calendar"
	"okienko/bank/ledger"
	"okienko/bank/money"
	"okienko/bank/payment"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"

	"pgregory.net/rapid"
)

// shelf holds movements of one account, each list newest first and in the order of
// the store among equals. It counts what is read of each list.
type shelf struct {
	entries   []payment.Transaction
	transfers map[transfer.Status][]transfer.Transfer
	payments  map[payment.Status][]payment.Payment
	holds     []ledger.Hold
	read      map[string]int
}

// from finds the first of n elements, newest first, for which after is true, and
// returns the bounds of a page of it.
func from(n, size int, after func(i int) bool) (int, int) {
	first := sort.Search(n, after)
	return first, min(first+size, n)
}

// behind tells whether an element comes after a place, newest first: one of the
// same instant does when its id or number is smaller, and never when the place has
// none.
func behind(at, before time.Time, smaller bool) bool {
	return before.IsZero() || at.Before(before) || (at.Equal(before) && smaller)
}

// until drops what lies before from and at to or later.
func until[T any](list []T, from, to time.Time, at func(*T) time.Time) []T {
	first := 0
	if !to.IsZero() {
		first = sort.Search(len(list), func(i int) bool { return at(&list[i]).Before(to) })
	}
	last := sort.Search(len(list), func(i int) bool { return at(&list[i]).Before(from) })
	return list[first:max(first, last)]
}

type shelfReader struct {
	payment.Reader
	*shelf
}

func (s shelfReader) Transactions(_ context.Context, f payment.TransactionFilter) ([]payment.Transaction, error) {
	list := until(s.entries, f.From, f.To, func(t *payment.Transaction) time.Time { return t.At })
	i, j := from(len(list), f.Page.Size, func(i int) bool { return behind(list[i].At, f.Page.Before.At, list[i].Seq < f.Page.Before.Seq) })
	s.read["entries"] += j - i
	return list[i:j], nil
}

func (s shelfReader) Payments(_ context.Context, f payment.Filter) ([]payment.Payment, error) {
	list := until(s.payments[f.Status], f.From, f.To, func(p *payment.Payment) time.Time { return p.CreatedAt })
	i, j := from(len(list), f.Page.Size, func(i int) bool {
		return behind(list[i].CreatedAt, f.Page.Before.At, string(list[i].ID) < f.Page.Before.ID)
	})
	s.read["payments "+string(f.Status)] += j - i
	return list[i:j], nil
}

func (s shelfReader) Holds(_ context.Context, f payment.HoldFilter) ([]ledger.Hold, error) {
	list := until(s.holds, f.From, f.To, func(h *ledger.Hold) time.Time { return h.CreatedAt })
	i, j := from(len(list), f.Page.Size, func(i int) bool {
		return behind(list[i].CreatedAt, f.Page.Before.At, string(list[i].ID) < f.Page.Before.ID)
	})
	s.read["holds"] += j - i
	return list[i:j], nil
}

type shelfTransfers struct {
	transfer.Reader
	*shelf
}

func (s shelfTransfers) Transfers(_ context.Context, f transfer.Filter) ([]transfer.Transfer, error) {
	status := f.Statuses[len(f.Statuses)-1]
	list := until(s.transfers[status], f.From, f.To, func(t *transfer.Transfer) time.Time { return t.CreatedAt })
	i, j := from(len(list), f.Size, func(i int) bool { return behind(list[i].CreatedAt, f.BeforeAt, list[i].ID < f.BeforeID) })
	s.read["transfers "+string(status)] += j - i
	return list[i:j], nil
}

type anyPayee struct{ account.Register }

func (anyPayee) Account(context.Context, account.ID) (account.Account, error) {
	return account.Account{Holder: "Payee"}, nil
}

type freeBook struct{ xs2a.Book }

func (freeBook) UseRight(context.Context, xs2a.ID, xs2a.Right, time.Time) error { return nil }

var listed = []xs2a.Right{xs2a.ReadDone, xs2a.ReadPending, xs2a.ReadScheduled, xs2a.ReadRejected, xs2a.ReadHolds}

// shelfWorld is a core over a shelf, and a reading that may read all of it.
func shelfWorld(s *shelf) (*Core, *Reading, *Account) {
	now := time.Date(2026, 11, 18, 11, 0, 0, 0, time.UTC)
	c := &Core{Config: Config{
		CursorKey: []byte("0123456789abcdef0123456789abcdef"), Reader: shelfReader{shelf: s}, Transfers: shelfTransfers{shelf: s}, Accounts: anyPayee{}, Book: freeBook{},
	}}
	r := &Reading{Now: now, Present: true, Consent: &xs2a.Consent{ID: "consent", Scope: xs2a.AccountInfo, ProvenAt: now}}
	for _, right := range listed {
		r.Consent.Grants = append(r.Consent.Grants, xs2a.Grant{Right: right, HistoryDays: 365})
	}
	return c, r, &Account{Account: account.Account{ID: "a", Holder: "Anna"}, Ref: "ref"}
}

// most is the largest amount on a shelf: few movements have the same.
const most = 300

// filled draws a shelf. Movements crowd at few instants around midnight in Warsaw,
// so that lists and pages part in the middle of one.
func filled(t *rapid.T, now time.Time) (s *shelf, all int) {
	s = &shelf{transfers: map[transfer.Status][]transfer.Transfer{}, payments: map[payment.Status][]payment.Payment{}, read: map[string]int{}}
	chance := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	instants := rapid.SampledFrom([]int{1, 2, 3, 10, 40}).Draw(t, "instants")
	long := rapid.Uint64().Draw(t, "long lists?")%4 > 0
	times := func(name string) []time.Time {
		n := rapid.IntRange(0, 40).Draw(t, name)
		if long && rapid.Uint64().Draw(t, "long "+name)%2 > 0 {
			n += rapid.IntRange(900, 2200).Draw(t, "more "+name)
		}
		out := make([]time.Time, n)
		for i := range out {
			out[i] = now.Add(-time.Duration(1+chance.IntN(instants)) * 5 * time.Hour).Add(time.Duration(chance.IntN(2)) * time.Microsecond)
		}
		slices.SortFunc(out, func(a, b time.Time) int { return b.Compare(a) })
		all += n
		return out
	}
	amount := func() money.Amount { return money.New(1+chance.Int64N(most), money.PLN) }
	id := func(i int) string { return fmt.Sprintf("x%06d", 999_999-i) }
	for i, at := range times("entries") {
		e := payment.Transaction{ID: ledger.EntryID(id(i)), At: at, Amount: amount(), Seq: int64(999_999 - i)}
		if chance.IntN(3) > 0 {
			e.Amount = money.New(-e.Amount.Minor(), money.PLN)
		}
		s.entries = append(s.entries, e)
	}
	for i, at := range times("holds") {
		s.holds = append(s.holds, ledger.Hold{ID: ledger.HoldID(id(i)), Amount: amount(), CreatedAt: at, Status: ledger.Active})
	}
	for _, status := range []transfer.Status{transfer.Pending, transfer.Scheduled, transfer.Rejected} {
		name := "transfers"
		if status != transfer.Pending {
			name += " " + string(status)
		}
		for i, at := range times(name) {
			s.transfers[status] = append(s.transfers[status], transfer.Transfer{
				ID: transfer.ID(id(i)), CreatedAt: at, Status: status, Order: transfer.Instruction{Amount: amount()},
			})
		}
	}
	for _, status := range []payment.Status{payment.Scheduled, payment.Rejected} {
		for i, at := range times("payments " + string(status)) {
			s.payments[status] = append(s.payments[status], payment.Payment{ID: payment.ID(id(i)), CreatedAt: at, Status: status, Amount: amount()})
		}
	}
	return s, all
}

func keys(items []Item) []string {
	out := make([]string, len(items))
	for i := range items {
		out[i] = string(items[i].Right) + " " + items[i].ID
	}
	return out
}

// Following the pages of a filtered list finds what a walk over the whole list
// finds with the same filter, in its order, and no call looks at more of a source
// than it may.
func TestPagesFindWhatAWalkFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 11, 18, 11, 0, 0, 0, time.UTC)
		s, total := filled(t, now)
		c, r, a := shelfWorld(s)
		whole, err := c.History(t.Context(), r, a, Query{Rights: listed, Size: 1 << 20})
		if err != nil || len(whole.Items) != total || whole.Next != "" {
			t.Fatalf("the whole list has %d of %d items: %v", len(whole.Items), total, err)
		}
		if !slices.IsSortedFunc(whole.Items, func(a, b Item) int { return b.At.Compare(a.At) }) {
			t.Fatal("the whole list is not newest first")
		}
		q := drawn(t, now)
		if total > 500 && q.Least.Currency() == "" { // thousands of pages of one item tell no more than hundreds
			q.Size = max(q.Size, 20)
		}
		var want []Item
		for _, i := range whole.Items {
			if passes(&q, &i) {
				want = append(want, i)
			}
		}
		if have, wanted := keys(walked(t, c, r, a, q, s, total)), keys(want); !slices.Equal(have, wanted) {
			t.Fatalf("pages\n%q\nwalk\n%q", have, wanted)
		}
	})
}

// drawn draws a question.
func drawn(t *rapid.T, now time.Time) Query {
	q := Query{Rights: rapid.SampledFrom([][]xs2a.Right{listed, listed, listed, {xs2a.ReadDone}, {xs2a.ReadRejected}}).Draw(t, "lists")}
	q.Size = 1 + int(rapid.Uint64().Draw(t, "size")%100)
	q.Direction = rapid.SampledFrom([]Direction{BothWays, BothWays, Credits, Debits}).Draw(t, "direction")
	if rapid.Uint64().Draw(t, "amounts?")%4 > 0 { // a narrow band: most calls meet the bound on what they look at
		at := 1 + int64(rapid.Uint64().Draw(t, "amount")%most)
		q.Least, q.Most = money.New(at, money.PLN), money.New(at+rapid.Int64Range(0, most/10).Draw(t, "band"), money.PLN)
	}
	day := func(name string) calendar.Date {
		if rapid.Uint64().Draw(t, name+"?")%10 > 0 {
			return calendar.Date{}
		}
		return calendar.DateOf(now).AddDays(-rapid.IntRange(0, 9).Draw(t, name))
	}
	q.From, q.To, q.BookedFrom, q.BookedTo = day("from"), day("to"), day("booked from"), day("booked to")
	return q
}

// passes is the filter in other words than the code's.
func passes(q *Query, i *Item) bool {
	inside := func(first, last calendar.Date) bool {
		day := calendar.DateOf(i.At)
		return (first.IsZero() || !day.Before(first)) && (last.IsZero() || !day.After(last))
	}
	switch {
	case !slices.Contains(q.Rights, i.Right), !inside(q.From, q.To), i.Right == xs2a.ReadDone && !inside(q.BookedFrom, q.BookedTo):
		return false
	case q.Least.Currency() != "" && i.Amount.Minor() < q.Least.Minor(), q.Most.Currency() != "" && i.Amount.Minor() > q.Most.Minor():
		return false
	}
	return q.Direction == BothWays || i.Credit == (q.Direction == Credits)
}

// walked follows the pages to their end.
func walked(t *rapid.T, c *Core, r *Reading, a *Account, q Query, s *shelf, total int) (have []Item) {
	for pages := 0; ; pages++ {
		clear(s.read)
		page, err := c.History(t.Context(), r, a, q)
		switch {
		case err != nil:
			t.Fatal(err)
		case len(page.Items) > q.Size:
			t.Fatalf("a page of %d has %d items", q.Size, len(page.Items))
		case pages > total+10:
			t.Fatal("the pages do not end")
		}
		for name, n := range s.read {
			if n > 1000 {
				t.Fatalf("one call looked at %d of %s", n, name)
			}
		}
		have = append(have, page.Items...)
		if q.Cursor = page.Next; q.Cursor == "" {
			return have
		}
	}
}

// A filter that nothing passes answers an empty page that has a next one, and ends.
func TestEmptyPagesGoOn(t *testing.T) {
	s := &shelf{read: map[string]int{}}
	c, r, a := shelfWorld(s)
	for i := range 2500 {
		s.entries = append(s.entries, payment.Transaction{
			ID: ledger.EntryID(fmt.Sprintf("e%d", i)), At: r.Now.Add(-time.Hour), Amount: money.New(-1, money.PLN), Seq: int64(9999 - i),
		})
	}
	q := Query{Rights: []xs2a.Right{xs2a.ReadDone}, Size: 10, Filter: Filter{Direction: Credits}}
	for pages := 1; ; pages++ {
		page, err := c.History(t.Context(), r, a, q)
		if err != nil || len(page.Items) != 0 {
			t.Fatalf("%v %v", page.Items, err)
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			if pages != 3 {
				t.Errorf("2500 movements were looked at in %d calls, want 3", pages)
			}
			return
		}
	}
}

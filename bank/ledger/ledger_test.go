package ledger_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
)

// book is a chart of accounts in a map.
type book map[account.ID]*account.Account

func (b book) Account(id account.ID) *account.Account { return b[id] }

func newBook() book {
	b := book{}
	for id, minor := range map[account.ID]int64{"anna": 10_000, "ben": 10_000} {
		b[id] = &account.Account{ID: id, Kind: account.Customer, Booked: pln(minor), Held: pln(0), Overdraft: pln(0)}
	}
	b["own"] = &account.Account{ID: "own", Kind: account.Own, Booked: pln(0), Held: pln(0), Overdraft: pln(0)}
	return b
}

func pln(minor int64) money.Amount { return money.New(minor, money.PLN) }

func entry(postings ...ledger.Posting) *ledger.Entry {
	return &ledger.Entry{ID: "e", Kind: ledger.Transfer, Postings: postings}
}

func on(id account.ID, minor int64) ledger.Posting {
	return ledger.Posting{Account: id, Amount: pln(minor)}
}

func (b book) text() string {
	return fmt.Sprintf("%v %v %v", *b["anna"], *b["ben"], *b["own"])
}

func TestPost(t *testing.T) {
	b := newBook()
	e := entry(on("anna", -10_000), on("ben", 7_500), on("own", 2_500))
	if err := ledger.Post(b, e); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[account.ID]int64{"anna": 0, "ben": 17_500, "own": 2_500} {
		if b[id].Booked != pln(want) || b[id].Seq != 1 {
			t.Errorf("%s: %+v", id, b[id])
		}
	}
	if e.Postings[1].After != pln(17_500) || e.Postings[1].Seq != 1 {
		t.Errorf("%+v", e.Postings)
	}
	if err := ledger.Post(b, entry(on("own", -5_000), on("anna", 5_000))); err != nil {
		t.Errorf("the bank's own account goes below zero: %v", err)
	}
	if b["anna"].Seq != 2 || b["own"].Booked != pln(-2_500) {
		t.Errorf("%+v %+v", b["anna"], b["own"])
	}
}

func TestPostRefusesAndLeavesEverything(t *testing.T) {
	many := make([]ledger.Posting, 65)
	for i := range many {
		many[i] = on(account.ID(fmt.Sprint(i)), 1)
	}
	b := newBook()
	b["full"] = &account.Account{ID: "full", Kind: account.Own, Booked: pln(math.MaxInt64), Held: pln(0), Overdraft: pln(0)}
	b["euro"] = &account.Account{ID: "euro", Kind: account.Own, Booked: money.Zero(money.EUR), Held: money.Zero(money.EUR), Overdraft: money.Zero(money.EUR)}
	for name, c := range map[string]struct {
		entry *ledger.Entry
		want  error
		code  bank.Code
	}{
		"no posting":               {entry(), ledger.ErrMalformed, bank.Internal},
		"one posting":              {entry(on("anna", 0)), ledger.ErrMalformed, bank.Internal},
		"too many postings":        {entry(many...), ledger.ErrMalformed, bank.Internal},
		"one account twice":        {entry(on("anna", -1), on("anna", 1)), ledger.ErrMalformed, bank.Internal},
		"an unknown account":       {entry(on("anna", -1), on("nobody", 1)), ledger.ErrMalformed, bank.Internal},
		"a posting of nothing":     {entry(on("anna", 0), on("ben", 0)), ledger.ErrMalformed, bank.Internal},
		"off by one":               {entry(on("anna", -100), on("ben", 101)), ledger.ErrUnbalanced, bank.Internal},
		"a balance that overflows": {entry(on("anna", -1), on("full", 1)), ledger.ErrMalformed, bank.Internal},
		"a sum that overflows":     {entry(on("own", math.MaxInt64), on("ben", math.MaxInt64)), ledger.ErrMalformed, bank.Internal},
		"two currencies":           {entry(on("anna", -1), ledger.Posting{Account: "euro", Amount: money.New(1, money.EUR)}), ledger.ErrMalformed, bank.Internal},
		"one grosz too much":       {entry(on("own", 1), on("ben", 10_000), on("anna", -10_001)), nil, bank.InsufficientFunds},
	} {
		t.Run(name, func(t *testing.T) {
			before := b.text()
			err := ledger.Post(b, c.entry)
			if (c.want != nil && !errors.Is(err, c.want)) || bank.CodeOf(err) != c.code {
				t.Errorf("%v; want %v %s", err, c.want, c.code)
			}
			if b.text() != before {
				t.Errorf("it left %s; before %s", b.text(), before)
			}
		})
	}
}

// Money is neither made nor lost, whatever is posted in whatever order.
func TestMoneyIsKept(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		b := newBook()
		for range rapid.IntRange(1, 50).Draw(r, "entries") {
			ids := rapid.Permutation([]account.ID{"anna", "ben", "own"}).Draw(r, "ends")
			p, err := ledger.Move(ids[0], ids[1], pln(rapid.Int64Range(1, 15_000).Draw(r, "amount")))
			if err != nil {
				r.Fatal(err)
			}
			if err := ledger.Post(b, entry(p...)); err != nil && bank.CodeOf(err) != bank.InsufficientFunds {
				r.Fatal(err)
			}
			sum := b["anna"].Booked.Minor() + b["ben"].Booked.Minor() + b["own"].Booked.Minor()
			if sum != 20_000 || b["anna"].Booked.IsNegative() || b["ben"].Booked.IsNegative() {
				r.Fatalf("%s", b.text())
			}
		}
	})
}

var start = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func placed(t *testing.T, b book, minor int64) *ledger.Hold {
	t.Helper()
	h := &ledger.Hold{ID: "h", Account: "anna", Amount: pln(minor), Title: "t", CreatedAt: start, ValidTo: start.Add(time.Hour)}
	e, err := ledger.Place(b["anna"], h, audit.Actor{}, limit.Delta{})
	if err != nil {
		t.Fatal(err)
	}
	if e.Kind != ledger.EventPlaced || e.Seq != 1 || e.Amount != h.Amount {
		t.Errorf("%+v", e)
	}
	return h
}

func TestAHoldNeverEatsMoreThanIsAvailable(t *testing.T) {
	b := newBook()
	b["anna"].Overdraft = pln(500)
	placed(t, b, 10_500)
	h := &ledger.Hold{ID: "h2", Account: "anna", Amount: pln(1), CreatedAt: start, ValidTo: start.Add(time.Hour)}
	if _, err := ledger.Place(b["anna"], h, audit.Actor{}, limit.Delta{}); bank.CodeOf(err) != bank.InsufficientFunds || h.Events != 0 || b["anna"].Held != pln(10_500) {
		t.Errorf("%v %+v", err, h)
	}
	if err := ledger.Post(b, entry(on("anna", -1), on("ben", 1))); bank.CodeOf(err) != bank.InsufficientFunds {
		t.Errorf("held money was paid out: %v", err)
	}
}

// A hold ends once. Whatever comes afterwards gets the precise refusal.
func TestEndings(t *testing.T) {
	before, after := start.Add(time.Minute), start.Add(time.Hour)
	for _, c := range []struct {
		how      ledger.HoldStatus
		captured int64
		at       time.Time
		kind     ledger.HoldEventKind
		then     bank.Code
	}{
		{ledger.Released, 0, before, ledger.EventReleased, bank.HoldReleased},
		{ledger.Captured, 10_000, before, ledger.EventCaptured, bank.HoldCaptured},
		{ledger.Captured, 1, before, ledger.EventCaptured, bank.HoldCaptured},
		{ledger.Expired, 0, after, ledger.EventExpired, bank.HoldExpired},
	} {
		b := newBook()
		h := placed(t, b, 10_000)
		e, err := ledger.End(b["anna"], h, c.how, pln(c.captured), c.at, audit.Actor{}, limit.Delta{})
		if err != nil || e.Kind != c.kind || e.Seq != 2 || h.Status != c.how || !h.EndedAt.Equal(c.at) || h.Captured != pln(c.captured) || !b["anna"].Held.IsZero() {
			t.Errorf("%s: %v %+v %+v", c.how, err, e, h)
		}
		for _, again := range []ledger.HoldStatus{ledger.Released, ledger.Captured, ledger.Expired} {
			was := *h
			if _, err := ledger.End(b["anna"], h, again, pln(0), c.at, audit.Actor{}, limit.Delta{}); bank.CodeOf(err) != c.then {
				t.Errorf("%s after %s: %v", again, c.how, err)
			}
			if _, err := ledger.Change(b["anna"], h, ledger.Terms{Amount: pln(5)}, c.at, audit.Actor{}, limit.Delta{}); bank.CodeOf(err) != c.then {
				t.Errorf("a change after %s: %v", c.how, err)
			}
			if !reflect.DeepEqual(*h, was) || !b["anna"].Held.IsZero() {
				t.Errorf("a refusal changed %+v to %+v", was, *h)
			}
		}
	}
}

func TestEndingsThatAreRefused(t *testing.T) {
	b := newBook()
	h := placed(t, b, 10_000)
	was := *h
	for _, c := range []struct {
		how      ledger.HoldStatus
		captured int64
		at       time.Time
		code     bank.Code
	}{
		{ledger.Captured, 10_001, start, bank.AmountAboveHold},
		{ledger.Captured, 1, start.Add(time.Hour), bank.HoldExpired},
		{ledger.Released, 0, start.Add(time.Hour), bank.HoldExpired},
	} {
		if _, err := ledger.End(b["anna"], h, c.how, pln(c.captured), c.at, audit.Actor{}, limit.Delta{}); bank.CodeOf(err) != c.code {
			t.Errorf("%s of %d at %v: %v", c.how, c.captured, c.at, err)
		}
	}
	if !reflect.DeepEqual(*h, was) || b["anna"].Held != pln(10_000) {
		t.Errorf("%+v", h)
	}
}

func TestChange(t *testing.T) {
	b := newBook()
	h := placed(t, b, 4_000)
	for _, minor := range []int64{10_000, 1, 4_000} {
		to := ledger.Terms{Amount: pln(minor), Title: "other", ValidTo: start.Add(2 * time.Hour)}
		e, err := ledger.Change(b["anna"], h, to, start, audit.Actor{}, limit.Delta{})
		if err != nil || b["anna"].Held != pln(minor) || h.Amount != pln(minor) || h.Title != "other" || !h.ValidTo.Equal(to.ValidTo) || e.Kind != ledger.EventChanged || e.Seq != h.Events {
			t.Errorf("%d: %v %+v", minor, err, h)
		}
	}
	if _, err := ledger.Change(b["anna"], h, ledger.Terms{Amount: pln(10_001)}, start, audit.Actor{}, limit.Delta{}); bank.CodeOf(err) != bank.InsufficientFunds {
		t.Errorf("%v", err)
	}
	if h.Amount != pln(4_000) || b["anna"].Held != pln(4_000) {
		t.Errorf("%+v", h)
	}
}

func TestMoveOfWhatHasNoOpposite(t *testing.T) {
	if _, err := ledger.Move("anna", "ben", pln(math.MinInt64)); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("%v", err)
	}
}

package payment

import (
	"strings"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/ledger"
	"okienko/bank/money"
)

// breaking is an order whose decision breaks off half-way.
type breaking struct{ Book }

func (o *breaking) want(l *lookup) { o.Book.want(l) }

func (o *breaking) decide(t *turn) (Outcome, error) {
	if _, err := o.Book.decide(t); err != nil {
		return Outcome{}, err
	}
	panic("a mistake of the program")
}

type ids struct{ n int }

func (i *ids) NewID() string { i.n++; return strings.Repeat("i", i.n) }

// A decision that breaks off is undone and answered as internal; its neighbours
// do not notice.
func TestAnOrderThatBreaksOffIsUndone(t *testing.T) {
	s := NewState()
	for _, id := range []account.ID{"a", "b"} {
		s.Accounts[id] = &account.Account{ID: id, Kind: account.Own, Status: account.Open, Booked: money.Zero(money.PLN), Held: money.Zero(money.PLN), Overdraft: money.Zero(money.PLN)}
	}
	move := Book{By: audit.Actor{Kind: audit.Bank}, Kind: ledger.Transfer, From: "a", To: "b", Amount: money.New(100, money.PLN)}
	results, c := Decide(s, time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC), &ids{}, []Order{&move, &breaking{move}, &move})
	if results[0].Err != nil || bank.CodeOf(results[1].Err) != bank.Internal || results[2].Err != nil {
		t.Fatalf("%+v", results)
	}
	if s.Accounts["b"].Booked != money.New(200, money.PLN) || s.Accounts["b"].Seq != 2 || len(c.Entries) != 2 || len(c.Audit) != 2 || len(c.Accounts) != 2 {
		t.Errorf("%+v, %+v", s.Accounts["b"], c)
	}
	if c.Entries[1].Postings[1].Seq != 2 {
		t.Errorf("the history has a gap: %+v", c.Entries[1])
	}
}

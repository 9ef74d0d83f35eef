package memory_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"okienko/bank/account"
	"okienko/bank/desk"
	"okienko/bank/desk/memory"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/payment"
)

func pln(minor int64) money.Amount { return money.New(minor, money.PLN) }

var start = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

// seeded has an account with 100.00 and an active hold of 10.00 on it.
func seeded(t *testing.T) *memory.Book {
	t.Helper()
	b := memory.New()
	for _, id := range []account.ID{"a", "b"} {
		b.PutAccount(account.Account{ID: id, Kind: account.Customer, Booked: pln(10_000), Held: pln(0), Overdraft: pln(0)})
	}
	c := &payment.Changes{
		Accounts: []*account.Account{{ID: "a", Kind: account.Customer, Booked: pln(10_000), Held: pln(1_000)}},
		NewHolds: []*ledger.Hold{hold(ledger.Active)}, HoldEvents: []ledger.HoldEvent{event(1, ledger.EventPlaced)},
		Operations: []*payment.Operation{{Key: payment.OperationKey{Application: "shop", ID: "o"}, Hold: hold(ledger.Active)}},
	}
	if err := write(b, c); err != nil {
		t.Fatal(err)
	}
	return b
}

func hold(s ledger.HoldStatus) *ledger.Hold {
	h := &ledger.Hold{ID: "h", Agreement: "g", Account: "a", Amount: pln(1_000), Captured: pln(0), CreatedAt: start, ValidTo: start.Add(time.Hour), Status: s, Events: 1}
	if s != ledger.Active {
		h.Events, h.EndedAt = 2, start
	}
	return h
}

func event(seq int, k ledger.HoldEventKind) ledger.HoldEvent {
	return ledger.HoldEvent{Hold: "h", Seq: seq, Kind: k, At: start, Amount: pln(1_000), ValidTo: start.Add(time.Hour), Captured: pln(0)}
}

func write(b *memory.Book, c *payment.Changes) error {
	ctx := context.Background()
	return b.Within(ctx, func(tx desk.Tx) error { return tx.Write(ctx, c) })
}

// The Book is trusted as a judge of the core, so it must see each of these.
func TestWhatDoesNotAddUpIsRefused(t *testing.T) {
	at := func(id account.ID, booked, held, seq int64) *account.Account {
		return &account.Account{ID: id, Kind: account.Customer, Booked: pln(booked), Held: pln(held), Seq: seq}
	}
	move := func(minor, afterA, afterB int64) *ledger.Entry {
		return &ledger.Entry{ID: "e", At: start, Postings: []ledger.Posting{{Account: "a", Amount: pln(-minor), After: pln(afterA), Seq: 1}, {Account: "b", Amount: pln(minor), After: pln(afterB), Seq: 1}}}
	}
	released := []ledger.HoldEvent{event(2, ledger.EventReleased)}
	for name, c := range map[string]struct {
		changes payment.Changes
		says    string
	}{
		"an operation done twice":           {payment.Changes{Operations: []*payment.Operation{{Key: payment.OperationKey{Application: "shop", ID: "o"}, Hold: hold(ledger.Active)}}}, "twice"},
		"an operation without an answer":    {payment.Changes{Operations: []*payment.Operation{{Key: payment.OperationKey{ID: "p"}}}}, "no answer"},
		"a balance without an entry":        {payment.Changes{Accounts: []*account.Account{at("a", 10_001, 1_000, 0)}}, "re-added"},
		"held without a hold":               {payment.Changes{Accounts: []*account.Account{at("a", 10_000, 1_001, 0)}}, "re-added"},
		"an entry whose accounts stay":      {payment.Changes{Entries: []*ledger.Entry{move(1, 9_999, 10_001)}}, "not among the changes"},
		"an entry with a wrong balance":     {payment.Changes{Entries: []*ledger.Entry{move(1, 9_998, 10_001)}}, "after"},
		"more than is available":            {payment.Changes{Entries: []*ledger.Entry{move(9_001, 999, 19_001)}, Accounts: []*account.Account{at("a", 999, 1_000, 1), at("b", 19_001, 0, 1)}}, "available"},
		"an account from nowhere":           {payment.Changes{Accounts: []*account.Account{at("c", 0, 0, 0)}}, "does not exist"},
		"a hold placed twice":               {payment.Changes{NewHolds: []*ledger.Hold{hold(ledger.Active)}, HoldEvents: []ledger.HoldEvent{event(1, ledger.EventPlaced)}}, "known"},
		"an end without an event":           {payment.Changes{Holds: []*ledger.Hold{hold(ledger.Released)}}, "1 events"},
		"an end that leaves the money held": {payment.Changes{Holds: []*ledger.Hold{hold(ledger.Released)}, HoldEvents: released}, "not among the changes"},
		"two ends":                          {payment.Changes{Holds: []*ledger.Hold{{ID: "h", Agreement: "g", Account: "a", Amount: pln(1_000), CreatedAt: start, Events: 3, Status: ledger.Expired}}, HoldEvents: []ledger.HoldEvent{event(2, ledger.EventReleased), event(3, ledger.EventExpired)}}, "after it ended"},
		"an event of nothing":               {payment.Changes{HoldEvents: released}, "does not change"},
		"a counter that moved by itself":    {payment.Changes{Counters: []limit.Counter{{Key: limit.Key{Subject: "s", Period: "2026-03"}, Used: pln(1)}}}, "re-added"},
		"a delta that was not counted":      {payment.Changes{NewPayments: []*payment.Payment{{ID: "p", Agreement: "g", Account: "a", Payee: "b", Amount: pln(1), Status: payment.Scheduled, Delta: limit.Delta{Day: "2026-03-10", InDay: pln(1), Month: "2026-03", InMonth: pln(1)}}}}, "not among the changes"},
		"executed without money":            {payment.Changes{NewPayments: []*payment.Payment{{ID: "p", Account: "a", Payee: "b", Amount: pln(1), Status: payment.Executed, EndedAt: start}}}, "0 transfers"},
	} {
		t.Run(name, func(t *testing.T) {
			b := seeded(t)
			if err := write(b, &c.changes); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v; want it to say %q", err, c.says)
			}
			if err := b.Check(); err != nil {
				t.Errorf("it kept some of it: %v", err)
			}
		})
	}
	b := seeded(t)
	good := &payment.Changes{Holds: []*ledger.Hold{hold(ledger.Released)}, HoldEvents: released, Accounts: []*account.Account{at("a", 10_000, 0, 0)}}
	if err := write(b, good); err != nil {
		t.Error(err)
	}
	if err := write(b, good); err == nil {
		t.Error("a hold ended twice")
	}
}

// A transaction that fails or breaks off after it wrote leaves nothing.
func TestNothingIsKeptOfAFailedTransaction(t *testing.T) {
	b, ctx := seeded(t), context.Background()
	end := &payment.Changes{
		Holds: []*ledger.Hold{hold(ledger.Released)}, HoldEvents: []ledger.HoldEvent{event(2, ledger.EventReleased)},
		Accounts: []*account.Account{{ID: "a", Kind: account.Customer, Booked: pln(10_000), Held: pln(0)}},
	}
	failed := errors.New("commit failed")
	if err := b.Within(ctx, func(tx desk.Tx) error { return errors.Join(tx.Write(ctx, end), failed) }); !errors.Is(err, failed) {
		t.Error(err)
	}
	func() {
		defer func() { _ = recover() }()
		_ = b.Within(ctx, func(tx desk.Tx) error { _ = tx.Write(ctx, end); panic("broke off") })
	}()
	if h, err := b.Hold(ctx, "h"); err != nil || h.Status != ledger.Active {
		t.Errorf("%+v, %v", h, err)
	}
	if err := write(b, end); err != nil {
		t.Errorf("the Book is stuck: %v", err)
	}
}

// What is loaded is a copy, and what is not there is said to be not there.
func TestLoadCopiesOut(t *testing.T) {
	b, ctx := seeded(t), context.Background()
	k := payment.OperationKey{Application: "shop", ID: "o"}
	needs := payment.Needs{Accounts: []account.ID{"a", "nobody"}, Holds: []ledger.HoldID{"h"}, Operations: []payment.OperationKey{k}, Counters: []limit.Key{{Subject: "s"}}}
	s := payment.NewState()
	if err := b.Within(ctx, func(tx desk.Tx) error { return tx.Load(ctx, needs, s) }); err != nil {
		t.Fatal(err)
	}
	if a, ok := s.Accounts["nobody"]; a != nil || !ok {
		t.Errorf("%v %t", a, ok)
	}
	if _, ok := s.Pending[k]; !ok {
		t.Error("what waits was not said")
	}
	if n, ok := s.Counters[limit.Key{Subject: "s"}]; !ok || n != (money.Amount{}) {
		t.Errorf("%v %t", n, ok)
	}
	s.Accounts["a"].Booked, s.Holds["h"].Amount, s.Operations[k].Hold.Amount = pln(1), pln(1), pln(1)
	again := payment.NewState()
	if err := b.Within(ctx, func(tx desk.Tx) error { return tx.Load(ctx, needs, again) }); err != nil {
		t.Fatal(err)
	}
	if again.Accounts["a"].Booked != pln(10_000) || again.Holds["h"].Amount != pln(1_000) || again.Operations[k].Hold.Amount != pln(1_000) {
		t.Error("the Book was changed through what it loaded")
	}
}

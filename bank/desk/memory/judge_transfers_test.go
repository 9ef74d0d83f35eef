package memory_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/desk/memory"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/payment"
	"okienko/bank/rail"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

const clearing = account.ID("own-clearing-elixir-pln")

// sent has an account with 100.00, of which a transfer of 10.00 with a fee of 1.00
// sets 11.00 aside.
func sent(t *testing.T) *memory.Book {
	t.Helper()
	b := memory.New()
	b.PutAccount(account.Account{ID: "a", Kind: account.Customer, Booked: pln(10_000), Held: pln(0), Overdraft: pln(0)})
	for _, id := range []account.ID{clearing, rail.FeeIncome(money.PLN)} {
		b.PutAccount(account.Account{ID: id, Kind: account.Own, Booked: pln(0), Held: pln(0), Overdraft: pln(0)})
	}
	b.PutConsent(xs2a.Consent{ID: "c", Grants: []xs2a.Grant{{Right: xs2a.Initiate, Single: true, Spent: true}}, Made: "t"})
	c := &payment.Changes{
		Accounts:     []*account.Account{{ID: "a", Kind: account.Customer, Booked: pln(10_000), Held: pln(1_100)}},
		NewTransfers: []*transfer.Transfer{elixir(transfer.Pending)}, TransferEvents: []transfer.Event{step(1, transfer.Pending)},
		Submissions:  []*transfer.Submission{{Key: transfer.SubmissionKey{Client: "tpp", TPPID: "x"}, Transfer: "t"}},
		NewStandings: []*transfer.Standing{{ID: "s", Status: transfer.StandingSubmitted, Due: start, Next: transfer.Recurrence{}.Start.AddDays(1)}},
	}
	if err := write(b, c); err != nil {
		t.Fatal(err)
	}
	return b
}

func elixir(s transfer.Status) *transfer.Transfer {
	tr := &transfer.Transfer{
		ID: "t", Customer: "anna", Account: "a", System: transfer.Elixir, Order: transfer.Instruction{Amount: pln(1_000)}, Fee: pln(100),
		FromVAT: pln(0), Status: s, CreatedAt: start, Events: 1,
	}
	switch {
	case s == transfer.Pending:
		tr.Reserved, tr.Due = true, start.Add(time.Hour)
	case s.Final():
		tr.EndedAt, tr.Events = start, 2
	}
	return tr
}

func step(seq int, s transfer.Status) transfer.Event {
	return transfer.Event{Transfer: "t", Seq: seq, Status: s, At: start}
}

func with(tr *transfer.Transfer, change func(tr *transfer.Transfer)) []*transfer.Transfer {
	change(tr)
	return []*transfer.Transfer{tr}
}

// settled is the change that books the transfer.
func settled() *payment.Changes {
	return &payment.Changes{
		Transfers: []*transfer.Transfer{elixir(transfer.Done)}, TransferEvents: []transfer.Event{step(2, transfer.Done)},
		Entries: []*ledger.Entry{
			{ID: "e1", At: start, Kind: ledger.Transfer, Payment: "t", Postings: []ledger.Posting{{Account: "a", Amount: pln(-1_000), After: pln(9_000), Seq: 1}, {Account: clearing, Amount: pln(1_000), After: pln(1_000), Seq: 1}}},
			{ID: "e2", At: start, Kind: ledger.Fee, Payment: "t", Postings: []ledger.Posting{{Account: "a", Amount: pln(-100), After: pln(8_900), Seq: 2}, {Account: account.FeeIncome, Amount: pln(100), After: pln(100), Seq: 1}}},
		},
		Accounts: []*account.Account{
			{ID: "a", Kind: account.Customer, Booked: pln(8_900), Held: pln(0), Seq: 2},
			{ID: clearing, Kind: account.Own, Booked: pln(1_000), Held: pln(0), Seq: 1}, {ID: account.FeeIncome, Kind: account.Own, Booked: pln(100), Held: pln(0), Seq: 1},
		},
	}
}

// The Book is trusted as a judge of transfers too, so it must see each of these.
func TestTransfersThatDoNotAddUpAreRefused(t *testing.T) {
	free := []*account.Account{{ID: "a", Kind: account.Customer, Booked: pln(10_000), Held: pln(0)}}
	cancelled := []transfer.Event{step(2, transfer.Cancelled)}
	for name, c := range map[string]struct {
		changes func() *payment.Changes
		says    string
	}{
		"cancelled, and its money is still held": {func() *payment.Changes {
			return &payment.Changes{Transfers: []*transfer.Transfer{elixir(transfer.Cancelled)}, TransferEvents: cancelled}
		}, "not among the changes"},
		"money free, and still pending": {func() *payment.Changes { return &payment.Changes{Accounts: free} }, "re-added"},
		"cancelled without an event": {func() *payment.Changes {
			return &payment.Changes{Transfers: []*transfer.Transfer{elixir(transfer.Cancelled)}, Accounts: free}
		}, "1 events and says 2"},
		"an event of nothing": {func() *payment.Changes { return &payment.Changes{TransferEvents: cancelled} }, "does not change"},
		"back to scheduled": {func() *payment.Changes {
			return &payment.Changes{
				Transfers:      with(elixir(transfer.Pending), func(tr *transfer.Transfer) { tr.Status, tr.Reserved, tr.Events = transfer.Scheduled, false, 2 }),
				TransferEvents: []transfer.Event{step(2, transfer.Scheduled)}, Accounts: free,
			}
		}, "after it was pending"},
		"another amount": {func() *payment.Changes {
			return &payment.Changes{Transfers: with(elixir(transfer.Pending), func(tr *transfer.Transfer) { tr.Order.Amount = pln(999) })}
		}, "never changes"},
		"ended and due": {func() *payment.Changes {
			return &payment.Changes{
				Transfers:      with(elixir(transfer.Cancelled), func(tr *transfer.Transfer) { tr.Due = start }),
				TransferEvents: cancelled, Accounts: free,
			}
		}, "due at"},
		"rejected for no reason": {func() *payment.Changes {
			return &payment.Changes{Transfers: []*transfer.Transfer{elixir(transfer.Rejected)}, TransferEvents: []transfer.Event{step(2, transfer.Rejected)}, Accounts: free}
		}, "for the reason"},
		"done without money": {func() *payment.Changes {
			return &payment.Changes{Transfers: []*transfer.Transfer{elixir(transfer.Done)}, TransferEvents: []transfer.Event{step(2, transfer.Done)}, Accounts: free}
		}, "too little"},
		"done without the fee": {func() *payment.Changes {
			c := settled()
			c.Entries = c.Entries[:1]
			c.Accounts[0].Booked, c.Accounts[0].Seq, c.Accounts = pln(9_000), 1, c.Accounts[:2]
			return c
		}, "too little"},
		"a limit given back and not counted": {func() *payment.Changes {
			e := step(2, transfer.Cancelled)
			e.Delta = limit.Delta{Day: "2026-03-10", InDay: pln(-1), Month: "2026-03", InMonth: pln(-1)}
			return &payment.Changes{Transfers: []*transfer.Transfer{elixir(transfer.Cancelled)}, TransferEvents: []transfer.Event{e}, Accounts: free}
		}, "not among the changes"},
		"an id of the third party used twice": {func() *payment.Changes {
			return &payment.Changes{
				NewTransfers:   with(elixir(transfer.Rejected), func(tr *transfer.Transfer) { tr.ID, tr.Reason, tr.Events = "t2", bank.CustomerLimit, 1 }),
				TransferEvents: []transfer.Event{{Transfer: "t2", Seq: 1, Status: transfer.Rejected, Reason: bank.CustomerLimit}},
				Submissions:    []*transfer.Submission{{Key: transfer.SubmissionKey{Client: "tpp", TPPID: "x"}, Transfer: "t2"}},
			}
		}, "submission"},
		"a submission of nothing": {func() *payment.Changes {
			return &payment.Changes{Submissions: []*transfer.Submission{{Key: transfer.SubmissionKey{TPPID: "y"}, Transfer: "t"}}}
		}, "submission"},
		"a bundle of somebody else's": {func() *payment.Changes {
			return &payment.Changes{NewBundles: []*transfer.Bundle{{ID: "b", Transfers: []transfer.ID{"t"}}}}
		}, "not its own"},
		"a consent that makes another payment": {func() *payment.Changes {
			return &payment.Changes{Consents: []*xs2a.Consent{{ID: "c", Grants: []xs2a.Grant{{Right: xs2a.Initiate, Single: true, Spent: true}}, Made: "t2"}}}
		}, "it made"},
		"a right unspent": {func() *payment.Changes {
			return &payment.Changes{Consents: []*xs2a.Consent{{ID: "c", Grants: []xs2a.Grant{{Right: xs2a.Initiate, Single: true}}, Made: "t"}}}
		}, "the right"},
		"a standing order that ended and is due": {func() *payment.Changes {
			return &payment.Changes{Standings: []*transfer.Standing{{ID: "s", Status: transfer.StandingCancelled, Due: start, EndedAt: start}}}
		}, "standing order"},
		"a standing order that forgets payments": {func() *payment.Changes {
			return &payment.Changes{Standings: []*transfer.Standing{{ID: "s", Status: transfer.StandingSubmitted, Made: -1, Due: start, Next: transfer.Recurrence{}.Start.AddDays(1)}}}
		}, "standing order"},
	} {
		t.Run(name, func(t *testing.T) {
			b := sent(t)
			if err := write(b, c.changes()); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v; want it to say %q", err, c.says)
			}
			if err := b.Check(); err != nil {
				t.Errorf("it kept some of it: %v", err)
			}
		})
	}
	b := sent(t)
	if err := write(b, settled()); err != nil {
		t.Fatal(err)
	}
	if err := write(b, settled()); err == nil {
		t.Error("a transfer was done twice")
	}
	if err := b.Check(); err != nil {
		t.Error(err)
	}
}

// What is due is found in the order of its time.
func TestDueTransfers(t *testing.T) {
	b, ctx := sent(t), context.Background()
	at, ok, err := b.NextTransferDue(ctx)
	if err != nil || !ok || !at.Equal(start) {
		t.Errorf("%v %t %v", at, ok, err)
	}
	if s, err := b.DueStandings(ctx, start, 5); err != nil || len(s) != 1 || s[0] != "s" {
		t.Errorf("%v, %v", s, err)
	}
	if d, err := b.DueTransfers(ctx, start, 5); err != nil || len(d) != 0 {
		t.Errorf("%v, %v", d, err)
	}
	if d, err := b.DueTransfers(ctx, start.Add(time.Hour), 5); err != nil || len(d) != 1 || d[0].ID != "t" {
		t.Errorf("%v, %v", d, err)
	}
}

package store

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/desk"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/clock"
	"okienko/ident"
)

// TestWhatIsKnownIsNeverStale pays, has somebody else change what payments rest
// on, and pays again: the desk must see every change at once, by whatever act
// it came.
func TestWhatIsKnownIsNeverStale(t *testing.T) {
	record := audit.Record{At: time.Now(), Act: "test"}
	path := filepath.Join(t.TempDir(), "bank.db")
	s, err := Open(t.Context(), Config{Path: path, Environment: partner.Test, Key: make([]byte, 32), Clock: clock.Wall{}, Wall: clock.Wall{}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := fillBench(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	none := limit.Limits{Single: money.Zero(money.PLN), Daily: money.Zero(money.PLN), Monthly: money.Zero(money.PLN), Unconfirmed: money.Zero(money.PLN)}
	zero := limit.CapAt(money.Zero(money.PLN))
	for i, c := range []struct {
		name   string
		change func(ctx context.Context, payer string) error
		want   bank.Code
	}{
		{"a customer is blocked", func(ctx context.Context, payer string) error {
			return s.Block(ctx, party.CustomerID("cus-"+payer), party.Block{By: "hotline", At: time.Now(), Why: "test"}, record)
		}, bank.CustomerBlocked},
		{"an account is blocked", func(ctx context.Context, payer string) error {
			return s.SetAccountStatus(ctx, account.ID("acc-"+payer), account.Blocked, record)
		}, bank.AccountBlocked},
		{"a pairing ends", func(ctx context.Context, payer string) error {
			_, err := s.ChangeAgreement(ctx, consent.ID("agr-"+payer), nil, func(a *consent.Agreement) ([]audit.Record, error) {
				a.Status, a.EndedAt, a.EndedBy = consent.Ended, time.Now(), "customer"
				return nil, nil
			})
			return err
		}, bank.AgreementEnded},
		{"a pairing's limits are lowered", func(ctx context.Context, payer string) error {
			_, err := s.ChangeAgreement(ctx, consent.ID("agr-"+payer), nil, func(a *consent.Agreement) ([]audit.Record, error) {
				a.Limits = none
				return nil, nil
			})
			return err
		}, bank.SingleLimit},
		{"a customer sets a limit", func(ctx context.Context, payer string) error {
			return s.ChangeCustomerLimits(ctx, party.CustomerID("cus-"+payer), nil, func(l *limit.OfCustomer) ([]audit.Record, error) {
				l.OneOff.Daily = zero
				return nil, nil
			})
		}, bank.CustomerLimit},
		{"somebody writes the file with a tool", func(ctx context.Context, payer string) error {
			db, err := sql.Open("sqlite", path)
			if err != nil {
				return err
			}
			defer func() { _ = db.Close() }()
			_, err = db.ExecContext(ctx, "update account set booked = 0 where id = $1", "acc-"+payer)
			return err
		}, bank.InsufficientFunds},
	} {
		t.Run(c.name, func(t *testing.T) {
			payer := fmt.Sprint(i)
			for n := range 2 { // the second of them from what is known
				if err := payOnce(t.Context(), s, payer, fmt.Sprint("before-", payer, n)); err != nil {
					t.Fatal(err)
				}
			}
			if len(s.engine.(*writer).ahead.known.accounts) == 0 {
				t.Fatal("nothing is known after a payment: this test looks at nothing")
			}
			if err := c.change(t.Context(), payer); err != nil {
				t.Fatal(err)
			}
			if err := payOnce(t.Context(), s, payer, "after-"+payer); bank.CodeOf(err) != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// TestWhatIsKnownIsWhatIsKept compares what the writer knows after payments,
// refusals and a batch that failed with what reading gives.
func TestWhatIsKnownIsWhatIsKept(t *testing.T) {
	s, err := Open(t.Context(), Config{Environment: partner.Test, Key: make([]byte, 32), Clock: clock.Wall{}, Wall: clock.Wall{}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := fillBench(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	for n := range 30 {
		if err := payOnce(t.Context(), s, fmt.Sprint(n%7), fmt.Sprint("operation-", n)); err != nil {
			t.Fatal(err)
		}
	}
	broken := fmt.Errorf("broken off")
	err = s.Within(t.Context(), func(tx desk.Tx) error {
		if _, err := batchOf(t.Context(), tx, "3", "operation-broken"); err != nil {
			return err
		}
		return broken
	})
	if err == nil {
		t.Fatal("a batch that fails was kept")
	}
	if err := payOnce(t.Context(), s, "3", "operation-last"); err != nil {
		t.Fatal(err)
	}
	known := s.engine.(*writer).ahead.known
	if len(known.accounts) < 2 || len(known.counters) < 4 {
		t.Fatalf("%d accounts and %d counters are known: this test looks at nothing", len(known.accounts), len(known.counters))
	}
	for id, a := range known.accounts {
		kept, err := s.Account(t.Context(), id)
		if err != nil || kept != *a {
			t.Errorf("known %+v\nkept  %+v (%v)", *a, kept, err)
		}
	}
	keys := make([]limit.Key, 0, len(known.counters))
	for k := range known.counters {
		keys = append(keys, k)
	}
	kept, err := s.Counters(t.Context(), keys)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if known.counters[k] != kept[k] {
			t.Errorf("counter %v: known %v, kept %v", k, known.counters[k], kept[k])
		}
	}
}

// payOnce does what the desk does with one payment.
func payOnce(ctx context.Context, s *Store, payer, operation string) error {
	var refused error
	err := s.Within(ctx, func(tx desk.Tx) error {
		var err error
		refused, err = batchOf(ctx, tx, payer, operation)
		return err
	})
	if err != nil {
		return err
	}
	return refused
}

func batchOf(ctx context.Context, tx desk.Tx, payer, operation string) (refused, err error) {
	now, state := time.Now().UTC().Truncate(time.Microsecond), payment.NewState()
	orders := []payment.Order{&payment.Submit{Agreement: consent.ID("agr-" + payer), AccountRef: "ref-" + payer, Draft: payment.Draft{
		Kind: payment.Pay, OperationID: operation, Amount: money.New(100, money.PLN), Title: "Przejazd rowerem",
	}}}
	for needs := payment.Missing(state, now, orders); !needs.Empty(); needs = payment.Missing(state, now, orders) {
		if err := tx.Load(ctx, needs, state); err != nil {
			return nil, err
		}
	}
	results, changes := payment.Decide(state, now, ident.New(clock.Wall{}), orders)
	if changes.Empty() {
		return results[0].Err, nil
	}
	return results[0].Err, tx.Write(ctx, changes)
}

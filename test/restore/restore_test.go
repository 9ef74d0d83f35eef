// Package restore loses a bank's data on purpose and takes them back from a
// backup, by the steps of docs/high-availability.md and with the files of
// deploy/: on PostgreSQL to a point in time between two known payments, on
// SQLite to a copy that was made while the bank paid.
//
// A backup is what restoring has shown, so the tests open the bank on what came
// back, read its payments, verify its books, and pay.
package restore

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"okienko/okienkotest"
	"okienko/verify"
)

const login, client = "jan", "kawomat"

// bank is a bank with one customer who pays.
type bank struct {
	*okienkotest.Bank
	pairing *okienkotest.Pairing
}

func open(t *testing.T, dir, dsn string) *bank {
	t.Helper()
	b := okienkotest.Start(t, okienkotest.WithFolder(dir), okienkotest.Database(dsn))
	return &bank{b, b.Pair(t, login, client)}
}

// pay makes payments with these operation ids.
func (b *bank) pay(t *testing.T, ids ...string) {
	t.Helper()
	for _, id := range ids {
		body := fmt.Sprintf(`{"operationId":%q,"account_id":%q,"amount":"1.00","currency":"PLN","title":"restore"}`, id, b.pairing.AccountID)
		if a := b.pairing.Post(t, "/payment", body); a.Status != http.StatusCreated {
			t.Fatalf("payment %s: %d %s", id, a.Status, a.Body)
		}
	}
}

// payments are the operation ids of all payments that the application reads.
func (b *bank) payments(t *testing.T) (got []string) {
	t.Helper()
	for cursor := ""; ; {
		a := b.pairing.Get(t, "/payment?pageSize=100"+cursor)
		var page struct {
			Payments   []struct{ OperationID, Status string }
			NextCursor string
		}
		if err := json.Unmarshal(a.Body, &page); err != nil || a.Status != http.StatusOK {
			t.Fatalf("payments: %d %s %v", a.Status, a.Body, err)
		}
		for _, p := range page.Payments {
			got = append(got, p.OperationID)
		}
		if page.NextCursor == "" {
			return got
		}
		cursor = "&cursor=" + page.NextCursor
	}
}

// has wants exactly these payments in the bank.
func (b *bank) has(t *testing.T, ids ...string) {
	t.Helper()
	got := b.payments(t)
	slices.Sort(got)
	slices.Sort(ids)
	if !slices.Equal(got, ids) {
		t.Errorf("the bank has the payments %q, want %q", got, ids)
	}
}

func clean(t *testing.T, where string) {
	t.Helper()
	report, err := verify.Run(context.WithoutCancel(t.Context()), where)
	if err != nil {
		t.Fatal(err)
	}
	if !report.Clean() {
		t.Errorf("verify: %v", report.Findings)
	}
}

// ids are numbered operations.
func ids(prefix string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%s-%d", prefix, i+1)
	}
	return all
}

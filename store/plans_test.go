package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"okienko/bank/account"
	"okienko/bank/calendar"
	"okienko/bank/consent"
	"okienko/bank/desk"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
	server "okienko/test/postgres"
)

// readEverything asks for everything that doors and workers ask for.
func readEverything(ctx context.Context, s *Store, now time.Time) {
	today := calendar.DateOf(now)
	page := payment.Page{Size: 10, Before: payment.Place{At: now, ID: "x", Seq: 5}}
	for _, p := range []payment.Page{{}, page} {
		for _, status := range []ledger.HoldStatus{"", ledger.Active, ledger.Expired, ledger.Captured} {
			_, _ = s.Holds(ctx, payment.HoldFilter{Agreement: "a", Status: status, Now: now, Page: p})
			_, _ = s.Holds(ctx, payment.HoldFilter{Account: "a", Status: status, Now: now, From: now, To: now, Page: p})
		}
		_, _ = s.Payments(ctx, payment.Filter{Agreement: "a", Status: payment.Executed, From: now, To: now, Page: p})
		_, _ = s.Transactions(ctx, payment.TransactionFilter{Account: "a", From: now, To: now, Page: p})
		_, _ = s.Transactions(ctx, payment.TransactionFilter{Account: "a", Text: "x", Page: p})
	}
	_, _ = s.Account(ctx, "a")
	_, _ = s.AccountsOf(ctx, "c")
	_, _ = s.Hold(ctx, "h")
	_, _ = s.Payment(ctx, "p")
	_, _ = s.Authorisation(ctx, "a")
	_, _ = s.Transaction(ctx, "a", "e")
	_, _ = s.Counters(ctx, []limit.Key{{Subject: "s", Period: "p"}})
	_, _ = s.BalancesByDay(ctx, "a", today, today)
	_, _ = s.DueHolds(ctx, now, 10)
	_, _ = s.DuePayments(ctx, today, 10)
	_, _, _ = s.NextDue(ctx)
	_, _ = s.Agreement(ctx, "a")
	_, _ = s.Customer(ctx, "c")
	_, _ = s.PersonByPESEL(ctx, "44051401359")
	_, _ = s.CompaniesByNIP(ctx, "5260250995")
	_, _ = s.CompaniesByREGON(ctx, "123456785")
	_, _ = s.Access(ctx, []byte("hash"))
	readThirdParties(ctx, s, now)
}

// readThirdParties asks for what the doors of third parties ask for.
func readThirdParties(ctx context.Context, s *Store, now time.Time) {
	for _, p := range []payment.Page{{}, {Size: 10, Before: payment.Place{At: now, ID: "x"}}} {
		for _, statuses := range [][]transfer.Status{nil, {transfer.Done}, {transfer.Pending, transfer.Scheduled}} {
			f := transfer.Filter{Statuses: statuses, From: now, To: now, Size: p.Size, BeforeAt: p.Before.At, BeforeID: transfer.ID(p.Before.ID)}
			f.Account = "a"
			_, _ = s.Transfers(ctx, f)
			f.Account, f.Bundle = "", "b"
			_, _ = s.Transfers(ctx, f)
			f.Bundle, f.Standing = "", "s"
			_, _ = s.Transfers(ctx, f)
		}
		_, _ = s.Payments(ctx, payment.Filter{Account: "a", Status: payment.Scheduled, Page: p})
	}
	_, _ = s.Transfer(ctx, "t")
	_, _ = s.Bundle(ctx, "b")
	_, _ = s.Standing(ctx, "s")
	_, _ = s.StandingsOf(ctx, "c")
	_, _ = s.Submission(ctx, transfer.SubmissionKey{Client: "c", TPPID: "t"})
	_, _ = s.DueTransfers(ctx, now, 10)
	_, _ = s.DueStandings(ctx, now, 10)
	_, _, _ = s.NextTransferDue(ctx)
	_, _ = s.Client(ctx, "c")
	_, _ = s.ClientOf(ctx, "o")
	_, _ = s.Entry(ctx, "o")
	_, _ = s.Admission(ctx, "o")
	_, _ = s.Consent(ctx, "c")
	_, _ = s.ConsentByTPP(ctx, "c", "t")
	_, _ = s.ConsentsOf(ctx, "c")
	_, _ = s.FundsConsent(ctx, "o", "61", now)
	_, _ = s.EndingConsents(ctx, now, 10)
	_, _ = s.ConsentRequest(ctx, "r")
	_, _ = s.ConsentAccess(ctx, []byte("hash"))
	_ = s.UseRight(ctx, "c", xs2a.ReadDone, now)
	_ = s.CountCall(ctx, "c", "r", "k", 4, now)
	_, _ = s.WasTold(ctx, []byte("hash"))
	_, _, _ = s.LapsingRequests(ctx, now, 10)
	_, _ = s.ClaimCallbacks(ctx, "w", 10, now, now)
	_, _ = s.behind(ctx, "consent_code", []byte("hash"))
	_, _ = s.behind(ctx, "consent_token", []byte("hash"))
}

// everythingNeeded is what a batch may need, one of each.
func everythingNeeded() payment.Needs {
	return payment.Needs{
		Agreements: []consent.ID{"a"}, Applications: []consent.ClientID{"a"}, Customers: []party.CustomerID{"c"}, Accounts: []account.ID{"a"},
		Holds: []ledger.HoldID{"h"}, Payments: []payment.ID{"p"}, Operations: []payment.OperationKey{{Application: "a", ID: "o"}},
		Authorisations: []payment.AuthorisationID{"a"}, Challenges: []sca.ID{"c"}, Counters: []limit.Key{{Subject: "s", Period: "p"}},
		Consents: []xs2a.ID{"c"}, Transfers: []transfer.ID{"t"}, Bundles: []transfer.BundleID{"b"}, Standings: []transfer.StandingID{"s"},
		Submissions: []transfer.SubmissionKey{{Client: "c", TPPID: "t"}},
	}
}

// TestReadersUseIndexes asks the engine how it would run what the readers and
// the desk ask for: no table is read from end to end and nothing is sorted, so
// that a call costs the same however much has happened (design §6).
func TestReadersUseIndexes(t *testing.T) {
	s := openTest(t, "", &stopped{now: time.Now()})
	readEverything(t.Context(), s, time.Now())
	err := s.Within(t.Context(), func(tx desk.Tx) error { return tx.Load(t.Context(), everythingNeeded(), payment.NewState()) })
	if err != nil {
		t.Fatal(err)
	}
	texts := slices.Concat(slices.Collect(maps.Keys(s.read.(*reading).statements)), slices.Collect(maps.Keys(s.engine.(*writer).statements)))
	looked := 0
	for _, text := range texts {
		if !strings.HasPrefix(text, "select") || strings.Contains(text, "kind = 'own'") { // asked once, at start
			continue
		}
		looked++
		for _, step := range plan(t, s, text) {
			if strings.HasPrefix(step, "SCAN") && !strings.Contains(step, "VIRTUAL TABLE") && step != "SCAN CONSTANT ROW" ||
				strings.Contains(step, "TEMP B-TREE") {
				t.Errorf("%s in: %s", step, text)
			}
		}
	}
	if looked < 30 {
		t.Errorf("only %d statements were looked at", looked)
	}
}

func plan(t *testing.T, s *Store, text string) []string {
	t.Helper()
	args := make([]any, strings.Count(text, "$"))
	steps, err := rows(t.Context(), queryOnly{s.read.(*reading).db}, func(row scanner) (string, error) {
		var id, parent, unused int
		var step string
		err := row.Scan(&id, &parent, &unused, &step)
		return step, err
	}, "explain query plan "+spoken(text), args...)
	if err != nil {
		t.Fatal(err)
	}
	return steps
}

// queryOnly runs texts without keeping them.
type queryOnly struct{ *sql.DB }

// TestReadersUseIndexesInPostgreSQL is the same for a server. Few rows of a few
// keys may be sorted there, never a history.
func TestReadersUseIndexesInPostgreSQL(t *testing.T) {
	s := openDatabase(t, server.DSN(t), 0)
	heard := &listening{querier: s.read}
	s.read = heard
	readEverything(t.Context(), s, time.Now())
	for _, q := range needed(inPostgreSQL, everythingNeeded(), payment.NewState()) {
		heard.texts = append(heard.texts, q.query)
	}
	slices.Sort(heard.texts)
	texts := slices.Compact(heard.texts)
	if len(texts) < 30 {
		t.Fatalf("only %d statements were looked at", len(texts))
	}
	conn, err := s.engine.(*postgres).db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	for i, text := range texts {
		name := fmt.Sprint("plan_", i)
		if _, err := conn.ExecContext(t.Context(), "prepare "+name+" as "+text); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		n := 0
		for strings.Contains(text, param(n)) {
			n++
		}
		values := ""
		if n > 0 {
			values = "(" + strings.TrimSuffix(strings.Repeat("null, ", n), ", ") + ")"
		}
		steps, err := rows(t.Context(), conn, scanText[string], "explain (costs off) execute "+name+values)
		if err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		for _, step := range steps {
			if strings.Contains(step, "Seq Scan") || strings.Contains(step, "Hash Join") || strings.Contains(step, "Merge Join") ||
				strings.Contains(step, "Sort") && strings.Contains(strings.Join(steps, "\n"), "Limit") {
				t.Errorf("%s in: %s\n%s", strings.TrimSpace(step), text, strings.Join(steps, "\n"))
				break
			}
		}
	}
}

// listening notes the texts that it hands on.
type listening struct {
	querier
	texts []string
}

func (l *listening) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	l.texts = append(l.texts, query)
	return l.querier.QueryContext(ctx, query, args...)
}

func (l *listening) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	l.texts = append(l.texts, query)
	return l.querier.QueryRowContext(ctx, query, args...)
}

package store

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/desk"
	"okienko/bank/intake"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/clock"
	"okienko/ident"
	server "okienko/test/postgres"
)

// BenchmarkWithin is what a desk does with a batch of payments of spread
// payers to one partner, without the desk's queue: load, decide, write, commit
// with fsync. "us/payment" is the figure to compare; the disk's own share is
// that of the batch of 1.
func BenchmarkWithin(b *testing.B) {
	for _, size := range []int{1, 32, 256} {
		for _, lasting := range []bool{true, false} {
			name := fmt.Sprintf("sqlite/batch=%d/fsync=%v", size, lasting)
			b.Run(name, func(b *testing.B) {
				path := ""
				if lasting {
					path = filepath.Join(b.TempDir(), "bank.db")
				}
				benchmarkWithin(b, size, Config{Path: path})
			})
		}
		b.Run(fmt.Sprintf("postgresql/batch=%d/fsync=true", size), func(b *testing.B) {
			benchmarkWithin(b, size, Config{DSN: server.Start(b).DSN(b)})
		})
	}
}

const payers = 2000

func benchmarkWithin(b *testing.B, size int, cfg Config) {
	ctx := context.Background()
	cfg.Environment, cfg.Key, cfg.Clock, cfg.Wall = partner.Test, make([]byte, 32), clock.Wall{}, clock.Wall{}
	s, err := Open(ctx, cfg)
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	}()
	if err := fillBench(ctx, s); err != nil {
		b.Fatal(err)
	}
	ids := ident.New(clock.Wall{})
	orders, n := make([]payment.Order, size), 0
	b.ReportAllocs()
	for b.Loop() {
		for i := range orders {
			a := fmt.Sprint(n * 7919 % payers)
			orders[i] = &payment.Submit{Agreement: consent.ID("agr-" + a), AccountRef: "ref-" + a, Draft: payment.Draft{
				Kind: payment.Pay, OperationID: "operation-" + fmt.Sprint(n), Amount: money.New(100, money.PLN), Title: "Przejazd rowerem",
			}}
			n++
		}
		if err := benchBatch(ctx, s, ids, orders); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/1000/float64(n), "us/payment")
}

// benchBatch is what the desk does with a batch.
func benchBatch(ctx context.Context, s *Store, ids bank.IDs, orders []payment.Order) error {
	return s.Within(ctx, func(tx desk.Tx) error {
		now, state := time.Now().UTC().Truncate(time.Microsecond), payment.NewState()
		for {
			needs := payment.Missing(state, now, orders)
			if needs.Empty() {
				break
			}
			if err := tx.Load(ctx, needs, state); err != nil {
				return err
			}
		}
		results, changes := payment.Decide(state, now, ids, orders)
		for _, r := range results {
			if r.Err != nil {
				return r.Err
			}
		}
		return tx.Write(ctx, changes)
	})
}

func fillBench(ctx context.Context, s *Store) error {
	now := time.Now().UTC().Truncate(time.Microsecond)
	zero := money.Zero(money.PLN)
	batch := &intake.Batch{}
	for i := range payers + 1 {
		id := fmt.Sprint(i)
		number, err := nrb.Make("99900005", fmt.Sprintf("%016d", i))
		if err != nil {
			return err
		}
		batch.Persons = append(batch.Persons, party.Person{ID: party.PersonID("per-" + id), FirstName: "Jan", LastName: "Kowalski", Language: party.Polish})
		batch.Customers = append(batch.Customers, party.Customer{
			ID: party.CustomerID("cus-" + id), Segment: party.Individual, Name: "Jan Kowalski", Person: party.PersonID("per-" + id), Since: now,
		})
		batch.Accounts = append(batch.Accounts, account.Account{
			ID: account.ID("acc-" + id), Kind: account.Customer, Customer: party.CustomerID("cus-" + id), NRB: number, Holder: "Jan Kowalski", Name: "Konto",
			Status: account.Open, Access: account.FirstAccess(party.Individual, now), OpenedAt: now, Booked: zero, Held: zero, Overdraft: zero,
		})
		postings, err := ledger.Move(intake.OpeningAccount, account.ID("acc-"+id), money.New(100_000_000, money.PLN))
		if err != nil {
			return err
		}
		batch.Entries = append(batch.Entries, ledger.Entry{ID: ledger.EntryID("entry-" + id), At: now, Kind: ledger.Opening, Title: "Saldo", Postings: postings})
	}
	if err := s.Import(ctx, batch); err != nil {
		return err
	}
	staff := audit.Record{At: now, Act: "test"}
	if err := s.PutPartner(ctx, partner.Partner{ID: "p", Name: "Rower", Since: now}, staff); err != nil {
		return err
	}
	most := money.New(100_000_000_000, money.PLN)
	limits := limit.Limits{Single: most, Daily: most, Monthly: most, Unconfirmed: most}
	create := consent.Permission{Object: consent.Payments, Action: consent.Create}
	err := s.PutApplication(ctx, partner.Application{
		ID: "app", Partner: "p", Name: "Rower", Status: partner.Sandbox, Account: account.ID(fmt.Sprint("acc-", payers)), Limits: limits, Since: now,
		Permissions: []consent.Definition{{Permission: create, ValidSeconds: -1, Quota: -1}}, AccessTTL: time.Hour, RefreshTTL: time.Hour,
	}, staff)
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, tx *writeTx) error {
		for i := range payers {
			id := fmt.Sprint(i)
			err := insertAgreement(ctx, tx, &consent.Agreement{
				ID: consent.ID("agr-" + id), Version: 1, Application: "app", Customer: party.CustomerID("cus-" + id), Person: party.PersonID("per-" + id),
				AccountRef: "ref-" + id, Account: account.ID("acc-" + id), Limits: limits, Status: consent.Active, CreatedAt: now, GivenAt: now,
				Grants: []consent.Grant{{Permission: create, GivenAt: now, ValidSeconds: -1, Quota: -1, Left: -1}},
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// BenchmarkFirstUse is what remembering the id of a signed request costs, alone
// and beside 63 others.
func BenchmarkFirstUse(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgresql"} {
		for _, callers := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/callers=%d", engine, callers), func(b *testing.B) {
				cfg := Config{Path: filepath.Join(b.TempDir(), "bank.db")}
				if engine == "postgresql" {
					cfg = Config{DSN: server.Start(b).DSN(b)}
				}
				cfg.Environment, cfg.Key, cfg.Clock, cfg.Wall = partner.Test, make([]byte, 32), clock.Wall{}, clock.Wall{}
				s, err := Open(b.Context(), cfg)
				if err != nil {
					b.Fatal(err)
				}
				defer func() { _ = s.Close() }()
				var n atomic.Int64
				b.SetParallelism(callers) // on one processor: see the flag -cpu
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if err := s.FirstUse(b.Context(), "PSDPL-PFSA-1", fmt.Sprint("id-", n.Add(1)), time.Now()); err != nil {
							b.Error(err)
						}
					}
				})
			})
		}
	}
}

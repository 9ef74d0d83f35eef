package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/desk"
	"okienko/bank/limit"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/clock"
	server "okienko/test/postgres"
)

// engines opens a store of each kind, filled.
func engines(t *testing.T, test func(t *testing.T, s *Store, k *known)) {
	t.Helper()
	run := func(name string, cfg Config, of func(*Store) *known) {
		t.Run(name, func(t *testing.T) {
			if name == "PostgreSQL" {
				cfg.DSN = server.DSN(t)
			}
			cfg.Environment, cfg.Key, cfg.Clock, cfg.Wall = partner.Test, make([]byte, 32), clock.Wall{}, clock.Wall{}
			s, err := Open(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}()
			if err := fillBench(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			test(t, s, of(s))
		})
	}
	run("SQLite", Config{}, func(s *Store) *known { return &s.engine.(*writer).ahead.known })
	run("PostgreSQL", Config{}, func(s *Store) *known { return &s.engine.(*postgres).desk.ahead.known })
}

// draftOnce drafts one payment, once nobody else writes.
func draftOnce(t *testing.T, s *Store, payer, operation string) (d desk.Draft, refused error) {
	t.Helper()
	for try := 0; ; try++ {
		var err error
		d, err = s.Draft(t.Context(), func(tx desk.Tx) error {
			var err error
			refused, err = batchOf(t.Context(), tx, payer, operation)
			return err
		})
		switch {
		case err == nil:
			return d, refused
		case !errors.Is(err, desk.ErrConflict) || try == 3:
			t.Fatalf("nothing is drafted: %v", err)
		}
		if err := payOnce(t.Context(), s, "1999", fmt.Sprint(operation, "-alone-", try)); err != nil {
			t.Fatal(err)
		}
	}
}

// kept compares all that is known with what is kept.
func (k *known) kept(t *testing.T, s *Store, when string) {
	t.Helper()
	ctx := context.Background()
	for id, a := range k.accounts {
		if kept, err := s.Account(ctx, id); err != nil || kept != *a {
			t.Errorf("%s: known %+v\nkept %+v (%v)", when, *a, kept, err)
		}
	}
	for id, a := range k.agreements {
		if kept, err := s.Agreement(ctx, id); err != nil || kept.Status != a.Status || kept.Version != a.Version || kept.Limits != a.Limits || fmt.Sprint(kept.Grants) != fmt.Sprint(a.Grants) {
			t.Errorf("%s: known %+v\nkept %+v (%v)", when, *a, kept, err)
		}
	}
	for id, c := range k.customers {
		if kept, err := s.Customer(ctx, id); err != nil || kept.Blocked != c.Blocked {
			t.Errorf("%s: known %+v\nkept %+v (%v)", when, *c, kept, err)
		}
	}
	var keys []limit.Key
	for n := range k.counters {
		keys = append(keys, n)
	}
	kept, err := s.Counters(ctx, keys)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range keys {
		if k.counters[n] != kept[n] {
			t.Errorf("%s: counter %v: known %v, kept %v", when, n, k.counters[n], kept[n])
		}
	}
}

// TestWhatIsKnownAfterDraftsIsWhatIsKept lets drafts be written, be void for
// every reason, and be dropped: what stays known is what is kept, and what was
// drafted in vain is not remembered.
func TestWhatIsKnownAfterDraftsIsWhatIsKept(t *testing.T) {
	engines(t, func(t *testing.T, s *Store, k *known) {
		ctx := t.Context()
		void := func(d desk.Draft) {
			t.Helper()
			if err := d.Commit(ctx); !errors.Is(err, desk.ErrConflict) {
				t.Errorf("written: %v", err)
			}
		}
		// settled pays once more: what a void draft has left is thrown away at the
		// next chance, not at once.
		n := 0
		settled := func(when string) {
			t.Helper()
			n++
			if err := payOnce(ctx, s, "3", fmt.Sprint("settled-", n)); err != nil {
				t.Fatalf("%s: %v", when, err)
			}
			k.kept(t, s, when)
			if d, err := draftOnce(t, s, "3", fmt.Sprint("settled-ahead-", n)); err != nil {
				t.Fatal(err)
			} else if err := d.Commit(ctx); err != nil {
				t.Fatalf("%s: %v", when, err)
			}
			k.kept(t, s, when+", and a draft")
			if len(k.accounts) < 2 || len(k.counters) < 4 {
				t.Fatalf("%s: %d accounts and %d counters are known: this test looks at nothing", when, len(k.accounts), len(k.counters))
			}
		}
		one, _ := draftOnce(t, s, "3", "one")
		two, _ := draftOnce(t, s, "3", "two")
		for _, d := range []desk.Draft{one, two} {
			if err := d.Commit(ctx); err != nil {
				t.Fatal(err)
			}
		}
		k.kept(t, s, "two written")
		settled("two written")

		block := func(by string) {
			t.Helper()
			if err := s.Block(ctx, "cus-4", party.Block{By: by}, audit.Record{Act: "test"}); err != nil {
				t.Fatal(err)
			}
		}
		one, _ = draftOnce(t, s, "3", "three")
		two, _ = draftOnce(t, s, "4", "four")
		block("staff:ewa")
		void(one)
		void(two)
		settled("two void")

		one, _ = draftOnce(t, s, "3", "five")
		if err := one.Commit(ctx); err != nil {
			t.Fatal(err)
		}
		two, _ = draftOnce(t, s, "4", "six")
		block("")
		void(two)
		settled("the second void")

		one, _ = draftOnce(t, s, "3", "seven") // dropped
		settled("one dropped")
		void(one)
		settled("the dropped one void")

		if err := s.Within(ctx, func(tx desk.Tx) error {
			_, err := batchOf(ctx, tx, "3", "broken")
			return errors.Join(err, errors.New("broken off"))
		}); err == nil {
			t.Fatal("a batch that fails was kept")
		}
		k.kept(t, s, "a batch failed")
		settled("a batch failed")

		one, _ = draftOnce(t, s, "3", "nine")
		if err := s.Within(ctx, func(tx desk.Tx) error {
			_, err := batchOf(ctx, tx, "4", "broken")
			return errors.Join(err, errors.New("broken off"))
		}); err == nil {
			t.Fatal("a batch that fails was kept")
		}
		switch err := one.Commit(ctx); {
		case err == nil, errors.Is(err, desk.ErrConflict):
		default:
			t.Error(err)
		}
		settled("a batch failed before a draft was written")

		// A draft that fails while it is decided leaves nothing either.
		if _, err := s.Draft(ctx, func(tx desk.Tx) error {
			_, err := batchOf(ctx, tx, "3", "broken")
			return errors.Join(err, errors.New("broken off"))
		}); err == nil {
			t.Fatal("drafted")
		}
		k.kept(t, s, "a draft failed")
		settled("a draft failed")
	})
}

// TestADraftWhoseWritingBreaksOff: nothing is decided over it for ever.
func TestADraftWhoseWritingBreaksOff(t *testing.T) {
	engines(t, func(t *testing.T, s *Store, k *known) {
		d, _ := draftOnce(t, s, "3", "one")
		one := d.(*draft)
		write := one.write
		one.write = func(context.Context, int64, *payment.Changes) (int64, error) { panic("a mistake of the store") }
		func() {
			defer func() {
				if recover() == nil {
					t.Error("a panic was swallowed")
				}
			}()
			_ = one.Commit(t.Context())
		}()
		one.write = write
		if err := one.Commit(t.Context()); !errors.Is(err, desk.ErrConflict) {
			t.Errorf("it is not known what became of it, and it was written again: %v", err)
		}
		two, refused := draftOnce(t, s, "3", "two")
		if err := errors.Join(refused, two.Commit(t.Context())); err != nil {
			t.Errorf("the next one: %v", err)
		}
		k.kept(t, s, "afterwards")
	})
}

// TestADatabaseToolIsNoticedByDraftsToo: a draft that refuses writes nothing,
// and must see a tool all the same.
func TestADatabaseToolIsNoticedByDraftsToo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bank.db")
	s, err := Open(t.Context(), Config{Path: path, Environment: partner.Test, Key: make([]byte, 32), Clock: clock.Wall{}, Wall: clock.Wall{}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := fillBench(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ChangeAgreement(t.Context(), consent.ID("agr-3"), nil, func(a *consent.Agreement) ([]audit.Record, error) {
		a.Status = consent.Suspended
		return nil, nil
	}); err != nil {
		t.Fatal(err)
	}
	d, refused := draftOnce(t, s, "3", "one")
	if err := d.Commit(t.Context()); bank.CodeOf(refused) != bank.AgreementPaused || err != nil {
		t.Fatalf("%v, %v", refused, err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err = db.ExecContext(t.Context(), "update agreement set status = 'active' where id = 'agr-3'"); err != nil {
		t.Fatal(err)
	}
	d, refused = draftOnce(t, s, "3", "two")
	if err := d.Commit(t.Context()); refused != nil && err == nil {
		t.Errorf("a tool has lifted it, and still: %v", refused)
	}
}

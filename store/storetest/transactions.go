package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/desk"
	"okienko/bank/ledger"
	"okienko/bank/payment"
	"okienko/bank/sca"
)

// transactions: an act is there whole or not at all, and is seen when it is
// there for good.
func transactions(t *testing.T, open Open) {
	t.Run("a broken transaction leaves nothing", func(t *testing.T) {
		w := newWorld(t, open)
		a := w.holder("jan", zl(100), wide())
		before := w.account(a.Account)
		broken := errors.New("broken off")
		for name, f := range map[string]func(context.Context, desk.Tx) error{
			"error":  func(context.Context, desk.Tx) error { return broken },
			"second": func(ctx context.Context, tx desk.Tx) error { return tx.Write(ctx, twice(a)) },
		} {
			err := w.s.Within(t.Context(), func(tx desk.Tx) error {
				if err := tx.Write(t.Context(), changes(a, ledger.HoldID("h-"+name))); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				return f(t.Context(), tx)
			})
			if err == nil {
				t.Errorf("%s: the transaction was kept", name)
			}
			if _, err := w.s.Hold(t.Context(), ledger.HoldID("h-"+name)); bank.CodeOf(err) != bank.NotFound {
				t.Errorf("%s: reading the hold: %v, want %s", name, err, bank.NotFound)
			}
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("a panic was swallowed")
				}
			}()
			_ = w.s.Within(t.Context(), func(tx desk.Tx) error {
				must(t, tx.Write(t.Context(), changes(a, "h-panic")))
				panic("broken off")
			})
		}()
		if after := w.account(a.Account); after != before {
			t.Errorf("the account was %+v and is %+v", before, after)
		}
		if _, err := w.do(pay(a, "works", zl(1), "")); err != nil {
			t.Errorf("the next order: %v", err)
		}
	})
	t.Run("readers see what is committed", func(t *testing.T) {
		w := newWorld(t, open)
		a := w.holder("jan", zl(100), wide())
		must(t, w.s.Within(t.Context(), func(tx desk.Tx) error {
			must(t, tx.Write(t.Context(), changes(a, "h-1")))
			if _, err := w.s.Hold(t.Context(), "h-1"); bank.CodeOf(err) != bank.NotFound {
				t.Errorf("before the commit: %v, want %s", err, bank.NotFound)
			}
			return nil
		}))
		if _, err := w.s.Hold(t.Context(), "h-1"); err != nil {
			t.Errorf("after the commit: %v", err)
		}
	})
	t.Run("a caller who has gone stops nothing", func(t *testing.T) {
		w := newWorld(t, open)
		a := w.holder("jan", zl(100), wide())
		ctx, cancel := context.WithCancel(t.Context())
		err := w.s.Within(ctx, func(tx desk.Tx) error {
			cancel()
			return tx.Write(ctx, changes(a, "h-1"))
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want %v", err, context.Canceled)
		}
		if _, err := w.do(pay(a, "works", zl(1), "")); err != nil {
			t.Errorf("the next order: %v", err)
		}
	})
	t.Run("a prepared operation is executed once", executedOnce(open))
	t.Run("calls of a limited permission", limitedCalls(open))
	t.Run("permissions given later", givenLater(open))
}

// changes places a hold of 10.00 by hand, as the core would.
func changes(a consent.Agreement, id ledger.HoldID) *payment.Changes {
	h := &ledger.Hold{
		ID: id, Agreement: a.ID, Application: a.Application, Account: a.Account, OperationID: "op-" + string(id), Amount: zl(10), Title: "Kaucja",
		CreatedAt: noon, ValidTo: noon.Add(time.Hour), Status: ledger.Active, Captured: zl(0), Events: 1,
	}
	return &payment.Changes{
		NewHolds:   []*ledger.Hold{h},
		HoldEvents: []ledger.HoldEvent{{Hold: id, Seq: 1, Kind: ledger.EventPlaced, At: noon, Amount: zl(10), Title: "Kaucja", ValidTo: h.ValidTo}},
		Audit:      []audit.Record{{At: noon, Act: "hold.placed", Subject: "hold:" + string(id)}},
	}
}

// twice is a change that no memory may accept: a hold that ends twice.
func twice(a consent.Agreement) *payment.Changes {
	c := changes(a, "h-twice")
	c.HoldEvents = append(c.HoldEvents,
		ledger.HoldEvent{Hold: "h-twice", Seq: 2, Kind: ledger.EventReleased, At: noon},
		ledger.HoldEvent{Hold: "h-twice", Seq: 3, Kind: ledger.EventCaptured, At: noon})
	return c
}

func executedOnce(open Open) func(*testing.T) {
	return func(t *testing.T) {
		w := newWorld(t, open)
		l := wide()
		l.Unconfirmed = zl(50)
		a := w.holder("jan", zl(1000), l)
		draft := pay(a, "big", zl(200), "").Draft
		if _, err := w.do(pay(a, "big", zl(200), "")); bank.CodeOf(err) != bank.AuthorisationRequired {
			t.Fatalf("%v, want %s", err, bank.AuthorisationRequired)
		}
		prepare := &payment.Prepare{
			Agreement: a.ID, AccountRef: a.AccountRef, Draft: draft,
			Return: payment.Return{AppType: "web", OS: "ALL", Callback: "https://rower.example/back"},
		}
		waiting := together(4, func(int) payment.AuthorisationID {
			out, err := w.do(prepare)
			if err != nil {
				t.Error(err)
				return ""
			}
			return out.Authorisation.ID
		})
		for _, id := range waiting {
			if id != waiting[0] {
				t.Errorf("one operation id waits as %s and as %s", waiting[0], id)
			}
		}
		kept, err := w.s.Authorisation(t.Context(), waiting[0])
		must(t, err)
		ch := w.passed(a.Person, sca.Subject{Purpose: sca.ForOperation, ID: string(kept.ID), Binding: kept.Binding()})
		ends := together(4, func(int) error {
			_, err := w.do(&payment.Execute{Authorisation: kept.ID, Challenge: ch, Person: a.Person})
			return err
		})
		done := 0
		for _, err := range ends {
			if err == nil {
				done++
			} else if bank.CodeOf(err) != bank.AuthorisationEnded {
				t.Errorf("%v, want %s", err, bank.AuthorisationEnded)
			}
		}
		after, err := w.s.Authorisation(t.Context(), kept.ID)
		must(t, err)
		if acc := w.account(a.Account); done != 1 || acc.Booked != zl(800) || after.Status != payment.Done || after.Payment == "" {
			t.Errorf("executed %d times, %v left, authorisation %+v", done, acc.Booked, after)
		}
		if again, err := w.do(prepare); err != nil || again.Authorisation.ID != kept.ID || again.Authorisation.Status != payment.Done {
			t.Errorf("preparing what is done: %+v, %v", again.Authorisation, err)
		}
		if c, err := w.s.Challenge(t.Context(), ch); err != nil || c.Status != sca.Spent {
			t.Errorf("the challenge is %s, %v", c.Status, err)
		}
		// An operation that waited too long gives its id free.
		prepare.Draft.OperationID = "late"
		first, err := w.do(prepare)
		must(t, err)
		w.clock.move(payment.AuthorisationLife)
		second, err := w.do(prepare)
		must(t, err)
		if first.Authorisation.ID == second.Authorisation.ID {
			t.Error("an expired operation was prepared again as the same one")
		}
		if old, err := w.s.Authorisation(t.Context(), first.Authorisation.ID); err != nil || old.Status != payment.PastItsMoment {
			t.Errorf("the expired one is %s, %v", old.Status, err)
		}
	}
}

func limitedCalls(open Open) func(*testing.T) {
	return func(t *testing.T) {
		w := newWorld(t, open)
		a := w.holder("jan", zl(1000), wide())
		create := consent.Permission{Object: consent.Payments, Action: consent.Create}
		_, err := w.s.ChangeAgreement(t.Context(), a.ID, nil, func(a *consent.Agreement) ([]audit.Record, error) {
			g := a.Grant(create)
			g.Quota, g.Left = 3, 3
			return nil, nil
		})
		must(t, err)
		errs := together(8, func(i int) error {
			_, err := w.do(pay(a, string(rune('a'+i)), zl(1), ""))
			return err
		})
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
			} else if bank.CodeOf(err) != bank.PermissionUsedUp {
				t.Errorf("%v, want %s", err, bank.PermissionUsedUp)
			}
		}
		now, err := w.s.Agreement(t.Context(), a.ID)
		must(t, err)
		if left := now.Grant(create).Left; done != 3 || left != 0 {
			t.Errorf("%d calls of 3 were made, %d are left", done, left)
		}
	}
}

// A pairing with more permissions is its next version (design §3, Consent).
func givenLater(open Open) func(*testing.T) {
	return func(t *testing.T) {
		w := newWorld(t, open)
		a := w.holder("jan", zl(1000), wide())
		w.clock.move(time.Hour)
		out, err := w.do(&payment.Prepare{
			Agreement: a.ID, Draft: payment.Draft{Kind: payment.Permit, Permissions: permissions[:1]},
			Return: payment.Return{AppType: "web", OS: "ALL", Callback: "https://rower.example/back"},
		})
		must(t, err)
		asked := out.Authorisation
		ch := w.passed(a.Person, sca.Subject{Purpose: sca.ForOperation, ID: string(asked.ID), Binding: asked.Binding()})
		_, err = w.do(&payment.Execute{Authorisation: asked.ID, Challenge: ch, Person: a.Person})
		must(t, err)
		now, err := w.s.Agreement(t.Context(), a.ID)
		must(t, err)
		if now.Version != a.Version+1 || !now.GivenAt.Equal(w.clock.Now()) || !now.Grant(permissions[0]).GivenAt.Equal(w.clock.Now()) {
			t.Errorf("version %d given at %s, after version %d given at %s", now.Version, now.GivenAt, a.Version, a.GivenAt)
		}
	}
}

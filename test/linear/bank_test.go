package linear

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/consent"
	"okienko/bank/desk"
	"okienko/bank/intake"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/clock"
	"okienko/ident"
	"okienko/store"
	"okienko/test/world"
)

func pln(minor int64) money.Amount { return money.New(minor, money.PLN) }

// node is a program over the bank's data.
type node struct {
	store *store.Store
	desk  *desk.Desk
	// stale, for a control, keeps what was read first and reads it again for ever.
	stale map[account.ID]account.Account
	mu    sync.Mutex
}

// The bank clock stands still: limits have one day, holds do not expire, and
// the model needs no time.
func noon() *clock.Manual {
	return clock.NewManual(time.Date(2026, time.March, 26, 12, 0, 0, 0, time.UTC))
}

func open(t *testing.T, cfg store.Config) *node {
	t.Helper()
	cfg.Environment, cfg.Key, cfg.Clock, cfg.Wall = partner.Test, make([]byte, 32), noon(), clock.Wall{}
	s, err := store.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	n := &node{store: s, desk: desk.New(desk.Config{Book: s, Clock: cfg.Clock, Wall: cfg.Wall, IDs: ident.New(cfg.Wall)})}
	t.Cleanup(func() {
		n.desk.Close()
		if err := s.Close(); err != nil {
			t.Errorf("closing %s: %v", cfg.Node, err)
		}
	})
	return n
}

// small is one small bank among others in the same data: two payers and a shop
// of their own.
type small struct {
	name  string
	rules rules

	mu    sync.Mutex
	holds map[int]ledger.HoldID // by slot, once somebody knows
}

func (b *small) account(i int) account.ID {
	return account.ID(fmt.Sprintf("%s-%d", b.name, i))
}

func (b *small) agreement(payer int) consent.ID { return consent.ID(b.account(payer)) }

// builder fills the data with small banks.
type builder struct {
	node  *node
	world world.World
	n     int
}

func newBuilder(t *testing.T, n *node) *builder {
	t.Helper()
	w, err := world.Over(t.Context(), n.store, noon())
	if err != nil {
		t.Fatal(err)
	}
	return &builder{node: n, world: w}
}

func (b *builder) small(ctx context.Context, r rules) (*small, error) {
	b.n++
	s := &small{name: fmt.Sprintf("bank%d", b.n), rules: r, holds: map[int]ledger.HoldID{}}
	now := noon().Now()
	limits := limit.Limits{Single: pln(1_000_000), Daily: pln(r.daily), Monthly: pln(1_000_000), Unconfirmed: pln(1_000_000)}
	app := partner.Application{
		ID: consent.ClientID(s.name), Name: s.name, Status: partner.Public, Account: s.account(theShop), Limits: limits, AccessTTL: time.Hour, RefreshTTL: time.Hour,
	}
	var grants []consent.Grant
	for _, a := range []consent.Permission{
		{Object: consent.Payments, Action: consent.Create}, {Object: consent.Blockades, Action: consent.Create},
		{Object: consent.Blockades, Action: consent.Update}, {Object: consent.Blockades, Action: consent.Delete},
	} {
		d := consent.Definition{Permission: a, ValidSeconds: consent.Unrestricted, Quota: consent.Unrestricted}
		app.Permissions, grants = append(app.Permissions, d), append(grants, d.Give(now))
	}
	var errs []error
	for i := range accounts {
		id := party.CustomerID(s.account(i))
		errs = append(errs, b.world.AddCustomer(ctx, id), b.world.AddAccount(ctx, world.NewAccount{ID: s.account(i), Customer: id}))
	}
	errs = append(errs, b.world.AddApplication(ctx, app))
	for i := range theShop {
		id := party.CustomerID(s.account(i))
		errs = append(errs, b.world.AddAgreement(ctx, consent.Agreement{
			ID: s.agreement(i), Version: 1, Application: app.ID, Customer: id, Person: world.PersonOf(id), AccountRef: "ref-" + string(id),
			Account: s.account(i), Grants: grants, Limits: limits, Status: consent.Active, CreatedAt: now, GivenAt: now,
		}))
		_, err := b.node.desk.Do(ctx, s.book(intake.OpeningAccount, s.account(i), r.opening, ledger.Opening))
		errs = append(errs, err)
	}
	return s, errors.Join(errs...)
}

func (*small) book(from, to account.ID, amount int64, k ledger.Kind) payment.Order {
	return &payment.Book{By: payment.PersonOf("test"), Kind: k, Title: string(k), From: from, To: to, Amount: pln(amount)}
}

// knows finds the hold of a slot.
func (b *small) knows(slot int) ledger.HoldID {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.holds[slot]
}

func (b *small) learn(slot int, id ledger.HoldID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.holds[slot] = id
}

// order words a call as an order of the bank.
func (b *small) order(c call) payment.Order {
	ref := "ref-" + string(b.account(c.payer))
	d := payment.Draft{OperationID: fmt.Sprintf("operation-%d", c.intent), Amount: pln(c.amount), Title: "A title"}
	switch c.kind {
	case transfer:
		return b.book(b.account(c.payer), b.account(1-c.payer), c.amount, ledger.Transfer)
	case release:
		return &payment.Release{Hold: b.knows(c.slot), Agreement: b.agreement(c.payer), AccountRef: ref}
	case pay:
		d.Kind = payment.Pay
	case place:
		d.Kind = payment.PlaceHold
	case change:
		d.Kind, d.Hold, d.Title = payment.ChangeHold, b.knows(c.slot), ""
	case capture:
		d.Kind, d.Hold = payment.Pay, b.knows(c.slot)
	}
	return &payment.Submit{Agreement: b.agreement(c.payer), AccountRef: ref, Draft: d}
}

// ask makes a call at a node; told is false when it was a reading that brought
// nothing, which no history needs.
func (b *small) ask(ctx context.Context, n *node, c call) (a answer, told bool) {
	switch c.kind {
	case balance:
		got, err := n.read(ctx, b.account(c.payer))
		return answer{booked: got.Booked.Minor(), held: got.Held.Minor()}, err == nil
	case look:
		h, err := n.store.Hold(ctx, b.knows(c.slot))
		if err != nil {
			return answer{}, false
		}
		a = answer{booked: h.Amount.Minor(), held: h.Captured.Minor()}
		a.status = h.Status[0] // ACTIVE, RELEASED, CAPTURED
		return a, true
	}
	out, err := n.desk.Do(ctx, b.order(c))
	var no *bank.Refusal
	switch {
	case err == nil && c.kind == place:
		b.learn(c.slot, out.Hold.ID)
	case err == nil:
	case errors.As(err, &no) && no.Code != bank.Busy && no.Code != bank.Internal:
		return answer{code: no.Code}, true
	default:
		return answer{unknown: true}, true
	}
	return answer{}, true
}

func (n *node) read(ctx context.Context, id account.ID) (account.Account, error) {
	if n.stale == nil {
		return n.store.Account(ctx, id)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if a, ok := n.stale[id]; ok {
		return a, nil
	}
	a, err := n.store.Account(ctx, id)
	if err == nil {
		n.stale[id] = a
	}
	return a, err
}

package faults

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"sync"
	"sync/atomic"
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
	"okienko/verify"
)

const (
	callers = 8
	shop    = account.ID("shop")
	// patience bounds how long one order is repeated: far longer than any fault
	// here lasts.
	patience = 60 * time.Second
)

func pln(minor int64) money.Amount { return money.New(minor, money.PLN) }

func payer(caller int) account.ID     { return account.ID("payer-" + strconv.Itoa(caller)) }
func agreement(caller int) consent.ID { return consent.ID("agreement-" + strconv.Itoa(caller)) }
func reference(caller int) string     { return "reference-" + strconv.Itoa(caller) }
func customer(caller int) party.CustomerID {
	return party.CustomerID("customer-" + strconv.Itoa(caller))
}

// node is a program over the database.
type node struct {
	*store.Store
	desk *desk.Desk
}

// open starts a node whose machine's clock is wall.
func open(t *testing.T, name, dsn string, wall clock.Source) *node {
	t.Helper()
	now, err := clock.NewMovable(clock.State{}, wall)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), store.Config{
		DSN: dsn, Environment: partner.Test, Key: make([]byte, 32), Clock: now, Wall: wall, Node: name, Connections: 16,
	})
	if err != nil {
		t.Fatal(err)
	}
	n := &node{s, desk.New(desk.Config{Book: s, Clock: now, Wall: wall, IDs: ident.New(wall)})}
	t.Cleanup(func() {
		n.desk.Close()
		if err := s.Close(); err != nil {
			t.Errorf("closing %s: %v", name, err)
		}
	})
	return n
}

// house is a bank on two nodes, with payers who are paired with one shop. A
// payer has exactly what the load will take, so that an order done twice leaves
// too little for another one.
type house struct {
	t      *testing.T
	direct string // address of the database without a proxy between
	nodes  [2]*node
	rounds int

	mu           sync.Mutex
	acknowledged map[string]acknowledgement
	errors       map[string]int
	done         [2]atomic.Int64 // orders answered by each node
}

type acknowledgement struct {
	order   payment.Order
	outcome payment.Outcome
}

func (*house) opening(rounds int) (n int64) {
	for k := range rounds {
		n += spent(k)
	}
	return n + holdOf
}

// What a caller does in a round: a payment, a hold, and by turns the hold taken
// or released.
const (
	priceOf = 1_00
	holdOf  = 2_00
)

func spent(round int) int64 {
	if round%2 == 0 {
		return priceOf + holdOf
	}
	return priceOf
}

// build makes the bank, by a node that meets no faults. The first node then
// works through one address, the second one through another.
func build(t *testing.T, rounds int, direct, first, second string, wall clock.Source) *house {
	t.Helper()
	h := &house{t: t, direct: direct, rounds: rounds, acknowledged: map[string]acknowledgement{}, errors: map[string]int{}}
	h.fill(open(t, "builder", direct, clock.Wall{}))
	h.nodes = [2]*node{open(t, "n1", first, wall), open(t, "n2", second, clock.Wall{})}
	return h
}

func (h *house) fill(n *node) {
	h.t.Helper()
	ctx, now := h.t.Context(), clock.NewBank().Now()
	w, err := world.Over(ctx, n.Store, clock.NewBank())
	if err != nil {
		h.t.Fatal(err)
	}
	most := limit.Limits{Single: pln(1_000_000), Daily: pln(1_000_000), Monthly: pln(1_000_000), Unconfirmed: pln(1_000_000)}
	allowed := []consent.Permission{
		{Object: consent.Payments, Action: consent.Create}, {Object: consent.Blockades, Action: consent.Create}, {Object: consent.Blockades, Action: consent.Delete},
	}
	app := partner.Application{ID: "shop", Name: "Shop", Status: partner.Public, Account: shop, Limits: most, AccessTTL: time.Hour, RefreshTTL: time.Hour}
	var grants []consent.Grant
	for _, p := range allowed {
		app.Permissions = append(app.Permissions, consent.Definition{Permission: p, ValidSeconds: consent.Unrestricted, Quota: consent.Unrestricted})
		grants = append(grants, consent.Grant{Permission: p, GivenAt: now, ValidSeconds: consent.Unrestricted, Quota: consent.Unrestricted, Left: consent.Unrestricted})
	}
	err = errors.Join(w.AddCustomer(ctx, "shopkeeper"), w.AddAccount(ctx, world.NewAccount{ID: shop, Customer: "shopkeeper"}), w.AddApplication(ctx, app))
	for i := range callers {
		err = errors.Join(err,
			w.AddCustomer(ctx, customer(i)), w.AddAccount(ctx, world.NewAccount{ID: payer(i), Customer: customer(i)}),
			w.AddAgreement(ctx, consent.Agreement{
				ID: agreement(i), Version: 1, Application: app.ID, Customer: customer(i), Person: world.PersonOf(customer(i)), AccountRef: reference(i), Account: payer(i),
				Grants: grants, Limits: most, Status: consent.Active, CreatedAt: now, GivenAt: now,
			}))
		_, paid := n.desk.Do(ctx, &payment.Book{
			By: payment.PersonOf("test"), Kind: ledger.Opening, Title: "Opening", From: intake.OpeningAccount, To: payer(i), Amount: pln(h.opening(h.rounds)),
		})
		err = errors.Join(err, paid)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// begin has every caller do its rounds, repeating what is not answered at the
// other node. The channel is closed when all is answered.
func (h *house) begin() <-chan struct{} {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		var all sync.WaitGroup
		for caller := range callers {
			all.Go(func() {
				for round := range h.rounds {
					if !h.play(caller, round) {
						return
					}
				}
			})
		}
		all.Wait()
	}()
	return ended
}

// until waits for what callers must see by and by.
func (h *house) until(seen func() bool) {
	h.t.Helper()
	for deadline := time.Now().Add(patience); !seen(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			h.t.Fatalf("what is waited for does not come; answered so far: %d and %d", h.done[0].Load(), h.done[1].Load())
		}
	}
}

// answered tells whether so many orders have been answered.
func (h *house) answered(n int64) func() bool {
	return func() bool { return h.done[0].Load()+h.done[1].Load() >= n }
}

// told is how many errors callers were told of.
func (h *house) told() (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, times := range h.errors {
		n += times
	}
	return n
}

func (h *house) play(caller, round int) bool {
	named := func(what string) string { return fmt.Sprintf("%s-%d-%d", what, caller, round) }
	submit := func(d payment.Draft) (payment.Outcome, bool) {
		return h.insist(caller, d.OperationID, &payment.Submit{Agreement: agreement(caller), AccountRef: reference(caller), Draft: d})
	}
	if _, ok := submit(payment.Draft{Kind: payment.Pay, OperationID: named("pay"), Amount: pln(priceOf), Title: "Coffee"}); !ok {
		return false
	}
	held, ok := submit(payment.Draft{Kind: payment.PlaceHold, OperationID: named("hold"), Amount: pln(holdOf), Title: "Deposit"})
	switch {
	case !ok:
	case round%2 == 0:
		_, ok = submit(payment.Draft{Kind: payment.Pay, OperationID: named("capture"), Hold: held.Hold.ID, Amount: pln(holdOf), Title: "Deposit kept"})
	default:
		_, ok = h.insist(caller, named("release"), &payment.Release{Hold: held.Hold.ID, Agreement: agreement(caller), AccountRef: reference(caller)})
	}
	return ok
}

// insist repeats an order until it is answered. Meanwhile callers may be told
// that the bank is busy, or of a mistake that is not theirs; any other refusal
// would be a lie.
func (h *house) insist(caller int, id string, order payment.Order) (payment.Outcome, bool) {
	deadline := time.Now().Add(patience)
	for try := 0; ; try++ {
		at := (caller + try) % len(h.nodes)
		outcome, err := h.nodes[at].desk.Do(h.t.Context(), order)
		if err == nil {
			h.done[at].Add(1)
			h.mu.Lock()
			h.acknowledged[id] = acknowledgement{order, outcome}
			h.mu.Unlock()
			return outcome, true
		}
		h.mu.Lock()
		h.errors[err.Error()]++
		h.mu.Unlock()
		var refusal *bank.Refusal
		if errors.As(err, &refusal) && refusal.Code != bank.Busy {
			h.t.Errorf("%s was refused: %v", id, err)
			return outcome, false
		}
		if time.Now().After(deadline) {
			h.t.Errorf("%s: no answer in %s: %v", id, patience, err)
			return outcome, false
		}
		time.Sleep(10 * time.Millisecond) // as callers do
	}
}

// check looks whether everything was done exactly once, whoever asks: the
// callers, the accounts, and verify.
func (h *house) check() {
	h.t.Helper()
	for text, n := range h.errors {
		h.t.Logf("%d times: %s", n, text)
	}
	if h.t.Failed() {
		return
	}
	if got, want := len(h.acknowledged), callers*h.rounds*3; got != want {
		h.t.Errorf("%d orders acknowledged of %d", got, want)
	}
	ctx, total := h.t.Context(), int64(0)
	for i, n := range h.nodes {
		for id, first := range h.acknowledged {
			again, err := n.desk.Do(ctx, first.order)
			if err != nil || !again.Repeat {
				h.t.Errorf("%s was acknowledged; repeated at node %d: done anew %v, %v", id, i+1, !again.Repeat, err)
				continue
			}
			again.Repeat = first.outcome.Repeat
			if !reflect.DeepEqual(again, first.outcome) {
				h.t.Errorf("%s was acknowledged as %+v and is now %+v", id, first.outcome, again)
			}
		}
		for caller := range callers {
			h.stands(n, payer(caller), holdOf)
		}
	}
	for k := range h.rounds {
		total += spent(k) * callers
	}
	h.stands(h.nodes[0], shop, total)
	report, err := verify.Run(context.WithoutCancel(ctx), h.direct)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, f := range report.Findings {
		h.t.Errorf("verify: %+v", f)
	}
}

func (h *house) stands(n *node, id account.ID, want int64) {
	h.t.Helper()
	a, err := n.Account(h.t.Context(), id)
	if err != nil {
		h.t.Error(err)
		return
	}
	if a.Booked != pln(want) || a.Held != pln(0) {
		h.t.Errorf("on %s stand %s with %s held, want %s and nothing", id, a.Booked, a.Held, pln(want))
	}
}

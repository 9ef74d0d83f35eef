package storetest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/desk"
	"okienko/bank/intake"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/notice"
	"okienko/bank/nrb"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
	"okienko/ident"
	"okienko/store"
)

// noon is when every test begins, in the middle of a Warsaw day and month.
var noon = time.Date(2026, 11, 18, 11, 0, 0, 0, time.UTC)

// hand is a clock that a test moves by hand.
type hand struct {
	mu  sync.Mutex
	now time.Time
}

func (h *hand) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *hand) move(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// Key is the key that seals the data of the suite.
func Key() []byte { return []byte("0123456789abcdef0123456789abcdef") }

// world is a small bank on fresh data: a partner with one application, and as
// many customers as a test asks for, each with one account and one pairing.
type world struct {
	t     *testing.T
	data  Open
	clock *hand
	ids   bank.IDs
	s     *store.Store
	desk  *desk.Desk
	app   partner.Application

	customers int
}

const (
	client    consent.ClientID = "app-1"
	collector account.ID       = "acc-partner" // the partner's account
)

// zl is an amount of whole zloty.
func zl(n int64) money.Amount { return money.New(n*100, money.PLN) }

func newWorld(t *testing.T, open Open) *world {
	t.Helper()
	clock := &hand{now: noon}
	w := &world{t: t, data: open, clock: clock, ids: ident.New(clock)}
	w.open()
	t.Cleanup(w.close)
	w.customer("partner", collector, zl(0))
	staff := audit.Record{At: noon, Actor: audit.Actor{Kind: audit.Staff, ID: "anna"}, Act: "partner.put", Subject: "partner:p-1"}
	must(t, w.s.PutPartner(t.Context(), partner.Partner{ID: "p-1", Name: "Rower", LegalName: "Rower sp. z o.o.", Since: noon}, staff))
	most := limit.Limits{Single: zl(100_000), Daily: zl(100_000), Monthly: zl(100_000), Unconfirmed: zl(100_000)}
	app := partner.Application{
		ID: client, Partner: "p-1", Name: "Rower", Status: partner.Sandbox, Account: collector, Limits: most, Since: noon,
		CallbackURIs: []string{"https://rower.example/back"}, Addresses: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		AccessTTL: partner.DefaultAccessTTL, RefreshTTL: partner.DefaultRefreshTTL, ReleaseByCustomer: true,
	}
	for _, p := range permissions {
		app.Permissions = append(app.Permissions, consent.Definition{Permission: p, ValidSeconds: consent.Unrestricted, Quota: consent.Unrestricted})
	}
	must(t, w.s.PutApplication(t.Context(), app, staff))
	w.app = app
	return w
}

var permissions = []consent.Permission{
	{Object: consent.Blockades, Action: consent.Create}, {Object: consent.Blockades, Action: consent.Update}, {Object: consent.Blockades, Action: consent.Delete},
	{Object: consent.Payments, Action: consent.Create}, {Object: consent.Payments, Action: consent.Update}, {Object: consent.Payments, Action: consent.Delete},
}

func (w *world) open() {
	w.s = w.data(w.t, store.Config{Environment: partner.Test, Key: Key(), Clock: w.clock, Wall: w.clock, Node: "n1"})
	w.desk = desk.New(desk.Config{Book: w.s, Clock: w.clock, Wall: w.clock, IDs: w.ids})
}

func (w *world) close() {
	w.desk.Close()
	must(w.t, w.s.Close())
}

// reopen ends the program and starts it again.
func (w *world) reopen() {
	w.t.Helper()
	w.close()
	w.open()
}

// customer imports an individual with one account and an opening balance.
func (w *world) customer(name string, id account.ID, balance money.Amount) {
	w.t.Helper()
	must(w.t, w.s.Import(w.t.Context(), w.newcomer(name, id, balance)))
}

func (w *world) newcomer(name string, id account.ID, balance money.Amount) *intake.Batch {
	w.t.Helper()
	w.customers++
	number, err := nrb.Make("99900005", fmt.Sprintf("%016d", w.customers))
	must(w.t, err)
	now := w.clock.Now()
	b := &intake.Batch{
		Persons:   []party.Person{{ID: party.PersonID("per-" + name), FirstName: name, LastName: "Testowy", Language: party.Polish, Phone: "+48123456789"}},
		Customers: []party.Customer{{ID: party.CustomerID("cus-" + name), Segment: party.Individual, Name: name + " Testowy", Person: party.PersonID("per-" + name), Since: now}},
		Accounts: []account.Account{{
			ID: id, Kind: account.Customer, Customer: party.CustomerID("cus-" + name), NRB: number, Holder: name + " Testowy", Name: "Konto",
			Product: account.Product{Group: "CURRENT", Type: "STANDARD"}, Status: account.Open, Access: account.FirstAccess(party.Individual, now),
			OpenedAt: now, Booked: zl(0), Held: zl(0), Overdraft: zl(0),
		}},
	}
	if balance.IsPositive() {
		b.Entries = []ledger.Entry{w.opening(id, balance)}
	}
	return b
}

func (w *world) opening(id account.ID, balance money.Amount) ledger.Entry {
	w.t.Helper()
	postings, err := ledger.Move(intake.OpeningAccount, id, balance)
	must(w.t, err)
	return ledger.Entry{ID: ledger.EntryID(w.ids.NewID()), At: w.clock.Now(), Kind: ledger.Opening, Title: "Saldo początkowe", Postings: postings}
}

// pair pairs the application with a customer's account by the acts of the
// bank: a request, a challenge passed and spent.
func (w *world) pair(name string, id account.ID, l limit.Limits) consent.Agreement {
	w.t.Helper()
	return w.pairWith(name, id, func() limit.Limits { return l })
}

// pairWith has the limits decided together with the pairing.
func (w *world) pairWith(name string, id account.ID, limits func() limit.Limits) consent.Agreement {
	w.t.Helper()
	ctx, now := w.t.Context(), w.clock.Now()
	request := authserver.Request{
		ID: authserver.RequestID(w.ids.NewID()), Client: client, State: "state", RedirectURI: "https://rower.example/",
		CreatedAt: now, ExpiresAt: now.Add(time.Hour), Status: authserver.RequestOpen,
	}
	must(w.t, w.s.SaveRequest(ctx, request))
	person := party.PersonID("per-" + name)
	_, err := w.s.ChangeRequest(ctx, request.ID, func(r *authserver.Request) error {
		r.Choice = &authserver.Choice{Person: person, Customer: party.CustomerID("cus-" + name), Account: id, Permissions: permissions, Limits: wide()}
		return nil
	})
	must(w.t, err)
	subject := sca.Subject{Purpose: sca.ForPairing, ID: string(request.ID), Binding: "chosen"}
	ch := w.passed(person, subject)
	a, err := w.s.Pair(ctx, request.ID, consent.Use{Challenge: ch, Person: person, Purpose: sca.ForPairing, Subject: subject.ID, Binding: subject.Binding},
		authserver.Code{Hash: []byte(request.ID), Client: client, ExpiresAt: now.Add(time.Minute)},
		func(_ authserver.Request, old *consent.Agreement) (consent.Agreement, []audit.Record, error) {
			if old != nil {
				return consent.Agreement{}, nil, errors.New("paired twice")
			}
			l := limits()
			a := consent.Agreement{
				ID: consent.ID("agr-" + name), Version: 1, Application: client, Customer: party.CustomerID("cus-" + name), Person: person,
				AccountRef: "ref-" + name, Account: id, Limits: l, Status: consent.Active, CreatedAt: now, GivenAt: now,
			}
			for _, p := range permissions {
				a.Grants = append(a.Grants, consent.Grant{Permission: p, GivenAt: now, ValidSeconds: -1, Quota: -1, Left: -1})
			}
			return a, nil, nil
		})
	must(w.t, err)
	return a
}

// passed makes a challenge that the person has passed.
func (w *world) passed(person party.PersonID, subject sca.Subject) sca.ID {
	w.t.Helper()
	ctx, now := w.t.Context(), w.clock.Now()
	ch := sca.Challenge{
		ID: sca.ID(w.ids.NewID()), Person: person, Method: sca.SMS, Subject: subject, CodeHash: []byte("123456"),
		CreatedAt: now, ExpiresAt: now.Add(sca.Life), Status: sca.Pending,
	}
	must(w.t, w.s.OpenChallenge(ctx, ch, &notice.Message{ID: w.ids.NewID(), Channel: notice.SMS, Person: person, To: "+48123456789", Text: "123456", CreatedAt: now, ExpiresAt: ch.ExpiresAt},
		func(f *sca.Factor) error { return f.Open(now) }))
	_, err := w.s.JudgeChallenge(ctx, ch.ID, func(c *sca.Challenge, f *sca.Factor) error { return sca.Answer(c, f, []byte("123456"), now) }, func(*sca.Challenge) []audit.Record { return nil })
	must(w.t, err)
	return ch.ID
}

// wide are limits that stop nothing.
func wide() limit.Limits {
	return limit.Limits{Single: zl(100_000), Daily: zl(100_000), Monthly: zl(100_000), Unconfirmed: zl(100_000)}
}

// holder is a customer who is paired.
func (w *world) holder(name string, balance money.Amount, l limit.Limits) consent.Agreement {
	w.t.Helper()
	id := account.ID("acc-" + name)
	w.customer(name, id, balance)
	return w.pair(name, id, l)
}

func (w *world) do(o payment.Order) (payment.Outcome, error) {
	return w.desk.Do(context.Background(), o)
}

func (w *world) account(id account.ID) account.Account {
	w.t.Helper()
	a, err := w.s.Account(w.t.Context(), id)
	must(w.t, err)
	return a
}

func place(a consent.Agreement, operation string, amount money.Amount) *payment.Submit {
	return &payment.Submit{Agreement: a.ID, AccountRef: a.AccountRef, Draft: payment.Draft{
		Kind: payment.PlaceHold, OperationID: operation, Amount: amount, Title: "Kaucja za rower",
	}}
}

func pay(a consent.Agreement, operation string, amount money.Amount, hold ledger.HoldID) *payment.Submit {
	return &payment.Submit{Agreement: a.ID, AccountRef: a.AccountRef, Draft: payment.Draft{
		Kind: payment.Pay, OperationID: operation, Amount: amount, Title: "Przejazd", Hold: hold,
	}}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// together runs n calls at once and gives their results in order of number.
func together[T any](n int, f func(i int) T) []T {
	out := make([]T, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			out[i] = f(i)
		})
	}
	close(start)
	wg.Wait()
	return out
}

// doer is a desk.
type doer interface {
	Do(context.Context, payment.Order) (payment.Outcome, error)
}

// otherDesk is a second desk over the same store.
func (w *world) otherDesk() *desk.Desk {
	return desk.New(desk.Config{Book: w.s, Clock: w.clock, Wall: w.clock, IDs: w.ids})
}

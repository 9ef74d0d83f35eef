package partnerapi_test

import (
	"context"
	"slices"
	"strings"
	"sync"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/calendar"
	"okienko/bank/consent"
	"okienko/bank/desk"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/payment"
)

// memory is the bank's memory in maps: enough of a store for the real core to
// decide over, so that the door is tested against the rules and not against
// somebody's idea of them.
type memory struct {
	mu      sync.Mutex
	state   *payment.State
	entries []*ledger.Entry
	broken  error // what every transaction and every read answers, if set
}

func newMemory() *memory { return &memory{state: payment.NewState()} }

// change lets a test change what the bank knows.
func (m *memory) change(f func(s *payment.State)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f(m.state)
}

func (m *memory) Within(_ context.Context, f func(desk.Tx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return m.broken
	}
	return f(memoryTx{m})
}

type memoryTx struct{ m *memory }

func load[K comparable, V any](keys []K, from, into map[K]V) {
	for _, k := range keys {
		into[k] = from[k]
	}
}

func (t memoryTx) Load(_ context.Context, n payment.Needs, into *payment.State) error {
	s := t.m.state
	load(n.Agreements, s.Agreements, into.Agreements)
	load(n.Applications, s.Applications, into.Applications)
	load(n.Customers, s.Customers, into.Customers)
	load(n.Customers, s.CustomerLimits, into.CustomerLimits)
	load(n.Accounts, s.Accounts, into.Accounts)
	load(n.Holds, s.Holds, into.Holds)
	load(n.Payments, s.Payments, into.Payments)
	load(n.Operations, s.Operations, into.Operations)
	load(n.Operations, s.Pending, into.Pending)
	load(n.Authorisations, s.Authorisations, into.Authorisations)
	load(n.Challenges, s.Challenges, into.Challenges)
	load(n.Counters, s.Counters, into.Counters)
	return nil
}

func keep[K comparable, V any](in map[K]*V, key func(*V) K, changed ...[]*V) {
	for _, list := range changed {
		for _, v := range list {
			in[key(v)] = v
		}
	}
}

func (t memoryTx) Write(_ context.Context, c *payment.Changes) error {
	s := t.m.state
	keep(s.Accounts, func(a *account.Account) account.ID { return a.ID }, c.Accounts)
	keep(s.Holds, func(h *ledger.Hold) ledger.HoldID { return h.ID }, c.NewHolds, c.Holds)
	keep(s.Payments, func(p *payment.Payment) payment.ID { return p.ID }, c.NewPayments, c.Payments)
	keep(s.Operations, func(o *payment.Operation) payment.OperationKey { return o.Key }, c.Operations)
	keep(s.Authorisations, func(a *payment.Authorisation) payment.AuthorisationID { return a.ID }, c.NewAuthorisations, c.Authorisations)
	keep(s.Agreements, func(a *consent.Agreement) consent.ID { return a.ID }, c.Grants)
	for _, a := range c.NewAuthorisations {
		if a.Draft.OperationID != "" {
			s.Pending[payment.OperationKey{Application: a.Application, ID: a.Draft.OperationID}] = a.ID
		}
	}
	for _, n := range c.Counters {
		s.Counters[n.Key] = n.Used
	}
	t.m.entries = append(t.m.entries, c.Entries...)
	return nil
}

// one finds an object for the Reader, as a copy.
func one[K comparable, V any](m *memory, in func(*payment.State) map[K]*V, k K) (V, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var none V
	if m.broken != nil {
		return none, m.broken
	}
	v := in(m.state)[k]
	if v == nil {
		return none, bank.Refuse(bank.NotFound, "There is no such object.")
	}
	return *v, nil
}

func (m *memory) Hold(_ context.Context, id ledger.HoldID) (ledger.Hold, error) {
	return one(m, func(s *payment.State) map[ledger.HoldID]*ledger.Hold { return s.Holds }, id)
}

func (m *memory) Payment(_ context.Context, id payment.ID) (payment.Payment, error) {
	return one(m, func(s *payment.State) map[payment.ID]*payment.Payment { return s.Payments }, id)
}

func (m *memory) Authorisation(_ context.Context, id payment.AuthorisationID) (payment.Authorisation, error) {
	return one(m, func(s *payment.State) map[payment.AuthorisationID]*payment.Authorisation { return s.Authorisations }, id)
}

// cut brings a list into its order, newest first, and takes one page of it.
func cut[T any](list []T, place func(T) payment.Place, p payment.Page) []T {
	before := func(a, b payment.Place) int {
		if c := b.At.Compare(a.At); c != 0 {
			return c
		}
		if c := int(b.Seq - a.Seq); c != 0 {
			return c
		}
		return strings.Compare(b.ID, a.ID)
	}
	slices.SortFunc(list, func(a, b T) int { return before(place(a), place(b)) })
	if p.Before != (payment.Place{}) {
		list = slices.DeleteFunc(list, func(v T) bool { return before(p.Before, place(v)) >= 0 })
	}
	return list[:min(p.Size, len(list))]
}

func (m *memory) Holds(_ context.Context, f payment.HoldFilter) ([]ledger.Hold, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []ledger.Hold
	for _, h := range m.state.Holds {
		status := h.Status
		if status == ledger.Active && !f.Now.Before(h.ValidTo) {
			status = ledger.Expired
		}
		if h.Agreement == f.Agreement && (f.Status == "" || f.Status == status) &&
			!h.CreatedAt.Before(f.From) && (f.To.IsZero() || h.CreatedAt.Before(f.To)) {
			out = append(out, *h)
		}
	}
	return cut(out, func(h ledger.Hold) payment.Place { return payment.Place{At: h.CreatedAt, ID: string(h.ID)} }, f.Page), m.broken
}

func (m *memory) Payments(_ context.Context, f payment.Filter) ([]payment.Payment, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []payment.Payment
	for _, p := range m.state.Payments {
		if p.Agreement == f.Agreement && (f.Status == "" || f.Status == p.Status) &&
			!p.CreatedAt.Before(f.From) && (f.To.IsZero() || p.CreatedAt.Before(f.To)) {
			out = append(out, *p)
		}
	}
	return cut(out, func(p payment.Payment) payment.Place { return payment.Place{At: p.CreatedAt, ID: string(p.ID)} }, f.Page), m.broken
}

func (m *memory) booked(a account.ID) []payment.Transaction {
	var out []payment.Transaction
	for _, e := range m.entries {
		for _, p := range e.Postings {
			if p.Account != a {
				continue
			}
			other := e.Payee
			if p.Amount.IsPositive() {
				other = e.Payer
			}
			out = append(out, payment.Transaction{
				ID: e.ID, Account: a, At: e.At, Kind: e.Kind, Title: e.Title, Amount: p.Amount, After: p.After,
				Seq: p.Seq, Other: other, Payment: e.Payment, Hold: e.Hold,
			})
		}
	}
	return out
}

func (m *memory) Transaction(_ context.Context, a account.ID, id ledger.EntryID) (payment.Transaction, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range m.booked(a) {
		if t.ID == id {
			return t, nil
		}
	}
	return payment.Transaction{}, bank.Refuse(bank.NotFound, "There is no such object.")
}

func (m *memory) Transactions(_ context.Context, f payment.TransactionFilter) ([]payment.Transaction, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := slices.DeleteFunc(m.booked(f.Account), func(t payment.Transaction) bool {
		return t.At.Before(f.From) || (!f.To.IsZero() && !t.At.Before(f.To))
	})
	return cut(out, func(t payment.Transaction) payment.Place {
		return payment.Place{At: t.At, ID: string(t.ID), Seq: t.Seq}
	}, f.Page), m.broken
}

func (m *memory) Counters(context.Context, []limit.Key) (map[limit.Key]money.Amount, error) {
	return nil, nil // no call of the door reads counters
}

func (m *memory) BalancesByDay(context.Context, account.ID, calendar.Date, calendar.Date) ([]money.Amount, error) {
	return nil, nil // nor balances
}

package authserver_test

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/party"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// memory keeps in memory what licensed third parties and accounts are about, so
// that these tests are about what the server decides. Its acts are whole: one at
// a time, and nothing of one that refuses stays. That the real stores do the same
// is tested with them.
type memory struct {
	thirdparty.Register // what the server does not ask for

	mu        sync.Mutex
	spend     func(context.Context, consent.Use) error
	requests  map[authserver.RequestID]authserver.ConsentRequest
	consents  map[xs2a.ID]xs2a.Consent
	codes     map[string]authserver.Code
	tokens    map[string]authserver.ConsentToken
	entries   map[thirdparty.Organisation]thirdparty.Entry
	clients   map[thirdparty.ClientID]thirdparty.Client
	accounts  map[account.ID]account.Account
	transfers map[transfer.ID]transfer.Transfer
	bundles   map[transfer.BundleID]transfer.Bundle
	standings map[transfer.StandingID]transfer.Standing
	counters  map[limit.Key]money.Amount
	records   []audit.Record
	externalMemory
}

func newMemory() *memory {
	return &memory{
		requests: map[authserver.RequestID]authserver.ConsentRequest{}, consents: map[xs2a.ID]xs2a.Consent{},
		codes: map[string]authserver.Code{}, tokens: map[string]authserver.ConsentToken{},
		entries: map[thirdparty.Organisation]thirdparty.Entry{}, clients: map[thirdparty.ClientID]thirdparty.Client{},
		accounts: map[account.ID]account.Account{}, transfers: map[transfer.ID]transfer.Transfer{},
		bundles: map[transfer.BundleID]transfer.Bundle{}, standings: map[transfer.StandingID]transfer.Standing{},
		counters: map[limit.Key]money.Amount{}, externalMemory: newExternalMemory(),
	}
}

func missing(what string) error { return bank.Refuse(bank.NotFound, "There is no such "+what+".") }

func get[K comparable, V any](m *memory, from map[K]V, id K, what string) (V, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := from[id]
	if !ok {
		return v, missing(what)
	}
	return v, nil
}

func copied(c xs2a.Consent) xs2a.Consent {
	c.Grants, c.Accounts = slices.Clone(c.Grants), slices.Clone(c.Accounts)
	if c.Payment != nil {
		w := *c.Payment
		w.Orders = slices.Clone(w.Orders)
		c.Payment = &w
	}
	return c
}

// keep stores a consent; one that no longer stands takes its tokens along.
func (m *memory) keep(c xs2a.Consent, records []audit.Record, at time.Time) {
	m.consents[c.ID] = copied(c)
	m.records = append(m.records, records...)
	if c.Status != xs2a.Active {
		m.endTokens(c.ID, at)
	}
}

func (m *memory) endTokens(id xs2a.ID, at time.Time) {
	for h, t := range m.tokens {
		if t.Agreement == consent.ID(id) && t.RevokedAt.IsZero() {
			t.RevokedAt = at
			m.tokens[h] = t
		}
	}
}

// authserver.ConsentStore

func (m *memory) AskConsent(_ context.Context, c xs2a.Consent, r authserver.ConsentRequest, record audit.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, other := range m.consents {
		if other.Client == c.Client && other.TPPID == c.TPPID {
			return bank.Refuse(bank.ConsentTaken, "The consent id has been used.")
		}
	}
	m.keep(c, []audit.Record{record}, c.AskedAt)
	m.requests[r.ID] = r
	return nil
}

func (m *memory) ConsentRequest(_ context.Context, id authserver.RequestID) (authserver.ConsentRequest, error) {
	return get(m, m.requests, id, "request")
}

func (m *memory) ChangeConsentRequest(_ context.Context, id authserver.RequestID,
	change func(*authserver.ConsentRequest, *xs2a.Consent) ([]audit.Record, error)) (authserver.ConsentRequest, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.requests[id]
	c := copied(m.consents[r.Consent])
	records, err := change(&r, &c)
	if err != nil {
		return authserver.ConsentRequest{}, err
	}
	m.requests[id] = r
	m.decide(&r)
	m.keep(c, records, c.EndedAt)
	return r, nil
}

func (m *memory) GiveConsent(ctx context.Context, id authserver.RequestID, spend consent.Use, code authserver.Code,
	decide func(*authserver.ConsentRequest, *xs2a.Consent) ([]audit.Record, error)) (xs2a.Consent, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.requests[id]
	c := copied(m.consents[r.Consent])
	records, err := decide(&r, &c)
	if err != nil {
		return xs2a.Consent{}, err
	}
	if err := m.spend(ctx, spend); err != nil {
		return xs2a.Consent{}, err
	}
	r.Status = authserver.RequestGiven
	m.requests[id] = r
	if m.decide(&r); r.AskedOf == "" {
		m.codes[string(code.Hash)] = code
	}
	m.keep(c, records, c.GivenAt)
	return c, nil
}

func (m *memory) issued(c xs2a.Consent, out authserver.ConsentIssued) {
	m.keep(c, out.Audit, out.Access.IssuedAt)
	m.tokens[string(out.Access.Hash)], m.tokens[string(out.Refresh.Hash)] = out.Access, out.Refresh
}

func (m *memory) endFamily(family []byte, at time.Time) error {
	for h, t := range m.tokens {
		if string(t.Family) == string(family) {
			t.RevokedAt = at
			m.tokens[h] = t
		}
	}
	return bank.Refuse(bank.GrantInvalid, "Spent.")
}

func (m *memory) RedeemConsent(_ context.Context, hash []byte, now time.Time, check func(authserver.Code) error,
	issue func(authserver.Code, *xs2a.Consent) (authserver.ConsentIssued, error)) (xs2a.Consent, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	code, ok := m.codes[string(hash)]
	if !ok {
		return xs2a.Consent{}, bank.Refuse(bank.GrantInvalid, "Unknown.")
	}
	if err := check(code); err != nil {
		return xs2a.Consent{}, err
	}
	if !code.SpentAt.IsZero() {
		return xs2a.Consent{}, m.endFamily(hash, now)
	}
	c := copied(m.consents[xs2a.ID(code.Agreement)])
	out, err := issue(code, &c)
	if err != nil {
		return xs2a.Consent{}, err
	}
	code.SpentAt = now
	m.codes[string(hash)] = code
	m.issued(c, out)
	return c, nil
}

func (m *memory) RotateConsent(_ context.Context, hash []byte, now time.Time, check func(authserver.ConsentToken) error,
	issue func(authserver.ConsentToken, *xs2a.Consent) (authserver.ConsentIssued, error)) (xs2a.Consent, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.tokens[string(hash)]
	if !ok {
		return xs2a.Consent{}, bank.Refuse(bank.GrantInvalid, "Unknown.")
	}
	if err := check(t); err != nil {
		return xs2a.Consent{}, err
	}
	if !t.SpentAt.IsZero() || !t.RevokedAt.IsZero() {
		return xs2a.Consent{}, m.endFamily(t.Family, now)
	}
	c := copied(m.consents[xs2a.ID(t.Agreement)])
	out, err := issue(t, &c)
	if err != nil {
		return xs2a.Consent{}, err
	}
	t.SpentAt = now
	m.tokens[string(hash)] = t
	m.issued(c, out)
	return c, nil
}

func (m *memory) ExchangeConsent(_ context.Context, hash []byte, now time.Time,
	issue func(authserver.ConsentToken, *xs2a.Consent) (authserver.ConsentIssued, error)) (xs2a.Consent, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.tokens[string(hash)]
	switch {
	case !ok || t.Kind != authserver.AccessToken:
		return xs2a.Consent{}, bank.Refuse(bank.TokenUnknown, "Unknown.")
	case !t.RevokedAt.IsZero() || !now.Before(t.ExpiresAt):
		return xs2a.Consent{}, bank.Refuse(bank.TokenInvalid, "Over.")
	}
	c := copied(m.consents[xs2a.ID(t.Agreement)])
	out, err := issue(t, &c)
	if err != nil {
		return xs2a.Consent{}, err
	}
	m.endTokens(c.ID, now)
	m.issued(c, out)
	return c, nil
}

func (m *memory) ConsentAccess(_ context.Context, hash []byte) (authserver.ConsentAccess, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.tokens[string(hash)]
	if !ok || t.Kind != authserver.AccessToken {
		return authserver.ConsentAccess{}, missing("token")
	}
	return authserver.ConsentAccess{Token: t, Consent: copied(m.consents[xs2a.ID(t.Agreement)])}, nil
}

// xs2a.Book, as much of it as the server asks for

type consentBook struct {
	xs2a.Book
	*memory
}

func (b consentBook) Consent(_ context.Context, id xs2a.ID) (xs2a.Consent, error) {
	c, err := get(b.memory, b.consents, id, "consent")
	return copied(c), err
}

func (b consentBook) ConsentByTPP(_ context.Context, client thirdparty.ClientID, tppID string) (xs2a.Consent, error) {
	return b.find(func(c *xs2a.Consent) bool { return c.Client == client && c.TPPID == tppID })
}

func (b consentBook) FundsConsent(_ context.Context, o thirdparty.Organisation, number string, now time.Time) (xs2a.Consent, error) {
	return b.find(func(c *xs2a.Consent) bool {
		return c.Scope == xs2a.Funds && c.Organisation == o && c.At(now) == xs2a.Active && c.Accounts[0].Number == number
	})
}

func (m *memory) find(is func(*xs2a.Consent) bool) (xs2a.Consent, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.consents {
		if is(&c) {
			return copied(c), nil
		}
	}
	return xs2a.Consent{}, missing("consent")
}

func (b consentBook) ChangeConsent(ctx context.Context, id xs2a.ID, spend *consent.Use, change func(*xs2a.Consent) ([]audit.Record, error)) (xs2a.Consent, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := copied(b.consents[id])
	records, err := change(&c)
	if err != nil {
		return xs2a.Consent{}, err
	}
	if spend != nil {
		if err := b.spend(ctx, *spend); err != nil {
			return xs2a.Consent{}, err
		}
	}
	b.keep(c, records, c.EndedAt)
	return c, nil
}

func (b consentBook) GiveFunds(ctx context.Context, c xs2a.Consent, spend consent.Use, r audit.Record) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.spend(ctx, spend); err != nil {
		return err
	}
	b.keep(c, []audit.Record{r}, c.GivenAt)
	return nil
}

// what else the server asks for

func (m *memory) Client(_ context.Context, id thirdparty.ClientID) (thirdparty.Client, error) {
	return get(m, m.clients, id, "client")
}

func (m *memory) ClientOf(_ context.Context, o thirdparty.Organisation) (thirdparty.Client, error) {
	for c := range maps.Values(m.clients) {
		if c.Organisation == o {
			return c, nil
		}
	}
	return thirdparty.Client{}, missing("client")
}

func (m *memory) Entry(_ context.Context, o thirdparty.Organisation) (thirdparty.Entry, error) {
	return get(m, m.entries, o, "organisation")
}

func (m *memory) Entries(context.Context) ([]thirdparty.Entry, error) {
	return slices.Collect(maps.Values(m.entries)), nil
}

type accountBook struct{ *memory }

func (b accountBook) Account(_ context.Context, id account.ID) (account.Account, error) {
	return get(b.memory, b.accounts, id, "account")
}

func (b accountBook) AccountByNumber(_ context.Context, n nrb.NRB) (account.Account, error) {
	for a := range maps.Values(b.accounts) {
		if a.NRB == n {
			return a, nil
		}
	}
	return account.Account{}, missing("account")
}

func (b accountBook) AccountsOf(_ context.Context, c party.CustomerID) ([]account.Account, error) {
	var out []account.Account
	for a := range maps.Values(b.accounts) {
		if a.Customer == c {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b account.Account) int { return int(a.NRB[25]) - int(b.NRB[25]) })
	return out, nil
}

func (b accountBook) ChangeAccess(ctx context.Context, id account.ID, spend *consent.Use, change func(*account.Account) ([]audit.Record, error)) (account.Account, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.accounts[id]
	records, err := change(&a)
	if err != nil {
		return account.Account{}, err
	}
	if spend != nil {
		if err := b.spend(ctx, *spend); err != nil {
			return account.Account{}, err
		}
	}
	b.accounts[id], b.records = a, append(b.records, records...)
	return a, nil
}

type transferBook struct {
	transfer.Reader
	*memory
}

func (b transferBook) Transfer(_ context.Context, id transfer.ID) (transfer.Transfer, error) {
	return get(b.memory, b.transfers, id, "transfer")
}

func (b transferBook) Bundle(_ context.Context, id transfer.BundleID) (transfer.Bundle, error) {
	return get(b.memory, b.bundles, id, "bundle")
}

func (b transferBook) Standing(_ context.Context, id transfer.StandingID) (transfer.Standing, error) {
	return get(b.memory, b.standings, id, "standing order")
}

type counterBook struct{ *memory }

func (b counterBook) Counters(_ context.Context, keys []limit.Key) (map[limit.Key]money.Amount, error) {
	out := map[limit.Key]money.Amount{}
	for _, k := range keys {
		out[k] = b.counters[k]
	}
	return out, nil
}

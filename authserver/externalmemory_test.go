package authserver_test

import (
	"context"
	"slices"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/party"
	"okienko/bank/thirdparty"
	"okienko/bank/xs2a"
)

// externalMemory is what memory keeps of codes and callbacks.
type externalMemory struct {
	external  map[party.PersonID]authserver.KeptExternalCode
	wrong     map[thirdparty.ClientID]authserver.WrongCodes
	callbacks map[authserver.RequestID]*keptCallback
}

type keptCallback struct {
	authserver.DueCallback
	decided bool
	code    string // hash of the last try's
}

func newExternalMemory() externalMemory {
	return externalMemory{
		external: map[party.PersonID]authserver.KeptExternalCode{}, wrong: map[thirdparty.ClientID]authserver.WrongCodes{},
		callbacks: map[authserver.RequestID]*keptCallback{},
	}
}

func (m *memory) codeOf(hash []byte) *authserver.KeptExternalCode {
	for _, c := range m.external {
		if string(c.Hash) == string(hash) {
			return &c
		}
	}
	return nil
}

func (m *memory) KeepExternalCode(_ context.Context, c authserver.KeptExternalCode, now time.Time, record audit.Record) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if other := m.codeOf(c.Hash); other != nil && other.Person != c.Person && now.Before(other.Until) {
		return false, nil
	}
	m.external[c.Person], m.records = c, append(m.records, record)
	return true, nil
}

func (m *memory) AskExternally(_ context.Context, hash []byte, c xs2a.Consent, r authserver.ConsentRequest, to authserver.CallbackTo, record audit.Record,
	judge func(*authserver.WrongCodes, *authserver.KeptExternalCode) ([]audit.Record, error)) (authserver.ConsentRequest, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	tries, code := m.wrong[c.Client], m.codeOf(hash)
	records, err := judge(&tries, code)
	if err != nil {
		m.wrong[c.Client], m.records = tries, append(m.records, records...)
		return authserver.ConsentRequest{}, err
	}
	for _, other := range m.consents {
		if other.Client == c.Client && other.TPPID == c.TPPID {
			return authserver.ConsentRequest{}, bank.Refuse(bank.ConsentTaken, "The consent id has been used.")
		}
	}
	delete(m.external, code.Person)
	r.AskedOf = code.Person
	m.keep(c, append(records, record), c.AskedAt)
	m.requests[r.ID] = r
	m.callbacks[r.ID] = &keptCallback{DueCallback: authserver.DueCallback{ID: r.ID, Callback: authserver.Callback{
		To: to, Client: c.Client, Consent: c.ID, TPPID: c.TPPID, State: r.State,
	}}}
	return r, nil
}

// decide makes the callback of a request due.
func (m *memory) decide(r *authserver.ConsentRequest) {
	if cb := m.callbacks[r.ID]; cb != nil && r.Status != authserver.RequestOpen {
		cb.decided, cb.Given = true, r.Status == authserver.RequestGiven
	}
}

func (m *memory) LapsingRequests(_ context.Context, now time.Time, n int) (due []authserver.RequestID, next time.Time, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, cb := range m.callbacks {
		switch at := m.requests[id].ExpiresAt; {
		case cb.decided:
		case !now.Before(at):
			due = append(due, id)
		case next.IsZero() || at.Before(next):
			next = at
		}
	}
	slices.Sort(due)
	return due[:min(n, len(due))], next, nil
}

func (m *memory) ClaimCallbacks(_ context.Context, _ string, n int, _, _ time.Time) ([]authserver.DueCallback, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []authserver.DueCallback
	for _, cb := range m.callbacks {
		if cb.decided && len(out) < n {
			cb.Tries++
			cb.Fence++
			out = append(out, cb.DueCallback)
		}
	}
	return out, nil
}

func (m *memory) RenewCode(_ context.Context, id authserver.RequestID, fence int64, code authserver.Code, now time.Time) (authserver.CallbackState, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	cb := m.callbacks[id]
	c := m.consents[xs2a.ID(code.Agreement)]
	switch {
	case cb == nil || cb.Fence != fence:
		return authserver.CallbackLost, nil
	case c.At(now) != xs2a.Active:
		return authserver.CallbackEnded, nil
	}
	if last, ok := m.codes[cb.code]; ok {
		if !last.SpentAt.IsZero() {
			return authserver.CallbackRedeemed, nil
		}
		last.SpentAt = now
		m.codes[cb.code] = last
	}
	cb.code = string(code.Hash)
	m.codes[cb.code] = code
	return authserver.CallbackReady, nil
}

func (m *memory) WasTold(_ context.Context, hash []byte) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.codes[string(hash)]
	return ok && c.RedirectURI == "", nil
}

func (m *memory) SettleCallback(context.Context, authserver.RequestID, int64, time.Time, *audit.Record) error {
	panic("the worker's")
}

package memory

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/calendar"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
)

// PutCustomer keeps a customer, new or changed.
func (b *Book) PutCustomer(c party.Customer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.customers[c.ID] = c
}

// PutCustomerLimits keeps a customer's own limits.
func (b *Book) PutCustomerLimits(id party.CustomerID, l limit.OfCustomer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.customerLimits[id] = l
}

// PutAccount keeps a new account. Its booked balance counts as brought in from
// outside; nothing may be held on it yet.
func (b *Book) PutAccount(a account.Account) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, known := b.accounts[a.ID]; known || !a.Held.IsZero() || a.Seq != 0 {
		panic("memory: an account is put in once, before anything is posted or held on it")
	}
	b.accounts[a.ID], b.opening[a.ID] = a, a.Booked
}

// PutApplication keeps an application, new or changed.
func (b *Book) PutApplication(a partner.Application) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.applications[a.ID] = a
}

// PutAgreement keeps an agreement, new or changed.
func (b *Book) PutAgreement(a consent.Agreement) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.agreements[a.ID] = copyAgreement(a)
}

// PutChallenge keeps a challenge, new or changed.
func (b *Book) PutChallenge(c sca.Challenge) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.challenges[c.ID] = copyChallenge(c)
}

// ChangeCustomer lets change edit a customer that exists.
func (b *Book) ChangeCustomer(id party.CustomerID, change func(*party.Customer)) {
	edit(b, b.customers, id, change)
}

// ChangeAccount lets change edit an account that exists: its states and its
// overdraft, never its balances.
func (b *Book) ChangeAccount(id account.ID, change func(*account.Account)) {
	edit(b, b.accounts, id, func(a *account.Account) {
		booked, held, seq := a.Booked, a.Held, a.Seq
		if change(a); a.Booked != booked || a.Held != held || a.Seq != seq {
			panic("memory: balances follow from entries and holds")
		}
	})
}

// ChangeApplication lets change edit an application that exists.
func (b *Book) ChangeApplication(id consent.ClientID, change func(*partner.Application)) {
	edit(b, b.applications, id, change)
}

// ChangeAgreement lets change edit an agreement that exists.
func (b *Book) ChangeAgreement(id consent.ID, change func(*consent.Agreement)) {
	edit(b, b.agreements, id, func(a *consent.Agreement) {
		*a = copyAgreement(*a)
		change(a)
	})
}

func edit[K comparable, V any](b *Book, in map[K]V, k K, change func(*V)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	v, known := in[k]
	if !known {
		panic("memory: there is nothing of this id to change")
	}
	change(&v)
	in[k] = v
}

// Account, Hold, Payment, Authorisation, Agreement and Challenge find one; a
// NotFound refusal when there is none.
func (b *Book) Account(_ context.Context, id account.ID) (account.Account, error) {
	return one(b, b.accounts, id, same)
}

// Hold finds a hold.
func (b *Book) Hold(_ context.Context, id ledger.HoldID) (ledger.Hold, error) {
	return one(b, b.holds, id, same)
}

// Payment finds a payment.
func (b *Book) Payment(_ context.Context, id payment.ID) (payment.Payment, error) {
	return one(b, b.payments, id, same)
}

// Authorisation finds a prepared operation.
func (b *Book) Authorisation(_ context.Context, id payment.AuthorisationID) (payment.Authorisation, error) {
	return one(b, b.authorisations, id, copyAuthorisation)
}

// Agreement finds an agreement.
func (b *Book) Agreement(_ context.Context, id consent.ID) (consent.Agreement, error) {
	return one(b, b.agreements, id, copyAgreement)
}

// Challenge finds a challenge.
func (b *Book) Challenge(_ context.Context, id sca.ID) (sca.Challenge, error) {
	return one(b, b.challenges, id, copyChallenge)
}

func one[K comparable, V any](b *Book, in map[K]V, k K, detached func(V) V) (V, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	v, known := in[k]
	if !known {
		return v, bank.Refuse(bank.NotFound, "There is no such object.")
	}
	return detached(v), nil
}

// Counters reads how much of some limits is used.
func (b *Book) Counters(_ context.Context, keys []limit.Key) (map[limit.Key]money.Amount, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make(map[limit.Key]money.Amount, len(keys))
	for _, k := range keys {
		out[k] = b.counters[k]
	}
	return out, nil
}

// DueHolds lists active holds whose time is over, the earliest first.
func (b *Book) DueHolds(_ context.Context, now time.Time, n int) ([]ledger.HoldID, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var due []ledger.HoldID
	for id := range b.active {
		if !now.Before(b.holds[id].ValidTo) {
			due = append(due, id)
		}
	}
	slices.SortFunc(due, func(x, y ledger.HoldID) int {
		return cmp.Or(b.holds[x].ValidTo.Compare(b.holds[y].ValidTo), cmp.Compare(x, y))
	})
	return due[:min(n, len(due))], nil
}

// DuePayments lists scheduled payments whose date has come, the earliest first.
func (b *Book) DuePayments(_ context.Context, today calendar.Date, n int) ([]payment.ID, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var due []payment.ID
	for id := range b.scheduled {
		if !today.Before(b.payments[id].ExecutionDate) {
			due = append(due, id)
		}
	}
	slices.SortFunc(due, func(x, y payment.ID) int {
		p, q := b.payments[x].ExecutionDate, b.payments[y].ExecutionDate
		switch {
		case p.Before(q):
			return -1
		case q.Before(p):
			return 1
		}
		return cmp.Compare(x, y)
	})
	return due[:min(n, len(due))], nil
}

// NextDue is the earliest instant at which either list will not be empty.
func (b *Book) NextDue(context.Context) (at time.Time, ok bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	sooner := func(t time.Time) {
		if !ok || t.Before(at) {
			at, ok = t, true
		}
	}
	for id := range b.active {
		sooner(b.holds[id].ValidTo)
	}
	for id := range b.scheduled {
		sooner(b.payments[id].ExecutionDate.Start())
	}
	return at, ok, nil
}

var _ payment.Due = (*Book)(nil)

// Entries lists what was booked, in order.
func (b *Book) Entries() []ledger.Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]ledger.Entry, len(b.entryOrder))
	for i, id := range b.entryOrder {
		out[i] = copyEntry(b.entries[id])
	}
	return out
}

// HoldEvents lists the events of a hold, in order.
func (b *Book) HoldEvents(id ledger.HoldID) []ledger.HoldEvent {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.holdEvents[id])
}

// PaymentEvents lists the events of a payment, in order.
func (b *Book) PaymentEvents(id payment.ID) []payment.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.paymentEvents[id])
}

// Audit lists what was recorded, in order.
func (b *Book) Audit() []audit.Record {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.audit)
}

// Accounts lists the ids of every account, in order.
func (b *Book) Accounts() []account.ID {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Sorted(maps.Keys(b.accounts))
}

package world

import (
	"context"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/consent"
	"okienko/bank/desk/memory"
	"okienko/bank/intake"
	"okienko/bank/limit"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/sca"
)

// inMemory is a world over the Book in memory.
type inMemory struct {
	*memory.Book
	clock bank.Clock
}

// Memory is an empty world over the Book in memory.
func Memory(clock bank.Clock) World {
	w := inMemory{Book: memory.New(), clock: clock}
	for _, a := range intake.Own(clock.Now()) {
		w.PutAccount(a)
	}
	return w
}

func (w inMemory) AddCustomer(_ context.Context, id party.CustomerID) error {
	w.PutCustomer(customer(id, w.clock.Now()))
	return nil
}

func (w inMemory) AddAccount(_ context.Context, a NewAccount) error {
	account, err := opened(a, len(w.Accounts()), w.clock.Now())
	if err == nil {
		w.PutAccount(account)
	}
	return err
}

func (w inMemory) AddApplication(_ context.Context, a partner.Application) error {
	w.PutApplication(a)
	return nil
}

func (w inMemory) ChangeApplication(_ context.Context, id consent.ClientID, change func(*partner.Application)) error {
	w.Book.ChangeApplication(id, change)
	return nil
}

func (w inMemory) AddAgreement(_ context.Context, a consent.Agreement) error {
	w.PutAgreement(a)
	return nil
}

func (w inMemory) ChangeAgreement(_ context.Context, id consent.ID, change func(*consent.Agreement)) error {
	w.Book.ChangeAgreement(id, change)
	return nil
}

func (w inMemory) SetCustomerLimits(_ context.Context, id party.CustomerID, l limit.OfCustomer) error {
	w.PutCustomerLimits(id, l)
	return nil
}

func (w inMemory) Block(_ context.Context, id party.CustomerID, blocked bool) error {
	w.ChangeCustomer(id, func(c *party.Customer) { c.Blocked = block(blocked, w.clock.Now()) })
	return nil
}

func (w inMemory) SetStatus(ctx context.Context, id account.ID, s account.Status) error {
	a, err := w.Account(ctx, id)
	if err != nil {
		return err
	}
	if s == account.Closed && (!a.Booked.IsZero() || !a.Held.IsZero()) {
		return bank.Refuse(bank.StatusNotAllowed, "There is money on the account.") // as the store has it
	}
	w.ChangeAccount(id, func(a *account.Account) { a.Status = s })
	return nil
}

func (w inMemory) SetAccess(_ context.Context, id account.ID, s account.AccessState) error {
	w.ChangeAccount(id, func(a *account.Account) { a.Access.State = s })
	return nil
}

func (w inMemory) Pass(_ context.Context, id sca.ID, person party.PersonID, s sca.Subject) error {
	now := w.clock.Now()
	w.PutChallenge(sca.Challenge{ID: id, Person: person, Method: sca.SMS, Subject: s, CreatedAt: now, ExpiresAt: now.Add(sca.Life), Status: sca.Passed})
	return nil
}

func (w inMemory) Check(context.Context) error { return w.Book.Check() }

func (inMemory) Close() error { return nil }

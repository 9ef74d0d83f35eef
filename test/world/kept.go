package world

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/intake"
	"okienko/bank/limit"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
	"okienko/store"
)

// code is the one that every SMS of these worlds carries.
const code = "123456"

// durable is a world over the store. What a customer does on pages is done here
// by the same acts of the store.
type durable struct {
	*store.Store
	clock bank.Clock

	mu   sync.Mutex
	made int // for ids and account numbers
}

// Kept is an empty world over a store of its own, which a configuration places.
func Kept(ctx context.Context, at store.Config, clock bank.Clock) (World, error) {
	at.Environment, at.Key, at.Clock, at.Wall, at.Node = partner.Test, make([]byte, 32), clock, clock, "test"
	s, err := store.Open(ctx, at)
	if err != nil {
		return nil, err
	}
	w, err := Over(ctx, s, clock)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return w, nil
}

// Over is an empty world over a store, which it closes with itself.
func Over(ctx context.Context, s *store.Store, clock bank.Clock) (World, error) {
	return &durable{Store: s, clock: clock},
		s.PutPartner(ctx, partner.Partner{ID: "partner", Name: "Partner", LegalName: "Partner", Since: clock.Now()}, record(clock.Now(), "partner.put", "partner:partner"))
}

func (w *durable) next() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.made++
	return w.made
}

func (w *durable) AddCustomer(ctx context.Context, id party.CustomerID) error {
	return w.Import(ctx, &intake.Batch{
		Persons:   []party.Person{{ID: PersonOf(id), FirstName: string(id), LastName: "Test", Language: party.Polish, Phone: "+48123456789"}},
		Customers: []party.Customer{customer(id, w.clock.Now())},
	})
}

func (w *durable) AddAccount(ctx context.Context, n NewAccount) error {
	a, err := opened(n, w.next(), w.clock.Now())
	if err != nil {
		return err
	}
	return w.Import(ctx, &intake.Batch{Accounts: []account.Account{a}})
}

func (w *durable) AddApplication(ctx context.Context, a partner.Application) error {
	a.Partner, a.Since = "partner", w.clock.Now()
	return w.PutApplication(ctx, a, record(w.clock.Now(), "application.put", "application:"+string(a.ID)))
}

func (w *durable) ChangeApplication(ctx context.Context, id consent.ClientID, change func(*partner.Application)) error {
	a, err := w.Application(ctx, id)
	if err != nil {
		return err
	}
	change(&a)
	return w.PutApplication(ctx, a, record(w.clock.Now(), "application.put", "application:"+string(id)))
}

func (w *durable) AddAgreement(ctx context.Context, a consent.Agreement) error {
	now, id := w.clock.Now(), "request-"+strconv.Itoa(w.next())
	choice := authserver.Choice{Person: a.Person, Customer: a.Customer, Account: a.Account, Limits: a.Limits}
	request := authserver.Request{
		ID: authserver.RequestID(id), Client: a.Application, State: "state", RedirectURI: "https://partner.example/",
		CreatedAt: now, ExpiresAt: now.Add(time.Hour), Status: authserver.RequestOpen, Choice: &choice,
	}
	subject := sca.Subject{Purpose: sca.ForPairing, ID: id, Binding: "chosen"}
	err := errors.Join(w.SaveRequest(ctx, request), w.Pass(ctx, sca.ID("challenge-of-"+id), a.Person, subject))
	if err != nil {
		return err
	}
	_, err = w.Pair(ctx, request.ID, consent.Use{Challenge: sca.ID("challenge-of-" + id), Person: a.Person, Purpose: sca.ForPairing, Subject: id, Binding: subject.Binding},
		authserver.Code{Hash: []byte(id), Client: a.Application, ExpiresAt: now.Add(time.Minute)},
		func(_ authserver.Request, before *consent.Agreement) (consent.Agreement, []audit.Record, error) {
			if before != nil {
				return consent.Agreement{}, nil, errors.New("world: paired already")
			}
			return a, nil, nil
		})
	return err
}

func (w *durable) ChangeAgreement(ctx context.Context, id consent.ID, change func(*consent.Agreement)) error {
	_, err := w.Store.ChangeAgreement(ctx, id, nil, func(a *consent.Agreement) ([]audit.Record, error) {
		change(a)
		return []audit.Record{record(w.clock.Now(), "agreement.changed", "agreement:"+string(id))}, nil
	})
	return err
}

func (w *durable) SetCustomerLimits(ctx context.Context, id party.CustomerID, l limit.OfCustomer) error {
	return w.ChangeCustomerLimits(ctx, id, nil, func(to *limit.OfCustomer) ([]audit.Record, error) {
		*to = l
		return []audit.Record{record(w.clock.Now(), "limits.changed", "customer:"+string(id))}, nil
	})
}

func (w *durable) Block(ctx context.Context, id party.CustomerID, blocked bool) error {
	return w.Store.Block(ctx, id, block(blocked, w.clock.Now()), record(w.clock.Now(), "customer.blocked", "customer:"+string(id)))
}

func (w *durable) SetStatus(ctx context.Context, id account.ID, s account.Status) error {
	return w.SetAccountStatus(ctx, id, s, record(w.clock.Now(), "account.status", "account:"+string(id)))
}

func (w *durable) SetAccess(ctx context.Context, id account.ID, s account.AccessState) error {
	return w.Store.SetAccess(ctx, id, account.Access{State: s, By: "test", At: w.clock.Now(), Why: "a test"}, record(w.clock.Now(), "account.access", "account:"+string(id)))
}

func (w *durable) Pass(ctx context.Context, id sca.ID, person party.PersonID, s sca.Subject) error {
	now := w.clock.Now()
	c := sca.Challenge{ID: id, Person: person, Method: sca.SMS, Subject: s, CodeHash: []byte(code), CreatedAt: now, ExpiresAt: now.Add(sca.Life), Status: sca.Pending}
	if err := w.OpenChallenge(ctx, c, nil, func(f *sca.Factor) error { return f.Open(now) }); err != nil {
		return err
	}
	_, err := w.JudgeChallenge(ctx, id, func(c *sca.Challenge, f *sca.Factor) error { return sca.Answer(c, f, []byte(code), now) }, func(*sca.Challenge) []audit.Record { return nil })
	return err
}

// Check looks only at what the store says of itself: re-adding everything is
// the work of whoever keeps a model, and of package verify.
func (w *durable) Check(ctx context.Context) error { return w.Ping(ctx) }

var _ payment.Reader = (*store.Store)(nil)

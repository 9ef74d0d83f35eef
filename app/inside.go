package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/calendar"
	"okienko/bank/consent"
	"okienko/bank/desk"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
	"okienko/office"
)

// Inside is a sandbox's bank behind its doors, for a program that runs in its
// process and acts for the people whom no browser and no terminal stands for:
// customers who consent, the teller with the cash, staff. It goes by the same
// rules as the doors and around none of them.
type Inside struct {
	Auth  *authserver.Server
	Desk  *desk.Desk
	Books Books

	house *House
	world *sandboxWorld
	codes sync.Mutex // codes are told apart by their order
}

// Books is what stands written and no door shows to everybody.
type Books interface {
	payment.Reader
	account.Register
	party.Register
	Agreement(ctx context.Context, id consent.ID) (consent.Agreement, error)
	AgreementsOf(ctx context.Context, c party.CustomerID) ([]consent.Agreement, error)
	Counters(ctx context.Context, keys []limit.Key) (map[limit.Key]money.Amount, error)
}

// Inside lets a program into its own sandbox; it is an error in production.
func (h *House) Inside() (*Inside, error) {
	w, ok := h.world.(*sandboxWorld)
	if !ok {
		return nil, errors.New("nobody acts for the people of a real bank")
	}
	return &Inside{Auth: h.auth, Desk: h.desk, Books: h.store, house: h, world: w}, nil
}

// Order has staff order something through the admin socket, as `okienko admin`
// does. Where four eyes are asked, a colleague of by approves.
func (i *Inside) Order(ctx context.Context, by, why string, c office.Command) (office.Report, error) {
	content, err := office.Encode(c)
	if err != nil {
		return office.Report{}, err
	}
	socket := i.house.settings.AdminSocket
	report, err := askBank(ctx, socket, &adminRequest{Command: content, As: by, Why: why, Apply: true})
	if err != nil || report.Proposal == "" {
		return report, err
	}
	return askBank(ctx, socket, &adminRequest{Approve: report.Proposal, As: by + "-colleague", Apply: true})
}

// Prove passes a challenge for a subject with the code that arrives on the
// person's phone.
func (i *Inside) Prove(ctx context.Context, person party.PersonID, subject sca.Subject) (sca.ID, error) {
	p, err := i.Books.Person(ctx, person)
	if err != nil {
		return "", err
	}
	i.codes.Lock()
	defer i.codes.Unlock()
	return i.world.byCode(ctx, i.house, person, p.Login, subject)
}

// Consent gives a pairing request what a customer chose and returns the address
// to which the browser would go.
func (i *Inside) Consent(ctx context.Context, id authserver.RequestID, c authserver.Choice) (redirect string, err error) {
	req, err := i.Auth.Choose(ctx, id, c)
	if err != nil {
		return "", err
	}
	subject, err := i.Auth.PairingSubject(ctx, req)
	if err != nil {
		return "", err
	}
	proof, err := i.Prove(ctx, c.Person, subject)
	if err != nil {
		return "", err
	}
	return i.Auth.Pair(ctx, id, c.Person, proof)
}

// Confirm has a person confirm a prepared operation and the bank execute it.
func (i *Inside) Confirm(ctx context.Context, person party.PersonID, id payment.AuthorisationID) (payment.Outcome, error) {
	prepared, err := i.Books.Authorisation(ctx, id)
	if err != nil {
		return payment.Outcome{}, err
	}
	proof, err := i.Prove(ctx, person, i.Auth.OperationSubject(prepared, party.Polish))
	if err != nil {
		return payment.Outcome{}, err
	}
	return i.Desk.Do(ctx, &payment.Execute{Authorisation: id, Challenge: proof, Person: person})
}

// SetLimits changes the limits of a pairing by its customer's hand, with proof
// where that is asked.
func (i *Inside) SetLimits(ctx context.Context, person party.PersonID, id consent.ID, to limit.Limits) error {
	_, err := i.Auth.SetLimits(ctx, person, id, to, "")
	if bank.CodeOf(err) != bank.AuthorisationRequired {
		return err
	}
	g, err := i.Books.Agreement(ctx, id)
	if err != nil {
		return err
	}
	proof, err := i.Prove(ctx, person, i.Auth.LimitsSubject(g, to, party.Polish))
	if err != nil {
		return err
	}
	_, err = i.Auth.SetLimits(ctx, person, id, to, proof)
	return err
}

// SetCustomerLimits is SetLimits for the limits across everything.
func (i *Inside) SetCustomerLimits(ctx context.Context, person party.PersonID, c party.CustomerID, to limit.OfCustomer) error {
	err := i.Auth.SetCustomerLimits(ctx, person, c, to, "")
	if bank.CodeOf(err) != bank.AuthorisationRequired {
		return err
	}
	proof, err := i.Prove(ctx, person, i.Auth.CustomerLimitsSubject(c, to, party.Polish))
	if err != nil {
		return err
	}
	return i.Auth.SetCustomerLimits(ctx, person, c, to, proof)
}

// Settled returns when the bank's workers have done all that is due by the bank
// clock. It looks again and again: the workers tell nobody when they rest.
func (i *Inside) Settled(ctx context.Context) error {
	const pause, patience = 2 * time.Millisecond, 20 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	again := time.NewTicker(pause)
	defer again.Stop()
	for {
		now := i.house.settings.Clock.Now()
		holds, err := i.house.store.DueHolds(ctx, now, 1)
		if err != nil {
			return err
		}
		payments, err := i.house.store.DuePayments(ctx, calendar.DateOf(now), 1)
		if err != nil {
			return err
		}
		transfers, err := i.house.store.DueTransfers(ctx, now, 1)
		if err != nil {
			return err
		}
		standings, err := i.house.store.DueStandings(ctx, now, 1)
		if err != nil {
			return err
		}
		if len(holds)+len(payments)+len(transfers)+len(standings) == 0 {
			return nil
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return errors.New("what is due is not done")
		}
	}
}

// Now is the instant of the bank clock.
func (i *Inside) Now() time.Time { return i.house.settings.Clock.Now() }

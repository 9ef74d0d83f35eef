package scenario

import (
	"context"
	"fmt"

	"okienko/authserver"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/intake"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/payment"
	"okienko/office"
)

// behind does what partners have no call for: customers on the bank's pages,
// the teller, staff, and the clock.
func (d *door) behind(ctx context.Context, a *Act, object string) (Answer, error) {
	customer := a.Args["customer"]
	switch a.Verb {
	case Confirm:
		return d.confirm(ctx, customer, payment.AuthorisationID(object))
	case Decline:
		_, err := d.inside.Desk.Do(ctx, &payment.Decline{Authorisation: payment.AuthorisationID(object), Person: personOf(customer)})
		return Answer{}, err
	case ReleaseByCustomer:
		out, err := d.inside.Desk.Do(ctx, &payment.Release{
			Hold: ledger.HoldID(object), By: payment.PersonOf(personOf(customer)), Customer: customerOf(customer),
		})
		return Answer{Repeated: out.Repeat}, err
	case PayIn:
		_, err := d.inside.Desk.Do(ctx, book(ledger.Cash, intake.CashAccount, account.ID(mark+a.Args["account"]), a.Amount("amount")))
		return Answer{}, err
	case PayOut:
		_, err := d.inside.Desk.Do(ctx, book(ledger.Cash, account.ID(mark+a.Args["account"]), intake.CashAccount, a.Amount("amount")))
		return Answer{}, err
	case LimitEverything:
		return Answer{}, d.inside.SetCustomerLimits(ctx, personOf(customer), customerOf(customer), limit.OfCustomer{
			OneOff: limit.Caps{Single: capped(a, "single"), Daily: capped(a, "daily"), Monthly: capped(a, "monthly")},
		})
	case LimitApplication, Move, End:
		return Answer{}, d.ofPairing(ctx, a)
	case SetTime:
		return Answer{}, d.goTo(ctx, a)
	case Wait:
		return Answer{}, d.goTo(ctx, a)
	}
	return Answer{}, d.set(ctx, a)
}

// confirm has a customer confirm what an application asked for. Whether the
// application learns it is looked at through the application's own call.
func (d *door) confirm(ctx context.Context, customer string, id payment.AuthorisationID) (Answer, error) {
	out, err := d.inside.Confirm(ctx, personOf(customer), id)
	if err != nil {
		return Answer{}, err
	}
	answer := Answer{ID: string(id), Repeated: out.Repeat}
	d.mu.Lock()
	of := d.asked[string(id)]
	d.mu.Unlock()
	p, err := d.pairing(of.app, of.customer)
	if err != nil || p.ended {
		return answer, err
	}
	got, err := d.send(ctx, p, &request{method: "GET", path: "/authorization/" + string(id)})
	if err != nil || got.Status != 200 {
		return answer, fmt.Errorf("asking after %s: %+v %w", id, got, err)
	}
	for _, name := range []string{"blockadeId", "paymentId"} {
		if made := got.Field(name); made != "" {
			answer.ID = made
			d.mu.Lock()
			d.owners[made], d.answered["operation "+of.app+" "+of.operation] = of.customer, made
			d.mu.Unlock()
		}
	}
	return answer, nil
}

// ofPairing is what a customer does to a pairing on the pages.
func (d *door) ofPairing(ctx context.Context, a *Act) error {
	customer := a.Args["customer"]
	p, err := d.pairing(a.Args["app"], customer)
	if err != nil {
		return err
	}
	person := personOf(customer)
	switch a.Verb {
	case LimitApplication:
		g, err := d.inside.Books.Agreement(ctx, p.id)
		if err != nil {
			return err
		}
		return d.inside.SetLimits(ctx, person, p.id, limited(a, g.Limits))
	case Move:
		_, err := d.inside.Auth.Move(ctx, person, p.id, account.ID(mark+a.Args["account"]))
		return err
	}
	p.ended = true
	return d.inside.Auth.End(ctx, audit.Actor{Kind: audit.Customer, ID: string(person)}, p.id, customerOf(customer))
}

func (d *door) goTo(ctx context.Context, a *Act) error {
	to := d.now.Add(a.Duration("duration"))
	if a.Verb == SetTime {
		to = a.Moment("date", "time")
	}
	if err := d.bank.MoveClock(ctx, to); err != nil {
		return err
	}
	d.now = to
	return nil
}

// pair pairs as a customer does who chooses on the page of consent.
func (d *door) pair(ctx context.Context, a *Act) error {
	app, customer := a.Args["app"], a.Args["customer"]
	r, err := d.registered(app)
	if err != nil {
		return err
	}
	choice := authserver.Choice{
		Person: personOf(customer), Customer: customerOf(customer), Account: account.ID(mark + a.Args["account"]), Limits: limited(a, most()),
	}
	for _, def := range r.office.application.Permissions {
		p, err := consent.ParsePermission(def.Permission)
		if err != nil {
			return err
		}
		if p != a.Permission("without") {
			choice.Permissions = append(choice.Permissions, p)
		}
	}
	tokens, err := d.bank.PairAs(ctx, r.client, choice)
	if err != nil {
		return err
	}
	given, err := d.inside.Books.AgreementsOf(ctx, customerOf(customer))
	if err != nil {
		return err
	}
	for i := range given {
		if string(given[i].Application) == r.client.ID {
			d.pairings[app+" "+customer] = &paired{tokens: tokens, renewal: d.now.Add(tokenLife - renewBefore), id: given[i].ID}
			return nil
		}
	}
	return fmt.Errorf("the pairing of %s is not among those of %s", app, customer)
}

// staff has staff order something.
func (d *door) staff(ctx context.Context, c office.Command) (office.Report, error) {
	return d.inside.Order(ctx, "staff", "a scenario", c)
}

package scenario

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/calendar"
	"okienko/bank/consent"
	"okienko/bank/desk"
	"okienko/bank/intake"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
	"okienko/clock"
	"okienko/test/world"
)

// callback is the one that every application of these worlds has registered.
const callback = "https://partner.example/back"

// Beginning is when every world begins; scenarios set the clock ahead of it.
func Beginning() time.Time { return calendar.Date{Year: 2026, Month: time.January, Day: 1}.Start() }

// core is the engine that hands orders to a desk, as every door does.
type core struct {
	world world.World
	clock *clock.Manual
	desk  *desk.Desk

	mu     sync.Mutex
	ids    int
	ops    int
	asleep bool // nobody ends what is due
}

// Core is an engine over a world that shows the same clock. Close closes the
// world too.
func Core(w world.World, c *clock.Manual) Engine {
	e := &core{world: w, clock: c}
	e.desk = desk.New(desk.Config{Book: w, Clock: c, Wall: c, IDs: e})
	return e
}

func (e *core) Close(ctx context.Context) error {
	e.desk.Close()
	return errors.Join(e.world.Check(ctx), e.world.Close())
}

// NewID makes identifiers for the desk.
func (e *core) NewID() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ids++
	return fmt.Sprintf("id-%06d", e.ids)
}

func (e *core) operation(a *Act) string {
	if a.Has("id") {
		return a.Args["id"]
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ops++
	return "own-" + strconv.Itoa(e.ops)
}

// agreementOf names the pairing of a customer with an application; ref is the
// account_id by which the application knows it.
func agreementOf(app, customer string) consent.ID { return consent.ID(customer + "-" + app) }

func ref(app, customer string) string { return "ref-" + customer + "-" + app }

// partnersAccount takes what an application is paid.
func partnersAccount(app string) account.ID { return account.ID(app + "-account") }

func everything() []consent.Permission {
	var all []consent.Permission
	for _, o := range consent.Objects {
		for _, a := range consent.Actions {
			all = append(all, consent.Permission{Object: o, Action: a})
		}
	}
	return all
}

func most() limit.Limits {
	a := money.New(100_000_000, money.PLN)
	return limit.Limits{Single: a, Daily: a, Monthly: a, Unconfirmed: a}
}

func (e *core) Do(ctx context.Context, a *Act, object string) (Answer, error) {
	if o, err := e.order(ctx, a, object); err != nil || o != nil {
		if err != nil {
			return Answer{}, err
		}
		return e.hand(ctx, o)
	}
	return Answer{}, e.set(ctx, a)
}

// hand gives an order to the desk.
func (e *core) hand(ctx context.Context, o payment.Order) (Answer, error) {
	out, err := e.desk.Do(ctx, o)
	var no *bank.Refusal
	switch {
	case errors.As(err, &no):
		return Answer{Code: no.Code, Field: no.Field}, nil
	case err != nil:
		return Answer{}, err
	}
	answer := Answer{Repeated: out.Repeat}
	_, execute := o.(*payment.Execute)
	switch {
	case out.Authorisation != nil && (!execute || out.Hold == nil && out.Payment == nil):
		answer.ID = string(out.Authorisation.ID)
	case out.Hold != nil:
		answer.ID = string(out.Hold.ID)
	case out.Payment != nil:
		answer.ID = string(out.Payment.ID)
	}
	return answer, nil
}

// order is what an act asks of the desk, nil when it asks nothing of it.
func (e *core) order(ctx context.Context, a *Act, object string) (payment.Order, error) {
	app, customer := a.Args["app"], a.Args["customer"]
	draft := payment.Draft{Amount: a.Amount("amount"), Title: a.Args["title"], ValidTo: e.until(a), ExecutionDate: a.Date("on")}
	switch a.Verb {
	case Hold, AskHold:
		draft.Kind = payment.PlaceHold
	case ChangeHold, AskChangeHold:
		draft.Kind, draft.Hold = payment.ChangeHold, ledger.HoldID(object)
	case Pay, AskPay:
		draft.Kind = payment.Pay
	case Capture:
		draft.Kind, draft.Hold = payment.Pay, ledger.HoldID(object)
	case ChangePayment, AskChangePayment:
		draft.Kind, draft.Payment = payment.ChangePayment, payment.ID(object)
	case AskPermission:
		draft = payment.Draft{Kind: payment.Permit, Permissions: []consent.Permission{a.Permission("permission")}}

	case Release:
		g, err := e.pairingOf(ctx, a, object)
		return &payment.Release{Hold: ledger.HoldID(object), Agreement: g.ID, AccountRef: named(a, g.AccountRef)}, err
	case Cancel:
		g, err := e.pairingOf(ctx, a, object)
		return &payment.Cancel{Payment: payment.ID(object), Agreement: g.ID}, err
	case Read:
		return &payment.SpendRead{Agreement: agreementOf(app, customer), Permission: a.Permission("permission")}, nil
	case Confirm:
		return e.confirmation(ctx, a, object)
	case Decline:
		return &payment.Decline{Authorisation: payment.AuthorisationID(object), Person: world.PersonOf(party.CustomerID(customer))}, nil
	case ReleaseByCustomer:
		id := party.CustomerID(customer)
		return &payment.Release{Hold: ledger.HoldID(object), By: payment.PersonOf(world.PersonOf(id)), Customer: id}, nil
	case ReleaseByBank:
		return &payment.Release{Hold: ledger.HoldID(object), By: staff}, nil
	case CancelByBank:
		return &payment.Cancel{Payment: payment.ID(object), By: staff}, nil
	case PayIn:
		return book(ledger.Cash, intake.CashAccount, account.ID(a.Args["account"]), a.Amount("amount")), nil
	case PayOut:
		return book(ledger.Cash, account.ID(a.Args["account"]), intake.CashAccount, a.Amount("amount")), nil
	default:
		return nil, nil
	}

	if draft.Kind != payment.Permit {
		draft.OperationID = e.operation(a)
	}
	changes := draft.Kind == payment.ChangeHold
	if draft.Title == "" && !changes && draft.Kind != payment.Permit && !a.Has("title") {
		draft.Title = "A scenario" // that a title is needed is said with titled ""
	}
	g := consent.Agreement{ID: agreementOf(app, customer), AccountRef: ref(app, customer)}
	if customer == "" {
		var err error
		if g, err = e.pairingOf(ctx, a, object); err != nil {
			return nil, err
		}
	}
	account := named(a, g.AccountRef)
	switch a.Verb {
	case AskHold, AskChangeHold, AskPay, AskChangePayment, AskPermission:
		back := payment.Return{AppType: "web", OS: "ALL", Callback: callback}
		if a.Has("callback") {
			back.Callback = a.Args["callback"]
		}
		if a.Has("app-type") {
			back.AppType, back.OS = a.Args["app-type"], a.Args["os-type"]
		}
		if draft.Kind == payment.Permit {
			account = ""
		}
		return &payment.Prepare{Agreement: g.ID, AccountRef: account, Draft: draft, Return: back}, nil
	}
	return &payment.Submit{Agreement: g.ID, AccountRef: account, Draft: draft}, nil
}

var staff = audit.Actor{Kind: audit.Staff, ID: "scenario"}

// named is the account_id that an act names, as a rule the caller's own.
func named(a *Act, own string) string {
	if a.Has("naming") {
		return ref(a.Args["app"], a.Args["naming"])
	}
	return own
}

// pairingOf finds the pairing under which an application speaks of an object:
// its own one with the customer whose object it is, or, about what does not
// exist, with the customer "anna", whom every file has.
func (e *core) pairingOf(ctx context.Context, a *Act, object string) (consent.Agreement, error) {
	app, owner := a.Args["app"], "anna"
	var of consent.ID
	if h, err := e.world.Hold(ctx, ledger.HoldID(object)); err == nil {
		of = h.Agreement
	} else if p, err := e.world.Payment(ctx, payment.ID(object)); err == nil {
		of = p.Agreement
	}
	if of != "" {
		g, err := e.world.Agreement(ctx, of)
		if err != nil {
			return consent.Agreement{}, err
		}
		owner = string(g.Customer)
	}
	return e.world.Agreement(ctx, agreementOf(app, owner))
}

// until is the end of a hold that an act names.
func (e *core) until(a *Act) time.Time {
	if a.Has("life") {
		return e.clock.Now().Add(a.Duration("life"))
	}
	return a.Moment("until-date", "until-time")
}

// confirmation passes a challenge for a prepared operation and executes it.
func (e *core) confirmation(ctx context.Context, a *Act, object string) (payment.Order, error) {
	prepared, err := e.world.Authorisation(ctx, payment.AuthorisationID(object))
	if err != nil {
		return nil, err
	}
	person, id := world.PersonOf(party.CustomerID(a.Args["customer"])), sca.ID(e.NewID())
	subject := sca.Subject{Purpose: sca.ForOperation, ID: object, Binding: prepared.Binding()}
	if err := e.world.Pass(ctx, id, person, subject); err != nil {
		return nil, err
	}
	return &payment.Execute{Authorisation: prepared.ID, Challenge: id, Person: person}, nil
}

func book(k ledger.Kind, from, to account.ID, amount money.Amount) *payment.Book {
	return &payment.Book{By: staff, Kind: k, Title: "Cash", From: from, To: to, Amount: amount}
}

// done is hand for what must not be refused.
func (e *core) done(ctx context.Context, o payment.Order) error {
	answer, err := e.hand(ctx, o)
	if err == nil && answer.Code != "" {
		err = fmt.Errorf("refused: %s", answer)
	}
	return err
}

// at sets the clock and ends what is due then, as the bank's workers do.
func (e *core) at(ctx context.Context, t time.Time) error {
	if t.Before(e.clock.Now()) {
		return fmt.Errorf("it is %s already", e.clock.Now().In(calendar.Warsaw()).Format("2006-01-02 15:04:05"))
	}
	e.clock.Set(t)
	return e.sweep(ctx)
}

func (e *core) sweep(ctx context.Context) error {
	for !e.asleep {
		now := e.clock.Now()
		holds, err := e.world.DueHolds(ctx, now, 100)
		if err != nil {
			return err
		}
		payments, err := e.world.DuePayments(ctx, calendar.DateOf(now), 100)
		if err != nil || len(holds)+len(payments) == 0 {
			return err
		}
		for _, id := range holds {
			if err := e.done(ctx, &payment.Expire{Hold: id}); err != nil {
				return err
			}
		}
		for _, id := range payments {
			if err := e.done(ctx, &payment.Run{Payment: id}); err != nil {
				return err
			}
		}
	}
	return nil
}

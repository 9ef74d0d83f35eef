package payment

import (
	"fmt"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/calendar"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/money"
	"okienko/bank/partner"
)

// caller is the third party that asks, with what it may reach.
type caller struct {
	agreement   *consent.Agreement
	application *partner.Application
	permission  consent.Permission
}

func (c *caller) actor() audit.Actor {
	return audit.Actor{Kind: audit.Partner, ID: string(c.agreement.Application)}
}

// caller checks who asks: the agreement stands, and the permission was given,
// is in time and has a call left. A repeat of a known id needs no call left:
// it is free, and the caller who lost the last answer must be able to get it.
func (t *turn) caller(id consent.ID, p consent.Permission, operation string) (*caller, error) {
	a := t.agreements.get(id)
	if a == nil {
		return nil, bank.Refuse(bank.AgreementEnded, "There is no such pairing.")
	}
	if err := a.Standing(); err != nil {
		return nil, err
	}
	app := t.application(a.Application)
	if app == nil {
		return nil, fmt.Errorf("payment: application %s was not loaded", a.Application)
	}
	c := &caller{agreement: a, application: app, permission: p}
	if p == (consent.Permission{}) {
		return c, nil
	}
	if err := a.Allows(p, t.now); err != nil {
		return nil, err
	}
	known := operation != "" && t.operations.get(OperationKey{Application: a.Application, ID: operation}) != nil
	if a.Grant(p).Exhausted() && !known {
		return nil, bank.Refuse(bank.PermissionUsedUp, "No call is left of the permission "+p.String()+".")
	}
	return c, nil
}

// reaches refuses an account_id other than the agreement's own.
func (c *caller) reaches(ref string) error {
	if ref != c.agreement.AccountRef {
		return notFound()
	}
	return nil
}

func notFound() error { return bank.Refuse(bank.NotFound, "There is no such object.") }

// plan is a draft with everything that its check has found out.
type plan struct {
	*caller
	draft   *Draft
	account *account.Account // that pays or is held
	payee   *account.Account // nil for holds
	hold    *ledger.Hold     // ChangeHold, or the hold that Pay settles
	payment *Payment         // ChangePayment
	amount  money.Amount     // of the whole operation
	more    money.Amount     // what is added to what was counted before; may be below zero
	fee     money.Amount
	later   bool // scheduled: money moves on another day
}

// object finds what a draft is about; unknown and foreign are one answer.
func (t *turn) object(c *caller, d *Draft) (*plan, error) {
	p := &plan{caller: c, draft: d}
	if d.Hold != "" || d.Kind == ChangeHold {
		p.hold = t.holds.get(d.Hold)
		if p.hold == nil || p.hold.Agreement != c.agreement.ID {
			return nil, notFound()
		}
		// A hold stays on the account on which it was placed, also when the
		// pairing has moved (partner-api §3).
		p.account = t.accounts.get(p.hold.Account)
	} else {
		p.account = t.accounts.get(c.agreement.Account)
	}
	if d.Kind == ChangePayment {
		p.payment = t.payments.get(d.Payment)
		if p.payment == nil || p.payment.Agreement != c.agreement.ID {
			return nil, notFound()
		}
		p.account = t.accounts.get(p.payment.Account)
	}
	if p.account == nil {
		return nil, fmt.Errorf("payment: the account of agreement %s was not loaded", c.agreement.ID)
	}
	switch d.Kind {
	case Pay:
		p.payee = t.accounts.get(c.application.Account)
	case ChangePayment: // goes where it was scheduled to go, also when the partner has another account now
		p.payee = t.accounts.get(p.payment.Payee)
	}
	return p, nil
}

// measure refuses wrong parameters and works out what the draft amounts to.
func (t *turn) measure(p *plan) error {
	d, currency := p.draft, p.account.Currency()
	if err := d.worded(currency); err != nil {
		return err
	}
	p.amount, p.more, p.fee = d.Amount, d.Amount, money.Zero(currency)
	if act := d.Kind.act(); act != "" {
		p.fee = p.application.Fees.For(act, currency)
	}
	p.later = d.ExecutionDate != (calendar.Date{}) && d.ExecutionDate.After(calendar.DateOf(t.now))
	was := money.Zero(currency)
	switch d.Kind {
	case ChangeHold:
		was = p.hold.Amount
		if p.amount.Currency() == "" {
			p.amount = was
		}
		if d.ValidTo.After(p.hold.CreatedAt.Add(ledger.MaxHoldLife)) {
			return bank.RefuseField("validTo", "A hold lives at most 30 days.")
		}
	case ChangePayment:
		was, p.later = p.payment.Amount, true
	case Pay:
		if p.hold != nil && d.Amount.MoreThan(p.hold.Amount) {
			return bank.Refuse(bank.AmountAboveHold, "More than the hold cannot be taken.")
		}
	}
	var err error
	p.more, err = p.amount.Sub(was)
	return err
}

// repeat finds the first answer of a known id.
func (t *turn) repeat(c *caller, d *Draft) (*Operation, error) {
	op := t.operations.get(OperationKey{Application: c.agreement.Application, ID: d.OperationID})
	if op == nil {
		return nil, nil
	}
	if op.Content != d.content(c.agreement.ID) {
		return nil, reused()
	}
	return op, nil
}

func reused() error {
	return bank.Refuse(bank.OperationReused, "The operation id was used for another operation.")
}

// fits checks state, limits and funds, in this order; confirmed tells whether
// the customer's word lifts the amount above which it is needed.
func (t *turn) fits(p *plan, confirmed bool) error {
	if err := t.ready(p); err != nil {
		return err
	}
	settles := p.draft.Kind == Pay && p.hold != nil
	if !settles {
		if err := t.limits(p); err != nil {
			return err
		}
	}
	if err := t.charges(p); err != nil {
		return err
	}
	if settles {
		return nil // limits, funds and the customer's word were passed by the hold
	}
	if err := t.funds(p); err != nil {
		return err
	}
	raised := p.draft.Kind == PlaceHold || p.draft.Kind == Pay || !p.more.IsZero()
	if !confirmed && raised && p.amount.MoreThan(p.agreement.Limits.Unconfirmed) {
		return bank.Refuse(bank.AuthorisationRequired, "The customer must confirm an operation of this amount.")
	}
	return nil
}

// ready checks the state of the customer and of the things involved.
func (t *turn) ready(p *plan) error {
	if err := t.usable(p.agreement, p.account); err != nil {
		return err
	}
	if p.application.Account == p.account.ID || (p.payee != nil && p.payee.ID == p.account.ID) {
		return bank.Refuse(bank.PayerIsPayee, "The account that pays is the account that is paid.")
	}
	switch p.draft.Kind {
	case Pay, ChangePayment:
		if p.payee == nil || p.payee.Status != account.Open || p.payee.Currency() != p.account.Currency() {
			return bank.Refuse(bank.PayeeUnavailable, "The partner's account cannot take the transfer.")
		}
	}
	if p.hold != nil {
		if err := p.hold.Standing(t.now); err != nil {
			return err
		}
	}
	if p.payment != nil {
		return p.payment.Pending()
	}
	return nil
}

// usable checks the customer and one of their accounts.
func (t *turn) usable(a *consent.Agreement, acc *account.Account) error {
	c := t.s.Customers[a.Customer]
	if c == nil {
		return fmt.Errorf("payment: customer %s was not loaded", a.Customer)
	}
	if err := c.Usable(); err != nil {
		return err
	}
	return acc.Usable()
}

// funds checks that what is to be set aside or moved now is there.
func (t *turn) funds(p *plan) error {
	if p.later {
		return nil // needed on its day (partner-api §6)
	}
	sum, err := p.more.Add(p.fee)
	if err != nil {
		return err
	}
	if !sum.IsPositive() {
		return nil
	}
	return ledger.CanPay(p.account, sum)
}

// check runs every check of a draft in the order of partner-api §6. It gives
// the operation of a repeat instead of a plan.
func (t *turn) check(c *caller, ref string, d *Draft, confirmed bool) (*plan, *Operation, error) {
	if err := c.reaches(ref); err != nil {
		return nil, nil, err
	}
	p, err := t.object(c, d)
	if err != nil {
		return nil, nil, err
	}
	if err := t.measure(p); err != nil {
		return nil, nil, err
	}
	op, err := t.repeat(c, d)
	if op != nil || err != nil {
		return nil, op, err
	}
	if err := d.dated(t.now); err != nil {
		return nil, nil, err
	}
	return p, nil, t.fits(p, confirmed)
}

func (o *Submit) decide(t *turn) (Outcome, error) {
	c, err := t.caller(o.Agreement, o.Draft.Kind.needs(), o.Draft.OperationID)
	if err != nil {
		return Outcome{}, err
	}
	if o.Draft.Kind == Permit {
		return Outcome{}, bank.Refuse(bank.AuthorisationRequired, "Only the customer gives a permission.")
	}
	p, op, err := t.check(c, o.AccountRef, &o.Draft, false)
	if err != nil {
		return Outcome{}, err
	}
	if op != nil {
		return op.firstAnswer(), nil
	}
	return t.perform(p, c.actor(), "")
}

func (op *Operation) firstAnswer() Outcome {
	return Outcome{Hold: op.Hold, Payment: op.Payment, Repeat: true}
}

package payment

import (
	"fmt"
	"time"

	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/calendar"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
)

// perform does what a plan was checked for, and remembers it under its
// operation id. authorisation is the one that the customer confirmed, or "".
func (t *turn) perform(p *plan, by audit.Actor, authorisation AuthorisationID) (Outcome, error) {
	if p.draft.Kind == Permit {
		return Outcome{}, t.permit(p, by)
	}
	var out Outcome
	var err error
	switch p.draft.Kind {
	case PlaceHold:
		out.Hold, err = t.place(p, by)
	case ChangeHold:
		out.Hold, err = t.changeHold(p, by)
	case Pay:
		out.Payment, err = t.pay(p, by)
	case ChangePayment:
		out.Payment, err = t.changePayment(p, by)
	default:
		err = fmt.Errorf("payment: unknown kind %q", p.draft.Kind)
	}
	if err != nil {
		return Outcome{}, err
	}
	if err := t.spend(p.agreement.ID, p.permission); err != nil {
		return Outcome{}, err
	}
	op := &Operation{
		Key:     OperationKey{Application: p.agreement.Application, ID: p.draft.OperationID},
		Content: p.draft.content(p.agreement.ID), At: t.now, Agreement: p.agreement.ID, Authorisation: authorisation,
	}
	first := snapshot(out)
	op.Hold, op.Payment = first.Hold, first.Payment
	t.operations.add(op.Key, op)
	return out, nil
}

// kept is an instant as the bank keeps it: in microseconds, so that a first
// answer and a later reading say the same.
func kept(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// spend takes one call of a permission that is limited in number.
func (t *turn) spend(id consent.ID, p consent.Permission) error {
	g := t.agreements.get(id).Grant(p)
	if g == nil {
		return fmt.Errorf("payment: permission %s vanished", p)
	}
	if g.Quota == consent.Unrestricted {
		return nil
	}
	t.agreements.edit(id).Grant(p).Spend()
	return nil
}

func (t *turn) place(p *plan, by audit.Actor) (*ledger.Hold, error) {
	h := &ledger.Hold{
		ID: ledger.HoldID(t.ids.NewID()), Agreement: p.agreement.ID, Application: p.agreement.Application,
		Account: p.account.ID, OperationID: p.draft.OperationID, Amount: p.amount, Title: p.draft.Title,
		CreatedAt: t.now, ValidTo: kept(p.draft.ValidTo),
	}
	if h.ValidTo.IsZero() {
		h.ValidTo = t.now.Add(ledger.DefaultHoldLife)
	}
	use, delta, err := limit.Use{}.Take(p.amount, t.day, t.month)
	if err != nil {
		return nil, err
	}
	h.Use = use
	e, err := ledger.Place(t.Account(h.Account), h, by, delta)
	if err != nil {
		return nil, err
	}
	t.holds.add(h.ID, h)
	t.mine.holdEvents = append(t.mine.holdEvents, e)
	if err := t.charge(p, "", h.ID); err != nil {
		return nil, err
	}
	t.record(by, "hold.placed", "hold:"+string(h.ID), "", h.Amount.String(), "")
	return h, t.countAll(p.agreement, delta)
}

func (t *turn) changeHold(p *plan, by audit.Actor) (*ledger.Hold, error) {
	h := t.holds.edit(p.hold.ID)
	before, to := h.Amount, ledger.Terms{Amount: p.amount, Title: h.Title, ValidTo: h.ValidTo}
	if p.draft.Title != "" {
		to.Title = p.draft.Title
	}
	if !p.draft.ValidTo.IsZero() {
		to.ValidTo = kept(p.draft.ValidTo)
	}
	delta, err := t.recount(&h.Use, p.more)
	if err != nil {
		return nil, err
	}
	e, err := ledger.Change(t.Account(h.Account), h, to, t.now, by, delta)
	if err != nil {
		return nil, err
	}
	t.mine.holdEvents = append(t.mine.holdEvents, e)
	t.record(by, "hold.changed", "hold:"+string(h.ID), before.String(), h.Amount.String(), "")
	return h, t.countAll(p.agreement, delta)
}

// recount takes from, or gives back to, the windows of the limits.
func (t *turn) recount(u *limit.Use, more money.Amount) (limit.Delta, error) {
	var d limit.Delta
	var err error
	if more.IsNegative() {
		if more, err = more.Neg(); err != nil {
			return limit.Delta{}, err
		}
		*u, d, err = u.GiveBack(more, t.day, t.month)
	} else {
		*u, d, err = u.Take(more, t.day, t.month)
	}
	return d, err
}

func (t *turn) pay(p *plan, by audit.Actor) (*Payment, error) {
	pay := &Payment{
		ID: ID(t.ids.NewID()), Agreement: p.agreement.ID, Application: p.agreement.Application,
		Account: p.account.ID, Payee: p.payee.ID, OperationID: p.draft.OperationID,
		Amount: p.amount, Fee: p.fee, Title: p.draft.Title, CreatedAt: t.now, ExecutionDate: p.draft.ExecutionDate,
	}
	if !p.later {
		pay.ExecutionDate = calendar.DateOf(t.now)
	}
	switch {
	case p.hold != nil: // counted once, by the hold (partner-api §6)
		if err := t.settle(p, pay, by); err != nil {
			return nil, err
		}
	default:
		use, delta, err := limit.Use{}.Take(p.amount, t.day, t.month)
		if err != nil {
			return nil, err
		}
		pay.Use, pay.Delta = use, delta
		if err := t.countAll(p.agreement, delta); err != nil {
			return nil, err
		}
	}
	if p.later {
		pay.Status = Scheduled
		// The event repeats what the payment says of its creation, delta apart:
		// what creation took is kept with the payment, once.
		t.mine.paymentEvents = append(t.mine.paymentEvents, pay.event(EventScheduled, t.now, by, limit.Delta{}))
		t.payments.add(pay.ID, pay)
		t.record(by, "payment.scheduled", "payment:"+string(pay.ID), "", pay.Amount.String(), "")
		return pay, nil
	}
	pay.Status, pay.EndedAt = Executed, t.now
	t.payments.add(pay.ID, pay)
	if err := t.transfer(p, pay); err != nil {
		return nil, err
	}
	t.record(by, "payment.executed", "payment:"+string(pay.ID), "", pay.Amount.String(), "")
	return pay, nil
}

// settle ends the hold that a payment captures and gives back the rest.
func (t *turn) settle(p *plan, pay *Payment, by audit.Actor) error {
	h := t.holds.edit(p.hold.ID)
	pay.Hold = h.ID
	rest, err := h.Amount.Sub(p.amount)
	if err != nil {
		return err
	}
	delta, err := t.giveBack(&h.Use, rest)
	if err != nil {
		return err
	}
	e, err := ledger.End(t.Account(h.Account), h, ledger.Captured, p.amount, t.now, by, delta)
	if err != nil {
		return err
	}
	t.mine.holdEvents = append(t.mine.holdEvents, e)
	t.record(by, "hold.captured", "hold:"+string(h.ID), h.Amount.String(), p.amount.String(), "")
	return t.countAll(p.agreement, delta)
}

func (t *turn) giveBack(u *limit.Use, rest money.Amount) (limit.Delta, error) {
	use, d, err := u.GiveBack(rest, t.day, t.month)
	if err == nil {
		*u = use
	}
	return d, err
}

// transfer books the money of a payment, and its fee.
func (t *turn) transfer(p *plan, pay *Payment) error {
	postings, err := ledger.Move(pay.Account, pay.Payee, pay.Amount)
	if err != nil {
		return err
	}
	e := &ledger.Entry{
		ID: ledger.EntryID(t.ids.NewID()), At: t.now, Kind: ledger.Transfer, Title: pay.Title,
		Payer: t.end(p.account), Payee: t.end(p.payee), Payment: string(pay.ID), Hold: pay.Hold, Postings: postings,
	}
	if err := ledger.Post(t, e); err != nil {
		return err
	}
	t.mine.entries = append(t.mine.entries, e)
	return t.charge(p, pay.ID, "")
}

// charge books the fee of a plan, as postings of its own.
func (t *turn) charge(p *plan, pay ID, h ledger.HoldID) error {
	if p.fee.IsZero() {
		return nil
	}
	postings, err := ledger.Move(p.account.ID, account.FeeIncome, p.fee)
	if err != nil {
		return err
	}
	e := &ledger.Entry{
		ID: ledger.EntryID(t.ids.NewID()), At: t.now, Kind: ledger.Fee, Title: p.application.Name,
		Payer: t.end(p.account), Payee: t.end(t.accounts.get(account.FeeIncome)), Payment: string(pay), Hold: h, Postings: postings,
	}
	if err := ledger.Post(t, e); err != nil {
		return err
	}
	t.mine.entries = append(t.mine.entries, e)
	return t.count(limit.ChargesOf(string(p.agreement.ID)), t.month, p.fee)
}

// end is an account as the other end of an entry sees it.
func (t *turn) end(a *account.Account) ledger.Party {
	if a == nil {
		return ledger.Party{}
	}
	return ledger.Party{Name: a.Holder, Number: string(a.NRB)}
}

func (t *turn) changePayment(p *plan, by audit.Actor) (*Payment, error) {
	pay := t.payments.edit(p.payment.ID)
	before := pay.Amount
	delta, err := t.recount(&pay.Use, p.more)
	if err != nil {
		return nil, err
	}
	pay.Amount, pay.Title = p.amount, p.draft.Title
	if p.draft.ExecutionDate != (calendar.Date{}) {
		pay.ExecutionDate = p.draft.ExecutionDate
	}
	t.mine.paymentEvents = append(t.mine.paymentEvents, pay.event(EventChanged, t.now, by, delta))
	t.record(by, "payment.changed", "payment:"+string(pay.ID), before.String(), pay.Amount.String(), "")
	return pay, t.countAll(p.agreement, delta)
}

// permit gives the permissions of a confirmed draft.
func (t *turn) permit(p *plan, by audit.Actor) error {
	a := t.agreements.edit(p.agreement.ID)
	for _, want := range p.draft.Permissions {
		d, ok := p.application.Definition(want)
		if !ok {
			return foreignPermission()
		}
		if g := a.Grant(want); g != nil {
			*g = d.Give(t.now)
		} else {
			a.Grants = append(a.Grants, d.Give(t.now))
		}
		t.record(by, "permission.given", "agreement:"+string(a.ID), "", want.String(), "")
	}
	a.Version++
	a.GivenAt = t.now
	return nil
}

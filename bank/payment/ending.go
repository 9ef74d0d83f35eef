package payment

import (
	"errors"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/calendar"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
)

var (
	mayRelease = consent.Permission{Object: consent.Blockades, Action: consent.Delete}
	mayCancel  = consent.Permission{Object: consent.Payments, Action: consent.Delete}
	theBank    = audit.Actor{Kind: audit.Bank, ID: "work"}
)

func (o *Release) decide(t *turn) (Outcome, error) {
	if o.Agreement != "" {
		return t.releaseForPartner(o)
	}
	h := t.holds.get(o.Hold)
	if h == nil {
		return Outcome{}, notFound()
	}
	a := t.agreements.get(h.Agreement)
	if o.By.Kind == audit.Customer {
		if a == nil || a.Customer != o.Customer {
			return Outcome{}, notFound()
		}
		app := t.application(a.Application)
		if a.Status != consent.Ended || app == nil || !app.ReleaseByCustomer {
			return Outcome{}, bank.Refuse(bank.StatusNotAllowed, "This hold can be released by its partner only.")
		}
	}
	if h.Status == ledger.Released {
		return Outcome{Hold: h, Repeat: true}, nil
	}
	return t.free(h, ledger.Released, o.By, o.Why)
}

func (t *turn) releaseForPartner(o *Release) (Outcome, error) {
	h := t.holds.get(o.Hold)
	again := h != nil && h.Agreement == o.Agreement && h.Status == ledger.Released
	c, err := t.deleter(o.Agreement, mayRelease, again)
	if err != nil {
		return Outcome{}, err
	}
	if err := c.reaches(o.AccountRef); err != nil {
		return Outcome{}, err
	}
	if h == nil || h.Agreement != o.Agreement {
		return Outcome{}, notFound()
	}
	if again {
		return Outcome{Hold: h, Repeat: true}, nil
	}
	if err := t.usable(c.agreement, t.accounts.get(h.Account)); err != nil {
		return Outcome{}, err
	}
	out, err := t.free(h, ledger.Released, c.actor(), "")
	if err != nil {
		return Outcome{}, err
	}
	return out, t.spend(o.Agreement, mayRelease)
}

// deleter checks who deletes; a deletion repeated needs no call left.
func (t *turn) deleter(id consent.ID, p consent.Permission, again bool) (*caller, error) {
	c, err := t.caller(id, consent.Permission{}, "")
	if err != nil {
		return nil, err
	}
	c.permission = p
	if err := c.agreement.Allows(p, t.now); err != nil {
		return nil, err
	}
	if !again && c.agreement.Grant(p).Exhausted() {
		return nil, bank.Refuse(bank.PermissionUsedUp, "No call is left of the permission "+p.String()+".")
	}
	return c, nil
}

// free ends a hold without taking anything and gives its amount back to the
// limits, as far as it lies in their current windows.
func (t *turn) free(h *ledger.Hold, how ledger.HoldStatus, by audit.Actor, why string) (Outcome, error) {
	h = t.holds.edit(h.ID)
	use := h.Use
	delta, err := t.giveBack(&use, h.Amount)
	if err != nil {
		return Outcome{}, err
	}
	e, err := ledger.End(t.Account(h.Account), h, how, money.Zero(h.Amount.Currency()), t.now, by, delta)
	if err != nil {
		return Outcome{}, err
	}
	h.Use = use
	t.mine.holdEvents = append(t.mine.holdEvents, e)
	act := "hold.released"
	if how == ledger.Expired {
		act = "hold.expired"
	}
	t.record(by, act, "hold:"+string(h.ID), h.Amount.String(), "", why)
	if a := t.agreements.get(h.Agreement); a != nil {
		err = t.countAll(a, delta)
	}
	return Outcome{Hold: h}, err
}

func (o *Expire) decide(t *turn) (Outcome, error) {
	h := t.holds.get(o.Hold)
	if h == nil {
		return Outcome{}, notFound()
	}
	if h.Status != ledger.Active || t.now.Before(h.ValidTo) {
		return Outcome{Hold: h, Repeat: true}, nil // ended, or given more time, meanwhile
	}
	return t.free(h, ledger.Expired, theBank, "")
}

func (o *Cancel) decide(t *turn) (Outcome, error) {
	p := t.payments.get(o.Payment)
	by := o.By
	if o.Agreement != "" {
		again := p != nil && p.Agreement == o.Agreement && p.Status == Cancelled
		c, err := t.deleter(o.Agreement, mayCancel, again)
		if err != nil {
			return Outcome{}, err
		}
		if p == nil || p.Agreement != o.Agreement {
			return Outcome{}, notFound()
		}
		if again {
			return Outcome{Payment: p, Repeat: true}, nil
		}
		if err := t.usable(c.agreement, t.accounts.get(p.Account)); err != nil {
			return Outcome{}, err
		}
		by = c.actor()
	}
	if p == nil {
		return Outcome{}, notFound()
	}
	if err := p.Pending(); err != nil {
		return Outcome{}, err
	}
	if err := t.dropPayment(p.ID, Cancelled, EventCancelled, "", by); err != nil {
		return Outcome{}, err
	}
	if o.Agreement != "" {
		if err := t.spend(o.Agreement, mayCancel); err != nil {
			return Outcome{}, err
		}
	}
	return Outcome{Payment: t.payments.get(p.ID)}, nil
}

// dropPayment ends a scheduled payment without moving money.
func (t *turn) dropPayment(id ID, s Status, k EventKind, why bank.Code, by audit.Actor) error {
	p := t.payments.edit(id)
	delta, err := t.giveBack(&p.Use, p.Amount)
	if err != nil {
		return err
	}
	p.Status, p.Reason, p.EndedAt = s, why, t.now
	t.mine.paymentEvents = append(t.mine.paymentEvents, p.event(k, t.now, by, delta))
	t.record(by, "payment."+string(k), "payment:"+string(p.ID), p.Amount.String(), "", string(why))
	if a := t.agreements.get(p.Agreement); a != nil {
		return t.countAll(a, delta)
	}
	return nil
}

func (o *Run) decide(t *turn) (Outcome, error) {
	p := t.payments.get(o.Payment)
	if p == nil {
		return Outcome{}, notFound()
	}
	if p.Status != Scheduled || calendar.DateOf(t.now).Before(p.ExecutionDate) {
		return Outcome{Payment: p, Repeat: true}, nil // ended, or put off, meanwhile
	}
	err := t.runDue(p)
	var no *bank.Refusal
	if errors.As(err, &no) {
		t.drop()
		err = t.dropPayment(p.ID, Rejected, EventRejected, no.Code, theBank)
	}
	if err != nil {
		return Outcome{}, err
	}
	return Outcome{Payment: t.payments.get(p.ID)}, nil
}

// runDue moves the money of a scheduled payment on its day. Limits were used
// when it was scheduled; state, funds and the month's charges are looked at
// now.
func (t *turn) runDue(p *Payment) error {
	c, err := t.caller(p.Agreement, consent.Permission{}, "")
	if err != nil {
		return err
	}
	if p.CreatedAt.Before(c.agreement.EndedAt) {
		return bank.Refuse(bank.AgreementEnded, "The pairing under which it was ordered has ended.")
	}
	pl := &plan{
		caller: c, draft: &Draft{Kind: Pay}, account: t.accounts.get(p.Account), payee: t.accounts.get(p.Payee),
		amount: p.Amount, more: p.Amount, fee: p.Fee, // the fee that was shown, whatever the table says now
	}
	if err := t.ready(pl); err != nil {
		return err
	}
	if err := t.charges(pl); err != nil {
		return err
	}
	if err := t.funds(pl); err != nil {
		return err
	}
	p = t.payments.edit(p.ID)
	p.Status, p.EndedAt = Executed, t.now
	t.mine.paymentEvents = append(t.mine.paymentEvents, p.event(EventExecuted, t.now, theBank, limit.Delta{}))
	t.record(theBank, "payment.executed", "payment:"+string(p.ID), "", p.Amount.String(), "")
	return t.transfer(pl, p)
}

func (o *SpendRead) decide(t *turn) (Outcome, error) {
	if _, err := t.caller(o.Agreement, o.Permission, ""); err != nil {
		return Outcome{}, err
	}
	return Outcome{}, t.spend(o.Agreement, o.Permission)
}

func (o *Book) decide(t *turn) (Outcome, error) {
	if !o.Amount.IsPositive() {
		return Outcome{}, bank.RefuseField("amount", "The amount is above zero.")
	}
	for _, id := range [...]account.ID{o.From, o.To} {
		a := t.accounts.get(id)
		switch {
		case a == nil:
			return Outcome{}, notFound()
		case a.Currency() != o.Amount.Currency():
			return Outcome{}, bank.RefuseField("currency", "The currency is that of the account.")
		case a.Status == account.Closed:
			return Outcome{}, bank.Refuse(bank.AccountClosed, "The account is closed.")
		case a.Status == account.Blocked && id == o.From:
			return Outcome{}, bank.Refuse(bank.AccountBlocked, "The account is blocked.")
		}
	}
	if o.From == o.To {
		return Outcome{}, bank.Refuse(bank.PayerIsPayee, "The account that pays is the account that is paid.")
	}
	postings, err := ledger.Move(o.From, o.To, o.Amount)
	if err != nil {
		return Outcome{}, err
	}
	e := &ledger.Entry{
		ID: ledger.EntryID(t.ids.NewID()), At: t.now, Kind: o.Kind, Title: o.Title,
		Payer: o.Payer, Payee: o.Payee, Postings: postings,
	}
	if err := ledger.Post(t, e); err != nil {
		return Outcome{}, err
	}
	t.mine.entries = append(t.mine.entries, e)
	t.record(o.By, "entry.booked", "entry:"+string(e.ID), "", o.Amount.String(), string(o.Kind))
	return Outcome{Entry: e}, nil
}

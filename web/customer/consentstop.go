package customer

import (
	"context"
	"errors"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/calendar"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
	"okienko/web/ui"
)

// stopped explains why a choice was refused: beside its field, or on top for what
// no other choice would mend. Any other refusal is given back.
func (d *Door) stopped(ctx context.Context, v *visit, q *wanted, err error, a *answered) error {
	code := bank.CodeOf(err)
	switch code {
	case bank.AccountClosed, bank.AccountBlocked, bank.AccessOff, bank.AccessBlocked, bank.InvalidParameter:
		a.faults = []ui.Fault{{Field: "account", Why: ui.CannotChoose}}
		return nil
	case bank.PayerIsPayee, bank.PayeeUnavailable, bank.RailUnavailable:
		a.stop = &ui.Failure{Reason: code}
		return nil
	case bank.CustomerLimit:
		a.stop = &ui.Failure{Reason: code}
		a.stop.Limit, err = d.limitPassedBy(ctx, v.customer(), q.Consent.Payment, err)
		return err
	}
	return err
}

// limitPassedBy names the limit that a payment would pass. The bank's refusal has
// the numbers; which of the three limits they belong to follows from the caps.
func (d *Door) limitPassedBy(ctx context.Context, c party.CustomerID, w *xs2a.What, err error) (*ui.LimitUse, error) {
	var no *bank.Refusal
	if !errors.As(err, &no) || w == nil || len(w.Orders) == 0 {
		return nil, nil
	}
	of, err := d.Agreements.CustomerLimits(ctx, c)
	if err != nil {
		return nil, err
	}
	caps := of.OneOff
	if w.Orders[0].Order.Mode == transfer.Recurring {
		caps = of.Recurring
	}
	caps = caps.In(w.Orders[0].Order.Amount.Currency())
	for i := range w.Orders {
		if a := w.Orders[i].Order.Amount; caps.Single.Set && a.MoreThan(caps.Single.Amount) {
			return &ui.LimitUse{Kind: ui.LimitSingle, Max: caps.Single.Amount}, nil
		}
	}
	for _, c := range []struct {
		kind ui.LimitKind
		cap  limit.Cap
	}{{ui.LimitDaily, caps.Daily}, {ui.LimitMonthly, caps.Monthly}} {
		if !c.cap.Set {
			continue
		}
		if use := useOf(c.kind, c.cap.Amount, no.Used); use.Left == no.Left {
			return use, nil
		}
	}
	return nil, nil
}

// shortOfMoney explains that the account that was chosen has not enough for what
// would be executed at once; nil when it has.
func (d *Door) shortOfMoney(ctx context.Context, p *authserver.PendingConsent) (*ui.Failure, error) {
	w := p.Consent.Payment
	if w == nil || len(w.Orders) == 0 {
		return nil, nil
	}
	from, err := d.Accounts.Account(ctx, p.Request.Choice.Accounts[0])
	if err != nil {
		return nil, err
	}
	free, err := from.Available()
	if err != nil {
		return nil, err
	}
	if w.Orders[0].VAT != "" { // what the VAT account holds is spent first
		vat, err := d.Accounts.Account(ctx, w.Orders[0].VAT)
		if err != nil {
			return nil, err
		}
		with, err := vat.Available()
		if err != nil {
			return nil, err
		}
		if part := w.Orders[0].Order.Split.VAT; with.MoreThan(part) {
			with = part
		}
		if free, err = free.Add(with); err != nil {
			return nil, err
		}
	}
	today, need := calendar.DateOf(d.Clock.Now()), money.Zero(free.Currency())
	for i := range w.Orders {
		o := &w.Orders[i]
		if o.Order.Mode == transfer.Recurring || today.Before(o.Order.ExecutionDate) {
			continue // there is time to bring the money
		}
		for _, a := range []money.Amount{o.Order.Amount, o.Fee} {
			if need, err = need.Add(a); err != nil {
				return nil, err
			}
		}
	}
	if need.MoreThan(free) {
		own, err := from.Available()
		return &ui.Failure{Reason: bank.InsufficientFunds, Available: own}, err
	}
	return nil, nil
}

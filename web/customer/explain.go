package customer

import (
	"context"
	"errors"

	"okienko/bank"
	"okienko/bank/consent"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/payment"
	"okienko/web/ui"
)

// explain adds to a refusal what design §3 promises: the limit with what is used
// and left, and whether the consent still holds.
func (d *Door) explain(ctx context.Context, a *payment.Authorisation, p *ui.Result) error {
	g, err := d.Agreements.Agreement(ctx, a.Agreement)
	if err != nil {
		return err
	}
	p.Consent = d.consentState(&g)
	switch a.Reason {
	case bank.SingleLimit, bank.DailyLimit, bank.MonthlyLimit, bank.CustomerLimit, bank.ChargesLimit:
	default:
		return nil
	}
	p.Limit, err = d.limitInTheWay(ctx, a, &g)
	return err
}

func (d *Door) consentState(g *consent.Agreement) ui.ConsentState {
	switch d.pairingState(g) {
	case ui.PairingActive:
		return ui.ConsentHolds
	case ui.PairingUsedUp:
		return ui.ConsentUsedUp
	}
	return ui.ConsentEnded
}

// limitInTheWay finds the limit that refused. The bank remembers the kind; the
// numbers are of the day and month in which it refused, as they stand now.
func (d *Door) limitInTheWay(ctx context.Context, a *payment.Authorisation, g *consent.Agreement) (*ui.LimitUse, error) {
	u, err := d.used(ctx, limit.DayOf(a.EndedAt), limit.MonthOf(a.EndedAt), a.Amount.Currency(), g)
	if err != nil {
		return nil, err
	}
	switch a.Reason {
	case bank.SingleLimit:
		return &ui.LimitUse{Kind: ui.LimitSingle, Max: g.Limits.Single}, nil
	case bank.DailyLimit:
		return useOf(ui.LimitDaily, g.Limits.Daily, u.day), nil
	case bank.MonthlyLimit:
		return useOf(ui.LimitMonthly, g.Limits.Monthly, u.month), nil
	case bank.ChargesLimit:
		app, err := d.Partners.Application(ctx, a.Application)
		if err != nil || !app.Charges.Set {
			return nil, err
		}
		return useOf(ui.LimitCharges, app.Charges.Amount, u.charges), nil
	}
	of, err := d.Agreements.CustomerLimits(ctx, a.Customer)
	if err != nil {
		return nil, err
	}
	zero := money.Zero(a.Amount.Currency())
	for _, c := range []struct {
		cap  limit.Cap
		used money.Amount
	}{{of.OneOff.Single, zero}, {of.OneOff.Daily, u.allDay}, {of.OneOff.Monthly, u.allMonth}} {
		passed, err := c.cap.PassedBy(c.used, a.Amount)
		if passed || errors.Is(err, money.ErrOverflow) { // more than can be counted passes any limit
			return useOf(ui.LimitCustomer, c.cap.Amount, c.used), nil
		}
	}
	return nil, nil // raised since
}

// uses is what is used of the limits that bear on one agreement.
type uses struct{ day, month, allDay, allMonth, recurringDay, recurringMonth, charges money.Amount }

// used reads the counters of an agreement, or, with a nil one, of a customer's
// own limits only.
func (d *Door) used(ctx context.Context, day, month limit.Period, c money.Currency, g *consent.Agreement) (uses, error) {
	own, all, charges := limit.OfAgreement(string(g.ID)), limit.OneOffOf(string(g.Customer)), limit.ChargesOf(string(g.ID))
	recurring := limit.RecurringOf(string(g.Customer))
	keys := []limit.Key{
		{Subject: own, Period: day}, {Subject: own, Period: month},
		{Subject: all, Period: day}, {Subject: all, Period: month},
		{Subject: recurring, Period: day}, {Subject: recurring, Period: month},
		{Subject: charges, Period: month},
	}
	got, err := d.Reader.Counters(ctx, keys)
	if err != nil {
		return uses{}, err
	}
	var u uses
	for i, to := range []*money.Amount{&u.day, &u.month, &u.allDay, &u.allMonth, &u.recurringDay, &u.recurringMonth, &u.charges} {
		if *to = got[keys[i]]; to.Currency() == "" {
			*to = money.Zero(c)
		}
	}
	return u, nil
}

// useOf is a limit with what is used and left; nothing is left of one that was
// lowered below its use.
func useOf(kind ui.LimitKind, most, used money.Amount) *ui.LimitUse {
	left, err := most.Sub(used)
	if err != nil || left.IsNegative() {
		left = money.Zero(most.Currency())
	}
	return &ui.LimitUse{Kind: kind, Max: most, Used: used, Left: left}
}

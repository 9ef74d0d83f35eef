package customer

import (
	"cmp"
	"context"
	"errors"

	"okienko/bank"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
	"okienko/web/ui"
)

// whyNot explains a transfer that was rejected, or whose money came back
// (design §3): the reason, the limit used and left, whether the consent still
// holds, and where to begin again.
func (d *Door) whyNot(ctx context.Context, t *transfer.Transfer, through string) (*ui.Failure, error) {
	why := &ui.Failure{Reason: cmp.Or(t.Reason, bank.RailRefused)}
	if why.Reason == bank.RailRefused { // other details are the bank's, in words for third parties
		why.Detail = t.Detail
	}
	c, err := d.ConsentBook.Consent(ctx, xs2a.ID(t.Consent))
	switch {
	case bank.CodeOf(err) == bank.NotFound:
		why.Consent = ui.ConsentEnded
	case err != nil:
		return nil, err
	case c.At(d.Clock.Now()) != xs2a.Active:
		why.Consent = ui.ConsentEnded
	case t.Standing != "":
		why.Consent = ui.ConsentHolds
	default:
		why.Consent = ui.ConsentUsedUp
	}
	if why.Consent != ui.ConsentHolds {
		why.Again = through
	}
	switch t.Reason {
	case bank.CustomerLimit:
		why.Limit, err = d.capPassedBy(ctx, t)
	case bank.InvalidParameter:
		why.Field = faultyField(t.Detail)
	}
	return why, err
}

// capPassedBy finds the customer's limit that a rejected transfer would have
// passed; the numbers are of its day and month, as they stand now. It is nil when
// the limit was raised since.
func (d *Door) capPassedBy(ctx context.Context, t *transfer.Transfer) (*ui.LimitUse, error) {
	of, err := d.Agreements.CustomerLimits(ctx, t.Customer)
	if err != nil {
		return nil, err
	}
	caps := of.OneOff
	if t.Standing != "" {
		caps = of.Recurring
	}
	in := t.Order.Amount.Currency()
	caps = caps.In(in)
	if caps.Single.Set && t.Order.Amount.MoreThan(caps.Single.Amount) {
		return &ui.LimitUse{Kind: ui.LimitSingle, Max: caps.Single.Amount}, nil
	}
	day := limit.Key{Subject: t.Counted(), Period: limit.DayOf(t.EndedAt)}
	month := limit.Key{Subject: t.Counted(), Period: limit.MonthOf(t.EndedAt)}
	used, err := d.Reader.Counters(ctx, []limit.Key{day, month})
	if err != nil {
		return nil, err
	}
	for _, c := range []struct {
		kind ui.LimitKind
		cap  limit.Cap
		key  limit.Key
	}{{ui.LimitDaily, caps.Daily, day}, {ui.LimitMonthly, caps.Monthly, month}} {
		u := used[c.key]
		if u.Currency() == "" {
			u = money.Zero(in)
		}
		passed, err := c.cap.PassedBy(u, t.Order.Amount)
		if passed || errors.Is(err, money.ErrOverflow) { // more than can be counted passes any limit
			return useOf(c.kind, c.cap.Amount, u), nil
		}
	}
	return nil, nil
}

// faultyField is a field of an order as the reader calls it, "" for one that has
// no name of its own on the pages.
func faultyField(name string) string {
	switch name {
	case "recipient.accountNumber", "sender.accountNumber":
		return ui.FieldAccount
	case "transferData.amount":
		return ui.FieldAmount
	case "transferData.description":
		return ui.FieldTitle
	case "transferData.executionDate":
		return ui.FieldDate
	}
	return ""
}

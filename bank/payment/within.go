package payment

import (
	"okienko/bank"
	"okienko/bank/limit"
	"okienko/bank/money"
)

// limits checks single, daily, monthly and the customer's own limits, in this
// order (partner-api §6).
func (t *turn) limits(p *plan) error {
	if !p.more.IsPositive() {
		return nil // what does not grow passes also above a limit that was lowered meanwhile
	}
	a, c := p.agreement, p.amount.Currency()
	own := limit.OfAgreement(string(a.ID))
	checks := [...]struct {
		cap  limit.Cap
		used money.Amount
		more money.Amount
		code bank.Code
		says string
	}{
		{limit.CapAt(a.Limits.Single), money.Zero(c), p.amount, bank.SingleLimit, "The amount is above the limit of one operation."},
		{limit.CapAt(a.Limits.Daily), t.used(own, t.day, c), p.more, bank.DailyLimit, "The daily limit would be passed."},
		{limit.CapAt(a.Limits.Monthly), t.used(own, t.month, c), p.more, bank.MonthlyLimit, "The monthly limit would be passed."},
	}
	for _, k := range checks {
		if err := within(k.cap, k.used, k.more, k.code, k.says); err != nil {
			return err
		}
	}
	of := t.s.CustomerLimits[a.Customer]
	if of == nil {
		return nil
	}
	return t.own(of.OneOff, limit.OneOffOf(string(a.Customer)), p.amount, p.more)
}

// own checks a customer's own limits: one operation comes to whole, and more is
// added to what is counted.
func (t *turn) own(caps limit.Caps, all limit.Subject, whole, more money.Amount) error {
	c := whole.Currency()
	const says = "The customer's own limit would be passed."
	if err := within(caps.Single, money.Zero(c), whole, bank.CustomerLimit, says); err != nil {
		return err
	}
	if err := within(caps.Daily, t.used(all, t.day, c), more, bank.CustomerLimit, says); err != nil {
		return err
	}
	return within(caps.Monthly, t.used(all, t.month, c), more, bank.CustomerLimit, says)
}

// charges checks the cap on fees of the month.
func (t *turn) charges(p *plan) error {
	if p.fee.IsZero() {
		return nil
	}
	used := t.used(limit.ChargesOf(string(p.agreement.ID)), t.month, p.fee.Currency())
	return within(p.application.Charges, used, p.fee, bank.ChargesLimit, "The limit of fees in a month would be passed.")
}

// within refuses what passes a cap, with what is used and left.
func within(k limit.Cap, used, more money.Amount, code bank.Code, says string) error {
	if !k.Set {
		return nil
	}
	passed, err := k.PassedBy(used, more)
	if err != nil {
		return bank.Refuse(code, says).Because(err) // more than can be counted passes any limit
	}
	if !passed {
		return nil
	}
	r := bank.Refuse(code, says)
	r.Used = used
	if left, err := k.Amount.Sub(used); err == nil && left.IsPositive() {
		r.Left = left
	} else {
		r.Left = money.Zero(used.Currency())
	}
	return r
}

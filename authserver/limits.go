package authserver

import (
	"context"
	"strings"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
)

// CustomerLimitsSubject is what a challenge for a customer's own limits
// confirms.
func (s *Server) CustomerLimitsSubject(c party.CustomerID, to limit.OfCustomer, lang party.Language) sca.Subject {
	return sca.Subject{
		Purpose: sca.ForCustomerLimits, ID: string(c), Binding: customerLimitsBinding(c, to),
		Display: sca.Display{Text: wordsIn(lang).newCustomerLimits(to)},
	}
}

func customerLimitsBinding(c party.CustomerID, to limit.OfCustomer) string {
	return bind("customer limits", string(c), customerLimitsText(to))
}

// SetCustomerLimits changes a customer's own limits across everything. Raising
// and lowering, who may do it and what it refuses are as in SetLimits; the Field
// of a faulty limit is "oneOff.single", "recurring.daily" …
func (s *Server) SetCustomerLimits(ctx context.Context, person party.PersonID, c party.CustomerID, to limit.OfCustomer, challenge sca.ID) error {
	if err := s.acts(ctx, person, c); err != nil {
		return err
	}
	if err := validCaps(to); err != nil {
		return err
	}
	seen, err := s.agreements.CustomerLimits(ctx, c)
	if err != nil {
		return err
	}
	if seen.Raises(to) {
		if err := s.MayBind(ctx, person, c); err != nil {
			return err
		}
	}
	var spend *consent.Use
	if challenge != "" {
		spend = &consent.Use{Challenge: challenge, Person: person, Purpose: sca.ForCustomerLimits, Subject: string(c), Binding: customerLimitsBinding(c, to)}
	}
	now := s.now()
	return s.agreements.ChangeCustomerLimits(ctx, c, spend, func(l *limit.OfCustomer) ([]audit.Record, error) {
		switch {
		case l.Raises(to) && spend == nil:
			return nil, bank.Refuse(bank.AuthorisationRequired, "Raising a limit must be confirmed.")
		case l.Raises(to) && !seen.Raises(to):
			return nil, bank.Refuse(bank.Busy, "The limits were changed meanwhile. Look at them again.") // the role was not asked about
		}
		before := customerLimitsText(*l)
		*l = to
		return []audit.Record{{
			At: now, Actor: payment.PersonOf(person), Act: "customer.limits", Subject: "customer:" + string(c),
			Before: before, After: customerLimitsText(to),
		}}, nil
	})
}

type namedCap struct {
	name string
	limit.Cap
}

func caps(l limit.OfCustomer) []namedCap {
	return []namedCap{
		{"oneOff.single", l.OneOff.Single}, {"oneOff.daily", l.OneOff.Daily}, {"oneOff.monthly", l.OneOff.Monthly},
		{"recurring.single", l.Recurring.Single}, {"recurring.daily", l.Recurring.Daily}, {"recurring.monthly", l.Recurring.Monthly},
	}
}

// validCaps refuses a negative limit, and any currency but PLN: the counters
// across all of a customer's accounts count in it.
func validCaps(l limit.OfCustomer) error {
	for _, c := range caps(l) {
		if c.Set && (c.Amount.IsNegative() || c.Amount.Currency() != money.PLN) {
			return bank.RefuseField(c.name, "A limit is an amount in PLN of zero or more.")
		}
	}
	return nil
}

// customerLimitsText is canonical: for the audit and for what a challenge is
// bound to.
func customerLimitsText(l limit.OfCustomer) string {
	var out []string
	for _, c := range caps(l) {
		text := c.name + "=none"
		if c.Set {
			text = c.name + "=" + c.Amount.String() + " " + c.Amount.Currency().String()
		}
		out = append(out, text)
	}
	return strings.Join(out, ",")
}

package office

import (
	"context"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/limit"
	"okienko/bank/party"
	"okienko/bank/sca"
)

// reason checks why a customer's door is opened or closed. It stays with the
// account or the customer, so it belongs to the command.
func reason(why string) error {
	if why == "" {
		return bank.RefuseField("why", "A reason is needed.")
	}
	return line("why", why, maxReason)
}

// BlockCustomer blocks a customer, or lifts the block.
type BlockCustomer struct {
	Customer string
	Lift     bool
	Why      string
}

func (c *BlockCustomer) check(ctx context.Context, o *Office) (*act, error) {
	cu, err := o.Parties.Customer(ctx, party.CustomerID(c.Customer))
	if err != nil {
		return nil, err
	}
	if cu.Blocked.IsSet() != c.Lift {
		return nil, bank.Refuse(bank.StatusNotAllowed, "Nothing to do: the customer's block stands as asked.")
	}
	if err := reason(c.Why); err != nil {
		return nil, err
	}
	name, line := "customer.blocked", "Block the customer "+cu.Name+": "+c.Why
	if c.Lift {
		name, line = "customer.unblocked", "Lift the block of the customer "+cu.Name+" ("+cu.Blocked.Why+"): "+c.Why
	}
	return &act{
		name: name, subject: "customer:" + c.Customer, lines: []string{line},
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			r.Before, r.Why = cu.Blocked.Why, c.Why
			b := party.Block{}
			if !c.Lift {
				b = party.Block{By: r.Actor.String(), At: o.now(), Why: c.Why}
			}
			return nil, o.Intake.Block(ctx, cu.ID, b, r)
		},
	}, nil
}

// SetCustomerLimits sets a customer's own limits. Raising needs four eyes.
type SetCustomerLimits struct {
	Customer string
	Limits   CustomerCapsDocument
}

func (c *SetCustomerLimits) check(ctx context.Context, o *Office) (*act, error) {
	cu, err := o.Parties.Customer(ctx, party.CustomerID(c.Customer))
	if err != nil {
		return nil, err
	}
	to, err := c.Limits.caps()
	if err != nil {
		return nil, err
	}
	was, err := o.Agreements.CustomerLimits(ctx, cu.ID)
	if err != nil {
		return nil, err
	}
	eyes := was.Raises(to)
	return &act{
		name: "customer.limits", subject: "customer:" + c.Customer, eyes: eyes,
		lines: []string{"Set the customer's own limits of " + cu.Name + ": " + limitsText(to) + " (were: " + limitsText(was) + ")."},
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			r.After = limitsText(to)
			return nil, o.Agreements.ChangeCustomerLimits(ctx, cu.ID, nil, func(l *limit.OfCustomer) ([]audit.Record, error) {
				if !eyes && l.Raises(to) { // the customer lowered them in between
					return nil, bank.Refuse(bank.StatusNotAllowed, "The limits were lowered meanwhile; look again.")
				}
				r.Before = limitsText(*l)
				*l = to
				return []audit.Record{r}, nil
			})
		},
	}, nil
}

func limitsText(l limit.OfCustomer) string {
	text := func(c limit.Cap) string {
		if !c.Set {
			return "none"
		}
		return c.Amount.String()
	}
	caps := func(c limit.Caps) string {
		return text(c.Single) + "/" + text(c.Daily) + "/" + text(c.Monthly)
	}
	return "one-off " + caps(l.OneOff) + ", recurring " + caps(l.Recurring)
}

// Unlock ends a lock that wrong tries have made: of the log-in, or of a factor.
type Unlock struct {
	Person string
	What   string // login, sms or mobile
}

func (c *Unlock) check(ctx context.Context, o *Office) (*act, error) {
	p, err := o.Parties.Person(ctx, party.PersonID(c.Person))
	if err != nil {
		return nil, err
	}
	a := &act{name: "person.unlocked", subject: "person:" + c.Person, lines: []string{"Unlock " + c.What + " of " + p.FullName() + "."}}
	switch c.What {
	case "login":
		a.apply = func(ctx context.Context, r audit.Record) ([]string, error) {
			r.After = c.What
			return nil, o.Intake.UnlockLogin(ctx, p.ID, r)
		}
	case string(sca.SMS), string(sca.Mobile):
		a.apply = func(ctx context.Context, r audit.Record) ([]string, error) {
			r.After = c.What
			return nil, o.Intake.UnlockFactor(ctx, p.ID, sca.Method(c.What), r)
		}
	default:
		return nil, bank.RefuseField("what", "What can be unlocked is login, sms or mobile.")
	}
	return a, nil
}

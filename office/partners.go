package office

import (
	"context"
	"fmt"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/partner"
)

// PutPartner registers a partner or replaces what is registered of it. Pairings
// of its applications in BETA are judged again: whom the partner no longer names
// loses them until it does.
type PutPartner struct{ Document PartnerDocument }

func (c *PutPartner) check(ctx context.Context, o *Office) (*act, error) {
	p, err := c.Document.partner(o.now())
	if err != nil {
		return nil, err
	}
	if err := c.known(ctx, o, &p); err != nil {
		return nil, err
	}
	did := []string{"Register the partner " + p.Name + "."}
	old, err := o.Partners.Partner(ctx, p.ID)
	switch {
	case err == nil:
		p.Since = old.Since
		did = replaced("Replace what is registered of the partner "+old.Name+".", partnerFacts(&old), partnerFacts(&p))
	case bank.CodeOf(err) != bank.NotFound:
		return nil, err
	}
	beta, err := c.applications(ctx, o, &p)
	if err != nil {
		return nil, err
	}
	return &act{
		name: "partner.put", subject: "partner:" + string(p.ID), lines: did,
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			r.After = p.Name
			if err := o.Partners.PutPartner(ctx, p, r); err != nil {
				return nil, err
			}
			for _, id := range beta {
				// Not in one transaction with the above. It is done at every
				// replacement, so putting the partner again mends what a crash left.
				again := audit.Record{At: r.At, Actor: r.Actor, Act: "application.pairings", Subject: "application:" + string(id), After: "judged again", Why: r.Why}
				if err := o.Partners.SetStatus(ctx, id, partner.Beta, stillBeta, o.allowed, again); err != nil && bank.CodeOf(err) != bank.StatusNotAllowed {
					return nil, err
				}
			}
			return nil, nil
		},
	}, nil
}

// stillBeta lets the pairings of an application be judged again only while its
// status is the one that was seen.
func stillBeta(a *partner.Application, _ *partner.Partner) error {
	if a.Status != partner.Beta {
		return bank.Refuse(bank.StatusNotAllowed, "The application has left BETA.")
	}
	return nil
}

// known checks that whom the partner names is known to the bank.
func (c *PutPartner) known(ctx context.Context, o *Office, p *partner.Partner) error {
	if p.Customer != "" {
		if _, err := o.Parties.Customer(ctx, p.Customer); err != nil {
			return missing(err, "customer", "There is no such customer.")
		}
	}
	for _, e := range p.Employees {
		if _, err := o.Parties.Person(ctx, e); err != nil {
			return missing(err, "employees", fmt.Sprintf("There is no person %q.", e))
		}
	}
	return nil
}

// applications checks that no application of the partner loses what it stands
// on, and lists those in BETA.
func (c *PutPartner) applications(ctx context.Context, o *Office, p *partner.Partner) (beta []partner.ClientID, err error) {
	all, err := o.Partners.Applications(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		a := &all[i]
		switch {
		case a.Partner != p.ID:
			continue
		case a.Status != partner.Sandbox && (!p.Agreement.Signed() || p.Customer == ""):
			return nil, bank.Refuse(bank.StatusNotAllowed,
				fmt.Sprintf("The application %s is in %s, so its partner needs a signed agreement and an account in the bank.", a.ID, a.Status))
		}
		if a.Account != "" {
			if acc, err := o.Accounts.Account(ctx, a.Account); err != nil {
				return nil, err
			} else if acc.Customer != p.Customer {
				return nil, bank.RefuseField("customer", fmt.Sprintf("The application %s takes transfers on an account of another customer.", a.ID))
			}
		}
		if a.Status == partner.Beta {
			beta = append(beta, a.ID)
		}
	}
	return beta, nil
}

// missing turns a NotFound into the refusal of one field; what went wrong inside
// stays what it is.
func missing(err error, field, public string) error {
	if bank.CodeOf(err) == bank.NotFound {
		return bank.RefuseField(field, public).Because(err)
	}
	return err
}

// ListPartners and ListApplications show what is registered.
type (
	ListPartners     struct{}
	ListApplications struct{}
)

func (*ListPartners) check(ctx context.Context, o *Office) (*act, error) {
	list, err := o.Partners.Partners(ctx)
	lines := make([]string, 0, len(list))
	for _, p := range list {
		lines = append(lines, fmt.Sprintf("%-16s %-30s agreement %s, customer %s", p.ID, p.Name, orNone(p.Agreement.Reference), orNone(string(p.Customer))))
	}
	return &act{lines: lines}, err
}

func (*ListApplications) check(ctx context.Context, o *Office) (*act, error) {
	list, err := o.Partners.Applications(ctx)
	lines := make([]string, 0, len(list))
	for _, a := range list {
		lines = append(lines, fmt.Sprintf("%-16s %-8s %-24s of %s; single %s daily %s monthly %s unconfirmed %s", a.ID, a.Status, a.Name, a.Partner,
			a.Limits.Single, a.Limits.Daily, a.Limits.Monthly, a.Limits.Unconfirmed))
	}
	return &act{lines: lines}, err
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

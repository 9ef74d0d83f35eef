package office

import (
	"context"
	"fmt"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/partner"
	"okienko/bank/party"
)

// PutPartner registers a partner or replaces what is registered of it.
type PutPartner struct{ Document PartnerDocument }

func (c *PutPartner) check(ctx context.Context, o *Office) (*act, error) {
	p, err := c.Document.partner(o.now())
	if err != nil {
		return nil, err
	}
	line := "Register the partner " + p.Name + "."
	old, err := o.Partners.Partner(ctx, p.ID)
	switch {
	case err == nil:
		p.Since = old.Since
		line = "Replace what is registered of the partner " + old.Name + "."
	case bank.CodeOf(err) != bank.NotFound:
		return nil, err
	}
	if p.Customer != "" {
		if _, err := o.Parties.Customer(ctx, p.Customer); err != nil {
			return nil, bank.RefuseField("customer", "There is no such customer.").Because(err)
		}
	}
	for _, e := range p.Employees {
		if _, err := o.Parties.Person(ctx, e); err != nil {
			return nil, bank.RefuseField("employees", "There is no person "+string(e)+".").Because(err)
		}
	}
	return &act{
		name: "partner.put", subject: "partner:" + string(p.ID), lines: []string{line},
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			r.After = p.Name
			return nil, o.Partners.PutPartner(ctx, p, r)
		},
	}, nil
}

// PutApplication registers an application or replaces what is registered of
// it. Its status stays; larger limits need four eyes.
type PutApplication struct{ Document ApplicationDocument }

func (c *PutApplication) check(ctx context.Context, o *Office) (*act, error) {
	a, err := c.Document.application(o.now())
	if err != nil {
		return nil, err
	}
	if _, err := o.Partners.Partner(ctx, a.Partner); err != nil {
		return nil, bank.RefuseField("partner", "There is no such partner.").Because(err)
	}
	if err := c.account(ctx, o, &a); err != nil {
		return nil, err
	}
	eyes, line := false, "Register the application "+a.Name+", in SANDBOX."
	old, err := o.Partners.Application(ctx, a.ID)
	switch {
	case err == nil:
		a.Since, a.Status = old.Since, old.Status
		if a.Domain.Domain == old.Domain.Domain && a.Domain.Token == old.Domain.Token {
			a.Domain.ProvenAt = old.Domain.ProvenAt
		}
		if len(a.Logo.Bytes) == 0 {
			a.Logo = old.Logo
		}
		eyes = old.Limits.Raises(a.Limits)
		line = fmt.Sprintf("Replace what is registered of the application %s (%s).", old.Name, old.Status)
	case bank.CodeOf(err) != bank.NotFound:
		return nil, err
	}
	lines := []string{line}
	if eyes {
		lines = append(lines, "Its limits are raised: somebody else must approve.")
	}
	return &act{
		name: "application.put", subject: "application:" + string(a.ID), lines: lines, eyes: eyes,
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			r.After = fmt.Sprintf("%s single %s daily %s monthly %s unconfirmed %s", a.Name,
				a.Limits.Single, a.Limits.Daily, a.Limits.Monthly, a.Limits.Unconfirmed)
			return nil, o.Partners.PutApplication(ctx, a, r)
		},
	}, nil
}

// account checks that the account that takes the transfers is the partner's.
func (c *PutApplication) account(ctx context.Context, o *Office, a *partner.Application) error {
	if a.Account == "" {
		return nil
	}
	p, err := o.Partners.Partner(ctx, a.Partner)
	if err != nil {
		return err
	}
	acc, err := o.Accounts.Account(ctx, a.Account)
	if err != nil || acc.Customer != p.Customer || acc.Status != account.Open {
		return bank.RefuseField("account", "The account must be an open one of the partner's own.").Because(err)
	}
	return nil
}

// SetStatus changes how far an application is open. Four eyes.
type SetStatus struct {
	Application string
	Status      string
}

func (c *SetStatus) check(ctx context.Context, o *Office) (*act, error) {
	a, err := o.Partners.Application(ctx, consent.ClientID(c.Application))
	if err != nil {
		return nil, err
	}
	p, err := o.Partners.Partner(ctx, a.Partner)
	if err != nil {
		return nil, err
	}
	to := partner.Status(c.Status)
	if err := a.MayBecome(to, &p); err != nil {
		return nil, err
	}
	return &act{
		name: "application.status", subject: "application:" + string(a.ID), eyes: true,
		lines: []string{fmt.Sprintf("Change %s from %s to %s.", a.Name, a.Status, to)},
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			r.Before, r.After = string(a.Status), string(to)
			return nil, o.Partners.SetStatus(ctx, a.ID, to,
				func(a *partner.Application, p *partner.Partner) error { return a.MayBecome(to, p) }, o.allowed, r)
		},
	}, nil
}

// allowed tells whether a pairing is one that the status of its application
// still allows.
func (o *Office) allowed(a *partner.Application, p *partner.Partner, g *consent.Agreement) bool {
	return a.OpenTo(p, o.Environment, g.Person, g.Customer)
}

// NewSecret gives an application a new client secret. The others end after a
// while, so that the partner can change over.
type NewSecret struct {
	Application string
	KeepMinutes int // how long the others stay valid
}

// maxKeep bounds how long two secrets are valid together.
const maxKeep = 7 * 24 * time.Hour

func (c *NewSecret) check(ctx context.Context, o *Office) (*act, error) {
	a, err := o.Partners.Application(ctx, consent.ClientID(c.Application))
	if err != nil {
		return nil, err
	}
	keep := time.Duration(c.KeepMinutes) * time.Minute
	if keep < 0 || keep > maxKeep {
		return nil, bank.RefuseField("keep", "Older secrets are kept for at most 7 days.")
	}
	return &act{
		name: "application.secret", subject: "application:" + string(a.ID),
		lines: []string{fmt.Sprintf("Give %s a new secret; the others end in %s.", a.Name, keep)},
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			secret, hash, err := o.NewSecret()
			if err != nil {
				return nil, err
			}
			if err := o.Partners.AddSecret(ctx, a.ID, hash, o.now(), o.now().Add(keep), r); err != nil {
				return nil, err
			}
			return []string{"client_id     " + string(a.ID), "client_secret " + secret, "The secret is shown this once."}, nil
		},
	}, nil
}

// ProveDomain looks up whether the application's domain carries the proof.
type ProveDomain struct{ Application string }

func (c *ProveDomain) check(ctx context.Context, o *Office) (*act, error) {
	a, err := o.Partners.Application(ctx, consent.ClientID(c.Application))
	if err != nil {
		return nil, err
	}
	if a.Domain.Domain == "" || a.Domain.Token == "" {
		return nil, bank.RefuseField("domain", "The application has no domain to prove.")
	}
	return &act{
		name: "application.domain", subject: "application:" + string(a.ID),
		lines: []string{fmt.Sprintf("Look for the proof of %s by %s.", a.Domain.Domain, a.Domain.Method)},
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			if err := o.Prover.Prove(ctx, a.Domain); err != nil {
				return nil, err
			}
			a.Domain.ProvenAt = o.now()
			r.After = a.Domain.Domain
			return []string{"The domain is proven."}, o.Partners.PutApplication(ctx, a, r)
		},
	}, nil
}

// EndPairing ends a pairing by the hand of the bank.
type EndPairing struct{ Agreement string }

func (c *EndPairing) check(ctx context.Context, o *Office) (*act, error) {
	g, err := o.Agreements.Agreement(ctx, consent.ID(c.Agreement))
	if err != nil {
		return nil, err
	}
	if g.Status == consent.Ended {
		return nil, bank.Refuse(bank.AgreementEnded, "The pairing has ended already.")
	}
	return &act{
		name: "pairing.ended", subject: "agreement:" + string(g.ID),
		lines: []string{fmt.Sprintf("End the pairing of %s with customer %s.", g.Application, g.Customer)},
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			_, err := o.Agreements.ChangeAgreement(ctx, g.ID, nil, func(g *consent.Agreement) ([]audit.Record, error) {
				if g.Status == consent.Ended {
					return nil, bank.Refuse(bank.AgreementEnded, "The pairing has ended already.")
				}
				r.Before, r.After = string(g.Status), string(consent.Ended)
				g.Status, g.EndedAt, g.EndedBy = consent.Ended, o.now(), r.Actor.String()
				return []audit.Record{r}, nil
			})
			return nil, err
		},
	}, nil
}

// ListPartners, ListApplications and ListPairings show what is registered.
type (
	ListPartners     struct{}
	ListApplications struct{}
	ListPairings     struct{ Customer string }
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

func (c *ListPairings) check(ctx context.Context, o *Office) (*act, error) {
	list, err := o.Agreements.AgreementsOf(ctx, party.CustomerID(c.Customer))
	lines := make([]string, 0, len(list))
	for i := range list {
		g := &list[i]
		lines = append(lines, fmt.Sprintf("%s %-9s %-16s account_id %s, given %s", g.ID, g.Status, g.Application, g.AccountRef, g.GivenAt.Format(time.DateOnly)))
	}
	return &act{lines: lines}, err
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

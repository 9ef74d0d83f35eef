package office

import (
	"context"
	"fmt"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/partner"
)

// PutApplication registers an application or replaces what is registered of it.
// Its status, its secrets, a logo that is left out and a proof of the same
// domain stay; larger limits need four eyes.
type PutApplication struct{ Document ApplicationDocument }

func (c *PutApplication) check(ctx context.Context, o *Office) (*act, error) {
	a, err := c.Document.application(o.now())
	if err != nil {
		return nil, err
	}
	p, err := o.Partners.Partner(ctx, a.Partner)
	if err != nil {
		return nil, missing(err, "partner", "There is no such partner.")
	}
	if a.Account != "" {
		if err := o.ownAccount(ctx, a.Account, &p); err != nil {
			return nil, err
		}
	}
	if err := o.reachable(&a); err != nil {
		return nil, err
	}
	old, err := o.Partners.Application(ctx, a.ID)
	switch {
	case bank.CodeOf(err) == bank.NotFound:
		return o.putApplication(a, nil, replaced("Register the application "+a.Name+", in SANDBOX.", nil, applicationFacts(&a))), nil
	case err != nil:
		return nil, err
	case old.Partner != a.Partner:
		// The customers gave their word to that partner.
		return nil, bank.RefuseField("partner", "An application stays with its partner: this one is of "+string(old.Partner)+".")
	case old.Status != partner.Sandbox && a.Account == "":
		return nil, bank.RefuseField("account", fmt.Sprintf("An application in %s keeps an account that takes the transfers.", old.Status))
	}
	a.Since, a.Status = old.Since, old.Status
	if a.Domain.Domain == old.Domain.Domain {
		if a.Domain.Token == "" {
			a.Domain.Token = old.Domain.Token
		}
		if a.Domain.Token == old.Domain.Token {
			a.Domain.ProvenAt = old.Domain.ProvenAt
		}
	}
	if len(a.Logo.Bytes) == 0 {
		a.Logo = old.Logo
	}
	head := fmt.Sprintf("Replace what is registered of the application %s (%s).", old.Name, old.Status)
	return o.putApplication(a, &old, replaced(head, applicationFacts(&old), applicationFacts(&a))), nil
}

// putApplication is the act of keeping a; old is nil for a new one.
func (o *Office) putApplication(a partner.Application, old *partner.Application, did []string) *act {
	eyes := old != nil && raises(old, &a)
	if eyes {
		did = append(did, "Its limits are raised: somebody else must approve.")
	}
	return &act{
		name: "application.put", subject: "application:" + string(a.ID), lines: did, eyes: eyes,
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			var said []string
			if a.Domain.Domain != "" && a.Domain.Token == "" {
				a.Domain.Token = o.IDs.NewID()
			}
			if a.Domain.Domain != "" && a.Domain.ProvenAt.IsZero() {
				said = append(said, "The partner proves the domain by "+proofPlace(a.Domain)+".")
			}
			if old != nil {
				r.Before = applicationLimits(old)
			}
			r.After = applicationLimits(&a)
			return said, o.Partners.PutApplication(ctx, a, r)
		},
	}
}

// raises tells whether to allows more than a: to move, or to charge in fees.
func raises(a, to *partner.Application) bool {
	return a.Limits.Raises(to.Limits) || limit.Caps{Monthly: a.Charges}.Raises(limit.Caps{Monthly: to.Charges})
}

// ownAccount checks that an account that is to take transfers is the partner's
// own, open, and in the currency in which applications have their limits.
func (o *Office) ownAccount(ctx context.Context, id account.ID, p *partner.Partner) error {
	acc, err := o.Accounts.Account(ctx, id)
	if err != nil {
		return missing(err, "account", fmt.Sprintf("There is no account %q.", id))
	}
	if p.Customer == "" || acc.Kind != account.Customer || acc.Customer != p.Customer || acc.Status != account.Open || acc.Currency() != money.PLN {
		return bank.RefuseField("account", fmt.Sprintf("The account %q must be an open one of the partner's own, in PLN.", id))
	}
	return nil
}

// reachable refuses addresses that the internet does not have: a real bank gives
// tokens to public addresses only (partner-api §2).
func (o *Office) reachable(a *partner.Application) error {
	if o.Environment != partner.Production {
		return nil
	}
	for _, p := range a.Addresses {
		if ip := p.Addr(); !ip.IsGlobalUnicast() || ip.IsPrivate() {
			return bank.RefuseField("addresses", fmt.Sprintf("%s is not public: partners' servers call from the internet.", p))
		}
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
		// Whoever approves the status approves what stands registered.
		lines: replaced(fmt.Sprintf("Change %s from %s to %s.", a.Name, a.Status, to), nil, applicationFacts(&a)),
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
	if c.KeepMinutes < 0 || c.KeepMinutes > int(maxKeep/time.Minute) {
		return nil, bank.RefuseField("keep", "Older secrets are kept for 0 minutes to 7 days.")
	}
	keep := time.Duration(c.KeepMinutes) * time.Minute
	return &act{
		name: "application.secret", subject: "application:" + string(a.ID),
		lines: []string{fmt.Sprintf("Give %s a new secret; the others end in %d minutes.", a.Name, c.KeepMinutes)},
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			secret, hash, err := o.NewSecret()
			if err != nil {
				return nil, err
			}
			at := o.now()
			r.After = "the others end at " + at.Add(keep).Format(time.RFC3339)
			if err := o.Partners.AddSecret(ctx, a.ID, hash, at, at.Add(keep), r); err != nil {
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
		lines: []string{"Look for the proof of " + a.Domain.Domain + ": " + proofPlace(a.Domain) + "."},
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

// proofPlace says where the proof of a domain must lie.
func proofPlace(d partner.DomainProof) string {
	if d.Method == partner.ByFile {
		return "a file https://" + d.Domain + ProofPath + " whose first line is " + orNone(d.Token)
	}
	return "a TXT record " + ProofLabel + d.Domain + " with the text " + ProofPrefix + orNone(d.Token)
}

package office

import (
	"context"
	"fmt"
	"time"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/party"
)

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

// ListPairings shows the pairings of a customer.
type ListPairings struct{ Customer string }

func (c *ListPairings) check(ctx context.Context, o *Office) (*act, error) {
	if _, err := o.Parties.Customer(ctx, party.CustomerID(c.Customer)); err != nil {
		return nil, err
	}
	list, err := o.Agreements.AgreementsOf(ctx, party.CustomerID(c.Customer))
	lines := make([]string, 0, len(list))
	for i := range list {
		g := &list[i]
		lines = append(lines, fmt.Sprintf("%s %-9s %-16s account_id %s, given %s", g.ID, g.Status, g.Application, g.AccountRef, g.GivenAt.Format(time.DateOnly)))
	}
	return &act{lines: lines}, err
}

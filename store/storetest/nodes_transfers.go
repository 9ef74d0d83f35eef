package storetest

import (
	"fmt"
	"testing"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/payment"
	"okienko/bank/xs2a"
)

func requestThroughNodes(t *testing.T, n *nodes) {
	all := n.all()
	const rounds = 10
	for round := range rounds {
		errs := together(9, func(i int) error {
			return all[i%3].s.FirstUse(t.Context(), theOrganisation, fmt.Sprint("id-", round), noon)
		})
		if got := tally(errs); got[""] != 1 || got[bank.RequestRepeated] != 8 {
			t.Errorf("round %d: %v", round, got)
		}
	}
	// Batches of nodes cross each other, and each id still passes once.
	errs := together(90, func(i int) error {
		return all[i%3].s.FirstUse(t.Context(), theOrganisation, fmt.Sprint("many-", i/3), noon)
	})
	if got := tally(errs); got[""] != 30 || got[bank.RequestRepeated] != 60 {
		t.Errorf("thirty ids on three nodes: %v", got)
	}
}

func transferThroughNodes(t *testing.T, n *nodes) {
	all := n.all()
	for round := range 4 {
		p := n.payer(fmt.Sprint("jan-", round), zl(100))
		o := order(p.gives(fmt.Sprint("r-", round), to(elixir(zl(30)))))
		first := 0
		for _, out := range together(9, func(i int) payment.Outcome {
			again := *o
			out, err := all[i%3].desk.Do(t.Context(), &again)
			if err != nil {
				t.Error(err)
			}
			return out
		}) {
			if !out.Repeat {
				first++
			}
		}
		if first != 1 {
			t.Errorf("round %d: made %d times", round, first)
		}
		n.stands(p.account, 10000, 3050)
	}
}

func withdrawnThroughNodes(t *testing.T, n *nodes) {
	p := n.payer("jan", zl(100))
	for round, by := range n.all() {
		id := fmt.Sprint("r-", round)
		c := p.gives(id, to(elixir(zl(1))))
		_, err := by.s.ChangeConsent(t.Context(), c.ID, nil, func(c *xs2a.Consent) ([]audit.Record, error) {
			c.Status, c.EndedAt = xs2a.Ended, noon
			return []audit.Record{{At: noon, Act: "consent.ended"}}, nil
		})
		must(t, err)
		for i, one := range n.all() {
			access, err := one.s.ConsentAccess(t.Context(), digest("access "+id))
			must(t, err)
			if access.Token.RevokedAt.IsZero() || access.Consent.Status != xs2a.Ended {
				t.Errorf("withdrawn on node %d, node %d finds %+v", round, i, access)
			}
			_, err = one.desk.Do(t.Context(), order(c))
			refusedAs(t, err, bank.AgreementEnded)
		}
	}
	n.stands(p.account, 10000, 0)
}

package payment_test

import (
	"fmt"

	"pgregory.net/rapid"

	"okienko/bank/audit"
	"okienko/bank/desk/memory"
	"okienko/bank/payment"
	"okienko/bank/rail"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// consents are what third parties may order in a twin: enough of them that orders
// of one consent meet.
func (w *twin) consents(b *memory.Book) []xs2a.Consent {
	openForThirdParties(b.PutAccount)
	today := day(startOfTest[:10])
	tomorrow := today.AddDays(1).String()
	var list []xs2a.Consent
	for n, orders := range [][]*transfer.Instruction{
		{elixir("20.00")}, {elixir("30.00")}, {split(elixir("40.00"), "9.00")}, {inside("15.00")}, {sepa("200.00")}, {sepa("300.00")},
		{dated(elixir("25.00"), tomorrow)}, {dated(inside("25.00"), tomorrow)}, {monthly(elixir("5.00"), tomorrow, "")},
		{monthly(inside("5.00"), today.String(), "2026-03-20")}, {elixir("3.00"), inside("4.00")}, {dated(elixir("3.00"), tomorrow), split(inside("4.00"), "1.00")},
	} {
		c := consentTo(fmt.Sprintf("c%d", n), len(orders) > 1, orders...)
		c.Grants = append(c.Grants, xs2a.Grant{Right: xs2a.CancelPayment})
		b.PutConsent(c)
		list = append(list, c)
	}
	return list
}

// ordered draws what third parties, the workers and the customer do with
// transfers.
func (w *twin) ordered(r *rapid.T) payment.Order {
	id, standing, bundle := transfer.ID("none"), transfer.StandingID("none"), transfer.BundleID("none")
	if len(w.transfers) > 0 {
		id = rapid.SampledFrom(w.transfers).Draw(r, "transfer")
	}
	if len(w.standings) > 0 {
		standing = rapid.SampledFrom(w.standings).Draw(r, "standing order")
	}
	if len(w.bundles) > 0 {
		bundle = rapid.SampledFrom(w.bundles).Draw(r, "bundle")
	}
	by := audit.Actor{Kind: audit.Customer, ID: string(annaHerself)}
	switch rapid.IntRange(0, 9).Draw(r, "act") {
	case 0, 1, 2, 3:
		c := rapid.SampledFrom(w.given).Draw(r, "consent")
		return initiation(&c, fmt.Sprintf("t%d", rapid.IntRange(0, 30).Draw(r, "tpp id")))
	case 4:
		return &payment.RunTransfer{Transfer: id}
	case 5:
		return &payment.RunStanding{Standing: standing}
	case 6:
		v := rail.Verdict{Outcome: rapid.SampledFrom([]rail.Outcome{rail.Settled, rail.Settled, rail.Refused, rail.Unknown}).Draw(r, "outcome"), Reason: "no"}
		if v.Outcome == rail.Settled && rapid.Bool().Draw(r, "comes back") {
			v.ReturnAt, v.ReturnReason = w.now, "AC04"
		}
		return &payment.Settle{Transfer: id, Verdict: v}
	case 7:
		return &payment.ReturnFunds{Transfer: id, Reason: "AC04"}
	case 8:
		return &payment.Revoke{By: by, Customer: anna, Transfer: id}
	}
	if rapid.Bool().Draw(r, "a bundle") {
		return &payment.Revoke{By: by, Customer: anna, Bundle: bundle}
	}
	return &payment.Revoke{By: by, Customer: anna, Standing: standing}
}

// note keeps the ids of what a batch made.
func (w *twin) note(c *payment.Changes) {
	for _, tr := range c.NewTransfers {
		w.transfers = append(w.transfers, tr.ID)
	}
	for _, s := range c.NewStandings {
		w.standings = append(w.standings, s.ID)
	}
	for _, b := range c.NewBundles {
		w.bundles = append(w.bundles, b.ID)
	}
}

func countTransfers(seen map[string]int, first, second *payment.Changes) {
	seen["consent"] += len(first.Consents) * len(second.Consents)
	shared(seen, "transfer", first.NewTransfers, second.Transfers, func(t *transfer.Transfer) any { return t.ID })
	shared(seen, "standing order", first.NewStandings, second.Standings, func(s *transfer.Standing) any { return s.ID })
	seen["submission"] += len(first.Submissions) * len(second.Submissions)
	seen["bundle"] += len(first.NewBundles)
}

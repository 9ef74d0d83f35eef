package memory

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"okienko/bank/payment"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// loadTransfers copies out what is needed of third parties' orders.
func (b *Book) loadTransfers(n *payment.Needs, into *payment.State) {
	for _, id := range n.Consents {
		into.Consents[id] = load(b.consents, id, copyConsent)
	}
	for _, id := range n.Transfers {
		into.Transfers[id] = load(b.transfers, id, same)
	}
	for _, id := range n.Bundles {
		into.Bundles[id] = load(b.bundles, id, copyBundle)
	}
	for _, id := range n.Standings {
		into.Standings[id] = load(b.standings, id, same)
	}
	for _, k := range n.Submissions {
		into.Submissions[k] = load(b.submissions, k, same)
	}
}

// keepTransfers applies changes that were judged.
func (b *Book) keepTransfers(c *payment.Changes) {
	for _, x := range c.Consents {
		b.consents[x.ID] = copyConsent(*x)
	}
	for _, list := range [...][]*transfer.Transfer{c.NewTransfers, c.Transfers} {
		for _, tr := range list {
			b.transfers[tr.ID] = *tr
		}
	}
	for i := range c.TransferEvents {
		e := c.TransferEvents[i]
		b.transferEvents[e.Transfer] = append(b.transferEvents[e.Transfer], e)
	}
	for _, x := range c.NewBundles {
		b.bundles[x.ID] = copyBundle(*x)
	}
	for _, list := range [...][]*transfer.Standing{c.NewStandings, c.Standings} {
		for _, s := range list {
			b.standings[s.ID] = *s
		}
	}
	for _, s := range c.Submissions {
		b.submissions[s.Key] = *s
	}
}

// copyConsent detaches what an order may change; what the consent is about never
// changes.
func copyConsent(c xs2a.Consent) xs2a.Consent {
	c.Grants, c.Accounts = slices.Clone(c.Grants), slices.Clone(c.Accounts)
	return c
}

func copyBundle(x transfer.Bundle) transfer.Bundle {
	x.Transfers = slices.Clone(x.Transfers)
	return x
}

// PutConsent keeps a third party's consent, new or changed.
func (b *Book) PutConsent(c xs2a.Consent) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.consents[c.ID] = copyConsent(c)
}

// ChangeConsent lets change edit a consent that exists.
func (b *Book) ChangeConsent(id xs2a.ID, change func(*xs2a.Consent)) {
	edit(b, b.consents, id, func(c *xs2a.Consent) {
		*c = copyConsent(*c)
		change(c)
	})
}

// Consent finds a third party's consent.
func (b *Book) Consent(_ context.Context, id xs2a.ID) (xs2a.Consent, error) {
	return one(b, b.consents, id, copyConsent)
}

// Transfer finds a transfer.
func (b *Book) Transfer(_ context.Context, id transfer.ID) (transfer.Transfer, error) {
	return one(b, b.transfers, id, same)
}

// Bundle finds a bundle.
func (b *Book) Bundle(_ context.Context, id transfer.BundleID) (transfer.Bundle, error) {
	return one(b, b.bundles, id, copyBundle)
}

// Standing finds a standing order.
func (b *Book) Standing(_ context.Context, id transfer.StandingID) (transfer.Standing, error) {
	return one(b, b.standings, id, same)
}

// TransferIDs lists the ids of every transfer, in order.
func (b *Book) TransferIDs() []transfer.ID {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Sorted(maps.Keys(b.transfers))
}

// TransferEvents lists the events of a transfer, in order.
func (b *Book) TransferEvents(id transfer.ID) []transfer.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.transferEvents[id])
}

// DueTransfers lists transfers whose time has come, the earliest first.
func (b *Book) DueTransfers(_ context.Context, now time.Time, n int) ([]transfer.Transfer, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var due []transfer.Transfer
	for _, tr := range b.transfers {
		if !tr.Due.IsZero() && !now.Before(tr.Due) {
			due = append(due, tr)
		}
	}
	slices.SortFunc(due, func(x, y transfer.Transfer) int { return cmp.Or(x.Due.Compare(y.Due), cmp.Compare(x.ID, y.ID)) })
	return due[:min(n, len(due))], nil
}

// DueStandings lists standing orders with a payment to make, the earliest first.
func (b *Book) DueStandings(_ context.Context, now time.Time, n int) ([]transfer.StandingID, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var due []transfer.StandingID
	for id := range b.standings {
		if at := b.standings[id].Due; !at.IsZero() && !now.Before(at) {
			due = append(due, id)
		}
	}
	slices.SortFunc(due, func(x, y transfer.StandingID) int {
		return cmp.Or(b.standings[x].Due.Compare(b.standings[y].Due), cmp.Compare(x, y))
	})
	return due[:min(n, len(due))], nil
}

// NextTransferDue is the earliest instant at which either list will not be empty.
func (b *Book) NextTransferDue(context.Context) (at time.Time, ok bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	sooner := func(t time.Time) {
		if !t.IsZero() && (!ok || t.Before(at)) {
			at, ok = t, true
		}
	}
	for id := range b.transfers {
		sooner(b.transfers[id].Due)
	}
	for id := range b.standings {
		sooner(b.standings[id].Due)
	}
	return at, ok, nil
}

var _ transfer.Due = (*Book)(nil)

package memory

import (
	"fmt"

	"okienko/bank/account"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/payment"
	"okienko/bank/rail"
	"okienko/bank/transfer"
)

// setAside tells by how much the batch changes what waiting transfers set aside.
func (b *Book) setAside(c *payment.Changes, move func(account.ID, int64)) {
	for _, tr := range c.Transfers {
		was := b.transfers[tr.ID]
		reserved(&was, func(id account.ID, minor int64) { move(id, -minor) })
	}
	for _, list := range [...][]*transfer.Transfer{c.NewTransfers, c.Transfers} {
		for _, tr := range list {
			reserved(tr, move)
		}
	}
}

// reserved tells what a transfer sets aside, and where.
func reserved(tr *transfer.Transfer, on func(account.ID, int64)) {
	if !tr.Reserved {
		return
	}
	on(tr.Account, tr.Order.Amount.Minor()+tr.Fee.Minor()-tr.FromVAT.Minor())
	if !tr.FromVAT.IsZero() {
		on(tr.VAT, tr.FromVAT.Minor())
	}
}

// countTransfers adds what the batch's transfers took from the limits and gave
// back, and returns how to tell their entries.
func (b *Book) countTransfers(c *payment.Changes, moved map[limit.Key]int64) func(*ledger.Entry) bool {
	met := map[transfer.ID]*transfer.Transfer{}
	for _, tr := range c.NewTransfers {
		met[tr.ID] = tr
		countTransfer(moved, tr, tr.Delta)
	}
	for _, tr := range c.Transfers {
		met[tr.ID] = tr
	}
	for i := range c.TransferEvents {
		if tr := met[c.TransferEvents[i].Transfer]; tr != nil {
			countTransfer(moved, tr, c.TransferEvents[i].Delta)
		}
	}
	return func(e *ledger.Entry) bool { return met[transfer.ID(e.Payment)] != nil }
}

func countTransfer(used map[limit.Key]int64, tr *transfer.Transfer, d limit.Delta) {
	s := limit.OneOffOf(string(tr.Customer))
	if tr.Standing != "" {
		s = limit.RecurringOf(string(tr.Customer))
	}
	if c := tr.Order.Amount.Currency(); c != money.PLN {
		s += limit.Subject(":" + string(c))
	}
	if !d.InDay.IsZero() {
		used[limit.Key{Subject: s, Period: d.Day}] += d.InDay.Minor()
	}
	if !d.InMonth.IsZero() {
		used[limit.Key{Subject: s, Period: d.Month}] += d.InMonth.Minor()
	}
}

// judgeTransfers checks that a transfer only moves forward, says what its last
// event says, and moves exactly its money exactly when it is done or returned.
func (b *Book) judgeTransfers(c *payment.Changes) error {
	said := map[transfer.ID][]transfer.Event{}
	for i := range c.TransferEvents {
		e := c.TransferEvents[i]
		said[e.Transfer] = append(said[e.Transfer], e)
	}
	judge := func(tr *transfer.Transfer, fresh bool) error {
		was, known := b.transfers[tr.ID]
		if known == fresh {
			return fmt.Errorf("transfer %s: new is %t, known is %t", tr.ID, fresh, known)
		}
		if known && lasting(&was) != lasting(tr) {
			return fmt.Errorf("transfer %s changed what never changes", tr.ID)
		}
		events := append(append([]transfer.Event{}, b.transferEvents[tr.ID]...), said[tr.ID]...)
		delete(said, tr.ID)
		if err := transferStory(tr, events); err != nil {
			return err
		}
		return moves(tr, tr.Status == transfer.Done && was.Status != transfer.Done, !tr.Returned.Equal(was.Returned), c.Entries)
	}
	for _, tr := range c.NewTransfers {
		if err := judge(tr, true); err != nil {
			return err
		}
	}
	for _, tr := range c.Transfers {
		if err := judge(tr, false); err != nil {
			return err
		}
	}
	for id := range said {
		return fmt.Errorf("an event of transfer %s, which the batch does not change", id)
	}
	return nil
}

// lasting is the text of what the life of a transfer does not change.
func lasting(tr *transfer.Transfer) string {
	return fmt.Sprint(tr.Consent, tr.Client, tr.TPPID, tr.Bundle, tr.Standing, tr.Number, tr.Customer, tr.Account, tr.VAT, tr.Payee,
		tr.Order.Content(), tr.System, tr.Fee, tr.CreatedAt.UnixMicro(), tr.Delta)
}

// transferStory checks a transfer against all its events.
func transferStory(tr *transfer.Transfer, events []transfer.Event) error {
	if len(events) == 0 || len(events) != tr.Events {
		return fmt.Errorf("transfer %s has %d events and says %d", tr.ID, len(events), tr.Events)
	}
	rank := map[transfer.Status]int{transfer.Scheduled: 1, transfer.Pending: 2, transfer.Done: 3, transfer.Rejected: 3, transfer.Cancelled: 3}
	for i, e := range events {
		if e.Seq != i+1 || rank[e.Status] == 0 {
			return fmt.Errorf("transfer %s: event %d is %s with number %d", tr.ID, i+1, e.Status, e.Seq)
		}
		if i == 0 {
			continue
		}
		was := events[i-1]
		comesBack := was.Status == transfer.Done && e.Status == transfer.Done && e.Returned && !was.Returned
		if rank[e.Status] <= rank[was.Status] && !comesBack {
			return fmt.Errorf("transfer %s: %s after it was %s", tr.ID, e.Status, was.Status)
		}
	}
	last := events[len(events)-1]
	waits := tr.Status == transfer.Pending || tr.Status == transfer.Scheduled
	switch {
	case tr.Status != last.Status || tr.Reason != last.Reason || tr.Detail != last.Detail || tr.Returned.IsZero() == last.Returned:
		return fmt.Errorf("transfer %s is not what its last event says", tr.ID)
	case tr.Status.Final() == tr.EndedAt.IsZero():
		return fmt.Errorf("transfer %s is %s and ended at %v", tr.ID, tr.Status, tr.EndedAt)
	case tr.Reserved != (tr.Status == transfer.Pending):
		return fmt.Errorf("transfer %s is %s and its money is set aside: %t", tr.ID, tr.Status, tr.Reserved)
	case waits && tr.Due.IsZero(), tr.Status != transfer.Done && !waits && !tr.Due.IsZero():
		return fmt.Errorf("transfer %s is %s and due at %v", tr.ID, tr.Status, tr.Due)
	case !tr.Order.Amount.IsPositive() || tr.Fee.IsNegative() || tr.FromVAT.IsNegative() || tr.FromVAT.MoreThan(tr.Order.Amount):
		return fmt.Errorf("transfer %s of %v, fee %v, of the VAT account %v", tr.ID, tr.Order.Amount, tr.Fee, tr.FromVAT)
	case (tr.Status == transfer.Rejected) != (tr.Reason != "") && tr.Returned.IsZero():
		return fmt.Errorf("transfer %s is %s for the reason %q", tr.ID, tr.Status, tr.Reason)
	}
	return nil
}

// moves checks the entries of a transfer, account by account.
func moves(tr *transfer.Transfer, done, returned bool, entries []*ledger.Entry) error {
	want := map[account.ID]int64{}
	amount, vat, fee := tr.Order.Amount.Minor(), tr.FromVAT.Minor(), tr.Fee.Minor()
	to := rail.Clearing(tr.System, tr.Order.Amount.Currency())
	if tr.System == transfer.Internal {
		to = tr.Payee
	}
	move := func(by int64) {
		want[tr.Account] -= by * (amount - vat)
		want[tr.VAT] -= by * vat
		want[to] += by * amount
	}
	if done {
		move(1)
		want[tr.Account] -= fee
		want[rail.FeeIncome(tr.Order.Amount.Currency())] += fee
	}
	if returned {
		move(-1)
	}
	for _, e := range entries {
		if e.Payment != string(tr.ID) {
			continue
		}
		if (e.Kind == ledger.Return) && !returned || e.Kind != ledger.Return && !done {
			return fmt.Errorf("transfer %s is %s and moves money as %s", tr.ID, tr.Status, e.Kind)
		}
		for _, p := range e.Postings {
			want[p.Account] -= p.Amount.Minor()
		}
	}
	for id, missing := range want {
		if missing != 0 {
			return fmt.Errorf("transfer %s moved %d too little on account %s", tr.ID, missing, id)
		}
	}
	return nil
}

// judgeOrdered checks what transfers belong to: bundles, standing orders, and the
// third parties' own ids.
func (b *Book) judgeOrdered(c *payment.Changes) error {
	transfers, bundles, standings := map[transfer.ID]transfer.BundleID{}, map[transfer.BundleID]bool{}, map[transfer.StandingID]bool{}
	for _, tr := range c.NewTransfers {
		transfers[tr.ID] = tr.Bundle
	}
	for _, x := range c.NewBundles {
		if _, known := b.bundles[x.ID]; known || len(x.Transfers) == 0 {
			return fmt.Errorf("bundle %s was known, or is empty", x.ID)
		}
		for _, id := range x.Transfers {
			if transfers[id] != x.ID {
				return fmt.Errorf("bundle %s names transfer %s, which is not its own", x.ID, id)
			}
		}
		bundles[x.ID] = true
	}
	for _, s := range c.NewStandings {
		if _, known := b.standings[s.ID]; known {
			return fmt.Errorf("standing order %s was known", s.ID)
		}
		standings[s.ID] = true
	}
	for _, list := range [...][]*transfer.Standing{c.NewStandings, c.Standings} {
		for _, s := range list {
			was := b.standings[s.ID]
			over := s.Status == transfer.StandingCancelled || s.Status == transfer.StandingClosed
			if !standings[s.ID] && was.Due.IsZero() || s.Made < was.Made || over != s.Due.IsZero() || over != s.Next.IsZero() || over == s.EndedAt.IsZero() {
				return fmt.Errorf("standing order %s went from %+v to %+v", s.ID, was, *s)
			}
		}
	}
	seen := map[transfer.SubmissionKey]bool{}
	for _, s := range c.Submissions {
		_, known := b.submissions[s.Key]
		_, made := transfers[s.Transfer]
		if known || seen[s.Key] || made == (bundles[s.Bundle] || standings[s.Standing]) || bundles[s.Bundle] && standings[s.Standing] {
			return fmt.Errorf("submission %v was known, or names nothing or two things that the batch made", s.Key)
		}
		seen[s.Key] = true
	}
	return nil
}

// judgeConsents checks that a payment consent makes one thing, and that what is
// spent stays so.
func (b *Book) judgeConsents(c *payment.Changes) error {
	for _, x := range c.Consents {
		was, known := b.consents[x.ID]
		if !known || was.Made != "" && was.Made != x.Made || len(was.Grants) != len(x.Grants) {
			return fmt.Errorf("consent %s is known: %t; it made %q, and now %q", x.ID, known, was.Made, x.Made)
		}
		for i, g := range was.Grants {
			if now := x.Grants[i]; now.Right != g.Right || g.Spent && !now.Spent || now.Spent && !g.Single {
				return fmt.Errorf("consent %s: the right %s went from %+v to %+v", x.ID, g.Right, g, now)
			}
		}
	}
	return nil
}

// checkTransfers re-adds transfers from their beginning.
func (b *Book) checkTransfers(held map[account.ID]int64) error {
	for id := range b.transfers {
		tr := b.transfers[id]
		if err := transferStory(&tr, b.transferEvents[id]); err != nil {
			return err
		}
		reserved(&tr, func(on account.ID, minor int64) { held[on] += minor })
		var of []*ledger.Entry
		for _, e := range b.entryOrder {
			if x := b.entries[e]; x.Payment == string(id) {
				of = append(of, &x)
			}
		}
		if err := moves(&tr, tr.Status == transfer.Done, !tr.Returned.IsZero(), of); err != nil {
			return err
		}
	}
	return nil
}

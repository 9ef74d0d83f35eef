package memory

import (
	"fmt"

	"okienko/bank/account"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/payment"
	"okienko/bank/sca"
)

// judge re-adds what a batch claims. Nothing is changed by it.
func (b *Book) judge(c *payment.Changes) error {
	for _, f := range [...]func(*payment.Changes) error{
		b.judgeHolds, b.judgePayments, b.judgeTransfers, b.judgeAuthorisations, b.judgeOperations,
		b.judgeAccounts, b.judgeCounters, b.judgeOrdered, b.judgeConsents, b.judgeRest,
	} {
		if err := f(c); err != nil {
			return err
		}
	}
	return nil
}

// judgeHolds checks that a hold begins by being placed, goes on without gaps,
// ends at most once and says what its last event says.
func (b *Book) judgeHolds(c *payment.Changes) error {
	said := map[ledger.HoldID][]ledger.HoldEvent{}
	for i := range c.HoldEvents {
		e := c.HoldEvents[i]
		said[e.Hold] = append(said[e.Hold], e)
	}
	judge := func(h *ledger.Hold, fresh bool) error {
		was, known := b.holds[h.ID]
		if known == fresh {
			return fmt.Errorf("hold %s: new is %t, known is %t", h.ID, fresh, known)
		}
		if known && was.Status != ledger.Active {
			return fmt.Errorf("hold %s ended as %s and changes again", h.ID, was.Status)
		}
		if known && (was.Account != h.Account || was.Agreement != h.Agreement || was.OperationID != h.OperationID || !was.CreatedAt.Equal(h.CreatedAt)) {
			return fmt.Errorf("hold %s changed what never changes", h.ID)
		}
		events := append(append([]ledger.HoldEvent{}, b.holdEvents[h.ID]...), said[h.ID]...)
		delete(said, h.ID)
		return holdStory(h, events)
	}
	for _, h := range c.NewHolds {
		if err := judge(h, true); err != nil {
			return err
		}
	}
	for _, h := range c.Holds {
		if err := judge(h, false); err != nil {
			return err
		}
	}
	for id := range said {
		return fmt.Errorf("an event of hold %s, which the batch does not change", id)
	}
	return nil
}

// holdStory checks a hold against all its events.
func holdStory(h *ledger.Hold, events []ledger.HoldEvent) error {
	if len(events) == 0 || events[0].Kind != ledger.EventPlaced || len(events) != h.Events {
		return fmt.Errorf("hold %s has %d events, says %d, and must begin by being placed", h.ID, len(events), h.Events)
	}
	status := ledger.Active
	for i, e := range events {
		if e.Seq != i+1 || (i > 0 && e.Kind == ledger.EventPlaced) {
			return fmt.Errorf("hold %s: event %d is %s with number %d", h.ID, i+1, e.Kind, e.Seq)
		}
		if status != ledger.Active {
			return fmt.Errorf("hold %s: %s after it ended as %s", h.ID, e.Kind, status)
		}
		if !e.Amount.IsPositive() {
			return fmt.Errorf("hold %s: an event with %v", h.ID, e.Amount)
		}
		switch e.Kind {
		case ledger.EventReleased:
			status = ledger.Released
		case ledger.EventCaptured:
			status = ledger.Captured
			if !e.Captured.IsPositive() || e.Captured.MoreThan(e.Amount) {
				return fmt.Errorf("hold %s of %v captured for %v", h.ID, e.Amount, e.Captured)
			}
		case ledger.EventExpired:
			status = ledger.Expired
			if e.At.Before(e.ValidTo) {
				return fmt.Errorf("hold %s expired before its time", h.ID)
			}
		}
	}
	last := events[len(events)-1]
	if h.Status != status || h.Amount != last.Amount || h.Title != last.Title || !h.ValidTo.Equal(last.ValidTo) || h.Captured != last.Captured {
		return fmt.Errorf("hold %s is not what its last event says", h.ID)
	}
	if (status == ledger.Active) != h.EndedAt.IsZero() {
		return fmt.Errorf("hold %s is %s and ended at %v", h.ID, status, h.EndedAt)
	}
	return nil
}

func (b *Book) judgePayments(c *payment.Changes) error {
	said := map[payment.ID]int{}
	for _, e := range c.PaymentEvents {
		said[e.Payment]++
		if want := len(b.paymentEvents[e.Payment]) + said[e.Payment]; e.Seq != want {
			return fmt.Errorf("payment %s: event %s has number %d, not %d", e.Payment, e.Kind, e.Seq, want)
		}
	}
	judge := func(p *payment.Payment, fresh bool) error {
		was, known := b.payments[p.ID]
		switch {
		case known == fresh:
			return fmt.Errorf("payment %s: new is %t, known is %t", p.ID, fresh, known)
		case known && was.Status != payment.Scheduled:
			return fmt.Errorf("payment %s ended as %s and changes again", p.ID, was.Status)
		case known && (was.Account != p.Account || was.Payee != p.Payee || was.Agreement != p.Agreement || was.Delta != p.Delta || was.OperationID != p.OperationID):
			return fmt.Errorf("payment %s changed what never changes", p.ID)
		case p.Events != len(b.paymentEvents[p.ID])+said[p.ID]:
			return fmt.Errorf("payment %s says it has %d events", p.ID, p.Events)
		case (p.Status == payment.Scheduled) != p.EndedAt.IsZero():
			return fmt.Errorf("payment %s is %s and ended at %v", p.ID, p.Status, p.EndedAt)
		case !p.Amount.IsPositive() || p.Account == p.Payee:
			return fmt.Errorf("payment %s of %v from %s to %s", p.ID, p.Amount, p.Account, p.Payee)
		}
		delete(said, p.ID)
		// Money moves exactly when a payment becomes executed.
		var moved []*ledger.Entry
		for _, e := range c.Entries {
			if e.Payment == string(p.ID) && e.Kind == ledger.Transfer {
				moved = append(moved, e)
			}
		}
		switch {
		case p.Status != payment.Executed && len(moved) == 0:
			return nil
		case p.Status == payment.Executed && len(moved) == 1:
			return paid(p, moved[0])
		}
		return fmt.Errorf("payment %s is %s with %d transfers", p.ID, p.Status, len(moved))
	}
	for _, p := range c.NewPayments {
		if err := judge(p, true); err != nil {
			return err
		}
	}
	for _, p := range c.Payments {
		if err := judge(p, false); err != nil {
			return err
		}
	}
	for id := range said {
		return fmt.Errorf("an event of payment %s, which the batch does not change", id)
	}
	return nil
}

// paid checks that an entry moves what its payment says.
func paid(p *payment.Payment, e *ledger.Entry) error {
	for _, post := range e.Postings {
		want := p.Amount
		if post.Account == p.Account {
			want, _ = p.Amount.Neg() // positive, so it has an opposite
		} else if post.Account != p.Payee {
			return fmt.Errorf("payment %s moved money of account %s", p.ID, post.Account)
		}
		if post.Amount != want {
			return fmt.Errorf("payment %s of %v moved %v", p.ID, p.Amount, post.Amount)
		}
	}
	return nil
}

func (b *Book) judgeAuthorisations(c *payment.Changes) error {
	waiting := map[payment.OperationKey]int{}
	judge := func(a *payment.Authorisation, fresh bool) error {
		was, known := b.authorisations[a.ID]
		switch {
		case known == fresh:
			return fmt.Errorf("authorisation %s: new is %t, known is %t", a.ID, fresh, known)
		case known && was.Status != payment.Waiting:
			return fmt.Errorf("authorisation %s ended as %s and changes again", a.ID, was.Status)
		case known && was.Binding() != a.Binding():
			return fmt.Errorf("authorisation %s changed what is confirmed", a.ID)
		}
		k := payment.OperationKey{Application: a.Application, ID: a.Draft.OperationID}
		if k.ID != "" {
			if a.Status == payment.Waiting {
				waiting[k]++
			}
			if known && b.waiting[k] == a.ID {
				waiting[k]--
			}
		}
		return nil
	}
	for _, a := range c.NewAuthorisations {
		if err := judge(a, true); err != nil {
			return err
		}
	}
	for _, a := range c.Authorisations {
		if err := judge(a, false); err != nil {
			return err
		}
	}
	for k, n := range waiting {
		if b.waiting[k] != "" {
			n++
		}
		if n > 1 {
			return fmt.Errorf("operation %v waits %d times", k, n)
		}
	}
	return nil
}

func (b *Book) judgeOperations(c *payment.Changes) error {
	seen := map[payment.OperationKey]struct{}{}
	for _, o := range c.Operations {
		_, known := b.operations[o.Key]
		_, twice := seen[o.Key]
		seen[o.Key] = struct{}{}
		switch {
		case known || twice:
			return fmt.Errorf("operation %v was done twice", o.Key)
		case (o.Hold == nil) == (o.Payment == nil):
			return fmt.Errorf("operation %v has no answer, or two", o.Key)
		}
	}
	return nil
}

// judgeAccounts re-adds balances from the entries and holds of the batch.
func (b *Book) judgeAccounts(c *payment.Changes) error {
	type claim struct{ booked, held, seq int64 }
	moved := map[account.ID]*claim{}
	of := func(id account.ID) *claim {
		if moved[id] == nil {
			a := b.accounts[id]
			moved[id] = &claim{a.Booked.Minor(), a.Held.Minor(), a.Seq}
		}
		return moved[id]
	}
	seen := map[ledger.EntryID]struct{}{}
	for _, e := range c.Entries {
		_, twice := seen[e.ID]
		if _, known := b.entries[e.ID]; known || twice {
			return fmt.Errorf("entry %s exists already", e.ID)
		}
		seen[e.ID] = struct{}{}
		var sum int64
		for _, p := range e.Postings {
			n := of(p.Account)
			n.booked, n.seq, sum = n.booked+p.Amount.Minor(), n.seq+1, sum+p.Amount.Minor()
			if p.After.Minor() != n.booked || p.Seq != n.seq || p.Amount.Currency() != b.accounts[p.Account].Booked.Currency() {
				return fmt.Errorf("entry %s: posting of %v on %s says %v after and number %d", e.ID, p.Amount, p.Account, p.After, p.Seq)
			}
		}
		if sum != 0 || len(e.Postings) < 2 {
			return fmt.Errorf("entry %s is off by %d", e.ID, sum)
		}
	}
	for _, h := range c.Holds {
		if was := b.holds[h.ID]; was.Status == ledger.Active {
			of(h.Account).held -= was.Amount.Minor()
		}
	}
	for _, list := range [...][]*ledger.Hold{c.NewHolds, c.Holds} {
		for _, h := range list {
			if h.Status == ledger.Active {
				of(h.Account).held += h.Amount.Minor()
			}
		}
	}
	b.setAside(c, func(id account.ID, minor int64) { of(id).held += minor })
	for _, a := range c.Accounts {
		was, known := b.accounts[a.ID]
		if !known {
			return fmt.Errorf("account %s does not exist", a.ID)
		}
		n := of(a.ID)
		if a.Booked.Minor() != n.booked || a.Held.Minor() != n.held || a.Seq != n.seq {
			return fmt.Errorf("account %s says booked %v held %v number %d; re-added: %d, %d, %d", a.ID, a.Booked, a.Held, a.Seq, n.booked, n.held, n.seq)
		}
		delete(moved, a.ID)
		free := n.booked - n.held + was.Overdraft.Minor()
		before := was.Booked.Minor() - was.Held.Minor() + was.Overdraft.Minor()
		if a.Kind == account.Customer && free < 0 && free < before {
			return fmt.Errorf("account %s has %d available", a.ID, free)
		}
	}
	for id, n := range moved {
		if a := b.accounts[id]; n.booked != a.Booked.Minor() || n.held != a.Held.Minor() || n.seq != a.Seq {
			return fmt.Errorf("account %s moved and is not among the changes", id)
		}
	}
	return nil
}

// judgeCounters re-adds how much of each limit is used.
func (b *Book) judgeCounters(c *payment.Changes) error {
	moved := map[limit.Key]int64{}
	take := func(agreement consent.ID, d limit.Delta) {
		for _, s := range [...]limit.Subject{limit.OfAgreement(string(agreement)), limit.OneOffOf(string(b.agreements[agreement].Customer))} {
			moved[limit.Key{Subject: s, Period: d.Day}] += d.InDay.Minor()
			moved[limit.Key{Subject: s, Period: d.Month}] += d.InMonth.Minor()
		}
	}
	holders, payers := map[ledger.HoldID]consent.ID{}, map[payment.ID]consent.ID{}
	for _, list := range [...][]*ledger.Hold{c.NewHolds, c.Holds} {
		for _, h := range list {
			holders[h.ID] = h.Agreement
		}
	}
	for _, p := range c.NewPayments {
		payers[p.ID] = p.Agreement
		take(p.Agreement, p.Delta)
	}
	for _, p := range c.Payments {
		payers[p.ID] = p.Agreement
	}
	for i := range c.HoldEvents {
		take(holders[c.HoldEvents[i].Hold], c.HoldEvents[i].Delta)
	}
	for i := range c.PaymentEvents {
		take(payers[c.PaymentEvents[i].Payment], c.PaymentEvents[i].Delta)
	}
	ofTransfer := b.countTransfers(c, moved)
	for _, e := range c.Entries {
		if e.Kind != ledger.Fee || ofTransfer(e) {
			continue
		}
		agreement := payers[payment.ID(e.Payment)]
		if e.Payment == "" {
			agreement = holders[e.Hold]
		}
		month := limit.MonthOf(e.At)
		for _, p := range e.Postings {
			if p.Account == account.FeeIncome {
				moved[limit.Key{Subject: limit.ChargesOf(string(agreement)), Period: month}] += p.Amount.Minor()
			}
		}
	}
	for _, n := range c.Counters {
		if want := b.counters[n.Key].Minor() + moved[n.Key]; n.Used.Minor() != want || want < 0 {
			return fmt.Errorf("counter %v says %v; re-added: %d", n.Key, n.Used, want)
		}
		delete(moved, n.Key)
	}
	for k, by := range moved {
		if by != 0 {
			return fmt.Errorf("counter %v moved by %d and is not among the changes", k, by)
		}
	}
	return nil
}

func (b *Book) judgeRest(c *payment.Changes) error {
	for _, a := range c.Grants {
		if _, known := b.agreements[a.ID]; !known {
			return fmt.Errorf("agreement %s does not exist", a.ID)
		}
		for _, g := range a.Grants {
			if g.Quota != consent.Unrestricted && (g.Left < 0 || g.Left > g.Quota) {
				return fmt.Errorf("agreement %s: %d of %d calls of %s left", a.ID, g.Left, g.Quota, g.Permission)
			}
		}
	}
	for _, ch := range c.Challenges {
		if was, known := b.challenges[ch.ID]; !known || was.Status != sca.Passed || ch.Status != sca.Spent {
			return fmt.Errorf("challenge %s went from %s to %s", ch.ID, was.Status, ch.Status)
		}
	}
	return nil
}

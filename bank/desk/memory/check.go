package memory

import (
	"fmt"

	"okienko/bank/account"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/payment"
	"okienko/bank/transfer"
)

// Check re-adds everything that the Book holds, from its beginning.
func (b *Book) Check() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	booked, held := map[account.ID]int64{}, map[account.ID]int64{}
	for id, a := range b.opening {
		booked[id] = a.Minor()
	}
	var all, opened int64
	for _, a := range b.opening {
		opened += a.Minor()
	}
	for _, id := range b.entryOrder {
		for _, p := range b.entries[id].Postings {
			booked[p.Account] += p.Amount.Minor()
		}
	}
	for id := range b.holds {
		h := b.holds[id]
		if err := holdStory(&h, b.holdEvents[id]); err != nil {
			return err
		}
		if _, active := b.active[id]; active != (h.Status == ledger.Active) {
			return fmt.Errorf("hold %s is %s and indexed as active: %t", id, h.Status, active)
		}
		if h.Status == ledger.Active {
			held[h.Account] += h.Amount.Minor()
		}
	}
	if err := b.checkTransfers(held); err != nil {
		return err
	}
	for id, a := range b.accounts {
		all += a.Booked.Minor()
		if a.Booked.Minor() != booked[id] || a.Held.Minor() != held[id] {
			return fmt.Errorf("account %s says booked %v held %v; re-added: %d and %d", id, a.Booked, a.Held, booked[id], held[id])
		}
	}
	if all != opened {
		return fmt.Errorf("the bank was opened with %d and holds %d", opened, all)
	}
	return b.checkCounters()
}

// checkCounters re-adds every counter from the deltas of all acts.
func (b *Book) checkCounters() error {
	used := map[limit.Key]int64{}
	take := func(agreement consent.ID, d limit.Delta) {
		for _, s := range [...]limit.Subject{limit.OfAgreement(string(agreement)), limit.OneOffOf(string(b.agreements[agreement].Customer))} {
			used[limit.Key{Subject: s, Period: d.Day}] += d.InDay.Minor()
			used[limit.Key{Subject: s, Period: d.Month}] += d.InMonth.Minor()
		}
	}
	for id, events := range b.holdEvents {
		for i := range events {
			take(b.holds[id].Agreement, events[i].Delta)
		}
	}
	for _, p := range b.payments {
		take(p.Agreement, p.Delta)
	}
	for id, events := range b.paymentEvents {
		for i := range events {
			take(b.payments[id].Agreement, events[i].Delta)
		}
	}
	for id := range b.transfers {
		tr := b.transfers[id]
		countTransfer(used, &tr, tr.Delta)
		for i := range b.transferEvents[id] {
			countTransfer(used, &tr, b.transferEvents[id][i].Delta)
		}
	}
	for _, e := range b.entries {
		if _, ordered := b.transfers[transfer.ID(e.Payment)]; e.Kind != ledger.Fee || ordered {
			continue
		}
		agreement := b.payments[payment.ID(e.Payment)].Agreement
		if e.Payment == "" {
			agreement = b.holds[e.Hold].Agreement
		}
		for _, p := range e.Postings {
			if p.Account == account.FeeIncome {
				used[limit.Key{Subject: limit.ChargesOf(string(agreement)), Period: limit.MonthOf(e.At)}] += p.Amount.Minor()
			}
		}
	}
	for k, n := range used {
		if b.counters[k].Minor() != n {
			return fmt.Errorf("counter %v says %v; re-added: %d", k, b.counters[k], n)
		}
	}
	for k, n := range b.counters {
		if used[k] != n.Minor() || n.IsNegative() {
			return fmt.Errorf("counter %v says %v; re-added: %d", k, n, used[k])
		}
	}
	return nil
}

package payment_test

import (
	"context"
	"testing"

	"pgregory.net/rapid"

	"okienko/bank/account"
	"okienko/bank/calendar"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/payment"
	"okienko/bank/transfer"
)

// Whatever third parties, partners, workers and the customer do in whatever order:
// balances are their postings and what is held is held for something (the book
// re-adds both), no status goes back, no limit is passed, and what was rejected or
// cancelled is given back.
func TestTransfersAddUp(t *testing.T) {
	ends := map[transfer.Status]int{}
	returned, fromVAT := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		w := newTwin(r)
		caps := limit.OfCustomer{
			OneOff:    limit.Caps{Daily: capAt("220.00"), Monthly: capAt("400.00")},
			Recurring: limit.Caps{Daily: capAt("9.00"), Monthly: capAt("14.00")},
		}
		w.new.PutCustomerLimits(anna, caps)
		was := map[transfer.ID]transfer.Status{}
		for range rapid.IntRange(4, 10).Draw(r, "batches") {
			w.batch("orders", 18)
			w.settleSome()
			w.confirmations()
			if err := w.new.Check(); err != nil {
				r.Fatal(err)
			}
			w.heldForSomething()
			w.limitsHold(limit.OneOffOf(string(anna)), caps.OneOff, false)
			w.limitsHold(limit.RecurringOf(string(anna)), caps.Recurring, true)
			for _, id := range w.new.TransferIDs() {
				tr, _ := w.new.Transfer(context.Background(), id)
				if goesBack(was[id], tr.Status) {
					r.Fatalf("transfer %s went from %s to %s", id, was[id], tr.Status)
				}
				was[id] = tr.Status
			}
			w.pass()
		}
		for _, id := range w.new.TransferIDs() {
			tr, _ := w.new.Transfer(context.Background(), id)
			ends[tr.Status]++
			if !tr.Returned.IsZero() {
				returned++
			}
			if tr.FromVAT.IsPositive() {
				fromVAT++
			}
		}
	})
	for _, s := range []transfer.Status{transfer.Pending, transfer.Scheduled, transfer.Done, transfer.Rejected, transfer.Cancelled} {
		if ends[s] == 0 {
			t.Errorf("no transfer was %s: this test looks at less than it says (%v)", s, ends)
		}
	}
	if returned == 0 || fromVAT == 0 {
		t.Errorf("%d returned, %d from a VAT account", returned, fromVAT)
	}
}

// settleSome does what the worker does: what is due is run.
func (w *twin) settleSome() {
	due, err := w.new.DueTransfers(context.Background(), w.now, 5)
	if err != nil {
		w.Fatal(err)
	}
	var orders []payment.Order
	for i := range due {
		switch due[i].Status {
		case transfer.Scheduled:
			orders = append(orders, &payment.RunTransfer{Transfer: due[i].ID})
		case transfer.Pending:
			orders = append(orders, rapid.SampledFrom([]payment.Order{settle(due[i].ID), settle(due[i].ID), refuse(due[i].ID, "no")}).Draw(w.T, "verdict"))
		default:
			orders = append(orders, &payment.ReturnFunds{Transfer: due[i].ID})
		}
	}
	s := w.state(orders, func(n payment.Needs, into *payment.State) { w.load(w.new, n, into) })
	results, c := payment.Decide(s, w.now, &w.ids, orders)
	for i, r := range results {
		if r.Err != nil {
			w.Fatalf("%T of what is due: %v", orders[i], r.Err)
		}
	}
	if !c.Empty() {
		w.keep(w.new, c)
	}
}

func goesBack(from, to transfer.Status) bool {
	rank := map[transfer.Status]int{transfer.Scheduled: 1, transfer.Pending: 2, transfer.Done: 3, transfer.Rejected: 4, transfer.Cancelled: 5}
	return rank[to] < rank[from] || (from.Final() && from != to)
}

// heldForSomething adds up holds and waiting transfers of each account.
func (w *twin) heldForSomething() {
	held := map[account.ID]int64{}
	for _, id := range w.holds {
		if h, err := w.new.Hold(context.Background(), id); err == nil && h.Status == ledger.Active {
			held[h.Account] += h.Amount.Minor()
		}
	}
	for _, id := range w.new.TransferIDs() {
		if tr, _ := w.new.Transfer(context.Background(), id); tr.Status == transfer.Pending {
			held[tr.Account] += tr.Order.Amount.Minor() + tr.Fee.Minor() - tr.FromVAT.Minor()
			held[vat] += tr.FromVAT.Minor()
		}
	}
	for _, id := range w.new.Accounts() {
		if a, _ := w.new.Account(context.Background(), id); a.Held.Minor() != held[id] {
			w.Fatalf("account %s holds %v; for %d", id, a.Held, held[id])
		}
	}
}

// limitsHold adds up what stands of the orders of this day and month, and looks at
// the caps.
func (w *twin) limitsHold(s limit.Subject, caps limit.Caps, recurring bool) {
	today, month := calendar.DateOf(w.now), calendar.MonthOf(w.now)
	for _, c := range []money.Currency{money.PLN, money.EUR} {
		var inDay, inMonth int64
		for _, id := range w.new.TransferIDs() {
			tr, _ := w.new.Transfer(context.Background(), id)
			if tr.Order.Amount.Currency() != c || (tr.Standing != "") != recurring || tr.Status == transfer.Rejected || tr.Status == transfer.Cancelled {
				continue
			}
			if calendar.DateOf(tr.CreatedAt) == today {
				inDay += tr.Order.Amount.Minor()
			}
			if calendar.MonthOf(tr.CreatedAt) == month {
				inMonth += tr.Order.Amount.Minor()
			}
		}
		used := func(s limit.Subject, p limit.Period) int64 {
			got, _ := w.new.Counters(context.Background(), []limit.Key{{Subject: s, Period: p}})
			return got[limit.Key{Subject: s, Period: p}].Minor()
		}
		day, whole := limit.DayOf(w.now), limit.MonthOf(w.now)
		if c == money.PLN && !recurring { // pairings are counted here too
			for _, g := range []limit.Subject{limit.OfAgreement(string(annaShop)), limit.OfAgreement(string(annaTaxi))} {
				inDay, inMonth = inDay+used(g, day), inMonth+used(g, whole)
			}
		}
		of := limit.CountedIn(s, c)
		if used(of, day) != inDay || used(of, whole) != inMonth {
			w.Fatalf("%s has used %d and %d; what stands is %d and %d", of, used(of, day), used(of, whole), inDay, inMonth)
		}
		if inDay > caps.Daily.Amount.Minor() || inMonth > caps.Monthly.Amount.Minor() {
			w.Fatalf("%s: %d and %d pass %v and %v", of, inDay, inMonth, caps.Daily.Amount, caps.Monthly.Amount)
		}
	}
}

package store

import (
	"time"

	"okienko/bank/account"
	"okienko/bank/consent"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/payment"
)

// known is what the desk has read and left of the rows that batch after batch
// needs: who pays, under which agreement, and how much of the limits is used.
// Reading them again would take a quarter of the time of a batch.
//
// It is exact, never merely fresh. A batch puts in what it leaves; every act
// that could change any of it, in whatever process, and every batch of another
// node empties it before the next batch, and so does a batch that fails: SQLite
// tells by the version of the file, PostgreSQL by the count of desk_epoch. So
// it holds what reading would give, and a withdrawal still stops the very next
// order (docs/decisions/0012-what-the-desk-left.md and 0013).
//
// Values in it are shared with the states of batches and never changed in
// place: package payment changes copies.
type known struct {
	agreements     map[consent.ID]*consent.Agreement
	applications   map[consent.ClientID]*partner.Application
	customers      map[party.CustomerID]*party.Customer
	customerLimits map[party.CustomerID]*limit.OfCustomer
	accounts       map[account.ID]*account.Account
	counters       map[limit.Key]money.Amount
	latest         time.Time // when the last batch was decided
}

// maxKnown bounds the rows that are known: about four thousand payers, in some
// 15 MB. More would push out what is read next; then all is read anew.
const maxKnown = 32 << 10

func (k *known) forget() { *k = known{} }

// begin makes ready for a batch: it forgets when somebody else has written
// since the last one, or when too much is known.
func (k *known) begin(same bool) {
	if !same || k.full() {
		k.forget()
	}
	if k.agreements == nil {
		k.agreements, k.applications = map[consent.ID]*consent.Agreement{}, map[consent.ClientID]*partner.Application{}
		k.customers, k.customerLimits = map[party.CustomerID]*party.Customer{}, map[party.CustomerID]*limit.OfCustomer{}
		k.accounts, k.counters = map[account.ID]*account.Account{}, map[limit.Key]money.Amount{}
	}
}

func (k *known) full() bool {
	return len(k.agreements)+len(k.applications)+len(k.customers)+len(k.accounts)+len(k.counters) > maxKnown
}

// give puts into a state what is known of the needs, and returns the rest.
func (k *known) give(n payment.Needs, into *payment.State) payment.Needs {
	n.Agreements = copyKnown(n.Agreements, k.agreements, into.Agreements)
	n.Applications = copyKnown(n.Applications, k.applications, into.Applications)
	copyKnown(n.Customers, k.customerLimits, into.CustomerLimits)
	n.Customers = copyKnown(n.Customers, k.customers, into.Customers)
	n.Accounts = copyKnown(n.Accounts, k.accounts, into.Accounts)
	n.Counters = copyKnown(n.Counters, k.counters, into.Counters)
	return n
}

// ask puts into a state what is known of the needs, and asks for the rest.
func (k *known) ask(d dialect, n payment.Needs, into *payment.State) questions {
	qs := needed(d, k.give(n, into), into)
	if into.Latest = k.latest; into.Latest.IsZero() {
		latestTurn(&qs, &into.Latest)
	}
	return qs
}

// knowable are the needs that a known may meet.
func knowable(n payment.Needs) payment.Needs {
	return payment.Needs{
		Agreements: n.Agreements, Applications: n.Applications, Customers: n.Customers, Accounts: n.Accounts, Counters: n.Counters,
	}
}

// take keeps what was just read: also that something does not exist.
func (k *known) take(n payment.Needs, from *payment.State) {
	copyKnown(n.Agreements, from.Agreements, k.agreements)
	copyKnown(n.Applications, from.Applications, k.applications)
	copyKnown(n.Customers, from.Customers, k.customers)
	copyKnown(n.Customers, from.CustomerLimits, k.customerLimits)
	copyKnown(n.Accounts, from.Accounts, k.accounts)
	copyKnown(n.Counters, from.Counters, k.counters)
}

// leave keeps what a batch that was committed has changed.
func (k *known) leave(c *payment.Changes) {
	k.latest = later(k.latest, c.At)
	for _, a := range c.Accounts {
		k.accounts[a.ID] = a
	}
	for _, a := range c.Grants {
		k.agreements[a.ID] = a
	}
	for _, n := range c.Counters {
		k.counters[n.Key] = n.Used
	}
}

// copyKnown copies what from has under some keys, and returns the other keys.
func copyKnown[K comparable, V any](keys []K, from, into map[K]V) (missing []K) {
	for _, k := range keys {
		if v, ok := from[k]; ok {
			into[k] = v
		} else {
			missing = append(missing, k)
		}
	}
	return missing
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

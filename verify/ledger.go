package verify

import (
	"context"

	"okienko/bank/money"
)

// pln prints minor units as amounts are printed everywhere.
func pln(minor int64) string { return money.New(minor, "").String() }

// add adds and tells whether the sum fits.
func add(a, b int64) (int64, bool) {
	sum, err := money.New(a, "").Add(money.New(b, ""))
	return sum.Minor(), err == nil
}

type entryRow struct {
	at                  int64
	kind, payment, hold string
}

type postingRow struct {
	account         string
	at, seq         int64
	entry           string
	kind            string
	amount, balance int64
	currency        string
	payment, hold   string
}

const postingSelect = `select account_id, at, seq, entry_id, kind, amount, balance, currency, payment_id, hold_id from posting `

func scanPosting(scan func(...any) error, p *postingRow) error {
	return scan(&p.account, &p.at, &p.seq, &p.entry, &p.kind, &p.amount, &p.balance, &p.currency, &p.payment, &p.hold)
}

// entries checks that every entry balances in every currency, and that its
// postings say what it says.
func (v *verifier) entries(ctx context.Context) error {
	entries, err := read(ctx, v.data, "select id, at, kind, payment_id, hold_id from entry order by "+v.data.bytewise("id"),
		func(scan func(...any) error, e *entryRow) (id string, err error) {
			err = scan(&id, &e.at, &e.kind, &e.payment, &e.hold)
			return id, err
		})
	if err != nil {
		return err
	}
	postings, err := read(ctx, v.data, postingSelect+"order by "+v.data.bytewise("entry_id"), func(scan func(...any) error, p *postingRow) (string, error) {
		err := scanPosting(scan, p)
		return p.entry, err
	})
	if err != nil {
		return err
	}
	orphan := func(id string, p postingRow) {
		v.find("entry", id, "account %s has a posting of it, and the entry does not exist", p.account)
	}
	for entries.more {
		id, e := entries.key, entries.row
		v.entry(id, e, postings.of(id, orphan))
		entries.next()
	}
	if err := postings.end(orphan); err != nil {
		return err
	}
	v.count("entries", entries.n)
	v.count("postings", postings.n)
	return entries.end(nil)
}

func (v *verifier) entry(id string, e entryRow, postings []postingRow) {
	if len(postings) < 2 {
		v.find("entry", id, "it has %d postings; a balanced entry has at least two", len(postings))
	}
	sums := map[string]int64{}
	seen := map[string]bool{}
	for _, p := range postings {
		sum, fits := add(sums[p.currency], p.amount)
		if !fits {
			v.find("entry", id, "its postings in %s are more than can be added", p.currency)
		}
		sums[p.currency] = sum
		if seen[p.account] {
			v.find("entry", id, "it has two postings on account %s", p.account)
		}
		seen[p.account] = true
		if p.at != e.at || p.kind != e.kind || p.payment != e.payment || p.hold != e.hold {
			v.find("entry", id, "its posting on account %s tells another time, kind, payment or hold than the entry", p.account)
		}
	}
	for currency, sum := range sums {
		if sum != 0 {
			v.find("entry", id, "it does not balance: its postings in %s add up to %s", currency, pln(sum))
		}
	}
}

type accountRow struct {
	kind, customer, currency          string
	booked, held, overdraft, postings int64
}

type heldRow struct {
	sum      int64
	currency string
	mixed    bool
}

// accounts checks every balance against the postings, the active holds and
// what is set aside for transfers.
func (v *verifier) accounts(ctx context.Context) error {
	accounts, err := read(ctx, v.data, "select id, kind, customer_id, currency, booked, held, overdraft, seq from account order by "+v.data.bytewise("id"),
		func(scan func(...any) error, a *accountRow) (id string, err error) {
			err = scan(&id, &a.kind, &a.customer, &a.currency, &a.booked, &a.held, &a.overdraft, &a.postings)
			return id, err
		})
	if err != nil {
		return err
	}
	// In order of the numbers, not of the instants: of the bank's own accounts
	// several imports may have been booked side by side.
	postings, err := read(ctx, v.data, postingSelect+"order by "+v.data.bytewise("account_id")+", seq", func(scan func(...any) error, p *postingRow) (string, error) {
		err := scanPosting(scan, p)
		return p.account, err
	})
	if err != nil {
		return err
	}
	holds, err := read(ctx, v.data, `select account_id, cast(sum(amount) as bigint), min(currency), min(currency) <> max(currency) from (
			select account_id, amount, currency from hold where status = 'ACTIVE'
			union all select account_id, amount - from_vat + fee, currency from transfer where reserved
			union all select vat_id, from_vat, currency from transfer where reserved and from_vat <> 0) aside
		group by account_id order by `+v.data.bytewise("account_id"),
		func(scan func(...any) error, h *heldRow) (id string, err error) {
			err = scan(&id, &h.sum, &h.currency, &h.mixed)
			return id, err
		})
	if err != nil {
		return err
	}
	strayPosting := func(id string, p postingRow) {
		v.find("account", id, "entry %s has a posting on it, and the account does not exist", p.entry)
	}
	strayHold := func(id string, h heldRow) {
		v.find("account", id, "%s is set aside on it, and the account does not exist", pln(h.sum))
	}
	for accounts.more {
		id, a := accounts.key, accounts.row
		v.history(id, a, postings, strayPosting)
		v.held(id, a, holds.of(id, strayHold))
		if free := a.booked - a.held + a.overdraft; a.kind == "customer" && free < 0 {
			v.find("account", id, "%s is available: a customer's account was overdrawn", pln(free))
		}
		accounts.next()
	}
	if err := postings.end(strayPosting); err != nil {
		return err
	}
	if err := holds.end(strayHold); err != nil {
		return err
	}
	v.count("accounts", accounts.n)
	return accounts.end(nil)
}

// history walks the postings of one account; they may be millions.
func (v *verifier) history(id string, a accountRow, postings *stream[postingRow], stray func(string, postingRow)) {
	postings.until(id, stray)
	var sum, seq, at int64
	for ; postings.more && postings.key == id; postings.next() {
		p := postings.row
		seq++
		if p.seq != seq {
			v.find("account", id, "its posting number %d follows number %d", p.seq, seq-1)
			seq = p.seq
		}
		var fits bool
		if sum, fits = add(sum, p.amount); !fits {
			v.find("account", id, "its postings are more than can be added")
		}
		if p.balance != sum {
			v.find("account", id, "posting number %d says that %s stood on it, and its postings so far add up to %s", p.seq, pln(p.balance), pln(sum))
			sum = p.balance // each gap is told once
		}
		if p.currency != a.currency {
			v.find("account", id, "posting number %d is in %s, the account in %s", p.seq, p.currency, a.currency)
		}
		if p.at < at && a.kind == "customer" {
			v.find("account", id, "posting number %d lies before the one before it", p.seq)
		}
		at = p.at
	}
	if a.booked != sum {
		v.find("account", id, "its booked balance is %s, and its postings end with %s", pln(a.booked), pln(sum))
	}
	if a.postings != seq {
		v.find("account", id, "it counts %d postings, and its last one has number %d", a.postings, seq)
	}
}

func (v *verifier) held(id string, a accountRow, holds []heldRow) {
	var h heldRow
	for _, h = range holds { // at most one
		if h.mixed || h.currency != a.currency {
			v.find("account", id, "holds or transfers on it are in another currency than %s", a.currency)
		}
	}
	if a.held != h.sum {
		v.find("account", id, "%s is held on it, and its active holds and the transfers that wait add up to %s", pln(a.held), pln(h.sum))
	}
}

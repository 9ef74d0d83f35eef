package storetest

import (
	"fmt"

	"okienko/bank/account"
	"okienko/bank/consent"
	"okienko/bank/intake"
	"okienko/bank/partner"
	"okienko/bank/party"
)

// crowd is more pairings than two of the portions in which package store works.
const crowd = 210

// statusReachesAll suspends a crowd but for one and brings it back: a store that
// works in portions must not lose what lies at their seams.
func statusReachesAll(b *bed) {
	var batch intake.Batch
	zero := pln(0)
	for i := range crowd {
		c := party.CustomerID(fmt.Sprintf("customer-%04d", i))
		batch.Customers = append(batch.Customers, party.Customer{ID: c, Segment: party.Individual, Name: string(c), Person: anna, Since: b.now()})
		batch.Accounts = append(batch.Accounts, account.Account{
			ID: account.ID(fmt.Sprintf("account-%04d", i)), Kind: account.Customer, Customer: c, NRB: someNRB(b.T, uint64(1000+i)),
			Status: account.Open, Access: account.FirstAccess(party.Individual, b.now()), OpenedAt: b.now(),
			Booked: zero, Held: zero, Overdraft: zero,
		})
	}
	b.must(b.Import(b.ctx, &batch))
	agreements := make([]consent.Agreement, crowd)
	for i := range crowd {
		id := fmt.Sprintf("r%04d", i)
		a, code := b.pair(id, theClient, anna, batch.Customers[i].ID, batch.Accounts[i].ID)
		b.must(b.redeem(code, id))
		agreements[i] = a
	}
	spared := batch.Customers[crowd-1].ID
	b.must(b.setStatus(partner.Sandbox, spared))
	for i, a := range agreements {
		want := consent.Suspended
		if a.Customer == spared {
			want = consent.Active
		}
		b.status(a, want)
		if alive := b.alive(fmt.Sprintf("r%04d", i)); alive != (want == consent.Active) {
			b.Errorf("agreement %d is %s and its token alive: %v", i, want, alive)
		}
	}
	everybody := make([]party.CustomerID, crowd)
	for i := range everybody {
		everybody[i] = batch.Customers[i].ID
	}
	b.must(b.setStatus(partner.Public, everybody...))
	for _, a := range agreements {
		b.status(a, consent.Active)
	}
}

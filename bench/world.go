package main

import (
	"fmt"
	"time"

	"okienko/bank/account"
	"okienko/bank/consent"
	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/payment"
)

// world is who lives in the books that are measured. Ids have one width, so
// that what two designs write can be compared to the byte.
//
// Everybody may overdraw a million and begins with nothing: no entry stands in
// the books that no payment made.
type world struct {
	customers int // with an account each; the first of them are paired, and pay
	payers    int // each paired with one application
	partners  int // with an application each, and an account behind those of the customers
	tokens    bool
	history   history
}

const title = "Kawa z automatu, Dworzec Centralny"

func number(i int) string               { return fmt.Sprintf("%07d", i) }
func customerOf(i int) party.CustomerID { return party.CustomerID("customer-" + number(i)) }
func personOf(i int) party.PersonID     { return party.PersonID("person-" + number(i)) }
func accountOf(i int) account.ID        { return account.ID("account-" + number(i)) }
func agreementOf(payer int) consent.ID  { return consent.ID("agreement-" + number(payer)) }
func referenceOf(payer int) string      { return "reference-" + number(payer) }
func applicationOf(partner int) consent.ClientID {
	return consent.ClientID("application-" + number(partner))
}
func price() money.Amount           { return money.New(1_00, money.PLN) }
func pln(zlotys int64) money.Amount { return money.New(zlotys*100, money.PLN) }
func instant() time.Time            { return time.Now().UTC().Truncate(time.Microsecond) }

// partnerOf is the partner with whom a payer is paired.
func (w world) partnerOf(payer int) int { return payer % w.partners }

// accountOfPartner is where a partner is paid.
func (w world) accountOfPartner(partner int) account.ID { return accountOf(w.customers + partner) }

// shape says who pays whom. A partner's account is always hot: it is the
// number of partners that spreads the payees.
type shape struct {
	name     string
	payers   int // who take turns
	partners int
}

// everyShape is what is measured.
func everyShape() []shape {
	return []shape{
		{name: "spread", payers: 2000, partners: 200},
		{name: "partner", payers: 2000, partners: 1},
		{name: "hot", payers: 1, partners: 1},
	}
}

// world is where a shape is measured: one payer pays in the world of many.
func (s shape) world() world { return world{customers: 2000, payers: 2000, partners: s.partners} }

// payer is who pays next: neighbours in time are no neighbours in a table.
func (s shape) payer(turn int64) int { return int(turn * 7919 % int64(s.payers)) }

func operationOf(turn int64) string { return fmt.Sprintf("operation-%09d", turn) }

// order is one payment of the price.
func order(payer int, operation string) *payment.Submit {
	return &payment.Submit{Agreement: agreementOf(payer), AccountRef: referenceOf(payer), Draft: payment.Draft{
		Kind: payment.Pay, OperationID: operation, Amount: price(), Title: title,
	}}
}

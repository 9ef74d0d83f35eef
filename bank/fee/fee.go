// Package fee owns what an act costs the customer: a table per application,
// 0.00 by default (design §3, Fees). It books nothing.
package fee

import "okienko/bank/money"

// Act is what a fee is charged for.
type Act string

// The acts that may cost. A capture is a payment: it is charged as one.
const (
	Hold     Act = "hold"
	Payment  Act = "payment"
	Transfer Act = "transfer" // a customer's own transfer out of the bank
)

// Acts lists every act once.
var Acts = []Act{Hold, Payment, Transfer}

// Table holds the fees of one application in minor units of the account's
// currency. An act without a row is free.
type Table map[Act]int64

// For is the fee of an act.
func (t Table) For(a Act, c money.Currency) money.Amount { return money.New(t[a], c) }

// Charges tells whether an act costs anything.
func (t Table) Charges(a Act) bool { return t[a] > 0 }

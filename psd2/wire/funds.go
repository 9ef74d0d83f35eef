package wire

import (
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/psd2"
)

// Currency reads one of the bank's currencies; where none must be said it is PLN.
func (b Branch) Currency(needed bool) money.Currency {
	s := b.Text("currency", 3)
	if s == "" {
		if needed {
			b.Blame(b.Path+"currency", "The field is required.")
		}
		return money.PLN
	}
	c, err := money.ParseCurrency(s)
	if err != nil {
		b.Blame(b.Path+"currency", "The currency is not one of this bank's.")
		return money.PLN
	}
	return c
}

// Funds reads a card issuer's question, whose fields both forms call alike.
func (b Branch) Funds() psd2.FundsAsk {
	number := b.Need("accountNumber", AccountLength)
	amount := b.Amount("amount", b.Currency(true))
	if !amount.IsPositive() {
		b.Blame(b.Path+"amount", "An amount is above zero.")
	}
	account, err := nrb.Parse(number)
	if err != nil {
		b.Blame(b.Path+"accountNumber", "It is not an account number.")
	}
	return psd2.FundsAsk{Number: string(account), Amount: amount}
}

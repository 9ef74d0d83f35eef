package rail

import (
	"okienko/bank/account"
	"okienko/bank/money"
	"okienko/bank/transfer"
)

// OwnAccount is an account that the bank needs to settle with payment systems.
type OwnAccount struct {
	ID       account.ID
	Name     string
	Currency money.Currency
}

// OwnAccounts lists what Clearing and FeeIncome name, in every currency that a
// payment system carries from this bank (psd2 §8).
func OwnAccounts() []OwnAccount {
	var out []OwnAccount
	for _, s := range transfer.Systems {
		for _, c := range currencies(s) {
			out = append(out, OwnAccount{ID: Clearing(s, c), Name: string(s), Currency: c})
		}
	}
	for _, c := range currencies(transfer.Swift) {
		out = append(out, OwnAccount{ID: FeeIncome(c), Name: "Fees", Currency: c})
	}
	return out
}

func currencies(s transfer.System) []money.Currency {
	switch s {
	case transfer.Elixir, transfer.ExpressElixir, transfer.Sorbnet, transfer.BlueCash:
		return []money.Currency{money.PLN}
	case transfer.SEPA, transfer.InstantSEPA, transfer.Target:
		return []money.Currency{money.EUR}
	case transfer.Swift:
		return []money.Currency{money.PLN, money.EUR, money.USD, "GBP", "CHF"}
	}
	return nil // Internal moves money between two accounts of this bank
}

package rails

import (
	"fmt"

	"okienko/bank"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/transfer"
)

// The limits of the schemes. Those of Elixir, T2 and SWIFT are out of reach, and
// SEPA Instant has had none since Regulation (EU) 2024/886.
const (
	expressMost  = 250_000_00     // PLN (psd2 §8)
	blueCashMost = 20_000_00      // PLN; the sandbox's own, the scheme publishes none
	sorbnetLeast = 1_000_000_00   // PLN (psd2 §8)
	sepaMost     = 999_999_999_99 // EUR (EPC125-05, SCT rulebook)
)

// withinLimits refuses an amount that a scheme does not carry.
func withinLimits(s transfer.System, a money.Amount) error {
	least, most := int64(0), int64(0)
	switch s {
	case transfer.ExpressElixir:
		most = expressMost
	case transfer.BlueCash:
		most = blueCashMost
	case transfer.SEPA:
		most = sepaMost
	case transfer.Sorbnet:
		least = sorbnetLeast
	}
	switch {
	case a.Minor() < least:
		return bank.RefuseField("transferData.amount", fmt.Sprintf("%s takes no less than %s %s.", s, money.New(least, a.Currency()), a.Currency()))
	case most > 0 && a.Minor() > most:
		return bank.RefuseField("transferData.amount", fmt.Sprintf("%s takes no more than %s %s.", s, money.New(most, a.Currency()), a.Currency()))
	}
	return nil
}

// takesPart refuses a payee's bank that is not in the scheme. Who is follows from
// the account number, so that a directory of banks need not be made up.
func takesPart(s transfer.System, o *transfer.Instruction) error {
	switch s {
	case transfer.Elixir, transfer.ExpressElixir, transfer.Sorbnet, transfer.BlueCash:
		number, err := nrb.Parse(o.Recipient.Account)
		if err != nil || !nrb.ValidBankCode(number.BankCode()) {
			return bank.RefuseField("recipient.accountNumber", "There is no bank in Poland with this sort code.")
		}
		// The last digit before the sort code's check digit.
		switch digit := number.BankCode()[6]; {
		case s == transfer.BlueCash && (digit == '3' || digit == '5'), s == transfer.ExpressElixir && (digit == '4' || digit == '5'):
			return outside(s)
		}
	case transfer.InstantSEPA:
		number := o.Recipient.Account
		if own, err := nrb.Parse(number); err == nil {
			number = string(own.IBAN())
		}
		if len(number) > 4 && number[4] == '9' { // the first character of the bank's code
			return outside(s)
		}
	case transfer.Swift:
		if country := o.RecipientBank.Country; unreached(country) || len(o.RecipientBank.BIC) >= 6 && unreached(o.RecipientBank.BIC[4:6]) {
			return bank.Refuse(bank.RailUnavailable, "No payments are sent to this country.")
		}
	}
	return nil
}

// unreached are the countries under the FATF's call for action.
func unreached(country string) bool {
	switch country {
	case "IR", "KP", "MM":
		return true
	}
	return false
}

func outside(s transfer.System) error {
	return bank.Refuse(bank.RailUnavailable, fmt.Sprintf("The payee's bank does not take part in %s.", s))
}

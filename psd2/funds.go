package psd2

import (
	"context"
	"time"

	"okienko/bank"
	"okienko/bank/money"
	"okienko/bank/xs2a"
)

// kindFunds is the kind by which confirmations are counted.
const kindFunds = "funds"

// FundsAsk is a card issuer's question whether an amount is available.
type FundsAsk struct {
	Number string // NRB
	Amount money.Amount
}

// Funds answers whether an amount is available on an account at this instant
// (PSD2 art. 65). It needs a consent that the customer gave to the caller on a
// page of the bank, says nothing beyond yes or no, and sets nothing aside.
func (c *Core) Funds(ctx context.Context, caller *Caller, ask FundsAsk, now time.Time) (bool, error) {
	consent, err := c.Book.FundsConsent(ctx, caller.Organisation(), ask.Number, now)
	if bank.CodeOf(err) == bank.NotFound {
		// Whether the number exists at all is the same answer.
		return false, bank.Refuse(bank.PermissionMissing, "There is no consent for confirmations of funds.")
	} else if err != nil {
		return false, err
	}
	if err := consent.Allows(xs2a.ConfirmFunds); err != nil {
		return false, err
	}
	if err := c.Usable(ctx, &consent, now); err != nil {
		return false, err
	}
	for i := range consent.Accounts {
		reach := &consent.Accounts[i]
		if reach.Past || reach.Number != ask.Number {
			continue
		}
		a, err := c.Accounts.Account(ctx, reach.Account)
		if err != nil {
			return false, err
		}
		if err := a.Usable(); err != nil {
			return false, err
		}
		if a.Currency() != ask.Amount.Currency() {
			return false, bank.RefuseField("currency", "It is not the currency of the account.")
		}
		if err := c.Book.CountCall(ctx, consent.ID, reach.Ref, kindFunds, c.Rules.FundsCalls, now); err != nil {
			return false, err
		}
		free, err := a.Available()
		if err != nil {
			return false, err
		}
		return !ask.Amount.MoreThan(free), c.Book.UseRight(ctx, consent.ID, xs2a.ConfirmFunds, now)
	}
	return false, bank.Refuse(bank.PermissionMissing, "There is no consent for confirmations of funds.")
}

package polishapi

import (
	"okienko/bank"
	"okienko/bank/service"
	"okienko/bank/thirdparty"
	"okienko/edge"
	"okienko/psd2/wire"
)

func (d *Door) fundsOperations() []operation {
	return []operation{{
		group: "confirmation", name: "getConfirmationOfFunds", service: service.Funds, role: thirdparty.CardIssuing, header: plainHeader,
		refuses: []int{403, 429}, serve: d.confirmFunds,
	}}
}

// confirmFunds answers yes or no, and never a balance (PSD2 art. 65).
func (d *Door) confirmFunds(c *call) (wire.Answer, error) {
	b := c.body
	b.Only("requestHeader", "accountNumber", "amount", "currency")
	ask := b.Funds()
	if err := b.Err(); err != nil {
		return wire.Answer{}, err
	}
	if err := c.throttled(d); err != nil {
		return wire.Answer{}, err
	}
	yes, err := d.core.Funds(c.Ctx(), c.Caller, ask, c.Now)
	if bank.CodeOf(err) == bank.CallsUsedUp {
		return wire.Answer{}, wire.Refuse(tooManyRequests, "confirmations of one account").ComeBack(wire.DayRetry)
	}
	if err != nil {
		return wire.Answer{}, err
	}
	return served(edge.AppendBoolField(d.answer(c, 64), "fundsAvailable", yes)), nil
}

package mbank

import (
	"net/http"

	"okienko/bank"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/service"
	"okienko/bank/thirdparty"
	"okienko/edge"
	"okienko/psd2"
)

func (d *Door) fundsRoutes() []route {
	return []route{{
		act: "POST /funds-confirmation", service: service.Funds, role: thirdparty.CardIssuing, own: []string{"Client-ID"}, body: true, serve: d.confirmFunds,
	}}
}

// confirmFunds answers yes or no, and never a balance (PSD2 art. 65).
func (d *Door) confirmFunds(c *call) (answer, error) {
	if _, err := c.query(); err != nil {
		return answer{}, err
	}
	o, err := c.object()
	if err != nil {
		return answer{}, err
	}
	r := &reading{}
	b := r.open(o, "")
	b.only("accountNumber", "amount", "currency")
	number, currency := b.need("accountNumber", 34), b.need("currency", 3)
	of, err := money.ParseCurrency(currency)
	if err != nil {
		b.blame("currency", "It is not a currency of this bank.")
		of = money.PLN
	}
	amount := b.amount("amount", of)
	if !amount.IsPositive() {
		b.blame("amount", "An amount is above zero.")
	}
	account, err := nrb.Parse(number)
	if err != nil {
		b.blame("accountNumber", "It is not an account number.")
	}
	if err := r.err(); err != nil {
		return answer{}, err
	}
	if err := c.throttled(d); err != nil {
		return answer{}, err
	}
	yes, err := d.core.Funds(c.ctx(), c.caller, psd2.FundsAsk{Number: string(account), Amount: amount}, c.now)
	if bank.CodeOf(err) == bank.CallsUsedUp {
		return answer{}, refuse(tooManyRequests, "confirmations of one account").comeBack(dayRetry)
	} else if err != nil {
		return answer{}, err
	}
	body := edge.AppendBoolField([]byte{'{'}, "fundsAvailable", yes)
	return answer{status: http.StatusOK, body: append(body, '}')}, nil
}

package mbank

import (
	"net/http"

	"okienko/bank"
	"okienko/bank/service"
	"okienko/bank/thirdparty"
	"okienko/edge"
	"okienko/psd2/wire"
)

func (d *Door) fundsRoutes() []route {
	return []route{{
		act: "POST /funds-confirmation", service: service.Funds, role: thirdparty.CardIssuing, own: []string{"Client-ID"}, body: true, serve: d.confirmFunds,
	}}
}

// confirmFunds answers yes or no, and never a balance (PSD2 art. 65).
func (d *Door) confirmFunds(c *call) (wire.Answer, error) {
	if _, err := c.query(); err != nil {
		return wire.Answer{}, err
	}
	o, err := c.object()
	if err != nil {
		return wire.Answer{}, err
	}
	r := c.reading()
	b := open(r, o, "")
	b.Only("accountNumber", "amount", "currency")
	ask := b.Funds()
	if err := r.Err(); err != nil {
		return wire.Answer{}, err
	}
	if err := c.throttled(d); err != nil {
		return wire.Answer{}, err
	}
	yes, err := d.core.Funds(c.Ctx(), c.Caller, ask, c.Now)
	if bank.CodeOf(err) == bank.CallsUsedUp {
		return wire.Answer{}, wire.Refuse(tooManyRequests, "confirmations of one account").ComeBack(wire.DayRetry)
	} else if err != nil {
		return wire.Answer{}, err
	}
	body := edge.AppendBoolField([]byte{'{'}, "fundsAvailable", yes)
	return wire.Answer{Status: http.StatusOK, Body: append(body, '}')}, nil
}

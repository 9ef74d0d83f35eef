package mbank

import (
	"net/http"

	"okienko/bank/payment"
	"okienko/bank/transfer"
	"okienko/psd2"
	"okienko/psd2/wire"
)

// included is the parameter that asks for the payments of a bundle.
const included = "transactionsIncluded"

// payBundle initiates a bundle.
func (d *Door) payBundle(c *call, k transfer.Kind) (wire.Answer, error) {
	tppID, err := d.mayPay(c, bundleIDHeader)
	if err != nil {
		return wire.Answer{}, err
	}
	o, err := c.object()
	if err != nil {
		return wire.Answer{}, err
	}
	r := c.reading()
	ask := open(r, o, "").readBundle(k)
	if err := r.Err(); err != nil {
		return wire.Answer{}, err
	}
	if err := c.throttled(d); err != nil {
		return wire.Answer{}, err
	}
	orders := psd2.Orders{TPPID: tppID, Bundle: true, Total: ask.Total}
	for i := range ask.Orders {
		orders.List = append(orders.List, payment.Initiation{TPPID: ask.Orders[i].TPPID, Order: ask.Orders[i].Order})
	}
	made, err := d.core.Initiate(c.Ctx(), &c.Access, orders)
	if err != nil {
		return wire.Answer{}, onWire(err, k, "")
	}
	return d.told(c, http.StatusCreated, &made, false)
}

// showBundle tells where a bundle stands, and its payments when they are asked
// for (psd2 §10 case 75).
func (d *Door) showBundle(c *call, k transfer.Kind) (wire.Answer, error) {
	made, query, err := d.found(c, "aspspBundleId", bundleIDHeader, k, true, included)
	if err != nil {
		return wire.Answer{}, err
	}
	with, _ := query.Get(included)
	return d.told(c, http.StatusOK, &made, with == "true")
}

func (d *Door) cancelBundle(c *call, k transfer.Kind) (wire.Answer, error) {
	return d.cancel(c, "aspspBundleId", k, true)
}

package polishapi

import (
	"net/http"

	"okienko/bank"
	"okienko/bank/payment"
	"okienko/bank/service"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/wire"
)

func (d *Door) paymentOperations() []operation {
	pay := func(name string, header headerKind, refuses []int, serve func(*call) (wire.Answer, error)) operation {
		return operation{
			group: "payments", name: name, service: service.Initiation, role: thirdparty.PaymentInitiation, token: true, header: header,
			refuses: refuses, serve: serve,
		}
	}
	acts, looks := []int{401, 403}, []int{401, 403, 429}
	var all []operation
	for _, f := range forms {
		all = append(all, pay(f.name, callbackHeader, acts, func(c *call) (wire.Answer, error) { return d.pay(c, f.kind) }))
	}
	bundle := pay("bundle", callbackHeader, acts, d.payBundle)
	bundle.maxBody, bundle.bare = bundleBody, true
	recurring := pay("recurring", callbackHeader, acts, d.payRecurring)
	cancel := pay("cancelPayments", tokenHeader, acts, d.cancelPayments)
	recurring.bare, cancel.bare = true, true
	several := pay("getMultiplePayments", plainHeader, []int{403, 429}, d.showSeveral)
	several.token, several.maxBody = false, bundleBody
	return append(
		all, bundle, several, recurring, cancel,
		pay("getPayment", tokenHeader, looks, d.showPayment), pay("getBundle", tokenHeader, looks, d.showBundle),
		pay("getRecurringPayment", tokenHeader, looks, d.showRecurring),
		pay("cancelRecurringPayment", tokenHeader, acts, d.cancelRecurring),
	)
}

// mayPay asks for consent, customer and account before the rest of the body is
// read.
func (d *Door) mayPay(c *call) error {
	if err := psd2.MayInitiate(&c.Access); err != nil {
		return err
	}
	return d.core.MayUse(c.Ctx(), &c.Access, c.Now)
}

// made has orders made once the body was read to its end.
func (d *Door) made(c *call, o psd2.Orders, at string) (psd2.Made, error) {
	if err := c.body.Err(); err != nil {
		return psd2.Made{}, err
	}
	if err := c.throttled(d); err != nil {
		return psd2.Made{}, err
	}
	made, err := d.core.Initiate(c.Ctx(), &c.Access, o)
	if err != nil {
		s := psd2.Subject{At: at, Bundle: o.Bundle}
		for i := range o.List {
			s.Orders = append(s.Orders, xs2a.Ordered{Order: o.List[i].Order})
		}
		return made, onWire(err, &s)
	}
	c.Line.Subject = "payment:" + made.ID()
	return made, nil
}

// pay initiates one payment.
func (d *Door) pay(c *call, k transfer.Kind) (wire.Answer, error) {
	if err := d.mayPay(c); err != nil {
		return wire.Answer{}, err
	}
	o := c.body.readInstruction(k, ordered, "requestHeader", "tppTransactionId")
	id := c.body.Need("tppTransactionId", c.version.idLength())
	made, err := d.made(c, psd2.Orders{TPPID: id, List: []payment.Initiation{{Order: *o}}}, "")
	if err != nil {
		return wire.Answer{}, err
	}
	if made.Transfer == nil { // the same id made something else: the content told them apart
		return wire.Answer{}, bank.Refuse(bank.OperationReused, "The id was used before.")
	}
	b := edge.AppendStringField(d.answer(c, 512), "paymentId", wire.HandleOf(made.ID()))
	b, err = d.appendStatus(c, b, made.Transfer)
	return served(b), err
}

// payRecurring opens a standing order.
func (d *Door) payRecurring(c *call) (wire.Answer, error) {
	if err := d.mayPay(c); err != nil {
		return wire.Answer{}, err
	}
	c.body.Only("requestHeader", "tppRecurringPaymentId", "recurrence", "typeOfPayment", "domesticPayment", "EEAPayment", "nonEEAPayment", "taxPayment")
	id := c.body.Need("tppRecurringPaymentId", c.version.idLength())
	o, at := c.body.readRecurring()
	made, err := d.made(c, psd2.Orders{TPPID: id, List: []payment.Initiation{{Order: *o}}}, at)
	if err != nil {
		return wire.Answer{}, err
	}
	b := edge.AppendStringField(d.answer(c, 512), "recurringPaymentId", wire.HandleOf(made.ID()))
	b = wire.AppendFrequency(b, made.Standing.Order.Recurrence, units, offHoliday)
	return served(appendStanding(b, made.Standing)), nil
}

// payBundle initiates a bundle.
func (d *Door) payBundle(c *call) (wire.Answer, error) {
	if err := d.mayPay(c); err != nil {
		return wire.Answer{}, err
	}
	id := c.body.Need("tppBundleId", c.version.idLength())
	s := c.body.readBundle("requestHeader", "tppBundleId")
	o := psd2.Orders{TPPID: id, Bundle: true, Total: s.Total}
	for i := range s.Orders {
		o.List = append(o.List, payment.Initiation{TPPID: s.Orders[i].TPPID, Order: s.Orders[i].Order})
	}
	made, err := d.made(c, o, "")
	if err != nil {
		return wire.Answer{}, err
	}
	return d.bundle(c, &made, true, false)
}

// named finds what a body names: by the bank's id, or by the third party's own
// (psd2 §10 cases 64, 73). What is another kind of thing is not there.
func (d *Door) named(c *call, s *psd2.Subject) (psd2.Made, error) {
	made, err := d.core.MadeBefore(c.Ctx(), c.Caller.Client.ID, s)
	if err == nil {
		c.Line.Subject = "payment:" + made.ID()
	}
	return made, err
}

// found finds what a call is about and asks whether the token may look at it.
func (d *Door) found(c *call, l look, more ...string) (psd2.Made, error) {
	refuse := func(err error) (psd2.Made, error) { return psd2.Made{}, err }
	if err := psd2.MayLook(&c.Access); err != nil {
		return refuse(err)
	}
	if err := d.core.MayUse(c.Ctx(), &c.Access, c.Now); err != nil {
		return refuse(err)
	}
	c.body.Only(append(more, "requestHeader", l.of, l.ofTPP)...)
	s := c.body.subject(l)
	if err := c.body.Err(); err != nil {
		return refuse(err)
	}
	if err := c.throttled(d); err != nil {
		return refuse(err)
	}
	made, err := d.named(c, &s)
	if err != nil {
		return refuse(err)
	}
	err = d.core.Look(c.Ctx(), &c.Access, &made)
	return made, err
}

func (d *Door) showPayment(c *call) (wire.Answer, error) {
	made, err := d.found(c, looks[0])
	if err != nil {
		return wire.Answer{}, err
	}
	b, err := d.appendPayment(c, d.answer(c, 512), made.Transfer)
	return served(b), err
}

// showBundle tells where a bundle stands, and its payments when they are asked
// for (psd2 §10 case 75).
func (d *Door) showBundle(c *call) (wire.Answer, error) {
	const included = "transactionsIncluded"
	with := c.body.Flag(included)
	if _, there := c.body.Get(included); !there {
		c.body.Blame(included, "The field is required.")
	}
	made, err := d.found(c, looks[1], included)
	if err != nil {
		return wire.Answer{}, err
	}
	return d.bundle(c, &made, with, true)
}

func (d *Door) showRecurring(c *call) (wire.Answer, error) {
	made, err := d.found(c, looks[2])
	if err != nil {
		return wire.Answer{}, err
	}
	return served(appendStanding(d.standing(c, made.Standing), made.Standing)), nil
}

// showSeveral tells where payments stand, each by the token with which it was
// initiated. Those whose token shows nothing are left out; when that is all of
// them, the call is refused (psd2 §10 case 73).
func (d *Door) showSeveral(c *call) (wire.Answer, error) {
	entries := c.readSeveral()
	if err := c.body.Err(); err != nil {
		return wire.Answer{}, err
	}
	for range (len(entries) + costly - 1) / costly {
		if err := c.throttled(d); err != nil {
			return wire.Answer{}, err
		}
	}
	b := append(edge.AppendKey(d.answer(c, 512*len(entries)), "payments"), '[')
	var refused error
	shown := 0
	for i := range entries {
		t, err := d.byToken(c, &entries[i])
		switch code := bank.CodeOf(err); {
		case code == bank.Internal || code == bank.Busy:
			return wire.Answer{}, err
		case err != nil:
			refused = err
			continue
		}
		if shown++; shown > 1 {
			b = append(b, ',')
		}
		if b, err = d.appendPayment(c, append(b, '{'), t); err != nil {
			return wire.Answer{}, err
		}
		b = append(b, '}')
	}
	if shown == 0 {
		return wire.Answer{}, wire.Refuse(forbidden, wire.ReasonOf(refused)).Because(refused)
	}
	return served(append(b, ']')), nil
}

// entry is one payment of getMultiplePayments.
type entry struct {
	psd2.Subject
	token string
}

// mostEntries bounds one call for several payments, and costly is how many of them
// count as one call by the rate of a client.
const (
	mostEntries = 100
	costly      = 10
)

func (c *call) readSeveral() []entry {
	c.body.Only("requestHeader", "payments")
	list := c.body.List("payments")
	if len(list) == 0 || len(list) > mostEntries {
		c.body.Blame("payments", "From 1 to 100 payments are expected.")
	}
	out := make([]entry, 0, len(list))
	for i, v := range list {
		path := "payments[" + whole(int64(i)) + "]"
		o, ok := v.Object()
		if !ok {
			c.body.Blame(path, "An object is expected.")
			continue
		}
		one := c.body.at(o, path)
		one.Only("paymentId", "tppTransactionId", "accessToken")
		out = append(out, entry{one.subject(looks[0]), one.Need("accessToken", 512)})
	}
	return out
}

// byToken finds a payment that a token lets be looked at.
func (d *Door) byToken(c *call, e *entry) (*transfer.Transfer, error) {
	access, err := d.core.Check(c.Ctx(), c.Caller, e.token)
	if err != nil {
		return nil, err
	}
	if err := psd2.MayLook(&access); err != nil {
		return nil, err
	}
	if err := d.core.MayUse(c.Ctx(), &access, c.Now); err != nil {
		return nil, err
	}
	made, err := d.core.MadeBefore(c.Ctx(), c.Caller.Client.ID, &e.Subject)
	if err != nil {
		return nil, err
	}
	return made.Transfer, d.core.Look(c.Ctx(), &access, &made)
}

// mayCancel asks for a consent of its own to cancel.
func (d *Door) mayCancel(c *call) error {
	if err := psd2.MayCancel(&c.Access); err != nil {
		return err
	}
	return d.core.MayUse(c.Ctx(), &c.Access, c.Now)
}

// cancelled cancels what can be, and finds it again as it is then. That it was too
// late, or done before, is no error here: the answer shows what stands, and now
// says whether this very call cancelled anything.
func (d *Door) cancelled(c *call, s *psd2.Subject) (made psd2.Made, now bool, err error) {
	if made, err = d.named(c, s); err != nil {
		return psd2.Made{}, false, err
	}
	err = d.core.Cancel(c.Ctx(), &c.Access, &made)
	if err != nil && bank.CodeOf(err) != bank.PaymentFinal {
		return psd2.Made{}, false, err
	}
	now = err == nil
	made, err = d.named(c, s)
	return made, now, err
}

// cancelPayments answers nothing when everything was cancelled by this very call,
// and otherwise the payments that could not be (psd2 §10 case 72).
func (d *Door) cancelPayments(c *call) (wire.Answer, error) {
	if err := d.mayCancel(c); err != nil {
		return wire.Answer{}, err
	}
	c.body.Only("requestHeader", "paymentId", "bundleId")
	s := c.body.readCancelled()
	if err := c.body.Err(); err != nil {
		return wire.Answer{}, err
	}
	if err := c.throttled(d); err != nil {
		return wire.Answer{}, err
	}
	was, err := d.named(c, &s)
	if err != nil {
		return wire.Answer{}, err
	}
	made, now, err := d.cancelled(c, &s)
	if err != nil {
		return wire.Answer{}, err
	}
	b := append(edge.AppendKey(d.answer(c, 1024), "payments"), '[')
	left := 0
	for i, t := range payments(&made) {
		if now && t.Status == transfer.Cancelled && payments(&was)[i].Status != transfer.Cancelled {
			continue
		}
		if left++; left > 1 {
			b = append(b, ',')
		}
		if b, err = d.appendPayment(c, append(b, '{'), t); err != nil {
			return wire.Answer{}, err
		}
		b = append(b, '}')
	}
	if left == 0 {
		return wire.Answer{Status: http.StatusNoContent}, nil
	}
	return served(append(b, ']')), nil
}

// payments are the payments of what was made.
func payments(m *psd2.Made) []*transfer.Transfer {
	if m.Transfer != nil {
		return []*transfer.Transfer{m.Transfer}
	}
	out := make([]*transfer.Transfer, len(m.Transfers))
	for i := range m.Transfers {
		out[i] = &m.Transfers[i]
	}
	return out
}

// cancelRecurring ends a standing order. Ending it twice answers the same; one
// whose last payment was made cannot be ended any more.
func (d *Door) cancelRecurring(c *call) (wire.Answer, error) {
	if err := d.mayCancel(c); err != nil {
		return wire.Answer{}, err
	}
	c.body.Only("requestHeader", "recurringPaymentId")
	s := psd2.Subject{Standing: true, Of: wire.OwnID(c.body.Need("recurringPaymentId", c.version.idLength()))}
	if err := c.body.Err(); err != nil {
		return wire.Answer{}, err
	}
	if err := c.throttled(d); err != nil {
		return wire.Answer{}, err
	}
	made, _, err := d.cancelled(c, &s)
	if err != nil {
		return wire.Answer{}, err
	}
	if made.Standing.Status == transfer.StandingClosed {
		return wire.Answer{}, bank.Refuse(bank.PaymentFinal, "Every payment of it was made.")
	}
	return served(appendStanding(d.standing(c, made.Standing), made.Standing)), nil
}

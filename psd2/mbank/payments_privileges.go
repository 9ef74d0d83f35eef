package mbank

import (
	"strconv"

	"okienko/bank"
	"okienko/bank/money"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/wire"
)

// paymentAsk is what the privileges of scope pis ask for: payments to be made,
// or one made before, by its handle.
type paymentAsk struct {
	grants []xs2a.Grant
	psd2.Subject
}

// readPaymentPrivileges reads privilegeList of scope pis. A consent is for one
// thing: two methods are refused, in one element or in two (psd2 §10 case 23).
func readPaymentPrivileges(r *wire.Reading, list []edge.Value, path string) (paymentAsk, error) {
	if len(list) == 0 {
		return paymentAsk{}, bank.RefuseField(path, "A privilege is required.")
	}
	if len(list) > 1 {
		return paymentAsk{}, bank.RefuseField(path+"[1]", "A consent is for one payment method.")
	}
	path += "[0]"
	o, ok := list[0].Object()
	if !ok {
		return paymentAsk{}, bank.RefuseField(path, "An object is expected.")
	}
	names := o.Names()
	if len(names) != 1 {
		return paymentAsk{}, bank.RefuseField(path, "A consent is for one payment method: exactly one privilege is expected.")
	}
	root := open(r, o, path)
	ask := root.inside(names[0]).privilege(names[0])
	return ask, r.Err()
}

// privilege reads what stands behind a privilege's name.
func (b branch) privilege(name string) paymentAsk {
	for _, f := range forms {
		switch name {
		case f.privilege:
			b.Only("scopeUsageLimit", f.request)
			inner := b.inside(f.request)
			order, _ := inner.readInstruction(f.kind, false)
			right := xs2a.Initiate
			if order.Mode == transfer.Recurring {
				right = xs2a.InitiateRecurring
			}
			return paymentAsk{
				grants:  []xs2a.Grant{{Right: right, Single: b.single()}},
				Subject: psd2.Subject{Orders: []xs2a.Ordered{{Order: *order}}, At: inner.Path},
			}
		case f.bundle:
			b.Only("scopeUsageLimit", f.bundleRequest)
			ask := b.inside(f.bundleRequest).readBundle(f.kind)
			ask.grants = []xs2a.Grant{{Right: xs2a.InitiateBundle, Single: b.single()}}
			return ask
		}
	}
	field, right := "aspspPaymentId", xs2a.ReadPayment
	switch name {
	case mayReadPayment:
	case mayReadBundle:
		field = "aspspBundleId"
	case mayCancel:
		right = xs2a.CancelPayment
	case mayCancelBundle:
		field, right = "aspspBundleId", xs2a.CancelPayment
	default:
		b.Blame(b.Path[:len(b.Path)-1], "The privilege is not one of scope pis.")
		return paymentAsk{}
	}
	b.Only("scopeUsageLimit", field)
	return paymentAsk{
		grants:  []xs2a.Grant{{Right: right, Single: b.single()}},
		Subject: psd2.Subject{Bundle: field == "aspspBundleId", Either: true, Of: wire.OwnID(b.Need(field, tppIDLength))},
	}
}

// single reads scopeUsageLimit.
func (b branch) single() bool {
	switch s := b.Text("scopeUsageLimit", 16); s {
	case "SINGLE":
		return true
	case "MULTIPLE", "":
	default:
		b.Blame(b.Path+"scopeUsageLimit", "One of SINGLE, MULTIPLE is expected.")
	}
	return false
}

// readBundle reads the payments of a bundle and their sum.
func (b branch) readBundle(k transfer.Kind) paymentAsk {
	b.Only("transfersTotalAmount", "transfers")
	ask := paymentAsk{Subject: psd2.Subject{Bundle: true, At: b.Path}}
	for i, v := range b.List("transfers") {
		at := b.Path + "transfers[" + strconv.Itoa(i) + "]"
		o, ok := v.Object()
		if !ok {
			b.Blame(at, "An object is expected.")
			continue
		}
		one := b.at(o, at)
		order, id := one.readInstruction(k, true)
		ask.Orders = append(ask.Orders, xs2a.Ordered{TPPID: id, Order: *order})
	}
	c := money.PLN
	if len(ask.Orders) > 0 {
		c = ask.Orders[0].Order.Amount.Currency()
	} else {
		b.Blame(b.Path+"transfers", "A bundle holds at least one payment.")
	}
	ask.Total = b.Amount("transfersTotalAmount", c)
	return ask
}

// appendPaymentPrivilege writes the privilege of a payment consent as the
// customer gave it: sender names the account that was chosen (psd2 §10 case 57).
func appendPaymentPrivilege(dst []byte, c *xs2a.Consent) []byte {
	what := c.Payment
	if what == nil || len(c.Grants) == 0 {
		return append(dst, "{}"...)
	}
	name, field, id := privilegeOf(c)
	dst = append(dst, '{')
	dst = append(edge.AppendKey(dst, name), '{')
	limit := "MULTIPLE"
	if c.Grants[0].Single {
		limit = "SINGLE"
	}
	dst = edge.AppendStringField(dst, "scopeUsageLimit", limit)
	switch {
	case len(what.Orders) == 0:
		dst = edge.AppendStringField(dst, field, wire.HandleOf(id))
	case what.Bundle:
		dst = append(edge.AppendKey(dst, field), '{')
		dst = edge.AppendStringField(dst, "transfersTotalAmount", what.Total.String())
		dst = append(edge.AppendKey(dst, "transfers"), '[')
		for i := range what.Orders {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendInstruction(dst, consented(c, i), what.Orders[i].TPPID)
		}
		dst = append(dst, ']', '}')
	default:
		dst = appendInstruction(edge.AppendKey(dst, field), consented(c, 0), "")
	}
	return append(dst, '}', '}')
}

// privilegeOf names the privilege of a consent, and the field in it.
func privilegeOf(c *xs2a.Consent) (name, field, id string) {
	what := c.Payment
	if len(what.Orders) > 0 {
		f := formOf(what.Orders[0].Order.Kind)
		if what.Bundle {
			return f.bundle, f.bundleRequest, ""
		}
		return f.privilege, f.request, ""
	}
	cancels := c.Grant(xs2a.CancelPayment) != nil
	switch {
	case what.OfBundle != "" && cancels:
		return mayCancelBundle, "aspspBundleId", string(what.OfBundle)
	case what.OfBundle != "":
		return mayReadBundle, "aspspBundleId", string(what.OfBundle)
	case cancels:
		return mayCancel, "aspspPaymentId", string(what.Transfer) + string(what.Standing)
	}
	return mayReadPayment, "aspspPaymentId", string(what.Transfer) + string(what.Standing)
}

// consented is an order of a consent with the account that the customer chose.
func consented(c *xs2a.Consent, i int) *transfer.Instruction {
	o := c.Payment.Orders[i].Order
	if o.Sender.Account == "" && len(c.Accounts) == 1 {
		o.Sender.Account = c.Accounts[0].Number
	}
	return &o
}

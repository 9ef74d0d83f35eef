package polishapi

import (
	"strconv"

	"okienko/bank/money"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/wire"
)

// readPayments reads privilegeList of scope pis. A consent is for one thing: two
// methods are refused, in one element or in two (psd2 §10 case 23). Looking at what
// is made may stand beside making it, as clients of the standard send it.
func (b branch) readPayments(list []edge.Value, d *psd2.Details) {
	methods := 0
	var looks []branch
	for i, v := range list {
		inner, ok := b.Element(i, v)
		one := branch{inner, b.version}
		if !ok {
			continue
		}
		if number := one.Text("accountNumber", wire.AccountLength); number != "" {
			d.Numbers = append(d.Numbers, one.Polish("accountNumber", number))
		}
		for _, name := range one.Object.Names() {
			switch name {
			case "accountNumber":
				continue
			case mayReadPayment, mayReadBundle, mayReadRecurring:
				looks = append(looks, one)
				continue
			}
			if methods++; methods > 1 {
				b.Blame(one.Path+wire.Printable(name), "A consent is for one payment method.")
				return
			}
			one.readPrivilege(name, d)
		}
	}
	switch {
	case methods == 0 && len(looks) == 0:
		b.Blame(b.Path+"privilegeList", "A privilege is required.")
	case methods == 0 && len(looks) == 1:
		looks[0].readLook(d)
	case methods == 0 || len(looks) > 1 || (len(looks) == 1 && len(d.Payment.Orders) == 0):
		b.Blame(b.Path+"privilegeList", "A consent is for one payment method.")
	case len(looks) == 1:
		looks[0].readLookBeside(d)
	}
}

// readPrivilege reads what makes or cancels.
func (b branch) readPrivilege(name string, d *psd2.Details) {
	in := b.inside(name)
	grant := func(right xs2a.Right) { d.Grants = []xs2a.Grant{{Right: right, Single: in.single()}} }
	for _, f := range forms {
		if name == f.privilege {
			o := in.readInstruction(f.kind, consented, "scopeUsageLimit")
			grant(xs2a.Initiate)
			d.Payment = psd2.Subject{Orders: []xs2a.Ordered{{Order: *o}}, At: in.Path}
			return
		}
	}
	switch name {
	case mayBundle:
		d.Payment = in.readBundle("scopeUsageLimit")
		grant(xs2a.InitiateBundle)
	case mayRecur:
		in.Only("scopeUsageLimit", "recurrence", "typeOfPayment", "domesticPayment", "EEAPayment", "nonEEAPayment", "taxPayment")
		o, at := in.readRecurring()
		grant(xs2a.InitiateRecurring)
		d.Payment = psd2.Subject{Orders: []xs2a.Ordered{{Order: *o}}, At: at}
	case mayCancel:
		in.Only("scopeUsageLimit", "paymentId", "bundleId")
		grant(xs2a.CancelPayment)
		d.Payment = in.readCancelled()
	case mayCancelRecurring:
		in.Only("scopeUsageLimit", "recurringPaymentId")
		grant(xs2a.CancelPayment)
		d.Payment = psd2.Subject{Standing: true, Of: wire.OwnID(in.Need("recurringPaymentId", b.version.idLength()))}
	default:
		b.Blame(b.Path+wire.Printable(name), "The privilege is not one of this scope.")
	}
}

// readCancelled reads a payment or a bundle: exactly one of them.
func (b branch) readCancelled() psd2.Subject {
	payment, bundle := b.Text("paymentId", b.version.idLength()), b.Text("bundleId", b.version.idLength())
	if (payment == "") == (bundle == "") {
		b.Blame(b.Path+"paymentId", "Either paymentId or bundleId is needed.")
	}
	return psd2.Subject{Bundle: bundle != "", Of: wire.OwnID(payment + bundle)}
}

// look is a privilege to look at what was made, with the names of its ids: the
// bank's and the third party's.
type look struct{ privilege, of, ofTPP string }

var looks = []look{
	{mayReadPayment, "paymentId", "tppTransactionId"}, {mayReadBundle, "bundleId", "tppBundleId"},
	{mayReadRecurring, "recurringPaymentId", "tppRecurringPaymentId"},
}

// lookIn finds the privilege to look that an element has.
func (b branch) lookIn() (look, branch) {
	for _, l := range looks {
		if _, there := b.Get(l.privilege); there {
			return l, b.inside(l.privilege)
		}
	}
	return look{}, b
}

// readLook reads a consent to look at what was made before.
func (b branch) readLook(d *psd2.Details) {
	l, in := b.lookIn()
	in.Only("scopeUsageLimit", l.of, l.ofTPP)
	d.Grants = []xs2a.Grant{{Right: xs2a.ReadPayment, Single: in.single()}}
	d.Payment = in.subject(l)
}

// subject reads what an object is about: by the bank's id, or by the third
// party's own where it never learnt the bank's.
func (b branch) subject(l look) psd2.Subject {
	s := psd2.Subject{Bundle: l.privilege == mayReadBundle, Standing: l.privilege == mayReadRecurring}
	of, ofTPP := b.Text(l.of, b.version.idLength()), b.Text(l.ofTPP, b.version.idLength())
	switch {
	case of != "":
		s.Of = wire.OwnID(of)
	case ofTPP != "":
		s.OfTPP = ofTPP
	default:
		b.Blame(b.Path+l.of, "Either "+l.of+" or "+l.ofTPP+" is needed.")
	}
	return s
}

// readLookBeside reads the right to look at what the same consent makes. It is of
// the same kind, and names nothing that is there already.
func (b branch) readLookBeside(d *psd2.Details) {
	l, in := b.lookIn()
	in.Only("scopeUsageLimit", l.of, l.ofTPP)
	kind := mayReadPayment
	switch d.Grants[0].Right {
	case xs2a.InitiateBundle:
		kind = mayReadBundle
	case xs2a.InitiateRecurring:
		kind = mayReadRecurring
	}
	if l.privilege != kind || in.Text(l.of, b.version.idLength()) != "" {
		b.Blame(b.Path+l.privilege, "A consent is for one payment method; looking beside it is at what it makes.")
	}
	in.Text(l.ofTPP, b.version.idLength())
	d.Grants = append(d.Grants, xs2a.Grant{Right: xs2a.ReadPayment, Single: in.single()})
}

// readBundle reads the payments of a bundle and their sum: exactly the list that
// goes with its type (psd2 §10 case 70). more are fields of the object beside it.
func (b branch) readBundle(more ...string) psd2.Subject {
	known := append([]string{"transfersTotalAmount", "typeOfTransfers"}, more...)
	for _, f := range forms {
		known = append(known, f.transfers)
	}
	b.Only(known...)
	s := psd2.Subject{Bundle: true, At: b.Path}
	f, ok := b.typed("typeOfTransfers")
	if !ok {
		return s
	}
	b.oneOfForms(f.transfers, func(f form) string { return f.transfers })
	for i, v := range b.List(f.transfers) {
		at := b.Path + f.transfers + "[" + strconv.Itoa(i) + "]"
		o, ok := v.Object()
		if !ok {
			b.Blame(at, "An object is expected.")
			continue
		}
		one := b.at(o, at)
		s.Orders = append(s.Orders, xs2a.Ordered{
			Order: *one.readInstruction(f.kind, bundled, "tppTransactionId"), TPPID: one.Need("tppTransactionId", b.version.idLength()),
		})
	}
	c := money.PLN
	if len(s.Orders) > 0 {
		c = s.Orders[0].Order.Amount.Currency()
	} else {
		b.Blame(b.Path+f.transfers, "A bundle holds at least one payment.")
	}
	s.Total = b.Amount("transfersTotalAmount", c)
	return s
}

// appendPayments writes the privilege of a payment consent as the customer gave
// it: the element names the account that was chosen (psd2 §10 case 57).
func appendPayments(b []byte, c *xs2a.Consent, v Version) []byte {
	what := c.Payment
	if what == nil || len(c.Grants) == 0 {
		return append(b, "{}"...)
	}
	b = append(b, '{')
	if len(c.Accounts) == 1 {
		b = edge.AppendStringField(b, "accountNumber", c.Accounts[0].Number)
	}
	if len(what.Orders) == 0 {
		name, field, id := lookOf(c)
		b = appendUsage(append(edge.AppendKey(b, name), '{'), &c.Grants[0])
		return append(edge.AppendStringField(b, field, wire.HandleOf(id)), '}', '}')
	}
	for i := range c.Grants {
		g := &c.Grants[i]
		switch g.Right {
		case xs2a.Initiate:
			b = appendUsage(append(edge.AppendKey(b, formOf(what.Orders[0].Order.Kind).privilege), '{'), g)
			b = append(appendInstruction(b, payable(c, 0), v, consented), '}')
		case xs2a.InitiateBundle:
			b = append(appendBundle(appendUsage(append(edge.AppendKey(b, mayBundle), '{'), g), c, v), '}')
		case xs2a.InitiateRecurring:
			b = append(appendRecurring(appendUsage(append(edge.AppendKey(b, mayRecur), '{'), g), payable(c, 0), v), '}')
		case xs2a.ReadPayment:
			l := lookBeside(c)
			b = appendUsage(append(edge.AppendKey(b, l.privilege), '{'), g)
			if c.Made != "" && len(c.Grants) == 1 { // nothing else says what it looks at
				b = edge.AppendStringField(b, l.of, wire.HandleOf(c.Made))
			}
			b = append(b, '}')
		}
	}
	return append(b, '}')
}

// lookOf names the privilege of a consent that is about what was made before.
func lookOf(c *xs2a.Consent) (name, field, id string) {
	cancels, what := c.Grant(xs2a.CancelPayment) != nil, c.Payment
	switch {
	case what.Standing != "" && cancels:
		return mayCancelRecurring, "recurringPaymentId", string(what.Standing)
	case what.Standing != "":
		return mayReadRecurring, "recurringPaymentId", string(what.Standing)
	case what.OfBundle != "" && cancels:
		return mayCancel, "bundleId", string(what.OfBundle)
	case what.OfBundle != "":
		return mayReadBundle, "bundleId", string(what.OfBundle)
	case cancels:
		return mayCancel, "paymentId", string(what.Transfer)
	}
	return mayReadPayment, "paymentId", string(what.Transfer)
}

// lookBeside is the privilege to look at what a consent makes.
func lookBeside(c *xs2a.Consent) look {
	switch {
	case c.Payment.Bundle:
		return looks[1]
	case c.Payment.Orders[0].Order.Mode == transfer.Recurring:
		return looks[2]
	}
	return looks[0]
}

func appendBundle(b []byte, c *xs2a.Consent, v Version) []byte {
	f := formOf(c.Payment.Orders[0].Order.Kind)
	b = wire.AppendMoney(b, "transfersTotalAmount", c.Payment.Total)
	b = edge.AppendStringField(b, "typeOfTransfers", f.name)
	b = append(edge.AppendKey(b, f.transfers), '[')
	for i := range c.Payment.Orders {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendInstruction(append(b, '{'), payable(c, i), v, bundled)
		b = append(edge.AppendStringField(b, "tppTransactionId", c.Payment.Orders[i].TPPID), '}')
	}
	return append(b, ']')
}

func appendRecurring(b []byte, o *transfer.Instruction, v Version) []byte {
	f := formOf(o.Kind)
	b = wire.AppendFrequency(b, o.Recurrence, units, offHoliday)
	b = edge.AppendStringField(b, "typeOfPayment", f.name)
	return append(appendInstruction(append(edge.AppendKey(b, f.payment), '{'), o, v, recurring), '}')
}

// payable is an order of a consent with the account that the customer chose.
func payable(c *xs2a.Consent, i int) *transfer.Instruction {
	o := c.Payment.Orders[i].Order
	if o.Sender.Account == "" && len(c.Accounts) == 1 {
		o.Sender.Account = c.Accounts[0].Number
	}
	return &o
}

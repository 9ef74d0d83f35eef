package polishapi

import (
	"errors"
	"strings"

	"okienko/bank"
	"okienko/bank/transfer"
	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/wire"
)

// The statuses of the core are those of the standard, to the letter
// (psd2 §2.5: generalStatus, bundleStatus, recurringPaymentStatus).

// appendStatus writes where a payment stands.
func (d *Door) appendStatus(c *call, b []byte, t *transfer.Transfer) ([]byte, error) {
	failure, err := d.core.Failure(c.Ctx(), t)
	if err != nil {
		return nil, err
	}
	detail := psd2.Progress(t)
	if failure != nil {
		detail += " " + failure.Text + " Reference number: " + failure.Reference + "."
	}
	b = edge.AppendStringField(b, "generalStatus", string(t.Status))
	return edge.AppendStringField(b, "detailedStatus", detail), nil
}

// appendPayment writes the fields of PaymentInfo.
func (d *Door) appendPayment(c *call, b []byte, t *transfer.Transfer) ([]byte, error) {
	b = edge.AppendStringField(b, "paymentId", wire.HandleOf(string(t.ID)))
	own := t.TPPID
	if own == "" { // a payment of a standing order has none of its own
		own = wire.HandleOf(string(t.ID))
	}
	b = edge.AppendStringField(b, "tppTransactionId", c.fitting(own))
	b, err := d.appendStatus(c, b, t)
	if err != nil {
		return nil, err
	}
	mode := t.Order.Mode
	if wire.Spell(modes, mode) == "" { // a payment of a standing order is made when it is due
		mode = transfer.FutureDated
	}
	return edge.AppendStringField(b, "executionMode", wire.Spell(modes, mode)), nil
}

// bundle answers with where a bundle stands; named adds the third party's id of it,
// which the answer to its initiation has no field for.
func (d *Door) bundle(c *call, m *psd2.Made, included, named bool) (wire.Answer, error) {
	b := edge.AppendStringField(d.answer(c, 512+512*len(m.Transfers)), "bundleId", wire.HandleOf(string(m.Bundle.ID)))
	if named {
		b = edge.AppendStringField(b, "tppBundleId", c.fitting(m.Bundle.TPPID))
	}
	b = edge.AppendStringField(b, "bundleStatus", string(transfer.StatusOf(m.Transfers)))
	b = edge.AppendStringField(b, "bundleDetailedStatus", psd2.BundleProgress(m.Transfers))
	if !included {
		return served(b), nil
	}
	b = append(edge.AppendKey(b, "payments"), '[')
	for i := range m.Transfers {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = d.appendPayment(c, append(b, '{'), &m.Transfers[i]); err != nil {
			return wire.Answer{}, err
		}
		b = append(b, '}')
	}
	return served(append(b, ']')), nil
}

// standing begins an answer about a standing order.
func (d *Door) standing(c *call, s *transfer.Standing) []byte {
	b := edge.AppendStringField(d.answer(c, 512), "recurringPaymentId", wire.HandleOf(string(s.ID)))
	return edge.AppendStringField(b, "tppRecurringPaymentId", c.fitting(s.TPPID))
}

// fitting is a third party's id as long as the version has room for: it may have
// given it in another form. What is required cannot be left out.
func (c *call) fitting(id string) string { return psd2.Shortened(id, c.version.idLength()) }

func appendStanding(b []byte, s *transfer.Standing) []byte {
	b = edge.AppendStringField(b, "recurringPaymentStatus", string(s.Status))
	return edge.AppendStringField(b, "recurringPaymentDetailedStatus", psd2.StandingProgress(s))
}

// onWire names the field of a refusal as it stands in the body.
func onWire(err error, s *psd2.Subject) error {
	var refusal *bank.Refusal
	if !errors.As(err, &refusal) || refusal.Field == "" {
		return err
	}
	one, at := *refusal, s.At
	one.Field = wireField(one.Field, s)
	if strings.HasPrefix(one.Field, "recurrence") { // it stands beside the payment
		at = strings.TrimSuffix(at, formOf(s.Kind()).payment+".")
	}
	one.Field = at + one.Field
	return &one
}

// carried names the field of a refusal of the authorisation server in the same way
// where it is one of an order that no payment system carries. Its other refusals
// name fields that stand beside the order.
func carried(err error, s *psd2.Subject) error {
	var refusal *bank.Refusal
	if errors.As(err, &refusal) && len(s.Orders) > 0 {
		for _, of := range []string{"recipient.", "recipientBank.", "transferData.", "transfers["} {
			if strings.HasPrefix(refusal.Field, of) {
				return onWire(err, s)
			}
		}
	}
	return err
}

// wireField is this form's name of a field of transfer.Instruction.Validate.
func wireField(field string, s *psd2.Subject) string {
	in := ""
	if strings.HasPrefix(field, "transfers[") {
		in, field, _ = strings.Cut(field, "].")
		in = formOf(s.Kind()).transfers + strings.TrimPrefix(in, "transfers") + "]."
	} else if field == "transfers" {
		field = formOf(s.Kind()).transfers
	}
	for _, r := range renamed {
		if rest, ok := strings.CutPrefix(field, r.inside); ok {
			field = r.wire + rest
			break
		}
	}
	return in + field
}

// renamed are the beginnings of fields that this form calls otherwise; the longer
// ones come first.
var renamed = []struct{ inside, wire string }{
	{"recipient.address.countryCode", "recipient.countryCode"},
	{"recipient.address.addressLine", "recipient.nameAddress.value"},
	{"sender.address.addressLine", "sender.nameAddress.value"},
	{"recipient.name", "recipient.nameAddress.value"},
	{"sender.name", "sender.nameAddress.value"},
	{"tppPaymentId", "tppTransactionId"},
	{"usInfo.payorId", "usInfo.payerInfo.payorId"}, // and payorIdType
	{"transferData.recurrence", "recurrence"},
}

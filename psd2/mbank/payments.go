package mbank

import (
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"okienko/bank"
	"okienko/bank/payment"
	"okienko/bank/service"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/wire"
)

// The headers that carry a third party's own ids.
const (
	paymentIDHeader = "TPP-Payment-ID"
	bundleIDHeader  = "TPP-Bundle-ID"
)

// paymentRoutes are the calls of payment initiation (psd2 §3.2). A payment is
// also found by the third party's own id: without ours in the path, its header
// names it (psd2 §10 cases 64, 73).
func (d *Door) paymentRoutes() []route {
	var routes []route
	add := func(act string, own []string, body int64, serve func(*call) (wire.Answer, error)) {
		routes = append(routes, route{
			act: act, service: service.Initiation, role: thirdparty.PaymentInitiation, token: true,
			own: append([]string{"Client-ID"}, own...), body: body > 0, maxBody: body, serve: serve,
		})
	}
	byPaymentID, byBundleID := []string{paymentIDHeader}, []string{bundleIDHeader}
	for _, f := range forms {
		one, bundle := "/payments/"+f.segment, "/payments/bundle/"+f.segment
		add("POST "+one, byPaymentID, usualBody, func(c *call) (wire.Answer, error) { return d.pay(c, f.kind) })
		add("GET "+one+"/status", byPaymentID, 0, func(c *call) (wire.Answer, error) { return d.showPayment(c, f.kind) })
		add("GET "+one+"/{aspspPaymentId}/status", nil, 0, func(c *call) (wire.Answer, error) { return d.showPayment(c, f.kind) })
		add("DELETE "+one+"/{aspspPaymentId}", nil, 0, func(c *call) (wire.Answer, error) { return d.cancelPayment(c, f.kind) })
		add("POST "+bundle, byBundleID, bundleBody, func(c *call) (wire.Answer, error) { return d.payBundle(c, f.kind) })
		add("GET "+bundle+"/status", byBundleID, 0, func(c *call) (wire.Answer, error) { return d.showBundle(c, f.kind) })
		add("GET "+bundle+"/{aspspBundleId}/status", nil, 0, func(c *call) (wire.Answer, error) { return d.showBundle(c, f.kind) })
		add("DELETE "+bundle+"/{aspspBundleId}", nil, 0, func(c *call) (wire.Answer, error) { return d.cancelBundle(c, f.kind) })
	}
	return routes
}

// pay initiates one payment, or a standing order when executionMode says so.
func (d *Door) pay(c *call, k transfer.Kind) (wire.Answer, error) {
	tppID, err := d.mayPay(c, paymentIDHeader)
	if err != nil {
		return wire.Answer{}, err
	}
	o, err := c.object()
	if err != nil {
		return wire.Answer{}, err
	}
	r := c.reading()
	order, _ := open(r, o, "").readInstruction(k, false)
	if err := r.Err(); err != nil {
		return wire.Answer{}, err
	}
	if err := c.throttled(d); err != nil {
		return wire.Answer{}, err
	}
	made, err := d.core.Initiate(c.Ctx(), &c.Access, psd2.Orders{TPPID: tppID, List: []payment.Initiation{{Order: *order}}})
	if err != nil {
		return wire.Answer{}, onWire(err, k, "")
	}
	return d.told(c, http.StatusCreated, &made, false)
}

// mayPay asks for consent, customer and account before the body is read, and
// reads the third party's own id of what it orders.
func (d *Door) mayPay(c *call, header string) (tppID string, err error) {
	if err := psd2.MayInitiate(&c.Access); err != nil {
		return "", err
	}
	if err := d.core.MayUse(c.Ctx(), &c.Access, c.Now); err != nil {
		return "", err
	}
	if _, err := c.query(); err != nil {
		return "", err
	}
	return c.ownID(header)
}

// ownID reads the id that a third party gave to what it orders.
func (c *call) ownID(header string) (string, error) {
	id := c.Header(header)
	if id == "" || len(id) > tppIDLength || !utf8.ValidString(id) || strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", bank.RefuseField(header, "An id of 1 to 128 characters is expected.")
	}
	return id, nil
}

// showPayment tells where a payment or a standing order stands.
func (d *Door) showPayment(c *call, k transfer.Kind) (wire.Answer, error) {
	made, _, err := d.found(c, "aspspPaymentId", paymentIDHeader, k, false)
	if err != nil {
		return wire.Answer{}, err
	}
	return d.told(c, http.StatusOK, &made, false)
}

// found finds what a call is about and asks whether the token may look at it;
// parameters are those of its query.
func (d *Door) found(c *call, path, header string, k transfer.Kind, bundle bool, parameters ...string) (psd2.Made, edge.Form, error) {
	refuse := func(err error) (psd2.Made, edge.Form, error) { return psd2.Made{}, edge.Form{}, err }
	if err := psd2.MayLook(&c.Access); err != nil {
		return refuse(err)
	}
	if err := d.core.MayUse(c.Ctx(), &c.Access, c.Now); err != nil {
		return refuse(err)
	}
	query, err := c.query(parameters...)
	if err != nil {
		return refuse(err)
	}
	if value, there := query.Get(included); there && value != "true" && value != "false" {
		return refuse(bank.RefuseField(included, "true or false is expected."))
	}
	if err := c.throttled(d); err != nil {
		return refuse(err)
	}
	made, err := d.named(c, path, header, k, bundle)
	if err != nil {
		return refuse(err)
	}
	if err := d.core.Look(c.Ctx(), &c.Access, &made); err != nil {
		return refuse(err)
	}
	return made, query, nil
}

// named finds what the path or the header names. What is of another form, or a
// bundle where a payment is asked for, is not there.
func (d *Door) named(c *call, path, header string, k transfer.Kind, bundle bool) (psd2.Made, error) {
	var made psd2.Made
	var err error
	client := c.Caller.Client.ID
	switch id := c.R.PathValue(path); {
	case id != "" && bundle:
		made, err = d.core.FindBundle(c.Ctx(), client, wire.OwnID(id))
	case id != "":
		made, err = d.core.Find(c.Ctx(), client, wire.OwnID(id))
	default:
		if id, err = c.ownID(header); err == nil {
			made, err = d.core.FindByTPP(c.Ctx(), client, id)
		}
	}
	if err != nil {
		return psd2.Made{}, err
	}
	if made.Kind() != k || (made.Bundle != nil) != bundle {
		return psd2.Made{}, bank.Refuse(bank.NotFound, "There is no such payment.")
	}
	return made, nil
}

func (d *Door) cancelPayment(c *call, k transfer.Kind) (wire.Answer, error) {
	return d.cancel(c, "aspspPaymentId", k, false)
}

// cancel cancels what a consent of its own allows. What is cancelled already is
// not there any more (psd2 §10 case 72).
func (d *Door) cancel(c *call, path string, k transfer.Kind, bundle bool) (wire.Answer, error) {
	if err := psd2.MayCancel(&c.Access); err != nil {
		return wire.Answer{}, err
	}
	if err := d.core.MayUse(c.Ctx(), &c.Access, c.Now); err != nil {
		return wire.Answer{}, err
	}
	if _, err := c.query(); err != nil {
		return wire.Answer{}, err
	}
	if err := c.throttled(d); err != nil {
		return wire.Answer{}, err
	}
	made, err := d.named(c, path, "", k, bundle)
	if err != nil {
		return wire.Answer{}, err
	}
	if err = d.core.Cancel(c.Ctx(), &c.Access, &made); bank.CodeOf(err) == bank.PaymentFinal || bank.CodeOf(err) == bank.PermissionUsedUp {
		now, again := d.named(c, path, "", k, bundle) // it may have been cancelled meanwhile
		if again == nil && now.Cancelled() {
			err = bank.Refuse(bank.NotFound, "The payment was cancelled before.")
		}
	}
	if err != nil {
		return wire.Answer{}, err
	}
	return wire.Answer{Status: http.StatusNoContent}, nil
}

// onWire names the field of a refusal as it stands in the body; at is the place
// of the payment or bundle in it, with a dot behind it.
func onWire(err error, k transfer.Kind, at string) error {
	var refusal *bank.Refusal
	if !errors.As(err, &refusal) || refusal.Field == "" {
		return err
	}
	one := *refusal
	one.Field = at + wireField(one.Field, k)
	return &one
}

// wireField is this form's name of a field of transfer.Instruction.Validate.
func wireField(field string, k transfer.Kind) string {
	in := ""
	if strings.HasPrefix(field, "transfers[") {
		in, field, _ = strings.Cut(field, "].")
		in += "]."
	}
	for _, r := range renamed {
		if rest, ok := strings.CutPrefix(field, r.inside); ok {
			field = r.wire + rest
			break
		}
	}
	if k != transfer.NonEEA {
		field = strings.Replace(field, "recipientBank.bicOrSwift", "transferData.additionalFields.bicOrSwift", 1)
	}
	return in + field
}

// renamed are the beginnings of fields that this form calls otherwise; the longer
// ones come first.
var renamed = []struct{ inside, wire string }{
	{"recipient.ultimate.identifiers", "recipient.ultimateRecipient.identifiers"},
	{"recipient.ultimate.address", "recipient.ultimateRecipient.nameAddressStructured.addressStructured"},
	{"recipient.ultimate.name", "recipient.ultimateRecipient.nameAddressStructured.name"},
	{"sender.ultimate.identifiers", "sender.ultimateSender.identifiers"},
	{"sender.ultimate.address", "sender.ultimateSender.nameAddressStructured.addressStructured"},
	{"sender.ultimate.name", "sender.ultimateSender.nameAddressStructured.name"},
	{"recipient.address.name", "recipient.nameAddressStructured.name"},
	{"recipient.address", "recipient.nameAddressStructured.addressStructured"},
	{"sender.address.name", "sender.nameAddressStructured.name"},
	{"sender.address", "sender.nameAddressStructured.addressStructured"},
	{"usInfo.payorId", "usInfo.payerInfo.payorId"}, // and payorIdType
	{"reference", "transferData.additionalFields.reference"},
}

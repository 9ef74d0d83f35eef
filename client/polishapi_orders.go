package client

import (
	"context"
)

// ordering is a call about an order of a customer.
func (p polishAPI) ordering(s Session, operation string, body any) call {
	k := p.under(s, "payments", operation, requestHeader{}.from(s.Present), body)
	k.repeatable = true
	return k
}

// polishOrder is what the bank says of an order, whatever it is.
type polishOrder struct {
	PaymentID      string `json:"paymentId"`
	OwnID          string `json:"tppTransactionId"`
	GeneralStatus  string `json:"generalStatus"`
	DetailedStatus string `json:"detailedStatus"`

	BundleID             string        `json:"bundleId"`
	OwnBundleID          string        `json:"tppBundleId"`
	BundleStatus         string        `json:"bundleStatus"`
	BundleDetailedStatus string        `json:"bundleDetailedStatus"`
	Payments             []polishOrder `json:"payments"`

	RecurringID             string `json:"recurringPaymentId"`
	OwnRecurringID          string `json:"tppRecurringPaymentId"`
	RecurringStatus         string `json:"recurringPaymentStatus"`
	RecurringDetailedStatus string `json:"recurringPaymentDetailedStatus"`
}

// initiated is an order in this package's words. Only one of its statuses is there.
func (w *polishOrder) initiated(k Kind) Initiated {
	out := Initiated{
		Kind: k, PaymentID: w.PaymentID + w.RecurringID, BundleID: w.BundleID,
		OwnPaymentID: w.OwnID + w.OwnRecurringID, OwnBundleID: w.OwnBundleID,
		GeneralStatus: plain(w.GeneralStatus + w.BundleStatus), DetailedStatus: w.DetailedStatus + w.BundleDetailedStatus + w.RecurringDetailedStatus,
		RecurringStatus: plain(w.RecurringStatus),
	}
	switch out.RecurringStatus {
	case "":
	case "CLOSE":
		out.GeneralStatus = StatusDone
	default:
		out.GeneralStatus = out.RecurringStatus
	}
	for i := range w.Payments {
		out.Transfers = append(out.Transfers, w.Payments[i].initiated(k))
	}
	return out
}

func (p polishAPI) pay(ctx context.Context, s Session, id string, in *Payment) (Initiated, error) {
	var body any
	operation := in.Kind.polish().word
	if in.ExecutionMode == recurring {
		w, err := p.recurring(in)
		if err != nil {
			return Initiated{Kind: in.Kind}, err
		}
		w.OwnID, operation, body = id, "recurring", w
	} else {
		w, err := p.payment(in)
		if err != nil {
			return Initiated{Kind: in.Kind}, err
		}
		w.OwnID, body = id, w
	}
	var out polishOrder
	if err := p.c.do(ctx, p.ordering(s, operation, body), &out); err != nil {
		return Initiated{Kind: in.Kind}, err
	}
	made := out.initiated(in.Kind)
	made.OwnPaymentID = id
	if made.System = in.System; made.System == "" {
		made.System = in.Kind.polish().system
	}
	if in.ExecutionMode == recurring && made.RecurringStatus == "" { // by it PaymentStatus knows what to ask
		made.RecurringStatus, made.GeneralStatus = StatusSubmitted, StatusSubmitted
	}
	return made, nil
}

func (p polishAPI) payBundle(ctx context.Context, s Session, id string, in *Bundle) (Initiated, error) {
	w, err := p.bundle(in)
	if err != nil {
		return Initiated{Kind: in.Kind}, err
	}
	w.OwnID = id
	var out polishOrder
	if err := p.c.do(ctx, p.ordering(s, "bundle", w), &out); err != nil {
		return Initiated{Kind: in.Kind}, err
	}
	made := out.initiated(in.Kind)
	made.OwnBundleID = id
	return made, nil
}

// statusBody asks for an order by one of its ids.
type statusBody struct {
	PaymentID    string `json:"paymentId,omitempty"`
	OwnID        string `json:"tppTransactionId,omitempty"`
	BundleID     string `json:"bundleId,omitempty"`
	OwnBundle    string `json:"tppBundleId,omitempty"`
	RecurringID  string `json:"recurringPaymentId,omitempty"`
	OwnRecurring string `json:"tppRecurringPaymentId,omitempty"`
	Included     bool   `json:"transactionsIncluded,omitempty"`
	Token        string `json:"accessToken,omitempty"` // of getMultiplePayments
}

func (p polishAPI) status(ctx context.Context, s Session, o *ordered) (Initiated, error) {
	var body statusBody
	operation := "getPayment"
	switch o.thing {
	case aBundle:
		operation, body.BundleID, body.OwnBundle, body.Included = "getBundle", o.id, o.own, true
	case aRecurring:
		operation, body.RecurringID, body.OwnRecurring = "getRecurringPayment", o.id, o.own
	default:
		body.PaymentID, body.OwnID = o.id, o.own
	}
	var out polishOrder
	if err := p.c.do(ctx, p.ordering(s, operation, &body), &out); err != nil {
		return Initiated{Kind: o.kind}, err
	}
	now := out.initiated(o.kind)
	now.System = o.first.System // the consent has fixed it
	return now, nil
}

// statuses asks with the tokens in the body, so the call itself has none.
func (p polishAPI) statuses(ctx context.Context, list []TokenOf) ([]Initiated, error) {
	body := map[string][]statusBody{"payments": {}}
	for _, one := range list {
		body["payments"] = append(body["payments"], statusBody{PaymentID: one.PaymentID, OwnID: one.OwnID, Token: one.Token})
	}
	k := p.call("payments", "getMultiplePayments", &requestHeader{}, body)
	k.repeatable = true
	var out polishOrder
	if err := p.c.do(ctx, k, &out); err != nil {
		return nil, err
	}
	return out.initiated("").Transfers, nil
}

// cancel is answered 204, or with the list of what goes on.
func (p polishAPI) cancel(ctx context.Context, s Session, o *ordered) error {
	operation, body := "cancelPayments", statusBody{PaymentID: o.id}
	switch o.thing {
	case aBundle:
		body = statusBody{BundleID: o.id}
	case aRecurring:
		operation, body = "cancelRecurringPayment", statusBody{RecurringID: o.id}
	}
	k := p.ordering(s, operation, &body)
	k.repeatable = false // a second try could not tell what is cancelled already
	var out polishOrder
	if err := p.c.do(ctx, k, &out); err != nil {
		return err
	}
	switch {
	case o.thing == aRecurring:
		if now := out.initiated(o.kind); now.RecurringStatus != "" && !now.Final() {
			return &NotCancelled{Payments: []Initiated{now}}
		}
	case len(out.Payments) > 0:
		return &NotCancelled{Payments: out.initiated(o.kind).Transfers}
	}
	return nil
}

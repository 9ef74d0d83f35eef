package client

import (
	"context"
	"errors"
	"fmt"
)

// errNoOwnID refuses an order that could be made twice.
var errNoOwnID = errors.New("client: an order has an id of the third party's own, by which it is made once")

// Pay orders the payment or the standing order that the customer has consented
// to. id is the third party's own id of it: however often it is posted under the
// same id, the bank executes it once. Write it down before the call: when every
// answer is lost, FindPayment tells by it what became of the order.
func (c *Client) Pay(ctx context.Context, s Session, id string, p Payment) (Initiated, error) {
	if id == "" {
		return Initiated{Kind: p.Kind}, errNoOwnID
	}
	return c.form().pay(ctx, s, id, &p)
}

// PayBundle orders a bundle, as Pay does a payment; FindBundle finds it.
func (c *Client) PayBundle(ctx context.Context, s Session, id string, b Bundle) (Initiated, error) {
	if id == "" {
		return Initiated{Kind: b.Kind}, errNoOwnID
	}
	return c.form().payBundle(ctx, s, id, &b)
}

// PaymentStatus asks what became of an order. The token is one of the order's own
// consent after a Refresh, or of a Status consent. Of Initiated it needs the link
// of the bank's first answer, or kind and id; that of a standing order is known by
// its RecurringStatus.
func (c *Client) PaymentStatus(ctx context.Context, s Session, i Initiated) (Initiated, error) {
	o := ordered{kind: i.Kind, id: i.PaymentID, first: i}
	if i.RecurringStatus != "" {
		o.thing = aRecurring
	}
	return c.form().status(ctx, s, &o)
}

// BundleStatus asks what became of a bundle and of each payment in it.
func (c *Client) BundleStatus(ctx context.Context, s Session, i Initiated) (Initiated, error) {
	return c.form().status(ctx, s, &ordered{thing: aBundle, kind: i.Kind, id: i.BundleID, first: i})
}

// FindPayment asks what became of a payment by the third party's own id of it.
func (c *Client) FindPayment(ctx context.Context, s Session, k Kind, id string) (Initiated, error) {
	return c.form().status(ctx, s, &ordered{kind: k, own: id})
}

// FindRecurring is FindPayment for a standing order.
func (c *Client) FindRecurring(ctx context.Context, s Session, k Kind, id string) (Initiated, error) {
	return c.form().status(ctx, s, &ordered{thing: aRecurring, kind: k, own: id})
}

// FindBundle is FindPayment for a bundle.
func (c *Client) FindBundle(ctx context.Context, s Session, k Kind, id string) (Initiated, error) {
	return c.form().status(ctx, s, &ordered{thing: aBundle, kind: k, own: id})
}

// Cancel cancels a payment that is not executed yet, with the token of a Cancel
// consent. When the answer is lost, ask for the status: a second try could not tell
// what is cancelled already from what never was.
func (c *Client) Cancel(ctx context.Context, s Session, k Kind, paymentID string) error {
	return c.form().cancel(ctx, s, &ordered{kind: k, id: paymentID})
}

// CancelRecurring ends a standing order. In mBank's form it is what Cancel does.
func (c *Client) CancelRecurring(ctx context.Context, s Session, k Kind, paymentID string) error {
	return c.form().cancel(ctx, s, &ordered{thing: aRecurring, kind: k, id: paymentID})
}

// CancelBundle cancels what of a bundle is not executed yet.
func (c *Client) CancelBundle(ctx context.Context, s Session, k Kind, bundleID string) error {
	return c.form().cancel(ctx, s, &ordered{thing: aBundle, kind: k, id: bundleID})
}

// NotCancelled is PolishAPI's answer that some or all of what was to be cancelled
// goes on. In mBank's form it is an Error.
type NotCancelled struct {
	Payments []Initiated // those that go on
}

func (n *NotCancelled) Error() string {
	if len(n.Payments) == 1 {
		p := &n.Payments[0]
		return fmt.Sprintf("the bank did not cancel %s: %s %s", p.PaymentID, p.GeneralStatus, p.DetailedStatus)
	}
	return fmt.Sprintf("the bank did not cancel %d payments", len(n.Payments))
}

// TokenOf is a payment with the token under which it was ordered.
type TokenOf struct {
	Token     string
	PaymentID string // the bank's id
	OwnID     string // the third party's own, where the bank's is not known
}

// PaymentStatuses asks what became of many payments of many customers in one call
// (getMultiplePayments). Only PolishAPI has it.
func (c *Client) PaymentStatuses(ctx context.Context, list []TokenOf) ([]Initiated, error) {
	p, err := c.polish()
	if err != nil {
		return nil, err
	}
	return p.statuses(ctx, list)
}

package client

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
)

// The headers that carry the third party's own ids.
const (
	ownPayment = "TPP-Payment-ID"
	ownBundle  = "TPP-Bundle-ID"
)

// Pay orders the payment or the standing order that the customer has consented
// to. id is the third party's own id of it: however often it is posted under the
// same id, the bank executes it once. Write it down before the call: when every
// answer is lost, FindPayment tells by it what became of the order.
func (c *Client) Pay(ctx context.Context, s Session, id string, p Payment) (Initiated, error) {
	return c.order(ctx, s, c.bank("/payments/"+p.Kind.path()), ownPayment, id, p.Kind, &p)
}

// PayBundle orders a bundle, as Pay does a payment; FindBundle finds it.
func (c *Client) PayBundle(ctx context.Context, s Session, id string, b Bundle) (Initiated, error) {
	return c.order(ctx, s, c.bank("/payments/bundle/"+b.Kind.path()), ownBundle, id, b.Kind, &b)
}

func (c *Client) order(ctx context.Context, s Session, path, header, id string, k Kind, body any) (Initiated, error) {
	out := Initiated{Kind: k}
	if id == "" {
		return out, errors.New("client: an order has an id of the third party's own, by which it is made once")
	}
	h := map[string]string{header: id}
	maps.Copy(h, s.Present.headers(true))
	err := c.do(ctx, call{method: http.MethodPost, path: path, token: s.Token, body: body, headers: h, repeatable: true}, &out)
	return out, err
}

// PaymentStatus asks what became of an order. The token is one of the order's own
// consent after a Refresh, or of a Status consent. Of Initiated it needs the link
// of the bank's first answer, or kind and id.
func (c *Client) PaymentStatus(ctx context.Context, s Session, i Initiated) (Initiated, error) {
	return c.status(ctx, s, i, c.statusPath(i, "/payments/", i.PaymentID))
}

// BundleStatus asks what became of a bundle and of each payment in it.
func (c *Client) BundleStatus(ctx context.Context, s Session, i Initiated) (Initiated, error) {
	return c.status(ctx, s, i, c.statusPath(i, "/payments/bundle/", i.BundleID)+"?transactionsIncluded=true")
}

func (c *Client) statusPath(i Initiated, under, id string) string {
	for _, l := range i.Links {
		if l.Rel == "status" {
			return c.pathOf(l.Href)
		}
	}
	return c.bank(under + i.Kind.path() + "/" + url.PathEscape(id) + "/status")
}

func (c *Client) status(ctx context.Context, s Session, i Initiated, path string) (Initiated, error) {
	out := Initiated{Kind: i.Kind}
	err := c.get(ctx, s, path, &out)
	return out, err
}

// FindPayment asks what became of a payment by the third party's own id of it.
func (c *Client) FindPayment(ctx context.Context, s Session, k Kind, id string) (Initiated, error) {
	return c.find(ctx, s, c.bank("/payments/"+k.path()+"/status"), ownPayment, k, id)
}

// FindBundle is FindPayment for a bundle.
func (c *Client) FindBundle(ctx context.Context, s Session, k Kind, id string) (Initiated, error) {
	return c.find(ctx, s, c.bank("/payments/bundle/"+k.path()+"/status?transactionsIncluded=true"), ownBundle, k, id)
}

func (c *Client) find(ctx context.Context, s Session, path, header string, k Kind, id string) (Initiated, error) {
	h := map[string]string{header: id}
	maps.Copy(h, s.Present.headers(true))
	out := Initiated{Kind: k}
	err := c.do(ctx, call{method: http.MethodGet, path: path, token: s.Token, headers: h, repeatable: true}, &out)
	return out, err
}

// Cancel cancels a payment or a standing order that is not executed yet, with the
// token of a Cancel consent. When the answer is lost, ask for the status: a second
// try could not tell what is cancelled already from what never was.
func (c *Client) Cancel(ctx context.Context, s Session, k Kind, paymentID string) error {
	return c.cancel(ctx, s, "/payments/"+k.path()+"/"+url.PathEscape(paymentID))
}

// CancelBundle cancels what of a bundle is not executed yet.
func (c *Client) CancelBundle(ctx context.Context, s Session, k Kind, bundleID string) error {
	return c.cancel(ctx, s, "/payments/bundle/"+k.path()+"/"+url.PathEscape(bundleID))
}

func (c *Client) cancel(ctx context.Context, s Session, path string) error {
	return c.do(ctx, call{method: http.MethodDelete, path: c.bank(path), token: s.Token, headers: s.Present.headers(true)}, nil)
}

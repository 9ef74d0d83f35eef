package client

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
)

// The headers that carry the third party's own ids.
const (
	ownPayment = "TPP-Payment-ID"
	ownBundle  = "TPP-Bundle-ID"
)

func (m mbank) pay(ctx context.Context, s Session, id string, p *Payment) (Initiated, error) {
	if err := p.inMBank(); err != nil {
		return Initiated{Kind: p.Kind}, err
	}
	return m.order(ctx, s, m.bank("/payments/"+p.Kind.path()), ownPayment, id, p.Kind, p)
}

func (m mbank) payBundle(ctx context.Context, s Session, id string, b *Bundle) (Initiated, error) {
	if err := b.inMBank(); err != nil {
		return Initiated{Kind: b.Kind}, err
	}
	return m.order(ctx, s, m.bank("/payments/bundle/"+b.Kind.path()), ownBundle, id, b.Kind, b)
}

// inMBank refuses what mBank's form would lose: another payment than the caller's
// would be made.
func (p *Payment) inMBank() error {
	if len(p.Recipient.Lines) > 0 || len(p.Sender.Lines) > 0 {
		return fmt.Errorf("%w: mBank's addresses are structured: Party.Address, not Party.Lines", ErrNotInForm)
	}
	return nil
}

func (b *Bundle) inMBank() error {
	for i := range b.Transfers {
		if err := b.Transfers[i].inMBank(); err != nil {
			return err
		}
	}
	return nil
}

func (m mbank) order(ctx context.Context, s Session, path, header, id string, k Kind, body any) (Initiated, error) {
	out := Initiated{Kind: k}
	h := map[string]string{header: id}
	maps.Copy(h, s.Present.headers(true))
	err := m.c.do(ctx, call{method: http.MethodPost, path: path, token: s.Token, body: body, headers: h, repeatable: true}, &out)
	return out, err
}

// under is the folder of an order's kind. A standing order is a payment here.
func (m mbank) under(o *ordered) string {
	if o.thing == aBundle {
		return m.bank("/payments/bundle/" + o.kind.path())
	}
	return m.bank("/payments/" + o.kind.path())
}

func (m mbank) status(ctx context.Context, s Session, o *ordered) (Initiated, error) {
	h, path, own := s.Present.headers(true), m.statusPath(o), ownPayment
	if o.thing == aBundle {
		path, own = path+"?transactionsIncluded=true", ownBundle
	}
	if o.own != "" {
		h = map[string]string{own: o.own}
		maps.Copy(h, s.Present.headers(true))
	}
	out := Initiated{Kind: o.kind}
	err := m.c.do(ctx, call{method: http.MethodGet, path: path, token: s.Token, headers: h, repeatable: true}, &out)
	return out, err
}

func (m mbank) statusPath(o *ordered) string {
	if o.own != "" {
		return m.under(o) + "/status"
	}
	for _, l := range o.first.Links {
		if l.Rel == "status" {
			return m.pathOf(l.Href)
		}
	}
	return m.under(o) + "/" + url.PathEscape(o.id) + "/status"
}

func (m mbank) cancel(ctx context.Context, s Session, o *ordered) error {
	return m.c.do(ctx, call{method: http.MethodDelete, path: m.under(o) + "/" + url.PathEscape(o.id), token: s.Token, headers: s.Present.headers(true)}, nil)
}

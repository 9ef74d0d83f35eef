package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"time"

	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/notify"
	"okienko/web/mobile"
	"okienko/work"
)

// callers are the workers that tell third parties what became of the consents
// that they asked for with a code of the bank's application. Where no door makes
// a form of callback nobody asks so, and there are none.
func (h *House) callers(shift func(name string) work.Shift) []work.Worker {
	p := h.settings.PSD2
	if p == nil {
		return nil
	}
	forms := p.callbackForms(h.wall)
	if len(forms) == 0 {
		return nil
	}
	h.post = notify.NewCallbackClient(notify.CallbackConfig{
		Loopback: h.settings.Environment == partner.Test, TLS: &tls.Config{RootCAs: p.CallbackRoots, MinVersion: tls.VersionTLS12},
	})
	h.caller = work.NewCaller(work.CallerConfig{
		Book: h.store, Maker: h.auth, Forms: forms, Post: h.post, Clock: h.settings.Clock, Wall: h.wall, Worker: h.settings.Node, Log: h.log,
	})
	return []work.Worker{
		h.caller,
		work.NewLapser(work.LapserConfig{Requests: h.auth, Clock: h.settings.Clock, Shift: shift(work.Lapsing), Log: h.log}),
	}
}

// callSoon wakes what calls third parties back.
func (c *core) callSoon() {
	if c.caller != nil {
		c.caller.Poke()
	}
}

// codes is what draws one-time codes for third parties, nil where the bank serves
// none.
func (c *core) codes() mobile.Codes {
	if c.settings.PSD2 == nil {
		return nil
	}
	return c.auth
}

// externalCode draws a code on a made-up phone.
func (c *core) externalCode(ctx context.Context, person party.PersonID) (code string, until time.Time, err error) {
	out, err := c.auth.NewExternalCode(ctx, person)
	return out.Code, out.Until, err
}

// callbackRoots are the roots by which a sandbox trusts the servers of third
// parties: those of the system, and its own authority.
func callbackRoots(own []byte) *x509.CertPool {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	pool.AppendCertsFromPEM(own)
	return pool
}

package mbank

import (
	"net/http"
	"net/netip"
	"strings"

	"okienko/bank"
	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/wire"
)

// call is one request on its way to its answer. What a route did not ask for is
// empty: access without a token, body without one.
type call struct {
	wire.Call
	route *route
}

// object parses the body. It is asked after scope, consent and account.
func (c *call) object() (edge.Object, error) {
	o, err := edge.ParseObject(c.Body)
	if err != nil {
		return edge.Object{}, wire.Refuse(bodyError, "body").Because(err)
	}
	return o, nil
}

// reading begins to read a body, as leniently as the bank is to the caller.
func (c *call) reading() *wire.Reading {
	l := c.Caller.Client.Lenience
	return &wire.Reading{PassUnknown: l.UnknownFields, LooseNumbers: l.LooseNumbers}
}

// throttled is the last check before the work (psd2 §0.1).
func (c *call) throttled(d *Door) error {
	if retry, ok := d.core.Throttle(c.Caller.Client.ID); !ok {
		return wire.Refuse(tooManyRequests, "rate of one client").ComeBack(retry)
	}
	return nil
}

// serve runs the checks of a route in their order and answers.
func (d *Door) serve(route *route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{Call: d.frame.Begin(w, r, route.service, route.act), route: route}
		c.Line.Subject = subjectOf(r)
		a, err := d.run(c)
		if err == nil {
			err = d.sign(w, a)
		}
		if err != nil {
			a.Status = d.refuse(c, err)
		} else {
			wire.Write(w, a)
		}
		d.frame.End(&c.Call, a.Status, err)
	})
}

func (d *Door) run(c *call) (wire.Answer, error) {
	if err := d.checkHeaders(c); err != nil {
		return wire.Answer{}, err
	}
	if c.route.stranger {
		return c.route.serve(c)
	}
	caller, err := d.core.Identify(c.Ctx(), d.presented(c))
	if err != nil {
		return wire.Answer{}, err
	}
	c.Known(caller)
	if c.route.role != "" {
		err = caller.Permit(c.route.role, c.Now)
	} else {
		err = caller.Listed(c.Now)
	}
	if err != nil {
		return wire.Answer{}, err
	}
	if c.route.token {
		if c.Access, err = d.core.Check(c.Ctx(), caller, wire.Bearer(c.Header("Authorization"))); err != nil {
			return wire.Answer{}, err
		}
		c.Line.Consent = c.Access.Consent.ID
	}
	return c.route.serve(c)
}

// presented is how the caller shows who it is. The signature is over the target
// as it stood in the request line and the bytes of the body, before anything
// has read either.
func (d *Door) presented(c *call) psd2.Presented {
	p := psd2.Presented{
		Signature: c.Header("JWS-Signature"), TPPID: c.Header("TPP-ID"), ClientID: c.Header("Client-ID"), RequestID: c.Header("TPP-Request-ID"),
		Payload: func() ([]byte, error) { return psd2.Sealed(c.R.RequestURI, c.R.Header, c.Body) },
	}
	if c.R.TLS != nil {
		p.Chain = c.R.TLS.PeerCertificates
	}
	return p
}

// present tells whether the customer asked for the call, and refuses a caller
// who says so without the customer's address (psd2 §10 case 45).
func (c *call) present() (bool, error) {
	switch session := c.Header("PSU-Session"); session {
	case "", "false":
		return false, nil
	case "true":
		if _, err := netip.ParseAddr(c.Header("PSU-IP-Address")); err != nil {
			return false, bank.RefuseField("PSU-IP-Address", "A session of the customer needs the customer's address.")
		}
		c.Line.Present = true
		return true, nil
	}
	return false, bank.RefuseField("PSU-Session", "It is true or false.")
}

// sign sets the signature of an answer with a body, where that is switched on.
func (d *Door) sign(w http.ResponseWriter, a wire.Answer) error {
	if d.cfg.Sign == nil || a.Body == nil {
		return nil
	}
	signature, err := d.cfg.Sign(a.Body)
	if err != nil {
		return err
	}
	w.Header().Set("JWS-Signature", signature)
	return nil
}

// refuse writes an error and notes what refused.
func (d *Door) refuse(c *call, err error) (status int) {
	e, message := d.frame.Fail(&c.Call, err)
	if e.Status == http.StatusUnauthorized {
		wire.Challenge(c.W.Header())
	}
	writeError(c.W, e, message, isToken(c.R))
	return e.Status
}

// isToken tells whether a call is the token call, whose errors are read by OAuth
// clients too.
func isToken(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/auth/token") }

// subjectOf is what a path names, the most exact part of it.
func subjectOf(r *http.Request) string {
	for _, part := range [...]struct{ name, is string }{
		{"aspspTransactionId", "transaction:"}, {"aspspPaymentId", "payment:"}, {"aspspBundleId", "bundle:"},
		{"tppConsentId", "consent:"}, {"accountId", "account:"},
	} {
		switch id := r.PathValue(part.name); {
		case id == "":
		case part.is == "payment:" || part.is == "bundle:":
			return part.is + wire.OwnID(id)
		default:
			return part.is + wire.Plausible(id)
		}
	}
	return ""
}

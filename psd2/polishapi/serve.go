package polishapi

import (
	"net/http"
	"strconv"
	"strings"

	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/wire"
)

// call is one request on its way to its answer.
type call struct {
	wire.Call
	op      *operation
	version Version
	packing string // Content-Encoding of the answer
	reading *wire.Reading
	body    branch // once it was read
	head    head
	asked   psd2.Subject // of a consent for payments: what it asks for
}

// serve runs the checks of an operation in their order and answers.
func (d *Door) serve(v Version, o *operation) http.Handler {
	act := "POST /polishapi/" + string(v) + "/" + o.group + "/" + o.name
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{Call: d.frame.Begin(w, r, o.service, act), op: o, version: v, reading: &wire.Reading{}}
		a, err := d.run(c)
		if err == nil {
			err = d.finish(c, &a)
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
	if c.op.stranger {
		if err := c.open(); err != nil {
			return wire.Answer{}, err
		}
		return c.op.serve(c)
	}
	caller, err := d.core.Identify(c.Ctx(), d.presented(c))
	if err != nil {
		return wire.Answer{}, err
	}
	c.Known(caller)
	lenience := caller.Client.Lenience
	c.reading.PassUnknown, c.reading.LooseNumbers = lenience.UnknownFields, lenience.LooseNumbers
	// Who it says that it is, and its token, stand in the body: that much of it is
	// read before what the order of checks has here.
	if err := c.open(); err != nil {
		return wire.Answer{}, err
	}
	if err := c.readHead(); err != nil {
		return wire.Answer{}, err
	}
	if c.op.role != "" {
		err = caller.Permit(c.op.role, c.Now)
	} else {
		err = caller.Listed(c.Now)
	}
	if err != nil {
		return wire.Answer{}, err
	}
	if c.op.token {
		if err := d.checkToken(c); err != nil {
			return wire.Answer{}, err
		}
	}
	return c.op.serve(c)
}

// presented is how the caller shows who it is. The signature is over the bytes of
// the body, unpacked where it came packed (psd2 §4.1).
func (d *Door) presented(c *call) psd2.Presented {
	p := psd2.Presented{
		Signature: c.Header(signatureHeader), RequestID: c.Header(requestIDHeader), Payload: func() ([]byte, error) { return c.Body, nil },
	}
	if c.R.TLS != nil {
		p.Chain = c.R.TLS.PeerCertificates
	}
	return p
}

// checkToken finds what stands behind the token, which is in the header and once
// more in the body (psd2 §10 case 6).
func (d *Door) checkToken(c *call) (err error) {
	token := wire.Bearer(c.Header("Authorization"))
	if c.Access, err = d.core.Check(c.Ctx(), c.Caller, token); err != nil {
		return err
	}
	c.Line.Consent = c.Access.Consent.ID
	if c.head.token != token && (c.head.token != "" || !c.Caller.Client.Lenience.TokenOnce) {
		return wire.Refuse(tokenDiffers, "requestHeader.token")
	}
	return nil
}

// throttled is the last check before the work (psd2 §0.1).
func (c *call) throttled(d *Door) error {
	if retry, ok := d.core.Throttle(c.Caller.Client.ID); !ok {
		return wire.Refuse(tooManyRequests, "rate of one client").ComeBack(retry)
	}
	return nil
}

// finish signs an answer of status 200 and packs it: first the one, then the
// other, so that the signature is over what the caller unpacks.
func (d *Door) finish(c *call, a *wire.Answer) error {
	if a.Status == http.StatusOK {
		signature, err := d.cfg.Sign(a.Body)
		if err != nil {
			return err
		}
		c.W.Header().Set(signatureHeader, signature)
	}
	return c.pack(a)
}

// packed is from how many bytes on packing saves a packet of the network.
const packed = 1400

func (c *call) pack(a *wire.Answer) error {
	if c.packing == "" || len(a.Body) < packed {
		return nil
	}
	body, err := edge.Pack(c.packing, a.Body)
	if err != nil {
		return err
	}
	a.Body = body
	c.W.Header().Set("Content-Encoding", c.packing)
	c.W.Header().Add("Vary", "Accept-Encoding")
	return nil
}

// refuse writes an error, in a status that the operation declares, and notes what
// refused.
func (d *Door) refuse(c *call, err error) int {
	e, message := d.frame.Fail(&c.Call, err)
	status := c.op.declared(e.Status)
	switch h := c.W.Header(); {
	case status == http.StatusUnauthorized:
		wire.Challenge(h)
	case status == http.StatusServiceUnavailable && h.Get("Retry-After") == "":
		edge.SetRetryAfter(h, wire.BusyRetry)
	}
	b := d.appendHeader([]byte{'{'}, c.Header(requestIDHeader))
	wire.Write(c.W, wire.Answer{Status: status, Body: append(e.Append(b, message, c.op.name == "token"), '}')})
	return status
}

// answer begins the body of an answer: a responseHeader, where the version has one
// there, and room for the rest.
func (d *Door) answer(c *call, room int) []byte {
	if c.op.bare && c.version == V211 {
		return append(make([]byte, 0, room), '{')
	}
	return d.appendHeader(append(make([]byte, 0, room+160), '{'), c.Header(requestIDHeader))
}

// served ends a body that answer began.
func served(b []byte) wire.Answer { return wire.Answer{Status: http.StatusOK, Body: append(b, '}')} }

// appendHeader writes responseHeader. Everything is answered at once: isCallback
// is always false here (psd2 §0.1).
func (d *Door) appendHeader(b []byte, requestID string) []byte {
	b = append(edge.AppendKey(b, "responseHeader"), '{')
	if requestID = strings.Trim(requestID, " \t"); psd2.WellFormedRequestID(requestID) {
		b = edge.AppendStringField(b, "requestId", requestID)
	}
	b = wire.AppendInstant(b, "sendDate", d.core.Wall.Now())
	return append(edge.AppendBoolField(b, "isCallback", false), '}')
}

// whole writes a number as the text that the standard wants.
func whole(n int64) string { return strconv.FormatInt(n, 10) }

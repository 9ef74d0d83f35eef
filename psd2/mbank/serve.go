package mbank

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/edge"
	"okienko/psd2"
)

// answer is what a call is answered. Without a body it has no content.
type answer struct {
	status   int
	body     []byte
	location string
}

// call is one request on its way to its answer. What a route did not ask for is
// empty: access without a token, body without one.
type call struct {
	w      http.ResponseWriter
	r      *http.Request
	route  *route
	now    time.Time // bank clock; one instant for the whole call
	caller *psd2.Caller
	access authserver.ConsentAccess
	body   []byte
	line   psd2.Call
}

func (c *call) ctx() context.Context { return c.r.Context() }

// header is a value without the white space around it, as it was signed.
func (c *call) header(name string) string { return strings.Trim(c.r.Header.Get(name), " \t") }

// object parses the body. It is asked after scope, consent and account.
func (c *call) object() (edge.Object, error) {
	o, err := edge.ParseObject(c.body)
	if err != nil {
		return edge.Object{}, refuse(bodyError, "body").because(err)
	}
	return o, nil
}

// throttled is the last check before the work (psd2 §0.1).
func (c *call) throttled(d *Door) error {
	if retry, ok := d.core.Throttle(c.caller.Client.ID); !ok {
		return refuse(tooManyRequests, "rate of one client").comeBack(retry)
	}
	return nil
}

// serve runs the checks of a route in their order and answers.
func (d *Door) serve(route *route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began, now := d.core.Wall.Now(), d.core.Now()
		c := &call{w: w, r: r, route: route, now: now, line: psd2.Call{
			At: now, From: edge.ClientAddr(r), Service: route.service, Act: route.act, Subject: subjectOf(r),
		}}
		a, err := d.run(c)
		if err == nil {
			err = d.sign(w, a)
		}
		if err != nil {
			c.line.Status, c.line.Outcome = d.refuse(c, err), outcomeOf(err)
		} else {
			c.line.Status = a.status
			write(w, a)
		}
		c.line.Took = d.core.Wall.Now().Sub(began)
		if d.cfg.Access != nil {
			d.cfg.Access(r.Context(), c.line)
		}
		if d.cfg.Statistics != nil {
			d.cfg.Statistics(c.line)
		}
	})
}

func (d *Door) run(c *call) (answer, error) {
	if err := d.checkHeaders(c); err != nil {
		return answer{}, err
	}
	if c.route.stranger {
		return c.route.serve(c)
	}
	caller, err := d.core.Identify(c.ctx(), d.presented(c))
	if err != nil {
		return answer{}, err
	}
	c.caller, c.line.Organisation, c.line.Client = caller, caller.Organisation(), caller.Client.ID
	if c.route.role != "" {
		err = caller.Permit(c.route.role, c.now)
	} else {
		err = caller.Listed(c.now)
	}
	if err != nil {
		return answer{}, err
	}
	if c.route.token {
		if c.access, err = d.core.Check(c.ctx(), caller, bearer(c.header("Authorization"))); err != nil {
			return answer{}, err
		}
		c.line.Consent = c.access.Consent.ID
	}
	return c.route.serve(c)
}

// presented is how the caller shows who it is. The signature is over the target
// as it stood in the request line and the bytes of the body, before anything
// has read either.
func (d *Door) presented(c *call) psd2.Presented {
	p := psd2.Presented{
		Signature: c.header("JWS-Signature"), TPPID: c.header("TPP-ID"), ClientID: c.header("Client-ID"), RequestID: c.header("TPP-Request-ID"),
		Payload: func() ([]byte, error) { return psd2.Sealed(c.r.RequestURI, c.r.Header, c.body) },
	}
	if c.r.TLS != nil {
		p.Chain = c.r.TLS.PeerCertificates
	}
	return p
}

// bearer is the token of an Authorization header, "" for another scheme.
func bearer(value string) string {
	scheme, token, _ := strings.Cut(value, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimLeft(token, " ")
}

// present tells whether the customer asked for the call, and refuses a caller
// who says so without the customer's address (psd2 §10 case 45).
func (c *call) present() (bool, error) {
	switch session := c.header("PSU-Session"); session {
	case "", "false":
		return false, nil
	case "true":
		if _, err := netip.ParseAddr(c.header("PSU-IP-Address")); err != nil {
			return false, bank.RefuseField("PSU-IP-Address", "A session of the customer needs the customer's address.")
		}
		c.line.Present = true
		return true, nil
	}
	return false, bank.RefuseField("PSU-Session", "It is true or false.")
}

// sign sets the signature of an answer with a body, where that is switched on.
func (d *Door) sign(w http.ResponseWriter, a answer) error {
	if d.cfg.Sign == nil || a.body == nil {
		return nil
	}
	signature, err := d.cfg.Sign(a.body)
	if err != nil {
		return err
	}
	w.Header().Set("JWS-Signature", signature)
	return nil
}

func write(w http.ResponseWriter, a answer) {
	h := w.Header()
	if a.location != "" {
		h.Set("Location", a.location)
	}
	if a.body != nil {
		h.Set("Content-Type", "application/json; charset=utf-8")
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
	if a.body != nil {
		_, _ = w.Write(a.body) // an error means that the caller has gone
	}
}

// refuse writes an error and notes what refused.
func (d *Door) refuse(c *call, err error) (status int) {
	e, message, retry := wireErrorOf(err)
	reason := reasonOf(err)
	edge.Note(c.ctx(), slog.String("refusal", reason))
	if c.line.Client != "" {
		edge.Note(c.ctx(), slog.String("tpp", string(c.line.Organisation)), slog.String("consent", string(c.line.Consent)))
	}
	if cause := causeOf(err); cause != nil {
		edge.Note(c.ctx(), slog.String("cause", cause.Error()))
	}
	h := c.w.Header()
	if e.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="psd2"`) // RFC 9110 §15.5.2: never without one
	}
	d.tell(c.w, reason)
	if retry > 0 {
		edge.SetRetryAfter(h, retry)
	}
	writeError(c.w, e, message, isToken(c.r))
	return e.status
}

// reasonHeader says in the sandbox which rule refused.
const reasonHeader = "X-Okienko-Reason"

func (d *Door) tell(w http.ResponseWriter, reason string) {
	if d.cfg.Sandbox {
		w.Header().Set(reasonHeader, reason)
	}
}

// isToken tells whether a call is the token call, whose errors are read by OAuth
// clients too.
func isToken(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/auth/token") }

// outcomeOf is the code of an error for the access log.
func outcomeOf(err error) bank.Code {
	if own := (*refusal)(nil); errors.As(err, &own) {
		return bank.Code(own.code)
	}
	return bank.CodeOf(err)
}

// subjectOf is what a path names, the most exact part of it.
func subjectOf(r *http.Request) string {
	for _, part := range [...]struct{ name, is string }{
		{"aspspTransactionId", "transaction:"}, {"aspspPaymentId", "payment:"}, {"aspspBundleId", "bundle:"},
		{"tppConsentId", "consent:"}, {"accountId", "account:"},
	} {
		switch id := r.PathValue(part.name); {
		case id == "":
		case part.is == "payment:" || part.is == "bundle:":
			return part.is + ownID(id)
		default:
			return part.is + plausible(id)
		}
	}
	return ""
}

// nothing is an id that the bank never gives.
const nothing = "-"

// plausible keeps what cannot be an id of ours away from stores and logs: it is
// not found either way, but a database may choke on the text.
func plausible(id string) string {
	if id == "" || len(id) > 128 {
		return nothing
	}
	for i := range len(id) {
		if c := id[i]; (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_' && c != '.' && c != '$' {
			return nothing
		}
	}
	return id
}

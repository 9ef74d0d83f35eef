package wire

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"okienko/authserver"
	"okienko/bank/service"
	"okienko/edge"
	"okienko/psd2"
)

// Answer is what a call is answered. Without a body it has no content.
type Answer struct {
	Status   int
	Body     []byte
	Location string
}

// Call is one request on its way to its answer. What has not been asked yet is
// empty.
type Call struct {
	W      http.ResponseWriter
	R      *http.Request
	Now    time.Time // bank clock; one instant for the whole call
	Caller *psd2.Caller
	Access authserver.ConsentAccess
	Body   []byte
	Line   psd2.Call
	began  time.Time // wall clock
}

// Ctx is the context of the request.
func (c *Call) Ctx() context.Context { return c.R.Context() }

// Header is a value without the white space around it, as it was signed.
func (c *Call) Header(name string) string { return strings.Trim(c.R.Header.Get(name), " \t") }

// Known notes who calls.
func (c *Call) Known(caller *psd2.Caller) {
	c.Caller, c.Line.Organisation, c.Line.Client = caller, caller.Organisation(), caller.Client.ID
}

// Frame is what surrounds every call of a door.
type Frame struct {
	Core   *psd2.Core
	Errors Table
	// Access, if set, is told of every answered call, and Statistics too; neither
	// may block.
	Access     func(ctx context.Context, c psd2.Call)
	Statistics func(c psd2.Call)
	// Sandbox adds to every refusal the header X-Okienko-Reason, which says what
	// rule refused. A real bank never tells that much.
	Sandbox bool
}

// Begin opens a call; act is what the access log calls it.
func (f *Frame) Begin(w http.ResponseWriter, r *http.Request, k service.Kind, act string) Call {
	now := f.Core.Now()
	return Call{
		W: w, R: r, Now: now, began: f.Core.Wall.Now(),
		Line: psd2.Call{At: now, From: edge.ClientAddr(r), Service: k, Act: act},
	}
}

// End notes what became of a call: the status that was answered, and the error
// behind it if there is one.
func (f *Frame) End(c *Call, status int, err error) {
	c.Line.Status = status
	if err != nil {
		c.Line.Outcome = OutcomeOf(err)
	}
	c.Line.Took = f.Core.Wall.Now().Sub(c.began)
	if f.Access != nil {
		f.Access(c.Ctx(), c.Line)
	}
	if f.Statistics != nil {
		f.Statistics(c.Line)
	}
}

// Fail notes what refused a call and sets the headers that belong to it; the door
// writes the body.
func (f *Frame) Fail(c *Call, err error) (e Error, message string) {
	e, message, retry := f.Errors.Of(err)
	reason := ReasonOf(err)
	edge.Note(c.Ctx(), slog.String("refusal", reason))
	if c.Line.Client != "" {
		edge.Note(c.Ctx(), slog.String("tpp", string(c.Line.Organisation)), slog.String("consent", string(c.Line.Consent)))
	}
	if cause := CauseOf(err); cause != nil {
		edge.Note(c.Ctx(), slog.String("cause", cause.Error()))
	}
	f.Tell(c.W, reason)
	if retry > 0 {
		edge.SetRetryAfter(c.W.Header(), retry)
	}
	return e, message
}

// Challenge sets the header without which no answer is 401 (RFC 9110 §15.5.2).
func Challenge(h http.Header) { h.Set("WWW-Authenticate", `Bearer realm="psd2"`) }

// reasonHeader says in the sandbox which rule refused.
const reasonHeader = "X-Okienko-Reason"

// Tell says in a sandbox which rule refused.
func (f *Frame) Tell(w http.ResponseWriter, reason string) {
	if f.Sandbox {
		w.Header().Set(reasonHeader, reason)
	}
}

// Write writes an answer of JSON, or one without content.
func Write(w http.ResponseWriter, a Answer) {
	h := w.Header()
	if a.Location != "" {
		h.Set("Location", a.Location)
	}
	if a.Body != nil {
		h.Set("Content-Type", "application/json; charset=utf-8")
		h.Set("Content-Length", strconv.Itoa(len(a.Body)))
	}
	w.WriteHeader(a.Status)
	if a.Body != nil {
		_, _ = w.Write(a.Body) // an error means that the caller has gone
	}
}

// Bearer is the token of an Authorization header, "" for another scheme.
func Bearer(value string) string {
	scheme, token, _ := strings.Cut(value, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimLeft(token, " ")
}

package partnerapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/edge"
)

// maxBody is above the longest call: 24 permissions, or a title of 140
// characters of four bytes, with a long callbackUri.
const maxBody = 16 << 10

// answer is what a handler says. Without a body it has no content.
type answer struct {
	status   int
	body     []byte
	location string // 303
	media    string // application/json when empty
}

func (a answer) mediaType() string {
	if a.media == "" {
		return "application/json"
	}
	return a.media
}

func write(w http.ResponseWriter, a answer) {
	h := w.Header()
	if a.location != "" {
		h.Set("Location", a.location)
	}
	if a.body != nil {
		h.Set("Content-Type", a.mediaType())
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
	if a.body != nil {
		_, _ = w.Write(a.body) // an error means that the caller has gone
	}
}

// visit is one request on its way to its answer.
type visit struct {
	w    http.ResponseWriter
	r    *http.Request
	now  time.Time // bank clock; one instant for the whole call
	line Call
}

func (v *visit) ctx() context.Context { return v.r.Context() }

// serve answers with what h says, in the form of partner-api §9 when it
// refuses, and writes the access log.
func (d *Door) serve(act string, h func(*visit) (answer, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := d.cfg.Clock.Now()
		v := &visit{w: w, r: r, now: now, line: Call{At: now, From: edge.ClientAddr(r), Act: act}}
		a, err := h(v)
		if err != nil {
			v.line.Status = d.refuse(v, err)
			v.line.Outcome = bank.CodeOf(err)
			if own := (*refusal)(nil); errors.As(err, &own) {
				v.line.Outcome = bank.Code(own.code)
			}
		} else {
			v.line.Status = a.status
			write(w, a)
		}
		if d.cfg.Access != nil {
			d.cfg.Access(r.Context(), v.line)
		}
	})
}

// refuse writes the form of an error and notes what refused.
func (d *Door) refuse(v *visit, err error) (status int) {
	f, retry := wireOf(err)
	reason := reasonOf(err)
	edge.Note(v.ctx(), slog.String("refusal", reason))
	if v.line.Application != "" {
		edge.Note(v.ctx(), slog.String("application", string(v.line.Application)), slog.String("agreement", string(v.line.Agreement)))
	}
	if cause := causeOf(err); cause != nil {
		edge.Note(v.ctx(), slog.String("cause", cause.Error()))
	}
	if f.status == http.StatusUnauthorized && v.w.Header().Get("WWW-Authenticate") == "" {
		v.w.Header().Set("WWW-Authenticate", `Bearer realm="open-api"`) // RFC 9110 §15.5.2: never without one
	}
	if d.cfg.Sandbox {
		v.w.Header().Set(reasonHeader, reason)
	}
	if retry > 0 {
		edge.SetRetryAfter(v.w.Header(), retry)
	}
	writeForm(v.w, f)
	return f.status
}

// reasonOf is the rule that refused and the field at fault, in words that hold
// nothing of what the caller sent.
func reasonOf(err error) string {
	own, no := (*refusal)(nil), (*bank.Refusal)(nil)
	switch {
	case errors.As(err, &own):
		return own.reason
	case !errors.As(err, &no) || no.Code == bank.Internal:
		return string(bank.Internal)
	case no.Field != "":
		return string(no.Code) + "; field=" + no.Field
	}
	return string(no.Code)
}

// causeOf is what the operator's log should know beyond the reason.
func causeOf(err error) error {
	if own := (*refusal)(nil); errors.As(err, &own) {
		return own.cause
	}
	if no := (*bank.Refusal)(nil); errors.As(err, &no) {
		return errors.Unwrap(no)
	}
	return err
}

// call is a request whose access token is good.
type call struct {
	*visit
	access authserver.Access
	body   []byte
}

func (c *call) agreement() *consent.Agreement { return &c.access.Agreement }

func (c *call) actor() audit.Actor {
	return audit.Actor{Kind: audit.Partner, ID: string(c.access.Agreement.Application)}
}

// withToken runs what comes before the checks of partner-api §6 (media types,
// size of the body), then the first of them: the token.
func (d *Door) withToken(h func(*call) (answer, error)) func(*visit) (answer, error) {
	return func(v *visit) (answer, error) {
		body, err := d.jsonBody(v)
		if err != nil {
			return answer{}, err
		}
		token, err := tokenOf(v.r.Header)
		if err != nil {
			return answer{}, err
		}
		access, err := d.cfg.Auth.Check(v.ctx(), token)
		if err != nil {
			return answer{}, err
		}
		c := &call{visit: v, access: access, body: body}
		v.line.Application, v.line.Agreement, v.line.Subject = access.Agreement.Application, access.Agreement.ID, subjectOf(v.r)
		if ok, after := d.pairings.Allow(access.Agreement.ID); !ok {
			return answer{}, tooMany("pairing", after)
		}
		if ok, after := d.applications.Allow(access.Agreement.Application); !ok {
			return answer{}, tooMany("application", after)
		}
		return h(c)
	}
}

// subjectOf is what a path names, the most exact part of it.
func subjectOf(r *http.Request) string {
	for _, part := range [...]struct{ name, is string }{
		{"blockadeId", "hold:"}, {"paymentId", "payment:"}, {"transactionId", "entry:"},
		{"authorizationId", "authorisation:"}, {"accountId", "account:"},
	} {
		if id := r.PathValue(part.name); id != "" {
			return part.is + plausible(id)
		}
	}
	return ""
}

func tooMany(who string, after time.Duration) error {
	return &refusal{form: tooManyRequests, reason: "rate of one " + who, retry: after}
}

// jsonBody checks Accept and Content-Type and reads the body of a call that has
// one. A GET or DELETE has none; the header is judged all the same when it is
// there, because every call carries it (partner-api §4).
func (d *Door) jsonBody(v *visit) ([]byte, error) {
	if !edge.AcceptsJSON(v.r.Header.Values("Accept")...) {
		return nil, refuse(notAcceptable, "Accept")
	}
	hasBody := v.r.Method == http.MethodPost || v.r.Method == http.MethodPut
	if media := v.r.Header.Get("Content-Type"); (hasBody || media != "") && !edge.IsJSON(media) {
		return nil, refuse(unsupportedContent, "Content-Type")
	}
	if !hasBody {
		return nil, nil
	}
	return readBody(v)
}

func readBody(v *visit) ([]byte, error) {
	body, err := edge.ReadBody(v.w, v.r, maxBody)
	switch {
	case errors.Is(err, edge.ErrBodyTooLarge):
		return nil, refuse(contentTooLarge, "length of the body")
	case errors.Is(err, edge.ErrBodyEncoded):
		return nil, refuse(unsupportedContent, "Content-Encoding")
	case err != nil:
		return nil, &refusal{form: parametersError, reason: "the body broke off", cause: err}
	}
	return body, nil
}

// tokenOf finds the access token: in the header access_token (with an
// underscore, partner-api §4) or as a bearer token. Two that differ are refused:
// somebody between the caller and us may have checked the other one.
func tokenOf(h http.Header) (string, error) {
	tokens := append([]string(nil), h.Values("access_token")...)
	for _, v := range h.Values("Authorization") {
		scheme, token, _ := strings.Cut(v, " ")
		if strings.EqualFold(scheme, "Bearer") {
			tokens = append(tokens, strings.TrimLeft(token, " "))
		}
	}
	found := ""
	for _, t := range tokens {
		switch {
		case t == "":
		case found == "":
			found = t
		case found != t:
			return "", bank.Refuse(bank.TokenInvalid, "Two access tokens differ.")
		}
	}
	if found == "" {
		return "", bank.Refuse(bank.TokenMissing, "An access token is needed.")
	}
	return found, nil
}

// spec serves the description of this very API.
func (d *Door) spec(v *visit) (answer, error) {
	if len(d.cfg.Spec) == 0 {
		return answer{}, bank.Refuse(bank.NotFound, "There is no description.")
	}
	v.w.Header().Set("Cache-Control", "no-cache")
	return answer{status: http.StatusOK, body: d.cfg.Spec, media: "application/yaml"}, nil
}

// reasonHeader says in the sandbox which rule refused.
const reasonHeader = "X-Okienko-Reason"

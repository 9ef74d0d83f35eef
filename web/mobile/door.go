package mobile

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/party"
	"okienko/bank/sca"
	"okienko/edge"
)

// Auth judges what a device signed.
type Auth interface {
	WaitingApprovals(ctx context.Context, device string) ([]sca.Challenge, error)
	Approve(ctx context.Context, id sca.ID, device string, signature []byte) (sca.Challenge, error)
	Reject(ctx context.Context, id sca.ID, device string, signature []byte) (sca.Challenge, error)
}

// Book finds devices and challenges.
type Book interface {
	Device(ctx context.Context, id string) (sca.Device, error)
	Challenge(ctx context.Context, id sca.ID) (sca.Challenge, error)
}

// Codes draws one-time codes that an owner gives to third parties.
type Codes interface {
	NewExternalCode(ctx context.Context, person party.PersonID) (authserver.ExternalCode, error)
}

// Config sets up the door. All but Codes, Refused, HSTS and Rate is needed.
type Config struct {
	Auth Auth
	Book Book
	// Codes is nil where no third party takes such codes; the call is then unknown.
	Codes Codes
	// Confirmed has done what was approved, where no browser waits to do it. It
	// may be called again for an approval whose first try was cut off, and a
	// refusal tells why it was not done.
	Confirmed func(context.Context, sca.Challenge) error
	// Refused, if set, ends what was refused.
	Refused func(context.Context, sca.Challenge) error
	Wall    bank.Clock // a device's clock is a remote machine's
	HSTS    time.Duration
	Rate    edge.Rate // requests of one network; the zero Rate means the default
}

var defaultRate = edge.Rate{Burst: 60, Every: time.Second} // a family of phones that ask every few seconds

const rateKeys = 10_000

// Door is the mobile application's door: edge.Door and edge.ErrorWriter.
type Door struct {
	Config
	rates *edge.RateLimiter[netip.Prefix]
}

// New makes the door. It panics when a part is missing, like a nil map would
// later and at a customer's expense.
func New(c Config) *Door {
	if c.Auth == nil || c.Book == nil || c.Confirmed == nil || c.Wall == nil {
		panic("mobile: a part of the configuration is missing")
	}
	if c.Rate == (edge.Rate{}) {
		c.Rate = defaultRate
	}
	return &Door{Config: c, rates: edge.NewRateLimiter[netip.Prefix](c.Wall, c.Rate, rateKeys)}
}

// Name is the door's name in logs and metrics.
func (d *Door) Name() string { return "mobile" }

// Routes registers every call.
func (d *Door) Routes(mux *http.ServeMux) {
	mux.Handle("GET /mobile/v1/approvals", d.call(d.list))
	mux.Handle("POST /mobile/v1/approvals/{id}/approve", d.call(d.approve))
	mux.Handle("POST /mobile/v1/approvals/{id}/refuse", d.call(d.refuse))
	if d.Codes != nil {
		mux.Handle("POST /mobile/v1/external-codes", d.call(d.code))
	}
}

const maxBody = 4 << 10 // bytes; a signature has about a hundred

// call lets in a request that an enrolled device has signed.
func (d *Door) call(h func(r *http.Request, by sca.Device, body []byte) ([]byte, error)) http.Handler {
	return edge.Chain(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ok, after := d.rates.Allow(edge.Network(edge.ClientAddr(r))); !ok {
			edge.SetRetryAfter(w.Header(), after)
			d.WriteError(w, r, http.StatusTooManyRequests)
			return
		}
		body, err := edge.ReadBody(w, r, maxBody)
		if err != nil {
			d.WriteError(w, r, http.StatusBadRequest)
			return
		}
		by, err := d.device(r, body)
		if err != nil {
			d.fail(w, r, err)
			return
		}
		answer, err := h(r, by, body)
		if err != nil {
			d.fail(w, r, err)
			return
		}
		write(w, http.StatusOK, answer)
	}), edge.APIHeaders(d.HSTS))
}

func write(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the device may have gone
}

// list shows what waits for the owner's word, newest first. The device builds
// the text that it signs from what it shows, so everything signed is here.
func (d *Door) list(r *http.Request, by sca.Device, _ []byte) ([]byte, error) {
	waiting, err := d.Auth.WaitingApprovals(r.Context(), by.ID)
	if err != nil {
		return nil, err
	}
	b := edge.AppendKey([]byte{'{'}, "approvals")
	b = append(b, '[')
	for i := range waiting {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendChallenge(b, &waiting[i])
	}
	return append(b, ']', '}'), nil
}

func appendChallenge(b []byte, c *sca.Challenge) []byte {
	b = append(b, '{')
	b = edge.AppendStringField(b, "id", string(c.ID))
	b = edge.AppendStringField(b, "purpose", string(c.Subject.Purpose))
	b = edge.AppendStringField(b, "text", c.Subject.Display.Text)
	b = edge.AppendStringField(b, "amount", c.Subject.Display.Amount)
	b = edge.AppendStringField(b, "payee", c.Subject.Display.Payee)
	b = edge.AppendStringField(b, "binding", c.Subject.Binding)
	b = edge.AppendStringField(b, "nonce", base64.StdEncoding.EncodeToString(c.Nonce))
	b = edge.AppendStringField(b, "createdAt", c.CreatedAt.UTC().Format(time.RFC3339))
	b = edge.AppendStringField(b, "expiresAt", c.ExpiresAt.UTC().Format(time.RFC3339))
	return append(b, '}')
}

// signature reads the one field of an answer.
func signature(body []byte) ([]byte, error) {
	o, err := edge.ParseObject(body)
	if err != nil || len(o.Unknown("signature")) > 0 {
		return nil, errBadBody
	}
	v, _ := o.Get("signature")
	text, ok := v.String()
	if !ok {
		return nil, errBadBody
	}
	sig, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, errBadBody
	}
	return sig, nil
}

func (d *Door) approve(r *http.Request, by sca.Device, body []byte) ([]byte, error) {
	sig, err := signature(body)
	if err != nil {
		return nil, err
	}
	ctx, id := r.Context(), sca.ID(r.PathValue("id"))
	c, err := d.Auth.Approve(ctx, id, by.ID, sig)
	if bank.CodeOf(err) == bank.ChallengeSpent {
		// Approved before. The answer may have been lost, or the bank stopped
		// between the approval and the act: what was not done yet is done now.
		if c, err = d.Book.Challenge(ctx, id); err == nil && (c.Person != by.Person || c.Status != sca.Passed) {
			err = bank.Refuse(bank.ChallengeSpent, "The confirmation was used already.")
		}
	}
	if err != nil {
		return nil, err
	}
	return answer(&c, d.Confirmed(ctx, c))
}

func (d *Door) refuse(r *http.Request, by sca.Device, body []byte) ([]byte, error) {
	sig, err := signature(body)
	if err != nil {
		return nil, err
	}
	c, err := d.Auth.Reject(r.Context(), sca.ID(r.PathValue("id")), by.ID, sig)
	if err != nil {
		return nil, err
	}
	if d.Refused != nil {
		err = d.Refused(r.Context(), c)
	}
	return answer(&c, err)
}

// code draws a one-time code for the owner, in the place of the one before.
func (d *Door) code(r *http.Request, by sca.Device, body []byte) ([]byte, error) {
	if len(body) > 0 {
		if o, err := edge.ParseObject(body); err != nil || len(o.Unknown()) > 0 {
			return nil, errBadBody
		}
	}
	c, err := d.Codes.NewExternalCode(r.Context(), by.Person)
	if err != nil {
		return nil, err
	}
	b := edge.AppendStringField([]byte{'{'}, "code", c.Code)
	b = edge.AppendStringField(b, "expiresAt", c.Until.UTC().Format(time.RFC3339))
	return append(b, '}'), nil
}

// answer tells the status of the challenge and, when the bank refused what was
// approved, why. What could not be tried at all is an error, and worth a retry.
func answer(c *sca.Challenge, done error) ([]byte, error) {
	code := bank.CodeOf(done)
	if code == bank.Busy || code == bank.Internal {
		return nil, done
	}
	b := edge.AppendStringField([]byte{'{'}, "id", string(c.ID))
	b = edge.AppendStringField(b, "status", string(c.Status))
	if done != nil {
		b = edge.AppendStringField(b, "reason", string(code))
	}
	return append(b, '}'), nil
}

// Errors of the door itself.
var (
	errBadBody  = errors.New("mobile: malformed body")
	errUnsigned = errors.New("mobile: the request is not signed by an enrolled device")
	errStale    = errors.New("mobile: the request is too old or from the future")
)

// statuses is the door's one table from the bank's codes to HTTP; what is not
// in it is a conflict with the state of things.
var statuses = map[bank.Code]int{
	bank.NotFound:         http.StatusNotFound,
	bank.InvalidParameter: http.StatusBadRequest,
	bank.ChallengeWrong:   http.StatusForbidden,
	bank.ChallengeExpired: http.StatusGone,
	bank.FactorLocked:     http.StatusForbidden,
	bank.Busy:             http.StatusServiceUnavailable,
	bank.Internal:         http.StatusInternalServerError,
}

func (d *Door) fail(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, errUnsigned):
		writeError(w, http.StatusUnauthorized, "unsigned", "The request is not signed by an enrolled device.")
		return
	case errors.Is(err, errStale):
		writeError(w, http.StatusUnauthorized, "stale", "The device's clock differs too much from the bank's.")
		return
	case errors.Is(err, errBadBody):
		d.WriteError(w, r, http.StatusBadRequest)
		return
	}
	code := bank.CodeOf(err)
	edge.Note(r.Context(), slog.String("code", string(code)))
	status, known := statuses[code]
	if !known {
		status = http.StatusConflict
	}
	public := http.StatusText(status)
	var no *bank.Refusal
	switch {
	case code == bank.Internal:
		edge.Note(r.Context(), slog.String("cause", err.Error()))
	case errors.As(err, &no):
		public = no.Public
	}
	writeError(w, status, string(code), public)
}

func writeError(w http.ResponseWriter, status int, code, message string) {
	b := edge.AppendStringField([]byte{'{'}, "error", code)
	b = edge.AppendStringField(b, "message", message)
	write(w, status, append(b, '}'))
}

// WriteError answers where the edge answers in the door's place.
func (d *Door) WriteError(w http.ResponseWriter, _ *http.Request, status int) {
	code := string(bank.Internal)
	switch status {
	case http.StatusBadRequest:
		code = "bad_request"
	case http.StatusNotFound:
		code = string(bank.NotFound)
	case http.StatusMethodNotAllowed:
		code = "method_not_allowed"
	case http.StatusTooManyRequests:
		code = "too_many_requests"
	case http.StatusServiceUnavailable:
		code = string(bank.Busy)
	}
	writeError(w, status, code, http.StatusText(status))
}

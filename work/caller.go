package work

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/audit"
)

// CallbackForm makes body and headers of a callback, its signature among them:
// the wire form is the door's. It is asked anew for every try, since each try has
// another code.
type CallbackForm func(c authserver.Callback, now time.Time) (body []byte, header http.Header, err error)

// Caller's view of the authorisation server and of the way to third parties.
type (
	// CallbackMaker is authserver.Server.
	CallbackMaker interface {
		CallbackNow(ctx context.Context, d authserver.DueCallback) (authserver.Callback, authserver.CallbackState, error)
	}
	// CallbackPost is notify.CallbackClient.
	CallbackPost interface {
		Post(ctx context.Context, to string, header http.Header, body []byte) error
	}
)

// HeaderAPIKey is the header in which a third party sees its key again (psd2 §0.1).
const HeaderAPIKey = "X-API-KEY"

const (
	// CallFor is how long a third party is called that does not answer. Every code
	// of a try is gone a minute later; what is called for so long is the decision.
	CallFor = 24 * time.Hour

	firstCallPause = 5 * time.Second // doubled with each try
	lastCallPause  = 30 * time.Minute
)

// CallerConfig sets up a Caller. Zero numbers are the defaults of a Deliverer.
type CallerConfig struct {
	Book     authserver.Callbacks
	Maker    CallbackMaker
	Forms    map[string]CallbackForm // by authserver.CallbackTo.Form
	Post     CallbackPost
	Clock    bank.Clock // bank clock, for the form and the audit
	Wall     bank.Clock // wall clock: it rules leases and pauses
	Worker   string     // name of this node, in leases
	Parallel int
	Lease    time.Duration
	Poll     time.Duration
	Log      *slog.Logger
}

// Caller tells third parties what became of the consents that they asked for with
// a code of the bank's application.
//
// A callback is leased to one node, so two never make one try at the same time. A
// node that stops between the third party's answer and writing it down has its
// callback made once more, by whoever leases it next, unless the third party has
// redeemed the code meanwhile: then it has been told.
type Caller struct {
	cfg   CallerConfig
	calls leased[authserver.DueCallback]
}

var _ Worker = (*Caller)(nil)

// NewCaller makes a caller.
func NewCaller(cfg CallerConfig) *Caller {
	c := &Caller{cfg: cfg}
	c.calls = leased[authserver.DueCallback]{
		claim: cfg.Book.ClaimCallbacks, do: c.call, what: "callbacks",
		wall: cfg.Wall, node: cfg.Worker, lease: cfg.Lease, poll: cfg.Poll, log: cfg.Log,
	}
	c.calls.ready(cfg.Parallel)
	return c
}

// Start begins to call.
func (c *Caller) Start(ctx context.Context) error { return c.calls.loop.start(ctx, c.calls.run) }

// Stop lets calls on their way end, and returns.
func (c *Caller) Stop() { c.calls.loop.stop() }

// Poke tells that a callback is due. It never waits.
func (c *Caller) Poke() { c.calls.bell.ring() }

// call makes one callback and settles it.
func (c *Caller) call(ctx context.Context, due authserver.DueCallback) {
	d := &due
	state, err := c.try(ctx, d)
	now := c.cfg.Wall.Now()
	log := c.cfg.Log.With("consent", string(d.Consent), "client", string(d.Client), "tries", d.Tries)
	switch {
	case state == authserver.CallbackLost:
		// Whoever has it settles it.
	case err == nil:
		c.settle(ctx, d, time.Time{}, "callback.delivered", "")
	case ctx.Err() != nil:
		// The program is ending. Whether the call arrived is not known: the next node
		// makes it again.
		c.settle(ctx, d, now, "", "")
	default:
		again := now.Add(doubled(d.Tries, firstCallPause, lastCallPause))
		if again.Sub(d.Since) >= CallFor {
			log.ErrorContext(ctx, "a callback is given up", "error", err)
			c.settle(ctx, d, time.Time{}, "callback.given_up", err.Error())
			return
		}
		log.WarnContext(ctx, "a callback was not taken", "error", err, "again", again)
		c.settle(ctx, d, again, "", "")
		c.calls.retryAt(again)
	}
}

// try makes one call. It does nothing, and is done, when an earlier try has
// arrived after all.
func (c *Caller) try(ctx context.Context, d *authserver.DueCallback) (authserver.CallbackState, error) {
	ctx, cancel := context.WithTimeout(ctx, c.calls.lease/2)
	defer cancel()
	form, ok := c.cfg.Forms[d.To.Form]
	if !ok {
		return "", fmt.Errorf("no form %q for callbacks", d.To.Form) // the operator may switch its door on again
	}
	out, state, err := c.cfg.Maker.CallbackNow(ctx, *d)
	if err != nil || state != authserver.CallbackReady {
		return state, err
	}
	body, header, err := form(out, c.cfg.Clock.Now())
	if err != nil {
		return state, fmt.Errorf("the form %q of a callback: %w", d.To.Form, err)
	}
	header = header.Clone()
	if header == nil {
		header = http.Header{}
	}
	if header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/json")
	}
	if out.To.APIKey != "" {
		header.Set(HeaderAPIKey, out.To.APIKey)
	}
	return state, c.cfg.Post.Post(ctx, out.To.URL, header, body)
}

// settle ends a lease: the callback goes again, or is over by an act, which is
// recorded.
func (c *Caller) settle(ctx context.Context, d *authserver.DueCallback, again time.Time, act, why string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	var record *audit.Record
	if again.IsZero() {
		record = &audit.Record{
			At: c.cfg.Clock.Now(), Actor: audit.Actor{Kind: audit.Bank, ID: "callback"}, Act: act, Subject: "consent:" + string(d.Consent),
			After: fmt.Sprintf("tries=%d", d.Tries), Why: why,
		}
	}
	if err := c.cfg.Book.SettleCallback(ctx, d.ID, d.Fence, again, record); err != nil {
		c.cfg.Log.ErrorContext(ctx, "a callback cannot be settled; it will be made again", "consent", string(d.Consent), "error", err)
	}
}

package work

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"okienko/bank"
	"okienko/bank/notice"
	"okienko/bank/sca"
)

// Gateway sends messages out of the bank. An error that has a method Temporary
// and answers false to it is final; every other one is worth another try.
type Gateway interface {
	Send(ctx context.Context, m notice.Message) error
}

const (
	firstPause = time.Second // after a failed try; doubled with each
	lastPause  = time.Minute // of a message that lives five
)

// DelivererConfig sets up a Deliverer. Zero numbers are the defaults.
type DelivererConfig struct {
	Outbox   notice.Outbox
	Gateways map[notice.Channel]Gateway
	Clock    bank.Clock // bank clock: it tells when a message comes too late
	Wall     bank.Clock // wall clock: it rules leases and pauses
	Worker   string     // name of this node, in leases
	Parallel int
	Lease    time.Duration
	Poll     time.Duration
	Log      *slog.Logger
}

// Deliverer brings the messages of the outbox to their gateways.
type Deliverer struct {
	cfg      DelivererConfig
	messages leased[notice.Message]
}

var _ Worker = (*Deliverer)(nil)

// NewDeliverer makes a deliverer.
func NewDeliverer(cfg DelivererConfig) *Deliverer {
	d := &Deliverer{cfg: cfg}
	d.messages = leased[notice.Message]{
		claim: cfg.Outbox.ClaimMessages, do: d.deliver, what: "messages",
		wall: cfg.Wall, node: cfg.Worker, lease: cfg.Lease, poll: cfg.Poll, log: cfg.Log,
	}
	d.messages.ready(cfg.Parallel)
	return d
}

// Start begins to deliver.
func (d *Deliverer) Start(ctx context.Context) error {
	return d.messages.loop.start(ctx, d.messages.run)
}

// Stop lets messages on their way arrive or fail, and returns.
func (d *Deliverer) Stop() { d.messages.loop.stop() }

// Poke tells that the outbox has something new. It never waits.
func (d *Deliverer) Poke() { d.messages.bell.ring() }

// deliver sends one message and settles it.
func (d *Deliverer) deliver(ctx context.Context, m notice.Message) {
	if !m.ExpiresAt.IsZero() && !d.cfg.Clock.Now().Before(m.ExpiresAt) {
		d.settle(ctx, m, time.Time{}, time.Time{}) // a code that has expired only confuses
		return
	}
	err := d.send(ctx, m)
	now := d.cfg.Wall.Now()
	log := d.cfg.Log.With("message", m.ID, "channel", string(m.Channel), "tries", m.Tries)
	switch {
	case err == nil:
		d.settle(ctx, m, now, time.Time{})
	case ctx.Err() != nil:
		// The program is ending. Whether the message left is not known: the next
		// node says so with the same id.
		d.settle(ctx, m, time.Time{}, now)
	case final(err):
		log.ErrorContext(ctx, "a message is given up", "error", err)
		d.settle(ctx, m, time.Time{}, time.Time{})
	default:
		again := now.Add(doubled(m.Tries, firstPause, lastPause))
		log.WarnContext(ctx, "a message was not taken", "error", err, "again", again)
		d.settle(ctx, m, time.Time{}, again)
		d.messages.retryAt(again)
	}
}

var errNoGateway = errors.New("no gateway for this channel")

func (d *Deliverer) send(ctx context.Context, m notice.Message) error {
	g, ok := d.cfg.Gateways[m.Channel]
	if !ok {
		return errNoGateway // temporary: the operator will configure one, or the message expires
	}
	ctx, cancel := context.WithTimeout(ctx, d.messages.lease/2)
	defer cancel()
	return g.Send(ctx, m)
}

func (d *Deliverer) settle(ctx context.Context, m notice.Message, delivered, again time.Time) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if err := d.cfg.Outbox.SettleMessage(ctx, m.ID, m.Fence, delivered, again); err != nil {
		d.cfg.Log.ErrorContext(ctx, "a message cannot be settled; it will go again", "message", m.ID, "error", err)
	}
}

func final(err error) bool {
	var f interface{ Temporary() bool }
	return errors.As(err, &f) && !f.Temporary()
}

// Announcing is a book of challenges that pokes whenever a message came into the
// outbox with one, so that a code leaves at once and not at the next poll.
func Announcing(book sca.Book, poke func()) sca.Book { return announcing{book, poke} }

type announcing struct {
	sca.Book
	poke func()
}

func (a announcing) OpenChallenge(ctx context.Context, c sca.Challenge, m *notice.Message, open func(*sca.Factor) error) error {
	if err := a.Book.OpenChallenge(ctx, c, m, open); err != nil {
		return err
	}
	if m != nil {
		a.poke()
	}
	return nil
}

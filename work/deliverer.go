package work

import (
	"context"
	"errors"
	"log/slog"
	"sync"
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

// The defaults of a Deliverer.
const (
	// DefaultParallel keeps a gateway that takes a second for each message busy
	// without needing more connections than gateways allow.
	DefaultParallel = 8
	// DefaultLease is several times what a gateway may take for one message, so
	// that a lease ends only when its worker has died.
	DefaultLease = 45 * time.Second
	// DefaultPoll finds messages that another node has left behind. Those of this
	// node are poked for.
	DefaultPoll = 5 * time.Second

	firstPause = time.Second // after a failed try; doubled with each
	lastPause  = time.Minute // of a message that lives five

	// settleTime is what keeping the outcome of a try may take when the program
	// is ending. Without it a message that was sent would be sent again.
	settleTime = 5 * time.Second
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
	cfg   DelivererConfig
	loop  loop
	bell  bell
	slots chan struct{} // one token for each message on its way

	mu   sync.Mutex
	next time.Time // wall: the earliest try again that this node knows of
}

var _ Worker = (*Deliverer)(nil)

// NewDeliverer makes a deliverer.
func NewDeliverer(cfg DelivererConfig) *Deliverer {
	if cfg.Parallel <= 0 {
		cfg.Parallel = DefaultParallel
	}
	if cfg.Lease <= 0 {
		cfg.Lease = DefaultLease
	}
	if cfg.Poll <= 0 {
		cfg.Poll = DefaultPoll
	}
	return &Deliverer{cfg: cfg, bell: newBell(), slots: make(chan struct{}, cfg.Parallel)}
}

// Start begins to deliver.
func (d *Deliverer) Start(ctx context.Context) error { return d.loop.start(ctx, d.run) }

// Stop lets messages on their way arrive or fail, and returns.
func (d *Deliverer) Stop() { d.loop.stop() }

// Poke tells that the outbox has something new. It never waits.
func (d *Deliverer) Poke() { d.bell.ring() }

func (d *Deliverer) run(ctx context.Context) {
	var sending sync.WaitGroup
	defer sending.Wait()
	for ctx.Err() == nil {
		pause := d.claim(ctx, &sending)
		timer := time.NewTimer(pause)
		select {
		case <-d.bell:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// claim takes as many messages as there are free slots and sends them on their
// way. It returns how long nothing needs to be claimed: a slot that gets free
// and a new message ring the bell.
func (d *Deliverer) claim(ctx context.Context, sending *sync.WaitGroup) time.Duration {
	free := cap(d.slots) - len(d.slots)
	if free == 0 {
		return d.cfg.Poll
	}
	now := d.cfg.Wall.Now()
	d.mu.Lock()
	if !d.next.After(now) {
		d.next = time.Time{} // this claim is the one that it waited for
	}
	d.mu.Unlock()
	claimed, err := d.cfg.Outbox.ClaimMessages(ctx, d.cfg.Worker, free, now, now.Add(d.cfg.Lease))
	if err != nil {
		if ctx.Err() == nil {
			d.cfg.Log.ErrorContext(ctx, "messages cannot be claimed", "error", err)
		}
		return d.cfg.Poll
	}
	for _, m := range claimed {
		d.slots <- struct{}{} // never waits: only this loop fills slots
		sending.Add(1)
		go func() {
			defer func() {
				<-d.slots
				d.bell.ring()
				sending.Done()
			}()
			d.deliver(ctx, m)
		}()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.next.IsZero() {
		return max(0, min(d.cfg.Poll, d.next.Sub(d.cfg.Wall.Now())))
	}
	return d.cfg.Poll
}

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
		again := now.Add(pauseAfter(m.Tries))
		log.WarnContext(ctx, "a message was not taken", "error", err, "again", again)
		d.settle(ctx, m, time.Time{}, again)
		d.mu.Lock()
		if d.next.IsZero() || again.Before(d.next) {
			d.next = again
		}
		d.mu.Unlock()
	}
}

var errNoGateway = errors.New("no gateway for this channel")

func (d *Deliverer) send(ctx context.Context, m notice.Message) error {
	g, ok := d.cfg.Gateways[m.Channel]
	if !ok {
		return errNoGateway // temporary: the operator will configure one, or the message expires
	}
	ctx, cancel := context.WithTimeout(ctx, d.cfg.Lease/2)
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

// pauseAfter doubles from a second to a minute. tries counts from 1.
func pauseAfter(tries int) time.Duration {
	pause := firstPause
	for range tries - 1 {
		if pause *= 2; pause >= lastPause {
			return lastPause
		}
	}
	return pause
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

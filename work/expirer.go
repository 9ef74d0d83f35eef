package work

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"okienko/bank"
	"okienko/bank/calendar"
	"okienko/bank/payment"
)

// Desk takes orders.
type Desk interface {
	Do(ctx context.Context, o payment.Order) (payment.Outcome, error)
}

// BankClock is a bank clock that can be waited for.
type BankClock interface {
	bank.Clock
	// WaitUntil returns nil when the clock shows t or later, however it came there.
	WaitUntil(ctx context.Context, t time.Time) error
	// Subscribe tells that the clock was moved.
	Subscribe() (changed <-chan struct{}, unsubscribe func())
}

const (
	// dueAtOnce orders go to the desk together, where they make one batch.
	dueAtOnce = 64
	// lookAgain finds what came due without the clock being moved or anybody poking:
	// a shorter hold was placed, or another node died. One indexed read.
	lookAgain = 5 * time.Second
	// afterFailure keeps an order that fails again and again from turning into a
	// busy loop.
	afterFailure = time.Second
)

// ExpirerConfig sets up an Expirer.
type ExpirerConfig struct {
	Due   payment.Due
	Desk  Desk
	Clock BankClock
	Shift Shift // of one node at a time; the zero one where there is one node only
	Log   *slog.Logger
}

// Expirer ends holds whose time is over and runs payments whose date has come,
// by the bank clock.
type Expirer struct {
	cfg  ExpirerConfig
	loop loop
	bell bell
}

var _ Worker = (*Expirer)(nil)

// NewExpirer makes an expirer.
func NewExpirer(cfg ExpirerConfig) *Expirer { return &Expirer{cfg: cfg, bell: newBell()} }

// Start begins to work.
func (e *Expirer) Start(ctx context.Context) error {
	return e.loop.start(ctx, func(ctx context.Context) { e.cfg.Shift.while(ctx, e.run) })
}

// Stop returns when the orders handed in are answered and another node may take
// over.
func (e *Expirer) Stop() { e.loop.stop() }

// Poke has it look at once. It never waits.
func (e *Expirer) Poke() { e.bell.ring() }

func (e *Expirer) run(ctx context.Context) {
	moved, unsubscribe := e.cfg.Clock.Subscribe()
	defer unsubscribe()
	for ctx.Err() == nil {
		done, failed := e.round(ctx)
		switch {
		case failed:
			e.wait(ctx, moved, afterFailure, time.Time{}, false)
		case done == 0:
			at, ok, err := e.cfg.Due.NextDue(ctx)
			switch {
			case err != nil:
				e.complain(ctx, "what comes due next cannot be read", err)
				e.wait(ctx, moved, afterFailure, time.Time{}, false)
			case ok && !e.cfg.Clock.Now().Before(at):
				// Due, and yet not in the lists: it came in between, or they disagree.
				e.wait(ctx, moved, afterFailure, time.Time{}, false)
			default:
				e.wait(ctx, moved, lookAgain, at, ok)
			}
		}
	}
}

// wait returns when the clock was moved, somebody poked, the pause is over, or
// (if asked for) the bank clock shows at.
func (e *Expirer) wait(ctx context.Context, moved <-chan struct{}, pause time.Duration, at time.Time, until bool) {
	ctx, cancel := context.WithTimeout(ctx, pause)
	reached := make(chan struct{})
	var waiting sync.WaitGroup
	if until {
		waiting.Go(func() {
			if e.cfg.Clock.WaitUntil(ctx, at) == nil {
				close(reached)
			}
		})
	}
	select {
	case <-reached:
	case <-moved:
	case <-e.bell:
	case <-ctx.Done():
	}
	cancel()
	waiting.Wait()
}

// round hands in what is due now, at most dueAtOnce of each kind.
func (e *Expirer) round(ctx context.Context) (done int, failed bool) {
	now := e.cfg.Clock.Now()
	holds, err := e.cfg.Due.DueHolds(ctx, now, dueAtOnce)
	if err != nil {
		e.complain(ctx, "holds that are due cannot be read", err)
		return 0, true
	}
	payments, err := e.cfg.Due.DuePayments(ctx, calendar.DateOf(now), dueAtOnce)
	if err != nil {
		e.complain(ctx, "payments that are due cannot be read", err)
		return 0, true
	}
	orders := make([]payment.Order, 0, len(holds)+len(payments))
	// Holds first: the money that they free may be what a payment needs.
	for _, id := range holds {
		orders = append(orders, &payment.Expire{Hold: id})
	}
	expired, failed := e.hand(ctx, orders)
	orders = orders[:0]
	for _, id := range payments {
		orders = append(orders, &payment.Run{Payment: id})
	}
	ran, alsoFailed := e.hand(ctx, orders)
	return expired + ran, failed || alsoFailed
}

// hand gives orders to the desk together and waits for all of them.
func (e *Expirer) hand(ctx context.Context, orders []payment.Order) (done int, failed bool) {
	errs := make([]error, len(orders))
	var answered sync.WaitGroup
	for i, o := range orders {
		answered.Go(func() { _, errs[i] = e.cfg.Desk.Do(ctx, o) })
	}
	answered.Wait()
	for _, err := range errs {
		if err != nil {
			failed = true
			e.complain(ctx, "an order that is due was not done", err)
			continue
		}
		done++
	}
	return done, failed
}

// complain logs, unless the reason is that the program is ending.
func (e *Expirer) complain(ctx context.Context, what string, err error) {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return
	}
	e.cfg.Log.ErrorContext(ctx, what, "error", err)
}

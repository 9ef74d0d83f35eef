package work

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// lapseAtOnce is how many requests are ended before the next look.
const lapseAtOnce = 64

// Lapses is authserver.Server.
type Lapses interface {
	// LapseExternal ends at most n requests that nobody answered in time, and tells
	// when the next one is due, the zero time when none waits.
	LapseExternal(ctx context.Context, n int) (ended int, next time.Time, err error)
}

// LapserConfig sets up a Lapser.
type LapserConfig struct {
	Requests Lapses
	Clock    BankClock
	Shift    Shift // of one node at a time; the zero one where there is one node only
	Log      *slog.Logger
}

// Lapser ends, by the bank clock, what third parties asked of a customer in the
// bank's application and nobody answered, so that they are told.
type Lapser struct {
	cfg  LapserConfig
	loop loop
}

var _ Worker = (*Lapser)(nil)

// NewLapser makes a lapser.
func NewLapser(cfg LapserConfig) *Lapser { return &Lapser{cfg: cfg} }

// Start begins to work.
func (l *Lapser) Start(ctx context.Context) error {
	return l.loop.start(ctx, func(ctx context.Context) { l.cfg.Shift.while(ctx, l.run) })
}

// Stop returns when the request being ended has ended.
func (l *Lapser) Stop() { l.loop.stop() }

func (l *Lapser) run(ctx context.Context) {
	moved, unsubscribe := l.cfg.Clock.Subscribe()
	defer unsubscribe()
	for ctx.Err() == nil {
		ended, next, err := l.cfg.Requests.LapseExternal(ctx, lapseAtOnce)
		if err != nil && (ctx.Err() == nil || !errors.Is(err, ctx.Err())) {
			l.cfg.Log.ErrorContext(ctx, "requests that nobody answered cannot be ended", "error", err)
		}
		if err == nil && ended == lapseAtOnce {
			continue
		}
		l.wait(ctx, moved, next, err != nil)
	}
}

// wait returns when the clock was moved, when it shows next, and at the latest
// after a few seconds: what was asked meanwhile nobody tells.
func (l *Lapser) wait(ctx context.Context, moved <-chan struct{}, next time.Time, failed bool) {
	ctx, cancel := context.WithTimeout(ctx, lookAgain)
	reached := make(chan struct{})
	var waiting sync.WaitGroup
	if !next.IsZero() && !failed {
		waiting.Go(func() {
			if l.cfg.Clock.WaitUntil(ctx, next) == nil {
				close(reached)
			}
		})
	}
	select {
	case <-reached:
	case <-moved:
	case <-ctx.Done():
	}
	cancel()
	waiting.Wait()
}

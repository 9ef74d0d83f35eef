package work

import (
	"context"
	"log/slog"
	"time"

	"okienko/bank"
)

const (
	// purgeEvery keeps tables of things that live for minutes small, and costs
	// nothing when there is nothing.
	purgeEvery = time.Hour
	// purgeKeep leaves what has expired for a day, so that an operator can still
	// see why yesterday's pairing failed.
	purgeKeep = 24 * time.Hour
)

// Purgeable is a memory that can forget what has expired.
type Purgeable interface {
	// Purge forgets what expired before an instant of the bank clock and tells how
	// much that was.
	Purge(ctx context.Context, before time.Time) (int64, error)
}

// PurgerConfig sets up a Purger. Zero durations are the defaults: every hour,
// what expired more than a day ago.
type PurgerConfig struct {
	Store Purgeable
	Clock bank.Clock // bank clock
	Every time.Duration
	Keep  time.Duration
	Shift Shift // of one node at a time; the zero one where there is one node only
	Log   *slog.Logger
}

// Purger has the store forget what has expired: when its shift begins, and then
// by the wall clock. Moving the bank clock by a year needs no hurry.
type Purger struct {
	cfg  PurgerConfig
	loop loop
	bell bell
}

var _ Worker = (*Purger)(nil)

// NewPurger makes a purger.
func NewPurger(cfg PurgerConfig) *Purger {
	if cfg.Every <= 0 {
		cfg.Every = purgeEvery
	}
	if cfg.Keep <= 0 {
		cfg.Keep = purgeKeep
	}
	return &Purger{cfg: cfg, bell: newBell()}
}

// Start begins to work.
func (p *Purger) Start(ctx context.Context) error {
	return p.loop.start(ctx, func(ctx context.Context) { p.cfg.Shift.while(ctx, p.run) })
}

// Stop returns when the purge that runs has ended.
func (p *Purger) Stop() { p.loop.stop() }

// Poke has it purge now. It never waits.
func (p *Purger) Poke() { p.bell.ring() }

func (p *Purger) run(ctx context.Context) {
	ticker := time.NewTicker(p.cfg.Every)
	defer ticker.Stop()
	for {
		n, err := p.cfg.Store.Purge(ctx, p.cfg.Clock.Now().Add(-p.cfg.Keep))
		switch {
		case err != nil && ctx.Err() == nil:
			p.cfg.Log.ErrorContext(ctx, "what has expired could not be cleared away", "error", err)
		case n > 0:
			p.cfg.Log.InfoContext(ctx, "cleared away what has expired", "rows", n)
		}
		select {
		case <-ticker.C:
		case <-p.bell:
		case <-ctx.Done():
			return
		}
	}
}

package work

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"okienko/bank"
	"okienko/bank/calendar"
	"okienko/bank/service"
)

// RecorderConfig sets up a Recorder.
type RecorderConfig struct {
	Book service.Book
	Wall bank.Clock
	Log  *slog.Logger
	// Channels are those that this node serves. It does not speak for others:
	// an interface that is not offered has neither uptime nor outages.
	Channels []service.Channel
	// Every is how often it writes; the zero value is service.Beat.
	Every time.Duration
}

// Recorder counts the calls of this node and tells every few seconds that the
// node serves. Every node has one: what they count is added up, and it is down
// only when none of them speaks. A crash loses the counts of the last seconds.
type Recorder struct {
	cfg  RecorderConfig
	loop loop

	mu     sync.Mutex
	counts map[counted]*tally
}

type counted struct {
	day     calendar.Date
	channel service.Channel
	kind    service.Kind
}

type tally struct {
	calls, faults int64
	took          time.Duration
}

var _ Worker = (*Recorder)(nil)

// NewRecorder makes a recorder.
func NewRecorder(cfg RecorderConfig) *Recorder {
	if cfg.Every <= 0 {
		cfg.Every = service.Beat
	}
	return &Recorder{cfg: cfg, counts: map[counted]*tally{}}
}

// Count notes one answered call. It never waits for the disk.
func (r *Recorder) Count(c service.Channel, k service.Kind, fault bool, took time.Duration) {
	key := counted{calendar.DateOf(r.cfg.Wall.Now()), c, k}
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.counts[key]
	if t == nil {
		t = &tally{}
		r.counts[key] = t
	}
	t.calls++
	t.took += took
	if fault {
		t.faults++
	}
}

// Start begins to write.
func (r *Recorder) Start(ctx context.Context) error {
	return r.loop.start(ctx, r.run)
}

// Stop returns when what was counted is written.
func (r *Recorder) Stop() { r.loop.stop() }

func (r *Recorder) run(ctx context.Context) {
	ticker := time.NewTicker(r.cfg.Every)
	defer ticker.Stop()
	for {
		r.write(ctx)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			// The doors are closed by now: this is the last of it.
			r.write(context.WithoutCancel(ctx))
			return
		}
	}
}

func (r *Recorder) write(ctx context.Context) {
	now := r.cfg.Wall.Now()
	for _, c := range r.cfg.Channels {
		if err := r.cfg.Book.Alive(ctx, c, now); err != nil && ctx.Err() == nil {
			r.cfg.Log.WarnContext(ctx, "the beat of the service statistics was not kept", "error", err)
		}
	}
	taken := r.take()
	if len(taken) == 0 {
		return
	}
	list := make([]service.Tally, 0, len(taken))
	for k, t := range taken {
		list = append(list, service.Tally{Day: k.day, Channel: k.channel, Kind: k.kind, Calls: t.calls, Faults: t.faults, Took: t.took})
	}
	if err := r.cfg.Book.AddTallies(ctx, list); err != nil {
		r.giveBack(taken)
		r.cfg.Log.WarnContext(ctx, "the service statistics were not kept and wait", "error", err)
	}
}

func (r *Recorder) take() map[counted]*tally {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.counts
	r.counts = make(map[counted]*tally, len(taken))
	return taken
}

// giveBack keeps what could not be written for the next time.
func (r *Recorder) giveBack(taken map[counted]*tally) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, was := range taken {
		if now := r.counts[k]; now != nil {
			was.calls += now.calls
			was.faults += now.faults
			was.took += now.took
		}
		r.counts[k] = was
	}
}

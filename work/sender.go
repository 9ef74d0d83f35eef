package work

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"okienko/bank"
	"okienko/bank/payment"
	"okienko/bank/rail"
	"okienko/bank/transfer"
)

// The sizes of a Sender.
const (
	// DefaultSending is how many transfers are on their way to payment systems at
	// once. What they order of the desk meanwhile goes into common batches.
	DefaultSending = 32
	// sendTime is what one answer of a payment system may take. An instant rail
	// answers within ten seconds (SCT Inst), the rest is the adapter's.
	sendTime = 20 * time.Second
	// dueAtLook is how much of what is due is read at once.
	dueAtLook = 128
)

// SenderConfig sets up a Sender.
type SenderConfig struct {
	Due     transfer.Due
	Desk    Desk
	Network rail.Network // nil where nothing leaves the bank
	Clock   BankClock
	Wall    bank.Clock // rules the pauses between questions
	Shift   Shift      // of one node at a time; the zero one where there is one node only
	Sending int        // 0 is DefaultSending
	Log     *slog.Logger
}

// Sender does what is due with transfers, by the bank clock: it has scheduled
// ones executed, hands pending ones to their payment systems and writes down what
// became of them, takes back money that was returned, and has the payments of
// standing orders made. A payment system that does not know yet is asked again,
// less and less often, and at once when the bank clock was moved.
type Sender struct {
	cfg  SenderConfig
	loop loop
	bell bell
}

var _ Worker = (*Sender)(nil)

// NewSender makes a sender.
func NewSender(cfg SenderConfig) *Sender {
	if cfg.Sending <= 0 {
		cfg.Sending = DefaultSending
	}
	return &Sender{cfg: cfg, bell: newBell()}
}

// Start begins to work.
func (s *Sender) Start(ctx context.Context) error {
	return s.loop.start(ctx, func(ctx context.Context) { s.cfg.Shift.while(ctx, s.run) })
}

// Stop returns when nothing is on its way any more and another node may take
// over.
func (s *Sender) Stop() { s.loop.stop() }

// Poke has it look at once. It never waits. On a node that has not the shift it
// does nothing: the one that has it looks again within lookAgain.
func (s *Sender) Poke() { s.bell.ring() }

// errand is one thing that is due: a transfer, or the next payment of a standing
// order.
type errand struct {
	transfer *transfer.Transfer
	standing transfer.StandingID
}

func (e *errand) id() string {
	if e.transfer != nil {
		return string(e.transfer.ID)
	}
	return "standing " + string(e.standing)
}

// errNotYet means that a payment system does not know yet.
var errNotYet = errors.New("work: not known yet")

// do runs one errand. An error other than errNotYet is complained of; with both
// the errand is tried again.
func (s *Sender) do(ctx context.Context, e *errand) error {
	if e.transfer == nil {
		return s.order(ctx, &payment.RunStanding{Standing: e.standing})
	}
	t := e.transfer
	switch t.Status {
	case transfer.Submitted, transfer.Scheduled:
		return s.order(ctx, &payment.RunTransfer{Transfer: t.ID})
	case transfer.Pending:
		return s.send(ctx, t)
	case transfer.Done:
		return s.order(ctx, &payment.ReturnFunds{Transfer: t.ID, Reason: t.Detail})
	}
	return errors.New("work: nothing can be due with a transfer that is " + string(t.Status))
}

func (s *Sender) order(ctx context.Context, o payment.Order) error {
	_, err := s.cfg.Desk.Do(ctx, o)
	return err
}

// send hands a transfer to its payment system. What the system has answered is
// written down also when the program is ending: asking once more would cost the
// customer a minute, and an adapter a look-up.
func (s *Sender) send(ctx context.Context, t *transfer.Transfer) error {
	if s.cfg.Network == nil {
		return errors.New("work: no way to " + string(t.System))
	}
	sending, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	verdict, err := s.cfg.Network.Send(sending, t)
	if err != nil {
		return err
	}
	switch verdict.Outcome {
	case rail.Settled, rail.Refused:
	default:
		return errNotYet
	}
	settling, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	return s.order(settling, &payment.Settle{Transfer: t.ID, Verdict: verdict})
}

// outcome is an errand that was run.
type outcome struct {
	errand
	err error
}

// nap is how long an errand that failed is left alone.
type nap struct {
	tries int
	until time.Time // wall
}

// tour is one shift of a Sender. Its own goroutine alone touches what is here;
// errands are run by others, who only hand them back.
type tour struct {
	*Sender
	queue  []errand        // due, not begun
	busy   map[string]bool // begun, not handed back
	back   chan outcome
	asleep map[string]nap
	// rested are errands that succeeded, as they were before. What is found again
	// exactly so did not move, and would be tried in a busy loop.
	rested map[string]transfer.Transfer
	stale  bool // something may be due that was not read
}

func (s *Sender) run(ctx context.Context) {
	t := &tour{Sender: s, busy: map[string]bool{}, back: make(chan outcome, s.cfg.Sending),
		asleep: map[string]nap{}, rested: map[string]transfer.Transfer{}, stale: true}
	moved, unsubscribe := s.cfg.Clock.Subscribe()
	defer unsubscribe()
	var running sync.WaitGroup
	defer running.Wait()
	for ctx.Err() == nil {
		if t.stale && len(t.queue) == 0 {
			t.look(ctx)
		}
		for len(t.queue) > 0 && len(t.busy) < s.cfg.Sending {
			e := t.queue[0]
			t.queue = t.queue[1:]
			t.busy[e.id()] = true
			running.Go(func() { t.back <- outcome{e, s.do(ctx, &e)} }) // never waits: there is a place for each
		}
		t.wait(ctx, moved)
	}
}

// look reads what is due and queues what is neither on its way nor asleep. What
// is asleep stays due, so as much more is read: nobody waits behind it.
func (t *tour) look(ctx context.Context) {
	t.stale = false
	now, wall, n := t.cfg.Clock.Now(), t.cfg.Wall.Now(), dueAtLook+len(t.busy)+len(t.asleep)
	transfers, err := t.cfg.Due.DueTransfers(ctx, now, n)
	if err != nil {
		t.complain(ctx, "transfers that are due cannot be read", err)
		return
	}
	standings, err := t.cfg.Due.DueStandings(ctx, now, n)
	if err != nil {
		t.complain(ctx, "standing orders that are due cannot be read", err)
		return
	}
	due := make([]errand, 0, len(transfers)+len(standings))
	for i := range transfers {
		due = append(due, errand{transfer: &transfers[i]})
	}
	for _, id := range standings {
		due = append(due, errand{standing: id})
	}
	found := make(map[string]bool, len(due))
	for _, e := range due {
		id := e.id()
		found[id] = true
		if before, ok := t.rested[id]; ok && e.transfer != nil && before.Status == e.transfer.Status && before.Due.Equal(e.transfer.Due) {
			t.rest(ctx, id, errors.New("work: still due after it was done"))
		}
		if !t.busy[id] && !t.asleep[id].until.After(wall) {
			t.queue = append(t.queue, e)
		}
	}
	clear(t.rested)
	if len(transfers) == n || len(standings) == n {
		return // there is more, and what is asleep may be among it
	}
	for id := range t.asleep {
		if !found[id] && !t.busy[id] {
			delete(t.asleep, id) // cancelled meanwhile
		}
	}
}

// wait returns when an errand is back, the clock was moved, somebody poked, or
// something else may be due.
func (t *tour) wait(ctx context.Context, moved <-chan struct{}) {
	at, ahead, pause := t.next(ctx)
	pausing, cancel := context.WithTimeout(ctx, pause)
	reached := make(chan struct{})
	var waiting sync.WaitGroup
	if ahead {
		waiting.Go(func() {
			if t.cfg.Clock.WaitUntil(pausing, at) == nil {
				close(reached)
			}
		})
	}
	select {
	case o := <-t.back:
		t.take(ctx, o)
		for more := true; more; {
			select {
			case o := <-t.back:
				t.take(ctx, o)
			default:
				more = false
			}
		}
	case <-moved:
		clear(t.asleep) // a minute of bank time may be over
	case <-reached:
	case <-t.bell:
	case <-pausing.Done():
	}
	t.stale = true
	cancel()
	waiting.Wait()
}

// next is when the bank clock makes something else due, if that lies ahead, and
// how long nothing needs to be looked at should nothing happen. While something
// due is left for later the store cannot tell what comes due after it.
func (t *tour) next(ctx context.Context) (at time.Time, ahead bool, pause time.Duration) {
	if len(t.queue) > 0 || len(t.busy) == t.cfg.Sending {
		return at, false, lookAgain // whoever comes back is heard
	}
	at, ok, err := t.cfg.Due.NextTransferDue(ctx)
	switch {
	case err != nil:
		t.complain(ctx, "what comes due next cannot be read", err)
		return at, false, afterFailure
	case ok && !t.cfg.Clock.Now().Before(at):
		return at, false, afterFailure
	case len(t.asleep) > 0:
		return at, ok, afterFailure
	}
	return at, ok, lookAgain
}

// take hears how an errand went.
func (t *tour) take(ctx context.Context, o outcome) {
	id := o.id()
	delete(t.busy, id)
	if o.err != nil {
		t.rest(ctx, id, o.err)
		return
	}
	delete(t.asleep, id)
	if o.transfer != nil {
		t.rested[id] = *o.transfer
	}
}

// rest leaves an errand alone for a while.
func (t *tour) rest(ctx context.Context, id string, why error) {
	tries := t.asleep[id].tries + 1
	t.asleep[id] = nap{tries, t.cfg.Wall.Now().Add(doubled(tries, firstPause, lastPause))}
	if !errors.Is(why, errNotYet) {
		t.complain(ctx, "a transfer that is due was not done", why, "transfer", id)
	}
}

// complain logs, unless the reason is that the program is ending.
func (s *Sender) complain(ctx context.Context, what string, err error, with ...any) {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return
	}
	s.cfg.Log.ErrorContext(ctx, what, append(with, "error", err)...)
}

package cells

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/clock"
)

// Broken is a mistake that a cell could be built with. A simulation whose checks
// do not find it proves nothing about cells that were built without it.
type Broken string

// The mistakes.
const (
	Sound          Broken = ""
	TakesTwice     Broken = "a message delivered twice is booked twice"
	SendsEarly     Broken = "a message leaves before its money has"
	AcksEarly      Broken = "a message is acknowledged before it is booked"
	ForgetsReturns Broken = "what cannot be placed is acknowledged and forgotten"
)

// Begin is when every simulation begins.
func Begin() time.Time { return time.Date(2026, time.March, 26, 9, 0, 0, 0, time.UTC) }

// Report is what was played.
type Report struct {
	Steps        int
	Met          map[string]int // what happened, how often
	MostInFlight int64          // minor units
	Trace        uint64         // the same for the same seed
}

// parcel is something on the way between the cells: a message or, without one,
// the word that one was taken.
type parcel struct {
	to      int
	message *message
	taken   *message
}

type sim struct {
	rng    *rand.Rand
	broken Broken
	cells  [2]*cell
	eyes   [2]*eyes

	air      []parcel
	orders   []*order
	waiting  []*order // whose callers know no outcome and will ask again
	holds    []*placed
	model    map[account.ID]int64
	closed   map[account.ID]bool // ever
	money    int64
	inFlight int64
	calm     bool // nobody dies any more
	report   Report
	trace    interface{ Write([]byte) (int, error) }
}

// Play plays the steps of a seed on two empty places. The error says what money
// was lost or made, or what else went wrong, and at which step.
func Play(ctx context.Context, seed uint64, steps int, places [2]Place, broken Broken) (_ Report, err error) {
	hash := fnv.New64a()
	s := &sim{
		rng: rand.New(rand.NewPCG(seed, 0)), broken: broken, model: map[account.ID]int64{}, closed: map[account.ID]bool{},
		report: Report{Met: map[string]int{}}, trace: hash,
	}
	defer func() { err = errors.Join(err, s.end()) }()
	for i, name := range []string{"a", "b"} {
		// The cells' clocks do not agree, and nothing may need them to.
		c := &cell{name: name, peer: string("ba"[i]), place: places[i], clock: clock.NewManual(Begin().Add(-90 * time.Second * time.Duration(i))), numbers: map[string]account.ID{}}
		s.cells[i] = c
		if err := c.start(ctx); err != nil {
			return s.report, err
		}
		if err := c.found(ctx); err != nil {
			return s.report, fmt.Errorf("cells: founding cell %s: %w", name, err)
		}
		if s.eyes[i], err = openEyes(places[i], c.peer); err != nil {
			return s.report, err
		}
		for _, id := range c.numbers {
			s.model[id] = 0
		}
		for _, who := range withMoney() {
			s.model[account.ID(name+"-"+who)] = opening
			s.money += opening
		}
	}
	for s.report.Steps < steps {
		s.report.Steps++
		if err := s.step(ctx); err != nil {
			return s.report, fmt.Errorf("cells: step %d: %w", s.report.Steps, err)
		}
		if err := s.count(ctx); err != nil {
			return s.report, fmt.Errorf("cells: after step %d: %w", s.report.Steps, err)
		}
	}
	if err := s.settleAll(ctx); err != nil {
		return s.report, err
	}
	err = s.judge(ctx)
	s.report.Trace = hash.Sum64()
	return s.report, err
}

// end closes what is open, whatever happened.
func (s *sim) end() error {
	var errs []error
	for i := range s.cells {
		if c := s.cells[i]; c != nil && c.up {
			errs = append(errs, c.bury())
		}
		if e := s.eyes[i]; e != nil {
			errs = append(errs, e.db.Close())
		}
	}
	return errors.Join(errs...)
}

// met notes what happened.
func (s *sim) met(format string, args ...any) {
	what := fmt.Sprintf(format, args...)
	s.report.Met[what]++
	fmt.Fprintln(s.trace, what, s.inFlight)
}

// step does one thing, drawn by weight.
func (s *sim) step(ctx context.Context) error {
	for _, c := range s.cells {
		c.clock.Advance(time.Duration(s.rng.IntN(2000)) * time.Millisecond)
	}
	i := s.rng.IntN(2)
	c := s.cells[i]
	switch n := s.rng.IntN(1000); {
	case n < 290:
		return s.order(ctx, s.draw(i))
	case n < 360:
		return s.askAgain(ctx)
	case n < 450:
		return s.send(ctx, i)
	case n < 770:
		return s.arrive(ctx)
	case n < 800:
		s.weather()
		return nil
	case n < 825:
		return s.closing(ctx, c, account.ID(c.name+"-"+dormant()[s.rng.IntN(len(dormant()))]))
	case n < 895:
		if c.up {
			return c.remember(ctx)
		}
		return nil
	case n < 940:
		return s.kill(c)
	}
	return s.restart(ctx, c)
}

func (s *sim) kill(c *cell) error {
	if !c.up {
		return nil
	}
	switch when := []moment{never, beforeCommit, afterCommit, afterCommit}[s.rng.IntN(4)]; when {
	case never:
		s.met("killed between two acts")
		return c.bury()
	default:
		c.dies, c.spares = when, s.rng.IntN(2) == 0
		return nil
	}
}

// died buries a cell that died in an act.
func (s *sim) died(c *cell, where string) error {
	s.met("killed %s", where)
	return c.bury()
}

func (s *sim) restart(ctx context.Context, c *cell) error {
	if c.up {
		return nil
	}
	s.met("started again")
	return c.start(ctx)
}

// window is how many messages a cell sends at once: after a start the oldest that
// it does not know to be taken are offered first.
const window = 6

// patience is how many steps a cell waits for the word that a message was taken
// before it sends it again.
const patience = 80

// send offers what waits in a cell's outbox to the other cell: every message
// again until it is known to be taken.
func (s *sim) send(ctx context.Context, from int) error {
	c := s.cells[from]
	if !c.up {
		return nil
	}
	open, err := c.outbox(ctx)
	if err != nil {
		return err
	}
	room := window
	for _, m := range open {
		if room == 0 && !s.calm {
			break
		}
		sent, before := c.sent[m.id]
		if !s.calm && (s.rng.IntN(4) == 0 || before && s.report.Steps < sent+patience) {
			continue // a later one may overtake it
		}
		room--
		c.sent[m.id] = s.report.Steps
		s.met("sent%s", word(before, " again", ""))
		s.air = append(s.air, parcel{to: 1 - from, message: m})
	}
	return nil
}

// weather loses a parcel on its way, or doubles it.
func (s *sim) weather() {
	if len(s.air) == 0 {
		return
	}
	i := s.rng.IntN(len(s.air))
	if s.rng.IntN(2) == 0 {
		s.met("lost on the way")
		s.air = slices.Delete(s.air, i, i+1)
		return
	}
	s.met("doubled on the way")
	s.air = append(s.air, s.air[i])
}

// arrive takes any parcel out of the air, not the first, and hands it in.
func (s *sim) arrive(ctx context.Context) error {
	if len(s.air) == 0 {
		return nil
	}
	i := s.rng.IntN(len(s.air))
	p := s.air[i]
	s.air = slices.Delete(s.air, i, i+1)
	c := s.cells[p.to]
	if !c.up {
		s.met("arrived at a cell that was down")
		return nil
	}
	if p.message == nil {
		c.taken[p.taken.id] = true
		s.met("known to be taken")
		return nil
	}
	ack := parcel{to: 1 - p.to, taken: p.message}
	if s.broken == AcksEarly {
		s.air = append(s.air, ack)
	}
	before, err := c.fate(ctx, p.message)
	if err != nil {
		return err
	}
	c.taking = before == notTaken
	err = c.take(ctx, p.message, s.broken)
	c.taking = false
	if c.killed {
		return s.died(c, "taking a message, "+s.since(ctx, c, p.message, before))
	}
	if err != nil {
		return fmt.Errorf("taking %s: %w", p.message.id, err)
	}
	after, err := c.fate(ctx, p.message)
	if err != nil {
		return err
	}
	s.met("taken: %s", word(before == after, "a repeat", after))
	if s.broken != AcksEarly {
		s.air = append(s.air, ack)
	}
	return nil
}

// since tells on which side of the commit a cell died.
func (s *sim) since(ctx context.Context, c *cell, m *message, before string) string {
	after, err := c.fate(ctx, m) // the process is dead, its books are still readable
	if err != nil || after == before {
		return "before the commit"
	}
	return "after the commit and before its word"
}

// closing closes a dormant account that stands empty, or opens one again.
func (s *sim) closing(ctx context.Context, c *cell, id account.ID) error {
	if !c.up {
		return nil
	}
	a, err := c.store.Account(ctx, id)
	if err != nil {
		return err
	}
	to := account.Closed
	if a.Status == account.Closed {
		to = account.Open
	}
	err = c.store.SetAccountStatus(ctx, id, to, c.did("account.status", "account:"+string(id)))
	if bank.CodeOf(err) == bank.StatusNotAllowed {
		return nil // there is money on it
	}
	if to == account.Closed {
		s.closed[id] = true
	}
	s.met("an account was %s", to)
	return err
}

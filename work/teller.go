package work

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/calendar"
	"okienko/bank/notice"
	"okienko/bank/party"
	"okienko/bank/xs2a"
)

const (
	// DefaultAhead is how long before its end a customer is told of a consent.
	DefaultAhead = 14 * 24 * time.Hour
	// tellEvery is how often it is looked, by the bank clock: nobody misses an hour
	// of two weeks.
	tellEvery = time.Hour
	// tellAtOnce is how many consents are read at once.
	tellAtOnce = 256
)

// TellerConfig sets up a Teller.
type TellerConfig struct {
	Book    xs2a.Book
	Parties party.Register
	Clock   BankClock
	IDs     bank.IDs
	Ahead   time.Duration // 0 is DefaultAhead
	Shift   Shift         // of one node at a time; the zero one where there is one node only
	Told    func()        // called when messages came into the outbox; nil does without
	Log     *slog.Logger
}

// Teller tells customers that a consent is about to end, once, while they can
// still renew it with one confirmation.
type Teller struct {
	cfg  TellerConfig
	loop loop
	bell bell
}

var _ Worker = (*Teller)(nil)

// NewTeller makes a teller.
func NewTeller(cfg TellerConfig) *Teller {
	if cfg.Ahead <= 0 {
		cfg.Ahead = DefaultAhead
	}
	return &Teller{cfg: cfg, bell: newBell()}
}

// Start begins to work.
func (t *Teller) Start(ctx context.Context) error {
	return t.loop.start(ctx, func(ctx context.Context) { t.cfg.Shift.while(ctx, t.run) })
}

// Stop returns when the message being kept is kept.
func (t *Teller) Stop() { t.loop.stop() }

// Poke has it look at once. It never waits.
func (t *Teller) Poke() { t.bell.ring() }

func (t *Teller) run(ctx context.Context) {
	moved, unsubscribe := t.cfg.Clock.Subscribe()
	defer unsubscribe()
	for ctx.Err() == nil {
		for more := true; more && ctx.Err() == nil; {
			more = t.tell(ctx)
		}
		t.wait(ctx, moved)
	}
}

// wait returns when an hour of bank time is over, the clock was moved, or
// somebody poked, and not sooner than a second after a look: a bank clock may run
// very fast.
func (t *Teller) wait(ctx context.Context, moved <-chan struct{}) {
	ctx, cancel := context.WithCancel(ctx)
	reached := make(chan struct{})
	var waiting sync.WaitGroup
	next := t.cfg.Clock.Now().Add(tellEvery)
	waiting.Go(func() {
		pause(ctx, afterFailure)
		if t.cfg.Clock.WaitUntil(ctx, next) == nil {
			close(reached)
		}
	})
	select {
	case <-reached:
	case <-moved:
	case <-t.bell:
	case <-ctx.Done():
	}
	cancel()
	waiting.Wait()
}

// tell announces the consents that end soon. more says that there may be more of
// them; when one fails the others of the list are told all the same.
func (t *Teller) tell(ctx context.Context) (more bool) {
	now := t.cfg.Clock.Now()
	list, err := t.cfg.Book.EndingConsents(ctx, now.Add(t.cfg.Ahead), tellAtOnce)
	if err != nil {
		t.complain(ctx, "consents that end cannot be read", err)
		return false
	}
	failed, told := 0, 0
	for i := range list {
		c := &list[i]
		if c.At(now) != xs2a.Active {
			failed++ // ended, and nobody has written it down yet
			continue
		}
		announced, err := t.announce(ctx, c, now)
		if err != nil {
			failed++
			t.complain(ctx, "a customer was not told that a consent ends", err, "consent", c.ID)
		}
		if announced {
			told++
		}
	}
	if told > 0 && t.cfg.Told != nil {
		t.cfg.Told()
	}
	return len(list) == tellAtOnce && failed < len(list)
}

// announce keeps the message of one consent. One that was given for no longer
// than the time of the notice is only marked: whoever gave it read the date
// then.
func (t *Teller) announce(ctx context.Context, c *xs2a.Consent, now time.Time) (told bool, err error) {
	if c.Until.Sub(c.GivenAt) <= t.cfg.Ahead {
		_, err := t.cfg.Book.ChangeConsent(ctx, c.ID, nil, func(c *xs2a.Consent) ([]audit.Record, error) {
			c.Told = now
			return nil, nil
		})
		return false, err
	}
	person, err := t.cfg.Parties.Person(ctx, c.Person)
	if err != nil {
		return false, fmt.Errorf("person %s: %w", c.Person, err)
	}
	m := notice.Message{ID: t.cfg.IDs.NewID(), Channel: notice.SMS, Person: person.ID, To: person.Phone, Text: endingText(c, person.Language),
		CreatedAt: now, ExpiresAt: c.Until}
	r := audit.Record{At: now, Actor: audit.Actor{Kind: audit.Bank, ID: "notice"}, Act: "consent.announced", Subject: "consent:" + string(c.ID),
		After: "ends " + c.Until.UTC().Format(time.RFC3339)}
	return true, t.cfg.Book.TellConsent(ctx, c.ID, now, m, r)
}

// endingText says whose consent for what ends when, and where to renew it. It
// holds no link: customers are taught to follow none in a message.
func endingText(c *xs2a.Consent, l party.Language) string {
	until := c.Until.In(calendar.Warsaw())
	if l == party.English {
		what := "to see your accounts"
		if c.Scope == xs2a.Funds {
			what = "to be told whether funds are available"
		}
		return fmt.Sprintf("The consent of %s %s ends on %s at %s. You can renew or withdraw it in internet banking.",
			c.Name, what, until.Format("2 January 2006"), until.Format("15:04"))
	}
	what := "na wgląd w Twoje rachunki"
	if c.Scope == xs2a.Funds {
		what = "na potwierdzanie dostępności środków"
	}
	return fmt.Sprintf("Zgoda dla %s %s wygasa %s o %s. Możesz ją odnowić albo cofnąć w bankowości internetowej.",
		c.Name, what, until.Format("02.01.2006"), until.Format("15:04"))
}

// complain logs, unless the reason is that the program is ending.
func (t *Teller) complain(ctx context.Context, what string, err error, with ...any) {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return
	}
	t.cfg.Log.ErrorContext(ctx, what, append(with, "error", err)...)
}

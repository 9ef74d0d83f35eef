package work_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"okienko/bank/notice"
	"okienko/bank/sca"
	"okienko/clock"
	"okienko/work"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// outbox is one in memory, with the fences and leases of a real one.
type outbox struct {
	mu       sync.Mutex
	messages []*kept
	claims   int
}

type kept struct {
	notice.Message
	due                time.Time
	delivered, dropped bool
}

func (o *outbox) put(m notice.Message) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.messages = append(o.messages, &kept{Message: m})
}

func (o *outbox) ClaimMessages(_ context.Context, _ string, n int, wall, until time.Time) ([]notice.Message, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.claims++
	var out []notice.Message
	for _, m := range o.messages {
		if len(out) < n && !m.delivered && !m.dropped && !m.due.After(wall) {
			m.due, m.Tries, m.Fence = until, m.Tries+1, m.Fence+1
			out = append(out, m.Message)
		}
	}
	return out, nil
}

func (o *outbox) SettleMessage(_ context.Context, id string, fence int64, delivered, again time.Time) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, m := range o.messages {
		if m.ID == id && m.Fence == fence {
			m.due, m.delivered, m.dropped = again, !delivered.IsZero(), delivered.IsZero() && again.IsZero()
		}
	}
	return nil
}

func (o *outbox) state(id string) kept {
	o.mu.Lock()
	defer o.mu.Unlock()
	i := slices.IndexFunc(o.messages, func(m *kept) bool { return m.ID == id })
	return *o.messages[i]
}

// gateway is a function that sends.
type gateway func(context.Context, notice.Message) error

func (g gateway) Send(ctx context.Context, m notice.Message) error { return g(ctx, m) }

func deliverer(o *outbox, g gateway, bankClock *clock.Manual) *work.Deliverer {
	return work.NewDeliverer(work.DelivererConfig{Outbox: o, Gateways: map[notice.Channel]work.Gateway{notice.SMS: g}, Clock: bankClock, Wall: clock.Wall{}, Worker: "one", Log: quiet()})
}

func start(t *testing.T, w work.Worker) {
	t.Helper()
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestPokedMessageLeavesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		sent := make(chan time.Time, 1)
		o := &outbox{}
		d := deliverer(o, func(context.Context, notice.Message) error { sent <- time.Now(); return nil }, clock.NewManual(began))
		start(t, d)
		defer d.Stop()
		synctest.Wait() // the first claim has found nothing
		o.put(notice.Message{ID: "m", Channel: notice.SMS})
		d.Poke()
		if waited := (<-sent).Sub(began); waited != 0 {
			t.Errorf("the message waited for %v", waited)
		}
		synctest.Wait()
		if !o.state("m").delivered {
			t.Error("the message is not settled")
		}
	})
}

func TestForgottenMessageLeavesWithTheNextPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		sent := make(chan time.Time, 1)
		o := &outbox{}
		d := deliverer(o, func(context.Context, notice.Message) error { sent <- time.Now(); return nil }, clock.NewManual(began))
		start(t, d)
		defer d.Stop()
		synctest.Wait()
		o.put(notice.Message{ID: "m", Channel: notice.SMS})
		if waited := (<-sent).Sub(began); waited != work.DefaultPoll {
			t.Errorf("the message waited for %v", waited)
		}
	})
}

func TestFailedMessageGoesAgainEverLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var tries []time.Duration
		o := &outbox{}
		o.put(notice.Message{ID: "m", Channel: notice.SMS})
		d := deliverer(o, func(context.Context, notice.Message) error {
			tries = append(tries, time.Since(began))
			if len(tries) < 5 {
				return errors.New("busy")
			}
			return nil
		}, clock.NewManual(began))
		start(t, d)
		time.Sleep(time.Minute) // of the bubble
		d.Stop()
		want := []time.Duration{0, 1 * time.Second, 3 * time.Second, 7 * time.Second, 15 * time.Second}
		if !slices.Equal(tries, want) {
			t.Errorf("tries after %v, want %v", tries, want)
		}
		if !o.state("m").delivered {
			t.Error("the message is not settled")
		}
	})
}

type given struct{ error }

func (given) Temporary() bool { return false }

func TestFinalFailureAndLateMessageAreGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bankClock := clock.NewManual(time.Now())
		sent := 0
		o := &outbox{}
		o.put(notice.Message{ID: "refused", Channel: notice.SMS, ExpiresAt: bankClock.Now().Add(time.Minute)})
		o.put(notice.Message{ID: "late", Channel: notice.SMS, ExpiresAt: bankClock.Now()})
		d := deliverer(o, func(context.Context, notice.Message) error { sent++; return given{errors.New("no such number")} }, bankClock)
		start(t, d)
		time.Sleep(time.Hour)
		d.Stop()
		if sent != 1 || !o.state("refused").dropped || !o.state("late").dropped {
			t.Errorf("%d tries, refused %+v, late %+v", sent, o.state("refused"), o.state("late"))
		}
	})
}

func TestSendingIsBoundedAndDoesNotSpin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &outbox{}
		for i := range 3 * work.DefaultParallel {
			o.put(notice.Message{ID: string(rune('a' + i)), Channel: notice.SMS})
		}
		var mu sync.Mutex
		now, most := 0, 0
		d := deliverer(o, func(ctx context.Context, _ notice.Message) error {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(2 * time.Second)
			mu.Lock()
			now--
			mu.Unlock()
			return nil
		}, clock.NewManual(time.Now()))
		start(t, d)
		time.Sleep(6*time.Second + time.Millisecond)
		mu.Lock()
		if most != work.DefaultParallel {
			t.Errorf("%d at once", most)
		}
		mu.Unlock()
		for _, m := range o.messages {
			if !o.state(m.ID).delivered {
				t.Errorf("%s is not delivered after three rounds", m.ID)
			}
		}
		o.mu.Lock()
		before := o.claims
		o.mu.Unlock()
		time.Sleep(time.Minute)
		d.Stop()
		if idle := o.claims - before; idle > 13 {
			t.Errorf("%d claims in an idle minute", idle)
		}
	})
}

func TestStopLeavesAMessageThatIsOnItsWayToTheNextNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &outbox{}
		o.put(notice.Message{ID: "m", Channel: notice.SMS})
		d := deliverer(o, func(ctx context.Context, _ notice.Message) error { <-ctx.Done(); return ctx.Err() }, clock.NewManual(time.Now()))
		start(t, d)
		synctest.Wait()
		d.Stop()
		d.Stop()
		if m := o.state("m"); m.delivered || m.dropped || m.due.After(time.Now()) {
			t.Errorf("%+v", m)
		}
	})
}

func TestWorkerStartsOnce(t *testing.T) {
	d := deliverer(&outbox{}, nil, clock.NewManual(time.Now()))
	d.Stop() // never started
	start(t, d)
	defer d.Stop()
	if err := d.Start(t.Context()); !errors.Is(err, work.ErrStarted) {
		t.Errorf("%v", err)
	}
}

// challenges is a book that takes or refuses.
type challenges struct {
	sca.Book
	err error
}

func (c challenges) OpenChallenge(context.Context, sca.Challenge, *notice.Message, func(*sca.Factor) error) error {
	return c.err
}

func TestAnnouncingPokesForWhatIsInTheOutbox(t *testing.T) {
	poked := 0
	poke := func() { poked++ }
	message := &notice.Message{}
	if err := work.Announcing(challenges{}, poke).OpenChallenge(t.Context(), sca.Challenge{}, message, nil); err != nil || poked != 1 {
		t.Errorf("%v, poked %d", err, poked)
	}
	refused := errors.New("locked")
	if err := work.Announcing(challenges{err: refused}, poke).OpenChallenge(t.Context(), sca.Challenge{}, message, nil); !errors.Is(err, refused) || poked != 1 {
		t.Errorf("%v, poked %d for a message that was not kept", err, poked)
	}
}

package work_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"okienko/authserver"
	"okienko/bank/audit"
	"okienko/clock"
	"okienko/work"
)

// callbook is a book of callbacks in memory, with the fences and leases of a real
// one, and what makes each try.
type callbook struct {
	mu      sync.Mutex
	kept    map[authserver.RequestID]*keptCall
	records []audit.Record
	state   authserver.CallbackState // of every try; "" is CallbackReady
	codes   int
}

type keptCall struct {
	authserver.DueCallback
	due time.Time
}

func (b *callbook) put(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.kept == nil {
		b.kept = map[authserver.RequestID]*keptCall{}
	}
	b.kept[authserver.RequestID(id)] = &keptCall{DueCallback: authserver.DueCallback{
		ID: authserver.RequestID(id), Given: true, Since: time.Now(),
		Callback: authserver.Callback{To: authserver.CallbackTo{URL: "https://tpp.example/called", APIKey: "key", Form: "test"}, Consent: "consent", TPPID: "tpp"},
	}}
}

func (b *callbook) left() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.kept)
}

func (b *callbook) ClaimCallbacks(_ context.Context, _ string, n int, wall, until time.Time) ([]authserver.DueCallback, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []authserver.DueCallback
	for _, k := range b.kept {
		if len(out) < n && !k.due.After(wall) {
			k.due, k.Tries, k.Fence = until, k.Tries+1, k.Fence+1
			out = append(out, k.DueCallback)
		}
	}
	return out, nil
}

func (b *callbook) SettleCallback(_ context.Context, id authserver.RequestID, fence int64, again time.Time, record *audit.Record) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	k := b.kept[id]
	if k == nil || k.Fence != fence {
		return nil
	}
	if !again.IsZero() {
		k.due = again
		return nil
	}
	delete(b.kept, id)
	b.records = append(b.records, *record)
	return nil
}

func (b *callbook) CallbackNow(_ context.Context, d authserver.DueCallback) (authserver.Callback, authserver.CallbackState, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state != "" {
		return authserver.Callback{}, b.state, nil
	}
	b.codes++
	c := d.Callback
	c.Code = fmt.Sprint("code ", b.codes)
	return c, authserver.CallbackReady, nil
}

// plain is a form of callbacks for tests.
func plain(c authserver.Callback, now time.Time) ([]byte, http.Header, error) {
	return []byte(fmt.Sprintf("%s %s%s at %s", c.TPPID, c.Code, c.Error, now.UTC().Format(time.DateOnly))), http.Header{"X-Jws-Signature": {"a..b"}}, nil
}

// post is a way to third parties that is a function.
type post func(to string, h http.Header, body string) error

func (p post) Post(_ context.Context, to string, h http.Header, body []byte) error {
	return p(to, h, string(body))
}

func caller(b *callbook, p post, log *slog.Logger) *work.Caller {
	return work.NewCaller(work.CallerConfig{
		Book: b, Maker: b, Forms: map[string]work.CallbackForm{"test": plain}, Post: p,
		Clock: clock.NewManual(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)), Wall: clock.Wall{}, Worker: "one", Log: log,
	})
}

func TestCallLeavesAtOnceAndWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := &callbook{}
		called := 0
		c := caller(b, func(to string, h http.Header, body string) error {
			if called++; called > 1 {
				return nil
			}
			if to != "https://tpp.example/called" || body != "tpp code 1 at 2030-01-01" || time.Since(began) != 0 {
				t.Errorf("%s got %q after %s", to, body, time.Since(began))
			}
			if h.Get(work.HeaderAPIKey) != "key" || h.Get("X-JWS-SIGNATURE") != "a..b" || h.Get("Content-Type") != "application/json" {
				t.Errorf("headers %v", h)
			}
			return nil
		}, quiet())
		start(t, c)
		defer c.Stop()
		synctest.Wait() // the first claim has found nothing
		b.put("r")
		c.Poke()
		synctest.Wait()
		if called != 1 || b.left() != 0 {
			t.Fatalf("called %d times, %d are left", called, b.left())
		}
		if r := b.records[0]; r.Act != "callback.delivered" || r.Subject != "consent:consent" || r.After != "tries=1" {
			t.Errorf("%+v", r)
		}
		b.put("forgotten")
		time.Sleep(work.DefaultPoll)
		synctest.Wait()
		if called != 2 || b.left() != 0 {
			t.Error("what nobody poked for is never called")
		}
	})
}

func TestCallGoesAgainEverLaterAndNotForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := &callbook{}
		b.put("r")
		var tries []time.Duration
		bodies := map[string]bool{}
		var log bytes.Buffer
		c := caller(b, func(_ string, _ http.Header, body string) error {
			tries = append(tries, time.Since(began))
			bodies[body] = true
			return errors.New("tpp.example answered 503")
		}, slog.New(slog.NewTextHandler(&log, nil)))
		start(t, c)
		defer c.Stop()
		time.Sleep(work.CallFor + time.Hour)
		synctest.Wait()
		want := []time.Duration{0, 5, 15, 35, 75, 155, 315, 635, 1275, 2555, 4355, 6155} // seconds; then every half an hour
		for i, at := range want {
			if tries[i] != at*time.Second {
				t.Errorf("try %d after %s, want %s", i+1, tries[i], at*time.Second)
			}
		}
		if last := tries[len(tries)-1]; last >= work.CallFor || last < work.CallFor-time.Hour {
			t.Errorf("the last try was after %s", last)
		}
		if b.left() != 0 || len(bodies) != len(tries) {
			t.Errorf("%d are left; %d tries had %d codes", b.left(), len(tries), len(bodies))
		}
		if r := b.records[0]; len(b.records) != 1 || r.Act != "callback.given_up" || !strings.Contains(r.Why, "503") || r.After != fmt.Sprintf("tries=%d", len(tries)) {
			t.Errorf("%+v", b.records)
		}
		if text := log.String(); strings.Count(text, "a callback is given up") != 1 || strings.Contains(text, "code ") {
			t.Errorf("the log: %s", text)
		}
	})
}

// A node that stops in the middle leaves the call to the next one at once.
func TestCallThatIsCutOffIsMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &callbook{}
		b.put("r")
		first := work.NewCaller(work.CallerConfig{
			Book: b, Maker: b, Forms: map[string]work.CallbackForm{"test": plain}, Post: hanging{}, Clock: clock.Wall{}, Wall: clock.Wall{}, Worker: "one", Log: quiet(),
		})
		start(t, first)
		synctest.Wait()
		called := 0
		second := caller(b, func(string, http.Header, string) error { called++; return nil }, quiet())
		start(t, second)
		defer second.Stop()
		synctest.Wait()
		if called != 0 {
			t.Fatal("two nodes make one call")
		}
		first.Stop()
		second.Poke()
		synctest.Wait()
		if called != 1 || b.left() != 0 {
			t.Errorf("called %d times, %d are left", called, b.left())
		}
	})
}

// hanging never answers.
type hanging struct{}

func (hanging) Post(ctx context.Context, _ string, _ http.Header, _ []byte) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestCallsThatAreNotMade(t *testing.T) {
	for name, tt := range map[string]struct {
		state authserver.CallbackState
		form  string
		act   string
		left  int
	}{
		"the code was redeemed":   {authserver.CallbackRedeemed, "test", "callback.delivered", 0},
		"another node has it":     {authserver.CallbackLost, "test", "", 1},
		"nobody knows the form":   {"", "other", "", 1},
		"the form cannot be made": {"", "broken", "", 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := &callbook{state: tt.state}
			b.put("r")
			b.kept["r"].To.Form = tt.form
			c := work.NewCaller(work.CallerConfig{
				Book: b, Maker: b, Clock: clock.Wall{}, Wall: clock.Wall{}, Worker: "one", Log: quiet(),
				Post: post(func(string, http.Header, string) error { t.Errorf("%s: called", name); return nil }),
				Forms: map[string]work.CallbackForm{"test": plain, "broken": func(authserver.Callback, time.Time) ([]byte, http.Header, error) {
					return nil, nil, errors.New("no key")
				}},
			})
			start(t, c)
			defer c.Stop()
			synctest.Wait()
			act := ""
			if len(b.records) > 0 {
				act = b.records[0].Act
			}
			if b.left() != tt.left || act != tt.act {
				t.Errorf("%s: %d are left, recorded %q", name, b.left(), act)
			}
		})
	}
}

// lapses ends what is due by a clock.
type lapses struct {
	clock *clock.Manual
	mu    sync.Mutex
	due   []time.Time
	ended []time.Time // wall: when it was ended
	looks int
	fail  bool
}

func (l *lapses) LapseExternal(_ context.Context, n int) (int, time.Time, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.looks++
	if l.fail {
		return 0, time.Time{}, errors.New("the store is gone")
	}
	ended := 0
	for len(l.due) > 0 && ended < n && !l.clock.Now().Before(l.due[0]) {
		l.due, l.ended, ended = l.due[1:], append(l.ended, time.Now()), ended+1
	}
	if len(l.due) == 0 {
		return ended, time.Time{}, nil
	}
	return ended, l.due[0], nil
}

func (l *lapses) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.ended)
}

func TestRequestsLapseByTheBankClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
		l := &lapses{clock: clock.NewManual(now)}
		for range 200 {
			l.due = append(l.due, now.Add(time.Minute))
		}
		l.due = append(l.due, now.Add(time.Hour))
		w := work.NewLapser(work.LapserConfig{Requests: l, Clock: l.clock, Log: quiet()})
		start(t, w)
		defer w.Stop()
		time.Sleep(time.Hour) // of the wall alone
		if n := l.count(); n != 0 {
			t.Fatalf("%d lapsed while the bank clock stood", n)
		}
		began := time.Now()
		l.clock.Advance(time.Minute)
		synctest.Wait()
		if n := l.count(); n != 200 || time.Since(began) != 0 {
			t.Errorf("%d lapsed after %s", n, time.Since(began))
		}
		l.mu.Lock()
		l.fail = true
		l.mu.Unlock()
		l.clock.Advance(time.Hour)
		synctest.Wait()
		l.mu.Lock()
		l.fail, l.looks = false, 0
		l.mu.Unlock()
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := l.count(); n != 201 || l.looks > 13 {
			t.Errorf("%d lapsed with %d looks in a minute", n, l.looks)
		}
	})
}

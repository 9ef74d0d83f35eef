package sandbox

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"okienko/bank"
	"okienko/bank/calendar"
)

// Movable is a bank clock that can be moved.
type Movable interface {
	bank.Clock
	Freeze() error
	Set(t time.Time) error
	Jump(d time.Duration) error
	Run(speed int) error
}

// ClockConfig sets up the moving of the bank clock.
type ClockConfig struct {
	Clock Movable
	Speed func() int // at which the clock runs now; 0: frozen
	// Keep remembers the clock's state for the next start. It is called after every
	// move; nil keeps nothing.
	Keep     func() error
	MaxSpeed int // the fastest that Run takes
}

// Clock moves the bank clock, by JSON and for whoever draws a page of it. It
// says in words what the clock itself would only refuse.
type Clock struct {
	cfg ClockConfig
	mu  sync.Mutex // one move at a time, so that the state kept is that of the last one
}

// NewClock makes the door of a clock.
func NewClock(cfg ClockConfig) *Clock { return &Clock{cfg: cfg} }

// Now is what the bank clock shows.
func (c *Clock) Now() time.Time { return c.cfg.Clock.Now() }

// Speed is how fast the bank clock runs; 0: frozen.
func (c *Clock) Speed() int { return c.cfg.Speed() }

// Freeze stops the clock.
func (c *Clock) Freeze() error { return c.move("freeze", c.cfg.Clock.Freeze) }

// Run lets the clock run at a speed.
func (c *Clock) Run(speed int) error {
	if speed < 1 || speed > c.cfg.MaxSpeed {
		return bank.RefuseField("run", "A speed is a whole number of at least 1, and not above the clock's fastest.")
	}
	return c.move("run", func() error { return c.cfg.Clock.Run(speed) })
}

// Jump moves the clock ahead.
func (c *Clock) Jump(d time.Duration) error {
	if d <= 0 {
		return bank.RefuseField("jump", "Bank time never goes back.")
	}
	return c.move("jump", func() error { return c.cfg.Clock.Jump(d) })
}

// Set moves the clock ahead to an instant.
func (c *Clock) Set(t time.Time) error {
	if t.Before(c.Now()) {
		return bank.RefuseField("set", "Bank time never goes back.")
	}
	return c.move("set", func() error { return c.cfg.Clock.Set(t) })
}

func (c *Clock) move(field string, act func() error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := act(); err != nil {
		return bank.RefuseField(field, "The bank clock does not go there.").Because(err)
	}
	if c.cfg.Keep == nil {
		return nil
	}
	return c.cfg.Keep()
}

// clockJSON is the state of the clock as the API says it.
type clockJSON struct {
	Now    time.Time `json:"now"`
	Local  string    `json:"local"` // the same instant in Warsaw
	Frozen bool      `json:"frozen"`
	Speed  int       `json:"speed"`
}

// ServeHTTP is the JSON API: GET tells the state; POST takes an object with
// exactly one of freeze (true), run (a speed), jump (a duration like "36h") and
// set (an RFC 3339 instant), and answers with the state after it.
func (c *Clock) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := onlyHere(r); err != nil {
		refuse(w, err)
		return
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPost:
		if err := c.order(w, r); err != nil {
			refuse(w, err)
			return
		}
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		answer(w, http.StatusMethodNotAllowed, failureJSON{Error: "method_not_allowed"})
		return
	}
	now, speed := c.Now(), c.Speed()
	answer(w, http.StatusOK, clockJSON{Now: now, Local: now.In(calendar.Warsaw()).Format(time.RFC3339), Frozen: speed == 0, Speed: speed})
}

func (c *Clock) order(w http.ResponseWriter, r *http.Request) error {
	if err := ownPage(r); err != nil {
		return err
	}
	object, err := readObject(w, r)
	if err != nil {
		return err
	}
	if len(object) != 1 {
		return bank.RefuseField("body", "Say exactly one of freeze, run, jump and set.")
	}
	for name, value := range object {
		switch name {
		case "freeze":
			var yes bool
			if json.Unmarshal(value, &yes) != nil || !yes {
				return bank.RefuseField(name, `The only value is true; to go on, say {"run":1}.`)
			}
			return c.Freeze()
		case "run":
			var speed int
			if json.Unmarshal(value, &speed) != nil {
				return bank.RefuseField(name, "A speed is a whole number.")
			}
			return c.Run(speed)
		case "jump":
			var text string
			d, err := time.Duration(0), json.Unmarshal(value, &text)
			if err == nil {
				d, err = time.ParseDuration(text)
			}
			if err != nil {
				return bank.RefuseField(name, `A jump is a duration like "36h" or "90s".`)
			}
			return c.Jump(d)
		case "set":
			var t time.Time
			if json.Unmarshal(value, &t) != nil {
				return bank.RefuseField(name, `An instant has the form "2027-01-01T00:00:00+01:00".`)
			}
			return c.Set(t)
		}
	}
	return bank.RefuseField("body", "Say exactly one of freeze, run, jump and set.")
}

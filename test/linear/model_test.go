package linear

import (
	"fmt"
	"strings"

	"github.com/anishathalye/porcupine"

	"okienko/bank"
)

// The size of a small bank: two payers and the shop that both are paired with.
const (
	accounts = 3
	theShop  = 2
	slots    = 20  // holds
	intents  = 128 // orders with an id of their own
)

// kind is what a call asks.
type kind string

const (
	pay      kind = "pay"      // payer → shop, through the partner's interface
	transfer kind = "transfer" // payer → other payer, by the bank
	place    kind = "hold"
	change   kind = "change hold"
	release  kind = "release"
	capture  kind = "capture" // a payment to the shop that ends a hold
	balance  kind = "balance"
	look     kind = "hold?"
)

// call is the input of an operation.
type call struct {
	kind   kind
	payer  int // or the account of a balance
	slot   int // of a hold
	amount int64
	intent int // a repeat has that of the call it repeats; -1 without an id
}

// answer is the output of an operation.
type answer struct {
	unknown bool // the caller never learned the outcome
	code    bank.Code
	booked  int64 // of a balance; of a hold its amount
	held    int64 // of a balance; of a hold what was captured
	status  byte  // of a hold
}

// hold is a hold of the model; a slot is used once.
type hold struct {
	payer    int8
	status   byte // 0: not placed
	amount   int64
	captured int64
}

const (
	active   = 'A'
	released = 'R'
	captured = 'C'
)

// state is the small bank. It is comparable, and a copy is a new state.
type state struct {
	booked [accounts]int64
	held   [accounts]int64
	used   [accounts]int64 // of each payer's limit of the day
	holds  [slots]hold
	done   [intents / 64]uint64
}

// rules are what a small bank begins with.
type rules struct {
	opening int64 // on each payer's account
	daily   int64 // limit of each payer's agreement
}

// apply does a call as one teller would, and answers.
func (r rules) apply(s state, c call) (state, answer) {
	if c.intent >= 0 && s.done[c.intent/64]&(1<<(c.intent%64)) != 0 {
		return s, answer{} // the first answer again
	}
	before := s
	var h *hold
	if c.kind == change || c.kind == release || c.kind == capture || c.kind == look || c.kind == place {
		h = &s.holds[c.slot]
	}
	code := bank.Code("")
	switch c.kind {
	case balance:
		return s, answer{booked: s.booked[c.payer], held: s.held[c.payer]}
	case look:
		return s, answer{booked: h.amount, held: h.captured, status: h.status}
	case transfer:
		if code = s.funds(c.payer, c.amount); code == "" {
			s.booked[c.payer] -= c.amount
			s.booked[1-c.payer] += c.amount
		}
	case pay:
		if code = r.room(&s, c.payer, c.amount); code == "" {
			s.booked[c.payer] -= c.amount
			s.booked[theShop] += c.amount
			s.used[c.payer] += c.amount
		}
	case place:
		if code = r.room(&s, c.payer, c.amount); code == "" {
			*h = hold{payer: int8(c.payer), status: active, amount: c.amount}
			s.held[c.payer] += c.amount
			s.used[c.payer] += c.amount
		}
	case change:
		more := c.amount - h.amount
		if code = h.standing(); code == "" {
			code = r.room(&s, c.payer, more)
		}
		if code == "" {
			h.amount = c.amount
			s.held[c.payer] += more
			s.used[c.payer] += more
		}
	case release:
		if h.status == released {
			return s, answer{} // harmless
		}
		if code = h.standing(); code == "" {
			h.status = released
			s.held[c.payer] -= h.amount
			s.used[c.payer] -= h.amount
		}
	case capture:
		if c.amount > h.amount {
			code = bank.AmountAboveHold
		} else if code = h.standing(); code == "" {
			h.status, h.captured = captured, c.amount
			s.held[c.payer] -= h.amount
			s.booked[c.payer] -= c.amount
			s.booked[theShop] += c.amount
			s.used[c.payer] -= h.amount - c.amount
		}
	}
	if code != "" {
		return before, answer{code: code}
	}
	if c.intent >= 0 {
		s.done[c.intent/64] |= 1 << (c.intent % 64)
	}
	return s, answer{}
}

// room refuses what passes the limit of the day, then what is not there.
func (r rules) room(s *state, payer int, more int64) bank.Code {
	if more <= 0 {
		return ""
	}
	if s.used[payer]+more > r.daily {
		return bank.DailyLimit
	}
	return s.funds(payer, more)
}

func (s *state) funds(payer int, amount int64) bank.Code {
	if amount > s.booked[payer]-s.held[payer] {
		return bank.InsufficientFunds
	}
	return ""
}

func (h *hold) standing() bank.Code {
	switch h.status {
	case released:
		return bank.HoldReleased
	case captured:
		return bank.HoldCaptured
	}
	return ""
}

// model is the sequential bank, as porcupine wants it. A call whose outcome its
// caller never learned has no end: it is put at the end of time, so that it may
// have had its effect at any instant since it began, or not at all (which is
// having it after everybody has looked for the last time).
func (r rules) model() porcupine.Model {
	return porcupine.Model{
		Init: func() any {
			var s state
			s.booked = [accounts]int64{r.opening, r.opening, 0}
			return s
		},
		Step: func(was, in, out any) (bool, any) {
			c, got := in.(call), out.(answer)
			next, want := r.apply(was.(state), c)
			return got.unknown || got == want, next
		},
		DescribeOperation: func(in, out any) string { return describe(in.(call), out.(answer)) },
		DescribeState: func(at any) string {
			s := at.(state)
			return fmt.Sprintf("booked %v, held %v, used %v", s.booked, s.held, s.used)
		},
	}
}

func describe(c call, a answer) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s", c.kind)
	switch c.kind {
	case balance:
		fmt.Fprintf(&b, " of %d: %d, %d held", c.payer, a.booked, a.held)
		return b.String()
	case look:
		fmt.Fprintf(&b, " #%d: %c %d, %d captured", c.slot, a.status, a.booked, a.held)
		return b.String()
	case place, change, capture, release:
		fmt.Fprintf(&b, " #%d", c.slot)
	}
	fmt.Fprintf(&b, " %d by %d", c.amount, c.payer)
	switch {
	case a.unknown:
		b.WriteString(": ?")
	case a.code != "":
		fmt.Fprintf(&b, ": %s", a.code)
	default:
		b.WriteString(": done")
	}
	return b.String()
}

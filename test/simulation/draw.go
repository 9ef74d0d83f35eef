package simulation

import (
	"strconv"
	"time"

	"okienko/bank/ledger"
)

type holdID = ledger.HoldID

// draw makes a random order. Most are good ones; the bank must say of the others
// what the model says.
func (g *game) draw() order {
	if len(g.recent) > 0 && g.dice.IntN(8) == 0 {
		return g.repeat()
	}
	switch g.dice.IntN(20) {
	case 0, 1, 2:
		return g.draft("hold")
	case 3, 4:
		return g.draft("pay")
	case 5:
		return g.draft("schedule")
	case 6, 7, 8:
		return g.draft("capture")
	case 9:
		return g.draft("change hold")
	case 10:
		return g.draft("change payment")
	case 11, 12:
		if h := g.aHold(); h != nil {
			return order{kind: "release", pairing: g.about(h.pairing), hold: h, ref: g.dice.IntN(50) == 0}
		}
	case 13:
		if p := g.aPayment(); p != nil {
			return order{kind: "cancel", pairing: g.about(p.pairing), paid: p}
		}
	case 14, 15:
		inner := g.draft([]string{"hold", "pay", "schedule", "change hold", "change payment"}[g.dice.IntN(5)])
		if inner.kind == "capture" {
			return inner
		}
		inner.wrong = g.dice.IntN(40) == 0
		return order{kind: "ask", asked: &asked{order: inner, callers: pick(g, []string{"browser", "browser", "phone"})}}
	case 16, 17:
		n := len(g.model.asked)
		for range min(n, 6) {
			a := g.model.asked[n-1-g.dice.IntN(min(n, 8))]
			if a.id != "" && (a.status == "PENDING" || g.dice.IntN(10) == 0) {
				return order{kind: pick(g, []string{"confirm", "confirm", "confirm", "decline"}), asked: a, wrong: g.dice.IntN(30) == 0}
			}
		}
	case 18:
		// Workers race and come too early: both must be harmless.
		if h := g.aHold(); h != nil && g.dice.IntN(8) == 0 {
			return order{kind: "expire", hold: h}
		}
		if p := g.aPayment(); p != nil && g.dice.IntN(8) == 0 {
			return order{kind: "run", paid: p}
		}
		return order{kind: "read", pairing: pick(g, g.model.pairings), read: pick(g, []string{"PAYMENTS:READ_LIST", "BLOCKADES:READ_LIST"})}
	}
	p := pick(g, g.model.pairings)
	return order{kind: "cash", account: p.account, in: g.dice.IntN(2) == 0, amount: 1 + g.upTo(40_000)}
}

// about is the pairing under which something is asked: nearly always its own.
func (g *game) about(p *pairing) *pairing {
	if p == nil || g.dice.IntN(40) == 0 {
		return pick(g, g.model.pairings)
	}
	return p
}

// draft makes the order of a draft under a new operation id.
func (g *game) draft(kind string) order {
	g.ops++
	o := order{kind: kind, op: "op-" + strconv.Itoa(g.ops), pairing: pick(g, g.model.pairings), amount: 1 + g.upTo(15_000), ref: g.dice.IntN(80) == 0}
	switch kind {
	case "hold":
		if g.dice.IntN(2) == 0 {
			o.until = g.model.now.Add(time.Duration(g.dice.Int64N(int64(31 * 24 * time.Hour)))).Truncate(time.Microsecond)
		}
	case "schedule":
		o.kind, o.date = "pay", g.date()
	case "capture", "change hold":
		h := g.aHold()
		if h == nil {
			o.kind = "pay"
			break
		}
		o.hold, o.pairing = h, g.about(h.pairing)
		if kind == "capture" {
			o.amount = 1 + g.upTo(h.amount+h.amount/20)
			if g.dice.IntN(3) == 0 {
				o.amount = h.amount
			}
			break
		}
		if g.dice.IntN(4) == 0 {
			o.amount, o.title = 0, "another"
		}
		if g.dice.IntN(3) == 0 {
			o.until = g.model.now.Add(time.Duration(g.dice.Int64N(int64(20 * 24 * time.Hour)))).Truncate(time.Microsecond)
		}
	case "change payment":
		p := g.aPayment()
		if p == nil {
			o.kind = "pay"
			break
		}
		o.paid, o.pairing = p, g.about(p.pairing)
		if g.dice.IntN(2) == 0 {
			o.date = g.date()
		}
	}
	switch {
	case g.dice.IntN(60) == 0 && (o.kind != "change hold" || o.title == ""):
		o.amount, o.title = 0, ""
		o.until = time.Time{}
	case g.dice.IntN(10) == 0 && o.amount > 0 && o.hold == nil && o.paid == nil:
		o.amount = o.pairing.limits[g.dice.IntN(4)] + g.upTo(2) - 1 // to the edge of a limit
		o.amount = max(o.amount, 1)
	case g.dice.IntN(20) == 0 && o.amount > 0 && o.hold == nil && o.paid == nil:
		o.amount = max(o.pairing.account.free()+g.upTo(2)-1, 1) // to the last grosz
	}
	return o
}

// date is a date of execution: mostly soon, at times out of range.
func (g *game) date() string {
	days := g.dice.IntN(6)
	switch g.dice.IntN(30) {
	case 0:
		days = -1
	case 1:
		days = 364 + g.dice.IntN(3)
	}
	local := g.model.now.In(g.model.warsaw)
	return time.Date(local.Year(), local.Month(), local.Day()+days, 12, 0, 0, 0, time.UTC).Format("2006-01-02")
}

// aHold is a hold that the bank knows, mostly a young one.
func (g *game) aHold() *held {
	if n := len(g.model.holds); n > 0 {
		i := n - 1 - g.dice.IntN(min(n, 40))
		if g.dice.IntN(20) == 0 {
			i = g.dice.IntN(n)
		}
		for range 4 {
			if h := g.model.holds[i]; h.id != "" && (h.status == "ACTIVE" || g.dice.IntN(6) == 0) {
				return h
			}
			i = n - 1 - g.dice.IntN(min(n, 40))
		}
	}
	return nil
}

// aPayment is a payment that the bank knows, mostly a scheduled one.
func (g *game) aPayment() *paid {
	n := len(g.model.payments)
	for range min(n, 8) {
		p := g.model.payments[n-1-g.dice.IntN(min(n, 60))]
		if p.id != "" && (p.status == "SCHEDULED" || g.dice.IntN(8) == 0) {
			return p
		}
	}
	return nil
}

// repeat orders once more what was ordered before: the very same, at once or
// through the customer, or with another content.
func (g *game) repeat() order {
	n := len(g.recent)
	if n > 400 {
		g.recent = g.recent[n-400:]
		n = 400
	}
	o := g.recent[g.dice.IntN(n)]
	inner := o
	if o.kind == "ask" {
		inner = o.asked.order
	}
	switch g.dice.IntN(6) {
	case 0:
		inner.amount++
	case 1: // the other way
		if o.kind == "ask" {
			inner.wrong = false
			return inner
		}
		if inner.kind == "capture" {
			return inner
		}
		return order{kind: "ask", asked: &asked{order: inner, callers: "browser"}}
	}
	if o.kind == "ask" {
		return order{kind: "ask", asked: &asked{order: inner, callers: o.asked.callers}}
	}
	return inner
}

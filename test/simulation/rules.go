package simulation

import "time"

const (
	week         = 7 * 24 * time.Hour
	thirtyDays   = 30 * 24 * time.Hour
	waitsMinutes = 10 * time.Minute
)

// words are the checks of account, object and parameters.
func (m *model) words(o order) string {
	switch {
	case o.ref:
		return "not_found"
	case o.hold != nil && o.hold.pairing != o.pairing, o.paid != nil && o.paid.pairing != o.pairing:
		return "not_found"
	}
	changes := o.kind == "change hold"
	switch {
	case o.amount == 0 && (!changes || o.title == "" && o.until.IsZero()):
		return "invalid_parameter"
	case changes && o.until.After(o.hold.placed.Add(thirtyDays)):
		return "invalid_parameter"
	case o.kind == "capture" && o.amount > o.hold.amount:
		return "amount_above_hold"
	}
	return ""
}

// dates are the checks that time alone can fail.
func (m *model) dates(o order) string {
	if !o.until.IsZero() && !o.until.After(m.now) {
		return "invalid_parameter"
	}
	if o.kind == "hold" && o.until.After(m.now.Add(thirtyDays)) {
		return "invalid_parameter"
	}
	last := m.now.In(m.warsaw)
	last = time.Date(last.Year(), last.Month(), last.Day()+365, 12, 0, 0, 0, time.UTC)
	if o.date != "" && (o.date < m.day() || o.date > last.Format("2006-01-02")) {
		return "invalid_parameter"
	}
	return ""
}

// later tells whether an order moves money on another day.
func (m *model) later(o order) bool { return o.kind == "change payment" || o.date > m.day() }

// whole is the amount that an order comes to, more is what it adds.
func (o order) whole() (whole, more int64) {
	switch {
	case o.kind == "change hold" && o.amount == 0:
		return o.hold.amount, 0
	case o.kind == "change hold":
		return o.amount, o.amount - o.hold.amount
	case o.kind == "change payment":
		return o.amount, o.amount - o.paid.amount
	}
	return o.amount, o.amount
}

// fits are the checks of state, limits, fees, money and the customer's word.
func (m *model) fits(o order, confirmed bool) string {
	p, payer := o.pairing, o.payer()
	if why := m.ready(o, payer); why != "" {
		return why
	}
	whole, more := o.whole()
	capture := o.kind == "capture"
	if !capture && more > 0 {
		if why := m.limits(p, whole, more); why != "" {
			return why
		}
	}
	fee := o.costs()
	if fee > 0 && p.app.cap >= 0 && p.charged[m.month()]+fee > p.app.cap {
		return "charges_limit"
	}
	switch {
	case capture:
		// The hold is let go first; the fee must be there beside it.
		if free := payer.free() + o.hold.amount; o.amount > free || fee > free-o.amount {
			return "insufficient_funds"
		}
		return ""
	case !m.later(o) && more+fee > 0 && more+fee > payer.free():
		return "insufficient_funds"
	}
	changed := o.kind == "hold" || o.kind == "pay" || more != 0
	if !confirmed && changed && whole > p.limits[3] {
		return "authorisation_required"
	}
	return ""
}

func (m *model) ready(o order, payer *acct) string {
	if why := usable(o.pairing.customer, payer); why != "" {
		return why
	}
	moves := o.kind == "pay" || o.kind == "capture" || o.kind == "change payment" || o.kind == "run"
	if o.pairing.app.account == payer || moves && o.payee() == payer {
		return "payer_is_payee"
	}
	if moves && o.payee().status != "open" {
		return "payee_unavailable"
	}
	if o.hold != nil {
		if why := m.standing(o.hold); why != "" {
			return why
		}
	}
	if o.paid != nil && o.paid.status != "SCHEDULED" {
		return "payment_final"
	}
	return ""
}

func (m *model) limits(p *pairing, whole, more int64) string {
	c, day, month := p.customer, m.day(), m.month()
	switch {
	case whole > p.limits[0]:
		return "single_limit"
	case p.used[day]+more > p.limits[1]:
		return "daily_limit"
	case p.used[month]+more > p.limits[2]:
		return "monthly_limit"
	case c.own[0] >= 0 && whole > c.own[0], c.own[1] >= 0 && c.used[day]+more > c.own[1], c.own[2] >= 0 && c.used[month]+more > c.own[2]:
		return "customer_limit"
	}
	return ""
}

// decide decides an order as the bank should.
func (m *model) decide(o order) answer {
	switch o.kind {
	case "hold", "change hold", "pay", "capture", "change payment":
		return m.submit(o)
	case "ask":
		return m.ask(*o.asked)
	case "confirm":
		return m.confirm(o)
	case "decline":
		if a := o.asked; a.status != "PENDING" || !m.now.Before(a.until) {
			return no("authorisation_ended")
		}
		o.asked.status = "REJECTED"
		return answer{asked: o.asked, status: "REJECTED"}
	case "release":
		return m.release(o)
	case "cancel":
		return m.cancel(o)
	case "read":
		if why := m.who(o.pairing, o.read, false); why != "" {
			return no(why)
		}
		o.pairing.spend(o.read)
		return answer{}
	case "expire":
		return m.expire(o.hold)
	case "run":
		return m.run(o)
	case "cash":
		return m.cash(o)
	}
	panic("simulation: no such kind of order: " + o.kind)
}

func (m *model) submit(o order) answer {
	before := m.done[o.key()]
	if why := m.who(o.pairing, permissionOf[o.kind], before != nil); why != "" {
		return no(why)
	}
	if why := m.words(o); why != "" {
		return no(why)
	}
	if before != nil {
		if before.content != o.content() {
			return no("operation_reused")
		}
		return answer{repeat: true, hold: before.hold, paid: before.paid, status: before.status, amount: before.amount}
	}
	if why := m.dates(o); why != "" {
		return no(why)
	}
	if why := m.fits(o, false); why != "" {
		return no(why)
	}
	return m.act(o, nil)
}

// act does an order that passed every check.
func (m *model) act(o order, through *asked) answer {
	p, payer, fee := o.pairing, o.payer(), o.costs()
	p.spend(permissionOf[o.kind])
	var out answer
	switch o.kind {
	case "hold":
		h := &held{pairing: p, account: payer, amount: o.amount, placed: m.now, until: o.until, status: "ACTIVE", counted: counted{}}
		if h.until.IsZero() {
			h.until = m.now.Add(week)
		}
		payer.held += o.amount
		m.take(h.counted, p, o.amount)
		m.charge(p, payer, fee)
		m.holds, m.open = append(m.holds, h), append(m.open, h)
		out.hold = h
	case "change hold":
		h := o.hold
		whole, more := o.whole()
		if more > 0 {
			m.take(h.counted, p, more)
		} else {
			m.giveBack(h.counted, p, -more)
		}
		payer.held += more
		if h.amount = whole; !o.until.IsZero() {
			h.until = o.until
		}
		out.hold = h
	case "pay", "capture":
		pay := &paid{pairing: p, from: payer, to: p.app.account, amount: o.amount, fee: fee, date: m.day(), status: "EXECUTED", counted: counted{}}
		if h := o.hold; h != nil {
			m.giveBack(h.counted, p, h.amount-o.amount)
			payer.held -= h.amount
			h.status, h.captured = "CAPTURED", o.amount
		} else {
			m.take(pay.counted, p, o.amount)
		}
		if m.later(o) {
			pay.status, pay.date = "SCHEDULED", o.date
		} else {
			m.move(pay)
		}
		m.payments, m.planned = append(m.payments, pay), append(m.planned, pay)
		out.paid = pay
	case "change payment":
		pay := o.paid
		if more := o.amount - pay.amount; more > 0 {
			m.take(pay.counted, p, more)
		} else {
			m.giveBack(pay.counted, p, -more)
		}
		if pay.amount = o.amount; o.date != "" {
			pay.date = o.date
		}
		out.paid = pay
	}
	op := &operation{content: o.content(), hold: out.hold, paid: out.paid, asked: through}
	if out.hold != nil {
		op.status, op.amount = out.hold.status, out.hold.amount
	} else {
		op.status, op.amount = out.paid.status, out.paid.amount
	}
	m.done[o.key()] = op
	out.status, out.amount = op.status, op.amount
	return out
}

func (m *model) move(p *paid) {
	p.from.booked -= p.amount
	p.to.booked += p.amount
	m.charge(p.pairing, p.from, p.fee)
}

func (m *model) charge(p *pairing, from *acct, fee int64) {
	if fee > 0 {
		from.booked -= fee
		m.accounts["own-fee-income"].booked += fee
		p.charged[m.month()] += fee
	}
}

func (m *model) ask(a asked) answer {
	o := a.order
	before := m.done[o.key()]
	if why := m.who(o.pairing, permissionOf[o.kind], before != nil); why != "" {
		return no(why)
	}
	if why := m.words(o); why != "" {
		return no(why)
	}
	if o.wrong {
		return no("invalid_parameter")
	}
	if before != nil {
		if before.content != o.content() || before.asked == nil || before.asked.callers != a.callers {
			return no("operation_reused")
		}
		return answer{repeat: true, asked: before.asked, status: before.asked.status}
	}
	if w := m.waiting[o.key()]; w != nil && w.status == "PENDING" && m.now.Before(w.until) {
		if w.order.content() != o.content() || w.callers != a.callers {
			return no("operation_reused")
		}
		return answer{repeat: true, asked: w, status: "PENDING"}
	}
	if why := m.dates(o); why != "" {
		return no(why)
	}
	if why := m.fits(o, true); why != "" {
		return no(why)
	}
	if w := m.waiting[o.key()]; w != nil && w.status == "PENDING" {
		w.status = "EXPIRED"
	}
	whole, _ := o.whole()
	made := &asked{order: o, shown: whole, status: "PENDING", until: m.now.Add(waitsMinutes), fee: o.costs(), payer: o.payer(), payee: o.payee(), callers: a.callers}
	m.waiting[o.key()] = made
	m.asked = append(m.asked, made)
	return answer{asked: made, status: "PENDING"}
}

func (m *model) confirm(c order) answer {
	a := c.asked
	if a.status != "PENDING" || !m.now.Before(a.until) {
		return no("authorisation_ended")
	}
	if c.wrong {
		return no("challenge_foreign")
	}
	o := a.order
	why := m.who(o.pairing, permissionOf[o.kind], false)
	if why == "" {
		why = m.words(o)
	}
	if why == "" && m.done[o.key()] != nil {
		why = "operation_reused"
	}
	if why == "" {
		why = m.dates(o)
	}
	if why == "" {
		why = m.fits(o, true)
	}
	if why == "" {
		if whole, _ := o.whole(); whole != a.shown || o.costs() != a.fee || o.payer() != a.payer || o.payee() != a.payee {
			why = "operation_changed"
		}
	}
	if why != "" {
		a.status, a.reason = "REJECTED", why
		return answer{asked: a, status: "REJECTED"}
	}
	out := m.act(o, a)
	a.status = "EXECUTED"
	out.asked = a
	return out
}

func (m *model) release(o order) answer {
	h, p := o.hold, o.pairing
	again := h.pairing == p && h.status == "RELEASED"
	if why := m.who(p, permissionOf[o.kind], again); why != "" {
		return no(why)
	}
	if o.ref || h.pairing != p {
		return no("not_found")
	}
	if again {
		return answer{repeat: true, hold: h, status: h.status, amount: h.amount}
	}
	if why := usable(p.customer, h.account); why != "" {
		return no(why)
	}
	if why := m.standing(h); why != "" {
		return no(why)
	}
	p.spend(permissionOf[o.kind])
	return m.letGo(h, "RELEASED")
}

func (m *model) letGo(h *held, status string) answer {
	m.giveBack(h.counted, h.pairing, h.amount)
	h.account.held -= h.amount
	h.status = status
	return answer{hold: h, status: status, amount: h.amount}
}

func (m *model) expire(h *held) answer {
	if h.status != "ACTIVE" || m.now.Before(h.until) {
		return answer{repeat: true, hold: h, status: h.status, amount: h.amount}
	}
	return m.letGo(h, "EXPIRED")
}

func (m *model) cancel(o order) answer {
	pay, p := o.paid, o.pairing
	again := pay.pairing == p && pay.status == "CANCELLED"
	if why := m.who(p, permissionOf[o.kind], again); why != "" {
		return no(why)
	}
	if pay.pairing != p {
		return no("not_found")
	}
	if again {
		return answer{repeat: true, paid: pay, status: pay.status, amount: pay.amount}
	}
	if why := usable(p.customer, pay.from); why != "" {
		return no(why)
	}
	if pay.status != "SCHEDULED" {
		return no("payment_final")
	}
	p.spend(permissionOf[o.kind])
	pay.status = "CANCELLED"
	m.giveBack(pay.counted, p, pay.amount)
	return answer{paid: pay, status: pay.status, amount: pay.amount}
}

// run executes a payment whose day has come, or rejects it.
func (m *model) run(o order) answer {
	pay := o.paid
	if pay.status != "SCHEDULED" || m.day() < pay.date {
		return answer{repeat: true, paid: pay, status: pay.status, amount: pay.amount}
	}
	o.pairing = pay.pairing
	p := pay.pairing
	why := m.who(p, "", false)
	if why == "" {
		why = m.ready(o, pay.from)
	}
	if why == "" && pay.fee > 0 && p.app.cap >= 0 && p.charged[m.month()]+pay.fee > p.app.cap {
		why = "charges_limit"
	}
	if why == "" && pay.amount+pay.fee > pay.from.free() {
		why = "insufficient_funds"
	}
	if why == "" {
		pay.status = "EXECUTED"
		m.move(pay)
	} else {
		pay.status, pay.reason = "REJECTED", why
		m.giveBack(pay.counted, p, pay.amount)
	}
	return answer{paid: pay, status: pay.status, amount: pay.amount}
}

func (m *model) cash(o order) answer {
	a, cash := o.account, m.accounts["own-cash"]
	switch {
	case a.status == "closed":
		return no("account_closed")
	case a.status == "blocked" && !o.in:
		return no("account_blocked")
	case !o.in && o.amount > a.free():
		return no("insufficient_funds")
	}
	n := o.amount
	if !o.in {
		n = -n
	}
	a.booked += n
	cash.booked -= n
	return answer{}
}

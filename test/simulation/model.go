// Package simulation plays random days in a bank and compares it, after every
// step, with a simple model: whole numbers in maps, written from partner-api §3
// and §5–§8 alone. The model shares no rule and no arithmetic with the bank, so a
// mistake must be made twice to stay unseen.
//
// A run is a seed. It is logged first, and -seed plays the very same run again.
package simulation

import (
	"fmt"
	"time"
)

// model is what the bank should be.
type model struct {
	now       time.Time
	warsaw    *time.Location
	customers []*customer
	accounts  map[string]*acct
	apps      []*app
	pairings  []*pairing
	holds     []*held
	payments  []*paid
	open      []*held // those that may still be active
	planned   []*paid // those that may still be scheduled
	asked     []*asked
	done      map[string]*operation // by application and operation id
	waiting   map[string]*asked
}

type customer struct {
	name    string
	blocked bool
	own     [3]int64 // single, daily, monthly; below zero: none
	used    map[string]int64
}

type acct struct {
	name                    string
	own                     bool // the bank's: may go below zero
	booked, held, overdraft int64
	status, access          string
}

type app struct {
	name            string
	account         *acct
	feeHold, feePay int64
	cap             int64 // on the fees of a month, below zero: none
}

// pairing is a customer's agreement with an application.
type pairing struct {
	app      *app
	customer *customer
	account  *acct
	status   string
	limits   [4]int64 // single, daily, monthly, limit_a
	grants   map[string]*given
	used     map[string]int64
	charged  map[string]int64
}

type given struct {
	at      time.Time
	seconds int64 // below zero: for ever
	quota   int64 // below zero: any number
	left    int64
}

// counted is what of one operation is counted in which day and month.
type counted map[string]int64

type held struct {
	id            string
	pairing       *pairing
	account       *acct
	amount        int64
	placed, until time.Time
	status        string
	counted       counted
	captured      int64
}

type paid struct {
	id          string
	pairing     *pairing
	from, to    *acct
	amount, fee int64
	date        string
	status      string
	reason      string
	counted     counted
}

// asked is a prepared operation.
type asked struct {
	id     string
	order  order
	status string
	reason string
	until  time.Time
	// What the customer was shown: it must still be so when it is done.
	shown, fee int64
	payer      *acct
	payee      *acct
	callers    string
}

type operation struct {
	content string
	hold    *held
	paid    *paid
	// The first answer, as it was.
	status string
	amount int64
	asked  *asked
}

// order is one order in the model's own words.
type order struct {
	kind    string
	pairing *pairing
	op      string
	ref     bool // names another account_id than the pairing's own
	hold    *held
	paid    *paid
	asked   *asked
	amount  int64
	until   time.Time
	date    string // "" for today
	title   string
	read    string
	account *acct // cash: which account
	in      bool  // cash: into it
	wrong   bool  // confirm: by a challenge for something else; ask: with a way back that is not registered
}

func (o order) String() string {
	s := o.kind
	if o.pairing != nil {
		s += fmt.Sprintf(" %s of %s", o.pairing.app.name, o.pairing.customer.name)
	}
	if o.hold != nil {
		s += " hold " + o.hold.id
	}
	if o.paid != nil {
		s += " payment " + o.paid.id
	}
	if o.asked != nil {
		s += " asked " + o.asked.id
	}
	return fmt.Sprintf("%s op=%q amount=%d date=%q until=%v title=%q wrong=%t ref=%t", s, o.op, o.amount, o.date, o.until.Unix(), o.title, o.wrong, o.ref)
}

// answer is what should come out of an order.
type answer struct {
	code   string // "" when it was done
	repeat bool
	hold   *held
	paid   *paid
	asked  *asked
	status string // of the object in the answer
	amount int64
}

func no(code string) answer { return answer{code: code} }

func (m *model) day() string   { return m.now.In(m.warsaw).Format("2006-01-02") }
func (m *model) month() string { return m.now.In(m.warsaw).Format("2006-01") }

// take counts an amount for an operation, its pairing and its customer.
func (m *model) take(c counted, p *pairing, n int64) {
	for _, w := range [...]string{m.day(), m.month()} {
		c[w] += n
		p.used[w] += n
		p.customer.used[w] += n
	}
}

// giveBack returns what of an amount still lies in the current windows.
func (m *model) giveBack(c counted, p *pairing, n int64) {
	for _, w := range [...]string{m.day(), m.month()} {
		back := n
		if c[w] < back {
			back = c[w]
		}
		c[w] -= back
		p.used[w] -= back
		p.customer.used[w] -= back
	}
}

func (a *acct) free() int64 { return a.booked - a.held + a.overdraft }

// usable is why third parties cannot use an account of a customer.
func usable(c *customer, a *acct) string {
	switch {
	case c.blocked:
		return "customer_blocked"
	case a.status == "closed":
		return "account_closed"
	case a.status == "blocked":
		return "account_blocked"
	case a.access == "blocked":
		return "access_blocked"
	case a.access != "on":
		return "access_off"
	}
	return ""
}

// standing is why a hold no longer stands.
func (m *model) standing(h *held) string {
	switch {
	case h.status == "CAPTURED":
		return "hold_captured"
	case h.status == "RELEASED":
		return "hold_released"
	case h.status == "EXPIRED" || !m.now.Before(h.until):
		return "hold_expired"
	}
	return ""
}

// who checks pairing and permission; free says that no call needs to be left.
func (m *model) who(p *pairing, permission string, free bool) string {
	switch p.status {
	case "ended":
		return "agreement_ended"
	case "suspended":
		return "agreement_suspended"
	}
	if permission == "" {
		return ""
	}
	g := p.grants[permission]
	switch {
	case g == nil:
		return "permission_missing"
	case g.seconds >= 0 && !m.now.Before(g.at.Add(time.Duration(g.seconds)*time.Second)):
		return "permission_used_up"
	case g.quota >= 0 && g.left == 0 && !free:
		return "permission_used_up"
	}
	return ""
}

func (p *pairing) spend(permission string) {
	if g := p.grants[permission]; g.quota >= 0 {
		g.left--
	}
}

// permissions of the kinds of order.
var permissionOf = map[string]string{
	"hold": "BLOCKADES:CREATE", "change hold": "BLOCKADES:UPDATE", "release": "BLOCKADES:DELETE",
	"pay": "PAYMENTS:CREATE", "capture": "PAYMENTS:CREATE", "change payment": "PAYMENTS:UPDATE", "cancel": "PAYMENTS:DELETE",
}

// content is what must be the same in a repeat.
func (o order) content() string {
	s := fmt.Sprintf("%s|%p|%d|%q|%d|%q", o.kind, o.pairing, o.amount, o.title, o.until.UnixMicro(), o.date)
	if o.until.IsZero() {
		s = fmt.Sprintf("%s|%p|%d|%q||%q", o.kind, o.pairing, o.amount, o.title, o.date)
	}
	return s + fmt.Sprintf("|%p|%p", o.hold, o.paid)
}

func (o order) key() string { return o.pairing.app.name + "/" + o.op }

// costs is the fee of an order.
func (o order) costs() int64 {
	switch o.kind {
	case "hold":
		return o.pairing.app.feeHold
	case "pay", "capture":
		return o.pairing.app.feePay
	}
	return 0
}

// payer is the account that an order is about.
func (o order) payer() *acct {
	switch {
	case o.hold != nil:
		return o.hold.account
	case o.paid != nil:
		return o.paid.from
	}
	return o.pairing.account
}

// payee is the account that gets the money, also of a hold that may be captured.
func (o order) payee() *acct {
	if o.paid != nil {
		return o.paid.to
	}
	return o.pairing.app.account
}

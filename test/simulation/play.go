package simulation

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"okienko/bank/account"
	"okienko/bank/calendar"
	"okienko/bank/consent"
	"okienko/bank/fee"
	"okienko/bank/limit"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/clock"
	"okienko/test/world"
)

// Begin is when every simulation begins: a few days before a month ends in
// which the clocks change.
func Begin() time.Time { return time.Date(2026, time.March, 26, 9, 0, 0, 0, time.UTC) }

// Report is what a simulation has played.
type Report struct {
	Orders, Batches int
	Until           time.Time
	Outcomes        map[string]int // by kind of order and code
}

// game is a run.
type game struct {
	ctx    context.Context
	dice   *rand.Rand
	model  *model
	real   *actual
	recent []order        // orders with an id, to be repeated
	broken []func() error // mends what broke, the oldest first
	ops    int
	played int
	report Report
}

// Play plays at least so many orders from a seed in a world that shows a clock
// standing at Begin. Its error says the seed, the order and the difference.
func Play(ctx context.Context, seed uint64, orders int, w world.World, c *clock.Manual) (Report, error) {
	warsaw, err := time.LoadLocation("Europe/Warsaw")
	if err != nil {
		return Report{}, err
	}
	g := &game{
		ctx: ctx, dice: rand.New(rand.NewPCG(seed, 0)), real: &actual{world: w, clock: c},
		model:  &model{now: c.Now(), warsaw: warsaw, accounts: map[string]*acct{}, done: map[string]*operation{}, waiting: map[string]*asked{}},
		report: Report{Outcomes: map[string]int{}},
	}
	err = g.open()
	for err == nil && g.played < orders {
		if err = g.world(); err != nil {
			break
		}
		batch := make([]order, 1+g.dice.IntN(24))
		for i := range batch {
			batch[i] = g.draw()
		}
		err = g.batch(batch)
	}
	if err == nil {
		err = errors.Join(g.real.compareAll(ctx, g.model), w.Check(ctx))
	}
	g.report.Orders, g.report.Until = g.played, g.model.now
	if err != nil {
		err = fmt.Errorf("seed %d, after %d orders, at %s: %w", seed, g.played, g.model.now.Format(time.RFC3339), err)
	}
	return g.report, err
}

// batch has orders decided by both and compares.
func (g *game) batch(batch []order) error {
	orders := make([]payment.Order, len(batch))
	for i, o := range batch {
		var err error
		if orders[i], err = g.real.order(g.ctx, o); err != nil {
			return fmt.Errorf("%v: %w", o, err)
		}
	}
	results, err := g.real.decide(g.ctx, orders)
	if err != nil {
		return err
	}
	for i, o := range batch {
		want := g.model.decide(o)
		name := o.kind
		if o.kind == "ask" {
			name = "ask for " + o.asked.order.kind
		}
		switch {
		case want.code != "":
			name += ": " + want.code
		case want.repeat:
			name += ": repeated"
		case want.status != "":
			name += ": " + want.status
		}
		g.report.Outcomes[name]++
		if err := judge(want, results[i]); err != nil {
			return fmt.Errorf("order %d of a batch of %d, %v: %w", i+1, len(batch), o, err)
		}
		if o.op != "" || o.kind == "ask" {
			g.recent = append(g.recent, o)
		}
	}
	g.played += len(batch)
	g.report.Batches++
	return g.real.compare(g.ctx, g.model)
}

// open fills the world and the model alike.
func (g *game) open() error {
	w, m := g.real.world, g.model
	add := func(name, customer string, overdraft int64) (*acct, error) {
		a := &acct{name: name, overdraft: overdraft, status: "open", access: "on"}
		m.accounts[name] = a
		return a, w.AddAccount(g.ctx, world.NewAccount{ID: account.ID(name), Customer: party.CustomerID(customer), Overdraft: pln(overdraft)})
	}
	m.accounts["own-cash"] = &acct{name: "own-cash", own: true}
	m.accounts[string(account.FeeIncome)] = &acct{name: string(account.FeeIncome), own: true}
	for i := range 3 {
		a := &app{name: fmt.Sprintf("app%d", i), cap: -1}
		company := party.CustomerID(a.name + "-company")
		if err := w.AddCustomer(g.ctx, company); err != nil {
			return err
		}
		var err error
		if a.account, err = add(a.name+"-account", string(company), 0); err != nil {
			return err
		}
		if _, err = add(a.name+"-second", string(company), 0); err != nil {
			return err
		}
		to := partner.Application{
			ID: consent.ClientID(a.name), Name: a.name, CallbackURIs: []string{callback}, Account: account.ID(a.account.name), Status: partner.Sandbox,
			Limits: limits([4]int64{1e9, 1e9, 1e9, 1e9}), AccessTTL: partner.DefaultAccessTTL, RefreshTTL: partner.DefaultRefreshTTL,
		}
		for _, p := range permissions() {
			to.Permissions = append(to.Permissions, consent.Definition{Permission: p, ValidSeconds: consent.Unrestricted, Quota: consent.Unrestricted})
		}
		if err := w.AddApplication(g.ctx, to); err != nil {
			return err
		}
		m.apps = append(m.apps, a)
	}
	for i := range 5 {
		c := &customer{name: fmt.Sprintf("customer%d", i), own: [3]int64{-1, -1, -1}, used: map[string]int64{}}
		m.customers = append(m.customers, c)
		if err := w.AddCustomer(g.ctx, party.CustomerID(c.name)); err != nil {
			return err
		}
		for _, kind := range []string{"purse", "savings"} {
			a, err := add(c.name+"-"+kind, c.name, int64(i)*1000)
			if err != nil {
				return err
			}
			if err := g.batch([]order{{kind: "cash", account: a, in: true, amount: 100_000}}); err != nil {
				return err
			}
		}
		for _, a := range m.apps {
			if err := g.pair(c, a); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *game) pair(c *customer, a *app) error {
	now := g.model.now
	p := &pairing{
		app: a, customer: c, account: g.model.accounts[c.name+"-purse"], status: "active", limits: [4]int64{20_000, 100_000, 1_000_000, 8_000},
		grants: map[string]*given{}, used: map[string]int64{}, charged: map[string]int64{},
	}
	g.model.pairings = append(g.model.pairings, p)
	to := consent.Agreement{
		ID: agreementOf(p), Version: 1, Application: consent.ClientID(a.name), Customer: party.CustomerID(c.name), Person: world.PersonOf(party.CustomerID(c.name)),
		AccountRef: ref(p), Account: account.ID(p.account.name), Limits: limits(p.limits), Status: consent.Active, CreatedAt: now, GivenAt: now,
	}
	for _, permission := range permissions() {
		p.grants[permission.String()] = &given{at: now, seconds: -1, quota: -1, left: -1}
		to.Grants = append(to.Grants, consent.Grant{Permission: permission, GivenAt: now, ValidSeconds: -1, Quota: -1, Left: -1})
	}
	return g.real.world.AddAgreement(g.ctx, to)
}

func permissions() []consent.Permission {
	var all []consent.Permission
	for _, o := range []consent.Object{consent.Payments, consent.Blockades} {
		for _, a := range []consent.Action{consent.Create, consent.Update, consent.Delete, consent.ReadList} {
			all = append(all, consent.Permission{Object: o, Action: a})
		}
	}
	return all
}

func limits(l [4]int64) limit.Limits {
	return limit.Limits{Single: pln(l[0]), Daily: pln(l[1]), Monthly: pln(l[2]), Unconfirmed: pln(l[3])}
}

func capOf(n int64) limit.Cap {
	if n < 0 {
		return limit.Cap{}
	}
	return limit.CapAt(pln(n))
}

// world moves the clock and what the bank and its customers change between
// orders. What breaks is mended again before long: a bank in which nothing works
// shows little.
func (g *game) world() error {
	if g.dice.IntN(4) == 0 {
		if err := g.wait(); err != nil {
			return err
		}
	}
	if n := len(g.broken); n > 3 || n > 0 && g.dice.IntN(6) == 0 {
		mend := g.broken[0]
		g.broken = g.broken[1:]
		if err := mend(); err != nil {
			return err
		}
	}
	switch g.dice.IntN(8) {
	case 0:
		return g.breakOne()
	case 1:
		return g.change()
	}
	return nil
}

// wait moves the clock: a little, to an edge of the calendar or of a life, or
// far. Most of the time what is due then is ended.
func (g *game) wait() error {
	m := g.model
	local := m.now.In(m.warsaw)
	to := m.now.Add(time.Duration(g.dice.Int64N(int64(20 * time.Minute))))
	switch g.dice.IntN(12) {
	case 0, 1: // around midnight
		midnight := time.Date(local.Year(), local.Month(), local.Day()+1, 0, 0, 0, 0, m.warsaw)
		to = midnight.Add(time.Duration(g.dice.IntN(3)-1) * time.Second)
	case 2: // around the end of the month
		if g.dice.IntN(6) == 0 {
			end := time.Date(local.Year(), local.Month()+1, 1, 0, 0, 0, 0, m.warsaw)
			to = end.Add(time.Duration(g.dice.IntN(3)-1) * time.Microsecond)
		}
	case 3: // to the very end of a hold
		if h := g.aHold(); h != nil && h.until.After(m.now) && h.until.Before(m.now.Add(week)) {
			to = h.until.Add(time.Duration(g.dice.IntN(3)-1) * time.Microsecond)
		}
	case 4: // to the very end of a confirmation
		if len(m.asked) > 0 {
			if a := m.asked[len(m.asked)-1]; a.until.After(m.now) {
				to = a.until.Add(time.Duration(g.dice.IntN(3)-1) * time.Microsecond)
			}
		}
	case 5:
		to = m.now.Add(time.Duration(g.dice.Int64N(int64(3 * 24 * time.Hour))))
	}
	to = to.Truncate(time.Microsecond)
	if to.Before(m.now) {
		return nil
	}
	g.real.clock.Set(to)
	m.now = to
	if g.dice.IntN(10) < 7 {
		return g.sweep()
	}
	return nil
}

// sweep ends what is due, in the order in which the bank lists it, after both
// lists were compared.
func (g *game) sweep() error {
	holds, err := g.real.world.DueHolds(g.ctx, g.model.now, 1_000_000)
	if err != nil {
		return err
	}
	payments, err := g.real.world.DuePayments(g.ctx, calendar.DateOf(g.model.now), 1_000_000)
	if err != nil {
		return err
	}
	var batch []order
	m := g.model
	m.open = slices.DeleteFunc(m.open, func(h *held) bool { return h.status != "ACTIVE" })
	m.planned = slices.DeleteFunc(m.planned, func(p *paid) bool { return p.status != "SCHEDULED" })
	for _, h := range m.open {
		if !m.now.Before(h.until) {
			if !slices.ContainsFunc(holds, func(id holdID) bool { return string(id) == h.id }) {
				return fmt.Errorf("hold %s is due and the bank does not list it", h.id)
			}
			batch = append(batch, order{kind: "expire", hold: h})
		}
	}
	for _, p := range m.planned {
		if p.date <= m.day() {
			if !slices.Contains(payments, payment.ID(p.id)) {
				return fmt.Errorf("payment %s is due and the bank does not list it", p.id)
			}
			batch = append(batch, order{kind: "run", paid: p})
		}
	}
	if len(batch) != len(holds)+len(payments) {
		return fmt.Errorf("the bank lists %d holds and %d payments as due, the model %d in all", len(holds), len(payments), len(batch))
	}
	if len(batch) == 0 {
		return nil
	}
	g.dice.Shuffle(len(batch), func(i, j int) { batch[i], batch[j] = batch[j], batch[i] })
	return g.batch(batch)
}

// breakOne breaks something of a customer, an account, a pairing or an
// application, and notes how to mend it.
func (g *game) breakOne() error {
	w, m := g.real.world, g.model
	p := pick(g, m.pairings)
	c, a, payee := p.customer, p.account, p.app.account
	var set func(broken bool) error
	switch g.dice.IntN(9) {
	case 0:
		set = func(broken bool) error {
			c.blocked = broken
			return w.Block(g.ctx, party.CustomerID(c.name), broken)
		}
	case 1, 2:
		if g.dice.IntN(3) == 0 {
			a = payee
		}
		to := pick(g, []string{"blocked", "closed"})
		if err := g.empty(a); err != nil {
			return err
		}
		if a.booked != 0 || a.held != 0 {
			to = "blocked"
		}
		set = func(broken bool) error {
			if a.status = "open"; broken {
				a.status = to
			}
			return w.SetStatus(g.ctx, account.ID(a.name), account.Status(a.status))
		}
	case 3:
		to := pick(g, []string{"off", "blocked"})
		set = func(broken bool) error {
			if a.access = "on"; broken {
				a.access = to
			}
			return w.SetAccess(g.ctx, account.ID(a.name), account.AccessState(a.access))
		}
	case 4:
		to := pick(g, []string{"ended", "suspended"})
		set = func(broken bool) error {
			if p.status = "active"; broken {
				p.status = to
			}
			return w.ChangeAgreement(g.ctx, agreementOf(p), func(to *consent.Agreement) {
				to.Status, to.EndedAt, to.EndedBy = consent.Status(p.status), time.Time{}, ""
				if p.status == "ended" {
					to.EndedAt, to.EndedBy = m.now, "customer:simulation"
				}
			})
		}
	case 5: // the partner is paid elsewhere, perhaps on an account of a customer
		to := m.accounts[pick(g, []string{p.app.name + "-second", a.name})]
		set = func(broken bool) error {
			if p.app.account = payee; broken {
				p.app.account = to
			}
			return w.ChangeApplication(g.ctx, consent.ClientID(p.app.name), func(to *partner.Application) { to.Account = account.ID(p.app.account.name) })
		}
		if payee.name != p.app.name+"-account" {
			return nil // elsewhere already
		}
	case 6, 7, 8: // a permission is missing, or given for a while or for some calls
		permission := pick(g, permissions())
		grant := &given{at: m.now, seconds: -1, quota: g.dice.Int64N(3) + 1}
		grant.left = grant.quota
		if g.dice.IntN(2) == 0 {
			grant.seconds = g.dice.Int64N(7200) + 1
		}
		missing := g.dice.IntN(4) == 0
		set = func(broken bool) error {
			switch {
			case broken && missing:
				delete(p.grants, permission.String())
			case broken:
				p.grants[permission.String()] = grant
			default:
				p.grants[permission.String()] = &given{at: m.now, seconds: -1, quota: -1, left: -1}
			}
			return w.ChangeAgreement(g.ctx, agreementOf(p), func(to *consent.Agreement) {
				to.Grants = slices.DeleteFunc(to.Grants, func(g consent.Grant) bool { return g.Permission == permission })
				if g := p.grants[permission.String()]; g != nil {
					to.Grants = append(to.Grants, consent.Grant{Permission: permission, GivenAt: g.at, ValidSeconds: g.seconds, Quota: g.quota, Left: g.left})
				}
			})
		}
	}
	g.broken = append(g.broken, func() error { return set(false) })
	return set(true)
}

// empty takes all the money from an account, or pays its debt: only then it can
// be closed. What is held stays.
func (g *game) empty(a *acct) error {
	if a.status != "open" || a.held != 0 || a.booked == 0 {
		return nil
	}
	return g.batch([]order{{kind: "cash", account: a, in: a.booked < 0, amount: max(a.booked, -a.booked)}})
}

// change changes limits, fees, or the account of a pairing.
func (g *game) change() error {
	w, m := g.real.world, g.model
	p := pick(g, m.pairings)
	c, a := p.customer, p.app
	switch g.dice.IntN(5) {
	case 0:
		p.account = m.accounts[c.name+"-"+pick(g, []string{"purse", "savings"})]
		return w.ChangeAgreement(g.ctx, agreementOf(p), func(to *consent.Agreement) { to.Account = account.ID(p.account.name) })
	case 1, 2:
		p.limits = [4]int64{3_000 + g.upTo(30_000), 10_000 + g.upTo(200_000), 100_000 + g.upTo(2_000_000), 1_000 + g.upTo(20_000)}
		return w.ChangeAgreement(g.ctx, agreementOf(p), func(to *consent.Agreement) { to.Limits = limits(p.limits) })
	case 3:
		for i, most := range []int64{30_000, 400_000, 4_000_000} {
			if c.own[i] = -1; g.dice.IntN(3) == 0 {
				c.own[i] = most/4 + g.upTo(most)
			}
		}
		return w.SetCustomerLimits(g.ctx, party.CustomerID(c.name), limit.OfCustomer{OneOff: limit.Caps{Single: capOf(c.own[0]), Daily: capOf(c.own[1]), Monthly: capOf(c.own[2])}})
	}
	a.feeHold, a.feePay, a.cap = g.dice.Int64N(2)*g.upTo(100), g.dice.Int64N(2)*g.upTo(200), -1
	if g.dice.IntN(2) == 0 {
		a.cap = g.upTo(6_000)
	}
	return w.ChangeApplication(g.ctx, consent.ClientID(a.name), func(to *partner.Application) {
		to.Fees, to.Charges = fee.Table{fee.Hold: a.feeHold, fee.Payment: a.feePay}, capOf(a.cap)
	})
}

func (g *game) upTo(n int64) int64 { return g.dice.Int64N(n + 1) }

func pick[T any](g *game, from []T) T { return from[g.dice.IntN(len(from))] }

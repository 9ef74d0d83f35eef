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
	real   *real
	recent []order // orders with an id, to be repeated
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
		ctx: ctx, dice: rand.New(rand.NewPCG(seed, 0)), real: &real{world: w, clock: c},
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
			if err := g.batch([]order{{kind: "cash", account: a, in: true, amount: 500_000}}); err != nil {
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
		app: a, customer: c, account: g.model.accounts[c.name+"-purse"], status: "active", limits: [4]int64{20_000, 60_000, 400_000, 8_000},
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
// orders.
func (g *game) world() error {
	if g.dice.IntN(3) == 0 {
		if err := g.wait(); err != nil {
			return err
		}
	}
	if g.dice.IntN(4) == 0 {
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
	for _, h := range g.model.holds {
		if h.status == "ACTIVE" && !g.model.now.Before(h.until) {
			if !slices.ContainsFunc(holds, func(id holdID) bool { return string(id) == h.id }) {
				return fmt.Errorf("hold %s is due and the bank does not list it", h.id)
			}
			batch = append(batch, order{kind: "expire", hold: h})
		}
	}
	for _, p := range g.model.payments {
		if p.status == "SCHEDULED" && p.date <= g.model.day() {
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

// change changes something of customers, accounts, pairings or applications.
func (g *game) change() error {
	w, m := g.real.world, g.model
	p := pick(g, m.pairings)
	c := p.customer
	agreement := func(change func(*consent.Agreement)) error { return w.ChangeAgreement(g.ctx, agreementOf(p), change) }
	application := func(change func(*partner.Application)) error {
		return w.ChangeApplication(g.ctx, consent.ClientID(p.app.name), change)
	}
	mend := g.dice.IntN(3) > 0 // so that most things work most of the time
	switch g.dice.IntN(11) {
	case 0:
		c.blocked = !mend && !c.blocked
		return w.Block(g.ctx, party.CustomerID(c.name), c.blocked)
	case 1:
		a := p.account
		if a.status = "open"; !mend {
			a.status = pick(g, []string{"blocked", "closed"})
		}
		return w.SetStatus(g.ctx, account.ID(a.name), account.Status(a.status))
	case 2:
		a := p.account
		if a.access = "on"; !mend {
			a.access = pick(g, []string{"off", "blocked"})
		}
		return w.SetAccess(g.ctx, account.ID(a.name), account.AccessState(a.access))
	case 3:
		a := p.app.account
		if a.status = "open"; !mend {
			a.status = pick(g, []string{"blocked", "closed"})
		}
		return w.SetStatus(g.ctx, account.ID(a.name), account.Status(a.status))
	case 4: // the pairing moves
		p.account = m.accounts[c.name+"-"+pick(g, []string{"purse", "savings"})]
		return agreement(func(to *consent.Agreement) { to.Account = account.ID(p.account.name) })
	case 5:
		if p.status = "active"; !mend {
			p.status = pick(g, []string{"ended", "suspended"})
		}
		return agreement(func(to *consent.Agreement) {
			to.Status, to.EndedAt, to.EndedBy = consent.Status(p.status), time.Time{}, ""
			if p.status == "ended" {
				to.EndedAt, to.EndedBy = m.now, "customer:simulation"
			}
		})
	case 6, 7:
		p.limits = [4]int64{g.upTo(30_000), g.upTo(90_000), g.upTo(600_000), g.upTo(12_000)}
		return agreement(func(to *consent.Agreement) { to.Limits = limits(p.limits) })
	case 8:
		for i, most := range []int64{30_000, 120_000, 900_000} {
			if c.own[i] = -1; !mend {
				c.own[i] = g.upTo(most)
			}
		}
		return w.SetCustomerLimits(g.ctx, party.CustomerID(c.name), limit.OfCustomer{OneOff: limit.Caps{Single: capOf(c.own[0]), Daily: capOf(c.own[1]), Monthly: capOf(c.own[2])}})
	case 9:
		a := p.app
		a.feeHold, a.feePay, a.cap = g.dice.Int64N(2)*g.upTo(100), g.dice.Int64N(2)*g.upTo(200), -1
		if !mend {
			a.cap = g.upTo(20_000)
		}
		if g.dice.IntN(4) == 0 {
			a.account = m.accounts[a.name+"-account"]
			if !mend {
				a.account = m.accounts[pick(g, []string{a.name + "-second", c.name + "-purse"})]
			}
		}
		return application(func(to *partner.Application) {
			to.Fees, to.Charges, to.Account = fee.Table{fee.Hold: a.feeHold, fee.Payment: a.feePay}, capOf(a.cap), account.ID(a.account.name)
		})
	}
	// The customer consents again, to so much of one permission.
	permission := pick(g, permissions())
	grant := &given{at: m.now, seconds: -1, quota: -1, left: -1}
	if !mend {
		grant.quota = g.dice.Int64N(8) + 1
		grant.left = grant.quota
		if g.dice.IntN(2) == 0 {
			grant.seconds = g.dice.Int64N(7200) + 1
		}
	}
	p.grants[permission.String()] = grant
	if g.dice.IntN(10) == 0 {
		delete(p.grants, permission.String())
	}
	return agreement(func(to *consent.Agreement) {
		to.Grants = slices.DeleteFunc(to.Grants, func(g consent.Grant) bool { return g.Permission == permission })
		if p.grants[permission.String()] != nil {
			to.Grants = append(to.Grants, consent.Grant{Permission: permission, GivenAt: grant.at, ValidSeconds: grant.seconds, Quota: grant.quota, Left: grant.left})
		}
	})
}

func (g *game) upTo(n int64) int64 { return g.dice.Int64N(n + 1) }

func pick[T any](g *game, from []T) T { return from[g.dice.IntN(len(from))] }

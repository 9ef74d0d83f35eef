package scenario

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"okienko/bank/account"
	"okienko/bank/consent"
	"okienko/bank/fee"
	"okienko/bank/intake"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/test/world"
)

// set does what is not asked of the desk.
func (e *core) set(ctx context.Context, a *Act) error {
	app, customer, id := a.Args["app"], party.CustomerID(a.Args["customer"]), account.ID(a.Args["account"])
	g := agreementOf(app, a.Args["customer"])
	agreement := func(change func(*consent.Agreement)) error { return e.world.ChangeAgreement(ctx, g, change) }
	application := func(change func(*partner.Application)) error {
		return e.world.ChangeApplication(ctx, consent.ClientID(app), change)
	}
	switch a.Verb {
	case AddCustomer:
		return e.world.AddCustomer(ctx, customer)
	case AddAccount:
		err := e.world.AddAccount(ctx, world.NewAccount{ID: id, Customer: customer, Overdraft: a.Amount("overdraft")})
		if err != nil || a.Amount("amount").IsZero() {
			return err
		}
		return e.done(ctx, book(ledger.Opening, intake.OpeningAccount, id, a.Amount("amount")))
	case AddApplication:
		return e.addApplication(ctx, a)
	case Pair:
		return e.pair(ctx, a)
	case LimitApplication:
		return agreement(func(g *consent.Agreement) { g.Limits = limited(a, g.Limits) })
	case LimitEverything:
		return e.world.SetCustomerLimits(ctx, customer, limit.OfCustomer{OneOff: limit.Caps{Single: capped(a, "single"), Daily: capped(a, "daily"), Monthly: capped(a, "monthly")}})
	case Move:
		return agreement(func(g *consent.Agreement) { g.Account = id })
	case End:
		return agreement(func(g *consent.Agreement) {
			g.Status, g.EndedAt, g.EndedBy = consent.Ended, e.clock.Now(), "customer:"+string(world.PersonOf(customer))
		})
	case Suspend:
		return agreement(func(g *consent.Agreement) { g.Status = consent.Suspended })
	case Reinstate:
		return agreement(func(g *consent.Agreement) { g.Status = consent.Active })
	case BlockCustomer, UnblockCustomer:
		return e.world.Block(ctx, customer, a.Verb == BlockCustomer)
	case BlockAccount:
		return e.world.SetStatus(ctx, id, account.Blocked)
	case OpenAccount:
		return e.world.SetStatus(ctx, id, account.Open)
	case CloseAccount:
		return e.world.SetStatus(ctx, id, account.Closed)
	case AccessOn:
		return e.world.SetAccess(ctx, id, account.AccessOn)
	case AccessOff:
		return e.world.SetAccess(ctx, id, account.AccessOff)
	case BlockAccess:
		return e.world.SetAccess(ctx, id, account.AccessBlocked)
	case SetFees:
		return application(func(app *partner.Application) { app.Fees, app.Charges = fees(a), capped(a, "charges") })
	case SetPartnerAccount:
		return application(func(app *partner.Application) { app.Account = id })
	case DefinePermission:
		return application(func(app *partner.Application) {
			app.Permissions = append(app.Permissions, defined(a, a.Permission("permission")))
		})
	case SetTime:
		return e.at(ctx, a.Moment("date", "time"))
	case Wait:
		return e.at(ctx, e.clock.Now().Add(a.Duration("duration")))
	case StopSweeping:
		e.asleep = true
		return nil
	case Sweep:
		e.asleep = false
		return e.sweep(ctx)
	}
	return fmt.Errorf("%w: %s", ErrCannot, a.Verb)
}

func (e *core) addApplication(ctx context.Context, a *Act) error {
	app := a.Args["app"]
	company := party.CustomerID(app + "-company")
	err := e.world.AddCustomer(ctx, company)
	if err == nil {
		err = e.world.AddAccount(ctx, world.NewAccount{ID: partnersAccount(app), Customer: company})
	}
	if err != nil {
		return err
	}
	to := partner.Application{
		ID: consent.ClientID(app), Name: "The " + app, CallbackURIs: []string{callback}, Limits: most(), Status: partner.Sandbox,
		Account: partnersAccount(app), Fees: fees(a), Charges: capped(a, "charges"),
		AccessTTL: partner.DefaultAccessTTL, RefreshTTL: partner.DefaultRefreshTTL, ReleaseByCustomer: a.Has("release"),
	}
	for _, p := range everything() {
		if p != a.Permission("without") {
			to.Permissions = append(to.Permissions, defined(a, p))
		}
	}
	return e.world.AddApplication(ctx, to)
}

// defined is a permission as an act defines it for an application.
func defined(a *Act, p consent.Permission) consent.Definition {
	d := consent.Definition{Permission: p, ValidSeconds: consent.Unrestricted, Quota: consent.Unrestricted}
	if p == a.Permission("counted") {
		d.Quota, _ = strconv.ParseInt(a.Args["calls"], 10, 64) // read as a number before
	}
	if p == a.Permission("timed") {
		d.ValidSeconds = int64(a.Duration("lasts") / time.Second)
	}
	return d
}

func fees(a *Act) fee.Table {
	t := fee.Table{}
	if a.Has("hold-fee") {
		t[fee.Hold] = a.Amount("hold-fee").Minor()
	}
	if a.Has("payment-fee") {
		t[fee.Payment] = a.Amount("payment-fee").Minor()
	}
	return t
}

func (e *core) pair(ctx context.Context, a *Act) error {
	app, customer := a.Args["app"], a.Args["customer"]
	now := e.clock.Now()
	g := consent.Agreement{
		ID: agreementOf(app, customer), Version: 1, Application: consent.ClientID(app), Customer: party.CustomerID(customer),
		Person: world.PersonOf(party.CustomerID(customer)), AccountRef: ref(app, customer), Account: account.ID(a.Args["account"]),
		Limits: limited(a, most()), Status: consent.Active, CreatedAt: now, GivenAt: now,
	}
	var definitions []consent.Definition
	if err := e.world.ChangeApplication(ctx, g.Application, func(app *partner.Application) { definitions = slices.Clone(app.Permissions) }); err != nil {
		return err
	}
	for _, d := range definitions {
		if d.Permission != a.Permission("without") {
			g.Grants = append(g.Grants, d.Give(now))
		}
	}
	return e.world.AddAgreement(ctx, g)
}

func limited(a *Act, l limit.Limits) limit.Limits {
	for name, to := range map[string]*money.Amount{"single": &l.Single, "daily": &l.Daily, "monthly": &l.Monthly, "unconfirmed": &l.Unconfirmed} {
		if a.Has(name) {
			*to = a.Amount(name)
		}
	}
	return l
}

func capped(a *Act, name string) limit.Cap {
	if !a.Has(name) {
		return limit.Cap{}
	}
	return limit.CapAt(a.Amount(name))
}

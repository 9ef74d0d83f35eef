package payment_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/payment"
)

// The order of checks is fixed (partner-api §6). It is tested with one order
// that breaks every rule and is mended one rule at a time, from the first.
// What is mended, is mended to the very edge: limits to equality, money to the
// last grosz.

// asked is an order of a third party, at once or for confirmation.
type asked struct {
	agreement consent.ID
	ref       string
	draft     payment.Draft
	back      payment.Return
}

func (o *asked) submit() *payment.Submit {
	return &payment.Submit{Agreement: o.agreement, AccountRef: o.ref, Draft: o.draft}
}

func (o *asked) prepare() *payment.Prepare {
	return &payment.Prepare{Agreement: o.agreement, AccountRef: o.ref, Draft: o.draft, Return: o.back}
}

// rule is one check: how to break it, what the bank then says, how to mend it.
// Rules on the same thing are mended into the next one's breach.
type rule struct {
	code  bank.Code
	field string
	spoil func(k *teller, o *asked)
	mend  func(k *teller, o *asked)
	// world tells a rule about the bank's state from one about the words of the
	// order: only the former can break between preparing and executing.
	world bool
	// only, when set, restricts the rule to orders at once or to prepared ones.
	only string
}

// stage is one kind of draft in a world where it would pass, just.
type stage struct {
	name  string
	needs consent.Permission
	// set up makes the order; total is what the operation comes to (300.00 in
	// every stage) and costs what must be available for it.
	setUp func(k *teller) *asked
	costs string
	rules func(k *teller, o *asked) []rule
}

func inWorld(code bank.Code, spoil, mend func(k *teller, o *asked)) rule {
	return rule{code: code, spoil: spoil, mend: mend, world: true}
}

func inWords(code bank.Code, field string, spoil, mend func(o *asked)) rule {
	return rule{
		code: code, field: field,
		spoil: func(_ *teller, o *asked) { spoil(o) }, mend: func(_ *teller, o *asked) { mend(o) },
	}
}

func status(s consent.Status) func(*teller, *asked) {
	return func(k *teller, o *asked) {
		k.book.ChangeAgreement(o.agreement, func(a *consent.Agreement) { a.Status = s })
	}
}

// grant edits the grant of a permission, also while it hides under another name.
func grant(p consent.Permission, change func(k *teller, g *consent.Grant)) func(*teller, *asked) {
	return func(k *teller, o *asked) {
		k.book.ChangeAgreement(o.agreement, func(a *consent.Agreement) {
			g := a.Grant(p)
			if g == nil {
				g = a.Grant(consent.Permission{Object: p.Object, Action: consent.Auth})
			}
			change(k, g)
		})
	}
}

// who are the rules on the asking application.
func who(p consent.Permission) []rule {
	return []rule{
		inWorld(bank.AgreementEnded, status(consent.Ended), status(consent.Suspended)),
		inWorld(bank.AgreementPaused, status(consent.Suspended), status(consent.Active)),
		inWorld(bank.PermissionMissing,
			grant(p, func(_ *teller, g *consent.Grant) { g.Action = consent.Auth }),
			grant(p, func(_ *teller, g *consent.Grant) { g.Permission = p })),
		inWorld(bank.PermissionUsedUp, // valid_t
			grant(p, func(k *teller, g *consent.Grant) { g.GivenAt, g.ValidSeconds = k.now.Add(-time.Hour), 3600 }),
			grant(p, func(_ *teller, g *consent.Grant) { g.ValidSeconds = 3601 })),
		inWorld(bank.PermissionUsedUp, // valid_q
			grant(p, func(_ *teller, g *consent.Grant) { g.Quota, g.Left = 1, 0 }),
			grant(p, func(_ *teller, g *consent.Grant) { g.Left = 1 })),
	}
}

// about is the rule on the account that the caller names.
func about() rule {
	return inWords(bank.NotFound, "", func(o *asked) { o.ref = "ref-" + string(benShop) }, func(o *asked) { o.ref = "ref-" + string(o.agreement) })
}

// words are the rules on operation id, amount and title. usedID is an id under
// which something else was done.
func words(amount string, usedID, freshID string, amountSaid bool) []rule {
	rules := []rule{
		inWords(bank.InvalidParameter, "operationId", func(o *asked) { o.draft.OperationID = "with space" }, func(o *asked) { o.draft.OperationID = usedID }),
		inWords(bank.InvalidParameter, "currency", func(o *asked) { o.draft.Amount = eur("1.00") }, func(o *asked) { o.draft.Amount = pln("0.00") }),
		inWords(bank.InvalidParameter, "amount", func(o *asked) { o.draft.Amount = pln("0.00") }, func(o *asked) { o.draft.Amount = pln(amount) }),
	}
	if amountSaid {
		rules = append(rules, inWords(bank.InvalidParameter, "title", func(o *asked) { o.draft.Title = "" }, func(o *asked) { o.draft.Title = "A title" }))
	}
	return rules
}

// wayBack are the rules on the end of a confirmation.
func wayBack() []rule {
	rules := []rule{
		inWords(bank.InvalidParameter, "appType", func(o *asked) { o.back.AppType = "desktop" }, func(o *asked) { o.back.AppType = "mobile" }),
		inWords(bank.InvalidParameter, "os_type", func(o *asked) { o.back.OS = "ALL" }, func(o *asked) { o.back.OS = "iOS" }),
		inWords(bank.CallbackMissing, "", func(o *asked) { o.back.Callback = "" }, func(o *asked) { o.back.Callback = callback + "/elsewhere" }),
		inWords(bank.InvalidParameter, "callbackUri", func(o *asked) { o.back.Callback = callback + "/elsewhere" }, func(o *asked) { o.back.Callback = callback }),
	}
	for i := range rules {
		rules[i].only = "prepare"
	}
	return rules
}

// repeated is the rule on an id that was used for something else.
func repeated(freshID string) rule {
	return inWords(bank.OperationReused, "", func(*asked) {}, func(o *asked) { o.draft.OperationID = freshID })
}

func (k *teller) statusOf(id account.ID, s account.Status) {
	k.book.ChangeAccount(id, func(a *account.Account) { a.Status = s })
}

func (k *teller) accessOf(id account.ID, s account.AccessState) {
	k.book.ChangeAccount(id, func(a *account.Account) { a.Access.State = s })
}

// state are the rules on customer, account and payee; paid tells whether money
// goes to the payee now or later.
func state(paid bool) []rule {
	rules := []rule{
		inWorld(bank.CustomerBlocked,
			func(k *teller, _ *asked) {
				k.book.ChangeCustomer(anna, func(c *party.Customer) { c.Blocked = party.Block{By: "hotline"} })
			},
			func(k *teller, _ *asked) {
				k.book.ChangeCustomer(anna, func(c *party.Customer) { c.Blocked = party.Block{} })
			}),
		inWorld(bank.AccountClosed,
			func(k *teller, _ *asked) { k.statusOf(purse, account.Closed) }, func(k *teller, _ *asked) { k.statusOf(purse, account.Blocked) }),
		inWorld(bank.AccountBlocked,
			func(k *teller, _ *asked) { k.statusOf(purse, account.Blocked) }, func(k *teller, _ *asked) { k.statusOf(purse, account.Open) }),
		inWorld(bank.AccessBlocked,
			func(k *teller, _ *asked) { k.accessOf(purse, account.AccessBlocked) }, func(k *teller, _ *asked) { k.accessOf(purse, account.AccessOff) }),
		inWorld(bank.AccessOff,
			func(k *teller, _ *asked) { k.accessOf(purse, account.AccessOff) }, func(k *teller, _ *asked) { k.accessOf(purse, account.AccessOn) }),
		inWorld(bank.PayerIsPayee, paysTo(purse), paysTo(shops)),
	}
	if paid {
		rules = append(rules, inWorld(bank.PayeeUnavailable,
			func(k *teller, _ *asked) { k.statusOf(shops, account.Blocked) }, func(k *teller, _ *asked) { k.statusOf(shops, account.Open) }))
	}
	return rules
}

func paysTo(id account.ID) func(*teller, *asked) {
	return func(k *teller, _ *asked) {
		k.book.ChangeApplication(shop, func(a *partner.Application) { a.Account = id })
	}
}

// within are the rules on limits; every stage comes to exactly 300.00.
func within() []rule {
	of := func(code bank.Code, set func(l *limit.Limits, to string)) rule {
		put := func(to string) func(*teller, *asked) {
			return func(k *teller, o *asked) {
				k.book.ChangeAgreement(o.agreement, func(a *consent.Agreement) { set(&a.Limits, to) })
			}
		}
		return inWorld(code, put("299.99"), put("300.00"))
	}
	var caps limit.Caps
	own := func(set func(to limit.Cap)) rule {
		put := func(to string) func(*teller, *asked) {
			return func(k *teller, _ *asked) {
				set(capAt(to))
				k.book.PutCustomerLimits(anna, limit.OfCustomer{OneOff: caps})
			}
		}
		return inWorld(bank.CustomerLimit, put("299.99"), put("300.00"))
	}
	return []rule{
		of(bank.SingleLimit, func(l *limit.Limits, to string) { l.Single = pln(to) }),
		of(bank.DailyLimit, func(l *limit.Limits, to string) { l.Daily = pln(to) }),
		of(bank.MonthlyLimit, func(l *limit.Limits, to string) { l.Monthly = pln(to) }),
		own(func(to limit.Cap) { caps.Single = to }),
		own(func(to limit.Cap) { caps.Daily = to }),
		own(func(to limit.Cap) { caps.Monthly = to }),
	}
}

// charged is the rule on the fees of a month; the fee is 1.00.
func charged() rule {
	put := func(to string) func(*teller, *asked) {
		return func(k *teller, _ *asked) {
			k.book.ChangeApplication(shop, func(a *partner.Application) { a.Charges = capAt(to) })
		}
	}
	return inWorld(bank.ChargesLimit, put("0.99"), put("1.00"))
}

// poor is the rule on money: available is one grosz less than the costs.
func poor(costs string) rule {
	leave := func(missing string) func(*teller, *asked) {
		return func(k *teller, _ *asked) {
			k.t.Helper()
			a, _ := k.book.Account(context.Background(), purse)
			want, _ := pln(costs).Add(a.Held)
			want, _ = want.Sub(pln(missing))
			k.funds(purse, want.String())
		}
	}
	return inWorld(bank.InsufficientFunds, leave("0.01"), leave("0.00"))
}

// large is the rule on the amount above which the customer must confirm.
func large() rule {
	put := func(to string) func(*teller, *asked) {
		return func(k *teller, o *asked) {
			k.book.ChangeAgreement(o.agreement, func(a *consent.Agreement) { a.Limits.Unconfirmed = pln(to) })
		}
	}
	r := inWorld(bank.AuthorisationRequired, put("299.99"), put("300.00"))
	r.only = "submit"
	return r
}

func chain(parts ...any) []rule {
	var all []rule
	for _, p := range parts {
		switch p := p.(type) {
		case rule:
			all = append(all, p)
		case []rule:
			all = append(all, p...)
		}
	}
	return all
}

func stages() []stage {
	good := func(d payment.Draft) *asked {
		return &asked{agreement: annaShop, ref: "ref-" + string(annaShop), draft: d, back: payment.Return{AppType: "mobile", OS: "iOS", Callback: callback}}
	}
	dates := func(set func(o *asked, wrong bool), field string) rule {
		return inWords(bank.InvalidParameter, field, func(o *asked) { set(o, true) }, func(o *asked) { set(o, false) })
	}
	validTo := dates(func(o *asked, wrong bool) {
		if o.draft.ValidTo = at(startOfTest).Add(24 * time.Hour); wrong {
			o.draft.ValidTo = at(startOfTest)
		}
	}, "validTo")
	executionDate := dates(func(o *asked, wrong bool) {
		if o.draft.ExecutionDate = day("2026-03-10"); wrong {
			o.draft.ExecutionDate = day("2026-03-09")
		}
	}, "executionDate")
	create := func(o consent.Object) consent.Permission {
		return consent.Permission{Object: o, Action: consent.Create}
	}
	update := func(o consent.Object) consent.Permission {
		return consent.Permission{Object: o, Action: consent.Update}
	}
	used := func(k *teller) string {
		k.done(under(benShop, hold("used", "1.00"))) // the same application's ids are shared by its customers
		return "used"
	}
	object := func(ids ...ledger.HoldID) []rule {
		codes := []bank.Code{bank.NotFound, bank.NotFound, bank.HoldReleased, bank.HoldCaptured, bank.HoldExpired}
		var rules []rule
		for i, code := range codes {
			rules = append(rules, inWords(code, "", func(o *asked) { o.draft.Hold = ids[i] }, func(o *asked) { o.draft.Hold = ids[i+1] }))
		}
		return rules
	}
	// holds makes an unknown, a foreign, a released, a captured, an expired and an
	// active hold. It leaves the limits of today unused but for the active one.
	holds := func(k *teller, amount string) []ledger.HoldID {
		k.limitsOf(annaShop, limits(plentyForEveryone, plentyForEveryone, plentyForEveryone, plentyForEveryone))
		k.now = k.now.Add(-20 * 24 * time.Hour)
		k.funds(purse, "10000.00")
		foreign := k.done(under(annaTaxi, hold(k.op(), "1.00"))).Hold.ID
		released, captured, expired := k.held(amount).ID, k.held(amount).ID, k.held(amount).ID
		k.done(k.release(released))
		k.done(under(annaShop, capture(k.op(), captured, amount)))
		k.now = at(startOfTest)
		active := k.held(amount).ID
		k.limitsOf(annaShop, limits("300.00", "300.00", "300.00", "300.00"))
		return []ledger.HoldID{"unknown", foreign, released, captured, expired, active}
	}
	return []stage{
		{
			name: "place a hold", needs: create(consent.Blockades), costs: "301.00",
			setUp: func(*teller) *asked { return good(hold("fresh", "300.00")) },
			rules: func(k *teller, _ *asked) []rule {
				k.fees(100, 100, limit.Cap{})
				return chain(who(create(consent.Blockades)), about(), words("300.00", used(k), "fresh", true), wayBack(),
					repeated("fresh"), validTo, state(false), within(), charged(), poor("301.00"), large())
			},
		},
		{
			name: "pay", needs: create(consent.Payments), costs: "301.00",
			setUp: func(*teller) *asked { return good(pay("fresh", "300.00")) },
			rules: func(k *teller, _ *asked) []rule {
				k.fees(100, 100, limit.Cap{})
				return chain(who(create(consent.Payments)), about(), words("300.00", used(k), "fresh", true), wayBack(),
					repeated("fresh"), executionDate, state(true), within(), charged(), poor("301.00"), large())
			},
		},
		{
			name: "change a hold", needs: update(consent.Blockades), costs: "200.00",
			setUp: func(k *teller) *asked { return good(changeHold("fresh", "", "300.00")) },
			rules: func(k *teller, o *asked) []rule {
				h := holds(k, "100.00")
				o.draft.Hold = h[5]
				objects := object(h...)
				return chain(who(update(consent.Blockades)), about(), objects[:2], words("300.00", used(k), "fresh", false), wayBack(),
					repeated("fresh"), validTo, state(false), objects[2:], within(), poor("200.00"), large())
			},
		},
		{
			name: "change a payment", needs: update(consent.Payments), costs: "0.00",
			setUp: func(k *teller) *asked { return good(changePayment("fresh", "", "300.00")) },
			rules: func(k *teller, o *asked) []rule {
				k.limitsOf(annaShop, limits(plentyForEveryone, plentyForEveryone, plentyForEveryone, plentyForEveryone))
				foreign := k.done(under(benShop, schedule(k.op(), "1.00", "2026-03-12"))).Payment.ID
				final := k.done(under(annaShop, schedule(k.op(), "1.00", "2026-03-12"))).Payment.ID
				k.done(&payment.Cancel{Payment: final, Agreement: annaShop})
				planned := k.done(under(annaShop, schedule(k.op(), "100.00", "2026-03-12"))).Payment.ID
				k.limitsOf(annaShop, limits("300.00", "300.00", "300.00", "300.00"))
				o.draft.Payment = planned
				is := func(code bank.Code, id, next payment.ID) rule {
					return inWords(code, "", func(o *asked) { o.draft.Payment = id }, func(o *asked) { o.draft.Payment = next })
				}
				return chain(who(update(consent.Payments)), about(), is(bank.NotFound, "unknown", foreign), is(bank.NotFound, foreign, final),
					words("300.00", used(k), "fresh", true), wayBack(), repeated("fresh"), executionDate, state(true),
					is(bank.PaymentFinal, final, planned), within(), large())
			},
		},
		{
			// Limits, funds and limit_a were passed by the hold (partner-api §7): they
			// are as bad as can be and do not matter. Fees are still capped.
			name: "settle a hold", needs: create(consent.Payments), costs: "1.00",
			setUp: func(k *teller) *asked { return good(capture("fresh", "", "300.00")) },
			rules: func(k *teller, o *asked) []rule {
				h := holds(k, "300.00")
				o.draft.Hold = h[5]
				k.limitsOf(annaShop, limits("0.00", "0.00", "0.00", "0.00"))
				k.book.PutCustomerLimits(anna, limit.OfCustomer{OneOff: limit.Caps{Single: capAt("0.00"), Daily: capAt("0.00"), Monthly: capAt("0.00")}})
				k.fees(100, 100, limit.Cap{})
				objects := object(h...)
				return chain(who(create(consent.Payments)), about(), objects[:2], words("300.01", used(k), "fresh", true),
					inWords(bank.AmountAboveHold, "", func(*asked) {}, func(o *asked) { o.draft.Amount = pln("300.00") }),
					wayBack(), repeated("fresh"),
					dates(func(o *asked, wrong bool) {
						if o.draft.ExecutionDate = day("2026-03-11"); !wrong {
							o.draft.ExecutionDate.Year, o.draft.ExecutionDate.Month, o.draft.ExecutionDate.Day = 0, 0, 0
						}
					}, "executionDate"),
					state(true), objects[2:], charged())
			},
		},
	}
}

func TestEveryRuleInItsOrder(t *testing.T) {
	for _, way := range []string{"submit", "prepare"} {
		for _, s := range stages() {
			t.Run(way+"/"+s.name, func(t *testing.T) {
				k := newTeller(t)
				o := s.setUp(k)
				var rules []rule
				for _, r := range s.rules(k, o) {
					if r.only == "" || r.only == way {
						rules = append(rules, r)
					}
				}
				for i := len(rules) - 1; i >= 0; i-- {
					rules[i].spoil(k, o)
				}
				order := func() payment.Order {
					if way == "submit" {
						return o.submit()
					}
					return o.prepare()
				}
				for i, r := range rules {
					_, err := k.do(order())
					var no *bank.Refusal
					if !errors.As(err, &no) || no.Code != r.code || no.Field != r.field {
						t.Fatalf("rule %d: %v; want %s %s", i, err, r.code, r.field)
					}
					r.mend(k, o)
				}
				k.done(order())
			})
		}
	}
}

// A prepared operation meets the same rules once more when it is executed, in
// the same order. The customer gave the word, so a refusal ends it.
func TestEveryRuleAgainAtExecution(t *testing.T) {
	for _, s := range stages() {
		t.Run(s.name, func(t *testing.T) {
			for first := 0; ; first++ {
				k := newTeller(t)
				o := s.setUp(k)
				var world []rule
				for _, r := range s.rules(k, o) {
					switch {
					case r.world && r.only != "submit":
						world = append(world, r)
					case !r.world:
						r.mend(k, o)
					}
				}
				if first == len(world) {
					return
				}
				a := k.done(o.prepare()).Authorisation
				execute := k.confirmed(a)
				for i := len(world) - 1; i >= first; i-- {
					world[i].spoil(k, o)
				}
				before := k.holdsAndBalances()
				out := k.done(execute)
				if end := out.Authorisation; end.Status != payment.Turned || end.Reason != world[first].code || out.Hold != nil || out.Payment != nil {
					t.Fatalf("rule %d: %+v; want it turned down with %s", first, end, world[first].code)
				}
				if after := k.holdsAndBalances(); after != before {
					t.Fatalf("rule %d: it moved money: %s, then %s", first, before, after)
				}
				k.refused(execute, bank.AuthorisationEnded)
			}
		})
	}
}

func (k *teller) holdsAndBalances() string {
	text := ""
	for _, id := range k.book.Accounts() {
		a, _ := k.book.Account(context.Background(), id)
		text += string(id) + " " + a.Booked.String() + " " + a.Held.String() + "; "
	}
	return text
}

func TestRulesOfReleaseInTheirOrder(t *testing.T) {
	k := newTeller(t)
	h := k.held("100.00").ID
	foreign := k.done(under(annaTaxi, hold(k.op(), "1.00"))).Hold.ID
	captured := k.held("10.00").ID
	k.done(under(annaShop, capture(k.op(), captured, "10.00")))
	o := &asked{agreement: annaShop}
	r := k.release("unknown")
	p := consent.Permission{Object: consent.Blockades, Action: consent.Delete}
	steps := chain(who(p),
		inWords(bank.NotFound, "", func(*asked) { r.AccountRef = "ref-" + string(benShop) }, func(*asked) { r.AccountRef = "ref-" + string(annaShop) }),
		inWords(bank.NotFound, "", func(*asked) { r.Hold = "unknown" }, func(*asked) { r.Hold = foreign }),
		inWords(bank.NotFound, "", func(*asked) { r.Hold = foreign }, func(*asked) { r.Hold = captured }),
		state(false)[:5],
		inWords(bank.HoldCaptured, "", func(*asked) { r.Hold = captured }, func(*asked) { r.Hold = h }))
	for i := len(steps) - 1; i >= 0; i-- {
		steps[i].spoil(k, o)
	}
	for _, s := range steps {
		k.refused(r, s.code)
		s.mend(k, o)
	}
	if out := k.done(r); out.Hold.Status != ledger.Released || out.Repeat {
		t.Errorf("%+v", out)
	}
	// Repeated, it is harmless, and needs no call left.
	if k.left(annaShop, p) != 0 {
		t.Errorf("%d calls left, want none", k.left(annaShop, p))
	}
	if out := k.done(r); !out.Repeat {
		t.Errorf("%+v", out)
	}
}

func TestRulesOfCancelInTheirOrder(t *testing.T) {
	k := newTeller(t)
	planned := k.done(under(annaShop, schedule(k.op(), "100.00", "2026-03-12"))).Payment.ID
	foreign := k.done(under(annaTaxi, schedule(k.op(), "1.00", "2026-03-12"))).Payment.ID
	executed := k.done(under(annaShop, pay(k.op(), "1.00"))).Payment.ID
	o := &asked{agreement: annaShop}
	c := &payment.Cancel{Payment: "unknown", Agreement: annaShop}
	p := consent.Permission{Object: consent.Payments, Action: consent.Delete}
	steps := chain(who(p),
		inWords(bank.NotFound, "", func(*asked) {}, func(*asked) { c.Payment = foreign }),
		inWords(bank.NotFound, "", func(*asked) {}, func(*asked) { c.Payment = executed }),
		state(false)[:5],
		inWords(bank.PaymentFinal, "", func(*asked) {}, func(*asked) { c.Payment = planned }))
	for i := len(steps) - 1; i >= 0; i-- {
		steps[i].spoil(k, o)
	}
	for _, s := range steps {
		k.refused(c, s.code)
		s.mend(k, o)
	}
	if out := k.done(c); out.Payment.Status != payment.Cancelled || out.Repeat {
		t.Errorf("%+v", out)
	}
	if out := k.done(c); !out.Repeat {
		t.Errorf("%+v", out)
	}
}

func TestRulesOfReadingInTheirOrder(t *testing.T) {
	k := newTeller(t)
	p := consent.Permission{Object: consent.Payments, Action: consent.ReadList}
	o := &asked{agreement: annaShop}
	read := &payment.SpendRead{Agreement: annaShop, Permission: p}
	steps := who(p)
	for i := len(steps) - 1; i >= 0; i-- {
		steps[i].spoil(k, o)
	}
	for _, s := range steps {
		k.refused(read, s.code)
		s.mend(k, o)
	}
	k.done(read)
	k.refused(read, bank.PermissionUsedUp)
	k.refused(&payment.SpendRead{Agreement: "unknown", Permission: p}, bank.AgreementEnded)
}

// Blocking an account stops third parties, and the bank's own hand where money
// would leave.
func TestRulesOfTheBanksOwnHand(t *testing.T) {
	k := newTeller(t)
	b := payment.Book{By: audit.Actor{Kind: audit.Staff, ID: "s1"}, Kind: ledger.Transfer, Title: "Salary", From: purse, To: savings, Amount: pln("1000.01")}
	order := func(change func(*payment.Book)) *payment.Book {
		c := b
		change(&c)
		return &c
	}
	k.refused(order(func(b *payment.Book) { b.Amount = pln("0.00") }), bank.InvalidParameter)
	k.refused(order(func(b *payment.Book) { b.Amount = eur("1.00") }), bank.InvalidParameter)
	k.refused(order(func(b *payment.Book) { b.To = "unknown" }), bank.NotFound)
	k.refused(order(func(b *payment.Book) { b.To = purse }), bank.PayerIsPayee)
	k.refused(&b, bank.InsufficientFunds)
	k.statusOf(purse, account.Blocked)
	k.refused(&b, bank.AccountBlocked)
	k.statusOf(purse, account.Closed)
	k.refused(&b, bank.AccountClosed)
	k.statusOf(purse, account.Open)
	k.statusOf(savings, account.Blocked) // what comes in is not stopped
	b.Amount = pln("1000.00")
	k.done(&b)
	k.stands(purse, "0.00", "0.00")
	k.stands(savings, "2000.00", "0.00")
}

package psd2

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	bankaccount "okienko/bank/account"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/transfer"
	"okienko/client"
	"okienko/office"
	"okienko/okienkotest"
)

// hold is what the partner's application holds of an account, or has paid.
type hold struct {
	id     string
	amount money.Amount
	at     time.Time
	ended  bool
	counts money.Amount // once it has ended
}

// lives is how long a hold lives of which nobody says it (partner-api §7).
const lives = 7 * 24 * time.Hour

// partnerActs has the partner's application hold, capture, release or pay.
func (g *doors) partnerActs() {
	g.Helper()
	g.pairing()
	amount := g.amount(30_00)
	active := slices.DeleteFunc(slices.Clone(g.holds), func(h *hold) bool { return h.ended || !g.Inside().Now().Before(h.at.Add(lives)) })
	switch n := g.dice.IntN(6); {
	case n < 2 && len(active) > 0:
		h := active[g.dice.IntN(len(active))]
		if n == 0 {
			g.say("the partner releases %s", h.amount)
			a := g.kawomat.Delete(g.T, "/account/"+g.kawomat.AccountID+"/blockade/"+h.id)
			g.met(fmt.Sprintf("release %d", a.Status))
			if a.Status != http.StatusNoContent {
				g.Errorf("a release: %d %s", a.Status, a.Body)
			}
			h.ended, h.counts = true, money.Zero(money.PLN)
			return
		}
		g.say("the partner captures a grosz of %s", h.amount)
		a := g.kawomat.Post(g.T, "/payment", fmt.Sprintf(`{"operationId":%q,"account_id":%q,"amount":"0.01","currency":"PLN","title":"capture","blockadeId":%q}`, client.NewID(), g.kawomat.AccountID, h.id))
		g.met(fmt.Sprintf("capture %d", a.Status))
		if a.Status != http.StatusCreated {
			g.Errorf("a capture: %d %s", a.Status, a.Body)
		}
		h.ended, h.counts = true, money.New(1, money.PLN)
	case n < 4:
		g.say("the partner holds %s", amount)
		a := g.kawomat.Post(g.T, "/account/"+g.kawomat.AccountID+"/blockade", fmt.Sprintf(`{"operationId":%q,"amount":%q,"currency":"PLN","title":"hold"}`, client.NewID(), amount))
		g.met(fmt.Sprintf("hold %d", a.Status))
		if a.Status == http.StatusCreated {
			g.holds = append(g.holds, &hold{id: a.Field("blockadeId"), amount: amount, at: g.Inside().Now()})
		}
	default:
		a := g.partnerPays(amount)
		g.met(fmt.Sprintf("partner's payment %d", a.Status))
	}
}

// pairing takes new tokens for the partner's application.
func (g *doors) pairing() {
	g.Helper()
	if err := g.kawomat.Refresh(g.Context()); err != nil {
		g.Fatal(err)
	}
}

func (g *doors) partnerPays(amount money.Amount) *okienkotest.Answer {
	g.Helper()
	g.say("the partner takes %s", amount)
	a := g.kawomat.Post(g.T, "/payment", fmt.Sprintf(`{"operationId":%q,"account_id":%q,"amount":%q,"currency":"PLN","title":"partner"}`, client.NewID(), g.kawomat.AccountID, amount))
	if a.Status == http.StatusCreated {
		g.paid = append(g.paid, &hold{amount: amount, at: g.Inside().Now(), ended: true, counts: amount})
	}
	return a
}

// paired is the account with which the partner's application is paired: the first
// of jan's.
func (g *doors) paired() *watched {
	g.Helper()
	for _, a := range g.accounts {
		if a.Number == g.ways[0].from.Number {
			return a
		}
	}
	g.Fatal("nobody is paired")
	return nil
}

func (g *doors) sameMoneyEverywhere() {
	g.Helper()
	for _, a := range g.accounts {
		g.sameMoney(a)
	}
}

// sameMoney compares what the ledger, AIS in every form, the answers of CAF and
// the partner's interface say of an account.
func (g *doors) sameMoney(a *watched) {
	g.Helper()
	by := g.dice.IntN(len(g.parties))
	c := g.reader(by, a.login, a.Number)
	s := g.session(c)
	g.sameDetails(a, c, s)
	if a.Type != "VAT" {
		g.sameFunds(a)
	}
	stored, p := g.stored(a), g.in(by)
	g.shown(a, &stored, p, s, g.handle(c, p, a.Number))
	if a == g.paired() {
		g.samePartner(a, c, s)
	}
}

// sameDetails compares the balances.
func (g *doors) sameDetails(a *watched, c *given, s client.Session) {
	g.Helper()
	stored := g.stored(a)
	free, err := stored.Available()
	if err != nil || free.IsNegative() {
		g.Errorf("%s has %s available, %v", a.Number, free, err)
	}
	for _, p := range g.parties[c.by] {
		d, err := p.AccountDetails(g.Context(), s, g.handle(c, p, a.Number))
		if err != nil || d.Number != a.Number || d.BookingBalance != stored.Booked.String() || d.AvailableBalance != free.String() || d.Currency != string(stored.Currency()) {
			g.Errorf("%s: the ledger has %s, %s available; %s says %s: %s, %s (%v)", a.Number, stored.Booked, free, speaks(p), d.Number, d.BookingBalance, d.AvailableBalance, err)
		}
	}
}

// sameFunds asks for exactly what is available, and for a grosz more.
func (g *doors) sameFunds(a *watched) {
	g.Helper()
	stored := g.stored(a)
	free, err := stored.Available()
	if err != nil {
		g.Fatal(err)
	}
	by := g.dice.IntN(len(g.parties))
	for _, p := range []*okienkotest.ThirdParty{g.parties[by][0], g.in(by, client.PolishAPI211, client.PolishAPI212, client.PolishAPI30)} {
		for more, want := range []bool{true, false} {
			ask := money.New(free.Minor()+int64(more), free.Currency())
			if !ask.IsPositive() {
				continue
			}
			if got, err := p.Funds(g.Context(), a.Number, ask.String(), string(free.Currency())); err != nil || got != want {
				g.Errorf("%s has %s available; CAF in %s says %t of %s (%v)", a.Number, free, speaks(p), got, ask, err)
			}
		}
	}
}

// samePartner compares what the partner's application sees of the account: what it
// holds, and the newest movements.
func (g *doors) samePartner(a *watched, c *given, s client.Session) {
	g.Helper()
	g.pairing()
	var seen struct {
		Holds        []struct{ Amount, Status string } `json:"blockades"`
		Transactions []struct{ Amount, Side, Title string }
	}
	for _, path := range []string{"/blockade?status=ACTIVE&pageSize=100", "/transaction?pageSize=20"} {
		answer := g.kawomat.Get(g.T, "/account/"+g.kawomat.AccountID+path)
		if err := json.Unmarshal(answer.Body, &seen); err != nil || answer.Status != http.StatusOK {
			g.Fatalf("the partner's %s: %d %s (%v)", path, answer.Status, answer.Body, err)
		}
	}
	p := g.in(c.by)
	id := g.handle(c, p, a.Number)
	theirs, ours := money.Zero(money.PLN), money.Zero(money.PLN)
	for _, h := range seen.Holds {
		theirs = g.sum(theirs, pln(g.T, h.Amount))
	}
	for _, h := range transactions(g.T, p, s, id, client.Filter{Status: "HOLD"}) {
		ours = g.sum(ours, money.New(-pln(g.T, h.Amount).Minor(), money.PLN))
	}
	if model := g.holding(); theirs != ours || theirs != model {
		g.Errorf("the partner holds %s, %s shows %s, the model has %s", theirs, speaks(p), ours, model)
	}
	page, err := p.TransactionsPage(g.Context(), s, id, client.Filter{Status: "DONE", PageSize: len(seen.Transactions) + 1})
	if err != nil {
		g.Fatal(err)
	}
	for n, t := range page.Transactions[:min(len(page.Transactions), len(seen.Transactions))] {
		at := seen.Transactions[n]
		if amount := map[string]string{"DEBIT": "-", "CREDIT": ""}[at.Side] + at.Amount; amount != t.Amount || at.Title != t.Description {
			g.Errorf("movement %d is %s %q to the partner, %s %q in %s", n, amount, at.Title, t.Amount, t.Description, speaks(p))
		}
	}
}

func (g *doors) sum(a, b money.Amount) money.Amount {
	g.Helper()
	out, err := a.Add(b)
	if err != nil {
		g.Fatal(err)
	}
	return out
}

// holding is what the model's holds set aside.
func (g *doors) holding() money.Amount {
	g.Helper()
	out := money.Zero(money.PLN)
	for _, h := range g.holds {
		if !h.ended && g.Inside().Now().Before(h.at.Add(lives)) {
			out = g.sum(out, h.amount)
		}
	}
	return out
}

// uses are the counters of limits as the model has them, today's and this month's.
type uses map[limit.Key]money.Amount

func (g *doors) count(u uses, s limit.Subject, at time.Time, amount money.Amount) {
	g.Helper()
	now := g.Inside().Now()
	for _, of := range []func(time.Time) limit.Period{limit.DayOf, limit.MonthOf} {
		k := limit.Key{Subject: limit.CountedIn(s, amount.Currency()), Period: of(now)}
		if _, known := u[k]; !known {
			u[k] = money.Zero(amount.Currency())
		}
		if of(at) == of(now) {
			u[k] = g.sum(u[k], amount)
		}
	}
}

// used adds up what all doors have used of the customers' limits: what was ordered
// in the period and has neither failed nor been cancelled, and what the partner's
// application holds or has taken.
func (g *doors) used() uses {
	g.Helper()
	u := uses{}
	for _, a := range g.accounts {
		g.count(u, limit.OneOffOf(a.Customer), time.Time{}, money.Zero(money.Currency(a.Currency)))
		g.count(u, limit.RecurringOf(a.Customer), time.Time{}, money.Zero(money.Currency(a.Currency)))
	}
	for _, o := range g.made {
		for _, t := range g.transfersOf(o) {
			if t.Status == transfer.Rejected || t.Status == transfer.Cancelled {
				continue
			}
			of := limit.OneOffOf
			if o.thing == aStandingOrder {
				of = limit.RecurringOf
			}
			g.count(u, of(string(o.consent.customer)), t.CreatedAt, t.Order.Amount)
		}
	}
	jan := g.paired().Customer
	for _, h := range append(slices.Clone(g.holds), g.paid...) {
		amount := h.amount
		if h.ended {
			amount = h.counts
		} else if !g.Inside().Now().Before(h.at.Add(lives)) {
			continue
		}
		g.count(u, limit.OneOffOf(jan), h.at, amount)
	}
	return u
}

// sameLimits holds what is used of the limits against the model.
func (g *doors) sameLimits() {
	g.Helper()
	model := g.used()
	var keys []limit.Key
	for k := range model {
		keys = append(keys, k)
	}
	got, err := g.Inside().Books.Counters(g.Context(), keys)
	if err != nil {
		g.Fatal(err)
	}
	for k, want := range model {
		if got[k].Minor() != want.Minor() {
			g.Errorf("of the limit %s in %s %s is used, the model has %s", k.Subject, k.Period, got[k], want)
		}
	}
}

// useUpLimit has jan limit a day to 30.00 more, and the three doors use it up
// together; nothing fits any more at any of them.
func (g *doors) useUpLimit() {
	g.Helper()
	paired := g.paired()
	if free := paired.again(g.T, g.Bank).Available; pln(g.T, free).Minor() < 40_00 {
		return
	}
	now := g.Inside().Now()
	used := g.used()[limit.Key{Subject: limit.OneOffOf(paired.Customer), Period: limit.DayOf(now)}]
	order := domestic("10.00", fmt.Sprintf("limit %d", g.step))
	order.System, order.Recipient.AccountNumber, order.Sender.AccountNumber = client.SystemInternal, account(g.T, g.Bank, "anna", "PLN").Number, paired.Number
	late := order
	late.TransferData.Amount = "0.01"
	by := g.dice.IntN(len(g.parties))
	before := g.asked(by, "jan", []string{paired.Number}, client.Consent{Payment: &late})
	to := g.sum(used, money.New(30_00, money.PLN))
	g.say("jan limits the day to %s", to)
	limits(g.T, g.Bank, "jan", fmt.Sprintf(`{"oneOff":{"daily":%q}}`, to))
	g.pairing()
	for _, n := range g.dice.Perm(3) {
		if n == 0 {
			if a := g.partnerPays(money.New(10_00, money.PLN)); a.Status != http.StatusCreated {
				g.Errorf("the partner within the limit: %d %s", a.Status, a.Body)
			}
			continue
		}
		if o := g.paysAcross(g.dice.IntN(len(g.parties)), "jan", order); o == nil || o.status != "DONE" {
			g.Errorf("a payment within the limit: %+v", o)
		}
	}
	if a := g.partnerPays(money.New(1, money.PLN)); a.Status < http.StatusBadRequest {
		g.Errorf("the partner above the limit: %d %s", a.Status, a.Body)
	}
	for _, form := range client.Forms() {
		if c := g.asked(by, "jan", []string{paired.Number}, client.Consent{Payment: &late}, form); c != nil {
			g.Errorf("a consent above the limit that was asked in %s", form)
		}
	}
	// What was consented to before the limit was used up is rejected.
	s, o := g.session(before), &ordered{consent: before, from: paired.Number, own: client.NewID()}
	g.places(o, client.Forms(), func(p *okienkotest.ThirdParty) (client.Initiated, error) { return p.Pay(g.Context(), s, o.own, late) })
	g.statusEverywhere(o)
	if o.status != "REJECTED" {
		g.Errorf("above the limit: %s", o.status)
	}
	limits(g.T, g.Bank, "jan", `{"oneOff":{"daily":null}}`)
	g.met("a limit used up")
}

// shutAccess has third parties' access to an account shut, by its customer or by the
// bank: every door refuses, and goes on when it is open again.
func (g *doors) shutAccess() {
	g.Helper()
	a, by := g.own(), g.dice.IntN(len(g.parties))
	c := g.reader(by, a.login, a.Number)
	s := g.session(c)
	order := domestic("0.01", fmt.Sprintf("shut %d", g.step))
	order.Sender.AccountNumber = a.Number
	var waits *given
	if a.Currency == "PLN" && pln(g.T, a.again(g.T, g.Bank).Available).IsPositive() {
		waits = g.asked(by, a.login, []string{a.Number}, client.Consent{Payment: &order})
	}
	g.pairing()
	open := g.shut(a)
	g.refused(by, http.StatusForbidden, "an account that is shut", func(p *okienkotest.ThirdParty) error {
		_, err := p.AccountDetails(g.Context(), s, g.handle(c, p, a.Number))
		return err
	})
	g.refused(by, http.StatusForbidden, "funds of an account that is shut", func(p *okienkotest.ThirdParty) error {
		_, err := p.Funds(g.Context(), a.Number, "0.01", a.Currency)
		return err
	})
	if waits != nil {
		s := g.session(waits)
		g.refused(by, http.StatusForbidden, "a payment from an account that is shut", func(p *okienkotest.ThirdParty) error {
			_, err := p.Pay(g.Context(), s, client.NewID(), order)
			return err
		})
	}
	g.hidden(a, by)
	if a == g.paired() {
		if answer := g.partnerPays(money.New(1, money.PLN)); answer.Status < http.StatusBadRequest {
			g.Errorf("the partner at an account that is shut: %d %s", answer.Status, answer.Body)
		}
	}
	open()
	g.sameDetails(a, c, s)
	if waits != nil {
		s, o := g.session(waits), &ordered{consent: waits, from: a.Number, own: client.NewID()}
		g.places(o, client.Forms(), func(p *okienkotest.ThirdParty) (client.Initiated, error) { return p.Pay(g.Context(), s, o.own, order) })
	}
	g.met("access shut")
}

// shut shuts access to an account and returns what opens it.
func (g *doors) shut(a *watched) (open func()) {
	g.Helper()
	if g.dice.IntN(2) == 0 {
		access := func(on bool) {
			g.say("%s switches access to %s: %t", a.login, a.Number, on)
			if answer := g.Customers(g.T, http.MethodPost, "/api/people/"+a.login+"/access", fmt.Appendf(nil, `{"account":%q,"on":%t}`, a.Number, on)); answer.Status != http.StatusOK {
				g.Fatalf("access: %d %s", answer.Status, answer.Body)
			}
		}
		access(false)
		return func() { access(true) }
	}
	set := func(state bankaccount.AccessState) {
		g.say("the bank sets access to %s: %s", a.Number, state)
		g.Office(g.T, &office.SetAccess{Account: string(g.stored(a).ID), State: string(state), Why: "a test"})
	}
	set(bankaccount.AccessBlocked)
	return func() { set(bankaccount.AccessOn) }
}

// hidden wants what was ordered from an account that is shut not to be shown.
func (g *doors) hidden(a *watched, by int) {
	g.Helper()
	for _, o := range g.made {
		if o.from != a.Number || o.consent.by != by || !o.consent.stands(g.Inside().Now()) || o.consent.lost {
			continue
		}
		s := g.session(o.consent)
		g.refused(by, http.StatusForbidden, "the status of a payment from an account that is shut", func(p *okienkotest.ThirdParty) error {
			_, err := g.status(p, s, o, false)
			return err
		})
		return
	}
}

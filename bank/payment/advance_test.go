package payment_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/calendar"
	"okienko/bank/consent"
	"okienko/bank/desk"
	"okienko/bank/desk/memory"
	"okienko/bank/fee"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// twin is one bank in two books: old stands where the batch before has not been
// kept yet, new where it has.
type twin struct {
	*rapid.T
	old, new *memory.Book
	now      time.Time
	ids      counting
	// What orders can be about, as the batches so far have made it.
	holds          []ledger.HoldID
	payments       []payment.ID
	authorisations []payment.Authorisation
	challenges     []payment.Execute // confirmations that a person has passed
	passed         int
	given          []xs2a.Consent // of third parties
	transfers      []transfer.ID
	standings      []transfer.StandingID
	bundles        []transfer.BundleID
}

var readPayments = consent.Permission{Object: consent.Payments, Action: consent.ReadList}

func newTwin(r *rapid.T) *twin {
	w := &twin{T: r, old: memory.New(), new: memory.New(), now: at(startOfTest)}
	calls := rapid.Int64Range(0, 6).Draw(r, "calls")
	for _, b := range w.both() {
		b.PutCustomer(party.Customer{ID: anna, Person: annaHerself})
		b.PutCustomer(party.Customer{ID: ben, Person: benHimself})
		for _, id := range []account.ID{purse, bens, shops, taxis, cash, account.FeeIncome} {
			a := account.Account{ID: id, Kind: account.Customer, Holder: string(id), Status: account.Open, Access: account.Access{State: account.AccessOn}, Booked: pln("300.00"), Held: pln("0.00"), Overdraft: pln("0.00")}
			if id == cash || id == account.FeeIncome {
				a.Kind = account.Own
			}
			b.PutAccount(a)
		}
		for app, takes := range map[consent.ClientID]account.ID{shop: shops, taxi: taxis} {
			a := application(app, takes)
			a.Charges = limit.CapAt(pln("3.00"))
			a.Fees = fee.Table{fee.Payment: 50}
			b.PutApplication(a)
		}
		for _, g := range []consent.Agreement{
			agreement(annaShop, shop, anna, annaHerself, purse), agreement(benShop, shop, ben, benHimself, bens), agreement(annaTaxi, taxi, anna, annaHerself, purse),
		} {
			for _, p := range []consent.Permission{readPayments, {Object: consent.Payments, Action: consent.Create}} {
				if g.ID == annaTaxi {
					g.Grant(p).Quota, g.Grant(p).Left = 6, calls
				}
			}
			b.PutAgreement(g)
		}
		w.given = w.consents(b)
	}
	return w
}

func (w *twin) both() []*memory.Book { return []*memory.Book{w.old, w.new} }

// state loads what orders need, round by round, with load.
func (w *twin) state(orders []payment.Order, load func(payment.Needs, *payment.State)) *payment.State {
	s := payment.NewState()
	for range 8 {
		n := payment.Missing(s, w.now, orders)
		if n.Empty() {
			return s
		}
		load(n, s)
	}
	w.Fatalf("still missing: %+v", payment.Missing(s, w.now, orders))
	return nil
}

func (w *twin) load(b *memory.Book, n payment.Needs, into *payment.State) {
	if err := b.Within(context.Background(), func(tx desk.Tx) error { return tx.Load(context.Background(), n, into) }); err != nil {
		w.Fatal(err)
	}
}

func (w *twin) keep(b *memory.Book, c *payment.Changes) {
	if c == nil {
		return
	}
	if err := b.Within(context.Background(), func(tx desk.Tx) error { return tx.Write(context.Background(), c) }); err != nil {
		w.Fatal(err)
	}
}

// batch draws orders and decides them over the new book. It notes what they
// made, and returns what they changed, nil for nothing.
func (w *twin) batch(name string, most int) *payment.Changes {
	orders := rapid.SliceOfN(rapid.Custom(w.order), most/3, most).Draw(w.T, name)
	s := w.state(orders, func(n payment.Needs, into *payment.State) { w.load(w.new, n, into) })
	_, c := payment.Decide(s, w.now, &w.ids, orders)
	if c.Empty() {
		return nil
	}
	for _, h := range c.NewHolds {
		w.holds = append(w.holds, h.ID)
	}
	for _, p := range c.NewPayments {
		w.payments = append(w.payments, p.ID)
	}
	for _, a := range c.NewAuthorisations {
		w.authorisations = append(w.authorisations, *a)
	}
	w.note(c)
	w.keep(w.new, c)
	return c
}

// confirmations has persons pass challenges for some of what was prepared.
// Passing one is no order: it is an act beside the desk, seen by every batch.
func (w *twin) confirmations() {
	for _, a := range w.authorisations {
		if !rapid.Bool().Draw(w.T, "confirmed") {
			continue
		}
		w.passed++
		ch := sca.Challenge{
			ID: sca.ID(fmt.Sprintf("challenge-%d", w.passed)), Person: a.Person, Method: sca.SMS, Status: sca.Passed, CreatedAt: w.now, ExpiresAt: w.now.Add(24 * time.Hour),
			Subject: sca.Subject{Purpose: sca.ForOperation, ID: string(a.ID), Binding: a.Binding()},
		}
		for _, b := range w.both() {
			b.PutChallenge(ch)
		}
		w.challenges = append(w.challenges, payment.Execute{Authorisation: a.ID, Challenge: ch.ID, Person: a.Person})
	}
}

func (w *twin) order(r *rapid.T) payment.Order {
	if rapid.IntRange(0, 2).Draw(r, "whose") == 0 {
		return w.ordered(r)
	}
	op := fmt.Sprintf("o%d", rapid.IntRange(0, 39).Draw(r, "op"))
	g := rapid.SampledFrom([]consent.ID{annaShop, annaShop, annaShop, benShop, annaTaxi}).Draw(r, "agreement")
	amount := money.New(rapid.Int64Range(1, 3000).Draw(r, "amount"), money.PLN).String()
	h, p := ledger.HoldID("none"), payment.ID("none")
	if len(w.holds) > 0 {
		some := w.holds
		if rapid.Bool().Draw(r, "an old hold") { // which both batches may change
			some = some[:min(3, len(some))]
		}
		h = rapid.SampledFrom(some).Draw(r, "hold")
	}
	if len(w.payments) > 0 {
		p = rapid.SampledFrom(w.payments).Draw(r, "payment")
	}
	today := calendar.DateOf(w.now)
	draft := func() payment.Draft {
		switch rapid.IntRange(0, 4).Draw(r, "draft") {
		case 0:
			return hold(op, amount)
		case 1:
			return pay(op, amount)
		case 2:
			return schedule(op, amount, today.AddDays(1).String())
		case 3:
			return changeHold(op, h, amount)
		}
		return changePayment(op, p, amount)
	}
	switch rapid.IntRange(0, 16).Draw(r, "kind") {
	case 0, 1, 2:
		return under(g, draft())
	case 3, 4:
		return under(g, capture(op, h, amount))
	case 15:
		return under(g, changeHold(op, h, amount))
	case 5:
		return &payment.Release{Hold: h, Agreement: g, AccountRef: "ref-" + string(g)}
	case 6:
		return &payment.Expire{Hold: h}
	case 7:
		return &payment.Cancel{Payment: p, Agreement: g}
	case 8:
		return &payment.Run{Payment: p}
	case 9, 10:
		o := prepare(draft())
		o.Agreement, o.AccountRef = g, "ref-"+string(g)
		return o
	case 11:
		return &payment.Prepare{Agreement: g, Return: payment.Return{AppType: "web", OS: "ALL", Callback: callback}, Draft: payment.Draft{Kind: payment.Permit, Permissions: []consent.Permission{readPayments}}}
	case 12, 13:
		if len(w.challenges) > 0 {
			e := rapid.SampledFrom(w.challenges).Draw(r, "confirmation")
			return &e
		}
	case 14:
		if len(w.authorisations) > 0 {
			a := rapid.SampledFrom(w.authorisations).Draw(r, "authorisation")
			return &payment.Decline{Authorisation: a.ID, Person: a.Person}
		}
		return &payment.SpendRead{Agreement: g, Permission: readPayments}
	}
	return &payment.Book{By: audit.Actor{Kind: audit.Bank}, Kind: ledger.Cash, Title: "t", From: rapid.SampledFrom([]account.ID{cash, purse}).Draw(r, "from"), To: bens, Amount: pln(amount)}
}

// past is what had happened before the two batches.
func (w *twin) past() {
	for i := range rapid.IntRange(1, 3).Draw(w.T, "batches before") {
		w.keep(w.old, w.batch(fmt.Sprint("past ", i), 18))
		w.confirmations()
		w.pass()
	}
}

// pass lets some time pass: sometimes so much that what waits lapses, scheduled
// payments fall due and days of limits begin.
func (w *twin) pass() {
	w.now = w.now.Add(rapid.SampledFrom([]time.Duration{0, time.Second, payment.AuthorisationLife, 25 * time.Hour}).Draw(w.T, "time"))
}

// A batch that is decided over what was loaded before the batch before it was
// kept, or while, and then advanced, is decided as it would be afterwards.
func TestDecidingAheadIsDecidingAfterwards(t *testing.T) {
	seen := map[string]int{}
	together := func(r *rapid.T) {
		w := newTwin(r)
		w.past()
		before := w.batch("the batch before", 30)
		w.confirmations()
		w.pass()
		orders := rapid.SliceOfN(rapid.Custom(w.order), 1, 30).Draw(r, "orders")

		after := w.state(orders, func(n payment.Needs, into *payment.State) { w.load(w.new, n, into) })
		ahead := w.state(orders, func(n payment.Needs, into *payment.State) {
			// Every row is read either before the other batch is committed or after.
			early, late := divide(r, n)
			w.load(w.new, late, into)
			w.load(w.old, early, into)
			if before != nil {
				into.Advance(before)
			}
		})
		if !reflect.DeepEqual(ahead, after) {
			r.Errorf("ahead %s\nafter %s", show(ahead), show(after))
		}
		one, two := w.ids, w.ids
		results, changes := payment.Decide(ahead, w.now, &one, orders)
		wanted, changesWanted := payment.Decide(after, w.now, &two, orders)
		if !reflect.DeepEqual(results, wanted) {
			r.Errorf("ahead %+v\nafter %+v", results, wanted)
		}
		if !reflect.DeepEqual(changes, changesWanted) {
			r.Errorf("ahead %+v\nafter %+v", changes, changesWanted)
		}
		count(seen, before, changes)
	}
	for range 6 { // what two batches seldom share must be met for certain
		rapid.Check(t, together)
	}
	for _, what := range []string{"account", "grants", "new hold", "hold", "payment", "operation", "waiting", "authorisation", "challenge", "counter",
		"consent", "transfer", "standing order", "submission", "bundle"} {
		if seen[what] == 0 {
			t.Errorf("no two batches shared a %s: this test looks at less than it says (%v)", what, seen)
		}
	}
}

// Advance touches what has been loaded and nothing else.
func TestAdvanceLeavesAloneWhatIsNotLoaded(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := newTwin(r)
		w.past()
		before := w.batch("the batch before", 30)
		if before == nil {
			return
		}
		some, _ := divide(r, everythingIn(w))
		ahead, after := payment.NewState(), payment.NewState()
		w.load(w.old, some, ahead)
		values := reflect.ValueOf(*ahead)
		loaded := map[any]any{} // the rows as they were, by their pointers
		for i := range values.NumField() {
			if f := values.Field(i); f.Kind() == reflect.Map && f.Type().Elem().Kind() == reflect.Pointer {
				for _, k := range f.MapKeys() {
					if p := f.MapIndex(k); !p.IsNil() {
						loaded[p.Interface()] = p.Elem().Interface()
					}
				}
			}
		}
		ahead.Advance(before)
		w.load(w.new, some, after)
		if !reflect.DeepEqual(ahead, after) {
			r.Errorf("ahead %s\nafter %s", show(ahead), show(after))
		}
		for p, was := range loaded {
			if !reflect.DeepEqual(reflect.ValueOf(p).Elem().Interface(), was) {
				r.Errorf("%+v was changed in place", was)
			}
		}
		ahead.Advance(before) // every round of loading does it again
		if !reflect.DeepEqual(ahead, after) {
			r.Errorf("advanced twice %s\nafter %s", show(ahead), show(after))
		}
	})
}

// An instant that has been reached is not left again.
func TestAdvanceDoesNotGoBack(t *testing.T) {
	s := payment.NewState()
	s.Latest = at(startOfTest)
	s.Advance(&payment.Changes{At: at(startOfTest).Add(-time.Hour)})
	if !s.Latest.Equal(at(startOfTest)) {
		t.Errorf("went back to %v", s.Latest)
	}
	if s.Advance(&payment.Changes{At: at(startOfTest).Add(time.Hour)}); !s.Latest.Equal(at(startOfTest).Add(time.Hour)) {
		t.Errorf("stayed at %v", s.Latest)
	}
}

// divide divides needs in two at random.
func divide(r *rapid.T, n payment.Needs) (a, b payment.Needs) {
	from := reflect.ValueOf(n)
	one, two := reflect.ValueOf(&a).Elem(), reflect.ValueOf(&b).Elem()
	for i := range from.NumField() {
		for k := range from.Field(i).Len() {
			to := one
			if rapid.Bool().Draw(r, "late") {
				to = two
			}
			to.Field(i).Set(reflect.Append(to.Field(i), from.Field(i).Index(k)))
		}
	}
	return a, b
}

func everythingIn(w *twin) payment.Needs {
	n := payment.Needs{
		Agreements: []consent.ID{annaShop, benShop, annaTaxi}, Applications: []consent.ClientID{shop, taxi}, Customers: []party.CustomerID{anna, ben},
		Accounts: []account.ID{purse, bens, shops, taxis, cash, account.FeeIncome}, Holds: w.holds, Payments: w.payments,
		Transfers: w.transfers, Standings: w.standings, Bundles: w.bundles,
	}
	for i := range w.given {
		n.Consents = append(n.Consents, w.given[i].ID)
	}
	for i := range 31 {
		n.Submissions = append(n.Submissions, transfer.SubmissionKey{Client: fintech, TPPID: fmt.Sprintf("t%d", i)})
	}
	for i := range 40 {
		for _, app := range []consent.ClientID{shop, taxi} {
			n.Operations = append(n.Operations, payment.OperationKey{Application: app, ID: fmt.Sprintf("o%d", i)})
		}
	}
	for _, a := range w.authorisations {
		n.Authorisations = append(n.Authorisations, a.ID)
	}
	for _, e := range w.challenges {
		n.Challenges = append(n.Challenges, e.Challenge)
	}
	for _, g := range []consent.ID{annaShop, benShop, annaTaxi} {
		for _, p := range []limit.Period{limit.DayOf(w.now), limit.MonthOf(w.now)} {
			n.Counters = append(n.Counters, limit.Key{Subject: limit.OfAgreement(string(g)), Period: p}, limit.Key{Subject: limit.ChargesOf(string(g)), Period: p})
		}
	}
	return n
}

// count notes what the second of two batches changed that the first had changed
// already: a test in which they never meet proves nothing.
func count(seen map[string]int, first, second *payment.Changes) {
	if first == nil {
		return
	}
	shared(seen, "account", first.Accounts, second.Accounts, func(a *account.Account) any { return a.ID })
	shared(seen, "grants", first.Grants, second.Grants, func(a *consent.Agreement) any { return a.ID })
	shared(seen, "new hold", first.NewHolds, second.Holds, func(h *ledger.Hold) any { return h.ID })
	shared(seen, "hold", first.Holds, second.Holds, func(h *ledger.Hold) any { return h.ID })
	shared(seen, "payment", first.NewPayments, second.Payments, func(p *payment.Payment) any { return p.ID })
	shared(seen, "counter", first.Counters, second.Counters, func(n limit.Counter) any { return n.Key })
	waits := func(a *payment.Authorisation) any {
		return payment.OperationKey{Application: a.Application, ID: a.Draft.OperationID}
	}
	shared(seen, "waiting", first.NewAuthorisations, second.NewAuthorisations, waits)
	shared(seen, "authorisation", first.NewAuthorisations, second.Authorisations, func(a *payment.Authorisation) any { return a.ID })
	seen["operation"] += len(first.Operations) * len(second.Operations)
	seen["challenge"] += len(first.Challenges)
	countTransfers(seen, first, second)
}

func shared[V any](seen map[string]int, what string, first, second []V, id func(V) any) {
	for _, v := range first {
		if slices.ContainsFunc(second, func(o V) bool { return id(o) == id(v) }) {
			seen[what]++
		}
	}
}

func show(s *payment.State) string {
	text := fmt.Sprintf("latest %v, counters %v, pending %v", s.Latest, s.Counters, s.Pending)
	for id, a := range s.Accounts {
		text += fmt.Sprintf("\n  %s %+v", id, a)
	}
	for id, h := range s.Holds {
		text += fmt.Sprintf("\n  %s %+v", id, h)
	}
	for id, p := range s.Payments {
		text += fmt.Sprintf("\n  %s %+v", id, p)
	}
	for id, a := range s.Authorisations {
		text += fmt.Sprintf("\n  %s %+v", id, a)
	}
	for k, o := range s.Operations {
		text += fmt.Sprintf("\n  %v %+v", k, o)
	}
	return text
}

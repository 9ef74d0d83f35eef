package payment_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"okienko/bank"
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
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
)

// The small world of these tests. Anna and Ben have paired the shop, Anna also
// the taxi. Amounts are written as in partner-api §7.
const (
	anna, ben             party.CustomerID = "anna", "ben"
	annaHerself           party.PersonID   = "person-anna"
	benHimself            party.PersonID   = "person-ben"
	purse, savings        account.ID       = "anna-purse", "anna-savings"
	bens, shops, taxis    account.ID       = "ben-purse", "shop-account", "taxi-account"
	cash                  account.ID       = "own-cash"
	shop, taxi            consent.ClientID = "shop", "taxi"
	annaShop, benShop     consent.ID       = "anna-shop", "ben-shop"
	annaTaxi              consent.ID       = "anna-taxi"
	callback                               = "https://shop.example/back"
	startOfTest                            = "2026-03-10T12:00:00Z"
	plentyForEveryone                      = "1000000.00"
	unconfirmed, balance                   = "200.00", "1000.00"
	single, daily, months                  = "500.00", "800.00", "2000.00"
)

// teller hands orders straight to the core, over a Book in memory.
type teller struct {
	t    *testing.T
	book *memory.Book
	now  time.Time
	ids  int
	ops  int
}

func newTeller(t *testing.T) *teller {
	t.Helper()
	k := &teller{t: t, book: memory.New(), now: at(startOfTest)}
	k.book.PutCustomer(party.Customer{ID: anna, Segment: party.Individual, Name: "Anna Nowak", Person: annaHerself})
	k.book.PutCustomer(party.Customer{ID: ben, Segment: party.Individual, Name: "Ben Lis", Person: benHimself})
	for _, a := range []struct {
		id     account.ID
		kind   account.Kind
		of     party.CustomerID
		booked string
	}{
		{purse, account.Customer, anna, balance}, {savings, account.Customer, anna, balance}, {bens, account.Customer, ben, balance},
		{shops, account.Customer, "", "0.00"}, {taxis, account.Customer, "", "0.00"},
		{cash, account.Own, "", "0.00"}, {account.FeeIncome, account.Own, "", "0.00"},
	} {
		k.book.PutAccount(account.Account{
			ID: a.id, Kind: a.kind, Customer: a.of, Holder: string(a.id), Status: account.Open, Access: account.Access{State: account.AccessOn},
			Booked: pln(a.booked), Held: pln("0.00"), Overdraft: pln("0.00"),
		})
	}
	k.book.PutApplication(application(shop, shops))
	k.book.PutApplication(application(taxi, taxis))
	k.book.PutAgreement(agreement(annaShop, shop, anna, annaHerself, purse))
	k.book.PutAgreement(agreement(benShop, shop, ben, benHimself, bens))
	k.book.PutAgreement(agreement(annaTaxi, taxi, anna, annaHerself, purse))
	t.Cleanup(func() {
		if err := k.book.Check(); err != nil {
			t.Errorf("in the end the book does not add up: %v", err)
		}
	})
	return k
}

func application(id consent.ClientID, takes account.ID) partner.Application {
	a := partner.Application{ID: id, Name: "The " + string(id), CallbackURIs: []string{callback}, Account: takes, Status: partner.Public, Limits: limits(plentyForEveryone, plentyForEveryone, plentyForEveryone, plentyForEveryone)}
	for _, p := range everything() {
		a.Permissions = append(a.Permissions, consent.Definition{Permission: p, ValidSeconds: consent.Unrestricted, Quota: consent.Unrestricted})
	}
	return a
}

func agreement(id consent.ID, app consent.ClientID, c party.CustomerID, p party.PersonID, a account.ID) consent.Agreement {
	g := consent.Agreement{
		ID: id, Version: 1, Application: app, Customer: c, Person: p, AccountRef: "ref-" + string(id), Account: a,
		Limits: limits(single, daily, months, unconfirmed), Status: consent.Active,
	}
	for _, p := range everything() {
		g.Grants = append(g.Grants, consent.Grant{Permission: p, GivenAt: at(startOfTest), ValidSeconds: consent.Unrestricted, Quota: consent.Unrestricted, Left: consent.Unrestricted})
	}
	return g
}

func everything() []consent.Permission {
	var all []consent.Permission
	for _, o := range []consent.Object{consent.Payments, consent.Blockades} {
		for _, a := range []consent.Action{consent.ReadList, consent.ReadDet, consent.Create, consent.Update, consent.Delete} {
			all = append(all, consent.Permission{Object: o, Action: a})
		}
	}
	return all
}

// NewID makes identifiers that a failing test can be read by.
func (k *teller) NewID() string {
	k.ids++
	return fmt.Sprintf("id-%04d", k.ids)
}

// op is an operation id that was not used before.
func (k *teller) op() string {
	k.ops++
	return fmt.Sprintf("op-%d", k.ops)
}

// all decides orders together. What is refused must leave no trace: neither in
// the changes nor in the loaded state.
func (k *teller) all(orders ...payment.Order) []payment.Result {
	k.t.Helper()
	ctx := context.Background()
	var results []payment.Result
	err := k.book.Within(ctx, func(tx desk.Tx) error {
		s, before := payment.NewState(), payment.NewState()
		for {
			n := payment.Missing(s, k.now, orders)
			if n.Empty() {
				break
			}
			if err := errors.Join(tx.Load(ctx, n, s), tx.Load(ctx, n, before)); err != nil {
				return err
			}
		}
		var c *payment.Changes
		results, c = payment.Decide(s, k.now, k, orders)
		if c.Empty() {
			if !reflect.DeepEqual(s, before) {
				k.t.Errorf("%T changed the state and says it did not", orders[0])
			}
			return nil
		}
		if len(orders) == 1 && results[0].Err != nil {
			k.t.Errorf("%T was refused (%v) and leaves changes: %+v", orders[0], results[0].Err, c)
		}
		return tx.Write(ctx, c)
	})
	if err != nil {
		k.t.Fatalf("deciding %d orders: %v", len(orders), err)
	}
	return results
}

func (k *teller) do(o payment.Order) (payment.Outcome, error) {
	k.t.Helper()
	r := k.all(o)[0]
	return r.Outcome, r.Err
}

// done orders what must succeed.
func (k *teller) done(o payment.Order) payment.Outcome {
	k.t.Helper()
	out, err := k.do(o)
	if err != nil {
		k.t.Fatalf("%T was refused: %v", o, err)
	}
	return out
}

// refused orders what must be refused with a code.
func (k *teller) refused(o payment.Order, code bank.Code) {
	k.t.Helper()
	_ = k.refusal(o, code)
}

// refusal is refused for who looks at the refusal itself.
func (k *teller) refusal(o payment.Order, code bank.Code) *bank.Refusal {
	k.t.Helper()
	_, err := k.do(o)
	var r *bank.Refusal
	if !errors.As(err, &r) || r.Code != code {
		k.t.Fatalf("%T: %v; want a refusal %s", o, err, code)
	}
	return r
}

func under(g consent.ID, d payment.Draft) *payment.Submit {
	return &payment.Submit{Agreement: g, AccountRef: "ref-" + string(g), Draft: d}
}

func hold(op, amount string) payment.Draft {
	return payment.Draft{Kind: payment.PlaceHold, OperationID: op, Amount: pln(amount), Title: "A hold"}
}

func pay(op, amount string) payment.Draft {
	return payment.Draft{Kind: payment.Pay, OperationID: op, Amount: pln(amount), Title: "A payment"}
}

func capture(op string, h ledger.HoldID, amount string) payment.Draft {
	d := pay(op, amount)
	d.Hold = h
	return d
}

func schedule(op, amount, date string) payment.Draft {
	d := pay(op, amount)
	d.ExecutionDate = day(date)
	return d
}

func changeHold(op string, h ledger.HoldID, amount string) payment.Draft {
	d := payment.Draft{Kind: payment.ChangeHold, OperationID: op, Hold: h}
	if amount != "" {
		d.Amount = pln(amount)
	}
	return d
}

func changePayment(op string, p payment.ID, amount string) payment.Draft {
	return payment.Draft{Kind: payment.ChangePayment, OperationID: op, Payment: p, Amount: pln(amount), Title: "Changed"}
}

// held places a hold for Anna's shop and returns it.
func (k *teller) held(amount string) *ledger.Hold {
	k.t.Helper()
	return k.done(under(annaShop, hold(k.op(), amount))).Hold
}

func (k *teller) release(h ledger.HoldID) *payment.Release {
	return &payment.Release{Hold: h, Agreement: annaShop, AccountRef: "ref-" + string(annaShop)}
}

// prepare asks for the customer's confirmation of a draft under Anna's pairing
// with the shop.
func prepare(d payment.Draft) *payment.Prepare {
	return &payment.Prepare{Agreement: annaShop, AccountRef: "ref-" + string(annaShop), Draft: d, Return: payment.Return{AppType: "web", OS: "ALL", Callback: callback}}
}

// confirmed is the execution of a prepared operation on a challenge that its
// person has passed.
func (k *teller) confirmed(a *payment.Authorisation) *payment.Execute {
	c := sca.Challenge{
		ID: sca.ID(k.NewID()), Person: a.Person, Method: sca.SMS, Status: sca.Passed, CreatedAt: k.now, ExpiresAt: k.now.Add(sca.Life),
		Subject: sca.Subject{Purpose: sca.ForOperation, ID: string(a.ID), Binding: a.Binding()},
	}
	k.book.PutChallenge(c)
	return &payment.Execute{Authorisation: a.ID, Challenge: c.ID, Person: a.Person}
}

// funds moves money between an account and the bank's cash until so much is booked.
func (k *teller) funds(id account.ID, want string) {
	k.t.Helper()
	a, _ := k.book.Account(context.Background(), id)
	more, err := pln(want).Sub(a.Booked)
	if err != nil {
		k.t.Fatal(err)
	}
	from, to := cash, id
	if more.IsNegative() {
		more, _ = more.Neg()
		from, to = id, cash
	}
	if more.IsZero() {
		return
	}
	k.done(&payment.Book{By: audit.Actor{Kind: audit.Bank}, Kind: ledger.Cash, Title: "Cash", From: from, To: to, Amount: more})
}

// stands asserts booked and held of an account.
func (k *teller) stands(id account.ID, booked, held string) {
	k.t.Helper()
	a, err := k.book.Account(context.Background(), id)
	if err != nil || a.Booked != pln(booked) || a.Held != pln(held) {
		k.t.Errorf("%s stands at booked %v, held %v (%v); want %s and %s", id, a.Booked, a.Held, err, booked, held)
	}
}

// used asserts how much of Anna's limits with the shop is used today and this
// month, and the same across everything.
func (k *teller) used(today, month string) {
	k.t.Helper()
	for _, s := range []limit.Subject{limit.OfAgreement(string(annaShop)), limit.OneOffOf(string(anna))} {
		for p, want := range map[limit.Period]string{limit.DayOf(k.now): today, limit.MonthOf(k.now): month} {
			got, _ := k.book.Counters(context.Background(), []limit.Key{{Subject: s, Period: p}})
			if n := got[limit.Key{Subject: s, Period: p}]; n.Minor() != pln(want).Minor() {
				k.t.Errorf("%s has used %v in %s; want %s", s, n, p, want)
			}
		}
	}
}

func (k *teller) holdNow(id ledger.HoldID) ledger.Hold {
	k.t.Helper()
	h, err := k.book.Hold(context.Background(), id)
	if err != nil {
		k.t.Fatal(err)
	}
	return h
}

// limitsOf changes the limits of an agreement.
func (k *teller) limitsOf(g consent.ID, to limit.Limits) {
	k.book.ChangeAgreement(g, func(a *consent.Agreement) { a.Limits = to })
}

// quota gives an agreement so many calls of a permission.
func (k *teller) quota(g consent.ID, p consent.Permission, calls int64) {
	k.book.ChangeAgreement(g, func(a *consent.Agreement) { a.Grant(p).Quota, a.Grant(p).Left = calls, calls })
}

func (k *teller) left(g consent.ID, p consent.Permission) int64 {
	a, _ := k.book.Agreement(context.Background(), g)
	return a.Grant(p).Left
}

// fees gives the shop a table of fees and a cap on them.
func (k *teller) fees(hold, pay int64, cap limit.Cap) {
	k.book.ChangeApplication(shop, func(a *partner.Application) {
		a.Fees, a.Charges = fee.Table{fee.Hold: hold, fee.Payment: pay}, cap
	})
}

func limits(single, daily, monthly, unconfirmed string) limit.Limits {
	return limit.Limits{Single: pln(single), Daily: pln(daily), Monthly: pln(monthly), Unconfirmed: pln(unconfirmed)}
}

func pln(s string) money.Amount {
	a, err := money.Parse(strings.TrimPrefix(s, "-"), money.PLN)
	if err != nil {
		panic("not an amount: " + s)
	}
	if strings.HasPrefix(s, "-") {
		a, _ = a.Neg()
	}
	return a
}

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t
}

func day(s string) calendar.Date {
	d, err := calendar.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func capAt(s string) limit.Cap { return limit.CapAt(pln(s)) }

func eur(s string) money.Amount { return money.New(pln(s).Minor(), money.EUR) }

// none is an amount that was not said.
var none money.Amount

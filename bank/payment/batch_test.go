package payment_test

import (
	"fmt"
	"math"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/payment"
)

// A hundred holds of 1.00 decided together on 40.00: of money, or of a limit.
func TestAHundredHoldsOnForty(t *testing.T) {
	for _, c := range []struct {
		code bank.Code
		set  func(k *teller)
	}{
		{bank.InsufficientFunds, func(k *teller) { k.funds(purse, "40.00") }},
		{bank.DailyLimit, func(k *teller) { k.limitsOf(annaShop, limits("1.00", "40.00", "100.00", "1.00")) }},
		{bank.MonthlyLimit, func(k *teller) { k.limitsOf(annaShop, limits("1.00", "100.00", "40.00", "1.00")) }},
	} {
		k := newTeller(t)
		c.set(k)
		orders := make([]payment.Order, 100)
		for i := range orders {
			orders[i] = under(annaShop, hold(k.op(), "1.00"))
		}
		placed := 0
		for i, r := range k.all(orders...) {
			switch {
			case r.Err == nil && i == placed:
				placed++
			case r.Err == nil || bank.CodeOf(r.Err) != c.code:
				t.Errorf("hold %d: %v", i, r.Err)
			}
		}
		if placed != 40 {
			t.Errorf("%s: %d holds placed", c.code, placed)
		}
		k.stands(purse, map[bool]string{true: "40.00", false: balance}[c.code == bank.InsufficientFunds], "40.00")
	}
}

// Of capture, release and expiry in one batch the first wins; the others get
// the precise refusal.
func TestRacingEndings(t *testing.T) {
	k := newTeller(t)
	h := k.held("10.00")
	results := k.all(under(annaShop, capture("a", h.ID, "4.00")), k.release(h.ID), under(annaShop, capture("b", h.ID, "1.00")), &payment.Expire{Hold: h.ID})
	if results[0].Err != nil || bank.CodeOf(results[1].Err) != bank.HoldCaptured || bank.CodeOf(results[2].Err) != bank.HoldCaptured || !results[3].Outcome.Repeat {
		t.Errorf("%+v", results)
	}
	h = k.held("10.00")
	results = k.all(k.release(h.ID), under(annaShop, capture("c", h.ID, "4.00")), under(annaShop, changeHold("d", h.ID, "5.00")), k.release(h.ID))
	if results[0].Err != nil || bank.CodeOf(results[1].Err) != bank.HoldReleased || bank.CodeOf(results[2].Err) != bank.HoldReleased || !results[3].Outcome.Repeat {
		t.Errorf("%+v", results)
	}
	k.stands(purse, "996.00", "0.00")
}

// A refusal that comes late, when much was done already, takes back all of it
// before the next order is decided.
func TestALateRefusalIsUndoneWithinTheBatch(t *testing.T) {
	k := newTeller(t)
	k.fees(0, 100, limit.Cap{})
	h := k.held("100.00")
	k.funds(purse, "100.00")
	capturing := capture(k.op(), h.ID, "99.50") // gives 0.50 back; then the fee of 1.00 is missing
	results := k.all(under(annaShop, capturing), under(annaTaxi, hold(k.op(), "0.01")), k.release(h.ID), under(annaShop, hold(k.op(), "1.00")))
	if bank.CodeOf(results[0].Err) != bank.InsufficientFunds || bank.CodeOf(results[1].Err) != bank.InsufficientFunds || results[2].Err != nil || results[3].Err != nil {
		t.Errorf("%+v", results)
	}
	k.used("1.00", "1.00")
	k.stands(purse, "100.00", "1.00")
	if k.holdNow(h.ID).Status != ledger.Released || len(k.book.Entries()) != 1 {
		t.Errorf("%+v", k.holdNow(h.ID))
	}
}

// An outcome is what stood right after its order, not after the batch.
func TestOutcomesAreOfTheirMoment(t *testing.T) {
	k := newTeller(t)
	h := k.held("10.00")
	results := k.all(under(annaShop, changeHold("a", h.ID, "20.00")), under(annaShop, changeHold("b", h.ID, "30.00")), k.release(h.ID))
	if results[0].Outcome.Hold.Amount != pln("20.00") || results[1].Outcome.Hold.Amount != pln("30.00") || results[1].Outcome.Hold.Status != ledger.Active {
		t.Errorf("%+v", results)
	}
	if again := k.done(under(annaShop, changeHold("a", h.ID, "20.00"))); again.Hold.Amount != pln("20.00") || again.Hold.Status != ledger.Active {
		t.Errorf("%+v", again.Hold)
	}
}

func TestMalformedOrders(t *testing.T) {
	k := newTeller(t)
	results := k.all(nil, under(annaShop, hold("a", "1.00")), under(annaShop, payment.Draft{Kind: "lend", OperationID: "x", Amount: pln("1.00"), Title: "t"}), under(annaShop, hold("b", "1.00")))
	if bank.CodeOf(results[0].Err) != bank.Internal || results[1].Err != nil || bank.CodeOf(results[2].Err) != bank.Internal || results[3].Err != nil {
		t.Errorf("%+v", results)
	}
	k.stands(purse, "1000.00", "2.00")
}

// Amounts near the end of int64 are refused or internal, never wrong.
func TestOverflow(t *testing.T) {
	k := newTeller(t)
	rich := account.Account{
		ID: "rich", Kind: account.Customer, Customer: anna, Status: account.Open, Access: account.Access{State: account.AccessOn},
		Booked: money.New(math.MaxInt64-100, money.PLN), Held: pln("0.00"), Overdraft: pln("0.00"),
	}
	k.book.PutAccount(rich)
	most := money.New(math.MaxInt64, money.PLN)
	k.book.ChangeAgreement(annaShop, func(a *consent.Agreement) {
		a.Account = "rich"
		a.Limits.Single, a.Limits.Daily, a.Limits.Monthly, a.Limits.Unconfirmed = most, most, most, most
	})
	large := func(op string, minor int64) payment.Draft {
		d := hold(op, "1.00")
		d.Amount = money.New(minor, money.PLN)
		return d
	}
	k.refused(under(annaShop, large("a", math.MaxInt64)), bank.InsufficientFunds)
	k.done(under(annaShop, large("b", math.MaxInt64-200)))
	k.refused(under(annaShop, large("c", 201)), bank.DailyLimit) // the sum would not fit
	k.refused(under(annaShop, large("d", 101)), bank.InsufficientFunds)
	k.done(under(annaShop, large("e", 100)))
	// Money that does not fit on the payee's account does not move.
	if _, err := k.do(&payment.Book{Kind: ledger.Cash, From: cash, To: "rich", Amount: pln("1.01")}); bank.CodeOf(err) != bank.Internal {
		t.Errorf("%v", err)
	}
	k.done(&payment.Book{Kind: ledger.Cash, From: cash, To: "rich", Amount: pln("1.00")})
	// An overdraft that takes available out of int64.
	k.book.ChangeAccount("rich", func(a *account.Account) { a.Overdraft = most })
	if _, err := k.do(under(annaShop, large("f", 1))); err == nil {
		t.Error("available overflowed and passed")
	}
}

// The same state, instant, identifiers and orders give the same outcomes and
// the same changes, in the same order.
func TestDecidingIsDeterministic(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		one, two := fixture(), fixture()
		orders := rapid.SliceOfN(rapid.Custom(drawOrder), 1, 30).Draw(r, "orders")
		results, changes := payment.Decide(one, at(startOfTest), &counting{}, orders)
		again, changesAgain := payment.Decide(two, at(startOfTest), &counting{}, orders)
		if !reflect.DeepEqual(results, again) || !reflect.DeepEqual(changes, changesAgain) {
			r.Fatalf("the second time was different:\n%+v\n%+v", results, again)
		}
	})
}

// What is decided together is what would be decided one by one.
func TestABatchIsItsOrdersOneByOne(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		together, apart := fixture(), fixture()
		orders := rapid.SliceOfN(rapid.Custom(drawOrder), 1, 30).Draw(r, "orders")
		all, _ := payment.Decide(together, at(startOfTest), &counting{}, orders)
		ids := &counting{}
		for i, o := range orders {
			one, c := payment.Decide(apart, at(startOfTest), ids, []payment.Order{o})
			// Counters and what waits are handed over in the changes alone.
			for _, n := range c.Counters {
				apart.Counters[n.Key] = n.Used
			}
			for _, a := range c.NewAuthorisations {
				apart.Pending[payment.OperationKey{Application: a.Application, ID: a.Draft.OperationID}] = a.ID
			}
			if !reflect.DeepEqual(one[0], all[i]) {
				r.Fatalf("order %d of the batch %+v; alone %+v", i, all[i], one[0])
			}
		}
	})
}

type counting struct{ n int }

func (c *counting) NewID() string {
	c.n++
	return fmt.Sprintf("new-%d", c.n)
}

// fixture is a loaded state of Anna and her shop, with three holds.
func fixture() *payment.State {
	s := payment.NewState()
	g := agreement(annaShop, shop, anna, annaHerself, purse)
	a := application(shop, shops)
	s.Agreements[annaShop], s.Applications[shop] = &g, &a
	s.Customers[anna], s.CustomerLimits[anna] = &party.Customer{ID: anna}, nil
	for _, id := range []account.ID{purse, shops} {
		s.Accounts[id] = &account.Account{ID: id, Kind: account.Customer, Status: account.Open, Access: account.Access{State: account.AccessOn}, Booked: pln("300.00"), Held: pln("0.00"), Overdraft: pln("0.00")}
	}
	s.Accounts[purse].Held = pln("30.00")
	for i := range 3 {
		id := ledger.HoldID(fmt.Sprintf("h%d", i))
		s.Holds[id] = &ledger.Hold{ID: id, Agreement: annaShop, Application: shop, Account: purse, Amount: pln("10.00"), Captured: pln("0.00"), Status: ledger.Active, CreatedAt: at(startOfTest), ValidTo: at(startOfTest).Add(ledger.DefaultHoldLife), Events: 1}
	}
	for i := range 8 {
		k := payment.OperationKey{Application: shop, ID: fmt.Sprintf("o%d", i)}
		s.Operations[k], s.Pending[k] = nil, ""
	}
	for _, subject := range []limit.Subject{limit.OfAgreement(string(annaShop)), limit.OneOffOf(string(anna)), limit.ChargesOf(string(annaShop))} {
		for _, p := range []limit.Period{"2026-03-10", "2026-03"} {
			s.Counters[limit.Key{Subject: subject, Period: p}] = money.Amount{}
		}
	}
	return s
}

func drawOrder(r *rapid.T) payment.Order {
	op := fmt.Sprintf("o%d", rapid.IntRange(0, 7).Draw(r, "op"))
	h := ledger.HoldID(fmt.Sprintf("h%d", rapid.IntRange(0, 2).Draw(r, "hold")))
	amount := money.New(rapid.Int64Range(1, 10000).Draw(r, "amount"), money.PLN)
	switch rapid.IntRange(0, 6).Draw(r, "kind") {
	case 0:
		return under(annaShop, hold(op, amount.String()))
	case 1:
		return under(annaShop, pay(op, amount.String()))
	case 2:
		return under(annaShop, capture(op, h, amount.String()))
	case 3:
		return under(annaShop, changeHold(op, h, amount.String()))
	case 4:
		return &payment.Release{Hold: h, Agreement: annaShop, AccountRef: "ref-" + string(annaShop)}
	case 5:
		return prepare(pay(op, amount.String()))
	}
	return &payment.Book{By: audit.Actor{Kind: audit.Bank}, Kind: ledger.Transfer, Title: "t", From: shops, To: purse, Amount: amount}
}

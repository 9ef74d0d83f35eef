package payment_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/payment"
)

// again asserts that an order gets its first answer once more, and does nothing.
func (k *teller) again(o payment.Order, first payment.Outcome) {
	k.t.Helper()
	before := k.holdsAndBalances()
	out := k.done(o)
	if !out.Repeat {
		k.t.Error("it was not taken for a repeat")
	}
	out.Repeat = false
	if !reflect.DeepEqual(out, first) {
		k.t.Errorf("%+v\nwant the first answer: %+v", out, first)
	}
	if after := k.holdsAndBalances(); before != after {
		k.t.Errorf("a repeat moved money: %s, then %s", before, after)
	}
}

// The first answer comes once more whatever has happened meanwhile: to the
// object, to the clock, to limits, money, blocks and calls left.
func TestARepeatGetsTheFirstAnswer(t *testing.T) {
	k := newTeller(t)
	d := hold("h", "100.00")
	d.ValidTo = k.now.Add(time.Hour)
	place := under(annaShop, d)
	placed := k.done(place)
	change := under(annaShop, changeHold("c", placed.Hold.ID, "120.00"))
	changed := k.done(change)
	capturing := under(annaShop, capture("k", placed.Hold.ID, "110.00"))
	captured := k.done(capturing)
	today := under(annaShop, schedule("p", "50.00", "2026-03-10"))
	paid := k.done(today)
	later := under(annaShop, schedule("s", "60.00", "2026-03-11"))
	planned := k.done(later)
	move := under(annaShop, changePayment("m", planned.Payment.ID, "61.00"))
	moved := k.done(move)

	k.now = k.now.Add(400 * 24 * time.Hour)
	k.done(&payment.Run{Payment: planned.Payment.ID})
	k.limitsOf(annaShop, limits("0.00", "0.00", "0.00", "0.00"))
	k.funds(purse, "0.00")
	k.statusOf(purse, account.Blocked)
	for _, p := range everything() {
		k.quota(annaShop, p, 0)
	}
	k.again(place, placed)
	k.again(change, changed)
	k.again(capturing, captured)
	k.again(today, paid)
	k.again(later, planned)
	k.again(move, moved)
	if placed.Hold.Status != ledger.Active || planned.Payment.Status != payment.Scheduled {
		t.Error("the first answers changed with their objects")
	}
}

func TestRepeatsInOneBatch(t *testing.T) {
	k := newTeller(t)
	results := k.all(under(annaShop, hold("x", "100.00")), under(annaShop, hold("x", "100.00")), under(annaShop, hold("x", "100.01")))
	if results[0].Err != nil || results[1].Err != nil || !results[1].Outcome.Repeat || results[0].Outcome.Hold.ID != results[1].Outcome.Hold.ID {
		t.Errorf("%+v", results)
	}
	if bank.CodeOf(results[2].Err) != bank.OperationReused {
		t.Errorf("other content: %v", results[2].Err)
	}
	k.stands(purse, "1000.00", "100.00")
}

// One byte of difference makes another operation.
func TestAnIDWithOtherContent(t *testing.T) {
	k := newTeller(t)
	base := schedule("x", "10.00", "2026-03-12")
	k.done(under(annaShop, base))
	other := func(change func(d *payment.Draft)) payment.Draft {
		d := base
		change(&d)
		return d
	}
	h := k.held("10.00").ID
	for name, d := range map[string]payment.Draft{
		"amount":  other(func(d *payment.Draft) { d.Amount = pln("10.01") }),
		"title":   other(func(d *payment.Draft) { d.Title += " " }),
		"date":    other(func(d *payment.Draft) { d.ExecutionDate = day("2026-03-13") }),
		"no date": pay("x", "10.00"),
		"hold":    capture("x", h, "10.00"),
		"kind":    hold("x", "10.00"),
	} {
		if _, err := k.do(under(annaShop, d)); bank.CodeOf(err) != bank.OperationReused {
			t.Errorf("other %s: %v", name, err)
		}
	}
	// An id is unique within the application, across its customers; another
	// application has ids of its own.
	k.refused(under(benShop, base), bank.OperationReused)
	k.done(under(annaTaxi, base))
	// Content is told apart field by field, not by joined text.
	one, two := hold("y", "10.00"), hold("y", "10.00")
	one.Title, two.Title = "a|b", "a"
	k.done(under(annaShop, one))
	k.refused(under(annaShop, two), bank.OperationReused)
	valid := hold("z", "10.00")
	k.done(under(annaShop, valid))
	valid.ValidTo = k.now.Add(ledger.DefaultHoldLife) // what was the default, now said
	k.refused(under(annaShop, valid), bank.OperationReused)
}

func TestARefusedAttemptDoesNotBurnTheID(t *testing.T) {
	k := newTeller(t)
	k.refused(under(annaShop, hold("x", "500.01")), bank.SingleLimit)
	k.refused(under(annaShop, hold("x", "200.01")), bank.AuthorisationRequired)
	k.funds(purse, "5.00")
	k.refused(under(annaShop, hold("x", "10.00")), bank.InsufficientFunds)
	k.done(under(annaShop, pay("x", "5.00")))
}

// valid_q counts successful first answers; repeats are free, also when no call
// is left (partner-api §5).
func TestCallsAreCounted(t *testing.T) {
	k := newTeller(t)
	k.quota(annaShop, mayCreate, 2)
	first := k.done(under(annaShop, hold("a", "1.00")))
	k.again(under(annaShop, hold("a", "1.00")), first)
	if n := k.left(annaShop, mayCreate); n != 1 {
		t.Errorf("%d calls left", n)
	}
	results := k.all(under(annaShop, hold("b", "1.00")), under(annaShop, hold("c", "1.00")), under(annaShop, hold("a", "1.00")))
	if results[0].Err != nil || bank.CodeOf(results[1].Err) != bank.PermissionUsedUp || results[2].Err != nil {
		t.Errorf("%+v", results)
	}
	k.again(under(annaShop, hold("a", "1.00")), first)
	k.refused(under(annaShop, hold("a", "2.00")), bank.OperationReused)
	k.done(under(annaShop, pay(k.op(), "1.00"))) // another permission has calls of its own
	read := consent.Permission{Object: consent.Payments, Action: consent.ReadDet}
	k.quota(annaShop, read, 1)
	k.done(&payment.SpendRead{Agreement: annaShop, Permission: read})
	k.refused(&payment.SpendRead{Agreement: annaShop, Permission: read}, bank.PermissionUsedUp)
}

// The time of a permission rules repeats too: it is over for every call.
func TestTimeOfAPermission(t *testing.T) {
	k := newTeller(t)
	k.book.ChangeAgreement(annaShop, func(a *consent.Agreement) { a.Grant(mayCreate).ValidSeconds = 3600 })
	k.now = k.now.Add(time.Hour - time.Microsecond)
	k.done(under(annaShop, hold("a", "1.00")))
	k.now = k.now.Add(time.Microsecond)
	k.refused(under(annaShop, hold("b", "1.00")), bank.PermissionUsedUp)
	k.refused(under(annaShop, hold("a", "1.00")), bank.PermissionUsedUp)
}

func TestWordsOfACaller(t *testing.T) {
	k := newTeller(t)
	for _, c := range []struct {
		field  string
		change func(d *payment.Draft)
	}{
		{"operationId", func(d *payment.Draft) { d.OperationID = "" }},
		{"operationId", func(d *payment.Draft) { d.OperationID = strings.Repeat("x", 65) }},
		{"operationId", func(d *payment.Draft) { d.OperationID = "a b" }},
		{"operationId", func(d *payment.Draft) { d.OperationID = "a\x00" }},
		{"operationId", func(d *payment.Draft) { d.OperationID = "zażółć" }},
		{"amount", func(d *payment.Draft) { d.Amount = pln("0.00") }},
		{"amount", func(d *payment.Draft) { d.Amount = pln("-1.00") }},
		{"amount", func(d *payment.Draft) { d.Amount = none }},
		{"currency", func(d *payment.Draft) { d.Amount = eur("1.00") }},
		{"title", func(d *payment.Draft) { d.Title = "" }},
		{"title", func(d *payment.Draft) { d.Title = strings.Repeat("ż", 141) }},
		{"title", func(d *payment.Draft) { d.Title = "two\nlines" }},
		{"title", func(d *payment.Draft) { d.Title = "reads \u202e backwards" }},
		{"title", func(d *payment.Draft) { d.Title = "\xff" }},
	} {
		for _, d := range []payment.Draft{hold("x", "1.00"), pay("x", "1.00")} {
			c.change(&d)
			if r := k.refusal(under(annaShop, d), bank.InvalidParameter); r.Field != c.field {
				t.Errorf("%+v: field %q, want %q", d, r.Field, c.field)
			}
		}
	}
	d := pay(strings.Repeat("~", 64), "1.00")
	d.Title = strings.Repeat("ż", 140)
	k.done(under(annaShop, d))
}

package payment_test

import (
	"strings"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/payment"
)

func TestLimitsAtEqualityAndOneGroszAbove(t *testing.T) {
	for _, c := range []struct {
		name  string
		limit limit.Limits
		own   limit.Caps
		code  bank.Code
	}{
		{"single", limits("100.00", "900.00", "900.00", "900.00"), limit.Caps{}, bank.SingleLimit},
		{"daily", limits("900.00", "100.00", "900.00", "900.00"), limit.Caps{}, bank.DailyLimit},
		{"monthly", limits("900.00", "900.00", "100.00", "900.00"), limit.Caps{}, bank.MonthlyLimit},
		{"limit_a", limits("900.00", "900.00", "900.00", "100.00"), limit.Caps{}, bank.AuthorisationRequired},
		{"own single", limits("900.00", "900.00", "900.00", "900.00"), limit.Caps{Single: capAt("100.00")}, bank.CustomerLimit},
		{"own daily", limits("900.00", "900.00", "900.00", "900.00"), limit.Caps{Daily: capAt("100.00")}, bank.CustomerLimit},
		{"own monthly", limits("900.00", "900.00", "900.00", "900.00"), limit.Caps{Monthly: capAt("100.00")}, bank.CustomerLimit},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, draft := range []func(op, amount string) payment.Draft{hold, pay} {
				k := newTeller(t)
				k.limitsOf(annaShop, c.limit)
				k.book.PutCustomerLimits(anna, limit.OfCustomer{OneOff: c.own})
				k.refused(under(annaShop, draft(k.op(), "100.01")), c.code)
				k.done(under(annaShop, draft(k.op(), "100.00")))
			}
		})
	}
}

func TestLimitsOfAWindowAddUp(t *testing.T) {
	k := newTeller(t)
	k.limitsOf(annaShop, limits("60.00", "100.00", "150.00", "900.00"))
	k.done(under(annaShop, hold(k.op(), "60.00")))
	k.done(under(annaShop, pay(k.op(), "39.99")))
	r := k.refusal(under(annaShop, pay(k.op(), "0.02")), bank.DailyLimit)
	if r.Used != pln("99.99") || r.Left != pln("0.01") {
		t.Errorf("the refusal says used %v, left %v", r.Used, r.Left)
	}
	k.done(under(annaShop, hold(k.op(), "0.01")))
	k.used("100.00", "100.00")
	k.now = k.now.Add(24 * time.Hour)
	r = k.refusal(under(annaShop, pay(k.op(), "50.01")), bank.MonthlyLimit)
	if r.Used != pln("100.00") || r.Left != pln("50.00") {
		t.Errorf("the refusal says used %v, left %v", r.Used, r.Left)
	}
	k.done(under(annaShop, pay(k.op(), "50.00")))
	k.used("50.00", "150.00")
}

// A customer's own limit counts every application; that of a pairing only its own.
func TestOwnLimitCountsEveryApplication(t *testing.T) {
	k := newTeller(t)
	k.book.PutCustomerLimits(anna, limit.OfCustomer{OneOff: limit.Caps{Daily: capAt("100.00")}})
	k.done(under(annaShop, hold(k.op(), "60.00")))
	k.done(under(annaTaxi, pay(k.op(), "40.00")))
	k.refused(under(annaTaxi, hold(k.op(), "0.01")), bank.CustomerLimit)
	k.done(under(benShop, pay(k.op(), "200.00")))
}

// Days and months are those of Warsaw, whatever the machine's zone and on days
// that last 23 or 25 hours (partner-api §6).
func TestWindowsTurnAtMidnightInWarsaw(t *testing.T) {
	for _, c := range []struct{ name, before, after string }{
		{"in winter", "2026-01-15T22:59:59.999999Z", "2026-01-15T23:00:00Z"},
		{"in summer", "2026-07-15T21:59:59.999999Z", "2026-07-15T22:00:00Z"},
		{"before the day of 23 hours", "2026-03-28T22:59:59.999999Z", "2026-03-28T23:00:00Z"},
		{"after the day of 23 hours", "2026-03-29T21:59:59.999999Z", "2026-03-29T22:00:00Z"},
		{"before the day of 25 hours", "2026-10-24T21:59:59.999999Z", "2026-10-24T22:00:00Z"},
		{"after the day of 25 hours", "2026-10-25T22:59:59.999999Z", "2026-10-25T23:00:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newTeller(t)
			k.now = at(c.before)
			k.limitsOf(annaShop, limits("100.00", "100.00", "150.00", "100.00"))
			k.done(under(annaShop, pay(k.op(), "100.00")))
			k.refused(under(annaShop, pay(k.op(), "0.01")), bank.DailyLimit)
			k.now = at(c.after)
			k.refused(under(annaShop, pay(k.op(), "50.01")), bank.MonthlyLimit)
			k.done(under(annaShop, pay(k.op(), "50.00")))
			k.used("50.00", "150.00")
		})
	}
	for _, c := range []struct{ name, before, after string }{
		{"of February", "2026-02-28T22:59:59.999999Z", "2026-02-28T23:00:00Z"},
		{"of a leap February", "2028-02-29T22:59:59.999999Z", "2028-02-29T23:00:00Z"},
		{"of March, in summer time", "2026-03-31T21:59:59.999999Z", "2026-03-31T22:00:00Z"},
		{"of the year", "2026-12-31T22:59:59.999999Z", "2026-12-31T23:00:00Z"},
	} {
		t.Run("end "+c.name, func(t *testing.T) {
			k := newTeller(t)
			k.now = at(c.before)
			k.limitsOf(annaShop, limits("100.00", "900.00", "100.00", "100.00"))
			k.done(under(annaShop, pay(k.op(), "100.00")))
			k.refused(under(annaShop, pay(k.op(), "0.01")), bank.MonthlyLimit)
			k.now = at(c.after)
			k.done(under(annaShop, pay(k.op(), "100.00")))
			k.used("100.00", "100.00")
		})
	}
	t.Run("not within the day of 25 hours", func(t *testing.T) {
		k := newTeller(t)
		k.limitsOf(annaShop, limits("100.00", "100.00", "900.00", "100.00"))
		k.now = at("2026-10-24T22:00:00Z")
		k.done(under(annaShop, pay(k.op(), "100.00")))
		k.now = k.now.Add(24*time.Hour + 59*time.Minute)
		k.refused(under(annaShop, pay(k.op(), "0.01")), bank.DailyLimit)
	})
}

// What ends gives back only what still lies in the current windows.
func TestGivingBack(t *testing.T) {
	const sameDay, nextDay, nextMonth = "2026-03-10T20:00:00Z", "2026-03-11T12:00:00Z", "2026-04-01T12:00:00Z"
	for _, c := range []struct {
		name       string
		at         string
		end        func(k *teller, h ledger.HoldID) payment.Order
		today, mon string
	}{
		{"released on its day", sameDay, released, "10.00", "10.00"},
		{"released on another day", nextDay, released, "0.00", "10.00"},
		{"released in another month", nextMonth, released, "0.00", "0.00"},
		{"captured in part on its day", sameDay, capturedInPart, "70.00", "70.00"},
		{"captured in part on another day", nextDay, capturedInPart, "0.00", "70.00"},
		{"captured in part in another month", nextMonth, capturedInPart, "0.00", "0.00"},
		{"captured whole on its day", sameDay, capturedWhole, "110.00", "110.00"},
		{"captured whole on another day", nextDay, capturedWhole, "0.00", "110.00"},
		{"lowered on its day", sameDay, loweredTo60, "70.00", "70.00"},
		{"lowered on another day", nextDay, loweredTo60, "0.00", "70.00"},
		{"lowered in another month", nextMonth, loweredTo60, "0.00", "0.00"},
		{"raised on its day", sameDay, raisedTo130, "140.00", "140.00"},
		{"raised on another day", nextDay, raisedTo130, "30.00", "140.00"},
		{"raised in another month", nextMonth, raisedTo130, "30.00", "30.00"},
		{"expired on its day", "2026-03-10T20:00:01Z", expired, "10.00", "10.00"},
		{"expired on another day", nextDay, expired, "0.00", "10.00"},
		{"expired in another month", nextMonth, expired, "0.00", "0.00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newTeller(t)
			k.done(under(annaShop, pay(k.op(), "10.00"))) // so that too much given back would be seen
			d := hold(k.op(), "100.00")
			d.ValidTo = at(nextMonth).Add(24 * time.Hour)
			if strings.HasPrefix(c.name, "expired") {
				d.ValidTo = at("2026-03-10T20:00:01Z")
			}
			h := k.done(under(annaShop, d)).Hold.ID
			k.used("110.00", "110.00")
			k.now = at(c.at)
			k.done(c.end(k, h))
			k.used(c.today, c.mon)
		})
	}
}

func released(k *teller, h ledger.HoldID) payment.Order { return k.release(h) }

func expired(_ *teller, h ledger.HoldID) payment.Order { return &payment.Expire{Hold: h} }

func capturedInPart(k *teller, h ledger.HoldID) payment.Order {
	return under(annaShop, capture(k.op(), h, "60.00"))
}

func capturedWhole(k *teller, h ledger.HoldID) payment.Order {
	return under(annaShop, capture(k.op(), h, "100.00"))
}

func loweredTo60(k *teller, h ledger.HoldID) payment.Order {
	return under(annaShop, changeHold(k.op(), h, "60.00"))
}

func raisedTo130(k *teller, h ledger.HoldID) payment.Order {
	return under(annaShop, changeHold(k.op(), h, "130.00"))
}

// A hold that grew on a later day gives back of that day what it took there, and
// no more.
func TestGivingBackWhatWasTakenOnTwoDays(t *testing.T) {
	k := newTeller(t)
	h := k.held("100.00").ID
	k.now = k.now.Add(24 * time.Hour)
	k.done(under(annaShop, pay(k.op(), "5.00")))
	k.done(under(annaShop, changeHold(k.op(), h, "150.00")))
	k.used("55.00", "155.00")
	k.done(under(annaShop, changeHold(k.op(), h, "80.00"))) // 70 less: 50 of them taken today
	k.used("5.00", "85.00")
	k.done(k.release(h))
	k.used("5.00", "5.00")
}

// Lowering and retitling work also above limits that the customer has lowered
// meanwhile; growing does not.
func TestWhatDoesNotGrowPassesLoweredLimits(t *testing.T) {
	k := newTeller(t)
	h := k.held("100.00").ID
	k.limitsOf(annaShop, limits("50.00", "50.00", "50.00", unconfirmed))
	k.book.PutCustomerLimits(anna, limit.OfCustomer{OneOff: limit.Caps{Single: capAt("50.00"), Daily: capAt("50.00"), Monthly: capAt("50.00")}})
	k.refused(under(annaShop, changeHold(k.op(), h, "100.01")), bank.SingleLimit)
	k.done(under(annaShop, changeHold(k.op(), h, "99.99")))
	d := changeHold(k.op(), h, "")
	d.Title = "Another title"
	if out := k.done(under(annaShop, d)); out.Hold.Title != "Another title" || out.Hold.Amount != pln("99.99") {
		t.Errorf("%+v", out.Hold)
	}
	k.used("99.99", "99.99")
}

// A refused order uses nothing.
func TestARefusedOrderUsesNothing(t *testing.T) {
	k := newTeller(t)
	k.quota(annaShop, mayCreate, 1)
	k.refused(under(annaShop, hold(k.op(), "500.01")), bank.SingleLimit)
	k.refused(under(annaShop, hold(k.op(), "200.01")), bank.AuthorisationRequired)
	k.used("0.00", "0.00")
	if k.left(annaShop, mayCreate) != 1 {
		t.Errorf("%d calls left", k.left(annaShop, mayCreate))
	}
}

var mayCreate = consent.Permission{Object: consent.Blockades, Action: consent.Create}

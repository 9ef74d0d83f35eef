package payment_test

import (
	"testing"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/payment"
)

// A fee is a movement of its own, beside the one that it is charged for.
func TestFeesArePostedApart(t *testing.T) {
	k := newTeller(t)
	k.fees(25, 150, limit.Cap{})
	p := k.done(under(annaShop, pay(k.op(), "100.00"))).Payment
	if p.Fee != pln("1.50") || p.Amount != pln("100.00") {
		t.Errorf("%+v", p)
	}
	h := k.held("50.00").ID
	entries := k.book.Entries()
	if len(entries) != 3 || entries[0].Kind != ledger.Transfer || entries[1].Kind != ledger.Fee || entries[2].Kind != ledger.Fee {
		t.Fatalf("%+v", entries)
	}
	if entries[1].Payment != string(p.ID) || entries[2].Hold != h || entries[2].Payment != "" {
		t.Errorf("the fees say payment %q and hold %q", entries[1].Payment, entries[2].Hold)
	}
	k.stands(purse, "898.25", "50.00")
	k.stands(shops, "100.00", "0.00")
	k.stands(account.FeeIncome, "1.75", "0.00")
	k.used("150.00", "150.00") // limits count amounts, not fees
	// A capture is a payment and charged as one; releasing and expiring are free.
	k.done(under(annaShop, capture(k.op(), h, "50.00")))
	k.stands(account.FeeIncome, "3.25", "0.00")
	k.done(k.release(k.held("1.00").ID))
	k.stands(account.FeeIncome, "3.50", "0.00")
}

func TestCapOnTheFeesOfAMonth(t *testing.T) {
	k := newTeller(t)
	k.fees(100, 150, capAt("2.50"))
	k.held("1.00")
	k.done(under(annaShop, pay(k.op(), "1.00")))
	r := k.refusal(under(annaShop, hold(k.op(), "1.00")), bank.ChargesLimit)
	if r.Used != pln("2.50") || r.Left != pln("0.00") {
		t.Errorf("used %v, left %v", r.Used, r.Left)
	}
	k.now = at("2026-03-31T21:59:59Z")
	k.refused(under(annaShop, pay(k.op(), "1.00")), bank.ChargesLimit)
	k.done(under(benShop, pay(k.op(), "1.00"))) // per customer
	k.now = at("2026-03-31T22:00:00Z")
	k.done(under(annaShop, pay(k.op(), "1.00")))
}

// A payment whose day comes when the fees of its month are used up is rejected.
func TestCapOnFeesOnTheDayOfAPayment(t *testing.T) {
	k := newTeller(t)
	k.fees(100, 100, capAt("1.00"))
	p := k.scheduled("10.00")
	k.held("1.00")
	k.now = at(dueDay)
	if out := k.done(&payment.Run{Payment: p.ID}); out.Payment.Reason != bank.ChargesLimit {
		t.Errorf("%+v", out.Payment)
	}
}

func TestFeeMustBeThere(t *testing.T) {
	k := newTeller(t)
	k.fees(100, 100, limit.Cap{})
	k.funds(purse, "100.99")
	k.refused(under(annaShop, pay(k.op(), "100.00")), bank.InsufficientFunds)
	k.refused(under(annaShop, hold(k.op(), "100.00")), bank.InsufficientFunds)
	h := k.held("99.99").ID
	k.stands(purse, "99.99", "99.99")
	k.refused(under(annaShop, capture(k.op(), h, "99.99")), bank.InsufficientFunds) // the hold did not set the fee aside
	k.done(under(annaShop, capture(k.op(), h, "98.99")))
	k.stands(purse, "0.00", "0.00")
}

package payment_test

import (
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/partner"
	"okienko/bank/payment"
)

func TestHoldSetsMoneyAside(t *testing.T) {
	k := newTeller(t)
	h := k.held("150.00")
	if h.Status != ledger.Active || h.ValidTo != k.now.Add(ledger.DefaultHoldLife) || !h.CreatedAt.Equal(k.now) || h.Account != purse {
		t.Errorf("%+v", h)
	}
	k.stands(purse, "1000.00", "150.00")
	k.funds(purse, "200.00")
	k.refused(under(annaShop, pay(k.op(), "50.01")), bank.InsufficientFunds)
	k.done(under(annaShop, pay(k.op(), "50.00")))
	k.stands(purse, "150.00", "150.00")
	k.refused(under(annaShop, hold(k.op(), "0.01")), bank.InsufficientFunds)
}

func TestOverdraftIsAvailable(t *testing.T) {
	k := newTeller(t)
	k.funds(purse, "10.00")
	k.book.ChangeAccount(purse, func(a *account.Account) { a.Overdraft = pln("40.00") })
	k.refused(under(annaShop, hold(k.op(), "50.01")), bank.InsufficientFunds)
	h := k.held("50.00").ID
	k.done(under(annaShop, capture(k.op(), h, "50.00")))
	k.stands(purse, "-40.00", "0.00")
}

func TestLifeOfAHold(t *testing.T) {
	k := newTeller(t)
	d := hold(k.op(), "1.00")
	for wrong, validTo := range map[string]time.Time{
		"now":                  k.now,
		"past":                 k.now.Add(-time.Second),
		"more than 30 days on": k.now.Add(ledger.MaxHoldLife + time.Microsecond),
	} {
		d.ValidTo = validTo
		if r := k.refusal(under(annaShop, d), bank.InvalidParameter); r.Field != "validTo" {
			t.Errorf("%s: %v", wrong, r)
		}
	}
	d.ValidTo = k.now.Add(ledger.MaxHoldLife)
	h := k.done(under(annaShop, d)).Hold
	k.now = k.now.Add(10 * 24 * time.Hour)
	later := changeHold(k.op(), h.ID, "")
	later.ValidTo = h.CreatedAt.Add(ledger.MaxHoldLife + time.Microsecond) // 30 days from its placing, not from now
	k.refused(under(annaShop, later), bank.InvalidParameter)
	later.ValidTo = h.CreatedAt.Add(20 * 24 * time.Hour)
	if out := k.done(under(annaShop, later)); !out.Hold.ValidTo.Equal(later.ValidTo) || out.Hold.Amount != h.Amount || out.Hold.Title != h.Title {
		t.Errorf("%+v", out.Hold)
	}
}

// Past its time a hold counts as expired also before a worker has ended it: it
// still holds its money, and nothing but expiry can end it.
func TestExpiredAndNotYetSwept(t *testing.T) {
	k := newTeller(t)
	h := k.held("100.00")
	k.now = h.ValidTo.Add(-time.Microsecond)
	if out := k.done(&payment.Expire{Hold: h.ID}); !out.Repeat {
		t.Error("it expired before its time")
	}
	k.now = h.ValidTo
	k.refused(under(annaShop, capture(k.op(), h.ID, "100.00")), bank.HoldExpired)
	k.refused(under(annaShop, changeHold(k.op(), h.ID, "50.00")), bank.HoldExpired)
	k.refused(k.release(h.ID), bank.HoldExpired)
	k.stands(purse, "1000.00", "100.00")
	if out := k.done(&payment.Expire{Hold: h.ID}); out.Repeat || out.Hold.Status != ledger.Expired {
		t.Errorf("%+v", out)
	}
	if out := k.done(&payment.Expire{Hold: h.ID}); !out.Repeat {
		t.Error("it expired twice")
	}
	k.stands(purse, "1000.00", "0.00")
	k.refused(k.release(h.ID), bank.HoldExpired)
	k.refused(&payment.Expire{Hold: "unknown"}, bank.NotFound)
}

func TestCapture(t *testing.T) {
	k := newTeller(t)
	h := k.held("100.00").ID
	k.refused(under(annaShop, capture(k.op(), h, "100.01")), bank.AmountAboveHold)
	p := k.done(under(annaShop, capture(k.op(), h, "60.00"))).Payment
	if p.Status != payment.Executed || p.Hold != h || p.Payee != shops {
		t.Errorf("%+v", p)
	}
	k.stands(purse, "940.00", "0.00")
	k.stands(shops, "60.00", "0.00")
	now := k.holdNow(h)
	if now.Status != ledger.Captured || now.Captured != pln("60.00") || now.Amount != pln("100.00") {
		t.Errorf("%+v", now)
	}
	k.refused(under(annaShop, capture(k.op(), h, "1.00")), bank.HoldCaptured)
	k.refused(k.release(h), bank.HoldCaptured)
	if out := k.done(&payment.Expire{Hold: h}); !out.Repeat {
		t.Error("a captured hold expired")
	}
	if e := k.book.Entries(); len(e) != 1 || e[0].Hold != h || e[0].Payment != string(p.ID) {
		t.Errorf("%+v", e)
	}
}

// A capture takes what was set aside, also when nothing else is left.
func TestCaptureWithAnEmptyAccount(t *testing.T) {
	k := newTeller(t)
	h := k.held("200.00").ID
	k.funds(purse, "200.00")
	k.done(under(annaShop, capture(k.op(), h, "200.00")))
	k.stands(purse, "0.00", "0.00")
}

// After a move the hold stays on the old account and is captured from it; new
// operations use the new one; the caller's account_id stays the same
// (partner-api §3).
func TestMovedPairing(t *testing.T) {
	k := newTeller(t)
	h := k.held("100.00").ID
	released := k.held("10.00").ID
	k.book.ChangeAgreement(annaShop, func(a *consent.Agreement) { a.Account = savings })
	k.statusOf(savings, account.Blocked)
	k.done(under(annaShop, changeHold(k.op(), h, "120.00"))) // the state that counts is that of the old account
	k.done(under(annaShop, capture(k.op(), h, "120.00")))
	k.done(k.release(released))
	k.refused(under(annaShop, pay(k.op(), "5.00")), bank.AccountBlocked)
	k.statusOf(savings, account.Open)
	k.done(under(annaShop, pay(k.op(), "5.00")))
	k.stands(purse, "880.00", "0.00")
	k.stands(savings, "995.00", "0.00")
	k.used("125.00", "125.00")
}

// A hold of an ended pairing stays until it is released or expires; the
// customer may release it when the application allows that.
func TestHoldOfAnEndedPairing(t *testing.T) {
	k := newTeller(t)
	h := k.held("100.00").ID
	anna := &payment.Release{Hold: h, By: payment.PersonOf(annaHerself), Customer: anna}
	k.refused(anna, bank.StatusNotAllowed) // the pairing stands
	k.book.ChangeAgreement(annaShop, func(a *consent.Agreement) { a.Status = consent.Ended })
	k.stands(purse, "1000.00", "100.00")
	k.refused(k.release(h), bank.AgreementEnded)
	k.refused(under(annaShop, capture(k.op(), h, "1.00")), bank.AgreementEnded)
	k.refused(anna, bank.StatusNotAllowed) // the application does not allow it
	k.book.ChangeApplication(shop, func(a *partner.Application) { a.ReleaseByCustomer = true })
	k.refused(&payment.Release{Hold: h, By: payment.PersonOf(benHimself), Customer: ben}, bank.NotFound)
	k.refused(&payment.Release{Hold: "unknown", By: payment.PersonOf(annaHerself), Customer: "anna"}, bank.NotFound)
	k.done(anna)
	k.stands(purse, "1000.00", "0.00")
	if out := k.done(anna); !out.Repeat {
		t.Error("released twice")
	}
}

func TestExpiryAndStaffReleaseAfterTheEnd(t *testing.T) {
	k := newTeller(t)
	expires, released := k.held("100.00"), k.held("50.00")
	k.book.ChangeAgreement(annaShop, func(a *consent.Agreement) { a.Status = consent.Ended })
	k.done(&payment.Release{Hold: released.ID, By: audit.Actor{Kind: audit.Staff, ID: "s1"}})
	k.used("100.00", "100.00")
	k.now = expires.ValidTo
	k.done(&payment.Expire{Hold: expires.ID})
	k.stands(purse, "1000.00", "0.00")
}

func TestHoldChangesOnlyWhatIsSaid(t *testing.T) {
	k := newTeller(t)
	h := k.held("100.00")
	if r := k.refusal(under(annaShop, changeHold(k.op(), h.ID, "")), bank.InvalidParameter); r.Field == "" {
		t.Error("an empty change names no field")
	}
	k.refused(under(annaShop, changeHold(k.op(), "", "5.00")), bank.NotFound)
	out := k.done(under(annaShop, changeHold(k.op(), h.ID, "100.50")))
	if out.Hold.Title != h.Title || !out.Hold.ValidTo.Equal(h.ValidTo) || out.Hold.Amount != pln("100.50") {
		t.Errorf("%+v", out.Hold)
	}
	k.stands(purse, "1000.00", "100.50")
	k.funds(purse, "150.00")
	k.refused(under(annaShop, changeHold(k.op(), h.ID, "150.01")), bank.InsufficientFunds)
	k.done(under(annaShop, changeHold(k.op(), h.ID, "150.00")))
	events := k.book.HoldEvents(h.ID)
	if len(events) != 3 || events[2].Amount != pln("150.00") || events[2].Delta.InDay != pln("49.50") {
		t.Errorf("%+v", events)
	}
}

// Above limit_a a changed amount needs the customer's word; a new title alone
// does not.
func TestChangedHoldAboveLimitA(t *testing.T) {
	k := newTeller(t)
	h := k.held("200.00").ID
	k.refused(under(annaShop, changeHold(k.op(), h, "200.01")), bank.AuthorisationRequired)
	a := k.done(prepare(changeHold("bigger", h, "300.00"))).Authorisation
	k.stands(purse, "1000.00", "200.00")
	out := k.done(k.confirmed(a))
	if out.Hold.Amount != pln("300.00") || out.Authorisation.Hold != h || out.Authorisation.Status != payment.Done {
		t.Errorf("%+v", out.Authorisation)
	}
	k.used("300.00", "300.00")
	d := changeHold(k.op(), h, "")
	d.Title = "Another title"
	k.done(under(annaShop, d))
}

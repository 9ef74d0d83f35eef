package payment_test

import (
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/limit"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/payment"
)

// scheduled orders a payment for 12 March; today is the 10th.
func (k *teller) scheduled(amount string) *payment.Payment {
	k.t.Helper()
	return k.done(under(annaShop, schedule(k.op(), amount, "2026-03-12"))).Payment
}

const dueDay = "2026-03-11T23:00:00Z" // midnight in Warsaw

func TestScheduledPayment(t *testing.T) {
	k := newTeller(t)
	k.funds(purse, "0.00")
	p := k.scheduled("100.00") // funds are needed at execution
	if p.Status != payment.Scheduled || p.ExecutionDate != day("2026-03-12") || !p.EndedAt.IsZero() {
		t.Errorf("%+v", p)
	}
	k.used("100.00", "100.00") // limits of the window of its creation
	k.stands(purse, "0.00", "0.00")
	k.funds(purse, "100.00")
	k.now = at(dueDay).Add(-time.Microsecond)
	if out := k.done(&payment.Run{Payment: p.ID}); !out.Repeat {
		t.Error("it ran before its day")
	}
	k.now = at(dueDay)
	if out := k.done(&payment.Run{Payment: p.ID}); out.Payment.Status != payment.Executed || !out.Payment.EndedAt.Equal(k.now) {
		t.Errorf("%+v", out.Payment)
	}
	k.stands(purse, "0.00", "0.00")
	k.stands(shops, "100.00", "0.00")
	k.used("0.00", "100.00") // nothing of the window of its execution
	if out := k.done(&payment.Run{Payment: p.ID}); !out.Repeat || len(k.book.Entries()) != 3 {
		t.Error("it ran twice")
	}
	k.refused(&payment.Run{Payment: "unknown"}, bank.NotFound)
	var kinds []payment.EventKind
	for _, e := range k.book.PaymentEvents(p.ID) {
		kinds = append(kinds, e.Kind)
	}
	if len(kinds) != 2 || kinds[0] != payment.EventScheduled || kinds[1] != payment.EventExecuted {
		t.Errorf("%v", kinds)
	}
}

func TestDatesOfAPayment(t *testing.T) {
	k := newTeller(t)
	for _, wrong := range []string{"2026-03-09", "2027-03-11", "2025-03-10"} {
		if r := k.refusal(under(annaShop, schedule(k.op(), "1.00", wrong)), bank.InvalidParameter); r.Field != "executionDate" {
			t.Errorf("%s: %v", wrong, r)
		}
	}
	if p := k.done(under(annaShop, schedule(k.op(), "1.00", "2026-03-10"))).Payment; p.Status != payment.Executed {
		t.Errorf("for today: %s", p.Status)
	}
	if p := k.done(under(annaShop, schedule(k.op(), "1.00", "2027-03-10"))).Payment; p.Status != payment.Scheduled {
		t.Errorf("in a year: %s", p.Status)
	}
	k.now = at("2026-03-10T23:00:00Z") // today is the 11th in Warsaw, the 10th in Greenwich
	k.refused(under(annaShop, schedule(k.op(), "1.00", "2026-03-10")), bank.InvalidParameter)
	if p := k.done(under(annaShop, pay(k.op(), "1.00"))).Payment; p.ExecutionDate != day("2026-03-11") {
		t.Errorf("executed on %s", p.ExecutionDate)
	}
}

// On its day a payment meets state and funds; what stands in its way rejects
// it, with the reason, and gives the limits back.
func TestRejectedOnItsDay(t *testing.T) {
	for _, c := range []struct {
		code  bank.Code
		spoil func(k *teller)
	}{
		{bank.InsufficientFunds, func(k *teller) { k.funds(purse, "99.99") }},
		{bank.AgreementEnded, func(k *teller) {
			k.book.ChangeAgreement(annaShop, func(a *consent.Agreement) { a.Status = consent.Ended })
		}},
		{bank.AgreementPaused, func(k *teller) {
			k.book.ChangeAgreement(annaShop, func(a *consent.Agreement) { a.Status = consent.Suspended })
		}},
		{bank.CustomerBlocked, func(k *teller) {
			k.book.ChangeCustomer(anna, func(c *party.Customer) { c.Blocked = party.Block{By: "hotline"} })
		}},
		{bank.AccountBlocked, func(k *teller) { k.statusOf(purse, account.Blocked) }},
		{bank.AccessOff, func(k *teller) { k.accessOf(purse, account.AccessOff) }},
		{bank.PayeeUnavailable, func(k *teller) { k.statusOf(shops, account.Closed) }},
	} {
		t.Run(string(c.code), func(t *testing.T) {
			k := newTeller(t)
			k.done(under(annaShop, pay(k.op(), "5.00")))
			p := k.scheduled("100.00")
			k.used("105.00", "105.00")
			c.spoil(k)
			before := k.holdsAndBalances()
			k.now = at(dueDay)
			out := k.done(&payment.Run{Payment: p.ID})
			if out.Payment.Status != payment.Rejected || out.Payment.Reason != c.code || out.Payment.EndedAt.IsZero() {
				t.Errorf("%+v", out.Payment)
			}
			if after := k.holdsAndBalances(); after != before {
				t.Errorf("it moved money: %s, then %s", before, after)
			}
			k.used("0.00", "5.00") // of the month; yesterday's window is over
			if out := k.done(&payment.Run{Payment: p.ID}); !out.Repeat {
				t.Error("it was rejected twice")
			}
		})
	}
}

func TestCancelledGivesBack(t *testing.T) {
	k := newTeller(t)
	first, second := k.scheduled("100.00"), k.scheduled("30.00")
	k.done(&payment.Cancel{Payment: first.ID, Agreement: annaShop})
	k.used("30.00", "30.00")
	k.now = at("2026-04-01T12:00:00Z")
	k.done(&payment.Cancel{Payment: second.ID, By: audit.Actor{Kind: audit.Staff, ID: "s1"}})
	k.used("0.00", "0.00")
	k.refused(&payment.Cancel{Payment: second.ID, By: audit.Actor{Kind: audit.Staff, ID: "s1"}}, bank.PaymentFinal)
	k.refused(&payment.Cancel{Payment: "unknown", By: audit.Actor{Kind: audit.Staff, ID: "s1"}}, bank.NotFound)
	if out := k.done(&payment.Run{Payment: first.ID}); !out.Repeat || out.Payment.Status != payment.Cancelled {
		t.Errorf("a cancelled payment ran: %+v", out.Payment)
	}
	k.stands(shops, "0.00", "0.00")
}

// A change counts the difference, in the windows of its own day.
func TestChangedPayment(t *testing.T) {
	k := newTeller(t)
	p := k.scheduled("100.00")
	k.limitsOf(annaShop, limits("500.00", "150.00", "170.00", unconfirmed))
	k.refused(under(annaShop, changePayment(k.op(), p.ID, "150.01")), bank.DailyLimit)
	k.done(under(annaShop, changePayment(k.op(), p.ID, "150.00")))
	k.used("150.00", "150.00")
	k.now = k.now.Add(24 * time.Hour)
	k.refused(under(annaShop, changePayment(k.op(), p.ID, "170.01")), bank.MonthlyLimit)
	d := changePayment(k.op(), p.ID, "170.00")
	d.ExecutionDate = day("2026-03-20")
	out := k.done(under(annaShop, d))
	if out.Payment.Amount != pln("170.00") || out.Payment.Title != "Changed" || out.Payment.ExecutionDate != d.ExecutionDate {
		t.Errorf("%+v", out.Payment)
	}
	k.used("20.00", "170.00")
	k.now = at("2026-03-19T22:00:00Z")
	if out := k.done(&payment.Run{Payment: p.ID}); !out.Repeat {
		t.Error("it ran on the day from which it was put off")
	}
	k.done(under(annaShop, changePayment(k.op(), p.ID, "40.00")))
	k.used("0.00", "40.00")
	k.now = at("2026-03-20T12:00:00Z")
	k.done(&payment.Run{Payment: p.ID})
	k.stands(shops, "40.00", "0.00")
	k.refused(under(annaShop, changePayment(k.op(), p.ID, "41.00")), bank.PaymentFinal)
}

// A payment goes where it was scheduled to go, also when the partner has another
// account meanwhile, and costs what was shown.
func TestScheduledPaymentKeepsPayeeAndFee(t *testing.T) {
	k := newTeller(t)
	k.fees(0, 100, limit.Cap{})
	p := k.scheduled("100.00")
	if p.Fee != pln("1.00") {
		t.Fatalf("fee %v", p.Fee)
	}
	k.stands(account.FeeIncome, "0.00", "0.00")
	k.fees(0, 900, limit.Cap{})
	k.book.ChangeApplication(shop, func(a *partner.Application) { a.Account = taxis })
	k.done(under(annaShop, changePayment(k.op(), p.ID, "120.00")))
	k.now = at(dueDay)
	k.done(&payment.Run{Payment: p.ID})
	k.stands(shops, "120.00", "0.00")
	k.stands(taxis, "0.00", "0.00")
	k.stands(account.FeeIncome, "1.00", "0.00")

	k.now = at(startOfTest)
	free := newTeller(t)
	free.fees(0, 100, limit.Cap{})
	p = free.scheduled("100.00")
	free.fees(0, 0, limit.Cap{})
	free.now = at(dueDay)
	if out := free.done(&payment.Run{Payment: p.ID}); out.Payment.Status != payment.Executed || out.Payment.Fee != pln("1.00") {
		t.Errorf("%+v", out.Payment)
	}
}

// A payment from a moved pairing leaves the account from which it was scheduled.
func TestScheduledPaymentOfAMovedPairing(t *testing.T) {
	k := newTeller(t)
	p := k.scheduled("100.00")
	k.book.ChangeAgreement(annaShop, func(a *consent.Agreement) { a.Account = savings })
	k.done(under(annaShop, changePayment(k.op(), p.ID, "90.00")))
	k.now = at(dueDay)
	k.done(&payment.Run{Payment: p.ID})
	k.stands(purse, "910.00", "0.00")
	k.stands(savings, "1000.00", "0.00")
}

// Who ended a pairing took back what was scheduled under it, also when they pair
// again before its day.
func TestScheduledPaymentOfAPairingGivenAnew(t *testing.T) {
	k := newTeller(t)
	old := k.scheduled("100.00")
	k.now = k.now.Add(time.Hour)
	k.book.ChangeAgreement(annaShop, func(a *consent.Agreement) { a.Status, a.EndedAt = consent.Ended, k.now })
	k.now = k.now.Add(time.Hour)
	k.book.ChangeAgreement(annaShop, func(a *consent.Agreement) { a.Status, a.GivenAt = consent.Active, k.now })
	again := k.scheduled("10.00")
	k.now = at(dueDay)
	if out := k.done(&payment.Run{Payment: old.ID}); out.Payment.Status != payment.Rejected || out.Payment.Reason != bank.AgreementEnded {
		t.Errorf("%+v", out.Payment)
	}
	if out := k.done(&payment.Run{Payment: again.ID}); out.Payment.Status != payment.Executed {
		t.Errorf("%+v", out.Payment)
	}
	k.stands(purse, "990.00", "0.00")
}

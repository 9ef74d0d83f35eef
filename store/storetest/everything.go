package storetest

import (
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/calendar"
	"okienko/bank/fee"
	"okienko/bank/intake"
	"okienko/bank/money"
	"okienko/bank/payment"
	"okienko/bank/rail"
	"okienko/bank/sca"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// Everything fills the data of a test with every way in which a payment, a hold,
// a prepared operation, a consent and a transfer of a third party can go, over several hours and days, with fees and
// an access log, and closes it: for those who judge kept data.
func Everything(t *testing.T, open Open) {
	w := newWorld(t, open)
	l := wide()
	l.Unconfirmed = zl(500)
	a := w.holder("jan", zl(5000), l)
	b := w.holder("ola", zl(40), l)
	yes := func(o payment.Order) payment.Outcome {
		t.Helper()
		out, err := w.do(o)
		must(t, err)
		return out
	}
	no := func(o payment.Order, code bank.Code) {
		t.Helper()
		if _, err := w.do(o); bank.CodeOf(err) != code {
			t.Fatalf("%v, want %s", err, code)
		}
	}
	yes(pay(a, "free", zl(10), ""))
	w.app.Fees = fee.Table{fee.Hold: 50, fee.Payment: 25}
	must(t, w.s.PutApplication(t.Context(), w.app, audit.Record{At: w.clock.Now(), Act: "application.put", Subject: "application:app-1"}))

	// Holds: captured whole and in part, released, expired, changed, active.
	whole, part, released, expired := yes(place(a, "h1", zl(30))), yes(place(a, "h2", zl(40))), yes(place(a, "h3", zl(50))), yes(place(b, "h4", zl(5)))
	w.clock.move(time.Hour)
	yes(pay(a, "c1", zl(30), whole.Hold.ID))
	yes(pay(a, "c2", zl(15), part.Hold.ID))
	yes(&payment.Release{Hold: released.Hold.ID, Agreement: a.ID, AccountRef: a.AccountRef})
	changed := yes(place(a, "h5", zl(60)))
	for i, to := range []int64{80, 20} {
		w.clock.move(20 * time.Hour) // into the next day
		yes(&payment.Submit{Agreement: a.ID, AccountRef: a.AccountRef, Draft: payment.Draft{
			Kind: payment.ChangeHold, OperationID: "h5-" + string(rune('a'+i)), Hold: changed.Hold.ID, Amount: zl(to),
		}})
	}
	w.clock.move(8 * 24 * time.Hour)
	yes(&payment.Expire{Hold: expired.Hold.ID})
	yes(&payment.Expire{Hold: changed.Hold.ID})
	yes(place(a, "h6", zl(70)))

	// Payments: at once, scheduled and run, changed, cancelled, rejected, waiting.
	yes(pay(a, "p1", zl(100), ""))
	no(pay(b, "p2", zl(1000), ""), bank.InsufficientFunds)
	later := func(operation string, amount int64, who *payment.Submit) payment.Outcome {
		who.Draft.OperationID, who.Draft.Amount = operation, zl(amount)
		who.Draft.ExecutionDate = calendar.DateOf(w.clock.Now()).AddDays(2)
		return yes(who)
	}
	run, amended, dropped, poor := later("s1", 11, pay(a, "", zl(1), "")), later("s2", 12, pay(a, "", zl(1), "")),
		later("s3", 13, pay(a, "", zl(1), "")), later("s4", 300, pay(b, "", zl(1), ""))
	later("s5", 14, pay(a, "", zl(1), "")) // goes on waiting
	yes(&payment.Submit{Agreement: a.ID, AccountRef: a.AccountRef, Draft: payment.Draft{
		Kind: payment.ChangePayment, OperationID: "s2-a", Payment: amended.Payment.ID, Amount: zl(21), Title: "Więcej",
	}})
	yes(&payment.Cancel{Payment: dropped.Payment.ID, Agreement: a.ID})
	w.clock.move(2 * 24 * time.Hour)
	for _, p := range []payment.Outcome{run, amended, poor} {
		yes(&payment.Run{Payment: p.Payment.ID})
	}

	// Prepared operations: executed, declined, lapsed, waiting.
	prepare := func(operation string) *payment.Authorisation {
		return yes(&payment.Prepare{
			Agreement: a.ID, AccountRef: a.AccountRef, Draft: pay(a, operation, zl(600), "").Draft,
			Return: payment.Return{AppType: "web", OS: "ALL", Callback: "https://rower.example/back"},
		}).Authorisation
	}
	executed, declined := prepare("a1"), prepare("a2")
	prepare("a3")
	ch := w.passed(a.Person, sca.Subject{Purpose: sca.ForOperation, ID: string(executed.ID), Binding: executed.Binding()})
	yes(&payment.Execute{Authorisation: executed.ID, Challenge: ch, Person: a.Person})
	yes(&payment.Decline{Authorisation: declined.ID, Person: a.Person})
	w.clock.move(time.Hour)
	prepare("a3")

	thirdPartyOrders(w)
	for range 3 {
		w.s.LogAccess(audit.AccessRecord{At: w.clock.Now(), Client: string(client), Agreement: string(a.ID), Act: "user.read", Outcome: "ok"})
		must(t, w.s.FlushAccess(t.Context()))
		w.clock.move(time.Hour)
	}
	w.reopen()
}

// thirdPartyOrders has a transfer of every kind go every way.
func thirdPartyOrders(w *world) {
	yes := func(o payment.Order) payment.Outcome {
		w.t.Helper()
		out, err := w.do(o)
		must(w.t, err)
		return out
	}
	p := w.payer("tpp", zl(1000))
	p.also("vat-account", zl(5), intake.OpeningAccount)
	split := func(amount int64) transfer.Instruction {
		i := elixir(zl(amount))
		i.Split = &transfer.Split{VAT: zl(4), TaxID: "5260250995", Invoice: "FV 1"}
		return i
	}
	dated := elixir(zl(13))
	dated.Mode, dated.ExecutionDate = transfer.FutureDated, calendar.DateOf(w.clock.Now()).AddDays(3)

	pays := func(id string, orders ...transfer.Instruction) *transfer.Transfer {
		return p.pays(id, orders...).Transfer
	}
	yes(settle(pays("done", elixir(zl(10))).ID))
	back := pays("back", split(11))
	yes(settle(back.ID))
	yes(&payment.ReturnFunds{Transfer: back.ID, Reason: "closed"})
	pays("waits", split(12))
	pays("poor", elixir(zl(5000)))
	yes(&payment.Settle{Transfer: pays("refused", elixir(zl(9))).ID, Verdict: rail.Verdict{Outcome: rail.Refused, Reason: "no such account"}})
	yes(p.revokes("cancels", xs2a.What{Transfer: pays("cancelled", elixir(zl(8))).ID}))
	pays("inside", within(zl(7)))
	later := pays("later", dated)
	pays("goes on waiting", dated)
	set := p.pays("set", elixir(zl(3)), within(zl(2)))
	yes(p.revokes("cancels the set", xs2a.What{OfBundle: set.Bundle.ID}))
	p.pays("waiting set", elixir(zl(4)), elixir(zl(5)))

	p.also("acc-euro", money.New(50_00, money.EUR), rail.Clearing(transfer.Target, money.EUR))
	euro := p
	euro.account = "acc-euro"
	yes(settle(euro.pays("euro", sepa(12_00)).Transfer.ID))

	every := p.pays("every", monthly(w, within, zl(6))).Standing
	dropped := p.pays("dropped", monthly(w, elixir, zl(6))).Standing
	w.clock.move(3 * 24 * time.Hour)
	yes(&payment.RunStanding{Standing: every.ID})
	yes(&payment.RunStanding{Standing: dropped.ID})
	yes(p.revokes("drops", xs2a.What{Standing: dropped.ID}))
	yes(&payment.RunTransfer{Transfer: later.ID})

	_, err := w.s.ChangeConsent(w.t.Context(), "consent-goes on waiting", nil, func(c *xs2a.Consent) ([]audit.Record, error) {
		c.Status, c.EndedAt, c.EndedBy = xs2a.Ended, w.clock.Now(), "customer:per-tpp"
		return []audit.Record{{At: w.clock.Now(), Act: "consent.ended", Subject: "consent:consent-goes on waiting"}}, nil
	})
	must(w.t, err)
}

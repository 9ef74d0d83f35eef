package customer

import (
	"strings"
	"testing"
	"time"

	"okienko/bank/account"
	"okienko/bank/calendar"
	"okienko/bank/money"
	"okienko/bank/payment"
	"okienko/bank/rail"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

func day(s string) calendar.Date {
	d, err := calendar.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func TestPaymentIsShownAndConfirmed(t *testing.T) {
	w := newWorld(t)
	b := w.as(anna, ofAnna)
	id := w.asks(toPay("p1", rent(40_000)))
	page := "/consent/" + id
	b.get(page).says(200, "Portfel Rodzinny S.A. asks you to pay", "PLN 400.00", landlord, "10 1140 2004 0000 0000 0000 0101", "ul. Długa 5", "Czynsz za grudzień",
		"At once after you confirm", "Elixir, in the next session between banks", "in another currency than this payment",
		"You will see the fee").mayLeaveTo("https://portfel.example")
	b.post(page, "decision", "continue").says(422, "Choose one of the options")
	for _, bad := range []account.ID{annaEuro, annaOff, bartekMain} {
		b.post(page, "decision", "continue", "account", string(bad)).says(422, "cannot be chosen")
	}
	b.post(page, "decision", "continue", "account", string(annaMain), "account", string(annaSpare)).says(422, "cannot be chosen")
	factor := "/factor/consent/" + id
	b.post(page, "decision", "continue", "account", string(annaMain)).leads(303, factor)
	b.get(factor).says(200, "Payment through Portfel Rodzinny S.A.", "PLN 400.00", "Fee: PLN 1.50", landlord, "10 1140 2004 0000 0000 0000 0101", "Czynsz za grudzień", "Konto codzienne").
		mayLeaveTo("https://portfel.example")
	b.get(page).says(200, "Fee: PLN 1.50") // coming back, the fee is known
	b.post(factor+"/code", "code", w.sms(anna)).leads(303, goBack+"&code=").carries("state", state)

	c, err := w.store.ConsentByTPP(w.ctx, w.third().ID, "p1")
	w.must(err)
	out := w.pays(&c)
	if out.Transfer.Status != transfer.Pending {
		t.Fatalf("%+v", out.Transfer)
	}
	one := "/transfers/" + string(out.Transfer.ID)
	b.get("/transfers").says(200, landlord, "waits to be sent", "PLN 400.00", "through Portfel Rodzinny S.A.", one)
	b.get(one).says(200, "set aside on your account", "PLN 400.00", "PLN 1.50", string(out.Transfer.ID), "/consents/"+string(c.ID)).not(`id="cancel"`)
	b.get("/consents/"+string(c.ID)).says(200, "one payment", "PLN 400.00", one, "waits to be sent")
	b.get("/accounts/"+string(annaMain)).says(200, "Holds and pending", "PLN 401.50", "Transfers that wait", landlord, "PLN 598.50")
	w.as(bartek, ofBartek).get(one).says(404)

	_, err = w.desk.Do(w.ctx, &payment.Settle{Transfer: out.Transfer.ID, Verdict: rail.Verdict{Outcome: rail.Settled}})
	w.must(err)
	b.get("/transfers?show=made").says(200, landlord, "made")
	b.get("/transfers?show=waiting").says(200, "There are no such transfers")
	b.get("/accounts/"+string(annaMain)).says(200, "through Portfel Rodzinny S.A.", "Fee for an operation through Portfel Rodzinny S.A.", "PLN 598.50").not("Transfers that wait")
}

func TestBundleAndStandingOrderAreShown(t *testing.T) {
	w := newWorld(t)
	b := w.as(anna, ofAnna)
	b.get("/consent/"+w.asks(toPay("b1", rent(10_000), rent(20_050)))).says(200, "asks you for several transfers", "There are 2 transfers in it", "PLN 300.50", "PLN 100.00", "PLN 200.50")
	b.get("/consent/"+w.asks(toPay("s1", monthly(rent(10_000), day("2026-12-01"))))).says(200, "asks you for a standing order", "Every month from 1 December 2026, until you cancel it",
		"falls on a holiday goes on the next business day", "Amount of each payment")
	b.get("/consent/"+w.asks(toPay("f1", later(rent(10_000), day("2026-12-01"))))).says(200, "1 December 2026")
}

func TestPaymentOverALimitCannotBeConfirmed(t *testing.T) {
	w := newWorld(t)
	b := w.as(anna, ofAnna)
	first := w.gives(b, toPay("p0", rent(20_000)), annaMain)
	w.pays(&first)
	w.limited(anna, ofAnna, 50_000)
	id := w.asks(toPay("p1", rent(40_000)))
	page := "/consent/" + id
	v := b.post(page, "decision", "continue", "account", string(annaMain)).says(409, "cannot be confirmed now",
		"Your daily limit is PLN 500.00. PLN 200.00 has been used and PLN 300.00 is left", `value="400"`, `href="/limits"`)
	if strings.Contains(v.text, `class="main" id="continue"`) {
		t.Error("what cannot be confirmed is offered to be")
	}
	b.get("/factor/consent/"+id).leads(303, page) // nothing was chosen
	b.get("/limits").says(200, "A payment waits for a higher limit", page)

	// Raised on the limits page, it goes through.
	b.post("/limits", "oneoff_single", "", "oneoff_daily", "600", "oneoff_monthly", "", "recurring_single", "", "recurring_daily", "", "recurring_monthly", "").leads(303, "/factor/customer_limits/")
	b.post("/factor/customer_limits/"+string(ofAnna)+"/code", "code", w.sms(anna)).leads(303, "/limits")
	b.get("/limits").says(200, page)
	b.post(page, "decision", "continue", "account", string(annaMain)).leads(303, "/factor/consent/"+id)
	b.post(page, "decision", "refuse").leads(303, goBack+"&error=access_denied")
	b.get("/limits").says(200).not("A payment waits")
}

func TestPaymentWithoutMoneyCannotBeConfirmed(t *testing.T) {
	w := newWorld(t)
	b := w.as(anna, ofAnna)
	page := "/consent/" + w.asks(toPay("p1", rent(4_900)))
	b.post(page, "decision", "continue", "account", string(annaSpare)).says(409, "not enough money", "Available on the account: PLN 50.00") // 49.00 and the fee of 1.50
	b.get("/limits").not("A payment waits")
	b.post(page, "decision", "continue", "account", string(annaMain)).leads(303, "/factor/") // another account has it
	future := "/consent/" + w.asks(toPay("p2", later(rent(900_000), day("2026-12-01"))))
	b.post(future, "decision", "continue", "account", string(annaSpare)).leads(303, "/factor/") // there is time to bring it
}

func TestRejectedPaymentExplainsItself(t *testing.T) {
	w := newWorld(t)
	b := w.as(anna, ofAnna)
	w.limited(anna, ofAnna, 50_000)
	c := w.gives(b, toPay("p1", rent(40_000)), annaMain)
	w.limited(anna, ofAnna, 30_000) // lowered between the confirmation and the order
	out := w.pays(&c)
	page := "/transfers/" + string(out.Transfer.ID)
	b.get("/transfers?show=failed").says(200, landlord, "rejected")
	b.get(page).says(200, "The transfer was not made. The money is on your account", "Your daily limit is PLN 300.00. PLN 0.00 has been used and PLN 300.00 is left",
		"was for this one payment and has been used", "begin again with Portfel Rodzinny S.A.", string(out.Transfer.ID), "Give this number to our hotline")
	b.header.Set("Accept-Language", "pl")
	b.get(page).says(200, "Przelew nie został wykonany", "Twój limit dzienny to 300,00 zł", "zacznij jeszcze raz u dostawcy Portfel Rodzinny S.A.")

	// What the payment system sends back has its own words.
	w.limited(anna, ofAnna, 30_000)
	b.header.Set("Accept-Language", "en")
	other := w.gives(b, toPay("p2", rent(10_000)), annaMain)
	sent := w.pays(&other)
	_, err := w.desk.Do(w.ctx, &payment.Settle{Transfer: sent.Transfer.ID, Verdict: rail.Verdict{Outcome: rail.Refused, Reason: "rachunek zamknięty"}})
	w.must(err)
	b.get("/transfers/"+string(sent.Transfer.ID)).says(200, "The payment system says: rachunek zamknięty", "did not take the transfer")
}

func TestScheduledTransferIsCancelledByTheCustomer(t *testing.T) {
	w := newWorld(t)
	b := w.as(anna, ofAnna)
	c := w.gives(b, toPay("p1", later(rent(40_000), day("2026-12-01"))), annaMain)
	out := w.pays(&c)
	page := "/transfers/" + string(out.Transfer.ID)
	b.get("/transfers?show=waiting").says(200, "scheduled", "For 1 December 2026")
	w.as(bartek, ofBartek).post(page+"/cancel", "decision", "yes").says(404)
	b.get(page).says(200, "1 December 2026", page+"/cancel")
	b.get(page+"/cancel").says(200, "Cancel the transfer?", "PLN 400.00", landlord)
	b.post(page + "/cancel").says(400)
	b.post(page+"/cancel", "decision", "yes").leads(303, page)
	b.get(page).says(200, "The transfer has been cancelled", "cancelled before it was made").not(`id="cancel"`)
	b.post(page+"/cancel", "decision", "yes").leads(303, page)
	b.get(page).says(200, "Too late: this can no longer be cancelled")
	b.get(page+"/cancel").leads(303, page)
}

func TestStandingOrderIsShownAndCancelled(t *testing.T) {
	w := newWorld(t)
	b := w.as(anna, ofAnna)
	c := w.gives(b, toPay("p1", monthly(rent(1_000), day("2026-12-01"))), annaMain)
	out := w.pays(&c)
	page := "/standing/" + string(out.Standing.ID)
	b.get("/transfers").says(200, "Standing orders", "Next payment on 1 December 2026", page)
	b.get(page).says(200, "Every month from 1 December 2026", "waits for its first payment", "There has been no payment yet", page+"/cancel")
	w.bank.Set(time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC))
	_, err := w.desk.Do(w.ctx, &payment.RunStanding{Standing: out.Standing.ID})
	w.must(err)
	b = w.as(anna, ofAnna)
	b.get(page).says(200, "active", "1 January 2027", "waits to be sent")
	b.get("/consents/"+string(c.ID)).says(200, "standing order", "waits to be sent")
	w.as(bartek, ofBartek).get(page).says(404)
	b.get(page+"/cancel").says(200, "Cancel the standing order?")
	b.post(page+"/cancel", "decision", "yes").leads(303, page)
	b.get(page).says(200, "The standing order has been cancelled").not("Next payment", `id="cancel"`)
	b.post(page+"/cancel", "decision", "yes").leads(303, page)
	b.get(page).says(200, "Too late")
}

func TestThirdPartyCancelsWithTheCustomersWord(t *testing.T) {
	w := newWorld(t)
	b := w.as(anna, ofAnna)
	c := w.gives(b, toPay("p1", later(rent(40_000), day("2026-12-01"))), annaMain)
	out := w.pays(&c)
	cancel := xs2a.Consent{TPPID: "x1", Scope: xs2a.Payments, Grants: []xs2a.Grant{{Right: xs2a.CancelPayment, Single: true}}, Payment: &xs2a.What{Transfer: out.Transfer.ID}}
	id := w.asks(cancel)
	page := "/consent/" + id
	b.get(page).says(200, "wants to cancel a payment", "PLN 400.00", landlord, "Konto codzienne").not("Fee", "Oszczędności")
	b.post(page, "decision", "continue").leads(303, "/factor/consent/"+id)
	b.get("/factor/consent/"+id).says(200, "Cancelling of a payment by Portfel Rodzinny S.A.", "PLN 400.00", landlord)
	b.post("/factor/consent/"+id+"/code", "code", w.sms(anna)).leads(303, goBack+"&code=")
	// A payment is whose it is: nobody else can give its consent.
	w.as(bartek, ofBartek).get("/consent/"+w.asks(xs2a.Consent{TPPID: "x2", Scope: xs2a.Payments, Grants: []xs2a.Grant{{Right: xs2a.ReadPayment, Single: true}},
		Payment: &xs2a.What{Transfer: out.Transfer.ID}})).says(200, "None of your accounts fits").not(landlord, "PLN 400.00")
}

func TestTransfersArePaged(t *testing.T) {
	w := newWorld(t)
	b := w.as(anna, ofAnna)
	var orders []*transfer.Instruction
	for range transfersPage + 2 {
		orders = append(orders, later(rent(100), day("2026-12-01")))
	}
	c := w.gives(b, toPay("p1", orders...), annaMain)
	w.pays(&c)
	lines := func(v *view) int { return strings.Count(v.text, `class="hold"`) }
	first := b.get("/transfers?show=waiting").says(200, "Older")
	_, rest, _ := strings.Cut(first.text, `id="older" rel="next" href="`)
	older, _, _ := strings.Cut(rest, `"`)
	second := b.get(older).says(200, "Newest").not("Older")
	if lines(first) != transfersPage || lines(second) != 2 {
		t.Errorf("%d and %d lines", lines(first), lines(second))
	}
	b.get("/transfers?before=nonsense").says(200, landlord)
}

func TestLimitsHint(t *testing.T) {
	w := newWorld(t)
	b := w.as(anna, ofAnna)
	b.post("/limits", "oneoff_single", "0", "oneoff_daily", "300", "oneoff_monthly", "200000", "recurring_single", "", "recurring_daily", "", "recurring_monthly", "").leads(303, "/limits")
	for _, page := range []string{"/limits", "/access"} {
		b.get(page).says(200, "The limit is zero, so no such payment can pass", "hardly limits anything")
	}
	a, err := money.Parse("300.00", money.PLN)
	w.must(err)
	b.get("/access").says(200, "PLN "+a.String(), "PLN 0.00 used, PLN 300.00 left")
}

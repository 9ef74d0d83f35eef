package payment_test

import (
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/rail"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// A transfer through a payment system sets its money aside, waits for the session,
// and is booked through the system's clearing account when it is settled.
func TestATransferThroughElixir(t *testing.T) {
	k := newAgency(t)
	k.book.PutCustomerLimits(anna, limit.OfCustomer{OneOff: limit.Caps{Daily: capAt("100.00")}})
	tr := k.sent(elixir("100.00"))
	if tr.Status != transfer.Pending || !tr.Due.Equal(at("2026-03-10T14:30:00Z")) || tr.TPPID == "" || tr.Client != fintech {
		t.Errorf("%+v", tr)
	}
	k.stands(purse, "1000.00", "100.50")
	k.counted(oneOff(), "100.00", "100.00")
	k.now = at("2026-03-10T14:31:00Z")
	if out := k.done(&payment.Settle{Transfer: tr.ID, Verdict: rail.Verdict{Outcome: rail.Unknown}}); !out.Repeat {
		t.Error("an unknown outcome changed something")
	}
	out := k.done(settle(tr.ID))
	if out.Transfer.Status != transfer.Done || !out.Transfer.EndedAt.Equal(k.now) || out.Transfer.Reserved || !out.Transfer.Due.IsZero() {
		t.Errorf("%+v", out.Transfer)
	}
	k.stands(purse, "899.50", "0.00")
	k.stands(elixirClearing(), "100.00", "0.00")
	k.stands(account.FeeIncome, "0.50", "0.00")
	for _, again := range []payment.Order{settle(tr.ID), refuse(tr.ID, "late"), &payment.RunTransfer{Transfer: tr.ID}} {
		if out := k.done(again); !out.Repeat || out.Transfer.Status != transfer.Done {
			t.Errorf("%T once more: %+v", again, out.Transfer)
		}
	}
	if got := k.story(tr.ID); got != "pending done bank:work" {
		t.Error(got)
	}
	entries := k.entriesOf(tr.ID)
	if len(entries) != 2 || entries[0].Payee != (ledger.Party{Name: "Piotr Zet", Number: numberOf(7)}) || entries[0].Title != "Za obiad" || entries[1].Kind != ledger.Fee {
		t.Errorf("%+v", entries)
	}
	k.counted(oneOff(), "100.00", "100.00")
	for _, unknown := range []payment.Order{settle("none"), &payment.RunTransfer{Transfer: "none"}, &payment.ReturnFunds{Transfer: "none"}, &payment.RunStanding{Standing: "none"}} {
		k.refused(unknown, bank.NotFound)
	}
}

// What the payment system refuses is free again, and the limits with it.
func TestARefusedTransfer(t *testing.T) {
	k := newAgency(t)
	tr := k.sent(elixir("100.00"))
	out := k.done(refuse(tr.ID, "AC04 account closed"))
	if out.Transfer.Status != transfer.Rejected || out.Transfer.Reason != bank.RailRefused || out.Transfer.Detail != "AC04 account closed" {
		t.Errorf("%+v", out.Transfer)
	}
	k.stands(purse, "1000.00", "0.00")
	k.stands(elixirClearing(), "0.00", "0.00")
	k.counted(oneOff(), "0.00", "0.00")
	k.refused(&payment.ReturnFunds{Transfer: tr.ID}, bank.StatusNotAllowed)
	late := k.sent(elixir("100.00"))
	k.now = k.now.Add(24 * time.Hour)
	k.done(refuse(late.ID, "no"))
	k.counted(oneOff(), "0.00", "0.00") // of the month; yesterday's window is over
}

// Money that comes back is booked back, once; the fee was for the way there, and
// the transfer stays done.
func TestMoneyThatComesBack(t *testing.T) {
	k := newAgency(t)
	tr := k.sent(elixir("100.00"))
	back := k.now.Add(48 * time.Hour)
	out := k.done(&payment.Settle{Transfer: tr.ID, Verdict: rail.Verdict{Outcome: rail.Settled, ReturnAt: back, ReturnReason: "AC04"}})
	if !out.Transfer.Due.Equal(back) || out.Transfer.Detail != "AC04" {
		t.Errorf("%+v", out.Transfer)
	}
	k.now = back
	out = k.done(&payment.ReturnFunds{Transfer: tr.ID, Reason: "AC04"})
	if tr := out.Transfer; tr.Status != transfer.Done || !tr.Returned.Equal(k.now) || tr.Reason != bank.RailRefused || !tr.Due.IsZero() {
		t.Errorf("%+v", tr)
	}
	k.stands(purse, "999.50", "0.00")
	k.stands(elixirClearing(), "0.00", "0.00")
	if out := k.done(&payment.ReturnFunds{Transfer: tr.ID, Reason: "again"}); !out.Repeat || out.Transfer.Detail != "AC04" {
		t.Errorf("%+v", out.Transfer)
	}
	if e := k.entriesOf(tr.ID); e[len(e)-1].Kind != ledger.Return || e[len(e)-1].Payer.Number != numberOf(7) {
		t.Errorf("%+v", e)
	}
	events := k.book.TransferEvents(tr.ID)
	if last := events[len(events)-1]; !last.Returned || last.Status != transfer.Done {
		t.Errorf("%+v", last)
	}
	k.refused(&payment.ReturnFunds{Transfer: k.sent(inside("1.00")).ID}, bank.StatusNotAllowed)
}

func TestATransferInsideTheBank(t *testing.T) {
	k := newAgency(t)
	tr := k.sent(inside("100.00"))
	k.is(tr.ID, transfer.Done, "")
	k.stands(purse, "899.50", "0.00")
	k.stands(bens, "1100.00", "0.00")
	if got := k.story(tr.ID); got != "done third_party:fintech" {
		t.Error(got)
	}
}

// A currency is counted and limited by itself.
func TestATransferInEuros(t *testing.T) {
	k := newAgency(t)
	k.book.PutCustomerLimits(anna, limit.OfCustomer{OneOff: limit.Caps{Daily: capAt("100.00")}})
	k.done(k.agreed(inside("60.00")))
	tr := k.sent(sepa("100.00"))
	k.is(tr.ID, transfer.Pending, "")
	k.counted(oneOff(), "60.00", "60.00")
	k.counted(limit.CountedIn(oneOff(), money.EUR), "100.00", "100.00")
	k.is(k.sent(sepa("0.01")).ID, transfer.Rejected, bank.CustomerLimit)
	k.done(settle(tr.ID))
	a, err := k.book.Account(t.Context(), euros)
	if err != nil || a.Booked != eur("899.50") {
		t.Errorf("%v, %v", a.Booked, err)
	}
	k.book.PutCustomerLimits(anna, limit.OfCustomer{})
	// The bank does not settle euros through Swift here: accepted, and rejected.
	i := sepa("1.00")
	i.Kind, i.System = transfer.NonEEA, transfer.Swift
	k.is(k.sent(i).ID, transfer.Rejected, bank.RailUnavailable)
}

// A dated transfer takes from the limits when it is ordered and needs its money on
// its day.
func TestADatedTransfer(t *testing.T) {
	k := newAgency(t)
	k.funds(purse, "0.00")
	tr := k.sent(dated(elixir("100.00"), "2026-03-15")) // a Sunday: Elixir works on Monday
	if tr.Status != transfer.Scheduled || !tr.Due.Equal(at("2026-03-16T05:00:00Z")) {
		t.Errorf("%+v", tr)
	}
	k.counted(oneOff(), "100.00", "100.00")
	k.stands(purse, "0.00", "0.00")
	k.funds(purse, "200.00")
	k.now = tr.Due.Add(-time.Microsecond)
	if out := k.done(&payment.RunTransfer{Transfer: tr.ID}); !out.Repeat {
		t.Error("it ran before its day")
	}
	if out := k.done(settle(tr.ID)); !out.Repeat {
		t.Error("it was settled before it was sent")
	}
	k.now = tr.Due
	k.accessOf(purse, account.AccessOff) // what was accepted lives on
	out := k.done(&payment.RunTransfer{Transfer: tr.ID})
	if out.Transfer.Status != transfer.Pending || !out.Transfer.Due.Equal(at("2026-03-16T07:00:00Z")) {
		t.Errorf("%+v", out.Transfer)
	}
	k.stands(purse, "200.00", "100.50")
	k.done(settle(tr.ID))
	if got := k.story(tr.ID); got != "scheduled pending done bank:work" {
		t.Error(got)
	}
	k.accessOf(purse, account.AccessOn)
	k.is(k.sent(dated(inside("1.00"), "2026-03-16")).ID, transfer.Done, "") // today is at once
	immediate := inside("1.00")
	immediate.Mode, immediate.ExecutionDate = transfer.Immediate, day("2026-03-20")
	if tr := k.sent(immediate); tr.Status != transfer.Done || !tr.Order.ExecutionDate.IsZero() {
		t.Errorf("the mode does not win: %+v", tr)
	}
}

func TestADatedTransferRejectedOnItsDay(t *testing.T) {
	for _, c := range []struct {
		code  bank.Code
		spoil func(k *teller)
	}{
		{bank.InsufficientFunds, func(k *teller) { k.funds(purse, "100.49") }},
		{bank.AccountClosed, func(k *teller) { k.statusOf(purse, account.Closed) }},
		{bank.AccountBlocked, func(k *teller) { k.statusOf(purse, account.Blocked) }},
		{bank.PayeeUnavailable, func(k *teller) { k.statusOf(bens, account.Closed) }},
		{bank.CustomerBlocked, func(k *teller) {
			k.book.ChangeCustomer(anna, func(c *party.Customer) { c.Blocked = party.Block{By: "hotline"} })
		}},
	} {
		t.Run(string(c.code), func(t *testing.T) {
			k := newAgency(t)
			k.done(k.agreed(inside("5.00")))
			tr := k.sent(dated(inside("100.00"), "2026-03-11"))
			k.counted(oneOff(), "105.00", "105.00")
			c.spoil(k)
			k.now = tr.Due
			k.done(&payment.RunTransfer{Transfer: tr.ID})
			k.is(tr.ID, transfer.Rejected, c.code)
			k.counted(oneOff(), "0.00", "5.00")
			if out := k.done(&payment.RunTransfer{Transfer: tr.ID}); !out.Repeat {
				t.Error("it was rejected twice")
			}
		})
	}
}

// The tax of a split payment comes from the VAT account as far as its money goes,
// and goes back there when the payment does.
func TestASplitPayment(t *testing.T) {
	k := newAgency(t)
	k.funds(purse, "103.50")
	tr := k.sent(split(elixir("123.00"), "23.00"))
	k.is(tr.ID, transfer.Pending, "")
	if tr.FromVAT != pln("20.00") {
		t.Errorf("the VAT account pays %v of 23.00; it has 20.00", tr.FromVAT)
	}
	k.stands(purse, "103.50", "103.50")
	k.stands(vat, "20.00", "20.00")
	k.done(refuse(tr.ID, "no VAT account at the payee's bank"))
	k.stands(purse, "103.50", "0.00")
	k.stands(vat, "20.00", "0.00")

	tr = k.sent(split(elixir("123.00"), "23.00"))
	k.is(k.sent(split(elixir("1.00"), "0.20")).ID, transfer.Rejected, bank.InsufficientFunds) // neither has money left
	k.done(settle(tr.ID))
	k.stands(purse, "0.00", "0.00")
	k.stands(vat, "0.00", "0.00")
	k.stands(elixirClearing(), "123.00", "0.00")
	entries := k.entriesOf(tr.ID)
	if len(entries) != 3 || entries[0].Postings[0].Account != vat || entries[1].Title != "/VAT/23,00/IDC/5512265909/INV/FV 1" {
		t.Errorf("%+v", entries)
	}
	if out := k.done(&payment.ReturnFunds{Transfer: tr.ID, Reason: "AC04"}); out.Transfer.Detail != "AC04" {
		t.Errorf("%+v", out.Transfer)
	}
	k.stands(purse, "103.00", "0.00")
	k.stands(vat, "20.00", "0.00")

	whole := k.sent(split(inside("10.00"), "10.00")) // nothing but tax: the purse pays the fee
	k.is(whole.ID, transfer.Done, "")
	k.stands(purse, "102.50", "0.00")
	k.stands(vat, "10.00", "0.00")
	none := k.sent(split(inside("10.00"), "0.00"))
	k.is(none.ID, transfer.Done, "")
	k.stands(vat, "10.00", "0.00")
}

// A bundle is made whole, each transfer with a fate of its own, and its status
// follows from them.
func TestABundle(t *testing.T) {
	k := newAgency(t)
	k.book.PutCustomerLimits(anna, limit.OfCustomer{OneOff: limit.Caps{Daily: capAt("300.00")}})
	o := k.bundled(inside("100.00"), elixir("200.00"), inside("0.01"), dated(inside("1.00"), "2026-03-12"))
	out := k.done(o)
	if out.Bundle == nil || len(out.Transfers) != 4 || out.Bundle.Total != pln("301.01") || transfer.StatusOf(out.Transfers) != transfer.BundleInProgress {
		t.Fatalf("%+v", out)
	}
	ids := out.Bundle.Transfers
	k.is(ids[0], transfer.Done, "")
	k.is(ids[1], transfer.Pending, "")
	k.is(ids[2], transfer.Rejected, bank.CustomerLimit)
	k.is(ids[3], transfer.Rejected, bank.CustomerLimit)
	k.done(settle(ids[1]))
	again := k.done(o)
	if !again.Repeat || transfer.StatusOf(again.Transfers) != transfer.BundlePartly {
		t.Errorf("%+v", again)
	}
	// Each id inside it is taken: for one payment, and in another bundle.
	single := k.agreed(inside("100.00"))
	single.TPPID = o.Orders[0].TPPID
	k.refused(single, bank.OperationReused)
	next := k.bundled(inside("1.00"))
	k.book.ChangeConsent(next.Consent, func(c *xs2a.Consent) {
		w := *c.Payment
		w.Orders[0].TPPID, c.Payment = o.Orders[0].TPPID, &w
	})
	next.Orders[0].TPPID = o.Orders[0].TPPID
	k.refused(next, bank.OperationReused)
	itself := k.bundled(inside("1.00"))
	itself.TPPID = itself.Orders[0].TPPID
	k.refused(itself, bank.OperationReused)
	for name, spoil := range map[string]func(o *payment.Initiate){
		"total": func(o *payment.Initiate) { o.Total = pln("1.00") },
		"order": func(o *payment.Initiate) { o.Orders[0], o.Orders[1] = o.Orders[1], o.Orders[0] },
		"id":    func(o *payment.Initiate) { o.Orders[0].TPPID = "x" },
		"fewer": func(o *payment.Initiate) { o.Orders = o.Orders[:1] },
	} {
		o := k.bundled(inside("1.00"), inside("2.00"))
		t.Log(name)
		spoil(o)
		k.refused(o, bank.ConsentDiffers)
	}
}

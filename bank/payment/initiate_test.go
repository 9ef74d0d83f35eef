package payment_test

import (
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/desk"
	"okienko/bank/limit"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// The order of checks on a third party's order is fixed, and tested as that on a
// partner's: one order that breaks every rule is mended rule by rule. What is
// refused leaves no trace (the teller looks).
func TestOrderOfChecksOfAnInitiation(t *testing.T) {
	k := newAgency(t)
	c := consentTo("consent", false, dated(inside("300.00"), "2026-03-09"))
	good := initiation(&c, "fresh")
	k.book.PutConsent(c)
	used := k.agreed(inside("1.00"))
	k.done(used)
	o := *good
	o.TPPID, o.Consent = used.TPPID, "unknown"
	o.Orders = []payment.Initiation{{Order: *inside("299.99")}}
	change := func(f func(c *xs2a.Consent)) func() { return func() { k.book.ChangeConsent(c.ID, f) } }
	steps := []struct {
		code  bank.Code
		field string
		spoil func() // before everything; nil where the step before leaves it broken
		mend  func()
	}{
		{bank.OperationReused, "", nil, func() { o.TPPID = "fresh" }},
		{bank.AgreementEnded, "", nil, func() { o.Consent = c.ID }},
		{bank.AgreementEnded, "", change(func(c *xs2a.Consent) { c.Client = other }), change(func(c *xs2a.Consent) { c.Client = fintech })},
		{bank.AgreementEnded, "", change(func(c *xs2a.Consent) { c.Status = xs2a.Asked }), change(func(c *xs2a.Consent) { c.Status = xs2a.Active })},
		{bank.AgreementEnded, "", change(func(c *xs2a.Consent) { c.Until = k.now }), change(func(c *xs2a.Consent) { c.Until = k.now.Add(time.Microsecond) })},
		{bank.PermissionMissing, "", change(func(c *xs2a.Consent) { c.Grants[0].Right = xs2a.CancelPayment }), change(func(c *xs2a.Consent) { c.Grants[0].Right = xs2a.Initiate })},
		{bank.PermissionUsedUp, "", change(func(c *xs2a.Consent) { c.Grants[0].Spent = true }), change(func(c *xs2a.Consent) { c.Grants[0].Spent = false })},
		{bank.PermissionUsedUp, "", change(func(c *xs2a.Consent) { c.Made = "another" }), change(func(c *xs2a.Consent) { c.Made = "" })},
		{bank.ConsentDiffers, "", nil, func() { o.Orders = good.Orders }},
		{bank.InvalidParameter, "transferData.executionDate", nil, func() {
			today := consentTo("consent", false, dated(inside("300.00"), "2026-03-10"))
			k.book.ChangeConsent(c.ID, func(c *xs2a.Consent) { c.Payment = today.Payment })
			o.Orders = initiation(&today, "").Orders
		}},
		{bank.CustomerBlocked, "", func() {
			k.book.ChangeCustomer(anna, func(c *party.Customer) { c.Blocked = party.Block{By: "hotline"} })
		}, func() { k.book.ChangeCustomer(anna, func(c *party.Customer) { c.Blocked = party.Block{} }) }},
		{bank.AccountClosed, "", func() { k.statusOf(purse, account.Closed) }, func() { k.statusOf(purse, account.Blocked) }},
		{bank.AccountBlocked, "", nil, func() { k.statusOf(purse, account.Open) }},
		{bank.AccessBlocked, "", func() { k.accessOf(purse, account.AccessBlocked) }, func() { k.accessOf(purse, account.AccessOff) }},
		{bank.AccessOff, "", nil, func() {
			k.accessOf(purse, account.AccessOn)
			k.book.ChangeConsent(c.ID, func(c *xs2a.Consent) { c.Accounts[0].Account = bens })
		}},
		{bank.PayerIsPayee, "", nil, change(func(c *xs2a.Consent) { c.Accounts[0].Account = euros })},
		{bank.InvalidParameter, "transferData.currency", nil, change(func(c *xs2a.Consent) { c.Accounts[0].Account = purse })},
	}
	for _, s := range steps {
		if s.spoil != nil {
			s.spoil()
		}
	}
	for _, s := range steps {
		if r := k.refusal(&o, s.code); r.Field != s.field {
			t.Errorf("%s: the field %q is named, not %q", s.code, r.Field, s.field)
		}
		s.mend()
	}
	out := k.done(&o)
	if out.Transfer.Status != transfer.Done || out.Repeat {
		t.Errorf("%+v", out.Transfer)
	}
	k.stands(purse, "698.00", "0.00") // 1.00 and 300.00, with a fee of 0.50 each
}

// What limits, the payee's account or money stop is accepted and rejected, in this
// order; it takes nothing, and the consent has made its payment all the same.
func TestAcceptedAndRejected(t *testing.T) {
	k := newAgency(t)
	var caps limit.Caps
	own := func(set func(to limit.Cap), to string) func() {
		return func() {
			set(capAt(to))
			k.book.PutCustomerLimits(anna, limit.OfCustomer{OneOff: caps})
		}
	}
	each := func(c limit.Cap) { caps.Single = c }
	today := func(c limit.Cap) { caps.Daily = c }
	month := func(c limit.Cap) { caps.Monthly = c }
	steps := []struct {
		code        bank.Code
		spoil, mend func()
	}{
		{bank.CustomerLimit, own(each, "299.99"), own(each, "300.00")},
		{bank.CustomerLimit, own(today, "299.99"), own(today, "300.00")},
		{bank.CustomerLimit, own(month, "299.99"), own(month, "300.00")},
		{bank.PayeeUnavailable, func() { k.statusOf(bens, account.Closed) }, func() { k.statusOf(bens, account.Open) }},
		{bank.InsufficientFunds, func() { k.funds(purse, "300.49") }, func() { k.funds(purse, "300.50") }},
	}
	for i := range steps {
		steps[len(steps)-1-i].spoil() // money first: a closed account is not paid
	}
	for _, s := range steps {
		o := k.agreed(inside("300.00"))
		out := k.done(o)
		k.is(out.Transfer.ID, transfer.Rejected, s.code)
		if tr := out.Transfer; tr.EndedAt != k.now || !tr.Due.IsZero() || tr.Reserved {
			t.Errorf("%+v", tr)
		}
		if again := k.done(o); !again.Repeat || again.Transfer.ID != out.Transfer.ID {
			t.Errorf("%+v", again)
		}
		k.counted(oneOff(), "0.00", "0.00")
		s.mend()
	}
	k.is(k.sent(inside("300.00")).ID, transfer.Done, "")
	k.counted(oneOff(), "300.00", "300.00")
	k.is(k.sent(inside("0.01")).ID, transfer.Rejected, bank.CustomerLimit)
	k.stands(purse, "0.00", "0.00")
}

// The third party may leave the account to the customer, or name the one that the
// customer chose; numbers may be written in two ways. Anything else differs.
func TestWhatIsOrderedIsWhatWasConsentedTo(t *testing.T) {
	same := map[string]func(i *transfer.Instruction){
		"the account is named":      func(i *transfer.Instruction) { i.Sender.Account = numberOf(1) },
		"PL before the number":      func(i *transfer.Instruction) { i.Recipient.Account = "PL" + numberOf(7) },
		"spaces in the number":      func(i *transfer.Instruction) { i.Recipient.Account = numberOf(7)[:2] + " " + numberOf(7)[2:] },
		"the mode is said":          func(i *transfer.Instruction) { i.Mode = transfer.Immediate },
		"empty lines of an address": func(i *transfer.Instruction) { i.Recipient.Address.Lines = []string{"", ""} },
	}
	differs := map[string]func(i *transfer.Instruction){
		"amount":          func(i *transfer.Instruction) { i.Amount = pln("10.01") },
		"currency":        func(i *transfer.Instruction) { i.Amount = eur("10.00") },
		"title":           func(i *transfer.Instruction) { i.Description += "!" },
		"a space behind":  func(i *transfer.Instruction) { i.Description += " " },
		"payee":           func(i *transfer.Instruction) { i.Recipient.Account = numberOf(8) },
		"name":            func(i *transfer.Instruction) { i.Recipient.Name = "Piotr Zed" },
		"town":            func(i *transfer.Instruction) { i.Recipient.Address.Town = "Łódź" },
		"another account": func(i *transfer.Instruction) { i.Sender.Account = numberOf(2) },
		"the sender":      func(i *transfer.Instruction) { i.Sender.Name = "Anna" },
		"a day":           func(i *transfer.Instruction) { i.ExecutionDate = day("2026-03-12") },
		"system":          func(i *transfer.Instruction) { i.System = transfer.ExpressElixir },
		"delivery":        func(i *transfer.Instruction) { i.Delivery = transfer.StandardD1 },
		"recurrence":      func(i *transfer.Instruction) { monthly(i, "2026-03-12", "") },
		"split":           func(i *transfer.Instruction) { split(i, "0.00") },
	}
	order := func(k *teller, change func(i *transfer.Instruction)) *payment.Initiate {
		o := k.agreed(elixir("10.00"))
		change(&o.Orders[0].Order)
		return o
	}
	for name, change := range same {
		t.Run(name, func(t *testing.T) {
			k := newAgency(t)
			o := order(k, change)
			first := k.done(o).Transfer
			o.Orders[0].Order = *elixir("10.00") // the repeat, written as it was consented to
			if again := k.done(o); !again.Repeat || again.Transfer.ID != first.ID {
				t.Errorf("%+v", again)
			}
			if first.Order.Sender.Account != numberOf(1) || first.Order.Recipient.Account != numberOf(7) {
				t.Errorf("kept as %+v", first.Order)
			}
		})
	}
	for name, change := range differs {
		t.Run(name, func(t *testing.T) {
			k := newAgency(t)
			k.refused(order(k, change), bank.ConsentDiffers)
			o := k.agreed(elixir("10.00"))
			k.done(o)
			change(&o.Orders[0].Order)
			k.refused(o, bank.OperationReused)
		})
	}
	k := newAgency(t)
	o := k.agreed(elixir("10.00"))
	for _, orders := range [][]payment.Initiation{nil, {o.Orders[0], o.Orders[0]}} {
		more := *o
		more.Orders = orders
		k.refused(&more, bank.ConsentDiffers)
	}
	o.Bundle = true
	k.refused(o, bank.ConsentDiffers)
}

// A repeat answers with the payment as it stands now, whatever has become of the
// consent, the account and the money. Another consent is another order.
func TestARepeatIsTheSamePayment(t *testing.T) {
	k := newAgency(t)
	o := k.agreed(elixir("100.00"))
	tr := k.done(o).Transfer
	k.done(settle(tr.ID))
	k.book.ChangeConsent(o.Consent, func(c *xs2a.Consent) { c.Status = xs2a.Ended })
	k.accessOf(purse, account.AccessOff)
	k.funds(purse, "0.00")
	if out := k.done(o); !out.Repeat || out.Transfer.ID != tr.ID || out.Transfer.Status != transfer.Done {
		t.Errorf("%+v", out.Transfer)
	}
	k.accessOf(purse, account.AccessOn)
	k.funds(purse, "1000.00")
	next := k.agreed(elixir("100.00"))
	next.TPPID = o.TPPID
	k.refused(next, bank.OperationReused)
	foreign := k.agreed(elixir("100.00")) // ids are each third party's own
	k.book.ChangeConsent(foreign.Consent, func(c *xs2a.Consent) { c.Client = other })
	foreign.TPPID, foreign.Client = o.TPPID, other
	if out := k.done(foreign); out.Repeat {
		t.Error("one third party has got the payment of another")
	}
}

// A consent is of use to its own third party alone.
func TestAForeignConsentIsNotThere(t *testing.T) {
	k := newAgency(t)
	o := k.agreed(elixir("100.00"))
	o.Client = other
	k.refused(o, bank.AgreementEnded)
	cancel := k.cancelling(xs2a.What{Transfer: k.sent(elixir("1.00")).ID})
	cancel.Client = other
	k.refused(cancel, bank.AgreementEnded)
}

// What was loaded may be shared with other batches, so deciding changes copies.
func TestWhatWasLoadedIsNotChanged(t *testing.T) {
	k := newAgency(t)
	o := k.agreed(inside("100.00"))
	s := payment.NewState()
	err := k.book.Within(t.Context(), func(tx desk.Tx) error {
		for n := payment.Missing(s, k.now, []payment.Order{o}); !n.Empty(); n = payment.Missing(s, k.now, []payment.Order{o}) {
			if err := tx.Load(t.Context(), n, s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	loaded, acc := s.Consents[o.Consent], s.Accounts[purse]
	results, c := payment.Decide(s, k.now, k, []payment.Order{o})
	if results[0].Err != nil || len(c.Consents) != 1 || !c.Consents[0].Grants[0].Spent {
		t.Fatalf("%+v", results)
	}
	if loaded.Made != "" || loaded.Grants[0].Spent || acc.Booked != pln("1000.00") {
		t.Errorf("%+v, %+v", loaded, acc)
	}
}

// Of concurrent orders under one consent exactly one makes the payment.
func TestAConsentMakesItsPaymentOnce(t *testing.T) {
	for _, single := range []bool{true, false} {
		k := newAgency(t)
		o := k.agreed(elixir("100.00"))
		k.book.ChangeConsent(o.Consent, func(c *xs2a.Consent) { c.Grants[0].Single = single })
		another := *o
		another.TPPID = "another-id"
		results := k.all(o, &another, o)
		if results[0].Err != nil || bank.CodeOf(results[1].Err) != bank.PermissionUsedUp || results[2].Err != nil || !results[2].Outcome.Repeat {
			t.Errorf("%+v", results)
		}
		k.stands(purse, "1000.00", "100.50")
		c, err := k.book.Consent(t.Context(), o.Consent)
		if err != nil || c.Made != string(results[0].Outcome.Transfer.ID) || c.Grants[0].Spent != single || !c.LastUsed.Equal(k.now) {
			t.Errorf("%+v, %v", c, err)
		}
	}
}

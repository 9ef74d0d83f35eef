package payment_test

import (
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/payment"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

func revoked(t *testing.T, k *teller, id transfer.ID) {
	t.Helper()
	k.is(id, transfer.Cancelled, "")
	if tr := k.transferNow(id); tr.Reserved || !tr.Due.IsZero() || !tr.EndedAt.Equal(k.now) {
		t.Errorf("%+v", tr)
	}
}

// Until it is executed or handed over a transfer can be cancelled, and everything
// it took is given back.
func TestCancellingATransfer(t *testing.T) {
	for name, order := range map[string]*transfer.Instruction{
		"pending": split(elixir("100.00"), "10.00"), "scheduled": dated(elixir("100.00"), "2026-03-12"),
	} {
		t.Run(name, func(t *testing.T) {
			k := newAgency(t)
			tr := k.sent(order)
			cancel := k.cancelling(xs2a.What{Transfer: tr.ID})
			last := time.Microsecond
			if name == "pending" {
				last += payment.LastCall
			}
			k.now = tr.Due.Add(-last)
			k.done(cancel)
			revoked(t, k, tr.ID)
			k.stands(purse, "1000.00", "0.00")
			k.stands(vat, "20.00", "0.00")
			k.counted(oneOff(), "0.00", "0.00")
			k.refused(cancel, bank.PaymentFinal) // also though the consent is spent
			k.refused(k.cancelling(xs2a.What{Transfer: tr.ID}), bank.PaymentFinal)
			k.now = tr.Due
			for _, late := range []payment.Order{&payment.RunTransfer{Transfer: tr.ID}, settle(tr.ID)} {
				if out := k.done(late); !out.Repeat {
					t.Errorf("%T did something", late)
				}
			}
			revokedAt := k.book.TransferEvents(tr.ID)
			if last := revokedAt[len(revokedAt)-1]; last.By.Kind != audit.ThirdParty || last.Status != transfer.Cancelled {
				t.Errorf("%+v", last)
			}
			again := k.sent(order)
			k.now = again.Due.Add(time.Microsecond - last) // from now on it is executed, or with its payment system
			k.refused(k.cancelling(xs2a.What{Transfer: again.ID}), bank.PaymentFinal)
		})
	}
	k := newAgency(t)
	k.refused(k.cancelling(xs2a.What{Transfer: k.sent(inside("1.00")).ID}), bank.PaymentFinal)
}

func TestCancellingABundle(t *testing.T) {
	k := newAgency(t)
	out := k.done(k.bundled(inside("1.00"), elixir("2.00"), dated(elixir("3.00"), "2026-03-12")))
	ids, cancel := out.Bundle.Transfers, k.cancelling(xs2a.What{OfBundle: out.Bundle.ID})
	got := k.done(cancel)
	k.is(ids[0], transfer.Done, "")
	revoked(t, k, ids[1])
	revoked(t, k, ids[2])
	if got.Bundle == nil || transfer.StatusOf(got.Transfers) != transfer.BundlePartly {
		t.Errorf("%+v", got)
	}
	k.counted(oneOff(), "1.00", "1.00")
	k.refused(k.cancelling(xs2a.What{OfBundle: out.Bundle.ID}), bank.PaymentFinal)
	all := k.done(k.bundled(elixir("2.00"), elixir("3.00")))
	if got := k.done(k.cancelling(xs2a.What{OfBundle: all.Bundle.ID})); transfer.StatusOf(got.Transfers) != transfer.BundleCancelled {
		t.Errorf("%+v", got)
	}
}

// Cancelling a standing order stops what is to come, and leaves what was made.
func TestCancellingAStandingOrder(t *testing.T) {
	k := newAgency(t)
	s := k.done(k.agreed(monthly(elixir("10.00"), "2026-03-11", ""))).Standing
	k.now = s.Due
	made := k.run(s.ID)
	out := k.done(k.cancelling(xs2a.What{Standing: s.ID}))
	if out.Standing.Status != transfer.StandingCancelled || !out.Standing.Due.IsZero() || out.Standing.EndedAt.IsZero() {
		t.Errorf("%+v", out.Standing)
	}
	k.is(made.ID, transfer.Pending, "")
	k.now = k.now.Add(40 * 24 * time.Hour)
	if out := k.done(&payment.RunStanding{Standing: s.ID}); !out.Repeat || out.Transfer != nil {
		t.Error("it pays on")
	}
	k.refused(k.cancelling(xs2a.What{Standing: s.ID}), bank.PaymentFinal)
}

// Who may cancel, in the order in which it is asked.
func TestWhoMayCancel(t *testing.T) {
	k := newAgency(t)
	tr, another := k.sent(elixir("10.00")), k.sent(elixir("10.00"))
	o := k.cancelling(xs2a.What{Transfer: tr.ID})
	id := o.Consent
	change := func(f func(c *xs2a.Consent)) { k.book.ChangeConsent(id, f) }
	spoilt := payment.Revoke{Consent: "unknown", Client: fintech, Transfer: another.ID}
	change(func(c *xs2a.Consent) {
		c.Client, c.Status, c.Scope, c.Grants[0].Right = other, xs2a.Ended, xs2a.AccountInfo, xs2a.Initiate
	})
	k.accessOf(purse, account.AccessBlocked)
	k.refused(&spoilt, bank.AgreementEnded)
	spoilt.Consent = id
	k.refused(&spoilt, bank.AgreementEnded)
	change(func(c *xs2a.Consent) { c.Client = fintech })
	k.refused(&spoilt, bank.AgreementEnded)
	change(func(c *xs2a.Consent) { c.Status = xs2a.Active })
	k.refused(&spoilt, bank.ScopeForeign)
	change(func(c *xs2a.Consent) { c.Scope = xs2a.Payments })
	k.refused(&spoilt, bank.PermissionMissing)
	change(func(c *xs2a.Consent) { c.Grants[0].Right, c.Grants[0].Spent = xs2a.CancelPayment, true })
	k.refused(&spoilt, bank.NotFound) // not what the consent is for
	spoilt.Bundle = "both"
	k.refused(&spoilt, bank.NotFound)
	k.refused(&payment.Revoke{Consent: id, Client: fintech}, bank.NotFound)
	spoilt.Transfer, spoilt.Bundle = tr.ID, ""
	k.refused(&spoilt, bank.AccessBlocked)
	k.accessOf(purse, account.AccessOn)
	k.refused(&spoilt, bank.PermissionUsedUp)
	change(func(c *xs2a.Consent) { c.Grants[0].Spent = false })
	k.done(&spoilt)

	person := audit.Actor{Kind: audit.Customer, ID: string(annaHerself)}
	k.refused(&payment.Revoke{By: person, Customer: ben, Transfer: another.ID}, bank.NotFound)
	k.refused(&payment.Revoke{By: person, Transfer: another.ID}, bank.NotFound)
	k.accessOf(purse, account.AccessOff) // the customer needs no third party's access
	k.done(&payment.Revoke{By: person, Customer: anna, Transfer: another.ID})
	revoked(t, k, another.ID)
	if k.story(another.ID) != "pending cancelled customer:person-anna" {
		t.Error(k.story(another.ID))
	}
	// Somebody else's transfer is not there, though a consent names it.
	theirs := consentTo("theirs", false, elixir("1.00"))
	theirs.Client = other
	k.accessOf(purse, account.AccessOn)
	k.book.PutConsent(theirs)
	foreign := k.done(initiation(&theirs, "x")).Transfer
	k.refused(k.cancelling(xs2a.What{Transfer: foreign.ID}), bank.NotFound)
}

// A bundle that breaks off half-way leaves nothing behind for the next order.
func TestABundleThatBreaksOff(t *testing.T) {
	k := newAgency(t)
	o := k.bundled(elixir("1.00"), elixir("2.00"))
	k.book.ChangeConsent(o.Consent, func(c *xs2a.Consent) { c.Payment.Orders[1].Fee = eur("1.00") }) // which no bank could have shown
	next := k.agreed(elixir("3.00"))
	next.TPPID = o.Orders[0].TPPID
	results := k.all(o, next)
	if bank.CodeOf(results[0].Err) != bank.Internal || results[1].Err != nil || results[1].Outcome.Repeat {
		t.Errorf("%+v", results)
	}
	k.stands(purse, "1000.00", "3.50")
	if ids := k.book.TransferIDs(); len(ids) != 1 {
		t.Errorf("%v", ids)
	}
}

// Acts that meet in one batch have exactly one outcome, whichever comes first.
func TestRacesOfTransfers(t *testing.T) {
	k := newAgency(t)
	race := func(make func() []payment.Order, check func(results []payment.Result, id int)) {
		for first := range 2 {
			orders := make()
			if first == 1 {
				orders[0], orders[1] = orders[1], orders[0]
			}
			results := k.all(orders...)
			if first == 1 {
				results[0], results[1] = results[1], results[0]
			}
			check(results, first)
		}
	}
	var tr *transfer.Transfer
	// Cancelling against execution at its very instant: it is too late.
	race(func() []payment.Order {
		k.now = at(startOfTest)
		tr = k.sent(dated(inside("10.00"), "2026-03-12"))
		o := []payment.Order{k.cancelling(xs2a.What{Transfer: tr.ID}), &payment.RunTransfer{Transfer: tr.ID}}
		k.now = tr.Due
		return o
	}, func(results []payment.Result, n int) {
		if bank.CodeOf(results[0].Err) != bank.PaymentFinal || results[1].Err != nil {
			t.Errorf("order %d: %+v", n, results)
		}
		k.is(tr.ID, transfer.Done, "")
	})
	// A microsecond before, it is too early to run.
	race(func() []payment.Order {
		k.now = at(startOfTest)
		tr = k.sent(dated(inside("10.00"), "2026-03-12"))
		o := []payment.Order{k.cancelling(xs2a.What{Transfer: tr.ID}), &payment.RunTransfer{Transfer: tr.ID}}
		k.now = tr.Due.Add(-time.Microsecond)
		return o
	}, func(results []payment.Result, n int) {
		if results[0].Err != nil || results[1].Err != nil || !results[1].Outcome.Repeat {
			t.Errorf("order %d: %+v", n, results)
		}
		k.is(tr.ID, transfer.Cancelled, "")
	})
	// Two workers with two verdicts: the first is kept.
	race(func() []payment.Order {
		k.now = at(startOfTest)
		tr = k.sent(elixir("10.00"))
		return []payment.Order{settle(tr.ID), refuse(tr.ID, "no")}
	}, func(results []payment.Result, n int) {
		if results[0].Outcome.Repeat == results[1].Outcome.Repeat {
			t.Errorf("order %d: %+v", n, results)
		}
		if n == 0 {
			k.is(tr.ID, transfer.Done, "")
		} else {
			k.is(tr.ID, transfer.Rejected, bank.RailRefused)
		}
	})
	// Two cancelling consents: one cancels.
	race(func() []payment.Order {
		tr = k.sent(elixir("10.00"))
		return []payment.Order{k.cancelling(xs2a.What{Transfer: tr.ID}), k.cancelling(xs2a.What{Transfer: tr.ID})}
	}, func(results []payment.Result, n int) {
		if (results[0].Err == nil) == (results[1].Err == nil) {
			t.Errorf("order %d: %+v", n, results)
		}
	})
	// The last money goes once.
	race(func() []payment.Order {
		k.funds(purse, "510.50")
		return []payment.Order{k.agreed(elixir("300.00")), k.agreed(inside("300.00"))}
	}, func(results []payment.Result, n int) {
		one, two := results[0].Outcome.Transfer, results[1].Outcome.Transfer
		if (one.Status == transfer.Rejected) == (two.Status == transfer.Rejected) {
			t.Errorf("order %d: %s and %s", n, one.Status, two.Status)
		}
		if n == 0 {
			k.done(k.cancelling(xs2a.What{Transfer: one.ID}))
		}
	})
}

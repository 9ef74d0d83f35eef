package storetest

import (
	"fmt"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/notice"
	"okienko/bank/sca"
	"okienko/bank/xs2a"
)

func singleUse(b *bed) {
	given, _ := b.consented(b.reading("r", xs2a.Grant{Right: xs2a.ReadAccount, Single: true}, xs2a.Grant{Right: xs2a.ReadDone, HistoryDays: 90}))
	errs := together(fight, func(int) error { return b.UseRight(b.ctx, given.ID, xs2a.ReadAccount, b.now()) })
	if n := tally(errs); n[""] != 1 || n[bank.PermissionUsedUp] != fight-1 {
		b.Errorf("outcomes: %v", n)
	}
	for range 3 {
		b.must(b.UseRight(b.ctx, given.ID, xs2a.ReadDone, b.now()))
	}
	b.must(b.FlushAccess(b.ctx))
	c, err := b.Consent(b.ctx, given.ID)
	b.must(err)
	want := given
	want.Grants = []xs2a.Grant{{Right: xs2a.ReadAccount, Single: true, Spent: true}, {Right: xs2a.ReadDone, HistoryDays: 90}}
	want.LastUsed, want.LastRead = b.now(), string(xs2a.ReadDone)
	b.same(c, want)
	b.refused(b.UseRight(b.ctx, "unknown", xs2a.ReadDone, b.now()), bank.NotFound)
}

func useTold(b *bed) {
	first, _ := b.consented(b.reading("first"))
	second, _ := b.consented(b.reading("second"))
	at := b.now()
	b.must(b.UseRight(b.ctx, first.ID, xs2a.ReadAccount, at))
	b.must(b.UseRight(b.ctx, first.ID, xs2a.ReadDone, at.Add(time.Second)))
	b.must(b.UseRight(b.ctx, second.ID, xs2a.ReadAccount, at))
	b.must(b.FlushAccess(b.ctx))
	b.must(b.UseRight(b.ctx, first.ID, xs2a.ReadAccount, at)) // told late: it was not the last one
	b.must(b.FlushAccess(b.ctx))
	for _, c := range []struct {
		id   xs2a.ID
		at   time.Time
		read xs2a.Right
	}{{first.ID, at.Add(time.Second), xs2a.ReadDone}, {second.ID, at, xs2a.ReadAccount}} {
		got, err := b.Consent(b.ctx, c.id)
		b.must(err)
		if !got.LastUsed.Equal(c.at) || got.LastRead != string(c.read) {
			b.Errorf("%s was used last at %v for %s, want %v for %s", c.id, got.LastUsed, got.LastRead, c.at, c.read)
		}
	}
}

func callsCounted(b *bed) {
	given, _ := b.consented(b.reading("r"))
	count := func(ref, kind string) error { return b.CountCall(b.ctx, given.ID, ref, kind, 4, b.now()) }
	errs := together(fight, func(int) error { return count("ref-0", "transactions") })
	if n := tally(errs); n[""] != 4 || n[bank.CallsUsedUp] != fight-4 {
		b.Errorf("outcomes: %v", n)
	}
	b.must(count("ref-0", "account")) // of each kind and account by itself
	b.must(count("ref-1", "transactions"))

	b.move(24*time.Hour - time.Second)
	b.refused(count("ref-0", "transactions"), bank.CallsUsedUp)
	b.must(count("ref-1", "transactions"))
	b.move(time.Second)
	b.must(count("ref-0", "transactions"))
	// The window rolls: of ref-1 one call of a day ago has fallen out of it, and
	// the one of a second ago has not.
	for range 3 {
		b.must(count("ref-1", "transactions"))
	}
	b.refused(count("ref-1", "transactions"), bank.CallsUsedUp)
	b.move(24*time.Hour - 2*time.Second)
	b.refused(count("ref-1", "transactions"), bank.CallsUsedUp)
	b.move(time.Second)
	b.must(count("ref-1", "transactions"))
	b.refused(count("ref-1", "transactions"), bank.CallsUsedUp)
	b.refused(b.CountCall(b.ctx, "unknown", "r", "k", 4, b.now()), bank.NotFound)
}

func consentEnds(b *bed) {
	given, code := b.consented(b.reading("r"))
	b.must(b.redeemConsent(code, "1"))
	_, unused := b.consented(b.reading("stays"))
	renew := b.passed("renewal", anna, sca.ForRenewal, string(given.ID), "longer")
	longer := b.now().Add(180 * 24 * time.Hour)
	change := func(spend *consent.Use, to xs2a.Status) (xs2a.Consent, error) {
		return b.ChangeConsent(b.ctx, given.ID, spend, func(c *xs2a.Consent) ([]audit.Record, error) {
			if c.Status != xs2a.Active {
				return nil, bank.Refuse(bank.AgreementEnded, "It has ended.")
			}
			c.Status, c.Until, c.EndedBy = to, longer, "customer:anna"
			return []audit.Record{b.did("consent.changed")}, nil
		})
	}
	got, err := change(&renew, xs2a.Active)
	b.must(err)
	if !got.Until.Equal(longer) || !b.good("1") {
		b.Errorf("renewed: %+v", got)
	}
	_, err = change(&renew, xs2a.Active)
	b.refused(err, bank.ChallengeSpent)

	errs := together(fight, func(int) error {
		_, err := change(nil, xs2a.Ended)
		return err
	})
	if n := tally(errs); n[""] != 1 || n[bank.AgreementEnded] != fight-1 {
		b.Errorf("outcomes: %v", n)
	}
	access, err := b.ConsentAccess(b.ctx, digest("access 1"))
	b.must(err)
	if access.Token.RevokedAt.IsZero() || access.Consent.Status != xs2a.Ended {
		b.Errorf("what stands behind a token after the withdrawal: %+v", access)
	}
	b.refused(b.rotateConsent("1", "2"), bank.GrantInvalid)
	b.refused(b.exchange("1", "2"), bank.TokenInvalid)
	b.must(b.redeemConsent(unused, "other")) // of the consent that stays

	late, code := b.consented(b.reading("late"))
	_, err = b.ChangeConsent(b.ctx, late.ID, nil, func(c *xs2a.Consent) ([]audit.Record, error) { c.Status = xs2a.Ended; return nil, nil })
	b.must(err)
	b.refused(b.redeemConsent(code, "late"), bank.GrantInvalid)
}

func consentOver(b *bed) {
	c := b.reading("r")
	c.Until = b.now().Add(30 * time.Second)
	_, unused := b.consented(c)
	other := b.reading("other")
	other.Until = b.now().Add(30 * time.Second)
	_, code := b.consented(other)
	b.must(b.redeemConsent(code, "1"))
	b.move(30 * time.Second)
	b.refused(b.redeemConsent(unused, "2"), bank.GrantInvalid)
	b.refused(b.rotateConsent("1", "3"), bank.GrantInvalid)
	b.refused(b.exchange("1", "4"), bank.TokenInvalid)
	single := b.reading("single", xs2a.Grant{Right: xs2a.ReadAccount, Single: true})
	single.Until = b.now().Add(30 * time.Second)
	given, _ := b.consented(single)
	b.move(30 * time.Second)
	b.refused(b.UseRight(b.ctx, given.ID, xs2a.ReadAccount, b.now()), bank.AgreementEnded)
}

func fundsConsent(b *bed) {
	give := func(id, number string) xs2a.Consent {
		c := b.reading(id, xs2a.Grant{Right: xs2a.ConfirmFunds})
		c.Client, c.TPPID, c.Scope, c.Status, c.Customer, c.Person, c.GivenAt = "", "", xs2a.Funds, xs2a.Active, ofAnna, anna, b.now()
		c.Accounts = []xs2a.Reach{{Ref: "ref " + id, Account: annasAccount, Number: number}}
		b.must(b.GiveFunds(b.ctx, c, b.passed("challenge "+id, anna, sca.ForFunds, id, "it"), b.did("funds.given")))
		return c
	}
	finds := func(number string) (xs2a.Consent, error) {
		return b.FundsConsent(b.ctx, theOrganisation, number, b.now())
	}
	_, err := finds("61")
	b.refused(err, bank.NotFound)
	give("first", "61")
	b.move(time.Minute)
	second := give("second", "61")
	give("third", "62")
	got, err := finds("61")
	b.must(err)
	b.same(got, second)
	_, err = b.FundsConsent(b.ctx, "PSDPL-PFSA-1", "61", b.now())
	b.refused(err, bank.NotFound)
	_, err = b.ChangeConsent(b.ctx, second.ID, nil, func(c *xs2a.Consent) ([]audit.Record, error) { c.Status = xs2a.Ended; return nil, nil })
	b.must(err)
	got, err = finds("61")
	b.must(err)
	if got.ID != "consent-first" {
		b.Errorf("after a withdrawal of the newest: %+v", got)
	}
	b.move(91 * 24 * time.Hour)
	_, err = finds("61")
	b.refused(err, bank.NotFound)
}

func endAnnounced(b *bed) {
	ends := func(id string, in time.Duration) xs2a.Consent {
		c := b.reading(id)
		c.Until = b.now().Add(in)
		given, _ := b.consented(c)
		return given
	}
	late, soon := ends("late", 10*24*time.Hour), ends("soon", 5*24*time.Hour)
	ends("far", 60*24*time.Hour)
	paying := b.reading("paying", xs2a.Grant{Right: xs2a.Initiate})
	paying.Scope, paying.Until = xs2a.Payments, b.now().Add(time.Hour)
	b.consented(paying)
	before := b.now().Add(14 * 24 * time.Hour)
	is := func(want ...xs2a.Consent) {
		b.Helper()
		got, err := b.EndingConsents(b.ctx, before, 10)
		b.must(err)
		if len(want) == 0 {
			want = nil
		}
		b.same(got, want)
	}
	is(soon, late)
	few, err := b.EndingConsents(b.ctx, before, 1)
	b.must(err)
	b.same(few, []xs2a.Consent{soon})
	together(fight, func(i int) error {
		err := b.TellConsent(b.ctx, soon.ID, b.now(), notice.Message{
			ID: fmt.Sprint("m-", i), Channel: notice.SMS, Person: anna, To: "+48", Text: "ends", CreatedAt: b.now(), ExpiresAt: b.now().Add(time.Hour),
		}, b.did("consent.announced"))
		if err != nil {
			b.Error(err)
		}
		return nil
	})
	is(late)
	sent, err := b.ClaimMessages(b.ctx, "w", 100, b.wall.Now(), b.wall.Now().Add(time.Minute))
	b.must(err)
	n := 0
	for _, m := range sent {
		if m.Text == "ends" {
			n++
		}
	}
	if n != 1 {
		b.Errorf("%d messages about one end", n)
	}
	b.move(11 * 24 * time.Hour)
	is() // what is over is not announced any more
}

func accessChanges(b *bed) {
	before, err := b.Account(b.ctx, annasAccount)
	b.must(err)
	use := b.passed("c", anna, sca.ForAccess, string(annasAccount), "off")
	off := account.Access{State: account.AccessOff, By: "customer:anna", At: b.now(), Why: "switched off"}
	change := func(spend *consent.Use) (account.Account, error) {
		return b.ChangeAccess(b.ctx, annasAccount, spend, func(a *account.Account) ([]audit.Record, error) {
			a.Access, a.Booked, a.Status, a.Holder = off, pln(1), account.Closed, "Nobody"
			return []audit.Record{b.did("access.changed")}, nil
		})
	}
	got, err := change(&use)
	b.must(err)
	want := before
	want.Access = off
	b.same(got, want)
	kept, err := b.Account(b.ctx, annasAccount)
	b.must(err)
	b.same(kept, want)
	_, err = change(&use)
	b.refused(err, bank.ChallengeSpent)
	_, err = b.ChangeAccess(b.ctx, "unknown", nil, nil)
	b.refused(err, bank.NotFound)
}

func consentPurge(b *bed) {
	given, code := b.consented(b.reading("r"))
	b.must(b.redeemConsent(code, "1"))
	b.must(b.CountCall(b.ctx, given.ID, "ref", "kind", 4, b.now()))
	b.must(b.rotateConsent("1", "2"))
	b.move(25 * time.Hour)
	n, err := b.Purge(b.ctx, b.now())
	b.must(err)
	if n != 5 { // two access tokens, the code, the request, the counted call
		b.Errorf("%d rows were purged", n)
	}
	_, err = b.ConsentRequest(b.ctx, authserver.RequestID("request-"+given.ID))
	b.refused(err, bank.NotFound)
	_, err = b.ConsentAccess(b.ctx, digest("access 2"))
	b.refused(err, bank.NotFound)
	_, err = b.Consent(b.ctx, given.ID)
	b.must(err)
	b.must(b.rotateConsent("2", "3"))
}

package mbank_test

import (
	"net/netip"
	"time"

	"okienko/authserver"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/calendar"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/notice"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
)

// shop is a partner's application that is paired with Anna's first account. What
// it sets aside and schedules stands in the lists of third parties too.
type shop struct {
	w         *world
	agreement consent.Agreement
	n         int
}

func (w *world) pairShop() *shop {
	w.t.Helper()
	ctx, now := w.t.Context(), w.clock.Now()
	most := limit.Limits{Single: pln(1e8), Daily: pln(1e8), Monthly: pln(1e8), Unconfirmed: pln(1e8)}
	must(w.t, w.store.PutPartner(ctx, partner.Partner{ID: "shop", Name: "Rower", LegalName: "Rower sp. z o.o.", Since: now}, staff("partner.put", "partner:shop")))
	permissions := []consent.Permission{
		{Object: consent.Blockades, Action: consent.Create}, {Object: consent.Blockades, Action: consent.Delete},
		{Object: consent.Payments, Action: consent.Create}, {Object: consent.Payments, Action: consent.Delete},
	}
	app := partner.Application{
		ID: "shop", Partner: "shop", Name: "Rower", Status: partner.Sandbox, Account: bobs, Limits: most, Since: now,
		CallbackURIs: []string{"https://shop.example/"}, Addresses: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		AccessTTL: partner.DefaultAccessTTL, RefreshTTL: partner.DefaultRefreshTTL,
	}
	for _, p := range permissions {
		app.Permissions = append(app.Permissions, consent.Definition{Permission: p, ValidSeconds: consent.Unrestricted, Quota: consent.Unrestricted})
	}
	must(w.t, w.store.PutApplication(ctx, app, staff("application.put", "application:shop")))
	request := authserver.Request{
		ID: "pairing", Client: "shop", State: "state", RedirectURI: "https://shop.example/", CreatedAt: now, ExpiresAt: now.Add(time.Hour), Status: authserver.RequestOpen,
	}
	must(w.t, w.store.SaveRequest(ctx, request))
	_, err := w.store.ChangeRequest(ctx, request.ID, func(r *authserver.Request) error {
		r.Choice = &authserver.Choice{Person: annaP, Customer: anna, Account: annas, Permissions: permissions, Limits: most}
		return nil
	})
	must(w.t, err)
	subject := sca.Subject{Purpose: sca.ForPairing, ID: "pairing", Binding: "chosen"}
	use := consent.Use{Challenge: w.passed(annaP, subject), Person: annaP, Purpose: subject.Purpose, Subject: subject.ID, Binding: subject.Binding}
	s := &shop{w: w}
	s.agreement, err = w.store.Pair(ctx, request.ID, use, authserver.Code{Hash: []byte("pairing"), Client: "shop", ExpiresAt: now.Add(time.Minute)},
		func(authserver.Request, *consent.Agreement) (consent.Agreement, []audit.Record, error) {
			a := consent.Agreement{
				ID: "agreement", Version: 1, Application: "shop", Customer: anna, Person: annaP, AccountRef: "ref", Account: annas, Limits: most,
				Status: consent.Active, CreatedAt: now, GivenAt: now,
			}
			for _, p := range permissions {
				a.Grants = append(a.Grants, consent.Grant{Permission: p, GivenAt: now, ValidSeconds: -1, Quota: -1, Left: -1})
			}
			return a, nil, nil
		})
	must(w.t, err)
	return s
}

// passed makes a challenge that a person has passed.
func (w *world) passed(person party.PersonID, subject sca.Subject) sca.ID {
	w.t.Helper()
	ctx, now := w.t.Context(), w.clock.Now()
	c := sca.Challenge{
		ID: sca.ID("challenge-" + subject.ID), Person: person, Method: sca.SMS, Subject: subject, CodeHash: []byte("hash"),
		CreatedAt: now, ExpiresAt: now.Add(sca.Life), Status: sca.Pending,
	}
	message := notice.Message{ID: "message-" + subject.ID, Channel: notice.SMS, Person: person, To: "+48500000000", Text: "text", CreatedAt: now, ExpiresAt: c.ExpiresAt}
	must(w.t, w.store.OpenChallenge(ctx, c, &message, func(f *sca.Factor) error { return f.Open(now) }))
	_, err := w.store.JudgeChallenge(ctx, c.ID, func(c *sca.Challenge, f *sca.Factor) error { return sca.Answer(c, f, []byte("hash"), now) },
		func(*sca.Challenge) []audit.Record { return nil })
	must(w.t, err)
	return c.ID
}

func (s *shop) submit(d payment.Draft) payment.Outcome {
	s.w.t.Helper()
	s.n++
	d.OperationID = "operation-" + string(rune('a'+s.n))
	return s.w.do(&payment.Submit{Agreement: s.agreement.ID, AccountRef: "ref", Draft: d})
}

// holds sets money aside.
func (s *shop) holds(minor int64) *ledger.Hold {
	s.w.t.Helper()
	return s.submit(payment.Draft{Kind: payment.PlaceHold, Amount: pln(minor), Title: "Kaucja"}).Hold
}

// schedules orders a payment for a later day.
func (s *shop) schedules(minor int64, day calendar.Date) *payment.Payment {
	s.w.t.Helper()
	return s.submit(payment.Draft{Kind: payment.Pay, Amount: pln(minor), Title: "Rata", ExecutionDate: day}).Payment
}

func (s *shop) cancels(p *payment.Payment) {
	s.w.t.Helper()
	s.w.do(&payment.Cancel{Payment: p.ID, By: audit.Actor{Kind: audit.Partner, ID: "shop"}, Agreement: s.agreement.ID})
}

// moves books an amount from one account to another at this instant.
func (w *world) moves(from, to account.ID, minor int64, title string) {
	w.t.Helper()
	w.do(&payment.Book{
		By: audit.Actor{Kind: audit.Bank, ID: "test"}, Kind: ledger.Transfer, Title: title, From: from, To: to, Amount: pln(minor),
		Payer: ledger.Party{Name: "Płatnik", Number: string(numberOf(8))}, Payee: ledger.Party{Name: "Odbiorca", Number: string(numberOf(9))},
	})
}

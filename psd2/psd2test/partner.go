package psd2test

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

// Shop is a partner's application that is paired with Anna's first account. What
// it sets aside and schedules stands in the lists of third parties too.
type Shop struct {
	w         *World
	agreement consent.Agreement
	N         int // operations so far
}

// PairShop pairs it.
func (w *World) PairShop() *Shop {
	w.T.Helper()
	ctx, now := w.T.Context(), w.Clock.Now()
	most := limit.Limits{Single: PLN(1e8), Daily: PLN(1e8), Monthly: PLN(1e8), Unconfirmed: PLN(1e8)}
	Must(w.T, w.Store.PutPartner(ctx, partner.Partner{ID: "shop", Name: "Rower", LegalName: "Rower sp. z o.o.", Since: now}, Staff("partner.put", "partner:shop")))
	permissions := []consent.Permission{
		{Object: consent.Blockades, Action: consent.Create}, {Object: consent.Blockades, Action: consent.Delete},
		{Object: consent.Payments, Action: consent.Create}, {Object: consent.Payments, Action: consent.Delete},
	}
	app := partner.Application{
		ID: "shop", Partner: "shop", Name: "Rower", Status: partner.Sandbox, Account: Bobs, Limits: most, Since: now,
		CallbackURIs: []string{"https://shop.example/"}, Addresses: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		AccessTTL: partner.DefaultAccessTTL, RefreshTTL: partner.DefaultRefreshTTL,
	}
	for _, p := range permissions {
		app.Permissions = append(app.Permissions, consent.Definition{Permission: p, ValidSeconds: consent.Unrestricted, Quota: consent.Unrestricted})
	}
	Must(w.T, w.Store.PutApplication(ctx, app, Staff("application.put", "application:shop")))
	request := authserver.Request{
		ID: "pairing", Client: "shop", State: "state", RedirectURI: "https://shop.example/", CreatedAt: now, ExpiresAt: now.Add(time.Hour), Status: authserver.RequestOpen,
	}
	Must(w.T, w.Store.SaveRequest(ctx, request))
	_, err := w.Store.ChangeRequest(ctx, request.ID, func(r *authserver.Request) error {
		r.Choice = &authserver.Choice{Person: AnnaP, Customer: Anna, Account: Annas, Permissions: permissions, Limits: most}
		return nil
	})
	Must(w.T, err)
	subject := sca.Subject{Purpose: sca.ForPairing, ID: "pairing", Binding: "chosen"}
	use := consent.Use{Challenge: w.passed(AnnaP, subject), Person: AnnaP, Purpose: subject.Purpose, Subject: subject.ID, Binding: subject.Binding}
	s := &Shop{w: w}
	s.agreement, err = w.Store.Pair(ctx, request.ID, use, authserver.Code{Hash: []byte("pairing"), Client: "shop", ExpiresAt: now.Add(time.Minute)},
		func(authserver.Request, *consent.Agreement) (consent.Agreement, []audit.Record, error) {
			a := consent.Agreement{
				ID: "agreement", Version: 1, Application: "shop", Customer: Anna, Person: AnnaP, AccountRef: "ref", Account: Annas, Limits: most,
				Status: consent.Active, CreatedAt: now, GivenAt: now,
			}
			for _, p := range permissions {
				a.Grants = append(a.Grants, consent.Grant{Permission: p, GivenAt: now, ValidSeconds: -1, Quota: -1, Left: -1})
			}
			return a, nil, nil
		})
	Must(w.T, err)
	return s
}

// passed makes a challenge that a person has passed.
func (w *World) passed(person party.PersonID, subject sca.Subject) sca.ID {
	w.T.Helper()
	ctx, now := w.T.Context(), w.Clock.Now()
	c := sca.Challenge{
		ID: sca.ID("challenge-" + subject.ID), Person: person, Method: sca.SMS, Subject: subject, CodeHash: []byte("hash"),
		CreatedAt: now, ExpiresAt: now.Add(sca.Life), Status: sca.Pending,
	}
	message := notice.Message{ID: "message-" + subject.ID, Channel: notice.SMS, Person: person, To: "+48500000000", Text: "text", CreatedAt: now, ExpiresAt: c.ExpiresAt}
	Must(w.T, w.Store.OpenChallenge(ctx, c, &message, func(f *sca.Factor) error { return f.Open(now) }))
	_, err := w.Store.JudgeChallenge(ctx, c.ID, func(c *sca.Challenge, f *sca.Factor) error { return sca.Answer(c, f, []byte("hash"), now) },
		func(*sca.Challenge) []audit.Record { return nil })
	Must(w.T, err)
	return c.ID
}

func (s *Shop) submit(d payment.Draft) payment.Outcome {
	s.w.T.Helper()
	s.N++
	d.OperationID = "operation-" + string(rune('a'+s.N))
	return s.w.Do(&payment.Submit{Agreement: s.agreement.ID, AccountRef: "ref", Draft: d})
}

// Holds sets money aside.
func (s *Shop) Holds(minor int64) *ledger.Hold {
	s.w.T.Helper()
	return s.submit(payment.Draft{Kind: payment.PlaceHold, Amount: PLN(minor), Title: "Kaucja"}).Hold
}

// Schedules orders a payment for a later day.
func (s *Shop) Schedules(minor int64, day calendar.Date) *payment.Payment {
	s.w.T.Helper()
	return s.submit(payment.Draft{Kind: payment.Pay, Amount: PLN(minor), Title: "Rata", ExecutionDate: day}).Payment
}

// Cancels cancels one.
func (s *Shop) Cancels(p *payment.Payment) {
	s.w.T.Helper()
	s.w.Do(&payment.Cancel{Payment: p.ID, By: audit.Actor{Kind: audit.Partner, ID: "shop"}, Agreement: s.agreement.ID})
}

// Moves books an amount from one account to another at this instant.
func (w *World) Moves(from, to account.ID, minor int64, title string) {
	w.T.Helper()
	w.Do(&payment.Book{
		By: audit.Actor{Kind: audit.Bank, ID: "test"}, Kind: ledger.Transfer, Title: title, From: from, To: to, Amount: PLN(minor),
		Payer: ledger.Party{Name: "Płatnik", Number: string(NumberOf(8))}, Payee: ledger.Party{Name: "Odbiorca", Number: string(NumberOf(9))},
	})
}

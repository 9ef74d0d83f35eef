package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"okienko/authserver"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/intake"
	"okienko/bank/limit"
	"okienko/bank/nrb"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/sca"
	"okienko/store"
)

// seed makes books of a world: the first of each kind through the store's own
// acts, so that their form is the store's, and all others as copies of them,
// set by set.
func seed(ctx context.Context, b books, w world) error {
	s, err := b.store(ctx, "")
	if err != nil {
		return err
	}
	if err := errors.Join(first(ctx, s, w), s.Close()); err != nil {
		return fmt.Errorf("seeding: %w", err)
	}
	if err := multiply(ctx, b, w); err != nil {
		return fmt.Errorf("seeding: %w", err)
	}
	return nil
}

const sortCode = "99900005"

func staff(act, on string) audit.Record {
	return audit.Record{At: instant(), Actor: audit.Actor{Kind: audit.Staff, ID: "bench"}, Act: act, Subject: on}
}

// first brings in the first payer and the first partner, and pairs them.
func first(ctx context.Context, s *store.Store, w world) error {
	now, zero, batch := instant(), pln(0), &intake.Batch{}
	for _, i := range [...]int{0, w.customers} {
		n, err := nrb.Make(sortCode, fmt.Sprintf("%016d", i))
		if err != nil {
			return err
		}
		batch.Persons = append(batch.Persons, party.Person{ID: personOf(i), FirstName: "Jan", LastName: "Kowalski", Language: party.Polish})
		batch.Customers = append(batch.Customers, party.Customer{ID: customerOf(i), Segment: party.Individual, Name: "Jan Kowalski", Person: personOf(i), Since: now})
		batch.Accounts = append(batch.Accounts, account.Account{
			ID: accountOf(i), Kind: account.Customer, Customer: customerOf(i), NRB: n, Holder: "Jan Kowalski", Name: "Konto", Status: account.Open,
			Access: account.FirstAccess(party.Individual, now), OpenedAt: now, Booked: zero, Held: zero, Overdraft: pln(1_000_000),
		})
	}
	if err := s.Import(ctx, batch); err != nil {
		return err
	}
	most := limit.Limits{Single: pln(1_000_000), Daily: pln(1_000_000), Monthly: pln(1_000_000), Unconfirmed: pln(1_000_000)}
	var definitions []consent.Definition
	var grants []consent.Grant
	for _, p := range []consent.Permission{{Object: consent.Payments, Action: consent.Create}, {Object: consent.Blockades, Action: consent.Create}, {Object: consent.Blockades, Action: consent.Delete}} {
		definitions = append(definitions, consent.Definition{Permission: p, ValidSeconds: consent.Unrestricted, Quota: consent.Unrestricted})
		grants = append(grants, consent.Grant{Permission: p, GivenAt: now, ValidSeconds: consent.Unrestricted, Quota: consent.Unrestricted, Left: consent.Unrestricted})
	}
	return errors.Join(
		s.PutPartner(ctx, partner.Partner{ID: "partner", Name: "Kawiarnia", Since: now}, staff("partner.put", "partner:partner")),
		s.PutApplication(ctx, partner.Application{
			ID: applicationOf(0), Partner: "partner", Name: "Kawiarnia", Status: partner.Public, Account: w.accountOfPartner(0), Limits: most, Since: now,
			Permissions: definitions, AccessTTL: time.Hour, RefreshTTL: time.Hour,
		}, staff("application.put", "application:"+string(applicationOf(0)))),
		pair(ctx, s, consent.Agreement{
			ID: agreementOf(0), Version: 1, Application: applicationOf(0), Customer: customerOf(0), Person: personOf(0), AccountRef: referenceOf(0),
			Account: accountOf(0), Limits: most, Status: consent.Active, CreatedAt: now, GivenAt: now, Grants: grants,
		}))
}

// pair keeps an agreement as a confirmed pairing does.
func pair(ctx context.Context, s *store.Store, a consent.Agreement) error {
	now, code := instant(), []byte("123456")
	subject := sca.Subject{Purpose: sca.ForPairing, ID: "request", Binding: "chosen"}
	choice := authserver.Choice{Person: a.Person, Customer: a.Customer, Account: a.Account, Limits: a.Limits}
	err := errors.Join(
		s.SaveRequest(ctx, authserver.Request{
			ID: "request", Client: a.Application, RedirectURI: "https://kawiarnia.example/", CreatedAt: now, ExpiresAt: now.Add(time.Hour),
			Status: authserver.RequestOpen, Choice: &choice,
		}),
		s.OpenChallenge(ctx, sca.Challenge{
			ID: "challenge", Person: a.Person, Method: sca.SMS, Subject: subject, CodeHash: code, CreatedAt: now, ExpiresAt: now.Add(sca.Life), Status: sca.Pending,
		}, nil, func(*sca.Factor) error { return nil }))
	if err != nil {
		return err
	}
	_, err = s.JudgeChallenge(ctx, "challenge", func(c *sca.Challenge, f *sca.Factor) error { return sca.Answer(c, f, code, now) },
		func(*sca.Challenge) []audit.Record { return nil })
	if err != nil {
		return err
	}
	_, err = s.Pair(ctx, "request", consent.Use{Challenge: "challenge", Person: a.Person, Purpose: sca.ForPairing, Subject: "request", Binding: "chosen"},
		authserver.Code{Hash: []byte("code"), Client: a.Application, ExpiresAt: now},
		func(authserver.Request, *consent.Agreement) (consent.Agreement, []audit.Record, error) {
			return a, nil, nil
		})
	return err
}

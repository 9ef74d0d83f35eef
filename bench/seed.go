package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"okienko/authserver"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/intake"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/sca"
	"okienko/clock"
	"okienko/store"
)

// The world of the engine's benchmark: payers who are all paired with one
// application, whose partner is paid by everybody. Ids have one width, so that
// what two designs write can be compared to the byte.
const (
	application = consent.ClientID("kawiarnia")
	title       = "Kawa z automatu, Dworzec Centralny"
)

func number(i int) string               { return fmt.Sprintf("%05d", i) }
func customerOf(i int) party.CustomerID { return party.CustomerID("customer-" + number(i)) }
func personOf(i int) party.PersonID     { return party.PersonID("person-" + number(i)) }
func accountOf(i int) account.ID        { return account.ID("account-" + number(i)) }
func agreementOf(i int) consent.ID      { return consent.ID("agreement-" + number(i)) }
func referenceOf(i int) string          { return "reference-" + number(i) }
func pln(zlotys int64) money.Amount     { return money.New(zlotys*100, money.PLN) }
func instant() time.Time                { return time.Now().UTC().Truncate(time.Microsecond) }
func staff(act, on string) audit.Record {
	return audit.Record{At: instant(), Actor: audit.Actor{Kind: audit.Staff, ID: "bench"}, Act: act, Subject: on}
}
func price() money.Amount { return money.New(1_00, money.PLN) }
func openStore(ctx context.Context, path string) (*store.Store, error) {
	return store.Open(ctx, store.Config{Path: path, Environment: partner.Test, Key: make([]byte, 32), Clock: clock.Wall{}, Wall: clock.Wall{}})
}

// seed makes the file that every measurement begins with a copy of.
func seed(ctx context.Context, path string, payers int) error {
	s, err := openStore(ctx, path)
	if err != nil {
		return err
	}
	if err := errors.Join(fill(ctx, s, payers), s.Close()); err != nil {
		return fmt.Errorf("seeding: %w", err)
	}
	return pairOthers(ctx, path, payers)
}

// fill brings in payers with 1 000 000.00 each and, last, the partner with an
// empty account; and pairs the first payer through the store's own acts.
func fill(ctx context.Context, s *store.Store, payers int) error {
	now, zero, batch := instant(), pln(0), &intake.Batch{}
	for i := range payers + 1 {
		n, err := nrb.Make("99900005", fmt.Sprintf("%016d", i))
		if err != nil {
			return err
		}
		batch.Persons = append(batch.Persons, party.Person{ID: personOf(i), FirstName: "Jan", LastName: "Kowalski", Language: party.Polish})
		batch.Customers = append(batch.Customers, party.Customer{ID: customerOf(i), Segment: party.Individual, Name: "Jan Kowalski", Person: personOf(i), Since: now})
		batch.Accounts = append(batch.Accounts, account.Account{
			ID: accountOf(i), Kind: account.Customer, Customer: customerOf(i), NRB: n, Holder: "Jan Kowalski", Name: "Konto", Status: account.Open,
			Access: account.FirstAccess(party.Individual, now), OpenedAt: now, Booked: zero, Held: zero, Overdraft: zero,
		})
		if i == payers {
			break
		}
		postings, err := ledger.Move(intake.OpeningAccount, accountOf(i), pln(1_000_000))
		if err != nil {
			return err
		}
		batch.Entries = append(batch.Entries, ledger.Entry{
			ID: ledger.EntryID("opening-" + number(i)), At: now, Kind: ledger.Opening, Title: "Saldo", Postings: postings,
		})
	}
	if err := s.Import(ctx, batch); err != nil {
		return err
	}
	create := consent.Permission{Object: consent.Payments, Action: consent.Create}
	most := limit.Limits{Single: pln(1_000_000), Daily: pln(1_000_000), Monthly: pln(1_000_000), Unconfirmed: pln(1_000_000)}
	return errors.Join(
		s.PutPartner(ctx, partner.Partner{ID: "kawiarnia", Name: "Kawiarnia", Since: now}, staff("partner.put", "partner:kawiarnia")),
		s.PutApplication(ctx, partner.Application{
			ID: application, Partner: "kawiarnia", Name: "Kawiarnia", Status: partner.Public, Account: accountOf(payers), Limits: most, Since: now,
			Permissions: []consent.Definition{{Permission: create, ValidSeconds: consent.Unrestricted, Quota: consent.Unrestricted}},
			AccessTTL:   time.Hour, RefreshTTL: time.Hour,
		}, staff("application.put", "application:kawiarnia")),
		pairFirst(ctx, s, consent.Agreement{
			ID: agreementOf(0), Version: 1, Application: application, Customer: customerOf(0), Person: personOf(0), AccountRef: referenceOf(0),
			Account: accountOf(0), Limits: most, Status: consent.Active, CreatedAt: now, GivenAt: now,
			Grants: []consent.Grant{{Permission: create, GivenAt: now, ValidSeconds: consent.Unrestricted, Quota: consent.Unrestricted, Left: consent.Unrestricted}},
		}))
}

// pairFirst keeps an agreement as a confirmed pairing does.
func pairFirst(ctx context.Context, s *store.Store, a consent.Agreement) error {
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

// pairOthers repeats the first pairing for all other payers: four commits each
// through the store would take longer than what is measured.
func pairOthers(ctx context.Context, path string, payers int) error {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	for i := 1; i < payers; i++ {
		_, err := tx.ExecContext(ctx, `insert into agreement
			select $1, version, application, $2, $3, $4, $5, grants, currency, limit_single, limit_daily, limit_monthly, limit_unconfirmed,
				status, created_at, given_at, ended_at, ended_by, last_used from agreement where id = $6`,
			string(agreementOf(i)), string(customerOf(i)), string(personOf(i)), referenceOf(i), string(accountOf(i)), string(agreementOf(0)))
		if err != nil {
			return errors.Join(err, tx.Rollback(), db.Close())
		}
	}
	return errors.Join(tx.Commit(), db.Close())
}

// copyOf copies a closed file of data.
func copyOf(from, to string) (err error) {
	in, err := os.Open(filepath.Clean(from))
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(filepath.Clean(to), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if _, err = io.Copy(out, in); err != nil {
		return err
	}
	return out.Sync()
}

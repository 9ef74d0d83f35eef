package store

import (
	"context"
	"time"

	"okienko/bank/desk"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/payment"
)

// Within runs f in one transaction that no batch of any node interleaves with,
// for the desk. It does not try again by itself: the desk does, with a fresh
// instant.
func (s *Store) Within(ctx context.Context, f func(desk.Tx) error) error {
	return s.engine.within(ctx, s, f)
}

// Draft runs f over the data as the drafts before it will leave them; see
// desk.Drafter and ahead.
func (s *Store) Draft(ctx context.Context, f func(desk.Tx) error) (desk.Draft, error) {
	d, err := s.engine.draft(ctx, s, f)
	if err != nil {
		return nil, err
	}
	return d, nil
}

var _ desk.Drafter = (*Store)(nil)

// needed asks for what a batch of orders needs.
func needed(d dialect, n payment.Needs, into *payment.State) questions {
	var qs questions
	loadAgreements(&qs, n.Agreements, into.Agreements)
	loadApplications(&qs, n.Applications, into.Applications)
	loadCustomers(&qs, n.Customers, into.Customers, into.CustomerLimits)
	loadChallenges(&qs, n.Challenges, into.Challenges)
	loadAccounts(&qs, n.Accounts, into.Accounts)
	loadHolds(&qs, n.Holds, into.Holds)
	loadPayments(&qs, n.Payments, into.Payments)
	loadOperations(&qs, d, n.Operations, into)
	loadAuthorisations(&qs, n.Authorisations, into.Authorisations)
	loadCounters(&qs, n.Counters, into.Counters)
	loadConsents(&qs, n.Consents, into.Consents)
	loadTransfers(&qs, n.Transfers, into.Transfers)
	loadBundles(&qs, n.Bundles, into.Bundles)
	loadStandings(&qs, n.Standings, into.Standings)
	loadSubmissions(&qs, n.Submissions, into.Submissions)
	return qs
}

// keep writes what a batch has changed, with its audit. It takes a few
// statements for all orders together (docs/decisions/0003-sql.md).
func keep(ctx context.Context, tx *writeTx, c *payment.Changes) error {
	for _, write := range []func() error{
		func() error { return writeTurn(ctx, tx, c.At) },
		func() error { return writeBalances(ctx, tx, c.Accounts) },
		func() error { return insertHolds(ctx, tx, c.NewHolds) },
		func() error { return updateHolds(ctx, tx, c.Holds) },
		func() error { return insertHoldEvents(ctx, tx, c.HoldEvents) },
		func() error { return insertPayments(ctx, tx, c.NewPayments) },
		func() error { return updatePayments(ctx, tx, c.Payments) },
		func() error { return insertPaymentEvents(ctx, tx, c.PaymentEvents) },
		func() error { return insertBundles(ctx, tx, c.NewBundles) },
		func() error { return insertStandings(ctx, tx, c.NewStandings) },
		func() error { return updateStandings(ctx, tx, c.Standings) },
		func() error { return insertTransfers(ctx, tx, c.NewTransfers) },
		func() error { return updateTransfers(ctx, tx, c.Transfers) },
		func() error { return insertTransferEvents(ctx, tx, c.TransferEvents) },
		func() error { return insertSubmissions(ctx, tx, c.Submissions) },
		func() error { return writeConsents(ctx, tx, c.Consents) },
		func() error { return insertEntries(ctx, tx, c.Entries) },
		// What has ended goes first: its operation id may wait again.
		func() error { return updateAuthorisations(ctx, tx, c.Authorisations) },
		func() error { return insertAuthorisations(ctx, tx, c.NewAuthorisations) },
		func() error { return insertOperations(ctx, tx, c.Operations) },
		func() error { return writeCounters(ctx, tx, c.Counters) },
		func() error { return writeGrants(ctx, tx, c.Grants) },
		func() error { return writeChallenges(ctx, tx, c.Challenges) },
	} {
		if err := write(); err != nil {
			return err
		}
	}
	tx.audit(c.Audit...)
	return nil
}

// loadCounters asks for counters; one that never moved is a zero amount without
// a currency.
func loadCounters(qs *questions, keys []limit.Key, into map[limit.Key]money.Amount) {
	if len(keys) == 0 {
		return
	}
	// Asked for are many subjects in two periods, the day and the month: every
	// combination is looked up, and what was not asked for is left out.
	var subjects []limit.Subject
	var periods []limit.Period
	seenSubject, seenPeriod := map[limit.Subject]bool{}, map[limit.Period]bool{}
	for _, k := range keys {
		into[k] = money.Amount{}
		if !seenSubject[k.Subject] {
			seenSubject[k.Subject] = true
			subjects = append(subjects, k.Subject)
		}
		if !seenPeriod[k.Period] {
			seenPeriod[k.Period] = true
			periods = append(periods, k.Period)
		}
	}
	qs.ask("counters", "select subject, period, used, currency from counter where subject = any($1) and period = any($2)", func(row scanner) error {
		var k limit.Key
		var used int64
		var currency string
		err := row.Scan((*string)(&k.Subject), (*string)(&k.Period), &used, &currency)
		if _, asked := into[k]; asked {
			into[k] = money.New(used, money.Currency(currency))
		}
		return err
	}, list(subjects), list(periods))
}

func writeCounters(ctx context.Context, tx *writeTx, counters []limit.Counter) error {
	return put(ctx, tx, bulk{table: "counter", columns: "subject, period, used, currency", end: "on conflict (subject, period) do update set used = excluded.used"},
		counters, func(n limit.Counter) ([]any, error) {
			return []any{string(n.Subject), string(n.Period), n.Used.Minor(), string(n.Used.Currency())}, nil
		})
}

// writeTurn keeps when something was booked.
func writeTurn(ctx context.Context, tx *writeTx, at time.Time) error {
	if at.IsZero() {
		return nil
	}
	return tx.must(ctx, "update desk_turn set at = case when at < $1 then $1 else at end where id = 1", micros(at))
}

// latestTurn asks for it.
func latestTurn(qs *questions, into *time.Time) {
	qs.ask("turn", "select at from desk_turn where id = 1", func(row scanner) error {
		var at int64
		err := row.Scan(&at)
		*into = instant(at)
		return err
	})
}

package store

import (
	"context"
	"errors"
	"fmt"

	"okienko/bank/desk"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/payment"
)

// Within runs f in one transaction of the one writer, for the desk. It does not
// try again by itself: the desk does, with a fresh instant.
func (s *Store) Within(ctx context.Context, f func(desk.Tx) error) error {
	return s.writer.transact(ctx, s, func(ctx context.Context, tx *writeTx) error {
		k := &s.writer.known
		if err := k.begin(ctx, tx); err != nil {
			return err
		}
		tx.leaves = func() {} // nothing, unless it writes
		return f(deskTx{tx, k})
	})
}

// deskTx is the transaction of a batch of orders. What it does, it does with a
// few statements for all orders together: reading a row of a set costs a
// quarter of reading it alone, while a row that is written costs the same
// either way (docs/decisions/0003-sql.md).
type deskTx struct {
	tx    *writeTx
	known *known
}

func (t deskTx) Load(ctx context.Context, n payment.Needs, into *payment.State) error {
	n = t.known.give(n, into)
	if err := t.read(ctx, n, into); err != nil {
		return err
	}
	t.known.take(n, into)
	return nil
}

func (t deskTx) read(ctx context.Context, n payment.Needs, into *payment.State) error {
	for _, k := range n.Applications {
		into.Applications[k] = nil
	}
	for _, k := range n.Agreements {
		into.Agreements[k] = nil
	}
	for _, k := range n.Challenges {
		into.Challenges[k] = nil
	}
	for _, k := range n.Customers {
		into.Customers[k], into.CustomerLimits[k] = nil, nil
	}
	q := t.tx
	return errors.Join(
		some(n.Agreements, func() error { return loadAgreements(ctx, q, n.Agreements, into.Agreements) }),
		some(n.Applications, func() error { return loadApplications(ctx, q, n.Applications, into.Applications) }),
		some(n.Customers, func() error { return loadCustomers(ctx, q, n.Customers, into.Customers, into.CustomerLimits) }),
		some(n.Challenges, func() error { return loadChallenges(ctx, q, n.Challenges, into.Challenges) }),
		loadAccounts(ctx, q, n.Accounts, into.Accounts),
		loadHolds(ctx, q, n.Holds, into.Holds),
		loadPayments(ctx, q, n.Payments, into.Payments),
		loadOperations(ctx, q, n.Operations, into),
		loadAuthorisations(ctx, q, n.Authorisations, into.Authorisations),
		loadCounters(ctx, q, n.Counters, into.Counters),
	)
}

// some calls f when there is something to do.
func some[K any](keys []K, f func() error) error {
	if len(keys) == 0 {
		return nil
	}
	return f()
}

func (t deskTx) Write(ctx context.Context, c *payment.Changes) error {
	q := t.tx
	if err := writeBalances(ctx, q, c.Accounts); err != nil {
		return err
	}
	if err := errors.Join(insertHolds(ctx, q, c.NewHolds), updateHolds(ctx, q, c.Holds), insertHoldEvents(ctx, q, c.HoldEvents)); err != nil {
		return err
	}
	if err := errors.Join(insertPayments(ctx, q, c.NewPayments), updatePayments(ctx, q, c.Payments), insertPaymentEvents(ctx, q, c.PaymentEvents)); err != nil {
		return err
	}
	for _, e := range c.Entries {
		if err := insertEntry(ctx, q, e); err != nil {
			return err
		}
	}
	// What has ended goes first: its operation id may wait again.
	if err := errors.Join(updateAuthorisations(ctx, q, c.Authorisations), insertAuthorisations(ctx, q, c.NewAuthorisations)); err != nil {
		return err
	}
	if err := errors.Join(insertOperations(ctx, q, c.Operations), writeCounters(ctx, q, c.Counters)); err != nil {
		return err
	}
	if err := errors.Join(
		some(c.Grants, func() error { return writeGrants(ctx, q, c.Grants) }),
		some(c.Challenges, func() error { return writeChallenges(ctx, q, c.Challenges) }),
	); err != nil {
		return err
	}
	t.tx.audit(c.Audit...)
	t.tx.leaves = func() { t.known.leave(c) }
	return nil
}

// loadCounters reads counters; one that never moved is a zero amount without a
// currency.
func loadCounters(ctx context.Context, q querier, keys []limit.Key, into map[limit.Key]money.Amount) error {
	if len(keys) == 0 {
		return nil
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
	err := each(ctx, q, `select subject, period, used, currency from counter
		where `+among("subject", 1)+` and `+among("period", 2), func(row scanner) error {
		var k limit.Key
		var used int64
		var currency string
		err := row.Scan((*string)(&k.Subject), (*string)(&k.Period), &used, &currency)
		if _, asked := into[k]; asked {
			into[k] = money.New(used, money.Currency(currency))
		}
		return err
	}, list(subjects), list(periods))
	if err != nil {
		return fmt.Errorf("loading counters: %w", err)
	}
	return nil
}

func writeCounters(ctx context.Context, q querier, counters []limit.Counter) error {
	for _, n := range counters {
		_, err := q.ExecContext(ctx, `insert into counter (subject, period, used, currency) values ($1, $2, $3, $4)
			on conflict (subject, period) do update set used = excluded.used`,
			string(n.Subject), string(n.Period), n.Used.Minor(), string(n.Used.Currency()))
		if err != nil {
			return fmt.Errorf("store: counter %s of %s: %w", n.Subject, n.Period, err)
		}
	}
	return nil
}

package payment

import (
	"fmt"
	"slices"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/partner"
	"okienko/bank/sca"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// Decide decides the orders one after another, each seeing what those before
// it did, and tells what changed. A refused order leaves no trace and never
// touches its neighbours; one whose decision breaks off (a mistake of the
// program) is undone and answered as internal.
func Decide(s *State, now time.Time, ids bank.IDs, orders []Order) ([]Result, *Changes) {
	t := newTurn(s, now, ids)
	results := make([]Result, len(orders))
	for i, o := range orders {
		results[i] = t.take(o)
	}
	c := t.changes()
	c.At = now
	return results, c
}

// turn is the working state of a batch. Every order works on copies, which are
// kept when it succeeds and dropped when it does not.
type turn struct {
	now        time.Time
	day, month limit.Period
	ids        bank.IDs
	s          *State

	accounts       layer[account.ID, account.Account]
	holds          layer[ledger.HoldID, ledger.Hold]
	payments       layer[ID, Payment]
	authorisations layer[AuthorisationID, Authorisation]
	pending        layer[OperationKey, AuthorisationID]
	operations     layer[OperationKey, Operation]
	agreements     layer[consent.ID, consent.Agreement]
	challenges     layer[sca.ID, sca.Challenge]
	counters       layer[limit.Key, limit.Counter]
	consents       layer[xs2a.ID, xs2a.Consent]
	transfers      layer[transfer.ID, transfer.Transfer]
	bundles        layer[transfer.BundleID, transfer.Bundle]
	standings      layer[transfer.StandingID, transfer.Standing]
	submissions    layer[transfer.SubmissionKey, transfer.Submission]

	// What only grows: kept for good, and of the order at hand.
	done, mine struct {
		holdEvents     []ledger.HoldEvent
		entries        []*ledger.Entry
		paymentEvents  []Event
		transferEvents []transfer.Event
		audit          []audit.Record
	}
}

func newTurn(s *State, now time.Time, ids bank.IDs) *turn {
	t := &turn{now: now, day: limit.DayOf(now), month: limit.MonthOf(now), ids: ids, s: s}
	t.accounts.under = s.Accounts
	t.holds.under = s.Holds
	t.payments.under = s.Payments
	t.authorisations.under = s.Authorisations
	t.pending.under = make(map[OperationKey]*AuthorisationID, len(s.Pending))
	for k, id := range s.Pending {
		if id != "" {
			t.pending.under[k] = &id
		}
	}
	t.operations.under = s.Operations
	t.agreements.under = s.Agreements
	t.agreements.copied = func(a *consent.Agreement) { a.Grants = slices.Clone(a.Grants) }
	t.challenges.under = s.Challenges
	t.counters.under = make(map[limit.Key]*limit.Counter, len(s.Counters))
	for k, used := range s.Counters {
		t.counters.under[k] = &limit.Counter{Key: k, Used: used}
	}
	t.consents.under = s.Consents
	t.consents.copied = func(c *xs2a.Consent) { c.Grants = slices.Clone(c.Grants) }
	t.transfers.under = s.Transfers
	t.bundles.under = s.Bundles
	t.standings.under = s.Standings
	t.submissions.under = s.Submissions
	return t
}

func (t *turn) take(o Order) (r Result) {
	defer func() {
		if p := recover(); p != nil {
			t.drop()
			r = Result{Err: fmt.Errorf("payment: deciding %T broke off: %v", o, p)}
		}
	}()
	if o == nil {
		return Result{Err: fmt.Errorf("payment: no order")}
	}
	out, err := o.decide(t)
	if err != nil {
		t.drop()
		return Result{Err: err}
	}
	out = snapshot(out) // before the next order changes the same objects
	t.keep()
	return Result{Outcome: out}
}

// snapshot copies what an outcome points to.
func snapshot(o Outcome) Outcome {
	if o.Hold != nil {
		h := *o.Hold
		o.Hold = &h
	}
	if o.Payment != nil {
		p := *o.Payment
		o.Payment = &p
	}
	if o.Authorisation != nil {
		a := *o.Authorisation
		o.Authorisation = &a
	}
	if o.Transfer != nil {
		tr := *o.Transfer
		o.Transfer = &tr
	}
	if o.Bundle != nil {
		b := *o.Bundle
		o.Bundle = &b
	}
	if o.Standing != nil {
		s := *o.Standing
		o.Standing = &s
	}
	return o
}

func (t *turn) keep() {
	t.accounts.keep()
	t.holds.keep()
	t.payments.keep()
	t.authorisations.keep()
	t.pending.keep()
	t.operations.keep()
	t.agreements.keep()
	t.challenges.keep()
	t.counters.keep()
	t.consents.keep()
	t.transfers.keep()
	t.bundles.keep()
	t.standings.keep()
	t.submissions.keep()
	t.done.holdEvents = append(t.done.holdEvents, t.mine.holdEvents...)
	t.done.entries = append(t.done.entries, t.mine.entries...)
	t.done.paymentEvents = append(t.done.paymentEvents, t.mine.paymentEvents...)
	t.done.transferEvents = append(t.done.transferEvents, t.mine.transferEvents...)
	t.done.audit = append(t.done.audit, t.mine.audit...)
	t.forget()
}

// drop undoes whatever the order at hand has done so far.
func (t *turn) drop() {
	t.accounts.drop()
	t.holds.drop()
	t.payments.drop()
	t.authorisations.drop()
	t.pending.drop()
	t.operations.drop()
	t.agreements.drop()
	t.challenges.drop()
	t.counters.drop()
	t.consents.drop()
	t.transfers.drop()
	t.bundles.drop()
	t.standings.drop()
	t.submissions.drop()
	t.forget()
}

func (t *turn) forget() {
	t.mine.holdEvents = t.mine.holdEvents[:0]
	t.mine.entries = t.mine.entries[:0]
	t.mine.paymentEvents = t.mine.paymentEvents[:0]
	t.mine.transferEvents = t.mine.transferEvents[:0]
	t.mine.audit = t.mine.audit[:0]
}

func (t *turn) changes() *Changes {
	c := &Changes{
		HoldEvents:     t.done.holdEvents,
		Entries:        t.done.entries,
		PaymentEvents:  t.done.paymentEvents,
		TransferEvents: t.done.transferEvents,
		Audit:          t.done.audit,
	}
	_, c.Accounts = t.accounts.changed()
	c.NewHolds, c.Holds = t.holds.changed()
	c.NewPayments, c.Payments = t.payments.changed()
	c.NewAuthorisations, c.Authorisations = t.authorisations.changed()
	c.Operations, _ = t.operations.changed()
	_, c.Grants = t.agreements.changed()
	_, c.Challenges = t.challenges.changed()
	_, c.Consents = t.consents.changed()
	c.NewTransfers, c.Transfers = t.transfers.changed()
	c.NewBundles, _ = t.bundles.changed()
	c.NewStandings, c.Standings = t.standings.changed()
	c.Submissions, _ = t.submissions.changed()
	_, counters := t.counters.changed()
	for _, n := range counters {
		c.Counters = append(c.Counters, *n)
	}
	return c
}

// Account serves ledger.Post: what it returns may be changed.
func (t *turn) Account(id account.ID) *account.Account { return t.accounts.edit(id) }

func (t *turn) application(id consent.ClientID) *partner.Application { return t.s.Applications[id] }

// used is what a counter says, in the currency asked for.
func (t *turn) used(s limit.Subject, p limit.Period, c money.Currency) money.Amount {
	n := t.counters.get(limit.Key{Subject: s, Period: p})
	if n == nil || n.Used.Currency() == "" {
		return money.Zero(c)
	}
	return n.Used
}

// count moves one counter.
func (t *turn) count(s limit.Subject, p limit.Period, by money.Amount) error {
	if by.IsZero() {
		return nil
	}
	n := t.counters.edit(limit.Key{Subject: s, Period: p})
	if n == nil {
		return fmt.Errorf("payment: counter %s of %s was not loaded", s, p)
	}
	if n.Used.Currency() == "" {
		n.Used = money.Zero(by.Currency())
	}
	var err error
	n.Used, err = n.Used.Add(by)
	return err
}

// countAll moves the counters of an agreement and of its customer by what an
// act took or gave back.
func (t *turn) countAll(a *consent.Agreement, d limit.Delta) error {
	for _, s := range [...]limit.Subject{limit.OfAgreement(string(a.ID)), limit.OneOffOf(string(a.Customer))} {
		if err := t.count(s, d.Day, d.InDay); err != nil {
			return err
		}
		if err := t.count(s, d.Month, d.InMonth); err != nil {
			return err
		}
	}
	return nil
}

func (t *turn) record(by audit.Actor, act, subject, before, after, why string) {
	t.mine.audit = append(t.mine.audit, audit.Record{
		At: t.now, Actor: by, Act: act, Subject: subject, Before: before, After: after, Why: why,
	})
}

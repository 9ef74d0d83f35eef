// Package memory is a desk's Book in memory, for tests and simulations; it is
// not durable and survives no process.
//
// It is a strict Book: it keeps copies, never what it was handed, and before it
// keeps a batch it re-adds what the batch claims (balances, holds, limits,
// endings, operation ids). A batch that does not add up is a mistake of the
// core, is refused as a whole, and fails the test that caused it.
package memory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/desk"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// Book is the memory. Make one with New.
type Book struct {
	mu sync.Mutex // one transaction at a time, as the Book of a desk promises

	customers      map[party.CustomerID]party.Customer
	customerLimits map[party.CustomerID]limit.OfCustomer
	accounts       map[account.ID]account.Account
	opening        map[account.ID]money.Amount // balances that were put in, not posted
	applications   map[consent.ClientID]partner.Application
	agreements     map[consent.ID]consent.Agreement
	challenges     map[sca.ID]sca.Challenge

	holds          map[ledger.HoldID]ledger.Hold
	holdEvents     map[ledger.HoldID][]ledger.HoldEvent
	active         map[ledger.HoldID]struct{}
	payments       map[payment.ID]payment.Payment
	paymentEvents  map[payment.ID][]payment.Event
	scheduled      map[payment.ID]struct{}
	authorisations map[payment.AuthorisationID]payment.Authorisation
	waiting        map[payment.OperationKey]payment.AuthorisationID
	operations     map[payment.OperationKey]payment.Operation
	entries        map[ledger.EntryID]ledger.Entry
	entryOrder     []ledger.EntryID
	counters       map[limit.Key]money.Amount
	consents       map[xs2a.ID]xs2a.Consent
	transfers      map[transfer.ID]transfer.Transfer
	transferEvents map[transfer.ID][]transfer.Event
	bundles        map[transfer.BundleID]transfer.Bundle
	standings      map[transfer.StandingID]transfer.Standing
	submissions    map[transfer.SubmissionKey]transfer.Submission
	latest         time.Time
	audit          []audit.Record
}

var _ desk.Book = (*Book)(nil)

// New is an empty Book.
func New() *Book {
	return &Book{
		customers:      map[party.CustomerID]party.Customer{},
		customerLimits: map[party.CustomerID]limit.OfCustomer{},
		accounts:       map[account.ID]account.Account{},
		opening:        map[account.ID]money.Amount{},
		applications:   map[consent.ClientID]partner.Application{},
		agreements:     map[consent.ID]consent.Agreement{},
		challenges:     map[sca.ID]sca.Challenge{},
		holds:          map[ledger.HoldID]ledger.Hold{},
		holdEvents:     map[ledger.HoldID][]ledger.HoldEvent{},
		active:         map[ledger.HoldID]struct{}{},
		payments:       map[payment.ID]payment.Payment{},
		paymentEvents:  map[payment.ID][]payment.Event{},
		scheduled:      map[payment.ID]struct{}{},
		authorisations: map[payment.AuthorisationID]payment.Authorisation{},
		waiting:        map[payment.OperationKey]payment.AuthorisationID{},
		operations:     map[payment.OperationKey]payment.Operation{},
		entries:        map[ledger.EntryID]ledger.Entry{},
		counters:       map[limit.Key]money.Amount{},
		consents:       map[xs2a.ID]xs2a.Consent{},
		transfers:      map[transfer.ID]transfer.Transfer{},
		transferEvents: map[transfer.ID][]transfer.Event{},
		bundles:        map[transfer.BundleID]transfer.Bundle{},
		standings:      map[transfer.StandingID]transfer.Standing{},
		submissions:    map[transfer.SubmissionKey]transfer.Submission{},
	}
}

// Within runs f alone. What f wrote is kept when f returns nil, and forgotten
// when it returns an error or panics.
func (b *Book) Within(_ context.Context, f func(desk.Tx) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := &tx{book: b}
	if err := f(t); err != nil {
		return err
	}
	if t.changes != nil {
		b.keep(t.changes)
	}
	return nil
}

// tx is one transaction.
type tx struct {
	book    *Book
	changes *payment.Changes // what will be kept
}

var errSecondWrite = errors.New("memory: a transaction writes once")

// Write checks that the changes add up; they are kept when the transaction ends.
func (t *tx) Write(_ context.Context, c *payment.Changes) error {
	if t.changes != nil {
		return errSecondWrite
	}
	if err := t.book.judge(c); err != nil {
		return fmt.Errorf("memory: a batch does not add up: %w", err)
	}
	t.changes = c
	return nil
}

// Load copies out what is needed.
func (t *tx) Load(_ context.Context, n payment.Needs, into *payment.State) error {
	b := t.book
	into.Latest = b.latest
	for _, id := range n.Agreements {
		into.Agreements[id] = load(b.agreements, id, copyAgreement)
	}
	for _, id := range n.Applications {
		into.Applications[id] = load(b.applications, id, same)
	}
	for _, id := range n.Customers {
		into.Customers[id] = load(b.customers, id, same)
		into.CustomerLimits[id] = load(b.customerLimits, id, same)
	}
	for _, id := range n.Accounts {
		into.Accounts[id] = load(b.accounts, id, same)
	}
	for _, id := range n.Holds {
		into.Holds[id] = load(b.holds, id, same)
	}
	for _, id := range n.Payments {
		into.Payments[id] = load(b.payments, id, same)
	}
	for _, k := range n.Operations {
		into.Operations[k] = load(b.operations, k, copyOperation)
		into.Pending[k] = b.waiting[k]
	}
	for _, id := range n.Authorisations {
		into.Authorisations[id] = load(b.authorisations, id, copyAuthorisation)
	}
	for _, id := range n.Challenges {
		into.Challenges[id] = load(b.challenges, id, copyChallenge)
	}
	for _, k := range n.Counters {
		into.Counters[k] = b.counters[k]
	}
	b.loadTransfers(&n, into)
	return nil
}

func load[K comparable, V any](from map[K]V, k K, detached func(V) V) *V {
	v, ok := from[k]
	if !ok {
		return nil
	}
	v = detached(v)
	return &v
}

// same copies what holds nothing that could be changed through it.
func same[V any](v V) V { return v }

func copyAgreement(a consent.Agreement) consent.Agreement {
	a.Grants = slices.Clone(a.Grants)
	return a
}

func copyAuthorisation(a payment.Authorisation) payment.Authorisation {
	a.Draft.Permissions = slices.Clone(a.Draft.Permissions)
	return a
}

func copyChallenge(c sca.Challenge) sca.Challenge {
	c.CodeHash, c.Nonce = bytes.Clone(c.CodeHash), bytes.Clone(c.Nonce)
	return c
}

func copyOperation(o payment.Operation) payment.Operation {
	if o.Hold != nil {
		h := *o.Hold
		o.Hold = &h
	}
	if o.Payment != nil {
		p := *o.Payment
		o.Payment = &p
	}
	return o
}

func copyEntry(e ledger.Entry) ledger.Entry {
	e.Postings = slices.Clone(e.Postings)
	return e
}

// keep applies changes that were judged.
func (b *Book) keep(c *payment.Changes) {
	b.latest = c.At
	for _, a := range c.Accounts {
		was := b.accounts[a.ID]
		was.Booked, was.Held, was.Seq = a.Booked, a.Held, a.Seq
		b.accounts[a.ID] = was
	}
	for _, list := range [...][]*ledger.Hold{c.NewHolds, c.Holds} {
		for _, h := range list {
			b.holds[h.ID] = *h
			mark(b.active, h.ID, h.Status == ledger.Active)
		}
	}
	for i := range c.HoldEvents {
		e := c.HoldEvents[i]
		b.holdEvents[e.Hold] = append(b.holdEvents[e.Hold], e)
	}
	for _, e := range c.Entries {
		b.entries[e.ID] = copyEntry(*e)
		b.entryOrder = append(b.entryOrder, e.ID)
	}
	for _, list := range [...][]*payment.Payment{c.NewPayments, c.Payments} {
		for _, p := range list {
			b.payments[p.ID] = *p
			mark(b.scheduled, p.ID, p.Status == payment.Scheduled)
		}
	}
	for i := range c.PaymentEvents {
		e := c.PaymentEvents[i]
		b.paymentEvents[e.Payment] = append(b.paymentEvents[e.Payment], e)
	}
	// Those that stood before come first: one that lapsed makes room for the new
	// one of the same operation id.
	for _, list := range [...][]*payment.Authorisation{c.Authorisations, c.NewAuthorisations} {
		for _, a := range list {
			b.authorisations[a.ID] = copyAuthorisation(*a)
			k := payment.OperationKey{Application: a.Application, ID: a.Draft.OperationID}
			switch {
			case k.ID == "":
			case a.Status == payment.Waiting:
				b.waiting[k] = a.ID
			case b.waiting[k] == a.ID:
				delete(b.waiting, k)
			}
		}
	}
	for _, o := range c.Operations {
		b.operations[o.Key] = copyOperation(*o)
	}
	for _, a := range c.Grants {
		was := b.agreements[a.ID]
		was.Grants, was.Version, was.GivenAt = slices.Clone(a.Grants), a.Version, a.GivenAt
		b.agreements[a.ID] = was
	}
	for _, n := range c.Counters {
		b.counters[n.Key] = n.Used
	}
	for _, ch := range c.Challenges {
		b.challenges[ch.ID] = copyChallenge(*ch)
	}
	b.keepTransfers(c)
	b.audit = append(b.audit, c.Audit...)
}

func mark[K comparable](set map[K]struct{}, k K, in bool) {
	if in {
		set[k] = struct{}{}
	} else {
		delete(set, k)
	}
}

package payment

import (
	"time"

	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/sca"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// State is what a store has loaded for a batch of orders, and what the batch
// has made of it. In every map a present nil (or, for counters, a zero amount)
// means: looked for, not there.
type State struct {
	Agreements     map[consent.ID]*consent.Agreement
	Applications   map[consent.ClientID]*partner.Application
	Customers      map[party.CustomerID]*party.Customer
	CustomerLimits map[party.CustomerID]*limit.OfCustomer
	Accounts       map[account.ID]*account.Account
	Holds          map[ledger.HoldID]*ledger.Hold
	Payments       map[ID]*Payment
	Operations     map[OperationKey]*Operation
	Pending        map[OperationKey]AuthorisationID // the waiting one of an operation id, ""
	Authorisations map[AuthorisationID]*Authorisation
	Challenges     map[sca.ID]*sca.Challenge
	Counters       map[limit.Key]money.Amount
	Consents       map[xs2a.ID]*xs2a.Consent
	Transfers      map[transfer.ID]*transfer.Transfer
	Bundles        map[transfer.BundleID]*transfer.Bundle
	Standings      map[transfer.StandingID]*transfer.Standing
	Submissions    map[transfer.SubmissionKey]*transfer.Submission
	// Latest is when the batch before this one was decided, by the clock of
	// whoever did it; zero when none was. No batch is decided at an earlier
	// instant: a history is read in order of time.
	Latest time.Time
}

// NewState is a state into which nothing has been loaded.
func NewState() *State {
	return &State{
		Agreements:     map[consent.ID]*consent.Agreement{},
		Applications:   map[consent.ClientID]*partner.Application{},
		Customers:      map[party.CustomerID]*party.Customer{},
		CustomerLimits: map[party.CustomerID]*limit.OfCustomer{},
		Accounts:       map[account.ID]*account.Account{},
		Holds:          map[ledger.HoldID]*ledger.Hold{},
		Payments:       map[ID]*Payment{},
		Operations:     map[OperationKey]*Operation{},
		Pending:        map[OperationKey]AuthorisationID{},
		Authorisations: map[AuthorisationID]*Authorisation{},
		Challenges:     map[sca.ID]*sca.Challenge{},
		Counters:       map[limit.Key]money.Amount{},
		Consents:       map[xs2a.ID]*xs2a.Consent{},
		Transfers:      map[transfer.ID]*transfer.Transfer{},
		Bundles:        map[transfer.BundleID]*transfer.Bundle{},
		Standings:      map[transfer.StandingID]*transfer.Standing{},
		Submissions:    map[transfer.SubmissionKey]*transfer.Submission{},
	}
}

// Needs lists what a store must load next: each key once, none that the state
// holds already. A store must put every key it was asked for into the state,
// as nil (or zero) when there is nothing. An account may be asked for in one
// round and its application or customer in the next: at most four rounds.
type Needs struct {
	Agreements     []consent.ID
	Applications   []consent.ClientID
	Customers      []party.CustomerID // and their limits
	Accounts       []account.ID
	Holds          []ledger.HoldID
	Payments       []ID
	Operations     []OperationKey // and the id of the waiting authorisation of each
	Authorisations []AuthorisationID
	Challenges     []sca.ID
	Counters       []limit.Key
	Consents       []xs2a.ID
	Transfers      []transfer.ID
	Bundles        []transfer.BundleID
	Standings      []transfer.StandingID
	Submissions    []transfer.SubmissionKey
}

// Empty tells whether nothing is needed.
func (n *Needs) Empty() bool {
	return len(n.Agreements)+len(n.Applications)+len(n.Customers)+len(n.Accounts)+len(n.Holds)+
		len(n.Payments)+len(n.Operations)+len(n.Authorisations)+len(n.Challenges)+len(n.Counters)+
		len(n.Consents)+len(n.Transfers)+len(n.Bundles)+len(n.Standings)+len(n.Submissions) == 0
}

// Changes is all that a batch of orders has changed: for a store to write in
// one transaction, every object as it is after the batch.
type Changes struct {
	Accounts          []*account.Account // Booked, Held and Seq
	NewHolds          []*ledger.Hold
	Holds             []*ledger.Hold // that stood before the batch
	HoldEvents        []ledger.HoldEvent
	Entries           []*ledger.Entry
	NewPayments       []*Payment
	Payments          []*Payment
	PaymentEvents     []Event
	NewAuthorisations []*Authorisation
	Authorisations    []*Authorisation
	Operations        []*Operation         // new ones: their keys must not exist yet
	Grants            []*consent.Agreement // agreements whose grants changed: calls spent, or permissions given
	Counters          []limit.Counter      // the new value of each
	Challenges        []*sca.Challenge     // spent
	Consents          []*xs2a.Consent      // payment consents that were used
	NewTransfers      []*transfer.Transfer
	Transfers         []*transfer.Transfer // that stood before the batch
	TransferEvents    []transfer.Event
	NewBundles        []*transfer.Bundle
	NewStandings      []*transfer.Standing
	Standings         []*transfer.Standing
	Submissions       []*transfer.Submission // new ones: their keys must not exist yet
	Audit             []audit.Record
	At                time.Time // when the batch was decided
}

// Empty tells whether there is nothing to write.
func (c *Changes) Empty() bool {
	return len(c.Accounts)+len(c.NewHolds)+len(c.Holds)+len(c.NewPayments)+len(c.Payments)+
		len(c.NewAuthorisations)+len(c.Authorisations)+len(c.Operations)+len(c.Grants)+
		len(c.Counters)+len(c.Challenges)+len(c.Consents)+len(c.NewTransfers)+len(c.Transfers)+
		len(c.NewBundles)+len(c.NewStandings)+len(c.Standings)+len(c.Submissions)+len(c.Audit) == 0
}

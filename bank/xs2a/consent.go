// Package xs2a (access to account, PSD2 title IV chapter 2) keeps what a customer
// has consented to for a licensed third party: reading accounts, one payment, or
// the bank's yes or no about funds.
//
// A partner's pairing is package consent's. It proves no identity, knows no wire
// form and draws no page. A consent never widens: more takes a new one, or the
// customer's strong authentication and a new version.
package xs2a

import (
	"context"
	"slices"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/money"
	"okienko/bank/notice"
	"okienko/bank/party"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
)

// ID names a consent inside the bank. The third party knows it by its TPPID.
type ID string

// Scope is the service that a consent is for (psd2 §2.3; Funds is ours, for
// PSD2 art. 65).
type Scope string

// The scopes.
const (
	AccountList Scope = "ais-accounts"
	AccountInfo Scope = "ais"
	Payments    Scope = "pis"
	Funds       Scope = "caf"
)

// Role is the role that a third party needs for a scope.
func (s Scope) Role() thirdparty.Role {
	switch s {
	case Payments:
		return thirdparty.PaymentInitiation
	case Funds:
		return thirdparty.CardIssuing
	}
	return thirdparty.AccountInformation
}

// Right is one thing that a consent allows, free of any wire form.
type Right string

// The rights. Those that read a list of transactions are granted one by one.
const (
	ListAccounts      Right = "list_accounts"
	ReadAccount       Right = "read_account"
	ReadDone          Right = "read_done"
	ReadPending       Right = "read_pending"
	ReadScheduled     Right = "read_scheduled"
	ReadRejected      Right = "read_rejected"
	ReadCancelled     Right = "read_cancelled"
	ReadHolds         Right = "read_holds"
	ReadTransaction   Right = "read_transaction"
	Initiate          Right = "initiate"           // the payment of the consent
	InitiateBundle    Right = "initiate_bundle"    // its bundle
	InitiateRecurring Right = "initiate_recurring" // its standing order
	ReadPayment       Right = "read_payment"
	CancelPayment     Right = "cancel_payment"
	ConfirmFunds      Right = "confirm_funds"
)

// Rights lists every right once.
var Rights = []Right{
	ListAccounts, ReadAccount, ReadDone, ReadPending, ReadScheduled, ReadRejected, ReadCancelled, ReadHolds, ReadTransaction,
	Initiate, InitiateBundle, InitiateRecurring, ReadPayment, CancelPayment, ConfirmFunds,
}

// Scope is the scope to which a right belongs.
func (r Right) Scope() Scope {
	switch r {
	case ListAccounts:
		return AccountList
	case Initiate, InitiateBundle, InitiateRecurring, ReadPayment, CancelPayment:
		return Payments
	case ConfirmFunds:
		return Funds
	}
	return AccountInfo
}

// HasHistory tells whether a right is limited by a length of history.
func (r Right) HasHistory() bool {
	switch r {
	case ReadDone, ReadPending, ReadScheduled, ReadRejected, ReadCancelled, ReadHolds:
		return true
	}
	return false
}

// The longest history and life of a consent (psd2 §2.3, RTS 2018/389 art. 10a).
const (
	MaxHistoryDays = 1460
	FreeDays       = 90 // of transactions, within MaxLife of the last SCA, without another one
	MaxLife        = 180 * 24 * time.Hour
	FreshSCA       = 60 * time.Minute // psd2 §0.1
)

// Grant is one right as it was asked for and given.
type Grant struct {
	Right       Right
	Single      bool // may be used once
	Spent       bool
	HistoryDays int // rights that read lists; 0 otherwise
}

// Status says whether a consent stands.
type Status string

// The statuses of a consent.
const (
	Asked   Status = "asked" // waits for the customer
	Active  Status = "active"
	Refused Status = "refused" // by the customer, or nobody answered
	Ended   Status = "ended"
)

// Reach is one account of a consent. Its Ref is the opaque handle in the third
// party's paths; refs of different consents never coincide.
type Reach struct {
	Ref     string
	Account account.ID
	Number  string // NRB, as it was when the consent was given
	// Past says that the ref belonged to an earlier version of the consent (before
	// the exchange, or an account taken off) and reaches nothing now.
	Past bool
}

// Ordered is one payment of a consent.
type Ordered struct {
	TPPID  string // bundles: the third party's own id of the payment; "" otherwise
	Order  transfer.Instruction
	System transfer.System // by which it will go
	Fee    money.Amount    // shown to the customer and charged; in the payer's currency
	Payee  account.ID      // Internal: the payee's account here
	VAT    account.ID      // split payment: the payer's VAT account
}

// What is what a payment consent is about: exactly one of initiation, cancelling
// and status.
type What struct {
	Orders []Ordered    // one payment, or all of a bundle
	Total  money.Amount // bundle: as the third party stated it; zero otherwise
	Bundle bool
	// What is cancelled or looked at: exactly one is set when Orders is empty.
	Transfer transfer.ID
	OfBundle transfer.BundleID
	Standing transfer.StandingID
}

// Consent is what one customer has consented to for one third party.
type Consent struct {
	ID           ID
	Version      int
	Client       thirdparty.ClientID
	Organisation thirdparty.Organisation
	Name         string // the third party's, as the customer was shown it
	TPPID        string // consentId, chosen by the third party; unique per client
	Scope        Scope
	Grants       []Grant
	Wanted       []string // account numbers that the third party named
	Accounts     []Reach
	Payment      *What // Payments only
	Until        time.Time
	Status       Status
	Customer     party.CustomerID
	Person       party.PersonID // who gave it
	AskedAt      time.Time
	GivenAt      time.Time // this version
	ProvenAt     time.Time // the customer's last strong authentication for it
	EndedAt      time.Time
	EndedBy      string    // customer, third party, staff or bank, with the id
	LastUsed     time.Time // the zero time while unused
	LastRead     string    // what was read last, a Right
	Made         string    // id of the transfer, bundle or standing order that was made; "" before
	Told         time.Time // when the customer was told that it ends
}

// At is the status at an instant: what is past its time has ended, whether or
// not anybody has written that down.
func (c *Consent) At(now time.Time) Status {
	if (c.Status == Active || c.Status == Asked) && !now.Before(c.Until) {
		return Ended
	}
	return c.Status
}

// Standing refuses a consent that does not stand.
func (c *Consent) Standing(now time.Time) error {
	if c.At(now) == Active {
		return nil
	}
	return bank.Refuse(bank.AgreementEnded, "The consent does not stand.")
}

// Grant finds the grant of a right, nil when it was not given.
func (c *Consent) Grant(r Right) *Grant {
	for i := range c.Grants {
		if c.Grants[i].Right == r {
			return &c.Grants[i]
		}
	}
	return nil
}

// Allows refuses a right that was not given or is spent.
func (c *Consent) Allows(r Right) error {
	g := c.Grant(r)
	switch {
	case g == nil && r.Scope() != c.Scope:
		return bank.Refuse(bank.ScopeForeign, "The consent is for another service.")
	case g == nil:
		return bank.Refuse(bank.PermissionMissing, "The consent does not give this right.")
	case g.Spent:
		return bank.Refuse(bank.PermissionUsedUp, "The consent was for a single use.")
	}
	return nil
}

// Reach finds an account by its ref: NotFound for a ref that is not of this
// consent, AccountOutside for one that it covered before.
func (c *Consent) Reach(ref string) (*Reach, error) {
	i := slices.IndexFunc(c.Accounts, func(r Reach) bool { return r.Ref == ref })
	switch {
	case i < 0:
		return nil, bank.Refuse(bank.NotFound, "There is no such account.")
	case c.Accounts[i].Past:
		return nil, bank.Refuse(bank.AccountOutside, "The consent does not cover the account.")
	}
	return &c.Accounts[i], nil
}

// Fresh tells whether the customer's strong authentication is fresh.
func (c *Consent) Fresh(now time.Time) bool { return now.Sub(c.ProvenAt) <= FreshSCA }

// Book keeps consents. Its acts are whole: load, decide, write and record in one
// transaction.
type Book interface {
	// Consent finds one; a NotFound refusal when there is none. ConsentByTPP finds
	// it by the third party's id.
	Consent(ctx context.Context, id ID) (Consent, error)
	ConsentByTPP(ctx context.Context, client thirdparty.ClientID, tppID string) (Consent, error)
	// ConsentsOf lists a customer's consents, newest first, ended ones too.
	ConsentsOf(ctx context.Context, c party.CustomerID) ([]Consent, error)
	// ChangeConsent lets change decide over the consent as it stands, and keeps
	// what it made of it with the audit. When spend is given its challenge is spent
	// in the same transaction, or everything is refused. When the consent is no
	// longer Active afterwards its tokens and codes end in the same transaction.
	ChangeConsent(ctx context.Context, id ID, spend *consent.Use, change func(*Consent) ([]audit.Record, error)) (Consent, error)
	// GiveFunds keeps a new Funds consent that the customer gives on a page.
	GiveFunds(ctx context.Context, c Consent, spend consent.Use, r audit.Record) error
	// FundsConsent finds the standing consent for funds of an account's number
	// given to an organisation; NotFound when there is none.
	FundsConsent(ctx context.Context, o thirdparty.Organisation, number string, now time.Time) (Consent, error)
	// UseRight notes a use: it spends a single right (of concurrent uses exactly
	// one succeeds, the others are refused as PermissionUsedUp) and keeps last use
	// and what was read. Uses that spend nothing may be kept later, in batches.
	UseRight(ctx context.Context, id ID, r Right, now time.Time) error
	// CountCall counts a call that the customer did not ask for: at most most in
	// any 24 hours of the bank clock per consent, account and kind of resource,
	// CallsUsedUp otherwise (RTS art. 36(5)(b), psd2 §0.1).
	CountCall(ctx context.Context, id ID, ref, kind string, most int, now time.Time) error
	// EndingConsents lists active consents to read accounts or confirm funds that
	// end before an instant and whose customer was not told, those that end first
	// first, at most n.
	EndingConsents(ctx context.Context, before time.Time, n int) ([]Consent, error)
	// TellConsent notes that the customer is told that a consent ends, and puts the
	// message into the outbox with it. Of any number of calls one does, for a
	// consent that is Active and was not told; the others do nothing.
	TellConsent(ctx context.Context, id ID, now time.Time, m notice.Message, r audit.Record) error
}

// Package transfer knows credit transfers that leave a customer's account by
// the word of a licensed third party: what an order says, whether it is well
// formed, and where each one stands.
//
// It books nothing and checks no limit (package payment does), knows no payment
// system's timetable (package rail) and no wire form.
package transfer

import (
	"context"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/calendar"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/thirdparty"
)

// ID names a transfer, BundleID a bundle, StandingID a standing order; each is a
// UUID and the third party's handle.
type (
	ID         string
	BundleID   string
	StandingID string
)

// Status is where a transfer stands. It only moves forward: submitted, then
// pending or scheduled, then one of the last three, which are final
// (psd2 §10 case 74).
type Status string

// The statuses of a transfer (PolishAPI generalStatus).
const (
	Submitted Status = "submitted"
	Pending   Status = "pending"   // its money is set aside; it waits for its payment system
	Scheduled Status = "scheduled" // for a later day; nothing is set aside
	Done      Status = "done"
	Rejected  Status = "rejected"
	Cancelled Status = "cancelled"
)

// Final tells whether nothing can change any more.
func (s Status) Final() bool { return s == Done || s == Rejected || s == Cancelled }

// Transfer is one credit transfer.
type Transfer struct {
	ID       ID
	Consent  string // id of the consent under which it was ordered
	Client   thirdparty.ClientID
	TPPID    string // the third party's own id of the payment
	Bundle   BundleID
	Standing StandingID
	Number   int // of the occurrences of a standing order, from 1
	Customer party.CustomerID
	Account  account.ID // payer
	VAT      account.ID // the VAT account of a split payment, ""
	Payee    account.ID // Internal: the payee's account here
	Order    Instruction
	System   System // by which it goes, also where the order let the bank choose
	Fee      money.Amount
	Status   Status
	Reason   bank.Code // why it was rejected or came back
	Detail   string    // the payment system's own words, ""
	// Reserved says that its money is set aside: FromVAT is part of the Held of the
	// VAT account, the rest of Order.Amount and the Fee part of the payer's.
	Reserved  bool
	FromVAT   money.Amount // split payment: what of Order.Amount the VAT account pays, in the order's currency; zero otherwise
	CreatedAt time.Time
	// Due is when the bank must act on it next: execute it (scheduled), hand it to
	// its payment system (pending), take back what was returned (done); the zero
	// time when nothing is to come.
	Due      time.Time
	EndedAt  time.Time // done, rejected or cancelled
	Returned time.Time // when its money came back; the zero time if it did not
	Use      limit.Use
	Delta    limit.Delta // what its creation took from the limits
	Events   int
}

// Counted is the counter in which a transfer is counted beside the customer's
// other orders: one-off ones and the payments of standing orders apart, and each
// currency by itself (limit.CountedIn).
func (t *Transfer) Counted() limit.Subject {
	s := limit.OneOffOf(string(t.Customer))
	if t.Standing != "" {
		s = limit.RecurringOf(string(t.Customer))
	}
	return limit.CountedIn(s, t.Order.Amount.Currency())
}

// Event is one record in the life of a transfer.
type Event struct {
	Transfer ID
	Seq      int // from 1, without gaps
	Status   Status
	At       time.Time
	By       audit.Actor
	Reason   bank.Code
	Detail   string
	Returned bool        // its money came back; Status stays Done
	Delta    limit.Delta // what the event took from the limits, or gave back
}

// Bundle is a set of transfers ordered and consented together.
type Bundle struct {
	ID        BundleID
	Consent   string
	Client    thirdparty.ClientID
	TPPID     string
	Customer  party.CustomerID
	Account   account.ID
	Kind      Kind
	Total     money.Amount
	Transfers []ID
	CreatedAt time.Time
}

// BundleStatus is where a bundle stands; it follows from its transfers.
type BundleStatus string

// The statuses of a bundle (PolishAPI bundleStatus).
const (
	BundleInProgress BundleStatus = "inProgress"
	BundleCancelled  BundleStatus = "cancelled"
	BundleDone       BundleStatus = "done"
	BundlePartly     BundleStatus = "partiallyDone"
)

// StatusOf is the status of a bundle with these transfers.
func StatusOf(list []Transfer) BundleStatus {
	var done, cancelled int
	for i := range list {
		switch {
		case !list[i].Status.Final():
			return BundleInProgress
		case list[i].Status == Done:
			done++
		case list[i].Status == Cancelled:
			cancelled++
		}
	}
	switch {
	case done == len(list):
		return BundleDone
	case cancelled == len(list):
		return BundleCancelled
	}
	return BundlePartly
}

// StandingStatus is where a standing order stands.
type StandingStatus string

// The statuses of a standing order (PolishAPI recurringPaymentStatus).
const (
	StandingSubmitted  StandingStatus = "submitted" // no payment of it has been executed yet
	StandingInProgress StandingStatus = "inProgress"
	StandingCancelled  StandingStatus = "cancelled"
	StandingClosed     StandingStatus = "close"
)

// Standing is a recurring payment.
type Standing struct {
	ID        StandingID
	Consent   string
	Client    thirdparty.ClientID
	TPPID     string
	Customer  party.CustomerID
	Account   account.ID
	Payee     account.ID
	Order     Instruction // Mode Recurring
	System    System
	Fee       money.Amount // of each payment
	Status    StandingStatus
	Next      calendar.Date // the next payment's day by the recurrence, before it is moved off a holiday; zero at the end
	Due       time.Time     // when that payment is to be made; the zero time at the end
	Made      int           // payments made so far
	CreatedAt time.Time
	EndedAt   time.Time
}

// SubmissionKey names what a third party has ordered by its own id. Payments,
// bundles and standing orders share one space of ids per client.
type SubmissionKey struct {
	Client thirdparty.ClientID
	TPPID  string
}

// Submission remembers an order by the third party's id, with its content: a
// repeat must be the same to the byte, and gets the same payment.
type Submission struct {
	Key      SubmissionKey
	Content  string
	At       time.Time
	Transfer ID // exactly one of the three
	Bundle   BundleID
	Standing StandingID
}

// Filter chooses transfers of one account; zero fields do not restrict. From is
// inclusive, To exclusive, both of CreatedAt. Newest first; BeforeAt and BeforeID
// are the place after which the page begins.
type Filter struct {
	Account  account.ID
	Statuses []Status
	Bundle   BundleID
	Standing StandingID
	From, To time.Time
	Size     int
	BeforeAt time.Time
	BeforeID ID
}

// Reader reads transfers. Single finds answer with a NotFound refusal when there
// is nothing.
type Reader interface {
	Transfer(ctx context.Context, id ID) (Transfer, error)
	Transfers(ctx context.Context, f Filter) ([]Transfer, error)
	Bundle(ctx context.Context, id BundleID) (Bundle, error)
	Standing(ctx context.Context, id StandingID) (Standing, error)
	// StandingsOf lists a customer's standing orders, newest first.
	StandingsOf(ctx context.Context, c party.CustomerID) ([]Standing, error)
	Submission(ctx context.Context, k SubmissionKey) (Submission, error)
}

// Due finds what is due by its Due field, in order of time, at most n long.
type Due interface {
	DueTransfers(ctx context.Context, now time.Time, n int) ([]Transfer, error)
	DueStandings(ctx context.Context, now time.Time, n int) ([]StandingID, error)
	// NextTransferDue is the earliest Due of either; ok is false when nothing waits.
	NextTransferDue(ctx context.Context) (at time.Time, ok bool, err error)
}

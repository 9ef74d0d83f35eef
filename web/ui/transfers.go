package ui

import (
	"okienko/bank"
	"okienko/bank/money"
	"okienko/bank/transfer"
)

// Transfers lists the payments that third parties have ordered from the
// customer's accounts. The filter is a row of links.
type Transfers struct {
	Common
	Filters  []FilterLink
	Standing []StandingLine
	List     []TransferLine // newest first
	NewerURL string
	OlderURL string
}

func (Transfers) template() string { return "transfers" }

// Filtered says whether the list is less than everything.
func (p Transfers) Filtered() bool {
	for _, f := range p.Filters {
		if f.Current {
			return f.Name != FilterAll
		}
	}
	return false
}

// Names of filters.
const (
	FilterAll     = "all"
	FilterActive  = "active"
	FilterEnded   = "ended"
	FilterWaiting = "waiting"
	FilterMade    = "made"
	FilterFailed  = "failed"
)

// TransferLine is one transfer.
type TransferLine struct {
	URL      string
	At       Moment
	Payee    string
	Title    string
	Amount   money.Amount
	Through  string // the third party; empty says nothing
	Status   transfer.Status
	Returned bool
	On       Moment // scheduled: the day; zero otherwise
}

// StandingLine is one standing order.
type StandingLine struct {
	URL     string
	Payee   string
	Title   string
	Amount  money.Amount
	Through string
	Status  transfer.StandingStatus
	Next    Moment // zero at the end
}

// TransferDetail shows one transfer.
type TransferDetail struct {
	Common
	Order       OrderView
	From        AccountLine
	Through     string
	Status      transfer.Status
	Returned    Moment // when its money came back; zero if it did not
	CreatedAt   Moment
	EndedAt     Moment
	Why         *Failure // rejected or returned
	Reference   string
	ConsentURL  string
	StandingURL string
	CancelURL   string // GET: the page that asks; empty when it cannot be cancelled
	BackURL     string
}

func (TransferDetail) template() string { return "transfer" }

// StandingDetail shows one standing order with the payments made by it.
type StandingDetail struct {
	Common
	Order      OrderView
	From       AccountLine
	Through    string
	Status     transfer.StandingStatus
	Next       Moment
	Made       int
	CreatedAt  Moment
	EndedAt    Moment
	Payments   []TransferLine
	Reference  string
	ConsentURL string
	CancelURL  string
	BackURL    string
}

func (StandingDetail) template() string { return "standing" }

// Failure explains a payment that was not made (design §3).
type Failure struct {
	Reason    bank.Code
	Detail    string       // the payment system's own words; empty says nothing
	Limit     *LimitUse    // the limit that stood in the way
	Available money.Amount // without a currency nothing is said
	Field     string       // one of the Field… names or empty
	Consent   ConsentState
	Again     string // the third party with which to begin again; empty says nothing
}

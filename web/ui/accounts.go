package ui

import "okienko/bank/money"

// Home lists the reader's accounts.
type Home struct {
	Common
	Accounts          []AccountSummary
	ApplicationsURL   string
	ApplicationsCount int
	LimitsURL         string
	ConsentsURL       string
	ConsentsCount     int // that stand
	PaymentsURL       string
	AccessURL         string
}

func (Home) template() string { return "home" }

// AccountSummary is one account with its money. Available = booked − held + overdraft.
type AccountSummary struct {
	URL       string
	Name      string
	NRB       string
	Booked    money.Amount
	Held      money.Amount // active holds, and payments that wait for their payment system
	Overdraft money.Amount // agreed; without a currency or zero nothing is said
	Available money.Amount
	Access    Access
}

// Access is the API access state of an account: who may see and use it from outside.
type Access string

// The values of Access.
const (
	AccessIsOn      Access = "on"
	AccessIsOff     Access = "off"
	AccessIsBlocked Access = "blocked"
)

// Account shows one account. Filter inputs (GET): `from`, `to`, `text`.
type Account struct {
	Common
	Summary     AccountSummary
	AccessSince Moment // zero says nothing
	AccessURL   string // the page where access is changed; empty hides the link
	Holds       []HoldLine
	Pending     []TransferLine // whose money is set aside
	Filter      HistoryFilter
	Entries     []EntryLine // newest first
	NewerURL    string
	OlderURL    string
	Curve       []BalancePoint // booked balance at the end of each day, oldest first; under two points draws nothing
}

func (Account) template() string { return "account" }

// HoldLine is one active hold.
type HoldLine struct {
	ID         string
	By         string // application
	Title      string
	Amount     money.Amount
	Since      Moment
	Until      Moment
	ReleaseURL string // GET: the page that asks; empty when the customer may not release it
}

// HistoryFilter is what the reader asked to see. Dates in the form of an HTML date input (2006-01-02).
type HistoryFilter struct {
	Action   string // GET
	From, To string
	Text     string
	ClearURL string // empty when nothing is filtered
}

// Active says whether anything is filtered.
func (f HistoryFilter) Active() bool { return f.From != "" || f.To != "" || f.Text != "" }

// EntryLine is one booked movement.
type EntryLine struct {
	At      Moment
	Party   string // the other side; empty for the bank's own fees
	NRB     string
	Title   string
	Fee     bool         // of the bank, for an operation of the application that Title names
	Through string       // application that ordered it; empty for other ways
	Amount  money.Amount // negative: money went out
	Balance money.Amount // booked balance after it
}

// BalancePoint is the booked balance at the end of a day.
type BalancePoint struct {
	Day     Moment
	Balance money.Amount
}

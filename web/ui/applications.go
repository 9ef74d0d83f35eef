package ui

import "okienko/bank/money"

// Applications lists the connected applications.
type Applications struct {
	Common
	List []ApplicationLine
}

func (Applications) template() string { return "applications" }

// ApplicationLine is one connected application.
type ApplicationLine struct {
	URL         string
	Application Application
	Environment Environment
	Account     AccountLine
	LastUsed    Moment // zero: never
	Until       Moment // zero: until the customer ends it
	State       PairingState
}

// PairingState is the state of a pairing as the customer sees it.
type PairingState string

// The values of PairingState.
const (
	PairingActive    PairingState = "active"
	PairingUsedUp    PairingState = "used_up"   // time or calls are used up: renew
	PairingSuspended PairingState = "suspended" // the application's status does not allow it now
	PairingEnded     PairingState = "ended"
)

// ApplicationDetail shows one pairing. Inputs: limits form `single`, `daily`,
// `monthly`, `threshold`; move form `account`.
type ApplicationDetail struct {
	Common
	Application  Application
	Environment  Environment
	State        PairingState
	Account      AccountLine
	Payee        Payee
	Permissions  []Permission
	Since        Moment
	Until        Moment // zero: until the customer ends it
	LastUsed     Moment // zero: never
	CallsLeft    int64  // -1: no restriction
	Limits       []LimitUse
	LimitsForm   *LimitsForm // nil: no limits to change
	LimitsAction string
	Moves        []AccountChoice // accounts to move to, the present one left out
	Move         string          // chosen id
	MoveAction   string
	Holds        []HoldLine
	RenewURL     string // empty: nothing to renew
	EndURL       string // GET: the page that asks; empty when it has ended
	BackURL      string
}

func (ApplicationDetail) template() string { return "application" }

// Limits shows the customer's own limits across everything that comes through an
// API. Inputs: `oneoff_single`, `oneoff_daily`, `oneoff_monthly`, `recurring_single`,
// `recurring_daily`, `recurring_monthly`.
type Limits struct {
	Common
	Action    string
	OneOff    OwnLimits
	Recurring OwnLimits
	Waiting   string // address of a payment that waits for a higher limit; empty says nothing
}

func (Limits) template() string { return "limits" }

// OwnLimits is one family of the customer's limits.
type OwnLimits struct {
	Single, Daily, Monthly OwnLimit
}

// OwnLimit is a limit, its use and the field that changes it.
type OwnLimit struct {
	Field AmountField
	Used  money.Amount // nothing to say for the single limit
	Left  money.Amount
	Hint  LimitHint
}

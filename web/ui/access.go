package ui

import "okienko/bank/money"

// AccessPage shows for each account whether applications and third parties may
// reach it, how that is changed, and the limits that hold for all of them.
type AccessPage struct {
	Common
	Segment         CustomerKind
	Hotline         string // telephone number; empty names none
	MaySwitch       bool   // this person may switch the access of this customer's accounts
	Accounts        []AccountAccess
	OneOff          []CapUse
	Recurring       []CapUse
	Unlimited       bool // a family of limits has none at all
	LimitsURL       string
	ConsentsURL     string // empty where the bank has no such pages
	ApplicationsURL string
}

func (AccessPage) template() string { return "access" }

// AccountAccess is the access to one account.
type AccountAccess struct {
	Key      string // unique in the page, fit for an id
	Name     string
	NRB      string
	Access   Access
	By       AccessBy
	Person   string // who, for AccessByPerson
	Since    Moment
	Why      string // words of whoever decided; empty says nothing
	OnAction string // form post; empty hides the button
	OffURL   string // GET: the page that asks; empty hides the link
	Consents int    // that stand and cover the account
}

// AccessBy is who decided on an access.
type AccessBy string

// The values of AccessBy.
const (
	AccessByRule    AccessBy = "rule"    // the bank's rule for the segment, at the account's opening
	AccessByPerson  AccessBy = "person"  // somebody who acts for the customer
	AccessByHotline AccessBy = "hotline" // staff
	AccessByBank    AccessBy = "bank"
)

// CapUse is one of the customer's own limits with its use.
type CapUse struct {
	Kind LimitKind    // LimitSingle, LimitDaily, LimitMonthly
	Most money.Amount // without a currency there is no limit
	Used money.Amount // nothing to say for LimitSingle
	Left money.Amount
	Hint LimitHint
}

// LimitHint is what is remarkable about a limit.
type LimitHint string

// The values of LimitHint.
const (
	HintNone LimitHint = ""
	HintZero LimitHint = "zero" // nothing can pass
	HintHigh LimitHint = "high" // so high that it protects from little, or none at all
)

package ui

import (
	"okienko/bank/money"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// ThirdParty is a licensed third party, as the supervisor's register names it.
type ThirdParty struct {
	Name         string
	Organisation string // organizationIdentifier (ETSI TS 119 495 §5.2.1)
	Listed       bool   // stands in the register that the bank imported last
}

// ReadConsent is the page where a customer lets a licensed third party read
// accounts, or renews that. Inputs: `account` (repeated checkboxes; none in a
// renewal) and the button `decision` (continue, refuse).
type ReadConsent struct {
	Common
	Action     string
	Kind       SubjectKind // SubjectRead, SubjectList or SubjectRenew
	ThirdParty ThirdParty
	For        string // the customer in whose name it is given
	Rights     []ReadRight
	Accounts   []AccountChoice
	Chosen     []string      // ids
	None       bool          // no account can be chosen: only a refusal is left
	Fixed      []AccountLine // renewal: the accounts of the consent
	Until      Moment
	ByItself   int    // how often a day it may look without the customer; 0: never
	AccessURL  string // where accounts are opened to third parties
	TakeBack   string // "consents"; empty names the place without a link
	BackURL    string // renewal: the way out without doing it
}

func (ReadConsent) template() string { return "read_consent" }

// Ticked says whether an account is chosen.
func (p ReadConsent) Ticked(id string) bool {
	for _, c := range p.Chosen {
		if c == id {
			return true
		}
	}
	return false
}

// ReadRight is one right to read, with how far back and how often.
type ReadRight struct {
	Right xs2a.Right
	Days  int  // of history; 0 for rights without it
	Once  bool // may be used once
}

// PaymentConsent is the page where a customer consents to what a licensed third
// party wants with payments. Inputs: `account` when there is a choice, and the
// button `decision` (continue, refuse).
type PaymentConsent struct {
	Common
	Action     string
	Kind       SubjectKind // SubjectPayment, SubjectBundle, SubjectStanding, SubjectCancel, SubjectLook
	ThirdParty ThirdParty
	For        string // the customer in whose name it is given
	Amount     money.Amount
	Fee        money.Amount // without a currency: known when the account is chosen
	Orders     []OrderView
	Accounts   []AccountChoice
	Account    string   // chosen id
	None       bool     // no account can be chosen: only a refusal is left
	Stop       *Failure // why it cannot be confirmed now; nil when it can
	LimitsURL  string
	AccessURL  string
	ExpiresAt  Moment
}

func (PaymentConsent) template() string { return "payment_consent" }

// ForeignConsent is the page of a request that a third party sent to somebody
// else than the reader. It has one button, which refuses.
type ForeignConsent struct {
	Common
	Action     string
	ThirdParty ThirdParty
}

func (ForeignConsent) template() string { return "foreign_consent" }

// OrderView is one credit transfer as it was ordered.
type OrderView struct {
	Payee      Payee // NRB or IBAN
	Address    []string
	Country    string // the payee's, ISO 3166-1 alpha-2, where it is said
	Bank       string // the payee's bank, outside the EEA
	Title      string
	Amount     money.Amount
	Fee        money.Amount // without a currency nothing is said
	System     transfer.System
	On         Moment // zero: at once
	Recurrence *RecurrenceView
	Split      *SplitView
	Tax        *TaxView
	Charges    string // SHA, OUR or BEN
	Reference  string // symbols and references of the payer
}

// RecurrenceView says when the payments of a standing order fall due.
type RecurrenceView struct {
	Every      transfer.Unit
	Count      int
	Start, End Moment // End zero: until it is cancelled
	Before     bool   // on a holiday: the business day before
}

// SplitView is the split-payment part of a transfer.
type SplitView struct {
	VAT            money.Amount
	TaxID, Invoice string
}

// TaxView is the tax office's part of a transfer.
type TaxView struct{ Form, Period, Payer, Obligation string }

// Consents lists the consents given to licensed third parties. The filter is a
// row of links.
type Consents struct {
	Common
	Filters  []FilterLink
	List     []ConsentLine
	FundsURL string // GET: the form that gives a consent for confirmation of funds
}

func (Consents) template() string { return "consents" }

// FilterLink is one choice of a list's filter.
type FilterLink struct {
	Name    string // stable; the words are filter.Name
	URL     string
	Current bool
}

// ConsentLine is one consent.
type ConsentLine struct {
	URL        string
	ThirdParty string
	What       SubjectKind
	Amount     money.Amount // payments
	State      PairingState // PairingActive or PairingEnded
	Accounts   []AccountLine
	Given      Moment
	LastUsed   Moment     // zero: never
	LastRead   xs2a.Right // what was read last; "" when nothing
	Until      Moment
	EndedAt    Moment // zero while it stands
}

// ConsentDetail shows one consent.
type ConsentDetail struct {
	Common
	ConsentLine
	Party    ThirdParty
	EndedBy  Ender
	Rights   []ReadRight
	ByItself int
	Orders   []OrderView
	Payments []TransferLine
	RenewURL string // empty: nothing to renew
	EndURL   string // GET: the page that asks; empty when it has ended
	BackURL  string
}

func (ConsentDetail) template() string { return "consent_detail" }

// Ender is who ended a consent.
type Ender string

// The values of Ender.
const (
	EndedByYou   Ender = "you" // a person who acts for the customer
	EndedByThem  Ender = "them"
	EndedByBank  Ender = "bank"
	EndedByTime  Ender = "time"
	EndedNotSaid Ender = ""
)

// FundsForm gives a card issuer the right to ask whether there is enough money
// (PSD2 art. 65). Inputs: `issuer`, `account`, `until`.
type FundsForm struct {
	Common
	Action   string
	Issuers  []ThirdParty
	Issuer   string // chosen organisation
	Accounts []AccountChoice
	Account  string
	Until    string // in the form of an HTML date input
	BackURL  string
}

func (FundsForm) template() string { return "funds" }

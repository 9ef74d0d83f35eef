package ui

import (
	"okienko/bank/money"
	"okienko/bank/payment"
)

// Login asks for login and password. Inputs: `login`, `password`.
type Login struct {
	Common
	Action      string
	Waiting     *Application // the application the reader comes from; nil for plain internet banking
	State       LoginState
	LockedUntil Moment // for LoginLocked; zero when the page is not told
	Typed       string // the login typed before

	// RefuseAction says no to who waits, without logging in; a form post, empty
	// hides the button.
	RefuseAction string
}

func (Login) template() string { return "login" }

// LoginState says how the reader came to the login page.
type LoginState string

// The values of LoginState.
const (
	LoginFresh     LoginState = ""
	LoginWrong     LoginState = "wrong" // one sentence for an unknown login and a wrong password
	LoginLocked    LoginState = "locked"
	LoginBusy      LoginState = "busy" // too many logins are being checked at once
	LoginLoggedOut LoginState = "logged_out"
	LoginTimedOut  LoginState = "timed_out"
)

// ChooseContext asks for whom the person acts. Input: `customer`.
type ChooseContext struct {
	Common
	Action     string
	Choices    []ContextChoice
	Chosen     string
	ThirdParty string // whose request leaves out some of the reader's customers
}

func (ChooseContext) template() string { return "choose_context" }

// ContextChoice is one customer the person may act for.
type ContextChoice struct {
	ID   string
	Name string
	Kind CustomerKind
	Role Role
}

// CustomerKind is the segment of a customer.
type CustomerKind string

// The values of CustomerKind.
const (
	Individual  CustomerKind = "individual"
	Business    CustomerKind = "business"
	Corporation CustomerKind = "corporation"
)

// Role is how a person stands to a customer.
type Role string

// The values of Role.
const (
	RoleSelf           Role = "self"
	RoleOwner          Role = "owner"
	RoleRepresentative Role = "representative"
	RoleProxy          Role = "proxy"
)

// Subject is what a second factor confirms; every page of the factor repeats it.
type Subject struct {
	Kind        SubjectKind
	Application string        // name; for pairings, limits of an application, orders through it
	Amount      money.Amount  // for orders
	Payee       Payee         // for orders
	Title       string        // for orders
	Account     AccountLine   // for orders and account access
	Limits      []LimitTo     // for pairings and limits
	Fee         money.Amount  // for payments through third parties; without a currency nothing is said
	Accounts    []AccountLine // for consents to read: which accounts
	Until       Moment        // for consents with an end; zero says nothing
	Text        string        // the sentence that the phone was sent; for what has no amount
}

// LimitTo is what a limit becomes. Field is the name of the input in which it is
// typed; without an amount there is to be no limit.
type LimitTo struct {
	Field string
	Most  money.Amount
}

// SubjectKind is the kind of act that is confirmed.
type SubjectKind string

// The values of SubjectKind.
const (
	SubjectPairing     SubjectKind = "pairing"
	SubjectRenewal     SubjectKind = "renewal"
	SubjectPermissions SubjectKind = "permissions" // more permissions for a paired application
	SubjectHold        SubjectKind = "hold"
	SubjectHoldChange  SubjectKind = "hold_change"
	SubjectTransfer    SubjectKind = "transfer"
	SubjectPayChange   SubjectKind = "transfer_change" // a scheduled transfer
	SubjectAppLimits   SubjectKind = "app_limits"      // raising limits of one application
	SubjectOwnLimits   SubjectKind = "own_limits"      // raising the customer's own limits
	SubjectAccess      SubjectKind = "access"          // switching API access of an account on

	// Consents of licensed third parties.
	SubjectList     SubjectKind = "list"     // to see which accounts there are
	SubjectRead     SubjectKind = "read"     // to read accounts
	SubjectRenew    SubjectKind = "renew"    // of either, for another time
	SubjectPayment  SubjectKind = "payment"  // one payment
	SubjectBundle   SubjectKind = "bundle"   // several payments at once
	SubjectStanding SubjectKind = "standing" // a standing order
	SubjectCancel   SubjectKind = "cancel"   // to cancel one of these
	SubjectLook     SubjectKind = "look"     // to see what became of one of these
	SubjectFunds    SubjectKind = "funds"    // to ask whether there is enough money
	SubjectConsent  SubjectKind = "consent"  // any of these, on a device that was sent only a sentence

	SubjectLogin SubjectKind = "login"
)

// SubjectOf is the kind of act that a draft is.
func SubjectOf(k payment.Kind) SubjectKind {
	switch k {
	case payment.PlaceHold:
		return SubjectHold
	case payment.ChangeHold:
		return SubjectHoldChange
	case payment.ChangePayment:
		return SubjectPayChange
	case payment.Permit:
		return SubjectPermissions
	}
	return SubjectTransfer
}

// ChooseFactor asks how to confirm. Input: `method` (sms, app).
type ChooseFactor struct {
	Common
	Action       string
	Subject      Subject
	Methods      []FactorMethod
	Chosen       FactorKind
	CancelAction string // a form post; empty hides the button
}

func (ChooseFactor) template() string { return "choose_factor" }

// FactorMethod is one way to confirm; Detail is the masked number or the device's name.
type FactorMethod struct {
	Kind     FactorKind
	Detail   string
	Disabled bool // locked after wrong tries
}

// FactorKind is a kind of second factor.
type FactorKind string

// The values of FactorKind.
const (
	FactorSMS FactorKind = "sms"
	FactorApp FactorKind = "app"
)

// EnterCode asks for the code from the SMS. Input: `code`.
type EnterCode struct {
	Common
	Action       string
	Subject      Subject
	Phone        string // masked: ••• ••• 123
	State        CodeState
	ValidUntil   Moment
	TriesLeft    int
	LockedUntil  Moment // for CodeLocked; zero when the page is not told
	ResendAction string // form post; empty hides the button
	OtherAction  string // form post: choose another method; empty hides the button
	CancelAction string // form post; empty hides the button
}

func (EnterCode) template() string { return "enter_code" }

// FieldFaults are the faults beside the field: a wrong code is said there too.
func (e EnterCode) FieldFaults() []Fault {
	if len(e.Faults) == 0 && e.State == CodeRejected {
		return []Fault{{Field: "code", Why: CodeWrong}}
	}
	return e.Faults
}

// CodeState is where the entry of a code stands. Expired and locked show no field.
type CodeState string

// The values of CodeState.
const (
	CodeFresh    CodeState = ""
	CodeRejected CodeState = "wrong"
	CodeExpired  CodeState = "expired"
	CodeLocked   CodeState = "locked"
	CodeResent   CodeState = "resent"
)

// AwaitApproval waits for the mobile app. It does not reload itself: that would take
// the focus from under the fingers of whoever uses the keyboard, and start a screen
// reader again (WCAG 2.2.1, failure F41). The reader says when they have approved.
type AwaitApproval struct {
	Common
	Subject        Subject
	Device         string
	State          ApprovalState // empty: waits
	Early          bool          // they said so, but no approval has come
	ContinueAction string        // form post: the act is done when it is approved
	AgainAction    string        // form post, once refused or expired: ask the device again; empty hides the button
	ValidUntil     Moment
	SMSAction      string // form post: use SMS instead; empty hides the button
	CancelAction   string // form post; empty hides the button
}

// Waits says whether the device has not answered yet.
func (a AwaitApproval) Waits() bool { return a.State == "" || a.State == ApprovalWaits }

func (AwaitApproval) template() string { return "await_approval" }

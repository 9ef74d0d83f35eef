package ui

import "time"

// Phone is the made-up phone of a sandbox customer. Never served outside the sandbox.
// Inputs: `customer` (GET) picks the phone; the button `decision` (approve, refuse).
type Phone struct {
	Common
	PickAction string // GET
	People     []PhoneOwner
	Picked     string // id; empty when nobody is picked yet
	Number     string
	Speaks     Lang       // the owner's language, in which the bank writes; "" when nobody is picked
	Messages   []SMS      // newest first
	Approvals  []Approval // waiting ones first
	// CodeAction draws a one-time code for a third party, "" where there is no
	// application to draw it in; Code was drawn last and lives until CodeUntil.
	CodeAction string // form post
	Code       string
	CodeUntil  Moment
	RefreshURL string
	ClockURL   string
}

func (Phone) template() string { return "phone" }

// PhoneOwner is a customer whose phone can be looked at.
type PhoneOwner struct {
	ID   string
	Name string
}

// SMS is one message.
type SMS struct {
	At   Moment
	Text string
}

// Approval is one request in the made-up mobile app.
type Approval struct {
	ID      string
	Action  string // form post
	Subject Subject
	Sent    Sent
	At      Moment
	Until   Moment
	State   ApprovalState
}

// Sent is what the device was sent, in the owner's language. It is shown where the
// Subject has no amount.
type Sent struct{ Text, Amount, Payee string }

// ApprovalState is the state of an approval.
type ApprovalState string

// The values of ApprovalState.
const (
	ApprovalWaits    ApprovalState = "waits"
	ApprovalApproved ApprovalState = "approved"
	ApprovalRefused  ApprovalState = "refused"
	ApprovalExpired  ApprovalState = "expired"
)

// ClockPage shows and moves the bank clock of a sandbox. Buttons and inputs:
// `do` (freeze, run, jump, set), `step` (Go duration), `at` (datetime-local, Warsaw time).
type ClockPage struct {
	Common
	Action   string
	Now      Moment
	Frozen   bool
	Speed    int             // bank seconds per second while running; 1 is real time
	Steps    []time.Duration // jumps offered as buttons
	At       string          // typed before, with a fault
	PhoneURL string
}

func (ClockPage) template() string { return "clock" }

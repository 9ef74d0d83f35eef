package ui

import (
	"time"

	"okienko/bank/money"
)

// Page is a view model that this package can draw. The set is closed: a page
// without a template and without a story cannot be handed in.
type Page interface {
	frame() Common
	template() string // name of the file under pages/, without .html
}

// Common is what every page carries. The zero value draws a page for somebody
// who is not logged in and cannot switch the language.
type Common struct {
	Here           string  // address (path and query) of this page for GET; the language switch returns to it
	LanguageAction string  // where the language form posts `lang` and `back`; empty hides the switch
	Signed         *Signed // who is logged in; nil when nobody is
	Notice         Notice  // one sentence about what has just been done
	Sandbox        bool    // a made-up world: said on every page
	Faults         []Fault // what is wrong in the form below, in the order of its fields
}

func (c Common) frame() Common { return c }

// Signed is the person behind the session and the ways from the page's head.
type Signed struct {
	Name         string // the person
	Customer     string // the company they act for; empty when they act for themselves
	ContextURL   string // where to choose another customer to act for; empty hides the link
	LogoutAction string
	Menu         Menu // entries with an empty address are left out
}

// Menu holds the addresses of the sections and the one the reader is in.
type Menu struct {
	Home, Applications, Consents, Payments, Access, Limits string
	Current                                                Section
}

// Section names an entry of the menu.
type Section string

// The values of Section.
const (
	SectionHome         Section = "home"
	SectionApplications Section = "applications"
	SectionConsents     Section = "consents"
	SectionPayments     Section = "payments"
	SectionAccess       Section = "access"
	SectionLimits       Section = "limits"
)

// Notice is a kind of confirmation shown once above the page.
type Notice string

// The values of Notice.
const (
	NoticeNone            Notice = ""
	NoticeLimitsLowered   Notice = "limits_lowered"
	NoticeLimitsRaised    Notice = "limits_raised"
	NoticePairingEnded    Notice = "pairing_ended"
	NoticePairingMoved    Notice = "pairing_moved"
	NoticeHoldReleased    Notice = "hold_released"
	NoticeHoldEndedBefore Notice = "hold_ended_before" // somebody else was faster
	NoticeAccessOn        Notice = "access_on"
	NoticeAccessOff       Notice = "access_off"
	NoticeCodeSent        Notice = "code_sent"
	NoticeRefused         Notice = "refused"
	NoticeApproved        Notice = "approved"
	NoticeClockChanged    Notice = "clock_changed"

	NoticeConsentEnded      Notice = "consent_ended"
	NoticeConsentRenewed    Notice = "consent_renewed"
	NoticeFundsGiven        Notice = "funds_given"
	NoticeTransferCancelled Notice = "transfer_cancelled"
	NoticeStandingCancelled Notice = "standing_cancelled"
	NoticeTooLateToCancel   Notice = "too_late_to_cancel"
)

// Fault is one thing wrong in a form. Field is the input's name; the page shows
// the sentence beside that input and in the summary on top.
type Fault struct {
	Field string
	Why   Why
	Most  money.Amount // for AboveMaximum and AboveOther: the amount that may not be passed
}

// Why says what is wrong with a field.
type Why string

// The values of Why.
const (
	Missing        Why = "missing"
	NotAnAmount    Why = "not_an_amount"
	AboveMaximum   Why = "above_maximum" // more than the application may have
	AboveOther     Why = "above_other"   // a single limit above the daily, a daily above the monthly
	NotADate       Why = "not_a_date"
	DatesReversed  Why = "dates_reversed"
	TooLong        Why = "too_long"
	ChooseOne      Why = "choose_one"
	CannotChoose   Why = "cannot_choose" // an account or customer that may not be chosen
	CodeIncomplete Why = "code_incomplete"
	CodeWrong      Why = "code_wrong"
	NotAhead       Why = "not_ahead"    // a day that is over, or too far away
	GivenBefore    Why = "given_before" // such a consent stands already
	NotATime       Why = "not_a_time"
	InThePast      Why = "in_the_past" // the bank clock never goes back
)

// Application is what the bank says about a partner's application.
type Application struct {
	Name           string
	Description    string
	Logo           string // address of the picture on our own host; empty draws the first letter
	Partner        string // company name
	PartnerAddress string
}

// Payee is who receives the money.
type Payee struct {
	Name string
	NRB  string // 26 digits
}

// AccountLine names one account of the reader.
type AccountLine struct {
	Name string
	NRB  string // 26 digits
}

// Moment is a time in the bank's clock; the page prints it in Warsaw time.
type Moment = time.Time

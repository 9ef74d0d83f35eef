package payment

import (
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"okienko/bank"
	"okienko/bank/calendar"
	"okienko/bank/consent"
	"okienko/bank/fee"
	"okienko/bank/ledger"
	"okienko/bank/money"
)

// Kind is what a draft wants done.
type Kind string

// The kinds of draft.
const (
	PlaceHold     Kind = "place_hold"
	ChangeHold    Kind = "change_hold"
	Pay           Kind = "pay"
	ChangePayment Kind = "change_payment"
	Permit        Kind = "permit" // give permissions asked for later
)

// Draft is an operation as a third party words it. The same draft can be
// ordered at once, or prepared for the customer to confirm.
type Draft struct {
	Kind        Kind
	OperationID string        // the caller's; "" only for Permit
	Hold        ledger.HoldID // ChangeHold: which; Pay: the hold that it settles, or ""
	Payment     ID            // ChangePayment: which
	// Amount without a currency, an empty Title and zero times mean "not said":
	// the default when placing, unchanged when changing.
	Amount        money.Amount
	Title         string
	ValidTo       time.Time
	ExecutionDate calendar.Date
	Permissions   []consent.Permission // Permit only
	// Malformed names the field that the door could not read, "" when it read them
	// all. A draft like that is refused for its parameters, at their place in the
	// order of checks: the door alone would answer too early.
	Malformed string
}

// Needs is the permission that the operation asks for, the zero Permission when
// it asks for none.
func (d *Draft) Needs() consent.Permission { return d.Kind.needs() }

// needs is the permission that a kind of draft asks for.
func (k Kind) needs() consent.Permission {
	switch k {
	case PlaceHold:
		return consent.Permission{Object: consent.Blockades, Action: consent.Create}
	case ChangeHold:
		return consent.Permission{Object: consent.Blockades, Action: consent.Update}
	case Pay:
		return consent.Permission{Object: consent.Payments, Action: consent.Create}
	case ChangePayment:
		return consent.Permission{Object: consent.Payments, Action: consent.Update}
	}
	return consent.Permission{}
}

// act is what a kind of draft is charged as; "" for what is always free.
func (k Kind) act() fee.Act {
	switch k {
	case PlaceHold:
		return fee.Hold
	case Pay:
		return fee.Payment
	}
	return ""
}

// content is the canonical text of a draft under an agreement. Fields that
// callers word freely stand behind their length.
func (d *Draft) content(agreement consent.ID) string {
	b := make([]byte, 0, 96+len(d.Title))
	text := func(s string) {
		b = strconv.AppendInt(b, int64(len(s)), 10)
		b = append(append(append(b, ':'), s...), '|')
	}
	b = append(append(b, d.Kind...), '|')
	text(string(agreement))
	text(string(d.Hold))
	text(string(d.Payment))
	if d.Amount.Currency() != "" {
		b = d.Amount.AppendString(b)
		b = append(b, d.Amount.Currency()...)
	}
	b = append(b, '|')
	text(d.Title)
	if !d.ValidTo.IsZero() {
		b = strconv.AppendInt(b, d.ValidTo.UnixMicro(), 10)
	}
	b = append(b, '|')
	if d.ExecutionDate != (calendar.Date{}) {
		b = append(b, d.ExecutionDate.String()...)
	}
	for _, p := range d.Permissions {
		b = append(append(b, '|'), p.String()...)
	}
	return string(b)
}

// The longest words of a caller (partner-api §7).
const (
	maxTitle       = 140 // characters
	maxOperationID = 64
)

// worded refuses parameters that are wrong whatever the state of the bank and
// whatever the time: those that dated refuses were right once.
func (d *Draft) worded(c money.Currency) error {
	if d.Malformed != "" {
		return bank.RefuseField(d.Malformed, "The parameter cannot be read.")
	}
	if d.Kind == Permit {
		if len(d.Permissions) == 0 {
			return bank.RefuseField("permissions", "At least one permission is needed.")
		}
		return nil
	}
	if !validOperationID(d.OperationID) {
		return bank.RefuseField("operationId", "An operation id has 1 to 64 visible ASCII characters.")
	}
	changes := d.Kind == ChangeHold
	switch said := d.Amount.Currency() != ""; {
	case !said && !changes:
		return bank.RefuseField("amount", "An amount is needed.")
	case said && d.Amount.Currency() != c:
		return bank.RefuseField("currency", "The currency is that of the account.")
	case said && !d.Amount.IsPositive():
		return bank.RefuseField("amount", "The amount is above zero.")
	}
	if d.Title == "" && !changes {
		return bank.RefuseField("title", "A title is needed.")
	}
	if !validTitle(d.Title) {
		return bank.RefuseField("title", "A title has at most 140 characters, none of them a control character.")
	}
	if changes && d.Amount.Currency() == "" && d.Title == "" && d.ValidTo.IsZero() {
		return bank.RefuseField("amount", "Something to change is needed.")
	}
	return nil
}

// dated refuses dates outside the allowed range. A repeat of a known id is not
// asked: an order for today that is repeated after midnight, because its answer
// was lost, must get that answer and not be taken for one that was refused.
func (d *Draft) dated(now time.Time) error {
	if !d.ValidTo.IsZero() && !d.ValidTo.After(now) {
		return bank.RefuseField("validTo", "A hold ends in the future.")
	}
	if d.Kind == PlaceHold && d.ValidTo.After(now.Add(ledger.MaxHoldLife)) {
		return bank.RefuseField("validTo", "A hold lives at most 30 days.")
	}
	if d.ExecutionDate == (calendar.Date{}) {
		return nil
	}
	today := calendar.DateOf(now)
	switch {
	case d.Hold != "":
		return bank.RefuseField("executionDate", "A hold is settled at once.")
	case d.ExecutionDate.Before(today) || d.ExecutionDate.After(today.AddDays(maxAheadDays)):
		return bank.RefuseField("executionDate", "The date is today or within a year.")
	}
	return nil
}

func validOperationID(s string) bool {
	if s == "" || len(s) > maxOperationID {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func validTitle(s string) bool {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > maxTitle {
		return false
	}
	for _, r := range s {
		// Directional overrides would let a title read as another one on the page
		// where the customer confirms.
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return false
		}
	}
	return true
}

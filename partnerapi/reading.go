package partnerapi

import (
	"time"

	"okienko/bank/calendar"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/money"
	"okienko/bank/payment"
	"okienko/edge"
)

// fields is a JSON body that remembers the first fault. Nothing is refused
// while it is read: the bank refuses, when the order of checks has come to the
// parameters (partner-api §6).
type fields struct {
	object edge.Object
	fault  string // the name of a field of ours, never a word of the caller's
}

func readFields(body []byte, known ...string) *fields {
	o, err := edge.ParseObject(body)
	if err != nil {
		return &fields{fault: "body"}
	}
	f := &fields{object: o}
	if len(o.Unknown(known...)) > 0 {
		f.blame("unknown field")
	}
	return f
}

func (f *fields) blame(name string) {
	if f.fault == "" {
		f.fault = name
	}
}

// text reads a string that may be absent; ok tells whether it was there. One
// that is there says something: an empty string is a fault, or a field left
// empty by mistake would mean "leave it as it is".
func (f *fields) text(name string) (s string, ok bool) {
	s, ok = f.optional(name)
	if ok && s == "" {
		f.blame(name)
	}
	return s, ok
}

// optional reads a string that may be absent or empty.
func (f *fields) optional(name string) (s string, ok bool) {
	v, there := f.object.Get(name)
	if !there {
		return "", false
	}
	if s, ok = v.String(); !ok {
		f.blame(name)
	}
	return s, ok
}

// amount reads a string with two decimals, or a number without an exponent
// (partner-api §7). Absent is the zero Amount.
func (f *fields) amount(name string, c money.Currency) money.Amount {
	v, there := f.object.Get(name)
	if !there {
		return money.Amount{}
	}
	var a money.Amount
	err := money.ErrFormat
	if s, ok := v.String(); ok {
		a, err = money.Parse(s, c)
	} else if n, ok := v.NumberText(); ok {
		a, err = money.ParseNumber(n, c)
	}
	if err != nil {
		f.blame(name)
		return money.Amount{}
	}
	return a
}

func (f *fields) currency(name string) money.Currency {
	s, ok := f.text(name)
	c, err := money.ParseCurrency(s)
	if !ok || err != nil {
		f.blame(name) // every call that has the field must name the currency
		return money.PLN
	}
	return c
}

func (f *fields) instant(name string) time.Time {
	s, ok := f.text(name)
	if !ok {
		return time.Time{}
	}
	t, err := parseInstant(s)
	if err != nil {
		f.blame(name)
	}
	return t
}

func (f *fields) date(name string) calendar.Date {
	s, ok := f.text(name)
	if !ok {
		return calendar.Date{}
	}
	day, err := calendar.ParseDate(s)
	if err != nil {
		f.blame(name)
	}
	return day
}

// id reads the name of an object of the bank. ok is false when it is absent or
// no string.
func (f *fields) id(name string) (id string, ok bool) {
	s, ok := f.text(name)
	if !ok || s == "" {
		return "", false
	}
	return plausible(s), true
}

// parseInstant reads RFC 3339 strictly; the zero time means "not said" inside
// the bank, so nobody may say it.
func parseInstant(s string) (time.Time, error) {
	var t time.Time
	if err := t.UnmarshalText([]byte(s)); err != nil {
		return time.Time{}, err
	}
	if t.IsZero() {
		return time.Time{}, errNoInstant
	}
	return t, nil
}

// nothing is an id that the bank never gives.
const nothing = "-"

// plausible keeps what cannot be an id of ours away from the store: it answers
// NotFound either way, but a database may choke on the text.
func plausible(id string) string {
	if id == "" || len(id) > 64 {
		return nothing
	}
	for i := range len(id) {
		c := id[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_' {
			return nothing
		}
	}
	return id
}

// The fields of the calls (partner-api §7, §8).
var (
	holdFields       = []string{"operationId", "amount", "currency", "title", "validTo"}
	holdChangeFields = []string{"operationId", "amount", "title", "validTo"}
	paymentFields    = []string{"operationId", "account_id", "amount", "currency", "title", "executionDate", "blockadeId"}
	changeFields     = []string{"operationId", "account_id", "amount", "currency", "title", "executionDate"}
	permitFields     = []string{"permissions"}
	returnFields     = []string{"appType", "os_type", "callbackUri"}
)

// withReturn are the fields of a call together with those of the way back.
func withReturn(names []string) []string {
	return append(append(make([]string, 0, len(names)+len(returnFields)), names...), returnFields...)
}

// draft reads what every operation has.
func (f *fields) draft(k payment.Kind) payment.Draft {
	d := payment.Draft{Kind: k}
	d.OperationID, _ = f.text("operationId")
	d.Title, _ = f.text("title")
	return d
}

func (f *fields) hold() payment.Draft {
	d := f.draft(payment.PlaceHold)
	d.Amount = f.amount("amount", f.currency("currency"))
	d.ValidTo = f.instant("validTo")
	d.Malformed = f.fault
	return d
}

func (f *fields) holdChange(id ledger.HoldID) payment.Draft {
	d := f.draft(payment.ChangeHold)
	d.Hold = id
	d.Amount = f.amount("amount", money.PLN)
	d.ValidTo = f.instant("validTo")
	d.Malformed = f.fault
	return d
}

// payment reads a transfer, a new one or (with an id) the change of one. own is
// the account_id of the pairing, with which a body is judged that does not say
// which account it means: a missing field is a wrong parameter, not an unknown
// account.
func (f *fields) payment(id payment.ID, own string) (d payment.Draft, account string) {
	kind := payment.Pay
	if id != "" {
		kind = payment.ChangePayment
	}
	d = f.draft(kind)
	d.Payment = id
	d.Amount = f.amount("amount", f.currency("currency"))
	d.ExecutionDate = f.date("executionDate")
	if kind == payment.Pay {
		hold, _ := f.id("blockadeId")
		d.Hold = ledger.HoldID(hold)
	}
	account, ok := f.id("account_id")
	if !ok {
		f.blame("account_id")
		account = own
	}
	d.Malformed = f.fault
	return d, account
}

func (f *fields) permit() payment.Draft {
	d := payment.Draft{Kind: payment.Permit}
	v, _ := f.object.Get("permissions")
	names, ok := v.Strings()
	if !ok {
		f.blame("permissions")
	}
	seen := make(map[string]bool, len(names))
	for _, name := range names {
		p, err := consent.ParsePermission(name)
		if err != nil || seen[name] {
			f.blame("permissions")
			break
		}
		seen[name] = true
		d.Permissions = append(d.Permissions, p)
	}
	d.Malformed = f.fault
	return d
}

// back reads the way back to the application after a confirmation. Whether it
// fits the application is for the bank to say.
func (f *fields) back(d *payment.Draft) payment.Return {
	var r payment.Return
	r.AppType, _ = f.optional("appType")
	r.OS, _ = f.optional("os_type")
	r.Callback, _ = f.optional("callbackUri")
	d.Malformed = f.fault
	return r
}

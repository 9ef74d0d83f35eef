package transfer

import (
	"errors"
	"strconv"
	"unicode"
	"unicode/utf8"

	"okienko/bank"
	"okienko/bank/calendar"
	"okienko/bank/money"
	"okienko/bank/nrb"
)

// The longest words of an order (psd2 §2.5, §8). Names have the 140 characters of
// ISO 20022; address lines are those of Elixir.
const (
	maxText      = 140
	maxLine      = 35
	maxLines     = 4
	maxReference = 35
	// maxAheadDays bounds dates, as for the partner API's payments.
	maxAheadDays = 365
)

// Validate refuses an order that can never be carried out as it is worded: every
// rule of psd2 §10 PIS that hangs on no state. It judges the normalised form and
// leaves i as it is. The fields of its refusals are named as in the specification,
// free of a wire form: "transferData.amount", "recipient.accountNumber".
//
// An immediate order may say a day: the mode wins (psd2 §10 case 61) and the day is
// ignored when the transfer is made. A day in the past is refused in every mode.
func (i *Instruction) Validate(today calendar.Date) error {
	o := *i
	o.Normalise()
	for _, rule := range [...]func() error{
		o.kind, o.amount, o.words, o.parties, o.recipientAccount, o.recipientBank, o.systems,
		func() error { return o.dates(today) }, o.tax, o.split,
	} {
		if err := rule(); err != nil {
			return err
		}
	}
	return nil
}

func refuse(field, says string) error { return bank.RefuseField(field, says) }

// unreachable refuses what is well formed and that no payment system carries:
// doors tell it from a malformed field (psd2 §10 cases 59, 62 and 67).
func unreachable(field, says string) error {
	r := bank.Refuse(bank.RailUnavailable, says)
	r.Field = field
	return r
}

func (i *Instruction) kind() error {
	switch i.Kind {
	case Domestic, Tax, EEA, NonEEA:
		return nil
	}
	return refuse("kind", "The kind of the transfer is not known.")
}

func (i *Instruction) amount() error {
	if !i.Amount.IsPositive() {
		return refuse("transferData.amount", "The amount is above zero.")
	}
	if _, err := money.ParseCurrency(string(i.Amount.Currency())); err != nil {
		return refuse("transferData.currency", "The currency is not one that the bank keeps.")
	}
	switch c := i.Amount.Currency(); {
	case i.Kind == Domestic && c != money.PLN && i.System != Internal:
		return refuse("transferData.currency", "A domestic transfer is in PLN, unless it stays inside the bank.")
	case i.Kind == Tax && c != money.PLN:
		return refuse("transferData.currency", "A tax transfer is in PLN.")
	case i.Kind == EEA && c != money.EUR:
		return refuse("transferData.currency", "A transfer inside the European Economic Area is in EUR.")
	}
	return nil
}

func (i *Instruction) words() error {
	if i.Kind != Tax && i.Description == "" {
		return refuse("transferData.description", "A title is needed.")
	}
	for _, w := range [...]struct {
		field, text string
		most        int
	}{
		{"transferData.description", i.Description, maxText},
		{"reference", i.Reference, maxReference},
	} {
		if err := text(w.field, w.text, w.most); err != nil {
			return err
		}
	}
	return nil
}

// text refuses words that are too long or hold what no page shows as it is:
// control characters, and marks that turn the direction of writing, by which a
// title could read as another one where the customer confirms.
func text(field, s string, most int) error {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > most {
		return refuse(field, "The text has at most "+strconv.Itoa(most)+" characters.")
	}
	for _, r := range s {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return refuse(field, "The text has no control characters.")
		}
	}
	return nil
}

func (i *Instruction) parties() error {
	if i.Recipient.Name == "" {
		return refuse("recipient.name", "The payee's name is needed.")
	}
	for _, p := range [...]struct {
		field string
		party *Party
	}{{"recipient", &i.Recipient}, {"sender", &i.Sender}} {
		if err := p.party.wellFormed(p.field); err != nil {
			return err
		}
	}
	if i.Sender.Account == "" {
		return nil
	}
	if _, err := nrb.Parse(i.Sender.Account); err != nil {
		return number("sender.accountNumber", err)
	}
	if i.Recipient.Account == i.Sender.Account || i.Recipient.Account == "PL"+i.Sender.Account {
		return refuse("recipient.accountNumber", "The account that pays is the account that is paid.")
	}
	return nil
}

func (p *Party) wellFormed(field string) error {
	if err := text(field+".name", p.Name, maxText); err != nil {
		return err
	}
	if err := text(field+".address.name", p.AddressName, maxText); err != nil {
		return err
	}
	if err := p.Address.wellFormed(field + ".address"); err != nil {
		return err
	}
	if err := p.Identifiers.wellFormed(field + ".identifiers"); err != nil {
		return err
	}
	ultimate := field + ".ultimate"
	if err := text(ultimate+".name", p.Ultimate.AddressName, maxText); err != nil {
		return err
	}
	if err := p.Ultimate.Address.wellFormed(ultimate + ".address"); err != nil {
		return err
	}
	return p.Ultimate.Identifiers.wellFormed(ultimate + ".identifiers")
}

// wellFormed looks at no check digits: mBank's own examples carry identifiers that
// would fail them (psd2 §10 case 81).
func (d Identifiers) wellFormed(field string) error {
	switch d.Type {
	case "", "LEI", "TXID":
	default:
		return refuse(field+".idType", "An identifier is a LEI or a TXID.")
	}
	if err := text(field+".idValue", d.Value, maxText); err != nil {
		return err
	}
	return text(field+".issuer", d.Issuer, maxText)
}

// wellFormed takes an address of any parts: country and town alone will do
// (psd2 §10 case 80).
func (a *Address) wellFormed(field string) error {
	if a.Country != "" && !IsCountry(a.Country) {
		return refuse(field+".countryCode", "A country has two letters (ISO 3166-1 alpha-2).")
	}
	for _, p := range [...]struct{ name, text string }{
		{"townName", a.Town}, {"townLocationName", a.TownLocation}, {"districtName", a.District}, {"countrySubDivision", a.SubDivision},
		{"postBox", a.PostBox}, {"subDepartment", a.SubDepartment}, {"room", a.Room}, {"buildingName", a.Building},
		{"streetName", a.Street}, {"buildingNumber", a.BuildingNumber}, {"postCode", a.PostCode}, {"department", a.Department}, {"floor", a.Floor},
	} {
		if err := text(field+"."+p.name, p.text, maxText); err != nil {
			return err
		}
	}
	return lines(field+".addressLine", a.Lines)
}

func lines(field string, list []string) error {
	if len(list) > maxLines {
		return refuse(field, "An address has at most 4 lines.")
	}
	for _, l := range list {
		if err := text(field, l, maxLine); err != nil {
			return err
		}
	}
	return nil
}

// number words what is wrong with an account number.
func number(field string, err error) error {
	switch {
	case errors.Is(err, nrb.ErrCheckDigits):
		return refuse(field, "The check digits of the account number are wrong.")
	case errors.Is(err, nrb.ErrCountry):
		return refuse(field, "The country of the account number is not known.")
	}
	return refuse(field, "This is not an account number.")
}

func (i *Instruction) dates(today calendar.Date) error {
	const executionDate = "transferData.executionDate"
	if !i.ExecutionDate.IsZero() && i.ExecutionDate.Before(today) {
		return refuse(executionDate, "The date is in the past.")
	}
	switch i.Mode {
	case Immediate:
	case FutureDated:
		switch {
		case i.ExecutionDate.IsZero():
			return refuse(executionDate, "A transfer for a later day needs its date.")
		case i.ExecutionDate.After(today.AddDays(maxAheadDays)):
			return refuse(executionDate, "The date is within a year.")
		}
	case Recurring:
		if i.Recurrence == nil {
			return refuse("transferData.recurrence", "A recurring transfer needs its recurrence.")
		}
		return i.Recurrence.validate(today)
	default:
		return refuse("executionMode", "The mode of execution is not known.")
	}
	if i.Recurrence != nil {
		return refuse("transferData.recurrence", "Only a recurring transfer has a recurrence.")
	}
	return nil
}

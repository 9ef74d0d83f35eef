package transfer

import (
	"strconv"

	"okienko/bank/calendar"
	"okienko/bank/money"
)

// Kind is the form of a credit transfer (PolishAPI PIS; psd2 §2.5).
type Kind string

// The kinds.
const (
	Domestic Kind = "domestic"
	Tax      Kind = "tax"
	EEA      Kind = "eea"
	NonEEA   Kind = "non-eea"
)

// Kinds lists every kind once.
var Kinds = []Kind{Domestic, Tax, EEA, NonEEA}

// System is a payment system (psd2 §8).
type System string

// The payment systems. Internal is a transfer inside this bank.
const (
	Elixir        System = "Elixir"
	ExpressElixir System = "ExpressElixir"
	Sorbnet       System = "Sorbnet"
	BlueCash      System = "BlueCash"
	Internal      System = "Internal"
	SEPA          System = "SEPA"
	InstantSEPA   System = "InstantSEPA"
	Target        System = "Target"
	Swift         System = "Swift"
)

// Systems lists every system once.
var Systems = []System{Elixir, ExpressElixir, Sorbnet, BlueCash, Internal, SEPA, InstantSEPA, Target, Swift}

// Delivery is how soon the payee's bank is to have the money.
type Delivery string

// The deliveries: the same day, the next, the one after.
const (
	ExpressD0  Delivery = "ExpressD0"
	UrgentD1   Delivery = "UrgentD1"
	StandardD1 Delivery = "StandardD1"
	StandardD2 Delivery = "StandardD2"
)

// Mode says when a transfer is executed.
type Mode string

// The modes. An instruction without one is immediate, unless it says a date.
const (
	Immediate   Mode = "Immediate"
	FutureDated Mode = "FutureDated"
	Recurring   Mode = "Recurring"
)

// Instruction is a credit transfer as a third party words it, free of any wire
// form. An unused part is empty, and empty equals absent (psd2 §3.5).
type Instruction struct {
	Kind             Kind
	Recipient        Party
	RecipientBank    Bank   // NonEEA; of other kinds no more than a BIC
	RecipientCountry string // EEA: ISO 3166-1 alpha-2 of the payee's account, "" when not said
	Sender           Party  // Account "" lets the customer choose
	Description      string // "" for Tax
	Amount           money.Amount
	ExecutionDate    calendar.Date // FutureDated; zero otherwise
	Recurrence       *Recurrence   // Recurring
	Delivery         Delivery
	System           System // "" lets the bank choose
	Mode             Mode
	Hold             bool
	Split            *Split // split payment (MPP)
	TaxForm          *TaxForm
	Charges          string // NonEEA: SHA, OUR or BEN
	Reference        string // additional reference of the payer, ""
	Symbols          Symbols
}

// Symbols are the payment symbols of Czech and Slovak banking, which mBank's
// form carries (psd2 §3.5: KS, VS, SS).
type Symbols struct{ Constant, Variable, Specific string }

// Party is one end of a transfer.
type Party struct {
	Account     string // NRB of 26 digits, or IBAN; "" where the customer chooses
	Name        string
	Address     Address
	AddressName string // the name that stands in the address
	Identifiers Identifiers
	Ultimate    Ultimate // for whom the party acts
}

// Ultimate is the ultimate sender or recipient.
type Ultimate struct {
	AddressName string
	Address     Address
	Identifiers Identifiers
}

// Identifiers is a LEI or a tax number of a party.
type Identifiers struct{ Type, Value, Issuer string }

// Address is a structured address (ISO 20022 postal address); Lines is the
// unstructured form of older interfaces.
type Address struct {
	Country, Town, TownLocation, District, SubDivision, PostBox, SubDepartment, Room,
	Building, Street, BuildingNumber, PostCode, Department, Floor string
	Lines []string
}

// Bank is the payee's bank of a transfer outside the EEA.
type Bank struct {
	BIC, Name, Code string
	Country         string // alpha-2
	Lines           []string
}

// Split is the split-payment part of a domestic transfer (psd2 §8).
type Split struct {
	VAT         money.Amount
	TaxID       string // NIP of the supplier; its checksum is not judged (psd2 §8)
	Invoice     string
	Description string
}

// TaxForm is the tax office's part of a tax transfer (psd2 §2.5, usInfo).
type TaxForm struct {
	PayerID     string
	PayerIDType string // N P R 1 2 3
	FormCode    string
	PeriodID    string
	PeriodType  string // M K P R D J
	Year        string
	Obligation  string
}

// Recurrence says when the payments of a standing order fall due.
type Recurrence struct {
	Start, End calendar.Date // End zero: no end
	Every      Unit
	Count      int // every Count units, at least 1
	// Before moves a payment that falls on a holiday to the business day before,
	// otherwise it goes to the next one.
	Before bool
}

// Unit is the unit of a recurrence.
type Unit string

// The units.
const (
	Day   Unit = "day"
	Week  Unit = "week"
	Month Unit = "month"
)

// Content is the canonical text of an instruction: two instructions are the same
// order exactly when their texts are. Free words stand behind their length.
func (i *Instruction) Content() string {
	b := make([]byte, 0, 512)
	text := func(words ...string) {
		for _, s := range words {
			b = strconv.AppendInt(b, int64(len(s)), 10)
			b = append(append(append(b, ':'), s...), '|')
		}
	}
	address := func(a Address) {
		text(a.Country, a.Town, a.TownLocation, a.District, a.SubDivision, a.PostBox, a.SubDepartment, a.Room,
			a.Building, a.Street, a.BuildingNumber, a.PostCode, a.Department, a.Floor, strconv.Itoa(len(a.Lines)))
		text(a.Lines...)
	}
	person := func(p *Party) {
		text(p.Account, p.Name, p.AddressName, p.Identifiers.Type, p.Identifiers.Value, p.Identifiers.Issuer)
		address(p.Address)
		text(p.Ultimate.AddressName, p.Ultimate.Identifiers.Type, p.Ultimate.Identifiers.Value, p.Ultimate.Identifiers.Issuer)
		address(p.Ultimate.Address)
	}
	date := func(d calendar.Date) {
		if d.IsZero() {
			text("")
		} else {
			text(d.String())
		}
	}
	text(string(i.Kind))
	person(&i.Recipient)
	text(i.RecipientBank.BIC, i.RecipientBank.Name, i.RecipientBank.Code, i.RecipientBank.Country, strconv.Itoa(len(i.RecipientBank.Lines)))
	text(i.RecipientBank.Lines...)
	text(i.RecipientCountry)
	person(&i.Sender)
	text(i.Description, i.Amount.String(), string(i.Amount.Currency()))
	date(i.ExecutionDate)
	if r := i.Recurrence; r != nil {
		date(r.Start)
		date(r.End)
		text(string(r.Every), strconv.Itoa(r.Count), strconv.FormatBool(r.Before))
	}
	text(string(i.Delivery), string(i.System), string(i.Mode), strconv.FormatBool(i.Hold))
	if s := i.Split; s != nil {
		text("split", s.VAT.String(), s.TaxID, s.Invoice, s.Description)
	}
	if t := i.TaxForm; t != nil {
		text("tax", t.PayerID, t.PayerIDType, t.FormCode, t.PeriodID, t.PeriodType, t.Year, t.Obligation)
	}
	text(i.Charges, i.Reference, i.Symbols.Constant, i.Symbols.Variable, i.Symbols.Specific)
	return string(b)
}

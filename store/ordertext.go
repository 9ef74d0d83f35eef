package store

import (
	"encoding/json"
	"fmt"

	"okienko/bank/calendar"
	"okienko/bank/money"
	"okienko/bank/transfer"
)

// orderForm is the version of the form in which instructions are kept. A form
// that changes gets the next number, and the old one stays readable: standing
// orders outlive releases.
const orderForm = 1

// orderText is an instruction as it is kept. What is empty takes no room; what
// the core's types gain must be named here before this compiles again, because
// parts are converted whole.
type orderText struct {
	Form int `json:"v"`

	Kind          transfer.Kind     `json:"kind"`
	Recipient     partyText         `json:"recipient,omitzero"`
	RecipientBank bankText          `json:"recipientBank,omitzero"`
	Country       string            `json:"country,omitempty"`
	Sender        partyText         `json:"sender,omitzero"`
	Description   string            `json:"description,omitempty"`
	Amount        amountText        `json:"amount"`
	Date          string            `json:"date,omitempty"`
	Recurrence    *recurrenceText   `json:"recurrence,omitempty"`
	Delivery      transfer.Delivery `json:"delivery,omitempty"`
	System        transfer.System   `json:"system,omitempty"`
	Mode          transfer.Mode     `json:"mode,omitempty"`
	Hold          bool              `json:"hold,omitempty"`
	Split         *splitText        `json:"split,omitempty"`
	TaxForm       *taxText          `json:"tax,omitempty"`
	Charges       string            `json:"charges,omitempty"`
	Reference     string            `json:"reference,omitempty"`
	Symbols       symbolsText       `json:"symbols,omitzero"`
}

type amountText struct {
	Minor    int64          `json:"n,omitempty"`
	Currency money.Currency `json:"c,omitempty"`
}

func amountTextOf(a money.Amount) amountText { return amountText{a.Minor(), a.Currency()} }

func (a amountText) amount() money.Amount { return money.New(a.Minor, a.Currency) }

type partyText struct {
	Account     string          `json:"account,omitempty"`
	Name        string          `json:"name,omitempty"`
	Address     addressText     `json:"address,omitzero"`
	AddressName string          `json:"addressName,omitempty"`
	Identifiers identifiersText `json:"ids,omitzero"`
	Ultimate    ultimateText    `json:"ultimate,omitzero"`
}

type ultimateText struct {
	AddressName string          `json:"addressName,omitempty"`
	Address     addressText     `json:"address,omitzero"`
	Identifiers identifiersText `json:"ids,omitzero"`
}

type identifiersText struct {
	Type   string `json:"type,omitempty"`
	Value  string `json:"value,omitempty"`
	Issuer string `json:"issuer,omitempty"`
}

type addressText struct {
	Country        string   `json:"country,omitempty"`
	Town           string   `json:"town,omitempty"`
	TownLocation   string   `json:"townLocation,omitempty"`
	District       string   `json:"district,omitempty"`
	SubDivision    string   `json:"subDivision,omitempty"`
	PostBox        string   `json:"postBox,omitempty"`
	SubDepartment  string   `json:"subDepartment,omitempty"`
	Room           string   `json:"room,omitempty"`
	Building       string   `json:"building,omitempty"`
	Street         string   `json:"street,omitempty"`
	BuildingNumber string   `json:"number,omitempty"`
	PostCode       string   `json:"postCode,omitempty"`
	Department     string   `json:"department,omitempty"`
	Floor          string   `json:"floor,omitempty"`
	Lines          []string `json:"lines,omitempty"`
}

type bankText struct {
	BIC     string   `json:"bic,omitempty"`
	Name    string   `json:"name,omitempty"`
	Code    string   `json:"code,omitempty"`
	Country string   `json:"country,omitempty"`
	Lines   []string `json:"lines,omitempty"`
}

type splitText struct {
	VAT         amountText `json:"vat"`
	TaxID       string     `json:"taxId,omitempty"`
	Invoice     string     `json:"invoice,omitempty"`
	Description string     `json:"description,omitempty"`
}

type taxText struct {
	PayerID     string `json:"payer,omitempty"`
	PayerIDType string `json:"payerType,omitempty"`
	FormCode    string `json:"form,omitempty"`
	PeriodID    string `json:"period,omitempty"`
	PeriodType  string `json:"periodType,omitempty"`
	Year        string `json:"year,omitempty"`
	Obligation  string `json:"obligation,omitempty"`
}

type symbolsText struct {
	Constant string `json:"ks,omitempty"`
	Variable string `json:"vs,omitempty"`
	Specific string `json:"ss,omitempty"`
}

type recurrenceText struct {
	Start  string        `json:"start"`
	End    string        `json:"end,omitempty"`
	Every  transfer.Unit `json:"every"`
	Count  int           `json:"count"`
	Before bool          `json:"before,omitempty"`
}

func partyTextOf(p *transfer.Party) partyText {
	return partyText{
		Account: p.Account, Name: p.Name, Address: addressText(p.Address), AddressName: p.AddressName,
		Identifiers: identifiersText(p.Identifiers),
		Ultimate: ultimateText{
			AddressName: p.Ultimate.AddressName, Address: addressText(p.Ultimate.Address), Identifiers: identifiersText(p.Ultimate.Identifiers),
		},
	}
}

func (p *partyText) party() transfer.Party {
	return transfer.Party{
		Account: p.Account, Name: p.Name, Address: transfer.Address(p.Address), AddressName: p.AddressName,
		Identifiers: transfer.Identifiers(p.Identifiers),
		Ultimate: transfer.Ultimate{
			AddressName: p.Ultimate.AddressName, Address: transfer.Address(p.Ultimate.Address), Identifiers: transfer.Identifiers(p.Ultimate.Identifiers),
		},
	}
}

func orderTextOf(i *transfer.Instruction) orderText {
	o := orderText{
		Form: orderForm, Kind: i.Kind, Recipient: partyTextOf(&i.Recipient), RecipientBank: bankText(i.RecipientBank), Country: i.RecipientCountry,
		Sender: partyTextOf(&i.Sender), Description: i.Description, Amount: amountTextOf(i.Amount), Date: dayText(i.ExecutionDate),
		Delivery: i.Delivery, System: i.System, Mode: i.Mode, Hold: i.Hold, Charges: i.Charges, Reference: i.Reference,
		Symbols: symbolsText(i.Symbols),
	}
	if r := i.Recurrence; r != nil {
		o.Recurrence = &recurrenceText{Start: dayText(r.Start), End: dayText(r.End), Every: r.Every, Count: r.Count, Before: r.Before}
	}
	if s := i.Split; s != nil {
		o.Split = &splitText{VAT: amountTextOf(s.VAT), TaxID: s.TaxID, Invoice: s.Invoice, Description: s.Description}
	}
	if t := i.TaxForm; t != nil {
		form := taxText(*t)
		o.TaxForm = &form
	}
	return o
}

func (o *orderText) instruction() (transfer.Instruction, error) {
	if o.Form != orderForm {
		return transfer.Instruction{}, fmt.Errorf("store: an instruction of unknown form %d", o.Form)
	}
	i := transfer.Instruction{
		Kind: o.Kind, Recipient: o.Recipient.party(), RecipientBank: transfer.Bank(o.RecipientBank), RecipientCountry: o.Country,
		Sender: o.Sender.party(), Description: o.Description, Amount: o.Amount.amount(),
		Delivery: o.Delivery, System: o.System, Mode: o.Mode, Hold: o.Hold, Charges: o.Charges, Reference: o.Reference,
		Symbols: transfer.Symbols(o.Symbols),
	}
	var err error
	read := func(text string) (d calendar.Date) {
		if err == nil {
			d, err = day(text)
		}
		return d
	}
	i.ExecutionDate = read(o.Date)
	if r := o.Recurrence; r != nil {
		i.Recurrence = &transfer.Recurrence{Start: read(r.Start), End: read(r.End), Every: r.Every, Count: r.Count, Before: r.Before}
	}
	if s := o.Split; s != nil {
		i.Split = &transfer.Split{VAT: s.VAT.amount(), TaxID: s.TaxID, Invoice: s.Invoice, Description: s.Description}
	}
	if t := o.TaxForm; t != nil {
		form := transfer.TaxForm(*t)
		i.TaxForm = &form
	}
	return i, err
}

func encodeOrder(i *transfer.Instruction) (string, error) { return encode(orderTextOf(i)) }

func decodeOrder(text string) (transfer.Instruction, error) {
	var o orderText
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return transfer.Instruction{}, fmt.Errorf("store: an instruction: %w", err)
	}
	return o.instruction()
}

// encode is a value as JSON.
func encode(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// encodeList is a list of texts as JSON, "" when it is empty.
func encodeList[T ~string](texts []T) string {
	if len(texts) == 0 {
		return ""
	}
	b, err := json.Marshal(texts)
	if err != nil {
		panic("store: a list of texts does not marshal: " + err.Error()) // cannot be
	}
	return string(b)
}

func decodeList[T ~string](text string) (texts []T, err error) {
	if text == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(text), &texts); err != nil {
		return nil, fmt.Errorf("store: a list: %w", err)
	}
	return texts, nil
}

package polishapi

import (
	"strings"
	"unicode/utf8"

	"okienko/bank/calendar"
	"okienko/bank/transfer"
	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/wire"
)

// where says in which of its objects a payment stands: each has other fields.
type where int

const (
	ordered   where = iota // the body of an initiation
	bundled                // an element of a bundle
	consented              // in a privilege
	recurring              // in a recurring payment, ordered or consented
)

// The longest name of a bank, and the lines of a name and address (psd2 §2.5).
const (
	bankNameLength = 70
	lineLength     = 35
	mostLines      = 4
)

// readInstruction reads a payment (psd2 §2.5). more are fields of the object
// beside it.
func (b branch) readInstruction(k transfer.Kind, at where, more ...string) *transfer.Instruction {
	known := append([]string{"recipient", "sender", "transferData", "deliveryMode", "system"}, more...)
	three := b.version.since(V300)
	if at != consented || three {
		known = append(known, "hold")
	}
	if at != recurring {
		known = append(known, "executionMode")
	}
	switch k {
	case transfer.Domestic:
		if three {
			known = append(known, "splitPayment", "transactionInfoSp")
		}
	case transfer.Tax:
		known = append(known, "usInfo")
	case transfer.NonEEA:
		known = append(known, "recipientBank", "transferCharges")
	}
	b.Only(known...)
	o := &transfer.Instruction{Kind: k}
	b.required("recipient").recipient(o)
	b.required("sender").sender(o)
	b.required("transferData").transferData(o)
	o.Delivery = wire.OneOf(b.Branch, "deliveryMode", deliveries)
	o.System = wire.OneOf(b.Branch, "system", systems)
	switch {
	case o.Delivery == "":
		b.Blame(b.Path+"deliveryMode", "The field is required.")
	case o.System == "":
		b.Blame(b.Path+"system", "The field is required.")
	}
	if at != recurring {
		o.Mode = wire.OneOf(b.Branch, "executionMode", modes)
	}
	// Before 3.0 a consent cannot say that money is to be held, so an order that
	// says it could never be the one that was consented to: it is read, and passed
	// over.
	if hold := b.Flag("hold"); three {
		o.Hold = hold
	}
	switch k {
	case transfer.Domestic:
		if three {
			o.Split = b.Split()
		}
	case transfer.Tax:
		in := b.inside("usInfo")
		in.Whole("year") // a number here, where other forms have texts
		o.TaxForm = in.TaxForm()
	case transfer.NonEEA:
		bank := b.required("recipientBank")
		bank.Bank(&o.RecipientBank, bankNameLength, country)
		o.RecipientBank.Lines = bank.address()
		o.Charges = b.Text("transferCharges", 3)
	}
	return o
}

func (b branch) recipient(o *transfer.Instruction) {
	known := []string{"accountNumber", "nameAddress"}
	abroad := o.Kind == transfer.EEA || o.Kind == transfer.NonEEA
	if abroad && b.version.since(V212) {
		known = append(known, "countryCode")
		code := country(b.Branch, "countryCode")
		if code == "" {
			b.Blame(b.Path+"countryCode", "The field is required.")
		}
		if o.Kind == transfer.EEA {
			o.RecipientCountry = code
		} else {
			o.Recipient.Address.Country = code
		}
	}
	b.Only(known...)
	o.Recipient.Account = b.Need("accountNumber", wire.AccountLength)
	if !abroad {
		o.Recipient.Account = b.Polish("accountNumber", o.Recipient.Account)
	}
	b.required("nameAddress").nameAddress(&o.Recipient)
}

func (b branch) sender(o *transfer.Instruction) {
	b.Only("accountNumber", "nameAddress")
	o.Sender.Account = b.Polish("accountNumber", b.Text("accountNumber", wire.AccountLength)) // the payer's account is one of ours
	b.inside("nameAddress").nameAddress(&o.Sender)
}

// nameAddress reads the four lines of a name and address: the first is the name.
func (b branch) nameAddress(p *transfer.Party) {
	b.Only("value")
	lines := b.Lines("value")
	if len(lines) > 0 {
		p.Name, p.Address.Lines = lines[0], lines[1:]
	}
}

func (b branch) transferData(o *transfer.Instruction) {
	known := []string{"amount", "currency", "executionDate"}
	if o.Kind != transfer.Tax {
		known = append(known, "description")
		o.Description = b.Need("description", wire.TitleLength)
	}
	b.Only(known...)
	o.Amount = b.Amount("amount", b.Currency(o.Kind != transfer.Domestic))
	o.ExecutionDate = b.Date("executionDate")
}

// readRecurring reads a recurring payment: when, and exactly the payment that it
// says it is.
func (b branch) readRecurring() (o *transfer.Instruction, at string) {
	f, ok := b.typed("typeOfPayment")
	if !ok {
		return &transfer.Instruction{}, b.Path
	}
	b.oneOfForms(f.payment, func(f form) string { return f.payment })
	inner := b.required(f.payment)
	o = inner.readInstruction(f.kind, recurring)
	r := &transfer.Recurrence{}
	when := b.required("recurrence")
	when.Only("startDate", "endDate", "frequency", "dayOffOffsetType")
	when.Frequency(r, units, offHoliday)
	o.Mode, o.Recurrence = transfer.Recurring, r
	return o, inner.Path
}

// typed reads the kind of payments by its word.
func (b branch) typed(name string) (form, bool) {
	word := b.Need(name, 16)
	for _, f := range forms {
		if f.name == word {
			return f, true
		}
	}
	b.Blame(b.Path+name, "One of domestic, EEA, nonEEA, tax is expected.")
	return form{}, false
}

// oneOfForms blames the objects of other kinds than the one that was said.
func (b branch) oneOfForms(name string, of func(form) string) {
	for _, f := range forms {
		if _, there := b.Get(of(f)); there && of(f) != name {
			b.Blame(b.Path+of(f), "It does not go with the type that is said.")
		}
	}
}

// appendInstruction writes a payment as readInstruction reads it in a privilege:
// its fields, into an object that is open.
func appendInstruction(b []byte, o *transfer.Instruction, v Version, at where) []byte {
	b = append(edge.AppendKey(b, "recipient"), '{')
	b = edge.AppendStringField(b, "accountNumber", o.Recipient.Account)
	b = appendNameAddress(b, &o.Recipient)
	if v.since(V212) {
		switch o.Kind {
		case transfer.EEA:
			b = wire.MaybeText(b, "countryCode", alpha3(o.RecipientCountry))
		case transfer.NonEEA:
			b = wire.MaybeText(b, "countryCode", alpha3(o.Recipient.Address.Country))
		}
	}
	b = append(edge.AppendKey(append(b, '}'), "sender"), '{')
	b = append(appendNameAddress(wire.MaybeText(b, "accountNumber", o.Sender.Account), &o.Sender), '}')
	if o.Kind == transfer.NonEEA {
		b = append(edge.AppendKey(b, "recipientBank"), '{')
		bank := o.RecipientBank
		bank.Name = psd2.Shortened(bank.Name, bankNameLength)
		b = wire.AppendBank(b, &bank, alpha3(bank.Country))
		b = append(appendAddress(b, o.RecipientBank.Lines, v), '}')
		b = wire.MaybeText(b, "transferCharges", o.Charges)
	}
	b = append(edge.AppendKey(b, "transferData"), '{')
	b = wire.MaybeText(b, "description", o.Description)
	b = wire.AppendMoney(b, "amount", o.Amount)
	b = edge.AppendStringField(b, "currency", string(o.Amount.Currency()))
	if o.ExecutionDate != (calendar.Date{}) {
		b = edge.AppendStringField(b, "executionDate", o.ExecutionDate.String())
	}
	b = append(b, '}')
	b = wire.MaybeText(b, "deliveryMode", wire.Spell(deliveries, o.Delivery))
	b = wire.MaybeText(b, "system", wire.Spell(systems, o.System))
	if at != recurring {
		b = wire.MaybeText(b, "executionMode", wire.Spell(modes, o.Mode))
	}
	if o.TaxForm != nil {
		b = wire.AppendTaxForm(b, o.TaxForm, true)
	}
	if !v.since(V300) {
		return b
	}
	if o.Hold {
		b = edge.AppendBoolField(b, "hold", true)
	}
	if o.Split != nil {
		b = wire.AppendSplit(edge.AppendBoolField(b, "splitPayment", true), o.Split)
	}
	return b
}

// appendNameAddress writes name and address where there are any; what another
// form said of an address in parts is not repeated in lines.
func appendNameAddress(b []byte, p *transfer.Party) []byte {
	if p.Name == "" && len(p.Address.Lines) == 0 {
		return b
	}
	lines := []string{p.Name}
	if utf8.RuneCountInString(p.Name) > lineLength { // as the other form may have it
		lines = psd2.Lines(p.Name)
	}
	lines = append(lines, p.Address.Lines...)
	return appendLines(b, "nameAddress", lines[:min(len(lines), mostLines)])
}

// address reads a bank's address: lines, which 3.0 puts into an object.
func (b branch) address() []string {
	if !b.version.since(V300) {
		return b.Lines("address")
	}
	in := b.inside("address")
	in.Only("value")
	return in.Lines("value")
}

func appendAddress(b []byte, lines []string, v Version) []byte {
	switch {
	case len(lines) == 0:
		return b
	case v.since(V300):
		return appendLines(b, "address", lines)
	}
	return edge.AppendStringsField(b, "address", lines)
}

// appendLines writes nameAddress, whatever it is called.
func appendLines(b []byte, name string, lines []string) []byte {
	if len(lines) == 0 || strings.Join(lines, "") == "" {
		return b
	}
	b = append(edge.AppendKey(b, name), '{')
	return append(edge.AppendStringsField(b, "value", lines), '}')
}

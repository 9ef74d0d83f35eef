package mbank

import (
	"okienko/bank/transfer"
	"okienko/edge"
	"okienko/psd2/wire"
)

// appendInstruction writes a payment as readInstruction reads it; what is empty
// is left out. tppID is the third party's own id of a payment inside a bundle.
func appendInstruction(dst []byte, o *transfer.Instruction, tppID string) []byte {
	dst = append(dst, '{')
	dst = wire.MaybeText(dst, "tppPaymentId", tppID)
	country := ""
	if o.Kind == transfer.EEA {
		country = o.RecipientCountry
	}
	dst = appendParty(edge.AppendKey(dst, "recipient"), &o.Recipient, country, "ultimateRecipient")
	dst = appendParty(edge.AppendKey(dst, "sender"), &o.Sender, "", "ultimateSender")
	if o.Kind == transfer.NonEEA {
		dst = append(edge.AppendKey(dst, "recipientBank"), '{')
		dst = wire.AppendBank(dst, &o.RecipientBank, o.RecipientBank.Country)
		if len(o.RecipientBank.Lines) > 0 {
			dst = edge.AppendStringsField(dst, "address", o.RecipientBank.Lines)
		}
		dst = append(dst, '}')
	}
	dst = appendTransferData(edge.AppendKey(dst, "transferData"), o)
	dst = wire.MaybeText(dst, "deliveryMode", wire.Spell(deliveries, o.Delivery))
	dst = wire.MaybeText(dst, "system", wire.Spell(systems, o.System))
	dst = wire.MaybeText(dst, "executionMode", wire.Spell(modes, o.Mode))
	if o.Hold {
		dst = edge.AppendBoolField(dst, "hold", true)
	}
	if s := o.Split; s != nil {
		dst = edge.AppendBoolField(dst, "splitPayment", true)
		dst = wire.AppendSplit(dst, s)
	}
	if t := o.TaxForm; t != nil {
		dst = wire.AppendTaxForm(dst, t, false)
	}
	return append(wire.MaybeText(dst, "transferCharges", o.Charges), '}')
}

func appendParty(dst []byte, p *transfer.Party, country, ultimate string) []byte {
	dst = append(dst, '{')
	dst = wire.MaybeText(dst, "accountNumber", p.Account)
	dst = wire.MaybeText(dst, "name", p.Name)
	dst = wire.MaybeText(dst, "countryCode", country)
	dst = appendNameAddress(dst, p.AddressName, &p.Address)
	dst = appendIdentifiers(dst, p.Identifiers)
	start := len(dst)
	dst = append(edge.AppendKey(dst, ultimate), '{')
	dst = appendNameAddress(dst, p.Ultimate.AddressName, &p.Ultimate.Address)
	dst = wire.MaybeObject(appendIdentifiers(dst, p.Ultimate.Identifiers), start)
	return append(dst, '}')
}

func appendNameAddress(dst []byte, name string, a *transfer.Address) []byte {
	start := len(dst)
	dst = append(edge.AppendKey(dst, "nameAddressStructured"), '{')
	dst = wire.MaybeText(dst, "name", name)
	inner := len(dst)
	dst = append(edge.AppendKey(dst, "addressStructured"), '{')
	dst = wire.MaybeText(dst, "countryCode", a.Country)
	for _, p := range addressParts {
		dst = wire.MaybeText(dst, p.name, *p.of(a))
	}
	return wire.MaybeObject(wire.MaybeObject(dst, inner), start)
}

func appendIdentifiers(dst []byte, i transfer.Identifiers) []byte {
	start := len(dst)
	dst = append(edge.AppendKey(dst, "identifiers"), '{')
	dst = wire.MaybeText(dst, "idType", i.Type)
	dst = wire.MaybeText(dst, "idValue", i.Value)
	return wire.MaybeObject(wire.MaybeText(dst, "issuer", i.Issuer), start)
}

func appendTransferData(dst []byte, o *transfer.Instruction) []byte {
	dst = append(dst, '{')
	dst = wire.MaybeText(dst, "description", o.Description)
	dst = edge.AppendStringField(dst, "amount", o.Amount.String())
	dst = edge.AppendStringField(dst, "currency", string(o.Amount.Currency()))
	if !o.ExecutionDate.IsZero() {
		dst = edge.AppendStringField(dst, "executionDate", o.ExecutionDate.String())
	}
	if r := o.Recurrence; r != nil {
		dst = wire.AppendFrequency(dst, r, units, offHoliday)
	}
	start := len(dst)
	dst = append(edge.AppendKey(dst, "additionalFields"), '{')
	if o.Kind != transfer.NonEEA { // there it stands in recipientBank
		dst = wire.MaybeText(dst, "bicOrSwift", o.RecipientBank.BIC)
	}
	dst = wire.MaybeText(dst, "reference", o.Reference)
	dst = wire.MaybeText(dst, "KS", o.Symbols.Constant)
	dst = wire.MaybeText(dst, "VS", o.Symbols.Variable)
	dst = wire.MaybeText(dst, "SS", o.Symbols.Specific)
	return append(wire.MaybeObject(dst, start), '}')
}

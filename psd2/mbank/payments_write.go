package mbank

import (
	"strconv"

	"okienko/bank/transfer"
	"okienko/edge"
)

// appendInstruction writes a payment as readInstruction reads it; what is empty
// is left out. tppID is the third party's own id of a payment inside a bundle.
func appendInstruction(dst []byte, o *transfer.Instruction, tppID string) []byte {
	dst = append(dst, '{')
	dst = maybeText(dst, "tppPaymentId", tppID)
	country := ""
	if o.Kind == transfer.EEA {
		country = o.RecipientCountry
	}
	dst = appendParty(edge.AppendKey(dst, "recipient"), &o.Recipient, country, "ultimateRecipient")
	dst = appendParty(edge.AppendKey(dst, "sender"), &o.Sender, "", "ultimateSender")
	if o.Kind == transfer.NonEEA {
		dst = appendBank(edge.AppendKey(dst, "recipientBank"), &o.RecipientBank)
	}
	dst = appendTransferData(edge.AppendKey(dst, "transferData"), o)
	dst = maybeText(dst, "deliveryMode", wireOf(deliveries, o.Delivery))
	dst = maybeText(dst, "system", wireOf(systems, o.System))
	dst = maybeText(dst, "executionMode", wireOf(modes, o.Mode))
	if o.Hold {
		dst = edge.AppendBoolField(dst, "hold", true)
	}
	if s := o.Split; s != nil {
		dst = edge.AppendBoolField(dst, "splitPayment", true)
		dst = append(edge.AppendKey(dst, "transactionInfoSp"), '{')
		dst = edge.AppendStringField(dst, "spInvoiceNumber", s.Invoice)
		dst = edge.AppendStringField(dst, "spTaxIdentificationNumber", s.TaxID)
		dst = edge.AppendStringField(dst, "spTaxAmount", s.VAT.String())
		dst = append(maybeText(dst, "spDescription", s.Description), '}')
	}
	if t := o.TaxForm; t != nil {
		dst = append(edge.AppendKey(dst, "usInfo"), '{')
		dst = append(edge.AppendKey(dst, "payerInfo"), '{')
		dst = edge.AppendStringField(dst, "payorId", t.PayerID)
		dst = append(edge.AppendStringField(dst, "payorIdType", t.PayerIDType), '}')
		dst = edge.AppendStringField(dst, "formCode", t.FormCode)
		dst = maybeText(dst, "periodId", t.PeriodID)
		dst = maybeText(dst, "periodType", t.PeriodType)
		dst = maybeText(dst, "year", t.Year)
		dst = append(maybeText(dst, "obligationId", t.Obligation), '}')
	}
	return append(maybeText(dst, "transferCharges", o.Charges), '}')
}

func maybeText(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	return edge.AppendStringField(dst, name, value)
}

// maybeObject drops an object that came out empty. start is where its key began.
func maybeObject(dst []byte, start int) []byte {
	if dst[len(dst)-1] == '{' {
		return dst[:start]
	}
	return append(dst, '}')
}

func appendParty(dst []byte, p *transfer.Party, country, ultimate string) []byte {
	dst = append(dst, '{')
	dst = maybeText(dst, "accountNumber", p.Account)
	dst = maybeText(dst, "name", p.Name)
	dst = maybeText(dst, "countryCode", country)
	dst = appendNameAddress(dst, p.AddressName, &p.Address)
	dst = appendIdentifiers(dst, p.Identifiers)
	start := len(dst)
	dst = append(edge.AppendKey(dst, ultimate), '{')
	dst = appendNameAddress(dst, p.Ultimate.AddressName, &p.Ultimate.Address)
	dst = maybeObject(appendIdentifiers(dst, p.Ultimate.Identifiers), start)
	return append(dst, '}')
}

func appendNameAddress(dst []byte, name string, a *transfer.Address) []byte {
	start := len(dst)
	dst = append(edge.AppendKey(dst, "nameAddressStructured"), '{')
	dst = maybeText(dst, "name", name)
	inner := len(dst)
	dst = append(edge.AppendKey(dst, "addressStructured"), '{')
	dst = maybeText(dst, "countryCode", a.Country)
	for _, p := range addressParts {
		dst = maybeText(dst, p.name, *p.of(a))
	}
	return maybeObject(maybeObject(dst, inner), start)
}

func appendIdentifiers(dst []byte, i transfer.Identifiers) []byte {
	start := len(dst)
	dst = append(edge.AppendKey(dst, "identifiers"), '{')
	dst = maybeText(dst, "idType", i.Type)
	dst = maybeText(dst, "idValue", i.Value)
	return maybeObject(maybeText(dst, "issuer", i.Issuer), start)
}

func appendBank(dst []byte, b *transfer.Bank) []byte {
	dst = append(dst, '{')
	dst = maybeText(dst, "bicOrSwift", b.BIC)
	dst = maybeText(dst, "name", b.Name)
	dst = maybeText(dst, "code", b.Code)
	dst = maybeText(dst, "countryCode", b.Country)
	if len(b.Lines) > 0 {
		dst = edge.AppendStringsField(dst, "address", b.Lines)
	}
	return append(dst, '}')
}

func appendTransferData(dst []byte, o *transfer.Instruction) []byte {
	dst = append(dst, '{')
	dst = maybeText(dst, "description", o.Description)
	dst = edge.AppendStringField(dst, "amount", o.Amount.String())
	dst = edge.AppendStringField(dst, "currency", string(o.Amount.Currency()))
	if !o.ExecutionDate.IsZero() {
		dst = edge.AppendStringField(dst, "executionDate", o.ExecutionDate.String())
	}
	if r := o.Recurrence; r != nil {
		dst = append(edge.AppendKey(dst, "recurrence"), '{')
		dst = edge.AppendStringField(dst, "startDate", r.Start.String())
		if !r.End.IsZero() {
			dst = edge.AppendStringField(dst, "endDate", r.End.String())
		}
		dst = append(edge.AppendKey(dst, "frequency"), '{')
		dst = edge.AppendStringField(dst, "periodType", wireOf(units, r.Every))
		dst = append(edge.AppendKey(dst, "periodValue"), strconv.Itoa(r.Count)...)
		dst = append(dst, '}')
		away := after
		if r.Before {
			away = before
		}
		dst = append(edge.AppendStringField(dst, "dayOffOffsetType", away), '}')
	}
	start := len(dst)
	dst = append(edge.AppendKey(dst, "additionalFields"), '{')
	if o.Kind != transfer.NonEEA { // there it stands in recipientBank
		dst = maybeText(dst, "bicOrSwift", o.RecipientBank.BIC)
	}
	dst = maybeText(dst, "reference", o.Reference)
	dst = maybeText(dst, "KS", o.Symbols.Constant)
	dst = maybeText(dst, "VS", o.Symbols.Variable)
	dst = maybeText(dst, "SS", o.Symbols.Specific)
	return append(maybeObject(dst, start), '}')
}

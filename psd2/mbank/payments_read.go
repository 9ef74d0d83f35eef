package mbank

import (
	"strconv"

	"okienko/bank/calendar"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/transfer"
	"okienko/edge"
)

// The longest texts. Names, titles and identifiers have PolishAPI's lengths
// (psd2 §2.5), parts of an address those of ISO 20022 PostalAddress27; where the
// two differ the longer one holds, and the payment system's own rules are the
// core's business (transfer.Instruction.Validate).
const (
	nameLength       = 140
	titleLength      = 140
	accountLength    = 34
	identifierLength = 140
	referenceLength  = 35
	symbolLength     = 10
	bankNameLength   = 140
	bankCodeLength   = 10
	bicLength        = 11
	taxWordLength    = 7
	payerIDLength    = 20
	obligationLength = 40
	tppIDLength      = 128 // as every id since PolishAPI 3.0 (psd2 §1)
	taxIDLength      = 14  // Elixir's IDC (psd2 §8)
	invoiceLength    = 35  // INV
	splitTextLength  = 33  // TXT
	lineLength       = 35
	mostLines        = 4
)

// readInstruction reads a payment as v3 words it (psd2 §3.5). inBundle is for
// the payments of a bundle, which carry the third party's own id.
func (b branch) readInstruction(k transfer.Kind, inBundle bool) (o *transfer.Instruction, tppID string) {
	known := []string{"recipient", "sender", "transferData", "deliveryMode", "system", "hold", "executionMode"}
	switch k {
	case transfer.Domestic:
		known = append(known, "splitPayment", "transactionInfoSp")
	case transfer.Tax:
		known = append(known, "usInfo")
	case transfer.NonEEA:
		known = append(known, "recipientBank", "transferCharges")
	}
	if inBundle {
		known = append(known, "tppPaymentId")
		tppID = b.need("tppPaymentId", tppIDLength)
	}
	b.only(known...)
	o = &transfer.Instruction{Kind: k}
	b.inside("recipient").recipient(o)
	o.Sender = b.inside("sender").sender()
	b.inside("transferData").transferData(o)
	o.Delivery = oneOf(b, "deliveryMode", deliveries)
	if o.Delivery == "" {
		b.blame(b.path+"deliveryMode", "The field is required.")
	}
	o.System = oneOf(b, "system", systems)
	o.Mode = oneOf(b, "executionMode", modes)
	o.Hold = b.flag("hold")
	switch k {
	case transfer.Domestic:
		o.Split = b.split()
	case transfer.Tax:
		o.TaxForm = b.inside("usInfo").taxForm()
	case transfer.NonEEA:
		b.inside("recipientBank").bank(&o.RecipientBank)
		o.Charges = b.text("transferCharges", 3)
	}
	return o, tppID
}

func (b branch) recipient(o *transfer.Instruction) {
	known := []string{"accountNumber", "name", "nameAddressStructured", "identifiers", "ultimateRecipient"}
	if o.Kind == transfer.EEA {
		known = append(known, "countryCode")
		o.RecipientCountry = b.country("countryCode")
	}
	b.only(known...)
	number := b.need("accountNumber", accountLength)
	if o.Kind == transfer.Domestic || o.Kind == transfer.Tax {
		b.polish("accountNumber", number)
	}
	o.Recipient = b.party(number, b.need("name", nameLength), "ultimateRecipient")
}

func (b branch) sender() transfer.Party {
	b.only("accountNumber", "name", "nameAddressStructured", "identifiers", "ultimateSender")
	number := b.text("accountNumber", accountLength)
	if number != "" {
		b.polish("accountNumber", number) // the payer's account is one of ours
	}
	return b.party(number, b.text("name", nameLength), "ultimateSender")
}

// polish refuses what is not exactly the 26 digits of an account in Poland: of
// the two answers to spaces and "PL" the strict one is ours (psd2 §10 case 59,
// §0.1).
func (b branch) polish(name, number string) {
	if n, err := nrb.Parse(number); number != "" && (err != nil || string(n) != number) {
		b.blame(b.path+name, "An account number is 26 digits with right check digits, without spaces and country.")
	}
}

func (b branch) party(number, name, ultimate string) transfer.Party {
	p := transfer.Party{Account: number, Name: name}
	p.AddressName, p.Address = b.inside("nameAddressStructured").nameAddress()
	p.Identifiers = b.inside("identifiers").identifiers()
	u := b.inside(ultimate)
	u.only("nameAddressStructured", "identifiers")
	p.Ultimate.AddressName, p.Ultimate.Address = u.inside("nameAddressStructured").nameAddress()
	p.Ultimate.Identifiers = u.inside("identifiers").identifiers()
	return p
}

func (b branch) nameAddress() (string, transfer.Address) {
	b.only("name", "addressStructured")
	return b.text("name", nameLength), b.inside("addressStructured").address()
}

// addressParts are the parts of a structured address but the country, with their
// lengths in ISO 20022.
var addressParts = []struct {
	name    string
	longest int
	of      func(*transfer.Address) *string
}{
	{"townName", 35, func(a *transfer.Address) *string { return &a.Town }},
	{"townLocationName", 35, func(a *transfer.Address) *string { return &a.TownLocation }},
	{"districtName", 35, func(a *transfer.Address) *string { return &a.District }},
	{"countrySubDivision", 35, func(a *transfer.Address) *string { return &a.SubDivision }},
	{"postBox", 16, func(a *transfer.Address) *string { return &a.PostBox }},
	{"subDepartment", 70, func(a *transfer.Address) *string { return &a.SubDepartment }},
	{"room", 70, func(a *transfer.Address) *string { return &a.Room }},
	{"buildingName", 140, func(a *transfer.Address) *string { return &a.Building }},
	{"streetName", 140, func(a *transfer.Address) *string { return &a.Street }},
	{"buildingNumber", 16, func(a *transfer.Address) *string { return &a.BuildingNumber }},
	{"postCode", 16, func(a *transfer.Address) *string { return &a.PostCode }},
	{"department", 70, func(a *transfer.Address) *string { return &a.Department }},
	{"floor", 70, func(a *transfer.Address) *string { return &a.Floor }},
}

func (b branch) address() transfer.Address {
	known := []string{"countryCode"}
	for _, p := range addressParts {
		known = append(known, p.name)
	}
	b.only(known...)
	a := transfer.Address{Country: b.country("countryCode")}
	for _, p := range addressParts {
		*p.of(&a) = b.text(p.name, p.longest)
	}
	return a
}

// identifierTypes are the kinds of identifier. Values are not judged: mBank's own
// sample has a LEI that is none (psd2 §10 case 81).
var identifierTypes = []word[string]{{"LEI", "LEI"}, {"TXID", "TXID"}}

func (b branch) identifiers() transfer.Identifiers {
	b.only("idType", "idValue", "issuer")
	return transfer.Identifiers{
		Type: oneOf(b, "idType", identifierTypes), Value: b.text("idValue", identifierLength), Issuer: b.text("issuer", identifierLength),
	}
}

func (b branch) transferData(o *transfer.Instruction) {
	known := []string{"amount", "currency", "executionDate", "recurrence", "additionalFields"}
	if o.Kind != transfer.Tax {
		known = append(known, "description")
		o.Description = b.need("description", titleLength)
	}
	b.only(known...)
	c := money.PLN // PolishAPI lets domestic and tax orders leave it out (psd2 §2.5)
	if s := b.text("currency", 3); s != "" {
		var err error
		if c, err = money.ParseCurrency(s); err != nil {
			b.blame(b.path+"currency", "The currency is not one of this bank's.")
			c = money.PLN
		}
	} else if o.Kind == transfer.EEA || o.Kind == transfer.NonEEA {
		b.blame(b.path+"currency", "The field is required.")
	}
	o.Amount = b.amount("amount", c)
	o.ExecutionDate = b.date("executionDate")
	o.Recurrence = b.inside("recurrence").recurrence()
	extra := b.inside("additionalFields")
	extra.only("bicOrSwift", "reference", "KS", "VS", "SS")
	o.RecipientBank.BIC = extra.text("bicOrSwift", bicLength)
	o.Reference = extra.text("reference", referenceLength)
	o.Symbols = transfer.Symbols{
		Constant: extra.text("KS", symbolLength), Variable: extra.text("VS", symbolLength), Specific: extra.text("SS", symbolLength),
	}
}

func (b branch) recurrence() *transfer.Recurrence {
	if blank(b.object) {
		return nil
	}
	b.only("startDate", "endDate", "frequency", "dayOffOffsetType")
	r := &transfer.Recurrence{Start: b.date("startDate"), End: b.date("endDate")}
	if r.Start == (calendar.Date{}) {
		b.blame(b.path+"startDate", "The field is required.")
	}
	f := b.inside("frequency")
	f.only("periodType", "periodValue")
	if r.Every = oneOf(f, "periodType", units); r.Every == "" {
		f.blame(f.path+"periodType", "The field is required.")
	}
	const most = 1000 // days, weeks or months between two payments
	n, ok := f.whole("periodValue")
	if !ok || n < 1 || n > most {
		f.blame(f.path+"periodValue", "A whole number from 1 to "+strconv.Itoa(most)+" is expected.")
		n = 1
	}
	r.Count = int(n)
	switch b.need("dayOffOffsetType", len(before)) {
	case before:
		r.Before = true
	case after, "":
	default:
		b.blame(b.path+"dayOffOffsetType", "One of BEFORE, AFTER is expected.")
	}
	return r
}

// split reads the split-payment part: the flag and its details stand or fall
// together (psd2 §10 case 69).
func (b branch) split() *transfer.Split {
	wanted := b.flag("splitPayment")
	d := b.inside("transactionInfoSp")
	d.only("spInvoiceNumber", "spTaxIdentificationNumber", "spTaxAmount", "spDescription")
	switch {
	case !wanted && !blank(d.object):
		b.blame(b.path+"splitPayment", "Details of a split payment without the flag.")
		return nil
	case !wanted:
		return nil
	case blank(d.object):
		b.blame(b.path+"transactionInfoSp", "A split payment needs its details.")
		return nil
	}
	return &transfer.Split{
		VAT: d.amount("spTaxAmount", money.PLN), TaxID: d.need("spTaxIdentificationNumber", taxIDLength),
		Invoice: d.need("spInvoiceNumber", invoiceLength), Description: d.text("spDescription", splitTextLength),
	}
}

func (b branch) taxForm() *transfer.TaxForm {
	b.only("payerInfo", "formCode", "periodId", "periodType", "year", "obligationId")
	p := b.inside("payerInfo")
	p.only("payorId", "payorIdType")
	return &transfer.TaxForm{
		PayerID: p.need("payorId", payerIDLength), PayerIDType: p.need("payorIdType", 1),
		FormCode: b.need("formCode", taxWordLength), PeriodID: b.text("periodId", taxWordLength),
		PeriodType: b.text("periodType", taxWordLength), Year: b.year("year"), Obligation: b.text("obligationId", obligationLength),
	}
}

// year reads a year: PolishAPI has a number, forms of tax offices write two or
// four digits (psd2 §2.5, §8).
func (b branch) year(name string) string {
	v, ok := b.get(name)
	if !ok {
		return ""
	}
	if n, ok := v.Int64(); ok && n >= 0 && n <= 9999 {
		return strconv.FormatInt(n, 10)
	}
	s, ok := v.String()
	for i := range len(s) {
		ok = ok && s[i] >= '0' && s[i] <= '9'
	}
	if !ok || len(s) > 4 {
		b.blame(b.path+name, "A year has at most four digits.")
		return ""
	}
	return s
}

// bank reads the payee's bank of a transfer outside the EEA. Its address may be
// lines: the structured one is asked of people (psd2 §2.5, §9).
func (b branch) bank(to *transfer.Bank) {
	b.only("bicOrSwift", "name", "code", "countryCode", "address")
	if bic := b.text("bicOrSwift", bicLength); bic != "" {
		if to.BIC != "" && to.BIC != bic {
			b.blame(b.path+"bicOrSwift", "transferData.additionalFields.bicOrSwift names another bank.")
		}
		to.BIC = bic
	}
	to.Name, to.Code, to.Country = b.text("name", bankNameLength), b.text("code", bankCodeLength), b.country("countryCode")
	lines := b.list("address")
	if len(lines) > mostLines {
		b.blame(b.path+"address", "At most four lines are allowed.")
		return
	}
	for i, v := range lines {
		line := branch{reading: b.reading, path: b.path}
		if s := line.line("address["+strconv.Itoa(i)+"]", v); s != "" {
			to.Lines = append(to.Lines, s)
		}
	}
}

// line reads one line of an address.
func (b branch) line(name string, v edge.Value) string {
	s, ok := v.String()
	if !ok || len([]rune(s)) > lineLength {
		b.blame(b.path+name, "A line is a text of at most 35 characters.")
		return ""
	}
	return s
}

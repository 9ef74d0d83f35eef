package mbank

import (
	"slices"

	"okienko/bank/transfer"
	"okienko/edge"
	"okienko/psd2/wire"
)

// The longest texts of this form alone: names of ISO 20022 and identifiers (psd2
// §2.5); the payment system's own rules are the core's business
// (transfer.Instruction.Validate).
const (
	nameLength       = 140
	identifierLength = 140
	referenceLength  = 35
	symbolLength     = 10
	tppIDLength      = 128 // as every id since PolishAPI 3.0 (psd2 §1)
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
		tppID = b.Need("tppPaymentId", tppIDLength)
	}
	b.Only(known...)
	o = &transfer.Instruction{Kind: k}
	b.inside("recipient").recipient(o)
	o.Sender = b.inside("sender").sender()
	b.inside("transferData").transferData(o)
	o.Delivery = wire.OneOf(b.Branch, "deliveryMode", deliveries)
	if o.Delivery == "" {
		b.Blame(b.Path+"deliveryMode", "The field is required.")
	}
	o.System = wire.OneOf(b.Branch, "system", systems)
	o.Mode = wire.OneOf(b.Branch, "executionMode", modes)
	o.Hold = b.Flag("hold")
	switch k {
	case transfer.Domestic:
		o.Split = b.Split()
	case transfer.Tax:
		o.TaxForm = b.inside("usInfo").TaxForm()
	case transfer.NonEEA:
		bank := b.inside("recipientBank")
		bank.Bank(&o.RecipientBank, nameLength, country)
		o.RecipientBank.Lines = bank.Lines("address")
		o.Charges = b.Text("transferCharges", 3)
	}
	return o, tppID
}

func (b branch) recipient(o *transfer.Instruction) {
	known := []string{"accountNumber", "name", "nameAddressStructured", "identifiers", "ultimateRecipient"}
	if o.Kind == transfer.EEA {
		known = append(known, "countryCode")
		o.RecipientCountry = country(b.Branch, "countryCode")
	}
	b.Only(known...)
	number := b.Need("accountNumber", wire.AccountLength)
	if o.Kind == transfer.Domestic || o.Kind == transfer.Tax {
		number = b.Polish("accountNumber", number)
	}
	o.Recipient = b.party(number, b.Need("name", nameLength), "ultimateRecipient")
}

func (b branch) sender() transfer.Party {
	b.Only("accountNumber", "name", "nameAddressStructured", "identifiers", "ultimateSender")
	number := b.Text("accountNumber", wire.AccountLength)
	if number != "" {
		number = b.Polish("accountNumber", number) // the payer's account is one of ours
	}
	return b.party(number, b.Text("name", nameLength), "ultimateSender")
}

func (b branch) party(number, name, ultimate string) transfer.Party {
	p := transfer.Party{Account: number, Name: name}
	p.AddressName, p.Address = b.inside("nameAddressStructured").nameAddress()
	p.Identifiers = b.inside("identifiers").identifiers()
	u := b.inside(ultimate)
	u.Only("nameAddressStructured", "identifiers")
	p.Ultimate.AddressName, p.Ultimate.Address = u.inside("nameAddressStructured").nameAddress()
	p.Ultimate.Identifiers = u.inside("identifiers").identifiers()
	return p
}

func (b branch) nameAddress() (string, transfer.Address) {
	b.Only("name", "addressStructured")
	return b.Text("name", nameLength), b.inside("addressStructured").address()
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
	b.Only(known...)
	a := transfer.Address{Country: country(b.Branch, "countryCode")}
	for _, p := range addressParts {
		*p.of(&a) = b.Text(p.name, p.longest)
	}
	return a
}

// identifierTypes are the kinds of identifier. Values are not judged: mBank's own
// sample has a LEI that is none (psd2 §10 case 81).
var identifierTypes = []wire.Word[string]{wire.Pair("LEI", "LEI"), wire.Pair("TXID", "TXID")}

func (b branch) identifiers() transfer.Identifiers {
	b.Only("idType", "idValue", "issuer")
	return transfer.Identifiers{
		Type: wire.OneOf(b.Branch, "idType", identifierTypes), Value: b.Text("idValue", identifierLength), Issuer: b.Text("issuer", identifierLength),
	}
}

func (b branch) transferData(o *transfer.Instruction) {
	known := []string{"amount", "currency", "executionDate", "recurrence", "additionalFields"}
	if o.Kind != transfer.Tax {
		known = append(known, "description")
		o.Description = b.Need("description", wire.TitleLength)
	}
	b.Only(known...)
	// PolishAPI lets domestic and tax orders leave it out (psd2 §2.5).
	o.Amount = b.Amount("amount", b.Currency(o.Kind == transfer.EEA || o.Kind == transfer.NonEEA))
	o.ExecutionDate = b.Date("executionDate")
	o.Recurrence = b.inside("recurrence").recurrence()
	extra := b.inside("additionalFields")
	extra.Only("bicOrSwift", "reference", "KS", "VS", "SS")
	o.RecipientBank.BIC = extra.Text("bicOrSwift", wire.BICLength)
	o.Reference = extra.Text("reference", referenceLength)
	o.Symbols = transfer.Symbols{
		Constant: extra.Text("KS", symbolLength), Variable: extra.Text("VS", symbolLength), Specific: extra.Text("SS", symbolLength),
	}
}

func (b branch) recurrence() *transfer.Recurrence {
	if wire.Blank(b.Object) {
		return nil
	}
	b.Only("startDate", "endDate", "frequency", "dayOffOffsetType")
	r := &transfer.Recurrence{}
	b.Frequency(r, units, offHoliday)
	return r
}

// country reads an ISO 3166-1 alpha-2 code. mBank's third version asks for two
// letters where the second asked for three (psd2 §3.1).
func country(b wire.Branch, name string) string {
	s := b.Text(name, 3)
	if s == "" {
		return ""
	}
	if len(s) != 2 || slices.ContainsFunc([]byte(s), func(c byte) bool { return c < 'A' || c > 'Z' }) {
		b.Blame(b.Path+name, "A country is two letters of ISO 3166-1, PL.")
		return ""
	}
	return s
}

// branch is an object of a body in this form.
type branch struct{ wire.Branch }

// open starts at a body.
func open(r *wire.Reading, o edge.Object, path string) branch { return branch{r.Open(o, path)} }

// inside reads an object that may be absent.
func (b branch) inside(name string) branch { return branch{b.Inside(name)} }

func (b branch) at(o edge.Object, path string) branch { return open(b.Reading, o, path) }

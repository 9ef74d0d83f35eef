package mbank

import (
	"errors"
	"strings"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/calendar"
	"okienko/bank/money"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
	"okienko/edge"
	"okienko/psd2/wire"
)

// Accounts that mBank's samples and test suites use (psd2 §3.6).
const (
	payer = "85114000000000000000000100"
	payee = "20114000000000000000000300"
)

var someDay = calendar.Date{Year: 2026, Month: time.November, Day: 20}

// domesticBody is a payment with every field that v3 knows.
const domesticBody = `{
	"recipient": {"accountNumber": "` + payee + `", "name": "Jan Kowalski",
		"nameAddressStructured": {"name": "JK", "addressStructured": {"countryCode": "PL", "townName": "Warszawa", "townLocationName": "a",
			"districtName": "b", "countrySubDivision": "c", "postBox": "d", "subDepartment": "e", "room": "f", "buildingName": "g",
			"streetName": "Uchwały", "buildingNumber": "1", "postCode": "00-123", "department": "h", "floor": "i"}},
		"identifiers": {"idType": "LEI", "idValue": "recipientIdValue", "issuer": "x"},
		"ultimateRecipient": {"nameAddressStructured": {"name": "U", "addressStructured": {"countryCode": "DE", "townName": "Köln"}},
			"identifiers": {"idType": "TXID", "idValue": "7", "issuer": "y"}}},
	"sender": {"accountNumber": "` + payer + `", "name": "Adam Nowak",
		"nameAddressStructured": {"name": "AN", "addressStructured": {"countryCode": "PL", "townName": "Kielce"}},
		"identifiers": {"idType": "LEI", "idValue": "s", "issuer": "z"},
		"ultimateSender": {"nameAddressStructured": {"name": "V"}, "identifiers": {"idType": "TXID", "idValue": "8", "issuer": "w"}}},
	"transferData": {"description": "Faktura 1", "amount": "123.00", "currency": "PLN", "executionDate": "2026-11-30",
		"additionalFields": {"bicOrSwift": "DABAIE2D", "reference": "ref", "KS": "1", "VS": "2", "SS": "3"}},
	"deliveryMode": "STANDARD_D1", "system": "ELIXIR", "hold": true, "executionMode": "FUTURE_DATED",
	"splitPayment": true, "transactionInfoSp": {"spInvoiceNumber": "FV 1", "spTaxIdentificationNumber": "5512265909",
		"spTaxAmount": "23.00", "spDescription": "MPP"}}`

// smallBody is the smallest sample of the catalogue.
const smallBody = `{"recipient":{"accountNumber":"` + payee + `","name":"Jan Kowalski"},"sender":{},` +
	`"transferData":{"description":"Transfer","amount":"0.01","currency":"PLN"},"deliveryMode":"STANDARD_D1"}`

const taxBody = `{"recipient":{"accountNumber":"03101000712222123456780200","name":"Urząd Skarbowy"},"sender":{},` +
	`"transferData":{"amount":"500.00","currency":"PLN"},"deliveryMode":"EXPRESS_D0","system":"ELIXIR",` +
	`"usInfo":{"payerInfo":{"payorId":"1234567802","payorIdType":"N"},"formCode":"VAT-7","periodId":"10","periodType":"M","year":2026,"obligationId":"o"}}`

const eeaBody = `{"recipient":{"accountNumber":"DE89370400440532013000","name":"Hans","countryCode":"DE"},"sender":{},` +
	`"transferData":{"description":"Invoice","amount":"10.00","currency":"EUR","additionalFields":{"bicOrSwift":"COBADEFFXXX"}},` +
	`"deliveryMode":"EXPRESS_D0","system":"INSTANT_SEPA","executionMode":"IMMEDIATE"}`

const nonEEABody = `{"recipient":{"accountNumber":"12345678","name":"John"},"sender":{},` +
	`"recipientBank":{"bicOrSwift":"CHASUS33","name":"Chase","code":"021000021","countryCode":"US","address":["383 Madison Ave","New York"]},` +
	`"transferData":{"description":"Invoice","amount":"10.00","currency":"USD"},` +
	`"deliveryMode":"URGENT_D1","system":"SWIFT","transferCharges":"OUR"}`

const standingBody = `{"recipient":{"accountNumber":"` + payee + `","name":"Jan"},"sender":{},` +
	`"transferData":{"description":"Rent","amount":"10.00","currency":"PLN","recurrence":{"startDate":"2026-12-01","endDate":"2027-12-01",` +
	`"frequency":{"periodType":"WEEK","periodValue":2},"dayOffOffsetType":"BEFORE"}},"deliveryMode":"STANDARD_D1","executionMode":"RECURRING"}`

var bodies = []struct {
	name string
	kind transfer.Kind
	text string
}{
	{"domestic with every field", transfer.Domestic, domesticBody},
	{"the smallest", transfer.Domestic, smallBody},
	{"standing order", transfer.Domestic, standingBody},
	{"tax", transfer.Tax, taxBody},
	{"EEA", transfer.EEA, eeaBody},
	{"outside the EEA", transfer.NonEEA, nonEEABody},
}

// instructionOf reads a body as the door does.
func instructionOf(body []byte, k transfer.Kind) (*transfer.Instruction, error) {
	o, err := edge.ParseObject(body)
	if err != nil {
		return nil, err
	}
	r := &wire.Reading{}
	i, _ := open(r, o, "").readInstruction(k, false)
	return i, r.Err()
}

func mustRead(t *testing.T, body string, k transfer.Kind) *transfer.Instruction {
	t.Helper()
	i, err := instructionOf([]byte(body), k)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestEveryFieldIsRead(t *testing.T) {
	i := mustRead(t, domesticBody, transfer.Domestic)
	want := transfer.Instruction{
		Kind: transfer.Domestic,
		Recipient: transfer.Party{
			Account: payee, Name: "Jan Kowalski", AddressName: "JK",
			Address: transfer.Address{
				Country: "PL", Town: "Warszawa", TownLocation: "a", District: "b", SubDivision: "c", PostBox: "d", SubDepartment: "e",
				Room: "f", Building: "g", Street: "Uchwały", BuildingNumber: "1", PostCode: "00-123", Department: "h", Floor: "i",
			},
			Identifiers: transfer.Identifiers{Type: "LEI", Value: "recipientIdValue", Issuer: "x"},
			Ultimate: transfer.Ultimate{
				AddressName: "U", Address: transfer.Address{Country: "DE", Town: "Köln"},
				Identifiers: transfer.Identifiers{Type: "TXID", Value: "7", Issuer: "y"},
			},
		},
		RecipientBank: transfer.Bank{BIC: "DABAIE2D"},
		Sender: transfer.Party{
			Account: payer, Name: "Adam Nowak", AddressName: "AN", Address: transfer.Address{Country: "PL", Town: "Kielce"},
			Identifiers: transfer.Identifiers{Type: "LEI", Value: "s", Issuer: "z"},
			Ultimate:    transfer.Ultimate{AddressName: "V", Identifiers: transfer.Identifiers{Type: "TXID", Value: "8", Issuer: "w"}},
		},
		Description: "Faktura 1", Amount: money.New(123_00, money.PLN), ExecutionDate: calendar.Date{Year: 2026, Month: time.November, Day: 30},
		Delivery: transfer.StandardD1, System: transfer.Elixir, Mode: transfer.FutureDated, Hold: true,
		Split:     &transfer.Split{VAT: money.New(23_00, money.PLN), TaxID: "5512265909", Invoice: "FV 1", Description: "MPP"},
		Reference: "ref", Symbols: transfer.Symbols{Constant: "1", Variable: "2", Specific: "3"},
	}
	if got := i.Content(); got != want.Content() {
		t.Errorf("read\n%s\nwant\n%s", got, want.Content())
	}
	standing := mustRead(t, standingBody, transfer.Domestic)
	if r := standing.Recurrence; r == nil || r.Every != transfer.Week || r.Count != 2 || !r.Before || r.End.Year != 2027 || standing.Mode != transfer.Recurring {
		t.Errorf("the recurrence was read as %+v", standing.Recurrence)
	}
	tax := mustRead(t, taxBody, transfer.Tax)
	if want := (transfer.TaxForm{PayerID: "1234567802", PayerIDType: "N", FormCode: "VAT-7", PeriodID: "10", PeriodType: "M", Year: "2026", Obligation: "o"}); *tax.TaxForm != want {
		t.Errorf("the tax form was read as %+v", tax.TaxForm)
	}
	abroad := mustRead(t, nonEEABody, transfer.NonEEA)
	if abroad.RecipientBank.Country != "US" || abroad.Charges != transfer.ByPayer || len(abroad.RecipientBank.Lines) != 2 {
		t.Errorf("the bank was read as %+v, charges %s", abroad.RecipientBank, abroad.Charges)
	}
}

func TestBodiesAreWellFormed(t *testing.T) {
	for _, b := range bodies {
		if err := mustRead(t, b.text, b.kind).Validate(someDay); err != nil {
			t.Errorf("%s: %v", b.name, err)
		}
	}
}

// Unused parts are sent as empty texts by some and left out by others
// (psd2 §3.5); a payment must equal the consented one all the same.
func TestEmptyEqualsAbsent(t *testing.T) {
	plain := mustRead(t, smallBody, transfer.Domestic).Content()
	const address = `{"countryCode":"","townName":"","townLocationName":"","districtName":"","countrySubDivision":"","postBox":"","subDepartment":"",` +
		`"room":"","buildingName":"","streetName":"","buildingNumber":"","postCode":"","department":"","floor":""}`
	for name, change := range map[string][2]string{
		"empty address":         {`"name":"Jan Kowalski"`, `"name":"Jan Kowalski","nameAddressStructured":{"name":"","addressStructured":` + address + `}`},
		"no sender":             {`"sender":{},`, ``},
		"empty parts of sender": {`"sender":{}`, `"sender":{"accountNumber":"","name":"","nameAddressStructured":{},"identifiers":{"idType":"","idValue":"","issuer":""},"ultimateSender":{}}`},
		"null":                  {`"sender":{}`, `"sender":null`},
		"no split payment":      {`"sender":{}`, `"sender":{},"splitPayment":false,"transactionInfoSp":{"spInvoiceNumber":"","spTaxAmount":""}`},
		"empty extras":          {`"currency":"PLN"`, `"currency":"PLN","executionDate":"","additionalFields":{"bicOrSwift":"","reference":"","KS":"","VS":"","SS":""},"recurrence":{"startDate":"","frequency":{"periodType":""}}`},
		"empty words":           {`"deliveryMode"`, `"system":"","executionMode":"","hold":false,"deliveryMode"`},
	} {
		body := strings.Replace(smallBody, change[0], change[1], 1)
		if body == smallBody {
			t.Fatalf("%s: nothing was changed", name)
		}
		if got := mustRead(t, body, transfer.Domestic).Content(); got != plain {
			t.Errorf("%s: the content is %s, want %s", name, got, plain)
		}
	}
}

// TestOneFieldMakesAnotherContent: whatever a third party can say about a payment
// is part of what is compared with the consent (psd2 §10 case 56).
func TestOneFieldMakesAnotherContent(t *testing.T) {
	plain := mustRead(t, domesticBody, transfer.Domestic).Content()
	for _, change := range [][2]string{
		{`"Jan Kowalski"`, `"Jan Kowalsky"`}, {`"JK"`, `"KJ"`}, {`"Warszawa"`, `"Krakow"`}, {`"floor": "i"`, `"floor": ""`},
		{`"recipientIdValue"`, `"other"`}, {`"U"`, `"T"`}, {`"Köln"`, `"Koln"`}, {`"7"`, `"9"`}, {payer, "27114020040000300201355387"},
		{`"Adam Nowak"`, `""`}, {`"V"`, `""`}, {`"Faktura 1"`, `"Faktura 2"`}, {`"123.00"`, `"123.01"`}, {`2026-11-30`, `2026-12-01`},
		{`"DABAIE2D"`, `""`}, {`"ref"`, `"fer"`}, {`"KS": "1"`, `"KS": ""`}, {`"VS": "2"`, `"VS": "3"`}, {`"SS": "3"`, `"SS": "4"`},
		{`"STANDARD_D1"`, `"EXPRESS_D0"`}, {`"ELIXIR"`, `"EXPRESS_ELIXIR"`}, {`"hold": true`, `"hold": false`},
		{`"FUTURE_DATED"`, `"IMMEDIATE"`}, {`"FV 1"`, `"FV 2"`}, {`"5512265909"`, `"5250007738"`}, {`"23.00"`, `"22.00"`}, {`"MPP"`, `""`},
	} {
		body := strings.Replace(domesticBody, change[0], change[1], 1)
		if body == domesticBody {
			t.Fatalf("%s: nothing was changed", change[0])
		}
		if mustRead(t, body, transfer.Domestic).Content() == plain {
			t.Errorf("%s → %s makes no difference", change[0], change[1])
		}
	}
}

func TestFaultsNameTheirField(t *testing.T) {
	for _, c := range []struct{ name, was, is, field string }{
		{"the address of v2", `"name":"Jan Kowalski"`, `"name":"Jan Kowalski","address":{"addressLine":["Warszawa"]}`, "recipient.address"},
		{"an unknown field", `"sender":{}`, `"sender":{"iban":"x"}`, "sender.iban"},
		{"an unknown field at the root", `"sender":{}`, `"sender":{},"priority":1`, "priority"},
		{"a field of another kind", `"sender":{}`, `"sender":{},"usInfo":{}`, "usInfo"},
		{"a country of three letters", `"name":"Jan Kowalski"`, `"name":"Jan Kowalski","nameAddressStructured":{"addressStructured":{"countryCode":"POL"}}`,
			"recipient.nameAddressStructured.addressStructured.countryCode"},
		{"no account", `"accountNumber":"` + payee + `",`, ``, "recipient.accountNumber"},
		{"an account with spaces", payee, "20 1140 0000 0000 0000 0000 0300", "recipient.accountNumber"},
		{"an account with its country", payee, "PL" + payee, "recipient.accountNumber"},
		{"wrong check digits", payee, "21114000000000000000000300", "recipient.accountNumber"},
		{"25 digits", payee, payee[:25], "recipient.accountNumber"},
		{"27 digits", payee, payee + "0", "recipient.accountNumber"},
		{"letters", payee, payee[:25] + "A", "recipient.accountNumber"},
		{"no name", `,"name":"Jan Kowalski"`, ``, "recipient.name"},
		{"a long name", `Jan Kowalski`, strings.Repeat("ż", 141), "recipient.name"},
		{"no title", `"description":"Transfer"`, `"description":""`, "transferData.description"},
		{"a long title", `"Transfer"`, `"` + strings.Repeat("ż", 141) + `"`, "transferData.description"},
		{"a number as an amount", `"0.01"`, `1.00`, "transferData.amount"},
		{"a comma", `"0.01"`, `"1,00"`, "transferData.amount"},
		{"a sign", `"0.01"`, `"-1.00"`, "transferData.amount"},
		{"three decimals", `"0.01"`, `"1.234"`, "transferData.amount"},
		{"a leading zero", `"0.01"`, `"01.00"`, "transferData.amount"},
		{"no decimals", `"0.01"`, `"1"`, "transferData.amount"},
		{"one decimal", `"0.01"`, `"0.1"`, "transferData.amount"},
		{"a number beyond the bank's", `"0.01"`, `"99999999999999.99"`, "transferData.amount"},
		{"an unknown currency", `"PLN"`, `"XXX"`, "transferData.currency"},
		{"a word of PolishAPI", `"STANDARD_D1"`, `"StandardD1"`, "deliveryMode"},
		{"no delivery", `,"deliveryMode":"STANDARD_D1"`, ``, "deliveryMode"},
		{"an unknown system", `"sender":{}`, `"sender":{},"system":"BITCOIN"`, "system"},
		{"an unknown mode", `"sender":{}`, `"sender":{},"executionMode":"LATER"`, "executionMode"},
		{"a date that does not exist", `"currency":"PLN"`, `"currency":"PLN","executionDate":"2026-02-30"`, "transferData.executionDate"},
		{"an instant as a date", `"currency":"PLN"`, `"currency":"PLN","executionDate":"2026-12-01T00:00:00Z"`, "transferData.executionDate"},
		{"a flag in words", `"sender":{}`, `"sender":{},"hold":"true"`, "hold"},
		{"a split payment without details", `"sender":{}`, `"sender":{},"splitPayment":true`, "transactionInfoSp"},
		{"details without the flag", `"sender":{}`, `"sender":{},"transactionInfoSp":{"spTaxAmount":"0.01"}`, "splitPayment"},
		{"every zero days", `"currency":"PLN"`, `"currency":"PLN","recurrence":{"startDate":"2026-12-01","frequency":{"periodType":"DAY","periodValue":0},"dayOffOffsetType":"AFTER"}`,
			"transferData.recurrence.frequency.periodValue"},
		{"half a day", `"currency":"PLN"`, `"currency":"PLN","recurrence":{"startDate":"2026-12-01","frequency":{"periodType":"DAY","periodValue":0.5},"dayOffOffsetType":"AFTER"}`,
			"transferData.recurrence.frequency.periodValue"},
		{"no way off a holiday", `"currency":"PLN"`, `"currency":"PLN","recurrence":{"startDate":"2026-12-01","frequency":{"periodType":"DAY","periodValue":1}}`,
			"transferData.recurrence.dayOffOffsetType"},
		{"an unknown identifier", `"sender":{}`, `"sender":{"identifiers":{"idType":"NIP","idValue":"1"}}`, "sender.identifiers.idType"},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := strings.Replace(smallBody, c.was, c.is, 1)
			if body == smallBody {
				t.Fatal("nothing was changed")
			}
			_, err := instructionOf([]byte(body), transfer.Domestic)
			faultAt(t, err, c.field)
		})
	}
}

func faultAt(t *testing.T, err error, field string) {
	t.Helper()
	var r *bank.Refusal
	if !errors.As(err, &r) || r.Code != bank.InvalidParameter || r.Field != field {
		t.Errorf("refused with %v, want a fault of %s", err, field)
	}
}

// TestFieldsOfTheCoreAreNamedAsOnTheWire: a rule of the core speaks of its own
// fields, a third party reads the names of its body.
func TestFieldsOfTheCoreAreNamedAsOnTheWire(t *testing.T) {
	for _, c := range []struct {
		kind          transfer.Kind
		body, was, is string
		field         string
	}{
		{transfer.Domestic, domesticBody, `"countryCode": "DE"`, `"countryCode": "QQ"`, "recipient.ultimateRecipient.nameAddressStructured.addressStructured.countryCode"},
		{transfer.Domestic, domesticBody, `"townName": "Kielce"`, "\"townName\": \"Kiel\u202ece\"", "sender.nameAddressStructured.addressStructured.townName"},
		{transfer.Domestic, domesticBody, `"ref"`, "\"r\u202ef\"", "transferData.additionalFields.reference"},
		{transfer.Domestic, domesticBody, `"23.00"`, `"123.01"`, "transactionInfoSp.spTaxAmount"},
		{transfer.Tax, taxBody, `"payorIdType":"N"`, `"payorIdType":"P"`, "usInfo.payerInfo.payorId"},
		{transfer.Tax, taxBody, `"periodType":"M"`, `"periodType":"X"`, "usInfo.periodId"},
		{transfer.EEA, eeaBody, `COBADEFFXXX`, `CHASUS33`, "transferData.additionalFields.bicOrSwift"},
		{transfer.NonEEA, nonEEABody, `"OUR"`, `"ABC"`, "transferCharges"},
	} {
		body := strings.Replace(c.body, c.was, c.is, 1)
		if body == c.body {
			t.Fatalf("%s: nothing was changed", c.was)
		}
		faultAt(t, onWire(mustRead(t, body, c.kind).Validate(someDay), c.kind, ""), c.field)
	}
	in := onWire(bank.RefuseField("transfers[3].recipient.address.name", ""), transfer.Domestic, "x.")
	faultAt(t, in, "x.transfers[3].recipient.nameAddressStructured.name")
}

func privilegesOf(t *testing.T, list string) (paymentAsk, error) {
	t.Helper()
	o, err := edge.ParseObject([]byte(`{"l":` + list + `}`))
	if err != nil {
		t.Fatal(err)
	}
	v, _ := o.Get("l")
	elements, _ := v.Elements()
	return readPaymentPrivileges(&wire.Reading{}, elements, "privilegeList")
}

func TestPrivileges(t *testing.T) {
	bundle := `{"transfersTotalAmount":"0.01","transfers":[` + strings.Replace(smallBody, "{", `{"tppPaymentId":"a",`, 1) + `]}`
	for _, c := range []struct {
		list   string
		right  xs2a.Right
		single bool
		bundle bool
		orders int
		of     string
	}{
		{`[{"pis:domestic":{"scopeUsageLimit":"SINGLE","domesticPaymentRequest":` + smallBody + `}}]`, xs2a.Initiate, true, false, 1, ""},
		{`[{"pis:domestic":{"domesticPaymentRequest":` + standingBody + `}}]`, xs2a.InitiateRecurring, false, false, 1, ""},
		{`[{"pis:tax":{"taxPaymentRequest":` + taxBody + `}}]`, xs2a.Initiate, false, false, 1, ""},
		{`[{"pis:eea":{"eeaPaymentRequest":` + eeaBody + `}}]`, xs2a.Initiate, false, false, 1, ""},
		{`[{"pis:nonEea":{"nonEeaPaymentRequest":` + nonEEABody + `}}]`, xs2a.Initiate, false, false, 1, ""},
		{`[{"pis:bundle-domestic":{"bundleDomesticPaymentsRequest":` + bundle + `}}]`, xs2a.InitiateBundle, false, true, 1, ""},
		{`[{"pis:payment":{"scopeUsageLimit":"MULTIPLE","aspspPaymentId":"p"}}]`, xs2a.ReadPayment, false, false, 0, "p"},
		{`[{"pis:bundle":{"aspspBundleId":"b"}}]`, xs2a.ReadPayment, false, true, 0, "b"},
		{`[{"pis:cancelPayment":{"aspspPaymentId":"p"}}]`, xs2a.CancelPayment, false, false, 0, "p"},
		{`[{"pis:cancelBundlePayments":{"aspspBundleId":"b"}}]`, xs2a.CancelPayment, false, true, 0, "b"},
	} {
		ask, err := privilegesOf(t, c.list)
		if err != nil {
			t.Errorf("%.60s: %v", c.list, err)
			continue
		}
		if g := ask.grants[0]; g.Right != c.right || g.Single != c.single || ask.Bundle != c.bundle || len(ask.Orders) != c.orders || ask.Of != c.of {
			t.Errorf("%.60s: read as %+v", c.list, ask)
		}
	}
	for _, c := range []struct{ name, list, field string }{
		{"none", `[]`, "privilegeList"},
		{"two methods in two elements", `[{"pis:domestic":{"domesticPaymentRequest":` + smallBody + `}},{"pis:tax":{"taxPaymentRequest":` + taxBody + `}}]`, "privilegeList[1]"},
		{"two methods in one element", `[{"pis:domestic":{"domesticPaymentRequest":` + smallBody + `},"pis:payment":{"aspspPaymentId":"p"}}]`, "privilegeList[0]"},
		{"a privilege of another group", `[{"ais:accountDetails":{}}]`, "privilegeList[0].ais:accountDetails"},
		{"both ids", `[{"pis:cancelPayment":{"aspspPaymentId":"p","aspspBundleId":"b"}}]`, "privilegeList[0].pis:cancelPayment.aspspBundleId"},
		{"no id", `[{"pis:cancelPayment":{}}]`, "privilegeList[0].pis:cancelPayment.aspspPaymentId"},
		{"no payment", `[{"pis:domestic":{}}]`, "privilegeList[0].pis:domestic.domesticPaymentRequest.recipient.accountNumber"},
		{"a usage limit of PolishAPI", `[{"pis:payment":{"scopeUsageLimit":"multiple","aspspPaymentId":"p"}}]`, "privilegeList[0].pis:payment.scopeUsageLimit"},
		{"an empty bundle", `[{"pis:bundle-domestic":{"bundleDomesticPaymentsRequest":{"transfersTotalAmount":"0.01","transfers":[]}}}]`,
			"privilegeList[0].pis:bundle-domestic.bundleDomesticPaymentsRequest.transfers"},
		{"a payment of a bundle without its id", `[{"pis:bundle-domestic":{"bundleDomesticPaymentsRequest":{"transfersTotalAmount":"0.01","transfers":[` + smallBody + `]}}}]`,
			"privilegeList[0].pis:bundle-domestic.bundleDomesticPaymentsRequest.transfers[0].tppPaymentId"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := privilegesOf(t, c.list)
			faultAt(t, err, c.field)
		})
	}
}

// TestPrivilegesAreWrittenAsTheyAreRead: the answer to the token call repeats the
// consent, with the account that the customer chose.
func TestPrivilegesAreWrittenAsTheyAreRead(t *testing.T) {
	for _, b := range bodies {
		f := formOf(b.kind)
		ask, err := privilegesOf(t, `[{"`+f.privilege+`":{"scopeUsageLimit":"SINGLE","`+f.request+`":`+b.text+`}}]`)
		if err != nil {
			t.Fatal(err)
		}
		c := xs2a.Consent{Grants: ask.grants, Payment: &xs2a.What{Orders: ask.Orders}, Accounts: []xs2a.Reach{{Number: payer}}}
		again, err := privilegesOf(t, "["+string(appendPaymentPrivilege(nil, &c))+"]")
		if err != nil {
			t.Errorf("%s: %v", b.name, err)
			continue
		}
		want := ask.Orders[0].Order
		want.Sender.Account = payer
		if got := again.Orders[0].Order; got.Content() != want.Content() || again.grants[0] != ask.grants[0] {
			t.Errorf("%s: written as %s", b.name, appendPaymentPrivilege(nil, &c))
		}
	}
	for _, list := range []string{
		`{"pis:cancelPayment":{"scopeUsageLimit":"MULTIPLE","aspspPaymentId":"p"}}`, `{"pis:payment":{"scopeUsageLimit":"SINGLE","aspspPaymentId":"p"}}`,
		`{"pis:cancelBundlePayments":{"scopeUsageLimit":"MULTIPLE","aspspBundleId":"p"}}`, `{"pis:bundle":{"scopeUsageLimit":"MULTIPLE","aspspBundleId":"p"}}`,
	} {
		ask, err := privilegesOf(t, "["+list+"]")
		if err != nil {
			t.Fatal(err)
		}
		what := &xs2a.What{Transfer: transfer.ID(ask.Of)}
		if ask.Bundle {
			what = &xs2a.What{OfBundle: transfer.BundleID(ask.Of)}
		}
		if got := string(appendPaymentPrivilege(nil, &xs2a.Consent{Grants: ask.grants, Payment: what})); got != list {
			t.Errorf("written as %s, want %s", got, list)
		}
	}
}

// FuzzPaymentBody: whatever is read means the same after it was written by us and
// read again, and nothing that a third party sends ends in a panic.
func FuzzPaymentBody(f *testing.F) {
	for _, b := range bodies {
		f.Add(b.text)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, k := range transfer.Kinds {
			i, err := instructionOf([]byte(body), k)
			if err != nil {
				continue
			}
			written := appendInstruction(nil, i, "")
			again, err := instructionOf(written, k)
			if err != nil {
				t.Fatalf("%s: what was written cannot be read: %v\n%s", k, err, written)
			}
			if again.Content() != i.Content() {
				t.Fatalf("%s: read %s\nagain %s", k, i.Content(), again.Content())
			}
			_ = i.Validate(someDay) // must not panic
		}
	})
}

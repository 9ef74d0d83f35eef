package polishapi

import (
	"strings"
	"testing"
	"time"

	"okienko/bank/calendar"
	"okienko/bank/money"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/wire"
)

var someDay = calendar.Date{Year: 2026, Month: time.November, Day: 20}

const payer = "85114000000000000000000100"

// A payment of each kind with every field that 3.0 knows of it, as an order has
// them. What older versions lack is taken out by olden.
const (
	domesticBody = `{"recipient":{"accountNumber":"20114000000000000000000300","nameAddress":{"value":["Jan Kowalski","ul. Uchwały 1","","Warszawa"]}},` +
		`"sender":{"accountNumber":"` + payer + `","nameAddress":{"value":["Anna Nowak","Łódź"]}},` +
		`"transferData":{"description":"Faktura 1","amount":"123.00","currency":"PLN","executionDate":"2026-11-30"},` +
		`"deliveryMode":"StandardD1","system":"Elixir","hold":true,"executionMode":"FutureDated","splitPayment":true,` +
		`"transactionInfoSp":{"spInvoiceNumber":"FV 1","spTaxIdentificationNumber":"5512265909","spTaxAmount":"23.00","spDescription":"MPP"}}`
	smallBody = `{"recipient":{"accountNumber":"20114000000000000000000300","nameAddress":{"value":["Jan"]}},"sender":{},` +
		`"transferData":{"description":"Transfer","amount":"0.01"},"deliveryMode":"ExpressD0","system":"Elixir"}`
	eeaBody = `{"recipient":{"accountNumber":"DE89370400440532013000","nameAddress":{"value":["Hans","Berlin"]},"countryCode":"DEU"},"sender":{"nameAddress":{"value":["","Kielce"]}},` +
		`"transferData":{"description":"Invoice","amount":"10.00","currency":"EUR"},"deliveryMode":"ExpressD0","system":"InstantSEPA","hold":false,"executionMode":"Immediate"}`
	nonEEABody = `{"recipient":{"accountNumber":"12345678","nameAddress":{"value":["John"]},"countryCode":"USA"},"sender":{},` +
		`"recipientBank":{"bicOrSwift":"CHASUS33","name":"Chase","code":"021000021","countryCode":"USA","address":{"value":["383 Madison Ave","New York"]}},` +
		`"transferData":{"description":"Invoice","amount":"10.00","currency":"EUR"},"deliveryMode":"UrgentD1","system":"Swift","hold":true,"transferCharges":"OUR"}`
	taxBody = `{"recipient":{"accountNumber":"03101000712222123456780200","nameAddress":{"value":["Urząd Skarbowy"]}},"sender":{},` +
		`"transferData":{"amount":"500.00","currency":"PLN"},"deliveryMode":"ExpressD0","system":"ExpressElixir",` +
		`"usInfo":{"payerInfo":{"payorId":"1234567802","payorIdType":"N"},"formCode":"VAT-7","periodId":"10","periodType":"M","year":2026,"obligationId":"o"}}`
)

var bodies = []struct {
	kind transfer.Kind
	text string
}{{transfer.Domestic, domesticBody}, {transfer.Domestic, smallBody}, {transfer.EEA, eeaBody}, {transfer.NonEEA, nonEEABody}, {transfer.Tax, taxBody}}

// olden takes out of a body what a version does not have in a place.
func olden(body string, v Version, at where) string {
	cut := func(from, to string) {
		if i := strings.Index(body, from); i >= 0 {
			if j := strings.Index(body[i:], to); j >= 0 {
				body = body[:i] + body[i+j+len(to):]
			}
		}
	}
	if v == V211 {
		body = strings.Replace(body, `,"countryCode":"DEU"}`, `}`, 1)
		body = strings.Replace(body, `]},"countryCode":"USA"}`, `]}}`, 1)
	}
	if v != V300 {
		cut(`,"splitPayment"`, `"MPP"}`)
		body = strings.Replace(body, `"address":{"value":["383 Madison Ave","New York"]}`, `"address":["383 Madison Ave","New York"]`, 1)
		if at == consented {
			cut(`"hold":`, `,`)
		}
	}
	if at == recurring {
		body = strings.NewReplacer(`,"executionMode":"FutureDated"`, ``, `,"executionMode":"Immediate"`, ``).Replace(body)
	}
	return body
}

var places = []where{ordered, bundled, consented, recurring}

// instructionOf reads a payment as the door does.
func instructionOf(body string, k transfer.Kind, v Version, at where) (*transfer.Instruction, error) {
	o, err := edge.ParseObject([]byte(body))
	if err != nil {
		return nil, err
	}
	r := &wire.Reading{}
	i := branch{r.Open(o, ""), v}.readInstruction(k, at)
	return i, r.Err()
}

// privilegesOf reads the privileges of scope pis as the door does.
func privilegesOf(list string, v Version) (psd2.Details, error) {
	o, err := edge.ParseObject([]byte(`{"privilegeList":[` + list + `]}`))
	if err != nil {
		return psd2.Details{}, err
	}
	r := &wire.Reading{}
	b := branch{r.Open(o, ""), v}
	var d psd2.Details
	b.readPayments(b.List("privilegeList"), &d)
	return d, r.Err()
}

func TestEveryFieldOfAPaymentIsRead(t *testing.T) {
	i, err := instructionOf(domesticBody, transfer.Domestic, V300, ordered)
	if err != nil {
		t.Fatal(err)
	}
	want := transfer.Instruction{
		Kind:        transfer.Domestic,
		Recipient:   transfer.Party{Account: "20114000000000000000000300", Name: "Jan Kowalski", Address: transfer.Address{Lines: []string{"ul. Uchwały 1", "", "Warszawa"}}},
		Sender:      transfer.Party{Account: payer, Name: "Anna Nowak", Address: transfer.Address{Lines: []string{"Łódź"}}},
		Description: "Faktura 1", Amount: money.New(123_00, money.PLN), ExecutionDate: calendar.Date{Year: 2026, Month: time.November, Day: 30},
		Delivery: transfer.StandardD1, System: transfer.Elixir, Mode: transfer.FutureDated, Hold: true,
		Split: &transfer.Split{VAT: money.New(23_00, money.PLN), TaxID: "5512265909", Invoice: "FV 1", Description: "MPP"},
	}
	if i.Content() != want.Content() {
		t.Errorf("read\n%s\nwant\n%s", i.Content(), want.Content())
	}
	europe, err := instructionOf(eeaBody, transfer.EEA, V212, ordered)
	if err != nil || europe.RecipientCountry != "DE" || europe.Amount != money.New(10_00, money.EUR) {
		t.Errorf("read as %+v, %v", europe, err)
	}
	abroad, err := instructionOf(nonEEABody, transfer.NonEEA, V300, ordered)
	bank := transfer.Bank{BIC: "CHASUS33", Name: "Chase", Code: "021000021", Country: "US"}
	if err != nil || abroad.Charges != transfer.ByPayer || abroad.Recipient.Address.Country != "US" || len(abroad.RecipientBank.Lines) != 2 ||
		abroad.RecipientBank.BIC != bank.BIC || abroad.RecipientBank.Name != bank.Name || abroad.RecipientBank.Code != bank.Code || abroad.RecipientBank.Country != bank.Country {
		t.Errorf("read as %+v, %v", abroad, err)
	}
	tax, err := instructionOf(taxBody, transfer.Tax, V211, ordered)
	form := transfer.TaxForm{PayerID: "1234567802", PayerIDType: "N", FormCode: "VAT-7", PeriodID: "10", PeriodType: "M", Year: "2026", Obligation: "o"}
	if err != nil || *tax.TaxForm != form {
		t.Errorf("read as %+v, %v", tax, err)
	}
}

// TestPaymentsAreWrittenAsTheyAreRead: every kind, in every version and place.
func TestPaymentsAreWrittenAsTheyAreRead(t *testing.T) {
	for _, v := range Versions {
		for _, at := range places {
			for _, b := range bodies {
				body := olden(b.text, v, at)
				i, err := instructionOf(body, b.kind, v, at)
				if err != nil {
					t.Fatalf("%s, place %d: %v in %s", v, at, err, body)
				}
				if at != recurring { // which wants a recurrence
					if err := i.Validate(someDay); err != nil {
						t.Errorf("%s, place %d: %v in %s", v, at, err, body)
					}
				}
				again(t, i, v, at)
			}
		}
	}
}

// again writes a payment and reads it: it must be the same one.
func again(t *testing.T, i *transfer.Instruction, v Version, at where) {
	t.Helper()
	written := string(append(appendInstruction([]byte{'{'}, i, v, at), '}'))
	read, err := instructionOf(written, i.Kind, v, at)
	if err != nil {
		t.Fatalf("%s, place %d: what was written cannot be read: %v\n%s", v, at, err, written)
	}
	if read.Content() != i.Content() {
		t.Fatalf("%s, place %d: read %s\nagain %s", v, at, i.Content(), read.Content())
	}
}

// TestPrivilegesAreWrittenAsTheyAreRead: the answer to the token call repeats the
// consent, with the account that the customer chose.
func TestPrivilegesAreWrittenAsTheyAreRead(t *testing.T) {
	const when = `"recurrence":{"startDate":"2026-12-01","endDate":"2027-12-01","frequency":{"periodType":"week","periodValue":2},"dayOffOffsetType":"before"}`
	for _, v := range Versions {
		for _, b := range bodies {
			f := formOf(b.kind)
			inBundle := strings.TrimSuffix(olden(b.text, v, bundled), "}") + `,"tppTransactionId":"`
			total := map[bool]string{true: "246.00", false: "20.00"}[b.kind == transfer.Domestic]
			for _, list := range []string{
				`{"` + f.privilege + `":{"scopeUsageLimit":"single",` + olden(b.text, v, consented)[1:] + `,"pis:getPayment":{"scopeUsageLimit":"multiple"}}`,
				`{"pis:bundle":{"scopeUsageLimit":"multiple","transfersTotalAmount":"` + total + `","typeOfTransfers":"` + f.name + `","` + f.transfers + `":[` + inBundle + `a"},` + inBundle + `b"}]}}`,
				`{"pis:recurring":{"scopeUsageLimit":"single",` + when + `,"typeOfPayment":"` + f.name + `","` + f.payment + `":` + olden(b.text, v, recurring) + `},"pis:getRecurringPayment":{"scopeUsageLimit":"single"}}`,
			} {
				same(t, v, list)
			}
		}
	}
}

// same reads a privilege, writes it for the payer and reads it again.
func same(t *testing.T, v Version, list string) {
	t.Helper()
	d, err := privilegesOf(list, v)
	if err != nil {
		t.Fatalf("%s: %v in %s", v, err, list)
	}
	c := &xs2a.Consent{
		Scope: xs2a.Payments, Grants: d.Grants, Accounts: []xs2a.Reach{{Number: payer}},
		Payment: &xs2a.What{Orders: d.Payment.Orders, Bundle: d.Payment.Bundle, Total: d.Payment.Total},
	}
	written := string(appendPayments(nil, c, v))
	got, err := privilegesOf(written, v)
	if err != nil {
		t.Fatalf("%s: what was written cannot be read: %v\n%s", v, err, written)
	}
	if len(got.Grants) != len(d.Grants) || got.Payment.Total != d.Payment.Total || got.Payment.Bundle != d.Payment.Bundle ||
		len(got.Payment.Orders) != len(d.Payment.Orders) || len(got.Numbers) != 1 || got.Numbers[0] != payer {
		t.Fatalf("%s: written as %s", v, written)
	}
	for i := range d.Grants {
		if got.Grants[i] != d.Grants[i] {
			t.Errorf("%s: the right %+v is written as %s", v, d.Grants[i], written)
		}
	}
	for i := range d.Payment.Orders {
		want := d.Payment.Orders[i]
		want.Order.Sender.Account = payer
		if one := got.Payment.Orders[i]; one.TPPID != want.TPPID || one.Order.Content() != want.Order.Content() {
			t.Errorf("%s: read %s\nagain %s", v, want.Order.Content(), one.Order.Content())
		}
	}
}

// A privilege about what was made before is written with the bank's id of it.
func TestPrivilegesAboutWhatWasMade(t *testing.T) {
	const id = "x-1"
	for list, what := range map[string]xs2a.What{
		`"pis:getPayment":{"scopeUsageLimit":"single","paymentId":"x-1"}`:                        {Transfer: id},
		`"pis:getBundle":{"scopeUsageLimit":"multiple","bundleId":"x-1"}`:                        {OfBundle: id},
		`"pis:getRecurringPayment":{"scopeUsageLimit":"multiple","recurringPaymentId":"x-1"}`:    {Standing: id},
		`"pis:cancelPayment":{"scopeUsageLimit":"multiple","paymentId":"x-1"}`:                   {Transfer: id},
		`"pis:cancelPayment":{"scopeUsageLimit":"single","bundleId":"x-1"}`:                      {OfBundle: id},
		`"pis:cancelRecurringPayment":{"scopeUsageLimit":"multiple","recurringPaymentId":"x-1"}`: {Standing: id},
	} {
		d, err := privilegesOf("{"+list+"}", V212)
		if err != nil {
			t.Fatalf("%v in %s", err, list)
		}
		if d.Payment.Of != id || d.Payment.Bundle != (what.OfBundle != "") || d.Payment.Standing != (what.Standing != "") {
			t.Errorf("%s is read as %+v", list, d.Payment)
		}
		c := &xs2a.Consent{Scope: xs2a.Payments, Grants: d.Grants, Payment: &what, Accounts: []xs2a.Reach{{Number: payer}}}
		if got := string(appendPayments(nil, c, V212)); got != `{"accountNumber":"`+payer+`",`+list+`}` {
			t.Errorf("%s is written as %s", list, got)
		}
	}
}

// FuzzPaymentBody: whatever is read means the same after it was written by us and
// read again, and nothing that a third party sends ends in a panic.
func FuzzPaymentBody(f *testing.F) {
	for _, v := range Versions {
		for _, b := range bodies {
			f.Add(olden(b.text, v, consented))
			f.Add(olden(b.text, v, recurring))
		}
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, v := range Versions {
			for _, at := range places {
				for _, k := range transfer.Kinds {
					i, err := instructionOf(body, k, v, at)
					if err != nil {
						continue
					}
					again(t, i, v, at)
					_ = i.Validate(someDay) // must not panic
				}
			}
		}
	})
}

// Every country that is read is written as it was.
func TestCountriesAreWrittenAsTheyAreRead(t *testing.T) {
	letters := func(n int) string { return string([]byte{'A' + byte(n/676), 'A' + byte(n/26%26), 'A' + byte(n%26)}) }
	known := 0
	for n := range 26 * 26 * 26 {
		o, err := edge.ParseObject([]byte(`{"c":"` + letters(n) + `"}`))
		if err != nil {
			t.Fatal(err)
		}
		r := &wire.Reading{}
		code := country(r.Open(o, ""), "c")
		if r.Err() != nil {
			continue
		}
		known++
		if got := alpha3(code); got != letters(n) {
			t.Errorf("%s is read as %s and written as %q", letters(n), code, got)
		}
	}
	if known < 240 {
		t.Errorf("%d countries are known", known)
	}
}

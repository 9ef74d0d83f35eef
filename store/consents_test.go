package store

import (
	"reflect"
	"testing"

	"okienko/bank/calendar"
	"okienko/bank/money"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// What is kept today must be readable in every later release.
func TestConsentsAndOrdersOfForm1(t *testing.T) {
	const order = `{"v":1,"kind":"domestic","recipient":{"account":"61114020040000300201355387","name":"Jan","address":{"country":"PL","lines":["Długa 1"]},` +
		`"addressName":"Jan K","ids":{"type":"LEI","value":"1"},"ultimate":{"addressName":"Ola","ids":{"type":"TXID","value":"2","issuer":"y"}}},` +
		`"recipientBank":{"bic":"BREXPLPW"},"country":"PL","description":"Faktura","amount":{"n":4200,"c":"PLN"},"date":"2026-12-24",` +
		`"recurrence":{"start":"2026-12-01","every":"month","count":2,"before":true},"delivery":"ExpressD0","system":"Elixir","mode":"Recurring","hold":true,` +
		`"split":{"vat":{"n":785,"c":"PLN"},"taxId":"5260250995","invoice":"FV 1"},"tax":{"payer":"1","payerType":"N","form":"VAT-7","year":"26"},` +
		`"charges":"SHA","reference":"ref","symbols":{"ks":"k","vs":"v","ss":"s"}}`
	want := transfer.Instruction{
		Kind: transfer.Domestic,
		Recipient: transfer.Party{
			Account: "61114020040000300201355387", Name: "Jan", Address: transfer.Address{Country: "PL", Lines: []string{"Długa 1"}}, AddressName: "Jan K",
			Identifiers: transfer.Identifiers{Type: "LEI", Value: "1"},
			Ultimate:    transfer.Ultimate{AddressName: "Ola", Identifiers: transfer.Identifiers{Type: "TXID", Value: "2", Issuer: "y"}},
		},
		RecipientBank: transfer.Bank{BIC: "BREXPLPW"}, RecipientCountry: "PL", Description: "Faktura", Amount: money.New(4200, money.PLN),
		ExecutionDate: calendar.Date{Year: 2026, Month: 12, Day: 24},
		Recurrence:    &transfer.Recurrence{Start: calendar.Date{Year: 2026, Month: 12, Day: 1}, Every: transfer.Month, Count: 2, Before: true},
		Delivery:      transfer.ExpressD0, System: transfer.Elixir, Mode: transfer.Recurring, Hold: true,
		Split:   &transfer.Split{VAT: money.New(785, money.PLN), TaxID: "5260250995", Invoice: "FV 1"},
		TaxForm: &transfer.TaxForm{PayerID: "1", PayerIDType: "N", FormCode: "VAT-7", Year: "26"},
		Charges: "SHA", Reference: "ref", Symbols: transfer.Symbols{Constant: "k", Variable: "v", Specific: "s"},
	}
	got, err := decodeOrder(order)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, got\n%+v\nwant\n%+v", err, got, want)
	}

	var c xs2a.Consent
	err = decodeConsent(`{"v":1,"grants":[{"right":"initiate","single":true,"spent":true},{"right":"read_done","days":90}],"wanted":["61"],`+
		`"accounts":[{"ref":"r","account":"a","number":"61","past":true}],"payment":{"orders":[{"tppId":"t","order":`+order+
		`,"system":"Elixir","fee":{"n":50,"c":"PLN"},"payee":"p","vat":"v"}],"total":{"n":4200,"c":"PLN"},"bundle":true,"transfer":"x","ofBundle":"y","standing":"z"}}`, &c)
	if err != nil {
		t.Fatal(err)
	}
	whole := xs2a.Consent{
		Grants: []xs2a.Grant{{Right: xs2a.Initiate, Single: true, Spent: true}, {Right: xs2a.ReadDone, HistoryDays: 90}}, Wanted: []string{"61"},
		Accounts: []xs2a.Reach{{Ref: "r", Account: "a", Number: "61", Past: true}},
		Payment: &xs2a.What{
			Orders: []xs2a.Ordered{{TPPID: "t", Order: want, System: transfer.Elixir, Fee: money.New(50, money.PLN), Payee: "p", VAT: "v"}},
			Total:  money.New(4200, money.PLN), Bundle: true, Transfer: "x", OfBundle: "y", Standing: "z",
		},
	}
	if !reflect.DeepEqual(c, whole) {
		t.Errorf("got\n%+v\nwant\n%+v", c, whole)
	}
}

// What cannot be read is an error, and never a consent to less or an order of
// nothing.
func TestBrokenConsentsAndOrders(t *testing.T) {
	for _, text := range []string{"", "{}", `{"v":2}`, `{"v":1,"date":"2026-02-30"}`, `{"v":1,"recurrence":{"start":"soon"}}`, `{"v":1,"amount":{"n":1.5}}`} {
		if got, err := decodeOrder(text); err == nil {
			t.Errorf("%q was read as %+v", text, got)
		}
	}
	for _, text := range []string{"", "{}", `{"v":2}`, `{"v":1,"grants":{}}`, `{"v":1,"payment":{"orders":[{"order":{}}]}}`} {
		var c xs2a.Consent
		if err := decodeConsent(text, &c); err == nil {
			t.Errorf("%q was read as %+v", text, c)
		}
	}
}

// Every field of an instruction that has a value comes back with it: one that
// the core gains and the store does not keep would let another order through.
func TestEveryFieldOfAnOrderIsKept(t *testing.T) {
	var want transfer.Instruction
	filled := 0
	var fill func(v reflect.Value)
	fill = func(v reflect.Value) {
		switch v.Interface().(type) {
		case money.Amount:
			filled++
			v.Set(reflect.ValueOf(money.New(int64(filled), money.PLN)))
			return
		case calendar.Date:
			filled++
			v.Set(reflect.ValueOf(calendar.Date{Year: 2026, Month: 1, Day: 1}.AddDays(filled)))
			return
		}
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				fill(v.Field(i))
			}
		case reflect.Pointer:
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem())
		case reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			fill(v.Index(0))
			fill(v.Index(1))
		case reflect.String:
			filled++
			v.SetString("text " + string(rune('A'+filled)))
		case reflect.Int:
			filled++
			v.SetInt(int64(filled))
		case reflect.Bool:
			v.SetBool(true)
		default:
			t.Fatalf("a field of type %s", v.Type())
		}
	}
	fill(reflect.ValueOf(&want).Elem())
	if filled < 80 {
		t.Errorf("only %d fields were filled", filled)
	}
	text, err := encodeOrder(&want)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := decodeOrder(text); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, got\n%+v\nwant\n%+v", err, got, want)
	}
}

package polishapi_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"okienko/bank/account"
	"okienko/bank/money"
	"okienko/bank/rail"
	"okienko/bank/transfer"
	"okienko/psd2/polishapi"
	"okienko/psd2/psd2test"
)

// psd2 §2.4: what a detail says beside its list, and accounts that go with one.

// toTaxOffice is VAT for October, to the payer's own tax account.
func toTaxOffice() m {
	form := m{"payerInfo": m{"payorId": "1234567802", "payorIdType": "N"}, "formCode": "VAT-7", "periodId": "10", "periodType": "M", "year": 2026}
	return m{
		"recipient": m{"accountNumber": "03101000712222123456780200", "nameAddress": m{"value": list{"Urząd Skarbowy"}}},
		"sender":    m{}, "transferData": m{"amount": "10.00", "currency": "PLN"}, "usInfo": form,
		"deliveryMode": "StandardD1", "system": "Elixir", "executionMode": "Immediate",
	}
}

// detailOf reads the detail of the newest movement of a list.
func (p *tpp) detailOf(v polishapi.Version, name, token string) psd2test.Reply {
	p.w.T.Helper()
	ids := texts(p.read(v, name, token, numberOf(1)).send(), "itemId")
	if len(ids) == 0 {
		p.w.T.Fatalf("%s is empty", name)
	}
	return p.read(v, "getTransactionDetail", token, numberOf(1)).put("itemId", ids[0]).send().Is(http.StatusOK)
}

func TestDetailOfATaxPayment(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			pay := w.one.mayPay(v, "pis:tax", toTaxOffice())
			w.one.pays(v, "tax", pay.access, "vat-10", toTaxOffice()).send().Is(http.StatusOK)
			says := func(name string) {
				t.Helper()
				r := w.one.detailOf(v, name, w.one.reads(v, 90, annas).access)
				if !same(r.At("usInfo"), m{"payerInfo": m{"payorId": "1234567802", "payorIdType": "N"}, "formCode": "VAT-7", "periodId": "10", "periodType": "M", "year": 2026.0}) {
					t.Errorf("%s: usInfo is %v", name, r.At("usInfo"))
				}
				if r.Text("tppTransactionId") != "vat-10" || r.Text("tppName") != "TPP "+oneOrg || !strings.Contains(r.Text("baseInfo", "description"), "VAT-7") {
					t.Errorf("%s: %s", name, r.Body)
				}
				if _, is := r.Object()["currencyDate"]; is != (name == "getTransactionsDone") {
					t.Errorf("%s: %s", name, r.Body)
				}
			}
			says("getTransactionsPending")
			w.Clock.Advance(48 * time.Hour)
			w.carriedOut()
			says("getTransactionsDone")
		})
	}
}

// A movement that a third party ordered tells so once it is booked too; one that
// nobody of them ordered does not.
func TestDetailOfAThirdPartysPayment(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			w.other.paid(v, "theirs")
			got := w.one.reads(v, 90, annas)
			r := w.one.detailOf(v, "getTransactionsDone", got.access)
			if r.Text("tppTransactionId") != "theirs" || r.Text("tppName") != "TPP "+otherOrg || r.Text("baseInfo", "description") != "Faktura 1" {
				t.Error(r.Body)
			}
			if at := r.Text("currencyDate"); at != r.Text("baseInfo", "bookingDate") || at == "" {
				t.Error(r.Body)
			}
			w.Clock.Advance(time.Second)
			w.Moves(annas, bobs, 1, "ruch")
			r = w.one.detailOf(v, "getTransactionsDone", got.access)
			for _, name := range []string{"tppTransactionId", "tppName", "usInfo", "transactionInfoSp", "rejectionReason", "holdExpirationDate", "cardInfo", "zusInfo"} {
				if _, is := r.Object()[name]; is {
					t.Errorf("a plain movement has %s: %s", name, r.Body)
				}
			}
		})
	}
}

// Split payments are of 3.0.
func TestDetailOfASplitPayment(t *testing.T) {
	w := newWorld(t)
	w.opens("a-anna-vat", 7, anna, "VAT")
	split := inElixir("123.00")
	split["splitPayment"] = true
	split["transactionInfoSp"] = m{"spInvoiceNumber": "FV 1", "spTaxIdentificationNumber": "5512265909", "spTaxAmount": "23.00", "spDescription": "MPP"}
	pay := w.one.mayPay(v300, "pis:domestic", split)
	w.one.pays(v300, "domestic", pay.access, "mpp", split).send().Is(http.StatusOK)
	says := func(name string) {
		t.Helper()
		access := w.one.reads(v300, 90, annas).access
		r := w.one.detailOf(v300, name, access)
		if r.At("splitPayment") != true || !same(r.At("transactionInfoSp"), split["transactionInfoSp"]) {
			t.Errorf("%s: %s", name, r.Body)
		}
		for _, v := range []polishapi.Version{v211, v212} {
			r := w.one.detailOf(v, name, w.one.reads(v, 90, annas).access)
			if o := r.Object(); o["splitPayment"] != nil || o["transactionInfoSp"] != nil {
				t.Errorf("%s: %s", v, r.Body)
			}
		}
	}
	says("getTransactionsPending")
	w.Clock.Advance(48 * time.Hour)
	w.carriedOut()
	says("getTransactionsDone")
}

// 3.0 names the VAT account of an account, and the accounts of a VAT account.
func TestAccountsThatBelongTogether(t *testing.T) {
	w := newWorld(t)
	shown := func(v polishapi.Version, id account.ID, n int, beside ...account.ID) (vat any, linked []any) {
		t.Helper()
		got := w.one.reads(v, 90, append(beside, id)...)
		r := w.one.read(v, "getAccount", got.access, numberOf(n)).send().Is(http.StatusOK)
		return r.At("account", "vatAccountNrb"), r.List("account", "linkedAccountNumber")
	}
	if vat, linked := shown(v300, annas, 1); vat != nil || linked != nil {
		t.Errorf("without a VAT account: %v %v", vat, linked)
	}
	w.opens("a-anna-vat", 7, anna, "VAT")
	if vat, linked := shown(v300, annas, 1); vat != numberOf(7) || linked != nil {
		t.Errorf("with one: %v %v", vat, linked)
	}
	if vat, linked := shown(v300, annasE, 3); vat != nil || linked != nil {
		t.Errorf("an account in EUR: %v %v", vat, linked)
	}
	// A VAT account serves two others, and tells of those that the consent covers.
	for _, c := range []struct {
		beside []account.ID
		linked []any
	}{{nil, nil}, {[]account.ID{annas}, []any{numberOf(1)}}, {[]account.ID{annas, annas2}, []any{numberOf(1), numberOf(2)}}} {
		if vat, linked := shown(v300, "a-anna-vat", 7, c.beside...); vat != nil || !slices.Equal(linked, c.linked) {
			t.Errorf("the VAT account beside %v: %v %v", c.beside, vat, linked)
		}
	}
	for _, v := range []polishapi.Version{v211, v212} {
		for id, n := range map[account.ID]int{annas: 1, "a-anna-vat": 7} {
			if vat, linked := shown(v, id, n); vat != nil || linked != nil {
				t.Errorf("%s: %v %v", v, vat, linked)
			}
		}
	}
}

// Amounts of every currency have two decimals.
func TestCase54Currencies(t *testing.T) {
	w := newWorld(t)
	w.Book(w.Entry("euros", noon.Add(-time.Hour), rail.Clearing(transfer.SEPA, money.EUR), annasE, money.New(12_34, money.EUR), "Top-up"))
	for _, v := range versions {
		got := w.one.reads(v, 90, annasE)
		r := w.one.read(v, "getTransactionsDone", got.access, numberOf(3)).put("minAmount", "12.34", "maxAmount", "12.34", "type", "CREDIT").send()
		if fmt.Sprint(texts(r, "amount"), texts(r, "currency"), texts(r, "postTransactionBalance")) != "[12.34] [EUR] [12.34]" {
			t.Errorf("%s: %s", v, r.Body)
		}
	}
}

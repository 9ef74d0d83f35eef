package mbank_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"okienko/bank/audit"
	"okienko/bank/limit"
)

// everything is a payment with every field of v3 that Elixir carries.
const everything = `{"recipient":{"accountNumber":"` + kowalski + `","name":"Jan Kowalski",` +
	`"nameAddressStructured":{"name":"JK","addressStructured":{"countryCode":"PL","townName":"Warszawa","streetName":"Uchwały","buildingNumber":"1","postCode":"00-123"}},` +
	`"identifiers":{"idType":"LEI","idValue":"recipientIdValue","issuer":"x"},` +
	`"ultimateRecipient":{"nameAddressStructured":{"name":"UR","addressStructured":{"townName":"Łódź"}},"identifiers":{"idType":"TXID","idValue":"u","issuer":""}}},` +
	`"sender":{"name":"Anna Nowak","identifiers":{"idType":"LEI","idValue":"s","issuer":"y"},"ultimateSender":{"nameAddressStructured":{"name":"US"}}},` +
	`"transferData":{"description":"Faktura 7","amount":"10.00","currency":"PLN","additionalFields":{"reference":"ref","VS":"5"}},` +
	`"deliveryMode":"EXPRESS_D0","system":"ELIXIR","hold":false,"executionMode":"IMMEDIATE"}`

func TestCase56PaymentIsTheConsentedOne(t *testing.T) {
	w := newWorld(t)
	tok := w.one.pis(domestic(everything), annas)
	for name, pair := range map[string][2]string{
		"amount": {`"10.00"`, `"10.01"`}, "payee": {kowalski, second}, "name": {"Jan Kowalski", "Jan Kowalsky"}, "title": {"Faktura 7", "Faktura 8"},
		"date": {`"currency":"PLN",`, `"currency":"PLN","executionDate":"2026-11-30",`}, "street": {"Uchwały", "Uchwaly"}, "town": {"Łódź", "Lodz"},
		"house": {`"buildingNumber":"1"`, `"buildingNumber":"2"`}, "identifier": {"recipientIdValue", "other"}, "issuer": {`"y"`, `"z"`},
		"sender's name": {"Anna Nowak", ""}, "whose": {`"US"`, `"UT"`}, "reference": {`"ref"`, `"fer"`}, "symbol": {`"VS":"5"`, `"SS":"5"`},
		"delivery": {"EXPRESS_D0", "STANDARD_D1"}, "system": {"ELIXIR", "EXPRESS_ELIXIR"}, "hold": {`"hold":false`, `"hold":true`},
	} {
		t.Run(name, func(t *testing.T) {
			w.T = t
			w.one.pays(tok.access, newUUID(noon), changed(everything, pair[0], pair[1])).fails(http.StatusUnauthorized, "ConsentValidationError")
		})
	}
	w.T = t
	// Another form of transfer, and a bundle of the very payment, are other orders too.
	tax := w.one.post("/payments/tax", tok.access, "t", taxPayment()).send()
	tax.fails(http.StatusUnauthorized, "ConsentValidationError")
	w.one.post("/payments/bundle/domestic", tok.access, "b", bundleOf("10.00", everything)).send().fails(http.StatusUnauthorized, "ConsentValidationError")
	w.untouched()

	// By the pattern, "10.0" is no amount at all.
	w.one.pays(tok.access, "x", changed(everything, `"10.00"`, `"10.0"`)).faulty("transferData.amount")

	// Empty texts equal absent parts, and the order of fields says nothing.
	same := changed(everything, `"countryCode":"PL"`, `"countryCode":"PL","floor":"","townLocationName":""`, `"hold":false,`, ``,
		`"sender":{`, `"sender":{"nameAddressStructured":{"addressStructured":{"townName":""}},`)
	w.one.pays(tok.access, "x", same).is(http.StatusCreated)
}

func TestCase57CustomerPicksTheAccount(t *testing.T) {
	w := newWorld(t)
	tok := w.one.pis(domestic(inside()), annas2)
	named := tok.reply.text("scope_details", "privilegeList", 0, "pis:domestic", "domesticPaymentRequest", "sender", "accountNumber")
	if named != string(numberOf(2)) {
		t.Errorf("the consent names %q as the payer: %s", named, tok.reply.body)
	}
	// The third party may send the payment as it asked for it, or with the account
	// that it was told.
	made := w.one.pays(tok.access, "x", inside(`"sender":{}`, `"sender":{"accountNumber":"`+named+`"}`)).is(http.StatusCreated)
	again := w.one.pays(tok.access, "x", inside()).is(http.StatusCreated)
	if made.text("aspspPaymentId") != again.text("aspspPaymentId") {
		t.Error("the same payment was made twice")
	}
	if got := w.Account(annas2).Booked; got != pln(490_00) {
		t.Errorf("the chosen account has %s", got)
	}
	// An account that the customer did not choose is another payment.
	other := w.one.pis(domestic(inside()), annas2)
	w.one.pays(other.access, "y", inside(`"sender":{}`, `"sender":{"accountNumber":"`+string(numberOf(1))+`"}`)).
		fails(http.StatusUnauthorized, "ConsentValidationError")
	w.untouched()
}

func TestCase63NoFunds(t *testing.T) {
	w := newWorld(t)
	// More than there is: the customer may confirm it, for money may come.
	body := inside(`"10.00"`, `"1000.01"`)
	tok, made := w.one.paid("much", body)
	rejectedFor(t, made, "INSUFFICIENT_FUNDS", "not enough money")
	if got := made.text("rejection", "field"); got != "transferData.amount" {
		t.Errorf("the field at fault is %q", got)
	}
	if made.at("rejection", "consentValid") != true || made.text("rejection", "referenceNumber") == "" {
		t.Errorf("the rejection is %s", made.body)
	}
	w.one.status(made, tok.access).is(http.StatusOK)
	if got := w.Account(annas).Booked; got != pln(1_000_00) {
		t.Errorf("booked %s", got)
	}
	// Spent between the customer's word and the payment.
	early := w.one.pis(domestic(inside(`"10.00"`, `"600.00"`)), annas)
	_, _ = w.one.paid("first", inside(`"10.00"`, `"700.00"`))
	late := w.one.pays(early.access, "late", inside(`"10.00"`, `"600.00"`)).is(http.StatusCreated)
	rejectedFor(t, late, "INSUFFICIENT_FUNDS")
	if got := w.Account(annas).Booked; got != pln(300_00) {
		t.Errorf("booked %s", got)
	}
}

// A limit that others used up meanwhile rejects the payment, which says how far it
// was used (psd2 §0.1, design §3).
func TestCase63LimitUsedUpMeanwhile(t *testing.T) {
	w := newWorld(t)
	limitOf := func(minor int64) {
		must(t, w.Store.ChangeCustomerLimits(t.Context(), anna, nil, func(l *limit.OfCustomer) ([]audit.Record, error) {
			l.OneOff.Daily = limit.CapAt(pln(minor))
			return []audit.Record{staff("limits.changed", "customer:"+string(anna))}, nil
		}))
	}
	limitOf(100_00)
	waiting := w.one.pis(domestic(inside(`"10.00"`, `"60.00"`)), annas)
	_, _ = w.one.paid("first", inside(`"10.00"`, `"70.00"`))
	made := w.one.pays(waiting.access, "second", inside(`"10.00"`, `"60.00"`)).is(http.StatusCreated)
	rejectedFor(t, made, "CUSTOMER_LIMIT", "used 70.00", "left 30.00")
	if !strings.Contains(made.text("detailedStatus"), "left 30.00") {
		t.Errorf("the detailed status is %q", made.text("detailedStatus"))
	}
}

func rejectedFor(t *testing.T, made reply, reason string, words ...string) {
	t.Helper()
	if made.text("generalStatus") != "REJECTED" || made.text("rejection", "reason") != reason {
		t.Errorf("the payment is %s, want rejected for %s", made.body, reason)
	}
	for _, word := range words {
		if !strings.Contains(made.text("rejection", "message"), word) {
			t.Errorf("%q does not speak of %q", made.text("rejection", "message"), word)
		}
	}
}

func TestCase64SameIDSamePayment(t *testing.T) {
	w := newWorld(t)
	tok, first := w.one.paid("order-1", inside())
	for range 3 {
		again := w.one.pays(tok.access, "order-1", inside()).is(http.StatusCreated)
		if again.body != first.body {
			t.Errorf("the repeat is answered %s, the first was %s", again.body, first.body)
		}
	}
	if got := w.Account(annas).Booked; got != pln(990_00) {
		t.Errorf("booked %s", got)
	}
	w.one.pays(tok.access, "order-1", inside(`"10.00"`, `"11.00"`)).fails(http.StatusBadRequest, "PaymentIdUsedError")
	// The same id under another consent is another order.
	other := w.one.pis(domestic(inside()), annas)
	w.one.pays(other.access, "order-1", inside()).fails(http.StatusBadRequest, "PaymentIdUsedError")
	// Another third party has ids of its own.
	theirs := w.other.pis(domestic(inside()), annas)
	w.other.pays(theirs.access, "order-1", inside()).is(http.StatusCreated)

	// After a timeout the third party finds the payment by its own id.
	found := w.one.ask("GET", "/payments/domestic/status", "").with(tok.access).set("TPP-Payment-ID", "order-1").send().is(http.StatusOK)
	if found.text("aspspPaymentId") != first.text("aspspPaymentId") || found.text("tppPaymentId") != "order-1" {
		t.Errorf("found %s", found.body)
	}
	w.one.ask("GET", "/payments/domestic/status", "").with(tok.access).set("TPP-Payment-ID", "order-2").send().fails(http.StatusNotFound, "ResourceNotFoundError")
	w.one.ask("GET", "/payments/domestic/status", "").with(tok.access).send().fails(http.StatusBadRequest, "HeaderMissingError")
}

// A repeat gets its answer also when the order could not be given any more.
func TestCase64RepeatAfterItsDay(t *testing.T) {
	w := newWorld(t)
	body := inside(`"currency":"PLN"`, `"currency":"PLN","executionDate":"2026-11-19"`, `"deliveryMode"`, `"executionMode":"FUTURE_DATED","deliveryMode"`)
	tok, first := w.one.paid("dated", body)
	if first.text("generalStatus") != "SCHEDULED" {
		t.Fatalf("the payment is %s", first.body)
	}
	w.Clock.Advance(72 * time.Hour)
	w.Wall.Advance(72 * time.Hour)
	w.settle()
	again := w.one.pays(w.one.refresh(tok.refresh).tokens().access, "dated", body).is(http.StatusCreated)
	if again.text("aspspPaymentId") != first.text("aspspPaymentId") || again.text("generalStatus") != "DONE" {
		t.Errorf("the repeat is answered %s", again.body)
	}
}

func TestCase65OneConsentOnePayment(t *testing.T) {
	w := newWorld(t)
	tok, _ := w.one.paid("one", inside())
	w.one.pays(tok.access, "two", inside()).fails(http.StatusForbidden, "ConsentUsedUpError")
	if n := len(w.transfers()); n != 1 {
		t.Errorf("%d payments were made", n)
	}

	// Of concurrent payments under one consent exactly one is made.
	race := w.one.pis(domestic(inside()), annas)
	const racers = 8
	asks := make([]*ask, racers)
	for i := range asks {
		asks[i] = w.one.post("/payments/domestic", race.access, "race-"+string(rune('a'+i)), inside()).sign()
	}
	made := race8(asks)
	if made[http.StatusCreated] != 1 || made[http.StatusForbidden] != racers-1 {
		t.Errorf("the answers are %v", made)
	}
	if got := w.Account(annas).Booked; got != pln(980_00) {
		t.Errorf("booked %s", got)
	}
	// The very same payment, sent twice at once, is made once and answered twice.
	same := w.one.pis(domestic(inside()), annas)
	for i := range asks {
		asks[i] = w.one.post("/payments/domestic", same.access, "same", inside()).sign()
	}
	if made := race8(asks); made[http.StatusCreated] != racers {
		t.Errorf("the answers are %v", made)
	}
	if got := w.Account(annas).Booked; got != pln(970_00) {
		t.Errorf("booked %s", got)
	}
}

// race8 sends requests at once and counts the statuses.
func race8(asks []*ask) map[int]int {
	var all sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for _, a := range asks {
		all.Go(func() {
			r := a.send()
			mu.Lock()
			defer mu.Unlock()
			statuses[r.status]++
		})
	}
	all.Wait()
	return statuses
}

// TestCase65TokensThatMakeNothing: a token for another service, one that may only
// look, and one that cancels make no payment, whatever the body says.
func TestCase65TokensThatMakeNothing(t *testing.T) {
	w := newWorld(t)
	tok, made := w.one.paid("one", inside())
	id := made.text("aspspPaymentId")
	list := w.one.lists(newUUID(noon), annas)
	w.one.pays(list.access, "x", inside()).fails(http.StatusForbidden, "insufficient_scope")
	w.one.pays(list.access, "x", "{").fails(http.StatusForbidden, "insufficient_scope") // consent before body
	narrow := w.one.ask("POST", "/auth/token", `{"grant_type":"refresh_token","refresh_token":"`+tok.refresh+`","scope":"pis","scope_details":{"privilegeList":`+
		`[{"pis:payment":{"scopeUsageLimit":"MULTIPLE","aspspPaymentId":"`+id+`"}}],"scopeGroupType":"PIS","throttlingPolicy":"PSD2_REGULATORY"}}`).send().tokens()
	w.one.status(made, narrow.access).is(http.StatusOK)
	w.one.pays(narrow.access, "two", inside()).fails(http.StatusForbidden, "insufficient_scope")
	look := w.one.pis(`[{"pis:payment":{"aspspPaymentId":"`+id+`"}}]`, annas)
	w.one.pays(look.access, "three", inside()).fails(http.StatusForbidden, "insufficient_scope")
	w.one.status(made, look.access).is(http.StatusOK)
	if n := len(w.transfers()); n != 1 {
		t.Errorf("%d payments were made", n)
	}
}

// What was taken is told of at once, so that instant payments leave within
// milliseconds; what was refused is not.
func TestWorkerIsToldOfPayments(t *testing.T) {
	var told atomic.Int32
	w := newWorld(t, func(s *settings) { s.core.Poke = func() { told.Add(1) } })
	tok := w.one.pis(domestic(inside()), annas)
	w.one.pays(tok.access, "x", inside(`"10.00"`, `"11.00"`)).fails(http.StatusUnauthorized, "ConsentValidationError")
	if n := told.Load(); n != 0 {
		t.Errorf("the worker was told %d times of nothing", n)
	}
	w.one.pays(tok.access, "x", inside()).is(http.StatusCreated)
	if n := told.Load(); n != 1 {
		t.Errorf("the worker was told %d times of one payment", n)
	}
}

// A blocked account stops the next call; the payment's fate is told once it is free
// again (design §3).
func TestBlockedAccountStopsPayments(t *testing.T) {
	w := newWorld(t)
	tok := w.one.pis(domestic(inside()), annas)
	w.block(annas)
	w.one.pays(tok.access, "x", inside()).fails(http.StatusForbidden, "AccountAccessError")
	w.untouched()
	w.unblock(annas)
	made := w.one.pays(tok.access, "x", inside()).is(http.StatusCreated)
	w.block(annas)
	w.one.status(made, tok.access).fails(http.StatusForbidden, "AccountAccessError")
	w.one.pays(w.one.pis(domestic(inside()), annas2).access, "y", inside()).is(http.StatusCreated) // her other account goes on
}

package mbank_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/payment"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
)

func TestCase70Bundles(t *testing.T) {
	w := newWorld(t)
	const at = "scope_details.privilegeList[0].pis:bundle-domestic.bundleDomesticPaymentsRequest."
	good := bundleOf("30.00", inside(), inside(`"10.00"`, `"20.00"`))
	w.faults(bundled, good, at, map[string][]string{
		"another sum":        {"transfersTotalAmount", `"30.00"`, `"30.01"`},
		"one id twice":       {"transfers[1].tppPaymentId", `"tppPaymentId":"b"`, `"tppPaymentId":"a"`},
		"one bad payment":    {"transfers[1].transferData.amount", `"20.00"`, `"0.00"`},
		"two currencies":     {"transfers[1].transferData.currency", `"amount":"20.00","currency":"PLN"`, `"amount":"20.00","currency":"EUR"`},
		"a payment of taxes": {"transfers[0].usInfo", `"tppPaymentId":"a"`, `"tppPaymentId":"a","usInfo":{}`},
		"another list":       {"taxTransfers", `"transfers":`, `"taxTransfers":[],"transfers":`},
	})
	w.one.asksFor(bundled(`{"transfersTotalAmount":"0.00","transfers":[]}`)).faulty(at + "transfers")
	w.untouched()

	tok := w.one.pis(bundled(good), annas)
	w.one.post("/payments/bundle/domestic", tok.access, "pay", changed(good, `"20.00"`, `"20.01"`, `"30.00"`, `"30.01"`)).send().
		fails(http.StatusUnauthorized, "ConsentValidationError")
	made := w.one.post("/payments/bundle/domestic", tok.access, "pay", good).send().is(http.StatusCreated)
	again := w.one.post("/payments/bundle/domestic", tok.access, "pay", good).send().is(http.StatusCreated)
	if made.text("aspspBundleId") == "" || made.text("aspspBundleId") != again.text("aspspBundleId") {
		t.Errorf("made %s, again %s", made.body, again.body)
	}
	if got := w.one.status(made, tok.access).is(http.StatusOK); got.text("generalStatus") != "DONE" || w.Account(annas).Booked != pln(970_00) {
		t.Errorf("%s, booked %s", got.body, w.Account(annas).Booked)
	}
	// A payment of the bundle is found by its own id, by the bundle's consent.
	one := w.one.ask("GET", "/payments/domestic/status", "").with(tok.access).set("TPP-Payment-ID", "b").send().is(http.StatusOK)
	if one.text("generalStatus") != "DONE" || one.text("tppPaymentId") != "b" {
		t.Errorf("%s", one.body)
	}
}

// One payment of a bundle that cannot be made leaves the others alone.
func TestCase70BundlePartlyDone(t *testing.T) {
	w := newWorld(t)
	body := bundleOf("1200.00", inside(`"10.00"`, `"700.00"`), inside(`"10.00"`, `"500.00"`))
	tok := w.one.pis(bundled(body), annas)
	made := w.one.post("/payments/bundle/domestic", tok.access, "pay", body).send().is(http.StatusCreated)
	got := w.one.ask("GET", "!"+made.text("links", 0, "href")+"?transactionsIncluded=true", "").with(tok.access).send().is(http.StatusOK)
	if got.text("generalStatus") != "PARTIALLY_DONE" || got.text("transfers", 0, "generalStatus") != "DONE" ||
		got.text("transfers", 1, "rejection", "reason") != "INSUFFICIENT_FUNDS" {
		t.Errorf("%s", got.body)
	}
}

func TestCase72Cancelling(t *testing.T) {
	w := newWorld(t)
	tok, made := w.one.paid("one", small())
	id := made.text("aspspPaymentId")
	target := "/payments/domestic/" + id
	if got := w.Account(annas).Held; got != pln(10_00) {
		t.Errorf("held %s", got)
	}
	// Without a cancelling consent, with one for another payment, or of another form.
	w.one.cancel(target, tok.access).fails(http.StatusForbidden, "insufficient_scope")
	_, other := w.one.paid("two", small())
	foreign := w.one.pis(cancelling(other.text("aspspPaymentId")), annas)
	w.one.cancel(target, foreign.access).fails(http.StatusNotFound, "ResourceNotFoundError")
	cancel := w.one.pis(cancelling(id), annas)
	w.one.cancel("/payments/tax/"+id, cancel.access).fails(http.StatusNotFound, "ResourceNotFoundError")
	w.one.cancel("/payments/bundle/domestic/"+id, cancel.access).fails(http.StatusNotFound, "ResourceNotFoundError")

	w.one.cancel(target, cancel.access).is(http.StatusNoContent)
	if got := w.one.status(made, cancel.access).is(http.StatusOK); got.text("generalStatus") != "CANCELLED" {
		t.Errorf("%s", got.body)
	}
	if got := w.Account(annas); got.Held != pln(10_00) { // that of the other payment
		t.Errorf("held %s", got.Held)
	}
	// Twice: what is cancelled is not there any more.
	w.one.cancel(target, cancel.access).fails(http.StatusNotFound, "ResourceNotFoundError")
	once := w.one.pis(cancelling(id), annas)
	w.one.cancel(target, once.access).fails(http.StatusNotFound, "ResourceNotFoundError")

	// Executed: too late.
	late := w.one.pis(cancelling(other.text("aspspPaymentId")), annas)
	w.Clock.Set(noon.Add(21 * time.Hour))
	w.settle()
	late = w.one.refresh(late.refresh).tokens()
	w.one.cancel("/payments/domestic/"+other.text("aspspPaymentId"), late.access).fails(http.StatusBadRequest, "PaymentFinalError")

	// Neither id, both ids, and ids of nobody or somebody else, at the consent.
	const at = "scope_details.privilegeList[0].pis:cancelPayment."
	w.one.asksFor(`[{"pis:cancelPayment":{}}]`).faulty(at + "aspspPaymentId")
	w.one.asksFor(`[{"pis:cancelPayment":{"aspspPaymentId":"` + id + `","aspspBundleId":"x"}}]`).faulty(at + "aspspBundleId")
	unknown := w.one.asksFor(cancelling(newUUID(noon))).fails(http.StatusNotFound, "ResourceNotFoundError")
	theirs := w.other.asksFor(cancelling(id)).fails(http.StatusNotFound, "ResourceNotFoundError")
	if unknown.body != theirs.body {
		t.Error("somebody else's payment is answered in another way than none")
	}
}

func TestCase72CancellingBundlesAndStandingOrders(t *testing.T) {
	w := newWorld(t)
	body := bundleOf("20.00", small(), small(kowalski, second))
	tok := w.one.pis(bundled(body), annas)
	made := w.one.post("/payments/bundle/domestic", tok.access, "pay", body).send().is(http.StatusCreated)
	id := made.text("aspspBundleId")
	cancel := w.one.pis(`[{"pis:cancelBundlePayments":{"aspspBundleId":"`+id+`"}}]`, annas)
	target := "/payments/bundle/domestic/" + id
	w.one.ask("DELETE", target, "").with(cancel.access).set("TPP-Payment-ID", "as in mBank's sample").send().is(http.StatusNoContent)
	if got := w.one.status(made, cancel.access).is(http.StatusOK); got.text("generalStatus") != "CANCELLED" {
		t.Errorf("%s", got.body)
	}
	w.one.cancel(target, cancel.access).fails(http.StatusNotFound, "ResourceNotFoundError")
	if got := w.Account(annas); !got.Held.IsZero() {
		t.Errorf("held %s", got.Held)
	}

	standing := small(`"currency":"PLN"`, `"currency":"PLN","recurrence":{"startDate":"2026-12-01","frequency":{"periodType":"DAY","periodValue":7},"dayOffOffsetType":"BEFORE"}`,
		`"deliveryMode"`, `"executionMode":"RECURRING","deliveryMode"`)
	_, order := w.one.paid("rent", standing)
	stop := w.one.pis(cancelling(order.text("aspspPaymentId")), annas)
	w.one.cancel("/payments/domestic/"+order.text("aspspPaymentId"), stop.access).is(http.StatusNoContent)
	if got := w.one.status(order, stop.access).is(http.StatusOK); got.text("recurringPaymentStatus") != "CANCELLED" || got.text("generalStatus") != "CANCELLED" {
		t.Errorf("%s", got.body)
	}
	w.Clock.Set(noon.AddDate(0, 0, 30))
	w.settle()
	for _, tr := range w.transfers() {
		if tr.Status != transfer.Cancelled {
			t.Errorf("payment %s of %s is %s", tr.ID, tr.TPPID, tr.Status)
		}
	}
}

// Cancelling races with execution: exactly one of the two happens.
func TestCase72CancellingRacesWithExecution(t *testing.T) {
	body := inside(`"currency":"PLN"`, `"currency":"PLN","executionDate":"2026-11-19"`, `"deliveryMode"`, `"executionMode":"FUTURE_DATED","deliveryMode"`)
	for _, before := range []time.Duration{time.Microsecond, 0} { // its time has come: cancelling is too late, whoever is first
		w := newWorld(t)
		_, made := w.one.paid("race", body)
		id := made.text("aspspPaymentId")
		w.Clock.Set(w.transfer(id).Due.Add(-before - time.Minute))
		cancel := w.one.pis(cancelling(id), annas).access
		w.Clock.Set(w.transfer(id).Due.Add(-before))
		ask := w.one.ask("DELETE", "/payments/domestic/"+id, "").with(cancel).sign()
		var both sync.WaitGroup
		var answer reply
		var ran error
		both.Go(func() { answer = ask.send() })
		both.Go(func() { _, ran = w.Desk.Do(t.Context(), &payment.RunTransfer{Transfer: transfer.ID(own(id))}) })
		both.Wait()
		must(t, ran) // running what is not due is harmless
		status, cancelled := w.transfer(id).Status, answer.status == http.StatusNoContent
		if cancelled != (status == transfer.Cancelled) || cancelled != (before > 0) {
			t.Errorf("%s before its time cancelling is answered %d, and the payment is %s", before, answer.status, status)
		}
		if want := map[bool]int64{true: 1_000_00, false: 990_00}[cancelled]; w.Account(annas).Booked != pln(want) {
			t.Errorf("booked %s", w.Account(annas).Booked)
		}
	}
}

func TestCase73StatusByWhomever(t *testing.T) {
	w := newWorld(t)
	tok, made := w.one.paid("mine", inside())
	target := "/payments/domestic/" + made.text("aspspPaymentId") + "/status"
	// Another third party, and another consent of the same one, see nothing, as if
	// there were nothing.
	theirs := w.other.pis(domestic(inside()), annas)
	foreign := w.other.get(target, theirs.access).fails(http.StatusNotFound, "ResourceNotFoundError")
	unknown := w.other.get("/payments/domestic/"+newUUID(noon)+"/status", theirs.access).fails(http.StatusNotFound, "ResourceNotFoundError")
	if foreign.body != unknown.body {
		t.Errorf("somebody else's payment is answered %s, none %s", foreign.body, unknown.body)
	}
	// The core itself finds nothing of another third party, whatever a door asks.
	if _, err := w.core.Find(t.Context(), thirdparty.ClientID(w.other.client), own(made.text("aspspPaymentId"))); bank.CodeOf(err) != bank.NotFound {
		t.Errorf("somebody else's payment was found: %v", err)
	}
	elsewhere := w.one.pis(domestic(inside()), annas2)
	w.one.get(target, elsewhere.access).fails(http.StatusNotFound, "ResourceNotFoundError")
	w.other.ask("GET", "/payments/domestic/status", "").with(theirs.access).set("TPP-Payment-ID", "mine").send().fails(http.StatusNotFound, "ResourceNotFoundError")
	// A token for accounts looks at no payment.
	w.one.get(target, w.one.lists(newUUID(noon), annas).access).fails(http.StatusForbidden, "insufficient_scope")
	// Of another form, and as a bundle, it is not there.
	w.one.get(strings.Replace(target, "domestic", "tax", 1), tok.access).fails(http.StatusNotFound, "ResourceNotFoundError")
	w.one.get(strings.Replace(target, "domestic", "bundle/domestic", 1), tok.access).fails(http.StatusNotFound, "ResourceNotFoundError")
	w.one.get(target+"?x=1", tok.access).fails(http.StatusBadRequest, "BodyDeserializationError")
	// A consent to look once is spent by looking.
	look := w.one.pis(`[{"pis:payment":{"scopeUsageLimit":"SINGLE","aspspPaymentId":"`+made.text("aspspPaymentId")+`"}}]`, annas)
	w.one.get(target, look.access).is(http.StatusOK)
	w.one.get(target, look.access).fails(http.StatusForbidden, "ConsentUsedUpError")
}

// TestCase74StatusMovesForward follows payments through every status, by the
// sandbox's table of scenarios.
func TestCase74StatusMovesForward(t *testing.T) {
	express := func(title string) string {
		return small(`"Transfer"`, `"`+title+`"`, "STANDARD_D1", "EXPRESS_D0", `"deliveryMode"`, `"system":"EXPRESS_ELIXIR","deliveryMode"`)
	}
	later := small(`"currency":"PLN"`, `"currency":"PLN","executionDate":"2026-11-20"`, `"deliveryMode"`, `"executionMode":"FUTURE_DATED","deliveryMode"`)
	rank := map[string]int{"SUBMITTED": 0, "PENDING": 1, "SCHEDULED": 1, "DONE": 2, "REJECTED": 2, "CANCELLED": 2}
	for _, c := range []struct {
		name, body, first, last, words string
	}{
		{"settled", express("x"), "PENDING", "DONE", "was made on"},
		{"closed", express("scenario:closed"), "PENDING", "REJECTED", "AC04"},
		{"slow", express("scenario:slow"), "PENDING", "DONE", "was made on"},
		{"returned", express("scenario:returned"), "PENDING", "DONE", "came back"},
		{"inside the bank", inside(), "DONE", "DONE", "was made on"},
		{"later", later, "SCHEDULED", "DONE", "was made on"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			tok, made := w.one.paid("p", c.body)
			if made.text("generalStatus") != c.first {
				t.Errorf("at first %s", made.body)
			}
			last := made
			for range 12 {
				w.settle()
				w.Clock.Advance(12 * time.Hour)
				tok = w.one.refresh(tok.refresh).tokens()
				now := w.one.status(made, tok.access).is(http.StatusOK)
				if rank[now.text("generalStatus")] < rank[last.text("generalStatus")] {
					t.Errorf("%s follows %s", now.text("generalStatus"), last.text("generalStatus"))
				}
				last = now
			}
			if last.text("generalStatus") != c.last || !strings.Contains(last.text("detailedStatus"), c.words) {
				t.Errorf("in the end %s", last.body)
			}
		})
	}
}

func TestCase75BundleSummary(t *testing.T) {
	w := newWorld(t)
	body := bundleOf("20.00", inside(), small())
	tok := w.one.pis(bundled(body), annas)
	made := w.one.post("/payments/bundle/domestic", tok.access, "pay", body).send().is(http.StatusCreated)
	href := "!" + made.text("links", 0, "href")
	for query, want := range map[string]int{"": 0, "?transactionsIncluded=false": 0, "?transactionsIncluded=true": 2} {
		got := w.one.ask("GET", href+query, "").with(tok.access).send().is(http.StatusOK)
		list, _ := got.at("transfers").([]any)
		if len(list) != want || got.text("generalStatus") != "IN_PROGRESS" {
			t.Errorf("%q: %s", query, got.body)
		}
	}
	w.one.ask("GET", href+"?transactionsIncluded=yes", "").with(tok.access).send().fails(http.StatusBadRequest, "FieldValidationError")
	w.one.ask("GET", href+"?transactionIncluded=true", "").with(tok.access).send().fails(http.StatusBadRequest, "BodyDeserializationError")
	found := w.one.ask("GET", "/payments/bundle/domestic/status?transactionsIncluded=true", "").with(tok.access).set("TPP-Bundle-ID", "pay").send().is(http.StatusOK)
	if found.text("transfers", 0, "tppPaymentId") != "a" || found.text("transfers", 1, "generalStatus") != "PENDING" {
		t.Errorf("%s", found.body)
	}
	w.one.ask("GET", "/payments/domestic/status", "").with(tok.access).set("TPP-Payment-ID", "pay").send().fails(http.StatusNotFound, "ResourceNotFoundError")
}

// TestEveryFormMakesBundles: what holds for domestic bundles holds for the others,
// under privileges and paths that follow mBank's (psd2 §3.4).
func TestEveryFormMakesBundles(t *testing.T) {
	w := newWorld(t)
	w.euros(100_00)
	for _, c := range []struct {
		segment, privilege, request, body string
		from                              account.ID
	}{
		{"domestic", "pis:bundle-domestic", "bundleDomesticPaymentsRequest", small(), annas},
		{"tax", "pis:bundle-tax", "bundleTaxPaymentsRequest", taxPayment(), annas},
		{"eea", "pis:bundle-eea", "bundleEeaPaymentsRequest", europe("INSTANT_SEPA", "SEPA"), annasE},
		{"non-eea", "pis:bundle-nonEea", "bundleNonEeaPaymentsRequest", abroad("EXPRESS_D0", "STANDARD_D2"), annasE},
	} {
		t.Run(c.segment, func(t *testing.T) {
			w.T = t
			body := bundleOf("20.00", c.body, c.body)
			body = strings.NewReplacer(`"tppPaymentId":"a"`, `"tppPaymentId":"`+c.segment+`-1"`, `"tppPaymentId":"b"`, `"tppPaymentId":"`+c.segment+`-2"`).Replace(body)
			tok := w.one.pis(`[{"`+c.privilege+`":{"`+c.request+`":`+body+`}}]`, c.from)
			made := w.one.post("/payments/bundle/"+c.segment, tok.access, c.segment, body).send().is(http.StatusCreated)
			if href := made.text("links", 0, "href"); href != path+"/payments/bundle/"+c.segment+"/"+made.text("aspspBundleId")+"/status" {
				t.Errorf("the link is %s", href)
			}
			got := w.one.ask("GET", "!"+made.text("links", 0, "href")+"?transactionsIncluded=true", "").with(tok.access).send().is(http.StatusOK)
			if list, _ := got.at("transfers").([]any); len(list) != 2 || got.text("generalStatus") != "IN_PROGRESS" {
				t.Errorf("%s", got.body)
			}
			cancel := w.one.pis(`[{"pis:cancelBundlePayments":{"aspspBundleId":"`+made.text("aspspBundleId")+`"}}]`, c.from)
			w.one.cancel("/payments/bundle/"+c.segment+"/"+made.text("aspspBundleId"), cancel.access).is(http.StatusNoContent)
			if got := w.one.status(made, tok.access).is(http.StatusOK); got.text("generalStatus") != "CANCELLED" {
				t.Errorf("%s", got.body)
			}
		})
	}
}

// TestOrderOfChecksOfAPayment breaks every rule at once and mends them one by one,
// in the order of psd2 §0.1.
func TestOrderOfChecksOfAPayment(t *testing.T) {
	w := newWorld(t)
	tok := w.one.pis(domestic(inside()), annas)
	list := w.one.lists(newUUID(noon), annas)
	a := w.one.ask("POST", "/payments/domestic?x=1", `{"recipient":`)
	a.notSigned().send().fails(http.StatusBadRequest, "HeaderMissingError")
	a.with(list.access).set("TPP-Payment-ID", strings.Repeat("x", 129)).send().fails(http.StatusBadRequest, "SignatureMissingError")
	step := func(change func(a *ask)) reply {
		change(a)
		a.unsigned, a.signed = false, ""
		return a.set("TPP-Request-ID", newUUID(w.Wall.Now())).send()
	}
	step(func(a *ask) { a.with("nobody's") }).fails(http.StatusUnauthorized, "invalid_token")
	step(func(a *ask) { a.with(list.access) }).fails(http.StatusForbidden, "insufficient_scope")
	w.block(annas)
	step(func(a *ask) { a.with(tok.access) }).fails(http.StatusForbidden, "AccountAccessError")
	w.unblock(annas)
	step(func(*ask) {}).fails(http.StatusBadRequest, "BodyDeserializationError")
	step(func(a *ask) { a.target = path + "/payments/domestic" }).faulty("TPP-Payment-ID")
	step(func(a *ask) { a.set("TPP-Payment-ID", "x") }).fails(http.StatusBadRequest, "BodyDeserializationError")
	step(func(a *ask) { a.body = inside(`"10.00"`, `"0.00"`) }).faulty("transferData.amount")
	step(func(a *ask) { a.body = inside(`"10.00"`, `"11.00"`) }).fails(http.StatusUnauthorized, "ConsentValidationError")
	w.untouched()
	step(func(a *ask) { a.body = inside() }).is(http.StatusCreated)
}

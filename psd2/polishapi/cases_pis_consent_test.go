package polishapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/limit"
	"okienko/psd2/polishapi"
	"okienko/psd2/psd2test"
)

const atDomestic = "scope_details.privilegeList[0].pis:domestic."

func TestCase23OnePaymentMethod(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			pay := func() m { return may("pis:domestic", domestic(v))[0].(m) }
			both := func(name string, privilege m) list {
				o := pay()
				o[name] = privilege
				return list{o}
			}
			const at = "scope_details.privilegeList"
			for name, c := range map[string]struct {
				list  list
				field string
			}{
				"none":                        {list{}, at},
				"an empty element":            {list{m{}}, at},
				"two methods in one element":  {both("pis:tax", taxed(v)), at + "[0].pis:tax"},
				"two methods in two elements": {append(list{pay()}, may("pis:tax", taxed(v))...), at + "[1].pis:tax"},
				"one method twice":            {list{pay(), pay()}, at + "[1].pis:domestic"},
				"making and cancelling":       {both("pis:cancelPayment", m{"paymentId": "x"}), at + "[0].pis:domestic"},
				"accounts":                    {list{m{"ais:getAccount": m{}}}, at + "[0].ais:getAccount"},
				"accounts beside a payment":   {both("ais:getAccount", m{}), at + "[0].ais:getAccount"},
				"looking at another payment":  {both("pis:getPayment", m{"paymentId": "x"}), at + "[0].pis:getPayment"},
				"looking at a bundle":         {both("pis:getBundle", m{}), at + "[0].pis:getBundle"},
				"looking twice":               {append(both("pis:getPayment", m{}), about("pis:getPayment")...), at},
				"looking at two things":       {append(about("pis:getPayment", "paymentId", "x"), about("pis:getBundle", "bundleId", "x")...), at},
				"no such privilege":           {list{m{"pis:everything": m{}}}, at + "[0].pis:everything"},
				"a usage of mBank's":          {list{m{"pis:domestic": with(domestic(v), "scopeUsageLimit", "SINGLE")}}, at + "[0].pis:domestic.scopeUsageLimit"},
			} {
				t.Run(name, func(t *testing.T) {
					w.T = t
					faulty(w.one.asksFor(v, c.list), c.field)
				})
			}
		})
	}
}

// Looking at what a consent makes may stand beside making it, and is spent by
// looking when it is for once.
func TestCase23LookingBesidePaying(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			paying := may("pis:domestic", domestic(v))[0].(m)
			paying["pis:getPayment"] = m{"scopeUsageLimit": "multiple", "tppTransactionId": "one"}
			tok := w.one.grants(v, list{paying}, annas)
			if got := tok.reply.Text("scope_details", "privilegeList", 0, "pis:getPayment", "scopeUsageLimit"); got != "multiple" {
				t.Errorf("the consent is %s", tok.reply.Body)
			}
			w.one.pays(v, "domestic", tok.access, "one", domestic(v)).send().Is(http.StatusOK)
			for range 2 {
				w.one.look(v, "getPayment", tok.access, "tppTransactionId", "one").send().Is(http.StatusOK)
			}
			once := may("pis:domestic", domestic(v))
			tok = w.one.grants(v, append(once, m{"pis:getPayment": m{"scopeUsageLimit": "single"}}), annas)
			w.one.pays(v, "domestic", tok.access, "two", domestic(v)).send().Is(http.StatusOK)
			w.one.look(v, "getPayment", tok.access, "tppTransactionId", "two").send().Is(http.StatusOK)
			w.one.look(v, "getPayment", tok.access, "tppTransactionId", "two").send().Fails(http.StatusForbidden, "consent_used_up")
		})
	}
}

// changes are what can be told apart in a payment of each kind, one field each.
func changes(v polishapi.Version, k kind) map[string][]any {
	all := map[string][]any{
		"amount":         {"transferData.amount", "10.01"},
		"name":           {"recipient.nameAddress.value", list{"Ktoś Inny"}},
		"address":        {"recipient.nameAddress.value", append(append(list{}, k.body(v)["recipient"].(m)["nameAddress"].(m)["value"].(list)...), "x")},
		"payer's name":   {"sender.nameAddress", named("Anna")},
		"payer":          {"sender.accountNumber", numberOf(2)},
		"a date":         {"transferData.executionDate", "2026-11-30"},
		"a later day":    {"executionMode", "FutureDated", "transferData.executionDate", "2026-11-30"},
		"another system": {"system", map[string]string{"domestic": "ExpressElixir", "EEA": "Target", "tax": "ExpressElixir"}[k.name]},
		"delivery":       {"deliveryMode", map[string]string{"domestic": "ExpressD0", "EEA": "StandardD1", "nonEEA": "StandardD2", "tax": "ExpressD0"}[k.name]},
		"payee": {"recipient.accountNumber", map[string]string{
			"domestic": second, "EEA": "DE75512108001245126199", "nonEEA": "87654321",
		}[k.name]},
		"title": {"transferData.description", "Other"},
	}
	if v == v300 {
		all["hold"] = []any{"hold", true}
	}
	switch k.name {
	case "domestic":
		if v == v300 {
			all["split payment"] = []any{"splitPayment", true, "transactionInfoSp", m{"spInvoiceNumber": "FV 1", "spTaxIdentificationNumber": "5250007738", "spTaxAmount": "1.00"}}
		}
	case "nonEEA":
		delete(all, "another system")
		all["currency"] = []any{"transferData.currency", "PLN"}
		all["charges"] = []any{"transferCharges", "OUR"}
		all["BIC"] = []any{"recipientBank.bicOrSwift", "BOFAUS3N"}
		all["bank"] = []any{"recipientBank.name", "Chaste"}
		all["code of the bank"] = []any{"recipientBank.code", "021000022"}
		all["country of the bank"] = []any{"recipientBank.countryCode", nil}
		all["address of the bank"] = []any{"recipientBank.address", nil}
		if v != v211 {
			all["country"] = []any{"recipient.countryCode", "CAN"}
		}
	case "tax":
		delete(all, "payee") // the form says which
		delete(all, "title")
		all["form"] = []any{"usInfo.formCode", "VAT-8"}
		all["month"] = []any{"usInfo.periodId", "11"}
		all["kind of period"] = []any{"usInfo.periodType", "K", "usInfo.periodId", "4"}
		all["year"] = []any{"usInfo.year", 2025}
		all["obligation"] = []any{"usInfo.obligationId", "o2"}
		all["who pays"] = []any{"usInfo.payerInfo.payorId", "5250007738", "recipient.accountNumber", officeOf("5250007738")}
	}
	return all
}

func TestCase56PaymentIsTheConsentedOne(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			for i, k := range kinds {
				tok := w.one.grants(v, may("pis:"+k.name, k.body(v)), k.from)
				for name, pairs := range changes(v, k) {
					t.Run(k.name+" "+name, func(t *testing.T) {
						w.T = t
						w.one.pays(v, k.name, tok.access, "x", with(k.body(v), pairs...)).send().Fails(http.StatusUnauthorized, "consent_differs")
					})
				}
				w.T = t
				// Another kind, and a bundle or a standing order of the very payment, are
				// other orders too.
				other := kinds[(i+1)%len(kinds)]
				w.one.pays(v, other.name, tok.access, "x", other.body(v)).send().Fails(http.StatusUnauthorized, "consent_differs")
				total := k.body(v)["transferData"].(m)["amount"].(string)
				w.one.bundles(v, tok.access, "b", k.bundleOf(total, "x", k.body(v))).send().Fails(http.StatusUnauthorized, "consent_differs")
				w.one.recurs(v, tok.access, "r", k.recurringOf(k.body(v))).send().Fails(http.StatusUnauthorized, "consent_differs")
			}
			w.untouched()
		})
	}
}

func TestCase56SayingItInAnotherWay(t *testing.T) {
	w := newWorld(t)
	tok := w.one.mayPay(v300, "pis:domestic", domestic(v300))
	// By the pattern, "12.5" is no amount at all.
	faulty(w.one.pays(v300, "domestic", tok.access, "x", with(domestic(v300), "transferData.amount", "12.5")).send(), "transferData.amount")
	// What is empty says as much as what is absent; PLN goes without saying, and so
	// does at once.
	same := with(domestic(v300), "sender.nameAddress", m{"value": list{""}}, "transferData.currency", nil, "executionMode", nil, "hold", false, "splitPayment", false,
		"recipient.nameAddress.value", list{"Bob Kowalski", "ul. Uchwały 1", "00-123 Warszawa", ""})
	w.one.pays(v300, "domestic", tok.access, "x", same).send().Is(http.StatusOK)
}

// Before 3.0 a consent cannot say that money is to be held: in an order it is read,
// and passed over.
func TestHoldBefore3(t *testing.T) {
	w := newWorld(t)
	held := with(domestic(v212), "hold", true)
	for _, v := range []polishapi.Version{v211, v212} {
		faulty(w.one.asksFor(v, may("pis:domestic", held)), atDomestic+"hold")
		tok := w.one.mayPay(v, "pis:domestic", domestic(v))
		faulty(w.one.pays(v, "domestic", tok.access, string(v), with(held, "hold", "yes")).send(), "hold")
		w.one.pays(v, "domestic", tok.access, string(v), held).send().Is(http.StatusOK)
		if w.one.transfer(string(v)).Order.Hold {
			t.Errorf("%s: the order is held", v)
		}
	}
	tok := w.one.mayPay(v300, "pis:domestic", held)
	w.one.pays(v300, "domestic", tok.access, "x", domestic(v300)).send().Fails(http.StatusUnauthorized, "consent_differs")
	w.one.pays(v300, "domestic", tok.access, "x", held).send().Is(http.StatusOK)
	if !w.one.transfer("x").Order.Hold {
		t.Error("the order is not held")
	}
}

func TestCase57CustomerPicksTheAccount(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			tok := w.one.grants(v, may("pis:domestic", domestic(v)), annas2)
			for _, at := range [][]any{{"accountNumber"}, {"pis:domestic", "sender", "accountNumber"}} {
				if got := tok.reply.Text(append([]any{"scope_details", "privilegeList", 0}, at...)...); got != numberOf(2) {
					t.Errorf("the consent names %q as the payer in %v: %s", got, at, tok.reply.Body)
				}
			}
			// The third party may send the payment as it asked for it, or with the account
			// that it was told.
			made := w.one.pays(v, "domestic", tok.access, "x", with(domestic(v), "sender.accountNumber", numberOf(2))).send().Is(http.StatusOK)
			again := w.one.pays(v, "domestic", tok.access, "x", domestic(v)).send().Is(http.StatusOK)
			if made.Text("paymentId") != again.Text("paymentId") {
				t.Error("the same payment was made twice")
			}
			if got := w.Account(annas2).Booked; got != pln(487_50) {
				t.Errorf("the chosen account has %s", got)
			}
			// An account that the customer did not choose is another payment.
			other := w.one.grants(v, may("pis:domestic", domestic(v)), annas2)
			w.one.pays(v, "domestic", other.access, "y", with(domestic(v), "sender.accountNumber", numberOf(1))).send().
				Fails(http.StatusUnauthorized, "consent_differs")
			w.untouched()
		})
	}
}

// An element of the list may name the account that pays; the customer is offered no
// other then.
func TestCase57ElementNamesTheAccount(t *testing.T) {
	w := newWorld(t)
	element := may("pis:domestic", domestic(v212))[0].(m)
	element["accountNumber"] = "PL" + numberOf(2)
	faulty(w.one.asksFor(v212, list{element}), "scope_details.privilegeList[0].accountNumber")
	element["accountNumber"] = numberOf(2)
	id := w.one.authorize(v212, "pis", psd2test.NewUUID(noon), list{element}).asked()
	pending, err := w.Auth.PendingConsent(t.Context(), id)
	must(t, err)
	offered, err := w.Auth.ConsentAccounts(t.Context(), pending, annaP, anna)
	must(t, err)
	if len(offered) != 1 || offered[0].ID != annas2 {
		t.Errorf("the customer is offered %d accounts", len(offered))
	}
	_, err = w.Auth.ChooseForConsent(t.Context(), id, authserver.ConsentChoice{Person: annaP, Customer: anna, Accounts: []account.ID{annas}})
	if bank.CodeOf(err) != bank.NotFound {
		t.Errorf("another account is chosen: %v", err)
	}
	tok := tokensOf(w.one.redeem(v212, w.Gives(id, annaP, anna, annas2)).send())
	w.one.pays(v212, "domestic", tok.access, "x", domestic(v212)).send().Is(http.StatusOK)
	w.untouched()
}

func TestCase63NoFunds(t *testing.T) {
	w := newWorld(t)
	// More than there is: the customer may confirm it, for money may come.
	body := with(domestic(v212), "transferData.amount", "1000.01")
	made, tok := w.one.makes(v212, "domestic", annas, "much", body)
	rejectedFor(t, made, "There is not enough money")
	rejectedFor(t, w.one.look(v212, "getPayment", tok.access, "tppTransactionId", "much").send().Is(http.StatusOK), "There is not enough money")
	if got := w.Account(annas).Booked; got != pln(1_000_00) {
		t.Errorf("booked %s", got)
	}
	// Spent between the customer's word and the payment.
	early := w.one.mayPay(v212, "pis:domestic", with(domestic(v212), "transferData.amount", "600.00"))
	w.one.makes(v212, "domestic", annas, "first", with(domestic(v212), "transferData.amount", "700.00"))
	late := w.one.pays(v212, "domestic", early.access, "late", with(domestic(v212), "transferData.amount", "600.00")).send().Is(http.StatusOK)
	rejectedFor(t, late, "There is not enough money")
	if got := w.Account(annas).Booked; got != pln(300_00) {
		t.Errorf("booked %s", got)
	}
}

// A limit that others used up meanwhile rejects the payment, which says how far it
// was used (psd2 §0.1, design §3).
func TestCase63LimitUsedUpMeanwhile(t *testing.T) {
	w := newWorld(t)
	must(t, w.Store.ChangeCustomerLimits(t.Context(), anna, nil, func(l *limit.OfCustomer) ([]audit.Record, error) {
		l.OneOff.Daily = limit.CapAt(pln(100_00))
		return []audit.Record{psd2test.Staff("limits.changed", "customer:"+string(anna))}, nil
	}))
	sixty := with(domestic(v212), "transferData.amount", "60.00")
	waiting := w.one.mayPay(v212, "pis:domestic", sixty)
	w.one.makes(v212, "domestic", annas, "first", with(sixty, "transferData.amount", "70.00"))
	rejectedFor(t, w.one.pays(v212, "domestic", waiting.access, "second", sixty).send().Is(http.StatusOK), "used 70.00", "left 30.00")
}

func rejectedFor(t *testing.T, made psd2test.Reply, words ...string) {
	t.Helper()
	if made.Text("generalStatus") != "rejected" {
		t.Errorf("the payment is %s, want rejected", made.Body)
	}
	for _, word := range words {
		if !strings.Contains(made.Text("detailedStatus"), word) {
			t.Errorf("%q does not speak of %q", made.Text("detailedStatus"), word)
		}
	}
}

func TestCase64SameIDSamePayment(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			id, tok := w.one.paid(v, "order-1")
			for range 2 {
				again := w.one.pays(v, "domestic", tok.access, "order-1", domestic(v)).send().Is(http.StatusOK)
				if again.Text("paymentId") != id || again.Text("generalStatus") != "done" {
					t.Errorf("the repeat is answered %s", again.Body)
				}
			}
			if got := w.Account(annas).Booked; got != pln(987_50) {
				t.Errorf("booked %s", got)
			}
			used := func(r psd2test.Reply) { r.Fails(http.StatusBadRequest, "payment_id_used") }
			used(w.one.pays(v, "domestic", tok.access, "order-1", with(domestic(v), "transferData.amount", "12.51")).send())
			// The same id under another consent, and for another thing, is another order.
			other := w.one.mayPay(v, "pis:domestic", domestic(v))
			used(w.one.pays(v, "domestic", other.access, "order-1", domestic(v)).send())
			used(w.one.bundles(v, tok.access, "order-1", kinds[0].bundleOf("12.50", "b", domestic(v))).send())
			used(w.one.recurs(v, tok.access, "order-1", kinds[0].recurringOf(domestic(v))).send())
			// Another third party has ids of its own.
			theirs := w.other.mayPay(v, "pis:domestic", domestic(v))
			w.other.pays(v, "domestic", theirs.access, "order-1", domestic(v)).send().Is(http.StatusOK)
			// An id is there, and no longer than the version's.
			longest := map[polishapi.Version]int{v211: 64, v212: 64, v300: 128}[v]
			for _, id := range []any{"", strings.Repeat("x", longest+1), 7} {
				faulty(w.one.pays(v, "domestic", other.access, "", domestic(v)).put("tppTransactionId", id).send(), "tppTransactionId")
			}
			w.one.pays(v, "domestic", other.access, strings.Repeat("x", longest), domestic(v)).send().Is(http.StatusOK)
		})
	}
}

// A repeat gets its answer also when the order could not be given any more.
func TestCase64RepeatAfterItsDay(t *testing.T) {
	w := newWorld(t)
	body := with(domestic(v212), "executionMode", "FutureDated", "transferData.executionDate", "2026-11-19")
	first, tok := w.one.makes(v212, "domestic", annas, "dated", body)
	if first.Text("generalStatus") != "scheduled" {
		t.Fatalf("the payment is %s", first.Body)
	}
	w.Clock.Advance(72 * time.Hour)
	w.Wall.Advance(72 * time.Hour)
	w.settle()
	again := w.one.pays(v212, "domestic", w.one.renewed(v212, tok).access, "dated", body).send().Is(http.StatusOK)
	if again.Text("paymentId") != first.Text("paymentId") || again.Text("generalStatus") != "done" {
		t.Errorf("the repeat is answered %s", again.Body)
	}
}

func TestCase65OneConsentOnePayment(t *testing.T) {
	w := newWorld(t)
	_, tok := w.one.paid(v212, "one")
	w.one.pays(v212, "domestic", tok.access, "two", domestic(v212)).send().Fails(http.StatusForbidden, "consent_used_up")
	// A consent pays once, whatever it says of its use.
	many := may("pis:domestic", domestic(v212))
	change(many[0].(m), []any{"pis:domestic.scopeUsageLimit", "multiple"})
	tok = w.one.grants(v212, many, annas)
	w.one.pays(v212, "domestic", tok.access, "three", domestic(v212)).send().Is(http.StatusOK)
	w.one.pays(v212, "domestic", tok.access, "four", domestic(v212)).send().Fails(http.StatusForbidden, "consent_used_up")
	if n := len(w.transfers()); n != 2 {
		t.Errorf("%d payments were made", n)
	}

	// Of concurrent payments under one consent exactly one is made.
	race := w.one.mayPay(v212, "pis:domestic", domestic(v212))
	const racers = 8
	asks := make([]*ask, racers)
	for i := range asks {
		asks[i] = w.one.pays(v212, "domestic", race.access, "race-"+string(rune('a'+i)), domestic(v212))
	}
	if got := together(asks); got[http.StatusOK] != 1 || got[http.StatusForbidden] != racers-1 {
		t.Errorf("the answers are %v", got)
	}
	// The very same payment, sent many times at once, is made once and answered to all.
	same := w.one.mayPay(v212, "pis:domestic", domestic(v212))
	for i := range asks {
		asks[i] = w.one.pays(v212, "domestic", same.access, "same", domestic(v212))
	}
	if got := together(asks); got[http.StatusOK] != racers {
		t.Errorf("the answers are %v", got)
	}
	if got := w.Account(annas).Booked; got != pln(1_000_00-4*12_50) {
		t.Errorf("booked %s", got)
	}
}

// A token for another service, one that may only look, and one that cancels make no
// payment, whatever the body says.
func TestCase65TokensThatMakeNothing(t *testing.T) {
	w := newWorld(t)
	id, tok := w.one.paid(v212, "one")
	refused := func(token string) {
		t.Helper()
		w.one.pays(v212, "domestic", token, "two", domestic(v212)).send().Fails(http.StatusForbidden, "insufficient_scope")
		w.one.pays(v212, "domestic", token, "two", m{"x": 1}).send().Fails(http.StatusForbidden, "insufficient_scope") // consent before body
		w.one.bundles(v212, token, "two", m{"x": 1}).send().Fails(http.StatusForbidden, "insufficient_scope")
		w.one.recurs(v212, token, "two", m{"x": 1}).send().Fails(http.StatusForbidden, "insufficient_scope")
	}
	refused(w.one.lists(v212, annas).access)
	refused(w.one.grants(v212, about("pis:getPayment", "paymentId", id), annas).access)
	refused(w.one.grants(v212, about("pis:cancelPayment", "paymentId", id), annas).access)
	narrow := w.one.refresh(v212, tok.refresh).put("scope", "pis", "scope_details", m{
		"privilegeList": about("pis:getPayment", "paymentId", id), "scopeGroupType": "pis", "throttlingPolicy": "psd2Regulatory",
		"consentId": tok.reply.Text("scope_details", "consentId"), "scopeTimeLimit": noon.AddDate(0, 0, 90).Format(time.RFC3339),
	})
	looks := tokensOf(narrow.send())
	w.one.look(v212, "getPayment", looks.access, "paymentId", id).send().Is(http.StatusOK)
	refused(looks.access)
	if n := len(w.transfers()); n != 1 {
		t.Errorf("%d payments were made", n)
	}
}

// TestOrderOfChecksOfAPayment breaks every rule at once and mends them one by one,
// in the order of psd2 §0.1.
func TestOrderOfChecksOfAPayment(t *testing.T) {
	w := newWorld(t)
	tok := w.one.mayPay(v212, "pis:domestic", domestic(v212))
	body := with(domestic(v212), "transferData.amount", "12.51", "priority", 1)
	step := func(token string) psd2test.Reply { return w.one.pays(v212, "domestic", token, "x", body).send() }
	step("nobody's").Fails(http.StatusUnauthorized, "invalid_token")
	step(w.one.lists(v212, annas).access).Fails(http.StatusForbidden, "insufficient_scope")
	w.access(annas, account.AccessBlocked)
	step(tok.access).Fails(http.StatusForbidden, "forbidden")
	w.access(annas, account.AccessOn)
	faulty(step(tok.access), "priority")
	body = with(body, "priority", nil)
	step(tok.access).Fails(http.StatusUnauthorized, "consent_differs")
	w.untouched()
	body = domestic(v212)
	step(tok.access).Is(http.StatusOK)
	w.access(annas, account.AccessBlocked)
	w.one.look(v212, "getPayment", tok.access, "tppTransactionId", "x").send().Fails(http.StatusForbidden, "forbidden")
}

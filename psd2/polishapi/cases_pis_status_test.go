package polishapi_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"okienko/bank/payment"
	"okienko/bank/transfer"
	"okienko/psd2"
	"okienko/psd2/psd2test"
)

func TestCase70Bundles(t *testing.T) {
	w := newWorld(t)
	k := kinds[0]
	good := k.bundleOf("32.50", "p", domestic(v212), with(domestic(v212), "transferData.amount", "20.00"))
	entries := func(pairs ...any) list {
		both := good["domesticTransfers"].(list)
		return list{both[0], with(both[1].(m), pairs...)}
	}
	first := good["domesticTransfers"].(list)[0].(m)
	w.faults(v212, "pis:bundle", good, map[string]fault{
		"another sum":               at("transfersTotalAmount", "transfersTotalAmount", "32.51"),
		"no sum":                    at("transfersTotalAmount", "transfersTotalAmount", nil),
		"a sum in numbers":          at("transfersTotalAmount", "transfersTotalAmount", raw("32.50")),
		"one id twice":              at("domesticTransfers[1].tppTransactionId", "domesticTransfers", entries("tppTransactionId", "p-1")),
		"no id":                     at("domesticTransfers[1].tppTransactionId", "domesticTransfers", entries("tppTransactionId", nil)),
		"one bad payment":           at("domesticTransfers[1].transferData.amount", "domesticTransfers", entries("transferData.amount", "0.00")),
		"one bad title":             at("domesticTransfers[1].transferData.description", "domesticTransfers", entries("transferData.description", "a\nb")),
		"one without a name":        at("domesticTransfers[1].recipient.nameAddress.value", "domesticTransfers", entries("recipient.nameAddress.value", list{})),
		"two currencies":            at("domesticTransfers[1].transferData.currency", "domesticTransfers", entries("transferData.currency", "EUR")),
		"a payment of taxes":        at("domesticTransfers[1].usInfo", "domesticTransfers", entries("usInfo", m{})),
		"no payment at all":         at("domesticTransfers[1]", "domesticTransfers", list{first, "p-2"}),
		"an empty list":             at("domesticTransfers", "domesticTransfers", list{}, "transfersTotalAmount", "0.00"),
		"no list":                   at("domesticTransfers", "domesticTransfers", nil),
		"no type":                   at("typeOfTransfers", "typeOfTransfers", nil),
		"no such type":              at("typeOfTransfers", "typeOfTransfers", "Domestic"),
		"the list of another type":  at("domesticTransfers", "typeOfTransfers", "tax"),
		"two lists":                 at("taxTransfers", "taxTransfers", list{}),
		"two payers":                at("domesticTransfers[1].sender.accountNumber", "domesticTransfers", list{with(first, "sender.accountNumber", numberOf(1)), entries("sender.accountNumber", numberOf(2))[1]}),
		"a bundle's id in consents": at("tppBundleId", "tppBundleId", "x"),
	})
	var many list
	for i := range 101 {
		many = append(many, with(domestic(v212), "tppTransactionId", fmt.Sprint(i)))
	}
	faulty(w.one.asksFor(v212, may("pis:bundle", with(good, "domesticTransfers", many, "transfersTotalAmount", "1262.50"))),
		"scope_details.privilegeList[0].pis:bundle.domesticTransfers")
	w.untouched()

	tok := w.one.grants(v212, may("pis:bundle", good), annas)
	for _, other := range []m{
		with(good, "domesticTransfers", entries("transferData.amount", "20.01"), "transfersTotalAmount", "32.51"), with(good, "domesticTransfers", entries("tppTransactionId", "p-3")),
		with(good, "domesticTransfers", list{entries()[1], entries()[0]}), with(good, "domesticTransfers", list{first}, "transfersTotalAmount", "12.50"),
	} {
		w.one.bundles(v212, tok.access, "pay", other).send().Fails(http.StatusUnauthorized, "consent_differs")
	}
	faulty(w.one.bundles(v212, tok.access, "pay", with(good, "transfersTotalAmount", "32.51")).send(), "transfersTotalAmount")
	faulty(w.one.bundles(v212, tok.access, "pay", with(good, "domesticTransfers", entries("transferData.amount", "1"))).send(), "domesticTransfers[1].transferData.amount")
	faulty(w.one.bundles(v212, tok.access, "", good).send(), "tppBundleId")
	made := w.one.bundles(v212, tok.access, "pay", good).send().Is(http.StatusOK)
	again := w.one.bundles(v212, tok.access, "pay", good).send().Is(http.StatusOK)
	if made.Text("bundleId") == "" || made.Text("bundleId") != again.Text("bundleId") || made.Text("bundleStatus") != "done" {
		t.Errorf("made %s, again %s", made.Body, again.Body)
	}
	if got := w.Account(annas).Booked; got != pln(1_000_00-32_50) {
		t.Errorf("booked %s", got)
	}
	w.one.bundles(v212, tok.access, "pay-2", good).send().Fails(http.StatusForbidden, "consent_used_up")
	// A payment of the bundle is found by its own id, by the bundle's consent.
	one := w.one.look(v212, "getPayment", tok.access, "tppTransactionId", "p-2").send().Is(http.StatusOK)
	if one.Text("generalStatus") != "done" || one.Text("paymentId") != made.Text("payments", 1, "paymentId") {
		t.Errorf("%s", one.Body)
	}
}

// One payment of a bundle that cannot be made leaves the others alone.
func TestCase70BundlePartlyDone(t *testing.T) {
	w := newWorld(t)
	body := kinds[0].bundleOf("1200.00", "p", with(domestic(v212), "transferData.amount", "700.00"), with(domestic(v212), "transferData.amount", "500.00"))
	tok := w.one.grants(v212, may("pis:bundle", body), annas)
	made := w.one.bundles(v212, tok.access, "pay", body).send().Is(http.StatusOK)
	got := w.one.getBundle(v212, tok.access, made.Text("bundleId"), true)
	if got.Text("bundleStatus") != "partiallyDone" || got.Text("payments", 0, "generalStatus") != "done" || got.Text("payments", 1, "generalStatus") != "rejected" ||
		!strings.Contains(got.Text("payments", 1, "detailedStatus"), "not enough money") || !strings.Contains(got.Text("bundleDetailedStatus"), "1 rejected") {
		t.Errorf("%s", got.Body)
	}
}

// cancels asks for the end of a payment or a bundle with a consent of its own.
func (p *tpp) cancels(v version, token string, pairs ...any) psd2test.Reply {
	p.w.T.Helper()
	return p.look(v, "cancelPayments", token, pairs...).send()
}

// left asserts what could not be cancelled.
func left(r psd2test.Reply, ids ...string) {
	r.T.Helper()
	list := r.Is(http.StatusOK).List("payments")
	if len(list) != len(ids) {
		r.T.Fatalf("%d payments are left in %s, want %v", len(list), r.Body, ids)
	}
	for i, id := range ids {
		if got := r.Text("payments", i, "paymentId"); got != id {
			r.T.Errorf("left is %s, want %s", got, id)
		}
	}
}

func TestCase72Cancelling(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			made, tok := w.one.makes(v, "domestic", annas, "one", elixir(v))
			id := made.Text("paymentId")
			other, _ := w.one.makes(v, "domestic", annas, "two", elixir(v))
			otherID := other.Text("paymentId")
			// Without a cancelling consent, and with one for another payment.
			w.one.cancels(v, tok.access, "paymentId", id).Fails(http.StatusForbidden, "insufficient_scope")
			foreign := w.one.grants(v, about("pis:cancelPayment", "paymentId", otherID), annas)
			w.one.cancels(v, foreign.access, "paymentId", id).Fails(http.StatusForbidden, "forbidden")
			cancel := w.one.grants(v, about("pis:cancelPayment", "paymentId", id), annas)
			w.one.cancels(v, cancel.access, "bundleId", id).Fails(http.StatusForbidden, "forbidden")
			w.one.look(v, "cancelRecurringPayment", cancel.access, "recurringPaymentId", id).send().Fails(http.StatusForbidden, "forbidden")
			faulty(w.one.cancels(v, cancel.access), "paymentId")
			faulty(w.one.cancels(v, cancel.access, "paymentId", id, "bundleId", "x"), "paymentId")

			if got := w.one.cancels(v, cancel.access, "paymentId", id).Is(http.StatusNoContent); got.Body != "" {
				t.Errorf("a body: %s", got.Body)
			}
			if got := w.one.look(v, "getPayment", cancel.access, "paymentId", id).send().Is(http.StatusOK); got.Text("generalStatus") != "cancelled" {
				t.Errorf("%s", got.Body)
			}
			if got := w.Account(annas); got.Held != pln(12_50) { // that of the other payment
				t.Errorf("held %s", got.Held)
			}
			// Twice, also by another consent: it is in the list of what was not.
			again := w.one.cancels(v, cancel.access, "paymentId", id)
			left(again, id)
			if again.Text("payments", 0, "generalStatus") != "cancelled" {
				t.Errorf("%s", again.Body)
			}
			once := w.one.grants(v, list{m{"pis:cancelPayment": m{"scopeUsageLimit": "single", "paymentId": id}}}, annas)
			left(w.one.cancels(v, once.access, "paymentId", id), id)

			// Executed: too late.
			w.Clock.Set(noon.Add(21 * time.Hour))
			w.settle()
			late := w.one.cancels(v, w.one.renewed(v, foreign).access, "paymentId", otherID)
			left(late, otherID)
			if late.Text("payments", 0, "generalStatus") != "done" {
				t.Errorf("%s", late.Body)
			}

			// Neither id, both ids, and ids of nobody or somebody else, at the consent.
			const at = "scope_details.privilegeList[0].pis:cancelPayment."
			faulty(w.one.asksFor(v, about("pis:cancelPayment")), at+"paymentId")
			faulty(w.one.asksFor(v, about("pis:cancelPayment", "paymentId", id, "bundleId", "x")), at+"paymentId")
			unknown := w.one.asksFor(v, about("pis:cancelPayment", "paymentId", psd2test.NewUUID(noon)))
			sameAnswer(t, unknown, w.other.asksFor(v, about("pis:cancelPayment", "paymentId", id)))
			sameAnswer(t, unknown, w.one.asksFor(v, about("pis:cancelPayment", "bundleId", id)))
			sameAnswer(t, unknown, w.one.asksFor(v, about("pis:cancelRecurringPayment", "recurringPaymentId", id)))
		})
	}
}

// Of a bundle what waits is cancelled, and what was done is listed.
func TestCase72CancellingBundles(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			k := kinds[0]
			whole := k.bundleOf("25.00", "w", elixir(v), with(elixir(v), "recipient.accountNumber", second))
			part := k.bundleOf("25.00", "p", domestic(v), elixir(v)) // the first is done at once
			for _, c := range []struct {
				id     string
				body   m
				left   int
				status string
			}{{"whole", whole, 0, "cancelled"}, {"part", part, 1, "partiallyDone"}} {
				tok := w.one.grants(v, may("pis:bundle", c.body), annas)
				made := w.one.bundles(v, tok.access, c.id, c.body).send().Is(http.StatusOK)
				id := made.Text("bundleId")
				cancel := w.one.grants(v, about("pis:cancelPayment", "bundleId", id), annas)
				w.one.cancels(v, cancel.access, "paymentId", made.Text("payments", 1, "paymentId")).Fails(http.StatusForbidden, "forbidden")
				if c.left == 0 {
					w.one.cancels(v, cancel.access, "bundleId", id).Is(http.StatusNoContent)
				} else {
					left(w.one.cancels(v, cancel.access, "bundleId", id), made.Text("payments", 0, "paymentId"))
				}
				left(w.one.cancels(v, cancel.access, "bundleId", id), made.Text("payments", 0, "paymentId"), made.Text("payments", 1, "paymentId"))
				if got := w.one.getBundle(v, cancel.access, id, true); got.Text("bundleStatus") != c.status || got.Text("payments", 1, "generalStatus") != "cancelled" {
					t.Errorf("%s", got.Body)
				}
			}
			if got := w.Account(annas); !got.Held.IsZero() || got.Booked != pln(987_50) {
				t.Errorf("held %s, booked %s", got.Held, got.Booked)
			}
		})
	}
}

// A standing order that was ended pays nothing more.
func TestCase72CancellingStandingOrders(t *testing.T) {
	w := newWorld(t)
	body := with(kinds[0].recurringOf(domestic(v212)), "recurrence.frequency.periodType", "day", "recurrence.startDate", "2026-12-01")
	tok := w.one.grants(v212, may("pis:recurring", body), annas)
	id := w.one.recurs(v212, tok.access, "rent", body).send().Is(http.StatusOK).Text("recurringPaymentId")
	w.one.look(v212, "cancelRecurringPayment", tok.access, "recurringPaymentId", id).send().Fails(http.StatusForbidden, "insufficient_scope")
	stop := w.one.grants(v212, about("pis:cancelRecurringPayment", "recurringPaymentId", id), annas)
	faulty(w.one.look(v212, "cancelRecurringPayment", stop.access).send(), "recurringPaymentId")
	w.one.cancels(v212, stop.access, "paymentId", id).Fails(http.StatusForbidden, "forbidden")
	w.one.look(v212, "cancelRecurringPayment", stop.access, "recurringPaymentId", id).send().Is(http.StatusOK)
	w.Clock.Set(noon.AddDate(0, 0, 30))
	w.settle()
	w.untouched()
}

// gate lets orders to cancel through when several have come, so that every caller
// has seen what there was before any of them cancels it.
type gate struct {
	psd2.Desk
	wait sync.WaitGroup
}

func (g *gate) Do(ctx context.Context, o payment.Order) (payment.Outcome, error) {
	if _, cancels := o.(*payment.Revoke); cancels {
		g.wait.Done()
		g.wait.Wait()
	}
	return g.Desk.Do(ctx, o)
}

// Of those who cancel a payment or a bundle at once one is told that it did.
func TestCase72OneCancels(t *testing.T) {
	const racers = 4
	g := &gate{}
	w := newWorld(t, func(s *settings) { g.Desk, s.core.Desk = s.core.Desk, g })
	made, _ := w.one.makes(v212, "domestic", annas, "one", elixir(v212))
	body := kinds[0].bundleOf("25.00", "b", elixir(v212), elixir(v212))
	all := w.one.bundles(v212, w.one.grants(v212, may("pis:bundle", body), annas).access, "all", body).send().Is(http.StatusOK)
	for _, by := range [][]any{{"paymentId", made.Text("paymentId")}, {"bundleId", all.Text("bundleId")}} {
		cancel := w.one.grants(v212, about("pis:cancelPayment", by...), annas)
		asks := make([]*ask, racers)
		for i := range asks {
			asks[i] = w.one.look(v212, "cancelPayments", cancel.access, by...)
		}
		g.wait.Add(racers)
		if got := together(asks); got[http.StatusNoContent] != 1 || got[http.StatusOK] != racers-1 {
			t.Errorf("by %v: the answers are %v", by, got)
		}
	}
	if held := w.Account(annas).Held; !held.IsZero() {
		t.Errorf("held %s", held)
	}
}

// Cancelling races with execution: exactly one of the two happens, and one of those
// who cancel has done it.
func TestCase72CancellingRaces(t *testing.T) {
	body := with(domestic(v212), "executionMode", "FutureDated", "transferData.executionDate", "2026-11-19")
	const racers = 6
	for _, before := range []time.Duration{time.Microsecond, 0} { // its time has come: cancelling is too late, whoever is first
		w := newWorld(t)
		made, _ := w.one.makes(v212, "domestic", annas, "race", body)
		due := w.one.transfer("race").Due
		w.Clock.Set(due.Add(-before - time.Minute))
		cancel := w.one.grants(v212, about("pis:cancelPayment", "paymentId", made.Text("paymentId")), annas).access
		w.Clock.Set(due.Add(-before))
		asks := make([]*ask, racers)
		for i := range asks {
			asks[i] = w.one.look(v212, "cancelPayments", cancel, "paymentId", made.Text("paymentId"))
		}
		id := w.one.submitted("race").Transfer
		var both sync.WaitGroup
		var ran error
		both.Go(func() { _, ran = w.Desk.Do(t.Context(), &payment.RunTransfer{Transfer: id}) })
		answers := together(asks)
		both.Wait()
		must(t, ran) // running what is not due is harmless
		status, won := w.one.transfer("race").Status, answers[http.StatusNoContent]
		if want := map[bool]int{true: 1, false: 0}[before > 0]; won != want || answers[http.StatusOK] != racers-want || (won == 1) != (status == transfer.Cancelled) {
			t.Errorf("%s before its time cancelling is answered %v, and the payment is %s", before, answers, status)
		}
		if want := map[bool]int64{true: 1_000_00, false: 987_50}[won == 1]; w.Account(annas).Booked != pln(want) {
			t.Errorf("booked %s", w.Account(annas).Booked)
		}
	}
}

func TestCase73StatusByWhomever(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			made, tok := w.one.makes(v, "domestic", annas, "mine", domestic(v))
			id := made.Text("paymentId")
			k := kinds[0]
			bundle, always := k.bundleOf("12.50", "b", domestic(v)), k.recurringOf(domestic(v))
			inBundle, inOrder := w.one.grants(v, may("pis:bundle", bundle), annas), w.one.grants(v, may("pis:recurring", always), annas)
			bundleID := w.one.bundles(v, inBundle.access, "all", bundle).send().Is(http.StatusOK).Text("bundleId")
			orderID := w.one.recurs(v, inOrder.access, "always", always).send().Is(http.StatusOK).Text("recurringPaymentId")
			theirs := w.other.mayPay(v, "pis:domestic", domestic(v)).access
			elsewhere := w.one.mayPay(v, "pis:domestic", domestic(v)).access
			unknown := w.one.look(v, "getPayment", tok.access, "paymentId", psd2test.NewUUID(noon)).send().Fails(http.StatusForbidden, "forbidden")
			// Another third party, another consent of the same one, another kind of thing:
			// as if there were nothing.
			for name, a := range map[string]*ask{
				"another third party":          w.other.look(v, "getPayment", theirs, "paymentId", id),
				"its id with another one":      w.other.look(v, "getPayment", theirs, "tppTransactionId", "mine"),
				"another consent":              w.one.look(v, "getPayment", elsewhere, "paymentId", id),
				"another consent, by its id":   w.one.look(v, "getPayment", elsewhere, "tppTransactionId", "mine"),
				"an id of nobody":              w.one.look(v, "getPayment", tok.access, "tppTransactionId", "yours"),
				"the bank's own form of ids":   w.one.look(v, "getPayment", tok.access, "paymentId", string(w.one.submitted("mine").Transfer)),
				"no id at all":                 w.one.look(v, "getPayment", tok.access, "paymentId", "!\n"),
				"a payment as a bundle":        w.one.look(v, "getBundle", tok.access, "bundleId", id, "transactionsIncluded", true),
				"its id as a bundle's":         w.one.look(v, "getBundle", tok.access, "tppBundleId", "mine", "transactionsIncluded", true),
				"a payment as a standing one":  w.one.look(v, "getRecurringPayment", tok.access, "recurringPaymentId", id),
				"a bundle as a payment":        w.one.look(v, "getPayment", inBundle.access, "paymentId", bundleID),
				"a bundle's id as a payment's": w.one.look(v, "getPayment", inBundle.access, "tppTransactionId", "all"),
				"a standing order's id":        w.one.look(v, "getPayment", inOrder.access, "tppTransactionId", "always"),
				"a standing order":             w.one.look(v, "getPayment", inOrder.access, "paymentId", orderID),
				"another's bundle":             w.other.look(v, "getBundle", theirs, "bundleId", bundleID, "transactionsIncluded", false),
				"another's standing order":     w.other.look(v, "getRecurringPayment", theirs, "recurringPaymentId", orderID),
			} {
				t.Run(name, func(t *testing.T) {
					w.T = t
					sameAnswer(t, unknown, a.send())
				})
			}
			w.T = t
			// A token for accounts looks at no payment; no id is a fault.
			w.one.look(v, "getPayment", w.one.lists(v, annas).access, "paymentId", id).send().Fails(http.StatusForbidden, "insufficient_scope")
			faulty(w.one.look(v, "getPayment", tok.access).send(), "paymentId")
			faulty(w.one.look(v, "getRecurringPayment", tok.access).send(), "recurringPaymentId")
			faulty(w.one.look(v, "getPayment", tok.access, "paymentId", id, "bundleId", id).send(), "bundleId")
			// A consent of its own to look, by either id; one for a single use is spent by
			// looking, and by looking at this alone.
			for _, by := range [][]any{{"paymentId", id}, {"tppTransactionId", "mine"}} {
				privilege := about("pis:getPayment", append(by, "scopeUsageLimit", "single")...)
				looks := w.one.grants(v, privilege, annas)
				if got := looks.reply.Text("scope_details", "privilegeList", 0, "pis:getPayment", "paymentId"); got != id {
					t.Errorf("the consent is %s", looks.reply.Body)
				}
				sameAnswer(t, unknown, w.one.look(v, "getPayment", looks.access, "tppTransactionId", "b-1").send())
				w.one.look(v, "getPayment", looks.access, by...).send().Is(http.StatusOK)
				w.one.look(v, "getPayment", looks.access, by...).send().Fails(http.StatusForbidden, "consent_used_up")
			}
			looks := w.one.grants(v, about("pis:getBundle", "tppBundleId", "all"), annas)
			w.one.getBundle(v, looks.access, bundleID, false)
			w.one.look(v, "getPayment", looks.access, "tppTransactionId", "b-1").send().Is(http.StatusOK)
			looks = w.one.grants(v, about("pis:getRecurringPayment", "recurringPaymentId", orderID), annas)
			w.one.look(v, "getRecurringPayment", looks.access, "tppRecurringPaymentId", "always").send().Is(http.StatusOK)
		})
	}
}

func TestCase73SeveralPayments(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			one, tok := w.one.paid(v, "one")
			two, second := w.one.paid(v, "two")
			theirs, foreign := w.other.paid(v, "theirs")
			entry := func(token string, pairs ...any) m { return with(m{"accessToken": token}, pairs...) }
			several := func(entries ...any) psd2test.Reply {
				return w.one.ask(v, "payments/getMultiplePayments", m{"payments": append(list{}, entries...)}).send()
			}
			shows := func(r psd2test.Reply, ids ...string) {
				t.Helper()
				left(r, ids...) // the same form
			}
			shows(several(entry(tok.access, "paymentId", one), entry(second.access, "tppTransactionId", "two")), one, two)
			// Whose token shows nothing is left out.
			bad := list{
				entry("nobody's", "paymentId", one), entry(tok.access, "paymentId", two), entry(foreign.access, "paymentId", one),
				entry(tok.access, "paymentId", theirs), entry(w.one.lists(v, annas).access, "paymentId", one), entry(tok.access, "tppTransactionId", "three"),
			}
			shows(several(append(bad, entry(second.access, "paymentId", two))...), two)
			for _, e := range bad {
				several(e).Fails(http.StatusForbidden, "forbidden")
			}
			several(bad...).Fails(http.StatusForbidden, "forbidden")
			faulty(several(), "payments")
			faulty(w.one.ask(v, "payments/getMultiplePayments", nil).send(), "payments")
			faulty(several(entry(tok.access)), "payments[0].paymentId")
			faulty(several(entry(tok.access, "paymentId", one), m{"paymentId": one}), "payments[1].accessToken")
			faulty(several(entry(tok.access, "paymentId", one, "bundleId", one)), "payments[0].bundleId")
			faulty(several("x"), "payments[0]")
			many := list{}
			for range 100 {
				many = append(many, entry(tok.access, "paymentId", one))
			}
			if n := len(several(many...).Is(http.StatusOK).List("payments")); n != 100 {
				t.Errorf("%d payments are shown", n)
			}
			faulty(several(append(many, many[0])...), "payments")
		})
	}
}

// TestCase74StatusMovesForward follows payments through every status, by the
// sandbox's table of scenarios.
func TestCase74StatusMovesForward(t *testing.T) {
	express := func(title string) m {
		return with(elixir(v212), "transferData.description", title, "deliveryMode", "ExpressD0", "system", "ExpressElixir")
	}
	later := with(elixir(v212), "executionMode", "FutureDated", "transferData.executionDate", "2026-11-20")
	rank := map[string]int{"submitted": 0, "pending": 1, "scheduled": 1, "done": 2, "rejected": 2, "cancelled": 2}
	for _, c := range []struct {
		name               string
		body               m
		first, last, words string
	}{
		{"settled", express("x"), "pending", "done", "was made on"},
		{"closed", express("scenario:closed"), "pending", "rejected", "AC04"},
		{"slow", express("scenario:slow"), "pending", "done", "was made on"},
		{"returned", express("scenario:returned"), "pending", "done", "came back"},
		{"inside the bank", domestic(v212), "done", "done", "was made on"},
		{"later", later, "scheduled", "done", "was made on"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			made, tok := w.one.makes(v212, "domestic", annas, "p", c.body)
			if made.Text("generalStatus") != c.first {
				t.Errorf("at first %s", made.Body)
			}
			last := made
			for range 12 {
				w.settle()
				w.Clock.Advance(12 * time.Hour)
				tok = w.one.renewed(v212, tok)
				now := w.one.look(v212, "getPayment", tok.access, "tppTransactionId", "p").send().Is(http.StatusOK)
				if rank[now.Text("generalStatus")] < rank[last.Text("generalStatus")] {
					t.Errorf("%s follows %s", now.Text("generalStatus"), last.Text("generalStatus"))
				}
				last = now
			}
			if last.Text("generalStatus") != c.last || !strings.Contains(last.Text("detailedStatus"), c.words) {
				t.Errorf("in the end %s", last.Body)
			}
		})
	}
}

func TestCase75PaymentsOfABundle(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			body := kinds[0].bundleOf("25.00", "p", domestic(v), elixir(v))
			tok := w.one.grants(v, may("pis:bundle", body), annas)
			id := w.one.bundles(v, tok.access, "pay", body).send().Is(http.StatusOK).Text("bundleId")
			for included, want := range map[bool]int{false: 0, true: 2} {
				got := w.one.getBundle(v, tok.access, id, included)
				if _, there := got.Object()["payments"]; there != included || len(got.List("payments")) != want || got.Text("bundleStatus") != "inProgress" {
					t.Errorf("%t: %s", included, got.Body)
				}
			}
			faulty(w.one.look(v, "getBundle", tok.access, "bundleId", id).send(), "transactionsIncluded")
			faulty(w.one.look(v, "getBundle", tok.access, "bundleId", id, "transactionsIncluded", nil).send(), "transactionsIncluded")
			faulty(w.one.look(v, "getBundle", tok.access, "bundleId", id, "transactionsIncluded", "true").send(), "transactionsIncluded")
			faulty(w.one.look(v, "getBundle", tok.access, "transactionsIncluded", true).send(), "bundleId")
		})
	}
}

package polishapi_test

import (
	"net/http"
	"testing"
	"time"

	"okienko/psd2/polishapi"
)

// TestEveryKindOfPayment makes a payment, a bundle and a standing order of each
// kind in every version, and looks at them by either id.
func TestEveryKindOfPayment(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			w.euros(1000_00)
			for _, k := range kinds {
				t.Run(k.name, func(t *testing.T) {
					w.T = t
					w.one.onePayment(t, v, k)
					w.one.oneBundle(t, v, k)
					w.one.oneStanding(t, v, k)
				})
			}
		})
	}
}

func (p *tpp) onePayment(t *testing.T, v polishapi.Version, k kind) {
	made, tok := p.makes(v, k.name, k.from, k.name, k.body(v))
	id := made.Text("paymentId")
	for _, by := range [][]any{{"paymentId", id}, {"tppTransactionId", k.name}} {
		got := p.look(v, "getPayment", tok.access, by...).send().Is(http.StatusOK)
		if got.Text("paymentId") != id || got.Text("tppTransactionId") != k.name || got.Text("generalStatus") != made.Text("generalStatus") ||
			got.Text("executionMode") != "Immediate" || got.Text("detailedStatus") == "" {
			t.Errorf("by %v: %s", by, got.Body)
		}
	}
}

func (p *tpp) oneBundle(t *testing.T, v polishapi.Version, k kind) {
	id := k.name + "-all"
	total := map[string]string{"domestic": "25.00"}[k.name]
	if total == "" {
		total = "20.00"
	}
	body := k.bundleOf(total, id, k.body(v), k.body(v))
	tok := p.grants(v, may("pis:bundle", body), k.from)
	made := p.bundles(v, tok.access, id, body).send().Is(http.StatusOK)
	if n := len(made.List("payments")); n != 2 || made.Text("bundleStatus") != "inProgress" {
		t.Errorf("the bundle is %s", made.Body)
	}
	for _, by := range [][]any{{"bundleId", made.Text("bundleId")}, {"tppBundleId", id}} {
		got := p.look(v, "getBundle", tok.access, append(by, "transactionsIncluded", true)...).send().Is(http.StatusOK)
		if got.Text("bundleId") != made.Text("bundleId") || got.Text("tppBundleId") != id || got.Text("payments", 1, "tppTransactionId") != id+"-2" {
			t.Errorf("by %v: %s", by, got.Body)
		}
	}
}

func (p *tpp) oneStanding(t *testing.T, v polishapi.Version, k kind) {
	id := k.name + "-always"
	body := k.recurringOf(k.body(v))
	tok := p.grants(v, may("pis:recurring", body), k.from)
	made := p.recurs(v, tok.access, id, body).send().Is(http.StatusOK)
	if made.Text("recurringPaymentStatus") != "submitted" || made.Text("recurrence", "startDate") != "2026-12-31" || made.Text("recurrence", "dayOffOffsetType") != "after" {
		t.Errorf("the standing order is %s", made.Body)
	}
	for _, by := range [][]any{{"recurringPaymentId", made.Text("recurringPaymentId")}, {"tppRecurringPaymentId", id}} {
		got := p.look(v, "getRecurringPayment", tok.access, by...).send().Is(http.StatusOK)
		if got.Text("recurringPaymentId") != made.Text("recurringPaymentId") || got.Text("tppRecurringPaymentId") != id || got.Text("recurringPaymentStatus") != "submitted" {
			t.Errorf("by %v: %s", by, got.Body)
		}
	}
	stop := p.grants(v, about("pis:cancelRecurringPayment", "recurringPaymentId", made.Text("recurringPaymentId")), k.from)
	for range 2 { // ending it twice is one answer
		got := p.look(v, "cancelRecurringPayment", stop.access, "recurringPaymentId", made.Text("recurringPaymentId")).send().Is(http.StatusOK)
		if got.Text("recurringPaymentStatus") != "cancelled" || got.Text("tppRecurringPaymentId") != id {
			t.Errorf("ended as %s", got.Body)
		}
	}
}

// A payment that was made through one version is the same payment in every other,
// and its tokens are good there.
func TestVersionsShareOneBank(t *testing.T) {
	w := newWorld(t)
	for _, from := range versions {
		id, tok := w.one.paid(from, "by-"+string(from))
		for _, to := range versions {
			got := w.one.look(to, "getPayment", tok.access, "tppTransactionId", "by-"+string(from)).send().Is(http.StatusOK)
			if got.Text("paymentId") != id || got.Text("generalStatus") != "done" {
				t.Errorf("%s by %s: %s", from, to, got.Body)
			}
			again := w.one.pays(to, "domestic", tok.access, "by-"+string(from), domestic(to)).send().Is(http.StatusOK)
			if again.Text("paymentId") != id {
				t.Errorf("%s by %s made another payment: %s", from, to, again.Body)
			}
			w.Clock.Advance(time.Minute)
			tok = w.one.renewed(to, tok)
		}
	}
	if got := w.Account(annas).Booked; got != pln(1_000_00-3*12_50) {
		t.Errorf("booked %s", got)
	}
}

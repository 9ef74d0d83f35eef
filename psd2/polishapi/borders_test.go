package polishapi_test

import (
	"net/http"
	"strings"
	"testing"

	"okienko/bank/thirdparty"
	"okienko/eidas"
	"okienko/eidas/trustservice"
	"okienko/psd2/psd2test"
)

// What lies between two calls, two forms or two versions, where each of them alone
// is right.

// A payment of a bundle is known by its own id too; a bundle under that id is
// another order, and not the payment that was made.
func TestABundleUnderThePaymentsOwnID(t *testing.T) {
	for _, v := range versions {
		w := newWorld(t)
		one := domestic(v)
		bundle := m{"transfersTotalAmount": "12.50", "typeOfTransfers": "domestic", "domesticTransfers": list{with(one, "tppTransactionId", "p-1")}}
		got := w.one.mayPay(v, "pis:bundle", bundle)
		pays := func(id string) psd2test.Reply {
			return w.one.ask(v, "payments/bundle", bundle).with(got.access).put("tppBundleId", id).send()
		}
		id := pays("b-1").Is(http.StatusOK).Text("bundleId")
		pays("p-1").Fails(http.StatusBadRequest, "payment_id_used")
		if again := pays("b-1").Is(http.StatusOK).Text("bundleId"); again != id {
			t.Errorf("%s: again %s, was %s", v, again, id)
		}
	}
}

// A look that the customer gave once stays one look, whatever a refresh asks for.
func TestASingleLookStaysOne(t *testing.T) {
	w := newWorld(t)
	id, _ := w.one.paid(v212, "mine")
	look := func(limit string) list {
		return list{m{"pis:getPayment": m{"scopeUsageLimit": limit, "paymentId": id}}}
	}
	refresh := func(of tokens, limit string) psd2test.Reply {
		return w.one.refresh(v212, of.refresh).put("scope", "pis", "scope_details", w.one.scopeDetails("pis", consentOf(of), look(limit))).send()
	}
	show := func(token string) psd2test.Reply {
		return w.one.ask(v212, "payments/getPayment", m{"paymentId": id}).with(token).send()
	}
	given := func() tokens { return w.one.consented(v212, "pis", look("single"), annaP, anna, annas) }

	refresh(given(), "multiple").Fails(http.StatusBadRequest, "invalid_scope")
	fresh := tokensOf(refresh(given(), "single"))
	show(fresh.access).Is(http.StatusOK)
	show(fresh.access).Fails(http.StatusForbidden, "consent_used_up")
	refresh(fresh, "single").Fails(http.StatusBadRequest, "invalid_scope")
}

// A refresh is of the very consent, and of accounts that it has (case 36).
func TestARefreshOfAnotherConsent(t *testing.T) {
	w := newWorld(t)
	narrow := func(another, number string) psd2test.Reply {
		got := w.one.reads(v212, 90, annas)
		privileges := list{m{"accountNumber": number, "ais:getAccount": m{"scopeUsageLimit": "multiple"}}}
		return w.one.refresh(v212, got.refresh).put("scope", "ais", "scope_details", w.one.scopeDetails("ais", another+consentOf(got), privileges)).send()
	}
	narrow("", numberOf(1)).Is(http.StatusOK)
	narrow("", mask(1)).Is(http.StatusOK)
	narrow("another", numberOf(1)).Fails(http.StatusBadRequest, "invalid_scope")
	narrow("", numberOf(2)).Fails(http.StatusBadRequest, "invalid_scope")
	narrow("", numberOf(4)).Fails(http.StatusBadRequest, "invalid_scope")
}

// An address that one third party asks for in vain is asked for by its owner all
// the same.
func TestNobodyBlocksAnothersSeal(t *testing.T) {
	w := newWorld(t)
	token := w.one.lists(v212, annas).access
	renewed := psd2test.Papers{QWAC: w.one.papers.QWAC, Seal: ca.Issue(oneOrg, eidas.QSealC, trustservice.Good)}
	spoils := w.other.ask(v212, "accounts/getAccounts", nil).with("x")
	spoils.protected.URL, spoils.protected.Thumbprint = renewed.Seal.X5U, eidas.Thumbprint(ca.NewPapers(otherOrg).Seal.Certificate)
	spoils.send().Fails(http.StatusUnauthorized, "signature_invalid")
	a := w.tpp(oneOrg, w.one.client, renewed).ask(v212, "accounts/getAccounts", nil).with(token).present()
	a.protected.URL = renewed.Seal.X5U
	a.send().Is(http.StatusOK)
}

// Instants as libraries in the field write them are read (psd2 §2.1).
func TestOffsetsInTheField(t *testing.T) {
	w := newWorld(t)
	got := w.one.lists(v212, annas)
	for _, sent := range []string{"2026-11-18T12:00:00.000+0100", "2026-11-18T12:00:00+01", "2026-11-18T11:00:00Z", "2026-11-18T12:00:00+01:00", "2026-11-18T12:00:00"} {
		a := w.one.ask(v212, "accounts/getAccounts", nil).with(got.access).present().say("sendDate", sent)
		if strings.HasSuffix(sent, "+0100") || strings.HasSuffix(sent, "+01") {
			a.operation = "" // the published file knows one way of writing an offset
		}
		a.send().Is(http.StatusOK)
	}
	w.one.ask(v212, "accounts/getAccounts", nil).with(got.access).say("sendDate", "yesterday").send().Fails(http.StatusBadRequest, "invalid_field")
}

// What was given in 3.0, with its longer ids, is shown in 2.1.1 as far as there is
// room for it.
func TestLongIDsInOlderVersions(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat("x", 128)
	bundle := m{"transfersTotalAmount": "12.50", "typeOfTransfers": "domestic", "domesticTransfers": list{with(domestic(v300), "tppTransactionId", "y"+long[1:])}}
	got := w.one.mayPay(v300, "pis:bundle", bundle)
	id := w.one.ask(v300, "payments/bundle", bundle).with(got.access).put("tppBundleId", long).send().Is(http.StatusOK).Text("bundleId")
	shown := w.one.ask(v211, "payments/getBundle", m{"bundleId": id, "transactionsIncluded": true}).with(got.access).send().Is(http.StatusOK)
	if shown.Text("tppBundleId") != long[:64] || len(shown.Text("payments", 0, "tppTransactionId")) != 64 {
		t.Error(shown.Body)
	}
}

// A third party that was blocked after it asked is told no more than that there is
// no consent.
func TestABlockedThirdPartyIsToldNothing(t *testing.T) {
	w := newWorld(t)
	w.mayBeCalled()
	w.one.external(v212, w.Code()).say("apiKey", "k").send().Is(http.StatusNoContent)
	w.Approves(w.Waiting()[0])
	w.Change(oneOrg, func(c *thirdparty.Client) { c.Status = thirdparty.Blocked })
	if _, told := w.tells(); told["code"] != nil || told["error"] != "access_denied" {
		t.Errorf("told %v", told)
	}
}

package polishapi_test

import (
	"net/http"
	"testing"
	"time"

	"okienko/bank/thirdparty"
	"okienko/edge"
	"okienko/eidas"
	"okienko/eidas/trustservice"
	"okienko/psd2/polishapi"
	"okienko/psd2/psd2test"
)

// The order of checks is fixed (psd2 §0.1): route, required headers, certificate,
// signature, replay, third party and client, token, scope with consent and
// account, body, throttle, work. In this form tppId and token stand in the body:
// that it is JSON with a requestHeader is asked once the request is proven to be
// new and its certificate's client may call. The request is wrong in every way at
// once and mended one by one; each mend brings the next refusal.
func TestOrderOfChecks(t *testing.T) {
	inVersions(t, func(t *testing.T, v polishapi.Version) {
		w := newWorld(t, func(s *settings) { s.core.Rules.Calls = edge.Rate{Burst: 30, Every: time.Hour} })
		bad := w.tpp(oneOrg, w.one.client, psd2test.Papers{QWAC: ca.Issue(oneOrg, eidas.QWAC, trustservice.Revoked), Seal: ca.PapersOf(oneOrg).Seal})
		w.Change(oneOrg, func(c *thirdparty.Client) { c.Status = thirdparty.Blocked })
		used := w.one.lister(v, "x")
		used.send().Fails(http.StatusForbidden, "third_party_blocked")

		a := bad.read(v, "getTransactionsDone", "nobody's", numberOf(4)).put("nothing", 1).say("requestId", psd2test.NewUUID(noon), "tppId", otherOrg)
		a.set("X-REQUEST-ID", used.header.Get("X-REQUEST-ID"), "Accept-Charset", "")
		good := a.text()
		a.raw = good + "}"
		a.signOver("something else")
		nowhere := *a
		nowhere.elsewhere(http.MethodPost, "/"+paths[v]+"/accounts/"+paths[v]+"/nothing").Fails(http.StatusNotFound, "not_found") // route
		a.send().Fails(http.StatusBadRequest, "header_missing")
		a.set("Accept-Charset", "utf-8").send().Fails(http.StatusUnauthorized, "certificate_invalid")
		a.http = w.one.http
		a.send().Fails(http.StatusUnauthorized, "signature_invalid")
		a.sign().send().Fails(http.StatusBadRequest, "request_repeated")
		again := func() *ask { // from here on the id of the request is good
			a.set("X-REQUEST-ID", psd2test.NewUUID(w.Wall.Now()))
			return a.sign()
		}
		again().send().Fails(http.StatusForbidden, "third_party_blocked")
		w.Change(oneOrg, func(c *thirdparty.Client) { c.Status = thirdparty.Active })
		w.List(map[string][]thirdparty.Role{oneOrg: {thirdparty.PaymentInitiation}})
		again().send().Fails(http.StatusBadRequest, "invalid_request") // not JSON
		a.raw = ""
		again().send().Fails(http.StatusBadRequest, "invalid_field") // requestHeader: the id of another request
		next := func() psd2test.Reply {
			return a.identified(psd2test.NewUUID(w.Wall.Now())).sign().send()
		}
		next().Fails(http.StatusUnauthorized, "third_party_unknown")
		a.say("tppId", oneOrg)
		next().Fails(http.StatusForbidden, "role_missing")
		w.List(psd2test.EveryRole())
		next().Fails(http.StatusUnauthorized, "invalid_token")
		list, info := w.one.lists(v, annas), w.one.reads(v, 90, annas)
		a.set("Authorization", "Bearer "+list.access)
		next().Fails(http.StatusUnauthorized, "invalid_token") // the body has another
		a.with(list.access)
		next().Fails(http.StatusForbidden, "insufficient_scope")
		a.with(info.access)
		next().Fails(http.StatusBadRequest, "invalid_field")
		a.put("nothing", nil)
		next().Fails(http.StatusForbidden, "forbidden") // the account is Bob's
		a.put("accountNumber", numberOf(1))
		for next().Status == http.StatusOK {
		}
		if r := next().Fails(http.StatusTooManyRequests, "too_many_requests"); r.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		// The body of a call is read before the throttle speaks.
		a.put("nothing", 1)
		next().Fails(http.StatusBadRequest, "invalid_field")
	})
}

// An operation that declares no 429 says 503, and when to come again.
func TestThrottledConsent(t *testing.T) {
	w := newWorld(t, func(s *settings) { s.core.Rules.Calls = edge.Rate{Burst: 1, Every: time.Hour} })
	w.one.asksInfo(v212).send().Is(http.StatusOK)
	for _, a := range []*ask{w.one.asksInfo(v212), w.one.refresh(v212, "x")} {
		if r := a.send().Fails(http.StatusServiceUnavailable, "too_many_requests"); r.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
}

// What is refused before the replay is looked at uses up no request id: a
// stranger who saw one could otherwise spoil the honest call.
func TestOnlyProvenCallersUseUpRequestIDs(t *testing.T) {
	w := newWorld(t)
	honest := w.one.lister(v212, w.one.lists(v212, annas).access).sign()
	spoiler := *honest
	spoiler.signed = honest.signed[:len(honest.signed)-4] + "AAAA"
	spoiler.send().Fails(http.StatusUnauthorized, "signature_invalid")
	honest.send().Is(http.StatusOK)
}

package mbank_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"okienko/bank/thirdparty"
	"okienko/edge"
	"okienko/eidas"
	"okienko/eidas/trustservice"
	"okienko/psd2/psd2test"
)

// The order of checks is fixed (psd2 §0.1): route, required headers, certificate,
// signature, replay, third party and client, token, scope with consent and
// account, body, throttle, work. The request is wrong in every way at once and
// mended one by one; each mend brings the next refusal.
func TestOrderOfChecks(t *testing.T) {
	w := newWorld(t, func(s *settings) { s.core.Rules.Calls = edge.Rate{Burst: 30, Every: time.Hour} })
	bad := w.tpp(oneOrg, w.one.client, psd2test.Papers{QWAC: ca.Issue(oneOrg, eidas.QWAC, trustservice.Revoked), Seal: ca.PapersOf(oneOrg).Seal})
	w.Change(oneOrg, func(c *thirdparty.Client) { c.Status = thirdparty.Blocked })

	used := w.one.ask("GET", "/accounts", "").with("x")
	used.send().fails(http.StatusForbidden, "ThirdPartyBlockedError")
	a := bad.ask("GET", "/nowhere", "").with("nobody's").set("TPP-Request-ID", used.header.Get("TPP-Request-ID"), "Accept", "").signOver("something else")
	a.send().fails(http.StatusNotFound, "ResourceNotFoundError") // route

	target := path + "/accounts/nobody/transactions?nothing=1"
	a.target = target
	a.send().fails(http.StatusBadRequest, "HeaderMissingError")
	a.set("Accept", "application/json").send().fails(http.StatusUnauthorized, "CertificateError")
	a.http = w.one.http
	a.send().fails(http.StatusUnauthorized, "SignatureError")
	a.sign().send().fails(http.StatusBadRequest, "RequestRepeatedError")
	again := func() *ask { // from here on the id of the request is good
		a.set("TPP-Request-ID", newUUID(w.Wall.Now()))
		return a.sign()
	}
	again().send().fails(http.StatusForbidden, "ThirdPartyBlockedError")
	w.Change(oneOrg, func(c *thirdparty.Client) { c.Status = thirdparty.Active })
	w.List(map[string][]thirdparty.Role{oneOrg: {thirdparty.PaymentInitiation}})
	again().send().fails(http.StatusForbidden, "RoleMissingError")
	w.List(everyRole())
	again().send().fails(http.StatusUnauthorized, "invalid_token")
	list, info := w.one.lists(newUUID(noon), annas), w.one.reads(`[{"ais:accountDetails":{}}]`, annas)
	a.with(list.access)
	again().send().fails(http.StatusForbidden, "insufficient_scope")
	a.with(info.access)
	again().send().fails(http.StatusNotFound, "ResourceNotFoundError") // the account
	a.target = fmt.Sprintf("%s/accounts/%s/transactions?nothing=1", path, info.refs[0])
	again().send().fails(http.StatusBadRequest, "BodyDeserializationError")
	a.target = fmt.Sprintf("%s/accounts/%s", path, info.refs[0])
	for again().send().status == http.StatusOK {
		a.present()
	}
	throttled := again().send().fails(http.StatusTooManyRequests, "TooManyRequestsError")
	if throttled.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	// The body of a call is read before the throttle speaks.
	a.target += "?nothing=1"
	again().send().fails(http.StatusBadRequest, "BodyDeserializationError")
}

// What is refused before the replay is looked at uses up no request id: a
// stranger who saw one could otherwise spoil the honest call.
func TestOnlyProvenCallersUseUpRequestIDs(t *testing.T) {
	w := newWorld(t)
	token := w.one.lists(newUUID(noon), annas).access
	honest := w.one.ask("GET", "/accounts", "").with(token).sign()
	spoiler := *honest
	spoiler.signed = honest.signed[:len(honest.signed)-4] + "AAAA"
	spoiler.send().fails(http.StatusUnauthorized, "SignatureError")
	honest.send().is(http.StatusOK)
}

package mbank_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/party"
	"okienko/bank/sca"
	"okienko/bank/thirdparty"
)

// psd2 §10: authorize.

// fresh is a consent id that nobody has used.
func (w *world) fresh() string { return newUUID(w.Wall.Now()) }

// info is a good body for reading accounts, changed by pairs of old and new.
func (p *tpp) info(changes ...string) string {
	body := p.authorizeBody("ais", p.w.fresh(), infoPrivilege(90))
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(body, changes[i]) {
			p.w.T.Fatalf("nothing to change: %s", changes[i])
		}
		body = strings.Replace(body, changes[i], changes[i+1], 1)
	}
	return body
}

func (p *tpp) refused(body, code string) reply {
	p.w.T.Helper()
	r := p.authorize(body).send().fails(http.StatusBadRequest, code)
	if to := r.header.Get("Location"); to != "" {
		p.w.T.Errorf("redirects to %s", to)
	}
	return r
}

func TestCase22Scopes(t *testing.T) {
	w := newWorld(t)
	w.one.authorize(w.one.info()).send().is(http.StatusOK)
	w.one.refused(w.one.info(`"scope":"ais"`, `"scope":"ais pis"`), "invalid_scope")
	w.one.refused(w.one.info(`"scope":"ais"`, `"scope":"caf"`), "invalid_scope")
	w.one.refused(w.one.info(`"scope":"ais"`, `"scope":"AIS"`), "invalid_scope")
	w.one.refused(w.one.info(`"scopeGroupType":"AIS"`, `"scopeGroupType":"AIS_ACCOUNTS"`), "FieldValidationError")
	w.one.refused(w.one.info(`"scope":"ais"`, `"scope":"ais-accounts"`), "FieldValidationError")
}

// onePayment is a good payment in mBank's form, to somebody outside the bank.
const onePayment = `{"recipient":{"accountNumber":"88342437927928550883469351","name":"Jan Kowalski"},"sender":{},
	"transferData":{"description":"Transfer","amount":"0.01","currency":"PLN"},"deliveryMode":"STANDARD_D1"}`

func onePrivilege(payment string) string {
	return `[{"pis:domestic":{"scopeUsageLimit":"SINGLE","domesticPaymentRequest":` + payment + `}}]`
}

func TestCase23Privileges(t *testing.T) {
	w := newWorld(t)
	w.one.refused(w.one.authorizeBody("ais", w.fresh(), `[{"pis:domestic":{"domesticPaymentRequest":`+onePayment+`}}]`), "FieldValidationError")
	w.one.refused(w.one.authorizeBody("ais", w.fresh(), listPrivilege), "FieldValidationError")
	w.one.refused(w.one.authorizeBody("ais", w.fresh(), `[]`), "FieldValidationError")
	w.one.refused(w.one.authorizeBody("ais", w.fresh(), `[{}]`), "FieldValidationError")
	w.one.refused(w.one.authorizeBody("pis", w.fresh(), infoPrivilege(1)), "FieldValidationError")
	two := strings.TrimSuffix(onePrivilege(onePayment), "]") + `,` + strings.TrimPrefix(onePrivilege(onePayment), "[")
	w.one.refused(w.one.authorizeBody("pis", w.fresh(), two), "FieldValidationError")
	w.one.refused(w.one.authorizeBody("ais", w.fresh(), `[{"ais:accountDetails":{}},{"ais:accountDetails":{}}]`), "FieldValidationError")
	w.one.authorize(w.one.authorizeBody("pis", w.fresh(), onePrivilege(onePayment))).send().is(http.StatusOK)
	// All accounts of a consent have the same rights: what would widen one is refused.
	w.one.refused(w.one.authorizeBody("ais", w.fresh(), fmt.Sprintf(`[{"accountNumber":%q,"ais:accountDetails":{}},{"accountNumber":%q,"ais:transactionDetails":{}}]`,
		numberOf(1), numberOf(2))), "FieldValidationError")
	w.one.authorize(w.one.authorizeBody("ais", w.fresh(), fmt.Sprintf(`[{"accountNumber":%q,"ais:accountDetails":{}},{"accountNumber":%q,"ais:accountDetails":{}}]`,
		numberOf(1), numberOf(2)))).send().is(http.StatusOK)
}

func TestCase24History(t *testing.T) {
	w := newWorld(t)
	for _, days := range []string{"0", "1461", `"90"`, "-1", "1.5", "1e2", "null"} {
		w.one.refused(w.one.info(`"maxAllowedHistoryLong":90`, `"maxAllowedHistoryLong":`+days), "FieldValidationError")
	}
	w.one.refused(w.one.info(`"maxAllowedHistoryLong":90,`, ""), "FieldValidationError")
	for _, days := range []string{"1", "1460"} {
		w.one.authorize(w.one.info(`"maxAllowedHistoryLong":90`, `"maxAllowedHistoryLong":`+days)).send().is(http.StatusOK)
	}
	for _, statuses := range []string{"[]", `["DONE","DONE"]`, `["done"]`, `["BOOKED"]`, `"DONE"`, "[1]"} {
		w.one.refused(w.one.info(allStatuses, statuses), "FieldValidationError")
	}
	w.one.refused(w.one.info(`,"transactionStatus":`+allStatuses, ""), "FieldValidationError")
}

func TestCase25TimeLimit(t *testing.T) {
	w := newWorld(t)
	until := func(limit string) string {
		body := w.one.info()
		at := strings.Index(body, `"scopeTimeLimit":"`) + len(`"scopeTimeLimit":"`)
		return body[:at] + limit + body[at+strings.IndexByte(body[at:], '"'):]
	}
	for _, limit := range []string{
		noon.Add(-time.Second).Format(time.RFC3339), noon.AddDate(0, 0, 181).Format(time.RFC3339), "tomorrow", "2026-12-01", "2026-13-01T00:00:00Z", "1767225600",
	} {
		w.one.refused(until(limit), "FieldValidationError")
	}
	// The same instant, written in four ways.
	for _, limit := range []string{"2026-12-01T11:00:00Z", "2026-12-01T11:00:00.000Z", "2026-12-01T13:00:00+02:00", "2026-12-01T12:00:00"} {
		id := w.one.asks(until(limit))
		r := w.one.redeem(w.Gives(id, annaP, anna, annas)).is(http.StatusOK)
		if got := r.text("scope_details", "scopeTimeLimit"); got != "2026-12-01T12:00:00.000+01:00" {
			t.Errorf("%s became %s", limit, got)
		}
	}
	w.one.authorize(until(noon.AddDate(0, 0, 180).Format(time.RFC3339))).send().is(http.StatusOK)
}

func TestCase26Throttling(t *testing.T) {
	w := newWorld(t)
	for _, policy := range []string{"psd2Regulatory", "NONE", ""} {
		w.one.refused(w.one.info(`"PSD2_REGULATORY"`, `"`+policy+`"`), "FieldValidationError")
	}
	w.one.refused(w.one.info(`"scopeGroupType":"AIS"`, `"scopeGroupType":"ais"`), "FieldValidationError")
}

func TestCase27ConsentID(t *testing.T) {
	w := newWorld(t)
	body := w.one.authorizeBody("ais-accounts", "the-same", listPrivilege)
	w.one.authorize(body).send().is(http.StatusOK)
	w.one.refused(body, "ConsentIdUsedError")
	w.other.authorize(w.other.authorizeBody("ais-accounts", "the-same", listPrivilege)).send().is(http.StatusOK)
}

func TestCase28WayBack(t *testing.T) {
	w := newWorld(t)
	for _, uri := range []string{
		"https://tpp.example/back", "https://tpp.example/back?x=1/", "https://TPP.example/back?x=1", "https://tpp.example:443/back?x=1",
		goBack + "#there", "https://evil.example/back?x=1", "javascript:alert(1)",
	} {
		w.one.refused(w.one.info(goBack, uri), "invalid_request")
	}
	w.one.refused(w.one.info(`"state":"st&te=1",`, ""), "FieldValidationError")
	w.one.refused(w.one.info(`"state":"st&te=1"`, `"state":""`), "FieldValidationError")
	odd := strings.Repeat("ż", 1000) + ` "&=+%20/?#\`
	id := w.one.asks(w.one.info(`"st&te=1"`, stringify(odd)))
	to, err := w.Auth.RefuseConsent(t.Context(), id, "")
	must(t, err)
	u, err := url.Parse(to)
	must(t, err)
	if got := u.Query().Get("state"); got != odd {
		t.Errorf("state %q came back as %q", odd, got)
	}
	if u.Query().Get("x") != "1" || u.Fragment != "" || !strings.HasPrefix(to, goBack) {
		t.Errorf("the way back is %s", to)
	}
}

func TestCase29ResponseType(t *testing.T) {
	w := newWorld(t)
	w.one.refused(w.one.info(`"response_type":"code"`, `"response_type":"token"`), "unsupported_response_type")
}

func TestCase30CustomerSaysNo(t *testing.T) {
	w := newWorld(t)
	consentID := w.fresh()
	id := w.one.asks(w.one.authorizeBody("ais", consentID, infoPrivilege(1)))
	to, err := w.Auth.RefuseConsent(t.Context(), id, annaP)
	must(t, err)
	w.denied(to)
	w.one.ask("DELETE", "/consents/"+consentID, "").set("Client-ID", w.one.client).send().fails(http.StatusNotFound, "ResourceNotFoundError")
	// The link serves once.
	if _, err := w.Auth.PendingConsent(t.Context(), id); bank.CodeOf(err) != bank.RequestEnded {
		t.Errorf("the link used twice: %v", err)
	}
	// Who leaves the page alone has said no when the link ends.
	left := w.one.asks(w.one.info())
	w.Clock.Advance(16 * time.Minute)
	if _, err := w.Auth.PendingConsent(t.Context(), left); bank.CodeOf(err) != bank.RequestEnded {
		t.Errorf("an abandoned link: %v", err)
	}
}

// denied asserts the way back of a customer who did not consent, and that it
// tells nothing beyond that.
func (w *world) denied(to string) {
	w.T.Helper()
	u, err := url.Parse(to)
	must(w.T, err)
	q := u.Query()
	if q.Get("error") != "access_denied" || q.Get("state") != "st&te=1" || q.Has("code") || q.Has("error_description") {
		w.T.Errorf("the way back is %s", to)
	}
}

func TestCase31NoAccountFits(t *testing.T) {
	w := newWorld(t)
	id := w.one.asks(w.one.authorizeBody("ais", w.fresh(), fmt.Sprintf(`[{"accountNumber":%q,"ais:accountDetails":{}}]`, numberOf(1))))
	p, err := w.Auth.PendingConsent(t.Context(), id)
	must(t, err)
	fit, err := w.Auth.ConsentAccounts(t.Context(), p, bobP, bob)
	must(t, err)
	if len(fit) != 0 {
		t.Errorf("Bob may choose %d accounts of Anna's", len(fit))
	}
	to, err := w.Auth.RefuseConsent(t.Context(), id, bobP)
	must(t, err)
	w.denied(to)
}

func TestCase32LockedFactor(t *testing.T) {
	w := newWorld(t)
	id := w.one.asks(w.one.info())
	_, err := w.Auth.ChooseForConsent(t.Context(), id, choice(annas))
	must(t, err)
	subject, err := w.Auth.ConsentSubject(t.Context(), id, party.Polish)
	must(t, err)
	challenge, err := w.Auth.Challenge(t.Context(), annaP, sca.SMS, subject)
	must(t, err)
	for range 6 {
		if _, err := w.Auth.Answer(t.Context(), annaP, challenge.ID, "no code"); err == nil {
			t.Fatal("a wrong code passed")
		}
	}
	if _, err := w.Auth.GiveConsent(t.Context(), id, annaP, challenge.ID); err == nil {
		t.Error("given without a confirmation")
	}
	to, err := w.Auth.RefuseConsent(t.Context(), id, annaP)
	must(t, err)
	w.denied(to)
}

func TestCase33ForeignSender(t *testing.T) {
	w := newWorld(t)
	payment := strings.Replace(onePayment, `"sender":{}`, fmt.Sprintf(`"sender":{"accountNumber":%q}`, numberOf(1)), 1)
	id := w.one.asks(w.one.authorizeBody("pis", w.fresh(), onePrivilege(payment)))
	p, err := w.Auth.PendingConsent(t.Context(), id)
	must(t, err)
	fit, err := w.Auth.ConsentAccounts(t.Context(), p, bobP, bob)
	must(t, err)
	if len(fit) != 0 {
		t.Error("Bob may pay from Anna's account")
	}
	if _, err := w.Auth.ChooseForConsent(t.Context(), id, authserver.ConsentChoice{Person: bobP, Customer: bob, Accounts: choice(annas).Accounts}); err == nil {
		t.Error("Bob chose Anna's account")
	}
	to, err := w.Auth.RefuseConsent(t.Context(), id, bobP)
	must(t, err)
	w.denied(to)
}

func TestAuthorizeOddities(t *testing.T) {
	w := newWorld(t)
	w.one.refused(w.one.info(`"response_type"`, `"respons_type"`), "FieldValidationError")
	w.one.refused(w.one.info(`"state"`, `"nonce":"1","state"`), "FieldValidationError")
	w.one.ask("POST", "/auth/authorize?x=1", w.one.info()).set("PSU-User-Agent", "M", "PSU-IP-Address", "193.41.230.87", "PSU-IP-Port", "23456").
		send().fails(http.StatusBadRequest, "BodyDeserializationError")
	w.one.authorize(w.one.info()).set("PSU-IP-Address", "home").send().fails(http.StatusBadRequest, "FieldValidationError")
	w.one.authorize(w.one.info()).set("PSU-IP-Port", "99999").send().fails(http.StatusBadRequest, "FieldValidationError")
	w.one.authorize(w.one.info()).set("PSU-IP-Address", "2001:db8::1").send().is(http.StatusOK)
	w.Change(oneOrg, func(c *thirdparty.Client) { c.RedirectURIs = append(c.RedirectURIs, "com.tpp.app:/back") })
	w.one.authorize(w.one.info(goBack, "com.tpp.app:/back")).send().is(http.StatusOK)
}

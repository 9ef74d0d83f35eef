package phone_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/consent"
	"okienko/bank/ledger"
	"okienko/bank/money"
	"okienko/bank/notice"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
	"okienko/edge"
	"okienko/web/phone"
	"okienko/web/ui"
)

var now = time.Date(2026, 11, 21, 11, 0, 0, 0, time.UTC)

// world is a phone of Jan's and what his approvals are about.
type world struct {
	waiting, answered []sca.Challenge
	refusal           error
	decided           map[sca.ID]bool
	codes             int // that were drawn
	noCodes           bool

	at    time.Time
	speed int
}

func (w *world) Owners() []party.Person {
	return []party.Person{{ID: "p1", FirstName: "Jan", LastName: "Nowak", Login: "jan", Phone: "+48999100002"}}
}

func (w *world) Messages(login string) ([]notice.Message, error) {
	if login != "jan" {
		return nil, bank.Refuse(bank.NotFound, "Nobody with this login has a made-up phone.")
	}
	return []notice.Message{{ID: "m1", Text: "Kod: 123456. <b>", CreatedAt: now}}, nil
}

func (w *world) Approvals(context.Context, string) (waiting, answered []sca.Challenge, err error) {
	return w.waiting, w.answered, nil
}

func (w *world) Answer(_ context.Context, _ string, id sca.ID, approve bool) (sca.Challenge, error) {
	w.decided[id] = approve
	return sca.Challenge{ID: id, Status: sca.Passed}, w.refusal
}

func (w *world) HasCodes(string) bool { return !w.noCodes }

func (w *world) NewCode(_ context.Context, login string) (string, time.Time, error) {
	if login != "jan" {
		return "", time.Time{}, bank.Refuse(bank.NotFound, "Nobody with this login has a made-up phone.")
	}
	if w.refusal != nil {
		return "", time.Time{}, w.refusal
	}
	w.codes++
	code, until := w.Code(login, w.at)
	return code, until, nil
}

func (w *world) Code(string, time.Time) (string, time.Time) {
	if w.codes == 0 {
		return "", time.Time{}
	}
	return fmt.Sprintf("0481516%d", w.codes), now.Add(2 * time.Minute)
}

func (w *world) Routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /phone/{login}/messages", func(rw http.ResponseWriter, _ *http.Request) { rw.Write([]byte("json")) })
}

func (w *world) ServeHTTP(rw http.ResponseWriter, _ *http.Request) { rw.Write([]byte("json")) }
func (w *world) Now() time.Time                                    { return w.at }
func (w *world) Speed() int                                        { return w.speed }
func (w *world) Freeze() error                                     { w.speed = 0; return nil }
func (w *world) Run(speed int) error                               { w.speed = speed; return nil }
func (w *world) Jump(d time.Duration) error                        { return w.Set(w.at.Add(d)) }
func (w *world) Set(t time.Time) error {
	if t.Before(w.at) {
		return bank.RefuseField("set", "Bank time never goes back.")
	}
	w.at = t
	return nil
}

func (w *world) Authorisation(_ context.Context, id payment.AuthorisationID) (payment.Authorisation, error) {
	return payment.Authorisation{ID: id, Application: "kawomat", Amount: money.New(250_00, money.PLN), Payee: ledger.Party{Name: "Kawomat sp. z o.o.", Number: "61000000130000071219812874"},
		Draft: payment.Draft{Kind: payment.PlaceHold, Title: "Kawa dla biura"}}, nil
}

func (w *world) Application(_ context.Context, id partner.ClientID) (partner.Application, error) {
	return partner.Application{ID: id, Name: "Kawomat"}, nil
}

func (w *world) Agreement(_ context.Context, id consent.ID) (consent.Agreement, error) {
	return consent.Agreement{ID: id, Application: "kawomat"}, nil
}

func (w *world) Request(context.Context, authserver.RequestID) (authserver.Request, error) {
	return authserver.Request{}, bank.Refuse(bank.NotFound, "There is no such request.")
}

func site(t *testing.T, w *world) http.Handler {
	t.Helper()
	if w.decided = map[sca.ID]bool{}; w.at.IsZero() {
		w.at, w.speed = now, 1
	}
	pages, err := ui.New()
	if err != nil {
		t.Fatal(err)
	}
	d, err := phone.New(phone.Config{Pages: pages, Phones: w, Clock: w, Operations: w, Applications: w, Agreements: w, Requests: w})
	if err != nil {
		t.Fatal(err)
	}
	return edge.Mount(d)
}

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "https://localhost:8445"+path, nil)
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Accept-Language", "en")
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}

func post(h http.Handler, path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "https://localhost:8445"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept-Language", "en")
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}

func holds(t *testing.T, rec *httptest.ResponseRecorder, status int, parts ...string) {
	t.Helper()
	body := rec.Body.String()
	if rec.Code != status {
		t.Errorf("%d, want %d", rec.Code, status)
	}
	for _, p := range parts {
		if !strings.Contains(body, p) {
			t.Errorf("the page lacks %q:\n%s", p, body)
		}
	}
}

func TestPhoneShowsMessagesAndApprovals(t *testing.T) {
	h := site(t, &world{
		waiting: []sca.Challenge{
			{ID: "c1", Status: sca.Pending, CreatedAt: now, ExpiresAt: now.Add(sca.Life), Subject: sca.Subject{Purpose: sca.ForOperation, ID: "a1"}},
			{ID: "c2", Status: sca.Pending, CreatedAt: now, ExpiresAt: now.Add(sca.Life), Subject: sca.Subject{Purpose: sca.ForPairing, ID: "r1"}},
		},
		answered: []sca.Challenge{{ID: "c0", Status: sca.Refused, CreatedAt: now, Subject: sca.Subject{Purpose: sca.ForLimits, ID: "g1"}}},
	})
	page := get(h, "/phone/jan")
	holds(t, page, 200, "Kod: 123456. &lt;b&gt;", "48 999 100 002", "Kawa dla biura", "250.00", "Kawomat sp. z o.o.", `action="/phone/jan/approvals/c1"`, `action="/phone/jan/approvals/c2"`, "refused")
	if strings.Contains(page.Body.String(), "/approvals/c0") {
		t.Error("what was answered can be answered again")
	}
	if page.Header().Get("Content-Security-Policy") == "" || page.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", page.Header())
	}
	holds(t, get(h, "/phone"), 200, `<option value="jan"`)
	holds(t, get(h, "/phone/nobody"), 404)
	if to := get(h, "/phone?customer=jan"); to.Code != 303 || to.Header().Get("Location") != "/phone/jan" {
		t.Errorf("%d to %s", to.Code, to.Header().Get("Location"))
	}
	holds(t, get(h, "/phone/jan/messages"), 200, "json")
}

func TestApproveAndRefuse(t *testing.T) {
	w := &world{}
	h := site(t, w)
	for decision, want := range map[string]bool{"approve": true, "refuse": false} {
		rec := post(h, "/phone/jan/approvals/"+decision, url.Values{"decision": {decision}})
		if got, ok := w.decided[sca.ID(decision)]; rec.Code != 303 || !ok || got != want {
			t.Errorf("%s: %d, decided %v %v", decision, rec.Code, ok, got)
		}
		holds(t, get(h, rec.Header().Get("Location")), 200)
	}
	if rec := post(h, "/phone/jan/approvals/c9", url.Values{"decision": {"maybe"}}); rec.Code != 400 || len(w.decided) != 2 {
		t.Errorf("%d, decided %v", rec.Code, w.decided)
	}
	w.refusal = bank.Refuse(bank.InsufficientFunds, "There is not enough money available on the account.")
	if rec := post(h, "/phone/jan/approvals/c3", url.Values{"decision": {"approve"}}); rec.Code != 409 || !strings.Contains(rec.Body.String(), "/phone/jan") {
		t.Errorf("approved without money: %d", rec.Code)
	}
	r := httptest.NewRequest("POST", "https://localhost:8445/phone/jan/approvals/c4", strings.NewReader("decision=approve"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	if _, decided := w.decided["c4"]; rec.Code != 403 || decided {
		t.Errorf("another site approved: %d", rec.Code)
	}
}

func TestPhoneDrawsCodes(t *testing.T) {
	w := &world{}
	h := site(t, w)
	page := get(h, "/phone/jan")
	holds(t, page, 200, `action="/phone/jan/code"`)
	if strings.Contains(page.Body.String(), "external-code") {
		t.Error("a code is shown before one was drawn")
	}
	for _, code := range []string{"04815161", "04815162"} {
		rec := post(h, "/phone/jan/code", url.Values{})
		if rec.Code != 303 || rec.Header().Get("Location") != "/phone/jan#provider-code" {
			t.Errorf("%d to %s", rec.Code, rec.Header().Get("Location"))
		}
		holds(t, get(h, "/phone/jan"), 200, code, "12:02") // also after the page was loaded again
	}
	holds(t, post(h, "/phone/nobody/code", url.Values{}), 404)
	w.refusal = bank.Refuse(bank.FactorMissing, "No.")
	holds(t, post(h, "/phone/jan/code", url.Values{}), 409)
	w.noCodes = true
	if page := get(h, "/phone/jan"); strings.Contains(page.Body.String(), "/phone/jan/code") {
		t.Error("a phone without the application draws codes")
	}
}

func TestClockForPeopleAndPrograms(t *testing.T) {
	w := &world{}
	h := site(t, w)
	holds(t, get(h, "/clock"), 200, "12:00", `name="at"`)
	r := httptest.NewRequest("GET", "https://localhost:8445/clock", nil)
	r.Header.Set("Accept", "*/*")
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	holds(t, rec, 200, "json")

	for _, step := range []struct {
		form  url.Values
		at    time.Time
		speed int
	}{
		{url.Values{"do": {"freeze"}}, now, 0},
		{url.Values{"do": {"jump"}, "step": {"24h0m0s"}}, now.Add(24 * time.Hour), 0},
		{url.Values{"do": {"set"}, "at": {"2026-12-24T18:00"}}, time.Date(2026, 12, 24, 17, 0, 0, 0, time.UTC), 0},
		{url.Values{"do": {"run"}}, time.Date(2026, 12, 24, 17, 0, 0, 0, time.UTC), 1},
	} {
		if rec := post(h, "/clock", step.form); rec.Code != 303 || !w.at.Equal(step.at) || w.speed != step.speed {
			t.Errorf("%v: %d, it is %v at speed %d", step.form, rec.Code, w.at, w.speed)
		}
	}
	for _, wrong := range []string{"2020-01-01T00:00", "yesterday"} {
		holds(t, post(h, "/clock", url.Values{"do": {"set"}, "at": {wrong}}), 422, `value="`+wrong+`"`)
	}
	holds(t, post(h, "/clock", url.Values{"do": {"stop"}}), 400)
}

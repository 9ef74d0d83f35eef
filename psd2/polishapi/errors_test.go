package polishapi_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/payment"
	"okienko/bank/service"
	"okienko/bank/thirdparty"
	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/polishapi"
	"okienko/psd2/psd2test"
	"okienko/psd2/wire"
)

func TestEveryRefusalHasAForm(t *testing.T) {
	known := polishapi.KnownErrors()
	for _, c := range bank.Codes {
		e, ok := polishapi.ErrorFor(c)
		if !ok {
			t.Errorf("no form for %q", c)
		} else if !slices.Contains(known, e) {
			t.Errorf("the form of %q, %v, is not in the list of errors", c, e)
		}
	}
	if n := polishapi.Rows(); n != len(bank.Codes) {
		t.Errorf("%d rows for %d codes: some stand for a code that is gone", n, len(bank.Codes))
	}
	for i, e := range known {
		if e.Status < 400 || e.Status > 503 || e.Code == "" || e.Message == "" || slices.Contains(known[:i], e) {
			t.Errorf("%+v", e)
		}
	}
}

// An operation answers only with the statuses of its version (psd2 §0.1), whatever
// error arises in it, and no fault of the caller becomes one of the bank.
func TestErrorsFoldIntoDeclaredStatuses(t *testing.T) {
	inVersions(t, func(t *testing.T, v polishapi.Version) {
		o := official(t, v)
		if o == nil {
			t.Skip("NOT JUDGED: the official files of PolishAPI are missing, so no status was held against them (OKIENKO_SPEC_DIR)")
		}
		all := polishapi.Operations(v)
		if len(all) < 23 {
			t.Fatalf("%d operations", len(all))
		}
		for _, op := range all {
			declared := o.Statuses(op.Name)
			if op.Path != o.Path(op.Name) {
				t.Errorf("%s is at %s, the standard has it at %s", op.Name, op.Path, o.Path(op.Name))
			}
			for _, status := range declared { // 501 is for what this bank lacks, and it lacks nothing
				if status >= 400 && status != http.StatusNotImplemented && !slices.Contains(op.Refuses, status) {
					t.Errorf("%s declares %d, which the door never answers there", op.Name, status)
				}
			}
			for _, e := range polishapi.KnownErrors() {
				as := op.Folded(e.Status)
				if !slices.Contains(declared, as) {
					t.Errorf("%s: %s (%d) is answered %d, which is not declared", op.Name, e.Code, e.Status, as)
				}
				if slices.Contains(declared, e.Status) && as != e.Status {
					t.Errorf("%s: %s is answered %d although %d is declared", op.Name, e.Code, as, e.Status)
				}
				ours := as == http.StatusInternalServerError
				if ours && e.Status != http.StatusInternalServerError && e.Status != http.StatusNotFound { // 404 is of no operation
					t.Errorf("%s: %s (%d) becomes a fault of the bank", op.Name, e.Code, e.Status)
				}
			}
		}
	})
}

// provoked are requests that each meet one error of the door. Some change the bank
// on their way; the order matters.
func (w *world) provoked(fault *failing) []psd2test.Reply {
	one := w.one
	got, reads := one.lists(v300, annas), one.reads(v300, 1460, annas)
	once := tokensOf(one.redeem(v300, w.Gives(one.wants(v300, "ais", m{"ais:getAccount": m{"scopeUsageLimit": "single"}}).asked(), annaP, anna, annas)).send())
	read := func(name, token string) *ask { return one.read(v300, name, token, numberOf(1)) }
	_, paid := one.paid(v300, "mine")
	dear := one.mayPay(v300, "pis:domestic", domestic(v300))
	unknown := domestic(v300)
	unknown["recipient"].(m)["accountNumber"] = "88342437927928550883469351"
	unknown["system"], unknown["deliveryMode"] = "ExpressElixir", "ExpressD0"
	unknown["transferData"] = m{"description": "Faktura 1", "amount": "999999999.00", "currency": "PLN"}
	background := func() *ask { return read("getHolds", reads.access).say("isDirectPsu", nil, "ipAddress", nil) }
	for range 4 {
		background().send().Is(http.StatusOK)
	}
	read("getAccount", once.access).send().Is(http.StatusOK)
	bare, foreign := *one, one.lister(v300, got.access).sign()
	bare.http = w.HTTPClient(w.net)
	foreign.say("ipAddress", "::1")
	repeated := one.lister(v300, got.access)
	repeated.send().Is(http.StatusOK)
	odd := one.asksInfo(v300)
	odd.raw = "{"
	long := one.lister(v300, got.access)
	long.raw = long.text() + strings.Repeat(" ", 1<<20)
	taken := one.asksInfo(v300)
	taken.send().Is(http.StatusOK)
	again := taken.identified(psd2test.NewUUID(w.Wall.Now())).sign()
	closed, stop := w.closedStanding()
	asks := []*ask{
		odd, one.lister(v300, got.access).put("perPage", 0), one.lister(v300, got.access).set("Accept-Charset", ""), one.lister(v300, got.access).notSigned(),
		repeated, one.asksInfo(v300).put("redirect_uri", "https://else.example/"), one.redeem(v300, "x"), one.asksInfo(v300).put("scope", "caf"),
		one.ask(v300, "auth/token", m{"grant_type": "password"}), one.asksInfo(v300).put("response_type", "token"), again,
		one.pays(v300, "domestic", dear.access, "mine", domestic(v300)), long, one.lister(v300, "").set("Authorization", "Basic eDp4"),
		one.lister(v300, "x"), one.lister(v300, got.access).say("token", "x"), bare.lister(v300, got.access), foreign,
		one.lister(v300, got.access).say("tppId", otherOrg), one.pays(v300, "domestic", dear.access, "dear", domestic(v300)).put("transferData.amount", "12.51"),
		read("getTransactionsDone", reads.access).put("transactionDateFrom", "2022-01-02"), read("getAccount", got.access), read("getAccount", once.access),
		one.pays(v300, "domestic", paid.access, "other", domestic(v300)), read("getAccount", reads.access).put("accountNumber", numberOf(4)),
		one.lister(v300, got.access).set("Accept", "text/html"), one.lister(v300, got.access).set("Content-Type", "text/plain"),
		one.ask(v300, "payments/cancelRecurringPayment", m{"recurringPaymentId": closed}).with(stop), one.wants(v300, "pis", may("pis:domestic", unknown)...), background(),
	}
	out := make([]psd2test.Reply, 0, len(asks)+8)
	for _, a := range asks {
		out = append(out, a.send())
	}
	out = append(out, one.lister(v300, "x").elsewhere("POST", "/v3_0.1/nothing"))
	known := one.lister(v300, "x")
	out = append(out, known.elsewhere("GET", known.target))
	fault.err = errors.New("disk at /var/lib/bank is full")
	out = append(out, one.lister(v300, "x").send())
	fault.err = bank.Refuse(bank.Busy, "Too many orders wait.")
	out = append(out, one.lister(v300, "x").send())
	fault.err = nil
	w.List(map[string][]thirdparty.Role{oneOrg: {thirdparty.PaymentInitiation}})
	out = append(out, one.lister(v300, "x").send())
	w.List(map[string][]thirdparty.Role{})
	out = append(out, one.lister(v300, "x").send())
	w.List(psd2test.EveryRole())
	for range 200 {
		if r := one.asksInfo(v300).put("state", "x").send(); r.Status != http.StatusOK {
			return append(out, r)
		}
	}
	return out
}

// closedStanding is a standing order whose last payment was made, and a token to
// cancel it.
func (w *world) closedStanding() (id, token string) {
	w.T.Helper()
	order := m{
		"recurrence": m{
			"startDate": "2026-11-18", "endDate": "2026-11-18", "frequency": m{"periodType": "day", "periodValue": 1}, "dayOffOffsetType": "after",
		},
		"typeOfPayment": "domestic",
	}
	pay := domestic(v300)
	delete(pay, "executionMode")
	order["domesticPayment"] = pay
	got := w.one.mayPay(v300, "pis:recurring", order)
	id = w.one.ask(v300, "payments/recurring", order).put("tppRecurringPaymentId", "rent").with(got.access).send().Is(http.StatusOK).Text("recurringPaymentId")
	cancel := may("pis:cancelRecurringPayment", m{"recurringPaymentId": id})
	token = w.one.consented(v300, "pis", cancel, annaP, anna, annas).access
	due, err := w.Store.DueStandings(w.T.Context(), w.Clock.Now().Add(24*time.Hour), 10)
	must(w.T, err)
	for _, one := range due {
		w.Do(&payment.RunStanding{Standing: one})
	}
	return id, token
}

// Every error that the door lists is met by somebody: one that is not is dead.
func TestEveryErrorIsReachable(t *testing.T) {
	fault := &failing{}
	w := newWorld(t, func(s *settings) {
		fault.Authorisation = s.core.Auth
		s.core.Auth = fault
		s.core.Rules.Calls = edge.Rate{Burst: 120, Every: time.Hour}
	})
	replies := w.provoked(fault)
	for _, e := range polishapi.KnownErrors() {
		met := slices.ContainsFunc(replies, func(r psd2test.Reply) bool { return is(r, e) })
		if !met {
			t.Errorf("nobody met %d %s %q", e.Status, e.Code, e.Message)
		}
	}
	for _, r := range replies {
		if !slices.ContainsFunc(polishapi.KnownErrors(), func(e wire.Error) bool { return is(r, e) }) {
			t.Errorf("no error of the list: %d %s", r.Status, r.Body)
		}
	}
}

// is tells errors apart by their code, and where several share one by the message.
func is(r psd2test.Reply, e wire.Error) bool {
	return r.Text("code") == e.Code && (e.Own || r.Text("message") == e.Message)
}

// failing is an authorisation server that cannot, while err is set.
type failing struct {
	psd2.Authorisation
	err error
}

func (f *failing) CheckConsent(ctx context.Context, token string) (authserver.ConsentAccess, error) {
	if f.err != nil {
		return authserver.ConsentAccess{}, f.err
	}
	return f.Authorisation.CheckConsent(ctx, token)
}

func (f *failing) ConsentTokens(ctx context.Context, p authserver.ConsentTokenParams) (authserver.ConsentTokenAnswer, error) {
	if f.err != nil {
		return authserver.ConsentTokenAnswer{}, f.err
	}
	return f.Authorisation.ConsentTokens(ctx, p)
}

func TestCase78FaultsOfTheBank(t *testing.T) {
	fault := &failing{}
	w := newWorld(t, func(s *settings) {
		fault.Authorisation = s.core.Auth
		s.core.Auth = fault
	})
	inVersions(t, func(t *testing.T, v polishapi.Version) {
		fault.err = errors.New("disk at /var/lib/bank is full")
		for _, a := range []*ask{w.one.lister(v, "x"), w.one.refresh(v, "x"), w.one.pays(v, "domestic", "x", "1", domestic(v))} {
			r := a.send().Fails(http.StatusInternalServerError, "internal_error")
			if strings.Contains(r.Body, "disk") || strings.Contains(r.Body, "goroutine") || strings.Contains(r.Header.Get("X-Okienko-Reason"), "disk") {
				t.Errorf("the answer tells inner words: %s %v", r.Body, r.Header)
			}
			if strings.HasSuffix(a.operation, "token") != (r.Text("error") == "server_error") {
				t.Errorf("%s: %s", a.operation, r.Body)
			}
		}
		fault.err = bank.Refuse(bank.Busy, "Too many orders wait.")
		for _, a := range []*ask{w.one.lister(v, "x"), w.one.refresh(v, "x")} {
			busy := a.send().Fails(http.StatusServiceUnavailable, "temporarily_unavailable")
			if busy.Header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
		}
	})
}

// An answer that cannot be signed is not sent.
func TestCase78AnswerThatCannotBeSigned(t *testing.T) {
	w := newWorld(t, func(s *settings) {
		s.door.Sign = func([]byte) (string, error) { return "", errors.New("the key is away") }
	})
	r := w.one.asksInfo(v212).send().Fails(http.StatusInternalServerError, "internal_error")
	if strings.Contains(r.Body, "aspspRedirectUri") || strings.Contains(r.Body, "key") || r.Header.Get("X-JWS-SIGNATURE") != "" {
		t.Errorf("%s %v", r.Body, r.Header)
	}
}

func TestReasonIsToldInTheSandboxAlone(t *testing.T) {
	told := newWorld(t).one.lister(v212, "x").send().Is(http.StatusUnauthorized)
	if told.Header.Get("X-Okienko-Reason") != string(bank.TokenUnknown) {
		t.Errorf("a sandbox said %q", told.Header.Get("X-Okienko-Reason"))
	}
	w := newWorld(t, func(s *settings) { s.door.Sandbox = false })
	r := w.one.lister(v212, "x").send().Fails(http.StatusUnauthorized, "invalid_token")
	if got := r.Header.Get("X-Okienko-Reason"); got != "" {
		t.Errorf("a real bank said %q", got)
	}
	if r.Header.Get("WWW-Authenticate") == "" || r.Header.Get("Cache-Control") != "no-store" || r.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%v", r.Header)
	}
}

// The statistics of RTS art. 32(4) learn of every call what it was for, and the
// access log by which version it came.
func TestStatistics(t *testing.T) {
	var calls []psd2.Call
	w := newWorld(t, func(s *settings) { s.door.Statistics = func(c psd2.Call) { calls = append(calls, c) } })
	inVersions(t, func(t *testing.T, v polishapi.Version) {
		token := w.one.lists(v, annas).access
		calls = nil
		w.one.lister(v, token).send().Is(http.StatusOK)
		w.one.asksFunds(v).send().Is(http.StatusForbidden)
		w.one.refresh(v, "x").send().Is(http.StatusBadRequest)
		w.one.pays(v, "domestic", "x", "1", domestic(v)).send().Is(http.StatusUnauthorized)
		var kinds []service.Kind
		for _, c := range calls {
			kinds = append(kinds, c.Service)
		}
		if !slices.Equal(kinds, []service.Kind{service.Information, service.Funds, service.Authorisation, service.Initiation}) {
			t.Errorf("services %q", kinds)
		}
		if first := calls[0]; first.Status != http.StatusOK || first.Outcome != "" || !first.Present || first.Consent == "" || first.Organisation != oneOrg {
			t.Errorf("%+v", first)
		}
		if calls[1].Outcome != bank.PermissionMissing || calls[1].Status != http.StatusForbidden {
			t.Errorf("%+v", calls[1])
		}
		if line := w.LastCall(); line.Act != "POST /polishapi/"+string(v)+"/payments/domestic" {
			t.Errorf("%+v", line)
		}
	})
}

package partnerapi_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/consent"
	"okienko/bank/payment"
)

func nothingToChange(*consent.Grant) {}

func refusal(code string) error { return bank.Refuse(bank.Code(code), "No.") }

// quiet makes a call from any goroutine and tells its status.
func (w *world) quiet(method, path string) int {
	a := newAsk(method, path, "")
	req := httptest.NewRequest(a.method, base+a.path, nil)
	req.Header = a.header
	rec := httptest.NewRecorder()
	w.http.ServeHTTP(rec, req)
	return rec.Code
}

func (r reply) list(name string) (objects []map[string]any, next string) {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal([]byte(r.body), &fields)
	_ = json.Unmarshal(fields[name], &objects)
	_ = json.Unmarshal(fields["nextCursor"], &next)
	return objects, next
}

func TestHoldReads(t *testing.T) {
	w := newWorld(t)
	first := w.good("POST", holds, holdBody("o-1", "20.00"))
	want := `{"blockadeId":"` + first.field("blockadeId") + `","operationId":"o-1","accountId":"acc-ref-1","amount":"20.00","currency":"PLN",` +
		`"title":"Order","status":"ACTIVE","createdAt":"2026-11-21T12:00:00Z","validTo":"2026-11-28T12:00:00Z"}`
	if first.body != want {
		t.Errorf("→ %s\nwant %s", first.body, want)
	}
	one := holds + "/" + first.field("blockadeId")
	if got := w.good("GET", one, "").body; got != want {
		t.Errorf("read → %s", got)
	}
	w.clock.Advance(7*24*time.Hour - time.Second)
	w.good("POST", holds, holdBody("o-2", "30.00"))
	w.clock.Advance(time.Second)
	if got := w.good("GET", one, "").field("status"); got != "EXPIRED" {
		t.Errorf("at its end it reads %s", got)
	}
	for query, ids := range map[string][]string{
		"": {"o-2", "o-1"}, "?status=ACTIVE": {"o-2"}, "?status=EXPIRED": {"o-1"}, "?status=RELEASED": nil,
		"?from=2026-11-22": {"o-2"}, "?to=2026-11-21": {"o-1"}, "?to=2026-11-20": nil,
		"?from=2026-11-21&to=2026-11-21":                               {"o-1"},
		"?from=2026-11-21T12:00:00Z":                                   {"o-2", "o-1"},
		"?to=2026-11-21T12:00:00Z":                                     nil,
		"?from=" + url.QueryEscape("2026-11-21T13:00:00.000001+01:00"): {"o-2"},
	} {
		listed, _ := w.good("GET", holds+query, "").list("blockades")
		var got []string
		for _, h := range listed {
			got = append(got, h["operationId"].(string))
		}
		if !slices.Equal(got, ids) {
			t.Errorf("%q lists %q, want %q", query, got, ids)
		}
	}
	if got := w.good("GET", holds+"?status=CAPTURED", "").body; got != `{"blockades":[]}` {
		t.Errorf("an empty list reads %s", got)
	}
	w.refused(w.call("DELETE", one, ""), 400, "request_reject_by_user_product_state")
	a := newAsk("GET", strings.Replace(one, accountRef, otherRef, 1), "")
	a.header.Set("access_token", otherToken)
	w.refused(w.do(a), 404, "not_found")
}

func TestPages(t *testing.T) {
	w := newWorld(t)
	const n = 7
	for i := range n {
		w.good("POST", "/payment", payBody(fmt.Sprint("o-", i), "1.00", ""))
		if i%2 == 0 {
			w.clock.Advance(time.Second) // some share an instant
		}
	}
	for path, name := range map[string]string{"/payment": "payments", "/account/" + accountRef + "/transaction": "transactions"} {
		whole, next := w.good("GET", path, "").list(name)
		if len(whole) != n || next != "" {
			t.Fatalf("%s lists %d, next %q", path, len(whole), next)
		}
		var paged []map[string]any
		cursor := ""
		for range n {
			q := "?pageSize=3"
			if cursor != "" {
				q += "&cursor=" + cursor
			}
			var some []map[string]any
			some, cursor = w.good("GET", path+q, "").list(name)
			paged = append(paged, some...)
			if cursor == "" {
				break
			}
		}
		if fmt.Sprint(paged) != fmt.Sprint(whole) {
			t.Errorf("%s page by page is another list:\n%v\n%v", path, paged, whole)
		}
	}
	_, cursor := w.good("GET", "/payment?pageSize=2", "").list("payments")
	for i := range len(cursor) {
		other := byte('A')
		if cursor[i] == other {
			other = 'B'
		}
		w.refused(w.call("GET", "/payment?cursor="+cursor[:i]+string(other)+cursor[i+1:], ""), 400, "parameters_error")
	}
	w.refused(w.call("GET", "/account/"+accountRef+"/transaction?cursor="+cursor, ""), 400, "parameters_error")
	for _, q := range []string{
		"cursor=", "cursor=x", "cursor=" + cursor + "A", "cursor=" + cursor + "%0a", "pageSize=0", "pageSize=101", "pageSize=-1", "pageSize=01", "pageSize=x", "pageSize=",
		"status=ACTIVE", "status=", "status=executed", "from=yesterday", "from=2026-13-01", "to=2026-11-21T12:00", "from=2026-11-22&to=2026-11-20",
		"pageSize=5&pageSize=6", "from=%ff", "limit=5", "a;b", "%zz",
	} {
		w.refused(w.call("GET", "/payment?"+q, ""), 400, "parameters_error")
	}
	w.good("GET", "/payment?pageSize=100", "")
}

func TestTransactions(t *testing.T) {
	w := newWorld(t)
	hold := aHold(w)
	paid := w.good("POST", "/payment", payBody("o", "4.00", `,"blockadeId":"`+hold+`"`))
	listed, _ := w.good("GET", "/account/"+accountRef+"/transaction", "").list("transactions")
	if len(listed) != 1 {
		t.Fatalf("%d transactions", len(listed))
	}
	id, _ := listed[0]["transactionId"].(string)
	want := `{"transactionId":"` + id + `","accountId":"acc-ref-1","amount":"4.00","currency":"PLN","side":"DEBIT","title":"Order",` +
		`"counterpartyName":"Shop sp. z o.o.","counterpartyAccount":"27114020040000300201355387","kind":"transfer",` +
		`"bookedAt":"2026-11-21T12:00:00Z","paymentId":"` + paid.field("paymentId") + `","blockadeId":"` + hold + `"}`
	if got := w.good("GET", "/account/"+accountRef+"/transaction/"+id, "").body; got != want {
		t.Errorf("→ %s\nwant %s", got, want)
	}
	w.mem.change(func(s *payment.State) { // the pairing moves to the shop's account, where the same entry is a credit
		a := *s.Agreements[pairing]
		a.Account = shopEarns
		s.Agreements[pairing] = &a
	})
	if got := w.good("GET", "/account/"+accountRef+"/transaction/"+id, "").field("side"); got != "CREDIT" {
		t.Errorf("on the other side it is a %s", got)
	}
}

func TestUser(t *testing.T) {
	w := newWorld(t)
	w.quota("USER:READ_DET", 2)
	want := `{"userId":"anna","firstName":"Anna","lastName":"Nowak"}`
	for range 2 {
		if got := w.good("GET", "/user", "").body; got != want {
			t.Errorf("→ %s, want %s", got, want)
		}
	}
	w.refused(w.call("GET", "/user", ""), 403, "request_out_of_permissions")
}

// A refused read takes no call.
func TestRefusedReadsAreFree(t *testing.T) {
	w := newWorld(t)
	w.quota("PAYMENTS:READ_LIST", 1)
	w.quota("PAYMENTS:READ_DET", 1)
	w.refused(w.call("GET", "/payment?pageSize=0", ""), 400, "parameters_error")
	w.refused(w.call("GET", "/payment/unknown", ""), 404, "not_found")
	if w.left("PAYMENTS:READ_LIST") != 1 || w.left("PAYMENTS:READ_DET") != 1 {
		t.Error("a refused read took a call")
	}
	w.good("GET", "/payment", "")
	if w.left("PAYMENTS:READ_LIST") != 0 {
		t.Error("a read took no call")
	}
}

func TestScheduledPayments(t *testing.T) {
	w := newWorld(t)
	r := w.good("POST", "/payment", payBody("o", "5.00", `,"executionDate":"2026-12-01"`))
	want := `{"paymentId":"` + r.field("paymentId") + `","operationId":"o","account_id":"acc-ref-1","amount":"5.00","currency":"PLN","title":"Order",` +
		`"status":"SCHEDULED","createdAt":"2026-11-21T12:00:00Z","executionDate":"2026-12-01"}`
	if r.body != want {
		t.Errorf("→ %s\nwant %s", r.body, want)
	}
	path := "/payment/" + r.field("paymentId")
	changed := w.good("PUT", path, payBody("o2", "6.00", ""))
	if changed.field("amount") != "6.00" || changed.field("executionDate") != "2026-12-01" || changed.status != 200 {
		t.Errorf("changed → %d %s", changed.status, changed.body)
	}
	w.good("PUT", path, payBody("o3", "6.00", `,"executionDate":"2026-12-02"`))
	if got := w.good("GET", path, "").field("executionDate"); got != "2026-12-02" {
		t.Errorf("the date is %s", got)
	}
	w.good("DELETE", path, "")
	w.refused(w.call("PUT", path, payBody("o4", "7.00", "")), 400, "request_reject_by_user_product_state")
}

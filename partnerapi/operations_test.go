package partnerapi_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"okienko/bank/payment"
	"okienko/bank/sca"
)

func TestTokenHeaders(t *testing.T) {
	for _, c := range []struct {
		name           string
		header, bearer string
		status         int
		code           string
	}{
		{"the documented header", goodToken, "", 200, ""},
		{"bearer", "", "Bearer " + goodToken, 200, ""},
		{"bearer in other letters", "", "bEARER " + goodToken, 200, ""},
		{"both the same", goodToken, "Bearer " + goodToken, 200, ""},
		{"both and different", goodToken, "Bearer " + otherToken, 401, "access_token_invalid"},
		{"none", "", "", 401, "access_token_required"},
		{"an empty bearer", "", "Bearer ", 401, "access_token_required"},
		{"another scheme", "", "Basic " + goodToken, 401, "access_token_required"},
	} {
		w := newWorld(t)
		a := newAsk("GET", "/user", "")
		a.header.Set("access_token", c.header)
		a.header.Set("Authorization", c.bearer)
		if r := w.do(a); r.status != c.status || r.code() != c.code {
			t.Errorf("%s → %d %s, want %d %s", c.name, r.status, r.code(), c.status, c.code)
		}
	}
	w := newWorld(t)
	a := newAsk("GET", "/user", "")
	a.header["Access_token"] = []string{goodToken, otherToken}
	w.refused(w.do(a), 401, "access_token_invalid")
}

func TestRepeatGivesTheFirstAnswer(t *testing.T) {
	w := newWorld(t)
	first := w.good("POST", holds, holdBody("o-1", "20.00"))
	w.clock.Advance(time.Hour)
	id := first.field("blockadeId")
	change := `{"operationId":"o-2","amount":"30.00"}`
	changed := w.good("PUT", holds+"/"+id, change)
	paid := w.good("POST", "/payment", payBody("o-3", "25.00", `,"blockadeId":"`+id+`"`))
	w.clock.Advance(40 * 24 * time.Hour)
	for _, c := range []struct {
		method, path, body string
		first              reply
	}{
		{"POST", holds, holdBody("o-1", "20.00"), first},
		{"PUT", holds + "/" + id, change, changed},
		{"POST", "/payment", payBody("o-3", "25.00", `,"blockadeId":"`+id+`"`), paid},
	} {
		again := w.call(c.method, c.path, c.body)
		if again.status != c.first.status || again.body != c.first.body {
			t.Errorf("%s again → %d %s, want %d %s", c.body, again.status, again.body, c.first.status, c.first.body)
		}
	}
	booked, held := w.worth()
	if booked != 5000_00-25_00 || held != 0 {
		t.Errorf("booked %d, held %d: something was done twice", booked, held)
	}
	w.refused(w.call("POST", holds, holdBody("o-1", "20.01")), 400, "parameters_error")
	w.refused(w.call("POST", "/payment", payBody("o-1", "20.00", "")), 400, "parameters_error")
}

func TestRefusalDoesNotBurnTheID(t *testing.T) {
	w := newWorld(t)
	w.refused(w.call("POST", holds, holdBody("o", "500.01")), 400, "app_limit_exceeded")
	w.good("POST", holds, holdBody("o", "20.00"))
}

func TestDeletionsCanBeRepeated(t *testing.T) {
	w := newWorld(t)
	hold, pay := holds+"/"+aHold(w), ""
	pay = "/payment/" + w.good("POST", "/payment", payBody("p", "5.00", `,"executionDate":"2026-12-01"`)).field("paymentId")
	w.quota("BLOCKADES:DELETE", 1)
	w.quota("PAYMENTS:DELETE", 1)
	for range 3 {
		for _, path := range []string{hold, pay} {
			if r := w.call("DELETE", path, ""); r.status != 204 || r.body != "" {
				t.Errorf("DELETE %s → %d %s", path, r.status, r.body)
			}
		}
	}
	if got := w.good("GET", hold, "").field("status"); got != "RELEASED" {
		t.Errorf("the hold is %s", got)
	}
	if got := w.good("GET", pay, "").field("status"); got != "CANCELLED" {
		t.Errorf("the payment is %s", got)
	}
	if w.left("BLOCKADES:DELETE") != 0 || w.left("PAYMENTS:DELETE") != 0 {
		t.Error("a deletion took no call, or more than one")
	}
}

// A known id costs nothing, also when no call is left; what cannot be read is
// out of permissions then, for who may not call learns nothing of parameters.
func TestQuotaOfOperations(t *testing.T) {
	w := newWorld(t)
	w.quota("BLOCKADES:CREATE", 1)
	first := w.good("POST", holds, holdBody("o", "20.00"))
	if again := w.good("POST", holds, holdBody("o", "20.00")); again.body != first.body {
		t.Errorf("again → %s", again.body)
	}
	w.refused(w.call("POST", holds, holdBody("o2", "20.00")), 403, "request_out_of_permissions")
	w.refused(w.call("POST", holds, holdBody("o2", "x")), 403, "request_out_of_permissions")
	w.refused(w.call("POST", holds, `{"operationId":`), 403, "request_out_of_permissions")
	w.refused(w.call("POST", holds, holdBody("o", "x")), 400, "parameters_error")
	if got := w.left("BLOCKADES:CREATE"); got != 0 {
		t.Errorf("%d calls left", got)
	}
}

func TestBodiesAreReadStrictly(t *testing.T) {
	w := newWorld(t)
	w.grant("BLOCKADES:CREATE", nothingToChange)
	hold := aHold(w)
	scheduled := w.good("POST", "/payment", payBody("later", "5.00", `,"executionDate":"2026-12-01"`)).field("paymentId")
	booked, held := w.worth()
	good := holdBody("o", "20.00")
	bodies := []string{
		"", "null", "[]", `"x"`, "{", good + good, strings.TrimSuffix(good, "}"), "\xef\xbb\xbf" + good,
		`{}`, `{"operationId":"o"}`,
		strings.Replace(good, `"title":"Order"`, `"title":"Order","title":"Order"`, 1),
		strings.Replace(good, `"title":"Order"`, `"Title":"Order"`, 1),
		strings.Replace(good, `"title":"Order"`, `"title":""`, 1),
		strings.Replace(good, `"title":"Order"`, `"title":null`, 1),
		strings.Replace(good, `"title":"Order"`, `"title":7`, 1),
		strings.Replace(good, `"title":"Order"`, "\"title\":\"\xff\"", 1),
		strings.Replace(good, `"title":"Order"`, `"title":"a\u0000b"`, 1),
		strings.Replace(good, `"title":"Order"`, `"title":"\u202eabc"`, 1),
		strings.Replace(good, `"title":"Order"`, `"title":"`+strings.Repeat("ż", 141)+`"`, 1),
		strings.Replace(good, `"Order"`, `"Order","more":1`, 1),
		strings.Replace(good, `"o"`, `"`+strings.Repeat("o", 65)+`"`, 1),
		strings.Replace(good, `"o"`, `"ó"`, 1), strings.Replace(good, `"o"`, `"a b"`, 1), strings.Replace(good, `"o"`, `""`, 1),
		strings.Replace(good, `"o"`, `1`, 1),
		strings.Replace(good, `"PLN"`, `"EUR"`, 1), strings.Replace(good, `"PLN"`, `"pln"`, 1),
		strings.Replace(good, `"PLN"`, `"JPY"`, 1), strings.Replace(good, `,"currency":"PLN"`, ``, 1),
	}
	for _, amount := range []string{
		`"1,00"`, `"-1.00"`, `"0.00"`, `"1.234"`, `"01.00"`, `"1e2"`, `"NaN"`, `"1"`, `"1.0"`, `""`, `" 1.00"`, `"+1.00"`, `"١.٠٠"`, `"1000000000000.00"`,
		`1e2`, `1.234`, `-1.00`, `0`, `0.00`, `1E0`, `1000000000000`, `null`, `true`, `{}`, `["1.00"]`, `01.00`, `NaN`, `1.`,
	} {
		bodies = append(bodies, strings.Replace(good, `"20.00"`, amount, 1))
	}
	for _, at := range []string{
		`"2026-11-21T12:00:00Z"`, `"2026-12-22T12:00:00Z"`, `"2026-12-01"`, `"2026-12-01 12:00:00Z"`, `"2026-12-01T12:00:00"`, `"0001-01-01T00:00:00Z"`,
		`"2026-02-30T12:00:00Z"`, `1764000000`, `""`, `"2026-12-01T25:00:00Z"`,
	} {
		bodies = append(bodies, strings.Replace(good, `"Order"`, `"Order","validTo":`+at, 1))
	}
	for _, body := range bodies {
		r := w.call("POST", holds, body)
		if r.status != 400 || r.code() != "parameters_error" {
			t.Errorf("POST %q → %d %s", body, r.status, r.body)
		}
	}
	for _, c := range []struct{ method, path, body string }{
		{"PUT", holds + "/" + hold, `{"operationId":"c"}`},
		{"PUT", holds + "/" + hold, `{"operationId":"c","title":""}`},
		{"PUT", holds + "/" + hold, `{"operationId":"c","amount":"6.00","currency":"PLN"}`},
		{"PUT", holds + "/" + hold, `{"operationId":"c","amount":null}`},
		{"POST", "/payment", strings.Replace(payBody("p", "20.00", ""), `"account_id":"`+accountRef+`",`, "", 1)},
		{"POST", "/payment", strings.Replace(payBody("p", "20.00", ""), accountRef, "", 1)},
		{"POST", "/payment", strings.Replace(payBody("p", "20.00", ""), `"`+accountRef+`"`, "7", 1)},
		{"POST", "/payment", payBody("p", "20.00", `,"blockadeId":""`)},
		{"POST", "/payment", payBody("p", "20.00", `,"blockadeId":null`)},
		{"POST", "/payment", payBody("p", "4.00", `,"blockadeId":"`+hold+`","executionDate":"2026-11-21"`)},
		{"POST", "/payment", payBody("p", "5.01", `,"blockadeId":"`+hold+`"`)},
		{"POST", "/payment", payBody("p", "20.00", `,"executionDate":"2026-11-20"`)},
		{"POST", "/payment", payBody("p", "20.00", `,"executionDate":"2027-11-23"`)},
		{"POST", "/payment", payBody("p", "20.00", `,"executionDate":"2026-11-31"`)},
		{"POST", "/payment", payBody("p", "20.00", `,"executionDate":"2026-12-01T00:00:00Z"`)},
		{"POST", "/payment", payBody("p", "20.00", `,"creditor":"me"`)},
		{"PUT", "/payment/" + scheduled, payBody("p", "20.00", `,"blockadeId":"`+hold+`"`)},
	} {
		r := w.call(c.method, c.path, c.body)
		if r.status != 400 || r.code() != "parameters_error" {
			t.Errorf("%s %q → %d %s", c.method, c.body, r.status, r.body)
		}
	}
	if b, h := w.worth(); b != booked || h != held {
		t.Errorf("something that was refused had an effect: booked %d, held %d", b, h)
	}
	for _, c := range []string{"unknown", "id-999999", "a%2fb", "%00", "%ff", strings.Repeat("x", 200)} {
		w.refused(w.call("PUT", holds+"/"+c, `{"operationId":"c","amount":"6.00"}`), 404, "not_found")
	}
	w.refused(w.call("POST", "/payment", payBody("p", "4.00", `,"blockadeId":"unknown"`)), 404, "not_found")
}

func TestAmountsThatAreAccepted(t *testing.T) {
	w := newWorld(t)
	for i, c := range []struct{ sent, answered string }{
		{`"12.50"`, "12.50"}, {`12.5`, "12.50"}, {`12`, "12.00"}, {`0.01`, "0.01"}, {`"0.01"`, "0.01"}, {`12.50`, "12.50"},
	} {
		r := w.good("POST", holds, strings.Replace(holdBody(fmt.Sprint("o", i), "20.00"), `"20.00"`, c.sent, 1))
		if got := r.field("amount"); got != c.answered {
			t.Errorf("%s became %q, want %q", c.sent, got, c.answered)
		}
	}
	title := strings.Repeat("ż", 140)
	if got := w.good("POST", holds, strings.Replace(holdBody("t", "1.00"), "Order", title, 1)).field("title"); got != title {
		t.Errorf("the title became %q", got)
	}
}

func TestConfirmationByPage(t *testing.T) {
	w := newWorld(t)
	body := confirmed(payBody("o", "300.00", ""))
	w.refused(w.call("POST", "/payment", payBody("o", "300.00", "")), 401, "authorization_required")
	r := w.good("POST", "/payment/authorize", body)
	id := r.field("authorizationId")
	if got, want := r.field("redirectURI"), people+"/confirm/"+id; got != want {
		t.Errorf("redirectURI %q, want %q", got, want)
	}
	if again := w.good("POST", "/payment/authorize", body); again.body != r.body {
		t.Errorf("again → %s, want %s", again.body, r.body)
	}
	if w.auth.rings != 0 {
		t.Error("a customer without the application was rung")
	}
	read := func() string { return w.good("GET", "/authorization/"+id, "").body }
	if got, want := read(), `{"authorizationId":"`+id+`","status":"PENDING"}`; got != want {
		t.Errorf("reads %s, want %s", got, want)
	}
	if booked, held := w.worth(); booked != 5000_00 || held != 0 {
		t.Errorf("a prepared operation reserved money: booked %d, held %d", booked, held)
	}
	w.clock.Advance(10 * time.Minute)
	if got := read(); !strings.Contains(got, `"EXPIRED"`) {
		t.Errorf("after ten minutes it reads %s", got)
	}
	if next := w.good("POST", "/payment/authorize", body); next.field("authorizationId") == id {
		t.Error("an expired operation was not prepared anew")
	}
	a := newAsk("GET", "/authorization/"+id, "")
	a.header.Set("access_token", otherToken)
	w.refused(w.do(a), 404, "not_found")
}

func TestConfirmationInTheApplication(t *testing.T) {
	w := newWorld(t)
	w.auth.methods = []sca.Method{sca.Mobile, sca.SMS}
	body := confirmed(holdBody("o", "300.00"))
	r := w.good("POST", holds+"/authorize", body)
	if r.field("redirectURI") != "" || !strings.Contains(r.field("infoMsg"), "aplikacji") {
		t.Errorf("→ %s", r.body)
	}
	if again := w.good("POST", holds+"/authorize", body); again.body != r.body || w.auth.rings != 1 {
		t.Errorf("again → %s, rung %d times", again.body, w.auth.rings)
	}
	w.clock.Advance(6 * time.Minute) // the question on the phone has expired, the operation has not
	w.good("POST", holds+"/authorize", body)
	if w.auth.rings != 2 {
		t.Errorf("rung %d times, want 2", w.auth.rings)
	}
	id := r.field("authorizationId")
	w.mem.change(func(s *payment.State) {
		a := *s.Authorisations[payment.AuthorisationID(id)]
		a.Status, a.Hold = payment.Done, "hold-9"
		s.Authorisations[a.ID] = &a
	})
	if got, want := w.good("GET", "/authorization/"+id, "").body, `{"authorizationId":"`+id+`","status":"EXECUTED","blockadeId":"hold-9"}`; got != want {
		t.Errorf("reads %s, want %s", got, want)
	}
}

// Whoever rings again and again hopes for a yes that only wants the phone to be
// quiet. What is above eight goes to the bank's page, where nothing rings.
func TestDeviceIsNotFloodedWithQuestions(t *testing.T) {
	w := newWorld(t)
	w.auth.methods = []sca.Method{sca.Mobile, sca.SMS}
	for i := range 10 {
		r := w.good("POST", holds+"/authorize", confirmed(holdBody(fmt.Sprint("o", i), "300.00")))
		if onDevice := r.field("redirectURI") == ""; onDevice != (i < 8) {
			t.Errorf("question %d → %s", i+1, r.body)
		}
	}
	if w.auth.rings != 8 {
		t.Errorf("rung %d times, want 8", w.auth.rings)
	}
	w.clock.Advance(6 * time.Minute) // the questions have expired
	if r := w.good("POST", holds+"/authorize", confirmed(holdBody("later", "300.00"))); r.field("redirectURI") != "" {
		t.Errorf("→ %s", r.body)
	}
}

func TestConfirmationWithoutAWorkingDeviceGoesToThePage(t *testing.T) {
	w := newWorld(t)
	w.auth.methods, w.auth.refuse = []sca.Method{sca.Mobile}, refusal("factor_locked")
	r := w.good("POST", holds+"/authorize", confirmed(holdBody("o", "300.00")))
	if !strings.HasPrefix(r.field("redirectURI"), people+"/confirm/") {
		t.Errorf("→ %s", r.body)
	}
}

func TestWayBack(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ app, os, callback, code string }{
		{"web", "ALL", callback, ""},
		{"mobile", "Android", "shop-app://confirmed", ""},
		{"mobile", "iOS", callback, ""},
		{"web", "Android", callback, "parameters_error"},
		{"mobile", "ALL", callback, "parameters_error"},
		{"tv", "ALL", callback, "parameters_error"},
		{"", "ALL", callback, "parameters_error"},
		{"web", "", callback, "parameters_error"},
		{"web", "ALL", "", "callback_uri_empty"},
		{"web", "ALL", "https://shop.example/elsewhere", "parameters_error"},
		{"web", "ALL", callback + "/", "parameters_error"},
	} {
		body := fmt.Sprintf(`{"permissions":["USER:READ_DET"],"appType":%q,"os_type":%q,"callbackUri":%q}`, c.app, c.os, c.callback)
		if r := w.call("POST", "/permission/authorize", body); r.code() != c.code {
			t.Errorf("%s → %d %s, want %q", body, r.status, r.body, c.code)
		}
	}
	absent := `{"permissions":["USER:READ_DET"],"appType":"web","os_type":"ALL"}`
	w.refused(w.call("POST", "/permission/authorize", absent), 400, "callback_uri_empty")
	w.refused(w.call("POST", "/permission/authorize", `{"permissions":["PAYMENTS:AUTH"]`+wayBack+`}`), 403, "request_out_of_permissions")
	for _, list := range []string{`[]`, `null`, `"USER:READ_DET"`, `["USER"]`, `["USER:READ_DET","USER:READ_DET"]`, `[7]`} {
		w.refused(w.call("POST", "/permission/authorize", `{"permissions":`+list+wayBack+`}`), 400, "parameters_error")
	}
}

// A quota of one answers one of many reads at once.
func TestConcurrentReadsShareTheQuota(t *testing.T) {
	w := newWorld(t)
	w.quota("USER:READ_DET", 1)
	var mu sync.Mutex
	statuses := map[int]int{}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			r := w.quiet("GET", "/user")
			mu.Lock()
			defer mu.Unlock()
			statuses[r]++
		})
	}
	all.Wait()
	if statuses[200] != 1 || statuses[403] != 7 {
		t.Errorf("answers %v, want one 200 and seven 403", statuses)
	}
}

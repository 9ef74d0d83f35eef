package mbank_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"okienko/bank/calendar"
)

// psd2 §10: lists of transactions.

// older has money move so many days ago, at noon.
func (w *world) older(id string, days int) {
	w.T.Helper()
	w.Book(w.Entry(id, w.Clock.Now().AddDate(0, 0, -days), annas, bobs, pln(1_00), "przed dniami"))
}

func TestCase46History(t *testing.T) {
	w := newWorld(t)
	for _, e := range []struct {
		id   string
		days int
	}{{"e-400", 400}, {"e-91", 91}, {"e-90", 90}, {"e-10", 10}} {
		w.older(e.id, e.days)
	}
	got := w.one.reads(infoPrivilege(365), annas)
	list := func(access string, days int) *ask {
		day := calendar.DateOf(w.Clock.Now()).AddDays(-days).String()
		return w.one.ask("GET", "/accounts/"+got.refs[0]+"/transactions?transactionStatus=DONE&transactionDateFrom="+day, "").with(access).present()
	}
	count := func(r reply) int {
		l, _ := r.is(http.StatusOK).at("transactions").([]any)
		return len(l)
	}
	w.one.ask("GET", "/accounts/"+got.refs[0]+"/transactions?transactionDateFrom=2026-11-02&transactionDateTo=2026-11-01", "").with(got.access).present().
		send().fails(http.StatusBadRequest, "FieldValidationError")
	// With a fresh authentication, as far as was granted; exactly that far is allowed.
	if n := count(list(got.access, 365).send()); n != 3 {
		t.Errorf("%d movements of a year, want 3", n)
	}
	old := list(got.access, 366).send().fails(http.StatusUnauthorized, "HistoryAccessError")
	for _, words := range []string{"SCA needed", "90 days"} {
		if !strings.Contains(old.text("message"), words) {
			t.Errorf("%q lacks %q", old.text("message"), words)
		}
	}
	fresh := w.one.ask("GET", "/accounts/"+got.refs[0]+"/transactions?transactionStatus=DONE", "").with(got.access).present().send()
	id := fresh.is(http.StatusOK).text("transactions", 2, "aspspTransactionId") // that of 91 days ago
	w.one.ask("GET", "/accounts/"+got.refs[0]+"/transactions/"+id, "").with(got.access).present().send().is(http.StatusOK)
	// Without one, 90 days.
	w.Clock.Advance(61 * time.Minute)
	again := w.one.refresh(got.refresh).tokens()
	if n := count(list(again.access, 90).send()); n != 2 {
		t.Errorf("%d movements of 90 days, want 2", n)
	}
	list(again.access, 91).send().fails(http.StatusUnauthorized, "HistoryAccessError")
	w.one.ask("GET", "/accounts/"+got.refs[0]+"/transactions/"+id, "").with(again.access).present().send().fails(http.StatusUnauthorized, "HistoryAccessError")
	// Who does not say from when gets what is allowed.
	all := w.one.ask("GET", "/accounts/"+got.refs[0]+"/transactions?transactionStatus=DONE", "").with(again.access).present().send()
	if n := count(all); n != 2 {
		t.Errorf("%d movements without a day, want 2", n)
	}
}

func TestCase47WarsawDays(t *testing.T) {
	w := newWorld(t)
	warsaw := calendar.Warsaw()
	for _, e := range []struct {
		id string
		at time.Time
	}{
		{"before-dst", time.Date(2026, 10, 24, 23, 59, 59, 0, warsaw)}, {"dst", time.Date(2026, 10, 25, 0, 0, 0, 0, warsaw)},
		{"after-dst", time.Date(2026, 10, 25, 23, 59, 59, 0, warsaw)}, {"next", time.Date(2026, 10, 26, 0, 0, 0, 0, warsaw)},
	} {
		w.Book(w.Entry(e.id, e.at.UTC(), annas, bobs, pln(1), e.id))
	}
	got := w.one.reads(infoPrivilege(365), annas)
	titles := func(from, to string) string {
		r := w.one.ask("GET", "/accounts/"+got.refs[0]+"/transactions?transactionStatus=DONE&transactionDateFrom="+from+"&transactionDateTo="+to, "").
			with(got.access).present().send().is(http.StatusOK)
		list, _ := r.at("transactions").([]any)
		var out []string
		for i := range list {
			out = append(out, r.text("transactions", i, "description")+" "+r.text("transactions", i, "bookingDate")[:10])
		}
		return strings.Join(out, ", ")
	}
	if got := titles("2026-10-25", "2026-10-25"); got != "after-dst 2026-10-25, dst 2026-10-25" {
		t.Errorf("the day of 25 hours: %s", got)
	}
	if got := titles("2026-10-24", "2026-10-24"); got != "before-dst 2026-10-24" {
		t.Errorf("the day before: %s", got)
	}
	w.Clock.Set(time.Date(2026, 12, 31, 22, 30, 0, 0, time.UTC)) // 23:30 in Warsaw
	w.Moves(annas, bobs, 1, "sylwester")
	w.Clock.Set(time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC))
	w.Moves(annas, bobs, 1, "nowy rok")
	again := w.one.reads(infoPrivilege(365), annas)
	got.refs, got.access = again.refs, again.access
	if got := titles("2027-01-01", "2027-01-01"); got != "nowy rok 2027-01-01" {
		t.Errorf("New Year: %s", got)
	}
	if got := titles("2026-12-31", "2026-12-31"); got != "sylwester 2026-12-31" {
		t.Errorf("New Year's Eve: %s", got)
	}
}

func TestCase48Paging(t *testing.T) {
	w := newWorld(t)
	s := w.PairShop()
	for i := range 7 {
		w.Moves(annas, bobs, int64(i+1), "ruch")
		if i%2 == 0 {
			s.Holds(int64(i + 1))
			s.Schedules(int64(i+1), calendar.DateOf(noon).AddDays(3))
		}
		if i%3 == 0 {
			w.Clock.Advance(time.Second) // some of them share an instant
		}
	}
	got := w.one.reads(infoPrivilege(90), annas)
	for _, query := range []string{"?transactionStatus=DONE&pageSize=2", "?pageSize=3", "?pageSize=1&transactionDateFrom=2026-11-18"} {
		whole := w.one.ask("GET", "/accounts/"+got.refs[0]+"/transactions"+strings.Replace(strings.Replace(strings.Replace(query, "pageSize=2", "pageSize=100", 1), "pageSize=3", "pageSize=100", 1), "pageSize=1&", "pageSize=100&", 1), "").
			with(got.access).present().send().is(http.StatusOK)
		want := ids(whole)
		var have []string
		next := path + "/accounts/" + got.refs[0] + "/transactions" + query
		for next != "" {
			r := w.one.ask("GET", "!"+next, "").with(got.access).present().send().is(http.StatusOK)
			have = append(have, ids(r)...)
			if len(have) == 2 {
				w.Moves(annas, bobs, 99, "nowy") // what arrives in between neither moves nor doubles anything
			}
			next = ""
			if links, _ := r.at("links").([]any); len(links) > 0 {
				if r.text("links", 0, "rel") != "nextPage" || r.text("links", 0, "action") != "GET" {
					t.Error(r.body)
				}
				next = r.text("links", 0, "href")
			}
		}
		if strings.Join(have, " ") != strings.Join(want, " ") {
			t.Errorf("%s: pages\n%q\nwhole\n%q", query, have, want)
		}
	}
	first := w.one.ask("GET", "/accounts/"+got.refs[0]+"/transactions?transactionStatus=DONE&pageSize=2", "").with(got.access).present().send()
	href := first.is(http.StatusOK).text("links", 0, "href")
	other := w.one.reads(infoPrivilege(90), annas2)
	bad := func(target, access string) {
		t.Helper()
		w.one.ask("GET", "!"+target, "").with(access).present().send().fails(http.StatusBadRequest, "FieldValidationError")
	}
	bad(strings.Replace(href, got.refs[0], other.refs[0], 1), other.access) // another account
	bad(href[:len(href)-1]+"x", got.access)                                 // tampered
	bad(strings.Replace(href, "transactionStatus=DONE", "transactionStatus=HOLD", 1), got.access)
	bad(strings.Replace(href, "transactionStatus=DONE&", "", 1), got.access)
	bad(href+"&transactionDateFrom=2026-11-01", got.access)
	same := w.one.reads(infoPrivilege(90), annas)
	bad(strings.Replace(href, got.refs[0], same.refs[0], 1), same.access) // the same account under another consent
	for _, size := range []string{"0", "-1", "abc", "1.5", "", "01", "+1"} {
		bad(path+"/accounts/"+got.refs[0]+"/transactions?transactionStatus=DONE&pageSize="+size, got.access)
	}
	w.one.ask("GET", "/accounts/"+got.refs[0]+"/transactions?pageSize=1000000", "").with(got.access).present().send().is(http.StatusOK)
	// A cursor is for one fetch, not for ever.
	w.Clock.Advance(2 * time.Hour)
	late := w.one.refresh(got.refresh).tokens()
	bad(href, late.access)
}

func ids(r reply) []string {
	r.t.Helper()
	list, _ := r.at("transactions").([]any)
	out := make([]string, len(list))
	for i := range list {
		out[i] = r.text("transactions", i, "aspspTransactionId")
	}
	return out
}

func TestTransactionIDFrom(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		w.Clock.Advance(time.Second)
		w.Moves(annas, bobs, 1, "ruch")
	}
	got := w.one.reads(infoPrivilege(90), annas)
	target := "/accounts/" + got.refs[0] + "/transactions?transactionStatus=DONE"
	all := ids(w.one.ask("GET", target, "").with(got.access).present().send().is(http.StatusOK))
	newer := w.one.ask("GET", target+"&transactionIdFrom="+all[1], "").with(got.access).present().send().is(http.StatusOK)
	if got := ids(newer); len(got) != 1 || got[0] != all[0] {
		t.Errorf("newer than the second: %q of %q", got, all)
	}
	w.one.ask("GET", target+"&transactionIdFrom=nobody", "").with(got.access).present().send().fails(http.StatusBadRequest, "FieldValidationError")
}

func TestCase49And51UnknownParameters(t *testing.T) {
	w := newWorld(t)
	got := w.one.reads(infoPrivilege(90), annas)
	list := w.one.lists(newUUID(noon), annas)
	for _, target := range []string{
		"/accounts/" + got.refs[0] + "/transactions?minAmount=1.00&maxAmount=0.50", "/accounts/" + got.refs[0] + "/transactions?bookingDateFrom=2026-11-01",
		"/accounts/" + got.refs[0] + "/transactions?transactionstatus=DONE", "/accounts/" + got.refs[0] + "?x=1",
		"/accounts/" + got.refs[0] + "/transactions?transactionStatus=DONE&transactionStatus=HOLD", "/accounts/" + got.refs[0] + "/transactions?pageSize=%zz",
	} {
		w.one.get(target, got.access).fails(http.StatusBadRequest, "BodyDeserializationError")
	}
	w.one.get("/accounts?perPage=1", list.access).fails(http.StatusBadRequest, "BodyDeserializationError")
	for _, day := range []string{"2026-02-30", "18.11.2026", "", "2026-11-18T00:00:00Z"} {
		w.one.ask("GET", "/accounts/"+got.refs[0]+"/transactions?transactionDateFrom="+day, "").with(got.access).present().send().fails(http.StatusBadRequest, "FieldValidationError")
	}
}

func TestCase50Statuses(t *testing.T) {
	w := newWorld(t)
	got := w.one.reads(`[{"ais:transactions":{"maxAllowedHistoryLong":90,"transactionStatus":["DONE","HOLD"]}}]`, annas)
	s := w.PairShop()
	w.Moves(annas, bobs, 1, "ruch")
	hold := s.Holds(5)
	s.Schedules(7, calendar.DateOf(noon).AddDays(3))
	list := func(query string) *ask {
		return w.one.ask("GET", "/accounts/"+got.refs[0]+"/transactions"+query, "").with(got.access).present()
	}
	for _, status := range []string{"done", "BOOKED", "", "DONE,HOLD"} {
		list("?transactionStatus="+status).send().fails(http.StatusBadRequest, "FieldValidationError")
	}
	list("?transactionStatus=SCHEDULED").send().fails(http.StatusForbidden, "insufficient_scope")
	r := list("?transactionStatus=HOLD").send().is(http.StatusOK)
	if r.text("transactions", 0, "amount") != "-0.05" || r.text("transactions", 0, "holdExpirationDate") == "" {
		t.Errorf("%s, want the hold %s", r.body, hold.ID)
	}
	// Without a status: all that were granted, and no other.
	seen := map[string]bool{}
	all := list("").send().is(http.StatusOK)
	for i := range ids(all) {
		seen[all.text("transactions", i, "transactionStatus")] = true
	}
	if len(seen) != 2 || !seen["DONE"] || !seen["HOLD"] {
		t.Errorf("statuses %v in %s", seen, all.body)
	}
}

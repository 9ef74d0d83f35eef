package mbank_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"okienko/bank/account"
	"okienko/bank/calendar"
	"okienko/bank/party"
)

// psd2 §10: reading accounts.

func TestCase41Scopes(t *testing.T) {
	w := newWorld(t)
	list, info := w.one.lists(newUUID(noon), annas), w.one.reads(infoPrivilege(90), annas)
	w.one.get("/accounts", info.access).fails(http.StatusForbidden, "insufficient_scope")
	for _, target := range []string{"", "/transactions", "/transactions/x"} {
		w.one.get("/accounts/"+list.refs[0]+target, list.access).fails(http.StatusForbidden, "insufficient_scope")
	}
	id := w.one.asks(w.one.authorizeBody("pis", w.fresh(), onePrivilege(onePayment)))
	pay := w.one.redeem(w.Gives(id, annaP, anna, annas)).tokens()
	for _, target := range []string{"/accounts", "/accounts/x", "/accounts/x/transactions"} {
		w.one.get(target, pay.access).fails(http.StatusForbidden, "insufficient_scope")
	}
	// A right that was not granted is refused like another scope.
	details := w.one.reads(`[{"ais:accountDetails":{}}]`, annas)
	w.one.get("/accounts/"+details.refs[0], details.access).is(http.StatusOK)
	w.one.get("/accounts/"+details.refs[0]+"/transactions", details.access).fails(http.StatusForbidden, "insufficient_scope")
	w.one.ask("GET", "/accounts", "").with(info.access).set("Authorization", "Basic "+info.access).send().fails(http.StatusUnauthorized, "invalid_token")
	w.one.get("/accounts", "nobody's").fails(http.StatusUnauthorized, "invalid_token")
}

func TestCase42SingleUse(t *testing.T) {
	w := newWorld(t)
	single := w.one.reads(`[{"ais:accountDetails":{"scopeUsageLimit":"SINGLE"},"ais:transactionDetails":{}}]`, annas)
	w.one.get("/accounts/"+single.refs[0], single.access).is(http.StatusOK)
	w.one.get("/accounts/"+single.refs[0], single.access).fails(http.StatusForbidden, "ConsentUsedUpError")

	raced := w.one.reads(`[{"ais:accountDetails":{"scopeUsageLimit":"SINGLE"}}]`, annas)
	var wg sync.WaitGroup
	statuses := make(chan int, 6)
	for range cap(statuses) {
		wg.Go(func() {
			statuses <- w.one.ask("GET", "/accounts/"+raced.refs[0], "").with(raced.access).present().send().status
		})
	}
	wg.Wait()
	close(statuses)
	served := 0
	for s := range statuses {
		if s == http.StatusOK {
			served++
		} else if s != http.StatusForbidden {
			t.Errorf("status %d", s)
		}
	}
	if served != 1 {
		t.Errorf("%d were served, want one", served)
	}
}

// All pages of one fetch belong to the single use that the first page spent.
func TestCase42SingleUseOfAList(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		w.Moves(annas, bobs, 1, "grosz")
	}
	got := w.one.reads(`[{"ais:transactions":{"scopeUsageLimit":"SINGLE","maxAllowedHistoryLong":90,"transactionStatus":["DONE"]}}]`, annas)
	target := "/accounts/" + got.refs[0] + "/transactions?transactionStatus=DONE&pageSize=2"
	first := w.one.get(target, got.access).is(http.StatusOK)
	w.one.get("!"+first.text("links", 0, "href"), got.access).is(http.StatusOK)
	w.one.get(target, got.access).fails(http.StatusForbidden, "ConsentUsedUpError")
}

func TestCase43AccountsOutside(t *testing.T) {
	w := newWorld(t)
	got := w.one.reads(infoPrivilege(90), annas)
	foreign := w.one.reads(infoPrivilege(90), annas2)
	unknown := w.one.get("/accounts/nobody", got.access).fails(http.StatusNotFound, "ResourceNotFoundError")
	of := w.one.get("/accounts/"+foreign.refs[0], got.access).fails(http.StatusNotFound, "ResourceNotFoundError")
	number := w.one.get("/accounts/"+string(numberOf(1)), got.access).fails(http.StatusNotFound, "ResourceNotFoundError")
	if unknown.body != of.body || unknown.body != number.body {
		t.Errorf("an oracle: %s %s %s", unknown.body, of.body, number.body)
	}
	for _, odd := range []string{"%00", "%2e%2e", "a%2Fb", strings.Repeat("x", 500), "%F0%9F%98%80"} {
		w.one.get("/accounts/"+odd, got.access).is(http.StatusNotFound)
	}
}

// Access switched off, a block and a closed account are refused at the next call
// and leave the other accounts alone (design §3).
func TestAccountStates(t *testing.T) {
	w := newWorld(t)
	got := w.one.reads(infoPrivilege(90), annas, annas2)
	list := w.one.lists(newUUID(noon), annas, annas2)
	read := func(ref string) reply {
		return w.one.ask("GET", "/accounts/"+ref, "").with(got.access).present().send()
	}
	for _, state := range []account.AccessState{account.AccessOff, account.AccessBlocked} {
		must(t, w.Store.SetAccess(t.Context(), annas, account.Access{State: state, By: "test", At: noon}, staff("access", "account")))
		read(got.refs[0]).fails(http.StatusForbidden, "AccountAccessError")
		w.one.ask("GET", "/accounts/"+got.refs[0]+"/transactions", "").with(got.access).present().send().fails(http.StatusForbidden, "AccountAccessError")
		read(got.refs[1]).is(http.StatusOK)
		accounts, _ := w.one.ask("GET", "/accounts", "").with(list.access).present().send().is(http.StatusOK).at("accounts").([]any)
		if len(accounts) != 1 {
			t.Errorf("%d accounts are listed, want the other one", len(accounts))
		}
	}
	must(t, w.Store.SetAccess(t.Context(), annas, account.Access{State: account.AccessOn, By: "test", At: noon}, staff("access", "account")))
	read(got.refs[0]).is(http.StatusOK)
	must(t, w.Store.SetAccountStatus(t.Context(), annas, account.Blocked, staff("status", "account")))
	read(got.refs[0]).fails(http.StatusForbidden, "AccountAccessError")
	must(t, w.Store.Block(t.Context(), anna, party.Block{By: "hotline", At: noon, Why: "test"}, staff("block", "customer")))
	read(got.refs[1]).fails(http.StatusForbidden, "AccountAccessError")
}

func TestCase45BackgroundCalls(t *testing.T) {
	w := newWorld(t)
	got := w.one.reads(infoPrivilege(90), annas, annas2)
	for range 5 {
		w.Moves(annas, bobs, 1, "grosz")
	}
	account := "/accounts/" + got.refs[0]
	for range 4 {
		w.one.get(account, got.access).is(http.StatusOK)
	}
	fifth := w.one.get(account, got.access).fails(http.StatusTooManyRequests, "TooManyRequestsError")
	if !strings.Contains(fifth.text("message"), "TPP daily requests limit reached") || fifth.header.Get("Retry-After") == "" {
		t.Errorf("%v %s", fifth.header, fifth.body)
	}
	// Another account and other kinds of resource have counts of their own.
	w.one.get("/accounts/"+got.refs[1], got.access).is(http.StatusOK)
	done := account + "/transactions?transactionStatus=DONE&pageSize=2"
	for range 4 {
		first := w.one.get(done, got.access).is(http.StatusOK)
		w.one.get("!"+first.text("links", 0, "href"), got.access).is(http.StatusOK) // not counted
	}
	w.one.get(done, got.access).is(http.StatusTooManyRequests)
	w.one.get(account+"/transactions?transactionStatus=PENDING", got.access).is(http.StatusOK)
	// With the customer present nothing is counted.
	for range 3 {
		w.one.ask("GET", account[len(""):], "").with(got.access).present().send().is(http.StatusOK)
	}
	w.one.ask("GET", account, "").with(got.access).present().set("PSU-IP-Address", "").send().fails(http.StatusBadRequest, "FieldValidationError")
	w.one.ask("GET", account, "").with(got.access).set("PSU-Session", "yes").send().fails(http.StatusBadRequest, "FieldValidationError")
	w.one.ask("GET", account, "").with(got.access).set("PSU-Session", "false").send().is(http.StatusTooManyRequests)
	// A rolling day of the bank clock.
	w.Clock.Advance(24*time.Hour - time.Second)
	again := w.one.refresh(got.refresh).tokens()
	w.one.get(account, again.access).is(http.StatusTooManyRequests)
	w.Clock.Advance(2 * time.Second)
	w.one.get(account, again.access).is(http.StatusOK)
}

func TestCase52Details(t *testing.T) {
	w := newWorld(t)
	w.Moves(annas, bobs, 1, "ruch")
	w.Moves(annas2, bobs, 2, "oszczędności")
	got, second := w.one.reads(infoPrivilege(90), annas), w.one.reads(infoPrivilege(90), annas2)
	read := func(ref, id, access string) reply {
		return w.one.ask("GET", "/accounts/"+ref+"/transactions/"+id, "").with(access).present().send()
	}
	own := ids(w.one.get("/accounts/"+got.refs[0]+"/transactions?transactionStatus=DONE", got.access))[0]
	foreign := ids(w.one.get("/accounts/"+second.refs[0]+"/transactions?transactionStatus=DONE", second.access))[0]
	if !strings.Contains(own, "$") || !strings.Contains(own, ".") {
		t.Errorf("the id %q does not try a client's encoding", own)
	}
	detail := read(got.refs[0], own, got.access).is(http.StatusOK)
	if detail.text("aspspTransactionId") != own || detail.text("description") != "ruch" || detail.text("transactionCategory") != "DEBIT" {
		t.Error(detail.body)
	}
	read(got.refs[0], strings.ReplaceAll(own, "$", "%24"), got.access).is(http.StatusOK)
	missing := read(got.refs[0], "nobody", got.access).fails(http.StatusNotFound, "ResourceNotFoundError")
	for _, id := range []string{foreign, own + "1", strings.Replace(own, ".e$", ".t$", 1), strings.Replace(own, ".e$", ".x$", 1), "a%2Fb", "..", "%2e%2e%2f", "$", ".$", own[:len(own)-1]} {
		r := read(got.refs[0], id, got.access)
		if r.status != http.StatusNotFound || r.body != missing.body {
			t.Errorf("%s: %d %s", id, r.status, r.body)
		}
	}
	// What no list of the consent shows, its details do not show either.
	narrow := w.one.reads(`[{"ais:transactions":{"maxAllowedHistoryLong":1,"transactionStatus":["HOLD"]},"ais:transactionDetails":{}}]`, annas)
	read(narrow.refs[0], own, narrow.access).fails(http.StatusNotFound, "ResourceNotFoundError")
}

func TestCase53Fields(t *testing.T) {
	w := newWorld(t)
	w.Moves(annas, bobs, 100_00, "wydatek")
	w.Moves(bobs, annas, 25_50, "wpływ")
	hold := w.PairShop().Holds(10_00)
	got := w.one.reads(infoPrivilege(90), annas)
	r := w.one.get("/accounts/"+got.refs[0]+"/transactions?transactionStatus=DONE", got.access).is(http.StatusOK)
	for i, want := range []map[string]string{
		{"amount": "25.50", "transactionCategory": "CREDIT", "postTransactionBalance": "925.50", "currency": "PLN", "transactionStatus": "DONE"},
		{"amount": "-100.00", "transactionCategory": "DEBIT", "postTransactionBalance": "900.00", "description": "wydatek"},
	} {
		for name, value := range want {
			if got := r.text("transactions", i, name); got != value {
				t.Errorf("%d %s is %q, want %q", i, name, got, value)
			}
		}
		if at := r.text("transactions", i, "bookingDate"); at != "2026-11-18T12:00:00.000+01:00" {
			t.Errorf("bookingDate %q", at)
		}
	}
	if r.text("transactions", 1, "recipient", "name") != "Odbiorca" || r.text("transactions", 1, "sender", "name") != "Anna Nowak" {
		t.Error(r.body)
	}
	held := w.one.get("/accounts/"+got.refs[0]+"/transactions?transactionStatus=HOLD", got.access).is(http.StatusOK)
	if got := held.text("transactions", 0, "holdExpirationDate"); !strings.HasPrefix(got, hold.ValidTo.In(calendar.Warsaw()).Format("2006-01-02T15:04:05")) {
		t.Errorf("holdExpirationDate %q, want %v", got, hold.ValidTo)
	}
	details := w.one.get("/accounts/"+got.refs[0], got.access).is(http.StatusOK)
	for name, want := range map[string]string{
		"accountNumber": string(numberOf(1)), "name": "Anna Nowak", "currency": "PLN", "availableBalance": "915.50", "bookingBalance": "925.50",
		"accountHolderType": "INDIVIDUAL", "accountNameClient": "Konto osobiste",
	} {
		if got := details.text(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if details.text("bank", "bicOrSwift") != "OKIEPLPW" {
		t.Error(details.body)
	}
}

func TestCase54States(t *testing.T) {
	w := newWorld(t)
	euro := w.one.reads(infoPrivilege(90), annasE)
	r := w.one.get("/accounts/"+euro.refs[0], euro.access).is(http.StatusOK)
	if r.text("currency") != "EUR" || r.text("availableBalance") != "0.00" {
		t.Error(r.body)
	}
	empty := w.one.get("/accounts/"+euro.refs[0]+"/transactions", euro.access).is(http.StatusOK)
	if empty.body != `{"transactions":[],"links":[]}` {
		t.Error(empty.body)
	}
	must(t, w.Store.SetAccountStatus(t.Context(), annasE, account.Closed, staff("status", "account")))
	w.one.ask("GET", "/accounts/"+euro.refs[0], "").with(euro.access).present().send().fails(http.StatusForbidden, "AccountAccessError")
}

func TestCase55Titles(t *testing.T) {
	w := newWorld(t)
	titles := []string{"Prezent \U0001F381 dla Żółwia", strings.Repeat("ą", 140), "dwa\nwiersze\ti tabulator", `"cudzysłów" \ <b>&`}
	for _, title := range titles {
		w.Clock.Advance(time.Second)
		w.Moves(annas, bobs, 1, title)
	}
	got := w.one.reads(infoPrivilege(90), annas)
	r := w.one.get("/accounts/"+got.refs[0]+"/transactions?transactionStatus=DONE", got.access).is(http.StatusOK)
	for i, title := range titles {
		if got := r.text("transactions", len(titles)-1-i, "description"); got != title {
			t.Errorf("%q came as %q", title, got)
		}
	}
	if strings.Contains(r.body, "cardNumber") {
		t.Error("a card number is shown")
	}
}

func TestListOfAccounts(t *testing.T) {
	w := newWorld(t)
	got := w.one.lists(newUUID(noon), annas, annas2)
	r := w.one.get("/accounts", got.access).is(http.StatusOK)
	list, _ := r.at("accounts").([]any)
	if len(list) != 2 || r.text("accounts", 1, "accountNumber") != string(numberOf(2)) || r.text("accounts", 0, "accountTypeName") != "Konto osobiste" ||
		r.text("accounts", 0, "accountType", "code") != "PERSONAL" || r.text("accounts", 0, "psuRelations", 0, "typeOfRelation") != "OWNER" {
		t.Error(r.body)
	}
	if strings.Contains(r.body, "alance") {
		t.Error("a list of accounts shows balances")
	}
	call := w.LastCall()
	if call.Act != "GET /accounts" || call.Status != http.StatusOK || call.Consent == "" || string(call.Client) != w.one.client || call.Outcome != "" {
		t.Errorf("%+v", call)
	}
	for range 3 {
		w.one.get("/accounts", got.access).is(http.StatusOK)
	}
	w.one.get("/accounts", got.access).is(http.StatusTooManyRequests)
	if call := w.LastCall(); call.Outcome != "calls_used_up" || call.Status != http.StatusTooManyRequests {
		t.Errorf("%+v", call)
	}
}

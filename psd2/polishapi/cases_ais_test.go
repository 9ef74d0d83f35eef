package polishapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"okienko/bank/account"
	"okienko/bank/intake"
	"okienko/bank/party"
	"okienko/psd2/polishapi"
	"okienko/psd2/psd2test"
)

// psd2 §10: reading accounts.

// withMask are privileges for one account.
func withMask(number string, privilege m) list {
	o := m{"accountNumber": number}
	for k, v := range privilege {
		o[k] = v
	}
	return list{o}
}

// mask is how lists show the number of an account of this bank.
func mask(n int) string { return numberOf(n)[:10] + "************" + numberOf(n)[22:] }

// consentOf is the third party's own id of what tokens are for.
func consentOf(t tokens) string { return t.reply.Text("scope_details", "consentId") }

// opens gives a customer one more account, of its own number.
func (w *world) opens(id account.ID, n int, of party.CustomerID, kind string) {
	w.T.Helper()
	since, zero := noon.AddDate(-1, 0, 0), pln(0)
	must(w.T, w.Store.Import(w.T.Context(), &intake.Batch{Accounts: []account.Account{{
		ID: id, Kind: account.Customer, Customer: of, NRB: psd2test.NumberOf(n), Holder: "Anna Nowak", Name: "Konto " + kind,
		Product: account.Product{Group: "ACCOUNT", Type: kind}, Status: account.Open, Access: account.FirstAccess(party.Individual, since),
		OpenedAt: since.Add(time.Duration(n) * time.Second), Booked: zero, Held: zero, Overdraft: zero,
	}}}))
}

func TestCase41Scopes(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			listed, info, pay := w.one.lists(v, annas), w.one.reads(v, 90, annas), w.one.mayPay(v, "pis:domestic", domestic(v))
			for _, token := range []string{info.access, pay.access} {
				w.one.ask(v, "accounts/getAccounts", nil).with(token).send().Fails(http.StatusForbidden, "insufficient_scope")
			}
			for _, token := range []string{listed.access, pay.access} {
				w.one.read(v, "getAccount", token, numberOf(1)).send().Fails(http.StatusForbidden, "insufficient_scope")
				for _, name := range readLists {
					w.one.read(v, name, token, numberOf(1)).send().Fails(http.StatusForbidden, "insufficient_scope")
				}
				w.one.read(v, "getTransactionDetail", token, numberOf(1)).put("itemId", "x").send().Fails(http.StatusForbidden, "insufficient_scope")
			}
			// A right that was not granted is refused like another scope.
			narrow := w.one.consented(v, "ais", list{m{"ais:getAccount": m{"scopeUsageLimit": "multiple"}}}, annaP, anna, annas)
			w.one.read(v, "getAccount", narrow.access, numberOf(1)).send().Is(http.StatusOK)
			for _, name := range readLists {
				w.one.read(v, name, narrow.access, numberOf(1)).send().Fails(http.StatusForbidden, "insufficient_scope")
			}
			w.one.read(v, "getAccount", "nobody's", numberOf(1)).send().Fails(http.StatusUnauthorized, "invalid_token")
		})
	}
}

// once is a consent to one reading of the account and one of what was done.
func once() list {
	return list{m{"ais:getAccount": m{"scopeUsageLimit": "single"}, "ais:getTransactionsDone": m{"scopeUsageLimit": "single", "maxAllowedHistoryLong": 90}}}
}

func TestCase42SingleUse(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			for range 3 {
				w.Moves(annas, bobs, 1, "grosz")
			}
			got := w.one.consented(v, "ais", once(), annaP, anna, annas)
			// What is refused spends nothing.
			w.one.read(v, "getAccount", got.access, numberOf(2)).send().Is(http.StatusForbidden)
			w.one.read(v, "getTransactionsDone", got.access, numberOf(1)).put("minAmount", "1.5").send().Is(http.StatusBadRequest)
			w.one.read(v, "getAccount", got.access, numberOf(1)).send().Is(http.StatusOK)
			w.one.read(v, "getAccount", got.access, numberOf(1)).send().Fails(http.StatusForbidden, "consent_used_up")
			// All pages of one fetch belong to the single use that the first one spent.
			done := w.one.read(v, "getTransactionsDone", got.access, numberOf(1)).put("perPage", 2)
			next := done.send().Is(http.StatusOK).Text("pageInfo", "nextPage")
			w.one.read(v, "getTransactionsDone", got.access, numberOf(1)).put("perPage", 2, "pageId", next).send().Is(http.StatusOK)
			w.one.read(v, "getTransactionsDone", got.access, numberOf(1)).send().Fails(http.StatusForbidden, "consent_used_up")
			// So it is with the list of accounts.
			listed := w.one.consented(v, "ais-accounts", list{m{"ais-accounts:getAccounts": m{"scopeUsageLimit": "single"}}}, annaP, anna, annas, annas2)
			accounts := w.one.ask(v, "accounts/getAccounts", m{"perPage": 1}).with(listed.access)
			next = accounts.send().Is(http.StatusOK).Text("pageInfo", "nextPage")
			w.one.ask(v, "accounts/getAccounts", m{"perPage": 1, "pageId": next}).with(listed.access).send().Is(http.StatusOK)
			w.one.ask(v, "accounts/getAccounts", nil).with(listed.access).send().Fails(http.StatusForbidden, "consent_used_up")
		})
	}
}

func TestCase42ConcurrentUses(t *testing.T) {
	w := newWorld(t)
	got := w.one.consented(v212, "ais", once(), annaP, anna, annas)
	var wg sync.WaitGroup
	statuses := make(chan int, 6)
	for range cap(statuses) {
		wg.Go(func() { statuses <- w.one.read(v212, "getAccount", got.access, numberOf(1)).send().Status })
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

// body is an answer without what differs from call to call.
func body(r psd2test.Reply) string {
	o := r.Object()
	delete(o, "responseHeader")
	return fmt.Sprint(r.Status, o)
}

func TestCase43AccountsOutside(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			got := w.one.reads(v, 90, annas)
			all := append([]string{"getAccount", "getTransactionDetail"}, readLists...)
			for _, name := range all {
				ask := func(number string) psd2test.Reply {
					a := w.one.read(v, name, got.access, number)
					if name == "getTransactionDetail" {
						a.put("itemId", "x")
					}
					return a.send()
				}
				unknown := body(ask(numberOf(77)).Fails(http.StatusForbidden, "forbidden"))
				for _, number := range []string{numberOf(2), numberOf(4), mask(4), "x", "../..", "\U0001F600", strings.Repeat("*", 34)} {
					if have := body(ask(number)); have != unknown {
						t.Errorf("an oracle: %s of %s is answered %s, of nobody %s", name, number, have, unknown)
					}
				}
			}
			for _, number := range []any{nil, "", strings.Repeat("1", 35), 7} {
				w.one.read(v, "getAccount", got.access, numberOf(1)).put("accountNumber", number).send().Fails(http.StatusBadRequest, "invalid_field")
			}
		})
	}
}

// Numbers are masked until the customer lets accounts be read; then the mask names
// the account wherever it is the only one of the consent under it.
func TestCase44Masks(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			listed := w.one.lists(v, annas, annas2)
			accounts := w.one.ask(v, "accounts/getAccounts", nil).with(listed.access).present().send().Is(http.StatusOK)
			if accounts.Text("accounts", 0, "accountNumber") != mask(1) || accounts.Text("accounts", 1, "accountNumber") != mask(2) {
				t.Error(accounts.Body)
			}
			refreshed := tokensOf(w.one.refresh(v, listed.refresh).send())
			for _, said := range []string{accounts.Body, listed.reply.Body, refreshed.reply.Body} {
				if strings.Contains(said, numberOf(1)) || strings.Contains(said, numberOf(2)) {
					t.Errorf("a full number is in %s", said)
				}
			}
			for _, said := range []psd2test.Reply{listed.reply, refreshed.reply} {
				if strings.Contains(said.Body, "accountNumber") || len(said.List("scope_details", "privilegeList")) != 1 {
					t.Errorf("a list of accounts is consented to as %s", said.Body)
				}
			}
			w.one.exchange(v, refreshed.access, consentOf(listed), withMask(mask(4), infoPrivilege(90))).send().Fails(http.StatusBadRequest, "invalid_scope")
			got := tokensOf(w.one.exchange(v, refreshed.access, consentOf(listed), withMask(mask(2), infoPrivilege(90))).send())
			if n := got.reply.Text("scope_details", "privilegeList", 0, "accountNumber"); n != numberOf(2) {
				t.Errorf("after the exchange the account is %q", n)
			}
			for _, name := range append([]string{"getAccount"}, readLists...) {
				for _, number := range []string{mask(2), numberOf(2), strings.ReplaceAll(mask(2), "*", "X")} {
					w.one.read(v, name, got.access, number).send().Is(http.StatusOK)
				}
				w.one.read(v, name, got.access, mask(1)).send().Fails(http.StatusForbidden, "forbidden") // given up with the exchange
			}
			if n := w.one.read(v, "getAccount", got.access, mask(2)).send().Text("account", "accountNumber"); n != numberOf(2) {
				t.Errorf("the account is %q", n)
			}
		})
	}
}

// Two accounts whose masks are the same: the mask names neither.
func TestCase44AmbiguousMask(t *testing.T) {
	w := newWorld(t)
	const twin = 1 + 97*10000 // the same check digits, the same last four
	if mask(twin) != mask(1) {
		t.Fatalf("%s is no twin of %s", mask(twin), mask(1))
	}
	w.opens("a-anna-twin", twin, anna, "PERSONAL")
	listed := w.one.lists(v212, annas, "a-anna-twin")
	w.one.exchange(v212, listed.access, consentOf(listed), withMask(mask(1), infoPrivilege(90))).send().Fails(http.StatusBadRequest, "invalid_scope")
	both := list{withMask(numberOf(1), infoPrivilege(90))[0], withMask(numberOf(twin), infoPrivilege(90))[0]}
	got := tokensOf(w.one.exchange(v212, listed.access, consentOf(listed), both).send())
	w.one.read(v212, "getAccount", got.access, mask(1)).send().Fails(http.StatusForbidden, "forbidden")
	w.one.read(v212, "getTransactionsDone", got.access, mask(1)).send().Fails(http.StatusForbidden, "forbidden")
	for _, n := range []int{1, twin} {
		if r := w.one.read(v212, "getAccount", got.access, numberOf(n)).send().Is(http.StatusOK); r.Text("account", "accountNumber") != numberOf(n) {
			t.Error(r.Body)
		}
	}
	alone := w.one.reads(v212, 90, "a-anna-twin")
	if r := w.one.read(v212, "getAccount", alone.access, mask(1)).send().Is(http.StatusOK); r.Text("account", "accountNumber") != numberOf(twin) {
		t.Error(r.Body)
	}
}

// Access switched off, a block and a closed account are refused at the next call
// and leave the other accounts alone (design §3); why stays the bank's.
func TestCase54AccountStates(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			got, listed := w.one.reads(v, 90, annas, annas2), w.one.lists(v, annas, annas2)
			outside := body(w.one.read(v, "getAccount", got.access, numberOf(77)).send())
			shut := func(why string) {
				t.Helper()
				for _, name := range append([]string{"getAccount"}, readLists...) {
					if have := body(w.one.read(v, name, got.access, numberOf(1)).send()); have != outside {
						t.Errorf("%s: %s is answered %s", why, name, have)
					}
				}
				w.one.read(v, "getAccount", got.access, numberOf(2)).send().Is(http.StatusOK)
				r := w.one.ask(v, "accounts/getAccounts", nil).with(listed.access).present().send().Is(http.StatusOK)
				if len(r.List("accounts")) != 1 || r.Text("accounts", 0, "accountNumber") != mask(2) {
					t.Errorf("%s: listed are %s", why, r.Body)
				}
			}
			set := func(s account.AccessState) {
				must(t, w.Store.SetAccess(t.Context(), annas, account.Access{State: s, By: "test", At: noon}, psd2test.Staff("access", "account")))
			}
			set(account.AccessOff)
			shut("access switched off")
			set(account.AccessBlocked)
			shut("access blocked")
			set(account.AccessOn)
			w.one.read(v, "getAccount", got.access, numberOf(1)).send().Is(http.StatusOK)
			w.Moves(annas, bobs, 1_000_00, "wszystko") // what is closed is empty
			for _, status := range []account.Status{account.Blocked, account.Closed} {
				must(t, w.Store.SetAccountStatus(t.Context(), annas, status, psd2test.Staff("status", "account")))
				shut(string(status))
			}
			must(t, w.Store.Block(t.Context(), anna, party.Block{By: "hotline", At: noon, Why: "test"}, psd2test.Staff("block", "customer")))
			w.one.read(v, "getAccount", got.access, numberOf(2)).send().Fails(http.StatusForbidden, "forbidden")
			w.one.ask(v, "accounts/getAccounts", nil).with(listed.access).present().send().Fails(http.StatusForbidden, "forbidden")
		})
	}
}

// firm is a company of which Anna and Bob are proxies, with one account.
func (w *world) firm() party.CustomerID {
	w.T.Helper()
	const firm party.CustomerID = "c-firm"
	since := noon.AddDate(-1, 0, 0)
	must(w.T, w.Store.Import(w.T.Context(), &intake.Batch{
		Customers: []party.Customer{{ID: firm, Segment: party.Business, Name: "Rowery Nowak sp. z o.o.", Address: "ul. Długa 2, 00-001 Warszawa", Since: since}},
		Representations: []party.Representation{
			{Customer: firm, Person: annaP, Role: party.Owner, Share: 255, From: since}, {Customer: firm, Person: bobP, Role: party.ProxyAdmin, From: since},
		},
	}))
	w.opens("a-firm", 20, firm, "BUSINESS")
	return firm
}

func TestPsuRelations(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			firm := w.firm()
			relations := func(person party.PersonID, customer party.CustomerID, id account.ID, number string) (string, string) {
				t.Helper()
				listed := w.one.consented(v, "ais-accounts", listPrivilege(), person, customer, id)
				r := w.one.ask(v, "accounts/getAccounts", nil).with(listed.access).present().send().Is(http.StatusOK)
				info := w.one.consented(v, "ais", list{m{"ais:getAccount": m{"scopeUsageLimit": "multiple"}}}, person, customer, id)
				d := w.one.read(v, "getAccount", info.access, number).send().Is(http.StatusOK)
				return fmt.Sprint(r.At("accounts", 0, "psuRelations")), fmt.Sprint(d.At("account", "psuRelations"))
			}
			for _, c := range []struct {
				person   party.PersonID
				customer party.CustomerID
				id       account.ID
				number   string
				want     string
			}{
				{annaP, anna, annas, numberOf(1), "[map[typeOfRelation:Owner]]"},
				{annaP, firm, "a-firm", numberOf(20), "[map[stake:25 typeOfRelation:Owner]]"},
				{bobP, firm, "a-firm", numberOf(20), "[map[typeOfProxy:Administrator typeOfRelation:ProxyOwner]]"},
			} {
				if v == v211 {
					c.want = "<nil>"
				}
				if inList, inDetails := relations(c.person, c.customer, c.id, c.number); inList != c.want || inDetails != c.want {
					t.Errorf("%s of %s: %s in the list, %s in the details, want %s", c.person, c.customer, inList, inDetails, c.want)
				}
			}
		})
	}
}

func TestTypeOfPsuRelation(t *testing.T) {
	w := newWorld(t)
	ask := func(v polishapi.Version, token string, pairs ...any) *ask {
		return w.one.ask(v, "accounts/getAccounts", nil).with(token).present().put(pairs...)
	}
	w.one.ask(v211, "accounts/getAccounts", m{"typeOfPsuRelation": "Owner"}).with(w.one.lists(v211, annas).access).send().Fails(http.StatusBadRequest, "invalid_field")
	firm := w.firm()
	for _, v := range []polishapi.Version{v212, v300} {
		own := w.one.lists(v, annas, annas2)
		proxy := w.one.consented(v, "ais-accounts", listPrivilege(), bobP, firm, "a-firm")
		for relation, want := range map[string][2]int{"Owner": {2, 0}, "ProxyOwner": {0, 1}, "Borrower": {0, 0}, "Guarantor": {0, 0}, "Beneficiary": {0, 0}, "Trustee": {0, 0}} {
			for i, token := range []string{own.access, proxy.access} {
				r := ask(v, token, "typeOfPsuRelation", relation).send().Is(http.StatusOK)
				if n := len(r.List("accounts")); n != want[i] || r.Text("pageInfo", "nextPage") != "" {
					t.Errorf("%s: %s", relation, r.Body)
				}
			}
		}
		for _, bad := range []any{"owner", "OWNER", 1} {
			ask(v, own.access, "typeOfPsuRelation", bad).send().Fails(http.StatusBadRequest, "invalid_field")
		}
		// A page belongs to its question.
		next := ask(v, own.access, "typeOfPsuRelation", "Owner", "perPage", 1).send().Is(http.StatusOK).Text("pageInfo", "nextPage")
		ask(v, own.access, "typeOfPsuRelation", "Owner", "pageId", next).send().Is(http.StatusOK)
		ask(v, own.access, "pageId", next).send().Fails(http.StatusBadRequest, "invalid_field")
		ask(v, own.access, "typeOfPsuRelation", "ProxyOwner", "pageId", next).send().Fails(http.StatusBadRequest, "invalid_field")
	}
}

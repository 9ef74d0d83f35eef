package polishapi_test

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"okienko/bank/account"
	"okienko/bank/calendar"
	"okienko/bank/payment"
	"okienko/bank/rail"
	"okienko/bank/transfer"
	"okienko/psd2/psd2test"
	"okienko/rails"
)

// psd2 §10: what movements look like.

// carriedOut has the payment systems take and settle everything that is due.
func (w *world) carriedOut() {
	w.T.Helper()
	network := rails.NewSimulator(w.Clock)
	for range 10 {
		due, err := w.Store.DueTransfers(w.T.Context(), w.Clock.Now(), 100)
		must(w.T, err)
		for i := range due {
			switch t := &due[i]; t.Status {
			case transfer.Scheduled:
				w.Do(&payment.RunTransfer{Transfer: t.ID})
			case transfer.Done:
				w.Do(&payment.ReturnFunds{Transfer: t.ID, Reason: t.Detail})
			default:
				verdict, err := network.Send(w.T.Context(), t)
				must(w.T, err)
				if verdict.Outcome != rail.Unknown {
					w.Do(&payment.Settle{Transfer: t.ID, Verdict: verdict})
				}
			}
		}
	}
}

func TestCase53FieldsOfItems(t *testing.T) {
	always := []string{"itemId", "amount", "currency", "description", "transactionType", "tradeDate", "initiator", "sender"}
	fields := map[string][]string{
		"getTransactionsDone":      {"recipient", "transactionCategory", "transactionStatus", "bookingDate", "postTransactionBalance"},
		"getTransactionsPending":   {"recipient", "transactionCategory"},
		"getTransactionsRejected":  {"recipient", "transactionCategory", "rejectionReason", "rejectionDate"},
		"getTransactionsCancelled": {"recipient", "transactionCategory", "transactionStatus"},
		"getTransactionsScheduled": {"recipient", "transactionCategory", "transactionStatus", "auxData"},
		"getHolds":                 {"holdExpirationDate"},
	}
	statuses := map[string]string{"getTransactionsDone": "done", "getTransactionsCancelled": "cancelled", "getTransactionsScheduled": "scheduled"}
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			w.everything()
			got := w.one.reads(v, 90, annas)
			for name, more := range fields {
				r := w.one.read(v, name, got.access, numberOf(1)).put("transactionDateFrom", "2026-11-18").send()
				if len(itemsOf(r)) == 0 {
					t.Fatalf("%s is empty", name)
				}
				want := slices.Sorted(slices.Values(append(more, always...)))
				for _, i := range itemsOf(r) {
					item := i.(m)
					if have := slices.Sorted(maps.Keys(item)); !slices.Equal(have, want) {
						t.Errorf("%s: an item has\n%q, want\n%q", name, have, want)
					}
					if strings.HasPrefix(item["amount"].(string), "-") || item["currency"] != "PLN" {
						t.Errorf("%s: %v", name, item)
					}
					if way, is := item["transactionCategory"]; is && way != "DEBIT" {
						t.Errorf("%s: %v", name, item)
					}
					if status, is := item["transactionStatus"]; is && status.(m)["code"] != statuses[name] {
						t.Errorf("%s: %v", name, status)
					}
				}
			}
			rejected := w.one.read(v, "getTransactionsRejected", got.access, numberOf(1)).send().Is(http.StatusOK)
			if rejected.Text("transactions", 0, "rejectionReason") == "" || rejected.Text("transactions", 0, "rejectionDate")[:10] != "2026-11-18" {
				t.Error(rejected.Body)
			}
			scheduled := w.one.read(v, "getTransactionsScheduled", got.access, numberOf(1)).send().Is(http.StatusOK)
			if scheduled.Text("transactions", 0, "auxData", "executionDate")[:10] != "2026-11-21" {
				t.Error(scheduled.Body)
			}
		})
	}
}

func TestCase53Values(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			w.Moves(annas, bobs, 100_00, "wydatek")
			w.Clock.Advance(time.Second)
			w.Moves(bobs, annas, 25_50, "wpływ")
			hold := w.PairShop().Holds(10_00)
			got := w.one.reads(v, 90, annas)
			r := w.one.read(v, "getTransactionsDone", got.access, numberOf(1)).send().Is(http.StatusOK)
			for i, want := range []map[string]string{
				{"amount": "25.50", "transactionCategory": "CREDIT", "postTransactionBalance": "925.50", "bookingDate": "2026-11-18T12:00:01.000+01:00"},
				{"amount": "100.00", "transactionCategory": "DEBIT", "postTransactionBalance": "900.00", "description": "wydatek", "tradeDate": "2026-11-18T12:00:00.000+01:00"},
			} {
				for name, value := range want {
					if got := r.Text("transactions", i, name); got != value {
						t.Errorf("%d %s is %q, want %q", i, name, got, value)
					}
				}
			}
			if r.Text("transactions", 1, "recipient", "nameAddress", "value", 0) != "Odbiorca" || r.Text("transactions", 1, "recipient", "accountNumber") != numberOf(9) ||
				r.Text("transactions", 1, "sender", "accountNumber") != numberOf(1) || r.Text("transactions", 0, "sender", "nameAddress", "value", 0) != "Płatnik" {
				t.Error(r.Body)
			}
			holds := w.one.read(v, "getHolds", got.access, numberOf(1)).send().Is(http.StatusOK)
			until := hold.ValidTo.In(calendar.Warsaw()).Format("2006-01-02T15:04:05.000Z07:00")
			if holds.Text("holds", 0, "amount") != "10.00" || holds.Text("holds", 0, "holdExpirationDate") != until || len(holds.List("transactions")) != 0 {
				t.Error(holds.Body)
			}
			details := w.one.read(v, "getAccount", got.access, numberOf(1)).send().Is(http.StatusOK)
			for name, want := range map[string]string{
				"accountNumber": numberOf(1), "currency": "PLN", "availableBalance": "915.50", "bookingBalance": "925.50", "accountHolderType": "individual",
				"accountNameClient": "Konto osobiste", "accountTypeName": "Konto osobiste",
			} {
				if got := details.Text("account", name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
			if details.Text("account", "nameAddress", "value", 0) != "Anna Nowak" || details.Text("account", "accountType", "code") != "PERSONAL" {
				t.Error(details.Body)
			}
		})
	}
}

// The bank's address is lines up to 2.1.2, and lines in an object since 3.0.
func TestBankOfAnAccount(t *testing.T) {
	w := newWorld(t)
	for _, v := range versions {
		got := w.one.reads(v, 90, annas)
		r := w.one.read(v, "getAccount", got.access, numberOf(1)).send().Is(http.StatusOK)
		way := []any{"account", "bank", "address", 0}
		if v == v300 {
			way = []any{"account", "bank", "address", "value", 0}
		}
		if r.Text(way...) != "ul. Prosta 1, 00-001 Warszawa" || r.Text("account", "bank", "bicOrSwift") != "OKIEPLPW" || r.Text("account", "bank", "name") != "Okienko" {
			t.Errorf("%s: %s", v, r.Body)
		}
	}
}

// owing has Anna's first account owe what no overdraft covers. The ledger lets no
// order do that; a bank that takes its books over from elsewhere may have such.
type owing struct{ account.Register }

func (o owing) Account(ctx context.Context, id account.ID) (account.Account, error) {
	a, err := o.Register.Account(ctx, id)
	if id == annas {
		a.Booked = pln(-200_00)
	}
	return a, err
}

// What is available has no sign: below zero it is shown as nothing.
func TestCase53NeverNegative(t *testing.T) {
	w := newWorld(t, func(s *settings) { s.core.Accounts = owing{s.core.Accounts} })
	w.consentsToFunds(oneOrg, annas)
	for _, v := range versions {
		got := w.one.reads(v, 90, annas)
		r := w.one.read(v, "getAccount", got.access, numberOf(1)).send().Is(http.StatusOK)
		if r.Text("account", "availableBalance") != "0.00" || r.Text("account", "bookingBalance") != "-200.00" {
			t.Error(r.Body)
		}
		if w.one.available(v, numberOf(1), "0.01", "PLN").send().Is(http.StatusOK).At("fundsAvailable") != false {
			t.Error("there is money on an account that owes some")
		}
	}
}

func TestCase54EmptyAccounts(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			euro := w.one.reads(v, 90, annasE)
			r := w.one.read(v, "getAccount", euro.access, numberOf(3)).send().Is(http.StatusOK)
			if r.Text("account", "currency") != "EUR" || r.Text("account", "availableBalance") != "0.00" {
				t.Error(r.Body)
			}
			for _, name := range readLists {
				empty := w.one.read(v, name, euro.access, numberOf(3)).send().Is(http.StatusOK)
				field := "transactions"
				if name == "getHolds" {
					field = "holds"
				}
				if all, ok := empty.At(field).(list); !ok || len(all) != 0 || len(empty.At("pageInfo").(m)) != 0 {
					t.Errorf("%s: %s", name, empty.Body)
				}
			}
		})
	}
}

func TestCase55Titles(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			long := strings.Repeat("\U0001F381", 200)
			titles := []string{"Prezent \U0001F381 dla Żółwia", strings.Repeat("ą", 140), "dwa\nwiersze\r\ni\ttabulator", `"cudzysłów" \ <b>& `, long}
			for i, title := range titles {
				at := noon.Add(-time.Duration(len(titles)-i) * time.Second)
				w.Book(w.Entry("title-"+string(rune('a'+i)), at, annas, bobs, pln(1), title))
			}
			got := w.one.reads(v, 90, annas)
			r := w.one.read(v, "getTransactionsDone", got.access, numberOf(1)).send().Is(http.StatusOK)
			titles[len(titles)-1] = strings.Repeat("\U0001F381", 140) // cut between characters
			slices.Reverse(titles)
			if have := texts(r, "description"); !slices.Equal(have, titles) {
				t.Errorf("%q, want %q", have, titles)
			}
			detail := w.one.read(v, "getTransactionDetail", got.access, numberOf(1)).put("itemId", r.Text("transactions", 0, "itemId")).send().Is(http.StatusOK)
			if detail.Text("baseInfo", "description") != titles[0] || strings.Contains(detail.Body+r.Body, "cardNumber") {
				t.Error(detail.Body)
			}
		})
	}
}

// A detail is of one movement of the account, wherever it stands.
func TestCase52Details(t *testing.T) {
	statuses := map[string]string{
		"getTransactionsDone": "done", "getTransactionsPending": "pending", "getTransactionsRejected": "rejected", "getTransactionsCancelled": "cancelled",
		"getTransactionsScheduled": "scheduled", "getHolds": "hold",
	}
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			w.everything()
			got := w.one.reads(v, 90, annas)
			for name, status := range statuses {
				r := w.one.read(v, name, got.access, numberOf(1)).put("transactionDateFrom", "2026-11-18").send()
				item := itemsOf(r)[0].(m)
				detail := w.one.read(v, "getTransactionDetail", got.access, mask(1)).put("itemId", item["itemId"]).send().Is(http.StatusOK)
				// Whatever the list says, the detail says too.
				base := detail.At("baseInfo").(m)
				for field, value := range item {
					where := base
					switch field {
					case "rejectionDate", "transactionStatus": // a detail has no place for the one, and words of its own for the other
						continue
					case "rejectionReason", "holdExpirationDate":
						where = detail.Object()
					}
					if !same(where[field], value) {
						t.Errorf("%s: %s is %v in the list and %v in the detail", name, field, value, where[field])
					}
				}
				if code := detail.Text("baseInfo", "transactionStatus", "code"); code != status {
					t.Errorf("%s: the status is %q", name, code)
				}
				if name == "getTransactionsPending" && (detail.Text("tppTransactionId") != "waits" || detail.Text("tppName") != "TPP "+oneOrg) {
					t.Error(detail.Body)
				}
				if _, is := detail.Object()["splitPayment"]; is != (v == v300) {
					t.Errorf("%s: %s", v, detail.Body)
				}
			}
		})
	}
}

// same compares two values of JSON.
func same(a, b any) bool {
	x, ok := a.(m)
	y, both := b.(m)
	if !ok || !both {
		l, isList := a.(list)
		k, areLists := b.(list)
		return isList == areLists && (isList && slices.EqualFunc(l, k, same) || !isList && a == b)
	}
	return maps.EqualFunc(x, y, same)
}

func TestCase52UnknownItems(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			w.Moves(annas, bobs, 1, "ruch")
			w.Moves(annas2, bobs, 2, "oszczędności")
			got, second := w.one.reads(v, 90, annas), w.one.reads(v, 90, annas2)
			own := texts(w.one.read(v, "getTransactionsDone", got.access, numberOf(1)).send(), "itemId")[0]
			foreign := texts(w.one.read(v, "getTransactionsDone", second.access, numberOf(2)).send(), "itemId")[0]
			read := func(token string, id any, more ...any) psd2test.Reply {
				return w.one.read(v, "getTransactionDetail", token, numberOf(1)).put("itemId", id).put(more...).send()
			}
			nobody := body(read(got.access, "nobody").Fails(http.StatusForbidden, "forbidden"))
			for _, id := range []string{
				foreign, own + "1", strings.Replace(own, ".e$", ".t$", 1), strings.Replace(own, ".e$", ".x$", 1), "a/b", "..", "$", ".$", own[:len(own)-1],
				strings.ReplaceAll(own, "$", "%24"), "\U0001F600",
			} {
				if have := body(read(got.access, id)); have != nobody {
					t.Errorf("an oracle: %s is answered %s", id, have)
				}
			}
			for _, id := range []any{nil, "", strings.Repeat("x", 129), 1} {
				read(got.access, id).Fails(http.StatusBadRequest, "invalid_field")
			}
			if r := read(got.access, strings.Repeat("x", 65)); (r.Status == http.StatusBadRequest) != (v != v300) { // 64 characters before 3.0
				t.Errorf("a long id: %d %s", r.Status, r.Body)
			}
			for _, at := range []string{"2026-11-18T12:00:00+01:00", "2026-11-18T00:00:00", "2026-11-17T23:00:00Z"} {
				read(got.access, own, "bookingDate", at).Is(http.StatusOK)
			}
			for _, at := range []string{"2026-11-17T22:59:59Z", "2026-11-19T00:00:00", "2027-11-18T12:00:00Z"} {
				if have := body(read(got.access, own, "bookingDate", at)); have != nobody {
					t.Errorf("booked at %s: %s", at, have)
				}
			}
			for _, at := range []any{"yesterday", 1} {
				read(got.access, own, "bookingDate", at).Fails(http.StatusBadRequest, "invalid_field")
			}
			// What no list of the consent shows, its details do not show either.
			narrow := w.one.consented(v, "ais", list{m{
				"ais:getHolds": m{"scopeUsageLimit": "multiple", "maxAllowedHistoryLong": 90}, "ais:getTransactionDetail": m{"scopeUsageLimit": "multiple"},
			}}, annaP, anna, annas)
			if have := body(read(narrow.access, own)); have != nobody {
				t.Error(have)
			}
			// Nothing of that was the one use that was consented to.
			one := w.one.consented(v, "ais", list{m{
				"ais:getTransactionsDone": m{"scopeUsageLimit": "multiple", "maxAllowedHistoryLong": 90}, "ais:getTransactionDetail": m{"scopeUsageLimit": "single"},
			}}, annaP, anna, annas)
			read(one.access, "nobody").Is(http.StatusForbidden)
			read(one.access, own, "bookingDate", "2026-11-17T12:00:00Z").Fails(http.StatusForbidden, "forbidden")
			read(one.access, own).Is(http.StatusOK)
			read(one.access, own).Fails(http.StatusForbidden, "consent_used_up")
		})
	}
}

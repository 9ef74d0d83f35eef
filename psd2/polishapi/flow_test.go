package polishapi_test

import (
	"net/http"
	"testing"
)

// TestAccountInformation walks the whole way of account information in every
// version: list, exchange, details, every list, one movement.
func TestAccountInformation(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			tpp := w.one
			listed := tpp.lists(v, annas, annas2)
			accounts := tpp.ask(v, "accounts/getAccounts", nil).with(listed.access).present().send().Is(http.StatusOK)
			if n := len(accounts.List("accounts")); n != 2 {
				t.Fatalf("%d accounts in %s", n, accounts.Body)
			}
			mask := accounts.Text("accounts", 0, "accountNumber")
			if mask != numberOf(1)[:10]+"************"+numberOf(1)[22:] {
				t.Errorf("masked as %s", mask)
			}
			details := tpp.ask(v, "accounts/deleteConsent", nil) // only for its id
			_ = details
			id := listed.reply.Text("scope_details", "consentId")
			privilege := infoPrivilege(90)
			privilege["accountNumber"] = mask
			got := tokensOf(tpp.exchange(v, listed.access, id, list{privilege}).send())
			account := tpp.read(v, "getAccount", got.access, mask).send().Is(http.StatusOK)
			if n := account.Text("account", "accountNumber"); n != numberOf(1) {
				t.Errorf("the account is %s", n)
			}
			for _, name := range readLists {
				tpp.read(v, name, got.access, numberOf(1)).send().Is(http.StatusOK)
			}
			done := tpp.read(v, "getTransactionsDone", got.access, numberOf(1)).put("perPage", 1).send().Is(http.StatusOK)
			_ = done
		})
	}
}

// TestPayment walks the way of one payment.
func TestPayment(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			w := newWorld(t)
			id, got := w.one.paid(v, "mine-1")
			shown := w.one.ask(v, "payments/getPayment", m{"paymentId": id}).with(got.access).send().Is(http.StatusOK)
			if shown.Text("generalStatus") != "done" || shown.Text("tppTransactionId") != "mine-1" {
				t.Errorf("shown as %s", shown.Body)
			}
			if free := w.Account(annas).Booked; free != pln(987_50) {
				t.Errorf("Anna has %s", free)
			}
		})
	}
}

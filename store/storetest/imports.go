package storetest

import (
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/intake"
	"okienko/bank/ledger"
	"okienko/bank/party"
)

// imports: a batch comes in whole or not at all.
func imports(t *testing.T, open Open) {
	t.Run("what does not fit is refused whole", func(t *testing.T) {
		w := newWorld(t, open)
		w.customer("jan", "acc-jan", zl(10))
		person := party.Person{ID: "per-ewa", FirstName: "Ewa", LastName: "Nowa", Language: party.English}
		customer := party.Customer{ID: "cus-ewa", Segment: party.Individual, Name: "Ewa Nowa", Person: "per-ewa", Since: noon}
		acc := account.Account{
			ID: "acc-ewa", Kind: account.Customer, Customer: "cus-ewa", Status: account.Open, Access: account.FirstAccess(party.Individual, noon),
			OpenedAt: noon, Booked: zl(0), Held: zl(0), Overdraft: zl(0),
		}
		old := w.opening("acc-jan", zl(1))
		old.At = noon.Add(-time.Hour)
		spend := w.opening("acc-ewa", zl(5))
		spend.Postings, _ = ledger.Move("acc-ewa", intake.CashAccount, zl(6))
		twice := w.opening("acc-ewa", zl(5))
		for name, c := range map[string]struct {
			change func(*intake.Batch)
			code   bank.Code
		}{
			"a known person":            {func(b *intake.Batch) { b.Persons[0].ID = "per-jan"; b.Customers[0].Person = "per-jan" }, bank.InvalidParameter},
			"a known customer":          {func(b *intake.Batch) { b.Customers[0].ID = "cus-jan"; b.Accounts[0].Customer = "cus-jan" }, bank.InvalidParameter},
			"a known account":           {func(b *intake.Batch) { b.Accounts[0].ID = "acc-jan" }, bank.InvalidParameter},
			"a known number":            {func(b *intake.Batch) { b.Accounts[0].NRB = w.account("acc-jan").NRB }, bank.InvalidParameter},
			"an unknown customer":       {func(b *intake.Batch) { b.Accounts[0].Customer = "cus-nobody" }, bank.InvalidParameter},
			"an unknown account":        {func(b *intake.Batch) { b.Entries[0].Postings[1].Account = "acc-nobody" }, bank.InvalidParameter},
			"a payment into the past":   {func(b *intake.Batch) { b.Entries = append(b.Entries, old) }, bank.InvalidParameter},
			"more than there is":        {func(b *intake.Batch) { b.Entries = append(b.Entries, spend) }, bank.InsufficientFunds},
			"one entry twice":           {func(b *intake.Batch) { b.Entries = append(b.Entries, twice, twice) }, bank.InvalidParameter},
			"an entry that leaves more": {func(b *intake.Batch) { b.Entries[0].Postings[1].Amount = zl(6) }, bank.Internal},
		} {
			b := &intake.Batch{
				Persons: []party.Person{person}, Customers: []party.Customer{customer}, Accounts: []account.Account{acc},
				Entries: []ledger.Entry{w.opening("acc-ewa", zl(5))},
			}
			c.change(b)
			if err := w.s.Import(t.Context(), b); bank.CodeOf(err) != c.code {
				t.Errorf("%s: %v, want %s", name, err, c.code)
			}
			if _, err := w.s.Person(t.Context(), "per-ewa"); bank.CodeOf(err) != bank.NotFound {
				t.Errorf("%s: the person stayed: %v", name, err)
			}
		}
		must(t, w.s.Import(t.Context(), &intake.Batch{
			Persons: []party.Person{person}, Customers: []party.Customer{customer}, Accounts: []account.Account{acc},
			Entries: []ledger.Entry{w.opening("acc-ewa", zl(5))},
		}))
		if got := w.account("acc-ewa"); got.Booked != zl(5) || got.Seq != 1 {
			t.Errorf("imported %+v", got)
		}
		if list, err := w.s.AccountsOf(t.Context(), "cus-ewa"); err != nil || len(list) != 1 || list[0] != w.account("acc-ewa") {
			t.Errorf("accounts %+v, %v", list, err)
		}
	})
	t.Run("states", func(t *testing.T) {
		w := newWorld(t, open)
		a := w.holder("jan", zl(100), wide())
		staff := audit.Record{At: noon, Actor: audit.Actor{Kind: audit.Staff, ID: "anna"}, Act: "test", Subject: "test"}
		refused := func(want bank.Code) {
			t.Helper()
			if _, err := w.do(pay(a, w.ids.NewID(), zl(1), "")); bank.CodeOf(err) != want {
				t.Errorf("%v, want %s", err, want)
			}
		}
		must(t, w.s.Block(t.Context(), a.Customer, party.Block{By: "staff:anna", At: noon, Why: "fraud"}, staff))
		refused(bank.CustomerBlocked)
		must(t, w.s.Block(t.Context(), a.Customer, party.Block{}, staff))
		must(t, w.s.SetAccountStatus(t.Context(), a.Account, account.Blocked, staff))
		refused(bank.AccountBlocked)
		must(t, w.s.SetAccountStatus(t.Context(), a.Account, account.Open, staff))
		must(t, w.s.SetAccess(t.Context(), a.Account, account.Access{State: account.AccessBlocked, By: "staff:anna", At: noon, Why: "asked"}, staff))
		refused(bank.AccessBlocked)
		must(t, w.s.SetAccess(t.Context(), a.Account, account.Access{State: account.AccessOn, By: "staff:anna", At: noon, Why: "asked"}, staff))
		refused("")
		if got := w.account(a.Account).Access; got != (account.Access{State: account.AccessOn, By: "staff:anna", At: noon, Why: "asked"}) {
			t.Errorf("access %+v", got)
		}
		if err := w.s.SetAccountStatus(t.Context(), "acc-nobody", account.Open, staff); bank.CodeOf(err) != bank.NotFound {
			t.Errorf("unknown account: %v", err)
		}
	})
}

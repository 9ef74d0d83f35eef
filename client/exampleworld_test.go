package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"okienko/client"
	"okienko/okienkotest"
)

// world is what stands around a third party in the examples: a whole bank, and
// customers who do on its pages what they are asked.
type world struct {
	folder string // of the third party
	tb     *exampleTB
	bank   *okienkotest.Bank
}

// exampleTB stands for the *testing.T that an example does not have. What it does
// not override is never called by okienkotest.
type exampleTB struct {
	testing.TB
	end []func()
}

func (*exampleTB) Helper()                           {}
func (*exampleTB) Context() context.Context          { return context.Background() }
func (tb *exampleTB) Cleanup(f func())               { tb.end = append(tb.end, f) }
func (*exampleTB) Errorf(format string, args ...any) { fmt.Printf("error: "+format+"\n", args...) }
func (*exampleTB) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (*exampleTB) Fatal(args ...any)                 { panic(fmt.Sprint(args...)) }

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// open starts a bank on a Tuesday at ten, with a third party that has its
// certificates and is not registered yet.
func open() *world {
	tb := &exampleTB{}
	w := &world{tb: tb, bank: okienkotest.Start(tb, okienkotest.Frozen(time.Date(2026, time.March, 10, 9, 0, 0, 0, time.UTC)))}
	made, err := w.bank.Inside().NewThirdParty(tb.Context(), "Budżet Domowy sp. z o.o.", []string{"PSP_AI", "PSP_PI", "PSP_IC"}, "")
	must(err)
	w.folder, err = os.MkdirTemp("", "okienko-client-*")
	must(err)
	must(made.Save(w.folder))
	return w
}

func (w *world) close() {
	for i := len(w.tb.end) - 1; i >= 0; i-- {
		w.tb.end[i]()
	}
	must(os.RemoveAll(w.folder))
}

// registered opens the third party and registers it.
func (w *world) registered() (*client.Client, client.Folder) {
	tpp, err := client.Open(w.folder)
	must(err)
	bank, err := client.New(tpp.Config)
	must(err)
	known, err := bank.Register(w.tb.Context(), client.Registration{Name: tpp.Name, Email: "api@tpp.example", RedirectURIs: []string{tpp.RedirectURI}})
	must(err)
	return bank.As(known.ClientID), tpp
}

// now is the bank's clock.
func (w *world) now() time.Time { return w.bank.Inside().Now() }

// wait moves the bank's clock and lets the bank do what is due.
func (w *world) wait(d time.Duration) {
	w.bank.Wait(w.tb, d)
	must(w.bank.Inside().Settled(w.tb.Context()))
}

// customerAgrees is the customer's browser: it opens a page of the bank, logs in,
// agrees, confirms with the second factor, and comes back to an address.
func (w *world) customerAgrees(login, page string) (back string) {
	a := w.bank.Answer(w.tb, "approve", login, page)
	if a.Field("redirect") == "" {
		panic(string(a.Body))
	}
	return a.Field("redirect")
}

// consented is Ask, the customer's yes, and Redeem, as the first examples show
// them.
func (w *world) consented(bank *client.Client, login string, k client.Consent) client.Tokens {
	tpp, err := client.Open(w.folder)
	must(err)
	k.RedirectURI, k.Until = tpp.RedirectURI, w.now().AddDate(0, 0, 30)
	k.Customer = &client.Customer{Address: "203.0.113.7", Port: 50123, UserAgent: "Mozilla/5.0"}
	asked, err := bank.Ask(w.tb.Context(), k)
	must(err)
	code, _, err := client.Returned(w.customerAgrees(login, asked.Redirect), asked.State)
	must(err)
	tokens, err := bank.Redeem(w.tb.Context(), code, tpp.RedirectURI)
	must(err)
	return tokens
}

// customerAllowsFunds has a customer allow a card issuer to ask about the account
// in złoty, and gives its number.
func (w *world) customerAllowsFunds(login, issuer string) (number string) {
	var list struct {
		Accounts []struct{ Number, Currency string }
	}
	must(json.Unmarshal(w.bank.Customers(w.tb, http.MethodGet, "/api/people/"+login+"/accounts", nil).Body, &list))
	for _, a := range list.Accounts {
		if a.Currency == "PLN" {
			number = a.Number
		}
	}
	body, err := json.Marshal(map[string]string{"login": login, "account": number, "issuer": issuer})
	must(err)
	if a := w.bank.Customers(w.tb, http.MethodPost, "/api/funds-consents", body); a.Status != http.StatusOK {
		panic(string(a.Body))
	}
	return number
}

package crash

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strings"
	"testing"
	"time"

	"okienko/bank/money"
	"okienko/client"
	"okienko/test/process"
)

// thirdParty is the sandbox's ready third party: one customer after another
// consents to a payment of a grosz, and it pays it, until the bank is killed.
type thirdParty struct {
	last, all []initiation
	before    string // what the payee had when nobody had paid yet
	payee     string
	failed    error
}

// initiation is one payment, from the moment at which the third party has tokens
// to make it with: both outlive a kill.
type initiation struct {
	token   string
	id      string // the third party's own
	payment client.Payment
	made    client.Initiated // as it was acknowledged
	known   bool             // it was
}

const (
	payerLogin = "anna"
	payeeLogin = "piotr"
)

// holding is an account of a made-up customer.
type holding struct{ Customer, Number, Currency, Available string }

func accountOf(ctx context.Context, bank *process.Bank, http *http.Client, login string) (holding, error) {
	status, text, err := process.Call(ctx, http, "GET", bank.Sandbox+"/api/people/"+login+"/accounts", "", "")
	var list struct{ Accounts []holding }
	if err := errors.Join(err, json.Unmarshal([]byte(text), &list)); err != nil || status != 200 {
		return holding{}, fmt.Errorf("accounts of %s: %d %s %w", login, status, text, err)
	}
	for _, h := range list.Accounts {
		if h.Customer == "customer-"+login {
			return h, nil
		}
	}
	return holding{}, fmt.Errorf("%s has no account: %s", login, text)
}

// called opens the third party's folder, which says where the bank listens now.
func called(t *testing.T, bank *process.Bank) (*client.Client, client.Folder) {
	t.Helper()
	folder, err := client.Open(bank.TPP)
	if err != nil {
		t.Fatal(err)
	}
	folder.Tries = 1
	c, err := client.New(folder.Config)
	if err != nil {
		t.Fatal(err)
	}
	return c, folder
}

// pay pays until the bank is gone.
func (p *thirdParty) pay(bank *process.Bank, sandbox *http.Client, c *client.Client, folder client.Folder, who string) {
	ctx := context.Background()
	from, err := accountOf(ctx, bank, sandbox, payerLogin)
	if err != nil {
		return
	}
	for n := 0; ; n++ {
		i := initiation{id: fmt.Sprintf("%s-n%d", who, n), payment: client.Payment{
			Recipient: client.Party{AccountNumber: p.payee, Name: "Piotr Zieliński"}, Sender: client.Party{AccountNumber: from.Number},
			TransferData: client.TransferData{Description: "crash", Amount: "0.01", Currency: "PLN"}, DeliveryMode: "EXPRESS_D0", System: "INTERNAL",
		}}
		if i.token, err = consented(ctx, bank, sandbox, c, folder, &i.payment); err != nil {
			p.fail(err)
			return
		}
		made, err := c.Pay(ctx, client.Session{Token: i.token}, i.id, i.payment)
		i.made, i.known = made, err == nil
		p.last = append(p.last, i)
		if err != nil {
			p.fail(err)
			return
		}
	}
}

// fail notes a refusal: a connection that breaks is what the test is about.
func (p *thirdParty) fail(err error) {
	var no *client.Error
	if errors.As(err, &no) {
		p.failed = err
	}
}

// consented has the payer consent to a payment, by the sandbox's own doors.
func consented(ctx context.Context, bank *process.Bank, sandbox *http.Client, c *client.Client, folder client.Folder, pay *client.Payment) (token string, err error) {
	asked, err := c.Ask(ctx, client.Consent{
		Payment: pay, RedirectURI: folder.RedirectURI, Until: time.Now().Add(time.Hour), Customer: &client.Customer{Address: "203.0.113.7", Port: 50123, UserAgent: "crash"},
	})
	if err != nil {
		return "", err
	}
	status, text, err := process.Call(ctx, sandbox, "POST", bank.Sandbox+"/api/consents/"+path.Base(asked.Redirect)+"/approve", "",
		fmt.Sprintf(`{"login":%q,"accounts":[%q]}`, payerLogin, pay.Sender.AccountNumber))
	if err != nil {
		return "", err
	}
	var a struct{ Redirect string }
	if err := json.Unmarshal([]byte(text), &a); err != nil || status != http.StatusOK {
		return "", &client.Error{Status: status, Message: "approving: " + text}
	}
	code, denied, err := client.Returned(a.Redirect, asked.State)
	if err != nil || denied != "" {
		return "", errors.Join(err, &client.Error{Code: denied})
	}
	tokens, err := c.Redeem(ctx, code, folder.RedirectURI)
	return tokens.Access, err
}

// settle repeats every payment of the last round under its id: what was
// acknowledged is the same payment, what nobody knows of is made now, once.
func (p *thirdParty) settle(t *testing.T, bank *process.Bank) {
	t.Helper()
	sandbox, err := bank.Client(1)
	if err != nil {
		t.Fatal(err)
	}
	defer sandbox.CloseIdleConnections()
	if p.payee == "" {
		payee, err := accountOf(t.Context(), bank, sandbox, payeeLogin)
		if err != nil {
			t.Fatal(err)
		}
		p.payee, p.before = payee.Number, payee.Available
	}
	c, _ := called(t, bank)
	defer c.Close()
	for _, i := range p.last {
		again, err := c.Pay(t.Context(), client.Session{Token: i.token}, i.id, i.payment)
		switch {
		case err != nil:
			t.Errorf("%s, acknowledged %t, repeated: %v", i.id, i.known, err)
		case i.known && (again.PaymentID != i.made.PaymentID || again.GeneralStatus != client.StatusDone):
			t.Errorf("%s was acknowledged as %s %s and is now %s %s", i.id, i.made.PaymentID, i.made.GeneralStatus, again.PaymentID, again.GeneralStatus)
		}
		i.made = again
		p.all = append(p.all, i)
	}
	p.last = nil
	if t.Failed() {
		_ = bank.Kill()
		t.FailNow()
	}
}

// count holds what the payee has against what was paid: each payment once.
func (p *thirdParty) count(t *testing.T, bank *process.Bank) {
	t.Helper()
	sandbox, err := bank.Client(1)
	if err != nil {
		t.Fatal(err)
	}
	defer sandbox.CloseIdleConnections()
	now, err := accountOf(t.Context(), bank, sandbox, payeeLogin)
	if err != nil {
		t.Fatal(err)
	}
	before, err := money.Parse(p.before, money.PLN)
	if err != nil {
		t.Fatal(err)
	}
	if want := money.New(before.Minor()+int64(len(p.all)), money.PLN); now.Available != want.String() {
		t.Errorf("%d payments of a grosz made %s of %s", len(p.all), now.Available, p.before)
	}
	seen := map[string]string{}
	for _, i := range p.all {
		if of := seen[i.made.PaymentID]; of != "" || strings.TrimSpace(i.made.PaymentID) == "" {
			t.Errorf("%s and %s are one payment %q", of, i.id, i.made.PaymentID)
		}
		seen[i.made.PaymentID] = i.id
	}
}

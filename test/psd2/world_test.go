package psd2

import (
	"context"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"okienko/bank/calendar"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/client"
	"okienko/okienkotest"
	"okienko/test/engine"
	"okienko/verify"
)

// A Tuesday, ten in the morning in Warsaw: every payment system works.
var tuesday = calendar.Date{Year: 2026, Month: time.March, Day: 10}

func atTen(d calendar.Date) time.Time { return d.Start().Add(10 * time.Hour) }

// start opens a bank whose clock stands. Whatever a test does to it, its books
// add up at the end.
func start(t *testing.T, options ...okienkotest.Option) *okienkotest.Bank {
	t.Helper()
	where := engine.DSN(t)
	b := okienkotest.Start(t, append([]okienkotest.Option{
		okienkotest.Frozen(atTen(tuesday)), okienkotest.Database(where), okienkotest.WithFolder(t.TempDir()), // where verify finds the data
	}, options...)...)
	if where == "" {
		where = filepath.Join(b.Data, "bank.db")
	}
	t.Cleanup(func() {
		report, err := verify.Run(context.WithoutCancel(t.Context()), where)
		if err != nil {
			t.Error(err)
		}
		for _, f := range report.Findings {
			t.Errorf("verify: %v", f)
		}
	})
	return b
}

// open starts a bank, with a third party that has every role.
func open(t *testing.T, options ...okienkotest.Option) (*okienkotest.Bank, *okienkotest.ThirdParty) {
	t.Helper()
	b := start(t, options...)
	p := b.ThirdParty(t, "Budżet Domowy Test sp. z o.o.")
	return b, p
}

// held is one account of a made-up customer, as the sandbox's doors tell it.
type held struct {
	Customer, Number, Name, Type, Currency, Booked, Available string
}

// accounts are those of somebody, in one currency.
func accounts(t *testing.T, b *okienkotest.Bank, login, currency string) []held {
	t.Helper()
	a := b.Customers(t, http.MethodGet, "/api/people/"+login+"/accounts", nil)
	var list struct{ Accounts []held }
	if err := json.Unmarshal(a.Body, &list); err != nil || a.Status != http.StatusOK {
		t.Fatalf("accounts of %s: %d %s (%v)", login, a.Status, a.Body, err)
	}
	var out []held
	for _, h := range list.Accounts {
		if h.Currency == currency {
			out = append(out, h)
		}
	}
	if len(out) == 0 {
		t.Fatalf("%s has no account in %s: %s", login, currency, a.Body)
	}
	return out
}

func account(t *testing.T, b *okienkotest.Bank, login, currency string) held {
	t.Helper()
	return accounts(t, b, login, currency)[0]
}

// ofCompany is an account of some type that somebody's company has; "" is its
// first one that is no VAT account.
func ofCompany(t *testing.T, b *okienkotest.Bank, login, company, currency, kind string) held {
	t.Helper()
	for _, h := range accounts(t, b, login, currency) {
		if h.Customer == "customer-"+company && (h.Type == kind || (kind == "" && h.Type != "VAT")) {
			return h
		}
	}
	t.Fatalf("%s has no account of %s in %s", login, company, currency)
	return held{}
}

// again looks at an account once more.
func (h held) again(t *testing.T, b *okienkotest.Bank) held {
	t.Helper()
	a, err := b.Inside().Books.AccountByNumber(t.Context(), nrb.NRB(h.Number))
	if err != nil {
		t.Fatal(err)
	}
	free, err := a.Available()
	if err != nil {
		t.Fatal(err)
	}
	h.Booked, h.Available = a.Booked.String(), free.String()
	return h
}

// less is an amount less some others.
func less(t *testing.T, from string, amounts ...string) string {
	t.Helper()
	sum := pln(t, from)
	for _, a := range amounts {
		var err error
		if sum, err = sum.Sub(pln(t, a)); err != nil {
			t.Fatal(err)
		}
	}
	return sum.String()
}

// pln reads an amount, in whatever currency it may be.
func pln(t *testing.T, s string) money.Amount {
	t.Helper()
	a, err := money.Parse(strings.TrimPrefix(s, "-"), money.PLN)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(s, "-") {
		if a, err = a.Neg(); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

// domestic is a payment to somebody's account at another bank.
func domestic(amount, title string) client.Payment {
	return client.Payment{
		Recipient:    client.Party{AccountNumber: elsewhere, Name: "Natalia Kołodziej"},
		TransferData: client.TransferData{Description: title, Amount: amount, Currency: "PLN"},
		DeliveryMode: "EXPRESS_D0", System: "ELIXIR",
	}
}

// elsewhere is an account at a bank that is not ours: mBank's own sample number
// (psd2 §3.6).
const elsewhere = "20114000000000000000000300"

// pays has a customer consent to a payment and the third party make it. The
// returned consent is that of the payment.
func pays(t *testing.T, p *okienkotest.ThirdParty, login, from string, payment client.Payment) (client.Initiated, *okienkotest.Consented) {
	t.Helper()
	payment.Sender.AccountNumber = from
	given := p.Consent(t, login, client.Consent{Payment: &payment}, from)
	made, err := p.Pay(t.Context(), given.Session(), client.NewID(), payment)
	if err != nil {
		t.Fatalf("paying: %v", err)
	}
	return made, given
}

// looking refreshes a payment's tokens, as mBank's own samples do before they ask
// for its status.
func looking(t *testing.T, p *okienkotest.ThirdParty, given *okienkotest.Consented) client.Session {
	t.Helper()
	next, err := p.Refresh(t.Context(), given.Refresh)
	if err != nil {
		t.Fatalf("refreshing: %v", err)
	}
	given.Tokens = next
	return given.Session()
}

// becomes lets the bank's workers do what is due and asks for the status, with
// new tokens: the old ones may have expired with the time that has passed.
func becomes(t *testing.T, b *okienkotest.Bank, p *okienkotest.ThirdParty, given *okienkotest.Consented, made client.Initiated, want string) client.Initiated {
	t.Helper()
	if err := b.Inside().Settled(t.Context()); err != nil {
		t.Fatal(err)
	}
	now, err := p.PaymentStatus(t.Context(), looking(t, p, given), made)
	if err != nil {
		t.Fatalf("status: %v", err)
	}
	if now.GeneralStatus != want {
		t.Fatalf("the payment is %s (%s), want %s", now.GeneralStatus, now.DetailedStatus, want)
	}
	return now
}

// to moves the bank clock.
func to(t *testing.T, b *okienkotest.Bank, at time.Time) {
	t.Helper()
	if err := b.MoveClock(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	if err := b.Inside().Settled(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// refusedWith tells whether an error is an answer with a status.
func refusedWith(err error, status int) bool {
	e, ok := err.(*client.Error) //nolint:errorlint // the client gives it as it is
	return ok && e.Status == status
}

// books are the transfers that stand written.
func books(t *testing.T, b *okienkotest.Bank) transfer.Reader {
	t.Helper()
	all, ok := b.Inside().Books.(transfer.Reader)
	if !ok {
		t.Fatal("the books know no transfers")
	}
	return all
}

// written is a payment as it stands in the books.
func written(t *testing.T, b *okienkotest.Bank, p *okienkotest.ThirdParty, made client.Initiated) transfer.Transfer {
	t.Helper()
	s, err := books(t, b).Submission(t.Context(), transfer.SubmissionKey{Client: thirdparty.ClientID(p.ClientID()), TPPID: made.OwnPaymentID})
	if err != nil {
		t.Fatal(err)
	}
	tr, err := books(t, b).Transfer(t.Context(), s.Transfer)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// every is what may be shown of an account's items.
var every = []string{"DONE", "PENDING", "SCHEDULED", "REJECTED", "HOLD", "CANCELLED"}

// reads has a customer let accounts be read, with every list.
func reads(t *testing.T, p *okienkotest.ThirdParty, login string, numbers ...string) *okienkotest.Consented {
	t.Helper()
	return p.Consent(t, login, client.Consent{Read: &client.Read{Numbers: numbers, Days: 90, Statuses: every}}, numbers...)
}

// item finds the one item of a list that has a title and takes money.
func item(t *testing.T, p *okienkotest.ThirdParty, s client.Session, id, status, title string) client.Transaction {
	t.Helper()
	var found []client.Transaction
	for _, one := range transactions(t, p, s, id, client.Filter{Status: status}) {
		if one.Description == title && one.Category == "DEBIT" {
			found = append(found, one)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d items %s have the title %q", len(found), status, title)
	}
	return found[0]
}

// none tells that no item of a list has a title.
func none(t *testing.T, p *okienkotest.ThirdParty, s client.Session, id, status, title string) {
	t.Helper()
	for _, one := range transactions(t, p, s, id, client.Filter{Status: status}) {
		if one.Description == title {
			t.Errorf("%q is %s too: %+v", title, status, one)
		}
	}
}

// shown is a consent as its customer sees it.
type shown struct{ ID, ConsentID, Status string }

// consents are those of somebody.
func consents(t *testing.T, b *okienkotest.Bank, login string) []shown {
	t.Helper()
	a := b.Customers(t, http.MethodGet, "/api/people/"+login+"/consents", nil)
	var out struct{ Consents []shown }
	if err := json.Unmarshal(a.Body, &out); err != nil || a.Status != http.StatusOK {
		t.Fatalf("consents of %s: %d %s (%v)", login, a.Status, a.Body, err)
	}
	return out.Consents
}

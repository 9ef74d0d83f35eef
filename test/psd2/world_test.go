package psd2

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"okienko/bank/calendar"
	"okienko/client"
	"okienko/okienkotest"
	"okienko/test/engine"
)

// A Tuesday, ten in the morning in Warsaw: every payment system works.
var tuesday = calendar.Date{Year: 2026, Month: time.March, Day: 10}

func atTen(d calendar.Date) time.Time { return d.Start().Add(10 * time.Hour) }

// open starts a bank whose clock stands, with a third party that has every role.
func open(t *testing.T, options ...okienkotest.Option) (*okienkotest.Bank, *okienkotest.ThirdParty) {
	t.Helper()
	b := okienkotest.Start(t, append([]okienkotest.Option{okienkotest.Frozen(atTen(tuesday)), okienkotest.Database(engine.DSN(t))}, options...)...)
	return b, b.ThirdParty(t, "Budżet Domowy Test sp. z o.o.")
}

// held is one account of a made-up customer, as the sandbox's doors tell it.
type held struct {
	Customer, Number, Name, Currency, Booked, Available string
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

package client_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"okienko/client"
	"okienko/eidas"
)

// The same third party at a bank that speaks PolishAPI: the form is chosen once,
// and nothing else is written differently.
func Example_polishAPI() {
	ctx := context.Background()
	w := open()
	defer w.close()

	tpp, err := client.Open(w.folder)
	must(err)
	tpp.Speak(client.PolishAPI212)
	bank, err := client.New(tpp.Config)
	must(err)
	defer bank.Close()
	known, err := bank.Register(ctx, client.Registration{Name: tpp.Name, Email: "api@tpp.example", RedirectURIs: []string{tpp.RedirectURI}})
	must(err)
	bank = bank.As(known.ClientID)

	there := &client.Customer{Address: "203.0.113.7", Port: 50123, UserAgent: "Mozilla/5.0"}
	until := w.now().AddDate(0, 0, 90)
	asked, err := bank.Ask(ctx, client.Consent{Accounts: true, RedirectURI: tpp.RedirectURI, Until: until, Customer: there})
	must(err)
	code, _, err := client.Returned(w.customerAgrees("anna", asked.Redirect), asked.State)
	must(err)
	tokens, err := bank.Redeem(ctx, code, tpp.RedirectURI)
	must(err)
	list, err := bank.Accounts(ctx, client.Session{Token: tokens.Access, Present: there})
	must(err)
	for i := range list {
		fmt.Println("account:", list[i].TypeName)
	}
	read := client.Read{Numbers: []string{list[0].Number}, Days: 90, Statuses: []string{client.StatusDone}}
	tokens, err = bank.ExchangeToAIS(ctx, tokens.Access, asked.ConsentID, until, read)
	must(err)
	id := tokens.AccountIDs()[0] // the number, no longer masked
	details, err := bank.AccountDetails(ctx, client.Session{Token: tokens.Access, Present: there}, id)
	must(err)
	fmt.Println("balance:", details.BookingBalance, details.Currency)

	w.wait(7 * 24 * time.Hour)
	tokens, err = bank.Refresh(ctx, tokens.Refresh)
	must(err)
	for item, err := range bank.Transactions(ctx, client.Session{Token: tokens.Access}, id, client.Filter{Status: client.StatusDone}) {
		must(err)
		fmt.Println("booked:", item.Amount, item.Currency, item.Description)
	}
	must(bank.DeleteConsent(ctx, asked.ConsentID))
	_, err = bank.Refresh(ctx, tokens.Refresh)
	fmt.Println("the consent is over:", client.IsGone(err))
	// Output:
	// account: Konto osobiste
	// account: Konto oszczędnościowe
	// balance: 5000.00 PLN
	// booked: -228.77 PLN Przelew własny
	// the consent is over: true
}

// spoken is a third party that is registered and speaks a form.
func (w *world) spoken(f client.Form) (*client.Client, client.Folder) {
	tpp, err := client.Open(w.folder)
	must(err)
	tpp.Speak(f)
	bank, err := client.New(tpp.Config)
	must(err)
	known, err := bank.Register(w.tb.Context(), client.Registration{Name: tpp.Name, Email: "api@tpp.example", RedirectURIs: []string{tpp.RedirectURI}})
	must(err)
	return bank.As(known.ClientID), tpp
}

var polishAPI = []client.Form{client.PolishAPI211, client.PolishAPI212, client.PolishAPI30}

// inEach runs a story against a whole bank in each version of PolishAPI.
func inEach(t *testing.T, story func(t *testing.T, w *world, bank *client.Client, tpp client.Folder)) {
	for _, f := range polishAPI {
		t.Run(string(f), func(t *testing.T) {
			w := open()
			defer w.close()
			bank, tpp := w.spoken(f)
			defer bank.Close()
			story(t, w, bank, tpp)
		})
	}
}

func transfer(amount string) client.Payment {
	return client.Payment{
		Recipient:    client.Party{AccountNumber: "20114000000000000000000300", Name: "Natalia Kołodziej"},
		TransferData: client.TransferData{Description: "Czynsz", Amount: amount, Currency: "PLN"},
		DeliveryMode: "EXPRESS_D0", System: client.SystemExpressElixir,
	}
}

// A payment is made once under its own id, followed by either id, seen in the
// history with it, and asked about together with others.
func TestPolishPayment(t *testing.T) {
	inEach(t, func(t *testing.T, w *world, bank *client.Client, _ client.Folder) {
		ctx, payment := t.Context(), transfer("1250.00")
		tokens := w.consented(bank, "anna", client.Consent{Payment: &payment})
		if len(tokens.Payer()) != 26 {
			t.Errorf("paid from %q", tokens.Payer())
		}
		s, own := client.Session{Token: tokens.Access, Present: &client.Customer{Address: "203.0.113.7", UserAgent: "Mozilla/5.0"}}, client.NewID()
		made, err := bank.Pay(ctx, s, own, payment)
		must(err)
		again, err := bank.Pay(ctx, s, own, payment)
		if err != nil || again.PaymentID != made.PaymentID {
			t.Errorf("posted again: %+v, %v", again, err)
		}
		w.wait(time.Minute)
		tokens, err = bank.Refresh(ctx, tokens.Refresh)
		must(err)
		s = client.Session{Token: tokens.Access}
		now, err := bank.PaymentStatus(ctx, s, made)
		if err != nil || now.GeneralStatus != client.StatusDone || now.OwnPaymentID != own {
			t.Errorf("%+v, %v", now, err)
		}
		if found, err := bank.FindPayment(ctx, s, client.Domestic, own); err != nil || found.PaymentID != made.PaymentID {
			t.Errorf("%+v, %v", found, err)
		}
		all, err := bank.PaymentStatuses(ctx, []client.TokenOf{{Token: tokens.Access, PaymentID: made.PaymentID}})
		if err != nil || len(all) != 1 || all[0].GeneralStatus != client.StatusDone {
			t.Errorf("%+v, %v", all, err)
		}
		read := w.consented(bank, "anna", client.Consent{Read: &client.Read{Days: 90}})
		s = client.Session{Token: read.Access, Present: &client.Customer{Address: "203.0.113.7", UserAgent: "Mozilla/5.0"}}
		seen := false
		for _, account := range read.AccountIDs() {
			for item, err := range bank.Transactions(ctx, s, account, client.Filter{Status: client.StatusDone, PageSize: 1}) {
				must(err)
				if item.Amount == "-1250.00" {
					one, err := bank.Transaction(ctx, s, account, item.ID)
					seen = err == nil && one.OwnID == own && one.Recipient.Name == "Natalia Kołodziej" && one.Status == client.StatusDone
				}
			}
		}
		if !seen {
			t.Error("the payment is not in the history with its own id")
		}
	})
}

// The sandbox chooses by the amount what happens.
func TestPolishBundleAndRejection(t *testing.T) {
	inEach(t, func(t *testing.T, w *world, bank *client.Client, _ client.Folder) {
		one, two := transfer("300.00"), transfer("13.01")
		one.OwnID, two.OwnID = "salary-1", "salary-2"
		bundle := client.Bundle{Total: "313.01", Transfers: []client.Payment{one, two}}
		tokens := w.consented(bank, "anna", client.Consent{Bundle: &bundle})
		made, err := bank.PayBundle(t.Context(), client.Session{Token: tokens.Access}, client.NewID(), bundle)
		if err != nil || made.GeneralStatus != client.StatusInProgress {
			t.Fatalf("%+v, %v", made, err)
		}
		w.wait(time.Minute)
		tokens, err = bank.Refresh(t.Context(), tokens.Refresh)
		must(err)
		now, err := bank.BundleStatus(t.Context(), client.Session{Token: tokens.Access}, made)
		must(err)
		var ends []string
		for _, p := range now.Transfers {
			ends = append(ends, p.OwnPaymentID+" "+p.GeneralStatus)
		}
		slices.Sort(ends)
		if now.GeneralStatus != client.StatusPartiallyDone || !slices.Equal(ends, []string{"salary-1 DONE", "salary-2 REJECTED"}) {
			t.Errorf("%s %q", now.GeneralStatus, ends)
		}
	})
}

// What is not executed yet can be cancelled, once.
func TestPolishCancelling(t *testing.T) {
	inEach(t, func(t *testing.T, w *world, bank *client.Client, _ client.Folder) {
		payment := transfer("12.50")
		payment.System, payment.DeliveryMode = client.SystemElixir, "STANDARD_D1"
		payment.ExecutionMode, payment.TransferData.ExecutionDate = "FUTURE_DATED", w.now().AddDate(0, 0, 7).Format(time.DateOnly)
		tokens := w.consented(bank, "anna", client.Consent{Payment: &payment})
		made, err := bank.Pay(t.Context(), client.Session{Token: tokens.Access}, client.NewID(), payment)
		if err != nil || made.GeneralStatus != client.StatusScheduled {
			t.Fatalf("%+v, %v", made, err)
		}
		stop := w.consented(bank, "anna", client.Consent{Cancel: &client.Target{PaymentID: made.PaymentID}})
		must(bank.Cancel(t.Context(), client.Session{Token: stop.Access}, client.Domestic, made.PaymentID))
		tokens, err = bank.Refresh(t.Context(), tokens.Refresh)
		must(err)
		if now, err := bank.PaymentStatus(t.Context(), client.Session{Token: tokens.Access}, made); err != nil || now.GeneralStatus != client.StatusCancelled {
			t.Errorf("%+v, %v", now, err)
		}

		executed := transfer("2.00")
		tokens = w.consented(bank, "anna", client.Consent{Payment: &executed})
		made, err = bank.Pay(t.Context(), client.Session{Token: tokens.Access}, client.NewID(), executed)
		must(err)
		w.wait(time.Minute)
		stop = w.consented(bank, "anna", client.Consent{Cancel: &client.Target{PaymentID: made.PaymentID}})
		var no *client.NotCancelled
		if err := bank.Cancel(t.Context(), client.Session{Token: stop.Access}, client.Domestic, made.PaymentID); !errors.As(err, &no) || len(no.Payments) != 1 {
			t.Errorf("an executed one: %v", err)
		}
	})
}

// A standing order is an operation of its own here.
func TestPolishStandingOrder(t *testing.T) {
	inEach(t, func(t *testing.T, w *world, bank *client.Client, _ client.Folder) {
		order := transfer("12.50")
		order.System, order.DeliveryMode, order.ExecutionMode = client.SystemElixir, "STANDARD_D1", "RECURRING"
		order.TransferData.Recurrence = &client.Recurrence{
			StartDate: w.now().AddDate(0, 0, 1).Format(time.DateOnly), Frequency: client.Frequency{Type: "MONTH", Value: 1}, DayOff: "AFTER",
		}
		tokens := w.consented(bank, "anna", client.Consent{Payment: &order})
		own := client.NewID()
		made, err := bank.Pay(t.Context(), client.Session{Token: tokens.Access}, own, order)
		if err != nil || made.PaymentID == "" || made.RecurringStatus == "" {
			t.Fatalf("%+v, %v", made, err)
		}
		tokens, err = bank.Refresh(t.Context(), tokens.Refresh)
		must(err)
		if now, err := bank.FindRecurring(t.Context(), client.Session{Token: tokens.Access}, client.Domestic, own); err != nil || now.PaymentID != made.PaymentID {
			t.Errorf("%+v, %v", now, err)
		}
		stop := w.consented(bank, "anna", client.Consent{Cancel: &client.Target{PaymentID: made.PaymentID, Recurring: true}})
		must(bank.CancelRecurring(t.Context(), client.Session{Token: stop.Access}, client.Domestic, made.PaymentID))
		if now, err := bank.PaymentStatus(t.Context(), client.Session{Token: tokens.Access}, made); err != nil || now.RecurringStatus != client.StatusCancelled {
			t.Errorf("%+v, %v", now, err)
		}
	})
}

// A card issuer asks about funds without a token.
func TestPolishFunds(t *testing.T) {
	inEach(t, func(t *testing.T, w *world, bank *client.Client, tpp client.Folder) {
		number := w.customerAllowsFunds("tomasz", tpp.Organisation) // tomasz has 40.00
		for amount, want := range map[string]bool{"40.00": true, "40.01": false} {
			if yes, err := bank.Funds(t.Context(), number, amount, "PLN"); err != nil || yes != want {
				t.Errorf("%s: %t, %v", amount, yes, err)
			}
		}
	})
}

// Every 200 is proven by the bank's seal; one under another certificate is not the
// bank's.
func TestPolishAnswersOfTheBankAreProven(t *testing.T) {
	inEach(t, func(t *testing.T, w *world, bank *client.Client, tpp client.Folder) {
		number := w.customerAllowsFunds("tomasz", tpp.Organisation)
		wrong := tpp.Config
		wrong.BankSeal, wrong.ClientID = wrong.SealCertificate, bank.ClientID()
		other, err := client.New(wrong)
		must(err)
		defer other.Close()
		if _, err := other.Funds(t.Context(), number, "1.00", "PLN"); !errors.Is(err, client.ErrAnswerUnproven) {
			t.Errorf("under another certificate: %v", err)
		}
		// Where the bank's signatures name an address from which its certificate comes.
		byThumbprint := tpp.Config
		byThumbprint.BankSeal, byThumbprint.BankSealThumbprint, byThumbprint.ClientID = nil, eidas.Thumbprint(tpp.BankSeal), bank.ClientID()
		third, err := client.New(byThumbprint)
		must(err)
		defer third.Close()
		if _, err := third.Funds(t.Context(), number, "1.00", "PLN"); err != nil {
			t.Errorf("by its thumbprint: %v", err)
		}
	})
}

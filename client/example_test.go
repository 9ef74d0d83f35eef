package client_test

import (
	"context"
	"fmt"
	"time"

	"okienko/client"
)

// A third party registers, asks a customer for the list of accounts, goes on to
// one of them and reads its history.
func Example_accounts() {
	ctx := context.Background()
	w := open() // an `okienko sandbox`, with the folder of a third party
	defer w.close()

	tpp, err := client.Open(w.folder)
	must(err)
	bank, err := client.New(tpp.Config)
	must(err)
	defer bank.Close()
	known, err := bank.Register(ctx, client.Registration{Name: tpp.Name, Email: "api@tpp.example", RedirectURIs: []string{tpp.RedirectURI}})
	must(err)
	fmt.Println("registered:", known.Status)
	bank = bank.As(known.ClientID)

	// Write Asked.State into the browser's session and send the browser to Redirect.
	there := &client.Customer{Address: "203.0.113.7", Port: 50123, UserAgent: "Mozilla/5.0"}
	until := w.now().AddDate(0, 0, 90)
	asked, err := bank.Ask(ctx, client.Consent{Accounts: true, RedirectURI: tpp.RedirectURI, Until: until, Customer: there})
	must(err)
	back := w.customerAgrees("anna", asked.Redirect)

	// The browser has come back.
	code, denied, err := client.Returned(back, asked.State)
	must(err)
	if denied != "" {
		fmt.Println("the customer did not agree:", denied)
		return
	}
	tokens, err := bank.Redeem(ctx, code, tpp.RedirectURI)
	must(err)
	list, err := bank.Accounts(ctx, client.Session{Token: tokens.Access, Present: there})
	must(err)
	for i := range list {
		fmt.Println("account:", list[i].TypeName)
	}

	// The list is exchanged for reading one account, within the same consent.
	read := client.Read{Numbers: []string{list[0].Number}, Days: 90, Statuses: []string{client.StatusDone}}
	tokens, err = bank.ExchangeToAIS(ctx, tokens.Access, asked.ConsentID, until, read)
	must(err)
	id := tokens.AccountIDs()[0]
	details, err := bank.AccountDetails(ctx, client.Session{Token: tokens.Access, Present: there}, id)
	must(err)
	fmt.Println("balance:", details.BookingBalance, details.Currency)

	// Next week, without the customer: four times a day.
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
	// registered: active
	// account: Konto osobiste
	// account: Konto oszczędnościowe
	// balance: 5000.00 PLN
	// booked: -228.77 PLN Przelew własny
	// the consent is over: true
}

// The payment stands in the consent, is posted word for word, and is followed
// with refreshed tokens.
func Example_payment() {
	ctx := context.Background()
	w := open()
	defer w.close()
	bank, tpp := w.registered()
	defer bank.Close()

	payment := client.Payment{
		Recipient:    client.Party{AccountNumber: "20114000000000000000000300", Name: "Natalia Kołodziej"},
		TransferData: client.TransferData{Description: "Czynsz", Amount: "1250.00", Currency: "PLN"},
		DeliveryMode: "EXPRESS_D0", System: client.SystemElixir,
	}
	there := &client.Customer{Address: "203.0.113.7", Port: 50123, UserAgent: "Mozilla/5.0"}
	asked, err := bank.Ask(ctx, client.Consent{Payment: &payment, RedirectURI: tpp.RedirectURI, Until: w.now().AddDate(0, 0, 30), Customer: there})
	must(err)
	code, _, err := client.Returned(w.customerAgrees("anna", asked.Redirect), asked.State)
	must(err)
	tokens, err := bank.Redeem(ctx, code, tpp.RedirectURI)
	must(err)
	fmt.Println("paid from an account that the customer chose:", len(tokens.Payer()), "digits")

	// Keep own before the call: under it the payment is made once, however often it
	// is posted, and found when every answer is lost.
	own := client.NewID()
	made, err := bank.Pay(ctx, client.Session{Token: tokens.Access, Present: there}, own, payment)
	must(err)
	fmt.Println(made.GeneralStatus, made.System)

	w.wait(24 * time.Hour) // Elixir has sessions
	tokens, err = bank.Refresh(ctx, tokens.Refresh)
	must(err)
	now, err := bank.PaymentStatus(ctx, client.Session{Token: tokens.Access}, made)
	must(err)
	fmt.Println(now.GeneralStatus)
	// Output:
	// paid from an account that the customer chose: 26 digits
	// PENDING ELIXIR
	// DONE
}

// A payment that comes back says why. The sandbox chooses what happens by the
// amount (docs/sandbox.md).
func Example_rejected() {
	ctx := context.Background()
	w := open()
	defer w.close()
	bank, _ := w.registered()
	defer bank.Close()

	payment := client.Payment{
		Recipient:    client.Party{AccountNumber: "20114000000000000000000300", Name: "Natalia Kołodziej"},
		TransferData: client.TransferData{Description: "Czynsz", Amount: "13.01", Currency: "PLN"},
		DeliveryMode: "EXPRESS_D0", System: client.SystemExpressElixir,
	}
	tokens := w.consented(bank, "anna", client.Consent{Payment: &payment})
	made, err := bank.Pay(ctx, client.Session{Token: tokens.Access}, client.NewID(), payment)
	must(err)
	w.wait(time.Minute)
	tokens, err = bank.Refresh(ctx, tokens.Refresh)
	must(err)
	now, err := bank.PaymentStatus(ctx, client.Session{Token: tokens.Access}, made)
	must(err)
	fmt.Println(now.GeneralStatus, now.Rejection.Reason)
	fmt.Println(now.Rejection.Message)
	// Output:
	// REJECTED RAIL_REFUSED
	// The payment system or the payee's bank sent the payment back. Its words: AC04: the payee's account is closed.
}

// Many payments, confirmed once. Each has its own end.
func Example_bundle() {
	ctx := context.Background()
	w := open()
	defer w.close()
	bank, _ := w.registered()
	defer bank.Close()

	to := func(own, number, name, amount string) client.Payment {
		return client.Payment{
			OwnID: own, Recipient: client.Party{AccountNumber: number, Name: name},
			TransferData: client.TransferData{Description: "Wynagrodzenie", Amount: amount, Currency: "PLN"},
			DeliveryMode: "EXPRESS_D0", System: client.SystemExpressElixir,
		}
	}
	bundle := client.Bundle{Total: "313.01", Transfers: []client.Payment{
		to("salary-1", "20114000000000000000000300", "Natalia Kołodziej", "300.00"),
		to("salary-2", "88342437927928550883469351", "Jan Zamknięty", "13.01"), // a closed account, says the amount
	}}
	tokens := w.consented(bank, "anna", client.Consent{Bundle: &bundle})
	made, err := bank.PayBundle(ctx, client.Session{Token: tokens.Access}, client.NewID(), bundle)
	must(err)
	fmt.Println(made.GeneralStatus)
	w.wait(time.Minute)
	tokens, err = bank.Refresh(ctx, tokens.Refresh)
	must(err)
	now, err := bank.BundleStatus(ctx, client.Session{Token: tokens.Access}, made)
	must(err)
	fmt.Println(now.GeneralStatus)
	for _, t := range now.Transfers {
		fmt.Println(t.OwnPaymentID, t.GeneralStatus)
	}
	// Output:
	// IN_PROGRESS
	// PARTIALLY_DONE
	// salary-1 DONE
	// salary-2 REJECTED
}

// Cancelling is a consent of its own.
func Example_cancel() {
	ctx := context.Background()
	w := open()
	defer w.close()
	bank, _ := w.registered()
	defer bank.Close()

	payment := client.Payment{
		Recipient:     client.Party{AccountNumber: "20114000000000000000000300", Name: "Natalia Kołodziej"},
		TransferData:  client.TransferData{Description: "Czynsz", Amount: "12.50", Currency: "PLN", ExecutionDate: w.now().AddDate(0, 0, 7).Format(time.DateOnly)},
		DeliveryMode:  "STANDARD_D1",
		ExecutionMode: "FUTURE_DATED",
	}
	tokens := w.consented(bank, "anna", client.Consent{Payment: &payment})
	made, err := bank.Pay(ctx, client.Session{Token: tokens.Access}, client.NewID(), payment)
	must(err)
	fmt.Println(made.GeneralStatus)

	cancelling := w.consented(bank, "anna", client.Consent{Cancel: &client.Target{PaymentID: made.PaymentID}})
	must(bank.Cancel(ctx, client.Session{Token: cancelling.Access}, client.Domestic, made.PaymentID))

	tokens, err = bank.Refresh(ctx, tokens.Refresh)
	must(err)
	now, err := bank.PaymentStatus(ctx, client.Session{Token: tokens.Access}, made)
	must(err)
	fmt.Println(now.GeneralStatus)
	// Output:
	// SCHEDULED
	// CANCELLED
}

// A card issuer asks whether an amount is there. The customer has consented in
// internet banking; the answer is yes or no and never a balance.
func Example_funds() {
	ctx := context.Background()
	w := open()
	defer w.close()
	bank, tpp := w.registered()
	defer bank.Close()

	number := w.customerAllowsFunds("tomasz", tpp.Organisation) // tomasz has 40.00
	for _, amount := range []string{"40.00", "40.01"} {
		yes, err := bank.Funds(ctx, number, amount, "PLN")
		must(err)
		fmt.Println(amount, yes)
	}
	// Output:
	// 40.00 true
	// 40.01 false
}

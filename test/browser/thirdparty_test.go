package browser

import (
	"testing"

	"github.com/chromedp/chromedp"

	"okienko/client"
	"okienko/okienkotest"
)

const thirdName = "Skarbonka Testowa sp. z o.o."

// asksFor has the third party ask for a consent and gives back the customer's link.
func (p *pass) asksFor(t *testing.T, k client.Consent) client.Asked {
	t.Helper()
	k.RedirectURI = p.third.Folder.RedirectURI
	k.Customer = there()
	if k.Until.IsZero() {
		k.Until = p.Inside().Now().AddDate(0, 0, 90)
	}
	asked, err := p.third.Ask(t.Context(), k)
	if err != nil {
		t.Fatalf("asking for a consent: %v", err)
	}
	return asked
}

// returned reads what the browser brought back to the third party.
func (r *reader) returned(asked client.Asked) (code, denied string) {
	r.Helper()
	r.at(r.third.Folder.RedirectURI)
	code, denied, err := client.Returned(r.here(), asked.State)
	if err != nil {
		r.Fatalf("the browser came back to %s: %v", r.here(), err)
	}
	return code, denied
}

// redeems makes of the code what the third party works with.
func (p *pass) redeems(t *testing.T, asked client.Asked, code string) *okienkotest.Consented {
	t.Helper()
	tokens, err := p.third.Redeem(t.Context(), code, p.third.Folder.RedirectURI)
	if err != nil {
		t.Fatalf("redeeming the code: %v", err)
	}
	return &okienkotest.Consented{Tokens: tokens, Asked: asked}
}

// Maria lets a household book read one of her accounts, looks at what she gave,
// prolongs it and takes it back.
func (p *pass) thirdPartyReads(t *testing.T, name string) {
	asked := p.asksFor(t, client.Consent{Read: &client.Read{Days: 90, Statuses: []string{"DONE", "HOLD"}}})
	r := p.starts(t, name)
	r.opens(asked.Redirect)
	r.at(p.People + "/login")
	r.says(thirdName)
	r.page("login")
	r.logsIn("maria")
	r.at(asked.Redirect)
	r.says(thirdName, p.in("zaksięgowane operacje z ostatnich 90 dni", "booked transactions of the last 90 days"), p.in("4 razy na dobę", "4 times a day"), p.in("Zgodę cofniesz", "You can take the consent back"))
	r.page("consent")
	r.follows("continue")
	r.says(p.in("Wybierz jedną z możliwości", "Choose one of the options"))
	r.page("fault")
	r.ticks("account")
	r.follows("continue")
	r.at(p.People + "/factor/consent/")
	r.says(thirdName)
	r.page("code")
	r.types("code", p.Code(t, "maria"))
	r.enters()
	code, _ := r.returned(asked)
	given := p.redeems(t, asked, code)
	if n := len(given.AccountIDs()); n != 1 {
		t.Fatalf("the consent reaches %d accounts, one was ticked", n)
	}
	if _, err := p.third.AccountDetails(t.Context(), given.Session(), given.AccountIDs()[0]); err != nil {
		t.Fatal(err)
	}

	r.opens(asked.Redirect) // the link once more
	r.says(p.in("straciła ważność", "expired"))
	r.page("used")
	r.follows("home")
	r.page("home")
	r.opens(p.People + "/consents")
	r.says(thirdName, p.in("dane i saldo konta", "details and balance of an account"))
	r.page("consents")
	r.followsLink("/consents/")
	here := r.here()
	r.page("one")
	r.follows("renew")
	r.page("renew")
	r.follows("continue")
	r.page("renew-code")
	r.types("code", p.Code(t, "maria"))
	r.enters()
	r.at(here)
	r.says(p.in("Zgoda została przedłużona", "The consent has been renewed"))
	r.follows("end")
	r.page("end")
	r.follows("yes")
	r.at(here)
	r.says(p.in("Zgoda została cofnięta", "The consent has been taken back"))
	r.page("ended")
	if _, err := p.third.AccountDetails(t.Context(), given.Session(), given.AccountIDs()[0]); err == nil {
		t.Error("a consent that was taken back still reads")
	}
	r.opens(p.People + "/consents")
	r.follows("filter-ended")
	r.says(thirdName)
}

// Somebody says no without giving a password.
func (p *pass) thirdPartyRefused(t *testing.T, name string) {
	asked := p.asksFor(t, client.Consent{Accounts: true})
	r := p.starts(t, name)
	r.opens(asked.Redirect)
	r.follows("refuse")
	if code, denied := r.returned(asked); code != "" || denied != "access_denied" {
		t.Errorf("a refusal comes back as %s", r.here())
	}
}

// rent is a transfer of an amount to another bank.
func rent(amount, date string) *client.Payment {
	p := &client.Payment{
		Recipient:    client.Party{AccountNumber: "10114020040000000000000101", Name: "Jan Lokator", Address: &client.NameAddress{Name: "Jan Lokator", Address: client.Address{TownName: "Warszawa"}}},
		TransferData: client.TransferData{Description: "Czynsz za grudzień", Amount: amount, Currency: "PLN"},
		DeliveryMode: "STANDARD_D1", System: "ELIXIR", ExecutionMode: "IMMEDIATE",
	}
	if date != "" {
		p.ExecutionMode, p.TransferData.ExecutionDate = "FUTURE_DATED", date
	}
	return p
}

// Maria pays through a third party. First her own limit is in the way.
func (p *pass) thirdPartyPays(t *testing.T, name string) {
	r := p.starts(t, name)
	r.opens(p.People + "/limits")
	r.logsIn("maria")
	r.types("oneoff_daily", "60")
	r.follows("save-limits")
	over := p.asksFor(t, client.Consent{Payment: rent("70.00", "")})
	r.opens(over.Redirect)
	r.says("Jan Lokator", "10 1140 2004 0000 0000 0000 0101", "Czynsz za grudzień", p.in("70,00 zł", "PLN 70.00"))
	r.large(p.in("70,00 zł", "PLN 70.00"), 32)
	r.large("Jan Lokator", 18)
	r.page("consent")
	r.ticks("account")
	r.follows("continue")
	r.says(p.in("nie można teraz potwierdzić", "cannot be confirmed now"), p.in("Twój limit dzienny", "Your daily limit"))
	r.page("over-limit")
	r.follows("to-limits")
	r.at(p.People + "/limits")
	r.says(p.in("Płatność czeka na wyższy limit", "A payment waits for a higher limit"))
	r.page("limits")
	r.follows("to-waiting")
	r.at(over.Redirect)
	r.follows("refuse")
	if _, denied := r.returned(over); denied != "access_denied" {
		t.Errorf("a refusal comes back as %s", r.here())
	}

	asked := p.asksFor(t, client.Consent{Payment: rent("12.50", "")})
	r.opens(asked.Redirect)
	r.ticks("account")
	r.follows("continue")
	r.at(p.People + "/factor/consent/")
	r.says(p.in("12,50 zł", "PLN 12.50"), "Jan Lokator", "Czynsz za grudzień", p.in("Opłata:", "Fee:"))
	r.page("code")
	r.types("code", p.Code(t, "maria"))
	r.enters()
	code, _ := r.returned(asked)
	given := p.redeems(t, asked, code)
	if _, err := p.third.Pay(t.Context(), given.Session(), client.NewID(), *rent("12.50", "")); err != nil {
		t.Fatal(err)
	}

	day := p.Inside().Now().AddDate(0, 0, 10).Format("2006-01-02")
	later := p.asksFor(t, client.Consent{Payment: rent("20.00", day)})
	r.opens(later.Redirect)
	r.ticks("account")
	r.follows("continue")
	r.types("code", p.Code(t, "maria"))
	r.enters()
	code, _ = r.returned(later)
	scheduled := p.redeems(t, later, code)
	if _, err := p.third.Pay(t.Context(), scheduled.Session(), client.NewID(), *rent("20.00", day)); err != nil {
		t.Fatal(err)
	}

	r.opens(p.People + "/transfers")
	r.says("Jan Lokator", p.in("zaplanowany", "scheduled"), thirdName)
	r.page("transfers")
	r.follows("filter-waiting")
	r.followsLink("/transfers/") // the newest
	r.page("scheduled")
	r.follows("cancel")
	r.page("cancel")
	r.follows("yes")
	r.says(p.in("Przelew został anulowany", "The transfer has been cancelled"))
	r.page("cancelled")
}

// A corporation's representative opens its account with a code and shuts it
// again; the owner of a business reads that the hotline does that.
func (p *pass) accessToAccounts(t *testing.T, name string) {
	r := p.starts(t, name)
	r.opens(p.People + "/access")
	r.logsIn("nina.zawada")
	r.says(p.in("samodzielnie osoba uprawniona", "who may act for the company alone"))
	r.page("corporation")
	r.tabsToPrefix("on-")
	r.enters()
	r.at(p.People + "/factor/access/")
	r.page("code")
	r.types("code", p.Code(t, "nina.zawada"))
	r.enters()
	r.at(p.People + "/access")
	r.says(p.in("Dostęp dla aplikacji został włączony", "Access for applications has been switched on"))
	r.page("on")
	r.tabsToPrefix("off-")
	r.enters()
	r.page("off")
	r.follows("yes")
	r.at(p.People + "/access")
	r.says(p.in("Dostęp dla aplikacji został wyłączony", "Access for applications has been switched off"))

	b := p.starts(t, name+"-business")
	b.opens(p.People + "/access")
	b.logsIn("ignacy.wrona")
	b.says(p.in("dostęp włącza infolinia", "our hotline switches access on"), "+48 22 000 00 00")
	b.page("business")
	b.saysNot(p.in("Włącz dostęp", "Switch on access"))
}

// Maria lets the issuer of a card ask whether she has enough money.
func (p *pass) fundsConfirmed(t *testing.T, name string) {
	r := p.starts(t, name)
	r.opens(p.People + "/funds")
	r.logsIn("maria")
	r.page("form")
	r.tabsTo("continue")
	r.enters()
	r.page("fault")
	r.tabsTo("issuer")
	r.does("typing", chromedp.KeyEvent("Karta")) // as people choose from a list
	r.ticks("account")
	r.follows("continue")
	r.at(p.People + "/factor/consent_funds/")
	r.says("Karta na Zakupy S.A.")
	r.page("code")
	r.types("code", p.Code(t, "maria"))
	r.enters()
	r.at(p.People + "/consents/")
	r.says("Karta na Zakupy S.A.", p.in("potwierdzanie środków", "confirmation of funds"))
	r.page("given")
}

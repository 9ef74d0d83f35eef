package browser

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"okienko/client"
)

// told is what the bank tells a third party at its callback (psd2 §2.7).
type told struct {
	ConsentID, State, Code, Error string
}

// polish is the third party in the form of PolishAPI, with a server of its own
// that the bank calls.
type polish struct {
	*client.Client
	called string // address of the server
	calls  chan told
}

func (p *pass) inPolishAPI(t *testing.T) *polish {
	t.Helper()
	out := &polish{calls: make(chan told, 8)}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var c told
		if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
			t.Errorf("called with no JSON: %v", err)
		}
		out.calls <- c
	}))
	t.Cleanup(server.Close)
	out.called = server.URL + "/called"
	f := p.third.Folder
	f.Speak(client.PolishAPI212)
	c, err := client.New(f.Config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	known, err := c.Register(t.Context(), client.Registration{Name: thirdName, Email: "api@tpp.example", RedirectURIs: []string{f.RedirectURI}, CallbackURLs: []string{out.called}})
	if err != nil {
		t.Fatalf("registering a callback: %v", err)
	}
	out.Client = c.As(known.ClientID)
	return out
}

// asksWith asks for a consent with a code of the bank's application.
func (p *pass) asksWith(t *testing.T, third *polish, code string, k client.Consent) client.Asked {
	t.Helper()
	k.Customer, k.Until = there(), p.Inside().Now().AddDate(0, 0, 90)
	asked, err := third.AskExternally(t.Context(), k, client.External{Code: code, Type: &client.Code{Code: "MOBILE_APP", Description: "Kod z aplikacji"}, CallbackURL: third.called})
	if err != nil {
		t.Fatalf("asking with a code: %v", err)
	}
	return asked
}

// answer is what the third party is told of a consent.
func (third *polish) answer(t *testing.T, asked client.Asked) told {
	t.Helper()
	select {
	case c := <-third.calls:
		if c.ConsentID != asked.ConsentID || c.State != asked.State {
			t.Fatalf("called with %+v about %+v", c, asked)
		}
		return c
	case <-time.After(step):
		t.Fatal("nobody was called")
	}
	return told{}
}

// draws has the phone draw a code and reads it.
func (r *reader) draws() string {
	r.Helper()
	r.follows("new-code")
	return asks[string](r, `document.getElementById("external-code").textContent`)
}

// Katarzyna reads a code out to a third party instead of going to the bank's
// page. She approves what it asks for on the same phone, and another time not.
func (p *pass) phoneCode(t *testing.T, name string) {
	third := p.inPolishAPI(t)
	r := p.starts(t, name)
	phone := p.Sandbox + "/phone/katarzyna"
	r.opens(p.Sandbox + "/phone/anna") // who has no application
	if asks[bool](r, `!!document.getElementById("new-code")`) {
		t.Error("a phone without the application offers codes")
	}
	r.opens(phone)
	r.page("none")
	first := r.draws()
	r.at(phone)
	r.page("drawn")
	r.opens(phone)
	if code := r.draws(); code == first {
		t.Errorf("the code is %s again", code)
	} else {
		first = code
	}

	asked := p.asksWith(t, third, first, client.Consent{Read: &client.Read{Days: 90, Statuses: []string{client.StatusDone}}})
	r.opens(phone)
	r.says(thirdName)
	r.page("read-waits")
	r.tabsToPrefix("approve-")
	r.enters()
	r.says(p.in("zatwierdzone", "approved"))
	r.page("read-approved")
	given := third.answer(t, asked)
	tokens, err := third.Redeem(t.Context(), given.Code, "")
	if err != nil {
		t.Fatalf("redeeming %+v: %v", given, err)
	}
	if n := len(tokens.AccountIDs()); n == 0 {
		t.Error("the consent reaches no account")
	}

	pays := rent("35.00", "")
	pays.Recipient.Lines = []string{"ul. Długa 5", "00-238 Warszawa"}
	asked = p.asksWith(t, third, r.draws(), client.Consent{Payment: pays})
	r.opens(phone)
	r.says("35,00 PLN", "Jan Lokator", "Czynsz za grudzień") // what her phone was sent is in her language
	r.page("payment-waits")
	r.tabsToPrefix("refuse-")
	r.enters()
	r.says(p.in("odrzucone", "refused"))
	r.page("payment-refused")
	if no := third.answer(t, asked); no.Error != "access_denied" || no.Code != "" {
		t.Errorf("called with %+v", no)
	}
}

// opensAs opens the bank's page of a request and logs in, with no choice of a
// customer on the way.
func (r *reader) opensAs(login string, asked client.Asked) {
	r.Helper()
	r.opens(asked.Redirect)
	r.types("login", login)
	r.types("password", r.Password)
	r.enters()
	r.at(asked.Redirect)
}

// A request for a company's consent: who acts for none can only refuse it, who
// acts for one is not asked which.
func (p *pass) thirdPartyForeign(t *testing.T, name string) {
	forCompany := client.Consent{Accounts: true, Identity: &client.Identity{Company: true}}
	asked := p.asksFor(t, forCompany)
	r := p.starts(t, name)
	r.opensAs("tomasz", asked)
	r.says(p.in("Ta prośba nie jest do Ciebie", "This request is not for you"), thirdName)
	r.page("foreign")
	r.follows("refuse")
	if code, denied := r.returned(asked); code != "" || denied != "access_denied" {
		t.Errorf("a refusal comes back as %s", r.here())
	}

	asked = p.asksFor(t, forCompany)
	r = p.starts(t, name)
	*r.shots = 1
	r.opensAs("piotr", asked) // who also has an account of his own
	r.says("Zieliński Usługi Informatyczne Piotr Zieliński")
	r.page("chosen")
	r.follows("refuse")

	// Who is here for himself already is asked, and offered the company alone.
	r = p.starts(t, name)
	*r.shots = 2
	r.opens(p.People + "/login")
	r.logsIn("piotr")
	asked = p.asksFor(t, forCompany)
	r.opens(asked.Redirect)
	r.at(p.People + "/context")
	r.says("Zieliński Usługi Informatyczne Piotr Zieliński", p.in("prosi o zgodę tylko tego klienta", "asks for the consent of this customer alone"))
	if n := asks[int](r, `document.querySelectorAll("input[type=radio]").length`); n != 1 {
		t.Errorf("%d customers are offered, one fits", n)
	}
	r.page("fits")
	r.tabsTo("customer")
	r.does("Space", spaceKey)
	r.follows("choose")
	r.at(asked.Redirect)
	r.follows("refuse")
}

// What PolishAPI words in its own way, on the bank's page: a standing order, a
// bundle, and a transfer to a country of three letters.
func (p *pass) thirdPartyInPolishAPI(t *testing.T, name string) {
	third := p.inPolishAPI(t)
	r := p.starts(t, name)
	r.opens(p.People + "/login")
	r.logsIn("katarzyna")
	asksFor := func(k client.Consent) client.Asked {
		t.Helper()
		k.RedirectURI, k.Customer, k.Until = p.third.Folder.RedirectURI, there(), p.Inside().Now().AddDate(0, 0, 90)
		asked, err := third.Ask(t.Context(), k)
		if err != nil {
			t.Fatalf("asking in PolishAPI: %v", err)
		}
		r.opens(asked.Redirect)
		r.at(asked.Redirect)
		return asked
	}

	monthly := rent("41.00", "")
	monthly.ExecutionMode = "RECURRING"
	monthly.TransferData.Recurrence = &client.Recurrence{
		StartDate: p.Inside().Now().AddDate(0, 0, 10).Format(time.DateOnly), EndDate: p.Inside().Now().AddDate(1, 0, 10).Format(time.DateOnly),
		Frequency: client.Frequency{Type: "MONTH", Value: 2}, DayOff: "BEFORE",
	}
	asksFor(client.Consent{Payment: monthly})
	r.says(p.in("prosi o zgodę na zlecenie stałe", "asks you for a standing order"), p.in("Co 2 miesiące od", "Every 2 months from"), p.in("poprzedniego dnia roboczego", "the business day before"), p.in("41,00 zł", "PLN 41.00"))
	r.page("standing")
	r.ticks("account")
	r.follows("continue")
	r.at(p.People + "/factor/consent/")
	r.page("standing-factor")

	one, two := rent("300.00", ""), rent("13.50", "")
	one.OwnID, two.OwnID = "salary-1", "salary-2"
	two.Recipient.Name, two.Recipient.Address, two.TransferData.Description = "Przedsiębiorstwo Handlowo-Usługowe", nil, "Faktura 2026/11/0042 z 3 listopada, drugie przypomnienie"
	asksFor(client.Consent{Bundle: &client.Bundle{Total: "313.50", Transfers: []client.Payment{*one, *two}}})
	r.says(p.in("prosi o zgodę na kilka przelewów", "asks you for several transfers"), p.in("313,50 zł", "PLN 313.50"), p.in("13,50 zł", "PLN 13.50"), "Przedsiębiorstwo Handlowo-Usługowe")
	r.page("bundle")

	euro := client.Payment{
		Kind:         client.EEA,
		Recipient:    client.Party{AccountNumber: "DE89370400440532013000", Name: "Alpine Räder GmbH", CountryCode: "DE", Lines: []string{"Hauptstraße 12", "10115 Berlin"}},
		TransferData: client.TransferData{Description: "Rechnung 2026-114", Amount: "120.00", Currency: "EUR"},
		DeliveryMode: "STANDARD_D1", System: client.SystemSEPA, ExecutionMode: "IMMEDIATE",
	}
	asksFor(client.Consent{Payment: &euro})
	r.says("Alpine Räder GmbH", "DE89 3704 0044 0532 0130 00", "Hauptstraße 12", p.in("120,00 EUR", "EUR 120.00"), p.in("przelew SEPA w euro", "SEPA transfer in euro"), p.in("Niemcy", "Germany"))
	r.page("eea")
}

func there() *client.Customer {
	return &client.Customer{Address: "203.0.113.7", Port: 50123, UserAgent: "a browser test"}
}

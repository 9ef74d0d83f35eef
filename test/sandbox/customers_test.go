package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"okienko/client"
	"okienko/okienkotest"
	"okienko/test/engine"
)

// customer is a made-up one at the sandbox's own doors.
type customer struct {
	bank  *okienkotest.Bank
	login string
}

// call makes one call, reads the answer, and gives the code of a refusal.
func (c customer) call(t *testing.T, method, path, body string, into any) (refusal string) {
	t.Helper()
	a := c.bank.Customers(t, method, path, []byte(body))
	if a.Status != http.StatusOK {
		var no struct{ Error string }
		if err := json.Unmarshal(a.Body, &no); err != nil || no.Error == "" {
			t.Fatalf("%s %s: %d %s", method, path, a.Status, a.Body)
		}
		return no.Error
	}
	if into != nil {
		if err := json.Unmarshal(a.Body, into); err != nil {
			t.Fatalf("%s %s: %s: %v", method, path, a.Body, err)
		}
	}
	return ""
}

type given struct {
	ID, Status, ConsentID, LastRead string
	Until                           time.Time
}

func (c customer) consents(t *testing.T) []given {
	t.Helper()
	var list struct{ Consents []given }
	if no := c.call(t, http.MethodGet, "/api/people/"+c.login+"/consents", "", &list); no != "" {
		t.Fatal(no)
	}
	return list.Consents
}

// A consent is announced two weeks before it ends, renewed with one confirmation,
// and withdrawn; the third party meets the end of it at its next call.
func TestConsentIsAnnouncedRenewedAndWithdrawn(t *testing.T) {
	tuesday := time.Date(2026, 3, 10, 11, 0, 0, 0, time.UTC)
	b := okienkotest.Start(t, okienkotest.Frozen(tuesday), okienkotest.Database(engine.DSN(t)))
	w := &tppWorld{b, b.ThirdParty(t, "Zapominalski")}
	anna := customer{b, "anna"}
	asked, account := w.read(t, 90) // for ninety days
	if _, err := w.AccountDetails(t.Context(), asked.Session(), account); err != nil {
		t.Fatal(err)
	}
	var list []given
	eventually(t, func() error { // uses are kept in batches
		if list = anna.consents(t); len(list) != 1 || list[0].Status != "active" || list[0].ConsentID != asked.ConsentID || list[0].LastRead != "read_account" {
			return fmt.Errorf("anna sees %+v", list)
		}
		return nil
	})

	b.Wait(t, 75*24*time.Hour)
	if said := announcements(t, b); len(said) != 0 {
		t.Errorf("fifteen days ahead she is told %q", said)
	}
	b.Wait(t, 25*time.Hour)
	eventually(t, func() error {
		if said := announcements(t, b); len(said) != 1 || !strings.Contains(said[0], "08.06.2026") {
			return fmt.Errorf("thirteen days ahead she is told %q", said)
		}
		return nil
	})

	var renewed given
	if no := anna.call(t, http.MethodPost, "/api/people/anna/consents/"+list[0].ID+"/renew", "", &renewed); no != "" || !renewed.Until.After(list[0].Until) {
		t.Fatalf("%s %+v", no, renewed)
	}
	b.Wait(t, 20*24*time.Hour) // past the first end
	tokens, err := w.Refresh(t.Context(), asked.Refresh)
	if err != nil {
		t.Fatalf("the renewed consent does not stand: %v", err)
	}
	if _, err := w.AccountDetails(t.Context(), client.Session{Token: tokens.Access, Present: asked.Session().Present}, account); err != nil {
		t.Errorf("the renewed consent does not stand: %v", err)
	}

	var ended given
	if no := anna.call(t, http.MethodPost, "/api/people/anna/consents/"+list[0].ID+"/withdraw", "", &ended); no != "" || ended.Status != "ended" {
		t.Fatalf("%s %+v", no, ended)
	}
	if no := (customer{b, "jan"}).call(t, http.MethodPost, "/api/people/jan/consents/"+list[0].ID+"/withdraw", "", nil); no != "not_found" {
		t.Errorf("somebody else's consent: %q", no)
	}
	var refused *client.Error
	if _, err := w.AccountDetails(t.Context(), client.Session{Token: tokens.Access}, account); !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized {
		t.Errorf("after the withdrawal: %v", err)
	}
	if _, err := w.Refresh(t.Context(), tokens.Refresh); !client.IsGone(err) {
		t.Errorf("after the withdrawal: %v", err)
	}
}

// announcements are the messages to anna that speak of an end.
func announcements(t *testing.T, b *okienkotest.Bank) []string {
	t.Helper()
	var list struct{ Messages []struct{ Text string } }
	if no := (customer{b, "anna"}).call(t, http.MethodGet, "/phone/anna/messages", "", &list); no != "" {
		t.Fatal(no)
	}
	var out []string
	for _, m := range list.Messages {
		if strings.Contains(m.Text, "wygasa") {
			out = append(out, m.Text)
		}
	}
	return out
}

// Each segment switches access as the design has it: an individual and a
// corporation's authorised user alone, a business not at all.
func TestCustomersSwitchAccessBySegment(t *testing.T) {
	b := okienkotest.Start(t, okienkotest.Database(engine.DSN(t)))
	account := func(login, of string) string {
		var list struct {
			Accounts []struct{ Customer, Number, Type string }
		}
		(customer{b, login}).call(t, http.MethodGet, "/api/people/"+login+"/accounts", "", &list)
		for _, a := range list.Accounts {
			if a.Customer == of && a.Type != "VAT" {
				return a.Number
			}
		}
		t.Fatalf("%s has no account of %s", login, of)
		return ""
	}
	for _, c := range []struct {
		who, login, of string
		want           string
	}{
		{"an individual", "anna", "customer-anna", ""},
		{"an owner of a corporation", "lena.maj", "customer-bilecik", ""},
		{"a special proxy", "julian.sobol", "customer-lacza", "permission_missing"},
		{"the owner of a business", "barbara.gajda", "customer-cukiernia", "status_not_allowed"},
	} {
		number := account(c.login, c.of)
		for _, on := range []string{"false", "true"} {
			var now struct{ Access string }
			no := (customer{b, c.login}).call(t, http.MethodPost, "/api/people/"+c.login+"/access", `{"account":"`+number+`","on":`+on+`}`, &now)
			if no != c.want || c.want == "" && (now.Access == "on") != (on == "true") {
				t.Errorf("%s, on %s: %q %+v", c.who, on, no, now)
			}
		}
	}
}

// A card issuer asks for funds only where the customer said so, and gets an
// answer that obeys the balance.
func TestFundsConsentByJSON(t *testing.T) {
	b := okienkotest.Start(t, okienkotest.Database(engine.DSN(t)))
	issuer := b.ThirdParty(t, "Wydawca Kart", "PSP_IC")
	tomasz := customer{b, "tomasz"}
	number := firstNumber(t, b, "tomasz")
	if _, err := issuer.Funds(t.Context(), number, "1.00", "PLN"); err == nil {
		t.Error("without a consent the bank answers")
	}
	body := `{"login":"tomasz","account":"` + number + `","issuer":"` + issuer.Folder.Organisation + `"}`
	if no := tomasz.call(t, http.MethodPost, "/api/funds-consents", body, nil); no != "" {
		t.Fatal(no)
	}
	if no := tomasz.call(t, http.MethodPost, "/api/funds-consents", body, nil); no != "consent_taken" {
		t.Errorf("a second one: %q", no)
	}
	for amount, want := range map[string]bool{available(t, b, "tomasz"): true, "99999.99": false} {
		if yes, err := issuer.Funds(t.Context(), number, amount, "PLN"); err != nil || yes != want {
			t.Errorf("%s: %v %v", amount, yes, err)
		}
	}
}

// A payment above a limit cannot be confirmed, and passes when the limit is
// raised.
func TestLimitsByJSON(t *testing.T) {
	b := okienkotest.Start(t, okienkotest.Database(engine.DSN(t)))
	w := &tppWorld{b, b.ThirdParty(t, "Ponad Limit")}
	zofia := customer{b, "zofia"}
	p := payment12("75.00")
	approve := func() (string, client.Asked) {
		asked, err := w.Ask(t.Context(), client.Consent{Payment: &p, RedirectURI: w.Folder.RedirectURI, Until: b.Inside().Now().AddDate(0, 0, 1),
			Customer: &client.Customer{Address: "203.0.113.7", Port: 50123, UserAgent: "a test"}})
		if err != nil {
			t.Fatal(err)
		}
		return zofia.call(t, http.MethodPost, "/api/consents/"+asked.Redirect[strings.LastIndex(asked.Redirect, "/")+1:]+"/approve", `{"login":"zofia"}`, nil), asked
	}
	if no, _ := approve(); no != "customer_limit" {
		t.Errorf("75.00 of 60.00 a day: %q", no)
	}
	if no := zofia.call(t, http.MethodPost, "/api/people/zofia/limits", `{"oneOff":{"daily":"80.00"}}`, nil); no != "" {
		t.Fatal(no)
	}
	if no, _ := approve(); no != "" {
		t.Errorf("75.00 of 80.00 a day: %q", no)
	}
}

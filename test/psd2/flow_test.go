package psd2

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"okienko/bank/party"
	"okienko/client"
	"okienko/okienkotest"
)

// The way of an account information service: the list, the exchange, one
// account, its history by pages, one item, and the end of the consent.
func TestAccountInformation(t *testing.T) {
	b, p := open(t, okienkotest.WithHistory())
	until := b.Inside().Now().AddDate(0, 0, 90)
	given := p.Consent(t, "anna", client.Consent{Accounts: true, Until: until})
	list, err := p.Accounts(t.Context(), given.Session())
	if err != nil || len(list) == 0 {
		t.Fatalf("accounts: %+v, %v", list, err)
	}
	read := client.Read{Numbers: []string{list[0].Number}, Days: 90, Statuses: []string{"DONE", "PENDING", "HOLD"}}
	tokens, err := p.ExchangeToAIS(t.Context(), given.Access, given.ConsentID, until, read)
	if err != nil {
		t.Fatalf("exchange: %v", err)
	}
	if _, err := p.Accounts(t.Context(), given.Session()); !refusedWith(err, http.StatusUnauthorized) {
		t.Errorf("the exchanged token still lists accounts: %v", err)
	}
	given.Tokens = tokens
	id := tokens.AccountIDs()[0]
	details, err := p.AccountDetails(t.Context(), given.Session(), id)
	if err != nil {
		t.Fatalf("details: %v", err)
	}
	if mine := account(t, b, "anna", "PLN"); details.Number != mine.Number || details.AvailableBalance != mine.Available || details.BookingBalance != mine.Booked {
		t.Errorf("details %+v, the bank has %+v", details, mine)
	}
	all := transactions(t, p, given.Session(), id, client.Filter{Status: "DONE"})
	if len(all) < 20 {
		t.Fatalf("a history of %d items", len(all))
	}
	paged := transactions(t, p, given.Session(), id, client.Filter{Status: "DONE", PageSize: 7})
	if !slices.Equal(ids(all), ids(paged)) {
		t.Errorf("pages of 7 gave %d items, one page %d", len(paged), len(all))
	}
	one, err := p.Transaction(t.Context(), given.Session(), id, all[3].ID)
	if err != nil || one.ID != all[3].ID || one.Amount != all[3].Amount {
		t.Errorf("one item: %+v, %v", one, err)
	}
	if _, err := p.TransactionsPage(t.Context(), given.Session(), id, client.Filter{Status: "SCHEDULED"}); !refusedWith(err, http.StatusForbidden) {
		t.Errorf("a status that was not granted: %v", err)
	}
	if err := p.DeleteConsent(t.Context(), given.ConsentID); err != nil {
		t.Fatalf("deleting the consent: %v", err)
	}
	if _, err := p.AccountDetails(t.Context(), given.Session(), id); !refusedWith(err, http.StatusUnauthorized) {
		t.Errorf("after the deletion: %v", err)
	}
	if err := p.DeleteConsent(t.Context(), given.ConsentID); !refusedWith(err, http.StatusNotFound) {
		t.Errorf("deleting again: %v", err)
	}
}

func transactions(t *testing.T, p *okienkotest.ThirdParty, s client.Session, id string, f client.Filter) []client.Transaction {
	t.Helper()
	var out []client.Transaction
	for item, err := range p.Transactions(t.Context(), s, id, f) {
		if err != nil {
			t.Fatalf("transactions: %v", err)
		}
		out = append(out, item)
	}
	return out
}

func ids(list []client.Transaction) []string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = list[i].ID
	}
	return out
}

// The bank says yes or no about funds, to the issuer that the customer named.
func TestConfirmationOfFunds(t *testing.T) {
	b, p := open(t)
	mine := account(t, b, "jan", "PLN")
	if _, err := p.Funds(t.Context(), mine.Number, "1.00", "PLN"); !refusedWith(err, http.StatusForbidden) {
		t.Fatalf("without a consent: %v", err)
	}
	a := b.Customers(t, http.MethodPost, "/api/funds-consents", []byte(`{"login":"jan","account":"`+mine.Number+`","issuer":"`+p.Folder.Organisation+`","until":"`+
		b.Inside().Now().AddDate(0, 1, 0).UTC().Format(time.RFC3339)+`"}`))
	if a.Status != http.StatusOK {
		t.Fatalf("giving the consent: %d %s", a.Status, a.Body)
	}
	for amount, want := range map[string]bool{"0.01": true, mine.Available: true, "99999999.00": false} {
		if got, err := p.Funds(t.Context(), mine.Number, amount, "PLN"); err != nil || got != want {
			t.Errorf("%s: %t, %v", amount, got, err)
		}
	}
}

// Who consents for a company is shown as what they are to it (psd2 §2.4,
// psuRelations).
func TestRelationOfWhoActsForACompany(t *testing.T) {
	b, p := open(t)
	number := company(t, b)
	acts, err := b.Inside().Books.ActsFor(t.Context(), "person-katarzyna")
	if err != nil {
		t.Fatal(err)
	}
	want := ""
	for _, a := range acts {
		if a.Customer.ID == "customer-parkomat" {
			want = map[party.Role]string{
				party.Representative: "GENERAL", party.ProxyGeneral: "GENERAL", party.ProxySpecial: "SPECIAL", party.ProxyAdmin: "ADMINISTRATOR", party.ProxyUser: "USER",
			}[a.Representation.Role]
		}
	}
	given := p.Consent(t, "katarzyna", client.Consent{Accounts: true}, number)
	list, err := p.Accounts(t.Context(), given.Session())
	if err != nil || len(list) != 1 || len(list[0].Relations) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	if r := list[0].Relations[0]; want == "" || r.Type != "PROXY_OWNER" || r.Proxy != want {
		t.Errorf("shown as %+v, want a proxy of kind %q", r, want)
	}
}

package client

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// answering is a bank that answers each path with a text.
func answering(t *testing.T, texts map[string]string) (*Client, *bankOf) {
	t.Helper()
	c, b, _ := start(t, nil, func(w http.ResponseWriter, r *http.Request, _ string) {
		text, ok := texts[r.Method+" "+r.RequestURI]
		if !ok {
			says(w, 404, `{"code":"ResourceNotFoundError","message":"`+r.RequestURI+`"}`)
			return
		}
		says(w, 200, text)
	})
	return c, b
}

func TestPagesAreFollowed(t *testing.T) {
	const at = "GET /bank/v3/accounts/a/transactions"
	link := func(href string) string { return `"links":[{"rel":"nextPage","href":"` + href + `","action":"GET"}]` }
	c, b := answering(t, map[string]string{
		at + "?transactionStatus=DONE&pageSize=2": `{"transactions":[{"aspspTransactionId":"1"},{"aspspTransactionId":"2"}],` + link("/bank/v3/accounts/a/transactions?pageSize=2&cursor=x.y") + `}`,
		at + "?pageSize=2&cursor=x.y":             `{"transactions":[{"aspspTransactionId":"3"}],"links":[]}`,
		at + "?transactionStatus=HOLD":            `{"transactions":[{"aspspTransactionId":"9"}],` + link("/bank/v3/accounts/a/transactions?cursor=round") + `}`,
		at + "?cursor=round":                      `{"transactions":[],` + link("/bank/v3/accounts/a/transactions?cursor=round") + `}`,
		at + "?transactionStatus=PENDING":         `{"transactions":[],` + link("https://thief.example/collect") + `}`,
	})
	var got []string
	for item, err := range c.Transactions(t.Context(), Session{Token: "x"}, "a", Filter{Status: StatusDone, PageSize: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, item.ID)
	}
	if !slices.Equal(got, []string{"1", "2", "3"}) {
		t.Errorf("%q", got)
	}
	for _, err := range c.Transactions(t.Context(), Session{}, "a", Filter{Status: StatusDone, PageSize: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		break // a caller who has seen enough costs no further page
	}
	if len(b.made()) != 3 {
		t.Errorf("calls %q", b.made())
	}
	// A bank that errs, or somebody in its place.
	for _, status := range []string{StatusHold, StatusPending} {
		var last error
		for _, err := range c.Transactions(t.Context(), Session{Token: "x"}, "a", Filter{Status: status}) {
			last = err
		}
		if last == nil {
			t.Errorf("%s: a circle or a foreign host was followed", status)
		}
	}
}

// What the bank grants is read to the last right, with the account that the
// customer chose.
func TestTokensTellWhatWasGranted(t *testing.T) {
	for name, tt := range map[string]struct {
		text  string
		check func(*Tokens) bool
	}{
		"accounts": {
			`{"access_token":"a","refresh_token":"r","token_type":"Bearer","expires_in":"600","scope":"ais","scope_details":{"privilegeList":[
			{"accountId":"h1","accountNumber":"11","ais:accountDetails":{"scopeUsageLimit":"MULTIPLE"},
			"ais:transactions":{"scopeUsageLimit":"SINGLE","maxAllowedHistoryLong":90,"transactionStatus":["DONE","HOLD"]}},
			{"accountId":"h2","accountNumber":"22"}],"consentId":"c1","scopeTimeLimit":"2027-02-19T12:00:00.000+01:00","throttlingPolicy":"PSD2_REGULATORY"}}`,
			func(t *Tokens) bool {
				r := t.Details.Privileges[0].Rights["ais:transactions"]
				return t.Lifetime() == 10*time.Minute && slices.Equal(t.AccountIDs(), []string{"h1", "h2"}) && t.Details.ConsentID == "c1" &&
					r.Days == 90 && r.UsageLimit == "SINGLE" && slices.Equal(r.Statuses, []string{"DONE", "HOLD"}) && t.Payer() == ""
			},
		},
		"tax": {
			`{"scope":"pis","scope_details":{"privilegeList":[{"pis:tax":{"scopeUsageLimit":"SINGLE","taxPaymentRequest":{"sender":{"accountNumber":"33"},
			"recipient":{"accountNumber":"44"},"transferData":{"amount":"14.00","currency":"PLN"},"usInfo":{"payerInfo":{"payorId":"1","payorIdType":"P"},"formCode":"PIT37","year":"2025"}}}}]}}`,
			func(t *Tokens) bool {
				p := t.Details.Privileges[0].Rights["pis:tax"].Payment
				return t.Payer() == "33" && p.Kind == Tax && p.TaxForm.Year == 2025 && p.TaxForm.Payer.Type == "P"
			},
		},
		"bundle": {
			`{"scope":"pis","scope_details":{"privilegeList":[{"pis:bundle-eea":{"bundleEeaPaymentsRequest":{"transfersTotalAmount":"3.00",
			"transfers":[{"tppPaymentId":"x","sender":{"accountNumber":"55"}},{"tppPaymentId":"y"}]}}}]}}`,
			func(t *Tokens) bool {
				b := t.Details.Privileges[0].Rights["pis:bundle-eea"].Bundle
				return t.Payer() == "55" && b.Kind == EEA && b.Transfers[1].OwnID == "y"
			},
		},
		"cancelling": {
			`{"scope":"pis","scope_details":{"privilegeList":[{"pis:cancelPayment":{"scopeUsageLimit":"MULTIPLE","aspspPaymentId":"p1"}}]}}`,
			func(t *Tokens) bool {
				return t.Details.Privileges[0].Rights["pis:cancelPayment"].PaymentID == "p1" && t.Payer() == ""
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := answering(t, map[string]string{"POST /bank/v3/auth/token": tt.text})
			tokens, err := c.Refresh(t.Context(), "r")
			if err != nil || !tt.check(&tokens) {
				t.Errorf("%+v, %v", tokens, err)
			}
		})
	}
}

// What is consented to, what is posted and what the bank repeats of it are one
// payment: nothing of it is lost on the way.
func TestPaymentsComeBackWhole(t *testing.T) {
	at := func(country string) *NameAddress {
		return &NameAddress{Name: "N", Address: Address{CountryCode: country, TownName: "t", StreetName: "s", BuildingNumber: "1", PostCode: "00-950", Floor: "3"}}
	}
	want := Payment{
		OwnID: "own", DeliveryMode: "STANDARD_D1", System: SystemElixir, ExecutionMode: "RECURRING", Hold: true, SplitPayment: true, TransferCharges: "SHA",
		Recipient:     Party{AccountNumber: "1", Name: "R", CountryCode: "DE", Address: at("DE"), UltimateRecipient: &Ultimate{Address: at("FR"), Identifiers: &Identifiers{"LEI", "v", "i"}}},
		Sender:        Party{AccountNumber: "2", Identifiers: &Identifiers{Type: "TXID", Value: "v"}, UltimateSender: &Ultimate{Address: at("PL")}},
		RecipientBank: &RecipientBank{BIC: "B", Name: "N", Code: "C", CountryCode: "US", Address: []string{"a", "b"}},
		TransferData: TransferData{
			Description: "d", Amount: "1.00", Currency: "PLN", ExecutionDate: "2026-12-01", AdditionalFields: &AdditionalFields{"B", "r", "1", "2", "3"},
			Recurrence: &Recurrence{StartDate: "2026-12-01", EndDate: "2027-12-01", Frequency: Frequency{"MONTH", 1}, DayOff: "BEFORE"},
		},
		Split:   &Split{Invoice: "FV/1", TaxID: "5512265909", TaxAmount: "0.23", Description: "x"},
		TaxForm: &TaxForm{Payer: TaxPayer{"1", "P"}, FormCode: "PIT37", PeriodID: "01", PeriodType: "M", Year: 2025, Obligation: "o"},
	}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Payment
	if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v came back as %+v (%v)", want, got, err)
	}
	if small, err := json.Marshal(Payment{TransferData: TransferData{Amount: "1.00", Currency: "PLN"}, DeliveryMode: "EXPRESS_D0"}); err != nil ||
		string(small) != `{"recipient":{},"sender":{},"transferData":{"amount":"1.00","currency":"PLN"},"deliveryMode":"EXPRESS_D0"}` {
		t.Errorf("the smallest payment: %s (%v)", small, err)
	}
}

func TestStatusesOfOrders(t *testing.T) {
	const words = `"detailedStatus":"The money came back.","rejection":{"reason":"RAIL_REFUSED","message":"AC04","consentValid":true,"referenceNumber":"ref-1"}`
	c, b := answering(t, map[string]string{
		"GET /bank/v3/payments/domestic/p1/status":                                 `{"aspspPaymentId":"p1","tppPaymentId":"own","generalStatus":"REJECTED","system":"ELIXIR",` + words + `}`,
		"GET /bank/v3/payments/domestic/status":                                    `{"aspspPaymentId":"p1","generalStatus":"DONE"}`,
		"GET /bank/v3/payments/domestic/s1/status":                                 `{"aspspPaymentId":"s1","generalStatus":"SCHEDULED","recurringPaymentStatus":"IN_PROGRESS","paymentsMade":2,"nextExecutionDate":"2026-12-01"}`,
		"GET /bank/v3/payments/bundle/non-eea/status?transactionsIncluded=true":    `{"aspspBundleId":"b1"}`,
		"DELETE /bank/v3/payments/bundle/non-eea/b1":                               ``,
		"GET /bank/v3/payments/bundle/non-eea/b1/status?transactionsIncluded=true": `{"aspspBundleId":"b1","generalStatus":"PARTIALLY_DONE","transfers":[{"aspspPaymentId":"p2","tppPaymentId":"x","generalStatus":"REJECTED",` + words + `}]}`,
	})
	linked := Initiated{PaymentID: "p1", Links: []Link{{Rel: "status", Href: "/bank/v3/payments/domestic/p1/status"}}}
	if i, err := c.PaymentStatus(t.Context(), Session{}, linked); err != nil || i.Rejection == nil || i.Rejection.Reference != "ref-1" || !i.Rejection.ConsentValid || !i.Final() {
		t.Errorf("%+v, %v", i, err)
	}
	if i, err := c.PaymentStatus(t.Context(), Session{}, Initiated{PaymentID: "s1"}); err != nil || i.RecurringStatus != "IN_PROGRESS" || i.PaymentsMade != 2 || i.NextExecution != "2026-12-01" || i.Final() {
		t.Errorf("a standing order: %+v, %v", i, err)
	}
	if i, err := c.BundleStatus(t.Context(), Session{}, Initiated{Kind: NonEEA, BundleID: "b1"}); err != nil || len(i.Transfers) != 1 || i.Transfers[0].Rejection.Reason != "RAIL_REFUSED" || i.Kind != NonEEA {
		t.Errorf("a bundle: %+v, %v", i, err)
	}
	if i, err := c.FindPayment(t.Context(), Session{}, Domestic, "own"); err != nil || i.PaymentID != "p1" {
		t.Errorf("by its own id: %+v, %v", i, err)
	}
	if i, err := c.FindBundle(t.Context(), Session{}, NonEEA, "own"); err != nil || i.BundleID != "b1" {
		t.Errorf("a bundle by its own id: %+v, %v", i, err)
	}
	if err := c.CancelBundle(t.Context(), Session{}, NonEEA, "b1"); err != nil {
		t.Errorf("cancelling a bundle: %v", err)
	}
	if len(b.made()) != 6 {
		t.Errorf("calls %q", b.made())
	}
}

// After a payment its tokens are asked to see it, and nothing more.
func TestRefreshToLess(t *testing.T) {
	var body string
	c, _, _ := start(t, nil, func(w http.ResponseWriter, _ *http.Request, text string) { body = text; says(w, 200, `{}`) })
	if _, err := c.RefreshTo(t.Context(), "r", Consent{Status: &Target{PaymentID: "p1"}}); err != nil {
		t.Fatal(err)
	}
	const want = `{"grant_type":"refresh_token","refresh_token":"r","scope":"pis","scope_details":{"privilegeList":[{"pis:payment":{"aspspPaymentId":"p1","scopeUsageLimit":"MULTIPLE"}}],"scopeGroupType":"PIS"}}`
	if body != want {
		t.Errorf("%s", body)
	}
}

// Who the customer is, and for which company, goes along in both forms' own way.
func TestConsentsSayWhoIsAsked(t *testing.T) {
	who := &Identity{Company: true, Type: "T", Value: "1", ContextType: "N", ContextValue: "5260001246"}
	var h http.Header
	c, _, _ := start(t, nil, func(w http.ResponseWriter, r *http.Request, _ string) { h = r.Header.Clone(); says(w, 200, `{}`) })
	k := Consent{Accounts: true, Until: time.Now(), Customer: there(), Identity: who}
	if _, err := c.Ask(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	got := []string{h.Get("Company-Context"), h.Get("PSU-ID-Type"), h.Get("PSU-ID"), h.Get("PSU-Context-ID-Type"), h.Get("PSU-Context-ID")}
	if !slices.Equal(got, []string{"true", "T", "1", "N", "5260001246"}) {
		t.Errorf("%q", got)
	}
	c, b, _ := startPolish(t, PolishAPI212, nil, nil)
	if _, err := c.Ask(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	about := b.calls[0].at("requestHeader").(map[string]any)
	if about["isCompanyContext"] != true || about["psuIdentifierType"] != "T" || about["psuIdentifierValue"] != "1" ||
		about["psuContextIdentifierType"] != "N" || about["psuContextIdentifierValue"] != "5260001246" {
		t.Errorf("%v", about)
	}
}

// A consent is for one thing, of a customer who is there, until some instant.
func TestConsentsAreForOneThing(t *testing.T) {
	c, b := answering(t, nil)
	good := Consent{Until: time.Now(), Customer: &Customer{Address: "203.0.113.7", Port: 1}, Accounts: true}
	for name, change := range map[string]func(*Consent){
		"nothing":       func(k *Consent) { k.Accounts = false },
		"two things":    func(k *Consent) { k.Payment = &Payment{} },
		"no customer":   func(k *Consent) { k.Customer = nil },
		"without limit": func(k *Consent) { k.Until = time.Time{} },
	} {
		k := good
		change(&k)
		if _, err := c.Ask(t.Context(), k); err == nil || len(b.made()) != 0 {
			t.Errorf("%s: %v, calls %q", name, err, b.made())
		}
	}
}

func TestReturned(t *testing.T) {
	for address, want := range map[string][2]string{
		"https://tpp.example/cb?code=abc&state=s1":            {"abc", ""},
		"https://tpp.example/cb?error=access_denied&state=s1": {"", "access_denied"},
		"https://tpp.example/cb?x=1&code=a%2Bb&state=s1":      {"a+b", ""},
	} {
		if code, denied, err := Returned(address, "s1"); err != nil || code != want[0] || denied != want[1] {
			t.Errorf("%s: %q, %q, %v", address, code, denied, err)
		}
	}
	for _, address := range []string{"https://tpp.example/cb?code=abc&state=other", "https://tpp.example/cb?code=abc", "https://tpp.example/cb?state=s1", "::"} {
		if code, _, err := Returned(address, "s1"); err == nil || code != "" {
			t.Errorf("%s: accepted", address)
		}
	}
	if _, _, err := Returned("https://tpp.example/cb?code=abc&state=", ""); err == nil {
		t.Error("an empty state was taken")
	}
}

// Registration carries a statement that is signed under a key in it, and needs no
// client id.
func TestRegistrationStatement(t *testing.T) {
	var body string
	c, b, _ := start(t, nil, func(w http.ResponseWriter, r *http.Request, text string) {
		if body = text; r.Header.Get("JWS-Signature") != "" {
			t.Error("registration is signed twice")
		}
		says(w, 201, `{"client_id":"new","client_name":"N","redirect_uris":["u"],"status":"active"}`)
	})
	known, err := c.Register(t.Context(), Registration{Name: "N", Email: "e@x", RedirectURIs: []string{"u"}})
	if err != nil || known.ClientID != "new" || c.As(known.ClientID).ClientID() != "new" {
		t.Fatalf("%+v, %v", known, err)
	}
	if got := b.made(); len(got) != 1 || !strings.HasPrefix(got[0], "POST /v3/register/ ") || strings.Count(body, ".") != 2 {
		t.Errorf("%q", got)
	}
}

// A folder that lacks something says what.
func TestOpenNamesWhatIsMissing(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "tpp.json") {
		t.Errorf("an empty folder: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tpp.json"), []byte(`{"url":"https://localhost:1"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "qwac") {
		t.Errorf("without certificates: %v", err)
	}
}

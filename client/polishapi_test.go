package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"okienko/eidas"
	"okienko/eidas/seal"
)

var polishForms = []Form{PolishAPI211, PolishAPI212, PolishAPI30}

func there() *Customer {
	return &Customer{Address: "203.0.113.7", Port: 50123, UserAgent: "Mozilla/5.0"}
}

func pay(kind Kind, change func(*Payment)) *Payment {
	p := &Payment{
		Kind: kind, DeliveryMode: "STANDARD_D1", System: map[Kind]string{EEA: SystemInstantSEPA}[kind], ExecutionMode: "FUTURE_DATED", Hold: true, OwnID: "x",
		Recipient: Party{
			AccountNumber: "20114000000000000000000300", Name: "Natalia Kołodziej",
			Address: &NameAddress{Address: Address{CountryCode: "DE", TownName: "Köln", StreetName: "Am Rhein", BuildingNumber: "1", PostCode: "50667"}},
		},
		TransferData: TransferData{Description: "Czynsz", Amount: "12.50", Currency: "PLN", ExecutionDate: "2026-12-01"},
	}
	switch kind {
	case NonEEA:
		p.RecipientBank = &RecipientBank{BIC: "CHASUS33", Name: "Chase", CountryCode: "US", Address: []string{"270 Park Avenue", "New York"}}
		p.TransferCharges, p.DeliveryMode = "SHA", "STANDARD_D2"
	case Tax:
		p.TransferData.Description = ""
		p.TaxForm = &TaxForm{Payer: TaxPayer{"5260001246", "N"}, FormCode: "PIT37", PeriodType: "R", Year: 2025}
	}
	if change != nil {
		change(p)
	}
	return p
}

func standing(p *Payment) {
	p.ExecutionMode, p.TransferData.ExecutionDate = "RECURRING", ""
	p.TransferData.Recurrence = &Recurrence{StartDate: "2026-12-01", EndDate: "2027-12-01", Frequency: Frequency{"MONTH", 1}, DayOff: "BEFORE"}
}

// everyCall makes each call of a client, and names the operations that it must have
// made.
func everyCall(t *testing.T, c *Client) (operations []string) {
	t.Helper()
	ctx, s, until := t.Context(), Session{Token: "secret", Present: there()}, time.Now().Add(time.Hour)
	did := func(operation string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", operation, err)
		}
		operations = append(operations, operation)
	}
	_, err := c.Register(ctx, Registration{Name: "N", Email: "e@x", RedirectURIs: []string{"u"}})
	did("register", err)
	consents := []Consent{
		{Accounts: true, Identity: &Identity{Company: true, Type: "T", Value: "1", ContextType: "N", ContextValue: "5260001246"}},
		{Read: &Read{Numbers: []string{"1", "2"}, Days: 90}},
		{Read: &Read{Days: 30, Once: true, Statuses: []string{StatusDone}}},
		{Status: &Target{PaymentID: "p"}}, {Status: &Target{BundleID: "b"}}, {Status: &Target{PaymentID: "s", Recurring: true}},
		{Cancel: &Target{PaymentID: "p"}}, {Cancel: &Target{BundleID: "b"}}, {Cancel: &Target{PaymentID: "s", Recurring: true}},
	}
	for _, k := range []Kind{Domestic, EEA, NonEEA, Tax} {
		bundle := &Bundle{Kind: k, Total: "12.50", Transfers: []Payment{*pay(k, nil)}}
		consents = append(consents, Consent{Payment: pay(k, nil)}, Consent{Payment: pay(k, standing)}, Consent{Bundle: bundle})
		_, err = c.Pay(ctx, s, "own", *pay(k, nil))
		did(k.polish().word, err)
		_, err = c.Pay(ctx, s, "own", *pay(k, standing))
		did("recurring", err)
		_, err = c.PayBundle(ctx, s, "own", *bundle)
		did("bundle", err)
	}
	for _, k := range consents {
		k.Until, k.Customer, k.RedirectURI = until, there(), "https://tpp.example/cb"
		_, err = c.Ask(ctx, k)
		did("authorize", err)
	}
	_, err = c.AskExternally(ctx, Consent{Accounts: true, Until: until, Customer: there()}, External{Code: "123456", Type: &Code{"app", "d"}, CallbackURL: "https://tpp.example/back"})
	did("authorizeExt", err)
	_, err = c.Redeem(ctx, "code", "https://tpp.example/cb")
	did("token", err)
	_, err = c.Refresh(ctx, "r")
	did("token", err)
	_, err = c.RefreshTo(ctx, "r", Consent{ID: "c1", Until: until, Status: &Target{PaymentID: "p"}})
	did("token", err)
	_, err = c.ExchangeToAIS(ctx, "a", "c1", until, Read{Numbers: []string{"25***8842"}, Days: 90})
	did("token", err)
	did("deleteConsent", c.DeleteConsent(ctx, "c1"))
	return append(operations, everyReading(t, c, s)...)
}

func everyReading(t *testing.T, c *Client, s Session) (operations []string) {
	t.Helper()
	ctx := t.Context()
	did := func(operation string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", operation, err)
		}
		operations = append(operations, operation)
	}
	_, err := c.Accounts(ctx, s)
	did("getAccounts", err)
	_, err = c.AccountDetails(ctx, s, "1")
	did("getAccount", err)
	for _, status := range []string{StatusDone, StatusPending, StatusScheduled, StatusRejected, StatusCancelled, StatusHold} {
		f := Filter{Status: status, From: "2026-11-01", To: "2026-11-21", PageSize: 7, MinAmount: "1.00", MaxAmount: "99.00", Category: "DEBIT", FromID: "i0", BookedFrom: "2026-11-01"}
		_, err = c.TransactionsPage(ctx, Session{Token: "secret"}, "1", f)
		did(histories[status], err)
	}
	_, err = c.Transaction(ctx, s, "1", "i1")
	did("getTransactionDetail", err)
	_, err = c.PaymentStatus(ctx, s, Initiated{PaymentID: "p1"})
	did("getPayment", err)
	_, err = c.PaymentStatus(ctx, s, Initiated{PaymentID: "s1", RecurringStatus: "SUBMITTED"})
	did("getRecurringPayment", err)
	_, err = c.BundleStatus(ctx, s, Initiated{BundleID: "b1"})
	did("getBundle", err)
	_, err = c.FindPayment(ctx, s, Domestic, "own")
	did("getPayment", err)
	_, err = c.FindRecurring(ctx, s, Domestic, "own")
	did("getRecurringPayment", err)
	_, err = c.FindBundle(ctx, s, Domestic, "own")
	did("getBundle", err)
	_, err = c.PaymentStatuses(ctx, []TokenOf{{Token: "t1", PaymentID: "p1"}, {Token: "t2", OwnID: "own"}})
	did("getMultiplePayments", err)
	did("cancelPayments", c.Cancel(ctx, s, Domestic, "p1"))
	did("cancelPayments", c.CancelBundle(ctx, s, Domestic, "b1"))
	did("cancelRecurringPayment", c.CancelRecurring(ctx, s, Domestic, "s1"))
	_, err = c.Funds(ctx, "1", "1.00", "PLN")
	did("getConfirmationOfFunds", err)
	return operations
}

// Every operation of every version is called as the official files have it: path,
// headers, body; and so are the answers that these tests make up.
func TestPolishAPIFollowsTheOfficialFiles(t *testing.T) {
	for _, form := range polishForms {
		t.Run(string(form), func(t *testing.T) {
			file := officialFile(t, form)
			c, b, _ := startPolish(t, form, nil, nil)
			b.file = file
			want := everyCall(t, c)
			var got []string
			for _, one := range b.calls {
				got = append(got, one.operation)
			}
			if !slices.Equal(got, want) {
				t.Errorf("called %q, want %q", got, want)
			}
			for path := range file.operations {
				if operation := path[strings.LastIndexByte(path, '/')+1:]; !slices.Contains(got, operation) {
					t.Errorf("%s was never called", operation)
				}
			}
		})
	}
}

// What is read is in this package's words, as from mBank's form.
func TestPolishAnswersAreRead(t *testing.T) {
	for _, form := range polishForms {
		t.Run(string(form), func(t *testing.T) {
			c, _, _ := startPolish(t, form, nil, nil)
			ctx, s := t.Context(), Session{Token: "secret"}
			list, err := c.Accounts(ctx, s)
			if err != nil || len(list) != 1 || list[0].Number != "25***8842" || form != PolishAPI211 && list[0].Relations[0] != (Relation{Type: "PROXY_OWNER", Proxy: "GENERAL"}) {
				t.Errorf("%+v, %v", list, err)
			}
			a, err := c.AccountDetails(ctx, s, "1")
			if err != nil || a.Name != "Jan Kowalski" || a.HolderType != "INDIVIDUAL" || a.BookingBalance != "-5.00" || !slices.Equal(a.Bank.Address, []string{"ul. Bankowa 1", "00-950 Warszawa"}) || a.Bank.BIC != "OKIEPLPW" {
				t.Errorf("%+v, %v", a, err)
			}
			i, err := c.Transaction(ctx, s, "1", "i1")
			if err != nil || i.ID != "i1" || i.Amount != "-12.50" || i.Status != StatusDone || i.OwnID != "own" || i.Card.Number != "***1" || i.Rates[0].Rate != "4.2512345" ||
				i.Sender.Name != "Jan Kowalski" || !slices.Equal(i.Sender.Lines, []string{"ul. Polna 1", "00-950 Warszawa"}) {
				t.Errorf("%+v, %v", i, err)
			}
			for hold, err := range c.Holds(ctx, s, "1", Filter{}) {
				if err != nil || hold.Status != StatusHold || hold.Amount != "-12.50" || hold.Category != "DEBIT" || hold.HoldExpiration == "" {
					t.Errorf("%+v, %v", hold, err)
				}
			}
			made, err := c.Pay(ctx, s, "own", *pay(Domestic, nil))
			if err != nil || made.PaymentID != "p1" || made.OwnPaymentID != "own" || made.GeneralStatus != StatusPending || made.System != SystemElixir {
				t.Errorf("%+v, %v", made, err)
			}
			if now, err := c.PaymentStatus(ctx, s, made); err != nil || now.GeneralStatus != StatusDone || !now.Final() || now.System != SystemElixir {
				t.Errorf("%+v, %v", now, err)
			}
			order, err := c.Pay(ctx, s, "own", *pay(Domestic, standing))
			if err != nil || order.PaymentID != "s1" || order.RecurringStatus != StatusSubmitted {
				t.Errorf("%+v, %v", order, err)
			}
			if now, err := c.PaymentStatus(ctx, s, order); err != nil || now.RecurringStatus != StatusCancelled || !now.Final() {
				t.Errorf("%+v, %v", now, err)
			}
			bundle, err := c.BundleStatus(ctx, s, Initiated{BundleID: "b1"})
			if err != nil || bundle.GeneralStatus != StatusPartiallyDone || bundle.OwnBundleID != "own" || bundle.Transfers[0].GeneralStatus != StatusRejected || bundle.Transfers[0].OwnPaymentID != "x" {
				t.Errorf("%+v, %v", bundle, err)
			}
			if all, err := c.PaymentStatuses(ctx, []TokenOf{{Token: "t", PaymentID: "p1"}}); err != nil || len(all) != 1 || all[0].PaymentID != "p1" {
				t.Errorf("%+v, %v", all, err)
			}
		})
	}
}

// A body says who is there; without a customer the call is the third party's own.
func TestPolishSaysWhoIsThere(t *testing.T) {
	c, b, _ := startPolish(t, PolishAPI212, nil, nil)
	for _, who := range []*Customer{there(), nil} {
		if _, err := c.Accounts(t.Context(), Session{Token: "secret", Present: who}); err != nil {
			t.Fatal(err)
		}
	}
	with, without := b.calls[0], b.calls[1]
	if with.at("requestHeader", "isDirectPsu") != true || with.at("requestHeader", "ipAddress") != "203.0.113.7" || with.at("requestHeader", "userAgent") != "Mozilla/5.0" {
		t.Errorf("with: %s", with.text)
	}
	if without.at("requestHeader", "isDirectPsu") != nil || without.at("requestHeader", "ipAddress") != nil {
		t.Errorf("without: %s", without.text)
	}
}

func TestPolishPages(t *testing.T) {
	pages := map[any]string{nil: `"two"`, "two": `"three"`, "three": `null`}
	c, b, _ := startPolish(t, PolishAPI30, nil, func(k *polishCall) (int, string) {
		id, _ := k.at("pageId").(string)
		return 200, `{` + responseHeader + `,"transactions":[{"itemId":"` + id + `","amount":"1.00","transactionCategory":"CREDIT"}],"pageInfo":{"nextPage":` + pages[k.at("pageId")] + `}}`
	})
	var got []string
	for item, err := range c.Transactions(t.Context(), Session{Token: "x"}, "1", Filter{Status: StatusDone, From: "2026-11-01", PageSize: 1}) {
		if err != nil || item.Amount != "1.00" || item.Status != StatusDone {
			t.Fatalf("%+v, %v", item, err)
		}
		got = append(got, item.ID)
	}
	if !slices.Equal(got, []string{"", "two", "three"}) {
		t.Errorf("%q", got)
	}
	for _, k := range b.calls {
		if k.at("accountNumber") != "1" || k.at("transactionDateFrom") != "2026-11-01" || k.at("perPage") != 1.0 {
			t.Errorf("%s", k.text)
		}
	}
	pages["three"] = `"three"`
	var last error
	for _, err := range c.Transactions(t.Context(), Session{Token: "x"}, "1", Filter{Status: StatusDone}) {
		last = err
	}
	if last == nil {
		t.Error("a circle was followed")
	}
	if _, err := c.TransactionsPage(t.Context(), Session{}, "1", Filter{}); !errors.Is(err, ErrNotInForm) {
		t.Errorf("every status at once: %v", err)
	}
}

// The consented payment and the ordered one are the same words, but for the own id.
func TestPolishPaymentsAreTheConsentedOnes(t *testing.T) {
	for _, form := range polishForms {
		for _, kind := range []Kind{Domestic, EEA, NonEEA, Tax} {
			c, b, _ := startPolish(t, form, nil, nil)
			p := pay(kind, nil)
			if _, err := c.Ask(t.Context(), Consent{Payment: p, Until: time.Now(), Customer: there()}); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Pay(t.Context(), Session{Token: "x"}, "own", *p); err != nil {
				t.Fatal(err)
			}
			list := b.calls[0].at("scope_details", "privilegeList").([]any)
			asked := dig(list[0], "pis:"+kind.polish().word).(map[string]any)
			made := b.calls[1].body
			if made["tppTransactionId"] != "own" || asked["tppTransactionId"] != nil || asked["scopeUsageLimit"] != "single" {
				t.Errorf("%s %s: %v %v", form, kind, made, asked)
			}
			delete(asked, "scopeUsageLimit")
			delete(made, "tppTransactionId")
			delete(made, "requestHeader")
			if form != PolishAPI30 {
				delete(made, "hold")
			}
			if !reflect.DeepEqual(asked, made) {
				t.Errorf("%s %s: asked %v, ordered %v", form, kind, asked, made)
			}
		}
	}
}

// Names, addresses and countries as each version writes them.
func TestPolishParties(t *testing.T) {
	lines := func(form Form, p *Payment) (string, any) {
		t.Helper()
		c, b, _ := startPolish(t, form, nil, nil)
		if _, err := c.Pay(t.Context(), Session{Token: "x"}, "own", *p); err != nil {
			return err.Error(), nil
		}
		text, err := json.Marshal(b.calls[0].at("recipient", "nameAddress", "value"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text), b.calls[0].at("recipient", "countryCode")
	}
	for name, tt := range map[string]struct {
		form    Form
		payment *Payment
		lines   string
		country any
	}{
		"foreign":          {PolishAPI212, pay(EEA, nil), `["Natalia Kołodziej","Am Rhein 1","50667 Köln"]`, "DEU"},
		"without country":  {PolishAPI211, pay(EEA, nil), `["Natalia Kołodziej","Am Rhein 1","50667 Köln","DE"]`, nil},
		"at home":          {PolishAPI30, pay(Domestic, func(p *Payment) { p.Recipient.Address.Address.CountryCode = "PL" }), `["Natalia Kołodziej","Am Rhein 1","50667 Köln"]`, nil},
		"lines of its own": {PolishAPI30, pay(EEA, func(p *Payment) { p.Recipient.Lines = []string{"a", "b", "c"} }), `["Natalia Kołodziej","a","b","c"]`, "DEU"},
		"35 characters":    {PolishAPI30, pay(EEA, func(p *Payment) { p.Recipient.Name = strings.Repeat("ż", 35) }), `["` + strings.Repeat("ż", 35) + `","Am Rhein 1","50667 Köln"]`, "DEU"},
	} {
		if got, country := lines(tt.form, tt.payment); got != tt.lines || country != tt.country {
			t.Errorf("%s: %s %v", name, got, country)
		}
	}
}

// What a form cannot say is refused here, and nothing is sent.
func TestWhatAFormCannotSay(t *testing.T) {
	type act func(context.Context, *Client) error
	order := func(change func(*Payment)) act {
		return func(ctx context.Context, c *Client) error {
			_, err := c.Pay(ctx, Session{}, "own", *pay(Domestic, change))
			return err
		}
	}
	ask := func(k Consent) act {
		k.Until, k.Customer = time.Now(), there()
		return func(ctx context.Context, c *Client) error { _, err := c.Ask(ctx, k); return err }
	}
	for name, tt := range map[string]struct {
		form Form
		act  act
	}{
		"36 characters": {PolishAPI30, order(func(p *Payment) { p.Recipient.Name = strings.Repeat("ż", 36) })},
		"four lines":    {PolishAPI30, order(func(p *Payment) { p.Recipient.Lines = []string{"a", "b", "c", "d"} })},
		"split":         {PolishAPI212, order(func(p *Payment) { p.SplitPayment = true })},
		"identifiers":   {PolishAPI30, order(func(p *Payment) { p.Recipient.Identifiers = &Identifiers{"LEI", "v", ""} })},
		"ultimate":      {PolishAPI30, order(func(p *Payment) { p.Sender.UltimateSender = &Ultimate{} })},
		"more fields":   {PolishAPI30, order(func(p *Payment) { p.TransferData.AdditionalFields = &AdditionalFields{BIC: "B"} })},
		"a get":         {PolishAPI30, func(ctx context.Context, c *Client) error { _, err := c.Get(ctx, "/x", ""); return err }},
		"mBank's lines": {MBank, order(func(p *Payment) { p.Recipient.Lines = []string{"a"} })},
		"mBank's filter": {MBank, func(ctx context.Context, c *Client) error {
			_, err := c.TransactionsPage(ctx, Session{}, "1", Filter{MinAmount: "1.00"})
			return err
		}},
		"mBank's external": {MBank, func(ctx context.Context, c *Client) error {
			_, err := c.AskExternally(ctx, Consent{}, External{})
			return err
		}},
		"mBank's statuses": {MBank, func(ctx context.Context, c *Client) error { _, err := c.PaymentStatuses(ctx, nil); return err }},
	} {
		c, b, _ := startPolish(t, tt.form, func(cfg *Config) { cfg.Bank = "bank" }, nil)
		if err := tt.act(t.Context(), c); !errors.Is(err, ErrNotInForm) || len(b.calls) != 0 {
			t.Errorf("%s: %v after %d calls", name, err, len(b.calls))
		}
	}
	c, b, _ := startPolish(t, PolishAPI212, nil, nil)
	for name, err := range map[string]error{
		"no own id":  func() error { _, err := c.Pay(t.Context(), Session{}, "", Payment{}); return err }(),
		"two things": ask(Consent{Accounts: true, Read: &Read{}})(t.Context(), c),
		"no thing":   ask(Consent{})(t.Context(), c),
		"no consent": func() error {
			_, err := c.RefreshTo(t.Context(), "r", Consent{Status: &Target{PaymentID: "p"}})
			return err
		}(),
	} {
		if err == nil || len(b.calls) != 0 {
			t.Errorf("%s was sent", name)
		}
	}
}

// A split payment of 3.0 says so in the consent and in the order.
func TestPolishSplitPayment(t *testing.T) {
	c, b, _ := startPolish(t, PolishAPI30, nil, nil)
	b.file = officialFile(t, PolishAPI30)
	p := pay(Domestic, func(p *Payment) {
		p.SplitPayment, p.Split = true, &Split{Invoice: "FV/1", TaxID: "5260001246", TaxAmount: "2.34"}
	})
	if _, err := c.Ask(t.Context(), Consent{Payment: p, Until: time.Now(), Customer: there(), RedirectURI: "u"}); err != nil {
		t.Error(err)
	}
	if _, err := c.Pay(t.Context(), Session{Token: "x"}, "own", *p); err != nil || b.calls[1].at("transactionInfoSp", "spTaxAmount") != "2.34" {
		t.Errorf("%s, %v", b.calls[1].text, err)
	}
}

// A 200 is taken with the bank's signature alone; what has none by the standard is
// taken without.
func TestPolishAnswersAreProven(t *testing.T) {
	other, otherKey := identity(t, "other")
	forged := func(w http.ResponseWriter, body string) string {
		text, err := seal.Sign(otherKey, seal.Header{Alg: seal.ES256, Thumbprint: eidas.Thumbprint(other)}, []byte(body))
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("X-JWS-SIGNATURE", text)
		return body
	}
	without := func(w http.ResponseWriter, body string) string { w.Header().Del("X-JWS-SIGNATURE"); return body }
	for name, tt := range map[string]struct {
		spoil func(http.ResponseWriter, string) string
		loose bool
		good  bool
	}{
		"good":      {nil, false, true},
		"unsigned":  {without, false, false},
		"changed":   {func(_ http.ResponseWriter, body string) string { return body + " " }, false, false},
		"another's": {forged, false, false},
		"loose":     {without, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			c, b, _ := startPolish(t, PolishAPI212, func(cfg *Config) { cfg.TakeUnproven = tt.loose }, nil)
			b.spoil = tt.spoil
			yes, err := c.Funds(t.Context(), "1", "1.00", "PLN")
			if yes != tt.good || errors.Is(err, ErrAnswerUnproven) == tt.good || len(b.calls) != 1 {
				t.Errorf("%t, %v after %d calls", yes, err, len(b.calls))
			}
			if err := c.DeleteConsent(t.Context(), "c1"); err != nil {
				t.Errorf("204: %v", err)
			}
		})
	}
}

// A thumbprint is enough: the certificate comes from where the signature says, once,
// and only that certificate will do.
func TestPolishSealByThumbprint(t *testing.T) {
	fetched := 0
	cert, key := identity(t, "bank")
	served := cert
	at := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fetched++; r.Header.Get("Authorization") != "" {
			t.Error("a token was taken along")
		}
		_, _ = w.Write(pemOf(served))
	}))
	defer at.Close()
	sign := func(thumbprint string) func(http.ResponseWriter, string) string {
		return func(w http.ResponseWriter, body string) string {
			text, err := seal.Sign(key, seal.Header{Alg: seal.ES256, URL: at.URL + "/seal.pem", Thumbprint: thumbprint}, []byte(body))
			if err != nil {
				t.Error(err)
			}
			w.Header().Set("X-JWS-SIGNATURE", text)
			return body
		}
	}
	c, b, _ := startPolish(t, PolishAPI30, func(cfg *Config) { cfg.BankSeal, cfg.BankSealThumbprint = nil, eidas.Thumbprint(cert) }, nil)
	other, _ := identity(t, "other")
	try := func() error { _, err := c.Funds(t.Context(), "1", "1.00", "PLN"); return err }

	b.spoil = sign(eidas.Thumbprint(other))
	if err := try(); !errors.Is(err, ErrAnswerUnproven) || fetched != 0 {
		t.Errorf("another thumbprint: %v after %d fetches", err, fetched)
	}
	b.spoil, served = sign(eidas.Thumbprint(cert)), other
	if err := try(); !errors.Is(err, ErrAnswerUnproven) || fetched != 1 {
		t.Errorf("another certificate: %v after %d fetches", err, fetched)
	}
	served = cert
	for range 2 {
		if err := try(); err != nil || fetched != 2 {
			t.Errorf("%v after %d fetches", err, fetched)
		}
	}
	b.spoil = func(w http.ResponseWriter, body string) string { return sign(eidas.Thumbprint(cert))(w, body) + " " }
	if err := try(); !errors.Is(err, ErrAnswerUnproven) {
		t.Errorf("a changed answer: %v", err)
	}
}

package client

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func pemOf(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

// What was granted reads as from mBank's form.
func TestPolishTokensTellWhatWasGranted(t *testing.T) {
	for name, tt := range map[string]struct {
		privileges string
		check      func(*Tokens) bool
	}{
		"accounts": {
			`{"accountNumber":"11","ais:getAccount":{"scopeUsageLimit":"multiple"},"ais:getTransactionDetail":{"scopeUsageLimit":"multiple"},
			"ais:getTransactionsDone":{"scopeUsageLimit":"multiple","maxAllowedHistoryLong":90},"ais:getHolds":{"scopeUsageLimit":"multiple","maxAllowedHistoryLong":30},"pis:tax":null},
			{"accountNumber":"22"}`,
			func(t *Tokens) bool {
				r := t.Details.Privileges[0].Rights["ais:transactions"]
				slices.Sort(r.Statuses)
				return slices.Equal(t.AccountIDs(), []string{"11", "22"}) && r.Days == 30 && r.UsageLimit == "MULTIPLE" &&
					slices.Equal(r.Statuses, []string{"DONE", "HOLD"}) && t.Payer() == "" && len(t.Details.Privileges[0].Rights) == 3 &&
					t.Details.Privileges[0].Rights["ais:accountDetails"].UsageLimit == "MULTIPLE"
			},
		},
		"payment": {
			`{"pis:EEA":{"scopeUsageLimit":"single","sender":{"accountNumber":"33"},"recipient":{"accountNumber":"DE1","countryCode":"DEU","nameAddress":{"value":["N","l1","l2"]}},
			"transferData":{"amount":"1.00","currency":"EUR","description":"d"},"deliveryMode":"ExpressD0","system":"InstantSEPA"}}`,
			func(t *Tokens) bool {
				p := t.Details.Privileges[0].Rights["pis:eea"].Payment
				return t.Payer() == "33" && p.Kind == EEA && p.Recipient.CountryCode == "DE" && p.Recipient.Name == "N" &&
					slices.Equal(p.Recipient.Lines, []string{"l1", "l2"}) && p.System == SystemInstantSEPA && p.DeliveryMode == "EXPRESS_D0"
			},
		},
		"standing order": {
			`{"pis:recurring":{"typeOfPayment":"tax","recurrence":{"startDate":"2026-12-01","frequency":{"periodType":"month","periodValue":1},"dayOffOffsetType":"after"},
			"taxPayment":{"sender":{"accountNumber":"44"},"recipient":{},"transferData":{"amount":"1.00"},"usInfo":{"payerInfo":{"payorId":"1","payorIdType":"P"},"formCode":"PIT37"}}}}`,
			func(t *Tokens) bool {
				p := t.Details.Privileges[0].Rights["pis:tax"].Payment
				return t.Payer() == "44" && p.ExecutionMode == "RECURRING" && p.TransferData.Recurrence.Frequency == Frequency{"MONTH", 1} &&
					p.TransferData.Recurrence.DayOff == "AFTER" && p.TaxForm.FormCode == "PIT37"
			},
		},
		"bundle": {
			`{"pis:bundle":{"transfersTotalAmount":"3.00","typeOfTransfers":"nonEEA","nonEEATransfers":[{"tppTransactionId":"x","sender":{"accountNumber":"55"}},{"tppTransactionId":"y","sender":{}}]}}`,
			func(t *Tokens) bool {
				b := t.Details.Privileges[0].Rights["pis:bundle-nonEea"].Bundle
				return t.Payer() == "55" && b.Kind == NonEEA && b.Total == "3.00" && b.Transfers[1].OwnID == "y"
			},
		},
		"status and cancelling": {
			`{"pis:getPayment":{"scopeUsageLimit":"multiple","paymentId":"p1"}},{"pis:cancelPayment":{"bundleId":"b1"}},{"pis:cancelRecurringPayment":{"recurringPaymentId":"s1"}}`,
			func(t *Tokens) bool {
				p := t.Details.Privileges
				return p[0].Rights["pis:payment"].PaymentID == "p1" && p[1].Rights["pis:cancelBundlePayments"].BundleID == "b1" &&
					p[2].Rights["pis:cancelPayment"].PaymentID == "s1" && t.Payer() == ""
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, _, _ := startPolish(t, PolishAPI30, nil, func(*polishCall) (int, string) {
				return 200, `{` + responseHeader + `,"access_token":"a","refresh_token":"r2","token_type":"Bearer","expires_in":"600","scope":"ais","scope_details":{"consentId":"c1",
				"scopeTimeLimit":"2027-02-19T12:00:00.000+01:00","throttlingPolicy":"psd2Regulatory","privilegeList":[` + tt.privileges + `]}}`
			})
			tokens, err := c.Refresh(t.Context(), "r")
			if err != nil || !tt.check(&tokens) || tokens.Details.ConsentID != "c1" || tokens.Refresh != "r2" || tokens.Lifetime() != 10*time.Minute {
				t.Errorf("%+v, %v", tokens, err)
			}
		})
	}
}

// What is asked and handed in is in the standard's words.
func TestPolishWordsOfConsents(t *testing.T) {
	c, b, _ := startPolish(t, PolishAPI212, nil, nil)
	until := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	asked, err := c.Ask(t.Context(), Consent{ID: "c1", State: "st", Read: &Read{Numbers: []string{"1"}, Days: 90, Statuses: []string{StatusDone, StatusHold}}, Until: until, Customer: there(), RedirectURI: "https://tpp.example/cb"})
	if err != nil || asked != (Asked{"c1", "st", "https://bank.example/consent/1"}) {
		t.Errorf("%+v, %v", asked, err)
	}
	const want = `"response_type":"code","client_id":"client-1","redirect_uri":"https://tpp.example/cb","scope":"ais","scope_details":{"privilegeList":[{"accountNumber":"1",` +
		`"ais:getAccount":{"scopeUsageLimit":"multiple"},"ais:getHolds":{"maxAllowedHistoryLong":90,"scopeUsageLimit":"multiple"},"ais:getTransactionDetail":{"scopeUsageLimit":"multiple"},` +
		`"ais:getTransactionsDone":{"maxAllowedHistoryLong":90,"scopeUsageLimit":"multiple"}}],"scopeGroupType":"ais","consentId":"c1","scopeTimeLimit":"2027-01-02T03:04:05.000Z","throttlingPolicy":"psd2Regulatory"},"state":"st"}`
	if !strings.HasSuffix(b.calls[0].text, want) {
		t.Errorf("%s", b.calls[0].text)
	}
	if _, err := c.ExchangeToAIS(t.Context(), "a", "c1", until, Read{}); err != nil || b.calls[1].at("exchange_token") != "a" || b.calls[1].at("scope") != "ais" || b.calls[1].at("scope_details", "consentId") != "c1" {
		t.Errorf("%s, %v", b.calls[1].text, err)
	}
	if _, err := c.Redeem(t.Context(), "code", "u"); err != nil || b.calls[2].at("Code") != "code" || b.calls[2].at("client_id") != "client-1" {
		t.Errorf("%s, %v", b.calls[2].text, err)
	}
	external, err := c.AskExternally(t.Context(), Consent{Accounts: true, Until: until, Customer: there()}, External{Code: "123456", CallbackURL: "https://tpp.example/back", APIKey: "k"})
	got := b.calls[3]
	if err != nil || external.Redirect != "" || external.ConsentID == "" || got.at("eatCode") != "123456" || got.at("requestHeader", "callbackURL") != "https://tpp.example/back" || got.at("requestHeader", "apiKey") != "k" {
		t.Errorf("%+v, %s, %v", external, got.text, err)
	}
}

// Tries are as in mBank's form: waits as the bank asks, orders again under their
// own id, and never twice what a bank takes for a theft.
func TestPolishRetries(t *testing.T) {
	lost := true
	c, b, waits := startPolish(t, PolishAPI212, nil, func(k *polishCall) (int, string) {
		switch {
		case !lost:
			return 0, ""
		case k.operation == "getAccounts":
			lost = false
			k.w.Header().Set("Retry-After", "3")
			return 503, `{"code":"ServiceUnavailableError","message":"busy"}`
		}
		lost = false
		breaks(k.w)
		return 0, ""
	})
	if _, err := c.Accounts(t.Context(), Session{Token: "x"}); err != nil || len(b.calls) != 2 || !slices.Equal(*waits, slept{3 * time.Second}) {
		t.Errorf("%v after %d calls, waits %v", err, len(b.calls), *waits)
	}
	lost = true
	if _, err := c.Pay(t.Context(), Session{Token: "x"}, "own-7", *pay(Domestic, nil)); err != nil || len(b.calls) != 4 ||
		b.calls[2].at("tppTransactionId") != "own-7" || b.calls[3].at("tppTransactionId") != "own-7" {
		t.Errorf("a payment: %v after %d calls", err, len(b.calls))
	}
	for name, act := range map[string]func() error{
		"code":    func() error { _, err := c.Redeem(t.Context(), "c", "u"); return err },
		"refresh": func() error { _, err := c.Refresh(t.Context(), "r"); return err },
		"cancel":  func() error { return c.Cancel(t.Context(), Session{Token: "x"}, Domestic, "p") },
	} {
		lost, b.calls = true, nil
		if err := act(); err == nil || len(b.calls) != 1 {
			t.Errorf("%s: %v after %d calls", name, err, len(b.calls))
		}
	}
}

// A consent that is gone is answered 403; after a lost answer that is the first
// try's work, and at once it is a refusal.
func TestPolishLostAnswerOfADeletion(t *testing.T) {
	n := 0
	c, _, _ := startPolish(t, PolishAPI30, nil, func(k *polishCall) (int, string) {
		if n++; n == 1 {
			breaks(k.w)
		}
		return 403, `{"code":"insufficient_scope","message":"no"}`
	})
	if err := c.DeleteConsent(t.Context(), "gone"); err != nil {
		t.Errorf("after a lost answer: %v", err)
	}
	if err := c.DeleteConsent(t.Context(), "unknown"); statusOf(err) != 403 {
		t.Errorf("unknown at once: %v", err)
	}
}

func TestPolishCancellingThatFails(t *testing.T) {
	const goesOn = `{"paymentId":"p1","tppTransactionId":"own","generalStatus":"done","detailedStatus":"too late","executionMode":"Immediate"}`
	c, _, _ := startPolish(t, PolishAPI212, nil, func(k *polishCall) (int, string) {
		if k.operation == "cancelRecurringPayment" {
			return 200, `{` + responseHeader + `,"recurringPaymentId":"s1","tppRecurringPaymentId":"own","recurringPaymentStatus":"inProgress"}`
		}
		return 200, `{` + responseHeader + `,"payments":[` + goesOn + `]}`
	})
	var no *NotCancelled
	if err := c.CancelBundle(t.Context(), Session{Token: "x"}, Domestic, "b1"); !errors.As(err, &no) || no.Payments[0].GeneralStatus != StatusDone || !strings.Contains(err.Error(), "too late") {
		t.Errorf("%v", err)
	}
	if err := c.CancelRecurring(t.Context(), Session{Token: "x"}, Domestic, "s1"); !errors.As(err, &no) {
		t.Errorf("%v", err)
	}
}

func TestPolishErrors(t *testing.T) {
	c, _, _ := startPolish(t, PolishAPI212, nil, func(*polishCall) (int, string) {
		return 400, `{` + responseHeader + `,"code":"invalid_grant","message":"over"}`
	})
	_, err := c.Refresh(t.Context(), "r")
	var e *Error
	if !errors.As(err, &e) || !IsGone(err) || e.Message != "over" || len(e.RequestID) != 36 {
		t.Errorf("%+v", e)
	}
}

// A request for another HTTP client is signed with the header that it completes.
func TestPolishNewRequest(t *testing.T) {
	c, b, _ := startPolish(t, PolishAPI212, nil, nil)
	for body, want := range map[string]string{
		"":               `{"requestHeader":{`,
		`{"pageId":"2"}`: `,"token":"secret"},"pageId":"2"}`,
		`{"requestHeader":{"isDirectPsu":true,"ipAddress":"203.0.113.7"}}`: `"isDirectPsu":true}}`,
	} {
		r, err := c.NewRequest(t.Context(), http.MethodPost, c.Path("accounts/getAccounts"), "secret", nil, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.http.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if got := b.calls[len(b.calls)-1].text; resp.StatusCode != 200 || !strings.Contains(got, want) {
			t.Errorf("%s", got)
		}
	}
	if _, err := c.NewRequest(t.Context(), http.MethodPost, "/x", "", nil, []byte(`[]`)); err == nil {
		t.Error("a list was signed")
	}
}

func TestPolishConfiguration(t *testing.T) {
	c, b, _ := startPolish(t, PolishAPI212, nil, nil)
	for name, change := range map[string]func(*Config){
		"no proof": func(c *Config) { c.BankSeal = nil },
		"no form":  func(c *Config) { c.Form = "polishapi-4" },
		"no mBank": func(c *Config) { c.Form = MBank },
	} {
		cfg := c.cfg
		change(&cfg)
		if _, err := New(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	cfg := c.cfg
	cfg.Version, cfg.RegisterVersion = "2_1_3.4", ""
	other, err := New(cfg)
	if err != nil || other.Path("auth/token") != "/v2_1_3.4/auth/v2_1_3.4/token" || other.cfg.RegisterVersion != "3_0.1" {
		t.Errorf("%+v, %v", other, err)
	}
	_ = b
}

// A folder says how its third party speaks, and holds the bank's certificate for
// that; in mBank's form banks may leave answers unsigned, so there it is not used.
func TestFolderSpeaks(t *testing.T) {
	dir := t.TempDir()
	cert, key := identity(t, "tpp")
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	for name, text := range map[string][]byte{
		"tpp.json": []byte(`{"url":"https://localhost:1","bank":"b","organisation":"o","form":"polishapi-3.0"}`), "bank-ca.pem": pemOf(cert), "bank-seal.pem": pemOf(cert),
		"qwac.pem": pemOf(cert), "qwac-key.pem": keyPEM, "qsealc.pem": pemOf(cert), "qsealc-key.pem": keyPEM,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := Open(dir)
	if err != nil || f.Form != PolishAPI30 || f.BankSeal == nil {
		t.Fatalf("%+v, %v", f.Form, err)
	}
	if f.Speak(MBank); f.Form != MBank || f.BankSeal != nil {
		t.Error("mBank's form wants signatures")
	}
	if f.Speak(PolishAPI211); f.BankSeal == nil {
		t.Error("PolishAPI has nothing to hold signatures against")
	}
	if err := os.Remove(filepath.Join(dir, "bank-seal.pem")); err != nil {
		t.Fatal(err)
	}
	if f, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := New(f.Config); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("without the bank's certificate: %v", err)
	}
}

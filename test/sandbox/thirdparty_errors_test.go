package sandbox

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"okienko/bank/nrb"
	"okienko/client"
	"okienko/eidas"
	"okienko/eidas/seal"
	"okienko/office"
	"okienko/okienkotest"
	"okienko/test/engine"
)

// refused is a way to one error of the interface for licensed third parties; the
// docs name the same ways.
type refused struct {
	status int
	code   string
	how    func(t *testing.T, w *tppWorld) error
}

// tppWorld is a bank with a third party.
type tppWorld struct {
	bank *okienkotest.Bank
	*okienkotest.ThirdParty
}

func payment12(amount string) client.Payment {
	payee, err := nrb.Make("00000026", "7777777777000042")
	if err != nil {
		panic(err) // the digits stand two lines above
	}
	return client.Payment{
		Recipient:    client.Party{AccountNumber: string(payee), Name: "Bar Mleczny"},
		TransferData: client.TransferData{Description: "Obiad", Amount: amount, Currency: "PLN"},
		DeliveryMode: "EXPRESS_D0", System: "EXPRESS_ELIXIR",
	}
}

// ask asks for a consent and gives what the bank says.
func (w *tppWorld) ask(t *testing.T, k client.Consent) error {
	if k.RedirectURI == "" {
		k.RedirectURI = w.Folder.RedirectURI
	}
	k.Until, k.Customer = w.bank.Inside().Now().AddDate(0, 0, 30), &client.Customer{Address: "203.0.113.7", Port: 50123, UserAgent: "a test"}
	_, err := w.Ask(t.Context(), k)
	return err
}

// paid has anna pay, and gives the consent.
func (w *tppWorld) paid(t *testing.T, p client.Payment, id string) (*okienkotest.Consented, client.Initiated, error) {
	t.Helper()
	given := w.Consent(t, "anna", client.Consent{Payment: &p})
	made, err := w.Pay(t.Context(), given.Session(), id, p)
	return given, made, err
}

// read has anna let one account be read.
func (w *tppWorld) read(t *testing.T, days int) (*okienkotest.Consented, string) {
	t.Helper()
	number := firstNumber(t, w.bank, "anna")
	given := w.Consent(t, "anna", client.Consent{Read: &client.Read{Numbers: []string{number}, Days: days, Statuses: []string{"DONE"}}}, number)
	ids := given.AccountIDs()
	if len(ids) != 1 {
		t.Fatalf("the consent names the accounts %v", ids)
	}
	return given, ids[0]
}

func firstNumber(t *testing.T, b *okienkotest.Bank, login string) string {
	t.Helper()
	var list struct{ Accounts []struct{ Number string } }
	a := b.Customers(t, http.MethodGet, "/api/people/"+login+"/accounts", nil)
	if err := json.Unmarshal(a.Body, &list); err != nil || len(list.Accounts) == 0 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	return list.Accounts[0].Number
}

// raw is one signed call, written by hand: before has it changed before it is
// signed, after afterwards.
func (w *tppWorld) raw(t *testing.T, method, path, body string, before, after func(*http.Request)) error {
	t.Helper()
	uri := "/" + w.Folder.Bank + "/v3" + path
	r, err := http.NewRequestWithContext(t.Context(), method, w.Folder.URL+uri, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Accept": "application/json; charset=utf-8", "Accept-Encoding": "gzip", "Accept-Language": "en", "TPP-Request-ID": client.NewID(),
		"TPP-ID": w.Folder.Organisation, "Client-ID": w.ClientID(), "PSU-User-Agent": "a test", "PSU-IP-Address": "203.0.113.7", "PSU-IP-Port": "50123",
	} {
		r.Header.Set(name, value)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if before != nil {
		before(r)
	}
	payload, err := seal.AppendPayload(nil, uri, r.Header, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	signature, err := seal.Sign(w.Folder.Seal, seal.Header{Alg: seal.RS256, Typ: "JWT", URL: w.Folder.SealURL, Thumbprint: eidas.Thumbprint(w.Folder.SealCertificate)}, payload)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("JWS-Signature", signature)
	if after != nil {
		after(r)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{Certificates: []tls.Certificate{w.Folder.QWAC}, RootCAs: w.Folder.Roots, MinVersion: tls.VersionTLS12}}
	defer transport.CloseIdleConnections()
	answer, err := (&http.Client{Transport: transport, Timeout: 20 * time.Second}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var said client.Error
	if err := json.Unmarshal(text, &said); err != nil {
		t.Fatalf("%s %s: %d %q: %v", method, path, answer.StatusCode, text, err)
	}
	said.Status = answer.StatusCode
	if answer.Header.Get("X-Okienko-Reason") == "" {
		t.Errorf("%s %s: the sandbox does not say which rule refused", method, path)
	}
	return &said
}

func without(name string) func(*http.Request) { return func(r *http.Request) { r.Header.Del(name) } }

func with(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// authorize is the body of a call for a consent, with one member replaced.
func (w *tppWorld) authorize(t *testing.T, name string, value any) string {
	t.Helper()
	body := map[string]any{
		"response_type": "code", "client_id": w.ClientID(), "redirect_uri": w.Folder.RedirectURI, "scope": "ais-accounts", "state": "s",
		"scope_details": map[string]any{
			"privilegeList": []any{map[string]any{"ais-accounts:accounts": struct{}{}}}, "scopeGroupType": "AIS_ACCOUNTS", "consentId": client.NewID(),
			"scopeTimeLimit": w.bank.Inside().Now().AddDate(0, 0, 30).Format("2006-01-02T15:04:05.000Z"), "throttlingPolicy": "PSD2_REGULATORY",
		},
	}
	body[name] = value
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func refusals() []refused {
	return []refused{
		{405, "MethodNotAllowedError", func(t *testing.T, w *tppWorld) error { return w.raw(t, "PUT", "/accounts", "{}", nil, nil) }},
		{400, "HeaderMissingError", func(t *testing.T, w *tppWorld) error {
			return w.raw(t, "GET", "/accounts", "", without("Accept-Language"), nil)
		}},
		{406, "NotAcceptableError", func(t *testing.T, w *tppWorld) error {
			return w.raw(t, "GET", "/accounts", "", with("Accept", "application/xml"), with("Authorization", "Bearer x"))
		}},
		{415, "UnsupportedMediaTypeError", func(t *testing.T, w *tppWorld) error {
			return w.raw(t, "POST", "/auth/authorize", "{}", with("Content-Type", "text/plain"), nil)
		}},
		{413, "ContentTooLargeError", func(t *testing.T, w *tppWorld) error {
			return w.raw(t, "POST", "/auth/authorize", `{"x":"`+strings.Repeat("a", 1<<20)+`"}`, nil, nil)
		}},
		{401, "CertificateError", func(t *testing.T, w *tppWorld) error {
			expired := w.bank.BadThirdParty(t, "Przeterminowany", "expired")
			return (&tppWorld{w.bank, expired}).ask(t, client.Consent{Accounts: true})
		}},
		{400, "SignatureMissingError", func(t *testing.T, w *tppWorld) error {
			return w.raw(t, "POST", "/auth/authorize", "{}", nil, without("JWS-Signature"))
		}},
		{401, "SignatureError", func(t *testing.T, w *tppWorld) error {
			return w.raw(t, "POST", "/auth/authorize", "{}", nil, with("TPP-Request-ID", client.NewID()))
		}},
		{400, "RequestRepeatedError", func(t *testing.T, w *tppWorld) error {
			once := with("TPP-Request-ID", client.NewID())
			_ = w.raw(t, "POST", "/auth/authorize", "{}", once, nil)
			return w.raw(t, "POST", "/auth/authorize", "{}", once, nil)
		}},
		{401, "ThirdPartyUnknownError", func(t *testing.T, w *tppWorld) error {
			return w.raw(t, "DELETE", "/consents/"+client.NewID(), "", with("Client-ID", client.NewID()), nil)
		}},
		{403, "ThirdPartyBlockedError", func(t *testing.T, w *tppWorld) error {
			other := w.bank.ThirdParty(t, "Zablokowany")
			w.bank.Office(t, &office.BlockThirdParty{Organisation: other.Folder.Organisation, Why: "a test"})
			return (&tppWorld{w.bank, other}).ask(t, client.Consent{Accounts: true})
		}},
		{403, "RoleMissingError", func(t *testing.T, w *tppWorld) error {
			reader := w.bank.ThirdParty(t, "Tylko Czytelnik", "PSP_AI")
			p := payment12("12.50")
			return (&tppWorld{w.bank, reader}).ask(t, client.Consent{Payment: &p})
		}},
		{400, "BodyDeserializationError", func(t *testing.T, w *tppWorld) error {
			return w.raw(t, "POST", "/auth/authorize", `{"scope":"ais","scope":"ais"}`, nil, nil)
		}},
		{400, "unsupported_response_type", func(t *testing.T, w *tppWorld) error {
			return w.raw(t, "POST", "/auth/authorize", w.authorize(t, "response_type", "token"), nil, nil)
		}},
		{400, "invalid_scope", func(t *testing.T, w *tppWorld) error {
			return w.raw(t, "POST", "/auth/authorize", w.authorize(t, "scope", "everything"), nil, nil)
		}},
		{400, "invalid_request", func(t *testing.T, w *tppWorld) error {
			return w.ask(t, client.Consent{Accounts: true, RedirectURI: "https://localhost:1/elsewhere"})
		}},
		{400, "FieldValidationError", func(t *testing.T, w *tppWorld) error {
			p := payment12("12,50")
			return w.ask(t, client.Consent{Payment: &p})
		}},
		{422, "PaymentRefusedError", func(t *testing.T, w *tppWorld) error {
			p := payment12("12.50")
			p.System = "BLUE_CASH"
			payee, err := nrb.Make("00000039", "7777777777000042")
			p.Recipient.AccountNumber = string(payee)
			return errors.Join(err, w.ask(t, client.Consent{Payment: &p}))
		}},
		{400, "ConsentIdUsedError", func(t *testing.T, w *tppWorld) error {
			k := client.Consent{ID: client.NewID(), Accounts: true}
			return errors.Join(w.ask(t, k), w.ask(t, k))
		}},
		{400, "unsupported_grant_type", func(t *testing.T, w *tppWorld) error {
			return w.raw(t, "POST", "/auth/token", `{"grant_type":"password"}`, nil, nil)
		}},
		{400, "invalid_grant", func(t *testing.T, w *tppWorld) error {
			_, err := w.Redeem(t.Context(), client.NewID(), w.Folder.RedirectURI)
			return err
		}},
		{401, "invalid_token", func(t *testing.T, w *tppWorld) error {
			given := w.Consent(t, "anna", client.Consent{Accounts: true})
			w.bank.Wait(t, 11*time.Minute)
			_, err := w.Accounts(t.Context(), given.Session())
			return err
		}},
		{403, "insufficient_scope", func(t *testing.T, w *tppWorld) error {
			given, _ := w.read(t, 90)
			_, err := w.Accounts(t.Context(), given.Session())
			return err
		}},
		{403, "AccountAccessError", func(t *testing.T, w *tppWorld) error {
			given, id := w.read(t, 90)
			number := firstNumber(t, w.bank, "anna")
			access := func(on bool) {
				body := `{"account":"` + number + `","on":` + strconv.FormatBool(on) + `}`
				if a := w.bank.Customers(t, http.MethodPost, "/api/people/anna/access", []byte(body)); a.Status != http.StatusOK {
					t.Fatalf("%d %s", a.Status, a.Body)
				}
			}
			access(false)
			defer access(true)
			_, err := w.AccountDetails(t.Context(), given.Session(), id)
			return err
		}},
		{401, "HistoryAccessError", func(t *testing.T, w *tppWorld) error {
			given, id := w.read(t, 200)
			w.bank.Wait(t, 61*time.Minute)
			tokens, err := w.Refresh(t.Context(), given.Refresh)
			if err != nil {
				t.Fatal(err)
			}
			given.Tokens = tokens
			from := w.bank.Inside().Now().AddDate(0, 0, -100)
			_, err = w.TransactionsPage(t.Context(), given.Session(), id, client.Filter{Status: "DONE", From: from.Format(time.DateOnly)})
			return err
		}},
		{429, "TooManyRequestsError", func(t *testing.T, w *tppWorld) error {
			given, id := w.read(t, 90)
			var err error
			for range 5 {
				_, err = w.AccountDetails(t.Context(), given.Alone(), id)
			}
			return err
		}},
		{401, "ConsentValidationError", func(t *testing.T, w *tppWorld) error {
			p := payment12("12.50")
			given := w.Consent(t, "anna", client.Consent{Payment: &p})
			_, err := w.Pay(t.Context(), given.Session(), client.NewID(), payment12("12.51"))
			return err
		}},
		{403, "ConsentUsedUpError", func(t *testing.T, w *tppWorld) error {
			p := payment12("12.50")
			given, _, err := w.paid(t, p, client.NewID())
			if err != nil {
				t.Fatal(err)
			}
			_, err = w.Pay(t.Context(), given.Session(), client.NewID(), p)
			return err
		}},
		{400, "PaymentIdUsedError", func(t *testing.T, w *tppWorld) error {
			id := client.NewID()
			if _, _, err := w.paid(t, payment12("12.50"), id); err != nil {
				t.Fatal(err)
			}
			_, _, err := w.paid(t, payment12("14.50"), id)
			return err
		}},
		{400, "PaymentFinalError", func(t *testing.T, w *tppWorld) error {
			p := payment12("12.50")
			p.System, p.DeliveryMode = "ELIXIR", "STANDARD_D1"
			_, made, err := w.paid(t, p, client.NewID())
			if err != nil {
				t.Fatal(err)
			}
			cancels := w.Consent(t, "anna", client.Consent{Cancel: &client.Target{PaymentID: made.PaymentID}})
			w.bank.Wait(t, 24*time.Hour)
			if err := w.bank.Inside().Settled(t.Context()); err != nil {
				t.Fatal(err)
			}
			tokens, err := w.Refresh(t.Context(), cancels.Refresh)
			if err != nil {
				t.Fatal(err)
			}
			return w.Cancel(t.Context(), client.Session{Token: tokens.Access}, client.Domestic, made.PaymentID)
		}},
		{404, "ResourceNotFoundError", func(t *testing.T, w *tppWorld) error {
			return w.DeleteConsent(t.Context(), client.NewID())
		}},
	}
}

// Every row of the table of refusals for licensed third parties in
// docs/sandbox.md is brought out over mutual TLS, and none is missing there.
func TestEveryRefusalOfThirdPartiesIsBroughtOut(t *testing.T) {
	text, err := os.ReadFile("../../docs/sandbox.md")
	if err != nil {
		t.Fatal(err)
	}
	var written []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Za-z_]+)` \\| (4\\d\\d) \\| .+ \\|$").FindAllStringSubmatch(string(text), -1) {
		written = append(written, row[2]+" "+row[1])
	}
	tuesday := time.Date(2026, 3, 10, 11, 0, 0, 0, time.UTC)
	b := okienkotest.Start(t, okienkotest.Frozen(tuesday), okienkotest.Database(engine.DSN(t)))
	w := &tppWorld{b, b.ThirdParty(t, "Odrzucany na próbę")}
	var shown []string
	for _, p := range refusals() {
		shown = append(shown, strconv.Itoa(p.status)+" "+p.code)
		t.Run(p.code, func(t *testing.T) {
			err := p.how(t, w)
			var got *client.Error
			if !errors.As(err, &got) || got.Status != p.status || got.Code != p.code {
				t.Errorf("got %v, want %d %s", err, p.status, p.code)
			}
		})
	}
	slices.Sort(written)
	slices.Sort(shown)
	if !slices.Equal(written, shown) {
		t.Errorf("docs/sandbox.md has\n%s\nshown are\n%s", strings.Join(written, "\n"), strings.Join(shown, "\n"))
	}
}

package psd2

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"okienko/client"
	"okienko/eidas"
	"okienko/eidas/seal"
	"okienko/okienkotest"
	"okienko/test/catalogue"
)

// player plays the catalogue: it fills in the variables that the collection's
// scripts would, signs, and sends what the sample says to the byte.
type player struct {
	t    *testing.T
	bank *okienkotest.Bank
	tpp  *okienkotest.ThirdParty
	http *http.Client
	vars map[string]string
	sent int
}

func (p *player) filled(s string) string {
	for name, value := range p.vars {
		s = strings.ReplaceAll(s, "{{"+name+"}}", value)
	}
	if at := strings.Index(s, "{{"); at >= 0 {
		p.t.Fatalf("nobody has filled in %.40s", s[at:])
	}
	return s
}

// requestID is a fresh UUID of version 1.
func (p *player) requestID() string {
	p.t.Helper()
	r, err := p.tpp.NewRequest(p.t.Context(), http.MethodGet, "/", "", nil, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return r.Header.Get("TPP-Request-ID")
}

// play sends one sample and returns the answer.
func (p *player) play(s *catalogue.Sample) map[string]any {
	p.t.Helper()
	p.vars["tppRequestId"] = p.requestID()
	p.sent++
	body := []byte{}
	if len(s.Body) > 0 && string(s.Body) != "null" {
		body = []byte(p.filled(catalogue.Mended(string(s.Body), tuesday)))
	}
	address := p.filled(s.URL)
	r, err := http.NewRequestWithContext(p.t.Context(), s.Method, address, bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	signed := false
	for _, h := range s.Headers {
		switch {
		case h.Disabled || h.Name == "":
		case h.Name == "JWS-Signature":
			signed = true
		default:
			r.Header[http.CanonicalHeaderKey(h.Name)] = []string{p.filled(h.Value)}
		}
	}
	if signed {
		r.Header.Set("JWS-Signature", p.sign(strings.TrimPrefix(address, p.tpp.Folder.URL), r.Header, body))
	}
	resp, err := p.http.Do(r)
	if err != nil {
		p.t.Fatalf("%v: %s: %v", s.Folder, s.Name, err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		p.t.Fatalf("%v: %s: %d %s", s.Folder, s.Name, resp.StatusCode, text)
	}
	var out map[string]any
	if len(text) > 0 {
		if err := json.Unmarshal(text, &out); err != nil {
			p.t.Fatalf("%s: %v in %s", s.Name, err, text)
		}
	}
	p.learn(out)
	return out
}

func (p *player) sign(uri string, h http.Header, body []byte) string {
	p.t.Helper()
	payload, err := seal.AppendPayload(nil, uri, h, body)
	if err != nil {
		p.t.Fatal(err)
	}
	f := p.tpp.Folder
	signature, err := seal.Sign(f.Seal, seal.Header{Alg: seal.RS256, Typ: "JWT", URL: f.SealURL, Thumbprint: eidas.Thumbprint(f.SealCertificate)}, payload)
	if err != nil {
		p.t.Fatal(err)
	}
	return signature
}

// learn keeps what the collection's scripts keep of an answer.
func (p *player) learn(out map[string]any) {
	for field, variable := range map[string]string{
		"access_token": "accessToken", "refresh_token": "refreshToken", "aspspPaymentId": "aspspPaymentId", "aspspBundleId": "aspspBundleId",
	} {
		if v, ok := out[field].(string); ok {
			p.vars[variable] = v
		}
	}
	if v, ok := out["access_token"].(string); ok {
		p.vars["accessTokenForCancellation"] = v
	}
	if links, ok := out["links"].([]any); ok && len(links) > 0 {
		if first, ok := links[0].(map[string]any); ok && first["rel"] != "nextPage" {
			p.vars["statusUrl"], _ = first["href"].(string)
		}
	}
	if details, ok := out["scope_details"].(map[string]any); ok {
		if list, ok := details["privilegeList"].([]any); ok && len(list) > 0 {
			if one, ok := list[0].(map[string]any); ok {
				if id, ok := one["accountId"].(string); ok {
					p.vars["accountId"] = id
				}
			}
		}
	}
	if list, ok := out["transactions"].([]any); ok && len(list) > 0 {
		if one, ok := list[0].(map[string]any); ok {
			p.vars["aspspTransactionId"], _ = one["aspspTransactionId"].(string)
		}
	}
}

// authorise plays an authorisation and has the customer give the consent.
func (p *player) authorise(s *catalogue.Sample, payer string) {
	p.t.Helper()
	// A consentId names one consent: the collection uses one for each folder.
	p.vars["tppConsentId"] = client.NewID()
	p.vars["tppConsentIdForCancellation"] = client.NewID()
	p.vars["state"] = client.NewID()
	// The collection comes back to an address that is registered for it.
	out := p.play(s)
	page, _ := out["authorizationRedirectUri"].(string)
	a := p.bank.Answer(p.t, "approve", "katarzyna", page, payer)
	code, denied, err := client.Returned(a.Field("redirect"), p.vars["state"])
	if err != nil || code == "" {
		p.t.Fatalf("%s: the customer came back without a code: %d %s (%s, %v)", s.Name, a.Status, a.Body, denied, err)
	}
	p.vars["authorizationCode"] = code
}

// TestCatalogueIsAccepted plays every request of mBank's collection, in the order
// of its folders, with the mends that test/catalogue lists: registration first, the
// list before the detail, a consent for funds given on the bank's page.
func TestCatalogueIsAccepted(t *testing.T) {
	all := catalogue.Read(t)
	b, tpp := open(t, okienkotest.WithHistory())
	payer := company(t, b)
	p := &player{t: t, bank: b, tpp: tpp, vars: map[string]string{
		"xs2aUri": tpp.Folder.URL, "bankId": "bank-simulator-pl-corpo", "clientId": tpp.ClientID(), "tppId": tpp.Folder.Organisation,
		"recipientAccountNumber": elsewhere, "recipientAccountNumber_2": "88342437927928550883469351", "senderAccountNumber": payer, "currency": "PLN",
		"scopeTimeLimit": b.Inside().Now().AddDate(0, 0, 80).UTC().Format("2006-01-02T15:04:05.000Z"),
		"executionDate":  tuesday.String(), "accountNumber": payer, "sendDate": b.Inside().Now().UTC().Format("2006-01-02T15:04:05.000Z"),
	}, http: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{
		Certificates: []tls.Certificate{tpp.Folder.QWAC}, RootCAs: tpp.Folder.Roots, MinVersion: tls.VersionTLS12,
	}}}}
	defer p.http.CloseIdleConnections()

	var rest []catalogue.Sample
	for i := range all {
		if strings.HasSuffix(all[i].URL, "/register/") {
			p.vars["software_statement"] = statement(t, tpp)
			if out := p.play(&all[i]); out["client_id"] != tpp.ClientID() {
				t.Errorf("a known organisation registered as %v", out)
			}
			continue
		}
		rest = append(rest, all[i])
	}
	swapDetailAfterList(rest)
	for i := range rest {
		s := &rest[i]
		switch {
		case strings.HasSuffix(s.URL, "/auth/authorize"):
			p.authorise(s, payer)
		case strings.HasSuffix(s.URL, "/funds-confirmation"):
			a := b.Customers(t, http.MethodPost, "/api/funds-consents", []byte(`{"login":"katarzyna","account":"`+payer+`","issuer":"`+tpp.Folder.Organisation+`","until":"`+
				b.Inside().Now().AddDate(0, 1, 0).UTC().Format("2006-01-02T15:04:05Z")+`"}`))
			if a.Status != http.StatusOK {
				t.Fatalf("a consent for funds: %d %s", a.Status, a.Body)
			}
			p.play(s)
		default:
			p.play(s)
			// The customer's account number is learnt from the consent in the bank's page.
		}
	}
	if want := len(all); p.sent != want {
		t.Errorf("%d of %d requests were sent", p.sent, want)
	}
}

func swapDetailAfterList(list []catalogue.Sample) {
	for i := range list {
		if strings.Contains(list[i].URL, "/transactions/{{") && i+1 < len(list) && strings.Contains(list[i+1].URL, "/transactions?") {
			list[i], list[i+1] = list[i+1], list[i]
			return
		}
	}
}

// company is the number of a company's account from which everything of the
// catalogue can be paid.
func company(t *testing.T, b *okienkotest.Bank) string {
	t.Helper()
	for _, h := range accounts(t, b, "katarzyna", "PLN") {
		if h.Customer != "" && !strings.Contains(h.Name, "VAT") && strings.HasPrefix(h.Customer, "customer-parkomat") {
			return h.Number
		}
	}
	t.Fatal("katarzyna acts for no company with an account")
	return ""
}

// statement is a software statement in the form of the collection (psd2 §3.7): the
// key by x5u and thumbprint alone.
func statement(t *testing.T, tpp *okienkotest.ThirdParty) string {
	t.Helper()
	f := tpp.Folder
	claims, err := json.Marshal(map[string]any{
		"iss": f.Organisation, "client_name": "Catalogue", "sub_contact_email": "api@tpp.example", "redirect_uris": []string{"https://tpp-redirect-uri.com"},
		"jwks": map[string]any{"keys": []any{map[string]any{"kty": "RSA", "alg": "RS256", "x5u": f.SealURL, "x5t#S256": eidas.Thumbprint(f.SealCertificate)}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	detached, err := seal.Sign(f.Seal, seal.Header{Alg: seal.RS256, Typ: "JWT"}, claims)
	if err != nil {
		t.Fatal(err)
	}
	head, tail, _ := strings.Cut(detached, "..")
	return head + "." + base64.RawURLEncoding.EncodeToString(claims) + "." + tail
}

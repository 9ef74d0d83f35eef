package client

import (
	"compress/gzip"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"okienko/eidas"
	"okienko/eidas/seal"
)

// polishServer is a bank of a test that speaks PolishAPI. It demands of every call
// what the standard demands of all, signs its answers, and lets the test say them.
type polishServer struct {
	t    *testing.T
	form Form
	tpp  *x509.Certificate
	cert *x509.Certificate // of its seal
	key  crypto.Signer
	file *official // nil where the test is about something else

	// answer says what is answered; status 0 is 200 with the operation's own answer.
	answer func(c *polishCall) (status int, body string)
	// spoil changes an answer after it was signed.
	spoil func(w http.ResponseWriter, body string) string

	ids   map[string]bool
	calls []*polishCall
}

// polishCall is one call as it arrived.
type polishCall struct {
	group, operation string
	header           http.Header
	body             map[string]any
	text             string
	w                http.ResponseWriter
}

// at goes down the body of a call.
func (c *polishCall) at(names ...string) any { return dig(c.body, names...) }

const responseHeader = `"responseHeader":{"requestId":"a6f1b8b0-c8b1-11f0-8de9-0242ac120002","sendDate":"2026-11-21T10:00:00.000+01:00","isCallback":false}`

// polishAnswer is what is answered where the test says nothing.
func polishAnswer(form Form, operation string) (status int, body string) {
	relations := `,"psuRelations":[{"typeOfRelation":"ProxyOwner","typeOfProxy":"General"}]`
	bankAddress := `["ul. Bankowa 1","00-950 Warszawa"]`
	switch form {
	case PolishAPI211:
		relations = ""
	case PolishAPI30:
		bankAddress = `{"value":` + bankAddress + `}`
	}
	const item = `"itemId":"i1","amount":"12.50","currency":"PLN","description":"Czynsz","tradeDate":"2026-11-20T00:00:00.000+01:00",` +
		`"initiator":{"value":["Jan Kowalski"]},"sender":{"accountNumber":"1","nameAddress":{"value":["Jan Kowalski","ul. Polna 1","00-950 Warszawa"]}},"recipient":{"accountNumber":"2"}`
	const debit = item + `,"transactionCategory":"DEBIT"`
	const account = `"accountNumber":"25***8842","accountTypeName":"Konto osobiste","accountType":{"code":"1","description":"d"}`
	switch operation {
	case "authorize":
		body = `"aspspRedirectUri":"https://bank.example/consent/1"`
	case "authorizeExt", "deleteConsent":
		return 204, ""
	case "cancelPayments":
		return 204, ""
	case "register":
		return 201, `{` + responseHeader + `,"client_id":"new","client_secret":"s","api_key":"k"}`
	case "token":
		body = `"access_token":"a","token_type":"Bearer","expires_in":"600","refresh_token":"r","scope":"ais","scope_details":{"consentId":"c1","scopeTimeLimit":"2027-01-01T00:00:00.000Z","throttlingPolicy":"psd2Regulatory","privilegeList":[]}`
	case "getAccounts":
		body = `"accounts":[{` + account + relations + `}],"pageInfo":{}`
	case "getAccount":
		body = `"account":{` + account + relations + `,"nameAddress":{"value":["Jan Kowalski","ul. Polna 1"]},"accountHolderType":"individual","currency":"PLN","availableBalance":"0.00","bookingBalance":"-5.00","bank":{"bicOrSwift":"OKIEPLPW","address":` + bankAddress + `}}`
	case "getHolds":
		body = `"holds":[{` + item + `,"holdExpirationDate":"2026-11-27T00:00:00.000+01:00"}]`
	case "getTransactionDetail":
		body = `"baseInfo":{` + debit + `,"transactionStatus":{"code":"done","description":"d"}},"tppTransactionId":"own","cardInfo":{"cardNumber":"***1"},"transactionRate":[{"rate":4.2512345,"fromCurrency":"EUR","toCurrency":"PLN"}]`
	case "domestic", "EEA", "nonEEA", "tax":
		body = `"paymentId":"p1","generalStatus":"pending","detailedStatus":"words"`
	case "getPayment":
		body = `"paymentId":"p1","tppTransactionId":"own","generalStatus":"done","detailedStatus":"words","executionMode":"Immediate"`
	case "bundle":
		body = `"bundleId":"b1","bundleStatus":"inProgress"`
	case "getBundle":
		body = `"bundleId":"b1","tppBundleId":"own","bundleStatus":"partiallyDone","bundleDetailedStatus":"words","payments":[{"paymentId":"p2","tppTransactionId":"x","generalStatus":"rejected","detailedStatus":"no","executionMode":"Immediate"}]`
	case "recurring":
		body = `"recurringPaymentId":"s1","recurringPaymentStatus":"submitted"`
	case "getRecurringPayment", "cancelRecurringPayment":
		body = `"recurringPaymentId":"s1","tppRecurringPaymentId":"own","recurringPaymentStatus":"cancelled","recurringPaymentDetailedStatus":"words"`
	case "getMultiplePayments":
		body = `"payments":[{"paymentId":"p1","tppTransactionId":"own","generalStatus":"done","detailedStatus":"words","executionMode":"Immediate"}]`
	case "getConfirmationOfFunds":
		body = `"fundsAvailable":true`
	default: // the histories
		body = `"transactions":[{` + debit + `}]`
	}
	if form == PolishAPI211 && (operation == "bundle" || operation == "recurring") {
		return 200, `{` + body + `}` // the one version and the two answers without
	}
	return 200, `{` + responseHeader + `,` + body + `}`
}

func (b *polishServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		b.t.Errorf("reading a request: %v", err)
	}
	c := &polishCall{header: r.Header.Clone(), text: string(text), w: w}
	if err := json.Unmarshal(text, &c.body); err != nil {
		b.t.Errorf("%s: %v", text, err)
	}
	words := strings.Split(r.RequestURI, "/") // "", version, group, version, operation
	if len(words) != 5 || words[1] != words[3] {
		b.t.Fatalf("the path %s", r.RequestURI)
	}
	c.group, c.operation = words[2], words[4]
	version := paths[b.form]
	if c.operation == "register" {
		version = paths[PolishAPI30]
	}
	if words[1] != "v"+version || r.Method != http.MethodPost || len(r.TLS.PeerCertificates) == 0 {
		b.t.Errorf("%s %s with %d certificates", r.Method, r.RequestURI, len(r.TLS.PeerCertificates))
	}
	b.calls = append(b.calls, c)
	b.checkHeaders(c)
	b.checkOfficial(r.RequestURI, c)
	status, body := 0, ""
	if b.answer != nil {
		status, body = b.answer(c)
	}
	if status == 0 {
		status, body = polishAnswer(b.form, c.operation)
	}
	if b.file != nil {
		if model := b.file.operations[r.RequestURI].answer; status == 200 && model != "" {
			for _, fault := range b.file.faults(model, []byte(body)) {
				b.t.Errorf("the test's own answer to %s: %s", c.operation, fault)
			}
		}
	}
	b.say(w, status, body)
}

// say signs and compresses, in this order.
func (b *polishServer) say(w http.ResponseWriter, status int, body string) {
	if status == http.StatusOK {
		signature, err := seal.Sign(b.key, seal.Header{Alg: seal.ES256, Typ: "JWT", URL: "http://nobody.example/seal.pem", Thumbprint: eidas.Thumbprint(b.cert)}, []byte(body))
		if err != nil {
			b.t.Error(err)
		}
		w.Header().Set("X-JWS-SIGNATURE", signature)
	}
	if b.spoil != nil {
		body = b.spoil(w, body)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Encoding", "gzip") // which the standard declares for 204 too
	w.WriteHeader(status)
	if status == http.StatusNoContent {
		return
	}
	z := gzip.NewWriter(w)
	_, _ = io.WriteString(z, body)
	_ = z.Close()
}

// checkHeaders is what is demanded of every call (psd2 §2, §4.1).
func (b *polishServer) checkHeaders(c *polishCall) {
	t, h := b.t, c.header
	for name, want := range map[string]string{
		"Accept": "application/json", "Content-Type": "application/json; charset=utf-8", "Accept-Encoding": "gzip",
		"Accept-Language": "en", "Accept-Charset": "utf-8",
	} {
		if h.Get(name) != want {
			t.Errorf("%s: %s is %q, want %q", c.operation, name, h.Get(name), want)
		}
	}
	id := h.Get("X-REQUEST-ID")
	if len(id) != 36 || id[14] != '1' || b.ids[id] {
		t.Errorf("%s: the id %q is no new UUID of version 1", c.operation, id)
	}
	b.ids[id] = true
	if c.operation == "register" {
		if h.Get("X-JWS-SIGNATURE") != "" || h.Get("Authorization") != "" || c.body["requestHeader"] != nil {
			t.Errorf("register: %v %s", h, c.text)
		}
		return
	}
	s, err := seal.Parse(h.Get("X-JWS-SIGNATURE"), seal.ES256)
	if err == nil {
		err = s.Verify(b.tpp, []byte(c.text))
	}
	if err != nil || s.Typ != "JWT" || s.KeyID != "PSDPL-PFSA-1234567890" || s.URL != "https://tpp.example/qsealc.pem" || s.Thumbprint != eidas.Thumbprint(b.tpp) {
		t.Errorf("%s: the signature: %+v, %v", c.operation, s, err)
	}
	if c.operation == "deleteConsent" && b.form == PolishAPI211 {
		if c.body["requestHeader"] != nil {
			t.Error("deleteConsent has a requestHeader in 2.1.1")
		}
	} else if c.at("requestHeader", "requestId") != id || c.at("requestHeader", "tppId") != "PSDPL-PFSA-1234567890" || c.at("requestHeader", "sendDate") == nil {
		t.Errorf("%s: requestHeader of %s under the id %s", c.operation, c.text, id)
	}
	bearer := strings.TrimPrefix(h.Get("Authorization"), "Bearer ")
	if token, _ := c.at("requestHeader", "token").(string); token != bearer {
		t.Errorf("%s: the token %q in the header, %q in the body", c.operation, bearer, token)
	}
	named := (c.group == "accounts" || c.group == "payments") && c.operation != "deleteConsent" && c.operation != "getMultiplePayments"
	if named != (bearer != "") {
		t.Errorf("%s: Authorization is %q", c.operation, h.Get("Authorization"))
	}
}

// checkOfficial holds a call against what was published.
func (b *polishServer) checkOfficial(path string, c *polishCall) {
	if b.file == nil || c.operation == "register" && b.form != PolishAPI30 {
		return
	}
	op, ok := b.file.operations[path]
	if !ok {
		b.t.Errorf("%s has no %s", b.form, path)
		return
	}
	for _, name := range op.headers {
		if c.header.Get(name) == "" {
			b.t.Errorf("%s: %s is missing", c.operation, name)
		}
	}
	for _, fault := range b.file.faults(op.request, []byte(c.text)) {
		b.t.Errorf("%s: %s in %s", c.operation, fault, c.text)
	}
}

// startPolish starts a bank and a client of it that knows its seal.
func startPolish(t *testing.T, form Form, change func(*Config), answer func(*polishCall) (int, string)) (*Client, *polishServer, *slept) {
	t.Helper()
	b := &polishServer{t: t, form: form, answer: answer, ids: map[string]bool{}}
	b.cert, b.key = identity(t, "bank")
	c, old, waits := start(t, func(cfg *Config) {
		cfg.Form, cfg.Bank, cfg.BankSeal = form, "", b.cert
		if change != nil {
			change(cfg)
		}
	}, nil)
	b.tpp = old.tpp
	old.whole = b
	return c, b, waits
}

package polishapi_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"okienko/authserver"
	"okienko/bank/account"
	"okienko/bank/party"
	"okienko/eidas"
	"okienko/eidas/seal"
	"okienko/psd2/polishapi"
	"okienko/psd2/psd2test"
)

// tpp is a third party's side of the wire.
type tpp struct {
	w      *world
	org    string
	client string
	papers psd2test.Papers
	http   *http.Client
}

func (w *world) tpp(org, client string, p psd2test.Papers) *tpp {
	return &tpp{w: w, org: org, client: client, papers: p, http: w.HTTPClient(w.net, p.QWAC.TLS())}
}

// m is a JSON object.
type m = map[string]any

// list is a JSON array.
type list = []any

// ask is one request before it is sent.
type ask struct {
	*tpp
	version   polishapi.Version
	operation string // "accounts/getAccounts"
	method    string
	target    string
	header    http.Header
	head      m // requestHeader; nil for none
	body      m // what stands beside it
	raw       string
	signed    string // the value of X-JWS-SIGNATURE; made when the request is sent, unless it was made before
	unsigned  bool
	protected seal.Header
}

// paths are the usual ones.
var paths = map[polishapi.Version]string{v211: "v2_1_1.1", v212: "v2_1_2.1", v300: "v3_0.1"}

// ask makes a request as the standard has it: every header, and a requestHeader
// where the version has one.
func (p *tpp) ask(v polishapi.Version, operation string, body m) *ask {
	own := *p // a test may change whose request it is
	group, name, _ := strings.Cut(operation, "/")
	a := &ask{
		tpp: &own, version: v, operation: operation, method: http.MethodPost, target: "/" + paths[v] + "/" + group + "/" + paths[v] + "/" + name,
		header: http.Header{}, body: m{}, head: m{},
	}
	for k, v := range body {
		a.body[k] = v
	}
	id := psd2test.NewUUID(p.w.Wall.Now())
	a.set("Content-Type", "application/json; charset=utf-8", "Accept", "application/json", "Accept-Encoding", "gzip, deflate",
		"Accept-Language", "pl", "Accept-Charset", "utf-8", "X-REQUEST-ID", id)
	a.head["requestId"], a.head["sendDate"], a.head["tppId"] = id, p.w.Wall.Now().UTC().Format(time.RFC3339), p.org
	if operation == "auth/register" || (operation == "accounts/deleteConsent" && v == v211) {
		a.head = nil
	}
	a.unsigned = operation == "auth/register"
	a.protected = seal.Header{
		Alg: seal.RS256, Typ: "JWT", KeyID: p.org, URL: "https://tpp.example/qsealc.pem", Thumbprint: eidas.Thumbprint(p.papers.Seal.Certificate),
	}
	return a
}

// set changes headers; an empty value takes one away.
func (a *ask) set(pairs ...string) *ask {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			a.header.Del(pairs[i])
		} else {
			a.header.Set(pairs[i], pairs[i+1])
		}
	}
	return a
}

// say changes requestHeader; nil takes a field away.
func (a *ask) say(pairs ...any) *ask { change(a.head, pairs); return a }

// put changes the body; nil takes a field away. A name may lead into objects:
// "transferData.amount".
func (a *ask) put(pairs ...any) *ask { change(a.body, pairs); return a }

func change(o m, pairs []any) {
	for i := 0; i < len(pairs); i += 2 {
		at, way := o, strings.Split(pairs[i].(string), ".")
		for _, step := range way[:len(way)-1] {
			inner := m{}
			was, _ := at[step].(m)
			for k, v := range was {
				inner[k] = v
			}
			at[step] = inner
			at = inner
		}
		if pairs[i+1] == nil {
			delete(at, way[len(way)-1])
		} else {
			at[way[len(way)-1]] = pairs[i+1]
		}
	}
}

// with adds an access token in both of its places.
func (a *ask) with(token string) *ask {
	return a.set("Authorization", "Bearer "+token).say("token", token)
}

// present says that the customer is there.
func (a *ask) present() *ask {
	return a.say("isDirectPsu", true, "ipAddress", "193.41.230.87", "userAgent", "Mozilla/5.0")
}

// text is the body as it is sent.
func (a *ask) text() string {
	if a.raw != "" {
		return a.raw
	}
	all := m{}
	for k, v := range a.body {
		all[k] = v
	}
	if a.head != nil {
		all["requestHeader"] = a.head
	}
	b, err := json.Marshal(all)
	must(a.w.T, err)
	return string(b)
}

// sign signs what the request is now; what a test changes after that is a change
// on the way.
func (a *ask) sign() *ask { return a.signOver(a.text()) }

func (a *ask) signOver(payload string) *ask {
	a.w.T.Helper()
	var err error
	a.signed, err = seal.Sign(a.papers.Seal.Key, a.protected, []byte(payload))
	must(a.w.T, err)
	return a
}

func (a *ask) notSigned() *ask {
	a.unsigned = true
	return a
}

// send sends the request and holds what comes back against the official file: the
// answer always, and the request when the bank served it.
func (a *ask) send() psd2test.Reply {
	a.w.T.Helper()
	text := a.text()
	if a.signed == "" && !a.unsigned {
		a.signOver(text)
	}
	if a.signed != "" {
		a.header.Set("X-JWS-SIGNATURE", a.signed)
	}
	return a.post(text, strings.NewReader(text))
}

// post sends bytes that mean a text.
func (a *ask) post(text string, sent io.Reader) psd2test.Reply {
	a.w.T.Helper()
	base, err := url.Parse(a.w.net.URL)
	must(a.w.T, err)
	r, err := http.NewRequestWithContext(a.w.T.Context(), a.method, a.w.net.URL, sent)
	must(a.w.T, err)
	r.URL = &url.URL{Scheme: "https", Host: base.Host, Opaque: a.target}
	r.Header = a.header.Clone()
	got, err := a.http.Do(r)
	must(a.w.T, err)
	defer got.Body.Close()
	var from io.Reader = got.Body
	if got.Header.Get("Content-Encoding") == "gzip" {
		from, err = gzip.NewReader(got.Body)
		must(a.w.T, err)
	}
	body, err := io.ReadAll(from)
	must(a.w.T, err)
	out := psd2test.Reply{T: a.w.T, Status: got.StatusCode, Header: got.Header, Body: string(body)}
	a.judge(text, out)
	return out
}

func (a *ask) judge(text string, got psd2test.Reply) {
	a.w.T.Helper()
	o := official(a.w.T, a.version)
	if o == nil || a.operation == "" {
		return
	}
	if err := o.Answer(a.operation, got.Status, got.Header, []byte(got.Body)); err != nil {
		a.w.T.Errorf("%v", err)
	}
	if got.Status == http.StatusOK {
		proven(a.w.T, got)
	}
	if got.Status/100 == 2 {
		if err := o.Request(a.operation, a.header, []byte(text)); err != nil {
			a.w.T.Errorf("the bank served a request that the official file refuses: %v", err)
		}
		cover(a.version, a.operation)
	}
}

// elsewhere sends a request to another path or by another method, which the
// official files do not know.
func (a *ask) elsewhere(method, target string) psd2test.Reply {
	a.w.T.Helper()
	a.method, a.target, a.operation = method, target, ""
	return a.send()
}

// proven verifies the bank's signature over the unpacked body.
func proven(t interface {
	Helper()
	Errorf(string, ...any)
}, got psd2test.Reply) {
	t.Helper()
	s, err := seal.Parse(got.Header.Get("X-JWS-SIGNATURE"), seal.RS256)
	if err == nil {
		err = s.Verify(bankSeal().Certificate, []byte(got.Body))
	}
	if err != nil {
		t.Errorf("the answer's signature: %v", err)
	}
}

// packed sends the body compressed, signed over what it unpacks to.
func (a *ask) packed(encoding string, pack func(string) []byte) psd2test.Reply {
	a.w.T.Helper()
	text := a.text()
	a.signOver(text)
	a.set("X-JWS-SIGNATURE", a.signed, "Content-Encoding", encoding)
	return a.post(text, strings.NewReader(string(pack(text))))
}

// The customer's side of a consent.

// scopeDetails are those of a consent; privileges is the list.
func (p *tpp) scopeDetails(scope, consentID string, privileges list) m {
	return m{
		"privilegeList": privileges, "scopeGroupType": scope, "consentId": consentID,
		"scopeTimeLimit": p.w.Clock.Now().AddDate(0, 0, 90).Format(time.RFC3339), "throttlingPolicy": "psd2Regulatory",
	}
}

// authorize is the request that starts a consent.
func (p *tpp) authorize(v polishapi.Version, scope, consentID string, privileges list) *ask {
	return p.ask(v, "auth/authorize", m{
		"response_type": "code", "client_id": p.client, "redirect_uri": goBack, "scope": scope, "state": psd2test.State,
		"scope_details": p.scopeDetails(scope, consentID, privileges),
	})
}

// asked sends the request and returns the consent request behind the link.
func (a *ask) asked() authserver.RequestID {
	a.w.T.Helper()
	link := a.send().Is(http.StatusOK).Text("aspspRedirectUri")
	id, ok := strings.CutPrefix(link, people+"/consent/")
	if !ok {
		a.w.T.Fatalf("the link is %q", link)
	}
	return authserver.RequestID(id)
}

// tokens are what a code, refresh or exchange gave.
type tokens struct {
	access, refresh string
	reply           psd2test.Reply
}

func tokensOf(r psd2test.Reply) tokens {
	r.T.Helper()
	r.Is(http.StatusOK)
	return tokens{access: r.Text("access_token"), refresh: r.Text("refresh_token"), reply: r}
}

// redeem asks for tokens for a code.
func (p *tpp) redeem(v polishapi.Version, code string) *ask {
	return p.ask(v, "auth/token", m{"grant_type": "authorization_code", "Code": code, "redirect_uri": goBack, "client_id": p.client})
}

func (p *tpp) refresh(v polishapi.Version, token string) *ask {
	return p.ask(v, "auth/token", m{"grant_type": "refresh_token", "refresh_token": token})
}

// exchange asks for scope ais with the token of a list of accounts.
func (p *tpp) exchange(v polishapi.Version, token, consentID string, privileges list) *ask {
	return p.ask(v, "auth/token", m{
		"grant_type": "exchange_token", "exchange_token": token, "scope": "ais", "scope_details": p.scopeDetails("ais", consentID, privileges),
	})
}

// consented has a customer consent, and redeems the code.
func (p *tpp) consented(v polishapi.Version, scope string, privileges list, person party.PersonID, customer party.CustomerID, accounts ...account.ID) tokens {
	p.w.T.Helper()
	id := p.authorize(v, scope, psd2test.NewUUID(p.w.Wall.Now()), privileges).asked()
	return tokensOf(p.redeem(v, p.w.Gives(id, person, customer, accounts...)).send())
}

// lists has Anna consent to the list of some of her accounts.
func (p *tpp) lists(v polishapi.Version, accounts ...account.ID) tokens {
	p.w.T.Helper()
	return p.consented(v, "ais-accounts", listPrivilege(), annaP, anna, accounts...)
}

// reads has Anna consent to reading everything of some of her accounts.
func (p *tpp) reads(v polishapi.Version, days int, accounts ...account.ID) tokens {
	p.w.T.Helper()
	return p.consented(v, "ais", list{infoPrivilege(days)}, annaP, anna, accounts...)
}

func listPrivilege() list {
	return list{m{"ais-accounts:getAccounts": m{"scopeUsageLimit": "multiple"}}}
}

// infoPrivilege reads everything of the accounts that the customer chooses.
func infoPrivilege(days int) m {
	o := m{"ais:getAccount": m{"scopeUsageLimit": "multiple"}, "ais:getTransactionDetail": m{"scopeUsageLimit": "multiple"}}
	for _, name := range readLists {
		o["ais:"+name] = m{"scopeUsageLimit": "multiple", "maxAllowedHistoryLong": days}
	}
	return o
}

// readLists are the operations that read lists.
var readLists = []string{
	"getTransactionsDone", "getTransactionsPending", "getTransactionsRejected", "getTransactionsCancelled", "getTransactionsScheduled", "getHolds",
}

// read asks for something of an account.
func (p *tpp) read(v polishapi.Version, operation, token, number string) *ask {
	return p.ask(v, "accounts/"+operation, m{"accountNumber": number}).with(token).present()
}

// domestic is a payment of 12.50 to Bob, without what only its order has.
func domestic(v polishapi.Version) m {
	return m{
		"recipient": m{"accountNumber": numberOf(4), "nameAddress": m{"value": list{"Bob Kowalski", "ul. Uchwały 1", "00-123 Warszawa"}}},
		"sender":    m{}, "transferData": m{"description": "Faktura 1", "amount": "12.50", "currency": "PLN"},
		"deliveryMode": "ExpressD0", "system": "Internal", "executionMode": "Immediate",
	}
}

// may makes a privilege of a payment.
func may(name string, payment m) list {
	o := m{"scopeUsageLimit": "single"}
	for k, v := range payment {
		o[k] = v
	}
	return list{m{name: o}}
}

// mayPay has Anna consent to a payment from her first account.
func (p *tpp) mayPay(v polishapi.Version, name string, payment m) tokens {
	p.w.T.Helper()
	return p.consented(v, "pis", may(name, payment), annaP, anna, annas)
}

// pays orders a payment that was consented to; id is the third party's own.
func (p *tpp) pays(v polishapi.Version, kind, token, id string, payment m) *ask {
	return p.ask(v, "payments/"+kind, payment).with(token).put("tppTransactionId", id)
}

// paid has Anna pay.
func (p *tpp) paid(v polishapi.Version, id string) (paymentID string, t tokens) {
	p.w.T.Helper()
	t = p.mayPay(v, "pis:domestic", domestic(v))
	return p.pays(v, "domestic", t.access, id, domestic(v)).send().Is(http.StatusOK).Text("paymentId"), t
}

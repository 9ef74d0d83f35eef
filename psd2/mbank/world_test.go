package mbank_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/desk"
	"okienko/bank/intake"
	"okienko/bank/ledger"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
	"okienko/bank/thirdparty"
	"okienko/clock"
	"okienko/edge"
	"okienko/eidas"
	"okienko/eidas/seal"
	"okienko/eidas/trustservice"
	"okienko/ident"
	"okienko/psd2"
	"okienko/psd2/mbank"
	"okienko/rails"
	"okienko/store"
)

// noon is when every test begins: a Wednesday in Warsaw.
var noon = time.Date(2026, 11, 18, 11, 0, 0, 0, time.UTC)

const (
	bankCode = "99900009"
	bankID   = "pl-retail"
	path     = "/" + bankID + "/v3"
	people   = "https://bank.example"
	goBack   = "https://tpp.example/back?x=1"

	anna   party.CustomerID = "c-anna"
	annaP  party.PersonID   = "p-anna"
	bob    party.CustomerID = "c-bob"
	bobP   party.PersonID   = "p-bob"
	annas  account.ID       = "a-anna"
	annas2 account.ID       = "a-anna-2"
	annasE account.ID       = "a-anna-eur"
	bobs   account.ID       = "a-bob"

	oneOrg   = "PSDPL-PFSA-5250007738"
	otherOrg = "PSDPL-PFSA-1234567890"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func pln(minor int64) money.Amount { return money.New(minor, money.PLN) }

func numberOf(n int) nrb.NRB {
	number, err := nrb.Make(bankCode, fmt.Sprintf("%016d", n))
	if err != nil {
		panic(err)
	}
	return number
}

// caTime is the bank clock of the test that runs: what the trust service says of
// revocation must be fresh wherever a test has moved its clock.
type caTime struct{ atomic.Pointer[clock.Manual] }

func (c *caTime) Now() time.Time {
	if m := c.Load(); m != nil {
		return m.Now()
	}
	return noon
}

var caClock caTime

// ca is one trust service for all tests: keys of seals take long to make. What
// it issued is never revoked, except what a test had issued for that.
var ca = sync.OnceValue(func() *trustservice.Service {
	s, err := trustservice.Open(trustservice.Settings{Clock: &caClock})
	if err != nil {
		panic(err)
	}
	return s
})

// papers are the certificates of a third party.
type papers struct{ qwac, seal trustservice.Issued }

func issue(org eidas.Organisation, kind eidas.Type, bad trustservice.Bad, roles ...eidas.Role) trustservice.Issued {
	out, err := ca().Issue(trustservice.Request{Organisation: org, Name: "TPP " + string(org), Roles: roles, Type: kind, Bad: bad})
	if err != nil {
		panic(err)
	}
	return out
}

func papersOf(org eidas.Organisation, roles ...eidas.Role) func() papers {
	return sync.OnceValue(func() papers {
		return papers{issue(org, eidas.QWAC, trustservice.Good, roles...), issue(org, eidas.QSealC, trustservice.Good, roles...)}
	})
}

var (
	onePapers   = papersOf(oneOrg)
	otherPapers = papersOf(otherOrg)
)

// world is a bank with its door for third parties, on a real store, over TLS.
type world struct {
	t     testing.TB
	clock *clock.Manual
	wall  *clock.Manual
	store *store.Store
	auth  *authserver.Server
	desk  *desk.Desk
	core  *psd2.Core
	net   *httptest.Server
	check *eidas.Checker
	calls []psd2.Call
	mu    sync.Mutex
	asked []string // addresses that the door fetched
	one   *tpp     // a registered third party with every role
	other *tpp
}

type settings struct {
	core psd2.Config
	door mbank.Config
}

func newWorld(t testing.TB, change ...func(*settings)) *world {
	t.Helper()
	w := &world{t: t, clock: clock.NewManual(noon), wall: clock.NewManual(noon)}
	caClock.Store(w.clock)
	var err error
	w.store, err = store.Open(t.Context(), store.Config{
		Environment: partner.Test, Key: []byte("0123456789abcdef0123456789abcdef"), Clock: w.clock, Wall: w.wall,
	})
	must(t, err)
	ids := ident.New(w.wall)
	w.desk = desk.New(desk.Config{Book: w.store, Clock: w.clock, Wall: w.wall, IDs: ids})
	t.Cleanup(func() {
		w.desk.Close()
		must(t, w.store.Close())
	})
	network := rails.NewSimulator(w.clock)
	w.auth = authserver.New(authserver.Config{
		Store: w.store, Agreements: w.store, Partners: w.store, Parties: w.store, Accounts: w.store, SCA: w.store, Clock: w.clock, IDs: ids,
		Environment: partner.Test, Consents: w.store, ConsentBook: w.store, ThirdParties: w.store, Transfers: w.store, Counters: w.store,
		Access: w.store, Network: network, ConsentRules: authserver.ConsentRules{BankCodes: []string{bankCode}},
	})
	revocation, err := eidas.NewRevocation(eidas.RevocationSettings{Fetcher: ca(), Wall: w.wall})
	must(t, err)
	w.check, err = eidas.NewChecker(eidas.Settings{Environment: eidas.Test, Issuers: ca().Issuers(), Clock: w.clock, Revocation: revocation})
	must(t, err)
	s := settings{
		core: psd2.Config{
			Certificates: w.check, Fetcher: fetcher{w}, ThirdParties: w.store, Replays: w.store, Auth: w.auth, Book: w.store, Accounts: w.store,
			Parties: w.store, Reader: w.store, Transfers: w.store, Desk: w.desk, Clock: w.clock, Wall: w.wall,
			CursorKey: []byte("fedcba9876543210fedcba9876543210"),
		},
		door: mbank.Config{
			BankIDs: []string{bankID, "pl-corpo"}, PeopleURL: people, Sandbox: true,
			Bank:   mbank.Bank{BIC: "OKIEPLPW", Name: "Okienko", Address: "ul. Prosta 1, 00-001 Warszawa"},
			Access: func(_ context.Context, c psd2.Call) { w.mu.Lock(); w.calls = append(w.calls, c); w.mu.Unlock() },
		},
	}
	for _, c := range change {
		c(&s)
	}
	w.core = psd2.New(s.core)
	s.door.Core = w.core
	w.net = httptest.NewUnstartedServer(edge.Mount(mbank.New(s.door)))
	w.net.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12}
	w.net.Config.ErrorLog = nil
	w.net.StartTLS()
	t.Cleanup(w.net.Close)
	w.people()
	w.one = w.register(oneOrg, onePapers())
	w.other = w.register(otherOrg, otherPapers())
	return w
}

// fetcher answers from the trust service and remembers who asked for what.
type fetcher struct{ w *world }

func (f fetcher) Fetch(ctx context.Context, address string, request []byte) ([]byte, error) {
	f.w.mu.Lock()
	f.w.asked = append(f.w.asked, address)
	f.w.mu.Unlock()
	if !strings.HasPrefix(address, "http://trust.sandbox.invalid/") {
		return nil, fmt.Errorf("the host of %s is not on the list", address)
	}
	return ca().Fetch(ctx, address, request)
}

// people are Anna with three accounts and Bob with one.
func (w *world) people() {
	w.t.Helper()
	since := noon.AddDate(-5, 0, 0)
	b := &intake.Batch{}
	for i, p := range []struct {
		person   party.PersonID
		customer party.CustomerID
		name     string
	}{{annaP, anna, "Anna Nowak"}, {bobP, bob, "Bob Kowalski"}} {
		first, last, _ := strings.Cut(p.name, " ")
		b.Persons = append(b.Persons, party.Person{
			ID: p.person, FirstName: first, LastName: last, Phone: fmt.Sprintf("+4850000000%d", i), Language: party.Polish, Login: strings.ToLower(first),
		})
		b.Customers = append(b.Customers, party.Customer{
			ID: p.customer, Segment: party.Individual, Name: p.name, Person: p.person, Address: "ul. Uchwały 1, 00-123 Warszawa", Since: since,
		})
	}
	add := func(id account.ID, n int, of party.CustomerID, holder, name, kind string, balance money.Amount) {
		zero := money.Zero(balance.Currency())
		b.Accounts = append(b.Accounts, account.Account{
			ID: id, Kind: account.Customer, Customer: of, NRB: numberOf(n), Holder: holder, Name: name,
			Product: account.Product{Group: "ACCOUNT", Type: kind}, Status: account.Open, Access: account.FirstAccess(party.Individual, since),
			OpenedAt: since.Add(time.Duration(n) * time.Minute), Booked: zero, Held: zero, Overdraft: zero,
		})
		if balance.IsPositive() && balance.Currency() == money.PLN {
			b.Entries = append(b.Entries, w.entry("opening-"+string(id), noon.AddDate(-4, 0, 0), intake.OpeningAccount, id, balance, "Saldo początkowe"))
		}
	}
	add(annas, 1, anna, "Anna Nowak", "Konto osobiste", "PERSONAL", pln(1_000_00))
	add(annas2, 2, anna, "Anna Nowak", "Konto oszczędnościowe", "SAVINGS", pln(500_00))
	add(annasE, 3, anna, "Anna Nowak", "Konto walutowe EUR", "CURRENCY", money.New(0, money.EUR))
	add(bobs, 4, bob, "Bob Kowalski", "Konto osobiste", "PERSONAL", pln(100_00))
	must(w.t, w.store.Import(w.t.Context(), b))
}

func (w *world) entry(id string, at time.Time, from, to account.ID, amount money.Amount, title string) ledger.Entry {
	w.t.Helper()
	postings, err := ledger.Move(from, to, amount)
	must(w.t, err)
	return ledger.Entry{
		ID: ledger.EntryID(id), At: at, Kind: ledger.Transfer, Title: title, Postings: postings,
		Payer: ledger.Party{Name: "Płatnik", Number: string(numberOf(8))}, Payee: ledger.Party{Name: "Odbiorca", Number: string(numberOf(9))},
	}
}

// book brings movements into the history.
func (w *world) book(entries ...ledger.Entry) {
	w.t.Helper()
	must(w.t, w.store.Import(w.t.Context(), &intake.Batch{Entries: entries}))
}

func staff(act, subject string) audit.Record {
	return audit.Record{At: noon, Actor: audit.Actor{Kind: audit.Staff, ID: "test"}, Act: act, Subject: subject}
}

// list is what the supervisor's register says.
func (w *world) list(roles map[string][]thirdparty.Role) {
	w.t.Helper()
	var entries []thirdparty.Entry
	for org, has := range roles {
		entries = append(entries, thirdparty.Entry{
			Organisation: thirdparty.Organisation(org), Name: org, Country: "PL", Roles: has, Since: noon.AddDate(-1, 0, 0),
		})
	}
	must(w.t, w.store.ImportEntries(w.t.Context(), entries, w.clock.Now(), staff("register.imported", "register")))
}

// everyRole is a register in which both third parties have every role.
func everyRole() map[string][]thirdparty.Role {
	return map[string][]thirdparty.Role{oneOrg: thirdparty.Roles, otherOrg: thirdparty.Roles}
}

// register makes a third party with a client of its own.
func (w *world) register(org string, p papers) *tpp {
	w.t.Helper()
	w.list(everyRole())
	client, err := w.store.ChangeClient(w.t.Context(), thirdparty.Organisation(org), func(*thirdparty.Client) (thirdparty.Client, []audit.Record, error) {
		return thirdparty.Client{
			ID: thirdparty.ClientID(newUUID(w.wall.Now())), Organisation: thirdparty.Organisation(org), Name: "TPP " + org, RedirectURIs: []string{goBack},
			Keys:   []thirdparty.Key{{Thumbprint: eidas.Thumbprint(p.seal.Certificate), Certificate: p.seal.Certificate.Raw, AddedAt: noon}},
			Status: thirdparty.Active, StatusBy: "test", Since: noon,
		}, []audit.Record{staff("third-party.registered", org)}, nil
	})
	must(w.t, err)
	return w.tpp(org, string(client.ID), p)
}

// tpp is a third party's side of the wire.
type tpp struct {
	w      *world
	org    string
	client string
	papers papers
	http   *http.Client
}

func (w *world) tpp(org, client string, p papers) *tpp {
	return &tpp{w: w, org: org, client: client, papers: p, http: w.httpClient(p.qwac.TLS())}
}

// httpClient is a client with or without a certificate.
func (w *world) httpClient(certificates ...tls.Certificate) *http.Client {
	roots := x509.NewCertPool()
	roots.AddCert(w.net.Certificate())
	transport := &http.Transport{
		TLSClientConfig:    &tls.Config{RootCAs: roots, Certificates: certificates, MinVersion: tls.VersionTLS12},
		DisableCompression: true,
	}
	w.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// newUUID makes one of version 1, as third parties do.
func newUUID(at time.Time) string {
	var u [16]byte
	_, _ = rand.Read(u[:]) // never fails
	ticks := uint64(at.UnixNano()/100) + 0x01b21dd213814000
	binary.BigEndian.PutUint32(u[0:], uint32(ticks))
	binary.BigEndian.PutUint16(u[4:], uint16(ticks>>32))
	binary.BigEndian.PutUint16(u[6:], uint16(ticks>>48)&0x0fff|0x1000)
	u[8] = u[8]&0x3f | 0x80
	h := hex.EncodeToString(u[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// ask is one request before it is sent.
type ask struct {
	*tpp
	method, target string
	header         http.Header
	body           string
	signed         string // the value of JWS-Signature; made when the request is sent, unless it was made before
	unsigned       bool
	protected      seal.Header
}

// ask makes a request as mBank's samples have it; target is the path behind the
// bank's part, or begins with "!" for a whole one.
func (p *tpp) ask(method, target, body string) *ask {
	whole, ok := strings.CutPrefix(target, "!")
	if !ok {
		whole = path + target
	}
	own := *p // a test may change whose request it is
	a := &ask{tpp: &own, method: method, target: whole, body: body, header: http.Header{}}
	a.set("Accept", "application/json; charset=utf-8", "Accept-Encoding", "Gzip, deflate", "Accept-Language", "en", "TPP-ID", p.org,
		"TPP-Request-ID", newUUID(p.w.wall.Now()))
	if method == http.MethodPost {
		a.set("Content-Type", "application/json")
	}
	a.protected = seal.Header{Alg: seal.RS256, Typ: "JWT", URL: "https://tpp.example/qsealc.pem", Thumbprint: eidas.Thumbprint(p.papers.seal.Certificate)}
	return a
}

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

// with adds an access token and the client.
func (a *ask) with(token string) *ask {
	return a.set("Authorization", "Bearer "+token, "Client-ID", a.client)
}

// present says that the customer is there.
func (a *ask) present() *ask {
	return a.set("PSU-Session", "true", "PSU-IP-Address", "193.41.230.87", "PSU-IP-Port", "23456", "PSU-User-Agent", "Mozilla/5.0")
}

// signedNames is written down once more, so that the list of the signing code is
// not tested with itself (psd2 §4.2).
var signedNames = []string{
	"authorization", "client-id", "company-context", "psu-context-id", "psu-context-id-type", "psu-id", "psu-id-type", "psu-ip-address",
	"psu-ip-port", "psu-session", "psu-user-agent", "send-date", "tpp-bundle-id", "tpp-id", "tpp-payment-id", "tpp-request-id",
}

// stringify is JSON.stringify of a text, by way of encoding/json.
func stringify(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	// encoding/json escapes the two line ends of Unicode, JavaScript does not: they
	// travel as characters of nobody's.
	if err := e.Encode(strings.NewReplacer("\u2028", "\ue000", "\u2029", "\ue001").Replace(s)); err != nil {
		panic(err)
	}
	return strings.NewReplacer("\ue000", "\u2028", "\ue001", "\u2029").Replace(strings.TrimSuffix(b.String(), "\n"))
}

func (a *ask) payload() string {
	var headers []string
	for _, name := range signedNames {
		if v := a.header.Values(name); len(v) > 0 {
			headers = append(headers, stringify(name)+":"+stringify(strings.Trim(v[0], " \t")))
		}
	}
	return `{"uri":` + stringify(a.target) + `,"headers":{` + strings.Join(headers, ",") + `},"body":` + stringify(a.body) + `}`
}

// sign signs what the request is now; what a test changes after that is a change
// on the way.
func (a *ask) sign() *ask { return a.signOver(a.payload()) }

func (a *ask) signOver(payload string) *ask {
	a.w.t.Helper()
	var err error
	a.signed, err = seal.Sign(a.papers.seal.Key, a.protected, []byte(payload))
	must(a.w.t, err)
	return a
}

func (a *ask) notSigned() *ask {
	a.unsigned = true
	return a
}

type reply struct {
	t      testing.TB
	status int
	header http.Header
	body   string
}

func (a *ask) send() reply {
	a.w.t.Helper()
	if a.signed == "" && !a.unsigned {
		a.sign()
	}
	base, err := url.Parse(a.w.net.URL)
	must(a.w.t, err)
	r, err := http.NewRequestWithContext(a.w.t.Context(), a.method, a.w.net.URL, strings.NewReader(a.body))
	must(a.w.t, err)
	if a.body == "" {
		r.Body, r.ContentLength = http.NoBody, 0
	}
	r.URL = &url.URL{Scheme: "https", Host: base.Host, Opaque: a.target}
	r.Header = a.header.Clone()
	if a.signed != "" {
		r.Header.Set("JWS-Signature", a.signed)
	}
	got, err := a.http.Do(r)
	must(a.w.t, err)
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	must(a.w.t, err)
	out := reply{t: a.w.t, status: got.StatusCode, header: got.Header, body: string(body)}
	judged(a.w.t, a.method, a.target, out)
	return out
}

func (p *tpp) get(target, token string) reply {
	p.w.t.Helper()
	return p.ask("GET", target, "").with(token).send()
}

// is asserts a status.
func (r reply) is(status int) reply {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("→ %d %s (%s), want %d", r.status, r.body, r.header.Get("X-Okienko-Reason"), status)
	}
	return r
}

// fails asserts an error in the door's form.
func (r reply) fails(status int, code string) reply {
	r.t.Helper()
	r.is(status)
	if got := r.text("code"); got != code {
		r.t.Fatalf("→ %d %s (%s), want code %s", r.status, r.body, r.header.Get("X-Okienko-Reason"), code)
	}
	if r.text("message") == "" {
		r.t.Errorf("no message in %s", r.body)
	}
	return r
}

// object is the body as JSON.
func (r reply) object() map[string]any {
	r.t.Helper()
	var o map[string]any
	if err := json.Unmarshal([]byte(r.body), &o); err != nil {
		r.t.Fatalf("%v in %s", err, r.body)
	}
	return o
}

// at walks into the body: names of fields, numbers of elements.
func (r reply) at(way ...any) any {
	r.t.Helper()
	var v any = r.object()
	for _, step := range way {
		switch step := step.(type) {
		case string:
			o, _ := v.(map[string]any)
			v = o[step]
		case int:
			l, _ := v.([]any)
			if step >= len(l) {
				r.t.Fatalf("no element %d in %s", step, r.body)
			}
			v = l[step]
		}
	}
	return v
}

func (r reply) text(way ...any) string {
	r.t.Helper()
	s, _ := r.at(way...).(string)
	return s
}

// The customer's side.

// authorizeBody is a body of authorize; privilege is the JSON of privilegeList.
func (p *tpp) authorizeBody(scope, consentID, privileges string) string {
	group := map[string]string{"ais-accounts": "AIS_ACCOUNTS", "ais": "AIS", "pis": "PIS"}[scope]
	return fmt.Sprintf(`{"response_type":"code","client_id":%q,"redirect_uri":%q,"scope":%q,"state":"st&te=1",
		"scope_details":{"privilegeList":%s,"scopeGroupType":%q,"consentId":%q,"scopeTimeLimit":%q,"throttlingPolicy":"PSD2_REGULATORY"}}`,
		p.client, goBack, scope, privileges, group, consentID, p.w.clock.Now().AddDate(0, 0, 90).Format(time.RFC3339))
}

// authorize is the request that starts a consent.
func (p *tpp) authorize(body string) *ask {
	return p.ask("POST", "/auth/authorize", body).set("PSU-User-Agent", "Mozilla/5.0", "PSU-IP-Address", "193.41.230.87", "PSU-IP-Port", "23456")
}

// asks has a consent asked for and returns the request behind the link.
func (p *tpp) asks(body string) authserver.RequestID {
	p.w.t.Helper()
	link := p.authorize(body).send().is(http.StatusOK).text("authorizationRedirectUri")
	id, ok := strings.CutPrefix(link, people+"/consent/")
	if !ok {
		p.w.t.Fatalf("the link is %q", link)
	}
	return authserver.RequestID(id)
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// confirm passes a challenge with the code of a text message.
func (w *world) confirm(person party.PersonID, subject sca.Subject) sca.ID {
	w.t.Helper()
	ctx := w.t.Context()
	challenge, err := w.auth.Challenge(ctx, person, sca.SMS, subject)
	must(w.t, err)
	messages, err := w.store.ClaimMessages(ctx, "test", 100, w.wall.Now(), w.wall.Now().Add(time.Hour))
	must(w.t, err)
	for _, m := range slices.Backward(messages) {
		if m.Person != person {
			continue
		}
		for _, code := range sixDigits.FindAllString(m.Text, -1) {
			if c, err := w.auth.Answer(ctx, person, challenge.ID, code); err == nil && c.Status == sca.Passed {
				return challenge.ID
			}
		}
	}
	w.t.Fatal("no message had the code")
	return ""
}

// gives has a person choose accounts and give a consent; it returns the code.
func (w *world) gives(id authserver.RequestID, person party.PersonID, customer party.CustomerID, accounts ...account.ID) (code string) {
	w.t.Helper()
	ctx := w.t.Context()
	_, err := w.auth.ChooseForConsent(ctx, id, authserver.ConsentChoice{Person: person, Customer: customer, Accounts: accounts})
	must(w.t, err)
	subject, err := w.auth.ConsentSubject(ctx, id, party.Polish)
	must(w.t, err)
	to, err := w.auth.GiveConsent(ctx, id, person, w.confirm(person, subject))
	must(w.t, err)
	u, err := url.Parse(to)
	must(w.t, err)
	if got := u.Query().Get("state"); got != "st&te=1" {
		w.t.Fatalf("state %q came back", got)
	}
	return u.Query().Get("code")
}

// tokens are what a code, refresh or exchange gave.
type tokens struct {
	access, refresh string
	refs            []string // accountId of each element
	reply           reply
}

func (r reply) tokens() tokens {
	r.t.Helper()
	r.is(http.StatusOK)
	out := tokens{access: r.text("access_token"), refresh: r.text("refresh_token"), reply: r}
	list, _ := r.at("scope_details", "privilegeList").([]any)
	for _, e := range list {
		o, _ := e.(map[string]any)
		ref, _ := o["accountId"].(string)
		out.refs = append(out.refs, ref)
	}
	return out
}

func (p *tpp) redeem(code string) reply {
	p.w.t.Helper()
	return p.ask("POST", "/auth/token", fmt.Sprintf(`{"client_id":%q,"code":%q,"grant_type":"authorization_code","redirect_uri":%q}`, p.client, code, goBack)).send()
}

func (p *tpp) refresh(token string) reply {
	p.w.t.Helper()
	return p.ask("POST", "/auth/token", fmt.Sprintf(`{"refresh_token":%q,"grant_type":"refresh_token"}`, token)).send()
}

// The privileges of the tests.
const (
	listPrivilege = `[{"ais-accounts:accounts":{}}]`
	allStatuses   = `["DONE","PENDING","SCHEDULED","REJECTED","HOLD","CANCELLED"]`
)

// infoPrivilege reads everything of the accounts that the customer chooses.
func infoPrivilege(days int) string {
	return fmt.Sprintf(`[{"ais:accountDetails":{},"ais:transactions":{"maxAllowedHistoryLong":%d,"transactionStatus":%s},"ais:transactionDetails":{}}]`, days, allStatuses)
}

// lists has Anna consent to the list of some of her accounts.
func (p *tpp) lists(consentID string, accounts ...account.ID) tokens {
	p.w.t.Helper()
	id := p.asks(p.authorizeBody("ais-accounts", consentID, listPrivilege))
	return p.redeem(p.w.gives(id, annaP, anna, accounts...)).tokens()
}

// reads has Anna consent to reading some of her accounts.
func (p *tpp) reads(privileges string, accounts ...account.ID) tokens {
	p.w.t.Helper()
	id := p.asks(p.authorizeBody("ais", newUUID(p.w.wall.Now()), privileges))
	return p.redeem(p.w.gives(id, annaP, anna, accounts...)).tokens()
}

func (w *world) lastCall() psd2.Call {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.calls) == 0 {
		w.t.Fatal("no call was recorded")
	}
	return w.calls[len(w.calls)-1]
}

func (w *world) account(id account.ID) account.Account {
	w.t.Helper()
	a, err := w.store.Account(w.t.Context(), id)
	must(w.t, err)
	return a
}

func (w *world) do(o payment.Order) payment.Outcome {
	w.t.Helper()
	out, err := w.desk.Do(w.t.Context(), o)
	must(w.t, err)
	return out
}

func encoded(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

package partnerapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"okienko/api"
	"okienko/api/contract"
	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/desk"
	"okienko/bank/fee"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
	"okienko/clock"
	"okienko/edge"
	"okienko/partnerapi"
)

// The world of these tests: Anna has paired the shop with her account.
const (
	base     = partnerapi.BasePath
	people   = "https://bank.example"
	callback = "https://shop.example/confirmed"

	anna        party.CustomerID = "anna"
	annaHerself party.PersonID   = "anna-person"
	annaPays    account.ID       = "anna-account"
	shopEarns   account.ID       = "shop-account"
	pairing     consent.ID       = "pairing-1"
	foreign     consent.ID       = "pairing-2"
	shop        consent.ClientID = "shop"
	accountRef                   = "acc-ref-1"
	otherRef                     = "acc-ref-2"
	goodToken                    = "good-token"
	otherToken                   = "token-of-another-pairing"
	oldToken                     = "revoked-token"
)

var startOfTest = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func pln(minor int64) money.Amount { return money.New(minor, money.PLN) }

type counting struct {
	mu sync.Mutex
	n  int
}

func (c *counting) NewID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	return fmt.Sprintf("id-%06d", c.n)
}

type world struct {
	t     testing.TB
	mem   *memory
	auth  *fakeAuth
	clock *clock.Manual
	mu    sync.Mutex
	calls []partnerapi.Call
	http  http.Handler
	send  http.RoundTripper
}

// theJudge is loaded once: validating the description takes a tenth of a second.
var theJudge = sync.OnceValues(func() (*contract.Judge, error) { return contract.Load(api.Partner) })

func newWorld(t testing.TB, changes ...func(*partnerapi.Config)) *world {
	t.Helper()
	w := &world{t: t, mem: newMemory(), clock: clock.NewManual(startOfTest)}
	w.auth = &fakeAuth{w: w, tokens: map[string]consent.ID{goodToken: pairing, otherToken: foreign}, persons: map[party.PersonID]party.Person{
		annaHerself: {ID: annaHerself, FirstName: "Anna", LastName: "Nowak", PESEL: "90010112345", Language: party.Polish},
	}}
	w.mem.change(w.populate)
	d := desk.New(desk.Config{Book: w.mem, Clock: w.clock, Wall: w.clock, IDs: &counting{}})
	t.Cleanup(d.Close)
	cfg := partnerapi.Config{
		Auth: w.auth, Desk: d, Reader: w.mem, Persons: w.auth, Challenges: w.auth,
		Clock: w.clock, Wall: w.clock, PeopleURL: people, Spec: api.Partner, Sandbox: true,
		Access: func(_ context.Context, c partnerapi.Call) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.calls = append(w.calls, c)
		},
	}
	for _, change := range changes {
		change(&cfg)
	}
	w.http = edge.Mount(partnerapi.New(cfg))
	judge, err := theJudge()
	if err != nil {
		t.Fatal(err)
	}
	w.send = judge.Transport(recorder{w.http}, func(err error) { t.Errorf("%v", err) })
	return w
}

// recorder serves requests without a network.
type recorder struct{ h http.Handler }

func (r recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	r.h.ServeHTTP(rec, req)
	return rec.Result(), nil
}

func (w *world) populate(s *payment.State) {
	zero := pln(0)
	var definitions []consent.Definition
	var grants []consent.Grant
	for _, p := range []string{
		"BLOCKADES:CREATE", "BLOCKADES:UPDATE", "BLOCKADES:DELETE", "BLOCKADES:READ_LIST", "BLOCKADES:READ_DET",
		"PAYMENTS:CREATE", "PAYMENTS:UPDATE", "PAYMENTS:DELETE", "PAYMENTS:READ_LIST", "PAYMENTS:READ_DET",
		"TRANSACTIONS:READ_LIST", "TRANSACTIONS:READ_DET", "USER:READ_DET",
	} {
		parsed, err := consent.ParsePermission(p)
		if err != nil {
			w.t.Fatal(err)
		}
		d := consent.Definition{Permission: parsed, ValidSeconds: consent.Unrestricted, Quota: consent.Unrestricted}
		definitions = append(definitions, d)
		grants = append(grants, d.Give(startOfTest))
	}
	limits := limit.Limits{Single: pln(500_00), Daily: pln(800_00), Monthly: pln(1000_00), Unconfirmed: pln(200_00)}
	s.Applications[shop] = &partner.Application{
		ID: shop, Name: "Shop", Permissions: definitions, Limits: limits, Account: shopEarns,
		CallbackURIs: []string{callback}, AndroidReturn: []string{"shop-app://confirmed"}, Fees: fee.Table{},
	}
	s.Customers[anna] = &party.Customer{ID: anna, Segment: party.Individual, Person: annaHerself}
	s.CustomerLimits[anna] = &limit.OfCustomer{}
	for _, a := range []account.Account{
		{ID: annaPays, Kind: account.Customer, Customer: anna, NRB: "61109010140000071219812874", Holder: "Anna Nowak", Booked: pln(5000_00)},
		{ID: shopEarns, Kind: account.Customer, Customer: "shop-ltd", NRB: "27114020040000300201355387", Holder: "Shop sp. z o.o.", Booked: zero},
		{ID: account.FeeIncome, Kind: account.Own, Holder: "Fees", Booked: zero},
	} {
		a.Status, a.Access.State, a.Held, a.Overdraft = account.Open, account.AccessOn, zero, zero
		s.Accounts[a.ID] = &a
	}
	for id, ref := range map[consent.ID]string{pairing: accountRef, foreign: otherRef} {
		s.Agreements[id] = &consent.Agreement{
			ID: id, Application: shop, Customer: anna, Person: annaHerself, AccountRef: ref, Account: annaPays,
			Grants: append([]consent.Grant(nil), grants...), Limits: limits, Status: consent.Active,
		}
	}
}

// grant changes one grant of the pairing.
func (w *world) grant(p string, change func(*consent.Grant)) {
	parsed, err := consent.ParsePermission(p)
	if err != nil {
		w.t.Fatal(err)
	}
	w.mem.change(func(s *payment.State) {
		a := *s.Agreements[pairing]
		a.Grants = append([]consent.Grant(nil), a.Grants...)
		change(a.Grant(parsed))
		s.Agreements[pairing] = &a
	})
}

func (w *world) quota(p string, left int64) {
	w.grant(p, func(g *consent.Grant) { g.Quota, g.Left = 10, left })
}

func (w *world) left(p string) int64 {
	var left int64
	w.grant(p, func(g *consent.Grant) { left = g.Left })
	return left
}

// worth is what stands on Anna's account: booked and held.
func (w *world) worth() (booked, held int64) {
	w.mem.change(func(s *payment.State) {
		booked, held = s.Accounts[annaPays].Booked.Minor(), s.Accounts[annaPays].Held.Minor()
	})
	return booked, held
}

// fakeAuth is the authorisation server in the few words that the door needs.
type fakeAuth struct {
	w       *world
	tokens  map[string]consent.ID
	persons map[party.PersonID]party.Person
	methods []sca.Method
	begun   authserver.BeginParams
	granted authserver.GrantParams
	answer  error // of Begin and Grant
	waiting []sca.Challenge
	rings   int
	refuse  error // of Challenge
}

func (a *fakeAuth) Begin(_ context.Context, p authserver.BeginParams) (authserver.Request, error) {
	a.begun = p
	return authserver.Request{ID: "request-1", Client: shop}, a.answer
}

func (a *fakeAuth) Grant(_ context.Context, p authserver.GrantParams) (authserver.GrantAnswer, error) {
	a.granted = p
	if a.answer != nil {
		return authserver.GrantAnswer{}, a.answer
	}
	if p.GrantType == "" || p.ClientID == "" || p.ClientSecret == "" {
		return authserver.GrantAnswer{}, bank.RefuseField("grant_type", "A parameter is empty.")
	}
	return authserver.GrantAnswer{
		AccessToken: "at", ExpiresIn: 1200, RefreshToken: "rt", RefreshExpiresIn: 7776000, AccountRef: accountRef,
		Permissions: []string{"FIN:anna:PAYMENTS:CREATE:500.00:800.00:1000.00:200.00:-1:-1:-1:PLN:g:t:" + accountRef},
	}, nil
}

func (a *fakeAuth) Check(_ context.Context, token string) (authserver.Access, error) {
	id, ok := a.tokens[token]
	switch {
	case token == oldToken:
		return authserver.Access{}, bank.Refuse(bank.TokenInvalid, "The token is revoked.")
	case !ok:
		return authserver.Access{}, bank.Refuse(bank.TokenUnknown, "There is no such token.")
	}
	var got authserver.Access
	a.w.mem.change(func(s *payment.State) {
		got.Agreement = *s.Agreements[id]
		got.Customer = *s.Customers[got.Agreement.Customer]
		got.Account = *s.Accounts[got.Agreement.Account]
	})
	if err := got.Agreement.Standing(); err != nil {
		return authserver.Access{}, bank.Refuse(bank.TokenInvalid, "The pairing has ended.")
	}
	return got, nil
}

func (a *fakeAuth) End(_ context.Context, by audit.Actor, id consent.ID, _ party.CustomerID) error {
	if by != (audit.Actor{Kind: audit.Partner, ID: string(shop)}) {
		a.w.t.Errorf("the pairing was ended by %v", by)
	}
	a.w.mem.change(func(s *payment.State) {
		end := *s.Agreements[id]
		end.Status = consent.Ended
		s.Agreements[id] = &end
	})
	return nil
}

func (a *fakeAuth) Methods(context.Context, party.PersonID) ([]sca.Method, error) {
	if a.methods == nil {
		return []sca.Method{sca.SMS}, nil
	}
	return a.methods, nil
}

func (a *fakeAuth) OperationSubject(o payment.Authorisation, _ party.Language) sca.Subject { //nolint:gocritic // the form of the interface
	return sca.Subject{Purpose: sca.ForOperation, ID: string(o.ID), Binding: o.Binding()}
}

func (a *fakeAuth) Challenge(_ context.Context, p party.PersonID, m sca.Method, s sca.Subject) (sca.Challenge, error) {
	if a.refuse != nil {
		return sca.Challenge{}, a.refuse
	}
	a.rings++
	c := sca.Challenge{ID: "challenge", Person: p, Method: m, Subject: s, Status: sca.Pending, ExpiresAt: a.w.clock.Now().Add(sca.Life)}
	a.waiting = append(a.waiting, c)
	return c, nil
}

func (a *fakeAuth) WaitingChallenges(context.Context, party.PersonID) ([]sca.Challenge, error) {
	return a.waiting, nil
}

func (a *fakeAuth) Person(_ context.Context, id party.PersonID) (party.Person, error) {
	p, ok := a.persons[id]
	if !ok {
		return p, bank.Refuse(bank.NotFound, "There is no such person.")
	}
	return p, nil
}

// ask is a request that is good unless a test breaks it.
type ask struct {
	method, path string
	header       http.Header
	body         string
}

func newAsk(method, path string, body string) *ask {
	h := http.Header{}
	h.Set("Accept", "application/json")
	h.Set("Content-Type", "application/json")
	h.Set("access_token", goodToken)
	return &ask{method: method, path: path, header: h, body: body}
}

// reply is an answer as a client sees it.
type reply struct {
	status int
	header http.Header
	body   string
}

func (r reply) field(name string) string {
	var fields map[string]any
	if json.Unmarshal([]byte(r.body), &fields) != nil {
		return ""
	}
	s, _ := fields[name].(string)
	return s
}

func (r reply) code() string { return r.field("error") }

func (w *world) do(a *ask) reply {
	w.t.Helper()
	req := httptest.NewRequest(a.method, base+a.path, strings.NewReader(a.body))
	req.RemoteAddr = "192.0.2.7:1234"
	req.Header = a.header.Clone()
	res, err := w.send.RoundTrip(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, string(bytes.TrimSpace(body))}
}

func (w *world) call(method, path, body string) reply {
	w.t.Helper()
	return w.do(newAsk(method, path, body))
}

// good makes a call that must succeed.
func (w *world) good(method, path, body string) reply {
	w.t.Helper()
	r := w.call(method, path, body)
	if r.status >= 300 {
		w.t.Fatalf("%s %s → %d %s", method, path, r.status, r.body)
	}
	return r
}

func (w *world) refused(r reply, status int, code string) {
	w.t.Helper()
	if r.status != status || r.code() != code {
		w.t.Errorf("→ %d %s, want %d %s (reason %s)", r.status, r.body, status, code, r.header.Get("X-Okienko-Reason"))
	}
}

const (
	holds = "/account/" + accountRef + "/blockade"
)

func holdBody(id, amount string) string {
	return fmt.Sprintf(`{"operationId":%q,"amount":%q,"currency":"PLN","title":"Order"}`, id, amount)
}

func payBody(id, amount, more string) string {
	return fmt.Sprintf(`{"operationId":%q,"account_id":%q,"amount":%q,"currency":"PLN","title":"Order"%s}`, id, accountRef, amount, more)
}

const wayBack = `,"appType":"web","os_type":"ALL","callbackUri":"` + callback + `"`

// confirmed adds the way back to a body.
func confirmed(body string) string { return strings.TrimSuffix(body, "}") + wayBack + "}" }

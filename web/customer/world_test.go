package customer

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/desk"
	"okienko/bank/intake"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
	"okienko/bank/transfer"
	"okienko/clock"
	"okienko/edge"
	"okienko/ident"
	"okienko/store"
	"okienko/test/engine"
	"okienko/web/ui"
)

const (
	anna   party.PersonID = "anna"   // SMS only
	bartek party.PersonID = "bartek" // the app and SMS; owner of Wiatrak, and a person of his own
	celina party.PersonID = "celina" // may look at Wiatrak, not bind it
	dorota party.PersonID = "dorota" // owner of Warsztat, a business

	ofAnna   party.CustomerID = "c-anna"
	ofBartek party.CustomerID = "c-bartek"
	wiatrak  party.CustomerID = "c-wiatrak"
	warsztat party.CustomerID = "c-warsztat"
	partnerC party.CustomerID = "c-partner"

	annaMain    account.ID = "a-anna"
	annaSpare   account.ID = "a-anna-2"
	annaOff     account.ID = "a-anna-off"
	annaEuro    account.ID = "a-anna-eur"
	bartekMain  account.ID = "a-bartek"
	annaBlock   account.ID = "a-anna-blocked"
	wiatrakMain account.ID = "a-wiatrak"
	warsztatOne account.ID = "a-warsztat"
	partnerMain account.ID = "a-partner"

	kawomat consent.ClientID = "kawomat"

	annasPESEL  = "44051401359"
	wiatraksNIP = "5260250995"

	ownBank = "10500099"

	password = "Zielony rower 7"
	redirect = "https://app.example/back?keep=1"
	callto   = "https://app.example/done?keep=1"
	scheme   = "com.example.kawomat:/back"
)

var state = strings.Repeat("aB3d", 32)

// passwordHash is computed once: it is slow on purpose.
var passwordHash = sync.OnceValues(func() (string, error) { return authserver.HashPassword(password, rand.Reader) })

func pln(minor int64) money.Amount { return money.New(minor, money.PLN) }

// world is a bank with a few people, an application, and the door in front.
type world struct {
	*testing.T
	ctx    context.Context
	bank   *clock.Manual
	store  *store.Store
	desk   *desk.Desk
	auth   *authserver.Server
	door   *Door
	server *httptest.Server
	phone  *ecdsa.PrivateKey // Bartek's
	app    partner.Application
}

type option func(*options)

type options struct {
	environment partner.Environment
	status      partner.Status
	rates       Rates
}

func inProduction(s partner.Status) option {
	return func(o *options) { o.environment, o.status = partner.Production, s }
}

func newWorld(t *testing.T, opts ...option) *world {
	t.Helper()
	o := options{environment: partner.Test, status: partner.Sandbox}
	for _, f := range opts {
		f(&o)
	}
	w := &world{T: t, ctx: t.Context(), bank: clock.NewManual(time.Date(2026, 11, 18, 11, 0, 0, 0, time.UTC))}
	wall := clock.Wall{}
	var err error
	w.store, err = store.Open(w.ctx, engine.Keep(t, store.Config{Environment: o.environment, Key: make([]byte, 32), Clock: w.bank, Wall: wall}))
	w.must(err)
	ids := ident.New(wall)
	w.desk = desk.New(desk.Config{Book: w.store, Clock: w.bank, Wall: wall, IDs: ids})
	w.auth = authserver.New(authserver.Config{
		Store: w.store, Agreements: w.store, Partners: w.store, Parties: w.store, Accounts: w.store, SCA: w.store,
		Clock: w.bank, IDs: ids, Environment: o.environment,
		Consents: w.store, ConsentBook: w.store, ThirdParties: w.store, Transfers: w.store, Counters: w.store, Access: w.store,
		Network: silentNetwork{}, ConsentRules: authserver.ConsentRules{
			BankCodes: []string{ownBank}, Fees: map[authserver.FeeOf]int64{{Kind: transfer.Domestic, System: transfer.Elixir}: 150},
		},
	})
	w.phone, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.must(err)
	w.people(o)
	pages, err := ui.New()
	w.must(err)
	w.door, err = New(Config{
		Pages: pages, Auth: w.auth, Desk: w.desk, Reader: w.store, Accounts: w.store, Parties: w.store, Partners: w.store,
		Agreements: w.store, Devices: w.store, Sessions: w.store.Sessions(), Clock: w.bank, Wall: wall, Sandbox: true, Rates: o.rates,
		ConsentBook: w.store, Transfers: w.store, ThirdParties: w.store, Hotline: "+48 22 555 01 23",
	})
	w.must(err)
	w.server = httptest.NewTLSServer(edge.Mount(w.door))
	t.Cleanup(func() {
		w.server.Close()
		w.desk.Close()
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) did(act string) audit.Record {
	return audit.Record{At: w.bank.Now(), Actor: audit.Actor{Kind: audit.Staff, ID: "ewa"}, Act: act, Subject: "test"}
}

func (w *world) people(o options) {
	since := w.bank.Now().AddDate(-1, 0, 0)
	serial := uint64(0)
	acc := func(id account.ID, c party.CustomerID, holder, name string, access account.AccessState, cur money.Currency) account.Account {
		serial++
		number, err := nrb.Make(ownBank, fmt.Sprintf("%016d", serial))
		w.must(err)
		zero := money.Zero(cur)
		return account.Account{
			ID: id, Kind: account.Customer, Customer: c, NRB: number, Holder: holder, Name: name,
			Product: account.Product{Group: "ROR", Type: "STANDARD"}, Status: account.Open,
			Access: account.Access{State: access, By: "bank", At: since, Why: "test"}, OpenedAt: since,
			Booked: zero, Held: zero, Overdraft: zero,
		}
	}
	hash, err := passwordHash()
	w.must(err)
	der, err := x509.MarshalPKIXPublicKey(&w.phone.PublicKey)
	w.must(err)
	opening := func(id account.ID, minor int64) ledger.Entry {
		postings, err := ledger.Move(intake.OpeningAccount, id, pln(minor))
		w.must(err)
		return ledger.Entry{ID: ledger.EntryID("e-" + string(id)), At: since.Add(time.Hour), Kind: ledger.Opening, Title: "Saldo początkowe", Postings: postings}
	}
	batch := &intake.Batch{
		Persons: []party.Person{
			{ID: anna, FirstName: "Anna", LastName: "Żak", PESEL: annasPESEL, Phone: "+48600100200", Language: party.Polish, Login: "anna"},
			{ID: bartek, FirstName: "Bartek", LastName: "Lis", Phone: "+48600100300", Language: party.English, Login: "bartek", UsesApp: true},
			{ID: celina, FirstName: "Celina", LastName: "Maj", Phone: "+48600100400", Language: party.Polish, Login: "celina"},
			{ID: dorota, FirstName: "Dorota", LastName: "Kos", Phone: "+48600100500", Language: party.Polish, Login: "dorota"},
		},
		Customers: []party.Customer{
			{ID: ofAnna, Segment: party.Individual, Name: "Anna Żak", Person: anna, Since: since},
			{ID: ofBartek, Segment: party.Individual, Name: "Bartek Lis", Person: bartek, Since: since},
			{ID: wiatrak, Segment: party.Corporation, Name: "Wiatrak sp. z o.o.", NIP: wiatraksNIP, Since: since},
			{ID: warsztat, Segment: party.Business, Name: "Dorota Kos Warsztat", Since: since},
			{ID: partnerC, Segment: party.Corporation, Name: "Automaty Wiślane sp. z o.o.", Since: since},
		},
		Representations: []party.Representation{
			{Customer: wiatrak, Person: bartek, Role: party.Owner, Share: 1000, From: since},
			{Customer: wiatrak, Person: celina, Role: party.ProxySpecial, From: since},
			{Customer: warsztat, Person: dorota, Role: party.Owner, Share: 1000, From: since},
		},
		Logins:  []intake.Login{{Person: anna, Login: "anna", Password: hash}, {Person: bartek, Login: "bartek", Password: hash}, {Person: celina, Login: "celina", Password: hash}, {Person: dorota, Login: "dorota", Password: hash}},
		Devices: []sca.Device{{ID: "phone-bartek", Person: bartek, Name: "Pixel Bartka", PublicKey: der, EnrolledAt: since}},
		Accounts: []account.Account{
			acc(annaMain, ofAnna, "Anna Żak", "Konto codzienne", account.AccessOn, money.PLN),
			acc(annaSpare, ofAnna, "Anna Żak", "Oszczędności", account.AccessOn, money.PLN),
			acc(annaOff, ofAnna, "Anna Żak", "Bez dostępu", account.AccessOff, money.PLN),
			acc(annaEuro, ofAnna, "Anna Żak", "Euro", account.AccessOn, money.EUR),
			acc(bartekMain, ofBartek, "Bartek Lis", "Konto", account.AccessOn, money.PLN),
			acc(wiatrakMain, wiatrak, "Wiatrak sp. z o.o.", "Firmowe", account.AccessOn, money.PLN),
			acc(warsztatOne, warsztat, "Dorota Kos", "Warsztat", account.AccessOff, money.PLN),
			acc(annaBlock, ofAnna, "Anna Żak", "Zastrzeżone", account.AccessBlocked, money.PLN),
			acc(partnerMain, partnerC, "Automaty Wiślane sp. z o.o.", "Zbiorcze", account.AccessOn, money.PLN),
		},
		Entries: []ledger.Entry{opening(annaMain, 100_000), opening(annaSpare, 5_000), opening(bartekMain, 100_000)},
	}
	w.must(w.store.Import(w.ctx, batch))
	w.must(w.store.PutPartner(w.ctx, partner.Partner{
		ID: "p-1", Name: "Automaty Wiślane", LegalName: "Automaty Wiślane sp. z o.o.", Address: "ul. Nadbrzeżna 7, Warszawa",
		Customer: partnerC, Employees: []party.PersonID{bartek}, Agreement: partner.Agreement{Reference: "U/1", SignedAt: since}, Since: since,
	}, w.did("partner.put")))
	def := func(s string, obligatory bool) consent.Definition {
		p, err := consent.ParsePermission(s)
		w.must(err)
		return consent.Definition{Permission: p, Obligatory: obligatory, ValidSeconds: consent.Unrestricted, Quota: consent.Unrestricted}
	}
	w.app = partner.Application{
		ID: kawomat, Partner: "p-1", Name: "Kawomat", Description: "Kawa <bez> karty", RedirectURIs: []string{redirect}, CallbackURIs: []string{callto},
		AndroidReturn: []string{scheme}, Logo: partner.Logo{MediaType: "image/svg+xml", Bytes: []byte("<svg/>")},
		Addresses:   []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Permissions: []consent.Definition{def("BLOCKADES:CREATE", true), def("PAYMENTS:CREATE", true), def("USER:READ_DET", false), def("TRANSACTIONS:READ_LIST", false)},
		Limits:      limit.Limits{Single: pln(50_000), Daily: pln(80_000), Monthly: pln(200_000), Unconfirmed: pln(10_000)},
		Account:     partnerMain, Status: partner.Sandbox, AccessTTL: partner.DefaultAccessTTL, RefreshTTL: partner.DefaultRefreshTTL,
		ReleaseByCustomer: true, Since: since,
	}
	w.must(w.store.PutApplication(w.ctx, w.app, w.did("application.put")))
	if o.status != partner.Sandbox {
		w.must(w.store.SetStatus(w.ctx, kawomat, o.status,
			func(*partner.Application, *partner.Partner) error { return nil },
			func(*partner.Application, *partner.Partner, *consent.Agreement) bool { return true }, w.did("application.status")))
	}
}

// request opens a pairing request, as the partner's door does.
func (w *world) request(to string) string {
	w.Helper()
	r, err := w.auth.Begin(w.ctx, authserver.BeginParams{ClientID: string(kawomat), ResponseType: "code", State: state, RedirectURI: to, Scope: "open-api"})
	w.must(err)
	return string(r.ID)
}

// sms takes the last code that was sent to a person.
func (w *world) sms(p party.PersonID) string {
	w.Helper()
	now := time.Now()
	sent, err := w.store.ClaimMessages(w.ctx, "test", 100, now, now.Add(time.Hour))
	w.must(err)
	code := ""
	for _, m := range sent {
		if m.Person == p {
			if found := regexp.MustCompile(`\b\d{6}\b`).FindString(m.Text); found != "" {
				code = found
			}
		}
	}
	if code == "" {
		w.Fatalf("no code was sent to %s", p)
	}
	return code
}

// approve answers what waits on Bartek's phone.
func (w *world) approve(yes bool) sca.Challenge {
	w.Helper()
	waiting, err := w.auth.WaitingApprovals(w.ctx, "phone-bartek")
	w.must(err)
	if len(waiting) == 0 {
		w.Fatal("nothing waits on the phone")
	}
	text, act := authserver.SignedText, w.auth.Approve
	if !yes {
		text, act = authserver.RejectionText, w.auth.Reject
	}
	sum := sha256.Sum256(text(waiting[0]))
	sig, err := ecdsa.SignASN1(rand.Reader, w.phone, sum[:])
	w.must(err)
	c, err := act(w.ctx, waiting[0].ID, "phone-bartek", sig)
	w.must(err)
	return c
}

// paired makes an agreement without the pages.
func (w *world) paired(p party.PersonID, c party.CustomerID, a account.ID) consent.Agreement {
	w.Helper()
	b := w.browser()
	b.login(string(p))
	if c == wiatrak {
		b.post("/context", "customer", string(c))
	} else if p == bartek {
		b.post("/context", "customer", string(ofBartek))
	}
	id := w.request(redirect)
	b.post("/pair/"+id, b.choice("account", string(a))...).leads(303, "/factor/pairing/"+id)
	if p == bartek {
		b.post("/factor/pairing/"+id+"/method", "method", "sms").leads(303, "/factor/pairing/"+id)
	}
	b.post("/factor/pairing/"+id+"/code", "code", w.sms(p)).leads(303, redirect+"&code=")
	all, err := w.store.AgreementsOf(w.ctx, c)
	w.must(err)
	return all[0]
}

// prepared has an operation prepared for the customer to confirm.
func (w *world) prepared(g *consent.Agreement, d payment.Draft) payment.Authorisation {
	w.Helper()
	out, err := w.desk.Do(w.ctx, &payment.Prepare{Agreement: g.ID, AccountRef: g.AccountRef, Draft: d, Return: payment.Return{AppType: "web", OS: "ALL", Callback: callto}})
	w.must(err)
	return *out.Authorisation
}

func hold(id string, minor int64) payment.Draft {
	return payment.Draft{Kind: payment.PlaceHold, OperationID: id, Amount: pln(minor), Title: "Ekspres " + id}
}

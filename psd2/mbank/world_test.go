package mbank_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net/http/httptest"
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
	"okienko/bank/thirdparty"
	"okienko/clock"
	"okienko/edge"
	"okienko/eidas"
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
			Bank:   psd2.Bank{BIC: "OKIEPLPW", Name: "Okienko", Address: "ul. Prosta 1, 00-001 Warszawa"},
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

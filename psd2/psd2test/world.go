// Package psd2test is a bank for tests of its wire forms: people with money, third
// parties with certificates and a partner beside them, on a real store.
//
// It serves nothing: a test mounts the doors that it is about. It asserts nothing
// but that its own steps work.
package psd2test

import (
	"context"
	"crypto/ecdsa"
	"fmt"
	"strings"
	"sync"
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
	"okienko/eidas"
	"okienko/ident"
	"okienko/psd2"
	"okienko/rails"
	"okienko/store"
)

// Noon is when every test begins: a Wednesday in Warsaw.
func Noon() time.Time { return time.Date(2026, 11, 18, 11, 0, 0, 0, time.UTC) }

// Who and what there is.
const (
	BankCode = "99900009"
	People   = "https://bank.example"
	GoBack   = "https://tpp.example/back?x=1"

	Anna   party.CustomerID = "c-anna"
	AnnaP  party.PersonID   = "p-anna"
	Bob    party.CustomerID = "c-bob"
	BobP   party.PersonID   = "p-bob"
	Annas  account.ID       = "a-anna"
	Annas2 account.ID       = "a-anna-2"
	AnnasE account.ID       = "a-anna-eur"
	Bobs   account.ID       = "a-bob"

	AnnasPESEL party.PESEL = "44051401359"
	BobsPESEL  party.PESEL = "02070803628"

	OneOrg   = "PSDPL-PFSA-5250007738"
	OtherOrg = "PSDPL-PFSA-1234567890"
)

// Must ends a test whose preparations fail.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// PLN is an amount in minor units.
func PLN(minor int64) money.Amount { return money.New(minor, money.PLN) }

// NumberOf is an account number of this bank.
func NumberOf(n int) nrb.NRB {
	number, err := nrb.Make(BankCode, fmt.Sprintf("%016d", n))
	if err != nil {
		panic(err)
	}
	return number
}

// World is a bank behind its doors for third parties, on a real store.
type World struct {
	T      testing.TB
	CA     *CA
	Clock  *clock.Manual
	Wall   *clock.Manual
	Store  *store.Store
	Auth   *authserver.Server
	Desk   *desk.Desk
	Check  *eidas.Checker
	Config psd2.Config // of the core that the doors share

	phone *ecdsa.PrivateKey // of Anna's device
	mu    sync.Mutex
	calls []psd2.Call
	asked []string // addresses that the bank fetched
}

// New opens a bank in which Anna and Bob have money.
func New(t testing.TB, ca *CA) *World {
	t.Helper()
	w := &World{T: t, CA: ca, Clock: clock.NewManual(Noon()), Wall: clock.NewManual(Noon())}
	ca.clock.Store(w.Clock)
	var err error
	w.Store, err = store.Open(t.Context(), store.Config{
		Environment: partner.Test, Key: []byte("0123456789abcdef0123456789abcdef"), Clock: w.Clock, Wall: w.Wall,
	})
	Must(t, err)
	ids := ident.New(w.Wall)
	w.Desk = desk.New(desk.Config{Book: w.Store, Clock: w.Clock, Wall: w.Wall, IDs: ids})
	t.Cleanup(func() {
		w.Desk.Close()
		Must(t, w.Store.Close())
	})
	network := rails.NewSimulator(w.Clock)
	w.Auth = authserver.New(authserver.Config{
		Store: w.Store, Agreements: w.Store, Partners: w.Store, Parties: w.Store, Accounts: w.Store, SCA: w.Store, Clock: w.Clock, IDs: ids,
		Environment: partner.Test, Consents: w.Store, ConsentBook: w.Store, ThirdParties: w.Store, Transfers: w.Store, Counters: w.Store,
		Access: w.Store, Network: network, ConsentRules: authserver.ConsentRules{BankCodes: []string{BankCode}},
	})
	revocation, err := eidas.NewRevocation(eidas.RevocationSettings{Fetcher: ca.Service(), Wall: w.Wall})
	Must(t, err)
	w.Check, err = eidas.NewChecker(eidas.Settings{Environment: eidas.Test, Issuers: ca.Service().Issuers(), Clock: w.Clock, Revocation: revocation})
	Must(t, err)
	w.Config = psd2.Config{
		Certificates: w.Check, Fetcher: fetcher{w}, ThirdParties: w.Store, Replays: w.Store, Auth: w.Auth, Book: w.Store, Accounts: w.Store,
		Parties: w.Store, Reader: w.Store, Transfers: w.Store, Desk: w.Desk, Clock: w.Clock, Wall: w.Wall,
		CursorKey: []byte("fedcba9876543210fedcba9876543210"),
	}
	w.people()
	return w
}

// Note keeps a call, as the access log would.
func (w *World) Note(_ context.Context, c psd2.Call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, c)
}

// Calls are those that were noted.
func (w *World) Calls() []psd2.Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]psd2.Call(nil), w.calls...)
}

// LastCall is the one that was noted last.
func (w *World) LastCall() psd2.Call {
	w.T.Helper()
	all := w.Calls()
	if len(all) == 0 {
		w.T.Fatal("no call was recorded")
	}
	return all[len(all)-1]
}

// Asked are the addresses that the bank has fetched.
func (w *World) Asked() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.asked...)
}

// fetcher answers from the trust service and remembers who asked for what.
type fetcher struct{ w *World }

func (f fetcher) Fetch(ctx context.Context, address string, request []byte) ([]byte, error) {
	f.w.mu.Lock()
	f.w.asked = append(f.w.asked, address)
	f.w.mu.Unlock()
	if !strings.HasPrefix(address, "http://trust.sandbox.invalid/") {
		return nil, fmt.Errorf("the host of %s is not on the list", address)
	}
	return f.w.CA.Service().Fetch(ctx, address, request)
}

// people are Anna with three accounts and Bob with one.
func (w *World) people() {
	w.T.Helper()
	since := Noon().AddDate(-5, 0, 0)
	b := &intake.Batch{}
	var public []byte
	w.phone, public = newPhone()
	b.Devices = []sca.Device{{ID: annasPhone, Person: AnnaP, Name: "Fairphone", PublicKey: public, EnrolledAt: since}}
	for i, p := range []struct {
		person   party.PersonID
		customer party.CustomerID
		name     string
		pesel    party.PESEL
	}{{AnnaP, Anna, "Anna Nowak", AnnasPESEL}, {BobP, Bob, "Bob Kowalski", BobsPESEL}} {
		first, last, _ := strings.Cut(p.name, " ")
		b.Persons = append(b.Persons, party.Person{
			ID: p.person, FirstName: first, LastName: last, Phone: fmt.Sprintf("+4850000000%d", i), Language: party.Polish, Login: strings.ToLower(first), PESEL: p.pesel,
		})
		b.Customers = append(b.Customers, party.Customer{
			ID: p.customer, Segment: party.Individual, Name: p.name, Person: p.person, Address: "ul. Uchwały 1, 00-123 Warszawa", Since: since,
		})
	}
	add := func(id account.ID, n int, of party.CustomerID, holder, name, kind string, balance money.Amount) {
		zero := money.Zero(balance.Currency())
		b.Accounts = append(b.Accounts, account.Account{
			ID: id, Kind: account.Customer, Customer: of, NRB: NumberOf(n), Holder: holder, Name: name,
			Product: account.Product{Group: "ACCOUNT", Type: kind}, Status: account.Open, Access: account.FirstAccess(party.Individual, since),
			OpenedAt: since.Add(time.Duration(n) * time.Minute), Booked: zero, Held: zero, Overdraft: zero,
		})
		if balance.IsPositive() && balance.Currency() == money.PLN {
			b.Entries = append(b.Entries, w.Entry("opening-"+string(id), Noon().AddDate(-4, 0, 0), intake.OpeningAccount, id, balance, "Saldo początkowe"))
		}
	}
	add(Annas, 1, Anna, "Anna Nowak", "Konto osobiste", "PERSONAL", PLN(1_000_00))
	add(Annas2, 2, Anna, "Anna Nowak", "Konto oszczędnościowe", "SAVINGS", PLN(500_00))
	add(AnnasE, 3, Anna, "Anna Nowak", "Konto walutowe EUR", "CURRENCY", money.New(0, money.EUR))
	add(Bobs, 4, Bob, "Bob Kowalski", "Konto osobiste", "PERSONAL", PLN(100_00))
	Must(w.T, w.Store.Import(w.T.Context(), b))
}

// Entry is a movement between two accounts with the outside named in it.
func (w *World) Entry(id string, at time.Time, from, to account.ID, amount money.Amount, title string) ledger.Entry {
	w.T.Helper()
	postings, err := ledger.Move(from, to, amount)
	Must(w.T, err)
	return ledger.Entry{
		ID: ledger.EntryID(id), At: at, Kind: ledger.Transfer, Title: title, Postings: postings,
		Payer: ledger.Party{Name: "Płatnik", Number: string(NumberOf(8))}, Payee: ledger.Party{Name: "Odbiorca", Number: string(NumberOf(9))},
	}
}

// Book brings movements into the history.
func (w *World) Book(entries ...ledger.Entry) {
	w.T.Helper()
	Must(w.T, w.Store.Import(w.T.Context(), &intake.Batch{Entries: entries}))
}

// Staff records what the bank's staff do.
func Staff(act, subject string) audit.Record {
	return audit.Record{At: Noon(), Actor: audit.Actor{Kind: audit.Staff, ID: "test"}, Act: act, Subject: subject}
}

// List is what the supervisor's register says.
func (w *World) List(roles map[string][]thirdparty.Role) {
	w.T.Helper()
	var entries []thirdparty.Entry
	for org, has := range roles {
		entries = append(entries, thirdparty.Entry{
			Organisation: thirdparty.Organisation(org), Name: org, Country: "PL", Roles: has, Since: Noon().AddDate(-1, 0, 0),
		})
	}
	Must(w.T, w.Store.ImportEntries(w.T.Context(), entries, w.Clock.Now(), Staff("register.imported", "register")))
}

// EveryRole is a register in which both third parties have every role.
func EveryRole() map[string][]thirdparty.Role {
	return map[string][]thirdparty.Role{OneOrg: thirdparty.Roles, OtherOrg: thirdparty.Roles}
}

// Register makes a third party with a client of its own.
func (w *World) Register(org string, p Papers) thirdparty.Client {
	w.T.Helper()
	w.List(EveryRole())
	client, err := w.Store.ChangeClient(w.T.Context(), thirdparty.Organisation(org), func(*thirdparty.Client) (thirdparty.Client, []audit.Record, error) {
		return thirdparty.Client{
			ID: thirdparty.ClientID(NewUUID(w.Wall.Now())), Organisation: thirdparty.Organisation(org), Name: "TPP " + org, RedirectURIs: []string{GoBack},
			Keys:   []thirdparty.Key{{Thumbprint: eidas.Thumbprint(p.Seal.Certificate), Certificate: p.Seal.Certificate.Raw, AddedAt: Noon()}},
			Status: thirdparty.Active, StatusBy: "test", Since: Noon(),
		}, []audit.Record{Staff("third-party.registered", org)}, nil
	})
	Must(w.T, err)
	return client
}

// Change changes the client of an organisation.
func (w *World) Change(org string, f func(*thirdparty.Client)) {
	w.T.Helper()
	_, err := w.Store.ChangeClient(w.T.Context(), thirdparty.Organisation(org), func(c *thirdparty.Client) (thirdparty.Client, []audit.Record, error) {
		f(c)
		return *c, []audit.Record{Staff("third-party.changed", org)}, nil
	})
	Must(w.T, err)
}

// AddKey registers a seal.
func (w *World) AddKey(org string, p Papers) {
	w.T.Helper()
	w.Change(org, func(c *thirdparty.Client) {
		c.Keys = append(c.Keys, thirdparty.Key{Thumbprint: eidas.Thumbprint(p.Seal.Certificate), Certificate: p.Seal.Certificate.Raw, AddedAt: Noon()})
	})
}

// Account finds an account as it stands.
func (w *World) Account(id account.ID) account.Account {
	w.T.Helper()
	a, err := w.Store.Account(w.T.Context(), id)
	Must(w.T, err)
	return a
}

// Do has an order carried out.
func (w *World) Do(o payment.Order) payment.Outcome {
	w.T.Helper()
	out, err := w.Desk.Do(w.T.Context(), o)
	Must(w.T, err)
	return out
}

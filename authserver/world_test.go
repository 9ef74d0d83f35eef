package authserver_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/intake"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/sca"
	"okienko/clock"
	"okienko/ident"
	"okienko/store"
	"okienko/test/engine"
)

const (
	redirect = "https://shop.example/back"
	password = "correct horse battery"
	client   = partner.ClientID("shop")
	native   = partner.ClientID("shop-native")
	annas    = account.ID("acc-anna")
	annas2   = account.ID("acc-anna-2")
	bobs     = account.ID("acc-bob")
	bobPhone = "device-bob"

	annasPESEL  = "44051401359"
	firmasNIP   = "5260250995"
	firmasREGON = "123456785"
)

var (
	start = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	inNet = netip.MustParseAddr("192.0.2.7")
	state = strings.Repeat("aZ09", 32)

	pay     = consent.Permission{Object: consent.Payments, Action: consent.Create}
	hold    = consent.Permission{Object: consent.Blockades, Action: consent.Create}
	history = consent.Permission{Object: consent.Transactions, Action: consent.ReadList}
	user    = consent.Permission{Object: consent.User, Action: consent.ReadDet}

	// One hash for the whole run: each costs 19 MiB and some 40 ms.
	passwordHash = sync.OnceValues(func() (string, error) { return authserver.HashPassword(password, rand.Reader) })
)

func pln(minor int64) money.Amount { return money.New(minor, money.PLN) }

func limitsOf(single, daily, monthly, unconfirmed int64) limit.Limits {
	return limit.Limits{Single: pln(single), Daily: pln(daily), Monthly: pln(monthly), Unconfirmed: pln(unconfirmed)}
}

// world is a small bank: Anna and Bob, the company Firma with a person for each
// role, and the partner Shop, whose own company is a customer too.
type world struct {
	*authserver.Server
	store  *store.Store
	clock  *clock.Manual
	env    partner.Environment
	secret string
	bobKey *ecdsa.PrivateKey
}

func newWorld(t *testing.T, env partner.Environment, status partner.Status) *world {
	t.Helper()
	w := &world{clock: clock.NewManual(start)}
	var err error
	w.store, err = store.Open(t.Context(), engine.Keep(t, store.Config{
		Path: filepath.Join(t.TempDir(), "bank.db"), Environment: env, Key: make([]byte, 32), Clock: w.clock, Wall: clock.Wall{},
	}))
	must(t, err)
	t.Cleanup(func() { must(t, w.store.Close()) })
	w.env = env
	w.Server = w.with(func(*authserver.Config) {})
	w.people(t)
	w.partners(t, status)
	return w
}

// with is a server on the same bank, set up with a difference.
func (w *world) with(change func(*authserver.Config)) *authserver.Server {
	c := authserver.Config{
		Store: w.store, Agreements: w.store, Partners: w.store, Parties: w.store, Accounts: w.store, SCA: w.store,
		Clock: w.clock, IDs: ident.New(clock.Wall{}), Environment: w.env,
	}
	change(&c)
	return authserver.New(c)
}

func (w *world) people(t *testing.T) {
	t.Helper()
	hash, err := passwordHash()
	must(t, err)
	w.bobKey, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	der, err := x509.MarshalPKIXPublicKey(&w.bobKey.PublicKey)
	must(t, err)
	b := &intake.Batch{
		Persons: []party.Person{
			{ID: "anna", FirstName: "Anna", LastName: "Nowak", PESEL: annasPESEL, Phone: "+48500100100", Language: party.Polish, Login: "anna"},
			{ID: "bob", FirstName: "Bob", LastName: "Smith", Phone: "+48500200200", Language: party.English, Login: "bob", UsesApp: true},
			{ID: "mute", FirstName: "Jan", LastName: "Cichy", Language: party.Polish},
		},
		Customers: []party.Customer{
			{ID: "c-anna", Segment: party.Individual, Name: "Anna Nowak", Person: "anna", Since: start},
			{ID: "c-bob", Segment: party.Individual, Name: "Bob Smith", Person: "bob", Since: start},
			{ID: "c-firma", Segment: party.Corporation, Name: "Firma SA", NIP: firmasNIP, REGON: firmasREGON, Since: start},
			{ID: "c-shop", Segment: party.Business, Name: "Rowery Nowak", Since: start},
		},
		Logins:  []intake.Login{{Person: "anna", Login: "anna", Password: hash}},
		Devices: []sca.Device{{ID: bobPhone, Person: "bob", Name: "Pixel", PublicKey: der, EnrolledAt: start}},
		Representations: []party.Representation{
			{Customer: "c-shop", Person: "anna", Role: party.Owner, Share: 1000, From: start},
			{Customer: "c-firma", Person: "bob", Role: party.ProxyAdmin, From: start.Add(-48 * time.Hour), Until: start},
			{Customer: "c-firma", Person: "anna", Role: party.ProxyGeneral, From: start.Add(time.Hour)},
		},
	}
	for _, r := range party.Roles {
		id := party.PersonID("firma-" + string(r))
		b.Persons = append(b.Persons, party.Person{ID: id, FirstName: "Ola", LastName: string(r), Phone: "+48500300300", Language: party.Polish})
		b.Representations = append(b.Representations, party.Representation{Customer: "c-firma", Person: id, Role: r, From: start})
	}
	for i, a := range []struct {
		id       account.ID
		customer party.CustomerID
		currency money.Currency
	}{
		{annas, "c-anna", money.PLN}, {annas2, "c-anna", money.PLN}, {"acc-anna-eur", "c-anna", money.EUR},
		{bobs, "c-bob", money.PLN}, {"acc-firma", "c-firma", money.PLN}, {"acc-shop", "c-shop", money.PLN},
	} {
		number, err := nrb.Make("10900004", strings.Repeat("0", 15)+string(rune('1'+i)))
		must(t, err)
		zero := money.Zero(a.currency)
		b.Accounts = append(b.Accounts, account.Account{
			ID: a.id, Kind: account.Customer, Customer: a.customer, NRB: number, Holder: "Holder", Name: "Konto",
			Product: account.Product{Group: "CURRENT", Type: "STANDARD"}, Status: account.Open,
			Access:   account.Access{State: account.AccessOn, By: "test", At: start, Why: "test"},
			OpenedAt: start, Booked: zero, Held: zero, Overdraft: zero,
		})
	}
	must(t, w.store.Import(t.Context(), b))
}

func (w *world) partners(t *testing.T, status partner.Status) {
	t.Helper()
	rec := audit.Record{At: start, Actor: audit.Actor{Kind: audit.Staff, ID: "test"}, Act: "test", Subject: "test"}
	must(t, w.store.PutPartner(t.Context(), partner.Partner{
		ID: "p-shop", Name: "Rowery", LegalName: "Rowery Nowak sp. z o.o.", Customer: "c-shop",
		Agreement: partner.Agreement{Reference: "U/1", SignedAt: start}, Employees: []party.PersonID{"bob"}, Since: start,
	}, rec))
	app := partner.Application{
		ID: client, Partner: "p-shop", Name: "Sklep", Description: "Rowery", RedirectURIs: []string{redirect},
		Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")},
		Permissions: []consent.Definition{
			{Permission: pay, Obligatory: true, ValidSeconds: consent.Unrestricted, Quota: consent.Unrestricted},
			{Permission: hold, ValidSeconds: 3600, Quota: 5},
			{Permission: history, ValidSeconds: consent.Unrestricted, Quota: consent.Unrestricted},
		},
		Limits: limitsOf(100_00, 300_00, 1000_00, 50_00), Account: "acc-shop", Status: status,
		AccessTTL: partner.DefaultAccessTTL, RefreshTTL: partner.DefaultRefreshTTL, Since: start,
	}
	must(t, w.store.PutApplication(t.Context(), app, rec))
	app.ID, app.Native, app.RedirectURIs, app.AndroidReturn = native, true, nil, []string{"com.shop:/back"}
	must(t, w.store.PutApplication(t.Context(), app, rec))
	secret, hash, err := authserver.NewSecret(rand.Reader)
	must(t, err)
	w.secret = secret
	for _, id := range []partner.ClientID{client, native} {
		must(t, w.store.AddSecret(t.Context(), id, hash, start, start, rec))
	}
}

// open is a test bank with a public application, where everybody may pair.
func open(t *testing.T) *world {
	t.Helper()
	return newWorld(t, partner.Test, partner.Public)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, want bank.Code) {
	t.Helper()
	if got := bank.CodeOf(err); got != want {
		t.Fatalf("got %q (%v), want %q", got, err, want)
	}
}

func beginParams() authserver.BeginParams {
	return authserver.BeginParams{ClientID: string(client), ResponseType: "code", State: state, RedirectURI: redirect, Scope: "open-api"}
}

func (w *world) begin(t *testing.T) authserver.Request {
	t.Helper()
	r, err := w.Begin(t.Context(), beginParams())
	must(t, err)
	return r
}

func annasChoice() authserver.Choice {
	return authserver.Choice{
		Person: "anna", Customer: "c-anna", Account: annas,
		Permissions: []consent.Permission{pay, hold}, Limits: limitsOf(80_00, 200_00, 900_00, 40_00),
	}
}

// code reads the code of the newest SMS.
func (w *world) code(t *testing.T) string {
	t.Helper()
	messages, err := w.store.ClaimMessages(t.Context(), "test", 100, start, start.Add(time.Hour))
	must(t, err)
	for i := len(messages) - 1; i >= 0; i-- {
		if m := regexp.MustCompile(`^(?:Kod|Code): (\d{6})\.`).FindStringSubmatch(messages[i].Text); m != nil {
			return m[1]
		}
	}
	t.Fatal("no SMS with a code")
	return ""
}

// confirm has a person confirm a subject by SMS.
func (w *world) confirm(t *testing.T, person party.PersonID, s sca.Subject) sca.ID {
	t.Helper()
	c, err := w.Challenge(t.Context(), person, sca.SMS, s)
	must(t, err)
	c, err = w.Answer(t.Context(), person, c.ID, w.code(t))
	must(t, err)
	if c.Status != sca.Passed {
		t.Fatalf("challenge is %s", c.Status)
	}
	return c.ID
}

// choose makes a request with a choice and has the choice confirmed.
func (w *world) choose(t *testing.T, c authserver.Choice) (authserver.Request, sca.ID) {
	t.Helper()
	r, err := w.Choose(t.Context(), w.begin(t).ID, c)
	must(t, err)
	subject, err := w.PairingSubject(t.Context(), r)
	must(t, err)
	return r, w.confirm(t, c.Person, subject)
}

// pair pairs Anna and returns the code.
func (w *world) pair(t *testing.T, c authserver.Choice) string {
	t.Helper()
	r, challenge := w.choose(t, c)
	to, err := w.Pair(t.Context(), r.ID, c.Person, challenge)
	must(t, err)
	return query(t, to).Get("code")
}

func query(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	return u.Query()
}

func (w *world) byCode(code string) authserver.GrantParams {
	return authserver.GrantParams{
		GrantType: "authorization_code", ClientID: string(client), ClientSecret: w.secret,
		Code: code, State: state, RedirectURI: redirect, From: inNet,
	}
}

func (w *world) byRefresh(token string) authserver.GrantParams {
	return authserver.GrantParams{GrantType: "refresh_token", ClientID: string(client), ClientSecret: w.secret, RefreshToken: token, From: inNet}
}

// tokens pairs Anna and exchanges the code.
func (w *world) tokens(t *testing.T) authserver.GrantAnswer {
	t.Helper()
	a, err := w.Grant(t.Context(), w.byCode(w.pair(t, annasChoice())))
	must(t, err)
	return a
}

// agreement is Anna's pairing with the application.
func (w *world) agreement(t *testing.T) consent.Agreement {
	t.Helper()
	all, err := w.store.AgreementsOf(t.Context(), "c-anna")
	must(t, err)
	if len(all) != 1 {
		t.Fatalf("%d agreements", len(all))
	}
	return all[0]
}

func (w *world) sign(t *testing.T, text []byte) []byte {
	t.Helper()
	sum := sha256.Sum256(text)
	signature, err := ecdsa.SignASN1(rand.Reader, w.bobKey, sum[:])
	must(t, err)
	return signature
}

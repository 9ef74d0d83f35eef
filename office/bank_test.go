package office

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"database/sql"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/desk"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/partner"
	"okienko/bank/payment"
	"okienko/bank/sca"
	"okienko/bank/thirdparty"
	"okienko/clock"
	"okienko/store"
	"okienko/test/engine"
)

// testBank is an office over a real store and desk, with what the examples of
// the documentation hold taken in.
type testBank struct {
	*Office
	t     *testing.T
	store *store.Store
	clock *clock.Manual
	kept  store.Config
	proof error // what the prover answers
}

// numbers makes ids that never repeat.
type numbers struct{ n int }

func (i *numbers) NewID() string { i.n++; return "id-" + strconv.Itoa(i.n) }

func (b *testBank) Prove(context.Context, partner.DomainProof) error { return b.proof }

// testSecret is the one secret that the test's bank gives.
const testSecret = "secret-that-is-shown-once"

func newBank(t *testing.T, env partner.Environment) *testBank {
	t.Helper()
	b := &testBank{t: t, clock: clock.NewManual(time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC))}
	b.kept = engine.Keep(t, store.Config{
		Path: filepath.Join(t.TempDir(), "bank.db"), Environment: env, Key: bytes.Repeat([]byte{7}, 32), Clock: b.clock, Wall: b.clock,
	})
	ids := &numbers{}
	st, err := store.Open(t.Context(), b.kept)
	if err != nil {
		t.Fatal(err)
	}
	d := desk.New(desk.Config{Book: st, Clock: b.clock, Wall: b.clock, IDs: ids})
	t.Cleanup(func() {
		d.Close()
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	b.store = st
	b.Office = New(Config{
		Partners: st, Parties: st, Accounts: st, Agreements: st, SCA: st, Intake: st, Approvals: st, Orders: d, Payments: st,
		ThirdParties: st, Consents: st, Transfers: st, Papers: []thirdparty.PaperKind{thirdparty.Licence, thirdparty.Attorney},
		Prover: b, Clock: b.clock, IDs: ids, Environment: env,
		// The real one takes 19 MiB and its time; its own tests are in authserver.
		HashPassword: func(p string, _ io.Reader) (string, error) {
			return "hash of " + hex.EncodeToString([]byte(p)), nil
		},
		NewSecret: func() (string, []byte, error) {
			h := sha256.Sum256([]byte(testSecret))
			return testSecret, h[:], nil
		},
	})
	return b
}

// furnished is a bank with the examples of the documentation taken in.
func furnished(t *testing.T) *testBank {
	t.Helper()
	b := newBank(t, partner.Production)
	b.do(&ImportCustomers{Document: example[CustomersDocument](t, "customers.toml")})
	b.do(&PutPartner{Document: example[PartnerDocument](t, "partner.toml")})
	b.do(&PutApplication{Document: exampleApplication(t)})
	return b
}

// example reads a document of docs/examples as strictly as the command line.
func example[D any](t *testing.T, name string) D {
	t.Helper()
	var d D
	meta, err := toml.DecodeFile(filepath.Join("..", "docs", "examples", name), &d)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range meta.Undecoded() {
		t.Errorf("%s: unknown key %s", name, k)
	}
	return d
}

func exampleApplication(t *testing.T) ApplicationDocument {
	t.Helper()
	d := example[ApplicationDocument](t, "application.toml")
	logo, err := os.ReadFile(filepath.Join("..", "docs", "examples", d.LogoFile))
	if err != nil {
		t.Fatal(err)
	}
	d.Logo, d.LogoFile = logo, ""
	return d
}

// do has a command done by the first member of staff, and fails when it is not.
func (b *testBank) do(c Command) Report {
	b.t.Helper()
	r, err := b.Do(b.t.Context(), Request{Command: c, By: "a.nowak", Why: "test", Apply: true})
	if err != nil {
		b.t.Fatalf("%T: %v", c, err)
	}
	return r
}

// try has a command tried.
func (b *testBank) try(c Command) (Report, error) {
	return b.Do(b.t.Context(), Request{Command: c, By: "a.nowak", Why: "test"})
}

// propose has a command proposed and returns the proposal's id.
func (b *testBank) propose(c Command) string {
	b.t.Helper()
	r := b.do(c)
	if r.Proposal == "" || r.Applied {
		b.t.Fatalf("%T was not proposed: %+v", c, r)
	}
	return r.Proposal
}

func (b *testBank) approve(id string) Report {
	b.t.Helper()
	r, err := b.Approve(b.t.Context(), id, "b.kowal", true)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

func (b *testBank) application() partner.Application {
	b.t.Helper()
	a, err := b.store.Application(b.t.Context(), "kajak-app")
	if err != nil {
		b.t.Fatal(err)
	}
	return a
}

// pair pairs the example's application with the account of Marek Lis, by the
// store's own act.
func (b *testBank) pair() consent.Agreement {
	b.t.Helper()
	ctx, now, app := b.t.Context(), b.clock.Now(), b.application()
	limits := limit.Limits{Single: pln(100_00), Daily: pln(200_00), Monthly: pln(500_00), Unconfirmed: pln(100_00)}
	choice := authserver.Choice{Person: "person-marek.lis", Customer: "customer-marek.lis", Account: "account-marek.lis", Limits: limits}
	for _, err := range []error{
		b.store.SaveRequest(ctx, authserver.Request{
			ID: "request", Client: app.ID, State: strings.Repeat("s", 128), RedirectURI: app.RedirectURIs[0], CreatedAt: now,
			ExpiresAt: now.Add(time.Hour), Status: authserver.RequestOpen, Choice: &choice,
		}),
		b.store.OpenChallenge(ctx, sca.Challenge{
			ID: "challenge", Person: "person-marek.lis", Method: sca.SMS, CodeHash: []byte("code"), CreatedAt: now, ExpiresAt: now.Add(time.Hour),
			Subject: sca.Subject{Purpose: sca.ForPairing, ID: "request", Binding: "all"}, Status: sca.Pending,
		}, nil, func(*sca.Factor) error { return nil }),
	} {
		if err != nil {
			b.t.Fatal(err)
		}
	}
	_, err := b.store.JudgeChallenge(ctx, "challenge", func(c *sca.Challenge, _ *sca.Factor) error { c.Status = sca.Passed; return nil },
		func(*sca.Challenge) []audit.Record { return nil })
	if err != nil {
		b.t.Fatal(err)
	}
	spend := consent.Use{Challenge: "challenge", Person: "person-marek.lis", Purpose: sca.ForPairing, Subject: "request", Binding: "all"}
	code := authserver.Code{Hash: []byte("hash"), Client: app.ID, State: strings.Repeat("s", 128), RedirectURI: app.RedirectURIs[0], ExpiresAt: now.Add(time.Hour)}
	g, err := b.store.Pair(ctx, "request", spend, code, func(authserver.Request, *consent.Agreement) (consent.Agreement, []audit.Record, error) {
		g := consent.Agreement{
			ID: "pairing", Version: 1, Application: app.ID, Customer: "customer-marek.lis", Person: "person-marek.lis", AccountRef: "ref",
			Account: "account-marek.lis", Limits: limits, Status: consent.Active, CreatedAt: now, GivenAt: now,
		}
		for _, d := range app.Permissions {
			g.Grants = append(g.Grants, d.Give(now))
		}
		return g, nil, nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return g
}

func pln(minor int64) money.Amount { return money.New(minor, money.PLN) }

// hold pairs and places a hold of 40.00 on the account of Marek Lis.
func (b *testBank) hold() string {
	b.t.Helper()
	g := b.pair()
	out, err := b.Orders.Do(b.t.Context(), &payment.Submit{Agreement: g.ID, AccountRef: g.AccountRef, Draft: payment.Draft{
		Kind: payment.PlaceHold, OperationID: "operation-1", Amount: pln(40_00), Title: "Deposit",
	}})
	if err != nil {
		b.t.Fatal(err)
	}
	return string(out.Hold.ID)
}

// deviceKey is the PEM form of a new device's public key.
func newDeviceKey(t *testing.T, curve elliptic.Curve) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// dump is all that the store holds, as text: what has no effect changes no byte
// of it.
func (b *testBank) dump() string {
	b.t.Helper()
	db := b.behind()
	defer func() { _ = db.Close() }()
	tables := "select name from sqlite_master where type = 'table' order by name"
	if b.kept.DSN != "" {
		tables = "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by relname"
	}
	var out strings.Builder
	for _, table := range b.texts(db, tables) {
		fmt.Fprintf(&out, "== %s\n", table)
		for _, row := range b.texts(db, `select * from "`+table+`" order by 1, 2`) {
			fmt.Fprintln(&out, row)
		}
	}
	return out.String()
}

// audited lists the acts of the audit in their order.
func (b *testBank) audited() []string {
	b.t.Helper()
	db := b.behind()
	defer func() { _ = db.Close() }()
	order := "segment, seq"
	if b.kept.DSN != "" {
		order = "xmin::text::bigint, seq" // acts in a row are on chains in turn
	}
	return b.texts(db, "select act, actor_kind || ':' || actor_id, subject, why from audit order by "+order)
}

// behind reads the data behind the store's back.
func (b *testBank) behind() *sql.DB {
	b.t.Helper()
	driver, source := "sqlite", "file:"+b.kept.Path+"?mode=ro"
	if b.kept.DSN != "" {
		driver, source = "pgx", b.kept.DSN
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		b.t.Fatal(err)
	}
	return db
}

func (b *testBank) texts(db *sql.DB, query string) []string {
	b.t.Helper()
	rows, err := db.QueryContext(b.t.Context(), query)
	if err != nil {
		b.t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }()
	names, err := rows.Columns()
	if err != nil {
		b.t.Fatal(err)
	}
	var out []string
	for rows.Next() {
		values := make([]any, len(names))
		for i := range values {
			values[i] = new([]byte)
		}
		if err := rows.Scan(values...); err != nil {
			b.t.Fatal(err)
		}
		var line []string
		for _, v := range values {
			line = append(line, string(*v.(*[]byte)))
		}
		out = append(out, strings.Join(line, "|"))
	}
	if err := rows.Err(); err != nil {
		b.t.Fatal(err)
	}
	return out
}

// refused checks the code and field of a refusal.
func refused(t *testing.T, err error, code bank.Code, field string) {
	t.Helper()
	if got := bank.CodeOf(err); got != code {
		t.Fatalf("got %q (%v), want a refusal %q", got, err, code)
	}
	if no := refusalOf(err); no.Field != field {
		t.Errorf("the refusal is about %q (%v), want %q", no.Field, err, field)
	}
}

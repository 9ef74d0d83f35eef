package consent_test

import (
	"strings"
	"testing"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/consent"
	"okienko/bank/limit"
	"okienko/bank/money"
)

var (
	given = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	read  = consent.Permission{Object: consent.Transactions, Action: consent.ReadList}
)

func pln(minor int64) money.Amount { return money.New(minor, money.PLN) }

func TestStanding(t *testing.T) {
	for s, code := range map[consent.Status]bank.Code{
		consent.Active: "", consent.Suspended: bank.AgreementPaused, consent.Ended: bank.AgreementEnded, "": bank.AgreementEnded, "unknown": bank.AgreementEnded,
	} {
		a := consent.Agreement{Status: s}
		if got := bank.CodeOf(a.Standing()); got != code {
			t.Errorf("%q: %q", s, got)
		}
	}
}

func TestGrantInTimeAndNumber(t *testing.T) {
	d := consent.Definition{Permission: read, ValidSeconds: 60, Quota: 2}
	a := consent.Agreement{Grants: []consent.Grant{d.Give(given)}}
	if err := a.Allows(read, given.Add(time.Minute-1)); err != nil {
		t.Errorf("in time: %v", err)
	}
	if got := bank.CodeOf(a.Allows(read, given.Add(time.Minute))); got != bank.PermissionUsedUp {
		t.Errorf("at its end: %q", got)
	}
	if got := bank.CodeOf(a.Allows(consent.Permission{Object: consent.Transactions, Action: consent.ReadDet}, given)); got != bank.PermissionMissing {
		t.Errorf("another action: %q", got)
	}
	g := a.Grant(read)
	for range 2 {
		if g.Exhausted() || !g.Spend() {
			t.Fatalf("%+v", g)
		}
	}
	if !g.Exhausted() || g.Left != 0 || g.Quota != 2 {
		t.Errorf("%+v", g)
	}
	free := consent.Definition{Permission: read, ValidSeconds: consent.Unrestricted, Quota: consent.Unrestricted}.Give(given)
	if free.Spend() || free.Exhausted() || free.Over(given.AddDate(100, 0, 0)) {
		t.Errorf("%+v", free)
	}
	if _, ends := free.Until(); ends {
		t.Error("an unrestricted grant ends")
	}
}

func TestDefinitions(t *testing.T) {
	good := consent.Definition{Permission: read, ValidSeconds: 1, Quota: consent.Unrestricted}
	if err := good.Valid(); err != nil {
		t.Errorf("%v", err)
	}
	for _, d := range []consent.Definition{
		{Permission: read, ValidSeconds: 0, Quota: 1},
		{Permission: read, ValidSeconds: 1, Quota: 0},
		{Permission: read, ValidSeconds: -2, Quota: 1},
		{Permission: read, ValidSeconds: 1, Quota: -2},
		{Permission: consent.Permission{Object: "LOANS", Action: consent.Create}, ValidSeconds: 1, Quota: 1},
		{Permission: consent.Permission{Object: consent.User, Action: "read_det"}, ValidSeconds: 1, Quota: 1},
	} {
		if d.Valid() == nil {
			t.Errorf("%+v was found good", d)
		}
	}
}

// The form of partner-api §5, written out by hand: 15 fields, limits first the
// single one, then of a day, of a month and limit_a.
const printed = "FIN:anna:BLOCKADES:CREATE:500.00:800.00:2000.00:200.00:-1:10:7:PLN:CURRENT:PERSONAL:ref-1"

func text() consent.Text {
	return consent.Text{
		Prefix: "FIN", Context: "anna", Permission: consent.Permission{Object: consent.Blockades, Action: consent.Create},
		Limits:       limit.Limits{Single: pln(50_000), Daily: pln(80_000), Monthly: pln(200_000), Unconfirmed: pln(20_000)},
		ValidSeconds: consent.Unrestricted, Quota: 10, Left: 7, Product: account.Product{Group: "CURRENT", Type: "PERSONAL"}, ProductID: "ref-1",
	}
}

func TestTextForm(t *testing.T) {
	if got := text().String(); got != printed {
		t.Errorf("%s", got)
	}
	if got, err := consent.ParseText(printed); err != nil || got != text() {
		t.Errorf("%+v, %v", got, err)
	}
	empty := text()
	empty.Context, empty.Product, empty.ProductID = "", account.Product{}, ""
	if got := empty.String(); strings.Count(got, ":") != 14 || !strings.HasSuffix(got, ":PLN:::") {
		t.Errorf("nothing to say is empty, never left out: %s", got)
	}
}

func TestEveryPermissionOfAnAgreementPrintsTheSameLimits(t *testing.T) {
	a := consent.Agreement{Customer: "anna", AccountRef: "ref-1", Limits: text().Limits}
	for _, o := range consent.Objects {
		for _, act := range consent.Actions {
			a.Grants = append(a.Grants, consent.Definition{Permission: consent.Permission{Object: o, Action: act}, ValidSeconds: -1, Quota: -1}.Give(given))
		}
	}
	texts := a.Texts(account.Product{Group: "CURRENT", Type: "PERSONAL"})
	if len(texts) != 24 {
		t.Fatalf("%d texts", len(texts))
	}
	for i, s := range texts {
		got, err := consent.ParseText(s)
		if err != nil || got.Limits != a.Limits || got.Permission != a.Grants[i].Permission || got.ProductID != "ref-1" {
			t.Errorf("%s: %+v, %v", s, got, err)
		}
		wantPrefix := map[bool]string{true: "FIN", false: "INF"}[got.Permission.Object == consent.Payments || got.Permission.Object == consent.Blockades]
		if got.Prefix != wantPrefix {
			t.Errorf("%s", s)
		}
	}
}

func TestParseTextRefuses(t *testing.T) {
	field := func(i int, s string) string {
		f := strings.Split(printed, ":")
		f[i] = s
		return strings.Join(f, ":")
	}
	for _, s := range []string{
		"", printed + ":", strings.TrimSuffix(printed, ":ref-1"), field(0, "FINN"), field(0, ""), field(2, "LOANS"), field(3, "create"), field(3, ""),
		field(4, "1,00"), field(4, "-1.00"), field(5, "1.234"), field(6, "01.00"), field(7, "1e2"), field(7, ""),
		field(8, "-2"), field(8, "+1"), field(9, "01"), field(9, ""), field(10, "1.0"), field(10, "9223372036854775808"), field(11, "pln"), field(11, "JPY"), field(11, ""),
	} {
		if got, err := consent.ParseText(s); bank.CodeOf(err) != bank.InvalidParameter {
			t.Errorf("%q: %+v, %v", s, got, err)
		}
	}
}

// What is read prints as it was, and what is printed reads as it was.
func FuzzPermissionText(f *testing.F) {
	f.Add(printed)
	f.Add("INF::USER:READ_DET:0.00:0.00:0.00:0.00:-1:-1:-1:EUR:::")
	f.Add("BUS:x:PAYMENTS:AUTH:999999999999.99:0.01:0.00:0.10:60:0:0:PLN:ż:\xff:|")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := consent.ParseText(s)
		if err != nil {
			if bank.CodeOf(err) != bank.InvalidParameter {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		if got.String() != s {
			t.Fatalf("%q was read and prints as %q", s, got.String())
		}
		if again, err := consent.ParseText(got.String()); err != nil || again != got {
			t.Fatalf("%q: %+v, then %+v, %v", s, got, again, err)
		}
	})
}

func FuzzPermission(f *testing.F) {
	f.Add("PAYMENTS:CREATE")
	f.Add("PAYMENTS:CREATE:")
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := consent.ParsePermission(s); err == nil && p.String() != s {
			t.Fatalf("%q was read as %q", s, p)
		}
	})
}

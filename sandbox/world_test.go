package sandbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"okienko/bank/account"
	"okienko/bank/calendar"
	"okienko/bank/consent"
	"okienko/bank/intake"
	"okienko/bank/ledger"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/sandbox"
)

var day = time.Date(2026, 11, 21, 14, 30, 0, 0, time.UTC)

func newWorld(t testing.TB, cfg sandbox.Config) *sandbox.World {
	t.Helper()
	if cfg.Now.IsZero() {
		cfg.Now = day
	}
	cfg.PasswordHash = "$argon2id$made-up"
	w, err := sandbox.NewWorld(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// bytesOf prints everything that goes into the bank.
func bytesOf(w *sandbox.World) string {
	return fmt.Sprintf("%+v\n%+v\n%+v\n%+v", w.Batch, w.Partners, w.Applications, w.Secrets)
}

func TestSameSeedAndDaySameBytes(t *testing.T) {
	first := bytesOf(newWorld(t, sandbox.Config{Seed: 7}))
	if later := bytesOf(newWorld(t, sandbox.Config{Seed: 7, Now: day.Add(3 * time.Hour)})); later != first {
		t.Error("three hours later on the same day the world is another")
	}
	if other := bytesOf(newWorld(t, sandbox.Config{Seed: 8})); other == first {
		t.Error("another seed makes the same world")
	}
}

func TestWorldComesIntoTheBank(t *testing.T) {
	for _, cfg := range []sandbox.Config{
		{Seed: 1}, {Seed: 2, Months: 6, Entries: 6000}, {Seed: 3, Months: 12, Entries: sandbox.MaxEntries}, {Seed: 4, Entries: sandbox.OnlyOpening},
		{Seed: 5, Now: time.Date(2027, 3, 1, 0, 30, 0, 0, time.UTC)}, {Seed: 6, Now: time.Date(2028, 2, 29, 23, 30, 0, 0, time.UTC)},
	} {
		t.Run(fmt.Sprintf("seed %d", cfg.Seed), func(t *testing.T) {
			w := newWorld(t, cfg)
			now := cfg.Now
			if now.IsZero() {
				now = day
			}
			if err := w.Batch.Check(now); err != nil {
				t.Fatal(err)
			}
			accounts := imported(t, w, now)
			if most := max(cfg.Entries, 300); len(w.Batch.Entries) > most && cfg.Entries != 0 {
				t.Errorf("%d entries, at most %d were asked for", len(w.Batch.Entries), most)
			}
			for id, want := range map[account.ID]int64{
				"account-anna-main": 5_000_00, "account-anna-savings": 12_000_00, "account-jan-main": 8_000_00, "account-maria-main": 3_000_00,
				"account-piotr-main": 7_000_00, "account-ewa-main": 2_000_00, "account-tomasz-main": 40_00, "account-katarzyna-euro": 1_250_00,
			} {
				if got := accounts[id].Booked.Minor(); got != want {
					t.Errorf("%s ends with %d, documents say %d", id, got, want)
				}
			}
			t.Logf("%d persons, %d customers, %d accounts, %d entries", len(w.Batch.Persons), len(w.Batch.Customers), len(w.Batch.Accounts), len(w.Batch.Entries))
		})
	}
}

type books map[account.ID]*account.Account

func (b books) Account(id account.ID) *account.Account { return b[id] }

// imported books the world as a bank does, and fails when the ledger refuses.
func imported(t *testing.T, w *sandbox.World, now time.Time) books {
	t.Helper()
	accounts := books{}
	for _, list := range [][]account.Account{intake.Own(now), w.Batch.Accounts} {
		for _, a := range list {
			accounts[a.ID] = &a
		}
	}
	last := time.Time{}
	ids := map[ledger.EntryID]bool{}
	for i := range w.Batch.Entries {
		e := &w.Batch.Entries[i]
		if e.At.Before(last) || ids[e.ID] {
			t.Fatalf("entry %s is out of order or twice", e.ID)
		}
		last, ids[e.ID] = e.At, true
		if len([]rune(e.Title)) > 140 || e.Title == "" {
			t.Errorf("the title %q has no or more than 140 characters", e.Title)
		}
		if err := ledger.Post(accounts, e); err != nil {
			t.Fatalf("%s %q: %v", e.ID, e.Title, err)
		}
	}
	return accounts
}

func TestNumbersAreWellFormedAndOurOwn(t *testing.T) {
	w := newWorld(t, sandbox.Config{Seed: 1})
	if !nrb.ValidBankCode(sandbox.BankCode) {
		t.Error("the sort code has a wrong check digit")
	}
	seen := map[string]bool{}
	once := func(kind, number string) {
		if number != "" && seen[kind+number] {
			t.Errorf("%s %s is given twice", kind, number)
		}
		seen[kind+number] = true
	}
	for _, p := range w.Batch.Persons {
		number, err := party.ParsePESEL(string(p.PESEL))
		year, _, _ := number.BirthDate()
		if age := day.Year() - year; err != nil || age < 18 || age > 100 {
			t.Errorf("%s: PESEL %v, age %d", p.Login, err, age)
		}
		female := strings.HasSuffix(p.FirstName, "a")
		if (number.Sex() == party.Female) != female {
			t.Errorf("%s: the PESEL says %c", p.FullName(), number.Sex())
		}
		if strings.HasSuffix(p.LastName, "ska") && !female || strings.HasSuffix(p.LastName, "ski") && female {
			t.Errorf("%s: the surname has the form of the other sex", p.FullName())
		}
		once("PESEL", string(p.PESEL))
		once("phone", p.Phone)
		once("login", p.Login)
	}
	for _, c := range w.Batch.Customers {
		once("NIP", string(c.NIP))
		once("REGON", string(c.REGON))
		once("KRS", c.KRS)
	}
	for _, a := range w.Batch.Accounts {
		if a.Kind == account.Own {
			continue
		}
		if n, err := nrb.Parse(string(a.NRB)); err != nil || n.BankCode() != sandbox.BankCode {
			t.Errorf("%s: %s %v", a.ID, a.NRB, err)
		}
		once("NRB", string(a.NRB))
	}
	for _, e := range w.Batch.Entries {
		for _, end := range []ledger.Party{e.Payer, e.Payee} {
			if end.Number == "" {
				continue
			}
			if n, err := nrb.Parse(end.Number); err != nil || !strings.HasPrefix(n.BankCode(), "0000") || !nrb.ValidBankCode(n.BankCode()) {
				t.Errorf("%q: the account %s of %s may be somebody's: %v", e.Title, end.Number, end.Name, err)
			}
		}
	}
}

func TestCharacters(t *testing.T) {
	w := newWorld(t, sandbox.Config{Seed: 1})
	accounts := map[account.ID]account.Account{}
	for _, a := range w.Batch.Accounts {
		accounts[a.ID] = a
	}
	persons := map[string]party.Person{}
	for _, p := range w.Batch.Persons {
		persons[p.Login] = p
	}
	for _, c := range w.Cast {
		if p := persons[c.Login]; p.FullName() != c.Name {
			t.Errorf("%q is %q", c.Login, p.FullName())
		}
	}
	if persons["anna"].UsesApp || !persons["jan"].UsesApp || persons["maria"].Language != party.English {
		t.Error("anna uses SMS, jan the application, maria reads English")
	}
	devices := map[party.PersonID]bool{}
	for _, d := range w.Batch.Devices {
		devices[d.Person] = true
	}
	for _, p := range w.Batch.Persons {
		if p.UsesApp != devices[p.ID] {
			t.Errorf("%s: uses the application %v, has a device %v", p.Login, p.UsesApp, devices[p.ID])
		}
	}
	for _, c := range w.Batch.Customers {
		if blocked := c.ID == "customer-ewa"; c.Blocked.IsSet() != blocked {
			t.Errorf("%s: blocked %v", c.ID, c.Blocked.IsSet())
		}
	}
	if s := accounts["account-marek-main"].Access.State; s != account.AccessBlocked {
		t.Errorf("marek's access is %s", s)
	}
	if s := accounts["account-zofia-closed"].Status; s != account.Closed {
		t.Errorf("zofia's old account is %s", s)
	}
	if c := accounts["account-katarzyna-euro"]; c.Currency() != money.EUR {
		t.Errorf("katarzyna's currency account is in %s", c.Currency())
	}
	var piotr []party.CustomerID
	for _, r := range w.Batch.Representations {
		if r.Person == "person-piotr" && r.At(day) && r.Role.MayBind() {
			piotr = append(piotr, r.Customer)
		}
	}
	if len(piotr) != 1 || piotr[0] != "customer-zielinski" {
		t.Errorf("piotr acts for %v beside himself", piotr)
	}
}

// A month of a salaried person has the things that a page of history is judged by.
func TestMonthsHaveTheirPatterns(t *testing.T) {
	w := newWorld(t, sandbox.Config{Seed: 1})
	want := map[string]func(ledger.Entry) bool{
		"salary": func(e ledger.Entry) bool {
			return strings.HasPrefix(e.Title, "Wynagrodzenie") && e.Payee.Name == "Jan Nowak"
		},
		"rent": func(e ledger.Entry) bool {
			return strings.HasPrefix(e.Title, "Czynsz najmu") && e.Payer.Name == "Anna Kowalska"
		},
		"card":          func(e ledger.Entry) bool { return e.Kind == ledger.Card && e.Payer.Name == "Anna Kowalska" },
		"contributions": func(e ledger.Entry) bool { return strings.HasPrefix(e.Title, "Składki ZUS") },
		"VAT": func(e ledger.Entry) bool {
			return strings.HasPrefix(e.Title, "/TI/N") && strings.HasSuffix(e.Title, "/SFP/VAT-7")
		},
		"income tax": func(e ledger.Entry) bool { return strings.HasSuffix(e.Title, "/SFP/PPL") },
		"split payment": func(e ledger.Entry) bool {
			return strings.HasPrefix(e.Title, "/VAT/") && strings.Contains(e.Title, "/IDC/")
		},
		"cash":           func(e ledger.Entry) bool { return e.Kind == ledger.Cash },
		"fee":            func(e ledger.Entry) bool { return e.Kind == ledger.Fee },
		"between people": func(e ledger.Entry) bool { return e.Title == "Za pizzę" || e.Title == "Za bilety" },
	}
	months := map[string]map[calendar.Month]bool{}
	for _, e := range w.Batch.Entries {
		for name, is := range want {
			if is(e) {
				if months[name] == nil {
					months[name] = map[calendar.Month]bool{}
				}
				months[name][calendar.MonthOf(e.At)] = true
			}
		}
	}
	for name := range want {
		if n := len(months[name]); n < sandbox.DefaultMonths-1 {
			t.Errorf("%s is in %d of %d months", name, n, sandbox.DefaultMonths)
		}
	}
}

func TestApplicationsAreRegistrable(t *testing.T) {
	w := newWorld(t, sandbox.Config{Seed: 1})
	statuses := map[partner.Status]bool{}
	for _, a := range w.Applications {
		if err := a.Valid(); err != nil {
			t.Errorf("%s: %v", a.ID, err)
		}
		var p partner.Partner
		for _, p = range w.Partners {
			if p.ID == a.Partner {
				break
			}
		}
		statuses[a.Status] = true
		if to := a.Status; to != partner.Sandbox {
			fresh := a
			fresh.Status = partner.Sandbox
			if err := fresh.MayBecome(to, &p); err != nil {
				t.Errorf("%s cannot become %s: %v", a.ID, to, err)
			}
		}
	}
	if len(statuses) != len(partner.Statuses) {
		t.Errorf("statuses %v", statuses)
	}
	kawomat := w.Applications[0]
	if d, ok := kawomat.Definition(consent.Permission{Object: consent.Blockades, Action: consent.Create}); kawomat.ID != "kawomat" || !ok || !d.Obligatory {
		t.Errorf("the first application is %s", kawomat.ID)
	}
	if got := kawomat.Limits.Unconfirmed.String(); got != "100.00" {
		t.Errorf("Kawomat asks for a confirmation above %s", got)
	}
}

func TestOwnersOutliveTheWorld(t *testing.T) {
	w := newWorld(t, sandbox.Config{Seed: 9})
	again, err := sandbox.Owners(9)
	if err != nil {
		t.Fatal(err)
	}
	if len(again) != len(w.Owners) {
		t.Fatalf("%d phones after a restart, %d before", len(again), len(w.Owners))
	}
	for i, o := range w.Owners {
		if a := again[i]; a.Person != o.Person || a.Login != o.Login || a.FirstName != o.FirstName || a.LastName != o.LastName || a.Number != o.Number || a.Device != o.Device {
			t.Errorf("after a restart the phone of %s is that of %s", o.Login, a.Login)
		}
	}
}

func BenchmarkNewWorld(b *testing.B) {
	for _, entries := range []int{sandbox.OnlyOpening, sandbox.DefaultEntries, sandbox.MaxEntries} {
		b.Run(fmt.Sprint(entries), func(b *testing.B) {
			b.ReportAllocs()
			var w *sandbox.World
			for b.Loop() {
				w = newWorld(b, sandbox.Config{Seed: 1, Entries: entries})
			}
			b.ReportMetric(float64(len(w.Batch.Entries)), "entries")
		})
	}
}

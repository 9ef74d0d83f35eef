package office

import (
	"strings"
	"testing"

	"okienko/bank"
	"okienko/bank/partner"
	"okienko/bank/party"
)

// TestCustomersFields spoils one field at a time of the example.
func TestCustomersFields(t *testing.T) {
	b := newBank(t, partner.Production)
	for _, tt := range []struct {
		name  string
		spoil func(*CustomersDocument)
		field string
	}{
		{"nothing", func(d *CustomersDocument) { *d = CustomersDocument{} }, "customers"},
		{"a person without an id", func(d *CustomersDocument) { d.Persons[0].ID = "" }, "persons"},
		{"a person twice", func(d *CustomersDocument) {
			d.Persons = append(d.Persons, PersonDocument{ID: d.Persons[0].ID, FirstName: "A", LastName: "B"})
		}, "persons"},
		{"a person without a name", func(d *CustomersDocument) { d.Persons[0].LastName = "" }, "last_name"},
		{"a mistyped PESEL", func(d *CustomersDocument) { d.Persons[0].PESEL = "90031554329" }, "pesel"},
		{"a PESEL twice", func(d *CustomersDocument) { d.Persons[0].PESEL = d.Persons[1].PESEL }, "pesel"},
		{"a phone without a country", func(d *CustomersDocument) { d.Persons[0].Phone = "600700801" }, "phone"},
		{"a language of nobody's", func(d *CustomersDocument) { d.Persons[0].Language = "de" }, "language"},
		{"a login without a password", func(d *CustomersDocument) { d.Persons[0].Password = "" }, "login"},
		{"a password without a login", func(d *CustomersDocument) { d.Persons[0].Login = "" }, "login"},
		{"a login with a space", func(d *CustomersDocument) { d.Persons[0].Login = "marek lis" }, "login"},
		{"a login twice", func(d *CustomersDocument) { d.Persons[0].Login = d.Persons[1].Login }, "login"},
		{"a short password", func(d *CustomersDocument) { d.Persons[0].Password = "koza12345" }, "password"},
		{"a long password", func(d *CustomersDocument) { d.Persons[0].Password = strings.Repeat("k", 257) }, "password"},
		{"a customer with a colon", func(d *CustomersDocument) { d.Customers[0].ID = "a:b" }, "customers"},
		{"a customer twice", func(d *CustomersDocument) { d.Customers = append(d.Customers, d.Customers[0]) }, "customers"},
		{"a customer without a name", func(d *CustomersDocument) { d.Customers[0].Name = "" }, "name"},
		{"an unknown segment", func(d *CustomersDocument) { d.Customers[1].Segment = "robot" }, "segment"},
		{"an individual without a person", func(d *CustomersDocument) { d.Customers[0].Person = "" }, "person"},
		{"an individual who is nobody", func(d *CustomersDocument) { d.Customers[0].Person = "none" }, "person"},
		{"an individual for whom others act", func(d *CustomersDocument) { d.Customers[0].Acts = d.Customers[1].Acts }, "acts"},
		{"a mistyped NIP", func(d *CustomersDocument) { d.Customers[1].NIP = "5214321099" }, "nip"},
		{"a mistyped REGON", func(d *CustomersDocument) { d.Customers[1].REGON = "147852368" }, "regon"},
		{"a KRS with letters", func(d *CustomersDocument) { d.Customers[1].KRS = "KRS0123456" }, "krs"},
		{"a limit that is no amount", func(d *CustomersDocument) { d.Customers[0].Limits.RecurringMonthly = "1e2" }, "recurring_monthly"},
		{"an unknown role", func(d *CustomersDocument) { d.Customers[1].Acts[0].Role = "boss" }, "role"},
		{"somebody unknown acts", func(d *CustomersDocument) { d.Customers[1].Acts[0].Person = "none" }, "acts"},
		{"somebody acts twice", func(d *CustomersDocument) {
			d.Customers[1].Acts[0].PerMille = 1
			d.Customers[1].Acts = append(d.Customers[1].Acts, d.Customers[1].Acts[0])
		}, "acts"},
		{"a proxy with a share", func(d *CustomersDocument) { d.Customers[1].Acts[0].Role = "proxy_user" }, "per_mille"},
		{"more than the whole", func(d *CustomersDocument) { d.Customers[1].Acts[0].PerMille = 1001 }, "per_mille"},
		{"no first day", func(d *CustomersDocument) { d.Customers[1].Acts[0].From = "" }, "from"},
		{"a last day before the first", func(d *CustomersDocument) { d.Customers[1].Acts[0].Until = "2020-01-01" }, "until"},
		{"an account of nobody's", func(d *CustomersDocument) { d.Accounts[0].Customer = "none" }, "accounts"},
		{"an account of the bank's own", func(d *CustomersDocument) { d.Accounts[0].ID = "own-fee-income" }, "accounts"},
		{"an account twice", func(d *CustomersDocument) { d.Accounts[1].ID = d.Accounts[0].ID }, "accounts"},
		{"a mistyped number", func(d *CustomersDocument) { d.Accounts[0].NRB = "39" + d.Accounts[0].NRB[2:] }, "nrb"},
		{"a number twice", func(d *CustomersDocument) { d.Accounts[1].NRB = "PL" + d.Accounts[0].NRB }, "nrb"},
		{"an unknown currency", func(d *CustomersDocument) { d.Accounts[0].Currency = "JPY" }, "currency"},
		{"a product with a colon", func(d *CustomersDocument) { d.Accounts[0].ProductGroup = "A:B" }, "product_group"},
		{"a product in small letters", func(d *CustomersDocument) { d.Accounts[0].ProductType = "personal" }, "product_type"},
		{"an overdraft below zero", func(d *CustomersDocument) { d.Accounts[0].Overdraft = "-1.00" }, "overdraft"},
		{"an opening balance below zero", func(d *CustomersDocument) { d.Accounts[0].Opening = "-1.00" }, "opening"},
		{"an opening balance in euro", func(d *CustomersDocument) { d.Accounts[0].Currency, d.Accounts[0].Overdraft = "EUR", "" }, "opening"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := example[CustomersDocument](t, "customers.toml")
			tt.spoil(&d)
			_, err := b.try(&ImportCustomers{d})
			refused(t, err, bank.InvalidParameter, tt.field)
		})
	}
}

// What the file says is in the bank afterwards.
func TestImportTakesEverythingIn(t *testing.T) {
	b := furnished(t)
	ctx := t.Context()
	p, err := b.store.Person(ctx, "person-ewa.sowa")
	if err != nil || p.FullName() != "Ewa Sowa" || p.PESEL != "85112022144" || p.Language != party.English || p.Login != "ewa.sowa" || p.Phone != "+48600700802" {
		t.Errorf("person %+v, %v", p, err)
	}
	acts, err := b.store.ActsFor(ctx, "person-ewa.sowa")
	if err != nil || len(acts) != 1 || acts[0].Customer.ID != "customer-kajak" || acts[0].Representation.Role != party.Owner ||
		!acts[0].Representation.At(b.clock.Now()) || !acts[0].Representation.Until.IsZero() {
		t.Errorf("acts %+v, %v", acts, err)
	}
	marek, kajak := b.account("account-marek.lis"), b.account("account-kajak")
	if marek.Booked != pln(1500_00) || marek.Access.State != "on" || marek.Holder != "Marek Lis" {
		t.Errorf("account %+v", marek)
	}
	if !kajak.Booked.IsZero() || kajak.Access.State != "off" {
		t.Errorf("account %+v", kajak)
	}
	l, err := b.store.CustomerLimits(ctx, "customer-marek.lis")
	if err != nil || l.OneOff.Daily.Amount != pln(2000_00) || l.Recurring.Single.Amount != pln(500_00) || l.OneOff.Single.Set {
		t.Errorf("limits %+v, %v", l, err)
	}
}

// An import adds, and never replaces.
func TestImportRefusesWhatTheBankHas(t *testing.T) {
	b := furnished(t)
	whole := example[CustomersDocument](t, "customers.toml")
	fresh := func() PersonDocument { return PersonDocument{ID: "person-new", FirstName: "Jan", LastName: "Nowy"} }
	account := whole.Accounts[0]
	account.ID = "account-new"
	login := fresh()
	login.Login, login.Password = "ewa.sowa", "another long password"
	for _, tt := range []struct {
		name  string
		d     CustomersDocument
		field string
		tried bool // trying sees it; else only the store does
	}{
		{"the file again", whole, "persons", true},
		{"a customer", CustomersDocument{Customers: whole.Customers}, "customers", true},
		{"an account", CustomersDocument{Accounts: whole.Accounts}, "accounts", true},
		{"an account number", CustomersDocument{Accounts: []AccountDocument{account}}, "nrb", false},
		{"a login", CustomersDocument{Persons: []PersonDocument{login}}, "logins", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := b.try(&ImportCustomers{tt.d}); tt.tried {
				refused(t, err, bank.InvalidParameter, tt.field)
			}
			before := b.dump()
			_, err := b.Do(t.Context(), Request{Command: &ImportCustomers{tt.d}, By: "a.nowak", Apply: true})
			refused(t, err, bank.InvalidParameter, tt.field)
			if b.dump() != before {
				t.Error("a refused import left something behind")
			}
		})
	}
	// An account for a customer whom the bank has already.
	account.NRB = "44 0000 0013 9000 0000 0000 0009"
	b.do(&ImportCustomers{CustomersDocument{Persons: []PersonDocument{fresh()}, Accounts: []AccountDocument{account}}})
	if a := b.account("account-new"); a.Holder != "Marek Lis" || a.Booked != pln(1500_00) {
		t.Errorf("account %+v", a)
	}
}

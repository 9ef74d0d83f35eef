package office

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"okienko/bank"
	"okienko/bank/partner"
)

// TestPartnerFields spoils one field at a time of the example.
func TestPartnerFields(t *testing.T) {
	b := furnished(t)
	for _, tt := range []struct {
		name  string
		spoil func(*PartnerDocument)
		field string
	}{
		{"no id", func(d *PartnerDocument) { d.ID = "" }, "id"},
		{"an id with a colon", func(d *PartnerDocument) { d.ID = "ka:jak" }, "id"},
		{"an id that begins with a dot", func(d *PartnerDocument) { d.ID = ".." }, "id"},
		{"a long id", func(d *PartnerDocument) { d.ID = strings.Repeat("k", 65) }, "id"},
		{"no name", func(d *PartnerDocument) { d.Name = "" }, "name"},
		{"a long name", func(d *PartnerDocument) { d.Name = strings.Repeat("k", 101) }, "name"},
		{"a name turned around", func(d *PartnerDocument) { d.Name = "kajak\u202e" }, "name"},
		{"a name that is no UTF-8", func(d *PartnerDocument) { d.Name = "kaj\xff" }, "name"},
		{"a name with a space before", func(d *PartnerDocument) { d.Name = " Kajak" }, "name"},
		{"no legal name", func(d *PartnerDocument) { d.LegalName = "" }, "name"},
		{"a long legal name", func(d *PartnerDocument) { d.LegalName = strings.Repeat("k", 301) }, "legal_name"},
		{"no NIP", func(d *PartnerDocument) { d.NIP = "" }, "nip"},
		{"a mistyped NIP", func(d *PartnerDocument) { d.NIP = "5214321099" }, "nip"},
		{"a mistyped REGON", func(d *PartnerDocument) { d.REGON = "147852368" }, "regon"},
		{"a short KRS", func(d *PartnerDocument) { d.KRS = "123456" }, "krs"},
		{"an address of two lines", func(d *PartnerDocument) { d.Address = "a\nb" }, "address"},
		{"no e-mail", func(d *PartnerDocument) { d.Email = "kajak" }, "email"},
		{"an e-mail with a name", func(d *PartnerDocument) { d.Email = "K <api@kajak.example>" }, "email"},
		{"a phone without a country", func(d *PartnerDocument) { d.Phone = "600700803" }, "phone"},
		{"a phone with spaces", func(d *PartnerDocument) { d.Phone = "+48 600 700" }, "phone"},
		{"an unknown customer", func(d *PartnerDocument) { d.Customer = "none" }, "customer"},
		{"an agreement without a day", func(d *PartnerDocument) { d.SignedOn = "" }, "signed_on"},
		{"a day without an agreement", func(d *PartnerDocument) { d.Agreement = "" }, "agreement"},
		{"a day of another form", func(d *PartnerDocument) { d.SignedOn = "15.01.2026" }, "signed_on"},
		{"a day that does not exist", func(d *PartnerDocument) { d.SignedOn = "2026-02-30" }, "signed_on"},
		{"a day to come", func(d *PartnerDocument) { d.SignedOn = "2026-11-22" }, "signed_on"},
		{"an unknown employee", func(d *PartnerDocument) { d.Employees = []string{"none"} }, "employees"},
		{"an employee twice", func(d *PartnerDocument) { d.Employees = []string{"person-ewa.sowa", "person-ewa.sowa"} }, "employees"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := example[PartnerDocument](t, "partner.toml")
			tt.spoil(&d)
			_, err := b.try(&PutPartner{d})
			refused(t, err, bank.InvalidParameter, tt.field)
		})
	}
}

// TestApplicationFields spoils one field at a time of the example.
func TestApplicationFields(t *testing.T) {
	b := furnished(t)
	for _, tt := range []struct {
		name  string
		spoil func(*ApplicationDocument)
		field string
	}{
		{"no id", func(d *ApplicationDocument) { d.ID = "" }, "id"},
		{"an unknown partner", func(d *ApplicationDocument) { d.Partner = "none" }, "partner"},
		{"no name", func(d *ApplicationDocument) { d.Name = "" }, "name"},
		{"a hidden character", func(d *ApplicationDocument) { d.Name = "Ka\u200bjak" }, "name"},
		{"a long description", func(d *ApplicationDocument) { d.Description = strings.Repeat("d", 301) }, "description"},
		{"a logo of another type", func(d *ApplicationDocument) { d.LogoType = "image/gif" }, "logo_type"},
		{"a type without a logo", func(d *ApplicationDocument) { d.Logo = nil }, "logo_file"},
		{"a logo that nobody read", func(d *ApplicationDocument) { d.Logo, d.LogoFile = nil, "kajak.svg" }, "logo_file"},
		{"a large logo", func(d *ApplicationDocument) { d.Logo = append(d.Logo, bytes.Repeat([]byte(" "), maxLogo)...) }, "logo_file"},
		{"no return address", func(d *ApplicationDocument) { d.RedirectURIs, d.AndroidReturn, d.IOSReturn = nil, nil, nil }, "redirectUris"},
		{"too many return addresses", func(d *ApplicationDocument) {
			for i := range maxReturns + 1 {
				d.CallbackURIs = append(d.CallbackURIs, fmt.Sprintf("https://kajak.example/%d", i))
			}
		}, "callback_uris"},
		{"no address", func(d *ApplicationDocument) { d.Addresses = nil }, "addresses"},
		{"no address at all", func(d *ApplicationDocument) { d.Addresses = []string{"kajak.example"} }, "addresses"},
		{"an address with a zone", func(d *ApplicationDocument) { d.Addresses = []string{"fe80::1%eth0"} }, "addresses"},
		{"the whole world", func(d *ApplicationDocument) { d.Addresses = []string{"0.0.0.0/0"} }, "addresses"},
		{"the whole world, again", func(d *ApplicationDocument) { d.Addresses = []string{"::/0"} }, "addresses"},
		{"a wide network", func(d *ApplicationDocument) { d.Addresses = []string{"193.0.0.0/15"} }, "addresses"},
		{"an address inside a network", func(d *ApplicationDocument) { d.Addresses = []string{"193.0.6.1/24"} }, "addresses"},
		{"IPv4 written as IPv6", func(d *ApplicationDocument) { d.Addresses = []string{"::ffff:193.0.6.0/120"} }, "addresses"},
		{"a private network", func(d *ApplicationDocument) { d.Addresses = []string{"10.1.0.0/16"} }, "addresses"},
		{"this machine", func(d *ApplicationDocument) { d.Addresses = []string{"127.0.0.0/8"} }, "addresses"},
		{"an unknown permission", func(d *ApplicationDocument) { d.Permissions[0].Permission = "MONEY:TAKE" }, "permissions"},
		{"a permission twice", func(d *ApplicationDocument) { d.Permissions[1] = d.Permissions[0] }, "permissions"},
		{"no permission", func(d *ApplicationDocument) { d.Permissions = nil }, "permissions"},
		{"a negative time", func(d *ApplicationDocument) { d.Permissions[0].ValidSeconds = -2 }, "permissions"},
		{"a time beyond all numbers", func(d *ApplicationDocument) { d.Permissions[0].ValidSeconds = 1 << 62 }, "permissions"},
		{"negative calls", func(d *ApplicationDocument) { d.Permissions[0].Calls = -2 }, "permissions"},
		{"no limit", func(d *ApplicationDocument) { d.Limits.Single = "" }, "single"},
		{"a limit with a comma", func(d *ApplicationDocument) { d.Limits.Daily = "1000,00" }, "daily"},
		{"a limit below zero", func(d *ApplicationDocument) { d.Limits.Monthly = "-1.00" }, "monthly"},
		{"a limit without decimals", func(d *ApplicationDocument) { d.Limits.Unconfirmed = "50" }, "unconfirmed"},
		{"a limit of fees that is no amount", func(d *ApplicationDocument) { d.Charges = "a lot" }, "charges_limit"},
		{"one fee above the limit of fees", func(d *ApplicationDocument) { d.Charges = "0.49" }, "charges_limit"},
		{"a fee for nothing", func(d *ApplicationDocument) { d.Fees["breath"] = "1.00" }, "fees"},
		{"a fee that is no amount", func(d *ApplicationDocument) { d.Fees["hold"] = "1" }, "fees"},
		{"a fee without its point", func(d *ApplicationDocument) { d.Charges, d.Fees["hold"] = "", "100.01" }, "fees"},
		{"an unknown account", func(d *ApplicationDocument) { d.Account = "none" }, "account"},
		{"somebody else's account", func(d *ApplicationDocument) { d.Account = "account-marek.lis" }, "account"},
		{"the bank's own account", func(d *ApplicationDocument) { d.Account = "own-fee-income" }, "account"},
		{"an address as a domain", func(d *ApplicationDocument) { d.Domain = "10.0.0.1" }, "domain"},
		{"a domain with a port", func(d *ApplicationDocument) { d.Domain = "kajak.example:443" }, "domain"},
		{"a domain in capitals", func(d *ApplicationDocument) { d.Domain = "Kajak.example" }, "domain"},
		{"a proof without a domain", func(d *ApplicationDocument) { d.Domain = "" }, "domain"},
		{"a proof by post", func(d *ApplicationDocument) { d.DomainMethod = "post" }, "domain_method"},
		{"a short token", func(d *ApplicationDocument) { d.DomainToken = "abc" }, "domain_token"},
		{"a token with a quote", func(d *ApplicationDocument) { d.DomainToken = `abcdefgh"` }, "domain_token"},
		{"a negative life", func(d *ApplicationDocument) { d.AccessSeconds = -1 }, "access_seconds"},
		{"a life beyond all numbers", func(d *ApplicationDocument) { d.RefreshSeconds = 1 << 62 }, "refresh_seconds"},
		{"a refresh token that dies first", func(d *ApplicationDocument) { d.RefreshSeconds = 60 }, "tokens"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := exampleApplication(t)
			tt.spoil(&d)
			_, err := b.try(&PutApplication{d})
			refused(t, err, bank.InvalidParameter, tt.field)
		})
	}
}

// A partner that is no customer has no account: the bank's own have no customer
// either, and are not its.
func TestAPartnerThatIsNoCustomerHasNoAccount(t *testing.T) {
	b := furnished(t)
	d := example[PartnerDocument](t, "partner.toml")
	d.ID, d.Customer = "stranger", ""
	b.do(&PutPartner{d})
	a := exampleApplication(t)
	a.ID, a.Partner, a.Account = "strange-app", "stranger", "own-fee-income"
	_, err := b.try(&PutApplication{a})
	refused(t, err, bank.InvalidParameter, "account")
}

func TestASandboxTakesAddressesOfTheMachine(t *testing.T) {
	b := newBank(t, partner.Test)
	b.do(&ImportCustomers{example[CustomersDocument](t, "customers.toml")})
	b.do(&PutPartner{example[PartnerDocument](t, "partner.toml")})
	d := exampleApplication(t)
	d.Addresses = []string{"127.0.0.0/8", "::1", "::ffff:10.1.2.3"}
	b.do(&PutApplication{d})
	if got := joined(b.application().Addresses); got != "127.0.0.0/8, ::1/128, 10.1.2.3/32" {
		t.Errorf("addresses %s", got)
	}
}

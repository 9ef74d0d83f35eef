package office

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/consent"
	"okienko/bank/fee"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/partner"
	"okienko/bank/party"
)

// PartnerDocument is a partner as staff write it down. A day is written as
// "2026-11-21".
type PartnerDocument struct {
	ID        string   `toml:"id"`
	Name      string   `toml:"name"`
	LegalName string   `toml:"legal_name"`
	NIP       string   `toml:"nip"`
	REGON     string   `toml:"regon"`
	KRS       string   `toml:"krs"`
	Address   string   `toml:"address"`
	Email     string   `toml:"email"`
	Phone     string   `toml:"phone"`
	Customer  string   `toml:"customer"` // id as a customer of the bank
	Agreement string   `toml:"agreement"`
	SignedOn  string   `toml:"signed_on"`
	Employees []string `toml:"employees"` // ids of persons
}

func (d *PartnerDocument) partner(now time.Time) (partner.Partner, error) {
	p := partner.Partner{
		ID: partner.ID(d.ID), Name: d.Name, LegalName: d.LegalName, KRS: d.KRS, Address: d.Address,
		Email: d.Email, Phone: d.Phone, Customer: party.CustomerID(d.Customer), Since: now,
	}
	if err := cmp.Or(identifier("id", d.ID), lines(maxName, "name", d.Name, "agreement", d.Agreement),
		lines(maxText, "legal_name", d.LegalName, "address", d.Address),
		krs("krs", d.KRS), email("email", d.Email), phone("phone", d.Phone)); err != nil {
		return p, err
	}
	if d.Name == "" || d.LegalName == "" {
		return p, bank.RefuseField("name", "A partner has a name and a legal name.")
	}
	var err error
	if p.NIP, err = party.ParseNIP(d.NIP); err != nil {
		return p, bank.RefuseField("nip", "The NIP is wrong.").Because(err)
	}
	if d.REGON != "" {
		if p.REGON, err = party.ParseREGON(d.REGON); err != nil {
			return p, bank.RefuseField("regon", "The REGON is wrong.").Because(err)
		}
	}
	if d.Agreement != "" || d.SignedOn != "" {
		on, err := day("signed_on", d.SignedOn)
		switch {
		case err != nil:
			return p, err
		case d.Agreement == "":
			return p, bank.RefuseField("agreement", "A day of signing without the reference of an agreement.")
		case on.After(now):
			return p, bank.RefuseField("signed_on", "The agreement is signed in the future.")
		}
		p.Agreement = partner.Agreement{Reference: d.Agreement, SignedAt: on}
	}
	for i, e := range d.Employees {
		if slices.Contains(d.Employees[:i], e) {
			return p, bank.RefuseField("employees", fmt.Sprintf("The person %q stands twice.", e))
		}
		p.Employees = append(p.Employees, party.PersonID(e))
	}
	return p, nil
}

// ApplicationDocument is an application as staff write it down: every field of
// partner-api §2. Amounts are "100.00" in PLN.
type ApplicationDocument struct {
	ID                string               `toml:"id"`
	Partner           string               `toml:"partner"`
	Name              string               `toml:"name"`
	Description       string               `toml:"description"`
	LogoType          string               `toml:"logo_type"`
	Logo              []byte               `toml:"-"` // read from LogoFile by whoever sends the document
	LogoFile          string               `toml:"logo_file"`
	RedirectURIs      []string             `toml:"redirect_uris"`
	CallbackURIs      []string             `toml:"callback_uris"`
	AndroidReturn     []string             `toml:"android_return"`
	IOSReturn         []string             `toml:"ios_return"`
	Addresses         []string             `toml:"addresses"`
	Permissions       []PermissionDocument `toml:"permissions"`
	Limits            LimitsDocument       `toml:"limits"`
	Charges           string               `toml:"charges_limit"` // fees in a month; "" for no cap
	Account           string               `toml:"account"`
	Domain            string               `toml:"domain"`
	DomainMethod      string               `toml:"domain_method"` // dns or file
	DomainToken       string               `toml:"domain_token"`
	Native            bool                 `toml:"native"`
	AccessSeconds     int64                `toml:"access_seconds"`  // 0: 20 minutes
	RefreshSeconds    int64                `toml:"refresh_seconds"` // 0: 90 days
	ReleaseByCustomer bool                 `toml:"release_by_customer"`
	Fees              map[string]string    `toml:"fees"`
}

// PermissionDocument is one permission of an application.
type PermissionDocument struct {
	Permission   string `toml:"permission"` // "BLOCKADES:CREATE"
	Obligatory   bool   `toml:"obligatory"`
	ValidSeconds int64  `toml:"valid_seconds"` // 0: no end
	Calls        int64  `toml:"calls"`         // 0: no end
}

// LimitsDocument are four amounts.
type LimitsDocument struct {
	Single      string `toml:"single"`
	Daily       string `toml:"daily"`
	Monthly     string `toml:"monthly"`
	Unconfirmed string `toml:"unconfirmed"`
}

// The longest settings of an application, so that a mistyped number does not
// make a token for ever.
const (
	longestAccess     = 24 * time.Hour
	longestRefresh    = 366 * 24 * time.Hour
	longestPermission = 10 * 366 * 24 * time.Hour
	maxCalls          = 1_000_000_000
	maxAddresses      = 100
)

func (d *ApplicationDocument) application(now time.Time) (partner.Application, error) {
	a := partner.Application{
		ID: consent.ClientID(d.ID), Partner: partner.ID(d.Partner), Name: d.Name, Description: d.Description,
		RedirectURIs: d.RedirectURIs, CallbackURIs: d.CallbackURIs, AndroidReturn: d.AndroidReturn, IOSReturn: d.IOSReturn,
		Account: account.ID(d.Account), Native: d.Native, ReleaseByCustomer: d.ReleaseByCustomer,
		Domain: partner.DomainProof{Domain: d.Domain, Method: partner.DomainMethod(d.DomainMethod), Token: d.DomainToken},
		Status: partner.Sandbox, Since: now, Fees: fee.Table{},
	}
	if err := cmp.Or(identifier("id", d.ID), line("name", d.Name, maxName), line("description", d.Description, maxText), d.returns(), d.domain()); err != nil {
		return a, err
	}
	var err error
	if a.AccessTTL, err = life("access_seconds", d.AccessSeconds, partner.DefaultAccessTTL, longestAccess); err != nil {
		return a, err
	}
	if a.RefreshTTL, err = life("refresh_seconds", d.RefreshSeconds, partner.DefaultRefreshTTL, longestRefresh); err != nil {
		return a, err
	}
	if len(d.Addresses) > maxAddresses {
		return a, bank.RefuseField("addresses", fmt.Sprintf("There are at most %d networks.", maxAddresses))
	}
	for _, s := range d.Addresses {
		p, err := prefix(s)
		if err != nil {
			return a, err
		}
		a.Addresses = append(a.Addresses, p)
	}
	switch {
	case len(d.Logo) > 0:
		if err := checkLogo(d.LogoType, d.Logo); err != nil {
			return a, err
		}
		a.Logo = partner.Logo{MediaType: d.LogoType, Bytes: d.Logo}
	case d.LogoFile != "":
		return a, bank.RefuseField("logo_file", "The logo is empty.")
	case d.LogoType != "":
		return a, bank.RefuseField("logo_file", "A type of logo without a logo.")
	}
	if err := d.permissions(&a); err != nil {
		return a, err
	}
	if err := d.amounts(&a); err != nil {
		return a, err
	}
	err = a.Valid()
	return a, err
}

// domain checks what stands about the domain. A token that is left out is made
// by the bank.
func (d *ApplicationDocument) domain() error {
	if d.Domain == "" {
		if d.DomainMethod != "" || d.DomainToken != "" {
			return bank.RefuseField("domain", "A method or token of proof without a domain.")
		}
		return nil
	}
	if err := Domain(d.Domain); err != nil {
		return err
	}
	if m := partner.DomainMethod(d.DomainMethod); m != partner.ByDNS && m != partner.ByFile {
		return bank.RefuseField("domain_method", "A domain is proven by dns or by file.")
	}
	if d.DomainToken != "" && (len(d.DomainToken) < 8 || identifier("domain_token", d.DomainToken) != nil) {
		return bank.RefuseField("domain_token", "The token is 8 to 64 letters, digits, dashes, dots or underscores.")
	}
	return nil
}

func (d *ApplicationDocument) permissions(a *partner.Application) error {
	for _, p := range d.Permissions {
		if p.ValidSeconds > int64(longestPermission/time.Second) || p.Calls > maxCalls {
			return bank.RefuseField("permissions", "A permission is given for at most ten years and a billion calls; leave the number out for no end.")
		}
		perm, err := consent.ParsePermission(p.Permission)
		if err != nil {
			return err
		}
		if _, twice := a.Definition(perm); twice {
			return bank.RefuseField("permissions", "The permission stands twice: "+p.Permission)
		}
		def := consent.Definition{
			Permission: perm, Obligatory: p.Obligatory,
			ValidSeconds: orUnrestricted(p.ValidSeconds), Quota: orUnrestricted(p.Calls),
		}
		a.Permissions = append(a.Permissions, def)
	}
	return nil
}

func orUnrestricted(n int64) int64 {
	if n == 0 {
		return consent.Unrestricted
	}
	return n
}

func (d *ApplicationDocument) amounts(a *partner.Application) error {
	var err error
	if a.Limits, err = d.Limits.limits(); err != nil {
		return err
	}
	if a.Charges, err = capOf("charges_limit", d.Charges); err != nil {
		return err
	}
	for act, s := range d.Fees {
		f, err := money.Parse(s, money.PLN)
		switch {
		case err != nil || !slices.Contains(fee.Acts, fee.Act(act)):
			return bank.RefuseField("fees", "A fee is an amount such as 0.50, for hold, payment or transfer.").Because(err)
		case f.MoreThan(money.New(maxFee, money.PLN)):
			return bank.RefuseField("fees", "A fee of more than "+money.New(maxFee, money.PLN).String()+" must be a mistake.")
		case a.Charges.Set && f.MoreThan(a.Charges.Amount):
			return bank.RefuseField("charges_limit", "One fee alone is above the limit of fees in a month: the act could never be done.")
		}
		a.Fees[fee.Act(act)] = f.Minor()
	}
	return nil
}

// maxFee is what one act may cost, in grosz: it stops a price that was typed
// without its point.
const maxFee = 100_00

func (d *LimitsDocument) limits() (limit.Limits, error) {
	var l limit.Limits
	for _, f := range []struct {
		name, text string
		into       *money.Amount
	}{{"single", d.Single, &l.Single}, {"daily", d.Daily, &l.Daily}, {"monthly", d.Monthly, &l.Monthly}, {"unconfirmed", d.Unconfirmed, &l.Unconfirmed}} {
		var err error
		if *f.into, err = money.Parse(f.text, money.PLN); err != nil {
			return l, bank.RefuseField(f.name, "A limit is an amount such as 100.00.").Because(err)
		}
	}
	return l, nil
}

func capOf(name, s string) (limit.Cap, error) {
	if s == "" {
		return limit.Cap{}, nil
	}
	a, err := money.Parse(s, money.PLN)
	if err != nil {
		return limit.Cap{}, bank.RefuseField(name, "A limit is an amount such as 100.00, or nothing for none.").Because(err)
	}
	return limit.CapAt(a), nil
}

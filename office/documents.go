package office

import (
	"net/netip"
	"net/url"
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

// PartnerDocument is a partner as staff write it down. All times are days
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
	if d.ID == "" || d.Name == "" || d.LegalName == "" {
		return p, bank.RefuseField("partner", "A partner has an id, a name and a legal name.")
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
	if d.Agreement != "" {
		on, err := day("signed_on", d.SignedOn)
		if err != nil {
			return p, err
		}
		p.Agreement = partner.Agreement{Reference: d.Agreement, SignedAt: on}
	}
	for _, e := range d.Employees {
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

func (d *ApplicationDocument) application(now time.Time) (partner.Application, error) {
	a := partner.Application{
		ID: consent.ClientID(d.ID), Partner: partner.ID(d.Partner), Name: d.Name, Description: d.Description,
		Logo:         partner.Logo{MediaType: d.LogoType, Bytes: d.Logo},
		RedirectURIs: d.RedirectURIs, CallbackURIs: d.CallbackURIs, AndroidReturn: d.AndroidReturn, IOSReturn: d.IOSReturn,
		Account: account.ID(d.Account), Native: d.Native, ReleaseByCustomer: d.ReleaseByCustomer,
		Domain:    partner.DomainProof{Domain: d.Domain, Method: partner.DomainMethod(d.DomainMethod), Token: d.DomainToken},
		AccessTTL: partner.DefaultAccessTTL, RefreshTTL: partner.DefaultRefreshTTL,
		Status: partner.Sandbox, Since: now, Fees: fee.Table{},
	}
	if d.ID == "" {
		return a, bank.RefuseField("id", "An application has an id.")
	}
	if d.AccessSeconds > 0 {
		a.AccessTTL = time.Duration(d.AccessSeconds) * time.Second
	}
	if d.RefreshSeconds > 0 {
		a.RefreshTTL = time.Duration(d.RefreshSeconds) * time.Second
	}
	for _, u := range slices.Concat(d.RedirectURIs, d.CallbackURIs, d.AndroidReturn, d.IOSReturn) {
		if p, err := url.Parse(u); err != nil || p.Scheme == "" || p.Fragment != "" || p.Scheme == "http" || p.Scheme == "javascript" || p.Scheme == "data" {
			return a, bank.RefuseField("redirect_uris", "A return address is an absolute URI, https or an application's own scheme, without a fragment: "+u)
		}
	}
	for _, s := range d.Addresses {
		p, err := prefix(s)
		if err != nil {
			return a, bank.RefuseField("addresses", "This is no address or network: "+s).Because(err)
		}
		a.Addresses = append(a.Addresses, p)
	}
	if err := d.logo(); err != nil {
		return a, err
	}
	if err := d.permissions(&a); err != nil {
		return a, err
	}
	if err := d.amounts(&a); err != nil {
		return a, err
	}
	return a, a.Valid()
}

// maxLogo bounds a picture that every consent page carries.
const maxLogo = 64 << 10

func (d *ApplicationDocument) logo() error {
	switch {
	case len(d.Logo) == 0:
		return nil
	case len(d.Logo) > maxLogo:
		return bank.RefuseField("logo_file", "A logo has at most 64 KiB.")
	case d.LogoType != "image/png" && d.LogoType != "image/svg+xml":
		return bank.RefuseField("logo_type", "A logo is image/png or image/svg+xml.")
	}
	return nil
}

func (d *ApplicationDocument) permissions(a *partner.Application) error {
	for _, p := range d.Permissions {
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
	if d.Charges != "" {
		if a.Charges, err = capOf("charges_limit", d.Charges); err != nil {
			return err
		}
	}
	for act, s := range d.Fees {
		f, err := money.Parse(s, money.PLN)
		if err != nil || !slices.Contains(fee.Acts, fee.Act(act)) {
			return bank.RefuseField("fees", "A fee is an amount for hold, payment or transfer.")
		}
		a.Fees[fee.Act(act)] = f.Minor()
	}
	return nil
}

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

func prefix(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, err
	}
	return a.Prefix(a.BitLen())
}

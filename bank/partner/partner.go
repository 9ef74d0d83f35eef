// Package partner owns the companies that offer applications, the applications
// themselves with all that the bank has registered of them (partner-api §2),
// and the statuses through which an application goes.
//
// It hands out no token (package authserver does) and asks no customer.
package partner

import (
	"net/netip"
	"slices"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/consent"
	"okienko/bank/fee"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/party"
)

// ID names a partner.
type ID string

// ClientID names an application.
type ClientID = consent.ClientID

// Partner is a company that offers applications.
type Partner struct {
	ID        ID
	Name      string // as customers know it
	LegalName string
	NIP       party.NIP
	REGON     party.REGON
	KRS       string
	Address   string
	Email     string
	Phone     string
	Customer  party.CustomerID // the partner as a customer of the bank; "" while it is none
	Agreement Agreement
	Employees []party.PersonID // persons it names as its own; they may pair in BETA
	Since     time.Time
}

// Agreement is the contract that a partner signs with the bank. BETA and
// PUBLIC need one (partner-api §2).
type Agreement struct {
	Reference string
	SignedAt  time.Time
}

// Signed tells whether there is a signed agreement.
func (a Agreement) Signed() bool { return a.Reference != "" && !a.SignedAt.IsZero() }

// Status is how far an application is open.
type Status string

// The statuses, each more open than the one before.
const (
	Sandbox Status = "SANDBOX" // test environment only
	Beta    Status = "BETA"    // production, for the partner and the persons it names
	Public  Status = "PUBLIC"  // production, for every customer
)

// Statuses lists every status once, from the narrowest to the widest.
var Statuses = []Status{Sandbox, Beta, Public}

// Environment is the world in which a bank runs.
type Environment string

// The environments: a sandbox's made-up world, or a real bank.
const (
	Test       Environment = "test"
	Production Environment = "production"
)

// Application is what a partner offers and the bank has registered.
type Application struct {
	ID            ClientID
	Partner       ID
	Name          string
	Description   string
	Logo          Logo
	RedirectURIs  []string // exact match, at pairing
	CallbackURIs  []string // exact match, at the confirmation of an operation
	AndroidReturn []string // return addresses of the Android application
	IOSReturn     []string // return addresses of the iOS application
	Addresses     []netip.Prefix
	Permissions   []consent.Definition
	Limits        limit.Limits // the maximum that a customer can allow
	Charges       limit.Cap    // fees charged to one customer in a month
	Account       account.ID   // the partner's account that takes the transfers
	Domain        DomainProof
	Status        Status
	Native        bool // PKCE demanded (RFC 8252)
	AccessTTL     time.Duration
	RefreshTTL    time.Duration
	// ReleaseByCustomer lets the customer release holds of an ended pairing.
	ReleaseByCustomer bool
	Fees              fee.Table
	Since             time.Time
}

// Logo is the picture shown at consent.
type Logo struct {
	MediaType string // image/png or image/svg+xml
	Bytes     []byte
}

// The default lives of tokens (partner-api §4).
const (
	DefaultAccessTTL  = 20 * time.Minute
	DefaultRefreshTTL = 90 * 24 * time.Hour
)

// DomainMethod is how a partner proves that a domain is its own.
type DomainMethod string

// The ways to prove a domain (partner-api §2).
const (
	ByDNS  DomainMethod = "dns"  // a TXT record
	ByFile DomainMethod = "file" // a file on the partner's server
)

// DomainProof is the proof that a domain belongs to the partner. Who looks the
// record or the file up is a Prover; the core only keeps what it found.
type DomainProof struct {
	Domain   string
	Method   DomainMethod
	Token    string
	ProvenAt time.Time
}

// Definition finds the application's definition of a permission.
func (a *Application) Definition(p consent.Permission) (consent.Definition, bool) {
	i := slices.IndexFunc(a.Permissions, func(d consent.Definition) bool { return d.Permission == p })
	if i < 0 {
		return consent.Definition{}, false
	}
	return a.Permissions[i], true
}

// Redirects tells whether uri is registered for the end of a pairing.
func (a *Application) Redirects(uri string) bool {
	return slices.Contains(a.RedirectURIs, uri) || slices.Contains(a.AndroidReturn, uri) || slices.Contains(a.IOSReturn, uri)
}

// CallsBack tells whether uri is registered for the end of a confirmation, on
// the platform that asks.
func (a *Application) CallsBack(uri string) bool {
	return slices.Contains(a.CallbackURIs, uri) || slices.Contains(a.AndroidReturn, uri) || slices.Contains(a.IOSReturn, uri)
}

// From tells whether an address may obtain tokens for the application.
func (a *Application) From(addr netip.Addr) bool {
	addr = addr.Unmap()
	return slices.ContainsFunc(a.Addresses, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// OpenTo tells whether the application's status opens it to a person and a
// customer in this environment (partner-api §2).
func (a *Application) OpenTo(p *Partner, env Environment, who party.PersonID, customer party.CustomerID) bool {
	switch {
	case env == Test || a.Status == Public:
		return true
	case a.Status == Beta:
		return p.owns(customer) || slices.Contains(p.Employees, who)
	}
	return false
}

// owns tells whether a customer is the partner itself.
func (p *Partner) owns(customer party.CustomerID) bool {
	return p.Customer != "" && p.Customer == customer
}

// MayPair refuses a pairing that the application's status does not allow to
// this person, for this customer, in this environment (partner-api §2).
func (a *Application) MayPair(p *Partner, env Environment, who party.PersonID, customer *party.Customer) error {
	switch {
	case customer.Segment != party.Individual && !p.owns(customer.ID):
		return bank.Refuse(bank.ApplicationStatus, "The service is for individual customers.")
	case a.OpenTo(p, env, who, customer.ID):
		return nil
	case a.Status == Beta:
		return bank.Refuse(bank.ApplicationStatus, "The application is being tested and is open only to persons named by its partner.")
	default:
		return bank.Refuse(bank.ApplicationStatus, "The application is open in the test environment only.")
	}
}

// MayBecome refuses a status that the application cannot take yet: from BETA
// on the partner must have a signed agreement and an account in the bank.
func (a *Application) MayBecome(s Status, p *Partner) error {
	switch {
	case !slices.Contains(Statuses, s):
		return bank.RefuseField("status", "There is no such status.")
	case s == a.Status:
		return bank.Refuse(bank.StatusNotAllowed, "The application has this status already.")
	case s == Sandbox:
		return nil
	case !p.Agreement.Signed():
		return bank.Refuse(bank.StatusNotAllowed, "The partner has no signed agreement with the bank.")
	case a.Account == "" || p.Customer == "":
		return bank.Refuse(bank.StatusNotAllowed, "The partner has no account in the bank.")
	}
	return nil
}

// Valid refuses an application that lacks what the bank must have registered.
func (a *Application) Valid() error {
	switch {
	case a.Name == "" || len(a.Name) > 100:
		return bank.RefuseField("name", "An application has a name of 1 to 100 bytes.")
	case len(a.RedirectURIs)+len(a.AndroidReturn)+len(a.IOSReturn) == 0:
		return bank.RefuseField("redirectUris", "At least one return address is needed.")
	case len(a.Addresses) == 0:
		return bank.RefuseField("addresses", "At least one address that may obtain tokens is needed.")
	case len(a.Permissions) == 0:
		return bank.RefuseField("permissions", "At least one permission is needed.")
	case a.AccessTTL <= 0 || a.RefreshTTL <= a.AccessTTL:
		return bank.RefuseField("tokens", "A refresh token outlives an access token, and both live.")
	case a.Limits.Single.Currency() != money.PLN:
		return bank.RefuseField("limits", "Limits are in PLN.")
	}
	for _, d := range a.Permissions {
		if err := d.Valid(); err != nil {
			return err
		}
	}
	return a.Limits.Valid()
}

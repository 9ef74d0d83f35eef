package party

import (
	"time"

	"okienko/bank"
)

// CustomerID names a customer, PersonID a natural person.
type (
	CustomerID string
	PersonID   string
)

// Segment is the kind of customer. Settings such as the first API access hang
// on it (design §3, People and accounts).
type Segment string

// The segments.
const (
	Individual  Segment = "individual"
	Business    Segment = "business" // sole traders and small companies
	Corporation Segment = "corporation"
)

// Customer owns accounts. An individual is one person; a business or a
// corporation has persons who act for it.
type Customer struct {
	ID      CustomerID
	Segment Segment
	Name    string // full name of a person, registered name of a company
	Person  PersonID
	NIP     NIP
	REGON   REGON
	KRS     string // ten digits, corporations only
	Address string
	Blocked Block
	Since   time.Time
}

// Block says that a customer is blocked, by whom, when and why. The zero Block
// means: not blocked.
type Block struct {
	By  string
	At  time.Time
	Why string
}

// IsSet tells whether the block stands.
func (b Block) IsSet() bool { return b.By != "" }

// Usable refuses when the customer is blocked.
func (c *Customer) Usable() error {
	if c.Blocked.IsSet() {
		return bank.Refuse(bank.CustomerBlocked, "The customer is blocked.")
	}
	return nil
}

// Language is what a person reads: Polish or English.
type Language string

// The languages of the pages.
const (
	Polish  Language = "pl"
	English Language = "en"
)

// Person is a natural person who logs in: for themselves, or for a company.
type Person struct {
	ID        PersonID
	FirstName string
	LastName  string
	PESEL     PESEL
	Phone     string // E.164; SMS codes go there
	Language  Language
	Login     string
	UsesApp   bool // has an active enrolled mobile device: confirmations go there first
}

// FullName is first and last name.
func (p *Person) FullName() string { return p.FirstName + " " + p.LastName }

// Role is what a person may do for a company.
type Role string

// The roles (design §3). Proxies are general, special, administrator or user.
const (
	Owner          Role = "owner"
	Representative Role = "representative"
	ProxyGeneral   Role = "proxy_general"
	ProxySpecial   Role = "proxy_special"
	ProxyAdmin     Role = "proxy_administrator"
	ProxyUser      Role = "proxy_user"
)

// Roles lists every role once.
var Roles = []Role{Owner, Representative, ProxyGeneral, ProxySpecial, ProxyAdmin, ProxyUser}

// MayBind tells whether a person in this role may bind the company alone, for
// example by pairing an application: a special proxy and a plain user may not.
func (r Role) MayBind() bool {
	switch r {
	case Owner, Representative, ProxyGeneral, ProxyAdmin:
		return true
	}
	return false
}

// Representation lets a person act for a customer.
type Representation struct {
	Customer CustomerID
	Person   PersonID
	Role     Role
	Share    int       // per mille of the company, owners only
	From     time.Time // valid from, inclusive
	Until    time.Time // valid to, exclusive; the zero time means no end
}

// At tells whether the representation is valid at an instant.
func (r Representation) At(t time.Time) bool {
	return !t.Before(r.From) && (r.Until.IsZero() || t.Before(r.Until))
}

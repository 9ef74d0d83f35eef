// Package thirdparty knows licensed third parties (TPPs): who they are by their
// organisation identifier, what the supervisor's register says of them, how
// they were admitted, and the clients through which they call.
//
// It checks no certificate and no signature (package eidas does) and keeps no
// consent (package xs2a does). A third party is its organisation, never its
// certificate: renewing one must not break it (design §4).
package thirdparty

import (
	"slices"
	"strings"
	"time"

	"okienko/bank"
)

// Organisation is an organizationIdentifier in the form of ETSI TS 119 495,
// "PSDPL-PFSA-5250007738".
type Organisation string

// ClientID names a registered client, a UUID (psd2 §3.3, Client-ID).
type ClientID string

// Role is what a payment service provider is licensed for (ETSI TS 119 495 §5.1).
type Role string

// The roles.
const (
	AccountServicing   Role = "PSP_AS"
	PaymentInitiation  Role = "PSP_PI"
	AccountInformation Role = "PSP_AI"
	CardIssuing        Role = "PSP_IC" // confirmation of funds
)

// Roles lists every role once.
var Roles = []Role{AccountServicing, PaymentInitiation, AccountInformation, CardIssuing}

// Entry is what the supervisor's public list (KNF, EBA) says of an organisation,
// as the bank imported it last.
type Entry struct {
	Organisation Organisation
	Name         string
	Country      string // ISO 3166-1 alpha-2
	Roles        []Role
	Since        time.Time // authorised from
	Until        time.Time // withdrawn at; the zero time while it stands
	ImportedAt   time.Time
}

// Allows refuses a role that the register does not give at an instant.
func (e *Entry) Allows(r Role, now time.Time) error {
	if e == nil || now.Before(e.Since) || (!e.Until.IsZero() && !now.Before(e.Until)) {
		return bank.Refuse(bank.ThirdPartyBlocked, "The supervisor's register does not list the organisation.")
	}
	if !slices.Contains(e.Roles, r) {
		return bank.Refuse(bank.RoleMissing, "The supervisor's register does not give the organisation the role "+string(r)+".")
	}
	return nil
}

// ClientStatus says whether a client may call.
type ClientStatus string

// The statuses of a client.
const (
	Waiting ClientStatus = "waiting" // for the bank's admission, where papers are asked for
	Active  ClientStatus = "active"
	Blocked ClientStatus = "blocked"
)

// Client is one registration of an organisation (psd2 §3.7). There is one per
// organisation; registering again adds keys and addresses.
type Client struct {
	ID           ClientID
	Organisation Organisation
	Name         string
	Email        string
	RedirectURIs []string // exact, compared byte for byte
	CallbackURLs []string // likewise: where the bank may call (psd2 §2.7)
	Keys         []Key
	Status       ClientStatus
	StatusBy     string
	StatusWhy    string
	Lenience     Lenience
	Since        time.Time
}

// Key is a QSealC by which the client's signatures are verified.
type Key struct {
	Thumbprint  string // x5t#S256: base64url without padding of SHA-256 over the DER
	Certificate []byte // DER
	URL         string // x5u, "" when none was given
	AddedAt     time.Time
}

// Standing refuses a client that may not call.
func (c *Client) Standing() error {
	switch c.Status {
	case Active:
		return nil
	case Waiting:
		return bank.Refuse(bank.ThirdPartyBlocked, "The third party waits for the bank's admission.")
	}
	return bank.Refuse(bank.ThirdPartyBlocked, "The third party is blocked.")
}

// Redirects tells whether an address was registered, to the byte.
func (c *Client) Redirects(uri string) bool { return slices.Contains(c.RedirectURIs, uri) }

// CallsBack tells whether the bank may call an address, to the byte.
func (c *Client) CallsBack(url string) bool { return slices.Contains(c.CallbackURLs, url) }

// Key finds a registered key by its thumbprint, nil when there is none.
func (c *Client) Key(thumbprint string) *Key {
	for i := range c.Keys {
		if c.Keys[i].Thumbprint == thumbprint {
			return &c.Keys[i]
		}
	}
	return nil
}

// PaperKind is a kind of paper that the bank may ask for.
type PaperKind string

// The kinds of paper (issue: admission).
const (
	Extract     PaperKind = "registration_extract"
	Licence     PaperKind = "licence" // or permit of the supervisor
	Certificate PaperKind = "certificates"
	Attorney    PaperKind = "power_of_attorney" // when somebody other than the owner applies
)

// PaperKinds lists every kind once.
var PaperKinds = []PaperKind{Extract, Licence, Certificate, Attorney}

// PaperStatus is what became of a paper.
type PaperStatus string

// The statuses of a paper.
const (
	HandedIn PaperStatus = "handed_in"
	Accepted PaperStatus = "accepted"
	Refused  PaperStatus = "refused"
)

// Paper is one paper of an application for admission.
type Paper struct {
	ID       string
	Kind     PaperKind
	FileName string
	Digest   []byte // SHA-256 of the file
	Content  []byte
	Status   PaperStatus
	HandedIn time.Time
	Reviewer string
	Reason   string
	Reviewed time.Time
}

// AdmissionStatus is where an application for admission stands.
type AdmissionStatus string

// The statuses of an admission.
const (
	Applied   AdmissionStatus = "applied"
	Admitted  AdmissionStatus = "admitted"
	TurnedOut AdmissionStatus = "refused"
)

// Admission is an organisation's application to the bank, with its papers.
type Admission struct {
	Organisation Organisation
	Name         string
	AppliedBy    string // who applies
	ByOwner      bool   // false asks for a power of attorney
	Papers       []Paper
	Status       AdmissionStatus
	DecidedBy    string
	Reason       string
	AppliedAt    time.Time
	DecidedAt    time.Time
}

// Missing lists the kinds of paper that are asked for and not accepted yet.
func (a *Admission) Missing(asked []PaperKind) []PaperKind {
	var out []PaperKind
	for _, k := range asked {
		if k == Attorney && a.ByOwner {
			continue
		}
		if !slices.ContainsFunc(a.Papers, func(p Paper) bool { return p.Kind == k && p.Status == Accepted }) {
			out = append(out, k)
		}
	}
	return out
}

// ParseOrganisation reads an organizationIdentifier: "PSD", a country, the
// supervisor and the number that it gave (ETSI TS 119 495 §5.2.1).
func ParseOrganisation(s string) (Organisation, error) {
	bad := bank.RefuseField("organisation", "An organisation identifier is PSD, a country, the supervisor and a number: PSDPL-PFSA-5250007738.")
	parts := strings.SplitN(s, "-", 3)
	if len(parts) != 3 || len(parts[0]) != 5 || !strings.HasPrefix(parts[0], "PSD") || len(parts[1]) < 2 || len(parts[1]) > 8 || parts[2] == "" || len(s) > 64 {
		return "", bad
	}
	for _, r := range parts[0] + parts[1] {
		if r < 'A' || r > 'Z' {
			return "", bad
		}
	}
	for _, r := range parts[2] {
		if r <= ' ' || r > '~' {
			return "", bad
		}
	}
	return Organisation(s), nil
}

// Country is the country of the supervisor, alpha-2.
func (o Organisation) Country() string {
	if len(o) < 5 {
		return ""
	}
	return string(o[3:5])
}

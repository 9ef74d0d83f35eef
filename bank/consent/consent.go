// Package consent keeps what a customer has allowed a third party to do: a
// partner's pairing, or a licensed third party's consent.
//
// It moves no money, proves no identity and draws no page. An agreement can by
// itself only shrink: widening it would let a stolen session grow, so that
// takes the customer's strong authentication and a new version.
package consent

import (
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/limit"
	"okienko/bank/party"
)

// ID names an agreement, ClientID an application (its OAuth client_id).
type (
	ID       string
	ClientID string
)

// Status says whether an agreement stands.
type Status string

// The statuses of an agreement.
const (
	Active    Status = "active"
	Suspended Status = "suspended" // the application's status no longer allows it
	Ended     Status = "ended"
)

// Agreement is what one customer has allowed one application, by the word of
// one person. There is one per customer and application; pairing again makes
// the next version of it (partner-api §3).
type Agreement struct {
	ID          ID
	Version     int
	Application ClientID
	Customer    party.CustomerID
	Person      party.PersonID // who gave it
	// AccountRef is the opaque account_id by which the third party knows the
	// account. It never changes, also when Account does (partner-api §3).
	AccountRef string
	Account    account.ID
	Grants     []Grant
	Limits     limit.Limits
	Status     Status
	CreatedAt  time.Time // first given
	GivenAt    time.Time // this version given
	EndedAt    time.Time // when it ended last, kept when it is given anew; the zero time when it never did
	EndedBy    string    // customer, partner, staff or bank, with the id
	LastUsed   time.Time // the zero time while unused
}

// Standing refuses when the agreement does not stand.
func (a *Agreement) Standing() error {
	switch a.Status {
	case Active:
		return nil
	case Suspended:
		return bank.Refuse(bank.AgreementPaused, "The pairing is suspended.")
	}
	return bank.Refuse(bank.AgreementEnded, "The pairing has ended.")
}

// Grant finds the grant of a permission, nil when it was not given.
func (a *Agreement) Grant(p Permission) *Grant {
	for i := range a.Grants {
		if a.Grants[i].Permission == p {
			return &a.Grants[i]
		}
	}
	return nil
}

// Allows refuses when the permission was not given or its time is over. It
// does not look at the quota: see Grant.Exhausted.
func (a *Agreement) Allows(p Permission, now time.Time) error {
	g := a.Grant(p)
	if g == nil {
		return bank.Refuse(bank.PermissionMissing, "The customer did not give the permission "+p.String()+".")
	}
	if g.Over(now) {
		return bank.Refuse(bank.PermissionUsedUp, "The time of the permission "+p.String()+" is over.")
	}
	return nil
}

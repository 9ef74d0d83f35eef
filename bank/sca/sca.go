// Package sca owns strong customer authentication after the password: codes by
// SMS and approvals in the bank's mobile application, what exactly each one
// confirms, and the locking of a factor that is being guessed.
//
// It sends nothing and checks no signature: a sent code arrives here as its
// hash, a device's signature as its verdict.
package sca

import (
	"crypto/subtle"
	"time"

	"okienko/bank"
	"okienko/bank/party"
)

// ID names a challenge.
type ID string

// Method is the second factor.
type Method string

// The methods.
const (
	SMS    Method = "sms"
	Mobile Method = "mobile"
)

// Life, tries and lock of a challenge (design §3; RTS 2018/389 art. 4(3)(b)
// allows at most five consecutive wrong tries).
const (
	Life      = 5 * time.Minute
	MaxTries  = 5
	LockFor   = 30 * time.Minute
	CodeDigit = 6
)

// Purpose is the kind of act that a challenge confirms.
type Purpose string

// The purposes.
const (
	ForPairing        Purpose = "pairing"
	ForOperation      Purpose = "operation"
	ForLimits         Purpose = "limits"          // of one pairing
	ForCustomerLimits Purpose = "customer_limits" // across everything
	ForDevice         Purpose = "device"          // enrolling a mobile device
	ForConsent        Purpose = "consent"         // of a licensed third party
	ForRenewal        Purpose = "consent_renewal"
	ForFunds          Purpose = "consent_funds" // confirmation of funds, given in internet banking
	ForAccess         Purpose = "access"        // third parties' access to one account
)

// Status is where a challenge stands.
type Status string

// The statuses of a challenge. A passed challenge is spent by the act that it
// confirms, in that act's own transaction.
const (
	Pending Status = "pending"
	Passed  Status = "passed"
	Spent   Status = "spent"
	Refused Status = "refused" // the customer said no, or the tries ran out
)

// Subject is what a challenge confirms.
type Subject struct {
	Purpose Purpose
	ID      string // of the pairing request, the authorisation, the agreement …
	// Binding is the exact content confirmed: amount, payee and title for money
	// (dynamic linking, RTS 2018/389 art. 5), the choices made for a pairing. An
	// act that differs by one byte needs another challenge.
	Binding string
	Display Display
}

// Display is what the person is shown on the second device.
type Display struct {
	Text   string // one sentence in the person's language
	Amount string // "250.00 PLN", "" where no money moves
	Payee  string // name and account, "" where no money moves
}

// Challenge asks one person to confirm one thing.
type Challenge struct {
	ID        ID
	Person    party.PersonID
	Method    Method
	Subject   Subject
	CodeHash  []byte // SMS: hash of the code
	Nonce     []byte // Mobile: what the device signs, with the binding
	CreatedAt time.Time
	ExpiresAt time.Time
	Tries     int // wrong ones, with those on earlier challenges since the last right one
	Status    Status
}

// Factor is one person's second factor of one method, with the wrong tries
// since the last right one across all challenges.
type Factor struct {
	Person      party.PersonID
	Method      Method
	Wrong       int
	LockedUntil time.Time
}

// Open refuses while the factor is locked.
func (f *Factor) Open(now time.Time) error {
	if now.Before(f.LockedUntil) {
		no := bank.Refuse(bank.FactorLocked, "Too many wrong tries. Confirmation is locked until "+f.LockedUntil.UTC().Format(time.RFC3339)+".")
		no.Until = f.LockedUntil
		return no
	}
	return nil
}

// miss counts a wrong try and locks at the fifth, whichever challenges the others
// were spent on: the challenge shows the tries that are gone, and ends with the
// lock, or its page would promise tries that nobody has.
func (f *Factor) miss(c *Challenge, now time.Time) {
	f.Wrong++
	c.Tries = max(c.Tries+1, f.Wrong)
	if f.Wrong >= MaxTries {
		f.Wrong, f.LockedUntil = 0, now.Add(LockFor)
	}
	if c.Tries >= MaxTries {
		c.Status = Refused
	}
}

// Answer judges a typed code. It changes challenge and factor as the outcome
// demands, and both must be stored also when it refuses: a wrong try counts.
func Answer(c *Challenge, f *Factor, codeHash []byte, now time.Time) error {
	if err := f.Open(now); err != nil {
		return err
	}
	if err := c.awaits(SMS, now); err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(c.CodeHash, codeHash) != 1 {
		f.miss(c, now)
		no := bank.Refuse(bank.ChallengeWrong, "The code is wrong.")
		if now.Before(f.LockedUntil) {
			no.Until = f.LockedUntil
		}
		return no
	}
	c.Status, f.Wrong = Passed, 0
	return nil
}

// Approve judges a device's answer; signed tells whether the signature over
// nonce and binding was that of an enrolled device of the person.
func Approve(c *Challenge, f *Factor, signed bool, now time.Time) error {
	if err := f.Open(now); err != nil {
		return err
	}
	if err := c.awaits(Mobile, now); err != nil {
		return err
	}
	if !signed {
		f.miss(c, now)
		return bank.Refuse(bank.ChallengeWrong, "The signature is not that of an enrolled device.")
	}
	c.Status, f.Wrong = Passed, 0
	return nil
}

// Refuse records the person's no.
func Refuse(c *Challenge, now time.Time) error {
	if err := c.awaits(c.Method, now); err != nil {
		return err
	}
	c.Status = Refused
	return nil
}

// Spend uses a passed challenge for the act that it was made for, once.
func Spend(c *Challenge, purpose Purpose, subject, binding string, now time.Time) error {
	switch {
	case c.Status == Spent:
		return bank.Refuse(bank.ChallengeSpent, "The confirmation was used already.")
	case c.Status != Passed:
		return bank.Refuse(bank.ChallengeWrong, "The confirmation was not given.")
	case !now.Before(c.ExpiresAt):
		return bank.Refuse(bank.ChallengeExpired, "The confirmation has expired.")
	case c.Subject.Purpose != purpose || c.Subject.ID != subject || c.Subject.Binding != binding:
		return bank.Refuse(bank.ChallengeForeign, "The confirmation was given for something else.")
	}
	c.Status = Spent
	return nil
}

func (c *Challenge) awaits(m Method, now time.Time) error {
	switch {
	case c.Status == Spent || c.Status == Passed:
		return bank.Refuse(bank.ChallengeSpent, "The confirmation was used already.")
	case c.Status == Refused:
		return bank.Refuse(bank.ChallengeExpired, "The confirmation was refused.")
	case !now.Before(c.ExpiresAt):
		return bank.Refuse(bank.ChallengeExpired, "The confirmation has expired.")
	case c.Method != m:
		return bank.Refuse(bank.ChallengeWrong, "The confirmation waits for another factor.")
	}
	return nil
}

// Device is a mobile device that a person has enrolled.
type Device struct {
	ID         string
	Person     party.PersonID
	Name       string
	PublicKey  []byte // ECDSA P-256, PKIX DER
	EnrolledAt time.Time
	RemovedAt  time.Time // the zero time while active
}

package client

import (
	"context"
	"errors"
	"net/url"
	"time"
)

// Consent is what is asked of a customer: exactly one of Accounts, Read, Payment,
// Bundle, Status and Cancel.
type Consent struct {
	ID          string    // consentId; a new UUID when ""
	State       string    // comes back with the customer; a new UUID when ""
	RedirectURI string    // where the customer comes back to; must be registered
	Until       time.Time // scopeTimeLimit; at most 180 days for accounts
	Customer    *Customer // who is in front of the third party's page

	Accounts bool     // the list of accounts; ExchangeToAIS goes on from there
	Read     *Read    // accounts at once: those that are named, or that the customer chooses
	Payment  *Payment // one payment, or a standing order
	Bundle   *Bundle  // many payments
	Status   *Target  // the status of what was ordered before
	Cancel   *Target  // cancelling what was ordered before

	Identity *Identity // who the customer is, where the third party knows
}

// Identity says by the bank's own dictionaries who is asked, and for whom that
// person acts: for itself or for one of its companies.
type Identity struct {
	Company                   bool   // the customer acts for a company
	Type, Value               string // what the customer is known by
	ContextType, ContextValue string // for whom the customer acts: "N" with a NIP at some banks
}

// Read is what may be read of accounts: details always, and the history.
type Read struct {
	Numbers  []string // account numbers; none lets the customer choose
	Days     int      // of history, 1 to 1460; 0 for none
	Statuses []string // of the history; none for all of them
	Once     bool     // each call once, instead of again and again
}

// statuses are those of the history that are asked for.
func (r *Read) statuses() []string {
	if len(r.Statuses) > 0 {
		return r.Statuses
	}
	return []string{StatusDone, StatusPending, StatusScheduled, StatusRejected, StatusHold, StatusCancelled}
}

// numbers are those of the accounts, or one "" for those that the customer chooses.
func (r *Read) numbers() []string {
	if len(r.Numbers) > 0 {
		return r.Numbers
	}
	return []string{""}
}

// Target is a payment, a standing order or a bundle by the bank's id.
type Target struct {
	PaymentID, BundleID string
	Recurring           bool // PaymentID is that of a standing order; in mBank's form they are payments
}

// Customer is the machine of a customer who is there. The bank shows its address
// to the customer and weighs it against fraud, so it must be the true one.
type Customer struct {
	Address   string // IP address
	Port      int
	UserAgent string
}

// errNotOneThing is the mistake of a consent for nothing, or for more than one thing.
var errNotOneThing = errors.New("client: a consent is for exactly one of Accounts, Read, Payment, Bundle, Status, Cancel")

// Asked is a consent on its way: the customer's browser goes to Redirect. State
// belongs into the browser's session, to be held against what comes back.
type Asked struct {
	ConsentID, State, Redirect string
}

// Ask asks for a consent (psd2 §3.4, auth/authorize).
func (c *Client) Ask(ctx context.Context, k Consent) (Asked, error) {
	if err := k.whole(); err != nil {
		return Asked{}, err
	}
	// Asked again under the same consentId it would be refused, and a lost answer is
	// a page that no customer saw: the caller asks anew.
	redirect, err := c.form().ask(ctx, &k)
	return Asked{ConsentID: k.ID, State: k.State, Redirect: redirect}, err
}

// External is what a tool outside of the bank gave a customer for a consent, in
// place of the bank's page (psd2 §2.2, authorizeExt).
type External struct {
	Code        string // eatCode, good once
	Type        *Code  // which tool it was, by the bank's dictionary
	CallbackURL string // where the bank hands in the result; registered at the bank
	APIKey      string // by which the third party knows the bank there; a new UUID when ""
}

// AskExternally asks for a consent with the code of an external tool. The bank
// calls back with what has come of it (ReadCallback), also when the customer did not
// agree. Only PolishAPI has it.
func (c *Client) AskExternally(ctx context.Context, k Consent, e External) (Asked, error) {
	p, err := c.polish()
	if err != nil {
		return Asked{}, err
	}
	if err := k.whole(); err != nil {
		return Asked{}, err
	}
	return Asked{ConsentID: k.ID, State: k.State}, p.askExternally(ctx, &k, &e)
}

// whole puts in what was left out, and refuses what cannot be asked.
func (k *Consent) whole() error {
	switch {
	case k.Customer == nil:
		return errors.New("client: a consent is asked of a customer who is there: Consent.Customer is missing")
	case k.Until.IsZero():
		return errors.New("client: a consent ends: Consent.Until is missing")
	}
	if k.ID == "" {
		k.ID = NewID()
	}
	if k.State == "" {
		k.State = NewID()
	}
	return nil
}

// Returned reads the address to which the customer came back: the code, or why
// there is none ("access_denied"). state is that of Asked; another one is somebody
// else's consent (RFC 6749 §10.12).
func Returned(address, state string) (code, denied string, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", "", errors.New("client: the customer came back to something that is no address")
	}
	q := u.Query()
	code, denied = q.Get("code"), q.Get("error")
	switch {
	case state == "" || q.Get("state") != state:
		return "", "", errors.New("client: the customer came back with another state")
	case code == "" && denied == "":
		return "", "", errors.New("client: the customer came back with neither code nor error")
	}
	return code, denied, nil
}

// DeleteConsent ends a consent. Its tokens die at once; what was ordered goes on.
func (c *Client) DeleteConsent(ctx context.Context, consentID string) error {
	return c.form().deleteConsent(ctx, consentID)
}

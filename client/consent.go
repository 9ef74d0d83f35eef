package client

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
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
}

// Read is what may be read of accounts: details always, and the history.
type Read struct {
	Numbers  []string // account numbers; none lets the customer choose
	Days     int      // of history, 1 to 1460; 0 for none
	Statuses []string // of the history; none for all of them
	Once     bool     // each call once, instead of again and again
}

// Target is a payment, a standing order or a bundle by the bank's id.
type Target struct{ PaymentID, BundleID string }

// Customer is the machine of a customer who is there. The bank shows its address
// to the customer and weighs it against fraud, so it must be the true one.
type Customer struct {
	Address   string // IP address
	Port      int
	UserAgent string
}

// headers are those about a customer; present says that the call was asked for by
// the customer, who is there.
func (u *Customer) headers(present bool) map[string]string {
	if u == nil {
		return nil
	}
	h := map[string]string{"PSU-IP-Address": u.Address, "PSU-User-Agent": u.UserAgent}
	if u.Port > 0 {
		h["PSU-IP-Port"] = strconv.Itoa(u.Port)
	}
	if present {
		h["PSU-Session"] = "true"
	}
	return h
}

// Asked is a consent on its way: the customer's browser goes to Redirect. State
// belongs into the browser's session, to be held against what comes back.
type Asked struct {
	ConsentID, State, Redirect string
}

// Ask asks for a consent (psd2 §3.4, auth/authorize).
func (c *Client) Ask(ctx context.Context, k Consent) (Asked, error) {
	what, err := k.scope()
	switch {
	case err != nil:
		return Asked{}, err
	case k.Customer == nil:
		return Asked{}, errors.New("client: a consent is asked of a customer who is there: Consent.Customer is missing")
	case k.Until.IsZero():
		return Asked{}, errors.New("client: a consent ends: Consent.Until is missing")
	}
	if k.ID == "" {
		k.ID = NewID()
	}
	if k.State == "" {
		k.State = NewID()
	}
	body := map[string]any{
		"response_type": "code", "client_id": c.cfg.ClientID, "redirect_uri": k.RedirectURI, "scope": what.name, "state": k.State,
		"scope_details": what.details(k.ID, k.Until),
	}
	var out struct {
		Redirect string `json:"authorizationRedirectUri"`
	}
	// Asked again under the same consentId it would be refused, and a lost answer is
	// a page that no customer saw: the caller asks anew.
	err = c.do(ctx, call{method: http.MethodPost, path: c.bank("/auth/authorize"), body: body, headers: k.Customer.headers(false)}, &out)
	return Asked{ConsentID: k.ID, State: k.State, Redirect: out.Redirect}, err
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
	return c.do(ctx, call{method: http.MethodDelete, path: c.bank("/consents/" + url.PathEscape(consentID)), repeatable: true, deletes: true}, nil)
}

// scope is a consent as the wire words it.
type scope struct {
	name, group string
	privileges  []any
}

func (s *scope) details(consentID string, until time.Time) map[string]any {
	return map[string]any{
		"privilegeList": s.privileges, "scopeGroupType": s.group, "consentId": consentID,
		"scopeTimeLimit": stamp(until), "throttlingPolicy": "PSD2_REGULATORY",
	}
}

func (k *Consent) scope() (scope, error) {
	var all []scope
	payments := func(name string, privilege map[string]any) {
		all = append(all, scope{"pis", "PIS", []any{map[string]any{name: privilege}}})
	}
	if k.Accounts {
		all = append(all, scope{"ais-accounts", "AIS_ACCOUNTS", []any{map[string]any{"ais-accounts:accounts": struct{}{}}}})
	}
	if k.Read != nil {
		all = append(all, k.Read.scope())
	}
	if p := k.Payment; p != nil {
		w := p.Kind.words()
		payments(w.privilege, map[string]any{"scopeUsageLimit": "SINGLE", w.request: p})
	}
	if b := k.Bundle; b != nil {
		w := b.Kind.words()
		payments(w.bundle, map[string]any{"scopeUsageLimit": "SINGLE", w.bundleRequest: b})
	}
	if t := k.Status; t != nil {
		name, what := t.words("pis:payment", "pis:bundle")
		what["scopeUsageLimit"] = "MULTIPLE"
		payments(name, what)
	}
	if t := k.Cancel; t != nil {
		payments(t.words("pis:cancelPayment", "pis:cancelBundlePayments"))
	}
	if len(all) != 1 {
		return scope{}, errors.New("client: a consent is for exactly one of Accounts, Read, Payment, Bundle, Status, Cancel")
	}
	return all[0], nil
}

func (t *Target) words(payment, bundle string) (name string, what map[string]any) {
	if t.BundleID != "" {
		return bundle, map[string]any{"aspspBundleId": t.BundleID}
	}
	return payment, map[string]any{"aspspPaymentId": t.PaymentID}
}

func (r *Read) scope() scope {
	limit := "MULTIPLE"
	if r.Once {
		limit = "SINGLE"
	}
	statuses := r.Statuses
	if len(statuses) == 0 {
		statuses = []string{StatusDone, StatusPending, StatusScheduled, StatusRejected, StatusHold, StatusCancelled}
	}
	numbers := r.Numbers
	if len(numbers) == 0 {
		numbers = []string{""}
	}
	s := scope{name: "ais", group: "AIS"}
	for _, number := range numbers {
		p := map[string]any{"ais:accountDetails": map[string]any{"scopeUsageLimit": limit}}
		if r.Days != 0 {
			p["ais:transactionDetails"] = map[string]any{"scopeUsageLimit": limit}
			p["ais:transactions"] = map[string]any{"scopeUsageLimit": limit, "maxAllowedHistoryLong": r.Days, "transactionStatus": statuses}
		}
		if number != "" {
			p["accountNumber"] = number
		}
		s.privileges = append(s.privileges, p)
	}
	return s
}

package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Consent is what is asked of a customer: exactly one of Accounts, Payment,
// Bundle, Status and Cancel.
type Consent struct {
	ID          string    // consentId; a new UUID when ""
	State       string    // comes back with the customer; a new UUID when ""
	RedirectURI string    // where the customer comes back to; must be registered
	Until       time.Time // scopeTimeLimit

	Accounts bool      // the list of accounts; ExchangeToAIS goes on from there
	Read     *Read     // accounts that the customer names on the bank's page, at once
	Payment  *Payment  // one payment, or a recurring one
	Bundle   *Bundle   // many payments
	Status   *Target   // the status of what was ordered before
	Cancel   *Target   // cancelling of what was ordered before
	Customer *Customer // who is in front of the third party's page
}

// Read is what may be read of accounts.
type Read struct {
	Numbers  []string // account numbers; none lets the customer choose
	Days     int      // of history, 1 to 1460
	Statuses []string // DONE, PENDING, SCHEDULED, REJECTED, HOLD, CANCELLED
}

// Target is a payment or a bundle by the bank's id.
type Target struct{ PaymentID, BundleID string }

// Customer is the machine of a customer who is there.
type Customer struct {
	Address   string // IP address
	Port      int
	UserAgent string
}

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

// Asked is a consent on its way: the customer's browser goes to Redirect.
type Asked struct {
	ConsentID, State, Redirect string
}

// Ask asks for a consent (psd2 §3.4, auth/authorize).
func (c *Client) Ask(ctx context.Context, k Consent) (Asked, error) {
	if k.ID == "" {
		k.ID = NewID()
	}
	if k.State == "" {
		k.State = NewID()
	}
	scope, group, privileges := k.privileges()
	body := map[string]any{
		"response_type": "code", "client_id": c.cfg.ClientID, "redirect_uri": k.RedirectURI, "scope": scope, "state": k.State,
		"scope_details": map[string]any{
			"privilegeList": privileges, "scopeGroupType": group, "consentId": k.ID,
			"scopeTimeLimit": stamp(k.Until), "throttlingPolicy": "PSD2_REGULATORY",
		},
	}
	customer := k.Customer
	if customer == nil {
		customer = &Customer{Address: "127.0.0.1", Port: 443, UserAgent: "okienko client"}
	}
	var out struct {
		Redirect string `json:"authorizationRedirectUri"`
	}
	err := c.do(ctx, call{method: http.MethodPost, path: c.bank("/auth/authorize"), body: body, headers: customer.headers(false)}, &out)
	return Asked{ConsentID: k.ID, State: k.State, Redirect: out.Redirect}, err
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func (k *Consent) privileges() (scope, group string, list []any) {
	switch {
	case k.Accounts:
		return "ais-accounts", "AIS_ACCOUNTS", []any{map[string]any{"ais-accounts:accounts": struct{}{}}}
	case k.Read != nil:
		return "ais", "AIS", k.Read.privileges()
	}
	one := map[string]any{}
	switch {
	case k.Payment != nil:
		one[k.Payment.privilege()] = map[string]any{"scopeUsageLimit": "SINGLE", k.Payment.request(): k.Payment}
	case k.Bundle != nil:
		one[k.Bundle.privilege()] = map[string]any{"scopeUsageLimit": "SINGLE", k.Bundle.request(): k.Bundle}
	case k.Status != nil && k.Status.BundleID != "":
		one["pis:bundle"] = map[string]any{"scopeUsageLimit": "MULTIPLE", "aspspBundleId": k.Status.BundleID}
	case k.Status != nil:
		one["pis:payment"] = map[string]any{"scopeUsageLimit": "MULTIPLE", "aspspPaymentId": k.Status.PaymentID}
	case k.Cancel != nil && k.Cancel.BundleID != "":
		one["pis:cancelBundlePayments"] = map[string]any{"aspspBundleId": k.Cancel.BundleID}
	case k.Cancel != nil:
		one["pis:cancelPayment"] = map[string]any{"aspspPaymentId": k.Cancel.PaymentID}
	}
	return "pis", "PIS", []any{one}
}

func (r *Read) privileges() []any {
	one := func(number string) map[string]any {
		p := map[string]any{
			"ais:accountDetails": struct{}{}, "ais:transactionDetails": struct{}{},
			"ais:transactions": map[string]any{"maxAllowedHistoryLong": r.Days, "transactionStatus": r.Statuses},
		}
		if number != "" {
			p["accountNumber"] = number
		}
		return p
	}
	if len(r.Numbers) == 0 {
		return []any{one("")}
	}
	var list []any
	for _, n := range r.Numbers {
		list = append(list, one(n))
	}
	return list
}

// Tokens are what a code, a refresh or an exchange gives. Keep the refresh token:
// the one before it is dead.
type Tokens struct {
	Access    string `json:"access_token"`
	Refresh   string `json:"refresh_token"`
	ExpiresIn string `json:"expires_in"` // seconds
	Scope     string `json:"scope"`
	Details   struct {
		ConsentID  string      `json:"consentId"`
		Privileges []Privilege `json:"privilegeList"`
	} `json:"scope_details"`
}

// Privilege is one element of what was granted; AccountID goes into the paths.
type Privilege struct {
	AccountID     string `json:"accountId"`
	AccountNumber string `json:"accountNumber"`
}

// AccountIDs are the ids of the granted accounts, for the paths.
func (t *Tokens) AccountIDs() []string {
	var out []string
	for _, p := range t.Details.Privileges {
		if p.AccountID != "" {
			out = append(out, p.AccountID)
		}
	}
	return out
}

// Returned reads the address to which the customer came back: the code, or why
// there is none ("access_denied").
func Returned(address, state string) (code, denied string, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", "", err
	}
	q := u.Query()
	if q.Get("state") != state {
		return "", "", &Error{Code: "state", Message: "the customer came back with another state"}
	}
	return q.Get("code"), q.Get("error"), nil
}

// Redeem exchanges the code with which the customer came back for tokens. A code
// is good once: a lost answer needs a new consent.
func (c *Client) Redeem(ctx context.Context, code, redirectURI string) (Tokens, error) {
	return c.tokens(ctx, map[string]any{"grant_type": "authorization_code", "code": code, "redirect_uri": redirectURI, "client_id": c.cfg.ClientID})
}

// Refresh gets new tokens for a refresh token, which is dead afterwards.
func (c *Client) Refresh(ctx context.Context, refreshToken string) (Tokens, error) {
	return c.tokens(ctx, map[string]any{"grant_type": "refresh_token", "refresh_token": refreshToken})
}

// ExchangeToAIS goes from the list of accounts to reading some of them, in the
// same consent and once (psd2 §6.3). Numbers may be masked as in the list.
func (c *Client) ExchangeToAIS(ctx context.Context, accessToken, consentID string, until time.Time, r Read) (Tokens, error) {
	return c.tokens(ctx, map[string]any{
		"grant_type": "exchange_token", "exchange_token": accessToken, "scope": "ais",
		"scope_details": map[string]any{
			"privilegeList": r.privileges(), "scopeGroupType": "AIS", "consentId": consentID,
			"scopeTimeLimit": stamp(until), "throttlingPolicy": "PSD2_REGULATORY",
		},
	})
}

func (c *Client) tokens(ctx context.Context, body map[string]any) (Tokens, error) {
	var out Tokens
	err := c.do(ctx, call{method: http.MethodPost, path: c.bank("/auth/token"), body: body}, &out)
	return out, err
}

// DeleteConsent ends a consent. Its tokens die at once; payments go on.
func (c *Client) DeleteConsent(ctx context.Context, consentID string) error {
	return c.do(ctx, call{method: http.MethodDelete, path: c.bank("/consents/" + url.PathEscape(consentID)), repeatable: true}, nil)
}

package client

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Tokens are what a code, a refresh or an exchange gives. Keep the refresh token:
// the one before it is dead.
type Tokens struct {
	Access    string  `json:"access_token"`
	Refresh   string  `json:"refresh_token"`
	Type      string  `json:"token_type"`
	ExpiresIn string  `json:"expires_in"` // seconds, as a text
	Scope     string  `json:"scope"`
	Details   Granted `json:"scope_details"`
}

// Granted is what the customer consented to.
type Granted struct {
	ConsentID  string      `json:"consentId"`
	Until      string      `json:"scopeTimeLimit"`
	Throttling string      `json:"throttlingPolicy"`
	Privileges []Privilege `json:"privilegeList"`
}

// Privilege is one element of what was granted: what may be done with an account,
// or a payment.
type Privilege struct {
	AccountID     string // for the calls; in PolishAPI the number
	AccountNumber string
	Rights        map[string]Right // by mBank's names in all forms: "ais:transactions", "pis:domestic"
}

// Right is one right with its bounds; only what belongs to it is set.
type Right struct {
	UsageLimit string   `json:"scopeUsageLimit"` // SINGLE or MULTIPLE
	Days       int      `json:"maxAllowedHistoryLong"`
	Statuses   []string `json:"transactionStatus"`
	PaymentID  string   `json:"aspspPaymentId"`
	BundleID   string   `json:"aspspBundleId"`
	Payment    *Payment `json:"-"` // with the account that the customer chose as its sender
	Bundle     *Bundle  `json:"-"`
}

// UnmarshalJSON reads an element whose members are the names of rights.
func (p *Privilege) UnmarshalJSON(text []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	*p = Privilege{Rights: map[string]Right{}}
	for name, value := range members {
		var err error
		switch name {
		case "accountId":
			err = json.Unmarshal(value, &p.AccountID)
		case "accountNumber":
			err = json.Unmarshal(value, &p.AccountNumber)
		default:
			var r Right
			if err = r.read(value); err == nil {
				p.Rights[name] = r
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Right) read(text []byte) error {
	if err := json.Unmarshal(text, r); err != nil {
		return err
	}
	var inside map[string]json.RawMessage
	if err := json.Unmarshal(text, &inside); err != nil {
		return err
	}
	for _, w := range kinds {
		if value, ok := inside[w.request]; ok {
			r.Payment = &Payment{Kind: w.kind}
			return json.Unmarshal(value, r.Payment)
		}
		if value, ok := inside[w.bundleRequest]; ok {
			r.Bundle = &Bundle{Kind: w.kind}
			return json.Unmarshal(value, r.Bundle)
		}
	}
	return nil
}

// Lifetime is how long the access token lives from now.
func (t *Tokens) Lifetime() time.Duration {
	seconds, err := strconv.Atoi(t.ExpiresIn)
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// AccountIDs are the ids of the granted accounts, for the calls.
func (t *Tokens) AccountIDs() []string {
	var out []string
	for _, p := range t.Details.Privileges {
		if p.AccountID != "" {
			out = append(out, p.AccountID)
		}
	}
	return out
}

// Payer is the account from which a consented payment or bundle is paid: the one
// that was named, or that the customer chose. It is "" for other consents.
func (t *Tokens) Payer() string {
	for _, p := range t.Details.Privileges {
		for name, r := range p.Rights {
			switch {
			case !strings.HasPrefix(name, "pis:"):
			case r.Payment != nil:
				return r.Payment.Sender.AccountNumber
			case r.Bundle != nil && len(r.Bundle.Transfers) > 0:
				return r.Bundle.Transfers[0].Sender.AccountNumber
			}
		}
	}
	return ""
}

// Redeem exchanges the code with which the customer came back for tokens. A code
// is good once: when the answer is lost, the customer has to be asked again.
func (c *Client) Redeem(ctx context.Context, code, redirectURI string) (Tokens, error) {
	return c.form().tokens(ctx, &grant{kind: byCode, value: code, redirectURI: redirectURI})
}

// Refresh gets new tokens for a refresh token, which is dead afterwards.
func (c *Client) Refresh(ctx context.Context, refreshToken string) (Tokens, error) {
	return c.form().tokens(ctx, &grant{kind: byRefresh, value: refreshToken})
}

// RefreshTo is Refresh to less than before: fewer rights to accounts, or, after a
// payment, the Status of it. PolishAPI needs the consent's ID and Until with it.
func (c *Client) RefreshTo(ctx context.Context, refreshToken string, to Consent) (Tokens, error) {
	return c.form().tokens(ctx, &grant{kind: byRefresh, value: refreshToken, to: &to})
}

// ExchangeToAIS goes from the list of accounts to reading some of them, in the
// same consent and once (psd2 §6.3). Numbers may be masked as in the list.
func (c *Client) ExchangeToAIS(ctx context.Context, accessToken, consentID string, until time.Time, r Read) (Tokens, error) {
	return c.form().tokens(ctx, &grant{kind: byExchange, value: accessToken, to: &Consent{ID: consentID, Until: until, Read: &r}})
}

package client

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"okienko/eidas/seal"
)

// Registration is what a third party says of itself when it registers
// (psd2 §3.7).
type Registration struct {
	Name         string
	Email        string
	RedirectURIs []string
	// CallbackURLs are where the bank may call: PolishAPI's authorizeExt is answered
	// there (psd2 §2.7).
	CallbackURLs []string
}

// Registered is the client that the bank has made, or knew already. Status says
// whether it may call: "active", or "waiting" where the bank admits by papers.
type Registered struct {
	ClientID string `json:"client_id"`
	// In mBank's form.
	Name         string   `json:"client_name,omitempty"`
	RedirectURIs []string `json:"redirect_uris,omitempty"`
	Status       string   `json:"status,omitempty"`

	// In PolishAPI, where the status is not said.
	Secret string `json:"client_secret,omitempty"`
	APIKey string `json:"api_key,omitempty"`
}

// Register registers the organisation of the certificates, or adds this key and
// these addresses to a registration that exists.
func (c *Client) Register(ctx context.Context, r Registration) (Registered, error) {
	type key struct {
		Type        string   `json:"kty"`
		Algorithm   string   `json:"alg"`
		Certificate []string `json:"x5c"`
		URL         string   `json:"x5u,omitempty"`
		Thumbprint  string   `json:"x5t#S256"`
	}
	type keys struct {
		Keys []key `json:"keys"`
	}
	claims, err := json.Marshal(struct {
		Issuer       string   `json:"iss"`
		IssuedAt     int64    `json:"iat"`
		Keys         keys     `json:"jwks"`
		Name         string   `json:"client_name"`
		Email        string   `json:"sub_contact_email"`
		RedirectURIs []string `json:"redirect_uris"`
		CallbackURLs []string `json:"callback_urls,omitempty"`
	}{
		Issuer: c.cfg.Organisation, IssuedAt: c.cfg.now().Unix(), Name: r.Name, Email: r.Email, RedirectURIs: r.RedirectURIs,
		CallbackURLs: r.CallbackURLs,
		Keys: keys{[]key{{
			Type: keyType(c.cfg.Algorithm), Algorithm: string(c.cfg.Algorithm), URL: c.cfg.SealURL, Thumbprint: c.header.Thumbprint,
			Certificate: []string{base64.StdEncoding.EncodeToString(c.cfg.SealCertificate.Raw)},
		}}},
	})
	if err != nil {
		return Registered{}, fmt.Errorf("client: %w", err)
	}
	statement, err := attached(c, claims)
	if err != nil {
		return Registered{}, err
	}
	return c.form().register(ctx, statement)
}

func keyType(a seal.Algorithm) string {
	if a == seal.ES256 {
		return "EC"
	}
	return "RSA"
}

// attached is a compact JWS with its payload inside (RFC 7515 §7.1): a detached
// one with the payload put in its middle.
func attached(c *Client, payload []byte) (string, error) {
	h := c.header
	h.URL, h.Thumbprint = "", "" // the keys of the statement say which key it is
	detached, err := seal.Sign(c.cfg.Seal, h, payload)
	if err != nil {
		return "", fmt.Errorf("client: %w", err)
	}
	protected, signature, ok := strings.Cut(detached, "..")
	if !ok {
		return "", errors.New("client: the signature of the statement is not detached")
	}
	return protected + "." + base64.RawURLEncoding.EncodeToString(payload) + "." + signature, nil
}

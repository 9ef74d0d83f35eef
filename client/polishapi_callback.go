package client

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// Called is what the bank hands in at a callback address: what a browser would
// have brought back, and the consent that it is about.
type Called struct {
	ConsentID string
	State     string
	Code      string // to redeem, without a redirect URI; "" when Denied
	Denied    string // the error of OAuth 2.0, access_denied, when the customer did not consent
}

// apiKeyHeader is where the bank shows the key that it was given.
const apiKeyHeader = "X-API-KEY"

// maxCalled is above what any bank has to say.
const maxCalled = 64 << 10

// ReadCallback reads a call of the bank and holds it against the key that
// AskExternally named and against the bank's signature. Answer 2xx when it gives no
// error; the bank calls again otherwise. The same consent may be told twice, each
// time with a code of its own, of which the last is good.
func (c *Client) ReadCallback(r *http.Request, apiKey string) (Called, error) {
	if _, err := c.polish(); err != nil {
		return Called{}, err
	}
	switch given := r.Header.Get(apiKeyHeader); {
	case r.Method != http.MethodPost:
		return Called{}, fmt.Errorf("client: a callback is a POST, not a %s", r.Method)
	case apiKey == "" || subtle.ConstantTimeCompare([]byte(given), []byte(apiKey)) != 1:
		return Called{}, errors.New("client: whoever calls does not show the key that was agreed")
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, maxCalled))
	if err != nil {
		return Called{}, fmt.Errorf("client: %w", err)
	}
	if err := c.calledBy(r, text); err != nil {
		return Called{}, err
	}
	var body struct {
		ConsentID string `json:"consentId"`
		State     string `json:"state"`
		Code      string `json:"code"`
		Error     string `json:"error"`
	}
	if err := json.Unmarshal(text, &body); err != nil {
		return Called{}, fmt.Errorf("client: the callback: %w", err)
	}
	if body.ConsentID == "" || (body.Code == "") == (body.Error == "") {
		return Called{}, errors.New("client: the callback says neither what was consented to nor that it was not")
	}
	return Called{ConsentID: body.ConsentID, State: body.State, Code: body.Code, Denied: body.Error}, nil
}

// calledBy holds a callback against the bank's certificate.
func (c *Client) calledBy(r *http.Request, text []byte) error {
	if c.cfg.TakeUnproven {
		return nil
	}
	return c.provenBy(r.Context(), r.Header.Get(signatureHeader), text)
}

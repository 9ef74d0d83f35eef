package okienkotest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"testing"
	"time"

	"okienko/app"
	"okienko/authserver"
	"okienko/clock"
	"okienko/office"
)

// Frozen starts the bank with its clock standing at an instant.
func Frozen(at time.Time) Option {
	return func(o *app.SandboxOptions) { o.Clock = clock.State{Bank: at, Wall: at} }
}

// Inside is the bank behind its doors, for the acts of customers and staff whom
// no browser and no terminal stands for.
func (b *Bank) Inside() *app.Inside { return b.inside }

// Office has staff order something through the admin socket, approved by a
// colleague where four eyes are asked.
func (b *Bank) Office(t testing.TB, c office.Command) office.Report {
	t.Helper()
	report, err := b.inside.Order(t.Context(), "tester", "a test", c)
	if err != nil {
		t.Fatalf("%T: %v", c, err)
	}
	return report
}

// stateLength is that of partner-api §4.1.
const stateLength = 128

// PairAs pairs an application with any customer who has a login and a phone, by
// what the customer chooses: over HTTPS but for the pages, which it leaves out.
func (b *Bank) PairAs(ctx context.Context, client app.ReadyClient, choice authserver.Choice) (*Pairing, error) {
	state := ""
	for len(state) < stateLength {
		state += rand.Text()
	}
	state = state[:stateLength]
	query := url.Values{
		"client_id": {client.ID}, "response_type": {"code"}, "state": {state}, "redirect_uri": {client.RedirectURI}, "scope": {"open-api"},
	}
	a, err := b.send(ctx, http.MethodGet, b.Partner+"/request?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	page, err := url.Parse(a.Header.Get("Location"))
	if err != nil || a.Status != http.StatusSeeOther {
		return nil, fmt.Errorf("the request for a pairing: %d %s %w", a.Status, a.Body, err)
	}
	back, err := b.inside.Consent(ctx, authserver.RequestID(path.Base(page.Path)), choice)
	if err != nil {
		return nil, err
	}
	landed, err := url.Parse(back)
	if err != nil {
		return nil, err
	}
	p := &Pairing{ReadyClient: client, bank: b}
	err = p.grant(ctx, map[string]string{
		"grant_type": "authorization_code", "code": landed.Query().Get("code"), "state": state, "redirect_uri": client.RedirectURI,
	})
	return p, err
}

// Refresh takes new tokens for the refresh token. The error is of the type
// NotGranted when the bank gives none.
func (p *Pairing) Refresh(ctx context.Context) error {
	return p.grant(ctx, map[string]string{"grant_type": "refresh_token", "refresh_token": p.RefreshToken})
}

// NotGranted is the answer of a bank that gave no tokens.
type NotGranted struct{ Answer *Answer }

func (e NotGranted) Error() string {
	return fmt.Sprintf("no tokens: %d %s", e.Answer.Status, e.Answer.Body)
}

func (p *Pairing) grant(ctx context.Context, params map[string]string) error {
	params["client_id"], params["client_secret"] = p.ID, p.Secret
	a, err := p.bank.send(ctx, http.MethodPost, p.bank.Partner+"/grant", params)
	if err != nil {
		return err
	}
	if a.Status != http.StatusOK {
		return NotGranted{a}
	}
	var tokens struct {
		Access      string   `json:"access_token"`
		Refresh     string   `json:"refresh_token"`
		Account     string   `json:"account_id"`
		Permissions []string `json:"permissions"`
	}
	if err := json.Unmarshal(a.Body, &tokens); err != nil {
		return err
	}
	p.AccessToken, p.RefreshToken, p.AccountID, p.Permissions = tokens.Access, tokens.Refresh, tokens.Account, tokens.Permissions
	return nil
}

// Ask makes one call with the pairing's access token. A body that is not nil is
// sent as JSON. It is Call for goroutines, which may not end a test.
func (p *Pairing) Ask(ctx context.Context, method, path string, body any) (*Answer, error) {
	return p.bank.send(ctx, method, p.bank.Partner+path, body, "access_token", p.AccessToken)
}

// send sends JSON, or nothing, with some more headers.
func (b *Bank) send(ctx context.Context, method, to string, body any, headers ...string) (*Answer, error) {
	var content []byte
	if body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, to, bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := b.HTTP.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	return &Answer{Status: resp.StatusCode, Header: resp.Header, Body: answer}, err
}

// MoveClock sets the bank clock ahead and returns when the bank has done what is
// due by then.
func (b *Bank) MoveClock(ctx context.Context, to time.Time) error {
	a, err := b.send(ctx, http.MethodPost, b.Sandbox+"/clock", map[string]time.Time{"set": to})
	if err != nil {
		return err
	}
	if a.Status != http.StatusOK {
		return fmt.Errorf("the bank clock does not go to %s: %d %s", to, a.Status, a.Body)
	}
	return b.inside.Settled(ctx)
}

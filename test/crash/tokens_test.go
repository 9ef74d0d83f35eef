package crash

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"okienko/test/process"
)

// chain is a pairing whose refresh token is rotated again and again, until the
// bank is killed. It has a customer of its own: the sandbox rotates the tokens
// of the ready pairing at every start.
type chain struct {
	paired bool
	secret string
	client string
	// known says that live was the last answer before the kill, and no other
	// rotation was under way.
	known      bool
	live, dead string // the newest refresh token that was acknowledged; the one before it
	failed     error

	acknowledged, alive int
}

const chainLogin = "maria"

// pair pairs through the pages.
func (c *chain) pair(t *testing.T, bank *process.Bank) {
	t.Helper()
	client, err := bank.Client(4)
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	customer, err := process.NewCustomer(bank.People, client)
	if err != nil {
		t.Fatal(err)
	}
	if err := customer.LogIn(t.Context(), chainLogin, bank.Password); err != nil {
		t.Fatal(err)
	}
	state := strings.Repeat("s", 128)
	code, err := customer.Pair(t.Context(), process.Pairing{ReadyClient: bank.Paired, Partner: bank.Partner, State: state},
		bank.NextCode(t.Context(), client, chainLogin))
	if err != nil {
		t.Fatal(err)
	}
	c.client, c.secret = bank.Paired.ID, bank.Paired.Secret
	status, tokens, text, err := process.Grant(t.Context(), client, bank.Partner, url.Values{
		"grant_type": {"authorization_code"}, "client_id": {c.client}, "client_secret": {c.secret},
		"code": {code}, "state": {state}, "redirect_uri": {bank.Paired.RedirectURI},
	})
	if err != nil || status != http.StatusOK {
		t.Fatalf("the code is answered %d %s, %v", status, text, err)
	}
	c.paired, c.known, c.live, c.dead = true, true, tokens.Refresh, ""
}

func (c *chain) grant(ctx context.Context, bank *process.Bank, client *http.Client, refresh string) (int, process.Tokens, string, error) {
	return process.Grant(ctx, client, bank.Partner, url.Values{
		"grant_type": {"refresh_token"}, "client_id": {c.client}, "client_secret": {c.secret}, "refresh_token": {refresh},
	})
}

// rotate rotates until the bank is gone; or, when last is closed, until the
// next acknowledgement, which then is the last thing that happened to it.
func (c *chain) rotate(bank *process.Bank, client *http.Client, last <-chan struct{}) {
	for {
		c.known = false
		status, tokens, text, err := c.grant(context.Background(), bank, client, c.live)
		switch {
		case err != nil:
			return
		case status == http.StatusTooManyRequests:
			c.known = true
			time.Sleep(20 * time.Millisecond) // by the wall clock
			continue
		case status != http.StatusOK:
			c.failed = fmt.Errorf("rotating: %d %s", status, text)
			return
		}
		c.dead, c.live, c.known = c.live, tokens.Refresh, true
		c.acknowledged++
		select {
		case <-last:
			return
		default:
		}
	}
}

// check holds the pairing against what was acknowledged before the kill: the
// newest token is good and the one before it is dead, and using that ends all.
func (c *chain) check(t *testing.T, bank *process.Bank) {
	t.Helper()
	if !c.paired {
		return
	}
	client, err := bank.Client(1)
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	status, tokens, text, err := c.grant(t.Context(), bank, client, c.live)
	switch {
	case err != nil:
		t.Fatal(err)
	case status != http.StatusOK && !c.known && strings.Contains(text, `"invalid_grant"`):
		return // the rotation that nobody saw the end of was done
	case status != http.StatusOK:
		t.Fatalf("the refresh token that was acknowledged before the kill (certain: %t) is answered %d %s", c.known, status, text)
	}
	c.alive++
	if c.dead == "" {
		return
	}
	if status, _, text, err := c.grant(t.Context(), bank, client, c.dead); err != nil || status != http.StatusBadRequest || !strings.Contains(text, `"invalid_grant"`) {
		t.Errorf("a token that was rotated before the kill is answered %d %s, %v", status, text, err)
	}
	if status, _, text, err := c.grant(t.Context(), bank, client, tokens.Refresh); err != nil || status != http.StatusBadRequest {
		t.Errorf("after the reuse of a dead token the newest one is answered %d %s, %v", status, text, err)
	}
}

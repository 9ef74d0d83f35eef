package client

import (
	"bytes"
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"okienko/eidas"
	"okienko/eidas/seal"
)

// Config says who calls, and where. QWAC, Seal, SealCertificate, Organisation
// and URL are needed.
type Config struct {
	URL  string // of the PSD2 listener, "https://localhost:8447"
	Bank string // bankId in the paths, "bank-simulator-pl-retail"

	QWAC            tls.Certificate   // opens the connection
	Seal            crypto.Signer     // key of the QSealC
	SealCertificate *x509.Certificate // QSealC
	SealURL         string            // x5u: where the bank may fetch the QSealC
	Organisation    string            // organizationIdentifier, TPP-ID
	ClientID        string            // "" until registered

	Roots *x509.CertPool // who may vouch for the bank; nil is the machine's own list
	// Algorithm of signatures; RS256 when "".
	Algorithm seal.Algorithm
	// Tries bounds how often one call is made; 4 when zero, 1 for never again.
	Tries int
	// Language of the bank's sentences: "en" when "".
	Language string
	// Timeout of one try; 30 seconds when zero.
	Timeout time.Duration

	now   func() time.Time
	sleep func(context.Context, time.Duration) error
}

// Client calls the bank. Its methods may be called concurrently.
type Client struct {
	cfg    Config
	header seal.Header
	http   *http.Client
	ids    *requestIDs
	base   string
}

// New checks the configuration. It opens no connection.
func New(c Config) (*Client, error) {
	switch {
	case c.URL == "" || c.Organisation == "":
		return nil, errors.New("client: an address and an organisation are needed")
	case c.Seal == nil || c.SealCertificate == nil || len(c.QWAC.Certificate) == 0:
		return nil, errors.New("client: a QWAC and a QSealC with their keys are needed")
	}
	u, err := url.Parse(c.URL)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("client: %q is no https address", c.URL)
	}
	if c.Algorithm == "" {
		c.Algorithm = seal.RS256
	}
	if c.Tries <= 0 {
		c.Tries = 4
	}
	if c.Language == "" {
		c.Language = "en"
	}
	if c.Timeout <= 0 {
		c.Timeout = 30 * time.Second
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.sleep == nil {
		c.sleep = sleep
	}
	ids, err := newRequestIDs(c.now)
	if err != nil {
		return nil, err
	}
	return &Client{
		cfg: c, ids: ids, base: strings.TrimSuffix(c.URL, "/"),
		header: seal.Header{Alg: c.Algorithm, Typ: "JWT", URL: c.SealURL, Thumbprint: eidas.Thumbprint(c.SealCertificate)},
		http: &http.Client{
			Timeout: c.Timeout,
			Transport: &http.Transport{
				TLSClientConfig:     &tls.Config{Certificates: []tls.Certificate{c.QWAC}, RootCAs: c.Roots, MinVersion: tls.VersionTLS12},
				MaxIdleConnsPerHost: 64, ForceAttemptHTTP2: true,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// As is the same client under a client id, after a registration.
func (c *Client) As(clientID string) *Client {
	other := *c
	other.cfg.ClientID = clientID
	return &other
}

// ClientID is the client's id, "" before it was registered.
func (c *Client) ClientID() string { return c.cfg.ClientID }

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// call is one call of the interface.
type call struct {
	method, path string // path with query, as it stands on the request line
	token        string
	body         any
	headers      map[string]string
	unsigned     bool // register alone
	// repeatable says that another try cannot do a second thing: reads, deletions,
	// and payments under an id of the caller's own.
	repeatable bool
}

// do makes a call and reads its answer into out, unless out is nil.
func (c *Client) do(ctx context.Context, k call, out any) error {
	body := []byte{}
	if k.body != nil {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(k.body); err != nil {
			return fmt.Errorf("client: %w", err)
		}
		body = bytes.TrimSpace(b.Bytes())
	}
	for try := 1; ; try++ {
		wait, err := c.try(ctx, &k, body, out)
		if err == nil || wait < 0 || try >= c.cfg.Tries {
			return err
		}
		if wait == 0 {
			wait = backoff(try)
		}
		if slept := c.cfg.sleep(ctx, wait); slept != nil {
			return errors.Join(err, slept)
		}
	}
}

// never says that a call is not made again.
const never = time.Duration(-1)

// try makes one try. wait is how long to wait before the next one: never, 0 for
// the usual, or what the bank asked for.
func (c *Client) try(ctx context.Context, k *call, body []byte, out any) (wait time.Duration, err error) {
	r, err := c.request(ctx, k, body)
	if err != nil {
		return never, err
	}
	resp, err := c.http.Do(r)
	if err != nil {
		if k.repeatable && ctx.Err() == nil {
			return 0, fmt.Errorf("client: %w", err)
		}
		return never, fmt.Errorf("client: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		if k.repeatable {
			return 0, fmt.Errorf("client: %w", err)
		}
		return never, fmt.Errorf("client: %w", err)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		refused := refusalOf(resp, text)
		return refused.wait(k.repeatable), refused
	}
	if out == nil || len(text) == 0 {
		return never, nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return never, fmt.Errorf("client: the answer to %s %s: %w", k.method, k.path, err)
	}
	return never, nil
}

// maxAnswer bounds what is read of an answer: a page of transactions takes some
// hundred kilobytes.
const maxAnswer = 16 << 20

// request builds and signs one try: every try is a request of its own with an
// id of its own, since the bank takes an id once.
func (c *Client) request(ctx context.Context, k *call, body []byte) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, k.method, c.base+k.path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	h := r.Header
	h.Set("Accept", "application/json; charset=utf-8")
	h.Set("Accept-Language", c.cfg.Language)
	h.Set("TPP-Request-ID", c.ids.next())
	if len(body) > 0 {
		h.Set("Content-Type", "application/json")
	}
	if k.unsigned {
		return r, nil
	}
	h.Set("TPP-ID", c.cfg.Organisation)
	h.Set("Send-Date", c.cfg.now().UTC().Format("2006-01-02T15:04:05.000Z"))
	if k.token != "" {
		h.Set("Authorization", "Bearer "+k.token)
	}
	if c.cfg.ClientID != "" {
		h.Set("Client-ID", c.cfg.ClientID)
	}
	for name, value := range k.headers {
		if value != "" {
			h.Set(name, value)
		}
	}
	payload, err := seal.AppendPayload(nil, k.path, h, body)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	signature, err := seal.Sign(c.cfg.Seal, c.header, payload)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	h.Set("JWS-Signature", signature)
	return r, nil
}

// bank is a path below the bank's own part.
func (c *Client) bank(path string) string { return "/" + c.cfg.Bank + "/v3" + path }

// backoff waits 0.2 s, 0.4 s, 0.8 s …
func backoff(try int) time.Duration { return 100 * time.Millisecond << min(try, 6) }

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"okienko/bank/notice"
)

// DefaultTimeout is how long one message may take. A gateway that needs longer is
// down, and the message goes again; a code lives five minutes.
const DefaultTimeout = 10 * time.Second

// maxAnswer is how much of an answer is read, so that the connection can be used
// again. What a gateway says beyond its status means nothing to us.
const maxAnswer = 16 << 10

// HTTPConfig sets up an HTTPGateway.
type HTTPConfig struct {
	URL     string // https, without user and fragment
	Secret  string // sent as the bearer token
	Timeout time.Duration
	// TLS holds the roots of a gateway inside the bank; nil trusts the system's.
	TLS *tls.Config
}

// HTTPGateway posts every message as one JSON object:
//
//	{"id":"…","channel":"sms","to":"+48…","text":"…","expiresAt":"…"}
//
// to the configured address, with the message's id as Idempotency-Key. Any 2xx
// means that the gateway has taken the message over.
type HTTPGateway struct {
	url    string
	host   string
	secret string
	client *http.Client
}

// NewHTTPGateway refuses what would send codes in clear or the secret to a
// stranger.
func NewHTTPGateway(c HTTPConfig) (*HTTPGateway, error) {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "":
		return nil, errors.New("notify: the gateway's address is https://host/path")
	case c.Secret == "":
		return nil, errors.New("notify: the gateway needs a secret")
	case c.TLS != nil && c.TLS.InsecureSkipVerify:
		return nil, errors.New("notify: the gateway's certificate must be verified")
	}
	if c.Timeout <= 0 {
		c.Timeout = DefaultTimeout
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.TLS != nil {
		config = c.TLS.Clone()
		config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	}
	return &HTTPGateway{url: c.URL, host: u.Hostname(), secret: c.Secret, client: &http.Client{
		Timeout: c.Timeout,
		// Neither text nor secret follows a redirect.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSClientConfig: config, ForceAttemptHTTP2: true,
			DialContext: (&net.Dialer{Timeout: c.Timeout / 2}).DialContext, MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute,
		},
	}}, nil
}

// Close lets idle connections go.
func (g *HTTPGateway) Close() { g.client.CloseIdleConnections() }

type messageJSON struct {
	ID        string         `json:"id"`
	Channel   notice.Channel `json:"channel"`
	To        string         `json:"to,omitempty"`
	Person    string         `json:"person,omitempty"` // for a push: whose devices
	Text      string         `json:"text"`
	ExpiresAt time.Time      `json:"expiresAt"`
}

// Send hands one message over. Its errors name the gateway's host and status
// and nothing of the message.
func (g *HTTPGateway) Send(ctx context.Context, m notice.Message) error {
	j := messageJSON{ID: m.ID, Channel: m.Channel, To: m.To, Text: m.Text, ExpiresAt: m.ExpiresAt}
	if m.Channel == notice.Push {
		j.Person = string(m.Person)
	}
	body, err := json.Marshal(j)
	if err != nil {
		return Final(fmt.Errorf("notify: message %s cannot be written down", m.ID))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url, bytes.NewReader(body))
	if err != nil {
		return Final(fmt.Errorf("notify: %s: the request cannot be made", g.host))
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+g.secret)
	req.Header.Set("Idempotency-Key", m.ID)
	res, err := g.client.Do(req)
	if err != nil {
		return &failure{error: fmt.Errorf("notify: %s: %w", g.host, redacted(err)), temporary: true}
	}
	return taken(res, g.host, passing)
}

// taken reads an answer to its end and is nil for any 2xx; temporary tells of which
// other statuses another try may make one.
func taken(res *http.Response, host string, temporary func(status int) bool) error {
	defer res.Body.Close()
	// What is left of an answer is read only so that the connection can be kept.
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, maxAnswer))
	if res.StatusCode/100 == 2 {
		return nil
	}
	return &failure{error: fmt.Errorf("notify: %s answered %d", host, res.StatusCode), temporary: temporary(res.StatusCode)}
}

// passing tells whether a status may be another one the next time. 401 and 403
// are among them: a secret is being changed over on one side before the other,
// and the messages of that minute must not be lost. A redirect means a wrong
// address in the configuration, which a restart mends.
func passing(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= 500 || status/100 == 3
}

// redacted drops the address from the client's error: its query may hold what
// the operator configured as a secret.
func redacted(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
	"time"
)

// CallbackConfig sets up a CallbackClient.
type CallbackConfig struct {
	Timeout time.Duration // of one call; 0 is DefaultTimeout
	// Loopback lets addresses of this machine be called too, also by plain http: a
	// sandbox's third parties run beside it.
	Loopback bool
	// TLS holds the roots by which third parties' servers are trusted; nil trusts
	// the system's.
	TLS *tls.Config
}

// CallbackClient posts to addresses that third parties have registered. Whoever
// registers may name any host, and a name may resolve to anything at any time:
// what is judged is the address that is dialled, so that no callback reaches into
// the bank's own network (SSRF). It follows no redirect and uses no proxy, which
// would resolve names itself.
type CallbackClient struct {
	client   *http.Client
	loopback bool
}

// NewCallbackClient makes a client with connections of its own.
func NewCallbackClient(c CallbackConfig) *CallbackClient {
	if c.Timeout <= 0 {
		c.Timeout = DefaultTimeout
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.TLS != nil {
		config = c.TLS.Clone()
		config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	}
	dialer := &net.Dialer{Timeout: c.Timeout / 2, Control: func(_, address string, _ syscall.RawConn) error {
		return outside(address, c.Loopback)
	}}
	return &CallbackClient{loopback: c.Loopback, client: &http.Client{
		Timeout:       c.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			TLSClientConfig: config, ForceAttemptHTTP2: true, DialContext: dialer.DialContext, TLSHandshakeTimeout: c.Timeout / 2,
			MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10,
		},
	}}
}

// Close lets idle connections go.
func (c *CallbackClient) Close() { c.client.CloseIdleConnections() }

// Post sends one body. Any 2xx means that the third party has taken it. Its
// errors name host and status and nothing of what was sent.
func (c *CallbackClient) Post(ctx context.Context, to string, header http.Header, body []byte) error {
	at, err := url.Parse(to)
	if err != nil || at.Host == "" || at.User != nil || at.Scheme != "https" && (at.Scheme != "http" || !c.loopback) {
		return Final(errors.New("notify: the address of a callback is https://host/path"))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return Final(fmt.Errorf("notify: %s: the request cannot be made", at.Host))
	}
	req.Header = header.Clone()
	res, err := c.client.Do(req)
	if err != nil {
		return &failure{error: fmt.Errorf("notify: %s: %w", at.Host, redacted(err)), temporary: true}
	}
	return taken(res, at.Host, func(int) bool { return true })
}

// inward are the networks of RFC 6890 that lead nowhere public and that package
// netip has no word for.
var inward = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("2001::/32"),
	netip.MustParsePrefix("::/96"), netip.MustParsePrefix("fec0::/10"),
}

// outside refuses a dialled address that is not one of the internet, in whatever
// way it is written. Every address of this machine is one of the sandbox's when
// loopback says so, and none of a private network ever is.
func outside(address string, loopback bool) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	a := to.Addr().Unmap().WithZone("")
	if loopback && a.IsLoopback() {
		return nil
	}
	if !a.IsGlobalUnicast() || a.IsPrivate() || slices.ContainsFunc(inward, func(p netip.Prefix) bool { return p.Contains(a) }) {
		return fmt.Errorf("notify: %s is not a public address", a)
	}
	return nil
}

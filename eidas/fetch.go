package eidas

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// HTTPFetcher fetches over HTTP from hosts that the bank has listed, and from nowhere else. The addresses to fetch stand
// in certificates and in headers that anybody may send, so without a list the bank would call whatever it is told to,
// its own inner services first (SSRF).
type HTTPFetcher struct {
	client *http.Client
	limit  int64
	hosts  []string
	plain  bool
}

// FetchSettings of an HTTPFetcher.
type FetchSettings struct {
	Hosts    []string // "ocsp.qtsp.example", or "*.qtsp.example" for every host below it
	Plain    bool     // http besides https: right for CRL and OCSP, which are signed; wrong for x5u
	Internal bool     // also addresses of this machine and of private networks: tests and sandboxes only
	Limit    int64    // bytes of an answer; 0: 16 MiB, as the largest lists of qualified issuers have some 5
}

const (
	defaultFetchLimit = 16 << 20
	maxRedirects      = 3
)

// NewHTTPFetcher makes a fetcher with connections of its own. It uses no proxy: a proxy would resolve names itself, and
// the check of addresses would look at the proxy's.
func NewHTTPFetcher(s FetchSettings) *HTTPFetcher {
	f := &HTTPFetcher{limit: s.Limit, hosts: slices.Clone(s.Hosts), plain: s.Plain}
	if f.limit <= 0 {
		f.limit = defaultFetchLimit
	}
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	if !s.Internal {
		// Here and not before: the name has been resolved, and what is judged is what is dialled.
		dialer.Control = func(_, address string, _ syscall.RawConn) error { return public(address) }
	}
	f.client = &http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: 10 * time.Second,
			MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(next *http.Request, past []*http.Request) error {
			if len(past) > maxRedirects {
				return errors.New("too many redirects")
			}
			return f.allowed(next.URL)
		},
	}
	return f
}

// Fetch implements Fetcher.
func (f *HTTPFetcher) Fetch(ctx context.Context, address string, request []byte) ([]byte, error) {
	at, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("eidas: fetch: %w", err)
	}
	if err := f.allowed(at); err != nil {
		return nil, err
	}
	method, body := http.MethodGet, io.Reader(http.NoBody)
	if request != nil {
		method, body = http.MethodPost, bytes.NewReader(request)
	}
	r, err := http.NewRequestWithContext(ctx, method, at.String(), body)
	if err != nil {
		return nil, fmt.Errorf("eidas: fetch: %w", err)
	}
	if request != nil {
		r.Header.Set("Content-Type", "application/ocsp-request")
	}
	answer, err := f.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("eidas: fetch: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("eidas: fetch: %s answered %d", at.Host, answer.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, f.limit+1))
	if err != nil {
		return nil, fmt.Errorf("eidas: fetch: %w", err)
	}
	if int64(len(text)) > f.limit {
		return nil, fmt.Errorf("eidas: fetch: %s answered more than %d bytes", at.Host, f.limit)
	}
	return text, nil
}

// allowed judges an address before anything is sent, and every redirect again.
func (f *HTTPFetcher) allowed(at *url.URL) error {
	if at.Scheme != "https" && (at.Scheme != "http" || !f.plain) {
		return fmt.Errorf("eidas: fetch: scheme %q is not allowed", at.Scheme)
	}
	if at.User != nil {
		return errors.New("eidas: fetch: an address with a password")
	}
	host := strings.ToLower(strings.TrimSuffix(at.Hostname(), "."))
	for _, h := range f.hosts {
		h = strings.ToLower(h)
		if below, ok := strings.CutPrefix(h, "*"); (ok && strings.HasPrefix(below, ".") && strings.HasSuffix(host, below)) || host == h {
			return nil
		}
	}
	return fmt.Errorf("eidas: fetch: the host %q is not on the list", host)
}

// inside are the networks of RFC 6890 that lead nowhere public and that package netip has no word for.
var inside = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("2001::/32"),
}

// public refuses a dialled address that is not one of the internet, in whatever way it is written.
func public(address string) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("eidas: fetch: %w", err)
	}
	a := to.Addr().Unmap().WithZone("")
	if !a.IsGlobalUnicast() || a.IsPrivate() || slices.ContainsFunc(inside, func(p netip.Prefix) bool { return p.Contains(a) }) {
		return fmt.Errorf("eidas: fetch: %s is not a public address", a)
	}
	return nil
}

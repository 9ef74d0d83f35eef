package operation

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"okienko/test/process"
)

func TestLimitsOfARequest(t *testing.T) {
	t.Parallel()
	b := open(t)
	for name, c := range map[string]struct {
		header, body string
		chunked      bool
		want         int
	}{
		"large body":            {body: strings.Repeat("x", 1<<20), want: http.StatusRequestEntityTooLarge},
		"large body in chunks":  {body: strings.Repeat("x", 1<<20), chunked: true, want: http.StatusRequestEntityTooLarge},
		"large header":          {header: strings.Repeat("h", 40<<10), body: "{}", want: http.StatusRequestHeaderFieldsTooLarge},
		"header within bounds":  {header: strings.Repeat("h", 20<<10), body: "{}", want: http.StatusBadRequest},
		"body of another world": {body: "<xml/>", want: http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			var body io.Reader = strings.NewReader(c.body)
			if c.chunked {
				body = struct{ io.Reader }{body} // of unknown length
			}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.Partner+"/payment", body)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("access_token", b.Paired.AccessToken)
			req.Header.Set("Accept", "application/json")
			req.Header.Set("Content-Type", "application/json")
			if c.header != "" {
				req.Header.Set("X-Long", c.header)
			}
			status, text, err := process.Do(b.client, req)
			if err != nil || status != c.want {
				t.Errorf("%d %.200s, %v; want %d", status, text, err, c.want)
			}
		})
	}
	for path, at := range map[string]string{"/login": b.People, "/phone/anna/approvals/newest/approve": b.Sandbox, "/clock": b.Sandbox} {
		status, text, err := process.Call(t.Context(), b.client, http.MethodPost, at+path, "", strings.Repeat("x", 1<<20))
		if err != nil || status < 400 || status >= 500 {
			t.Errorf("a large body for %s: %d %.200s, %v", path, status, text, err)
		}
	}
}

// A caller who sends slowly must not hold a connection for ever.
func TestSlowCallersAreLetGo(t *testing.T) {
	t.Parallel()
	b := open(t)
	var wg sync.WaitGroup
	for name, c := range map[string]struct {
		sent string
		most time.Duration // twice the limit, for a loaded machine
	}{
		"headers": {"POST /rest/v1/open/api/payment HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", 10 * time.Second},
		"nothing": {"", 10 * time.Second},
		"body":    {"POST /rest/v1/open/api/grant HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", 30 * time.Second},
	} {
		for _, url := range []string{b.Partner, b.People} {
			conn := b.dial(t, url)
			if _, err := io.WriteString(conn, c.sent); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			wg.Go(func() {
				text, err := io.ReadAll(conn)
				if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) || time.Since(began) > c.most {
					t.Errorf("%s: after %s: %.200s, %v", name, time.Since(began), text, err)
				}
				if bytes.Contains(text, []byte(" 500 ")) {
					t.Errorf("%s: answered %.200s", name, text)
				}
			})
		}
	}
	wg.Wait()
}

func TestVersionsOfTheProtocols(t *testing.T) {
	t.Parallel()
	b := open(t)
	roots, err := b.Roots()
	if err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{b.Partner, b.People, b.Sandbox} {
		for version, want := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
			conn, err := tls.Dial("tcp", hostOf(url), &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: version, MaxVersion: version}) //nolint:gosec // an old version is the point
			if (err == nil) != want {
				t.Errorf("%s, %s: %v", url, tls.VersionName(version), err)
			}
			if err == nil {
				_ = conn.Close()
			}
		}
		for _, protocol := range []string{"h2", "http/1.1"} {
			conn, err := tls.Dial("tcp", hostOf(url), &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: tls.VersionTLS12, NextProtos: []string{protocol}})
			if err != nil {
				t.Fatal(err)
			}
			if got := conn.ConnectionState().NegotiatedProtocol; got != protocol {
				t.Errorf("%s: asked for %s, got %q", url, protocol, got)
			}
			_ = conn.Close()
		}
		// In clear a stranger gets no answer of the bank's.
		resp, err := http.Get("http://" + hostOf(url) + "/rest/v1/open/api/user") //nolint:noctx // short
		if err == nil {
			text, _ := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusBadRequest || bytes.Contains(text, []byte(`"error"`)) {
				t.Errorf("plain HTTP on %s is answered %d %s", url, resp.StatusCode, text)
			}
		}
	}
	h2 := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true}}
	defer h2.CloseIdleConnections()
	for _, client := range []*http.Client{h2, b.client} {
		if status, text, err := process.Call(t.Context(), client, http.MethodGet, b.Partner+"/user", b.Paired.AccessToken, ""); err != nil || status != http.StatusOK {
			t.Errorf("%d %s, %v", status, text, err)
		}
	}
}

func TestMalformedHTTP(t *testing.T) {
	t.Parallel()
	b := open(t)
	for name, text := range map[string]string{
		"no request":             "\r\n\r\n",
		"no version":             "GET /login\r\n\r\n",
		"version of nobody":      "GET /login HTTP/9.9\r\nHost: localhost\r\n\r\n",
		"no host":                "GET /login HTTP/1.1\r\n\r\n",
		"two hosts":              "GET /login HTTP/1.1\r\nHost: localhost\r\nHost: elsewhere\r\n\r\n",
		"two lengths":            "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
		"length and chunks":      "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"length below zero":      "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
		"chunk without size":     "POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"space in a header name": "GET /login HTTP/1.1\r\nHost: localhost\r\nX Y: 1\r\n\r\n",
		"null in a header":       "GET /login HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n",
		"path of escapes":        "GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"path upwards":           "GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"absolute address":       "GET http://elsewhere/login HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"a proxy's call":         "CONNECT elsewhere:443 HTTP/1.1\r\nHost: elsewhere:443\r\n\r\n",
		"trace":                  "TRACE /login HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"asterisk":               "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"HTTP/2 in clear words":  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	} {
		for _, url := range []string{b.Partner, b.People, b.Sandbox} {
			conn := b.dial(t, url)
			if _, err := io.WriteString(conn, text); err != nil {
				t.Fatal(err)
			}
			_ = conn.CloseWrite()
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				continue // cut off: as good an answer as any
			}
			body, _ := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if resp.StatusCode >= 500 && resp.StatusCode != http.StatusNotImplemented && resp.StatusCode != http.StatusHTTPVersionNotSupported ||
				bytes.Contains(body, []byte("root:")) {
				t.Errorf("%s on %s: %d %.200s", name, url, resp.StatusCode, body)
			}
		}
	}
	if status, text := b.call(http.MethodGet, "/user", ""); status != http.StatusOK {
		t.Errorf("after all of it: %d %s", status, text)
	}
}

// garbage makes requests that are wrong in ways in which callers are wrong:
// pieces of good ones, put together without sense.
type garbage struct {
	*rand.Rand
	b     *bank
	paths []string
	words []string
}

func newGarbage(b *bank, seed uint64) *garbage {
	acc := "/account/" + b.Paired.AccountID
	return &garbage{
		Rand: rand.New(rand.NewPCG(seed, 2)), b: b,
		paths: []string{
			"/rest/v1/open/api/payment", "/rest/v1/open/api/grant", "/rest/v1/open/api/request", "/rest/v1/open/api/user", "/rest/v1/open/api/payment/authorize",
			"/rest/v1/open/api" + acc + "/blockade", "/rest/v1/open/api" + acc + "/transaction", "/rest/v1/open/api/account/x/blockade/y", "/rest/v1/open/api/authorization/z",
			"/rest/v1/open/api/permission/authorize", "/rest/v1/open/api" + acc + "/blockade/authorize", "/login", "/logout", "/pair/x", "/factor/pairing/x/code", "/confirm/x",
			"/", "/accounts", "/applications", "/limits", "/context", "/language", "/phone/anna/messages", "/phone/nobody/approvals/newest/approve", "/clock", "/callback/kawomat",
			"/callback/kawomat/start", "/mobile/v1/approvals", "/mobile/v1/approvals/x/approve", "/holds/x/release", "/applications/x/limits", "/problem", "/logos/kawomat", "/metrics", "/healthz", "/admin", "/.env", "/rest/v1/open/api/../../../x", "//", "/%2e%2e/%00",
		},
		words: []string{
			"", "0.01", "1,00", "-1.00", "1e2", "NaN", "PLN", "EUR", b.Paired.AccountID, "'; drop table accounts; --", "\x00", "\xff\xfe", "ąęć", "😀", strings.Repeat("9", 400),
			"2026-02-30", "2026-11-21T00:00:00Z", "null", "true", "{}", "[]", "9223372036854775808", "-9223372036854775809", "../..", "https://localhost/x", "%s%n", "${jndi:x}",
		},
	}
}

func pick[T any](g *garbage, of []T) T { return of[g.IntN(len(of))] }

func (g *garbage) text() string {
	switch g.IntN(4) {
	case 0:
		raw := make([]byte, g.IntN(64))
		for i := range raw {
			raw[i] = byte(g.IntN(256))
		}
		return string(raw)
	case 1:
		return pick(g, g.words) + pick(g, g.words)
	}
	return pick(g, g.words)
}

// body is JSON, nearly JSON, a form, or nothing of the kind.
func (g *garbage) body() (text, media string) {
	names := []string{"operationId", "account_id", "amount", "currency", "title", "validTo", "executionDate", "blockadeId", "callbackUri", "appType", "os_type",
		"grant_type", "code", "state", "refresh_token", "client_id", "client_secret", "permissions", "login", "password", "decision", "account", "single", "jump", "set", "run"}
	switch g.IntN(4) {
	case 0:
		return g.text(), pick(g, []string{"application/json", "text/plain", "", "application/json; charset=latin-2", "multipart/form-data; boundary=x"})
	case 1:
		form := ""
		for range g.IntN(6) {
			form += pick(g, names) + "=" + g.text() + "&"
		}
		return form, "application/x-www-form-urlencoded"
	}
	var o strings.Builder
	o.WriteByte('{')
	for i := range g.IntN(9) {
		if i > 0 {
			o.WriteByte(',')
		}
		switch g.IntN(5) {
		case 0:
			fmt.Fprintf(&o, "%q:%s", pick(g, names), pick(g, []string{"1", "-0.01", "1e400", "null", "[]", "{}", "[[[[]]]]", "true", "\"\\ud800\"", "01"}))
		default:
			fmt.Fprintf(&o, "%q:%q", pick(g, names), g.text())
		}
	}
	if g.IntN(20) > 0 {
		o.WriteByte('}')
	}
	return o.String(), "application/json"
}

func (g *garbage) request(t *testing.T) *http.Request {
	for {
		body, media := g.body()
		base := pick(g, []string{g.b.Partner, g.b.Partner, g.b.People, g.b.Sandbox})
		url := "https://localhost:" + base[strings.LastIndex(strings.TrimSuffix(base, "/rest/v1/open/api"), ":")+1:]
		url = strings.TrimSuffix(url, "/rest/v1/open/api") + pick(g, g.paths)
		if g.IntN(3) == 0 {
			url += "?" + pick(g, []string{"pageSize", "cursor", "from", "status", "client_id", "next", "wait", "after"}) + "=" + fmt.Sprintf("%x", g.text())
		}
		req, err := http.NewRequestWithContext(t.Context(), pick(g, []string{"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "BREW"}), url, strings.NewReader(body))
		if err != nil {
			continue
		}
		req.Header.Set("Content-Type", media)
		req.Header.Set("Accept", pick(g, []string{"application/json", "text/html", "", "*/*", "application/json;q=0", "image/png, */*;q=0.1"}))
		switch g.IntN(4) {
		case 0:
			req.Header.Set("access_token", "nonsense")
		case 1:
			req.Header.Set("Authorization", "Bearer "+g.b.Paired.AccessToken)
		case 2:
			req.Header.Set("access_token", g.b.Paired.AccessToken)
		}
		if g.IntN(5) == 0 {
			req.Header.Set("Cookie", "session=garbage; lang=xx")
		}
		return req
	}
}

func TestGarbageNeverMakesAnInternalError(t *testing.T) {
	t.Parallel()
	b := open(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	b.client.Timeout = 30 * time.Second
	const requests, callers = 10_000, 8
	var answered, limited atomic.Int64
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			g := newGarbage(b, seed+uint64(c))
			for range requests / callers {
				req := g.request(t)
				resp, err := b.client.Do(req)
				if err != nil {
					if req.Header.Get("Content-Type") != "" && t.Context().Err() == nil {
						t.Errorf("%s %s: %v", req.Method, req.URL, err)
					}
					continue
				}
				text, _ := io.ReadAll(resp.Body)
				_ = resp.Body.Close()
				answered.Add(1)
				switch {
				case resp.StatusCode == http.StatusTooManyRequests:
					limited.Add(1)
				case resp.StatusCode >= 500:
					t.Errorf("%s %s: %d %.300s", req.Method, req.URL, resp.StatusCode, text)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d answered, %d of them with 429", answered.Load(), limited.Load())
	if answered.Load() < requests*9/10 || limited.Load() > requests/2 {
		t.Error("too few of the requests were judged")
	}
	if status, text := b.call(http.MethodGet, "/user", ""); status != http.StatusOK {
		t.Errorf("after all of it: %d %s", status, text)
	}
	if code, err := b.Stop(); err != nil || code != 0 {
		t.Errorf("closing: %d, %v", code, err)
	}
	b.verify()
}

// What is no HTTP at all, in TLS and without it.
func TestNoiseOnTheSockets(t *testing.T) {
	t.Parallel()
	b := open(t)
	noise := rand.New(rand.NewPCG(3, 4))
	for n := range 200 {
		raw := make([]byte, noise.IntN(2000))
		for i := range raw {
			raw[i] = byte(noise.IntN(256))
		}
		url := []string{b.Partner, b.People, b.Sandbox}[n%3]
		var conn net.Conn
		var err error
		if n%2 == 0 {
			conn, err = net.Dial("tcp", hostOf(url)) //nolint:noctx // loopback
		} else {
			conn = b.dial(t, url)
		}
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write(raw)
		_ = conn.Close()
	}
	if status, text := b.call(http.MethodGet, "/user", ""); status != http.StatusOK {
		t.Errorf("after all of it: %d %s", status, text)
	}
}

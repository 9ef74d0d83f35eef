package edge

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"okienko/clock"
)

// door is a test door that answers errors as JSON, in its own form.
type door struct {
	name   string
	routes map[string]http.HandlerFunc
}

func (d door) Name() string { return d.name }

func (d door) Routes(mux *http.ServeMux) {
	for pattern, h := range d.routes {
		mux.HandleFunc(pattern, h)
	}
}

func (d door) WriteError(w http.ResponseWriter, _ *http.Request, status int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"door":%q,"status":%d}`, d.name, status)
}

func say(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }
}

func TestMountFindsTheDoorAndAnswersInItsForm(t *testing.T) {
	site := Mount(
		door{"api", map[string]http.HandlerFunc{
			"POST /rest/payment":     say("payment"),
			"GET /rest/payment/{id}": func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.PathValue("id")) },
			"PUT /rest/payment/{id}": say("changed"),
		}},
		door{"pages", map[string]http.HandlerFunc{"GET /login": say("login"), "GET /rest/help": say("help")}},
	)
	for _, test := range []struct {
		method, path string
		status       int
		body, allow  string
	}{
		{"POST", "/rest/payment", 200, "payment", ""},
		{"GET", "/rest/payment/7", 200, "7", ""},
		{"GET", "/rest/help", 200, "help", ""},
		{"HEAD", "/login", 200, "login", ""}, // net/http drops the body later
		{"DELETE", "/rest/payment/7", 405, `{"door":"api","status":405}`, "GET, HEAD, PUT"},
		{"POST", "/login", 405, `{"door":"pages","status":405}`, "GET, HEAD"},
		{"GET", "/nothing", 404, `{"door":"pages","status":404}`, ""},
		{"POST", "//rest/payment", 404, `{"door":"pages","status":404}`, ""}, // never redirected
		{"POST", "/x/../rest/payment", 404, `{"door":"pages","status":404}`, ""},
		{"GET", "/login/.", 404, `{"door":"pages","status":404}`, ""},
	} {
		w := httptest.NewRecorder()
		site.ServeHTTP(w, httptest.NewRequest(test.method, test.path, nil))
		if w.Code != test.status || w.Body.String() != test.body || w.Header().Get("Allow") != test.allow {
			t.Errorf("%s %s: %d %q Allow %q", test.method, test.path, w.Code, w.Body, w.Header().Get("Allow"))
		}
	}
}

func TestWithFallback(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /a", say("a"))
	h := WithFallback(mux, door{name: "x"})
	for path, want := range map[string]string{"/a": "a", "/b": `{"door":"x","status":404}`} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Body.String() != want {
			t.Errorf("%s: %q", path, w.Body)
		}
	}
}

func TestChainRunsTheFirstFirst(t *testing.T) {
	var order []string
	step := func(name string) Middleware {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				order = append(order, name)
				next.ServeHTTP(w, r)
			})
		}
	}
	Chain(say(""), step("first"), step("second")).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	if fmt.Sprint(order) != "[first second]" {
		t.Error(order)
	}
}

// output is a log that may be written while it is read.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

type running struct {
	*Server
	url string
	log *output
	reg *prometheus.Registry
	end chan error
}

func start(t *testing.T, change func(*ServerConfig), doors ...Door) running {
	t.Helper()
	reg := prometheus.NewRegistry()
	metrics, err := NewMetrics(reg)
	if err != nil {
		t.Fatal(err)
	}
	log := &output{}
	c := ServerConfig{
		Name: "test", Site: Mount(doors...), Limits: DefaultLimits(), Clock: clock.Wall{}, Metrics: metrics,
		Log: slog.New(Redact(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))),
	}
	scheme := "http"
	if change != nil {
		change(&c)
	}
	if c.TLS != nil {
		scheme = "https"
	}
	s, err := NewServer(c)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	end := make(chan error, 1)
	go func() { end <- s.Serve(ln) }()
	r := running{s, scheme + "://" + ln.Addr().String(), log, reg, end}
	t.Cleanup(func() { r.stop(t) })
	return r
}

// stop shuts down; afterwards every log line is written.
func (r running) stop(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := r.Shutdown(ctx); err != nil {
		t.Error(err)
	}
}

func client(t *testing.T) *http.Client {
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func do(t *testing.T, c *http.Client, r *http.Request) (*http.Response, string) {
	t.Helper()
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func request(t *testing.T, method, url string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRequestIDs(t *testing.T) {
	var inner, callers string
	s := start(t, nil, door{"d", map[string]http.HandlerFunc{"GET /": func(_ http.ResponseWriter, r *http.Request) {
		inner, callers = RequestID(r.Context()), CallerRequestID(r.Context())
	}}})
	c := client(t)
	seen := map[string]bool{}
	for sent, kept := range map[string]string{
		"abc-DEF_123":           "abc-DEF_123",
		"":                      "",
		"a b":                   "",
		"żółw":                  "",
		strings.Repeat("a", 64): strings.Repeat("a", 64),
		strings.Repeat("a", 65): "",
	} {
		r := request(t, "GET", s.url, nil)
		r.Header.Set(RequestIDHeader, sent)
		resp, _ := do(t, c, r)
		id := resp.Header.Get(RequestIDHeader)
		if id == "" || id == sent || id != inner || seen[id] {
			t.Errorf("sent %q: answered %q, inside %q", sent, id, inner)
		}
		if callers != kept {
			t.Errorf("sent %q: kept %q", sent, callers)
		}
		seen[id] = true
	}
}

func TestSecretsNeverReachTheLog(t *testing.T) {
	const secret = "s3cr3t-v4lue"
	s := start(t, nil, door{"api", map[string]http.HandlerFunc{
		"POST /pay/{id}": func(w http.ResponseWriter, r *http.Request) {
			body, err := ReadBody(w, r, 1000)
			if err != nil {
				t.Error(err)
			}
			Note(r.Context(),
				slog.String("code", "parameters_error"),
				slog.String("access_token", secret),
				slog.Group("customer", slog.String("Pesel", "44051401359"), slog.Any("all", struct{ Text string }{string(body)})),
				slog.Any("cause", fmt.Errorf("get %q: no answer for 44051401359", "https://sms.example/send?key="+secret)),
			)
			fmt.Fprint(w, secret)
		},
		"POST /panic": func(_ http.ResponseWriter, r *http.Request) {
			panic("could not read " + r.FormValue("code"))
		},
	}})
	c := client(t)
	for _, path := range []string{"/pay/" + secret, "/panic", "/nowhere/" + secret} {
		r := request(t, "POST", s.url+path+"?code="+secret+"&state="+secret, strings.NewReader(`{"secret":"`+secret+`"}`))
		r.Header.Set("Authorization", "Bearer "+secret)
		r.Header.Set("access_token", secret)
		r.Header.Set("Cookie", "session="+secret)
		r.Header.Set("X-Forwarded-For", "192.0.2.66")
		r.Header.Set("User-Agent", secret)
		do(t, c, r)
	}
	do(t, c, request(t, "s3cr3t-v4lue", s.url+"/pay/1", nil)) // a method may be any word
	s.stop(t)

	log := s.log.String()
	for _, never := range []string{secret, "44051401359", "192.0.2.66"} {
		if strings.Contains(log, never) {
			t.Errorf("%q is in the log:\n%s", never, log)
		}
	}
	lines := strings.Split(strings.TrimSpace(log), "\n")
	if len(lines) != 4 {
		t.Fatalf("%d lines for 4 requests:\n%s", len(lines), log)
	}
	var line map[string]any
	if err := json.Unmarshal([]byte(lines[0]), &line); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"msg": "request", "level": "INFO", "listener": "test", "door": "api", "method": "POST", "route": "POST /pay/{id}",
		"status": 200.0, "bytes": float64(len(secret)), "client": "127.0.0.1", "code": "parameters_error",
	} {
		if line[name] != want {
			t.Errorf("%s = %v, want %v", name, line[name], want)
		}
	}
	if id, _ := line["id"].(string); id == "" || line["duration"] == nil {
		t.Errorf("no id or duration: %v", line)
	}
}

// spoil breaks off when it is handed no map.
func spoil(m map[string]int) { m["x"] = 1 }

func TestPanicIsAnsweredByTheDoor(t *testing.T) {
	s := start(t, nil, door{"api", map[string]http.HandlerFunc{
		"GET /early": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Set-Cookie", "half=done")
			w.Header().Set("X-Content-Type-Options", "nosniff")
			spoil(nil)
		},
		"GET /late": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, strings.Repeat("x", 10_000)) // beyond net/http's buffer: it goes out
			panic("late")
		},
	}})
	c := client(t)
	resp, body := do(t, c, request(t, "GET", s.url+"/early", nil))
	if resp.StatusCode != 500 || body != `{"door":"api","status":500}` {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	if resp.Header.Get("Set-Cookie") != "" || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers after a panic: %v", resp.Header)
	}
	if resp, err := c.Do(request(t, "GET", s.url+"/late", nil)); err == nil {
		if _, err = io.ReadAll(resp.Body); err == nil {
			t.Error("half an answer looks whole")
		}
		resp.Body.Close()
	}
	s.stop(t)
	log := s.log.String()
	if !strings.Contains(log, "assignment to entry in nil map") || !strings.Contains(log, "server_test.go") {
		t.Errorf("the operator is not told what happened and where:\n%s", log)
	}
	if got := strings.Count(log, `"status":500`); got != 2 {
		t.Errorf("%d lines with status 500, want 2:\n%s", got, log)
	}
}

func TestTooManyAtOnce(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	s := start(t, func(c *ServerConfig) { c.Limits.MaxInFlight = 1 },
		door{"api", map[string]http.HandlerFunc{"GET /slow": func(http.ResponseWriter, *http.Request) {
			entered <- struct{}{}
			<-leave
		}}})
	c := client(t)
	first := make(chan int, 1)
	go func() {
		resp, err := c.Do(request(t, "GET", s.url+"/slow", nil))
		if err != nil {
			t.Error(err)
			first <- 0
			return
		}
		resp.Body.Close()
		first <- resp.StatusCode
	}()
	<-entered
	if got := testutil.ToFloat64(s.config.Metrics.inFlight.WithLabelValues("api")); got != 1 {
		t.Errorf("in flight: %v", got)
	}
	resp, body := do(t, c, request(t, "GET", s.url+"/slow", nil))
	if resp.StatusCode != 503 || body != `{"door":"api","status":503}` || resp.Header.Get("Retry-After") == "" {
		t.Errorf("%d %s %v", resp.StatusCode, body, resp.Header)
	}
	close(leave)
	if status := <-first; status != 200 {
		t.Errorf("the first got %d", status)
	}
	go func() { <-entered }()
	if resp, _ := do(t, c, request(t, "GET", s.url+"/slow", nil)); resp.StatusCode != 200 {
		t.Errorf("the place was not given back: %d", resp.StatusCode)
	}
	s.stop(t)
	for class, want := range map[string]float64{"2xx": 2, "5xx": 1} {
		if got := testutil.ToFloat64(s.config.Metrics.requests.WithLabelValues("api", "GET /slow", class)); got != want {
			t.Errorf("%s: %v, want %v", class, got, want)
		}
	}
	if got := testutil.ToFloat64(s.config.Metrics.inFlight.WithLabelValues("api")); got != 0 {
		t.Errorf("in flight at the end: %v", got)
	}
}

func TestStrangersMakeNoNewSeries(t *testing.T) {
	s := start(t, nil, door{"api", map[string]http.HandlerFunc{"GET /a/{id}": say("")}})
	c := client(t)
	for i := range 20 {
		do(t, c, request(t, "GET", fmt.Sprintf("%s/a/%d", s.url, i), nil))
		do(t, c, request(t, "GET", fmt.Sprintf("%s/b/%d", s.url, i), nil))
	}
	s.stop(t)
	if n, err := testutil.GatherAndCount(s.reg, "okienko_http_requests_total"); err != nil || n != 2 {
		t.Errorf("%d series, %v; want one for the route and one for nowhere", n, err)
	}
}

func TestShutdownFinishesWhatWasAccepted(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	s := start(t, nil, door{"api", map[string]http.HandlerFunc{"GET /slow": func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-leave
		fmt.Fprint(w, "done")
	}}})
	c := client(t)
	answer := make(chan string, 1)
	go func() {
		resp, err := c.Do(request(t, "GET", s.url+"/slow", nil))
		if err != nil {
			answer <- err.Error()
			return
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		answer <- string(body)
	}()
	<-entered
	down := make(chan error, 1)
	go func() { down <- s.Shutdown(context.Background()) }()
	if err := <-s.end; err != nil { // Serve returns as soon as nothing is accepted any more
		t.Errorf("Serve: %v", err)
	}
	if conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://")); err == nil {
		conn.Close()
		t.Error("still accepting")
	}
	close(leave)
	if got := <-answer; got != "done" {
		t.Errorf("the accepted request got %q", got)
	}
	if err := <-down; err != nil {
		t.Error(err)
	}
}

func TestShutdownCutsOffAtItsDeadline(t *testing.T) {
	entered := make(chan struct{})
	s := start(t, nil, door{"api", map[string]http.HandlerFunc{"GET /slow": func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done() // the cut connection ends it
	}}})
	go func() {
		if resp, err := client(t).Do(request(t, "GET", s.url+"/slow", nil)); err == nil {
			resp.Body.Close()
		}
	}()
	<-entered
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: clock.Wall{}.Now().Add(-time.Hour), NotAfter: clock.Wall{}.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func TestTLSWithBothProtocolsBehindABalancer(t *testing.T) {
	cert, pool := selfSigned(t)
	s := start(t, func(c *ServerConfig) {
		c.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
		c.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	}, door{"api", map[string]http.HandlerFunc{"GET /": func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Proto, " ", ClientAddr(r))
	}}})
	for proto, h2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		tr := &http.Transport{
			TLSClientConfig:   &tls.Config{RootCAs: pool},
			ForceAttemptHTTP2: h2,
			DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				var d net.Dialer
				conn, err := d.DialContext(ctx, network, addr)
				if err == nil {
					_, err = io.WriteString(conn, "PROXY TCP4 198.51.100.7 127.0.0.1 40000 443\r\n")
				}
				return conn, err
			},
		}
		r := request(t, "GET", s.url, nil)
		r.Header.Set("X-Forwarded-For", "203.0.113.9")
		if _, body := do(t, &http.Client{Transport: tr}, r); body != proto+" 198.51.100.7" {
			t.Errorf("got %q", body)
		}
		tr.CloseIdleConnections()
	}
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}}
	if resp, err := (&http.Client{Transport: tr}).Do(request(t, "GET", s.url, nil)); err == nil {
		resp.Body.Close()
		t.Error("TLS 1.1 was served")
	}
}

func TestInsecureServersAreRefused(t *testing.T) {
	good := ServerConfig{Site: Mount(door{name: "d"}), Limits: DefaultLimits(), Clock: clock.Wall{}, Log: slog.New(slog.DiscardHandler)}
	for name, change := range map[string]func(*ServerConfig){
		"no time limit": func(c *ServerConfig) { c.Limits.ReadHeaderTimeout = 0 },
		"no bound":      func(c *ServerConfig) { c.Limits.MaxInFlight = 0 },
		"old TLS":       func(c *ServerConfig) { c.TLS = &tls.Config{MinVersion: tls.VersionTLS11} },
	} {
		c := good
		change(&c)
		if _, err := NewServer(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	s, err := NewServer(good)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(elsewhere{}); err == nil {
		t.Error("plain HTTP is served to everybody")
	}
}

// elsewhere is a listener that is not on loopback.
type elsewhere struct{ net.Listener }

func (elsewhere) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80} }
func (elsewhere) Close() error   { return nil }

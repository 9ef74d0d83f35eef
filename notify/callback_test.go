package notify_test

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"okienko/notify"
)

func callbacks(t *testing.T, c notify.CallbackConfig) *notify.CallbackClient {
	t.Helper()
	client := notify.NewCallbackClient(c)
	t.Cleanup(client.Close)
	return client
}

// counted is a server of this machine that counts its callers.
func counted(t *testing.T, answer http.HandlerFunc) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server, &calls
}

func TestCallbackOnTheWire(t *testing.T) {
	var header http.Header
	var body []byte
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header = r.Header
		body, _ = io.ReadAll(r.Body)
		if r.Method != http.MethodPost || r.URL.String() != "/called?x=1" {
			t.Error(r.Method, r.URL)
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	roots := server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	c := callbacks(t, notify.CallbackConfig{Loopback: true, TLS: &tls.Config{RootCAs: roots}})
	given := http.Header{"Content-Type": {"application/json"}, "X-Api-Key": {"key"}, "X-Jws-Signature": {"a..b"}}
	if err := c.Post(t.Context(), server.URL+"/called?x=1", given, []byte(`{"a":1}`)); err != nil {
		t.Fatal(err)
	}
	if string(body) != `{"a":1}` || header.Get("X-API-KEY") != "key" || header.Get("X-JWS-SIGNATURE") != "a..b" || header.Get("Content-Type") != "application/json" {
		t.Errorf("%s with %v", body, header)
	}
	stranger := callbacks(t, notify.CallbackConfig{Loopback: true})
	if err := stranger.Post(t.Context(), server.URL+"/called?x=1", given, nil); err == nil {
		t.Error("a server that nobody vouches for was called")
	}
}

// psd2 §10 case 82: nothing inside is ever called, however it is written.
func TestCallbackNeverReachesInside(t *testing.T) {
	server, calls := counted(t, nil)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	bank := callbacks(t, notify.CallbackConfig{Timeout: 2 * time.Second})
	sandbox := callbacks(t, notify.CallbackConfig{Timeout: 2 * time.Second, Loopback: true})
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "127.1.2.3", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433"} {
		if err := bank.Post(t.Context(), "https://"+host+":"+port+"/", nil, nil); err == nil {
			t.Errorf("%s was called", host)
		}
	}
	for _, host := range []string{
		"10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "[fd00::1]", "[fe80::1]", "[64:ff9b::a00:1]", "[fec0::1]", "[::8.8.8.8]", "[::10.0.0.1]", "224.0.0.1", "0.0.0.0", "255.255.255.255",
	} {
		for name, c := range map[string]*notify.CallbackClient{"bank": bank, "sandbox": sandbox} {
			err := c.Post(t.Context(), "https://"+host+":"+port+"/", nil, nil)
			if err == nil || !strings.Contains(err.Error(), "not a public address") {
				t.Errorf("%s, %s: %v", name, host, err)
			}
		}
	}
	for _, to := range []string{"http://tpp.example/", "ftp://tpp.example/", "https://u:p@tpp.example/", "https:///x", "/x", "\x00"} {
		if err := bank.Post(t.Context(), to, nil, nil); err == nil || !notify.IsFinal(err) {
			t.Errorf("%q: %v", to, err)
		}
	}
	if calls.Load() != 0 {
		t.Errorf("%d calls arrived", calls.Load())
	}
	if err := sandbox.Post(t.Context(), server.URL, nil, nil); err != nil || calls.Load() != 1 {
		t.Errorf("a sandbox's third party beside it: %v", err)
	}
}

func TestCallbackThatIsNotTaken(t *testing.T) {
	elsewhere, followed := counted(t, nil)
	c := callbacks(t, notify.CallbackConfig{Loopback: true, Timeout: 300 * time.Millisecond})
	for status, taken := range map[int]bool{200: true, 202: true, 204: true, 301: false, 307: false, 400: false, 401: false, 404: false, 410: false, 500: false, 503: false} {
		server, _ := counted(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", elsewhere.URL)
			w.WriteHeader(status)
		})
		err := c.Post(t.Context(), server.URL+"/?secret=1", http.Header{"X-Api-Key": {"hidden"}}, []byte("hidden"))
		if (err == nil) != taken || err != nil && notify.IsFinal(err) {
			t.Errorf("%d: %v", status, err)
		}
		if err != nil && (strings.Contains(err.Error(), "hidden") || strings.Contains(err.Error(), "secret")) {
			t.Errorf("an error tells what was sent: %v", err)
		}
	}
	if followed.Load() != 0 {
		t.Error("a redirect was followed")
	}
	gone := make(chan struct{})
	silent, _ := counted(t, func(_ http.ResponseWriter, r *http.Request) { <-gone })
	defer close(gone)
	if err := c.Post(t.Context(), silent.URL, nil, nil); err == nil || notify.IsFinal(err) {
		t.Errorf("a silent server: %v", err)
	}
	sent := make(chan int, 1)
	endless, _ := counted(t, func(w http.ResponseWriter, r *http.Request) {
		n := 0
		defer func() { sent <- n }()
		for r.Context().Err() == nil {
			more, err := w.Write(make([]byte, 1<<16))
			if n += more; err != nil || n > 64<<20 {
				return
			}
		}
	})
	if err := c.Post(t.Context(), endless.URL, nil, nil); err != nil {
		t.Errorf("the status of an endless answer counts: %v", err)
	}
	if n := <-sent; n > 64<<20 {
		t.Errorf("an endless answer was read for %d bytes", n)
	}
}

package notify_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"okienko/bank/notice"
	"okienko/notify"
)

var sms = notice.Message{
	ID: "m1", Channel: notice.SMS, Person: "person-anna", To: "+48999100001", Text: "Kod: 123456.", ExpiresAt: time.Date(2026, 11, 21, 12, 5, 0, 0, time.UTC),
}

func gateway(t *testing.T, h http.Handler, timeout time.Duration) *notify.HTTPGateway {
	t.Helper()
	server := httptest.NewTLSServer(h)
	t.Cleanup(server.Close)
	roots := server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	g, err := notify.NewHTTPGateway(notify.HTTPConfig{URL: server.URL + "/send?key=hidden", Secret: "s3cret", Timeout: timeout, TLS: &tls.Config{RootCAs: roots}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	return g
}

func TestMessageOnTheWire(t *testing.T) {
	var got map[string]string
	var header http.Header
	g := gateway(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header = r.Header
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil || r.Method != http.MethodPost {
			t.Error(r.Method, err)
		}
		w.WriteHeader(http.StatusAccepted)
	}), 0)
	if err := g.Send(t.Context(), sms); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"id": "m1", "channel": "sms", "to": "+48999100001", "text": "Kod: 123456.", "expiresAt": "2026-11-21T12:05:00Z"}
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s is %q, want %q", k, got[k], v)
		}
	}
	if len(got) != len(want) {
		t.Errorf("more than was asked for left the bank: %v", got)
	}
	if header.Get("Authorization") != "Bearer s3cret" || header.Get("Idempotency-Key") != "m1" {
		t.Errorf("headers %v", header)
	}
}

func TestStatusSaysWhetherToTryAgain(t *testing.T) {
	for status, final := range map[int]bool{
		400: true, 410: true, 413: true, 422: true,
		301: false, 307: false, 401: false, 403: false, 404: false, 408: false, 429: false, 500: false, 502: false, 503: false,
	} {
		g := gateway(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
			w.Write([]byte("Kod: 123456 for +48999100001"))
		}), 0)
		err := g.Send(t.Context(), sms)
		if err == nil || notify.IsFinal(err) != final {
			t.Errorf("%d: %v, final %v", status, err, notify.IsFinal(err))
		}
		discreet(t, err)
	}
}

func TestSilentGatewayIsGivenUpInTime(t *testing.T) {
	release := make(chan struct{})
	g := gateway(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }), 50*time.Millisecond)
	err := g.Send(t.Context(), sms)
	close(release)
	if err == nil || notify.IsFinal(err) {
		t.Fatalf("%v", err)
	}
	discreet(t, err)
}

func TestUnknownCertificateIsRefused(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the message left the bank") }))
	defer server.Close()
	server.Config.ErrorLog = nil
	g, err := notify.NewHTTPGateway(notify.HTTPConfig{URL: server.URL, Secret: "s"})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if err := g.Send(t.Context(), sms); err == nil {
		t.Error("a stranger's certificate was good enough")
	}
}

func TestCallersEndIsSeen(t *testing.T) {
	g := gateway(t, http.NotFoundHandler(), 0)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.Send(ctx, sms); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestInsecureConfigurationIsRefused(t *testing.T) {
	for _, c := range []notify.HTTPConfig{
		{URL: "http://sms.example/send", Secret: "s"},
		{URL: "https://user@sms.example/send", Secret: "s"},
		{URL: "https:///send", Secret: "s"},
		{URL: "https://sms.example/send"},
		{URL: "https://sms.example/send", Secret: "s", TLS: &tls.Config{InsecureSkipVerify: true}},
	} {
		if _, err := notify.NewHTTPGateway(c); err == nil {
			t.Errorf("%s was taken", c.URL)
		}
	}
}

// discreet fails when an error tells what only the customer or the operator may
// know: errors go to the log.
func discreet(t *testing.T, err error) {
	t.Helper()
	for _, secret := range []string{"123456", "48999100001", "s3cret", "hidden"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error tells %q: %v", secret, err)
		}
	}
}

package psd2test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"okienko/edge"
)

// Serve puts doors behind one listener with mutual TLS.
func (w *World) Serve(doors ...edge.Door) *httptest.Server {
	s := httptest.NewUnstartedServer(edge.Mount(doors...))
	s.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12}
	s.StartTLS()
	w.T.Cleanup(s.Close)
	return s
}

// HTTPClient is a client of a server, with or without a certificate. It follows
// nothing and unpacks nothing.
func (w *World) HTTPClient(s *httptest.Server, certificates ...tls.Certificate) *http.Client {
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	transport := &http.Transport{
		TLSClientConfig:    &tls.Config{RootCAs: roots, Certificates: certificates, MinVersion: tls.VersionTLS12},
		DisableCompression: true,
	}
	w.T.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Reply is an answer, its body unpacked.
type Reply struct {
	T      testing.TB
	Status int
	Header http.Header
	Body   string
}

// Is asserts a status.
func (r Reply) Is(status int) Reply {
	r.T.Helper()
	if r.Status != status {
		r.T.Fatalf("→ %d %s (%s), want %d", r.Status, r.Body, r.Header.Get("X-Okienko-Reason"), status)
	}
	return r
}

// Fails asserts an error: {code, message}, whatever else.
func (r Reply) Fails(status int, code string) Reply {
	r.T.Helper()
	r.Is(status)
	if got := r.Text("code"); got != code {
		r.T.Fatalf("→ %d %s (%s), want code %s", r.Status, r.Body, r.Header.Get("X-Okienko-Reason"), code)
	}
	if r.Text("message") == "" {
		r.T.Errorf("no message in %s", r.Body)
	}
	return r
}

// Object is the body as JSON.
func (r Reply) Object() map[string]any {
	r.T.Helper()
	var o map[string]any
	if err := json.Unmarshal([]byte(r.Body), &o); err != nil {
		r.T.Fatalf("%v in %s", err, r.Body)
	}
	return o
}

// At walks into the body: names of fields, numbers of elements.
func (r Reply) At(way ...any) any {
	r.T.Helper()
	var v any = r.Object()
	for _, step := range way {
		switch step := step.(type) {
		case string:
			o, _ := v.(map[string]any)
			v = o[step]
		case int:
			l, _ := v.([]any)
			if step >= len(l) {
				r.T.Fatalf("no element %d in %s", step, r.Body)
			}
			v = l[step]
		}
	}
	return v
}

// Text is a text in the body, "" when there is none.
func (r Reply) Text(way ...any) string {
	r.T.Helper()
	s, _ := r.At(way...).(string)
	return s
}

// List is an array in the body.
func (r Reply) List(way ...any) []any {
	r.T.Helper()
	l, _ := r.At(way...).([]any)
	return l
}

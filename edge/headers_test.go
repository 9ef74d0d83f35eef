package edge

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func headersOf(m Middleware, h http.HandlerFunc) http.Header {
	w := httptest.NewRecorder()
	m(h).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	return w.Header()
}

func TestPageHeaders(t *testing.T) {
	h := headersOf(PageHeaders(365*24*time.Hour), say(""))
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cache-Control": "no-store",
		"Strict-Transport-Security": "max-age=31536000; includeSubDomains", "X-Frame-Options": "DENY",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	policy := h.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("no %s in %q", want, policy)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	if h.Get("Permissions-Policy") == "" {
		t.Error("no Permissions-Policy")
	}
	if got := headersOf(PageHeaders(0), say("")).Get("Strict-Transport-Security"); got != "" {
		t.Errorf("the sandbox sends %q and binds localhost", got)
	}
}

func TestAPIHeaders(t *testing.T) {
	h := headersOf(APIHeaders(0), say("{}"))
	if h.Get("Cache-Control") != "no-store" || h.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%v", h)
	}
}

func TestConsentPageNamesWhereItSendsTheCustomer(t *testing.T) {
	h := headersOf(PageHeaders(0), func(w http.ResponseWriter, _ *http.Request) {
		source, ok := FormTarget("https://app.example:8443/back?x=1")
		if !ok {
			t.Error("refused")
		}
		SetPagePolicy(w.Header(), source)
	})
	if got := h.Get("Content-Security-Policy"); !strings.HasSuffix(got, "form-action 'self' https://app.example:8443") {
		t.Errorf("%q", got)
	}
	for uri, want := range map[string]string{
		"com.example.app:/back":             "com.example.app:",
		"http://127.0.0.1:5000/back":        "http://127.0.0.1:5000",
		"https://a.example;script-src *":    "",
		"https://*.example/":                "",
		"https:///x":                        "",
		"javascript:alert(1)":               "",
		"/relative":                         "",
		"https://a.example, https://b/":     "",
		"https://user:pass@app.example/pay": "https://app.example",
	} {
		if got, ok := FormTarget(uri); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v", uri, got, ok)
		}
	}
}

package ui

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestLanguageOfTheReader(t *testing.T) {
	for _, c := range []struct {
		cookie, accept string
		want           Lang
	}{
		{"", "", Polish},
		{"", "en-GB,en;q=0.9,pl;q=0.8", English},
		{"", "de-DE,de;q=0.9,en;q=0.5", English},
		{"", "de,fr", Polish},
		{"", "pl;q=0.5,en;q=0.9", English},
		{"", ";;;,q=", Polish},
		{"pl", "en", Polish},
		{"en", "pl", English},
		{"xx", "en", English},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		if c.cookie != "" {
			r.AddCookie(&http.Cookie{Name: "lang", Value: c.cookie})
		}
		r.Header.Set("Accept-Language", c.accept)
		if got := LangOf(r); got != c.want {
			t.Errorf("cookie %q, header %q: %s, want %s", c.cookie, c.accept, got, c.want)
		}
	}
}

func switchTo(lang, back string) *http.Response {
	form := url.Values{"lang": {lang}, "back": {back}}
	r := httptest.NewRequest("POST", "/language", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	SwitchLanguage(true).ServeHTTP(w, r)
	return w.Result()
}

func TestSwitchKeepsThePageAndTheChoice(t *testing.T) {
	res := switchTo("en", "/accounts/1?from=2026-11-01&text=%C5%BC")
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/accounts/1?from=2026-11-01&text=%C5%BC" {
		t.Errorf("%d %q", res.StatusCode, res.Header.Get("Location"))
	}
	c := res.Cookies()
	if len(c) != 1 || c[0].Value != "en" || !c[0].Secure || !c[0].HttpOnly || c[0].SameSite != http.SameSiteLaxMode {
		t.Errorf("%v", c)
	}
	if len(switchTo("de", "/").Cookies()) != 0 {
		t.Error("an unknown language was kept")
	}
}

func TestSwitchNeverLeavesTheHost(t *testing.T) {
	for _, back := range []string{"", "https://evil.example/", "//evil.example", `/\evil.example`, "/\t/evil.example", "/\n/evil", "javascript:alert(1)", "evil"} {
		if got := switchTo("pl", back).Header.Get("Location"); got != "/" {
			t.Errorf("%q leads to %q", back, got)
		}
	}
}

func TestAssetsAreKeptForEverUnderTheirHash(t *testing.T) {
	p := newPages(t)
	page := render(t, p, Polish, Login{})
	seen := 0
	for _, l := range named(scan(t, page), "link") {
		w := httptest.NewRecorder()
		p.Assets().ServeHTTP(w, httptest.NewRequest("GET", l.attr["href"], nil))
		if w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Body.Len() == 0 {
			t.Errorf("%s: %d %v", l.attr["href"], w.Code, w.Header())
		}
		if kind := w.Header().Get("Content-Type"); !strings.HasPrefix(kind, "text/css") && !strings.HasPrefix(kind, "image/svg") {
			t.Errorf("%s is served as %q", l.attr["href"], kind)
		}
		seen++
	}
	if seen != 2 {
		t.Errorf("%d assets, want style sheet and icon", seen)
	}
	for _, path := range []string{"/assets/okienko.css", "/assets/", "/assets/../ui.go", "/assets/other.000000000000.css"} {
		w := httptest.NewRecorder()
		p.Assets().ServeHTTP(w, &http.Request{Method: "GET", URL: &url.URL{Path: path}, Header: http.Header{}})
		if w.Code != 404 || strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	// A page of another version, from a node that is upgraded earlier or later.
	w := httptest.NewRecorder()
	p.Assets().ServeHTTP(w, httptest.NewRequest("GET", "/assets/okienko.000000000000.css", nil))
	if w.Code != 200 || w.Header().Get("Cache-Control") != "no-store" || w.Body.Len() == 0 {
		t.Errorf("an asset of another version: %d %v", w.Code, w.Header())
	}
	w = httptest.NewRecorder()
	p.Assets().ServeHTTP(w, httptest.NewRequest("POST", "/assets/", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
}

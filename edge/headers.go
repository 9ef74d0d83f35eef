package edge

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// PageHeaders sets the headers of every page before the handler runs; the
// handler may change them (an asset its Cache-Control, a page that posts to
// another origin its policy, see [SetPagePolicy]).
//
// hsts is the age of Strict-Transport-Security; zero sends none. The sandbox
// sends none: for "localhost" it would bind every other program on the
// developer's machine, on every port.
func PageHeaders(hsts time.Duration) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			SetPagePolicy(h)
			setCommon(h, hsts)
			// "no-referrer" would be stricter, but then browsers send "Origin: null"
			// with our own forms too, and the check against forged posts reads Origin.
			h.Set("Referrer-Policy", "same-origin")
			h.Set("X-Frame-Options", "DENY") // for browsers that do not know frame-ancestors
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
			h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()")
			next.ServeHTTP(w, r)
		})
	}
}

// APIHeaders sets the headers of every answer of an API.
func APIHeaders(hsts time.Duration) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			setCommon(h, hsts)
			h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
			next.ServeHTTP(w, r)
		})
	}
}

func setCommon(h http.Header, hsts time.Duration) {
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if hsts > 0 {
		h.Set("Strict-Transport-Security", fmt.Sprintf("max-age=%d; includeSubDomains", int64(hsts.Seconds())))
	}
}

// SetPagePolicy sets the Content-Security-Policy of a page: everything from our
// own origin, no inline script or style, no frames. formTargets are further
// places where a form of the page may end up, made by [FormTarget]: browsers
// apply form-action also to the redirect that answers the post, so a consent
// page must name the origin it will send the customer back to.
func SetPagePolicy(h http.Header, formTargets ...string) {
	const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
		"connect-src 'self'; manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
	h.Set("Content-Security-Policy", strings.Join(append([]string{policy}, formTargets...), " "))
}

// FormTarget returns the policy source for a redirect URI: the origin of a web
// address, the bare scheme of a native application's own scheme. It answers
// false for a URI that would say more in a policy than its origin.
func FormTarget(redirectURI string) (source string, ok bool) {
	u, err := url.Parse(redirectURI)
	if err != nil || u.Scheme == "" {
		return "", false
	}
	switch u.Scheme {
	case "https", "http":
		if u.Host == "" || strings.ContainsAny(u.Host, " ;,'\"*") {
			return "", false
		}
		return u.Scheme + "://" + u.Host, true
	case "javascript", "data", "blob", "file", "about", "vbscript":
		return "", false
	}
	return u.Scheme + ":", true
}

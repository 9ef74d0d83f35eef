package ui

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/text/language"
)

// Lang is a language the pages speak.
type Lang string

// The values of Lang.
const (
	Polish  Lang = "pl"
	English Lang = "en"
)

const (
	langCookie = "lang"
	langKept   = 365 * 24 * time.Hour
)

// LangOf returns the reader's language: what they chose here, else what the
// browser asks for, else Polish.
func LangOf(r *http.Request) Lang {
	if c, err := r.Cookie(langCookie); err == nil {
		if l := Lang(c.Value); l.known() {
			return l
		}
	}
	wanted, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil {
		return Polish
	}
	for _, w := range wanted { // in order of preference
		base, _ := w.Base()
		if l := Lang(base.String()); l.known() {
			return l
		}
	}
	return Polish
}

func (l Lang) known() bool { return l == Polish || l == English }

// Other is the language the switch offers.
func (l Lang) Other() Lang {
	if l == Polish {
		return English
	}
	return Polish
}

// SwitchLanguage takes the post of the language form (`lang`, `back`), keeps the
// choice in a cookie and returns to the page the reader was on. `back` leaves our
// host under no circumstances; anything but a local address leads to "/".
// secure marks the cookie for HTTPS only.
func SwitchLanguage(secure bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
		if l := Lang(r.PostFormValue("lang")); l.known() {
			http.SetCookie(w, &http.Cookie{
				Name: langCookie, Value: string(l), Path: "/", MaxAge: int(langKept.Seconds()),
				Secure: secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
			})
		}
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, localAddress(r.PostFormValue("back")), http.StatusSeeOther)
	})
}

// localAddress lets through an address on our own host only. Browsers read "//x"
// and "/\x" as another host, and drop tabs and newlines before they look.
func localAddress(s string) string {
	if !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' || r == '\\' || r == 0x7f
	}) {
		return "/"
	}
	u, err := url.Parse(s)
	if err != nil || u.Host != "" || u.Scheme != "" {
		return "/"
	}
	return s
}

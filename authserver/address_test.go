package authserver

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

func TestBackKeepsTheRegisteredAddress(t *testing.T) {
	with := url.Values{"code": {"a-b_c"}, "state": {"s"}}
	for to, want := range map[string]string{
		"https://shop.example/back":       "https://shop.example/back?code=a-b_c&state=s",
		"https://shop.example/back?":      "https://shop.example/back?code=a-b_c&state=s",
		"https://shop.example/b?z=1&a=%2": "https://shop.example/b?z=1&a=%2&code=a-b_c&state=s",
		"https://shop.example/b#part":     "https://shop.example/b?code=a-b_c&state=s#part",
		"com.shop.app:/back":              "com.shop.app:/back?code=a-b_c&state=s",
		"com.shop.app:back":               "com.shop.app:back?code=a-b_c&state=s",
	} {
		if got := back(to, with); got != want {
			t.Errorf("%s: %s", to, got)
		}
	}
}

func FuzzStateIs128LettersAndDigits(f *testing.F) {
	good := strings.Repeat("aZ09", 32)
	for _, s := range []string{good, good[1:], good + "a", good[1:] + "-", good[2:] + "ł", "", good[1:] + "\n"} {
		f.Add(s)
	}
	form := regexp.MustCompile(`\A[A-Za-z0-9]{128}\z`)
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := validState(s), form.MatchString(s); got != want {
			t.Errorf("%q: %v, want %v", s, got, want)
		}
	})
}

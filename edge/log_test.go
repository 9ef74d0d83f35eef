package edge

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestMaskText(t *testing.T) {
	for text, want := range map[string]string{
		"nothing to hide":                                 "nothing to hide",
		"what? 12 holds, 2026-03-02":                      "what? 12 holds, 2026-03-02",
		"customer 44051401359 is locked":                  "customer [masked] is locked",
		"44051401359":                                     "[masked]",
		"PL61109010140000071219812874 gone":               "PL[masked] gone",
		"61 1090 1014 0000 0712 1981 2874":                "[masked]",
		"at 1772452800123456":                             "at 1772452800123456", // an instant in microseconds
		`Get "https://x.example/a?code=abc&state=d": EOF`: `Get "https://x.example/a?[masked]": EOF`,
		"https://x.example/a?code=abc and ?b":             "https://x.example/a?[masked] and ?b",
	} {
		if got := maskText(text); got != want {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestRedact(t *testing.T) {
	const secret = "hunter2"
	var out bytes.Buffer
	log := slog.New(Redact(slog.NewTextHandler(&out, nil)))
	u, _ := url.Parse("https://x.example/?code=" + secret)
	log.With("Access-Token", secret, "kept", "with").WithGroup("g").Info("message for 44051401359",
		"clientSecret", secret, "refresh_token", []byte(secret), "PASSWORD", secret, "phoneNumber", secret, "nrb", secret,
		"sms_code", secret, "pin", secret, slog.Group("in", "cookie", secret, "door", "api"),
		"customer", struct{ Name string }{secret}, "pointer", &struct{ Name string }{secret}, "map", map[string]string{"a": secret},
		"url", u, "headers", http.Header{"A": {secret}}, "lazy", lazy(secret), "number", 44051401359,
		"code", "app_limit_exceeded", "mapping", "fine", "count", 3, "err", errors.New("timeout"))
	got := out.String()
	if strings.Contains(got, secret) || strings.Contains(got, "44051401359") {
		t.Errorf("a secret is in the log: %s", got)
	}
	for _, want := range []string{"kept=with", "g.code=app_limit_exceeded", "g.mapping=fine", "g.count=3", "g.err=timeout", "g.in.door=api"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing: %s", want, got)
		}
	}
}

// lazy resolves to a struct only when it is logged.
type lazy string

func (l lazy) LogValue() slog.Value { return slog.AnyValue(struct{ Inner string }{string(l)}) }

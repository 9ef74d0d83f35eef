package edge

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// logRequest writes the one line of a request. It holds the route pattern,
// never the path or query, and no header but the caller's well-formed id.
func logRequest(log *slog.Logger, listener string, v *visit, r *http.Request, took time.Duration) {
	level := slog.LevelInfo
	if v.status >= 500 {
		level = slog.LevelError
	}
	ctx := r.Context()
	if !log.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 12+len(v.notes))
	attrs = append(attrs,
		slog.String("id", v.id),
		slog.String("listener", listener),
		slog.String("door", v.match.door.name),
		slog.String("method", knownMethod(r.Method)),
		slog.String("route", v.match.label()),
		slog.Int("status", v.status),
		slog.Int64("bytes", v.bytes),
		slog.Duration("duration", took),
	)
	if a := ClientAddr(r); a.IsValid() {
		attrs = append(attrs, slog.String("client", a.String()))
	}
	if v.callerID != "" {
		attrs = append(attrs, slog.String("caller_id", v.callerID))
	}
	log.LogAttrs(ctx, level, "request", append(attrs, v.notes...)...)
}

// knownMethod keeps a method that a stranger made up out of the log.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// masked stands in a log line for what must not be there.
const masked = "[masked]"

// Redact wraps a handler and masks what must never be in a log. It is the
// second net: the first is that nobody logs such things. It masks attributes
// whose names speak of secrets or personal numbers; in all texts, runs of 11
// digits (PESEL) and 26 digits (NRB) and the queries of URLs; and values of
// types it does not know, because a struct prints every field it has.
func Redact(inner slog.Handler) slog.Handler { return redactor{inner} }

type redactor struct{ inner slog.Handler }

func (h redactor) Enabled(ctx context.Context, level slog.Level) bool {
	return h.inner.Enabled(ctx, level)
}

func (h redactor) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, maskText(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(RedactAttr(nil, a))
		return true
	})
	return h.inner.Handle(ctx, clean)
}

func (h redactor) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = RedactAttr(nil, a)
	}
	return redactor{h.inner.WithAttrs(clean)}
}

func (h redactor) WithGroup(name string) slog.Handler {
	return redactor{h.inner.WithGroup(name)}
}

// RedactAttr masks one attribute by the rules of [Redact]. It fits
// slog.HandlerOptions.ReplaceAttr.
func RedactAttr(_ []string, a slog.Attr) slog.Attr {
	if isSecretName(a.Key) {
		return slog.String(a.Key, masked)
	}
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindString:
		v = slog.StringValue(maskText(v.String()))
	case slog.KindGroup:
		group := v.Group()
		clean := make([]slog.Attr, len(group))
		for i, g := range group {
			clean[i] = RedactAttr(nil, g)
		}
		v = slog.GroupValue(clean...)
	case slog.KindInt64, slog.KindUint64:
		// A PESEL or an account number kept as a number is one nevertheless.
		if text := v.String(); maskText(text) != text {
			v = slog.StringValue(masked)
		}
	case slog.KindAny:
		v = maskAny(v.Any())
	}
	return slog.Attr{Key: a.Key, Value: v}
}

func maskAny(x any) slog.Value {
	switch x := x.(type) {
	case nil, *slog.Source, slog.Level:
		return slog.AnyValue(x)
	case *url.URL, url.URL, *http.Request, http.Header, url.Values:
		return slog.StringValue(fmt.Sprintf("[%T]", x))
	case error:
		return slog.StringValue(maskText(x.Error()))
	case fmt.Stringer:
		return slog.StringValue(maskText(x.String()))
	case []string:
		return slog.StringValue(maskText(strings.Join(x, " ")))
	default:
		return slog.StringValue(fmt.Sprintf("[%T]", x))
	}
}

// isSecretName compares letters and digits only, so that access_token,
// accessToken and Access-Token are one name.
func isSecretName(key string) bool {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		}
		return -1
	}, key)
	for _, part := range [...]string{"token", "secret", "password", "passwd", "passphrase", "pesel", "phone", "msisdn",
		"nrb", "iban", "authorization", "cookie", "credential", "apikey", "privatekey", "verifier", "assertion", "session"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	// Whole names only: "code" alone is the code of a refusal, and "pin" is in "mapping".
	return slices.Contains([]string{"pin", "otp", "smscode", "authcode", "authorisationcode", "state", "nonce"}, name)
}

// maskText masks personal numbers and URL queries inside a text.
func maskText(s string) string {
	var b []byte // nil until something is masked
	kept := 0    // s[:kept] is in b already
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			end, digits := digitRun(s, i)
			if digits == 11 || digits == 26 {
				b = append(append(b, s[kept:i]...), masked...)
				kept = end
			}
			i = end
		case c == '?' && isQuery(s[i+1:]):
			end := i + 1
			for end < len(s) && s[end] > ' ' && s[end] != '"' && s[end] != '\'' {
				end++
			}
			b = append(append(b, s[kept:i+1]...), masked...)
			kept, i = end, end
		default:
			i++
		}
	}
	if b == nil {
		return s
	}
	return string(append(b, s[kept:]...))
}

// digitRun counts the digits from i on. Single spaces between digits belong to
// the run: people write an NRB in groups of four.
func digitRun(s string, i int) (end, digits int) {
	for i < len(s) {
		switch {
		case s[i] >= '0' && s[i] <= '9':
			digits++
			i++
			end = i
		case s[i] == ' ' && i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9':
			i++
		default:
			return end, digits
		}
	}
	return end, digits
}

// isQuery reports whether s begins like name=value.
func isQuery(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '=':
			return i > 0
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9',
			c == '_', c == '-', c == '.', c == '%', c == '[', c == ']':
		default:
			return false
		}
	}
	return false
}

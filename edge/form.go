package edge

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// maxFormFields bounds a form. Pairs are compared with each other.
const maxFormFields = 64

// Form is a strictly read application/x-www-form-urlencoded body or query.
type Form struct{ fields []formField }

type formField struct{ name, value string }

// ParseForm reads a form body. Every name may stand there once (RFC 6749 §3.1
// demands it of OAuth requests), except the repeatable ones, for check boxes.
// It refuses invalid escapes, invalid UTF-8, control characters except tab and
// line ends, the separator ";" and more than 64 fields. Errors are
// *[SyntaxError] and hold no byte of the body.
func ParseForm(data []byte, repeatable ...string) (Form, error) {
	return ParseQuery(string(data), repeatable...)
}

// ParseQuery reads a raw query (without "?") by the rules of [ParseForm].
func ParseQuery(raw string, repeatable ...string) (Form, error) {
	var f Form
	for at := 0; at <= len(raw); {
		end := len(raw)
		if n := strings.IndexByte(raw[at:], '&'); n >= 0 {
			end = at + n
		}
		pair := raw[at:end]
		if pair != "" { // "a=1&" and "a=1&&b=2" come from honest templates
			name, value, _ := strings.Cut(pair, "=")
			var field formField
			var reason string
			if field.name, reason = unescapeForm(name); reason == "" {
				field.value, reason = unescapeForm(value)
			}
			switch {
			case reason != "":
			case field.name == "":
				reason = "a value without a name"
			case len(f.fields) == maxFormFields:
				reason = "too many fields"
			case f.has(field.name) && !slices.Contains(repeatable, field.name):
				reason = "a field name for the second time"
			}
			if reason != "" {
				return Form{}, &SyntaxError{Offset: at, Reason: reason}
			}
			f.fields = append(f.fields, field)
		}
		at = end + 1
	}
	return f, nil
}

// unescapeForm decodes one name or value; a reason refuses it.
func unescapeForm(s string) (text, reason string) {
	if !strings.ContainsAny(s, "%+;") {
		return s, formTextFault(s)
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '+':
			b = append(b, ' ')
		case ';':
			return "", `the separator ";"`
		case '%':
			if i+2 >= len(s) {
				return "", "an invalid escape"
			}
			high, ok1 := unhex(s[i+1])
			low, ok2 := unhex(s[i+2])
			if !ok1 || !ok2 {
				return "", "an invalid escape"
			}
			b = append(b, high<<4|low)
			i += 2
		default:
			b = append(b, s[i])
		}
	}
	text = string(b)
	return text, formTextFault(text)
}

func formTextFault(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			return "a control character"
		}
	}
	if !utf8.ValidString(s) {
		return "invalid UTF-8"
	}
	return ""
}

func unhex(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

func (f Form) has(name string) bool {
	_, ok := f.Get(name)
	return ok
}

// Get returns the value of name, of a repeatable name the first.
func (f Form) Get(name string) (string, bool) {
	for i := range f.fields {
		if f.fields[i].name == name {
			return f.fields[i].value, true
		}
	}
	return "", false
}

// Value returns the value of name, or "" when the form has none. It is for
// pages, where a missing field and an empty one mean the same.
func (f Form) Value(name string) string {
	v, _ := f.Get(name)
	return v
}

// All returns all values of a repeatable name in the order of the wire.
func (f Form) All(name string) []string {
	var values []string
	for i := range f.fields {
		if f.fields[i].name == name {
			values = append(values, f.fields[i].value)
		}
	}
	return values
}

// Len returns the number of fields.
func (f Form) Len() int { return len(f.fields) }

// Unknown returns the names that are not among allowed, each once.
func (f Form) Unknown(allowed ...string) []string {
	var unknown []string
	for i := range f.fields {
		if name := f.fields[i].name; !slices.Contains(allowed, name) && !slices.Contains(unknown, name) {
			unknown = append(unknown, name)
		}
	}
	return unknown
}

package edge

import (
	"strconv"
	"unicode/utf8"
)

// The functions here append JSON to a buffer that the door owns:
//
//	b = append(b, '{')
//	b = edge.AppendStringField(b, "id", hold.ID)
//	b = edge.AppendBoolField(b, "active", true)
//	b = append(b, '}')
//
// Field functions put the comma themselves, by looking at the last byte.

// AppendString appends s as a JSON string. UTF-8 stays as it is; invalid bytes
// become U+FFFD; U+2028 and U+2029 are escaped because older JavaScript takes
// them for line ends. <, > and & are not escaped: the answer is never HTML
// (every door sends nosniff).
func AppendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			dst = append(dst, s[start:i]...)
			switch c {
			case '"', '\\':
				dst = append(dst, '\\', c)
			case '\n':
				dst = append(dst, '\\', 'n')
			case '\r':
				dst = append(dst, '\\', 'r')
			case '\t':
				dst = append(dst, '\\', 't')
			default:
				dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			dst = append(dst, s[start:i]...)
			dst = append(dst, "\uFFFD"...)
			start = i + size
		case r == '\u2028' || r == '\u2029':
			dst = append(dst, s[start:i]...)
			dst = append(dst, `\u202`...)
			dst = append(dst, hex[r&15])
			start = i + size
		}
		i += size
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// AppendKey appends a field's name and colon, and before them a comma unless
// the object was opened just now.
func AppendKey(dst []byte, name string) []byte {
	if n := len(dst); n > 0 && dst[n-1] != '{' {
		dst = append(dst, ',')
	}
	dst = AppendString(dst, name)
	return append(dst, ':')
}

// AppendStringField appends a field with a string.
func AppendStringField(dst []byte, name, value string) []byte {
	return AppendString(AppendKey(dst, name), value)
}

// AppendIntField appends a field with a whole number.
func AppendIntField(dst []byte, name string, value int64) []byte {
	return strconv.AppendInt(AppendKey(dst, name), value, 10)
}

// AppendBoolField appends a field with a boolean.
func AppendBoolField(dst []byte, name string, value bool) []byte {
	return strconv.AppendBool(AppendKey(dst, name), value)
}

// AppendNullField appends a field with null.
func AppendNullField(dst []byte, name string) []byte {
	return append(AppendKey(dst, name), "null"...)
}

// AppendStringsField appends a field with an array of strings, [] when there
// are none.
func AppendStringsField(dst []byte, name string, values []string) []byte {
	dst = append(AppendKey(dst, name), '[')
	for i, v := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendString(dst, v)
	}
	return append(dst, ']')
}

// AppendRawField appends a field whose value is JSON already.
func AppendRawField(dst []byte, name string, json []byte) []byte {
	return append(AppendKey(dst, name), json...)
}

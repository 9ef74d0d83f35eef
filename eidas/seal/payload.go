package seal

import (
	"slices"
	"unicode/utf8"

	"okienko/bank"
)

// signedHeader is a header that mBank's form signs.
type signedHeader struct {
	name string // as it stands in the payload
	key  string // as net/http holds it
}

// signedHeaders are in the order in which the payload has them: ascending. It is the list of mBank's own signing script.
var signedHeaders = []signedHeader{
	{"authorization", "Authorization"},
	{"client-id", "Client-Id"},
	{"company-context", "Company-Context"},
	{"psu-context-id", "Psu-Context-Id"},
	{"psu-context-id-type", "Psu-Context-Id-Type"},
	{"psu-id", "Psu-Id"},
	{"psu-id-type", "Psu-Id-Type"},
	{"psu-ip-address", "Psu-Ip-Address"},
	{"psu-ip-port", "Psu-Ip-Port"},
	{"psu-session", "Psu-Session"},
	{"psu-user-agent", "Psu-User-Agent"},
	{"send-date", "Send-Date"},
	{"tpp-bundle-id", "Tpp-Bundle-Id"},
	{"tpp-id", "Tpp-Id"},
	{"tpp-payment-id", "Tpp-Payment-Id"},
	{"tpp-request-id", "Tpp-Request-Id"},
}

// SignedHeaders lists the headers that mBank's form signs, in lower case and ascending.
func SignedHeaders() []string {
	names := make([]string, len(signedHeaders))
	for i, h := range signedHeaders {
		names[i] = h.name
	}
	return names
}

// AppendPayload appends what mBank's form signs:
//
//	{"uri":"/path?query","headers":{"client-id":"…",…},"body":"…"}
//
// uri is the target of the request line as it arrived, headers are keyed as net/http keys them, body is the bytes of the
// request before anything decoded them. Values are taken without the spaces and tabs around them. A refusal is the
// caller's fault in form and names the field: a signed header that stands twice, for it is not known which of the two
// was signed, and bytes that are not UTF-8, for JavaScript cannot have signed those.
func AppendPayload(dst []byte, uri string, headers map[string][]string, body []byte) ([]byte, error) {
	dst = slices.Grow(dst, len(uri)+len(body)+len(body)/8+1024) // a pretty-printed body grows by about an eighth
	dst = append(dst, `{"uri":`...)
	dst, ok := appendString(dst, uri)
	if !ok {
		return nil, notUTF8("uri")
	}
	dst = append(dst, `,"headers":{`...)
	first := true
	for _, h := range signedHeaders {
		values := headers[h.key]
		if len(values) == 0 {
			continue
		}
		if len(values) > 1 {
			return nil, bank.RefuseField(h.name, "A signed header is sent more than once.")
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, '"')
		dst = append(dst, h.name...)
		dst = append(dst, '"', ':')
		if dst, ok = appendString(dst, trimmed(values[0])); !ok {
			return nil, notUTF8(h.name)
		}
	}
	dst = append(dst, `},"body":`...)
	if dst, ok = appendString(dst, body); !ok {
		return nil, notUTF8("body")
	}
	return append(dst, '}'), nil
}

func notUTF8(field string) error { return bank.RefuseField(field, "It is not UTF-8.") }

// trimmed takes away the optional white space of RFC 9110, 5.5, and no other: JavaScript's own trim would take more, but
// what it takes beside these cannot stand at the edge of a header without being part of it.
func trimmed(v string) string {
	for v != "" && (v[0] == ' ' || v[0] == '\t') {
		v = v[1:]
	}
	for v != "" && (v[len(v)-1] == ' ' || v[len(v)-1] == '\t') {
		v = v[:len(v)-1]
	}
	return v
}

// appendString appends a text as JSON.stringify writes it: QuoteJSONString of ECMA-262, 25.5.4.3. That escapes the quote,
// the backslash, what is below U+0020, and surrogates that stand alone. The last cannot be written in UTF-8, so they are
// refused with every other invalid byte. Everything else stays as it is: /, <, >, &, U+007F, U+2028.
func appendString[T string | []byte](dst []byte, text T) ([]byte, bool) {
	if !valid(text) {
		return nil, false
	}
	dst = append(dst, '"')
	from := 0
	for i := range len(text) {
		c := text[i]
		escape := escapes[c]
		if escape == 0 {
			continue
		}
		dst = append(dst, text[from:i]...)
		from = i + 1
		if escape != 'u' {
			dst = append(dst, '\\', escape)
		} else {
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	dst = append(dst, text[from:]...)
	return append(dst, '"'), true
}

func valid[T string | []byte](text T) bool {
	switch t := any(text).(type) {
	case string:
		return utf8.ValidString(t)
	case []byte:
		return utf8.Valid(t)
	}
	return false
}

const hexDigits = "0123456789abcdef" // lower case, as UnicodeEscape of ECMA-262 wants it

// escapes says what follows the backslash for each byte; 0: the byte stays as it is.
var escapes = [256]byte{
	'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'b', 't', 'n', 'u', 'f', 'r', 'u', 'u',
	'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u',
	'"': '"', '\\': '\\',
}

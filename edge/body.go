package edge

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// ErrBodyTooLarge: the body is longer than the door allows (413).
var ErrBodyTooLarge = errors.New("edge: body too large")

// ErrBodyEncoded: the body comes compressed (415). Nobody needs that for bodies
// this small, and unpacking is a gift to whoever wants to fill our memory.
var ErrBodyEncoded = errors.New("edge: body with a content encoding")

// ReadBody reads a whole body of at most limit bytes. A longer one is
// ErrBodyTooLarge, before reading where its length is announced; the
// connection is then closed after the answer, so that the rest is not read.
// Any other error means that the caller did not send what it announced.
func ReadBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if e := r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return nil, ErrBodyEncoded
	}
	if r.ContentLength > limit {
		w.Header().Set("Connection", "close")
		return nil, ErrBodyTooLarge
	}
	if r.Body == nil || r.ContentLength == 0 {
		return nil, nil
	}
	limited := http.MaxBytesReader(w, r.Body, limit)
	var body []byte
	var err error
	if r.ContentLength > 0 {
		body = make([]byte, r.ContentLength)
		_, err = io.ReadFull(limited, body)
	} else {
		var b bytes.Buffer
		_, err = b.ReadFrom(limited)
		body = b.Bytes()
	}
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, ErrBodyTooLarge
	}
	if err != nil {
		return nil, fmt.Errorf("edge: reading the body: %w", err)
	}
	return body, nil
}

// IsJSON reports whether a Content-Type header means JSON in UTF-8. Parameters
// are allowed; a charset other than UTF-8 is not.
func IsJSON(contentType string) bool {
	return contentType == "application/json" || isMedia(contentType, "application/json")
}

// IsForm reports whether a Content-Type header means a URL-encoded form.
func IsForm(contentType string) bool {
	return isMedia(contentType, "application/x-www-form-urlencoded")
}

func isMedia(contentType, want string) bool {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil || media != want {
		return false
	}
	charset, given := params["charset"]
	return !given || strings.EqualFold(charset, "utf-8")
}

// AcceptsJSON reports whether a caller who sent these Accept header lines takes
// application/json (RFC 9110 §12.5.1). No header at all means anything; a door
// that demands the header asks for its presence itself.
func AcceptsJSON(header ...string) bool {
	return Accepts("application", "json", header...)
}

// Accepts reports whether a caller who sent these Accept header lines takes
// mainType/subType. The most specific range decides; one with q=0 refuses.
func Accepts(mainType, subType string, header ...string) bool {
	present, precision, accepted := false, 0, false
	for _, line := range header {
		for line != "" {
			var item string
			item, line = cutUnquoted(line, ',')
			if item = strings.TrimSpace(item); item == "" {
				continue
			}
			present = true
			p, ok := mediaRange(item, mainType, subType)
			if p > precision {
				precision, accepted = p, ok
			} else if p == precision && p > 0 {
				accepted = accepted || ok // "…;v=1;q=0, …;v=2": one of them is taken
			}
		}
	}
	return accepted || !present
}

// mediaRange returns how precisely item names the type (0: not at all) and
// whether its quality is above zero.
func mediaRange(item, mainType, subType string) (precision int, accepted bool) {
	name, params := cutUnquoted(item, ';')
	main, sub, ok := strings.Cut(strings.TrimSpace(name), "/")
	switch {
	case !ok:
		return 0, false
	case strings.EqualFold(main, mainType) && strings.EqualFold(sub, subType):
		precision = 3
	case strings.EqualFold(main, mainType) && sub == "*":
		precision = 2
	case main == "*" && sub == "*":
		precision = 1
	default:
		return 0, false
	}
	for params != "" {
		var param string
		param, params = cutUnquoted(params, ';')
		key, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if strings.EqualFold(strings.TrimSpace(key), "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return precision, err == nil && q > 0 && q <= 1
		}
	}
	return precision, true
}

// cutUnquoted is strings.Cut that skips separators inside quoted strings.
func cutUnquoted(s string, sep byte) (before, after string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

package seal

import (
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// read takes in the JSON of a protected header. It is written out because encoding/json folds the case of names, keeps
// the last of two equal members, and costs more than the rest of a signature beside the cryptography; the tests hold it
// against encoding/json.
func (h *Header) read(text []byte) error {
	if !utf8.Valid(text) {
		return errors.New("not UTF-8")
	}
	s := scanner{text: text}
	if !s.take('{') {
		return errors.New("not an object")
	}
	var seen [8]string
	names := seen[:0]
	for first := true; !s.take('}'); first = false {
		if !first && !s.take(',') {
			return s.wrong("want a comma")
		}
		name, ok := s.string()
		if !ok || !s.take(':') {
			return s.wrong("want a name")
		}
		for _, n := range names {
			if n == name {
				return fmt.Errorf("%q stands twice", name)
			}
		}
		if names = append(names, name); len(names) > maxMembers {
			return errors.New("too many members")
		}
		if err := h.member(name, &s); err != nil {
			return err
		}
	}
	if !s.end() {
		return s.wrong("want the end")
	}
	if h.Alg == "" {
		return errors.New("no alg")
	}
	return nil
}

const (
	maxMembers = 16
	maxDepth   = 8 // of values that are skipped, as jwk or x5c
)

func (h *Header) member(name string, s *scanner) error {
	var into *string
	switch name {
	case "alg":
		into = (*string)(&h.Alg)
	case "typ":
		into = &h.Typ
	case "kid":
		into = &h.KeyID
	case "x5u":
		into = &h.URL
	case "x5t#S256":
		into = &h.Thumbprint
	case "crit":
		// No extension is understood, so whatever is critical refuses the signature (RFC 7515, 4.1.11).
		return errors.New("crit: no extension is understood")
	case "b64":
		return errors.New("b64: an unencoded payload is not understood") // RFC 7797, 6: it ought to have been critical
	default:
		if !s.value(maxDepth) {
			return s.wrong("want a value")
		}
		return nil
	}
	var ok bool
	if *into, ok = s.string(); !ok {
		return fmt.Errorf("%s is not a string", name)
	}
	if into == &h.Thumbprint {
		sum, err := thumbprint(h.Thumbprint)
		if err != nil {
			return fmt.Errorf("x5t#S256: %w", err)
		}
		h.Thumbprint = sum
	}
	return nil
}

// scanner reads RFC 8259 strictly.
type scanner struct {
	text []byte
	at   int
}

func (s *scanner) wrong(what string) error {
	return errors.New(what + " at byte " + strconv.Itoa(s.at))
}

func (s *scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

func (s *scanner) take(c byte) bool {
	s.space()
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *scanner) end() bool {
	s.space()
	return s.at == len(s.text)
}

func (s *scanner) string() (string, bool) {
	if !s.take('"') {
		return "", false
	}
	from := s.at
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == '"':
			s.at++
			return string(s.text[from : s.at-1]), true
		case c == '\\':
			return s.escaped(append(make([]byte, 0, len(s.text)-from), s.text[from:s.at]...))
		case c < 0x20:
			return "", false
		}
		s.at++
	}
	return "", false
}

// escaped goes on with a string that holds escapes; done is what came before the first.
func (s *scanner) escaped(done []byte) (string, bool) {
	for s.at < len(s.text) {
		c := s.text[s.at]
		s.at++
		switch {
		case c == '"':
			return string(done), true
		case c < 0x20:
			return "", false
		case c != '\\':
			done = append(done, c)
			continue
		}
		if s.at == len(s.text) {
			return "", false
		}
		c = s.text[s.at]
		s.at++
		switch c {
		case '"', '\\', '/':
			done = append(done, c)
		case 'b':
			done = append(done, '\b')
		case 'f':
			done = append(done, '\f')
		case 'n':
			done = append(done, '\n')
		case 'r':
			done = append(done, '\r')
		case 't':
			done = append(done, '\t')
		case 'u':
			r, ok := s.unicode()
			if !ok {
				return "", false
			}
			done = utf8.AppendRune(done, r)
		default:
			return "", false
		}
	}
	return "", false
}

// unicode reads what follows \u, with the second half of a pair. A half that stands alone names no character and is
// refused: two readers would make two different texts of it.
func (s *scanner) unicode() (rune, bool) {
	r, ok := s.hex4()
	if !ok || !utf16.IsSurrogate(r) {
		return r, ok
	}
	if len(s.text)-s.at < 2 || s.text[s.at] != '\\' || s.text[s.at+1] != 'u' {
		return 0, false
	}
	s.at += 2
	low, ok := s.hex4()
	r = utf16.DecodeRune(r, low)
	return r, ok && r != utf8.RuneError
}

func (s *scanner) hex4() (rune, bool) {
	if len(s.text)-s.at < 4 {
		return 0, false
	}
	var r rune
	for _, c := range s.text[s.at : s.at+4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	s.at += 4
	return r, true
}

// value skips any value.
func (s *scanner) value(depth int) bool {
	s.space()
	if s.at == len(s.text) || depth == 0 {
		return false
	}
	switch s.text[s.at] {
	case '"':
		_, ok := s.string()
		return ok
	case '{', '[':
		return s.nested(depth)
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n':
		return s.word("null")
	}
	return s.number()
}

func (s *scanner) nested(depth int) bool {
	object := s.text[s.at] == '{'
	s.at++
	end := byte(']')
	if object {
		end = '}'
	}
	for first := true; !s.take(end); first = false {
		if !first && !s.take(',') {
			return false
		}
		if object {
			if _, ok := s.string(); !ok || !s.take(':') {
				return false
			}
		}
		if !s.value(depth - 1) {
			return false
		}
	}
	return true
}

func (s *scanner) word(w string) bool {
	if len(s.text)-s.at < len(w) || string(s.text[s.at:s.at+len(w)]) != w {
		return false
	}
	s.at += len(w)
	return true
}

func (s *scanner) number() bool {
	s.is('-')
	if !s.is('0') && !s.digits() {
		return false
	}
	if s.is('.') && !s.digits() {
		return false
	}
	if s.is('e') || s.is('E') {
		if !s.is('+') {
			s.is('-')
		}
		return s.digits()
	}
	return true
}

func (s *scanner) is(c byte) bool {
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *scanner) digits() bool {
	from := s.at
	for s.at < len(s.text) && s.text[s.at] >= '0' && s.text[s.at] <= '9' {
		s.at++
	}
	return s.at > from
}

package edge

import (
	"unicode/utf16"
	"unicode/utf8"
)

// parser scans s from i on.
type parser struct {
	s string
	i int
}

func (p *parser) fail(reason string) error {
	return &SyntaxError{Offset: p.i, Reason: reason}
}

// peek returns the next byte, or 0 at the end. A 0 in the text is as wrong
// as the end wherever peek is used.
func (p *parser) peek() byte {
	if p.i < len(p.s) {
		return p.s[p.i]
	}
	return 0
}

func (p *parser) space() {
	for p.i < len(p.s) {
		switch p.s[p.i] {
		case ' ', '\t', '\n', '\r':
			p.i++
		default:
			return
		}
	}
}

// object reads from '{' on.
func (p *parser) object(depth int) (Object, error) {
	if depth > maxJSONDepth {
		return Object{}, p.fail("nested too deep")
	}
	p.i++
	p.space()
	if p.peek() == '}' {
		p.i++
		return Object{}, nil
	}
	fields := make([]field, 0, 8) // most bodies have fewer fields: one allocation
	for {
		if len(fields) == maxJSONKeys {
			return Object{}, p.fail("too many fields")
		}
		start := p.i
		if p.peek() != '"' {
			return Object{}, p.fail("a field name was expected")
		}
		name, err := p.string()
		if err != nil {
			return Object{}, err
		}
		for i := range fields {
			if fields[i].name == name {
				p.i = start
				return Object{}, p.fail("a field name for the second time")
			}
		}
		p.space()
		if p.peek() != ':' {
			return Object{}, p.fail("a colon was expected")
		}
		p.i++
		fields = append(fields, field{name: name})
		if err := p.value(&fields[len(fields)-1].value, depth); err != nil {
			return Object{}, err
		}
		switch p.peek() {
		case ',':
			p.i++
			p.space()
		case '}':
			p.i++
			return Object{fields: fields}, nil
		default:
			return Object{}, p.fail("a comma or the end of the object was expected")
		}
	}
}

// array reads from '[' on.
func (p *parser) array(depth int) ([]Value, error) {
	if depth > maxJSONDepth {
		return nil, p.fail("nested too deep")
	}
	p.i++
	p.space()
	if p.peek() == ']' {
		p.i++
		return nil, nil
	}
	var elements []Value
	for {
		if len(elements) == maxJSONElements {
			return nil, p.fail("too many elements")
		}
		elements = append(elements, Value{})
		if err := p.value(&elements[len(elements)-1], depth); err != nil {
			return nil, err
		}
		switch p.peek() {
		case ',':
			p.i++
		case ']':
			p.i++
			return elements, nil
		default:
			return nil, p.fail("a comma or the end of the array was expected")
		}
	}
}

// value reads one value inside a container of the given depth, and the white
// space on both sides of it.
func (p *parser) value(v *Value, depth int) (err error) {
	p.space()
	switch c := p.peek(); {
	case c == '"':
		v.kind = KindString
		v.text, err = p.string()
	case c == '-' || c >= '0' && c <= '9':
		v.kind = KindNumber
		v.text, err = p.number()
	case c == '{':
		var o Object
		o, err = p.object(depth + 1)
		v.kind, v.sub = KindObject, &children{object: o}
	case c == '[':
		var elements []Value
		elements, err = p.array(depth + 1)
		v.kind, v.sub = KindArray, &children{elements: elements}
	case c == 't':
		v.kind, v.text = KindBool, "true"
		err = p.word("true")
	case c == 'f':
		v.kind, v.text = KindBool, "false"
		err = p.word("false")
	case c == 'n':
		v.kind = KindNull
		err = p.word("null")
	default:
		err = p.fail("a value was expected")
	}
	if err != nil {
		return err
	}
	p.space()
	return nil
}

func (p *parser) word(w string) error {
	if len(p.s)-p.i < len(w) || p.s[p.i:p.i+len(w)] != w {
		return p.fail("a value was expected")
	}
	p.i += len(w)
	return nil
}

// number reads -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? (RFC 8259 §6).
func (p *parser) number() (string, error) {
	start := p.i
	if p.peek() == '-' {
		p.i++
	}
	switch c := p.peek(); {
	case c == '0':
		p.i++
		if d := p.peek(); d >= '0' && d <= '9' {
			return "", p.fail("a number with a leading zero")
		}
	case c >= '1' && c <= '9':
		p.digits()
	default:
		return "", p.fail("a digit was expected")
	}
	if p.peek() == '.' {
		p.i++
		if !p.digits() {
			return "", p.fail("a digit was expected")
		}
	}
	if c := p.peek(); c == 'e' || c == 'E' {
		p.i++
		if c := p.peek(); c == '+' || c == '-' {
			p.i++
		}
		if !p.digits() {
			return "", p.fail("a digit was expected")
		}
	}
	return p.s[start:p.i], nil
}

// digits skips digits and reports whether there was one.
func (p *parser) digits() bool {
	start := p.i
	for p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9' {
		p.i++
	}
	return p.i > start
}

// string reads from the opening quote on. Text without escapes is a slice of
// the body and costs nothing.
func (p *parser) string() (string, error) {
	p.i++
	start := p.i
	for p.i < len(p.s) {
		switch c := p.s[p.i]; {
		case c == '"':
			text := p.s[start:p.i]
			p.i++
			return text, nil
		case c == '\\':
			return p.escaped(start)
		case c < ' ':
			return "", p.fail("a control character")
		case c < utf8.RuneSelf:
			p.i++
		default:
			if err := p.rune(); err != nil {
				return "", err
			}
		}
	}
	return "", p.fail("a string without end")
}

// rune skips one encoded rune.
func (p *parser) rune() error {
	r, size := utf8.DecodeRuneInString(p.s[p.i:])
	if r == utf8.RuneError && size == 1 {
		return p.fail("invalid UTF-8")
	}
	p.i += size
	return nil
}

// escaped goes on where string met the first backslash.
func (p *parser) escaped(start int) (string, error) {
	text := append(make([]byte, 0, p.i-start+32), p.s[start:p.i]...)
	for p.i < len(p.s) {
		switch c := p.s[p.i]; {
		case c == '"':
			p.i++
			return string(text), nil
		case c == '\\':
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			text = utf8.AppendRune(text, r)
		case c < ' ':
			return "", p.fail("a control character")
		default:
			from := p.i
			if err := p.rune(); err != nil {
				return "", err
			}
			text = append(text, p.s[from:p.i]...)
		}
	}
	return "", p.fail("a string without end")
}

// escape reads one escape sequence, both halves of a surrogate pair together.
func (p *parser) escape() (rune, error) {
	start := p.i
	p.i++
	c := p.peek()
	p.i++
	switch c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
	case 'b', 'f':
		p.i = start
		return 0, p.fail("an escaped control character")
	default:
		p.i = start
		return 0, p.fail("an unknown escape")
	}
	r, ok := p.hex4()
	if !ok {
		p.i = start
		return 0, p.fail("an unknown escape")
	}
	if utf16.IsSurrogate(r) {
		low := rune(-1)
		if p.i+1 < len(p.s) && p.s[p.i] == '\\' && p.s[p.i+1] == 'u' {
			p.i += 2
			if h, ok := p.hex4(); ok {
				low = h
			}
		}
		if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
			p.i = start
			return 0, p.fail("a lone surrogate")
		}
	}
	if r < ' ' && r != '\t' && r != '\n' && r != '\r' {
		p.i = start
		return 0, p.fail("an escaped control character")
	}
	return r, nil
}

func (p *parser) hex4() (rune, bool) {
	if len(p.s)-p.i < 4 {
		return 0, false
	}
	var r rune
	for _, c := range []byte(p.s[p.i : p.i+4]) {
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
	p.i += 4
	return r, true
}

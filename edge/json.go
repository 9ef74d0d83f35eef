package edge

import (
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Bounds of a JSON body. No call of any door comes near them; they keep the
// work per byte constant.
const (
	maxJSONDepth    = 12   // the object itself is depth 1; a consent for a bundle reaches 12 (psd2 §3.4)
	maxJSONKeys     = 64   // in one object; duplicates are found by comparing all pairs
	maxJSONElements = 1024 // in one array
)

// Kind says what a JSON value is.
type Kind uint8

// The kinds of JSON values. The zero Value has the zero Kind, Absent.
const (
	KindAbsent Kind = iota
	KindNull
	KindBool
	KindNumber
	KindString
	KindArray
	KindObject
)

// String returns the kind's name in JSON's own words.
func (k Kind) String() string {
	names := [...]string{"absent", "null", "boolean", "number", "string", "array", "object"}
	if int(k) < len(names) {
		return names[k]
	}
	return "kind " + strconv.Itoa(int(k))
}

// A SyntaxError says why a body was refused. Its text holds no byte of the
// body, so it may be logged.
type SyntaxError struct {
	Offset int // of the first byte that could not be read
	Reason string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("at byte %d: %s", e.Offset, e.Reason)
}

// Value is one JSON value. The typed accessors answer false for every other
// kind: a number is never a string, and null is never an empty anything.
type Value struct {
	kind Kind
	text string    // string: decoded; number: as written; bool: "true" or "false"
	sub  *children // array, object
}

// children are kept apart so that the common flat value stays small.
type children struct {
	elements []Value
	object   Object
}

// Object is one JSON object, its fields in the order of the wire.
type Object struct{ fields []field }

type field struct {
	name  string
	value Value
}

// Get returns the field called exactly name.
func (o Object) Get(name string) (Value, bool) {
	for i := range o.fields {
		if o.fields[i].name == name {
			return o.fields[i].value, true
		}
	}
	return Value{}, false
}

// Len returns the number of fields.
func (o Object) Len() int { return len(o.fields) }

// Names returns the names of all fields in the order of the wire.
func (o Object) Names() []string {
	names := make([]string, len(o.fields))
	for i := range o.fields {
		names[i] = o.fields[i].name
	}
	return names
}

// Unknown returns the names that are not among allowed, compared exactly.
// (encoding/json matches names without regard to case; then "Amount" and
// "amount" would be one field to us and two to whoever checked before us.)
func (o Object) Unknown(allowed ...string) []string {
	var unknown []string
	for i := range o.fields {
		if !slices.Contains(allowed, o.fields[i].name) {
			unknown = append(unknown, o.fields[i].name)
		}
	}
	return unknown
}

// Kind says what the value is.
func (v Value) Kind() Kind { return v.kind }

// IsNull reports whether the value is null.
func (v Value) IsNull() bool { return v.kind == KindNull }

// String returns the decoded text of a string.
func (v Value) String() (string, bool) { return v.textOf(KindString) }

// NumberText returns a number as it was written, by the grammar of RFC 8259.
// Whoever needs it decides which of its forms are allowed; none is a float here.
func (v Value) NumberText() (string, bool) { return v.textOf(KindNumber) }

func (v Value) textOf(kind Kind) (string, bool) {
	if v.kind != kind {
		return "", false
	}
	return v.text, true
}

// Int64 returns a number written without fraction and exponent that fits.
func (v Value) Int64() (int64, bool) {
	if v.kind != KindNumber || v.text == "-0" {
		return 0, false
	}
	n, err := strconv.ParseInt(v.text, 10, 64)
	return n, err == nil
}

// Bool returns a boolean.
func (v Value) Bool() (value, ok bool) {
	return v.text == "true", v.kind == KindBool
}

// Elements returns the elements of an array.
func (v Value) Elements() ([]Value, bool) {
	if v.kind != KindArray {
		return nil, false
	}
	return v.sub.elements, true
}

// Strings returns the elements of an array that holds nothing but strings.
func (v Value) Strings() ([]string, bool) {
	elements, ok := v.Elements()
	if !ok {
		return nil, false
	}
	texts := make([]string, len(elements))
	for i, e := range elements {
		if texts[i], ok = e.String(); !ok {
			return nil, false
		}
	}
	return texts, true
}

// Object returns a nested object.
func (v Value) Object() (Object, bool) {
	if v.kind != KindObject {
		return Object{}, false
	}
	return v.sub.object, true
}

// ParseObject reads one JSON object and nothing else, in one scan. Beyond
// RFC 8259 it refuses what two readers could understand differently or what no
// honest caller sends: duplicate names (compared after decoding), invalid
// UTF-8, a byte order mark, lone surrogates, control characters (also escaped
// ones, except tab and line ends: PostgreSQL cannot keep U+0000 and a terminal
// obeys the others), data after the object, more than 12 levels, 64 fields in
// an object or 1024 elements in an array. Every error is a *[SyntaxError].
//
// The strings of the result share one copy of data.
func ParseObject(data []byte) (Object, error) {
	p := parser{s: string(data)}
	p.space()
	if p.i == len(p.s) {
		return Object{}, p.fail("empty")
	}
	if p.s[p.i] != '{' {
		if p.s[p.i] >= utf8.RuneSelf {
			return Object{}, p.fail("not an object (a byte order mark is not allowed either)")
		}
		return Object{}, p.fail("not an object")
	}
	o, err := p.object(1)
	if err != nil {
		return Object{}, err
	}
	p.space()
	if p.i != len(p.s) {
		return Object{}, p.fail("data after the object")
	}
	return o, nil
}

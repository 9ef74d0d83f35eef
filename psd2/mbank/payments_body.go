package mbank

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"okienko/bank"
	"okienko/bank/calendar"
	"okienko/bank/money"
	"okienko/edge"
)

// reading is a body that is being read. It keeps the first fault, in the order
// of this program and not of the body, so that one body has one answer.
type reading struct{ fault *bank.Refusal }

func (r *reading) blame(path, why string) {
	if r.fault == nil {
		r.fault = bank.RefuseField(path, why)
	}
}

// err is the first fault.
func (r *reading) err() error {
	if r.fault == nil {
		return nil
	}
	return r.fault
}

// branch is one object of a body with its place in it. What is absent, null, an
// empty text or an empty object is one and the same: mBank's samples send empty
// texts for unused parts (psd2 §3.5).
type branch struct {
	*reading
	object edge.Object
	path   string // "recipient.", "" at the root
}

// open starts at an object that was parsed already; path is the words before it,
// "" at the root.
func (r *reading) open(o edge.Object, path string) branch {
	if path != "" {
		path += "."
	}
	return branch{reading: r, object: o, path: path}
}

// only refuses fields that are not named. The caller's own word is repeated to
// it when it looks like a name.
func (b branch) only(known ...string) {
	if unknown := b.object.Unknown(known...); len(unknown) > 0 {
		b.blame(b.path+printable(unknown[0]), "The field is not known here.")
	}
}

func printable(name string) string {
	const longest = 64
	if name == "" || len(name) > longest {
		return "(unknown)"
	}
	for i := range len(name) {
		c := name[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && !strings.ContainsRune("-_:.", rune(c)) {
			return "(unknown)"
		}
	}
	return name
}

func (b branch) get(name string) (edge.Value, bool) {
	v, ok := b.object.Get(name)
	return v, ok && !v.IsNull()
}

// text reads a text of at most longest characters.
func (b branch) text(name string, longest int) string {
	v, ok := b.get(name)
	if !ok {
		return ""
	}
	s, ok := v.String()
	switch {
	case !ok:
		b.blame(b.path+name, "A text is expected.")
	case utf8.RuneCountInString(s) > longest:
		b.blame(b.path+name, "At most "+strconv.Itoa(longest)+" characters are allowed.")
	default:
		return s
	}
	return ""
}

// need reads a text that must be there.
func (b branch) need(name string, longest int) string {
	s := b.text(name, longest)
	if s == "" {
		b.blame(b.path+name, "The field is required.")
	}
	return s
}

// flag reads a truth value, false when absent.
func (b branch) flag(name string) bool {
	v, ok := b.get(name)
	if !ok {
		return false
	}
	yes, ok := v.Bool()
	if !ok {
		b.blame(b.path+name, "true or false is expected.")
	}
	return yes
}

// whole reads a whole number; ok is false when it is absent.
func (b branch) whole(name string) (n int64, ok bool) {
	v, ok := b.get(name)
	if !ok {
		return 0, false
	}
	if n, ok = v.Int64(); !ok {
		b.blame(b.path+name, "A whole number is expected.")
	}
	return n, ok
}

// date reads YYYY-MM-DD, the zero Date when absent.
func (b branch) date(name string) calendar.Date {
	s := b.text(name, len("2026-11-21"))
	if s == "" {
		return calendar.Date{}
	}
	d, err := calendar.ParseDate(s)
	if err != nil {
		b.blame(b.path+name, "A date is YYYY-MM-DD.")
	}
	return d
}

// amount reads a text of the form ^(0|[1-9]\d*)\.\d{2}$ (psd2 §10 case 58).
func (b branch) amount(name string, c money.Currency) money.Amount {
	s := b.need(name, len("999999999999.99"))
	if s == "" {
		return money.Zero(c)
	}
	a, err := money.Parse(s, c)
	if err != nil {
		b.blame(b.path+name, `An amount is a text with exactly two decimals, "12.50", of at most twelve digits before the point.`)
		return money.Zero(c)
	}
	return a
}

// inside reads an object that may be absent.
func (b branch) inside(name string) branch {
	out := branch{reading: b.reading, path: b.path + name + "."}
	v, ok := b.get(name)
	if !ok {
		return out
	}
	if out.object, ok = v.Object(); !ok {
		b.blame(b.path+name, "An object is expected.")
	}
	return out
}

// list reads an array that may be absent.
func (b branch) list(name string) []edge.Value {
	v, ok := b.get(name)
	if !ok {
		return nil
	}
	list, ok := v.Elements()
	if !ok {
		b.blame(b.path+name, "An array is expected.")
	}
	return list
}

// blank tells whether an object says nothing: it is empty, or all that is in it.
func blank(o edge.Object) bool {
	for _, name := range o.Names() {
		v, _ := o.Get(name)
		s, isText := v.String()
		inner, isObject := v.Object()
		if !v.IsNull() && (!isText || s != "") && (!isObject || !blank(inner)) {
			return false
		}
	}
	return true
}

// oneOf reads a word of a list, "" when absent.
func oneOf[T ~string](b branch, name string, words []word[T]) T {
	s := b.text(name, 32)
	if s == "" {
		return ""
	}
	inside, ok := insideOf(words, s)
	if !ok {
		all := make([]string, len(words))
		for i := range words {
			all[i] = words[i].wire
		}
		b.blame(b.path+name, "One of "+strings.Join(all, ", ")+" is expected.")
	}
	return inside
}

// country reads an ISO 3166-1 alpha-2 code. mBank's third version asks for two
// letters where the second asked for three (psd2 §3.1).
func (b branch) country(name string) string {
	s := b.text(name, 3)
	if s == "" {
		return ""
	}
	if len(s) != 2 || slices.ContainsFunc([]byte(s), func(c byte) bool { return c < 'A' || c > 'Z' }) {
		b.blame(b.path+name, "A country is two letters of ISO 3166-1, PL.")
		return ""
	}
	return s
}

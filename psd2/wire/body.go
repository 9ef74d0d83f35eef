package wire

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"okienko/bank"
	"okienko/bank/calendar"
	"okienko/bank/money"
	"okienko/edge"
)

// Reading is a body that is being read. It keeps the first fault, in the order
// of this program and not of the body, so that one body has one answer.
type Reading struct {
	// PassUnknown passes over fields that are not known, for a third party to whom
	// the bank is lenient.
	PassUnknown bool
	// LooseNumbers reads account numbers with spaces in them or the country before.
	LooseNumbers bool

	fault *bank.Refusal
}

// Blame notes a fault at a place of the body, unless there is one already.
func (r *Reading) Blame(path, why string) {
	if r.fault == nil {
		r.fault = bank.RefuseField(path, why)
	}
}

// Err is the first fault.
func (r *Reading) Err() error {
	if r.fault == nil {
		return nil
	}
	return r.fault
}

// Branch is one object of a body with its place in it. What is absent, null, an
// empty text or an empty object is one and the same: mBank's samples send empty
// texts for unused parts (psd2 §3.5).
type Branch struct {
	*Reading
	Object edge.Object
	Path   string // "recipient.", "" at the root
}

// Open starts at an object that was parsed already; path is the words before it,
// "" at the root.
func (r *Reading) Open(o edge.Object, path string) Branch {
	if path != "" {
		path += "."
	}
	return Branch{Reading: r, Object: o, Path: path}
}

// Only refuses fields that are not named. The caller's own word is repeated to
// it when it looks like a name.
func (b Branch) Only(known ...string) {
	if unknown := b.Object.Unknown(known...); len(unknown) > 0 && !b.PassUnknown {
		b.Blame(b.Path+Printable(unknown[0]), "The field is not known here.")
	}
}

// Printable is a name that the caller sent, where it looks like one.
func Printable(name string) string {
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

// Get finds a value that is there and not null.
func (b Branch) Get(name string) (edge.Value, bool) {
	v, ok := b.Object.Get(name)
	return v, ok && !v.IsNull()
}

// Text reads a text of at most longest characters.
func (b Branch) Text(name string, longest int) string {
	v, ok := b.Get(name)
	if !ok {
		return ""
	}
	s, ok := v.String()
	switch {
	case !ok:
		b.Blame(b.Path+name, "A text is expected.")
	case utf8.RuneCountInString(s) > longest:
		b.Blame(b.Path+name, "At most "+strconv.Itoa(longest)+" characters are allowed.")
	default:
		return s
	}
	return ""
}

// Need reads a text that must be there.
func (b Branch) Need(name string, longest int) string {
	s := b.Text(name, longest)
	if s == "" {
		b.Blame(b.Path+name, "The field is required.")
	}
	return s
}

// Flag reads a truth value, false when absent.
func (b Branch) Flag(name string) bool {
	v, ok := b.Get(name)
	if !ok {
		return false
	}
	yes, ok := v.Bool()
	if !ok {
		b.Blame(b.Path+name, "true or false is expected.")
	}
	return yes
}

// Whole reads a whole number; ok is false when it is absent.
func (b Branch) Whole(name string) (n int64, ok bool) {
	v, ok := b.Get(name)
	if !ok {
		return 0, false
	}
	if n, ok = v.Int64(); !ok {
		b.Blame(b.Path+name, "A whole number is expected.")
	}
	return n, ok
}

// Date reads YYYY-MM-DD, the zero Date when absent.
func (b Branch) Date(name string) calendar.Date {
	s := b.Text(name, len("2026-11-21"))
	if s == "" {
		return calendar.Date{}
	}
	d, err := calendar.ParseDate(s)
	if err != nil {
		b.Blame(b.Path+name, "A date is YYYY-MM-DD.")
	}
	return d
}

// Amount reads a text of the form ^(0|[1-9]\d*)\.\d{2}$ (psd2 §10 case 58).
func (b Branch) Amount(name string, c money.Currency) money.Amount {
	s := b.Need(name, len("999999999999.99"))
	if s == "" {
		return money.Zero(c)
	}
	a, err := money.Parse(s, c)
	if err != nil {
		b.Blame(b.Path+name, `An amount is a text with exactly two decimals, "12.50", of at most twelve digits before the point.`)
		return money.Zero(c)
	}
	return a
}

// Inside reads an object that may be absent.
func (b Branch) Inside(name string) Branch {
	out := Branch{Reading: b.Reading, Path: b.Path + name + "."}
	v, ok := b.Get(name)
	if !ok {
		return out
	}
	if out.Object, ok = v.Object(); !ok {
		b.Blame(b.Path+name, "An object is expected.")
	}
	return out
}

// List reads an array that may be absent.
func (b Branch) List(name string) []edge.Value {
	v, ok := b.Get(name)
	if !ok {
		return nil
	}
	list, ok := v.Elements()
	if !ok {
		b.Blame(b.Path+name, "An array is expected.")
	}
	return list
}

// Blank tells whether an object says nothing: it is empty, or all that is in it.
func Blank(o edge.Object) bool {
	for _, name := range o.Names() {
		v, _ := o.Get(name)
		s, isText := v.String()
		inner, isObject := v.Object()
		if !v.IsNull() && (!isText || s != "") && (!isObject || !Blank(inner)) {
			return false
		}
	}
	return true
}

// OneOf reads a word of a list, "" when absent.
func OneOf[T ~string](b Branch, name string, words []Word[T]) T {
	s := b.Text(name, 32)
	if s == "" {
		return ""
	}
	inside, ok := Inside(words, s)
	if !ok {
		all := make([]string, len(words))
		for i := range words {
			all[i] = words[i].Wire
		}
		b.Blame(b.Path+name, "One of "+strings.Join(all, ", ")+" is expected.")
	}
	return inside
}

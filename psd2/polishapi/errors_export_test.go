package polishapi

import (
	"slices"

	"okienko/bank"
	"okienko/psd2/wire"
)

// ErrorFor is the form of a code, false when the table lacks it.
func ErrorFor(c bank.Code) (wire.Error, bool) {
	e, ok := errorTable[c]
	if slices.Contains(wire.Foreign, c) {
		if ok {
			return wire.Error{}, false // it has a row although nobody here can meet it
		}
		e, ok = errorTable[bank.Internal], true
	}
	return e, ok
}

// KnownErrors lists every error of the door.
func KnownErrors() []wire.Error { return wireErrors }

// Rows is the number of codes in the table.
func Rows() int { return len(errorTable) + len(wire.Foreign) }

// Answering is how one operation answers.
type Answering struct {
	Name    string // "accounts/getAccounts"
	Path    string
	Refuses []int
	Folded  func(status int) int // by which status an error is answered
}

// Operations are those of a version at its usual path.
func Operations(v Version) []Answering {
	var place Place
	for _, p := range UsualPlaces() {
		if p.Version == v {
			place = p
		}
	}
	var out []Answering
	for _, o := range (&Door{}).operations() {
		if o.since == "" || v.since(o.since) {
			all := append(append([]int(nil), everywhere...), o.refuses...)
			out = append(out, Answering{o.group + "/" + o.name, place.at(o.group, o.name), all, o.declared})
		}
	}
	return out
}

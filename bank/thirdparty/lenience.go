package thirdparty

import (
	"slices"
	"strings"

	"okienko/bank"
)

// Lenience are the points in which the bank is lenient to one client
// (psd2 §0.1, §10): all false is strict. None of them touches who somebody is or
// what a customer consented to.
type Lenience struct {
	AnyUUID         bool // request ids that are UUIDs of another version than 1
	OptionalHeaders bool // PolishAPI: Accept-Encoding, Accept-Language and Accept-Charset may be missing
	UnknownFields   bool // fields that the bank does not know are passed over
	TokenOnce       bool // PolishAPI: requestHeader.token may be missing; one that is there must still be the Bearer token
	OptionalTPPID   bool // PolishAPI 3.0: requestHeader.tppId may be missing
	LooseNumbers    bool // account numbers with spaces or the country in front are read
}

// Leniences are the names of the points, for people and commands, in the order
// in which Lenience has them.
var Leniences = []string{"any-uuid", "optional-headers", "unknown-fields", "token-once", "optional-tpp-id", "loose-numbers"}

// point is the field of a name, nil for a name that nobody knows.
func (l *Lenience) point(name string) *bool {
	switch name {
	case "any-uuid":
		return &l.AnyUUID
	case "optional-headers":
		return &l.OptionalHeaders
	case "unknown-fields":
		return &l.UnknownFields
	case "token-once":
		return &l.TokenOnce
	case "optional-tpp-id":
		return &l.OptionalTPPID
	case "loose-numbers":
		return &l.LooseNumbers
	}
	return nil
}

// Set switches one point on or off by its name, and refuses a name that nobody
// knows.
func (l *Lenience) Set(name string, on bool) error {
	p := l.point(name)
	if p == nil {
		return bank.RefuseField("lenience", "The bank is lenient in "+strings.Join(Leniences, ", ")+"; there is no "+name+".")
	}
	*p = on
	return nil
}

// Names lists the points that are on, in the order of Leniences.
func (l Lenience) Names() []string {
	return slices.DeleteFunc(slices.Clone(Leniences), func(name string) bool { return !*l.point(name) })
}

// String is the names on one line, "strict" when there are none.
func (l Lenience) String() string {
	if names := l.Names(); len(names) > 0 {
		return strings.Join(names, " ")
	}
	return "strict"
}

// Lenient is lenient in every point, as a sandbox is to everybody (psd2 §0.1).
func Lenient() Lenience {
	var l Lenience
	for _, name := range Leniences {
		*l.point(name) = true
	}
	return l
}

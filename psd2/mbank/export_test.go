package mbank

import (
	"errors"
	"slices"

	"okienko/bank"
	"okienko/edge"
	"okienko/psd2"
	"okienko/psd2/wire"
)

// Known is one error of the door, for its tests.
type Known struct {
	Status int
	Code   string
}

// ErrorFor is the form of a code, false when the table lacks it.
func ErrorFor(c bank.Code) (Known, bool) {
	e, ok := errorTable[c]
	if slices.Contains(wire.Foreign, c) {
		if ok {
			return Known{}, false // it has a row although nobody here can meet it
		}
		e, ok = errorTable[bank.Internal], true
	}
	return Known{e.Status, e.Code}, ok
}

// KnownErrors lists every error of the door, and Rows counts the table.
func KnownErrors() []Known {
	out := make([]Known, len(wireErrors))
	for i, e := range wireErrors {
		out[i] = Known{e.Status, e.Code}
	}
	return out
}

// Rows is the number of codes in the table.
func Rows() int { return len(errorTable) + len(wire.Foreign) }

// ReadDetails reads the body of a consent as authorize does, up to the point at
// which it asks anybody.
func ReadDetails(body []byte) error {
	o, err := edge.ParseObject(body)
	if err != nil {
		return err
	}
	r := &wire.Reading{}
	b := open(r, o, "")
	scope, err := psd2.OneScope(b.Text("scope", 64))
	if err != nil {
		return err
	}
	d, err := grammar().Details(b.Inside("scope_details"), scope, true)
	if err == nil && (d.ConsentID == "" || d.Until.IsZero() || len(d.Grants) == 0) {
		return errors.New("read, and says nothing")
	}
	return err
}

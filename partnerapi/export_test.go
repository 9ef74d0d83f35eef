package partnerapi

import "okienko/bank"

// Form is an error as the wire shows it.
type Form struct {
	Status            int
	Code, Description string
}

// Forms lists every error of the door.
func Forms() []Form {
	out := make([]Form, 0, len(forms))
	for _, f := range forms {
		out = append(out, Form{f.status, f.code, f.description})
	}
	return out
}

// FormFor is the form of a refusal; ok is false when the table has none.
func FormFor(c bank.Code) (Form, bool) {
	f, ok := wire[c]
	return Form{f.status, f.code, f.description}, ok
}

// Refusals is how many rows the table has.
func Refusals() int { return len(wire) }

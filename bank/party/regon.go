package party

import "errors"

// ErrREGON means that a text is not a REGON number.
var ErrREGON = errors.New("party: not a REGON number")

// REGON is the number of a business in the register of Statistics Poland: nine
// digits, or fourteen for a local unit, of which the first nine are those of its
// parent (regulation of 30 November 2015 on the register of national economy). A
// REGON other than "" comes from ParseREGON or MakeREGON and is well-formed.
type REGON string

const (
	regon9Weights  = "89234567"
	regon14Weights = "2485097361248"
)

// ParseREGON accepts exactly nine or fourteen ASCII digits with right check digits;
// of fourteen, the ninth is checked too. All zeros name nobody and are refused.
// Anything else is ErrREGON.
func ParseREGON(s string) (REGON, error) {
	if !allDigits(s, 9) && !allDigits(s, 14) {
		return "", ErrREGON
	}
	if s[:9] == "000000000" || s[8] != regonCheck(s, regon9Weights) {
		return "", ErrREGON
	}
	if len(s) == 14 && s[13] != regonCheck(s, regon14Weights) {
		return "", ErrREGON
	}
	return REGON(s), nil
}

// MakeREGON appends the check digit to the first eight digits. It reports false if
// they are not eight digits or all zeros.
func MakeREGON(first8 string) (REGON, bool) {
	if !allDigits(first8, 8) || first8 == "00000000" {
		return "", false
	}
	return REGON(first8 + string(rune(regonCheck(first8, regon9Weights)))), true
}

// String returns all digits.
func (r REGON) String() string { return string(r) }

// Masked returns the number with all but its last two digits starred, for logs.
func (r REGON) Masked() string { return masked(string(r)) }

// regonCheck computes modulo 11; unlike in a NIP a remainder of 10 is written 0.
func regonCheck(s, weights string) byte {
	return byte('0' + weighted(s, weights)%11%10)
}

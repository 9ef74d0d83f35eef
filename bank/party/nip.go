package party

import "errors"

// ErrNIP means that a text is not a NIP number.
var ErrNIP = errors.New("party: not a NIP number")

// NIP is the ten-digit Polish tax identification number (Act of 13 October 1995 on
// the registration and identification of taxpayers). A NIP other than "" comes
// from ParseNIP or MakeNIP and is well-formed. The NIP of a sole trader is personal
// data: logs get Masked.
type NIP string

const nipWeights = "657234567"

// ParseNIP accepts exactly ten ASCII digits, without dashes and without the "PL"
// of intra-community trade, with a possible tax-office prefix and the right check
// digit. Anything else is ErrNIP.
func ParseNIP(s string) (NIP, error) {
	if !allDigits(s, 10) {
		return "", ErrNIP
	}
	if n, ok := MakeNIP(s[:9]); !ok || n[9] != s[9] {
		return "", ErrNIP
	}
	return NIP(s), nil
}

// MakeNIP appends the check digit to the first nine digits. It reports false if
// they are not nine digits, if the first three cannot be a tax-office prefix, or if
// the check digit would be 10: such numbers are never issued.
func MakeNIP(first9 string) (NIP, bool) {
	if !allDigits(first9, 9) || !nipPrefix(first9) {
		return "", false
	}
	check := weighted(first9, nipWeights) % 11
	if check == 10 {
		return "", false
	}
	return NIP(first9 + string(rune('0'+check))), true
}

// nipPrefix follows the pattern of the Ministry of Finance's schemas (TNrNIP): the
// first digit is not 0, and the second and third are not both 0.
func nipPrefix(s string) bool {
	return s[0] != '0' && (s[1] != '0' || s[2] != '0')
}

// String returns all ten digits.
func (n NIP) String() string { return string(n) }

// Masked returns the number with all but its last two digits starred, for logs.
func (n NIP) Masked() string { return masked(string(n)) }

package money

import "errors"

// ErrFormat means that a text is not an amount. It does not repeat the text,
// because the text came from a stranger.
var ErrFormat = errors.New("money: not an amount")

// MaxIntegerDigits bounds what Parse and ParseNumber accept, below 10^12 whole
// units. That is 10^14 minor units: about ninety thousand of the largest amounts
// still add up without overflow, and a third party that reads amounts into a
// float64 (exact to 2^53, about 9·10^15) still sees the exact minor units. One
// payment of the whole yearly budget of the Polish state would still pass.
const MaxIntegerDigits = 12

// Parse reads digits, a point and exactly two digits: "12.50", "0.05"
// (partner-api §7). No sign, no leading zeros except in "0.xx", no spaces, no
// exponent, ASCII digits only, at most MaxIntegerDigits before the point.
// Anything else is ErrFormat. "0.00" is an amount: whether zero may be ordered is
// for the caller to decide.
func Parse(s string, c Currency) (Amount, error) {
	minor, decimals, ok := scan(s)
	if !ok || decimals != 2 {
		return Amount{}, ErrFormat
	}
	return Amount{minor, c}, nil
}

// ParseNumber reads the text of a JSON number as partner-api §7 allows it: like
// Parse, but with two, one or no decimals ("12.5", "12"). "12." stays wrong, as in
// JSON (RFC 8259 §6). Give it the raw text of the number, never a float.
func ParseNumber(s string, c Currency) (Amount, error) {
	minor, _, ok := scan(s)
	if !ok {
		return Amount{}, ErrFormat
	}
	return Amount{minor, c}, nil
}

// scan reads digits with an optional point and one or two decimals, and returns
// the minor units and the number of decimals that were written.
func scan(s string) (minor int64, decimals int, ok bool) {
	i := 0
	for i < len(s) && isDigit(s[i]) {
		if i == MaxIntegerDigits {
			return 0, 0, false
		}
		minor = minor*10 + int64(s[i]-'0')
		i++
	}
	if i == 0 || (s[0] == '0' && i > 1) {
		return 0, 0, false
	}
	minor *= 100
	switch rest := s[i:]; {
	case rest == "":
		return minor, 0, true
	case len(rest) == 2 && rest[0] == '.' && isDigit(rest[1]):
		return minor + int64(rest[1]-'0')*10, 1, true
	case len(rest) == 3 && rest[0] == '.' && isDigit(rest[1]) && isDigit(rest[2]):
		return minor + int64(rest[1]-'0')*10 + int64(rest[2]-'0'), 2, true
	}
	return 0, 0, false
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

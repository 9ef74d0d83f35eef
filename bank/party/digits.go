package party

import "strings"

// allDigits reports whether s is n ASCII digits.
func allDigits(s string, n int) bool {
	if len(s) != n {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// weighted sums the first len(weights) digits of s, each times its weight. The
// weights are digits in a string, since a constant cannot be changed by anyone.
func weighted(s, weights string) int {
	sum := 0
	for i := range len(weights) {
		sum += int(s[i]-'0') * int(weights[i]-'0')
	}
	return sum
}

// masked keeps the last two digits: enough for two people on the hotline to agree
// which number they see, too little to name a person.
func masked(s string) string {
	const keep = 2
	if len(s) <= keep {
		return strings.Repeat("*", len(s))
	}
	return strings.Repeat("*", len(s)-keep) + s[len(s)-keep:]
}

package xs2a

import (
	"strings"

	"okienko/bank"
	"okienko/bank/nrb"
)

// Masked is an account number as a list shows it to who may not read accounts yet
// (psd2 §2.4): its check digits and bank, and the last four digits.
func Masked(number string) string {
	const shown, last = 10, 4
	if len(number) <= shown+last {
		return strings.Repeat("*", len(number))
	}
	return number[:shown] + strings.Repeat("*", len(number)-shown-last) + number[len(number)-last:]
}

// Numbered finds the one account that a full or masked number names among those
// that the customer gave (psd2 §0.1). None and several are one answer:
// AccountOutside.
func Numbered(had []Reach, number string) (Reach, error) {
	pattern := strings.TrimPrefix(strings.ToUpper(strings.ReplaceAll(number, " ", "")), "PL")
	if n, err := nrb.Parse(number); err == nil {
		pattern = n.String()
	}
	var found []Reach
	for _, r := range had {
		if !r.Past && masks(pattern, r.Number) {
			found = append(found, r)
		}
	}
	if len(found) != 1 {
		return Reach{}, bank.Refuse(bank.AccountOutside, "The customer did not give such an account.")
	}
	return found[0], nil
}

// masks tells whether a number is what a pattern shows of one: its digits, and a
// star or an X for each that is hidden.
func masks(pattern, number string) bool {
	if len(pattern) != len(number) {
		return false
	}
	for i := range len(pattern) {
		if c := pattern[i]; c != number[i] && c != '*' && c != 'X' {
			return false
		}
	}
	return true
}

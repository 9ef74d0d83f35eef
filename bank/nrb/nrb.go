package nrb

import (
	"errors"
	"strings"
)

var (
	// ErrFormat means that a text does not have the form of an account number.
	ErrFormat = errors.New("nrb: not an account number")
	// ErrCheckDigits means that the form is right and the check digits are not:
	// most likely a digit was mistyped.
	ErrCheckDigits = errors.New("nrb: wrong check digits")
	// ErrCountry means that the country has no IBAN known to this bank.
	ErrCountry = errors.New("nrb: unknown IBAN country")
)

// NRB is the number of an account in a bank in Poland: 2 check digits, 8 digits of
// the bank's sort code, 16 digits of the account. An NRB other than "" comes from
// Parse or Make, has 26 digits and right check digits.
type NRB string

const (
	digits        = 26
	bankDigits    = 8
	accountDigits = 16

	// maxInput bounds what is scanned of a stranger's text: "PL" and 26 digits, each
	// with a two-byte space before it, and some to spare.
	maxInput = 96
)

// Parse reads an account number as people and documents write it: 26 digits,
// grouped by spaces anywhere or not at all, ordinary or non-breaking, with or
// without "PL" in front. It fails with ErrFormat or ErrCheckDigits.
func Parse(s string) (NRB, error) {
	var buf [digits + 2]byte
	b, ok := squeeze(buf[:0], s)
	if !ok {
		return "", ErrFormat
	}
	if len(b) == digits+2 && b[0] == 'P' && b[1] == 'L' {
		b = b[2:]
	}
	if len(b) != digits || !allDigits(b) {
		return "", ErrFormat
	}
	if !checked(b[2:], 'P', 'L', b[:2]) {
		return "", ErrCheckDigits
	}
	if len(s) == digits {
		return NRB(s), nil // nothing was squeezed out: no copy needed
	}
	return NRB(b), nil
}

// Make computes the check digits of the account in the bank with that sort code: 8
// and 16 digits. It fails with ErrFormat if they are not. The sort code's own check
// digit is not looked at; see ValidBankCode.
func Make(bankCode, account string) (NRB, error) {
	if len(bankCode) != bankDigits || len(account) != accountDigits {
		return "", ErrFormat
	}
	var b [digits]byte
	copy(b[2:], bankCode)
	copy(b[2+bankDigits:], account)
	if !allDigits(b[2:]) {
		return "", ErrFormat
	}
	b[0], b[1] = checkDigits(b[2:], 'P', 'L')
	return NRB(b[:]), nil
}

// ValidBankCode reports whether the eighth digit of a sort code (numer
// rozliczeniowy) agrees with the seven before it: weights 3, 9, 7, 1, sum divisible
// by ten. A code of another length or with other characters is not valid.
func ValidBankCode(code string) bool {
	if len(code) != bankDigits {
		return false
	}
	const weights = "39713971"
	sum := 0
	for i := range len(code) {
		if !isDigit(code[i]) {
			return false
		}
		sum += int(code[i]-'0') * int(weights[i]-'0')
	}
	return sum%10 == 0
}

// String returns the 26 digits.
func (n NRB) String() string { return string(n) }

// IBAN returns the international form: "PL" and the 26 digits. The empty NRB has none.
func (n NRB) IBAN() IBAN {
	if n == "" {
		return ""
	}
	return IBAN("PL" + string(n))
}

// Formatted returns the domestic printed form: two digits, then groups of four,
// "61 1090 1014 0000 0712 1981 2874".
func (n NRB) Formatted() string {
	if len(n) != digits {
		return string(n)
	}
	return group(string(n), 2)
}

// BankCode returns the sort code of the bank and branch: digits 3 to 10. The empty
// NRB has none.
func (n NRB) BankCode() string {
	if len(n) != digits {
		return ""
	}
	return string(n[2 : 2+bankDigits])
}

// Account returns the 16 digits that the bank itself gave: digits 11 to 26. The
// empty NRB has none.
func (n NRB) Account() string {
	if len(n) != digits {
		return ""
	}
	return string(n[2+bankDigits:])
}

// Masked returns the number with all but its last four digits starred, for logs.
func (n NRB) Masked() string { return masked(string(n)) }

// masked keeps four characters, as on a card receipt: a customer recognises the own
// account, a reader of the log cannot pay from it.
func masked(s string) string {
	const keep = 4
	if len(s) <= keep {
		return strings.Repeat("*", len(s))
	}
	return strings.Repeat("*", len(s)-keep) + s[len(s)-keep:]
}

// group sets a space after the first characters and then after every four.
func group(s string, first int) string {
	b := make([]byte, 0, len(s)+len(s)/4+1)
	for i := range len(s) {
		if i >= first && (i-first)%4 == 0 {
			b = append(b, ' ')
		}
		b = append(b, s[i])
	}
	return string(b)
}

// squeeze appends s without spaces to dst, and reports false if s is longer than
// any account number can be written. dst's capacity bounds the result, so nothing
// is allocated.
func squeeze(dst []byte, s string) ([]byte, bool) {
	if len(s) > maxInput {
		return nil, false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == ' ' {
			continue
		}
		if c == 0xC2 && i+1 < len(s) && s[i+1] == 0xA0 { // U+00A0, from copied web pages
			i++
			continue
		}
		if len(dst) == cap(dst) {
			return nil, false
		}
		dst = append(dst, c)
	}
	return dst, true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func allDigits(b []byte) bool {
	for _, c := range b {
		if !isDigit(c) {
			return false
		}
	}
	return true
}

package nrb

// IBAN is an account number in the international form (ISO 13616), without spaces:
// two letters of the country, two check digits, and the country's own number. An
// IBAN other than "" comes from ParseIBAN or NRB.IBAN, and its length and check
// digits are right. What the country's own number means is not looked into.
type IBAN string

// maxIBAN is the longest that ISO 13616 allows.
const maxIBAN = 34

// ParseIBAN reads an IBAN of the countries in the single euro payments area, in
// upper case, with spaces anywhere or nowhere. It fails with ErrCountry, ErrFormat
// or ErrCheckDigits.
func ParseIBAN(s string) (IBAN, error) {
	var buf [maxIBAN]byte
	b, ok := squeeze(buf[:0], s)
	if !ok || len(b) < 4 || !isUpper(b[0]) || !isUpper(b[1]) || !allDigits(b[2:4]) {
		return "", ErrFormat
	}
	length := ibanLength(string(b[:2]))
	if length == 0 {
		return "", ErrCountry
	}
	if len(b) != length {
		return "", ErrFormat
	}
	for _, c := range b[4:] {
		if !isDigit(c) && !isUpper(c) {
			return "", ErrFormat
		}
	}
	if b[0] == 'P' && b[1] == 'L' && !allDigits(b[4:]) {
		return "", ErrFormat
	}
	if !checked(b[4:], b[0], b[1], b[2:4]) {
		return "", ErrCheckDigits
	}
	if len(s) == length {
		return IBAN(s), nil // nothing was squeezed out: no copy needed
	}
	return IBAN(b), nil
}

// ibanLength is the length in the SWIFT IBAN registry, or 0. It holds the members of
// the European Economic Area and the other places that SEPA reaches.
func ibanLength(country string) int {
	switch country {
	case "NO":
		return 15
	case "BE":
		return 16
	case "DK", "FI", "NL":
		return 18
	case "SI":
		return 19
	case "AT", "EE", "LT", "LU":
		return 20
	case "CH", "HR", "LI", "LV":
		return 21
	case "BG", "DE", "GB", "IE", "VA":
		return 22
	case "GI":
		return 23
	case "AD", "CZ", "ES", "RO", "SE", "SK":
		return 24
	case "PT":
		return 25
	case "IS":
		return 26
	case "FR", "GR", "IT", "MC", "SM":
		return 27
	case "CY", "HU", "PL":
		return 28
	case "MT":
		return 31
	}
	return 0
}

// String returns the IBAN without spaces, as machines exchange it.
func (i IBAN) String() string { return string(i) }

// Country returns the two letters of the country (ISO 3166-1), "" of the empty IBAN.
func (i IBAN) Country() string {
	if len(i) < 2 {
		return ""
	}
	return string(i[:2])
}

// NRB returns the domestic number of a Polish IBAN, and false for any other.
func (i IBAN) NRB() (NRB, bool) {
	if i.Country() != "PL" || len(i) != digits+2 {
		return "", false
	}
	return NRB(i[2:]), true
}

// Formatted returns the printed form: groups of four characters.
func (i IBAN) Formatted() string { return group(string(i), 4) }

// Masked returns the number with all but its last four characters starred, for logs.
func (i IBAN) Masked() string { return masked(string(i)) }

// checked reports whether the check digits are right. 00, 01 and 99 leave the same
// remainder as 97, 98 and 02 but are never given out (ISO 7064), so the digits are
// computed and compared instead of only testing the remainder.
func checked(own []byte, c0, c1 byte, check []byte) bool {
	d0, d1 := checkDigits(own, c0, c1)
	return check[0] == d0 && check[1] == d1
}

// checkDigits follows ISO 7064 MOD 97-10: the country's own number, the country and
// "00" as one long number, letters as 10 to 35; 98 minus its remainder by 97.
func checkDigits(own []byte, c0, c1 byte) (byte, byte) {
	var r uint64
	for _, c := range own {
		r = feed(r, c)
	}
	r = feed(feed(r, c0), c1)
	d := 98 - r%97*100%97
	return byte('0' + d/10), byte('0' + d%10)
}

// feed appends a digit or an upper-case letter to the number whose remainder is r.
// It reduces rarely, because a division costs more than all the rest.
func feed(r uint64, c byte) uint64 {
	if isDigit(c) {
		r = r*10 + uint64(c-'0')
	} else {
		r = r*100 + uint64(c-'A') + 10
	}
	if r >= 1e15 {
		r %= 97
	}
	return r
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }

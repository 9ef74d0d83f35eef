package party

import (
	"errors"
	"time"
)

// ErrPESEL means that a text is not a PESEL number. It does not repeat the text,
// which may be the number of a person with one digit mistyped.
var ErrPESEL = errors.New("party: not a PESEL number")

// PESEL is the eleven-digit number of a person in the Polish population register
// (Act of 24 September 2010 on population records, art. 15): date of birth, serial,
// sex, check digit. A PESEL other than "" comes from ParsePESEL or MakePESEL and
// is well-formed; whether it was issued to anyone is not known here. It is personal
// data: logs get Masked.
type PESEL string

// Sex is what the tenth digit of a PESEL says.
type Sex byte

// The two values that the register knows.
const (
	Female Sex = 'F'
	Male   Sex = 'M'
)

const peselWeights = "1379137913"

// ParsePESEL accepts exactly eleven ASCII digits whose date of birth exists and
// whose check digit is right. Anything else is ErrPESEL.
func ParsePESEL(s string) (PESEL, error) {
	if !allDigits(s, 11) || s[10] != peselCheck(s) {
		return "", ErrPESEL
	}
	p := PESEL(s)
	if !realDate(p.BirthDate()) {
		return "", ErrPESEL
	}
	return p, nil
}

// MakePESEL computes the PESEL of somebody born on a day from 1800 to 2299. The
// serial, 0 to 9999, becomes digits seven to ten; an odd serial is a man, an even
// one a woman. It fails with ErrPESEL if the day does not exist or the serial is
// out of range.
func MakePESEL(year int, month time.Month, day, serial int) (PESEL, error) {
	if year < 1800 || year > 2299 || serial < 0 || serial > 9999 || !realDate(year, month, day) {
		return "", ErrPESEL
	}
	m := int(month) + monthOffset(year)
	var b [11]byte
	put2(b[0:], year%100)
	put2(b[2:], m)
	put2(b[4:], day)
	put2(b[6:], serial/100)
	put2(b[8:], serial%100)
	b[10] = peselCheck(string(b[:10]))
	return PESEL(b[:]), nil
}

// BirthDate reads the date of birth. The month carries the century: 01–12 are the
// 1900s, and 20, 40, 60 and 80 are added for the 2000s, 2100s, 2200s and 1800s. (The
// Act names 0, 20 and 80; 40 and 60 are the register's own continuation.)
// The empty PESEL has no date and gives 0, 0, 0.
func (p PESEL) BirthDate() (year int, month time.Month, day int) {
	if len(p) != 11 {
		return 0, 0, 0
	}
	m := p.two(2)
	year = 1900 + p.two(0)
	switch m / 20 {
	case 1:
		year += 100
	case 2:
		year += 200
	case 3:
		year += 300
	case 4:
		year -= 100
	}
	return year, time.Month(m % 20), p.two(4)
}

// Sex reads the tenth digit: odd is Male, even is Female.
func (p PESEL) Sex() Sex {
	if len(p) == 11 && (p[9]-'0')%2 == 1 {
		return Male
	}
	return Female
}

// String returns all eleven digits.
func (p PESEL) String() string { return string(p) }

// Masked returns the number with all but its last two digits starred, for logs.
func (p PESEL) Masked() string { return masked(string(p)) }

func (p PESEL) two(at int) int { return int(p[at]-'0')*10 + int(p[at+1]-'0') }

func peselCheck(first10 string) byte {
	return byte('0' + (10-weighted(first10, peselWeights)%10)%10)
}

func monthOffset(year int) int {
	switch year / 100 {
	case 18:
		return 80
	case 20:
		return 20
	case 21:
		return 40
	case 22:
		return 60
	}
	return 0
}

// realDate reports whether the calendar has that day; time.Date turns 30 February
// into 1 or 2 March and so betrays it.
func realDate(year int, month time.Month, day int) bool {
	y, m, d := time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Date()
	return y == year && m == month && d == day
}

func put2(b []byte, n int) {
	b[0], b[1] = byte('0'+n/10), byte('0'+n%10)
}

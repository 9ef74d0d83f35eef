package party_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"okienko/bank/party"
)

func TestPESELTellsBirthDateAndSex(t *testing.T) {
	for _, tt := range []struct {
		pesel string
		year  int
		month time.Month
		day   int
		sex   party.Sex
	}{
		{"44051401359", 1944, time.May, 14, party.Male},
		{"02070803628", 1902, time.July, 8, party.Female},
		{"00810100002", 1800, time.January, 1, party.Female},
		{"99923199997", 1899, time.December, 31, party.Male},
		{"00222900016", 2000, time.February, 29, party.Male},
		{"04523100009", 2104, time.December, 31, party.Female},
		{"99723100018", 2299, time.December, 31, party.Male},
	} {
		p, err := party.ParsePESEL(tt.pesel)
		if err != nil {
			t.Errorf("%s: %v", tt.pesel, err)
			continue
		}
		if y, m, d := p.BirthDate(); y != tt.year || m != tt.month || d != tt.day {
			t.Errorf("%s: born %d %v %d", tt.pesel, y, m, d)
		}
		if p.Sex() != tt.sex {
			t.Errorf("%s: sex %c", tt.pesel, p.Sex())
		}
	}
}

func TestPESELRefusesDaysThatDoNotExist(t *testing.T) {
	// The check digits of these are right; only the day is wrong.
	for _, first10 := range []string{
		"0000000000", // month 00
		"4413140135", // month 13
		"4420140135", // month 0 of the 2000s
		"4493140135", // month 13 of the 1800s
		"4405000135", // day 00
		"4405320135", // 32 May
		"4302290135", // 29 February 1943
		"0002290135", // 29 February 1900
		"0042290135", // 29 February 2100
	} {
		s := withCheck(first10)
		if p, err := party.ParsePESEL(s); err != party.ErrPESEL || p != "" {
			t.Errorf("ParsePESEL(%q) = %q, %v", s, p, err)
		}
	}
}

// withCheck says the rule of the check digit a second time, in its other published
// form: all eleven digits with weights 9 7 3 1 … leave the last one modulo ten.
func withCheck(first10 string) string {
	weights := [...]int{9, 7, 3, 1, 9, 7, 3, 1, 9, 7}
	sum := 0
	for i, w := range weights {
		sum += w * int(first10[i]-'0')
	}
	return first10 + string(rune('0'+sum%10))
}

func TestMakePESEL(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		born := time.Date(1800, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 182_620).Draw(t, "days"))
		serial := rapid.IntRange(0, 9999).Draw(t, "serial")
		made, err := party.MakePESEL(born.Year(), born.Month(), born.Day(), serial)
		if err != nil {
			t.Fatal(err)
		}
		p, err := party.ParsePESEL(made.String())
		if err != nil || p != made {
			t.Fatalf("made %q, which reads as %q, %v", made, p, err)
		}
		y, m, d := p.BirthDate()
		if y != born.Year() || m != born.Month() || d != born.Day() || (p.Sex() == party.Male) != (serial%2 == 1) {
			t.Fatalf("%q: born %d %v %d, sex %c", p, y, m, d, p.Sex())
		}
		if s := p.String(); s != withCheck(s[:10]) {
			t.Fatalf("%q: check digit", p)
		}
		typo(t, p.String(), func(s string) bool { _, err := party.ParsePESEL(s); return err == nil })
	})
	for _, bad := range []struct {
		y int
		m time.Month
		d int
		n int
	}{{1799, 12, 31, 1}, {2300, 1, 1, 1}, {1999, 2, 29, 1}, {1999, 0, 1, 1}, {1999, 13, 1, 1}, {1999, 1, 1, -1}, {1999, 1, 1, 10000}} {
		if p, err := party.MakePESEL(bad.y, bad.m, bad.d, bad.n); err != party.ErrPESEL || p != "" {
			t.Errorf("MakePESEL(%v) = %q, %v", bad, p, err)
		}
	}
}

// typo changes one digit: each of the three numbers must notice.
func typo(t *rapid.T, s string, accepts func(string) bool) {
	at := rapid.IntRange(0, len(s)-1).Draw(t, "at")
	b := []byte(s)
	b[at] = '0' + (b[at]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
	if accepts(string(b)) {
		t.Fatalf("%q with one digit mistyped, %q, is accepted", s, b)
	}
}

func TestParseNIP(t *testing.T) {
	for _, s := range []string{"1234563218", "5260250274", "5250008198"} { // the last two: Ministry of Finance, National Bank
		if n, err := party.ParseNIP(s); err != nil || n.String() != s {
			t.Errorf("ParseNIP(%q) = %q, %v", s, n, err)
		}
	}
	for _, s := range []string{"", "1234563219", "2134563218", "123456321", "12345632180", "123-456-32-18", "PL1234563218", " 1234563218",
		"0000000000", "0123456789", "1000000005", "12345632١"} {
		if n, err := party.ParseNIP(s); err != party.ErrNIP || n != "" {
			t.Errorf("ParseNIP(%q) = %q, %v", s, n, err)
		}
	}
}

func TestMakeNIP(t *testing.T) {
	// 6·1 + 5·0 + 7·1 + 2·1 + 3·2 = 21, and 21 mod 11 = 10: no digit for that.
	if n, ok := party.MakeNIP("101120000"); ok || n != "" {
		t.Errorf("a check digit of 10 gave %q", n)
	}
	for _, s := range []string{"", "12345632", "1234563211", "12345632x", "012345678", "100234567"} {
		if n, ok := party.MakeNIP(s); ok || n != "" {
			t.Errorf("MakeNIP(%q) = %q", s, n)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.StringMatching(`[1-9][1-9][0-9]{7}`).Draw(t, "first")
		n, ok := party.MakeNIP(first)
		for c := '0'; c <= '9'; c++ {
			s := first + string(c)
			if _, err := party.ParseNIP(s); (err == nil) != (ok && n.String() == s) {
				t.Fatalf("MakeNIP(%q) = %q, %v, but ParseNIP(%q) says %v", first, n, ok, s, err)
			}
		}
		if ok {
			typo(t, n.String(), func(s string) bool { _, err := party.ParseNIP(s); return err == nil })
		}
	})
}

func TestParseREGON(t *testing.T) {
	for _, s := range []string{"123456785", "12345678512347", "000331501", "000002223"} { // the last two: Statistics Poland, National Bank
		if r, err := party.ParseREGON(s); err != nil || r.String() != s {
			t.Errorf("ParseREGON(%q) = %q, %v", s, r, err)
		}
	}
	for _, s := range []string{"", "123456786", "12345678", "1234567850", "12345678512348", "12345678612347", "000000000", "00000000000000",
		"123-456-785", " 123456785"} {
		if r, err := party.ParseREGON(s); err != party.ErrREGON || r != "" {
			t.Errorf("ParseREGON(%q) = %q, %v", s, r, err)
		}
	}
}

func TestMakeREGON(t *testing.T) {
	// 8·1 + 9·0 + 2·1 = 10: a remainder of 10 is written 0.
	if r, ok := party.MakeREGON("10100000"); !ok || r != "101000000" {
		t.Errorf("a remainder of 10 gave %q, %v", r, ok)
	}
	for _, s := range []string{"", "1234567", "123456789", "1234567x", "00000000"} {
		if r, ok := party.MakeREGON(s); ok || r != "" {
			t.Errorf("MakeREGON(%q) = %q", s, r)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.StringMatching(`[1-9][0-9]{7}`).Draw(t, "first")
		made, ok := party.MakeREGON(first)
		if r, err := party.ParseREGON(made.String()); !ok || err != nil || r != made {
			t.Fatalf("MakeREGON(%q) = %q, %v; reads as %q, %v", first, made, ok, r, err)
		}
	})
}

func TestMaskedKeepsTwoDigits(t *testing.T) {
	for got, want := range map[string]string{
		party.PESEL("44051401359").Masked():    "*********59",
		party.NIP("1234563218").Masked():       "********18",
		party.REGON("123456785").Masked():      "*******85",
		party.REGON("12345678512347").Masked(): "************47",
		party.PESEL("").Masked():               "",
	} {
		if got != want {
			t.Errorf("masked as %q, want %q", got, want)
		}
	}
}

func FuzzNumbers(f *testing.F) {
	for _, s := range []string{"44051401359", "1234563218", "123456785", "12345678512347", "", "4405140135٩", "99999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, pErr := party.ParsePESEL(s)
		n, nErr := party.ParseNIP(s)
		r, rErr := party.ParseREGON(s)
		if pErr == nil {
			y, m, d := p.BirthDate()
			serial := 0
			for _, c := range s[6:10] {
				serial = serial*10 + int(c-'0')
			}
			if again, err := party.MakePESEL(y, m, d, serial); err != nil || again.String() != s {
				t.Fatalf("%q is made again as %q, %v", s, again, err)
			}
		}
		if nErr == nil {
			if again, ok := party.MakeNIP(s[:9]); !ok || again.String() != s {
				t.Fatalf("%q is made again as %q, %v", s, again, ok)
			}
		}
		if rErr == nil {
			if again, ok := party.MakeREGON(s[:8]); !ok || !strings.HasPrefix(s, again.String()) {
				t.Fatalf("%q is made again as %q, %v", s, again, ok)
			}
		}
		if string(p)+string(n)+string(r) != "" && len(s) < 9 {
			t.Fatalf("%q is too short for any number", s)
		}
	})
}

package nrb_test

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"okienko/bank/nrb"
)

const example = "61109010140000071219812874" // the example of the SWIFT IBAN registry

func TestParseReadsTheCustomaryForms(t *testing.T) {
	for _, s := range []string{
		example,
		"PL" + example,
		"61 1090 1014 0000 0712 1981 2874",
		"PL61 1090 1014 0000 0712 1981 2874",
		"PL 61 1090 1014 0000 0712 1981 2874",
		"61 10901014 0000071219812874",
		" 61 1090 1014 0000 0712 1981 2874 ",
		"61\u00a01090\u00a01014\u00a00000\u00a00712\u00a01981\u00a02874",
	} {
		if n, err := nrb.Parse(s); err != nil || n.String() != example {
			t.Errorf("Parse(%q) = %q, %v", s, n, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for s, want := range map[string]error{
		"":                                  nrb.ErrFormat,
		"PL":                                nrb.ErrFormat,
		example[:25]:                        nrb.ErrFormat,
		example + "0":                       nrb.ErrFormat,
		"pl" + example:                      nrb.ErrFormat,
		"DE" + example:                      nrb.ErrFormat,
		"PLPL" + example[2:]:                nrb.ErrFormat,
		example[:24] + "PL":                 nrb.ErrFormat,
		"61-1090-1014-0000-0712-1981-2874":  nrb.ErrFormat,
		"6110901014000007121981287٤":        nrb.ErrFormat,
		"\xc261109010140000071219812874":    nrb.ErrFormat,
		strings.Repeat(" ", 1000) + example: nrb.ErrFormat,
		"61109010140000071219812875":        nrb.ErrCheckDigits,
		"61109010140000071219812847":        nrb.ErrCheckDigits, // two digits swapped
		"00000000000000000000000000":        nrb.ErrCheckDigits,
	} {
		if n, err := nrb.Parse(s); err != want || n != "" {
			t.Errorf("Parse(%q) = %q, %v; want %v", s, n, err, want)
		}
	}
}

// 00, 01 and 99 leave the same remainder as 97, 98 and 02, but no bank gives them.
func TestCheckDigitsOutsideTheirRange(t *testing.T) {
	seen := 0
	for i := range 1000 {
		made, err := nrb.Make("10901014", "0000000000000"+string([]byte{byte('0' + i/100), byte('0' + i/10%10), byte('0' + i%10)}))
		if err != nil {
			t.Fatal(err)
		}
		twin, ok := map[string]string{"97": "00", "98": "01", "02": "99"}[made.String()[:2]]
		if !ok {
			continue
		}
		seen++
		if n, err := nrb.Parse(twin + made.String()[2:]); err != nrb.ErrCheckDigits {
			t.Errorf("check digits %s: %q, %v", twin, n, err)
		}
	}
	if seen == 0 {
		t.Error("no account number with the check digits in question came up")
	}
}

func TestParts(t *testing.T) {
	n, err := nrb.Parse(example)
	if err != nil {
		t.Fatal(err)
	}
	for what, got := range map[string][2]string{
		"IBAN":           {n.IBAN().String(), "PL" + example},
		"Formatted":      {n.Formatted(), "61 1090 1014 0000 0712 1981 2874"},
		"IBAN formatted": {n.IBAN().Formatted(), "PL61 1090 1014 0000 0712 1981 2874"},
		"BankCode":       {n.BankCode(), "10901014"},
		"Account":        {n.Account(), "0000071219812874"},
		"Masked":         {n.Masked(), "**********************2874"},
		"IBAN masked":    {n.IBAN().Masked(), "************************2874"},
	} {
		if got[0] != got[1] {
			t.Errorf("%s = %q, want %q", what, got[0], got[1])
		}
	}
	var none nrb.NRB
	if s := none.BankCode() + none.Account() + none.Formatted() + none.Masked() + none.IBAN().Formatted() + none.IBAN().Country(); s != "" {
		t.Errorf("the empty NRB has parts: %q", s)
	}
}

func TestValidBankCode(t *testing.T) {
	// The published sort codes of the National Bank, PKO BP, mBank, Santander and Nest Bank.
	for _, code := range []string{"10100000", "10205558", "11402004", "10901014", "25300008"} {
		if !nrb.ValidBankCode(code) {
			t.Errorf("%s is refused", code)
		}
	}
	for _, code := range []string{"", "1090101", "109010144", "10901015", "19001014", "1090101x"} {
		if nrb.ValidBankCode(code) {
			t.Errorf("%q is accepted", code)
		}
	}
}

func TestMake(t *testing.T) {
	if n, err := nrb.Make("10901014", "0000071219812874"); err != nil || n != example {
		t.Errorf("Make = %q, %v", n, err)
	}
	for _, bad := range [][2]string{{"", ""}, {"1090101", "0000071219812874"}, {"10901014", "000007121981287"}, {"1090101x", "0000071219812874"},
		{"10901014", "000007121981287x"}, {"109010140", "000071219812874"}} {
		if n, err := nrb.Make(bad[0], bad[1]); err != nrb.ErrFormat || n != "" {
			t.Errorf("Make(%q, %q) = %q, %v", bad[0], bad[1], n, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		bank := rapid.StringMatching(`[0-9]{8}`).Draw(t, "bank")
		account := rapid.StringMatching(`[0-9]{16}`).Draw(t, "account")
		made, err := nrb.Make(bank, account)
		if err != nil {
			t.Fatal(err)
		}
		if !mod97(string(made.IBAN())) {
			t.Fatalf("%q: check digits", made)
		}
		for _, s := range []string{made.String(), made.Formatted(), made.IBAN().String(), made.IBAN().Formatted()} {
			if n, err := nrb.Parse(s); err != nil || n != made || n.BankCode() != bank || n.Account() != account {
				t.Fatalf("%q reads as %q, %v", s, n, err)
			}
		}
		// MOD 97-10 notices every single mistyped digit.
		at, by := rapid.IntRange(0, 25).Draw(t, "at"), rapid.IntRange(1, 9).Draw(t, "by")
		b := []byte(made)
		b[at] = '0' + (b[at]-'0'+byte(by))%10
		if _, err := nrb.Parse(string(b)); err != nrb.ErrCheckDigits {
			t.Fatalf("%q with one digit mistyped, %q: %v", made, b, err)
		}
	})
}

// mod97 says ISO 7064 a second time, with big integers.
func mod97(iban string) bool {
	var b strings.Builder
	for _, c := range iban[4:] + iban[:4] {
		if c >= 'A' {
			b.WriteString(big.NewInt(int64(c-'A') + 10).String())
		} else {
			b.WriteRune(c)
		}
	}
	n, ok := new(big.Int).SetString(b.String(), 10)
	return ok && n.Mod(n, big.NewInt(97)).Int64() == 1
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{example, "PL" + example, "61 1090 1014 0000 0712 1981 2874", "\xc2", "PL 61", "61\u00a01090"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := nrb.Parse(s)
		if err != nil {
			if n != "" {
				t.Fatalf("Parse(%q) = %q with %v", s, n, err)
			}
			return
		}
		plain := strings.NewReplacer(" ", "", "\u00a0", "").Replace(s)
		if strings.TrimPrefix(plain, "PL") != n.String() || len(n) != 26 || !mod97("PL"+n.String()) {
			t.Fatalf("Parse(%q) = %q", s, n)
		}
		if again, err := nrb.Make(n.BankCode(), n.Account()); err != nil || again != n {
			t.Fatalf("%q is made again as %q, %v", n, again, err)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, s := range []string{example, "PL61 1090 1014 0000 0712 1981 2874"} {
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = nrb.Parse(s)
			}
		})
	}
}

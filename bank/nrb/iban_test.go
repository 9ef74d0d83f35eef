package nrb_test

import (
	"strings"
	"testing"

	"okienko/bank/nrb"
)

// The examples of the SWIFT IBAN registry, one a country.
var ibans = strings.Fields(`
	AD1200012030200359100100 AT611904300234573201 BE68539007547034 BG80BNBG96611020345678 CH9300762011623852957
	CY17002001280000001200527600 CZ6508000000192000145399 DE89370400440532013000 DK5000400440116243 EE382200221020145685
	ES9121000418450200051332 FI2112345600000785 FR1420041010050500013M02606 GB29NWBK60161331926819
	GI75NWBK000000007099453 GR1601101250000000012300695 HR1210010051863000160 HU42117730161111101800000000
	IE29AIBK93115212345678 IS140159260076545510730339 IT60X0542811101000000123456 LI21088100002324013AA
	LT121000011101001000 LU280019400644750000 LV80BANK0000435195001 MC5811222000010123456789030
	MT84MALT011000012345MTLCAST001S NL91ABNA0417164300 NO9386011117947 PL61109010140000071219812874
	PT50000201231234567890154 RO49AAAA1B31007593840000 SE4550000000058398257466 SI56263300012039086
	SK3112000000198742637541 SM86U0322509800000000270100 VA59001123000012345678`)

func TestParseIBAN(t *testing.T) {
	for _, s := range ibans {
		i, err := nrb.ParseIBAN(s)
		if err != nil || i.String() != s || i.Country() != s[:2] {
			t.Errorf("ParseIBAN(%q) = %q, %v", s, i, err)
			continue
		}
		if again, err := nrb.ParseIBAN(i.Formatted()); err != nil || again != i {
			t.Errorf("%q reads as %q, %v", i.Formatted(), again, err)
		}
		if n, ok := i.NRB(); ok != (s[:2] == "PL") || ok && n.IBAN() != i {
			t.Errorf("%q: NRB %q, %v", i, n, ok)
		}
	}
}

func TestParseIBANRefuses(t *testing.T) {
	for s, want := range map[string]error{
		"":                             nrb.ErrFormat,
		"DE":                           nrb.ErrFormat,
		"DE8937040044053201300":        nrb.ErrFormat, // one digit short
		"DE893704004405320130000":      nrb.ErrFormat,
		"de89370400440532013000":       nrb.ErrFormat,
		"GB29nwbk60161331926819":       nrb.ErrFormat,
		"GB29NWBK6016133192681-":       nrb.ErrFormat,
		"DEX9370400440532013000":       nrb.ErrFormat,
		"61109010140000071219812874":   nrb.ErrFormat,
		"PL6110901014000007121981287A": nrb.ErrFormat,
		"US64SVBKUS6S3300958879":       nrb.ErrCountry,
		"DE89370400440532013001":       nrb.ErrCheckDigits,
		"GB29NWBK60161331926891":       nrb.ErrCheckDigits,
	} {
		if i, err := nrb.ParseIBAN(s); err != want || i != "" {
			t.Errorf("ParseIBAN(%q) = %q, %v; want %v", s, i, err, want)
		}
	}
}

func FuzzParseIBAN(f *testing.F) {
	for _, s := range ibans {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		i, err := nrb.ParseIBAN(s)
		if err != nil {
			if i != "" {
				t.Fatalf("ParseIBAN(%q) = %q with %v", s, i, err)
			}
			return
		}
		if plain := strings.NewReplacer(" ", "", "\u00a0", "").Replace(s); plain != i.String() || !mod97(plain) {
			t.Fatalf("ParseIBAN(%q) = %q", s, i)
		}
		// Where both read a Polish number, they agree.
		if n, err := nrb.Parse(s); i.Country() == "PL" && (err != nil || n.IBAN() != i) {
			t.Fatalf("%q: IBAN %q, NRB %q, %v", s, i, n, err)
		}
	})
}

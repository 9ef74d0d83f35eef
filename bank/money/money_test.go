package money_test

import (
	"errors"
	"math"
	"math/big"
	"regexp"
	"testing"

	"pgregory.net/rapid"

	"okienko/bank/money"
)

// notAmounts are refused in either form.
var notAmounts = []string{
	"", " ", ".", "0.", ".5", ".50", "1.", "1,00", "1.234", "1.000", "01.00", "00.00", "00", "-1.00", "+1.00", "-0.00",
	"1e2", "1E2", "1.0e1", "0x10", "1_000.00", "1 000.00", "1,000.00", "NaN", "Inf", "null", " 1.00", "1.00 ", "1.00\n", "1.00\x00",
	"1..0", "1.-5", "1.+5", "1.5-", "--1", "١.٠٠", "1.0٠", "\uff11.00", "1\uff0e00", "1·00", "1.00PLN",
	"1000000000000.00", "9999999999999", "92233720368547758.08", "184467440737095516.16", "99999999999999999999999999.00",
}

func TestParse(t *testing.T) {
	for s, minor := range map[string]int64{
		"0.00": 0, "0.01": 1, "0.10": 10, "0.99": 99, "1.00": 100, "12.50": 1250, "10.05": 1005,
		"100000.00": 10_000_000, "999999999999.99": 99_999_999_999_999,
	} {
		a, err := money.Parse(s, money.PLN)
		if err != nil || a != money.New(minor, money.PLN) {
			t.Errorf("Parse(%q) = %v, %v", s, a, err)
		}
	}
	for _, s := range append([]string{"0", "1", "12.5", "1.0"}, notAmounts...) {
		if a, err := money.Parse(s, money.PLN); err != money.ErrFormat || a != (money.Amount{}) {
			t.Errorf("Parse(%q) = %v, %v; want ErrFormat", s, a, err)
		}
	}
}

func TestParseNumber(t *testing.T) {
	for s, minor := range map[string]int64{
		"0": 0, "0.0": 0, "0.00": 0, "0.5": 50, "0.05": 5, "12": 1200, "12.5": 1250, "12.50": 1250,
		"999999999999": 99_999_999_999_900, "999999999999.99": 99_999_999_999_999,
	} {
		a, err := money.ParseNumber(s, money.EUR)
		if err != nil || a != money.New(minor, money.EUR) {
			t.Errorf("ParseNumber(%q) = %v, %v", s, a, err)
		}
	}
	for _, s := range notAmounts {
		if a, err := money.ParseNumber(s, money.EUR); err != money.ErrFormat || a != (money.Amount{}) {
			t.Errorf("ParseNumber(%q) = %v, %v; want ErrFormat", s, a, err)
		}
	}
}

func TestString(t *testing.T) {
	for minor, want := range map[int64]string{
		0: "0.00", 5: "0.05", -5: "-0.05", 99: "0.99", 100: "1.00", 1250: "12.50", -1250: "-12.50",
		math.MaxInt64: "92233720368547758.07", math.MinInt64: "-92233720368547758.08",
	} {
		a := money.New(minor, money.PLN)
		if got := a.String(); got != want {
			t.Errorf("%d minor units print as %q, want %q", minor, got, want)
		}
		if got := string(a.AppendString([]byte("x="))); got != "x="+want {
			t.Errorf("appended: %q", got)
		}
	}
}

func TestParseCurrency(t *testing.T) {
	for _, s := range []string{"PLN", "EUR", "USD", "CHF", "GBP", "CZK"} {
		if c, err := money.ParseCurrency(s); err != nil || c.String() != s {
			t.Errorf("ParseCurrency(%q) = %q, %v", s, c, err)
		}
	}
	// JPY has no decimals, KWD and TND three: their amounts must not be read as hundredths.
	for _, s := range []string{"", "pln", "Pln", "PL", "PLNN", " PLN", "PLN ", "JPY", "KWD", "TND", "ISK", "XXX", "ZŁ"} {
		if c, err := money.ParseCurrency(s); err != money.ErrUnknownCurrency || c != "" {
			t.Errorf("ParseCurrency(%q) = %q, %v", s, c, err)
		}
	}
}

func TestDifferentCurrenciesNeverMix(t *testing.T) {
	a, b := money.New(100, money.PLN), money.New(100, money.EUR)
	if a == b {
		t.Error("1.00 PLN equals 1.00 EUR")
	}
	if _, err := a.Add(b); err != money.ErrCurrency {
		t.Errorf("Add: %v", err)
	}
	if _, err := a.Sub(b); err != money.ErrCurrency {
		t.Errorf("Sub: %v", err)
	}
	if _, err := a.Cmp(b); err != money.ErrCurrency {
		t.Errorf("Cmp: %v", err)
	}
	if _, err := money.Sum(money.PLN, a, b); err != money.ErrCurrency {
		t.Errorf("Sum: %v", err)
	}
	if _, err := a.Add(money.Amount{}); err != money.ErrCurrency {
		t.Errorf("Add of the zero Amount: %v", err)
	}
	for name, compare := range map[string]func(money.Amount) bool{"MoreThan": a.MoreThan, "LessThan": a.LessThan} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s of different currencies did not panic", name)
				}
			}()
			compare(b)
		}()
	}
}

// anyMinor prefers the edges, where overflow lives.
func anyMinor() *rapid.Generator[int64] {
	return rapid.OneOf(
		rapid.Int64(),
		rapid.Int64Range(-1000, 1000),
		rapid.Int64Range(math.MaxInt64-3, math.MaxInt64),
		rapid.Int64Range(math.MinInt64, math.MinInt64+3),
		rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64, 0, -1, 1}),
	)
}

func TestArithmeticAgreesWithBigIntegers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := anyMinor().Draw(t, "x"), anyMinor().Draw(t, "y")
		a, b := money.New(x, money.PLN), money.New(y, money.PLN)
		bx, by := big.NewInt(x), big.NewInt(y)

		sum, err := a.Add(b)
		agree(t, "Add", sum, err, new(big.Int).Add(bx, by))
		diff, err := a.Sub(b)
		agree(t, "Sub", diff, err, new(big.Int).Sub(bx, by))
		neg, err := a.Neg()
		agree(t, "Neg", neg, err, new(big.Int).Neg(bx))

		order, err := a.Cmp(b)
		if err != nil || order != bx.Cmp(by) || a.MoreThan(b) != (order > 0) || a.LessThan(b) != (order < 0) {
			t.Fatalf("order of %v and %v: %d, %v", a, b, order, err)
		}
		if a.IsPositive() != (bx.Sign() > 0) || a.IsNegative() != (bx.Sign() < 0) || a.IsZero() != (bx.Sign() == 0) {
			t.Fatalf("sign of %v", a)
		}
	})
}

func TestSumAgreesWithBigIntegers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minors := rapid.SliceOfN(anyMinor(), 0, 12).Draw(t, "minors")
		var amounts []money.Amount
		want := new(big.Int)
		for _, m := range minors {
			amounts = append(amounts, money.New(m, money.EUR))
			want.Add(want, big.NewInt(m))
		}
		got, err := money.Sum(money.EUR, amounts...)
		if err == nil && got.Currency() != money.EUR {
			t.Fatalf("sum in %q", got.Currency())
		}
		agree(t, "Sum", got, err, want)
	})
}

func TestSumDoesNotDependOnOrder(t *testing.T) {
	most := money.New(math.MaxInt64, money.PLN)
	least, err := most.Neg()
	if err != nil {
		t.Fatal(err)
	}
	for _, order := range [][]money.Amount{{most, most, least}, {most, least, most}, {least, most, most}} {
		if got, err := money.Sum(money.PLN, order...); err != nil || got != most {
			t.Errorf("Sum(%v) = %v, %v", order, got, err)
		}
	}
	if got, err := money.Sum(money.PLN); err != nil || got != money.Zero(money.PLN) {
		t.Errorf("the sum of nothing is %v, %v", got, err)
	}
}

func agree(t *rapid.T, what string, got money.Amount, err error, want *big.Int) {
	switch {
	case !want.IsInt64() && !errors.Is(err, money.ErrOverflow):
		t.Fatalf("%s = %v, %v; want ErrOverflow, the exact result is %v", what, got, err, want)
	case want.IsInt64() && (err != nil || got.Minor() != want.Int64()):
		t.Fatalf("%s = %v, %v; want %v minor units", what, got, err, want)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range append([]string{"0.00", "12.50", "12.5", "12", "999999999999.99"}, notAmounts...) {
		f.Add(s)
	}
	// The grammar of partner-api §7, said a second time and in another way.
	exact := regexp.MustCompile(`^(0|[1-9][0-9]{0,11})\.[0-9]{2}$`)
	number := regexp.MustCompile(`^(0|[1-9][0-9]{0,11})(\.[0-9]{1,2})?$`)
	f.Fuzz(func(t *testing.T, s string) {
		a, err := money.Parse(s, money.PLN)
		if (err == nil) != exact.MatchString(s) {
			t.Fatalf("Parse(%q) = %v, %v", s, a, err)
		}
		if err == nil && a.String() != s {
			t.Fatalf("%q prints as %q", s, a)
		}
		n, err := money.ParseNumber(s, money.PLN)
		if (err == nil) != number.MatchString(s) {
			t.Fatalf("ParseNumber(%q) = %v, %v", s, n, err)
		}
		if err != nil {
			return
		}
		want, _ := new(big.Rat).SetString(s)
		if want.Mul(want, big.NewRat(100, 1)).Cmp(big.NewRat(n.Minor(), 1)) != 0 {
			t.Fatalf("ParseNumber(%q) = %d minor units", s, n.Minor())
		}
	})
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, _ = money.Parse("12345.67", money.PLN)
	}
}

func BenchmarkAppendString(b *testing.B) {
	b.ReportAllocs()
	a, buf := money.New(1234567, money.PLN), make([]byte, 0, 32)
	for b.Loop() {
		a.AppendString(buf)
	}
}

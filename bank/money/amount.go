package money

import (
	"errors"
	"math"
	"math/bits"
	"strconv"
)

var (
	// ErrOverflow means that a result does not fit into int64 minor units.
	ErrOverflow = errors.New("money: amount overflows")
	// ErrCurrency means that amounts of different currencies met in one sum.
	ErrCurrency = errors.New("money: currencies differ")
)

// Amount is a signed number of minor units of one currency. Amounts are values:
// comparable with ==, usable as map keys, never changed. The zero Amount has no
// currency, so it cannot be mistaken for 0.00 of a real one.
type Amount struct {
	minor    int64 // hundredths: grosz for PLN, cent for EUR
	currency Currency
}

// New returns an amount of minor units (1250 is 12.50) of currency c.
func New(minor int64, c Currency) Amount { return Amount{minor, c} }

// Zero returns 0.00 of currency c.
func Zero(c Currency) Amount { return Amount{0, c} }

// Minor returns the amount in minor units.
func (a Amount) Minor() int64 { return a.minor }

// Currency returns what the amount is counted in.
func (a Amount) Currency() Currency { return a.currency }

// IsZero reports whether the amount is 0.00, of whatever currency.
func (a Amount) IsZero() bool { return a.minor == 0 }

// IsPositive reports whether the amount is above 0.00.
func (a Amount) IsPositive() bool { return a.minor > 0 }

// IsNegative reports whether the amount is below 0.00.
func (a Amount) IsNegative() bool { return a.minor < 0 }

// Neg returns the amount with the opposite sign. It fails with ErrOverflow for
// the smallest int64, which has no opposite.
func (a Amount) Neg() (Amount, error) {
	if a.minor == math.MinInt64 {
		return Amount{}, ErrOverflow
	}
	return Amount{-a.minor, a.currency}, nil
}

// Add returns a + b, or ErrCurrency, or ErrOverflow.
func (a Amount) Add(b Amount) (Amount, error) {
	if a.currency != b.currency {
		return Amount{}, ErrCurrency
	}
	sum := a.minor + b.minor
	if (sum > a.minor) != (b.minor > 0) {
		return Amount{}, ErrOverflow
	}
	return Amount{sum, a.currency}, nil
}

// Sub returns a − b, or ErrCurrency, or ErrOverflow.
func (a Amount) Sub(b Amount) (Amount, error) {
	if a.currency != b.currency {
		return Amount{}, ErrCurrency
	}
	diff := a.minor - b.minor
	if (diff < a.minor) != (b.minor > 0) {
		return Amount{}, ErrOverflow
	}
	return Amount{diff, a.currency}, nil
}

// Cmp returns -1, 0 or +1 as a is less than, equal to or more than b, or
// ErrCurrency.
func (a Amount) Cmp(b Amount) (int, error) {
	switch {
	case a.currency != b.currency:
		return 0, ErrCurrency
	case a.minor < b.minor:
		return -1, nil
	case a.minor > b.minor:
		return 1, nil
	}
	return 0, nil
}

// MoreThan reports a > b. Comparing different currencies is a programming error
// and panics: either answer would let a payment through or stop it at random.
// Use Cmp where the currency comes from a stranger.
func (a Amount) MoreThan(b Amount) bool {
	a.mustMatch(b)
	return a.minor > b.minor
}

// LessThan reports a < b. It panics on different currencies, as MoreThan does.
func (a Amount) LessThan(b Amount) bool {
	a.mustMatch(b)
	return a.minor < b.minor
}

func (a Amount) mustMatch(b Amount) {
	if a.currency != b.currency {
		panic("money: comparing " + string(a.currency) + " with " + string(b.currency))
	}
}

// Sum adds amounts of currency c; the sum of none is 0.00. Only the result must
// fit: the order of the amounts never decides between a sum and ErrOverflow. An
// amount of another currency is ErrCurrency.
func Sum(c Currency, amounts ...Amount) (Amount, error) {
	// 128 bits in two's complement, so that +max, +max, -max sums to +max.
	var hi, lo uint64
	for _, a := range amounts {
		if a.currency != c {
			return Amount{}, ErrCurrency
		}
		var carry uint64
		lo, carry = bits.Add64(lo, uint64(a.minor), 0)
		hi, _ = bits.Add64(hi, uint64(a.minor>>63), carry)
	}
	sum := int64(lo)
	if hi != uint64(sum>>63) {
		return Amount{}, ErrOverflow
	}
	return Amount{sum, c}, nil
}

// String returns the amount with a point and two decimals and without its
// currency: "12.50", "-0.05".
func (a Amount) String() string {
	var buf [maxText]byte
	return string(a.AppendString(buf[:0]))
}

// maxText is the length of the longest amount, the smallest int64:
// "-92233720368547758.08".
const maxText = 21

// AppendString appends the form of String to dst.
func (a Amount) AppendString(dst []byte) []byte {
	u := uint64(a.minor)
	if a.minor < 0 {
		dst = append(dst, '-')
		u = -u // exact for the smallest int64 too, which has no positive int64
	}
	dst = strconv.AppendUint(dst, u/100, 10)
	cents := byte(u % 100)
	return append(dst, '.', '0'+cents/10, '0'+cents%10)
}

package money

import "errors"

// Currency is an ISO 4217 alphabetic code, for example "PLN". The empty Currency
// belongs to the zero Amount only and equals no real currency.
type Currency string

// The currencies that the code itself speaks of. ParseCurrency knows more.
const (
	PLN Currency = "PLN"
	EUR Currency = "EUR"
	USD Currency = "USD"
)

// ErrUnknownCurrency means that a code is not one that this bank counts in.
var ErrUnknownCurrency = errors.New("money: unknown currency")

// ParseCurrency accepts exactly the upper-case codes of currencies whose minor
// unit is a hundredth (ISO 4217, exponent 2). An amount in yen or Kuwaiti dinars
// read as hundredths would be wrong by a factor of a hundred or ten, so every
// code outside the list is ErrUnknownCurrency.
func ParseCurrency(s string) (Currency, error) {
	c := Currency(s)
	if !c.known() {
		return "", ErrUnknownCurrency
	}
	return c, nil
}

// known lists exponent-2 currencies by name, because a rule "any three letters"
// would let JPY (exponent 0) and KWD (exponent 3) pass.
func (c Currency) known() bool {
	switch c {
	case PLN, EUR, USD,
		"AUD", "CAD", "CHF", "CNY", "CZK", "DKK", "GBP", "GEL", "HKD", "HUF", "ILS",
		"MDL", "MXN", "NOK", "NZD", "RON", "RSD", "SEK", "SGD", "THB", "TRY", "UAH", "ZAR":
		return true
	}
	return false
}

// String returns the ISO 4217 code.
func (c Currency) String() string { return string(c) }

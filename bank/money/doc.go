// Package money knows what an amount is: a whole number of minor units (grosz,
// cent) and the currency they are counted in.
//
// It owns the decimal form of amounts, exact and strict, and arithmetic in which
// overflow and mixed currencies are errors. It refuses floats, currencies whose
// minor unit is not a hundredth, and currency conversion: a rate is a business
// decision and is made elsewhere.
package money

package mbank

import (
	"time"

	"okienko/bank/calendar"
	"okienko/bank/transfer"
)

// word pairs a word of the core with mBank's spelling of it. The spelling of
// what no source shows follows the rest: upper case, words joined by "_"
// (psd2 §0, §3.5).
type word[T ~string] struct {
	inside T
	wire   string
}

var deliveries = []word[transfer.Delivery]{
	{transfer.ExpressD0, "EXPRESS_D0"}, {transfer.UrgentD1, "URGENT_D1"},
	{transfer.StandardD1, "STANDARD_D1"}, {transfer.StandardD2, "STANDARD_D2"},
}

var systems = []word[transfer.System]{
	{transfer.Elixir, "ELIXIR"}, {transfer.ExpressElixir, "EXPRESS_ELIXIR"}, {transfer.Sorbnet, "SORBNET"},
	{transfer.BlueCash, "BLUE_CASH"}, {transfer.Internal, "INTERNAL"}, {transfer.SEPA, "SEPA"},
	{transfer.InstantSEPA, "INSTANT_SEPA"}, {transfer.Target, "TARGET"}, {transfer.Swift, "SWIFT"},
}

var modes = []word[transfer.Mode]{
	{transfer.Immediate, "IMMEDIATE"}, {transfer.FutureDated, "FUTURE_DATED"}, {transfer.Recurring, "RECURRING"},
}

var units = []word[transfer.Unit]{
	{transfer.Day, "DAY"}, {transfer.Week, "WEEK"}, {transfer.Month, "MONTH"},
}

// The two ways off a holiday (psd2 §3.5, dayOffOffsetType).
const (
	before = "BEFORE"
	after  = "AFTER"
)

// form is how a kind of transfer is worded: in paths, in privileges and as the
// request inside a privilege. Domestic is mBank's own; the other names are not
// known and follow it (psd2 §3.4, [W]).
type form struct {
	kind          transfer.Kind
	segment       string // …/payments/{segment}
	privilege     string
	request       string
	bundle        string // privilege of a bundle
	bundleRequest string
}

var forms = []form{
	{transfer.Domestic, "domestic", "pis:domestic", "domesticPaymentRequest", "pis:bundle-domestic", "bundleDomesticPaymentsRequest"},
	{transfer.Tax, "tax", "pis:tax", "taxPaymentRequest", "pis:bundle-tax", "bundleTaxPaymentsRequest"},
	{transfer.EEA, "eea", "pis:eea", "eeaPaymentRequest", "pis:bundle-eea", "bundleEeaPaymentsRequest"},
	{transfer.NonEEA, "non-eea", "pis:nonEea", "nonEeaPaymentRequest", "pis:bundle-nonEea", "bundleNonEeaPaymentsRequest"},
}

// The privileges that are about a payment made before.
const (
	mayReadPayment  = "pis:payment"
	mayReadBundle   = "pis:bundle" // ours: no source names it
	mayCancel       = "pis:cancelPayment"
	mayCancelBundle = "pis:cancelBundlePayments"
)

// formOf finds the form of a kind.
func formOf(k transfer.Kind) form {
	for _, f := range forms {
		if f.kind == k {
			return f
		}
	}
	return forms[0]
}

// wireOf spells a word, "" for what has no spelling.
func wireOf[T ~string](words []word[T], inside T) string {
	for _, w := range words {
		if w.inside == inside {
			return w.wire
		}
	}
	return ""
}

// insideOf reads a word, to the letter.
func insideOf[T ~string](words []word[T], wire string) (T, bool) {
	for _, w := range words {
		if w.wire == wire {
			return w.inside, true
		}
	}
	return "", false
}

// dateOf is the day of an instant in Warsaw, as the wire writes it.
func dateOf(t time.Time) string { return calendar.DateOf(t).String() }

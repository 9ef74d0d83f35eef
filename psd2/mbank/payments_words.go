package mbank

import (
	"time"

	"okienko/bank/calendar"
	"okienko/bank/transfer"
	"okienko/psd2/wire"
)

// The spelling of what no source shows follows the rest: upper case, words joined
// by "_" (psd2 §0, §3.5).
var deliveries = []wire.Word[transfer.Delivery]{
	wire.Pair(transfer.ExpressD0, "EXPRESS_D0"), wire.Pair(transfer.UrgentD1, "URGENT_D1"),
	wire.Pair(transfer.StandardD1, "STANDARD_D1"), wire.Pair(transfer.StandardD2, "STANDARD_D2"),
}

var systems = []wire.Word[transfer.System]{
	wire.Pair(transfer.Elixir, "ELIXIR"), wire.Pair(transfer.ExpressElixir, "EXPRESS_ELIXIR"), wire.Pair(transfer.Sorbnet, "SORBNET"),
	wire.Pair(transfer.BlueCash, "BLUE_CASH"), wire.Pair(transfer.Internal, "INTERNAL"), wire.Pair(transfer.SEPA, "SEPA"),
	wire.Pair(transfer.InstantSEPA, "INSTANT_SEPA"), wire.Pair(transfer.Target, "TARGET"), wire.Pair(transfer.Swift, "SWIFT"),
}

var modes = []wire.Word[transfer.Mode]{
	wire.Pair(transfer.Immediate, "IMMEDIATE"), wire.Pair(transfer.FutureDated, "FUTURE_DATED"), wire.Pair(transfer.Recurring, "RECURRING"),
}

var units = []wire.Word[transfer.Unit]{
	wire.Pair(transfer.Day, "DAY"), wire.Pair(transfer.Week, "WEEK"), wire.Pair(transfer.Month, "MONTH"),
}

// offHoliday are the two ways off a holiday (psd2 §3.5, dayOffOffsetType).
var offHoliday = []wire.Word[wire.OffHoliday]{wire.Pair(wire.DayBefore, "BEFORE"), wire.Pair(wire.DayAfter, "AFTER")}

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

// dateOf is the day of an instant in Warsaw, as the wire writes it.
func dateOf(t time.Time) string { return calendar.DateOf(t).String() }

package transfer

import (
	"slices"

	"okienko/bank/money"
	"okienko/bank/nrb"
)

// What payment systems carry (psd2 §8): the limit of one Express Elixir payment,
// and the amount from which interbank payments in PLN go through Sorbnet. The limit
// of one instant SEPA payment is the bank's own; the scheme has none since 2025.
const (
	MaxExpressElixir = 250_000_00   // PLN, in minor units
	MinSorbnet       = 1_000_000_00 // PLN
	MaxInstantSEPA   = 100_000_00   // EUR
)

// systemsOf are the systems of a kind, the one that the bank chooses first.
func systemsOf(k Kind) []System {
	switch k {
	case Domestic:
		return []System{Elixir, ExpressElixir, Sorbnet, BlueCash, Internal}
	case Tax:
		return []System{Elixir, ExpressElixir}
	case EEA:
		return []System{SEPA, InstantSEPA, Target}
	case NonEEA:
		return []System{Swift}
	}
	return nil
}

// deliveriesOf are the deliveries of a kind (psd2 §2.5). A delivery is the latest
// that the customer accepts: a system that is faster may be asked for with any.
func deliveriesOf(k Kind) []Delivery {
	if k == NonEEA {
		return []Delivery{ExpressD0, UrgentD1, StandardD2}
	}
	return []Delivery{ExpressD0, StandardD1}
}

func (i *Instruction) systems() error {
	if !slices.Contains(deliveriesOf(i.Kind), i.Delivery) {
		return refuse("deliveryMode", "The delivery is not offered for this kind of transfer.")
	}
	if i.System != "" && !slices.Contains(systemsOf(i.Kind), i.System) {
		return refuse("system", "The payment system does not carry this kind of transfer.")
	}
	const field = "transferData.amount"
	switch minor := i.Amount.Minor(); {
	case i.System == ExpressElixir && minor > MaxExpressElixir:
		return unreachable(field, "Express Elixir carries at most 250 000.00 PLN.")
	case i.System == Sorbnet && minor < MinSorbnet:
		return unreachable(field, "Sorbnet carries payments from 1 000 000.00 PLN.")
	case i.System == InstantSEPA && minor > MaxInstantSEPA:
		return unreachable(field, "An instant SEPA payment is of at most 100 000.00 EUR.")
	}
	return nil
}

// Route is the system by which an order goes. What stays inside the bank is
// Internal whatever was asked for: no bank sends a payment out to itself. For the
// rest the order decides, and where it leaves it open the bank takes Elixir, or
// Sorbnet from the amount on from which it must, SEPA, or Swift. ours tells
// whether an account number is one of this bank's.
func Route(i *Instruction, ours func(nrb.NRB) bool) System {
	if n, ok := i.polish(); ok && i.Kind != Tax && ours(n) {
		return Internal
	}
	switch {
	case i.System != "":
		return i.System
	case i.Kind == Domestic && i.Amount.Currency() == money.PLN && i.Amount.Minor() >= MinSorbnet:
		return Sorbnet
	}
	if of := systemsOf(i.Kind); len(of) > 0 {
		return of[0]
	}
	return ""
}

// polish is the payee's account as a Polish number, if it is one.
func (i *Instruction) polish() (nrb.NRB, bool) {
	n, err := nrb.Parse(i.Recipient.Account)
	return n, err == nil
}

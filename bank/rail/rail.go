// Package rail is what the bank knows of payment systems: when each of them
// takes payments, by which accounts the bank settles with it, and the interface
// of an adapter that carries payments there.
//
// It carries nothing itself (package rails has the sandbox's simulator, a bank's
// own adapters stand beside it), and judges no order's content (package transfer).
package rail

import (
	"context"
	"strings"
	"time"

	"okienko/bank/account"
	"okienko/bank/money"
	"okienko/bank/transfer"
)

// Clearing is the bank's own account for one payment system and currency: what
// leaves a customer through the system is booked there.
func Clearing(s transfer.System, c money.Currency) account.ID {
	return account.ID("own-clearing-" + strings.ToLower(string(s)) + "-" + strings.ToLower(string(c)))
}

// FeeIncome is the bank's own account for fees in a currency.
func FeeIncome(c money.Currency) account.ID {
	if c == money.PLN {
		return account.FeeIncome
	}
	return account.FeeIncome + account.ID("-"+strings.ToLower(string(c)))
}

// Network is the way to payment systems. All of its methods may be called by
// many goroutines.
type Network interface {
	// Check refuses an order that the network can never carry: RailUnavailable
	// for a system without an adapter or a payee's bank outside the scheme, and
	// InvalidParameter for an amount outside the scheme's limits. It is asked
	// before a customer is, so it neither sends nor waits.
	Check(ctx context.Context, s transfer.System, o *transfer.Instruction) error
	// Send hands a payment over, and answers what became of it. It is repeated
	// after a crash or an Unknown outcome: a network knows a payment by its ID and
	// carries it once.
	Send(ctx context.Context, t *transfer.Transfer) (Verdict, error)
}

// Outcome is what a payment system made of a payment.
type Outcome string

// The outcomes.
const (
	Settled Outcome = "settled"
	Refused Outcome = "refused"
	Unknown Outcome = "unknown" // ask again
)

// Verdict is an outcome with its words.
type Verdict struct {
	Outcome Outcome
	Reason  string // Refused: the system's own words, safe to show
	// ReturnAt is when the payee's bank will send the money back, the zero time
	// when it will not. A real system tells of that later: an adapter for one
	// hands in a ReturnFunds order instead.
	ReturnAt     time.Time
	ReturnReason string
}

package rails

import (
	"context"
	"fmt"
	"slices"
	"time"

	"okienko/bank"
	"okienko/bank/calendar"
	"okienko/bank/rail"
	"okienko/bank/transfer"
)

// Simulator stands in the place of every payment system.
type Simulator struct{ clock bank.Clock }

var _ rail.Network = (*Simulator)(nil)

// NewSimulator makes payment systems that live by a bank clock.
func NewSimulator(clock bank.Clock) *Simulator { return &Simulator{clock} }

// Check refuses what the schemes do not carry, and a scenario that is in no
// table.
func (n *Simulator) Check(_ context.Context, s transfer.System, o *transfer.Instruction) error {
	if s == transfer.Internal {
		return nil
	}
	if !slices.Contains(transfer.Systems, s) {
		return bank.Refuse(bank.RailUnavailable, "The bank has no way to this payment system.")
	}
	if err := takesPart(s, o); err != nil {
		return err
	}
	if err := withinLimits(s, o.Amount); err != nil {
		return err
	}
	_, err := scenarioOf(o)
	return err
}

// Send answers by the table of scenarios. Every instant in it is counted from
// the one at which the payment was due, not from when it is asked.
func (n *Simulator) Send(_ context.Context, t *transfer.Transfer) (rail.Verdict, error) {
	if t.System == transfer.Internal {
		return rail.Verdict{}, fmt.Errorf("rails: transfer %s stays inside the bank", t.ID)
	}
	s, err := scenarioOf(&t.Order)
	if err != nil {
		return rail.Verdict{}, err
	}
	if s == nil {
		return rail.Verdict{Outcome: rail.Settled}, nil
	}
	handed := t.Due
	if handed.IsZero() {
		handed = t.CreatedAt
	}
	switch {
	case n.clock.Now().Before(handed.Add(s.Silent)):
		return rail.Verdict{Outcome: rail.Unknown}, nil
	case s.Refused != "":
		return rail.Verdict{Outcome: rail.Refused, Reason: s.Refused}, nil
	}
	v := rail.Verdict{Outcome: rail.Settled, ReturnReason: s.Back}
	if s.Back != "" {
		v.ReturnAt = returnAt(handed, s.After)
	}
	return v, nil
}

// returnsLeave is when the money that other banks send back next day comes in:
// with the first session of Elixir.
const returnsLeave = 11 * time.Hour

func returnAt(handed time.Time, after time.Duration) time.Time {
	if after > 0 {
		return handed.Add(after)
	}
	// Of no day in Warsaw does the clock change between midnight and eleven on a
	// business day: it changes on Sundays.
	return calendar.NextBusinessDay(calendar.DateOf(handed).AddDays(1)).Start().Add(returnsLeave).UTC()
}

package payment

import (
	"fmt"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// decide checks who cancels, what, and whether anything is left to cancel, in this
// order. A cancelling consent that is spent is refused last: cancelling once more
// answers that there is nothing left, whoever asks.
func (o *Revoke) decide(t *turn) (Outcome, error) {
	var c *xs2a.Consent
	by := o.By
	if o.Consent != "" {
		var err error
		if c, err = o.consented(t); err != nil {
			return Outcome{}, err
		}
		by = thirdParty(c.Client)
	}
	out, mine := o.object(t, c)
	if !mine {
		return Outcome{}, notFound()
	}
	if c != nil {
		if err := t.reachable(&out); err != nil {
			return Outcome{}, err
		}
	}
	act, err := t.revocable(&out, by)
	if err != nil {
		return Outcome{}, err
	}
	if c != nil {
		if err := c.Allows(xs2a.CancelPayment); err != nil {
			return Outcome{}, err
		}
		t.use(c.ID, xs2a.CancelPayment, c.Made)
	}
	return act()
}

// consented finds the cancelling consent. Whether it is spent is asked later.
func (o *Revoke) consented(t *turn) (*xs2a.Consent, error) {
	c := t.consents.get(o.Consent)
	if c == nil || c.Client != o.Client {
		return nil, bank.Refuse(bank.AgreementEnded, "There is no such consent.")
	}
	if err := c.Standing(t.now); err != nil {
		return nil, err
	}
	if err := c.Allows(xs2a.CancelPayment); err != nil && bank.CodeOf(err) != bank.PermissionUsedUp {
		return nil, err
	}
	return c, nil
}

// object finds what is cancelled; unknown, foreign and another than the consent's
// are one answer.
func (o *Revoke) object(t *turn, c *xs2a.Consent) (out Outcome, mine bool) {
	if c != nil && (c.Payment == nil || c.Payment.Transfer != o.Transfer || c.Payment.OfBundle != o.Bundle || c.Payment.Standing != o.Standing) {
		return out, false
	}
	switch {
	case o.Transfer != "" && o.Bundle == "" && o.Standing == "":
		if out.Transfer = t.transfers.get(o.Transfer); out.Transfer != nil {
			mine = o.owns(c, out.Transfer.Client == o.Client, out.Transfer.Customer == o.Customer)
		}
	case o.Bundle != "" && o.Transfer == "" && o.Standing == "":
		if out.Bundle = t.bundles.get(o.Bundle); out.Bundle != nil {
			mine = o.owns(c, out.Bundle.Client == o.Client, out.Bundle.Customer == o.Customer)
		}
	case o.Standing != "" && o.Transfer == "" && o.Bundle == "":
		if out.Standing = t.standings.get(o.Standing); out.Standing != nil {
			mine = o.owns(c, out.Standing.Client == o.Client, out.Standing.Customer == o.Customer)
		}
	}
	return out, mine
}

// owns tells whose an object must be: the third party's by its client, the
// customer's by the customer, anybody's when the bank cancels.
func (o *Revoke) owns(c *xs2a.Consent, ofClient, ofCustomer bool) bool {
	switch {
	case c != nil:
		return ofClient
	case o.By.Kind == audit.Customer:
		return ofCustomer
	}
	return true
}

// reachable refuses a third party that may not reach the account any more.
func (t *turn) reachable(out *Outcome) error {
	var id account.ID
	switch {
	case out.Transfer != nil:
		id = out.Transfer.Account
	case out.Bundle != nil:
		id = out.Bundle.Account
	default:
		id = out.Standing.Account
	}
	a := t.accounts.get(id)
	if a == nil {
		return fmt.Errorf("payment: account %s was not loaded", id)
	}
	return a.Usable()
}

// revocable finds out what can be cancelled, and how; PaymentFinal when nothing
// can.
func (t *turn) revocable(out *Outcome, by audit.Actor) (act func() (Outcome, error), err error) {
	final := bank.Refuse(bank.PaymentFinal, "The payment is executed, on its way or cancelled already.")
	switch {
	case out.Standing != nil:
		if out.Standing.Due.IsZero() {
			return nil, final
		}
		return func() (Outcome, error) {
			s := t.standings.edit(out.Standing.ID)
			t.endStanding(s, transfer.StandingCancelled)
			t.record(by, "standing.cancelled", "standing:"+string(s.ID), "", s.Order.Amount.String(), "")
			return Outcome{Standing: s}, nil
		}, nil
	case out.Bundle != nil:
		var waiting []transfer.ID
		for _, tr := range t.transfersOf(out.Bundle) {
			if t.waits(&tr) {
				waiting = append(waiting, tr.ID)
			}
		}
		if len(waiting) == 0 {
			return nil, final
		}
		return func() (Outcome, error) {
			for _, id := range waiting {
				if err := t.endTransfer(t.transfers.edit(id), transfer.Cancelled, "", "", by); err != nil {
					return Outcome{}, err
				}
			}
			return Outcome{Bundle: out.Bundle, Transfers: t.transfersOf(out.Bundle)}, nil
		}, nil
	}
	if !t.waits(out.Transfer) {
		return nil, final
	}
	return func() (Outcome, error) {
		tr := t.transfers.edit(out.Transfer.ID)
		err := t.endTransfer(tr, transfer.Cancelled, "", "", by)
		return Outcome{Transfer: tr}, err
	}, nil
}

// LastCall is how long before it is handed to its payment system a transfer can no
// longer be cancelled. Handing over is no order of the desk: another node, whose
// clock may be ahead of the one by which cancelling is judged, must not have sent
// what is cancelled here.
const LastCall = 2 * time.Second

// waits tells whether a transfer can still be cancelled: it is neither executed nor
// about to be with its payment system.
func (t *turn) waits(tr *transfer.Transfer) bool {
	switch tr.Status {
	case transfer.Scheduled:
		return t.now.Before(tr.Due)
	case transfer.Pending:
		return t.now.Add(LastCall).Before(tr.Due)
	}
	return false
}

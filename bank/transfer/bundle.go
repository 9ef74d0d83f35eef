package transfer

import (
	"errors"
	"fmt"

	"okienko/bank"
	"okienko/bank/calendar"
	"okienko/bank/money"
)

// MaxBundle bounds a bundle: it is decided whole, in one transaction.
const MaxBundle = 100

// Part is one transfer of a bundle with the third party's own id of it.
type Part struct {
	TPPID string
	Order *Instruction
}

// ValidateBundle judges a bundle and every transfer in it (psd2 §10 case 70): one
// that is wrong makes the whole wrong. The field of a refusal about one of them
// begins with its place, "transfers[0].".
func ValidateBundle(parts []Part, total money.Amount, today calendar.Date) error {
	if len(parts) == 0 {
		return refuse("transfers", "A bundle has at least one transfer.")
	}
	if len(parts) > MaxBundle {
		return refuse("transfers", fmt.Sprintf("A bundle has at most %d transfers.", MaxBundle))
	}
	ids := make(map[string]struct{}, len(parts))
	amounts := make([]money.Amount, len(parts))
	first := parts[0].Order
	payer := ""
	for n, p := range parts {
		at := fmt.Sprintf("transfers[%d].", n)
		if _, twice := ids[p.TPPID]; twice || p.TPPID == "" {
			return refuse(at+"tppPaymentId", "Each transfer of a bundle has an id of its own.")
		}
		ids[p.TPPID] = struct{}{}
		if err := p.Order.Validate(today); err != nil {
			return within(at, err)
		}
		switch o := p.Order; {
		case o.Kind != first.Kind:
			return refuse(at+"kind", "The transfers of a bundle are of one kind.")
		case o.Recurrence != nil:
			return refuse(at+"executionMode", "A bundle has no recurring transfers.")
		case o.Amount.Currency() != first.Amount.Currency():
			return refuse(at+"transferData.currency", "The transfers of a bundle are in one currency.")
		}
		if from := domestic(p.Order.Sender.Account); from != "" {
			if payer != "" && payer != from {
				return refuse(at+"sender.accountNumber", "A bundle is paid from one account.")
			}
			payer = from
		}
		amounts[n] = p.Order.Amount
	}
	sum, err := money.Sum(first.Amount.Currency(), amounts...)
	if err != nil || sum != total {
		return refuse("transfersTotalAmount", "The total is not the sum of the transfers.")
	}
	return nil
}

// within puts the place of a transfer before the field of a refusal.
func within(at string, err error) error {
	var r *bank.Refusal
	if !errors.As(err, &r) {
		return err
	}
	c := *r
	c.Field = at + r.Field
	return &c
}

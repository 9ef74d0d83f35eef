package psd2

import (
	"context"
	"strconv"
	"strings"
	"time"

	"okienko/bank"
	"okienko/bank/calendar"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// Failure explains why a transfer was rejected, or why its money came back, so
// that whoever reads it can do something about it (design §3).
type Failure struct {
	Code  bank.Code
	Text  string // in words, safe to show
	Field string // what of the order is at fault, in the words of transfer.Instruction.Validate; "" when nothing is
	// ConsentStands says whether the consent still holds. It cannot pay again: each
	// makes its payment once.
	ConsentStands bool
	Reference     string // by which the bank's hotline finds the case
}

// Failure explains a transfer, nil when it did not fail.
func (c *Core) Failure(ctx context.Context, t *transfer.Transfer) (*Failure, error) {
	if t.Status != transfer.Rejected && t.Returned.IsZero() {
		return nil, nil
	}
	consent, err := c.Book.Consent(ctx, xs2a.ID(t.Consent))
	if err != nil && bank.CodeOf(err) != bank.NotFound {
		return nil, err
	}
	why := because(t.Reason)
	f := &Failure{
		Code: t.Reason, Text: why.text, Field: why.field, Reference: string(t.ID),
		ConsentStands: err == nil && consent.Standing(c.Now()) == nil,
	}
	switch {
	case t.Detail == "":
	case t.Reason == bank.RailRefused:
		f.Text += " Its words: " + strings.TrimSuffix(t.Detail, ".") + "."
	default: // how far a limit was used
		f.Text = t.Detail + " " + f.Text
	}
	return f, nil
}

// cause says in words what a code means for a payment that was accepted and
// could not be made.
type cause struct{ text, field string }

func because(code bank.Code) cause {
	switch code {
	case bank.InsufficientFunds:
		return cause{"There is not enough money on the account.", "transferData.amount"}
	case bank.SingleLimit, bank.DailyLimit, bank.MonthlyLimit, bank.CustomerLimit:
		return cause{"The customer can change the limit in internet banking.", "transferData.amount"}
	case bank.RailRefused:
		return cause{"The payment system or the payee's bank sent the payment back.", ""}
	case bank.RailUnavailable:
		return cause{"The payment system cannot carry the payment.", "system"}
	case bank.PayeeUnavailable:
		return cause{"The payee's account cannot take money.", "recipient.accountNumber"}
	case bank.AccountBlocked, bank.CustomerBlocked, bank.AccountClosed:
		return cause{"The payer's account cannot be used.", "sender.accountNumber"}
	case bank.AccessBlocked, bank.AccessOff:
		return cause{"Access by third parties is switched off for the payer's account; the customer can read why in internet banking.", "sender.accountNumber"}
	case bank.AgreementEnded:
		return cause{"The customer's consent has ended.", ""}
	}
	return cause{"The payment could not be made.", ""}
}

// Progress says in words where a transfer stands, beside its status.
func Progress(t *transfer.Transfer) string {
	switch t.Status {
	case transfer.Submitted:
		return "The bank has taken the order."
	case transfer.Pending:
		if t.Due.IsZero() {
			return "The money is set aside; the payment system has the payment."
		}
		return "The money is set aside; the payment is handed over on " + instant(t.Due) + "."
	case transfer.Scheduled:
		return "The payment will be made on " + calendar.DateOf(t.Due).String() + "."
	case transfer.Done:
		if !t.Returned.IsZero() {
			return "The payment was made on " + instant(t.EndedAt) + ", and its money came back on " + instant(t.Returned) + "."
		}
		return "The payment was made on " + instant(t.EndedAt) + "."
	case transfer.Cancelled:
		return "The payment was cancelled on " + instant(t.EndedAt) + "."
	}
	return "The payment was rejected on " + instant(t.EndedAt) + "."
}

// StandingProgress says in words where a standing order stands.
func StandingProgress(s *transfer.Standing) string {
	switch s.Status {
	case transfer.StandingCancelled:
		return "The standing order was cancelled on " + instant(s.EndedAt) + "."
	case transfer.StandingClosed:
		return "Every payment of the standing order was made."
	}
	return "The next payment will be made on " + calendar.DateOf(s.Due).String() + "."
}

// instant writes an instant as people in Poland read a clock.
func instant(t time.Time) string { return t.In(calendar.Warsaw()).Format("2006-01-02 15:04:05 -07:00") }

// BundleProgress says in words how many payments of a bundle stand where.
func BundleProgress(list []transfer.Transfer) string {
	count := map[transfer.Status]int{}
	for i := range list {
		count[list[i].Status]++
	}
	text := strconv.Itoa(len(list)) + " payments"
	for _, s := range [...]transfer.Status{transfer.Submitted, transfer.Scheduled, transfer.Pending, transfer.Done, transfer.Rejected, transfer.Cancelled} {
		if count[s] > 0 {
			text += ", " + strconv.Itoa(count[s]) + " " + string(s)
		}
	}
	return text + "."
}

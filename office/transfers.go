package office

import (
	"context"
	"fmt"
	"time"

	"okienko/bank/calendar"
	"okienko/bank/party"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// ShowTransfer shows a payment by a third party's word, by the reference number
// that the customer and the third party were given (design §3: a failed payment
// explains itself).
type ShowTransfer struct{ Reference string }

func (c *ShowTransfer) check(ctx context.Context, o *Office) (*act, error) {
	t, err := o.Transfers.Transfer(ctx, transfer.ID(c.Reference))
	if err != nil {
		return nil, err
	}
	told := []string{
		fmt.Sprintf("%s %s %s %s, %s by %s", t.ID, t.Status, t.Order.Amount, t.Order.Amount.Currency(), t.Order.Kind, t.System),
		fmt.Sprintf("customer %s, account %s, ordered %s", t.Customer, t.Account, t.CreatedAt.Format(time.RFC3339)),
		fmt.Sprintf("to %s %s: %q", t.Order.Recipient.Name, t.Order.Recipient.Account, t.Order.Description),
	}
	if !t.Due.IsZero() {
		told = append(told, "the bank acts on it next at "+t.Due.Format(time.RFC3339))
	}
	if !t.EndedAt.IsZero() {
		told = append(told, "ended "+t.EndedAt.Format(time.RFC3339))
	}
	if t.Reason != "" {
		told = append(told, fmt.Sprintf("reason: %s %s", t.Reason, t.Detail))
	}
	if !t.Returned.IsZero() {
		told = append(told, "its money came back "+t.Returned.Format(time.RFC3339))
	}
	g, err := o.Consents.Consent(ctx, xs2a.ID(t.Consent))
	if err != nil {
		return nil, err
	}
	return &act{lines: append(told, fmt.Sprintf("consent %s for %s: %s, until %s", g.ID, g.Name, g.At(o.now()), calendar.DateOf(g.Until)))}, nil
}

// ListTransfers shows the newest payments by third parties' words of a customer.
type ListTransfers struct{ Customer string }

// newestTransfers are as many as a hotline looks through.
const newestTransfers = 50

func (c *ListTransfers) check(ctx context.Context, o *Office) (*act, error) {
	if _, err := o.Parties.Customer(ctx, party.CustomerID(c.Customer)); err != nil {
		return nil, err
	}
	accounts, err := o.Accounts.AccountsOf(ctx, party.CustomerID(c.Customer))
	if err != nil {
		return nil, err
	}
	var told []string
	for i := range accounts {
		list, err := o.Transfers.Transfers(ctx, transfer.Filter{Account: accounts[i].ID, Size: newestTransfers})
		if err != nil {
			return nil, err
		}
		for j := range list {
			t := &list[j]
			told = append(told, fmt.Sprintf("%s %-9s %12s %s %s to %s: %s", t.ID, t.Status, t.Order.Amount, t.Order.Amount.Currency(),
				t.CreatedAt.Format(time.DateOnly), t.Order.Recipient.Name, t.Reason))
		}
	}
	return &act{lines: told}, nil
}

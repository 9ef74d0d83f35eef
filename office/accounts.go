package office

import (
	"context"
	"fmt"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/ledger"
	"okienko/bank/party"
	"okienko/bank/payment"
)

// SetAccountStatus opens, blocks or closes an account.
type SetAccountStatus struct {
	Account string
	Status  string
	Why     string
}

func (c *SetAccountStatus) check(ctx context.Context, o *Office) (*act, error) {
	a, err := o.Accounts.Account(ctx, account.ID(c.Account))
	if err != nil {
		return nil, err
	}
	to := account.Status(c.Status)
	switch {
	case a.Kind == account.Own:
		return nil, bank.Refuse(bank.StatusNotAllowed, "The bank's own accounts stay open.")
	case to != account.Open && to != account.Blocked && to != account.Closed:
		return nil, bank.RefuseField("status", "The status is open, blocked or closed.")
	case to == a.Status:
		return nil, bank.Refuse(bank.StatusNotAllowed, "The account is "+string(a.Status)+" already.")
	case a.Status == account.Closed:
		return nil, bank.Refuse(bank.AccountClosed, "A closed account stays closed.")
	case to == account.Closed && (!a.Booked.IsZero() || !a.Held.IsZero()):
		return nil, bank.Refuse(bank.StatusNotAllowed, "An account with money, debt or holds on it cannot be closed.")
	}
	if err := reason(c.Why); err != nil {
		return nil, err
	}
	return &act{
		name: "account.status", subject: "account:" + c.Account,
		lines: []string{fmt.Sprintf("Change the account %s from %s to %s: %s", a.NRB.Masked(), a.Status, to, c.Why)},
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			r.Before, r.After, r.Why = string(a.Status), string(to), c.Why
			return nil, o.Intake.SetAccountStatus(ctx, a.ID, to, r)
		},
	}, nil
}

// SetAccess switches the API access of one account off or blocks it, and on for
// individuals: the bank's own decision. What a caller asks for is a Hotline's.
type SetAccess struct {
	Account string
	State   string
	Why     string
}

func (c *SetAccess) check(ctx context.Context, o *Office) (*act, error) {
	a, err := o.Accounts.Account(ctx, account.ID(c.Account))
	if err != nil {
		return nil, err
	}
	to := account.AccessState(c.State)
	switch {
	case a.Kind == account.Own:
		return nil, bank.Refuse(bank.StatusNotAllowed, "Nobody reaches the bank's own accounts.")
	case a.Status == account.Closed:
		return nil, bank.Refuse(bank.AccountClosed, "The account is closed.")
	case to != account.AccessOn && to != account.AccessOff && to != account.AccessBlocked:
		return nil, bank.RefuseField("state", "The state is on, off or blocked.")
	case to == a.Access.State:
		return nil, bank.Refuse(bank.StatusNotAllowed, "Access is "+c.State+" already.")
	}
	if to == account.AccessOn {
		if err := o.mayOpen(ctx, &a); err != nil {
			return nil, err
		}
	}
	if err := reason(c.Why); err != nil {
		return nil, err
	}
	return &act{
		name: "account.access", subject: "account:" + c.Account,
		lines: []string{fmt.Sprintf("Change third parties' access to the account %s from %s to %s: %s", a.NRB.Masked(), a.Access.State, to, c.Why)},
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			r.Before, r.After, r.Why = string(a.Access.State), c.State, c.Why
			return nil, o.Intake.SetAccess(ctx, a.ID, account.Access{State: to, By: r.Actor.String(), At: o.now(), Why: c.Why}, r)
		},
	}, nil
}

// mayOpen refuses to open an account to third parties where somebody else must
// (design §3): the hotline, which learns who asks, or a corporation's own user.
func (o *Office) mayOpen(ctx context.Context, a *account.Account) error {
	c, err := o.Parties.Customer(ctx, a.Customer)
	switch {
	case err != nil:
		return err
	case c.Segment == party.Business:
		return bank.Refuse(bank.StatusNotAllowed, "The hotline opens an account of a business, for a caller whom it has identified.")
	case c.Segment == party.Corporation:
		return bank.Refuse(bank.StatusNotAllowed, "An authorised user of a corporation opens its account in internet banking.")
	}
	return nil
}

// ReleaseHold ends a hold by the hand of the bank.
type ReleaseHold struct{ Hold string }

func (c *ReleaseHold) check(ctx context.Context, o *Office) (*act, error) {
	h, err := o.Payments.Hold(ctx, ledger.HoldID(c.Hold))
	if err != nil {
		return nil, err
	}
	if err := h.Standing(o.now()); err != nil {
		return nil, err
	}
	return &act{
		name: "hold.released", subject: "hold:" + c.Hold,
		lines: []string{fmt.Sprintf("Release the hold of %s %s, %q.", h.Amount, h.Amount.Currency(), h.Title)},
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			_, err := o.Orders.Do(ctx, &payment.Release{Hold: h.ID, By: r.Actor, Why: r.Why})
			return nil, err
		},
	}, nil
}

// ListAccounts shows the accounts of a customer.
type ListAccounts struct{ Customer string }

func (c *ListAccounts) check(ctx context.Context, o *Office) (*act, error) {
	if _, err := o.Parties.Customer(ctx, party.CustomerID(c.Customer)); err != nil {
		return nil, err
	}
	list, err := o.Accounts.AccountsOf(ctx, party.CustomerID(c.Customer))
	lines := make([]string, 0, len(list))
	for i := range list {
		a := &list[i]
		lines = append(lines, fmt.Sprintf("%-20s %s %-8s access %-8s booked %s held %s %s", a.ID, a.NRB.Masked(), a.Status, a.Access.State, a.Booked, a.Held, a.Currency()))
	}
	return &act{lines: lines}, err
}

package office

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/ledger"
	"okienko/bank/limit"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
)

// BlockCustomer blocks a customer, or lifts the block.
type BlockCustomer struct {
	Customer string
	Lift     bool
	Why      string
}

func (c *BlockCustomer) check(ctx context.Context, o *Office) (*act, error) {
	cu, err := o.Parties.Customer(ctx, party.CustomerID(c.Customer))
	if err != nil {
		return nil, err
	}
	if cu.Blocked.IsSet() != c.Lift {
		return nil, bank.Refuse(bank.StatusNotAllowed, "Nothing to do: the customer's block stands as asked.")
	}
	if !c.Lift && c.Why == "" {
		return nil, bank.RefuseField("why", "A block needs a reason.")
	}
	name, line := "customer.blocked", "Block the customer "+cu.Name+": "+c.Why
	if c.Lift {
		name, line = "customer.unblocked", "Lift the block of the customer "+cu.Name+" ("+cu.Blocked.Why+")."
	}
	return &act{
		name: name, subject: "customer:" + c.Customer, lines: []string{line},
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			b := party.Block{}
			if !c.Lift {
				b = party.Block{By: r.Actor.String(), At: o.now(), Why: c.Why}
			}
			return nil, o.Intake.Block(ctx, cu.ID, b, r)
		},
	}, nil
}

// SetCustomerLimits sets a customer's own limits. Raising needs four eyes.
type SetCustomerLimits struct {
	Customer string
	Limits   CustomerCapsDocument
}

func (c *SetCustomerLimits) check(ctx context.Context, o *Office) (*act, error) {
	cu, err := o.Parties.Customer(ctx, party.CustomerID(c.Customer))
	if err != nil {
		return nil, err
	}
	to, err := c.Limits.caps()
	if err != nil {
		return nil, err
	}
	was, err := o.Agreements.CustomerLimits(ctx, cu.ID)
	if err != nil {
		return nil, err
	}
	return &act{
		name: "customer.limits", subject: "customer:" + c.Customer, eyes: was.Raises(to),
		lines: []string{"Set the customer's own limits of " + cu.Name + ": " + limitsText(to) + " (were: " + limitsText(was) + ")."},
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			r.After = limitsText(to)
			return nil, o.Agreements.ChangeCustomerLimits(ctx, cu.ID, nil, func(l *limit.OfCustomer) ([]audit.Record, error) {
				r.Before = limitsText(*l)
				*l = to
				return []audit.Record{r}, nil
			})
		},
	}, nil
}

func limitsText(l limit.OfCustomer) string {
	text := func(c limit.Cap) string {
		if !c.Set {
			return "none"
		}
		return c.Amount.String()
	}
	caps := func(c limit.Caps) string {
		return text(c.Single) + "/" + text(c.Daily) + "/" + text(c.Monthly)
	}
	return "one-off " + caps(l.OneOff) + ", recurring " + caps(l.Recurring)
}

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
	case to == a.Status || a.Status == account.Closed:
		return nil, bank.Refuse(bank.StatusNotAllowed, "The account is "+string(a.Status)+" already.")
	case to == account.Closed && (!a.Booked.IsZero() || !a.Held.IsZero()):
		return nil, bank.Refuse(bank.StatusNotAllowed, "An account with money or holds on it cannot be closed.")
	case c.Why == "":
		return nil, bank.RefuseField("why", "A reason is needed.")
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

// SetAccess switches the API access of one account on, off, or blocks it: what
// the hotline does.
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
	case to != account.AccessOn && to != account.AccessOff && to != account.AccessBlocked:
		return nil, bank.RefuseField("state", "The state is on, off or blocked.")
	case to == a.Access.State:
		return nil, bank.Refuse(bank.StatusNotAllowed, "Access is "+c.State+" already.")
	case c.Why == "":
		return nil, bank.RefuseField("why", "A reason is needed.")
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

// EnrolDevice makes a mobile device the person's first factor. PublicKey is a
// PEM file with an ECDSA P-256 public key.
type EnrolDevice struct {
	Person    string
	Name      string
	PublicKey []byte
}

func (c *EnrolDevice) check(ctx context.Context, o *Office) (*act, error) {
	p, err := o.Parties.Person(ctx, party.PersonID(c.Person))
	if err != nil {
		return nil, err
	}
	der, err := deviceKey(c.PublicKey)
	if err != nil {
		return nil, err
	}
	if c.Name == "" || len(c.Name) > 60 {
		return nil, bank.RefuseField("name", "A device has a name of 1 to 60 bytes.")
	}
	d := sca.Device{ID: o.IDs.NewID(), Person: p.ID, Name: c.Name, PublicKey: der, EnrolledAt: o.now()}
	return &act{
		name: "device.enrolled", subject: "person:" + c.Person,
		lines: []string{"Enrol the device " + c.Name + " for " + p.FullName() + "."},
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			r.After = d.ID
			return []string{"device id " + d.ID}, o.SCA.EnrolDevice(ctx, d, r)
		},
	}, nil
}

func deviceKey(text []byte) ([]byte, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, bank.RefuseField("key", "The key is not a PEM file.")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, bank.RefuseField("key", "The key is no public key.").Because(err)
	}
	if ec, ok := key.(*ecdsa.PublicKey); !ok || ec.Curve != elliptic.P256() {
		return nil, bank.RefuseField("key", "The key is not an ECDSA key on P-256.")
	}
	return block.Bytes, nil
}

// RemoveDevice ends a device.
type RemoveDevice struct{ Device string }

func (c *RemoveDevice) check(ctx context.Context, o *Office) (*act, error) {
	d, err := o.SCA.Device(ctx, c.Device)
	if err != nil {
		return nil, err
	}
	if !d.RemovedAt.IsZero() {
		return nil, bank.Refuse(bank.StatusNotAllowed, "The device was removed already.")
	}
	return &act{
		name: "device.removed", subject: "person:" + string(d.Person),
		lines: []string{"Remove the device " + d.Name + " of person " + string(d.Person) + "."},
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			r.Before = d.ID
			return nil, o.SCA.RemoveDevice(ctx, d.ID, r)
		},
	}, nil
}

// Unlock ends a lock that wrong tries have made: of the log-in, or of a factor.
type Unlock struct {
	Person string
	What   string // login, sms or mobile
}

func (c *Unlock) check(ctx context.Context, o *Office) (*act, error) {
	p, err := o.Parties.Person(ctx, party.PersonID(c.Person))
	if err != nil {
		return nil, err
	}
	a := &act{name: "person.unlocked", subject: "person:" + c.Person, lines: []string{"Unlock " + c.What + " of " + p.FullName() + "."}}
	switch c.What {
	case "login":
		a.apply = func(ctx context.Context, r audit.Record) ([]string, error) {
			r.After = c.What
			return nil, o.Intake.UnlockLogin(ctx, p.ID, r)
		}
	case string(sca.SMS), string(sca.Mobile):
		a.apply = func(ctx context.Context, r audit.Record) ([]string, error) {
			r.After = c.What
			return nil, o.Intake.UnlockFactor(ctx, p.ID, sca.Method(c.What), r)
		}
	default:
		return nil, bank.RefuseField("what", "What can be unlocked is login, sms or mobile.")
	}
	return a, nil
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
			_, err := o.Orders.Do(ctx, &payment.Release{Hold: h.ID, By: r.Actor})
			return nil, err
		},
	}, nil
}

// ListAccounts shows the accounts of a customer; ListProposals what waits for a
// second pair of eyes; ShowProposal one proposal.
type (
	ListAccounts  struct{ Customer string }
	ListProposals struct{}
	ShowProposal  struct{ Proposal string }
)

func (c *ListAccounts) check(ctx context.Context, o *Office) (*act, error) {
	list, err := o.Accounts.AccountsOf(ctx, party.CustomerID(c.Customer))
	lines := make([]string, 0, len(list))
	for i := range list {
		a := &list[i]
		lines = append(lines, fmt.Sprintf("%-20s %s %-8s access %-8s booked %s held %s %s", a.ID, a.NRB.Masked(), a.Status, a.Access.State, a.Booked, a.Held, a.Currency()))
	}
	return &act{lines: lines}, err
}

func (*ListProposals) check(ctx context.Context, o *Office) (*act, error) {
	list, err := o.Waiting(ctx)
	lines := make([]string, 0, len(list))
	for _, p := range list {
		lines = append(lines, fmt.Sprintf("%s %-8s %s about %s, by %s on %s: %s", p.ID, p.Status, p.Act, p.Subject, p.By, p.At.Format(time.RFC3339), p.Why))
	}
	return &act{lines: lines}, err
}

func (c *ShowProposal) check(ctx context.Context, o *Office) (*act, error) {
	p, err := o.Approvals.Proposal(ctx, c.Proposal)
	if err != nil {
		return nil, err
	}
	return &act{lines: []string{
		fmt.Sprintf("%s %s about %s", p.ID, p.Act, p.Subject),
		fmt.Sprintf("by %s on %s: %s", p.By, p.At.Format(time.RFC3339), p.Why),
		"status " + string(p.Status), "content " + p.Content,
	}}, nil
}

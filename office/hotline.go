package office

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/party"
)

// Question is what the hotline asks a caller to learn who it is.
type Question string

// The questions, beside the PESEL that is always asked. Their answers stand in
// the bank's other systems; the member of staff hears them and notes that they
// were right.
const (
	AskBirthDate   Question = "birth_date"
	AskAddress     Question = "address"
	AskPhoneCode   Question = "phone_code" // a code sent to the number that the bank knows
	AskTransaction Question = "last_transaction"
	AskProducts    Question = "products"
	AskDocument    Question = "identity_document"
)

// Questions lists every question once.
var Questions = []Question{AskBirthDate, AskAddress, AskPhoneCode, AskTransaction, AskProducts, AskDocument}

// enoughToActivate is how many questions beside the PESEL make a caller known
// well enough to open an account to third parties. Blocking needs one: a caller
// whose phone was stolen must not be kept waiting.
const (
	enoughToActivate = 2
	enoughToBlock    = 1
)

// Hotline is what the hotline does with third parties' access to one account,
// after it has learnt who calls and that they may act for the customer
// (design §3, People and accounts).
type Hotline struct {
	Account  string
	Do       string // activate, block or unblock
	Person   string
	PESEL    string   // as the caller said it
	Answered []string // questions that were answered right
	Papers   []PaperDocument
	Why      string
}

func (c *Hotline) check(ctx context.Context, o *Office) (*act, error) {
	a, err := o.Accounts.Account(ctx, account.ID(c.Account))
	if err != nil {
		return nil, err
	}
	if a.Kind == account.Own || a.Status == account.Closed {
		return nil, bank.Refuse(bank.StatusNotAllowed, "Nobody reaches this account.")
	}
	to, err := c.becomes(&a)
	if err != nil {
		return nil, err
	}
	steps, err := c.identify(ctx, o)
	if err != nil {
		return nil, err
	}
	right, err := c.mayAct(ctx, o, &a, to)
	if err != nil {
		return nil, err
	}
	steps = append(steps, "right to act: "+right)
	for i := range c.Papers {
		p := &c.Papers[i]
		if err := lines(maxName, "paper", p.FileName); err != nil {
			return nil, err
		}
		if len(p.Content) == 0 || len(p.Content) > maxPaper {
			return nil, bank.RefuseField("paper", fmt.Sprintf("A paper has between 1 byte and %d MiB.", maxPaper>>20))
		}
		digest := sha256.Sum256(p.Content)
		steps = append(steps, "paper: "+p.FileName+" SHA-256 "+hex.EncodeToString(digest[:]))
	}
	if err := reason(c.Why); err != nil {
		return nil, err
	}
	return &act{
		name: "hotline." + c.Do, subject: "account:" + c.Account,
		lines: append([]string{fmt.Sprintf("Change third parties' access to the account %s from %s to %s: %s", a.NRB.Masked(), a.Access.State, to, c.Why)}, steps...),
		apply: func(ctx context.Context, r audit.Record) ([]string, error) {
			r.Before, r.After, r.Why = string(a.Access.State), string(to)+"; "+strings.Join(steps, "; "), c.Why
			return nil, o.Intake.SetAccess(ctx, a.ID, account.Access{State: to, By: "hotline " + r.Actor.String(), At: o.now(), Why: c.Why}, r)
		},
	}, nil
}

// becomes is the state that the call asks for.
func (c *Hotline) becomes(a *account.Account) (account.AccessState, error) {
	now := a.Access.State
	switch {
	case c.Do == "activate" && now == account.AccessOff:
		return account.AccessOn, nil
	case c.Do == "block" && now != account.AccessBlocked:
		return account.AccessBlocked, nil
	case c.Do == "unblock" && now == account.AccessBlocked:
		return account.AccessOn, nil
	case c.Do == "activate" || c.Do == "block" || c.Do == "unblock":
		return "", bank.Refuse(bank.StatusNotAllowed, "Access is "+string(now)+": this cannot be done with it.")
	}
	return "", bank.RefuseField("do", "The hotline activates, blocks or unblocks.")
}

// identify checks who calls: the PESEL against the bank's own record, and that
// enough was asked beside it.
func (c *Hotline) identify(ctx context.Context, o *Office) ([]string, error) {
	p, err := o.Parties.Person(ctx, party.PersonID(c.Person))
	if err != nil {
		return nil, missing(err, "person", "There is no such person.")
	}
	said, err := party.ParsePESEL(c.PESEL)
	if err != nil || said != p.PESEL || p.PESEL == "" {
		return nil, bank.RefuseField("pesel", "The PESEL is not that of the person.")
	}
	answered := map[Question]bool{}
	for _, q := range c.Answered {
		if !slices.Contains(Questions, Question(q)) {
			return nil, bank.RefuseField("answered", fmt.Sprintf("%q is no question of the hotline: %v are.", q, Questions))
		}
		answered[Question(q)] = true
	}
	need := enoughToActivate
	if c.Do == "block" {
		need = enoughToBlock
	}
	if len(answered) < need {
		return nil, bank.RefuseField("answered", fmt.Sprintf("Beside the PESEL at least %d questions must have been answered right.", need))
	}
	steps := []string{"person " + c.Person + " said the PESEL on record"}
	for _, q := range Questions {
		if answered[q] {
			steps = append(steps, "answered "+string(q))
		}
	}
	return steps, nil
}

// mayAct checks that the caller may act for the customer. Whoever acts in any
// role may have an account blocked; opening it binds the customer.
func (c *Hotline) mayAct(ctx context.Context, o *Office, a *account.Account, to account.AccessState) (string, error) {
	all, err := o.Parties.ActsFor(ctx, party.PersonID(c.Person))
	if err != nil {
		return "", err
	}
	now := o.now()
	for _, f := range all {
		r := f.Representation
		if f.Customer.ID != a.Customer || !r.At(now) || to == account.AccessOn && !r.Role.MayBind() {
			continue
		}
		if to == account.AccessOn && f.Customer.Segment == party.Corporation && c.Do == "activate" {
			return "", bank.Refuse(bank.StatusNotAllowed, "An authorised user of a corporation switches access on in internet banking.")
		}
		return string(r.Role) + " of " + f.Customer.Name, nil
	}
	return "", bank.RefuseField("person", "The person may not act for the customer in this.")
}

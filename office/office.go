// Package office owns what the bank's staff do by hand: registering partners
// and applications, changing statuses, giving secrets, taking customers in,
// enrolling devices, blocking and unlocking.
//
// Every act can be tried without effect first, is recorded with who and why,
// and needs a second member of staff where the bank's rules ask for four eyes
// (design §4). It knows neither the command line nor a page: both speak to it
// in Commands.
package office

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/approval"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/intake"
	"okienko/bank/partner"
	"okienko/bank/party"
	"okienko/bank/payment"
	"okienko/bank/sca"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// Config is what the office works with.
type Config struct {
	Partners   partner.Register
	Parties    party.Register
	Accounts   account.Register
	Agreements consent.Book
	SCA        sca.Book
	Intake     intake.Book
	Approvals  approval.Book
	Orders     Orders
	Payments   payment.Reader
	Prover     partner.Prover
	// ThirdParties and Consents are those of PSD2; Papers are the kinds of paper
	// without which no third party is admitted.
	ThirdParties thirdparty.Register
	Consents     xs2a.Book
	Transfers    transfer.Reader
	Papers       []thirdparty.PaperKind
	Clock        bank.Clock // bank clock
	IDs          bank.IDs
	Random       io.Reader // the machine's randomness when nil
	// Environment is the world in which the bank runs: it decides which pairings
	// a changed status still allows.
	Environment partner.Environment
	// HashPassword makes the kept form of a first password.
	HashPassword func(password string, random io.Reader) (string, error)
	// NewSecret makes a client secret and the hash that is kept of it.
	NewSecret func() (secret string, hash []byte, err error)
}

// Orders takes orders about money: the desk.
type Orders interface {
	Do(ctx context.Context, o payment.Order) (payment.Outcome, error)
}

// Office carries out commands. What has an effect goes one at a time, so that
// what was checked still holds when it is done; between two processes only the
// store's own rules hold.
type Office struct {
	Config
	turn chan struct{}
}

// New opens the office.
func New(c Config) *Office {
	if c.Random == nil {
		c.Random = rand.Reader
	}
	return &Office{Config: c, turn: make(chan struct{}, 1)}
}

// takeTurn waits until nobody else acts; the caller gives the turn back.
func (o *Office) takeTurn(ctx context.Context) (giveBack func(), err error) {
	select {
	case o.turn <- struct{}{}:
		return func() { <-o.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Command is one thing that staff want done.
type Command interface {
	// check looks at everything and tells what would be done, without effect.
	check(ctx context.Context, o *Office) (*act, error)
}

// act is a command that was checked.
type act struct {
	name    string
	subject string
	lines   []string // what would be done, in words
	// eyes is set when a second member of staff must approve.
	eyes  bool
	apply func(ctx context.Context, r audit.Record) ([]string, error)
}

// Request is a command with who gives it.
type Request struct {
	Command Command
	By      string // member of staff
	Why     string
	Apply   bool // false: tell what would be done, and do nothing
}

// Report tells what was done, or would be.
type Report struct {
	Lines    []string
	Applied  bool
	Proposal string // id of the proposal that now waits for somebody else
}

// Do carries out one command. Without Apply it has no effect; where four eyes
// are asked it proposes.
func (o *Office) Do(ctx context.Context, r Request) (Report, error) {
	if r.By == "" {
		return Report{}, bank.RefuseField("by", "A member of staff is needed.")
	}
	if err := line("why", r.Why, maxReason); err != nil {
		return Report{}, err
	}
	if r.Apply {
		giveBack, err := o.takeTurn(ctx)
		if err != nil {
			return Report{}, err
		}
		defer giveBack()
	}
	a, err := r.Command.check(ctx, o)
	if err != nil {
		return Report{}, err
	}
	switch {
	case a.apply == nil: // only looks
		return Report{Lines: a.lines, Applied: true}, nil
	case !r.Apply:
		return Report{Lines: a.lines}, nil
	case a.eyes && r.Why == "":
		return Report{}, bank.RefuseField("why", "An act that a second person approves needs a reason.")
	case a.eyes:
		return o.propose(ctx, r, a)
	}
	said, err := a.apply(ctx, o.record(a, r.By, r.Why))
	if err != nil {
		return Report{}, err
	}
	return Report{Lines: append(a.lines, said...), Applied: true}, nil
}

func (o *Office) now() time.Time { return o.Clock.Now().UTC().Truncate(time.Microsecond) }

func (o *Office) record(a *act, by, why string) audit.Record {
	return audit.Record{At: o.now(), Actor: audit.Actor{Kind: audit.Staff, ID: by}, Act: a.name, Subject: a.subject, Why: why}
}

func (o *Office) propose(ctx context.Context, r Request, a *act) (Report, error) {
	content, err := Encode(r.Command)
	if err != nil {
		return Report{}, err
	}
	p := approval.Proposal{
		ID: o.IDs.NewID(), Act: a.name, Subject: a.subject, Content: string(content), Why: r.Why,
		By: r.By, At: o.now(), Status: approval.Open,
	}
	rec := o.record(a, r.By, r.Why)
	rec.Act, rec.After = "proposal.made", a.name
	if err := o.Approvals.Propose(ctx, p, rec); err != nil {
		return Report{}, err
	}
	return Report{Lines: append(a.lines, "Proposed as "+p.ID+"; somebody else must approve it."), Proposal: p.ID}, nil
}

// Approve decides a proposal of somebody else and carries it out, checked again
// as things stand now. A proposal that was approved but not carried out, because
// the bank stopped in between, is carried out when anybody approves it again.
func (o *Office) Approve(ctx context.Context, id, by string, apply bool) (Report, error) {
	if by == "" {
		return Report{}, bank.RefuseField("by", "A member of staff is needed.")
	}
	if apply {
		giveBack, err := o.takeTurn(ctx)
		if err != nil {
			return Report{}, err
		}
		defer giveBack()
	}
	p, err := o.Approvals.Proposal(ctx, id)
	if err != nil {
		return Report{}, err
	}
	if p.Status != approval.Approved {
		trial := p
		if err := trial.Decide(true, by, o.now()); err != nil {
			return Report{}, err
		}
	}
	c, err := Decode([]byte(p.Content))
	if err != nil {
		return Report{}, err
	}
	a, err := c.check(ctx, o)
	switch {
	case err != nil:
		return Report{}, err
	case a.apply == nil:
		return Report{}, fmt.Errorf("office: the proposal %s does nothing", p.ID)
	}
	told := append([]string{fmt.Sprintf("Proposed by %s on %s: %s", p.By, p.At.Format(time.RFC3339), p.Why)}, a.lines...)
	if !apply {
		return Report{Lines: told}, nil
	}
	if p.Status != approval.Approved {
		if p, err = o.decide(ctx, id, by, true); err != nil {
			return Report{}, err
		}
	}
	said, err := a.apply(ctx, o.record(a, p.By, p.Why+" (approved by "+p.DecidedBy+")"))
	if err != nil {
		return Report{}, err
	}
	_, err = o.Approvals.ChangeProposal(ctx, id, func(p *approval.Proposal) ([]audit.Record, error) {
		p.Status = approval.Done
		return nil, nil
	})
	return Report{Lines: append(told, said...), Applied: true}, err
}

// Reject turns a proposal of somebody else down. One that was approved and can
// no longer be carried out, or was just before the bank stopped, is given up by
// anybody: the audit tells whether it was done.
func (o *Office) Reject(ctx context.Context, id, by string) (Report, error) {
	if by == "" {
		return Report{}, bank.RefuseField("by", "A member of staff is needed.")
	}
	giveBack, err := o.takeTurn(ctx)
	if err != nil {
		return Report{}, err
	}
	defer giveBack()
	p, err := o.decide(ctx, id, by, false)
	if err != nil {
		return Report{}, err
	}
	return Report{Lines: []string{"Rejected the proposal of " + p.By + " about " + p.Subject + "."}, Applied: true}, nil
}

func (o *Office) decide(ctx context.Context, id, by string, approve bool) (approval.Proposal, error) {
	return o.Approvals.ChangeProposal(ctx, id, func(p *approval.Proposal) ([]audit.Record, error) {
		before := p.Status
		if before == approval.Approved && !approve {
			p.Status = approval.Rejected // who approved it stays written
		} else if err := p.Decide(approve, by, o.now()); err != nil {
			return nil, err
		}
		return []audit.Record{{
			At: o.now(), Actor: audit.Actor{Kind: audit.Staff, ID: by}, Act: "proposal.decided",
			Subject: "proposal:" + p.ID, Before: string(before), After: string(p.Status),
		}}, nil
	})
}

// Waiting lists the proposals that wait for a second pair of eyes.
func (o *Office) Waiting(ctx context.Context) ([]approval.Proposal, error) {
	open, err := o.Approvals.Proposals(ctx, approval.Open)
	if err != nil {
		return nil, err
	}
	stuck, err := o.Approvals.Proposals(ctx, approval.Approved)
	return append(open, stuck...), err
}

// Package approval owns four eyes: what one member of staff proposes, another
// approves, and only then it is done (design §4).
//
// It does nothing itself: the content of a proposal is a text that whoever
// carries it out understands.
package approval

import (
	"context"
	"time"

	"okienko/bank"
	"okienko/bank/audit"
)

// Status is where a proposal stands.
type Status string

// The statuses of a proposal. Approved means: to be carried out; a crash
// between approval and act leaves it there, to be carried out again.
const (
	Open     Status = "open"
	Approved Status = "approved"
	Done     Status = "done"
	Rejected Status = "rejected"
)

// Proposal is an act that waits for a second pair of eyes.
type Proposal struct {
	ID        string
	Act       string // "application.status", "limits.raise" …
	Subject   string
	Content   string
	Why       string
	By        string // staff who proposed
	At        time.Time
	Status    Status
	DecidedBy string
	DecidedAt time.Time
}

// Decide approves or rejects a proposal. Nobody approves their own.
func (p *Proposal) Decide(approve bool, by string, at time.Time) error {
	switch {
	case p.Status != Open:
		return bank.Refuse(bank.StatusNotAllowed, "The proposal was decided already.")
	case by == "" || by == p.By:
		return bank.Refuse(bank.ApprovalBySamePerson, "A proposal is approved by somebody else than who made it.")
	}
	p.Status, p.DecidedBy, p.DecidedAt = Rejected, by, at
	if approve {
		p.Status = Approved
	}
	return nil
}

// Book keeps proposals.
type Book interface {
	Propose(ctx context.Context, p Proposal, r audit.Record) error
	// Proposal finds one; a NotFound refusal when there is none.
	Proposal(ctx context.Context, id string) (Proposal, error)
	// Proposals lists those of a status, oldest first.
	Proposals(ctx context.Context, s Status) ([]Proposal, error)
	// ChangeProposal lets change decide over a proposal as it stands.
	ChangeProposal(ctx context.Context, id string, change func(*Proposal) ([]audit.Record, error)) (Proposal, error)
}

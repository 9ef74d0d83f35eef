package office

import (
	"context"
	"errors"
	"fmt"
	"time"

	"okienko/bank"
	"okienko/bank/approval"
)

// ListProposals shows what waits for a second pair of eyes, ShowProposal one
// proposal.
type (
	ListProposals struct{}
	ShowProposal  struct{ Proposal string }
)

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
	told := []string{
		fmt.Sprintf("%s %s about %s, %s", p.ID, p.Act, p.Subject, p.Status),
		fmt.Sprintf("by %s on %s: %s", p.By, p.At.Format(time.RFC3339), p.Why),
	}
	if p.Status == approval.Done || p.Status == approval.Rejected {
		return &act{lines: append(told, fmt.Sprintf("decided by %s on %s", p.DecidedBy, p.DecidedAt.Format(time.RFC3339)))}, nil
	}
	// What it would do as things stand now, and not as they stood when it was made.
	proposed, err := Decode([]byte(p.Content))
	if err != nil {
		return nil, err
	}
	would, err := proposed.check(ctx, o)
	var no *bank.Refusal
	switch {
	case errors.As(err, &no):
		told = append(told, "It can no longer be done: "+no.Public)
	case err != nil:
		return nil, err
	default:
		told = append(told, would.lines...)
	}
	return &act{lines: told}, nil
}

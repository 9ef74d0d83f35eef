package store

import (
	"context"
	"fmt"

	"okienko/bank/approval"
	"okienko/bank/audit"
)

var _ approval.Book = (*Store)(nil)

const proposalColumns = `id, act, subject, content, why, proposed_by, proposed_at, status, decided_by, decided_at`

func scanProposal(row scanner) (approval.Proposal, error) {
	var (
		p           approval.Proposal
		at, decided int64
	)
	err := row.Scan(&p.ID, &p.Act, &p.Subject, &p.Content, &p.Why, &p.By, &at, (*string)(&p.Status), &p.DecidedBy, &decided)
	p.At, p.DecidedAt = instant(at), instant(decided)
	return p, err
}

// proposalByID finds one or refuses.
func proposalByID(ctx context.Context, q querier, id string) (approval.Proposal, error) {
	p, err := scanProposal(q.QueryRowContext(ctx, `select `+proposalColumns+` from proposal where id = $1`+held(q), id))
	return p, found(err, "proposal")
}

// Propose keeps a new proposal.
func (s *Store) Propose(ctx context.Context, p approval.Proposal, r audit.Record) error {
	return s.act(ctx, outside, func(ctx context.Context, tx *writeTx) error {
		err := one(tx.ExecContext(ctx, `insert into proposal (`+proposalColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			p.ID, p.Act, p.Subject, p.Content, p.Why, p.By, micros(p.At), string(p.Status), p.DecidedBy, micros(p.DecidedAt)))
		if err != nil {
			return fmt.Errorf("proposal %s: %w", p.ID, err)
		}
		tx.audit(r)
		return nil
	})
}

// Proposal finds one; a NotFound refusal when there is none.
func (s *Store) Proposal(ctx context.Context, id string) (approval.Proposal, error) {
	return proposalByID(ctx, s.read, id)
}

// Proposals lists those of a status, oldest first.
func (s *Store) Proposals(ctx context.Context, status approval.Status) ([]approval.Proposal, error) {
	return rows(ctx, s.read, scanProposal, `select `+proposalColumns+` from proposal where status = $1 order by proposed_at, id`, string(status))
}

// ChangeProposal lets change decide over a proposal as it stands. Only the
// decision is kept: what was proposed, by whom and why, is what the second pair
// of eyes has seen, and stays.
func (s *Store) ChangeProposal(ctx context.Context, id string, change func(*approval.Proposal) ([]audit.Record, error)) (approval.Proposal, error) {
	var out approval.Proposal
	err := s.act(ctx, outside, func(ctx context.Context, tx *writeTx) error {
		p, err := proposalByID(ctx, tx, id)
		if err != nil {
			return err
		}
		was := p
		records, err := change(&p)
		if err != nil {
			return err
		}
		was.Status, was.DecidedBy, was.DecidedAt = p.Status, p.DecidedBy, p.DecidedAt
		err = one(tx.ExecContext(ctx, `update proposal set status = $1, decided_by = $2, decided_at = $3 where id = $4`,
			string(p.Status), p.DecidedBy, micros(p.DecidedAt), id))
		if err != nil {
			return fmt.Errorf("proposal %s: %w", id, err)
		}
		out = was
		tx.audit(records...)
		return nil
	})
	if err != nil {
		return approval.Proposal{}, err
	}
	return out, nil
}

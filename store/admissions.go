package store

import (
	"context"
	"fmt"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/desk"
	"okienko/bank/thirdparty"
)

const admissionColumns = `organisation, name, applied_by, by_owner, status, decided_by, reason, applied_at, decided_at`

func scanAdmission(row scanner) (thirdparty.Admission, error) {
	var a thirdparty.Admission
	var applied, decided int64
	err := row.Scan((*string)(&a.Organisation), &a.Name, &a.AppliedBy, &a.ByOwner, (*string)(&a.Status), &a.DecidedBy, &a.Reason, &applied, &decided)
	a.AppliedAt, a.DecidedAt = instant(applied), instant(decided)
	return a, err
}

const paperColumns = `organisation, id, kind, file_name, digest, content_sealed, status, handed_in, reviewer, reason, reviewed`

// papers reads those of admissions: they hold names and numbers of people, so
// their content is sealed.
func (s *Store) papers(ctx context.Context, q querier, of map[thirdparty.Organisation]*thirdparty.Admission, rest string, args ...any) error {
	return each(ctx, q, `select `+paperColumns+` from admission_paper `+rest, func(row scanner) error {
		var o thirdparty.Organisation
		var p thirdparty.Paper
		var sealed []byte
		var handed, reviewed int64
		err := row.Scan((*string)(&o), &p.ID, (*string)(&p.Kind), &p.FileName, &p.Digest, &sealed, (*string)(&p.Status), &handed, &p.Reviewer, &p.Reason, &reviewed)
		if err != nil {
			return err
		}
		p.HandedIn, p.Reviewed = instant(handed), instant(reviewed)
		if p.Content, err = s.open(sealed); err != nil {
			return fmt.Errorf("paper %s of %s: %w", p.ID, o, err)
		}
		if a := of[o]; a != nil {
			a.Papers = append(a.Papers, p)
		}
		return nil
	}, args...)
}

func (s *Store) admission(ctx context.Context, q querier, o thirdparty.Organisation) (thirdparty.Admission, error) {
	a, err := scanAdmission(q.QueryRowContext(ctx, `select `+admissionColumns+` from admission where organisation = $1`+held(q), string(o)))
	if err != nil {
		return a, found(err, "application for admission")
	}
	err = s.papers(ctx, q, map[thirdparty.Organisation]*thirdparty.Admission{o: &a}, `where organisation = $1 order by place`, string(o))
	return a, err
}

// Admission finds the application of an organisation with its papers.
func (s *Store) Admission(ctx context.Context, o thirdparty.Organisation) (thirdparty.Admission, error) {
	return s.admission(ctx, s.read, o)
}

// Admissions lists every application, by organisation.
func (s *Store) Admissions(ctx context.Context) ([]thirdparty.Admission, error) {
	list, err := rows(ctx, s.read, scanAdmission, `select `+admissionColumns+` from admission order by organisation`)
	if err != nil {
		return nil, err
	}
	of := make(map[thirdparty.Organisation]*thirdparty.Admission, len(list))
	for i := range list {
		of[list[i].Organisation] = &list[i]
	}
	return list, s.papers(ctx, s.read, of, `order by organisation, place`)
}

// ChangeAdmission lets change decide over an application; see
// thirdparty.Register.
func (s *Store) ChangeAdmission(ctx context.Context, o thirdparty.Organisation,
	change func(*thirdparty.Admission) (thirdparty.Admission, []audit.Record, error)) (thirdparty.Admission, error) {
	var out thirdparty.Admission
	err := s.act(ctx, outside, func(ctx context.Context, tx *writeTx) error {
		var before *thirdparty.Admission
		switch a, err := s.admission(ctx, tx, o); {
		case err == nil:
			before = &a
		case bank.CodeOf(err) != bank.NotFound:
			return err
		}
		a, records, err := change(before)
		switch {
		case err != nil:
			return err
		case a.Organisation != o:
			return fmt.Errorf("store: a change of the application of %s made it that of %s", o, a.Organisation)
		}
		if err := s.putAdmission(ctx, tx, &a, before == nil); err != nil {
			return err
		}
		out = a
		tx.audit(records...)
		return nil
	})
	if err != nil {
		return thirdparty.Admission{}, err
	}
	return out, nil
}

func (s *Store) putAdmission(ctx context.Context, tx *writeTx, a *thirdparty.Admission, first bool) error {
	text := `update admission set name = $2, applied_by = $3, by_owner = $4, status = $5, decided_by = $6, reason = $7,
		applied_at = $8, decided_at = $9 where organisation = $1`
	if first {
		text = `insert into admission (` + admissionColumns + `) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	}
	err := one(tx.ExecContext(ctx, text, string(a.Organisation), a.Name, a.AppliedBy, a.ByOwner, string(a.Status), a.DecidedBy, a.Reason,
		micros(a.AppliedAt), micros(a.DecidedAt)))
	switch {
	case first && isTaken(err): // applied for at this very instant
		return fmt.Errorf("%w: %w", desk.ErrConflict, err)
	case err != nil:
		return fmt.Errorf("application of %s: %w", a.Organisation, err)
	}
	if _, err := tx.ExecContext(ctx, `delete from admission_paper where organisation = $1`, string(a.Organisation)); err != nil {
		return err
	}
	place := int64(0)
	return put(ctx, tx, bulk{table: "admission_paper", columns: paperColumns + ", place"}, a.Papers, func(p thirdparty.Paper) ([]any, error) {
		place++
		return []any{string(a.Organisation), p.ID, string(p.Kind), p.FileName, blob(p.Digest), s.seal(p.Content), string(p.Status),
			micros(p.HandedIn), p.Reviewer, p.Reason, micros(p.Reviewed), place}, nil
	})
}

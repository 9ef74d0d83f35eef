package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/notice"
	"okienko/bank/party"
	"okienko/bank/sca"
)

var _ sca.Book = (*Store)(nil)

const challengeColumns = `id, person_id, method, purpose, subject_id, binding, display_text, display_amount, display_payee,
	code_hash, nonce, created_at, expires_at, tries, status`

func scanChallenge(row scanner) (sca.Challenge, error) {
	var (
		c                sca.Challenge
		created, expires int64
		tries            int64
	)
	err := row.Scan((*string)(&c.ID), (*string)(&c.Person), (*string)(&c.Method), (*string)(&c.Subject.Purpose), &c.Subject.ID,
		&c.Subject.Binding, &c.Subject.Display.Text, &c.Subject.Display.Amount, &c.Subject.Display.Payee,
		&c.CodeHash, &c.Nonce, &created, &expires, &tries, (*string)(&c.Status))
	c.CreatedAt, c.ExpiresAt, c.Tries = instant(created), instant(expires), int(tries)
	return c, err
}

// loadChallenges puts challenges into a map, nil for those that do not exist.
func loadChallenges(qs *questions, ids []sca.ID, into map[sca.ID]*sca.Challenge) {
	load(qs, ids, into, "challenges", `select `+challengeColumns+` from challenge where id = any($1)`,
		scanChallenge, func(c *sca.Challenge) sca.ID { return c.ID })
}

// writeChallenges keeps what judging and spending change of challenges.
func writeChallenges(ctx context.Context, tx *writeTx, challenges []*sca.Challenge) error {
	return put(ctx, tx, bulk{table: "challenge", key: "id", columns: "tries, status, id"}, challenges, func(c *sca.Challenge) ([]any, error) {
		return []any{int64(c.Tries), string(c.Status), string(c.ID)}, nil
	})
}

// challengeByID finds one or refuses.
func challengeByID(ctx context.Context, q querier, id sca.ID) (sca.Challenge, error) {
	c, err := scanChallenge(q.QueryRowContext(ctx, `select `+challengeColumns+` from challenge where id = $1`+held(q), string(id)))
	return c, found(err, "confirmation")
}

// spendChallenge spends the challenge of an act in the act's own transaction;
// an act without one spends nothing. Somebody else's confirmation is refused as
// one that was given for something else.
func (s *Store) spendChallenge(ctx context.Context, tx *writeTx, use *consent.Use) error {
	if use == nil {
		return nil
	}
	c, err := challengeByID(ctx, tx, use.Challenge)
	if err != nil {
		return err
	}
	if c.Person != use.Person {
		return bank.Refuse(bank.ChallengeForeign, "The confirmation was given by somebody else.")
	}
	if err := sca.Spend(&c, use.Purpose, use.Subject, use.Binding, s.now()); err != nil {
		return err
	}
	return writeChallenges(ctx, tx, []*sca.Challenge{&c})
}

// factorOf is a person's factor of a method, one without wrong tries when none
// has been kept. The person is held with it: a factor that has not been kept
// yet could not be, and two first wrong tries would count as one.
func factorOf(ctx context.Context, tx *writeTx, p party.PersonID, m sca.Method) (sca.Factor, error) {
	var wrong, locked int64
	if _, err := rows(ctx, tx, scanText[party.PersonID], `select id from person where id = $1`+held(tx), string(p)); err != nil {
		return sca.Factor{}, err
	}
	err := tx.QueryRowContext(ctx, `select wrong, locked_until from factor where person_id = $1 and method = $2`,
		string(p), string(m)).Scan(&wrong, &locked)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return sca.Factor{}, err
	}
	return sca.Factor{Person: p, Method: m, Wrong: int(wrong), LockedUntil: instant(locked)}, nil
}

func writeFactor(ctx context.Context, q querier, f sca.Factor) error {
	return one(q.ExecContext(ctx, `insert into factor (person_id, method, wrong, locked_until) values ($1, $2, $3, $4)
		on conflict (person_id, method) do update set wrong = excluded.wrong, locked_until = excluded.locked_until`,
		string(f.Person), string(f.Method), int64(f.Wrong), micros(f.LockedUntil)))
}

// OpenChallenge keeps a new challenge with the message that carries it, unless
// open refuses the factor as it stands.
func (s *Store) OpenChallenge(ctx context.Context, c sca.Challenge, m *notice.Message, open func(*sca.Factor) error) error {
	return s.act(ctx, outside, func(ctx context.Context, tx *writeTx) error {
		f, err := factorOf(ctx, tx, c.Person, c.Method)
		if err != nil {
			return err
		}
		if err := open(&f); err != nil {
			return err
		}
		d := c.Subject.Display
		err = one(tx.ExecContext(ctx, `insert into challenge (`+challengeColumns+`)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
			string(c.ID), string(c.Person), string(c.Method), string(c.Subject.Purpose), c.Subject.ID, c.Subject.Binding,
			d.Text, d.Amount, d.Payee, blob(c.CodeHash), blob(c.Nonce), micros(c.CreatedAt), micros(c.ExpiresAt),
			int64(c.Tries), string(c.Status)))
		if err != nil {
			return fmt.Errorf("new challenge %s: %w", c.ID, err)
		}
		if m == nil {
			return nil
		}
		return s.putMessage(ctx, tx, *m)
	})
}

// JudgeChallenge lets judge decide over challenge and factor as they stand. A
// refusal of judge is kept like a success, because a wrong try counts; any other
// error undoes everything.
func (s *Store) JudgeChallenge(ctx context.Context, id sca.ID, judge func(*sca.Challenge, *sca.Factor) error,
	record func(*sca.Challenge) []audit.Record) (sca.Challenge, error) {
	var (
		out     sca.Challenge
		refused error
	)
	err := s.act(ctx, beside, func(ctx context.Context, tx *writeTx) error {
		c, err := challengeByID(ctx, tx, id)
		if err != nil {
			return err
		}
		f, err := factorOf(ctx, tx, c.Person, c.Method)
		if err != nil {
			return err
		}
		was := f
		if refused = judge(&c, &f); refused != nil && !isRefusal(refused) {
			return refused
		}
		if err := writeChallenges(ctx, tx, []*sca.Challenge{&c}); err != nil {
			return err
		}
		if f != was {
			if err := writeFactor(ctx, tx, f); err != nil {
				return err
			}
		}
		out = c
		if record == nil {
			return nil
		}
		tx.audit(record(&c)...)
		return nil
	})
	if err != nil {
		return sca.Challenge{}, err
	}
	return out, refused
}

// isRefusal tells the bank's no from everything that went wrong.
func isRefusal(err error) bool {
	var r *bank.Refusal
	return errors.As(err, &r)
}

// Challenge finds one; a NotFound refusal when there is none.
func (s *Store) Challenge(ctx context.Context, id sca.ID) (sca.Challenge, error) {
	return challengeByID(ctx, s.read, id)
}

// WaitingChallenges lists a person's pending Mobile challenges that have not
// expired by the bank clock, newest first.
func (s *Store) WaitingChallenges(ctx context.Context, p party.PersonID) ([]sca.Challenge, error) {
	return rows(ctx, s.read, scanChallenge, `select `+challengeColumns+` from challenge
		where person_id = $1 and status = 'pending' and method = 'mobile' and expires_at > $2
		order by created_at desc, id desc`, string(p), micros(s.now()))
}

const deviceColumns = `id, person_id, name, public_key, enrolled_at, removed_at`

func scanDevice(row scanner) (sca.Device, error) {
	var (
		d                 sca.Device
		enrolled, removed int64
	)
	err := row.Scan(&d.ID, (*string)(&d.Person), &d.Name, &d.PublicKey, &enrolled, &removed)
	d.EnrolledAt, d.RemovedAt = instant(enrolled), instant(removed)
	return d, err
}

// Devices lists a person's devices in the order in which they were enrolled,
// removed ones too.
func (s *Store) Devices(ctx context.Context, p party.PersonID) ([]sca.Device, error) {
	return rows(ctx, s.read, scanDevice, `select `+deviceColumns+` from device where person_id = $1 order by enrolled_at, id`, string(p))
}

// Device finds one; a NotFound refusal when there is none.
func (s *Store) Device(ctx context.Context, id string) (sca.Device, error) {
	d, err := scanDevice(s.read.QueryRowContext(ctx, `select `+deviceColumns+` from device where id = $1`, id))
	return d, found(err, "device")
}

// insertDevice keeps a new device. That its person uses the application follows
// from the row: see personColumns.
func insertDevice(ctx context.Context, q querier, d sca.Device) error {
	return one(q.ExecContext(ctx, `insert into device (`+deviceColumns+`) values ($1, $2, $3, $4, $5, $6)`,
		d.ID, string(d.Person), d.Name, blob(d.PublicKey), micros(d.EnrolledAt), micros(d.RemovedAt)))
}

// EnrolDevice keeps a device; from then on the mobile application is the
// person's first factor.
func (s *Store) EnrolDevice(ctx context.Context, d sca.Device, r audit.Record) error {
	return s.write(ctx, func(ctx context.Context, tx *writeTx) error {
		if _, err := s.personByID(ctx, tx, d.Person); err != nil {
			return err
		}
		if err := insertDevice(ctx, tx, d); err != nil {
			return fmt.Errorf("device %s: %w", d.ID, err)
		}
		tx.audit(r)
		return nil
	})
}

// RemoveDevice ends a device; ending one that has ended is a NotFound refusal.
func (s *Store) RemoveDevice(ctx context.Context, id string, r audit.Record) error {
	return s.write(ctx, func(ctx context.Context, tx *writeTx) error {
		n, err := changed(ctx, tx, `update device set removed_at = $1 where id = $2 and removed_at = 0`, micros(s.now()), id)
		if err != nil {
			return err
		}
		if n == 0 {
			return bank.Refuse(bank.NotFound, "There is no such device.")
		}
		tx.audit(r)
		return nil
	})
}

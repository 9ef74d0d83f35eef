package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/partner"
	"okienko/bank/party"
)

var _ partner.Register = (*Store)(nil)

const partnerColumns = `id, name, legal_name, nip, regon, krs, address, email, phone, customer_id,
	agreement_reference, agreement_signed_at, since`

func scanPartner(row scanner) (partner.Partner, error) {
	var (
		p             partner.Partner
		signed, since int64
	)
	err := row.Scan((*string)(&p.ID), &p.Name, &p.LegalName, (*string)(&p.NIP), (*string)(&p.REGON), &p.KRS, &p.Address, &p.Email,
		&p.Phone, (*string)(&p.Customer), &p.Agreement.Reference, &signed, &since)
	p.Agreement.SignedAt, p.Since = instant(signed), instant(since)
	return p, err
}

// partnerByID finds one with its employees or refuses.
func partnerByID(ctx context.Context, q querier, id partner.ID) (partner.Partner, error) {
	p, err := scanPartner(q.QueryRowContext(ctx, `select `+partnerColumns+` from partner where id = $1`+held(q), string(id)))
	if err != nil {
		return p, found(err, "partner")
	}
	p.Employees, err = rows(ctx, q, scanText[party.PersonID], `select person_id from partner_employee where partner_id = $1 order by place`, string(id))
	return p, err
}

// Partner finds one; a NotFound refusal when there is none.
func (s *Store) Partner(ctx context.Context, id partner.ID) (partner.Partner, error) {
	return partnerByID(ctx, s.read, id)
}

// Partners lists every partner by name.
func (s *Store) Partners(ctx context.Context) ([]partner.Partner, error) {
	ids, err := rows(ctx, s.read, scanText[partner.ID], `select id from partner order by name, id`)
	if err != nil {
		return nil, err
	}
	out := make([]partner.Partner, len(ids))
	for i, id := range ids { // there are tens of partners, not thousands
		if out[i], err = partnerByID(ctx, s.read, id); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// PutPartner keeps a new partner or replaces the one that stands, with the
// persons whom it names.
func (s *Store) PutPartner(ctx context.Context, p partner.Partner, r audit.Record) error {
	return s.write(ctx, func(ctx context.Context, tx *writeTx) error {
		if p.Customer != "" {
			if ok, err := exists(ctx, tx, `select 1 from customer where id = $1`, string(p.Customer)); err != nil {
				return err
			} else if !ok {
				return bank.RefuseField("customer", "There is no such customer.")
			}
		}
		err := one(tx.ExecContext(ctx, `insert into partner (`+partnerColumns+`)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
			on conflict (id) do update set name = excluded.name, legal_name = excluded.legal_name, nip = excluded.nip,
				regon = excluded.regon, krs = excluded.krs, address = excluded.address, email = excluded.email, phone = excluded.phone,
				customer_id = excluded.customer_id, agreement_reference = excluded.agreement_reference,
				agreement_signed_at = excluded.agreement_signed_at`,
			string(p.ID), p.Name, p.LegalName, string(p.NIP), string(p.REGON), p.KRS, p.Address, p.Email, p.Phone, string(p.Customer),
			p.Agreement.Reference, micros(p.Agreement.SignedAt), micros(p.Since)))
		if err != nil {
			return fmt.Errorf("partner %s: %w", p.ID, err)
		}
		if err := putEmployees(ctx, tx, &p); err != nil {
			return err
		}
		tx.audit(r)
		return nil
	})
}

func putEmployees(ctx context.Context, q querier, p *partner.Partner) error {
	if _, err := q.ExecContext(ctx, `delete from partner_employee where partner_id = $1`, string(p.ID)); err != nil {
		return err
	}
	for i, person := range p.Employees {
		if ok, err := exists(ctx, q, `select 1 from person where id = $1`, string(person)); err != nil {
			return err
		} else if !ok {
			return bank.RefuseField("employees", "There is no such person.")
		}
		_, err := q.ExecContext(ctx, `insert into partner_employee (partner_id, person_id, place) values ($1, $2, $3)
			on conflict (partner_id, person_id) do nothing`, string(p.ID), string(person), int64(i))
		if err != nil {
			return err
		}
	}
	return nil
}

// PutApplication keeps a new application or replaces the one that stands, whose
// status stays as it is.
func (s *Store) PutApplication(ctx context.Context, a partner.Application, r audit.Record) error {
	return s.write(ctx, func(ctx context.Context, tx *writeTx) error {
		if err := putApplication(ctx, tx, &a); err != nil {
			return fmt.Errorf("application %s: %w", a.ID, err)
		}
		tx.audit(r)
		return lowerPairings(ctx, tx, &a)
	})
}

// lowerPairings brings the limits of the application's pairings down to its own
// maximum. Raising it raises nobody's: that takes the customer's word.
func lowerPairings(ctx context.Context, q querier, a *partner.Application) error {
	l := a.Limits
	_, err := q.ExecContext(ctx, `update agreement set
			limit_single = case when limit_single > $1 then $2 else limit_single end,
			limit_daily = case when limit_daily > $3 then $4 else limit_daily end,
			limit_monthly = case when limit_monthly > $5 then $6 else limit_monthly end,
			limit_unconfirmed = case when limit_unconfirmed > $7 then $8 else limit_unconfirmed end
		where application = $9 and (limit_single > $10 or limit_daily > $11 or limit_monthly > $12 or limit_unconfirmed > $13)`,
		l.Single.Minor(), l.Single.Minor(), l.Daily.Minor(), l.Daily.Minor(), l.Monthly.Minor(), l.Monthly.Minor(),
		l.Unconfirmed.Minor(), l.Unconfirmed.Minor(), string(a.ID),
		l.Single.Minor(), l.Daily.Minor(), l.Monthly.Minor(), l.Unconfirmed.Minor())
	if err != nil {
		return fmt.Errorf("store: lowering the pairings of %s: %w", a.ID, err)
	}
	return nil
}

// sweep bounds how many pairings are looked at together when a status changes:
// an application may have a hundred thousand, and they need not be in memory at
// once.
const sweep = 100

// SetStatus gives an application a status and suspends or reinstates its
// pairings in the same transaction; see partner.Register.
func (s *Store) SetStatus(ctx context.Context, id partner.ClientID, to partner.Status,
	decide func(*partner.Application, *partner.Partner) error,
	allowed func(*partner.Application, *partner.Partner, *consent.Agreement) bool, r audit.Record) error {
	return s.write(ctx, func(ctx context.Context, tx *writeTx) error {
		a, err := applicationByID(ctx, tx, id)
		if err != nil {
			return err
		}
		p, err := partnerByID(ctx, tx, a.Partner)
		if err != nil {
			return err
		}
		if err := decide(&a, &p); err != nil {
			return err
		}
		a.Status = to
		if err := one(tx.ExecContext(ctx, `update application set status = $1 where id = $2`, string(to), string(id))); err != nil {
			return err
		}
		tx.audit(r)
		after := party.CustomerID("")
		for {
			batch, err := standing(ctx, tx, id, after)
			if err != nil || len(batch) == 0 {
				return err
			}
			after = batch[len(batch)-1].Customer
			may := func(g *consent.Agreement) bool { return allowed(&a, &p, g) }
			if err := s.settle(ctx, tx, batch, may, r); err != nil {
				return err
			}
		}
	})
}

// standing lists an application's active and suspended agreements of customers
// after one, in the order of the customers.
func standing(ctx context.Context, q querier, id consent.ClientID, after party.CustomerID) ([]consent.Agreement, error) {
	return rows(ctx, q, scanAgreement, `select `+agreementColumns+` from agreement
		where application = $1 and customer_id > $2 and status in ('active', 'suspended')
		order by customer_id limit $3`+held(q), string(id), string(after), int64(sweep))
}

// settle suspends the agreements that may not stand and reinstates those that
// may again, each with its own line of audit by whom the change of status is.
func (s *Store) settle(ctx context.Context, tx *writeTx, batch []consent.Agreement, may func(*consent.Agreement) bool, r audit.Record) error {
	var (
		suspended, reinstated []consent.ID
		records               []audit.Record
	)
	note := func(a *consent.Agreement, act string, to consent.Status) {
		records = append(records, audit.Record{
			At: r.At, Actor: r.Actor, Act: act, Subject: "agreement:" + string(a.ID),
			Before: string(a.Status), After: string(to), Why: r.Act + " of " + r.Subject,
		})
	}
	for i := range batch {
		a := &batch[i]
		switch ok := may(a); {
		case !ok && a.Status == consent.Active:
			suspended = append(suspended, a.ID)
			note(a, "pairing.suspended", consent.Suspended)
		case ok && a.Status == consent.Suspended:
			reinstated = append(reinstated, a.ID)
			note(a, "pairing.reinstated", consent.Active)
		}
	}
	if err := setStanding(ctx, tx, suspended, consent.Suspended); err != nil {
		return err
	}
	if err := endTokens(ctx, tx, s.now(), suspended...); err != nil {
		return err
	}
	if err := setStanding(ctx, tx, reinstated, consent.Active); err != nil {
		return err
	}
	tx.audit(records...)
	return nil
}

func setStanding(ctx context.Context, q querier, ids []consent.ID, to consent.Status) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := q.ExecContext(ctx, `update agreement set status = $1 where id = any($2)`, string(to), list(ids))
	return err
}

// Secrets are the hashes of an application's secrets valid at an instant, the
// newest first.
func (s *Store) Secrets(ctx context.Context, id partner.ClientID, at time.Time) ([][]byte, error) {
	return rows(ctx, s.read, scanBytes, `select hash from application_secret
		where application = $1 and valid_from <= $2 and (valid_until = 0 or valid_until > $2)
		order by valid_from desc, hash`, string(id), micros(at))
}

// AddSecret keeps a secret valid from an instant; the others end at othersEnd
// at the latest. One that would end sooner keeps its end.
func (s *Store) AddSecret(ctx context.Context, id partner.ClientID, hash []byte, at, othersEnd time.Time, r audit.Record) error {
	if othersEnd.IsZero() { // which a column would take for "no end"
		return errors.New("store: the other secrets of an application must end at some time")
	}
	return s.write(ctx, func(ctx context.Context, tx *writeTx) error {
		if _, err := applicationByID(ctx, tx, id); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `update application_secret set valid_until = $1
			where application = $2 and (valid_until = 0 or valid_until > $1)`, micros(othersEnd), string(id))
		if err != nil {
			return err
		}
		err = one(tx.ExecContext(ctx, `insert into application_secret (application, hash, valid_from, valid_until) values ($1, $2, $3, 0)`,
			string(id), blob(hash), micros(at)))
		if err != nil {
			return fmt.Errorf("secret of application %s: %w", id, err)
		}
		tx.audit(r)
		return nil
	})
}

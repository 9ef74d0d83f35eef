package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/notice"
	"okienko/bank/party"
	"okienko/bank/thirdparty"
	"okienko/bank/xs2a"
)

var _ xs2a.Book = (*Store)(nil)

// Consent finds one; a NotFound refusal when there is none.
func (s *Store) Consent(ctx context.Context, id xs2a.ID) (xs2a.Consent, error) {
	return consentByID(ctx, s.read, id)
}

// ConsentByTPP finds a consent by its third party's id.
func (s *Store) ConsentByTPP(ctx context.Context, client thirdparty.ClientID, tppID string) (xs2a.Consent, error) {
	c, err := scanConsent(s.read.QueryRowContext(ctx, `select `+consentColumns+` from tpp_consent
		where client = $1 and client <> '' and tpp_id = $2`, string(client), tppID))
	return c, found(err, "consent")
}

// ConsentsOf lists a customer's consents, newest first, ended ones too.
func (s *Store) ConsentsOf(ctx context.Context, c party.CustomerID) ([]xs2a.Consent, error) {
	return rows(ctx, s.read, scanConsent, `select `+consentColumns+` from tpp_consent
		where customer_id = $1 and customer_id <> '' order by asked_at desc, id desc`, string(c))
}

// ChangeConsent lets change decide over the consent as it stands; see xs2a.Book.
// The decision comes before the spending, so that what is refused anyway is
// refused for its own reason.
func (s *Store) ChangeConsent(ctx context.Context, id xs2a.ID, spend *consent.Use,
	change func(*xs2a.Consent) ([]audit.Record, error)) (xs2a.Consent, error) {
	scope, err := s.scopeOf(ctx, id)
	if err != nil {
		return xs2a.Consent{}, err
	}
	r := roomOf(scope)
	if spend != nil {
		r = inside
	}
	var out xs2a.Consent
	err = s.act(ctx, r, func(ctx context.Context, tx *writeTx) error {
		c, err := consentByID(ctx, tx, id)
		if err != nil {
			return err
		}
		err = changeConsent(ctx, tx, &c, func(c *xs2a.Consent) error {
			records, err := change(c)
			tx.audit(records...)
			return err
		})
		if err != nil {
			return err
		}
		if err := s.spendChallenge(ctx, tx, spend); err != nil {
			return err
		}
		out = c
		if c.Status == xs2a.Active {
			return nil
		}
		return consents.end(ctx, tx, s.now(), string(id))
	})
	if err != nil {
		return xs2a.Consent{}, err
	}
	return out, nil
}

// GiveFunds keeps a consent that the customer gives on a page.
func (s *Store) GiveFunds(ctx context.Context, c xs2a.Consent, spend consent.Use, r audit.Record) error {
	return s.write(ctx, func(ctx context.Context, tx *writeTx) error {
		if c.Scope != xs2a.Funds || len(c.Accounts) != 1 {
			return fmt.Errorf("store: a consent for funds of scope %s with %d accounts", c.Scope, len(c.Accounts))
		}
		if err := s.spendChallenge(ctx, tx, &spend); err != nil {
			return err
		}
		tx.audit(r)
		return taken(insertConsent(ctx, tx, &c))
	})
}

// taken says that a consent id is taken. Refused and ended consents keep theirs.
func taken(err error) error {
	if isTaken(err) {
		return bank.Refuse(bank.ConsentTaken, "The consent id has been used before.").Because(err)
	}
	return err
}

// FundsConsent finds the standing consent for funds of a number that was given
// to an organisation last.
func (s *Store) FundsConsent(ctx context.Context, o thirdparty.Organisation, number string, now time.Time) (xs2a.Consent, error) {
	c, err := scanConsent(s.read.QueryRowContext(ctx, `select `+consentColumns+` from tpp_consent
		where scope = 'caf' and status = 'active' and organisation = $1 and funds_number = $2 and valid_until > $3
		order by given_at desc limit 1`, string(o), number, micros(now)))
	return c, found(err, "consent")
}

// UseRight notes a use; see xs2a.Book. A right that may be used more than once
// costs a look at the consent and nothing more: what is noted is kept with the
// next lines of the access log.
func (s *Store) UseRight(ctx context.Context, id xs2a.ID, r xs2a.Right, now time.Time) error {
	var scope xs2a.Scope
	var single string
	err := s.read.QueryRowContext(ctx, `select scope, single from tpp_consent where id = $1`, string(id)).Scan((*string)(&scope), &single)
	if err != nil {
		return found(err, "consent")
	}
	if !slices.Contains(strings.Fields(single), string(r)) {
		s.logs.use(id, use{at: now, right: r})
		return nil
	}
	return s.act(ctx, roomOf(scope), func(ctx context.Context, tx *writeTx) error {
		c, err := consentByID(ctx, tx, id)
		if err != nil {
			return err
		}
		return changeConsent(ctx, tx, &c, func(c *xs2a.Consent) error {
			if err := c.Standing(now); err != nil {
				return err
			}
			if err := c.Allows(r); err != nil {
				return err
			}
			c.Grant(r).Spent = c.Grant(r).Single
			c.LastUsed, c.LastRead = later(c.LastUsed, now), string(r)
			return nil
		})
	})
}

// callsWindow is how long a call counts that the customer did not ask for.
const callsWindow = 24 * time.Hour

// CountCall counts a call that the customer did not ask for; see xs2a.Book. What
// is refused writes nothing.
func (s *Store) CountCall(ctx context.Context, id xs2a.ID, ref, kind string, most int, now time.Time) error {
	_, err := countedCalls(ctx, s.read, id, ref, kind, most, now)
	if err != nil {
		return err
	}
	return s.act(ctx, outside, func(ctx context.Context, tx *writeTx) error {
		// First a row to hold, or two first calls would both find none.
		_, err := tx.ExecContext(ctx, `insert into background_call (consent_id, ref, kind, calls, expires_at) values ($1, $2, $3, '[]', 0)
			on conflict (consent_id, ref, kind) do nothing`, string(id), ref, kind)
		if isOrphan(err) {
			return bank.Refuse(bank.NotFound, "There is no such consent.").Because(err)
		}
		if err != nil {
			return err
		}
		calls, err := countedCalls(ctx, tx, id, ref, kind, most, now)
		if err != nil {
			return err
		}
		calls = append(calls, micros(now))
		slices.Sort(calls)
		text, err := encode(calls)
		if err != nil {
			return err
		}
		return one(tx.ExecContext(ctx, `update background_call set calls = $1, expires_at = $2 where consent_id = $3 and ref = $4 and kind = $5`,
			text, calls[len(calls)-1]+callsWindow.Microseconds(), string(id), ref, kind))
	})
}

// countedCalls are the calls that still count, or a refusal when one more would
// be too many.
func countedCalls(ctx context.Context, q querier, id xs2a.ID, ref, kind string, most int, now time.Time) ([]int64, error) {
	var text string
	err := q.QueryRowContext(ctx, `select calls from background_call where consent_id = $1 and ref = $2 and kind = $3`+held(q),
		string(id), ref, kind).Scan(&text)
	var calls []int64
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return nil, found(err, "count of calls")
	default:
		if err := json.Unmarshal([]byte(text), &calls); err != nil {
			return nil, fmt.Errorf("store: calls under consent %s: %w", id, err)
		}
	}
	from := micros(now.Add(-callsWindow))
	calls = slices.DeleteFunc(calls, func(at int64) bool { return at <= from })
	if len(calls) >= most {
		return nil, bank.Refuse(bank.CallsUsedUp, "The calls of these 24 hours without the customer are used up.")
	}
	return calls, nil
}

// EndingConsents lists what ends before an instant and was not announced; see
// xs2a.Book.
func (s *Store) EndingConsents(ctx context.Context, before time.Time, n int) ([]xs2a.Consent, error) {
	return rows(ctx, s.read, scanConsent, `select `+consentColumns+` from tpp_consent
		where status = 'active' and told_at = 0 and scope <> 'pis' and valid_until > $1 and valid_until < $2
		order by valid_until, id limit $3`, micros(s.now()), micros(before), int64(n))
}

// TellConsent notes that the end of a consent is announced, with the message;
// see xs2a.Book.
func (s *Store) TellConsent(ctx context.Context, id xs2a.ID, now time.Time, m notice.Message, r audit.Record) error {
	return s.act(ctx, outside, func(ctx context.Context, tx *writeTx) error {
		n, err := changed(ctx, tx, `update tpp_consent set told_at = $1 where id = $2 and status = 'active' and told_at = 0`, micros(now), string(id))
		if err != nil || n == 0 {
			return err
		}
		tx.audit(r)
		return s.putMessage(ctx, tx, m)
	})
}

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"okienko/authserver"
	"okienko/bank/audit"
	"okienko/bank/thirdparty"
	"okienko/bank/xs2a"
)

func scanExternalCode(row scanner) (authserver.KeptExternalCode, error) {
	var c authserver.KeptExternalCode
	var until int64
	err := row.Scan((*string)(&c.Person), &c.Hash, &until)
	c.Until = instant(until)
	return c, err
}

// KeepExternalCode keeps a person's one-time code; see authserver.ExternalStore.
// Its hash is kept under the store's key.
func (s *Store) KeepExternalCode(ctx context.Context, c authserver.KeptExternalCode, now time.Time, record audit.Record) (bool, error) {
	err := s.act(ctx, outside, func(ctx context.Context, tx *writeTx) error {
		hash := s.blind(string(c.Hash))
		_, err := tx.ExecContext(ctx, `delete from external_code where hash = $1 and until <= $2`, hash, micros(now))
		if err != nil {
			return err
		}
		tx.audit(record)
		return one(tx.ExecContext(ctx, `insert into external_code (person_id, hash, until) values ($1, $2, $3)
			on conflict (person_id) do update set hash = excluded.hash, until = excluded.until`, string(c.Person), hash, micros(c.Until)))
	})
	if isTaken(err) {
		return false, nil
	}
	return err == nil, err
}

// AskExternally spends a one-time code for a consent that waits for its person;
// see authserver.ExternalStore.
func (s *Store) AskExternally(ctx context.Context, hash []byte, c xs2a.Consent, r authserver.ConsentRequest, to authserver.CallbackTo, record audit.Record,
	judge func(*authserver.WrongCodes, *authserver.KeptExternalCode) ([]audit.Record, error)) (authserver.ConsentRequest, error) {
	var refused error
	err := s.act(ctx, outside, func(ctx context.Context, tx *writeTx) error {
		refused = nil
		tries, err := wrongCodes(ctx, tx, c.Client)
		if err != nil {
			return err
		}
		code, err := s.externalCode(ctx, tx, hash)
		if err != nil {
			return err
		}
		records, no := judge(&tries, code)
		if no != nil {
			refused = no
			tx.audit(records...)
			return one(tx.ExecContext(ctx, `update external_try set wrong = $2, since = $3 where client = $1`,
				string(c.Client), int64(tries.Count), micros(tries.Since)))
		}
		if err := one(tx.ExecContext(ctx, `delete from external_code where person_id = $1`, string(code.Person))); err != nil {
			return err
		}
		tx.audit(records...)
		tx.audit(record)
		r.AskedOf = code.Person
		if err := askConsent(ctx, tx, &c, &r); err != nil {
			return err
		}
		return s.insertCallback(ctx, tx, &c, &r, &to)
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return authserver.ConsentRequest{}, err
	}
	return r, nil
}

// wrongCodes holds the count of a third party's wrong codes. First a row to hold,
// or two first tries would both find none.
func wrongCodes(ctx context.Context, tx *writeTx, client thirdparty.ClientID) (authserver.WrongCodes, error) {
	var count, since int64
	_, err := tx.ExecContext(ctx, `insert into external_try (client, wrong, since) values ($1, 0, 0) on conflict (client) do nothing`, string(client))
	if err != nil {
		return authserver.WrongCodes{}, err
	}
	err = tx.QueryRowContext(ctx, `select wrong, since from external_try where client = $1`+held(tx), string(client)).Scan(&count, &since)
	return authserver.WrongCodes{Count: int(count), Since: instant(since)}, err
}

// externalCode holds a one-time code, nil when there is none of the hash.
func (s *Store) externalCode(ctx context.Context, tx *writeTx, hash []byte) (*authserver.KeptExternalCode, error) {
	c, err := scanExternalCode(tx.QueryRowContext(ctx, `select person_id, hash, until from external_code where hash = $1`+held(tx), s.blind(string(hash))))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, err
	}
	c.Hash = hash
	return &c, nil
}

func (s *Store) insertCallback(ctx context.Context, tx *writeTx, c *xs2a.Consent, r *authserver.ConsentRequest, to *authserver.CallbackTo) error {
	err := one(tx.ExecContext(ctx, `insert into consent_callback (request_id, consent_id, client, tpp_id, state, url, api_key_sealed, reference, form,
			expires_at, status, code_hash, since, tries, fence, worker, due_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'open', $11, 0, 0, 0, '', 0)`,
		string(r.ID), string(c.ID), string(c.Client), c.TPPID, r.State, to.URL, s.seal([]byte(to.APIKey)), to.RequestID, to.Form,
		micros(r.ExpiresAt), []byte{}))
	if err != nil {
		return fmt.Errorf("callback of request %s: %w", r.ID, err)
	}
	return nil
}

// decideCallback makes the callback of a request due that was given or refused.
func (s *Store) decideCallback(ctx context.Context, tx *writeTx, r *authserver.ConsentRequest) error {
	if r.AskedOf == "" || r.Status == authserver.RequestOpen {
		return nil
	}
	now := micros(s.wall.Now())
	err := one(tx.ExecContext(ctx, `update consent_callback set status = $2, since = $3, due_at = $3 where request_id = $1 and status = 'open'`,
		string(r.ID), string(r.Status), now))
	if err != nil {
		return fmt.Errorf("callback of request %s: %w", r.ID, err)
	}
	return nil
}

// LapsingRequests lists what nobody can answer any more; see
// authserver.ExternalStore.
func (s *Store) LapsingRequests(ctx context.Context, now time.Time, n int) (due []authserver.RequestID, next time.Time, err error) {
	due, err = rows(ctx, s.read, scanText[authserver.RequestID], `select request_id from consent_callback
		where status = 'open' and expires_at <= $1 order by expires_at, request_id limit $2`, micros(now), int64(n))
	if err != nil {
		return nil, time.Time{}, err
	}
	var at int64
	err = s.read.QueryRowContext(ctx, `select expires_at from consent_callback where status = 'open' and expires_at > $1
		order by expires_at limit 1`, micros(now)).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return due, time.Time{}, nil
	}
	return due, instant(at), err
}

// ClaimCallbacks leases callbacks that are due to one worker; see
// authserver.Callbacks. It looks before it writes, as ClaimMessages does.
func (s *Store) ClaimCallbacks(ctx context.Context, worker string, n int, wall, until time.Time) ([]authserver.DueCallback, error) {
	var some bool
	err := s.read.QueryRowContext(ctx, `select exists (select 1 from consent_callback where status <> 'open' and due_at <= $1)`, micros(wall)).Scan(&some)
	if err != nil || !some {
		return nil, err
	}
	var out []authserver.DueCallback
	err = s.act(ctx, outside, func(ctx context.Context, tx *writeTx) (err error) {
		// The condition stands twice, as in ClaimMessages.
		out, err = rows(ctx, tx, s.scanCallback, `update consent_callback set worker = $1, due_at = $2, tries = tries + 1, fence = fence + 1
			where status <> 'open' and due_at <= $3 and request_id in (
				select request_id from consent_callback where status <> 'open' and due_at <= $3 order by due_at, request_id limit $4)
			returning request_id, consent_id, client, tpp_id, state, url, api_key_sealed, reference, form, status, since, tries, fence`,
			worker, micros(until), micros(wall), int64(n))
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (s *Store) scanCallback(row scanner) (authserver.DueCallback, error) {
	var (
		d            authserver.DueCallback
		key          []byte
		status       authserver.RequestStatus
		since, tries int64
	)
	err := row.Scan((*string)(&d.ID), (*string)(&d.Consent), (*string)(&d.Client), &d.TPPID, &d.State, &d.To.URL, &key, &d.To.RequestID, &d.To.Form,
		(*string)(&status), &since, &tries, &d.Fence)
	if err != nil {
		return d, err
	}
	d.Given, d.Since, d.Tries = status == authserver.RequestGiven, instant(since), int(tries)
	if key, err = s.open(key); err != nil {
		return d, fmt.Errorf("callback of request %s: %w", d.ID, err)
	}
	d.To.APIKey = string(key)
	return d, nil
}

// RenewCode keeps the code of one try; see authserver.ExternalStore. The one
// before counts as spent from now on. The locks are taken in the order of
// GiveConsent.
func (s *Store) RenewCode(ctx context.Context, id authserver.RequestID, fence int64, code authserver.Code, now time.Time) (authserver.CallbackState, error) {
	var state authserver.CallbackState
	err := s.act(ctx, outside, func(ctx context.Context, tx *writeTx) error {
		c, err := consentByID(ctx, tx, xs2a.ID(code.Agreement))
		if err != nil {
			return err
		}
		last, err := scanBytes(tx.QueryRowContext(ctx, `select code_hash from consent_callback
			where request_id = $1 and consent_id = $2 and fence = $3 and status = 'given'`+held(tx), string(id), string(c.ID), fence))
		switch {
		case errors.Is(err, sql.ErrNoRows):
			state = authserver.CallbackLost
			return nil
		case err != nil:
			return err
		case c.At(now) != xs2a.Active:
			state = authserver.CallbackEnded
			return nil
		}
		if state, err = outdate(ctx, tx, last, now); err != nil || state != authserver.CallbackReady {
			return err
		}
		if err := consents.insertCode(ctx, tx, &code); err != nil {
			return fmt.Errorf("consent %s: %w", c.ID, err)
		}
		return one(tx.ExecContext(ctx, `update consent_callback set code_hash = $2 where request_id = $1`, string(id), blob(code.Hash)))
	})
	return state, err
}

// outdate ends the code of the try before, unless it was redeemed.
func outdate(ctx context.Context, tx *writeTx, hash []byte, now time.Time) (authserver.CallbackState, error) {
	if len(hash) == 0 {
		return authserver.CallbackReady, nil
	}
	var spent int64
	err := tx.QueryRowContext(ctx, `select spent_at from consent_code where hash = $1`+held(tx), hash).Scan(&spent)
	switch {
	case errors.Is(err, sql.ErrNoRows): // cleared away since
		return authserver.CallbackReady, nil
	case err != nil:
		return "", err
	case spent != 0:
		return authserver.CallbackRedeemed, nil
	}
	return authserver.CallbackReady, one(tx.ExecContext(ctx, `update consent_code set spent_at = $2 where hash = $1 and spent_at = 0`, hash, micros(now)))
}

// WasTold tells whether a code was told at a callback: those have no return
// address.
func (s *Store) WasTold(ctx context.Context, hash []byte) (bool, error) {
	var told bool
	err := s.read.QueryRowContext(ctx, `select exists (select 1 from consent_code where hash = $1 and redirect_uri = '')`, blob(hash)).Scan(&told)
	return told, err
}

// SettleCallback ends a lease; see authserver.Callbacks.
func (s *Store) SettleCallback(ctx context.Context, id authserver.RequestID, fence int64, again time.Time, record *audit.Record) error {
	return s.act(ctx, outside, func(ctx context.Context, tx *writeTx) error {
		if !again.IsZero() {
			_, err := tx.ExecContext(ctx, `update consent_callback set worker = '', due_at = $3 where request_id = $1 and fence = $2`,
				string(id), fence, micros(again))
			return err
		}
		n, err := changed(ctx, tx, `delete from consent_callback where request_id = $1 and fence = $2`, string(id), fence)
		if n > 0 && record != nil {
			tx.audit(*record)
		}
		return err
	})
}

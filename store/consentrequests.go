package store

import (
	"context"
	"fmt"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/party"
	"okienko/bank/xs2a"
)

var _ authserver.ConsentStore = (*Store)(nil)

const consentRequestColumns = `id, consent_id, client, state, redirect_uri, created_at, expires_at, status, person_id, customer_id, accounts,
	context, for_person, for_customers, for_nobody, asked_of`

func scanConsentRequest(row scanner) (authserver.ConsentRequest, error) {
	var (
		r                authserver.ConsentRequest
		c                authserver.ConsentChoice
		created, expires int64
		f                authserver.ConsentFor
		accounts, of     string
	)
	err := row.Scan((*string)(&r.ID), (*string)(&r.Consent), (*string)(&r.Client), &r.State, &r.RedirectURI, &created, &expires,
		(*string)(&r.Status), (*string)(&c.Person), (*string)(&c.Customer), &accounts,
		(*string)(&f.Context), (*string)(&f.Person), &of, &f.Nobody, (*string)(&r.AskedOf))
	if err != nil {
		return authserver.ConsentRequest{}, err
	}
	r.CreatedAt, r.ExpiresAt = instant(created), instant(expires)
	if f.Customers, err = decodeList[party.CustomerID](of); err != nil {
		return authserver.ConsentRequest{}, err
	}
	if f.Context != "" || f.Person != "" || f.Customers != nil || f.Nobody {
		r.For = &f
	}
	if c.Person == "" {
		return r, nil
	}
	c.Accounts, err = decodeList[account.ID](accounts)
	r.Choice = &c
	return r, err
}

func consentRequestByID(ctx context.Context, q querier, id authserver.RequestID) (authserver.ConsentRequest, error) {
	r, err := scanConsentRequest(q.QueryRowContext(ctx, `select `+consentRequestColumns+` from consent_request where id = $1`+held(q), string(id)))
	return r, found(err, "consent request")
}

// consentChoiceArgs are the columns of a choice, empty before there is one.
func consentChoiceArgs(c *authserver.ConsentChoice) []any {
	if c == nil {
		return []any{"", "", ""}
	}
	return []any{string(c.Person), string(c.Customer), encodeList(c.Accounts)}
}

// consentForArgs are the columns of whom a third party sent.
func consentForArgs(f *authserver.ConsentFor) []any {
	if f == nil {
		f = &authserver.ConsentFor{}
	}
	return []any{string(f.Context), string(f.Person), encodeList(f.Customers), f.Nobody}
}

// AskConsent keeps a new consent with its request. Both are new rows, which no
// batch reads before the customer has given the consent.
func (s *Store) AskConsent(ctx context.Context, c xs2a.Consent, r authserver.ConsentRequest, record audit.Record) error {
	return s.act(ctx, outside, func(ctx context.Context, tx *writeTx) error {
		tx.audit(record)
		return askConsent(ctx, tx, &c, &r)
	})
}

func askConsent(ctx context.Context, tx *writeTx, c *xs2a.Consent, r *authserver.ConsentRequest) error {
	if err := insertConsent(ctx, tx, c); err != nil {
		return taken(err)
	}
	params := append([]any{string(r.ID), string(c.ID), string(r.Client), r.State, r.RedirectURI, micros(r.CreatedAt), micros(r.ExpiresAt),
		string(r.Status)}, consentChoiceArgs(r.Choice)...)
	params = append(append(params, consentForArgs(r.For)...), string(r.AskedOf))
	err := one(tx.ExecContext(ctx, `insert into consent_request (`+consentRequestColumns+`)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`, params...))
	if err != nil {
		return fmt.Errorf("consent request %s: %w", r.ID, err)
	}
	return nil
}

// ConsentRequest finds one; a NotFound refusal when there is none.
func (s *Store) ConsentRequest(ctx context.Context, id authserver.RequestID) (authserver.ConsentRequest, error) {
	return consentRequestByID(ctx, s.read, id)
}

// ChangeConsentRequest lets change decide over request and consent as they
// stand. What the third party sent with the request never changes.
func (s *Store) ChangeConsentRequest(ctx context.Context, id authserver.RequestID,
	change func(*authserver.ConsentRequest, *xs2a.Consent) ([]audit.Record, error)) (authserver.ConsentRequest, error) {
	var out authserver.ConsentRequest
	err := s.act(ctx, outside, func(ctx context.Context, tx *writeTx) error {
		r, c, err := requestWithConsent(ctx, tx, id)
		if err != nil {
			return err
		}
		// A third party that has withdrawn what it asked for with a code is called
		// all the same: its request is still to be ended.
		if c.Status != xs2a.Asked && (r.AskedOf == "" || r.Status != authserver.RequestOpen) {
			return bank.Refuse(bank.RequestEnded, "The request has ended.")
		}
		err = changeConsent(ctx, tx, &c, func(c *xs2a.Consent) error {
			records, err := change(&r, c)
			tx.audit(records...)
			return err
		})
		if err != nil {
			return err
		}
		out = r
		if err := writeConsentRequest(ctx, tx, id, &r); err != nil {
			return err
		}
		return s.decideCallback(ctx, tx, &r)
	})
	if err != nil {
		return authserver.ConsentRequest{}, err
	}
	return out, nil
}

func requestWithConsent(ctx context.Context, tx *writeTx, id authserver.RequestID) (authserver.ConsentRequest, xs2a.Consent, error) {
	r, err := consentRequestByID(ctx, tx, id)
	if err != nil {
		return r, xs2a.Consent{}, err
	}
	c, err := consentByID(ctx, tx, r.Consent)
	return r, c, err
}

func writeConsentRequest(ctx context.Context, tx *writeTx, id authserver.RequestID, r *authserver.ConsentRequest) error {
	err := one(tx.ExecContext(ctx, `update consent_request set status = $2, person_id = $3, customer_id = $4, accounts = $5 where id = $1`,
		append([]any{string(id), string(r.Status)}, consentChoiceArgs(r.Choice)...)...))
	if err != nil {
		return fmt.Errorf("consent request %s: %w", id, err)
	}
	return nil
}

// GiveConsent gives a request; see authserver.ConsentStore. That a request is
// given once is held here, whatever decide says.
func (s *Store) GiveConsent(ctx context.Context, id authserver.RequestID, spend consent.Use, code authserver.Code,
	decide func(*authserver.ConsentRequest, *xs2a.Consent) ([]audit.Record, error)) (xs2a.Consent, error) {
	var out xs2a.Consent
	err := s.write(ctx, func(ctx context.Context, tx *writeTx) error {
		r, c, err := requestWithConsent(ctx, tx, id)
		switch {
		case err != nil:
			return err
		case r.Status != authserver.RequestOpen || c.Status != xs2a.Asked:
			return bank.Refuse(bank.RequestEnded, "The request has ended.")
		case r.Choice == nil:
			return bank.Refuse(bank.RequestInvalid, "Nothing has been chosen yet.")
		case (r.AskedOf == "") != (len(code.Hash) > 0):
			return fmt.Errorf("store: request %s is of %q, and its code has %d bytes", id, r.AskedOf, len(code.Hash))
		}
		err = changeConsent(ctx, tx, &c, func(c *xs2a.Consent) error {
			records, err := decide(&r, c)
			tx.audit(records...)
			return err
		})
		if err != nil {
			return err
		}
		if err := s.spendChallenge(ctx, tx, &spend); err != nil {
			return err
		}
		r.Status = authserver.RequestGiven
		out = c
		if err := writeConsentRequest(ctx, tx, id, &r); err != nil {
			return err
		}
		if r.AskedOf != "" {
			return s.decideCallback(ctx, tx, &r)
		}
		code := code
		code.Agreement, code.Client = consent.ID(c.ID), consent.ClientID(c.Client)
		if err := consents.insertCode(ctx, tx, &code); err != nil {
			return fmt.Errorf("consent %s: %w", c.ID, err)
		}
		return nil
	})
	if err != nil {
		return xs2a.Consent{}, err
	}
	return out, nil
}

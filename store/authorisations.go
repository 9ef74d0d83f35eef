package store

import (
	"context"
	"strings"

	"okienko/bank/consent"
	"okienko/bank/money"
	"okienko/bank/payment"
)

const authorisationColumns = `id, agreement_id, application_id, customer_id, person_id, account_id,
	kind, operation_id, draft_hold_id, draft_payment_id, draft_amount, draft_currency, title, valid_to, execution_date, permissions,
	app_type, os, callback, amount, fee, currency, payee_name, payee_number,
	status, reason, created_at, expires_at, ended_at, hold_id, payment_id`

func scanAuthorisation(row scanner) (payment.Authorisation, error) {
	var a payment.Authorisation
	d := &a.Draft
	var draftCurrency, currency, date, permissions string
	var draftAmount, amount, fee, validTo, createdAt, expiresAt, endedAt int64
	err := row.Scan((*string)(&a.ID), (*string)(&a.Agreement), (*string)(&a.Application), (*string)(&a.Customer), (*string)(&a.Person), (*string)(&a.Account),
		(*string)(&d.Kind), &d.OperationID, (*string)(&d.Hold), (*string)(&d.Payment), &draftAmount, &draftCurrency, &d.Title, &validTo, &date, &permissions,
		&a.Return.AppType, &a.Return.OS, &a.Return.Callback, &amount, &fee, &currency, &a.Payee.Name, &a.Payee.Number,
		(*string)(&a.Status), (*string)(&a.Reason), &createdAt, &expiresAt, &endedAt, (*string)(&a.Hold), (*string)(&a.Payment))
	if err != nil {
		return payment.Authorisation{}, err
	}
	d.Amount = money.New(draftAmount, money.Currency(draftCurrency))
	a.Amount, a.Fee = money.New(amount, money.Currency(currency)), money.New(fee, money.Currency(currency))
	d.ValidTo, a.CreatedAt, a.ExpiresAt, a.EndedAt = instant(validTo), instant(createdAt), instant(expiresAt), instant(endedAt)
	if d.ExecutionDate, err = day(date); err != nil {
		return payment.Authorisation{}, err
	}
	for text := range strings.FieldsSeq(permissions) {
		p, err := consent.ParsePermission(text)
		if err != nil {
			return payment.Authorisation{}, err
		}
		d.Permissions = append(d.Permissions, p)
	}
	return a, nil
}

func loadAuthorisations(qs *questions, ids []payment.AuthorisationID, into map[payment.AuthorisationID]*payment.Authorisation) {
	load(qs, ids, into, "authorisations", `select `+authorisationColumns+` from authorisation where id = any($1)`,
		scanAuthorisation, func(a *payment.Authorisation) payment.AuthorisationID { return a.ID })
}

func insertAuthorisations(ctx context.Context, tx *writeTx, authorisations []*payment.Authorisation) error {
	return put(ctx, tx, bulk{table: "authorisation", columns: authorisationColumns}, authorisations, func(a *payment.Authorisation) ([]any, error) {
		d := &a.Draft
		permissions := make([]string, len(d.Permissions))
		for i, p := range d.Permissions {
			permissions[i] = p.String()
		}
		return []any{
			string(a.ID), string(a.Agreement), string(a.Application), string(a.Customer), string(a.Person), string(a.Account),
			string(d.Kind), d.OperationID, string(d.Hold), string(d.Payment), d.Amount.Minor(), string(d.Amount.Currency()), d.Title,
			micros(d.ValidTo), dayText(d.ExecutionDate), strings.Join(permissions, " "),
			a.Return.AppType, a.Return.OS, a.Return.Callback, a.Amount.Minor(), a.Fee.Minor(), string(a.Amount.Currency()),
			a.Payee.Name, a.Payee.Number, string(a.Status), string(a.Reason), micros(a.CreatedAt), micros(a.ExpiresAt), micros(a.EndedAt),
			string(a.Hold), string(a.Payment),
		}, nil
	})
}

func updateAuthorisations(ctx context.Context, tx *writeTx, authorisations []*payment.Authorisation) error {
	return put(ctx, tx, bulk{table: "authorisation", key: "id", columns: "status, reason, ended_at, hold_id, payment_id, id"}, authorisations,
		func(a *payment.Authorisation) ([]any, error) {
			return []any{string(a.Status), string(a.Reason), micros(a.EndedAt), string(a.Hold), string(a.Payment), string(a.ID)}, nil
		})
}

// Authorisation finds a prepared operation; a NotFound refusal when there is
// none.
func (s *Store) Authorisation(ctx context.Context, id payment.AuthorisationID) (payment.Authorisation, error) {
	a, err := scanAuthorisation(s.read.QueryRowContext(ctx, `select `+authorisationColumns+` from authorisation where id = $1`, string(id)))
	return a, found(err, "operation")
}

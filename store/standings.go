package store

import (
	"context"
	"fmt"

	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/thirdparty"
	"okienko/bank/transfer"
)

const bundleColumns = `id, consent_id, client, tpp_id, customer_id, account_id, kind, total, currency, transfers, created_at`

func scanBundle(row scanner) (transfer.Bundle, error) {
	var b transfer.Bundle
	var currency, transfers string
	var total, created int64
	err := row.Scan((*string)(&b.ID), &b.Consent, (*string)(&b.Client), &b.TPPID, (*string)(&b.Customer), (*string)(&b.Account),
		(*string)(&b.Kind), &total, &currency, &transfers, &created)
	if err != nil {
		return transfer.Bundle{}, err
	}
	b.Total, b.CreatedAt = money.New(total, money.Currency(currency)), instant(created)
	b.Transfers, err = decodeList[transfer.ID](transfers)
	return b, err
}

func loadBundles(qs *questions, ids []transfer.BundleID, into map[transfer.BundleID]*transfer.Bundle) {
	load(qs, ids, into, "bundles", `select `+bundleColumns+` from bundle where id = any($1)`,
		scanBundle, func(b *transfer.Bundle) transfer.BundleID { return b.ID })
}

func insertBundles(ctx context.Context, tx *writeTx, bundles []*transfer.Bundle) error {
	return put(ctx, tx, bulk{table: "bundle", columns: bundleColumns}, bundles, func(b *transfer.Bundle) ([]any, error) {
		return []any{
			string(b.ID), b.Consent, string(b.Client), b.TPPID, string(b.Customer), string(b.Account),
			string(b.Kind), b.Total.Minor(), string(b.Total.Currency()), encodeList(b.Transfers), micros(b.CreatedAt),
		}, nil
	})
}

// Bundle finds one; a NotFound refusal when there is none.
func (s *Store) Bundle(ctx context.Context, id transfer.BundleID) (transfer.Bundle, error) {
	b, err := scanBundle(s.read.QueryRowContext(ctx, `select `+bundleColumns+` from bundle where id = $1`, string(id)))
	return b, found(err, "bundle")
}

const standingColumns = `id, consent_id, client, tpp_id, customer_id, account_id, payee_id, instruction, currency, system, fee,
	status, next_day, due, made, created_at, ended_at`

func scanStanding(row scanner) (transfer.Standing, error) {
	var s transfer.Standing
	var order, currency, next string
	var fee, due, created, ended int64
	err := row.Scan((*string)(&s.ID), &s.Consent, (*string)(&s.Client), &s.TPPID, (*string)(&s.Customer), (*string)(&s.Account),
		(*string)(&s.Payee), &order, &currency, (*string)(&s.System), &fee, (*string)(&s.Status), &next, &due, &s.Made,
		&created, &ended)
	if err != nil {
		return transfer.Standing{}, err
	}
	s.Fee = money.New(fee, money.Currency(currency))
	s.Due, s.CreatedAt, s.EndedAt = instant(due), instant(created), instant(ended)
	if s.Order, err = decodeOrder(order); err != nil {
		return transfer.Standing{}, fmt.Errorf("standing order %s: %w", s.ID, err)
	}
	s.Next, err = day(next)
	return s, err
}

func loadStandings(qs *questions, ids []transfer.StandingID, into map[transfer.StandingID]*transfer.Standing) {
	load(qs, ids, into, "standing orders", `select `+standingColumns+` from standing_order where id = any($1)`,
		scanStanding, func(s *transfer.Standing) transfer.StandingID { return s.ID })
}

func insertStandings(ctx context.Context, tx *writeTx, standings []*transfer.Standing) error {
	return put(ctx, tx, bulk{table: "standing_order", columns: standingColumns}, standings, func(s *transfer.Standing) ([]any, error) {
		order, err := encodeOrder(&s.Order)
		return []any{
			string(s.ID), s.Consent, string(s.Client), s.TPPID, string(s.Customer), string(s.Account), string(s.Payee),
			order, string(s.Order.Amount.Currency()), string(s.System), s.Fee.Minor(), string(s.Status), dayText(s.Next), micros(s.Due), int64(s.Made),
			micros(s.CreatedAt), micros(s.EndedAt),
		}, err
	})
}

func updateStandings(ctx context.Context, tx *writeTx, standings []*transfer.Standing) error {
	return put(ctx, tx, bulk{table: "standing_order", key: "id", columns: "status, next_day, due, made, ended_at, id"}, standings,
		func(s *transfer.Standing) ([]any, error) {
			return []any{string(s.Status), dayText(s.Next), micros(s.Due), int64(s.Made), micros(s.EndedAt), string(s.ID)}, nil
		})
}

// Standing finds one; a NotFound refusal when there is none.
func (s *Store) Standing(ctx context.Context, id transfer.StandingID) (transfer.Standing, error) {
	o, err := scanStanding(s.read.QueryRowContext(ctx, `select `+standingColumns+` from standing_order where id = $1`, string(id)))
	return o, found(err, "standing order")
}

// StandingsOf lists a customer's standing orders, newest first.
func (s *Store) StandingsOf(ctx context.Context, c party.CustomerID) ([]transfer.Standing, error) {
	return rows(ctx, s.read, scanStanding, `select `+standingColumns+` from standing_order
		where customer_id = $1 order by created_at desc, id desc`, string(c))
}

const submissionColumns = `client, tpp_id, content, at, transfer_id, bundle_id, standing_id`

func scanSubmission(row scanner) (transfer.Submission, error) {
	var s transfer.Submission
	var at int64
	err := row.Scan((*string)(&s.Key.Client), &s.Key.TPPID, &s.Content, &at, (*string)(&s.Transfer), (*string)(&s.Bundle), (*string)(&s.Standing))
	s.At = instant(at)
	return s, err
}

// loadSubmissions asks for every combination of clients and ids: an id of one
// third party is seldom one of another, and what was not asked for is left out.
func loadSubmissions(qs *questions, keys []transfer.SubmissionKey, into map[transfer.SubmissionKey]*transfer.Submission) {
	if len(keys) == 0 {
		return
	}
	var clients []thirdparty.ClientID
	seen := map[thirdparty.ClientID]bool{}
	ids := make([]string, len(keys))
	for i, k := range keys {
		into[k], ids[i] = nil, k.TPPID
		if !seen[k.Client] {
			seen[k.Client] = true
			clients = append(clients, k.Client)
		}
	}
	qs.ask("submissions", `select `+submissionColumns+` from submission where client = any($1) and tpp_id = any($2)`, func(row scanner) error {
		s, err := scanSubmission(row)
		if _, asked := into[s.Key]; asked {
			into[s.Key] = &s
		}
		return err
	}, list(clients), ids)
}

func insertSubmissions(ctx context.Context, tx *writeTx, submissions []*transfer.Submission) error {
	return put(ctx, tx, bulk{table: "submission", columns: submissionColumns}, submissions, func(s *transfer.Submission) ([]any, error) {
		return []any{string(s.Key.Client), s.Key.TPPID, s.Content, micros(s.At), string(s.Transfer), string(s.Bundle), string(s.Standing)}, nil
	})
}

// Submission finds what a third party has ordered by an id of its own; a
// NotFound refusal when there is nothing.
func (s *Store) Submission(ctx context.Context, k transfer.SubmissionKey) (transfer.Submission, error) {
	o, err := scanSubmission(s.read.QueryRowContext(ctx, `select `+submissionColumns+` from submission where client = $1 and tpp_id = $2`,
		string(k.Client), k.TPPID))
	return o, found(err, "payment")
}

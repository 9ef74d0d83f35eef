package store

import (
	"okienko/bank/account"
	"okienko/bank/money"
	"okienko/bank/nrb"
	"okienko/bank/party"
)

const accountColumns = `account.id, account.kind, account.customer_id, account.nrb, account.holder, account.name,
	account.product_group, account.product_type, account.status,
	account.access_state, account.access_by, account.access_at, account.access_why, account.opened_at,
	account.currency, account.booked, account.held, account.overdraft, account.seq`

// accountRow is a row of accountColumns, also as part of a join.
type accountRow struct {
	id, kind, customer, nrb, holder, name, group, typ, status string
	accessState, accessBy, accessWhy, currency                string

	accessAt, opened, booked, held, overdraft, seq int64
}

func (r *accountRow) dest() []any {
	return []any{&r.id, &r.kind, &r.customer, &r.nrb, &r.holder, &r.name, &r.group, &r.typ, &r.status,
		&r.accessState, &r.accessBy, &r.accessAt, &r.accessWhy, &r.opened,
		&r.currency, &r.booked, &r.held, &r.overdraft, &r.seq}
}

func (r *accountRow) account() account.Account {
	c := money.Currency(r.currency)
	return account.Account{
		ID: account.ID(r.id), Kind: account.Kind(r.kind), Customer: party.CustomerID(r.customer), NRB: nrb.NRB(r.nrb),
		Holder: r.holder, Name: r.name, Product: account.Product{Group: r.group, Type: r.typ}, Status: account.Status(r.status),
		Access: account.Access{
			State: account.AccessState(r.accessState), By: r.accessBy, At: instant(r.accessAt), Why: r.accessWhy,
		},
		OpenedAt: instant(r.opened),
		Booked:   money.New(r.booked, c), Held: money.New(r.held, c), Overdraft: money.New(r.overdraft, c), Seq: r.seq,
	}
}

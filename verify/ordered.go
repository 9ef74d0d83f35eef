package verify

import (
	"context"
	"encoding/json"
	"slices"
)

type bundleRow struct {
	account, currency, transfers string
	total                        int64
}

type memberRow struct {
	id, account, currency string
	amount, number        int64
}

func scanMember(scan func(...any) error, m *memberRow) (of string, err error) {
	err = scan(&of, &m.id, &m.account, &m.currency, &m.amount, &m.number)
	return of, err
}

// bundles checks that a bundle is its transfers, and the sum that it states
// theirs.
func (v *verifier) bundles(ctx context.Context) error {
	bundles, err := read(ctx, v.data, "select id, account_id, currency, transfers, total from bundle order by "+v.data.bytewise("id"),
		func(scan func(...any) error, b *bundleRow) (id string, err error) {
			err = scan(&id, &b.account, &b.currency, &b.transfers, &b.total)
			return id, err
		})
	if err != nil {
		return err
	}
	members, err := read(ctx, v.data, "select bundle_id, id, account_id, currency, amount, number from transfer where bundle_id <> '' order by "+
		v.data.bytewise("bundle_id")+", "+v.data.bytewise("id"), scanMember)
	if err != nil {
		return err
	}
	stray := func(id string, m memberRow) {
		v.find("bundle", id, "transfer %s is part of it, and it does not exist", m.id)
	}
	for bundles.more {
		v.bundle(bundles.key, bundles.row, members.of(bundles.key, stray))
		bundles.next()
	}
	if err := members.end(stray); err != nil {
		return err
	}
	v.count("bundles", bundles.n)
	return bundles.end(nil)
}

func (v *verifier) bundle(id string, b bundleRow, members []memberRow) {
	var named, have []string
	if err := json.Unmarshal([]byte(b.transfers), &named); err != nil {
		v.find("bundle", id, "its transfers cannot be read")
	}
	var sum int64
	for _, m := range members {
		have = append(have, m.id)
		if m.account != b.account || m.currency != b.currency {
			v.find("bundle", id, "transfer %s leaves another account, or is in another currency", m.id)
		}
		var fits bool
		if sum, fits = add(sum, m.amount); !fits {
			v.find("bundle", id, "its transfers are more than can be added")
		}
	}
	slices.Sort(named)
	if !slices.Equal(named, have) {
		v.find("bundle", id, "it names %d transfers, and %d are part of it", len(named), len(have))
	}
	if sum != b.total {
		v.find("bundle", id, "it says %s, and its transfers add up to %s", pln(b.total), pln(sum))
	}
}

type standingRow struct {
	account, currency, status string
	due, made, endedAt        int64
}

// standings checks that a standing order has made the payments that it counts.
func (v *verifier) standings(ctx context.Context) error {
	standings, err := read(ctx, v.data, "select id, account_id, currency, status, due, made, ended_at from standing_order order by "+v.data.bytewise("id"),
		func(scan func(...any) error, s *standingRow) (id string, err error) {
			err = scan(&id, &s.account, &s.currency, &s.status, &s.due, &s.made, &s.endedAt)
			return id, err
		})
	if err != nil {
		return err
	}
	members, err := read(ctx, v.data, "select standing_id, id, account_id, currency, amount, number from transfer where standing_id <> '' order by "+
		v.data.bytewise("standing_id")+", number", scanMember)
	if err != nil {
		return err
	}
	stray := func(id string, m memberRow) {
		v.find("standing", id, "transfer %s is a payment of it, and it does not exist", m.id)
	}
	for standings.more {
		id, s := standings.key, standings.row
		made := members.of(id, stray)
		if int64(len(made)) != s.made {
			v.find("standing", id, "it counts %d payments and has made %d", s.made, len(made))
		}
		for i, m := range made {
			if m.number != int64(i+1) || m.account != s.account || m.currency != s.currency {
				v.find("standing", id, "payment %d of it, transfer %s, stands in place %d or leaves another account", m.number, m.id, i+1)
			}
		}
		ended := s.status == "cancelled" || s.status == "close"
		if ended != (s.endedAt != 0) || ended != (s.due == 0) {
			v.find("standing", id, "it is %s, its next payment is due at %d, and it ended at %d", s.status, s.due, s.endedAt)
		}
		standings.next()
	}
	if err := members.end(stray); err != nil {
		return err
	}
	v.count("standing orders", standings.n)
	return standings.end(nil)
}

// ordered is what third parties have ordered, with the consent under which they
// did.
const ordered = `(
	select 'transfer' as what, id, consent_id, client, customer_id, tpp_id, account_id, bundle_id <> '' as part from transfer where standing_id = ''
	union all select 'bundle', id, consent_id, client, customer_id, tpp_id, account_id, 1 = 0 from bundle
	union all select 'standing', id, consent_id, client, customer_id, tpp_id, account_id, 1 = 0 from standing_order) o `

// thirdParties checks that whatever was ordered was consented to once, by its
// customer for that third party, and that what has ended opens nothing any more.
func (v *verifier) thirdParties(ctx context.Context) error {
	for _, c := range [...]struct{ check, text, query string }{
		{"consent", "it made something that does not exist, or that was ordered under another one",
			`select c.id from tpp_consent c left join ` + ordered + `on o.id = c.made and o.consent_id = c.id where c.made <> '' and o.id is null`},
		{"transfer", "its consent does not exist, or is another third party's or customer's",
			`select o.id from ` + ordered + `left join tpp_consent c on c.id = o.consent_id
			where c.id is null or c.scope <> 'pis' or c.client <> o.client or c.customer_id <> o.customer_id`},
		{"transfer", "its consent does not say that it made it",
			`select o.id from ` + ordered + `join tpp_consent c on c.id = o.consent_id where c.made <> o.id and not o.part`},
		{"transfer", "the id under which it was ordered is not remembered",
			`select o.id from ` + ordered + `left join submission s on s.client = o.client and s.tpp_id = o.tpp_id
			where s.client is null or s.transfer_id || s.bundle_id || s.standing_id <> o.id`},
		{"transfer", "it leaves an account of somebody else",
			`select o.id from ` + ordered + `left join account a on a.id = o.account_id where a.id is null or a.customer_id <> o.customer_id`},
		{"submission", "what was ordered under it does not exist",
			`select s.client || ' ' || s.tpp_id from submission s left join ` + ordered + `on o.id = s.transfer_id || s.bundle_id || s.standing_id where o.id is null`},
		{"consent", "it has ended, and a token of it is still good",
			`select distinct t.consent_id from consent_token t join tpp_consent c on c.id = t.consent_id
			where t.spent_at = 0 and t.revoked_at = 0 and c.status <> 'active'`},
		{"consent", "it has ended, and a code of it is still good",
			`select distinct t.consent_id from consent_code t join tpp_consent c on c.id = t.consent_id where t.spent_at = 0 and c.status <> 'active'`},
		{"consent", "a token of it was issued to another third party",
			`select distinct t.consent_id from consent_token t join tpp_consent c on c.id = t.consent_id where t.client <> c.client`},
		{"consent", "its third party is not registered",
			`select c.id from tpp_consent c left join tpp_client t on t.id = c.client and t.organisation = c.organisation where c.client <> '' and t.id is null`},
	} {
		if err := v.none(ctx, c.check, c.text, c.query); err != nil {
			return err
		}
	}
	for _, c := range [...]struct{ what, table string }{
		{"consents", "tpp_consent"}, {"tokens of consents", "consent_token"}, {"submissions", "submission"}, {"third parties", "tpp_client"},
	} {
		if err := v.number(ctx, c.what, c.table); err != nil {
			return err
		}
	}
	return nil
}

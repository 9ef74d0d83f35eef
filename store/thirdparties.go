package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"okienko/bank"
	"okienko/bank/audit"
	"okienko/bank/desk"
	"okienko/bank/thirdparty"
)

var _ thirdparty.Register = (*Store)(nil)

// clientColumns are those of a client and of one of its keys: a client comes
// with its keys in one read, one row for each.
const clientColumns = `c.id, c.organisation, c.name, c.email, c.redirect_uris, c.callback_urls, c.status, c.status_by, c.status_why, c.since,
	c.any_uuid, c.optional_headers, c.unknown_fields, c.token_once, c.optional_tpp_id, c.loose_numbers,
	coalesce(k.thumbprint, ''), k.certificate, coalesce(k.url, ''), coalesce(k.added_at, 0)`

// clientRows are clients joined with their keys. Those without any have one row
// too.
const clientRows = `select ` + clientColumns + ` from tpp_client c
	left join tpp_key k on k.client = c.id `

// clients reads rows of clientRows, which come client by client.
func clients(ctx context.Context, q querier, rest string, args ...any) ([]thirdparty.Client, error) {
	var out []thirdparty.Client
	err := each(ctx, q, clientRows+rest, func(row scanner) error {
		var (
			c            thirdparty.Client
			k            thirdparty.Key
			uris, calls  string
			since, added int64
		)
		l := &c.Lenience
		err := row.Scan((*string)(&c.ID), (*string)(&c.Organisation), &c.Name, &c.Email, &uris, &calls, (*string)(&c.Status), &c.StatusBy, &c.StatusWhy, &since,
			&l.AnyUUID, &l.OptionalHeaders, &l.UnknownFields, &l.TokenOnce, &l.OptionalTPPID, &l.LooseNumbers, &k.Thumbprint, &k.Certificate, &k.URL, &added)
		if err != nil {
			return err
		}
		if n := len(out); n == 0 || out[n-1].ID != c.ID {
			c.Since = instant(since)
			if c.RedirectURIs, err = decodeList[string](uris); err != nil {
				return err
			}
			if c.CallbackURLs, err = decodeList[string](calls); err != nil {
				return err
			}
			out = append(out, c)
		}
		if k.Thumbprint != "" {
			k.AddedAt = instant(added)
			last := &out[len(out)-1]
			last.Keys = append(last.Keys, k)
		}
		return nil
	}, args...)
	return out, err
}

// oneClient finds a client or refuses.
func oneClient(ctx context.Context, q querier, rest string, args ...any) (thirdparty.Client, error) {
	list, err := clients(ctx, q, rest, args...)
	switch {
	case err != nil:
		return thirdparty.Client{}, err
	case len(list) == 0:
		return thirdparty.Client{}, found(sql.ErrNoRows, "third party")
	}
	return list[0], nil
}

// Client finds one; a NotFound refusal when there is none.
func (s *Store) Client(ctx context.Context, id thirdparty.ClientID) (thirdparty.Client, error) {
	return oneClient(ctx, s.read, `where c.id = $1 order by k.place`, string(id))
}

// ClientOf finds the client of an organisation.
func (s *Store) ClientOf(ctx context.Context, o thirdparty.Organisation) (thirdparty.Client, error) {
	return oneClient(ctx, s.read, `where c.organisation = $1 order by k.place`, string(o))
}

// Clients lists every client by name.
func (s *Store) Clients(ctx context.Context) ([]thirdparty.Client, error) {
	return clients(ctx, s.read, `order by c.name, c.id, k.place`)
}

// ChangeClient lets change decide over the client of an organisation; see
// thirdparty.Register. The table's key lets one registration be the first.
func (s *Store) ChangeClient(ctx context.Context, o thirdparty.Organisation,
	change func(*thirdparty.Client) (thirdparty.Client, []audit.Record, error)) (thirdparty.Client, error) {
	var out thirdparty.Client
	err := s.act(ctx, outside, func(ctx context.Context, tx *writeTx) error {
		held, err := rows(ctx, tx, scanText[thirdparty.ClientID], `select id from tpp_client where organisation = $1`+held(tx), string(o))
		if err != nil {
			return err
		}
		var before *thirdparty.Client
		if len(held) > 0 {
			c, err := oneClient(ctx, tx, `where c.id = $1 order by k.place`, string(held[0]))
			if err != nil {
				return err
			}
			before = &c
		}
		c, records, err := change(before)
		switch {
		case err != nil:
			return err
		case c.Organisation != o, len(held) > 0 && c.ID != held[0]:
			return fmt.Errorf("store: a change of the client of %s made it client %s of %s", o, c.ID, c.Organisation)
		}
		if err := putClient(ctx, tx, &c); err != nil {
			if len(held) == 0 && isTaken(err) { // registered at this very instant: it stands now
				return fmt.Errorf("%w: %w", desk.ErrConflict, err)
			}
			return err
		}
		out = c
		tx.audit(records...)
		return nil
	})
	if err != nil {
		return thirdparty.Client{}, err
	}
	return out, nil
}

func putClient(ctx context.Context, tx *writeTx, c *thirdparty.Client) error {
	l := &c.Lenience
	err := one(tx.ExecContext(ctx, `insert into tpp_client (id, organisation, name, email, redirect_uris, callback_urls, status, status_by, status_why, since,
			any_uuid, optional_headers, unknown_fields, token_once, optional_tpp_id, loose_numbers)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
		on conflict (id) do update set name = excluded.name, email = excluded.email, redirect_uris = excluded.redirect_uris, callback_urls = excluded.callback_urls,
			status = excluded.status, status_by = excluded.status_by, status_why = excluded.status_why,
			any_uuid = excluded.any_uuid, optional_headers = excluded.optional_headers, unknown_fields = excluded.unknown_fields,
			token_once = excluded.token_once, optional_tpp_id = excluded.optional_tpp_id, loose_numbers = excluded.loose_numbers`,
		string(c.ID), string(c.Organisation), c.Name, c.Email, encodeList(c.RedirectURIs), encodeList(c.CallbackURLs), string(c.Status), c.StatusBy, c.StatusWhy,
		micros(c.Since), l.AnyUUID, l.OptionalHeaders, l.UnknownFields, l.TokenOnce, l.OptionalTPPID, l.LooseNumbers))
	if err != nil {
		return fmt.Errorf("third party %s: %w", c.ID, err)
	}
	if _, err := tx.ExecContext(ctx, `delete from tpp_key where client = $1`, string(c.ID)); err != nil {
		return err
	}
	place := int64(0)
	return put(ctx, tx, bulk{table: "tpp_key", columns: "client, thumbprint, certificate, url, added_at, place"}, c.Keys, func(k thirdparty.Key) ([]any, error) {
		place++
		return []any{string(c.ID), k.Thumbprint, blob(k.Certificate), k.URL, micros(k.AddedAt), place}, nil
	})
}

const entryColumns = `organisation, name, country, roles, since, withdrawn_at, imported_at`

func scanRegisterEntry(row scanner) (thirdparty.Entry, error) {
	var e thirdparty.Entry
	var roles string
	var since, until, imported int64
	err := row.Scan((*string)(&e.Organisation), &e.Name, &e.Country, &roles, &since, &until, &imported)
	for _, r := range strings.Fields(roles) {
		e.Roles = append(e.Roles, thirdparty.Role(r))
	}
	e.Since, e.Until, e.ImportedAt = instant(since), instant(until), instant(imported)
	return e, err
}

// Entry finds what the register says of an organisation; a NotFound refusal when
// it never named it.
func (s *Store) Entry(ctx context.Context, o thirdparty.Organisation) (thirdparty.Entry, error) {
	e, err := scanRegisterEntry(s.read.QueryRowContext(ctx, `select `+entryColumns+` from register_entry where organisation = $1`, string(o)))
	return e, found(err, "entry of the register")
}

// Entries lists the register, by organisation.
func (s *Store) Entries(ctx context.Context) ([]thirdparty.Entry, error) {
	return rows(ctx, s.read, scanRegisterEntry, `select `+entryColumns+` from register_entry order by organisation`)
}

// ImportEntries replaces the register; see thirdparty.Register.
func (s *Store) ImportEntries(ctx context.Context, list []thirdparty.Entry, now time.Time, r audit.Record) error {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b thirdparty.Entry) int {
		return strings.Compare(string(a.Organisation), string(b.Organisation))
	})
	named := make([]string, len(list))
	for i := range list {
		named[i] = string(list[i].Organisation)
		if i > 0 && named[i] == named[i-1] {
			return bank.RefuseField("entries", "The list names "+named[i]+" twice.")
		}
	}
	return s.act(ctx, outside, func(ctx context.Context, tx *writeTx) error {
		_, err := tx.ExecContext(ctx, `update register_entry set withdrawn_at = $1
			where (withdrawn_at = 0 or withdrawn_at > $1) and not (organisation = any($2))`, micros(now), named)
		if err != nil {
			return fmt.Errorf("store: the register: %w", err)
		}
		tx.audit(r)
		return put(ctx, tx, bulk{table: "register_entry", columns: entryColumns, end: `on conflict (organisation) do update set
			name = excluded.name, country = excluded.country, roles = excluded.roles, since = excluded.since,
			withdrawn_at = excluded.withdrawn_at, imported_at = excluded.imported_at`}, list, func(e thirdparty.Entry) ([]any, error) {
			roles := make([]string, len(e.Roles))
			for i, role := range e.Roles {
				roles[i] = string(role)
			}
			return []any{string(e.Organisation), e.Name, e.Country, strings.Join(roles, " "), micros(e.Since), micros(e.Until), micros(now)}, nil
		})
	})
}

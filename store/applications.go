package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	"okienko/bank"
	"okienko/bank/consent"
	"okienko/bank/fee"
	"okienko/bank/money"
	"okienko/bank/partner"
)

// applicationLists is the form in which the lists of an application are kept:
// they are read and replaced together and never searched, so tables of their
// own would be joins without a use.
type applicationLists struct {
	Redirect    []string         `json:"redirect,omitempty"`
	Callback    []string         `json:"callback,omitempty"`
	Android     []string         `json:"android,omitempty"`
	IOS         []string         `json:"ios,omitempty"`
	Addresses   []netip.Prefix   `json:"addresses,omitempty"`
	Permissions []definitionText `json:"permissions,omitempty"`
	Fees        map[string]int64 `json:"fees,omitempty"`
}

type definitionText struct {
	Permission   string `json:"permission"`
	Obligatory   bool   `json:"obligatory,omitempty"`
	ValidSeconds int64  `json:"validSeconds"`
	Quota        int64  `json:"quota"`
}

func encodeLists(a *partner.Application) (string, error) {
	l := applicationLists{
		Redirect: a.RedirectURIs, Callback: a.CallbackURIs, Android: a.AndroidReturn, IOS: a.IOSReturn, Addresses: a.Addresses,
	}
	for _, d := range a.Permissions {
		l.Permissions = append(l.Permissions, definitionText{d.String(), d.Obligatory, d.ValidSeconds, d.Quota})
	}
	for act, price := range a.Fees {
		if l.Fees == nil {
			l.Fees = make(map[string]int64, len(a.Fees))
		}
		l.Fees[string(act)] = price
	}
	text, err := json.Marshal(l)
	return string(text), err
}

func decodeLists(text string, into *partner.Application) error {
	var l applicationLists
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		return err
	}
	into.RedirectURIs, into.CallbackURIs, into.AndroidReturn, into.IOSReturn, into.Addresses = l.Redirect, l.Callback, l.Android, l.IOS, l.Addresses
	for _, d := range l.Permissions {
		p, err := consent.ParsePermission(d.Permission)
		if err != nil {
			return err
		}
		into.Permissions = append(into.Permissions,
			consent.Definition{Permission: p, Obligatory: d.Obligatory, ValidSeconds: d.ValidSeconds, Quota: d.Quota})
	}
	for act, price := range l.Fees {
		if into.Fees == nil {
			into.Fees = make(fee.Table, len(l.Fees))
		}
		into.Fees[fee.Act(act)] = price
	}
	return nil
}

// applicationColumns leave out the logo, which only pages need: it may be a
// hundred times the rest of the row, and every batch of orders loads the rest.
const applicationColumns = `id, partner_id, name, description, logo_type, lists,
	currency, limit_single, limit_daily, limit_monthly, limit_unconfirmed, charges_cap, account_id,
	domain, domain_method, domain_token, domain_proven_at, status, native, access_ttl, refresh_ttl, release_by_customer, since`

func scanApplication(row scanner) (partner.Application, error) {
	var (
		a                              partner.Application
		lists                          string
		limits                         limitColumns
		charges                        sql.NullInt64
		proven, access, refresh, since int64
	)
	dest := []any{(*string)(&a.ID), (*string)(&a.Partner), &a.Name, &a.Description, &a.Logo.MediaType, &lists}
	dest = append(dest, limits.dest()...)
	dest = append(dest, &charges, (*string)(&a.Account), &a.Domain.Domain, (*string)(&a.Domain.Method), &a.Domain.Token, &proven,
		(*string)(&a.Status), &a.Native, &access, &refresh, &a.ReleaseByCustomer, &since)
	if err := row.Scan(dest...); err != nil {
		return partner.Application{}, err
	}
	if err := decodeLists(lists, &a); err != nil {
		return partner.Application{}, fmt.Errorf("store: lists of application %s: %w", a.ID, err)
	}
	a.Limits = limits.limits()
	a.Charges = capOf(charges, money.Currency(limits.currency))
	a.AccessTTL, a.RefreshTTL = time.Duration(access)*time.Microsecond, time.Duration(refresh)*time.Microsecond
	a.Domain.ProvenAt, a.Since = instant(proven), instant(since)
	return a, nil
}

// scanPictured reads the logo and, after it, a row of applicationColumns.
func scanPictured(row scanner) (partner.Application, error) {
	var logo []byte
	a, err := scanApplication(after{row, []any{&logo}})
	if len(logo) > 0 {
		a.Logo.Bytes = logo
	}
	return a, err
}

// applicationByID finds one with its logo or refuses.
func applicationByID(ctx context.Context, q querier, id consent.ClientID) (partner.Application, error) {
	a, err := scanPictured(q.QueryRowContext(ctx, `select logo, `+applicationColumns+` from application where id = $1`+held(q), string(id)))
	return a, found(err, "application")
}

// holdApplication keeps an application as it is until the act has committed:
// what it allows is part of the decision over a pairing, while staff may be
// lowering its limits on another node.
func holdApplication(ctx context.Context, tx *writeTx, id consent.ClientID) error {
	_, err := rows(ctx, tx, scanText[consent.ClientID], `select id from application where id = $1 for share`, string(id))
	return err
}

// holdApplicationOf is holdApplication by an agreement, before the agreement
// itself is held: whoever changes an application goes from it to its agreements.
func holdApplicationOf(ctx context.Context, tx *writeTx, id consent.ID) error {
	_, err := rows(ctx, tx, scanText[consent.ClientID], `select application.id from application
		join agreement on agreement.application = application.id where agreement.id = $1 for share of application`, string(id))
	return err
}

// loadApplications puts applications into a map without their logos, nil for
// those that do not exist.
func loadApplications(qs *questions, ids []consent.ClientID, into map[consent.ClientID]*partner.Application) {
	load(qs, ids, into, "applications", `select `+applicationColumns+` from application where id = any($1)`,
		scanApplication, func(a *partner.Application) consent.ClientID { return a.ID })
}

// Application finds one; a NotFound refusal when there is none.
func (s *Store) Application(ctx context.Context, id partner.ClientID) (partner.Application, error) {
	return applicationByID(ctx, s.read, id)
}

// Applications lists every application with its logo, by name.
func (s *Store) Applications(ctx context.Context) ([]partner.Application, error) {
	return rows(ctx, s.read, scanPictured, `select logo, `+applicationColumns+` from application order by name, id`)
}

// exists tells whether a table has a row with an id. A name that an application
// or a partner refers to is checked before it is kept, so that the refusal can
// say which one is wrong; a foreign key would only say that something is.
func exists(ctx context.Context, q querier, query string, id string) (bool, error) {
	var found bool
	err := q.QueryRowContext(ctx, `select exists (`+query+`)`, id).Scan(&found)
	return found, err
}

func putApplication(ctx context.Context, q querier, a *partner.Application) error {
	if ok, err := exists(ctx, q, `select 1 from partner where id = $1`, string(a.Partner)); err != nil {
		return err
	} else if !ok {
		return bank.RefuseField("partner", "There is no such partner.")
	}
	if a.Account != "" {
		if ok, err := exists(ctx, q, `select 1 from account where id = $1`, string(a.Account)); err != nil {
			return err
		} else if !ok {
			return bank.RefuseField("account", "There is no such account.")
		}
	}
	if a.Charges.Set && a.Charges.Amount.Currency() != a.Limits.Single.Currency() {
		return bank.RefuseField("charges", "The limit of charges is in the currency of the other limits.")
	}
	lists, err := encodeLists(a)
	if err != nil {
		return err
	}
	limits, err := limitArgs(a.Limits)
	if err != nil {
		return err
	}
	status := a.Status
	if status == "" {
		status = partner.Sandbox
	}
	params := []any{string(a.ID), string(a.Partner), a.Name, a.Description, a.Logo.MediaType, lists}
	params = append(params, limits...)
	params = append(params, nullableCap(a.Charges), string(a.Account),
		a.Domain.Domain, string(a.Domain.Method), a.Domain.Token, micros(a.Domain.ProvenAt),
		string(status), a.Native, a.AccessTTL.Microseconds(), a.RefreshTTL.Microseconds(), a.ReleaseByCustomer, micros(a.Since),
		blob(a.Logo.Bytes))
	return one(q.ExecContext(ctx, `insert into application (`+applicationColumns+`, logo)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)
		on conflict (id) do update set partner_id = excluded.partner_id, name = excluded.name, description = excluded.description,
			logo_type = excluded.logo_type, logo = excluded.logo, lists = excluded.lists, currency = excluded.currency,
			limit_single = excluded.limit_single, limit_daily = excluded.limit_daily, limit_monthly = excluded.limit_monthly,
			limit_unconfirmed = excluded.limit_unconfirmed, charges_cap = excluded.charges_cap, account_id = excluded.account_id,
			domain = excluded.domain, domain_method = excluded.domain_method, domain_token = excluded.domain_token,
			domain_proven_at = excluded.domain_proven_at, native = excluded.native, access_ttl = excluded.access_ttl,
			refresh_ttl = excluded.refresh_ttl, release_by_customer = excluded.release_by_customer`, params...))
}

package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"okienko/bank/account"
	"okienko/bank/transfer"
	"okienko/bank/xs2a"
)

// consentForm is the version of the form in which the lists of a consent are
// kept; see orderForm.
const consentForm = 1

// consentText is what of a consent is read whole and never searched.
type consentText struct {
	Form     int         `json:"v"`
	Grants   []grantText `json:"grants,omitempty"`
	Wanted   []string    `json:"wanted,omitempty"`
	Accounts []reachText `json:"accounts,omitempty"`
	Payment  *whatText   `json:"payment,omitempty"`
}

type grantText struct {
	Right       xs2a.Right `json:"right"`
	Single      bool       `json:"single,omitempty"`
	Spent       bool       `json:"spent,omitempty"`
	HistoryDays int        `json:"days,omitempty"`
}

type reachText struct {
	Ref     string     `json:"ref"`
	Account account.ID `json:"account"`
	Number  string     `json:"number"`
	Past    bool       `json:"past,omitempty"`
}

type whatText struct {
	Orders   []orderedText       `json:"orders,omitempty"`
	Total    amountText          `json:"total,omitzero"`
	Bundle   bool                `json:"bundle,omitempty"`
	Transfer transfer.ID         `json:"transfer,omitempty"`
	OfBundle transfer.BundleID   `json:"ofBundle,omitempty"`
	Standing transfer.StandingID `json:"standing,omitempty"`
}

type orderedText struct {
	TPPID  string          `json:"tppId,omitempty"`
	Order  orderText       `json:"order"`
	System transfer.System `json:"system,omitempty"`
	Fee    amountText      `json:"fee,omitzero"`
	Payee  account.ID      `json:"payee,omitempty"`
	VAT    account.ID      `json:"vat,omitempty"`
}

func encodeConsent(c *xs2a.Consent) (string, error) {
	t := consentText{Form: consentForm, Wanted: c.Wanted}
	for _, g := range c.Grants {
		t.Grants = append(t.Grants, grantText(g))
	}
	for _, r := range c.Accounts {
		t.Accounts = append(t.Accounts, reachText(r))
	}
	if w := c.Payment; w != nil {
		t.Payment = &whatText{Total: amountTextOf(w.Total), Bundle: w.Bundle, Transfer: w.Transfer, OfBundle: w.OfBundle, Standing: w.Standing}
		for i := range w.Orders {
			o := &w.Orders[i]
			t.Payment.Orders = append(t.Payment.Orders, orderedText{
				TPPID: o.TPPID, Order: orderTextOf(&o.Order), System: o.System, Fee: amountTextOf(o.Fee), Payee: o.Payee, VAT: o.VAT,
			})
		}
	}
	return encode(t)
}

func decodeConsent(text string, into *xs2a.Consent) error {
	var t consentText
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		return err
	}
	if t.Form != consentForm {
		return fmt.Errorf("unknown form %d", t.Form)
	}
	into.Wanted = t.Wanted
	for _, g := range t.Grants {
		into.Grants = append(into.Grants, xs2a.Grant(g))
	}
	for _, r := range t.Accounts {
		into.Accounts = append(into.Accounts, xs2a.Reach(r))
	}
	if t.Payment == nil {
		return nil
	}
	w := &xs2a.What{
		Total: t.Payment.Total.amount(), Bundle: t.Payment.Bundle,
		Transfer: t.Payment.Transfer, OfBundle: t.Payment.OfBundle, Standing: t.Payment.Standing,
	}
	for i := range t.Payment.Orders {
		o := &t.Payment.Orders[i]
		order, err := o.Order.instruction()
		if err != nil {
			return err
		}
		w.Orders = append(w.Orders, xs2a.Ordered{TPPID: o.TPPID, Order: order, System: o.System, Fee: o.Fee.amount(), Payee: o.Payee, VAT: o.VAT})
	}
	into.Payment = w
	return nil
}

const consentColumns = `tpp_consent.id, tpp_consent.version, tpp_consent.client, tpp_consent.organisation, tpp_consent.name,
	tpp_consent.tpp_id, tpp_consent.scope, tpp_consent.status, tpp_consent.valid_until, tpp_consent.customer_id, tpp_consent.person_id,
	tpp_consent.asked_at, tpp_consent.given_at, tpp_consent.proven_at, tpp_consent.ended_at, tpp_consent.ended_by,
	tpp_consent.last_used, tpp_consent.last_read, tpp_consent.made, tpp_consent.told_at, tpp_consent.content`

// consentRow is a row of consentColumns, also as part of a join.
type consentRow struct {
	c                                                  xs2a.Consent
	until, asked, given, proven, ended, lastUsed, told int64
	content                                            string
}

func (r *consentRow) dest() []any {
	c := &r.c
	return []any{(*string)(&c.ID), &c.Version, (*string)(&c.Client), (*string)(&c.Organisation), &c.Name,
		&c.TPPID, (*string)(&c.Scope), (*string)(&c.Status), &r.until, (*string)(&c.Customer), (*string)(&c.Person),
		&r.asked, &r.given, &r.proven, &r.ended, &c.EndedBy, &r.lastUsed, &c.LastRead, &c.Made, &r.told, &r.content}
}

func (r *consentRow) consent() (xs2a.Consent, error) {
	c := r.c
	c.Until, c.AskedAt, c.GivenAt, c.ProvenAt = instant(r.until), instant(r.asked), instant(r.given), instant(r.proven)
	c.EndedAt, c.LastUsed, c.Told = instant(r.ended), instant(r.lastUsed), instant(r.told)
	if err := decodeConsent(r.content, &c); err != nil {
		return xs2a.Consent{}, fmt.Errorf("store: consent %s: %w", c.ID, err)
	}
	return c, nil
}

func scanConsent(row scanner) (xs2a.Consent, error) {
	var r consentRow
	if err := row.Scan(r.dest()...); err != nil {
		return xs2a.Consent{}, err
	}
	return r.consent()
}

// consentByID finds one or refuses.
func consentByID(ctx context.Context, q querier, id xs2a.ID) (xs2a.Consent, error) {
	c, err := scanConsent(q.QueryRowContext(ctx, `select `+consentColumns+` from tpp_consent where id = $1`+held(q), string(id)))
	return c, found(err, "consent")
}

// loadConsents puts consents into a map, nil for those that do not exist.
func loadConsents(qs *questions, ids []xs2a.ID, into map[xs2a.ID]*xs2a.Consent) {
	load(qs, ids, into, "consents", `select `+consentColumns+` from tpp_consent where id = any($1)`,
		scanConsent, func(c *xs2a.Consent) xs2a.ID { return c.ID })
}

// changingColumns are those of a consent that an act may change.
const changingColumns = `version, scope, status, valid_until, customer_id, person_id, given_at, proven_at, ended_at, ended_by,
	last_used, last_read, made, told_at, single, funds_number, content`

func changingArgs(c *xs2a.Consent) ([]any, error) {
	content, err := encodeConsent(c)
	if err != nil {
		return nil, fmt.Errorf("store: consent %s: %w", c.ID, err)
	}
	number := ""
	if c.Scope == xs2a.Funds && len(c.Accounts) > 0 {
		number = c.Accounts[0].Number
	}
	var single []string
	for _, g := range c.Grants {
		if g.Single {
			single = append(single, string(g.Right))
		}
	}
	return []any{int64(c.Version), string(c.Scope), string(c.Status), micros(c.Until), string(c.Customer), string(c.Person), micros(c.GivenAt),
		micros(c.ProvenAt), micros(c.EndedAt), c.EndedBy, micros(c.LastUsed), c.LastRead, c.Made, micros(c.Told), strings.Join(single, " "), number, content}, nil
}

func insertConsent(ctx context.Context, tx *writeTx, c *xs2a.Consent) error {
	return put(ctx, tx, bulk{table: "tpp_consent", columns: "id, client, organisation, name, tpp_id, asked_at, " + changingColumns},
		[]*xs2a.Consent{c}, func(c *xs2a.Consent) ([]any, error) {
			args, err := changingArgs(c)
			return append([]any{string(c.ID), string(c.Client), string(c.Organisation), c.Name, c.TPPID, micros(c.AskedAt)}, args...), err
		})
}

// writeConsents keeps consents as they are after an act or a batch. What they
// are called, and by whom they were asked for, never changes.
func writeConsents(ctx context.Context, tx *writeTx, consents []*xs2a.Consent) error {
	return put(ctx, tx, bulk{table: "tpp_consent", key: "id", columns: changingColumns + ", id"}, consents, func(c *xs2a.Consent) ([]any, error) {
		args, err := changingArgs(c)
		return append(args, string(c.ID)), err
	})
}

// roomOf is how acts on a consent stand to the batches of the desk: those read
// and change the consents of payments, and no others. A consent of payments
// never becomes another one, nor the other way round (see changeConsent).
func roomOf(scope xs2a.Scope) room {
	if scope == xs2a.Payments {
		return inside
	}
	return outside
}

// scopeOf is the scope of a consent at this moment.
func (s *Store) scopeOf(ctx context.Context, id xs2a.ID) (xs2a.Scope, error) {
	scope, err := scanText[xs2a.Scope](s.read.QueryRowContext(ctx, `select scope from tpp_consent where id = $1`, string(id)))
	return scope, found(err, "consent")
}

// changeConsent lets an act decide over a consent that it holds, and keeps what
// it made of it.
func changeConsent(ctx context.Context, tx *writeTx, c *xs2a.Consent, decide func(*xs2a.Consent) error) error {
	was := *c
	if err := decide(c); err != nil {
		return err
	}
	if was.ID != c.ID || was.Client != c.Client || was.TPPID != c.TPPID || was.Organisation != c.Organisation || roomOf(was.Scope) != roomOf(c.Scope) {
		return fmt.Errorf("store: a change of consent %s made it %s of %s for %s", was.ID, c.ID, c.Organisation, c.Scope)
	}
	return writeConsents(ctx, tx, []*xs2a.Consent{c})
}

package store

import (
	"context"
	"database/sql"
	"fmt"

	"okienko/bank/audit"
	"okienko/bank/consent"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/party"
)

var _ party.Register = (*Store)(nil)

// personColumns: the login comes from the table of logins, and whether a person
// uses the mobile application from the devices, so that neither can contradict
// what it is made of.
const personColumns = `person.id, person.first_name, person.last_name, person.pesel_sealed, person.phone_sealed, person.language,
	coalesce((select login.login from login where login.person_id = person.id), ''),
	exists (select 1 from device where device.person_id = person.id and device.removed_at = 0)`

// personByID finds one or refuses.
func (s *Store) personByID(ctx context.Context, q querier, id party.PersonID) (party.Person, error) {
	var (
		p            party.Person
		pesel, phone []byte
	)
	err := q.QueryRowContext(ctx, `select `+personColumns+` from person where id = $1`+held(q), string(id)).
		Scan((*string)(&p.ID), &p.FirstName, &p.LastName, &pesel, &phone, (*string)(&p.Language), &p.Login, &p.UsesApp)
	if err != nil {
		return party.Person{}, found(err, "person")
	}
	number, err := s.open(pesel)
	if err != nil {
		return party.Person{}, fmt.Errorf("person %s: %w", id, err)
	}
	called, err := s.open(phone)
	if err != nil {
		return party.Person{}, fmt.Errorf("person %s: %w", id, err)
	}
	p.PESEL, p.Phone = party.PESEL(number), string(called)
	return p, nil
}

// insertPerson keeps a new person, personal numbers sealed.
func (s *Store) insertPerson(ctx context.Context, q querier, p *party.Person) error {
	found := []byte{} // nobody is found by the lack of a number
	if p.PESEL != "" {
		found = s.blind(string(p.PESEL))
	}
	return one(q.ExecContext(ctx, `insert into person (id, first_name, last_name, pesel_sealed, pesel_blind, phone_sealed, language)
		values ($1, $2, $3, $4, $5, $6, $7)`,
		string(p.ID), p.FirstName, p.LastName, s.seal([]byte(p.PESEL)), found, s.seal([]byte(p.Phone)), string(p.Language)))
}

// Person finds one; a NotFound refusal when there is none.
func (s *Store) Person(ctx context.Context, id party.PersonID) (party.Person, error) {
	return s.personByID(ctx, s.read, id)
}

const customerColumns = `customer.id, customer.segment, customer.name, customer.person_id, customer.nip, customer.regon, customer.krs,
	customer.address, customer.blocked_by, customer.blocked_at, customer.blocked_why, customer.since`

// customerRow is a row of customerColumns, also as part of a join.
type customerRow struct {
	c              party.Customer
	blocked, since int64
}

func (r *customerRow) dest() []any {
	c := &r.c
	return []any{(*string)(&c.ID), (*string)(&c.Segment), &c.Name, (*string)(&c.Person), (*string)(&c.NIP), (*string)(&c.REGON), &c.KRS,
		&c.Address, &c.Blocked.By, &r.blocked, &c.Blocked.Why, &r.since}
}

func (r *customerRow) customer() party.Customer {
	r.c.Blocked.At, r.c.Since = instant(r.blocked), instant(r.since)
	return r.c
}

func scanCustomer(row scanner) (party.Customer, error) {
	var r customerRow
	err := row.Scan(r.dest()...)
	return r.customer(), err
}

func insertCustomer(ctx context.Context, q querier, c *party.Customer) error {
	return one(q.ExecContext(ctx, `insert into customer (id, segment, name, person_id, nip, regon, krs, address,
			blocked_by, blocked_at, blocked_why, since)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		string(c.ID), string(c.Segment), c.Name, string(c.Person), string(c.NIP), string(c.REGON), c.KRS, c.Address,
		c.Blocked.By, micros(c.Blocked.At), c.Blocked.Why, micros(c.Since)))
}

func insertRepresentation(ctx context.Context, q querier, r party.Representation) error {
	return one(q.ExecContext(ctx, `insert into representation (customer_id, person_id, role, share, valid_from, valid_until)
		values ($1, $2, $3, $4, $5, $6)`,
		string(r.Customer), string(r.Person), string(r.Role), int64(r.Share), micros(r.From), micros(r.Until)))
}

// Customer finds one; a NotFound refusal when there is none.
func (s *Store) Customer(ctx context.Context, id party.CustomerID) (party.Customer, error) {
	c, err := scanCustomer(s.read.QueryRowContext(ctx, `select `+customerColumns+` from customer where id = $1`, string(id)))
	return c, found(err, "customer")
}

// PersonByPESEL finds a person by the blind of the number; a NotFound refusal
// when there is none.
func (s *Store) PersonByPESEL(ctx context.Context, number party.PESEL) (party.PersonID, error) {
	if number == "" {
		return "", found(sql.ErrNoRows, "person")
	}
	var id party.PersonID
	err := s.read.QueryRowContext(ctx, `select id from person where pesel_blind = $1 and length(pesel_blind) > 0`, s.blind(string(number))).Scan((*string)(&id))
	return id, found(err, "person")
}

// CompaniesByNIP lists the companies with a number, by id.
func (s *Store) CompaniesByNIP(ctx context.Context, number party.NIP) ([]party.CustomerID, error) {
	return rows(ctx, s.read, scanText[party.CustomerID], `select id from customer
		where nip = $1 and nip <> '' and segment <> 'individual' order by id`, string(number))
}

// CompaniesByREGON lists the companies with a number, by id.
func (s *Store) CompaniesByREGON(ctx context.Context, number party.REGON) ([]party.CustomerID, error) {
	return rows(ctx, s.read, scanText[party.CustomerID], `select id from customer
		where regon = $1 and regon <> '' and segment <> 'individual' order by id`, string(number))
}

// ActsFor lists the customers for whom a person may act or might have acted:
// the person's own individual customer first, then companies by name.
func (s *Store) ActsFor(ctx context.Context, id party.PersonID) ([]party.ActsFor, error) {
	own, err := rows(ctx, s.read, scanCustomer, `select `+customerColumns+` from customer
		where person_id = $1 and person_id <> '' and segment = 'individual' order by id`, string(id))
	if err != nil {
		return nil, err
	}
	var out []party.ActsFor
	for _, c := range own {
		out = append(out, party.ActsFor{Customer: c, Representation: party.Representation{
			Customer: c.ID, Person: id, Role: party.Owner, From: c.Since,
		}})
	}
	represented, err := rows(ctx, s.read, scanActsFor, `select representation.person_id, representation.role, representation.share,
			representation.valid_from, representation.valid_until, `+customerColumns+`
		from representation join customer on customer.id = representation.customer_id
		where representation.person_id = $1
		order by customer.name, customer.id, representation.valid_from, representation.role`, string(id))
	return append(out, represented...), err
}

func scanActsFor(row scanner) (party.ActsFor, error) {
	var (
		r                  party.Representation
		share, from, until int64
	)
	c, err := scanCustomer(after{row, []any{(*string)(&r.Person), (*string)(&r.Role), &share, &from, &until}})
	r.Customer, r.Share, r.From, r.Until = c.ID, int(share), instant(from), instant(until)
	return party.ActsFor{Customer: c, Representation: r}, err
}

// loadCustomers asks for customers and their own limits: nil for a customer
// that does not exist, no cap at all for limits never set.
func loadCustomers(qs *questions, ids []party.CustomerID,
	into map[party.CustomerID]*party.Customer, limits map[party.CustomerID]*limit.OfCustomer) {
	if len(ids) == 0 {
		return
	}
	for _, id := range ids {
		into[id], limits[id] = nil, nil
	}
	qs.ask("customers", `select `+customerLimitColumns+`, `+customerColumns+`
		from customer left join customer_limit on customer_limit.customer_id = customer.id
		where customer.id = any($1)`, func(row scanner) error {
		var l customerLimitRow
		c, err := scanCustomer(after{row, l.dest()})
		own := l.limits()
		into[c.ID], limits[c.ID] = &c, &own
		return err
	}, list(ids))
}

const customerLimitColumns = `customer_limit.currency, customer_limit.oneoff_single, customer_limit.oneoff_daily, customer_limit.oneoff_monthly,
	customer_limit.recurring_single, customer_limit.recurring_daily, customer_limit.recurring_monthly`

// customerLimitRow is a row of customerLimitColumns, all null when the customer
// never set any.
type customerLimitRow struct {
	currency sql.NullString
	caps     [6]sql.NullInt64
}

func (r *customerLimitRow) dest() []any {
	return []any{&r.currency, &r.caps[0], &r.caps[1], &r.caps[2], &r.caps[3], &r.caps[4], &r.caps[5]}
}

func (r *customerLimitRow) limits() limit.OfCustomer {
	at := func(i int) limit.Cap { return capOf(r.caps[i], money.Currency(r.currency.String)) }
	return limit.OfCustomer{
		OneOff:    limit.Caps{Single: at(0), Daily: at(1), Monthly: at(2)},
		Recurring: limit.Caps{Single: at(3), Daily: at(4), Monthly: at(5)},
	}
}

func customerLimits(ctx context.Context, q querier, c party.CustomerID) (limit.OfCustomer, error) {
	var r customerLimitRow
	err := q.QueryRowContext(ctx, `select `+customerLimitColumns+`
		from customer left join customer_limit on customer_limit.customer_id = customer.id
		where customer.id = $1`+heldOf(q, "customer"), string(c)).Scan(r.dest()...)
	return r.limits(), found(err, "customer")
}

// writeCustomerLimits keeps a customer's own limits. They share one currency
// column: caps in two currencies are an error, not a guess.
func writeCustomerLimits(ctx context.Context, q querier, c party.CustomerID, l limit.OfCustomer) error {
	var currency money.Currency
	params := []any{string(c), ""}
	for _, one := range [...]limit.Cap{l.OneOff.Single, l.OneOff.Daily, l.OneOff.Monthly, l.Recurring.Single, l.Recurring.Daily, l.Recurring.Monthly} {
		params = append(params, nullableCap(one))
		if !one.Set {
			continue
		}
		if currency != "" && currency != one.Amount.Currency() {
			return fmt.Errorf("store: limits of customer %s: %w", c, money.ErrCurrency)
		}
		currency = one.Amount.Currency()
	}
	params[1] = string(currency)
	return one(q.ExecContext(ctx, `insert into customer_limit (customer_id, currency, oneoff_single, oneoff_daily, oneoff_monthly,
			recurring_single, recurring_daily, recurring_monthly)
		values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict (customer_id) do update set currency = excluded.currency,
			oneoff_single = excluded.oneoff_single, oneoff_daily = excluded.oneoff_daily, oneoff_monthly = excluded.oneoff_monthly,
			recurring_single = excluded.recurring_single, recurring_daily = excluded.recurring_daily,
			recurring_monthly = excluded.recurring_monthly`, params...))
}

// CustomerLimits are a customer's own limits across everything.
func (s *Store) CustomerLimits(ctx context.Context, c party.CustomerID) (limit.OfCustomer, error) {
	return customerLimits(ctx, s.read, c)
}

// ChangeCustomerLimits lets change decide over a customer's own limits as they
// stand; see consent.Book.
func (s *Store) ChangeCustomerLimits(ctx context.Context, c party.CustomerID, spend *consent.Use,
	change func(*limit.OfCustomer) ([]audit.Record, error)) error {
	return s.write(ctx, func(ctx context.Context, tx *writeTx) error {
		l, err := customerLimits(ctx, tx, c)
		if err != nil {
			return err
		}
		records, err := change(&l)
		if err != nil {
			return err
		}
		if err := s.spendChallenge(ctx, tx, spend); err != nil {
			return err
		}
		if err := writeCustomerLimits(ctx, tx, c, l); err != nil {
			return err
		}
		tx.audit(records...)
		return nil
	})
}

package verify

import "context"

// none finds every row of a query that should have none.
func (v *verifier) none(ctx context.Context, check, text, query string) error {
	return each(ctx, v.data, query, func(scan func(...any) error) error {
		var subject string
		if err := scan(&subject); err != nil {
			return err
		}
		v.find(check, subject, "%s", text)
		return nil
	})
}

// number counts the rows of a table.
func (v *verifier) number(ctx context.Context, what, table string) error {
	return each(ctx, v.data, "select count(*) from "+table, func(scan func(...any) error) error {
		var n int64
		if err := scan(&n); err != nil {
			return err
		}
		v.count(what, n)
		return nil
	})
}

// operations checks that what is remembered under an operation id exists, and
// that nothing was done that is not remembered.
func (v *verifier) operations(ctx context.Context) error {
	for _, c := range [...]struct{ check, text, query string }{
		{"operation", "it made or changed a hold that does not exist, or one of another agreement",
			`select o.application_id || ' ' || o.operation_id from operation o left join hold h on h.id = o.hold_id
			where o.hold_id <> '' and (h.id is null or h.agreement_id <> o.agreement_id or h.application_id <> o.application_id)`},
		{"operation", "it made or changed a payment that does not exist, or one of another agreement",
			`select o.application_id || ' ' || o.operation_id from operation o left join payment p on p.id = o.payment_id
			where o.payment_id <> '' and (p.id is null or p.agreement_id <> o.agreement_id or p.application_id <> o.application_id)`},
		{"operation", "it was confirmed through an authorisation that does not exist or was not executed",
			`select o.application_id || ' ' || o.operation_id from operation o left join authorisation a on a.id = o.authorisation_id
			where o.authorisation_id <> '' and (a.id is null or a.status <> 'EXECUTED' or a.operation_id <> o.operation_id)`},
		{"hold", "the operation id under which it was placed is not remembered",
			`select h.id from hold h left join operation o on o.application_id = h.application_id and o.operation_id = h.operation_id
			where o.hold_id is null or o.hold_id <> h.id`},
		{"payment", "the operation id under which it was made is not remembered",
			`select p.id from payment p left join operation o on o.application_id = p.application_id and o.operation_id = p.operation_id
			where o.payment_id is null or o.payment_id <> p.id`},
		{"hold", "its agreement does not exist, or is of another application",
			`select h.id from hold h left join agreement a on a.id = h.agreement_id where a.id is null or a.application <> h.application_id`},
		{"payment", "its agreement does not exist, or is of another application",
			`select p.id from payment p left join agreement a on a.id = p.agreement_id where a.id is null or a.application <> p.application_id`},
		{"account", "its customer does not exist",
			`select a.id from account a left join customer c on c.id = a.customer_id where a.customer_id <> '' and c.id is null`},
	} {
		if err := v.none(ctx, c.check, c.text, c.query); err != nil {
			return err
		}
	}
	return v.number(ctx, "operations", "operation")
}

// authorisations checks that a prepared operation led to what it says.
func (v *verifier) authorisations(ctx context.Context) error {
	for _, c := range [...]struct{ text, query string }{
		{"it is not executed, and names a hold or a payment",
			"select id from authorisation where status <> 'EXECUTED' and (hold_id <> '' or payment_id <> '')"},
		{"it is executed, and the operation that it confirmed is not remembered as confirmed by it",
			`select a.id from authorisation a left join operation o on o.application_id = a.application_id and o.operation_id = a.operation_id
			where a.status = 'EXECUTED' and a.operation_id <> '' and (o.authorisation_id is null or o.authorisation_id <> a.id
				or o.hold_id <> a.hold_id or o.payment_id <> a.payment_id)`},
		{"its agreement does not exist",
			"select a.id from authorisation a left join agreement g on g.id = a.agreement_id where g.id is null"},
	} {
		if err := v.none(ctx, "authorisation", c.text, c.query); err != nil {
			return err
		}
	}
	return v.number(ctx, "authorisations", "authorisation")
}

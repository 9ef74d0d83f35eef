package store

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"okienko/authserver"
	"okienko/bank"
	"okienko/bank/intake"
)

// insertParties keeps the persons and customers of a batch, and how they log
// in, confirm and are limited. Whoever is known already is refused.
func (s *Store) insertParties(ctx context.Context, q querier, b *intake.Batch) error {
	for i := range b.Persons {
		p := &b.Persons[i]
		if err := arrival(s.insertPerson(ctx, q, p), "persons", "person", string(p.ID)); err != nil {
			return err
		}
	}
	for i := range b.Customers {
		c := &b.Customers[i]
		if err := arrival(insertCustomer(ctx, q, c), "customers", "customer", string(c.ID)); err != nil {
			return err
		}
	}
	for _, r := range b.Representations {
		if err := arrival(insertRepresentation(ctx, q, r), "representations", "representation of customer", string(r.Customer)); err != nil {
			return err
		}
	}
	for _, l := range b.Logins {
		login := authserver.Login{Person: l.Person, Login: l.Login, Password: l.Password}
		if err := arrival(insertLogin(ctx, q, &login), "logins", "login of person", string(l.Person)); err != nil {
			return err
		}
	}
	for _, d := range b.Devices {
		if err := arrival(insertDevice(ctx, q, d), "devices", "device", d.ID); err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(b.Limits)) {
		if err := arrival(writeCustomerLimits(ctx, q, id, b.Limits[id]), "limits", "limits of customer", string(id)); err != nil {
			return err
		}
	}
	return nil
}

// arrival turns what the tables refuse into a refusal that names who is at
// fault: an import is a file that a person has to mend.
func arrival(err error, field, what, id string) error {
	switch {
	case err == nil:
		return nil
	case isTaken(err):
		return bank.RefuseField(field, fmt.Sprintf("The %s %q exists already.", what, id)).Because(err)
	case isOrphan(err):
		return bank.RefuseField(field, fmt.Sprintf("The %s %q names somebody who is not known.", what, id)).Because(err)
	}
	return fmt.Errorf("store: %s %s: %w", what, id, err)
}

package authserver

import (
	"context"
	"slices"
	"time"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/consent"
	"okienko/bank/limit"
	"okienko/bank/money"
	"okienko/bank/partner"
	"okienko/bank/party"
)

// MayPair refuses a pairing that this person cannot give for this customer:
// NotFound when the person does not act for the customer now,
// PermissionMissing when the role does not bind it, CustomerBlocked, and
// ApplicationStatus when the application is not open to them (partner-api §2).
func (s *Server) MayPair(ctx context.Context, p Pending, person party.PersonID, c *party.Customer) error {
	if err := s.MayBind(ctx, person, c.ID); err != nil {
		return err
	}
	if err := c.Usable(); err != nil {
		return err
	}
	return p.Application.MayPair(p.Partner, s.world, person, c)
}

// Contexts lists the customers for whom a person may act now.
func (s *Server) Contexts(ctx context.Context, person party.PersonID) ([]party.ActsFor, error) {
	all, err := s.parties.ActsFor(ctx, person)
	if err != nil {
		return nil, err
	}
	now := s.now()
	return slices.DeleteFunc(slices.Clone(all), func(a party.ActsFor) bool { return !a.Representation.At(now) }), nil
}

// acts refuses, as NotFound, a person who does not act for the customer now.
func (s *Server) acts(ctx context.Context, person party.PersonID, c party.CustomerID) error {
	_, err := s.roles(ctx, person, c)
	return err
}

// MayBind refuses a person who does not act for the customer now (NotFound), or
// only in roles that do not bind it alone (PermissionMissing).
func (s *Server) MayBind(ctx context.Context, person party.PersonID, c party.CustomerID) error {
	roles, err := s.roles(ctx, person, c)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(roles, party.Role.MayBind) {
		return bank.Refuse(bank.PermissionMissing, "Your role does not let you bind the customer alone.")
	}
	return nil
}

func (s *Server) roles(ctx context.Context, person party.PersonID, c party.CustomerID) ([]party.Role, error) {
	all, err := s.Contexts(ctx, person)
	if err != nil {
		return nil, err
	}
	var roles []party.Role
	for i := range all {
		if all[i].Customer.ID == c {
			roles = append(roles, all[i].Representation.Role)
		}
	}
	if len(roles) == 0 {
		return nil, bank.Refuse(bank.NotFound, "There is no such customer.")
	}
	return roles, nil
}

// Choose keeps what the customer chose on the consent page. Choosing again
// replaces it, and makes a challenge that was bound to the first choice foreign.
//
// Besides what Pending and MayPair refuse it refuses: NotFound for an account
// that is not the customer's; AccountClosed, AccountBlocked, AccessBlocked,
// AccessOff; PermissionForeign for a permission that the application is not
// defined with; InvalidParameter with Field "account" (its currency),
// "permissions" (an obligatory one is missing), "single", "daily", "monthly" or
// "unconfirmed" (above the application's maximum).
func (s *Server) Choose(ctx context.Context, id RequestID, c Choice) (Request, error) {
	p, err := s.Pending(ctx, id)
	if err != nil {
		return Request{}, err
	}
	if err := s.judge(ctx, p, &c); err != nil {
		return Request{}, err
	}
	now := s.now()
	return s.store.ChangeRequest(ctx, id, func(r *Request) error {
		if err := r.open(now); err != nil {
			return err
		}
		r.Choice = &c
		return nil
	})
}

// judge refuses a choice that cannot be paired, and brings its permissions into
// the order of the application's definitions, each once.
func (s *Server) judge(ctx context.Context, p Pending, c *Choice) error {
	customer, err := s.parties.Customer(ctx, c.Customer)
	if err != nil {
		return err
	}
	if err := s.MayPair(ctx, p, c.Person, &customer); err != nil {
		return err
	}
	if err := s.reachable(ctx, c.Account, c.Customer, p.Application.Limits.Single.Currency()); err != nil {
		return err
	}
	if c.Permissions, err = permissions(p.Application, c.Permissions); err != nil {
		return err
	}
	return withinMaximum(c.Limits, p.Application.Limits)
}

// reachable refuses an account that is not the customer's, that third parties
// may not reach, or that is not in the currency in which the limits count.
func (s *Server) reachable(ctx context.Context, id account.ID, of party.CustomerID, in money.Currency) error {
	a, err := s.accounts.Account(ctx, id)
	if err != nil {
		return err
	}
	if a.Kind != account.Customer || a.Customer != of {
		return bank.Refuse(bank.NotFound, "There is no such account.")
	}
	if err := a.Usable(); err != nil {
		return err
	}
	if a.Currency() != in {
		return bank.RefuseField("account", "The account is kept in "+a.Currency().String()+", the service counts in "+in.String()+".")
	}
	return nil
}

func permissions(app *partner.Application, chosen []consent.Permission) ([]consent.Permission, error) {
	for _, p := range chosen {
		if _, ok := app.Definition(p); !ok {
			return nil, bank.Refuse(bank.PermissionForeign, "The application does not ask for the permission "+p.String()+".")
		}
	}
	var out []consent.Permission
	for _, d := range app.Permissions {
		switch {
		case slices.Contains(chosen, d.Permission):
			out = append(out, d.Permission)
		case d.Obligatory:
			return nil, bank.RefuseField("permissions", "The application cannot work without the permission "+d.String()+".")
		}
	}
	if len(out) == 0 {
		return nil, bank.RefuseField("permissions", "At least one permission is needed.")
	}
	return out, nil
}

// withinMaximum refuses limits above the application's, naming the number.
func withinMaximum(to, maximum limit.Limits) error {
	if err := to.Valid(); err != nil {
		return err
	}
	if to.Single.Currency() != maximum.Single.Currency() {
		return bank.RefuseField("single", "Limits are in "+maximum.Single.Currency().String()+".")
	}
	for _, f := range []struct {
		name     string
		to, most money.Amount
	}{
		{"single", to.Single, maximum.Single}, {"daily", to.Daily, maximum.Daily},
		{"monthly", to.Monthly, maximum.Monthly}, {"unconfirmed", to.Unconfirmed, maximum.Unconfirmed},
	} {
		if f.to.MoreThan(f.most) {
			return bank.RefuseField(f.name, "The application allows at most "+f.most.String()+" "+f.most.Currency().String()+".")
		}
	}
	return nil
}

// binding is the exact content of a chosen pairing, "" while nothing is chosen.
// Where the application gets its code (redirect_uri, state, PKCE) is fixed by
// the id of the request.
func (r *Request) binding() string {
	if r.Choice == nil {
		return ""
	}
	c := r.Choice
	parts := []string{"pairing", string(r.ID), string(r.Client), string(c.Person), string(c.Customer), string(c.Account)}
	parts = append(parts, limitTexts(c.Limits)...)
	names := make([]string, 0, len(c.Permissions))
	for _, p := range c.Permissions {
		names = append(names, p.String())
	}
	slices.Sort(names)
	return bind(append(parts, names...)...)
}

func limitTexts(l limit.Limits) []string {
	out := make([]string, 0, 5)
	for _, a := range []money.Amount{l.Single, l.Daily, l.Monthly, l.Unconfirmed} {
		out = append(out, a.String())
	}
	return append(out, l.Single.Currency().String())
}

// grants are the chosen permissions as they are given at an instant.
func grants(app *partner.Application, chosen []consent.Permission, at time.Time) []consent.Grant {
	out := make([]consent.Grant, 0, len(chosen))
	for _, p := range chosen {
		if d, ok := app.Definition(p); ok {
			out = append(out, d.Give(at))
		}
	}
	return out
}

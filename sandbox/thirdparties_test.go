package sandbox_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"okienko/bank"
	"okienko/bank/account"
	"okienko/bank/money"
	"okienko/bank/party"
	"okienko/bank/thirdparty"
	"okienko/sandbox"
)

func TestRegisterHasEverySetOfRolesAndOneWithdrawn(t *testing.T) {
	w := newWorld(t, sandbox.Config{Seed: 1})
	sets := map[string]bool{}
	withdrawn := 0
	for _, e := range w.Supervised {
		if o, err := thirdparty.ParseOrganisation(string(e.Organisation)); err != nil || o.Country() != e.Country {
			t.Errorf("%s of %s: %v", e.Organisation, e.Country, err)
		}
		if !e.Until.IsZero() {
			withdrawn++
			if err := e.Allows(e.Roles[0], day); bank.CodeOf(err) != bank.ThirdPartyBlocked {
				t.Errorf("%s is withdrawn: %v", e.Organisation, err)
			}
			continue
		}
		roles := slices.Clone(e.Roles)
		slices.Sort(roles)
		sets[fmt.Sprint(roles)] = true
		if err := e.Allows(e.Roles[0], day); err != nil {
			t.Errorf("%s: %v", e.Organisation, err)
		}
	}
	for n := 1; n < 8; n++ {
		var set []thirdparty.Role
		for i, r := range []thirdparty.Role{thirdparty.AccountInformation, thirdparty.CardIssuing, thirdparty.PaymentInitiation} {
			if n&(1<<i) != 0 {
				set = append(set, r)
			}
		}
		if !sets[fmt.Sprint(set)] {
			t.Errorf("nobody has exactly %v", set)
		}
	}
	if withdrawn != 1 {
		t.Errorf("%d are withdrawn", withdrawn)
	}
}

func TestAccountsForEveryKindOfPayment(t *testing.T) {
	w := newWorld(t, sandbox.Config{Seed: 1})
	accounts := imported(t, w, day)
	segments := map[party.CustomerID]party.Segment{}
	for _, c := range w.Batch.Customers {
		segments[c.ID] = c.Segment
	}
	kinds := map[party.CustomerID]map[string]*account.Account{}
	euros := 0
	for _, a := range accounts {
		if a.Customer == "" {
			continue
		}
		if kinds[a.Customer] == nil {
			kinds[a.Customer] = map[string]*account.Account{}
		}
		kinds[a.Customer][a.Product.Type+" "+string(a.Currency())] = a
		if segments[a.Customer] == party.Individual && a.Currency() == money.EUR {
			euros++
		}
	}
	for c, segment := range segments {
		if segment == party.Individual {
			continue
		}
		for _, kind := range []string{"CURRENCY EUR", "CURRENCY USD", "VAT PLN"} {
			if a := kinds[c][kind]; a == nil || !a.Booked.IsPositive() || a.Access.State != kinds[c]["BUSINESS PLN"].Access.State {
				t.Errorf("%s has no %s with money and the access of its main account", c, kind)
			}
		}
	}
	if euros < 5 {
		t.Errorf("%d people have euros", euros)
	}
	if a := accounts["account-kawomat-reserve"]; a.Booked.Minor() < 1_000_000_00 {
		t.Errorf("nobody can pay through Sorbnet: %s", a.Booked)
	}
}

// Who switched access on is who may do so in a segment (design §3).
func TestAccessBySegment(t *testing.T) {
	w := newWorld(t, sandbox.Config{Seed: 1})
	states := map[party.Segment]map[account.AccessState]bool{}
	for _, a := range w.Batch.Accounts {
		if a.Kind == account.Own {
			continue
		}
		var c party.Customer
		for _, c = range w.Batch.Customers {
			if c.ID == a.Customer {
				break
			}
		}
		if states[c.Segment] == nil {
			states[c.Segment] = map[account.AccessState]bool{}
		}
		states[c.Segment][a.Access.State] = true
		if a.Access.State != account.AccessOn {
			continue
		}
		by, id, _ := strings.Cut(a.Access.By, ":")
		switch c.Segment {
		case party.Business:
			if by != "staff" {
				t.Errorf("%s of a business was switched on by %s", a.ID, a.Access.By)
			}
		case party.Corporation:
			if !slices.ContainsFunc(w.Batch.Representations, func(r party.Representation) bool {
				return r.Customer == c.ID && string(r.Person) == id && r.Role.MayBind()
			}) {
				t.Errorf("%s of a corporation was switched on by %s", a.ID, a.Access.By)
			}
		}
	}
	for _, s := range []party.Segment{party.Business, party.Corporation} {
		if !states[s][account.AccessOn] || !states[s][account.AccessOff] {
			t.Errorf("accounts of a %s are %v", s, states[s])
		}
	}
}

// docs/sandbox.md promises that no account of the world brings out a scenario by
// chance.
func TestNoAccountOfTheWorldIsAScenario(t *testing.T) {
	marked := regexp.MustCompile(`9913\d\d$`)
	for seed := range uint64(5) {
		w := newWorld(t, sandbox.Config{Seed: seed + 1})
		for _, a := range w.Batch.Accounts {
			if marked.MatchString(string(a.NRB)) {
				t.Errorf("seed %d: %s", seed+1, a.NRB)
			}
		}
		for _, e := range w.Batch.Entries {
			for _, end := range []string{e.Payer.Number, e.Payee.Number} {
				if marked.MatchString(end) {
					t.Errorf("seed %d: %s in %q", seed+1, end, e.Title)
				}
			}
		}
	}
}
